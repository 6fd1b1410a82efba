"""Reader ``webdataset``: tar shards in which the files of a record share a name up to its first dot.

``path`` is a shard (``.tar``, ``.tar.gz``), a folder of them, or one with a pattern of names (``shards/*.tar``).
A record's text files (``.txt``, ``.caption`` ...) are columns named by their ending; the fields of its ``.json`` are
columns by their names (``patient.sex`` inside an object); ``key`` and ``shard`` say where it stood. Images are kept as
they came, one sample each. Files of other kinds are passed over, so no pickle is ever opened.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

from met_kg.corpus.archives import Member, is_tar, members
from met_kg.corpus.images import Fingerprint
from met_kg.corpus.mapping import Keys, MappedOptions, check_columns, mapped
from met_kg.corpus.readers import Place, Row
from met_kg.corpus.samples import SPLITS, rendered_path, sample_row
from met_kg.corpus.spec import CorpusSpec
from met_kg.corpus.store import IMAGE_ENDINGS, fingerprints, keep_bytes
from met_kg.errors import MissingData
from met_kg.paths import expand_path
from met_kg.records import Quarantined

__all__ = ["Options", "read"]

_TEXTS: Final = (".txt", ".text", ".caption", ".cap", ".cls")
_JSON: Final = ".json"
#: Where a recipe maps no caption: the first of these that a record has.
_CAPTIONS: Final = ("txt", "caption", "text", "cap")
_MAX_TEXT: Final = 1_000_000  # bytes of a text or JSON member


class Options(MappedOptions):
    """What the recipe may set."""


@dataclass(slots=True)
class _Record:
    key: str
    files: dict[str, bytes] = field(default_factory=dict)  # ending -> bytes


def read(spec: CorpusSpec, options: Options, place: Place) -> Iterator[Row | Quarantined]:
    """Sample rows, one an image (or a text without one), one record in memory at a time.

    Raises
    ------
    MissingData
        when there is no shard.
    UnknownName
        when the mapping names a column that no record has.
    """
    shards = _shards(expand_path(spec.path, base=place.base))
    if not shards:
        raise MissingData(
            f"corpus '{spec.name}' has no shard", where=spec.path, hint="shards end in .tar, .tar.gz or .tgz"
        )
    fingerprint = fingerprints()
    seen: set[str] = set()
    number = 0
    for name, path in shards:
        keys = Keys()
        try:
            for found in _records(spec.name, name, path):
                if options.limit is not None and number >= options.limit:
                    return
                if isinstance(found, Quarantined):
                    yield found
                    continue
                number += 1
                fields, problems = _fields(found, name)
                yield from (Quarantined(spec.name, f"{name}:{found.key}", p) for p in problems)
                if len(problems) == len(found.files):
                    continue
                seen |= fields.keys()
                yield from _samples(
                    spec, options, place, found, fields, f"{name}:{keys.unique(found.key)}", fingerprint
                )
        except OSError as problem:
            yield Quarantined(spec.name, name, f"the shard cannot be read: {problem.strerror}")
    check_columns(spec, seen, "the shards")


def _shards(path: Path) -> list[tuple[str, Path]]:
    """The shards by name; the name is the path under the folder that all are in."""
    if path.is_dir():
        found = sorted(p for p in path.rglob("*") if p.is_file() and is_tar(p))
        return [(p.relative_to(path).as_posix(), p) for p in found]
    if path.is_file():
        return [(path.name, path)] if is_tar(path) else []
    return [(p.name, p) for p in sorted(path.parent.glob(path.name)) if p.is_file() and is_tar(p)]


def _records(source: str, shard: str, path: Path) -> Iterator[_Record | Quarantined]:
    """Files of the same name, one after the other; hidden files are no part of any."""
    record = _Record("")
    for member in members(path, _is_read):
        if not isinstance(member, Member):
            where = f"{shard}:{member.name}" if member.name else shard
            yield Quarantined(source, where, f"not read: {member.reason}")
            if not member.name and record.files:
                yield Quarantined(source, f"{shard}:{record.key}", "the record may be cut short where the shard is")
                return
            continue
        key, ending = _split(member.name)
        if key != record.key:
            if record.files:
                yield record
            record = _Record(key)
        if ending in record.files:
            yield Quarantined(source, f"{shard}:{member.name}", "the record already has a file of this name")
        elif not ending.endswith(IMAGE_ENDINGS) and len(member.data) > _MAX_TEXT:
            yield Quarantined(source, f"{shard}:{member.name}", f"the text has more than {_MAX_TEXT:,} bytes")
        else:
            record.files[ending] = member.data
    if record.files:
        yield record


def _split(name: str) -> tuple[str, str]:
    """Key and ending: the name is parted at the first dot of its last part.

    >>> _split("a.b/0001.left.JPG")
    ('a.b/0001', '.left.jpg')
    """
    path = PurePosixPath(name)
    stem, dot, ending = path.name.partition(".")
    return str(path.with_name(stem)) if stem else name, (dot + ending).lower()


def _is_read(name: str) -> bool:
    last = PurePosixPath(name).name
    return not last.startswith(".") and last.lower().endswith((*IMAGE_ENDINGS, *_TEXTS, _JSON))


def _fields(record: _Record, shard: str) -> tuple[dict[str, str], list[str]]:
    """The record's columns, and what is wrong with its texts."""
    fields = {"key": record.key, "shard": shard}
    problems = []
    for ending, data in record.files.items():
        if ending.endswith(_TEXTS):
            fields[ending.lstrip(".")] = data.decode("utf-8-sig", errors="replace")
        elif ending.endswith(_JSON):
            try:
                value = json.loads(data.decode("utf-8-sig", errors="replace"))
            except (json.JSONDecodeError, RecursionError) as problem:
                problems.append(f"its {ending} is not JSON: {getattr(problem, 'msg', 'too deep')}")
                continue
            if isinstance(value, dict):
                fields |= _flat(value)
            else:
                problems.append(f"its {ending} is not a JSON object")
    return fields, problems


