"""A few right and wrong answers with their images, drawn by a fixed seed."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from met_kg.errors import DataProblem, MetError
from met_kg.evaluation.benchmark import Benchmark
from met_kg.evaluation.score import IMAGE_HASH
from met_kg.paths import data_root, expand_path
from met_kg.report.evaluation_files import Evaluated
from met_kg.report.thumbnails import Thumbnail, Thumbnails

__all__ = ["Pictures", "examples"]

_RIGHT: Final = 4
_WRONG: Final = 8
_SIDE: Final = 150
_SEED: Final = 0


class Pictures:
    """Images of a benchmark's records, found again: predictions carry no paths.

    Parameters
    ----------
    own
        sample -> path of its image, as a run's table says: for the run's own items.
    release
        folder of the benchmark's files; None looks into the data packs.
    """

    def __init__(self, thumbnails: Thumbnails, own: Mapping[str, str], release: Path | None) -> None:
        self._thumbnails, self._own, self._release = thumbnails, own, release

    def of(self, found: Evaluated, record: Mapping[str, Any]) -> Thumbnail:
        """The picture of a record, or why there is none."""
        bench = found.bench
        if record.get("sample_id") in self._own:
            return self._thumbnails.of(str(self._own[record["sample_id"]]), _SIDE)
        inside = found.folder / "images" / str(record.get(IMAGE_HASH, ""))
        if record.get(IMAGE_HASH) and inside.is_file():
            return self._thumbnails.of(str(inside.resolve()), _SIDE)
        name = record.get(bench.files.image_field) if bench else None
        root = self._root(bench) if bench else None
        if bench and root is not None and bench.files.images and isinstance(name, str):
            folder = (root / bench.files.images).resolve()
            path = (folder / name).resolve()
            if path.is_relative_to(folder):  # the record is data: it names no file outside its release
                return self._thumbnails.of(str(path), _SIDE)
        return Thumbnail(problem="the image lies in the benchmark's release")

    def _root(self, bench: Benchmark) -> Path | None:
        """The folder of the benchmark's files: as given, else its data pack; None when not here."""
        try:
            packs = data_root()
            root = self._release or (expand_path(bench.pack, base=packs) if packs and bench.pack else None)
        except MetError:
            return None
        return root.resolve() if root is not None and root.is_dir() else None


def examples(found: Evaluated, pictures: Pictures, labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """Right and wrong answers, each a seeded draw; empty for a benchmark whose fields are not known here."""
    if found.bench is None or not found.lines:
        return []
    rng = random.Random(_SEED)  # noqa: S311 (no secret)
    scored = [i for i, item in enumerate(found.items) if "error" not in item and "record" in found.lines[i]]
    right = [i for i in scored if found.items[i]["correct"]]
    wrong = [i for i in scored if not found.items[i]["correct"]]
    drawn = [*_draw(rng, right, _RIGHT), *_draw(rng, wrong, _WRONG)]
    return [_example(found, found.bench, place, pictures, labels) for place in drawn]


def _draw(rng: random.Random, places: Sequence[int], most: int) -> list[int]:
    return sorted(rng.sample(places, min(most, len(places))))


def _example(
    found: Evaluated, bench: Benchmark, place: int, pictures: Pictures, labels: Mapping[str, str]
) -> dict[str, Any]:
    record, item = bench.named(found.lines[place]["record"]), found.items[place]
    nodes = found.nodes[place] if found.nodes else {}
    return {
        "picture": pictures.of(found, record),
        "question": bench.field(record, "question"),
        "gold": _gold(bench, record),
        "answer": str(found.lines[place]["model_output"]),
        "correct": bool(item["correct"]),
        "note": str(item.get("note", "")),
        "relation": nodes.get("relation"),
        "gold nodes": [labels.get(node, node) for node in nodes.get("answer", [])],
    }


def _gold(bench: Benchmark, record: Mapping[str, Any]) -> str:
    """The right answer; a letter with the text of its option, where the record has options."""
    answer = bench.field(record, "answer")
    place = ord(answer) - ord("A") if len(answer) == 1 else -1
    try:
        texts = record.get("options") or [text for _, text in bench.lettered(record)]
    except DataProblem:
        return answer
    return f"{answer}: {texts[place]}" if isinstance(texts, list) and 0 <= place < len(texts) else answer
