"""Slices of NIfTI volumes as a radiologist would see them: canonical axes, right planes, square pixels, a window."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from met_kg.errors import DataProblem

__all__ = ["Plane", "Volume", "open_volume"]

Plane = Literal["axial", "coronal", "sagittal"]
#: The axis of the canonical (right, anterior, superior) grid that a plane cuts.
_AXES: Final[dict[Plane, int]] = {"sagittal": 0, "coronal": 1, "axial": 2}
_SQUARE: Final = 1.02  # pixels whose sides differ less are taken as square


@dataclass(frozen=True, slots=True)
class Volume:
    """A three-dimensional grid in canonical orientation: axes run to the right, the front, the head."""

    values: NDArray[np.float32]
    spacing: tuple[float, float, float]  # mm
    volumes: int  # of the file

    def slices(self, plane: Plane) -> int:
        """How many slices there are in a plane."""
        return int(self.values.shape[_AXES[plane]])

    def limits(self, low: float, high: float) -> tuple[float, float]:
        """Two percentiles of the intensities, of at most a few million of them."""
        flat = self.values.reshape(-1)
        step = max(1, flat.size // 4_000_000)
        found = np.percentile(flat[::step], (low, high))
        return float(found[0]), float(found[1])

    def picture(self, plane: Plane, index: int, window: tuple[float, float]) -> Image.Image:
        """A slice, the patient's right at the left edge (axial, coronal) or the front there (sagittal); head or front
        up. Intensities from ``window[0]`` (black) to ``window[1]`` (white).
        """
        axis = _AXES[plane]
        values = np.take(self.values, index, axis=axis)[::-1, ::-1].T
        low, high = window
        scale = 255.0 / (high - low) if high > low else 0.0
        grey = np.rint(np.clip((values - low) * scale, 0, 255)).astype(np.uint8)
        picture = Image.fromarray(np.ascontiguousarray(grey))
        across, up = (s for i, s in enumerate(self.spacing) if i != axis)
        if max(across, up) / min(across, up) < _SQUARE:
            return picture
        finest = min(across, up)
        size = (round(picture.width * across / finest), round(picture.height * up / finest))
        return picture.resize(size, Image.Resampling.BILINEAR)


def open_volume(path: Path, *, volume: int | Literal["middle"], most: int) -> Volume:
    """One volume of a ``.nii`` or ``.nii.gz`` file; its header is checked before any voxel is read.

    Parameters
    ----------
    volume
        which of a 4-D file, from 0.
    most
        voxels of the largest volume that is read.

    Raises
    ------
    DataProblem
        when the file is no NIfTI file, damaged, no volume of single intensities, or too large.
    """
    import nibabel as nib
    from nibabel.filebasedimages import ImageFileError
    from nibabel.spatialimages import HeaderDataError

    try:
        image: Any = nib.load(path)
        if not isinstance(image, nib.Nifti1Image):
            raise DataProblem("the file is no NIfTI file")
        shape, count = _shape(image, most)
        chosen = count // 2 if volume == "middle" else volume
        if chosen >= count:
            raise DataProblem(f"the file has {count} volumes, number {chosen} is not there")
        place = (slice(None),) * 3 + ((chosen, *(0,) * (len(image.shape) - 4)) if len(image.shape) > 3 else ())
        values = np.asarray(image.dataobj[place], dtype=np.float32).reshape(shape)
        turn = nib.io_orientation(image.affine)
        if np.isnan(turn).any():
            raise DataProblem("the header does not say how the volume lies in the patient")
    except (OSError, EOFError, ValueError, ImageFileError, HeaderDataError, ArithmeticError, zlib.error) as problem:
        text = " ".join(str(problem).split()).replace(str(path), path.name)[:160]
        raise DataProblem(f"the NIfTI file cannot be used: {text or type(problem).__name__}") from problem
    spacing = np.abs(np.asarray(image.header.get_zooms()[:3], dtype=np.float64))
    if not (np.isfinite(spacing).all() and (spacing > 0).all()):
        raise DataProblem("the header gives no size of a voxel")
    ordered = np.empty(3)
    ordered[turn[:, 0].astype(int)] = spacing
    canonical = nib.apply_orientation(np.nan_to_num(values, posinf=0, neginf=0), turn)
    return Volume(canonical, (float(ordered[0]), float(ordered[1]), float(ordered[2])), count)


def _shape(image: Any, most: int) -> tuple[tuple[int, int, int], int]:
    """Voxels along each axis, and how many volumes there are; refuses what is none or too large."""
    dimensions = [int(n) for n in image.shape]
    if len(dimensions) < 3 or min(dimensions) < 1:
        raise DataProblem(f"the file holds no volume (its dimensions are {' x '.join(map(str, dimensions))})")
    if image.get_data_dtype().kind not in "iuf":
        raise DataProblem(f"its voxels are no single intensities ({image.get_data_dtype()})")
    x, y, z = dimensions[:3]
    if x * y * z > most:
        raise DataProblem(f"the volume has {x} x {y} x {z} voxels, more than {most:,}")
    return (x, y, z), dimensions[3] if len(dimensions) > 3 else 1
