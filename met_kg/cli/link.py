"""``met link``: the entities that a text names."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path

import click

__all__ = ["link"]

_COLUMNS = ("document", "start", "end", "text", "axis", "node", "label", "score", "assertion", "as")


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
    "--format", "form", metavar="NAME", help="pubtator, jsonl, sections or text; told from the file if absent."
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write here instead of standard output.")
def link(file: str, tree: Path | None, systems: str, form: str | None, out: Path | None) -> None:
    """Find the entities that FILE names, grounded in the tree.

    FILE is plain text, Markdown, PubTator, JSON lines or textbook sections (.gz too); - reads standard input. Writes a
    table: document start end text axis node label score assertion as. Offsets count characters of the document's text
    (PubTator: title, one character, abstract). What could not be read is named on standard error.
    """
    from met_kg.cli.query import open_graph
    from met_kg.literature.codes import code_systems, codes_of, node_codes
    from met_kg.literature.documents import read_documents
    from met_kg.literature.lexicon import Lexicon
    from met_kg.literature.linker import Linker
    from met_kg.records import Quarantined

    documents = read_documents(file, form)
    prefixes = code_systems(systems)
    graph = open_graph(tree)
    codes = node_codes(graph, prefixes)
    linker = Linker(Lexicon.from_graph(graph))
    set_aside = 0
    target = out.open("w", encoding="utf-8", newline="\n") if out else nullcontext(sys.stdout)
    with target as stream:
        stream.write("\t".join(_COLUMNS) + "\n")
        for document in documents:
            if isinstance(document, Quarantined):
                set_aside += 1
                click.echo(f"{document.source}: {document.where}: {document.reason}", err=True)
                continue
            for m in linker.link(document.text):
                found = "|".join(codes_of(m.node, codes, prefixes))
                row = (document.id, m.start, m.end, m.text, m.axis, m.node, m.label, f"{m.score:g}", m.assertion, found)
                stream.write("\t".join(" ".join(str(cell).split()) for cell in row) + "\n")
    if set_aside:
        pieces = "piece" if set_aside == 1 else "pieces"
        click.echo(f"{set_aside} {pieces} of input set aside, as named above.", err=True)
