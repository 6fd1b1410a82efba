"""Answer a benchmark with a model, score it, and write what a reader needs beside the number."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from met_kg import tables
from met_kg.corpus.images import image_size, open_image
from met_kg.errors import MissingData, UnknownName
from met_kg.evaluation import passes
from met_kg.evaluation.ablation import against, positions
from met_kg.evaluation.baselines import always, baselines
from met_kg.evaluation.benchmark import Benchmark, find
from met_kg.evaluation.contamination import Training, contamination, read_training, seen_in_training
from met_kg.evaluation.llm_judge import Judge, can_judge
from met_kg.evaluation.prompts import build_prompt
from met_kg.evaluation.records import IMAGE, Loaded, load_records, write_jsonl, write_metrics
from met_kg.evaluation.score import HARNESS_SEED, Protocol, judge_lines, score
from met_kg.evaluation.tree import along_the_tree
from met_kg.graph.store import Graph
from met_kg.log import Log
from met_kg.models.answers import Answerer
from met_kg.models.generation import BatchedVlm
from met_kg.paths import expand_path
from met_kg.records import Quarantined

__all__ = ["answer_benchmark", "evaluate_run", "item_records"]

Record = Mapping[str, Any]


def answer_benchmark(
    answerer: Answerer,
    bench: Benchmark,
    loaded: Loaded,
    out: Path,
    *,
    base: Path,
    protocol: Protocol,
    log: Log,
    limit: int | None = None,
    seed: int = HARNESS_SEED,
    reasoning: bool = False,
    ablate: Collection[str] = (),
    train_records: Sequence[Record] = (),
    training: Training | None = None,
    graph: Graph | None = None,
    model_name: str | None = None,
    judge: Judge | None = None,
) -> dict[str, Any]:
    """Ask, score and write ``predictions.jsonl``, ``items.jsonl`` and ``metrics.json`` in ``out``.

    A rerun goes on where a stopped one was; one that asks the same model the same questions again scores the answers
    that are there. Records that cannot be asked are listed in ``set-aside.jsonl``; questions that failed are counted
    under ``failed`` and as wrong.

    Parameters
    ----------
    base
        folder under which relative image paths lie.
    limit
        only the first so many records; None asks all.
    seed
        of the letters that the harness draws for unreadable MMMU answers.
    ablate
        further passes (:data:`met_kg.evaluation.passes.ABLATIONS`): without the image, with a grey one.
    training
        what the model was trained on; the questions that are in it are listed in ``contamination.jsonl``.
    graph
        a store with a tree, to roll accuracy up along it.
    model_name
        how the metrics name the model; its id or path when None.
    judge
        a language model that judges open answers. What is compared with baselines is judged by rule all the same: one
        measure for both.

    Raises
    ------
    MissingData
        when no record has its image.
    UnknownName
        when there is no such pass.
    MetError
        when no further question can be answered; what is answered is kept.
    """
    for name in ablate:
        if name not in passes.ABLATIONS:
            raise UnknownName("pass", name, passes.ABLATIONS)
    records, set_aside = _with_images(bench, loaded, base, limit)
    prompts = [build_prompt(bench, record, reasoning=reasoning) for record in records]
    wanted = [passes.FULL, *(name for name in passes.ABLATIONS if name in ablate)]
    costs = ", ".join(f"{name} {passes.different(name, records, prompts)}" for name in wanted)
    log.info(f"{bench.name}: {len(records)} questions; to ask, by pass: {costs}")
    said = {name: passes.ask(answerer, name, records, prompts, out, base=base, log=log) for name in wanted}
    lines = said[passes.FULL].lines
    scored = score(bench, lines, protocol=protocol, seed=seed, judge=judge)
    ruled = [{**item, "correct": item.get("by_rule", item["correct"])} for item in scored.items]
    metrics = dict(scored.metrics)
    found = metrics["baselines"] = baselines(bench, records, protocol=protocol, train=train_records)
    constant = always(bench, records, found["majority_answer"], protocol)
    found["compared"] = {"majority": against(ruled, constant)}
    for name in wanted[1:]:
        items = judge_lines(bench, said[name].lines, protocol=protocol, seed=seed)
        found["compared"][name] = {**against(ruled, items), **said[name].counts}
    if (profile := positions(bench, records, scored.items)) is not None:
        found["positions"] = profile
    model = {"model": model_name or answerer.name, "stand_in": answerer.stand_in, "reasoning": reasoning}
    metrics["settings"] |= {**said[passes.FULL].settings, **model}
    metrics["set_aside"] = len(set_aside)
    metrics |= said[passes.FULL].counts
    if training is not None:
        paths = [expand_path(r[IMAGE], base=base) for r in records]
        seen = seen_in_training(paths, [bench.field(r, "question") for r in records], training, log=log)
        metrics["contamination"] = contamination(scored.items, seen)
        counts = {"name": training.name, "images": len(training.images), "questions": len(training.questions)}
        metrics["settings"]["training"] = counts
        both = zip(scored.items, seen, strict=True)
        write_jsonl(
            ({"index": i["index"], "id": i["id"], **asdict(s)} for i, s in both if s.image or s.question),
            out / "contamination.jsonl",
        )
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


def evaluate_run(run: Path, out: Path, recipe: Any, *, log: Log) -> dict[str, Any]:
    """Evaluate a run's adapter as its recipe says; ``out`` gets one folder a benchmark. Returns counts."""
    from met_kg.models import vlm as models

    settings = recipe.eval
    base = run / "base" if recipe.train.base == "stand-in" else recipe.train.base
    # The same bytes wherever the run lies.
    model_name = f"{recipe.train.base} with the run's adapter"
    answerer = BatchedVlm(
        models.load(base, run / "adapter"),
        open_image=open_image,
        image_size=image_size,
        batch_size=settings.batch_size,
        max_new_tokens=settings.max_new_tokens,
    )
    training = read_training(run, name="the run's training split")
    judge = Judge.of(settings.judge, run / "cache" / "chat") if settings.judge else None
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
                answerer,
                bench,
                loaded,
                out / name,
                base=run,
                protocol=settings.protocol,
                log=log,
                limit=settings.limit,
                ablate=settings.ablate,
                train_records=train,
                training=training,
                graph=graph,
                model_name=model_name,
                judge=judge if can_judge(bench) else None,
            )
            judged = metrics.get("judged")
            counts[name] = {
                "items": metrics["total metrics"]["total"],
                "accuracy": metrics["total metrics"]["acc"],
                "interval_95": metrics["interval_95"],
                "majority": metrics["baselines"]["majority"],
                "chance": metrics["baselines"]["chance"],
                **{name: metrics["baselines"]["compared"][name]["acc"] for name in settings.ablate},
                **({"without the judge": judged["without the judge"]["total metrics"]["acc"]} if judged else {}),
            }
    if not counts:
        raise MissingData("the recipe asks for no benchmark", hint="set eval.benchmarks or eval.own_items")
    return counts
