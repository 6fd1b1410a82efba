"""Benchmark images found again after alteration, and pairs of different images taken for the same.

Run: ``python -m benchmarks.contamination``. Every one of the 203 test images of VQA-RAD is altered and looked up among
them, a plain perceptual hash at distance 8 beside; so is every image of covid-chestxray, which no threshold was chosen
on. Then all images of both are looked up among each other: pairs that were looked at stand, with the verdict, in
``contamination_pairs.tsv``.
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

from benchmarks.alterations import ALTERATIONS, BEYOND, Alteration
from met_kg.corpus.images import open_image
from met_kg.errors import MissingData
from met_kg.filtering.benchmarks import Benchmarks, read_benchmarks
from met_kg.filtering.options import BenchmarkFiles
from met_kg.filtering.profile import load_profile
from met_kg.paths import data_root

DISTANCE = 8
PAIRS = Path(__file__).with_name("contamination_pairs.tsv")
#: Pairs that agree by less are not listed.
LISTED = 0.5

Pair = tuple[str, str]


def thresholds() -> dict[str, Any]:
    """Of the default profile."""
    given = load_profile("default").settings["contamination"].parameters
    return {"similarity": given["similarity"], "candidates": int(given["candidates"]), "least": given["agreement"]}


def recall(
    held: Benchmarks, alterations: Mapping[str, Alteration], same: Mapping[Pair, str], folder: Path
) -> Iterator[dict[str, Any]]:
    """For each alteration, how many of the images held are found again, by hash and by us.

    Of images held twice either is right.
    """
    settings = thresholds()
    hashes = {image.name: imagehash.phash(open_image(image.path)) for image in held.images}
    for name, alter in alterations.items():
        by_hash = right = wrong = 0
        seconds, agreements = 0.0, []
        for image in held.images:
            path = folder / "altered.png"
            alter(open_image(image.path)).save(path)
            by_hash += imagehash.phash(open_image(path)) - hashes[image.name] <= DISTANCE
            start = time.process_time()
            found = next(held.copies(open_image(path), **settings), None)
            seconds += time.process_time() - start
            if found is None:
                continue
            if found[0].name == image.name or same.get(_pair(found[0].name, image.name)) == "same":
                right += 1
                agreements.append(found[1])
            else:
                wrong += 1
        yield {
            "alteration": name,
            "images": len(held.images),
            "hash": by_hash,
            "found": right,
            "wrong": wrong,
            "least agreement": min(agreements, default=0.0),
            "ms": 1000 * seconds / len(held.images),
        }


def pairs(held: Benchmarks) -> dict[Pair, float]:
    """Pairs of images that pass the first look, in either direction, and how well they agree if :data:`LISTED`."""
    settings = thresholds() | {"candidates": len(held.images), "least": LISTED}
    found: dict[Pair, float] = {}
    for image in held.images:
        for other, value in held.copies(open_image(image.path), **settings):
            if other.path != image.path:
                pair = _pair(image.path.name, other.path.name)
                found[pair] = max(found.get(pair, 0.0), value)
    return found


def hash_pairs(held: Benchmarks) -> set[Pair]:
    """Pairs of images whose perceptual hashes lie within the distance."""
    hashes = [(image.path.name, imagehash.phash(open_image(image.path))) for image in held.images]
    return {_pair(a, b) for i, (a, one) in enumerate(hashes) for b, other in hashes[:i] if one - other <= DISTANCE}


def judged() -> dict[Pair, str]:
    """Pairs that were looked at: same or different."""
    lines = [line.split("\t") for line in PAIRS.read_text(encoding="utf-8").splitlines()[1:]]
    return {_pair(one, other): verdict for one, other, verdict, *_ in lines}


def _pair(one: str, other: str) -> Pair:
    return min(one, other), max(one, other)


def _show(title: str, rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title)
    names = ("alteration", f"hash, distance {DISTANCE}", "ours", "recall", "wrong image", "least agreement", "ms")
    for name in names:
        table.add_column(name, justify="left" if name == "alteration" else "right")
    for row in rows:
        share = f"{row['found'] / row['images']:.1%}"
        counts = (str(row[name]) for name in ("hash", "found"))
        table.add_row(
            row["alteration"], *counts, share, str(row["wrong"]), f"{row['least agreement']:.2f}", f"{row['ms']:.0f}"
        )
    Console(width=120).print(table)


def run(out: Path) -> dict[str, Any]:
    """Measure, print and write ``contamination.json``."""
    data = data_root()
    if data is None:
        raise MissingData("the data packs are not there", hint="set MET_DATA or lay them in ../shared/data")
    rad, covid = data / "vqa/vqa-rad", str(data / "image-text/covid-chestxray/images")
    test = read_benchmarks([BenchmarkFiles(name="vqa-rad", images=str(rad / "images"), table=str(rad / "test.json"))])
    others = read_benchmarks([BenchmarkFiles(name="covid-chestxray", images=covid)])
    known = judged()
    figures: dict[str, Any] = {"thresholds": thresholds()}
    with tempfile.TemporaryDirectory() as folder:
        for name, held, wanted in (
            ("test images of VQA-RAD", test, ALTERATIONS | BEYOND),
            ("images of covid-chestxray", others, ALTERATIONS),
        ):
            figures[name] = list(recall(held, wanted, known, Path(folder)))
            _show(f"{len(held.images)} {name}, altered, looked up among themselves", figures[name])
    pool = read_benchmarks(
        [BenchmarkFiles(name="vqa-rad", images=str(rad / "images")), BenchmarkFiles(name="covid", images=covid)]
    )
    found, least = pairs(pool), thresholds()["least"]
    counts: dict[str, dict[str, int]] = {}
    taken = {pair for pair, value in found.items() if value >= least}
    for name, said in (("ours", taken), (f"hash, distance {DISTANCE}", hash_pairs(pool))):
        counts[name] = dict.fromkeys(("same", "different", "not judged"), 0)
        for pair in said:
            counts[name][known.get(pair, "not judged")] += 1
        print(f"{len(pool.images)} images of VQA-RAD and covid-chestxray, pairs by {name}: {counts[name]}")
    for (one, other), value in sorted(found.items(), key=lambda item: -item[1]):
        if known.get((one, other)) != "same":
            print(f"  {value:.3f} {one} {other}: {known.get((one, other), 'not judged')}")
    figures |= {"pairs": counts, "listed": [[*pair, round(value, 3)] for pair, value in sorted(found.items())]}
    out.mkdir(parents=True, exist_ok=True)
    (out / "contamination.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks"), help="folder for the figures as JSON")
    run(parser.parse_args().out)
