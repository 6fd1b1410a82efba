from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from met_kg import tables
from met_kg.corpus.images import fingerprint
from met_kg.filtering import kept_ids
from met_kg.filtering.alignment import Stage2, stage2
from met_kg.filtering.context import Context
from met_kg.filtering.kin import kin_of, said_nodes
from met_kg.filtering.options import AlignOptions, FilterOptions
from met_kg.filtering.profile import ALIGNMENT, Setting
from met_kg.graph.store import Graph
from met_kg.log import silent
from tests.in_memory import decisions_on
from tests.models.aligner_pairs import draw

KINDS = ("bright disc of the retina", "dark vertical stripes of ribs", "grey horizontal layers of skin")


NODES = ("UBERON:0002048", "UBERON:0000948", "UBERON:0002107")  # siblings: lung, heart, liver


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
    anchors = [
        {
            "sample_id": r["sample_id"],
            "node": NODES[(i + (i < swapped)) % 3],
            "axis": "anatomy",
            "polarity": "positive",
            "method": "mention",
        }
        for i, r in enumerate(rows)
    ]
    return tables.frame("samples", rows), tables.frame("anchors", anchors)


def decided(
    run: Path, graph: Graph, n: int = 150, swapped: int = 15, profile: str = "", **align: object
) -> pd.DataFrame:
    samples, anchors = corpus(run, n, swapped)
    off = "near-duplicate\toff\tdistance=4 agreement=0.75\t\n"
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


def judged(
    run: Path, graph: Graph, objections: dict[str, list[str]] | None = None, severity: str = "drop", **asked: float
) -> Stage2:
    samples, anchors = corpus(run, 120, 12)
    parameters = {"precision": 0.95, "review_precision": 0.5, "wrong_share": 0.15, **asked}
    setting = Setting(ALIGNMENT, severity, parameters)  # type: ignore[arg-type]
    options = AlignOptions(folds=3, objections=["*-contradiction"])
    return stage2(samples, anchors, objections or {}, setting, Context(graph, run, silent), options, seed=3)


def test_every_node_is_set_against_its_rivals(tmp_path: Path, mini_graph: Graph) -> None:
    found = judged(tmp_path, mini_graph)
    table = pd.concat(found.alignment(), ignore_index=True)
    tables.write("alignment", table, tmp_path / "a.parquet")
    assert list(table["sample_id"]) == [f"s{i:03d}" for i in range(120)]
    assert table["probability"].between(0, 1).all() and table["caption_probability"].between(0, 1).all()
    wrong, right = table.iloc[:12], table.iloc[12:]
    assert (wrong["margin"] < 0).all() and (right["margin"] > 0).mean() > 0.9
    # The rival that the image shows is what is drawn.
    assert list(wrong["rival"]) == [NODES[i % 3] for i in range(12)]
    assert set(found.calibration["thresholds"]) == {"drop", "review", "sure"}
    assert found.calibration["pairs"] == 120 and found.calibration["auroc"]["all"] > 0.7
    reason = found.decisions[0]["reason"]
    assert "'heart'" in reason and "from 'lung'" in reason


def test_a_person_looks_where_the_stages_disagree(tmp_path: Path, mini_graph: Graph) -> None:
    for name in ("plain", "objected"):
        (tmp_path / name).mkdir()
    plain = {r["sample_id"]: r for r in judged(tmp_path / "plain", mini_graph, precision=0.9).decisions}
    best = max(plain.values(), key=lambda r: r["value"])
    doubted = next(r for r in plain.values() if r["verdict"] == "review")
    assert best["verdict"] == "keep" and "no rule objects" in doubted["reason"]
    objected = {
        best["sample_id"]: ["licence-missing", "region-contradiction"],
        doubted["sample_id"]: ["sex-contradiction"],
        "s119": ["licence-missing"],
    }
    again = {r["sample_id"]: r for r in judged(tmp_path / "objected", mini_graph, objected, precision=0.9).decisions}
    said = again[best["sample_id"]]
    assert said["verdict"] == "review" and "surely a pair, while region-contradiction objects" in said["reason"]
    assert again[doubted["sample_id"]]["verdict"] == "keep", "both stages doubt: that is no disagreement"
    assert again["s119"]["verdict"] == plain["s119"]["verdict"], "a licence says nothing of the image"


def test_flagging_drops_nothing(tmp_path: Path, mini_graph: Graph) -> None:
    verdicts = {r["verdict"] for r in judged(tmp_path, mini_graph, severity="flag").decisions}
    assert "flag" in verdicts and "drop" not in verdicts


def test_rivals_are_siblings_and_cousins_without_kin(mini_graph: Graph) -> None:
    kin = kin_of(mini_graph, ["UBERON:0002048", "DOID:10533", "UBERON:0000948"], rivals=16)
    # Lung: its siblings among organs; the heart, on which something is anchored, comes first; right lung is below it.
    assert kin.rivals["UBERON:0002048"][0] == "UBERON:0000948"
    assert len(kin.rivals["UBERON:0002048"]) == 3 and "UBERON:0002167" not in kin.rivals["UBERON:0002048"]
    assert set(kin.rivals["DOID:10533"]) <= {
        *("DOID:874", "DOID:11339"),  # siblings under pneumonia
        *("DOID:3083", "DOID:9675", "DOID:2841", "DOID:3770"),
    }
    assert kin.names["DOID:10533"] == "viral pneumonia" and "DOID:552" in kin.ancestors["DOID:10533"]
    assert kin_of(mini_graph, ["UBERON:0002048"], rivals=1).rivals["UBERON:0002048"] != ()


def test_what_the_machine_wrote_is_no_claim_of_the_text() -> None:
    rows = [
        {"sample_id": "s", "node": "UBERON:0002048", "axis": "anatomy", "method": "metadata"},
        {"sample_id": "s", "node": "MET:0000010", "axis": "modality", "method": "mention+metadata"},
        {"sample_id": "s", "node": "DOID:552", "axis": "disease", "method": "metadata"},
        {"sample_id": "t", "node": "UBERON:0002048", "axis": "anatomy", "method": "retrieval"},
    ]
    assert said_nodes(pd.DataFrame(rows)) == {"s": ("MET:0000010", "DOID:552"), "t": ("UBERON:0002048",)}
