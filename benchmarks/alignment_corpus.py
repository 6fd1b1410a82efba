"""The corpus of ``benchmarks/alignment.py``: three real collections on the tree of a run, and planted swaps."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from met_kg import tables
from met_kg.corpus.images import open_image
from met_kg.corpus.read import read_corpora
from met_kg.corpus.spec import CorpusSpec
from met_kg.filtering.kin import kin_of, said_nodes
from met_kg.filtering.options import AlignOptions
from met_kg.graph.store import Graph
from met_kg.literature.lexicon import Lexicon
from met_kg.literature.linker import Linker
from met_kg.models.aligners import Pairs
from met_kg.paths import data_root, expand_path
from met_kg.pipeline.recipe import Recipe
from met_kg.retrieval.anchors import anchor_samples

__all__ = ["real_pairs", "statements", "swap", "swapped"]

Indices = NDArray[np.int_]


def statements(questions: Sequence[dict[str, Any]]) -> str:
    """A caption from the questions on an image: "question: answer" of open ones, "question: yes" of those affirmed.

    What is denied is left out: it says nothing of what the image shows.

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


def real_pairs(run: Path, work: Path) -> Pairs:
    """Pairs of covid-chestxray, the textbook figures and VQA-RAD train (one an image), anchored on a run's tree.

    Images without three words of caption, and second copies of an image, are left out.
    """
    root = data_root()
    assert root is not None, "needs the data packs"
    by_image: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for q in json.loads((root / "vqa/vqa-rad/train.json").read_text(encoding="utf-8")):
        by_image[q["image_name"]].append(q)
    lines = [json.dumps({"image": n, "caption": statements(q)}) for n, q in sorted(by_image.items())]
    table = work / "vqa-rad.jsonl"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
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
    out = work / "samples.parquet"
    read_corpora(specs, out, images_dir=work / "images", base=Path.cwd(), seed=0, quarantine=lambda _: None)
    samples = tables.read("samples", out)
    samples = samples[(samples["phash"] != "") & samples["caption"].map(lambda c: len(c.split()) >= 3)]
    samples = samples.drop_duplicates("sha256").reset_index(drop=True)
    with Graph.open(run / "store") as graph:
        anchors = anchor_samples(samples, graph, Linker(Lexicon.from_graph(graph)), quarantine=lambda _: None)
        said = said_nodes(anchors[anchors["polarity"] == "positive"])
        kin = kin_of(graph, {node for nodes in said.values() for node in nodes}, rivals=AlignOptions().rivals)
    return Pairs(
        open_image,
        [expand_path(image, base=work) for image in samples["image"]],
        samples["caption"].tolist(),
        [f"{s} {g}" for s, g in zip(samples["source"], samples["group_id"], strict=True)],
        samples["source"].tolist(),
        [said.get(sample, ()) for sample in samples["sample_id"]],
        kin,
    )


def swap(pairs: Pairs, kind: str, *, within: bool, share: float = 0.2, seed: int = 1) -> Indices:
    """Whose text each image gets: two pairs of different groups exchange captions and nodes, until a share has.

    Every text stays in the corpus once, so that none is known from the image it belongs to.

    Parameters
    ----------
    kind
        ``random``, or ``sibling``: one text says a node, the other a sibling or cousin of it, and not the reverse.
    within
        exchange within a corpus only.
    """
    rng = np.random.default_rng(seed)
    n = len(pairs)
    gets, free = np.arange(n), np.ones(n, dtype=bool)
    group, corpus = np.asarray(pairs.groups, dtype=object), np.asarray(pairs.corpora, dtype=object)
    says: dict[str, list[int]] = defaultdict(list)
    for i, nodes in enumerate(pairs.nodes):
        for node in nodes:
            says[node].append(i)
    for i in rng.permutation(n):
        if (~free).sum() >= int(share * n):
            break
        if not free[i]:
            continue
        fits = free & (group != group[i]) & ((corpus == corpus[i]) | (not within))
        fits &= np.array([c != pairs.captions[i] for c in pairs.captions])
        if kind == "sibling":
            kin = {
                j
                for node, rivals in pairs.rivals(i).items()
                for rival in rivals
                for j in says.get(rival, ())
                if node not in pairs.nodes[j]
            }
            fits &= np.isin(np.arange(n), sorted(kin))
        if fits.any():
            j = int(rng.choice(np.flatnonzero(fits)))
            gets[i], gets[j] = j, i
            free[[i, j]] = False
    return gets


def swapped(pairs: Pairs, gets: Indices) -> Pairs:
    """The pairs with captions and nodes exchanged; images, groups and corpora stay."""
    return replace(pairs, captions=[pairs.captions[i] for i in gets], nodes=[pairs.nodes[i] for i in gets])
