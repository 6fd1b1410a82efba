"""The head of a name: what a thing is, by the words that name it."""

from __future__ import annotations

from collections.abc import Iterator

from met_kg.literature.names import HOMONYMS

__all__ = ["head_names"]

#: What joins a head to what stands behind it.
_BEHIND = frozenset(
    """of in to from at on for with without between due by connecting joining containing lining covering
    surrounding""".split()  # noqa: SIM905
)

#: Modifiers that make another thing of what stands behind them: a future metencephalon is no metencephalon.
_UNMAKING = frozenset({"future", "presumptive", "rudimentary", "vestigial", "pseudo", "non", "no", "absent", "plus"})

#: And further ones in the names of ontologies, where any word of a name counts and not only its end.
_HOMONYMS = HOMONYMS | {"leg", "foot", "hand", "mouth", "footplate"}


def head_names(form: str) -> Iterator[str]:
    """Names of wider things that a name in compared form ends with, longest first.

    >>> list(head_names("muscular layer of prostatic urethra"))
    ['muscular layer', 'layer']
    >>> list(head_names("sensory organ epithelium"))
    ['organ epithelium', 'epithelium']
    >>> list(head_names("future metencephalon"))
    []
    """
    words = form.split()
    if _HOMONYMS.intersection(words):
        return
    end = next((i for i, word in enumerate(words) if word in _BEHIND and i), len(words))
    first = 0 if end < len(words) else 1
    for start in range(first, end):
        if not _UNMAKING.isdisjoint(words[:start]):
            return
        yield " ".join(words[start:end])
