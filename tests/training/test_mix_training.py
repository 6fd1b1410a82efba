"""A training sees its examples in the order of its curriculum, and goes on in that order after a stop."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from stopping import Stop, StopAt
from tiny_graph import KEYS, make_graph_run

from met_kg import tables
from met_kg.cli.train import train as command
from met_kg.log import silent
from met_kg.synthesis.prompts import question_prompt
from met_kg.training import collate
from met_kg.training.config import TrainConfig, load_config
from met_kg.training.examples import IMAGE
from met_kg.training.lora import train

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def graph_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_graph_run(tmp_path_factory.mktemp("mix") / "run", samples=12)


@pytest.fixture
def config(graph_run: Path, standin: Path, tmp_path: Path) -> TrainConfig:
    """Nine samples, twenty-seven items: a training of two passes in nine steps, coarse to fine."""
    values: dict[str, Any] = {"rank": 2, "batch_size": 3, "gradient_accumulation": 2, "epochs": 2, "image_side": 56}
    mix = {"curriculum": {"stages": [{"share": 1 / 3, "most": 2}, {"share": 1 / 3, "most": 3}]}}
    where = {"base": str(standin), "data": str(graph_run), "out": str(tmp_path / "adapter")}
    return TrainConfig.of(values | where | {"caption_share": 0.0, "save_steps": 4, "mix": mix}, "test")


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[list[tuple[str, str]]]:
    """What the model is given: image and question of each example of each batch."""
    batches: list[list[tuple[str, str]]] = []

    class Recording(collate.Collator):
        def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
            batches.append([(Path(e["images"][0]).stem, e["prompt"][-1].removeprefix(f"{IMAGE}\n")) for e in examples])
            return super().torch_call(examples)

    monkeypatch.setattr("met_kg.training.trainer.Collator", Recording)
    return batches


def depths(run: Path) -> dict[tuple[str, str], int]:
    """Depth of the key of each question, by image and words."""
    items = tables.read("vqa", run / "vqa.parquet").to_dict("records")
    asked = [(i["sample_id"], question_prompt(i["format"], i["question"], list(i["options"]))) for i in items]
    return {name: KEYS[i["key_node"]] for name, i in zip(asked, items, strict=True)}


def test_batches_come_coarse_to_fine_and_the_same_after_a_stop(
    config: TrainConfig, graph_run: Path, seen: list[list[tuple[str, str]]], tmp_path: Path
) -> None:
    train(config, log=silent)
    whole = list(seen)
    assert [len(batch) for batch in whole] == [3] * 18
    depth = depths(graph_run)
    told = [[depth[name] for name in batch] for batch in whole]
    assert max(max(batch) for batch in told[:6]) <= 2
    assert max(max(batch) for batch in told[6:12]) == 3
    assert {place for batch in told[12:] for place in batch} >= {4}
    flat = [name for batch in whole for name in batch]
    assert all(flat.count(name) == 2 for name in set(flat)) and len(set(flat)) == 27
    # Stopped after step 5, it goes on from the checkpoint of step 4: batches 9 to 18 once more.
    seen.clear()
    stopped = config.model_copy(update={"out": str(tmp_path / "stopped")})
    with pytest.raises(Stop):
        train(stopped, log=StopAt("step 5 of"), work=tmp_path / "work")
    seen.clear()
    train(stopped, log=silent, work=tmp_path / "work")
    assert seen == whole[8:]
    for name in ("adapter_model.safetensors", "training_log.jsonl", "mix.json", "mix.parquet", "mix.svg", "README.md"):
        assert (tmp_path / "stopped" / name).read_bytes() == (tmp_path / "adapter" / name).read_bytes()
    record = json.loads((tmp_path / "stopped" / "training.json").read_text())
    assert record["settings"]["mix"]["curriculum"]["by"]["query"] == "train/depth"
    assert "27 questions and 0 captions" in (tmp_path / "stopped" / "README.md").read_text()


def test_dry_run_tells_the_mix_and_a_query_file_lies_beside_the_configuration(
    config: TrainConfig, tmp_path: Path
) -> None:
    (tmp_path / "mine.rq").write_text("SELECT ?item { ?item met:key DOID:552 }")
    values = config.model_dump(exclude_none=True) | {"mix": {"slice": "mine.rq", "curriculum": {}}}
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(values))
    assert load_config(tmp_path / "c.yaml").mix.slice is not None
    done = CliRunner().invoke(command, [str(tmp_path / "c.yaml"), "--dry-run", "--show", "0"])
    assert done.exit_code == 0, done.exception
    assert "query mine.rq does not select it" in done.output and "mean value along the training: 3.0" in done.output
    assert "pneumonia (DOID:552)" not in done.output  # nodes stand in the file; a terminal has branches
    assert "lung disease (DOID:850)" in done.output
