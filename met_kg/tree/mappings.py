"""The tree's mappings to other code systems, as SSSOM (mapping-commons.github.io/sssom).

A code that names one node alone, where the node has no other code of that system, is an exact match; the rest are
cross-references that a person should look at, and say so by predicate and confidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from met_kg.tree.nodes import Node
from met_kg.tree.write import MATCHED_SYSTEMS, sole_codes
from met_kg.vocabulary import PREFIXES

__all__ = ["write_mappings"]

_COLUMNS: Final = (
    "subject_id",
    "subject_label",
    "predicate_id",
    "object_id",
    "mapping_justification",
    "confidence",
    "subject_source",
)


def _rows(nodes: list[Node]) -> Iterator[tuple[str, ...]]:
    sole = sole_codes(nodes)
    for node in nodes:
        if node.obsolete:
            continue
        for code in sorted(node.xrefs):
            if code.partition(":")[0] not in MATCHED_SYSTEMS:
                continue
            exact = (node.curie, code) in sole
            yield (
                node.curie,
                node.label,
                "skos:exactMatch" if exact else "oboInOwl:hasDbXref",
                code,
                "semapv:UnspecifiedMatching",
                "0.9" if exact else "0.5",
                "|".join(sorted(node.sources)),
            )


def write_mappings(nodes: Iterable[Node], path: Path, *, version: str) -> int:
    """Write ``mappings.sssom.tsv``; returns the number of mappings."""
    rows = list(_rows(sorted(nodes, key=lambda n: n.curie)))
    used = sorted({r[0].partition(":")[0] for r in rows} | {r[3].partition(":")[0] for r in rows})
    with path.open("w", encoding="utf-8") as out:
        out.write("# mapping_set_id: https://w3id.org/met-kg/mappings\n")
        out.write("# license: https://w3id.org/sssom/license/unspecified\n")
        out.write(f"# mapping_set_version: {version}\n# curie_map:\n")
        for prefix in (*used, "skos", "oboInOwl", "semapv"):
            out.write(f"#   {prefix}: {PREFIXES[prefix]}\n")
        out.write("\t".join(_COLUMNS) + "\n")
        for row in rows:
            out.write("\t".join(" ".join(cell.split()) for cell in row) + "\n")
    return len(rows)
