"""A multimodal model as judge: an image, a caption, lettered names of nodes and of their rivals; a rubric; strict JSON.

The names stand in an order that says nothing of which were anchored. Some pairs put together wrongly are shown as well,
so that ratings become probabilities by the same curve as the margins of the other aligners. Answers are kept by content
(:class:`met_kg.models.chat.CachedChat`): after an endpoint that dies halfway the next run asks for the rest alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from importlib import resources
from typing import Any, Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from met_kg.errors import DataProblem
from met_kg.models.aligners.margins import Measures, node_columns
from met_kg.models.aligners.pairs import Aligned, Fit, NodeFit, Pairs
from met_kg.models.aligners.pretrained import cross_fitted
from met_kg.models.asking import Question, WhenDead, ask_all, data_url, parsed
from met_kg.models.chat import ChatModel, Message

__all__ = ["JudgeAligner"]

Log = Callable[[str], None]
_NODES: Final = 6  # of a text, asked about at most
_RIVALS: Final = 2  # of a node
_SCALE: Final = 4
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class _Rating(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    letter: str
    shown: int = Field(ge=0, le=_SCALE)


class _Verdict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    caption: int = Field(ge=0, le=_SCALE)
    candidates: list[_Rating]
    reason: str


class JudgeAligner:
    """See the module.

    Parameters
    ----------
    side
        longest side in pixels of the image that is shown.
    planted
        pairs put together wrongly that are shown to fit the curve and to measure it.
    failures
        failures in a row after which the endpoint counts as dead.
    when_dead
        ``stop`` with an error (what was answered stays), or leave the rest ``unjudged``.
    """

    def __init__(
        self,
        chat: ChatModel,
        *,
        folds: int = 5,
        side: int = 512,
        planted: int = 60,
        failures: int = 3,
        when_dead: WhenDead = "stop",
    ) -> None:
        self.name = f"judge {chat.name}"
        self._chat, self._folds, self._side, self._planted = chat, folds, side, planted
        self._failures, self._when_dead = failures, when_dead
        self._rubric = (resources.files("met_kg.models.aligners") / "rubric.md").read_text(encoding="utf-8")

    def fit(self, pairs: Pairs, *, seed: int) -> Aligned:
        """See :class:`met_kg.models.aligners.pairs.Aligner`.

        Raises
        ------
        DataProblem
            when the endpoint is dead and ``when_dead`` is ``stop``, or too little was answered to fit a curve.
        UsageProblem
            when there will be no answer to any question: wrong address, key or model.
        """
        images, texts = _plant(pairs, self._planted, seed)
        asked = [*zip(images, texts, strict=True), *((i, i) for i in range(len(pairs)))]
        answers: list[_Verdict | str] = ask_all(
            self._chat,
            [self._question(pairs, image, text) for image, text in asked],
            _Verdict.model_json_schema(),
            failures=self._failures,
            when_dead=self._when_dead,
            name=self.name,
            noun="pairs",
        )
        return self._aligned(pairs, asked[: len(images)], answers, seed)

    def _aligned(
        self, pairs: Pairs, planted: Sequence[tuple[int, int]], answers: Sequence[_Verdict | str], seed: int
    ) -> Aligned:
        given = answers[len(planted) :]
        judged = [i for i, answer in enumerate(given) if isinstance(answer, _Verdict)]
        wrong = [
            (image, text, answer)
            for (image, text), answer in zip(planted, answers[: len(planted)], strict=True)
            if isinstance(answer, _Verdict)
        ]
        reasons = {i: answer for i, answer in enumerate(given) if isinstance(answer, str)}
        if not wrong or not judged:
            raise DataProblem(
                f"{self.name} answered for {len(judged)} pairs and {len(wrong)} planted ones: too few to go by",
                hint="; ".join(sorted(set(reasons.values()))[:1]),
            )
        found, measured = cross_fitted(
            _measures(pairs, [(i, i, given[i]) for i in judged]),
            [pairs.groups[i] for i in judged],
            _measures(pairs, wrong),
            [pairs.groups[image] for image, _, _ in wrong],
            folds=self._folds,
            seed=seed,
        )
        fits: list[Fit | None] = [None] * len(pairs)
        for i, fit in zip(judged, found, strict=True):
            answer = given[i]
            if fit is not None and isinstance(answer, _Verdict):
                fits[i] = Fit(fit.score, fit.margin, fit.caption_probability, fit.probability, fit.nodes, answer.reason)
        return Aligned(fits, measured, reasons)

    def _question(self, pairs: Pairs, image: int, text: int) -> Question[_Verdict]:
        names = [pairs.kin.names.get(node, node) for node in _candidates(pairs, text)]
        return Question(partial(self._messages, pairs, image, text, names), partial(_parse, count=len(names)))

    def _messages(self, pairs: Pairs, image: int, text: int, names: Sequence[str]) -> list[Message]:
        lines = "\n".join(f"{letter}: {name}" for letter, name in zip(_LETTERS, names, strict=False))
        words = f"Caption: {pairs.captions[text]}\n\nCandidates:\n{lines or '(none)'}"
        url = data_url(pairs.open_image(pairs.images[image]), self._side)
        return [
            {"role": "system", "content": self._rubric},
            {
                "role": "user",
                "content": [{"type": "text", "text": words}, {"type": "image_url", "image_url": {"url": url}}],
            },
        ]


def _parse(text: str, count: int) -> _Verdict:
    """The one JSON object in an answer.

    Raises
    ------
    ValueError
        when it is not JSON, not by the schema, or does not rate every letter once.
    """
    verdict = parsed(text, _Verdict)
    letters = sorted(rating.letter for rating in verdict.candidates)
    if letters != list(_LETTERS[:count]):
        raise ValueError(f"candidates must rate each of {', '.join(_LETTERS[:count]) or 'none'} once")
    return verdict


def _candidates(pairs: Pairs, text: int) -> list[str]:
    """Nodes of a text with some rivals of each, in an order that a hash of the node gives."""
    found: dict[str, None] = {}
    for node, rivals in list(pairs.rivals(text).items())[:_NODES]:
        found |= dict.fromkeys([node, *rivals[:_RIVALS]])
    return sorted(found, key=lambda node: hashlib.sha256(node.encode()).hexdigest())


def _measures(pairs: Pairs, answers: Sequence[tuple[int, int, Any]]) -> Measures:
    """Ratings as measures: the caption's above "cannot be told", a node's above its best rival's."""
    score = np.array([verdict.caption for _, _, verdict in answers], dtype=np.float64)
    nodes = []
    for _, text, verdict in answers:
        given = {rating.letter: rating.shown for rating in verdict.candidates}
        rating = {node: given[_LETTERS[k]] for k, node in enumerate(_candidates(pairs, text))}
        fits = []
        for node, rivals in list(pairs.rivals(text).items())[:_NODES]:
            best, rival = max(((rating[r], r) for r in rivals[:_RIVALS]), default=(None, ""))
            margin = None if best is None else float(rating[node] - best)
            fits.append(NodeFit(node, float(rating[node]), margin, rival))
        nodes.append(tuple(fits))
    return Measures(score, np.column_stack([score - _SCALE / 2, node_columns(nodes).T]), nodes)


def _plant(pairs: Pairs, count: int, seed: int) -> tuple[list[int], list[int]]:
    """Images, each with the text of a pair of another group."""
    rng = np.random.default_rng(seed)
    images, texts = [], []
    for image in rng.permutation(len(pairs))[:count]:
        others = [i for i in range(len(pairs)) if pairs.groups[i] != pairs.groups[image]]
        if others:
            images.append(int(image))
            texts.append(int(rng.choice(others)))
    return images, texts
