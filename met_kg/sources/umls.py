"""UMLS Metathesaurus in Rich Release Format (NLM, "Metathesaurus - Rich Release Format", UMLS Reference Manual ch. 3).

MRSTY says which concepts stand on an axis of the tree, MRCONSO names them, MRDEF defines them, MRREL or MRHIER give
parents. Files are read as streams; only what concerns concepts on an axis is kept. A licence from NLM is needed for the
data; nothing of it comes with the project.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from met_kg.errors import MissingData
from met_kg.records import Concept, Relation, Synonym
from met_kg.sources.findings import Findings
from met_kg.sources.lines import MAX_LINE, open_binary
from met_kg.vocabulary import Axis

__all__ = ["SEMANTIC_AXES", "UmlsOptions", "read_umls"]

#: Semantic type -> axis. Types of other things (drugs, genes, animals) are on none.
SEMANTIC_AXES: Final[dict[str, Axis]] = {
    **dict.fromkeys(("T019", "T020", "T037", "T046", "T047", "T048", "T049", "T050", "T190", "T191"), "disease"),
    **dict.fromkeys(("T017", "T018", "T022", "T023", "T024", "T029", "T030", "T031"), "anatomy"),
    "T060": "modality",
    **dict.fromkeys(("T033", "T034", "T184"), "finding"),
}
#: Source of an atom -> prefix of its codes.
_CODES: Final = {
    b"SNOMEDCT_US": "SNOMEDCT:",
    b"MSH": "MESH:",
    b"NCI": "NCIT:",
    b"ICD10CM": "ICD10CM:",
    b"OMIM": "OMIM:",
    b"FMA": "FMA:",
    b"HPO": "",
    b"ORPHANET": "ORDO:",
}
#: Kinds of atoms that are abbreviations or acronyms.
_SHORT: Final = frozenset({b"AB", b"ACR", b"AA", b"AS", b"MTH_ACR", b"ETAB", b"OAS"})
#: RELA of a row of MRREL, which says what CUI2 is to CUI1 -> (property, whether CUI2 is the subject).
_RELATIONS: Final[dict[bytes, tuple[str, bool]]] = {
    b"part_of": ("BFO:0000050", True),
    b"has_part": ("BFO:0000050", False),
    b"has_finding_site": ("RO:0004026", True),
    b"finding_site_of": ("RO:0004026", False),
}
_BLOCK: Final = 1 << 23


class UmlsOptions(BaseModel):
    """What of a release is read."""

    model_config = ConfigDict(extra="forbid")

    languages: list[str] = ["ENG"]
    sources: list[str] = Field(default=[], description="SABs of atoms to read; empty: all")
    suppress: str = Field(default="OEY", description="SUPPRESS flags of atoms to leave out (O, E, Y)")
    axes: dict[str, Axis] = Field(default=SEMANTIC_AXES, description="semantic type (TUI) -> axis")
    hierarchy: Literal["MRREL", "MRHIER", "none"] = "MRREL"


def read_umls(folder: Path, options: UmlsOptions, *, source: str, findings: Findings) -> Iterator[Concept]:
    """The concepts of a release that stand on an axis, in the order of MRCONSO.

    The label is the preferred atom (TS P, STT PF, ISPREF Y) in the languages asked for. Codes of SNOMED CT, MeSH, NCIt,
    ICD-10-CM, OMIM, FMA, HPO and Orphanet become cross-references.

    Parameters
    ----------
    folder
        holds MRCONSO.RRF and MRSTY.RRF, or a folder META with them; MRDEF, MRREL and MRHIER are read where they are
        there. Any may be gzipped (MRCONSO.RRF.gz).

    Raises
    ------
    MissingData
        when MRCONSO or MRSTY is not there, or the hierarchy's file is not.
    """
    if (folder / "META").is_dir():
        folder = folder / "META"
    types = _semantic_types(_file(folder, "MRSTY"), options, findings)
    definitions = _definitions(folder, types, options, findings)
    parents: dict[bytes, dict[str, None]] = {}
    relations: dict[bytes, dict[Relation, None]] = {}
    if options.hierarchy == "MRREL":
        _related(_file(folder, "MRREL"), types, options, parents, relations, findings)
    elif options.hierarchy == "MRHIER":
        atoms = _atoms(_file(folder, "MRCONSO"), types, findings)
        _placed(_file(folder, "MRHIER"), atoms, options, parents, findings)
    for cui, rows in _groups(_file(folder, "MRCONSO"), types, options, findings):
        tuis = types[cui]
        yield _concept(
            cui,
            rows,
            options.axes[tuis[0]],
            definitions.get(cui, ""),
            tuple(parents.get(cui, ())),
            tuple(relations.get(cui, ())),
            tuple(f"STY:{tui}" for tui in tuis),
            source,
        )


def _file(folder: Path, name: str) -> Path:
    for ending in (".RRF", ".RRF.gz"):
        if (folder / f"{name}{ending}").is_file():
            return folder / f"{name}{ending}"
    raise MissingData(f"the UMLS release has no {name}.RRF", where=str(folder), hint="give its META folder")


def _rows(path: Path, fields: int, findings: Findings) -> Iterator[list[bytes]]:
    """Rows of a file as their fields. Each ends with a bar, so there is one empty field behind the last."""
    wanted = fields + 1
    number = 0
    rest = b""
    with open_binary(path) as stream:
        while block := stream.read(_BLOCK):
            lines = (rest + block).split(b"\n")
            rest = lines.pop()
            for line in lines:
                number += 1
                row = line.split(b"|")
                if len(row) == wanted:
                    yield row
                elif line.strip():
                    _bad_row(path, number, row, fields, findings)
            if len(rest) > MAX_LINE:
                findings.reject(path.name, number + 1, f"line longer than {MAX_LINE} bytes; what follows is lost")
                return
    if rest:
        row = rest.split(b"|")
        if len(row) == wanted:
            yield row
        else:
            _bad_row(path, number + 1, row, fields, findings)


def _bad_row(path: Path, number: int, row: list[bytes], fields: int, findings: Findings) -> None:
    text = b"|".join(row)[:200].decode("utf-8", "replace")
    findings.count(path.name, number, f"rows left out: not {fields} fields, each followed by a bar", text)


def _semantic_types(path: Path, options: UmlsOptions, findings: Findings) -> dict[bytes, tuple[str, ...]]:
    """CUI -> types that are on an axis; MRSTY: CUI, TUI, STN, STY, ATUI, CVF."""
    wanted = {tui.encode(): (tui,) for tui in sorted(options.axes)}
    found: dict[bytes, tuple[str, ...]] = {}
    for row in _rows(path, 6, findings):
        tui = wanted.get(row[1])
        if tui is not None:
            known = found.get(row[0])
            found[row[0]] = tui if known is None else tuple(sorted({*known, *tui}))
    return found


def _definitions(
    folder: Path, types: dict[bytes, tuple[str, ...]], options: UmlsOptions, findings: Findings
) -> dict[bytes, str]:
    """MRDEF: CUI, AUI, ATUI, SATUI, SAB, DEF, SUPPRESS, CVF. The first definition counts."""
    try:
        path = _file(folder, "MRDEF")
    except MissingData:
        return {}
    sources, left_out = {s.encode() for s in options.sources}, {flag.encode() for flag in options.suppress}
    found: dict[bytes, str] = {}
    for row in _rows(path, 8, findings):
        if row[0] in types and row[0] not in found and row[6] not in left_out and (not sources or row[4] in sources):
            found[row[0]] = " ".join(row[5].decode("utf-8", "replace").split())
    return found


def _related(
    path: Path,
    types: dict[bytes, tuple[str, ...]],
    options: UmlsOptions,
    parents: dict[bytes, dict[str, None]],
    relations: dict[bytes, dict[Relation, None]],
    findings: Findings,
) -> None:
    """MRREL: CUI1, AUI1, STYPE1, REL, CUI2, AUI2, STYPE2, RELA, RUI, SRUI, SAB, SL, RG, DIR, SUPPRESS, CVF.

    REL and RELA say what CUI2 is to CUI1: PAR, its parent; isa, its child.
    """
    sources, left_out = {s.encode() for s in options.sources}, {flag.encode() for flag in options.suppress}
    for row in _rows(path, 16, findings):
        first, rel, second, rela = row[0], row[3], row[4], row[7]
        if first == second or first not in types or second not in types or row[14] in left_out:
            continue
        if sources and row[10] not in sources:
            continue
        if rela in (b"", b"isa", b"inverse_isa"):
            if rela == b"isa" or (rel == b"CHD" and not rela):
                parents.setdefault(second, {})[f"UMLS:{first.decode()}"] = None
            elif rela == b"inverse_isa" or rel == b"PAR":
                parents.setdefault(first, {})[f"UMLS:{second.decode()}"] = None
        elif rela in _RELATIONS:
            prop, is_subject = _RELATIONS[rela]
            subject, target = (second, first) if is_subject else (first, second)
            relations.setdefault(subject, {})[Relation(prop, f"UMLS:{target.decode()}")] = None


def _atoms(path: Path, types: dict[bytes, tuple[str, ...]], findings: Findings) -> dict[bytes, bytes]:
    """AUI -> CUI of concepts on an axis."""
    return {row[7]: row[0] for row in _rows(path, 18, findings) if row[0] in types}


def _placed(
    path: Path,
    atoms: dict[bytes, bytes],
    options: UmlsOptions,
    parents: dict[bytes, dict[str, None]],
    findings: Findings,
) -> None:
    """MRHIER: CUI, AUI, CXN, PAUI, SAB, RELA, PTR, HCD, CVF. The parent atom's concept is the parent."""
    sources = {s.encode() for s in options.sources}
    for row in _rows(path, 9, findings):
        parent = atoms.get(row[3])
        if parent is None or parent == row[0] or row[1] not in atoms or row[5] not in (b"", b"isa"):
            continue
        if not sources or row[4] in sources:
            parents.setdefault(row[0], {})[f"UMLS:{parent.decode()}"] = None


