"""The examples of docs/evaluation.md, run as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from met_kg.cli.score import score as score_command
from met_kg.evaluation.benchmark import find
from met_kg.evaluation.llm_judge import read_options
from met_kg.evaluation.options import JudgeOptions
from met_kg.evaluation.prompts import build_prompt
from met_kg.evaluation.records import IMAGE, load_records

TEXT = (Path(__file__).parents[2] / "docs/evaluation.md").read_text(encoding="utf-8")


def blocks(heading: str) -> list[str]:
    """Fenced blocks of one section."""
    section = re.split(r"(?m)^##+ ", TEXT.split(f"## {heading}\n")[1])[0]
    return re.findall(r"(?ms)^```\w+\n(.*?)^```", section)


def test_a_benchmark_of_your_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    described, questions, predictions, shown = blocks("A benchmark of your own")
    (tmp_path / "films").mkdir()
    for name in ("1.png", "2.png"):
        Image.new("L", (8, 8)).save(tmp_path / "films" / name)
    for name, text in (("chest.yaml", described), ("questions.json", questions), ("predictions.jsonl", predictions)):
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    bench = find(str(tmp_path / "chest.yaml"))
    loaded = load_records(bench, tmp_path, images=tmp_path / "i")
    assert len(loaded.records) == bench.expected == 3 and all(Path(r[IMAGE]).is_file() for r in loaded.records)
    assert build_prompt(bench, loaded.records[2]).startswith("Is the heart enlarged?\nPlease output 'yes' or 'no'")
    (command,) = re.findall(r"by `met score (--benchmark chest.*?)`", TEXT)
    done = CliRunner().invoke(score_command, [*command.split(), "--out", "scored"])
    assert done.exit_code == 0 and done.output == shown
    assert '"view"' in (tmp_path / "scored/metrics.json").read_text()


def test_settings_of_a_judge(tmp_path: Path) -> None:
    (described,) = blocks("A language model as judge")
    (tmp_path / "judge.yaml").write_text(described)
    said = read_options(tmp_path / "judge.yaml")
    assert said.model == "gpt-4.1-2025-04-14" and said.key_variable == "OPENAI_API_KEY"
    usual = JudgeOptions(endpoint="http://x", model="m")
    assert (said.scope, said.retries, said.failures, said.parallel, said.when_dead) == (
        usual.scope, usual.retries, usual.failures, usual.parallel, usual.when_dead,
    ), "the example shows what holds without it"  # fmt: skip
