"""Stage 1 on a generated corpus: reading it with all its measures, size, aspect ratio, text length, like images.

Run: ``python -m benchmarks.filtering --peer-python VENV/bin/python`` with Data-Juicer (PyPI ``py-data-juicer`` and
``imagededup``) in an environment of its own. The size is the number of samples: images of 512 pixels, JPEG and PNG,
grey and colour, with captions; some too small, too long, without a caption, or twice there. Ours reads the corpus
(SHA-256, perceptual hash, measures of every image), applies the rules and writes both tables; the peer does the same
with its four operators, each decoding anew or, fused, sharing what is decoded. The time is of one process.

``python -m benchmarks.filtering --memory 10000 100000`` gives the peak memory of ours at these sizes, small images.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.measure import Measured, measure, report
from met_kg import tables
from met_kg.corpus.images import open_image
from met_kg.corpus.read import read_corpora
from met_kg.corpus.spec import CorpusSpec
from met_kg.filtering import decide, kept_ids
from met_kg.filtering.options import AlignOptions, FilterOptions
from met_kg.graph.store import Graph
from met_kg.retrieval.anchored import AnchoredSamples

SIZES = (1_000, 4_000)
_PROFILE: Final = """rule\tseverity\tparameters
image-decodes\tdrop\t
image-side\tdrop\tminimum=128
image-aspect\tdrop\tmaximum=3
caption-length\tdrop\tminimum=3
near-duplicate\tdrop\tdistance={distance} agreement=0.75
"""
_PARTS: Final = ("left lung", "right lung", "liver", "spleen", "left kidney", "heart", "knee", "skull")


def write_corpus(folder: Path, size: int, *, side: int = 512) -> None:
    """``captions.csv``, the same as ``peer.jsonl``, and ``images/``: different pictures, but every 50th twice there.

    Of 100 samples, two are too small, one too long, and three have no caption to speak of.
    """
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 5, (2 * side, 2 * side)).astype(np.float32)
    (folder / "images").mkdir()
    with (
        (folder / "captions.csv").open("w", newline="", encoding="utf-8") as ours,
        (folder / "peer.jsonl").open("w", encoding="utf-8") as theirs,
    ):
        table = csv.writer(ours)
        table.writerow(("image", "caption"))
        for i in range(size):
            slot = i + 1
            name = f"{i:06d}.{'png' if i % 5 == 0 else 'jpg'}"
            path = folder / "images" / name
            if slot % 50 == 0:
                path.write_bytes((folder / "images" / f"{i - 1:06d}.jpg").read_bytes())
            else:
                _draw(rng, noise, side, slot).save(path, quality=88)
            part, years = _PARTS[i % len(_PARTS)], 20 + i % 60
            caption = "Image." if slot % 100 in (7, 27, 77) else f"Image {i} of the {part} at the age of {years} years."
            table.writerow((name, caption))
            theirs.write(json.dumps({"text": caption, "images": [str(path)]}) + "\n")


def _draw(rng: np.random.Generator, noise: NDArray[np.float32], side: int, slot: int) -> Image.Image:
    """A gradient through random tones, with noise."""
    sizes = {13: (96, 80), 63: (110, 100), 38: (side, side // 4)}
    width, height = sizes.get(slot % 100, (side, int(side * rng.uniform(0.7, 1.0))))
    bands = []
    for _ in range(3 if slot % 3 == 0 else 1):
        tones = Image.fromarray(rng.integers(0, 255, (9, 11)).astype(np.uint8))
        smooth = np.asarray(tones.resize((width, height), Image.Resampling.BICUBIC), dtype=np.float32)
        y, x = rng.integers(0, side, 2)
        grained = smooth + noise[y : y + height, x : x + width]
        bands.append(np.clip(grained, 0, 255).astype(np.uint8))
    return Image.fromarray(bands[0] if len(bands) == 1 else np.stack(bands, axis=2))


def stage1(folder: Path, *, distance: int = 4) -> int:
    """Read the corpus, apply the rules, write tables 'samples' and 'decisions'; the number of samples kept."""
    profile = folder / "profile.tsv"
    profile.write_text(_PROFILE.format(distance=distance), encoding="utf-8")
    spec = CorpusSpec(
        name="generated",
        reader="table",
        path=str(folder / "captions.csv"),
        licence="CC0-1.0",
        columns={"image": "image", "caption": "caption"},
        options={"images": str(folder / "images")},
    )
    samples, anchors = folder / "samples.parquet", folder / "anchors.parquet"
    read_corpora([spec], samples, images_dir=folder, base=folder, seed=0, quarantine=_refuse)
    tables.write("anchors", tables.empty("anchors"), anchors)
    options = FilterOptions(profile=str(profile), align=AlignOptions(enabled=False))
    pairs = AnchoredSamples(samples, anchors)
    with tables.Writer("decisions", folder / "decisions.parquet") as writer:
        for part in decide(pairs, Graph.memory(), options, run=folder, seed=0):
            writer.add(part)
    return len(kept_ids(tables.batches("decisions", folder / "decisions.parquet")))


def _refuse(record: object) -> None:
    raise AssertionError(f"the generated corpus is whole, yet {record} was set aside")


def _ours(folder: Path) -> int:
    stage1(folder)
    return _samples(folder)


def _decode(folder: Path) -> int:
    for path in sorted((folder / "images").iterdir()):
        open_image(path)
    return _samples(folder)


def _samples(folder: Path) -> int:
    return sum(1 for _ in (folder / "images").iterdir())


def _peer(python: Path, folder: Path, *, fused: bool) -> tuple[float, int]:
    """Processor seconds of Data-Juicer, and how many samples it keeps."""
    driver = Path(__file__).with_name("filtering_peer.py")
    with TemporaryDirectory() as scratch:
        command = [str(python), str(driver), str(folder / "peer.jsonl"), scratch, *(["fused"] if fused else [])]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=scratch)
        if done.returncode:
            raise SystemExit(f"Data-Juicer fails under {python}:\n{done.stderr[-2000:]}")
        found = json.loads((Path(scratch) / "figures.json").read_text(encoding="utf-8"))
    return float(found["seconds"]), int(found["kept"])


def run(sizes: list[int], out: Path, peer: Path | None = None) -> list[Measured]:
    """Measure all sizes; the work is samples."""
    rows: list[Measured] = []
    for size in sizes:
        with TemporaryDirectory() as name:
            folder = Path(name)
            write_corpus(folder, size)
            rows.append(measure("met-kg", size, _ours, folder, repeats=1))
            rows.append(measure("decoding alone (Pillow)", size, _decode, folder, repeats=1))
            for fused in (False, True) if peer else ():
                seconds, kept = _peer(peer, folder, fused=fused) if peer else (0.0, 0)
                rows.append(Measured("Data-Juicer, fused" if fused else "Data-Juicer", size, seconds, size))
                ours = stage1(folder, distance=0)
                print(f"{size:,} samples: {ours:,} kept by ours at equal hashes, {kept:,} by {rows[-1].contender}")
    report("filtering", "samples", rows, out, ["pillow", "imagehash", "pyarrow"])
    return rows


def peak_memory(sizes: list[int]) -> None:
    """Peak memory of one process each that does stage 1."""
    for size in sizes:
        with TemporaryDirectory() as folder:
            write_corpus(Path(folder), size, side=192)
            command = [sys.executable, "-m", "benchmarks.filtering", "--one", folder]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            print(f"{size:,} samples: {done.stdout.strip()}")


def _one(folder: Path) -> None:
    kept = stage1(folder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:,.0f} MiB, {kept:,} kept")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks"), help="folder for the figures as JSON")
    parser.add_argument("--peer-python", type=Path, help="the Python that has Data-Juicer; without it, ours alone")
    parser.add_argument("--memory", type=int, nargs="+", help="peak memory at these sizes instead of times")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.peer_python and not given.peer_python.is_file():
        parser.error(f"there is no Python at {given.peer_python}")
    if given.one:
        _one(given.one)
    elif given.memory:
        peak_memory(given.memory)
    else:
        run(given.sizes, given.out, given.peer_python)
