"""Rules that compare samples, with each other or with texts of benchmarks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pydantic import ValidationError

from met_kg import tables
from met_kg.corpus.images import fingerprint
from met_kg.errors import DataProblem, UnknownName
from met_kg.filtering import rules
from met_kg.filtering.benchmarks import read_benchmarks
from met_kg.filtering.context import Context
from met_kg.filtering.hashes import hash_values, near_pairs
from met_kg.filtering.near_texts import near_texts
from met_kg.filtering.options import BenchmarkFiles
from met_kg.filtering.phrases import Phrases, words_of
from met_kg.graph.store import Graph
from met_kg.log import silent


def context(*sources: BenchmarkFiles) -> Context:
    return Context(Graph.memory(), Path(), silent, read_benchmarks(sources))


def hits(
    rule: str, samples: list[dict[str, object]], where: Context | None = None, **parameters: float
) -> dict[str, str]:
    found = rules.find(rule)
    frame = tables.frame("samples", samples)
    if found.columns:
        frame = frame[list(found.columns)]
    return {hit.sample_id: hit.reason for hit in found(frame, where or context(), parameters)}


def sample(name: str, **values: object) -> dict[str, object]:
    return {"sample_id": name, "caption": "A caption.", **values}


# --- near duplicates


def picture(seed: int) -> Image.Image:
    """Coarse tones with grain, so that there is fine structure to tell two by."""
    rng = np.random.default_rng(seed)
    tones = Image.fromarray(rng.integers(40, 215, (24, 24), dtype=np.uint8)).resize(
        (192, 192), Image.Resampling.BICUBIC
    )
    grain = rng.normal(0, 12, (192, 192))
    return Image.fromarray(np.clip(np.asarray(tones) + grain, 0, 255).astype(np.uint8))


class Pictured:
    """Samples with images in a run folder and hashes of the test's own choice."""

    def __init__(self, run: Path) -> None:
        self.context = Context(Graph.memory(), run, silent)

    def sample(self, name: str, image: Image.Image | None, phash: str, **values: object) -> dict[str, object]:
        if image is not None:
            image.save(self.context.run / f"{name}.png")
        return sample(name, image=f"{name}.png", phash=phash, **values)

    def hits(self, *samples: dict[str, object]) -> dict[str, str]:
        return hits("near-duplicate", list(samples), self.context, distance=4, agreement=0.75)


@pytest.fixture
def pictured(tmp_path: Path) -> Pictured:
    return Pictured(tmp_path)


def test_of_a_chain_every_other_image_stays(pictured: Pictured) -> None:
    same = picture(1)
    found = pictured.hits(*(pictured.sample(f"s{i}", same, f"{(1 << 3 * i) - 1:016x}") for i in range(5)))
    assert set(found) == {"s1", "s3"}
    assert found["s1"].startswith("the image is within 3 bits of that of sample s0, and their fine structure agrees by")


def test_copies_go_with_the_one_they_are_copies_of(pictured: Pictured) -> None:
    same, smaller = picture(1), picture(1).resize((160, 160))
    found = pictured.hits(
        pictured.sample("short", same, "0" * 16),
        pictured.sample("long", same, "0" * 16, caption="A much longer caption."),
        pictured.sample("near", smaller, "0" * 15 + "1"),
        pictured.sample("near-copy", smaller, "0" * 15 + "1"),
        pictured.sample("far", same, "f" * 16),
        pictured.sample("text", None, "") | {"image": ""},
    )
    assert set(found) == {"short", "near", "near-copy"} and all("sample long" in said for said in found.values())
    assert found["near-copy"].endswith("that of sample near, which is that of sample long, altered")


def test_different_pictures_with_near_hashes_both_stay(pictured: Pictured) -> None:
    """And one that is near to both a different and the same picture goes with the same one."""
    found = pictured.hits(
        pictured.sample("one", picture(1), "0" * 16),
        pictured.sample("two", picture(2), "0" * 15 + "1"),
        pictured.sample("two, brighter", picture(2).point(lambda v: int(v * 0.9 + 20)), "0" * 15 + "7"),
    )
    assert set(found) == {"two, brighter"} and "sample two" in found["two, brighter"]


def test_pictures_are_opened_only_where_hashes_are_near(pictured: Pictured) -> None:
    found = pictured.hits(
        pictured.sample("far", None, "f" * 16),
        pictured.sample("copy", None, "f" * 16),
        pictured.sample("there", picture(1), "0" * 16),
        pictured.sample("gone", None, "0" * 15 + "1"),
        pictured.sample("there, too", picture(1), "0" * 15 + "3"),
    )
    assert set(found) == {"copy", "gone", "there, too"}, "far and copy have no file, and need none"
    assert "no longer can" in found["gone"] and "sample there" in found["there, too"]


