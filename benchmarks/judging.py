"""The judge of items against a local server of which a share of the answers is made up.

Run: ``python -m benchmarks.judging RUN``; RUN is a run folder with ``drafts.parquet``. The server speaks the OpenAI
protocol. Of its answers some rate the item and find a fault, some hallucinate: ratings that the scale does not have,
keys nobody asked for, prose, an empty reason, an answer to another task. None of these may count as a rating: the item
is asked for again, told what was wrong, and then stays with the reason that it was not judged.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from chat_server import ChatServer, Say  # type: ignore[import-not-found]
from PIL import Image

from met_kg import tables
from met_kg.graph.store import Graph
from met_kg.models.chat import CachedChat, EndpointChat
from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.quality.asked import put
from met_kg.synthesis.quality.context import Context
from met_kg.synthesis.quality.judge import judge_items
from met_kg.synthesis.quality.options import ItemJudgeOptions

GOOD = {"answerable": 4, "single": 4, "no_leak": 4, "sensible": 4, "reason": "fine"}
MADE_UP = {
    "a rating of 7": {**GOOD, "sensible": 7},
    "a rating in words": {**GOOD, "single": "yes"},
    "a key nobody asked for": {**GOOD, "diagnosis": "pulmonary embolism"},
    "a rating left out": {k: v for k, v in GOOD.items() if k != "no_leak"},
    "an empty reason": {**GOOD, "reason": " "},
    "another task": {"text": "The image shows a pulmonary embolism."},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--items", type=int, default=2000)
    parser.add_argument("--made-up", type=float, default=0.2, help="share of made-up answers")
    given = parser.parse_args()
    drafts = tables.read("vqa", given.run / "drafts.parquet")
    drafts = drafts.sample(min(given.items, len(drafts)), random_state=1).sort_values("item_id")
    items = [{str(k): v for k, v in row.items()} for row in drafts.to_dict("records")]
    plan: dict[str, str] = {}
    server = ChatServer()

    def answer(asked: dict[str, Any]) -> Say:
        words = str(asked["messages"][1]["content"]).rpartition("\n\n")[0]  # all but what is held to be right
        rng = Random(words)
        if words not in plan:
            made_up = rng.choice(["prose", *MADE_UP]) if rng.random() < given.made_up else ""
            plan[words] = made_up or ("a fault" if rng.random() < 0.1 else "good")
        kind = plan[words]
        if kind == "prose":
            return Say("The image clearly shows a pulmonary embolism.")
        said = (
            {**GOOD, "single": 0, "reason": "two options are right"} if kind == "a fault" else MADE_UP.get(kind, GOOD)
        )
        return Say(json.dumps(said))

    server.answer = answer
    options = ItemJudgeOptions(endpoint=server.url, model="local", images=False, retries=0)
    with tempfile.TemporaryDirectory() as folder, Graph.open(given.run / "store") as graph:
        context = Context(TreeIndex(graph), tables.read("samples", given.run / "samples.parquet"))
        chat = CachedChat(EndpointChat.of(options), Path(folder))
        found = {f.item_id: f for f in judge_items(chat, items, context, options, lambda _: Image.new("L", (8, 8)))}
    server.close()
    outcome: Counter[tuple[str, str]] = Counter()
    for item in items:
        record = context.caption[str(item["sample_id"])][:2000] or "(says nothing)"
        kind = plan[f"Record: {record}\n\n{put(item)}"]
        verdict = found[str(item["item_id"])].verdict if str(item["item_id"]) in found else "passed"
        outcome[kind, verdict] += 1
    print(f"{len(items)} items, {len(server.asked)} calls")
    print("answer\titems\tpassed\tdropped\tnot judged (flag)")
    for kind in ("good", "a fault", "prose", *MADE_UP):
        row = [outcome[kind, verdict] for verdict in ("passed", "drop", "flag")]
        print("\t".join(map(str, (kind, sum(row), *row))))


if __name__ == "__main__":
    main()
