"""The site is built of no more different modules than the brief allows."""

from typing import TYPE_CHECKING

from prefab.brief import SiteBrief
from prefab.plan import Plan
from prefab.results import Finding
from prefab.rules.totals import add_uses

if TYPE_CHECKING:
    from prefab.problem import Problem
    from prefab.solver import Model

TITLE = "Different modules"
BASIS = "brief limits.skus; SKUs of all tagged modules"
WISHES = ("limits.skus",)
RULE = "sku_count"


def check(plan: Plan) -> tuple[Finding, ...]:
    """Counts SKUs of modules with tags; what a composite contains comes with it and is not counted."""
    assert plan.connected is not None
    found = float(len({e.sku for e in plan.connected.equipment}))
    limit, text = plan.brief.limits.skus, "different modules on the site"
    if limit is None:
        return (Finding(RULE, "site", True, found, found, "SKUs", "==", f"{text}; no limit is set"),)
    return (Finding.at_most(RULE, "site", found, float(limit), "SKUs", text),)


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    limit = brief.limits.skus
    return "Any number of different modules may be used." if limit is None else f"At most {limit} SKUs are used."


def apply(model: "Model", problem: "Problem") -> None:
    """Counts what is used anywhere at full build."""
    limit = problem.brief.limits.skus
    if limit is not None:
        model.add_row([(1, used) for used in add_uses(model, problem).values()], high=limit)
