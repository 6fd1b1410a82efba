"""Doors to image-text aligners: how well does a caption fit an image, compared with other captions?

``built-in`` needs no download: a small dual encoder trained on the corpus itself, cross-fitted over groups, so that no
pair is scored by a model that saw its patient or document. ``clip`` is any CLIP or SigLIP model of transformers, by
folder or hub id. Both give similarities; the margin of the true caption over captions of other groups, and of the
true image over images of other groups, is what counts, calibrated against pairs that are known not to belong together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from met_kg.errors import MissingData, UnknownName, UsageProblem

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Aligner", "BuiltInAligner", "ClipAligner", "Fit", "Pairs", "judge", "load_aligner"]

Matrix = NDArray[np.float64]
#: Captions and images that a pair is compared with, at most.
_RIVALS: Final = 512


@dataclass(frozen=True, slots=True)
class Pairs:
    """Image-text pairs, the group (patient, document) of each, and how an image file is opened (mode L or RGB)."""

    open_image: Callable[[Path], Image.Image]
    images: Sequence[Path]
    captions: Sequence[str]
    groups: Sequence[str]


@dataclass(frozen=True, slots=True)
class Fit:
    """How a caption fits its image: share of other captions that fit it less; probability that they belong together."""

    beats: float
    probability: float


class Aligner(Protocol):
    """Anything that judges pairs."""

    name: str

    def fit(self, pairs: Pairs, *, seed: int) -> list[Fit]:
        """One judgement for each pair, in order."""
        ...


def load_aligner(kind: str, model: str = "", *, folds: int = 5, batch_size: int = 16) -> Aligner:
    """The aligner of a recipe.

    Raises
    ------
    UnknownName
        for another kind than ``built-in`` and ``clip``.
    UsageProblem
        when ``clip`` is asked for without a model.
    """
    if kind == "built-in":
        return BuiltInAligner(folds=folds)
    if kind == "clip":
        if not model:
            raise UsageProblem("the clip aligner needs a model", hint="set filter.align.model to a folder or hub id")
        return ClipAligner(model, batch_size=batch_size)
    raise UnknownName("aligner", kind, ["built-in", "clip"])


class BuiltInAligner:
    """TF-IDF + SVD of captions, pixels + gradients + colours of images, and ridge regression from one to the other."""

    name = "built-in aligner"

    def __init__(self, *, folds: int = 5, dimensions: int = 24, strength: float = 100.0) -> None:
        self.folds, self.dimensions, self.strength = folds, dimensions, strength

    def fit(self, pairs: Pairs, *, seed: int) -> list[Fit]:
        """Judgements of models that never saw the pair's group."""
        return judge(self.similarities(pairs, seed=seed), pairs.groups, seed=seed)

    def similarities(self, pairs: Pairs, *, seed: int) -> Matrix:
        """Cosine of image i and caption j, shape (n, n); row i comes from a model that saw no pair of i's group.

        (The caption's side is unsupervised: words are weighted over the whole corpus, without any image.)
        """
        from sklearn.decomposition import PCA, TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import Ridge

        words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), min_df=2, stop_words="english")
        weighted = words.fit_transform(pairs.captions)
        size = max(2, min(self.dimensions, *(n - 1 for n in weighted.shape)))
        texts = _unit(TruncatedSVD(size, random_state=seed).fit_transform(weighted))
        pixels = np.stack([_features(pairs.open_image(path)) for path in pairs.images])
        folds = _folds(pairs.groups, self.folds, seed)
        result = np.zeros((len(texts), len(texts)))
        for fold in np.unique(folds):
            seen, held = folds != fold, folds == fold
            mean, spread = pixels[seen].mean(axis=0), pixels[seen].std(axis=0) + 1e-6
            reduce = PCA(
                min(2 * self.dimensions, int(seen.sum()) - 1), whiten=True, svd_solver="randomized", random_state=seed
            )
            known = reduce.fit_transform((pixels[seen] - mean) / spread)
            model = Ridge(alpha=self.strength).fit(known, texts[seen])
            guess = _unit(model.predict(reduce.transform((pixels[held] - mean) / spread)))
            result[held] = guess @ texts.T
        return result


class ClipAligner:
    """A CLIP or SigLIP model of transformers: cosine of its image and text embeddings."""

    def __init__(self, model: str, *, batch_size: int = 16) -> None:
        self.model, self.batch_size = model, batch_size
        self.name = f"clip {Path(model).name}"

    def fit(self, pairs: Pairs, *, seed: int) -> list[Fit]:
        """Judgements of the pretrained model, calibrated on these pairs.

        Raises
        ------
        MissingData
            when the model does not load.
        """
        images, texts = self.embed(pairs)
        return judge(images @ texts.T, pairs.groups, seed=seed)

    def embed(self, pairs: Pairs) -> tuple[Matrix, Matrix]:
        """Unit vectors of images and captions, each of shape (n, d)."""
        import torch
        from transformers import AutoModel, AutoProcessor

        try:
            model = AutoModel.from_pretrained(self.model).eval()
            processor = AutoProcessor.from_pretrained(self.model)
        except (OSError, ValueError) as problem:
            raise MissingData(f"the aligner model does not load: {problem}", where=self.model) from problem
        images, texts = [], []
        limit = getattr(model.config.text_config, "max_position_embeddings", 64)
        with torch.inference_mode():
            for start in range(0, len(pairs.captions), self.batch_size):
                part = slice(start, start + self.batch_size)
                pictures = [pairs.open_image(path).convert("RGB") for path in pairs.images[part]]
                inputs = processor(
                    text=list(pairs.captions[part]),
                    images=pictures,
                    return_tensors="pt",
                    padding="max_length",
                    truncation=True,
                    max_length=limit,
                )
                output = model(**inputs)
                images.append(output.image_embeds.numpy())
                texts.append(output.text_embeds.numpy())
        return _unit(np.concatenate(images)), _unit(np.concatenate(texts))


