"""The words of a document with the abbreviations it defines written out, each word keeping its place in the text.

``glucose-6-phosphate dehydrogenase (G6PD) deficiency ... G6PD deficiency`` becomes ``glucose 6 phosphate dehydrogenase
deficiency ... glucose 6 phosphate dehydrogenase deficiency``, where the four words of the second one all stand at
``G6PD``. So an abbreviation takes its long form's node by the ordinary dictionary, alone or inside a longer name, and
never a meaning that the document did not give it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from met_kg.literature.abbreviations import Abbreviation
from met_kg.literature.normalise import Words, words

__all__ = ["Stream", "stream"]

#: A word that no name contains: parts what stands apart.
_PART = "\x00"


@dataclass(slots=True)
class Stream:
    """Words, and for each the written-out abbreviation it belongs to: (position in it, its length), or (0, 0)."""

    words: Words
    inside: list[tuple[int, int]] = field(default_factory=list)

    def allows(self, first: int, last: int) -> bool:
        """Whether a match of these words respects abbreviations: it ends with one, and starts in its first half."""
        position, length = self.inside[first]
        if position and position * 2 > length:
            return False
        position, length = self.inside[last]
        return not length or position == length - 1

    def add(self, norm: str, raw: str, start: int, end: int, inside: tuple[int, int] = (0, 0)) -> None:
        """Append a word."""
        w = self.words
        w.norm.append(norm)
        w.raw.append(raw)
        w.start.append(start)
        w.end.append(end)
        self.inside.append(inside)


def stream(text: str, abbreviations: list[Abbreviation]) -> Stream:
    """The words of a text with these abbreviations written out."""
    found = words(text)
    if not abbreviations:
        return Stream(found, [(0, 0)] * len(found))
    long_of = {tuple(words(a.short).raw): words(a.long) for a in abbreviations}
    defined_at = {a.start for a in abbreviations}
    longest = max(map(len, long_of))
    out, aside = Stream(Words()), Stream(Words())
    i, n = 0, len(found)
    while i < n:
        for size in range(min(longest, n - i), 0, -1):
            long = long_of.get(tuple(found.raw[i : i + size]))
            if long is None:
                continue
            start, end = found.start[i], found.end[i + size - 1]
            bracketed = i > 0 and i + size < n and found.norm[i - 1] == "(" and found.norm[i + size] == ")"
            if start in defined_at and bracketed:
                # The bracket leaves the sentence, so that the name around it is whole, and is read on its own.
                for part in (out.words.norm, out.words.raw, out.words.start, out.words.end, out.inside):
                    part.pop()
                aside.add(_PART, "", start, start)
                _write_out(aside, long, start, end)
                i += 1
            else:
                _write_out(out, long, start, end)
            i += size
            break
        else:
            out.add(found.norm[i], found.raw[i], found.start[i], found.end[i])
            i += 1
    for (norm, raw, start, end), inside in zip(aside.words, aside.inside, strict=True):
        out.add(norm, raw, start, end, inside)
    return out


def _write_out(target: Stream, long: Words, start: int, end: int) -> None:
    for position, (norm, raw) in enumerate(zip(long.norm, long.raw, strict=True)):
        target.add(norm, raw, start, end, (position, len(long)))
