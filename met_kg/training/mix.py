"""From examples to a pass over them: which are selected, how often each comes, and why the others do not."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from met_kg.errors import DataProblem
from met_kg.graph.store import Graph
from met_kg.synthesis.slices import capped
from met_kg.training.examples import Example
from met_kg.training.graph_values import chosen, groups, numbers, query_hashes
from met_kg.training.mix_settings import Asked, MixSettings
from met_kg.training.mixing import Shares, allot, rounded

__all__ = ["Mix", "draw"]

#: What the ledger takes from an example as it is.
_FIELDS: Final = ("id", "kind", "sample", "node", "axis", "type", "format", "difficulty", "level", "weight")
#: Steps between 0 and 1 from which a start is drawn.
_GRAIN: Final = 2**32


@dataclass(frozen=True, slots=True)
class Mix:
    """A pass over examples.

    Attributes
    ----------
    examples
        in random order, each as often as it comes.
    ledger
        a row for each example of the data, by id: the fields of :class:`Example` that a mix goes by; ``branch``,
        ``depth`` ('' where the data have no graph) and ``hard``; ``natural`` (its weight in the data), ``weight`` (the
        same times the factors of the mix), ``wanted`` and ``expected`` (times in a pass: by the shares alone, and as
        there is enough), ``drawn``; ``value`` (place in the curriculum, not a number without one); ``reason`` (why it
        is left out, '' where it is not).
    labels
        of key nodes and those above them; empty where the data have no graph.
    queries
        sha256 of each query that was asked.
    """

    examples: list[Example]
    ledger: pd.DataFrame
    labels: dict[str, str]
    queries: dict[str, str]

    def values(self, examples: Sequence[Example]) -> list[float]:
        """The place of examples in the curriculum; not a number where there is none."""
        value = dict(zip(self.ledger["id"], self.ledger["value"], strict=True))
        return [float(value[e.id]) for e in examples]


def draw(
    examples: Sequence[Example],
    settings: MixSettings,
    graph: Graph | None,
    caption_share: float | None,
    max_examples: int | None,
    seed: int,
) -> Mix:
    """A pass as the settings have it; the order of ``examples`` does not matter.

    Raises
    ------
    DataProblem
        when a query selects or values nothing, a value is no weight, or a share is asked of what there is none of.
    UsageProblem
        when a query does not return what it should, or its parameters do not fit.
    """
    found = sorted(examples, key=lambda e: e.id)
    ledger = pd.DataFrame([[getattr(e, name) for name in _FIELDS] for e in found], columns=list(_FIELDS))
    ledger["reason"], ledger["branch"], ledger["depth"], ledger["hard"], ledger["value"] = "", "", "", False, math.nan
    labels: dict[str, str] = {}
    if found and graph is not None:
        _select(ledger, found, settings, graph, seed)
        labels = _place(ledger, found, settings, graph)
    if settings.per_node is not None:
        _cap(ledger, settings.per_node, seed)
    ledger["natural"] = ledger["weight"]
    levels = {str(level): factor for level, factor in settings.caption_levels.items()}
    ledger["weight"] *= np.where(ledger["kind"] == "caption", ledger["level"].map(levels).fillna(1.0), 1.0)
    if found and graph is not None:
        ledger["weight"] *= _factors(found, settings, graph)
    _leave_out(ledger, ledger["weight"] == 0, "it has weight 0")
    shares = Shares(caption_share, settings.hard_share, settings.temperature, settings.most_repeats, max_examples)
    ledger["wanted"], ledger["expected"], ledger["drawn"] = 0.0, 0.0, 0
    part = ledger[ledger["reason"] == ""]
    if len(part):
        wanted, expected = allot(
            part["weight"].to_numpy(dtype=float),
            (part["kind"] == "caption").to_numpy(),
            part["hard"].to_numpy(dtype=bool),
            part["branch"].to_list(),
            shares,
        )
        ledger.loc[part.index, "wanted"], ledger.loc[part.index, "expected"] = wanted, expected
        ledger.loc[part.index, "drawn"] = _whole(part, expected, seed)
    drawn = [e for e, often in zip(found, ledger["drawn"], strict=True) for _ in range(often)]
    random.Random(f"{seed} order of a pass").shuffle(drawn)  # noqa: S311
    return Mix(drawn, ledger, labels, query_hashes(settings.queries))


def _leave_out(ledger: pd.DataFrame, which: pd.Series, reason: str) -> None:
    """The first reason stands."""
    ledger.loc[which & (ledger["reason"] == ""), "reason"] = reason


def _select(ledger: pd.DataFrame, found: Sequence[Example], settings: MixSettings, graph: Graph, seed: int) -> None:
    """Say of what the queries do not select why it is left out."""
    caption = ledger["kind"] == "caption"
    if settings.slice is not None:
        asked = settings.slice
        named = ~caption & ledger["id"].isin(chosen(graph, asked, found))
        kept = named
        if asked.per_sample is not None:
            items = ledger[named].rename(columns={"id": "item_id", "sample": "sample_id"})
            kept = ledger["id"].isin(capped(items, asked.per_sample, seed)["item_id"])
        if not kept.any():
            raise _nothing(asked, "item")
        _leave_out(ledger, ~caption & ~named, f"query {asked.name} does not select it")
        _leave_out(ledger, named & ~kept, f"more than {asked.per_sample} items of its sample are selected")
        if settings.captions is None:
            others = caption & ~ledger["sample"].isin(set(ledger.loc[kept, "sample"]))
            _leave_out(ledger, others, f"a caption, and query {asked.name} selects no item of its sample")
    if settings.captions is not None:
        names = chosen(graph, settings.captions, found)
        named = ledger["sample"].isin(set(ledger.loc[ledger["id"].isin(names), "sample"]))
        if not (caption & named).any():
            raise _nothing(settings.captions, "caption")
        reason = f"a caption, and query {settings.captions.name} does not select its sample"
        _leave_out(ledger, caption & ~named, reason)


def _nothing(asked: Asked, what: str) -> DataProblem:
    hint = "look at its rows with 'met query'; eval_split follows the slice, too"
    return DataProblem(f"query {asked.name} selects no {what} of the split", hint=hint)


def _place(ledger: pd.DataFrame, found: Sequence[Example], settings: MixSettings, graph: Graph) -> dict[str, str]:
    """Where each example stands in the tree and in the curriculum; returns the labels of nodes."""
    keys = list(graph.rows("train/keys"))
    ledger["depth"] = ledger["node"].map({str(row["node"]): str(row["depth"]) for row in keys}).fillna("")
    if keys or settings.temperature != 1:
        ledger["branch"] = groups(graph, settings.branches, found)
    if settings.hard_share is not None:
        ledger["hard"] = [(value or 0) > 0 for value in numbers(graph, settings.hard, found)]
    if settings.curriculum is not None:
        ledger["value"] = [math.nan if v is None else v for v in numbers(graph, settings.curriculum.by, found)]
    return {str(row["node"]): str(row["label"]) for row in keys}


def _cap(ledger: pd.DataFrame, most: int, seed: int) -> None:
    """Leave out items of a node beyond ``most``, by lot."""
    items = ledger[(ledger["kind"] != "caption") & (ledger["reason"] == "") & (ledger["node"] != "")]
    place = items.iloc[_lots(len(items), f"{seed} per node")].groupby("node").cumcount()
    over = set(items.loc[place.index[place >= most], "id"])
    _leave_out(ledger, ledger["id"].isin(over), f"its key has more than {most} items")


def _factors(found: Sequence[Example], settings: MixSettings, graph: Graph) -> npt.NDArray[np.float64]:
    """The product of what queries say of each example; 1 where they say nothing."""
    factors = np.ones(len(found))
    for asked in settings.weights:
        factors *= np.array([1.0 if value is None else value for value in numbers(graph, asked, found, least=0)])
    return factors


def _whole(part: pd.DataFrame, expected: npt.NDArray[np.float64], seed: int) -> npt.NDArray[np.int64]:
    """Times that each comes: along the tree, so that branches and nodes get their due as nearly as kinds do."""
    lots = np.empty(len(part), dtype=np.int64)
    lots[_lots(len(part), f"{seed} of a pass")] = np.arange(len(part))
    order = np.lexsort(
        [lots, *(part[name].to_numpy(dtype=str) for name in ("level", "node", "branch", "hard", "kind"))]
    )
    start = random.Random(f"{seed} start").randrange(1, _GRAIN) / _GRAIN  # noqa: S311
    return rounded(expected, order.tolist(), start)


def _lots(count: int, name: str) -> list[int]:
    lots = list(range(count))
    random.Random(name).shuffle(lots)  # noqa: S311
    return lots