def judge(similarities: Matrix, groups: Sequence[str], *, seed: int) -> list[Fit]:
    """Judgements from similarities of images (rows) and captions (columns), pair i on the diagonal.

    A pair's margin is how far its similarity stands above those of the same image with rival captions, plus the same
    for the caption with rival images, in standard deviations. The margin becomes a probability by a logistic curve,
    fitted on the pairs against as many pairs put together wrongly, without the pair's own fold.
    """
    from sklearn.linear_model import LogisticRegression

    n = len(groups)
    rng = np.random.default_rng(seed)
    _, group = np.unique(np.asarray(groups), return_inverse=True)
    rivals = np.sort(rng.choice(n, size=min(n, _RIVALS), replace=False))
    other = group[:, None] != group[rivals][None, :]
    if not other.any(axis=1).all():
        raise UsageProblem("alignment needs pairs of at least two groups", hint="filter.align.enabled: false")
    row_mean, row_spread = _moments(similarities[:, rivals], other)
    column_mean, column_spread = _moments(similarities[rivals].T, other)

    def margin(image: NDArray[np.int_], caption: NDArray[np.int_]) -> Matrix:
        value = similarities[image, caption]
        by_image = (value - row_mean[image]) / row_spread[image]
        by_caption = (value - column_mean[caption]) / column_spread[caption]
        return np.asarray(by_image + by_caption) / 2

    own = np.arange(n)
    true = margin(own, own)
    wrong = margin(own, np.array([rng.choice(rivals[row]) for row in other]))
    folds = _folds(groups, 5, seed)
    probability = np.zeros(n)
    for fold in np.unique(folds):
        seen = folds != fold
        values = np.concatenate([true[seen], wrong[seen]])[:, None]
        labels = np.concatenate([np.ones(seen.sum()), np.zeros(seen.sum())])
        curve = LogisticRegression().fit(values, labels)
        # Where a larger margin does not mean a better fit, the aligner has learnt nothing and says one half.
        informed = curve.coef_[0, 0] > 0
        probability[~seen] = curve.predict_proba(true[~seen][:, None])[:, 1] if informed else 0.5
    less = (similarities[:, rivals] < np.diag(similarities)[:, None]) & other
    beats = less.sum(axis=1) / other.sum(axis=1)
    return [Fit(float(b), float(p)) for b, p in zip(beats, probability, strict=True)]


def _moments(values: Matrix, mask: NDArray[np.bool_]) -> tuple[Matrix, Matrix]:
    """Mean and deviation of each row where the mask holds."""
    count = mask.sum(axis=1)
    mean = np.where(mask, values, 0).sum(axis=1) / count
    square = np.where(mask, (values - mean[:, None]) ** 2, 0).sum(axis=1) / count
    return mean, np.sqrt(square) + 1e-6


def _folds(groups: Sequence[str], folds: int, seed: int) -> NDArray[np.int_]:
    """A fold for each pair; a group lies in one fold. Large groups are dealt first, so that folds are of like size."""
    names, group, sizes = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    shuffled = np.random.default_rng(seed).permutation(len(names))
    load = np.zeros(min(folds, len(names)), dtype=int)
    fold_of = np.zeros(len(names), dtype=int)
    for name in sorted(shuffled, key=lambda i: -sizes[i]):
        fold_of[name] = int(load.argmin())
        load[fold_of[name]] += sizes[name]
    return np.asarray(fold_of[group])


def _unit(values: Any) -> Matrix:
    matrix = np.asarray(values, dtype=np.float64)
    return np.asarray(matrix / (np.linalg.norm(matrix, axis=1, keepdims=True) + 1e-9))


def _features(picture: Image.Image) -> Matrix:
    """What an image looks like in some 1,200 numbers: pixels, gradient directions by cell, colours, shape."""
    little = picture.convert("RGB").resize((64, 64), reducing_gap=2.0)
    small = np.asarray(little.convert("L"), dtype=np.float64) / 255
    down, right = np.gradient(small)
    strength, angle = np.hypot(down, right), np.mod(np.arctan2(down, right), np.pi)
    bins = np.minimum((angle / np.pi * 9).astype(int), 8)
    cells = (np.arange(64) // 8)[:, None] * 8 + (np.arange(64) // 8)[None, :]
    directions = np.bincount((cells * 9 + bins).ravel(), weights=strength.ravel(), minlength=64 * 9).reshape(64, 9)
    directions = directions / (np.linalg.norm(directions, axis=1, keepdims=True) + 1e-6)
    colours = np.asarray(little.convert("HSV"), dtype=np.float64) / 255
    histograms = [np.histogram(colours[..., i], bins=12, range=(0, 1))[0] / 4096 for i in range(3)]
    pixels = np.asarray(little.convert("L").resize((24, 24)), dtype=np.float64) / 255
    shape = [np.log(picture.width / picture.height), small.mean(), small.std()]
    return np.concatenate([pixels.ravel(), directions.ravel(), *histograms, shape])
