"""No outgoing way of the medium-voltage switchgear, and no row of its cables, carries more than it is built for.

One way feeds the ring of one block; what hangs on the switchgear beside the blocks, grid batteries and the site's own
services, shares rings of its own: each takes whole modules up to its current, and there are as many as ways are left.
"""

from collections import defaultdict
from collections.abc import Iterator
from math import ceil, sqrt
from typing import TYPE_CHECKING

from prefab.brief import SiteBrief
from prefab.plan import GRID, Plan
from prefab.results import Finding
from prefab.rules.network import UTILITIES, Network, network_of, shown
from prefab.rules.twins import twins
from prefab.rules.walk import walk

if TYPE_CHECKING:
    from prefab.problem import Problem
    from prefab.solver import Model

TITLE = "Medium-voltage feeders"
BASIS = "catalog gives.feeder_max_a, gives.feeders_max, carriers.circuit_max_a; the walked loads"
WISHES: tuple[str, ...] = ()
RULE = "feeder_current"
_CIRCUITS_MAX = 8
"""More cables side by side are not laid."""


def check(plan: Plan) -> tuple[Finding, ...]:
    """Per phase the ring of a block, the ways of what stands beside the blocks and the cables with the least room.

    Rings are walked with every intake there and with each side of them gone.
    """
    findings: list[Finding] = []
    for phase, named in enumerate(plan.brief.phases):
        network, where = network_of(plan, phase), f"phase {named.name}"
        findings += shown(("ring", f) for f in _rings(network, where))
        findings += shown(("site", f) for f in _beside(network, where))
        findings += shown(("cables", f) for f in _cables(plan, network, phase, where))
    return tuple(findings)


def _ampere(network: Network, kw: float) -> float:
    plan = network.plan
    kv = plan.brief.grid.switchgear_kv(plan.basis.medium_voltage_kv)
    return kw / plan.basis.power_factor / sqrt(3) / kv


def _rings(network: Network, where: str) -> Iterator[Finding]:
    """What each block draws from each intake, its partner there or not."""
    first, plant = twins(network), network.blocks[0]
    sides: dict[str, set[str]] = defaultdict(set)
    for tag in plant:
        if network.equipment[tag].carrier == "mv_ac":
            sides[network.equipment[tag].side].add(tag)
    most: dict[tuple[int, str], float] = defaultdict(float)
    for lost in (frozenset[str](), *map(frozenset, sides.values())):
        living = network.alive(lost, plant, UTILITIES)
        for block in (b for b in network.blocks if b and first[b] == b):
            tags = network.blocks[block]
            for tag, kw in network.flow(tags, network.alive(lost, tags, living), {}).items():
                if tag in living and tag not in UTILITIES and network.equipment[tag].carrier == "mv_ac":
                    most[block, tag] = max(most[block, tag], kw)
    for (block, tag), kw in sorted(most.items()):
        given = network.module(tag).given("mv_ac")
        if given is not None and given.feeder_max_a is not None:
            text = f"ring of B{block:02d}, its partner there or not"
            yield Finding.at_most(RULE, f"{where}, {tag}", _ampere(network, kw), given.feeder_max_a, "A", text)


def _beside(network: Network, where: str) -> Iterator[Finding]:
    """The ways that batteries and the site's own services take of an intake, beside those of its blocks."""
    drawn_kw: dict[str, list[float]] = defaultdict(list)
    fed: dict[str, set[int]] = defaultdict(set)
    for (consumer, carrier), feeds in network.feeds.items():
        if carrier != "mv_ac":
            continue
        block = network.equipment[consumer].block
        for tag in {s for feed in feeds for s in feed.suppliers if s in network.equipment}:
            if block:
                fed[tag].add(block)
            else:
                drawn_kw[tag].append(_own_kw(network, consumer))
    for tag, each_kw in sorted(drawn_kw.items()):
        given = network.module(tag).given("mv_ac")
        if given is None or given.feeder_max_a is None or given.feeders_max is None:
            continue
        ways = _ways([_ampere(network, kw) for kw in each_kw], given.feeder_max_a)
        text = f"ways: {len(fed[tag])} for blocks, {ways} for {sum(each_kw):,.0f} kW of batteries and services"
        used = float(len(fed[tag]) + ways)
        yield Finding.at_most(RULE, f"{where}, {tag}", used, float(given.feeders_max), "ways", text)


