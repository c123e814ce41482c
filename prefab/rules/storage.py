"""The grid battery gives its power for its duration at the end of its life, inside its state-of-charge window."""

from typing import TYPE_CHECKING

from prefab.brief import SiteBrief
from prefab.plan import Plan
from prefab.results import Finding
from prefab.units import have, need

if TYPE_CHECKING:
    from prefab.problem import Problem
    from prefab.solver import Model

TITLE = "Grid battery"
BASIS = "brief [storage]; catalog grid_battery at end of life"
WISHES = ("storage.power_mw", "storage.duration_h")
RULE = "storage"


def check(plan: Plan) -> tuple[Finding, ...]:
    """Power and usable energy of the batteries that stand at full build; each container no faster than its rating."""
    assert plan.connected is not None
    batteries = {m.sku: m.grid_battery for m in plan.modules if m.grid_battery is not None}
    found = [batteries[e.sku] for e in plan.connected.equipment if e.sku in batteries]
    power = sum(b.power_kw for b in found)
    energy = sum(b.energy_kwh * b.depth_of_discharge_frac * b.end_of_life_frac for b in found)
    asked_kw = plan.brief.storage.power_mw * 1000
    asked_kwh = asked_kw * plan.brief.storage.duration_h
    return (
        Finding.at_least(RULE, "site", power, asked_kw, "kW", "discharge power"),
        Finding.at_least(RULE, "site", energy, asked_kwh, "kWh", "usable at end of life"),
    )


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    s = brief.storage
    if s.power_mw <= 0:
        return "No grid battery is asked for."
    return f"A grid battery gives {s.power_mw:g} MW for {s.duration_h:g} h at the end of its life."


def apply(model: "Model", problem: "Problem") -> None:
    """Power and energy rows over the battery options, in the last phase."""
    if problem.battery_kw <= 0:
        return
    last = problem.phases[-1]
    options = [o for o in problem.plant if o.battery_kw]
    counts = [problem.plant_count(o, last) for o in options]
    model.add_row([(have(o.battery_kw), n) for o, n in zip(options, counts, strict=True)], low=need(problem.battery_kw))
    model.add_row(
        [(have(o.battery_kwh), n) for o, n in zip(options, counts, strict=True)],
        low=need(problem.battery_kwh),
    )
