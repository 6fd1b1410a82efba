"""``README.md`` of an export: the data set card, with the front matter that the Hugging Face hub reads."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Final

import pandas as pd
import yaml

from met_kg.corpus.samples import SPLITS
from met_kg.synthesis.export import statements
from met_kg.synthesis.export.content import Content
from met_kg.synthesis.export.licences import address, hub_name
from met_kg.synthesis.export.opening import FILES, configs, dataset_info, snippets
from met_kg.synthesis.export.options import ExportOptions
from met_kg.synthesis.export.statistics import AXES, counted, crossed

__all__ = ["write_card"]

_TAGS: Final = ("medical", "biology", "radiology", "knowledge-graph", "ontology", "synthetic", "croissant")
_TASKS: Final = ("visual-question-answering", "image-to-text")
#: Answers that are counted against each other.
_LETTERS: Final = ("A", "B", "C", "D", "yes", "no")
#: Upper ends of the hub's size categories.
_SIZES: Final = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"))


def write_card(content: Content, options: ExportOptions, run: Path, out: Path) -> None:
    """Write the card of what lies in ``out``; ``run`` tells of the tree and of quality control."""
    import jinja2

    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False)  # noqa: S701
    environment.globals["table"] = _table
    template = environment.from_string(
        (resources.files("met_kg.synthesis.export") / "card.md.j2").read_text(encoding="utf-8")
    )
    samples, captions, vqa = content.samples, content.captions, content.vqa
    text = template.render(
        front_matter=yaml.safe_dump(
            _front_matter(content, options, out), sort_keys=False, allow_unicode=True, width=120
        ),
        about=options.about,
        options=options,
        says=statements,
        tree=_tree(run),
        contents=list(_contents(content)),
        files=[(file, holds) for file, holds in FILES if any(out.glob(file))],
        snippets=snippets(options),
        licences=list(_licences(content)),
        items=list(_items(vqa)),
        splits=SPLITS,
        by_axis=crossed(vqa, ("axis", "level"), "split", SPLITS),
        by_difficulty=crossed(vqa, ("difficulty",), "split", SPLITS),
        letters=_LETTERS,
        answers=crossed(vqa[vqa["format"] != "open"], ("type",), "answer", _LETTERS),
        by_all=crossed(vqa, [a for a in AXES if a != "split"], "split", SPLITS),
        captions=crossed(captions, ("level",), "split", SPLITS),
        limits=(*statements.LIMITS, *statements.BIASES),
        generators=_generators(captions, vqa),
        quality=_quality(run),
        synthetic=int(samples["synthetic"].sum()),
        samples=len(samples),
        left_out=sorted(Counter(one.reason for one in content.left_out).items()),
    )
    (out / "README.md").write_text(text, encoding="utf-8")


def _front_matter(content: Content, options: ExportOptions, out: Path) -> dict[str, Any]:
    names = sorted({hub_name(licence) for licence in content.samples["licence"]})
    records = len(content.captions) + len(content.vqa)
    found = configs(options, out, content.splits)
    named = [one["config_name"] for one in found]
    return {
        "pretty_name": options.about.title,
        "language": ["en"],
        "license": names[0] if len(names) == 1 else names or "unknown",
        "task_categories": list(_TASKS),
        "size_categories": [next((name for end, name in _SIZES if records < end), "10M<n<100M")],
        "tags": list(_TAGS),
        "configs": found,
        "dataset_info": [info for info in dataset_info(options, content) if info["config_name"] in named],
    }


def _contents(content: Content) -> Iterator[tuple[str | int, ...]]:
    for name, table in (("samples", content.samples), ("captions", content.captions), ("items", content.vqa)):
        by_split = Counter(table["split"])
        yield (name, *(by_split[split] for split in SPLITS), len(table))


def _licences(content: Content) -> Iterator[tuple[str | int, ...]]:
    samples = content.samples
    captions, items = Counter(content.captions["sample_id"]), Counter(content.vqa["sample_id"])
    for (source, licence), group in samples.groupby(["source", "licence"], sort=True):
        ids = list(group["sample_id"])
        where = address(str(licence))
        name = f"[{hub_name(str(licence))}]({where})" if where else hub_name(str(licence))
        yield (
            str(source),
            str(licence) or "(none stated)",
            name,
            len(ids),
            sum(captions[s] for s in ids),
            sum(items[s] for s in ids),
        )


def _items(vqa: pd.DataFrame) -> Iterator[tuple[str | int, ...]]:
    for (kind, form), group in vqa.groupby(["type", "format"], sort=True):
        yield str(kind), str(form), len(group), int(group["visual"].sum()), int(group["key_node"].nunique())


def _generators(captions: pd.DataFrame, vqa: pd.DataFrame) -> list[str]:
    """Who wrote the captions, and the items as their proofs say it."""
    found = set(captions["generator"])
    for proof in vqa["proof"]:
        try:
            found.add(str(json.loads(proof)["provenance"]["generator"]))
        except (ValueError, KeyError, TypeError):
            continue  # `met verify` names a proof that cannot be read
    return sorted(found - {""})


def _tree(run: Path) -> dict[str, Any] | None:
    path = run / "tree" / "tree.json"
    if not path.is_file():
        return None
    about = json.loads(path.read_text(encoding="utf-8"))
    sources = [(s["name"], s["version"], s["licence"]) for s in about["sources"]]
    return {"version": about["version"], "sha256": about["sha256"], "sources": sources}


def _quality(run: Path) -> list[tuple[str | int, ...]]:
    path = run / "quality.parquet"
    return counted(pd.read_parquet(path, columns=["check", "verdict"]), ("check", "verdict")) if path.is_file() else []


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [" | ".join(_cell(str(cell)) for cell in row) for row in rows]
    if not lines:
        return "None."
    return "\n".join(f"| {line} |" for line in (" | ".join(head), " | ".join("---" for _ in head), *lines))


def _cell(text: str) -> str:
    """Text that stays in its cell and is no markup of its own."""
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())
