"""What rides on UPS storage lasts until something else carries it, at its worst load and the end of its battery's life.

Where generating sets stand: until the slowest of them has started at the second try and the UPS have handed their load
over, evenly as they walk in. Where none stand, or they do not carry this demand's blocks: until computers have come to
an orderly stop; how many minutes the brief asks beyond that is `ups_autonomy`'s. Where sets carry only what cools them:
until both, for the sets must not meet computers that still run. A rotary UPS has an engine of its own, which its
flywheel outlasts. With no minutes asked nothing rides on storage, and nothing is checked.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prefab.brief import SiteBrief
from prefab.physics.duties import bridge
from prefab.plan import Plan
from prefab.results import Finding
from prefab.rules.network import Network, shown
from prefab.rules.sets import sets_of
from prefab.rules.step_load import SLOWEST_WALK_IN_S
from prefab.rules.walk import Worst, walk

if TYPE_CHECKING:
    from prefab.basis import RideThroughBasis
    from prefab.eligible import Offer

TITLE = "UPS until the generating sets"
BASIS = "design basis ride_through; catalog engine.start_s, electrical.walk_in_s, ups_battery at end of life"
WISHES = ("autonomy.ups_min",)
RULE = "ups_ride_through"


def check(plan: Plan) -> tuple[Finding, ...]:
    """Per phase the battery that is the tightest, and every one that runs out too soon.

    Plans made before the design basis said how long starting takes have no findings.
    """
    basis = plan.basis.ride_through
    if basis is None or not plan.brief.autonomy.ups_min:
        return ()
    findings: list[Finding] = []
    for phase, named in enumerate(plan.brief.phases):
        where = f"phase {named.name}"
        found = shown(("", f) for f in _bridged(Network(plan, phase), walk(plan, phase), basis, where))
        findings += found or [Finding.at_least(RULE, where, 0.0, 1.0, "batteries", "no UPS battery carries anything")]
    return tuple(findings)


def _bridged(network: Network, worst: Worst, basis: "RideThroughBasis", where: str) -> Iterator[Finding]:
    """What each battery has, against what is taken from it until its load is carried otherwise."""
    sets = sets_of(network)
    start_s, slowest = max(((e.start_s, t) for t in sets if (e := network.module(t).engine)), default=(0.0, ""))
    for tag, module in ((t, network.module(t)) for t in network.order):
        battery, load_kw = module.ups_battery, worst.load_kw.get(tag, 0.0)
        if battery is None or load_kw <= 0 or not network.carriers[network.equipment[tag].carrier].autonomy:
            continue
        window_frac = battery.soc_max_frac - battery.soc_min_frac
        has_kwh = battery.energy_kwh * window_frac * battery.end_of_life_frac * battery.inverter_efficiency_frac
        if module.engine is not None:
            text, duty = "its own engine starts", bridge(load_kw, module.engine.start_s)
        elif sets and (kept := network.backup.get(network.equipment[tag].block, "full")) != "none":
            walk_in_s = _walk_in_s(network, tag)
            text = f"{slowest} starts at the second try, walk-in of {walk_in_s:g} s"
            duty = bridge(load_kw, start_s, 1, basis.start_retry_s, walk_in_s)
            if kept == "cooling" and start_s + basis.start_retry_s < basis.orderly_stop_s:
                text = f"computers stop in order, walk-in of {walk_in_s:g} s"
                duty = bridge(load_kw, basis.orderly_stop_s, take_over_s=walk_in_s)
        else:
            text, duty = "computers stop in order", bridge(load_kw, basis.orderly_stop_s)
        text = f"{load_kw:,.0f} kW until {text}; worst: {worst.situation[tag]}"
        yield Finding.at_least(RULE, f"{where}, {tag}", has_kwh, duty.energy_kwh, "kWh", text)


def _walk_in_s(network: Network, battery: str) -> float:
    """Of the UPS that a battery is in, or of the slowest that it stands beside."""
    beside = (c for (c, _), feeds in network.feeds.items() if any(battery in f.suppliers for f in feeds))
    told = (network.module(tag).electrical for tag in (battery, *beside))
    return max((e.walk_in_s for e in told if e is not None), default=0.0)


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    until = "the sets have started, at the second try," if brief.autonomy.generator_h > 0 else "computers have stopped"
    return f"When the utility is lost, UPS storage carries what rides on it until {until} at the end of its life."


def shape(offer: "Offer") -> "float | str":
    """Refuses sets that start later than the minutes asked of the UPS, which every battery has at its worst load; where
    sets do not carry computers, the load of a UPS whose battery outlasts their stop."""
    basis, asked_s, module = offer.conditions.ride_through, offer.brief.autonomy.ups_min * 60, offer.module
    kept = {d.backup for d in offer.brief.it.demands} if offer.brief.autonomy.generator_h else {"none"}
    if basis is None or not asked_s:
        return offer.capacity_kw
    if offer.carrier.redundancy == "standby" and module.engine is not None and kept != {"none"}:
        seconds = module.engine.start_s + basis.start_retry_s + SLOWEST_WALK_IN_S / 2
        if seconds <= asked_s:
            return offer.capacity_kw
        return f"carries the load {seconds:.0f} s after the loss of the utility at the second try, UPS {asked_s:.0f} s"
    battery = module.ups_battery
    if not offer.carrier.autonomy or battery is None or module.engine is not None or kept == {"full"}:
        return offer.capacity_kw
    delivered_kwh = battery.usable_kwh * battery.inverter_efficiency_frac
    stop_s = basis.orderly_stop_s + (SLOWEST_WALK_IN_S / 2 if "cooling" in kept else 0.0)
    return min(offer.capacity_kw, delivered_kwh * 3600 / stop_s) if stop_s else offer.capacity_kw
