"""Why the key is right, step by step: sentences, each with the triples or the words of the source that it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from met_kg.synthesis.english import definite, is_plural, names_several, of_the
from met_kg.synthesis.index import PREDICATE, Candidate, TreeIndex
from met_kg.synthesis.names import Names, indefinite, listed, sentence
from met_kg.synthesis.questions.base import QuestionType, Target

__all__ = ["chain"]

#: One sentence, and its facts: triples, or spans and columns of the source.
Step = tuple[str, list[Any]]
_VIA: Final = {
    "sibling": "met:treeParent",
    "same-location": PREDICATE["location"],
    "same-modality": PREDICATE["imaging"],
}
_LINKED: Final = {
    "location": "in general, {a_carrier} is located in {the_key}",
    "symptom": "in general, {key} is a symptom of {carrier}",
    "imaging": "in general, {a_carrier} is commonly imaged by {key}",
}
_NOT_LINKED: Final = {
    "not-parent": "{a_subject} is a kind of {carrier}, which is not {a_key}",
    "not-location": "in general, {a_subject} is located in {the_carrier}, not in {the_key}",
    "not-symptom": "{key} is not among the symptoms stated of {subject}, as {carrier} is",
    "not-imaging": "{a_subject} is commonly imaged by {carrier}, not by {key}",
}


def chain(
    kind: QuestionType, target: Target, sample_id: str, distractors: Sequence[Candidate], names: Names, tree: TreeIndex
) -> list[Step]:
    """The steps from what the image shows to the key, and why the other options are not it."""
    sample = f"sample:{sample_id}"
    steps = [*_seen(kind, target, sample, names, tree), *_claimed(target, names, tree)]
    others = listed([names[d.node] for d in distractors])
    if distractors and distractors[0].relation == "shown":
        facts = [[sample, "met:depicts", d.node] for d in distractors]
        steps.append((f"the image does show {others}", facts))
    elif distractors:
        facts = [[d.node, _VIA[d.relation], d.via] for d in distractors if d.relation in _VIA]
        steps.append((f"the record names none of the other options ({others})", facts))
    return [(sentence(says), facts) for says, facts in steps]


def _seen(kind: QuestionType, target: Target, sample: str, names: Names, tree: TreeIndex) -> Iterator[Step]:
    node = target.subject
    name, evidence = names[node], _evidence(target)
    if target.claim == "excludes":
        yield f"the record says that there is no {name}", [[sample, "met:excludes", node], *evidence]
        return
    facts = [[sample, "met:depicts", node], *evidence]
    axis = tree.nodes[node].axis
    if kind.name == "laterality":
        yield f"the record gives the side of the {names[dict(target.words)['what']]} as {name}", facts
    elif node in tree.answers("view"):
        yield f"the image is in the {name}" if name.endswith(" plane") else f"the view is {indefinite(name)}", facts
    elif axis == "modality":
        yield f"the image was acquired by {name}", facts
    elif axis == "disease":
        yield f"the image is from a case of {name}", facts
    else:
        yield f"the image shows {_structure(target, names, tree)[0] if axis == 'anatomy' else indefinite(name)}", facts


def _claimed(target: Target, names: Names, tree: TreeIndex) -> Iterator[Step]:
    subject, carrier, key, claim = target.subject, target.carrier, target.key, target.claim
    words = {"subject": names[subject], "key": names[key], "carrier": names[carrier or subject]}
    named = list(words.items())
    words |= {f"a_{slot}": indefinite(name) for slot, name in named}
    words |= {f"the_{slot}": definite(name) for slot, name in named}
    if claim == "depicts" and subject != key:
        yield "{a_subject} is a kind of {key}".format_map(words), [[subject, "met:ancestor", key]]
    elif claim == "part-of" and subject != key:
        part, verb = _structure(target, names, tree)
        yield f"{part} {verb} part of {definite(names[key])}", [[subject, "met:partOf", key]]
    elif claim == "parent":
        yield "{a_subject} is a kind of {key}".format_map(words), [[subject, "met:treeParent", key]]
    elif claim == "sibling":
        facts = [[subject, "met:treeParent", carrier], [key, "met:treeParent", carrier]]
        yield "{a_subject} and {a_key} are both kinds of {carrier}".format_map(words), facts
    elif claim == "disjoint":
        yield "{a_carrier} is not {a_key}".format_map(words), [[carrier, PREDICATE["disjoint"], key]]
    elif claim in _LINKED:
        if carrier != subject:
            yield "{a_subject} is a kind of {carrier}".format_map(words), [[subject, "met:ancestor", carrier]]
        yield _LINKED[claim].format_map(words), [[carrier, PREDICATE[claim], key]]
    elif claim in _NOT_LINKED:
        yield _NOT_LINKED[claim].format_map(words), []
    elif claim == "shared-symptom":
        facts = [[carrier, PREDICATE["symptom"], subject], [carrier, PREDICATE["symptom"], key]]
        yield "{subject} is a feature of {carrier}, and so is {key}".format_map(words), facts
    elif claim == "seat-imaging":
        facts = [[carrier, PREDICATE["location"], subject], [carrier, PREDICATE["imaging"], key]]
        yield "in general, {a_carrier} affects {the_subject} and is commonly imaged by {key}".format_map(words), facts


def _structure(target: Target, names: Names, tree: TreeIndex) -> tuple[str, str]:
    """The structure that is shown, in the number in which the text names it, and its verb."""
    evidence = target.anchor.evidence
    words = str(evidence.get("text", "")) if isinstance(evidence, dict) else ""
    several = names_several(words, tree.nodes[target.subject].label)
    name = names[target.subject]
    return of_the(definite(name, several=several)), "are" if several or is_plural(name) else "is"


def _evidence(target: Target) -> list[Any]:
    found = target.anchor.evidence
    return [found] if isinstance(found, dict) else []
