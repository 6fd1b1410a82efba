"""Names inside one text: with the article they need, and each abbreviation introduced once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from met_kg.synthesis.english import (
    article,
    attributive,
    definite,
    indefinite,
    is_counted,
    is_plural,
    of_the,
    plural,
    word_table,
)
from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.names import Names

__all__ = ["Speaker", "acronyms"]

_ABBREVIATED: Final = frozenset(("disease", "modality", "finding"))
_VIEW_END: Final = re.compile(r" (projection|plane|position|view)$")


def acronyms(tree: TreeIndex, names: Names) -> dict[str, str]:
    """Acronyms of examinations, which the names of others hold ('chest CT'), with what they stand for."""
    short = {
        names.short(n): names[n] for n, facts in tree.nodes.items() if facts.axis == "modality" and facts.depth <= 2
    }
    return {acronym: name for acronym, name in short.items() if len(acronym) > 1}


class Speaker:
    """Says names in one text; what has been introduced is remembered.

    ``words`` are the source's own words for structures of the body, whose labels are often not a clinician's.
    """

    def __init__(self, tree: TreeIndex, names: Names, known: Mapping[str, str], words: Mapping[str, str]) -> None:
        self._tree, self._names, self._known, self._words = tree, names, known, words
        self._introduced: set[str] = set()

    def name(self, node: str) -> str:
        """The bare name."""
        return "".join(self._spoken(node))

    def a(self, node: str, side: str = "") -> str:
        """With 'a' or 'an' where it counts single things."""
        name, brackets = self._spoken(node)
        said = f"{side} {name}".lstrip()
        return f"{self._articled(node, said)}{brackets}"

    def several(self, node: str, side: str = "") -> str:
        """In the plural."""
        name, brackets = self._spoken(node)
        return f"{side} {plural(name)}".lstrip() + (f"{brackets[:-1]}s)" if brackets else "")

    def the(self, node: str, *, several: bool = False) -> str:
        """A structure of the body, with 'the' where English wants it."""
        return of_the(definite(self._anatomy(node), several=several))

    def subject(self, node: str) -> str:
        """As what a general sentence is about: 'the heart', 'a pleural effusion', 'pneumonia'."""
        return self.the(node) if self._tree.nodes[node].axis == "anatomy" else self.a(node)

    def is_plural(self, node: str) -> bool:
        """Whether the name takes a plural verb."""
        return is_plural(self._names[node])

    def picture(self, node: str, part: str = "") -> str:
        """What an examination makes: 'chest radiograph' of 'chest radiography'; of the ``part`` where it names none."""
        name, brackets = self._spoken(node)
        for ending, picture in word_table("images"):
            if name.endswith(ending) and not (brackets and picture == "image"):
                name = f"{name[: -len(ending)]}{picture}{brackets}"
                break
        else:
            name = f"{name}{brackets} {'scan' if name.endswith('imaging') else 'image'}"
        before = attributive(self._names[part]) if part else ""
        return f"{before} {name}" if before and before not in self._names[node] else name

    def view(self, node: str) -> tuple[str, str]:
        """A view as an adjective, and its noun: ('lateral', 'view'), ('axial', 'section')."""
        label = self._names[node]
        match = _VIEW_END.search(label)
        noun = "section" if match is not None and match[1] == "plane" else "view"
        return _VIEW_END.sub("", label), noun

    def _spoken(self, node: str) -> tuple[str, str]:
        """A name, and in brackets the abbreviation that it introduces."""
        name = of_the(self._names[node])
        short = self._names.short(node) if self._tree.nodes[node].axis in _ABBREVIATED else ""
        if len(short) > 1:
            if short in self._introduced:
                return short, ""
            self._introduced.add(short)
            return name, f" ({short})"
        words = name.split(" ")
        last = words[-1]
        if last in self._known and last not in self._introduced:
            self._introduced.add(last)
            return " ".join([*words[:-1], self._known[last]]), f" ({last})"
        return name, ""

    def _anatomy(self, node: str) -> str:
        said = self._words.get(node)
        return self._names[node] if said is None else self._names.as_said(node, said)

    def _articled(self, node: str, said: str) -> str:
        full = self._names[node]
        return f"{article(said)} {said}" if is_counted(full) else said if said != full else indefinite(said)
