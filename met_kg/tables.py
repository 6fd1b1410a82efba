"""The Parquet schemas that cross rooms, in one place, and the only way to write and read them.

Nodes are CURIEs, lists are lists, free structure is a JSON string. ``docs/run-directory.md`` describes every column.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from met_kg.errors import DataProblem, MissingData

__all__ = ["BATCH", "SCHEMAS", "Writer", "batches", "empty", "frame", "read", "write"]

#: Rows that a step holds at a time, and rows of a row group.
BATCH: Final = 4096

_TEXT, _REAL, _INT, _FLAG = pa.string(), pa.float64(), pa.int64(), pa.bool_()
_TEXTS = pa.list_(pa.string())

SCHEMAS: Final[dict[str, pa.Schema]] = {
    "samples": pa.schema(
        {
            "sample_id": _TEXT,  # first 16 hex digits of sha256(source, record id)
            "image": _TEXT,  # path as met_kg.paths.expand_path reads it; '' for text only
            "sha256": _TEXT,  # of the image file; '' for text only
            "phash": _TEXT,  # 64-bit perceptual hash, 16 hex digits; '' when not decodable
            "width": _INT,  # pixels, 0 when not decodable
            "height": _INT,
            "mode": _TEXT,  # Pillow mode: L, RGB ...
            # met_kg.corpus.measures; a share is of the picture's pixels, 0..1; null without a decodable image
            "grey_deviation": _REAL,  # standard deviation of the grey levels, 0..127.5
            "paper_share": _REAL,  # flat light ground, as of a page or a chart
            "line_share": _REAL,  # thin dark strokes on a light ground: letters, outlines
            "flat_share": _REAL,  # flat areas of any tone but black
            "shaded_share": _REAL,  # gentle changes of tone: tissue, skin, noise
            "colour_share": _REAL,  # colours that the picture's own tint does not explain
            "border_share": _REAL,  # rows and columns of one tone along the sides
            "straight_edges": _REAL,  # horizontal and vertical edges across more than half of the picture
            "caption": _TEXT,
            "context": _TEXT,  # text around the caption: notes, alt text, section title
            "modality": _TEXT,  # as the metadata says: 'X-ray', 'CT', DICOM code ...
            "view": _TEXT,
            "body_part": _TEXT,
            "finding": _TEXT,  # as the metadata says
            "sex": _TEXT,
            "age": _TEXT,
            "source": _TEXT,  # corpus name
            "licence": _TEXT,  # '' when the source does not state one
            "origin": _TEXT,  # address, DOI or file the record came from
            "group_id": _TEXT,  # patient or document: never split
            "split": _TEXT,  # train | validation | test
            "synthetic": _FLAG,  # drawn by the project, not a photograph of anything
            "meta": _TEXT,  # JSON of what is left
        }
    ),
    "anchors": pa.schema(
        {
            "sample_id": _TEXT,
            "node": _TEXT,
            "axis": _TEXT,
            "polarity": _TEXT,  # positive | negative | uncertain
            "assertion": _TEXT,  # met_kg.records.Assertion
            "method": _TEXT,  # mention | metadata | dense ...
            "score": _REAL,  # 0..1
            "evidence": _TEXT,  # JSON: field, start, end, text; or metadata column and value
        }
    ),
    "decisions": pa.schema(
        {
            "sample_id": _TEXT,
            "stage": _INT,  # 1 rules, 2 alignment
            "rule": _TEXT,
            "verdict": _TEXT,  # keep | flag | drop | review
            "reason": _TEXT,
            "value": _REAL,  # what the rule measured; null when it measures nothing
        }
    ),
    "alignment": pa.schema(
        {
            "sample_id": _TEXT,
            "caption_score": _REAL,  # similarity of image and caption, as the aligner gives it
            "caption_margin": _REAL,  # how far it stands above wrong pairs, in deviations
            "caption_probability": _REAL,  # that image and caption belong together, by the caption alone
            "probability": _REAL,  # the same by all evidence: what decides
            "node": _TEXT,  # one row for each node that the text says; '' when the aligner knows none of them
            "node_score": _REAL,  # how well the image shows the node; null without a node
            "margin": _REAL,  # how far that is above the best rival; null without one
            "rival": _TEXT,  # the sibling or cousin that the image shows best
            "aligner": _TEXT,
        }
    ),
    "captions": pa.schema(
        {
            "sample_id": _TEXT,
            "level": _TEXT,  # short | descriptive | knowledge
            "text": _TEXT,
            "source_text": _TEXT,  # verbatim
            "facts": _TEXT,  # JSON list of {"sentence", "facts"}: triples, or spans {column, text, start, end}
            "generator": _TEXT,  # and the model whose rewriting was accepted
            "split": _TEXT,
        }
    ),
    "rewrites": pa.schema(
        {
            "sample_id": _TEXT,
            "level": _TEXT,
            "accepted": _FLAG,
            "reason": _TEXT,  # why the grounded text stays; '' where accepted
            "text": _TEXT,  # what the model wrote last; '' without an answer
            "model": _TEXT,
        }
    ),
    "vqa": pa.schema(
        {
            "item_id": _TEXT,
            "sample_id": _TEXT,
            "type": _TEXT,
            "format": _TEXT,  # multiple-choice | yes-no | open
            "question": _TEXT,
            "options": _TEXTS,
            "answer": _TEXT,  # letter, yes/no, or text
            "axis": _TEXT,  # of the key
            "key_node": _TEXT,
            "distractor_nodes": _TEXTS,
            "distractor_relations": _TEXTS,
            "difficulty": _TEXT,
            "level": _TEXT,  # of the key: coarse | middle | fine
            "visual": _FLAG,  # cannot be answered without the image
            "rationale": _TEXT,
            "chain": _TEXT,  # JSON list, one entry per sentence of the rationale: triples or source spans
            "template": _TEXT,  # type/format/number
            "weight": _REAL,
            "split": _TEXT,
            "proof": _TEXT,  # JSON, see docs/proofs.md
        }
    ),
    "quality": pa.schema(
        {
            "item_id": _TEXT,
            "check": _TEXT,  # a rule check, judge, image-necessity, language-model or shortcut
            "verdict": _TEXT,  # drop | flag | reweight
            "reason": _TEXT,
            "value": _REAL,  # what was measured; null when nothing is
        }
    ),
    "mentions": pa.schema(
        {
            "document": _TEXT,
            "start": _INT,
            "end": _INT,
            "text": _TEXT,
            "axis": _TEXT,
            "node": _TEXT,
            "label": _TEXT,
            "score": _REAL,
            "assertion": _TEXT,
            "source": _TEXT,
            "licence": _TEXT,
        }
    ),
    "relations": pa.schema(
        {
            "subject": _TEXT,
            "subject_label": _TEXT,
            "kind": _TEXT,
            "target": _TEXT,
            "target_label": _TEXT,
            "count": _INT,
            "stated": _INT,
            "score": _REAL,
            "q_value": _REAL,
            "sources": _TEXT,
            "documents": _TEXT,
            "sentence": _TEXT,
        }
    ),
    "coverage": pa.schema(
        {
            "node": _TEXT,
            "label": _TEXT,
            "axis": _TEXT,
            "depth": _INT,  # in the tree; 0 for the root of an axis
            "wanted": _INT,  # samples wanted of the node
            "found": _INT,  # samples that show it or a kind of it
            "direct": _INT,  # samples anchored to the node itself
            "kept": _INT,  # of those found, kept by filtering
            "excluded": _INT,  # samples that say it is not there
            "nearest": _TEXT,  # nearest node of the tree that has samples; '' where the node has some
            "nearest_label": _TEXT,
            "nearest_relation": _TEXT,  # parent | sibling | ancestor | cousin ...
            "nearest_distance": _INT,  # steps along tree parents
        }
    ),
    "mix": pa.schema(
        {
            "facet": _TEXT,  # kind | caption level | hard distractors | format | ... | branch | node
            "value": _TEXT,
            "label": _TEXT,  # of a node; '' for other values, and where the data have no graph
            "available": _INT,  # examples that are selected
            "natural": _REAL,  # their share of the facet, by the weights of the data
            "wanted": _REAL,  # share that the mix asks for
            "drawn": _INT,  # examples of a pass, repeats counted
            "share": _REAL,  # of the facet's
            "why_short": _TEXT,  # why less is drawn than wanted; '' where nothing is short
            "left_out": _TEXT,  # what was not to be drawn from: counts with reasons
        }
    ),
    "quarantine": pa.schema({"source": _TEXT, "where": _TEXT, "reason": _TEXT, "content": _TEXT}),
}


def frame(table: str, rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows as a frame with exactly the table's columns; a column that a row lacks is '' / 0 / null by type."""
    schema = SCHEMAS[table]
    blank = {f.name: _blank(f.type) for f in schema}
    return pd.DataFrame([{**blank, **row} for row in rows], columns=schema.names)


