"""TRL's SFTTrainer takes one step on what an export holds: the conversations, and the Parquet rows as they are."""

from __future__ import annotations

import math
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from met_kg.models.standin import make_standin, one_thread
from met_kg.models.vlm import load_model, quiet
from met_kg.synthesis.export import export
from met_kg.synthesis.export.options import ExportOptions
from met_kg.synthesis.slices import select
from met_kg.training.examples import read_examples
from met_kg.training.graph_values import open_graph
from met_kg.training.mix import draw
from met_kg.training.mix_settings import MixSettings

pytestmark = pytest.mark.slow


ROLE = {"human": "user", "gpt": "assistant"}


def conversations(folder: Path, cache: Path) -> Any:
    """``train.jsonl`` in the columns that TRL wants, as docs/export.md shows it."""
    from datasets import Image, load_dataset

    def ready(row: dict[str, Any]) -> dict[str, Any]:
        # TRL puts the image before the first turn by itself.
        turns = [(ROLE[t["from"]], t["value"].removeprefix("<image>\n")) for t in row["conversations"]]
        messages = [{"role": role, "content": text} for role, text in turns]
        return {"image": str(folder / row["image"]), "messages": messages}

    data = load_dataset("json", data_files=str(folder / "train.jsonl"), split="train", cache_dir=str(cache))
    data = data.filter(lambda row: row["image"] is not None)
    return data.map(ready, remove_columns=data.column_names).cast_column("image", Image())


def rows(folder: Path, cache: Path) -> Any:
    from datasets import load_dataset

    return load_dataset(str(folder), "items", split="train", cache_dir=str(cache)).select_columns(["image", "messages"])


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_standin(tmp_path_factory.mktemp("standin") / "base", texts=["Which disease does it show?"], seed=1)


@pytest.mark.parametrize("read", [conversations, rows])
def test_one_step(read: Any, exported: Path, base: Path, tmp_path: Path) -> None:
    import datasets
    from trl import SFTConfig, SFTTrainer

    datasets.disable_progress_bars()
    model, processor = load_model(str(base), dtype="float32")
    with quiet(), one_thread(base):
        trainer = SFTTrainer(
            model=model,
            processing_class=processor,
            train_dataset=read(exported, tmp_path / "cache"),
            args=SFTConfig(
                output_dir=str(tmp_path / "out"),
                max_steps=1,
                per_device_train_batch_size=2,
                learning_rate=1e-3,
                max_length=None,  # a cut would go through image tokens
                use_cpu=True,
                bf16=False,
                report_to="none",
                save_strategy="no",
                logging_steps=1,
                disable_tqdm=True,
            ),
        )
        before = {name: p.detach().clone() for name, p in model.named_parameters()}
        result = trainer.train()
    assert result.global_step == 1 and math.isfinite(result.training_loss) and result.training_loss > 0
    changed = {name.split(".")[1] for name, p in model.named_parameters() if not bool((p == before[name]).all())}
    assert {"visual", "language_model"} <= changed, "the image took part"


def test_a_slice_trains_alike_inside_its_run_and_exported(finished_run: Path, tmp_path: Path) -> None:
    slice_ = {"query": "slices/by-level", "parameters": {"level": "fine"}, "per_sample": 2}
    chosen = select(finished_run, "slices/by-level", {"level": "fine"}, per_sample=2, seed=3)
    export(finished_run, tmp_path / "slice", ExportOptions(), items=set(chosen["item_id"]))
    # A temperature asks the graph, which an export brings along.
    inside = MixSettings.model_validate({"slice": slice_, "temperature": 2})
    outside = inside.model_copy(update={"slice": None})
    told = []
    for data, settings in (
        (finished_run, inside),
        (tmp_path / "slice", outside),
        (tmp_path / "slice" / "train.jsonl", outside),
    ):
        examples, problems = read_examples(data)
        assert not problems or data == finished_run  # where one sample has no image
        with open_graph(data, needed=True) or nullcontext() as graph:
            mix = draw(examples, settings, graph, None, None, 3)
        told.append([(e.id, e.turns, e.answer, e.images[0].read_bytes()) for e in mix.examples])
    assert len(told[0]) > 20 and {e.kind for e in examples} == {"caption", "vqa"}
    assert told[0] == told[1] == told[2]
