"""What is done to an image on its way from a benchmark into a corpus."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Final

from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

__all__ = ["ALTERATIONS", "BEYOND", "Alteration"]

Alteration = Callable[[Image.Image], Image.Image]


def _resized(picture: Image.Image, by: float) -> Image.Image:
    size = (round(picture.width * by), round(picture.height * by))
    return picture.resize(size, Image.Resampling.BICUBIC)


def _jpeg(picture: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert(picture.mode)


def _rotated(picture: Image.Image, degrees: float, *, expand: bool = False) -> Image.Image:
    return picture.rotate(degrees, Image.Resampling.BICUBIC, expand=expand)


def _cropped(picture: Image.Image, share: float) -> Image.Image:
    x, y = round(picture.width * share), round(picture.height * share)
    return picture.crop((x, y, picture.width - x, picture.height - y))


def _levels(picture: Image.Image, contrast: float, brightness: float) -> Image.Image:
    return ImageEnhance.Brightness(ImageEnhance.Contrast(picture).enhance(contrast)).enhance(brightness)


def _labelled(picture: Image.Image) -> Image.Image:
    """A black box with a name at the top left, letters over the middle and at the lower right."""
    made = picture.convert("RGB")
    draw, size = ImageDraw.Draw(made), max(10, made.height // 14)
    font = ImageFont.load_default(size=size)
    draw.rectangle((0, 0, made.width * 0.45, size * 1.4), fill=(0, 0, 0))
    draw.text((4, 2), "PATIENT A 12-03", fill=(255, 255, 255), font=font)
    draw.text((made.width * 0.55, made.height - 1.5 * size), "R  PORTABLE", fill=(255, 255, 0), font=font)
    draw.text((made.width * 0.35, made.height * 0.45), "-> A", fill=(255, 255, 255), font=font)
    return made


def _several(picture: Image.Image) -> Image.Image:
    return _jpeg(_rotated(_levels(_cropped(ImageOps.mirror(picture), 0.05), 1.2, 1.1), -3), 50)


_GAMMA: Final = [round(255 * (i / 255) ** 0.6) for i in range(256)]

#: Those that must be seen through.
ALTERATIONS: Final[dict[str, Alteration]] = {
    "none": lambda picture: picture,
    "resized to 60 %": lambda picture: _resized(picture, 0.6),
    "JPEG quality 30": lambda picture: _jpeg(picture, 30),
    "rotated by 5 degrees": lambda picture: _rotated(picture, 5),
    "cropped by 5 % a side": lambda picture: _cropped(picture, 0.05),
    "cropped by 10 % a side": lambda picture: _cropped(picture, 0.10),
    "flipped": ImageOps.mirror,
    "contrast and brightness up": lambda picture: _levels(picture, 1.4, 1.15),
    "contrast and brightness down": lambda picture: _levels(picture, 0.6, 0.8),
    "burned-in label": _labelled,
}
#: Others, to see how far it goes.
BEYOND: Final[dict[str, Alteration]] = {
    "rotated by -5, larger canvas": lambda picture: _rotated(picture, -5, expand=True),
    "turned by 90 degrees": lambda picture: picture.transpose(Image.Transpose.ROTATE_90),
    "upside down": ImageOps.flip,
    "left 15 % cut off": lambda picture: picture.crop((round(picture.width * 0.15), 0, picture.width, picture.height)),
    "framed by 10 %": lambda picture: ImageOps.expand(picture, border=round(min(picture.size) * 0.1)),
    "gamma 0.6": lambda picture: picture.point(_GAMMA * len(picture.getbands())),
    "inverted": ImageOps.invert,
    "flip, crop 5 %, levels, -3 degrees, JPEG 50": _several,
}
