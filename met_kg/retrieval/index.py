"""The index that nodes are searched in: written sample batch by sample batch, then read from disk as it is needed.

Four parts, each a few files in one folder: where nodes are named, BM25 (bm25s), dense vectors of the text and, where an
image embedder is named, of the image. What stays in memory is one identifier a sample and the vocabulary.
"""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from met_kg.literature.linker import Linker
from met_kg.literature.normalise import words
from met_kg.models.text import TextEmbedder
from met_kg.retrieval.mentions import FIELDS
from met_kg.retrieval.names import NodeNames

__all__ = ["AT_ONCE", "IndexWriter", "SampleIndex", "TextSample", "batched", "sample_text"]

_T = TypeVar("_T")

#: A name in a text: number of the sample, of the node, of the kind of name; how often; weight of the field.
_POSTING: Final = np.dtype([("row", "<i4"), ("node", "<i4"), ("kind", "i1"), ("count", "<i2"), ("weight", "<f4")])
#: The built-in embedder learns from at most this many texts: those of the smallest identifiers, whatever the order.
_LEARNT_FROM: Final = 20_000
#: Texts are turned into vectors so many at a time.
AT_ONCE: Final = 512


def sample_text(samples: pd.DataFrame) -> list[str]:
    """Caption and context of each sample as one text."""
    both = zip(samples["caption"], samples["context"], strict=True)
    return [f"{caption}\n\n{context}".strip() for caption, context in both]


class TextSample:
    """The texts of the smallest identifiers seen, so many at most: the same whatever the order and the batches."""

    def __init__(self, most: int = _LEARNT_FROM) -> None:
        self._most = most
        self._heap: list[tuple[int, str, str]] = []

    def add(self, sample_ids: Iterable[str], texts: Iterable[str]) -> None:
        """See more texts."""
        for sample_id, text in zip(sample_ids, texts, strict=True):
            # A heap gives its smallest first: numbers are turned round, so that the largest identifier goes.
            item = (-int.from_bytes(sample_id.encode()[:16].ljust(16, b"\0")), sample_id, text)
            if len(self._heap) < self._most:
                heapq.heappush(self._heap, item)
            else:
                heapq.heappushpop(self._heap, item)

    def texts(self) -> list[str]:
        """The texts kept that are not empty, in order of their identifiers."""
        return [text for _, _, text in sorted(self._heap, key=lambda item: item[1]) if text]


