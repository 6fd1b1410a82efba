"""``croissant.json`` of an export: what it holds in Croissant 1.0 (MLCommons), with the fields for responsible AI.

Record sets are made of the tables that every export has (``samples``, ``captions``, ``items``), joined by
``sample_id``, and of the loose images; where the form ``parquet`` was written, captions and items are read from there,
with their images inside. See https://docs.mlcommons.org/croissant/docs/croissant-spec.html and croissant-rai-spec.html.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from met_kg import tables
from met_kg.synthesis.export import statements
from met_kg.synthesis.export.content import Content
from met_kg.synthesis.export.licences import address
from met_kg.synthesis.export.options import ExportOptions
from met_kg.synthesis.export.pictures import FOLDER, MEDIA_TYPES
from met_kg.synthesis.export.records import KINDS, Kind, columns

__all__ = ["write_croissant"]

_CONTEXT: Final[dict[str, Any]] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{
        name: f"cr:{name}"
        for name in (
            "citeAs", "column", "equivalentProperty", "extract", "field", "fileProperty", "fileObject", "fileSet",
            "format", "includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet",
            "references", "regex", "repeated", "replace", "samplingRate", "separator", "source", "subField",
            "transform",
        )
    },
}  # fmt: skip
_FORMATS: Final = {
    ".jsonl": "application/jsonlines",
    ".parquet": "application/x-parquet",
    ".tar": "application/x-tar",
    ".gz": "application/gzip",
    ".tsv": "text/tab-separated-values",
}
_TABLE: Final[dict[Kind, str]] = {"captions": "captions", "items": "vqa"}
#: What captions and items take over from the table of samples, when read from the tables.
_JOINED: Final = ("image", "sha256", "source", "licence", "origin")


def write_croissant(content: Content, options: ExportOptions, out: Path) -> None:
    """Describe all that lies in ``out``. Each file is named with its sha256; loose images have theirs as a name."""
    about = options.about
    links = sorted({address(licence) or licence for licence in content.samples["licence"]} - {""})
    described: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": about.title,
        "description": f"{statements.SUMMARY} {statements.NOT_A_DEVICE}",
        "license": links or ["not stated by the sources"],
        "version": about.version,
        "inLanguage": "en",
        "isLiveDataset": False,
        "keywords": ["medical images", "visual question answering", "captions", "knowledge graph", "ontology"],
        **({"url": about.url} if about.url else {}),
        **({"datePublished": about.published.isoformat()} if about.published else {}),
        **({"creator": {"@type": "sc:Organization", "name": about.creator}} if about.creator else {}),
        **({"citeAs": about.citation} if about.citation else {}),
        "rai:dataCollection": statements.COLLECTION,
        "rai:dataCollectionType": ["Secondary Data analysis", "Software Collection"],
        "rai:dataAnnotationProtocol": [statements.ANNOTATION],
        "rai:machineAnnotationTools": sorted({*content.captions["generator"], "MET-KG"} - {""}),
        "rai:dataBiases": list(statements.BIASES),
        "rai:dataLimitations": list(statements.LIMITS),
        "rai:dataUseCases": [statements.USES],
        "rai:dataSocialImpact": statements.NOT_A_DEVICE,
        "rai:personalSensitiveInformation": [statements.PRIVACY],
        "rai:dataReleaseMaintenancePlan": statements.UPKEEP,
        "distribution": [*_files(out), *_sets(out)],
        "recordSet": [*_splits(content.splits), *_record_sets(out, options)],
    }
    text = json.dumps(described, indent=1, ensure_ascii=False, allow_nan=False)
    (out / "croissant.json").write_text(text + "\n", encoding="utf-8")


def _files(out: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(p for p in out.rglob("*") if p.is_file() and p.suffix not in MEDIA_TYPES):
        name = path.relative_to(out).as_posix()
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        yield {
            "@type": "cr:FileObject",
            "@id": name,
            "name": name,
            "contentUrl": name,
            "contentSize": f"{path.stat().st_size} B",
            "encodingFormat": _FORMATS[path.suffix],
            "sha256": digest,
        }


def _sets(out: Path) -> Iterator[dict[str, Any]]:
    """Loose images, and the shards of each kind of record in Parquet."""
    if found := {MEDIA_TYPES[path.suffix] for path in (out / FOLDER).glob("*")}:
        yield _file_set("image-files", "Images, named by the sha256 of their bytes.", f"{FOLDER}/*", sorted(found))
    for kind in KINDS:
        if any((out / "parquet" / kind).glob("*.parquet")):
            pattern = f"parquet/{kind}/*.parquet"
            yield _file_set(f"parquet-{kind}", f"Shards of {kind}.", pattern, [_FORMATS[".parquet"]])


def _file_set(name: str, description: str, pattern: str, formats: list[str]) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": name,
        "name": name,
        "description": description,
        "includes": pattern,
        "encodingFormat": formats,
    }


def _splits(splits: list[str]) -> Iterator[dict[str, Any]]:
    if not splits:
        return
    yield {
        "@type": "cr:RecordSet",
        "@id": "splits",
        "name": "splits",
        "description": "Images of one patient or document, and the same image, are in one split.",
        "dataType": "cr:Split",
        "key": {"@id": "splits/name"},
        "field": [_field("splits/name", pa.string(), None)],
        "data": [{"splits/name": split} for split in splits],
    }


def _record_sets(out: Path, options: ExportOptions) -> Iterator[dict[str, Any]]:
    names = [name for name in tables.SCHEMAS["samples"].names if name != "meta"]
    fields = [_column("samples", name, tables.SCHEMAS["samples"].field(name).type, "samples") for name in names]
    yield _record_set("samples", "Images with text, metadata, licence and origin.", fields, key="sample_id")
    if any((out / FOLDER).glob("*")):
        source = {"fileSet": {"@id": "image-files"}}
        fields = [
            _field("images/name", pa.string(), {**source, "extract": {"fileProperty": "filename"}}),
            _field("images/content", "sc:ImageObject", {**source, "extract": {"fileProperty": "content"}}),
        ]
        yield _record_set("images", "The images; `images/name` is the end of `samples/image`.", fields)
    for kind in KINDS:
        is_there = "parquet" in options.forms and any((out / "parquet" / kind).glob("*"))
        yield _from_parquet(kind, options) if is_there else _from_table(kind)


def _from_table(kind: Kind) -> dict[str, Any]:
    table = _TABLE[kind]
    fields = [_column(kind, field.name, field.type, table) for field in tables.SCHEMAS[table]]
    joint = next(field for field in fields if field["@id"] == f"{kind}/sample_id")
    # The specification would have the field samples/sample_id here; mlcroissant joins files alone.
    joint["references"] = {"fileObject": {"@id": "samples.parquet"}, "extract": {"column": "sample_id"}}
    fields += [_column(kind, name, pa.string(), "samples") for name in _JOINED]
    return _record_set(kind, f"The {kind}, with the licence and origin of their image.", fields)


def _from_parquet(kind: Kind, options: ExportOptions) -> dict[str, Any]:
    source = {"fileSet": {"@id": f"parquet-{kind}"}}
    fields = []
    for field in columns(kind):
        extract: dict[str, Any] = {**source, "extract": {"column": field.name}}
        if field.name == "image":
            if options.images == "copy":
                extract["transform"] = {"jsonPath": "bytes"}
                fields.append(_field(f"{kind}/image", "sc:ImageObject", extract))
        elif field.name == "messages":
            fields.append(_messages(kind, extract))
        else:
            fields.append(_field(f"{kind}/{field.name}", field.type, extract))
    return _record_set(kind, f"The {kind}, with their images.", fields)


def _messages(kind: Kind, source: dict[str, Any]) -> dict[str, Any]:
    parts = [
        _field(f"{kind}/messages/{name}", pa.string(), {**source, "transform": {"jsonPath": f"[*].{name}"}})
        for name in ("role", "content")
    ]
    return {
        "@type": "cr:Field",
        "@id": f"{kind}/messages",
        "name": f"{kind}/messages",
        "repeated": True,
        "subField": parts,
    }


def _record_set(name: str, description: str, fields: list[dict[str, Any]], *, key: str = "") -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": description,
        **({"key": {"@id": f"{name}/{key}"}} if key else {}),
        "field": fields,
    }


def _column(kind: str, name: str, of: pa.DataType, table: str) -> dict[str, Any]:
    return _field(f"{kind}/{name}", of, {"fileObject": {"@id": f"{table}.parquet"}, "extract": {"column": name}})


def _field(name: str, of: pa.DataType | str, source: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": name,
        "name": name,
        "dataType": of if isinstance(of, str) else _data_type(of),
        **({"repeated": True} if isinstance(of, pa.DataType) and pa.types.is_list(of) else {}),
        **({"source": source} if source else {}),
    }


def _data_type(of: pa.DataType) -> str:
    if pa.types.is_boolean(of):
        return "sc:Boolean"
    if pa.types.is_integer(of):
        return "sc:Integer"
    return "sc:Float" if pa.types.is_floating(of) else "sc:Text"
