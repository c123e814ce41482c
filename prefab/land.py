"""The land: its outline with what must stay free in it, in metres, and what may stand and drive on it."""

from cmath import phase, rect
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise, product
from math import cos, pi
from typing import Annotated, Literal, NamedTuple

import shapely
from pydantic import Field, model_validator
from shapely import LineString, Polygon, STRtree
from shapely.geometry.base import BaseGeometry

from prefab.land_shape import CORNERS_MAX
from prefab.provenance import Text
from prefab.tables import Frozen

REACH_M = 10_000.0
"""No land is larger."""
Metres = Annotated[float, Field(ge=-REACH_M, le=REACH_M)]
Point = tuple[Metres, Metres]
"""East and north of the brief's origin."""
Outline = Annotated[tuple[Point, ...], Field(min_length=3, max_length=CORNERS_MAX)]
"""Corners one after the other, counter-clockwise, the first one not repeated."""
Name = Annotated[str, Field(min_length=1, max_length=60)]

LEAST_M2 = 100.0
"""Less is no site: one container with its clearances takes as much."""
GATE_OFF_M = 0.5
"""How far beside the outline a gate may be given: drawings are rounded."""
START_MM = 2000.0
"""Trenches of all lanes begin beside each other on so much ground."""
ROUNDED_MM = 0.75
"""What a point on the outline may lie off it once it is in whole millimetres."""
_DEGREES_M = 1.0
"""Geographic coordinates of a site span less than this, and land in metres never does."""
_ROUND = 16
"""Segments of a quarter circle around corners."""

Loc = tuple[str | int, ...]
"""Where in a `Land`: a key, and the place in its list."""


class Crooked(NamedTuple):
    """Why an outline is no simple polygon."""

    corners: tuple[int, ...]
    """Counted from 1; none where all of them are meant."""
    what: str


