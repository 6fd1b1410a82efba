"""What an image does not show of what its record says: another examination's findings, a disease that left no trace.

The anchors stay, for they are what the record says of the patient; no question may say that the image shows them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING, Final

from met_kg.literature.panels import panels
from met_kg.synthesis.english import word_table
from met_kg.synthesis.index import TreeIndex, spaced

if TYPE_CHECKING:
    from met_kg.synthesis.sample import Anchor

__all__ = ["is_clear", "reported_by", "unseen_diseases"]

#: What ends a sentence or a clause.
_ENDS: Final = re.compile(r"[.;!?\n]")


def reported_by(
    examination: Anchor,
    finding: Anchor,
    texts: Mapping[str, str],
    own: Collection[str],
    others: Mapping[str, Sequence[tuple[int, int]]],
) -> bool:
    """Whether a text names an examination before a finding, in the sentence or without coming back to the image's own.

    Parameters
    ----------
    others
        where each text is about other panels; from one panel to the next nothing lasts.
    own
        names of the examination that made the image, its kinds and its view, as
        :func:`~met_kg.synthesis.index.spaced` writes them.
    """
    one, two = examination.evidence, finding.evidence
    if not (isinstance(one, dict) and isinstance(two, dict) and one.get("field") == two.get("field")):
        return False
    text = texts.get(str(one.get("field")), "")
    if "end" not in one or "start" not in two or not one["end"] <= two["start"]:
        return False
    between = text[one["end"] : two["start"]]
    if _ENDS.search(between) is None:
        return True
    if any(one["end"] <= begin and stop <= two["start"] for begin, stop in others[str(one["field"])]):
        return False
    words = spaced(between)
    return not any(name in words for name in own)


def unseen_diseases(anchors: Iterable[Anchor], tree: TreeIndex, caption: str, *, clear: bool) -> frozenset[str]:
    """Diseases that a record states and its image does not show for sure.

    * All, where the caption says that nothing is wrong, or no longer, and no finding is left (``clear``).
    * The metadata's, where the caption tells of another infection at the same place: they disagree.
    * Of several in the metadata, those that the caption does not name: a complication may have come later.
    * All that stand each in another panel of a plate without metadata: it is no case of one of them.
    """
    possible = [a for a in anchors if a.axis == "disease" and a.polarity == "positive"]
    nodes = frozenset(a.node for a in possible)
    if clear:
        return nodes
    stated = [a for a in possible if "metadata" in a.method]
    named = [a for a in possible if a.method != "metadata"]
    if not stated:
        return nodes if _in_panels([a for a in named if a.seen], tree, caption) else frozenset()
    if _another_infection(stated, named, anchors, tree):
        return nodes
    if len({a.node for a in stated}) > 1:
        return frozenset(a.node for a in stated if a.method == "metadata")
    return frozenset()


def _another_infection(
    stated: Iterable[Anchor], named: Iterable[Anchor], anchors: Iterable[Anchor], tree: TreeIndex
) -> bool:
    """Whether the text has an infection of the part that was imaged, unrelated to all that the metadata state."""
    kin = frozenset().union(*(tree.lineage(a.node) for a in stated))
    parts = [a.node for a in anchors if a.axis == "anatomy" and "metadata" in a.method]
    reach = frozenset().union(*(tree.body.reach(part) for part in parts))
    return any(a.node in tree.role("infection") and a.node in reach and a.node not in kin for a in named)


def _in_panels(named: Sequence[Anchor], tree: TreeIndex, caption: str) -> bool:
    """Whether two diseases, neither a kind of the other, stand in different panels of a caption."""
    found = panels(caption)
    places: list[tuple[str, int]] = []
    for one in named:
        if isinstance(one.evidence, dict) and one.evidence.get("field") == "caption" and "start" in one.evidence:
            here = [p.start for p in found if p.start <= one.evidence["start"] < p.end]
            places += [(one.node, here[0])] if here else []
    return any(b not in tree.lineage(a) and p != q for (a, p), (b, q) in combinations(places, 2))


def is_clear(caption: str, elsewhere: Sequence[tuple[int, int]] = ()) -> bool:
    """Whether a caption says that nothing is wrong with the image, or no longer, outside what is said of other panels.

    >>> is_clear("Day 9: chest radiograph was normal."), is_clear("Normal heart size, hazy lungs.")
    (True, False)
    """
    return any(
        not any(begin <= match.start() < stop for begin, stop in elsewhere)
        for match in _clear().finditer(caption.lower())
    )


@lru_cache(maxsize=1)
def _clear() -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(cue for (cue,) in word_table('clear'))})(?!\w)")
