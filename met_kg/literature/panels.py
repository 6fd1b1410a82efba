"""Split the caption of a compound figure into its panels: "(A) Axial CT. (B) Coronal CT."

Many letters in brackets are no panels: they mark a thing inside one picture ("the mass (A)"), belong to a word
("(A)typical") or a grade, or number a list. So letters count only when they come in order from A, in one style of
mark, and where each starts or ends a clause. Where the place alone does not decide, the text beside the letters has to
name a kind of picture, a view or a time (``data/panel_words.tsv``). In doubt a caption is left whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Final

from met_kg.literature.sentences import sentences

__all__ = ["Panel", "closed_panels", "lead_in", "panels"]


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel: ``caption[start:end]`` is its own text. Panels named together ("(A-C)") share it.

    The label is a capital letter, or a place in capitals: LEFT, MIDDLE, RIGHT, TOP, BOTTOM.
    """

    label: str
    start: int
    end: int
    mark: int  # where the letter stands that names it, before or behind its text


@dataclass(frozen=True, slots=True)
class _Mark:
    labels: tuple[str, ...]
    start: int
    end: int


_SIGN: Final = r"(?:-|–|—|−|,|&|\+|/|and\b|to\b|through\b)"
_LETTERS: Final = {
    "upper": rf"[A-Z](?:(?:\s*,)?\s*{_SIGN}\s*[A-Z](?![A-Za-z])){{0,12}}",
    "lower": rf"[a-z](?:(?:\s*,)?\s*{_SIGN}\s*[a-z](?![A-Za-z])){{0,12}}",
}
_NAMED: Final = r"(?:(?:[Pp]anels?|[Ff]ig(?:ure|s|\.)?)\s+(?:\d{1,2}\s*)?)"
#: Where a sentence or list may start: the beginning, or after what ends one.
_OPENS: Final = r"(?:^|(?<=[.;:?!\]])|(?<=[.;:?!\])]\s))"
#: Styles of mark, surest first. Each has one group: the letters.
_STYLES: Final[tuple[tuple[str, str], ...]] = (
    ("bracket", r"[(\[]\s*" + _NAMED + r"?({letters})\s*[)\]](?![a-z])"),
    ("half", r"(?<![\w(\[.,])({letters})\)(?=\s|[A-Z])"),
    ("named", _OPENS + r"\s*" + _NAMED + r"({letters})(?=[\s.:,])[.:,]?"),
    ("point", _OPENS + r"\s*({letters})\s*[:.]\s+(?=[A-Z0-9(])"),
    ("comma", _OPENS + r"\s*({letters}),\s+(?=\w)"),
)
_PLACES: Final = {"upper": "top", "lower": "bottom", "center": "middle", "centre": "middle"}
_PLACE_ROWS: Final = (("left", "middle", "right"), ("top", "middle", "bottom"))
_PLACE: Final = r"(left|right|top|bottom|upper|lower|middle|center|centre)"
_PLACE_BEFORE: Final = re.compile(
    _OPENS + rf"\s*{_PLACE}(?:(?:-hand)?\s(?:panels?|images?|pictures?|column|row|side))?\s*:\s", re.IGNORECASE
)
_PLACE_AFTER: Final = re.compile(rf"\(\s*{_PLACE}(?:\s(?:panels?|images?|pictures?|column|row))?\s*\)", re.IGNORECASE)
#: What is said of all panels after the last: abbreviations, notes, scale bars.
_TAIL: Final = re.compile(
    r"(?:(?<=[.;)])|(?<=[.;)]\s))\s*(?:Abbreviations?\b|Notes?:|Scale bars?\b|\[Power[Pp]oint|Source:|Courtesy\b"
    r"|(?:Reproduced|Reprinted|Adapted|Modified) (?:from|with)\b|[A-Z][A-Za-z0-9]{0,6}\s?[:=,–]\s?[a-zA-Z][a-z]+ [a-z]"
    r"|[A-Z]{2,7}\s?[:=,–-]\s?[A-Z]?[a-z]{3})"
)
_SENTENCE_END: Final = re.compile(r"[.?!]\s+(?=[\"'(\[]?[A-Z0-9])")


def panels(caption: str) -> list[Panel]:
    """The panels of a caption in order, none when it is not clearly that of a compound figure.

    >>> text = "Liver abscess. (A) Axial CT before and (B, C) MRI after treatment."
    >>> [(p.label, text[p.start:p.end]) for p in panels(text)]
    [('A', 'Axial CT before'), ('B', 'MRI after treatment.'), ('C', 'MRI after treatment.')]
    >>> panels("A large mass (A) beside the bladder (B).")
    []
    """
    for style, pattern in _STYLES:
        for letters in _LETTERS.values():
            marks = _in_order(_compiled(pattern.replace("{letters}", letters)), caption)
            if marks and (found := _spans(caption, marks, free=style in ("bracket", "half"))):
                return found
    if marks := _places(_PLACE_BEFORE, caption):
        return _before(caption, marks)
    if (marks := _places(_PLACE_AFTER, caption)) and all(_ends_clause(caption, m) for m in marks):
        return _pictured(caption, _after(caption, marks))
    return []


