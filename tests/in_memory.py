"""What steps stream, as whole tables: for tests, which are small."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from met_kg import tables
from met_kg.corpus.read import read_corpora
from met_kg.corpus.spec import CorpusSpec
from met_kg.filtering import decide
from met_kg.filtering.options import FilterOptions
from met_kg.graph.store import Graph
from met_kg.records import Quarantined
from met_kg.retrieval.anchored import AnchoredSamples


def samples_of(specs: list[CorpusSpec], folder: Path, seed: int) -> tuple[pd.DataFrame, list[Quarantined]]:
    """Table 'samples' of corpora, and what was set aside."""
    aside: list[Quarantined] = []
    out = folder / "samples.parquet"
    read_corpora(specs, out, images_dir=folder / "images", base=folder, seed=seed, quarantine=aside.append)
    return tables.read("samples", out), aside


def decisions_on(
    samples: pd.DataFrame, anchors: pd.DataFrame, graph: Graph, options: FilterOptions, *, run: Path, seed: int = 1
) -> pd.DataFrame:
    """Table 'decisions' on samples, taken two at a time."""
    tables.write("samples", samples, run / "samples.parquet")
    tables.write("anchors", in_order_of(samples, anchors), run / "anchors.parquet")
    pairs = AnchoredSamples(run / "samples.parquet", run / "anchors.parquet", size=2)
    return pd.concat(decide(pairs, graph, options, run=run, seed=seed), ignore_index=True)


def in_order_of(samples: pd.DataFrame, anchors: pd.DataFrame) -> pd.DataFrame:
    """The anchors in the order of their samples; those of one sample keep theirs."""
    place = {sample_id: i for i, sample_id in enumerate(samples["sample_id"])}
    return anchors.iloc[anchors["sample_id"].map(place).argsort(kind="stable")].reset_index(drop=True)
