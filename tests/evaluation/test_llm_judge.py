"""A language model as judge: what it is shown, how it is read, what it makes of the totals, what goes wrong with it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner, Result

from met_kg.cli.score import score as score_command
from met_kg.errors import DataProblem, UsageProblem
from met_kg.evaluation.benchmark import find
from met_kg.evaluation.llm_judge import Judge, read_options
from met_kg.evaluation.options import JudgeOptions
from met_kg.evaluation.score import Scored, score
from tests.chat_server import ChatServer, Say
from tests.models.test_chat import causal_model  # noqa: F401  (a fixture)

MEK, COR = "medevalkit", "corrected"
RIGHT, WRONG = Say("<think>same</think>\n<judge>0</judge>"), Say("<think>other</think><judge>1</judge>")


@pytest.fixture(scope="module")
def one_server() -> Iterator[ChatServer]:
    made = ChatServer()
    yield made
    made.close()


@pytest.fixture
def server(one_server: ChatServer) -> ChatServer:
    one_server.answer, one_server.says = None, []
    one_server.asked.clear()
    return one_server


def settings(server: ChatServer, **more: Any) -> JudgeOptions:
    return JudgeOptions(
        endpoint=server.url, model="judge-2026-01-01", backoff=0, **{"retries": 0, "parallel": 1, **more}
    )


def line(gold: str, said: str, kind: str = "OPEN") -> dict[str, Any]:
    record = {"question": f"What of {gold}?", "answer": gold, "answer_type": kind, "q_lang": "en"}
    return {"record": record, "model_output": said}


def judged(
    server: ChatServer, folder: Path, benchmark: str, lines: list[dict[str, Any]], protocol: Any = MEK, **more: Any
) -> Scored:
    return score(benchmark, lines, protocol=protocol, judge=Judge.of(settings(server, **more), folder))


def shown(server: ChatServer) -> list[str]:
    """What the judge was shown of the last call: question, reference, answer."""
    text = server.asked[-1]["messages"][0]["content"]
    return [
        text.split(f"{name}: ")[1].split("\n\n")[0] for name in ("Question", "Reference answer", "Student's answer")
    ]


#: 0.6: the harness reads what stands in the tag, or else the whole reply: right iff exactly 0, and asks once.
#: Corrected: the last verdict after the thoughts; without one it is asked once more, then not judged.
REPLIES = [
    ("<think>x</think><judge>0</judge>", "right", "right"),
    ("<think>x</think><judge>1</judge>", "wrong", "wrong"),
    ("<judge> 0\n</judge>", "right", "right"),
    ("0", "right", "right"),
    ("1", "wrong", "wrong"),
    ("0.", "unreadable", None),
    ("correct", "unreadable", None),
    ("<judge>correct</judge>", "unreadable", None),
    ("<judge>2</judge>", "unreadable", None),
    ("", "unreadable", None),
    ("<judge>0", "unreadable", None),
    ("<think><judge>1</judge> or not</think><judge>0</judge>", "unreadable", "right"),
    ("<judge>0</judge><judge>1</judge>", "unreadable", "wrong"),
]


@pytest.mark.parametrize(("reply", "harness", "repaired"), REPLIES)
def test_how_a_reply_is_read(
    server: ChatServer, tmp_path: Path, reply: str, harness: str, repaired: str | None
) -> None:
    server.says = [Say(reply)]
    lines = [line("lung", "the lungs"), line("yes", "yes")]
    found = judged(server, tmp_path / "m", "vqa-rad", lines)
    assert found.items[0]["judge"] == harness and found.items[0]["correct"] is (harness == "right")
    assert len(server.asked) == 1, "one open answer, asked about once"
    found = judged(server, tmp_path / "c", "vqa-rad", lines, COR)
    assert found.items[0]["correct"] is (repaired == "right")
    if repaired is not None:
        assert found.items[0]["judge"] == repaired and len(server.asked) == 2
    else:
        assert "answered twice not as asked" in found.items[0]["judge"] and len(server.asked) == 3
        assert found.metrics["judged"]["unjudged"] == 1 and found.metrics["judged"]["calls"] == 2


@pytest.mark.parametrize(
    ("benchmark", "gold", "said", "harness", "repaired"),
    [
        ("vqa-rad", " Right Lung ", " The Answer is LUNG ", ["right lung", "the answer is lung"], [" Right Lung ", "LUNG"]),
        ("pathvqa", "Lung", r"so \boxed{The Lung}", ["lung", "the lung"], ["Lung", "The Lung"]),
        ("vqa-rad", "lung", "<think>Liver?</think>Lung", ["lung", "<think>liver?</think>lung"], ["lung", "Lung"]),
        ("vqa-rad", "lung", "<answer>Lung</answer> x", ["lung", "lung"], ["lung", "Lung"]),
        ("slake", "Right Lung ", " LUNG it is", ["Right Lung ", " LUNG it is"], ["Right Lung ", "LUNG it is"]),
        ("slake", "肺", "答案:肺。", ["肺", "答案:肺。"], ["肺", "肺。"]),
    ],
)  # fmt: skip
def test_what_the_judge_is_shown(
    server: ChatServer, tmp_path: Path, benchmark: str, gold: str, said: str, harness: list[str], repaired: list[str]
) -> None:
    server.says = [RIGHT]
    for protocol, expected in ((MEK, harness), (COR, repaired)):
        judged(server, tmp_path, benchmark, [line(gold, said)], protocol)
        assert shown(server) == [f"What of {gold}?", *expected]
    asked = server.asked[0]
    assert len(asked["messages"]) == 1 and asked["messages"][0]["role"] == "user", "no system message, no image"
    assert (asked["temperature"], asked["max_tokens"], asked["model"]) == (0, 4096, "judge-2026-01-01")
    assert "response_format" not in asked, "a reply in words is asked for"


#: 8 items: closed right, closed wrong, closed wrong (judged right); open exact, open in other words, 3 open wrong.
MIXED = [
    line("yes", "yes", "CLOSED"), line("no", "yes", "CLOSED"), line("CT", "it is CT", "CLOSED"),
    line("lung", "lung"), line("liver", "hepatic"), line("spleen", "bone"), line("heart", "skin"), line("brain", ""),
]  # fmt: skip


def by_meaning(asked: dict[str, Any]) -> Say:
    words = asked["messages"][0]["content"].lower()
    return RIGHT if any(f"student's answer: {w}\n" in words for w in ("yes", "it is ct", "lung", "hepatic")) else WRONG


#: 0.7: what a judge makes of (close right, open right, total right), of 3 closed and 5 open (RAD: 2 and 6, CT is open).
TOTALS = [
    # open by judge: lung, hepatic, it is CT; closed by rule: 1.
    ("vqa-rad", (1, 3, 4), (1, 3, 4)),
    # closed items are forgotten.
    ("pathvqa", (0, 3, 3), (1, 3, 4)),
    # closed by rule (1) and by judge (3: it takes each "yes" here) are added, open by judge (2).
    ("slake", (4, 2, 6), (1, 2, 3)),
]


@pytest.mark.parametrize(("benchmark", "harness", "intended"), TOTALS)
def test_what_the_harness_makes_of_the_totals(
    server: ChatServer, tmp_path: Path, benchmark: str, harness: tuple[int, ...], intended: tuple[int, ...]
) -> None:
    server.answer = by_meaning
    found = judged(server, tmp_path, benchmark, MIXED).metrics
    repaired = judged(server, tmp_path, benchmark, MIXED, COR).metrics

    def rights(metrics: dict[str, Any]) -> tuple[int, ...]:
        return tuple(metrics[part]["right"] for part in ("close", "open", "total metrics"))

    assert rights(found) == harness and found["total metrics"]["acc"] == harness[2] / 8
    assert found["open"]["acc"] == harness[1] / found["open"]["total"] ** 2, "divided twice, as without a judge"
    assert rights(found["judged"]["intended"]) == intended
    assert rights(repaired) == intended
    assert found["judged"]["without the judge"]["total metrics"]["right"] == 2, "yes, and lung by exact match"
    assert found["judged"]["intended"]["interval_95"] is not None and found["interval_95"] is not None
    low, high = found["interval_95"]
    assert low <= found["total metrics"]["acc"] <= high


def test_judge_for_all_is_the_third_number_of_slake(server: ChatServer, tmp_path: Path) -> None:
    server.answer = by_meaning
    found = judged(server, tmp_path, "slake", MIXED).metrics["judged"]
    assert found["scope"] == "all" and found["by the judge alone"] == {"total": 8, "right": 5, "acc": 5 / 8}
    assert found["asked"] == 7, "the empty open answer is wrong without being asked about"
    repaired = judged(server, tmp_path, "slake", MIXED, COR).metrics["judged"]
    assert repaired["by the judge alone"] is None and repaired["asked"] == 4
    everything = judged(server, tmp_path, "slake", MIXED, COR, scope="all").metrics["judged"]
    assert everything["asked"] == 7 and everything["by the judge alone"]["right"] == 5


@pytest.mark.parametrize("protocol", [MEK, COR])
def test_a_judge_that_always_says_the_same(server: ChatServer, tmp_path: Path, protocol: str) -> None:
    lines = [line(f"organ {n}", "bone") for n in range(6)] + [line("yes", "yes"), line("no", "no")]
    server.says = [RIGHT]
    assert judged(server, tmp_path / "r", "vqa-rad", lines, protocol).metrics["total metrics"]["acc"] == 1.0
    server.says = [WRONG]
    found = judged(server, tmp_path / "w", "vqa-rad", lines, protocol).metrics
    assert found["total metrics"]["acc"] == 2 / 8 and found["close"]["acc"] == 1.0
    assert found["judged"]["wrong"] == 6


def broken(asked: dict[str, Any]) -> Say:
    """A third of replies useless: prose, a fault of the server, silence; the same question always fares the same."""
    draw = Random(asked["messages"][0]["content"]).random()
    if draw < 0.12:
        return Say("The finding is consistent with pneumonia.")
    if draw < 0.24:
        return Say(status=500, body=b"overloaded")
    return Say(RIGHT.content, delay=0.6) if draw < 0.3 else RIGHT


def test_rubbish_faults_and_silence_are_all_accounted_for(server: ChatServer, tmp_path: Path) -> None:
    server.answer = broken
    lines = [line(f"organ {n}", "bone") for n in range(60)]
    found = judged(server, tmp_path, "vqa-rad", lines, COR, timeout=0.3, failures=60, when_dead="unjudged")
    record = found.metrics["judged"]
    assert record["right"] + record["unjudged"] == 60 and 10 < record["unjudged"] < 35
    reasons = [i["judge"] for i in found.items if i["judge"].startswith("not judged")]
    assert all(any(w in r for r in reasons) for w in ("not as asked", "answers 500: overloaded", "did not answer"))
    assert found.metrics["total metrics"] == {"total": 60, "right": record["right"], "acc": record["right"] / 60}
    assert all(not i["correct"] for i in found.items if i["judge"].startswith("not judged"))


def test_several_are_asked_at_once_and_the_same_question_once(server: ChatServer, tmp_path: Path) -> None:
    busy, most, lock = 0, 0, threading.Lock()

    def answer(asked: dict[str, Any]) -> Say:
        nonlocal busy, most
        with lock:
            busy, most = busy + 1, max(most, busy + 1)
        time.sleep(0.02)
        with lock:
            busy -= 1
        return broken(asked)

    lines = [line(f"organ {n // 2}", "bone") for n in range(60)]
    given = {"failures": 60, "when_dead": "unjudged", "timeout": 5}
    server.answer = broken
    alone = judged(server, tmp_path / "1", "vqa-rad", lines, COR, **given)
    assert len(server.asked) < 60
    server.answer = answer
    together = judged(server, tmp_path / "8", "vqa-rad", lines, COR, parallel=8, **given)
    assert together == alone, "verdicts, reasons, calls and tokens"
    assert 1 < most <= 8


def test_a_dead_judge_stops_the_scoring_and_asks_the_rest_alone_when_it_is_back(
    server: ChatServer, tmp_path: Path
) -> None:
    lines = [line(f"organ {n}", "bone") for n in range(8)]
    server.says = [RIGHT, RIGHT, Say(status=503, body=b"down")]
    with pytest.raises(DataProblem, match="failed 3 times in a row after 2 of 8 answers"):
        judged(server, tmp_path, "vqa-rad", lines)
    server.says, before = [RIGHT], len(server.asked)
    assert judged(server, tmp_path, "vqa-rad", lines).metrics["total metrics"]["acc"] == 1.0
    assert len(server.asked) - before == 6
    judged(server, tmp_path, "vqa-rad", [*lines[:3], line("new", "bone")], COR)
    assert len(server.asked) - before == 7, "both protocols share the replies to what they show alike"


def command(
    tmp_path: Path, lines: list[dict[str, Any]], options: str, *more: str, benchmark: str = "vqa-rad"
) -> Result:
    plain = [x | {"record": {k: x["record"][k] for k in ("question", "answer")}} for x in lines]  # not SLAKE's fields
    (tmp_path / "p.jsonl").write_text("\n".join(json.dumps(x) for x in plain))
    (tmp_path / "judge.yaml").write_text(options)
    words = [
        "--benchmark",
        benchmark,
        "--predictions",
        str(tmp_path / "p.jsonl"),
        "--judge",
        str(tmp_path / "judge.yaml"),
    ]
    return CliRunner().invoke(score_command, [*words, *more])


def test_the_command_names_the_judge_its_wording_and_its_cost(server: ChatServer, tmp_path: Path) -> None:
    reply = {"model": "judge-2026-01-01-b", "choices": [{"message": {"content": RIGHT.content}}]}
    reply["usage"] = {"prompt_tokens": 100, "completion_tokens": 9}
    server.says = [Say(body=json.dumps(reply).encode())]
    options = f"endpoint: {server.url}\nmodel: judge-2026-01-01\n"
    out = tmp_path / "out"
    first = command(tmp_path, MIXED, options, "--out", str(out))
    assert first.exit_code == 0, first.output
    assert "open answers judged by judge-2026-01-01" in first.output and "5 calls, 500 + 45 tokens" in first.output
    assert "without the judge: 0.2500" in first.output and "0 of the judge's replies were kept" in first.output
    written = (out / "metrics.json").read_bytes()
    record = json.loads(written)["judged"]
    assert record["model"] == "judge-2026-01-01" and record["answered_as"] == ["judge-2026-01-01-b"]
    assert "<judge>0</judge>" in record["wording"] and record["where"] == server.url
    again = command(tmp_path, MIXED, options, "--out", str(out))
    assert "5 of the judge's replies were kept" in again.output and len(server.asked) == 5
    assert (out / "metrics.json").read_bytes() == written


def test_what_is_not_judged_is_listed_and_the_exit_code_is_1(server: ChatServer, tmp_path: Path) -> None:
    server.says = [Say("who knows")]
    options = f"endpoint: {server.url}\nmodel: j\n"
    done = command(tmp_path, [line("lung", "bone")], options, "--out", str(tmp_path / "o"), "--protocol", COR)
    assert done.exit_code == 1 and "not judged, counted as wrong: line 1: judge j answered twice" in done.output


@pytest.mark.parametrize(
    ("options", "benchmark", "problem"),
    [
        ("model: x", "vqa-rad", "name either an endpoint or a path"),
        ("endpoint: {url}\nmodel: j\nmodle: k", "vqa-rad", "did you mean 'model'"),
        ("endpoint: {url}\nmodel: j\nscope: some", "vqa-rad", "scope"),
        ("[", "vqa-rad", "no settings of a judge"),
        ("", "vqa-rad", "no settings of a judge"),
        ("endpoint: {url}\nmodel: j\nkey_variable: MET_NO_SUCH_KEY", "vqa-rad", "MET_NO_SUCH_KEY is not set"),
        ("endpoint: {url}\nmodel: j", "pmc-vqa", "pmc-vqa has no open answers for a judge"),
    ],
)
def test_settings_that_cannot_be(
    server: ChatServer, tmp_path: Path, options: str, benchmark: str, problem: str
) -> None:
    done = command(
        tmp_path, [], options.replace("{url}", server.url), "--out", str(tmp_path / "o"), benchmark=benchmark
    )
    assert isinstance(done.exception, UsageProblem) and problem in str(done.exception)


def test_a_judge_needs_a_place_for_its_replies_and_its_settings(server: ChatServer, tmp_path: Path) -> None:
    done = command(tmp_path, [], f"endpoint: {server.url}\nmodel: j")
    assert isinstance(done.exception, UsageProblem) and "give --out or --judge-cache" in str(done.exception)
    with pytest.raises(Exception, match="settings are not there"):
        read_options(tmp_path / "absent.yaml")


def test_a_local_model_may_judge(causal_model: Path, tmp_path: Path) -> None:  # noqa: F811
    options = JudgeOptions(path=str(causal_model), max_tokens=16)
    found = score("vqa-rad", [line("lung", "lungs")], protocol="medevalkit", judge=Judge.of(options, tmp_path))
    assert found.items[0]["judge"] == "unreadable", "random weights say nothing"
    record = found.metrics["judged"]
    assert record["where"] == "local" and record["prompt_tokens"] > 100 and record["completion_tokens"] > 0


def test_the_totals_of_the_benchmarks_are_those_of_the_protocol() -> None:
    kept = {name: find(name).judge_totals for name in ("vqa-rad", "pathvqa", "slake", "own-items")}
    assert kept == {"vqa-rad": "sound", "pathvqa": "closed lost", "slake": "closed twice", "own-items": "sound"}
