"""The shape of the house: who may import whom, where IRIs may stand, how long a file may be."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import met_kg
from met_kg.pipeline.fingerprint import GROUND, ROOMS

PACKAGE = Path(met_kg.__file__).parent
MODULES = sorted(p for p in PACKAGE.rglob("*.py") if "_data" not in p.parts)


def room_of(path: Path) -> str | None:
    first = path.relative_to(PACKAGE).parts[0]
    return first if first in ROOMS else None


def imported_rooms(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "met_kg" and len(parts) > 1:
                found.add(parts[1])
    return found


def test_a_room_imports_only_rooms_below_it() -> None:
    wrong = []
    for path in MODULES:
        room = room_of(path)
        allowed = set(GROUND) | (set(ROOMS[: ROOMS.index(room) + 1]) if room else set(GROUND))
        if path.name == "__init__.py" and room is None:
            continue
        wrong += [f"{path.relative_to(PACKAGE)} imports {other}" for other in imported_rooms(path) - allowed]
    assert wrong == []


def test_every_package_folder_is_a_known_room() -> None:
    folders = {p.name for p in PACKAGE.iterdir() if p.is_dir() and p.name not in ("__pycache__", "_data")}
    assert folders == set(ROOMS)


def test_only_the_graph_room_opens_a_store() -> None:
    wrong = [
        str(p.relative_to(PACKAGE))
        for p in MODULES
        if room_of(p) != "graph" and re.search(r"\bStore\(|Store\.read_only|SPARQLStore", p.read_text("utf-8"))
    ]
    assert wrong == []


def test_files_stay_readable() -> None:
    long = {str(p.relative_to(PACKAGE)): n for p in MODULES if (n := len(p.read_text("utf-8").splitlines())) > 400}
    assert long == {}


def test_no_unsafe_loading() -> None:
    pattern = re.compile(r"trust_remote_code\s*=\s*True|\bpickle\.|yaml\.load\(|eval\(|exec\(")
    wrong = []
    for path in MODULES:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            if pattern.search(line) and not re.search(r"\.eval\(|_eval\(|literal_eval", line):
                wrong.append(f"{path.relative_to(PACKAGE)}:{number}: {line.strip()}")
    assert wrong == []