def _flat(value: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """
    >>> _flat({"age": 52, "patient": {"sex": "F"}, "tags": ["a", "b"], "note": None})
    {'age': '52', 'patient.sex': 'F', 'tags': 'a; b', 'note': ''}
    """
    found: dict[str, str] = {}
    for name, inner in value.items():
        if isinstance(inner, dict):
            found |= _flat(inner, f"{prefix}{name}.")
        elif isinstance(inner, list):
            found[prefix + name] = "; ".join(v if isinstance(v, str) else json.dumps(v, sort_keys=True) for v in inner)
        else:
            found[prefix + name] = inner if isinstance(inner, str) else "" if inner is None else json.dumps(inner)
    return found


def _samples(
    spec: CorpusSpec,
    options: Options,
    place: Place,
    record: _Record,
    fields: dict[str, str],
    name: str,
    fingerprint: Callable[[Path], Fingerprint],
) -> Iterator[Row | Quarantined]:
    caption = next((c for c in _CAPTIONS if c in fields), "")
    columns = {"caption": caption, **spec.columns} if caption else dict(spec.columns)
    found = mapped(columns, spec.constants, fields, options.remove)
    values = {**found.values, "group_id": found.values.get("group_id") or name}
    if values.get("split") and values["split"] not in SPLITS:
        yield Quarantined(spec.name, name, f"split '{values['split']}' is none of {', '.join(SPLITS)}")
        return
    images = [ending for ending in record.files if ending.endswith(IMAGE_ENDINGS)]
    key = values.get("id") or name
    for ending in images:
        kept = keep_bytes(record.files[ending], place.images_dir)
        one = key if len(images) == 1 else f"{key}{ending}"
        image = rendered_path(kept, place.images_dir)
        yield sample_row(spec, one, image=image, print_=fingerprint(kept), values=values, meta=found.meta)
    if not images and values.get("caption"):
        yield sample_row(spec, key, image="", print_=None, values=values, meta=found.meta)
    elif not images:
        yield Quarantined(spec.name, name, "the record has neither an image nor a text")
