"""Lots along streets on one view of a parcel, filled street after street as one choice says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Literal, NamedTuple

import numpy as np
import shapely

from prefab.lot_shapes import Stock
from prefab.lots import (
    AISLE_MM,
    DEAD_END_COST,
    DEAD_END_MM,
    INTAKE_YARD,
    ROAD_COST,
    VERGE_MM,
    Lot,
    Rect,
    Shape,
    Stack,
    Stand,
    Standing,
)
from prefab.quiet import Quiet
from prefab.sheets import Interval, Sheet, Widths, shared

CLOSED_MM = 5_000
"""Half the width of gaps between lots and roads that count as taken."""
FEEDER_MM = 2_500
"""What a metre of feeders from the intake costs, over the price of prepared land: two trenches with a cable each."""
OFF_MM = 40_000
"""The farthest from the near edge of the land that something begins."""
STEP_MM = 500
"""How finely its place is looked for."""
ANY_MM = 10**9
"""Longer than any row."""

First = Literal["street", "row"]


class Choice(NamedTuple):
    """What is changed, one thing or two at a time."""

    way_in: int
    """Number of a view with a gate."""
    first: First
    """What lies at the near edge of the land."""
    links: Literal["near", "ends"]
    half_mm: int
    """Longest row to either side of the gate."""
    off_mm: int
    """From the near edge of the land to where something may begin."""
    aside_mm: int
    """From the gate's road to where rows have their middle."""
    depths_mm: tuple[int, ...]
    """Most of each kind of lot."""
    order: tuple[int, ...]
    """Kinds of lot, one after the other as often as there are lots."""


Score = tuple[float, float, float]
"""Square millimetres of lots without a place, decibels beyond the limits of noise, then square millimetres of land with
what its roads and feeders cost."""


class Found(NamedTuple):
    """Lots and roads of one choice."""

    stands: list[Standing]
    roads: list[Rect]
    score: Score


@dataclass
class _Row:
    """Lots side by side along a street."""

    south_mm: int
    depth_mm: int
    free: list[Interval]
    up: bool
    """Whether the street is on its north side."""
    stands: list[Stand] = field(default_factory=list)
    opens: "dict[tuple[Stack, ...], _Open]" = field(default_factory=dict)


@dataclass
class _Open:
    """Where a kind of lot may stand in a row."""

    shape: Shape
    south_mm: int
    free: list[Interval]


@dataclass
class _Street:
    """A road across, in the stretches that hang together with the gate."""

    south_mm: int
    stretches: list[Interval]
    below: list[Interval]
    """Links from the street before it; of the first one the road from the gate."""
    links: list[Interval]
    """Up to the next one."""
    top_mm: int
    """How far up they lead."""
    before: bool
    """Whether there is a row before it."""
    rows: list[_Row]


