"""The examples of a training, ready and checked, and the record of all that its outcome depends on."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from met_kg.errors import DataProblem
from met_kg.models.standin import STAND_IN_FILE
from met_kg.models.vlm import fingerprint
from met_kg.paths import expand_path
from met_kg.records import Quarantined
from met_kg.training.config import NO_MATTER, TrainConfig
from met_kg.training.examples import Example, read_examples
from met_kg.training.graph_values import open_graph
from met_kg.training.mix import Mix, draw
from met_kg.training.mix_report import mix_sentence

__all__ = ["Prepared", "depends_on", "prepare"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Examples ready to train on, their lengths in tokens, what was left out with reasons, and the mix they are of."""

    examples: list[Example]
    lengths: list[int]
    held_out: list[Example]
    left_out: list[Quarantined]
    mix: Mix


def prepare(config: TrainConfig, processor: Any) -> Prepared:
    """Read, mix and check the examples of a configuration.

    Raises
    ------
    DataProblem
        when none is left to train on, or the mix cannot be had.
    """
    from met_kg.training.collate import within_limits

    data = expand_path(config.data)
    found, left_out = read_examples(data, config.split)
    others, more = read_examples(data, config.eval_split) if config.eval_split else ([], [])
    with open_graph(data, needed=bool(config.mix.queries)) or nullcontext() as graph:
        mix = draw(found, config.mix, graph, config.caption_share, config.max_examples, config.seed)
        held = draw(others, config.mix.selection, graph, None, config.max_eval_examples, config.seed)
    limits = {"image_side": config.image_side, "max_length": config.max_length}
    kept, lengths, problems = within_limits(mix.examples, processor, **limits)
    held_out, _, unfit = within_limits(held.examples, processor, **limits)
    left_out += [*problems, *more, *unfit]
    if not kept:
        why = "; ".join(f"{n} x {reason}" for reason, n in Counter(q.reason for q in left_out).most_common(3))
        raise DataProblem(
            f"there is no example of split '{config.split}' to train on" + (f": {why}" if why else ""),
            where=config.data,
        )
    return Prepared(kept, lengths, held_out, left_out, mix)


def depends_on(config: TrainConfig, ready: Prepared, base_name: str) -> dict[str, Any]:
    """What the training depends on; its hash says whether a checkpoint belongs to it."""
    data = expand_path(config.data)
    about = data / "tree" / "tree.json"
    mark = Path(config.base) / STAND_IN_FILE
    left_out = Counter(q.reason for q in ready.left_out)
    return {
        "base": {
            "name": base_name,
            "fingerprint": fingerprint(config.base),
            "notice": json.loads(mark.read_text(encoding="utf-8"))["notice"] if mark.is_file() else "",
        },
        "data": {
            "sha256": _data_hash([*ready.examples, *ready.held_out]),
            "examples": len(ready.examples),
            "captions": sum(e.kind == "caption" for e in ready.examples),
            "held_out": len(ready.held_out),
            "left_out": sum(left_out.values()),
            "left_out_reasons": dict(sorted(left_out.items())),
            "longest_tokens": max(ready.lengths),
            "licences": sorted({e.licence for e in ready.examples} - {""}),
            "mix": mix_sentence(ready.mix, ready.examples, config.mix),
            "mix_queries": ready.mix.queries,
            "mix_values_sha256": _values_hash(config, ready),
            "tree_version": json.loads(about.read_text(encoding="utf-8"))["version"] if about.is_file() else "",
        },
        "settings": config.model_dump(exclude={"base", "data", "out", *NO_MATTER}),
    }


def _values_hash(config: TrainConfig, ready: Prepared) -> str:
    """Of what a curriculum orders the examples by; '' without one."""
    if config.mix.curriculum is None:
        return ""
    return hashlib.sha256(json.dumps(ready.mix.values(ready.examples)).encode()).hexdigest()


def _data_hash(examples: list[Example]) -> str:
    """sha256 over ids, words and image bytes, in order."""
    digest = hashlib.sha256()
    images: dict[Path, str] = {}
    for path in dict.fromkeys(path for e in examples for path in e.images):
        with path.open("rb") as stream:
            images[path] = hashlib.file_digest(stream, "sha256").hexdigest()
    for e in examples:
        digest.update(json.dumps([e.id, e.turns, e.answer, [images[path] for path in e.images]]).encode())
    return digest.hexdigest()
