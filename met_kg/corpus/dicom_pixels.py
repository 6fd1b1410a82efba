"""DICOM pixels as a picture: rescaled, windowed, inverted, in colour where they are; after PS3.3 C.11 and C.7.6.3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["Window", "frame_tags", "render", "why_not_decodable"]

#: "first": the first look-up table or window that the file names, "auto" where it names none; "auto": from the
#: darkest to the brightest values without outliers; (centre, width) in units of the rescaled values.
Window = Literal["first", "auto"] | tuple[float, float]

_OUTLIERS: Final = (0.5, 99.5)  # percent
#: Where multi-frame objects keep, for all frames or each, what single-frame objects keep at the top.
_FRAME_GROUPS: Final = ("FrameVOILUTSequence", "PixelValueTransformationSequence", "PlaneOrientationSequence")


def frame_tags(data: Dataset, frame: int) -> Dataset:
    """The tags that hold for a frame: those of the object, with what its functional groups say (PS3.3 C.7.6.16)."""
    from pydicom import Dataset

    found = Dataset()
    for tag in ("WindowCenter", "WindowWidth", "VOILUTFunction", "VOILUTSequence", "ModalityLUTSequence",
                "RescaleSlope", "RescaleIntercept", "ImageOrientationPatient", "PixelPaddingValue",
                "BitsStored", "PixelRepresentation"):  # fmt: skip
        if tag in data:
            found[tag] = data[tag]
    shared = data.get("SharedFunctionalGroupsSequence") or []
    each = data.get("PerFrameFunctionalGroupsSequence") or []
    for group in [*shared[:1], *each[frame : frame + 1]]:
        for name in _FRAME_GROUPS:
            for item in (group.get(name) or [])[:1]:
                found.update(item)
    return found


def why_not_decodable(data: Dataset) -> str:
    """Why the pixels' transfer syntax cannot be decoded here, '' when it can."""
    from pydicom.pixels.decoders.base import get_decoder

    syntax = data.file_meta.get("TransferSyntaxUID") if hasattr(data, "file_meta") else None
    if syntax is None:
        return "the file does not state its transfer syntax"
    try:
        available = get_decoder(syntax).is_available
    except NotImplementedError:  # pydicom's, of a syntax that no decoder of its knows
        return f"its transfer syntax '{syntax.name}' is not supported"
    if available:
        return ""
    return f"its transfer syntax '{syntax.name}' needs a decoder that is not there (pip install 'met-kg[dicom]')"


def render(data: Dataset, frame: int = 0, window: Window = "first") -> Image.Image:
    """One frame (counted from 0) as a reader of the image would see it, in mode ``L`` or ``RGB``.

    Overlays are not drawn. Padding is black.
    """
    from pydicom.pixels.processing import apply_color_lut, apply_modality_lut
    from pydicom.pixels.utils import pixel_array

    values = pixel_array(data, index=frame if int(data.get("NumberOfFrames") or 1) > 1 else None)
    interpretation = str(data.get("PhotometricInterpretation") or "").strip().upper()
    if interpretation == "PALETTE COLOR":
        values = apply_color_lut(values, data)
    if values.ndim == 3:
        shift = max(0, int(data.BitsStored) - 8) if interpretation != "PALETTE COLOR" else 8 * (values.itemsize - 1)
        return Image.fromarray((values >> shift).astype(np.uint8))
    tags = frame_tags(data, frame)
    padding = tags.get("PixelPaddingValue")
    outside = values == int(padding) if padding is not None else np.zeros(values.shape, bool)
    grey = _shown(apply_modality_lut(values, tags), tags, window, outside)
    if interpretation == "MONOCHROME1":
        grey = 1 - grey
    grey[outside] = 0
    return Image.fromarray(np.rint(grey * 255).astype(np.uint8))


def _shown(values: NDArray[Any], tags: Dataset, window: Window, outside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Rescaled values as brightness from 0 to 1."""
    from pydicom.pixels.processing import apply_voi

    if window == "first" and tags.get("VOILUTSequence"):
        bits = int(tags.VOILUTSequence[0].LUTDescriptor[2])
        return np.asarray(np.clip(apply_voi(values, tags).astype(np.float64) / (2**bits - 1), 0, 1))
    shape = str(tags.get("VOILUTFunction") or "LINEAR").strip().upper()
    if isinstance(window, tuple):
        return _windowed(values, *window, shape="LINEAR")
    if window == "first" and tags.get("WindowCenter") not in (None, "") and tags.get("WindowWidth") not in (None, ""):
        return _windowed(values, _first(tags.WindowCenter), _first(tags.WindowWidth), shape=shape)
    inside = values[~outside] if not outside.all() else values
    low, high = (float(v) for v in np.percentile(inside, _OUTLIERS))
    if high <= low:  # flat but for a few pixels
        low, high = float(inside.min()), float(inside.max())
    if high <= low:
        return np.zeros(values.shape)
    return np.clip((values.astype(np.float64) - low) / (high - low), 0, 1)


def _windowed(values: NDArray[Any], center: float, width: float, *, shape: str) -> NDArray[np.float64]:
    """PS3.3 C.11.2.1.2 and C.11.2.1.3."""
    x = values.astype(np.float64)
    if shape == "SIGMOID":
        return np.asarray(1 / (1 + np.exp(np.clip(-4 * (x - center) / width, -500, 500))))
    if shape == "LINEAR_EXACT":
        return np.clip((x - center) / width + 0.5, 0, 1)
    if width <= 1:
        return np.asarray((x > center - 0.5).astype(np.float64))
    return np.clip((x - (center - 0.5)) / (width - 1) + 0.5, 0, 1)


def _first(value: Any) -> float:
    """The first of several windows."""
    return float(value[0] if hasattr(value, "__getitem__") and not isinstance(value, str) else value)
