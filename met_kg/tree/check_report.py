"""Findings of a check as people read them: lines for a terminal, a table, JSON, one HTML page."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from importlib import resources
from pathlib import Path

from met_kg.errors import UsageProblem
from met_kg.graph.queries import find, names
from met_kg.tree.check import LEVELS, Finding

__all__ = ["as_html", "as_json", "as_table", "as_text", "write_findings"]

_COLUMNS = ("level", "rule", "entity", "property", "value", "explanation")
_TITLES = {
    "unsatisfiable": "Class that can have no instance",
    "inconsistent": "Ontology without a model",
    "shacl": "Shape of the project's own classes",
}


def _by_rule(findings: Sequence[Finding]) -> Iterator[tuple[str, str, list[Finding]]]:
    grouped: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        grouped.setdefault((finding.level, finding.rule), []).append(finding)
    for level in LEVELS:
        for rule in sorted(rule for at, rule in grouped if at == level):
            yield level, rule, grouped[level, rule]


@lru_cache(maxsize=1)
def _titles() -> dict[str, str]:
    own = {n.partition("/")[2]: find(n).title for n in names() if n.partition("/")[0] in ("verify", "report")}
    return {**own, **_TITLES}


def as_text(findings: Sequence[Finding], limit: int, labels: Mapping[str, str]) -> Iterator[str]:
    """Lines by level and rule; of each rule the first few rows, remarks of level INFO by number alone."""
    for level, rule, found in _by_rule(findings):
        yield f"{level:<5} {rule}: {len(found)}  ({_titles().get(rule, rule)}; docs/checks/{rule}.md)"
        for finding in found[:limit] if level != "INFO" else ():
            label = labels.get(finding.entity)
            named = f"{finding.entity} '{label}'" if label else finding.entity
            yield f"      {named}  {finding.property}  {finding.value}"
            yield from (f"          {axiom}" for axiom in finding.explanation)


def as_table(findings: Sequence[Finding]) -> str:
    """Tab-separated, one finding a line."""
    rows = ["\t".join(_COLUMNS)]
    for f in findings:
        cells = (f.level, f.rule, f.entity, f.property, f.value, "; ".join(f.explanation))
        rows.append("\t".join(" ".join(cell.split()) for cell in cells))
    return "\n".join(rows) + "\n"


def as_json(findings: Sequence[Finding]) -> str:
    """A list of findings."""
    return json.dumps([asdict(f) for f in findings], indent=1, ensure_ascii=False) + "\n"


def as_html(findings: Sequence[Finding], where: str, labels: Mapping[str, str]) -> str:
    """One page, readable without a network."""
    import jinja2

    text = (resources.files("met_kg.tree.data") / "check.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    groups = [(level, rule, _titles().get(rule, rule), found) for level, rule, found in _by_rule(findings)]
    counts = {level: sum(f.level == level for f in findings) for level in LEVELS}
    return environment.from_string(text).render(where=where, groups=groups, counts=counts, labels=labels, most=500)


def write_findings(findings: Sequence[Finding], path: Path, where: str, labels: Mapping[str, str]) -> None:
    """Write by the file's ending: .tsv, .json or .html.

    Raises
    ------
    UsageProblem
        for another ending.
    """
    kind = path.suffix.lower()
    if kind == ".tsv":
        text = as_table(findings)
    elif kind == ".json":
        text = as_json(findings)
    elif kind in (".html", ".htm"):
        text = as_html(findings, where, labels)
    else:
        raise UsageProblem(f"--out {path}: the ending says no format", hint="name it .tsv, .json or .html")
    path.write_text(text, encoding="utf-8")
