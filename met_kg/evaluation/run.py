"""Answer a benchmark with a model, score it, and write what a reader needs beside the number."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from met_kg import tables
from met_kg.errors import MissingData
from met_kg.evaluation.baselines import baselines
from met_kg.evaluation.benchmark import Benchmark, find
from met_kg.evaluation.inference import Request, generate
from met_kg.evaluation.prompts import build_prompt
from met_kg.evaluation.records import IMAGE, load_records, write_jsonl
from met_kg.evaluation.rollup import nodes_of_records, roll_up
from met_kg.evaluation.score import Protocol, score
from met_kg.graph.store import Graph
from met_kg.log import Log

if TYPE_CHECKING:
    from met_kg.models.vlm import Vlm

__all__ = ["answer_benchmark", "evaluate_run", "item_records"]


def answer_benchmark(
    vlm: Vlm,
    bench: Benchmark,
    records: Sequence[Mapping[str, Any]],
    out: Path,
    *,
    base: Path,
    protocol: Protocol,
    batch_size: int,
    max_new_tokens: int,
    log: Log,
    reasoning: bool = False,
    train_records: Sequence[Mapping[str, Any]] = (),
    graph: Graph | None = None,
) -> dict[str, Any]:
    """Generate, score and write ``predictions.jsonl``, ``items.jsonl`` and ``metrics.json`` in ``out``.

    Answers are appended to ``generated.jsonl`` while they come; a rerun goes on from there.

    Parameters
    ----------
    base
        folder under which relative image paths lie.
    graph
        a store with a tree, to roll accuracy up along it.
    """
    out.mkdir(parents=True, exist_ok=True)
    requests = [
        Request(str(i), str(r.get(IMAGE, "")), build_prompt(bench, r, reasoning=reasoning))
        for i, r in enumerate(records)
    ]
    said = generate(
        vlm,
        requests,
        out / "generated.jsonl",
        batch_size=batch_size,
        max_new_tokens=max_new_tokens,
        base=base,
        log=log,
    )
    lines = [
        {
            "id": str(r.get("item_id") or r.get("qid") or r.get("id") or i),
            "record": {k: v for k, v in r.items() if k != IMAGE},
            "model_output": said[str(i)],
        }
        for i, r in enumerate(records)
    ]
    write_jsonl(lines, out / "predictions.jsonl")
    (out / "generated.jsonl").unlink(missing_ok=True)
    scored = score(bench, lines, protocol=protocol)
    metrics = dict(scored.metrics)
    metrics["baselines"] = baselines(bench, records, protocol=protocol, train=train_records)
    metrics["settings"] = {"batch_size": batch_size, "max_new_tokens": max_new_tokens, "reasoning": reasoning}
    if graph is not None:
        metrics["tree"] = _along_the_tree(graph, bench, records, [bool(i["correct"]) for i in scored.items])
    write_jsonl(scored.items, out / "items.jsonl")
    (out / "metrics.json").write_text(
        json.dumps(metrics, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return metrics


def _along_the_tree(
    graph: Graph, bench: Benchmark, records: Sequence[Mapping[str, Any]], correct: Sequence[bool]
) -> dict[str, Any]:
    if bench.scorer == "items":
        nodes = [[str(r["key_node"])] for r in records]
    else:
        from met_kg.literature.lexicon import Lexicon
        from met_kg.literature.linker import Linker

        linker = Linker(Lexicon.from_graph(graph))
        nodes = nodes_of_records(linker, (f"{bench.field(r, 'question')} {bench.field(r, 'answer')}" for r in records))
    return roll_up(graph, nodes, correct)


def item_records(run: Path, split: str) -> list[dict[str, Any]]:
    """A run's own items of one split as benchmark records."""
    vqa = tables.read("vqa", run / "vqa.parquet")
    samples = tables.read("samples", run / "samples.parquet", ["sample_id", "image"])
    image = dict(zip(samples["sample_id"], samples["image"], strict=True))
    columns = ["item_id", "sample_id", "type", "format", "question", "options", "answer", "key_node", "difficulty"]
    chosen = vqa[vqa["split"] == split].sort_values("item_id")[columns]
    records = [dict(zip(columns, row, strict=True)) for row in chosen.itertuples(index=False, name=None)]
    return [{**r, "options": list(r["options"]), IMAGE: image[r["sample_id"]]} for r in records]


def evaluate_run(run: Path, out: Path, recipe: Any, *, log: Log) -> dict[str, Any]:
    """Evaluate a run's adapter as its recipe says; ``out`` gets one folder a benchmark. Returns counts."""
    from met_kg.models import vlm as models

    settings = recipe.eval
    base = run / "base" if recipe.train.base == "stand-in" else recipe.train.base
    model = models.load(base, run / "adapter")
    counts: dict[str, Any] = {}
    with Graph.open(run / "store") as graph:
        for name in [*settings.benchmarks, *(["own-items"] if settings.own_items else [])]:
            bench = find(name)
            train: Sequence[Mapping[str, Any]] = ()
            if name == "own-items":
                records, train = item_records(run, "test"), item_records(run, "train")
                if not records:
                    counts[name] = "no held-out items"
                    continue
            else:
                records = load_records(bench, _source(settings.sources.get(name)), images=out / name / "images")
            metrics = answer_benchmark(
                model,
                bench,
                records[: settings.limit],
                out / name,
                base=run,
                protocol=settings.protocol,
                batch_size=settings.batch_size,
                max_new_tokens=settings.max_new_tokens,
                log=log,
                train_records=train,
                graph=graph,
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


def _source(text: str | None) -> Path | None:
    from met_kg.paths import expand_path

    return expand_path(text) if text else None
