"""The licence is one that is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import pandas as pd

from met_kg.filtering.context import Context
from met_kg.filtering.rules import Hit
from met_kg.filtering.words import rows

__all__ = ["PARAMETERS", "apply", "licence_name"]

PARAMETERS = ("allowed",)

_VERSION = re.compile(r"\d+\.\d+|(?<=[\s-])\d+(?=\s*$)")
_BETWEEN = re.compile(r"[^a-z0-9]+")
_PARTS = ("CC", "BY", "NC", "SA", "ND")


def apply(samples: pd.DataFrame, context: Context, *, allowed: str) -> Iterator[Hit]:
    """Objects to licences that are none of ``allowed``: names parted by commas, of any version or of the one given.

    A sample without a licence is left to the rule licence-missing.
    """
    wanted = {name.lower() for name in allowed.split(",")}
    for sample_id, licence in zip(samples["sample_id"], samples["licence"], strict=True):
        if not licence:
            continue
        name, version = licence_name(licence)
        if name.lower() not in wanted and f"{name}-{version}".lower() not in wanted:
            shown = f"{name}-{version}" if version else name
            said = f"'{licence}'" if shown == licence else f"'{licence}' ({shown})"
            yield Hit(sample_id, f"licence {said} is none of {allowed}")


@lru_cache(maxsize=4096)
def licence_name(text: str) -> tuple[str, str]:
    """Name (as SPDX writes it, without version) and version ('' when not stated) of a licence however written.

    >>> licence_name("CC BY-NC-SA 4.0"), licence_name("https://creativecommons.org/licenses/by-nc-sa/4.0/")
    (('CC-BY-NC-SA', '4.0'), ('CC-BY-NC-SA', '4.0'))
    >>> licence_name("Creative Commons Attribution-ShareAlike"), licence_name("listed as authorized for everyone")
    (('CC-BY-SA', ''), ('listed as authorized for everyone', ''))
    """
    version = _VERSION.search(text)
    rest = text.lower() if version is None else text[: version.start()].lower() + text[version.end() :].lower()
    words = f" {_BETWEEN.sub(' ', rest).strip()} "
    names: list[str] = []
    for wording, name in sorted(rows("licences.tsv"), key=lambda row: -len(row[0])):
        if f" {wording} " in words:
            words = words.replace(f" {wording} ", "  ")
            names += [] if name == "-" else [name]
    if words.strip() or not names:
        return text, ""
    others = sorted({n for n in names if n not in _PARTS})
    name = others[0] if others else "-".join(part for part in _PARTS if part in names)
    return name, version.group() if version else ""
