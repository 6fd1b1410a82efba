"""The realiser over a run: how fast it writes, whether every fact holds, and whether the linker reads what is meant.

Run: ``python -m benchmarks.captions RUN``. Every triple of every caption is looked up in the run's store, every span in
the samples' table. The linker reads each sentence on the sample: what the facts say is there must be read as affirmed,
what they exclude as denied, what they leave open as uncertain or past. ``--sample SEED COUNT`` prints captions to read.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any, Final

import pyoxigraph as ox

from met_kg import tables
from met_kg.filtering import kept_ids
from met_kg.graph.store import Graph
from met_kg.literature.lexicon import Lexicon
from met_kg.literature.linker import Linker
from met_kg.synthesis.captions import CaptionWriter
from met_kg.synthesis.captions.naming import is_named
from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.names import Names
from met_kg.synthesis.sample import read_samples, spoken_names
from met_kg.vocabulary import expand

MEANT: Final = {
    "met:depicts": {"positive"},
    "met:excludes": {"negated"},
    "met:mayDepict": {"uncertain", "historical"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--sample", type=int, nargs=2, metavar=("SEED", "COUNT"), help="print captions to read")
    given = parser.parse_args()
    graph = Graph.open(given.run / "store")
    tree = TreeIndex(graph)
    kept = kept_ids(tables.batches("decisions", given.run / "decisions.parquet"))
    samples, anchors = (tables.read(t, given.run / f"{t}.parquet") for t in ("samples", "anchors"))
    samples, anchors = (t[t["sample_id"].isin(kept)] for t in (samples, anchors))
    found = list(read_samples(samples, anchors, tree))
    names = Names(tree, spoken_names(found))
    writer = CaptionWriter(tree, names, ["short", "descriptive", "knowledge"], given.seed)
    rows: list[dict[str, Any]] = []
    for turn in ("first", "again"):
        start = time.perf_counter()
        rows = [row for sample in found for row in writer.write(sample)]
        print(f"{turn}: {len(rows)} captions, {len(rows) / (time.perf_counter() - start):.0f} a second")
    whole = [row for row in rows if row["level"] == "knowledge"]
    print(f"{len(found)} samples, {len(whole)} with captions")
    source = samples.set_index("sample_id")
    if given.sample:
        seed, count = given.sample
        drawn = Random(seed).sample(sorted(whole, key=lambda r: r["sample_id"]), count)
        for row in drawn:
            print(f"\n{row['sample_id']}: {source.loc[row['sample_id'], 'caption'][:500]}")
            print("\n".join(f"  - {line['sentence']}" for line in json.loads(row["facts"])))
        return
    linker = Linker(Lexicon.from_graph(graph))
    counts: Counter[str] = Counter()
    for row in whole:
        for line in json.loads(row["facts"]):
            _check(line, row["sample_id"], source, graph, linker, names, tree, counts)
    for what, count in sorted(counts.items()):
        print(f"{what}\t{count}")


def _check(
    line: dict[str, Any],
    sample: str,
    source: Any,
    graph: Graph,
    linker: Linker,
    names: Names,
    tree: TreeIndex,
    counts: Counter[str],
) -> None:
    """Count one sentence: facts that hold or not, entities read as meant or not."""
    general = not any(isinstance(f, dict) or f[0].startswith("sample:") for f in line["facts"])
    counts["sentences, general" if general else "sentences, on the sample"] += 1
    counts["sentences without facts"] += not line["facts"]
    read: dict[str, set[str]] = {}
    for mention in [] if general else linker.link(line["sentence"]):
        read.setdefault(mention.node, set()).add(mention.assertion)
    for fact in line["facts"]:
        if isinstance(fact, dict):
            stands = source.loc[sample, fact["column"]][fact["start"] : fact["end"]] == fact["text"] != ""
            counts["spans" if stands else "spans that do not stand in the source"] += 1
            continue
        subject, predicate, value = fact
        term = None if predicate == "IAO:0000115" else ox.NamedNode(expand(value))
        quads = graph.store.quads_for_pattern(
            ox.NamedNode(expand(subject)), ox.NamedNode(expand(predicate)), term, None
        )
        # A definition is a literal, of whatever language.
        holds = any(term is not None or getattr(quad.object, "value", "") == value for quad in quads)
        counts["triples" if holds else "triples that the graph lacks"] += 1
        if value in tree.nodes and predicate != "met:ancestor":  # "it" goes on with the kind named before
            named = is_named(line["sentence"], value, tree, names)
            counts["nodes of facts that the sentence names" if named else "nodes that it does not name"] += 1
            if not named:
                print(f"  not named: {value} ({tree.nodes[value].label}): {line['sentence']}")
        if predicate in MEANT and tree.nodes[value].axis in ("disease", "finding"):
            as_meant = bool(read.get(value, set()) & MEANT[predicate])
            counts[f"{predicate} read as meant" if as_meant else f"{predicate} not read as meant"] += 1
            if not as_meant:
                print(f"  {value} ({tree.nodes[value].label}): {line['sentence']}")


if __name__ == "__main__":
    main()
