"""Endpoints and local language models behind one door."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from met_kg.errors import DataProblem, MissingData, UsageProblem
from met_kg.models.chat import CachedChat, EndpointChat, LocalChat, Reply
from tests.chat_server import ChatServer, Say

ASK = [{"role": "user", "content": "What is in this sentence?"}]
SCHEMA = {"type": "object"}


@pytest.fixture
def server() -> Iterator[ChatServer]:
    made = ChatServer()
    yield made
    made.close()


def endpoint(server: ChatServer, **said: object) -> EndpointChat:
    return EndpointChat(server.url, "m", **{"backoff": 0.01, "timeout": 5, **said})  # type: ignore[arg-type]


def test_an_endpoint_is_asked_for_json_at_temperature_zero(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "secret")
    server.says = [Say("{}")]
    assert endpoint(server, key_variable="MY_KEY").complete(ASK, SCHEMA) == Reply("{}", 11, 7)
    asked = server.asked[0]
    assert (asked["model"], asked["temperature"], asked["messages"]) == ("m", 0, ASK)
    assert asked["response_format"]["json_schema"]["schema"] == SCHEMA
    assert server.headers[0]["Authorization"] == "Bearer secret"
    endpoint(server).complete(ASK, SCHEMA)
    assert "Authorization" not in server.headers[1], "no key is sent that the recipe does not name"


def test_without_a_schema_no_form_is_asked_for_and_the_name_that_answers_is_kept(
    server: ChatServer, tmp_path: Path
) -> None:
    said = b'{"model": "m-2026-01-01", "choices": [{"message": {"content": "hi"}}]}'
    server.says = [Say(body=said)]
    model = CachedChat(endpoint(server), tmp_path)
    assert model.complete(ASK, None) == model.complete(ASK, None) == Reply("hi", model="m-2026-01-01")
    assert "response_format" not in server.asked[0] and len(server.asked) == 1
    assert model.answered_as == {"m-2026-01-01"}


def test_too_many_calls_and_faults_of_the_server_are_tried_again(server: ChatServer) -> None:
    server.says = [Say(status=429, headers={"Retry-After": "1"}), Say(status=503), Say("fine")]
    assert endpoint(server).complete(ASK, SCHEMA).text == "fine"
    assert len(server.asked) == 3 and server.times[1] - server.times[0] >= 1, "as long as the server says"


def test_a_fault_that_stays_is_one_sentence(server: ChatServer) -> None:
    server.says = [Say(status=500, body=b"out of memory")]
    with pytest.raises(DataProblem, match="answers 500: out of memory"):
        endpoint(server, retries=2).complete(ASK, SCHEMA)
    assert len(server.asked) == 3


def test_a_server_that_is_silent_or_absent(server: ChatServer) -> None:
    server.says = [Say("late", delay=1)]
    with pytest.raises(DataProblem, match="did not answer"):
        endpoint(server, timeout=0.2, retries=1).complete(ASK, SCHEMA)
    assert len(server.asked) == 2
    with pytest.raises(DataProblem, match="did not answer"):
        EndpointChat("http://127.0.0.1:9/v1", "m", retries=0).complete(ASK, SCHEMA)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"choices": []}', b'{"choices": [{"message": null}]}', b"\xff"])
def test_an_answer_outside_the_protocol(server: ChatServer, body: bytes) -> None:
    server.says = [Say(body=body)]
    with pytest.raises(DataProblem, match="not in the protocol"):
        endpoint(server).complete(ASK, SCHEMA)


@pytest.mark.parametrize("status", [401, 403, 404, 302])
def test_a_wrong_address_or_key_is_wrong_use(server: ChatServer, status: int) -> None:
    server.says = [Say(status=status, body=b"no", headers={"Location": "http://elsewhere.invalid/"})]
    with pytest.raises(UsageProblem, match=f"answers {status}: no"):
        endpoint(server).complete(ASK, SCHEMA)
    assert len(server.asked) == 1, "not tried again, and no redirect followed with the key"


def test_calls_keep_their_distance(server: ChatServer) -> None:
    server.says = [Say("x")]
    model = endpoint(server, per_minute=600)
    for _ in range(3):
        model.complete(ASK, SCHEMA)
    assert all(b - a >= 0.09 for a, b in zip(server.times, server.times[1:], strict=False))


def test_wrong_settings() -> None:
    with pytest.raises(UsageProblem, match="no address"):
        EndpointChat("localhost:8000", "m")
    with pytest.raises(UsageProblem, match="MET_NO_SUCH_KEY is not set"):
        EndpointChat("http://127.0.0.1:1/v1", "m", key_variable="MET_NO_SUCH_KEY")


def test_answers_are_kept_by_question_and_failures_are_not(server: ChatServer, tmp_path: Path) -> None:
    server.says = [Say(status=400, body=b"?"), Say("one"), Say("two")]
    model = CachedChat(endpoint(server), tmp_path)
    with pytest.raises(DataProblem):
        model.complete(ASK, SCHEMA)
    assert [model.complete(ASK, SCHEMA).text for _ in range(2)] == ["one", "one"]
    assert model.complete(ASK, {"type": "array"}).text == "two"
    again = CachedChat(endpoint(server), tmp_path)
    assert again.complete(ASK, SCHEMA) == Reply("one", 11, 7)
    assert (model.asked, model.from_cache, model.prompt_tokens) == (2, 1, 33)
    assert (again.asked, again.from_cache, len(server.asked)) == (0, 1, 3)
    for path in tmp_path.iterdir():
        path.write_text("{torn")
    assert again.complete(ASK, SCHEMA).text == "two", "a torn file is asked again"


@pytest.fixture(scope="module")
def causal_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A causal language model of a current architecture with random weights."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    folder = tmp_path_factory.mktemp("causal")
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel()
    core.train_from_iterator(
        ["What is in this sentence? JSON schema answer"],
        trainers.BpeTrainer(
            vocab_size=300, special_tokens=["<end>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
        ),
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, eos_token="<end>", pad_token="<end>")
    tokenizer.chat_template = "{% for m in messages %}{{ m.role }}: {{ m.content }}<end>{% endfor %}assistant:"
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        eos_token_id=0,
        pad_token_id=0,
    )
    Qwen2ForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_a_local_model_answers_the_same_twice(causal_model: Path, tmp_path: Path) -> None:
    model = LocalChat(str(causal_model), max_tokens=8)
    first, second = model.complete(ASK, SCHEMA), model.complete(ASK, SCHEMA)
    assert first == second and first.prompt_tokens > 20 and 1 <= first.completion_tokens <= 8
    assert model.complete(ASK, None).prompt_tokens < first.prompt_tokens, "no schema is told"
    assert ASK == [{"role": "user", "content": "What is in this sentence?"}], "the question is not changed"
    with pytest.raises(MissingData, match="no language model can be loaded"):
        LocalChat(str(tmp_path))
