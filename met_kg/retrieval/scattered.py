"""Anchors for rarely mentioned nodes: a name turned round, or with small words in between.

"Melanoma of the rectum" names "rectum melanoma", and "head of the left caudate nucleus" names "head of caudate
nucleus"; no dictionary holds them all. Order and preposition are what keeps the sense: "large renal cell carcinoma" is
no "large cell carcinoma". Such an anchor has the method ``retrieval`` and a lower score than any mention.
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

#: Prepositions that join a thing to its place or kind; one stands for all.
_JOINS: Final = {"of": "of", "in": "of", "at": "of", "within": "of", "involving": "of"}
#: Words that may stand inside a name without changing what it names.
_FILLERS: Final = frozenset({"a", "an", "both", "bilateral", "her", "his", "its", "left", "right", "the", "this"})


@dataclass(frozen=True, slots=True)
class _Sentence:
    row: int  # of the sample
    field: str
    offset: int  # of the sentence in the field
    words: Words
    plain: str  # the words without fillers, joined and padded by spaces
    places: list[int]  # where in ``words`` each of them stands


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
        # What the dictionary holds, it has already read, and maybe as a better node.
        turned = [way for way in _turned(form) if way not in lexicon.forms]
        content = {word for word in form.split() if word not in _JOINS}
        if not turned or any(word not in holding for word in content):
            continue
        readings = lexicon.readings(form, form)
        if not readings:
            continue
        entry = readings[0].entry
        if entry.scope not in ("LABEL", "EXACT") or count[entry.node] >= options.few:
            continue
        places = _places(turned, content, found, holding)
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
    found = []
    for field in FIELDS:
        for row, text in enumerate(samples[field]):
            for start, end in sentences(text):
                here = words(text[start:end])
                kept = [i for i, word in enumerate(here.norm) if word not in _FILLERS]
                plain = " ".join(_JOINS.get(here.norm[i], here.norm[i]) for i in kept)
                found.append(_Sentence(row, field, start, here, f" {plain} ", kept))
    return found


def _turned(form: str) -> list[str]:
    """The ways in which a name can be turned round; none for one word, punctuation, or a side that it names itself.

    >>> _turned("rectum melanoma"), _turned("head of pancreas")
    (['melanoma of rectum'], ['head of pancreas', 'pancreas head'])
    """
    parts = [_JOINS.get(word, word) for word in form.split()]
    if len(parts) < 2 or not all(part.isalnum() and part not in _FILLERS for part in parts):
        return []
    if "of" in parts:
        at = parts.index("of")
        head, rest = parts[:at], parts[at + 1 :]
        return [" ".join(parts), " ".join(rest + head)] if head and rest and "of" not in rest else []
    return [" ".join([*parts[i:], "of", *parts[:i]]) for i in range(1, len(parts))]


def _places(
    turned: list[str], content: set[str], found: list[_Sentence], holding: dict[str, set[int]]
) -> list[tuple[_Sentence, int, int]]:
    """Sentences that hold one of the ways: first and last word there."""
    places = []
    for index in sorted(set.intersection(*(holding[word] for word in content))):
        sentence = found[index]
        for way in turned:
            at = sentence.plain.find(f" {way} ")
            if at >= 0:
                first = sentence.plain.count(" ", 0, at + 1) - 1
                last = first + way.count(" ")
                places.append((sentence, sentence.places[first], sentence.places[last]))
                break
    return places
