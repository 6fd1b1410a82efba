"""What the settings of a training do to the model, the loss and the machine."""

from __future__ import annotations

import json
import math
import resource
from pathlib import Path
from typing import Any

import pytest
import torch

from met_kg.errors import DataProblem, MetError, RecipeProblem, UsageProblem
from met_kg.log import silent
from met_kg.models.vlm import load_model
from met_kg.training import adapter
from met_kg.training.adapter import lora_config, numbers, quantization
from met_kg.training.collate import Collator, as_rows
from met_kg.training.config import TrainConfig
from met_kg.training.dry_run import memory
from met_kg.training.lora import train
from met_kg.training.prepare import prepare
from met_kg.training.trainer import make_trainer, trainer_settings


def changed(config: TrainConfig, **settings: Any) -> TrainConfig:
    return TrainConfig.of(config.model_dump() | settings, "test")


def log_of(out: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (out / "training_log.jsonl").read_text().splitlines()]


def test_ranks_and_alphas_by_pattern_are_those_of_the_modules(config: TrainConfig) -> None:
    patterns = {"rank_pattern": {r"self_attn\.[qv]_proj": 2}, "alpha_pattern": {r"layers\.1\..*\.down_proj": 3}}
    found = adapted_modules(changed(config, rank=4, alpha=8, **patterns))
    stable = adapted_modules(changed(config, rank=4, alpha=8, method="rslora", **patterns))
    assert len(found) == 14  # seven linear layers in each of two
    for name, (rank, scaling) in found.items():
        wanted = 2 if name.endswith(("q_proj", "v_proj")) else 4
        alpha = 3 if "layers.1." in name and name.endswith("down_proj") else 8
        assert (rank, scaling) == (wanted, alpha / wanted), name
        assert stable[name] == (wanted, pytest.approx(alpha / math.sqrt(wanted))), name


def adapted_modules(config: TrainConfig) -> dict[str, tuple[int, float]]:
    """Rank and scaling of each module that peft changed."""
    from peft import get_peft_model

    model, _ = load_model(config.base)
    modules = get_peft_model(model, lora_config(config, model)).named_modules()
    changed_ones = {name: module for name, module in modules if hasattr(module, "lora_A")}
    return {n: (m.lora_A["default"].out_features, m.scaling["default"]) for n, m in changed_ones.items()}


