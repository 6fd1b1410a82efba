from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from met_kg import tables
from met_kg.corpus.images import fingerprint
from met_kg.filtering import kept_ids
from met_kg.filtering.options import FilterOptions
from met_kg.graph.store import Graph
from tests.in_memory import decisions_on

KINDS = ("bright disc of the retina", "dark vertical stripes of ribs", "grey horizontal layers of skin")


def draw(kind: int, rng: np.random.Generator) -> Image.Image:
    y, x = np.mgrid[0:96, 0:96] / 96
    shift = rng.uniform(-0.1, 0.1)
    values = (
        (np.hypot(x - 0.5 - shift, y - 0.5) < 0.35) * 220.0,
        (np.sin((x + shift) * 40) > 0) * 90.0,
        (np.sin((y + shift) * 25) > 0) * 120.0 + 60,
    )[kind]
    return Image.fromarray(np.clip(values + rng.normal(0, 12, values.shape), 0, 255).astype(np.uint8))


def corpus(run: Path, n: int, swapped: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(0)
    (run / "images").mkdir()
    rows = []
    for i in range(n):
        kind = i % 3
        path = run / "images" / f"{i}.png"
        draw(kind, rng).save(path)
        print_ = fingerprint(path)
        said = KINDS[(kind + 1) % 3] if i < swapped else KINDS[kind]
        rows.append(
            {
                "sample_id": f"s{i:03d}",
                "image": f"images/{i}.png",
                "sha256": print_.sha256,
                "phash": print_.phash,
                "width": 96,
                "height": 96,
                "caption": f"{said}, number {rng.integers(9)}",
                "group_id": f"g{i // 2}",
                "licence": "CC0-1.0",
            }
        )
    anchors = [{"sample_id": r["sample_id"], "node": "UBERON:0002048", "polarity": "positive"} for r in rows]
    return tables.frame("samples", rows), tables.frame("anchors", anchors)


def decided(
    run: Path, graph: Graph, n: int = 150, swapped: int = 15, profile: str = "", **align: object
) -> pd.DataFrame:
    samples, anchors = corpus(run, n, swapped)
    off = "near-duplicate\toff\tdistance=4\t\n"
    (run / "p.tsv").write_text(f"# extends: default\n{off}{profile}")
    options = FilterOptions.model_validate({"profile": str(run / "p.tsv"), "align": align})
    return decisions_on(samples, anchors, graph, options, run=run, seed=3)


def test_captions_that_were_swapped_score_low(tmp_path: Path, mini_graph: Graph) -> None:
    found = decided(
        tmp_path, mini_graph, profile="alignment\tdrop\tprecision=0.95 review_precision=0.6 wrong_share=0.15\t\n"
    )
    judged = found[found["stage"] == 2].set_index("sample_id")
    assert len(judged) == 150 and judged["value"].between(0, 1).all()
    swapped = judged.loc[[f"s{i:03d}" for i in range(15)]]
    rest = judged.drop(swapped.index)
    assert swapped["value"].max() < rest["value"].median()
    assert (swapped["verdict"] != "keep").mean() > 0.8 and (rest["verdict"] == "keep").mean() > 0.9
    dropped = judged[judged["verdict"] == "drop"]
    assert len(dropped) > 0 and not kept_ids([found]) & set(dropped.index)
    assert dropped["reason"].str.contains("built-in aligner: p = ").all()


def test_two_runs_judge_alike(tmp_path: Path, mini_graph: Graph) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    one, two = (decided(tmp_path / name, mini_graph, n=90) for name in ("a", "b"))
    pd.testing.assert_frame_equal(one, two)


def test_too_few_pairs_are_kept_unjudged(tmp_path: Path, mini_graph: Graph) -> None:
    found = decided(tmp_path, mini_graph, n=20)
    judged = found[found["stage"] == 2]
    assert set(judged["verdict"]) == {"keep"} and judged["value"].isna().all()
    assert judged["reason"].iloc[0].startswith("not judged: corpus '' has 20 pairs")


@pytest.mark.parametrize("setting", ["alignment\toff\tprecision=1 review_precision=1 wrong_share=0.1\t\n"])
def test_stage_2_can_be_switched_off(tmp_path: Path, mini_graph: Graph, setting: str) -> None:
    assert set(decided(tmp_path, mini_graph, n=70, profile=setting)["stage"]) == {1}
