from __future__ import annotations

import hashlib
from pathlib import Path
from typing import get_args

import families
import pytest
import torch
from families import EACH, Tiny, asked, picture
from transformers import AutoModelForImageTextToText

from met_kg.errors import UnknownName, UsageProblem
from met_kg.models.standin import FAMILIES, FamilyName, make_standin
from met_kg.models.vlm import load

TEXTS = ["What is shown? A chest X-ray.", "Is there an effusion? no"]


def hashes(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


@pytest.mark.parametrize("family", EACH)
def test_a_stand_in_is_an_ordinary_checkpoint_with_the_same_bytes_each_time(
    family: str, tiny: Tiny, tmp_path: Path
) -> None:
    first = tiny(family)
    again, other = (
        make_standin(tmp_path / str(seed), family=family, texts=families.TEXTS, seed=seed, hidden=32) for seed in (3, 4)
    )
    assert hashes(first) == hashes(again)
    assert hashes(first)["model.safetensors"] != hashes(other)["model.safetensors"]
    assert "not a medical model" in (first / "README.md").read_text()
    stock = AutoModelForImageTextToText.from_pretrained(first).eval()
    ours = load(first)
    given = asked(ours.processor, picture(), picture(grey=0))
    with torch.inference_mode():
        found = ours.model(**given).logits
        assert torch.equal(stock(**given).logits, found)
    # It sees: the same question on another picture is another one.
    assert not torch.allclose(found[0, -1], found[1, -1], atol=1e-3)
    assert ours.stand_in and not ours.model.training


def test_the_stand_in_of_a_recipe_may_be_of_any_family(tmp_path: Path) -> None:
    assert tuple(FAMILIES) == get_args(FamilyName)
    with pytest.raises(UsageProblem, match="multiple of 32"):
        make_standin(tmp_path, texts=TEXTS, seed=1, hidden=100)


def test_an_unknown_family_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"did you mean qwen2\.5-vl"):
        make_standin(Path("never-made"), family="qwen25-vl", texts=TEXTS, seed=1)
