"""What the sizing counts costs no more than the budget."""

from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING

from prefab.brief import SiteBrief
from prefab.module import Module
from prefab.plan import Plan
from prefab.results import Finding
from prefab.rules import spares
from prefab.units import exact, musd

if TYPE_CHECKING:
    from prefab.problem import Problem
    from prefab.solver import Model

TITLE = "Budget"
BASIS = "brief limits.budget_usd; catalog price; costs freight_frac, installation_frac"
WISHES = ("limits.budget_usd",)
RULE = "budget"


def check(plan: Plan) -> tuple[Finding, ...]:
    """Every tagged module delivered and installed, every spare delivered, to the last digit of the catalog's prices.

    Cables, civil works and services follow from the layout and stand in the bill, not here.
    """
    assert plan.connected is not None
    prices = {m.sku: exact(m.price.amount) * exact(m.price.usd_per_unit) for m in plan.modules}
    delivered = 1 + exact(plan.costs.freight_frac)
    installed = delivered + exact(plan.costs.installation_frac)
    nothing = Fraction(0)
    total = sum((prices.get(e.sku, nothing) for e in plan.connected.equipment), nothing) * installed
    total += sum((s.count * prices.get(s.sku, nothing) for s in plan.sized.spares), nothing) * delivered
    limit, text = plan.brief.limits.budget_usd, "modules delivered and installed, spares delivered"
    if limit is None:
        return (Finding(RULE, "site", True, float(total), float(total), "USD", "==", f"{text}; no budget is set"),)
    return (Finding(RULE, "site", total <= exact(limit), float(total), limit, "USD", "<=", text),)


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    limit = brief.limits.budget_usd
    if limit is None:
        return "No budget is set."
    return f"Modules with freight and installation, and spares with freight, cost {musd(limit)} at most."


def burden(_brief: SiteBrief, module: Module, _: str) -> float:
    """What one module really costs: to be minded where a margin of preference makes the choice count otherwise."""
    return module.price_usd


def apply(model: "Model", problem: "Problem") -> None:
    """One row in whole dollars really paid at full build; the sizing rounds every block, plant module and spare up.

    Comes after `spares`, whose counts it reads.
    """
    budget = problem.brief.limits.budget_usd
    if budget is None:
        return
    last = problem.phases[-1]
    terms = [(c.real_usd, problem.count(c, last)) for c in problem.columns]
    terms += [(o.real_usd, problem.plant_count(o, last)) for o in problem.plant]
    model.add_row([*terms, *spares.real_terms(problem)], high=floor(exact(budget)))
