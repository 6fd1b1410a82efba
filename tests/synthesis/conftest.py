from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from PIL import Image
from run_folder import write_run
from synthesis_corpus import corpus, draw

from met_kg.corpus.images import fingerprint
from met_kg.graph.closure import add_closure
from met_kg.graph.store import Graph
from met_kg.synthesis.export import export
from met_kg.synthesis.export.options import ExportOptions, Form
from met_kg.vocabulary import Graphs


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 24 samples to be read only: one has no image, one a JPEG, one no licence, one text beyond ASCII."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    graph = Graph.memory()
    mini_tree = Path(__file__).parent.parent / "mini_tree.ttl"
    graph.load_text(Graphs.TREE, mini_tree.read_text(encoding="utf-8"))
    add_closure(graph)
    samples = draw(corpus()[0], folder)
    samples.loc[[2], ["image", "sha256"]] = ""
    noise = np.random.default_rng(0).integers(0, 255, (30, 40, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "images" / "4.jpg", quality=95)
    samples.loc[[4], ["image", "sha256"]] = ["images/4.jpg", fingerprint(folder / "images" / "4.jpg").sha256]
    samples.loc[[6], "licence"] = ""
    samples.loc[[8], "caption"] = 'Fièvre, 39 °C | "tab\there" <b>'
    samples["origin"] = [f"https://example.org/{i}" for i in range(len(samples))]
    return write_run(graph, folder, samples)


@pytest.fixture(scope="session")
def exported(finished_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run in every form, in small shards."""
    out = tmp_path_factory.mktemp("exported") / "all"
    export(finished_run, out, ExportOptions(forms=list(get_args(Form)), shard_samples=10))
    return out
