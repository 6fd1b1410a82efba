"""What a reader tolerated, and what it had to set aside: nothing is lost silently, nothing stops the rest."""

from __future__ import annotations

from dataclasses import dataclass, field

from met_kg.records import Quarantined

__all__ = ["Findings"]

#: How much of the offending text a row keeps.
_EXCERPT = 200


@dataclass(slots=True)
class Findings:
    """Rows collected while one source is read.

    ``mended`` was used after a repair; ``quarantined`` was not used. Remarks that would repeat by the thousand (a
    vocabulary the tree does not carry) are counted: one row each, with the first place and the number.
    """

    mended: list[Quarantined] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    _counts: dict[tuple[str, str], int] = field(default_factory=dict)
    _firsts: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def mend(self, file: str, where: int | str, reason: str, content: str = "") -> None:
        """Used, after a repair."""
        self.mended.append(Quarantined(file, str(where), reason, content[:_EXCERPT]))

    def reject(self, file: str, where: int | str, reason: str, content: str = "") -> None:
        """Not used."""
        self.quarantined.append(Quarantined(file, str(where), reason, content[:_EXCERPT]))

    def count(self, file: str, where: int | str, reason: str, content: str = "") -> None:
        """Not used, like others before it: becomes one row per file and reason when :meth:`close` is called."""
        key = (file, reason)
        self._counts[key] = self._counts.get(key, 0) + 1
        self._firsts.setdefault(key, (str(where), content[:_EXCERPT]))

    def close(self) -> None:
        """Turn the counts into rows, in a fixed order."""
        for (file, reason), number in sorted(self._counts.items()):
            where, content = self._firsts[file, reason]
            times = f"; {number} times, first here" if number > 1 else ""
            self.quarantined.append(Quarantined(file, where, reason + times, content))
        self._counts.clear()
        self._firsts.clear()
