"""A run of drawn images over a small tree, with a store: items whose branch, depth and distractors are known."""

from __future__ import annotations

from pathlib import Path

from tiny_run import make_run

from met_kg import tables
from met_kg.graph.closure import add_closure
from met_kg.graph.store import Graph
from met_kg.vocabulary import Graphs

#: Key nodes that items of the run take in turn, with the depth of each in tests/mini_tree.ttl.
KEYS = {"DOID:850": 2, "DOID:552": 3, "DOID:10533": 4, "UBERON:0002048": 3, "MET:0000012": 1}
#: The branch of each, two steps below the root.
BRANCHES = {
    "DOID:850": "DOID:850",
    "DOID:552": "DOID:850",
    "DOID:10533": "DOID:850",
    "UBERON:0002048": "UBERON:0000062",
    "MET:0000012": "MET:0000012",
}


def make_graph_run(folder: Path, samples: int = 8) -> Path:
    """:func:`tiny_run.make_run`, whose items have keys; a yes-no item has a sibling for a distractor."""
    run = make_run(folder, samples)
    items = tables.read("vqa", run / "vqa.parquet")
    keys = list(KEYS)
    items["key_node"] = [keys[place % len(keys)] for place in range(len(items))]
    items["type"], items["axis"] = "drawn", "disease"
    items["difficulty"] = ["hard" if form == "yes-no" else "easy" for form in items["format"]]
    tables.write("vqa", items, run / "vqa.parquet")
    said = []
    for item in items.to_dict("records"):
        relation = "sibling" if item["format"] == "yes-no" else "cousin"
        said.append(
            f"item:{item['item_id']} a met:Item ; met:key {item['key_node']} ; met:sample sample:{item['sample_id']} ; "
            f'met:split "{item["split"]}" ; met:difficulty "{item["difficulty"]}" ; '
            f"met:distractor-{relation} DOID:3083 ."
        )
    said += [f'met:distractor-{name} met:relation "{name}" .' for name in ("sibling", "cousin")]
    shown = [
        f"sample:s{number} met:depicts {'DOID:552' if number % 2 else 'UBERON:0000948'} ." for number in range(samples)
    ]
    tree = (Path(__file__).parent.parent / "mini_tree.ttl").read_text(encoding="utf-8")
    with Graph.open(run / "store", read_only=False) as graph:
        graph.load_text(Graphs.TREE, tree)
        add_closure(graph)
        graph.load_text(Graphs.ITEMS, "\n".join(said))
        graph.load_text(Graphs.SAMPLES, "\n".join(shown))
    return run
