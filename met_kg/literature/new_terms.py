"""New entities: terms that literature says are something the tree knows, and that the tree does not name.

Five signs, each naming the wider thing (the genus):

* ``head``: the end of the term is a name of it (a *pulmonary artery* is an artery);
* ``glossary``: the meaning that a book gives a key term begins with it ("joint that ...");
* ``definition``: a sentence says so ("A diastasis is a separation of ...");
* ``hearst``: the term stands in an enumeration of its kinds ("disorders such as A, B and C"; Hearst 1992);
* ``model``: a language model that read the sentence says so (only where a recipe names one).

The confidence is what remains when each sign may be wrong on its own: ``1 - prod(1 - p)`` with the shares of
:data:`SIGNS`. They were set by hand; how often proposals were right is in ``docs/precision.md``.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from math import prod
from typing import Final, Literal

from met_kg.literature.document import Document
from met_kg.literature.extractor import UnknownTerm
from met_kg.literature.glossary import KeyTerm
from met_kg.literature.linker import Linker
from met_kg.literature.names import HOMONYMS
from met_kg.literature.normalise import normal_form
from met_kg.literature.sentences import sentences
from met_kg.records import Mention

__all__ = ["SIGNS", "NewTerm", "TermFinder"]

Sign = Literal["head", "glossary", "definition", "hearst", "model"]
#: How far each sign alone is trusted to name the right parent.
SIGNS: Final[dict[Sign, float]] = {"glossary": 0.85, "head": 0.85, "definition": 0.7, "hearst": 0.5, "model": 0.5}

_WORD: Final = r"[A-Za-z][\w'’-]*"
_TERM: Final = rf"{_WORD}(?: {_WORD}){{0,3}}"
_ENUMERATION: Final = re.compile(
    r"^,? (?:such as|including|especially|for example,?|e\.g\.,?) "
    rf"((?:{_TERM}, )*{_TERM}(?:,? (?:and|or) {_TERM})?)(?=[,.;)]|$)"
)
_DEFINED: Final = re.compile(rf"^(?:A|An|The) ({_TERM})(?: \([^)]*\))? (?:is|are) (?:a|an|the|one of the) ")
_SPLIT: Final = re.compile(r", (?:and |or )?| and | or ")
#: A genus stands within this many words of where a definition begins.
_NEAR: Final = 5
#: What begins a definition without being its genus.
_OPENING: Final = re.compile(
    r"^(?:(?:a|an|the|one of|any of|either of|type|kind|form|class|group|pair|set|series|of|several|two|three|four) )+",
    re.IGNORECASE,
)
#: Words that no name of an entity begins or ends with.
_LOOSE: Final = frozenset(
    """a an the this that these those which who it they its their there here some any all most many other such and or of
    in on at to for from with by as is are be was were can may more less both each one two three not no""".split()  # noqa: SIM905
)
_PHRASE_END: Final = re.compile(
    r"[,;:.()]| (?:that|which|who|whose|of|in|on|at|from|to|for|with|by|where|when|between|within|through|located)\b"
)
_MOST_EVIDENCE: Final = 3
#: Only a label or an exact synonym is a name of the wider thing.
_SURE: Final = 0.94
#: What ontologies add to plain names: "muscle" is "muscle organ", "bone" is "bone element".
_ADDED: Final = frozenset({"organ", "element", "structure", "anatomical", "body", "of", "proper"})
#: In running text these, too, are mostly something else.
_HOMONYMS: Final = HOMONYMS | {"shoulder", "stroke", "crest"}
#: Findings on images whose names are everyday words elsewhere: an object's mass, an enhancement of phagocytosis.
_EVERYDAY: Final = frozenset({"mass", "enhancement", "opacity", "thickening", "lesion", "cavity", "plaque"})
#: Words that end the name in an enumeration: what follows them is the rest of the sentence.
_CLAUSE: Final = frozenset({"until", "while", "when", "where", "because", "if", "than", "separate", "so", "but", "not"})
#: First words that describe without naming: "the large inferior nasal concha" is no other concha.
_DESCRIBING: Final = frozenset(
    """human large small wide narrow related temporary unpaired paired first second third fourth example role new old
    four five six seven eight nine ten common typical entire whole your our largest smallest
    intense until separate different similar various several certain primary secondary""".split()  # noqa: SIM905
)
#: "drains", "supplies": before a noun this is a verb, for a noun there would stand in the singular.
_VERB: Final = re.compile(r"^[a-z]+[^su]s$")
#: A key term of one word with such an end is an adjective.
_ADJECTIVE: Final = re.compile(r"(?:al|form|ate|oid|ic|ous|ar|ive|ploid|ed|ing|ly)$")


@dataclass(frozen=True, slots=True)
class NewTerm:
    """A term with the parent it would get, how sure that is, by which signs, and the words that say so."""

    label: str
    parent: str
    confidence: float
    signs: tuple[Sign, ...]
    definition: str
    evidence: tuple[str, ...]


@dataclass(slots=True)
class _Candidate:
    label: str
    definition: str = ""
    signs: dict[str, dict[Sign, None]] = field(default_factory=lambda: defaultdict(dict))  # parent -> signs
    evidence: dict[str, None] = field(default_factory=dict)


class TermFinder:
    """Collects signs over documents and glossaries."""

    def __init__(self, linker: Linker, can_be_parent: Callable[[str], bool] = lambda node: True) -> None:
        self._linker = linker
        self._can_be_parent = can_be_parent
        self._found: dict[str, _Candidate] = {}
        self.known: set[str] = set()

    def add_key_term(self, key: KeyTerm) -> None:
        """A term that a glossary explains: its head, and the genus of its meaning."""
        label = key.term.split("(")[0].strip()
        if not label or self._is_known(label) or (" " not in label and _ADJECTIVE.search(label)):
            return
        candidate = self._candidate(label)
        candidate.definition = candidate.definition or key.meaning
        evidence = f"{key.document}: {key.term}: {key.meaning}"
        self._sign(candidate, self._head(label), "head", evidence)
        opened = _OPENING.sub("", key.meaning)
        self._sign(candidate, self._genus(opened), "glossary", evidence)

    def add_document(self, document: Document, mentions: Iterable[Mention]) -> None:
        """Definitions and enumerations in running text."""
        starting: defaultdict[int, list[Mention]] = defaultdict(list)
        ending: defaultdict[int, list[Mention]] = defaultdict(list)
        for m in mentions:
            starting[m.start].append(m)
            ending[m.end].append(m)
        for start, end in sentences(document.text):
            sentence = document.text[start:end]
            said = f"{document.id}: {' '.join(sentence.split())}"
            if found := _DEFINED.match(sentence):
                opened = found.end() + len((_OPENING.match(sentence[found.end() :]) or [""])[0])
                self._definition(found[1], sentence[opened:], said)
            for at in sorted(e for e in ending if start < e <= end):
                if listed := _ENUMERATION.match(document.text[at:end]):
                    kinds = [m for m in ending[at] if m.text.endswith("s")]  # "disorders such as"
                    items = [item.strip() for item in _SPLIT.split(listed[1])]
                    # One item that is no name says that the others may be cut wrong, too.
                    if all(self._is_name(i) and _CLAUSE.union(_LOOSE).isdisjoint(i.lower().split()) for i in items):
                        for item in items:
                            self._listed(item, kinds, said)

    def add_unknown(self, document: Document, term: UnknownTerm) -> None:
        """A name that a language model read: its head, and what the model says it is, where the tree knows that."""
        if self._is_name(term.text) and not self._is_known(term.text):
            said = f"{document.id}: {term.sentence}"
            candidate = self._candidate(term.text)
            head = self._head(term.text)
            if head is not None and head.axis == term.axis:
                self._sign(candidate, head, "head", said)
            named = (m for m in self._linker.link(term.is_a) if (m.start, m.end) == (0, len(term.is_a)))
            self._sign(candidate, self._best(m for m in named if m.axis == term.axis), "model", said)

    def _definition(self, label: str, rest: str, said: str) -> None:
        if self._is_name(label) and not self._is_known(label):
            candidate = self._candidate(label)
            self._sign(candidate, self._head(label), "head", said)
            self._sign(candidate, self._genus(rest), "definition", said)

    def _listed(self, label: str, wider: list[Mention], said: str) -> None:
        if not self._is_known(label) and (" " in label or not _ADJECTIVE.search(label)):
            candidate = self._candidate(label)
            self._sign(candidate, self._head(label), "head", said)
            self._sign(candidate, self._best(wider), "hearst", said)

    def terms(self) -> Iterator[NewTerm]:
        """What was found, with the likeliest parent of each term, in order of the labels."""
        for _, candidate in sorted(self._found.items()):
            ranked = sorted(candidate.signs.items(), key=lambda item: (-_confidence(item[1]), item[0]))
            if ranked:
                parent, signs = ranked[0]
                yield NewTerm(
                    candidate.label,
                    parent,
                    round(_confidence(signs), 2),
                    tuple(signs),
                    candidate.definition,
                    tuple(candidate.evidence),
                )

    def without_parent(self) -> list[str]:
        """Labels of terms for which no sign names a parent, in order."""
        return sorted(c.label for c in self._found.values() if not c.signs)

    def _candidate(self, label: str) -> _Candidate:
        return self._found.setdefault(normal_form(label), _Candidate(label))

    def _sign(self, candidate: _Candidate, wider: Mention | None, sign: Sign, evidence: str) -> None:
        if wider is not None:
            candidate.signs[wider.node][sign] = None
            if len(candidate.evidence) < _MOST_EVIDENCE:
                candidate.evidence[evidence] = None

    def _is_known(self, label: str) -> bool:
        form = normal_form(label)
        if form not in self.known and any(m.start == 0 and m.end == len(label) for m in self._linker.link(label)):
            self.known.add(form)
        return form in self.known

    def _head(self, label: str) -> Mention | None:
        """The wider thing that the end of a term names; "of" and the like end the head."""
        head = re.split(r" (?:of|in|to|from|with|for|by) ", label)[0]
        found = self._linker.link(head)
        return self._best(m for m in found if m.end == len(head) and (m.start > 0 or len(head) < len(label)))

    def _genus(self, meaning: str) -> Mention | None:
        """The wider thing that a definition begins with: the last name of the first noun phrase."""
        phrase = _PHRASE_END.split(meaning)[0].rstrip()
        words = phrase.split()
        if not words or len(words) > _NEAR or "or" in words or meaning[len(phrase) :].startswith(","):
            return None  # too far, or one of several things
        if meaning[len(phrase) :].lstrip().startswith("("):
            return None  # "muscle (skeletal or smooth) layer"
        if len(words) > 1 and _VERB.search(words[0]):
            return None  # "drains blood from"
        return self._best(m for m in self._linker.link(phrase) if m.end == len(phrase))

    def _best(self, found: Iterable[Mention]) -> Mention | None:
        """The surest of mentions that are a plain name of something that can be a parent."""
        plain = (m for m in found if m.score > _SURE and self._can_be_parent(m.node) and _is_plain(m))
        return max(plain, key=_sureness, default=None)

    @staticmethod
    def _is_name(label: str) -> bool:
        words = label.lower().split()
        return (
            len(label) > 3
            and _LOOSE.isdisjoint((words[0], words[-1]))
            and not (words[0].endswith("ing") or words[0] in _DESCRIBING)
        )


def _is_plain(m: Mention) -> bool:
    """Whether a mention has the words of its node's label, but for those that ontologies add.

    A name that stands for something narrower ("disc" for the intervertebral disc) is no genus of other things.
    """
    said, label = set(normal_form(m.text).split()), set(normal_form(m.label).split())
    added = _ADDED - said if m.axis == "anatomy" else set()
    return said == label - added and not said <= _HOMONYMS and not (m.axis == "finding" and said <= _EVERYDAY)


def _sureness(m: Mention) -> tuple[int, float, str]:
    return m.end - m.start, m.score, m.node


def _confidence(signs: Iterable[Sign]) -> float:
    return 1 - prod(1 - SIGNS[sign] for sign in signs)
