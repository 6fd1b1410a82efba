"""New terms that literature defines, each with the parent it would get. None enters the tree by itself.

The proposed parent is the node that the end of the name already means (head-noun subsumption: a *pulmonary artery* is
an artery), and the book's words stand beside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from met_kg.literature.glossary import KeyTerm
from met_kg.literature.linker import Linker
from met_kg.tree.review import ReviewRow, machine_ids

__all__ = ["propose"]


def propose(terms: Iterable[KeyTerm], linker: Linker) -> tuple[list[ReviewRow], Counter[str]]:
    """Proposals for key terms that no node carries as a name; the counter says what became of the rest."""
    found: dict[str, tuple[str, str, str, float, str]] = {}
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
        found[label.lower()] = (label, head.node, key.meaning, confidence, key.document)
        fate["proposed"] += 1
    ids = machine_ids([label for label, *_ in found.values()])
    rows = [
        ReviewRow(ids[label], label, parent, "", meaning, "new-term", f"{confidence:g}", document)
        for label, parent, meaning, confidence, document in sorted(found.values())
    ]
    return rows, fate
