"""The image embedder of a recipe: from image files to neighbours that vote; a file that cannot be read votes nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from met_kg import tables
from met_kg.graph.store import Graph
from met_kg.literature.lexicon import Lexicon
from met_kg.literature.linker import Linker
from met_kg.retrieval.options import RetrievalOptions
from met_kg.retrieval.search import NodeSearch
from met_kg.retrieval.suggest import index_writer


def _clip(folder: Path) -> str:
    import torch
    from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel

    torch.manual_seed(0)
    small = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    text = {"vocab_size": 99, "bos_token_id": 97, "eos_token_id": 98, "pad_token_id": 98}
    vision = {**small, "image_size": 32, "patch_size": 8}
    CLIPModel(CLIPConfig(text_config={**small, **text}, vision_config=vision, projection_dim=12)).save_pretrained(
        folder
    )
    pictures = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    pictures.save_pretrained(folder)
    return str(folder)


def test_an_image_like_those_of_a_node_is_found_without_a_word(mini_graph: Graph, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    lung = rng.integers(0, 255, (32, 32), np.uint8)
    for name, pixels in (("a", lung), ("b", lung // 2 + 60), ("c", 255 - lung)):
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    (tmp_path / "d.png").write_bytes(b"no image")
    rows = [
        {"sample_id": "s0", "image": "a.png", "caption": "Pneumonia."},
        {"sample_id": "s1", "image": "a.png", "caption": ""},
        {"sample_id": "s2", "image": "c.png", "caption": "Asthma."},
        {"sample_id": "s3", "image": "d.png", "caption": ""},
        {"sample_id": "s4", "image": "", "caption": ""},
    ]
    options = RetrievalOptions(image_embedder=_clip(tmp_path / "clip"))
    linker = Linker(Lexicon.from_graph(mini_graph))
    writer = index_writer(mini_graph, linker, options, tmp_path / "index", lambda image: tmp_path / image)
    writer.add(tables.frame("samples", rows[:3]))
    writer.add(tables.frame("samples", rows[3:]))
    search = NodeSearch(writer.finish(), mini_graph, options)
    image = search.rankings("DOID:552")["image"]
    score = dict(zip(image.rows.tolist(), image.scores.tolist(), strict=True))
    assert score[0] > 0.999 and score[1] > 0.999 and score.get(2, 0.0) < 0.999
    assert 3 not in score and 4 not in score
    assert [h.sample_id for h in search.retrieve_for_node("DOID:552", 2)] == ["s0", "s1"]
