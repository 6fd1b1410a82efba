"""Prove items again over a store, and say what is wrong with those that fail."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import pandas as pd
import pyoxigraph as ox

from met_kg.graph.store import Graph
from met_kg.log import Log, silent
from met_kg.synthesis.captions.naming import is_named
from met_kg.synthesis.causes import Cause, Causes
from met_kg.synthesis.claims import DENIALS
from met_kg.synthesis.index import TreeIndex, spaced
from met_kg.synthesis.names import Names
from met_kg.synthesis.plan import LETTERS
from met_kg.synthesis.proofs import PROOF_GRAPHS, ask_text, conditions
from met_kg.synthesis.second_engine import rdflib_ask

__all__ = ["Engine", "Failure", "verify_items", "write_failures"]

#: What can answer a proof's ASK.
Engine = Literal["pyoxigraph", "rdflib"]
Ask = Callable[[str], bool]
#: Items whose ASKs are handed out at once.
_BATCH: Final = 1024


@dataclass(frozen=True, slots=True)
class Failure:
    """An item that no longer holds: every reason found (a condition in words), and what caused them."""

    item_id: str
    reasons: tuple[str, ...]
    causes: tuple[Cause, ...] = ()


def verify_items(
    vqa: pd.DataFrame, graph: Graph, *, engine: Engine = "pyoxigraph", before: Graph | None = None, log: Log = silent
) -> Iterator[Failure]:
    """Items of table ``vqa`` whose proof fails over the graph, in order of the table.

    The stored ASK must be the one that the item's own columns call for (so a changed key, distractor or answer is
    noticed, and no foreign query is ever run), and it must hold. The conditions of a failed ASK are then asked one by
    one, and the graph is asked what happened.

    Parameters
    ----------
    engine
        who answers the ASKs: the store itself, by as many threads as there are cores, or rdflib as a second opinion.
    before
        the graph that the items were made over, where ``graph`` holds a newer tree: causes then say what was.
    """
    tree = TreeIndex(graph)
    names = Names(tree)
    ask = _ask_of(graph) if engine == "pyoxigraph" else rdflib_ask(graph, PROOF_GRAPHS)
    verifier = _Verifier(ask, tree, names, Causes(graph, before), _ask_of(before) if before is not None else None)
    # The store answers outside Python's lock; rdflib is Python.
    with ThreadPoolExecutor(os.cpu_count() if engine == "pyoxigraph" else 1) as pool:
        for item, proof, holds in log.track(_answered(vqa, ask, pool), "items proved", total=len(vqa)):
            failure = verifier.failure(item, proof, holds)
            if failure is not None:
                yield failure


def write_failures(failures: Sequence[Failure], vqa: pd.DataFrame, path: Path) -> None:
    """Tab-separated text: one row for each cause of each failure, beside all that no longer holds of the item."""
    about = vqa.drop_duplicates("item_id").set_index("item_id")[["sample_id", "type", "format"]].to_dict("index")
    rows = [
        {
            "item_id": failure.item_id,
            **about[failure.item_id],
            "cause": cause.kind,
            "node": cause.node,
            "what": cause.what,
            "no_longer_true": "; ".join(r.removeprefix("no longer true: ") for r in failure.reasons),
        }
        for failure in failures
        for cause in failure.causes
    ]
    columns = ["item_id", "sample_id", "type", "format", "cause", "node", "what", "no_longer_true"]
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows, columns=columns).to_csv(path, sep="\t", index=False)


@dataclass(frozen=True, slots=True)
class _Proof:
    """The stored proof of an item: bindings and ASK, or why there is none to ask."""

    bound: Mapping[str, Any]
    ask: str = ""
    fault: Cause | None = None


def _answered(
    vqa: pd.DataFrame, ask: Ask, pool: ThreadPoolExecutor
) -> Iterator[tuple[Mapping[Any, Any], _Proof, bool]]:
    """Every item with its proof and whether the ASK holds, in order."""
    for start in range(0, len(vqa), _BATCH):
        items = vqa.iloc[start : start + _BATCH].to_dict("records")
        proofs = [_proof(item) for item in items]
        answers = pool.map(lambda proof: proof.fault is None and ask(proof.ask), proofs, chunksize=32)
        yield from zip(items, proofs, answers, strict=True)


def _ask_of(graph: Graph) -> Ask:
    def ask(text: str) -> bool:
        answer = graph.store.query(text)
        return isinstance(answer, ox.QueryBoolean) and bool(answer)

    return ask


def _proof(item: Mapping[Any, Any]) -> _Proof:
    """The proof of an item, which must be the one that the project itself would write for its columns."""
    try:
        proof = json.loads(item["proof"])
        bound = proof["query"]["bindings"]
        expected = ask_text(conditions(bound))
        ask = str(proof["ask"])
        stated = (bound["sample"], bound["key"], [(d["node"], d["relation"]) for d in bound["distractors"]])
        pairs = list(zip(item["distractor_nodes"], item["distractor_relations"], strict=True))
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        said = f"the proof cannot be read: {type(problem).__name__} {problem}"
        return _Proof({}, fault=Cause("unreadable", "", said))
    columns = (f"sample:{item['sample_id']}", item["key_node"], pairs)
    if ask != expected or stated != columns:
        said = "the stored proof is not the proof of this item: it or the item was changed"
        return _Proof(bound, fault=Cause("changed", "", said))
    return _Proof(bound, ask)


@dataclass(frozen=True, slots=True)
class _Verifier:
    """Says of answered items what is wrong with them."""

    ask: Ask
    tree: TreeIndex
    names: Names
    causes: Causes
    ask_before: Ask | None

    def failure(self, item: Mapping[Any, Any], proof: _Proof, holds: bool) -> Failure | None:
        """None when the proof holds and the words are right."""
        name = str(item["item_id"])
        if proof.fault is not None:
            return Failure(name, (proof.fault.what,), (proof.fault,))
        broken = [] if holds else self._broken(proof.bound)
        reasons = [f"no longer true: {says}" for says, _ in broken]
        if not holds and not broken:
            reasons = ["no longer true: its conditions together"]
        causes = [Cause("other", "", reason) for reason in reasons if not broken]
        causes += [
            cause
            for says, pattern in broken
            for cause in self.causes.of(
                says, pattern, proof.bound, self.ask_before is not None and self.ask_before(_one(says, pattern))
            )
        ]
        wrong = _wording(item, proof.bound, self.tree, self.names)
        causes += [Cause("words", "", said) for said in wrong]
        reasons += wrong
        return Failure(name, tuple(reasons), tuple(dict.fromkeys(causes))) if reasons else None

    def _broken(self, bound: Mapping[str, Any]) -> list[tuple[str, str]]:
        """The conditions that do not hold by themselves, each asked of one distractor at a time."""
        single = [conditions({**bound, "distractors": some}) for some in ([], *([d] for d in bound["distractors"]))]
        claims = dict.fromkeys(claim for part in single for claim in part)
        return [(says, pattern) for says, pattern in claims if not self.ask(_one(says, pattern))]


def _one(says: str, pattern: str) -> str:
    return ask_text([(says, pattern)])


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
        return [f"the answer does not name {node}" for node in said if not is_named(answer, node, tree, names)]
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
