"""How a node is called in a sentence: un-inverted, in ordinary case, in the words that the corpus uses."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Final

from met_kg.synthesis.english import article, indefinite, is_plural, listed, plural, sentence, word_table
from met_kg.synthesis.index import TreeIndex

__all__ = ["Names", "article", "indefinite", "listed", "plural", "sentence", "stands_for", "uninverted"]

_NOT_A_QUALIFIER: Final = re.compile(
    r"^(and|or|with|without|due|not|in|of|on|type|types|stage|grade|group|familial type)\b|\d", re.IGNORECASE
)
_WELL_CASED: Final = ("DOID:", "UBERON:", "MET:", "SYMP:")
#: An acronym: two capitals or more, and nothing that only a word has.
_ACRONYM: Final = re.compile(r"[A-Za-z0-9-]{0,2}[A-Z][A-Za-z0-9-]*[A-Z][A-Za-z0-9-]*")
#: What only describes: no name for a thing that is found.
_ADJECTIVE: Final = re.compile(r"(?:ed|ly|al|ic|ive|dense|able|ing|ar)$", re.IGNORECASE)
_LOWER: Final = re.compile(r"(?<![\w'-])[a-z]{2,}(?![\w'])")
_CAPITAL: Final = re.compile(r"(?<![\w-])[A-Z][a-z]{3,}(?![\w])")
_WRITTEN: Final = re.compile(r"(?<![\w-])[a-z]{4,}(?![\w])")
_INSIDE: Final = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{3,}(?![\w])")
#: Words of a name that is no acronym.
_WORDS: Final = re.compile(r"(?!.*[A-Z]{2})[A-Za-z][A-Za-z' -]*")
_JOINING: Final = re.compile(r"[\s/-]+")


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


def stands_for(short: str, name: str) -> bool:
    """Whether the letters of an abbreviation are the initials of a name, in order.

    >>> stands_for("CT", "computed tomography"), stands_for("GGO", "ground-glass opacity"), stands_for("CAT", "lung")
    (True, True, False)
    >>> stands_for("COPD", "chronic obstructive pulmonary disease"), stands_for("US", "ultrasonography")
    (True, False)
    """
    words = [w for w in _JOINING.split(name) if w.lower() not in ("of", "the", "and", "in")]
    return short.lower() == "".join(w[0] for w in words if w).lower()


class Names:
    """Names of the nodes of one tree.

    A node is called by its label, or by an exact synonym that the corpus uses more often than the label (``said``: for
    each node, how often which words named it): 'skin' rather than 'skin of body'. A synonym that another node bears
    too is none: 'hard palate' is no name for a cancer. In names from sources that capitalise freely, a capitalised word
    is an ordinary one, and written small, when a label or definition of the tree writes it small or its ending is that
    of a medical word; acronyms and eponyms keep their capitals.
    """

    def __init__(self, tree: TreeIndex, said: Mapping[str, Counter[str]] | None = None) -> None:
        self._tree, self._said = tree, said or {}
        self._cache: dict[str, str] = {}
        self._short: dict[str, str] = {}
        self._own: dict[tuple[str, str], str] = {}
        self._small, self._large = _written(tree)
        self._known_small = _row("small")
        self._endings = tuple(_row("medical-ending"))

    def __getitem__(self, node: str) -> str:
        """The name of a live node, for the middle of a sentence; KeyError for any other."""
        if node not in self._cache:
            label = self._tree.nodes[node].label
            name = _CALLED.get(label) or self._preferred(node)
            words = uninverted(name).split()
            # These sources write capitals only where they belong: 'Middle East respiratory syndrome'.
            if name == label and node.startswith(_WELL_CASED):
                words[:1] = [words[0].lower() if words[0].lower() in self._known_small else words[0]]
            else:
                words = ["-".join(map(self._cased, word.split("-"))) for word in words]
                # Of one word and no acronym: people's names come with a word for the thing, as in 'Hashimoto disease'.
                words = [w.lower() if len(words) == 1 and w[1:] == w[1:].lower() else w for w in words]
            said = " ".join(words)
            self._cache[node] = _LEARNED.sub(lambda found: _PLAIN[found[0]], said)
        return self._cache[node]

    def short(self, node: str) -> str:
        """The abbreviation of a node whose letters are the initials of its name; '' where there is none."""
        if node not in self._short:
            name = self[node]
            fitting = [s for s in self._tree.abbreviations(node) if s.isupper() and stands_for(s, name)]
            self._short[node] = min(fitting, default="")
        return self._short[node]

    def as_said(self, node: str, words: str) -> str:
        """The exact name of a node that a text uses, in the singular: 'upper limb' for 'forelimb'; else its name."""
        key = (node, words)
        if key not in self._own:
            label = self._tree.nodes[node].label
            known = [n for n in (label, *self._tree.exact_names(node)) if _WORDS.fullmatch(n) and not is_plural(n)]
            low = words.lower()
            fitting = [n for n in known if low in (n.lower(), plural(n.lower())) and not _ADJECTIVE.search(n)]
            self._own[key] = " ".join(map(self._cased, fitting[0].split())) if fitting else self[node]
        return self._own[key]

    def inside(self, text: str) -> str:
        """A text that begins with a capital, for the middle of a sentence: acronyms and people's names keep theirs."""
        first, rest = re.split(r"(?=[\s-])", text, maxsplit=1) if re.search(r"[\s-]", text) else (text, "")
        ordinary = first[1:] == first[1:].lower() and first.lower() not in self._large and len(first) > 1
        return f"{first.lower() if ordinary else self._cased(first)}{rest}"

    def spells(self, node: str, words: str) -> bool:
        """Whether words in a text can mean the node as far as capitals go: 'role' is not the acronym 'ROLE'."""
        label = self._tree.nodes[node].label
        folded = words.replace("-", "").lower()
        known = [label, *self._tree.exact_names(node), *self._tree.abbreviations(node)]
        forms = [n for n in known if n.replace("-", "").lower() in (folded, folded.removesuffix("s"))]
        acronyms = [n for n in forms if _ACRONYM.fullmatch(n)]
        return not acronyms or len(acronyms) < len(forms) or words != words.lower()

    def _preferred(self, node: str) -> str:
        label = self._tree.nodes[node].label
        said = self._said.get(node)
        if not said or self._tree.nodes[node].axis == "modality":
            return label
        # No plural, abbreviation, adjective or first part of a name is a better name, however common.
        other = [n for n in self._tree.exact_names(node) if n != n.upper() and not is_plural(n) and not n.endswith("s")]
        other = [n for n in other if not _ADJECTIVE.search(n) and not _is_part(n, label)]
        for name in sorted(other, key=lambda n: (-said[n.lower()], len(n), n)):
            if said[name.lower()] <= said[label.lower()]:
                break
            if self._tree.bearers(name) in ((node,), ()):
                return name
        return label

    def _cased(self, word: str) -> str:
        bare = word.strip("(),'")
        low = bare.lower()
        ordinary = bare[:1].isupper() and bare[1:] == bare[1:].lower()
        known = low in self._small or low in self._known_small or low.endswith(self._endings)
        return word.lower() if ordinary and known else word


