from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tiny_run import make_run

from met_kg.models.standin import make_standin
from met_kg.training.config import TrainConfig


@pytest.fixture(scope="session")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with six samples to train on and two held out."""
    return make_run(tmp_path_factory.mktemp("train") / "run")


@pytest.fixture(scope="session")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Qwen2.5-VL of the tests' own words."""
    return make_standin(tmp_path_factory.mktemp("standin") / "base", texts=["What is shown? A white disc."], seed=1)


@pytest.fixture
def config(run_dir: Path, standin: Path, tmp_path: Path) -> TrainConfig:
    """A small training; tests change what they are about."""
    values: dict[str, Any] = {"rank": 4, "batch_size": 2, "max_steps": 6, "save_steps": 2, "image_side": 56, "lr": 1e-3}
    where = {"base": str(standin), "data": str(run_dir), "out": str(tmp_path / "adapter")}
    return TrainConfig.of(values | where, "test")
