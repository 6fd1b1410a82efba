"""A web page: title, headings and running text, without scripts, styles and navigation."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final

from met_kg.literature.document import Document
from met_kg.literature.formats.lines import Line
from met_kg.records import Quarantined

__all__ = ["read"]

_LEFT_OUT: Final = frozenset(
    {"script", "style", "nav", "header", "footer", "aside", "form", "noscript", "template", "svg"}
)
_BLOCKS: Final = frozenset(
    """p h1 h2 h3 h4 h5 h6 li dt dd div section article main blockquote figcaption caption td th tr br pre""".split()  # noqa: SIM905
)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self.blocks: list[str] = [""]
        self._skipping: list[str] = []
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _LEFT_OUT:
            self._skipping.append(tag)
        self._in_title = tag == "title"
        if tag in _BLOCKS:
            self.blocks.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._skipping:
            while self._skipping.pop() != tag:
                pass
        if tag == "title":
            self._in_title = False
        if tag in _BLOCKS:
            self.blocks.append("")

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
        elif not self._skipping:
            self.blocks[-1] += data


def read(lines: Iterator[Line | Quarantined], source: str, licence: str) -> Iterator[Document | Quarantined]:
    """The page of a file. Nothing is fetched: neither images nor frames."""
    page = _Page()
    for line in lines:
        if isinstance(line, Quarantined):
            yield line
        else:
            page.feed(line.text)
    page.close()
    title = " ".join(page.title.split())
    text = "\n\n".join(block for raw in page.blocks if (block := " ".join(raw.split())))
    if text:
        yield Document(source, text, title, source, licence)
    else:
        yield Quarantined(source, "line 1", "the page holds no text", "")
