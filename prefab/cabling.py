"""The runs of a plan as lines of its bill: what each must carry, and the cables or pipes that do."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import fsum, inf

import networkx as nx

from prefab.conductors import Choice, Feeder, Loop, choose_cable, choose_pipe
from prefab.materials import Laid
from prefab.module import Module, Need
from prefab.plan import GAS, GRID, Equipment, Plan
from prefab.results import CableLine
from prefab.site_layout import Run
from prefab.units import money, need

LOW_VOLTAGE_KV = {
    "critical_ac": ("ac", 0.415),
    "critical_ac_2": ("ac", 0.415),
    "lv_ac": ("ac", 0.415),
    "site_lv_ac": ("ac", 0.415),
    "critical_dc800": ("dc", 0.8),
    "dc800": ("dc", 0.8),
}
"""Kind of current and nominal voltage of the carriers whose voltage no brief sets."""
OUTSIDE = {GRID: "utility", GAS: "gas pipeline"}
"""What stands for a family at the ends of runs that come from outside the site."""
_MEDIUM = ("mv_ac", "utility_mv", "standby_mv", "mv_storage")
_HIGH = ("hv_ac", "hv_bay")
_ELECTRIC = (*LOW_VOLTAGE_KV, *_MEDIUM, *_HIGH)


@dataclass(frozen=True)
class _Site:
    """The plan with what every run asks for again and again."""

    plan: Plan
    laid: Laid
    modules: Mapping[str, Module]
    """By tag."""
    equipment: Mapping[str, Equipment]
    graphs: Mapping[tuple[str, str], "nx.Graph[str]"]
    """Runs of one carrier and side, by tags."""


def make_cable_lines(plan: Plan) -> tuple[CableLine, ...]:
    """Runs between two families added up, by what is laid along them.

    The price is that of the cheapest material that carries the run's load. Where the load is not known (a loop, a
    carrier of signals or fuel) or the materials have nothing, it is that of the carrier, for small loads that of its
    branches.
    """
    if plan.routed is None or plan.connected is None:
        return ()
    equipment = {e.tag: e for e in plan.connected.equipment}
    modules = {tag: plan.module(e.sku) for tag, e in equipment.items()}
    site = _Site(plan, plan.laid, modules, equipment, _graphs(plan, modules))
    families = {tag: module.family.replace("_", " ") for tag, module in modules.items()} | OUTSIDE
    lengths: dict[tuple[str, str, str, str, Decimal], list[int]] = defaultdict(list)
    for run in plan.routed.runs:
        what, price = _priced(site, run)
        lengths[run.carrier, families[run.start], families[run.end], what, price].append(run.length_mm)
    lines = []
    for (name, start, end, what, price), length_mm in sorted(lengths.items()):
        length_m = Decimal(sum(length_mm)) / 1000
        title = f"{plan.carrier(name).title}: {start} to {end}" + (f", {what}" if what else "")
        lines.append(CableLine(name, title, len(length_mm), length_m, price, money(length_m * price)))
    return tuple(lines)


def _graphs(plan: Plan, modules: Mapping[str, Module]) -> dict[tuple[str, str], "nx.Graph[str]"]:
    graphs: dict[tuple[str, str], nx.Graph[str]] = defaultdict(nx.Graph)
    for run in plan.routed.runs if plan.routed else ():
        tie = all(tag in modules and modules[tag].given(run.carrier) for tag in (run.start, run.end))
        for side in ("A", "B") if tie else (run.side,):
            graphs[run.carrier, side].add_edge(run.start, run.end)
    return graphs


def _priced(site: _Site, run: Run) -> tuple[str, Decimal]:
    """What is laid, in words, and its price per metre of route."""
    carrier = site.plan.carrier(run.carrier)
    sized = (
        run.carrier in _ELECTRIC or carrier.heat_capacity_kj_per_kg_k is not None or carrier.circuit_max_a is not None
    )
    load_kw = _load_kw(site, run) if sized else 0.0
    if (choice := _choice(site, run, load_kw)) is not None:
        return choice.title, money(choice.usd_per_m)
    if carrier.branch_usd_per_m is not None and _is_branch(site, run):
        return "small loads", money(carrier.branch_usd_per_m)
    count = 1
    if carrier.circuit_max_a:
        one_kw = 3**0.5 * _medium_voltage_kv(site.plan) * carrier.circuit_max_a * site.plan.basis.power_factor
        count = max(1, need(load_kw / one_kw))
    return f"{count} circuits" if count > 1 else "", money(carrier.run_usd_per_m) * count


def _medium_voltage_kv(plan: Plan) -> float:
    return plan.brief.grid.switchgear_kv(plan.basis.medium_voltage_kv)


def _choice(site: _Site, run: Run, load_kw: float) -> Choice | None:
    """None where the load, the voltage or the temperature rise is not known, or nothing fits."""
    if load_kw <= 0:
        return None
    plan, carrier = site.plan, site.plan.carrier(run.carrier)
    system, voltage_kv = LOW_VOLTAGE_KV.get(run.carrier, ("ac", 0.0))
    if run.carrier in _MEDIUM:
        voltage_kv = _medium_voltage_kv(plan)
    elif run.carrier in _HIGH:
        voltage_kv = plan.brief.grid.voltage_kv
    if voltage_kv:
        feeder = Feeder(load_kw, voltage_kv, run.length_mm / 1000, plan.basis.power_factor, system)
        return choose_cable(site.laid, feeder)
    temperatures = _temperatures_degc(site, run)
    if temperatures is None or carrier.density_kg_per_l is None or carrier.heat_capacity_kj_per_kg_k is None:
        return None
    supply_degc, return_degc = temperatures
    rise_k = return_degc - supply_degc
    loop = Loop(run.carrier, load_kw, rise_k, carrier.density_kg_per_l, carrier.heat_capacity_kj_per_kg_k, return_degc)
    return choose_pipe(site.laid, loop)


def _temperatures_degc(site: _Site, run: Run) -> tuple[float, float] | None:
    """Supply and return of the loop: its design rise, else what its consumer at the end of the run returns at most."""
    ends = [tag for tag in (run.start, run.end) if tag in site.modules]
    supplies = [
        degc
        for tag in ends
        if site.modules[tag].given(run.carrier) and (degc := site.equipment[tag].supply_degc) is not None
    ]
    if not supplies:
        return None
    rise_k = site.plan.carrier(run.carrier).rise_k
    if rise_k is not None:
        return max(supplies), max(supplies) + rise_k
    wanted = [n for tag in ends if (n := site.modules[tag].needed(run.carrier)) is not None]
    returns = [n.return_max_degc for n in wanted if n.return_max_degc is not None]
    if not returns or min(returns) <= max(supplies):
        return None
    return max(supplies), min(returns)


def _load_kw(site: _Site, run: Run) -> float:
    """At the ratings of the modules; none known where the run is part of a loop."""
    graph = site.graphs[run.carrier, run.side]
    graph.remove_edge(run.start, run.end)
    ends = [nx.node_connected_component(graph, tag) for tag in (run.start, run.end)]
    graph.add_edge(run.start, run.end)
    if run.end in ends[0]:
        return 0.0
    factor = site.plan.basis.power_factor

    def sent_kw(tag: str) -> float:
        if tag in OUTSIDE:
            return inf
        given = site.modules[tag].given(run.carrier)
        return given.rated_kw(factor) if given else 0.0

    def taken_kw(tag: str) -> float:
        if tag in OUTSIDE:
            return 0.0
        module = site.modules[tag]
        wanted = [n for n in module.needs if run.carrier in (n.carrier, n.alternate)]
        battery_kw = module.grid_battery.power_kw if module.grid_battery and wanted else 0.0
        return max([battery_kw, *(_draw_kw(module, n, factor) for n in wanted)])

    (sent_a, sent_b), (taken_a, taken_b) = ([fsum(map(kw, end)) for end in ends] for kw in (sent_kw, taken_kw))
    return max(min(sent_a, taken_b), min(sent_b, taken_a))


def _is_branch(site: _Site, run: Run) -> bool:
    """Whether the run leads from a bus to one small consumer; ties between suppliers carry the bus."""
    most_kw = site.plan.carrier(run.carrier).branch_max_kw
    if most_kw is None:
        return False
    at = site.modules
    for consumer, supplier in ((run.start, run.end), (run.end, run.start)):
        if consumer in at and supplier in at and at[supplier].given(run.carrier):
            wanted = at[consumer].needed(run.carrier)
            if wanted is not None:
                return _draw_kw(at[consumer], wanted, site.plan.basis.power_factor) <= most_kw
    return False


def _draw_kw(module: Module, wanted: Need, power_factor: float) -> float:
    """Drawn at the module's rating, losses aside; a heat rejection unit's fans and compressors at their most."""
    given = module.gives[0]
    rated_kw = given.rated_kw(power_factor)
    if module.it is not None:
        rated_kw = module.it.peak_kw
    draw_kw = wanted.kw_per_kw * rated_kw + wanted.fixed_kw + (rated_kw if wanted.through else 0.0)
    if module.rejection is not None:
        cop = module.rejection.cop
        draw_kw += module.rejection.fan_kw + (rated_kw / min(y for _, y in cop) if cop else 0.0)
    return draw_kw