#: Words that a closing letter closes at least.
_CLOSED_WORDS: Final = 3
#: A panel's letter behind what is said of it: "effusion (b).", "effusion (Fig. 1B) and".
_CLOSING: Final = re.compile(
    r"\(\s*(?:[Ff]ig(?:ure|s)?\.?\s*\d{0,2}\s*)?([A-Za-z](?:\s*[,–-]\s*[A-Za-z])*)\s*\)(?=\s*(?:$|[.,;](?!\w)|(?:and|but)\b))"
)


def closed_panels(text: str) -> list[Panel]:
    """What a text closes with the letter of a panel, however many letters it leaves out.

    Weaker than :func:`panels`: only where a panel is known by another sign, such as the name of its file, does it say
    what is told of the others. What closes reaches back to the letter before it, or to the start of its sentence.

    >>> text = "On day 1 the lungs were hazy (a). On day 8 they had cleared (b)."
    >>> [(p.label, text[p.start:p.end]) for p in closed_panels(text)]
    [('A', 'On day 1 the lungs were hazy'), ('B', 'On day 8 they had cleared')]
    """
    found: list[Panel] = []
    for begin, end in sentences(text):
        here: list[Panel] = []
        for match in _CLOSING.finditer(text, begin, end):
            stop = begin + len(text[begin : match.start()].rstrip())
            here += [Panel(label, begin, stop, match.start()) for label in _letters(match[1])]
            begin = match.end()
        # "On days 1 (a), 3 (b) and 5 (c)" tells of all three at once.
        if all(len(text[p.start : p.end].split()) >= _CLOSED_WORDS for p in here):
            found += here
    return found


def lead_in(caption: str, found: list[Panel]) -> str:
    """What a caption says of all its panels before the first.

    >>> lead_in(text := "Liver abscess. (A) Axial CT. (B) Coronal CT.", panels(text))
    'Liver abscess.'
    """
    return caption[: min((min(p.start, p.mark) for p in found), default=0)].strip()


@lru_cache(maxsize=16)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _in_order(pattern: re.Pattern[str], caption: str) -> list[_Mark]:
    """The marks that continue the alphabet from A; others refer to panels, or are something else."""
    marks: list[_Mark] = []
    expected = "A"
    for match in pattern.finditer(caption):
        labels = _letters(match[1])
        if labels and labels[0] == expected and not _qualifies(caption, match.start()):
            marks.append(_Mark(labels, match.start(), match.end()))
            expected = chr(ord(labels[-1]) + 1)
    return marks if len(marks) > 1 else []


def _letters(text: str) -> tuple[str, ...]:
    """
    >>> _letters("A-C"), _letters("a, b and d"), _letters("C-A")
    (('A', 'B', 'C'), ('A', 'B', 'D'), ())
    """
    labels: list[str] = []
    joined = ""
    for sign, letter in re.findall(r"(-|–|—|−|to|through)?\W*(?:and\b\W*)?([A-Za-z])(?![A-Za-z])", text):
        letter = letter.upper()
        joined = labels[-1] if sign and labels else ""
        labels += [chr(c) for c in range(ord(joined) + 1, ord(letter))] if joined else []
        labels.append(letter)
    return tuple(labels) if labels == sorted(set(labels)) else ()


#: Words whose letter is a grade, a type, a name: "grade (A)", "hepatitis (B)", "patient (A)"; or a reference.
_QUALIFIED: Final = re.compile(
    r"(?:\b(?:grade|type|class|stage|group|vitamin|hepatitis|influenza|patient|case|subject|points?|lines?|areas?"
    r"|labels?|zones?|segments?|in|of|from|than|between|as|with|and in|see|arrows?|arrowheads?|asterisks?)\s*)$",
    re.IGNORECASE,
)


#: What may stand before a mark inside a sentence that starts its text.
_INTRODUCED: Final = re.compile(
    r"(?:[.,:;?!\])–—-]|\b(?:show(?:s|ing|n)?|demonstrat\w+|includ\w+|reveal\w+|depict\w+|illustrat\w+|are|is|were|was"
    r"|and|or|both|views?|images?|scans?))$",
    re.IGNORECASE,
)


def _qualifies(caption: str, start: int) -> bool:
    return bool(_QUALIFIED.search(caption[max(0, start - 24) : start]))


