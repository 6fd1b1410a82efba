"""One arm and one seed: a training and its tests, in a folder of its own that says when it is done."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from met_kg.ablation.inputs import Inputs, Test
from met_kg.ablation.settings import Ablation, Arm
from met_kg.corpus.images import image_size, open_image
from met_kg.evaluation.records import Loaded
from met_kg.evaluation.run import answer_benchmark
from met_kg.log import Log
from met_kg.models import vlm
from met_kg.models.generation import BatchedVlm
from met_kg.models.standin import one_thread
from met_kg.pipeline.fingerprint import code_hash, hash_json, hash_path, library_versions
from met_kg.training.config import TrainConfig
from met_kg.training.lora import train

__all__ = ["PROTOCOL", "Cell", "make_cell", "run_cell"]

PROTOCOL: Final = "corrected"
_DONE: Final = "done.json"
_KEY: Final = "key.json"


@dataclass(frozen=True, slots=True)
class Cell:
    """A training and its tests.

    Attributes
    ----------
    key
        sha256 of all that decides the outcome, code and libraries included; where it is that of ``done.json`` nothing
        is done again.
    """

    arm: str
    seed: int
    folder: Path
    config: TrainConfig
    tests: tuple[Test, ...]
    batch_size: int
    max_new_tokens: int
    key: str

    @property
    def name(self) -> str:
        """For messages."""
        return f"{self.arm}, seed {self.seed}"

    @property
    def done(self) -> dict[str, Any] | None:
        """Counts and times of a finished one, None where there is none."""
        said = _read(self.folder / _DONE)
        return said if said.get("key") == self.key else None


def make_cell(plan: Ablation, name: str, arm: Arm, seed: int, inputs: Inputs, tests: list[Test], out: Path) -> Cell:
    """The cell of an arm and a seed under ``out``."""
    folder = out / "arms" / name / f"seed-{seed}"
    same = {
        "method": "full",
        "max_steps": plan.steps,
        "batch_size": plan.batch_size,
        "image_side": plan.image_side,
        "lr": plan.lr,
        "save_steps": plan.save_steps,
        "seed": seed,
    }
    where = {"base": str(inputs.bases[seed]), "data": str(inputs.data[arm.data]), "out": str(folder / "model")}
    own = {"caption_share": arm.caption_share, "mix": arm.mix}
    config = TrainConfig.of(same | own | where, f"arm {name}")
    key = hash_json(
        {
            "settings": same | {"caption_share": arm.caption_share, "mix": arm.mix.model_dump(mode="json")},
            "queries": [hash_path(Path(asked.query)) for asked in arm.mix.queries if asked.query.endswith(".rq")],
            "data": {n: h for n, h in inputs.hashes.items() if n.startswith(f"{arm.data}/")},
            "base": inputs.hashes[f"bases/seed-{seed}"],
            "tests": [(test.name, test.hash) for test in tests],
            "max_new_tokens": plan.max_new_tokens,
            "protocol": PROTOCOL,
            "code": code_hash("evaluation"),
            "libraries": library_versions(),
        }
    )
    return Cell(name, seed, folder, config, tuple(tests), plan.eval_batch_size, plan.max_new_tokens, key)


def run_cell(cell: Cell, log: Log) -> None:
    """Train and test, unless that is done. What a stop left is gone on with: checkpoints, then answers.

    Raises
    ------
    MetError
        what training and evaluation raise.
    """
    if cell.done is not None:
        return
    if _read(cell.folder / _KEY).get("key") != cell.key:
        shutil.rmtree(cell.folder, ignore_errors=True)
        cell.folder.mkdir(parents=True)
        _write({"key": cell.key}, cell.folder / _KEY)
    trained = _read(cell.folder / "trained.json")
    if not trained:
        start = time.monotonic()
        result = train(cell.config, log=log, work=cell.folder / "work", base_name=f"random stand-in, seed {cell.seed}")
        trained = {
            "steps": result.steps,
            "examples seen": result.steps * cell.config.batch_size,
            "examples of a pass": result.examples,
            "left out": len(result.left_out),
            "parameters": result.parameters,
            "first loss": round(result.first_loss, 4),
            "last loss": round(result.last_loss, 4),
            "training seconds": round(time.monotonic() - start, 1),
        }
        shutil.rmtree(cell.folder / "work", ignore_errors=True)
        _write(trained, cell.folder / "trained.json")
    start = time.monotonic()
    with one_thread(cell.config.out):
        answerer = BatchedVlm(
            vlm.load(cell.config.out),
            open_image=open_image,
            image_size=image_size,
            batch_size=cell.batch_size,
            max_new_tokens=cell.max_new_tokens,
        )
        for test in cell.tests:
            answer_benchmark(
                answerer,
                test.bench,
                Loaded(test.records, []),
                cell.folder / "tests" / test.name,
                base=test.base,
                protocol="corrected",
                log=log,
                model_name=f"stand-in trained as arm {cell.name}",
            )
    _write({"key": cell.key, **trained, "evaluation seconds": round(time.monotonic() - start, 1)}, cell.folder / _DONE)


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(said: dict[str, Any], path: Path) -> None:
    """Whole or not at all."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(json.dumps(said, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    fresh.replace(path)
