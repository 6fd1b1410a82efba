"""Put the views of a run into one HTML file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import jinja2

from met_kg.report.alignment_view import alignment_view
from met_kg.report.corpus_view import anchors_view, corpus_view, filter_view, quarantine_view
from met_kg.report.coverage_view import coverage_view
from met_kg.report.evaluation_view import evaluation_view
from met_kg.report.items_view import items_view
from met_kg.report.model_view import training_view
from met_kg.report.provenance_view import provenance_view, shown_path
from met_kg.report.quality_view import quality_view
from met_kg.report.run_data import read_run
from met_kg.report.thumbnails import Thumbnails
from met_kg.report.tree_view import literature_view, tree_view

__all__ = ["environment", "write_report"]

_TEMPLATES: Final = Path(__file__).parent / "templates"
_SECTIONS: Final = (
    ("engine", "Engine"),
    ("tree", "Tree"),
    ("literature", "Literature"),
    ("corpus", "Corpus"),
    ("anchors", "Anchors"),
    ("filter", "Filters"),
    ("coverage", "Coverage"),
    ("items", "Captions and questions"),
    ("quality", "Quality control"),
    ("training", "Training"),
    ("evaluation", "Evaluation"),
    ("quarantine", "Set aside"),
    ("provenance", "Provenance"),
)


def write_report(run: Path, out: Path) -> dict[str, Any]:
    """Write the report of a run directory: one HTML file that needs nothing beside it.

    The same run gives the same bytes. What a step that has not been done would have shown is named in one line.

    Parameters
    ----------
    run
        the run directory (docs/run-directory.md).
    out
        the file to write.

    Returns
    -------
    dict
        ``sections`` that have content, ``pictures`` inlined, size in ``bytes``.

    Raises
    ------
    MissingData
        when ``run`` holds no run.
    DataProblem
        when one of its files is damaged.
    """
    data = read_run(run)
    thumbnails = Thumbnails(run)
    # Examples first: where the budget for pictures runs out, the least telling ones are left out.
    views: dict[str, Any] = {"items": items_view(data, thumbnails), "filter": filter_view(data, thumbnails)}
    views["evaluation"] = evaluation_view(data, thumbnails)
    views["corpus"] = corpus_view(data, thumbnails)
    views |= {
        "tree": tree_view(data),
        "literature": literature_view(data),
        "anchors": anchors_view(data),
        "coverage": coverage_view(data),
        "alignment": alignment_view(data),
        "quality": quality_view(data),
        "training": training_view(data),
        "quarantine": quarantine_view(data),
        "provenance": provenance_view(data),
    }
    text = (
        environment(data.label)
        .get_template("report.html.j2")
        .render(
            name=data.name,
            sections=[{"id": section, "title": title} for section, title in _SECTIONS],
            flow=flow(views),
            slices_from=".",
            **views,
        )
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    written = out.write_bytes(text.encode("utf-8"))
    return {"sections": sum(bool(v) for v in views.values()), "pictures": thumbnails.inlined, "bytes": written}


def flow(views: dict[str, Any]) -> list[dict[str, Any]]:
    """The engine in eight boxes: step, its number, and what it counts; the number is None where nothing is."""
    tree, literature, corpus, anchors = (views[k] for k in ("tree", "literature", "corpus", "anchors"))
    kept, items, training, evaluation = (views[k] for k in ("filter", "items", "training", "evaluation"))
    boxes: list[tuple[str, str, str | None, str]] = [
        ("tree", "Tree", _big(tree, "nodes"), "nodes on 4 axes"),
        (
            "literature",
            "Literature",
            _big(literature, "mentions"),
            f"mentions in {plural(literature['documents'], 'document')}" if literature else "",
        ),
        ("corpus", "Corpus", _big(corpus, "samples"), "image-text pairs"),
        (
            "anchors",
            "Anchors",
            _big(anchors, "anchors"),
            f"links to {plural(anchors['nodes'], 'node')}" if anchors else "",
        ),
        ("filter", "Filters", _big(kept, "kept"), f"kept, {kept['dropped']:,} dropped" if kept else ""),
        (
            "items",
            "Captions, VQA",
            _big(items, "items"),
            f"questions, {plural(items['captions'], 'caption')}" if items else "",
        ),
    ]
    logs = training["logs"] if training else []
    boxes.append(
        (
            "training",
            "Adapter",
            f"{logs[-1]['last']:.2f}" if logs else ("done" if training else None),
            f"loss at the end, from {logs[-1]['first']:.2f}" if logs else "",
        )
    )
    first = evaluation[0] if evaluation else None
    boxes.append(
        (
            "evaluation",
            "Evaluation",
            (percent(first["accuracy"]) or "done") if first else None,
            f"on {first['name']}; majority {percent(first['majority']) or 'not stated'}" if first else "",
        )
    )
    return [{"id": i, "name": name, "big": big, "of": of} for i, name, big, of in boxes]


def _big(view: dict[str, Any] | None, key: str) -> str | None:
    return f"{view[key]:,}" if view else None


def number(value: object) -> str:
    """A whole number with separators; other values as they are, none as ''.

    >>> number(12345), number(None)
    ('12,345', '')
    """
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else str(value)


def plural(count: int, noun: str) -> str:
    """A number with its noun.

    >>> plural(1, "node"), plural(1200, "node")
    ('1 node', '1,200 nodes')
    """
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def percent(share: float | None) -> str:
    """A share as a percentage with one decimal; '' for none.

    >>> percent(0.3333)
    '33.3 %'
    """
    return "" if share is None else f"{100 * share:.1f} %"


def points(share: float) -> str:
    """A difference of two shares in percentage points, with its sign.

    >>> points(0.0167), points(-0.0001)
    ('+1.7', '0.0')
    """
    rounded = round(100 * share, 1)
    return f"{rounded:+.1f}" if rounded else "0.0"


def environment(label: Callable[[str], str]) -> jinja2.Environment:
    """Where templates are filled in: everything escaped, nothing undefined; ``label`` names a node."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,  # captions, options and predictions are untrusted text
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"number": number, "plural": plural, "percent": percent, "points": points, "relative": shown_path}
    made.globals["label"] = label
    return made
