"""What an answered question says: a statement of its image, where one of a few plain forms fits.

Nothing is guessed. A question with "or", a double negation, a comparison or a form that is not listed here gives no
statement: a wrong sentence would become a wrong anchor, and a missing one costs little.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

__all__ = ["statement"]

_YES, _NO = "yes", "no"
_ARE: Final = r"(?P<verb>is/are|is|are)"
_STATE: Final = (
    "present|visible|visualized|seen|noted|identified|observed|evident|pictured|shown|in view|enlarged|dilated|"
    "distended|calcified|fractured|collapsed|thickened|deviated|displaced|hyperinflated|inflamed|ruptured|patent|"
    "midline|normal|abnormal|intact|elevated"
)
_PICTURE: Final = r"(?:image|picture|scan|film|study|section|slice|radiograph|x-?ray|ct|mri|patient)"
#: What makes the answer yes or no say something else than that the thing is there or not.
_UNCLEAR: Final = re.compile(
    r"\b(?:no|not|or|without|none|more|less|fewer|than|equal|same|normal|symmetr\w+|equivalent|only|most|both|all|if|which|"
    r"anything|something|removed|different|other|free)\b|^any of\b|\b(?:an?|the|of)$|[<>]"
)
_EVIDENCE: Final = re.compile(r"^(?:(?:any|obvious|clear|radiographic)\s+)*(?:evidence|signs?|indications?)\s+of\s+")
_ARTICLE: Final = re.compile(r"^(?:an?|any|the|some)\s+")
_NOTHING: Final = re.compile(r"^(?:none|nothing|normal|n/?a|unknown|yes|no|not\b.*)$", re.IGNORECASE)

_Maker = Callable[[re.Match[str], str], str | None]


def statement(question: str, answer: str) -> str | None:
    """The sentence that a question and its answer make, None where no form fits.

    >>> statement("Is there evidence of a pleural effusion?", "no")
    'There is no evidence of pleural effusion.'
    >>> statement("Are the ribs fractured?", "Yes")
    'The ribs are fractured.'
    >>> statement("In what plane is this image oriented?", "Axial")
    'Plane: axial.'
    >>> statement("Is the mass regular or ragged?", "ragged") is None
    True
    """
    asked = re.sub(r"\s+", " ", question).strip().removesuffix("-yes/no").rstrip("?. ")
    asked = re.sub(r"\b(?:the patient's|the the)\b", "the", asked[:1].lower() + asked[1:])
    said = re.sub(r"\s+", " ", answer).strip().rstrip(".")
    if not asked or not said:
        return None
    closed = said.lower() if said.lower() in (_YES, _NO) else None
    for pattern, make in _CLOSED if closed else _OPEN:
        if found := pattern.fullmatch(asked):
            return make(found, closed or said)
    return None


def _there_is(found: re.Match[str], answer: str) -> str | None:
    thing = found["thing"]
    if _UNCLEAR.search(thing.lower()):
        return None
    evidence = _EVIDENCE.match(thing)
    named = thing[evidence.end() :] if evidence else thing
    if answer == _YES:
        verb = "is" if evidence else _verb(found.groupdict().get("verb"), named)
        return f"There {verb} {'evidence of ' if evidence else ''}{named.removeprefix('any ')}."
    return f"There is no {'evidence of ' if evidence else ''}{_ARTICLE.sub('', named)}."


def _state(found: re.Match[str], answer: str) -> str | None:
    thing = found["thing"]
    if _UNCLEAR.search(thing.lower()):
        return None
    verb = _verb(found["verb"], thing)
    told = f"{thing[:1].upper()}{thing[1:]} {verb} {'' if answer == _YES else 'not '}{found['state']}"
    return f"{told}{found['where'] or ''}."


def _verb(asked: str | None, thing: str) -> str:
    """The verb of the question; where it leaves that open ("Is/Are there ..."), by the thing's last letters."""
    if asked and "/" not in asked:
        return asked.lower()
    head = re.split(r" (?:in|of|on|at|within|near|around|along|under|with|to|seen|present)\b", thing)[0]
    return "are" if re.search(r"(?<![siu])s$", head) and not re.match(r"an?\s", thing) else "is"


