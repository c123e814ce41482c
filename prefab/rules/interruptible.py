"""What the utility may call off the site's own generating sets carry, their spare in reserve, for as long as it lasts.

Batteries are not counted: their energy is kept for other duties. Nor is any computing given up.
"""

from typing import TYPE_CHECKING

from prefab.brief import SiteBrief
from prefab.plan import Plan
from prefab.results import Finding
from prefab.rules.network import network_of
from prefab.rules.sets import lasting_h, reserved_kw
from prefab.rules.walk import walk
from prefab.units import WATTS

if TYPE_CHECKING:
    from prefab.problem import Problem
    from prefab.solver import Model

TITLE = "Interruptible part of the grid connection"
BASIS = (
    "brief grid.series at each phase's date, grid.interruption_h; the walked load; catalog engine.fuel_l_per_kwh, tanks"
)
WISHES = ("grid.interruption_h",)
RULE = "interruptible"


def check(plan: Plan) -> tuple[Finding, ...]:
    """Sets against the largest import beyond the firm part, and their fuel from full tanks; nothing to find where all
    of the connection is firm."""
    grid = plan.brief.grid
    findings = []
    for phase, named in enumerate(plan.brief.phases):
        there = [s for s in grid.series if s.since <= named.energised_by]
        if not there or not there[-1].interruptible_mw:
            continue
        firm, hours, where = there[-1].firm_mw * 1000, grid.interruption_h or 0.0, f"phase {named.name}"
        worst, network = walk(plan, phase), network_of(plan, phase)
        called = max(0.0, worst.import_kw - firm)
        text = f"import beyond {firm:,.0f} kW firm, worst: {worst.import_situation}; sets with their spare in reserve"
        findings.append(Finding.at_most(RULE, where, called, reserved_kw(network, lasting=False), "kW", text))
        lasts = lasting_h(network, called) if called else float("inf")
        if lasts < float("inf"):
            text = f"of fuel at {called:,.0f} kW"
            findings.append(Finding.at_least(RULE, where, lasts, hours, "h", text))
    return tuple(findings)


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    steps = [s for s in brief.grid.series if s.interruptible_mw]
    if not steps:
        return "The utility may call off no part of the connection."
    parts = ", ".join(f"{s.interruptible_mw:g} of {s.given_mw:g} MW from {s.since} on" for s in steps)
    return (
        f"The utility may call off {parts}, for {brief.grid.interruption_h:g} h each time; the site's own sets then "
        "carry what exceeds the firm part."
    )


def apply(model: "Model", problem: "Problem") -> None:
    """The sets' rows over what blocks and plant draw beyond the firm part, one block in its worst situation.

    Stricter than the check by whole watts and litres, and by the straight lines above the curves of loss and fuel.
    """
    sets, hours = problem.options("standby_mv"), problem.brief.grid.interruption_h or 0.0
    needed = problem.rounding.needed
    for phase in problem.phases:
        firm, given = problem.firm_w(phase), problem.given_w(phase)
        if firm == given:
            continue
        drawn = [(o.standing.grid_w, problem.plant_count(o, phase)) for o in problem.plant if o.standing.grid_w]
        drawn += [(c.normal.grid_w, problem.count(c, phase)) for c in problem.columns]
        worst = [drawn, *([*drawn, (c.extra.grid_w, problem.stands(c))] for c in problem.columns if c.extra.grid_w)]
        gives = [(o.capacity_w, problem.plant_count(o, phase)) for o in sets]
        gives += [(-o.capacity_w * o.spare, problem.chosen(o)) for o in sets if o.spare]
        for load in worst:
            model.add_row([*gives, *((-w, name) for w, name in load)], low=-firm)
        if not problem.options("fuel"):
            continue
        stored = [(o, problem.plant_count(o, phase)) for o in problem.plant if o.fuel_l or o.least_l_per_h]
        # However little a set gives, it burns what it does at the first point of its curve.
        model.add_row([(o.fuel_l - needed(o.least_l_per_h * hours), n) for o, n in stored], low=0)
        tanks = [(o.fuel_l - needed(o.idle_l_per_h * hours), n) for o, n in stored]
        per_w = problem.fuel_l_per_kwh * hours / WATTS
        for load in worst:
            burned = [(-needed(w * per_w), name) for w, name in load]
            model.add_row([*tanks, *burned], low=-problem.rounding.had(firm * per_w))
