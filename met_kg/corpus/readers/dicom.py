"""Reader ``dicom``: DICOM files rendered to 8-bit pictures, captioned from technical tags only.

No tag that could identify a person is copied: what leaves a file are its pixels, the tags of ``deidentify.COPIED`` and
words for coded tags; ages above 89 become "90+", patients get names of their own. What was seen and withheld is
counted in ``deidentification.tsv``. ``pydicom://examples`` names the example files inside pydicom.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field

from met_kg.corpus.deidentify import COPIED, Patients, Report
from met_kg.corpus.dicom_pixels import Window, frame_tags, render, why_not_decodable
from met_kg.corpus.dicom_words import age_of, caption_of, laterality_of, plane_of, region_of, sex_of, view_of
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
#: Objects that are no pictures of a person: segmentations, doses, presentation states.
_NO_PICTURE: Final = ("SEG", "RTDOSE", "RTSTRUCT", "RTPLAN", "PR", "KO", "SR", "REG", "ECG")
#: Modalities whose machines write names into the picture and often leave out the tag that says so.
_OFTEN_BURNED: Final = ("US", "IVUS", "SC", "XA", "RF", "ES", "OT", "XC")
_MAX_FILE: Final = 2 * 1024**3  # bytes; a file is read whole


class Options(ReaderOptions):
    """What the recipe may set."""

    pattern: str = Field(default="**/*", description="which files of the folder")
    frames: Literal["middle", "all"] | Annotated[int, Field(ge=1)] = Field(
        default="middle", description="of several frames: the middle one, all, or every n-th"
    )
    window: Window = Field(
        default="first", description="first: as the file says; auto: by its values; or [centre, width]"
    )
    burned_in: Literal["flag", "drop"] = Field(
        default="flag", description="a modality that often burns names in, and no tag that says: flag in meta, or drop"
    )
    pseudonym_key: str = Field(
        default="", description="file with a secret of 16 bytes or more: names of patients stay when files are added"
    )


def read(spec: CorpusSpec, options: Options, place: Place) -> Iterator[Row | Quarantined]:
    """Sample rows, one per DICOM file (or frame); unusable files are set aside.

    Raises
    ------
    MissingData
        when the folder, or the file of the key, is not there.
    DataProblem
        when the key is too short.
    """
    key = options.pseudonym_key
    patients = Patients.with_key_file(expand_path(key, base=place.base)) if key else Patients()
    report = Report(spec.name)
    for number, (name, path) in enumerate(_files(spec, options, place.base)):
        if options.limit is not None and number >= options.limit:
            break
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom warns of each oddity it copes with
            yield from _File(spec, options, place, name, patients).samples(path, report)
    if place.reports is not None:
        report.write(place.reports)


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


class _File:
    """The samples of one file."""

    def __init__(self, spec: CorpusSpec, options: Options, place: Place, name: str, patients: Patients) -> None:
        self.spec, self.options, self.place, self.name, self.patients = spec, options, place, name, patients

    def samples(self, path: Path, report: Report) -> Iterator[Row | Quarantined]:
        """A row a frame; a damaged file can fail at any tag and inside the decoders, with any error that they know."""
        import pydicom

        if (size := path.stat().st_size) > _MAX_FILE:
            yield Quarantined(self.spec.name, self.name, f"the file has {size:,} bytes, more than {_MAX_FILE:,}")
            return
        try:
            data = pydicom.dcmread(path)
            burned_in = _burned_in(data)
            report.see(data, burned_in)
            problem = self._unusable(data, burned_in)
            frames = [] if problem else _chosen(int(data.get("NumberOfFrames") or 1), self.options.frames)
        except Exception as error:
            problem, frames = f"the DICOM file cannot be used: {_short(error)}", []
        if problem:
            yield Quarantined(self.spec.name, self.name, problem)
        for frame in frames:
            record = self.name if self.options.frames == "middle" else f"{self.name}#{frame + 1}"
            try:
                yield self._sample(data, frame, record, burned_in)
            except Exception as error:
                yield Quarantined(self.spec.name, record, f"the DICOM file cannot be used: {_short(error)}")

    def _unusable(self, data: Dataset, burned_in: str) -> str:
        modality = _word(data, "Modality")
        if modality in _NO_PICTURE or "PixelData" not in data:
            return f"the object holds no picture of a person (modality '{modality}')"
        if burned_in == "YES":
            return "the picture has burned-in annotation, which may name the patient"
        if _word(data, "RecognizableVisualFeatures") == "YES":
            return "the picture shows features by which the patient can be recognised"
        if burned_in == "unknown" and modality in _OFTEN_BURNED and self.options.burned_in == "drop":
            return f"no tag says whether the picture has burned-in annotation, and '{modality}' often has"
        pixels = int(data.Rows) * int(data.Columns)
        if pixels > MAX_PIXELS:
            return f"the picture has {pixels:,} pixels, more than {MAX_PIXELS:,}"
        return why_not_decodable(data)

    def _sample(self, data: Dataset, frame: int, record: str, burned_in: str) -> Row:
        modality, count = _word(data, "Modality"), int(data.get("NumberOfFrames") or 1)
        plane, region = plane_of(frame_tags(data, frame)), region_of(data)
        which = f"frame {frame + 1} of {count}" if self.options.frames != "middle" else f"one frame of {count}"
        values = {
            "caption": caption_of(data, plane, which if count > 1 else ""),
            "modality": modality,
            "view": view_of(data) or plane,
            "body_part": region if region != "whole body" else "",
            "sex": sex_of(data),
            "age": age_of(data),
            "origin": f"{self.spec.path}/{self.name}" if self.spec.path == EXAMPLES else self.spec.source,
            **self.spec.constants,
        }
        meta = {tag: str(data.get(tag)) for tag in COPIED if data.get(tag) not in (None, "")}
        if side := laterality_of(data):
            meta["laterality"] = side
        if burned_in == "unknown" and modality in _OFTEN_BURNED:
            meta["burned_in"] = "unknown"
        values["group_id"] = self.patients.name(str(data.get("PatientID", "")) or self.name)
        saved = save_rendered(render(data, frame, self.options.window), self.place.images_dir)
        image = rendered_path(saved, self.place.images_dir)
        return sample_row(self.spec, record, image=image, print_=fingerprint(saved), values=values, meta=meta)


def _burned_in(data: Dataset) -> str:
    stated = _word(data, "BurnedInAnnotation")
    return stated if stated in ("YES", "NO") else "unknown"


def _chosen(count: int, frames: str | int) -> list[int]:
    """
    >>> _chosen(5, "middle"), _chosen(5, "all"), _chosen(5, 2)
    ([2], [0, 1, 2, 3, 4], [0, 2, 4])
    """
    if frames == "middle":
        return [count // 2]
    return list(range(0, count, 1 if frames == "all" else int(frames)))


def _word(data: Dataset, tag: str) -> str:
    return str(data.get(tag) or "").strip().upper()


def _short(problem: Exception) -> str:
    text = " ".join(str(problem).split())[:160] or type(problem).__name__
    more = " (pip install 'met-kg[dicom]' brings further decoders)"
    return text + more if "available plugins" in text and importlib.util.find_spec("pylibjpeg") is None else text
