"""A multimodal judge against a real server on loopback, and a local model."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from met_kg.errors import DataProblem, UsageProblem
from met_kg.models.aligners import Aligned, AlignerOptions, JudgeOptions, Pairs, load_aligner
from met_kg.models.chat_vlm import VlmChat
from met_kg.models.standin import make_standin
from tests.chat_server import ChatServer, Say
from tests.models.aligner_pairs import drawn_pairs

NODES = {"disc": 0, "stripes": 1, "layers": 2}


class Reader:
    """Judges as the server's model: sees what is drawn, reads caption and candidates, answers by the rubric."""

    def __init__(self, *first: Say) -> None:
        self.first, self.seen = list(first), 0

    def __call__(self, asked: dict[str, Any]) -> Say:
        self.seen += 1
        if self.first and (say := self.first.pop(0)).content != "as asked":
            return say
        text, image = asked["messages"][1]["content"]
        kind = _drawn(image["image_url"]["url"])
        caption, _, candidates = text["text"].partition("Candidates:")
        fits = (("disc" in caption), ("stripes" in caption), ("layers" in caption))[kind]
        found = re.findall(r"([A-Z]): (\w+)", candidates)
        return Say(
            json.dumps(
                {
                    "caption": 4 if fits else 0,
                    "candidates": [{"letter": a, "shown": 4 if NODES[name] == kind else 0} for a, name in found],
                    "reason": "the pattern is plain",
                }
            )
        )


def _drawn(url: str) -> int:
    head, _, body = url.partition(",")
    assert head == "data:image/jpeg;base64"
    picture = Image.open(io.BytesIO(base64.b64decode(body)))
    assert max(picture.size) <= 64
    values = np.asarray(picture.convert("L"), dtype=float)
    if (values > 205).mean() > 0.1:
        return 0
    return 1 if values.mean(axis=0).std() > values.mean(axis=1).std() else 2


@pytest.fixture
def server() -> Iterator[ChatServer]:
    made = ChatServer()
    yield made
    made.close()


@pytest.fixture
def pairs(tmp_path: Path) -> Pairs:
    return drawn_pairs(tmp_path, 24, wrong=3)


def judged(server: ChatServer, pairs: Pairs, cache: Path, **given: Any) -> Aligned:
    settings = {"endpoint": server.url, "model": "m", "planted": 12, "side": 64, "retries": 0, "backoff": 0.01}
    options = AlignerOptions(aligner="judge", folds=2, judge=JudgeOptions.model_validate({**settings, **given}))
    return load_aligner(options, cache=cache).fit(pairs, seed=1)


def test_a_judge_that_sees_finds_wrong_captions_and_nodes(server: ChatServer, pairs: Pairs, tmp_path: Path) -> None:
    server.answer = Reader()
    fits = [f for f in judged(server, pairs, tmp_path / "c").fits if f is not None]
    assert len(fits) == 24 and len(server.asked) == 36
    probability = np.array([f.probability for f in fits])
    assert probability[:3].max() < 0.5 < probability[3:].min()
    assert {f.nodes[0].margin for f in fits[:3]} == {-4.0} and {f.nodes[0].margin for f in fits[3:]} == {4.0}
    assert fits[0].note == "the pattern is plain"
    first = server.asked[0]
    assert "You make no diagnosis" in first["messages"][0]["content"]
    assert first["response_format"]["json_schema"]["schema"]["required"] == ["caption", "candidates", "reason"]


def test_answers_not_as_asked_are_asked_for_once_more(server: ChatServer, pairs: Pairs, tmp_path: Path) -> None:
    wrong = [
        Say("I see a disc."),
        Say("as asked"),
        Say('{"caption": 9, "candidates": [], "reason": ""}'),
        Say("as asked"),
        Say('```json\n{"caption": 4, "candidates": [{"letter": "A", "shown": 1}], "reason": "x"}\n```'),
        Say("as asked"),
    ]
    server.answer = Reader(*wrong)
    aligned = judged(server, pairs, tmp_path / "c")
    assert None not in aligned.fits and len(server.asked) == 36 + 3
    again = server.asked[1]["messages"]
    assert again[2] == {"role": "assistant", "content": "I see a disc."} and "no JSON object" in again[3]["content"]
    assert "caption" in server.asked[3]["messages"][3]["content"]
    assert "each of A, B, C once" in server.asked[5]["messages"][3]["content"]