def empty(table: str) -> pd.DataFrame:
    """The table without rows."""
    nothing: pd.DataFrame = SCHEMAS[table].empty_table().to_pandas()
    return nothing


def write(table: str, data: pd.DataFrame, path: Path) -> None:
    """Write a table under its schema; the same rows give the same bytes.

    Raises
    ------
    DataProblem
        when a column is missing or a value does not fit its type.
    """
    with Writer(table, path) as out:
        out.add(data)


class Writer:
    """Writes a table that is never in memory as a whole; how its rows were cut into frames leaves no trace.

    Used as a context manager; the file is complete when it is left.
    """

    def __init__(self, table: str, path: Path) -> None:
        self.rows = 0
        self._table, self._path, self._schema = table, path, SCHEMAS[table]
        self._pending: list[pa.Table] = []
        self._waiting = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = pq.ParquetWriter(path, self._schema, compression="zstd")

    def add(self, data: pd.DataFrame) -> None:
        """Append rows.

        Raises
        ------
        DataProblem
            when a column is missing or a value does not fit its type.
        """
        schema = self._schema
        missing = [name for name in schema.names if name not in data.columns]
        if missing:
            raise DataProblem(f"table '{self._table}' lacks the columns {', '.join(missing)}", where=str(self._path))
        try:
            arrow = pa.Table.from_pandas(data[schema.names], schema=schema, preserve_index=False)
        except (pa.ArrowInvalid, pa.ArrowTypeError) as problem:
            raise DataProblem(
                f"table '{self._table}' has a value that does not fit: {problem}", where=str(self._path)
            ) from problem
        self.rows += len(data)
        # Without pandas metadata: it would carry library versions into the bytes.
        self._pending.append(arrow.replace_schema_metadata(None))
        self._waiting += len(data)
        if self._waiting >= BATCH:
            self._flush(whole=True)

    def _flush(self, *, whole: bool) -> None:
        """Write the waiting rows, in row groups of :data:`BATCH`; with ``whole`` those that fill one."""
        rows = pa.concat_tables(self._pending)
        end = len(rows) - len(rows) % BATCH if whole else len(rows)
        for start in range(0, end, BATCH):
            self._file.write_table(rows.slice(start, min(BATCH, end - start)))
        self._pending = [rows.slice(end)] if end < len(rows) else []
        self._waiting = len(rows) - end

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._pending:
            self._flush(whole=False)
        self._file.close()


