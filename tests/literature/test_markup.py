"""Articles in JATS and pages in HTML, in the true formats."""

from __future__ import annotations

from pathlib import Path

from met_kg.literature.documents import Document, read_documents
from met_kg.records import Quarantined

JATS = """<?xml version="1.0"?>
<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) Journal Archiving v1.2 20190208//EN" "JATS-archivearticle1.dtd">
<article xmlns:xlink="http://www.w3.org/1999/xlink"><front><article-meta>
<article-id pub-id-type="pmid">123</article-id><article-id pub-id-type="pmc">7654321</article-id>
<title-group><article-title>Lung <italic>abscess</italic> in CT</article-title></title-group>
<permissions><license xlink:href="https://creativecommons.org/licenses/by/4.0/"><license-p>CC BY</license-p></license></permissions>
<abstract><sec><title>Aim</title><p>To show H<sub>2</sub>O.</p></sec></abstract></article-meta></front>
<body><sec><title>Case</title><p>A man<xref ref-type="bibr">1</xref> had fever.</p>
<fig><label>Figure 1</label><caption><p>Axial CT.</p></caption></fig></sec></body>
<back><ref-list><ref><mixed-citation>Not text.</mixed-citation></ref></ref-list></back></article>
"""


def read(path: Path, text: str) -> list[Document | Quarantined]:
    path.write_text(text, encoding="utf-8")
    return list(read_documents(path))


def test_an_article(tmp_path: Path) -> None:
    (found,) = read(tmp_path / "a.nxml", JATS)
    assert isinstance(found, Document)
    assert (found.id, found.title) == ("PMC7654321", "Lung abscess in CT")
    assert found.licence == "https://creativecommons.org/licenses/by/4.0/"
    assert found.text.split("\n\n") == [
        "Lung abscess in CT",
        "Aim",
        "To show H2O.",
        "Case",
        "A man had fever.",
        "Axial CT.",
    ]


def test_articles_that_are_none_or_could_harm_are_set_aside(tmp_path: Path) -> None:
    for text, said in (
        ("<article><body>", "not well-formed"),
        ("<html/>", "no JATS article"),
        ('<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;">]><article>&z;</article>', "declares entities"),
    ):
        (found,) = read(tmp_path / "a.nxml", text)
        assert isinstance(found, Quarantined) and said in found.reason


def test_a_page(tmp_path: Path) -> None:
    page = """<!DOCTYPE html><html><head><title>Pleural &amp; more</title><style>p {}</style></head><body>
    <nav><a href="x">Home</a></nav><h1>Effusion</h1><p>Fluid in the <b>pleura</b>.<br>Seen on CT.</p>
    <script>alert("x")</script><ul><li>small</li><li>large</li></ul><footer>imprint</footer></body></html>"""
    (found,) = read(tmp_path / "page.html", page)
    assert isinstance(found, Document) and found.title == "Pleural & more"
    assert found.text.split("\n\n") == ["Effusion", "Fluid in the pleura.", "Seen on CT.", "small", "large"]
    (empty,) = read(tmp_path / "page.html", "<html><body><script>1</script></body></html>")
    assert isinstance(empty, Quarantined)
