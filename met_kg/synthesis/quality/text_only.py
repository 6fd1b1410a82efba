"""The built-in solver that never sees an image: words and letters of question and options, learnt from other patients.

Multiple choice: the options of an item are compared pairwise (Bradley and Terry 1952), a logistic regression on the
difference of their features: the option as a whole, its words and n-grams of letters, its length beside the others',
itself crossed with the question's words, and with the company it keeps. Yes-no: the question's words and n-grams. Open:
the question's words and pairs of words, to the answers that others had. Folds never part a patient or document.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from met_kg.filtering.phrases import words_of
from met_kg.synthesis.quality.context import key_option

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = ["Solver", "TextOnly", "folds_of", "solver"]

Item = Mapping[str, Any]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_LETTERS: Final = (3, 4, 5)  # of an n-gram
_STEPS: Final = 60
#: Answers to open questions that are learnt; rarer ones are never guessed.
_ANSWERS: Final = 100
_RARE: Final = -1
_EQUAL: Final = 1e-9


@dataclass(frozen=True, slots=True)
class TextOnly:
    """Of each item how often it was solved (0..1) over the cross-validations, and the mean probability of its key.

    ``inverted`` is how often the answer that the solver finds *least* likely is right: above chance where names were
    balanced so exactly that what was seldom right among the others must be right here.
    """

    solved: Floats
    probability: Floats
    inverted: Floats


def folds_of(groups: Sequence[str], count: int, rng: np.random.Generator) -> Ints:
    """A fold for each item: all of a group in one, folds of about the same size."""
    size = Counter(groups)
    names = sorted(size)
    rng.shuffle(names)
    held, at = [0] * count, {}
    for name in sorted(names, key=lambda n: -size[n]):  # stable: the shuffle decides among equals
        at[name] = held.index(min(held))
        held[at[name]] += size[name]
    return np.array([at[g] for g in groups], dtype=np.int64)


class Solver(ABC):
    """A solver over the items of one type and format: features once, then as many cross-validations as wanted."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = items

    def cross_validated(
        self, rows: Ints, groups: Sequence[str], weights: Floats, *, folds: int, repeats: int, seed: Sequence[int]
    ) -> TextOnly | None:
        """Solve the items at ``rows`` (their groups and weights given), none with a model that saw its group.

        ``seed`` names the folds: other numbers, other folds. None where there are fewer groups than folds.
        """
        if len(set(groups)) < folds:
            return None
        found = np.zeros((3, len(rows)))
        for repeat in range(repeats):
            fold = folds_of(groups, folds, np.random.default_rng([*seed, repeat]))
            for number in range(folds):
                held = fold == number
                if held.any() and not held.all():
                    found[:, held] += self._solve(rows[~held], weights[~held], rows[held])
        return TextOnly(*(found / repeats))

    @abstractmethod
    def _solve(self, learn: Ints, weights: Floats, ask: Ints) -> Floats:
        """Rows solved, probability and inverted of the items at ``ask``, by a model of those at ``learn``."""


def solver(items: Sequence[Item]) -> Solver:
    """The solver for items of one format."""
    form = items[0]["format"]
    return Choice(items) if form == "multiple-choice" else YesNo(items) if form == "yes-no" else Open(items)


class Choice(Solver):
    """Multiple choice."""

    def __init__(self, items: Sequence[Item]) -> None:
        super().__init__(items)
        self._count = np.array([len(item["options"]) for item in items], dtype=np.int64)
        self._start = np.concatenate([[0], np.cumsum(self._count)[:-1]]).astype(np.int64)
        self._key = np.array([key_option(item) for item in items], dtype=np.int64)
        self._features = _matrix(f for item in items for f in _option_features(item))

    def _solve(self, learn: Ints, weights: Floats, ask: Ints) -> Floats:
        right, wrong, weight = [], [], []
        for row, w in zip(learn.tolist(), weights.tolist(), strict=True):
            key = self._start[row] + self._key[row]
            for other in range(self._start[row], self._start[row] + self._count[row]):
                if other != key:
                    right.append(key)
                    wrong.append(other)
                    weight.append(w)
        if not right:
            return np.tile(1 / self._count[ask], (3, 1))
        # Half of the pairs are turned round: the regression needs two classes.
        sign = np.where(np.arange(len(right)) % 2, 1.0, -1.0)
        pairs = (self._features[right] - self._features[wrong]).multiply(sign[:, None]).tocsr()
        learnt = _regression(pairs, sign, np.array(weight), intercept=False)
        scores = self._features @ learnt.coef_[0]
        found = np.zeros((3, len(ask)))
        for place, row in enumerate(ask.tolist()):
            mine, key = scores[self._start[row] : self._start[row] + self._count[row]], self._key[row]
            best, worst = mine >= mine.max() - _EQUAL, mine <= mine.min() + _EQUAL
            odds = np.exp(mine - mine.max())
            found[:, place] = best[key] / best.sum(), odds[key] / odds.sum(), worst[key] / worst.sum()
        return found