@pytest.mark.data
def test_two_chest_films_that_the_hash_takes_for_one_both_stay(data_root: Path) -> None:
    folder = data_root / "image-text/covid-chestxray/images"
    different = (
        "1.CXRCTThoraximagesofCOVID-19fromSingapore.pdf-002-fig3a.jpg",
        "9fdd3c3032296fd04d2cad5d9070d4_jumbo.jpg",
    )
    same = ("AR-1.jpg", "AR-2.jpg", "extubation-1.jpg")
    samples = [
        sample(name, image=str(folder / name), phash=fingerprint(folder / name).phash) for name in (*different, *same)
    ]
    values = hash_values([str(row["phash"]) for row in samples])
    assert [0, 1, 4] in near_pairs(values, distance=4).tolist(), "the hash proposes the pair"
    assert set(hits("near-duplicate", samples, distance=4, agreement=0.75)) == {"AR-2.jpg", "extubation-1.jpg"}


# --- captions

NOTE = "Axial contrast enhanced CT of the upper abdomen shows a large cyst in the left lobe of the liver"


def test_a_caption_said_before_is_named() -> None:
    samples = [
        sample("one", caption=NOTE),
        sample("punctuated", caption=NOTE.replace(" CT", ", CT").upper()),
        sample("longer", caption=NOTE + " (see the arrow)"),
        sample("right", caption=NOTE.replace("large cyst in the left", "tiny abscess of the right")),
        sample("short", caption="Chest X-ray, PA view"),
        sample("short again", caption="Chest X-ray, PA view"),
    ]
    found = hits("caption-duplicate", samples, similarity=0.8, shortest=8)
    assert set(found) == {"one", "punctuated"}
    # The comma makes it the longer one of the two that say the same.
    assert found["one"] == "the caption says what that of sample punctuated says, word by word"
    assert found["punctuated"].startswith("the caption shares 8") and "sample longer" in found["punctuated"]


def test_near_texts_are_those_that_comparing_all_finds() -> None:
    rng = np.random.default_rng(5)
    vocabulary = [f"word{i}" for i in range(400)]
    texts = []
    for _ in range(150):
        words = list(rng.choice(vocabulary, size=int(rng.integers(8, 40))))
        texts.append(" ".join(words))
        words[int(rng.integers(len(words)))] = "changed"
        texts.append(" ".join(words))
    sets = [{tuple(w[i : i + 3]) for i in range(len(w) - 2)} for w in map(words_of, texts)]
    wanted = {
        (i, j) for i, a in enumerate(sets) for j, b in enumerate(sets) if i < j and len(a & b) / len(a | b) >= 0.8
    }
    found = {(i, j) for i, j, _ in near_texts(texts, similarity=0.8)}
    assert found <= wanted and len(wanted) > 40 and len(found) >= 0.97 * len(wanted)
    assert near_texts(texts, similarity=0.8) == near_texts(texts, similarity=0.8)
    assert near_texts([], similarity=0.8) == []


# --- splits


def test_what_stands_in_two_splits_leaves_the_earlier() -> None:
    samples = [
        sample("a", split="train", group_id="p1", sha256="aa", phash="0" * 16),
        sample("b", split="test", group_id="p1", sha256="bb", phash="f" * 16),
        sample("c", split="train", group_id="p2", sha256="cc", phash="00ff" * 4),
        sample("d", split="validation", group_id="p3", sha256="cc", phash="00ff" * 4),
        sample("e", split="validation", group_id="p4", sha256="ee", phash="3333" * 4),
        sample("f", split="test", group_id="p5", sha256="ff", phash="3333" * 3 + "3331"),
        sample("g", split="train", group_id="p6", sha256="gg", phash="5555" * 4),
        sample("h", split="train", group_id="p6", sha256="gg", phash="5555" * 4),
        sample("text", split="train", group_id="p7"),
        sample("text2", split="test", group_id="p8"),
    ]
    found = hits("split-leak", samples, distance=4)
    assert found == {
        "a": "group p1 has sample b, which is in test",
        "c": "the same image is that of sample d, which is in validation",
        "e": "the image is within 1 bits of that of sample f, which is in test",
    }


def test_splits_that_the_corpus_gave_do_not_leak() -> None:
    rng = np.random.default_rng(1)
    samples = [
        sample(f"s{i}", split=("train", "test")[i % 2], group_id=f"p{i}", phash=f"{int(v):016x}")
        for i, v in enumerate(rng.integers(0, 2**63, 200, dtype=np.uint64))
    ]
    assert hits("split-leak", samples, distance=4) == {}


