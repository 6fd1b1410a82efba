"""Answer a benchmark with a model, score it, and write what a reader needs beside the number."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from met_kg import tables
from met_kg.corpus.images import open_image
from met_kg.errors import MissingData
from met_kg.evaluation.baselines import baselines
from met_kg.evaluation.benchmark import Benchmark, find
from met_kg.evaluation.contamination import contamination, image_hashes
from met_kg.evaluation.prompts import build_prompt
from met_kg.evaluation.records import IMAGE, Loaded, load_records, write_jsonl, write_metrics
from met_kg.evaluation.score import HARNESS_SEED, Protocol, read_lines, score
from met_kg.evaluation.tree import along_the_tree
from met_kg.graph.store import Graph
from met_kg.log import Log
from met_kg.models.generation import Request, generate
from met_kg.paths import expand_path
from met_kg.records import Quarantined

if TYPE_CHECKING:
    from met_kg.models.vlm import Vlm

__all__ = ["answer_benchmark", "evaluate_run", "item_records"]

Record = Mapping[str, Any]

#: Says what the predictions beside it answer.
_KEY_FILE: Final = "answers.json"


def answer_benchmark(
    vlm: Vlm,
    bench: Benchmark,
    loaded: Loaded,
    out: Path,
    *,
    base: Path,
    protocol: Protocol,
    batch_size: int,
    max_new_tokens: int,
    log: Log,
    limit: int | None = None,
    seed: int = HARNESS_SEED,
    reasoning: bool = False,
    train_records: Sequence[Record] = (),
    training_images: Collection[str] = (),
    graph: Graph | None = None,
    model_name: str | None = None,
) -> dict[str, Any]:
    """Generate, score and write ``predictions.jsonl``, ``items.jsonl`` and ``metrics.json`` in ``out``.

    A rerun goes on where a stopped one was; one that asks the same model the same questions again scores the answers
    that are there. Records that cannot be asked are listed in ``set-aside.jsonl``.

    Parameters
    ----------
    base
        folder under which relative image paths lie.
    limit
        only the first so many records; None asks all.
    seed
        of the letters that the harness draws for unreadable MMMU answers.
    training_images
        sha256 of the images that the model was trained on, to count the questions that show them.
    graph
        a store with a tree, to roll accuracy up along it.
    model_name
        how the metrics name the model; its id or path when None.

    Raises
    ------
    MissingData
        when no record has its image.
    """
    out.mkdir(parents=True, exist_ok=True)
    records, set_aside = _with_images(bench, loaded, base, limit)
    settings = {"batch_size": batch_size, "max_new_tokens": max_new_tokens, "reasoning": reasoning}
    prompts = [build_prompt(bench, record, reasoning=reasoning) for record in records]
    key = _key(vlm, records, prompts, settings)
    said = _answered(out, key, len(records))
    if said is None:
        requests = [Request(str(i), r[IMAGE], p) for i, (r, p) in enumerate(zip(records, prompts, strict=True))]
        part = out / "generated.jsonl"
        found = generate(
            vlm,
            requests,
            part,
            open_image=open_image,
            batch_size=batch_size,
            max_new_tokens=max_new_tokens,
            base=base,
            log=log,
        )
        said = [found[request.id] for request in requests]
    else:
        log.info(f"  {bench.name}: these answers are there already; scoring them")
    lines = [
        {
            "id": str(record.get("item_id") or record.get("qid") or record.get("id") or number),
            "record": {k: v for k, v in record.items() if k != IMAGE},
            "model_output": text,
        }
        for number, (record, text) in enumerate(zip(records, said, strict=True))
    ]
    _keep(out, key, lines)  # before anything else can go wrong: answers are what costs
    (out / "generated.jsonl").unlink(missing_ok=True)
    scored = score(bench, lines, protocol=protocol, seed=seed)
    metrics = dict(scored.metrics)
    metrics["baselines"] = baselines(bench, records, protocol=protocol, train=train_records)
    metrics["settings"] |= {**settings, "model": model_name or vlm.name, "stand_in": vlm.stand_in}
    metrics["set_aside"] = len(set_aside)
    if training_images:
        hashes = image_hashes([expand_path(r[IMAGE], base=base) for r in records])
        metrics["contamination"] = contamination(scored.items, hashes, training_images)
    if graph is not None:
        along = along_the_tree(graph, bench, lines, scored.items)
        along.write(out)
        metrics["tree"] = along.metrics
    write_jsonl(scored.items, out / "items.jsonl")
    if set_aside:
        write_jsonl([asdict(q) for q in set_aside], out / "set-aside.jsonl")
    write_metrics(metrics, out / "metrics.json")
    return metrics


def _with_images(
    bench: Benchmark, loaded: Loaded, base: Path, limit: int | None
) -> tuple[list[Record], list[Quarantined]]:
    """The records to ask, and all that cannot be asked: without its image a question is another question."""
    asked: list[Record] = []
    missing: list[Quarantined] = []
    for number, record in enumerate(loaded.records[:limit], start=1):
        if record[IMAGE] and expand_path(record[IMAGE], base=base).is_file():
            asked.append(record)
        else:
            name = Path(record[IMAGE]).name or "none named"
            missing.append(Quarantined(bench.name, f"usable record {number}", f"its image is not there ({name})"))
    if not asked:
        raise MissingData(
            f"no record of {bench.name} has its image", where=missing[0].reason, hint="give the release with --source"
        )
    return asked, [*loaded.set_aside, *missing]


def _key(vlm: Vlm, records: Sequence[Record], prompts: Sequence[str], settings: Record) -> str:
    """What the answers depend on, without where the files lie."""
    about = {
        "model": vlm.fingerprint,
        "questions": [[Path(r[IMAGE]).name, p] for r, p in zip(records, prompts, strict=True)],
        **settings,
    }
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]


def _keep(out: Path, key: str, lines: Sequence[Record]) -> None:
    """Write the predictions, and then the key that says what they answer: never a key beside half a file."""
    (out / _KEY_FILE).unlink(missing_ok=True)
    write_jsonl(lines, out / "predictions.jsonl")
    (out / _KEY_FILE).write_text(json.dumps({"key": key}) + "\n", encoding="utf-8")


def _answered(out: Path, key: str, count: int) -> list[str] | None:
    """The answers of an earlier call with the same key; None when there are none, or not all."""
    try:
        earlier = json.loads((out / _KEY_FILE).read_text(encoding="utf-8"))
        lines = read_lines((out / "predictions.jsonl").read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    whole = earlier == {"key": key} and len(lines) == count and not any("error" in line for line in lines)
    return [line["model_output"] for line in lines] if whole else None


def item_records(run: Path, split: str) -> list[dict[str, Any]]:
    """A run's own items of one split as benchmark records."""
    vqa = tables.read("vqa", run / "vqa.parquet")
    samples = tables.read("samples", run / "samples.parquet", ["sample_id", "image"])
    image = dict(zip(samples["sample_id"], samples["image"], strict=True))
    columns = ["item_id", "sample_id", "type", "format", "question", "options", "answer", "key_node", "difficulty"]
    columns.append("distractor_nodes")
    chosen = vqa[vqa["split"] == split].sort_values("item_id")[columns]
    records = [dict(zip(columns, row, strict=True)) for row in chosen.itertuples(index=False, name=None)]
    listed = ("options", "distractor_nodes")
    return [{**r, **{name: list(r[name]) for name in listed}, IMAGE: image[r["sample_id"]]} for r in records]


