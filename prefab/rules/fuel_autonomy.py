"""The tanks hold fuel for the hours asked with the utility gone, at the load each generating set really has."""

from typing import TYPE_CHECKING

from prefab.brief import SiteBrief
from prefab.physics.electrical import fuel_l_per_h
from prefab.plan import Plan
from prefab.results import Finding
from prefab.rules.network import network_of
from prefab.rules.walk import walk
from prefab.units import WATTS

if TYPE_CHECKING:
    from prefab.problem import Problem
    from prefab.solver import Model

TITLE = "Fuel autonomy"
BASIS = "brief autonomy.generator_h; catalog engine.fuel_l_per_kwh, tanks; design basis fuel_margin_frac"
WISHES = ("autonomy.generator_h", "it.backup")
RULE = "fuel_autonomy"


def check(plan: Plan) -> tuple[Finding, ...]:
    """Fuel of each running set at its island load, against the usable tanks of the phase."""
    hours = plan.brief.autonomy.generator_h
    findings = []
    for phase, named in enumerate(plan.brief.phases):
        network = network_of(plan, phase)
        worst = walk(plan, phase)
        litres_per_h = usable_l = running = 0.0
        for tag in network.order:
            module = network.module(tag)
            standby = network.carriers[network.equipment[tag].carrier].redundancy == "standby"
            if module.engine is not None and module.engine.fuel_l_per_kwh is not None and standby:
                load = worst.island_kw.get(tag, 0.0)
                rated = given.capacity_kw if (given := module.given(network.equipment[tag].carrier)) else None
                litres_per_h += float(fuel_l_per_h(module.engine.fuel_l_per_kwh, load, rated or 1.0))
                running += load
                usable_l += module.engine.belly_tank_l * module.engine.tank_usable_frac
            tank = module.given("fuel")
            if tank is not None and tank.capacity_l is not None:
                usable_l += tank.capacity_l
        asked = litres_per_h * hours * (1 + plan.basis.fuel_margin_frac)
        if plan.brief.autonomy.fuel == "gas":
            gas = [t for t, e in network.equipment.items() if network.module(t).needed("gas")]
            text = "gas engines on the pipeline; no hours of gas are stored"
            asked = 1.0 if hours > 0 else 0.0
            findings.append(Finding.at_least(RULE, f"phase {named.name}", float(len(gas)), asked, "engines", text))
            continue
        idle = hours == 0 or all(d.backup == "none" for d in plan.brief.it.demands)
        kept = usable_l >= asked - 1e-6 and (idle or running > 0)
        text = f"{hours:g} h at {running:,.0f} kW with {plan.basis.fuel_margin_frac:.0%} margin"
        findings.append(Finding(RULE, f"phase {named.name}", kept, usable_l, asked, "L", ">=", text))
    return tuple(findings)


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    hours, apart = brief.autonomy.generator_h, brief.it.said_of_backup()
    what = f"the site ({apart})" if apart else "the whole site"
    if brief.autonomy.fuel == "gas":
        return f"Without the utility gas engines run {what} for as long as the pipeline delivers."
    return f"Without the utility the generators run {what} for {hours:g} h on the fuel stored."


def apply(model: "Model", problem: "Problem") -> None:
    """Usable litres in bulk and belly tanks against the load of the phase.

    Stricter than the check by the straight line above each set's fuel curve and by whole litres.
    """
    if problem.generator_h <= 0 or not problem.options("fuel"):
        return
    hours = problem.generator_h * (1 + problem.fuel_margin_frac)
    needed = problem.rounding.needed
    for phase in problem.phases:
        stored = [(o, problem.plant_count(o, phase)) for o in problem.plant if o.fuel_l or o.least_l_per_h]
        # However little a set gives, it burns what it does at the first point of its curve.
        model.add_row([(o.fuel_l - needed(o.least_l_per_h * hours), n) for o, n in stored], low=0)
        tanks = [(o.fuel_l - needed(o.idle_l_per_h * hours), n) for o, n in stored]
        per_w = problem.fuel_l_per_kwh * hours / WATTS
        standing = [
            (-needed(w * per_w), problem.plant_count(o, phase)) for o in problem.plant if (w := o.standing.utility_w)
        ]
        burned = [(-needed(c.backed_w * per_w), problem.count(c, phase)) for c in problem.columns]
        model.add_row([*tanks, *standing, *burned], low=0)
