"""The utility connection is never asked for more than it gives by a phase's date, and what bridges it beside it."""

from typing import TYPE_CHECKING

from prefab.brief import SiteBrief
from prefab.plan import Plan
from prefab.results import Finding
from prefab.rules.network import network_of
from prefab.rules.sets import reserved_kw
from prefab.rules.walk import walk

if TYPE_CHECKING:
    from prefab.problem import Problem
    from prefab.solver import Model

TITLE = "Grid connection"
BASIS = (
    "brief grid.capacity_mw and grid.series at each phase's date; the walked load at the pods' peak power in every "
    "situation with the utility present, less what storage gives at that peak; catalog engine.continuous_frac"
)
WISHES = ("grid.capacity_mw", "grid.series", "grid.bridge.allowed")
RULE = "grid_limit"


def check(plan: Plan) -> tuple[Finding, ...]:
    """Reads the largest import of every walked situation."""
    grid = plan.brief.grid
    findings = []
    for phase, named in enumerate(plan.brief.phases):
        worst = walk(plan, phase)
        text, limit = f"peak import, worst: {worst.import_situation}", grid.capacity_mw * 1000
        if grid.series:
            there = [s for s in grid.series if s.since <= named.energised_by]
            given = (there[-1].firm_mw + there[-1].interruptible_mw) * 1000 if there else 0.0
            lacking = limit - given
            text += f"; the connection gives {given:,.0f} kW on {named.energised_by}"
            limit = given
            if grid.bridge.allowed and lacking > 0:
                bridge = min(lacking, reserved_kw(network_of(plan, phase), lasting=True))
                text += f", sets without limit of hours up to {bridge:,.0f} kW more"
                limit += bridge
        less_kw = relief_kw(plan, phase)
        if less_kw:
            text += f"; {worst.import_kw:,.0f} kW less the {less_kw:,.0f} kW that storage gives then"
        findings.append(Finding.at_most(RULE, f"phase {named.name}", worst.import_kw - less_kw, limit, "kW", text))
    return tuple(findings)


def relief_kw(plan: Plan, phase: int) -> float:
    """What storage is kept for at the site's peak, that of the blocks' own among it; whether it can is for the rules
    on storage."""
    found = sum(s.relief_kw for s in plan.sized.storage if not s.kind and s.phase == phase)
    for kind, blocks in zip(plan.sized.kinds, plan.sized.blocks, strict=True):
        found += blocks[phase] * sum(s.relief_kw for s in plan.sized.storage if s.kind == kind.name)
    return found


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    grid, load = brief.grid, f"cooling, losses and {brief.it_kw / 1000:g} MW of IT"
    if not grid.series:
        return f"The grid gives {grid.capacity_mw:g} MW; {load} fit within."
    steps = ", ".join(f"{s.given_mw:g} MW from {s.since} on" for s in grid.series)
    bridge = ", and what it lacks until then the site's own sets give" if grid.bridge.allowed else ""
    return f"The grid gives {steps}; by the date of each phase {load} fit within{bridge}."


def apply(model: "Model", problem: "Problem") -> None:
    """Blocks at normal load, one of them in its worst situation, and the losses on the way.

    Stricter than the check by whole watts per block and by the chord above each loss curve.
    """
    for phase in problem.phases:
        load = [(o.standing.grid_w, problem.plant_count(o, phase)) for o in problem.plant if o.standing.grid_w]
        load += [(c.normal.grid_w, problem.count(c, phase)) for c in problem.columns]
        load += problem.relief(phase)
        sets = [o for o in problem.options("standby_mv") if o.bridge_w]
        bridge = [(-o.bridge_w, problem.plant_count(o, phase)) for o in sets]
        bridge += [(o.bridge_w * o.spare, problem.chosen(o)) for o in sets if o.spare]
        lacking = problem.lacking_w(phase)
        limits = [([*load, *bridge], problem.grid_w - lacking)] if lacking else []
        # A bridge never carries more than the connection is built for.
        limits += [(load, problem.grid_w)] if bridge or not lacking else []
        for drawn, most in limits:
            model.add_row(drawn, high=most)
            for choice in problem.columns:
                if choice.extra.grid_w:
                    model.add_row([*drawn, (choice.extra.grid_w, problem.stands(choice))], high=most)
