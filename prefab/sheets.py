"""One view of a parcel with a gate at its near side: where lots may stand and roads may lie."""

from collections.abc import Sequence
from functools import cache
from math import ceil, floor
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from prefab.land import START_MM, Land
from prefab.lots import MARGIN_MM, VERGE_MM, Rect, Stand, Standing

Interval = tuple[int, int]
"""From west to east."""


_SLIVER_MM2 = 1e-4
_IN_MM = 15_000
"""Straight on from a gate before roads may part."""


class Widths(NamedTuple):
    """What the design basis asks of roads, in mm."""

    road: int
    reach: int
    """From a road to the farthest module."""


class View(NamedTuple):
    """The parcel turned so that a way in leads up the sheet."""

    swapped: bool
    """East and north change places."""
    height_mm: int | None
    """Upside down below this height, then."""

    def seen(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points of the parcel on the sheet."""
        x, y = xy[:, self.swapped * 1], xy[:, 1 - self.swapped]
        return np.column_stack((x, y if self.height_mm is None else self.height_mm - y))

    def rect(self, rect: Rect) -> Rect:
        """A rectangle of the sheet on the parcel."""
        west, south, east, north = rect
        if self.height_mm is not None:
            south, north = self.height_mm - north, self.height_mm - south
        return (south, west, north, east) if self.swapped else (west, south, east, north)

    def standing(self, stand: Stand) -> Standing:
        """A lot of the sheet on the parcel."""
        feet = tuple((self.rect(foot), turned != self.swapped) for foot, turned in stand.footprints())
        return Standing(stand.lot.name, stand.lot.yard, stand.lot.tags, self.rect(stand.outline), feet)


class Sheet:
    """What may stand and drive on one view of a parcel, seen from one gate."""

    def __init__(self, land: Land, setback_m: float, widths: Widths, view: View, gate: shapely.Point) -> None:
        self.view, self.widths = view, widths
        # Trenches begin there, and lead around every lot as they do within it.
        start = shapely.box(*land.connection_mm.buffer(START_MM).bounds)
        around = land.drivable(0.0).buffer(-MARGIN_MM, join_style="mitre").difference(start)
        self.buildable = self._seen(land.buildable(setback_m).intersection(around))
        self.drivable = self._seen(land.drivable(VERGE_MM))
        self.ground = self._seen(land.drivable(0.0))
        self.land, self.askew = self._seen(land.polygon), land.askew_at(gate)
        ((x, self.gate_mm),) = view.seen(np.array([[gate.x, gate.y]])).tolist()
        self.apron = shapely.Point(x, self.gate_mm).buffer(widths.road)
        self.lane = self._lane(x)
        """Of the road from the gate, west to east."""
        self.stands, self.drives = cache(self._stands), cache(self._drives)

    @property
    def width_mm(self) -> int:
        """Of the land."""
        west, _, east, _ = self.land.bounds
        return ceil(east - west)

    @property
    def middle_mm(self) -> int:
        """Of the road from the gate."""
        west, east = self.lane
        return (west + east) // 2

    def _lane(self, x: float) -> Interval:
        """The gate in its middle, or beside a corner of the land at its edge."""
        wide, x = self.widths.road, round(x, 3)  # gates are points along a line of floats
        lanes = [(west, west + wide) for west in (round(x) - wide // 2, floor(x), ceil(x) - wide)]
        return next((lane for lane in lanes if self._clear(lane, ceil(self.gate_mm) + _IN_MM)), lanes[0])

    @property
    def is_full(self) -> bool:
        """Whether no lot may stand or no road lie anywhere."""
        return bool(self.buildable.is_empty or self.drivable.is_empty)

    def _seen(self, geometry: BaseGeometry) -> BaseGeometry:
        return shapely.transform(geometry, self.view.seen)

    def _stands(self, south: int, north: int) -> list[Interval]:
        return _within(self.buildable, south, north)

    def _drives(self, south: int, north: int) -> list[Interval]:
        return _within(self.drivable, south, north)

    def road_in(self, north: int) -> Rect:
        """The road straight up from the gate."""
        return (self.lane[0], floor(self.gate_mm), self.lane[1], north)

    def leads_in(self, north: int) -> bool:
        """Whether it may lie there."""
        return self._clear(self.lane, north)

    @property
    def is_open(self) -> bool:
        """Whether it leads on to the land at all."""
        return self.leads_in(ceil(self.gate_mm) + _IN_MM)

    def _clear(self, lane: Interval, north: int) -> bool:
        """Where the fence runs askew a corner of the road from the gate may be beyond."""
        road = shapely.box(lane[0], floor(self.gate_mm), lane[1], north)
        beyond = road.difference(self.land)
        beyond = beyond.difference(self.apron) if self.askew else beyond
        # Near the gate it may come nearer to the fence than roads else do.
        begun = shapely.box(lane[0], floor(self.gate_mm), lane[1], self.gate_mm + 2 * self.widths.road)
        beside = road.difference(begun).difference(self.drivable)
        barred = road.intersection(self.land).difference(self.ground)
        return north > self.gate_mm and max(beyond.area, beside.area, barred.area) < _SLIVER_MM2


def _within(geometry: BaseGeometry, south: int, north: int) -> list[Interval]:
    """Where a strip from west to east lies wholly within a geometry."""
    west, _, east, _ = geometry.bounds
    strip = shapely.box(west, south, east, north)
    parts = shapely.get_parts(strip.difference(geometry))
    # A strip that only touches an edge leaves slivers without area.
    gone = sorted(shapely.bounds(parts[shapely.area(parts) > _SLIVER_MM2])[:, ::2].tolist())
    found, at = [], west
    for begin, end in [*gone, (east, east)]:
        if begin > at and floor(begin) > ceil(at):
            found.append((ceil(at), floor(begin)))
        at = max(at, end)
    return found


def shared(some: Sequence[Interval], others: Sequence[Interval], least: int = 1) -> list[Interval]:
    """What is in both and at least so long."""
    both = ((max(a, c), min(b, d)) for a, b in some for c, d in others)
    return [(a, b) for a, b in both if b - a >= least]
