"""A small run directory with something of every step, and things that must not get through."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from met_kg import tables
from met_kg.evaluation.benchmark import find
from met_kg.evaluation.records import write_jsonl, write_metrics
from met_kg.evaluation.score import score
from met_kg.evaluation.tree import along_the_tree
from met_kg.graph.closure import add_closure
from met_kg.graph.store import Graph
from met_kg.retrieval.coverage import coverage
from met_kg.retrieval.options import RetrievalOptions
from met_kg.retrieval.wanted import wanted
from met_kg.vocabulary import Graphs

EVIL = "<script>alert('x')</script> & \"quoted\""
ASK = 'ASK { sample:0001 met:depicts DOID:552 . FILTER("<b>" != "a") }'


def _image(path: Path, shade: int) -> None:
    picture = Image.new("L", (400, 300), shade)
    ImageDraw.Draw(picture).ellipse((120, 60, 280, 240), fill=255 - shade)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)


def _tables(run: Path) -> None:
    samples, anchors, decisions = [], [], []
    nodes = [
        ("DOID:552", "disease"),
        ("UBERON:0002048", "anatomy"),
        ("MET:0000011", "modality"),
        ("MET:0000021", "finding"),
    ]
    for i in range(12):
        image = f"images/{i:04d}.png"
        _image(run / image, 10 * i)
        samples.append(
            {
                "sample_id": f"{i:04d}",
                "image": image,
                "caption": f"Chest X-ray number {i} {EVIL}",
                "modality": "X-ray" if i % 2 else "CT",
                "source": "phantoms" if i % 3 else "textbook",
                "licence": "CC0-1.0" if i % 3 else "",
                "group_id": f"g{i // 2}",
                "split": ("train", "validation", "test")[i % 3],
                "synthetic": bool(i % 3),
                "width": 400,
                "height": 300,
            }
        )
        for node, axis in nodes:
            anchors.append(
                {
                    "sample_id": f"{i:04d}",
                    "node": node,
                    "axis": axis,
                    "polarity": "negative" if i == 5 and axis == "finding" else "positive",
                    "assertion": "negated" if i == 5 and axis == "finding" else "positive",
                    "method": "metadata" if axis == "modality" else "mention",
                    "score": 1.0,
                    "evidence": json.dumps({"field": "caption", "text": EVIL}),
                }
            )
        verdict = ("drop", "the picture is all of one grey") if i in (3, 4) else ("keep", "")
        decisions.append(
            {"sample_id": f"{i:04d}", "stage": 1, "rule": "blank", "verdict": verdict[0], "reason": verdict[1]}
        )
        if i not in (3, 4):
            last = ("drop", "caption and picture disagree") if i == 6 else ("keep", "")
            decisions.append(
                {"sample_id": f"{i:04d}", "stage": 2, "rule": "alignment", "verdict": last[0], "reason": last[1]}
            )
    (run / "images" / "0003.png").write_bytes(b"\x89PNG\r\n\x1a\n cut short")
    tables.write("samples", tables.frame("samples", samples), run / "samples.parquet")
    tables.write("anchors", tables.frame("anchors", anchors), run / "anchors.parquet")
    tables.write("decisions", tables.frame("decisions", decisions), run / "decisions.parquet")


def _items(run: Path) -> None:
    captions = [
        {
            "sample_id": "0001",
            "level": level,
            "text": f"Enriched at level {level}. {EVIL}",
            "source_text": "",
            "facts": "[]",
            "generator": "graph",
            "split": "train",
        }
        for level in ("short", "descriptive", "knowledge")
    ]
    question = {
        "sample_id": "0001",
        "type": "disease",
        "difficulty": "hard",
        "key_node": "DOID:552",
        "split": "train",
        "rationale": "Pneumonia is a lung disease.",
        "proof": json.dumps({"query": ASK, "tree": {"version": "1"}}),
    }
    items = [
        {
            **question,
            "item_id": "i1",
            "format": "multiple-choice",
            "question": f"Which disease is shown? {EVIL}",
            "options": ["asthma", "pneumonia", "pulmonary fibrosis", "COPD"],
            "answer": "B",
            "distractor_nodes": ["DOID:2841", "DOID:3770", "DOID:3083"],
            "distractor_relations": ["sibling", "cousin", "parent-sibling"],
        },
        {
            **question,
            "item_id": "i2",
            "format": "yes-no",
            "difficulty": "easy",
            "question": "Is there pneumonia?",
            "options": ["yes", "no"],
            "answer": "yes",
        },
        {
            **question,
            "item_id": "i3",
            "sample_id": "0002",
            "format": "open",
            "difficulty": "medium",
            "question": "Name the disease.",
            "answer": "pneumonia",
        },
    ]
    found = [
        {"item_id": "i9", "check": "doubled-word", "verdict": "drop", "reason": f"the word 'the' twice {EVIL}"},
        {"item_id": "i3", "check": "several-answers", "verdict": "flag", "reason": "another answer"},
    ]
    gone = {
        **question,
        "item_id": "i9",
        "format": "open",
        "question": f"What is the the disease? {EVIL}",
        "answer": "x",
    }
    tables.write("quality", tables.frame("quality", found), run / "quality.parquet")
    tables.write("vqa", tables.frame("vqa", [*items, gone]), run / "drafts.parquet")
    _shortcuts(run)
    tables.write("captions", tables.frame("captions", captions), run / "captions.parquet")
    tables.write("vqa", tables.frame("vqa", items), run / "vqa.parquet")


def _shortcuts(run: Path) -> None:
    """One type that was treated, one that is not visual and was left, with a judge and a model that was shown images."""
    before = {"accuracy": 0.75, "low": 0.7, "high": 0.8, "above": 0.5}
    after = {"accuracy": 0.265, "low": 0.2, "high": 0.3, "above": 0.015}
    longest = {"accuracy": 0.28, "low": 0.2, "high": 0.35, "above": 0.03}
    shared = {
        "format": "multiple-choice",
        "policy": "drop",
        "chance": {"before": 0.25, "after": 0.25},
        "answers": {"B": 1},
    }
    treated = {"type": "disease", "visual": True, "acted": True, "note": "", "before": {"text-only": before}}
    left = {"type": "symptom", "visual": False, "acted": False, "note": "by intent", "before": {"text-only": before}}
    shown = {
        "true": {"accuracy": 0.5, "low": 0.4, "high": 0.6},
        "blank": {"accuracy": 0.25, "low": 0.2, "high": 0.3, "gain": {"difference": 0.25, "low": 0.1, "high": 0.4}},
    }
    _write_json(
        run / "shortcuts.json",
        {
            "drafts": 4,
            "items": 3,
            "margin": 0.03,
            "found": {"doubled-word: drop": 1, "several-answers: flag": 1},
            "judge": {"model": "m", "items": 4, "dropped": 1, "not judged": 2},
            "necessity": {"model": "v", "types": [{"type": "disease", "format": "open", "items": 2, "shown": shown}]},
            "types": [
                {**shared, **treated, "items": {"before": 200, "after": 120, "effective": 120.0}}
                | {"after": {"text-only": after, "longest": longest, "caption-word": before}},
                {**shared, **left, "items": {"before": 90, "after": 90, "effective": 90.0}}
                | {"after": {"text-only": before}},
            ],
        },
    )


def evaluation_lines() -> list[dict[str, Any]]:
    """Answers to 20 own items: 12 choices, 5 of them right, and 8 in words, 4 of them right."""
    shared = {"sample_id": "0001", "question": f"What is it? {EVIL}", "key_node": "DOID:552"}
    chosen = {
        "format": "multiple-choice",
        "options": ["pneumonia", "asthma", "heart disease"],
        "answer": "A",
        "distractor_nodes": ["DOID:2841", "DOID:114"],
    }
    said = [(chosen, "A")] * 5 + [(chosen, "B")] * 6 + [(chosen, f"unsure {EVIL}")]
    said += [({"format": "open", "answer": "pneumonia"}, text) for text in ["pneumonia"] * 4 + ["asthma"] * 4]
    return [
        {"record": shared | record | {"sample_id": f"{n % 10:04d}"}, "model_output": text}
        for n, (record, text) in enumerate(said)
    ]


def write_evaluation(folder: Path, graph: Graph) -> None:
    """What ``met eval`` leaves of those answers, under the protocol ``corrected``."""
    bench, lines = find("own-items"), evaluation_lines()
    scored = score(bench, lines, protocol="corrected")
    along = along_the_tree(graph, bench, lines, scored.items, min_items=4)
    baselines: dict[str, Any] = {"majority": 0.4, "chance": 0.25, "majority_answer": "a", "majority_from": "train"}
    gap = {"difference": 0.1, "low": -0.05, "high": 0.25}
    blind = {"total": 20, "right": 7, "acc": 0.35, "interval_95": [0.2, 0.5], "model_minus_this": gap}
    letters: dict[str, Any] = {"A": {"gold": 12, "chosen": 5, "right": 5, "acc_where_gold": 5 / 12}}
    letters["B"] = {"gold": 0, "chosen": 6, "right": 0, "acc_where_gold": None}
    baselines |= {"constants": {"A": 0.6}, "compared": {"text": blind}}
    baselines["positions"] = {"total": 12, "unread": 1, "letters": letters}
    seen: dict[str, Any] = {"image in training": {"total": 0, "right": 0, "acc": None}}
    seen["image not in training"] = {"total": 20, "right": 9, "acc": 0.45}
    metrics = scored.metrics | {"baselines": baselines, "contamination": seen, "tree": along.metrics, "set_aside": 1}
    metrics["settings"] = scored.metrics["settings"] | {"model": f"m {EVIL}", "stand_in": True, "batch_size": 4}
    along.write(folder)
    write_jsonl(scored.items, folder / "items.jsonl")
    write_jsonl(lines, folder / "predictions.jsonl")
    write_metrics(metrics, folder / "metrics.json")


def _store(run: Path) -> None:
    tree = (Path(__file__).parents[1] / "mini_tree.ttl").read_text(encoding="utf-8")
    with Graph.open(run / "store", read_only=False) as graph:
        graph.load_text(Graphs.TREE, tree)
        add_closure(graph)
        graph.load_text(
            Graphs.SAMPLES,
            "\n".join(
                f"sample:{i:04d} met:depicts DOID:552 , UBERON:0002048 , MET:0000011 ; "
                f"met:{'excludes' if i == 5 else 'depicts'} MET:0000021 ."
                for i in range(12)
            ),
        )
        graph.load_text(
            Graphs.EVIDENCE,
            'evidence:1 met:node DOID:552 ; met:document "d1" ; met:mentionCount 3 .\n'
            'evidence:2 met:node DOID:552 ; met:document "d2" ; met:mentionCount 1 .\n'
            'evidence:3 met:node SYMP:0000614 ; met:document "d1" ; met:mentionCount 2 .',
        )
        kept = frozenset(f"{i:04d}" for i in range(9))
        anchors = tables.read("anchors", run / "anchors.parquet")
        found = coverage(graph, [anchors], wanted(graph, RetrievalOptions()), kept)
    tables.write("coverage", found, run / "coverage.parquet")


def _write_json(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, sort_keys=True), encoding="utf-8")


def make_run(run: Path) -> Path:
    """The run directory, complete."""
    _tables(run)
    _items(run)
    _store(run)
    mentions = [
        {"document": "d1", "node": "DOID:552", "axis": "disease", "assertion": "positive", "source": "primer"},
        {"document": "d2", "node": "DOID:552", "axis": "disease", "assertion": "negated", "source": "primer"},
    ]
    tables.write("mentions", tables.frame("mentions", mentions), run / "mentions.parquet")
    set_aside = [{"source": "notes.csv", "where": "line 7", "reason": f"no image {EVIL}", "content": "x"}]
    tables.write("quarantine", tables.frame("quarantine", set_aside), run / "quarantine" / "corpus.parquet")
    _write_json(
        run / "tree" / "tree.json",
        {
            "version": "2026-01-01",
            "sha256": "ab" * 32,
            "sources": [{"name": "met", "version": "1", "licence": "CC0-1.0"}],
            "conflicts": [{"kind": "two-nodes", "node": "DOID:552", "message": "m"}],
        },
    )
    (run / "tree" / "review.tsv").write_text(
        "id\tlabel\tparent\tdefinition\tkind\tconfidence\tevidence\tdecision\n"
        "ID\tLABEL\tSC %\tA IAO:0000115\t\t\t\t\n"
        "MET:0100001\tlobar pneumonia\tDOID:552\tPneumonia of a lobe.\tnew-term\t0.8\td1\t\n",
        encoding="utf-8",
    )
    log = [{"step": s, "loss": 3.0 / s, "lr": 1e-4} for s in range(1, 31)]
    (run / "base").mkdir()
    (run / "adapter").mkdir()
    (run / "adapter" / "training_log.jsonl").write_text("\n".join(map(json.dumps, log)) + "\n", encoding="utf-8")
    _write_json(run / "adapter" / "training.json", {"first_loss": 1.25, "last_loss": 0.125})
    _write_json(
        run / "adapter" / "adapter_config.json",
        {"peft_type": "LORA", "r": 8, "lora_alpha": 16, "target_modules": ["v_proj", "q_proj"]},
    )
    with Graph.open(run / "store") as graph:
        write_evaluation(run / "eval" / "own-items", graph)
    bins = [{"probability": 0.1, "right": 0.2, "weight": 0.5}, {"probability": 0.9, "right": 0.8, "weight": 0.5}]
    curves = ("margin, uncalibrated", "caption", "all")
    _write_json(
        run / "calibration.json",
        {
            "aligner": "built-in aligner",
            "pairs": 12,
            "planted": 12,
            "not_judged": 0,
            "asked": {"precision": 0.95, "review_precision": 0.6, "wrong_share": 0.1},
            "thresholds": {"drop": None, "review": 0.25, "sure": 0.9},
            "auroc": dict.fromkeys(curves, 0.875),
            "expected_calibration_error": dict.fromkeys(curves, 0.125),
            "reliability": dict.fromkeys(curves, bins),
            "precision": [{"below": 0.1, "own": 0.05, "planted": 0.5, "precision": 0.5}],
        },
    )
    (run / "recipe.yaml").write_text("name: small\nseed: 13\n", encoding="utf-8")
    _write_json(
        run / "manifest.json",
        {
            "run": "small",
            "seed": 13,
            "recipe_sha256": "cd" * 32,
            "versions": {"met-kg": "0.1.0"},
            "steps": {
                "corpus": {
                    "counts": {"samples": 12, "by split": {"train": 4}},
                    "inputs": {"/home/someone/data/notes.csv": "ef" * 32, "${MET_DATA}/x.csv": "ee" * 32},
                    "outputs": {"samples.parquet": "aa" * 32},
                },
                "report": {"counts": {"bytes": 1}, "outputs": {"report.html": "99" * 32}},
            },
            "timestamps": {"corpus": {"started": 1234567890.5, "seconds": 4.56}},
        },
    )
    return run
