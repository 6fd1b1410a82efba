"""Samples -> anchors: what each image-text pair is about, and what it says is not there.

First pass, batch by batch, nothing kept in memory but counts: names in caption and context, metadata, and names turned
round, written to a work folder. Then nodes that are still short of samples take the best of what was found for them.
Last, batch by batch again, the statements about a sample are settled by the tree (:mod:`met_kg.retrieval.resolve`).
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from met_kg import tables
from met_kg.graph.store import Graph
from met_kg.literature.linker import Linker
from met_kg.models.text import text_embedder
from met_kg.records import Quarantined
from met_kg.retrieval.index import AT_ONCE, TextSample, batched, sample_text
from met_kg.retrieval.mentions import mention_anchors, polarity
from met_kg.retrieval.metadata import Metadata
from met_kg.retrieval.options import RetrievalOptions
from met_kg.retrieval.resolve import Ancestors, resolve
from met_kg.retrieval.suggest import Suggester
from met_kg.retrieval.turned import TurnedName, TurnedNames
from met_kg.retrieval.wanted import wanted

__all__ = ["Anchorer", "anchor_samples", "anchors_in_batches"]

_Row = dict[str, Any]


class Anchorer:
    """Anchors samples that come in batches; the anchors do not depend on how they are cut into batches.

    Parameters
    ----------
    quarantine
        takes metadata values that the tree does not know, each once, and labels that cannot be used.
    work
        an empty folder for what is found on the way; nothing in it is needed afterwards.
    images
        makes an image path of a sample a path on disk; only an image embedder needs it.
    """

    def __init__(
        self,
        graph: Graph,
        linker: Linker,
        *,
        options: RetrievalOptions,
        quarantine: Callable[[Quarantined], None],
        work: Path,
        images: Callable[[str], Path] = Path,
    ) -> None:
        work.mkdir(parents=True, exist_ok=True)
        self._linker, self._options, self._work = linker, options, work
        self._ancestors = Ancestors(graph)
        self._metadata = Metadata(linker.lexicon, quarantine)
        self._wanted = wanted(graph, options)
        self._ids: list[list[str]] = []  # of each batch
        self._found: Counter[str] = Counter()  # node -> samples that show it or a kind of it
        self._texts = TextSample()
        self._turned = TurnedNames(linker.lexicon) if options.search else None
        self._candidates = (work / "turned.jsonl").open("w", encoding="utf-8")
        self._suggester = (
            Suggester(graph, linker, options, work / "index", quarantine, images) if options.suggest else None
        )

    def add(self, samples: pd.DataFrame) -> None:
        """Look at a batch of table ``samples``."""
        rows = [*mention_anchors(samples, self._linker), *self._metadata.anchors(samples)]
        tables.write("anchors", tables.frame("anchors", rows), self._batch(len(self._ids)))
        self._ids.append(samples["sample_id"].tolist())
        shown: dict[str, set[str]] = defaultdict(set)
        said: dict[str, set[str]] = defaultdict(set)
        for row in rows:
            nodes = (row["node"], *self._ancestors[row["node"]])
            said[row["sample_id"]].update(nodes)
            if row["polarity"] == "positive":
                shown[row["sample_id"]].update(nodes)
        for nodes_shown in shown.values():
            self._found.update(nodes_shown)
        if self._turned is not None:
            texts = dict(zip(samples["sample_id"], sample_text(samples), strict=True))
            self._texts.add(texts.keys(), texts.values())
            for name in self._turned.find(samples):
                unsaid = name.entry.node not in said.get(name.sample_id, ())
                if unsaid and polarity(name.assertion, name.entry.axis) is not None:
                    self._candidates.write(_candidate(name, texts[name.sample_id]))
        if self._suggester is not None:
            self._suggester.add(samples)

    def finish(self) -> Iterator[pd.DataFrame]:
        """The anchors (table ``anchors``) of each batch, in the order of its samples, then of axis and node."""
        self._candidates.close()
        more = self._searched()
        guesses = self._suggester.rows(self._short(more)) if self._suggester is not None else {}
        for number, ids in enumerate(self._ids):
            found: dict[str, list[_Row]] = {sample_id: [] for sample_id in ids}
            for row in tables.read("anchors", self._batch(number)).to_dict("records"):
                found[row["sample_id"]].append({str(key): value for key, value in row.items()})
            for sample_id in ids:
                found[sample_id] += more.get(sample_id, ())
                found[sample_id] += self._unsaid(guesses.get(sample_id, ()), found[sample_id])
            yield tables.frame("anchors", resolve((row for rows in found.values() for row in rows), self._ancestors))

    def _unsaid(self, guesses: Iterable[_Row], said: Iterable[_Row]) -> list[_Row]:
        """Guesses at nodes of which a sample says nothing itself: what it says is never changed by one."""
        nodes = {node for row in said for node in (row["node"], *self._ancestors[row["node"]])}
        denied = {row["node"] for row in said if row["polarity"] == "negative"}
        return [g for g in guesses if g["node"] not in nodes and not self._ancestors[g["node"]] & denied]

    def _batch(self, number: int) -> Path:
        return self._work / f"anchors-{number:06d}.parquet"

    def _short(self, more: Mapping[str, list[_Row]]) -> dict[str, int]:
        """Node -> samples that it is still short of."""
        found = Counter(self._found)
        for rows in more.values():
            shown = [row["node"] for row in rows if row["polarity"] == "positive"]
            found.update({n for node in shown for n in (node, *self._ancestors[node])})
        return {node: count - found[node] for node, count in self._wanted.items() if count > found[node]}

    def _searched(self) -> dict[str, list[_Row]]:
        """Sample -> anchors by names turned round, for nodes that are short of samples.

        The samples most like the node come first, so many for each one that is still wanted: the fewer a node has, the
        deeper it is searched for.
        """
        short = self._short({})
        learnt_from = self._texts.texts()
        if not learnt_from or not short:
            return {}
        embedder = text_embedder(self._options.embedder, seed=self._options.seed)
        embedder.fit(learnt_from)
        found: defaultdict[str, list[tuple[float, str, int, _Row]]] = defaultdict(list)
        with (self._work / "turned.jsonl").open(encoding="utf-8") as lines:
            for batch in batched((c for line in lines if (c := json.loads(line))["node"] in short), AT_ONCE):
                texts, labels = (embedder.encode([c[key] for c in batch]) for key in ("of", "label"))
                alike = np.round((texts * labels).sum(axis=1).astype(float), 4).tolist()
                for candidate, likeness in zip(batch, alike, strict=True):
                    if likeness >= self._options.dense:
                        row = _anchor(candidate, likeness, self._options)
                        found[candidate["node"]].append((-likeness, candidate["sample_id"], candidate["start"], row))
        more: dict[str, list[_Row]] = {}
        for node in sorted(found):
            taken: set[str] = set()
            for _, sample_id, _, row in sorted(found[node], key=lambda f: f[:3]):
                if len(taken) >= self._options.depth * short[node]:
                    break
                if sample_id not in taken:
                    taken.add(sample_id)
                    more.setdefault(sample_id, []).append(row)
        return more


def anchors_in_batches(
    batches: Iterable[pd.DataFrame],
    graph: Graph,
    linker: Linker,
    *,
    options: RetrievalOptions,
    quarantine: Callable[[Quarantined], None],
    work: Path,
    images: Callable[[str], Path] = Path,
) -> Iterator[pd.DataFrame]:
    """Anchors of batches of table ``samples``, one frame a batch; see :class:`Anchorer`."""
    anchorer = Anchorer(graph, linker, options=options, quarantine=quarantine, work=work, images=images)
    for batch in batches:
        anchorer.add(batch)
    yield from anchorer.finish()


def anchor_samples(
    samples: pd.DataFrame,
    graph: Graph,
    linker: Linker,
    *,
    options: RetrievalOptions | None = None,
    quarantine: Callable[[Quarantined], None],
) -> pd.DataFrame:
    """Anchors of samples that fit into memory (table ``samples`` in, table ``anchors`` out)."""
    with TemporaryDirectory() as folder:
        found = anchors_in_batches(
            [samples], graph, linker, options=options or RetrievalOptions(), quarantine=quarantine, work=Path(folder)
        )
        return pd.concat(found, ignore_index=True)


def _candidate(name: TurnedName, text: str) -> str:
    entry = name.entry
    return (
        json.dumps(
            {
                "sample_id": name.sample_id,
                "node": entry.node,
                "axis": entry.axis,
                "label": entry.label,
                "name": entry.term,
                "field": name.field,
                "start": name.start,
                "end": name.end,
                "text": name.text,
                "assertion": name.assertion,
                "of": text,
            }
        )
        + "\n"
    )


def _anchor(candidate: Mapping[str, Any], likeness: float, options: RetrievalOptions) -> _Row:
    evidence = {key: candidate[key] for key in ("field", "start", "end", "text", "name")}
    return {
        "sample_id": candidate["sample_id"],
        "node": candidate["node"],
        "axis": candidate["axis"],
        "polarity": polarity(candidate["assertion"], candidate["axis"]),
        "assertion": candidate["assertion"],
        "method": "retrieval",
        "score": round(options.score * (1 + likeness) / 2, 4),
        "evidence": json.dumps(evidence, ensure_ascii=False),
    }
