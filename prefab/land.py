"""The land: its outline with what must stay free in it, in metres, and what may stand and drive on it."""

from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise
from math import cos, pi
from typing import Annotated, Literal

import shapely
from pydantic import Field, model_validator
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from prefab.provenance import Text
from prefab.tables import Frozen

Metres = Annotated[float, Field(ge=0, le=10_000)]
Point = tuple[Metres, Metres]
"""East and north of an origin south-west of all land."""
Outline = Annotated[tuple[Point, ...], Field(min_length=3, max_length=5_000)]
"""Corners one after the other, counter-clockwise, the first one not repeated."""
Name = Annotated[str, Field(min_length=1, max_length=60)]

LEAST_M2 = 100.0
"""Less is no site: one container with its clearances takes as much."""
GATE_OFF_M = 0.5
"""How far beside the outline a gate may be given: drawings are rounded."""
ROUNDED_MM = 0.75
"""What a point on the outline may lie off it once it is in whole millimetres."""
_DEGREES_M = 1.0
"""Geographic coordinates of a site span less than this, and land in metres never does."""
_ROUND = 16
"""Segments of a quarter circle around corners."""


class KeepOut(Frozen):
    """Where nothing may be built; roads and trenches cross easements only."""

    name: Name
    what: Literal["keep_out", "building", "easement", "flood"] = "keep_out"
    outline_m: Outline
    setback_m: Annotated[float, Field(ge=0, le=500)] = 0.0
    """Further free ground around it."""

    @property
    def title(self) -> str:
        """What it is, in words."""
        return {"keep_out": "Kept free", "building": "Building", "easement": "Easement", "flood": "Flood area"}[
            self.what
        ]

    @property
    def crossed(self) -> bool:
        """Whether roads and trenches may cross it."""
        return self.what == "easement"

    @cached_property
    def polygon(self) -> Polygon:
        """In mm."""
        return polygon_mm(self.outline_m)

    @model_validator(mode="after")
    def _is_simple(self) -> "KeepOut":
        _refuse_crooked(self.outline_m, f"keep_out {self.name!r}")
        return self


class EdgeSetback(Frozen):
    """A set-back of one edge of the outline."""

    edge: Annotated[int, Field(ge=1)]
    """From corner number `edge`, counted from 1, to the next."""
    setback_m: Annotated[float, Field(ge=0, le=500)]


class Gate(Frozen):
    """Where a road enters."""

    name: Name = "Gate"
    at_m: Point
    """On the outline."""


