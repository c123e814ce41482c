"""Layouts of one block or yard: its modules in rows on a rectangle of its own.

A lot gets a few layouts of which none beats another in both width and depth.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import islice, product
from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from prefab.basis import DesignBasis
from prefab.lots import BATTERY_YARD, GENERATOR_YARD, MARGIN_MM, YARDS, Gap, Lot, Rect, Shape, Stack, make_gap
from prefab.module import Module

Lengths = NDArray[np.int64]

# Widths of a lot tried, over the side of a square with the area of its modules and their clearances.
_ASPECTS = (0.4, 0.55, 0.7, 0.85, 1.0, 1.2, 1.45, 1.75, 2.1, 2.6, 3.3, 4.2)
_WASTE = 1.4
"""Layouts that take this much more land than the tightest are dropped."""
_AT_ONCE = 4096
"""Turns of all stacks that are looked at together."""
_NOWHERE = -(1 << 40)
"""Millimetres further off than any module is."""


class _Column(NamedTuple):
    """A stack with every module turned or none: the parts from south to north, centred on one axis."""

    skus: tuple[str, ...]
    repeat: int
    width_mm: int
    depth_mm: int
    step_mm: int
    """From one column to the next."""
    parts: tuple[Rect, ...]


def _column(stack: Stack, turned: bool, modules: Mapping[str, Module], gap: Gap) -> _Column:
    skus, count = stack
    sizes = [(modules[s].length_mm, modules[s].width_mm) for s in skus]
    sizes = [size[::-1] for size in sizes] if turned else sizes
    width = max(along for along, _ in sizes)
    parts: list[Rect] = []
    for sku, (along, across) in zip(skus, sizes, strict=True):
        west = (width - along) // 2
        south = max((p[3] + gap((s,), (sku,)) for s, p in zip(skus, parts, strict=False)), default=0)
        parts.append((west, south, west + along, south + across))
    # Parts one behind the other are apart already, whatever the columns' distance.
    step = max(width, *(along + gap((sku,), (sku,)) for sku, (along, _) in zip(skus, sizes, strict=True)))
    return _Column(skus, count, width, max(p[3] for p in parts), step, tuple(parts))


Row = list[tuple[int, int, int]]
"""Index of the column, how many, and where the first begins."""


def _rows(columns: Sequence[_Column], order: Sequence[int], target_mm: int, gap: Gap) -> list[Row]:
    """Whole groups side by side while they fit; a group too long for one row is spread evenly over several."""
    rows: list[Row] = [[]]
    for i in order:
        c = columns[i]
        beside = max((_end(columns, item) + gap(columns[item[0]].skus, c.skus) for item in rows[-1]), default=0)
        if beside + (c.repeat - 1) * c.step_mm + c.width_mm <= target_mm:
            rows[-1].append((i, c.repeat, beside))
            continue
        lines = ceil(c.repeat / max(1, (target_mm - c.width_mm) // c.step_mm + 1))
        rows += [[(i, (c.repeat + lines - 1 - n) // lines, 0)] for n in range(lines)]
    return [row for row in rows if row]


def _end(columns: Sequence[_Column], item: tuple[int, int, int]) -> int:
    i, count, west = item
    return west + (count - 1) * columns[i].step_mm + columns[i].width_mm


def _souths(columns: Sequence[_Column], rows: Sequence[Row], gap: Gap) -> list[int]:
    souths: list[int] = []
    for row in rows:
        south = 0
        for below, other in zip(souths, rows, strict=False):
            for i, _, _ in other:
                asked = max(gap(columns[i].skus, columns[j].skus) for j, _, _ in row)
                south = max(south, below + columns[i].depth_mm + asked)
        souths.append(south)
    return souths


def make_shapes(stacks: tuple[Stack, ...], modules: Mapping[str, Module], gap: Gap) -> tuple[Shape, ...]:
    """Layouts from the shallowest to the narrowest; each row order, turn of every stack and width is tried."""
    n = len(stacks)
    orders = [list(range(n))] if n < 2 else [list(range(n)), [1, 0, *range(2, n)]]
    columns = {turned: [_column(s, turned, modules, gap) for s in stacks] for turned in (True, False)}
    gaps_mm = np.array([[gap(one, other) for other, _ in stacks] for one, _ in stacks])
    found: dict[tuple[int, int], tuple[tuple[bool, ...], list[int], int, bool]] = {}
    choices = [(order, a) for order in orders for a in range(len(_ASPECTS))]
    turns = product((True, False), repeat=n)
    while some := list(islice(turns, _AT_ONCE)):
        these = _Turned.of(columns, np.array(some))
        targets_mm = (these.sides_mm(gaps_mm)[:, None] * np.array(_ASPECTS)).astype(np.int64)
        sizes = [_sizes(these, order, targets_mm[:, a], gaps_mm) for order, a in choices]
        for size, at in _firsts(np.stack(sizes, axis=1).reshape(-1, 2)):
            number, on_end = divmod(at, 2)
            t, (order, a) = number // len(choices), choices[number % len(choices)]
            found.setdefault(size, (some[t], order, int(targets_mm[t, a]), bool(on_end)))
    least = min(width * depth for width, depth in found)
    chosen: list[Shape] = []
    for width, depth in sorted(found, key=lambda size: (size[1], size[0])):
        if width * depth > _WASTE * least or (chosen and width + 2 * MARGIN_MM >= chosen[-1].width_mm):
            continue
        each, order, target_mm, on_end = found[width, depth]
        columns_of = [columns[turned][i] for i, turned in enumerate(each)]
        spots = tuple(_spots(stacks, modules, columns_of, _rows(columns_of, order, target_mm, gap), gap, on_end))
        chosen.append(Shape(width + 2 * MARGIN_MM, depth + 2 * MARGIN_MM, spots))
    return tuple(chosen)


def _firsts(sizes: Lengths) -> Iterator[tuple[tuple[int, int], int]]:
    """Every size once, with where it is found first: each is there as it is, then on end."""
    both = np.stack((sizes, sizes[:, ::-1]), axis=1).reshape(-1, 2)
    unique, first = np.unique(both, axis=0, return_index=True)
    widths, depths = unique.T.tolist()
    return zip(zip(widths, depths, strict=True), first.tolist(), strict=True)


class _Turned(NamedTuple):
    """The columns of some stacks, by turn and stack."""

    widths_mm: Lengths
    depths_mm: Lengths
    steps_mm: Lengths
    repeats: Lengths

    @classmethod
    def of(cls, columns: Mapping[bool, Sequence[_Column]], turned: NDArray[np.bool_]) -> "_Turned":
        """A row for every way to turn the stacks."""

        def figure(what: str) -> Lengths:
            as_turned, as_not = (
                np.array([getattr(c, what) for c in columns[t]], dtype=np.int64) for t in (True, False)
            )
            return np.where(turned, as_turned, as_not)

        return cls(figure("width_mm"), figure("depth_mm"), figure("step_mm"), figure("repeat"))

    def sides_mm(self, gaps_mm: Lengths) -> Lengths:
        """Of a square with the area of all columns and their gaps."""
        areas_mm2 = self.repeats * self.steps_mm * (self.depths_mm + np.diag(gaps_mm))
        sides: Lengths = np.sqrt(areas_mm2.sum(axis=1)).astype(np.int64)
        return sides


def _sizes(these: _Turned, order: Sequence[int], targets_mm: Lengths, gaps_mm: Lengths) -> Lengths:
    """Width and depth of what `_rows` and `_souths` lay out, for many turns of the same stacks at once."""
    widths, depths, steps, repeats = these
    souths, widest = np.zeros_like(targets_mm), np.zeros_like(targets_mm)
    ends = np.full_like(widths, _NOWHERE)
    tops = np.full_like(widths, _NOWHERE)
    for i in order:
        beside = np.maximum((ends + gaps_mm[:, i]).max(axis=1), 0)
        length = (repeats[:, i] - 1) * steps[:, i] + widths[:, i]
        fits = beside + length <= targets_mm
        # What does not fit begins rows of its own, behind all that stands.
        tops = np.where(fits[:, None] | (ends == _NOWHERE), tops, souths[:, None] + depths)
        ends = np.where(fits[:, None], ends, _NOWHERE)
        behind = np.maximum((tops + gaps_mm[:, i]).max(axis=1), 0)
        lines = -(-repeats[:, i] // np.maximum(1, (targets_mm - widths[:, i]) // steps[:, i] + 1))
        lines = np.where(fits, 1, lines)
        count, last = -(-repeats[:, i] // lines), repeats[:, i] // lines
        first_end = np.where(fits, beside, 0) + (count - 1) * steps[:, i] + widths[:, i]
        ends[:, i] = first_end - (count - last) * steps[:, i]
        step = depths[:, i] + gaps_mm[i, i]
        souths = np.where(fits, np.maximum(souths, behind), behind + (lines - 1) * step)
        # Whoever comes beside the last of several rows stands behind the one before it too.
        tops[:, i] = np.where(lines > 1, souths - gaps_mm[i, i], tops[:, i])
        widest = np.maximum(widest, first_end)
    norths = np.maximum(tops, np.where(ends == _NOWHERE, _NOWHERE, souths[:, None] + depths))
    return np.stack((widest, norths.max(axis=1)), axis=1)


def _spots(
    stacks: tuple[Stack, ...],
    modules: Mapping[str, Module],
    columns: Sequence[_Column],
    rows: Sequence[Row],
    gap: Gap,
    on_end: bool,
) -> Iterator[tuple[Rect, bool]]:
    souths = _souths(columns, rows, gap)
    for i, column in enumerate(columns):
        for sku, part in zip(column.skus, column.parts, strict=True):
            for row, south in zip(rows, souths, strict=True):
                for index, count, west in row:
                    for k in range(count if index == i else 0):
                        x, y = MARGIN_MM + west + k * column.step_mm, MARGIN_MM + south
                        rect = (x + part[0], y + part[1], x + part[2], y + part[3])
                        if on_end:
                            rect = (rect[1], rect[0], rect[3], rect[2])
                        yield rect, rect[2] - rect[0] != modules[sku].length_mm


class Stock:
    """The lots of one site with their shapes."""

    def __init__(self, modules: Mapping[str, Module], basis: DesignBasis, lots: Sequence[Lot]) -> None:
        self._gap = make_gap(basis, modules)
        kinds = dict.fromkeys(lot.stacks for lot in lots)
        self.shapes = {stacks: make_shapes(stacks, modules, self._gap) for stacks in kinds}
        self.blocks = [lot for lot in lots if not lot.yard]
        self.yards = sorted((lot for lot in lots if lot.yard), key=lambda lot: YARDS.index(lot.yard))
        self.movable = [y for y in (GENERATOR_YARD, BATTERY_YARD) if any(lot.yard == y for lot in self.yards)]
        """Yards that may stand behind the blocks."""
        self.apart = cache(self._apart)
        self.pick = cache(self._pick)
        self.widest = max((self.apart(a, b) for a in kinds for b in kinds), default=0)

    def _apart(self, a: tuple[Stack, ...], b: tuple[Stack, ...]) -> int:
        """Least distance of the outlines of two lots for what stands in them; may be negative."""
        skus = [tuple(dict.fromkeys(sku for skus, _ in stacks for sku in skus)) for stacks in (a, b)]
        return self._gap(skus[0], skus[1]) - 2 * MARGIN_MM

    def _pick(self, stacks: tuple[Stack, ...], cap_mm: int) -> Shape:
        """The narrowest shape no deeper than the band, else the shallowest."""
        fitting = [s for s in self.shapes[stacks] if s.depth_mm <= cap_mm]
        return min(fitting or self.shapes[stacks][:1], key=lambda s: s.width_mm)

    def caps(self, lots: Sequence[Lot], most: int) -> list[int]:
        """The band depths at which these lots take the least land."""
        depths = sorted({s.depth_mm for lot in lots for s in self.shapes[lot.stacks]})

        def area(cap_mm: int) -> int:
            return sum(
                max(cap_mm, shape.depth_mm) * shape.width_mm
                for shape in (self.pick(lot.stacks, cap_mm) for lot in lots)
            )

        return sorted(depths, key=area)[:most]
