"""Reader ``phantoms``: pictures drawn by the project, for a first run without any data. Seeded; all synthetic."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

import numpy as np
from PIL import Image
from pydantic import Field, field_validator

from met_kg.corpus import phantoms
from met_kg.corpus.images import fingerprint, save_rendered
from met_kg.corpus.phantoms import Kind, Scene, State, canvas
from met_kg.corpus.phantoms.captions import compose
from met_kg.corpus.readers import Place, ReaderOptions, Row
from met_kg.corpus.samples import rendered_path, sample_row
from met_kg.corpus.spec import CorpusSpec
from met_kg.errors import UnknownName

__all__ = ["Options", "read"]

_LICENCE = "CC0-1.0"
_ORIGIN = "drawn by met-kg"


class Options(ReaderOptions):
    """What the recipe may set."""

    kinds: list[str] = Field(default=[], description="kinds to draw; [] is all")
    count: int = Field(
        default=200, ge=1, le=100_000, description="pictures to draw, spread evenly over kinds and states"
    )
    defects: bool = Field(default=False, description="add a few bad samples on purpose, for the filters to find")

    @field_validator("kinds")
    @classmethod
    def _known(cls, kinds: list[str]) -> list[str]:
        for kind in kinds:
            if kind not in phantoms.names():
                raise ValueError(str(UnknownName("phantom", kind, phantoms.names())))
        return kinds


def read(spec: CorpusSpec, options: Options, place: Place) -> Iterator[Row]:
    """Sample rows of drawn pictures, one of each state of each kind in turn; with ``defects``, bad ones after them."""
    scenes = [(name, kind, state) for name, kind in _kinds(options) for state in kind.states]
    wanted = min(options.count, options.limit or options.count)
    for number in range(wanted):
        variant, which = divmod(number, len(scenes))
        yield _sample(spec, place, *scenes[which], variant)
    if options.defects:
        yield from _defects(spec, place)


def _kinds(options: Options) -> list[tuple[str, Kind]]:
    return [(name, phantoms.find(name)) for name in options.kinds or phantoms.names()]


def _generator(seed: int, *names: object) -> np.random.Generator:
    digest = hashlib.sha256("|".join(map(str, (seed, *names))).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))


def _draw(
    seed: int, name: str, kind: Kind, state: State, variant: int
) -> tuple[Image.Image, dict[str, str], list[str]]:
    rng = _generator(seed, name, state.name, variant)
    side = ("left", "right")[variant % 2] if kind.paired or state.sided else ""
    scene = Scene(state.name, side, str(rng.choice(kind.views)))
    sex, age = str(rng.choice(kind.sexes)), int(rng.integers(22, 86))
    picture = canvas.finish(kind.draw(rng, scene), rng)
    caption, denied = compose(rng, kind, state, scene, sex, age)
    values = {
        "caption": caption,
        "modality": kind.modality,
        "view": scene.view,
        "body_part": kind.body_part,
        "finding": state.name,
        "sex": sex,
        "age": str(age),
        "licence": _LICENCE,
        "origin": _ORIGIN,
    }
    return picture, values, denied


def _sample(spec: CorpusSpec, place: Place, name: str, kind: Kind, state: State, variant: int) -> Row:
    picture, values, denied = _draw(place.seed, name, kind, state, variant)
    record = f"{name}/{state.name.replace(' ', '-') or 'normal'}/{variant:04d}"
    meta = {"phantom": name, "denied": denied}
    return _row(spec, place, record, picture, values, meta)


def _row(
    spec: CorpusSpec,
    place: Place,
    record: str,
    picture: Image.Image,
    values: dict[str, str],
    meta: Mapping[str, object],
    cut: float = 1.0,
) -> Row:
    path = save_rendered(picture, place.images_dir, cut=cut)
    image = rendered_path(path, place.images_dir)
    values = {**values, "group_id": record}
    return sample_row(spec, record, image=image, print_=fingerprint(path), values=values, meta=meta, synthetic=True)


def _defects(spec: CorpusSpec, place: Place) -> Iterator[Row]:
    """One sample for each thing that a filter should find, made from pictures of their own."""
    chest, head, breast = (phantoms.find(n) for n in ("chest-x-ray", "head-ct", "mammogram"))
    effusion, hematoma, cancer = chest.states[1], head.states[2], breast.states[1]
    seed = place.seed

    def row(kind: str, picture: Image.Image, values: dict[str, str], *, cut: float = 1.0) -> Row:
        meta = {"defect": kind}
        return _row(spec, place, f"defect/{kind}", picture, values, meta, cut)

    picture, values, _ = _draw(seed, "chest-x-ray", chest, effusion, 9001)
    yield row("truncated file", picture, values, cut=0.6)
    yield row("blank image", Image.new("L", picture.size, 0), values)
    picture, values, _ = _draw(seed, "head-ct", head, hematoma, 9002)
    yield row("original of the duplicates", picture, values)
    yield row("duplicate", picture, values)
    smaller = picture.resize((200, 200), Image.Resampling.BILINEAR)
    yield row("near duplicate", smaller, values)
    picture, values, _ = _draw(seed, "chest-x-ray", chest, effusion, 9003)
    wrong = "Axial T2-weighted MRI of the brain. Several white matter lesions of multiple sclerosis."
    yield row("caption of another modality", picture, {**values, "caption": wrong})
    picture, values, _ = _draw(seed, "head-ct", head, hematoma, 9004)
    wrong = "Axial CT of a 61-year-old man. Fibroid of the uterus, normal ovary."
    yield row("caption of another sex", picture, {**values, "sex": "M", "caption": wrong})
    picture, values, _ = _draw(seed, "mammogram", breast, cancer, 9005)
    yield row("caption too short", picture, {**values, "caption": "Image."})
    yield row("tiny image", picture.resize((24, 24)).rotate(90), values)
