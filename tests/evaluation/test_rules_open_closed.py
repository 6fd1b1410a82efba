"""VQA-RAD, PathVQA and SLAKE: each statement of the protocol, and its repair."""

from __future__ import annotations

import math
from typing import Any

import pytest

from met_kg.evaluation import judges
from met_kg.evaluation.score import score

MEK, COR = "medevalkit", "corrected"


@pytest.mark.parametrize("benchmark", ["vqa-rad", "pathvqa"])
@pytest.mark.parametrize(
    ("gold", "said", "harness", "repaired"),
    [
        ("yes", "Yes.", True, True),
        ("no", "No", True, True),
        ("Yes", "yes", True, True),  # gold lower-cased ...
        (" Yes ", "yes", True, True),  # ... and stripped
        ("yes", "no", False, False),
        ("yes", "Yes, the heart is abnormal.", False, True),  # substrings: abnormal holds a no
        ("no", "The lungs are normal.", True, False),
        ("no", "I cannot tell from this image", True, False),
        ("no", "unknown", True, False),
        ("no", "a nodule", True, False),
        ("no", "diagnosis", True, False),
        ("yes", "eyes", True, False),
        ("yes", "yes and no", False, True),  # the word it begins with
        ("no", "There is yes and no", False, False),  # both, and it begins with neither
        ("yes", "", False, False),
        ("no", "", False, False),
        ("yes", "y.es", True, False),  # full stops and newlines are deleted
        ("yes", "y\nes", True, False),
        ("yes", "<think>no, no</think>Yes", False, True),
        ("yes", r"so \boxed{yes}", True, True),
        ("yes", r"no \boxed{yes", False, False),  # a box that never closes hides everything
        ("yes", "boxed yes", False, True),
        ("no", "boxed no", False, True),  # 'boxed' reads 'None', whose capital letter saves it from holding a no
        ("yes", "<answer>yes</answer> or no", True, True),
        ("yes", "no? The answer is yes", True, True),
    ],
)
def test_yes_no(item: Any, benchmark: str, gold: str, said: str, harness: bool, repaired: bool) -> None:
    record = {"question": "q?", "answer": gold}
    assert item(benchmark, record, said, MEK)["correct"] is harness
    assert item(benchmark, record, said, COR)["correct"] is repaired


@pytest.mark.parametrize(
    ("gold", "said", "harness", "repaired"),
    [
        ("right lung", "right lung", True, True),
        ("Right Lung ", "right lung", True, True),  # both sides lower-cased and stripped
        ("right lung", "  Right lung\n", True, True),
        ("right lung", "right lung.", False, True),  # full stops count
        ("right lung", "the right lung", False, True),  # articles count
        ("right lung", "right  lung", False, True),  # blanks count
        ("right lung", "Answer: right lung", False, True),  # a leading blank stays
        ("right lung", "Answer:right lung", True, True),
        ("right lung", r"\boxed{right lung}", True, True),
        ("right lung", "<think>left</think>right lung", False, True),
        ("axial", "Axial", True, True),  # a closed word is open here
        ("left", "left lung", False, False),
        ("hepatitis", "hepatitis A", False, False),  # only a leading article is dropped
        (3, "3", True, True),
    ],
)
def test_open_by_exact_match(item: Any, gold: object, said: str, harness: bool, repaired: bool) -> None:
    for benchmark in ("vqa-rad", "pathvqa"):
        record = {"question": "q?", "answer": gold}
        assert item(benchmark, record, said, MEK)["kind"] == "open"
        assert item(benchmark, record, said, MEK)["correct"] is harness
        assert item(benchmark, record, said, COR)["correct"] is repaired


@pytest.mark.parametrize(
    ("gold", "kind", "said", "harness", "repaired"),
    [
        ("yes", "CLOSED", "well yes", True, True),  # lower-case gold: by substring
        ("Yes", "CLOSED", "yes", True, True),  # any other gold: equality
        ("Yes", "CLOSED", "Yes.", True, True),
        ("Yes", "CLOSED", "Yes, it is", False, True),
        ("Yes", "CLOSED", "yes ", False, True),
        ("Yes", "CLOSED", "The answer is Yes", False, True),
        ("No", "CLOSED", "The lungs are normal", False, False),
        ("CT", "CLOSED", "ct.", True, True),
        ("CT", "CLOSED", " CT", False, True),
        ("1.5", "CLOSED", "1.5", False, True),  # a gold with a full stop can never be right
        ("CT", "closed", "CT", True, True),  # everything but OPEN is closed
        ("是的", "CLOSED", "是的", True, True),
        ("是的", "CLOSED", "是的。", False, True),  # the Chinese full stop stays
        ("是", "CLOSED", "是的", False, False),  # no table of synonyms
        ("", "CLOSED", "", True, False),
        ("Lung", "OPEN", "lung", True, True),
        ("Lung", "OPEN", "lung ", False, True),  # not stripped, unlike VQA-RAD
        ("Lung ", "OPEN", "lung", False, True),
        ("yes", "OPEN", "yes", True, True),
        ("yes", "OPEN", "Yes it is", False, False),
    ],
)
def test_slake(item: Any, gold: str, kind: str, said: str, harness: bool, repaired: bool) -> None:
    record = {"question": "q", "answer": gold, "answer_type": kind, "q_lang": "en", "img_name": "x"}
    found = item("slake", record, said, MEK)
    assert found["kind"] == ("open" if kind == "OPEN" else "closed")
    assert found["correct"] is harness
    assert item("slake", record, said, COR)["correct"] is repaired


