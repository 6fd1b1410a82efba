"""The examples of docs/corpora.md are recipes that load, and every reader has one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from met_kg.corpus import images, packages, readers
from met_kg.corpus.readers import dicom, nifti, webdataset
from met_kg.pipeline.recipe import Recipe

PAGE = (Path(__file__).parents[2] / "docs" / "corpora.md").read_text(encoding="utf-8")
EXAMPLES = [yaml.safe_load(text) for text in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.M | re.S)]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e["name"])
def test_an_example_is_a_valid_entry(example: dict[str, object]) -> None:
    recipe = Recipe.of({"name": "page", "corpus": [example]})
    assert recipe.corpus[0].reader == example["reader"]


def test_every_reader_has_an_example_and_a_section() -> None:
    assert {e["reader"] for e in EXAMPLES} == set(readers.names())
    assert set(re.findall(r"^## ([\w-]+):", PAGE, re.M)) == set(readers.names())


def test_every_option_of_a_reader_is_named() -> None:
    for name in readers.names():
        section = re.split(rf"^## {name}:", PAGE, flags=re.M)[1].split("\n## ")[0]
        own = set(readers.find(name).options.model_fields) - {"split", "limit", "remove"}
        if name != "phantoms":
            assert not {o for o in own if f"{o}:" not in section}, name


def test_the_limits_are_those_of_the_code() -> None:
    table = PAGE.split("## Limits")[1]
    for said, limit in (
        ("256 MB", images.MAX_BYTES / 1024**2),
        ("64 million", images.MAX_PIXELS / 1e6),
        ("2 GB", dicom._MAX_FILE / 1024**3),
        ("134 million", nifti.Options().max_voxels // 1e6),
        ("64 MB", packages.MOST_XML / 1024**2),
        ("1 MB", webdataset._MAX_TEXT / 1e6),
    ):
        assert f" {said}" in table and float(said.split()[0]) == limit, said
