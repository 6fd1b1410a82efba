"""What a proof says of diseases that have no group in common: :meth:`met_kg.synthesis.grouping.Grouping.apart`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from met_kg.synthesis.claims import Condition
from met_kg.synthesis.grouping import INFECTION, NO_CLASS, SYSTEM
from met_kg.synthesis.patterns import ANCESTOR, CLOSURE, LINK, PART_OF, term

__all__ = ["apart_conditions"]


def apart_conditions(subject: str, others: Sequence[str]) -> Iterator[Condition]:
    """That none of the other diseases is in any group with the subject."""
    s, names = term(subject), " or ".join(others)
    values = f"VALUES ?d {{ {' '.join(map(term, others))} }}"
    said = ", ".join(map(term, NO_CLASS))
    # EXISTS inside a FILTER is asked for each class or system of the subject; a join would first list all of the tree.
    classes = f"{CLOSURE} {{ {s} {ANCESTOR} ?class }} FILTER(?class NOT IN ({said}))"
    yield (
        f"{names} shares no class with {subject}",
        f"FILTER NOT EXISTS {{ {values} {classes} FILTER(EXISTS {{ {CLOSURE} {{ ?d {ANCESTOR} ?class }} }}) }}",
    )
    yield (
        f"{names} is no infection",
        f"FILTER NOT EXISTS {{ {values} {CLOSURE} {{ ?d {ANCESTOR} {term(INFECTION)} }} }}",
    )
    for node in (subject, *others):
        yield f"{node} sits in an organ system", f"FILTER EXISTS {{ {_seat(node)} }}"
    for node in others:
        yield (
            f"{node} sits in no organ system that {subject} sits in",
            f"FILTER NOT EXISTS {{ {_seat(subject)} {_seat(node)} }}",
        )


def _seat(disease: str) -> str:
    """Binds ``?system`` to the systems of query ``synthesize/systems``; a query of its own, so that it is quick."""
    d, located = term(disease), LINK["location"]
    ways = f"{{ {d} {located} ?place }} UNION {{ {d} {ANCESTOR} ?above . ?above {located} ?place }}"
    places = f"{{ SELECT DISTINCT ?place WHERE {{ {CLOSURE} {{ {ways} }} }} }}"
    system = f"{CLOSURE} {{ ?system {ANCESTOR} {term(SYSTEM)} }}"
    within = f"FILTER(?place = ?system || EXISTS {{ {CLOSURE} {{ ?place {PART_OF} ?system }} }})"
    return f"{{ SELECT DISTINCT ?system WHERE {{ {places} {system} {within} }} }}"
