from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from met_kg.corpus.images import open_image
from met_kg.errors import DataProblem, UsageProblem
from met_kg.log import Log, silent
from met_kg.models.generation import Request, generate
from met_kg.models.vlm import Vlm, load


class Stop(Exception):
    """Stands for a kill."""


class StopAfter(Log):
    """Stops the work after some batches."""

    def __init__(self, batches: int) -> None:
        super().__init__()
        self._batches = batches

    def track(self, things: Iterable[Any], label: str, total: int | None = None) -> Iterator[Any]:
        for number, thing in enumerate(things):
            if number == self._batches:
                raise Stop
            yield thing


@pytest.fixture(scope="module")
def model(standin: Path) -> Vlm:
    return load(standin)


def questions(run_dir: Path, count: int = 7) -> list[Request]:
    return [Request(f"q{n}", f"images/s{n}.png", "What is shown? " * (1 + (5 * n) % 7)) for n in range(count)]


def ask(model: Vlm, asked: list[Request], out: Path, run_dir: Path, log: Log = silent) -> dict[str, str]:
    return generate(model, asked, out, open_image=open_image, batch_size=2, max_new_tokens=5, base=run_dir, log=log)


def test_answers_that_were_stopped_end_with_the_same_bytes(model: Vlm, run_dir: Path, tmp_path: Path) -> None:
    asked = questions(run_dir)
    said = ask(model, asked, tmp_path / "whole.jsonl", run_dir)
    out, part = tmp_path / "stopped.jsonl", tmp_path / "stopped.jsonl.part"
    with pytest.raises(Stop):
        ask(model, asked, out, run_dir, StopAfter(2))
    lines = part.read_text().splitlines()
    assert len(lines) == 1 + 4 and not out.exists()
    # Cut within the second batch: a line torn, its neighbour without partner.
    part.write_text("\n".join(lines[:-1]) + "\n" + lines[-1][:8])
    assert ask(model, asked, out, run_dir) == said
    assert out.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    assert [json.loads(line)["id"] for line in out.read_text().splitlines()] == [r.id for r in asked]
    assert not part.exists()


def test_answers_to_other_questions_are_not_gone_on_from(model: Vlm, run_dir: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with pytest.raises(Stop):
        ask(model, questions(run_dir), out, run_dir, StopAfter(2))
    fewer = questions(run_dir, 3)
    assert list(ask(model, fewer, out, run_dir)) == ["q0", "q1", "q2"]


def test_questions_without_image_or_with_the_same_id_are_named(model: Vlm, run_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(DataProblem, match=r"images/gone\.png: question 'x' has no image file"):
        ask(model, [Request("x", "images/gone.png", "What?")], tmp_path / "a.jsonl", run_dir)
    with pytest.raises(UsageProblem, match="same id"):
        ask(model, questions(run_dir, 1) * 2, tmp_path / "b.jsonl", run_dir)
