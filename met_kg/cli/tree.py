"""``met tree``: build, check, show, count, compare and normalise the Medical Entity Tree."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from met_kg.cli.query import open_graph
from met_kg.errors import UsageProblem

__all__ = ["tree"]

_RUN = click.option(
    "--run", "run", type=click.Path(path_type=Path, exists=True, file_okay=False), help="A run's folder."
)


@click.group(epilog="Example:  met tree show 'pleural effusion'")
def tree() -> None:
    """Build, check, show and compare the Medical Entity Tree.

    Without --run, the commands look at the tree of the project's own ontology.
    """


@tree.command(epilog="Example:  met tree build --out runs/tree --source met")
@click.option("--recipe", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Take sources from it.")
@click.option("--source", "sources", multiple=True, help="A source to merge; default: every source at hand.")
@click.option(
    "--decisions",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    help="A review table that people filled in; may be repeated, earliest first.",
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Run folder to write to.")
def build(recipe: Path | None, sources: tuple[str, ...], decisions: tuple[Path, ...], out: Path) -> None:
    """Build the tree alone: tree/, graph/ and store/ of a run folder.

    What people wrote into tree/review.tsv of that folder is read back and kept without being named.
    """
    from met_kg.log import Log
    from met_kg.paths import data_root
    from met_kg.pipeline.recipe import Recipe
    from met_kg.pipeline.steps import STEPS, run_steps
    from met_kg.tree.build import DEFAULT_ORDER

    if recipe and sources:
        raise UsageProblem("--recipe and --source both say which sources", hint="give one of them")
    if recipe:
        chosen = Recipe.load(recipe)
    else:
        names = list(sources) or (list(DEFAULT_ORDER) if data_root() is not None else ["met"])
        chosen = Recipe.of({"name": "tree", "tree": {"sources": names}})
    chosen.tree.decisions += [str(path.resolve()) for path in decisions]
    run_steps(STEPS, chosen, out, Log(), until="tree")
    click.echo(f"Tree: {out / 'tree' / 'met.owl'} (open it in Protégé); queries: met query NAME --run {out}")


@tree.command(epilog="Example:  met tree check --run runs/quickstart --out check.html")
@_RUN
@click.option("--reason/--no-reason", default=True, show_default=True, help="Also ask HermiT (needs Java).")
@click.option("--limit", default=5, show_default=True, help="Rows to print per rule.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write all: FILE.tsv, .json or .html.")
def check(run: Path | None, reason: bool, limit: int, out: Path | None) -> None:
    """Check the tree: queries, SHACL shapes, consistency, unsatisfiable classes. Exit code 1 on any ERROR.

    What each rule finds, why it matters and how to mend it stands in docs/checks/.
    """
    from met_kg.paths import ontology_dir
    from met_kg.tree.check import check_graph
    from met_kg.tree.check_report import as_text, write_findings
    from met_kg.tree.reasoning import JAVA_PACKAGE, check_reasoning, has_java
    from met_kg.tree.shapes import check_shapes

    graph = open_graph(run)
    findings = [*check_graph(graph), *check_shapes(graph)]
    if reason and not has_java():
        click.echo(f"HermiT not run: no Java runtime (Debian package {JAVA_PACKAGE}).", err=True)
    elif reason:
        found = check_reasoning(run / "tree" / "met.owl" if run else _default_owl())
        click.echo(f"HermiT: {'problems, see below' if found else 'consistent, no unsatisfiable class'}")
        findings += found
    labels = {str(row["node"]): str(row["label"]) for row in graph.rows("tree/labels")}
    for line in as_text(findings, limit, labels):
        click.echo(line)
    where = str(run or ontology_dir() / "met-edit.ofn")
    if out is not None:
        write_findings(findings, out, where, labels)
    errors = sum(f.level == "ERROR" for f in findings)
    click.echo(f"{where}: {errors} errors, {len(findings) - errors} remarks")
    sys.exit(1 if errors else 0)


def _default_owl() -> Path:
    import tempfile

    from met_kg.tree.build import build_tree, load_sources
    from met_kg.tree.write import write_owl

    path = Path(tempfile.mkdtemp(prefix="met-")) / "met.owl"
    write_owl(build_tree(load_sources(["met"], None)).triples, path)
    return path


@tree.command(epilog="Example:  met tree show 'pleural effusion'")
@click.argument("node", metavar="CURIE-or-label")
@_RUN
def show(node: str, run: Path | None) -> None:
    """Show a node: path to the root, names, codes, relations, evidence, what is anchored to it."""
    from met_kg.tree.show import describe

    found = describe(open_graph(run), node)
    click.secho(f"{found.label}  {found.node}  [{found.axis}]", bold=True)
    for depth, (curie, label) in enumerate(found.path):
        click.echo("  " * depth + ("└ " if depth else "") + f"{label}  {curie}")
    for name, values in [*found.said.items(), ("suggested by literature, no axioms", found.mined)]:
        if values:
            click.echo(name)
        for value in values[:12]:
            click.echo(f"    {value}")
        if len(values) > 12:
            click.echo(f"    ... and {len(values) - 12} more")
    if found.children:
        shown = ", ".join(label for _, label in found.children[:8])
        more = f" and {len(found.children) - 8} more" if len(found.children) > 8 else ""
        click.echo(f"children\n    {shown}{more}")
    click.echo(f"evidence\n    {found.mentions} mentions in {found.documents} documents; {found.samples} samples")
    for line in found.quoted:
        click.echo(f"    {line}")


@tree.command(epilog="Example:  met tree stats --run runs/quickstart")
@_RUN
def stats(run: Path | None) -> None:
    """Count nodes, depth and definitions per axis."""
    for row in open_graph(run).rows("tree/stats"):
        click.echo(
            f"{row['axis']:<9} {row['nodes']:>7} nodes  depth {row['deepest']}"
            f" (mean {float(row['mean_depth'] or 0):.1f})  {row['defined']} defined"
        )


@tree.command(epilog="Example:  met tree diff old/met.owl new/met.owl --format markdown")
@click.argument("old", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("new", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
def diff(old: Path, new: Path, form: str) -> None:
    """Say what changed between two ontology files, in any OWL syntax. Exit code 1 when they differ."""
    from met_kg.tree.diff import diff_files

    changes = diff_files(old, new)
    if form == "json":
        import json

        listed = [{"entity": c.entity, "kind": c.kind, "text": c.text} for c in changes]
        click.echo(json.dumps(listed, indent=1, ensure_ascii=False))
    elif form == "markdown":
        entities = len({c.entity for c in changes})
        click.echo(f"**{len(changes)} changes to {entities} entities** ({old.name} to {new.name})\n")
        for kind in sorted({c.kind for c in changes}):
            click.echo(f"#### {kind}")
            for change in changes:
                if change.kind == kind:
                    click.echo(f"- {change.text}")
            click.echo()
    else:
        for change in changes:
            click.echo(change.text)
    sys.exit(1 if changes else 0)


@tree.command(epilog="Example:  met tree normalize ontology/met-edit.ofn > normal.ofn")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--syntax",
    type=click.Choice(["functional", "rdf-xml"]),
    default="functional",
    show_default=True,
    help="The syntax to write.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file.")
def normalize(file: Path, syntax: str, out: Path | None) -> None:
    """Write an ontology in one normal form: the same axioms give the same bytes whatever tool saved them."""
    from met_kg.tree import formats

    text = formats.normalize(file) if syntax == "functional" else formats.normalize_rdf(file)
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
