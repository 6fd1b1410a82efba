"""Lines a second and memory of the scorer on sets as large as PMC-VQA (33,430) and PathVQA (6,719).

Run: ``python -m benchmarks.scoring``. Records and answers are drawn from a list of words: no data is needed. A third of
the answers to choices are letters, a third an option's text or a letter in brackets, a third a sentence or more. The
peer is the rule for the nearest option as the harness states it, a new matcher for each option; same verdicts.
"""

from __future__ import annotations

import json
import resource
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.measure import Measured, arguments, measure, report
from met_kg.evaluation.judges import nearest_option
from met_kg.evaluation.score import PROTOCOLS, Protocol, read_lines, score

_WORDS = "diffuse focal uptake in the left right upper lower lobe of liver lung mass cyst nodule CT MRI axial coronal \
section shows a an with without contrast enhancement lesion artery vein bone marrow biopsy stain cell tissue"
WORDS = _WORDS.split()


SIZES = (1_000, 11_143)  # answers that go to the nearest option: a third of PMC-VQA


def run(sizes: Sequence[int], out: Path) -> list[Measured]:
    """Measure, print and write ``scoring.json``: the nearest option, and beside it the whole of scoring."""
    rows = []
    for size in sizes:
        rng = Random(2)
        pairs = [([_words(rng, 1, 5).lower() for _ in range(4)], _words(rng, 3, 60).lower()) for _ in range(size)]
        assert [nearest_option(*pair) for pair in pairs] == [_plain(*pair) for pair in pairs]
        for name, find in (("ours", nearest_option), ("a matcher for each option", _plain)):
            rows.append(measure(name, size, partial(_choose, find), pairs))
    report("scoring", "answers", rows, out, ["nltk", "rouge"])
    return rows


def whole(out: Path) -> None:
    """Lines a second of whole benchmarks under both protocols, and the memory that they took at most."""
    rows = []
    for name, count, line in (("pmc-vqa", 33_430, _choice), ("pathvqa", 6_719, _question)):
        rng = Random(1)
        data = b"\n".join(json.dumps(line(rng)).encode() for _ in range(count))
        for protocol in PROTOCOLS:
            rows.append(measure(f"{name}, {protocol}", count, partial(_score, name, protocol), data, repeats=1))
    report("scoring-whole", "lines", rows, out, ["nltk", "rouge"])
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


def _score(benchmark: str, protocol: Protocol, data: bytes) -> int:
    return len(score(benchmark, read_lines(data), protocol=protocol).items)


def _choose(find: Callable[[Sequence[str], str], int], pairs: Sequence[tuple[Sequence[str], str]]) -> int:
    return len([find(*pair) for pair in pairs])


def _plain(options: Sequence[str], text: str) -> int:
    ratios = [SequenceMatcher(None, option, text).ratio() for option in options]
    return max(range(len(options)), key=lambda i: ratios[i])


def _words(rng: Random, low: int, high: int) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(rng.randint(low, high)))


def _choice(rng: Random) -> dict[str, Any]:
    options = [_words(rng, 1, 5) for _ in range(4)]
    record = {"Question": _words(rng, 5, 15), "Answer": rng.choice("ABCD"), "Caption": _words(rng, 40, 80)}
    record |= {f"Choice {x}": f"{x}:{text}" for x, text in zip("ABCD", options, strict=True)}
    short = [rng.choice(options), f"({rng.choice('ABCD')})"]
    said = rng.choice([rng.choice("ABCD"), rng.choice(short), _words(rng, 5, 60)])
    return {"record": record, "model_output": said}


def _question(rng: Random) -> dict[str, Any]:
    gold = rng.choice(["yes", "no", _words(rng, 1, 6), _words(rng, 1, 6)])
    return {"record": {"question": _words(rng, 5, 15), "answer": gold}, "model_output": _words(rng, 1, 25)}


if __name__ == "__main__":
    given = arguments("The scorer's speed.", SIZES)
    run(given.sizes, given.out)
    whole(given.out)
