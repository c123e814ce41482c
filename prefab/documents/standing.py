"""What stands and lies on the land, in millimetres, for every drawing of it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

import shapely
from shapely.geometry.base import BaseGeometry

from prefab.module import Module
from prefab.plan import Plan
from prefab.site_layout import Area

Ends = tuple[int, int, int, int]
"""West, south, east, north in mm."""


class Box(NamedTuple):
    """A footprint on the land, in mm."""

    tag: str
    module: Module
    x_mm: int
    y_mm: int
    width_mm: int
    depth_mm: int


def boxes_of(plan: Plan) -> list[Box]:
    """Every module that stands on the land."""
    modules = {m.sku: m for m in plan.modules}
    skus = {e.tag: e.sku for e in (plan.connected.equipment if plan.connected else ())}
    found = []
    for p in plan.placed.positions if plan.placed else ():
        module = modules.get(skus.get(p.tag, ""))
        if module:
            found.append(Box(p.tag, module, p.x_mm, p.y_mm, *module.sides_mm(turned=p.turned)))
    return found


def areas_of(plan: Plan, *purposes: str) -> list[Area]:
    """Roads, blocks or yards."""
    return [a for a in (plan.placed.areas if plan.placed else ()) if a.purpose in purposes]


def ends_of(item: Area | Box) -> Ends:
    return item.x_mm, item.y_mm, item.x_mm + item.width_mm, item.y_mm + item.depth_mm


def rings_of(geometry: BaseGeometry) -> Iterator[list[tuple[float, float]]]:
    """The corners of every outline and hole, none twice."""
    for part in shapely.get_parts(geometry):
        for ring in (part.exterior, *part.interiors):
            yield [(x, y) for x, y in ring.coords[:-1]]


def make_stretches(plan: Plan) -> Iterator[tuple[str, tuple[tuple[int, int], tuple[int, int]]]]:
    """Where runs lie outside blocks and yards, each stretch once: `A`, `B` or `pipe`, and its two ends."""
    ends = [ends_of(a) for a in areas_of(plan, "block", "yard")]
    media = {c.key: c.medium for c in plan.carriers}
    found: dict[tuple[str, bool, int], set[tuple[int, int]]] = defaultdict(set)
    for run in plan.routed.runs if plan.routed else ():
        medium = media.get(run.carrier, "")
        kind: str = run.side if medium in ("electric", "storage", "signal") else "pipe"
        for (x, y), (u, v) in pairwise(run.points_mm):
            upright = x == u
            found[kind, upright, x if upright else y].add((min(y, v), max(y, v)) if upright else (min(x, u), max(x, u)))
    lines: dict[tuple[str, bool, int], list[tuple[int, int]]] = {}
    for (kind, upright, at), pieces in found.items():
        # Of the lots that this line crosses; the middle of a piece says where it lies.
        crossed = [
            (low, high)
            for west, south, east, north in ends
            for first, last, low, high in [(west, east, south, north) if upright else (south, north, west, east)]
            if first < at < last
        ]
        outside = [p for p in pieces if not any(low < (p[0] + p[1]) / 2 < high for low, high in crossed)]
        if outside:
            lines[kind, upright, at] = outside
    for (kind, upright, at), stretches in sorted(lines.items()):
        for start, end in _joined(stretches):
            yield kind, ((at, start), (at, end)) if upright else ((start, at), (end, at))


def _joined(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found
