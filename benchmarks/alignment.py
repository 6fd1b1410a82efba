"""Wrong pairs found: AUROC and calibration of stage 2 on planted swaps in three real collections, beside baselines.

Run: ``python -m benchmarks.alignment RUN`` with a run directory that holds the full tree (steps tree and literature of
``pipelines/covid-chestxray.yaml``). A fifth of the pairs exchange captions and findings: with any pair of another
group, or with one whose text says a sibling or cousin of a node; across and within corpora. Baselines know no margin,
curve or rival: nearest neighbours of raw pixels, and the raw similarity of the same encoder with and without
cross-fitting.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.alignment_corpus import Indices, real_pairs, swap, swapped
from met_kg.filtering.calibration import thresholds, wrong_chance
from met_kg.models.aligners import Aligned, Pairs
from met_kg.models.aligners.built_in import BuiltInAligner, looks
from met_kg.models.aligners.kernels import DualEncoder
from met_kg.models.aligners.pairs import deal

Numbers = NDArray[np.float64]
SWAPS = {
    "random": ("random", False),
    "random, same corpus": ("random", True),
    "sibling": ("sibling", False),
    "sibling, same corpus": ("sibling", True),
}
SHARE = 0.2
RESAMPLES = 1000


def neighbours(pairs: Pairs, pixels: Numbers, k: int = 10) -> Numbers:
    """Mean TF-IDF cosine of a caption with those of the k images of other groups whose raw pixels are nearest."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = TfidfVectorizer(sublinear_tf=True, stop_words="english").fit_transform(pairs.captions)
    like = np.asarray((words @ words.T).todense())
    group = np.asarray(pairs.groups, dtype=object)
    near = np.where(group[:, None] == group[None, :], -np.inf, pixels @ pixels.T)
    best = np.argsort(-near, axis=1, kind="stable")[:, :k]
    return np.asarray(np.take_along_axis(like, best, axis=1).mean(axis=1))


def raw(pairs: Pairs, seen: NDArray[np.float32], *, folds: int) -> Numbers:
    """Cosine of image and text codes of the same encoder: of folds it has not seen, or (folds 1) of what it has."""
    found = np.zeros(len(pairs))
    fold_of = deal(pairs.groups, folds, 0)
    for fold in range(folds):
        held = np.flatnonzero(fold_of == fold)
        encoder = DualEncoder(pairs, seen, held if folds == 1 else np.flatnonzero(fold_of != fold), seed=0)
        image = encoder.images(held)
        for text in encoder.texts(held):
            lengths = np.linalg.norm(image, axis=1) * np.linalg.norm(text, axis=1)
            found[held] += (image * text).sum(axis=1) / (lengths + 1e-9)
    return found


