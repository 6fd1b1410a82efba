"""``met link``: the entities that a text names."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from met_kg.errors import UsageProblem

if TYPE_CHECKING:
    from met_kg.literature.document import Document
    from met_kg.records import Mention

__all__ = ["link"]

_COLUMNS = ("document", "start", "end", "text", "axis", "node", "label", "score", "assertion", "as", "steps")


@click.command(epilog="Example:  echo 'Chest X-ray: no pleural effusion.' | met link -")
@click.argument("file", metavar="FILE")
@click.option(
    "--tree",
    "tree",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="A run's folder; without it, the tree of the project's own ontology (imaging modalities and findings).",
)
@click.option("--as", "systems", default="", metavar="MESH,OMIM", help="Codes to give for each node.")
@click.option(
    "--format",
    "form",
    metavar="NAME",
    help="pubtator, jats, html, jsonl, sections or text; told from the file if absent.",
)
@click.option(
    "--train",
    "corpora",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    help="An annotated corpus (PubTator) to learn names and stop words from; may be repeated.",
)
@click.option("--score", is_flag=True, help="Compare with the annotations in FILE: precision, recall, F1, faults.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write here instead of standard output.")
def link(
    file: str,
    tree: Path | None,
    systems: str,
    form: str | None,
    corpora: tuple[Path, ...],
    score: bool,
    out: Path | None,
) -> None:
    """Find the entities that FILE names, grounded in the tree.

    FILE is plain text, Markdown, PubTator, JATS XML, HTML, JSON lines or textbook sections (.gz too), or a folder of
    them; - reads standard input. Writes a table: document start end text axis node label score assertion as steps.
    Offsets count characters of the document's text (PubTator: title, one character, abstract). What could not be read
    is named on standard error. Where a node has no code in the vocabularies asked for, "as" holds those of the nearest
    nodes above that have any, and "steps" says how many is-a steps above they are (0: the node's own).

    With --train, names and meanings that people marked in a corpus come before those of the tree, and names that they
    passed over are not read. A code that no node has then stands in the column node for itself.
    """
    from met_kg.cli.query import open_graph
    from met_kg.literature.codes import CODE_SYSTEMS, NearestCodes, code_systems, node_codes, superclasses
    from met_kg.literature.gold import Link, agreement
    from met_kg.literature.lessons import corpus_axis, learn
    from met_kg.literature.lexicon import Lexicon
    from met_kg.literature.linker import Linker

    reader = _Reader()
    documents = reader.read(file, form)
    prefixes = code_systems(systems)
    if score and not prefixes:
        raise UsageProblem("--score compares codes, and --as names no system", hint="for example --as MESH,OMIM")
    graph = open_graph(tree)
    every_code = node_codes(graph, CODE_SYSTEMS)
    lexicon = Lexicon.from_graph(graph)
    taught = [d for corpus in corpora for d in reader.read(str(corpus))]
    tree_parents = {str(r["node"]): str(r["parent"]) for r in graph.rows("build/tree-parents")}
    lessons = learn(lexicon, taught, every_code, tree_parents) if corpora else None
    linker = Linker(lexicon)
    nearest = NearestCodes(every_code, superclasses(graph), prefixes)
    kept: list[Document] = []
    links: list[list[tuple[Mention, frozenset[str]]]] = []
    target = out.open("w", encoding="utf-8", newline="\n") if out else nullcontext(sys.stdout)
    with target as stream:
        stream.write("\t".join(_COLUMNS) + "\n")
        for document in documents:
            found = [(m, *nearest.of(m.node)) for m in linker.link(document.text)]
            for m, codes, steps in found:
                cells = (m.start, m.end, m.text, m.axis, m.node, m.label, f"{m.score:g}", m.assertion, "|".join(codes))
                above = str(steps) if codes else ""
                stream.write("\t".join(" ".join(str(c).split()) for c in (document.id, *cells, above)) + "\n")
            if score:
                kept.append(document)
                links.append([(m, frozenset(codes)) for m, codes, _ in found])
    if score:
        axis = corpus_axis(kept, every_code, lexicon)
        seen = frozenset(c for d in taught for a in d.annotations for c in a.codes) if corpora else None
        counts = lessons.counts if lessons else lambda m: m.axis == axis
        judged = [[Link(m.start, m.end, m.text, codes, counts(m)) for m, codes in row] for row in links]
        for line in agreement(kept, judged, seen=seen).lines():
            click.echo(line, err=True)
    reader.close()


class _Reader:
    """Reads documents, and says on standard error what could not be read."""

    def __init__(self) -> None:
        self._set_aside = 0

    def read(self, path: str, form: str | None = None) -> Iterator[Document]:
        """The documents of a file."""
        from met_kg.literature.documents import read_documents
        from met_kg.records import Quarantined

        for document in read_documents(path, form):
            if isinstance(document, Quarantined):
                self._set_aside += 1
                click.echo(f"{document.source}: {document.where}: {document.reason}", err=True)
            else:
                yield document

    def close(self) -> None:
        """Say how much there was of it."""
        if self._set_aside:
            pieces = "piece" if self._set_aside == 1 else "pieces"
            click.echo(f"{self._set_aside} {pieces} of input set aside, as named above.", err=True)
