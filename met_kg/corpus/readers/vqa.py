"""Reader ``vqa``: a data set of questions and answers; an image is a sample, what its answers say is its caption."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from pydantic import Field

from met_kg.corpus.mapping import Keys, Mapped, check_columns, mapped
from met_kg.corpus.named_images import NamedImages, find_image, named_images
from met_kg.corpus.readers import Place, ReaderOptions, Row
from met_kg.corpus.records import records
from met_kg.corpus.samples import SPLITS, sample_row
from met_kg.corpus.spec import CorpusSpec
from met_kg.corpus.statements import statement
from met_kg.corpus.text import clean
from met_kg.errors import DataProblem, UnknownName
from met_kg.paths import expand_path
from met_kg.records import Quarantined

__all__ = ["Options", "read"]


class Options(ReaderOptions):
    """What the recipe may set; the limit counts questions."""

    images: str = Field(default="", description="folder or .zip of the images; '' is the table's folder")
    question: str = Field(default="question", description="column of the question")
    answer: str = Field(default="answer", description="column of the answer")


@dataclass(slots=True)
class _Image:
    """What is known of an image: its first record, what its answers say, and what they deny (both in small letters)."""

    where: str
    found: Mapped
    asked: int = 0
    said: dict[str, str] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)


def read(spec: CorpusSpec, options: Options, place: Place) -> Iterator[Row | Quarantined]:
    """Sample rows, one per image, in the order of first questions; all records are held until the table is read.

    Raises
    ------
    MissingData
        when the table is not there.
    DataProblem
        when the mapping names no image, or a caption, which is made here.
    UnknownName
        when the mapping or the options name a column that the table does not have.
    """
    if "image" not in spec.columns or "caption" in spec.columns:
        raise DataProblem(
            f"corpus '{spec.name}' must map the image and no caption", hint="captions are made of questions and answers"
        )
    table = expand_path(spec.path, base=place.base)
    seen, images = set[str](), dict[str, _Image]()
    for record in islice(records(table, spec.name), options.limit):
        if isinstance(record, Quarantined):
            yield record
            continue
        where, values = record
        seen |= values.keys()
        found = mapped(spec.columns, spec.constants, values)
        name = found.values.get("image", "")
        question, answer = (clean(values.get(column, "")).text for column in (options.question, options.answer))
        if not name or not question or not answer:
            missing = "image" if not name else "question" if not question else "answer"
            yield Quarantined(spec.name, where, f"the row has no {missing}", question[:200])
            continue
        _add(images.setdefault(name, _Image(where, found)), question, answer)
    check_columns(spec, seen, table.name)
    for column in (options.question, options.answer) if seen else ():
        if column not in seen:
            raise UnknownName(f"column of {table.name}", column, seen)
    keys = Keys()
    with named_images(options.images or str(Path(spec.path).parent), spec.name, place) as (find, refused):
        yield from refused
        for image in images.values():
            yield _sample(spec, image, find, keys)


def _add(image: _Image, question: str, answer: str) -> None:
    image.asked += 1
    said = statement(question, answer)
    if said is None:
        return
    image.said.setdefault(said.lower(), said)
    other = {"yes": "no", "no": "yes"}.get(answer.strip().lower().rstrip("."))
    if other and (contrary := statement(question, other)):
        image.denied.add(contrary.lower())


def _sample(spec: CorpusSpec, image: _Image, images: NamedImages, keys: Keys) -> Row | Quarantined:
    values = dict(image.found.values)
    if values.get("split") and values["split"] not in SPLITS:
        return Quarantined(spec.name, image.where, f"split '{values['split']}' is none of {', '.join(SPLITS)}")
    found = find_image(images, values["image"])
    if isinstance(found, str):
        return Quarantined(spec.name, image.where, found, values["image"])
    # What one answer says and another denies is not said.
    said = [told for key, told in image.said.items() if key not in image.denied]
    meta = image.found.meta | {"questions": image.asked, "statements": len(said)}
    key = keys.unique(values.get("id") or values["image"])
    return sample_row(
        spec, key, image=found[0], print_=found[1], values=values | {"caption": " ".join(said)}, meta=meta
    )
