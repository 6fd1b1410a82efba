"""Form ``jsonl``: ``jsonl/<kind>-<split>.jsonl``, one record a line, with objects for free structure."""

from __future__ import annotations

from pathlib import Path

from met_kg.synthesis.export.content import Content
from met_kg.synthesis.export.forms import ExportForm
from met_kg.synthesis.export.options import ExportOptions
from met_kg.synthesis.export.records import KINDS, records, unpacked, write_lines

__all__ = ["FORM"]


def _write(content: Content, out: Path, options: ExportOptions) -> None:
    for split in content.splits:
        for kind in KINDS:
            rows = (unpacked(record) for record in records(kind, content, split))
            write_lines(out / "jsonl" / f"{kind}-{split}.jsonl", rows)


FORM = ExportForm(_write, points_at_images=True)
