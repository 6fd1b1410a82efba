"""``met score`` on what does not belong: other records, gold answers that nothing matches, answers that say nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from met_kg.cli.evaluate import score as score_command
from met_kg.errors import UsageProblem
from met_kg.evaluation.benchmark import find, names
from met_kg.evaluation.fit import better_fit
from met_kg.evaluation.score import score
from tests.evaluation.rules.choice import omni, pmc
from tests.evaluation.rules.mmmu import choice, opened
from tests.evaluation.rules.open_closed import rad, slake

MEK, COR = "medevalkit", "corrected"
#: A record of each benchmark, as its release has it.
RECORDS: dict[str, Any] = {
    "vqa-rad": {**rad("yes"), "qid": 1, "answer_type": "CLOSED", "question_type": "PRES", "image_organ": "CHEST"},
    "pathvqa": rad("yes"),
    "slake": slake("Yes"),
    "pmc-vqa": pmc(),
    "omnimedvqa": omni(),
    "mmmu-med-test": choice(),
    "mmmu-med-val": choice(split="validation"),
    "own-items": {**rad("yes"), "format": "yes-no", "options": []},
}


def run(benchmark: str, lines: list[dict[str, Any]], folder: Path, *more: str) -> Result:
    (folder / "p.jsonl").write_text("\n".join(json.dumps(x) for x in lines))
    words = ["--benchmark", benchmark, "--predictions", str(folder / "p.jsonl"), *more]
    return CliRunner().invoke(score_command, words)


@pytest.mark.parametrize("of", RECORDS)
def test_records_are_told_apart_where_their_fields_do(of: str) -> None:
    assert better_fit(find(of), [RECORDS[of]] * 3) == "", "its own records belong to it"
    for other in sorted(RECORDS):
        found = better_fit(find(other), [RECORDS[of]] * 3)
        alike = {"vqa-rad", "pathvqa"} >= {of, other}
        fits = score(other, [{"record": RECORDS[of], "model_output": "A"}]).metrics["errors"] == 0
        if other != of and fits and not alike and len(find(of).fields) > len(find(other).fields):
            assert found == of, f"{of} scored as {other}"


def test_one_odd_record_does_not_doubt_a_benchmark() -> None:
    assert better_fit(find("vqa-rad"), [slake("Yes"), rad("yes")]) == ""
    assert better_fit(find("vqa-rad"), []) == "" and better_fit(find("vqa-rad"), [["a", "row"]]) == ""


def test_records_of_another_benchmark_are_wrong_use(tmp_path: Path) -> None:
    done = run("vqa-rad", [{"record": slake("Yes"), "model_output": "yes"}], tmp_path)
    assert isinstance(done.exception, UsageProblem) and done.exception.exit_code == 2
    assert "these are records of slake, not of vqa-rad (score with --benchmark slake)" in str(done.exception)
    done = run("mmmu-med-val", [{"record": choice(), "model_output": "C"}], tmp_path)
    assert "records of mmmu-med-test" in str(done.exception)


@pytest.mark.parametrize(
    ("benchmark", "record", "problem"),
    [
        ("pmc-vqa", pmc(gold="E"), "the gold answer 'E' is none of A, B, C, D, nor the text of an option"),
        ("omnimedvqa", omni("CT", "MRI", gold="PET"), "the gold answer 'PET' is none of A, B"),
        ("omnimedvqa", omni(None, "CT", "MRI", gold="PET"), "the gold answer 'PET' is none of B, C"),
        ("mmmu-med-test", choice(gold="E"), "the gold answer 'E' is none of A, B, C, D"),
        ("vqa-rad", rad(" "), "the gold answer is empty"),
    ],
)
def test_a_gold_answer_that_nothing_matches_is_listed_and_counted(
    benchmark: str, record: dict[str, Any], problem: str, tmp_path: Path
) -> None:
    for protocol in (MEK, COR):
        out = tmp_path / protocol
        lines = [{"record": RECORDS[benchmark], "model_output": "B"}, {"record": record, "model_output": "B"}]
        done = run(benchmark, lines, tmp_path, "--protocol", protocol, "--out", str(out))
        assert done.exit_code == 1 and f"no answer can be right: line 2: {problem}" in done.output
        metrics = json.loads((out / "metrics.json").read_text())
        assert metrics["gold_problems"] == 1 and metrics["errors"] == 0 and metrics["total metrics"]["total"] == 2


def test_an_unknown_letter_and_an_empty_answer_are_counted(tmp_path: Path) -> None:
    lines = [{"record": pmc(), "model_output": said} for said in ("E", "", " \n", "B")]
    harness = run("pmc-vqa", lines, tmp_path, "--out", str(tmp_path / "m"))
    repaired = run("pmc-vqa", lines, tmp_path, "--out", str(tmp_path / "c"), "--protocol", COR)
    assert harness.exit_code == repaired.exit_code == 0, "a model's fault is no fault of the data"
    assert "nearest option: 3" in harness.output and "empty predictions: 2" in harness.output
    assert "unparsed: 3" in repaired.output and "empty predictions: 2" in repaired.output
    for folder in ("m", "c"):
        assert json.loads((tmp_path / folder / "metrics.json").read_text())["empty_predictions"] == 2
    found = score("mmmu-med-test", [{"record": opened("5"), "model_output": ""}]).metrics
    assert found["empty_predictions"] == 1 and found["gold_problems"] == 0


def test_macro_averages_stand_under_names_of_our_own() -> None:
    lines = [
        {"record": {**rad(gold), "image_organ": organ}, "model_output": said}
        for gold, organ, said in (
            ("yes", "CHEST", "yes"), ("no", "CHEST", "yes"), ("lung", "CHEST", "lung"), ("skull", "HEAD", "skull"),
        )
    ]  # fmt: skip
    found = score("vqa-rad", lines).metrics
    assert found["total metrics"]["acc"] == 0.75
    assert found["macro averages"] == {"kind": pytest.approx((0.5 + 1) / 2), "organ": pytest.approx((2 / 3 + 1) / 2)}
    assert "organ" in found and "question type" not in found, "no table of what no record says"
    assert score("pmc-vqa", [{"record": pmc(), "model_output": "B"}]).metrics["macro averages"] == {}


def test_shipped_benchmarks_state_licence_citation_and_size() -> None:
    for name in names():
        bench = find(name)
        assert bench.licence and bench.citation and (bench.expected or name == "own-items")
