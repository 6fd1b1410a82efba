"""Plain words for coded DICOM tags, and a caption made of them. Free-text tags are never read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["caption_of", "plane_of", "region_of"]

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
_VIEWS: Final = {"PA": "posteroanterior", "AP": "anteroposterior", "LL": "left lateral", "RL": "right lateral"}


def region_of(data: Dataset) -> str:
    """The body part in words, '' when the tag is absent."""
    code = str(data.get("BodyPartExamined") or "").strip().upper()
    return _REGIONS.get(code, code.lower().replace("_", " "))


def plane_of(data: Dataset) -> str:
    """axial, coronal or sagittal from the slice's orientation; '' when it has none or lies far from all three."""
    cosines = data.get("ImageOrientationPatient")
    if cosines is None or len(cosines) != 6:
        return ""
    normal = np.abs(np.cross([float(c) for c in cosines[:3]], [float(c) for c in cosines[3:]]))
    nearest = int(normal.argmax())
    return _PLANES[nearest] if normal[nearest] > 0.8 else ""


def caption_of(data: Dataset) -> str:
    """One sentence: modality, region, view or plane, contrast medium.

    >>> from pydicom import Dataset
    >>> data = Dataset()
    >>> data.Modality, data.BodyPartExamined, data.ViewPosition = "CR", "CHEST", "PA"
    >>> caption_of(data)
    'Computed radiography (X-ray) of the chest, posteroanterior view.'
    """
    code = str(data.get("Modality") or "").strip().upper()
    sentence = _MODALITIES.get(code, "Medical image")
    region = region_of(data)
    if region:
        sentence += f" of the {region}"
    view = _VIEWS.get(str(data.get("ViewPosition") or "").strip().upper(), "")
    plane = plane_of(data)
    if view:
        sentence += f", {view} view"
    elif plane:
        sentence += f", {plane} plane"
    if int(data.get("NumberOfFrames") or 1) > 1:
        sentence += f", one frame of {int(data.NumberOfFrames)}"
    if int(data.get("SamplesPerPixel") or 1) > 1 or data.get("PhotometricInterpretation") == "PALETTE COLOR":
        sentence += ", in colour"
    if str(data.get("ContrastBolusAgent") or "").strip():
        sentence += ", with contrast medium"
    return f"{sentence}."
