"""The tolerant OBO reader, on files broken in the ways that real ones are."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from met_kg.errors import MissingData
from met_kg.records import Quarantined, Relation, Synonym
from met_kg.sources.obo import OboDocument, read_obo

HEAD = "format-version: 1.2\ndata-version: releases/2026-01-01/x.obo\nidspace: MYO http://example.org/myo/\n\n"


def _read(tmp_path: Path, body: str | bytes, name: str = "x.obo") -> OboDocument:
    path = tmp_path / name
    path.write_bytes(body if isinstance(body, bytes) else (HEAD + body).encode())
    return read_obo(path, source="test")


def _line(rows: list[Quarantined], word: str) -> str:
    return next(row.where for row in rows if word in row.reason)


def test_a_term_with_everything(tmp_path: Path) -> None:
    document = _read(
        tmp_path,
        """[Term]
id: UBERON:0002048
name: lung
def: "Respiration organ, \\"paired\\"." [Wikipedia:Lung]
synonym: "pulmo" EXACT LATIN []
synonym: "lungs" RELATED PLURAL [X:1] {source="x"}
synonym: "resp. organ" []
synonym: "Lung" EXACT []
xref: UMLS:C0024109 {source="ncithesaurus:Lung"}
xref: SNOMEDCT_US_2025_09_01:39607008 "Lung structure"
is_a: UBERON:0000171 {gci="x"} ! respiration organ
relationship: part_of UBERON:0001004 ! respiratory system
relationship: adjacent_to UBERON:0000948
intersection_of: UBERON:0000062 ! organ
intersection_of: part_of UBERON:0002224 ! thoracic cavity

[Term]
id: UBERON:0000001
name: obsolete thing
is_obsolete: true
replaced_by: UBERON:0002048

[Typedef]
id: adjacent_to
name: adjacent_to
xref: RO:0002220
""",
    )
    lung, gone = document.concepts
    assert (lung.label, lung.definition) == ("lung", 'Respiration organ, "paired".')
    assert lung.synonyms == (
        Synonym("pulmo", "EXACT", "latin"),
        Synonym("lungs", "RELATED", "plural"),
        Synonym("resp. organ", "RELATED"),
    )
    assert lung.xrefs == ("UMLS:C0024109", "SNOMEDCT:39607008")
    assert lung.parents == ("UBERON:0000171", "UBERON:0000062")
    assert lung.relations == (
        Relation("BFO:0000050", "UBERON:0001004"),
        Relation("RO:0002220", "UBERON:0000948"),
        Relation("BFO:0000050", "UBERON:0002224"),
    )
    assert gone.obsolete and gone.replaced_by == ("UBERON:0002048",)
    assert document.header["data-version"] == "releases/2026-01-01/x.obo"
    assert document.mended == [] and document.quarantined == []


def test_broken_lines_are_mended_or_set_aside_with_their_number_and_the_rest_loads(tmp_path: Path) -> None:
    document = _read(
        tmp_path,
        """[Term]
id: DOID:1
name: one
name: uno
this line says nothing
is_a: DOID:1
is_a: DOID:2 two
def: "not closed [x:y]
synonym: "bad \\q escape" EXACT []
synonym: "" EXACT []
xref: Wikipedia:Lymph node
is_a: !

[Term]
name: no id

