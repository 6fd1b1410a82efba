"""``met eval`` against a server that speaks the OpenAI protocol, well and badly."""

from __future__ import annotations

import base64
import io
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from met_kg.cli.evaluate import evaluate
from met_kg.corpus.images import open_image
from met_kg.errors import DataProblem, UsageProblem
from met_kg.log import silent
from met_kg.models.answers import Answer, Failure, Request, collect
from met_kg.models.chat import EndpointChat
from met_kg.models.endpoint import EndpointVlm
from tests.chat_server import ChatServer, Say

ANSWERS = {"Is there a mass?": "yes", "Which organ?": "the lung", "Which plane?": "axial", "Is it normal?": "No."}


@pytest.fixture
def server() -> Iterator[ChatServer]:
    made = ChatServer()
    made.answer = well
    yield made
    made.close()


@pytest.fixture
def release(tmp_path: Path) -> Path:
    folder = tmp_path / "release"
    (folder / "images").mkdir(parents=True)
    for number, name in enumerate(("a.png", "b.jpg")):
        Image.fromarray(np.random.default_rng(number).integers(0, 256, (20, 30), np.uint8)).save(
            folder / "images" / name
        )
    asked = [
        ("a.png", "Is there a mass?", "yes"),
        ("b.jpg", "Which organ?", "lung"),
        ("a.png", "Which plane?", "axial"),
    ]
    records = [{"qid": i, "image_name": n, "question": q, "answer": a} for i, (n, q, a) in enumerate(asked)]
    (folder / "test.json").write_text(json.dumps([*records, {**records[0], "qid": 3, "question": "Is it normal?"}]))
    return folder


def question(asked: dict[str, Any]) -> str:
    return str(asked["messages"][0]["content"][-1]["text"]).split("\n")[0]


def well(asked: dict[str, Any]) -> Say:
    return Say(ANSWERS[question(asked)])


