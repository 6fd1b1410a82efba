"""Whether a text names a node, in any form that captions use: plural, picture, view, abbreviation introduced."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from met_kg.synthesis.english import of_the, plural, word_table
from met_kg.synthesis.index import TreeIndex, spaced
from met_kg.synthesis.names import Names, stands_for

__all__ = ["is_named"]

_INTRODUCED: Final = re.compile(r" \(([A-Z][A-Za-z0-9]*)\)")
_VIEW_END: Final = re.compile(r" (?:projection|plane|position|view)$")


def is_named(text: str, node: str, tree: TreeIndex, names: Names) -> bool:
    """Whether a text names a live node by its name in sentences or by one that the tree holds."""
    readings = [spaced(text), spaced(_shortened(text))]
    known = dict.fromkeys([names[node].lower(), *(term.strip() for term in tree.terms(node))])
    return any(spaced(form) in words for name in known for form in _forms(name) for words in readings)


def _forms(name: str) -> Iterator[str]:
    yield name
    yield of_the(name)
    yield plural(name)
    yield _VIEW_END.sub("", name)
    for ending, picture in word_table("images"):
        if name.endswith(ending):
            yield f"{name[: -len(ending)]}{picture}"


def _shortened(text: str) -> str:
    """The text with each introduced abbreviation in place of what it stands for.

    >>> _shortened("A head computed tomography (CT) image.")
    'A head CT image.'
    """
    match = _INTRODUCED.search(text)
    while match is not None:
        before, short = text[: match.start()], match[1]
        words = re.split(r"(?=[\s-])", before)
        whole = next((n for n in range(1, 8) if stands_for(short, "".join(words[-n:]).strip(" -"))), 0)
        if whole:
            before = "".join(words[:-whole]).rstrip(" -") + " "
        text = f"{before}{short if whole else ' ' + short}{text[match.end() :]}"
        match = _INTRODUCED.search(text)
    return text
