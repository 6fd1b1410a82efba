"""Whatever a command is given, it answers in a sentence with the exit code of the contract, never with a traceback."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from met_kg.cli import main

ENTITIES = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
XML = (
    '<?xml version="1.0"?><!DOCTYPE r [{}]><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#" xmlns:owl="http://www.w3.org/2002/07/owl#">'
    '<owl:Class rdf:about="http://x/a"><rdfs:label>{}</rdfs:label></owl:Class></rdf:RDF>'
)
FILES = {
    "bomb.owl": XML.format('<!ENTITY l0 "lol">' + ENTITIES, "&l9;"),
    "outside.owl": XML.format('<!ENTITY x SYSTEM "file:///etc/passwd">', "&x;"),
    "empty.owl": "",
    "half.ofn": "Prefix(:=<http://x/>)\nOntology(\nDeclaration(Class(:a)\n",
    "object.yaml": 'name: !!python/object/apply:os.system ["touch broken-in"]\n',
    "keys.yaml": "name: x\ncorpuss: []\nseed: abc\n",
    "list.yaml": "- 1\n",
    "remote.rq": "SELECT * WHERE {\n SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
    "hidden.rq": "SELECT * WHERE { ?s ?p 1.SERVICE<http://127.0.0.1:9/>{ ?a ?b ?c } }",
    "update.rq": "DELETE WHERE { ?s ?p ?o }",
    "broken.rq": "SELECT ?x WHERE {\n ?x oops }",
    "unlisted.rq": "# param node: iri  n\nSELECT ?x WHERE { ?x ?p ?node }",
    "answers.jsonl": '{"id": 1}\nnot json\n[1]\n',
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    for name in ("bytes.rq", "bytes.yaml", "bytes.ofn"):
        (tmp_path / name).write_bytes(b"caf\xe9 \x00 \xff")
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


CASES = [
    # ontology files
    ("tree normalize bomb.owl", 1, "bomb.owl: entity 'l1' is built from other entities"),
    ("tree normalize outside.owl", 1, "outside.owl: entity 'x' points outside the file"),
    ("tree normalize empty.owl", 1, "empty.owl: the file does not begin like OWL"),
    ("tree normalize half.ofn", 1, "half.ofn: the file does not read as OWL (ofn): syntax error in line"),
    ("tree normalize bytes.ofn", 1, "bytes.ofn"),
    ("tree normalize nowhere.ofn", 2, "nowhere.ofn"),
    ("tree normalize folder", 2, "folder"),
    ("tree diff empty.owl empty.owl", 1, "empty.owl"),
    ("tree show nothing-of-that-name", 2, "no node is called 'nothing-of-that-name'"),
    ("tree show 'x\" } DROP ALL #'", 2, "no node is called"),
    ("tree stats --run folder", 2, "folder/store: the run has no triple store"),
    # recipes
    ("run object.yaml", 2, "object.yaml:1: not YAML"),
    ("run keys.yaml", 2, "keys.yaml:2: unknown key 'corpuss' (did you mean 'corpus'?)"),
    ("run keys.yaml", 2, "keys.yaml:3: seed"),
    ("run bytes.yaml", 2, "bytes.yaml: not UTF-8 text"),
    ("run list.yaml", 2, "list.yaml:1: a recipe is a mapping"),
    ("run nowhere.yaml", 2, "nowhere.yaml: the recipe is not there"),
    ("run quikstart", 2, "did you mean quickstart?"),
    ("run quickstart --from nostep", 2, "no step is called 'nostep'"),
    ("run quickstart --from eval --until tree", 2, "swap --from and --until"),
    ("run quickstart --set seed", 2, "--set seed: give it as key=value"),
    ("run quickstart --set corpus.9.path=x", 2, "--set corpus.9.path=x: the recipe has no such place"),
    ("run quickstart --set corpus.x=1", 2, "no such place"),
    ("run quickstart --out answers.jsonl", 2, "answers.jsonl"),
    ("run quickstart --out /proc/nowhere", 1, "/proc/nowhere"),
    ("train object.yaml", 2, "object.yaml: not YAML"),
    ("train", 2, "give either CONFIG.yaml or --run DIR"),
    # queries
    ("query remote.rq", 1, "remote.rq:2: a query asks the run's graphs only, never a SERVICE"),
    ("query hidden.rq", 1, "never a SERVICE"),
    ("query update.rq", 1, "query update is not valid SPARQL: error in line 1"),
    ("query broken.rq", 1, "query broken is not valid SPARQL: error in line 2"),
    ("query bytes.rq", 1, "bytes.rq: the query is not UTF-8 text (byte 3)"),
    ("query nowhere.rq", 2, "nowhere.rq"),
    ("query unlisted.rq -p node=DOID:552", 1, "a SELECT lists its parameters among its columns"),
    ("query tree/sibling", 2, "did you mean tree/siblings"),
    ("query tree/siblings", 2, "needs a value for 'node'"),
    ("query tree/siblings -p nod=DOID:4", 2, "did you mean node?"),
    ("query tree/siblings -p 'node=DOID:4> } DROP ALL #'", 2, "is no iri for parameter 'node'"),
    ("query stats --format xml", 2, "'xml'"),
    # the rest
    ("link nowhere.txt", 2, "nowhere.txt"),
    ("link folder", 2, "folder"),
    ("link answers.jsonl --out /proc/nowhere/x.tsv", 1, "/proc/nowhere/x.tsv"),
    ("verify folder", 2, "folder/vqa.parquet: table 'vqa' is not there"),
    ("slice by-difficulty --run folder --out out", 2, "folder"),
    ("report folder", 2, "folder: this folder holds no run"),
    ("retrieve --run folder", 2, "folder/recipe.yaml"),
    ("score --benchmark vqarad --predictions answers.jsonl", 2, "did you mean vqa-rad?"),
    ("score --benchmark vqa-rad --predictions answers.jsonl", 1, "line 2 is not JSON"),
    ("score --benchmark vqa-rad --predictions nowhere.jsonl", 2, "nowhere.jsonl"),
    ("eval --model folder --benchmark vqa-rad --out out", 2, "folder: the model folder has no config.json"),
    ("eval --model folder", 2, "give --model, --benchmark and --out"),
    ("eval report folder", 2, "folder: this folder holds no evaluated benchmark"),
    ("eval report folder --tree folder", 2, "the run has no triple store"),
    ("sources fetch nowhere", 2, "no source is called 'nowhere'"),
    ("nothing", 2, "no command is called 'nothing'"),
]


@pytest.mark.parametrize(("line", "code", "words"), CASES, ids=[f"{c[0]}" for c in CASES])
def test_one_sentence_and_the_right_exit_code(
    folder: Path,
    line: str,
    code: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import shlex

    monkeypatch.setattr(sys, "argv", ["met", *shlex.split(line)])
    with pytest.raises(SystemExit) as end:
        main()
    captured = capsys.readouterr()
    said = " ".join((captured.err + captured.out).split())
    assert (end.value.code, words in said) == (code, True), said
    assert len(captured.err) < 3000
    assert not (folder / "broken-in").exists()
