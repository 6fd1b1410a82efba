"""The figures of a JATS article: label, caption, files, and the sentences of the text that cite each."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from met_kg.literature.article import LEFT_OUT, elements, flat, name_of
from met_kg.literature.sentences import sentences

__all__ = ["Figure", "figures"]

#: In captions and citing sentences links to figures are words of the sentence ("as in Fig. 2").
_OMITTED: Final = LEFT_OUT - {"xref"}
#: A link to a figure is marked by a character of the private use area while sentences are cut.
_MARK: Final = "\ue000"
_ENDED: Final = re.compile(r"[.?!:;]['\")\]]?$")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: ``graphics`` are names of image files, mostly without ending; ``cited`` are whole sentences."""

    id: str
    label: str
    caption: str
    graphics: tuple[str, ...]
    cited: tuple[str, ...]


def figures(article: Any) -> Iterator[Figure]:
    """The figures in order of the file. The caption of a group of figures stands before that of each in it."""
    cited = _citing(article)
    groups = {id(fig): _caption(group) for group in elements(article, "fig-group") for fig in elements(group, "fig")}
    for number, fig in enumerate(elements(article, "fig"), start=1):
        name = fig.get("id") or f"fig-{number}"
        label = flat(next((e for e in fig if name_of(e) == "label"), None))
        caption = _joined([groups.get(id(fig), ""), _caption(fig)])
        graphics = [v for g in elements(fig, "graphic") for k, v in g.attrib.items() if k.endswith("href")]
        yield Figure(name, label, caption, tuple(dict.fromkeys(graphics)), tuple(cited.get(name, ())))


def _caption(element: Any) -> str:
    """Title and paragraphs of the element's own caption, each a sentence of its own."""
    caption = next((e for e in element if name_of(e) == "caption"), None)
    parts = [flat(e, _OMITTED) for e in caption if name_of(e) in ("title", "p")] if caption is not None else []
    return _joined(parts) or flat(caption, _OMITTED)


def _joined(parts: list[str]) -> str:
    """Texts one after the other, each that is followed by another ended as a sentence."""
    said = [p for p in parts if p]
    return " ".join([*(p if _ENDED.search(p) else f"{p}." for p in said[:-1]), *said[-1:]])


def _citing(article: Any) -> dict[str, list[str]]:
    """Figure id -> the sentences of the body that link to it, in order, each once."""
    found: dict[str, list[str]] = defaultdict(list)
    for body in elements(article, "body"):
        for paragraph in elements(body, "p"):
            links: list[list[str]] = []
            marked = " ".join(_marked(paragraph, links).split())
            text, places = marked.replace(_MARK, ""), _places(marked)
            for start, end in sentences(text) if links else ():
                named = {
                    name for place, names in zip(places, links, strict=True) if start <= place < end for name in names
                }
                for name in sorted(named):
                    if text[start:end] not in found[name]:
                        found[name].append(text[start:end])
    return found


def _places(text: str) -> list[int]:
    """Where the marks stand, counted without the marks before them."""
    return [match.start() - before for before, match in enumerate(re.finditer(_MARK, text))]


def _marked(element: Any, links: list[list[str]]) -> str:
    """The text of a paragraph without figures and references in it; links to figures are marked and listed."""
    parts = [(element.text or "").replace(_MARK, "")]
    for child in element:
        name = name_of(child)
        if name == "xref" and child.get("ref-type") == "fig":
            links.append((child.get("rid") or "").split())
            parts.append(_MARK + _marked(child, links))
        elif name and name not in LEFT_OUT and name not in ("fig", "fig-group", "p"):
            parts.append(_marked(child, links))
        parts.append((child.tail or "").replace(_MARK, ""))
    return "".join(parts)
