"""Write a run's captions and items as a data set that stands on its own: records in the forms that trainers read,
images, card, Croissant metadata, and the proofs."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection
from dataclasses import astuple, fields
from pathlib import Path
from typing import Final

from met_kg.errors import UsageProblem
from met_kg.synthesis.export.card import write_card
from met_kg.synthesis.export.content import Content, LeftOut, choose
from met_kg.synthesis.export.croissant import write_croissant
from met_kg.synthesis.export.evidence import GRAPHS, write_evidence
from met_kg.synthesis.export.forms import form
from met_kg.synthesis.export.options import ExportOptions
from met_kg.synthesis.export.pictures import FOLDER
from met_kg.synthesis.export.statistics import write_statistics

__all__ = ["GRAPHS", "export"]

_KINDS: Final = ("licence", "image", "split", "id")


def export(
    run: Path, out: Path, options: ExportOptions | None = None, *, items: Collection[str] | None = None
) -> dict[str, int]:
    """Export a run to the folder ``out`` and count what was written and what was left behind.

    Written are the forms that the options name (:mod:`met_kg.synthesis.export.forms`), ``images/<sha256>.<ending>``
    where a form points at them, ``README.md`` (the card), ``statistics.tsv``, ``left-out.tsv``, ``croissant.json``, and
    the tables and graphs that ``met verify`` needs. The same run and options give the same bytes.

    Parameters
    ----------
    items
        ids of the items to export; all items and captions when None. Captions go with the samples of the items.

    Raises
    ------
    MissingData
        when a table or graph of the run is not there.
    UsageProblem
        when the folder is not empty, or a form that is made of images is asked for without them.
    """
    options = options or ExportOptions()
    forms = {name: form(name) for name in options.forms}
    for name, found in forms.items():
        if found.is_images and options.images == "reference":
            raise UsageProblem(f"form '{name}' is made of images", hint="copy them, or choose another form")
    if out.is_dir() and any(out.iterdir()):
        raise UsageProblem("the folder is not empty; data sets are not mixed", where=str(out), hint="name a new one")
    content = choose(run, options, items)
    out.mkdir(parents=True, exist_ok=True)
    if options.images == "copy" and any(found.points_at_images for found in forms.values()):
        _copy_images(content, out / FOLDER)
    for found in forms.values():
        found.write(content, out, options)
    write_evidence(content, run, out)
    _write_left_out(content.left_out, out / "left-out.tsv")
    write_statistics(content, out / "statistics.tsv")
    write_croissant(content, options, out)
    write_card(content, options, run, out)
    left = Counter(one.kind for one in content.left_out)
    return {
        "samples": len(content.samples),
        "images": len({picture.name for picture in content.pictures.values()}),
        "captions": len(content.captions),
        "items": len(content.vqa),
        "files": sum(path.is_file() for path in out.rglob("*")),
        **{f"samples left out for their {kind}": left[kind] for kind in _KINDS},
    }


def _copy_images(content: Content, folder: Path) -> None:
    folder.mkdir()
    for picture in content.pictures.values():
        if not (folder / picture.name).is_file() and (data := picture.read()) is not None:
            (folder / picture.name).write_bytes(data)


def _write_left_out(left_out: list[LeftOut], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter="\t", lineterminator="\n")
        writer.writerow(field.name for field in fields(LeftOut))
        writer.writerows(astuple(one) for one in left_out)
