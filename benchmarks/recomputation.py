"""Which items hold, decided a second time without the project: nothing of ``met_kg`` is imported here.

rdflib's parser reads the triples; ancestors, wholes, names and relations are rebuilt from the asserted tree by plain
traversal, and each item is decided from its bindings as ``docs/proofs.md`` says it. No SPARQL, no store, no closure.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from rdflib.plugins.parsers.ntriples import W3CNTriplesParser
from rdflib.term import BNode, Literal, URIRef

__all__ = ["Tree", "failing"]

OBO = "http://purl.obolibrary.org/obo/"
OWN = "https://w3id.org/met-kg/"
NAMES = {
    **{p: f"{OBO}{p}_" for p in ("DOID", "UBERON", "SYMP", "HP", "CL", "GO", "BFO", "RO", "IAO", "NCIT", "MONDO")},
    "MET": f"{OWN}MET_",
    "met": f"{OWN}schema#",
    "sample": f"{OWN}sample/",
    "MESH": "http://id.nlm.nih.gov/mesh/",
    "FMA": "http://purl.org/sig/ont/fma/fma",
    "RADLEX": "http://radlex.org/RID/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "oboInOwl": "http://www.geneontology.org/formats/oboInOwl#",
}
ROOTS = {"DOID:4": "disease", "UBERON:0001062": "anatomy", "MET:0000002": "modality", "MET:0000003": "finding"}
LINKS = {"RO:0004026": "location", "met:hasLocation": "location", "RO:0002452": "symptom", "met:imagedBy": "imaging"}
IN_CLOSURE = {"met:hasLocation": "location", "met:hasSymptom": "symptom", "met:imagedBy": "imaging"}
SYNONYMS = [f"oboInOwl:has{scope}Synonym" for scope in ("Exact", "Narrow", "Broad", "Related")]


def iri(curie: str) -> str:
    prefix, _, local = curie.partition(":")
    return NAMES[prefix] + local


class _Index:
    """What rdflib's parser hands its triples to: predicate -> subject -> objects, as plain text."""

    def __init__(self, path: Path) -> None:
        self.of: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self.blank: set[str] = set()
        with path.open("rb") as file:
            W3CNTriplesParser(self).parse(file)  # type: ignore[arg-type]

    def triple(self, s: URIRef | BNode, p: URIRef, o: URIRef | BNode | Literal) -> None:
        self.blank.update(str(term) for term in (s, o) if isinstance(term, BNode))
        self.of[str(p)][str(s)].add(str(o))

    def __getitem__(self, curie: str) -> Mapping[str, set[str]]:
        return self.of[iri(curie)]


class Tree:
    """The tree of an N-Triples file, with all that follows from it for live classes."""

    def __init__(self, path: Path) -> None:
        stated = _Index(path)
        dead = {node for node, values in stated["owl:deprecated"].items() if values & {"true", "1"}}
        self.parents = {n: set(p) for n, p in stated["met:treeParent"].items()}
        self.children = _inverse(self.parents)
        self.labels = {n: set(found) for n, found in stated["rdfs:label"].items()}
        above: dict[str, set[str]] = defaultdict(set)
        some: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for node, supers in stated["rdfs:subClassOf"].items():
            if node in dead or node in stated.blank:
                continue
            for one in supers:
                if one not in stated.blank:
                    above[node].update({one} - dead)
                    continue
                for prop in stated["owl:onProperty"].get(one, ()):
                    for target in stated["owl:someValuesFrom"].get(one, ()):
                        if target not in dead and target not in stated.blank:
                            some[node].append((prop, target))
        below = _inverse(above)
        self.axis: dict[str, set[str]] = defaultdict(set)
        for root, axis in ROOTS.items():
            for node in _reach([iri(root)], below) | {iri(root)}:
                self.axis[node].add(axis)
        live = self.axis.keys()
        self.ancestors = cache(lambda node: frozenset(_reach([node], above) & live))
        reach_all = cache(lambda node: frozenset(_reach([node], above)))
        whole: dict[str, set[str]] = defaultdict(set)
        self.links: dict[str, dict[str, set[str]]] = {kind: defaultdict(set) for kind in (*LINKS.values(), "disjoint")}
        kinds = {iri(prop): kind for prop, kind in LINKS.items()}
        for node, pairs in some.items():
            for prop, target in pairs:
                if prop == iri("BFO:0000050"):
                    whole[node].add(target)
                elif prop in kinds and node in live and target in live:
                    self.links[kinds[prop]][node].add(target)
        self.wholes = cache(lambda node: frozenset(_wholes(node, whole, reach_all) & live))
        for one, other in _disjoint(stated):
            if self.axis.get(one) and self.axis.get(one) == self.axis.get(other):
                self.links["disjoint"][one].add(other)
                self.links["disjoint"][other].add(one)
        self.having = {kind: _inverse(found) for kind, found in self.links.items()}
        self.terms: dict[str, set[str]] = defaultdict(set)
        for prop in ("rdfs:label", *SYNONYMS):
            for node, names in stated[prop].items():
                if node in live and node not in dead:
                    self.terms[node].update(name.lower() for name in names)

    def kin(self, one: str, other: str) -> bool:
        """Kind or part of one another."""
        return (
            other in self.ancestors(one)
            or one in self.ancestors(other)
            or other in self.wholes(one)
            or one in self.wholes(other)
        )

    def named_for(self, one: str, other: str) -> bool:
        """Whether a name of one ends in a name of the other, a word before it."""
        names = [(a, b) for a in self.terms[one] for b in self.terms[other]]
        return any(a.endswith(f" {b}") or b.endswith(f" {a}") for a, b in names)

    def apart(self, disease: str, other: str) -> bool:
        """Whether the other disease has no group in common with the disease: class, cause or organ system."""
        both = self.ancestors(disease) & self.ancestors(other)
        one, two = self.systems(disease), self.systems(other)
        if both - {iri("DOID:4"), iri("DOID:7")} or iri("DOID:0050117") in self.ancestors(other):
            return False
        return bool(one and two) and not one & two

    def systems(self, disease: str) -> set[str]:
        """Organ systems that its places are or are part of."""
        places = self.linked("location", disease)
        wholes = places.union(*(self.wholes(place) for place in places))
        return {whole for whole in wholes if iri("UBERON:0000467") in self.ancestors(whole)}

    def over(self, node: str) -> set[str]:
        """The stated tree parents."""
        return self.parents.get(node, set())

    def said(self, kind: str, node: str) -> set[str]:
        """What the node itself is stated to have of a kind."""
        return self.links[kind].get(node, set())

    def linked(self, kind: str, node: str) -> set[str]:
        """What the node or an ancestor of it is stated to have of a kind."""
        return set().union(*(self.links[kind].get(n, ()) for n in (node, *self.ancestors(node))))


