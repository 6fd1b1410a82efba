from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest
from reading import noise, read
from test_archives import special, tar

from met_kg import tables
from met_kg.errors import MissingData
from met_kg.graph.store import Graph
from met_kg.literature.lexicon import Lexicon
from met_kg.literature.linker import Linker
from met_kg.retrieval.mentions import mention_anchors

HEAD = """<?xml version="1.0"?>
<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) Journal Archiving DTD v1.2//EN" "JATS-archivearticle1.dtd">
<article xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:ali="http://www.niso.org/schemas/ali/1.0/"><front><article-meta>
<article-id pub-id-type="pmc">{pmc}</article-id><article-id pub-id-type="doi">10.1000/x.{pmc}</article-id>
<title-group><article-title>A liver <italic>abscess</italic></article-title></title-group>
<permissions>{licence}</permissions></article-meta></front><body>"""
CC_BY = '<license><license-p>Under <ext-link xlink:href="https://creativecommons.org/licenses/by/4.0/">CC BY</ext-link>.</license-p></license>'
BODY = """<sec><title>Case</title><p>A woman was seen. CT (<xref ref-type="fig" rid="F1">Fig. 1</xref>A) showed an
abscess<xref ref-type="bibr" rid="B1">[1]</xref>. It was drained. Later MRI (<xref ref-type="fig" rid="F1 F2">Figs. 1 and
2</xref>) was clear.</p><p>Histology is in <xref ref-type="fig" rid="F2">Fig. 2</xref>.</p>
<fig id="F1"><label>Figure 1</label><caption><title>Liver abscess</title><p>(<bold>A</bold>) Axial CT shows an abscess.
(<bold>B</bold>) Coronal MRI after drainage.</p></caption><graphic xlink:href="x-g001"/></fig>
<fig id="F2"><label>Figure 2</label><caption><p>Histology, H&amp;E stain.</p></caption><graphic xlink:href="x-g002.jpg"/></fig>
<fig id="F3"><label>Figure 3</label><caption><p>A lost figure.</p></caption><graphic xlink:href="x-g003"/></fig>
<fig id="F4"><label>Figure 4</label><caption><p>A figure without a file.</p></caption></fig></sec>"""
TAIL = "</body></article>"


def article(pmc: str = "1234567", licence: str = CC_BY, body: str = BODY) -> bytes:
    return (HEAD.format(pmc=pmc, licence=licence) + body + TAIL).encode()


def picture(seed: int, kind: str = "JPEG") -> bytes:
    buffer = io.BytesIO()
    noise(seed).save(buffer, kind)
    return buffer.getvalue()


def package(**extra: bytes) -> dict[str, bytes]:
    files = {"x.nxml": article(), "x-g001.gif": picture(9, "GIF"), "x-g001.jpg": picture(1), "x-g002.jpg": picture(2)}
    return {f"PMC1234567/{k.replace('__', '.')}": v for k, v in (files | extra).items()}


