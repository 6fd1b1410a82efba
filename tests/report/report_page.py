"""A page as a browser would read it, and what makes one readable offline."""

from __future__ import annotations

from html.parser import HTMLParser


class Page(HTMLParser):
    """Tags with their attributes and nesting, text by section, as a browser would read them."""

    VOID = {"meta", "img", "br", "rect", "line", "path"}

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.section = ""
        self.text: dict[str, str] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "section":
            self.section = dict(attrs)["id"] or ""
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]} in section {self.section}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.text[self.section] = self.text.get(self.section, "") + " " + " ".join(data.split())

    def said(self, section: str) -> str:
        return " ".join(self.text[section].split())


def assert_stands_alone(page: str) -> None:
    """Well-formed, without script, and asks for nothing that is not in it."""
    parsed = Page(page)
    assert parsed.open == []
    assert not [t for t, _ in parsed.tags if t in ("script", "link", "iframe", "object", "form")]
    for tag, attributes in parsed.tags:
        for name in ("src", "href", "xlink:href", "srcset"):
            if name in attributes:
                assert (attributes[name] or "").startswith(("data:image/jpeg;base64,", "#")), (tag, attributes[name])
        assert not [name for name in attributes if name.startswith("on")]
    assert "url(" not in page and "@import" not in page
    targets = {a["id"] for _, a in parsed.tags if "id" in a}
    assert {a["href"] for t, a in parsed.tags if t == "a"} <= {f"#{i}" for i in targets}
