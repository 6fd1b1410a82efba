from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from caption_corpus import anchored, captions
from chat_server import ChatServer, Say

from met_kg.errors import UsageProblem
from met_kg.graph.store import Graph
from met_kg.literature.lexicon import Lexicon
from met_kg.literature.linker import Linker
from met_kg.models.chat import CachedChat, EndpointChat
from met_kg.models.options import ChatOptions
from met_kg.synthesis import synthesize
from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.options import RewriteOptions, SynthesisOptions
from met_kg.synthesis.rewrite import Rewriter, Rewritten
from met_kg.synthesis.rewrite.faithful import Faithful

TEXT = (
    "CT of a woman with pneumonia: consolidation in the right lung and left-sided atelectasis. "
    "No pleural effusion. Possible pneumothorax."
)
#: What a model does to a caption -> a part of the reason for which it is refused.
FAULTS: dict[str, tuple[Callable[[str], str], str]] = {
    "hallucinates": (lambda t: f"{t} There is cardiomegaly.", "adds cardiomegaly"),
    "drops": (lambda t: re.sub(r"(There is no|No) pleural effusion( is seen)?\. ?", "", t), "leaves out"),
    "affirms": (lambda t: re.sub(r"(There is no|No) pleural", "There is a pleural", t), "which is negated"),
    "denies": (lambda t: t.replace("consolidation", "no consolidation", 1), "which is positive"),
    "makes sure": (
        lambda t: re.sub(r"(There is a|A) possible pneumothorax.*?\.", "There is a pneumothorax.", t),
        "uncertain",
    ),
    "changes age": (lambda t: re.sub(r"\d+-year", "74-year", t), "adds a number: 74"),
    "changes sex": (lambda t: t.replace("woman", "man"), "adds a sex: male"),
    "adds a side": (lambda t: t.replace("pneumothorax", "bilateral pneumothorax"), "adds a side: bilateral"),
    "swaps sides": (
        lambda t: re.sub("right|left", lambda m: {"right": "left", "left": "right"}[m[0]], t),
        "side|lung",
    ),
    "moves": (lambda t: t.replace(" in the right lung", "") + " Atelectasis in the right lung.", "place"),
    "counts": (lambda t: t.replace("consolidation", "three consolidations", 1), "adds a number: 3"),
    "says of the patient": (lambda t: f"{t} The patient has a cough.", "in general: cough|adds cough"),
    "talks": (lambda t: f"Sure! Here is the caption: {t}", "talks about the caption"),
    "marks up": (lambda t: f"Findings:\n- {t}", "no plain prose"),
    "writes on and on": (lambda t: f"{t} {t} {t}", "characters"),
}


@pytest.fixture
def server() -> Iterator[ChatServer]:
    server = ChatServer()
    yield server
    server.close()


def _rewritten(graph: Graph, server: ChatServer, folder: Path, table: pd.DataFrame, **options: Any) -> Rewritten:
    given = RewriteOptions(endpoint=server.url, model="writer", retries=0, **options)
    chat = CachedChat(EndpointChat.of(given, backoff=0), folder)
    plain = {str(row["node"]) for row in graph.rows("synthesize/plain-words")}
    check = Faithful(Linker(Lexicon.from_graph(graph)), plain, TreeIndex(graph).wider)
    return Rewriter(chat, check, given).rewrite(table)


def _said(asked: dict[str, Any]) -> str:
    """The grounded caption that was asked about."""
    return " ".join(next(m["content"] for m in asked["messages"] if m["role"] == "user").split("\n"))


def _table(graph: Graph, count: int) -> pd.DataFrame:
    return captions(
        graph, *({"caption": TEXT, "modality": "CT", "sex": "F", "age": str(20 + i)} for i in range(count))
    )[0]


def _faithful(text: str) -> str:
    """The same in other words and another order."""
    told = re.split(r"(?<=\.) ", text)
    told = [*told[:1], *told[1:][::-1]]
    return " ".join(told).replace("There is no", "There is no evidence of").replace(" showing ", " that shows ")


