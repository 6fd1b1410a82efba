from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageFilter

from met_kg import tables
from met_kg.corpus.images import fingerprint
from met_kg.errors import DataProblem, MissingData, UnknownName
from met_kg.filtering import filter_files, kept_ids
from met_kg.filtering.facts import kept_triples, sample_triples
from met_kg.filtering.options import AlignOptions, BenchmarkFiles, FilterOptions
from met_kg.graph.store import Graph
from tests.in_memory import decisions_on

CAPTION = "PA chest X-ray without abnormality."
LUNG, BRAIN = "UBERON:0002048", "UBERON:0000955"
CT, MRI = "MET:0000012", "MET:0000013"
RULES_ONLY = AlignOptions(enabled=False)


def picture(seed: int, size: tuple[int, int] = (160, 120)) -> Image.Image:
    values = np.random.default_rng(seed).integers(0, 255, (6, 8)).astype(np.uint8)
    return Image.fromarray(values).resize(size, Image.Resampling.BICUBIC)


class Bench:
    """A run folder with samples whose images are real files."""

    def __init__(self, run: Path) -> None:
        self.run, self.rows, self.anchors = run, list[dict[str, object]](), list[dict[str, object]]()
        (run / "images").mkdir()

    def add(
        self, name: str, image: Image.Image | bytes | None = None, *, anchored: bool = True, **values: object
    ) -> str:
        path = self.run / "images" / f"{name}.png"
        if isinstance(image, bytes):
            path.write_bytes(image)
        else:
            (image or picture(len(self.rows) + 100)).save(path)
        print_ = fingerprint(path)
        row = {
            "sample_id": name,
            "image": f"images/{name}.png",
            **{k: getattr(print_, k) for k in ("sha256", "phash", "width", "height", "mode")},
            **(asdict(print_.measures) if print_.measures else {}),
            "meta": json.dumps({"image_problem": print_.problem}) if print_.problem else "",
            "caption": CAPTION,
            "source": "bench",
            "licence": "CC0-1.0",
            "group_id": f"bench/{name}",
        }
        self.rows.append({**row, **values})
        if anchored:
            self.anchor(name, LUNG, "anatomy")
        return name

    def anchor(self, sample: str, node: str, axis: str, method: str = "mention", polarity: str = "positive") -> None:
        self.anchors.append(
            {"sample_id": sample, "node": node, "axis": axis, "polarity": polarity, "method": method, "score": 1.0}
        )

    def decide(self, graph: Graph, **options: object) -> pd.DataFrame:
        samples, anchors = tables.frame("samples", self.rows), tables.frame("anchors", self.anchors)
        graph.load_triples("metg:samples", sample_triples(samples, anchors))
        settings = FilterOptions.model_validate({"align": RULES_ONLY, **options})
        return decisions_on(samples, anchors, graph, settings, run=self.run)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def verdicts(decisions: pd.DataFrame, sample: str) -> dict[str, str]:
    rows = decisions[decisions["sample_id"] == sample]
    return dict(zip(rows["rule"], rows["verdict"], strict=True))


def reason(decisions: pd.DataFrame, sample: str, rule: str) -> str:
    return str(decisions[(decisions["sample_id"] == sample) & (decisions["rule"] == rule)]["reason"].iloc[0])


def test_every_sample_is_decided_and_every_fault_named(bench: Bench, mini_graph: Graph) -> None:
    good = picture(1)
    good.save(bench.run / "good.png")
    bench.add("good", good)
    bench.add("cut", (bench.run / "good.png").read_bytes()[:900])
    bench.add("blank", Image.new("L", (100, 100), 7), licence="")
    bench.add("tiny", picture(2, (40, 30)), caption="Image.")
    bench.add("strip", picture(3, (640, 80)))
    bench.add("lost", caption="fever 7\ufffd4 and cough, chest X-ray")
    bench.add("nothing", anchored=False)
    found = bench.decide(mini_graph)
    assert verdicts(found, "good") == {"all-rules": "keep"}
    assert verdicts(found, "cut") == {"image-decodes": "drop"}
    assert "does not decode" in reason(found, "cut", "image-decodes")
    assert verdicts(found, "blank") == {"image-blank": "drop", "licence-missing": "flag"}
    assert verdicts(found, "tiny") == {
        "image-side": "drop",
        "caption-length": "drop",
        "caption-boilerplate": "drop",
    }
    assert "40 x 30" in reason(found, "tiny", "image-side") and "'Image.'" in reason(found, "tiny", "caption-length")
    assert verdicts(found, "strip") == {"image-aspect": "drop"}
    assert verdicts(found, "lost") == {"damaged-text": "flag"}
    assert verdicts(found, "nothing") == {"no-entity": "drop"}
    assert kept_ids([found]) == {"good", "lost"}
    assert set(found["sample_id"]) == {str(r["sample_id"]) for r in bench.rows}


