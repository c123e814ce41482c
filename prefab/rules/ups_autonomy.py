"""Every UPS module carries its worst load for the autonomy asked, at the end of its battery's life."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from prefab.brief import SiteBrief
from prefab.plan import Plan
from prefab.results import Finding
from prefab.rules.network import Network, Worst, shown, walk

if TYPE_CHECKING:
    from prefab.eligible import Offer

TITLE = "UPS autonomy"
BASIS = "brief autonomy.ups_min; catalog ups_battery at end of life"
WISHES = ("autonomy.ups_min",)
RULE = "ups_autonomy"


def check(plan: Plan) -> tuple[Finding, ...]:
    """Per phase the UPS module with the shortest autonomy, and every one that is too short."""
    asked = plan.brief.autonomy.ups_min
    findings: list[Finding] = []
    for phase, named in enumerate(plan.brief.phases):
        where = f"phase {named.name}"
        found = shown(("", f) for f in _autonomies(Network(plan, phase), walk(plan, phase), where, asked))
        findings += found or [Finding.at_least(RULE, where, 0.0, asked, "min", "no UPS battery")]
    return tuple(findings)


def _autonomies(network: Network, worst: Worst, where: str, asked_min: float) -> Iterable[Finding]:
    for tag in network.order:
        battery = network.module(tag).ups_battery
        load = worst.load_kw.get(tag, 0.0)
        if battery is None or load <= 0:
            continue
        usable_kwh = battery.energy_kwh * battery.depth_of_discharge_frac * battery.end_of_life_frac
        minutes = usable_kwh * battery.inverter_efficiency_frac * 60 / load
        text = f"{load:,.0f} kW, worst: {worst.situation[tag]}"
        yield Finding.at_least(RULE, f"{where}, {tag}", minutes, asked_min, "min", text)


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    return f"UPS batteries carry their load for {brief.autonomy.ups_min:g} minutes at the end of their life."


def shape(offer: "Offer") -> "float | str":
    """The load a UPS module may carry so that its battery lasts."""
    battery, minutes = offer.module.ups_battery, offer.brief.autonomy.ups_min
    if offer.carrier.key != "critical_ac" or minutes <= 0:
        return offer.capacity_kw
    if battery is None:
        return f"no battery, {minutes:g} min of autonomy asked"
    energy = battery.energy_kwh * battery.end_of_life_frac * battery.depth_of_discharge_frac
    return min(offer.capacity_kw, energy * battery.inverter_efficiency_frac / (minutes / 60))
