"""Language models behind one door: an endpoint that speaks the OpenAI protocol, or a local transformers model.

Calls are kept in a folder by what was asked, so that a run that is killed, or done again, asks nothing twice. Code from
a model repository is never run, and weights are read from safetensors only.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from met_kg.errors import DataProblem, MissingData, UsageProblem
from met_kg.paths import expand_path

if TYPE_CHECKING:
    import requests

    from met_kg.models.options import ChatOptions

__all__ = ["CachedChat", "ChatModel", "EndpointChat", "LocalChat", "Message", "Reply"]

#: ``{"role": "system" | "user" | "assistant", "content": text or parts}``; a part is
#: ``{"type": "text", "text": ...}`` or ``{"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,..."}}``.
Message = Mapping[str, Any]
#: Answers of a server that are worth another try: too many calls, or its own fault.
_TRY_AGAIN: Final = (408, 429, 500, 502, 503, 504)
#: An answer longer than this is no answer.
_MOST_BYTES: Final = 8 * 2**20


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model answered, the tokens that it counted for question and answer (0 where it does not say), and the name
    under which it answered ('' where it does not say): an alias that was asked for becomes a dated version.
    """

    text: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    model: str = ""


class ChatModel(Protocol):
    """What the rest of the project asks of a language model."""

    name: str

    def complete(self, messages: Sequence[Message], schema: Mapping[str, Any] | None) -> Reply:
        """The likeliest answer (temperature 0), asked to be JSON by this schema, or in any form (None).

        Raises
        ------
        DataProblem
            when there is no answer to this question; the next one may have one.
        UsageProblem
            when there will be none to any question: wrong address, key or model.
        """


class EndpointChat:
    """A server with ``POST {url}/chat/completions``: vLLM, llama.cpp, Ollama, a cloud.

    Parameters
    ----------
    url
        up to and without ``/chat/completions``, as in ``http://127.0.0.1:8000/v1``.
    model
        its name on the server.
    key_variable
        the environment variable that holds the key; a key itself never stands in a recipe. Empty: none is sent.
    timeout
        seconds without a byte after which a try has failed.
    retries
        further tries after a failure, each waiting twice as long, or as long as the server says.
    per_minute
        calls a minute at most; None for no limit.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        key_variable: str = "",
        timeout: float = 60,
        retries: int = 3,
        per_minute: float | None = None,
        backoff: float = 1.0,
        max_tokens: int = 2048,
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise UsageProblem(f"'{url}' is no address", hint="for example http://127.0.0.1:8000/v1")
        if key_variable and key_variable not in os.environ:
            raise UsageProblem(
                f"the environment variable {key_variable} is not set", hint="export it with the key of the endpoint"
            )
        self.name = model
        self._url, self._timeout, self._max_tokens = f"{url.rstrip('/')}/chat/completions", timeout, max_tokens
        self._headers = {"Authorization": f"Bearer {os.environ[key_variable]}"} if key_variable else {}
        self._session = _session(retries, backoff)
        self._pause = 60 / per_minute if per_minute else 0.0
        self._turns, self._next = threading.Lock(), float("-inf")

    @classmethod
    def of(cls, options: ChatOptions, *, backoff: float = 1.0, max_tokens: int = 2048) -> Self:
        """The endpoint that a recipe names."""
        return cls(
            str(options.endpoint),
            options.model,
            key_variable=options.key_variable,
            timeout=options.timeout,
            retries=options.retries,
            per_minute=options.per_minute,
            backoff=backoff,
            max_tokens=max_tokens,
        )

    def complete(self, messages: Sequence[Message], schema: Mapping[str, Any] | None) -> Reply:
        """See :class:`ChatModel`."""
        import requests

        self._wait()
        asked: dict[str, Any] = {
            "model": self.name,
            "messages": [dict(m) for m in messages],
            "temperature": 0,
            "seed": 0,
            "max_tokens": self._max_tokens,
        }
        if schema is not None:
            form = {"name": "answer", "strict": True, "schema": dict(schema)}
            asked["response_format"] = {"type": "json_schema", "json_schema": form}
        try:
            with self._session.post(
                self._url, json=asked, headers=self._headers, timeout=self._timeout, stream=True, allow_redirects=False
            ) as response:
                body = response.raw.read(_MOST_BYTES, decode_content=True)
                status = response.status_code
        except requests.RequestException as problem:
            raise DataProblem(f"the model did not answer: {_plain(problem)}", where=self._url) from problem
        except OSError as problem:
            raise DataProblem(f"the model broke off its answer: {problem}", where=self._url) from problem
        if status in (401, 403, 404) or 300 <= status < 400:
            raise UsageProblem(
                f"the endpoint answers {status}: {_start(body)}", where=self._url, hint="look at address, key and model"
            )
        if status != 200:
            raise DataProblem(f"the endpoint answers {status}: {_start(body)}", where=self._url)
        return _reply(body, self._url)

    def _wait(self) -> None:
        """Until the next call may start; calls that come together get turns."""
        with self._turns:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + self._pause
        time.sleep(turn - now)


def _session(retries: int, backoff: float) -> requests.Session:
    """A session that tries again by itself; the server's Retry-After is followed."""
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    policy = Retry(
        total=retries,
        backoff_factor=backoff,
        status_forcelist=_TRY_AGAIN,
        allowed_methods={"POST"},
        raise_on_status=False,
        respect_retry_after_header=True,
    )
    session = requests.Session()
    session.trust_env = False  # no proxy and no .netrc key that the recipe does not name
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=policy))
    return session


