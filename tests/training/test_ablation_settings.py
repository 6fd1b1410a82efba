"""The plan of an ablation: what is shipped can be read, and each bad setting is a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from met_kg.ablation.settings import Ablation, load_ablation
from met_kg.errors import MissingData, RecipeProblem, UnknownName, UsageProblem
from met_kg.graph.queries import find
from met_kg.paths import pipelines_dir

GOOD: dict[str, Any] = {
    "run": "mine",
    "arms": {"one": {"title": "One", "data": "run"}, "two": {"title": "Two", "data": "random"}},
    "comparisons": [{"second": "two", "first": "one", "asks": "options"}],
}


def load(folder: Path, **changed: Any) -> Ablation:
    path = folder / "plan.yaml"
    path.write_text(yaml.safe_dump(GOOD | changed))
    return load_ablation(path)


def test_the_shipped_plan_has_the_arms_of_the_page_and_queries_that_exist() -> None:
    plan = load_ablation(pipelines_dir() / "ablation.yaml")
    page = (Path(__file__).parents[2] / "docs" / "experiments" / "ablation.md").read_text(encoding="utf-8")
    assert plan.seeds == 5 and len(plan.comparisons) == 6
    for name, arm in plan.arms.items():
        assert f"`{name}`" in page
        assert all(find(asked.query).text for asked in arm.mix.queries)
    assert f"{plan.steps} steps of {plan.batch_size}" in page


def test_paths_are_meant_from_the_file_and_overrides_from_here(tmp_path: Path) -> None:
    plan = load(tmp_path, benchmarks={"vqa-rad": "rad", "slake": "${MET_DATA}/slake"})
    assert plan.run == str(tmp_path / "mine")
    assert plan.benchmarks == {"vqa-rad": str(tmp_path / "rad"), "slake": "${MET_DATA}/slake"}
    assert load_ablation(tmp_path / "plan.yaml", run="other", seeds=2).all_seeds == [13, 14]


def test_some_arms_keep_the_comparisons_between_them(tmp_path: Path) -> None:
    plan = load(tmp_path)
    assert plan.only(["two", "one"]).comparisons == plan.comparisons
    assert list(plan.only(["two"]).arms) == ["two"] and plan.only(["two"]).comparisons == []
    with pytest.raises(UnknownName, match=r"no arm is called 'tow' \(did you mean two"):
        plan.only(["tow"])
    with pytest.raises(UsageProblem, match="--arms: no arm is named"):
        plan.only([])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"stepz": 3}, "unknown key 'stepz' (did you mean 'steps'?)"),
        ({"seeds": 0}, "seeds: input should be greater than or equal to 1, got 0"),
        ({"hidden": 40}, "hidden: input should be a multiple of 32, got 40"),
        ({"arms": {}}, "arms: dictionary should have at least 1 item"),
        ({"arms": {"one": {"title": "x", "data": "tree"}}}, "arms.one.data: input should be 'run', 'random' or"),
        ({"arms": {"one": {"data": "run"}}}, "'arms.one.title' is missing"),
        (
            {"arms": {"one": {"title": "x", "data": "run", "mix": {"slise": "a"}}}},
            "unknown key 'arms.one.mix.slise' (did you mean 'slice'?)",
        ),
        ({"arms": {"One/": {"title": "x", "data": "run"}}}, "arm 'One/': lower-case letters, digits and dashes"),
        ({"comparisons": [{"second": "b", "first": "one", "asks": "x"}]}, "a comparison names 'b', which is no arm"),
        ({"comparisons": [{"second": "one", "first": "one", "asks": "x"}]}, "a comparison sets 'one' beside itself"),
    ],
)
def test_a_bad_setting_is_one_sentence(changed: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeProblem) as raised:
        load(tmp_path, **changed)
    assert len(raised.value.problems) == 1 and said in raised.value.problems[0]


def test_what_is_no_plan_is_said(tmp_path: Path) -> None:
    with pytest.raises(MissingData, match="the ablation is not there"):
        load_ablation(tmp_path / "none.yaml")
    (tmp_path / "list.yaml").write_text("- 1\n")
    with pytest.raises(RecipeProblem, match="a mapping of settings"):
        load_ablation(tmp_path / "list.yaml")
    (tmp_path / "broken.yaml").write_text("a: [\n")
    with pytest.raises(RecipeProblem, match="not YAML"):
        load_ablation(tmp_path / "broken.yaml")
