"""How a node is called in a sentence: un-inverted, in ordinary case, with its article, in lists."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from met_kg.synthesis.index import TreeIndex

__all__ = ["Names", "article", "listed", "sentence", "uninverted"]

_NOT_A_QUALIFIER: Final = re.compile(
    r"^(and|or|with|without|due|not|in|of|on|type|types|stage|grade|group|familial type)\b|\d", re.IGNORECASE
)
#: Letters whose spoken name begins with a vowel: an MRI, an X-ray.
_VOWEL_LETTERS: Final = frozenset("AEFHILMNORSX")
_LIKE_CONSONANT: Final = re.compile(r"^(uni|use|usu|ure|uri|uro|ute|eu|one\b|once\b)", re.IGNORECASE)
_LIKE_VOWEL: Final = re.compile(r"^(hour|honest|heir)", re.IGNORECASE)
_SPELT: Final = re.compile(r"^[A-Z](?:[A-Z0-9]|[-.]|$)")


def uninverted(label: str) -> str:
    """A library-style label in natural order.

    >>> uninverted("Tomography, X-Ray Computed"), uninverted("pneumonia, viral")
    ('X-Ray Computed Tomography', 'viral pneumonia')
    >>> uninverted("kidney, ureter and bladder radiography"), uninverted("diabetes, type 2")
    ('kidney, ureter and bladder radiography', 'diabetes, type 2')
    """
    head, comma, tail = label.partition(", ")
    if not comma or "," in tail or " and " in tail or " or " in tail or _NOT_A_QUALIFIER.search(tail):
        return label
    return f"{tail} {head}"


def article(name: str) -> str:
    """'a' or 'an', by sound.

    >>> [article(n) for n in ("effusion", "MRI", "X-ray", "ultrasound scan", "ureteral stone", "CT", "hour")]
    ['an', 'an', 'an', 'an', 'a', 'a', 'an']
    """
    if _SPELT.match(name):
        return "an" if name[0] in _VOWEL_LETTERS else "a"
    if _LIKE_VOWEL.match(name):
        return "an"
    return "an" if name[:1].lower() in "aeiou" and not _LIKE_CONSONANT.match(name) else "a"


def listed(names: Sequence[str], word: str = "and") -> str:
    """A list as people write it.

    >>> listed(["consolidation"]), listed(["a", "b"]), listed(["a", "b", "c"], "or")
    ('consolidation', 'a and b', 'a, b or c')
    """
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {word} {names[-1]}"


def sentence(text: str) -> str:
    """The text with a capital first letter and one full stop; words of mixed case (pH, mRNA) stay as they are.

    >>> sentence("consolidation in the lung"), sentence("pH is low.")
    ('Consolidation in the lung.', 'pH is low.')
    """
    text = " ".join(text.split())
    first = text.split(" ", 1)[0]
    if first == first.lower():
        text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else f"{text}."


class Names:
    """Names of the nodes of one tree.

    A capitalised word is an ordinary one, and written small, when some label of the tree writes it small; acronyms
    and eponyms never are, so they keep their capitals.
    """

    def __init__(self, tree: TreeIndex) -> None:
        self._tree = tree
        self._cache: dict[str, str] = {}
        self._small = {
            word for facts in tree.nodes.values() for word in re.findall(r"[a-z]+", facts.label) if len(word) > 1
        }

    def __getitem__(self, node: str) -> str:
        """The name of a live node, for the middle of a sentence; KeyError for any other."""
        if node not in self._cache:
            words = uninverted(self._tree.nodes[node].label).split()
            self._cache[node] = " ".join(self._cased(word) for word in words)
        return self._cache[node]

    def _cased(self, word: str) -> str:
        bare = word.strip("(),'")
        ordinary = bare[:1].isupper() and bare[1:] == bare[1:].lower() and bare.lower() in self._small
        return word.lower() if ordinary else word