def auroc(score: Numbers, right: NDArray[np.bool_]) -> float:
    """Chance that a right pair stands above a wrong one."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(right, score)) if 0 < right.sum() < len(right) else float("nan")


def _auroc_of(score: Numbers, right: NDArray[np.bool_], drawn: Indices) -> float:
    return auroc(score[drawn], right[drawn])


def interval(measure: Callable[[Indices], float], groups: Indices) -> tuple[float, float]:
    """95 % bootstrap interval; whole groups are drawn."""
    rng = np.random.default_rng(0)
    members = [np.flatnonzero(groups == g) for g in np.unique(groups)]
    drawn = [
        measure(np.concatenate([members[k] for k in rng.integers(len(members), size=len(members))]))
        for _ in range(RESAMPLES)
    ]
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def calibration_error(chance: Numbers, right: NDArray[np.bool_]) -> float:
    """Gap between the chance said and the share right, mean over ten bins weighted by pairs."""
    place = np.minimum((chance * 10).astype(int), 9)
    gaps = [abs((right[place == b] - chance[place == b]).sum()) for b in range(10)]
    return float(sum(gaps) / len(chance))


def scores(aligned: Aligned) -> dict[str, Numbers]:
    """What stage 2 says of each pair: by nodes alone, by the caption alone, by all."""
    fits = [f for f in aligned.fits if f is not None]
    margins = [[n.margin for n in f.nodes if n.margin is not None] for f in fits]
    return {
        "nodes alone, mean margin over rivals": np.array([np.mean(m) if m else 0.0 for m in margins]),
        "caption alone": np.array([f.caption_probability for f in fits]),
        "stage 2": np.array([f.probability for f in fits]),
    }


def run(store: Path, seed: int) -> dict[str, Any]:
    """All figures."""
    start = time.process_time()
    with TemporaryDirectory() as folder:
        pairs = real_pairs(store, Path(folder))
    seen = looks(pairs)
    pixels = np.stack(
        [np.asarray(pairs.open_image(p).convert("L").resize((32, 32)), dtype=np.float64).ravel() for p in pairs.images]
    )
    pixels = (pixels - pixels.mean(axis=1, keepdims=True)) / (pixels.std(axis=1, keepdims=True) + 1e-9)
    prepared = time.process_time() - start
    groups = np.unique(np.asarray(pairs.groups, dtype=object), return_inverse=True)[1]
    corpus = np.asarray(pairs.corpora, dtype=object)
    figures: dict[str, Any] = {"pairs": {c: int((corpus == c).sum()) for c in dict.fromkeys(pairs.corpora)}}
    for name, (kind, within) in SWAPS.items():
        gets = swap(pairs, kind, within=within, share=SHARE, seed=seed)
        right, given = gets == np.arange(len(pairs)), swapped(pairs, gets)
        before = time.process_time()
        aligned = BuiltInAligner().judge(given, seen, seed=0)
        seconds = time.process_time() - before
        contenders = {
            "nearest neighbours of raw pixels": neighbours(given, pixels),
            "raw similarity, same encoder, not cross-fitted": raw(given, seen, folds=1),
            "raw similarity, same encoder, cross-fitted": raw(given, seen, folds=5),
            **scores(aligned),
        }
        rows = {}
        for contender, score in contenders.items():
            rows[contender] = {
                "auroc": auroc(score, right),
                "interval": interval(partial(_auroc_of, score, right), groups),
                "by corpus": {c: auroc(score[corpus == c], right[corpus == c]) for c in figures["pairs"]},
            }
        found = thresholds(aligned, 0.95, 0.6, SHARE)
        at_half = thresholds(aligned, 0.8, 0.6, SHARE)
        probability = contenders["stage 2"]
        margin = np.array([f.margin for f in aligned.fits if f is not None])
        figures[name] = {
            "swapped": int((~right).sum()),
            "contenders": rows,
            "calibration error": calibration_error(1 - wrong_chance(probability, SHARE), right),
            "calibration error before": calibration_error(1 / (1 + np.exp(-margin)), right),
            "precision": {
                str(asked): _dropped(at, probability, right)
                for asked, at in ((0.95, found.drop), (0.8, at_half.drop), (0.6, found.review))
            },
            "cpu seconds of one fit": round(seconds, 1),
        }
        _show(name, figures[name])
    return figures | {"cpu seconds": round(time.process_time() - start, 1), "of them reading and features": prepared}


def _dropped(at: float | None, probability: Numbers, right: NDArray[np.bool_]) -> dict[str, float | None]:
    """What lies below a threshold that was to give a precision, and what part of it is wrong."""
    below = probability < (at or 0.0)
    wrong = float((~right[below]).mean()) if below.any() else None
    return {"below": at, "pairs": int(below.sum()), "wrong": wrong}


def _show(name: str, found: dict[str, Any]) -> None:
    print(f"\n{name}: {found['swapped']} swapped, {found['cpu seconds of one fit']} CPU s")
    for contender, row in found["contenders"].items():
        low, high = row["interval"]
        by = "  ".join(f"{c} {v:.3f}" for c, v in row["by corpus"].items())
        print(f"  {contender:48s} {row['auroc']:.3f} [{low:.3f}, {high:.3f}]  {by}")
    print(f"  calibration error {found['calibration error']:.3f}, before {found['calibration error before']:.3f}")
    for asked, row in found["precision"].items():
        print(f"  precision asked {asked}: {row}")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="run directory with the tree's store")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks"), help="folder for the figures as JSON")
    given = parser.parse_args()
    result = run(given.run, given.seed)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "alignment.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"\n{result['pairs']}; {result['cpu seconds']} CPU seconds")
