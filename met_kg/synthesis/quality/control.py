"""Drafts in; accepted items, everything that was found, and figures out."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from met_kg import tables
from met_kg.corpus.images import open_image
from met_kg.errors import DataProblem
from met_kg.log import Log, silent
from met_kg.models.asking import open_chat
from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.quality.asked import right
from met_kg.synthesis.quality.checks import Finding, apply_checks, load_checks
from met_kg.synthesis.quality.context import Context, records
from met_kg.synthesis.quality.judge import judge_items
from met_kg.synthesis.quality.language_model import answers_without_image
from met_kg.synthesis.quality.measured import Group
from met_kg.synthesis.quality.options import QualityOptions
from met_kg.synthesis.quality.policy import Outcome, treat

if TYPE_CHECKING:
    from PIL import Image

    from met_kg.graph.store import Graph

__all__ = ["Controlled", "control", "groups_of"]

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Controlled:
    """Tables 'vqa' (accepted, weighted) and 'quality' (all findings), and what shortcuts.json holds."""

    vqa: pd.DataFrame
    quality: pd.DataFrame
    figures: dict[str, Any]


def control(
    drafts: pd.DataFrame,
    samples: pd.DataFrame,
    graph: Graph,
    options: QualityOptions,
    *,
    seed: int,
    run: Path,
    work: Path,
    log: Log = silent,
) -> Controlled:
    """Rule checks, then the judge, then image necessity, then shortcuts: these last, on what is left.

    Parameters
    ----------
    run
        folder under which relative images lie, and where answers of language models are kept (``cache/chat``).
    work
        folder for what survives a kill.

    Raises
    ------
    MetError
        when a table of checks is wrong, or a model cannot be had or is dead.
    """
    context = Context(TreeIndex(graph), samples)
    findings: list[Finding] = []
    twice = drafts["item_id"].duplicated()
    for number in drafts.loc[twice, "item_id"]:
        findings.append(Finding(str(number), "duplicate-item", "drop", "an earlier item has the same id, and stays"))
    items = drafts[~twice]

    def settle(found: Sequence[Finding]) -> pd.DataFrame:
        findings.extend(found)
        gone = {f.item_id for f in found if f.verdict == "drop"}
        return items[~items["item_id"].isin(gone)]

    items = settle(list(apply_checks(items, context, load_checks(options.checks))))
    figures: dict[str, Any] = {"drafts": len(drafts), "after rules": len(items)}
    if options.judge is not None:

        def picture(sample: str) -> Image.Image:
            path = context.image_file(sample, run)
            if path is None:
                raise DataProblem(f"the image of sample {sample} is not there")
            return open_image(path)

        chat = open_chat(options.judge, run / "cache" / "chat", images=options.judge.images)
        log.info(f"  {chat.name} judges {len(items)} items")
        judged = list(judge_items(chat, list(records(items)), context, options.judge, picture))
        figures["judge"] = _asked(chat, len(items), judged)
        items = settle(judged)
    if options.necessity is not None:
        from met_kg.synthesis.quality.necessity import image_necessity

        asked = [item for item in records(items) if item["visual"]]
        needed = image_necessity(asked, context, options.necessity, run=run, work=work, seed=seed, log=log)
        figures["necessity"] = {"model": needed.model, "types": needed.figures}
        findings += needed.findings
    accepted, shortcuts = _shortcuts(items, context, options, findings, figures, seed=seed, run=run, log=log)
    figures |= {"margin": options.shortcuts.margin, "act_on": list(options.shortcuts.act_on), "types": shortcuts}
    found = Counter(f"{f.check}: {f.verdict}" for f in findings)
    figures |= {"items": len(accepted), "found": dict(sorted(found.items()))}
    order = {number: place for place, number in enumerate(drafts["item_id"])}
    findings.sort(key=lambda f: order[f.item_id])  # stable: checks stay in their order
    rows = [
        {"item_id": f.item_id, "check": f.check, "verdict": f.verdict, "reason": f.reason, "value": f.value}
        for f in findings
    ]
    return Controlled(accepted, tables.frame("quality", rows), figures)


def _shortcuts(
    items: pd.DataFrame,
    context: Context,
    options: QualityOptions,
    findings: list[Finding],
    figures: dict[str, Any],
    *,
    seed: int,
    run: Path,
    log: Log,
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """The items that stay, with their weights, and the figures of each type and format."""
    rows = list(records(items))
    asked = _without_image(rows, context, options, findings, figures, run, log)
    weight: dict[str, float] = {}
    shown = []
    for group in groups_of(rows, context.group, context.caption, asked, seed):
        own = options.shortcuts.policies
        policy = own.get(f"{group.type}/{group.format}", own.get(group.type, options.shortcuts.policy))
        outcome = treat(group, policy, options.shortcuts)
        numbers = [str(item["item_id"]) for item in group.items]
        weight |= {numbers[r]: float(w) for r, w in zip(outcome.rows, outcome.weights, strict=True)}
        findings += _findings(group, outcome, numbers)
        shown.append(_shown(group, outcome))
        log.info(f"  {group.type} ({group.format}): {len(outcome.rows)} of {len(group)} items stay")
    accepted = items[items["item_id"].isin(weight)].reset_index(drop=True)
    # Weights that a draft brings along are kept: only what is done here is done on top.
    old = zip(accepted["item_id"], accepted["weight"], strict=True)
    accepted["weight"] = [round((1.0 if w != w else float(w)) * weight[str(number)], 6) for number, w in old]
    return accepted, shown


def _without_image(
    items: Sequence[Item],
    context: Context,
    options: QualityOptions,
    findings: list[Finding],
    figures: dict[str, Any],
    run: Path,
    log: Log,
) -> dict[str, float]:
    """Item -> whether a language model answers it without the image, where a recipe names one; no answer counts as a
    guess does."""
    given = options.shortcuts.solver
    if given is None:
        return {}
    chat = open_chat(given, run / "cache" / "chat", images=False)
    log.info(f"  {chat.name} answers {len(items)} items without the image")
    solved, unanswered = {}, []
    for item, (said, why) in zip(items, answers_without_image(chat, items, given), strict=True):
        number = str(item["item_id"])
        if why:
            unanswered.append(Finding(number, "language-model", "flag", why))
            guess = {"multiple-choice": 1 / max(1, len(item["options"])), "yes-no": 0.5}
            solved[number] = guess.get(str(item["format"]), 0.0)
        else:
            solved[number] = float(right(item, said, context))
    findings += unanswered
    figures["language model"] = _asked(chat, len(items), unanswered)
    return solved


def groups_of(
    items: Sequence[Item],
    group: Mapping[str, str],
    captions: Mapping[str, str],
    asked: Mapping[str, float],
    seed: int,
) -> Iterator[Group]:
    """Items by type, format and whether they are visual; ``group`` and ``captions`` are of samples, ``asked`` says of
    items whether a language model solves them (empty where none was asked)."""
    places: dict[tuple[str, str, bool], list[Item]] = {}
    for item in items:
        places.setdefault((str(item["type"]), str(item["format"]), bool(item["visual"])), []).append(item)
    for (kind, form, visual), mine in sorted(places.items()):
        name = hashlib.sha256(f"{kind}/{form}/{visual}".encode()).digest()
        groups = [group.get(str(item["sample_id"]), str(item["sample_id"])) for item in mine]
        answered = np.array([asked[str(item["item_id"])] for item in mine]) if asked else None
        seeds = [seed, int.from_bytes(name[:4], "big")]
        yield Group(kind, form, visual, mine, groups, captions, seeds, answered)


def _findings(group: Group, outcome: Outcome, numbers: Sequence[str]) -> Iterator[Finding]:
    what = f"{group.type} ({group.format})"
    for row, name in sorted(outcome.dropped.items()):
        above = outcome.before.above(name) * 100
        reason = f"{name} finds it easy, and was {above:+.1f} points from chance on {what}"
        yield Finding(numbers[row], "shortcut", "drop", reason, _sure(outcome, row))
    for row, name in sorted(outcome.flagged.items()):
        above = outcome.after.above(name) * 100
        reason = f"{name} solves it every time, and is {above:+.1f} points from chance on {what}"
        yield Finding(numbers[row], "shortcut", "flag", reason, _sure(outcome, row))
    for row, weight in zip(outcome.rows.tolist(), outcome.weights.tolist(), strict=True):
        if weight != 1.0:
            reason = f"weighs {weight:.2f} so that {what} is near chance"
            yield Finding(numbers[row], "shortcut", "reweight", reason, round(weight, 6))


def _sure(outcome: Outcome, row: int) -> float | None:
    """The probability that the text-only solver gave to the key, among all items."""
    return None if outcome.before.probability is None else round(float(outcome.before.probability[row]), 4)


def _shown(group: Group, outcome: Outcome) -> dict[str, Any]:
    every = np.arange(len(group), dtype=np.int64)
    kept = [group.items[i] for i in outcome.rows.tolist()]
    return {
        "type": group.type,
        "format": group.format,
        "visual": group.visual,
        "policy": outcome.policy,
        "acted": bool(outcome.dropped or outcome.flagged or outcome.effective < len(outcome.rows)),
        "note": outcome.note,
        "items": {"before": len(group), "after": len(outcome.rows), "effective": round(outcome.effective, 1)},
        "chance": {"before": round(outcome.before.chance, 4), "after": round(outcome.after.chance, 4)},
        "before": outcome.before.figures(group.clusters(every)),
        "after": outcome.after.figures(group.clusters(outcome.rows)) if len(outcome.rows) else {},
        "answers": dict(sorted(Counter(str(i["answer"]) for i in kept).items())) if group.format != "open" else {},
    }


def _asked(chat: Any, items: int, findings: Sequence[Finding]) -> dict[str, Any]:
    return {
        "model": Path(chat.name).name,
        "items": items,
        "not judged": sum(f.reason.startswith("not judged") for f in findings),
        "dropped": sum(f.verdict == "drop" for f in findings),
        "prompt tokens": chat.prompt_tokens,
        "completion tokens": chat.completion_tokens,
    }
