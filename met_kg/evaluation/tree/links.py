"""Link the items of a benchmark to nodes: what the question names, the right answer, the options, the answer given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from met_kg.errors import DataProblem
from met_kg.evaluation.benchmark import Benchmark
from met_kg.evaluation.corrected import final_words
from met_kg.evaluation.mmmu import choices_of, gold_texts
from met_kg.evaluation.tree.nodes import Tree

__all__ = ["Given", "Linked", "given_nodes", "link_records"]

Nodes = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Linked:
    """Nodes of one record, kept apart. ``right`` is the place of the right option, None where there is none."""

    question: Nodes = ()
    gold: Nodes = ()
    options: tuple[Nodes, ...] = ()
    right: int | None = None

    @property
    def about(self) -> Nodes:
        """What the item is about: the nodes of question and right answer, each once."""
        return tuple(dict.fromkeys((*self.question, *self.gold)))

    @property
    def wrong(self) -> tuple[Nodes, ...]:
        """The nodes of each wrong option."""
        return tuple(nodes for place, nodes in enumerate(self.options) if place != self.right)


@dataclass(frozen=True, slots=True)
class Given:
    """Nodes of the answer that a model gave. ``option`` is the place of the option it chose."""

    nodes: Nodes = ()
    option: int | None = None


def link_records(tree: Tree, bench: Benchmark, records: Sequence[Any]) -> list[Linked]:
    """The nodes of each record. They depend on the tree and the records alone, not on any model.

    A record that cannot be read (the scorer says so in its item) is linked to nothing.
    """
    return [_linked(tree, bench, record) for record in records]


def _linked(tree: Tree, bench: Benchmark, record: Any) -> Linked:
    if isinstance(record, list):  # a row, where the benchmark's table is read by position
        record = dict(zip(bench.columns, record, strict=False))
    if not isinstance(record, Mapping):
        return Linked()
    try:
        if bench.scorer == "items":
            return _own(tree, bench, record)
        question = tree.in_question(bench.field(record, "question"))
        options = tuple(tree.in_answer(text) for text in _options(bench, record))
        golds = _golds(bench, record)
        right = _place(golds[0], len(options)) if len(golds) == 1 else None
        if right is not None:
            return Linked(question, options[right], options, right)
        letters = [place for gold in golds if (place := _place(gold, len(options))) is not None]
        named = [options[p] for p in letters] or [tree.in_answer(gold) for gold in golds]
        return Linked(question, tuple(dict.fromkeys(node for nodes in named for node in nodes)), options)
    except (DataProblem, ValueError, SyntaxError, TypeError, LookupError):
        return Linked()


def _own(tree: Tree, bench: Benchmark, record: Mapping[str, Any]) -> Linked:
    """Items of a run know their nodes: the key, and with options those of the wrong ones, in order."""
    key = tree.live([str(record.get("key_node", ""))])
    question = tree.in_question(bench.field(record, "question"))
    if bench.field(record, "format") == "yes-no":  # the key is what the question asks for
        return Linked(tuple(dict.fromkeys((*key, *question))))
    texts = list(bench.raw(record, "options") or [])
    right = _place(bench.field(record, "answer"), len(texts))
    if right is None:
        return Linked(question, key)
    others = [str(node) for node in record.get("distractor_nodes") or []]
    if len(others) == len(texts) - 1:
        options = [tree.live([node]) for node in others]
        options.insert(right, key)
    else:
        options = [key if place == right else tree.in_answer(text) for place, text in enumerate(texts)]
    return Linked(question, key, tuple(options), right)


def _options(bench: Benchmark, record: Mapping[str, Any]) -> list[str]:
    if bench.scorer == "mmmu":
        chosen = bench.field(record, "question_type") == "multiple-choice"
        return list(choices_of(bench.raw(record, "options")).values()) if chosen else []
    if bench.scorer != "multiple-choice":
        return []
    return bench.options(record) if isinstance(record.get("choices"), list) else [t for _, t in bench.lettered(record)]


def _golds(bench: Benchmark, record: Mapping[str, Any]) -> list[str]:
    """The right answer, or several equally right ones: a letter or a text each."""
    if bench.scorer == "multiple-choice":
        return [bench.gold_letter(record).strip()]
    gold = gold_texts(bench.raw(record, "answer")) if bench.scorer == "mmmu" else bench.field(record, "answer")
    return [str(text) for text in gold] if isinstance(gold, list) else [str(gold)]


def _place(letter: str, options: int) -> int | None:
    """The place of an option's letter; None for what is none."""
    letter = letter.strip().upper()
    place = ord(letter) - ord("A") if len(letter) == 1 else -1
    return place if 0 <= place < options else None


def given_nodes(
    tree: Tree, linked: Sequence[Linked], items: Sequence[Mapping[str, Any]], outputs: Sequence[str]
) -> Iterator[Given]:
    """The nodes of each answer: of the option that the scorer read, else those that the answer names.

    Parameters
    ----------
    items
        as the scorer wrote them.
    outputs
        what the model said; '' where the line had none.
    """
    for link, item, output in zip(linked, items, outputs, strict=True):
        if item["kind"] == "choice":
            place = _place(str(item["extracted"]), len(link.options))
            yield Given() if place is None else Given(link.options[place], place)
        else:
            yield Given(tree.in_answer(final_words(output)))
