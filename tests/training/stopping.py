"""A training that is stopped in its midst."""

from __future__ import annotations

from met_kg.log import Log


class Stop(Exception):
    """Stands for a kill."""


class StopAt(Log):
    """Stops the work when it says so much, as ``step 5 of``."""

    def __init__(self, mark: str) -> None:
        super().__init__(every=0.0)
        self._mark = mark

    def info(self, text: str) -> None:
        if self._mark in text:
            raise Stop
