"""How often each example comes in a pass: the arithmetic of a mix, on plain numbers (``docs/curriculum.md``)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from met_kg.errors import DataProblem

__all__ = ["Shares", "allot", "filled", "rounded", "tempered"]

_Reals = npt.NDArray[np.float64]
_Flags = npt.NDArray[np.bool_]
#: Sums of shares are off by less.
_TINY: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Shares:
    """What a mix asks for.

    ``captions`` of all and ``hard`` of the questions are None where they stay as they are; ``limit`` is the most
    examples of a pass, and ``repeats`` the most times that a pass takes what has weight 1.
    """

    captions: float | None = None
    hard: float | None = None
    temperature: float = 1.0
    repeats: float = 1.0
    limit: int | None = None


def tempered(masses: _Reals, temperature: float) -> _Reals:
    """Shares proportional to ``masses ** (1 / temperature)`` (Arivazhagan et al. 2019, arXiv 1907.05019).

    >>> tempered(np.array([9.0, 1.0]), 1.0).round(9).tolist(), tempered(np.array([9.0, 1.0]), 2.0).round(9).tolist()
    ([0.9, 0.1], [0.75, 0.25])
    >>> tempered(np.array([9.0, 0.0, 1.0]), math.inf).tolist()
    [0.5, 0.0, 0.5]
    """
    powers = np.zeros_like(masses)
    powers[masses > 0] = (masses[masses > 0] / masses.max()) ** (1 / temperature)
    return np.asarray(powers / powers.sum())


def filled(shares: _Reals, most: _Reals, total: float) -> _Reals:
    """``total`` in proportion to ``shares``, each at most ``most``: what one cannot take goes to the others.

    >>> filled(np.array([0.5, 0.3, 0.2]), np.array([2.0, 9.0, 9.0]), 10).round(9).tolist()
    [2.0, 4.8, 3.2]
    """
    found = np.zeros_like(shares)
    free = shares > 0
    while free.any():
        given = shares * (total - found.sum()) / shares[free].sum()
        over = free & (given > most + _TINY)
        if not over.any():
            found[free] = given[free]
            break
        found[over] = most[over]
        free &= ~over
    return found


def rounded(expected: _Reals, order: Sequence[int], start: float) -> npt.NDArray[np.int64]:
    """Whole numbers: each is one of the two next to its number, and so is the sum of any neighbours, or of all.

    Systematic sampling (Madow 1949): the numbers are laid end to end in ``order``, and each takes the points
    ``start``, ``start + 1``, ... that fall on it.

    Parameters
    ----------
    start
        more than 0, less than 1. Where it is drawn evenly, each comes as often as its number says, on average.

    >>> rounded(np.array([0.5, 0.5, 2.0, 0.4, 0.6]), [0, 1, 2, 3, 4], 0.3).tolist()
    [1, 0, 2, 1, 0]
    """
    points = np.ceil(np.cumsum(expected[list(order)]) - start - _TINY).astype(np.int64)
    counts = np.zeros(len(expected), dtype=np.int64)
    counts[list(order)] = np.diff(np.maximum(points, 0), prepend=0)
    return counts


def allot(
    weights: _Reals, captions: _Flags, hard: _Flags, branches: Sequence[str], shares: Shares
) -> tuple[_Reals, _Reals]:
    """How often each example should come in a pass: as the shares alone would have it, and as there is enough of it.

    Parameters
    ----------
    weights
        times that an example comes in a natural pass.
    captions, hard, branches
        which examples are captions; of the others, which count as hard, and the branch of each.

    Raises
    ------
    DataProblem
        when a share is asked of what there is none of.
    """
    strata = {"caption": captions, "question": ~captions}
    if shares.hard is not None:
        strata = {"caption": captions, "hard": ~captions & hard, "other": ~captions & ~hard}
    mass = {name: float(weights[members].sum()) for name, members in strata.items()}
    sizes = _sizes(mass, shares)
    names, number = np.unique(np.asarray(branches, dtype=str), return_inverse=True)
    wanted, expected = np.zeros_like(weights), np.zeros_like(weights)
    for name, members in strata.items():
        if sizes[name] == 0:
            continue
        # Captions are one branch: a sample has many nodes.
        branch = np.zeros_like(number) if name == "caption" else number
        masses: _Reals = np.bincount(branch[members], weights[members], len(names)).astype(np.float64)
        part = tempered(masses, shares.temperature)
        given = filled(part, shares.repeats * masses, sizes[name])
        each = np.zeros_like(weights)
        np.divide(weights, masses[branch], out=each, where=members & (weights > 0))
        wanted += each * sizes[name] * part[branch]
        expected += each * given[branch]
    return wanted, expected


def _sizes(mass: dict[str, float], shares: Shares) -> dict[str, float]:
    """How much a pass takes of captions, hard and other questions: all there is, or as much as the shares allow."""
    parts = {"question": 1.0} if shares.hard is None else {"hard": shares.hard, "other": 1 - shares.hard}
    everything = sum(mass.values())
    questions = everything - mass["caption"]
    if everything == 0:
        raise DataProblem("no example has a weight above 0", hint="look at mix.weights and mix.caption_levels")
    if questions > 0:
        most = min(_most(name, part, mass, shares.repeats, "hard_share") for name, part in parts.items() if part > 0)
    else:
        most = 0.0
    if shares.captions is None:
        total = mass["caption"] + min(questions, most)
        caption_part = mass["caption"] / total
    else:
        caption_part = shares.captions
        total = everything
        if caption_part > 0:
            total = min(total, _most("caption", caption_part, mass, shares.repeats, "caption_share"))
        if caption_part < 1:
            if questions == 0:
                raise DataProblem(f"caption_share {caption_part:g} leaves room for questions, and there are none")
            total = min(total, most / (1 - caption_part))
    total = min(total, math.inf if shares.limit is None else shares.limit)
    questions_part = {name: total * (1 - caption_part) * part for name, part in parts.items()}
    return {"caption": total * caption_part, **questions_part}


def _most(name: str, part: float, mass: dict[str, float], repeats: float, setting: str) -> float:
    """The largest whole of which ``name`` can be the part."""
    if mass[name] == 0:
        what = {"hard": "hard question", "other": "question that is not hard"}.get(name, name)
        raise DataProblem(f"{setting} asks for a share of {part:g}, and there is no {what}")
    return repeats * mass[name] / part
