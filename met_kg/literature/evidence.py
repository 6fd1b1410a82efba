"""Mentions as a table, and as PROV-O evidence for graph ``metg:evidence``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

import pyoxigraph as ox

from met_kg.literature.document import Document
from met_kg.records import Mention
from met_kg.vocabulary import expand

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["evidence_triples", "mention_rows"]

_INTEGER: Final = "xsd:integer"


def mention_rows(document: Document, mentions: Iterable[Mention]) -> Iterator[dict[str, Any]]:
    """The mentions of a document as rows of the schema ``mentions`` of :mod:`met_kg.tables`."""
    for m in mentions:
        yield {
            "document": document.id,
            "start": m.start,
            "end": m.end,
            "text": m.text,
            "axis": m.axis,
            "node": m.node,
            "label": m.label,
            "score": m.score,
            "assertion": m.assertion,
            "source": document.source,
            "licence": document.licence,
        }


def evidence_triples(mentions: pd.DataFrame) -> Iterator[ox.Triple]:
    """One ``prov:Entity`` for each node and document: how often, where first, from what source, under what licence.

    Its IRI is a hash of source, document and node, so the same mentions give the same triples.
    """
    kind, entity = _iri("rdf:type"), _iri("prov:Entity")
    keys = ["source", "document", "node"]
    for key, group in mentions.groupby(keys, sort=True):
        source, document, node = map(str, key)
        ordered = group.sort_values(["start", "end"])
        first = ordered.iloc[0]
        digest = hashlib.sha256("\x1f".join((source, document, node)).encode()).hexdigest()[:24]
        subject = _iri(f"evidence:{digest}")
        yield ox.Triple(subject, kind, entity)
        yield ox.Triple(subject, _iri("met:node"), _iri(node))
        yield ox.Triple(subject, _iri("met:document"), ox.Literal(document))
        yield ox.Triple(subject, _iri("met:mentionCount"), _integer(len(ordered)))
        yield ox.Triple(subject, _iri("met:start"), _integer(first["start"]))
        yield ox.Triple(subject, _iri("met:end"), _integer(first["end"]))
        yield ox.Triple(subject, _iri("prov:value"), ox.Literal(first["text"]))
        yield ox.Triple(subject, _iri("dcterms:source"), ox.Literal(source))
        if first["licence"]:
            yield ox.Triple(subject, _iri("dcterms:license"), ox.Literal(first["licence"]))


def _iri(curie: str) -> ox.NamedNode:
    return ox.NamedNode(expand(curie))


def _integer(value: int) -> ox.Literal:
    return ox.Literal(str(int(value)), datatype=_iri(_INTEGER))
