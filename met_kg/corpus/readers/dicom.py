"""Reader ``dicom``: DICOM files rendered to 8-bit pictures, captioned from technical tags only.

No tag that could identify a person is copied: what leaves a file are its pixels and the tags of :data:`_COPIED`.
Patients are numbered in the order of their first file. ``pydicom://examples`` names the example files that ship
inside pydicom; nothing is downloaded.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image
from pydantic import Field

from met_kg.corpus.dicom_words import caption_of, plane_of, region_of
from met_kg.corpus.images import MAX_PIXELS, fingerprint, save_rendered
from met_kg.corpus.readers import Place, ReaderOptions, Row
from met_kg.corpus.samples import rendered_path, sample_row
from met_kg.corpus.spec import CorpusSpec
from met_kg.errors import MissingData
from met_kg.paths import expand_path
from met_kg.records import Quarantined

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["Options", "read"]

EXAMPLES: Final = "pydicom://examples"
#: Files of pydicom's own folder that show a person or an animal, in as many encodings; one is cut short.
_EXAMPLE_FILES: Final = (
    "CT_small.dcm",
    "J2K_pixelrep_mismatch.dcm",
    "JPEG2000.dcm",
    "JPGExtended.dcm",
    "MR_small.dcm",
    "MR_truncated.dcm",
    "examples_jpeg2k.dcm",
    "examples_overlay.dcm",
    "examples_palette.dcm",
    "examples_rgb_color.dcm",
    "examples_ybr_color.dcm",
)
#: Technical tags that are copied to column 'meta'. No name, date, place, identifier or free text among them.
_COPIED: Final = (
    "PhotometricInterpretation",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "SliceThickness",
    "KVP",
    "MagneticFieldStrength",
    "RepetitionTime",
    "EchoTime",
    "ScanningSequence",
    "PixelSpacing",
)
#: Objects that are no pictures of a person: segmentations, doses, presentation states.
_NO_PICTURE: Final = ("SEG", "RTDOSE", "RTSTRUCT", "RTPLAN", "PR", "KO", "SR", "REG", "ECG")


class Options(ReaderOptions):
    """What the recipe may set."""

    pattern: str = Field(default="**/*", description="which files of the folder")


def read(spec: CorpusSpec, options: Options, place: Place) -> Iterator[Row | Quarantined]:
    """Sample rows, one per DICOM file (the middle frame of several); unusable files are set aside.

    Raises
    ------
    MissingData
        when the folder is not there.
    """
    patients: dict[str, str] = {}
    for number, (name, path) in enumerate(_files(spec, options, place.base)):
        if options.limit is not None and number >= options.limit:
            break
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom warns of each oddity it copes with
            yield _sample(spec, name, path, place, patients)


def _files(spec: CorpusSpec, options: Options, base: Path) -> Iterator[tuple[str, Path]]:
    if spec.path == EXAMPLES:
        import pydicom.data

        folder = Path(pydicom.data.__file__).parent / "test_files"
        yield from ((name, folder / name) for name in _EXAMPLE_FILES if (folder / name).is_file())
        return
    folder = expand_path(spec.path, base=base)
    if not folder.is_dir():
        raise MissingData(f"the DICOM folder of corpus '{spec.name}' is not there", where=str(folder))
    root = folder.resolve()
    for path in sorted(p for p in folder.glob(options.pattern) if p.is_file()):
        if path.resolve().is_relative_to(root):
            yield path.relative_to(folder).as_posix(), path


def _sample(spec: CorpusSpec, name: str, path: Path, place: Place, patients: dict[str, str]) -> Row | Quarantined:
    import pydicom

    # A damaged file can fail at any tag and anywhere inside the decoders, with any exception that they know.
    try:
        data = pydicom.dcmread(path)
        modality = _word(data, "Modality")
        problem = _unusable(data, modality)
        if problem:
            return Quarantined(spec.name, name, problem)
        values = {
            "caption": caption_of(data),
            "modality": modality,
            "view": _word(data, "ViewPosition") or plane_of(data),
            "body_part": region if (region := region_of(data)) != "whole body" else "",
            "origin": f"{spec.path}/{name}" if spec.path == EXAMPLES else spec.source,
            **spec.constants,
        }
        meta = {tag: str(data.get(tag)) for tag in _COPIED if data.get(tag) not in (None, "")}
        patient = str(data.get("PatientID", "")) or name
        picture = render(data)
    except Exception as error:
        return Quarantined(spec.name, name, f"the DICOM file cannot be used: {_short(error)}")
    values["group_id"] = patients.setdefault(patient, f"patient-{len(patients) + 1:05d}")
    saved = save_rendered(picture, place.images_dir)
    image = rendered_path(saved, place.images_dir)
    return sample_row(spec, name, image=image, print_=fingerprint(saved), values=values, meta=meta)


def _unusable(data: Dataset, modality: str) -> str:
    if modality in _NO_PICTURE or "PixelData" not in data:
        return f"the object holds no picture of a person (modality '{modality}')"
    if _word(data, "BurnedInAnnotation") == "YES":
        return "the picture has burned-in annotation, which may name the patient"
    pixels = int(data.Rows) * int(data.Columns)
    return f"the picture has {pixels:,} pixels, more than {MAX_PIXELS:,}" if pixels > MAX_PIXELS else ""


def render(data: Dataset) -> Image.Image:
    """The middle frame as a reader of the image would see it: rescaled, windowed, inverted where MONOCHROME1 says."""
    from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi_lut
    from pydicom.pixels.utils import pixel_array

    frames = int(data.get("NumberOfFrames") or 1)
    values = pixel_array(data, index=frames // 2 if frames > 1 else None)
    interpretation = _word(data, "PhotometricInterpretation")
    if interpretation == "PALETTE COLOR":
        values = apply_color_lut(values, data)
    if values.ndim == 3:
        depth = 16 if values.dtype.itemsize > 1 else 8
        return Image.fromarray((values >> (depth - 8)).astype(np.uint8) if depth > 8 else values.astype(np.uint8))
    padding = data.get("PixelPaddingValue")
    outside = values == int(padding) if padding is not None else np.zeros(values.shape, bool)
    shown = apply_voi_lut(apply_modality_lut(values, data), data, index=0).astype(np.float64)
    inside = shown[~outside] if not outside.all() else shown
    low, high = float(inside.min()), float(inside.max())
    grey = np.clip((shown - low) / (high - low), 0, 1) if high > low else np.zeros(shown.shape)
    if interpretation == "MONOCHROME1":
        grey = 1 - grey
    grey[outside] = 0
    return Image.fromarray(np.rint(grey * 255).astype(np.uint8))


def _word(data: Dataset, tag: str) -> str:
    return str(data.get(tag) or "").strip().upper()


def _short(problem: Exception) -> str:
    return " ".join(str(problem).split())[:160] or type(problem).__name__
