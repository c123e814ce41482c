"""The land on the site plan: outline, set-backs, what must stay free, gates and dimensions."""

from collections.abc import Iterator
from typing import NamedTuple

from shapely.geometry.base import BaseGeometry

from prefab.documents.drawing import Circle, Label, Line, Rect, Shape
from prefab.documents.standing import rings_of
from prefab.documents.style import GREY, INK, NAVY
from prefab.plan import Plan

LEFT, TOP = 26.0, 8.0
"""Of the land on the sheet."""
POINTS_PER_M = 72 / 0.0254
GRASS = "#f4f6f1"
KEPT_FREE = {"keep_out": "#efd9d7", "building": "#d8d4d0", "easement": "#f0e7c8", "flood": "#d5e5ef"}


class Sheet(NamedTuple):
    """From millimetres on the land (north up) to points on paper (down)."""

    scale: int
    width_m: float
    depth_m: float

    def length(self, mm: float) -> float:
        """Points for a length on the land."""
        return mm / 1000 * POINTS_PER_M / self.scale

    def x(self, mm: float) -> float:
        """Points from the left."""
        return LEFT + self.length(mm)

    def y(self, mm: float) -> float:
        """Points from the top."""
        return TOP + self.length(self.depth_m * 1000 - mm)


def make_land(plan: Plan, sheet: Sheet) -> Iterator[Shape]:
    """What lies under everything else."""
    site = plan.brief.site
    if site.size_m is None:
        yield from _parcel(plan, sheet)
        return
    width, height, inset = (sheet.length(m * 1000) for m in (sheet.width_m, sheet.depth_m, site.setback_m))
    yield Rect(LEFT, TOP, width, height, GRASS, INK, 1.1, layer="site", title="Site boundary")
    if inset:
        inner = (LEFT + inset, TOP + inset, width - 2 * inset, height - 2 * inset)
        yield Rect(*inner, stroke=GREY, stroke_width=0.4, dash=(4, 2, 1, 2), layer="site", title="Set-back")


def _parcel(plan: Plan, sheet: Sheet) -> Iterator[Shape]:
    site = plan.brief.site
    land = site.parcel
    for ring in _rings(land.polygon, sheet):
        yield Line(ring, INK, 1.1, closed=True, fill=GRASS, layer="site", title="Site boundary")
    for keep_out in land.keep_out:
        for ring in _rings(keep_out.polygon, sheet):
            yield Line(ring, GREY, 0.6, closed=True, fill=KEPT_FREE[keep_out.what], layer="site", title=keep_out.name)
    for ring in _rings(land.buildable(site.setback_m), sheet):
        yield Line(ring, GREY, 0.4, (4, 2, 1, 2), closed=True, layer="site", title="Set-back")


def make_names(plan: Plan, sheet: Sheet) -> Iterator[Shape]:
    """What must stay free, by name, where that is as wide as its name."""
    for keep_out in plan.brief.site.parcel.keep_out:
        west, _, east, _ = keep_out.polygon.bounds
        if sheet.length(east - west) >= 4 * len(keep_out.name):
            at = keep_out.polygon.representative_point()
            yield Label(sheet.x(at.x), sheet.y(at.y), keep_out.name, 7, "middle", GREY, layer="site")


def _rings(geometry: BaseGeometry, sheet: Sheet) -> Iterator[tuple[tuple[float, float], ...]]:
    for ring in rings_of(geometry):
        yield tuple((sheet.x(x), sheet.y(y)) for x, y in ring)


def make_dimensions(plan: Plan, sheet: Sheet) -> Iterator[Shape]:
    """Width, depth and the gates."""
    site = plan.brief.site
    right, foot = sheet.x(sheet.width_m * 1000), sheet.y(0)
    if site.size_m is None:
        for gate, at in zip(site.parcel.gate, site.parcel.gates_mm, strict=True):
            x, y = sheet.x(at.x), sheet.y(at.y)
            yield Circle(x, y, 2.5, NAVY, layer="dimensions", title=gate.name)
            yield Label(x + 4, y + 8, gate.name, 7, colour=NAVY, bold=True, layer="dimensions")
        if site.parcel.utility_m is not None:
            x, y = sheet.x(site.parcel.connection_mm.x), sheet.y(site.parcel.connection_mm.y)
            yield Circle(x, y, 2.5, fill="", stroke=NAVY, stroke_width=1.0, layer="dimensions", title="Utility")
            yield Label(x + 4, y - 4, "Utility", 7, colour=NAVY, bold=True, layer="dimensions")
    else:
        gate_x = (LEFT + right) / 2
        arrow = ((gate_x, foot + 1), (gate_x - 4, foot + 8), (gate_x + 4, foot + 8))
        yield Line(arrow, NAVY, 0.3, closed=True, fill=NAVY, layer="dimensions")
        yield Label(gate_x + 6, foot + 8, "Gate", 7, colour=NAVY, bold=True, layer="dimensions")
    y = foot + 16
    yield Line(((LEFT, y), (right, y)), GREY, 0.4, layer="dimensions")
    for x in (LEFT, right):
        yield Line(((x, foot + 3), (x, y + 3)), GREY, 0.4, layer="dimensions")
        yield Line(((x - 2, y + 2), (x + 2, y - 2)), INK, 0.7, layer="dimensions")
    yield Label((LEFT + right) / 2, y + 9, f"{sheet.width_m:g} m", 7.5, "middle", layer="dimensions")
    x = LEFT - 9
    yield Line(((x, TOP), (x, foot)), GREY, 0.4, layer="dimensions")
    for y in (TOP, foot):
        yield Line(((x - 3, y), (LEFT - 2, y)), GREY, 0.4, layer="dimensions")
        yield Line(((x - 2, y + 2), (x + 2, y - 2)), INK, 0.7, layer="dimensions")
    yield Label(x - 3, (TOP + foot) / 2, f"{sheet.depth_m:g} m", 7.5, "middle", turned=True, layer="dimensions")
