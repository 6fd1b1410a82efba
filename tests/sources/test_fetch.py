"""Fetching from a real server on this machine, verifying, and the commands."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from met_kg.cli.sources import sources
from met_kg.errors import DataProblem, MetError, MissingData, UnknownName, UsageProblem
from met_kg.sources import catalogue as catalogue_module
from met_kg.sources.catalogue import Entry, SourceFile, catalogue, content_sha256, entry, locate
from met_kg.sources.fetch import LOCK, fetch_file, read_lock, verify

TEXT = b"[Term]\nid: DOID:4\nname: disease\n"
SHA = hashlib.sha256(TEXT).hexdigest()


class _Quiet(SimpleHTTPRequestHandler):
    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, *_: object) -> None:
        """Nothing to the test's output."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "www"
    folder.mkdir()
    (folder / "a.obo").write_bytes(TEXT)
    (folder / "packed.obo.gz").write_bytes(gzip.compress(TEXT, 1))
    _Quiet.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as running:
        threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()


def _entry(*files: SourceFile) -> Entry:
    return Entry("small", "A small source", "1", "CC0-1.0", "https://example.org", "", files)


def _file(url: str, path: str = "onto/a.obo", sha256: str = SHA) -> SourceFile:
    return SourceFile("terms", path, url, sha256, "1")


def test_a_file_is_downloaded_once_and_left_alone_afterwards(server: str, tmp_path: Path) -> None:
    file, to = _file(server + "a.obo"), tmp_path / "data"
    first = fetch_file(file, _entry(file), to, None)
    assert (first.how, first.size) == ("fetched", len(TEXT)) and first.path.read_bytes() == TEXT
    assert fetch_file(file, _entry(file), to, None).how == "here"
    assert _Quiet.asked == ["/a.obo"]
    assert [p.name for p in (to / "onto").iterdir()] == ["a.obo"]


def test_the_mirror_comes_first_unless_it_is_damaged(server: str, tmp_path: Path) -> None:
    file, mirror = _file(server + "a.obo"), tmp_path / "mirror"
    (mirror / "onto").mkdir(parents=True)
    (mirror / "onto/a.obo").write_bytes(TEXT)
    assert fetch_file(file, _entry(file), tmp_path / "one", mirror).how == "copied"
    assert _Quiet.asked == []
    (mirror / "onto/a.obo").write_bytes(b"something else")
    assert fetch_file(file, _entry(file), tmp_path / "two", mirror).how == "fetched"


def test_packed_files_have_the_checksum_of_their_content(server: str, tmp_path: Path) -> None:
    to = tmp_path / "data"
    plain = _file(server + "a.obo", "onto/p.obo.gz")
    packed = _file(server + "packed.obo.gz", "onto/q.obo.gz")
    for file in (plain, packed):
        path = fetch_file(file, _entry(file), to, None).path
        assert path.read_bytes()[:2] == b"\x1f\x8b" and gzip.decompress(path.read_bytes()) == TEXT
        assert content_sha256(path) == SHA
    again = fetch_file(plain, _entry(plain), tmp_path / "again", None).path
    assert again.read_bytes() == (to / "onto/p.obo.gz").read_bytes()


def test_a_wrong_download_leaves_nothing_behind(server: str, tmp_path: Path) -> None:
    file, to = _file(server + "a.obo", sha256="0" * 64), tmp_path / "data"
    with pytest.raises(DataProblem, match=rf"has sha256 {SHA}, not 0000"):
        fetch_file(file, _entry(file), to, None)
    assert list((to / "onto").iterdir()) == []


def test_a_broken_off_download_starts_anew(server: str, tmp_path: Path) -> None:
    file, to = _file(server + "a.obo"), tmp_path / "data"
    (to / "onto").mkdir(parents=True)
    (to / "onto/a.obo.part").write_bytes(TEXT[:5])
    assert fetch_file(file, _entry(file), to, None).path.read_bytes() == TEXT
    assert not (to / "onto/a.obo.part").exists()


def test_what_cannot_be_had_says_so(server: str, tmp_path: Path) -> None:
    missing = _file(server + "nothing.obo")
    with pytest.raises(DataProblem, match=r"cannot fetch .*404"):
        fetch_file(missing, _entry(missing), tmp_path / "data", None)
    derived = _file("")
    with pytest.raises(MissingData, match=r"data pack only.*example\.org"):
        fetch_file(derived, _entry(derived), tmp_path / "data", None)
    changed = _file(server + "a.obo")
    (tmp_path / "data/onto/a.obo").write_bytes(b"edited")
    with pytest.raises(DataProblem, match="other content"):
        fetch_file(changed, _entry(changed), tmp_path / "data", None)
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(DataProblem, match="cannot write"):
        fetch_file(changed, _entry(changed), tmp_path / "file", None)


def test_a_file_without_a_fixed_release_is_recorded_and_checked_from_then_on(server: str, tmp_path: Path) -> None:
    file, to = _file(server + "a.obo", sha256=""), tmp_path / "data"
    source = _entry(file)
    fetch_file(file, source, to, None)
    assert read_lock(to) == {"onto/a.obo": SHA}
    assert [c.state for c in verify([source], to)] == ["ok"]
    (to / "onto/a.obo").write_bytes(b"changed")
    assert [c.state for c in verify([source], to)] == ["changed"]
    with pytest.raises(DataProblem, match="other content"):
        fetch_file(file, source, to, None)
    (to / "onto/a.obo").unlink()
    assert [c.state for c in verify([source], to)] == ["missing"]
    (to / LOCK).write_text("[]")
    with pytest.raises(DataProblem, match="not a lock file"):
        read_lock(to)


