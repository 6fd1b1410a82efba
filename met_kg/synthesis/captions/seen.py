"""Sentences on the sample itself: what the picture is, what it shows, what the source tells, denies and guesses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

from met_kg.synthesis.captions.content import Content
from met_kg.synthesis.captions.facts import Fact, Line, Said, facts_of
from met_kg.synthesis.captions.places import located, side_of
from met_kg.synthesis.captions.speaker import Speaker
from met_kg.synthesis.english import article, is_plural, listed, sentence
from met_kg.synthesis.sample import Sample

__all__ = ["opening", "rest"]

_MOST: Final = 6  # names in one list
_FIRST: Final = 4  # findings or structures in the opening

#: {What} begins the sentence, {what} stands inside it.
_SHOWN: Final[tuple[str, ...]] = (
    "{image} showing {what}{in_who}",
    "{an_image}{of_who} shows {what}",
    "this {image}{of_who} shows {what}",
    "{what} on {an_image}{of_who}",
)
_NOTHING_SHOWN: Final[tuple[str, ...]] = ("{an_image}{of_who}", "this is {an_image}{of_who}", "{image}{of_who}")
_DRAWN: Final = ("{an_image} {before} {what}", "this {image} {verb} {what}")
_DEVICES: Final = ("{what} {be} in place", "{what} {be} visible")
_ORGANS: Final = ("{what} {be} described", "the description also covers {what}")
_COMPLAINTS: Final = (
    "{what} {be} reported",
    "reported signs and symptoms include {what}",
    "the report mentions {what}",
)
_NAMED: Final = ("{what} {be} also mentioned", "the description also mentions {what}", "also mentioned {be} {what}")
_POSSIBLE: Final = ("there is {what}", "{what} {be} suggested")
_PAST: Final = ("there is a history of {what}",)
_ABSENT: Final = ("there is no {what}", "no {what} is seen")
_NOT_HAD: Final = ("there is no {what}",)
_NOT_REPORTED: Final = ("no {what} is reported", "the report mentions no {what}")


def opening(content: Content, sample: Sample, say: Speaker, rng: Random) -> Line | None:
    """The first sentence; None where nothing is stated that the picture could show. What it says leaves ``content``."""
    if content.picture is not None:
        return _examined(content, content.picture, sample, say, rng)
    of_organs = bool(content.organs)
    subjects = (content.organs or content.named)[:_FIRST]
    if not subjects:
        return None
    content.organs, content.named = _without(content.organs, subjects), _without(content.named, subjects)
    image, before = ("figure", "about") if content.medium is None else (content.medium.called, content.medium.before)
    what = listed([_structure(s, say) if of_organs else _thing(s, say) for s in subjects])
    facts: list[Fact] = [*facts_of(subjects)]
    if content.medium is not None and content.medium.span is not None:
        facts.append(content.medium.span)
    text = rng.choice(_DRAWN).format(
        image=image,
        an_image=f"{article(image)} {image}",
        before=before if of_organs else "about",
        verb="shows" if before == "of" and of_organs else "is about",
        what=what,
    )
    if content.view is not None and before == "of" and of_organs:
        view, noun = say.view(content.view.node)
        text += f" in {view} {noun}"
        facts += content.view.facts
    return Line(sentence(text), tuple(dict.fromkeys(facts)))


def _examined(content: Content, picture: Said, sample: Sample, say: Speaker, rng: Random) -> Line:
    facts: list[Fact] = [*picture.facts]
    image = say.picture(picture.node, content.part.node if content.part else "")
    if content.part is not None:
        facts += content.part.facts
    if content.view is not None:
        image = f"{say.view(content.view.node)[0]} {image}"
        facts += content.view.facts
    shown = content.findings[:_FIRST]
    what, where = _placed(shown, content.organs, sample, say)
    facts += [*facts_of(shown), *where]
    who = _who(content, say, facts)
    patterns, of = (_SHOWN if shown else _NOTHING_SHOWN), f" of {who}" if who else ""
    if not shown and not content.diagnoses and content.organs and not (who and content.part is not None):
        organs = content.organs[:_FIRST]
        content.organs = _without(content.organs, organs)
        facts += facts_of(organs)
        of = f" of {listed([_structure(s, say) for s in organs])}"
    text = rng.choice(patterns).format(
        image=image, an_image=f"{article(image)} {image}", what=what, in_who=f" in {who}" if who else "", of_who=of
    )
    return Line(sentence(text), tuple(dict.fromkeys(facts)))


def _who(content: Content, say: Speaker, facts: list[Fact]) -> str:
    phrase = "patient" if content.diagnoses else ""
    if content.patient is not None:
        phrase = content.patient.phrase
        facts += content.patient.facts
    if not phrase:
        return ""
    who = f"{article(phrase)} {phrase}"
    if content.diagnoses:
        chosen = content.diagnoses[:_FIRST]
        facts += facts_of(chosen)
        who += f" with {listed([_thing(s, say) for s in chosen])}"
    return who


def _placed(shown: Sequence[Said], places: list[Said], sample: Sample, say: Speaker) -> tuple[str, list[Fact]]:
    """Findings with side and place where the text gives them; such places are taken out of ``places``."""
    placed: list[Said] = []
    phrases: list[str] = []
    facts: list[Fact] = []
    for one in shown:
        text = "" if one.span is None else sample.caption if one.span.column == "caption" else sample.context
        where, side = located(one, places, text), side_of(one, text)
        phrase = _thing(one, say, side[0] if side and not where else "")
        if where is not None and say.the(where[0].node).split(" ", 1)[-1] not in phrase:
            placed.append(where[0])
            phrase += f" in {say.the(where[0].node, several=where[0].several)}"
            facts += [*where[0].facts, where[1]]
        elif side is not None:
            facts.append(side[1])
        phrases.append(phrase)
    places[:] = _without(places, placed)
    return listed(phrases), facts


def _without(found: Sequence[Said], told: Sequence[Said]) -> list[Said]:
    return [s for s in found if s not in told]


def rest(content: Content, say: Speaker, rng: Random) -> Iterator[Line]:
    """The sentences after the opening."""
    more = content.findings[_FIRST:][:_MOST]
    yield from _line(_NAMED, more, [_thing(s, say) for s in more], rng)
    devices = content.devices[:_MOST]
    yield from _line(_DEVICES, devices, [_thing(s, say) for s in devices], rng)
    organs = content.organs[:_MOST]
    yield from _line(_ORGANS, organs, [_structure(s, say) for s in organs], rng)
    complaints = content.complaints[:_MOST]
    yield from _line(_COMPLAINTS, complaints, [_thing(s, say) for s in complaints], rng)
    named = content.named[:_MOST]
    yield from _line(_NAMED, named, [_thing(s, say) for s in named], rng)
    possible = content.possible[:_MOST]
    yield from _line(_POSSIBLE, possible, [say.a(s.node, "possible") for s in possible], rng, "or")
    for patterns, found in (
        (_PAST, content.past),
        (_ABSENT, content.absent),
        (_NOT_HAD, content.not_had),
        (_NOT_REPORTED, content.not_reported),
    ):
        chosen = found[:_MOST]
        word = "and" if patterns is _PAST else "or"
        yield from _line(patterns, chosen, [say.name(s.node) for s in chosen], rng, word)


def _line(
    patterns: Sequence[str], found: Sequence[Said], names: Sequence[str], rng: Random, word: str = "and"
) -> Iterator[Line]:
    if found:
        plural = is_plural(names[-1]) if word == "or" else len(found) > 1 or found[0].several or is_plural(names[0])
        text = rng.choice(patterns).format(what=listed(names, word), be="are" if plural else "is")
        yield Line(sentence(text), facts_of(found))


def _thing(one: Said, say: Speaker, side: str = "") -> str:
    return say.several(one.node, side) if one.several else say.a(one.node, side)


def _structure(one: Said, say: Speaker) -> str:
    return say.the(one.node, several=one.several)
