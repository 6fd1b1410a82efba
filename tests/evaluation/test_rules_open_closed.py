"""VQA-RAD, PathVQA and SLAKE: text metrics and totals (single answers: tests/evaluation/rules)."""

from __future__ import annotations

import math
from typing import Any

import pytest

from met_kg.evaluation import judges
from met_kg.evaluation.corrected import normal_answer
from met_kg.evaluation.score import score

MEK, COR = "medevalkit", "corrected"


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


#: gold, answer: as the harness compares them, after 'answer is' and its kin are cut off
PAIRS = [
    ("right lower lobe", "right lobe"),
    ("right lower lobe", "the right lower lobe of the lung"),
    ("pleural effusion.", "large pleural effusion. no pneumothorax."),
    ("a", " a"),
    ("Left Lung", "LEFT lung"),
    ("none", "boxed"),  # reads 'None': only exact match sees the capital
    ("lung", "lung lung lung"),
    ("one two three four five", "one two three four six"),
    ("肺 部", "肺 部"),
    ("t2 weighted", "t2-weighted"),
]


@pytest.mark.filterwarnings("ignore::UserWarning")  # nltk's, of missing higher n-grams: they are meant to score about 0
@pytest.mark.parametrize(("gold", "said"), PAIRS)
def test_text_metrics_are_the_values_of_nltk_and_rouge(item: Any, gold: str, said: str) -> None:
    from nltk.translate.bleu_score import sentence_bleu
    from rouge import Rouge

    def values(gold: str, said: str) -> dict[str, float]:
        reference, hypothesis = (t.lower().replace(".", " .").split(" ") for t in (gold, said))
        rouge = Rouge().get_scores(said.lower(), gold.lower())[0]
        bleu = {f"bleu{n}": sentence_bleu([reference], hypothesis, weights=[1 / n] * n) for n in (1, 2, 3, 4)}
        return bleu | {f"rouge{n}": rouge[f"rouge-{n}"]["f"] for n in ("1", "2", "l")}

    record = {"question": "q", "answer": gold, "answer_type": "OPEN", "q_lang": "en"}
    harness = item("slake", record, said, MEK)["metrics"]  # SLAKE strips nothing
    read = "None" if said == "boxed" else said.lower()
    assert {k: harness[k] for k in values(gold, read)} == values(gold, read)
    assert harness["em"] == float(read == gold.lower())
    repaired = item("slake", record, said, COR)["metrics"]
    clean = [normal_answer(t) for t in (gold, said)]
    assert {k: repaired[k] for k in values(*clean)} == values(*clean)


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
