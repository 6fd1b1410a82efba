"""Images as training wants them, shrunk and kept: most are met several times, once for each question about them."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Final

from PIL import Image

from met_kg.corpus.images import open_image

__all__ = ["PICTURES", "Pictures"]

#: Bytes of pixels kept in memory.
_ROOM: Final = 2**29


class Pictures:
    """Opens and shrinks image files; keeps those that were met last.

    Parameters
    ----------
    room
        bytes of pixels to keep at most.
    """

    def __init__(self, room: int = _ROOM) -> None:
        self._room, self._used = room, 0
        self._kept: OrderedDict[tuple[str, int, int], Image.Image] = OrderedDict()

    def __call__(self, path: Path, side: int) -> Image.Image:
        """The picture in RGB, its longest side at most ``side`` pixels.

        Raises
        ------
        ImageProblem, OSError
            when the file is no image, or not there.
        """
        key = (str(path), path.stat().st_mtime_ns, side)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        # Twice the side: shrunk from there, the scale of the decoder does not show.
        picture = open_image(path, side=2 * side).convert("RGB")
        picture.thumbnail((side, side), Image.Resampling.BICUBIC)
        self._kept[key] = picture
        self._used += _bytes(picture)
        while self._used > self._room:
            _, oldest = self._kept.popitem(last=False)
            self._used -= _bytes(oldest)
        return picture


def _bytes(picture: Image.Image) -> int:
    return 3 * picture.width * picture.height


#: Shared by the check of the examples and the batches made of them.
PICTURES: Final = Pictures()
