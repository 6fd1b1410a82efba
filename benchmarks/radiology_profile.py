"""The radiology profile on ROCO captions: which it drops of images that are none of radiology, and of those that are.

Run: ``python -m benchmarks.radiology_profile --run RUN`` (a run with a built tree: ``met run RECIPE --until tree``).
There are no images, so the rules that look at images are left out. Articles are split in half by a hash of their
number: the words and points of the rule were chosen on one half. The last lines count by what the text says
(``radiology_gold.tsv``) where the collection has a CT scan among the images that are none of radiology, or a
histological section among the others.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from met_kg.errors import MissingData
from met_kg.paths import data_root

if TYPE_CHECKING:
    import pandas as pd

    from met_kg.filtering.context import Context

SEED = 1
KINDS = ("non-radiology", "radiology")
HALVES = ("tuning half", "held-out half")
PROFILE = "radiology"
#: The rule whose share is also given alone.
RULE = "not-radiology"


@dataclass(frozen=True, slots=True)
class Part:
    """Captions of one kind in one half, how many the rule alone drops, how many the profile, and by which rules."""

    half: str
    kind: str
    captions: int
    by_rule: int
    by_profile: int
    rules: Counter[str]


def half_of(article: str) -> str:
    """The half in which an article is.

    >>> half_of("PMC2766744") in HALVES
    True
    """
    return HALVES[int(hashlib.sha256(f"{SEED}:{article}".encode()).hexdigest(), 16) % 2]


def captions(root: Path) -> pd.DataFrame:
    """Table 'samples' of the captions: source is the kind, group the article."""
    from met_kg import tables

    rows = []
    for kind in KINDS:
        with gzip.open(root / "captions" / "roco-validation" / f"{kind}.jsonl.gz", "rt", encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                rows.append(
                    {
                        "sample_id": record["id"],
                        "caption": record["caption"].strip(),
                        "source": kind,
                        "group_id": record["pmcid"],
                        "licence": record["licence"],
                    }
                )
    return tables.frame("samples", rows)


def read_again(samples: pd.DataFrame) -> pd.DataFrame:
    """The captions with the kind that their text says."""
    lines = (Path(__file__).parent / "radiology_gold.tsv").read_text(encoding="utf-8").splitlines()
    says = dict(line.split("\t") for line in lines if line.startswith("ROCO"))
    return samples.assign(source=[says.get(i, s) for i, s in zip(samples["sample_id"], samples["source"], strict=True)])


def context_of(samples: pd.DataFrame, run: Path) -> Context:
    """Tree and closure of a run with the captions' anchors, in memory."""
    from met_kg.filtering.context import Context
    from met_kg.filtering.facts import sample_triples
    from met_kg.graph.store import Graph
    from met_kg.literature.lexicon import Lexicon
    from met_kg.literature.linker import Linker
    from met_kg.log import silent
    from met_kg.retrieval.anchors import anchor_samples
    from met_kg.retrieval.options import RetrievalOptions
    from met_kg.vocabulary import Graphs

    graph = Graph.memory()
    for name, file in ((Graphs.TREE, "tree"), (Graphs.CLOSURE, "closure")):
        graph.load_file(name, run / "graph" / f"{file}.nt")
    linker = Linker(Lexicon.from_graph(graph))
    anchors = anchor_samples(samples, graph, linker, options=RetrievalOptions(search=False), quarantine=print)
    graph.load_triples(Graphs.SAMPLES, sample_triples(samples, anchors))
    return Context(graph=graph, anchors=anchors, run=run, log=silent)


def rules_that_drop(samples: pd.DataFrame, context: Context) -> dict[str, list[str]]:
    """Rules of the profile that drop a caption, by caption."""
    from met_kg.filtering.profile import ALIGNMENT, load_profile

    by: dict[str, list[str]] = {}
    for setting in load_profile(PROFILE).settings.values():
        on_images = setting.rule.startswith("image-") or setting.rule in ("contamination", ALIGNMENT)
        compares = "duplicate" in setting.rule
        if setting.severity == "drop" and not on_images and not compares:
            for hit in setting.load()(samples, context, setting.parameters):
                by.setdefault(hit.sample_id, []).append(setting.rule)
    return by


def parts_of(samples: pd.DataFrame, by: dict[str, list[str]]) -> list[Part]:
    """What is dropped of each kind in each half."""
    half = samples["group_id"].map(half_of)
    parts = []
    for name in HALVES:
        for kind in KINDS:
            ids = samples.loc[(half == name) & (samples["source"] == kind), "sample_id"]
            dropped = [by[i] for i in ids if i in by]
            alone = sum(RULE in rules for rules in dropped)
            counted = Counter(rule for rules in dropped for rule in rules)
            parts.append(Part(name, kind, len(ids), alone, len(dropped), counted))
    return parts


def show(parts: list[Part]) -> str:
    """The figures as text: drop rate of non-radiology, keep rate of radiology, and which rules drop."""
    lines = [f"{'':16}{RULE:>28}{'whole profile':>28}", f"{'':16}" + f"{'drops non':>14}{'keeps rad':>14}" * 2]
    for name in (*HALVES, "all"):
        cells = []
        for measured in ("by_rule", "by_profile"):
            for kind in KINDS:
                chosen = [p for p in parts if name in (p.half, "all") and p.kind == kind]
                share = sum(getattr(p, measured) for p in chosen) / sum(p.captions for p in chosen)
                cells.append(share if kind == KINDS[0] else 1 - share)
        lines.append(f"{name:16}" + "".join(f"{cell:14.1%}" for cell in cells))
    for p in parts:
        lines.append(f"{p.half}, {p.captions} {p.kind}: " + ", ".join(f"{r} {n}" for r, n in p.rules.most_common()))
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True, help="a run with a built tree")
    given = parser.parse_args()
    root = data_root()
    if root is None:
        raise MissingData("the data packs are not there", hint="set MET_DATA")
    samples = captions(root)
    by = rules_that_drop(samples, context_of(samples, given.run))
    print(show(parts_of(samples, by)))
    print("\nBy what the text says:")
    print(show(parts_of(read_again(samples), by)))


if __name__ == "__main__":
    main()
