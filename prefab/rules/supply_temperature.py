"""Every liquid arrives cold enough, through every approach, up to the weather of the hottest hour."""

from typing import TYPE_CHECKING

from prefab.brief import SiteBrief
from prefab.physics.cooling import rejection_capacity_kw
from prefab.plan import Plan
from prefab.results import Finding
from prefab.rules.network import Network

if TYPE_CHECKING:
    from prefab.eligible import Offer

TITLE = "Supply temperatures"
BASIS = "catalog needs.supply_max_degc, needs.approach_k, gives.supply_min_degc, rejection; the site's design weather"
WISHES = ("site.design_dry_bulb_degc",)
RULE = "supply_temperature"


def check(plan: Plan) -> tuple[Finding, ...]:
    """Compares each feed's supply temperature with what its consumer can use; tightest per carrier, and all broken."""
    network = Network(plan, len(plan.brief.phases) - 1)
    tightest: dict[str, Finding] = {}
    broken: list[Finding] = []
    for (consumer, carrier), feeds in sorted(network.feeds.items()):
        need = network.module(consumer).needed(carrier)
        if need is None or network.carriers[carrier].medium not in ("liquid", "heat"):
            continue
        own = network.equipment[consumer].supply_degc
        limits = [need.supply_max_degc] if need.supply_max_degc is not None else []
        if need.approach_k is not None and own is not None:
            limits.append(own - need.approach_k)
        for feed in feeds:
            for supplier in feed.suppliers:
                given = network.equipment.get(supplier)
                if given is None or not limits:
                    continue
                actual = 999.0 if given.supply_degc is None else given.supply_degc
                finding = Finding(
                    RULE,
                    f"{supplier} to {consumer}",
                    actual <= min(limits) + 1e-9,
                    actual,
                    min(limits),
                    "degC",
                    "<=",
                    f"supply of {carrier}",
                )
                if not finding.kept:
                    broken.append(finding)
                if carrier not in tightest or min(limits) - actual < tightest[carrier].limit - tightest[carrier].actual:
                    tightest[carrier] = finding
    dry_bulb, wet_bulb, altitude = network.weather
    for tag in network.order:
        module, e = network.module(tag), network.equipment[tag]
        given_by = module.given(e.carrier)
        coldest = given_by.supply_min_degc if given_by else None
        supply, back = network.water(tag)
        if coldest is not None and supply < coldest:
            broken.append(Finding(RULE, tag, False, supply, coldest, "degC", ">=", "colder than it can deliver"))
        if module.rejection is None or given_by is None:
            continue
        capacity = float(
            rejection_capacity_kw(
                module.rejection, given_by.capacity_kw or 0.0, dry_bulb, wet_bulb, supply, back, altitude
            )
        )
        if capacity <= 0:
            text = f"cannot deliver {supply:g} °C at {dry_bulb:g} °C dry bulb, {wet_bulb:g} °C wet bulb"
            broken.append(Finding(RULE, tag, False, 0.0, 1.0, "kW", ">=", text))
    return (*broken, *(f for f in tightest.values() if f.kept))


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
