"""Everything stands once, on the land, inside the set-backs and off what must stay free; roads end at the fence."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from prefab.brief import SiteBrief
from prefab.land import Land
from prefab.module import Module
from prefab.plan import Plan
from prefab.results import Finding
from prefab.site_layout import Area, Position

TITLE = "Boundary and set-back"
BASIS = "brief [site] width_m, depth_m, land, setback_m; catalog stands, length_mm, width_mm"
WISHES: tuple[str, ...] = ("site.setback_m", "site.width_m", "site.depth_m")
RULE = "boundary"
_NOISE_MM = 1e-3
"""250.4 m times a thousand is not quite 250,400 in floats."""


def check(plan: Plan) -> tuple[Finding, ...]:
    """The least distance to the fence and to what must stay free, every module too near, every tag not placed exactly
    once."""
    assert plan.placed is not None
    return (*_positions(plan), *_footprints(plan), *_areas(plan))


def _positions(plan: Plan) -> list[Finding]:
    assert plan.placed is not None
    modules = {m.sku: m for m in plan.modules}
    equipment = plan.connected.equipment if plan.connected else ()
    times = Counter(p.tag for p in plan.placed.positions)
    skus = {e.tag: e.sku for e in equipment}
    wanted = {tag for tag, sku in skus.items() if sku in modules and modules[sku].stands == "site"}
    findings = []
    for tag in sorted(wanted | set(times)):
        limit = 1 if tag in wanted else 0
        if times[tag] != limit:
            text = "times placed; it stands on the land" if limit else "times placed; nothing of that tag stands there"
            findings.append(Finding(RULE, tag, False, float(times[tag]), float(limit), "positions", "==", text))
    for tag, sku in sorted(skus.items()):
        if sku not in modules:
            text = f"the plan's catalog has no {sku}: its footprint is not known"
            findings.append(Finding(RULE, tag, False, 0.0, 1.0, "modules", "==", text))
    right = sum(times[tag] == 1 for tag in wanted)
    kept = right == len(wanted)
    text = "modules placed exactly once"
    findings.append(Finding(RULE, "site", kept, float(right), float(len(wanted)), "modules", "==", text))
    return findings


def _footprints(plan: Plan) -> list[Finding]:
    assert plan.placed is not None
    modules = {m.sku: m for m in plan.modules}
    skus = {e.tag: e.sku for e in (plan.connected.equipment if plan.connected else ())}
    known = [p for p in plan.placed.positions if skus.get(p.tag, "") in modules]
    if not known:
        return []
    boxes = np.array([_box(p, modules[skus[p.tag]]) for p in known])
    land = plan.brief.site.parcel
    found = _to_fence(land, plan.brief.site.setback_m, known, boxes)
    nearest = min(found, key=lambda f: (f.actual - f.limit, f.where))
    return [*(f for f in found if not f.kept or f is nearest), *_to_keep_outs(land, [p.tag for p in known], boxes)]


def _box(p: Position, module: Module) -> Polygon:
    along, across = module.sides_mm(turned=p.turned)
    return shapely.box(p.x_mm, p.y_mm, p.x_mm + along, p.y_mm + across)


def _to_fence(land: Land, setback_m: float, positions: Sequence[Position], boxes: NDArray[np.object_]) -> list[Finding]:
    """Of every footprint the edge that leaves it least, beside that edge's set-back; off the land less than nothing."""
    edges: dict[float, list[shapely.LineString]] = defaultdict(list)
    for edge, limit_mm in zip(land.edges, land.setbacks_mm(setback_m), strict=True):
        edges[limit_mm].append(edge)
    limits_mm = np.array(sorted(edges))
    off_mm = np.array([_nearest_mm(edges[limit], boxes) for limit in limits_mm.tolist()])
    least = (off_mm - limits_mm[:, None]).argmin(axis=0)
    beyond_mm = _beyond_mm(land, boxes)
    found = []
    for n, position in enumerate(positions):
        limit_mm = float(limits_mm[least[n]])
        actual_mm = -float(beyond_mm[n]) if beyond_mm[n] > 0 else float(off_mm[least[n], n])
        kept = actual_mm >= limit_mm - _NOISE_MM
        text = "from the footprint to the fence"
        found.append(Finding(RULE, position.tag, kept, actual_mm, limit_mm, "mm", ">=", text))
    return found


