"""Get the answer out of what a model said, exactly as the public harness does (docs/evaluation.md)."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["answer_tag", "boxed", "parse_response", "strip_think", "tagged", "unwrap"]

#: What :func:`boxed` returns when there is no closed box: a word, not a null, and a model may box that word.
NO_BOX: Final = "None"

#: Markers in the harness's order; the text after the last occurrence of each is kept.
_MARKERS: Final = (
    "**answer**:",
    "**answer**",
    "*answer*:",
    "**answer:**",
    "answer is",
    "answer:",
    "答案:",
    "final answer",
    "final answer is",
)


def boxed(text: str) -> str:
    r"""Contents of the last ``\boxed{...}``, braces balanced, stripped; ``None`` (the word) when there is none closed.

    >>> boxed(r"so \boxed{A} or rather \boxed{ \text{B} }")
    '\\text{B}'
    >>> boxed(r"\boxed{A")
    'None'
    """
    start = text.rfind("\\boxed{")
    if start < 0:
        return NO_BOX
    begin = start + len("\\boxed{")
    depth = 1
    for place in range(begin, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return text[begin:place].strip()
    return NO_BOX


def tagged(text: str, tag: str) -> str:
    """Contents of all pairs of a tag, joined by a space; the text itself when they hold nothing.

    >>> tagged("<answer>A</answer> or <answer>B</answer>", "answer")
    'A B'
    """
    found = re.findall(f"<{tag}>(.*?)</{tag}>", text, flags=re.DOTALL)
    return "".join(f"{part} " for part in found).strip() or text


def answer_tag(text: str) -> str:
    """:func:`tagged` for ``answer``."""
    return tagged(text, "answer")


def unwrap(text: str) -> str:
    """The box if there is one, else the answer tags, else the text (VQA-RAD, PathVQA, SLAKE)."""
    box = boxed(text)
    if box != NO_BOX:
        return box
    return answer_tag(text) if "<answer>" in text else text


def parse_response(text: str) -> str:
    r"""Lower case, out of its box or tags, and only what follows the last 'answer is' or its kin. Nothing is stripped.

    >>> parse_response("The answer is: Lung")
    ': lung'
    >>> parse_response("it is boxed in")
    'None'
    """
    text = text.lower()
    if "boxed" in text:
        text = boxed(text)
    elif "<answer>" in text:
        text = answer_tag(text)
    for marker in _MARKERS:
        if marker in text:
            text = text.split(marker)[-1]
    return text


def strip_think(text: str) -> str:
    """Without thoughts: everything up to a last ``</think>`` (its opening tag may stand in the prompt), and everything
    after a ``<think>`` that never closes: that model was cut off before it answered.

    >>> strip_think("<think>maybe A</think>B"), strip_think("maybe A</think>B"), strip_think("<think>maybe A")
    ('B', 'B', '')
    """
    return text.rpartition("</think>")[2].partition("<think>")[0].strip()
