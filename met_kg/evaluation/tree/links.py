"""Link the items of a benchmark to nodes: what the question names, the right answer, the options, the answer given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from met_kg.errors import DataProblem
from met_kg.evaluation.benchmark import Benchmark
from met_kg.evaluation.corrected import final_words
from met_kg.evaluation.mmmu import choices_of, gold_texts
from met_kg.evaluation.tree.nodes import Tree

__all__ = ["Linked", "Nodes", "given_nodes", "link_records"]

Nodes = tuple[str, ...]

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Linked:
    """Nodes of one record, kept apart. ``options`` are by letter; ``right`` is the right one's, '' where none is."""

    question: Nodes = ()
    gold: Nodes = ()
    options: Mapping[str, Nodes] = field(default_factory=dict)
    right: str = ""

    @property
    def about(self) -> Nodes:
        """What the item is about: the nodes of question and right answer, each once."""
        return tuple(dict.fromkeys((*self.question, *self.gold)))

    @property
    def wrong(self) -> tuple[Nodes, ...]:
        """The nodes of each wrong option."""
        return tuple(nodes for letter, nodes in self.options.items() if letter != self.right)


def link_records(tree: Tree, bench: Benchmark, records: Sequence[Any]) -> list[Linked]:
    """The nodes of each record. They depend on the tree and the records alone, not on any model.

    A record that cannot be read (the scorer says so in its item) is linked to nothing.
    """
    return [_linked(tree, bench, record) for record in records]


def _linked(tree: Tree, bench: Benchmark, record: Any) -> Linked:
    if record is None:  # the line had none
        return Linked()
    try:
        record = bench.named(record)
        if bench.scorer == "items":
            return _own(tree, bench, record)
        question = tree.in_question(bench.field(record, "question"))
        options = {letter: tree.in_answer(text) for letter, text in _options(bench, record)}
        golds = _golds(bench, record)
        letters = [gold.upper() for gold in golds if gold.upper() in options]
        named = [options[letter] for letter in letters] or [tree.in_answer(gold) for gold in golds]
        gold = tuple(dict.fromkeys(node for nodes in named for node in nodes))
        return Linked(question, gold, options, letters[0] if len(letters) == 1 else "")
    except (DataProblem, ValueError, SyntaxError, TypeError, LookupError):
        return Linked()


def _own(tree: Tree, bench: Benchmark, record: Mapping[str, Any]) -> Linked:
    """Items of a run know their nodes: the key, and with options those of the wrong ones, in order."""
    key = tree.live([str(record.get("key_node", ""))])
    question = tree.in_question(bench.field(record, "question"))
    if bench.field(record, "format") == "yes-no":  # the key is what the question asks for
        return Linked(tuple(dict.fromkeys((*key, *question))))
    texts = list(bench.raw(record, "options") or [])
    right = bench.field(record, "answer").strip().upper()
    letters = _LETTERS[: len(texts)]
    if not right or right not in letters:
        return Linked(question, key)
    others = [str(node) for node in record.get("distractor_nodes") or []]
    if len(others) == len(texts) - 1:
        wrong = iter(others)
        options = {letter: key if letter == right else tree.live([next(wrong)]) for letter in letters}
    else:
        named = zip(letters, texts, strict=True)
        options = {letter: key if letter == right else tree.in_answer(text) for letter, text in named}
    return Linked(question, key, options, right)


def _options(bench: Benchmark, record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Letter and text of each option; empty for a record without."""
    if bench.scorer == "mmmu":
        chosen = bench.field(record, "question_type") == "multiple-choice"
        return list(choices_of(bench.raw(record, "options")).items()) if chosen else []
    if bench.scorer != "multiple-choice":
        return []
    listed = isinstance(record.get("choices"), list)
    return list(zip(bench.letters(record), bench.options(record), strict=True)) if listed else bench.lettered(record)


def _golds(bench: Benchmark, record: Mapping[str, Any]) -> list[str]:
    """The right answer, or several equally right ones: a letter or a text each."""
    if bench.scorer == "multiple-choice":
        return [bench.gold_letter(record).strip()]
    gold = gold_texts(bench.raw(record, "answer")) if bench.scorer == "mmmu" else bench.field(record, "answer")
    return [str(text) for text in gold] if isinstance(gold, list) else [str(gold)]


def given_nodes(
    tree: Tree, linked: Sequence[Linked], items: Sequence[Mapping[str, Any]], outputs: Sequence[str]
) -> Iterator[Nodes]:
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
            yield link.options.get(str(item["extracted"]), ())
        else:
            yield tree.in_answer(final_words(output))
