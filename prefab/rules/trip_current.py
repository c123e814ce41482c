"""On battery alone, a short circuit behind one breaker does not take the rest of its bus with it.

With the supply there, static bypasses let through what trips any breaker. Without it inverters give little more than
their rated current. Breakers with electronic releases trip at a small multiple of their rating, so that several
inverters in parallel clear the way of one pod. A pod alone on its bus is no case: its UPS switch off, and with it
nothing else is lost.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import ceil, sqrt

from prefab.basis import ShortCircuitBasis
from prefab.brief import SiteBrief
from prefab.plan import Plan
from prefab.results import Finding
from prefab.rules.losses import level_of, spare_of
from prefab.rules.network import Network, network_of, shown
from prefab.rules.short_circuits import ALTERNATING, Faults, inverter_mva
from prefab.rules.twins import twins

TITLE = "Fault current on battery"
BASIS = "catalog electrical.fault_current_frac; design basis short_circuit; every feed of the plan"
WISHES: tuple[str, ...] = ()
RULE = "trip_current"
_RATINGS_A = (
    16, 20, 25, 32, 40, 50, 63, 80, 100, 125, 160, 200, 250, 315, 400, 500, 630, 800, 1000, 1250, 1600, 2000, 2500,
    3150, 4000, 5000, 6300,
)  # fmt: skip
"""Breakers are made for these currents (IEC 60059, series R10)."""


def check(plan: Plan) -> tuple[Finding, ...]:
    """Per phase the critical bus with the least room, and every one without; with as many UPS lost as may be.

    Plans made before modules stated what they give into a fault have no findings.
    """
    basis = plan.basis.short_circuit
    if basis is None or not any(m.electrical for m in plan.modules):
        return ()
    findings: list[Finding] = []
    for phase, named in enumerate(plan.brief.phases):
        network = network_of(plan, phase)
        findings += shown(("", f) for f in _clearings(network, basis, f"phase {named.name}"))
    return tuple(findings)


def _clearings(network: Network, basis: ShortCircuitBasis, where: str) -> Iterator[Finding]:
    faults, first = Faults(network, "utility"), twins(network)
    hanging: dict[tuple[str, str], set[str]] = defaultdict(set)
    for (consumer, asked), feeds in network.feeds.items():
        for feed in feeds:
            hanging[feed.suppliers[0], asked].add(consumer)
    for bus in sorted({*network.buses.values()}):
        e = network.equipment[bus[0]]
        if not network.carriers[e.carrier].autonomy or e.carrier not in ALTERNATING or first[e.block] != e.block:
            continue
        kv = faults.voltage_kv(bus, e.carrier)
        left = sorted(inverter_mva(network.module(t), e.carrier) for t in bus)
        kept = left[: max(1, len(left) - spare_of(level_of(network, bus[0])))]
        given_ka = sum(kept) / sqrt(3) / kv
        on_bus = sorted({c for tag in bus for c in hanging[tag, e.carrier]})
        ways = [*_ways(network, on_bus, e.carrier, kv, basis.outgoing_max_a)]
        if ways:
            rating_a, tag = max(ways)
            text = f"{len(kept)} inverters on battery, against the breaker of {rating_a} A before {tag}"
            asked_ka = basis.trip_frac * rating_a / 1000
            yield Finding.at_least(RULE, f"{where}, {bus[0]}", given_ka, asked_ka, "kA", text)


def _ways(
    network: Network, hanging: Sequence[str], carrier: str, kv: float, largest_a: float
) -> Iterator[tuple[int, str]]:
    """The breaker before everything on a bus: each cord carries all, in several ways where one is too small."""
    pods = [tag for tag in hanging if network.module(tag).it is not None]
    for tag in hanging:
        need = network.module(tag).needed(carrier)
        if need is None or pods == [tag]:
            continue
        drawn_kw = network.drawn_kw(tag, need, network.capacity[tag])
        current_a = drawn_kw / network.plan.basis.power_factor / sqrt(3) / kv
        each_a = current_a / max(1, ceil(current_a / largest_a))
        yield _RATINGS_A[min(bisect_left(_RATINGS_A, each_a), len(_RATINGS_A) - 1)], tag


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    return "On battery alone the inverters of a bus give enough to trip the largest breaker between it and a pod."