def run(server: ChatServer, release: Path, out: Path, *more: str) -> Result:
    words = ["--endpoint", server.url, "--model", "org/m", "--benchmark", "vqa-rad", "--source", str(release)]
    return CliRunner().invoke(evaluate, [*words, "--out", str(out), "--retries", "0", "--timeout", "5", *more])


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_server_is_shown_the_picture_as_it_is_and_recorded(
    server: ChatServer, release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_KEY", "secret")
    done = run(server, release, tmp_path / "o", "--key-variable", "SOME_KEY", "--max-new-tokens", "9")
    assert done.exit_code == 0, done.output
    by_question = {question(a): a for a in server.asked}
    assert set(by_question) == set(ANSWERS) and len(server.asked) == 4
    asked = by_question["Which organ?"]
    assert (asked["model"], asked["temperature"], asked["max_tokens"]) == ("org/m", 0, 9)
    assert "response_format" not in asked
    picture, text = asked["messages"][0]["content"]
    assert text["text"] == "Which organ?\nPlease answer the question concisely."
    shown = Image.open(io.BytesIO(base64.b64decode(picture["image_url"]["url"].partition("base64,")[2])))
    assert np.array_equal(np.asarray(shown), np.asarray(open_image(release / "images/b.jpg").convert("RGB")))
    assert server.headers[0]["Authorization"] == "Bearer secret"
    folder = tmp_path / "o/vqa-rad"
    assert [line["model_output"] for line in lines(folder / "predictions.jsonl")] == [
        "yes", "the lung", "axial", "No.",
    ]  # fmt: skip
    settings = read(folder / "metrics.json")["settings"]
    assert (settings["model"], settings["endpoint"], settings["temperature"]) == ("org/m", server.url, 0)
    assert "secret" not in "".join(p.read_text() for p in folder.iterdir())
    assert set(read(folder / "metrics.json")["baselines"]["compared"]) == {"majority"}, "calls may cost"

    again = run(server, release, tmp_path / "o", "--max-new-tokens", "9")
    assert again.exit_code == 0 and len(server.asked) == 4, "nothing is asked twice"


def test_a_question_that_failed_is_counted_kept_and_asked_again(
    server: ChatServer, release: Path, tmp_path: Path
) -> None:
    def badly(asked: dict[str, Any]) -> Say:
        bad = {
            "Which organ?": Say(status=400, body=b"the prompt is too long"),
            "Which plane?": Say(body=b"<html>a proxy's page</html>"),
        }
        return bad.get(question(asked)) or well(asked)

    server.answer = badly
    out = tmp_path / "o/vqa-rad"
    done = run(server, release, tmp_path / "o")
    assert done.exit_code == 1 and "2 questions have no answer and count as wrong" in done.output
    metrics = read(out / "metrics.json")
    assert (metrics["failed"], metrics["errors"], metrics["total metrics"]["total"]) == (2, 2, 4)
    said = {line["record"]["question"]: line for line in lines(out / "predictions.jsonl")}
    assert "model_output" not in said["Which organ?"] and "too long" in said["Which organ?"]["error"]
    items = {i["index"]: i for i in lines(out / "items.jsonl")}
    assert "not in the protocol" in items[2]["error"] and items[2]["correct"] is False

    server.answer, server.asked = well, []
    assert run(server, release, tmp_path / "o").exit_code == 0
    assert Counter(map(question, server.asked)) == {"Which organ?": 1, "Which plane?": 1}
    run(server, release, tmp_path / "undisturbed")
    for name in ("predictions.jsonl", "items.jsonl", "metrics.json", "answers.json"):
        assert (out / name).read_bytes() == (tmp_path / "undisturbed/vqa-rad" / name).read_bytes()
    assert sorted(p.name for p in out.iterdir()) == sorted(p.name for p in (tmp_path / "undisturbed/vqa-rad").iterdir())


def test_an_empty_or_cut_answer_is_counted(server: ChatServer, release: Path, tmp_path: Path) -> None:
    def answer(asked: dict[str, Any]) -> Say:
        if question(asked) == "Which organ?":
            return Say("")
        body = {"choices": [{"message": {"content": "yes and"}, "finish_reason": "length"}]}
        return Say(body=json.dumps(body).encode()) if question(asked) == "Which plane?" else well(asked)

    server.answer = answer
    done = run(server, release, tmp_path / "o")
    assert done.exit_code == 0 and "answers cut at the greatest length: 1" in done.output
    metrics = read(tmp_path / "o/vqa-rad/metrics.json")
    assert (metrics["notes"], metrics["cut"], metrics["failed"]) == ({"empty answer": 1}, 1, 0)


@pytest.mark.parametrize(
    ("say", "problem", "code"),
    [
        (
            Say(status=503, body=b"starting"),
            "failed 4 times in a row after 0 of 4 answers: the endpoint answers 503",
            1,
        ),
        (Say(status=400, body=b"no such parameter"), "failed 4 times in a row after 0 of 4 answers", 1),
        (Say(body=b"rubbish"), "the endpoint's answer is not in the protocol: rubbish", 1),
        (Say(status=401, body=b"no key"), "the endpoint answers 401: no key", 2),
        (Say(status=404, body=b"no model"), "look at address, key and model", 2),
    ],
)
def test_a_server_that_answers_nothing_ends_with_a_sentence(
    server: ChatServer, release: Path, tmp_path: Path, say: Say, problem: str, code: int
) -> None:
    server.answer = lambda _: say
    chat = EndpointChat(server.url, "m", retries=0)
    vlm = EndpointVlm(chat, url=server.url, open_image=open_image, max_new_tokens=4, concurrency=2, failures=4)
    asked = [Request(str(n), str(release / "images/a.png"), q) for n, q in enumerate(ANSWERS)]
    with pytest.raises((DataProblem, UsageProblem), match=problem) as caught:
        collect(vlm, asked, tmp_path / "part", log=silent)
    assert caught.value.exit_code == code


def test_a_server_that_dies_loses_no_answer(server: ChatServer, release: Path, tmp_path: Path) -> None:
    asked = [Request(f"q{n}", str(release / "images/a.png"), f"{n}?") for n in range(30)]
    server.answer = lambda _: Say("fine") if len(server.asked) <= 10 else Say(status=500)
    chat = EndpointChat(server.url, "m", retries=0)

    def model() -> EndpointVlm:
        return EndpointVlm(chat, url=server.url, open_image=open_image, max_new_tokens=4, concurrency=3, failures=5)

    with pytest.raises(DataProblem, match=r"5 times in a row after 10 of 30 answers.*kept: run again"):
        collect(model(), asked, tmp_path / "part", log=silent)
    server.answer, server.asked = (lambda _: Say("fine")), []
    found = collect(model(), asked, tmp_path / "part", log=silent)
    assert len(server.asked) == 20 and set(found.values()) == {Answer("fine")} and list(found) == [r.id for r in asked]


def test_who_refuses_one_question_of_many_is_not_dead(server: ChatServer, release: Path, tmp_path: Path) -> None:
    asked = [Request(f"q{n}", None, "long" if n >= 3 else "short") for n in range(4)]
    asked += [Request(f"r{n}", None, f"long {n}") for n in range(20)]
    server.answer = lambda a: Say("fine") if question(a) == "short" else Say(status=413)
    chat = EndpointChat(server.url, "m", retries=0)
    vlm = EndpointVlm(chat, url=server.url, open_image=open_image, max_new_tokens=4, concurrency=1, failures=3)
    found = collect(vlm, asked, tmp_path / "part", log=silent)
    assert sum(isinstance(answer, Failure) for answer in found.values()) == 21


def test_no_more_questions_are_under_way_than_allowed_and_no_more_a_minute(
    server: ChatServer, release: Path, tmp_path: Path
) -> None:
    under_way, most, lock = 0, 0, threading.Lock()

    def slowly(_: dict[str, Any]) -> Say:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.05)
        with lock:
            under_way -= 1
        return Say("fine")

    server.answer = slowly
    asked = [Request(f"q{n}", None, f"{n}?") for n in range(9)]
    ask: Callable[[EndpointChat], Any] = lambda chat: collect(  # noqa: E731
        EndpointVlm(chat, url=server.url, open_image=open_image, max_new_tokens=4, concurrency=3),
        asked,
        tmp_path / f"part{len(server.asked)}",
        log=silent,
    )
    ask(EndpointChat(server.url, "m"))
    assert most == 3
    server.times = []
    ask(EndpointChat(server.url, "m", per_minute=1200))  # one each 0.05 s
    gaps = np.diff(sorted(server.times))
    assert len(gaps) == 8 and sum(gaps) >= 8 * 0.05 * 0.9


def test_options_of_a_model_loaded_here_are_refused(server: ChatServer, release: Path, tmp_path: Path) -> None:
    done = run(server, release, tmp_path / "o", "--merge", "--device", "cpu")
    assert "--merge and --device: for a model that is loaded here" in str(done.exception)
    done = run(server, release, tmp_path / "o", "--key-variable", "NOT_SET_ANYWHERE")
    assert "NOT_SET_ANYWHERE is not set" in str(done.exception)
