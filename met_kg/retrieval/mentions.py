"""Anchors from what captions and the text around them name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pandas as pd

from met_kg.literature.linker import Linker
from met_kg.records import Assertion

__all__ = ["FIELDS", "POLARITY", "mention_anchors"]

#: Text columns of a sample and how much a mention there counts: its context may be about more than the image.
FIELDS: Final = {"caption": 1.0, "context": 0.9}

#: What is said of a node -> what an anchor says of the image. Only ``positive`` shows the node.
POLARITY: Final[dict[Assertion, str]] = {
    "positive": "positive",
    "negated": "negative",
    "uncertain": "uncertain",
    "historical": "uncertain",
    "hypothetical": "uncertain",
    "family": "uncertain",
    "other-panel": "uncertain",
}


def mention_anchors(samples: pd.DataFrame, linker: Linker) -> Iterator[dict[str, Any]]:
    """One anchor row for each mention; the same node may come several times for a sample."""
    for field, weight in FIELDS.items():
        for sample_id, text in zip(samples["sample_id"], samples[field], strict=True):
            if not text:
                continue
            for m in linker.link(text):
                evidence = {"field": field, "start": m.start, "end": m.end, "text": m.text}
                yield {
                    "sample_id": sample_id,
                    "node": m.node,
                    "axis": m.axis,
                    "polarity": POLARITY[m.assertion],
                    "assertion": m.assertion,
                    "method": "mention",
                    "score": round(m.score * weight, 4),
                    "evidence": json.dumps(evidence, ensure_ascii=False),
                }
