"""What people decide is what the next build holds: each verb, and the way of a table through two builds."""

from __future__ import annotations

from pathlib import Path

import pytest

from met_kg.errors import DataProblem
from met_kg.records import Concept, Relation
from met_kg.tree.build import Source, Tree, build_tree, load_sources
from met_kg.tree.decisions import keep_decisions, read_decisions
from met_kg.tree.mappings import candidate_rows, tree_mappings
from met_kg.tree.review import ReviewRow, read_review, write_review


@pytest.fixture(scope="module")
def sources() -> list[Source]:
    theirs = [
        Concept("DOID:9001", "alpha disease", "disease", parents=("DOID:4",), source="theirs"),
        Concept("DOID:9002", "beta disease", "disease", parents=("DOID:4",), source="theirs"),
        Concept("DOID:9003", "gamma disease", "disease", parents=("DOID:9002",), source="theirs"),
        Concept("UBERON:9001", "mucosa of the thing", "anatomy", source="theirs"),
        Concept("UBERON:0000344", "mucosa", "anatomy", parents=("UBERON:0001062",), source="theirs"),
    ]
    mesh = [Concept("MESH:D999", "Alpha Diseases", "disease", parents=("DOID:4",), source="mesh")]
    return [*load_sources(["met"], None), Source("theirs", "", "", theirs), Source("mesh", "", "", mesh)]


def build(sources: list[Source], tmp_path: Path, *rows: ReviewRow) -> Tree:
    write_review(rows, tmp_path / "d.tsv")
    return build_tree(sources, read_decisions([tmp_path / "d.tsv"]))


def row(node: str, decision: str, kind: str = "", **said: str) -> ReviewRow:
    return ReviewRow(node, kind=kind, decision=decision, **said)


def test_an_accepted_term_enters_under_its_parent_and_says_where_it_is_from(
    sources: list[Source], tmp_path: Path
) -> None:
    new = row("MET:0100001", "accept", "new-term", label="delta disease", parent="DOID:9001", definition="A delta.")
    node = build(sources, tmp_path, new).nodes["MET:0100001"]
    assert (node.label, node.tree_parent, node.axis) == ("delta disease", "DOID:9001", "disease")
    assert (node.definition, node.sources) == ("A delta.", ["review"])


def test_a_term_taken_as_a_synonym(sources: list[Source], tmp_path: Path) -> None:
    tree = build(sources, tmp_path, row("MET:0100001", "synonym", "new-term", label="alphosis", parent="DOID:9001"))
    assert "MET:0100001" not in tree.nodes
    assert "alphosis" in {s.text for s in tree.nodes["DOID:9001"].synonyms.values()}


def test_a_move_holds_and_one_that_cannot_is_said(sources: list[Source], tmp_path: Path) -> None:
    tree = build(sources, tmp_path, row("DOID:9003", "move", parent="DOID:9001"))
    assert tree.nodes["DOID:9003"].parents == {"DOID:9001"}
    tree = build(sources, tmp_path, row("DOID:9002", "move", parent="DOID:9003"))  # its own child
    assert [c.node for c in tree.conflicts if c.kind == "decision-not-possible"] == ["DOID:9002"]


def test_a_merge_carries_names_children_and_codes(sources: list[Source], tmp_path: Path) -> None:
    nodes = build(sources, tmp_path, row("DOID:9002", "merge", parent="DOID:9001")).nodes
    assert nodes["DOID:9002"].obsolete and nodes["DOID:9002"].replaced_by == {"DOID:9001"}
    assert nodes["DOID:9003"].parents == {"DOID:9001"}
    assert "beta disease" in {s.text for s in nodes["DOID:9001"].synonyms.values()}
    assert "DOID:9002" in nodes["DOID:9001"].xrefs


def test_placements_are_accepted_or_rejected(sources: list[Source], tmp_path: Path) -> None:
    before = build_tree(sources)
    (proposed,) = [c for c in before.conflicts if c.node == "UBERON:9001"]
    assert (proposed.kind, proposed.parent) == ("placed-by-name", "UBERON:0000344")
    yes = build(sources, tmp_path, row("UBERON:9001", "accept", "placed-by-name", parent=proposed.parent))
    assert yes.nodes["UBERON:9001"].placed == {} and yes.nodes["UBERON:9001"].tree_parent == "UBERON:0000344"
    no = build(sources, tmp_path, row("UBERON:9001", "reject", "placed-by-name", parent=proposed.parent))
    assert no.nodes["UBERON:9001"].tree_parent == "UBERON:0001062"


