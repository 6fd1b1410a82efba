"""Which anchors are sure enough to be said."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from met_kg.retrieval.mentions import FIELDS
from met_kg.synthesis.english import definite
from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.names import Names
from met_kg.synthesis.sample import SURE, Anchor, Sample

__all__ = ["is_sure"]

#: Inside another name: 'SARS' of 'SARS-CoV-2'.
_GOES_ON: Final = re.compile(r"[-‐‑](?=[A-Z0-9])")
#: Of what a body has one, 'a head' is a part of something else.
_SOME: Final = re.compile(r"\ban? $", re.IGNORECASE)
#: And 'head of the femur' is no head.
_PART: Final = re.compile(r" of (?:the|an?|each|this)\b", re.IGNORECASE)
_DENIED: Final = re.compile(r"\bnon[- ]$", re.IGNORECASE)


def is_sure(sample: Sample, anchor: Anchor, tree: TreeIndex, names: Names) -> bool:
    """Whether an anchor is said: metadata state it, or the text names it by a name of its own.

    An acronym must be written as one, and the words beside the name must leave it what it is.
    """
    if anchor.node in tree.role("unsaid"):
        return False
    if "metadata" in anchor.method:
        return True
    evidence = anchor.evidence if isinstance(anchor.evidence, dict) else {}
    weight = FIELDS.get(str(evidence.get("field")), 0.0)
    if not anchor.score >= SURE * weight > 0 or not names.spells(anchor.node, str(evidence.get("text", ""))):
        return False
    return _stands_alone(sample, anchor, evidence, names)


def _stands_alone(sample: Sample, anchor: Anchor, evidence: Mapping[str, object], names: Names) -> bool:
    start, end = evidence.get("start"), evidence.get("end")
    if not (isinstance(start, int) and isinstance(end, int)):
        return True
    text = sample.caption if evidence.get("field") == "caption" else sample.context
    before = text[max(0, start - 5) : start]
    if _DENIED.search(before) or _GOES_ON.match(text[end : end + 2]):
        return False
    sole = anchor.axis == "anatomy" and definite(names[anchor.node]).startswith("the ")
    return not (sole and (_SOME.search(before) or _PART.match(text[end : end + 10])))
