"""The mix of docs/curriculum.md on a run: processor seconds of each part, and the same mix recomputed another way.

Run: ``python -m benchmarks.mixing RUN [--copies 50]``. The second computation reads the tables and ``graph/tree.nt``
itself, walks up the tree in Python, and finds how much each branch gives by bisection; it shares no code with the first
but the spelling of IRIs. ``--copies`` also times drawing from so many copies of every example.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
import pandas as pd

from met_kg.training.curriculum import arrange
from met_kg.training.examples import read_examples
from met_kg.training.graph_values import open_graph
from met_kg.training.mix import draw
from met_kg.training.mix_report import mix_table
from met_kg.training.mix_settings import Curriculum, MixSettings
from met_kg.vocabulary import expand

T = TypeVar("T")

CAPTIONS: Final = 0.25
HARD: Final = 0.15
TEMPERATURE: Final = 3.0
REPEATS: Final = 4.0
MOST: Final = 20
LEVELS: Final = {"short": 1.0, "descriptive": 1.0, "knowledge": 2.0}
SETTINGS: Final = MixSettings.model_validate(
    {
        "weights": [{"query": "train/rare-nodes", "parameters": {"most": MOST}}],
        "caption_levels": LEVELS,
        "temperature": TEMPERATURE,
        "hard_share": HARD,
        "curriculum": {"by": "train/depth", "until": 0.8},
    }
)


def timed(what: str, act: Callable[[], T]) -> T:
    """Say how many processor seconds it took."""
    start = time.process_time()
    done = act()
    print(f"{what:<28} {time.process_time() - start:6.2f} s")
    return done


def recomputed(run: Path, split: str = "train") -> tuple[pd.DataFrame, float]:
    """Questions of the split with ``x``, the times that each should come in a pass, and the size of the pass."""
    columns = ["item_id", "sample_id", "key_node", "distractor_relations", "split"]
    samples = pd.read_parquet(run / "samples.parquet", columns=["sample_id", "image"])
    there = set(samples.loc[samples["image"] != "", "sample_id"])
    v = pd.read_parquet(run / "vqa.parquet", columns=columns)
    c = pd.read_parquet(run / "captions.parquet", columns=["sample_id", "level", "split"])
    v, c = (t[(t["split"] == split) & t["sample_id"].isin(there)] for t in (v, c))
    v = v.assign(branch=branches(run, v["key_node"]), hard=["sibling" in set(r) for r in v["distractor_relations"]])
    v["w"] = (MOST / v["key_node"].map(v["key_node"].value_counts())).clip(upper=1)
    mass_c, mass_h, mass_o = c["level"].map(LEVELS).sum(), v.loc[v["hard"], "w"].sum(), v.loc[~v["hard"], "w"].sum()
    questions = min(REPEATS * mass_h / HARD, REPEATS * mass_o / (1 - HARD))
    size = min(mass_c + mass_h + mass_o, REPEATS * mass_c / CAPTIONS, questions / (1 - CAPTIONS))
    for hard, share in ((True, HARD), (False, 1 - HARD)):
        members = v["hard"] == hard
        mass = v[members].groupby("branch")["w"].sum()
        given = bisected(mass, size * (1 - CAPTIONS) * share)
        v.loc[members, "x"] = v.loc[members, "w"] * v.loc[members, "branch"].map(given / mass)
    return v, float(size)


def branches(run: Path, keys: pd.Series) -> list[str]:
    """The IRI two steps below the root above each key, or its own where it stands higher."""
    above = {}
    for line in (run / "graph" / "tree.nt").read_text(encoding="utf-8").splitlines():
        subject, predicate, target = line.split(" ", 2)
        if predicate.endswith("#treeParent>"):
            above[subject.strip("<>")] = target.removesuffix(" .").strip("<>")
    found = []
    for key in keys:
        path = [expand(key)]
        while path[-1] in above:
            path.append(above[path[-1]])
        found.append(path[max(0, len(path) - 3)])
    return found


def bisected(mass: pd.Series, size: float) -> pd.Series:
    """What each branch gives: some multiple of its root, at most its mass so many times, ``size`` together."""
    low, high = 0.0, size
    for _ in range(200):
        middle = (low + high) / 2
        total = np.minimum(REPEATS * mass, middle * mass ** (1 / TEMPERATURE)).sum()
        low, high = (middle, high) if total < size else (low, middle)
    return (low * mass ** (1 / TEMPERATURE)).clip(upper=REPEATS * mass)


def compare(run: Path) -> dict[str, float]:
    """Largest difference between what is drawn and the second computation: of the pass, a branch, a key."""
    examples, _ = timed("reading", lambda: read_examples(run))
    graph = open_graph(run, needed=True)
    mix = timed("queries and drawing", lambda: draw(examples, SETTINGS, graph, CAPTIONS, None, 13))
    table = timed("table", lambda: mix_table(mix, mix.examples, SETTINGS))
    values = mix.values(mix.examples)
    curriculum = SETTINGS.curriculum or Curriculum()
    timed(
        "order of three passes",
        lambda: arrange(values, curriculum, total=3 * len(values), step=16, seed=1, lengths=None),
    )
    v, size = recomputed(run)
    found = {"pass": abs(len(mix.examples) - size)}
    for facet, column in (("branch", "branch"), ("node", "key_node")):
        drawn = table[table["facet"] == facet].set_index("value")["drawn"]
        drawn.index = drawn.index.map(expand)
        wanted = v.groupby(v[column].map(expand) if facet == "node" else v[column])["x"].sum()
        if set(drawn.index) != set(wanted.index):
            raise AssertionError(f"the {facet} values of the two computations differ")
        found[facet] = float((drawn - wanted).abs().max())
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--copies", type=int, default=0)
    given = parser.parse_args()
    for what, difference in compare(given.run).items():
        print(f"largest difference of a {what:<8} {difference:.3f} examples")
    if given.copies:
        examples, _ = read_examples(given.run)
        many = [replace(e, id=f"{e.id}~{copy}") for copy in range(given.copies) for e in examples]
        settings = SETTINGS.model_copy(update={"weights": [], "hard_share": None})
        graph = open_graph(given.run, needed=True)
        timed(f"drawing from {len(many):,}", lambda: draw(many, settings, graph, CAPTIONS, None, 13))


if __name__ == "__main__":
    main()
