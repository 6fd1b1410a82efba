"""What checks may look at beside the items."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from met_kg.paths import expand_path
from met_kg.synthesis.index import TreeIndex

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LETTERS", "Context", "content_words", "key_option", "option_nodes", "records", "text_of_answer"]

LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WORD: Final = re.compile(r"[^\W\d_][\w-]+")


@dataclass
class Context:
    """The tree, and of each sample its picture (by hash), its group and its source caption."""

    tree: TreeIndex
    samples: pd.DataFrame

    @cached_property
    def caption(self) -> Mapping[str, str]:
        """Sample -> the caption of its source."""
        return self._column("caption")

    @cached_property
    def image(self) -> Mapping[str, str]:
        """Sample -> its image, as :func:`met_kg.paths.expand_path` reads it; '' where there is none."""
        return self._column("image")

    @cached_property
    def group(self) -> Mapping[str, str]:
        """Sample -> the patient or document that is never split; itself where none is stated."""
        return {sample: group or sample for sample, group in self._column("group_id").items()}

    @cached_property
    def picture(self) -> Mapping[str, str]:
        """Sample -> sha256 of its image; itself where there is none."""
        return {sample: digest or sample for sample, digest in self._column("sha256").items()}

    def image_file(self, sample: str, run: Path) -> Path | None:
        """The file of a sample's image (relative ones lie under ``run``); None where it is not there."""
        image = self.image.get(sample, "")
        path = expand_path(image, base=run) if image else None
        return path if path is not None and path.is_file() else None

    def terms(self, node: str) -> tuple[str, ...]:
        """Label and synonyms of a node as :func:`met_kg.synthesis.index.spaced` writes them; none for no node."""
        return self.tree.terms(node) if node in self.tree.nodes else ()

    def _column(self, name: str) -> dict[str, str]:
        return {str(s): str(value) for s, value in zip(self.samples["sample_id"], self.samples[name], strict=True)}


def text_of_answer(item: Mapping[str, Any]) -> str:
    """The right answer in words: the option at its letter, else the answer itself."""
    key = key_option(item) if item["format"] == "multiple-choice" else -1
    return str(item["options"][key]) if key >= 0 else str(item["answer"])


def records(items: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Items as mappings, in their order."""
    for row in items.to_dict("records"):
        yield {str(name): value for name, value in row.items()}


def key_option(item: Mapping[str, Any]) -> int:
    """Place of the right option of a multiple-choice item; -1 when its letter stands for none.

    >>> key_option({"answer": "B", "options": ["CT", "MRI"]}), key_option({"answer": "C", "options": ["CT", "MRI"]})
    (1, -1)
    """
    answer = str(item["answer"])
    place = LETTERS.find(answer) if len(answer) == 1 else -1
    return place if 0 <= place < len(item["options"]) else -1


def option_nodes(item: Mapping[str, Any]) -> Sequence[str]:
    """The node of each option, in order: the key at its letter, distractors at the others; '' where unknown."""
    key, wrong = key_option(item), [str(n) for n in item["distractor_nodes"]]
    if key < 0 or len(wrong) + 1 != len(item["options"]):
        return [""] * len(item["options"])
    return [*wrong[:key], str(item["key_node"]), *wrong[key:]]


@lru_cache(maxsize=2**16)
def content_words(text: str) -> frozenset[str]:
    """Words of a text that say what it is about, in lower case and with a plural 's' cut off.

    >>> sorted(content_words("Which of these lesions is in the left lung?"))
    ['left', 'lesion', 'lung']
    """
    words = (w for w in _WORD.findall(text.lower()) if len(w) > 2 and w not in _empty_words())
    return frozenset(w[:-1] if w.endswith("s") and not w.endswith(("ss", "us", "is")) else w for w in words)


@lru_cache(maxsize=1)
def _empty_words() -> frozenset[str]:
    lines = (resources.files("met_kg.synthesis.quality") / "empty-words.tsv").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line != "word" and not line.startswith("#"))
