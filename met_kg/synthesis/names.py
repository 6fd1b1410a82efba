"""How a node is called in a sentence: un-inverted, in ordinary case, with its article, in lists."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from met_kg.synthesis.index import TreeIndex

__all__ = ["Names", "article", "indefinite", "listed", "sentence", "uninverted"]

_NOT_A_QUALIFIER: Final = re.compile(
    r"^(and|or|with|without|due|not|in|of|on|type|types|stage|grade|group|familial type)\b|\d", re.IGNORECASE
)
#: Letters whose spoken name begins with a vowel: an MRI, an X-ray.
_VOWEL_LETTERS: Final = frozenset("AEFHILMNORSX")
_LIKE_CONSONANT: Final = re.compile(r"^(uni|use|usu|ure|uri|uro|ute|eu|one\b|once\b)", re.IGNORECASE)
_LIKE_VOWEL: Final = re.compile(r"^(hour|honest|heir)", re.IGNORECASE)
_SPELT: Final = re.compile(r"^[A-Z](?:[A-Z0-9]|[-.]|$)")
_WELL_CASED: Final = ("DOID:", "UBERON:", "MET:")
_TAIL: Final = re.compile(r" (?:of|in|on|with|within|due|from|to|at) ")
#: Heads of names that take an article in English: one can count what they name.
_COUNTED_WORDS: Final = """
    abscess aneurysm angle artifact band bleb body bronchogram bulla calculus cannula catheter cavity clip clot coil
    collection cyst defect deformity device disc dislocation diverticulum drain effusion electrode embolism embolus
    enlargement erosion fibroid filter fistula focus fracture halo hemidiaphragm hernia implant infarct infarction
    infiltrate injury lead lesion level line lump malformation margin mass node nodule obstruction opacity osteophyte
    pacemaker pattern pectus plane plaque polyp projection prosthesis pseudocyst ring scar screw shadow shift shunt
    sign sinus spur stent stone stricture tear thrombus tube tumor tumour ulcer valve variant view wire
"""
_COUNTED: Final = frozenset(_COUNTED_WORDS.split())
_COUNTED_ENDINGS: Final = ("oma", "cele", "lith", "thorax", "peritoneum", "gram", "scope")
_NOT_COUNTED: Final = frozenset(("glaucoma", "coma", "trachoma", "stoma", "thorax", "peritoneum"))


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


def indefinite(name: str) -> str:
    """The name with its article when it counts single things, bare when it is a mass, a state or a plural.

    >>> [indefinite(n) for n in ("pleural effusion", "cardiomegaly", "signs of failure", "mass in the lung", "glioma")]
    ['a pleural effusion', 'cardiomegaly', 'signs of failure', 'a mass in the lung', 'a glioma']
    """
    head = _TAIL.split(name, maxsplit=1)[0].rpartition(" ")[2].lower()
    counted = head in _COUNTED or (head.endswith(_COUNTED_ENDINGS) and head not in _NOT_COUNTED)
    return f"{article(name)} {name}" if counted and not name.startswith("ground-glass") else name


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

    A node is called by its label, or by an exact synonym that the corpus uses more often than the label (``said``: for
    each node, how often which words named it): 'skin' rather than 'skin of body'. In names from sources
    that capitalise freely, a capitalised word is an ordinary one, and written small, when a label or definition of the
    tree writes it small; acronyms and eponyms keep their capitals.
    """

    def __init__(self, tree: TreeIndex, said: Mapping[str, Counter[str]] | None = None) -> None:
        self._tree, self._said = tree, said or {}
        self._cache: dict[str, str] = {}
        self._small = {
            word for facts in tree.nodes.values() for word in re.findall(r"[a-z]+", facts.label) if len(word) > 1
        }
        # Definitions hold short words ('down', 'still') that are names of people elsewhere.
        for facts in tree.nodes.values():
            self._small.update(re.findall(r"\b[a-z]{8,}\b", facts.definition))

    def __getitem__(self, node: str) -> str:
        """The name of a live node, for the middle of a sentence; KeyError for any other."""
        if node not in self._cache:
            words = uninverted(self._preferred(node)).split()
            # These sources write capitals only where they belong: 'Middle East respiratory syndrome'.
            self._cache[node] = " ".join(words if node.startswith(_WELL_CASED) else map(self._cased, words))
        return self._cache[node]

    def _preferred(self, node: str) -> str:
        label = self._tree.nodes[node].label
        said = self._said.get(node)
        if not said or self._tree.nodes[node].axis == "modality":
            return label
        # A plural or an abbreviation is no better name, however common.
        other = [n for n in self._tree.exact_names(node) if n != n.upper() and not n.endswith("s")]
        best = max(other, key=lambda n: (said[n.lower()], -len(n), n), default=label)
        return best if said[best.lower()] > said[label.lower()] else label

    def _cased(self, word: str) -> str:
        bare = word.strip("(),'")
        ordinary = bare[:1].isupper() and bare[1:] == bare[1:].lower() and bare.lower() in self._small
        return word.lower() if ordinary else word
