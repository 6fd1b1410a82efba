"""Building the tree from generated ontologies at one, three and ten times the size of the real one.

Run: ``python -m benchmarks.build``. The size is the number of terms: diseases with a place each, parts of the body, and
a second vocabulary that names every second disease again by code and by name. Ours reads, merges, places, types,
derives the closure and writes OWL; the peer, pronto, reads the same terms and walks up to all ancestors of each.
Memory is the peak of the process so far: run one size at a time to compare.
"""

from __future__ import annotations

import resource
import sys
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

from benchmarks.measure import Measured, arguments, measure, report
from met_kg.graph.closure import closure_triples
from met_kg.graph.ntriples import write_ntriples
from met_kg.sources.files import SourceFile
from met_kg.tree.build import build_tree, load_files, load_sources
from met_kg.tree.write import write_owl

SIZES = (28_000, 84_000, 280_000)


def _terms(out: TextIO, prefix: str, root: str, word: str, count: int, places: int) -> None:
    out.write(f"format-version: 1.2\nontology: {prefix.lower()}\n\n[Typedef]\nid: located_in\nxref: RO:0004026\n")
    out.write(f"\n[Term]\nid: {root}\nname: root of {word}s\n")
    for i in range(1, count):
        parent = root if i < 3 else f"{prefix}:{1_000_000 + i // 3:07d}"
        out.write(f"\n[Term]\nid: {prefix}:{1_000_000 + i:07d}\nname: {word} number {i}\nis_a: {parent}\n")
        out.write(f'def: "The {word} of number {i}." [made:up]\nsynonym: "{word} no. {i}" EXACT []\n')
        out.write(f"xref: SNOMEDCT:{10_000_000 * len(word) + i}\n")
        if places:
            out.write(f"relationship: located_in UBERON:{1_000_000 + i % places + 1:07d}\n")


def write_files(folder: Path, size: int) -> list[SourceFile]:
    """Half diseases, a quarter parts of the body, a quarter further names of diseases."""
    half, quarter = size // 2, size // 4
    with (folder / "disease.obo").open("w") as out:
        _terms(out, "DOID", "DOID:4", "disorder", half, quarter - 1)
    with (folder / "anatomy.obo").open("w") as out:
        _terms(out, "UBERON", "UBERON:0001062", "structure", quarter, 0)
    with (folder / "other.obo").open("w") as out:
        out.write("format-version: 1.2\nontology: other\n")
        for i in range(1, size - half - quarter):
            out.write(f'\n[Term]\nid: ORDO:{i}\nname: syndrome {i}\nsynonym: "disorder number {2 * i}" EXACT []\n')
            out.write(f"xref: SNOMEDCT:{80_000_000 + 2 * i}\n")
    return [
        SourceFile(name="diseases", path=str(folder / "disease.obo"), axis="disease"),
        SourceFile(name="parts", path=str(folder / "anatomy.obo"), axis="anatomy"),
        SourceFile(name="names", path=str(folder / "other.obo"), axis="disease"),
    ]


def run(sizes: list[int], out: Path) -> list[Measured]:
    """Measure all sizes; the work is terms."""
    rows: list[Measured] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for size in sizes:
            with TemporaryDirectory() as folder:
                files = write_files(Path(folder), size)
                rows.append(measure("met-kg", size, _ours, (files, Path(folder), size), repeats=1))
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
                print(f"{size:,} terms: {rows[-1].seconds:.1f} s, peak memory {peak:.2f} GB", file=sys.stderr)
                rows.append(measure("pronto", size, _theirs, (files, Path(folder), size), repeats=1))
    report("build", "terms", rows, out, ["pronto", "pyoxigraph"])
    return rows


def _ours(given: tuple[list[SourceFile], Path, int]) -> int:
    files, folder, size = given
    tree = build_tree([*load_sources(["met"], None), *load_files(files)])
    graph = tree.graph()
    write_ntriples(tree.triples, folder / "tree.nt")
    write_ntriples(closure_triples(graph), folder / "closure.nt")
    write_owl(tree.triples, folder / "met.owl")
    return size


def _theirs(given: tuple[list[SourceFile], Path, int]) -> int:
    import pronto

    files, _, size = given
    for file in files:
        ontology = pronto.Ontology(file.path, threads=1)  # type: ignore[attr-defined]
        assert all(len(list(term.superclasses())) for term in ontology.terms())
    return size


if __name__ == "__main__":
    given = arguments(__doc__, SIZES)
    run(given.sizes, given.out)
