"""The data set card of an export."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import pandas as pd

__all__ = ["card"]

_MOST_NAMED: Final = 20


def card(
    samples: pd.DataFrame,
    captions: pd.DataFrame,
    vqa: pd.DataFrame,
    counts: Mapping[str, int],
    unusable: Sequence[tuple[str, str]],
) -> str:
    """README.md of an export: its contents, licences and making, and what it must not be used for."""
    synthetic = int(samples["synthetic"].sum())
    parts = [
        "# Medical image captions and questions with proofs",
        "Made by MET-KG from image-text pairs and the Medical Entity Tree. **Not a medical device**: nothing here may "
        "be used for diagnosis or treatment, and no model trained on it is fit for that.",
        "## What is in it",
        _table(("count", "n"), sorted(counts.items())),
        "## Licences",
        "Each record carries the licence of its sample. An empty licence means that the source states none: ask there "
        "before you pass such a record on.",
        _counted(samples, "source", "licence"),
        "## Items",
        _counted(vqa, "type", "format", "difficulty"),
        _counted(vqa, "split"),
        _counted(vqa[vqa["format"] != "open"], "type", "answer"),
        "## Captions",
        _counted(captions, "level"),
        "## How it was made",
        "Captions and questions are written by rule from the nodes that a sample's text and metadata name; wrong "
        "answers are relatives of the right one in the tree, chosen by SPARQL. The column `proof` of each item holds "
        "the query that shows it right; `met verify FOLDER` asks them all again over `graph/`.",
        "## Limits",
        "- What a sample shows is taken from its text and metadata, not from a look at the image: an error there is "
        "one here.\n"
        "- An option is wrong in the sense that the record does not state it; a second, unstated disease cannot be "
        "ruled out.\n"
        "- The tree's general knowledge is only as complete as its sources.\n"
        f"- {synthetic} of {len(samples)} samples are drawn by the project and show no patient.",
    ]
    if unusable:
        named = [f"- `{sample}`: {why}" for sample, why in unusable[:_MOST_NAMED]]
        more = len(unusable) - _MOST_NAMED
        parts += ["## Left out", "\n".join(named + ([f"- and {more} more"] if more > 0 else []))]
    return "\n\n".join(part for part in parts if part) + "\n"


def _counted(table: pd.DataFrame, *columns: str) -> str:
    """How many rows there are for each combination of values, in order."""
    found = Counter(zip(*(table[c] for c in columns), strict=True))
    return _table((*columns, "n"), [(*values, n) for values, n in sorted(found.items())])


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [" | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in row) for row in rows]
    if not lines:
        return "None."
    return "\n".join(f"| {line} |" for line in (" | ".join(head), " | ".join("---" for _ in head), *lines))