def test_relations_are_accepted(sources: list[Source], tmp_path: Path) -> None:
    yes = row("DOID:9001", "accept", "relation", relation="RO:0004026 UBERON:0002048")
    assert Relation("RO:0004026", "UBERON:0002048") in build(sources, tmp_path, yes).nodes["DOID:9001"].relations


def test_mappings_are_candidates_until_people_accept_and_rejections_are_kept(
    sources: list[Source], tmp_path: Path
) -> None:
    def sets(*rows: ReviewRow) -> tuple[list, list]:
        tree = build(sources, tmp_path, *rows)
        found = tree_mappings(tree.nodes.values(), tree.code_names, read_decisions([tmp_path / "d.tsv"]))
        return tuple([m for m in rows if m.subject_id == "DOID:9001"] for rows in found)  # type: ignore[return-value]

    stated, (candidate,) = sets()
    assert stated == []
    assert (candidate.object_id, candidate.object_label) == ("MESH:D999", "Alpha Diseases")
    assert candidate.mapping_justification == "semapv:LexicalMatching"
    (asked,) = candidate_rows([candidate])
    relation = "skos:exactMatch MESH:D999"
    assert (asked.kind, asked.relation) == ("mapping", relation)
    (accepted,), none = sets(row("DOID:9001", "accept", "mapping", relation=relation))
    assert none == [] and accepted.mapping_justification == "semapv:ManualMappingCuration"
    assert accepted.confidence == "1" and accepted.predicate_modifier == ""
    (rejected,), none = sets(row("DOID:9001", "reject", "mapping", relation=relation))
    assert none == [] and rejected.predicate_modifier == "Not" and rejected.object_id == "MESH:D999"


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (row("DOID:9001", "perhaps"), "decision 'perhaps' is unknown"),
        (row("alpha", "accept"), "'alpha' is no identifier"),
        (row("DOID:9001", "move"), "'move' needs a class in the column parent"),
        (row("DOID:9001", "accept", relation="part of"), "'part of' is not 'property target'"),
    ],
)
def test_a_decision_that_cannot_be_understood_is_named(tmp_path: Path, bad: ReviewRow, said: str) -> None:
    write_review([bad], tmp_path / "d.tsv")
    with pytest.raises(DataProblem, match=said) as problem:
        read_decisions([tmp_path / "d.tsv"])
    assert "d.tsv:3" in str(problem.value)


def test_a_decision_on_what_is_not_there_is_reported(sources: list[Source], tmp_path: Path) -> None:
    tree = build(sources, tmp_path, row("DOID:9999999", "move", parent="DOID:4"))
    assert [c.message for c in tree.conflicts if c.kind == "decision-not-possible"] == [
        "'move': it is no live class of this tree"
    ]


def test_decisions_in_a_runs_table_are_kept_and_the_later_one_counts(tmp_path: Path) -> None:
    review = tmp_path / "tree" / "review.tsv"
    review.parent.mkdir()
    move = row("DOID:9003", "move", "no-parent", parent="DOID:9001")
    write_review([move, row("DOID:9002", "", "no-parent")], review)
    keep_decisions(tmp_path)
    write_review([row("DOID:9001", "move", "no-parent", parent="DOID:4")], review)  # the next build's queue, filled in
    keep_decisions(tmp_path)
    kept = [found for _, found in read_review(tmp_path / "decisions.tsv")]
    assert [(found.id, found.decision) for found in kept] == [("DOID:9001", "move"), ("DOID:9003", "move")]
    write_review([row("DOID:9003", "reject", "no-parent")], review)
    keep_decisions(tmp_path)
    kept = [found for _, found in read_review(tmp_path / "decisions.tsv")]
    assert [(found.id, found.decision) for found in kept] == [("DOID:9001", "move"), ("DOID:9003", "reject")]
