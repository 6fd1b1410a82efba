"""What the report says of where everything came from: inputs and outputs with hashes, versions, counts."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any, Final

from met_kg.report.run_data import RunData

__all__ = ["STEP_ORDER", "flat_counts", "provenance_view", "shown_path"]

#: Steps in the order in which a run does them (docs/run-directory.md); the manifest is sorted by name.
STEP_ORDER: Final = (
    "tree",
    "literature",
    "corpus",
    "retrieve",
    "filter",
    "synthesize",
    "quality",
    "export",
    "base",
    "train",
    "eval",
)


def provenance_view(data: RunData) -> dict[str, Any] | None:
    """Seed, versions, and each step's inputs, outputs and counts; None when there is no manifest yet.

    The report's own step is left out: it cannot state its own hash. So is every time of day.
    """
    if not data.manifest:
        return None
    steps = []
    done: dict[str, Any] = data.manifest.get("steps", {})
    for name in sorted(done, key=lambda n: (STEP_ORDER.index(n) if n in STEP_ORDER else len(STEP_ORDER), n)):
        if name == "report":
            continue
        step = done[name]
        steps.append(
            {
                "name": name,
                "inputs": [(shown_path(path), digest) for path, digest in sorted(step.get("inputs", {}).items())],
                "outputs": [(path, digest) for path, digest in sorted(step.get("outputs", {}).items()) if digest],
                "counts": flat_counts(step.get("counts", {})),
            }
        )
    recipe = data.run / "recipe.yaml"
    return {
        "seed": data.manifest.get("seed"),
        "recipe_sha256": data.manifest.get("recipe_sha256", ""),
        "versions": sorted(data.manifest.get("versions", {}).items()),
        "steps": steps,
        "recipe": recipe.read_text(encoding="utf-8") if recipe.is_file() else "",
    }


def flat_counts(counts: dict[str, Any]) -> list[tuple[str, str]]:
    """Counts with their parts on one line each.

    >>> flat_counts({"samples": 1200, "by split": {"train": 3, "test": 1}, "loss": 0.25})
    [('samples', '1,200'), ('by split', 'train 3, test 1'), ('loss', '0.25')]
    """
    return [
        (key, ", ".join(f"{k} {_plain(v)}" for k, v in value.items()) if isinstance(value, dict) else _plain(value))
        for key, value in counts.items()
    ]


def _plain(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def shown_path(path: str) -> str:
    """An input's path as it may be printed: never an absolute path of this machine."""
    pure = PurePosixPath(path)
    return "…/" + "/".join(pure.parts[-2:]) if pure.is_absolute() else path
