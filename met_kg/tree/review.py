"""The review queue: what a build could not decide, as a table that people fill in and the next build reads back.

The table has a ROBOT template row under its header (robot.obolibrary.org/template), so that an accepted proposal can
also be turned into an axiom without retyping. Nothing in it is in the tree as if people had said it: a new term is not
there at all, a placement or a mined relation is there with an annotation that says so.
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Final

from met_kg.errors import DataProblem, MissingData
from met_kg.tree.nodes import Conflict

__all__ = ["ReviewRow", "conflict_rows", "machine_ids", "read_review", "write_review"]

#: First number of the id range that machines may use (ontology/README-editors.md).
_MACHINE_RANGE: Final = range(100_000, 1_000_000)
_TEMPLATE: Final = ("ID", "LABEL", "SC % SPLIT=|", "", "A IAO:0000115", "", "", "", "")


@dataclass(frozen=True, order=True, slots=True)
class ReviewRow:
    """One row: what is proposed or does not fit (``kind``), of which class, and what a person decided.

    ``parent`` holds CURIEs joined by ``|``; ``relation`` is "property target", both CURIEs.
    """

    id: str
    label: str = ""
    parent: str = ""
    relation: str = ""
    definition: str = ""
    kind: str = ""
    confidence: str = ""
    evidence: str = ""
    decision: str = ""


_COLUMNS: Final = tuple(f.name for f in fields(ReviewRow))


def conflict_rows(conflicts: Iterable[Conflict], labels: dict[str, str]) -> Iterator[ReviewRow]:
    """What did not fit when sources were merged and placed, in a stable order."""
    for c in sorted(set(conflicts), key=lambda c: (c.kind, c.node, c.message)):
        yield ReviewRow(c.node, labels.get(c.node, ""), c.parent, "", "", c.kind, "", c.message)


def write_review(rows: Iterable[ReviewRow], path: Path) -> dict[str, int]:
    """Write ``review.tsv``; returns the number of rows per kind."""
    counts: Counter[str] = Counter()
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter="\t", lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerow(_TEMPLATE)
        for row in rows:
            counts[row.kind] += 1
            writer.writerow([" ".join(str(cell).split()) for cell in astuple(row)])
    return dict(sorted(counts.items()))


def read_review(path: Path) -> Iterator[tuple[int, ReviewRow]]:
    """The rows of a review table with their line numbers; columns in any order, further ones are looked past.

    Raises
    ------
    MissingData
        when the file is not there.
    DataProblem
        when it has no columns ``id`` and ``decision``, or is no UTF-8 text.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, delimiter="\t")
            missing = {"id", "decision"} - set(reader.fieldnames or ())
            if missing:
                raise DataProblem(f"has no column '{min(missing)}'", where=f"{path}:1", hint="start from a review.tsv")
            for found in reader:
                cells = {name: (found.get(name) or "").strip() for name in _COLUMNS}
                if cells["id"] != "ID":  # the template row
                    yield reader.line_num, ReviewRow(**cells)
    except FileNotFoundError as problem:
        raise MissingData("the table of decisions is not there", where=str(path)) from problem
    except UnicodeDecodeError as problem:
        raise DataProblem("the table is not UTF-8 text", where=str(path), hint="save it as UTF-8") from problem


def machine_ids(labels: Sequence[str]) -> dict[str, str]:
    """A CURIE of the machine range for each label: the same term gets the same one in the next build."""
    used: set[int] = set()
    found: dict[str, str] = {}
    span = len(_MACHINE_RANGE)
    for label in sorted(set(labels)):
        start = int.from_bytes(hashlib.sha256(label.lower().encode()).digest()[:6], "big") % span
        number = next(n for step in range(span) if (n := _MACHINE_RANGE[(start + step) % span]) not in used)
        used.add(number)
        found[label] = f"MET:{number:07d}"
    return found
