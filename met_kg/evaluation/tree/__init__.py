"""Accuracy along the tree: which axes and branches a model knows, how it errs, and where the next data should be."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from met_kg.evaluation.benchmark import Benchmark
from met_kg.evaluation.records import write_jsonl
from met_kg.evaluation.tree.accuracy import Answers, by_axis, by_branch, by_depth, by_node, items_of
from met_kg.evaluation.tree.errors import relation_of, relations_of_errors
from met_kg.evaluation.tree.links import Linked, given_nodes, link_records
from met_kg.evaluation.tree.nodes import Tree
from met_kg.evaluation.tree.worst import MIN_ITEMS, slice_command, worst_branches
from met_kg.graph.store import Graph

__all__ = ["NODES", "TABLE", "Along", "along_the_tree", "slice_command"]

#: Files beside ``metrics.json``: accuracy of each node, and the nodes of each item.
TABLE: Final = "along_the_tree.csv"
NODES: Final = "nodes.jsonl"


@dataclass(frozen=True, slots=True)
class Along:
    """What :func:`along_the_tree` found: the part ``tree`` of the metrics, a row a node, and a line an item."""

    metrics: dict[str, Any]
    table: list[dict[str, Any]]
    items: list[dict[str, Any]]

    def write(self, out: Path) -> None:
        """Write ``along_the_tree.csv`` and ``nodes.jsonl``; ``metrics`` belong to ``metrics.json``."""
        out.mkdir(parents=True, exist_ok=True)
        with (out / TABLE).open("w", encoding="utf-8", newline="") as stream:
            names = list(self.table[0]) if self.table else ["node"]
            writer = csv.DictWriter(stream, names, lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.table)
        write_jsonl(self.items, out / NODES)


def along_the_tree(
    graph: Graph,
    bench: Benchmark,
    lines: Sequence[Mapping[str, Any]],
    items: Sequence[Mapping[str, Any]],
    *,
    min_items: int = MIN_ITEMS,
) -> Along:
    """Roll a scored benchmark up along a tree.

    Parameters
    ----------
    graph
        an open store with a tree; where it holds items too, worst branches name the slice that has more of them. Names
        and links are kept for further benchmarks on the same graph.
    lines
        ``{"record": {...}, "model_output": "..."}``, as they were scored.
    items
        what the scorer wrote of each line.
    min_items
        a branch with fewer is not ranked among the worst.
    """
    tree = _tree(graph)
    linked = link_records(tree, bench, [line.get("record") for line in lines])
    given = list(given_nodes(tree, linked, items, [str(line.get("model_output") or "") for line in lines]))
    answers = Answers([bool(i["correct"]) for i in items], [str(i.get("cluster", i["index"])) for i in items])
    relations = [relation_of(tree, *one) for one in zip(linked, given, items, strict=True)]
    places = items_of(tree, [link.about for link in linked])
    overall = sum(answers.right) / len(items) if items else 0.0
    metrics = {
        "linked": _counts(linked, [bool(nodes) for nodes in given]),
        "unlinked": sum(not link.about for link in linked),
        "axes": by_axis(tree, places, answers),
        "branches": by_branch(tree, linked, answers),
        "depths": by_depth(tree, linked, answers),
        "errors": relations_of_errors(tree, linked, given, relations, items, answers.clusters),
        "worst": worst_branches(tree, places, answers, overall=overall, min_items=min_items),
    }
    listed = [
        {
            "index": item["index"],
            "id": item["id"],
            "question": link.question,
            "answer": link.gold,
            "given": nodes,
            "relation": relation,
        }
        for item, link, nodes, relation in zip(items, linked, given, relations, strict=True)
    ]
    return Along(metrics, by_node(tree, linked, given, places, answers), listed)


@lru_cache(maxsize=1)
def _tree(graph: Graph) -> Tree:
    """The tree of the graph asked last: its names take seconds to read, and a call has several benchmarks."""
    return Tree(graph)


def _counts(linked: Sequence[Linked], given: Sequence[bool]) -> dict[str, int]:
    return {
        "items": len(linked),
        "question": sum(bool(link.question) for link in linked),
        "answer": sum(bool(link.gold) for link in linked),
        "question or answer": sum(bool(link.about) for link in linked),
        "answer given": sum(given),
    }
