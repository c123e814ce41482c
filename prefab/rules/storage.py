"""The grid battery gives its power for its duration at the end of its life, inside its state-of-charge window."""

from collections import defaultdict
from typing import TYPE_CHECKING

from prefab.brief import SiteBrief
from prefab.plan import Plan
from prefab.results import Finding
from prefab.units import WATTS

if TYPE_CHECKING:
    from prefab.problem import Problem
    from prefab.solver import Model

TITLE = "Grid battery"
BASIS = "brief [storage]; catalog grid_battery at end of life, conversion, load_smoothing"
WISHES = ("storage.power_mw", "storage.duration_h", "storage.smoothing_frac")
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
        *_shared(plan),
        *_smoothing(plan),
    )


def _shared(plan: Plan) -> list[Finding]:
    """What converts or transforms for several batteries carries all of them at their power."""
    assert plan.connected is not None
    modules = {m.sku: m for m in plan.modules}
    at = {e.tag: e for e in plan.connected.equipment}
    load: dict[str, float] = defaultdict(float)
    for feed in plan.connected.feeds:
        consumer = at.get(feed.consumer)
        module = modules.get(consumer.sku) if consumer else None
        need = module.needed(feed.carrier) if module else None
        if module and module.grid_battery and need is not None and need.connection == "shared":
            for tag in feed.suppliers:
                load[tag] += module.grid_battery.power_kw / len(feed.suppliers)
    findings = []
    for tag, kw in sorted((t, kw) for t, kw in load.items() if t in at and at[t].sku in modules):
        given = modules[at[tag].sku].given(at[tag].carrier)
        limit = (given.capacity_kw or (given.capacity_kva or 0.0) * plan.basis.power_factor) if given else 0.0
        findings.append(Finding.at_most(RULE, tag, kw, limit, "kW", "power of the batteries behind it"))
    return findings


def _smoothing(plan: Plan) -> list[Finding]:
    """Per block the power of what smooths the pods' swings."""
    assert plan.connected is not None
    share = plan.brief.storage.smoothing_frac
    if not share:
        return []
    modules = {m.sku: m for m in plan.modules}
    asked: dict[int, float] = defaultdict(float)
    found_kw: dict[int, float] = defaultdict(float)
    for e in plan.connected.equipment:
        module = modules.get(e.sku)
        if module is None:
            continue
        if module.it is not None:
            asked[e.block] += share * module.it.peak_kw
        if e.carrier == "load_smoothing" and (given := module.given(e.carrier)) and given.capacity_kw:
            found_kw[e.block] += given.capacity_kw
    text = f"smoothing of {share:.0%} of the pods' peak"
    return [Finding.at_least(RULE, f"block {b}", found_kw[b], kw, "kW", text) for b, kw in sorted(asked.items())]


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
    options = [o for o in problem.plant if o.battery_w]
    counts = [problem.plant_count(o, last) for o in options]
    asked_w, asked_wh = (problem.rounding.needed(asked, WATTS) for asked in (problem.battery_kw, problem.battery_kwh))
    model.add_row([(o.battery_w, n) for o, n in zip(options, counts, strict=True)], low=asked_w)
    model.add_row([(o.battery_wh, n) for o, n in zip(options, counts, strict=True)], low=asked_wh)
