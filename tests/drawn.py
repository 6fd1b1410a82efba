"""Small pictures of what rules on images are to tell apart, drawn here."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter


def radiograph(size: tuple[int, int] = (384, 320), seed: int = 1) -> Image.Image:
    """Soft grey shapes with noise on black, with a white letter as radiographers burn in."""
    width, height = size
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / np.array([height, width]).reshape(2, 1, 1) - 0.5
    body = 170 * np.exp(-((x / 0.36) ** 4 + (y / 0.45) ** 4))
    lungs = sum(100 * np.exp(-(((x - side) / 0.13) ** 2 + (y / 0.28) ** 2)) for side in (-0.18, 0.18))
    noise = rng.normal(0, 6, (height, width))
    picture = Image.fromarray(np.clip(body - lungs + noise, 0, 255).astype(np.uint8))
    ImageDraw.Draw(picture).text((12, 10), "L", fill=255, font_size=24)
    return picture


def text_page() -> Image.Image:
    page = Image.new("RGB", (400, 500), "white")
    pen = ImageDraw.Draw(page)
    for line in range(24):
        pen.text(
            (25, 20 + 19 * line), "The liver lies below the diaphragm and has two lobes.", fill="black", font_size=13
        )
    return page


def bar_chart() -> Image.Image:
    chart = Image.new("RGB", (480, 360), "white")
    pen = ImageDraw.Draw(chart)
    pen.line([(60, 20), (60, 320), (460, 320)], fill="black", width=2)
    for i, value in enumerate((220, 90, 160, 260, 40)):
        pen.rectangle([90 + 72 * i, 320 - value, 130 + 72 * i, 319], fill=(200, 60, 50), outline="black")
        pen.text((92 + 72 * i, 326), f"group {i}", fill="black", font_size=13)
        pen.text((10, 20 + 60 * i), f"{100 - 20 * i} %", fill="black", font_size=14)
    return chart


def screenshot() -> Image.Image:
    """A viewer: dark tool bars, a list at the side, a small radiograph in the middle."""
    screen = Image.new("RGB", (640, 400), (45, 48, 56))
    pen = ImageDraw.Draw(screen)
    pen.rectangle([0, 0, 639, 34], fill=(200, 204, 212))
    pen.rectangle([0, 380, 639, 399], fill=(200, 204, 212))
    pen.rectangle([0, 35, 150, 379], fill=(120, 124, 132))
    for row in range(8):
        pen.rectangle([0, 50 + 40 * row, 150, 70 + 40 * row], fill=(225, 228, 235))
        pen.text((10, 52 + 40 * row), f"Series {row}", fill="black", font_size=13)
    screen.paste(radiograph((220, 200)), (300, 110))
    return screen


def logo() -> Image.Image:
    mark = Image.new("RGB", (300, 300), (20, 90, 160))
    pen = ImageDraw.Draw(mark)
    pen.rectangle([130, 60, 170, 240], fill="white")
    pen.rectangle([60, 130, 240, 170], fill="white")
    return mark


def with_arrow(picture: Image.Image) -> Image.Image:
    marked = picture.convert("RGB")
    ImageDraw.Draw(marked).polygon([(120, 120), (170, 140), (125, 165)], fill=(255, 230, 0))
    return marked


def doppler() -> Image.Image:
    """A speckled grey fan with a colour box in which red and blue flow, as of a Doppler examination."""
    rng = np.random.default_rng(3)
    speckle = Image.fromarray(rng.gamma(2.0, 30.0, (320, 384)).clip(0, 255).astype(np.uint8))
    picture = speckle.filter(ImageFilter.GaussianBlur(1)).convert("RGB")
    pen = ImageDraw.Draw(picture)
    pen.ellipse([90, 80, 230, 240], fill=(220, 40, 20))
    pen.ellipse([180, 120, 330, 270], fill=(30, 60, 220))
    return picture


def tinted_film() -> Image.Image:
    """A radiograph photographed on a light box: every grey level has turned blue."""
    grey = np.asarray(radiograph(), dtype=np.float32)
    return Image.fromarray(np.stack([grey * 0.62, grey * 0.85, grey], axis=2).astype(np.uint8))


def letterboxed() -> Image.Image:
    frame = Image.new("L", (400, 400), 0)
    frame.paste(radiograph((200, 160)), (100, 120))
    return frame
