"""Answers a second of ``met eval`` beside asking one by one, on the same model and questions in one run.

Run: ``python -m benchmarks.evaluation``. The questions are VQA-RAD's test set with its images. Two tiny models: one
that was trained for a while on the training questions, and answers in a word or two; and a random one, which talks
until it is stopped. The peer is the plain loop: open the image, one question through the processor, ``generate``,
decode.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from met_kg.corpus.images import image_size, open_image
from met_kg.errors import MissingData
from met_kg.evaluation.benchmark import find
from met_kg.evaluation.prompts import build_prompt
from met_kg.evaluation.records import IMAGE, load_records
from met_kg.log import silent
from met_kg.models import vlm
from met_kg.models.answers import Answer, Request, collect
from met_kg.models.generation import BatchedVlm
from met_kg.models.standin import make_standin, one_thread
from met_kg.paths import data_root

ONE_BY_ONE = "one by one"


def questions(folder: Path) -> list[Request]:
    """VQA-RAD's test questions as the harness asks them."""
    bench = find("vqa-rad")
    records = load_records(bench, folder, images=folder).records
    return [Request(str(n), r[IMAGE], build_prompt(bench, r)) for n, r in enumerate(records)]


def make_models(rad: Path, out: Path, steps: int) -> dict[str, Path]:
    """A random stand-in with the words of the training questions, and the same trained on them for some steps."""
    from met_kg.training.config import TrainConfig
    from met_kg.training.lora import train

    bench = find("vqa-rad")
    rows = json.loads((rad / "train.json").read_text(encoding="utf-8"))
    asked = [(build_prompt(bench, row), str(row["answer"])) for row in rows]
    with (out / "train.jsonl").open("w", encoding="utf-8") as lines:
        for row, (prompt, answer) in zip(rows, asked, strict=True):
            said = [{"from": "human", "value": f"<image>\n{prompt}"}, {"from": "gpt", "value": answer}]
            record = {"id": str(row["qid"]), "image": str(rad / "images" / row["image_name"]), "conversations": said}
            lines.write(json.dumps(record) + "\n")
    random = make_standin(out / "random", texts=(text for pair in asked for text in pair), seed=1)
    settings = {"method": "full", "lr": 2e-3, "max_steps": steps, "batch_size": 8, "image_side": 112}
    where = {"base": str(random), "data": str(out / "train.jsonl"), "out": str(out / "trained")}
    train(TrainConfig.of({**settings, **where}, "benchmark"), log=silent)
    return {"trained": out / "trained", "random": random}


def one_by_one(model: vlm.Vlm, asked: Sequence[Request], tokens: int) -> dict[str, str]:
    """The plain loop."""
    import torch

    processor, said = model.processor, {}
    with vlm.quiet(), one_thread(model.name), torch.inference_mode():
        for request in asked:
            content = [{"type": "image"}, {"type": "text", "text": request.prompt}]
            text = processor.apply_chat_template(
                [{"role": "user", "content": content}], tokenize=False, add_generation_prompt=True
            )
            picture = open_image(Path(str(request.image))).convert("RGB")
            given = processor(images=[picture], text=[text], add_special_tokens=False, return_tensors="pt")
            made = model.model.generate(**given, max_new_tokens=tokens, do_sample=False)
            new = made[0, given["input_ids"].shape[1] :]
            said[request.id] = str(processor.decode(new, skip_special_tokens=True)).strip()
    return said


def batched(model: vlm.Vlm, asked: Sequence[Request], tokens: int, size: int, work: Path) -> dict[str, str]:
    """What ``met eval`` does, its file of answers included."""
    answerer = BatchedVlm(model, open_image=open_image, image_size=image_size, batch_size=size, max_new_tokens=tokens)
    part = work / f"{size}.part"
    part.unlink(missing_ok=True)
    found = collect(answerer, asked, part, log=silent)
    return {number: answer.text for number, answer in found.items() if isinstance(answer, Answer)}


def timed(act: Callable[[], dict[str, str]]) -> tuple[dict[str, str], float, float]:
    """The answers, wall seconds, and processor seconds of all threads."""
    wall, cpu = time.perf_counter(), time.process_time()
    said = act()
    return said, time.perf_counter() - wall, time.process_time() - cpu


def run(out: Path, sizes: Sequence[int], limit: int | None, steps: int, tokens: int) -> list[dict[str, Any]]:
    """Measure, print and write ``evaluation.json``."""
    data = data_root()
    if data is None:
        raise MissingData("the data packs are not there", hint="set MET_DATA or lay them in ../shared/data")
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        asked = questions(data / "vqa/vqa-rad")[:limit]
        for name, path in make_models(data / "vqa/vqa-rad", work, steps).items():
            model = vlm.load(path)
            batched(model, asked[:8], 2, 4, work)  # what is loaded and compiled once is no part of it
            alone, wall, cpu = timed(lambda m=model: one_by_one(m, asked, tokens))  # type: ignore[misc]
            first = {"wall": wall, "cpu": cpu}
            contenders = {ONE_BY_ONE: (alone, wall, cpu)}
            for size in sizes:
                contenders[f"batches of {size}"] = timed(lambda m=model, s=size: batched(m, asked, tokens, s, work))  # type: ignore[misc]
            for contender, (said, wall, cpu) in contenders.items():
                rows.append(
                    {
                        "model": name,
                        "contender": contender,
                        "questions": len(asked),
                        "wall": wall,
                        "cpu": cpu,
                        "times quicker, wall": first["wall"] / wall,
                        "times quicker, cpu": first["cpu"] / cpu,
                        "differ": sum(said[r.id] != alone[r.id] for r in asked),
                        "different answers": len(set(alone.values())),
                        "characters": sum(map(len, alone.values())) / len(alone),
                    }
                )
    _show(rows)
    out.mkdir(parents=True, exist_ok=True)
    (out / "evaluation.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return rows


def _show(rows: Sequence[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title="questions of VQA-RAD's test set, answered")
    for column in ("model", "contender", "a second, wall", "cpu", "times quicker, wall", "cpu", "answers that differ"):
        table.add_column(column, justify="left" if column in ("model", "contender") else "right")
    for row in rows:
        figures = (row["questions"] / row["wall"], row["questions"] / row["cpu"])
        times = (row["times quicker, wall"], row["times quicker, cpu"])
        cells = (*(f"{f:.1f}" for f in figures), *(f"{t:.2f}" for t in times), str(row["differ"]))
        table.add_row(row["model"], row["contender"], *cells)
    Console(width=120).print(table)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks"), help="folder for the figures as JSON")
    parser.add_argument("--sizes", type=int, nargs="+", default=[8, 16, 32, 64], help="questions in a batch")
    parser.add_argument("--limit", type=int, help="only the first N questions")
    parser.add_argument("--steps", type=int, default=400, help="of training the model that answers briefly")
    parser.add_argument("--tokens", type=int, default=64, help="longest answer")
    given = parser.parse_args()
    run(given.out, given.sizes, given.limit, given.steps, given.tokens)
