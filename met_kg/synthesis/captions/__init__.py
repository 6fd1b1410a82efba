"""Captions in three levels, written from what a sample's anchors, its source text and the tree say.

Every sentence comes with its facts: triples of the graph, and spans of the source. Nothing is said of the image that
neither an anchor nor the source says; what the tree knows in general is worded as general. docs/captions.md has more.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from met_kg.records import Quarantined
from met_kg.synthesis.captions.content import Content, Selector
from met_kg.synthesis.captions.facts import Line
from met_kg.synthesis.captions.general import general_lines
from met_kg.synthesis.captions.seen import opening, rest
from met_kg.synthesis.captions.speaker import Speaker, acronyms
from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.items import GENERATOR
from met_kg.synthesis.names import Names
from met_kg.synthesis.options import Level
from met_kg.synthesis.plan import seeded
from met_kg.synthesis.sample import Sample

__all__ = ["CaptionWriter"]

_EXPLAINED: Final = 3  # nodes that the knowledge-rich level explains


class CaptionWriter:
    """Writes the captions of samples over one tree."""

    def __init__(self, tree: TreeIndex, names: Names, levels: Sequence[Level], seed: int = 0) -> None:
        self._tree, self._names, self._levels, self._seed = tree, names, levels, seed
        self._select = Selector(tree, names)
        self._acronyms = acronyms(tree, names)
        self.rejected: list[Quarantined] = []

    def write(self, sample: Sample) -> Iterator[dict[str, Any]]:
        """Rows of table ``captions``; a sample of which nothing sure is known is set aside."""
        content = self._select.content(sample)
        words = {s.node: s.span.text for s in content.organs if s.span is not None}
        say = Speaker(self._tree, self._names, self._acronyms, words)
        rng = seeded(self._seed, sample.sample_id, "caption")
        explained = self._explained(content)
        first = opening(content, sample, say, rng)
        if first is None:
            reason = "no caption can be written: nothing sure and positive is anchored to the sample"
            self.rejected.append(Quarantined(sample.source, f"sample {sample.sample_id}", reason, sample.caption[:200]))
            return
        seen = [first, *rest(content, say, rng)]
        known = [line for node in explained for line in self._general(node, say, rng)]
        lines: dict[Level, list[Line]] = {"short": seen[:1], "descriptive": seen, "knowledge": [*seen, *known]}
        for level in self._levels:
            yield {
                "sample_id": sample.sample_id,
                "level": level,
                "text": " ".join(line.text for line in lines[level]),
                "source_text": sample.caption or sample.context,
                "facts": json.dumps([line.as_json() for line in lines[level]], ensure_ascii=False),
                "generator": GENERATOR,
                "split": sample.split,
            }

    def _explained(self, content: Content) -> list[str]:
        told = [*content.diagnoses, *content.findings, *content.named]
        if content.picture is None:
            told += content.organs
        return [s.node for s in told][:_EXPLAINED]

    def _general(self, node: str, say: Speaker, rng: Any) -> Iterator[Line]:
        return general_lines(node, self._tree, self._names, say, rng)
