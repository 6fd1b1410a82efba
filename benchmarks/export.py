"""An export of a run in every form, opened by the library that each form is for.

Run: ``python -m benchmarks.export RUN --out FOLDER``. For each form: seconds (processor) and bytes of the export. For
each reader: what it opened, counted, all images decoded. Last, TRL takes one step on the conversations and one on the
Parquet rows, with a stand-in model. Nothing is fetched.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, get_args

from PIL import Image

from met_kg.models.standin import make_standin, one_thread
from met_kg.synthesis.export import export
from met_kg.synthesis.export.options import About, ExportOptions, Form

ABOUT = About(published=date(2026, 1, 1), citation="@misc{met-kg}")
ROLE = {"human": "user", "gpt": "assistant"}


def main() -> None:
    """Export, open, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks/export"), help="folder, not there yet")
    chosen = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_DATASETS_CACHE"] = str(chosen.out / "cache")
    for form in get_args(Form):
        start = time.process_time()
        counts = export(chosen.run, chosen.out / form, ExportOptions(forms=[form], about=ABOUT))
        seconds = time.process_time() - start
        size = sum(p.stat().st_size for p in (chosen.out / form).rglob("*") if p.is_file())
        print(f"export as {form}: {seconds:.1f} s, {size / 1e6:.1f} MB, {counts}")
    for name, act in READERS.items():
        start = time.process_time()
        said = act(chosen.out)
        print(f"{name}: {said} ({time.process_time() - start:.1f} s)")


def _by_card(form: Form, config: str) -> Callable[[Path], str]:
    """Opens a form by its card and decodes every image."""

    def act(out: Path) -> str:
        import datasets

        datasets.disable_progress_bars()
        found = datasets.load_dataset(str(out / form), config)
        values = (value for part in found.values() for row in part for value in row.values())
        pictures = sum(isinstance(value, Image.Image) and value.getbbox() is not None for value in values)
        return ", ".join(f"{split} {part.num_rows}" for split, part in found.items()) + f"; {pictures} images"

    return act


def _webdataset(out: Path) -> str:
    import webdataset

    shards = [str(p) for p in sorted((out / "webdataset" / "webdataset").glob("*.tar"))]
    samples = list(webdataset.WebDataset(shards, shardshuffle=False).decode("pil"))
    items, captions = (sum(len(s["json"][kind]) for s in samples) for kind in ("items", "captions"))
    return f"{len(shards)} shards, {len(samples)} samples, {captions} captions, {items} items"


def _croissant(form: Form) -> Callable[[Path], str]:
    def act(out: Path) -> str:
        import mlcroissant

        dataset = mlcroissant.Dataset(out / form / "croissant.json")
        issues = dataset.metadata.ctx.issues
        counts = {r.uuid: sum(1 for _ in dataset.records(r.uuid)) for r in dataset.metadata.record_sets}
        return f"{len(issues.errors)} errors, {len(issues.warnings)} warnings; records {counts}"

    return act


def _conversations(out: Path) -> Any:
    """``train.jsonl`` in the columns that TRL wants."""
    import datasets

    def ready(row: dict[str, Any]) -> dict[str, Any]:
        turns = [(ROLE[t["from"]], t["value"].removeprefix("<image>\n")) for t in row["conversations"]]
        messages = [{"role": role, "content": text} for role, text in turns]
        return {"image": str(out / "llava" / row["image"]), "messages": messages}

    data = datasets.load_dataset("json", data_files=str(out / "llava" / "train.jsonl"), split="train")
    data = data.filter(lambda row: row["image"] is not None)
    return data.map(ready, remove_columns=data.column_names).cast_column("image", datasets.Image())


def _rows(out: Path) -> Any:
    from datasets import load_dataset

    return load_dataset(str(out / "parquet"), "items", split="train").select_columns(["image", "messages"])


def _trl(read: Callable[[Path], Any]) -> Callable[[Path], str]:
    def act(out: Path) -> str:
        from trl.trainer.sft_config import SFTConfig
        from trl.trainer.sft_trainer import SFTTrainer

        from met_kg.models.vlm import load_model, quiet

        base = out / "stand-in"
        if not base.is_dir():
            make_standin(base, texts=["Which disease does it show?"], seed=1)
        model, processor = load_model(str(base), dtype="float32")
        settings = SFTConfig(
            output_dir=str(out / "trained"), max_steps=1, per_device_train_batch_size=4, max_length=None, use_cpu=True,
            bf16=False, report_to="none", save_strategy="no", disable_tqdm=True,
        )  # fmt: skip
        with quiet(), one_thread(base):
            data = read(out)
            done = SFTTrainer(model=model, args=settings, train_dataset=data, processing_class=processor).train()
        return f"{len(data)} rows, step {done.global_step}, loss {done.training_loss:.3f}"

    return act


READERS: dict[str, Callable[[Path], str]] = {
    "datasets, parquet items": _by_card("parquet", "items"),
    "datasets, parquet captions": _by_card("parquet", "captions"),
    "datasets, imagefolder": _by_card("imagefolder", "imagefolder"),
    "datasets, jsonl items": _by_card("jsonl", "items"),
    "datasets, jsonl captions": _by_card("jsonl", "captions"),
    "datasets, llava": _by_card("llava", "conversations"),
    "datasets, webdataset": _by_card("webdataset", "webdataset"),
    "webdataset": _webdataset,
    "mlcroissant over the tables": _croissant("jsonl"),
    "mlcroissant over parquet": _croissant("parquet"),
    "TRL on conversations": _trl(_conversations),
    "TRL on parquet rows": _trl(_rows),
}


if __name__ == "__main__":
    main()
