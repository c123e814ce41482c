"""Room around every module: for service, and for fire separation between classes of modules."""

from dataclasses import dataclass
from math import isqrt

import shapely

from prefab.basis import Separation
from prefab.brief import SiteBrief
from prefab.module import Module
from prefab.plan import Plan
from prefab.results import Finding

TITLE = "Clearances and separation"
BASIS = "catalog clearance_mm, separation; design basis separation"
WISHES: tuple[str, ...] = ("site.width_m", "site.depth_m")
RULE = "clearance"


@dataclass(frozen=True)
class _Footprint:
    tag: str
    module: Module
    west: int
    south: int
    east: int
    north: int


def check(plan: Plan) -> tuple[Finding, ...]:
    """The tightest pair of every kind of demand, and every pair that is too close.

    Gaps are between footprints, edge to edge or corner to corner. Service strips of neighbours may overlap, so a
    pair needs the larger of its strips and of the separations that name its classes, not their sum.
    """
    footprints = _footprints(plan)
    boxes = shapely.box(
        [f.west for f in footprints],
        [f.south for f in footprints],
        [f.east for f in footprints],
        [f.north for f in footprints],
    )
    reach_mm = max((s.gap_mm for s in plan.basis.separation), default=0)
    reach_mm = max([reach_mm, *(f.module.clearance_mm for f in footprints)])
    # Twice the reach, so that pairs which keep their demand show how much room they have.
    near = shapely.STRtree(boxes).query(boxes, predicate="dwithin", distance=2 * reach_mm + 1)
    tightest: dict[str, Finding] = {}
    broken: list[Finding] = []
    demands: dict[tuple[str, str], tuple[int, str]] = {}
    for i, j in sorted((int(i), int(j)) for i, j in near.T if i < j):
        a, b = footprints[i], footprints[j]
        if (a.module.sku, b.module.sku) not in demands:
            demands[a.module.sku, b.module.sku] = _demand(a.module, b.module, plan.basis.separation)
        limit_mm, kind = demands[a.module.sku, b.module.sku]
        east_west = max(a.west - b.east, b.west - a.east)
        north_south = max(a.south - b.north, b.south - a.north)
        squared = max(east_west, 0) ** 2 + max(north_south, 0) ** 2
        overlaps = east_west < 0 and north_south < 0
        kept = squared >= limit_mm**2 and not overlaps
        actual_mm = max(east_west, north_south) if overlaps else isqrt(squared)
        where = f"{a.tag} / {b.tag}"
        text = "footprints overlap" if overlaps else kind
        finding = Finding(RULE, where, kept, float(actual_mm), float(limit_mm), "mm", ">=", text)
        if not kept:
            broken.append(finding)
        elif kind not in tightest or actual_mm - limit_mm < tightest[kind].actual - tightest[kind].limit:
            tightest[kind] = finding
    if not tightest and not broken:
        text = "no two modules within reach of any clearance"
        return (Finding(RULE, "site", True, 0.0, 0.0, "pairs", "==", text),)
    return (*broken, *(tightest[kind] for kind in sorted(tightest)))


def _footprints(plan: Plan) -> list[_Footprint]:
    """Those whose size is known, in the order of their tags; what is missing or placed twice is another rule's."""
    assert plan.placed is not None
    modules = {m.sku: m for m in plan.modules}
    skus = {e.tag: e.sku for e in (plan.connected.equipment if plan.connected else ())}
    found: dict[str, _Footprint] = {}
    for p in plan.placed.positions:
        module = modules.get(skus.get(p.tag, ""))
        if module is None or p.tag in found:
            continue
        along, across = module.sides_mm(turned=p.turned)
        found[p.tag] = _Footprint(p.tag, module, p.x_mm, p.y_mm, p.x_mm + along, p.y_mm + across)
    return [found[tag] for tag in sorted(found)]


def _demand(a: Module, b: Module, separations: tuple[Separation, ...]) -> tuple[int, str]:
    """The gap two modules need, in mm, and what asks for it."""
    gap_mm, kind = max(a.clearance_mm, b.clearance_mm), "service clearance"
    for s in separations:
        straight = s.a in ("*", a.separation) and s.b in ("*", b.separation)
        crossed = s.a in ("*", b.separation) and s.b in ("*", a.separation)
        if (straight or crossed) and s.gap_mm > gap_mm:
            gap_mm, kind = s.gap_mm, f"separation {s.a} / {s.b}"
    return gap_mm, kind


def explain(_: SiteBrief) -> str:
    """What the rule asks of any site."""
    return (
        "Between any two modules lies the larger of their service clearances and of the fire separation between their "
        "classes."
    )
