from __future__ import annotations

import pytest

from met_kg.graph.store import Graph
from met_kg.literature.lexicon import Lexicon, LexiconEntry
from met_kg.literature.linker import Linker
from met_kg.literature.normalise import normal_form
from met_kg.records import Concept, Synonym


def _linker(*concepts: Concept) -> Linker:
    return Linker(Lexicon.from_concepts(concepts))


def _found(linker: Linker, text: str) -> list[tuple[str, str]]:
    mentions = linker.link(text)
    assert all(text[m.start : m.end] == m.text for m in mentions)
    return [(m.text, m.node) for m in mentions]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Oedema", "edema"),
        ("tumours", "tumor"),
        ("metastases", "metastasis"),
        ("Crohn's disease", "crohn diseases"),
        ("vertebrae", "vertebra"),
        ("bronchi", "bronchus"),
        ("atria", "atrium"),
        ("non-small-cell", "non small cell"),
        ("type II diabetes", "type 2 diabetes"),
        ("β-thalassaemia", "beta thalassemia"),
        ("MRIs", "MRI"),
        ("Sjögren’s", "sjogren"),
        ("teeth", "tooth"),
    ],
)
def test_spellings_meet(one: str, other: str) -> None:
    assert normal_form(one) == normal_form(other)


def test_graph_lexicon_knows_kinds_and_skips_obsolete(mini_graph: Graph) -> None:
    lexicon = Lexicon.from_graph(mini_graph)
    (copd,) = lexicon.lookup("COPD")
    assert (copd.entry.node, copd.entry.kind, copd.entry.label) == (
        "DOID:3083",
        "abbreviation",
        "chronic obstructive pulmonary disease",
    )
    assert lexicon.lookup("obsolete lung rot") == ()


def test_longest_name_wins_and_offsets_are_exact(mini_graph: Graph) -> None:
    linker = Linker(Lexicon.from_graph(mini_graph))
    text = "Bacterial  pneumonias (é) of the right lung; CT scans."
    assert _found(linker, text) == [
        ("Bacterial  pneumonias", "DOID:874"),
        ("right lung", "UBERON:0002167"),
        ("CT scans", "MET:0000012"),
    ]


def test_structure_inside_modality_is_kept_inside_disease_not(mini_graph: Graph) -> None:
    linker = Linker(Lexicon.from_graph(mini_graph))
    assert _found(linker, "Chest X-ray: lung disease.") == [
        ("Chest", "UBERON:0001443"),
        ("Chest X-ray", "MET:0000011"),
        ("lung disease", "DOID:850"),
    ]


def test_names_do_not_cross_punctuation(mini_graph: Graph) -> None:
    linker = Linker(Lexicon.from_graph(mini_graph))
    assert _found(linker, "Clear lung. Disease of the heart, failure") == [
        ("lung", "UBERON:0002048"),
        ("heart", "UBERON:0000948"),
    ]


def test_short_abbreviations_need_their_case() -> None:
    linker = _linker(
        Concept("M:1", "computed tomography", "modality", synonyms=(Synonym("CT", "EXACT", "abbreviation"),)),
        Concept("D:1", "acute lymphocytic leukemia", "disease", synonyms=(Synonym("ALL", "EXACT", "abbreviation"),)),
        Concept("D:2", "acquired immunodeficiency syndrome", "disease", synonyms=(Synonym("AIDS", "EXACT"),)),
    )
    assert _found(linker, "All patients with ALL had ct or CT; this aids AIDS.") == [
        ("ALL", "D:1"),
        ("CT", "M:1"),
        ("AIDS", "D:2"),
    ]


def test_ambiguous_short_abbreviation_means_nothing_until_defined() -> None:
    linker = _linker(
        Concept("D:1", "pulmonary embolism", "disease", synonyms=(Synonym("PE", "EXACT", "abbreviation"),)),
        Concept("D:2", "pre-eclampsia", "disease", synonyms=(Synonym("PE", "EXACT", "abbreviation"),)),
    )
    assert _found(linker, "A patient with PE.") == []
    assert _found(linker, "A pulmonary embolism (PE) was found. PE is rare.") == [
        ("pulmonary embolism", "D:1"),
        ("PE", "D:1"),
        ("PE", "D:1"),
    ]


def test_defined_abbreviation_overrides_the_dictionary() -> None:
    linker = _linker(
        Concept("M:1", "computed tomography", "modality", synonyms=(Synonym("CT", "EXACT", "abbreviation"),)),
        Concept("D:1", "copper toxicosis", "disease"),
    )
    assert _found(linker, "Canine copper toxicosis (CT) is inherited; CT in dogs.") == [
        ("copper toxicosis", "D:1"),
        ("CT", "D:1"),
        ("CT", "D:1"),
    ]
    assert _found(linker, "The connective tissue (CT) was seen. CT is strong.") == []