class Land(Frozen):
    """A parcel as it is."""

    outline_m: Outline
    keep_out: tuple[KeepOut, ...] = ()
    setback: tuple[EdgeSetback, ...] = ()
    """Of edges with another one than the site's."""
    gate: Annotated[tuple[Gate, ...], Field(min_length=1)]
    utility_m: Point | None = None
    """The utility's point of connection; otherwise the first gate."""
    file: Text = ""
    """A GeoJSON or DXF file, its path as seen from the brief: what the rest was read from, where it is not given."""
    origin: tuple[float, float] | None = None
    """What the file gives for the brief's origin, in its own metres or in degrees east and north."""

    @property
    def connection_m(self) -> Point:
        """Where cables of the utility and of networks enter."""
        return self.utility_m or self.gate[0].at_m

    @cached_property
    def polygon(self) -> Polygon:
        """The outline in mm."""
        return polygon_mm(self.outline_m)

    @cached_property
    def edges(self) -> tuple[LineString, ...]:
        """In mm, from corner to corner."""
        return tuple(LineString(pair) for pair in pairwise(self.polygon.exterior.coords))

    @cached_property
    def gates_mm(self) -> tuple[shapely.Point, ...]:
        """On the outline, where each gate is nearest to it."""
        fence = self.polygon.exterior
        return tuple(fence.interpolate(fence.project(_point_mm(gate.at_m))) for gate in self.gate)

    def askew_at(self, gate: shapely.Point) -> bool:
        """Whether the fence there runs neither along nor across the axes, so that no rectangle ends at it."""
        west, south, east, north = min(self.edges, key=gate.distance).bounds
        return bool(east > west and north > south)

    def setbacks_mm(self, setback_m: float) -> tuple[float, ...]:
        """Of each edge, `setback_m` where nothing else is said."""
        own = {s.edge: s.setback_m for s in self.setback}
        return tuple(own.get(n, setback_m) * 1000 for n in range(1, len(self.edges) + 1))

    def buildable(self, setback_m: float, *, at_most: bool = False) -> BaseGeometry:
        """What is left within all set-backs and outside what must stay free, in mm: never a hair more, or `at_most` a
        hair more around corners."""
        rounder = 1.0 if at_most else cos(pi / 4 / _ROUND)
        kept: list[tuple[BaseGeometry, float]] = [
            (edge, mm) for edge, mm in zip(self.edges, self.setbacks_mm(setback_m), strict=True) if mm
        ]
        kept += [(k.polygon, k.setback_m * 1000) for k in self.keep_out]
        around = [what.buffer(mm / rounder, quad_segs=_ROUND) for what, mm in kept]
        return self.polygon.difference(shapely.union_all(around))

    def drivable(self, fence_mm: float) -> BaseGeometry:
        """Where roads may lie, so far from the fence, and trenches."""
        barred = [k.polygon for k in self.keep_out if not k.crossed]
        ground = self.polygon.buffer(-fence_mm, join_style="mitre") if fence_mm else self.polygon
        return ground.difference(shapely.union_all(barred)) if barred else ground

    @model_validator(mode="after")
    def _holds_together(self) -> "Land":
        _refuse_crooked(self.outline_m, "outline_m")
        spans_m = [max(axis) - min(axis) for axis in zip(*self.outline_m, strict=True)]
        if max(spans_m) < _DEGREES_M and all(abs(x) <= 180 and abs(y) <= 90 for x, y in self.outline_m):
            raise ValueError("outline_m: looks like degrees; metres are meant, or a GeoJSON file with `file`")
        if self.polygon.area / 1e6 < LEAST_M2:
            raise ValueError(f"outline_m: {self.polygon.area / 1e6:.3g} m2 of land; at least {LEAST_M2:g} m2")
        for mistake in self._mistakes():
            raise ValueError(mistake)
        return self

    def _mistakes(self) -> Iterator[str]:
        for k in self.keep_out:
            if not k.polygon.intersects(self.polygon):
                yield f"keep_out {k.name!r}: lies off the land"
        for s in self.setback:
            if s.edge > len(self.edges):
                yield f"setback: edge {s.edge}: the outline has {len(self.edges)} edges"
        if len({s.edge for s in self.setback}) < len(self.setback):
            yield "setback: an edge is named twice; each at most once"
        for gate in self.gate:
            off_m = self.polygon.exterior.distance(_point_mm(gate.at_m)) / 1000
            if off_m > GATE_OFF_M:
                yield f"gate {gate.name!r}: {off_m:.1f} m off the outline; at most {GATE_OFF_M:g} m"
        if self.utility_m is not None:
            off_m = self.polygon.distance(_point_mm(self.utility_m)) / 1000
            if off_m > GATE_OFF_M:
                yield f"utility_m: {off_m:.1f} m off the land; at most {GATE_OFF_M:g} m"


def polygon_mm(outline_m: Outline) -> Polygon:
    """An outline, its corners in whole mm."""
    return Polygon([(round(x * 1000), round(y * 1000)) for x, y in outline_m])


def rectangle(width_m: float, depth_m: float) -> Land:
    """Land whose south-west corner is the origin, with its gate in the middle of its south side."""
    corners = ((0.0, 0.0), (width_m, 0.0), (width_m, depth_m), (0.0, depth_m))
    return Land.model_construct(outline_m=corners, gate=(Gate(at_m=(width_m / 2, 0.0)),))


def _point_mm(at_m: Point) -> shapely.Point:
    return shapely.Point(at_m[0] * 1000, at_m[1] * 1000)


def _refuse_crooked(outline_m: Outline, where: str) -> None:
    """Raises ValueError for an outline that is no simple polygon, with the place."""
    for n, (one, other) in enumerate(zip(outline_m, (*outline_m[1:], outline_m[0]), strict=True), 1):
        if one == other:
            what = "the first corner is repeated at the end; leave it out" if n == len(outline_m) else "is given twice"
            raise ValueError(f"{where}: corner {n}: {what}")
    polygon = Polygon(outline_m)
    if not polygon.is_valid:
        raise ValueError(f"{where}: {shapely.is_valid_reason(polygon)}; a simple polygon is needed")
    if not polygon.exterior.is_ccw:
        raise ValueError(f"{where}: its corners run clockwise; give them counter-clockwise")
