"""The words of a document with the abbreviations it defines written out, each word keeping its place in the text.

``glucose-6-phosphate dehydrogenase (G6PD) deficiency ... G6PD deficiency`` becomes ``glucose 6 phosphate dehydrogenase
deficiency ... glucose 6 phosphate dehydrogenase deficiency``, where the four words of the second one all stand at
``G6PD``. So an abbreviation takes its long form's node by the ordinary dictionary, alone or inside a longer name, and
never a meaning that the document did not give it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Final

from met_kg.literature.abbreviations import Abbreviation
from met_kg.literature.normalise import Words, words

__all__ = ["Stream", "stream"]

#: A word that no name contains: parts what stands apart.
_PART: Final = Words(["\x00"], [""], [0], [0])


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

    def take(self, source: Words, first: int, last: int) -> None:
        """Append words ``first`` up to ``last`` of a text as they are."""
        w = self.words
        w.norm += source.norm[first:last]
        w.raw += source.raw[first:last]
        w.start += source.start[first:last]
        w.end += source.end[first:last]
        self.inside += [(0, 0)] * (last - first)

    def write_out(self, long: Words, start: int, end: int) -> None:
        """Append the words of a long form, all at the place of its short form."""
        w, length = self.words, len(long)
        w.norm += long.norm
        w.raw += long.raw
        w.start += [start] * length
        w.end += [end] * length
        self.inside += [(position, length) for position in range(length)]

    def drop_last(self) -> None:
        """Take the last word back."""
        for part in (self.words.norm, self.words.raw, self.words.start, self.words.end, self.inside):
            part.pop()


def stream(text: str, abbreviations: list[Abbreviation]) -> Stream:
    """The words of a text with these abbreviations written out."""
    found = words(text)
    if not abbreviations:
        return Stream(found, [(0, 0)] * len(found))
    long_of = {tuple(words(a.short).raw): words(a.long) for a in abbreviations}
    defined_at = {a.start for a in abbreviations}
    out, aside = Stream(Words()), Stream(Words())
    done = 0
    for i, size in _short_forms(found, long_of.keys()):
        out.take(found, done, i)
        long = long_of[tuple(found.raw[i : i + size])]
        start, end = found.start[i], found.end[i + size - 1]
        done = i + size
        bracketed = i > 0 and done < len(found) and found.norm[i - 1] == "(" and found.norm[done] == ")"
        if start in defined_at and bracketed:
            # The bracket leaves the sentence, so that the name around it is whole, and is read on its own.
            out.drop_last()
            aside.write_out(_PART, start, start)
            aside.write_out(long, start, end)
            done += 1
        else:
            out.write_out(long, start, end)
    out.take(found, done, len(found))
    inside = out.inside + [
        (0, 0) if norm == _PART.norm[0] else at for norm, at in zip(aside.words.norm, aside.inside, strict=True)
    ]
    out.take(aside.words, 0, len(aside.words))
    return Stream(out.words, inside)


def _short_forms(found: Words, shorts: Collection[tuple[str, ...]]) -> Iterator[tuple[int, int]]:
    """Where short forms stand, the longest first at each place: index and number of words."""
    sizes: dict[str, list[int]] = {}
    for short in shorts:
        sizes.setdefault(short[0], []).append(len(short))
    past = 0
    for i, raw in enumerate(found.raw):
        if raw not in sizes or i < past:
            continue
        for size in sorted(sizes[raw], reverse=True):
            if tuple(found.raw[i : i + size]) in shorts:
                yield i, size
                past = i + size
                break
