"""What a person should look at: new terms that literature defines, and what did not fit when sources were merged.

The review queue is a table with a ROBOT template row under its header, so that an accepted proposal can be turned into
an axiom without retyping. A new term never enters the tree by itself: its proposed parent is the node that the end of
its name already means (head-noun subsumption: a *pulmonary artery* is an artery), and the book's words stand beside.
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from met_kg.literature.glossary import KeyTerm
from met_kg.literature.linker import Linker
from met_kg.tree.nodes import Conflict

__all__ = ["Proposal", "propose", "write_review"]

#: First number of the id range that machines may use (ontology/README-editors.md).
_MACHINE_RANGE: Final = range(100_000, 1_000_000)
_HEADER: Final = ("id", "label", "parent", "definition", "kind", "confidence", "evidence", "decision")
_TEMPLATE: Final = ("ID", "LABEL", "SC %", "A IAO:0000115", "", "", "", "")


@dataclass(frozen=True, order=True, slots=True)
class Proposal:
    """A new term with the parent it would get."""

    label: str
    parent: str
    parent_label: str
    definition: str
    confidence: float
    evidence: str


def propose(terms: Iterable[KeyTerm], linker: Linker) -> tuple[list[Proposal], Counter[str]]:
    """Proposals for key terms that no node carries as a name; the counter says what became of the rest."""
    found: dict[str, Proposal] = {}
    fate: Counter[str] = Counter()
    for key in terms:
        label = key.term.split("(")[0].strip()
        if not label or label.lower() in found:
            fate["repeated"] += 1
            continue
        mentions = linker.link(label)
        if any(m.start == 0 and m.end == len(label) for m in mentions):
            fate["already a name in the tree"] += 1
            continue
        heads = [m for m in mentions if m.end == len(label) and m.start > 0]
        if not heads:
            fate["no parent found by its last words"] += 1
            continue
        head = max(heads, key=lambda m: (m.end - m.start, m.score, m.node))
        # How much of the name the parent explains: a rough confidence, and only that.
        confidence = round(0.5 + 0.5 * (head.end - head.start) / len(label) * head.score, 2)
        found[label.lower()] = Proposal(label, head.node, head.label, key.meaning, confidence, key.document)
        fate["proposed"] += 1
    return sorted(found.values()), fate


def write_review(proposals: Sequence[Proposal], conflicts: Iterable[Conflict], path: Path) -> dict[str, int]:
    """Write ``review.tsv``; returns the number of rows per kind."""
    counts: Counter[str] = Counter()
    used: set[int] = set()
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter="\t", lineterminator="\n")
        writer.writerow(_HEADER)
        writer.writerow(_TEMPLATE)
        for p in proposals:
            counts["new-term"] += 1
            number = _number(p.label, used)
            row = (f"MET:{number:07d}", p.label, p.parent, p.definition, "new-term", p.confidence, p.evidence, "")
            writer.writerow([_flat(cell) for cell in row])
        for c in sorted(set(conflicts), key=lambda c: (c.kind, c.node, c.message)):
            counts[c.kind] += 1
            writer.writerow([_flat(cell) for cell in (c.node, "", "", "", c.kind, "", c.message, "")])
    return dict(sorted(counts.items()))


def _number(label: str, used: set[int]) -> int:
    """An id from the label, so that the same term gets the same id in the next build."""
    span = len(_MACHINE_RANGE)
    start = int.from_bytes(hashlib.sha256(label.lower().encode()).digest()[:6], "big") % span
    for step in range(span):
        number = _MACHINE_RANGE[(start + step) % span]
        if number not in used:
            used.add(number)
            return number
    raise AssertionError("more proposals than ids in the machine range")


def _flat(cell: object) -> str:
    return " ".join(str(cell).split())
