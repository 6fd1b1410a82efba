"""What a caption of a sample may say: its anchors, chosen, put in order, each with what states it.

Words that only hint at a node ('line' for a catheter) stay anchors and are not said (:mod:`.sure`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from met_kg.synthesis.captions.facts import Said, Span, said
from met_kg.synthesis.captions.patient import Patient, patient_of
from met_kg.synthesis.captions.sure import is_sure
from met_kg.synthesis.index import TreeIndex, spaced
from met_kg.synthesis.media import named_picture
from met_kg.synthesis.names import Names
from met_kg.synthesis.sample import SURE, Anchor, Sample

__all__ = ["Content", "Medium", "Selector"]

#: Axes in the order in which one and the same word is said: 'diarrhea' is a complaint before it is a disease.
_READING: Final = ("modality", "anatomy", "finding", "disease")
_LABELLED_VIEW: Final = re.compile(r" (?:projection|plane|position|view)$")
_VIEW_WORDS: Final = re.compile(r"\b(?:view|section|projection|plane|image|radiograph|slice|x-ray|cut)s?\b")
_NEAR: Final = 24
#: A picture of which the metadata speak and no anchor tells how it was made.
_UNKNOWN: Final = "medical image"


@dataclass(frozen=True, slots=True)
class Medium:
    """How the source calls the picture itself."""

    called: str
    before: str
    span: Span | None


@dataclass(slots=True)
class Content:
    """What can be said of one sample; every list in the order of the source."""

    picture: Said | None = None
    medium: Medium | None = None
    view: Said | None = None
    part: Said | None = None
    patient: Patient | None = None
    findings: list[Said] = field(default_factory=list)
    devices: list[Said] = field(default_factory=list)
    diagnoses: list[Said] = field(default_factory=list)
    organs: list[Said] = field(default_factory=list)
    complaints: list[Said] = field(default_factory=list)
    named: list[Said] = field(default_factory=list)
    possible: list[Said] = field(default_factory=list)
    past: list[Said] = field(default_factory=list)
    absent: list[Said] = field(default_factory=list)
    not_had: list[Said] = field(default_factory=list)
    not_reported: list[Said] = field(default_factory=list)


class Selector:
    """Chooses what is said of samples over one tree."""

    def __init__(self, tree: TreeIndex, names: Names) -> None:
        self._tree, self._names = tree, names

    def content(self, sample: Sample) -> Content:
        """What can be said of a sample."""
        sure = [a for a in sample.anchors if is_sure(sample, a, self._tree, self._names)]
        found = [(a, said(sample, a, self._tree)) for a in sure]
        found = self._one_reading(found)
        of = {axis: [s for a, s in found if a.axis == axis and a.polarity == "positive"] for axis in _READING}
        content = Content(patient=patient_of(sample))
        content.medium = self._medium_of(sample)
        content.picture = self._picture(sample, of["modality"], content.medium)
        content.view = self._view(sample, of["modality"], content.picture)
        self._organs(content, sample, of["anatomy"])
        # What was found by another examination, or lies elsewhere in the body, is not told as shown.
        unseen = {a.node for a in sure if not a.seen and a.score >= SURE}
        shown = [s for s in of["finding"] if s.node not in unseen or s.node in self._tree.role("complaint")]
        self._conditions(content, shown, of["disease"], unseen)
        self._unseen(content, sample, found)
        return content

    def _one_reading(self, found: list[tuple[Anchor, Said]]) -> list[tuple[Anchor, Said]]:
        """One node for each word and name, in the order of the source; nothing that is only part of another name."""
        spans = [s.span for _, s in found if s.span is not None]
        kept: list[tuple[Anchor, Said]] = []
        words: set[tuple[object, ...]] = set()
        for anchor, one in sorted(found, key=lambda f: (f[1].place, self._rank(f[0]), f[0].node)):
            keys: list[tuple[object, ...]] = [
                (anchor.polarity, anchor.axis == "anatomy", self._names[one.node].lower())
            ]
            if one.span is not None:
                keys.append((one.span.column, one.span.start, one.span.end))
                if anchor.axis == "anatomy" and any(_holds(s, one.span) for s in spans) and not one.from_metadata:
                    continue
            if not words.intersection(keys):
                kept.append((anchor, one))
            words.update(keys)
        return kept

    def _rank(self, anchor: Anchor) -> int:
        seen = any(anchor.node in self._tree.role(r) for r in ("device", "imaging-finding", "visible-finding"))
        return -1 if seen else _READING.index(anchor.axis)

    def _medium_of(self, sample: Sample) -> Medium | None:
        if sample.columns["modality"]:
            value = sample.columns["modality"]
            return Medium(_UNKNOWN, "about", Span("modality", value, 0, len(value)))
        for column, text in (("caption", sample.caption), ("context", sample.context)):
            found = named_picture(text)
            if found is not None:
                called, before, match = found
                return Medium(called, before, Span(column, match.group(), match.start(), match.end()))
        return None

    def _is_called(self, node: str, name: str) -> bool:
        """Whether a node, or something that it is a kind of, bears a name."""
        return any(name in self._tree.terms(step) for step in self._tree.path(node))

    def _picture(self, sample: Sample, modalities: Sequence[Said], medium: Medium | None) -> Said | None:
        """The examination that made the picture: as metadata say, made finer by the text; else the one in the text."""
        ways = [m for m in modalities if m.node not in self._tree.role("no-examination")]
        if any(m.from_metadata and m.node in self._tree.role("projection") for m in modalities):
            ways = [m for m in ways if m.node in self._tree.role("radiography")]
        stated = [m for m in ways if m.from_metadata]
        if not stated and sample.columns["modality"]:
            stated = [m for m in ways if self._is_called(m.node, spaced(sample.columns["modality"]))]
        if stated:
            finer = [m for m in ways if stated[0].node in self._tree.path(m.node)]
            return max(finer, key=lambda m: (self._tree.nodes[m.node].depth, m.node))
        drawn = medium is not None and medium.called not in ("photograph", "micrograph", "figure", _UNKNOWN)
        for column in ("caption", "context"):
            here = [m for m in ways if m.column == column]
            if drawn and not any(m.node in self._tree.role("looked-at") for m in here):
                continue
            here = self._finest(here)
            if len(here) == 1:
                return here[0]
            if here:
                return None
        return None

    def _view(self, sample: Sample, modalities: Sequence[Said], picture: Said | None) -> Said | None:
        if picture is not None and picture.node in self._tree.role("looked-at"):
            return None
        views = [m for m in modalities if m.node in self._tree.role("view") and self._tree.nodes[m.node].depth >= 3]
        views = [v for v in views if _LABELLED_VIEW.search(self._tree.nodes[v.node].label)]
        stated = [v for v in views if v.from_metadata]
        if not stated:
            stated = [v for v in views if v.span is not None and self._names_a_view(sample, v.span)]
            if picture is None and len({v.node for v in views}) != 1:
                return None
        finest = self._finest(stated)
        return finest[0] if len(finest) == 1 else None

    def _names_a_view(self, sample: Sample, span: Span) -> bool:
        text = sample.caption if span.column == "caption" else sample.context
        return bool(_VIEW_WORDS.search(text[span.start : span.end + _NEAR].lower()))

    def _organs(self, content: Content, sample: Sample, structures: Sequence[Said]) -> None:
        stated = [s for s in structures if s.from_metadata]
        content.part = stated[0] if stated else None
        organs = [s for s in structures if s.column and self._tree.nodes[s.node].depth >= 2]
        if content.part is not None:
            inside = self._tree.lineage(content.part.node)
            organs = [s for s in organs if s.node in inside and s.node != content.part.node]
            organs = [s for s in organs if self._tree.nodes[s.node].depth > self._tree.nodes[content.part.node].depth]
        elif content.picture is not None and content.picture.node not in self._tree.role("looked-at"):
            organs = [s for s in organs if not sample.caption or s.column == "caption"]
        organs = self._finest(organs)
        called = [self._names[s.node] for s in organs]
        # 'muscle' beside 'skeletal muscle' says nothing more.
        content.organs = [
            s for s, n in zip(organs, called, strict=True) if not any(o.endswith(f" {n}") for o in called)
        ]

    def _conditions(
        self, content: Content, findings: Sequence[Said], diseases: Sequence[Said], unseen: Collection[str]
    ) -> None:
        deep = [s for s in findings if self._tree.nodes[s.node].depth >= 2]
        seen = [s for s in deep if s.node.startswith("MET:") and s.node not in self._tree.role("descriptor")]
        devices = [s for s in seen if s.node in self._tree.role("device")]
        seen = self._finest([s for s in seen if s.node not in self._tree.role("device")])
        complaints = self._finest([s for s in deep if s.node in self._tree.role("complaint")])
        ill = self._finest([s for s in diseases if self._tree.nodes[s.node].depth >= 2 or s.from_metadata])
        stated = [s for s in ill if s.from_metadata]
        first = {s.node for s in stated} or {s.node for s in ill if s.column == "caption" and s.node not in unseen}
        content.complaints = complaints
        if content.picture is None:
            seen = [s for s in seen if s.node in self._tree.role("drawn-finding")]
            content.complaints = []
            named = sorted([*seen, *ill, *complaints], key=lambda s: s.place)
            # In a drawing, letters mostly stand for parts of it.
            content.named = [s for s in named if s.span is None or not s.span.text.isupper()]
            return
        if content.picture.node in self._tree.role("looked-at"):
            seen = [s for s in seen if s.node in self._tree.role("visible-finding")]
            devices = []
        content.findings, content.devices = seen, self._finest(devices)
        content.diagnoses = [s for s in ill if s.node in first]
        content.named = [s for s in ill if s.node not in first]

    def _unseen(self, content: Content, sample: Sample, found: Sequence[tuple[Anchor, Said]]) -> None:
        """What the source denies, guesses, or tells of the past."""
        shown = {step for a, _ in found if a.polarity == "positive" for step in self._tree.path(a.node)}
        for anchor, one in found:
            node = anchor.node
            general = self._tree.nodes[node].depth < 2
            plain = node in self._tree.role("complaint")
            if (
                anchor.axis not in ("finding", "disease")
                or general
                or (node in self._tree.role("descriptor") and not plain)
            ):
                continue
            if anchor.polarity == "negative" and node not in sample.barred:
                seen = anchor.axis == "finding"
                (content.not_reported if plain else content.absent if seen else content.not_had).append(one)
            elif anchor.polarity == "uncertain" and node not in shown and not self._is_stated(node, sample):
                if anchor.assertion == "uncertain":
                    content.possible.append(one)
                elif anchor.assertion == "historical":
                    content.past.append(one)
        content.possible, content.past = self._finest(content.possible), self._finest(content.past)

    def _is_stated(self, node: str, sample: Sample) -> bool:
        """Whether the metadata name a node as found."""
        stated = spaced(sample.columns["finding"])
        return any(term in stated for term in self._tree.terms(node))

    def _finest(self, found: Iterable[Said]) -> list[Said]:
        """Without what another of them is a kind of, in the order of the source."""
        found = list(found)
        above = {step for s in found for step in self._tree.path(s.node)[1:]}
        return sorted((s for s in found if s.node not in above), key=lambda s: (s.place, s.node))


def _holds(outer: Span, inner: Span) -> bool:
    """Whether a span is a true part of another."""
    return (
        outer.column == inner.column
        and outer.start <= inner.start
        and inner.end <= outer.end
        and (outer.start, outer.end) != (inner.start, inner.end)
    )
