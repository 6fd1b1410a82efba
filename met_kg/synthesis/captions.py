"""Captions in three lengths, written from what a sample's anchors and the tree say.

Every sentence comes with its facts (triples), so nothing is said that the graph does not hold. What the tree knows in
general is phrased as general and never as something seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from met_kg.records import Quarantined
from met_kg.synthesis.index import PREDICATE, TreeIndex
from met_kg.synthesis.items import GENERATOR
from met_kg.synthesis.names import Names, article, indefinite, listed, sentence
from met_kg.synthesis.options import Level
from met_kg.synthesis.questions.base import most_specific
from met_kg.synthesis.sample import Sample

__all__ = ["CaptionWriter"]

_MOST: Final = 6  # names in one list
_GENERAL: Final = 3  # diseases and findings explained
#: General knowledge, by the kind of relation that it rests on.
_SAYS: Final = {
    "location": "{carrier} is commonly located in the {targets}",
    "symptom": "{carrier} commonly goes with {targets}",
    "imaging": "{carrier} is commonly imaged by {targets}",
}
Fact = tuple[str, str, str]
Line = tuple[str, list[Fact]]


class CaptionWriter:
    """Writes the captions of samples over one tree."""

    def __init__(self, tree: TreeIndex, names: Names, levels: Sequence[Level]) -> None:
        self._tree, self._names, self._levels = tree, names, levels
        self.rejected: list[Quarantined] = []

    def write(self, sample: Sample) -> Iterator[dict[str, Any]]:
        """Rows of table ``captions``; a sample of which nothing is known is set aside."""
        seen = self._seen(sample)
        if not any(facts for _, facts in seen):
            reason = "no caption can be written: nothing positive is anchored to the sample"
            self.rejected.append(Quarantined(sample.source, f"sample {sample.sample_id}", reason, sample.caption[:200]))
            return
        absent = self._absent(sample)
        lines: dict[Level, list[Line]] = {
            "short": seen[:1],
            "descriptive": [*seen, *absent],
            "knowledge": [*seen, *absent, *self._general(sample)],
        }
        for level in self._levels:
            yield {
                "sample_id": sample.sample_id,
                "level": level,
                "text": " ".join(text for text, _ in lines[level]),
                "source_text": sample.caption or sample.context,
                "facts": json.dumps(
                    [{"sentence": text, "triples": facts} for text, facts in lines[level]], ensure_ascii=False
                ),
                "generator": GENERATOR,
                "split": sample.split,
            }

    def _shown(self, sample: Sample, axis: str) -> list[str]:
        return [a.node for a in most_specific(sample.of(axis), self._tree)][:_MOST]

    def _named(self, nodes: Sequence[str], word: str = "and") -> str:
        return listed([self._names[n] for n in nodes], word)

    def _counted(self, nodes: Sequence[str]) -> str:
        return listed([indefinite(self._names[n]) for n in nodes])

    def _seen(self, sample: Sample) -> list[Line]:
        """What the image shows: the opening sentence, then view, structures and symptoms where stated."""
        this = f"sample:{sample.sample_id}"
        modality = self._shown(sample, "modality")
        how = [n for n in modality if n in self._tree.answers("examination")]
        views = [n for n in modality if n in self._tree.answers("view")]
        findings = self._shown(sample, "finding")
        seen = [n for n in findings if n in self._tree.answers("finding") | self._tree.answers("device")]
        symptoms = [n for n in findings if n in self._tree.answers("symptom")]
        diseases, organs = self._shown(sample, "disease"), self._shown(sample, "anatomy")
        opening = self._named(how) or "medical image"
        if organs and not (seen or diseases):
            opening += f" of the {self._named(organs)}"
        if seen:
            opening += f" showing {self._counted(seen)}"
        if diseases:
            opening += f"{', in' if seen else ' in'} a case of {self._named(diseases)}"
        mentioned = [*how, *seen, *diseases, *(organs if not (seen or diseases) else [])]
        lines: list[Line] = [(sentence(opening), _depicts(this, mentioned))]
        if views:
            lines.append(
                (
                    sentence(f"the view is {listed([_with_article(self._names[n]) for n in views])}"),
                    _depicts(this, views),
                )
            )
        if organs and (seen or diseases):
            lines.append((sentence(f"the image concerns the {self._named(organs)}"), _depicts(this, organs)))
        if symptoms:
            lines.append((sentence(f"the record names {self._named(symptoms)}"), _depicts(this, symptoms)))
        return lines

    def _absent(self, sample: Sample) -> list[Line]:
        denied = [
            a.node
            for axis in ("finding", "disease")
            for a in sample.of(axis, "negative")
            if a.node not in sample.barred
        ][:_MOST]
        if not denied:
            return []
        facts = [(f"sample:{sample.sample_id}", "met:excludes", n) for n in denied]
        return [(sentence(f"there is no {self._named(denied, 'or')}"), facts)]

    def _general(self, sample: Sample) -> Iterator[Line]:
        """What is known of the diseases and findings shown, worded as general knowledge."""
        findings = [n for n in self._shown(sample, "finding") if n in self._tree.answers("finding")]
        for node in [*self._shown(sample, "disease"), *findings][:_GENERAL]:
            name, facts = self._names[node], self._tree.nodes[node]
            if facts.parent in self._tree.nodes and self._tree.nodes[facts.parent].depth >= 2:
                kind = self._names[facts.parent]
                yield sentence(f"{indefinite(name)} is a kind of {kind}"), [(node, "met:treeParent", facts.parent)]
            for link_kind, says in _SAYS.items():
                links = [k for k in self._tree.links(node, link_kind) if k.target in self._tree.nodes]
                near = [k for k in links if k.carrier == links[0].carrier][:_MOST]
                if near:
                    carrier = indefinite(self._names[near[0].carrier])
                    text = says.format(carrier=carrier, targets=self._named([k.target for k in near]))
                    yield sentence(text), [(k.carrier, PREDICATE[link_kind], k.target) for k in near]
            if facts.definition:
                # The definition stands as its source has it.
                yield sentence(f"{name} is defined as: {facts.definition}"), [(node, "IAO:0000115", facts.definition)]


def _with_article(name: str) -> str:
    return f"{article(name)} {name}"


def _depicts(sample: str, nodes: Sequence[str]) -> list[Fact]:
    return [(sample, "met:depicts", node) for node in nodes]
