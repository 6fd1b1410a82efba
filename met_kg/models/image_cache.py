"""Pictures that are asked about more than once: opened once and made ready for a model once, as memory allows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Pictures", "RememberingProcessor"]

V = TypeVar("V")
_MOST_BYTES: Final = 2**29  # of opened pictures, and as much of prepared ones


class _Bounded(Generic[V]):
    """A mapping that forgets what was asked for longest ago when it holds too many bytes."""

    def __init__(self, most: int) -> None:
        self._most, self._held = most, 0
        self._values: OrderedDict[Hashable, tuple[V, int]] = OrderedDict()

    def get(self, key: Hashable) -> V | None:
        if key not in self._values:
            return None
        self._values.move_to_end(key)
        return self._values[key][0]

    def put(self, key: Hashable, value: V, size: int) -> None:
        self._values[key] = (value, size)
        self._held += size
        while self._held > self._most and len(self._values) > 1:
            self._held -= self._values.popitem(last=False)[1][1]


class Pictures:
    """Opened pictures in RGB, by path."""

    def __init__(self, open_image: Callable[[Path], Image.Image], *, most_bytes: int = _MOST_BYTES) -> None:
        self._open = open_image
        self._opened: _Bounded[Image.Image] = _Bounded(most_bytes)

    def get(self, path: Path) -> Image.Image:
        """The picture; errors are those of ``open_image``."""
        picture = self._opened.get(path)
        if picture is None:
            picture = self._open(path).convert("RGB")
            self._opened.put(path, picture, picture.width * picture.height * 3)
        return picture


class RememberingProcessor:
    """An image processor of transformers that does not process the same picture object twice.

    What it gives for a batch is what it gave for the pictures one by one, laid end to end. That is the same wherever
    the shapes beyond the first axis agree; a family that pads pictures to the largest of the batch is found out by
    shapes that do not, and its batches are processed whole from then on.
    """

    def __init__(self, inner: Any, *, most_bytes: int = _MOST_BYTES) -> None:
        self._inner = inner
        self._known: _Bounded[tuple[Any, dict[str, Any]]] = _Bounded(most_bytes)
        self.remembers = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def __call__(self, images: Sequence[Any], *args: Any, **kwargs: Any) -> Any:
        """As the inner processor; ``images`` is a list with a picture, or a list of one picture, for each text."""
        if not self.remembers or args or not isinstance(images, list | tuple):
            return self._inner(images, *args, **kwargs)
        joined = _joined([self._one(image, kwargs) for image in images])
        if joined is None:
            self.remembers = False
            return self._inner(images, **kwargs)
        from transformers import BatchFeature

        return BatchFeature(joined)

    def _one(self, image: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
        picture = image[0] if isinstance(image, list | tuple) else image
        known = self._known.get(id(picture))
        if known is None:
            # The picture is held beside what was made of it, so that no other one gets its id.
            known = picture, dict(self._inner([image], **kwargs))
            size = sum(getattr(value, "nbytes", 0) for value in known[1].values())
            self._known.put(id(picture), known, size + picture.width * picture.height * 3)
        return known[1]


def _joined(parts: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Values of several pictures laid end to end; None where that is not what a batch is."""
    import numpy as np
    import torch

    found: dict[str, Any] = {}
    for name, first in parts[0].items():
        values = [part.get(name) for part in parts]
        if all(isinstance(v, list) for v in values):
            found[name] = [x for v in values for x in v]  # type: ignore[union-attr]
            continue
        if not all(isinstance(v, torch.Tensor | np.ndarray) and v.ndim > 0 for v in values):
            return None
        if len({tuple(v.shape[1:]) for v in values}) > 1:  # type: ignore[union-attr]
            return None
        found[name] = torch.cat(values) if isinstance(first, torch.Tensor) else np.concatenate(values)  # type: ignore[arg-type]
    return found
