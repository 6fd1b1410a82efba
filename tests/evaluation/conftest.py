"""Scoring one answer, as the tests of the rules do it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from met_kg.evaluation.score import score

Verdict = Callable[..., dict[str, Any]]


@pytest.fixture
def item() -> Verdict:
    """The item of one record and one answer: ``item(benchmark, record, output, protocol="medevalkit")``."""

    def judge(benchmark: str, record: Any, output: str, protocol: str = "medevalkit") -> dict[str, Any]:
        scored = score(benchmark, [{"record": record, "model_output": output}], protocol=protocol)  # type: ignore[arg-type]
        assert "error" not in scored.items[0], scored.items[0]
        return scored.items[0]

    return judge
