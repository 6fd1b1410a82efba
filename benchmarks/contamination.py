"""Benchmark images found again after alteration, and pairs of different images taken for the same.

Run: ``python -m benchmarks.contamination``. Every one of the 203 test images of VQA-RAD is altered and looked up among
them; a plain perceptual hash at distance 8 stands beside. Then all images of VQA-RAD and covid-chestxray are looked up
among each other: pairs that people judged to be the same picture stand in ``contamination_pairs.tsv``.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import imagehash
from PIL import Image

from benchmarks.alterations import ALTERATIONS, BEYOND
from met_kg.corpus.images import open_image
from met_kg.errors import MissingData
from met_kg.filtering.benchmarks import Benchmarks, read_benchmarks
from met_kg.filtering.options import BenchmarkFiles
from met_kg.filtering.profile import load_profile
from met_kg.paths import data_root

DISTANCE = 8
PAIRS = Path(__file__).with_name("contamination_pairs.tsv")


def thresholds() -> dict[str, Any]:
    """Of the default profile."""
    given = load_profile("default").settings["contamination"].parameters
    return {
        "similarity": given["similarity"],
        "candidates": int(given["candidates"]),
        "least": given["agreement"],
    }


def recall(held: Benchmarks, alterations: Mapping[str, Any], folder: Path) -> Iterator[dict[str, Any]]:
    """For each alteration, how many of the images held are found again, by hash and by us."""
    settings = thresholds()
    hashes = {image.name: imagehash.phash(open_image(image.path)) for image in held.images}
    for name, alter in alterations.items():
        by_hash = right = wrong = 0
        seconds = 0.0
        for image in held.images:
            path = folder / "altered.png"
            alter(open_image(image.path)).save(path)
            picture = open_image(path)
            by_hash += imagehash.phash(picture) - hashes[image.name] <= DISTANCE
            start = time.process_time()
            found = next(held.copies(open_image(path), **settings), None)
            seconds += time.process_time() - start
            right += found is not None and found[0].name == image.name
            wrong += found is not None and found[0].name != image.name
        total = len(held.images)
        yield {
            "alteration": name,
            "images": total,
            "hash": by_hash,
            "found": right,
            "wrong": wrong,
            "ms": 1000 * seconds / total,
        }


def pairs(held: Benchmarks) -> dict[tuple[str, str], float]:
    """Pairs of images, taken for the same in either direction, and how well they agree."""
    settings = thresholds() | {"candidates": 10_000}
    found: dict[tuple[str, str], float] = {}
    for image in held.images:
        for other, value in held.copies(open_image(image.path), **settings):
            if other.path != image.path:
                key = (min(image.path.name, other.path.name), max(image.path.name, other.path.name))
                found[key] = max(found.get(key, 0.0), value)
    return found


def hash_pairs(held: Benchmarks) -> set[tuple[str, str]]:
    """Pairs of images whose perceptual hashes lie within the distance."""
    hashes = [(image.path.name, imagehash.phash(open_image(image.path))) for image in held.images]
    return {
        (min(a, b), max(a, b))
        for i, (a, one) in enumerate(hashes)
        for b, other in hashes[:i]
        if one - other <= DISTANCE
    }


def judged() -> dict[tuple[str, str], str]:
    """Pairs that were looked at: same or different."""
    lines = [line.split("\t") for line in PAIRS.read_text(encoding="utf-8").splitlines()[1:]]
    return {(min(a, b), max(a, b)): verdict for a, b, verdict, *_ in lines}


def run(out: Path, *, beyond: bool = True) -> dict[str, Any]:
    """Measure, print and write ``contamination.json``."""
    from rich.console import Console
    from rich.table import Table

    data = data_root()
    if data is None:
        raise MissingData("the data packs are not there", hint="set MET_DATA or lay them in ../shared/data")
    rad, covid = data / "vqa/vqa-rad", data / "image-text/covid-chestxray/images"
    test = BenchmarkFiles(name="vqa-rad", images=str(rad / "images"), table=str(rad / "test.json"))
    held = read_benchmarks([test])
    wanted = {**ALTERATIONS, **(BEYOND if beyond else {})}
    table = Table(title=f"{len(held.images)} test images of VQA-RAD, altered, among themselves")
    for column in ("alteration", f"hash, distance {DISTANCE}", "ours", "recall", "wrong image", "ms an image"):
        table.add_column(column, justify="left" if column == "alteration" else "right")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for row in recall(held, wanted, Path(folder)):
            rows.append(row)
            share = f"{row['found'] / row['images']:.1%}"
            table.add_row(
                row["alteration"], str(row["hash"]), str(row["found"]), share, str(row["wrong"]), f"{row['ms']:.0f}"
            )
    Console().print(table)
    pool = read_benchmarks(
        [BenchmarkFiles(name="vqa-rad", images=str(rad / "images")), BenchmarkFiles(name="covid", images=str(covid))]
    )
    known, found, hashed = judged(), pairs(pool), hash_pairs(pool)
    counts: dict[str, dict[str, int]] = {}
    for name, said in (("ours", set(found)), (f"hash, distance {DISTANCE}", hashed)):
        counts[name] = {verdict: 0 for verdict in ("same", "different", "not judged")}
        for pair in said:
            counts[name][known.get(pair, "not judged")] += 1
        print(f"{len(pool.images)} images of VQA-RAD and covid-chestxray, pairs by {name}: {counts[name]}")
    for pair, value in sorted(found.items()):
        if known.get(pair) != "same":
            print(f"  {known.get(pair, 'not judged')}: {pair[0]} {pair[1]} {value:.3f}")
    figures = {
        "thresholds": thresholds(),
        "recall": rows,
        "pairs": counts,
        "found": [[*pair, round(value, 3)] for pair, value in sorted(found.items())],
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / "contamination.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks"), help="folder for the figures as JSON")
    run(parser.parse_args().out)
