"""Reading MRCONSO: our streaming reader beside pandas, which reads the same columns into a table and stops there.

Run: ``python -m benchmarks.umls``. The size is the number of rows of a generated MRCONSO, three atoms a concept, every
second concept on an axis of the tree. Memory is the peak of the process so far: run one size at a time to compare.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import Measured, arguments, measure, report
from met_kg.sources.findings import Findings
from met_kg.sources.umls import UmlsOptions, read_umls

SIZES = (500_000, 5_000_000)


def write_release(folder: Path, rows: int) -> None:
    """MRCONSO and MRSTY, with names as long as real ones; rows by the half dozen, two concepts of three atoms."""
    rows -= rows % 6
    with (folder / "MRCONSO.RRF").open("w") as out:
        for i in range(rows):
            cui, atom = i // 3, i % 3
            ts, stt, preferred = ("P", "PF", "Y") if atom == 0 else ("S", "VO", "N")
            sab, tty = (("SNOMEDCT_US", "PT"), ("MSH", "MH"), ("NCI", "SY"))[atom]
            text = f"Inflammation of structure {cui} of the body, kind {atom}"
            out.write(f"C{cui:07d}|ENG|{ts}|L{i:07d}|{stt}|S{i:07d}|{preferred}|A{i:08d}|{i}|{cui}||")
            out.write(f"{sab}|{tty}|{cui + 1000000}|{text}|0|N|256|\n")
    with (folder / "MRSTY.RRF").open("w") as out:
        for cui in range((rows + 2) // 3):
            out.write(f"C{cui:07d}|{'T047' if cui % 2 else 'T121'}|B2.2.1.2.1|x|AT{cui}|256|\n")


def run(sizes: list[int], out: Path) -> list[Measured]:
    """Measure all sizes; the work is rows read."""
    measured: list[Measured] = []
    for size in sizes:
        with TemporaryDirectory() as folder:
            write_release(Path(folder), size)
            measured.append(measure("met-kg", size, _ours, Path(folder), repeats=1))
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
            print(f"{size} rows: {size / measured[-1].seconds:,.0f} rows/s, peak memory {peak:.2f} GB", file=sys.stderr)
            measured.append(measure("pandas", size, _theirs, Path(folder), repeats=1))
    report("umls", "rows", measured, out, ["pandas"])
    return measured


def _ours(folder: Path) -> int:
    """Concepts are made of every second group of three rows; all rows are read."""
    options = UmlsOptions(hierarchy="none")
    return 6 * sum(1 for _ in read_umls(folder, options, source="made", findings=Findings()))


def _theirs(folder: Path) -> int:
    import pandas as pd

    columns = [0, 1, 2, 4, 6, 11, 12, 13, 14, 16]
    return len(pd.read_csv(folder / "MRCONSO.RRF", sep="|", header=None, usecols=columns, dtype=str, quoting=3))


if __name__ == "__main__":
    given = arguments(__doc__, SIZES)
    run(given.sizes, given.out)
