"""What long work says while it works: a progress bar on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sized
from typing import TextIO, TypeVar

__all__ = ["Log", "silent"]

T = TypeVar("T")


class Log:
    """Messages and progress to one stream (standard error, so that results can be piped).

    A progress bar is drawn on a terminal; elsewhere a line is printed every ``every`` seconds.
    """

    def __init__(self, stream: TextIO | None = None, *, every: float = 10.0) -> None:
        self.stream = stream if stream is not None else sys.stderr
        self.every = every

    def info(self, text: str) -> None:
        """One line."""
        print(text, file=self.stream, flush=True)

    def track(self, things: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
        """Iterate while showing how far the work is."""
        if total is None and isinstance(things, Sized):
            total = len(things)
        if self.stream.isatty():
            from rich.console import Console
            from rich.progress import track

            yield from track(things, label, total=total, console=Console(file=self.stream), transient=True)
            return
        last = time.monotonic()
        for count, thing in enumerate(things, start=1):
            yield thing
            if time.monotonic() - last >= self.every:
                last = time.monotonic()
                self.info(f"  {label}: {count}" + (f" of {total}" if total else ""))


class _Silent(Log):
    def info(self, text: str) -> None:
        """Say nothing."""

    def track(self, things: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
        """Iterate without a word."""
        yield from things


#: A log for library use and tests.
silent: Log = _Silent()