class Filling:
    """One choice, street after street."""

    def __init__(
        self,
        stock: Stock,
        widths: Widths,
        sheet: Sheet,
        lots: Sequence[Lot],
        depths_mm: Mapping[tuple[Stack, ...], int],
        choice: Choice,
        quiet: Quiet,
    ) -> None:
        self.quiet = quiet
        self.stock, self.widths, self.sheet, self.choice = stock, widths, sheet, choice
        self.lots, self.depths_mm = lots, depths_mm
        self.streets: list[_Street] = []

    @property
    def middle_mm(self) -> int:
        """Where lots gather."""
        return self.sheet.middle_mm + self.choice.aside_mm

    def found(self) -> Found:
        """The lots that find a place, and roads."""
        left = self.lots
        while left:
            street = self._opened(left)
            if street is None:
                return self._without(left)
            # Where nothing is left to lie behind it no link need cut its rows.
            self.streets.append(self._with_rows(street, left[0], []))
            if self._put_all(left):
                self.streets[-1] = self._with_rows(street, left[0], street.links)
                left = self._put_all(left)
                if len(left) < len(self.lots) and not any(row.stands for row in self.streets[-1].rows):
                    return self._without(left)
            else:
                left = []
        stands = tuple(s for street in self.streets for row in street.rows for s in row.stands)
        roads, looped = self._roads()
        if far := _beyond_reach(stands, roads, self.widths.reach):
            return Found([], [], (far, 0.0, 0.0))
        taken, ways = shapely.box(*np.array([s.outline for s in stands]).T), shapely.box(*np.array(roads).T)
        closed = shapely.union_all([*taken, *ways]).buffer(CLOSED_MM, join_style="mitre")
        area = closed.buffer(-CLOSED_MM, join_style="mitre").area + ROAD_COST * shapely.union_all(ways).area
        area += FEEDER_MM * _feeders_mm(stands)
        view = self.sheet.view
        standing = [view.standing(s) for s in stands]
        score = (0.0, self.quiet.excess_db(standing), area * (1 if looped else DEAD_END_COST))
        return Found(standing, [view.rect(r) for r in roads], score)

    def _without(self, left: Sequence[Lot]) -> Found:
        shapes = (self.stock.shapes[lot.stacks] for lot in left)
        return Found([], [], (float(sum(min(s.width_mm * s.depth_mm for s in each) for each in shapes)), 0.0, 0.0))

    def _put_all(self, lots: Sequence[Lot]) -> list[Lot]:
        """Beside the last street; those that find no place there."""
        left: list[Lot] = []
        full = set()
        for lot in lots:
            # Rows only fill, so that another of the same kind finds no place either.
            if lot.stacks in full or not self._put(lot):
                full.add(lot.stacks)
                left.append(lot)
        return left

    def _depth(self, lot: Lot) -> int:
        """Of the row that a lot asks for."""
        return self.stock.pick(lot.stacks, self.depths_mm[lot.stacks]).depth_mm

    def _opened(self, left: Sequence[Lot]) -> _Street | None:
        """One street more, as far behind what stands as the row before it asks."""
        depth, wide = self._depth(left[0]), self.widths.road
        if self.streets:
            last = self.streets[-1]
            behind = [s for row in last.rows if not row.up for s in row.stands]
            edge = max((s.outline[3] for s in behind), default=last.south_mm + wide)
            gap = max([AISLE_MM, *(self.stock.apart(s.lot.stacks, left[0].stacks) for s in behind)])
            south, below = edge + (gap if behind else VERGE_MM) + depth + VERGE_MM, last.links
            if south + wide > last.top_mm:
                return None
        elif self.sheet.is_full:
            return None
        else:
            below = [self.sheet.lane]
            south = self._first_mm(depth)
        stretches = [
            s for s in self.sheet.drives(south, south + wide) if any(s[0] <= a and b <= s[1] for a, b in below)
        ]
        if not stretches or not (self.streets or self.sheet.leads_in(south + wide)):
            return None
        links, top = self._links(south, stretches, depth, left)
        before = bool(self.streets) or self.choice.first == "row"
        return _Street(south, stretches, below, links, top, before, [])

    def _first_mm(self, depth: int) -> int:
        """Where the first street may lie: at the near edge or behind a row, where the road from the gate meets it."""
        begins = self.sheet.drivable if self.choice.first == "street" else self.sheet.buildable
        south = ceil(begins.bounds[1]) + (depth + VERGE_MM) * (self.choice.first == "row")
        south = max(south, ceil(self.sheet.gate_mm)) + self.choice.off_mm
        return next((y for y in range(south, south + OFF_MM, STEP_MM) if self._meets(y)), south)

    def _meets(self, south: int) -> bool:
        west, east = self.sheet.lane
        return any(a <= west and east <= b for a, b in self.sheet.drives(south, south + self.widths.road))

    def _with_rows(self, street: _Street, lot: Lot, links: list[Interval]) -> _Street:
        """With a row before it and one behind it as deep as this lot asks."""
        depth, rows = self._depth(lot), []
        if street.before:
            rows.append(self._row(street.south_mm - VERGE_MM - depth, depth, street.stretches, street.below, up=True))
        north = street.south_mm + self.widths.road + VERGE_MM
        rows.append(self._row(north, depth, street.stretches, links, up=False))
        return replace(street, links=links, rows=rows)

    def _row(self, south: int, depth: int, stretches: list[Interval], links: list[Interval], *, up: bool) -> _Row:
        """Lots may stand on the land, with a road before them and clear of links."""
        middle, half = self.middle_mm, self.choice.half_mm
        free = shared(self.sheet.stands(south, south + depth), stretches)
        free = shared(free, [(middle - half, middle + half)])
        for west, east in links:
            free = shared(free, [(-ANY_MM, west - VERGE_MM), (east + VERGE_MM, ANY_MM)])
        return _Row(south, depth, free, up)

    def _links(
        self, south: int, stretches: list[Interval], depth: int, left: Sequence[Lot]
    ) -> tuple[list[Interval], int]:
        """Up to the next street, as far as that may be; one or two in every stretch that leads there."""
        wide, middle, half = self.widths.road, self.middle_mm, self.choice.half_mm
        gap = max([AISLE_MM, *(self.stock.apart(a.stacks, b.stacks) for a in left for b in left[:1])])
        for deep in sorted({self._depth(lot) for lot in left}, reverse=True):
            top = south + wide + VERGE_MM + depth + gap + deep + VERGE_MM + wide
            found = []
            for west, east in shared(self.sheet.drives(south, top), stretches, wide):
                ends = [max(west, middle - half - VERGE_MM - wide), min(east - wide, middle + half + VERGE_MM)]
                near = min(max(west, middle - wide // 2), east - wide)
                at = ends if self.choice.links == "ends" and ends[0] + 3 * wide < ends[1] else [near]
                found += [(x, x + wide) for x in at]
            if found:
                return found, top
        return [], south

    def _put(self, lot: Lot) -> bool:
        """Sets a lot down beside the last street, as near to the road from the gate as it can."""
        best: tuple[float, _Row, Stand] | None = None
        for row in self.streets[-1].rows:
            if lot.stacks not in row.opens:
                row.opens[lot.stacks] = self._open(lot, row)
            shape, south, free = (here := row.opens[lot.stacks]).shape, here.south_mm, here.free
            x = _nearest(free, shape.width_mm, self.middle_mm)
            if x is not None:
                off = abs(x + shape.width_mm / 2 - self.middle_mm)
                if best is None or off < best[0]:
                    best = off, row, Stand(lot, shape, x, south, row.up)
        if best is None:
            return False
        best[1].stands.append(best[2])
        for row in self.streets[-1].rows:
            for stacks, here in row.opens.items():
                here.free = self._beside(here, stacks, best[2])
        return True

    def _open(self, lot: Lot, row: _Row) -> _Open:
        """Where a lot may stand beside those that do."""
        shape = self.stock.pick(lot.stacks, row.depth_mm)
        south = row.south_mm + row.depth_mm - shape.depth_mm if row.up else row.south_mm
        here = _Open(shape, south, row.free if shape.depth_mm <= row.depth_mm else [])
        for other in (s for street in self.streets[-2:] for row in street.rows for s in row.stands):
            here.free = self._beside(here, lot.stacks, other)
        return here

    def _beside(self, here: _Open, stacks: tuple[Stack, ...], other: Stand) -> list[Interval]:
        """What another lot does not keep clear of this kind."""
        gap = max(AISLE_MM, self.stock.apart(other.lot.stacks, stacks))
        west, south, east, north = other.outline
        if south - gap >= here.south_mm + here.shape.depth_mm or here.south_mm >= north + gap:
            return here.free
        return shared(here.free, [(-ANY_MM, west - gap), (east + gap, ANY_MM)], here.shape.width_mm)

    def _roads(self) -> tuple[list[Rect], bool]:
        """What of streets and links is needed, and whether it has no long dead end."""
        wide, short = self.widths.road, True
        roads: list[Rect] = []
        used: list[Interval] = []  # links of the street above
        for n in range(len(self.streets) - 1, -1, -1):
            street = self.streets[n]
            needed: list[Interval] = []
            for stretch in street.stretches:
                fronts = [(s.x_mm, s.x_mm + s.shape.width_mm) for row in street.rows for s in row.stands]
                inside = [f for f in (*fronts, *used) if stretch[0] <= f[0] and f[1] <= stretch[1]]
                if not inside:
                    continue
                down = [f for f in street.below if stretch[0] <= f[0] and f[1] <= stretch[1]]
                needed += down
                west, east = min(f[0] for f in inside + down), max(f[1] for f in inside + down)
                roads.append((west, street.south_mm, east, street.south_mm + wide))
                joined = [*down, *(f for f in used if stretch[0] <= f[0] and f[1] <= stretch[1])]
                arm = max(min(f[0] for f in joined) - west, east - max(f[1] for f in joined))
                short &= arm <= DEAD_END_MM
            if n:
                from_mm = self.streets[n - 1].south_mm
                roads += [(a, from_mm, b, street.south_mm + wide) for a, b in needed]
            used = needed
        roads.append(self.sheet.road_in(self.streets[0].south_mm + wide))
        return roads[::-1], short


def _nearest(free: Sequence[Interval], width: int, middle: int) -> int | None:
    """Where something so wide stands nearest to a line."""
    fitting = (min(max(a, middle - width // 2), b - width) for a, b in free if b - a >= width)
    return min(fitting, key=lambda x: (abs(x + width / 2 - middle), x), default=None)


def _feeders_mm(stands: Sequence[Stand]) -> float:
    """Along the axes from the first yard of intakes, or else the first lot, to every lot."""
    middles = [((west + east) / 2, (south + north) / 2) for west, south, east, north in (s.outline for s in stands)]
    at = next((m for m, s in zip(middles, stands, strict=True) if s.lot.yard == INTAKE_YARD), middles[0])
    return sum(abs(x - at[0]) + abs(y - at[1]) for x, y in middles)


def _beyond_reach(stands: Sequence[Stand], roads: Sequence[Rect], reach_mm: int) -> float:
    """The area of footprints that are too far from any road; those of shallow lots are near their own street."""
    deep = (s for s in stands if VERGE_MM + s.shape.depth_mm > reach_mm)
    feet = np.array([rect for s in deep for rect, _ in s.footprints()]).reshape(-1, 4)
    boxes, ways = shapely.box(*feet.T), shapely.union_all(shapely.box(*np.array(roads).T))
    return float(shapely.area(boxes[shapely.distance(boxes, ways) > reach_mm]).sum())
