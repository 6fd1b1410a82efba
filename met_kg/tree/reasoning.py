"""Consistency and unsatisfiable classes by HermiT, run by owlready2, and the axioms that are at fault.

An explanation is a smallest set of axioms that still makes the class unsatisfiable (a justification; Kalyanpur 2006),
found from outside: a module of what the class can depend on is taken, and axioms are left out by halves for as long as
the class stays unsatisfiable.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from met_kg.tree.check import Finding
from met_kg.tree.formats import read_axioms
from met_kg.vocabulary import contract

__all__ = ["JAVA_PACKAGE", "check_reasoning", "has_java", "justification"]

#: The Debian package of a Java runtime.
JAVA_PACKAGE: Final = "default-jre-headless"
#: Each explanation takes some twenty runs of the reasoner, a second each.
_MOST_EXPLAINED: Final = 3
_LOGICAL: Final = re.compile(
    r"(SubClassOf|EquivalentClasses|DisjointClasses|DisjointUnion|SubObjectPropertyOf|TransitiveObjectProperty"
    r"|ObjectPropertyDomain|ObjectPropertyRange|EquivalentObjectProperties|ClassAssertion)\("
)
_IRI: Final = re.compile(r"<([^>]*)>")
_NOTE: Final = re.compile(r"Annotation\((?:[^()\"]|\"(?:[^\"\\]|\\.)*\")*\) ")


def has_java() -> bool:
    """Whether there is a Java runtime."""
    return shutil.which("java") is not None


def check_reasoning(owl: Path) -> list[Finding]:
    """Unsatisfiable classes, or an ontology without a model, with explanations for the first few.

    Parameters
    ----------
    owl
        RDF/XML; imports are not followed.
    """
    consistent, unsatisfiable = _reason(owl)
    if consistent and not unsatisfiable:
        return []
    axioms = [_NOTE.sub("", axiom) for axiom in read_axioms(owl)]
    logical = sorted({axiom for axiom in axioms if _LOGICAL.match(axiom)})
    if not consistent:
        why = justification(logical, lambda some: not _reason_over(some)[0])
        return [Finding("ERROR", "inconsistent", str(owl), "owl:Thing", "the ontology has no model", _readable(why))]
    found = []
    for number, iri in enumerate(unsatisfiable):
        why = []
        if number < _MOST_EXPLAINED:
            module = _module(logical, iri)
            why = justification(module, lambda some, iri=iri: iri in _reason_over(some)[1])  # type: ignore[misc]
        value = "no instance is possible"
        found.append(Finding("ERROR", "unsatisfiable", contract(iri), "owl:Nothing", value, _readable(why)))
    return found


def justification(axioms: Sequence[str], holds: Callable[[Sequence[str]], bool]) -> list[str]:
    """A smallest part of axioms for which something still holds (QuickXplain; Junker 2004).

    >>> justification("abcdef", lambda part: {"b", "e"} <= set(part))
    ['b', 'e']
    """
    if not holds(axioms):
        return []

    def needed(sure: list[str], changed: bool, open_: list[str]) -> list[str]:
        if changed and holds(sure):
            return []
        if len(open_) == 1:
            return open_
        half = len(open_) // 2
        first, second = open_[:half], open_[half:]
        of_second = needed(sure + first, bool(first), second)
        of_first = needed(sure + of_second, bool(of_second), first)
        return of_first + of_second

    return sorted(needed([], False, list(axioms)))


def _module(axioms: Sequence[str], iri: str) -> list[str]:
    """Axioms that can bear on a class: from it upwards through whatever they mention, until nothing is added."""
    known, taken = {iri}, set[int]()
    entities = [_IRI.findall(axiom) for axiom in axioms]
    while True:
        fresh = [i for i in range(len(axioms)) if i not in taken and _bears(axioms[i], entities[i], known)]
        if not fresh:
            return [axioms[i] for i in sorted(taken)]
        for i in fresh:
            taken.add(i)
            known.update(entities[i])


def _bears(axiom: str, entities: list[str], known: set[str]) -> bool:
    if axiom.startswith(("SubClassOf(<", "ObjectProperty", "SubObjectPropertyOf", "TransitiveObjectProperty")):
        return entities[0] in known
    if axiom.startswith("Disjoint"):
        return len(known.intersection(entities)) > 1
    return not known.isdisjoint(entities)


def _reason_over(axioms: Sequence[str]) -> tuple[bool, list[str]]:
    """Reason over some axioms alone."""
    import pyhornedowl

    text = "Ontology(<urn:met:part>\n" + "\n".join(axioms) + "\n)\n"
    ontology = pyhornedowl.open_ontology_from_string(text, serialization="ofn")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "part.owl"
        path.write_text(ontology.save_to_string("rdf"), encoding="utf-8")
        return _reason(path)


def _reason(owl: Path) -> tuple[bool, list[str]]:
    """Whether there is a model, and the IRIs of the unsatisfiable classes."""
    import owlready2

    world: Any = owlready2.World()
    ontology = world.get_ontology(owl.resolve().as_uri()).load(only_local=True)
    try:
        with ontology:
            owlready2.sync_reasoner_hermit(world, infer_property_values=False, debug=0)
    except owlready2.OwlReadyInconsistentOntologyError:
        return False, []
    nothing = owlready2.Nothing
    return True, sorted(str(c.iri) for c in world.inconsistent_classes() if c is not nothing)


def _readable(axioms: Sequence[str]) -> tuple[str, ...]:
    return tuple(_IRI.sub(lambda match: contract(match[1]), axiom) for axiom in axioms)
