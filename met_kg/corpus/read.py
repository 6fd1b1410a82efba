"""Read the corpora of a recipe: stream one, or gather all and give every group its split."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from met_kg.corpus import readers
from met_kg.corpus.readers import Place, Row
from met_kg.corpus.spec import CorpusSpec
from met_kg.corpus.splits import assign_splits
from met_kg.errors import DataProblem
from met_kg.records import Quarantined

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_corpora", "read_corpus"]


def read_corpus(spec: CorpusSpec, *, images_dir: Path, base: Path, seed: int) -> Iterator[Row | Quarantined]:
    """The sample rows of one corpus, streamed, and what was set aside. Rows have no split yet.

    Parameters
    ----------
    images_dir
        folder ``images/`` of the run, for images that the reader renders.
    base
        folder under which relative paths of the recipe lie.
    seed
        the run's seed, for readers that draw.

    Raises
    ------
    MetError
        when the corpus as a whole cannot be read.
    """
    reader = readers.find(spec.reader)
    yield from reader.read(spec, reader.options.model_validate(spec.options), Place(images_dir, base, seed))


def read_corpora(
    specs: Sequence[CorpusSpec], *, images_dir: Path, base: Path, seed: int
) -> tuple[pd.DataFrame, list[Quarantined]]:
    """Table 'samples' of all corpora, in recipe order, with splits; and all that was set aside.

    Raises
    ------
    DataProblem
        when two corpora have the same name.
    MetError
        when a corpus as a whole cannot be read.
    """
    from met_kg import tables

    names = [spec.name for spec in specs]
    for name in names:
        if names.count(name) > 1:
            raise DataProblem(f"two corpora are called '{name}'", hint="give each its own name")
    rows: list[Row] = []
    aside: list[Quarantined] = []
    for spec in specs:
        for row in read_corpus(spec, images_dir=images_dir, base=base, seed=seed):
            if isinstance(row, Quarantined):
                aside.append(row)
            else:
                rows.append(row)
    shares = {s.name: readers.find(s.reader).options.model_validate(s.options).split for s in specs}
    return assign_splits(tables.frame("samples", rows), shares, seed=seed), aside
