"""Everything that evaporates water at once takes no more than the site's supply."""

from math import fsum
from typing import TYPE_CHECKING

from prefab.brief import SiteBrief
from prefab.module import Module
from prefab.plan import Plan
from prefab.results import Finding
from prefab.rules.totals import burdened

if TYPE_CHECKING:
    from prefab.problem import Problem
    from prefab.solver import Model

TITLE = "Water supply"
BASIS = "brief limits.water_m3_per_h; catalog rejection.water_m3_per_h"
WISHES = ("limits.water_m3_per_h",)
RULE = "water"


def check(plan: Plan) -> tuple[Finding, ...]:
    """Per phase the most make-up water of every unit that stands, those in reserve included: on the hottest day all
    of them run."""
    assert plan.connected is not None
    taken = {m.sku: m.rejection.water_m3_per_h for m in plan.modules if m.rejection is not None}
    limit = plan.brief.limits.water_m3_per_h
    findings = []
    for phase, named in enumerate(plan.brief.phases):
        standing = (e.sku for e in plan.connected.equipment if e.phase <= phase)
        actual = fsum(taken.get(sku, 0.0) for sku in standing)
        where, text = f"phase {named.name}", "make-up water, all units evaporating"
        if limit is None:
            findings.append(Finding(RULE, where, True, actual, actual, "m3/h", "==", f"{text}; no limit is set"))
        else:
            findings.append(Finding.at_most(RULE, where, actual, limit, "m3/h", text))
    return tuple(findings)


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    limit = brief.limits.water_m3_per_h
    return "No limit of water is set." if limit is None else f"Cooling evaporates {limit:g} m3/h of water at most."


def burden(brief: SiteBrief, module: Module, _: str) -> float:
    """Litres per hour that one module evaporates, where there is a limit."""
    if brief.limits.water_m3_per_h is None or module.rejection is None:
        return 0.0
    return module.rejection.water_m3_per_h * 1000


def rows(problem: "Problem") -> list[tuple[list[tuple[int, str]], int]]:
    """Whole litres per hour; counts only grow, so full build asks most."""
    limit = problem.brief.limits.water_m3_per_h
    return [] if limit is None else [(burdened(problem, burden), problem.rounding.had(limit * 1000))]


def apply(model: "Model", problem: "Problem") -> None:
    """The row above, where there is a limit."""
    for terms, most in rows(problem):
        model.add_row(terms, high=most)
