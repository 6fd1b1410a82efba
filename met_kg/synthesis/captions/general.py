"""Sentences on what a sample shows that the tree knows in general: what it is, where it sits, what goes with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

from met_kg.synthesis.captions.facts import Fact, Line
from met_kg.synthesis.captions.speaker import Speaker
from met_kg.synthesis.english import article, is_fluid, is_plural, listed, sentence
from met_kg.synthesis.index import PREDICATE, TreeIndex
from met_kg.synthesis.names import Names

__all__ = ["general_lines"]

_MOST: Final = 4  # names in one list
_LONGEST: Final = 320  # characters of a definition
#: Steps up the tree from which a relation is told. A symptom of a wide kind need not be one of its kinds.
_REACH: Final = {"location": 2, "symptom": 1, "imaging": 2}
#: Deeper than this in its axis is a parent worth naming.
_PARENT_DEPTH: Final = 2
_SAYS: Final = {
    "affects": ("{x} commonly {affect} {targets}",),
    "location": ("{x} {be} commonly found in {targets}", "{x} commonly {involve} {targets}"),
    "symptom": ("{x} commonly {go} with {targets}", "{x} commonly {cause} {targets}"),
    "imaging": ("{x} {be} commonly imaged by {targets}", "{x} {be} commonly examined by {targets}"),
}
_KIND: Final = ("{x} {be} a kind of {parent}", "{x} {be} a type of {parent}")
_FIRST_SENTENCE: Final = re.compile(r"(.+?[a-z0-9)])\.(?:\s+[A-Z(]|\s*$)", re.DOTALL)
_REFERENCE: Final = re.compile(
    r"\s*\((?:from|see|cf|dorland|stedman|merck|[^()]*\b(?:19|20)\d\d\b)[^()]*\)|\s*\[[^\]]*\]", re.IGNORECASE
)
#: What sources leave of a line break, or of "The" before another word of its kind.
_BROKEN: Final = re.compile(r"(\.)nn(?=[A-Z])|^The (?=any of )")
_TWICE: Final = re.compile(r"\b([a-z]+) \1\b")
_INDEFINITE: Final = re.compile(r"\b(?:a|an) ([A-Za-z]\w*)")
_RELATION: Final = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")
#: The noun at the front of "anatomical cluster that consists of ...".
_GENUS: Final = re.compile(r"([a-z -]+?) (?:that|which|of|in|connecting|composed|located|between|forming|containing)\b")
#: A definition that is a whole sentence on something: "In human anatomy, the biceps brachii is a muscle of ...".
_CLAUSE: Final = re.compile(r"(?:In [a-z ]+, )?[^,;:]*?\b(?:is|are|refers?|means?|consists?|includes?|contains?)\b")
_INNER: Final = re.compile(r"\b(?:that|which|who|whose|where|when|as)\b")
#: What there is one of: "largest nucleus of ...".
_THE: Final = re.compile(r"(?:[a-z]+est|most|bottom|top|upper|lower|first|last|only|main|outer|inner)\b")
_ARTICLE: Final = re.compile(r"^(?:An?|The|Any|One of) ", re.IGNORECASE)


def general_lines(node: str, tree: TreeIndex, names: Names, say: Speaker, rng: Random) -> Iterator[Line]:
    """What is known of a node: definition or kind, then locations, symptoms and modalities."""
    defined, told = _definition(node, tree, names, say)
    parent = tree.nodes[node].parent
    if defined is not None:
        yield defined
    elif parent in tree.nodes and tree.nodes[parent].depth >= _PARENT_DEPTH:
        text = rng.choice(_KIND).format(x=say.subject(node), be=_be(node, say), parent=say.name(parent))
        yield Line(sentence(text), ((node, "met:treeParent", parent),))
    path = tree.path(node)
    like = ""
    for kind in _REACH:
        patterns = _SAYS["affects" if kind == "location" and tree.nodes[node].axis == "disease" else kind]
        links = [k for k in tree.links(node, kind) if k.target in tree.nodes and k.carrier in path]
        links = [k for k in links if tree.nodes[k.target].depth and path.index(k.carrier) <= _REACH[kind]]
        near = [k.target for k in links if k.carrier == links[0].carrier]
        near = [t for t in near if names[t].lower() not in names[node].lower()][:_MOST]
        if near:
            carrier = links[0].carrier
            yield _related(node, carrier, kind, near, say, rng.choice(patterns), again=told, likewise=carrier == like)
            told, like = True, carrier


def _related(
    node: str,
    carrier: str,
    kind: str,
    targets: Sequence[str],
    say: Speaker,
    pattern: str,
    *,
    again: bool,
    likewise: bool,
) -> Line:
    """A relation in words. ``again``: the sentence before is on the same node. ``likewise``: and on this carrier."""
    facts: list[Fact] = [(carrier, PREDICATE[kind], target) for target in targets]
    many = say.is_plural(node)
    x = ("they" if many else "it") if again else say.subject(node)
    if carrier != node:
        facts.insert(0, (node, "met:ancestor", carrier))
        if not likewise:
            x = f"like other kinds of {say.name(carrier)}, {x}"
    text = pattern.format(
        x=x,
        be="are" if many else "is",
        affect="affect" if many else "affects",
        involve="involve" if many else "involves",
        go="go" if many else "goes",
        cause="cause" if many else "causes",
        targets=listed([say.the(t) if kind == "location" else say.name(t) for t in targets]),
    )
    return Line(sentence(text), tuple(facts))


def _definition(node: str, tree: TreeIndex, names: Names, say: Speaker) -> tuple[Line | None, bool]:
    """The first sentence of the definition as one on the node, None where none fits; and whether 'it' can follow."""
    whole = tree.nodes[node].definition
    text = _BROKEN.sub(r"\1 ", _REFERENCE.sub("", whole))
    text = _TWICE.sub(r"\1", text)
    text = _INDEFINITE.sub(lambda m: f"{article(m[1])} {m[1]}", text)
    text = _RELATION.sub(lambda m: m.group().replace("_", " "), " ".join(text.split()))
    match = _FIRST_SENTENCE.match(text if text.endswith(".") else f"{text}.")
    if not whole or match is None or len(match[1]) > _LONGEST:
        return None, False
    said = match[1]
    facts: tuple[Fact, ...] = ((node, "IAO:0000115", whole),)
    subject = say.subject(node)
    whole_sentence = re.match(rf"(?:An?|The)?\s*{re.escape(names[node])} (?:is|are) ", said, re.IGNORECASE)
    if whole_sentence is not None:
        said = f"{_be(node, say)} {said[whole_sentence.end() :]}"
    elif (clause := _CLAUSE.match(said)) is not None and not _INNER.search(clause.group()):
        return Line(sentence(said), facts), False
    elif re.match(rf"(?:An?|The)?\s*{re.escape(names[node])}\b", said, re.IGNORECASE):
        return None, False  # it begins with its own name, and in no form that is known
    elif (plural_genus := re.match(r"An? ([a-z]+s) (?:of|in) ", said)) is not None and is_plural(plural_genus[1]):
        said = f"{_be(node, say)} defined as {said[plural_genus.start(1) :]}"
    elif _ARTICLE.match(said):
        said = f"{_be(node, say)} {said[:1].lower()}{said[1:]}"
    else:
        inside = names.inside(said)
        genus = _GENUS.match(inside)
        thing = tree.nodes[node].axis == "anatomy" and genus is not None and not (
            is_plural(genus[1]) or is_fluid(genus[1])
        )  # fmt: skip
        before = ("the" if _THE.match(inside) else article(inside)) if thing else ""
        said = f"{_be(node, say)} defined as {f'{before} {inside}'.lstrip()}"
    return Line(sentence(f"{subject} {said}"), facts), True


def _be(node: str, say: Speaker) -> str:
    return "are" if say.is_plural(node) else "is"
