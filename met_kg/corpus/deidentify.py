"""What a reader of DICOM takes from a file and what it leaves behind: the numbering of patients, and the report.

The report counts tags and names what became of each. It never holds a value, but for the burned-in status.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from met_kg.errors import DataProblem, MissingData

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["COPIED", "Patients", "Report"]

#: Technical tags that are copied to column 'meta'. No name, date, place, identifier or free text among them.
COPIED: Final = (
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
#: Coded tags that fill a column, or a word of the caption.
_CODED: Final = (
    "Modality",
    "BodyPartExamined",
    "ViewPosition",
    "ViewCodeSequence",
    "Laterality",
    "ImageLaterality",
    "PatientSex",
    "ImageOrientationPatient",
)
#: What pixels are made with: read, never written out.
_RENDERED: Final = (
    "PixelData", "SamplesPerPixel", "PlanarConfiguration", "BitsAllocated", "BitsStored", "HighBit",
    "PixelRepresentation", "PixelPaddingValue", "WindowCenter", "WindowWidth", "VOILUTFunction", "VOILUTSequence",
    "ModalityLUTSequence", "RescaleSlope", "RescaleIntercept", "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence", "RedPaletteColorLookupTableDescriptor", "RedPaletteColorLookupTableData",
    "GreenPaletteColorLookupTableDescriptor", "GreenPaletteColorLookupTableData",
    "BluePaletteColorLookupTableDescriptor", "BluePaletteColorLookupTableData",
)  # fmt: skip
_ACTIONS: Final = {
    **dict.fromkeys(_RENDERED, "rendered"),
    **dict.fromkeys(COPIED, "copied"),
    **dict.fromkeys(_CODED, "copied"),
    "PatientAge": "banded",
    "PatientID": "numbered",
    "BurnedInAnnotation": "obeyed",
    "RecognizableVisualFeatures": "obeyed",
    "ContrastBolusAgent": "copied as yes or no",
}
#: Private tags mean what their maker says; they are counted together and withheld.
_PRIVATE: Final = ("private", "private")
_HEADER: Final = ("corpus", "tag", "keyword", "files", "action", "note")
_SHORTEST_KEY: Final = 16


class Patients:
    """Names for patients that do not tell their identifiers.

    Without a key they are numbered in the order in which they are first met: the same folder gives the same numbers.
    With one a name is an HMAC-SHA256 of the identifier: it stays when files are added, and without the key nobody can
    find out an identifier by trying all of them, as a plain hash would let them.
    """

    def __init__(self, key: bytes = b"") -> None:
        self._key = key
        self._numbers: dict[str, str] = {}

    @classmethod
    def with_key_file(cls, path: Path) -> Patients:
        """Read the key from a file.

        Raises
        ------
        MissingData
            when the file is not there.
        DataProblem
            when the key is shorter than 16 bytes.
        """
        if not path.is_file():
            raise MissingData("the key for the names of patients is not there", where=str(path))
        key = path.read_bytes().strip()
        if len(key) < _SHORTEST_KEY:
            raise DataProblem(
                f"the key for the names of patients is shorter than {_SHORTEST_KEY} bytes",
                where=str(path),
                hint="make one with: openssl rand -hex 32",
            )
        return cls(key)

    def name(self, identifier: str) -> str:
        """The name of a patient.

        >>> Patients().name("4711"), Patients(b"0123456789abcdef").name("4711")
        ('patient-00001', 'patient-d6f9c71fc971')
        """
        if self._key:
            return f"patient-{hmac.new(self._key, identifier.encode(), hashlib.sha256).hexdigest()[:12]}"
        return self._numbers.setdefault(identifier, f"patient-{len(self._numbers) + 1:05d}")


class Report:
    """Counts of tags over the files of a corpus: how many files have each, and what became of it."""

    def __init__(self, corpus: str) -> None:
        self._corpus = corpus
        self._files: Counter[tuple[str, str]] = Counter()
        self._burned: Counter[str] = Counter()

    def see(self, data: Dataset, burned_in: str) -> None:
        """Count the tags of a file that have a value; ``burned_in`` is YES, NO or unknown."""
        self._burned[burned_in] += 1
        seen: set[tuple[str, str]] = set()
        for element in data:
            if not element.is_empty:
                tag = f"({element.tag.group:04X},{element.tag.element:04X})"
                seen.add(_PRIVATE if element.tag.is_private else (tag, element.keyword or "unknown"))
        self._files.update(seen)

    def write(self, folder: Path) -> Path:
        """Write ``deidentification.tsv``, beside what other corpora of the run have written into it."""
        path = folder / "deidentification.tsv"
        rows = []
        if path.is_file():
            with path.open(encoding="utf-8", newline="") as stream:
                rows = [r for r in csv.reader(stream, delimiter="\t") if r[0] not in (_HEADER[0], self._corpus)]
        rows += self.rows()
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, delimiter="\t", lineterminator="\n").writerows([_HEADER, *sorted(rows)])
        return path

    def rows(self) -> list[list[str]]:
        """The rows of the report: corpus, tag, keyword, files, action, note."""
        note = ", ".join(f"{status} {count}" for status, count in sorted(self._burned.items()))
        found = [
            [
                self._corpus,
                tag,
                keyword,
                str(count),
                _ACTIONS.get(keyword, "withheld"),
                f"files: {note}" if keyword == "BurnedInAnnotation" else "",
            ]
            for (tag, keyword), count in sorted(self._files.items())
        ]
        if self._burned and not any(row[2] == "BurnedInAnnotation" for row in found):
            found.append([self._corpus, "(0028,0301)", "BurnedInAnnotation", "0", "obeyed", f"files: {note}"])
        return found
