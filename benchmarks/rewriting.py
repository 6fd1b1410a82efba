"""How a rewriter is held to its grounded captions: a server that speaks the protocol answers for real captions.

A share of its answers has one fault each: a disease that is not there, a sentence left out, a denial turned round, a
finding denied, another age, sex or side, a place of another finding, general knowledge said of the patient, junk. The
others are faithful: other order, other words around the names. Counts what is accepted and refused by kind.

    python benchmarks/rewriting.py RUN [--captions 1500] [--faulty 0.5]
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from chat_server import ChatServer, Say  # type: ignore[import-not-found]

from met_kg import tables
from met_kg.filtering import kept_ids
from met_kg.graph.store import Graph
from met_kg.literature.lexicon import Lexicon
from met_kg.literature.linker import Linker
from met_kg.models.chat import CachedChat, EndpointChat
from met_kg.synthesis.captions import CaptionWriter
from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.names import Names
from met_kg.synthesis.options import RewriteOptions
from met_kg.synthesis.rewrite import Rewriter
from met_kg.synthesis.rewrite.faithful import Faithful
from met_kg.synthesis.sample import read_samples, spoken_names

KINDS = (
    "hallucinates", "drops", "flips a denial", "denies", "makes sure", "age", "sex", "side", "adds a side", "number",
    "says of the patient", "talks", "junk", "other JSON",
)  # fmt: skip
SIDES = {"right": "left", "left": "right", "Right": "Left", "Left": "Right"}
OTHER_WORDS = (
    ("There is no ", "There is no evidence of "),
    (" showing ", " that demonstrates "),
    (" commonly goes with ", " is commonly accompanied by "),
    (" is commonly imaged by ", " is often studied by "),
    ("The description also covers ", "The report describes "),
    ("This is ", "The image is "),
    (" are reported.", " are reported in this case."),
    (" chest radiograph ", " chest X-ray "),
    ("computed tomography (CT) image", "CT scan"),
    (" are described.", " are also seen."),
    ("Possible ", "There may be "),
    (" is suggested.", "."),
    (" in a patient with ", " in a case of "),
)


def changed(kind: str, text: str, rng: Random, diseases: list[str]) -> str | None:
    """The text with one fault; None where it has nothing to be wrong about."""
    if kind == "hallucinates":
        return f"{text} There is {rng.choice(diseases)}."
    if kind == "drops":
        told = re.split(r"(?<=\.) (?=[A-Z])", text)
        return " ".join(told[1:]) if len(told) > 1 else None
    if kind == "says of the patient":
        found = re.search(r"commonly (?:goes with|causes) ([a-z ]+?)(?:,| and|\.)", text)
        said = found is not None and found[1] in text[: found.start()].lower()
        return f"{text} The patient has {found[1]}." if found and not said else None
    if kind in ("junk", "other JSON"):
        return kind
    if kind == "talks":
        return f"Sure! Here is the caption: {text}"
    other = {
        "flips a denial": lambda: re.sub(r"\b(?:There is no|No) ", "There is ", text, count=1),
        "denies": lambda: re.sub(r"\b(showing|shows) ", r"\1 no ", text, count=1),
        "makes sure": lambda: re.sub(
            r"(?:There is |A )?(?:a )?possible ([a-z -]+?)[^.]*\.", r"There is \1.", text, count=1
        ),
        "age": lambda: re.sub(r"\b\d+-year", "33-year", text),
        "sex": lambda: re.sub(r"\b(wo)?man\b", lambda m: "man" if m[1] else "woman", text),
        "side": lambda: re.sub(r"\b([Rr]ight|[Ll]eft)\b", lambda m: SIDES[m[0]], text, count=1),
        "adds a side": lambda: re.sub(
            r"\b(effusion|consolidation|opacity|opacities)\b", r"\1 on the left", text, count=1
        ),
        "number": lambda: re.sub(r"\b(showing|shows) ", r"\1 three ", text, count=1),
    }[kind]()
    return other if other != text else None


def faithful(text: str, rng: Random) -> str:
    """The same in other words and another order; what goes on with a pronoun stays where it is."""
    told = re.split(r"(?<=\.) (?=[A-Z])", text)
    if not any(s.startswith(("It ", "They ", "Like ")) for s in told):
        rest = told[1:]
        rng.shuffle(rest)
        told = [*told[:1], *rest]
    text = " ".join(told)
    for one, other in OTHER_WORDS:
        text = text.replace(one, other)
    return re.sub(r"\bNo ([a-z ]+) is seen\.", lambda m: f"{m[1].capitalize()} is not seen.", text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--captions", type=int, default=1500)
    parser.add_argument("--faulty", type=float, default=0.5)
    parser.add_argument("--seed", type=int, default=13)
    given = parser.parse_args()

    graph = Graph.open(given.run / "store")
    tree = TreeIndex(graph)
    kept = kept_ids(tables.batches("decisions", given.run / "decisions.parquet"))
    samples, anchors = (tables.read(t, given.run / f"{t}.parquet") for t in ("samples", "anchors"))
    samples, anchors = (t[t["sample_id"].isin(kept)] for t in (samples, anchors))
    found = list(read_samples(samples, anchors, tree))
    writer = CaptionWriter(tree, Names(tree, spoken_names(found)), ["short", "descriptive", "knowledge"], given.seed)
    table = tables.frame("captions", [row for sample in found for row in writer.write(sample)])
    table = table.sample(min(given.captions, len(table)), random_state=given.seed).reset_index(drop=True)
    diseases = sorted(f.label for f in tree.nodes.values() if f.axis == "disease" and f.depth > 2 and f.label.islower())

    plan: dict[str, str] = {}
    server = ChatServer()

    def answer(asked: dict[str, Any]) -> Say:
        text = " ".join(asked["messages"][1]["content"].split("\n"))
        rng = Random(text)
        wrong = {kind: changed(kind, text, rng, diseases) for kind in KINDS}
        kind = rng.choice([k for k, said in wrong.items() if said]) if rng.random() < given.faulty else "faithful"
        plan[text] = kind
        if kind == "junk":
            return Say("I am sorry, but I cannot help with that.")
        if kind == "other JSON":
            return Say(json.dumps({"answer": text}))
        return Say(json.dumps({"text": faithful(text, rng) if kind == "faithful" else wrong[kind]}))

    server.answer = answer
    options = RewriteOptions(endpoint=server.url, model="local", tries=1)
    check = Faithful(
        Linker(Lexicon.from_graph(graph)), {str(r["node"]) for r in graph.rows("synthesize/plain-words")}, tree.wider
    )
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        done = Rewriter(CachedChat(EndpointChat.of(options), Path(folder)), check, options).rewrite(table)
        took = time.perf_counter() - start
    server.close()

    outcome: Counter[tuple[str, bool]] = Counter()
    for (_, before), (_, row) in zip(table.iterrows(), done.rewrites.iterrows(), strict=True):
        kind = plan[before["text"]]
        outcome[kind, bool(row["accepted"])] += 1
        if (kind == "faithful") != bool(row["accepted"]):
            print(f"{kind}: {row['reason'] or 'accepted'}\n    {before['text']}\n    {row['text']}")
    print(f"{len(table)} captions, {len(table) / took:.0f} a second with the server's part; {done.counts}")
    print("kind\tanswers\taccepted")
    for kind in ("faithful", *KINDS):
        print(f"{kind}\t{outcome[kind, True] + outcome[kind, False]}\t{outcome[kind, True]}")


if __name__ == "__main__":
    main()
