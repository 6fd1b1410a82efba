"""Reading OBO: our tolerant reader, and pronto, which refuses what is not to the letter.

Run: ``python -m benchmarks.obo``. The size is the number of terms of a generated file.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import Measured, arguments, measure, report
from met_kg.sources.obo import read_obo

SIZES = (1_000, 4_000, 16_000, 64_000)


def write_terms(path: Path, count: int) -> None:
    """Terms with a definition, three synonyms, a cross-reference, a parent and a relation each."""
    with path.open("w", encoding="utf-8") as out:
        out.write("format-version: 1.2\nontology: made\n\n[Typedef]\nid: part_of\nxref: BFO:0000050\n")
        for i in range(count):
            out.write(f'\n[Term]\nid: UBERON:{i:07d}\nname: part {i}\ndef: "The part of number {i}." [made:up]\n')
            for scope, word in (("EXACT", "piece"), ("RELATED", "bit"), ("NARROW", "slice")):
                out.write(f'synonym: "{word} {i}" {scope} []\n')
            out.write(f"xref: FMA:{i}\n")
            if i:
                out.write(f"is_a: UBERON:{i // 3:07d} ! part {i // 3}\nrelationship: part_of UBERON:{i // 2:07d}\n")


def run(sizes: list[int], out: Path) -> list[Measured]:
    """Measure all sizes; the work is terms read."""
    rows: list[Measured] = []
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / "made.obo"
        for size in sizes:
            write_terms(path, size)
            rows.append(measure("met-kg", size, _ours, path))
            rows.append(measure("pronto", size, _theirs, path))
    report("obo", "terms", rows, out, ["pronto"])
    return rows


def _ours(path: Path) -> int:
    return len(read_obo(path, source="made").concepts)


def _theirs(path: Path) -> int:
    import pronto

    return len(list(pronto.Ontology(path, threads=1).terms()))  # type: ignore[attr-defined]


if __name__ == "__main__":
    given = arguments(__doc__, SIZES)
    run(given.sizes, given.out)
