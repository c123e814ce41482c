"""What stands on the land covers no more of it than lies inside the set-backs, nor than the brief allows."""

from fractions import Fraction
from typing import TYPE_CHECKING

from prefab.brief import SiteBrief
from prefab.module import Module
from prefab.plan import Plan
from prefab.results import Finding
from prefab.rules.totals import burdened
from prefab.units import exact

if TYPE_CHECKING:
    from prefab.problem import Problem
    from prefab.solver import Model

TITLE = "Ground covered"
BASIS = "brief [site] width_m, depth_m, land, setback_m, limits.area_m2; catalog stands, length_mm, width_mm"
WISHES = ("limits.area_m2", "site.setback_m", "site.width_m", "site.depth_m")
RULE = "land_use"
_MM2_PER_M2 = 1_000_000
_MM2_PER_CM2 = 100


def check(plan: Plan) -> tuple[Finding, ...]:
    """Bare footprints against the land inside the set-backs: what no layout can undercut, so a site that breaks it
    cannot be built. Clearances, separations and roads take more; whether they fit is shown by placing."""
    assert plan.connected is not None
    modules = {m.sku: m for m in plan.modules if m.stands == "site"}
    found = [modules[e.sku] for e in plan.connected.equipment if e.sku in modules]
    covered_m2 = Fraction(sum(m.length_mm * m.width_mm for m in found), _MM2_PER_M2)
    inside_m2, asked_m2 = plan.brief.site.inside_m2, plan.brief.limits.area_m2
    limits = [(inside_m2, "footprints; the land inside the set-backs")]
    if asked_m2 is not None:
        limits.append((exact(asked_m2), "footprints; ground that may be covered"))
    return tuple(
        Finding(RULE, "site", covered_m2 <= limit, float(covered_m2), float(limit), "m2", "<=", text)
        for limit, text in limits
    )


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    inside_m2, limit = float(brief.site.inside_m2), brief.limits.area_m2
    more = "" if limit is None else f" and no more than {limit:,.0f} m2"
    return f"The modules cover no more than the {inside_m2:,.0f} m2 inside the set-backs{more}."


def burden(_: SiteBrief, module: Module, __: str) -> float:
    """Square centimetres that one module covers."""
    return module.length_mm * module.width_mm / _MM2_PER_CM2 if module.stands == "site" else 0.0


def rows(problem: "Problem") -> list[tuple[list[tuple[int, str]], int]]:
    """Whole square centimetres at full build: footprints up per block and plant step, land down."""
    land_m2, asked_m2 = problem.brief.site.inside_m2, problem.brief.limits.area_m2
    if asked_m2 is not None:
        land_m2 = min(land_m2, exact(asked_m2))
    return [(burdened(problem, burden), problem.rounding.had(land_m2 * _MM2_PER_M2 / _MM2_PER_CM2))]


def apply(model: "Model", problem: "Problem") -> None:
    """The row above."""
    for terms, most in rows(problem):
        model.add_row(terms, high=most)
