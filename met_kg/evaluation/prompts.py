"""Prompt texts, byte for byte as the public harness sends them.

``{q}`` is the raw question. The reasoning variants swap the last sentence for one that asks for a box.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from met_kg.evaluation.benchmark import Benchmark
from met_kg.evaluation.mmmu import choices_of

__all__ = ["build_prompt", "closed_prompt", "multiple_choice_prompt", "open_prompt", "yes_no_prompt"]

_BOX: Final = 'in one "\\boxed{}".'


def yes_no_prompt(question: str, *, reasoning: bool = False) -> str:
    """A question whose answer is yes or no."""
    if reasoning:
        return f'{question}\nPlease output "yes" or "no" and put the answer {_BOX}'
    return f"{question}\nPlease output 'yes' or 'no'(no extra output)."


def closed_prompt(question: str, *, chinese: bool = False, reasoning: bool = False) -> str:
    """A question answered by a word or phrase."""
    if chinese:
        tail = "，并将答案放在一个'\\boxed{}'中。" if reasoning else "。"
        return f"{question}\n请用一个单词或者短语回答该问题{tail}"
    tail = f" and put the answer {_BOX}" if reasoning else "."
    return f"{question}\nAnswer the question using a single word or phrase{tail}"


def open_prompt(question: str, *, chinese: bool = False, reasoning: bool = False) -> str:
    """A question answered in free words."""
    if chinese:
        tail = "，并将答案放在一个'\\boxed{}'中。" if reasoning else "。"
        return f"{question}\n请简要回答该问题{tail}"
    tail = f" and put the answer {_BOX}" if reasoning else "."
    return f"{question}\nPlease answer the question concisely{tail}"


def multiple_choice_prompt(question: str, options: Sequence[str], *, reasoning: bool = False) -> str:
    """A question with options; it begins with a newline and has a space after 'Options:'."""
    tail = f" and put the letter {_BOX}" if reasoning else " directly."
    lines = "\n".join(options)
    return f"\nQuestion: {question}\nOptions: \n{lines}\nAnswer with the option's letter from the given choices{tail}"


def _mmmu_prompt(benchmark: Benchmark, record: Mapping[str, Any], *, reasoning: bool) -> str:
    question = benchmark.field(record, "question")
    if benchmark.field(record, "question_type") != "multiple-choice":
        tail = f" and put the answer {_BOX}" if reasoning else "."
        return f"\n{question}\n\n        Answer the question using a single word or phrase{tail}"
    lines = "".join(f"({letter}) {text}\n" for letter, text in choices_of(benchmark.raw(record, "options")).items())
    tail = f" and put the letter {_BOX}" if reasoning else " directly."
    return f"\n{question}\n\n{lines}\n\n        Answer with the option's letter from the given choices{tail}"


def build_prompt(benchmark: Benchmark, record: Mapping[str, Any], *, reasoning: bool = False) -> str:
    """The text that goes with the image of a record."""
    if benchmark.scorer == "mmmu":
        return _mmmu_prompt(benchmark, record, reasoning=reasoning)
    question = benchmark.field(record, "question")
    if benchmark.is_choice(record):
        return multiple_choice_prompt(question, benchmark.options(record), reasoning=reasoning)
    if benchmark.prompt_case == "word":
        chinese = benchmark.field(record, "q_lang") == "zh"
        build = closed_prompt if benchmark.is_closed(record) else open_prompt
        return build(question, chinese=chinese, reasoning=reasoning)
    gold = benchmark.field(record, "answer")
    if (gold.lower() if benchmark.prompt_case == "lower" else gold) in ("yes", "no"):
        return yes_no_prompt(question, reasoning=reasoning)
    return open_prompt(question, reasoning=reasoning)
