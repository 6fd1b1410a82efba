"""Two evaluations of the same questions, compared."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from scipy.stats import binomtest

from met_kg.cli.evaluate import evaluate
from met_kg.errors import DataProblem, MissingData, UsageProblem
from met_kg.evaluation.compare import as_markdown, compare
from met_kg.evaluation.records import write_jsonl, write_metrics
from met_kg.evaluation.score import Protocol, score


def write(
    folder: Path,
    right: Sequence[bool | None],
    *,
    bench: str = "vqa-rad",
    protocol: Protocol = "medevalkit",
    start: int = 0,
    **settings: Any,
) -> Path:
    """An evaluation whose answers are right, wrong or (None) not there; three questions to an image."""
    said = []
    for number, good in enumerate(right, start=start):
        record = {"qid": number, "image_name": f"{number // 3}.jpg", "question": f"{number}?", "answer": "lung"}
        line: dict[str, Any] = {"id": str(number), "record": record}
        said.append(line | ({"error": "no answer"} if good is None else {"model_output": "lung" if good else "liver"}))
    scored = score(bench, said, protocol=protocol)
    metrics = dict(scored.metrics)
    metrics["settings"] |= {"model": folder.name, **settings}
    out = folder / bench
    write_jsonl(said, out / "predictions.jsonl")
    write_jsonl(scored.items, out / "items.jsonl")
    write_metrics(metrics, out / "metrics.json")
    return folder


A = [True] * 20 + [False] * 20
B = [True] * 15 + [False] * 5 + [True] * 14 + [False] * 6


def test_two_models_are_compared_question_by_question(tmp_path: Path) -> None:
    for bench, other in (("vqa-rad", B), ("pathvqa", A)):
        write(tmp_path / "a", A, bench=bench, max_new_tokens=8)
        write(tmp_path / "b", other, bench=bench, max_new_tokens=16)
    found = compare(tmp_path / "a", tmp_path / "b")
    same, row = found["benchmarks"]
    assert (row["benchmark"], row["shared"], row["clusters"]) == ("vqa-rad", 40, 14)
    assert (row["only_first_right"], row["only_second_right"]) == (5, 14)
    assert row["difference"]["difference"] == pytest.approx(9 / 40)
    assert row["difference"]["low"] < 9 / 40 < row["difference"]["high"]
    p = binomtest(5, 19, 0.5).pvalue
    assert row["mcnemar_p"] == pytest.approx(p) and row["mcnemar_holm_p"] == pytest.approx(2 * p)
    assert row["by_image_holm_p"] == pytest.approx(2 * row["by_image_p"]) and 0.0001 <= row["by_image_p"] < 0.5
    assert same["difference"]["difference"] == 0 and same["mcnemar_p"] == 1
    assert same["difference"]["low"] < 0 < same["difference"]["high"], "that they agree on 40 is no proof"
    assert row["settings_that_differ"] == {"max_new_tokens": [8, 16]}
    back = compare(tmp_path / "b/vqa-rad", tmp_path / "a/vqa-rad")["benchmarks"][0]
    assert back["difference"]["difference"] == pytest.approx(-9 / 40)

    words = ["compare", str(tmp_path / "a"), str(tmp_path / "b"), "--out", str(tmp_path / "o")]
    done = CliRunner().invoke(evaluate, words, catch_exceptions=False)
    assert done.exit_code == 0 and "+0.2250" in done.output and "max_new_tokens 8 and 16" in done.output
    assert json.loads((tmp_path / "o/compare.json").read_text()) == json.loads(json.dumps(found))
    assert (tmp_path / "o/compare.md").read_text() == as_markdown(found) and "| +0.2250 |" in as_markdown(found)


def test_what_cannot_be_compared_is_refused_with_what_differs(tmp_path: Path) -> None:
    write(tmp_path / "a", A)
    with pytest.raises(UsageProblem, match="the protocol is 'medevalkit' in the first and 'corrected' in the second"):
        compare(tmp_path / "a", write(tmp_path / "c", B, protocol="corrected"))
    with pytest.raises(UsageProblem, match="state of the harness is .* in the first and 'another' in the second"):
        compare(tmp_path / "a", write(tmp_path / "h", B, harness="another"))
    with pytest.raises(UsageProblem, match="no benchmark is in both: vqa-rad in the first, slake in the second"):
        compare(tmp_path / "a", write(tmp_path / "s", A, bench="slake"))
    with pytest.raises(MissingData, match="no evaluation is there"):
        compare(tmp_path / "a", tmp_path)
    with pytest.raises(MissingData, match="no such folder"):
        compare(tmp_path / "a", tmp_path / "nowhere")
    (tmp_path / "a/vqa-rad/items.jsonl").write_text("{}\n")
    with pytest.raises(DataProblem, match="1 items stand beside 40 predictions"):
        compare(tmp_path / "a", tmp_path / "s")


def test_shared_questions_are_compared_on_demand_and_counted(tmp_path: Path) -> None:
    first = write(tmp_path / "a", [*A, None])
    second = write(tmp_path / "b", [*A[4:], True], start=4)
    with pytest.raises(UsageProblem, match="37 are shared, 4 in the first alone, 0 in the second alone"):
        compare(first, second)
    row = compare(first, second, shared_only=True)["benchmarks"][0]
    assert (row["shared"], row["not_answered"], row["only_in_first"], row["only_in_second"]) == (36, 1, 4, 0)
    assert row["first"]["acc"] == row["second"]["acc"] == 16 / 36
    with pytest.raises(UsageProblem, match="1 questions have no answer"):
        compare(first, write(tmp_path / "c", [*A, True]))
    with pytest.raises(UsageProblem, match="share no question"):
        compare(first, write(tmp_path / "d", A, start=100), shared_only=True)


def test_a_question_that_stands_twice_is_two(tmp_path: Path) -> None:
    for name in ("a", "b"):
        folder = write(tmp_path / name, [True, False]) / "vqa-rad"
        for file in ("items.jsonl", "predictions.jsonl"):
            (folder / file).write_text((folder / file).read_text() * 2)
    row = compare(tmp_path / "a", tmp_path / "b")["benchmarks"][0]
    assert row["shared"] == 4 and row["first"]["right"] == 2
