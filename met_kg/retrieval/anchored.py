"""Samples with their anchors, read from the files of a run batch by batch: both tables stand in the same order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from met_kg import tables
from met_kg.errors import DataProblem

__all__ = ["AnchoredSamples"]


class AnchoredSamples:
    """Tables ``samples`` and ``anchors`` of a run; no more than a batch of either is in memory.

    Parameters
    ----------
    size
        samples in a batch.
    """

    def __init__(self, samples: Path, anchors: Path, *, size: int = tables.BATCH) -> None:
        self.samples, self.anchors, self.size = samples, anchors, size

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
        """Some samples (with these columns; None: all) and their anchors.

        Raises
        ------
        DataProblem
            when the anchors do not follow the order of the samples.
        """
        source = tables.batches("anchors", self.anchors)
        held = tables.empty("anchors")
        for samples in tables.batches("samples", self.samples, columns, size=self.size):
            ids = set(samples["sample_id"])
            # While the last row held is of this batch, more of it may follow.
            while (held.empty or held["sample_id"].iloc[-1] in ids) and (more := next(source, None)) is not None:
                held = pd.concat([held, more], ignore_index=True)
            mine = held["sample_id"].isin(ids)
            yield samples, held[mine].reset_index(drop=True)
            held = held[~mine].reset_index(drop=True)
        if len(held):
            raise DataProblem(
                f"the anchors of sample '{held['sample_id'].iloc[0]}' do not follow the order of the samples",
                where=str(self.anchors),
                hint="run the step retrieve again",
            )
