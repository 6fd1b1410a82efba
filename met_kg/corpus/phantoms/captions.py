"""Captions for drawn pictures: an opening, what is seen, and what is not."""

from __future__ import annotations

import re

import numpy as np

from met_kg.corpus.phantoms import Kind, Scene, State

__all__ = ["compose"]

_PERSONS = {"F": ("woman", "female"), "M": ("man", "male")}


def compose(
    rng: np.random.Generator, kind: Kind, state: State, scene: Scene, sex: str, age: int
) -> tuple[str, list[str]]:
    """A caption and the names of the states that it denies."""
    words = {
        "view": scene.view,
        "side": scene.side,
        "Side": scene.side.capitalize(),
        "age": str(age),
        "person": str(rng.choice(_PERSONS[sex])),
    }
    sentences = [kind.openings[rng.integers(len(kind.openings))], state.sayings[rng.integers(len(state.sayings))]]
    shown = {state.name, *state.shows_too}
    others = [s for s in kind.states if s.denial and s.name not in shown]
    count = min(int(rng.choice([0, 1, 2], p=[0.35, 0.4, 0.25])), len(others))
    denied = [others[i] for i in sorted(rng.choice(len(others), size=count, replace=False))] if count else []
    sentences += [s.denial for s in denied]
    text = " ".join(dict.fromkeys(s.format_map(words) for s in sentences))
    text = re.sub(r"\ba (?=8\d-year)", "an ", text)
    return text[0].upper() + text[1:], [s.name for s in denied]
