"""What samples depict, as triples of graphs ``metg:samples`` and ``metg:decisions``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

import pandas as pd
import pyoxigraph as ox

from met_kg.literature.sentences import sentences
from met_kg.vocabulary import expand

__all__ = ["COLUMNS", "age_of", "is_introduced", "kept_triples", "sample_triples", "sex_of"]

_PREDICATES: Final = {"positive": "met:depicts", "uncertain": "met:mayDepict", "negative": "met:excludes"}
#: A step of an anchor's method -> the predicate that says where the anchor comes from.
_WITNESSES: Final = {"mention": "met:depictsByText", "metadata": "met:depictsByMetadata"}
_SEXES: Final = {"f": "F", "female": "F", "woman": "F", "m": "M", "male": "M", "man": "M"}
#: "52", "90+", "6 months", DICOM's "045Y" (PS3.5, AS).
_AGE: Final = re.compile(r"0*(\d+(?:\.\d+)?)\s*\+?\s*(?:-?\s*(days?|weeks?|months?|years?|yrs?|[dwmy])\b.*)?")
_IN_YEARS: Final = {"d": 1 / 365.25, "w": 7 / 365.25, "m": 1 / 12, "y": 1.0}
_NEWBORN: Final = {"newborn", "neonate", "fetus"}
_AND: Final = r"(?:and|or|versus|vs\.?|&|/|\+)"
_JOINED_BEFORE: Final = re.compile(rf"(?:\b|(?=\W)){_AND}\s*$", re.IGNORECASE)
_JOINED_AFTER: Final = re.compile(rf"\W{{0,2}}(?:scans?|images?|views?)?\s*{_AND}(?:\b|\s)", re.IGNORECASE)
_COLUMNS: Final = {"split": "met:split", "group_id": "met:group", "source": "met:corpus", "licence": "met:licence"}

#: What :func:`sample_triples` needs of a sample.
COLUMNS: Final = ("sample_id", "caption", "sex", "age", *_COLUMNS)


def sex_of(text: str) -> str:
    """F, M, or '' for what a metadata column says.

    >>> sex_of("female"), sex_of("M "), sex_of("unknown")
    ('F', 'M', '')
    """
    return _SEXES.get(text.strip().lower(), "")


def age_of(text: str) -> float | None:
    """Years of what a metadata column says; None for what states no age.

    >>> age_of("52"), age_of("90+"), age_of("6 months"), age_of("012M"), age_of("adult")
    (52.0, 90.0, 0.5, 1.0, None)
    """
    said = text.strip().lower()
    if said in _NEWBORN:
        return 0.0
    found = _AGE.fullmatch(said)
    return float(found[1]) * _IN_YEARS[(found[2] or "y")[0]] if found else None


def is_introduced(caption: str, start: int, end: int) -> bool:
    """Whether a mention stands in the first sentence, and not as one of several ("CT and MRI").

    What is named there is what the image is; further down a text tells of other examinations.

    >>> is_introduced("Axial CT of the chest. MRI followed.", 6, 8), is_introduced("MRI and CT.", 8, 10)
    (True, False)
    """
    first = sentences(caption)[:1]
    if not first or start >= first[0][1]:
        return False
    return not (_JOINED_BEFORE.search(caption[:start]) or _JOINED_AFTER.match(caption[end:]))


def sample_triples(samples: pd.DataFrame, anchors: pd.DataFrame) -> Iterator[ox.Triple]:
    """Graph ``metg:samples`` in the conventions of ``docs/architecture.md``.

    Beside ``met:depicts``, an anchor that a mention or a metadata column supports is also stated with
    ``met:depictsByText`` or ``met:depictsByMetadata``, so that a query can hold the two against each other, and with
    ``met:introducedAs`` where the caption opens with it (:func:`is_introduced`).
    """
    captions = dict(zip(samples["sample_id"], samples["caption"], strict=True))
    for row in samples[["sample_id", "sex", "age", *_COLUMNS]].to_dict("records"):
        subject = _node(f"sample:{row['sample_id']}")
        for column, predicate in _COLUMNS.items():
            if row[column]:
                yield ox.Triple(subject, _node(predicate), ox.Literal(str(row[column])))
        sex = sex_of(str(row["sex"]))
        if sex:
            yield ox.Triple(subject, _node("met:sex"), ox.Literal(sex))
        age = age_of(str(row["age"]))
        if age is not None:
            yield ox.Triple(subject, _node("met:ageYears"), ox.Literal(f"{age:.3f}", datatype=_node("xsd:decimal")))
    for row in anchors[["sample_id", "node", "polarity", "method", "evidence"]].to_dict("records"):
        subject, node = _node(f"sample:{row['sample_id']}"), _node(str(row["node"]))
        yield ox.Triple(subject, _node(_PREDICATES[row["polarity"]]), node)
        if row["polarity"] == "positive":
            for step in str(row["method"]).split("+"):
                if step in _WITNESSES:
                    yield ox.Triple(subject, _node(_WITNESSES[step]), node)
            evidence = json.loads(str(row["evidence"])) if row["evidence"] else {}
            if evidence.get("field") == "caption":
                caption = captions[row["sample_id"]]
                if is_introduced(caption, evidence["start"], evidence["end"]):
                    yield ox.Triple(subject, _node("met:introducedAs"), node)


def kept_triples(kept: Iterable[str]) -> Iterator[ox.Triple]:
    """Graph ``metg:decisions``: ``met:kept true`` of every sample that no rule dropped."""
    true = ox.Literal("true", datatype=_node("xsd:boolean"))
    for sample in sorted(kept):
        yield ox.Triple(_node(f"sample:{sample}"), _node("met:kept"), true)


@lru_cache(maxsize=65536)
def _node(curie: str) -> ox.NamedNode:
    return ox.NamedNode(expand(curie))
