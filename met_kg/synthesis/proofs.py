"""An item's proof: one SPARQL ASK, built from RDF terms, that holds exactly while the item is right.

A proof is a list of conditions. Each stands in the ASK under a comment that says it in words, so a failed proof can be
taken apart and its broken conditions named. See ``docs/proofs.md``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import pyoxigraph as ox

from met_kg.synthesis.index import PREDICATE, Candidate
from met_kg.synthesis.questions.base import Target
from met_kg.vocabulary import Graphs, expand

__all__ = ["PROOF_GRAPHS", "ask_text", "bindings", "conditions", "proof_json"]

#: The named graphs that proofs speak of.
PROOF_GRAPHS: Final = (Graphs.TREE, Graphs.CLOSURE, Graphs.SAMPLES)


@lru_cache(maxsize=100_000)
def _t(curie: str) -> str:
    """A CURIE as a serialised RDF term; ValueError when it is none."""
    return str(ox.NamedNode(expand(curie)))


_TREE: Final = f"GRAPH {_t(Graphs.TREE)}"
_CLOSURE: Final = f"GRAPH {_t(Graphs.CLOSURE)}"
_SAMPLES: Final = f"GRAPH {_t(Graphs.SAMPLES)}"
_PARENT: Final = _t("met:treeParent")
_ANCESTOR: Final = _t("met:ancestor")
_PART_OF: Final = _t("met:partOf")
_DEPICTS: Final = _t("met:depicts")
_SHOWS: Final = f"{_t('met:depicts')}|{_t('met:mayDepict')}"
_EXCLUDES: Final = _t("met:excludes")
_AXIS: Final = _t("met:axis")
# EXISTS inside a FILTER is asked for each pair; a join would first list all kin of a distractor, or all names.
_KIN: Final = " || ".join(
    f"EXISTS {{ {_CLOSURE} {{ {one} {predicate} {other} }} }}"
    for one, other in (("?x", "?d"), ("?d", "?x"))
    for predicate in (_ANCESTOR, _PART_OF)
)
_TERM: Final = _t("met:term")
_LINK: Final = {claim: _t(predicate) for claim, predicate in PREDICATE.items()}


def bindings(sample_id: str, target: Target, axis: str, distractors: Sequence[Candidate]) -> dict[str, Any]:
    """What a proof's ASK is built from, as JSON can hold it; nodes are CURIEs."""
    return {
        "sample": f"sample:{sample_id}",
        "claim": target.claim,
        "subject": target.subject,
        "carrier": target.carrier,
        "key": target.key,
        "axis": axis,
        "distractors": [
            {"node": d.node, "relation": d.relation, "carrier": d.carrier, "via": d.via} for d in distractors
        ],
    }


