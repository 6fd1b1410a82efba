"""The corpus of ``benchmarks/alignment.py``: three collections, anchored on the tree of a run, and planted swaps."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from met_kg.corpus.read import read_corpora
from met_kg.corpus.spec import CorpusSpec
from met_kg.graph.store import Graph
from met_kg.literature.lexicon import Lexicon
from met_kg.literature.linker import Linker
from met_kg.paths import data_root
from met_kg.pipeline.recipe import Recipe
from met_kg.retrieval.anchors import anchor_samples

__all__ = ["Swapped", "anchored", "statements", "swap_random", "swap_siblings"]

#: What a wrong record says of an image and a right one does not; modality, view and body part stay with the image.
_MOVED = ("caption", "context", "finding")


@dataclass(frozen=True, slots=True)
class Swapped:
    """Samples and anchors after some pairs of records have exchanged what they say; ``wrong`` marks those."""

    samples: pd.DataFrame
    anchors: pd.DataFrame
    wrong: np.ndarray[Any, np.dtype[np.bool_]]


def statements(questions: list[dict[str, Any]]) -> str:
    """A caption from the questions on an image: "question: answer" of open ones, "question: yes" of those affirmed.

    What is denied is left out: it says nothing of what the image shows, and no reader of assertions is made for it.

    >>> statements([{"question": "Is this the brain?", "answer": "Yes"},
    ...             {"question": "Which plane?", "answer": "axial"}, {"question": "Is there a mass?", "answer": "no"}])
    'Is this the brain: yes. Which plane: axial.'
    """
    said = []
    for q in questions:
        answer, question = str(q["answer"]).strip(), str(q["question"]).strip().rstrip("?. ")
        if answer.lower() not in ("no", "maybe") and " not " not in f" {question.lower()} ":
            said.append(f"{question}: {answer.lower()}.")
    return " ".join(dict.fromkeys(said))


def anchored(run: Path, work: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tables samples and anchors of covid-chestxray, the textbook figures and VQA-RAD train (one record an image)."""
    root = data_root()
    assert root is not None, "needs the data packs"
    by_image: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for q in json.loads((root / "vqa/vqa-rad/train.json").read_text(encoding="utf-8")):
        by_image[q["image_name"]].append(q)
    table = work / "vqa-rad.jsonl"
    with table.open("w", encoding="utf-8") as out:
        for name, questions in sorted(by_image.items()):
            out.write(json.dumps({"image": name, "caption": statements(questions)}) + "\n")
    specs = Recipe.load(Path("pipelines/covid-chestxray.yaml")).corpus
    specs.append(
        CorpusSpec(
            name="vqa-rad",
            reader="table",
            path=str(table),
            columns={"id": "image", "image": "image", "caption": "caption", "group_id": "image"},
            options={"images": "${MET_DATA}/vqa/vqa-rad/images"},
        )
    )
    samples, _ = read_corpora(specs, images_dir=work / "images", base=Path.cwd(), seed=0)
    samples = samples[(samples["phash"] != "") & (samples["caption"].str.split().str.len() >= 3)]
    samples = samples.drop_duplicates("sha256").reset_index(drop=True)
    with Graph.open(run / "store") as graph:
        linker = Linker(Lexicon.from_graph(graph))
        return samples, anchor_samples(samples, graph, linker, quarantine=lambda _: None)
