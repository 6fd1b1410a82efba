"""New terms: each sign alone, together, and what is no term."""

from __future__ import annotations

import pytest

from met_kg.literature.document import Document
from met_kg.literature.glossary import KeyTerm
from met_kg.literature.lexicon import Lexicon, LexiconEntry
from met_kg.literature.linker import Linker
from met_kg.literature.new_terms import SIGNS, NewTerm, TermFinder

LEXICON = Lexicon(
    [
        LexiconEntry("artery", "UBERON:0001637", "anatomy", "artery"),
        LexiconEntry("muscle", "UBERON:0001630", "anatomy", "muscle organ", "EXACT"),
        LexiconEntry("neck", "UBERON:0000974", "anatomy", "neck"),
        LexiconEntry("vasculitis", "DOID:865", "disease", "vasculitis"),
        LexiconEntry("lung disease", "DOID:850", "disease", "lung disease"),
        LexiconEntry("disc", "UBERON:0001066", "anatomy", "intervertebral disk", "EXACT"),
    ]
)


def find(*sentences: str, glossary: dict[str, str] | None = None) -> dict[str, NewTerm]:
    linker = Linker(LEXICON)
    finder = TermFinder(linker)
    for term, meaning in (glossary or {}).items():
        finder.add_key_term(KeyTerm(term, meaning, "m1"))
    for i, sentence in enumerate(sentences):
        finder.add_document(Document(f"d{i}", sentence), linker.link(sentence))
    return {t.label: t for t in finder.terms()}


def test_the_head_of_a_key_term_and_the_genus_of_its_meaning() -> None:
    found = find(
        glossary={"mediastinal artery": "branch of the aorta", "multifidus": "deep muscle that extends the back"}
    )
    assert (found["mediastinal artery"].parent, found["mediastinal artery"].signs) == ("UBERON:0001637", ("head",))
    assert (found["multifidus"].parent, found["multifidus"].signs) == ("UBERON:0001630", ("glossary",))
    assert found["multifidus"].definition == "deep muscle that extends the back"
    assert "m1" in found["multifidus"].evidence[0]


def test_two_signs_are_surer_than_one() -> None:
    both = find(glossary={"mediastinal artery": "artery that supplies the mediastinum"})["mediastinal artery"]
    assert both.signs == ("head", "glossary")
    assert both.confidence == round(1 - (1 - SIGNS["head"]) * (1 - SIGNS["glossary"]), 2)


def test_definitions_and_enumerations_in_running_text() -> None:
    found = find(
        "A metaphlebosis is a rare vasculitis that was made up.",
        "Lung diseases such as farmeritis, dustosis and grainosis.",
    )
    assert (found["metaphlebosis"].parent, found["metaphlebosis"].signs) == ("DOID:865", ("definition",))
    assert {label: t.parent for label, t in found.items() if t.signs == ("hearst",)} == {
        "farmeritis": "DOID:850",
        "dustosis": "DOID:850",
        "grainosis": "DOID:850",
    }


@pytest.mark.parametrize(
    ("term", "meaning"),
    [
        ("artery", "vessel"),  # the tree has it
        ("fusiform", "muscle that is spindle-shaped"),  # an adjective
        ("neck of the rib", "narrowed region of a rib"),  # a neck of another kind
        ("intercalated disc", "part of the sarcolemma"),  # a name that stands for something narrower
        ("anterior compartment", "muscle, vessels and nerves of the leg"),  # the first of several things
    ],
)
def test_what_is_no_new_term(term: str, meaning: str) -> None:
    assert find(glossary={term: meaning}) == {}


def test_a_sentence_that_describes_defines_nothing() -> None:
    assert find("The large artery is a muscle of its own.") == {}