def conditions(bound: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The conditions of a proof as (what it says, SPARQL pattern).

    Raises
    ------
    KeyError, TypeError, ValueError
        when the bindings are not those of a proof.
    """
    sample, key, axis = bound["sample"], bound["key"], ox.Literal(str(bound["axis"]))
    k = _t(key)
    found = [(f"{key} is a live node", f"{_CLOSURE} {{ {k} {_AXIS} {axis} }}")]
    found += _claim(bound["claim"], sample, bound["subject"], bound["carrier"], key)
    distractors = bound["distractors"]
    for distractor in distractors:
        d = distractor["node"]
        t = _t(d)
        found.append((f"{d} is a live node", f"{_CLOSURE} {{ {t} {_AXIS} {axis} }}"))
        found.append(
            (
                f"{d} is {distractor['relation']} of {key}",
                _relation(distractor["relation"], k, t, distractor["carrier"], distractor["via"], key),
            )
        )
    if distractors:
        # What must not be is asked of all distractors at once: reading a query takes longer than answering it.
        names = " or ".join(d["node"] for d in distractors)
        values = f"VALUES ?d {{ {' '.join(_t(d['node']) for d in distractors)} }}"
        found.append(
            (
                f"{key} is neither kind nor part of {names}, nor the other way round",
                f"FILTER NOT EXISTS {{ {values} VALUES ?x {{ {k} }} FILTER({_KIN}) }}",
            )
        )
        found.append(
            (
                f"{sample} does not show {names}, nor a kind or part of it, nor what it is a kind or part of",
                f"FILTER NOT EXISTS {{ {values} {_SAMPLES} {{ {_t(sample)} {_SHOWS} ?x }} FILTER(?x = ?d || {_KIN}) }}",
            )
        )
        found.append(
            (
                f"{key} shares no name with {names}",
                f"FILTER NOT EXISTS {{ {values} {_CLOSURE} {{ {k} {_TERM} ?name }} "
                f"FILTER(EXISTS {{ {_CLOSURE} {{ ?d {_TERM} ?name }} }}) }}",
            )
        )
        if bound["claim"] in _LINK:
            link, subject = _LINK[bound["claim"]], _t(bound["subject"])
            found.append(
                (
                    f"{names} is no {bound['claim']} of {bound['subject']}",
                    f"FILTER NOT EXISTS {{ {values} {_CLOSURE} {{ {{ {subject} {link} ?d }} "
                    f"UNION {{ {subject} {_ANCESTOR} ?a . ?a {link} ?d }} }} }}",
                )
            )
    return found


def _claim(claim: str, sample: str, subject: str, carrier: str, key: str) -> list[tuple[str, str]]:
    s, sub, k = _t(sample), _t(subject), _t(key)
    not_shown = (
        f"{sample} does not show {key} nor a kind of it",
        f"FILTER NOT EXISTS {{ {_SAMPLES} {{ {s} {_SHOWS} {k} }} }} "
        f"FILTER NOT EXISTS {{ {_SAMPLES} {{ {s} {_SHOWS} ?x }} {_CLOSURE} {{ ?x {_ANCESTOR} {k} }} }}",
    )
    if claim == "excludes":
        return [(f"{sample} excludes {key}", f"{_SAMPLES} {{ {s} {_EXCLUDES} {k} }}"), not_shown]
    found = [(f"{sample} depicts {subject}", f"{_SAMPLES} {{ {s} {_DEPICTS} {sub} }}")]
    if claim == "depicts":
        if subject != key:
            found.append((f"{subject} is a kind of {key}", f"{_CLOSURE} {{ {sub} {_ANCESTOR} {k} }}"))
    elif claim == "parent":
        found.append((f"{key} is the tree parent of {subject}", f"{_TREE} {{ {sub} {_PARENT} {k} }}"))
    elif claim in _LINK:
        says = f"{key} is disjoint with {carrier}" if claim == "disjoint" else f"{key} is a {claim} of {carrier}"
        found.append((says, f"{_CLOSURE} {{ {_t(carrier)} {_LINK[claim]} {k} }}"))
        if claim == "disjoint":
            found.append(not_shown)
        if carrier != subject:
            found.append((f"{subject} is a kind of {carrier}", f"{_CLOSURE} {{ {sub} {_ANCESTOR} {_t(carrier)} }}"))
    else:
        raise ValueError(f"no proof has the claim '{claim}'")
    return found


def _relation(relation: str, k: str, d: str, carrier: str, via: str, key: str) -> str:
    if relation == "same-axis":
        return f"{_CLOSURE} {{ {k} {_AXIS} ?axis . {d} {_AXIS} ?axis }}"
    v = _t(via)
    if relation == "sibling":
        return f"{_TREE} {{ {k} {_PARENT} {v} . {d} {_PARENT} {v} }}"
    c = _t(carrier)
    if relation == "parent-sibling":
        return f"{_TREE} {{ {k} {_PARENT} {c} . {c} {_PARENT} {v} . {d} {_PARENT} {v} }}"
    if relation == "cousin":
        return f"{_TREE} {{ {k} {_PARENT} {c} . {d} {_PARENT} {v} . {c} {_PARENT} ?g . {v} {_PARENT} ?g }}"
    if relation == "same-location":
        of = "" if carrier == key else f"{k} {_ANCESTOR} {c} . "
        return f"{_CLOSURE} {{ {of}{c} {_LINK['location']} {v} . {d} {_LINK['location']} {v} }}"
    raise ValueError(f"no distractor has the relation '{relation}'")


def ask_text(found: Sequence[tuple[str, str]]) -> str:
    """The ASK of some conditions: each in a group of its own, under a comment that says it."""
    return "ASK {\n" + "".join(f"  # {says}\n  {{ {pattern} }}\n" for says, pattern in found) + "}"


def proof_json(bound: Mapping[str, Any], tree_version: Mapping[str, str], provenance: Mapping[str, Any]) -> str:
    """The ``proof`` column of an item."""
    return json.dumps(
        {
            "tree": dict(tree_version),
            "query": {"name": f"synthesize/{'distractors' if bound['distractors'] else 'nodes'}", "bindings": bound},
            "ask": ask_text(conditions(bound)),
            "provenance": dict(provenance),
        },
        ensure_ascii=False,
        sort_keys=True,
    )
