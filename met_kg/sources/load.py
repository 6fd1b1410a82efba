"""Load a user's own source: the format is told from the recipe, else from the file; the rest is the readers' work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from met_kg.errors import MissingData, UsageProblem, setting_problem
from met_kg.records import Concept
from met_kg.sources.files import FileFormat, SourceFile
from met_kg.sources.findings import Findings
from met_kg.sources.lines import open_binary
from met_kg.sources.mesh_xml import MeshOptions, read_descriptors
from met_kg.sources.obo import read_obo
from met_kg.sources.owl import read_owl
from met_kg.sources.registry import Loaded
from met_kg.sources.snomed import SnomedOptions, read_snomed
from met_kg.sources.sssom import read_sssom
from met_kg.sources.template import read_template
from met_kg.sources.umls import UmlsOptions, read_umls

__all__ = ["TREE_RELATIONS", "load_file"]

#: Object properties that the tree declares; relations of a user's file with any other are counted and left out.
TREE_RELATIONS: Final = frozenset(["BFO:0000050", "RO:0004026", "RO:0002452", "met:hasLocation", "met:imagedBy"])

#: End of the file's name, without .gz -> format; the longest first.
_ENDINGS: Final[tuple[tuple[str, FileFormat], ...]] = (
    (".sssom.tsv", "sssom"),
    (".tsv", "template"),
    (".csv", "template"),
    (".obo", "obo"),
    *((ending, "owl") for ending in (".owl", ".rdf", ".ttl", ".nt", ".ofn", ".omn", ".owx")),
)


@dataclass(slots=True)
class _Read:
    """What a reader gives beside concepts."""

    findings: Findings
    version: str = ""


def _obo(path: Path, file: SourceFile, read: _Read) -> Iterable[Concept]:
    document = read_obo(path, source=file.name)
    read.version = document.header.get("data-version", "")
    read.findings.mended += document.mended
    read.findings.quarantined += document.quarantined
    return document.concepts


def _owl(path: Path, file: SourceFile, read: _Read) -> Iterable[Concept]:
    concepts, quarantined = read_owl(path, source=file.name)
    read.findings.quarantined += quarantined
    return concepts


def _sssom(path: Path, file: SourceFile, read: _Read) -> Iterable[Concept]:
    return read_sssom(path, source=file.name, findings=read.findings)


def _template(path: Path, file: SourceFile, read: _Read) -> Iterable[Concept]:
    return read_template(path, source=file.name, axis=file.axis, findings=read.findings)


def _umls(path: Path, file: SourceFile, read: _Read) -> Iterable[Concept]:
    return read_umls(path, _options(UmlsOptions, file), source=file.name, findings=read.findings)


def _snomed(path: Path, file: SourceFile, read: _Read) -> Iterable[Concept]:
    return read_snomed(path, _options(SnomedOptions, file), source=file.name, findings=read.findings)


def _mesh_xml(path: Path, file: SourceFile, read: _Read) -> Iterable[Concept]:
    return read_descriptors(path, _options(MeshOptions, file), source=file.name, findings=read.findings)


_READERS: Final[dict[FileFormat, Callable[[Path, SourceFile, _Read], Iterable[Concept]]]] = {
    "obo": _obo,
    "owl": _owl,
    "sssom": _sssom,
    "template": _template,
    "mesh-xml": _mesh_xml,
    "umls": _umls,
    "snomed": _snomed,
}
#: Formats that tell the axis themselves, or need none.
_OWN_AXIS: Final = frozenset({"sssom", "umls", "snomed", "mesh-xml"})
_WITH_OPTIONS: Final = frozenset({"umls", "snomed", "mesh-xml"})


def load_file(path: Path, file: SourceFile) -> Loaded:
    """Read a user's own source.

    Raises
    ------
    MissingData
        when it is not there.
    DataProblem
        when it is not what its format says.
    UsageProblem
        when its format cannot be told, or the format needs an axis and the recipe gives none.
    """
    if not path.exists():
        raise MissingData(f"source '{file.name}' needs {path}, which is not there")
    form = file.format or _format_of(path)
    if file.options and form not in _WITH_OPTIONS:
        raise UsageProblem(f"source '{file.name}': format {form} has no options", hint="take 'options' out")
    if file.axis is None and form not in _OWN_AXIS:
        raise UsageProblem(f"source '{file.name}' needs an axis", hint="axis: disease, anatomy, modality or finding")
    read = _Read(Findings())
    concepts = list(_fitting(_READERS[form](path, file, read), file, path.name, read.findings))
    read.findings.close()
    return Loaded(
        concepts,
        read.findings.mended,
        read.findings.quarantined,
        [path],
        file.licence,
        read.version,
        file.adds_nodes and form != "sssom",
    )


def _format_of(path: Path) -> FileFormat:
    if path.is_dir():
        if any(path.glob("**/MRCONSO.RRF*")):
            return "umls"
        if any(path.glob("**/sct2_Concept_Snapshot*")):
            return "snomed"
    name = path.name.lower().removesuffix(".gz")
    if name.endswith(".xml"):
        with open_binary(path) as stream:
            return "mesh-xml" if b"<DescriptorRecordSet" in stream.read(4096) else "owl"
    for ending, form in _ENDINGS:
        if name.endswith(ending):
            return form
    known = ", ".join(_READERS)
    raise UsageProblem(f"cannot tell the format of {path}", hint=f"say it in the recipe (format: {known})")


_Options = TypeVar("_Options", bound=BaseModel)


def _options(kind: type[_Options], file: SourceFile) -> _Options:
    try:
        return kind.model_validate(file.options)
    except ValidationError as problem:
        first = problem.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise UsageProblem(
            f"source '{file.name}': option {setting_problem(first, key, kind.model_fields)}"
        ) from problem


def _fitting(concepts: Iterable[Concept], file: SourceFile, name: str, findings: Findings) -> Iterator[Concept]:
    """The concepts on the axis that the recipe gives, with the relations that the tree has."""
    for concept in concepts:
        for relation in concept.relations:
            if relation.property not in TREE_RELATIONS:
                reason = f"relations left out: the tree has no {relation.property}"
                findings.count(name, concept.curie, reason, relation.target)
        kept = tuple(r for r in concept.relations if r.property in TREE_RELATIONS)
        yield replace(concept, axis=file.axis or concept.axis, relations=kept)
