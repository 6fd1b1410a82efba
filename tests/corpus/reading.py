"""Read a corpus with a reader and part rows from what was set aside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from met_kg.corpus import readers
from met_kg.corpus.readers import Place, Row
from met_kg.corpus.spec import CorpusSpec
from met_kg.records import Quarantined


def read(
    reader: str, path: str, base: Path, *, reports: Path | None = None, **more: object
) -> tuple[list[Row], dict[str, str]]:
    """Rows, and where -> reason of what was set aside."""
    spec = CorpusSpec.model_validate({"name": "mine", "reader": reader, "path": path, **more})
    found = readers.find(reader)
    place = Place(base / "run" / "images", base, 1, reports)
    rows: list[Row] = []
    aside: dict[str, str] = {}
    for item in found.read(spec, found.options.model_validate(spec.options), place):
        if isinstance(item, Quarantined):
            assert item.where not in aside, (aside[item.where], item.reason)
            aside[item.where] = item.reason
        else:
            rows.append(item)
    return rows, aside


def pixels(row: Row, base: Path) -> np.ndarray:
    return np.asarray(Image.open(base / "run" / row["image"]), dtype=float)


def noise(seed: int = 1, side: int = 64) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (side, side), dtype=np.uint8))
