"""One sample as the writers see it: its anchors by polarity and axis, and what may not stand beside them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pandas as pd

from met_kg.retrieval.mentions import other_panels
from met_kg.synthesis.index import TreeIndex, spaced
from met_kg.synthesis.media import CHARTS, named_picture
from met_kg.synthesis.visible import is_clear, reported_by, unseen_diseases

__all__ = ["SURE", "Anchor", "Sample", "read_samples", "spoken_names"]

_COLUMNS: Final = ("modality", "view", "body_part", "finding", "sex", "age")

#: Least score of a mention that names its node by its label or an exact synonym. A synonym that the context alone has
#: (0.855) is not sure: the text around a figure has words in other senses.
SURE: Final = 0.86
#: A photograph may be of anything: that a text calls its picture so does not make it that of a case.
_PHOTOGRAPH: Final = "MET:0001040"


@dataclass(frozen=True, slots=True)
class Anchor:
    """A node tied to a sample, with what ties it.

    ``seen``: whether the image itself can show it, or only its record says so (a symptom, a second disease
    elsewhere in the body).
    """

    node: str
    axis: str
    polarity: str
    method: str
    score: float
    evidence: Any
    seen: bool = True
    assertion: str = "positive"


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample with its live anchors, in order of node."""

    sample_id: str
    has_image: bool
    source: str
    licence: str
    origin: str
    split: str
    caption: str
    context: str
    text: str  # all its words, as met_kg.synthesis.index.spaced writes them
    anchors: tuple[Anchor, ...]
    barred: frozenset[str]  # lineage of everything it shows or may show
    pictured: bool = False  # some modality is known to have made its image: no drawing, as far as the record says
    charted: bool = False  # its text calls it a graph, a chart or a table, and no metadata state a modality
    description: tuple[str, tuple[tuple[str, str, str], ...]] = ("", ())  # a short caption and the triples it rests on
    #: What its metadata state: modality, view, body_part, finding, sex, age.
    columns: Mapping[str, str] = field(default_factory=dict)

    def of(self, axis: str, polarity: str = "positive") -> list[Anchor]:
        """Anchors on an axis with a polarity."""
        return [a for a in self.anchors if a.axis == axis and a.polarity == polarity]

    def seen(self, axis: str) -> list[Anchor]:
        """Positive anchors on an axis that the image itself can show."""
        return [a for a in self.anchors if a.axis == axis and a.polarity == "positive" and a.seen]

    def mentions(self, terms: tuple[str, ...]) -> bool:
        """Whether its text holds one of these names (as :func:`spaced` writes them)."""
        return any(term in self.text for term in terms)


def read_samples(samples: pd.DataFrame, anchors: pd.DataFrame, tree: TreeIndex) -> Iterator[Sample]:
    """Samples in order of their ids. Anchors on nodes that the tree no longer holds are left out."""
    by_sample: dict[str, list[Anchor]] = {}
    for row in anchors.to_dict("records"):
        if row["node"] in tree.nodes:
            by_sample.setdefault(str(row["sample_id"]), []).append(
                Anchor(
                    str(row["node"]),
                    tree.nodes[str(row["node"])].axis,
                    str(row["polarity"]),
                    str(row["method"]),
                    float(row["score"]),
                    _evidence(str(row["evidence"])),
                    assertion=str(row["assertion"]),
                )
            )
    for row in samples.sort_values("sample_id").to_dict("records"):
        mine = sorted(by_sample.get(str(row["sample_id"]), []), key=lambda a: (a.node, a.polarity))
        shown = [a.node for a in mine if a.polarity != "negative"]
        words = " ".join(str(row[c]) for c in ("caption", "context", "modality", "view", "body_part", "finding"))
        yield Sample(
            sample_id=str(row["sample_id"]),
            has_image=bool(row["image"]),
            source=str(row["source"]),
            licence=str(row["licence"]),
            origin=str(row["origin"]),
            split=str(row["split"]),
            caption=str(row["caption"]),
            context=str(row["context"]),
            text=spaced(words),
            anchors=tuple(
                _looked_at(
                    mine,
                    tree,
                    texts={name: str(row[name]) for name in ("caption", "context")},
                    meta=str(row["meta"]),
                    modality=str(row["modality"]),
                    diagnosed=bool(str(row["finding"]).strip()),
                )
            ),
            barred=frozenset().union(*(tree.lineage(n) for n in shown)),
            pictured=_pictured(mine, tree),
            charted=not row["modality"] and _charted(str(row["caption"]), str(row["context"])),
            columns={c: str(row[c]) for c in _COLUMNS},
        )


