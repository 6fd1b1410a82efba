"""A small corpus over the mini tree, made in code: samples, anchors, and their triples."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pandas as pd
import pyoxigraph as ox
from PIL import Image

from met_kg import tables
from met_kg.graph.store import Graph
from met_kg.vocabulary import Graphs, expand

PREDICATE = {"positive": "met:depicts", "negative": "met:excludes", "uncertain": "met:mayDepict"}
VERSION = {"version": "test", "sha256": "0" * 64}
AXES = {"DOID": "disease", "UBERON": "anatomy", "SYMP": "finding"}
CASES: list[dict[str, str]] = [
    {"MET:0000011": "positive", "DOID:552": "positive", "MET:0000022": "positive", "MET:0000021": "negative"},
    {"MET:0000012": "positive", "DOID:2841": "positive", "UBERON:0002048": "positive"},
    {"MET:0000013": "positive", "UBERON:0000955": "positive", "DOID:9675": "uncertain"},
    {"MET:0000010": "positive", "DOID:3083": "positive", "MET:0000023": "negative", "MET:0000024": "positive"},
    {"MET:0000014": "positive", "UBERON:0002107": "positive", "MET:0000025": "negative"},
    {"MET:0000012": "positive", "DOID:874": "positive", "MET:0000021": "positive"},
]


def axis_of(node: str) -> str:
    prefix, _, local = node.partition(":")
    return AXES.get(prefix) or ("modality" if "0000010" <= local <= "0000014" else "finding")


def corpus(count: int = 24) -> tuple[pd.DataFrame, pd.DataFrame]:
    """``count`` samples that go round the cases; every fourth is for testing."""
    samples, anchors = [], []
    for i in range(count):
        sample_id = hashlib.sha256(f"s{i}".encode()).hexdigest()[:16]
        caption = f"Case {i}." + (" Compare pulmonary fibrosis." if i % 6 == 1 else "")
        samples.append(
            {
                "sample_id": sample_id,
                "image": f"images/{i}.png",
                "caption": caption,
                "source": "made" if i % 2 else "other",
                "licence": "CC0-1.0" if i % 2 else "CC BY 4.0",
                "split": "test" if i % 4 == 3 else "train",
            }
        )
        anchors += [
            {
                "sample_id": sample_id,
                "node": node,
                "axis": axis_of(node),
                "polarity": polarity,
                "assertion": polarity,
                "method": "mention",
                "score": 1.0,
                "evidence": '{"field": "caption"}',
            }
            for node, polarity in CASES[i % len(CASES)].items()
        ]
    return tables.frame("samples", samples), tables.frame("anchors", anchors)


def load(graph: Graph, anchors: pd.DataFrame) -> Graph:
    """Adds what the anchors say to graph ``metg:samples``."""
    graph.load_triples(Graphs.SAMPLES, triples(anchors))
    return graph


def triples(anchors: pd.DataFrame) -> list[ox.Triple]:
    return [
        ox.Triple(
            ox.NamedNode(expand(f"sample:{row['sample_id']}")),
            ox.NamedNode(expand(PREDICATE[row["polarity"]])),
            ox.NamedNode(expand(row["node"])),
        )
        for row in anchors.to_dict("records")
    ]


def draw(samples: pd.DataFrame, run: Path) -> pd.DataFrame:
    """The samples with real pictures under ``run``, and their hashes filled in."""
    samples = samples.copy()
    (run / "images").mkdir(parents=True, exist_ok=True)
    hashes: list[Any] = []
    for i, name in enumerate(samples["image"]):
        Image.new("L", (8, 8), color=i * 9 % 256).save(run / name)
        hashes.append(hashlib.sha256((run / name).read_bytes()).hexdigest())
    samples["sha256"] = hashes
    return samples
