from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from stopping import Stop, StopAt

from met_kg.cli.train import train as command
from met_kg.errors import MetError, RecipeProblem
from met_kg.log import silent
from met_kg.models import vlm
from met_kg.paths import pipelines_dir
from met_kg.training.config import TrainConfig
from met_kg.training.lora import train

pytestmark = pytest.mark.slow


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_training_that_was_stopped_ends_with_the_same_bytes(config: TrainConfig, tmp_path: Path, method: str) -> None:
    config = config.model_copy(update={"method": method, "eval_split": "test", "max_eval_examples": 3})
    whole = config.model_copy(update={"out": str(tmp_path / "whole")})
    stopped = config.model_copy(update={"out": str(tmp_path / "stopped")})
    result = train(whole, log=silent)
    with pytest.raises(Stop):
        train(stopped, log=StopAt("step 5 of"), work=tmp_path / "work")
    kept = sorted(p.name for p in (tmp_path / "work" / "checkpoints").glob("checkpoint-*"))
    assert kept == ["checkpoint-2", "checkpoint-4"]
    # A kill in the middle of a checkpoint leaves it without its mark: the one before is gone on from.
    (tmp_path / "work" / "checkpoints" / "checkpoint-4" / "whole").unlink()
    assert train(stopped, log=silent, work=tmp_path / "work").last_loss == result.last_loss
    log = [json.loads(line) for line in (tmp_path / "whole" / "training_log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log if "eval_loss" in line] == [0, 2, 4, 6]
    assert contents(tmp_path / "stopped") == contents(tmp_path / "whole")
    assert not (tmp_path / "work" / "checkpoints").exists()
    assert str(tmp_path).encode() not in b"".join(contents(tmp_path / "whole").values())


def test_an_adapter_tells_what_it_was_made_of(config: TrainConfig) -> None:
    result = train(config, log=silent, base_name="../base")
    log = [json.loads(line) for line in (result.out / "training_log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log] == [1, 2, 3, 4, 5, 6]
    assert all({"loss", "lr"} <= line.keys() for line in log)
    assert (result.steps, result.examples, 0 < result.trainable < result.parameters) == (6, 24, True)
    assert json.loads((result.out / "adapter_config.json").read_text())["base_model_name_or_path"] == "../base"
    card = (result.out / "README.md").read_text()
    record = json.loads((result.out / "training.json").read_text())
    assert all(t in card for t in ("Not a medical device", "../base", "2026-01-01", "CC0", record["data"]["sha256"]))
    assert "random stand-in" in card


def test_a_merged_model_is_written_on_request(config: TrainConfig, tmp_path: Path) -> None:
    plain = train(config, log=silent)
    asked = config.model_copy(update={"out": str(tmp_path / "asked"), "merge": True})
    result = train(asked, log=silent, work=tmp_path / "work")
    whole = {name: data for name, data in contents(result.out).items() if not name.startswith("merged/")}
    assert whole == contents(plain.out)
    assert not (tmp_path / "work" / "checkpoints").exists()
    adapted, merged = vlm.load(result.out), vlm.load(result.out / "merged")
    assert not any("lora" in name for name, _ in merged.model.named_parameters())
    folded = adapted.model.merge_and_unload().state_dict()
    assert all(bool(folded[name].allclose(value, atol=1e-6)) for name, value in merged.model.state_dict().items())
    base = vlm.load(config.base).model.state_dict()
    assert any(not bool(base[name].allclose(value)) for name, value in merged.model.state_dict().items())


def test_training_learns(config: TrainConfig) -> None:
    settings = {"method": "full", "max_steps": 40, "lr": 2e-3, "save_steps": 40, "eval_split": "test"}
    result = train(config.model_copy(update=settings), log=silent)
    assert result.last_loss < 0.5 * result.first_loss
    assert result.held_out_before is not None and result.held_out_after is not None
    assert result.held_out_after < result.held_out_before
    assert f"{result.held_out_after:.4f} after" in (result.out / "README.md").read_text()


def test_a_loss_that_is_no_number_names_the_setting(config: TrainConfig) -> None:
    wild = config.model_copy(update={"method": "full", "lr": 1e30, "warmup": 0.0, "scheduler": "constant"})
    with pytest.raises(MetError, match=r"lr 1e\+30.*lower lr"):
        train(wild, log=silent)


def test_another_configuration_does_not_go_on_from_old_checkpoints(config: TrainConfig, tmp_path: Path) -> None:
    with pytest.raises(Stop):
        train(config, log=StopAt("step 3 of"), work=tmp_path / "work")
    other = config.model_copy(update={"seed": 99, "max_steps": 2})
    train(other, log=silent, work=tmp_path / "work")
    after = contents(Path(config.out))
    shutil.rmtree(config.out)
    train(other, log=silent)
    assert contents(Path(config.out)) == after


@pytest.mark.parametrize("method", ["rslora", "dora"])
def test_every_part_takes_every_kind_of_adapter(config: TrainConfig, method: str) -> None:
    parts = ["language", "projector", "vision"]
    result = train(config.model_copy(update={"method": method, "targets": parts, "max_steps": 1}), log=silent)
    loaded = vlm.load(config.base, result.out)
    names = [name for name, _ in loaded.model.named_parameters() if "lora_A" in name]
    assert all(any(part in name for name in names) for part in ("language_model", "merger", "visual.blocks"))


def test_dry_run_shows_what_is_learnt_and_writes_nothing(config: TrainConfig, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(config.model_dump(exclude_none=True)))
    done = CliRunner().invoke(command, [str(tmp_path / "c.yaml"), "--dry-run", "--show", "2"])
    assert done.exit_code == 0, done.exception
    assert done.output.count("learnt)") == 2 and "<|im_start|>assistant\n]]" in done.output
    assert "examples: 24 (6 caption, 18 vqa)" in done.output and "memory, estimated" in done.output
    assert not Path(config.out).exists()


def test_the_command_trains_from_a_file_and_tells_what_is_wrong_with_one(config: TrainConfig, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(config.model_dump(exclude_none=True) | {"max_steps": 1}))
    done = CliRunner().invoke(command, [str(tmp_path / "c.yaml"), "--out", str(tmp_path / "here")])
    assert done.exit_code == 0, done.exception
    assert vlm.load(tmp_path / "here").name == config.base
    (tmp_path / "c.yaml").write_text("{bass: x}")
    assert isinstance(CliRunner().invoke(command, [str(tmp_path / "c.yaml")]).exception, RecipeProblem)


def test_memory_is_saved_without_another_result(config: TrainConfig, tmp_path: Path) -> None:
    plain = config.model_copy(update={"eval_split": "test", "max_steps": 2, "dropout": 0.0})
    thrifty = plain.model_copy(update={"gradient_checkpointing": True, "out": str(tmp_path / "thrifty")})
    losses = []
    for one in (plain, thrifty):
        out = train(one, log=silent).out
        lines = [json.loads(line) for line in (out / "training_log.jsonl").read_text().splitlines()]
        assert [line["step"] for line in lines if "eval_loss" in line] == [0, 2]
        losses.append([line.get("loss", line.get("eval_loss")) for line in lines])
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_the_recipes_that_are_shipped_set_what_there_is_to_set(tmp_path: Path) -> None:
    recipes = (yaml.safe_load(path.read_text()) for path in sorted(pipelines_dir().glob("*.yaml")))
    sections = [recipe["train"] for recipe in recipes if "train" in recipe]
    found = [section for section in sections if section.get("enabled", True)]
    assert found
    for section in found:
        where = {"base": section["base"], "data": "run", "out": str(tmp_path)}
        assert TrainConfig.of(section["settings"] | where, "train.settings").rank > 0