def read(table: str, path: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read a table of a run.

    Raises
    ------
    MissingData
        when the file is not there: the step that makes it has not run.
    DataProblem
        when it is damaged, or lacks a column that was asked for.
    """
    _check_there(table, path)
    try:
        data: pd.DataFrame = pq.read_table(path, columns=list(columns) if columns else None).to_pandas()
    except (pa.ArrowException, OSError) as problem:
        said = str(problem).splitlines()[0].replace(f" '{path}'", "")
        raise DataProblem(f"table '{table}' does not read: {said}", where=str(path), hint="make it again") from problem
    return data


def batches(
    table: str, path: Path, columns: Sequence[str] | None = None, *, size: int = BATCH
) -> Iterator[pd.DataFrame]:
    """A table of a run in frames of at most ``size`` rows, in order.

    Raises
    ------
    MissingData
        when the file is not there: the step that makes it has not run.
    """
    _check_there(table, path)
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=size, columns=list(columns) if columns else None):
            yield batch.to_pandas()


def _check_there(table: str, path: Path) -> None:
    if not path.is_file():
        raise MissingData(f"table '{table}' is not there", where=str(path), hint="run the step that makes it first")


def _blank(kind: pa.DataType) -> Any:
    if pa.types.is_string(kind):
        return ""
    if pa.types.is_list(kind):
        return []
    if pa.types.is_boolean(kind):
        return False
    return 0 if pa.types.is_integer(kind) else None
