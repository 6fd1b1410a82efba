"""Prove items again over a store, and say what is wrong with those that fail."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
import pyoxigraph as ox

from met_kg.graph.store import Graph
from met_kg.log import Log, silent
from met_kg.synthesis.claims import DENIALS
from met_kg.synthesis.index import TreeIndex, spaced
from met_kg.synthesis.names import Names
from met_kg.synthesis.plan import LETTERS
from met_kg.synthesis.proofs import PROOF_GRAPHS, ask_text, conditions
from met_kg.synthesis.second_engine import rdflib_ask

__all__ = ["Engine", "Failure", "verify_items"]

#: What can answer a proof's ASK.
Engine = Literal["pyoxigraph", "rdflib"]
Ask = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Failure:
    """An item that no longer holds, and every reason found."""

    item_id: str
    reasons: tuple[str, ...]


def verify_items(
    vqa: pd.DataFrame, graph: Graph, *, engine: Engine = "pyoxigraph", log: Log = silent
) -> Iterator[Failure]:
    """Items of table ``vqa`` whose proof fails over the graph, in order of the table.

    The stored ASK must be the one that the item's own columns call for (so a changed key, distractor or answer is
    noticed, and no foreign query is ever run), and it must hold. The conditions of a failed ASK are then asked one by
    one. ``engine`` answers the ASKs: the store itself, or rdflib as a second opinion.
    """
    tree = TreeIndex(graph)
    names = Names(tree)
    ask = _ask_of(graph) if engine == "pyoxigraph" else rdflib_ask(graph, PROOF_GRAPHS)
    for item in log.track(vqa.to_dict("records"), "items proved"):
        reasons = _reasons(item, ask, tree, names)
        if reasons:
            yield Failure(str(item["item_id"]), tuple(reasons))


def _ask_of(graph: Graph) -> Ask:
    def ask(text: str) -> bool:
        answer = graph.store.query(text)
        return isinstance(answer, ox.QueryBoolean) and bool(answer)

    return ask


def _reasons(item: Mapping[Any, Any], holds: Ask, tree: TreeIndex, names: Names) -> list[str]:
    try:
        proof = json.loads(item["proof"])
        bound = proof["query"]["bindings"]
        expected = ask_text(conditions(bound))
        ask = str(proof["ask"])
        stated = (bound["sample"], bound["key"], [(d["node"], d["relation"]) for d in bound["distractors"]])
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        return [f"the proof cannot be read: {type(problem).__name__} {problem}"]
    columns = (
        f"sample:{item['sample_id']}",
        item["key_node"],
        list(zip(item["distractor_nodes"], item["distractor_relations"], strict=False)),
    )
    if ask != expected or stated != columns or len(item["distractor_nodes"]) != len(bound["distractors"]):
        return ["the stored proof is not the proof of this item: it or the item was changed"]
    reasons = []
    if not holds(ask):
        reasons = _broken(holds, bound) or ["no longer true: its conditions together"]
    return [*reasons, *_wording(item, bound, tree, names)]


def _broken(holds: Ask, bound: Mapping[str, Any]) -> list[str]:
    """The conditions that do not hold by themselves, each asked of one distractor at a time."""
    single = [conditions({**bound, "distractors": some}) for some in ([], *([d] for d in bound["distractors"]))]
    claims = dict.fromkeys(claim for part in single for claim in part)
    return [f"no longer true: {says}" for says, pattern in claims if not holds(ask_text([(says, pattern)]))]


def _wording(item: Mapping[Any, Any], bound: Mapping[str, Any], tree: TreeIndex, names: Names) -> list[str]:
    """What is wrong with the words: the answer must name the key, each option its node.

    A node that is gone was named already.
    """
    nodes = [str(item["key_node"]), *map(str, item["distractor_nodes"])]
    if any(node not in tree.nodes for node in nodes):
        return []
    answer, options = str(item["answer"]), [str(o) for o in item["options"]]
    if item["format"] == "yes-no":
        right = "no" if bound["claim"] in DENIALS else "yes"
        wrong = [] if answer == right else [f"the answer is '{answer}' and the graph says '{right}'"]
        asked = spaced(str(item["question"]))
        if not any(term in asked for term in (spaced(names[nodes[0]]), *tree.terms(nodes[0]))):
            wrong.append(f"the question does not ask about {nodes[0]}")
        return wrong
    if item["format"] == "open" and bound.get("facts"):
        said = [value for _, _, value in bound["facts"] if value in tree.nodes]
        words = spaced(answer)
        return [
            f"the answer does not name {node}"
            for node in said
            if spaced(names[node]) not in words and not any(term in words for term in tree.terms(node))
        ]
    if item["format"] == "open":
        return [] if _calls(answer, nodes[0], tree, names) else [f"the answer '{answer}' is no name of {nodes[0]}"]
    place = LETTERS.find(answer) if len(answer) == 1 else -1
    if not 0 <= place < len(options) or len(options) != len(nodes):
        return [f"the answer '{answer}' is no letter of its {len(options)} options"]
    called = nodes[1:]
    called.insert(place, nodes[0])
    return [
        f"option {letter}, '{said}', is no name of {node}"
        for letter, said, node in zip(LETTERS, options, called, strict=False)
        if not _calls(said, node, tree, names)
    ]


def _calls(said: str, node: str, tree: TreeIndex, names: Names) -> bool:
    """Whether a node is called so: by its name in sentences, or by any that the tree holds."""
    return said == names[node] or spaced(said) in tree.terms(node)
