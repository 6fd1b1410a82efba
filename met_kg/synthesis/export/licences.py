"""Licences of samples: which may leave, and what the Hugging Face hub and schema.org call them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from typing import Final

from met_kg.filtering.rules.licence import licence_name

__all__ = ["UNSTATED", "address", "hub_name", "refusal"]

#: The word that allows samples whose source states no licence.
UNSTATED: Final = "unstated"


def refusal(licence: str, allowed: Sequence[str]) -> str:
    """Why a sample under ``licence`` may not leave, '' when it may; an empty list allows all.

    An allowed licence without a version allows every version of it.

    >>> refusal("CC BY-NC 4.0", ["CC BY", "cc-by-sa"]), refusal("CC BY 3.0", ["CC-BY"])
    ("licence 'CC BY-NC 4.0' is not among those allowed", '')
    >>> refusal("CC BY 3.0", ["CC BY 4.0"]), refusal("", ["CC BY"]), refusal("", ["unstated"])
    ("licence 'CC BY 3.0' is not among those allowed", 'no licence is stated', '')
    """
    if not allowed:
        return ""
    if not licence:
        return "" if UNSTATED in (text.casefold() for text in allowed) else "no licence is stated"
    name, version = _parts(licence)
    fits = any(name == wanted and at in ("", version) for wanted, at in map(_parts, allowed))
    return "" if fits else f"licence '{licence}' is not among those allowed"


def hub_name(licence: str) -> str:
    """The hub's identifier; 'unknown' for none, 'other' for one that the hub does not list.

    >>> hub_name("CC BY-NC-SA 4.0"), hub_name("CC BY"), hub_name(""), hub_name("ask the author")
    ('cc-by-nc-sa-4.0', 'cc', 'unknown', 'other')
    """
    if not licence:
        return "unknown"
    return _known().get(licence_name(licence), ("other", ""))[0]


def address(licence: str) -> str:
    """Where the licence's text is, '' where that is not known.

    >>> address("CC-BY-4.0"), address("CC BY")
    ('https://creativecommons.org/licenses/by/4.0/', '')
    """
    return _known().get(licence_name(licence), ("", ""))[1]


def _parts(licence: str) -> tuple[str, str]:
    name, version = licence_name(licence)
    return name.casefold(), version


@lru_cache(maxsize=1)
def _known() -> dict[tuple[str, str], tuple[str, str]]:
    text = (resources.files("met_kg.synthesis.data") / "hub-licences.tsv").read_text(encoding="utf-8")
    lines = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return {(name, version): (hub, "" if where == "-" else where) for name, version, hub, where in lines[1:]}