def _pictured(anchors: Sequence[Anchor], tree: TreeIndex) -> bool:
    """Whether a modality made the image; of a photograph its caption must name the disease."""
    shown = [a for a in anchors if a.polarity == "positive"]
    made_by = {a.node for a in shown} & tree.answers("examination")
    if made_by != {_PHOTOGRAPH}:
        return bool(made_by)
    fields = (a.evidence.get("field") for a in shown if a.axis == "disease" and isinstance(a.evidence, dict))
    return "caption" in fields


def _charted(*texts: str) -> bool:
    """Whether the first text that names the picture calls it a chart."""
    called = next((found[0] for found in map(named_picture, texts) if found is not None), "")
    return called in CHARTS


def _looked_at(
    anchors: Sequence[Anchor], tree: TreeIndex, *, texts: Mapping[str, str], meta: str, modality: str, diagnosed: bool
) -> list[Anchor]:
    """The anchors, each with whether the image can show it.

    What the metadata state is shown. Of what the text alone names, a modality is where the metadata state none, or one
    that it is a kind of. All else is taken as shown when no metadata state a part of the body; else what lies in
    that part's division (:meth:`TreeIndex.reach`), and findings that the tree places nowhere. Where the metadata state
    a diagnosis, if only that there is none (``diagnosed``), the diseases of the text are former ones, or company, and
    not shown. Nor is what a word only hints at, as "line" does at a catheter, nor a finding that the text reports
    of another examination ("CT showed nodules" under a film) or that only sections show, nor what
    :func:`~met_kg.synthesis.visible.unseen_diseases` gives.
    """
    stated = [a.node for a in anchors if a.polarity == "positive" and "metadata" in a.method]
    parts = [node for node in stated if tree.nodes[node].axis == "anatomy"]
    reach = frozenset().union(*(tree.body.reach(part) for part in parts))
    possible = tree.answers("examination")
    examinations = [a.node for a in anchors if a.polarity == "positive" and a.node in possible]
    # A text that is more precise than the metadata ("chest X-ray" of an "X-ray") has taken the place of their anchor.
    named = tree.bearers(modality) if modality else ()
    made_by = [node for node in examinations if node in stated] or [
        node for node in examinations if any(name in tree.path(node) for name in named)
    ]
    other = [
        a for a in anchors if made_by and a.node in possible and not any(n in tree.lineage(a.node) for n in made_by)
    ]
    views = [node for node in stated if tree.nodes[node].axis == "modality" and node not in possible]
    own = frozenset().union(*(tree.spoken(node) for node in made_by), *(tree.terms(node) for node in views))
    others = {name: other_panels(meta, name) for name in texts}
    sections = not made_by or any(node in tree.role("sections") for node in made_by)
    found: list[Anchor] = []
    for a in anchors:
        if "metadata" in a.method:
            found.append(a)
            continue
        if a.axis == "modality":
            seen = a.node not in possible or all(node in tree.lineage(a.node) for node in made_by)
        else:
            nowhere = a.axis == "finding" and a.node not in tree.body.placed
            seen = not parts or nowhere or a.node in reach
            seen = seen and not (diagnosed and a.axis == "disease")
        if a.axis == "finding":
            seen = seen and (sections or a.node not in tree.role("section-finding"))
            seen = seen and not any(reported_by(one, a, texts, own, others) for one in other)
        found.append(a if seen and a.score >= SURE else replace(a, seen=False))
    left = any(a.seen and a.polarity == "positive" and a.node in tree.answers("finding") for a in found)
    clear = not left and is_clear(texts["caption"], others["caption"])
    hidden = unseen_diseases(found, tree, texts["caption"], clear=clear)
    return [replace(a, seen=False) if a.node in hidden else a for a in found]


def spoken_names(samples: Iterable[Sample]) -> dict[str, Counter[str]]:
    """How often which words, in lower case, name each node in the samples' texts."""
    said: dict[str, Counter[str]] = {}
    for sample in samples:
        for anchor in sample.anchors:
            if isinstance(anchor.evidence, dict) and isinstance(text := anchor.evidence.get("text"), str):
                said.setdefault(anchor.node, Counter())[text.lower()] += 1
    return said


def _evidence(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
