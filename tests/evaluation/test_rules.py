"""Each row of the tables under tests/evaluation/rules, under both protocols."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from met_kg.evaluation.benchmark import find, names
from tests.evaluation.rules import Rule
from tests.evaluation.rules.tables import TABLES, counts

ROWS = [
    pytest.param(benchmark, rule, id=f"{benchmark}-{rule.section}-{number}")
    for benchmark, rules in TABLES.items()
    for number, rule in enumerate(rules)
]


@pytest.mark.parametrize(("benchmark", "rule"), ROWS)
@pytest.mark.parametrize("protocol", ["medevalkit", "corrected"])
def test_rule(item: Any, benchmark: str, rule: Rule, protocol: str) -> None:
    found = item(benchmark, rule.record, rule.said, protocol)
    expected = rule.harness if protocol == "medevalkit" else rule.repaired
    got = found["correct"] if isinstance(expected, bool) else found["extracted"]
    assert got == expected, f"{rule.why}: {found}"
    if isinstance(expected, str):
        assert found["correct"] is (expected == find(benchmark).gold_letter(rule.record).strip().upper())
        unread = {"medevalkit": ("nearest option", "random letter"), "corrected": ("unparsed",)}[protocol]
        assert (found.get("note") in unread) or expected, "no letter without a note"


def test_every_shipped_benchmark_has_a_table() -> None:
    assert set(names()) - set(TABLES) == {"own-items", "pmc-vqa-clean"}, "these two have no protocol of their own"


def test_the_documentation_states_the_counts() -> None:
    text = (Path(__file__).parents[2] / "docs/evaluation.md").read_text(encoding="utf-8")
    stated = {
        name: (int(rows), int(prompts))
        for name, rows, prompts in re.findall(r"(?m)^\| `(.+)` \| (\d+) \| (\d+) \|$", text)
    }
    assert stated == counts()