def _is_part(name: str, label: str) -> bool:
    """Whether a name lacks what the label is about: 'basilar' of 'basilar artery', not 'skin' of 'skin of body'."""
    rest = label.lower().removeprefix(f"{name.lower()} ")
    return rest != label.lower() and not rest.startswith(("of ", "in ", "on "))


def _written(tree: TreeIndex) -> tuple[frozenset[str], frozenset[str]]:
    """Words that the tree writes small, in a label or in definitions that never write them large inside a sentence; and
    words that it only writes large."""
    small: set[str] = set()
    written: set[str] = set()
    large: set[str] = set()
    for node, facts in tree.nodes.items():
        small.update(_LOWER.findall(facts.label))
        if node.startswith(_WELL_CASED):
            large.update(_CAPITAL.findall(facts.label))
        written.update(_WRITTEN.findall(facts.definition))
        large.update(_INSIDE.findall(facts.definition))
    capital = {word.lower() for word in large}
    return frozenset(small | (written - capital)), frozenset(capital - small - written)


#: Labels that only an ontologist would say.
_CALLED: Final = {row[1]: row[2] for row in word_table("nouns") if row[0] == "called"}
#: The same for words inside a label.
_PLAIN: Final = {row[1]: row[2] for row in word_table("nouns") if row[0] == "in-label"}
_LEARNED: Final = re.compile(rf"\b(?:{'|'.join(sorted(_PLAIN, key=len, reverse=True))})(?!\w)")


def _row(kind: str) -> frozenset[str]:
    return frozenset(word for row in word_table("nouns") if row[0] == kind for word in row[1].split("|"))
