"""Write a run's captions and items as a data set that stands on its own: chat JSONL, images, card, and its proofs."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

from met_kg import tables
from met_kg.errors import MetError, MissingData, UsageProblem
from met_kg.paths import expand_path
from met_kg.synthesis.card import card
from met_kg.synthesis.prompts import caption_prompt, question_prompt
from met_kg.vocabulary import expand

__all__ = ["GRAPHS", "export"]

#: The named graphs that a proof needs, as files of a run and (gzipped) of an export.
GRAPHS: Final = ("tree", "closure", "samples")
_SUFFIXES: Final = frozenset({".png", ".jpg", ".jpeg", ".gif", ".tif", ".tiff", ".bmp", ".webp"})


def export(run: Path, out: Path, *, licence_allow: list[str] | None, items: set[str] | None = None) -> dict[str, int]:
    """Export a run to the folder ``out`` and count what was written and what was left behind.

    Written are ``<split>.jsonl`` (LLaVA/ShareGPT chat, one record per caption and item), ``items.jsonl`` (items with
    licence, provenance and proof), ``images/<sha256>.<suffix>``, ``README.md`` (the card), and the tables and graphs
    that ``met verify`` needs.

    Parameters
    ----------
    licence_allow
        licences that may leave the run (compared without regard to case); all when None.
    items
        ids of the items to export; all items and captions when None. Captions go with the samples of the items.

    Raises
    ------
    MissingData
        when a table or graph of the run is not there.
    """
    if out.is_dir() and any(out.iterdir()):
        raise UsageProblem("the folder is not empty; data sets are not mixed", where=str(out), hint="name a new one")
    samples = tables.read("samples", run / "samples.parquet")
    captions = tables.read("captions", run / "captions.parquet")
    vqa = tables.read("vqa", run / "vqa.parquet")
    if items is not None:
        vqa = vqa[vqa["item_id"].isin(items)]
        captions = captions[captions["sample_id"].isin(set(vqa["sample_id"]))]
    wanted = set(vqa["sample_id"]) | set(captions["sample_id"])
    samples = samples[samples["sample_id"].isin(wanted)]
    allowed = samples
    if licence_allow is not None:
        names = {name.casefold() for name in licence_allow}
        allowed = samples[[licence.casefold() in names for licence in samples["licence"]]]
    placed, unusable = _copy_images(allowed, run, out / "images")
    samples = allowed[allowed["sample_id"].isin(placed)].sort_values("sample_id").reset_index(drop=True)
    samples["image"] = [placed[s] for s in samples["sample_id"]]
    kept = set(samples["sample_id"])
    captions = captions[captions["sample_id"].isin(kept)].reset_index(drop=True)
    vqa = vqa[vqa["sample_id"].isin(kept)].reset_index(drop=True)

    for name, table in (("samples", samples), ("captions", captions), ("vqa", vqa)):
        tables.write(name, table, out / f"{name}.parquet")
    by_id = {str(row["sample_id"]): row for row in samples.to_dict("records")}
    chats = 0
    for split in sorted(set(samples["split"])):
        chats += _write_lines(out / f"{split}.jsonl", _chats(captions, vqa, by_id, split))
    _write_lines(out / "items.jsonl", (_item(row, by_id[str(row["sample_id"])]) for row in vqa.to_dict("records")))
    for name in GRAPHS:
        _copy_graph(run / "graph" / f"{name}.nt", out / "graph" / f"{name}.nt.gz", kept if name == "samples" else None)
    counts = {
        "samples": len(samples),
        "images": len(set(placed.values()) - {""}),
        "captions": len(captions),
        "items": len(vqa),
        "chats": chats,
        "samples left out for their licence": len(wanted) - len(allowed),
        "samples left out for their image": len(unusable),
    }
    (out / "README.md").write_text(card(samples, captions, vqa, counts, unusable), encoding="utf-8")
    return counts


def _copy_images(samples: pd.DataFrame, run: Path, folder: Path) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Copies images under the name of their hash: (sample -> path in the export, [(sample, why it has none)])."""
    placed: dict[str, str] = {}
    unusable: list[tuple[str, str]] = []
    for row in samples.sort_values("sample_id").to_dict("records"):
        sample, digest = str(row["sample_id"]), str(row["sha256"])
        if not row["image"]:
            placed[sample] = ""
            continue
        suffix = Path(str(row["image"])).suffix.lower()
        try:
            source = expand_path(str(row["image"]), base=run)
            found = hashlib.sha256(source.read_bytes()).hexdigest()
        except (OSError, MetError) as problem:
            unusable.append((sample, f"its image cannot be read: {_plain(problem)}"))
            continue
        if found != digest:
            unusable.append((sample, "its image file has changed since the run read it"))
        elif suffix not in _SUFFIXES:
            unusable.append((sample, f"'{suffix}' is no image format that people share"))
        else:
            name = f"{digest}{suffix}"
            folder.mkdir(parents=True, exist_ok=True)
            if not (folder / name).is_file():
                shutil.copyfile(source, folder / name)
            placed[sample] = f"images/{name}"
    return placed, unusable


