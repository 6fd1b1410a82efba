"""What a text claims, as far as it can be compared without understanding it: entities with their status, numbers, sex,
sides, and which side or place goes with what."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from met_kg.literature.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Container

    from met_kg.literature.linker import Linker
    from met_kg.records import Mention

__all__ = ["Claims", "claims_of"]

_NUMBER: Final = re.compile(r"(?<![\w.-])\d+(?:[.,]\d+)*|(?<=[a-z]-)\d+\b", re.IGNORECASE)
_COUNTED: Final = (
    *("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen"),
    *("fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)
_TENS: Final = ("thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_NUMBER_WORDS: Final = {
    **{word: str(value) for value, word in enumerate(_COUNTED, 2)},
    **{word: str(value * 10) for value, word in enumerate(_TENS, 3)},
}
_SEX: Final = {
    **dict.fromkeys(("man", "men", "male", "males", "boy", "gentleman", "he", "him", "his"), "male"),
    **dict.fromkeys(("woman", "women", "female", "females", "girl", "lady", "she", "her", "hers"), "female"),
}
_AGE_WORDS: Final = frozenset(("child", "infant", "newborn", "neonate", "elderly", "adolescent", "teenager", "toddler"))
_SIDE: Final = {
    **dict.fromkeys(("left", "leftward"), "left"),
    **dict.fromkeys(("right", "rightward"), "right"),
    **dict.fromkeys(("bilateral", "bilaterally"), "bilateral"),
    **dict.fromkeys(("unilateral", "unilaterally"), "unilateral"),
}
_WORD: Final = re.compile(r"[a-z]+")
#: From a finding to where it is.
_TO_PLACE: Final = re.compile(r"^[^.;,]{0,24}\b(?:in|at|of|within|involving|affecting|throughout|on)\b[^.;,]{0,16}$")
_BESIDE: Final = re.compile(r"[,;.]|\band\b|\bor\b")
_DENIALS: Final = frozenset(("no", "not", "without", "none", "never", "neither", "cannot", "lacks", "absent"))
_REACH: Final = 40  # characters from a side to what it goes with
_UNSURE: Final = frozenset(("uncertain", "hypothetical"))


@dataclass(frozen=True, slots=True)
class Claims:
    """``status``: entity -> its statuses; ``labels``: how the text calls it; ``denials``: how many words deny."""

    status: dict[str, frozenset[str]]
    labels: dict[str, str]
    numbers: frozenset[str]
    sexes: frozenset[str]
    ages: frozenset[str]
    sides: frozenset[str]
    sided: frozenset[tuple[str, str]]
    placed: frozenset[tuple[str, str]]
    denials: int
    by_sentence: tuple[tuple[str, frozenset[str]], ...]


def claims_of(text: str, linker: Linker, plain: Container[str] = ()) -> Claims:
    """Read a text; entities in ``plain`` are passed over."""
    mentions = [m for m in linker.link(text) if m.node not in plain]
    status: dict[str, set[str]] = {}
    for m in mentions:
        status.setdefault(m.node, set()).add("uncertain" if m.assertion in _UNSURE else m.assertion)
    words = _WORD.findall(text.lower())
    numbers = {n.rstrip(".,") for n in _NUMBER.findall(text)} | {_NUMBER_WORDS[w] for w in words if w in _NUMBER_WORDS}
    return Claims(
        {node: frozenset(found) for node, found in status.items()},
        {m.node: m.text for m in reversed(mentions)},
        frozenset(numbers),
        frozenset(_SEX[w] for w in words if w in _SEX),
        frozenset(w for w in words if w in _AGE_WORDS),
        frozenset(_SIDE[w] for w in words if w in _SIDE),
        frozenset(_sided(text, mentions)),
        frozenset(_placed(text, mentions)),
        sum(w in _DENIALS for w in words),
        tuple(
            (text[a:b], frozenset(m.node for m in mentions if a <= m.start < b)) for a, b in sentences(text)
        ),
    )  # fmt: skip


def _sided(text: str, mentions: list[Mention]) -> set[tuple[str, str]]:
    """Each side with the entity after it that nothing parts it from."""
    found: set[tuple[str, str]] = set()
    for match in re.finditer(r"[a-z]+", text.lower()):
        side = _SIDE.get(match.group())
        if side is None:
            continue
        holds = [m for m in mentions if m.start <= match.start() and match.end() <= m.end]
        after = [m for m in mentions if match.end() <= m.start <= match.end() + _REACH]
        near = min((m.start for m in after), default=0)
        ahead = [m for m in after if m.start == near and not _BESIDE.search(text[match.end() : near])]
        found.update((side, m.node) for m in (holds or ahead))
    return found


def _placed(text: str, mentions: list[Mention]) -> set[tuple[str, str]]:
    """Each disease or finding with the structure that the words right after it put it in."""
    found: set[tuple[str, str]] = set()
    for one in mentions:
        if one.axis not in ("disease", "finding"):
            continue
        for place in mentions:
            if place.axis == "anatomy" and place.start >= one.end and _TO_PLACE.match(text[one.end : place.start]):
                between = any(one.end <= m.start and m.end <= place.start for m in mentions)
                if not between:
                    found.add((one.node, place.node))
    return found
