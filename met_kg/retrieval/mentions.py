"""Anchors from what captions and the text around them name."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources
from typing import Any, Final

import pandas as pd

from met_kg.literature.linker import Linker
from met_kg.records import Assertion
from met_kg.vocabulary import Axis

__all__ = ["FIELDS", "mention_anchors", "other_panels", "polarity"]

#: Text columns of a sample and how much a mention there counts: its context may be about more than the image.
FIELDS: Final = {"caption": 1.0, "context": 0.9}

#: What may stand between a cue and the name: the names before it in a list, and what belongs to the name.
_BETWEEN: Final = r"(?:(?: [\w-]+){1,3},? and|(?: [\w-]+){1,3},)*(?: [\w-]+){0,3}[ -]$"
#: How far before a name a cue is looked for, in characters.
_REACH: Final = 120

#: What is said of a node -> what an anchor says of the image. Only ``positive`` shows the node. What a patient had
#: before may still be seen. What relatives have, or what would be if, says nothing of the image: no anchor.
_POLARITY: Final[dict[Assertion, str]] = {
    "positive": "positive",
    "negated": "negative",
    "uncertain": "uncertain",
    "historical": "uncertain",
}


def polarity(assertion: Assertion, axis: Axis) -> str | None:
    """What an anchor says of the image; None where the text says nothing of it.

    A disease that another panel shows is the same patient's in nearly every figure: this image may show it too, so that
    no question may call it absent. The structure or modality of another panel is just not this image's.

    >>> polarity("negated", "finding"), polarity("other-panel", "disease"), polarity("other-panel", "modality")
    ('negative', 'uncertain', None)
    """
    if assertion == "other-panel":
        return "uncertain" if axis in ("disease", "finding") else None
    return _POLARITY.get(assertion)


def other_panels(meta: str, field: str = "caption") -> list[tuple[int, int]]:
    """Where a text is about other panels than the one shown, from a sample's ``meta``; none where that is not known.

    >>> meta = ('{"panel": "B", "panels": [{"label": "A", "start": 0, "end": 9},'
    ...         ' {"label": "B", "start": 10, "end": 19}, {"label": "C", "field": "context", "start": 0, "end": 5}]}')
    >>> other_panels(meta), other_panels(meta, "context")
    ([(0, 9)], [(0, 5)])
    """
    if '"panels"' not in meta:
        return []
    known = json.loads(meta)
    panels = known["panels"]
    # A user's own column may have this name too.
    if not isinstance(panels, list) or not all(
        isinstance(p, dict) and {"label", "start", "end"} <= set(p) for p in panels
    ):
        return []
    places = {(p.get("field", "caption"), p["start"], p["end"]) for p in panels}
    # Panels named together ("(A-C)") share their text.
    shown = {(p.get("field", "caption"), p["start"], p["end"]) for p in panels if p["label"] == known.get("panel")}
    return sorted((start, end) for where, start, end in places - shown if where == field) if shown else []


def mention_anchors(samples: pd.DataFrame, linker: Linker) -> Iterator[dict[str, Any]]:
    """One anchor row for each mention that says something of the image; a sample may have several rows for a node."""
    here: dict[str, set[str]] = defaultdict(set)  # what a sample's texts, the caption first, say of the panel itself
    for field, weight in FIELDS.items():
        for sample_id, text, meta in zip(samples["sample_id"], samples[field], samples["meta"], strict=True):
            if not text:
                continue
            mentions = linker.link(text, other_panels(meta, field))
            here[sample_id].update(m.node for m in mentions if m.assertion in _POLARITY)
            for m in mentions:
                if not _depicts(text, m.start, m.end, m.axis):
                    continue
                said = polarity(m.assertion, m.axis)
                # What is said of the panel itself counts; another panel must not blur it.
                if said is None or (m.assertion == "other-panel" and m.node in here[sample_id]):
                    continue
                evidence = {"field": field, "start": m.start, "end": m.end, "text": m.text}
                yield {
                    "sample_id": sample_id,
                    "node": m.node,
                    "axis": m.axis,
                    "polarity": said,
                    "assertion": m.assertion,
                    "method": "mention",
                    "score": round(m.score * weight, 4),
                    "evidence": json.dumps(evidence, ensure_ascii=False),
                }


def _depicts(text: str, start: int, end: int, axis: Axis = "anatomy") -> bool:
    """Whether a text names a thing as one that is there, not as a likeness, a stage to come or a place to pass.

    >>> text = "A bell-shaped cell of the shape of a heart drains via the inguinal canal into a vein."
    >>> names = ("bell", "heart", "inguinal canal", "vein")
    >>> [_depicts(text, at := text.index(name), at + len(name)) for name in names]
    [False, False, False, True]
    """
    for side, cue, name in _not_depicted():
        if side == "after":
            if cue.match(text, end):
                return False
        elif axis == "anatomy" and cue.search(text, max(0, start - _REACH), start) and name.fullmatch(text, start, end):
            return False
    return True


@lru_cache(maxsize=1)
def _not_depicted() -> tuple[tuple[str, re.Pattern[str], re.Pattern[str]], ...]:
    """Side, cue, and what the name must match."""
    text = (resources.files("met_kg.retrieval.data") / "not_depicted.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    bounds = {"before": (r"(?<![\w-])", _BETWEEN), "after": ("", r"\b")}
    return tuple(
        (
            side,
            re.compile(rf"{bounds[side][0]}(?:{cue}){bounds[side][1]}", re.IGNORECASE),
            re.compile(name or ".*", re.IGNORECASE),
        )
        for side, cue, name, _ in rows
    )