def _ways(each_a: list[float], most_a: float) -> int:
    """As many as whole modules take, the largest first, each on the first ring with room; what is more than one way
    carries takes several."""
    most_a *= 1 + 1e-9
    ways, left_a = 0, list[float]()
    for ampere in sorted(each_a, reverse=True):
        place = next((n for n, left in enumerate(left_a) if ampere <= left), None)
        if place is not None:
            left_a[place] -= ampere
        elif ampere <= most_a:
            left_a.append(most_a - ampere)
        else:
            ways += ceil(ampere / most_a)
    return max(1, ways + len(left_a))


def _own_kw(network: Network, tag: str) -> float:
    """The most that a converter or transformer of the site's own draws: all the batteries behind it at their power."""
    module = network.module(tag)
    behind = [
        battery.power_kw
        for (consumer, _), feeds in network.feeds.items()
        if (battery := network.module(consumer).grid_battery) and any(tag in feed.suppliers for feed in feeds)
    ]
    output_kw = sum(behind) if behind else network.capacity[tag]
    need = module.needed("mv_ac")
    return network.drawn_kw(tag, need, output_kw) if need is not None else 0.0


def _cables(plan: Plan, network: Network, phase: int, where: str) -> Iterator[Finding]:
    """Between the utility, main transformers, sets and intakes: what every one of them carries, in eight circuits."""
    worst = walk(plan, phase)
    for tag in network.blocks[0]:
        for need in network.module(tag).needs:
            carrier = network.carriers[need.carrier]
            if carrier.circuit_max_a is None or carrier.key not in ("utility_mv", "mv_ac"):
                continue
            kw = network.drawn_kw(tag, need, worst.load_kw.get(tag, 0.0))
            limit = _CIRCUITS_MAX * carrier.circuit_max_a
            text = f"{carrier.key} in {_CIRCUITS_MAX} circuits of {carrier.circuit_max_a:g} A"
            yield Finding.at_most(RULE, f"{where}, {tag}", _ampere(network, kw), limit, "A", text)
    sources = {s for (_, asked), feeds in network.feeds.items() for f in feeds for s in f.suppliers if s != GRID}
    for tag in sorted(t for t in sources if t in network.equipment and network.equipment[t].block == 0):
        carrier = network.carriers[network.equipment[tag].carrier]
        if carrier.circuit_max_a is not None and carrier.key in ("utility_mv", "standby_mv"):
            limit = _CIRCUITS_MAX * carrier.circuit_max_a
            text = f"{carrier.key} in {_CIRCUITS_MAX} circuits of {carrier.circuit_max_a:g} A"
            load_a = _ampere(network, worst.load_kw.get(tag, 0.0))
            yield Finding.at_most(RULE, f"{where}, {tag}", load_a, limit, "A", text)


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    return "The ring of every block, and what hangs beside the blocks, stays within the ways of the switchgear."


def apply(model: "Model", problem: "Problem") -> None:
    """No block on switchgear whose ways are too small for it in its worst situation."""
    basis = problem.catalog.basis
    kv = problem.brief.grid.switchgear_kv(basis.medium_voltage_kv)
    for option in problem.options("mv_ac"):
        given = option.module.given("mv_ac")
        if given is None or given.feeder_max_a is None:
            continue
        way_w = int(sqrt(3) * kv * given.feeder_max_a * basis.power_factor * 1000)
        for choice in problem.columns:
            if choice.normal.utility_w + choice.extra.utility_w > way_w:
                model.add_row([(1, problem.stands(choice)), (1, problem.chosen(option))], high=1)
    _apply_strings(model, problem)


def _apply_strings(model: "Model", problem: "Problem") -> None:
    """In every phase ways that the blocks leave free for the batteries that do not share the services' ring."""
    for strung in problem.strings:
        chosen = [problem.chosen(strung.intake), problem.chosen(strung.battery)]
        if not strung.per_way:
            each = dict.fromkeys([*chosen, problem.chosen(strung.hung)])
            model.add_row([(1, name) for name in each], high=len(each) - 1)
        if not strung.per_way or not strung.spread:
            continue
        # Of other intakes and batteries nothing is said.
        most = strung.hung.most
        lets = [(-most, name) for name in chosen]
        for phase in problem.phases:
            ways = [(o.feeders, problem.plant_count(o, phase)) for o in problem.options("mv_ac")]
            ways += [(-1, problem.count(c, phase)) for c in problem.columns]
            taken = (-1, problem.plant_count(strung.hung, phase))
            free = [(strung.per_way * n, name) for n, name in ways]
            low = strung.per_way * problem.site_ways - strung.beside - 2 * most
            model.add_row([*free, taken, *lets], low=low)