def _spans(caption: str, marks: list[_Mark], *, free: bool) -> list[Panel]:
    """Panels of marks that all start their text, or all end it; ``free`` marks may stand anywhere in a sentence."""
    if not free:
        return _before(caption, marks)
    if all(_ends_clause(caption, m) for m in marks[:-1]):  # "axial (A) and coronal (B) CT": the last ends none
        return _pictured(caption, _after(caption, marks))
    if any(_ends_clause(caption, m) for m in marks):
        return []
    found = _before(caption, marks)
    if all(_opens_sentence(caption, m) for m in marks) and _long_enough(caption, found):
        return found
    return _pictured(caption, found) if all(_introduced(caption, m) for m in marks) else []


def _ends_clause(caption: str, mark: _Mark) -> bool:
    return bool(re.match(r"\s*(?:$|[.,;:)](?!\w)|and\b|or\b)", caption[mark.end :])) and mark.start > 0


def _opens_sentence(caption: str, mark: _Mark) -> bool:
    head = caption[: mark.start].rstrip()
    return not head or head[-1] in ".:;?!])"


def _introduced(caption: str, mark: _Mark) -> bool:
    head = caption[max(0, mark.start - 24) : mark.start].rstrip()
    return not head or bool(_INTRODUCED.search(head))


def _long_enough(caption: str, found: list[Panel]) -> bool:
    """Labels of measurements are a word or two each."""
    return sum(len(caption[p.start : p.end].split()) for p in found) >= 3 * len(found)


def _before(caption: str, marks: list[_Mark]) -> list[Panel]:
    """Each mark starts its panel's text, which reaches to the next mark; the last to what is said of all."""
    tail = _TAIL.search(caption, marks[-1].end)
    ends = [m.start for m in marks[1:]] + [tail.start() if tail else len(caption)]
    return _build(caption, marks, [m.end for m in marks], ends)


def _after(caption: str, marks: list[_Mark]) -> list[Panel]:
    """Each mark ends its panel's text, which reaches back to the mark before, or to the start of its sentence.

    What the first panel's text begins with often holds for all: "CT of the chest, coronal (A) and sagittal (B) images",
    "radiograph of the hip before (A) and after surgery (B)".
    """
    starts: list[int] = []
    floor = 0
    for mark in marks:
        breaks = [m.end() for m in _SENTENCE_END.finditer(caption, floor, mark.start)]
        starts.append(breaks[-1] if breaks else floor)
        floor = mark.end
    second = _LEADING.sub("", caption[starts[1] : marks[1].start], count=1)
    if not _ends_clause(caption, marks[-1]):
        words = list(re.finditer(r"\S+", caption[starts[0] : marks[0].start]))
        starts[0] += words[-min(len(words), len(second.split()) or 1)].start() if words else 0
    elif _words("time").match(second):
        times = list(_words("time").finditer(caption, starts[0], marks[0].start))
        starts[0] = times[-1].start() if times else starts[0]
    return _build(caption, marks, starts, [m.start for m in marks])


_LEADING: Final = re.compile(r"(?:[\s.,;:–—=-]|(?:and|or)\b(?=\s))+")
_PUNCTUATION: Final = " \t\n,;:–—-"
_TRAILING: Final = re.compile(r"\b(?:and|or|while|whereas)$")


def _build(caption: str, marks: list[_Mark], starts: list[int], ends: list[int]) -> list[Panel]:
    found: list[Panel] = []
    for mark, start, end in zip(marks, starts, ends, strict=True):
        if lead := _LEADING.match(caption, start, end):
            start = lead.end()
        end = start + len(_TRAILING.sub("", caption[start:end].rstrip(_PUNCTUATION)).rstrip(_PUNCTUATION))
        if start >= end:
            return []
        found += [Panel(label, start, end, mark.start) for label in mark.labels]
    return found


def _pictured(caption: str, found: list[Panel]) -> list[Panel]:
    """The panels when the text of each names a picture, a view or a time."""
    words = _words()
    return found if all(words.search(caption, p.start, p.end) for p in found) else []


def _places(pattern: re.Pattern[str], caption: str) -> list[_Mark]:
    """Left, middle, right or top, middle, bottom: each once and in this order."""
    matches = list(pattern.finditer(caption))
    names = [_PLACES.get(m[1].lower(), m[1].lower()) for m in matches]
    for row in _PLACE_ROWS:
        if len(names) > 1 and names == [n for n in row if n in names]:
            return [_Mark((n.upper(),), m.start(), m.end()) for n, m in zip(names, matches, strict=True)]
    return []


@lru_cache(maxsize=2)
def _words(kind: str = "") -> re.Pattern[str]:
    """The words of a kind, or of all."""
    text = (resources.files("met_kg.literature.data") / "panel_words.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    words = "|".join(word for word, of_kind in rows if kind in ("", of_kind))
    return re.compile(rf"(?<![\w-])(?:{words})(?!\w)", re.IGNORECASE)