def _kind(found: re.Match[str], answer: str) -> str | None:
    # "No" leaves open what else it is.
    return f"This is {found['thing']}." if answer == _YES and not _UNCLEAR.search(found["thing"].lower()) else None


def _labelled(label: str) -> _Maker:
    def make(found: re.Match[str], answer: str) -> str | None:
        if _NOTHING.match(answer) or re.search(r"\bnot\b", found.string):
            return None
        return f"{label}: {_small(answer)}."

    return make


def _small(answer: str) -> str:
    """In small letters but for abbreviations.

    >>> _small("Right PICA"), _small("Axial"), _small("T2-weighted")
    ('right PICA', 'axial', 'T2-weighted')
    """
    return " ".join(w if re.search(r"[A-Z].*[A-Z]|[A-Z]\d", w) else w.lower() for w in answer.split(" "))


def _located(found: re.Match[str], answer: str) -> str | None:
    return None if _NOTHING.match(answer) else f"Location of {_ARTICLE.sub('the ', found['thing'])}: {_small(answer)}."


def _forms(*forms: tuple[str, _Maker]) -> tuple[tuple[re.Pattern[str], _Maker], ...]:
    return tuple((re.compile(pattern, re.IGNORECASE), make) for pattern, make in forms)


_CLOSED: Final = _forms(
    (rf"{_ARE} there (?P<thing>.+)", _there_is),
    (r"(?:do|can|could) (?:you|we) (?:see|appreciate|identify|visualize|find) (?P<thing>.+)", _there_is),
    (rf"does (?:this|the) {_PICTURE} (?:show|have|contain|demonstrate|depict|display) (?P<thing>.+)", _there_is),
    (rf"{_ARE} (?P<thing>(?!this|that|it\b|these).+?) (?P<state>{_STATE})(?P<where> (?:in|on|within|at) .+)?", _state),
    (rf"is (?:this|the) (?:{_PICTURE} )?(?P<thing>an? (?:\S+ ){{0,4}}\S+)", _kind),
)
_OPEN: Final = _forms(
    (
        r"(?!.*\b(?:seen|visuali[sz]ed)\b)(?:in )?(?:what|which|how) .*\b(?:plane|view|orientation|projection)\b.*",
        _labelled("Plane"),
    ),
    (
        r"(?:what|which) .*\b(?:modality|technology|(?:type|kind) of (?:imag\w+|scan|study|radiograph)|"
        r"imaging (?:technique|method))\b.*",
        _labelled("Imaging"),
    ),
    (rf"how (?:is|was) (?:this|the) {_PICTURE} (?:taken|acquired|obtained|made)", _labelled("Imaging")),
    (
        r"(?:what|which) (?:organs?(?: system)?|body parts?|parts? of the body|structures?) .*"
        r"\b(?:shown|pictured|present|evaluated|visualized|displayed|seen|identified|image|imaged)\b.*",
        _labelled("Shown"),
    ),
    (rf"where {_ARE} (?P<thing>.+?)(?: (?:located|seen|found|present))?(?: (?:in|on) (?:this|the) \w+)?", _located),
    (
        rf"what (?:{_ARE} )?(?:(?:is|are) )?(?:abnormal|wrong|the (?:main |primary )?(?:abnormalit(?:y|ies)|pathology|"
        r"findings?|diagnosis|disease|lesions?|mass))(?: (?:in|on|of|with|seen|shown|here|near)\b.*)?",
        _labelled("Finding"),
    ),
    (
        rf"what (?:disease|pathology|abnormalit(?:y|ies)|abnormal findings?) (?:is|are) (?:seen|shown|present)"
        rf"(?: in (?:this|the) {_PICTURE})?",
        _labelled("Finding"),
    ),
)
