"""What the report says of stage 2: how far its probabilities can be trusted, and what its thresholds rest on."""

from __future__ import annotations

from typing import Any, Final

from met_kg.report.run_data import RunData, read_json

__all__ = ["alignment_view"]

#: Curves that are drawn, with the words of the key.
_DRAWN: Final = (("margin, uncalibrated", "raw margin"), ("all", "calibrated"))
_SIDE: Final = 260.0
_LEFT: Final = 40.0
_TOP: Final = 10.0


def alignment_view(data: RunData) -> dict[str, Any] | None:
    """The reliability diagram, errors and thresholds; None where stage 2 judged nothing."""
    found = read_json(data.run / "calibration.json")
    if not found.get("pairs"):
        return None
    curves = [
        {
            "name": words,
            "points": [_point(b["probability"], b["right"]) for b in found["reliability"][name]],
            "auroc": found["auroc"][name],
            "error": found["expected_calibration_error"][name],
        }
        for name, words in _DRAWN
    ]
    return {
        **{name: found[name] for name in ("aligner", "pairs", "planted", "not_judged", "asked", "thresholds")},
        "precision": found["precision"],
        "curves": curves,
        "ticks": [(t, *_point(t, t)) for t in (0.0, 0.25, 0.5, 0.75, 1.0)],
        "side": _SIDE,
        "left": _LEFT,
        "top": _TOP,
    }


def _point(across: float, up: float) -> tuple[float, float]:
    return round(_LEFT + across * _SIDE, 1), round(_TOP + (1 - up) * _SIDE, 1)
