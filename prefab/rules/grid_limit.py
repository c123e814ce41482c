"""The utility connection is never asked for more than its capacity."""

from typing import TYPE_CHECKING

from prefab.brief import SiteBrief
from prefab.plan import Plan
from prefab.results import Finding
from prefab.rules.walk import walk

if TYPE_CHECKING:
    from prefab.problem import Problem
    from prefab.solver import Model

TITLE = "Grid connection"
BASIS = "brief grid.capacity_mw; the walked load at the pods' peak power in every situation with the utility present"
WISHES = ("grid.capacity_mw",)
RULE = "grid_limit"


def check(plan: Plan) -> tuple[Finding, ...]:
    """Reads the largest import of every walked situation."""
    limit = plan.brief.grid.capacity_mw * 1000
    findings = []
    for phase, named in enumerate(plan.brief.phases):
        worst = walk(plan, phase)
        text = f"peak import, worst: {worst.import_situation}"
        findings.append(Finding.at_most(RULE, f"phase {named.name}", worst.import_kw, limit, "kW", text))
    return tuple(findings)


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    return (
        f"The grid gives {brief.grid.capacity_mw:g} MW; cooling, losses and {brief.it_kw / 1000:g} MW of IT fit within."
    )


def apply(model: "Model", problem: "Problem") -> None:
    """Blocks at normal load, one of them in its worst situation, and the losses on the way.

    Stricter than the check by whole watts per block and by the chord above each loss curve.
    """
    for phase in problem.phases:
        load = [(o.standing.grid_w, problem.plant_count(o, phase)) for o in problem.plant if o.standing.grid_w]
        load += [(c.normal.grid_w, problem.count(c, phase)) for c in problem.columns]
        model.add_row(load, high=problem.grid_w)
        for choice in problem.columns:
            if choice.extra.grid_w:
                model.add_row([*load, (choice.extra.grid_w, problem.stands(choice))], high=problem.grid_w)
