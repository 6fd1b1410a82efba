"""Small drawn pairs for tests of aligners: what is drawn, said, and anchored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from met_kg.corpus.images import open_image
from met_kg.models.aligners import Kin, Pairs

#: What is drawn: caption, node.
KINDS = (("bright disc of the retina", "X:disc"), ("dark vertical stripes of ribs", "X:stripes"),
         ("grey horizontal layers of skin", "X:layers"))  # fmt: skip
KIN = Kin(
    names={"X:disc": "disc", "X:stripes": "stripes", "X:layers": "layers", "X:any": "pattern"},
    ancestors={node: frozenset({"X:any"}) for _, node in KINDS},
    rivals={node: tuple(other for _, other in KINDS if other != node) for _, node in KINDS},
)


def draw(kind: int, rng: np.random.Generator) -> Image.Image:
    y, x = np.mgrid[0:96, 0:96] / 96
    shift = rng.uniform(-0.1, 0.1)
    values = (
        (np.hypot(x - 0.5 - shift, y - 0.5) < 0.35) * 220.0,
        (np.sin((x + shift) * 40) > 0) * 90.0,
        (np.sin((y + shift) * 25) > 0) * 120.0 + 60,
    )[kind]
    return Image.fromarray(np.clip(values + rng.normal(0, 12, values.shape), 0, 255).astype(np.uint8))


def drawn_pairs(folder: Path, n: int, *, wrong: int = 0, seed: int = 0) -> Pairs:
    """Pair i shows kind i % 3; the first ``wrong`` say the next kind."""
    rng = np.random.default_rng(seed)
    paths, captions, nodes = [], [], []
    for i in range(n):
        paths.append(folder / f"{i}.png")
        draw(i % 3, rng).save(paths[-1])
        said, node = KINDS[(i + (i < wrong)) % 3]
        captions.append(f"{said}, number {rng.integers(9)}")
        nodes.append((node,))
    return Pairs(open_image, paths, captions, [f"g{i // 2}" for i in range(n)], ["drawn"] * n, nodes, KIN)
