"""Run by the Python of Data-Juicer (``benchmarks/filtering.py`` starts it): its operators over a JSONL file.

Usage: ``python filtering_peer.py DATA.jsonl FOLDER [fused]``. Leaves ``figures.json`` in the folder: processor seconds
(imports left out) and samples kept. (Data-Juicer takes the standard output for its log.)
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
from pathlib import Path
from typing import Any


def _seconds() -> float:
    return sum(
        u.ru_utime + u.ru_stime for u in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def main(data: str, folder: str, *, fused: bool) -> dict[str, Any]:
    """Run the recipe; what is kept goes to ``kept.jsonl`` of the folder."""
    recipe = {
        "dataset_path": data,
        "export_path": str(Path(folder) / "kept.jsonl"),
        "work_dir": folder,
        "np": 1,
        "op_fusion": fused,
        "process": [
            {"image_shape_filter": {"min_width": 128, "min_height": 128}},
            {"image_aspect_ratio_filter": {"min_ratio": 1 / 3, "max_ratio": 3.0}},
            {"text_length_filter": {"min_len": 10}},
            {"image_deduplicator": {"method": "phash"}},
        ],
    }
    path = Path(folder) / "recipe.yaml"
    path.write_text(json.dumps(recipe), encoding="utf-8")
    for name in ("filter.image_shape_filter", "filter.image_aspect_ratio_filter", "filter.text_length_filter"):
        importlib.import_module(f"data_juicer.ops.{name}")
    importlib.import_module("data_juicer.ops.deduplicator.image_deduplicator").ImageDeduplicator(method="phash")
    settings = importlib.import_module("data_juicer.config").init_configs(["--config", str(path)])
    executor = importlib.import_module("data_juicer.core.executor.default_executor").DefaultExecutor(settings)
    start = _seconds()
    executor.run()
    spent = _seconds() - start
    with (Path(folder) / "kept.jsonl").open(encoding="utf-8") as lines:
        return {"seconds": spent, "kept": sum(1 for _ in lines)}


if __name__ == "__main__":
    figures = main(sys.argv[1], sys.argv[2], fused="fused" in sys.argv[3:])
    (Path(sys.argv[2]) / "figures.json").write_text(json.dumps(figures), encoding="utf-8")
