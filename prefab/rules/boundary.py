"""Everything stands once, on the land and inside the set-back; roads and yards end at the fence."""

from collections import Counter

from prefab.brief import SiteBrief
from prefab.plan import Plan
from prefab.results import Finding

TITLE = "Boundary and set-back"
BASIS = "brief [site] width_m, depth_m, setback_m; catalog stands, length_mm, width_mm"
WISHES: tuple[str, ...] = ("site.setback_m", "site.width_m", "site.depth_m")
RULE = "boundary"
_NOISE_MM = 1e-3
"""250.4 m times a thousand is not quite 250,400 in floats."""


def check(plan: Plan) -> tuple[Finding, ...]:
    """The least distance to the fence, every module outside the set-back, every tag not placed exactly once."""
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
    site = plan.brief.site
    width_mm, depth_mm, setback_mm = site.width_m * 1000, site.depth_m * 1000, site.setback_m * 1000
    found = []
    for position in plan.placed.positions:
        module = modules.get(skus.get(position.tag, ""))
        if module is None:
            continue
        along, across = module.length_mm, module.width_mm
        if position.turned:
            along, across = across, along
        to_fence_mm = min(
            position.x_mm,
            position.y_mm,
            width_mm - position.x_mm - along,
            depth_mm - position.y_mm - across,
        )
        kept = to_fence_mm >= setback_mm - _NOISE_MM
        text = "from the footprint to the fence"
        found.append(Finding(RULE, position.tag, kept, float(to_fence_mm), setback_mm, "mm", ">=", text))
    nearest = min(found, key=lambda f: (f.actual, f.where), default=None)
    return [f for f in found if not f.kept or f is nearest]


def _areas(plan: Plan) -> list[Finding]:
    assert plan.placed is not None
    site = plan.brief.site
    found = []
    for area in plan.placed.areas:
        inside_mm = min(
            area.x_mm,
            area.y_mm,
            site.width_m * 1000 - area.x_mm - area.width_mm,
            site.depth_m * 1000 - area.y_mm - area.depth_mm,
        )
        text = f"from the {area.purpose} to the fence"
        found.append(Finding(RULE, area.name, inside_mm >= -_NOISE_MM, float(inside_mm), 0.0, "mm", ">=", text))
    nearest = min(found, key=lambda f: (f.actual, f.where), default=None)
    return [f for f in found if not f.kept or f is nearest]


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    site = brief.site
    return (
        f"Every module stands once and wholly on the {site.width_m:g} m x {site.depth_m:g} m of land, "
        f"{site.setback_m:g} m or more from the fence."
    )
