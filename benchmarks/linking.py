"""Entity linking by dictionary: our linker and spaCy's PhraseMatcher over the same names and texts.

Run: ``python -m benchmarks.linking``. The size is the number of names; the texts stay the same.
"""

from __future__ import annotations

import random
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.measure import Measured, arguments, measure, report
from met_kg.literature.lexicon import Lexicon, LexiconEntry
from met_kg.literature.linker import Linker

SIZES = (1_000, 4_000, 16_000, 64_000)
_SYLLABLES = ("ba", "co", "di", "fe", "ga", "lo", "mi", "nu", "pe", "ra", "so", "ta")
_KINDS = ("stenosis", "effusion", "fracture", "cyst", "infarct", "oedema", "mass", "abscess")
_FILLER = ("the", "patient", "was", "seen", "again", "after", "two", "weeks", "and", "there", "was", "no", "change")


def names_of(size: int) -> list[str]:
    """So many different names of two or three words."""
    organs = ["".join(s) for s in product(_SYLLABLES, repeat=4)]
    random.Random(1).shuffle(organs)
    return [f"{organs[i // len(_KINDS)]}al {_KINDS[i % len(_KINDS)]}" for i in range(size)]


def texts_of(names: list[str], count: int) -> list[str]:
    """Abstracts of some 150 words, each with ten of the names."""
    rng = random.Random(2)
    texts = []
    for _ in range(count):
        words = [rng.choice(_FILLER) for _ in range(130)]
        for _ in range(10):
            words.insert(rng.randrange(len(words)), rng.choice(names))
        texts.append(" ".join(words) + ".")
    return texts


def run(sizes: list[int], out: Path, *, texts: int = 400) -> list[Measured]:
    """Measure all sizes; the work is mentions found."""
    import spacy
    from spacy.matcher import PhraseMatcher

    rows: list[Measured] = []
    for size in sizes:
        names = names_of(size)
        read = texts_of(names[:1000], texts)
        entries = (LexiconEntry(name, f"DOID:{i}", "disease", name) for i, name in enumerate(names))
        linker = Linker(Lexicon(entries))
        nlp = spacy.blank("en")
        matcher = PhraseMatcher(nlp.vocab, attr="LOWER")
        matcher.add("name", [nlp.make_doc(name) for name in names])
        rows.append(measure("met-kg", size, _ours, (linker, read)))
        rows.append(measure("spaCy PhraseMatcher", size, _theirs, (nlp, matcher, read)))
    report("linking", "mentions", rows, out, ["spacy", "ahocorasick_rs"])
    return rows


def _ours(given: tuple[Linker, list[str]]) -> int:
    linker, texts = given
    return sum(len(linker.link(text)) for text in texts)


def _theirs(given: tuple[Any, Any, list[str]]) -> int:
    nlp, matcher, texts = given
    return sum(len(matcher(nlp(text))) for text in texts)


if __name__ == "__main__":
    given = arguments(__doc__, SIZES)
    run(given.sizes, given.out)
