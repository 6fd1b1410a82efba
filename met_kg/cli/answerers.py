"""The model that ``met eval`` asks, as its options name it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from met_kg.errors import UsageProblem

if TYPE_CHECKING:
    from met_kg.evaluation.contamination import Training
    from met_kg.models.answers import Answerer

__all__ = ["behind_endpoint", "local", "training"]


def local(given: Mapping[str, Any]) -> Callable[[], Answerer]:
    """What loads the model, once its folders have been looked at."""
    from met_kg.models import vlm

    model, adapter = given["model"], given["adapter"]
    vlm.check(model, adapter)

    def load() -> Answerer:
        from met_kg.corpus.images import image_size, open_image
        from met_kg.models.generation import BatchedVlm, merged

        mind = vlm.load(model, adapter, dtype=given["dtype"], device=given["device"])
        return BatchedVlm(
            merged(mind) if given["merge"] else mind,
            open_image=open_image,
            image_size=image_size,
            batch_size=given["batch_size"],
            max_new_tokens=given["max_new_tokens"],
        )

    return load


def behind_endpoint(given: Mapping[str, Any]) -> Callable[[], Answerer]:
    from met_kg.corpus.images import open_image
    from met_kg.models.chat import EndpointChat
    from met_kg.models.endpoint import EndpointVlm

    here = [f"--{name}" for name in ("adapter", "merge", "device") if given[name]]
    here += ["--dtype"] if given["dtype"] != "auto" else []
    if here:
        raise UsageProblem(
            f"{' and '.join(here)}: for a model that is loaded here", hint="leave it out, or leave out --endpoint"
        )
    chat = EndpointChat(
        given["endpoint"],
        given["model"],
        key_variable=given["key_variable"],
        timeout=given["timeout"],
        retries=given["retries"],
        per_minute=given["per_minute"],
        max_tokens=given["max_new_tokens"],
    )
    url, tokens = given["endpoint"].rstrip("/"), given["max_new_tokens"]
    return lambda: EndpointVlm(
        chat, url=url, open_image=open_image, max_new_tokens=tokens, concurrency=given["concurrency"]
    )


def training(given: Mapping[str, Any]) -> Training | None:
    """The training data that are named, else the run in which the adapter or the model lies."""
    from met_kg.evaluation.contamination import read_training

    named: Path | None = given["trained_on"]
    if named is None and not given["endpoint"]:
        runs = (Path(place).resolve().parent for place in (given["adapter"], given["model"]) if place)
        named = next((run for run in runs if (run / "vqa.parquet").is_file()), None)
    return None if named is None else read_training(named)
