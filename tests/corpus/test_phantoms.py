from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pydantic import ValidationError

from met_kg.corpus import phantoms
from met_kg.corpus.phantoms import Scene
from met_kg.corpus.phantoms.captions import compose
from met_kg.corpus.spec import CorpusSpec
from tests.in_memory import samples_of


def drawn(folder: Path, seed: int = 7, **options: object) -> pd.DataFrame:
    spec = CorpusSpec(name="phantoms", reader="phantoms", options=options)
    return samples_of([spec], folder, seed)[0]


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    one, two = (drawn(tmp_path / n, count=16, kinds=["chest-x-ray", "dermoscopy"]) for n in "ab")
    other = drawn(tmp_path / "c", seed=8, count=16, kinds=["chest-x-ray", "dermoscopy"])
    pd.testing.assert_frame_equal(one, two)
    assert set(one["sha256"]).isdisjoint(other["sha256"])


def test_every_kind_is_drawn_and_says_that_it_is_synthetic(tmp_path: Path) -> None:
    states = sum(len(phantoms.find(name).states) for name in phantoms.names())
    samples = drawn(tmp_path, count=states)
    assert samples["synthetic"].all() and set(samples["licence"]) == {"CC0-1.0"}
    assert samples["modality"].nunique() >= 8 and samples["body_part"].nunique() >= 9
    assert (samples["phash"] != "").all() and samples["sha256"].is_unique
    assert samples["caption"].str.len().min() > 25
    assert not samples["caption"].str.contains(r"[{}]").any()


@pytest.mark.parametrize("name", phantoms.names())
def test_each_state_changes_the_picture(name: str) -> None:
    kind = phantoms.find(name)
    pictures = {
        state.name: kind.draw(np.random.default_rng(1), Scene(state.name, "left", kind.views[0]))
        for state in kind.states
    }
    first, *others = pictures.values()
    assert all(np.isfinite(p).all() and np.abs(p - first).max() > 0.1 for p in others)


@pytest.mark.parametrize(
    ("name", "state"),
    [("chest-x-ray", "pleural effusion"), ("head-ct", "subdural hematoma"), ("abdomen-ct", "kidney stone")],
)
def test_a_finding_on_the_left_lies_on_the_viewers_right(name: str, state: str) -> None:
    kind = phantoms.find(name)
    normal, left, right = (
        kind.draw(np.random.default_rng(1), Scene(*scene, kind.views[0]))
        for scene in (("", "left"), (state, "left"), (state, "right"))
    )
    half = normal.shape[1] // 2
    change = np.abs(left - normal)
    assert change[:, half:].sum() > 2 * change[:, :half].sum()
    change = np.abs(right - normal)
    assert change[:, :half].sum() > 2 * change[:, half:].sum()


@pytest.mark.parametrize("name", phantoms.names())
def test_captions_never_deny_what_is_shown(name: str) -> None:
    kind = phantoms.find(name)
    rng = np.random.default_rng(2)
    wrong = {"cholecystitis": "No gallstone", "breast cancer": "No mass", "fibroadenoma": "No mass"}
    denials = 0
    for state in kind.states:
        for _ in range(40):
            scene = Scene(state.name, "left", kind.views[0])
            caption, denied = compose(rng, kind, state, scene, kind.sexes[0], 80)
            assert state.name not in denied and not set(state.shows_too) & set(denied)
            assert wrong.get(state.name, "never") not in caption and "{" not in caption and "a 80" not in caption
            denials += len(denied)
    assert denials > 0


def test_only_women_have_mammograms(tmp_path: Path) -> None:
    assert set(drawn(tmp_path, count=20, kinds=["mammogram"])["sex"]) == {"F"}


def test_defects_are_made_on_purpose(tmp_path: Path) -> None:
    samples = drawn(tmp_path, count=3, kinds=["chest-x-ray"], defects=True)
    defects = {d["defect"]: i for i, m in enumerate(samples["meta"]) if "defect" in (d := json.loads(m))}
    assert len(defects) == 9
    broken = samples.iloc[defects["truncated file"]]
    assert broken["phash"] == "" and "image_problem" in broken["meta"]
    blank = np.asarray(Image.open(tmp_path / samples.iloc[defects["blank image"]]["image"]))
    assert blank.max() == blank.min()
    twins = samples.iloc[[defects["original of the duplicates"], defects["duplicate"]]]
    assert twins["sha256"].nunique() == 1 and twins["sample_id"].nunique() == 2


def test_an_unknown_kind_is_said() -> None:
    with pytest.raises(ValidationError, match="did you mean head-ct"):
        CorpusSpec(name="p", reader="phantoms", options={"kinds": ["head-tc"]})