def test_what_has_no_split_leaks_nowhere() -> None:
    samples = [
        sample("none", split="", group_id="p", phash="f" * 16),
        sample("train", split="train", group_id="p", phash="f" * 16),
    ]
    assert hits("split-leak", samples, distance=4) == {}
    samples.append(sample("test", split="test", group_id="p", phash="0" * 16))
    assert hits("split-leak", samples, distance=4) == {"train": "group p has sample test, which is in test"}


# --- texts of benchmarks

QUESTIONS = [
    {"qid": 1, "question": "Is there a large right-sided pleural effusion with mediastinal shift?", "answer": "yes"},
    {"qid": 2, "question": "What is the modality?", "answer": "CT"},
]


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    (tmp_path / "test.json").write_text(json.dumps(QUESTIONS), encoding="utf-8")
    return tmp_path / "test.json"


def test_a_text_of_a_benchmark_is_found_and_named(questions: Path) -> None:
    where = context(BenchmarkFiles(name="quiz", table=str(questions), text=["question", "answer"]))
    samples = [
        sample(
            "asked", caption="We asked: is there a large right sided pleural effusion, with mediastinal shift? Yes."
        ),
        sample("around", context="is there a large right-sided pleural effusion with mediastinal shift"),
        sample("part", caption="A large right-sided pleural effusion with mediastinal shift is present."),
        sample("generic", caption="What is the modality? CT"),
    ]
    found = hits("contamination-text", samples, where, shortest=8, longest=13, common=3)
    assert set(found) == {"asked", "around"}
    assert found["asked"] == (
        "the caption says 'is there a large right sided pleural effusion with mediastinal shift', "
        "as record 1 of benchmark quiz does"
    )


def test_a_phrase_of_many_texts_is_a_template() -> None:
    texts = [f"in this question you see an image of the {part}" for part in ("hand", "foot", "knee", "head")]
    asked = ["and in this question you see an image of the hand"]
    assert Phrases(texts, shortest=8, longest=8, common=4).shared(asked)
    assert not Phrases(texts, shortest=8, longest=8, common=1).shared(["in this question you see an image now"])


def test_phrases_are_those_that_comparing_all_finds() -> None:
    rng = np.random.default_rng(2)
    words = [f"w{i}" for i in range(6)]
    held, asked = ([" ".join(rng.choice(words, size=int(rng.integers(1, 20)))) for _ in range(300)] for _ in "ab")
    found = {s.asked: s for s in Phrases(held, shortest=4, longest=6, common=10**6).shared(asked)}
    phrases = set()
    for text in held:
        split = text.split()
        size = min(6, len(split))
        phrases |= {f" {' '.join(split[i : i + size])} " for i in range(len(split) - size + 1)} if size >= 4 else set()
    wanted = {i for i, text in enumerate(asked) if any(p in f" {text} " for p in phrases)}
    assert set(found) == wanted and 20 < len(wanted) < 300
    assert all(f" {s.phrase} " in f" {asked[s.asked]} " and s.phrase in held[s.held] for s in found.values())


def test_a_benchmark_says_what_it_has(questions: Path) -> None:
    with pytest.raises(ValidationError, match="say which 'table'"):
        BenchmarkFiles(name="quiz", images="x", text=["question"])
    with pytest.raises(ValidationError, match="has 'images', or"):
        BenchmarkFiles(name="quiz", table="x.json")
    with pytest.raises(UnknownName, match="caption"):
        read_benchmarks([BenchmarkFiles(name="quiz", table=str(questions), text=["caption"])])
    empty = questions.with_name("empty.jsonl")
    empty.write_text('{"question": ""}\n', encoding="utf-8")
    with pytest.raises(DataProblem, match="no text in question"):
        read_benchmarks([BenchmarkFiles(name="quiz", table=str(empty), text=["question"])])


def test_the_rules_take_a_table_without_rows() -> None:
    for rule, parameters in (
        ("near-duplicate", {"distance": 4.0, "agreement": 0.75}),
        ("caption-duplicate", {"similarity": 0.8, "shortest": 8.0}),
        ("split-leak", {"distance": 4.0}),
        ("contamination-text", {"shortest": 8.0, "longest": 13.0, "common": 3.0}),
    ):
        columns = rules.find(rule).columns
        frame = tables.empty("samples")
        assert isinstance(frame, pd.DataFrame)
        assert list(rules.find(rule)(frame[list(columns)] if columns else frame, context(), parameters)) == []
