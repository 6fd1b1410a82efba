"""The report of an evaluation alone: one HTML file for the benchmarks in a folder, with or without a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from met_kg import tables
from met_kg.report.evaluation_examples import Pictures
from met_kg.report.evaluation_files import evaluated, read_evaluated
from met_kg.report.evaluation_view import benchmark_view
from met_kg.report.render import environment
from met_kg.report.thumbnails import Thumbnails

__all__ = ["write_evaluation_report"]


def write_evaluation_report(
    folder: Path, out: Path, *, run: Path | None = None, release: Path | None = None
) -> dict[str, Any]:
    """Write the report of a folder of results: one HTML file that needs nothing beside it.

    Parameters
    ----------
    folder
        results of one benchmark, a folder of several, or a run that has evaluated.
    run
        the run whose samples own items show, and that slice commands name as it is given here.
    release
        folder of the benchmarks' release files, where images are found; None looks into the data packs.

    Returns
    -------
    dict
        ``benchmarks`` shown, ``pictures`` inlined, size in ``bytes``.

    Raises
    ------
    MissingData
        when the folder holds no results.
    DataProblem
        when one of its files is damaged.
    """
    thumbnails = Thumbnails(run or folder)
    pictures = Pictures(thumbnails, _own_images(run), release)
    named = None if run is None else str(run)
    views = [benchmark_view(read_evaluated(path), pictures, run=named) for path in evaluated(folder)]
    text = (
        environment(str)
        .get_template("evaluation_report.html.j2")
        .render(name=folder.resolve().name, evaluation=views, slices_from=named)
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    written = out.write_bytes(text.encode("utf-8"))
    return {"benchmarks": len(views), "pictures": thumbnails.inlined, "bytes": written}


def _own_images(run: Path | None) -> dict[str, str]:
    if run is None or not (run / "samples.parquet").is_file():
        return {}
    samples = tables.read("samples", run / "samples.parquet", ["sample_id", "image"])
    return dict(zip(samples["sample_id"], samples["image"], strict=True))
