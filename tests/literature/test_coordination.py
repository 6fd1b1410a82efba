"""Names that share a head are each found."""

from __future__ import annotations

import pytest

from met_kg.literature.lexicon import Lexicon, LexiconEntry
from met_kg.literature.linker import Linker

NAMES = {
    "breast cancer": "DOID:1612",
    "ovarian cancer": "DOID:2394",
    "brain cancer": "DOID:1319",
    "prostate cancer": "DOID:10283",
    "cancer": "DOID:162",
    "lung": "UBERON:0002048",
}


@pytest.fixture
def linker() -> Linker:
    return Linker(
        Lexicon(
            LexiconEntry(name, node, "anatomy" if node.startswith("UBERON") else "disease", name)
            for name, node in NAMES.items()
        )
    )


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("breast and ovarian cancer", {"breast cancer", "ovarian cancer"}),
        ("Breast/ovarian cancers", {"breast cancer", "ovarian cancer"}),
        ("breast and/or ovarian cancer", {"breast cancer", "ovarian cancer"}),
        ("brain, breast, and prostatic cancer", {"cancer"}),
        ("brain, breast, and prostate cancer", {"brain cancer", "breast cancer", "prostate cancer"}),
        ("breast, ovarian cancer", {"ovarian cancer"}),
        ("breast. And ovarian cancer", {"ovarian cancer"}),
        ("lung and ovarian cancer", {"lung", "ovarian cancer"}),
        ("she and ovarian cancer", {"ovarian cancer"}),
    ],
)
def test_each_name_that_shares_the_head_is_found(linker: Linker, text: str, names: set[str]) -> None:
    found = linker.link(text)
    assert {m.label for m in found} == names
    assert all(text[m.start : m.end] == m.text for m in found)


def test_spans_reach_from_the_modifier_to_the_head(linker: Linker) -> None:
    spans = {m.label: m.text for m in linker.link("A breast and ovarian cancer syndrome.")}
    assert spans == {"breast cancer": "breast and ovarian cancer", "ovarian cancer": "ovarian cancer"}
