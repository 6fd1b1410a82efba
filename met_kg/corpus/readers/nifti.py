"""Reader ``nifti``: slices of NIfTI volumes (``.nii``, ``.nii.gz``), captioned by a table or from technical words.

``path`` is a folder, or a table whose mapped column ``image`` names the files beside it; then the table's rows give
captions and the rest, the same for all slices of a volume. All slices of a volume share its group, and all volumes of
a subject where the path names one as BIDS does (``sub-01``). Free text of the header is never read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from met_kg.corpus.dicom_words import technical_caption
from met_kg.corpus.images import fingerprint, save_rendered
from met_kg.corpus.mapping import Keys, MappedOptions, check_columns, mapped
from met_kg.corpus.readers import Place, Row
from met_kg.corpus.records import records
from met_kg.corpus.samples import SPLITS, rendered_path, sample_row
from met_kg.corpus.spec import CorpusSpec
from met_kg.corpus.volumes import Plane, Volume, open_volume
from met_kg.errors import DataProblem, MissingData
from met_kg.paths import expand_path
from met_kg.records import Quarantined

__all__ = ["Options", "read"]

_ENDINGS: Final = (".nii", ".nii.gz")
_SUBJECT: Final = re.compile(r"(?:^|/)(sub-[A-Za-z0-9]+)(?=[/_])")
_Share = Annotated[float, Field(ge=0, le=1)]
#: Sample columns, values and meta of a volume, beside the name of its file.
_Described = tuple[str, dict[str, str], dict[str, object]]


class Options(MappedOptions):
    """What the recipe may set; ``limit`` counts volumes."""

    planes: list[Plane] = Field(default=["axial"], min_length=1)
    slices: Literal["middle"] | list[_Share] = Field(
        default="middle", description="the middle slice, or places from 0 (right, back, feet) to 1"
    )
    every: int | None = Field(default=None, ge=1, description="every n-th slice instead")
    window: tuple[float, float] | None = Field(default=None, description="intensities shown as black and white")
    percentiles: tuple[Annotated[float, Field(ge=0, le=100)], Annotated[float, Field(ge=0, le=100)]] = Field(
        default=(0.5, 99.5), description="the same as percentiles of the volume, where no window is given"
    )
    volume: Annotated[int, Field(ge=0)] | Literal["middle"] = Field(default=0, description="of several in a file")
    max_voxels: int = Field(default=512 * 512 * 512, ge=1, description="larger volumes are set aside unread")

    @model_validator(mode="after")
    def _in_order(self) -> Options:
        for name in ("window", "percentiles"):
            limits = getattr(self, name)
            if limits is not None and limits[0] >= limits[1]:
                raise ValueError(f"{name}: the first number must be below the second")
        return self


def read(spec: CorpusSpec, options: Options, place: Place) -> Iterator[Row | Quarantined]:
    """Sample rows, one a slice, one volume in memory at a time; files that cannot be used are set aside.

    Raises
    ------
    MissingData
        when the folder or table is not there.
    DataProblem
        when the recipe names a table and maps no image.
    UnknownName
        when the mapping names a column that the table does not have.
    """
    path = expand_path(spec.path, base=place.base)
    root = path if path.is_dir() else path.parent
    keys = Keys()
    for number, found in enumerate(_described(spec, options, path, root)):
        if options.limit is not None and number >= options.limit:
            break
        if isinstance(found, Quarantined):
            yield found
            continue
        name, values, meta = found
        try:
            volume = open_volume(root / name, volume=options.volume, most=options.max_voxels)
        except DataProblem as problem:
            yield Quarantined(spec.name, name, problem.message, values.get("caption", "")[:200])
            continue
        yield from _samples(spec, options, place, keys.unique(values.get("id") or name), volume, values, meta)


def _described(spec: CorpusSpec, options: Options, path: Path, root: Path) -> Iterator[_Described | Quarantined]:
    """The volumes, by the table or by name, each with what is said of it."""
    inside = root.resolve()
    if path.is_dir():
        for file in sorted(p for ending in _ENDINGS for p in path.rglob(f"*{ending}")):
            if file.is_file() and file.resolve().is_relative_to(inside):
                name = file.relative_to(path).as_posix()
                yield name, {"group_id": _group(name), **spec.constants}, {}
        return
    if not path.is_file():
        raise MissingData(f"the volumes of corpus '{spec.name}' are not there", where=str(path))
    if "image" not in spec.columns:
        raise DataProblem(f"corpus '{spec.name}' maps no image", hint="add it under columns")
    seen: set[str] = set()
    for record in records(path, spec.name):
        if isinstance(record, Quarantined):
            yield record
            continue
        where, fields = record
        seen |= fields.keys()
        found = mapped(spec.columns, spec.constants, fields, options.remove)
        values, name = found.values, found.values.get("image", "")
        file = root / name
        if not name.lower().endswith(_ENDINGS):
            yield Quarantined(spec.name, where, f"the row names no .nii or .nii.gz file ('{name}')")
        elif not file.resolve().is_relative_to(inside):
            yield Quarantined(spec.name, where, f"image '{name}' lies outside the table's folder")
        elif not file.is_file():
            yield Quarantined(spec.name, where, f"image '{name}' is not there", values.get("caption", "")[:200])
        elif values.get("split") and values["split"] not in SPLITS:
            yield Quarantined(spec.name, where, f"split '{values['split']}' is none of {', '.join(SPLITS)}")
        else:
            yield name, {**values, "group_id": values.get("group_id") or _group(name)}, found.meta
    check_columns(spec, seen, path.name)


def _group(name: str) -> str:
    """The subject, where the path names one as BIDS does, else the file.

    >>> _group("sub-01/anat/sub-01_T1w.nii.gz"), _group("scans/a.nii")
    ('sub-01', 'scans/a.nii')
    """
    found = _SUBJECT.search(name)
    return found[1] if found else name


def _samples(
    spec: CorpusSpec,
    options: Options,
    place: Place,
    record: str,
    volume: Volume,
    values: dict[str, str],
    meta: dict[str, object],
) -> Iterator[Row]:
    window = options.window or volume.limits(*options.percentiles)
    for plane in options.planes:
        count = volume.slices(plane)
        for index in _chosen(count, options):
            caption = values.get("caption") or technical_caption(
                values.get("modality", ""), values.get("body_part", ""), plane
            )
            saved = save_rendered(volume.picture(plane, index, window), place.images_dir)
            further = {
                "plane": plane,
                "slice": index + 1,
                "slices": count,
                "spacing_mm": [round(s, 4) for s in volume.spacing],
                "window": [round(w, 4) for w in window],
                **({"volumes": volume.volumes} if volume.volumes > 1 else {}),
            }
            yield sample_row(
                spec,
                f"{record}#{plane}-{index + 1}",
                image=rendered_path(saved, place.images_dir),
                print_=fingerprint(saved),
                values={**values, "caption": caption, "view": values.get("view") or plane},
                meta={**meta, **further},
            )


def _chosen(count: int, options: Options) -> list[int]:
    if options.every is not None:
        return list(range(0, count, options.every))
    if options.slices == "middle":
        return [count // 2]
    return sorted({min(count - 1, int(share * count)) for share in options.slices})
