"""Trucks, cranes and fire engines reach every module from the gate."""

from fractions import Fraction
from math import isqrt

import networkx as nx
import shapely

from prefab.brief import SiteBrief
from prefab.plan import Plan
from prefab.results import Finding
from prefab.site_layout import Area

TITLE = "Road access"
BASIS = "design basis road_width_mm, road_reach_mm; brief [site] width_m, land"
WISHES: tuple[str, ...] = ("site.width_m", "site.depth_m")
RULE = "road_access"
_NOISE_MM = Fraction(1, 1000)
"""Metres of a brief are floats."""


def check(plan: Plan) -> tuple[Finding, ...]:
    """Roads are wide enough, joined with each other and with the gate, free of modules and near every module."""
    assert plan.placed is not None
    roads = [a for a in plan.placed.areas if a.purpose == "road"]
    if not roads:
        return (Finding(RULE, "site", False, 0.0, 1.0, "roads", ">=", "the site has no road"),)
    return (*_widths(plan, roads), _network(plan, roads), _gate(plan, roads), *_modules(plan, roads))


def _widths(plan: Plan, roads: list[Area]) -> list[Finding]:
    limit = float(plan.basis.road_width_mm)
    found = [(float(min(r.width_mm, r.depth_mm)), r.name) for r in roads]
    narrowest = min(found)
    return [
        Finding(RULE, name, width >= limit, width, limit, "mm", ">=", "width of the road")
        for width, name in found
        if width < limit or (width, name) == narrowest
    ]


def _network(plan: Plan, roads: list[Area]) -> Finding:
    """Two roads are joined where they overlap or touch along an opening as wide as a road."""
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(len(roads)))
    for i, a in enumerate(roads):
        for j, b in enumerate(roads[:i]):
            shared_x = min(a.x_mm + a.width_mm, b.x_mm + b.width_mm) - max(a.x_mm, b.x_mm)
            shared_y = min(a.y_mm + a.depth_mm, b.y_mm + b.depth_mm) - max(a.y_mm, b.y_mm)
            if min(shared_x, shared_y) >= 0 and max(shared_x, shared_y) >= plan.basis.road_width_mm:
                graph.add_edge(i, j)
    parts = nx.number_connected_components(graph)
    return Finding(RULE, "site", parts == 1, float(parts), 1.0, "networks", "==", "separate networks of roads")


def _gate(plan: Plan, roads: list[Area]) -> Finding:
    """From the gate that is nearest to a road, where it lies on the outline."""
    off_mm = []
    for gate in plan.brief.site.parcel.gates_mm:
        x_mm, y_mm = Fraction(gate.x), Fraction(gate.y)
        for r in roads:
            beside_mm = max(Fraction(0), r.x_mm - x_mm, x_mm - r.x_mm - r.width_mm)
            off_mm.append(max(beside_mm, r.y_mm - y_mm, y_mm - r.y_mm - r.depth_mm))
    text = "from the gate to a road"
    return Finding(RULE, "gate", min(off_mm) <= _NOISE_MM, float(min(off_mm)), 0.0, "mm", "<=", text)


def _modules(plan: Plan, roads: list[Area]) -> list[Finding]:
    assert plan.placed is not None
    modules = {m.sku: m for m in plan.modules}
    skus = {e.tag: e.sku for e in (plan.connected.equipment if plan.connected else ())}
    tree = shapely.STRtree([shapely.box(r.x_mm, r.y_mm, r.x_mm + r.width_mm, r.y_mm + r.depth_mm) for r in roads])
    limit_mm = plan.basis.road_reach_mm
    reaches: list[Finding] = []
    overlaps: list[Finding] = []
    for p in sorted(plan.placed.positions, key=lambda p: (p.tag, p.x_mm, p.y_mm)):
        module = modules.get(skus.get(p.tag, ""))
        if module is None:
            continue
        along, across = module.sides_mm(turned=p.turned)
        box = shapely.box(p.x_mm, p.y_mm, p.x_mm + along, p.y_mm + across)
        for i in sorted(tree.query(box)):
            deep_mm = min(
                min(p.x_mm + along, roads[i].x_mm + roads[i].width_mm) - max(p.x_mm, roads[i].x_mm),
                min(p.y_mm + across, roads[i].y_mm + roads[i].depth_mm) - max(p.y_mm, roads[i].y_mm),
            )
            if deep_mm > 0:
                where = f"{p.tag} / {roads[i].name}"
                overlaps.append(Finding(RULE, where, False, float(deep_mm), 0.0, "mm", "<=", "stands on the road"))
        squared = min(_distance_squared(p.x_mm, p.y_mm, along, across, roads[i]) for i in tree.query_nearest(box))
        # Rounded up where it matters, so that a reach of a hair too much never prints as the limit itself.
        reach_mm = isqrt(squared) if isqrt(squared) ** 2 == squared else isqrt(squared) + 1
        kept = squared <= limit_mm**2
        text = "from the footprint to the nearest road"
        reaches.append(Finding(RULE, p.tag, kept, float(reach_mm), float(limit_mm), "mm", "<=", text))
    farthest = max(reaches, key=lambda f: (f.actual, f.where), default=None)
    return [*overlaps, *(f for f in reaches if not f.kept or f is farthest)]


def _distance_squared(x_mm: int, y_mm: int, along: int, across: int, road: Area) -> int:
    east_west = max(0, road.x_mm - x_mm - along, x_mm - road.x_mm - road.width_mm)
    north_south = max(0, road.y_mm - y_mm - across, y_mm - road.y_mm - road.depth_mm)
    return east_west**2 + north_south**2


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    site = brief.site
    where = f"the middle of the {site.size_m[0]:g} m south edge" if site.size_m else "a gate"
    return f"A connected road enters through {where} and comes within reach of every module."
