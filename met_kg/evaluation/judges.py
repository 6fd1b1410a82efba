"""Right or wrong without a judge model, rule by rule as in the public harness.

Quirks are kept on purpose and named in docs/evaluation.md; :mod:`met_kg.evaluation.corrected` repairs them.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from met_kg.evaluation.response import parse_response

__all__ = ["OPEN_METRICS", "Judged", "closed_word", "multiple_choice", "open_metrics", "open_text", "yes_no"]

OPEN_METRICS = (
    "em", "bleu1", "bleu2", "bleu3", "bleu4", "rouge1", "rouge2", "rougel", "precision", "recall", "f1",
)  # fmt: skip


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
    f1, precision, recall = metrics["f1"], metrics["precision"], metrics["recall"]
    metrics |= {"precision": f1, "recall": precision, "f1": recall}
    return Judged(said, said == gold, metrics, _empty_note(said))


def _empty_note(said: str) -> str:
    # The harness raises on such an answer and loses the benchmark; here it scores 0, stays in the denominator, and is
    # counted.
    return "" if said.replace(".", "").strip() else "empty answer"


def open_metrics(gold: str, said: str) -> dict[str, float]:
    """Exact match, BLEU-1..4 (nltk), ROUGE-1/2/L (package rouge), token-set precision, recall, F1, all 0..1."""
    zero = dict.fromkeys(OPEN_METRICS, 0.0)
    zero["em"] = float(gold == said)
    if _empty_note(said) or _empty_note(gold):
        return zero
    from nltk.translate.bleu_score import sentence_bleu
    from rouge import Rouge

    reference, hypothesis = [t.replace(".", " .").split(" ") for t in (gold, said)]
    scores = zero
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nltk warns of missing higher n-grams: they are meant to score about 0
        for n in range(1, 5):
            scores[f"bleu{n}"] = float(sentence_bleu([reference], hypothesis, weights=(1 / n,) * n))
    found = Rouge().get_scores(said, gold)[0]
    scores |= {
        "rouge1": float(found["rouge-1"]["f"]),
        "rouge2": float(found["rouge-2"]["f"]),
        "rougel": float(found["rouge-l"]["f"]),
    }
    ours, theirs = set(said.split()), set(gold.split())
    common = len(ours & theirs)
    if common:
        precision, recall = common / len(ours), common / len(theirs)
        scores |= {"precision": precision, "recall": recall, "f1": 2 * precision * recall / (precision + recall)}
    return scores


def multiple_choice(options: Sequence[str], gold: str, response: str) -> Judged:
    """A letter, an option's text, or the option most like the whole response: there is no unparsed outcome.

    Parameters
    ----------
    options
        as the model saw them (with or without their own letters).
    gold
        the letter, or the text of the right option.
    """
    letters = [chr(ord("a") + i) for i in range(len(options))]
    lowered = [o.lower() for o in options]
    gold = gold.strip().lower()
    text = response.lower()
    blocks = text.split("\n\n")
    if blocks[0] in letters:
        text = blocks[0]
    elif blocks[-1].split(".")[0] in letters:
        text = blocks[-1].split(".")[0]
    text = parse_response(text).strip().replace("\n", "")
    key = text.split(".")[0].split(":")[-1]
    if key in letters:
        chosen = letters.index(key)
        return Judged(key.upper(), key == gold or lowered[chosen] == gold)
    if key == gold:
        return Judged(key, True)
    if key in lowered:
        chosen = lowered.index(key)
        return Judged(letters[chosen].upper(), letters[chosen] == gold)
    best, chosen = 0.0, 0
    for i, option in enumerate(lowered):
        ratio = SequenceMatcher(None, option, text).ratio()
        if ratio > best:
            best, chosen = ratio, i
    right = gold in (letters[chosen], lowered[chosen])
    return Judged(letters[chosen].upper(), right, note="nearest option")
