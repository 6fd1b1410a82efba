"""Assertion status on mentions judged by a person: score the judged table, write it out, draw a further sample.

Run: ``python -m benchmarks.assertion`` scores ``benchmarks/assertion.tsv`` against the data packs,
``--write docs/assertion.md`` renews the table there, ``--draw RUN --seed 4 --size 100`` draws mentions with the
tree of a run, none that were read before, and prints them with their text, to be judged before the system is asked.

A draw has strata: the packs, and in each the diseases and findings in a sentence with a cue word (wide list below, not
the system's) against all other mentions. Half is drawn from all mentions, half from the first stratum. ``population``
is the size of the stratum: with it accuracy is also given for all mentions of the packs (post-stratified).
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from met_kg.literature.assertion import Assertions
from met_kg.literature.sentences import sentences
from met_kg.paths import data_root
from met_kg.records import Mention
from met_kg.vocabulary import Axis

TABLE = Path(__file__).with_suffix(".tsv")
#: Mentions of each pack in a sample of 200.
SIZES_OF_PACKS = {"covid-chestxray": 100, "roco-radiology": 60, "roco-other": 20, "openstax": 20}
_START = "<!-- written by python -m benchmarks.assertion --write -->"
_CUE = re.compile(
    r"(?<!\w)(?:no|not|non|nor|without|w/o|neither|never|cannot|negative|absen\w+|lack\w*|free of|den(?:y|ied|ies|ying)"
    r"|ruled?|ruling|exclu\w+|fail\w*|may|might|could|possibl\w+|probabl\w+|presum\w+|suspect\w*|suspici\w+|likely"
    r"|unlikely|apparent\w*|suggest\w*|concern\w*|differential|question\w*|query|versus|vs|r/o|consider\w*|if|risk"
    r"|prevent\w*|prophyla\w+|unless|history|hx|previous\w*|prior|former\w*|past|h/o|s/p|status post|resol\w+|clear\w*"
    r"|disappear\w*|ago|earlier|known|family|mother|father|brother|sister|sibling\w*|parents?|wife|husband|son|daughter"
    r"|control|comparison|compared|another|contralateral|healthy|longer)(?!\w)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Judged:
    """One mention: where it stands, and what a person says of it (``gold`` '' when it was only read)."""

    sample: str  # the seed; read-2: only read, before sample 2 was drawn
    pack: str
    record: str
    field: str
    start: int
    end: int
    mention: str
    axis: Axis
    stratum: str  # cue | other
    population: int
    gold: str
    note: str

    def before(self, seed: int) -> bool:
        """Whether this was seen before the sample of that seed was drawn: "read-2" was, before sample 2."""
        number = int(self.sample.removeprefix("read-"))
        return number < seed or (number == seed and self.sample.startswith("read-"))

    @property
    def place(self) -> tuple[str, str, str, int, int]:
        return self.pack, self.record, self.field, self.start, self.end


def judged() -> list[Judged]:
    """The rows of the judged table."""
    with TABLE.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        numbers = ("start", "end", "population")
        typed: list[dict[str, Any]] = [{**row, **{name: int(row[name]) for name in numbers}} for row in rows]
    return [Judged(**row) for row in typed]


def texts(pack: str, root: Path) -> Iterator[tuple[str, str, str]]:
    """Record, field and text of every note or caption of a pack."""
    if pack == "covid-chestxray":
        with (root / "image-text/covid-chestxray/metadata.csv").open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                yield from ((row["image"], name, row[name]) for name in ("clinical_notes", "other_notes") if row[name])
    elif pack == "openstax":
        with (root / "figures/openstax-anatomy/figures.jsonl").open(encoding="utf-8") as lines:
            figures = (json.loads(line) for line in lines)
            yield from ((row["figure_id"], "caption", row["caption"]) for row in figures if row["caption"])
    else:
        name = {"roco-radiology": "radiology", "roco-other": "non-radiology"}[pack]
        with gzip.open(root / f"captions/roco-validation/{name}.jsonl.gz", "rt", encoding="utf-8") as zipped:
            yield from ((row["id"], "caption", row["caption"]) for row in map(json.loads, zipped))


def answers(rows: list[Judged], root: Path) -> list[str]:
    """What the system says of each mention."""
    packs = sorted({row.pack for row in rows})
    text_of = {(pack, record, name): text for pack in packs for record, name, text in texts(pack, root)}
    said: list[str] = []
    for row in rows:
        text = text_of[row.pack, row.record, row.field]
        if text[row.start : row.end] != row.mention:
            raise SystemExit(f"the packs have changed: {row.place} is not {row.mention!r}")
        said.append(Assertions(text).of(row.start, row.end, row.axis))
    return said


def accuracy(rows: list[Judged], said: list[str]) -> tuple[float, float]:
    """The share that is right, and the same post-stratified to all mentions of the packs."""
    count: Counter[tuple[str, str]] = Counter()
    right: Counter[tuple[str, str]] = Counter()
    population = {}
    for row, status in zip(rows, said, strict=True):
        stratum = row.pack, row.stratum
        population[stratum] = row.population
        count[stratum] += 1
        right[stratum] += status == row.gold
    weighted = sum(population[s] * right[s] / count[s] for s in count) / sum(population.values())
    return right.total() / count.total(), weighted


def summary(rows: list[Judged], said: list[str]) -> str:
    """A table of figures by sample."""
    lines = [
        "| sample | mentions | right | of those not positive | all mentions of the packs | calling all positive |",
        "|---|---|---|---|---|---|",
    ]
    for sample in sorted({row.sample for row in rows}):
        mine = [(row, status) for row, status in zip(rows, said, strict=True) if row.sample == sample]
        ours = [row for row, _ in mine]
        raw, weighted = accuracy(ours, [status for _, status in mine])
        odd = [row.gold == status for row, status in mine if row.gold != "positive"]
        base, _ = accuracy(ours, ["positive"] * len(ours))
        lines.append(f"| {sample} | {len(mine)} | {raw:.3f} | {sum(odd)} of {len(odd)} | {weighted:.3f} | {base:.3f} |")
    return "\n".join(lines)


def write(page: Path, rows: list[Judged], said: list[str]) -> None:
    """Renew what stands after the mark in a page: the figures, then every mention."""
    head = page.read_text(encoding="utf-8").partition(_START)[0]
    lines = [head + _START, "", summary(rows, said), ""]
    lines += ["| sample | pack and record | where | mention | judged | system | right | why |", "|---|" + "---|" * 7]
    for row, status in zip(rows, said, strict=True):
        where = f"{row.field} {row.start}-{row.end}"
        right = "yes" if status == row.gold else "**no**"
        cells = (row.sample, f"{row.pack} {row.record}", where, row.mention, row.gold, status, right, row.note)
        lines.append(f"| {' | '.join(cells)} |")
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")


def draw(run: Path, root: Path, seed: int, size: int) -> Iterator[tuple[Judged, str]]:
    """Mentions of a run's tree that are not in the judged table, with their texts."""
    from met_kg.graph.store import Graph
    from met_kg.literature.lexicon import Lexicon
    from met_kg.literature.linker import Linker

    linker = Linker(Lexicon.from_graph(Graph.open(run / "store")))
    known = {row.place for row in judged() if row.before(seed)}
    text_of = {(pack, record, name): text for pack in SIZES_OF_PACKS for record, name, text in texts(pack, root)}
    # Notes of one patient repeat sentences. Samples 1 to 3 were drawn before that was seen.
    read = {_sentence(text_of[place[:3]], place[3]) for place in known} if seed > 3 else set()
    for pack, share in SIZES_OF_PACKS.items():
        found = list(_population(pack, root, linker.link))
        sizes = Counter(row.stratum for row, _ in found)
        fresh = [(r, text) for r, text in found if r.place not in known and _sentence(text, r.start) not in read]
        fresh.sort(key=lambda f: f[0].place)
        rng, count = random.Random(f"{seed} {pack}"), share * size // 200
        first = rng.sample(fresh, count // 2)
        rest = [f for f in fresh if f[0].stratum == "cue" and f not in first]
        for row, text in sorted(first + rng.sample(rest, count - count // 2), key=lambda f: f[0].place):
            yield Judged(str(seed), *row.place, row.mention, row.axis, row.stratum, sizes[row.stratum], "", ""), text


def _sentence(text: str, start: int) -> str:
    return next((text[a:b] for a, b in sentences(text) if a <= start < b), text)


def _population(pack: str, root: Path, link: Callable[[str], list[Mention]]) -> Iterator[tuple[Judged, str]]:
    """Every mention of the different texts of a pack, a span once."""
    seen: set[str] = set()
    for record, name, text in texts(pack, root):
        if text in seen:
            continue
        seen.add(text)
        for m in {(m.start, m.end): m for m in reversed(link(text))}.values():
            cued = m.axis in ("disease", "finding") and _CUE.search(_sentence(text, m.start))
            stratum = "cue" if cued else "other"
            yield Judged("", pack, record, name, m.start, m.end, m.text, m.axis, stratum, 0, "", ""), text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="page whose table is renewed")
    parser.add_argument("--draw", type=Path, metavar="RUN", help="draw a further sample with the tree of this run")
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--size", type=int, default=100)
    given = parser.parse_args()
    root = data_root()
    if root is None:
        raise SystemExit("the data packs are not here: set MET_DATA")
    if given.draw:
        out = csv.writer(sys.stdout, delimiter="\t")
        for row, text in draw(given.draw, root, given.seed, given.size):
            shown = f"{text[: row.start]}[[{row.mention}]]{text[row.end :]}"
            out.writerow([*astuple(row), " ".join(shown.split())])
        return
    rows = [row for row in judged() if row.gold]
    said = answers(rows, root)
    print(summary(rows, said))
    if given.write:
        write(given.write, rows, said)


if __name__ == "__main__":
    main()
