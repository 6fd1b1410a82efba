"""Boxes, answer tags and markers: the protocol's text utilities, statement by statement."""

from __future__ import annotations

import pytest

from met_kg.evaluation.corrected import final_words
from met_kg.evaluation.response import answer_tag, boxed, parse_response, strip_think, unwrap


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\boxed{A}", "A"),
        (r"x \boxed{A} y \boxed{ B }", "B"),  # the last one, stripped
        (r"\boxed{\text{B}}", r"\text{B}"),  # nothing inside is unwrapped
        (r"\boxed{a{b}c}", "a{b}c"),  # to the brace that balances
        (r"\boxed{A", "None"),  # never closed: the word None
        (r"\boxed{A} \boxed{B", "None"),  # only the last is looked at
        ("nothing", "None"),
        (r"\boxed{}", ""),
        (r"\Boxed{A}", "None"),
    ],
)
def test_boxed(text: str, expected: str) -> None:
    assert boxed(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<answer>A</answer>", "A"),
        ("<answer> A </answer>x<answer>B</answer>", "A  B"),  # each followed by a space, stripped as a whole
        ("<answer>A</answer><answer>B</answer>", "A B"),
        ("<answer>A\nB</answer>", "A\nB"),
        ("<answer>A", "<answer>A"),  # unclosed: the text itself
        ("<answer></answer>", "<answer></answer>"),  # empty: the text itself
        ("<Answer>A</Answer>", "<Answer>A</Answer>"),  # case sensitive
        ("A", "A"),
        ("", ""),
    ],
)
def test_answer_tag(text: str, expected: str) -> None:
    assert answer_tag(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"<answer>A</answer> \boxed{B}", "B"),  # the box first
        ("x <answer>A</answer>", "A"),
        (r"\boxed{None} <answer>A</answer>", "A"),  # a model that boxes the word None falls through
        (r"\boxed{None}", r"\boxed{None}"),
        (" plain ", " plain "),
    ],
)
def test_unwrap(text: str, expected: str) -> None:
    assert unwrap(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Answer: x", " x"),  # nothing is stripped
        ("The answer is: x", ": x"),
        ("The answer is x", " x"),
        ("it is Boxed in", "none"),  # a stray word; lower-cased for the comparison below
        (r"\boxed{Left", "none"),
        (r"\boxed{Left} trailing", "left"),
        (r"<answer>a</answer>\boxed{b}", "b"),
        ("<ANSWER>Lung</ANSWER>", "lung"),  # lower-cased before the tags are looked for
        ("The answer is a. No, the answer is b", " b"),  # the last occurrence
        ("**Answer**: liver", " liver"),
        ("**Answer** liver", " liver"),
        ("*Answer*: liver", " liver"),
        ("**Answer:** liver", " liver"),
        ("答案:肺", "肺"),
        ("答案：肺", "答案：肺"),  # ASCII colon only
        ("final answer spleen", " spleen"),
        ("final answer is spleen", " spleen"),
        ("plain.", "plain."),
    ],
)
def test_parse_response(text: str, expected: str) -> None:
    assert parse_response(text).lower() == expected


def test_parse_response_gives_a_capital_none_for_a_lost_box() -> None:
    assert parse_response("boxed") == "None"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<think>a</think> B", "B"),
        ("a</think> B", "B"),  # the opening tag stood in the prompt
        ("<think>a</think>B<think>c</think> D", "D"),
        ("B <think>open", "B"),
        ("<think>cut off", ""),
    ],
)
def test_thoughts_are_removed(text: str, expected: str) -> None:
    assert strip_think(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"<think>\boxed{A}</think> \boxed{\text{B}}", "B"),
        ("<Answer>B</Answer>", "B"),
        ("The answer is: x", "x"),
        ("**Answer:** x", "x"),
        ("答案：肺", "肺"),
        ("it is boxed in", "it is boxed in"),
        (r"\boxed{B", r"\boxed{B"),
        ("the answer is", "the answer is"),  # nothing follows: the text itself
    ],
)
def test_the_corrected_protocol_reads_all_of_them_alike(text: str, expected: str) -> None:
    assert final_words(text) == expected
