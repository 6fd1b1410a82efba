"""Anchors for rarely mentioned nodes: all words of a name close together in one sentence, in any order.

"Stenosis of the left subclavian artery" names "subclavian artery stenosis", which no dictionary finds. Such an anchor
has the method ``retrieval`` and a lower score than any mention.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from met_kg.literature.assertion import Assertions
from met_kg.literature.lexicon import Lexicon, LexiconEntry
from met_kg.literature.normalise import Words, words
from met_kg.literature.sentences import sentences
from met_kg.retrieval.mentions import FIELDS, POLARITY
from met_kg.retrieval.options import RetrievalOptions
from met_kg.retrieval.search import NodeSearch

__all__ = ["scattered_anchors"]

#: Words that a name can do without.
_FUNCTION: Final = frozenset(
    {"a", "an", "and", "as", "at", "by", "due", "for", "from", "in", "into", "of", "on", "or", "the", "to"}
)
#: One-word names are found by the dictionary or not at all.
_LEAST_WORDS: Final = 2


@dataclass(frozen=True, slots=True)
class _Sentence:
    row: int  # of the sample
    field: str
    offset: int  # of the sentence in the field
    words: Words


def scattered_anchors(
    samples: pd.DataFrame,
    lexicon: Lexicon,
    search: NodeSearch,
    mentioned: Iterable[tuple[str, str]],
    options: RetrievalOptions,
) -> Iterator[dict[str, Any]]:
    """Anchor rows for nodes with fewer than ``options.few`` mentioning samples.

    ``mentioned`` are the (sample, node) pairs already anchored, ancestors included.
    """
    have = set(mentioned)
    count: defaultdict[str, int] = defaultdict(int)
    for _, node in have:
        count[node] += 1
    found = _sentences(samples)
    holding: defaultdict[str, set[int]] = defaultdict(set)
    for index, sentence in enumerate(found):
        for word in sentence.words.norm:
            holding[word].add(index)
    ids, columns = samples["sample_id"].tolist(), {field: samples[field].tolist() for field in FIELDS}
    done: set[tuple[str, str]] = set()
    for form in sorted(lexicon.forms):
        content = [w for w in form.split() if w[0].isalnum() and w not in _FUNCTION]
        if len(set(content)) < _LEAST_WORDS or any(w not in holding for w in content):
            continue
        readings = lexicon.readings(form, form)
        if not readings:
            continue
        entry = readings[0].entry
        if entry.scope not in ("LABEL", "EXACT") or count[entry.node] >= options.few:
            continue
        places = _places(content, found, holding, options.spread)
        if not places:
            continue
        cosine = search.similarity(entry.label)
        ranked = sorted(places, key=lambda p: (-round(float(cosine[p[0].row]), 4), p[0].row, p[1]))
        for sentence, first, last in ranked[: options.depth]:
            key = (ids[sentence.row], entry.node)
            likeness = round(float(cosine[sentence.row]), 4)
            if key in have or key in done or likeness < options.dense:
                continue
            done.add(key)
            text = columns[sentence.field][sentence.row]
            start = sentence.offset + sentence.words.start[first]
            end = sentence.offset + sentence.words.end[last]
            yield _row(ids[sentence.row], entry, sentence.field, text, start, end, likeness, options)


def _row(
    sample_id: str,
    entry: LexiconEntry,
    field: str,
    text: str,
    start: int,
    end: int,
    likeness: float,
    o: RetrievalOptions,
) -> dict[str, Any]:
    status = Assertions(text).of(start, end, entry.axis)
    evidence = {"field": field, "start": start, "end": end, "text": text[start:end], "name": entry.term}
    return {
        "sample_id": sample_id,
        "node": entry.node,
        "axis": entry.axis,
        "polarity": POLARITY[status],
        "assertion": status,
        "method": "retrieval",
        "score": round(o.score * (1 + likeness) / 2, 4),
        "evidence": json.dumps(evidence, ensure_ascii=False),
    }


def _sentences(samples: pd.DataFrame) -> list[_Sentence]:
    return [
        _Sentence(row, field, start, words(text[start:end]))
        for field in FIELDS
        for row, text in enumerate(samples[field])
        for start, end in sentences(text)
    ]


def _places(
    content: list[str], found: list[_Sentence], holding: dict[str, set[int]], spread: int
) -> list[tuple[_Sentence, int, int]]:
    """Sentences with all the words within reach of each other: first and last word of the closest such stretch."""
    common = set.intersection(*sorted((holding[w] for w in set(content)), key=len))
    places = []
    for index in sorted(common):
        stretch = _closest(found[index].words.norm, set(content))
        if stretch is not None and stretch[1] - stretch[0] + 1 <= len(content) + spread:
            places.append((found[index], *stretch))
    return places


def _closest(norm: list[str], wanted: set[str]) -> tuple[int, int] | None:
    """The shortest stretch that holds every wanted word and no punctuation, leftmost of equals."""
    last: dict[str, int] = {}
    best: tuple[int, int] | None = None
    for i, word in enumerate(norm):
        if not word[0].isalnum():
            last.clear()
        elif word in wanted:
            last[word] = i
            if len(last) == len(wanted):
                first = min(last.values())
                if best is None or i - first < best[1] - best[0]:
                    best = (first, i)
    return best