class IndexWriter:
    """Writes an index into an empty folder.

    Parameters
    ----------
    embed_images
        image paths as samples have them -> vectors, one row each, zero for an image that cannot be read; None for no
        image vectors.
    """

    def __init__(
        self,
        folder: Path,
        names: NodeNames,
        linker: Linker,
        embedder: TextEmbedder,
        embed_images: Callable[[Sequence[str]], NDArray[np.float32]] | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._names, self._linker = folder, names, linker
        self._embedder, self._embed_images = embedder, embed_images
        self._ids: list[str] = []
        self._vocabulary: dict[str, int] = {}
        self._ends = [0]
        self._sample = TextSample()
        self._files: dict[str, IO[bytes]] = {
            name: (folder / name).open("wb") for name in ("tokens", "named", "texts", "images")
        }

    def add(self, samples: pd.DataFrame) -> None:
        """Index a batch (columns ``sample_id caption context``, and ``image`` for image vectors)."""
        texts = sample_text(samples)
        self._sample.add(samples["sample_id"], texts)
        for sample_id, text, *fields in zip(samples["sample_id"], texts, *(samples[f] for f in FIELDS), strict=True):
            row = len(self._ids)
            self._ids.append(sample_id)
            self._files["texts"].write(json.dumps(text).encode() + b"\n")
            tokens: list[int] = []
            named: Counter[tuple[int, int]] = Counter()
            weight: dict[tuple[int, int], float] = {}
            for field, field_weight in zip(fields, FIELDS.values(), strict=True):
                if not field:
                    continue
                found = words(field)
                tokens += [self._vocabulary.setdefault(w, len(self._vocabulary)) for w in found.norm if w[0].isalnum()]
                for key in self._names.occurrences(found, self._linker.link(field)):
                    named[key] += 1
                    weight[key] = max(field_weight, weight.get(key, 0.0))
            self._files["tokens"].write(np.asarray(tokens, dtype=np.int32).tobytes())
            self._ends.append(self._ends[-1] + len(tokens))
            rows = [(row, node, kind, min(count, 32_000), weight[node, kind]) for (node, kind), count in named.items()]
            self._files["named"].write(np.array(rows, dtype=_POSTING).tobytes())
        if self._embed_images is not None and len(samples):
            self._files["images"].write(self._embed_images(samples["image"].tolist()).astype(np.float32).tobytes())

    def finish(self) -> SampleIndex:
        """Order what was added and open it for reading."""
        import bm25s

        for file in self._files.values():
            file.close()
        named = np.fromfile(self._folder / "named", dtype=_POSTING)
        named = named[np.lexsort((named["kind"], named["row"], named["node"]))]
        np.save(self._folder / "named.npy", named)
        bm25: Any = None
        if self._vocabulary:
            bm25 = bm25s.BM25(method="lucene")
            documents = _Documents(self._folder / "tokens", self._ends)
            bm25.index(_Tokenized(documents, self._vocabulary), show_progress=False)
            bm25.save(self._folder / "bm25", show_progress=False)
            bm25 = bm25s.BM25.load(self._folder / "bm25", mmap=True, show_progress=False)
        vectors = self._embed()
        images = None
        if self._embed_images is not None and self._ids:
            images = np.memmap(self._folder / "images", dtype=np.float32, mode="r").reshape(len(self._ids), -1)
        for name in ("tokens", "named", "texts"):
            (self._folder / name).unlink()
        postings = np.load(self._folder / "named.npy", mmap_mode="r") if len(named) else named
        starts = np.searchsorted(named["node"], np.arange(len(self._names.nodes) + 1))
        return SampleIndex(self._ids, self._names, bm25, vectors, images, self._embedder, postings, starts)

    def _embed(self) -> NDArray[np.float32] | None:
        """Vectors of all texts, on disk; None when there is nothing to learn from."""
        learnt_from = self._sample.texts()
        if not learnt_from:
            return None
        self._embedder.fit(learnt_from)
        path = self._folder / "vectors"
        with (self._folder / "texts").open("rb") as lines, path.open("wb") as out:
            for batch in batched((json.loads(line) for line in lines), AT_ONCE):
                out.write(self._embedder.encode(batch).astype(np.float32).tobytes())
        return np.memmap(path, dtype=np.float32, mode="r").reshape(len(self._ids), -1)


@dataclass(frozen=True, slots=True)
class SampleIndex:
    """An index, open for reading: row i of every part is sample ``ids[i]``."""

    ids: list[str]
    names: NodeNames
    bm25: Any
    vectors: NDArray[np.float32] | None
    images: NDArray[np.float32] | None
    embedder: TextEmbedder
    _named: NDArray[Any]
    _starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)

    def named(self, node: str) -> NDArray[Any]:
        """Where a node is named: records ``row node kind count weight``."""
        number = self.names.number.get(node)
        if number is None:
            return np.empty(0, dtype=_POSTING)
        found: NDArray[Any] = self._named[self._starts[number] : self._starts[number + 1]]
        return found

    def holding(self, token: str) -> NDArray[np.int32]:
        """Rows of the samples whose text has a word (compared form)."""
        number = self.bm25.vocab_dict.get(token) if self.bm25 is not None else None
        if number is None:
            return np.empty(0, dtype=np.int32)
        scores = self.bm25.scores
        rows: NDArray[np.int32] = scores["indices"][scores["indptr"][number] : scores["indptr"][number + 1]]
        return rows


@dataclass(frozen=True, slots=True)
class _Tokenized:
    """What bm25s takes for texts that are numbers of words already."""

    ids: _Documents
    vocab: dict[str, int]


class _Documents(Sequence[list[int]]):
    """The word numbers of each text, read from disk one text at a time."""

    def __init__(self, path: Path, ends: list[int]) -> None:
        self._ends = ends
        empty = path.stat().st_size == 0
        self._numbers: NDArray[np.int32] = np.empty(0, np.int32) if empty else np.memmap(path, np.int32, mode="r")

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, i: Any) -> Any:
        return self._numbers[self._ends[i] : self._ends[i + 1]].tolist()

    def __iter__(self) -> Iterator[list[int]]:
        return (self[i] for i in range(len(self)))


def batched(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """The items in lists of ``size``, the last maybe shorter (``itertools.batched`` from Python 3.12 on).

    >>> list(batched("abc", 2))
    [['a', 'b'], ['c']]
    """
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
