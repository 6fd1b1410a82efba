"""Where a text puts what it names: the side ("right-sided effusion"), the structure ("consolidation in the left lung").

Only words that touch the name count. What stands between must join them: modifiers before a name, a preposition after.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from met_kg.synthesis.captions.facts import Said, Span

__all__ = ["located", "side_of"]

#: A side with at most two modifiers, up to the name.
_SIDE: Final = re.compile(
    r"\b(bilateral|left|right|right-sided|left-sided|(?:left|right) sided)\s+"
    r"(?:(?!(?:and|or|of|in|at|on|to|with|without|is|was|are|were|the|a|an|no|not|but|than|both|lung|lungs|side)\b)"
    r"[a-z-]+\s+){0,2}$",
    re.IGNORECASE,
)
#: From a name to a structure: "consolidations are seen in the", "opacity of", "effusion at the level of the".
_TO_PLACE: Final = re.compile(
    r"\s+(?:(?:is|are|was|were)\s+)?(?:(?:seen|noted|present|visible|identified|observed|located)\s+)?"
    r"(?:in|within|at|of|involving|affecting|throughout|over)\s+(?:the\s+|both\s+|his\s+|her\s+)?"
    r"(?:bilateral\s+|right\s+|left\s+|entire\s+|whole\s+)?",
    re.IGNORECASE,
)
_BEFORE: Final = 48


def side_of(found: Said, text: str) -> tuple[str, Span] | None:
    """'bilateral', 'left-sided' or 'right-sided', with the words that say so."""
    span = found.span
    if span is None:
        return None
    begin = max(0, span.start - _BEFORE)
    match = _SIDE.search(text[begin : span.start])
    if match is None:
        return None
    word = match[1].lower()
    start = begin + match.start()
    said = Span(span.column, text[start : span.end], start, span.end)
    return ("bilateral" if word == "bilateral" else f"{word.split()[0].split('-')[0]}-sided"), said


def located(found: Said, places: Sequence[Said], text: str) -> tuple[Said, Span] | None:
    """The structure that the text puts a finding in, with the words from one to the other."""
    span = found.span
    if span is None:
        return None
    for place in places:
        where = place.span
        if where is None or where.column != span.column:
            continue
        if where.start >= span.end:
            joins = _TO_PLACE.fullmatch(text[span.end : where.start])
            if joins is not None and "both" not in joins.group().lower():
                return place, Span(span.column, text[span.start : where.end], span.start, where.end)
        elif span.start - 1 <= where.end <= span.start and where.start < span.start:
            return place, Span(span.column, text[where.start : span.end], where.start, span.end)
    return None
