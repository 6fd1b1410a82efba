"""What torch says when memory runs out, said so that a user knows what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from met_kg.errors import MetError

__all__ = ["memory_named"]


@contextmanager
def memory_named(advice: Callable[[], MetError]) -> Iterator[None]:
    """Raise the error of ``advice`` where memory runs out, on a device or on the host."""
    import torch

    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as problem:
        raise advice() from problem
    except RuntimeError as problem:
        if "memory" not in str(problem):  # the host's allocator has no error of its own
            raise
        raise advice() from problem