class KeepOut(Frozen):
    """Where nothing may be built; roads and trenches cross easements only."""

    name: Name
    what: Literal["keep_out", "building", "easement", "flood"] = "keep_out"
    outline_m: Outline
    setback_m: Annotated[float, Field(ge=0, le=500)] = 0.0
    """Further ground around it without modules; roads and trenches may use it."""

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

    @property
    def polygon(self) -> Polygon:
        """In mm."""
        return polygon_mm(self.outline_m)

    def around_mm(self, *, at_most: bool = False) -> BaseGeometry:
        """With its further free ground, in mm; see `Land.buildable`."""
        around, off_mm = _beside if at_most else _along, self.setback_m * 1000
        edges = (LineString(pair) for pair in pairwise(self.polygon.exterior.coords))
        return shapely.union_all([self.polygon, *(around(edge, off_mm) for edge in edges)]) if off_mm else self.polygon

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

    outline_m: Outline = ()
    """Never empty; the default lets a missing one be told apart from a file that was not read."""
    keep_out: tuple[KeepOut, ...] = ()
    setback: tuple[EdgeSetback, ...] = ()
    """Of edges with another one than the site's."""
    gate: Annotated[tuple[Gate, ...], Field(min_length=1)] = ()
    """Never empty either."""
    utility_m: Point | None = None
    """The utility's point of connection; otherwise the first gate."""
    file: Text = ""
    """A GeoJSON or DXF file, its path as seen from the brief: what the rest was read from, where it is not given."""
    origin: tuple[float, float] | None = None
    """What the file gives for the brief's origin, in its own metres or in degrees east and north."""

    @property
    def entry_mm(self) -> shapely.Point:
        """Where cables of the utility and of networks enter, on the land."""
        return _nearest(self.polygon, _point_mm(self.utility_m or self.gate[0].at_m))

    @property
    def connection_mm(self) -> shapely.Point:
        """Where their trenches begin: there, or in a corner and in what must stay free the nearest place where one can
        be laid at right angles."""
        at, ground = self.entry_mm, self.drivable(0.0)
        grown = ground.buffer(ROUNDED_MM, join_style="mitre")
        ways = product((-START_MM, START_MM), repeat=2)
        if any(grown.covers(_between(at, x, y)) for x, y in ways):
            return at
        room = ground.buffer(-START_MM, join_style="mitre")
        return at if room.is_empty else _nearest(room, at)

    @property
    def polygon(self) -> Polygon:
        """The outline in mm."""
        return polygon_mm(self.outline_m)

    @property
    def edges(self) -> tuple[LineString, ...]:
        """In mm, from corner to corner."""
        return tuple(LineString(pair) for pair in pairwise(self.polygon.exterior.coords))

    @property
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
        """What is left within all set-backs and outside what must stay free, in mm: never a hair more, or `at_most`
        never a hair less around corners."""
        around = _beside if at_most else _along
        edges = zip(self.edges, self.setbacks_mm(setback_m), strict=True)
        kept: list[BaseGeometry] = [around(edge, mm) for edge, mm in edges if mm]
        kept += [k.around_mm(at_most=at_most) for k in self.keep_out]
        return self.polygon.difference(shapely.union_all(kept))

    def drivable(self, fence_mm: float) -> BaseGeometry:
        """Where roads may lie, so far from the fence, and trenches."""
        barred = [k.polygon for k in self.keep_out if not k.crossed]
        ground = self.polygon.buffer(-fence_mm, join_style="mitre") if fence_mm else self.polygon
        return ground.difference(shapely.union_all(barred)) if barred else ground

    @model_validator(mode="after")
    def _holds_together(self) -> "Land":
        if not self.outline_m:
            unread = "file: is read where the brief itself is a file; give outline_m and gate"
            raise ValueError(unread if self.file else "outline_m: missing; it must be given, or a file")
        if not self.gate:
            raise ValueError("gate: missing; at least one must be given")
        _refuse_crooked(self.outline_m, "outline_m")
        if look_like_degrees(self.outline_m):
            raise ValueError("outline_m: looks like degrees; metres are meant, or a GeoJSON file with `file`")
        for _, mistake in self.mistakes():
            raise ValueError(mistake)
        return self

    def mistakes(self) -> Iterator[tuple[Loc, str]]:
        """What does not go together, each with its place."""
        if (least_m := min(min(corner) for corner in self.outline_m)) < 0:
            yield (
                ("outline_m",),
                f"outline_m: a corner lies {-least_m:g} m beyond the origin; move it to the south-west",
            )
        if self.polygon.area / 1e6 < LEAST_M2:
            yield ("outline_m",), f"outline_m: {self.polygon.area / 1e6:.3g} m2 of land; at least {LEAST_M2:g} m2"
        for n, k in enumerate(self.keep_out):
            if not k.polygon.intersects(self.polygon):
                yield ("keep_out", n), f"keep_out {k.name!r}: lies off the land"
        for n, s in enumerate(self.setback):
            if s.edge > len(self.edges):
                yield ("setback", n), f"setback: edge {s.edge}: the outline has {len(self.edges)} edges"
        if len({s.edge for s in self.setback}) < len(self.setback):
            yield ("setback",), "setback: an edge is named twice; each at most once"
        for n, gate in enumerate(self.gate):
            off_m = self.polygon.exterior.distance(_point_mm(gate.at_m)) / 1000
            if off_m > GATE_OFF_M:
                yield ("gate", n), f"gate {gate.name!r}: {off_m:.1f} m off the outline; at most {GATE_OFF_M:g} m"
        if self.utility_m is not None:
            off_m = self.polygon.distance(_point_mm(self.utility_m)) / 1000
            if off_m > GATE_OFF_M:
                yield ("utility_m",), f"utility_m: {off_m:.1f} m off the land; at most {GATE_OFF_M:g} m"


@lru_cache(maxsize=256)
def polygon_mm(outline_m: Outline) -> Polygon:
    """An outline, its corners in whole mm."""
    return Polygon([(round(x * 1000), round(y * 1000)) for x, y in outline_m])


