"""Proofs under change: a real run's tree and samples are mutated, and exactly the affected items must fail.

Run: ``python -m benchmarks.mutations --run RUN``. Each kind of change is made alone, then all together: nodes get
another tree parent, become obsolete, get a synonym that another node has; samples get an anchor. Most changes hit nodes
that items use, some hit nodes that none uses. ``met verify DIR --tree met.owl`` then names the items that no longer
hold, and ``benchmarks.recomputation``, which shares no code with it, says the same or one of them is wrong.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import shutil
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq
import pyoxigraph as ox

from benchmarks.recomputation import Tree, failing, iri
from met_kg.graph.ntriples import write_ntriples
from met_kg.tree.write import write_owl

#: Kind of change -> how many.
WANTED = {"reparented": 20, "obsolete": 10, "relation": 10, "synonym": 10, "anchor": 10}
#: Of the changes, one in so many hits what no item uses.
UNUSED = 4


def node(curie: str) -> ox.NamedNode:
    return ox.NamedNode(iri(curie))


SUB, PARENT = node("rdfs:subClassOf"), node("met:treeParent")
LABEL, SYNONYM = node("rdfs:label"), node("oboInOwl:hasExactSynonym")
DEPRECATED, REPLACED = node("owl:deprecated"), node("IAO:0100001")
DEPICTS = node("met:depicts")
ON, SOME = node("owl:onProperty"), node("owl:someValuesFrom")
LINKS = [node(prop) for prop in ("RO:0004026", "met:hasLocation", "RO:0002452", "met:imagedBy")]


@dataclass
class World:
    """What is mutated: the triples of the tree and of the samples; ``log`` says what was done to which node."""

    tree: set[ox.Triple]
    samples: set[ox.Triple]
    items: list[dict[str, Any]]
    facts: Tree
    rng: random.Random
    log: list[str]

    def used(self) -> list[str]:
        """Nodes that items use: key, subject, distractors, and what relations go through; in order."""
        found: set[str] = set()
        for bound in self.items:
            found |= {bound[name] for name in ("key", "subject", "carrier") if bound[name]}
            for d in bound["distractors"]:
                found |= {d[name] for name in ("node", "carrier", "via") if d[name]}
        return sorted({iri(curie) for curie in found} & self.facts.axis.keys())

    def draw(self, count: int, able: Callable[[str], bool]) -> Iterator[str]:
        """Nodes for which something can be done: most of those that items use, then some that none uses."""
        used = self.used()
        rest = sorted(self.facts.axis.keys() - set(used))
        few = count // UNUSED
        for pool, wanted in ((used, count - few), (rest, few)):
            self.rng.shuffle(pool)
            found = 0
            for one in pool:
                if found < wanted and able(one):
                    found += 1
                    yield one
            if found < wanted:
                raise SystemExit(f"only {found} of {wanted} nodes can be changed so")

    def subjects(self) -> dict[ox.NamedNode | ox.BlankNode | ox.Triple, list[ox.Triple]]:
        found = defaultdict(list)
        for triple in self.tree:
            found[triple.subject].append(triple)
        return found


def reparent(world: World, count: int) -> None:
    """Another tree parent on the same axis, neither above nor below; the superclass goes with it."""
    facts = world.facts
    places = {axis: sorted(n for n, a in facts.axis.items() if axis in a) for axis in set().union(*facts.axis.values())}
    for one in world.draw(count, lambda n: len(facts.parents.get(n, ())) == 1):
        (old,) = facts.parents[one]
        axis = min(facts.axis[one])
        while (new := world.rng.choice(places[axis])) in {one, old} or facts.kin(one, new):
            pass
        _move(world, one, old, new)
        world.log.append(f"reparented {one}: {old} -> {new}")


def _move(world: World, one: str, old: str, new: str) -> None:
    for predicate in (SUB, PARENT):
        world.tree.discard(ox.Triple(ox.NamedNode(one), predicate, ox.NamedNode(old)))
        world.tree.add(ox.Triple(ox.NamedNode(one), predicate, ox.NamedNode(new)))


def obsolete(world: World, count: int) -> None:
    """Deprecated as editors do it: out of the hierarchy, label marked, its children moved up, every second replaced."""
    facts, of = world.facts, world.subjects()
    for number, one in enumerate(world.draw(count, lambda n: len(facts.parents.get(n, ())) == 1)):
        (parent,) = facts.parents[one]
        subject = ox.NamedNode(one)
        for child in sorted(facts.children.get(one, ())):
            _move(world, child, one, parent)
        for triple in of[subject]:
            if triple.predicate in (SUB, PARENT, LABEL):
                world.tree.discard(triple)
            if triple.predicate == LABEL:
                world.tree.add(ox.Triple(subject, LABEL, ox.Literal(f"obsolete {triple.object.value}", language="en")))  # type: ignore[union-attr]
        world.tree.add(ox.Triple(subject, DEPRECATED, ox.Literal(True)))
        if number % 2:
            world.tree.add(ox.Triple(subject, REPLACED, ox.NamedNode(parent)))
        world.log.append(f"obsolete {one}, {len(facts.children.get(one, ()))} children moved up")


def unlink(world: World, count: int) -> None:
    """A restriction is taken away: a location, symptom or modality that items rest on, or one that none names."""
    of = world.subjects()
    links: dict[str, list[tuple[ox.Triple, ox.Triple]]] = defaultdict(list)
    for triple in sorted(world.tree, key=str):
        if triple.predicate == SUB and isinstance(triple.object, ox.BlankNode):
            said = {t.predicate: t for t in of[triple.object]}
            if ON in said and said[ON].object in LINKS and SOME in said:
                links[triple.subject.value].append((triple, said[SOME]))  # type: ignore[union-attr]
    for one in world.draw(count, lambda n: n in links):
        triple, target = world.rng.choice(links[one])
        world.tree.discard(triple)
        world.log.append(f"relation of {one} to {target.object} removed")


def collide(world: World, count: int) -> None:
    """A node gets the label of another as a synonym: of a distractor beside a key, or of two that never meet."""
    pairs = sorted({(b["key"], d["node"]) for b in world.items for d in b["distractors"]})
    few = count // UNUSED
    chosen = [(iri(key), iri(other)) for key, other in world.rng.sample(pairs, count - few)]
    strangers = sorted(world.facts.axis.keys() - set(world.used()))
    chosen += [tuple(world.rng.sample(strangers, 2)) for _ in range(few)]  # type: ignore[misc]
    for one, other in chosen:
        name = min(world.facts.labels[other])
        world.tree.add(ox.Triple(ox.NamedNode(one), SYNONYM, ox.Literal(name)))
        world.log.append(f"synonym of {one}: '{name}', the label of {other}")


def anchor(world: World, count: int) -> None:
    """A sample comes to depict a distractor of one of its items, or what has nothing to do with any."""
    few = count // UNUSED
    with_distractors = [b for b in world.items if b["distractors"]]
    drawn = world.rng.sample(with_distractors, count - few)
    pairs = [(b["sample"], iri(world.rng.choice(b["distractors"])["node"])) for b in drawn]
    strangers = sorted(world.facts.axis.keys() - set(world.used()))
    pairs += [(world.rng.choice(world.items)["sample"], world.rng.choice(strangers)) for _ in range(few)]
    for sample, shown in pairs:
        world.samples.add(ox.Triple(node(sample), DEPICTS, ox.NamedNode(shown)))
        world.log.append(f"anchor of {sample}: {shown}")


CHANGES: dict[str, Callable[[World, int], None]] = {
    "reparented": reparent,
    "obsolete": obsolete,
    "relation": unlink,
    "synonym": collide,
    "anchor": anchor,
}


def verified(folder: Path, tree: Path | None) -> tuple[set[str], Counter[str], float]:
    """What ``met verify`` says: ids that fail, items by cause, seconds."""
    out = folder / "failures.tsv"
    command = [sys.executable, "-m", "met_kg.cli", "verify", str(folder), "--out", str(out)]
    start = time.perf_counter()
    done = subprocess.run([*command, *(["--tree", str(tree)] if tree else [])], capture_output=True, text=True)
    seconds = time.perf_counter() - start
    with out.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    failed = {row["item_id"] for row in rows}
    if done.returncode != bool(failed):
        raise SystemExit(f"met verify ended with {done.returncode}: {done.stderr}")
    causes = Counter(cause for _, cause in {(row["item_id"], row["cause"]) for row in rows})
    return failed, causes, seconds


def triples(path: Path) -> set[ox.Triple]:
    return {quad.triple for quad in ox.parse(path=str(path), format=ox.RdfFormat.N_TRIPLES)}


def run(source: Path, seed: int, out: Path | None) -> bool:
    """Make every change, print who fails, and say whether both agree each time."""
    table = pq.read_table(source / "vqa.parquet", columns=["proof"])
    items = [json.loads(proof)["query"]["bindings"] for proof in table["proof"].to_pylist()]
    facts = Tree(source / "graph" / "tree.nt")
    tree, samples = triples(source / "graph" / "tree.nt"), triples(source / "graph" / "samples.nt")
    print(f"{len(items)} items, seed {seed}")
    print(f"{'change':<12} {'changes':>8} {'met verify':>10} {'rdflib':>8} {'only one':>9} {'seconds':>8}  causes")
    figures = []
    scenarios: list[Iterable[str]] = [(), *((kind,) for kind in CHANGES), tuple(CHANGES)]
    with TemporaryDirectory(prefix="mutations-") as place:
        folder = Path(place)
        shutil.copyfile(source / "vqa.parquet", folder / "vqa.parquet")
        for kinds in map(tuple, scenarios):
            world = World(set(tree), set(samples), items, facts, random.Random(seed), [])
            for kind in kinds:  # drawn anew, so that all together are the same changes as each alone
                world.rng.seed(f"{seed} {kind}")
                CHANGES[kind](world, WANTED[kind])
            (folder / "graph").mkdir(exist_ok=True)
            write_ntriples(world.samples, folder / "graph" / "samples.nt")
            for name in ("tree", "closure"):  # the run's own, as verify compares with
                shutil.copyfile(source / "graph" / f"{name}.nt", folder / "graph" / f"{name}.nt")
            mutated = None
            if world.tree != tree:
                mutated = folder / "met.owl"
                write_owl(world.tree, mutated)
            write_ntriples(world.tree, folder / "mutated.nt")
            failed, causes, seconds = verified(folder, mutated)
            expected = failing(folder / "vqa.parquet", folder / "mutated.nt", folder / "graph" / "samples.nt")
            name = "all" if len(kinds) > 1 else "".join(kinds) or "none"
            said = ", ".join(f"{cause} {n}" for cause, n in sorted(causes.items()))
            apart = len(failed ^ expected)
            counts = f"{len(world.log):>8} {len(failed):>10} {len(expected):>8} {apart:>9} {seconds:>8.1f}"
            print(f"{name:<12} {counts}  {said}", flush=True)
            figures.append(
                {
                    "change": name,
                    "changes": world.log,
                    "failed": len(failed),
                    "expected": len(expected),
                    "only_verify": sorted(failed - expected),
                    "only_rdflib": sorted(expected - failed),
                    "causes": dict(sorted(causes.items())),
                    "seconds": round(seconds, 1),
                }
            )
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "mutations.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    same = all(not f["only_verify"] and not f["only_rdflib"] for f in figures) and figures[0]["failed"] == 0
    print("exactly the affected items fail" if same else "the two do not agree")
    return same


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", dest="source", type=Path, required=True, help="a finished run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="folder for the figures as JSON")
    given = parser.parse_args()
    sys.exit(0 if run(given.source, given.seed, given.out) else 1)