def _training_images(run: Path) -> frozenset[str]:
    """sha256 of the images whose captions or items a run trained on."""
    trained: set[str] = set()
    for table in ("captions", "vqa"):
        rows = tables.read(table, run / f"{table}.parquet", ["sample_id", "split"])
        trained |= set(rows.loc[rows["split"] == "train", "sample_id"])
    samples = tables.read("samples", run / "samples.parquet", ["sample_id", "sha256"])
    return frozenset(samples.loc[samples["sample_id"].isin(trained), "sha256"]) - {""}


def evaluate_run(run: Path, out: Path, recipe: Any, *, log: Log) -> dict[str, Any]:
    """Evaluate a run's adapter as its recipe says; ``out`` gets one folder a benchmark. Returns counts."""
    from met_kg.models import vlm as models

    settings = recipe.eval
    base = run / "base" if recipe.train.base == "stand-in" else recipe.train.base
    # The same bytes wherever the run lies.
    model_name = f"{recipe.train.base} with the run's adapter"
    model = models.load(base, run / "adapter")
    counts: dict[str, Any] = {}
    with Graph.open(run / "store") as graph:
        for name in [*settings.benchmarks, *(["own-items"] if settings.own_items else [])]:
            bench = find(name)
            train: Sequence[Record] = ()
            if name == "own-items":
                loaded, train = Loaded(item_records(run, "test"), []), item_records(run, "train")
                if not loaded.records:
                    counts[name] = "no held-out items"
                    continue
            else:
                source = settings.sources.get(name)
                loaded = load_records(bench, expand_path(source) if source else None, images=out / name / "images")
            metrics = answer_benchmark(
                model,
                bench,
                loaded,
                out / name,
                base=run,
                protocol=settings.protocol,
                batch_size=settings.batch_size,
                max_new_tokens=settings.max_new_tokens,
                log=log,
                limit=settings.limit,
                train_records=train,
                training_images=_training_images(run),
                graph=graph,
                model_name=model_name,
            )
            counts[name] = {
                "items": metrics["total metrics"]["total"],
                "accuracy": metrics["total metrics"]["acc"],
                "interval_95": metrics["interval_95"],
                "majority": metrics["baselines"]["majority"],
                "chance": metrics["baselines"]["chance"],
            }
    if not counts:
        raise MissingData("the recipe asks for no benchmark", hint="set eval.benchmarks or eval.own_items")
    return counts
