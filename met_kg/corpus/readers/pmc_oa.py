"""Reader ``pmc-oa``: articles of PubMed Central's Open Access subset, a sample a figure.

``path`` is a folder of article folders or ``.tar.gz`` packages, at any depth, or one package. A figure gives its
caption, and as context the sentences that cite it; all figures of an article share its group. A compound caption is
split into its panels (:mod:`met_kg.literature.panels`): where a panel has an image file of its own, it is a sample with
its own text after what the caption says of all, and its context begins with the texts of the others; if not, the
whole figure is one. Either way ``meta`` says where each panel's text stands: it is known what is said of another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from met_kg.corpus.archives import Refused
from met_kg.corpus.images import Fingerprint
from met_kg.corpus.mapping import Keys
from met_kg.corpus.packages import Package, Picture, packages, stem
from met_kg.corpus.readers import Place, ReaderOptions, Row
from met_kg.corpus.samples import rendered_path, sample_row
from met_kg.corpus.spec import CorpusSpec
from met_kg.corpus.store import IMAGE_ENDINGS, fingerprints
from met_kg.corpus.text import clean
from met_kg.errors import DataProblem, MissingData
from met_kg.literature.article import first, flat, identifiers, licence_code, licence_of, parse
from met_kg.literature.figures import Figure, figures
from met_kg.literature.panels import Panel, lead_in, panels
from met_kg.paths import expand_path
from met_kg.records import Quarantined

__all__ = ["Options", "read"]


class Options(ReaderOptions):
    """What the recipe may set; ``limit`` counts articles."""


def read(spec: CorpusSpec, options: Options, place: Place) -> Iterator[Row | Quarantined]:
    """Sample rows, one article in memory at a time; what cannot be used of an article is set aside.

    Raises
    ------
    MissingData
        when the path is not there, or holds no article.
    """
    root = expand_path(spec.path, base=place.base)
    if not root.exists():
        raise MissingData(f"the articles of corpus '{spec.name}' are not there", where=str(root))
    fingerprint, keys = fingerprints(), Keys()
    number = -1
    for number, package in enumerate(packages(root)):
        if options.limit is not None and number >= options.limit:
            break
        try:
            yield from _package(spec, package, place, fingerprint, keys)
        except OSError as problem:
            yield Quarantined(spec.name, package.name, f"the package cannot be read: {problem.strerror}")
    if number < 0:
        raise MissingData(
            f"corpus '{spec.name}' holds no article", where=str(root), hint="articles end in .nxml, .xml or .tar.gz"
        )


def _package(
    spec: CorpusSpec, package: Package, place: Place, fingerprint: Callable[[Path], Fingerprint], keys: Keys
) -> Iterator[Row | Quarantined]:
    said = False
    for found in package.article():
        if isinstance(found, Refused):
            where = f"{package.name}:{found.name}" if found.name else package.name
            yield Quarantined(spec.name, where, f"not read: {found.reason}")
            said = said or not found.name
            continue
        said = True
        try:
            article = parse(found)
        except DataProblem as problem:
            yield Quarantined(spec.name, f"{package.name} {problem.where}", problem.message)
            continue
        yield from _Article(spec, package, place, article, fingerprint, keys).rows()
    if not said:
        yield Quarantined(spec.name, package.name, "the package holds no article that can be read")


class _Article:
    """The samples of one article."""

    def __init__(
        self,
        spec: CorpusSpec,
        package: Package,
        place: Place,
        article: Any,
        fingerprint: Callable[[Path], Fingerprint],
        keys: Keys,
    ) -> None:
        self.spec, self.package, self.place, self.fingerprint = spec, package, place, fingerprint
        self.figures = list(figures(article))
        pmc = next((i for kind in ("pmcid", "pmc") for i in identifiers(article, kind)), "")
        doi = next(identifiers(article, "doi"), "")
        self.name = pmc or doi or package.name
        self.record = keys.unique(self.name)  # an article may come twice, as folder and as package
        self.title = flat(first(article, "article-title"))
        self.common = {
            "licence": licence_code(licence_of(article)),
            "origin": " ".join(filter(None, (pmc, f"https://doi.org/{doi}" if doi else ""))),
            "group_id": self.name,
            **spec.constants,
        }

    def rows(self) -> Iterator[Row | Quarantined]:
        captioned = []
        for figure in self.figures:
            where = f"{self.package.name} {figure.id}"
            if figure.caption and figure.graphics:
                captioned.append((figure, clean(figure.caption).text))
            else:
                missing = "file" if figure.caption else "caption"
                yield Quarantined(self.spec.name, where, f"the figure names no {missing}", figure.caption[:200])
        wanted = {
            name
            for figure, caption in captioned
            for name in (
                *map(stem, figure.graphics),
                *(n for p in panels(caption) for g in figure.graphics for n in _panel_names(g, p.label)),
            )
        }
        pictures: dict[str, Picture] = {}
        for picture in self.package.pictures(wanted, self.place.images_dir):
            held = pictures.get(stem(picture.name))
            # The same picture often lies there as a small .gif and a large .jpg: the earlier ending is the better one.
            if held is None or _rank(picture.name) < _rank(held.name):
                pictures[stem(picture.name)] = picture
        for figure, caption in captioned:
            yield from self._figure(figure, caption, pictures)

    def _figure(self, figure: Figure, caption: str, pictures: dict[str, Picture]) -> Iterator[Row | Quarantined]:
        found = panels(caption)
        own = _panel_pictures(figure.graphics, found, pictures)
        whole = [p for g in figure.graphics if (p := pictures.get(stem(g))) and p not in own.values()]
        if not whole and not own:
            name = figure.graphics[0]
            yield Quarantined(
                self.spec.name,
                f"{self.package.name} {figure.id}",
                f"image '{name}' of the figure is not in the package, or cannot be read",
                caption[:200],
            )
        for number, picture in enumerate(whole, start=1):
            record = f"{self.record}/{figure.id}" + (f"#{number}" if number > 1 else "")
            meta: dict[str, object] = {}
            if found and not own:
                meta["panels"] = [
                    {"label": p.label, "text": caption[p.start : p.end], "start": p.start, "end": p.end} for p in found
                ]
            yield self._row(record, figure, caption, picture, meta)
        for panel in found:
            if panel.label in own:
                text = " ".join(filter(None, (lead_in(caption, found), caption[panel.start : panel.end])))
                record = f"{self.record}/{figure.id}/{panel.label}"
                others, places = _others(caption, panel, found, len(text))
                meta = {"panel": panel.label, "panels": places}
                yield self._row(record, figure, text, own[panel.label], meta, others)

    def _row(
        self, record: str, figure: Figure, caption: str, picture: Picture, meta: dict[str, object], others: str = ""
    ) -> Row:
        values = {"caption": caption, "context": (others + clean(" ".join(figure.cited)).text).rstrip(), **self.common}
        path = picture.path
        inside = path.parent == self.place.images_dir
        image = rendered_path(path, self.place.images_dir) if inside else self._written(path)
        further = {"figure": figure.label, "file": picture.name, "title": self.title, **meta}
        return sample_row(
            self.spec, record, image=image, print_=self.fingerprint(path), values=values,
            meta={k: v for k, v in further.items() if v},
        )  # fmt: skip

    def _written(self, path: Path) -> str:
        """How tables write an image that stays where it is."""
        if self.spec.path.startswith("${"):
            root = expand_path(self.spec.path, base=self.place.base)
            folder = self.spec.path if root.is_dir() else str(Path(self.spec.path).parent)
            return f"{folder.rstrip('/')}/{path.relative_to(root if root.is_dir() else root.parent).as_posix()}"
        return path.resolve().as_posix()


def _others(caption: str, shown: Panel, found: Sequence[Panel], length: int) -> tuple[str, list[dict[str, object]]]:
    """The texts of the other panels as sentences, and where the panels' texts stand: in caption and context.

    The caption of the panel shown has this length and ends with its text.
    """
    own = {"field": "caption", "start": length - (shown.end - shown.start), "end": length}
    known: dict[tuple[int, int], dict[str, object]] = {(shown.start, shown.end): own}
    others = ""
    for panel in found:
        if (panel.start, panel.end) not in known:
            text = caption[panel.start : panel.end].rstrip(".")
            known[panel.start, panel.end] = {"field": "context", "start": len(others), "end": len(others) + len(text)}
            others += f"{text}. "
    return others, [{"label": panel.label, **known[panel.start, panel.end]} for panel in found]


def _panel_names(graphic: str, label: str) -> tuple[str, ...]:
    """What the file of one panel may be called beside that of its figure: x-g001 -> x-g001a, x-g001_a, x-g001-a."""
    base, letter = stem(graphic), label.lower()
    return base + letter, f"{base}_{letter}", f"{base}-{letter}"


def _panel_pictures(
    graphics: Sequence[str], found: Sequence[Panel], pictures: dict[str, Picture]
) -> dict[str, Picture]:
    """Panel label -> its own image file: by its name, or as many files as panels, in order; all panels or none."""
    if len(graphics) == len(found) > 1 and all(stem(g) in pictures for g in graphics):
        return {p.label: pictures[stem(g)] for p, g in zip(found, graphics, strict=True)}
    own: dict[str, Picture] = {}
    for panel in found:
        names = (n for g in graphics for n in _panel_names(g, panel.label))
        picture = next((pictures[n] for n in names if n in pictures), None)
        if picture is None:
            return {}
        own[panel.label] = picture
    return own


def _rank(name: str) -> int:
    return next(i for i, ending in enumerate(IMAGE_ENDINGS) if name.lower().endswith(ending))
