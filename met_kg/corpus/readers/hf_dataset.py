"""Reader ``hf-dataset``: a Hugging Face ``datasets`` folder on disk, read by that library; nothing from the hub.

``path`` is what ``save_to_disk`` wrote (a dataset, or one with splits), a folder of Parquet files, or an
"imagefolder" (images with ``metadata.csv``, ``.jsonl`` or ``.parquet``). Columns are mapped by the recipe; ``image``
names the column of images, which is found by its type where it is not mapped. Class labels are given by name. No
script of a dataset is ever run: only data is opened, and no image that lies outside the folder.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image
from pydantic import Field

from met_kg.corpus.images import MAX_BYTES, Fingerprint, save_rendered
from met_kg.corpus.mapping import Keys, MappedOptions, check_columns, mapped
from met_kg.corpus.readers import Place, Row
from met_kg.corpus.samples import SPLITS, rendered_path, sample_row
from met_kg.corpus.spec import CorpusSpec
from met_kg.corpus.store import fingerprints, keep_bytes
from met_kg.errors import DataProblem, MissingData, UnknownName
from met_kg.paths import expand_path
from met_kg.records import Quarantined

__all__ = ["Options", "read"]

#: What data sets call our splits.
_SPLIT_NAMES: Final = {"train": "train", "training": "train", "validation": "validation", "valid": "validation",
                       "val": "validation", "dev": "validation", "test": "test", "testing": "test"}  # fmt: skip


class Options(MappedOptions):
    """What the recipe may set."""

    splits: list[str] = Field(default=[], description="of a dataset with splits, these; [] is all")
    keep_splits: bool = Field(default=False, description="train, validation and test stay as they are; else drawn anew")


def read(spec: CorpusSpec, options: Options, place: Place) -> Iterator[Row | Quarantined]:
    """Sample rows, streamed; records whose image is missing or cannot be kept are set aside.

    Raises
    ------
    MissingData
        when the folder is not there.
    DataProblem
        when it is no such folder, or has neither images nor a mapped caption.
    UnknownName
        when the recipe names a split or column that is not there.
    """
    root = expand_path(spec.path, base=place.base)
    if not root.is_dir():
        raise MissingData(f"the dataset of corpus '{spec.name}' is not there", where=str(root))
    parts = _parts(root)
    for name in options.splits:
        if name not in parts:
            raise UnknownName(f"split of {root.name}", name, parts)
    images, keys = _Images(root, place), Keys()
    number = 0
    for split in options.splits or parts:
        dataset, column = _undecoded(parts[split], spec)
        fields = _Fields(dataset.features, column)
        check_columns(spec, fields.names, root.name)
        try:
            for index, record in enumerate(dataset):
                if options.limit is not None and number >= options.limit:
                    return
                number += 1
                yield _sample(spec, options, split, f"{split}/{index}", fields, column, record, images, keys)
        except (OSError, ValueError, TypeError, ArithmeticError) as problem:
            yield Quarantined(spec.name, split, f"the dataset is damaged from here on: {_short(problem)}")


def _parts(root: Path) -> dict[str, Any]:
    """Split name -> dataset; one without splits is called 'all'."""
    import datasets

    try:
        if (root / "dataset_dict.json").is_file() or (root / "state.json").is_file():
            _check_state(root)
            found = datasets.load_from_disk(str(root))
            return dict(found) if isinstance(found, datasets.DatasetDict) else {"all": found}
        with _quiet_and_offline():
            tables = sorted(p for p in root.rglob("*.parquet") if p.is_file() and not p.name.startswith("metadata"))
            if not tables:
                return dict(datasets.load_dataset("imagefolder", data_dir=str(root), streaming=True))
            return {
                split: datasets.load_dataset(
                    "parquet", data_files=[str(p) for p in files], split="train", streaming=True
                )
                for split, files in _by_split(root, tables).items()
            }
    except (OSError, ValueError, KeyError, TypeError, datasets.exceptions.DatasetsError) as problem:
        raise DataProblem(f"the folder cannot be read as a dataset: {_short(problem)}", where=str(root)) from problem


@contextmanager
def _quiet_and_offline() -> Iterator[None]:
    """The library would tell its makers that a loader was used, and draw progress bars."""
    import datasets

    counted, bars = datasets.config.HF_UPDATE_DOWNLOAD_COUNTS, datasets.are_progress_bars_disabled()
    datasets.config.HF_UPDATE_DOWNLOAD_COUNTS = False
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        datasets.config.HF_UPDATE_DOWNLOAD_COUNTS = counted
        if not bars:
            datasets.enable_progress_bars()


def _check_state(root: Path) -> None:
    """The data files that a saved dataset names lie beside it."""
    for state in sorted(root.rglob("state.json")):
        for file in json.loads(state.read_text(encoding="utf-8")).get("_data_files") or []:
            if Path(file["filename"]).name != file["filename"]:
                raise ValueError(f"{state.name} names a data file elsewhere ('{file['filename']}')")


def _by_split(root: Path, tables: list[Path]) -> dict[str, list[Path]]:
    """Parquet files by the split that starts their name (train-00000-of-00001.parquet), else their folder's name."""
    found: dict[str, list[Path]] = {}
    for path in tables:
        names = (path.name.split("-")[0].split(".")[0].lower(), path.parent.name.lower() if path.parent != root else "")
        found.setdefault(next((n for n in names if n in _SPLIT_NAMES), "all"), []).append(path)
    return found