def _groups(
    path: Path, types: dict[bytes, tuple[str, ...]], options: UmlsOptions, findings: Findings
) -> Iterator[tuple[bytes, list[list[bytes]]]]:
    """The wanted atoms of each concept on an axis.

    MRCONSO: CUI, LAT, TS, LUI, STT, SUI, ISPREF, AUI, SAUI, SCUI, SDUI, SAB, TTY, CODE, STR, SRL, SUPPRESS, CVF.
    """
    languages = {language.encode() for language in options.languages}
    sources = {s.encode() for s in options.sources}
    left_out = {flag.encode() for flag in options.suppress}
    cui: bytes = b""
    group: list[list[bytes]] = []
    for row in _rows(path, 18, findings):
        if row[0] not in types or row[1] not in languages or row[16] in left_out:
            continue
        if sources and row[11] not in sources:
            continue
        if row[0] != cui:
            if group:
                yield cui, group
            cui, group = row[0], []
        group.append(row)
    if group:
        yield cui, group


def _concept(
    cui: bytes,
    rows: list[list[bytes]],
    axis: Axis,
    definition: str,
    parents: tuple[str, ...],
    relations: tuple[Relation, ...],
    types: tuple[str, ...],
    source: str,
) -> Concept:
    label = next((r[14] for r in rows if r[2] == b"P" and r[4] == b"PF" and r[6] == b"Y"), rows[0][14])
    names: dict[bytes, str] = {}
    codes: dict[str, None] = {}
    for row in rows:
        if row[14] != label:
            names.setdefault(row[14], "abbreviation" if row[12] in _SHORT else "")
        prefix = _CODES.get(row[11])
        if prefix is not None and row[13] != b"NOCODE":
            codes[prefix + row[13].decode()] = None
    text = label.decode("utf-8", "replace")
    return Concept(
        f"UMLS:{cui.decode()}",
        text,
        axis,
        definition,
        tuple([Synonym(name.decode("utf-8", "replace"), "EXACT", kind) for name, kind in names.items()]),
        parents,
        relations,
        tuple(codes),
        source=source,
        semantic_types=types,
    )