def rectangle(width_m: float, depth_m: float) -> Land:
    """Land whose south-west corner is the origin, with its gate in the middle of its south side."""
    corners = ((0.0, 0.0), (width_m, 0.0), (width_m, depth_m), (0.0, depth_m))
    return Land.model_construct(outline_m=corners, gate=(Gate(at_m=(width_m / 2, 0.0)),))


def _point_mm(at_m: Point) -> shapely.Point:
    return shapely.Point(at_m[0] * 1000, at_m[1] * 1000)


def _nearest(ground: BaseGeometry, at: shapely.Point) -> shapely.Point:
    return shapely.Point(shapely.shortest_line(ground, at).coords[0])


def _between(at: shapely.Point, x_mm: float, y_mm: float) -> Polygon:
    """The rectangle from a point to another so far off."""
    return LineString([(at.x, at.y), (at.x + x_mm, at.y + y_mm)]).envelope


def _along(edge: LineString, off_mm: float) -> Polygon:
    """All that is nearer to an edge than so much: beside it exactly, its round ends lie outside the circle."""
    start, end = (complex(*corner) for corner in edge.coords)
    turn = pi / (2 * _ROUND)
    ahead, reach = phase(end - start), off_mm / cos(turn / 2)
    bend = [rect(reach, ahead - pi / 2 + (k + 0.5) * turn) for k in range(2 * _ROUND)]
    return Polygon([(p.real, p.imag) for p in [*(end + b for b in bend), *(start - b for b in bend)]])


def _beside(edge: LineString, off_mm: float) -> Polygon:
    """The same, its round ends within the circle."""
    return edge.buffer(off_mm, quad_segs=_ROUND)


def look_like_degrees(corners: Sequence[tuple[float, float]]) -> bool:
    """Whether figures may be degrees east and north and, for their small span, cannot be metres."""
    spans = [max(axis) - min(axis) for axis in zip(*corners, strict=True)]
    return max(spans) < _DEGREES_M and all(abs(x) <= 180 and abs(y) <= 90 for x, y in corners)


def crooked(corners: Sequence[tuple[float, float]]) -> Crooked | None:
    """The first reason why corners are no simple polygon, counter-clockwise, its first corner not repeated."""
    for n, (one, other) in enumerate(zip(corners, (*corners[1:], corners[0]), strict=True), 1):
        if one == other:
            what = "is the first corner again; leave it out" if n == len(corners) else "is given twice"
            return Crooked((n,), what)
    if crossing := _crossing(corners):
        return crossing
    if not Polygon(corners).exterior.is_ccw:
        return Crooked((), "its corners run clockwise; give them counter-clockwise")
    return None


def _crossing(corners: Sequence[tuple[float, float]]) -> Crooked | None:
    last = len(corners) - 1
    edges = [LineString(pair) for pair in zip(corners, (*corners[1:], corners[0]), strict=True)]
    met = sorted((i, j) for i, j in STRtree(edges).query(edges, predicate="intersects").T.tolist() if i < j)
    for i, j in met:
        if j - i not in (1, last):
            return Crooked((i + 1, j + 1), "the edges that begin there meet; a simple polygon is needed")
        if not edges[i].touches(edges[j]):
            return Crooked(((j if j - i == 1 else i) + 1,), "the outline runs back on itself; leave the corner out")
    return None


def _refuse_crooked(outline_m: Outline, where: str) -> None:
    """Raises ValueError for an outline that is no simple polygon, with the place."""
    if found := crooked(outline_m):
        raise ValueError(f"{where}: {said_of(found.corners)}{found.what}")


def said_of(corners: Sequence[int]) -> str:
    """Numbers of corners as the beginning of a message."""
    if not corners:
        return ""
    return f"{'corner' if len(corners) == 1 else 'corners'} {' and '.join(map(str, corners))}: "
