"""Read the corpora of a recipe: stream one, or write all as table 'samples' and give every group its split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from met_kg.corpus import readers
from met_kg.corpus.readers import Place, Row
from met_kg.corpus.spec import CorpusSpec
from met_kg.corpus.splits import Splitter
from met_kg.errors import DataProblem
from met_kg.log import Log, silent
from met_kg.records import Quarantined

__all__ = ["read_corpora", "read_corpus"]


def read_corpus(
    spec: CorpusSpec, *, images_dir: Path, base: Path, seed: int, reports: Path | None = None
) -> Iterator[Row | Quarantined]:
    """The sample rows of one corpus, streamed, and what was set aside. Rows have no split yet.

    Parameters
    ----------
    images_dir
        folder ``images/`` of the run, for images that the reader renders.
    base
        folder under which relative paths of the recipe lie.
    seed
        the run's seed, for readers that draw.
    reports
        folder for what a reader has to tell beside its rows: what was withheld of DICOM files.

    Raises
    ------
    MetError
        when the corpus as a whole cannot be read.
    """
    reader = readers.find(spec.reader)
    yield from reader.read(spec, reader.options.model_validate(spec.options), Place(images_dir, base, seed, reports))


def read_corpora(
    specs: Sequence[CorpusSpec],
    out: Path,
    *,
    images_dir: Path,
    base: Path,
    seed: int,
    quarantine: Callable[[Quarantined], None],
    reports: Path | None = None,
    log: Log = silent,
) -> dict[str, Any]:
    """Write table 'samples' of all corpora, in recipe order, with splits; returns counts for the manifest.

    The table is written twice, a batch at a time: splits are known when all groups have been seen. What is set aside is
    handed to ``quarantine``.

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
    splitter = Splitter(
        {s.name: readers.find(s.reader).options.model_validate(s.options).split for s in specs}, seed=seed
    )

    def rows() -> Iterator[Row]:
        for spec in specs:
            for row in log.track(
                read_corpus(spec, images_dir=images_dir, base=base, seed=seed, reports=reports),
                f"reading corpus {spec.name}",
            ):
                if isinstance(row, Quarantined):
                    quarantine(row)
                else:
                    yield row

    unsplit, stream = out.with_suffix(".unsplit"), rows()
    with tables.Writer("samples", unsplit) as writer:
        while batch := list(islice(stream, tables.BATCH)):
            samples = tables.frame("samples", batch)
            splitter.see(samples)
            writer.add(samples)
    splits: Counter[str] = Counter()
    with tables.Writer("samples", out) as writer:
        for samples in tables.batches("samples", unsplit):
            assigned = splitter.assign(samples)
            splits.update(assigned["split"])
            writer.add(assigned)
    unsplit.unlink()
    return {"samples": writer.rows, "groups": splitter.groups, "by split": dict(sorted(splits.items()))}
