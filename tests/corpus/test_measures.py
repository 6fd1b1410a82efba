from __future__ import annotations

import io
from dataclasses import astuple, fields
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from met_kg import tables
from met_kg.corpus.images import ImageProblem, fingerprint, open_image
from met_kg.corpus.measures import SIDE, Measures, measure, reduced
from met_kg.corpus.samples import sample_row
from met_kg.corpus.spec import CorpusSpec
from tests import drawn


def measures(picture: Image.Image) -> Measures:
    copy = reduced(picture)
    return measure(copy, copy.convert("L"))


def test_half_and_half_is_measured_as_half_and_half() -> None:
    picture = Image.new("L", (200, 200), 0)
    picture.paste(255, (0, 0, 100, 200))
    found = measures(picture)
    assert found.paper_share == pytest.approx(0.5, abs=0.02)
    assert found.flat_share == pytest.approx(0.5, abs=0.02)  # black ground does not count
    assert found.grey_deviation == pytest.approx(127.5)
    assert found.straight_edges == 1
    assert found.shaded_share == 0 and found.colour_share == 0


def test_a_uniform_picture_is_flat_and_nothing_else() -> None:
    found = measures(Image.new("RGB", (90, 60), (70, 70, 70)))
    assert found.grey_deviation == 0 and found.border_share == 0 and found.flat_share == 1
    assert found.line_share == 0 and found.straight_edges == 0


def test_strokes_count_on_paper_and_not_in_tissue() -> None:
    assert measures(drawn.text_page()).line_share > 0.05
    assert measures(drawn.radiograph()).line_share < 0.005


def test_border_is_what_surrounds_the_picture() -> None:
    framed = Image.new("L", (256, 256), 0)
    noise = np.random.default_rng(1).integers(0, 255, (128, 128)).astype(np.uint8)
    framed.paste(Image.fromarray(noise), (64, 64))
    assert measures(framed).border_share == pytest.approx(0.75, abs=0.02)


def test_a_tint_is_no_colour_and_an_arrow_is_little() -> None:
    assert measures(drawn.tinted_film()).colour_share < 0.02
    assert 0 < measures(drawn.with_arrow(drawn.radiograph())).colour_share < 0.05
    assert measures(drawn.doppler()).colour_share > 0.2


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (3, 2), (4000, 2)])
def test_any_size_can_be_measured(size: tuple[int, int]) -> None:
    for mode in ("L", "RGB"):
        found = measures(Image.new(mode, size, 128 if mode == "L" else (200, 30, 30)))
        assert all(np.isfinite(astuple(found)))


def test_the_reduced_copy_keeps_the_shape_and_small_pictures_stay() -> None:
    assert reduced(Image.new("L", (1024, 512))).size == (SIDE, SIDE // 2)
    small = Image.new("L", (100, 50))
    assert reduced(small) is small


def test_a_large_jpeg_has_its_own_size_the_same_hash_and_nearly_the_same_measures(tmp_path: Path) -> None:
    blots = np.random.default_rng(2).integers(0, 255, (9, 12)).astype(np.uint8)
    picture = Image.fromarray(blots).resize((1600, 1200), Image.Resampling.BICUBIC)
    picture.save(tmp_path / "scaled.jpg", quality=92)
    picture.save(tmp_path / "whole.png")
    scaled, whole = fingerprint(tmp_path / "scaled.jpg"), fingerprint(tmp_path / "whole.png")
    assert (scaled.width, scaled.height) == (whole.width, whole.height) == (1600, 1200)
    assert bin(int(scaled.phash, 16) ^ int(whole.phash, 16)).count("1") <= 2
    assert scaled.measures is not None and whole.measures is not None
    assert astuple(scaled.measures) == pytest.approx(astuple(whole.measures), abs=0.05, rel=0.05)


def test_a_scaled_jpeg_on_its_side_is_measured_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    drawn.radiograph((1600, 1200)).save(tmp_path / "turned.jpg", exif=exif)
    found = fingerprint(tmp_path / "turned.jpg")
    assert (found.width, found.height) == (1200, 1600)


def test_a_large_jpeg_cut_short_is_still_found_out(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    drawn.radiograph((1600, 1200)).save(buffer, "JPEG")
    for share in (0.3, 0.7, 0.95):
        path = tmp_path / f"{share}.jpg"
        path.write_bytes(buffer.getvalue()[: int(len(buffer.getvalue()) * share)])
        found = fingerprint(path)
        assert "truncated" in found.problem and found.measures is None and found.phash == ""
        with pytest.raises(ImageProblem):
            open_image(path)


def test_the_hash_does_not_depend_on_the_path(tmp_path: Path) -> None:
    drawn.doppler().save(tmp_path / "a.png")
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "b.png").write_bytes((tmp_path / "a.png").read_bytes())
    assert fingerprint(tmp_path / "a.png") == fingerprint(tmp_path / "deeper" / "b.png")


def test_measures_are_columns_of_the_samples_and_null_for_text_alone(tmp_path: Path) -> None:
    drawn.doppler().save(tmp_path / "a.png")
    spec = CorpusSpec(name="c", reader="table", licence="CC0-1.0")
    rows = [
        sample_row(spec, "with", image="a.png", print_=fingerprint(tmp_path / "a.png"), values={}, meta={}),
        sample_row(spec, "without", image="", print_=None, values={"caption": "text"}, meta={}),
    ]
    tables.write("samples", tables.frame("samples", rows), tmp_path / "samples.parquet")
    read = tables.read("samples", tmp_path / "samples.parquet")
    columns = [f.name for f in fields(Measures)]
    assert read.loc[0, columns].notna().all() and read.loc[1, columns].isna().all()
