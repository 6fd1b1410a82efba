"""English around a name: articles, plurals, lists, sentences. What no rule can know stands in ``data/nouns.tsv``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from typing import Final

__all__ = [
    "article",
    "attributive",
    "definite",
    "indefinite",
    "is_counted",
    "is_fluid",
    "is_plural",
    "listed",
    "names_several",
    "of_the",
    "plural",
    "sentence",
    "word_table",
]

#: Letters whose spoken name begins with a vowel: an MRI, an X-ray.
_VOWEL_LETTERS: Final = frozenset("AEFHILMNORSX")
_LIKE_CONSONANT: Final = re.compile(r"^(uni|use|usu|ure|uri|uro|ute|eu|one\b|once\b)", re.IGNORECASE)
_LIKE_VOWEL: Final = re.compile(r"^(hour|honest|heir)", re.IGNORECASE)
_SPELT: Final = re.compile(r"^[A-Z](?:[A-Z0-9]|[-.]|$)")
#: Eight, eighty, eleven, eighteen.
_VOWEL_NUMBER: Final = re.compile(r"^(?:8\d*|1[18])(?!\d)")
_TAIL: Final = re.compile(r" (?:of|in|on|with|within|without|due|from|to|at|by) ")
_UNTOUCHED: Final = re.compile(r"^(?:ground-glass|airspace) opacification")


@lru_cache(maxsize=8)
def word_table(name: str) -> tuple[tuple[str, ...], ...]:
    """The rows of a word table in ``met_kg/synthesis/data``."""
    text = (resources.files("met_kg.synthesis.data") / f"{name}.tsv").read_text(encoding="utf-8")
    return tuple(tuple(line.split("\t")) for line in text.splitlines() if line and not line.startswith("#"))


@lru_cache(maxsize=32)
def _words(kind: str) -> frozenset[str]:
    return frozenset(word for row in word_table("nouns") if row[0] == kind for word in row[1].split("|"))


@lru_cache(maxsize=8)
def _forms(kind: str) -> dict[str, str]:
    return {row[1]: row[2] for row in word_table("nouns") if row[0] == kind}


def _head(name: str) -> str:
    """The word that a name is about: 'mass' of 'large mass in the lung'."""
    return _TAIL.split(name, maxsplit=1)[0].rpartition(" ")[2].lower()


def _is(name: str, kind: str) -> bool:
    words = _words(kind)
    return name.lower() in words or _head(name) in words


def article(name: str) -> str:
    """'a' or 'an', by sound.

    >>> [article(n) for n in ("effusion", "MRI", "X-ray", "ultrasound scan", "ureteral stone", "CT", "hour", "SARS")]
    ['an', 'an', 'an', 'an', 'a', 'a', 'an', 'a']
    >>> [article(n) for n in ("8-year-old", "18-year-old", "80-year-old", "10-year-old")]
    ['an', 'an', 'an', 'a']
    """
    if _VOWEL_NUMBER.match(name):
        return "an"
    if _SPELT.match(name) and re.split(r"[\W_]", name, maxsplit=1)[0] not in _words("spoken"):
        return "an" if name[0] in _VOWEL_LETTERS else "a"
    if _LIKE_VOWEL.match(name):
        return "an"
    return "an" if name[:1].lower() in "aeiou" and not _LIKE_CONSONANT.match(name) else "a"


def is_plural(name: str) -> bool:
    """Whether a name is a plural.

    >>> [is_plural(n) for n in ("burns", "signs of failure", "thrombosis", "diabetes", "mass", "Chagas disease")]
    [True, True, False, False, False, False]
    """
    head = _head(name)
    if head in _forms("plural").values():
        return True
    return len(head) > 3 and head.endswith("s") and not head.endswith(("ss", "us", "is", "'s")) and not (
        head in _words("singular") or head == head.upper()
    )  # fmt: skip


def names_several(words: str, label: str) -> bool:
    """Whether words of a text name more than one of what a label names.

    >>> names_several("carpal bones", "carpal bone"), names_several("GGOs", "GGO"), names_several("lens", "lens")
    (True, True, False)
    """
    if words[:-1].isupper() and len(words) > 2:
        return words.endswith("s")
    return is_plural(words.lower()) and not is_plural(label.lower())


def is_counted(name: str) -> bool:
    """Whether one can count what a name names: an effusion, and no pneumonia."""
    if _is(name, "mass") or _UNTOUCHED.match(name) or is_plural(name):
        return False
    head = _head(name)
    return _is(name, "counted") or head.endswith(tuple(_words("counted-ending")))


def indefinite(name: str) -> str:
    """The name with its article when it counts single things, bare when it is a mass, a state or a plural.

    >>> [indefinite(n) for n in ("pleural effusion", "cardiomegaly", "signs of failure", "mass in the lung", "glioma")]
    ['a pleural effusion', 'cardiomegaly', 'signs of failure', 'a mass in the lung', 'a glioma']
    """
    return f"{article(name)} {name}" if is_counted(name) else name


def definite(name: str, *, several: bool = False) -> str:
    """A structure of the body as English names it: with 'the', unless it is a mass or one of many.

    ``several``: the text speaks of it in the plural.

    >>> [definite(n) for n in ("heart", "blood", "vein", "femoral artery")]
    ['the heart', 'blood', 'a vein', 'the femoral artery']
    >>> [definite(n, several=True) for n in ("lung", "vein", "tooth")]
    ['the lungs', 'veins', 'teeth']
    """
    if is_fluid(name):
        return name
    many = name.lower() in _words("many") or "'s " in name
    if several or is_plural(name):
        return plural(name) if many else f"the {plural(name)}"
    return f"{article(name)} {name}" if many else f"the {name}"


def of_the(name: str) -> str:
    """With 'the' before an organ that the name is part of.

    >>> of_the("upper lobe of right lung"), of_the("bundle of His")
    ('upper lobe of the right lung', 'bundle of His')
    """
    return _of_organ().sub(" of the ", name)


@lru_cache(maxsize=1)
def _of_organ() -> re.Pattern[str]:
    organs = "|".join(map(re.escape, sorted(_words("organ"))))
    before = "right|left|upper|lower|main|spinal|vertebral|urinary|small|large"
    return re.compile(rf" of (?=(?:(?:{before}) )?(?:{organs})\b)")


def is_fluid(name: str) -> bool:
    """Whether a structure of the body is a mass: blood, connective tissue."""
    return name.lower() in _words("fluid") or name.endswith((" tissue", " fluid"))


def plural(name: str) -> str:
    """More than one of it.

    >>> [plural(n) for n in ("ground-glass opacity", "lobe of lung", "diverticulum", "mass", "atelectasis", "biopsy")]
    ['ground-glass opacities', 'lobes of lung', 'diverticula', 'masses', 'atelectases', 'biopsies']
    """
    if is_plural(name):
        return name
    tail = _TAIL.search(name)
    front, rest = (name[: tail.start()], name[tail.start() :]) if tail else (name, "")
    before, space, head = front.rpartition(" ")
    known = _forms("plural").get(head.lower())
    if known:
        many = known
    elif head == head.upper() and len(head) > 1:
        many = f"{head}s"
    elif re.search(r"[^aeiou]y$", head):
        many = f"{head[:-1]}ies"
    elif head.endswith("is"):
        many = f"{head[:-2]}es"
    else:
        many = f"{head}es" if head.endswith(("s", "x", "z", "ch", "sh")) else f"{head}s"
    return f"{before}{space}{many}{rest}"


def attributive(name: str) -> str:
    """A place as the word before what shows it ('abdominal' for 'abdomen'); '' where there is none."""
    return _forms("attributive").get(name.lower(), "")


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
