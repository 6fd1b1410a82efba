"""Read literature once: mentions, relations and new terms of every document, collected while it passes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from met_kg.graph.store import Graph
from met_kg.literature.document import Document
from met_kg.literature.evidence import mention_rows
from met_kg.literature.extractor import Extractor
from met_kg.literature.lexicon import Lexicon
from met_kg.literature.linker import Linker
from met_kg.literature.new_terms import TermFinder
from met_kg.literature.relations import MinedRelation, RelationMiner
from met_kg.models.chat import ChatModel
from met_kg.records import Mention, Quarantined

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Reading"]


class Reading:
    """What a tree's names, relations and gaps look like in literature.

    Parameters
    ----------
    model
        a language model that reads every document after the dictionary; None for none.
    passage
        characters that it is given at a time.
    """

    def __init__(self, graph: Graph, model: ChatModel | None = None, *, passage: int = 2000) -> None:
        self.lexicon = lexicon = Lexicon.from_graph(graph)
        self.labels, self.axes = lexicon.label_of, lexicon.axis_of
        self._linker = Linker(lexicon)
        self._extractor = Extractor(model, lexicon, most_characters=passage) if model else None
        self.dropped: list[Quarantined] = []
        self.read_by_model = 0
        relatable = {str(row["node"]) for row in graph.rows("literature/relatable")}
        self._known: dict[str, list[str]] = {}
        for row in graph.rows("literature/related"):
            self._known.setdefault(str(row["node"]), []).append(str(row["target"]))
        self.terms = TermFinder(self._linker, relatable.__contains__)
        self._miner = RelationMiner(relatable.__contains__)
        self._rows: list[dict[str, Any]] = []
        self.documents = 0

    def add(self, document: Document) -> None:
        """Read one document."""
        self.documents += 1
        found = self._linker.link(document.text)
        if self._extractor:
            found = self._with_model(self._extractor, document, found)
        self._rows += mention_rows(document, found)
        self._miner.add(document, found)
        self.terms.add_document(document, found)

    def _with_model(self, extractor: Extractor, document: Document, found: list[Mention]) -> list[Mention]:
        """Add what a model reads where the dictionary has nothing of that axis."""
        read = extractor.extract(document)
        self.dropped += read.dropped
        for term in read.unknown:
            self.terms.add_unknown(document, term)
        new = [
            m for m in read.mentions if not any(m.axis == o.axis and m.start < o.end and o.start < m.end for o in found)
        ]
        self.read_by_model += len(new)
        return sorted([*found, *new], key=lambda m: (m.start, m.end, m.axis, m.node))

    def mentions(self) -> pd.DataFrame:
        """Every mention, in the schema ``mentions`` of :mod:`met_kg.tables`."""
        from met_kg import tables

        return tables.frame("mentions", self._rows)

    def relations(self, *, alpha: float) -> Iterator[MinedRelation]:
        """Relations mined at a false discovery rate, that the tree does not have."""
        return self._miner.mined(alpha=alpha, known=self._known)

    def relations_table(self, relations: Iterable[MinedRelation]) -> pd.DataFrame:
        """Relations in the schema ``relations`` of :mod:`met_kg.tables`."""
        from met_kg import tables

        rows = [
            {
                "subject": r.subject,
                "subject_label": self.labels.get(r.subject, ""),
                "kind": r.kind,
                "target": r.target,
                "target_label": self.labels.get(r.target, ""),
                "count": r.count,
                "stated": r.stated,
                "score": r.score,
                "q_value": r.q_value,
                "sources": "|".join(r.sources),
                "documents": "|".join(e.document for e in r.evidence),
                "sentence": r.evidence[0].sentence,
            }
            for r in relations
        ]
        return tables.frame("relations", rows)
