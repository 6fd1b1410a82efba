"""Quality control with models: a judge and a text-only solver behind a server, and a vision-language model."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from PIL import Image
from quality_items import OPEN, SOUND, YES_NO, choices, items, samples

from met_kg.errors import DataProblem, UsageProblem
from met_kg.graph.store import Graph
from met_kg.log import silent
from met_kg.models.standin import make_standin
from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.quality.context import Context
from met_kg.synthesis.quality.control import Controlled, control
from met_kg.synthesis.quality.necessity import image_necessity
from met_kg.synthesis.quality.options import NecessityOptions, QualityOptions
from tests.chat_server import ChatServer, Say


@pytest.fixture
def server() -> Iterator[ChatServer]:
    made = ChatServer()
    yield made
    made.close()


def drawn(folder: Path, count: int) -> pd.DataFrame:
    """Samples whose images are there, the last one's excepted."""
    found = samples(count, [f"Caption of number {n}." for n in range(count)])
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for n in range(count - 1):
        Image.new("L", (40, 30), 5 * n).save(folder / "images" / f"s{n}.png")
    return found


def controlled(graph: Graph, run: Path, drafts: pd.DataFrame, **options: Any) -> Controlled:
    given = QualityOptions.model_validate(options)
    return control(drafts, drawn(run, len(drafts)), graph, given, seed=13, run=run, work=run / "work")


def judge_of(server: ChatServer, **given: Any) -> dict[str, Any]:
    return {"endpoint": server.url, "model": "m", "retries": 0, "backoff": 0.01, "side": 64, **given}


class Judge:
    """Rates by the number of the sample, and answers badly as often as asked: n % 5 says how."""

    def __init__(self, *, dies_after: int = 10**9) -> None:
        self.dies_after, self.asked = dies_after, 0

    def __call__(self, asked: dict[str, Any]) -> Say:
        self.asked += 1
        if self.asked > self.dies_after:
            return Say("", status=500)
        content = asked["messages"][1]["content"]
        text = content if isinstance(content, str) else content[0]["text"]
        number = int(re.search(r"Caption of number (\d+)", text)[1])  # type: ignore[index]
        again = len(asked["messages"]) > 2
        good = {"answerable": 4, "single": 4, "no_leak": 3, "sensible": 4, "reason": "fine"}
        said: dict[int, Any] = {
            0: good,
            1: {**good, "single": 0, "reason": "asthma is as good"},
            2: {**good, "answerable": 5} if not again else good,  # off the scale, then as asked
            3: "I think it is fine.",  # never JSON
            4: {**good, "extra": 1} if not again else {**good, "answerable": 1, "reason": "nothing to see"},
        }
        answer = said[number % 5]
        return Say(answer if isinstance(answer, str) else json.dumps(answer))


def drafts(count: int) -> pd.DataFrame:
    return items(*({"sample_id": f"s{n}"} for n in range(count)))


def test_a_judge_refuses_with_reasons_and_bad_answers_judge_nothing(
    mini_graph: Graph, server: ChatServer, tmp_path: Path
) -> None:
    server.answer = Judge()
    made = controlled(mini_graph, tmp_path, drafts(11), judge=judge_of(server))
    found = {f["item_id"]: f for f in made.quality.to_dict("records") if f["check"] == "judge"}
    assert {n: (f["verdict"], f["value"]) for n, f in found.items() if f["verdict"] == "drop"} == {
        "i1": ("drop", 0.0), "i6": ("drop", 0.0), "i4": ("drop", 1.0), "i9": ("drop", 1.0),
    }  # fmt: skip
    assert found["i1"]["reason"] == "rated single 0 of 4: asthma is as good"
    assert "answered twice not as asked: there is no JSON object" in found["i3"]["reason"]
    assert found["i10"]["reason"] == "not judged: the image of sample s10 is not there"
    unjudged = sorted(n for n, f in found.items() if f["verdict"] == "flag")
    assert unjudged == ["i10", "i3", "i8"]
    assert set(made.vqa["item_id"]) == {"i0", "i10", "i2", "i3", "i5", "i7", "i8"}, (
        "what is not judged stays, and is said"
    )
    assert made.figures["judge"]["not judged"] == 3 and made.figures["judge"]["dropped"] == 4
    first = server.asked[0]["messages"]
    assert (
        "You make no diagnosis" in first[0]["content"]
        and "Held to be right: B. pneumonia" in first[1]["content"][0]["text"]
    )
    assert first[1]["content"][1]["image_url"]["url"].startswith("data:image/jpeg;base64,")


