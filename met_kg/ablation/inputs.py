"""What all trainings of an ablation share: the data of the arms, the random models to begin with, the tests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from met_kg import tables
from met_kg.ablation.settings import Ablation
from met_kg.errors import DataProblem, MissingData
from met_kg.evaluation.benchmark import Benchmark, find
from met_kg.evaluation.contamination import read_training, seen_in_training
from met_kg.evaluation.records import IMAGE, Loaded, load_records
from met_kg.evaluation.run import item_records
from met_kg.log import Log
from met_kg.models.standin import make_standin
from met_kg.paths import expand_path
from met_kg.pipeline.fingerprint import code_hash, hash_json, hash_path, library_versions
from met_kg.training.examples import IMAGE as IMAGE_MARK
from met_kg.training.examples import Example, read_examples
from met_kg.training.random_options import link_run, random_arm

__all__ = ["CHOICES", "HELD_OUT", "Inputs", "Test", "prepare", "tests_of"]

#: The held-out items as the tree made them, and their multiple-choice questions with random wrong answers.
HELD_OUT: Final = "held-out"
CHOICES: Final = "random-options"
_SPLIT: Final = "test"
#: What decides what a training sees of a folder.
_READ: Final = ("vqa.parquet", "captions.parquet", "samples.parquet", "tree")
#: What stage 2 says of pairs that arm data `filtered` does without.
_DOUBTED: Final = ("review", "flag")


@dataclass(frozen=True, slots=True)
class Test:
    """Questions that every model is asked; ``base`` is the folder under which relative image paths lie."""

    name: str
    bench: Benchmark
    records: list[dict[str, Any]]
    base: Path

    @property
    def hash(self) -> str:
        """Of the questions, without where their images lie."""
        return hash_json([{**r, IMAGE: Path(r[IMAGE]).name} for r in self.records])


@dataclass(frozen=True, slots=True)
class Inputs:
    """Folders and hashes of what is trained on and begun with.

    Attributes
    ----------
    data
        folder by kind of data (``run``, ``random``, ``filtered``).
    bases
        folder of the random model by seed.
    hashes
        sha256 by name.
    counts
        of what was made.
    seen
        for each benchmark the places of records whose image is in training.
    groups
        patient or document of each sample.
    notes
        what must be said beside the result.
    """

    data: Mapping[str, Path]
    bases: Mapping[int, Path]
    hashes: Mapping[str, str]
    counts: Mapping[str, Any]
    seen: Mapping[str, list[int]]
    groups: Mapping[str, str]
    notes: list[str]


def prepare(plan: Ablation, run: Path, out: Path, tests: Mapping[str, Test], notes: list[str], log: Log) -> Inputs:
    """Make the data of the arms and the random models; a model that is there already is kept.

    Raises
    ------
    DataProblem
        when the run decided nothing at stage 2, and an arm asks for its decisions.
    """
    used = {arm.data for arm in plan.arms.values()}
    folders, counts = {"run": run}, dict[str, Any]()
    folders["random"] = out / "data" / "random"
    if "filtered" in used:
        folders["filtered"] = out / "data" / "filtered"
        counts["filtered"] = _without_doubted(run, folders["filtered"])
        notes.append(_filter_note(counts["filtered"]))
    hashes = {f"{kind}/{name}": hash_path(folder / name) for kind, folder in folders.items() for name in _READ}
    examples, _ = read_examples(run)
    if not examples:
        raise DataProblem("the run has no example to train on", where=str(run))
    texts = list(_texts(examples))
    bases = {seed: _base(plan, seed, texts, out / "bases") for seed in plan.all_seeds}
    hashes |= {f"bases/{base.name}": hash_path(base / "model.safetensors") for base in bases.values()}
    hashes |= {f"tests/{name}": test.hash for name, test in tests.items()}
    samples = tables.read("samples", run / "samples.parquet", ["sample_id", "group_id"])
    groups = {s: g or s for s, g in zip(samples["sample_id"], samples["group_id"].fillna(""), strict=True)}
    seen = {n: _seen(t, run, out, hashes, log) for n, t in tests.items() if n not in (HELD_OUT, CHOICES)}
    return Inputs(folders, bases, hashes, counts, seen, groups, notes)


def tests_of(plan: Ablation, run: Path, out: Path) -> tuple[dict[str, Test], list[str]]:
    """The tests by name, and what is to be said of those that are not there; makes the items with random options.

    Raises
    ------
    MissingData
        when the run is none, or holds out no item.
    """
    for name in ("vqa.parquet", "captions.parquet", "samples.parquet"):
        if not (run / name).is_file():
            raise MissingData(f"{name} is not there", where=str(run), hint="give the folder of a finished 'met run'")
    random = out / "data" / "random"
    random_arm(run, random, plan.seed)
    changed = {r["item_id"]: r for r in item_records(random, _SPLIT)}
    bench, kept = find("own-items"), [r for r in item_records(run, _SPLIT) if r["item_id"] in changed]
    if not kept:
        raise MissingData("the run holds out no items", where=str(run))
    tests = {HELD_OUT: Test(HELD_OUT, bench, kept, run)}
    choices = [changed[r["item_id"]] for r in kept if bench.is_choice(r)]
    if choices:
        tests[CHOICES] = Test(CHOICES, bench, choices, run)
    notes = [] if choices else ["No held-out item is a multiple-choice one: no test with random options."]
    for name, source in plan.benchmarks.items():
        bench = find(name)
        try:
            folder = expand_path(source)
            if not folder.is_dir():
                raise MissingData("there is no such folder", where=str(folder))
        except MissingData as problem:
            notes.append(f"Not tested on {bench.title}: {problem}.")
            continue
        loaded: Loaded = load_records(bench, folder, images=out / "data" / bench.name)
        if loaded.set_aside:
            notes.append(f"{bench.title}: {len(loaded.set_aside)} records cannot be asked.")
        tests[bench.name] = Test(bench.name, bench, loaded.records, run)
    return tests, notes


def _without_doubted(run: Path, out: Path) -> dict[str, int]:
    """A folder like ``run`` without the items and captions of pairs that stage 2 doubts; returns counts."""
    path = run / "decisions.parquet"
    decisions = tables.read("decisions", path) if path.is_file() else pd.DataFrame({"stage": []})
    stage = decisions[decisions["stage"] == 2]
    if stage.empty:
        raise DataProblem(
            "stage 2 decided nothing in this run",
            where=str(path),
            hint="run it with filter.align.enabled: true, or leave out the arms with data: filtered",
        )
    doubted = set(stage.loc[stage["verdict"].isin(_DOUBTED), "sample_id"])
    own = ("vqa.parquet", "captions.parquet")
    link_run(run, out, but=own)
    counts = {"pairs decided": stage["sample_id"].nunique(), "pairs left out": len(doubted)}
    for name, file in zip(("vqa", "captions"), own, strict=True):
        table = tables.read(name, run / file)
        kept = table[~table["sample_id"].isin(doubted)]
        tables.write(name, kept, out / file)
        train = (table["split"] == "train") & table["sample_id"].isin(doubted)
        counts[f"{name} of training left out"] = int(train.sum())
    return counts


def _filter_note(counts: Mapping[str, int]) -> str:
    return (
        f"Stage 2: no second run. Of the {counts['pairs decided']:,} pairs that it decided in this one, the "
        f"{counts['pairs left out']:,} sent to review or flagged are left out of data 'filtered' "
        f"({counts['vqa of training left out']:,} questions and {counts['captions of training left out']:,} captions "
        "of training); the other arms have them. What the run's balance and quality control would have done without "
        "them is not repeated."
    )


def _seen(test: Test, run: Path, out: Path, hashes: Mapping[str, str], log: Log) -> list[int]:
    """Places of a test's records whose image, or an altered copy, is in the run's training split."""
    path = out / "data" / f"seen-{test.name}.json"
    key = hash_json([hashes["run/samples.parquet"], hashes["run/vqa.parquet"], test.hash])
    if path.is_file() and (held := json.loads(path.read_text(encoding="utf-8")))["key"] == key:
        return list(held["image"])
    images = [expand_path(r[IMAGE], base=test.base) for r in test.records]
    questions = [test.bench.field(r, "question") for r in test.records]
    found = seen_in_training(images, questions, read_training(run), log=log)
    places = [n for n, one in enumerate(found) if one.image]
    said = {"key": key, "image": places, "how": [asdict(found[n]) for n in places]}
    path.write_text(json.dumps(said, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return places


def _base(plan: Ablation, seed: int, texts: list[str], folder: Path) -> Path:
    """The random model of a seed; its tokenizer is that of the run's words, whatever an arm sees of them."""
    base, made = folder / f"seed-{seed}", folder / f"seed-{seed}.json"
    said = {"key": hash_json([plan.family, plan.hidden, seed, texts, code_hash("models"), library_versions()])}
    if not made.is_file() or json.loads(made.read_text(encoding="utf-8")) != said:
        make_standin(base, family=plan.family, texts=texts, seed=seed, hidden=plan.hidden)
        made.write_text(json.dumps(said) + "\n", encoding="utf-8")
    return base


def _texts(examples: Iterable[Example]) -> Iterable[str]:
    for e in examples:
        yield from (turn.removeprefix(f"{IMAGE_MARK}\n") for turn in e.turns)
        yield e.answer
