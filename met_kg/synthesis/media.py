"""How a text names the picture itself: "This diagram shows ...", "The graph ..."."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from met_kg.synthesis.english import word_table

__all__ = ["CHARTS", "named_picture"]

#: Pictures that show figures or steps, and no body.
CHARTS: Final = frozenset({"chart", "flow chart", "graph", "table", "timeline"})


@lru_cache(maxsize=1)
def _pattern() -> tuple[re.Pattern[str], dict[str, tuple[str, str]]]:
    media = {row[0]: (row[1], row[2]) for row in word_table("media")}
    words = "|".join(re.escape(word) for word in sorted(media, key=len, reverse=True))
    return re.compile(rf"\b(?:[Tt]his|[Tt]hese|[Tt]he)\s+(?:[a-z]+\s+){{0,3}}?({words})\b"), media


def named_picture(text: str) -> tuple[str, str, re.Match[str]] | None:
    """What a text calls its picture, the word before the picture's subject, and where it stands.

    >>> called, before, _ = named_picture("This bar graph shows the composition of plasma.")
    >>> called, before
    ('graph', 'about')
    """
    pattern, media = _pattern()
    match = pattern.search(text)
    return (*media[match[1]], match) if match is not None else None
