"""All tables by benchmark, and how many statements they hold."""

from __future__ import annotations

from collections import Counter

from tests.evaluation.rules import Rule
from tests.evaluation.rules.choice import OMNIMEDVQA, PMC_VQA
from tests.evaluation.rules.mmmu import MMMU_TEST, MMMU_VAL
from tests.evaluation.rules.open_closed import PATHVQA, SLAKE, VQA_RAD
from tests.evaluation.test_prompts import CASES

TABLES: dict[str, list[Rule]] = {
    "vqa-rad": VQA_RAD,
    "slake": SLAKE,
    "pathvqa": PATHVQA,
    "pmc-vqa": PMC_VQA,
    "omnimedvqa": OMNIMEDVQA,
    "mmmu-med-val": MMMU_VAL,
    "mmmu-med-test": MMMU_TEST,
}


def counts() -> dict[str, tuple[int, int]]:
    """Benchmark -> rows (each is tested under both protocols), and prompts compared byte for byte."""
    prompts = Counter(benchmark for benchmark, *_ in CASES)
    return {name: (len(rules), prompts[name]) for name, rules in TABLES.items()}
