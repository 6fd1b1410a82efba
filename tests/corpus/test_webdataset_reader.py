from __future__ import annotations

import io
import json
import pickle
from pathlib import Path

import pytest
from PIL import Image
from reading import noise, read
from test_archives import special, tar

from met_kg.errors import MissingData, UnknownName


def png(seed: int) -> bytes:
    buffer = io.BytesIO()
    noise(seed).save(buffer, "PNG")
    return buffer.getvalue()


def jpeg(seed: int) -> bytes:
    buffer = io.BytesIO()
    noise(seed).save(buffer, "JPEG")
    return buffer.getvalue()


COLUMNS = {"caption": "txt", "sex": "patient.sex", "group_id": "patient.id", "licence": "licence", "meta": ["tags"]}


def record(key: str, seed: int) -> dict[str, bytes]:
    told = {"patient": {"sex": "F", "id": f"p{seed // 2}"}, "licence": "CC0-1.0", "tags": ["a", "b"]}
    return {
        f"{key}.png": png(seed),
        f"{key}.txt": f"Chest CT {seed}.".encode(),
        f"{key}.json": json.dumps(told).encode(),
    }


def test_files_of_one_name_are_one_sample(tmp_path: Path) -> None:
    (tmp_path / "shards").mkdir()
    tar(tmp_path / "shards" / "0.tar", record("a/0001", 1) | record("a/0002", 2))
    tar(tmp_path / "shards" / "1.tar.gz", record("a/0001", 3))
    rows, aside = read("webdataset", "shards/*.tar*", tmp_path, columns=COLUMNS)
    assert aside == {}
    assert [r["caption"] for r in rows] == ["Chest CT 1.", "Chest CT 2.", "Chest CT 3."]
    assert [r["group_id"] for r in rows] == ["mine/p0", "mine/p1", "mine/p1"]
    assert {(r["sex"], r["licence"], r["meta"]) for r in rows} == {("F", "CC0-1.0", '{"tags": "a; b"}')}
    assert len({r["sample_id"] for r in rows}) == 3
    assert (tmp_path / "run" / rows[0]["image"]).read_bytes() == png(1), "the bytes are kept as they came"
    assert Path(rows[0]["image"]).name == rows[0]["sha256"] + ".png" and len(rows[0]["phash"]) == 16
    by_folder, _ = read("webdataset", "shards", tmp_path, columns=COLUMNS)
    assert [r["sample_id"] for r in by_folder] == [r["sample_id"] for r in rows]


def test_the_ending_is_told_by_the_bytes_and_captions_are_found(tmp_path: Path) -> None:
    tar(tmp_path / "a.tar", {"x.jpg": png(1), "x.caption": b"One.", "y.left.jpeg": jpeg(2), "y.right.jpeg": jpeg(3),
                             "y.txt": b"Two views.", "z.txt": b"Text alone."})  # fmt: skip
    rows, aside = read("webdataset", "a.tar", tmp_path)
    assert aside == {}
    assert [r["caption"] for r in rows] == ["One.", "Two views.", "Two views.", "Text alone."]
    assert [Path(r["image"]).suffix for r in rows] == [".png", ".jpg", ".jpg", ""]
    assert rows[1]["group_id"] == rows[2]["group_id"] and rows[1]["sample_id"] != rows[2]["sample_id"]


class _Evil:
    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        return Path.touch, (Path("opened"),)  # type: ignore[return-value]


def test_bad_members_are_set_aside_and_the_rest_is_read(tmp_path: Path) -> None:
    good = record("good", 1)
    tar(
        tmp_path / "a.tar",
        {
            "../up.png": png(5),
            "a.pyd": pickle.dumps(_Evil()),
            "b.png": png(6),
            "b.json": b"{broken",
            "c.json": b"[1]",
            "d.png": b"no image",
            "e.txt": b"x" * 1_000_001,
            **good,
            ".hidden.png": png(9),
        },
        special("link.png", b"2", "/etc/passwd"),
    )
    rows, aside = read("webdataset", "a.tar", tmp_path, columns={"caption": "txt"})
    assert aside == {
        "a.tar:link.png": "not read: it is a link",
        "a.tar:../up.png": "not read: its name leads out of the archive ('..')",
        "a.tar:b": "its .json is not JSON: Expecting property name enclosed in double quotes",
        "a.tar:c": "its .json is not a JSON object",
        "a.tar:e.txt": "the text has more than 1,000,000 bytes",
    }
    assert [r["caption"] for r in rows] == ["", "", "Chest CT 1."]
    assert "not an image" in rows[1]["meta"] and rows[1]["image"].endswith(".bin")
    assert not (tmp_path / "opened").exists() and not (tmp_path.parent / "up.png").exists()


def test_a_damaged_shard_gives_what_came_before_and_the_next_is_read(tmp_path: Path) -> None:
    first = tar(tmp_path / "0.tar", record("a", 1) | {"b.txt": b"Lost.", "b.png": png(2)} | record("d", 4))
    data = first.read_bytes()
    first.write_bytes(data[: data.index(b"b.png") + 2000])
    tar(tmp_path / "1.tar", record("c", 3))
    rows, aside = read("webdataset", "*.tar", tmp_path, columns={"caption": "txt"})
    assert [r["caption"] for r in rows] == ["Chest CT 1.", "Chest CT 3."]
    assert "damaged from here on" in aside["0.tar"] and "cut short" in aside["0.tar:b"] and len(aside) == 2


def test_an_image_that_two_records_hold_is_kept_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from met_kg.corpus import images

    decoded = []
    real = Image.open
    monkeypatch.setattr(images.Image, "open", lambda *a, **k: decoded.append(a) or real(*a, **k))
    tar(tmp_path / "a.tar", {"x.png": png(1), "x.txt": b"One.", "y.png": png(1), "y.txt": b"Two."})
    rows, _ = read("webdataset", "a.tar", tmp_path)
    assert rows[0]["sha256"] == rows[1]["sha256"] and rows[0]["sample_id"] != rows[1]["sample_id"]
    assert len(list((tmp_path / "run" / "images").iterdir())) == 1 and len(decoded) == 1


def test_a_limit_and_wrong_names_are_said(tmp_path: Path) -> None:
    tar(tmp_path / "a.tar", record("a", 1) | record("b", 2))
    assert len(read("webdataset", "a.tar", tmp_path, options={"limit": 1}, columns={"caption": "txt"})[0]) == 1
    with pytest.raises(UnknownName, match="column of the shards"):
        read("webdataset", "a.tar", tmp_path, columns={"caption": "text"})
    with pytest.raises(MissingData, match="has no shard"):
        read("webdataset", "b*.tar", tmp_path)
