from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from met_kg.corpus import images
from met_kg.corpus.images import ImageProblem, fingerprint, open_image, save_rendered


def scene(side: int = 96) -> np.ndarray:
    y, x = np.mgrid[0:side, 0:side] / side
    return (np.hypot(x - 0.4, y - 0.6) < 0.3) * 180.0 + 60 * x


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F"])
def test_every_mode_becomes_grey_or_rgb(tmp_path: Path, mode: str) -> None:
    grey = Image.fromarray(scene().astype(np.uint8))
    if mode in ("I;16", "I", "F"):
        kind = {"I;16": np.uint16, "I": np.int32, "F": np.float32}[mode]
        picture = Image.fromarray((scene() * 200).astype(kind))
    else:
        picture = grey.convert(mode)
    path = tmp_path / "image.tiff"
    picture.save(path)
    opened = open_image(path)
    assert opened.mode in ("L", "RGB")
    values = np.asarray(opened.convert("L"), dtype=float)
    assert np.corrcoef(values.ravel(), scene().ravel())[0, 1] > 0.6
    assert len(fingerprint(path).phash) == 16


def test_transparency_is_laid_on_white(tmp_path: Path) -> None:
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    assert open_image(tmp_path / "clear.png").getpixel((3, 3)) == (255, 255, 255)


def test_exif_rotation_is_applied(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 20)).save(tmp_path / "turned.jpg", exif=exif)
    print_ = fingerprint(tmp_path / "turned.jpg")
    assert (print_.width, print_.height) == (20, 40)


def test_the_first_frame_of_an_animation_counts(tmp_path: Path) -> None:
    frames = [Image.new("L", (16, 16), value) for value in (10, 240)]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    assert open_image(tmp_path / "moving.gif").convert("L").getpixel((8, 8)) == 10


def test_a_truncated_file_has_a_hash_and_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "cut.jpg"
    Image.fromarray(scene().astype(np.uint8)).save(path, quality=95)
    path.write_bytes(path.read_bytes()[:700])
    print_ = fingerprint(path)
    assert print_.phash == "" and len(print_.sha256) == 64
    assert "does not decode" in print_.problem
    with pytest.raises(ImageProblem, match=r"cut\.jpg"):
        open_image(path)


def test_a_decompression_bomb_is_not_decompressed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("1", (20_000, 20_000)).save(tmp_path / "bomb.png")
    with pytest.raises(ImageProblem, match="more than 64,000,000"):
        open_image(tmp_path / "bomb.png")
    monkeypatch.setattr(images, "MAX_BYTES", 100)
    with pytest.raises(ImageProblem, match="bytes"):
        open_image(tmp_path / "bomb.png")


def test_a_file_that_is_no_image(tmp_path: Path) -> None:
    (tmp_path / "note.png").write_text("not an image")
    assert fingerprint(tmp_path / "note.png").problem == "the file is not an image of a known format"
    (tmp_path / "page.png").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n")
    assert fingerprint(tmp_path / "page.png").problem != ""


def test_rendered_images_are_named_by_their_bytes(tmp_path: Path) -> None:
    picture = Image.fromarray(scene().astype(np.uint8))
    one, two = save_rendered(picture, tmp_path), save_rendered(picture, tmp_path)
    assert one == two and one.stem == fingerprint(one).sha256
    assert [p.name for p in tmp_path.iterdir()] == [one.name]
