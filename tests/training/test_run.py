from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_run import make_run

from met_kg.corpus.images import open_image
from met_kg.errors import RecipeProblem, UsageProblem
from met_kg.evaluation.run import evaluate_run
from met_kg.graph.store import Graph
from met_kg.log import silent
from met_kg.models import vlm
from met_kg.models.generation import Request, generate
from met_kg.models.standin import make_standin
from met_kg.pipeline.recipe import Recipe
from met_kg.training.run import adapter_config, prepare_base, train_adapter
from tests.chat_server import ChatServer, Say

pytestmark = pytest.mark.slow


@dataclass
class Section:
    base: str = "stand-in"
    family: str = "qwen2.5-vl"
    pretrain_steps: int = 3
    settings: dict[str, Any] = field(default_factory=lambda: {"max_steps": 2, "rank": 2})


@pytest.mark.parametrize("family", ["qwen2.5-vl", "paligemma"])
def test_a_run_trains_its_stand_in_and_an_adapter_that_load_merge_and_answer(family: str, tmp_path: Path) -> None:
    run, section = make_run(tmp_path / "run"), Section(family=family)
    work = tmp_path / "work"
    counts = prepare_base(run, work / "base", section, 7, work=work, log=silent)
    assert counts["steps"] == 3 and counts["parameters"] > 10_000
    shutil.move(work / "base", run / "base")
    counts = train_adapter(run, work / "adapter", section, 7, work=work, log=silent)
    assert counts["trainable parameters"] > 0 and counts["steps"] == 2
    shutil.move(work / "adapter", run / "adapter")
    # The adapter finds its base beside itself; loaded by name it is the same model.
    alone, both = vlm.load(run / "adapter"), vlm.load(run / "base", run / "adapter")
    assert both.stand_in and alone.fingerprint == both.fingerprint != vlm.load(run / "base").fingerprint
    requests = [Request(f"q{n}", f"images/s{n}.png", "What is shown?") for n in range(3)]
    said = [
        generate(
            m,
            requests,
            tmp_path / f"{name}.jsonl",
            open_image=open_image,
            batch_size=2,
            max_new_tokens=4,
            base=run,
            log=silent,
        )
        for name, m in (("alone", alone), ("both", both))
    ]
    assert said[0] == said[1] and list(said[0]) == ["q0", "q1", "q2"]
    ids = torch.tensor([both.processor.tokenizer("What is shown?")["input_ids"]])
    with torch.inference_mode():
        before = both.model(input_ids=ids).logits
        merged = both.model.merge_and_unload()
        assert torch.allclose(merged(input_ids=ids).logits, before, atol=1e-4)
    other = make_standin(tmp_path / "other", family=family, texts=["other words"], seed=2)
    with pytest.raises(UsageProblem, match="another base"):
        vlm.load(other, run / "adapter")


def test_a_recipe_cannot_set_what_the_run_decides(run_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeProblem, match="the run decides it"):
        adapter_config(run_dir, tmp_path, Section(settings={"seed": 3}), 7)
    with pytest.raises(RecipeProblem, match="did you mean 'rank'"):
        adapter_config(run_dir, tmp_path, Section(settings={"rnak": 3}), 7)


def test_a_run_is_judged_by_the_judge_of_its_recipe(tmp_path: Path) -> None:
    run, work = make_run(tmp_path / "run"), tmp_path / "work"
    section = Section(pretrain_steps=30)  # a random model says nothing, and that no judge is asked about
    prepare_base(run, work / "base", section, 7, work=work, log=silent)
    shutil.move(work / "base", run / "base")
    train_adapter(run, work / "adapter", section, 7, work=work, log=silent)
    shutil.move(work / "adapter", run / "adapter")
    Graph.open(run / "store", read_only=False).close()
    server = ChatServer()
    try:
        server.says = [Say("<judge>0</judge>")]
        judge = {"endpoint": server.url, "model": "judge-2026-01-01", "parallel": 1}
        recipe = Recipe.of({"name": "judged", "eval": {"judge": judge, "ablate": [], "max_new_tokens": 4}})
        counts = evaluate_run(run, tmp_path / "eval", recipe, log=silent)["own-items"]
        metrics = json.loads((tmp_path / "eval" / "own-items" / "metrics.json").read_text())
        asked = metrics["judged"]["asked"]
        assert asked == metrics["open"]["right"] == len(server.asked) > 0
        assert counts["without the judge"] == metrics["judged"]["without the judge"]["total metrics"]["acc"]
        # The replies are kept with the run: a second evaluation asks nobody.
        evaluate_run(run, tmp_path / "again", recipe, log=silent)
        assert len(server.asked) == asked and (run / "cache" / "chat").is_dir()
    finally:
        server.close()
