"""No unit or pump is asked for more flow than it gives, and no rack or unit for more than it lets through."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from prefab.brief import SiteBrief
from prefab.physics.cooling import flow_lpm
from prefab.plan import Plan
from prefab.results import Finding
from prefab.rules.network import Network, network_of, shown
from prefab.rules.walk import Worst, walk

if TYPE_CHECKING:
    from prefab.carrier import Carrier
    from prefab.eligible import Offer
    from prefab.module import Need

TITLE = "Liquid flow"
BASIS = "catalog gives.flow_max_lpm; flow = heat / (density · heat capacity · temperature rise)"
WISHES: tuple[str, ...] = ()
RULE = "liquid_flow"


def check(plan: Plan) -> tuple[Finding, ...]:
    """Per phase and carrier the module nearest to its largest flow, given or let through, and every one beyond it."""
    findings: list[Finding] = []
    for phase, named in enumerate(plan.brief.phases):
        network, worst = network_of(plan, phase), walk(plan, phase)
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
    """The heat that the largest flow carries at this loop's rise, on either side of the unit."""
    given, cap_kw = offer.module.given(offer.carrier.key), offer.capacity_kw
    if given is not None and given.flow_max_lpm is not None:
        carried_kw = _carried_kw(given.flow_max_lpm, offer.carrier, offer.supply_degc, offer.return_degc)
        cap_kw = cap_kw if carried_kw is None else min(cap_kw, carried_kw)
    for need in offer.module.needs:
        carrier = offer.carriers.get(need.carrier)
        if need.flow_max_lpm is None or carrier is None or carrier.rise_k is None:
            continue
        through_kw = _carried_kw(need.flow_max_lpm, carrier, 0.0, carrier.rise_k)
        if through_kw is not None:
            cap_kw = min(cap_kw, (through_kw - need.fixed_kw) / (need.through + need.kw_per_kw))
    return cap_kw


def admit(need: "Need", carrier: "Carrier", kw: float, supply_degc: float | None, return_degc: float | None) -> bool:
    """Whether a pod lets the flow through that takes its heat away."""
    carried_kw = need.flow_max_lpm and _carried_kw(need.flow_max_lpm, carrier, supply_degc, return_degc)
    return carried_kw is None or kw <= carried_kw + 1e-9


def _carried_kw(
    flow_lpm: float, carrier: "Carrier", supply_degc: float | None, return_degc: float | None
) -> float | None:
    """What a flow carries; none where it is no liquid or has no temperatures."""
    density, heat_capacity = carrier.density_kg_per_l, carrier.heat_capacity_kj_per_kg_k
    if density is None or heat_capacity is None or supply_degc is None or return_degc is None:
        return None
    return flow_lpm / 60 * density * heat_capacity * (return_degc - supply_degc)
