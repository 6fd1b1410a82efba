"""Every family of vision-language models, trained, merged and asked: steps and answers a second, and memory.

Run: ``python -m benchmarks.families --out FOLDER``. Each family has a process of its own, one thread, and a random
model of the size of the quickstart's; it is trained by LoRA on drawn pictures, merged into its base and asked. Seconds
are the processor's, which other programs on the machine hardly change, without imports and loading. Memory is the most
that the process held; the row ``libraries`` says what they take alone. Nothing is fetched.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from met_kg.models.standin import FAMILIES, make_standin

PICTURES = 32
STEPS = 40
BATCH = 8
QUESTIONS = ("What is shown?", "Is a disc shown?", "Name the shape in the middle of the picture.")
NEW_TOKENS = 8
COLUMNS = ("family", "parameters", "trained", "tokens", "steps/s", "tokens/s", "answers/s", "merge s", "MiB")


def main() -> None:
    """Measure each family, print a table, write it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", nargs="+", default=["libraries", *FAMILIES], choices=["libraries", *FAMILIES])
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks/families"))
    parser.add_argument("--one", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    if chosen.one:
        print(json.dumps(measure_one(chosen.one, chosen.out / chosen.one)))
        return
    draw(chosen.out)
    rows = []
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for family in chosen.families:
        command = [sys.executable, "-m", "benchmarks.families", "--one", family, "--out", str(chosen.out)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"| {family} | {done.stderr.strip().splitlines()[-1]} |", flush=True)
            continue
        rows.append(json.loads(done.stdout.splitlines()[-1]))
        print(f"| {' | '.join(shown(rows[-1].get(name, '')) for name in COLUMNS)} |", flush=True)
    (chosen.out / "families.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def draw(out: Path) -> None:
    """Discs and squares with three questions each, as a LLaVA JSONL file."""
    out.mkdir(parents=True, exist_ok=True)
    lines = []
    for number in range(PICTURES):
        shape = ("disc", "square")[number % 2]
        picture = Image.new("L", (112, 112), 5 * number)
        pen = ImageDraw.Draw(picture)
        (pen.ellipse if shape == "disc" else pen.rectangle)((20, 20, 80, 80), fill=255)
        picture.save(out / f"{number}.png")
        answers = (f"A white {shape}.", "yes" if shape == "disc" else "no", shape)
        for place, (question, answer) in enumerate(zip(QUESTIONS, answers, strict=True)):
            turns = [{"from": "human", "value": f"<image>\n{question}"}, {"from": "gpt", "value": answer}]
            lines.append({"id": f"{number}-{place}", "image": f"{number}.png", "conversations": turns})
    (out / "data.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def measure_one(family: str, out: Path) -> dict[str, Any]:
    """Train, merge and ask one family; ``libraries`` only imports what the others do."""
    from met_kg.corpus.images import open_image
    from met_kg.log import silent
    from met_kg.models import vlm
    from met_kg.models.generation import Request, generate
    from met_kg.models.merge import merge
    from met_kg.training.config import TrainConfig
    from met_kg.training.lora import train

    if family == "libraries":
        import peft  # noqa: F401
        import trl.trainer.sft_trainer  # noqa: F401

        return {"family": family, "MiB": peak()}
    base = make_standin(out / "base", family=family, texts=QUESTIONS, seed=1)
    where = {"base": str(base), "data": str(out.parent / "data.jsonl"), "image_side": 112, "dropout": 0.0}
    settings = where | {"batch_size": BATCH, "rank": 8, "save_steps": 1000}
    short = TrainConfig.of(settings | {"out": str(out / "short"), "max_steps": 1}, "benchmark")
    config = TrainConfig.of(settings | {"out": str(out / "adapter"), "max_steps": 1 + STEPS}, "benchmark")
    train(short, log=silent)  # imports what the others then have
    _, once = timed(lambda: train(short, log=silent))
    result, seconds = timed(lambda: train(config, log=silent))
    # What both do once (loading, checking examples, writing the card) is taken away.
    steps = STEPS / (seconds - once)
    tokens = length(config)
    merged, merging = timed(lambda: merge(result.out, out / "merged"))
    model = vlm.load(merged)
    requests = [Request(f"{n}-{i}", f"{n}.png", q) for n in range(PICTURES) for i, q in enumerate(QUESTIONS)]
    how: dict[str, Any] = {"open_image": open_image, "batch_size": BATCH, "max_new_tokens": NEW_TOKENS}
    how |= {"base": out.parent, "log": silent}
    generate(model, requests[:BATCH], out / "warm.jsonl", **how)
    answers, asking = timed(lambda: generate(model, requests, out / "answers.jsonl", **how))
    return {
        "family": family,
        "parameters": result.parameters - result.trainable,
        "trained": result.trainable,
        "tokens": tokens,
        "steps/s": steps,
        "tokens/s": steps * BATCH * tokens,
        "answers/s": len(answers) / asking,
        "merge s": merging,
        "MiB": peak(),
    }


def length(config: Any) -> float:
    """Mean tokens of an example, padding aside."""
    from met_kg.models.processors import load_processor
    from met_kg.training.prepare import prepare

    lengths = prepare(config, load_processor(config.base)).lengths
    return sum(lengths) / len(lengths)


def timed(act: Any) -> tuple[Any, float]:
    """What ``act`` returns, and the processor's seconds that it took."""
    start = time.process_time()
    found = act()
    return found, time.process_time() - start


def peak() -> float:
    """The most memory that this process has held, MiB (Linux counts in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def shown(value: Any) -> str:
    """A figure as it stands in a table."""
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    main()
