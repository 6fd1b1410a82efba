"""A drawing of a mix: the share of the largest branches in the data, as wanted and as drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pandas as pd

__all__ = ["MIX_PLOT_FILE", "write_mix_plot"]

MIX_PLOT_FILE: Final = "mix.svg"
#: Facets drawn, and most bars of one.
_FACETS: Final = ("kind", "caption level", "hard distractors", "format", "level", "axis", "branch")
_MOST: Final = 15
_LETTERS: Final = 40


def write_mix_plot(table: pd.DataFrame, path: Path) -> None:
    """Bars of the natural and the drawn share, a dot where it was wanted; the same table gives the same bytes."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    shown = [table[table["facet"] == facet].nlargest(_MOST, ["share", "natural"]) for facet in _FACETS]
    shown = [rows for rows in shown if len(rows)]
    sizes = [len(rows) for rows in shown]
    with matplotlib.rc_context({"svg.hashsalt": "met-kg", "svg.fonttype": "none", "font.size": 8}):
        figure = Figure(figsize=(7, 0.9 + 0.25 * sum(sizes) + 0.3 * len(sizes)), layout="constrained")
        parts = figure.subplots(len(shown), squeeze=False, height_ratios=[size + 1 for size in sizes])[:, 0]
        for axes, rows in zip(parts, shown, strict=True):
            names = (rows["label"].where(rows["label"] != "", rows["value"])).str.slice(0, _LETTERS)
            places = range(len(rows))
            axes.barh([p - 0.2 for p in places], 100 * rows["natural"], 0.36, label="in the data", color="#b8c4d0")
            axes.barh([p + 0.2 for p in places], 100 * rows["share"], 0.36, label="drawn", color="#2f6f9f")
            axes.plot(100 * rows["wanted"], places, "k|", markersize=9, label="wanted")
            axes.set_yticks(list(places), list(names))
            axes.invert_yaxis()
            axes.set_title(str(rows["facet"].iloc[0]), fontsize=9, loc="left")
            axes.spines[["top", "right"]].set_visible(False)
        parts[0].legend(frameon=False, loc="lower right", ncols=3, bbox_to_anchor=(1, 1))
        parts[-1].set_xlabel("share, per cent")
        canvas: Any = FigureCanvasSVG(figure)
        canvas.print_svg(path, metadata={"Date": None, "Creator": "met-kg"})
