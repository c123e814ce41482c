"""Every liquid arrives cold enough, through every approach, up to the weather of the hottest hour."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from prefab.brief import SiteBrief
from prefab.plan import Feed, Plan
from prefab.results import Finding
from prefab.rules.network import Network, network_of, shown

if TYPE_CHECKING:
    from prefab.eligible import Offer

TITLE = "Supply temperatures"
BASIS = "catalog needs.supply_max_degc, needs.approach_k, gives.supply_min_degc, rejection; the site's design weather"
WISHES = ("site.design_dry_bulb_degc",)
RULE = "supply_temperature"
_NO_TEMPERATURE = 999.0


def check(plan: Plan) -> tuple[Finding, ...]:
    """Compares each feed's supply temperature with what its consumer can use, and buffers with their loops; tightest
    per carrier, and all broken."""
    network = network_of(plan, len(plan.brief.phases) - 1)
    return tuple(shown((*_feeds(network), *_sources(network))))


def _feeds(network: Network) -> Iterable[tuple[str, Finding]]:
    for (consumer, carrier), feeds in sorted(network.feeds.items()):
        need = network.module(consumer).needed(carrier)
        own = network.equipment[consumer].supply_degc
        if need is not None and network.carriers[carrier].medium == "buffer":
            yield from _tanks(network, consumer, feeds, own)
        if need is None or network.carriers[carrier].medium not in ("liquid", "heat"):
            continue
        limits = [need.supply_max_degc] if need.supply_max_degc is not None else []
        if need.approach_k is not None and own is not None:
            limits.append(own - need.approach_k)
        for tag in (t for feed in feeds for t in feed.suppliers if t in network.equipment and limits):
            degrees = network.equipment[tag].supply_degc
            actual = _NO_TEMPERATURE if degrees is None else degrees
            where, text = f"{tag} to {consumer}", f"supply of {carrier}"
            yield carrier, Finding.at_most(RULE, where, actual, min(limits), "degC", text)


def _tanks(
    network: Network, consumer: str, feeds: list[Feed], loop_degc: float | None
) -> Iterable[tuple[str, Finding]]:
    """The water in a buffer is that of the loop which it stands in."""
    if loop_degc is None:
        return
    for tag in (t for feed in feeds for t in feed.suppliers if t in network.equipment):
        degrees = network.equipment[tag].supply_degc
        actual = _NO_TEMPERATURE if degrees is None else degrees
        where, text = f"{tag} to {consumer}", "water of a buffer"
        yield "buffer", Finding(RULE, where, actual == loop_degc, actual, loop_degc, "degC", "==", text)


def _sources(network: Network) -> Iterable[tuple[str, Finding]]:
    dry_bulb, wet_bulb, _ = network.weather
    for tag in network.order:
        module = network.module(tag)
        given = module.given(network.equipment[tag].carrier)
        supply, _ = network.water(tag)
        if given is not None and given.supply_min_degc is not None:
            yield tag, Finding.at_least(RULE, tag, supply, given.supply_min_degc, "degC", "as cold as it can deliver")
        if module.rejection is not None and network.capacity[tag] <= 0:
            text = f"cannot deliver {supply:g} °C at {dry_bulb:g} °C dry bulb, {wet_bulb:g} °C wet bulb"
            yield tag, Finding.at_least(RULE, tag, 0.0, 1.0, "kW", text)


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    site = brief.site
    if site.design_dry_bulb_degc is not None:
        return f"Every loop reaches its supply temperature at {site.design_dry_bulb_degc:g} °C outside."
    return f"Every loop reaches its supply temperature in the hottest hour of {site.climate}, recirculation included."


def shape(offer: "Offer") -> "float | str":
    """Refuses a unit that cannot deliver this temperature here."""
    given = offer.module.given(offer.carrier.key)
    if offer.supply_degc is None or given is None:
        return offer.capacity_kw
    if given.supply_min_degc is not None and offer.supply_degc < given.supply_min_degc:
        return f"delivers {given.supply_min_degc:g} °C at the coldest, {offer.supply_degc:g} °C needed"
    if offer.module.rejection is not None and offer.capacity_kw <= 0:
        return (
            f"cannot deliver {offer.supply_degc:g} °C water at {offer.conditions.dry_bulb_degc:g} °C dry bulb "
            f"and {offer.conditions.wet_bulb_degc:g} °C wet bulb"
        )
    return offer.capacity_kw
