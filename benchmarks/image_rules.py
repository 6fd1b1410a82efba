"""The rules on images against pictures judged by eye: what each objects to in drawings, photographs and radiographs.

Run: ``python -m benchmarks.image_rules`` (needs the data packs). Thresholds are those of profile ``radiology``. The
textbook figures that were looked at when thresholds were set are every second one; figures of the others are reported.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pandas as pd

from met_kg import tables
from met_kg.corpus.images import fingerprint
from met_kg.filtering import rules
from met_kg.filtering.context import Context
from met_kg.filtering.profile import load_profile
from met_kg.graph.store import Graph
from met_kg.log import silent
from met_kg.paths import data_root

LABELS: Final = Path(__file__).parent.parent / "docs/experiments/image-rules-labels.tsv"
RULES: Final = tuple(
    f"image-{name}" for name in ("blank", "border", "diagram", "screenshot", "logo", "colour", "side", "aspect")
)
_RADIOGRAPHY: Final = "MET:0001001"
_SEED: Final = 4


def pictures(root: Path) -> Iterator[tuple[str, Path]]:
    """Group and path of every picture."""
    with LABELS.open(encoding="utf-8") as lines:
        labelled = list(csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t"))
    order = [row["file"] for row in labelled]
    random.Random(_SEED).shuffle(order)
    place = {name: i for i, name in enumerate(order)}
    for row in labelled:
        half = "set on" if place[row["file"]] % 2 == 0 else "held out"
        yield f"textbook {row['kind']}, {half}", root / "figures/openstax-anatomy" / row["file"]
    chest = root / "image-text/covid-chestxray"
    with (chest / "metadata.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            yield "covid-chestxray", chest / row["image"]
    for path in sorted((root / "vqa/vqa-rad/images").iterdir()):
        yield "VQA-RAD", path


def hits(root: Path) -> pd.DataFrame:
    """Group, file and, per rule, whether it objects; all pictures are taken for radiographs."""
    rows: list[dict[str, Any]] = []
    for group, path in pictures(root):
        print_ = fingerprint(path)
        known = {k: getattr(print_, k) for k in ("sha256", "phash", "width", "height", "mode")}
        measures = asdict(print_.measures) if print_.measures else {}
        rows.append({"sample_id": f"{group}|{path.name}", **known, **measures})
    samples = tables.frame("samples", rows)
    graph = Graph.memory()
    graph.load_text("metg:closure", f'{_RADIOGRAPHY} met:axis "modality" ; met:depth 1 .')
    anchor = {"node": _RADIOGRAPHY, "axis": "modality", "polarity": "positive", "method": "metadata", "score": 1.0}
    anchors = tables.frame("anchors", [{**anchor, "sample_id": i} for i in samples["sample_id"]])
    context = Context(graph, root, silent, anchors=anchors)
    profile = load_profile("radiology")
    found = pd.DataFrame([i.split("|") for i in samples["sample_id"]], columns=["group", "file"])
    for name in RULES:
        objected = {h.sample_id for h in rules.find(name)(samples, context, profile.settings[name].parameters)}
        found[name] = samples["sample_id"].isin(objected)
    found["any"] = found[list(RULES)].any(axis=1)
    return found


def run(root: Path, out: Path) -> dict[str, Any]:
    """Print and write the share of each group that each rule objects to, and how good image-diagram is."""
    found = hits(root)
    table = found.groupby("group")[[*RULES, "any"]].sum().assign(of=found.groupby("group").size())
    print(table.to_string())
    held = found[found["group"].isin(["textbook drawing, held out", "textbook photo, held out"])]
    drawn, said = held["group"] == "textbook drawing, held out", held["image-diagram"]
    radiology = found[found["group"].isin(["covid-chestxray", "VQA-RAD"])]
    figures = {
        "image-diagram precision, held out": float((drawn & said).sum() / said.sum()),
        "image-diagram recall, held out": float((drawn & said).sum() / drawn.sum()),
        "radiology images that pass every rule": float(1 - radiology["any"].mean()),
    }
    for name, value in figures.items():
        print(f"{name}: {value:.4f}")
    print("radiology images that do not pass:", *radiology.loc[radiology["any"], "file"])
    out.mkdir(parents=True, exist_ok=True)
    figures["objections"] = json.loads(table.to_json(orient="index"))
    (out / "image_rules.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks"), help="folder for the figures as JSON")
    given, data = parser.parse_args(), data_root()
    if data is None:
        parser.error("the data packs are not there: set MET_DATA to their folder")
    run(data, given.out)
