"""An item's proof: one SPARQL ASK, built from RDF terms, that holds exactly while the item is right.

A proof is a list of conditions. Each stands in the ASK under a comment that says it in words, so a failed proof can be
taken apart and its broken conditions named. See ``docs/proofs.md``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyoxigraph as ox

from met_kg.synthesis.apart import apart_conditions
from met_kg.synthesis.claims import CLAIMS, Condition, claim_conditions
from met_kg.synthesis.index import Candidate
from met_kg.synthesis.patterns import ANCESTOR, CLOSURE, DEPICTS, KIN, LINK, PARENT, SAMPLES, SHOWS, TREE, term
from met_kg.synthesis.questions.base import Target
from met_kg.vocabulary import Graphs

__all__ = ["PROOF_GRAPHS", "ask_text", "bindings", "conditions", "proof_json"]

#: The named graphs that proofs speak of.
PROOF_GRAPHS: Final = (Graphs.TREE, Graphs.CLOSURE, Graphs.SAMPLES)

_AXIS: Final = term("met:axis")
_TERM: Final = term("met:term")
_LABEL: Final = term("rdfs:label")


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
        **({"facts": [list(fact) for fact in target.facts]} if target.facts else {}),
    }


def conditions(bound: Mapping[str, Any]) -> list[Condition]:
    """The conditions of a proof as (what it says, SPARQL pattern).

    Raises
    ------
    KeyError, TypeError, ValueError
        when the bindings are not those of a proof.
    """
    sample, claim, key, axis = bound["sample"], bound["claim"], bound["key"], ox.Literal(str(bound["axis"]))
    k = term(key)
    found = [(f"{key} is a live node", f"{CLOSURE} {{ {k} {_AXIS} {axis} }}")]
    found += claim_conditions(claim, sample, bound["subject"], bound["carrier"], key)
    found += [_fact(*fact) for fact in bound.get("facts", ())]
    distractors = bound["distractors"]
    for distractor in distractors:
        d, relation = distractor["node"], distractor["relation"]
        found.append((f"{d} is a live node", f"{CLOSURE} {{ {term(d)} {_AXIS} {axis} }}"))
        if relation == "shown":
            found.append((f"{sample} depicts {d}", f"{SAMPLES} {{ {term(sample)} {DEPICTS} {term(d)} }}"))
        else:
            pattern = _relation(relation, key, d, distractor["carrier"], distractor["via"])
            found.append((f"{d} is {relation} of {key}", pattern))
    if distractors:
        found += _apart(bound, [d["node"] for d in distractors], shown=distractors[0]["relation"] == "shown")
    return found


def _apart(bound: Mapping[str, Any], nodes: Sequence[str], *, shown: bool) -> list[Condition]:
    """What must not be, asked of all distractors at once: reading a query takes longer than answering it."""
    sample, key, claim = bound["sample"], bound["key"], bound["claim"]
    k, names = term(key), " or ".join(nodes)
    values = f"VALUES ?d {{ {' '.join(map(term, nodes))} }}"
    found = [
        (
            f"{key} is neither kind nor part of {names}, nor the other way round",
            f"FILTER NOT EXISTS {{ {values} VALUES ?x {{ {k} }} FILTER({KIN}) }}",
        ),
        (
            f"{key} shares no name with {names}",
            f"FILTER NOT EXISTS {{ {values} {CLOSURE} {{ {k} {_TERM} ?name }} "
            f"FILTER(EXISTS {{ {CLOSURE} {{ ?d {_TERM} ?name }} }}) }}",
        ),
    ]
    if bound["axis"] == "disease":
        ends = " || ".join(f'STRENDS({one}, CONCAT(" ", {other}))' for one, other in (("?a", "?b"), ("?b", "?a")))
        found.append(
            (
                f"{key} is not named for {names}, nor the other way round",
                f"FILTER NOT EXISTS {{ {values} {CLOSURE} {{ {k} {_TERM} ?a }} "
                f"FILTER(EXISTS {{ {CLOSURE} {{ ?d {_TERM} ?b }} FILTER({ends}) }}) }}",
            )
        )
    if claim == "sibling":
        found += apart_conditions(bound["subject"], nodes)
    if not shown:
        found.append(
            (
                f"{sample} does not show {names}, nor a kind or part of it, nor what it is a kind or part of",
                f"FILTER NOT EXISTS {{ {values} {SAMPLES} {{ {term(sample)} {SHOWS} ?x }} FILTER(?x = ?d || {KIN}) }}",
            )
        )
    if (right := CLAIMS[claim].right if claim in CLAIMS else None) is not None:
        found.append(
            (
                f"{names} is no {claim} of {bound['subject']}",
                f"FILTER NOT EXISTS {{ {values} {right(bound['subject'], bound['carrier'])} }}",
            )
        )
    return found


def _fact(subject: str, predicate: str, value: str) -> Condition:
    """A triple that the words of an answer rest on."""
    graph = SAMPLES if subject.startswith("sample:") else TREE if predicate == "met:treeParent" else CLOSURE
    pattern = f"{graph} {{ {term(subject)} {term(predicate)} {term(value)} }}"
    return f"{subject} {predicate.partition(':')[2]} {value}", pattern


def _relation(relation: str, key: str, node: str, carrier: str, via: str) -> str:
    k, d = term(key), term(node)
    if relation == "same-axis":
        # Variables of two conditions would have to agree: none stands outside a FILTER.
        return f"FILTER EXISTS {{ {CLOSURE} {{ {k} {_AXIS} ?axis . {d} {_AXIS} ?axis }} }}"
    if relation == "confusable":
        last = 'REPLACE(LCASE(STR({})), "^.* ", "")'.format
        names = f"{TREE} {{ {k} {_LABEL} ?one . {d} {_LABEL} ?other }}"
        return f"FILTER EXISTS {{ {names} FILTER({last('?one')} = {last('?other')}) }}"
    v = term(via)
    if relation == "sibling":
        return f"{TREE} {{ {k} {PARENT} {v} . {d} {PARENT} {v} }}"
    c = term(carrier)
    if relation == "parent-sibling":
        return f"{TREE} {{ {k} {PARENT} {c} . {c} {PARENT} {v} . {d} {PARENT} {v} }}"
    if relation == "cousin":
        above = f"{TREE} {{ {c} {PARENT} ?g . {v} {PARENT} ?g }}"
        return f"{TREE} {{ {k} {PARENT} {c} . {d} {PARENT} {v} }} FILTER EXISTS {{ {above} }}"
    of = "" if carrier == key else f"{k} {ANCESTOR} {c} . "
    if relation == "same-location":
        return f"{CLOSURE} {{ {of}{c} {LINK['location']} {v} . {d} {LINK['location']} {v} }}"
    if relation == "same-modality":
        return f"{CLOSURE} {{ {of}{c} {LINK['imaging']} {v} . {d} {LINK['imaging']} {v} }}"
    raise ValueError(f"no distractor has the relation '{relation}'")


def ask_text(found: Sequence[Condition]) -> str:
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
