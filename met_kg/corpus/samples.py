"""One sample row: identity, defaults, fingerprint; the same for all readers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from met_kg.corpus.images import Fingerprint
from met_kg.corpus.readers import Row
from met_kg.corpus.spec import CorpusSpec

__all__ = ["SPLITS", "rendered_path", "sample_id", "sample_row"]

SPLITS = ("train", "validation", "test")


def sample_id(source: str, record: str) -> str:
    """The identity of a record of a corpus: it does not depend on the record's place in the file.

    >>> sample_id("covid-chestxray", "images/a.jpg")
    '313721e8828a5731'
    """
    return hashlib.sha256(f"{source}|{record}".encode()).hexdigest()[:16]


def sample_row(
    spec: CorpusSpec,
    record: str,
    *,
    image: str,
    print_: Fingerprint | None,
    values: Mapping[str, str],
    meta: Mapping[str, Any],
    synthetic: bool = False,
) -> Row:
    """A row of table 'samples' (its split is given later, when all groups are known).

    Parameters
    ----------
    record
        names the record within its corpus.
    image
        path as tables write it; '' for text only.
    print_
        the image's fingerprint; None for text only.
    values
        sample columns that the record fills; ``group_id`` becomes unique to the corpus, the record when absent.
    """
    found = print_ or Fingerprint("")
    further = dict(meta)
    if found.problem:
        further["image_problem"] = found.problem
    group = values.get("group_id") or record
    text = {
        name: values.get(name, "")
        for name in ("caption", "context", "modality", "view", "body_part", "finding", "sex", "age", "split")
    }
    return {
        "sample_id": sample_id(spec.name, record),
        "image": image,
        "sha256": found.sha256,
        "phash": found.phash,
        "width": found.width,
        "height": found.height,
        "mode": found.mode,
        **(asdict(found.measures) if found.measures else {}),
        **text,
        "source": spec.name,
        "licence": values.get("licence") or spec.licence,
        "origin": values.get("origin") or spec.source,
        "group_id": f"{spec.name}/{group}",
        "synthetic": synthetic,
        "meta": json.dumps(further, ensure_ascii=False, sort_keys=True) if further else "",
    }


def rendered_path(path: Path, images_dir: Path) -> str:
    """How tables write a rendered image: relative to the run."""
    return f"{images_dir.name}/{path.name}"