def _reply(body: bytes, where: str) -> Reply:
    try:
        found = json.loads(body)
        text = found["choices"][0]["message"]["content"]
        usage = found.get("usage") or {}
        tokens = int(usage.get("prompt_tokens", 0)), int(usage.get("completion_tokens", 0))
        return Reply(str(text or ""), *tokens, model=str(found.get("model") or ""))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as problem:
        raise DataProblem(f"the endpoint's answer is not in the protocol: {_start(body)}", where=where) from problem


def _start(body: bytes) -> str:
    return " ".join(body[:200].decode("utf-8", "replace").split()) or "nothing"


def _plain(problem: Exception) -> str:
    """The innermost reason, in one line."""
    inner: BaseException = problem
    while (deeper := inner.__cause__ or inner.__context__) is not None:
        inner = deeper
    return " ".join(str(inner).split())[:200] or type(problem).__name__


class LocalChat:
    """A causal language model with a chat template, by folder or hub id, answering greedily.

    It is told the schema and not forced into it: whoever asks checks the answer.
    """

    def __init__(self, path: str, *, device: str = "cpu", max_tokens: int = 1024) -> None:
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self.name = path
        self._max_tokens = max_tokens
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(path)
            model: Any = AutoModelForCausalLM.from_pretrained(path, use_safetensors=True)
        except (OSError, ValueError) as problem:
            raise MissingData(
                f"no language model can be loaded: {' '.join(str(problem).split())[:200]}",
                where=path,
                hint="give a folder with config, tokenizer and safetensors, or a hub id that is in the cache",
            ) from problem
        if self._tokenizer.chat_template is None:
            raise UsageProblem("the model has no chat template", where=path, hint="take an instruction-tuned model")
        self._model = model.to(device).eval()

    def complete(self, messages: Sequence[Message], schema: Mapping[str, Any] | None) -> Reply:
        """See :class:`ChatModel`."""
        import torch

        told = [dict(m) for m in messages]
        if schema is not None:
            told[-1]["content"] += f"\n\nAnswer with JSON by this schema and nothing else:\n{json.dumps(schema)}"
        given = self._tokenizer.apply_chat_template(
            told, add_generation_prompt=True, return_tensors="pt", return_dict=True
        ).to(self._model.device)
        with torch.inference_mode():
            made = self._model.generate(**given, max_new_tokens=self._max_tokens, do_sample=False)
        asked = int(given["input_ids"].shape[1])
        answer = made[0, asked:]
        return Reply(self._tokenizer.decode(answer, skip_special_tokens=True), asked, len(answer))


class CachedChat:
    """A model whose answers are kept in a folder, by model, question and schema; counts calls and tokens.

    Threads may ask at once, where the model behind it allows that.
    """

    def __init__(self, model: ChatModel, folder: Path) -> None:
        self.name = model.name
        self._model, self._folder = model, folder
        folder.mkdir(parents=True, exist_ok=True)
        self.asked = self.from_cache = self.prompt_tokens = self.completion_tokens = 0
        self.answered_as: set[str] = set()
        self._counting, self._turns = threading.Lock(), dict[str, threading.Lock]()

    @classmethod
    def of(cls, options: ChatOptions, folder: Path) -> Self:
        """The model that a recipe names, its answers kept in a folder."""
        if options.path is not None:
            return cls(LocalChat(str(expand_path(options.path))), folder)
        return cls(EndpointChat.of(options), folder)

    def complete(self, messages: Sequence[Message], schema: Mapping[str, Any] | None) -> Reply:
        """See :class:`ChatModel`; a failure is not kept."""
        question = json.dumps([self.name, [dict(m) for m in messages], schema], sort_keys=True)
        path = self._folder / f"{hashlib.sha256(question.encode()).hexdigest()[:32]}.json"
        with self._counting:
            turn = self._turns.setdefault(path.name, threading.Lock())
        with turn:  # the same question twice at once is one call
            reply = _kept(path)
            kept = reply is not None
            if reply is None:
                reply = self._model.complete(messages, schema)
                fresh = path.with_suffix(".new")
                said = {"text": reply.text, "prompt": reply.prompt_tokens, "completion": reply.completion_tokens}
                fresh.write_text(json.dumps(said | {"model": reply.model}, ensure_ascii=False), encoding="utf-8")
                fresh.replace(path)
        with self._counting:
            self.from_cache += kept
            self.asked += not kept
            self.prompt_tokens += reply.prompt_tokens
            self.completion_tokens += reply.completion_tokens
            self.answered_as |= {reply.model} - {""}
        return reply


def _kept(path: Path) -> Reply | None:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return Reply(said["text"], said["prompt"], said["completion"], model=said.get("model", ""))
    except (FileNotFoundError, ValueError, KeyError):
        return None
