"""Trainings that were stopped, killed, or are to go on from an earlier checkpoint."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from test_training import Stop, StopAt, contents

from met_kg.errors import DataProblem, MetError, MissingData, UsageProblem
from met_kg.log import Log, silent
from met_kg.training.batches import BatchOrder
from met_kg.training.checkpoints import open_checkpoints
from met_kg.training.config import TrainConfig
from met_kg.training.lora import train

pytestmark = pytest.mark.slow


class Lines(Log):
    """Keeps what is said."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def info(self, text: str) -> None:
        self.said.append(text)


def stopped(config: TrainConfig, work: Path, step: int) -> None:
    with pytest.raises(Stop):
        train(config, log=StopAt(f"step {step} of"), work=work)


def test_a_killed_process_goes_on_in_its_second_epoch_and_ends_with_the_same_bytes(
    config: TrainConfig, tmp_path: Path
) -> None:
    config = config.model_copy(update={"max_steps": 20, "save_steps": 7})  # 12 steps an epoch
    whole = config.model_copy(update={"out": str(tmp_path / "whole")})
    train(whole, log=silent)
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(config.model_dump(exclude_none=True)))
    running = subprocess.Popen(
        [sys.executable, "-m", "met_kg.cli", "train", str(tmp_path / "c.yaml")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    mark = Path(config.out) / "checkpoints" / "checkpoint-14" / "whole"
    until = time.monotonic() + 300
    while not mark.exists() and running.poll() is None and time.monotonic() < until:
        time.sleep(0.005)
    os.kill(running.pid, signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    assert mark.exists() and not (Path(config.out) / "training_log.jsonl").exists()
    train(config, log=silent)
    assert contents(Path(config.out)) == contents(tmp_path / "whole")


def test_a_training_goes_on_from_the_checkpoint_that_is_asked_for(config: TrainConfig, tmp_path: Path) -> None:
    config = config.model_copy(update={"keep_checkpoints": 3})
    work = tmp_path / "work"
    stopped(config, work, 6)
    steps = work / "checkpoints"
    shutil.copytree(steps, tmp_path / "copy")
    train(config, log=silent, work=work)
    straight = contents(Path(config.out))
    shutil.copytree(tmp_path / "copy", steps)
    with pytest.raises(MissingData, match=r"no checkpoint of step 3 \(there are: 2, 4\)"):
        train(config, log=silent, work=work, resume=3)
    with pytest.raises(UsageProblem, match=r"another training: settings\.lr differ"):
        train(config.model_copy(update={"lr": 0.5}), log=silent, work=work, resume=2)
    # What does not change the outcome may change on the way.
    train(config.model_copy(update={"keep_checkpoints": 1}), log=silent, work=work, resume=2)
    assert contents(Path(config.out)) == straight


def test_half_written_and_foreign_checkpoints_are_not_gone_on_from(tmp_path: Path) -> None:
    log = Lines()
    open_checkpoints(tmp_path / "c", {"base": {"fingerprint": "a"}, "settings": {"lr": 1.0}}, log)
    for step, parts in ((2, ["whole"]), (10, ["whole"]), (12, [])):
        (tmp_path / "c" / f"checkpoint-{step}").mkdir()
        for name in parts:
            (tmp_path / "c" / f"checkpoint-{step}" / name).touch()
    same = {"settings": {"lr": 1.0}, "base": {"fingerprint": "a"}}
    with pytest.raises(DataProblem, match="not written to its end"):
        open_checkpoints(tmp_path / "c", same, log, step=12)
    open_checkpoints(tmp_path / "c", same, log)
    assert sorted(p.name for p in (tmp_path / "c").glob("check*")) == ["checkpoint-10", "checkpoint-2"]
    assert log.said == []
    open_checkpoints(tmp_path / "c", {"base": {"fingerprint": "b"}, "settings": {"lr": 1.0}}, log)
    assert not list((tmp_path / "c").glob("checkpoint-*"))
    assert log.said == ["  earlier checkpoints belong to another training (base.fingerprint differ): starting anew"]


def test_the_last_good_checkpoint_stays_when_the_loss_is_no_number(
    config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A warmup that ends in a rate no weights survive: the first steps are sound.
    wild = config.model_copy(update={"method": "full", "lr": 1e30, "warmup": 0.9, "scheduler": "constant"})
    wild = wild.model_copy(update={"save_steps": 1, "max_grad_norm": 1e9})
    with pytest.raises(MetError, match=r"at step [2-6].*lower lr"):
        train(wild, log=silent, work=tmp_path / "work")
    assert (tmp_path / "work" / "checkpoints" / "checkpoint-1" / "whole").is_file()


@pytest.mark.parametrize("method", ["lora", "full"])
def test_early_stopping_keeps_the_best_weights_and_is_the_same_after_a_stop(
    config: TrainConfig, tmp_path: Path, method: str
) -> None:
    # So quick that the held-out loss soon grows again.
    settings = {"method": method, "eval_split": "test", "max_steps": 40, "save_steps": 2, "early_stopping_patience": 2}
    settings |= {"max_eval_examples": 2}
    settings |= {"lr": 0.2 if method == "lora" else 0.02, "scheduler": "constant", "warmup": 0.0, "dropout": 0.0}
    config = config.model_copy(update=settings)
    whole = config.model_copy(update={"out": str(tmp_path / "whole")})
    result = train(whole, log=silent)
    lines = [json.loads(line) for line in (tmp_path / "whole" / "training_log.jsonl").read_text().splitlines()]
    losses = {line["step"]: line["eval_loss"] for line in lines if "eval_loss" in line}
    best = min((loss, step) for step, loss in losses.items() if step)[1]
    assert (result.best_step, result.steps) == (best, best + 4) and result.steps < 40
    assert result.held_out_after == losses[best]
    record = json.loads((tmp_path / "whole" / "training.json").read_text())
    assert record["best_step"] == best
    assert f"(weights of step {best})" in (tmp_path / "whole" / "README.md").read_text()
    # The weights are those of a training that ended there.
    short = config.model_copy(update={"max_steps": best, "early_stopping_patience": None, "out": str(tmp_path / "s")})
    train(short, log=silent)
    weights = "model.safetensors" if method == "full" else "adapter_model.safetensors"
    assert (tmp_path / "s" / weights).read_bytes() == (tmp_path / "whole" / weights).read_bytes()
    stopped(config, tmp_path / "work", best + 3)
    train(config, log=silent, work=tmp_path / "work")
    assert contents(Path(config.out)) == contents(tmp_path / "whole")


@pytest.mark.parametrize(("grouped", "shuffled"), [(True, True), (False, True), (True, False)])
def test_an_order_depends_on_seed_and_epoch_alone(grouped: bool, shuffled: bool) -> None:
    lengths = [(37 * n) % 101 for n in range(1003)]

    def order(seed: int, epoch: int) -> list[int]:
        found = BatchOrder(lengths, 8, seed=seed, grouped=grouped, shuffled=shuffled)
        found.epoch = epoch
        return list(found)

    first = order(1, 0)
    assert sorted(first) == list(range(1003)) and order(1, 0) == first
    assert order(1, 1) != first and order(2, 0) != first
    padded = sum(8 * max(lengths[place] for place in first[start : start + 8]) for start in range(0, 1000, 8))
    share = sum(lengths[place] for place in first[:1000]) / padded
    assert share > 0.9 if grouped else share < 0.7
    longest = [max(lengths[place] for place in first[start : start + 8]) for start in range(0, 400, 8)]
    assert longest != sorted(longest)  # from short to long would be a curriculum that nobody asked for
    if not shuffled:
        assert all(abs(place - at) < 400 for at, place in enumerate(first))