def unpack(folder: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


@pytest.mark.parametrize("packed", [True, False])
def test_a_figure_is_a_sample_with_what_is_said_of_it(tmp_path: Path, packed: bool) -> None:
    (tmp_path / "oa" / "0a").mkdir(parents=True)
    if packed:
        tar(tmp_path / "oa" / "0a" / "PMC1234567.tar.gz", package())
    else:
        unpack(tmp_path / "oa" / "0a", package())
    rows, aside = read("pmc-oa", "oa", tmp_path)
    one, two = rows
    assert one["caption"] == "Liver abscess. (A) Axial CT shows an abscess. (B) Coronal MRI after drainage."
    assert one["context"] == "CT (Fig. 1A) showed an abscess. Later MRI (Figs. 1 and 2) was clear."
    assert two["context"] == "Later MRI (Figs. 1 and 2) was clear. Histology is in Fig. 2."
    assert two["caption"] == "Histology, H&E stain."
    assert one["licence"] == two["licence"] == "CC-BY-4.0"
    assert one["origin"] == "PMC1234567 https://doi.org/10.1000/x.1234567"
    assert one["group_id"] == two["group_id"] == "mine/PMC1234567"
    meta = json.loads(one["meta"])
    assert (meta["figure"], meta["file"], meta["title"]) == ("Figure 1", "x-g001.jpg", "A liver abscess")
    assert [(p["label"], p["text"]) for p in meta["panels"]] == [
        ("A", "Axial CT shows an abscess."),
        ("B", "Coronal MRI after drainage."),
    ]
    assert all(one["caption"][p["start"] : p["end"]] == p["text"] for p in meta["panels"])
    assert "panels" not in json.loads(two["meta"])
    assert sorted(aside.values()) == [
        "image 'x-g003' of the figure is not in the package, or cannot be read",
        "the figure names no file",
    ]
    assert all(r["width"] == 64 and len(r["phash"]) == 16 for r in rows)


def test_both_ways_of_packing_give_the_same_samples(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    tar(tmp_path / "a" / "PMC1234567.tar.gz", package())
    unpack(tmp_path / "b", package())
    one, two = read("pmc-oa", "a", tmp_path)[0], read("pmc-oa", "b", tmp_path)[0]
    same = ("sample_id", "sha256", "caption", "context", "meta", "group_id", "licence", "origin")
    assert [[r[c] for c in same] for r in one] == [[r[c] for c in same] for r in two]


def test_panels_with_files_of_their_own_are_samples(tmp_path: Path) -> None:
    extra = {"x-g001a__jpg": picture(3), "x-g001b__jpg": picture(4)}
    unpack(tmp_path / "oa", package(**extra))
    rows, _ = read("pmc-oa", "oa", tmp_path)
    assert [(r["caption"], json.loads(r["meta"]).get("panel")) for r in rows] == [
        ("Liver abscess. (A) Axial CT shows an abscess. (B) Coronal MRI after drainage.", None),
        ("Liver abscess. Axial CT shows an abscess.", "A"),
        ("Liver abscess. Coronal MRI after drainage.", "B"),
        ("Histology, H&E stain.", None),
    ]
    for row, own, other in ((rows[1], "A", "Coronal MRI after drainage"), (rows[2], "B", "Axial CT shows an abscess")):
        meta = json.loads(row["meta"])
        assert row["context"] == f"{other}. CT (Fig. 1A) showed an abscess. Later MRI (Figs. 1 and 2) was clear."
        said = {p["label"]: (p["field"], row[p["field"]][p["start"] : p["end"]]) for p in meta["panels"]}
        assert said.pop(own) == ("caption", row["caption"].removeprefix("Liver abscess. "))
        assert list(said.values()) == [("context", other)]
    assert len({r["sample_id"] for r in rows}) == 4 and len({r["group_id"] for r in rows}) == 1
    body = BODY.replace('<graphic xlink:href="x-g001"/>', '<graphic xlink:href="p1"/><graphic xlink:href="p2"/>')
    files = {"x.nxml": article(body=body), "p1.png": picture(5, "PNG"), "p2.tif": picture(6, "TIFF")}
    unpack(tmp_path / "two", files)
    rows, _ = read("pmc-oa", "two", tmp_path)
    assert [r["caption"] for r in rows] == [
        "Liver abscess. Axial CT shows an abscess.", "Liver abscess. Coronal MRI after drainage."
    ]  # fmt: skip


def test_what_is_said_of_another_panel_is_not_said_of_this_one(tmp_path: Path, mini_graph: Graph) -> None:
    caption = "Fever. (A, B) Chest X-ray: pneumonia. (C) CT: pleural effusion. (D) CT without pneumonia."
    body = f"""<fig id="F1"><caption><p>{caption}</p></caption>
    {"".join(f'<graphic xlink:href="p{i}"/>' for i in range(4))}</fig>"""
    unpack(tmp_path / "oa", {"x.nxml": article(body=body)} | {f"p{i}.png": picture(i, "PNG") for i in range(4)})
    rows, _ = read("pmc-oa", "oa", tmp_path)
    assert [json.loads(r["meta"])["panel"] for r in rows] == ["A", "B", "C", "D"]
    assert [r["context"] for r in rows] == [
        "CT: pleural effusion. CT without pneumonia.",
        "CT: pleural effusion. CT without pneumonia.",
        "Chest X-ray: pneumonia. CT without pneumonia.",
        "Chest X-ray: pneumonia. CT: pleural effusion.",
    ]
    linker = Linker(Lexicon.from_graph(mini_graph))
    said: dict[str, dict[str, set[str]]] = {}
    for row, meta in ((row, json.loads(row["meta"])) for row in rows):
        said[meta["panel"]] = {}
        for anchor in mention_anchors(tables.frame("samples", [row]), linker):
            said[meta["panel"]].setdefault(anchor["node"], set()).add(f"{anchor['polarity']} {anchor['assertion']}")
    xray, ct, pneumonia, effusion = "MET:0000011", "MET:0000012", "DOID:552", "MET:0000021"
    assert said["A"] == said["B"]
    assert said["A"][pneumonia] == {"positive positive"}, "what is said of the panel itself counts"
    assert said["A"][effusion] == {"uncertain other-panel"} and ct not in said["A"]
    assert said["C"][pneumonia] == {"uncertain other-panel"} and xray not in said["C"]
    assert said["D"][pneumonia] == {"negative negated"} and said["D"][effusion] == {"uncertain other-panel"}


def test_figures_of_a_group_share_its_caption(tmp_path: Path) -> None:
    body = """<fig-group><caption><title>Two cases</title></caption><fig id="a"><caption><p>First.</p></caption>
    <graphic xlink:href="x-g001"/></fig><fig id="b"><caption><p>Second.</p></caption><graphic xlink:href="x-g002"/></fig></fig-group>"""
    unpack(tmp_path / "oa", package() | {"PMC1234567/x.nxml": article(body=body)})
    assert [r["caption"] for r in read("pmc-oa", "oa", tmp_path)[0]] == ["Two cases. First.", "Two cases. Second."]


@pytest.mark.parametrize(
    ("licence", "code"),
    [
        ("", "CC0-1.0"),  # the recipe's own, for what states none
        ("<license><ali:license_ref>http://creativecommons.org/licenses/by-nc-nd/3.0/</ali:license_ref></license>", "CC-BY-NC-ND-3.0"),
        ('<license xlink:href="http://creativecommons.org/publicdomain/zero/1.0/"><license-p>x</license-p></license>', "CC0-1.0"),
        ("<license><license-p>All rights reserved.</license-p></license>", "All rights reserved."),
    ],
)  # fmt: skip
def test_licences(tmp_path: Path, licence: str, code: str) -> None:
    unpack(tmp_path / "oa", package() | {"PMC1234567/x.nxml": article(licence=licence)})
    assert {r["licence"] for r in read("pmc-oa", "oa", tmp_path, licence="CC0-1.0")[0]} == {code}


def test_bad_packages_are_set_aside_and_the_next_is_read(tmp_path: Path) -> None:
    (tmp_path / "oa").mkdir()
    bomb = '<!DOCTYPE a [<!ENTITY b "bb">]><article>&b;</article>'
    tar(tmp_path / "oa" / "1-bomb.tar.gz", {"x.nxml": bomb.encode()})
    tar(tmp_path / "oa" / "2-broken.tar.gz", {"x.nxml": article()[:900]})
    tar(tmp_path / "oa" / "3-none.tar.gz", {"x.jpg": picture(1)})
    tar(tmp_path / "oa" / "4-other.tar.gz", {"x.nxml": b"<book/>"})
    whole = tar(tmp_path / "oa" / "5-cut.tar.gz", package())
    whole.write_bytes(whole.read_bytes()[:-1000])
    evil = {"../../evil.jpg": picture(1), **package()}
    tar(tmp_path / "oa" / "6-good.tar.gz", evil, special("PMC1/x-g003.jpg", tarfile.SYMTYPE, "/etc/passwd"))
    rows, aside = read("pmc-oa", "oa", tmp_path)
    assert "declares entities" in aside["1-bomb.tar.gz line 1"]
    assert any(k.startswith("2-broken.tar.gz line") and "not well-formed" in v for k, v in aside.items())
    assert aside["3-none.tar.gz"] == "the package holds no article that can be read"
    assert "no JATS article" in aside["4-other.tar.gz line 1"]
    assert "damaged from here on" in aside["5-cut.tar.gz"]
    assert "leads out of the archive" in aside["6-good.tar.gz:../../evil.jpg"]
    assert aside["6-good.tar.gz:PMC1/x-g003.jpg"] == "not read: it is a link"
    assert len({r["sample_id"] for r in rows}) == len(rows) >= 3 and not (tmp_path / "evil.jpg").exists()
    with pytest.raises(MissingData, match="are not there"):
        read("pmc-oa", "none", tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingData, match="holds no article"):
        read("pmc-oa", "empty", tmp_path)