def test_of_duplicates_the_better_caption_stays(bench: Bench, mini_graph: Graph) -> None:
    one = picture(5)
    bench.add("first", one)
    bench.add("longer", one, caption=CAPTION + " The heart is normal.")
    bench.add("third", one)
    bench.add("smaller", one.resize((150, 112)))
    bench.add("other", picture(6))
    found = bench.decide(mini_graph)
    assert kept_ids([found]) == {"longer", "other"}
    assert verdicts(found, "first") == {"duplicate-image": "drop"}
    assert "sample longer" in reason(found, "first", "duplicate-image")
    assert verdicts(found, "smaller") == {"near-duplicate": "drop"}


def test_a_dropped_sample_takes_no_duplicate_with_it(bench: Bench, mini_graph: Graph) -> None:
    bench.add("unanchored", picture(5), anchored=False, caption=CAPTION * 3)
    bench.add("anchored", picture(5))
    assert kept_ids([bench.decide(mini_graph)]) == {"anchored"}


def test_benchmark_images_are_kept_out(bench: Bench, mini_graph: Graph, tmp_path: Path) -> None:
    folder = tmp_path / "bench-images"
    folder.mkdir()
    for name, seed in (("test1.png", 5), ("test2.png", 6), ("train.png", 7)):
        picture(seed).save(folder / name)
    (tmp_path / "test.json").write_text(json.dumps([{"image_name": "test1.png"}, {"image_name": "test2.png"}]))
    bench.add("same", picture(5))
    bench.add("blurred", picture(6).filter(ImageFilter.GaussianBlur(1)).resize((120, 90)))
    bench.add("of-train", picture(7))
    bench.add("free", picture(8))
    source = {"name": "toy", "images": str(folder), "table": str(tmp_path / "test.json")}
    found = bench.decide(mini_graph, benchmarks=[source])
    assert kept_ids([found]) == {"of-train", "free"}
    assert reason(found, "same", "contamination") == "the image is test1.png of benchmark toy"
    assert "test2.png of benchmark toy" in reason(found, "blurred", "contamination")
    assert filter_files(FilterOptions(benchmarks=[BenchmarkFiles.model_validate(source)])) == [
        folder,
        tmp_path / "test.json",
    ]
    with pytest.raises(MissingData, match="benchmark 'toy'"):
        bench.decide(mini_graph, benchmarks=[{**source, "images": str(tmp_path / "none")}])
    with pytest.raises(UnknownName, match="did you mean image_name"):
        bench.decide(mini_graph, benchmarks=[{**source, "column": "image_names"}])
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataProblem, match="no images"):
        bench.decide(mini_graph, benchmarks=[{"name": "toy", "images": str(tmp_path / "empty")}])


def test_triples_of_samples_and_decisions(bench: Bench, mini_graph: Graph) -> None:
    bench.add("s1", sex="female", age="6 months")
    bench.anchor("s1", CT, "modality", "metadata")
    bench.anchor("s1", BRAIN, "anatomy", polarity="negative")
    bench.anchor("s1", MRI, "modality", polarity="uncertain")
    bench.decide(mini_graph)
    mini_graph.load_triples("metg:decisions", kept_triples({"s1"}))
    rows = mini_graph.rows_of("SELECT ?p ?o { sample:s1 ?p ?o }")
    assert sorted((str(r["p"]), str(r["o"])) for r in rows) == [
        ("met:ageYears", "0.5"),
        ("met:corpus", "bench"),
        ("met:depicts", "MET:0000012"),
        ("met:depicts", "UBERON:0002048"),
        ("met:depictsByMetadata", "MET:0000012"),
        ("met:depictsByText", "UBERON:0002048"),
        ("met:excludes", "UBERON:0000955"),
        ("met:group", "bench/s1"),
        ("met:kept", "True"),
        ("met:licence", "CC0-1.0"),
        ("met:mayDepict", "MET:0000013"),
        ("met:sex", "F"),
    ]


def test_a_profile_of_ones_own(bench: Bench, mini_graph: Graph, tmp_path: Path) -> None:
    own = tmp_path / "mine.tsv"
    own.write_text("# extends: default\nimage-side\tdrop\tminimum=500\tlarge ones only\nlicence-missing\toff\t\t\n")
    bench.add("small", licence="")
    found = bench.decide(mini_graph, profile=str(own))
    assert verdicts(found, "small") == {"image-side": "drop"}
    for text, message in (
        ("image-sid\tdrop\t\t\n", r"no rule in mine\.tsv:1 is called 'image-sid' \(did you mean image-side"),
        ("image-side\tdestroy\tminimum=1\t\n", r"mine\.tsv:1: severity 'destroy'"),
        ("image-side\tdrop\tmaximum=1\t\n", "takes minimum"),
        ("image-side\tdrop\tminimum=x\t\n", "not name=number"),
        (f"# extends: {own}\n", "extends itself"),
    ):
        own.write_text(text)
        with pytest.raises((UnknownName, DataProblem), match=message):
            bench.decide(mini_graph, profile=str(own))
    with pytest.raises(UnknownName, match="did you mean radiology"):
        bench.decide(mini_graph, profile="radiologie")


def test_decisions_are_the_same_twice(bench: Bench, mini_graph: Graph) -> None:
    for i in range(6):
        bench.add(f"s{i}", picture(i // 2))
    one, two = bench.decide(mini_graph), bench.decide(mini_graph)
    pd.testing.assert_frame_equal(one, two)
