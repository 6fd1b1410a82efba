"""Whether a text says that a named thing is there: positive, negated, uncertain, historical, family, hypothetical, or
about another panel of a compound figure.

Cue words with a scope inside the sentence, after NegEx (Chapman 2001) and ConText (Harkema 2009): a cue reaches forward
or backward to the nearest word that ends its clause, or as many words as it states. The longest cue at a place wins,
so that "cannot exclude" is uncertain and "no increase" is nothing. What is denied or guessed of a place is not said of
the place: "no stenosis at the anastomosis". The cues are in ``data/cues.tsv``; docs/assertion.md has the judged
sample, docs/experiments/assertion.md the libraries that were measured beside this.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Final, cast

from met_kg.errors import DataProblem
from met_kg.literature.sentences import sentences
from met_kg.records import Assertion
from met_kg.vocabulary import Axis

if TYPE_CHECKING:
    import ahocorasick_rs

__all__ = ["Assertions"]

#: Of several statuses the first counts: whose disease it is, before whether it is there, before when.
_ORDER: Final[tuple[Assertion, ...]] = (
    "other-panel",
    "family",
    "negated",
    "hypothetical",
    "uncertain",
    "historical",
)
#: A modality is negated only right beside the cue ("without contrast"): the same sentence names what was done.
_MODALITY_REACH: Final = 1
_CLAUSE_END: Final = re.compile(
    r";|:(?=\s)|\n|\s[-–—]+\s"
    r"|,\s(?=(?:a|an|the|this|there|these|those|his|her|we|suggesting|suggestive|indicating|indicative|consistent|compatible)\b)"
    # Sentences that the splitter cannot see: "no fever. chest is clear", "no effusion.Heart normal", "no mass. (b) CT".
    r"|(?<=[a-z0-9)]{2}\.)(?<!fig\.)(?<!figs\.)(?<!\bvs\.)(?<!\bno\.)(?<!\bst\.)(?<!\bdr\.)(?<!\bal\.)\s|(?<=[a-z]{3})\.(?=\(?[a-z]{3})"
)
#: Where the name of a place ends.
_PLACE_END: Final = re.compile(r"[,;:.()]|\s(?:and|or|nor|with|without|that|which|is|are|was|were|has|have|had|to)\b")
#: Cues that only bound what other cues reach.
_BOUNDS: Final = frozenset({"end", "place"})
#: What points into the picture is no part of what is said: "no aneurysm (white arrow)".
_POINTER: Final = re.compile(r"\([^()]*\b(?:arrows?|arrow ?heads?|asterisks?|stars?|circles?|line|box)\b[^()]*\)")
#: What is denied or guessed of a place is not said of the place.
_SAID_OF_PLACES: Final = frozenset({"negated", "uncertain"})
#: What denies an anatomical structure, where nothing stands between it and the cue.
_ANATOMY_CUES: Final = re.compile(r"absent|absence of|(?:not|never) (?:seen|visuali[sz]ed|identified|present|visible)")

#: What takes an anatomical structure out of the body, where nothing stands between it and the cue.
_OPERATIONS: Final = re.compile(r"resection|excision|amputation|replacement")


@dataclass(frozen=True, slots=True)
class _Cue:
    status: str
    direction: str
    reach: int
    needs: tuple[str, ...]
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Scope:
    """Characters over which a status holds, and where its cue stands."""

    status: Assertion
    start: int
    end: int
    cue_start: int
    cue_end: int


class Assertions:
    """The statuses of one text; sentences are looked at when something in them is asked for.

    ``elsewhere`` are the parts of the text that are about other panels than the one shown, as (start, end).
    """

    def __init__(self, text: str, elsewhere: Sequence[tuple[int, int]] = ()) -> None:
        self._text = text
        self._elsewhere = elsewhere
        self._sentences: list[tuple[int, int]] = []
        self._starts: list[int] = []
        self._scopes: dict[int, list[_Scope]] = {}

    def of(self, start: int, end: int, axis: Axis = "disease") -> Assertion:
        """The status of the span.

        >>> a = Assertions("No effusion, but a nodule is seen. Pneumonia cannot be excluded.")
        >>> a.of(3, 11), a.of(19, 25), a.of(35, 44)
        ('negated', 'positive', 'uncertain')
        >>> Assertions("(A) A mass. (B) A cyst.", elsewhere=[(12, 23)]).of(18, 22)
        'other-panel'
        """
        if any(begin <= start < stop for begin, stop in self._elsewhere):
            return "other-panel"
        if not self._starts:
            self._sentences = sentences(self._text)
            self._starts = [begin for begin, _ in self._sentences]
        index = bisect_right(self._starts, start) - 1
        if index < 0:
            return "positive"
        scopes = self._scopes.get(index)
        if scopes is None:
            scopes = self._scopes[index] = self._read(*self._sentences[index])
        found = {s.status for s in scopes if s.start <= start and end <= s.end and self._applies(s, start, end, axis)}
        return next((status for status in _ORDER if status in found), "positive")

    def _applies(self, scope: _Scope, start: int, end: int, axis: Axis) -> bool:
        if scope.cue_start < end and start < scope.cue_end:
            return False  # a name that holds the cue's own words
        if axis in ("disease", "finding") or scope.status == "other-panel":
            return True
        between = self._text[scope.cue_end : start] if scope.cue_end <= start else self._text[end : scope.cue_start]
        near = len(between.split()) <= (_MODALITY_REACH if axis == "modality" else 0)
        if axis == "modality":
            return near
        cue = self._text[scope.cue_start : scope.cue_end].lower()
        what = {"negated": _ANATOMY_CUES, "historical": _OPERATIONS}.get(scope.status)
        return near and what is not None and bool(what.search(cue))

    def _read(self, start: int, end: int) -> list[_Scope]:
        """The scopes of the cues in one sentence."""
        # Same length as the original, so that offsets hold; any white space is a space.
        low = _lower(self._text[start:end]).replace("\t", " ").replace("\r", " ")
        found = _found(low)
        if not found:
            return []
        ends = [(a, b) for a, b, cue in found if cue.status == "end"]
        ends = sorted(ends + [match.span() for match in _CLAUSE_END.finditer(low)])
        pointers = [match.span() for match in _POINTER.finditer(low)]
        places = sorted(pointers + [(b, _place_end(low, b)) for _, b, cue in found if cue.status == "place"])
        scopes: list[_Scope] = []
        for a, b, cue in found:
            pieces: list[tuple[int, int]] = []
            if cue.direction == "forward":
                stop = next((e for e, _ in ends if e >= b), len(low))
                stop = min(stop, _reach(low, b, cue.reach)) if cue.reach else stop
                pieces = _without(b, stop, places if cue.status in _SAID_OF_PLACES else pointers)
            elif cue.direction == "backward":
                begin = max((e for _, e in ends if e <= a), default=0)
                begin = max(begin, _reach_back(low, a, cue.reach)) if cue.reach else begin
                pieces = [(begin, a)]
            status = cast(Assertion, cue.status)
            scopes += [_Scope(status, start + p, start + q, start + a, start + b) for p, q in pieces]
        return scopes


def _lower(text: str) -> str:
    """Lower case without change of length (one capital in a thousand scripts becomes two letters)."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _reach(text: str, start: int, count: int) -> int:
    """The end of the ``count``-th word after a place, names being up to four words longer than their first."""
    matches = list(re.finditer(r"\S+", text[start:]))
    return len(text) if len(matches) <= count else start + matches[count - 1].end()