@pytest.mark.parametrize("said", ["", ".", "...", r"\boxed{}", r"\boxed{.}", "Answer:", " "])
@pytest.mark.parametrize("protocol", [MEK, COR])
def test_an_empty_open_answer_scores_zero_and_is_counted(said: str, protocol: str) -> None:
    for name in ("vqa-rad", "slake"):
        record = {"question": "q?", "answer": "lung", "answer_type": "OPEN", "q_lang": "en"}
        scored = score(name, [{"record": record, "model_output": said}], protocol=protocol)  # type: ignore[arg-type]
        assert scored.items[0]["correct"] is False
        assert set(scored.items[0]["metrics"].values()) == {0.0}
        assert scored.metrics["open"]["total"] == 1
        if protocol == MEK or said != "Answer:":  # the marker alone is then the answer
            assert scored.metrics["notes"] == {"empty answer": 1}


def test_text_metrics_and_their_permuted_names(item: Any) -> None:
    record = {"question": "q", "answer": "right lower lobe"}
    harness = item("vqa-rad", record, "right lobe", MEK)["metrics"]
    repaired = item("vqa-rad", record, "right lobe", COR)["metrics"]
    precision, recall, f1 = 1.0, pytest.approx(2 / 3), pytest.approx(0.8)
    assert (harness["precision"], harness["recall"], harness["f1"]) == (f1, precision, recall)
    assert (repaired["precision"], repaired["recall"], repaired["f1"]) == (precision, recall, f1)


def test_bleu_and_rouge_of_the_named_packages() -> None:
    def of(gold: str, said: str) -> dict[str, float]:
        found = judges.open_metrics(gold, said)
        assert found is not None
        return found

    assert of("a", " a")["bleu1"] == pytest.approx(0.5), "a leading space is an empty token"
    assert of("lung", "lung")["bleu1"] == 1.0
    assert of("lung", "liver")["bleu1"] == 0.0
    assert 0 < of("left lung", "left lobe")["bleu4"] < 1e-70, "a missing n-gram is tiny, not nought"
    assert of("lung.", "lung")["bleu1"] == pytest.approx(math.exp(-1)), "the full stop is a token of its own"
    assert of("lung\nright", "lung right")["bleu1"] == 0.0, "a newline does not split"
    assert of("the left lung", "left lung")["rouge1"] == pytest.approx(0.8, abs=1e-6)
    assert of("left lung", "left lung")["rouge2"] == pytest.approx(1.0, abs=1e-6)
    assert of("lung left", "left lung")["rougel"] == pytest.approx(0.5, abs=1e-6)


def test_an_answer_of_thousands_of_words_is_scored(item: Any) -> None:
    rambling = " ".join(f"word{i}" for i in range(3000))
    found = item("vqa-rad", {"question": "q", "answer": "right lung"}, rambling)
    assert found["correct"] is False and found["metrics"]["rougel"] == 0.0


def test_open_accuracy_is_divided_twice_in_the_harness_only() -> None:
    lines = [{"record": {"question": "q", "answer": "a b"}, "model_output": said} for said in ("a b", "a b", "x", "y")]
    harness, repaired = (score("vqa-rad", lines, protocol=p).metrics for p in (MEK, COR))  # type: ignore[arg-type]
    assert harness["open"]["acc"] == 2 / 4 / 4 and harness["open"]["acc_recomputed"] == 0.5
    assert harness["open"]["em"] == 0.5, "the other metrics are averaged once"
    assert repaired["open"]["acc"] == 0.5 and "acc_recomputed" not in repaired["open"]
    assert harness["total metrics"]["acc"] == 0.5


def test_a_set_without_open_or_closed_items_has_null_not_a_crash() -> None:
    for protocol in (MEK, COR):
        closed = [{"record": {"question": "q", "answer": "yes"}, "model_output": "yes"}]
        metrics = score("vqa-rad", closed, protocol=protocol).metrics  # type: ignore[arg-type]
        assert metrics["open"]["acc"] is None and metrics["close"]["acc"] == 1.0
        opened = [{"record": {"question": "q", "answer": "lung"}, "model_output": "lung"}]
        assert score("pathvqa", opened, protocol=protocol).metrics["close"]["acc"] is None  # type: ignore[arg-type]


def test_slake_counts_both_languages_and_states_each() -> None:
    record = {"question": "q", "answer": "CT", "answer_type": "OPEN", "img_name": "x"}
    lines = [{"record": record | {"q_lang": lang}, "model_output": "ct"} for lang in ("en", "zh", "zh")]
    metrics = score("slake", lines).metrics
    assert metrics["total metrics"]["total"] == 3
    assert metrics["language"] == {
        "en": {"total": 1, "right": 1, "acc": 1.0},
        "zh": {"total": 2, "right": 2, "acc": 1.0},
    }
