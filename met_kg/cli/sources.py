"""``met sources``: list, fetch and verify the open sources."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from met_kg.errors import MetError, MissingData, UsageProblem
from met_kg.paths import DATA_VARIABLE, data_root

if TYPE_CHECKING:
    from met_kg.sources.catalogue import Entry

__all__ = ["sources"]


@click.group(epilog="\b\nExample:\n  met sources list uberon")
def sources() -> None:
    """List, fetch and verify the open sources.

    A local mirror folder comes first: set MET_DATA to it. What lies there is never downloaded again.
    """


def _entries(names: tuple[str, ...]) -> list[Entry]:
    from met_kg.sources.catalogue import catalogue, entry

    return [entry(name) for name in dict.fromkeys(names)] if names else list(catalogue().values())


@sources.command(name="list", epilog="\b\nExample:\n  met sources list disease-ontology")
@click.argument("names", nargs=-1, metavar="[NAME]...")
def list_sources(names: tuple[str, ...]) -> None:
    """List the sources: version, licence, and how many of the files are here.

    With names, also the address and sha256 (of the unpacked content) of every file.
    """
    from met_kg.sources.fetch import read_lock

    root = data_root()
    lock = read_lock(root) if root else {}
    for source in _entries(names):
        here = [root is not None and (root / file.path).is_file() for file in source.files]
        state = f"{sum(here)}/{len(here)} here"
        click.echo(f"{source.name:<22} {source.version:<11} {source.licence:<30} {state:<11} {source.title}")
        if not names:
            continue
        click.echo(f"    {source.homepage}" + (f"  {source.note.strip()}" if source.note else ""))
        for file, present in zip(source.files, here, strict=True):
            checksum = file.sha256 or lock.get(file.path, "")
            click.echo(f"    {file.path}  ({'here' if present else 'not here'})")
            click.echo(f"        {file.url or 'comes with the data pack only'}")
            click.echo(f"        sha256 {checksum or 'recorded at the first download'}")


@sources.command(epilog="\b\nExample:\n  met sources fetch symp mesh-imaging --to data")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option(
    "--to", type=click.Path(path_type=Path, file_okay=False), help=f"Folder to fill; default: ${DATA_VARIABLE}."
)
def fetch(names: tuple[str, ...], to: Path | None) -> None:
    """Fetch the files of sources into a mirror folder.

    Every file's checksum is checked. A file that is there is not fetched again, one that the local mirror has is
    copied; a download that broke off is started anew the next time. Exit code 1 when a file could not be had.
    """
    from met_kg.sources.fetch import fetch_file

    wanted = _entries(names)
    if to is None:
        if not os.environ.get(DATA_VARIABLE):
            raise UsageProblem("where the files should go is not said", hint=f"--to DIR, or set {DATA_VARIABLE}")
        to = Path(os.environ[DATA_VARIABLE])
    failed = 0
    for source in wanted:
        click.echo(f"{source.name} {source.version}, {source.licence}: {source.title}")
        for file in source.files:
            try:
                done = fetch_file(file, source, to, data_root())
            except MetError as problem:
                failed += 1
                click.echo(f"Error [{problem.code}]: {problem}", err=True)
            else:
                click.echo(f"  {done.how:<8} {_size(done.size):>9}  {file.path}")
    click.echo(
        f"Set {DATA_VARIABLE}={to} to use them." if not failed else f"{failed} files could not be had.", err=True
    )
    sys.exit(1 if failed else 0)


@sources.command(epilog="\b\nExample:\n  met sources verify symp")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--in",
    "root",
    type=click.Path(path_type=Path, file_okay=False),
    help=f"Folder to check; default: ${DATA_VARIABLE}.",
)
def verify(names: tuple[str, ...], root: Path | None) -> None:
    """Check the sha256 of every file of the mirror folder.

    Without names, the sources of which at least one file is there. Exit code 1 when a file is missing, has changed, or
    has no recorded checksum.
    """
    from met_kg.sources.fetch import verify as check_files

    root = root or data_root()
    if root is None or not root.is_dir():
        at = f" at {root}" if root else f": {DATA_VARIABLE} is not set"
        raise MissingData(f"there is no mirror folder{at}", hint="met sources fetch NAME --to DIR")
    wanted = _entries(names)
    if not names:
        wanted = [source for source in wanted if any((root / file.path).is_file() for file in source.files)]
        if not wanted:
            raise MissingData(f"{root} holds no file of the catalogue", hint="met sources fetch NAME --to DIR")
    checks = list(check_files(wanted, root))
    bad = [check for check in checks if check.state != "ok"]
    for check in bad:
        click.echo(f"{check.state:<10} {check.source}  {check.path}  ({check.note})")
    click.echo(f"{len(checks) - len(bad)} of {len(checks)} files of {len(wanted)} sources are as recorded.")
    sys.exit(1 if bad else 0)


def _size(count: int) -> str:
    """Bytes as people read them: 512 B, 3.4 kB, 26.4 MB."""
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
