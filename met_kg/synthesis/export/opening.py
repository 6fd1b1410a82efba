"""How an export is opened: its files, what ``datasets.load_dataset`` is told by the card, and lines of code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Final

import pyarrow as pa

from met_kg.synthesis.export.content import Content
from met_kg.synthesis.export.options import ExportOptions, Form
from met_kg.synthesis.export.records import JSON_TEXTS, KINDS, columns

__all__ = ["FILES", "configs", "dataset_info", "snippets"]

#: Patterns of files, and what they hold.
FILES: Final = (
    ("*.jsonl", "conversations (LLaVA, ShareGPT), one for each caption and item"),
    ("jsonl/*.jsonl", "captions and items, one record a line"),
    ("parquet/*/*.parquet", "captions and items with their images inside"),
    ("imagefolder/*/metadata.jsonl", "captions and items beside the images they name"),
    ("webdataset/*.tar", "shards, one key a sample: its image, and its captions and items as JSON"),
    ("images/*", "the images"),
    ("samples.parquet", "images with text, metadata, licence and origin"),
    ("captions.parquet", "captions with their facts"),
    ("vqa.parquet", "items with their proofs"),
    ("graph/*.nt.gz", "the tree, its closure and what samples show: what the proofs are asked of"),
    ("statistics.tsv", "counts of items"),
    ("left-out.tsv", "samples that were left out, with the reason"),
    ("croissant.json", "this data set in Croissant"),
)
#: The hub reads all configurations with one builder: those of the first form that is there.
_CONFIGS: Final[tuple[tuple[Form, tuple[tuple[str, str], ...]], ...]] = (
    ("parquet", (("items", "parquet/items/{split}-*.parquet"), ("captions", "parquet/captions/{split}-*.parquet"))),
    ("jsonl", (("items", "jsonl/items-{split}.jsonl"), ("captions", "jsonl/captions-{split}.jsonl"))),
    ("llava", (("conversations", "{split}.jsonl"),)),
    ("imagefolder", (("imagefolder", "imagefolder/{split}/*"),)),
    ("webdataset", (("webdataset", "webdataset/{split}-*.tar"),)),
)
_CODE: Final[dict[Form, tuple[str, str]]] = {
    "parquet": (
        "Hugging Face `datasets`; `image` is a picture, `messages` is what chat templates and TRL's SFTTrainer read:",
        'from datasets import load_dataset\n\nitems = load_dataset("FOLDER", "items")',
    ),
    "imagefolder": (
        "Hugging Face `datasets`, from loose images:",
        'from datasets import load_dataset\n\ndata = load_dataset("imagefolder", data_dir="FOLDER/imagefolder")',
    ),
    "webdataset": (
        "WebDataset:",
        "import webdataset\n\nsamples = webdataset.WebDataset("
        '"FOLDER/webdataset/train-000000.tar", shardshuffle=False).decode("pil")',
    ),
    "llava": (
        "LLaVA's trainer, with `--image_folder FOLDER`, or:",
        "import json\nfrom pathlib import Path\n\n"
        'chats = [json.loads(line) for line in Path("FOLDER/train.jsonl").open()]',
    ),
    "jsonl": (
        "Plain JSON lines:",
        "import json\nfrom pathlib import Path\n\n"
        'items = [json.loads(line) for line in Path("FOLDER/jsonl/items-train.jsonl").open()]',
    ),
}


def configs(options: ExportOptions, out: Path, splits: Sequence[str]) -> list[dict[str, Any]]:
    """The ``configs`` of the card's front matter; a split without records has no files and is not named."""
    patterns = next(found for name, found in _CONFIGS if name in options.forms)
    wanted: list[dict[str, Any]] = []
    for name, pattern in patterns:
        paths = {split: pattern.format(split=split) for split in splits}
        files = [{"split": s, "path": p} for s, p in paths.items() if any(f.stat().st_size for f in out.glob(p))]
        if files:
            wanted.append({"config_name": name, "data_files": files})
    if len(wanted) > 1:
        wanted[0]["default"] = True
    return wanted


def dataset_info(options: ExportOptions, content: Content) -> list[dict[str, Any]]:
    """The ``dataset_info`` of the front matter: types of the columns, where the library could not tell from a start.

    It takes the types of JSON from the first part of a file, where free structure may look poorer than it is, and the
    members of a shard from its first samples.
    """
    if "parquet" in options.forms:
        return []
    if "jsonl" in options.forms:
        return [{"config_name": kind, "features": [_feature(f) for f in columns(kind)]} for kind in KINDS]
    if set(options.forms) != {"webdataset"}:
        return []
    inside = content.pictures.values() if options.images == "copy" else ()
    members = {PurePosixPath(picture.name).suffix[1:]: "image" for picture in inside}
    members |= {"json": "json", "__key__": "string", "__url__": "string"}
    features = [{"name": name, "dtype": of} for name, of in sorted(members.items())]
    return [{"config_name": "webdataset", "features": features}]


def _feature(field: pa.Field) -> dict[str, Any]:
    """A column as the hub's front matter writes it."""
    if field.name in JSON_TEXTS:
        return {"name": field.name, "dtype": "json"}
    if not pa.types.is_list(field.type):
        return {"name": field.name, "dtype": _dtype(field.type)}
    inner = field.type.value_type
    return {"name": field.name, "list": [_feature(f) for f in inner] if pa.types.is_struct(inner) else _dtype(inner)}


def _dtype(of: pa.DataType) -> str:
    return "float64" if pa.types.is_floating(of) else str(of)


def snippets(options: ExportOptions) -> list[tuple[str, str]]:
    """A sentence and code for each form of the export."""
    return [_CODE[name] for name in _CODE if name in options.forms]
