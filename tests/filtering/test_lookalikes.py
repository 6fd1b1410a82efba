"""Altered copies are found again, other pictures of the same kind are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from benchmarks.alterations import ALTERATIONS
from met_kg.corpus import phantoms
from met_kg.corpus.images import open_image
from met_kg.corpus.lookalike import ASKED_VIEWS, HELD_VIEWS, asked, grey, held, held_to_asked
from met_kg.corpus.phantoms import Scene, canvas
from met_kg.filtering.benchmarks import Benchmarks, read_benchmarks
from met_kg.filtering.lookalikes import Lookalikes
from met_kg.filtering.options import BenchmarkFiles
from met_kg.filtering.second_look import SIDE, agreement

#: Kinds of which every drawing is another one; others share an outline, as copies would.
KINDS = ("gallbladder-ultrasound", "liver-histology", "mammogram", "retina-oct")
SETTINGS = {"similarity": 0.92, "candidates": 16, "least": 0.75}


def drawing(kind: str, seed: int) -> Image.Image:
    found = phantoms.find(kind)
    scene = Scene(found.states[seed % len(found.states)].name, "left", found.views[0])
    rng = np.random.default_rng(seed)
    return canvas.finish(found.draw(rng, scene), rng)


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory: pytest.TempPathFactory) -> Benchmarks:
    folder = tmp_path_factory.mktemp("benchmark")
    for kind in KINDS:
        for seed in range(3):
            drawing(kind, seed).save(folder / f"{kind}-{seed}.png")
    return read_benchmarks([BenchmarkFiles(name="drawn", images=str(folder))])


@pytest.mark.parametrize("name", ALTERATIONS)
def test_an_altered_copy_is_found(benchmark: Benchmarks, name: str, tmp_path: Path) -> None:
    for image in benchmark.images:
        ALTERATIONS[name](open_image(image.path)).save(tmp_path / "altered.png")
        found = next(benchmark.copies(open_image(tmp_path / "altered.png"), **SETTINGS), None)
        assert found is not None and found[0].name == image.name


def test_another_picture_of_the_same_kind_is_not(benchmark: Benchmarks) -> None:
    loose = SETTINGS | {"similarity": 0.5, "candidates": 100}
    for kind in KINDS:
        for seed in range(10, 14):
            assert list(benchmark.copies(drawing(kind, seed), **loose)) == []


def test_a_view_lies_where_the_map_says() -> None:
    """A crop by 10 % a side, turned: the corner of the crop is found in the picture that it was cut from."""
    whole = drawing("mammogram", 1)
    x, y = whole.width // 10, whole.height // 10
    part = whole.crop((x, y, whole.width - x, whole.height - y)).transpose(Image.Transpose.ROTATE_90)
    views, queries = held(grey(whole, SIDE)), asked(grey(part, SIDE))
    assert views.shape[0] == len(HELD_VIEWS) and queries.shape[0] == len(ASKED_VIEWS)
    likest = int(np.argmax(views @ queries.T))
    guess = held_to_asked(*divmod(likest, len(ASKED_VIEWS)))
    # Upper left of the part is, before the turn, upper right: 0.9, 0.1 of the whole.
    assert np.allclose((guess @ [0.9, 0.1, 1.0])[:2], [0.0, 0.0], atol=0.04)
    assert agreement(grey(whole, SIDE), grey(part, SIDE), guess) > 0.9


def test_pictures_without_structure_agree_with_nothing() -> None:
    blank = np.full((SIDE, SIDE), 7, dtype=np.float32)
    other = grey(drawing("liver-histology", 1), SIDE)
    for one, two in ((blank, blank), (blank, other), (other, blank)):
        assert agreement(one, two, np.eye(3)) == 0.0


def test_many_are_searched_in_lists_and_still_found() -> None:
    rng = np.random.default_rng(3)
    described = rng.normal(size=(4200, len(HELD_VIEWS), 100)).astype(np.float32)
    described /= np.linalg.norm(described, axis=2, keepdims=True)
    index = Lookalikes(list(described.astype(np.float16)))
    for place in (0, 77, 4199):
        query = described[place, :3] + rng.normal(size=(3, 100)).astype(np.float32) * 0.02
        query /= np.linalg.norm(query, axis=1, keepdims=True)
        assert [c.place for c in index.candidates(query, similarity=0.9, most=5)] == [place]


def test_nothing_held_nothing_found() -> None:
    assert Lookalikes([]).candidates(asked(grey(drawing("liver-histology", 1), SIDE)), similarity=0.9, most=5) == []


def test_an_image_that_does_not_decode_is_known_by_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n cut")
    found = read_benchmarks([BenchmarkFiles(name="b", images=str(tmp_path))])
    assert [image.name for image in found.by_bytes.values()] == ["broken.png"]
    assert list(found.copies(drawing("liver-histology", 1), **SETTINGS)) == []


def test_an_inverted_film_is_found(benchmark: Benchmarks) -> None:
    image = next(image for image in benchmark.images if image.name == "mammogram-1.png")
    found = next(benchmark.copies(ImageOps.invert(open_image(image.path)), **SETTINGS), None)
    assert found is not None and found[0].name == image.name
