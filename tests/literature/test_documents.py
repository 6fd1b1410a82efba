from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import pytest

from met_kg.errors import MissingData, UnknownName
from met_kg.literature.documents import Document, read_documents
from met_kg.records import Quarantined

PUBTATOR = (
    "101|t|Pneumonia after flu.\n"
    "101|a|We saw pneumonia twice.\n"
    "101\t0\t9\tPneumonia\tSpecificDisease\t D011014\n"
    "101\t28\t37\tpneumonia\tSpecificDisease\tD011014|OMIM:123456\n"
    "101\t0\t4\twrong\tSpecificDisease\tD011014\n"
    "101 broken\n"
    "\n"
    "102|t|No annotations\n"
    "102|a|Here.\n"
)


def _split(found):
    found = list(found)
    return [d for d in found if isinstance(d, Document)], [q for q in found if isinstance(q, Quarantined)]


def test_pubtator_offsets_count_title_one_character_abstract(tmp_path: Path) -> None:
    file = tmp_path / "a.pubtator.txt"
    file.write_text(PUBTATOR)
    documents, aside = _split(read_documents(file, licence="public domain"))
    first, second = documents
    assert (first.id, first.title, first.licence) == ("101", "Pneumonia after flu.", "public domain")
    assert [first.text[a.start : a.end] for a in first.annotations] == ["Pneumonia", "pneumonia"]
    assert first.annotations[1].codes == ("MESH:D011014", "OMIM:123456")
    assert second.id == "102" and second.text == "No annotations\nHere."
    assert [q.where for q in aside] == ["line 5", "line 6"]
    assert "wrong" in aside[0].reason


def test_pubtator_documents_need_no_blank_line(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("1|t|A\n1|a|B\n2|t|C\n2|a|D\n")
    assert [d.id for d in read_documents(file)] == ["1", "2"]


def test_sections_join_paragraphs_and_keep_ids_apart(tmp_path: Path) -> None:
    rows = [
        {
            "module_id": "m1",
            "section_id": "s1",
            "section_path": ["A", "B"],
            "title": "T",
            "paragraphs": ["One.", "Two."],
        },
        {"module_id": "m1", "section_id": "s1", "section_path": [], "title": "T", "paragraphs": ["Three."]},
        {"module_id": "m1", "section_id": "s2", "paragraphs": []},
    ]
    file = tmp_path / "sections.jsonl.gz"
    with gzip.open(file, "wt") as out:
        out.writelines(json.dumps(r) + "\n" for r in rows)
        out.write("{not json\n")
    documents, aside = _split(read_documents(file))
    assert [d.id for d in documents] == ["m1#s1", "m1#s1.2"]
    assert documents[0].text == "One.\n\nTwo." and documents[0].section == "A > B"
    assert len(aside) == 2


def test_jsonl_takes_text_abstract_or_caption(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    lines = ['{"id": 7, "text": "t", "license": "CC0"}', '{"pmid": "8", "title": "A", "abstract": "b"}']
    file.write_text("\n".join([*lines, '{"caption": "c"}', "[1]", '{"id": 9}']) + "\n")
    documents, aside = _split(read_documents(file))
    assert [(d.id, d.text) for d in documents] == [("7", "t"), ("8", "A\nb"), ("line-3", "c")]
    assert documents[0].licence == "CC0"
    assert [q.where for q in aside] == ["line 4", "line 5"]


def test_plain_text_keeps_every_character(tmp_path: Path) -> None:
    file = tmp_path / "note.md"
    file.write_bytes("# Chest\r\n\r\nNo effusion – é.\r\n".encode())
    (document,) = read_documents(file)
    assert document.text == "# Chest\r\n\r\nNo effusion – é.\r\n"
    assert document.title == "Chest"


def test_damaged_bytes_are_reported_and_the_rest_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(b'{"id": 1, "text": "caf\xff"}\n{"id": 2, "text": "ok"}\n')
    documents, aside = _split(read_documents(file))
    assert [d.text for d in documents] == ["caf\ufffd", "ok"]
    assert "UTF-8" in aside[0].reason


def test_cut_gzip_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl.gz"
    whole = gzip.compress(b'{"text": "x"}\n' * 5000)
    file.write_bytes(whole[: len(whole) // 2])
    assert any("gzip" in q.reason for q in _split(read_documents(file))[1])


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(b"\nChest X-ray.\n")

    monkeypatch.setattr("sys.stdin", Stdin)
    (document,) = read_documents("-")
    assert document.text == "\nChest X-ray.\n"


def test_wrong_use_is_said(tmp_path: Path) -> None:
    with pytest.raises(MissingData, match=r"nowhere\.txt"):
        list(read_documents(tmp_path / "nowhere.txt"))
    with pytest.raises(UnknownName, match="did you mean pubtator"):
        read_documents(tmp_path / "x", "pubtatr")


@pytest.mark.data
def test_ncbi_disease_is_read_whole(data_root: Path) -> None:
    documents, aside = _split(read_documents(data_root / "literature/ncbi-disease/devel.pubtator.txt"))
    assert len(documents) == 100 and not aside
    assert sum(len(d.annotations) for d in documents) == 787
    assert all(d.text[a.start : a.end].replace("\n", " ") == a.text for d in documents for a in d.annotations)


def test_a_folder_is_read_file_by_file(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "note.md").write_text("Second text.")
    (tmp_path / "a.nxml").write_text(
        "<article><front><article-meta><article-id pub-id-type='pmc'>1</article-id></article-meta></front>"
        "<body><p>First text.</p></body></article>"
    )
    (tmp_path / "figure.jpg").write_bytes(b"\xff\xd8")
    (tmp_path / "torn.html.gz").write_bytes(b"\x1f\x8b torn")
    documents, aside = _split(read_documents(tmp_path, licence="CC BY"))
    assert [d.text.strip() for d in documents] == ["First text.", "Second text."]
    assert {(d.source, d.licence) for d in documents} == {(tmp_path.name, "CC BY")}
    assert aside[0].where == "figure.jpg" and "not that of a document" in aside[0].reason and len(aside) >= 2
