"""No unit or pump is asked for more flow than it gives, and no rack or unit for more than it lets through."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from prefab.brief import SiteBrief
from prefab.physics.cooling import flow_lpm
from prefab.plan import Plan
from prefab.results import Finding
from prefab.rules.network import Network, shown
from prefab.rules.walk import Worst, walk

if TYPE_CHECKING:
    from prefab.eligible import Offer

TITLE = "Liquid flow"
BASIS = "catalog gives.flow_max_lpm; flow = heat / (density · heat capacity · temperature rise)"
WISHES: tuple[str, ...] = ()
RULE = "liquid_flow"


def check(plan: Plan) -> tuple[Finding, ...]:
    """Per phase and carrier the module nearest to its largest flow, given or let through, and every one beyond it."""
    findings: list[Finding] = []
    for phase, named in enumerate(plan.brief.phases):
        network, worst = Network(plan, phase), walk(plan, phase)
        findings += shown(_flows(network, worst, f"phase {named.name}"))
        findings += shown(_through(network, worst, f"phase {named.name}"))
    return tuple(findings)


def _flows(network: Network, worst: Worst, where: str) -> Iterable[tuple[str, Finding]]:
    for tag in network.order:
        carrier = network.carriers[network.equipment[tag].carrier]
        given = network.module(tag).given(carrier.key)
        density, heat_capacity = carrier.density_kg_per_l, carrier.heat_capacity_kj_per_kg_k
        if given is None or given.flow_max_lpm is None or density is None or heat_capacity is None:
            continue
        supply, back = network.water(tag)
        flow = float(flow_lpm(worst.load_kw.get(tag, 0.0), supply, back, density, heat_capacity))
        text = f"{carrier.key} {supply:g}/{back:g} °C, worst: {worst.situation.get(tag, 'normal')}"
        yield carrier.key, Finding.at_most(RULE, f"{where}, {tag}", flow, given.flow_max_lpm, "L/min", text)


def _through(network: Network, worst: Worst, where: str) -> Iterable[tuple[tuple[str, str], Finding]]:
    for tag in network.order:
        for need in network.module(tag).needs:
            carrier = network.carriers[need.carrier]
            density, heat_capacity = carrier.density_kg_per_l, carrier.heat_capacity_kj_per_kg_k
            feeds = network.feeds.get((tag, need.carrier), [])
            if need.flow_max_lpm is None or density is None or heat_capacity is None or not feeds:
                continue
            supply, back = network.water(feeds[0].suppliers[0])
            drawn_kw = network.drawn_kw(tag, need, worst.load_kw.get(tag, 0.0))
            flow = float(flow_lpm(drawn_kw, supply, back, density, heat_capacity))
            text = f"{carrier.key} {supply:g}/{back:g} °C through it, worst: {worst.situation.get(tag, 'normal')}"
            finding = Finding.at_most(RULE, f"{where}, {tag}", flow, need.flow_max_lpm, "L/min", text)
            yield (network.equipment[tag].carrier, need.carrier), finding


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    return "Coolant and water flow within what pumps give and racks and units let through, at each loop's rise."


def shape(offer: "Offer") -> "float | str":
    """The heat that the largest flow carries at this loop's rise."""
    given, carrier = offer.module.given(offer.carrier.key), offer.carrier
    if given is None or given.flow_max_lpm is None or carrier.density_kg_per_l is None:
        return offer.capacity_kw
    if offer.supply_degc is None or offer.return_degc is None or carrier.heat_capacity_kj_per_kg_k is None:
        return offer.capacity_kw
    kw_per_lpm = carrier.density_kg_per_l * carrier.heat_capacity_kj_per_kg_k / 60
    return min(offer.capacity_kw, given.flow_max_lpm * kw_per_lpm * (offer.return_degc - offer.supply_degc))
