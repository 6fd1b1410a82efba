"""Reading MMMU answers: multiple choice with its random fallback, open answers with their numbers.

The rules are those of the benchmark's own evaluation code as the public harness calls it (docs/evaluation.md).
"""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Mapping, Sequence
from typing import Final

from met_kg.evaluation.response import NO_BOX, answer_tag, boxed

__all__ = ["choices_of", "gold_texts", "open_candidates", "open_is_right", "parse_choice", "unwrap_mmmu"]

_STRIPPED: Final = (",", ".", "!", "?", ";", ":", "'")
_INDICATORS: Final = ("could be ", "so ", "is ", "thus ", "therefore ", "final ", "answer ", "result ")
_NUMBERS: Final = (
    re.compile(r"-?\b\d{1,3}(?:,\d{3})+\b"),
    re.compile(r"-?\d+(?:\.\d+)?[eE][+-]?\d+"),
    re.compile(r"-?(?:\d+\.\d+|\.\d+|\d+\b)(?![eE][+-]?\d+)(?![,\d])"),
)


def choices_of(options: object) -> dict[str, str]:
    """Letter -> text, from the record's ``options``: a string that holds a Python list, or a list."""
    listed = ast.literal_eval(options) if isinstance(options, str) else options
    if not isinstance(listed, list | tuple) or not listed:
        raise ValueError(f"options are no list of texts: {str(options)[:80]!r}")
    return {chr(ord("A") + i): str(text) for i, text in enumerate(listed)}


def unwrap_mmmu(text: str) -> str:
    """Tags first, then a closed box."""
    if "<answer>" in text:
        text = answer_tag(text)
    box = boxed(text)
    return text if box == NO_BOX else box


def parse_choice(response: str, choices: Mapping[str, str], rng: random.Random) -> tuple[str, bool]:
    """The letter chosen, and whether it had to be drawn at random (``rng``) because none was found."""
    if "<answer>" in response:
        response = answer_tag(response)
    elif "\\boxed" in response:
        response = boxed(response)
    response = response.strip()
    for character in _STRIPPED:
        response = response.strip(character)
    response = f" {response} "
    for form in ("({})", " {} "):
        found = {letter: response.rfind(form.format(letter)) for letter in choices}
        if any(place >= 0 for place in found.values()):
            return _latest(found), False
    if len(response.split()) > 5:
        found = {letter: response.lower().rfind(text.lower()) for letter, text in choices.items()}
        if any(place >= 0 for place in found.values()):
            return _latest(found), False
    return rng.choice(list(choices)), True


def _latest(found: Mapping[str, int]) -> str:
    """The candidate whose last occurrence is latest; the first of equals."""
    return max(found, key=lambda letter: found[letter])


def open_candidates(response: str) -> list[str | float]:
    """Texts and numbers that an open answer offers."""
    response = response.strip().strip(".").lower()
    pieces = response.split("\n")
    kept: list[str] = []
    for index, piece in enumerate(pieces):
        tail = ""
        for indicator in (*_INDICATORS, "=") if index == len(pieces) - 1 else _INDICATORS:
            if indicator in piece:
                found = piece.split(indicator)[-1].strip()
                # An empty tail is the shortest, and the next one replaces it whatever its length: as in the harness.
                tail = found if not tail or len(found) < len(tail) else tail
        if tail and tail not in _STRIPPED:
            kept.append(tail)
    kept = kept or [response]
    texts = kept + [number for piece in kept for pattern in _NUMBERS for number in pattern.findall(piece)]
    return list(dict.fromkeys(candidate for text in texts for candidate in _normal(text)))


def _normal(text: str) -> list[str | float]:
    text = text.strip()
    try:
        return [round(float(text.replace(",", "")), 2)]
    except ValueError:
        text = text.lower()
        return [f" {text}", f"{text} "] if len(text) == 1 else [text]


def gold_texts(gold: object) -> object:
    """A gold answer that is the string of a list, as that list: ``"['aorta', 'the aorta']"``."""
    if isinstance(gold, str) and gold.startswith("[") and gold.endswith("]"):
        try:
            found = ast.literal_eval(gold)
        except (ValueError, SyntaxError):
            return gold
        return [str(text) for text in found]
    return gold


def open_is_right(gold: object, candidates: Sequence[str | float]) -> bool:
    """A number equals the gold number (two decimals), or a gold text is a substring of a candidate."""
    golds = gold if isinstance(gold, list) else [gold]
    wanted = [n for g in golds for n in _normal(str(g))]
    for candidate in candidates:
        if isinstance(candidate, float):
            if candidate in wanted:
                return True
        elif any(isinstance(w, str) and w in candidate for w in wanted):
            return True
    return False
