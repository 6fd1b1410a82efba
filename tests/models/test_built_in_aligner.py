from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from met_kg.errors import UsageProblem
from met_kg.models.aligners.built_in import BuiltInAligner, looks
from met_kg.models.aligners.curve import Curve
from met_kg.models.aligners.kernels import DualEncoder
from met_kg.models.aligners.margins import Standings, fits
from met_kg.models.aligners.pairs import Kin, Pairs, deal
from met_kg.models.aligners.pixels import BLOCKS, image_features
from tests.models.aligner_pairs import KIN, drawn_pairs


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Pairs:
    return drawn_pairs(tmp_path_factory.mktemp("drawn"), 90, wrong=9)


def test_wrong_pairs_and_wrong_nodes_stand_low(pairs: Pairs) -> None:
    aligned = BuiltInAligner(folds=3).fit(pairs, seed=1)
    every = [f for f in aligned.fits if f is not None]
    probability = np.array([f.probability for f in every])
    assert len(every) == 90 and probability[:9].max() < np.quantile(probability[9:], 0.1)
    node = [f.nodes[0] for f in every]
    assert all(n.margin is not None and n.margin < 0 for n in node[:9])
    assert np.mean([n.margin is not None and n.margin > 0 for n in node[9:]]) > 0.95
    # The rival named is what is really drawn.
    shown = ["X:disc", "X:stripes", "X:layers"]
    assert [n.rival for n in node[:9]] == [shown[i % 3] for i in range(9)]
    assert len(aligned.wrong) > 90 and np.mean([f.probability for f in aligned.wrong]) < 0.5


def test_no_judge_has_seen_what_it_judges(pairs: Pairs) -> None:
    """The judgements of a fold are those of judges made from the other folds alone: the rest of the fold is not there."""
    aligner, seen = BuiltInAligner(folds=3), looks(pairs)
    whole = aligner.judge(pairs, seen, seed=5)
    fold_of = deal(pairs.groups, 3, 5)
    held, rest = np.flatnonzero(fold_of == 1), np.flatnonzero(fold_of != 1)
    # Everything about the held pairs is hidden while the judges are made.
    hidden = seen.copy()
    hidden[held] = 0
    captions = [c if fold_of[i] != 1 else "nothing" for i, c in enumerate(pairs.captions)]
    blind = replace(pairs, captions=captions, nodes=[n if fold_of[i] != 1 else () for i, n in enumerate(pairs.nodes)])
    curve, caption, trusted = aligner._curves(blind, hidden, rest, 5)
    assert set(trusted) <= set(rest)
    standings = Standings(DualEncoder(pairs, seen, trusted, seed=5), pairs, held, seed=5)
    again = fits(standings.measure(held, held), curve, caption)
    assert [whole.fits[i] for i in held] == again


def test_groups_are_never_split() -> None:
    groups = [f"g{i % 17}" for i in range(200)]
    folds = deal(groups, 5, 3)
    assert all(len({folds[i] for i in range(200) if groups[i] == g}) == 1 for g in set(groups))
    assert np.bincount(folds).max() - np.bincount(folds).min() <= 12


def test_two_runs_judge_alike(pairs: Pairs) -> None:
    seen = looks(pairs)
    assert BuiltInAligner(folds=2).judge(pairs, seen, seed=2) == BuiltInAligner(folds=2).judge(pairs, seen, seed=2)


def test_the_tree_helps_where_words_do_not(pairs: Pairs) -> None:
    """Captions without a word in common: only the nodes tell what is drawn."""
    mute = replace(pairs, captions=[f"w{i}a w{i}b w{i}c" for i in range(len(pairs))])
    aligned = BuiltInAligner(folds=3).fit(mute, seed=1)
    probability = np.array([f.probability for f in aligned.fits if f is not None])
    assert probability[:9].max() < np.median(probability[9:])


def test_texts_without_a_known_word_or_node_are_judged_all_the_same(pairs: Pairs) -> None:
    bare = replace(pairs, captions=["the"] * 90, nodes=[()] * 90, kin=Kin())
    aligned = BuiltInAligner(folds=2).fit(bare, seed=1)
    assert {round(f.probability, 2) for f in aligned.fits if f is not None} == {0.5}


def test_what_a_text_says_as_well_is_no_rival() -> None:
    pairs = Pairs(Image.open, [Path("a")], [""], ["g"], ["c"], [("X:disc", "X:stripes")], KIN)
    assert pairs.rivals(0) == {"X:disc": ("X:layers",), "X:stripes": ("X:layers",)}
    below = replace(KIN, ancestors={**KIN.ancestors, "X:layers": frozenset({"X:disc"})})
    assert replace(pairs, kin=below).rivals(0) == {"X:disc": (), "X:stripes": ()}


def test_one_group_has_no_rivals(pairs: Pairs) -> None:
    alone = replace(pairs, groups=["g"] * 90)
    encoder = DualEncoder(alone, looks(alone), np.arange(60), seed=0)
    with pytest.raises(UsageProblem, match="at least two groups"):
        Standings(encoder, alone, np.arange(60, 90), seed=0)


def test_a_larger_margin_never_makes_a_pair_less_likely() -> None:
    rng = np.random.default_rng(0)
    right, wrong = rng.normal(0, 1, (200, 3)), rng.normal(0, 1, (200, 3))
    right[:, 0] += 2
    right[:, 1] -= 2  # misleading: wrong pairs stand higher
    curve = Curve(right, wrong, np.ones(200, dtype=bool), np.ones(200, dtype=bool))
    assert curve.weights[0] > 0.5 and curve.weights[1] == 0
    assert np.mean(curve(right)) > 0.7 > 0.3 > np.mean(curve(wrong))
    every = np.ones(300, dtype=bool)
    nothing = Curve(rng.normal(-1, 1, (300, 1)), rng.normal(1, 1, (300, 1)), every, every)
    assert np.allclose(nothing(right[:, :1]), 0.5, atol=0.01)


@pytest.mark.parametrize(("mode", "size"), [("L", (96, 96)), ("RGB", (300, 40)), ("L", (64, 500)), ("RGB", (1, 1))])
def test_every_picture_has_features(mode: str, size: tuple[int, int]) -> None:
    found = image_features(Image.new(mode, size, 255))
    assert found.shape == (sum(BLOCKS.values()),) and np.isfinite(found).all()
