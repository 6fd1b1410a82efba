"""Right or wrong without a judge model, rule by rule as in the public harness.

Quirks are kept on purpose and named in docs/evaluation.md; :mod:`met_kg.evaluation.corrected` repairs them.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Final

from met_kg.evaluation.response import parse_response

__all__ = [
    "EMPTY",
    "OPEN_METRICS",
    "Judged",
    "closed_word",
    "multiple_choice",
    "nearest_option",
    "open_metrics",
    "open_text",
    "yes_no",
]

OPEN_METRICS = (
    "em", "bleu1", "bleu2", "bleu3", "bleu4", "rouge1", "rouge2", "rougel", "precision", "recall", "f1",
)  # fmt: skip


#: Note of an answer that says nothing: wrong, kept in the denominator, counted.
EMPTY: Final = "empty answer"


@dataclass(frozen=True, slots=True)
class Judged:
    """What was read from a response, whether it is right, and for open answers how near it is."""

    extracted: str
    correct: bool
    metrics: dict[str, float] = field(default_factory=dict)
    note: str = ""


def _without(text: str, characters: str) -> str:
    for character in characters:
        text = text.replace(character, "")
    return text


def yes_no(gold: str, response: str) -> Judged:
    """By substring: exactly one of 'yes' and 'no' occurs, and the gold answer occurs. 'Abnormal' holds a 'no'.

    >>> yes_no("no", "The lungs are normal.").correct
    True
    """
    said = _without(parse_response(response), "\n.")
    one = ("yes" in said) != ("no" in said)
    return Judged(said, one and gold.lower() in said)


def closed_word(gold: str, response: str) -> Judged:
    """Equality after lower case and without full stops and newlines in the response; nothing is stripped.

    >>> closed_word("Yes", "yes ").correct
    False
    """
    said = _without(parse_response(response), "\n.")
    return Judged(said, said == gold.lower())


def open_text(gold: str, response: str) -> Judged:
    """Exact match and the text metrics, precision, recall and F1 under the harness's permuted names."""
    gold, said = gold.lower(), parse_response(response)
    metrics = open_metrics(gold, said)
    if metrics is None:
        return Judged(said, False, dict.fromkeys(OPEN_METRICS, 0.0), EMPTY)
    f1, precision, recall = metrics["f1"], metrics["precision"], metrics["recall"]
    return Judged(said, said == gold, metrics | {"precision": f1, "recall": precision, "f1": recall})


def open_metrics(gold: str, said: str) -> dict[str, float] | None:
    """Exact match, BLEU-1..4 (nltk), ROUGE-1/2/L (package rouge), token-set precision, recall, F1, all 0..1.

    None where there is nothing to compare: the harness raises on such an answer and loses the whole benchmark, so that
    each protocol decides what it counts for. Only exact match sees capitals.

    >>> found = open_metrics("none", "None")
    >>> found["em"], found["bleu1"], found["f1"]
    (0.0, 1.0, 1.0)
    """
    em = float(gold == said)
    gold, said = gold.lower(), said.lower()
    ours, theirs = set(said.split()), set(gold.split())
    if not ours or not theirs or not said.replace(".", "") or not gold.replace(".", ""):
        return None
    scores = {"em": em} | _bleu(gold, said) | _rouge(gold, said)
    common = len(ours & theirs)
    precision, recall = common / len(ours), common / len(theirs)
    f1 = 2 * precision * recall / (precision + recall) if common else 0.0
    return scores | {"precision": precision, "recall": recall, "f1": f1}


def _bleu(gold: str, said: str) -> dict[str, float]:
    from nltk.translate.bleu_score import sentence_bleu

    reference, hypothesis = [t.replace(".", " .").split(" ") for t in (gold, said)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nltk warns of missing higher n-grams: they are meant to score about 0
        return {f"bleu{n}": float(sentence_bleu([reference], hypothesis, weights=(1 / n,) * n)) for n in range(1, 5)}


def _rouge(gold: str, said: str) -> dict[str, float]:
    from rouge import Rouge

    # The package walks the longest common subsequence one call a word: a model that rambles for a thousand words would
    # end the scoring with a RecursionError.
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(limit + len(said.split()) + len(gold.split()))
    try:
        found = Rouge().get_scores(said, gold)[0]
    finally:
        sys.setrecursionlimit(limit)
    return {f"rouge{n.lower()}": float(found[f"rouge-{n.lower()}"]["f"]) for n in "12L"}


def multiple_choice(options: Sequence[str], gold: str, response: str) -> Judged:
    """A letter, an option's text, or the option most like the whole response: there is no unparsed outcome.

    Parameters
    ----------
    options
        as the model saw them (with or without their own letters).
    gold
        the letter, or the text of the right option.
    """
    if not options:
        raise ValueError("the record has no options")
    letters = [chr(ord("a") + i) for i in range(len(options))]
    lowered = [o.lower() for o in options]
    gold = gold.strip().lower()
    text = response.lower()
    blocks = text.split("\n\n")
    first, last = blocks[0], blocks[-1].split(".")[0]
    if first in letters:
        text = first
    elif last in letters:
        text = last
    # Lower-cased again: a box that never closes reads 'None'.
    text = parse_response(text).strip().lower().replace("\n", "")
    key = text.split(".")[0].split(":")[-1]
    if key in letters:
        chosen = letters.index(key)
        return Judged(key.upper(), gold in (key, lowered[chosen]))
    same = [letters[i] for i, option in enumerate(lowered) if option == key]
    if same:
        return Judged((gold if gold in same else same[0]).upper(), gold == key or gold in same)
    if key == gold:  # the record's answer is a text that no option has
        return Judged(key.upper() if len(key) == 1 else key, True)
    chosen = nearest_option(lowered, text)
    return Judged(letters[chosen].upper(), gold in (letters[chosen], lowered[chosen]), note="nearest option")


def nearest_option(options: Sequence[str], text: str) -> int:
    """Place of the option most like the text by ``SequenceMatcher(None, option, text).ratio()``; the first of equals.

    The ratio is costly. Its upper bound, by the letters that both have, is not: options are looked at from the highest
    bound down, and those whose bound cannot win are left out. The matcher reads the text once for all options.
    """
    matcher = SequenceMatcher(None, "", text)
    bounds = []
    for option in options:
        matcher.set_seq1(option)
        bounds.append(matcher.quick_ratio())
    best, chosen = 0.0, 0
    for i in sorted(range(len(options)), key=lambda i: (-bounds[i], i)):
        if bounds[i] < best or (bounds[i] == best and i > chosen):
            continue
        matcher.set_seq1(options[i])
        ratio = matcher.ratio()
        if ratio > best or (ratio == best and i < chosen):
            best, chosen = ratio, i
    return chosen