def _reach_back(text: str, end: int, count: int) -> int:
    matches = list(re.finditer(r"\S+", text[:end]))
    return matches[-count].start() if len(matches) >= count else 0


def _place_end(text: str, start: int) -> int:
    match = _PLACE_END.search(text, start)
    return match.start() if match else len(text)


def _without(start: int, end: int, holes: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """What is left of a span.

    >>> _without(0, 9, [(2, 4), (6, 12)])
    [(0, 2), (4, 6)]
    """
    pieces = []
    for begin, stop in holes:
        if start <= begin < end:
            pieces.append((start, begin))
            start = stop
    return [*pieces, (start, end)] if start < end else pieces


def _found(low: str) -> list[tuple[int, int, _Cue]]:
    """Cues in a lower-case sentence, the longest at each place; none when none of them gives a status."""
    automaton, cues_of = _needed()
    cues = _cues()
    possible = {cue for hit in automaton.find_matches_as_indexes(low, overlapping=True) for cue in cues_of[hit[0]]}
    bounds = {i for i in possible if cues[i].status in _BOUNDS}
    hits = _hits(low, possible - bounds)
    if all(cue.direction == "none" for _, _, cue in hits):
        return []
    hits += _hits(low, bounds)
    hits.sort(key=lambda hit: (hit[0], -hit[1]))
    kept: list[tuple[int, int, _Cue]] = []
    for hit in hits:
        if not kept or hit[0] >= kept[-1][1]:
            kept.append(hit)
    return kept


def _hits(low: str, numbers: set[int]) -> list[tuple[int, int, _Cue]]:
    cues = _cues()
    return [(*match.span(), cues[i]) for i in sorted(numbers) for match in cues[i].pattern.finditer(low)]


@lru_cache(maxsize=1)
def _cues() -> tuple[_Cue, ...]:
    text = (resources.files("met_kg.literature.data") / "cues.tsv").read_text(encoding="utf-8")
    cues = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) != 5:
            raise DataProblem("a cue is five columns: status, direction, reach, needs, cue", where=f"cues.tsv:{number}")
        status, direction, reach, needs, cue = fields
        pattern = re.compile(rf"(?<!\w)(?:{cue})(?!\w)")
        cues.append(_Cue(status, direction, int(reach), tuple(needs.split("|")), pattern))
    return tuple(cues)


@lru_cache(maxsize=1)
def _needed() -> tuple[ahocorasick_rs.AhoCorasick, tuple[tuple[int, ...], ...]]:
    """What finds, in one pass, the words that cues need, and for each such word the numbers of its cues."""
    import ahocorasick_rs

    cues_of: dict[str, list[int]] = {}
    for index, cue in enumerate(_cues()):
        for word in cue.needs:
            cues_of.setdefault(word, []).append(index)
    return ahocorasick_rs.AhoCorasick(list(cues_of)), tuple(map(tuple, cues_of.values()))
