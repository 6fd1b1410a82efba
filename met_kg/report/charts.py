"""Geometry of the drawings: an icicle of a tree and a line chart, in user units of an SVG view box."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

__all__ = ["Box", "Branch", "Chart", "Tick", "branches", "fold", "icicle", "line_chart"]


@dataclass(slots=True)
class Branch:
    """A node with the weight of everything below it; ``path`` names the nodes above it that were left out.

    ``note`` is what a box says beside its name (else its weight in anchors), ``shade`` how full it is painted, 0 to 1.
    """

    node: str
    label: str
    axis: str
    weight: int
    own: int = 0
    note: str = ""
    shade: float | None = None
    path: tuple[str, ...] = ()
    children: list[Branch] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Box:
    """One rectangle of an icicle."""

    x: float
    y: float
    width: float
    height: float
    text: str  # '' where it would not fit
    title: str
    axis: str
    level: int
    shade: float | None = None  # None: by level


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on a chart's axis."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A line chart: the raw line, its running mean, and the marks of both axes."""

    width: float
    height: float
    left: float
    bottom: float
    raw: str
    smooth: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


def fold(branch: Branch, share: float = 0.75) -> Branch:
    """The tree without nodes that pass nearly everything (``share`` and more) on to one child.

    The children of such a node move up to its parent, and so does the weight of its own.

    >>> leaf = Branch("c", "lung", "anatomy", 3, own=3)
    >>> organ = Branch("b", "organ", "anatomy", 3, children=[leaf])
    >>> folded = fold(Branch("a", "anatomy", "anatomy", 3, children=[organ]))
    >>> [(b.label, b.path) for b in folded.children]
    [('lung', ('organ',))]
    """
    own, children, waiting = branch.own, [], list(branch.children)
    while waiting:
        child = waiting.pop()
        if max((c.weight for c in child.children), default=0) >= share * child.weight:
            own += child.own
            waiting += [replace(c, path=(*child.path, child.label)) for c in child.children]
        else:
            children.append(fold(child, share))
    return replace(branch, own=own, children=children)


def icicle(
    roots: Sequence[Branch],
    *,
    width: float = 1080,
    height: float = 600,
    levels: int = 6,
    least: float = 13,
    letter: float = 5.6,
) -> list[Box]:
    """Rectangles of trees that grow from left to right, one below the other.

    The height of a box is its share of its own tree; the height of a tree goes with the square root of its weight, so
    that a small one can still be read. Children too small for a line of text (``least``) are gathered in one box. What
    a node leaves free to its right is its own weight, not that of any child. ``letter`` is the mean width of a letter.
    """
    roots = [r for r in roots if r.weight]
    if not roots:
        return []
    roof = sum(math.sqrt(r.weight) for r in roots)
    drawn: list[tuple[float, float, int, str, str, str, float | None]] = []

    def add(y: float, tall: float, level: int, axis: str, label: str, title: str, shade: float | None) -> None:
        drawn.append((y, tall, level, axis, label, title, shade))

    def place(branch: Branch, y: float, level: int, scale: float) -> None:
        above = " › ".join((*branch.path, branch.label))
        title = f"{above} ({branch.node}): {branch.note or f'{branch.weight:,} anchors'}"
        add(y, branch.weight * scale, level, branch.axis, branch.label, title, branch.shade)
        if level + 1 >= levels:
            return
        ordered = sorted(branch.children, key=lambda b: (-b.weight, b.label, b.node))
        large = [b for b in ordered if b.weight * scale >= least]
        small = ordered[len(large) :]
        if len(small) == 1:
            large, small = ordered, []
        for child in large:
            place(child, y, level + 1, scale)
            y += child.weight * scale
        if small:
            tall = sum(b.weight for b in small) * scale
            names = ", ".join(f"{b.label} {b.weight:,}" for b in small[:12]) + (", …" if len(small) > 12 else "")
            weights = sum(b.weight for b in small)
            shade = sum((b.shade or 0) * b.weight for b in small) / weights if small[0].shade is not None else None
            add(y, tall, level + 1, branch.axis, f"{len(small)} more", names, shade)

    top = 0.0
    for root in roots:
        tall = math.sqrt(root.weight) / roof * height
        place(root, top, 0, tall / root.weight)
        top += tall
    column = width / (1 + max(level for _, _, level, *_ in drawn))
    room = int((column - 10) / letter)
    boxes = []
    for y, tall, level, axis, label, title, shade in drawn:
        text = label if len(label) <= room else label[: room - 1].rstrip() + "…"
        shown = text if tall >= least else ""
        boxes.append(Box(_r(level * column), _r(y), _r(column), _r(tall), shown, title, axis, level, shade))
    return boxes


def line_chart(
    points: Sequence[tuple[float, float]], *, width: float = 640, height: float = 240, left: float = 44
) -> Chart | None:
    """A line through (x, y) points with x ascending, and its running mean over a tenth of them.

    Points that are not finite are left out; None when fewer than two remain.
    """
    points = [p for p in points if all(math.isfinite(v) for v in p)]
    if len(points) < 2:
        return None
    bottom = height - 24
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    y_marks = _marks(min(ys), max(ys))
    x_low, x_high = xs[0], xs[-1] if xs[-1] > xs[0] else xs[0] + 1
    y_low, y_high = min(y_marks[0], min(ys)), max(y_marks[-1], max(ys))

    def across(x: float) -> float:
        return _r(left + (x - x_low) / (x_high - x_low) * (width - left - 12))

    def up(y: float) -> float:
        return _r(bottom - (y - y_low) / (y_high - y_low) * (bottom - 10))

    window = max(1, len(points) // 10)
    means = [sum(part) / len(part) for i in range(len(ys)) if (part := ys[max(0, i - window + 1) : i + 1])]

    def path(values: Sequence[float]) -> str:
        return "M" + " L".join(f"{across(x)} {up(y)}" for x, y in zip(xs, values, strict=True))

    return Chart(
        width,
        height,
        left,
        bottom,
        path(ys),
        path(means) if window > 1 else "",
        tuple(Tick(across(x), f"{x:g}") for x in _marks(x_low, x_high) if x_low <= x <= x_high),
        tuple(Tick(up(y), f"{y:g}") for y in y_marks),
    )


def _marks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round numbers that span an interval.

    >>> _marks(0.2, 3.9)
    [0.0, 1.0, 2.0, 3.0, 4.0]
    """
    span = (high - low) or abs(high) or 1.0
    raw = span / (wanted - 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw - 1e-12)
    first, last = math.floor(low / step), math.ceil(high / step)
    if last == first:
        last += 1
    return [round(i * step, 10) for i in range(first, last + 1)]


def _r(value: float) -> float:
    return round(value, 1)


def branches(rows: Sequence[Mapping[str, object]], roots: Mapping[str, str]) -> list[Branch]:
    """One tree an axis, in the order of ``roots`` (axis -> node), from rows of query ``overview/branches``."""
    found = {
        str(r["node"]): Branch(
            str(r["node"]), str(r["label"]), str(r["axis"]), int(str(r["anchors"])), int(str(r["direct"]))
        )
        for r in rows
    }
    for row in rows:
        parent = found.get(str(row["parent"]))
        if parent is not None:
            parent.children.append(found[str(row["node"])])
    return [fold(found[node]) for node in roots.values() if node in found]