def _undecoded(dataset: Any, spec: CorpusSpec) -> tuple[Any, str]:
    """The dataset with images as stored, and the name of its image column, '' for text alone."""
    import datasets

    features = dataset.features
    if features is None:
        raise DataProblem(f"the columns of corpus '{spec.name}' have no types", hint="save it with its features")
    pictures = [name for name, kind in features.items() if isinstance(kind, datasets.Image)]
    for name in pictures:
        dataset = dataset.cast_column(name, datasets.Image(decode=False))
    column = spec.columns.get("image") or next(iter(pictures), "")
    if isinstance(column, list) or (column and column not in features):
        raise UnknownName("column of images", str(column), features)
    if not column and "caption" not in spec.columns:
        raise DataProblem(f"corpus '{spec.name}' maps neither image nor caption", hint="add them under columns")
    return dataset, column


class _Fields:
    """A record's columns as text, without its images."""

    def __init__(self, features: Any, image: str) -> None:
        import datasets

        self.names = list(features)
        self._labels = {n: k for n, k in features.items() if isinstance(k, datasets.ClassLabel)}
        self._left_out = {image} | {n for n, k in features.items() if isinstance(k, datasets.Image)}

    def of(self, record: dict[str, Any]) -> dict[str, str]:
        """Column -> text."""
        found = {}
        for name, value in record.items():
            if name in self._left_out:
                continue
            label = self._labels.get(name)
            known = label is not None and isinstance(value, int) and 0 <= value < label.num_classes
            found[name] = label.int2str(value) if label is not None and known else _as_text(value)
        return found


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "; ".join(_as_text(v) for v in value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


class _Images:
    """Keeps the images of a dataset, whatever they come as: bytes, a path inside the folder, or numbers."""

    def __init__(self, root: Path, place: Place) -> None:
        self._root, self._place = root.resolve(), place
        self._fingerprint: Callable[[Path], Fingerprint] = fingerprints()

    def keep(self, value: Any) -> tuple[str, Fingerprint]:
        """How tables write the image, and its fingerprint.

        Raises
        ------
        DataProblem
            when there is none, or it lies elsewhere, or is too large.
        """
        if isinstance(value, dict) and value.get("bytes") is None:
            return self._file(str(value.get("path") or ""))
        data = value.get("bytes") if isinstance(value, dict) else value
        if isinstance(data, bytes):
            if len(data) > MAX_BYTES:
                raise DataProblem(f"the image has {len(data):,} bytes, more than {MAX_BYTES:,}")
            path = keep_bytes(data, self._place.images_dir)
        elif isinstance(data, str):
            return self._file(data)
        else:
            path = save_rendered(_from_numbers(data), self._place.images_dir)
        return rendered_path(path, self._place.images_dir), self._fingerprint(path)

    def _file(self, name: str) -> tuple[str, Fingerprint]:
        if not name:
            raise DataProblem("the record has no image")
        if "://" in name or "::" in name:
            raise DataProblem(f"image '{name}' is an address; nothing is fetched")
        path = (self._root / name).resolve()
        if not path.is_relative_to(self._root):
            raise DataProblem(f"image '{name}' lies outside the dataset's folder")
        if not path.is_file():
            raise DataProblem(f"image '{name}' is not there")
        return path.as_posix(), self._fingerprint(path)


def _from_numbers(value: Any) -> Image.Image:
    """A picture from rows of grey values, or rows of RGB triples, from 0 to 255."""
    try:
        pixels = np.asarray(value)
        if pixels.dtype.kind not in "iu" or pixels.min() < 0 or pixels.max() > 255:
            raise ValueError("values are no integers from 0 to 255")
        if pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3):
            return Image.fromarray(pixels.astype(np.uint8))
        raise ValueError(f"its shape is {pixels.shape}")
    except (ValueError, TypeError) as problem:
        raise DataProblem(f"the column of images holds no image: {_short(problem)}") from problem


def _sample(
    spec: CorpusSpec,
    options: Options,
    split: str,
    where: str,
    fields: _Fields,
    column: str,
    record: dict[str, Any],
    images: _Images,
    keys: Keys,
) -> Row | Quarantined:
    columns = {target: source for target, source in spec.columns.items() if target != "image"}
    found = mapped(columns, spec.constants, fields.of(record), options.remove)
    values = found.values
    if options.keep_splits and not values.get("split"):
        values["split"] = _SPLIT_NAMES.get(split.lower(), "")
    if values.get("split") and values["split"] not in SPLITS:
        return Quarantined(spec.name, where, f"split '{values['split']}' is none of {', '.join(SPLITS)}")
    image, print_ = "", None
    if column:
        try:
            image, print_ = images.keep(record.get(column))
        except DataProblem as problem:
            return Quarantined(spec.name, where, problem.message, values.get("caption", "")[:200])
        except OSError as problem:
            return Quarantined(spec.name, where, f"the image cannot be read: {problem.strerror}")
    elif not values.get("caption"):
        return Quarantined(spec.name, where, "the record has no text")
    key = keys.unique(values.get("id") or where)
    return sample_row(spec, key, image=image, print_=print_, values=values, meta=found.meta)


def _short(problem: Exception) -> str:
    return " ".join(str(problem).split())[:160] or type(problem).__name__