def _plain(problem: Exception) -> str:
    """A reason without absolute paths, which must not reach an output."""
    return problem.strerror or "not readable" if isinstance(problem, OSError) else type(problem).__name__


def _chats(
    captions: pd.DataFrame, vqa: pd.DataFrame, samples: Mapping[str, Mapping[Any, Any]], split: str
) -> Iterator[dict[str, Any]]:
    for row in captions[captions["split"] == split].to_dict("records"):
        sample = samples[str(row["sample_id"])]
        name = f"{row['sample_id']}-{row['level']}"
        yield _chat(name, sample, caption_prompt(row["level"]), str(row["text"]), f"caption {row['level']}")
    for row in vqa[vqa["split"] == split].to_dict("records"):
        sample = samples[str(row["sample_id"])]
        ask = question_prompt(row["format"], row["question"], list(row["options"]))
        yield _chat(str(row["item_id"]), sample, ask, str(row["answer"]), f"{row['type']} {row['format']}")


def _chat(name: str, sample: Mapping[Any, Any], ask: str, answer: str, kind: str) -> dict[str, Any]:
    has_image = bool(sample["image"])
    return {
        "id": name,
        **({"image": sample["image"]} if has_image else {}),
        "conversations": [
            {"from": "human", "value": f"<image>\n{ask}" if has_image else ask},
            {"from": "gpt", "value": answer},
        ],
        "metadata": {
            "kind": kind,
            "sample": sample["sample_id"],
            "source": sample["source"],
            "licence": sample["licence"],
            "synthetic_image": bool(sample["synthetic"]),
        },
    }


def _item(row: Mapping[Any, Any], sample: Mapping[Any, Any]) -> dict[str, Any]:
    plain = {k: list(v) if k in ("options", "distractor_nodes", "distractor_relations") else v for k, v in row.items()}
    return {
        **plain,
        "proof": json.loads(row["proof"]),
        "image": sample["image"],
        "source": sample["source"],
        "licence": sample["licence"],
        "origin": sample["origin"],
    }


def _write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count


def _copy_graph(source: Path, target: Path, only: Sequence[str] | set[str] | None) -> None:
    """Gzips a graph's N-Triples (without a time in the header); of the samples only those that are exported."""
    if not source.is_file():
        raise MissingData("a graph of the run is not there", where=str(source), hint="run the steps up to retrieve")
    subjects = None if only is None else {f"<{expand(f'sample:{s}')}>" for s in only}
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        source.open(encoding="utf-8") as lines,
        target.open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as out,
    ):
        for line in lines:
            if subjects is None or line.split(" ", 1)[0] in subjects:
                out.write(line.encode())
