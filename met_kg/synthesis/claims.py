"""What an item claims of its key: the conditions that make the key right, and what would make another node right too.

A claim is about a sample, the ``subject`` that the sample depicts, a ``carrier`` (the subject, an ancestor of it, or
the node in the middle of two steps) and the key. See the table in ``docs/proofs.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from met_kg.synthesis.patterns import (
    ANCESTOR,
    CLOSURE,
    DEPICTS,
    EXCLUDES,
    KIN,
    LINK,
    PARENT,
    PART_OF,
    SAMPLES,
    SHOWS,
    TREE,
    term,
)

__all__ = ["CLAIMS", "DENIALS", "Claim", "Condition", "claim_conditions"]

#: What a condition says, and its SPARQL pattern.
Condition = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Claim:
    """A kind of claim.

    Attributes
    ----------
    holds
        from subject, carrier and key (CURIEs): what must hold in the tree.
    right
        from subject and carrier: a pattern that binds ``?d`` to every node that is right; None where what the sample
        shows decides.
    spread
        whether what is right of a node may hold of its kin without being stated: a whole is no safe 'no' when a part
        is right. Not so of kinds: all that a thing is a kind of is stated.
    """

    holds: Callable[[str, str, str], list[Condition]]
    right: Callable[[str, str], str] | None = None
    spread: bool = True


#: What a kind of link is called where 'a <kind>' is no English.
_WORD: Final = {"imaging": "an examination"}


def _linked(kind: str) -> Claim:
    link = LINK[kind]

    def holds(subject: str, carrier: str, key: str) -> list[Condition]:
        says = f"{key} is {_WORD.get(kind, f'a {kind}')} of {carrier}"
        return [(says, f"{CLOSURE} {{ {term(carrier)} {link} {term(key)} }}"), *_kind(subject, carrier)]

    def right(subject: str, carrier: str) -> str:
        s = term(subject)
        return f"{CLOSURE} {{ {{ {s} {link} ?d }} UNION {{ {s} {ANCESTOR} ?a . ?a {link} ?d }} }}"

    return Claim(holds, right)


def _kind(subject: str, carrier: str) -> list[Condition]:
    if subject == carrier:
        return []
    return [(f"{subject} is a kind of {carrier}", f"{CLOSURE} {{ {term(subject)} {ANCESTOR} {term(carrier)} }}")]


def _parent(subject: str, carrier: str, key: str) -> list[Condition]:
    return [(f"{key} is the tree parent of {subject}", f"{TREE} {{ {term(subject)} {PARENT} {term(key)} }}")]


def _sibling(subject: str, carrier: str, key: str) -> list[Condition]:
    c = term(carrier)
    return [
        (f"{carrier} is the tree parent of {subject}", f"{TREE} {{ {term(subject)} {PARENT} {c} }}"),
        (f"{carrier} is the tree parent of {key}", f"{TREE} {{ {term(key)} {PARENT} {c} }}"),
    ]


def _part(subject: str, carrier: str, key: str) -> list[Condition]:
    if subject == key:
        return []
    return [(f"{subject} is part of {key}", f"{CLOSURE} {{ {term(subject)} {PART_OF} {term(key)} }}")]


def _disjoint(subject: str, carrier: str, key: str) -> list[Condition]:
    says = f"{key} is disjoint with {carrier}"
    return [(says, f"{CLOSURE} {{ {term(carrier)} {LINK['disjoint']} {term(key)} }}"), *_kind(subject, carrier)]


def _shared_symptom(subject: str, carrier: str, key: str) -> list[Condition]:
    link, c = LINK["symptom"], term(carrier)
    return [
        (f"{subject} is a symptom of {carrier}", f"{CLOSURE} {{ {c} {link} {term(subject)} }}"),
        (f"{key} is a symptom of {carrier}", f"{CLOSURE} {{ {c} {link} {term(key)} }}"),
    ]


def _seat_imaged(subject: str, carrier: str, key: str) -> list[Condition]:
    c = term(carrier)
    return [
        (f"{subject} is a location of {carrier}", f"{CLOSURE} {{ {c} {LINK['location']} {term(subject)} }}"),
        (f"{key} is {_WORD['imaging']} of {carrier}", f"{CLOSURE} {{ {c} {LINK['imaging']} {term(key)} }}"),
    ]


def _right_seat(subject: str, carrier: str) -> str:
    s, imaged = term(subject), LINK["imaging"]
    return f"{CLOSURE} {{ {{ {s} {imaged} ?d }} UNION {{ ?a {LINK['location']} {s} . ?a {imaged} ?d }} }}"


CLAIMS: Final[Mapping[str, Claim]] = {
    "depicts": Claim(lambda subject, carrier, key: _kind(subject, key)),
    "excludes": Claim(lambda subject, carrier, key: []),
    "disjoint": Claim(_disjoint),
    "part-of": Claim(_part),
    "parent": Claim(_parent, lambda subject, carrier: f"{CLOSURE} {{ {term(subject)} {ANCESTOR} ?d }}", spread=False),
    "sibling": Claim(_sibling, lambda subject, carrier: f"{TREE} {{ ?d {PARENT} {term(carrier)} }}"),
    "location": _linked("location"),
    "symptom": _linked("symptom"),
    "imaging": _linked("imaging"),
    "shared-symptom": Claim(
        _shared_symptom,
        lambda subject, carrier: f"{CLOSURE} {{ ?a {LINK['symptom']} {term(subject)} . ?a {LINK['symptom']} ?d }}",
    ),
    "seat-imaging": Claim(_seat_imaged, _right_seat),
}
#: Claims whose key is not so: ``not-location`` says that the key is no location of the subject.
_NEGATED: Final = ("parent", "location", "symptom", "imaging")
#: Claims that answer a question for yes or no with 'no'.
DENIALS: Final = frozenset(("excludes", "disjoint", *(f"not-{name}" for name in _NEGATED)))


def claim_conditions(claim: str, sample: str, subject: str, carrier: str, key: str) -> list[Condition]:
    """What must hold for the key to be right.

    Raises
    ------
    ValueError
        for a claim that does not exist, or a name that is no CURIE.
    """
    s, k = term(sample), term(key)
    not_shown = (
        f"{sample} does not show {key} nor a kind of it",
        f"{_never(f'{SAMPLES} {{ {s} {SHOWS} {k} }}')} "
        f"{_never(f'{SAMPLES} {{ {s} {SHOWS} ?x }} {CLOSURE} {{ ?x {ANCESTOR} {k} }}')}",
    )
    if claim == "excludes":
        return [(f"{sample} excludes {key}", f"{SAMPLES} {{ {s} {EXCLUDES} {k} }}"), not_shown]
    found = [(f"{sample} depicts {subject}", f"{SAMPLES} {{ {s} {DEPICTS} {term(subject)} }}")]
    base = claim.removeprefix("not-")
    if base not in CLAIMS or (claim != base and claim not in DENIALS):
        raise ValueError(f"no proof has the claim '{claim}'")
    if claim == base:
        found += CLAIMS[base].holds(subject, carrier, key)
        return [*found, not_shown] if claim == "disjoint" else found
    right = CLAIMS[base].right
    assert right is not None
    if not CLAIMS[base].spread:
        wrong = _never(f"VALUES ?d {{ {k} }} {right(subject, carrier)}")
        return [*found, (f"{key} is no {base} of {subject}, near or far", wrong), not_shown]
    wrong = _never(f"VALUES ?x {{ {k} }} {right(subject, carrier)} FILTER(?x = ?d || {KIN})")
    return [*found, (f"{key} is no {base} of {subject}, nor related to one", wrong), not_shown]


def _never(pattern: str) -> str:
    return f"FILTER NOT EXISTS {{ {pattern} }}"
