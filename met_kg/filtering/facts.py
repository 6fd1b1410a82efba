"""What samples depict, as triples of graphs ``metg:samples`` and ``metg:decisions``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import pandas as pd
import pyoxigraph as ox

from met_kg.vocabulary import expand

__all__ = ["kept_triples", "sample_triples", "sex_of"]

_PREDICATES: Final = {"positive": "met:depicts", "uncertain": "met:mayDepict", "negative": "met:excludes"}
#: A step of an anchor's method -> the predicate that says where the anchor comes from.
_WITNESSES: Final = {"mention": "met:depictsByText", "metadata": "met:depictsByMetadata"}
_SEXES: Final = {"f": "F", "female": "F", "woman": "F", "m": "M", "male": "M", "man": "M"}
_COLUMNS: Final = {"split": "met:split", "group_id": "met:group", "source": "met:corpus", "licence": "met:licence"}


def sex_of(text: str) -> str:
    """F, M, or '' for what a metadata column says.

    >>> sex_of("female"), sex_of("M "), sex_of("unknown")
    ('F', 'M', '')
    """
    return _SEXES.get(text.strip().lower(), "")


def sample_triples(samples: pd.DataFrame, anchors: pd.DataFrame) -> Iterator[ox.Triple]:
    """Graph ``metg:samples`` in the conventions of ``docs/architecture.md``.

    Beside ``met:depicts``, an anchor that a mention or a metadata column supports is also stated with
    ``met:depictsByText`` or ``met:depictsByMetadata``, so that a query can hold the two against each other.
    """
    for row in samples[["sample_id", "sex", *_COLUMNS]].to_dict("records"):
        subject = _node(f"sample:{row['sample_id']}")
        for column, predicate in _COLUMNS.items():
            if row[column]:
                yield ox.Triple(subject, _node(predicate), ox.Literal(str(row[column])))
        sex = sex_of(str(row["sex"]))
        if sex:
            yield ox.Triple(subject, _node("met:sex"), ox.Literal(sex))
    for row in anchors[["sample_id", "node", "polarity", "method"]].to_dict("records"):
        subject, node = _node(f"sample:{row['sample_id']}"), _node(str(row["node"]))
        yield ox.Triple(subject, _node(_PREDICATES[row["polarity"]]), node)
        if row["polarity"] == "positive":
            for step in str(row["method"]).split("+"):
                if step in _WITNESSES:
                    yield ox.Triple(subject, _node(_WITNESSES[step]), node)


def kept_triples(kept: Iterable[str]) -> Iterator[ox.Triple]:
    """Graph ``metg:decisions``: ``met:kept true`` of every sample that no rule dropped."""
    true = ox.Literal("true", datatype=_node("xsd:boolean"))
    for sample in sorted(kept):
        yield ox.Triple(_node(f"sample:{sample}"), _node("met:kept"), true)


def _node(curie: str) -> ox.NamedNode:
    return ox.NamedNode(expand(curie))
