"""Entity linking by dictionary: our linker and spaCy's PhraseMatcher over the same names and texts.

Run: ``python -m benchmarks.linking``. The size is the number of names; the texts stay the same. Ours also resolves the
abbreviations that a text defines and says what is negated or uncertain; "names alone" leaves that out, as the peer.
"""

from __future__ import annotations

import random
from itertools import accumulate, product
from pathlib import Path
from typing import Any

from benchmarks.measure import Measured, arguments, measure, report
from met_kg.literature.lexicon import Lexicon, LexiconEntry
from met_kg.literature.linker import Linker

SIZES = (1_000, 10_000, 100_000, 500_000)
_SYLLABLES = ("ba", "co", "di", "fe", "ga", "lo", "mi", "nu", "pe", "ra", "so", "ta")
_KINDS = ("stenosis", "effusion", "fracture", "cyst", "infarct", "oedema", "mass", "abscess")
_SMALL = ("the", "of", "and", "in", "a", "to", "with", "was", "for", "is", "were", "no", "that", "by", "as", "not")
#: Different words in running text, beside names; a word's frequency falls with its rank, as in any language (Zipf).
_VOCABULARY = 40_000


def names_of(size: int) -> list[str]:
    """So many different names of two words."""
    organs = ["".join(s) for s in product(_SYLLABLES, repeat=5)]
    random.Random(1).shuffle(organs)
    return [f"{organs[i // len(_KINDS)]}al {_KINDS[i % len(_KINDS)]}" for i in range(size)]


def texts_of(names: list[str], count: int) -> list[str]:
    """Abstracts of ten sentences of twenty words, each abstract with ten of the names and one abbreviation."""
    rng = random.Random(2)
    words = [*_SMALL, *("".join(rng.choices(_SYLLABLES, k=rng.randint(2, 4))) for _ in range(_VOCABULARY))]
    weights = list(accumulate(1 / (rank + 3) for rank in range(len(words))))
    texts = []
    for _ in range(count):
        sentences = []
        for number in range(10):
            said = rng.choices(words, cum_weights=weights, k=18)
            name = rng.choice(names)
            short = "".join(word[0] for word in name.split()).upper()
            said.insert(rng.randrange(len(said)), f"{name} ({short})" if number == 0 else name)
            sentences.append(" ".join(said).capitalize() + ".")
        texts.append(" ".join(sentences))
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
        rows.append(measure("met-kg, names alone", size, _names_alone, (linker, read)))
        rows.append(measure("spaCy PhraseMatcher", size, _theirs, (nlp, matcher, read)))
    report("linking", "mentions", rows, out, ["spacy", "ahocorasick_rs"])
    return rows


def _ours(given: tuple[Linker, list[str]]) -> int:
    linker, texts = given
    return sum(len(linker.link(text)) for text in texts)


def _names_alone(given: tuple[Linker, list[str]]) -> int:
    """What the matcher does: no abbreviations, no negation."""
    linker, texts = given
    return sum(len(linker.names(text)) for text in texts)


def _theirs(given: tuple[Any, Any, list[str]]) -> int:
    nlp, matcher, texts = given
    return sum(len(matcher(nlp(text))) for text in texts)


if __name__ == "__main__":
    given = arguments(__doc__, SIZES)
    run(given.sizes, given.out)
