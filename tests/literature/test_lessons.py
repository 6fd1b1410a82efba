"""An annotated corpus teaches names, meanings and what is not meant; links are scored against annotations."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from met_kg.cli.link import link
from met_kg.errors import DataProblem, UsageProblem
from met_kg.graph.store import Graph
from met_kg.literature.codes import CODE_SYSTEMS, node_codes
from met_kg.literature.document import Annotation, Document
from met_kg.literature.gold import Link, agreement
from met_kg.literature.lessons import learn
from met_kg.literature.lexicon import Lexicon
from met_kg.literature.linker import Linker
from met_kg.literature.normalise import normal_form


def document(text: str, *marked: tuple[str, str]) -> Document:
    """A document in which words are marked with codes (parted by '|')."""
    annotations = tuple(
        Annotation(text.index(words), text.index(words) + len(words), words, "Disease", tuple(codes.split("|")))
        for words, codes in marked
    )
    return Document("d", text, annotations=annotations)


CORPUS = [
    document("Lung rot was seen. The cough stayed. Fibrosis is a word here.", ("Lung rot", "MESH:D011014")),
    document("Lung rot again, and PNX too.", ("Lung rot", "MESH:D011014"), ("PNX", "MESH:D011030")),
    document("Pulmonary fibrosis as a word, not marked. Rot and scar both.", ("Rot and scar", "MESH:D011014|MESH:C1")),
    document("Pulmonary fibrosis once more. Quay fever.", ("Quay fever", "OMIM:123456")),
]


@pytest.fixture
def taught(mini_graph: Graph) -> Linker:
    lexicon = Lexicon.from_graph(mini_graph)
    lessons = learn(lexicon, CORPUS, node_codes(mini_graph, CODE_SYSTEMS), {})
    assert lessons.axis == "disease"
    assert lessons.not_meant == {normal_form("pulmonary fibrosis")}
    return Linker(lexicon)


def nodes(linker: Linker, text: str) -> list[tuple[str, str]]:
    return [(m.text, m.node) for m in linker.link(text)]


def test_names_that_people_marked_are_found_with_their_meaning(taught: Linker) -> None:
    assert nodes(taught, "Two lung rots.") == [("lung rots", "DOID:552")]
    assert nodes(taught, "Quay fever.") == [("Quay fever", "OMIM:123456")], "a code that no node has stands for itself"
    assert nodes(taught, "Rot and scar.") == [("Rot and scar", "DOID:552"), ("Rot and scar", "MESH:C1")]
    assert nodes(taught, "pnx") == [], "an abbreviation is meant as it is written"


def test_names_that_people_passed_over_are_not_read(mini_graph: Graph, taught: Linker) -> None:
    untaught = Linker(Lexicon.from_graph(mini_graph))
    assert nodes(untaught, "Pulmonary fibrosis.") == [("Pulmonary fibrosis", "DOID:3770")]
    assert nodes(taught, "Pulmonary fibrosis.") == [("Pulmonary", "UBERON:0002048")], "only the lung is left"
    assert nodes(taught, "Pneumonia on CT.") == nodes(untaught, "Pneumonia on CT."), "the rest stays"


def test_a_name_of_several_words_means_all_that_people_often_mean_by_it(mini_graph: Graph) -> None:
    both = [
        document("Rot and scar.", ("Rot and scar", "MESH:D011014")),
        document("Rot and scar.", ("Rot and scar", "OMIM:1")),
        document("AS.", ("AS", "OMIM:2")),
        document("AS.", ("AS", "OMIM:2")),
        document("AS.", ("AS", "OMIM:3")),
    ]
    lexicon = Lexicon.from_graph(mini_graph)
    learn(lexicon, both, node_codes(mini_graph, CODE_SYSTEMS), {})
    assert nodes(Linker(lexicon), "Rot and scar.") == [("Rot and scar", "DOID:552"), ("Rot and scar", "OMIM:1")]
    assert nodes(Linker(lexicon), "AS.") == [("AS", "OMIM:2")], "an abbreviation means one thing"


def test_findings_count_where_people_mark_their_branch(mini_graph: Graph) -> None:
    texts = [document(f"Pneumonia and pleural effusion {i}.", ("Pneumonia", "MESH:D011014")) for i in range(3)]
    marked = [
        document(
            f"Pneumonia and pleural effusion {i}.", ("Pneumonia", "MESH:D011014"), ("pleural effusion", "MESH:D010996")
        )
        for i in range(3)
    ]
    codes = node_codes(mini_graph, CODE_SYSTEMS)
    linker = Linker(lexicon := Lexicon.from_graph(mini_graph))
    effusion = next(m for m in linker.link("A pleural effusion.") if m.axis == "finding")
    pneumonia = next(m for m in linker.link("Pneumonia.") if m.axis == "disease")
    passed_over = learn(lexicon, texts, codes, {})
    assert passed_over.counts(pneumonia) and not passed_over.counts(effusion)
    assert learn(lexicon, marked, codes, {}).counts(effusion)
    relative = learn(lexicon, marked, codes, {effusion.node: "MET:0000003", "MET:9": "MET:0000003"})
    assert relative.habits.marks("MET:9"), "its branch is marked"


def test_a_corpus_without_known_codes_teaches_nothing(mini_graph: Graph) -> None:
    lexicon = Lexicon.from_graph(mini_graph)
    with pytest.raises(DataProblem, match="no annotation of the corpus has a code"):
        learn(lexicon, [document("Lung rot.", ("Lung rot", "XYZ:1"))], node_codes(mini_graph, CODE_SYSTEMS), {})


def test_agreement_counts_concepts_and_codes_per_document() -> None:
    documents = [document("a b c", ("a", "M:1|M:2"), ("b", "M:3")), document("a", ("a", "M:1"))]
    one, two, other = frozenset({"M:1", "O:1"}), frozenset({"M:3"}), frozenset({"M:9"})
    found = [[Link(0, 1, "a", one), Link(0, 1, "A", one), Link(2, 3, "b", two), Link(4, 5, "c", other)], []]
    got = agreement(documents, found, seen=frozenset({"M:1", "M:2"}))
    assert (round(got.precision, 3), got.recall) == (0.667, 0.5), "2 of 3 concepts, 2 of 4 codes"
    assert got.f1 == pytest.approx(2 * (2 / 3) * 0.5 / (2 / 3 + 0.5))
    assert got.unseen_recall == 1.0 and got.f1_low <= got.f1 <= got.f1_high
    assert got.invented == [("c", 1)] and got.missed == [("a", 2)]


def test_faults_are_told_by_kind() -> None:
    text = document("a b c d", ("a", "M:1"), ("b", "M:2"), ("c", "M:3"), ("d", "M:4"))
    wrong, none = frozenset({"M:9"}), frozenset[str]()
    got = agreement([text], [[Link(0, 1, "a", wrong), Link(2, 3, "b", none), Link(4, 5, "c", wrong, counts=False)]])
    assert dict(got.kinds) == {
        "invented: marked by people, with another code": 1,
        "missed: the words have another code here": 1,
        "missed: the node has no code, nor any above it": 1,
        "missed: only a part is found, on another axis": 1,
        "missed: not found": 1,
    }


def test_the_command_learns_and_scores(mini_graph: Graph, tmp_path: Path) -> None:
    run = tmp_path / "run"
    with Graph.open(run / "store", read_only=False) as graph:
        graph.store.bulk_extend(mini_graph.store)
    corpus, text = tmp_path / "train.txt", tmp_path / "new.txt"
    corpus.write_text("1|t|Lung rot.\n1|a|None.\n1\t0\t8\tLung rot\tDisease\tD011014\n")
    text.write_text("2|t|A lung rot.\n2|a|And pneumonia.\n2\t2\t10\tlung rot\tDisease\tD011014\n")
    arguments = [str(text), "--tree", str(run), "--as", "MESH", "--score"]
    plain = CliRunner().invoke(link, arguments)
    assert "1 documents: precision 1.000, recall 1.000, F1 1.000" in plain.stderr, plain.output
    assert "lung rot\t" not in plain.stdout
    taught = CliRunner().invoke(link, [*arguments, "--train", str(corpus)])
    assert "2\t2\t10\tlung rot\tdisease\tDOID:552\tpneumonia\t1\tpositive\tMESH:D011014\t0" in taught.stdout, (
        taught.output
    )
    unasked = CliRunner().invoke(link, [str(text), "--tree", str(run), "--score"])
    assert isinstance(unasked.exception, UsageProblem)
