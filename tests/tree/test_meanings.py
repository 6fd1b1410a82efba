"""Which node a concept of a further source means, one rule at a time."""

from __future__ import annotations

import pytest

from met_kg.records import Concept, Relation, Synonym
from met_kg.tree.build import Source, build_tree, load_sources
from met_kg.tree.merge import merge
from met_kg.tree.place import place

ROOTS = [
    Concept("DOID:4", "disease", "disease", source="met"),
    Concept("UBERON:0001062", "anatomical entity", "anatomy", source="met"),
    Concept("MET:0000002", "imaging modality", "modality", source="met"),
    Concept("MET:0000003", "finding", "finding", source="met"),
]


def disease(curie: str, label: str, **said: object) -> Concept:
    source = said.pop("source", curie.partition(":")[0].lower())
    return Concept(curie, label, "disease", source=str(source), **{"parents": ("DOID:4",), **said})  # type: ignore[arg-type]


def merged(*sources: list[Concept], align_only: tuple[str, ...] = ()) -> tuple[dict, list[str]]:
    nodes, conflicts = merge([ROOTS, *sources], align_only=align_only)
    return nodes, sorted(c.kind for c in conflicts)


def test_a_code_that_one_node_names_is_that_node() -> None:
    flu = disease("DOID:8469", "influenza", xrefs=("MESH:D007251",))
    nodes, conflicts = merged([flu], [disease("MESH:D007251", "Human Influenza")])
    assert "MESH:D007251" not in nodes and conflicts == []
    assert {s.text for s in nodes["DOID:8469"].synonyms.values()} == {"Human Influenza"}
    assert nodes["DOID:8469"].matched == {}, "the source states the code: nothing was matched here"


def test_a_code_on_two_nodes_is_reported_unless_the_name_decides() -> None:
    two = [
        disease("DOID:1", "colon cancer", xrefs=("MESH:D1",)),
        disease("DOID:2", "colon benign neoplasm", xrefs=("MESH:D1",)),
    ]
    nodes, conflicts = merged(two, [disease("MESH:D1", "Colonic Neoplasms")])
    assert conflicts == ["code-on-two-nodes"] and "MESH:D1" in nodes
    nodes, conflicts = merged(two, [disease("MESH:D1", "Colon Cancers")])
    assert conflicts == [] and "MESH:D1" not in nodes


def test_a_code_whose_name_is_another_nodes_label_goes_to_that_node_and_is_reported() -> None:
    avoidant = disease("DOID:1509", "avoidant personality disorder", xrefs=("MESH:D010554",))
    general = disease("DOID:1510", "personality disorder")
    nodes, conflicts = merged([avoidant, general], [disease("MESH:D010554", "Personality Disorders")])
    assert conflicts == ["code-and-name-disagree"] and "MESH:D010554" not in nodes
    assert nodes["DOID:1510"].matched == {"MESH:D010554": "semapv:LexicalMatching"}
    assert nodes["DOID:1509"].wider == {"MESH:D010554": "DOID:1510"} and not nodes["DOID:1509"].synonyms
    coded = disease("DOID:1510", "personality disorder", xrefs=("MESH:D2",))
    nodes, conflicts = merged([avoidant, coded], [disease("MESH:D010554", "Personality Disorders")])
    assert conflicts == [] and nodes["DOID:1510"].matched == {}, "it has a code of its own"


def test_concepts_that_share_a_code_are_one_meaning_and_codes_that_disagree_are_reported() -> None:
    ours = disease("DOID:1", "plumbism", xrefs=("UMLS:C0023176",))
    other = disease("DOID:2", "saturnism", xrefs=("SNOMEDCT:1",))
    theirs = disease("ORDO:330015", "lead poisoning", xrefs=("UMLS:C0023176",))
    nodes, conflicts = merged([ours], [theirs])
    assert conflicts == [] and nodes["DOID:1"].matched == {"ORDO:330015": "semapv:CompositeMatching"}
    both = disease("ORDO:330015", "lead poisoning", xrefs=("SNOMEDCT:1", "UMLS:C0023176"))
    nodes, conflicts = merged([ours, other], [both])
    assert conflicts == ["codes-disagree"] and "ORDO:330015" in nodes


def test_equal_names_join_within_an_axis_and_not_across_codes_that_differ() -> None:
    ours = disease("DOID:1", "dementia", synonyms=(Synonym("amentia"),))
    nodes, conflicts = merged([ours], [disease("MESH:D003704", "Dementias")])
    assert conflicts == [] and nodes["DOID:1"].matched == {"MESH:D003704": "semapv:LexicalMatching"}
    coded = disease("DOID:1", "dementia", xrefs=("MESH:D999999",))
    nodes, conflicts = merged([coded], [disease("MESH:D003704", "Dementia")])
    assert conflicts == ["two-codes"] and "MESH:D003704" in nodes
    record = disease("DOID:1", "dementia", xrefs=("MESH:C563003",))
    nodes, conflicts = merged([record], [disease("MESH:D003704", "Dementia")])
    assert conflicts == [] and "MESH:D003704" not in nodes, "a supplementary record became a descriptor"


