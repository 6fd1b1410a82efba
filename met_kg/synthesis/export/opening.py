"""How an export is opened: its files, the configurations for ``datasets.load_dataset``, and lines of code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from met_kg.synthesis.export.options import ExportOptions, Form

__all__ = ["FILES", "configs", "snippets"]

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


def snippets(options: ExportOptions) -> list[tuple[str, str]]:
    """A sentence and code for each form of the export."""
    return [_CODE[name] for name in _CODE if name in options.forms]