def test_what_no_module_is_called_is_refused(config: TrainConfig) -> None:
    model, _ = load_model(config.base, weights=False)
    with pytest.raises(UsageProblem, match=r"rank_pattern: 'w_proj' matches no module that is adapted"):
        lora_config(changed(config, rank_pattern={"w_proj": 2}), model)
    with pytest.raises(UsageProblem, match=r"alpha_pattern: 'attn\\.qkv' matches no module"):
        lora_config(changed(config, alpha_pattern={r"attn\.qkv": 2}), model)  # of the vision part, which stays
    with pytest.raises(UsageProblem, match="matches no linear layer"):
        lora_config(changed(config, target_regex="nothing"), model)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"rank_pattern": {"(": 2}}, "no regular expression"),
        ({"rank_pattern": {"q_proj": 0}}, "at least 1 is needed"),
        ({"method": "full", "rank_pattern": {"q_proj": 2}}, "for adapters only"),
        ({"quantization": "fp4"}, "for method 'qlora' only"),
        ({"early_stopping_patience": 2}, "needs eval_split"),
        ({"report_to": ["neptune"]}, "report_to"),
        ({"order": "shuffled"}, "order"),
    ],
)
def test_settings_that_cannot_be_are_told(config: TrainConfig, settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(RecipeProblem, match=reason):
        changed(config, **settings)


def test_four_bits_need_a_gpu_and_a_package(config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    four = changed(config, method="qlora", quantization="fp4", double_quantization=False)
    if not torch.cuda.is_available():
        with pytest.raises(UsageProblem, match="needs a CUDA GPU, and none is visible"):
            train(four, log=silent)
        assert not Path(config.out).exists()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(adapter.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageProblem, match="needs the package bitsandbytes"):
        adapter.check_quantization()


def test_four_bits_are_configured_as_set(config: TrainConfig) -> None:
    found = quantization(
        changed(config, method="qlora", precision="bf16", quantization="fp4", double_quantization=False)
    )
    assert (found.load_in_4bit, found.bnb_4bit_quant_type, found.bnb_4bit_use_double_quant) == (True, "fp4", False)
    assert found.bnb_4bit_compute_dtype == torch.bfloat16
    assert quantization(config) is None


@pytest.mark.slow
def test_a_four_bit_base_is_trained_on(config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("bitsandbytes", reason="bitsandbytes is not installed: pip install 'met-kg[dev]'")
    monkeypatch.setattr("met_kg.training.lora.check_quantization", lambda: None)  # it computes on a CPU, too, slowly
    result = train(changed(config, method="qlora", max_steps=2, precision="bf16"), log=silent)
    record = json.loads((result.out / "training.json").read_text())
    assert record["quantization"]["bnb_4bit_quant_type"] == "nf4"
    assert math.isfinite(result.last_loss) and (result.out / "adapter_model.safetensors").is_file()


def test_numbers_of_a_full_training_keep_small_updates(config: TrainConfig) -> None:
    assert numbers(changed(config, precision="fp32")) == adapter.Numbers("float32", False)
    assert numbers(changed(config, precision="bf16")) == adapter.Numbers("bfloat16", True)
    assert numbers(changed(config, precision="bf16", method="full")) == adapter.Numbers("float32", True)


@pytest.mark.slow
def test_half_precision_trains_and_saves_in_it(config: TrainConfig) -> None:
    from safetensors.torch import load_file

    result = train(changed(config, precision="bf16", method="full", max_steps=2), log=silent)
    assert math.isfinite(result.last_loss)
    assert {w.dtype for w in load_file(result.out / "model.safetensors").values()} == {torch.bfloat16}


@pytest.mark.slow
def test_passes_that_are_accumulated_are_one_batch(config: TrainConfig, tmp_path: Path) -> None:
    one = changed(config, batch_size=8, max_steps=4, dropout=0.0)
    two = changed(one.model_copy(update={"out": str(tmp_path / "two")}), batch_size=4, gradient_accumulation=2)
    logs = [log_of(train(c, log=silent).out) for c in (one, two)]
    for name in ("loss", "grad_norm", "lr"):
        assert [line[name] for line in logs[0]] == pytest.approx([line[name] for line in logs[1]], rel=1e-4), name


@pytest.mark.slow
def test_the_learning_rate_follows_its_schedule(config: TrainConfig) -> None:
    for scheduler, share in (("linear", lambda x: 1 - x), ("cosine", lambda x: 0.5 * (1 + math.cos(math.pi * x)))):
        out = train(changed(config, scheduler=scheduler, warmup=0.25, max_steps=4, lr=1.0e-3), log=silent).out
        rates = [line["lr"] for line in log_of(out)]
        assert rates == pytest.approx([0.0, *(1e-3 * share(n / 3) for n in range(3))])


@pytest.mark.slow
def test_workers_and_reports_change_nothing_and_a_missing_package_is_told(config: TrainConfig, tmp_path: Path) -> None:
    alone = train(changed(config, max_steps=2), log=silent)
    ahead = train(changed(config, max_steps=2, workers=1, out=str(tmp_path / "ahead")), log=silent)
    files = [{p.name: p.read_bytes() for p in r.out.iterdir()} for r in (alone, ahead)]
    assert files[0] == files[1]
    for name in ("tensorboard", "wandb", "mlflow"):
        if adapter.importlib.util.find_spec(name) is None:
            with pytest.raises(UsageProblem, match=f"report_to: the package {name} is not installed"):
                train(changed(config, report_to=[name]), log=silent)


@pytest.mark.slow
def test_a_log_for_tensorboard(config: TrainConfig) -> None:
    pytest.importorskip("tensorboard", reason="tensorboard is not installed: pip install 'met-kg[dev]'")
    out = train(changed(config, max_steps=2, report_to=["tensorboard"]), log=silent).out
    assert list((out / "tensorboard").glob("events.out.tfevents.*"))


@pytest.mark.parametrize("settings", [{"dropout": 0.0}, {"dropout": 0.1}, {"method": "full"}])
def test_the_dry_run_knows_what_a_pass_keeps(config: TrainConfig, tmp_path: Path, settings: dict[str, Any]) -> None:
    config = changed(config, **settings)
    model, processor = load_model(config.base)
    ready = prepare(config, processor)
    longest = max(range(len(ready.lengths)), key=ready.lengths.__getitem__)
    estimate = memory(config, model, ready.lengths[longest])
    trainer = make_trainer(
        config, trainer_settings(config, tmp_path, evaluate=False, resumed=False), model, processor, ready, silent
    )
    trained = sum(p.numel() for p in trainer.model.parameters() if p.requires_grad)
    assert estimate["gradients and optimiser"] == 12 * trained
    assert estimate["weights"] == 4 * sum(p.numel() for p in trainer.model.parameters())
    batch = dict(Collator(processor, 56)(as_rows([ready.examples[longest]] * config.batch_size)))
    there = {p.untyped_storage().data_ptr() for p in [*trainer.model.parameters(), *batch.values()]}
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in there:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    trainer.model.train()
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = trainer.compute_loss(trainer.model, batch)
    assert loss.requires_grad
    assert estimate["activations"] == pytest.approx(sum(kept.values()), rel=0.25)


def test_data_without_an_example_say_why(config: TrainConfig, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("")
    with pytest.raises(DataProblem, match="no example of split 'train' to train on"):
        train(changed(config, data=str(tmp_path / "empty.jsonl")), log=silent)
    talk = [{"from": "human", "value": "<image>\nWhat?"}, {"from": "gpt", "value": "A disc."}]
    (tmp_path / "gone.jsonl").write_text(json.dumps({"image": "gone.png", "conversations": talk}))
    with pytest.raises(DataProblem, match="1 x the image file is not there"):
        train(changed(config, data=str(tmp_path / "gone.jsonl")), log=silent)


@pytest.mark.slow
def test_a_machine_without_memory_says_which_setting_to_lower(config: TrainConfig) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    wide = changed(config, batch_size=512, image_side=2000, max_steps=1, method="full")
    train(changed(config, max_steps=1), log=silent)  # whatever is loaded but once is loaded
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 2**27, hard))
    try:
        with pytest.raises(
            MetError, match=r"memory does not hold this training \(lower batch_size \(now 512\).*gradient_che"
        ):
            train(wide, log=silent)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
