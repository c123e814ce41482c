"""No common bus carries more than its rating, and no more modules run in parallel than their maker allows."""

from typing import TYPE_CHECKING

from prefab.brief import SiteBrief
from prefab.plan import Plan
from prefab.results import Finding
from prefab.rules.network import Network, walk

if TYPE_CHECKING:
    from prefab.catalog import Carrier
    from prefab.columns import Demand

TITLE = "Common buses and headers"
BASIS = "catalog carriers.group_max_kw, gives.parallel_max"
WISHES: tuple[str, ...] = ()
RULE = "bus_limit"


def check(plan: Plan) -> tuple[Finding, ...]:
    """Adds up the worst loads of the modules that feed one bus, and counts them."""
    findings: list[Finding] = []
    for phase, named in enumerate(plan.brief.phases):
        network = Network(plan, phase)
        worst = walk(plan, phase)
        groups = {tags: network.equipment[tags[0]].carrier for tags in network.buses.values()}
        tightest: dict[tuple[str, str], Finding] = {}
        for tags, carrier in sorted(groups.items()):
            found = []
            limit = network.carriers[carrier].group_max_kw
            if limit is not None:
                load = worst.bus_kw.get(tags, 0.0)
                found.append(
                    Finding(
                        RULE,
                        f"phase {named.name}, {tags[0]}…{tags[-1]}",
                        load <= limit + 1e-6,
                        load,
                        limit,
                        "kW",
                        "<=",
                        f"load of one {carrier} bus",
                    )
                )
            allowed = min(g.parallel_max for t in tags if (g := network.module(t).given(carrier)))
            found.append(
                Finding(
                    RULE,
                    f"phase {named.name}, {tags[0]}…{tags[-1]}",
                    len(tags) <= allowed,
                    float(len(tags)),
                    float(allowed),
                    "modules",
                    "<=",
                    f"in parallel on one {carrier} bus or header",
                )
            )
            for finding in found:
                if not finding.kept:
                    findings.append(finding)
                kind = (carrier, finding.unit)
                if kind not in tightest or finding.headroom_frac < tightest[kind].headroom_frac:
                    tightest[kind] = finding
        findings += [f for f in tightest.values() if f.kept]
    return tuple(findings)


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    return "Modules share a bus only up to its rating and only as many as their maker allows."


def admit(demand: "Demand", carrier: "Carrier") -> bool:
    """Whether one bus of this carrier can hold the whole demand, as it must when side A or B is alone."""
    return carrier.group_max_kw is None or max(demand.normal, demand.worst) <= carrier.group_max_kw
