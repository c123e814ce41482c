"""No common bus carries more than its rating, and no more modules run in parallel than their maker allows."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from prefab.brief import SiteBrief
from prefab.plan import Plan
from prefab.results import Finding
from prefab.rules.network import Network, network_of, shown
from prefab.rules.walk import Worst, walk

if TYPE_CHECKING:
    from prefab.carrier import Carrier
    from prefab.loading import Demand

TITLE = "Common buses and headers"
BASIS = "catalog carriers.group_max_kw, gives.parallel_max"
WISHES: tuple[str, ...] = ()
RULE = "bus_limit"


def check(plan: Plan) -> tuple[Finding, ...]:
    """Adds up the worst loads of the modules that feed one bus, and counts them."""
    findings: list[Finding] = []
    for phase, named in enumerate(plan.brief.phases):
        findings += shown(_buses(network_of(plan, phase), walk(plan, phase), f"phase {named.name}"))
    return tuple(findings)


def _buses(network: Network, worst: Worst, where: str) -> Iterable[tuple[tuple[str, str], Finding]]:
    for tags in sorted(set(network.buses.values())):
        carrier = network.carriers[network.equipment[tags[0]].carrier]
        here = f"{where}, {tags[0]}…{tags[-1]}"
        if carrier.group_max_kw is not None:
            load, text = worst.bus_kw.get(tags, 0.0), f"load of one {carrier.key} bus"
            yield (carrier.key, "kW"), Finding.at_most(RULE, here, load, carrier.group_max_kw, "kW", text)
        allowed = min(g.parallel_max for t in tags if (g := network.module(t).given(carrier.key)))
        text = f"in parallel on one {carrier.key} bus or header"
        yield (carrier.key, "count"), Finding.at_most(RULE, here, float(len(tags)), float(allowed), "modules", text)


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    return "Modules share a bus only up to its rating and only as many as their maker allows."


def admit(demand: "Demand", carrier: "Carrier", buses: int) -> bool:
    """Whether so many buses can hold the whole demand: one, as when A or B is alone, or several that share reserve."""
    return carrier.group_max_kw is None or max(demand.normal, demand.worst) <= buses * carrier.group_max_kw