def test_a_share_of_unfaithful_answers_is_refused_with_reasons(
    mini_graph: Graph, server: ChatServer, tmp_path: Path
) -> None:
    table = _table(mini_graph, 20)
    kinds = [*FAULTS, "junk", "other json", *["faithful"] * 14]
    asked_about = set(table["text"])
    plan: dict[int, str] = {}

    def answer(asked: dict[str, Any]) -> Say:
        kind = kinds[len(plan) % len(kinds)]
        plan[len(plan)] = kind
        text = _said(asked)
        assert text in asked_about
        if kind == "junk":
            return Say("I am sorry, I cannot help with that.")
        if kind == "other json":
            return Say(json.dumps({"caption": text}))
        change = FAULTS[kind][0] if kind in FAULTS else _faithful
        return Say(json.dumps({"text": change(text)}))

    server.answer = answer
    done = _rewritten(mini_graph, server, tmp_path, table, tries=1)
    tried = done.rewrites.to_dict("records")
    assert len(tried) == len(table) == 60
    seen = set()
    for number, row in enumerate(tried):
        kind, after = plan[number], done.captions.iloc[number]
        before = table.iloc[number]
        changed = kind not in FAULTS or FAULTS[kind][0](before["text"]) != before["text"]
        if kind == "faithful" or not changed:
            assert row["accepted"] and row["reason"] == "", (kind, row)
            assert after["text"] == row["text"] and after["generator"].endswith(", writer")
        else:
            wanted = {"junk": "there is no JSON object", "other json": "not as asked: text"}.get(kind) or FAULTS[kind][
                1
            ]
            assert not row["accepted"], (kind, row)
            assert re.search(wanted, row["reason"]), (kind, row)
            assert after["text"] == before["text"] and after["generator"] == before["generator"]
            seen.add(kind)
    assert seen >= {*FAULTS, "junk", "other json"}
    assert done.counts["accepted"] == sum(r["accepted"] for r in tried)
    assert done.counts["accepted"] + done.counts["refused"] + done.counts["malformed"] == 60
    assert (done.captions["facts"] == table["facts"]).all()


def test_a_second_try_is_told_what_was_wrong(mini_graph: Graph, server: ChatServer, tmp_path: Path) -> None:
    table = _table(mini_graph, 1)

    def answer(asked: dict[str, Any]) -> Say:
        text = _said(asked)
        return Say(json.dumps({"text": text if len(asked["messages"]) > 2 else f"{text} There is cardiomegaly."}))

    server.answer = answer
    done = _rewritten(mini_graph, server, tmp_path, table, levels=["short"])
    assert done.counts == {"accepted": 1} and len(server.asked) == 2
    assert "it adds cardiomegaly" in server.asked[1]["messages"][-1]["content"]


def test_an_endpoint_that_dies_leaves_grounded_text_and_the_next_run_asks_for_the_rest(
    mini_graph: Graph, server: ChatServer, tmp_path: Path
) -> None:
    table = _table(mini_graph, 4)
    alive = 5

    def answer(asked: dict[str, Any]) -> Say:
        if len(server.asked) > alive:
            return Say("", status=500)
        return Say(json.dumps({"text": _said(asked)}))

    server.answer = answer
    done = _rewritten(mini_graph, server, tmp_path, table, failures=3)
    assert done.counts == {"accepted": 5, "no answer": 3, "not asked": 4}
    assert len(server.asked) == 8
    left = done.rewrites[~done.rewrites["accepted"]]
    assert left["reason"].str.contains("500|not asked: writer failed 3 times in a row").all()
    assert (done.captions["text"] == table["text"]).all()
    alive = 1000
    again = _rewritten(mini_graph, server, tmp_path, table)
    assert again.counts == {"accepted": 12} and len(server.asked) == 8 + 7
    # Nothing is asked a third time, and the tables are the same.
    third = _rewritten(mini_graph, server, tmp_path, table)
    assert len(server.asked) == 15
    assert third.captions.to_json() == again.captions.to_json() and third.rewrites.to_json() == again.rewrites.to_json()


def test_cached_chat_of_options(server: ChatServer, tmp_path: Path) -> None:
    server.says = [Say('{"text": "x"}')]
    chat = CachedChat.of(ChatOptions(endpoint=server.url, model="writer"), tmp_path)
    assert chat.complete([{"role": "user", "content": "x"}], {}).text == '{"text": "x"}'


def test_synthesis_rewrites_when_a_recipe_names_a_model(mini_graph: Graph, server: ChatServer, tmp_path: Path) -> None:
    samples, anchors = anchored(
        mini_graph, {"caption": TEXT, "modality": "CT"}, {"caption": "Asthma.", "modality": "CT"}
    )
    server.answer = lambda asked: Say(
        json.dumps({"text": _faithful(_said(asked)) if "consolidation" in _said(asked).lower() else "Lung cancer."})
    )
    given = {"endpoint": server.url, "model": "writer", "tries": 1, "levels": ["descriptive"]}
    options = SynthesisOptions.model_validate({"rewrite": given})
    version = {"version": "test", "sha256": "0" * 64}
    with pytest.raises(UsageProblem, match="folder"):
        synthesize(samples, anchors, mini_graph, options=options, seed=7, tree_version=version)
    made = synthesize(samples, anchors, mini_graph, options=options, seed=7, tree_version=version, cache=tmp_path)
    assert made.rewrite_counts == {"accepted": 1, "refused": 1}
    assert set(made.rewrites["level"]) == {"descriptive"} and made.rewrites["accepted"].tolist().count(True) == 1
    by = made.captions["generator"].str.endswith(", writer")
    assert made.captions.loc[by, "level"].tolist() == ["descriptive"]
    assert json.loads(made.captions.loc[by, "facts"].iloc[0])[0]["sentence"], "the grounded sentences stay beside it"
