from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from met_kg.corpus.archives import Member, Refused, Zip, members
from met_kg.errors import DataProblem


def tar(path: Path, files: dict[str, bytes], *extra: tarfile.TarInfo, format: int = tarfile.PAX_FORMAT) -> Path:
    with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w", format=format) as archive:
        for info in extra:
            archive.addfile(info, io.BytesIO(b"x" * info.size) if info.size else None)
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def special(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def parts(path: Path, **more: int) -> tuple[dict[str, bytes], dict[str, str]]:
    found = list(members(path, **more))
    good = {m.name: m.data for m in found if isinstance(m, Member)}
    return good, {m.name: m.reason for m in found if isinstance(m, Refused)}


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz"])
@pytest.mark.parametrize("format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_only_plain_files_with_plain_names_are_read(tmp_path: Path, name: str, format: int) -> None:
    path = tar(
        tmp_path / name,
        {"../up.txt": b"1", "/etc/passwd": b"2", "a/../../b": b"3", "./in/good.txt": b"4", "long.txt": b"5" * 99},
        special("link", tarfile.SYMTYPE, "/etc/passwd"),
        special("hard", tarfile.LNKTYPE, "in/good.txt"),
        special("device", tarfile.CHRTYPE),
        special("pipe", tarfile.FIFOTYPE),
        special("folder", tarfile.DIRTYPE),
        format=format,
    )
    good, refused = parts(path, most=50)
    assert good == {"in/good.txt": b"4"}
    assert refused == {
        "link": "it is a link",
        "hard": "it is a link",
        "device": "it is no plain file",
        "pipe": "it is no plain file",
        "../up.txt": "its name leads out of the archive ('..')",
        "/etc/passwd": "its name is an absolute path",
        "a/../../b": "its name leads out of the archive ('..')",
        "long.txt": "it has 99 bytes, more than 50",
    }


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz"])
def test_what_stood_before_the_damage_is_given_out(tmp_path: Path, name: str) -> None:
    rng = __import__("random").Random(1)
    files = {f"{i}.bin": rng.randbytes(5000) for i in range(6)}
    whole = tar(tmp_path / name, files)
    data = whole.read_bytes()
    for cut in (len(data) // 3, len(data) // 2, 3 * len(data) // 4):
        (tmp_path / f"cut-{name}").write_bytes(data[:cut])
        good, refused = parts(tmp_path / f"cut-{name}")
        assert 0 < len(good) < 6 and all(files[k] == v for k, v in good.items())
        assert list(refused) == [""] and "damaged from here on" in refused[""]


def test_an_archive_cut_between_two_files_is_not_taken_for_whole(tmp_path: Path) -> None:
    data = tar(tmp_path / "a.tar", {"1": b"a" * 512, "2": b"b" * 512}).read_bytes()
    (tmp_path / "cut.tar").write_bytes(data[:1024])
    good, refused = parts(tmp_path / "cut.tar")
    assert set(good) == {"1"} and "without an end mark" in refused[""]
    broken = bytearray(data)
    broken[1024 + 150] ^= 1  # in the checksum of the second header
    (tmp_path / "broken.tar").write_bytes(broken)
    good, refused = parts(tmp_path / "broken.tar")
    assert set(good) == {"1"} and "bad checksum" in refused[""]


def test_a_header_that_claims_gigabytes_is_not_read(tmp_path: Path) -> None:
    info = special("pax", tarfile.XHDTYPE)
    info.size = 3 * 1024**3
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(info.tobuf(tarfile.USTAR_FORMAT) + bytes(100_000)))
    good, refused = parts(tmp_path / "a.tar.gz")
    assert good == {} and "a header of 3,221,225,472 bytes" in refused[""]


@pytest.mark.parametrize(
    "data", [b"", b"no archive at all" * 100, gzip.compress(b"no archive" * 200, mtime=0), b"\x1f\x8b"]
)
def test_what_is_no_archive(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.tar").write_bytes(data)
    good, refused = parts(tmp_path / "a.tar")
    assert good == {} and "damaged" in refused[""]


def test_a_zip_is_read_by_name_within_its_limits(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("in/good.txt", b"4")
        archive.writestr("../up.txt", b"1")
        archive.writestr("/etc/passwd", b"2")
        archive.writestr("bomb.txt", bytes(100_000))
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    with Zip(path, most=50_000) as found:
        assert {r.name: r.reason for r in found.refused} == {
            "../up.txt": "its name leads out of the archive ('..')",
            "/etc/passwd": "its name is an absolute path",
            "bomb.txt": "it has 100,000 bytes, more than 50,000",
            "link": "it is a link",
        }
        assert found.read("in/good.txt") == b"4" and found.read("./in/good.txt") == b"4"
        for name in ("../up.txt", "link", "none"):
            with pytest.raises(DataProblem, match="not in the archive, or refused"):
                found.read(name)


def test_a_zip_that_lies_about_a_length_is_found_out(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.txt", bytes(100_000))
    data = path.read_bytes().replace((100_000).to_bytes(4, "little"), (7).to_bytes(4, "little"))
    path.write_bytes(data)
    with Zip(path) as found, pytest.raises(DataProblem, match="damaged in the archive"):
        found.read("bomb.txt")
    (tmp_path / "b.zip").write_bytes(data[:50])
    with pytest.raises(DataProblem, match="cannot be opened"):
        Zip(tmp_path / "b.zip")