class YesNo(Solver):
    """Yes or no."""

    def __init__(self, items: Sequence[Item]) -> None:
        super().__init__(items)
        self._yes = np.array([item["answer"] == "yes" for item in items])
        self._features = _matrix(_text_features(str(item["question"]), "q") for item in items)

    def _solve(self, learn: Ints, weights: Floats, ask: Ints) -> Floats:
        known, wanted = self._yes[learn], self._yes[ask]
        if known.all() or not known.any():
            solved = (wanted == known[0]).astype(np.float64)
            return np.stack([solved, solved, 1 - solved])
        learnt = _regression(self._features[learn], known, weights, intercept=True)
        sure = learnt.predict_proba(self._features[ask])[:, 1]
        right = np.where(wanted, sure, 1 - sure)
        solved = np.where(right == 0.5, 0.5, right > 0.5)
        return np.stack([solved, right, 1 - solved])


class Open(Solver):
    """Open questions."""

    def __init__(self, items: Sequence[Item]) -> None:
        super().__init__(items)
        often = Counter(str(item["answer"]) for item in items)
        known = sorted(often, key=lambda a: (-often[a], a))[:_ANSWERS]
        place = {answer: i for i, answer in enumerate(known)}
        self._answer = np.array([place.get(str(item["answer"]), _RARE) for item in items], dtype=np.int64)
        self._features = _matrix(_text_features(str(item["question"]), "q", letters=()) for item in items)

    def _solve(self, learn: Ints, weights: Floats, ask: Ints) -> Floats:
        learn, weights = learn[self._answer[learn] != _RARE], weights[self._answer[learn] != _RARE]
        if len(set(self._answer[learn].tolist())) < 2:
            solved = (self._answer[ask] == self._answer[learn][0]).astype(np.float64)
            return np.stack([solved, solved, np.zeros(len(ask))])
        learnt = _regression(self._features[learn], self._answer[learn], weights, intercept=True)
        odds = learnt.predict_proba(self._features[ask])
        place = {answer: i for i, answer in enumerate(learnt.classes_.tolist())}
        mine = np.array([place.get(a, -1) for a in self._answer[ask].tolist()])
        sure = np.where(mine >= 0, odds[np.arange(len(ask)), np.maximum(mine, 0)], 0.0)
        return np.stack(
            [(mine >= 0) & (odds.argmax(axis=1) == mine), sure, (mine >= 0) & (odds.argmin(axis=1) == mine)]
        )


def _regression(features: csr_matrix, classes: NDArray[Any], weights: Floats, *, intercept: bool) -> Any:
    from sklearn.linear_model import LogisticRegression

    # Far fewer rows than columns: for two classes coordinate descent is a hundred times as quick as L-BFGS.
    two = len(np.unique(classes)) == 2
    with warnings.catch_warnings():
        # That it stops early, or has many answers for few questions: it is a solver all the same.
        warnings.simplefilter("ignore", UserWarning)
        model = LogisticRegression(
            fit_intercept=intercept,
            max_iter=_STEPS,
            solver="liblinear" if two else "lbfgs",
            dual=two,
            tol=1e-3,
            random_state=0,
        )
        return model.fit(features, classes, sample_weight=weights)


def _option_features(item: Item) -> Iterator[dict[str, float]]:
    options = [str(o) for o in item["options"]]
    names, words = [o.lower() for o in options], [set(words_of(o)) for o in options]
    asked = sorted(set(words_of(str(item["question"]))))
    lengths = [len(o) for o in options]
    for j, name in enumerate(names):
        found = _text_features(options[j], "o")
        found[f"= {name}"] = 1.0
        for word in asked:
            found[f"x {word}|{name}"] = 0.5
        for other in names[:j] + names[j + 1 :]:
            found[f"p {name}|{other}"] = 0.5
        found["longest"] = float(lengths[j] == max(lengths))
        found["shortest"] = float(lengths[j] == min(lengths))
        found["longer"] = (lengths[j] - sum(lengths) / len(lengths)) / 10
        found["like the others"] = sum(len(words[j] & words[k]) for k in range(len(options)) if k != j) / len(options)
        found[f"at {j}"] = 1.0
        yield found


def _text_features(text: str, kind: str, letters: Sequence[int] = _LETTERS) -> dict[str, float]:
    """Words, pairs of words and n-grams of letters, weighted so that long texts weigh as much as short ones."""
    words = words_of(text)
    line = f" {' '.join(words)} "
    grams = Counter(f"{kind}w {w}" for w in words)
    grams.update(f"{kind}b {a} {b}" for a, b in pairwise(words))
    grams.update(f"{kind}c {line[i : i + n]}" for n in letters for i in range(len(line) - n + 1))
    scale = max(1.0, float(grams.total())) ** -0.5
    return {gram: count * scale for gram, count in grams.items()}


def _matrix(rows: Iterable[Mapping[str, float]]) -> csr_matrix:
    from scipy.sparse import csr_matrix

    place: defaultdict[str, int] = defaultdict()
    place.default_factory = place.__len__
    ends, columns, values = [0], list[int](), list[float]()
    for row in rows:
        columns += [place[name] for name in row]
        values += row.values()
        ends.append(len(columns))
    return csr_matrix((np.array(values, dtype=np.float64), columns, ends), shape=(len(ends) - 1, max(1, len(place))))
