"""Text embedders behind one door: built in (TF-IDF and SVD, no download), or a sentence-transformers model.

An embedder turns texts into rows of unit length, so that an inner product is a cosine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from met_kg.errors import MissingData, UsageProblem

__all__ = ["BUILT_IN", "SentenceTransformerEmbedder", "TextEmbedder", "TfidfSvdEmbedder", "text_embedder"]

#: The name of the built-in embedder in recipes.
BUILT_IN: Final = "tfidf-svd"

Vectors = NDArray[np.float32]
#: More texts than this are a large collection.
_LARGE: Final = 1000


class TextEmbedder(Protocol):
    """What the rest of the project asks of a text embedder."""

    name: str

    def fit(self, texts: Sequence[str]) -> None:
        """See the texts that will be searched; a trained model does nothing."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Rows of length 1 (0 for a text without a known word): float32, shape (len(texts), dimensions)."""


class TfidfSvdEmbedder:
    """Sparse TF-IDF of words and word pairs, reduced by truncated SVD (latent semantic analysis).

    Parameters
    ----------
    dimensions
        at most this many; fewer when the texts are few.
    seed
        of the randomised SVD.
    """

    def __init__(self, dimensions: int = 128, seed: int = 0) -> None:
        self.name = BUILT_IN
        self._dimensions, self._seed = dimensions, seed
        self._words: Any = None
        self._axes: NDArray[np.float32] | None = None  # words x dimensions

    def fit(self, texts: Sequence[str]) -> None:
        """Learn vocabulary, weights and axes from the texts.

        Raises
        ------
        UsageProblem
            when no text has a word.
        """
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer

        # A word pair that occurs once in a large collection tells nothing apart and costs most of the time.
        least = 2 if len(texts) > _LARGE else 1
        self._words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, max_features=50_000, min_df=least)
        try:
            matrix = self._words.fit_transform(texts)
        except ValueError as problem:
            raise UsageProblem(f"the text embedder has nothing to learn from: {problem}") from problem
        rank = min(self._dimensions, min(matrix.shape) - 1)
        # Too few texts to reduce: the sparse rows are used as they are.
        if rank >= 2:
            found = TruncatedSVD(rank, n_iter=3, random_state=self._seed).fit(matrix)
            # Laid out for products with single sparse rows: the estimator's own transform copies all of it each time.
            self._axes = np.ascontiguousarray(found.components_.T, dtype=np.float32)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors of texts after :meth:`fit`."""
        if self._words is None:
            raise UsageProblem("the text embedder has not been fitted", hint="call fit(texts) first")
        matrix = self._words.transform(texts)
        return _unit(matrix.toarray() if self._axes is None else np.asarray(matrix @ self._axes))


class SentenceTransformerEmbedder:
    """A sentence-transformers model by folder or hub id; code from a model repository is never run.

    Raises
    ------
    UsageProblem
        when sentence-transformers is not installed.
    MissingData
        when the model cannot be loaded.
    """

    def __init__(self, path_or_id: str, batch_size: int = 64) -> None:
        try:
            from sentence_transformers import SentenceTransformer  # type: ignore[import-not-found, unused-ignore]
        except ImportError as problem:
            raise UsageProblem(
                f"text embedder '{path_or_id}' needs the package sentence-transformers",
                hint=f"pip install sentence-transformers, or use '{BUILT_IN}'",
            ) from problem
        try:
            self._model: Any = SentenceTransformer(path_or_id, trust_remote_code=False)
        except (OSError, ValueError) as problem:
            raise MissingData(f"text embedder '{path_or_id}' does not load: {problem}") from problem
        self.name, self._batch = path_or_id, batch_size

    def fit(self, texts: Sequence[str]) -> None:
        """Nothing: the model is trained."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors of texts."""
        found = self._model.encode(list(texts), batch_size=self._batch, show_progress_bar=False, convert_to_numpy=True)
        return _unit(np.asarray(found))


def text_embedder(name: str = BUILT_IN, *, seed: int = 0) -> TextEmbedder:
    """The embedder that a recipe names: ``tfidf-svd``, or a sentence-transformers folder or id."""
    return TfidfSvdEmbedder(seed=seed) if name == BUILT_IN else SentenceTransformerEmbedder(name)


def _unit(matrix: NDArray[Any]) -> Vectors:
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.ascontiguousarray(matrix / np.where(lengths > 0, lengths, 1.0), dtype=np.float32)
