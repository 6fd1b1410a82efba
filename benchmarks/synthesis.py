"""Captions and items with proofs, from a real run's samples, once and ten times over.

Run: ``python -m benchmarks.synthesis --run RUN``; RUN is a run folder that has got as far as ``filter``. The copies
have ids of their own and lose a tenth of their anchors by lot, so that no two ask the same. The graph is asked
once a node, however many samples there are: the table shows what that leaves. No peer writes proofs.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.measure import measure, report
from met_kg import tables
from met_kg.filtering import kept_ids
from met_kg.graph.store import Graph
from met_kg.synthesis import SynthesisOptions, synthesize


def corpus(run: Path, times: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The kept samples of a run and their anchors, ``times`` over."""
    kept = kept_ids(tables.batches("decisions", run / "decisions.parquet"))
    samples, anchors = (tables.read(name, run / f"{name}.parquet") for name in ("samples", "anchors"))
    samples, anchors = (t[t["sample_id"].isin(kept)] for t in (samples, anchors))
    rng = np.random.default_rng(1)
    parts: list[tuple[pd.DataFrame, pd.DataFrame]] = [(samples, anchors)]
    for copy in range(1, times):
        new = {s: hashlib.sha256(f"{copy} {s}".encode()).hexdigest()[:16] for s in samples["sample_id"]}
        some = anchors[rng.random(len(anchors)) < 0.9]
        parts.append(tuple(t.assign(sample_id=t["sample_id"].map(new)) for t in (samples, some)))  # type: ignore[arg-type]
    one, two = (pd.concat(frames, ignore_index=True) for frames in zip(*parts, strict=True))
    return one, two


def main() -> None:
    """Print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--times", type=int, nargs="+", default=[1, 10])
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks"))
    asked = parser.parse_args()
    options = SynthesisOptions(per_node=1_000_000, per_branch=1_000_000)
    rows = []
    for times in asked.times:
        on = corpus(asked.run, times)

        def act(tables_: tuple[pd.DataFrame, pd.DataFrame]) -> int:
            # A store opened anew: what a former repeat remembered of the tree is forgotten.
            with Graph.open(asked.run / "store") as graph:
                version = {"version": "benchmark", "sha256": ""}
                made = synthesize(*tables_, graph, options=options, seed=1, tree_version=version)
            return len(made.vqa)

        rows.append(measure("items with proofs", len(on[0]), act, on, repeats=1))
        print(
            f"{len(on[0]):,} samples: {rows[-1].work:,} items in {rows[-1].seconds:.1f} processor seconds", flush=True
        )
    report("synthesis", "items", rows, asked.out, ["pyoxigraph", "pandas"])


if __name__ == "__main__":
    main()