def test_an_abbreviation_alone_joins_nothing_and_one_source_never_says_a_thing_twice() -> None:
    ours = disease("DOID:1", "multiple sclerosis", synonyms=(Synonym("MS", "EXACT", "abbreviation"),))
    nodes, _ = merged([ours], [disease("MESH:D1", "MS")])
    assert "MESH:D1" in nodes
    nodes, _ = merged([disease("DOID:1", "x disease"), disease("DOID:2", "X diseases")])
    assert {"DOID:1", "DOID:2"} <= nodes.keys()


def test_a_name_of_two_nodes_is_ambiguous() -> None:
    two = [disease("DOID:1", "a", synonyms=(Synonym("c"),)), disease("DOID:2", "b", synonyms=(Synonym("c"),))]
    nodes, conflicts = merged(two, [disease("MESH:D1", "c")])
    assert conflicts == ["ambiguous-name"] and "MESH:D1" in nodes


def test_equal_logical_definitions_are_one_meaning_through_merged_identifiers() -> None:
    pneumonia = disease("DOID:552", "pneumonia", xrefs=("MESH:D011014",))
    ours = disease("DOID:1", "lobar pneumonia", logical=("DOID:552", "RO:0004026 UBERON:0000101"))
    base = disease("MESH:D011014", "Pneumonia")
    theirs = disease("MESH:D9", "fibrinous lung fever", logical=("MESH:D011014", "RO:0004026 UBERON:0000101"))
    nodes, conflicts = merged([pneumonia, ours], [base, theirs])
    assert conflicts == [] and nodes["DOID:1"].matched == {"MESH:D9": "semapv:LogicalReasoning"}


def test_a_source_that_only_aligns_adds_no_node_and_no_parent() -> None:
    lung = Concept("UBERON:0002048", "lung", "anatomy", parents=("UBERON:0001062",), source="uberon")
    theirs = [
        Concept("MESH:D008168", "Lungs", "anatomy", parents=("MESH:D1",), source="mesh-anatomy"),
        Concept("MESH:D1", "Respiratory System", "anatomy", source="mesh-anatomy"),
    ]
    nodes, conflicts = merged([lung], theirs, align_only=("mesh-anatomy",))
    assert conflicts == [] and "MESH:D1" not in nodes
    assert nodes["UBERON:0002048"].xrefs == {"MESH:D008168"}


def test_a_node_without_parent_is_placed_by_the_head_of_its_name_and_says_so() -> None:
    parts = [
        Concept("UBERON:0000344", "mucosa", "anatomy", parents=("UBERON:0001062",), source="uberon"),
        Concept("UBERON:0012299", "mucosa of urethra", "anatomy", source="uberon"),
        Concept("UBERON:0000057", "urethra", "anatomy", source="uberon"),
    ]
    nodes, _ = merged(parts)
    kinds = {c.node: c.kind for c in place(nodes)}
    assert kinds["UBERON:0012299"] == "placed-by-name" and kinds["UBERON:0000057"] == "no-parent"
    assert nodes["UBERON:0012299"].tree_parent == "UBERON:0000344"
    assert nodes["UBERON:0012299"].placed == {"UBERON:0000344": "head of its name"}


@pytest.mark.parametrize(
    ("curie", "tui"), [("DOID:1909", "STY:T191"), ("SYMP:0000613", "STY:T184"), ("MET:0001009", "STY:T060")]
)
def test_semantic_types_come_from_the_branch(curie: str, tui: str) -> None:
    nodes = build_tree(load_sources(["met"], None)).nodes
    given = {n.curie for n in nodes.values() if n.semantic_types}
    assert given >= {c for c, n in nodes.items() if n.axis and not n.obsolete}
    if curie in nodes:
        assert nodes[curie].semantic_types == {tui}


def test_the_semantic_type_of_a_source_comes_before_that_of_the_branch() -> None:
    typed = Concept(
        "DOID:999",
        "x",
        "disease",
        parents=("DOID:4",),
        relations=(Relation("RO:0004026", "UBERON:0002048"),),
        source="mine",
        semantic_types=("STY:T046",),
    )
    own = load_sources(["met"], None)
    nodes = build_tree([*own, Source("mine", "", "", [typed])]).nodes
    assert nodes["DOID:999"].semantic_types == {"STY:T046"}


def test_a_part_is_not_placed_below_its_whole_and_a_hyphen_makes_another_word() -> None:
    top = ("UBERON:0001062",)
    organs = [
        Concept("UBERON:1", "diaphragm", "anatomy", parents=top, source="u"),
        Concept("UBERON:2", "duodenum", "anatomy", parents=top, source="u"),
        Concept(
            "UBERON:3", "costal diaphragm", "anatomy", relations=(Relation("BFO:0000050", "UBERON:1"),), source="u"
        ),
        Concept("UBERON:4", "dorsal meso-duodenum", "anatomy", source="u"),
        Concept("UBERON:5", "thoracic diaphragm", "anatomy", source="u"),
    ]
    nodes, _ = merged(organs)
    place(nodes)
    assert nodes["UBERON:3"].parents == nodes["UBERON:4"].parents == {"UBERON:0001062"}
    assert nodes["UBERON:5"].parents == {"UBERON:1"}