def test_a_judge_without_eyes_is_shown_no_image_and_may_only_flag(
    mini_graph: Graph, server: ChatServer, tmp_path: Path
) -> None:
    server.answer = Judge()
    made = controlled(mini_graph, tmp_path, drafts(3), judge=judge_of(server, images=False, severity="flag", minimum=4))
    assert isinstance(server.asked[0]["messages"][1]["content"], str)
    assert len(made.vqa) == 3
    assert set(made.quality["verdict"]) == {"flag"} and "no_leak 3" in made.quality["reason"][0]


def test_an_endpoint_that_dies_halfway_is_gone_on_from(mini_graph: Graph, server: ChatServer, tmp_path: Path) -> None:
    server.answer = Judge(dies_after=6)
    with pytest.raises(DataProblem, match=r"failed 3 times in a row after 3 of 10 items"):
        controlled(mini_graph, tmp_path, drafts(10), judge=judge_of(server))
    left = judge_of(server, when_dead="unjudged")
    halfway = controlled(mini_graph, tmp_path, drafts(10), judge=left)
    judged = halfway.quality[halfway.quality["check"] == "judge"]
    reasons = dict(zip(judged["item_id"], judged["reason"], strict=True))
    assert "was not asked again" in reasons["i9"] and len(halfway.vqa) > 6
    server.answer, before = Judge(), len(server.asked)
    whole = controlled(mini_graph, tmp_path, drafts(10), judge=left)
    fresh = tmp_path / "fresh"
    again = controlled(mini_graph, fresh, drafts(10), judge=left)
    assert whole.quality.to_json() == again.quality.to_json()
    assert len(server.asked) - before < 2 * 14, "what was answered before is not asked again"
    server.says, server.answer = [Say("no", status=401)], None
    with pytest.raises(UsageProblem, match="401"):
        controlled(mini_graph, tmp_path / "other", drafts(2), judge=judge_of(server))


def test_a_language_model_that_knows_the_keys_without_the_image(
    mini_graph: Graph, server: ChatServer, tmp_path: Path
) -> None:
    made_items = choices(80, seed=9)
    key = {" ".join(r["options"]): r["answer"] for r in made_items.to_dict("records")}

    def answer(asked: dict[str, Any]) -> Say:
        text = asked["messages"][1]["content"]
        assert "image" not in asked["messages"][1] and isinstance(text, str)
        options = re.findall(r"[A-D]\. (\w+)", text)
        right = key[" ".join(options)]
        if options[0] < "j":  # it knows a part of them, and is not JSON for another
            return Say(json.dumps({"answer": right}))
        return Say("hm" if options[0] < "l" else json.dumps({"answer": "ABCD"["ABCD".index(right) - 1]}))

    server.answer = answer
    solver = judge_of(server)
    solver.pop("side")
    made = controlled(mini_graph, tmp_path, made_items, shortcuts={"solver": solver, "act_on": ["language-model"], "policy": "flag"})  # fmt: skip
    figures = made.figures["types"][0]["before"]["language-model"]
    first = [r["options"][0] for r in made_items.to_dict("records")]
    known, silent_on = sum(f < "j" for f in first), sum("j" <= f < "l" for f in first)
    assert figures["accuracy"] == pytest.approx((known + silent_on / 4) / 80, abs=1e-4)
    said = made.quality[made.quality["check"] == "language-model"]
    assert len(said) == silent_on == made.figures["language model"]["not judged"]
    flagged = made.quality[made.quality["check"] == "shortcut"]
    assert len(flagged) == known and set(flagged["verdict"]) == {"flag"}


