"""Recipes: all problems at once, with lines; overrides; the shipped ones load."""

from __future__ import annotations

from pathlib import Path

import pytest

from met_kg.errors import MissingData, RecipeProblem, UsageProblem
from met_kg.paths import pipelines_dir
from met_kg.pipeline.recipe import Recipe

BAD = """name: bad
seeed: 3
seed: many
tree:
  sources: [met]
literature:
  documents:
    - {name: x, path: nowhere.txt, licens: y}
corpus:
  - name: c
    reader: tabel
    path: also-nowhere.csv
"""


def test_all_problems_are_listed_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(BAD)
    with pytest.raises(RecipeProblem) as caught:
        Recipe.load(path)
    text = str(caught.value)
    assert f"{path}:2: unknown key 'seeed' (did you mean 'seed'?)" in text
    assert f"{path}:3: seed: " in text and "'many'" in text
    assert f"{path}:8: unknown key 'literature.documents.0.licens' (did you mean 'licence'?)" in text
    assert "tabel" in text and "table" in text
    assert caught.value.exit_code == 2 and len(caught.value.problems) == 4


def test_missing_files_are_named_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("name: r\nliterature:\n  documents:\n    - name: x\n      path: nowhere.txt\n")
    with pytest.raises(
        RecipeProblem, match=r"r\.yaml:5: literature\.documents\.0\.path: '.*nowhere\.txt' is not there"
    ):
        Recipe.load(path)


def test_a_missing_data_pack_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("met_kg.paths.data_root", lambda: None)
    with pytest.raises(RecipeProblem, match="needs the data packs, and MET_DATA is not set"):
        Recipe.load(pipelines_dir() / "covid-chestxray.yaml")


@pytest.mark.parametrize("text", ["a: [", "a: 1\na: 2\n", "- 1\n", "a: !!python/object:os.system {}\n"])
def test_what_is_no_recipe_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(text)
    with pytest.raises(RecipeProblem, match=r"r\.yaml"):
        Recipe.load(path)


def test_overrides(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("name: r\n")
    recipe = Recipe.load(path, ["seed=7", "train.settings.rank=4", "eval.benchmarks=[vqa-rad]"])
    assert recipe.seed == 7 and recipe.train.settings == {"rank": 4} and recipe.eval.benchmarks == ["vqa-rad"]
    with pytest.raises(UsageProblem, match="key=value"):
        Recipe.load(path, ["seed"])
    with pytest.raises(RecipeProblem, match="unknown key 'sead'"):
        Recipe.load(path, ["sead=1"])
    with pytest.raises(MissingData):
        Recipe.load(tmp_path / "none.yaml")


def test_a_saved_recipe_loads_as_the_same(tmp_path: Path) -> None:
    recipe = Recipe.load(pipelines_dir() / "quickstart.yaml")
    recipe.save(tmp_path / "recipe.yaml")
    assert Recipe.load(tmp_path / "recipe.yaml") == recipe


@pytest.mark.data
@pytest.mark.parametrize("name", ["covid-chestxray", "paper"])
def test_shipped_recipes_load_where_the_data_is(name: str, data_root: Path) -> None:
    assert Recipe.load(pipelines_dir() / f"{name}.yaml").name == name


def test_a_pattern_of_names_is_there_when_a_file_fits_it(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(f"name: r\ncorpus: [{{name: s, reader: webdataset, path: '{tmp_path}/s/*.tar'}}]\n")
    with pytest.raises(RecipeProblem, match="is not there"):
        Recipe.load(path)
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "0.tar").touch()
    assert Recipe.load(path).corpus[0].path.endswith("*.tar")