def test_a_damaged_packed_file_is_changed(tmp_path: Path) -> None:
    file = _file("", "onto/p.obo.gz")
    (tmp_path / "onto").mkdir()
    (tmp_path / "onto/p.obo.gz").write_bytes(gzip.compress(TEXT)[:-9])
    assert [c.state for c in verify([_entry(file)], tmp_path)] == ["changed"]


def test_every_entry_of_the_catalogue_is_complete() -> None:
    known = catalogue()
    assert {"disease-ontology", "uberon", "symp", "mesh-imaging", "mesh-signs"} <= set(known)
    for source in known.values():
        assert source.title and source.version and source.licence and source.homepage.startswith("https://")
        assert source.files
        for file in source.files:
            assert not file.url or file.url.startswith("https://")
            assert not Path(file.path).is_absolute() and ".." not in Path(file.path).parts
            assert file.url or file.sha256
            assert file.sha256 == "" or len(file.sha256) == 64
    shas: dict[str, set[str]] = {}
    for source in known.values():
        for file in source.files:
            shas.setdefault(file.path, set()).add(file.sha256)
    assert all(len(found) == 1 for found in shas.values())


def test_files_are_located_newest_first(tmp_path: Path) -> None:
    with pytest.raises(MissingData, match=r"MET_DATA is not set.*met sources fetch symp"):
        locate("symp", None)
    with pytest.raises(MissingData, match=r"symp_2026-07-30\.obo.*met sources fetch symp"):
        locate("symp", tmp_path)
    for file in entry("uberon").files:
        (tmp_path / file.path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file.path).touch()
    names = [path.name for path in locate("uberon", tmp_path)["terms"]]
    assert "2022-02-21" in names[0] and "2018-11-20" in names[-1]
    with pytest.raises(UnknownName, match="did you mean uberon"):
        entry("uberom")


def _run(*args: str) -> tuple[int, str, BaseException | None]:
    result = CliRunner().invoke(sources, list(args))
    return result.exit_code, result.output, result.exception


@pytest.fixture
def small_catalogue(server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A catalogue of one source with one file to download and one that only a data pack holds."""
    files = (_file(server + "a.obo"), _file("", "onto/derived.tsv"))
    monkeypatch.setattr(catalogue_module, "catalogue", lambda: {"small": _entry(*files)})
    monkeypatch.setenv("MET_DATA", str(tmp_path / "mirror"))
    return tmp_path / "data"


def test_the_commands_fetch_list_and_verify(small_catalogue: Path) -> None:
    to = small_catalogue
    code, output, _ = _run("list", "small")
    assert code == 0 and "0/2 here" in output and SHA in output and "data pack only" in output
    code, output, _ = _run("fetch", "small", "--to", str(to))
    assert code == 1 and "fetched" in output and "MET-MISSING" in output and "1 files could not be had" in output
    code, output, _ = _run("verify", "--in", str(to))
    assert code == 1 and "missing    small  onto/derived.tsv" in output and "1 of 2 files" in output
    (to / "onto/derived.tsv").write_bytes(TEXT)
    assert _run("fetch", "small", "--to", str(to))[0] == 0
    code, output, _ = _run("verify", "small", "--in", str(to))
    assert code == 0 and "2 of 2 files of 1 sources" in output
    (to / "onto/a.obo").write_bytes(b"x")
    code, output, _ = _run("verify", "--in", str(to))
    assert code == 1 and "changed" in output


def test_fetch_fills_the_mirror_when_no_folder_is_named(small_catalogue: Path, tmp_path: Path) -> None:
    assert _run("fetch", "small")[0] == 1
    assert (tmp_path / "mirror/onto/a.obo").read_bytes() == TEXT
    assert "1/2 here" in _run("list")[1]


@pytest.mark.parametrize(
    ("args", "problem", "said"),
    [
        (("list", "smal"), UnknownName, "did you mean small"),
        (("fetch", "x", "--to", "y"), UnknownName, "no source is called 'x'"),
        (("verify", "--in", "nowhere"), MissingData, "no mirror folder at nowhere"),
        (("verify",), MissingData, "no mirror folder"),
    ],
)
def test_wrong_use(small_catalogue: Path, args: tuple[str, ...], problem: type[MetError], said: str) -> None:
    _, _, raised = _run(*args)
    assert isinstance(raised, problem) and said in str(raised) and raised.exit_code == 2


def test_fetch_asks_where_to(small_catalogue: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MET_DATA")
    _, _, raised = _run("fetch", "small")
    assert isinstance(raised, UsageProblem) and "--to DIR" in str(raised)


def test_verify_of_an_empty_folder(small_catalogue: Path, tmp_path: Path) -> None:
    (tmp_path / "mirror").mkdir()
    _, _, raised = _run("verify")
    assert isinstance(raised, MissingData) and "holds no file" in str(raised)


@pytest.mark.parametrize("command", [[], ["list"], ["fetch"], ["verify"]])
def test_help_ends_with_an_example(command: list[str]) -> None:
    code, output, _ = _run(*command, "--help")
    assert code == 0 and output.rstrip().splitlines()[-2].strip() == "Example:"
    assert output.rstrip().splitlines()[-1].strip().startswith("met sources ")


def test_the_lock_is_sorted_json(server: str, tmp_path: Path) -> None:
    for path in ("z.obo", "b.obo"):
        file = _file(server + "a.obo", path, "")
        fetch_file(file, _entry(file), tmp_path, None)
    assert list(json.loads((tmp_path / LOCK).read_text())) == ["b.obo", "z.obo"]
