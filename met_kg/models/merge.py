"""A base with an adapter folded in, saved as an ordinary checkpoint that needs neither."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Final

from met_kg.errors import DataProblem, UsageProblem
from met_kg.models import vlm
from met_kg.models.adapters import ADAPTER_CONFIG, ADAPTER_WEIGHTS, TRAINING_FILE
from met_kg.models.checkpoint import file_hash, fingerprint
from met_kg.models.processors import copy_processor
from met_kg.models.standin import STAND_IN_FILE, one_thread

__all__ = ["MERGED_FILE", "merge"]

#: Says what a merged model was made of.
MERGED_FILE: Final = "merged.json"
_CARD: Final = "README.md"


def merge(adapter: Path, out: Path, *, model: str | Path | None = None, device: str | None = None) -> Path:
    """Fold an adapter into its base and return the folder of the merged model.

    It has the base's number format and processor files, and keeps the notice of a stand-in, the adapter's card and its
    ``training.json``. It is written beside ``out`` and moved there when it is whole.

    Parameters
    ----------
    adapter
        a folder with a PEFT adapter.
    out
        a folder that is new, empty, or holds a merged model, which is replaced.
    model
        the base, a folder or a hub id; default: the one that the adapter names.
    device
        where the sums are done, as in :func:`met_kg.models.vlm.load`.

    Raises
    ------
    UsageProblem
        when ``out`` holds something else, or the adapter belongs to another base.
    DataProblem
        when the adapter's numbers are not finite.
    MissingData
        when a part is not there.
    """
    if out.is_dir() and any(out.iterdir()) and not (out / MERGED_FILE).is_file():
        raise UsageProblem("the folder for the merged model holds something else", where=str(out))
    name, folder = vlm.check(adapter) if model is None else vlm.check(model, adapter)
    if folder is None:
        raise UsageProblem(f"there is no {ADAPTER_CONFIG}: it is no adapter", where=str(adapter))
    part = out.with_name(out.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    with vlm.quiet(), one_thread(name):
        loaded = vlm.load(name, folder, dtype="stored", device=device)
        try:
            whole = loaded.model.merge_and_unload(safe_merge=True)
        except ValueError as problem:
            raise DataProblem(f"the adapter cannot be merged: {problem}", where=str(folder)) from problem
        whole.save_pretrained(part)
    copy_processor(name, part)
    for file, source in ((STAND_IN_FILE, Path(name)), (TRAINING_FILE, folder)):
        if (source / file).is_file():
            shutil.copyfile(source / file, part / file)
    named = str(json.loads((folder / ADAPTER_CONFIG).read_text(encoding="utf-8"))["base_model_name_or_path"])
    record = {
        "base": {"name": named, "fingerprint": fingerprint(name)},
        "adapter": {"sha256": file_hash(folder / ADAPTER_WEIGHTS)},
    }
    (part / MERGED_FILE).write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    (part / _CARD).write_text(_card(named, part / STAND_IN_FILE, folder / _CARD), encoding="utf-8")
    if out.is_dir():
        shutil.rmtree(out)
    part.rename(out)
    return out


def _card(base: str, mark: Path, card: Path) -> str:
    """The model card: what it is, a stand-in's notice, and under it the card of the adapter."""
    notice = json.loads(mark.read_text(encoding="utf-8"))["notice"] if mark.is_file() else ""
    lines = [
        "---",
        f"base_model: {json.dumps(base)}",
        "library_name: transformers",
        "tags: [met-kg, medical, vqa]",
        "---",
    ]
    lines += ["# Merged model", ""]
    lines += [f"`{base}` with an adapter folded in; see `{MERGED_FILE}`.", ""]
    lines += [f"**{notice}**", ""] if notice else []
    lines += ["Not a medical device. Not for diagnosis, treatment or any decision about a person."]
    if card.is_file():
        said = card.read_text(encoding="utf-8")
        if said.startswith("---\n"):
            said = said.partition("\n---\n")[2]
        lines += [
            "",
            "What the adapter's card says:",
            "",
            *(f"> {line}".rstrip() for line in said.strip().splitlines()),
        ]
    return "\n".join(lines) + "\n"
