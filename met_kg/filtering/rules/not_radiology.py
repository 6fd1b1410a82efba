"""The image is one of radiology, by what the text and the metadata say of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

import pandas as pd

from met_kg.filtering.context import Context
from met_kg.filtering.rules import Hit
from met_kg.filtering.words import Terms, rows, terms

__all__ = ["PARAMETERS", "apply"]

PARAMETERS = ("minimum",)

_QUERY: Final = "filter/image-kinds"
#: The kind of evidence that settles it when the metadata state a modality.
_METHOD: Final = "method"
#: Points from which on evidence needs no other.
_STRONG: Final = 2


def apply(samples: pd.DataFrame, context: Context, *, minimum: float) -> Iterator[Hit]:
    """Objects where the evidence for a radiological image, less the evidence for another kind, is below ``minimum``.

    Evidence are words (``data/image-terms.tsv``) and nodes of the tree (the query ``filter/image-kinds``); each kind of
    evidence counts once, with the points of ``data/image-kinds.tsv``. A caption that says neither has 0. Where it holds
    weak evidence only, the text around it is read as well. Metadata of a radiological modality settle it.
    """
    points = {kind: float(value) for kind, value, _ in rows("image-kinds.tsv")}
    lexicon = terms("image-terms.tsv")
    named = _evidence_of_anchors(context, points)
    columns = (samples[c] for c in ("sample_id", "modality", "caption", "context"))
    for sample_id, modality, caption, around in zip(*columns, strict=True):
        if modality and _METHOD in named.get(sample_id, ()):
            continue
        found = named.get(sample_id, {}) | _words(lexicon, caption)
        if all(abs(points[kind]) < _STRONG for kind in found):
            found |= _words(lexicon, around)
        score = sum(points[kind] for kind in found)
        if score < minimum:
            against = [f"{kind} ('{by}')" for kind, by in sorted(found.items()) if points[kind] < 0]
            speaks = f"speaks for {', '.join(against)}" if against else "says nothing of imaging"
            yield Hit(
                sample_id, f"the text {speaks}: {score:g} points for radiology, at least {minimum:g} wanted", score
            )


def _words(lexicon: Terms, text: str) -> dict[str, str]:
    """The first wording of each kind of evidence."""
    return dict(reversed(list(lexicon.kinds(text))))


def _evidence_of_anchors(context: Context, points: dict[str, float]) -> dict[str, dict[str, str]]:
    """Kinds of evidence with the node that gives each, by sample."""
    of_node = _kinds_of_nodes(context)
    named: dict[str, dict[str, str]] = defaultdict(dict)
    for sample_id, node, axis in zip(*(context.anchors[c] for c in ("sample_id", "node", "axis")), strict=True):
        if axis in points:
            named[sample_id].setdefault(axis, node)
        for kind, name in of_node.get(node, ()):
            named[sample_id].setdefault(kind, name)
    return named


def _kinds_of_nodes(context: Context) -> dict[str, list[tuple[str, str]]]:
    """Kind of evidence, and the node as a reason shows it, by node."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in context.once(_QUERY):
        found[str(row["node"])].append((str(row["kind"]), f"{row['nodeLabel']} ({row['node']})"))
    return found
