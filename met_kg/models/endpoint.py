"""Answers of a vision-language model behind an endpoint that speaks the OpenAI protocol: vLLM, llama.cpp, a cloud."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from met_kg.errors import DataProblem
from met_kg.log import Log
from met_kg.models.answers import Answer, Failure, Request
from met_kg.models.chat import EndpointChat, Refused
from met_kg.paths import expand_path

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["EndpointVlm"]


class EndpointVlm:
    """A model on a server (an :class:`~met_kg.models.answers.Answerer`), asked at temperature 0.

    Pictures are sent as PNG in ``data:`` addresses, pixel by pixel as a model loaded here gets them. Questions on one
    picture follow each other, so that a server with a cache can use it.

    Parameters
    ----------
    chat
        the door to the server; its retries and calls a minute are kept to.
    url
        the address of ``chat``, to be recorded.
    open_image
        reads the picture in a file (:func:`met_kg.corpus.images.open_image`).
    concurrency
        questions under way at a time.
    failures
        questions in a row without an answer after which the server counts as dead.
    """

    stand_in = False

    def __init__(
        self,
        chat: EndpointChat,
        *,
        url: str,
        open_image: Callable[[Path], Image.Image],
        max_new_tokens: int,
        concurrency: int = 8,
        failures: int = 8,
    ) -> None:
        self._chat, self._concurrency, self._failures = chat, concurrency, failures
        self.name = chat.name
        self.key = f"{url} {chat.name} {max_new_tokens}"
        self.settings: Mapping[str, Any] = {
            "endpoint": url,
            "max_new_tokens": max_new_tokens,
            "temperature": 0,
            "sampling_seed": 0,
            "concurrency": concurrency,
        }
        self._encoded = lru_cache(maxsize=2 * concurrency)(lambda path: _data_url(open_image(path)))

    def answers(
        self, requests: Sequence[Request], *, base: Path | None, done: Collection[str], log: Log
    ) -> Iterator[dict[str, Answer | Failure]]:
        """See :class:`~met_kg.models.answers.Answerer`; each answer comes alone.

        Raises
        ------
        DataProblem
            when the server counts as dead.
        UsageProblem
            when there will be no answer to any question: wrong address, key or model.
        """
        left = sorted((r for r in requests if r.id not in done), key=lambda r: r.image or "")
        answered, in_a_row = len(done), 0
        with ThreadPoolExecutor(self._concurrency) as pool:
            asked: dict[Future[Answer | Failure], Request] = {pool.submit(self._ask, r, base): r for r in left}
            try:
                for future in log.track(as_completed(asked), "answers", total=len(left)):
                    try:
                        found = future.result()
                        if isinstance(found, Answer):
                            answered, in_a_row = answered + 1, 0
                    except DataProblem as problem:
                        found = Failure(problem.message)
                        # Who refuses one question and has answered others is there.
                        in_a_row = 0 if isinstance(problem, Refused) and answered else in_a_row + 1
                        if in_a_row >= self._failures:
                            raise DataProblem(
                                f"{self.name} failed {in_a_row} times in a row after {answered} of {len(requests)} "
                                f"answers: {problem.message}",
                                where=problem.where,
                                hint="what was answered is kept: run again when it is back",
                            ) from problem
                    yield {asked[future].id: found}
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _ask(self, request: Request, base: Path | None) -> Answer | Failure:
        content: list[dict[str, Any]] = [{"type": "text", "text": request.prompt}]
        if request.image is not None:
            path = expand_path(request.image, base=base)
            try:
                content.insert(0, {"type": "image_url", "image_url": {"url": self._encoded(path)}})
            except FileNotFoundError:
                return Failure(f"its image file is not there ({path.name})")
            except (DataProblem, OSError) as problem:
                return Failure(f"its image cannot be used: {problem}")
        reply = self._chat.complete([{"role": "user", "content": content}], None)
        return Answer(reply.text.strip(), cut=reply.cut)


def _data_url(picture: Image.Image) -> str:
    buffer = io.BytesIO()
    picture.convert("RGB").save(buffer, format="PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