def test_a_pair_answered_wrongly_twice_is_not_judged(server: ChatServer, pairs: Pairs, tmp_path: Path) -> None:
    server.answer = Reader(*[Say("as asked")] * 12, Say("no"), Say("still no"))
    aligned = judged(server, pairs, tmp_path / "c")
    assert [i for i, f in enumerate(aligned.fits) if f is None] == [0]
    assert "answered twice not as asked" in aligned.reasons[0]


def test_a_killed_run_asks_nothing_twice(server: ChatServer, pairs: Pairs, tmp_path: Path) -> None:
    """The endpoint dies after 20 answers: the run stops; the next asks for the other 16 and ends as one without death."""
    server.answer = Reader(*[Say("as asked")] * 20, *[Say(status=500)] * 3)
    with pytest.raises(DataProblem, match="failed 3 times in a row after 20 of 36 pairs.*answers 500"):
        judged(server, pairs, tmp_path / "c")
    before = len(server.asked)
    server.answer = Reader()
    resumed = judged(server, pairs, tmp_path / "c")
    assert len(server.asked) - before == 16
    assert judged(server, pairs, tmp_path / "other") == resumed


def test_what_a_dead_endpoint_leaves_can_stay_unjudged(server: ChatServer, pairs: Pairs, tmp_path: Path) -> None:
    server.answer = Reader(*[Say("as asked")] * 26, *[Say(status=503)] * 99)
    aligned = judged(server, pairs, tmp_path / "c", when_dead="unjudged", failures=2)
    assert sum(f is not None for f in aligned.fits) == 14 and len(server.asked) == 28
    assert "was not asked again" in aligned.reasons[23] and "answers 503" in aligned.reasons[14]


def test_a_busy_server_is_waited_for_and_a_silent_one_given_up(
    server: ChatServer, pairs: Pairs, tmp_path: Path
) -> None:
    few = replace(pairs, **{k: getattr(pairs, k)[:4] for k in ("images", "captions", "groups", "corpora", "nodes")})
    server.answer = Reader(Say(status=429, headers={"Retry-After": "0"}), Say(status=429))
    assert None not in judged(server, few, tmp_path / "a", retries=3).fits
    server.answer = Reader(*[Say("as asked")] * 4, Say("late", delay=0.6))
    aligned = judged(server, few, tmp_path / "b", timeout=0.3)
    assert sum(f is None for f in aligned.fits) == 1 and "did not answer" in aligned.reasons[0]


def test_a_wrong_key_stops_at_once(server: ChatServer, pairs: Pairs, tmp_path: Path) -> None:
    server.answer = Reader(Say(status=401))
    with pytest.raises(UsageProblem, match="answers 401"):
        judged(server, pairs, tmp_path / "c")
    assert len(server.asked) == 1


def test_nothing_but_nonsense_is_an_error(server: ChatServer, pairs: Pairs, tmp_path: Path) -> None:
    server.answer = lambda _: Say("nonsense")
    with pytest.raises(DataProblem, match="answered for 0 pairs"):
        judged(server, pairs, tmp_path / "c")


def test_a_local_model_is_asked_with_the_image(tmp_path: Path, pairs: Pairs) -> None:
    """A stand-in knows nothing and answers nonsense: it is asked, twice each, and the error says so."""
    folder = make_standin(tmp_path / "m", texts=["What is shown? A disc."], seed=1)
    buffer = io.BytesIO()
    Image.new("L", (64, 48), 90).save(buffer, format="JPEG")
    url = "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
    chat = VlmChat(str(folder), max_tokens=8)
    picture = {"type": "image_url", "image_url": {"url": url}}
    with_image = chat.complete([{"role": "user", "content": [{"type": "text", "text": "What?"}, picture]}], {})
    without = chat.complete([{"role": "user", "content": "What?"}], {})
    assert 0 < with_image.completion_tokens <= 8 and with_image.prompt_tokens > without.prompt_tokens
    with pytest.raises(DataProblem, match="data: addresses alone"):
        far = {"type": "image_url", "image_url": {"url": "https://example.org/a.jpg"}}
        chat.complete([{"role": "user", "content": [far]}], {})
    few = replace(pairs, **{k: getattr(pairs, k)[:3] for k in ("images", "captions", "groups", "corpora", "nodes")})
    options = AlignerOptions(aligner="judge", judge=JudgeOptions(path=str(folder), planted=10, max_tokens=64))
    with pytest.raises(DataProblem, match="answered for 0 pairs"):
        load_aligner(options, cache=tmp_path / "c").fit(few, seed=1)
