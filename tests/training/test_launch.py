"""Several processes: the launch files that are shipped, and two processes that do what one does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from accelerate.commands.config.config_args import ClusterConfig, load_config_from_file
from accelerate.commands.launch import _validate_launch_command, launch_command_parser
from accelerate.utils import FullyShardedDataParallelPlugin
from accelerate.utils.deepspeed import HfDeepSpeedConfig
from accelerate.utils.launch import prepare_multi_gpu_env
from transformers.integrations.deepspeed import HfTrainerDeepSpeedConfig

from met_kg.log import silent
from met_kg.models.vlm import load_model
from met_kg.paths import pipelines_dir
from met_kg.training.config import TrainConfig
from met_kg.training.lora import train
from met_kg.training.trainer import trainer_settings

SHIPPED = pipelines_dir() / "accelerate"


class Filled(HfTrainerDeepSpeedConfig, HfDeepSpeedConfig):  # type: ignore[misc]
    """transformers' class, without its check that DeepSpeed is installed."""

    def __init__(self, path: str) -> None:
        HfDeepSpeedConfig.__init__(self, path)
        self._dtype: Any = None
        self.mismatches: list[str] = []


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_accelerate_reads_the_launch_files(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = load_config_from_file(str(path))  # an unknown key is an error
    assert isinstance(config, ClusterConfig) and config.num_processes > 1
    parser = launch_command_parser()
    args = parser.parse_args(["--config_file", str(path), "-m", "met_kg.cli", "train", "c.yaml"])
    known = vars(args).keys()
    assert set(config.fsdp_config) <= known
    args, _, _ = _validate_launch_command(args)
    assert (args.num_processes, args.num_machines) == (config.num_processes, config.num_machines)
    environment = prepare_multi_gpu_env(args)
    if config.fsdp_config:
        for name, value in environment.items():
            if name.startswith(("FSDP", "ACCELERATE")):
                monkeypatch.setenv(name, value)
        plugin = FullyShardedDataParallelPlugin()
        assert plugin.fsdp_version == 2 and "FULL" in str(plugin.state_dict_type)


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.json")), ids=lambda path: path.stem)
def test_transformers_fills_in_the_deepspeed_files(path: Path, config: TrainConfig, tmp_path: Path) -> None:
    settings = trainer_settings(config, tmp_path, evaluate=False, resumed=False)
    found = Filled(str(path))
    found.trainer_config_process(settings)
    found.trainer_config_finalize(settings, load_model(config.base)[0], 6)  # says what does not fit the settings
    assert '"auto"' not in json.dumps(found.config)
    assert found.config["train_micro_batch_size_per_gpu"] == config.batch_size
    assert found.config["gradient_clipping"] == config.max_grad_norm


@pytest.mark.slow
def test_two_processes_take_the_steps_of_one(config: TrainConfig, tmp_path: Path) -> None:
    one = config.model_copy(update={"batch_size": 4, "max_steps": 5, "save_steps": 5, "dropout": 0.0})
    result = train(one, log=silent)
    both = one.model_copy(update={"batch_size": 2, "out": str(tmp_path / "two")})
    (tmp_path / "two.yaml").write_text(yaml.safe_dump(both.model_dump(exclude_none=True)))
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone"]
    command += ["-m", "met_kg.cli", "train", str(tmp_path / "two.yaml")]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("files:") == 1  # one of them speaks
    logs = [_steps(folder / "training_log.jsonl") for folder in (result.out, tmp_path / "two")]
    assert [len(log) for log in logs] == [5, 5]
    assert logs[1] == [pytest.approx(step, rel=1e-4) for step in logs[0]]
    record = json.loads((tmp_path / "two" / "training.json").read_text())
    assert "2 x 1 x 2 (processes) examples" in (tmp_path / "two" / "README.md").read_text()
    assert record["processes"] == 2 and not (tmp_path / "two" / "checkpoints").exists()


def _steps(path: Path) -> list[list[float]]:
    """Loss and gradient norm of each step."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return [[line["loss"], line["grad_norm"]] for line in lines]
