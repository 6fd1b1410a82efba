"""Whether a rewritten caption says what the grounded one says, and nothing else.

The project's own linker reads both, with the assertion status of each entity. A text is refused when it names a new
entity, leaves one out, turns one from affirmed to denied or back, brings a number, sex, age or side of its own, gives a
side or place to another finding, or says of the image what the grounded text only says in general.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from met_kg.synthesis.rewrite.claims import Claims, claims_of

if TYPE_CHECKING:
    from met_kg.literature.linker import Linker

__all__ = ["Faithful", "Grounded"]

#: A rewritten text may be this much shorter or longer.
_SHORTEST: Final = 0.4
_LONGEST: Final = 2.0
_ROOM: Final = 60  # characters more, for the shortest
#: What makes a sentence general.
_GENERAL: Final = re.compile(
    r"\b(?:commonly|often|typically|usually|generally|frequently|in general|tends? to|can|may|known (?:as|to)|kinds? of"
    r"|types? of|forms? of|defined as|refers? to|(?:is|are|being) (?:an?|the|one|defined)|which (?:is|are))\b"
)
#: What makes it one on this image or patient.
_PARTICULAR: Final = re.compile(
    r"\b(?:this|here|there|these|patient|man|woman|boy|girl|he|she|his|her|shows?|showing|seen|demonstrates?|reveals?"
    r"|image|picture|report|description|radiograph|scan|mentioned|named|reported|described)\b"
)
_MARKUP: Final = re.compile(r"```|^\s*(?:[-*#>|]|\d+\.)\s|\*\*|<[a-z/]|\{|\}", re.MULTILINE)

#: A model that speaks of its task.
_TALK: Final = re.compile(
    r"^\W*(?:sure|certainly|of course)\b|\b(?:caption|rewritten|rewriting|as an ai)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Grounded:
    """A grounded caption: its sentences, each with whether it is general knowledge, and the nodes of its facts."""

    sentences: tuple[tuple[str, bool], ...]
    nodes: frozenset[str]

    @property
    def text(self) -> str:
        """The whole caption."""
        return " ".join(sentence for sentence, _ in self.sentences)


class Faithful:
    """Compares captions by what a linker reads in them.

    ``plain`` are nodes that may come and go; ``wider`` gives what a node is a kind of: where a chest CT is affirmed,
    the word CT adds nothing.
    """

    def __init__(
        self, linker: Linker, plain: Container[str] = (), wider: Callable[[str], Sequence[str]] = lambda node: ()
    ) -> None:
        self._linker, self._plain, self._wider = linker, plain, wider

    def objection(self, grounded: Grounded, text: str) -> str:
        """Why a rewritten text is refused; '' when it is accepted."""
        source = grounded.text
        if not text.strip():
            return "it is empty"
        if _MARKUP.search(text):
            return "it is no plain prose"
        if _TALK.search(text):
            return "it talks about the caption"
        if not _SHORTEST * len(source) <= len(text) <= _LONGEST * len(source) + _ROOM:
            return f"it has {len(text)} characters where the grounded text has {len(source)}"
        before, after = claims_of(source, self._linker, self._plain), claims_of(text, self._linker, self._plain)
        return (
            _entities(before, after, grounded.nodes, self._implied(before), self._implied(after))
            or _sets(before, after)
            or _bindings(before, after)
            or self._generality(grounded, before, after)
        )

    def _implied(self, claims: Claims) -> frozenset[str]:
        """What the affirmed entities are kinds of."""
        affirmed = (node for node, status in claims.status.items() if status == {"positive"})
        return frozenset(wide for node in affirmed for wide in self._wider(node))

    def _generality(self, grounded: Grounded, before: Claims, after: Claims) -> str:
        """What is said in general only stays general, and what is said of this image is still said of it."""
        particular: set[str] = set()
        general: set[str] = set()
        kept: set[str] = set()  # general sentences, and words of them that would else be of this image
        for sentence, is_general in grounded.sentences:
            found = claims_of(sentence, self._linker, self._plain).status
            (general if is_general else particular).update(found)
            if is_general:
                kept.update([sentence, *_PARTICULAR.findall(sentence.lower())])
        # An abbreviation is read by the sentence that introduces it: what only the whole text has may be either.
        either = set(before.status) - general - particular
        told: set[str] = set()
        for sentence, nodes in after.by_sentence:
            if sentence in kept:
                continue
            low = sentence.lower()
            of_this = not set(_PARTICULAR.findall(low)) <= kept
            if _GENERAL.search(low) and not of_this:
                continue
            told |= nodes
            wide = {w for node in particular for w in self._wider(node)}
            if only := sorted(nodes - particular - either - wide):
                return f"it says of this image what is said in general: {_called(only, after)}"
        if lost := sorted(particular - told - {w for node in told for w in self._wider(node)}):
            return f"it no longer says of this image: {_called(lost, after)}"
        return ""


def _entities(
    before: Claims, after: Claims, known: frozenset[str], implied: frozenset[str], still_implied: frozenset[str]
) -> str:
    affirmed = {node for node, status in after.status.items() if status == {"positive"}}
    new = sorted(set(after.status) - set(before.status) - known - (implied & affirmed))
    if new:
        return f"it adds {_called(new, after)}"
    kept = {node for node, status in before.status.items() if status == {"positive"} and node in still_implied}
    lost = sorted(set(before.status) - set(after.status) - kept)
    if lost:
        return f"it leaves out {_called(lost, before)}"
    for node, was in sorted(before.status.items()):
        now = after.status.get(node, was)
        if now != was:
            return f"it makes {_called([node], before)} {_and(now)}, which is {_and(was)}"
    if after.denials > before.denials:
        return "it denies more than the grounded text does"
    return ""


def _sets(before: Claims, after: Claims) -> str:
    pairs: Sequence[tuple[str, frozenset[str], frozenset[str]]] = (
        ("number", before.numbers, after.numbers),
        ("sex", before.sexes, after.sexes),
        ("age", before.ages, after.ages),
        ("side", before.sides, after.sides),
    )
    for what, was, now in pairs:
        if now - was:
            return f"it adds a {what}: {_and(now - was)}".replace(" a age", " an age")
        if was - now:
            return f"it leaves out a {what}: {_and(was - now)}".replace(" a age", " an age")
    return ""


def _bindings(before: Claims, after: Claims) -> str:
    labels = {**after.labels, **before.labels}
    for what, was, now in (("side", before.sided, after.sided), ("place", before.placed, after.placed)):
        for one, other in sorted(now - was):
            if what == "side":
                return f"it gives another side: {one} to {labels.get(other, other)}"
            if any(finding == one or place == other for finding, place in was):
                return f"it gives another place: {labels.get(other, other)} to {labels.get(one, one)}"
    return ""


def _called(nodes: Sequence[str], claims: Claims) -> str:
    return ", ".join(dict.fromkeys(claims.labels.get(node, node) for node in nodes))


def _and(words: Container[str] | frozenset[str]) -> str:
    return " and ".join(sorted(words)) if isinstance(words, frozenset) else str(words)
