"""VQA items as triples of graph ``metg:items``: what a query selects them by, and where they come from in PROV-O.

What many items share (anchor, sample, source, generator, activity, tree) is one node, said once. See "Graph
conventions" in ``docs/architecture.md``; the shape is ``ontology/shapes/items.ttl``. PROV-O: w3.org/TR/prov-o.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import pandas as pd
import pyoxigraph as ox

from met_kg.vocabulary import expand

__all__ = ["item_triples"]

_TYPE: Final = "rdf:type"
#: Column of table ``vqa`` -> predicate. The axis of a key is not called met:axis, which makes a node live.
_COLUMNS: Final = {
    "type": "met:itemType",
    "format": "met:format",
    "difficulty": "met:difficulty",
    "split": "met:split",
    "level": "met:level",
    "axis": "met:itemAxis",
    "template": "met:template",
    "weight": "met:weight",
    "visual": "met:visual",
}
_NO_NAME: Final = re.compile(r"[^\w.]+", re.ASCII)


def item_triples(vqa: pd.DataFrame) -> Iterator[ox.Triple]:
    """The triples of table ``vqa``, none of them twice.

    Raises
    ------
    KeyError, ValueError
        when a row has no proof of the project's.
    """
    shared: set[str] = set()
    yield _say("met:Item", "rdfs:subClassOf", _iri("prov:Entity"))
    for row in vqa.to_dict("records"):
        proof = json.loads(row["proof"])
        bound, provenance = proof["query"]["bindings"], proof["provenance"]
        item, sample = f"item:{row['item_id']}", f"sample:{row['sample_id']}"
        made = _digest([proof["tree"]["sha256"], provenance["generator"]])
        anchor = f"anchor:{_digest([sample, provenance['anchor']])}"
        agent, source = f"agent:{_name(provenance['generator'])}", f"source:{_name(provenance['source'])}"
        yield _say(item, _TYPE, _iri("met:Item"))
        for column, predicate in _COLUMNS.items():
            yield _say(item, predicate, ox.Literal(row[column]))
        yield _say(item, "met:claim", ox.Literal(bound["claim"]))
        yield _say(item, "met:sample", _iri(sample))
        yield _say(item, "met:key", _iri(row["key_node"]))
        yield _say(item, "met:subject", _iri(bound["subject"]))
        for node, relation in zip(row["distractor_nodes"], row["distractor_relations"], strict=True):
            yield _say(item, "met:distractor", _iri(node))
            yield _say(item, _relation(relation), _iri(node))
            if _new(shared, _relation(relation)):
                yield _say(_relation(relation), "rdfs:subPropertyOf", _iri("met:distractor"))
                yield _say(_relation(relation), "met:relation", ox.Literal(relation))
        for origin in (sample, anchor):
            yield _say(item, "prov:wasDerivedFrom", _iri(origin))
        yield _say(item, "prov:wasGeneratedBy", _iri(f"run:{made}"))
        yield _say(item, "prov:wasAttributedTo", _iri(agent))
        if _new(shared, f"run:{made}"):
            yield from _activity(f"run:{made}", agent, proof["tree"])
        if _new(shared, agent):
            yield _say(agent, _TYPE, _iri("prov:SoftwareAgent"))
            yield _say(agent, "dcterms:title", ox.Literal(provenance["generator"]))
        if _new(shared, anchor):
            yield from _anchor(anchor, sample, provenance["anchor"])
        if _new(shared, sample):
            yield _say(sample, _TYPE, _iri("prov:Entity"))
            yield _say(sample, "prov:wasDerivedFrom", _iri(source))
            if provenance["origin"]:
                yield _say(sample, "dcterms:source", ox.Literal(provenance["origin"]))
        if _new(shared, source):
            yield _say(source, _TYPE, _iri("prov:Entity"))
            yield _say(source, "dcterms:title", ox.Literal(provenance["source"]))


def _activity(activity: str, agent: str, tree: Mapping[str, str]) -> Iterator[ox.Triple]:
    """The step that wrote the items of one tree; it has no time, so that the same run gives the same graph."""
    entity = f"tree:{tree['sha256']}"
    yield _say(activity, _TYPE, _iri("prov:Activity"))
    yield _say(activity, "dcterms:title", ox.Literal("synthesize"))
    yield _say(activity, "prov:used", _iri(entity))
    yield _say(activity, "prov:wasAssociatedWith", _iri(agent))
    yield _say(entity, _TYPE, _iri("prov:Entity"))
    yield _say(entity, "owl:versionInfo", ox.Literal(tree["version"]))
    yield _say(entity, "met:sha256", ox.Literal(tree["sha256"]))


def _anchor(anchor: str, sample: str, said: Mapping[str, Any]) -> Iterator[ox.Triple]:
    yield _say(anchor, _TYPE, _iri("met:Anchor"))
    yield _say(anchor, _TYPE, _iri("prov:Entity"))
    yield _say(anchor, "prov:wasDerivedFrom", _iri(sample))
    yield _say(anchor, "met:node", _iri(said["node"]))
    for name in ("polarity", "method"):
        yield _say(anchor, f"met:{name}", ox.Literal(said[name]))
    if said["score"] is not None:
        yield _say(anchor, "met:score", ox.Literal(float(said["score"])))
    yield _say(anchor, "met:evidence", ox.Literal(json.dumps(said["evidence"], ensure_ascii=False, sort_keys=True)))


def _relation(relation: str) -> str:
    """The property of distractors that stand in a relation: part of met:distractor, named by met:relation."""
    return f"met:distractor-{relation}"


def _new(shared: set[str], name: str) -> bool:
    if name in shared:
        return False
    shared.add(name)
    return True


def _name(text: str) -> str:
    return _NO_NAME.sub("-", text).strip("-.")


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:16]


@lru_cache(maxsize=100_000)
def _iri(curie: str) -> ox.NamedNode:
    return ox.NamedNode(expand(curie))


def _say(subject: str, predicate: str, value: ox.NamedNode | ox.Literal) -> ox.Triple:
    return ox.Triple(_iri(subject), _iri(predicate), value)
