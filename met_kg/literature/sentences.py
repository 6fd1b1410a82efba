"""Sentences of a text as character spans. Rules, because they are fast, exact in offsets and need no model."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["sentences"]

_BREAK: Final = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9])|\n\s*\n|\n(?=\s*(?:[-*•]|\d+[.)])\s)")
#: What ends in a full stop without ending a sentence.
_ABBREVIATED: Final = re.compile(
    r"(?:\b(?:figs?|dr|drs|mr|mrs|ms|prof|st|no|nos|vs|cf|al|approx|ca|resp|e\.g|i\.e|incl|dept|inc|vol|pp?|[A-Z])\.)$",
    re.IGNORECASE,
)


def sentences(text: str) -> list[tuple[int, int]]:
    """Start and end of each sentence, in order and covering the text.

    >>> [text[a:b] for text in ["Seen in Fig. 2. No mass, e.g. Wilms."] for a, b in sentences(text)]
    ['Seen in Fig. 2.', 'No mass, e.g. Wilms.']
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _BREAK.finditer(text):
        head = text[start : match.start()]
        if head.endswith(".") and _ABBREVIATED.search(head[-12:]):
            continue
        spans.append((start, match.start()))
        start = match.end()
    if start < len(text):
        spans.append((start, len(text)))
    return spans
