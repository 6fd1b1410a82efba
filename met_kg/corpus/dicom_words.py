"""Plain words for coded DICOM tags, and a caption made of them. Free-text tags are never read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["age_of", "caption_of", "laterality_of", "plane_of", "region_of", "sex_of", "technical_caption", "view_of"]

#: Modality (0008,0060), DICOM PS3.3 C.7.3.1.1.1.
_MODALITIES: Final = {
    "CR": "Computed radiography (X-ray)",
    "CT": "Computed tomography (CT)",
    "DX": "Digital radiography (X-ray)",
    "ES": "Endoscopy",
    "MG": "Mammography",
    "MR": "Magnetic resonance imaging (MRI)",
    "NM": "Nuclear medicine scintigraphy",
    "OP": "Fundus photography",
    "OPT": "Optical coherence tomography (OCT)",
    "PT": "Positron emission tomography (PET)",
    "RF": "Fluoroscopy",
    "RG": "Radiography (X-ray)",
    "SM": "Slide microscopy",
    "US": "Ultrasound image",
    "XA": "X-ray angiography",
}
#: Body Part Examined (0018,0015), DICOM PS3.16 annex L, where lower case alone would not read as words.
_REGIONS: Final = {
    "CSPINE": "cervical spine",
    "TSPINE": "thoracic spine",
    "LSPINE": "lumbar spine",
    "SSPINE": "sacral spine",
    "WHOLE BODY": "whole body",
    "WHOLEBODY": "whole body",
    "EXTREMITY": "limb",
}
_PLANES: Final = ("sagittal", "coronal", "axial")  # by the axis that the slice normal lies nearest to
_VIEWS: Final = {
    "PA": "posteroanterior",
    "AP": "anteroposterior",
    "LL": "left lateral",
    "RL": "right lateral",
    "CC": "craniocaudal",
    "MLO": "mediolateral oblique",
}
#: View Code Sequence (0054,0220): SNOMED RT and CT codes of CID 4014 that state what View Position would.
_VIEW_CODES: Final = {"R-10242": "CC", "399162004": "CC", "R-10226": "MLO", "399368009": "MLO"}
_SIDES: Final = {"R": "right", "L": "left", "B": "bilateral"}
_AGE_UNITS: Final = {"D": "days", "W": "weeks", "M": "months", "Y": ""}
_OLDEST: Final = 89  # years; ages above identify (45 CFR 164.514(b)(2)(i)(C), HIPAA safe harbour)


def region_of(data: Dataset) -> str:
    """The body part in words, '' when the tag is absent."""
    code = str(data.get("BodyPartExamined") or "").strip().upper()
    return _REGIONS.get(code, code.lower().replace("_", " "))


def view_of(data: Dataset) -> str:
    """The view as coded (PA, CC ...), '' when no tag states it."""
    position = str(data.get("ViewPosition") or "").strip().upper()
    codes = [str(item.get("CodeValue") or "") for item in data.get("ViewCodeSequence") or []]
    return position or next((_VIEW_CODES[c] for c in codes if c in _VIEW_CODES), "")


def laterality_of(data: Dataset) -> str:
    """right, left or bilateral; '' when no tag says."""
    code = str(data.get("ImageLaterality") or data.get("Laterality") or "").strip().upper()
    return _SIDES.get(code, "")


def plane_of(data: Dataset) -> str:
    """axial, coronal or sagittal from the slice's orientation; '' when it has none or lies far from all three."""
    cosines = data.get("ImageOrientationPatient")
    if cosines is None or len(cosines) != 6:
        return ""
    normal = np.abs(np.cross([float(c) for c in cosines[:3]], [float(c) for c in cosines[3:]]))
    nearest = int(normal.argmax())
    return _PLANES[nearest] if normal[nearest] > 0.8 else ""


def sex_of(data: Dataset) -> str:
    """M or F; '' when the tag is absent or says otherwise."""
    code = str(data.get("PatientSex") or "").strip().upper()
    return code if code in ("M", "F") else ""


def age_of(data: Dataset) -> str:
    """The age as stated, in years, months, weeks or days; above 89 years only "90+". Dates are never read.

    >>> from pydicom import Dataset
    >>> ages = ("052Y", "091Y", "006M", "1200M", "fifty")
    >>> data = Dataset()
    >>> def stated(text):
    ...     data.add_new("PatientAge", "SH", text)
    ...     return age_of(data)
    >>> [stated(text) for text in ages]
    ['52', '90+', '6 months', '90+', '']
    """
    text = str(data.get("PatientAge") or "").strip().upper()
    found = re.fullmatch(r"(\d{1,4})([DWMY])", text)
    if not found:
        return ""
    number, unit = int(found[1]), found[2]
    years = number / {"D": 365.25, "W": 52.18, "M": 12, "Y": 1}[unit]
    return "90+" if years > _OLDEST else f"{number} {_AGE_UNITS[unit]}".strip()


def technical_caption(modality: str, region: str = "", view: str = "", side: str = "", *further: str) -> str:
    """One sentence of plain technical words.

    Parameters
    ----------
    modality
        DICOM code, or words.
    view
        DICOM code of a view, or a plane in words.

    >>> technical_caption("MG", "breast", "MLO", "left"), technical_caption("", "head", "axial")
    ('Mammography of the left breast, mediolateral oblique view.', 'Medical image of the head, axial plane.')
    """
    sentence = _MODALITIES.get(modality.upper(), modality or "Medical image")
    if region:
        sentence += f" of the {side} {region}" if side in ("left", "right") else f" of the {region}"
    elif side in ("left", "right"):
        sentence += f", {side} side"
    if view in _PLANES:
        sentence += f", {view} plane"
    elif view in _VIEWS:
        sentence += f", {_VIEWS[view]} view"
    return f"{', '.join([sentence, *further])}."


def caption_of(data: Dataset, plane: str = "", frame: str = "") -> str:
    """One sentence: modality, side and region, view or plane, contrast medium; ``frame`` says which of several.

    >>> from pydicom import Dataset
    >>> data = Dataset()
    >>> data.Modality, data.BodyPartExamined, data.ViewPosition = "CR", "CHEST", "PA"
    >>> caption_of(data)
    'Computed radiography (X-ray) of the chest, posteroanterior view.'
    """
    further = [frame] if frame else []
    if int(data.get("SamplesPerPixel") or 1) > 1 or data.get("PhotometricInterpretation") == "PALETTE COLOR":
        further.append("in colour")
    if str(data.get("ContrastBolusAgent") or "").strip():
        further.append("with contrast medium")
    view = view_of(data)
    code = str(data.get("Modality") or "").strip().upper()
    return technical_caption(
        code if code in _MODALITIES else "",
        region_of(data),
        view if view in _VIEWS else plane,
        laterality_of(data),
        *further,
    )
