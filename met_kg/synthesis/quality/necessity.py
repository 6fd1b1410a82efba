"""Does an item need its image? A vision-language model is asked with the image, with a blank one, and with others'."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from met_kg.corpus.images import open_image
from met_kg.log import Log
from met_kg.models import vlm
from met_kg.models.generation import Request, generate, write_blank
from met_kg.statistics import accuracy_interval, paired_difference
from met_kg.synthesis.quality.asked import put, right
from met_kg.synthesis.quality.checks import Finding
from met_kg.synthesis.quality.context import Context
from met_kg.synthesis.quality.options import NecessityOptions

__all__ = ["Necessity", "image_necessity"]

Item = Mapping[str, Any]
CHECK: Final = "image-necessity"
TRUE, BLANK, SHUFFLED = "true", "blank", "shuffled"


@dataclass(frozen=True, slots=True)
class Necessity:
    """Items solved without their image, and accuracy by type, format and image shown."""

    findings: list[Finding]
    figures: list[dict[str, Any]]
    model: str


def image_necessity(
    items: Sequence[Item],
    context: Context,
    options: NecessityOptions,
    *,
    run: Path,
    work: Path,
    seed: int,
    log: Log,
) -> Necessity:
    """Ask all items whose image is there; one that is answered right with a blank image is flagged.

    What was answered survives a kill in ``work``.

    Parameters
    ----------
    run
        folder under which relative images lie.

    Raises
    ------
    MissingData, UsageProblem
        when the model cannot be had.
    DataProblem
        when an image cannot be opened.
    """
    items = [item for item in items if context.image_file(str(item["sample_id"]), run) is not None]
    model = vlm.load(options.model, options.adapter)
    blank = write_blank(work)
    shown = {
        TRUE: [context.image[str(item["sample_id"])] for item in items],
        BLANK: [str(blank.resolve())] * len(items),
    }
    for turn in range(options.shuffles):
        shown[f"{SHUFFLED} {turn + 1}"] = _others(items, context, seed, turn)
    solved: dict[str, list[bool]] = {}
    for name, pictures in shown.items():
        asked = [Request(str(i["item_id"]), p, put(i)) for i, p in zip(items, pictures, strict=True)]
        log.info(f"  asking {len(asked)} items with the {name} image")
        said = generate(
            model,
            asked,
            work / f"{name.replace(' ', '-')}.jsonl",
            open_image=open_image,
            batch_size=options.batch_size,
            max_new_tokens=options.max_new_tokens,
            base=run,
            log=log,
        )
        solved[name] = [right(item, said[str(item["item_id"])], context) for item in items]
    findings = []
    for place, item in enumerate(items):
        if solved[BLANK][place]:
            without = [name for name in solved if name != TRUE and solved[name][place]]
            share = len(without) / (len(solved) - 1)
            reason = f"{model.name} answers right without the image: {', '.join(without)}"
            findings.append(Finding(str(item["item_id"]), CHECK, "flag", reason, round(share, 4)))
    return Necessity(findings, list(_figures(items, solved)), Path(model.name).name)


def _others(items: Sequence[Item], context: Context, seed: int, turn: int) -> list[str]:
    """For each item the image of a sample of another group; its own where there is no other group."""
    samples = sorted({str(item["sample_id"]) for item in items})
    found = []
    for item in items:
        sample = str(item["sample_id"])
        group = context.group[sample]
        digest = hashlib.sha256(f"{seed}/{item['item_id']}/{turn}".encode()).digest()
        start = int.from_bytes(digest[:8], "big") % len(samples)
        others = (samples[(start + i) % len(samples)] for i in range(len(samples)))
        found.append(context.image[next((o for o in others if context.group[o] != group), sample)])
    return found


def _figures(items: Sequence[Item], solved: Mapping[str, Sequence[bool]]) -> list[dict[str, Any]]:
    places: dict[tuple[str, str], list[int]] = {}
    for place, item in enumerate(items):
        places.setdefault((str(item["type"]), str(item["format"])), []).append(place)
    found = []
    for (kind, form), mine in sorted(places.items()):
        clusters = [str(items[i]["sample_id"]) for i in mine]
        row: dict[str, Any] = {"type": kind, "format": form, "items": len(mine), "shown": {}}
        for name, all_right in solved.items():
            own = [all_right[i] for i in mine]
            low, high = accuracy_interval(own, clusters) or (0.0, 1.0)
            entry: dict[str, Any] = {
                "accuracy": round(float(np.mean(own)), 4),
                "low": round(low, 4),
                "high": round(high, 4),
            }
            if name != TRUE:
                gain = paired_difference(own, [solved[TRUE][i] for i in mine], clusters, rounds=1000)
                entry["gain"] = {key: round(value, 4) for key, value in gain.items()}
            row["shown"][name] = entry
        found.append(row)
    return found