def _inverse(pairs: Mapping[str, Iterable[str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for one, others in pairs.items():
        for other in others:
            found[other].add(one)
    return found


def _reach(start: list[str], edges: Mapping[str, Iterable[str]]) -> set[str]:
    found: set[str] = set()
    todo = list(start)
    while todo:
        for node in edges.get(todo.pop(), ()):
            if node not in found:
                found.add(node)
                todo.append(node)
    return found


def _wholes(node: str, whole: Mapping[str, set[str]], above: Callable[[str], frozenset[str]]) -> set[str]:
    found: set[str] = set()
    todo = [node]
    while todo:
        here = todo.pop()
        for carrier in (here, *above(here)):
            new = whole.get(carrier, set()) - found - {node}
            found |= new
            todo += new
    return found


def _disjoint(stated: _Index) -> Iterable[tuple[str, str]]:
    for one, others in stated["owl:disjointWith"].items():
        yield from ((one, other) for other in others)
    for heads in stated["owl:members"].values():
        for head in heads:
            cells = {head} | _reach([head], stated["rdf:rest"])
            members = set().union(*(stated["rdf:first"].get(cell, ()) for cell in cells))
            yield from ((one, other) for one in members for other in members if one != other)


class _Decision:
    """One item's bindings with IRIs for CURIEs, and what its sample says."""

    def __init__(self, tree: Tree, said: _Index, bound: Mapping[str, Any]) -> None:
        self.tree, self.bound, self.claim = tree, bound, str(bound["claim"])
        self.key, self.subject = iri(bound["key"]), iri(bound["subject"])
        self.carrier = iri(bound["carrier"]) if bound["carrier"] else ""
        sample = iri(bound["sample"])
        self.depicted = said["met:depicts"].get(sample, set())
        self.shown = self.depicted | said["met:mayDepict"].get(sample, set())
        self.excluded = said["met:excludes"].get(sample, set())

    def holds(self) -> bool:
        axis, others = self.bound["axis"], self.bound["distractors"]
        nodes = [iri(d["node"]) for d in others]
        if any(axis not in self.tree.axis.get(node, ()) for node in (self.key, *nodes)):
            return False
        if not self.claimed() or not all(map(self.fact, self.bound.get("facts", ()))):
            return False
        if not all(self.related(d["relation"], iri(d["node"]), d["carrier"], d["via"]) for d in others):
            return False
        if any(self.tree.kin(self.key, d) or self.tree.terms[self.key] & self.tree.terms[d] for d in nodes):
            return False
        if axis == "disease" and any(self.tree.named_for(self.key, d) for d in nodes):
            return False
        if self.claim == "sibling" and not all(self.tree.apart(self.subject, d) for d in nodes):
            return False
        shown = bool(others) and others[0]["relation"] == "shown"
        if not shown and any(x == d or self.tree.kin(x, d) for x in self.shown for d in nodes):
            return False
        return not (set(nodes) & self.right(self.claim))

    def absent(self) -> bool:
        """The sample shows neither the key nor a kind of it."""
        return not any(x == self.key or self.key in self.tree.ancestors(x) for x in self.shown)

    def kind(self, lower: str, upper: str) -> bool:
        return lower == upper or upper in self.tree.ancestors(lower)

    def claimed(self) -> bool:
        tree, key, subject, carrier = self.tree, self.key, self.subject, self.carrier
        if self.claim == "excludes":
            return key in self.excluded and self.absent()
        if subject not in self.depicted:
            return False
        if self.claim.startswith("not-"):
            right = self.right(self.claim.removeprefix("not-"))
            # All that a thing is a kind of is stated; a location may hold of a whole whose part is stated.
            spread = self.claim != "not-parent"
            return self.absent() and not any(d == key or (spread and tree.kin(key, d)) for d in right)
        match self.claim:
            case "depicts":
                return self.kind(subject, key)
            case "disjoint":
                return key in tree.said("disjoint", carrier) and self.kind(subject, carrier) and self.absent()
            case "part-of":
                return subject == key or key in tree.wholes(subject)
            case "parent":
                return key in tree.over(subject)
            case "sibling":
                return carrier in tree.over(subject) and carrier in tree.over(key)
            case "location" | "symptom" | "imaging":
                return key in tree.said(self.claim, carrier) and self.kind(subject, carrier)
            case "shared-symptom":
                return {subject, key} <= tree.said("symptom", carrier)
            case "seat-imaging":
                return subject in tree.said("location", carrier) and key in tree.said("imaging", carrier)
        raise ValueError(f"the claim '{self.claim}' is not known here")

    def right(self, claim: str) -> set[str]:
        """Every node that would be right, where the tree alone decides that."""
        tree, subject = self.tree, self.subject
        match claim:
            case "parent":
                return set(tree.ancestors(subject))
            case "sibling":
                return tree.children.get(self.carrier, set())
            case "location" | "symptom" | "imaging":
                return tree.linked(claim, subject)
            case "shared-symptom":
                sick = tree.having["symptom"].get(subject, ())
                return set().union(*(tree.links["symptom"][a] for a in sick))
            case "seat-imaging":
                seated = (subject, *tree.having["location"].get(subject, ()))
                return set().union(*(tree.links["imaging"].get(a, ()) for a in seated))
        return set()

    def related(self, relation: str, node: str, carrier_curie: str, via_curie: str) -> bool:
        tree, key = self.tree, self.key
        carrier, via = (iri(c) if c else "" for c in (carrier_curie, via_curie))
        match relation:
            case "shown":
                return node in self.depicted
            case "same-axis":
                return bool(tree.axis.get(key, set()) & tree.axis.get(node, set()))
            case "confusable":
                return bool(_last_words(tree.labels.get(key, ())) & _last_words(tree.labels.get(node, ())))
            case "sibling":
                return via in tree.over(key) and via in tree.over(node)
            case "parent-sibling":
                return carrier in tree.over(key) and via in tree.over(carrier) and via in tree.over(node)
            case "cousin":
                return (
                    carrier in tree.over(key) and via in tree.over(node) and bool(tree.over(carrier) & tree.over(via))
                )
            case "same-location" | "same-modality":
                links = tree.links["location" if relation == "same-location" else "imaging"]
                both = via in links.get(carrier, ()) and via in links.get(node, ())
                return both and self.kind(key, carrier)
        raise ValueError(f"the relation '{relation}' is not known here")

    def fact(self, fact: list[str]) -> bool:
        tree = self.tree
        subject, predicate, value = iri(fact[0]), fact[1], iri(fact[2])
        if fact[0].startswith("sample:"):
            said = {"met:depicts": self.depicted, "met:mayDepict": self.shown, "met:excludes": self.excluded}
            return value in said[predicate]
        if predicate == "met:treeParent":
            return value in tree.parents.get(subject, ())
        if predicate == "met:ancestor":
            return value in tree.ancestors(subject)
        if predicate == "met:partOf":
            return value in tree.wholes(subject)
        return value in tree.links[IN_CLOSURE[predicate]].get(subject, ())


def _last_words(labels: Iterable[str]) -> set[str]:
    return {re.sub("^.* ", "", label.lower()) for label in labels}


def failing(items: Path, tree: Path, samples: Path) -> set[str]:
    """Ids of the items of a table ``vqa`` that do not hold over a tree and samples, both N-Triples files."""
    rebuilt, said = Tree(tree), _Index(samples)
    table = pq.read_table(items, columns=["item_id", "proof"])
    return {
        str(name)
        for name, proof in zip(table["item_id"].to_pylist(), table["proof"].to_pylist(), strict=True)
        if not _Decision(rebuilt, said, json.loads(proof)["query"]["bindings"]).holds()
    }
