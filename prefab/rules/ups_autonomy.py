"""What gives critical power carries its worst load for the autonomy asked, at the end of its battery's life.

The battery may stand inside a UPS or beside it as a group of its own. A rotary UPS has a flywheel for the start of its
engine, and its tank for the rest.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from prefab.brief import SiteBrief
from prefab.plan import Plan
from prefab.results import Finding
from prefab.rules.network import Network, network_of, shown
from prefab.rules.walk import Worst, walk

if TYPE_CHECKING:
    from prefab.eligible import Offer

TITLE = "UPS autonomy"
BASIS = "brief autonomy.ups_min; catalog ups_battery at end of life, engine.start_s, tanks"
WISHES = ("autonomy.ups_min",)
RULE = "ups_autonomy"


def check(plan: Plan) -> tuple[Finding, ...]:
    """Per phase the UPS module with the shortest autonomy, and every one that is too short."""
    asked = plan.brief.autonomy.ups_min
    findings: list[Finding] = []
    for phase, named in enumerate(plan.brief.phases):
        where = f"phase {named.name}"
        found = shown(("", f) for f in _autonomies(network_of(plan, phase), walk(plan, phase), where, asked))
        findings += found or [Finding.at_least(RULE, where, 0.0, asked, "min", "no UPS battery")]
    return tuple(findings)


def _autonomies(network: Network, worst: Worst, where: str, asked_min: float) -> Iterable[Finding]:
    for tag in network.order:
        module, load = network.module(tag), worst.load_kw.get(tag, 0.0)
        if not network.carriers[network.equipment[tag].carrier].autonomy or load <= 0:
            continue
        here, text = f"{where}, {tag}", f"{load:,.0f} kW, worst: {worst.situation[tag]}"
        battery, engine = module.ups_battery, module.engine
        if battery is None:
            beside = any(network.carriers[n.carrier].autonomy for n in module.needs)
            if not beside and asked_min > 0:
                yield Finding.at_least(RULE, here, 0.0, asked_min, "min", "no battery in it or beside it")
            continue
        usable_kwh = battery.energy_kwh * battery.depth_of_discharge_frac * battery.end_of_life_frac
        minutes = usable_kwh * battery.inverter_efficiency_frac * 60 / load
        if battery.power_max_kw is not None:
            fast = battery.power_max_kw * battery.inverter_efficiency_frac
            yield Finding.at_most(RULE, here, load, fast, "kW", "power of its battery")
        if engine is not None and engine.fuel_l_per_kwh is not None:
            yield Finding.at_least(RULE, here, minutes * 60, engine.start_s, "s", "until its engine has started")
            thirst = max(y for _, y in engine.fuel_l_per_kwh)
            minutes = engine.belly_tank_l * engine.tank_usable_frac / thirst / load * 60
        yield Finding.at_least(RULE, here, minutes, asked_min, "min", text)


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    return (
        f"What gives critical power carries their load for {brief.autonomy.ups_min:g} minutes at the end of their life."
    )


def shape(offer: "Offer") -> "float | str":
    """The load a UPS module may carry so that its battery lasts."""
    module, minutes = offer.module, offer.brief.autonomy.ups_min
    battery, engine = module.ups_battery, module.engine
    if not offer.carrier.autonomy:
        return offer.capacity_kw
    if battery is None:
        # The frame of a UPS: what its battery must hold is asked of the battery's own offer.
        beside = any(offer.carriers[n.carrier].autonomy for n in module.needs if n.carrier in offer.carriers)
        return offer.capacity_kw if beside or minutes <= 0 else f"no battery, {minutes:g} min of autonomy asked"
    delivered_kwh = battery.usable_kwh * battery.inverter_efficiency_frac
    caps = [offer.capacity_kw]
    if battery.power_max_kw is not None:
        caps.append(battery.power_max_kw * battery.inverter_efficiency_frac)
    if engine is not None and engine.fuel_l_per_kwh is not None:
        caps.append(delivered_kwh * 3600 / engine.start_s)
        tank_kwh = engine.belly_tank_l * engine.tank_usable_frac / max(y for _, y in engine.fuel_l_per_kwh)
        delivered_kwh = tank_kwh
    if minutes > 0:
        caps.append(delivered_kwh / (minutes / 60))
    return min(caps)
