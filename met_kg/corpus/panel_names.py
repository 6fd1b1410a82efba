"""Which panel of a compound figure an image file is, by its name, and where a caption tells of which panel."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any, Final

from met_kg.literature.panels import closed_panels, panels

__all__ = ["named_panel"]

#: "figure2-c.jpg", "fig1b.png", "gr2_lrg-a1.jpg"; no letter of a word or of a hash.
_LETTER: Final = re.compile(r"(?:[-_. ]|(?:fig(?:ure)?|gr|f)[-_]?\d{1,2})([a-z])\d?$", re.IGNORECASE)


def named_panel(file: str, caption: str) -> dict[str, Any]:
    """What a sample's ``meta`` says of panels; nothing where the file has no letter or the caption not the same one.

    >>> named_panel("fig2-b.jpg", "At first the lungs were clear (a). Later they were hazy (b).")
    {'panel': 'B', 'panels': [{'label': 'A', 'start': 0, 'end': 29}, {'label': 'B', 'start': 35, 'end': 55}]}
    >>> named_panel("fig2-c.jpg", "At first the lungs were clear (a).")
    {}
    """
    match = _LETTER.search(PurePosixPath(file).stem)
    if match is None:
        return {}
    label = match[1].upper()
    for found in (panels(caption), closed_panels(caption)):
        if label in {panel.label for panel in found}:
            return {"panel": label, "panels": [{"label": p.label, "start": p.start, "end": p.end} for p in found]}
    return {}