def test_abbreviation_inside_a_longer_name() -> None:
    linker = _linker(Concept("D:1", "glucose-6-phosphate dehydrogenase deficiency", "disease"))
    text = "Severe glucose-6-phosphate dehydrogenase (G6PD) deficiency is common; G6PD deficiency and G6PD."
    assert _found(linker, text) == [
        ("glucose-6-phosphate dehydrogenase (G6PD) deficiency", "D:1"),
        ("G6PD deficiency", "D:1"),
    ]


def test_inverted_and_tailed_names() -> None:
    linker = _linker(
        Concept("M:1", "Tomography, X-Ray Computed", "modality"), Concept("D:1", "Gastritis, NOS", "disease")
    )
    assert _found(linker, "X-ray computed tomography and gastritis.") == [
        ("X-ray computed tomography", "M:1"),
        ("gastritis", "D:1"),
    ]


def test_label_before_synonym_and_broad_never() -> None:
    linker = _linker(
        Concept("D:1", "flu", "disease"),
        Concept("D:2", "influenza", "disease", synonyms=(Synonym("flu", "RELATED"), Synonym("infection", "BROAD"))),
    )
    assert _found(linker, "Flu is an infection.") == [("Flu", "D:1")]


def test_two_axes_only_when_equally_good() -> None:
    linker = _linker(
        Concept("D:1", "pleural effusion", "disease"),
        Concept("F:1", "pleural effusion", "finding"),
        Concept("F:2", "nodule", "finding"),
        Concept("A:1", "germinal center", "anatomy", synonyms=(Synonym("nodule", "RELATED"),)),
    )
    assert _found(linker, "Pleural effusion, nodule") == [
        ("Pleural effusion", "D:1"),
        ("Pleural effusion", "F:1"),
        ("nodule", "F:2"),
    ]


def test_adjectives_point_at_the_structure(mini_graph: Graph) -> None:
    linker = Linker(Lexicon.from_graph(mini_graph))
    assert _found(linker, "Hepatic cyst") == [("Hepatic", "UBERON:0002107")]


def test_parts_of_words_are_not_names() -> None:
    linker = _linker(Concept("M:1", "axial", "modality"), Concept("D:1", "pre-eclampsia", "disease"))
    assert _found(linker, "Extra-axial fluid, pre-eclampsia, post-axial, T2-axial") == [
        ("pre-eclampsia", "D:1"),
        ("axial", "M:1"),
        ("axial", "M:1"),
    ]


def test_general_words_and_odd_texts_are_harmless(mini_graph: Graph) -> None:
    linker = Linker(Lexicon([*(), LexiconEntry("disease", "DOID:4", "disease", "disease")]))
    assert linker.link("The disease.") == []
    full = Linker(Lexicon.from_graph(mini_graph))
    for text in ("", " ", "()", "((((", "(a) (B)", "\x00 lung", "İ lung", "🫁 lung (LLL)"):
        assert all(text[m.start : m.end] == m.text for m in full.link(text))
    assert [m.text for m in full.link("İİ lung 🫁 lung")] == ["lung", "lung"]


def test_words_that_people_use_alike_are_read_only_where_nobody_has_the_name() -> None:
    lexicon = Lexicon(
        [
            LexiconEntry("jaw cancer", "DOID:1862", "disease", "jaw cancer"),
            LexiconEntry("parathyroid neoplasm", "DOID:1", "disease", "parathyroid neoplasm"),
            LexiconEntry("parathyroid cancer", "DOID:2", "disease", "parathyroid cancer"),
            LexiconEntry("A-mode", "MET:1", "modality", "A-mode ultrasonography", "EXACT"),
        ]
    )
    assert [(r.entry.node, round(r.score, 2)) for r in lexicon.lookup("jaw tumours")] == [("DOID:1862", 0.8)]
    assert [r.entry.node for r in lexicon.lookup("parathyroid tumor")] == ["DOID:1"], "neoplasm is nearer than cancer"
    assert [r.entry.node for r in lexicon.lookup("parathyroid cancer")] == ["DOID:2"]
    assert lexicon.lookup("a mode") == () and [r.entry.node for r in lexicon.lookup("A mode")] == ["MET:1"]


def test_an_adjective_that_a_source_gives_as_a_name_names_no_structure() -> None:
    """The lower jaw of a lizard has an articular; the facets and discs of people are articular."""
    names = ("articular bone", "articular")
    linker = Linker(Lexicon([LexiconEntry(name, "UBERON:1", "anatomy", names[0]) for name in names]))
    assert _found(linker, "The articular facets and the articular bone.") == [("articular bone", "UBERON:1")]
