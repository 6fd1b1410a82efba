"""A run's folder with a few drawn images, for tests of training and answering."""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image, ImageDraw

from met_kg import tables

_SHAPES = ("disc", "square")


def make_run(folder: Path, samples: int = 8) -> Path:
    """Discs and squares, each with a caption and one question of each format; every fourth sample is held out."""
    (folder / "images").mkdir(parents=True)
    (folder / "tree").mkdir()
    (folder / "tree" / "tree.json").write_text(json.dumps({"version": "2026-01-01"}))
    pictures, captions, items = [], [], []
    for number in range(samples):
        shape = _SHAPES[number % 2]
        sample, split = f"s{number}", "test" if number % 4 == 3 else "train"
        picture = Image.new("L", (56, 56), 20 * number)
        draw = ImageDraw.Draw(picture)
        (draw.ellipse if shape == "disc" else draw.rectangle)((10, 10, 40, 40), fill=255)
        picture.save(folder / "images" / f"{sample}.png")
        pictures.append({"sample_id": sample, "image": f"images/{sample}.png", "licence": "CC0", "split": split})
        captions.append({"sample_id": sample, "level": "short", "text": f"A white {shape}.", "split": split})
        for form, answer in (("multiple-choice", "AB"[number % 2]), ("yes-no", "yes"), ("open", shape)):
            item = {"item_id": f"{sample}-{form}", "sample_id": sample, "format": form, "answer": answer}
            question = f"Is a {shape} shown?" if form == "yes-no" else "What is shown?"
            options = ["disc", "square"] if form == "multiple-choice" else []
            items.append({**item, "question": question, "options": options, "split": split})
    tables.write("samples", tables.frame("samples", pictures), folder / "samples.parquet")
    tables.write("captions", tables.frame("captions", captions), folder / "captions.parquet")
    tables.write("vqa", tables.frame("vqa", items), folder / "vqa.parquet")
    return folder
