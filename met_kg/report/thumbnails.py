"""Small pictures that stand inside the page, so that it can be read offline and passed on as one file."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from met_kg.corpus.images import open_image
from met_kg.errors import MetError
from met_kg.paths import expand_path

__all__ = ["BUDGET", "Thumbnail", "Thumbnails"]

#: Bytes that all pictures of one report may take, in base64.
BUDGET: Final = 2_200_000
_QUALITY: Final = 80


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A picture as a data address, or the reason why there is none."""

    uri: str = ""
    width: int = 0
    height: int = 0
    problem: str = ""


class Thumbnails:
    """Makes thumbnails of a run's images; each image once, until the budget is spent."""

    def __init__(self, run: Path, *, budget: int = BUDGET) -> None:
        self._run, self._left = run, budget
        self._made: dict[tuple[str, int], Thumbnail] = {}

    @property
    def inlined(self) -> int:
        """Pictures made so far."""
        return sum(bool(t.uri) for t in self._made.values())

    def of(self, image: str, side: int = 240) -> Thumbnail:
        """The image (a path as table ``samples`` writes it) with no side longer than ``side`` pixels."""
        key = (image, side)
        if key not in self._made:
            self._made[key] = self._make(image, side)
        return self._made[key]

    def _make(self, image: str, side: int) -> Thumbnail:
        if not image:
            return Thumbnail(problem="text only")
        try:
            picture = open_image(expand_path(image, base=self._run))
        except FileNotFoundError:
            return Thumbnail(problem="the image is not there any more")
        except MetError as problem:
            return Thumbnail(problem=problem.message)
        except OSError as problem:
            return Thumbnail(problem=problem.strerror or "the image cannot be read")
        picture.thumbnail((side, side))
        buffer = io.BytesIO()
        picture.save(buffer, format="JPEG", quality=_QUALITY, optimize=True)
        text = base64.b64encode(buffer.getvalue()).decode("ascii")
        if len(text) > self._left:
            return Thumbnail(problem="left out to keep this file small")
        self._left -= len(text)
        return Thumbnail("data:image/jpeg;base64," + text, picture.width, picture.height)
