"""Pictures of every awkward kind: each is read right, or has a reason and is counted."""

from __future__ import annotations

import csv
import io
import json
import struct
import time
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from reading import noise, read

from met_kg.corpus.images import open_image
from met_kg.errors import DataProblem


def huge_png(side: int = 60_000) -> bytes:
    """A PNG of side x side black pixels, valid and of some 440 kB: its rows compress to nearly nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows, pieces = bytes((side // 8 + 1) * 600), side // 600
    packer = zlib.compressobj(9)
    first = packer.compress(rows) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(rows) + packer.flush(zlib.Z_FULL_FLUSH)
    check = 1
    for _ in range(pieces):
        check = zlib.adler32(rows, check)
    data = first + again * (pieces - 1) + b"\x03\x00" + struct.pack(">I", check)
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    assert zlib.decompressobj().decompress(data[:5000], 10) == bytes(10)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("bad")
    ramp = np.tile(np.linspace(0, 255, 96), (64, 1)).astype(np.uint8)
    grey = Image.fromarray(ramp)
    grey.save(home / "good.png")
    grey.save(home / "cut.jpg", quality=95)
    (home / "cut.jpg").write_bytes((home / "cut.jpg").read_bytes()[:500])
    Image.fromarray(ramp.astype(np.uint16) * 16).save(home / "deep.png")  # 12 of 16 bits used
    grey.convert("P").save(home / "palette.png")
    Image.merge("CMYK", [Image.new("L", (96, 64), v) for v in (0, 0, 0, 200)]).save(home / "cmyk.jpg")
    frames = [Image.new("L", (96, 64), v) for v in (10, 240)]
    frames[0].save(home / "moving.gif", save_all=True, append_images=frames[1:])
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees to see it upright
    grey.save(home / "turned.jpg", exif=exif, quality=95)
    (home / "huge.png").write_bytes(huge_png())
    (home / "text.png").write_text("no image at all")
    (home / "empty.png").write_bytes(b"")
    (home / "folder.png").mkdir()
    return home


def table(home: Path, rows: list[tuple[str, str]]) -> str:
    with (home / "rows.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([("id", "file"), *rows])
    return "rows.csv"


COLUMNS = {"id": "id", "image": "file"}


def test_every_kind_is_read_right_or_has_a_reason(home: Path) -> None:
    names = [*sorted(p.name for p in home.iterdir() if p.suffix != ".csv"), "gone.png"]
    start = time.monotonic()
    rows, aside = read("table", table(home, [(n, n) for n in names]), home, columns=COLUMNS)
    assert time.monotonic() - start < 5
    assert len(rows) + len(aside) == len(names) == 12
    found = {Path(r["image"]).name: r for r in rows}
    problems = {name: json.loads(r["meta"])["image_problem"] for name, r in found.items() if r["meta"]}
    assert set(problems) == {"cut.jpg", "huge.png", "text.png", "empty.png"}
    assert "more than 64,000,000" in problems["huge.png"]
    assert "does not decode" in problems["cut.jpg"] and "truncated" in problems["cut.jpg"]
    assert sorted(aside.values()) == ["image 'folder.png' is not there", "image 'gone.png' is not there"]
    size = {name: (r["width"], r["height"]) for name, r in found.items() if name not in problems}
    assert size == {**dict.fromkeys(("good.png", "deep.png", "palette.png", "cmyk.jpg", "moving.gif"), (96, 64)),
                    "turned.jpg": (64, 96)}  # fmt: skip
    # The same picture in other clothes has nearly the same perceptual hash.
    for name in ("deep.png", "palette.png"):
        assert (int(found[name]["phash"], 16) ^ int(found["good.png"]["phash"], 16)).bit_count() <= 4
    assert all(r["phash"] == "" and len(r["sha256"]) == 64 for n, r in found.items() if n in problems)


def test_what_is_shown_is_upright_and_eight_bit(home: Path) -> None:
    for name in ("deep.png", "palette.png"):
        values = np.asarray(open_image(home / name).convert("L"), dtype=float)
        assert values[:, 0].max() < 10 and values[:, -1].min() > 245, name
    turned = np.asarray(open_image(home / "turned.jpg"), dtype=float)
    assert turned[0].mean() < 10 and turned[-1].mean() > 245
    cmyk = open_image(home / "cmyk.jpg")
    assert cmyk.mode == "RGB" and abs(np.asarray(cmyk, dtype=float).mean() - 55) < 8
    assert open_image(home / "moving.gif").convert("L").getpixel((5, 5)) == 10


def test_an_image_that_many_rows_claim_is_decoded_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from met_kg.corpus import images

    opened = []
    real = Image.open
    monkeypatch.setattr(images.Image, "open", lambda *a, **k: opened.append(a) or real(*a, **k))
    rows, aside = read("table", table(home, [(str(i), "good.png") for i in range(50)]), home, columns=COLUMNS)
    assert aside == {} and len({r["sample_id"] for r in rows}) == 50
    assert len({r["phash"] for r in rows}) == 1 and len(opened) == 1


def test_images_in_a_zip_are_read_and_bad_members_are_set_aside(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    noise(1).save(buffer, "PNG")
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        archive.writestr("in/a.png", buffer.getvalue())
        archive.writestr("../up.png", buffer.getvalue())
    rows = [("1", "in/a.png"), ("2", "in/a.png"), ("3", "../up.png"), ("4", "gone.png")]
    columns = {**COLUMNS, "group_id": "id"}
    found, aside = read("table", table(tmp_path, rows), tmp_path, columns=columns, options={"images": "p.zip"})
    assert [r["width"] for r in found] == [64, 64] and found[0]["image"] == found[1]["image"]
    assert (tmp_path / "run" / found[0]["image"]).read_bytes() == buffer.getvalue()
    assert aside == {
        "p.zip:../up.png": "not read: its name leads out of the archive ('..')",
        "line 4": "'../up.png' is not in the archive, or refused",
        "line 5": "'gone.png' is not in the archive, or refused",
    }
    assert not (tmp_path.parent / "up.png").exists()
    (tmp_path / "p.zip").write_bytes(b"PK no zip")
    with pytest.raises(DataProblem, match="zip archive cannot be opened"):
        read("table", "rows.csv", tmp_path, columns=COLUMNS, options={"images": "p.zip"})


@pytest.mark.data
def test_the_damaged_rows_of_the_real_table_are_counted(data_root: Path, tmp_path: Path) -> None:
    columns = {"id": "image", "caption": "clinical_notes", "context": "other_notes", "group_id": "patientid"}
    path = data_root / "image-text" / "covid-chestxray" / "metadata.csv"
    lines = list(csv.DictReader(path.open(encoding="utf-8", errors="replace")))
    damaged = sum("\ufffd" in "".join(row.values()) for row in lines)
    assert damaged == 61
    rows, aside = read("table", str(path), tmp_path, columns=columns)
    assert len(rows) + len(aside) == len(lines) == 540
    meta = [json.loads(r["meta"]) for r in rows if r["meta"]]
    mended = sum(m.get("mended_characters", 0) for m in meta)
    left = sum(m.get("damaged_characters", 0) for m in meta)
    wanted = sum((r["clinical_notes"] + r["other_notes"]).count("\ufffd") for r in lines if r["clinical_notes"].strip())
    assert mended + left == wanted and mended > left
    assert sum("\ufffd" in r["caption"] + r["context"] for r in rows) == sum("damaged_characters" in m for m in meta)


@pytest.mark.data
def test_the_real_captions_without_images(data_root: Path, tmp_path: Path) -> None:
    columns = {"id": "id", "caption": "caption", "licence": "licence", "origin": "pmcid", "group_id": "pmcid",
               "meta": ["kind", "keywords", "cuis", "semtypes"]}  # fmt: skip
    start = time.monotonic()
    path = data_root / "captions" / "roco-validation" / "radiology.jsonl.gz"
    rows, aside = read("table", str(path), tmp_path, columns=columns)
    assert time.monotonic() - start < 6
    assert len(rows) == 8180 and aside == {}
    assert len({r["group_id"] for r in rows}) == 7417
    assert sum(r["licence"] == "CC BY" for r in rows) == 3382 and all(r["licence"] for r in rows)
    first = next(json.loads(r["meta"]) for r in rows if "anteroposterior radiograph of the pelvis" in r["caption"])
    assert first["kind"] == "radiology" and first["keywords"].split("; ")[0] == "postoperative"
    assert first["cuis"].split("; ")[0] == "C0043299"
