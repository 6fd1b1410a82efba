"""Reading MMMU answers: multiple choice with its random fallback, open answers with their numbers.

The rules are those of the benchmark's own evaluation code as the public harness calls it (docs/evaluation.md).
"""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Mapping
from typing import Final

from met_kg.evaluation.response import NO_BOX, answer_tag, boxed

__all__ = ["choices_of", "open_candidates", "open_is_right", "parse_choice", "unwrap_mmmu"]

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
    if not isinstance(listed, list | tuple):
        raise ValueError(f"options are no list: {options!r}")
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
        indicators = (*_INDICATORS, "=") if index == len(pieces) - 1 else _INDICATORS
        tails = [piece.split(i)[-1].strip() for i in indicators if i in piece]
        tails = [t for t in tails if t]
        if tails and (tail := min(tails, key=len)) not in _STRIPPED:
            kept.append(tail)
    kept = kept or [response]
    texts = list(kept)
    for piece in kept:
        for pattern in _NUMBERS:
            texts += pattern.findall(piece)
    candidates: list[str | float] = []
    for text in texts:
        candidates += [c for c in _normal(text) if c not in candidates]
    return candidates


def _normal(text: str) -> list[str | float]:
    text = text.strip()
    try:
        return [round(float(text.replace(",", "")), 2)]
    except ValueError:
        text = text.lower()
        return [f" {text}", f"{text} "] if len(text) == 1 else [text]


def open_is_right(gold: object, candidates: list[str | float]) -> bool:
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