[Term
id:DOID:2
name: two
id: DOID:3
name: three

[Term]
id: DOID:2
name: two
synonym: "deux" EXACT []

[Term]
id: not an id
name: lost

[Term]
id: DOID:5

[Te rm]
id: DOID:6
name: under a broken header

[Term]
id: DOID:7
name: seven
""",
    )
    by_id = {c.curie: c for c in document.concepts}
    assert sorted(by_id) == ["DOID:1", "DOID:2", "DOID:3", "DOID:7"]
    one = by_id["DOID:1"]
    assert one.label == "one" and Synonym("uno") in one.synonyms and Synonym("bad q escape") in one.synonyms
    assert one.parents == ("DOID:2",) and one.definition == "not closed"
    assert by_id["DOID:2"].synonyms == (Synonym("deux"),)
    mended, lost = document.mended, document.quarantined
    assert _line(mended, "second name") == "8"
    assert _line(mended, "own parent") == "10"
    assert _line(mended, "not closed") == "12"
    assert _line(mended, "escape") == "13"
    assert _line(mended, "bracket of the stanza header") == "21"
    assert _line(mended, "no blank after the tag") == "22"
    assert _line(mended, "second id in the stanza of DOID:2") == "24"
    assert _line(mended, "DOID:2 was defined in line 22") == "28"
    assert _line(lost, "not a 'tag: value' line") == "9"
    assert _line(lost, "synonym without text") == "14"
    assert _line(lost, "parent of DOID:1 is not an identifier") == "16"
    assert _line(lost, "[Term] without a usable id") == "18"
    assert _line(lost, "not an identifier; the term is left out") == "33"
    assert _line(lost, "DOID:5 has no name") == "37"
    assert _line(lost, "not a stanza header") == "39"
    assert {row.source for row in mended + lost} == {"x.obo"}


def test_other_prefixes_become_addresses_and_unknown_codes_are_counted(tmp_path: Path) -> None:
    document = _read(
        tmp_path,
        """[Term]
id: MYO:1
name: mine
is_a: OTHER:2
xref: NEW:1
xref: NEW:2
xref: ZFA:0000001
xref: MESH:A08.1
relationship: goes_with MYO:3
""",
    )
    (mine,) = document.concepts
    assert mine.curie == "http://example.org/myo/1"
    assert mine.parents == ("http://purl.obolibrary.org/obo/OTHER_2",)
    assert mine.xrefs == () and mine.relations == ()
    reasons = {row.reason: (row.where, row.content) for row in document.quarantined}
    assert reasons["cross-references left out: prefix 'NEW' is not known; 2 times, first here"] == ("9", "NEW:1")
    assert reasons["cross-references left out: vocabularies that the tree does not carry"] == ("11", "ZFA:0000001")
    assert reasons["cross-references left out: not an identifier that MESH can have"] == ("12", "MESH:A08.1")
    assert "relations left out: 'goes_with' has no identifier" in reasons


def test_wrong_encoding_is_mended(tmp_path: Path) -> None:
    document = _read(tmp_path, "[Term]\nid: DOID:1\nname: Sjögren syndrome\n".encode("cp1252"))
    assert document.concepts[0].label == "Sjögren syndrome"
    assert document.mended[0].where == "3" and "Windows-1252" in document.mended[0].reason


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_byte_order_marks(tmp_path: Path, encoding: str) -> None:
    document = _read(tmp_path, "[Term]\r\nid: DOID:1\r\nname: Ménière disease\r\n".encode(encoding))
    assert [c.label for c in document.concepts] == ["Ménière disease"]


def test_a_truncated_gzip_gives_what_it_holds(tmp_path: Path) -> None:
    terms = "".join(f"[Term]\nid: DOID:{i}\nname: disease {i * 7919 % 10007}\n\n" for i in range(1, 5000))
    packed = gzip.compress((HEAD + terms).encode())
    document = _read(tmp_path, packed[: len(packed) // 2], "x.obo.gz")
    assert 1000 < len(document.concepts) < 4999
    assert any("breaks off" in row.reason for row in document.quarantined)
    whole = _read(tmp_path, packed, "named-without-ending")
    assert len(whole.concepts) == 4999 and whole.quarantined == []


def test_an_endless_line_is_set_aside(tmp_path: Path) -> None:
    long = "[Term]\nid: DOID:1\ncomment: " + "x" * (3 << 20) + "\nname: one\n"
    document = _read(tmp_path, long.encode())
    assert document.concepts[0].label == "one"
    assert document.quarantined[0].where == "3" and len(document.quarantined[0].content) == 200


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(MissingData, match=r"nothing\.obo"):
        read_obo(tmp_path / "nothing.obo", source="test")