def _nearest_mm(edges: Sequence[shapely.LineString], boxes: NDArray[np.object_]) -> NDArray[np.float64]:
    """From every box to the nearest of some edges."""
    tree = shapely.STRtree(edges)
    (rows, _), off_mm = tree.query_nearest(boxes, return_distance=True, all_matches=False)
    found = np.empty(len(boxes))
    found[rows] = off_mm
    return found


def _beyond_mm(land: Land, boxes: NDArray[np.object_]) -> NDArray[np.float64]:
    """How far every box reaches off the land; 0 for those on it."""
    shapely.prepare(land.polygon)
    found = np.zeros(len(boxes))
    for n in np.flatnonzero(~shapely.covers(land.polygon, boxes)):
        found[n] = _depth_mm(boxes[n].difference(land.polygon), land)
    return found


def _depth_mm(beyond: BaseGeometry, land: Land) -> float:
    """How far what lies off the land reaches from it, or the side of a square as large: over a notch every corner of it
    may lie on the outline."""
    if beyond.area <= _NOISE_MM:
        return 0.0
    corners = shapely.points(shapely.get_coordinates(beyond))
    return float(max(shapely.distance(corners, land.polygon).max(), beyond.area**0.5))


def _to_keep_outs(land: Land, names: Sequence[str], boxes: NDArray[np.object_]) -> Iterator[Finding]:
    """Of what must stay free the nearest footprint, and all that stand in it or too near."""
    for keep_out in land.keep_out:
        limit_mm = keep_out.setback_m * 1000
        off_mm = shapely.distance(keep_out.polygon, boxes)
        inside_mm2 = shapely.area(shapely.intersection(boxes, keep_out.polygon))
        nearest = off_mm.argmin()
        for n, tag in enumerate(names):
            kept = bool(off_mm[n] >= limit_mm - _NOISE_MM and inside_mm2[n] <= _NOISE_MM)
            if not kept or n == nearest:
                text = f"from the footprint to {keep_out.name}" if kept or off_mm[n] else f"stands in {keep_out.name}"
                actual_mm = float(off_mm[n]) if kept or off_mm[n] else -float(inside_mm2[n] ** 0.5)
                yield Finding(RULE, tag, kept, actual_mm, limit_mm, "mm", ">=", text)


def _areas(plan: Plan) -> list[Finding]:
    assert plan.placed is not None
    land, areas = plan.brief.site.parcel, plan.placed.areas
    found = [_on_land(land, area, plan.basis.road_width_mm) for area in areas]
    nearest = min(found, key=lambda f: (f.actual, f.where), default=None)
    crossing = (
        (area, k, _rect(area).intersection(k.polygon).area)
        for area in areas
        for k in land.keep_out
        if not (k.crossed and area.purpose == "road")
    )
    over = (
        Finding(RULE, area.name, False, area_mm2 / 1e6, 0.0, "m2", "<=", f"crosses {keep_out.name}")
        for area, keep_out, area_mm2 in crossing
        if area_mm2 > _NOISE_MM
    )
    return [*(f for f in found if not f.kept or f is nearest), *over]


def _on_land(land: Land, area: Area, apron_mm: int) -> Finding:
    """How far an area stays from the fence; a road may end beyond it, at a gate, where the fence runs askew."""
    rect, text = _rect(area), f"from the {area.purpose} to the fence"
    inside_mm = rect.distance(land.polygon.exterior) if land.polygon.covers(rect) else 0.0
    beyond = rect.difference(land.polygon)
    if area.purpose == "road":
        for gate in filter(land.askew_at, land.gates_mm):
            beyond = beyond.difference(gate.buffer(apron_mm))
    beyond_mm = _depth_mm(beyond, land)
    return Finding(RULE, area.name, beyond_mm == 0.0, float(-beyond_mm or inside_mm), 0.0, "mm", ">=", text)


def _rect(area: Area) -> Polygon:
    return shapely.box(area.x_mm, area.y_mm, area.x_mm + area.width_mm, area.y_mm + area.depth_mm)


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    site = brief.site
    size = (
        f"{site.size_m[0]:g} m x {site.size_m[1]:g} m" if site.size_m else f"{site.parcel.polygon.area / 1e10:.2f} ha"
    )
    own = ", more along some edges" if site.parcel.setback else ""
    free = f", and off {', '.join(k.name for k in site.parcel.keep_out)}" if site.parcel.keep_out else ""
    return (
        f"Every module stands once and wholly on the {size} of land, {site.setback_m:g} m or more from the fence"
        f"{own}{free}."
    )