def talkative(model: Path) -> Path:
    """The stand-in, kept from answering with nothing but blanks and marks."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    mute = [i for i in range(len(tokenizer)) if not tokenizer.decode([i], skip_special_tokens=True).strip().isalpha()]
    path = model / "generation_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "suppress_tokens": mute}))
    return model


def test_image_necessity_flags_what_is_answered_with_a_blank_image(mini_graph: Graph, tmp_path: Path) -> None:
    model = talkative(make_standin(tmp_path / "model", texts=["What is shown? A white disc."], seed=1))
    pictures = drawn(tmp_path, 7)
    context = Context(TreeIndex(mini_graph), pictures)
    options = NecessityOptions(model=str(model), shuffles=2, batch_size=4, max_new_tokens=4)

    def asked(rows: pd.DataFrame, work: str) -> Any:
        records = [dict(r) for r in rows.to_dict("records")]
        return image_necessity(records, context, options, run=tmp_path, work=tmp_path / work, seed=13, log=silent)

    plain = items(*({**OPEN, "sample_id": f"s{n}"} for n in range(6)))
    asked(plain, "first")
    lines = [json.loads(x) for x in (tmp_path / "first" / "blank.jsonl").read_text().splitlines()]
    said = {line["id"]: line["model_output"] for line in lines}
    assert len(said) == 6 and all(said.values())
    # Were the answer of three what the model says to a blank image, they would need no image.
    plain["answer"] = [said[i] if n < 3 else "pneumonia" for n, i in enumerate(plain["item_id"])]
    found = asked(plain, "second")
    assert [(f.item_id, f.verdict) for f in found.findings] == [("i0", "flag"), ("i1", "flag"), ("i2", "flag")]
    assert all("blank" in f.reason and 0.33 < (f.value or 0) <= 1 for f in found.findings)
    shown = found.figures[0]["shown"]
    assert list(shown) == ["true", "blank", "shuffled 1", "shuffled 2"]
    assert shown["blank"]["accuracy"] == 0.5 and shown["blank"]["low"] <= 0.5 <= shown["blank"]["high"]
    assert shown["blank"]["gain"]["difference"] == pytest.approx(shown["true"]["accuracy"] - 0.5)


def test_the_whole_of_it_over_a_table(mini_graph: Graph, tmp_path: Path) -> None:
    sound = choices(120, biased=0.6)
    faulty = items({"sample_id": "s1", "question": "Which is the the diagnosis?"}, {"sample_id": "s2", "weight": 0.5}, {**YES_NO, "sample_id": "s3"})  # fmt: skip
    both = pd.concat([sound, faulty, sound.head(1)], ignore_index=True)
    made = controlled(mini_graph, tmp_path, both)
    again = controlled(mini_graph, tmp_path / "again", both)
    assert made.vqa.to_json() == again.vqa.to_json() and made.quality.to_json() == again.quality.to_json()
    assert made.figures == again.figures
    assert made.vqa["item_id"].is_unique and set(made.vqa.columns) == set(SOUND) | set(both.columns)
    gone = set(both["item_id"]) - set(made.vqa["item_id"])
    dropped = made.quality[made.quality["verdict"] == "drop"]
    assert gone <= set(dropped["item_id"]) and "i0" in gone, "every rejection has its reason"
    assert "same id" in made.quality.loc[made.quality["item_id"] == sound["item_id"][0], "reason"].iloc[0]
    assert float(made.vqa.set_index("item_id").at["i1", "weight"]) == 0.5, "a draft's own weight is kept"
    leaky = next(t for t in made.figures["types"] if t["type"] == "organ")
    assert leaky["before"]["text-only"]["above"] > 0.3 and leaky["items"]["after"] < 120
    assert sum(leaky["answers"].values()) == leaky["items"]["after"]
    assert made.figures["found"]["shortcut: drop"] == 120 - leaky["items"]["after"]
