"""No short circuit is larger than the switchgear it flows through is built for."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from prefab.brief import SiteBrief
from prefab.plan import Plan
from prefab.results import Finding
from prefab.rules.network import Network, network_of, shown
from prefab.rules.short_circuits import Bus, Faults, State, level
from prefab.rules.twins import twins

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prefab.catalog import Catalog
    from prefab.eligible import Offer
    from prefab.module import Module
    from prefab.plan import Group
    from prefab.problem import Problem
    from prefab.solver import Model

TITLE = "Fault level"
BASIS = (
    "IEC 60909; brief grid.short_circuit_mva, design basis short_circuit; catalog electrical, gives.withstand_ka, "
    "needs.withstand_ka; every feed of the plan"
)
WISHES = ("grid.short_circuit_mva",)
RULE = "fault_level"
_STATES: dict[State, str] = {"utility": "fed by the utility", "island": "fed by the generating sets"}


def check(plan: Plan) -> tuple[Finding, ...]:
    """Per phase and carrier the bus with the least room, and every bus that has none; of equal blocks the first.

    Plans made before modules stated what a fault draws have no findings.
    """
    if not any(m.electrical for m in plan.modules):
        return ()
    if plan.basis.short_circuit is None and plan.brief.grid.short_circuit_mva is None:
        return (Finding(RULE, "site", False, 0.0, 1.0, "figures", "==", "what the utility feeds into a fault"),)
    findings: list[Finding] = []
    for phase, named in enumerate(plan.brief.phases):
        network = network_of(plan, phase)
        states: tuple[State, ...] = ("utility", "island") if plan.brief.autonomy.generator_h else ("utility",)
        found = (f for state in states for f in _levels(network, state, f"phase {named.name}"))
        findings += shown(found)
    return tuple(findings)


def _levels(network: Network, state: State, where: str) -> Iterator[tuple[str, Finding]]:
    faults, first, incomers = Faults(network, state), twins(network), _incomers(network)
    for bus, carrier in faults.buses():
        block = network.equipment[bus[0]].block if bus[0] in network.equipment else 0
        if first[block] != block:
            continue
        here = f"{where}, {bus[0]}…{bus[-1]}" if len(bus) > 1 else f"{where}, {bus[0]}"
        given = ((network.module(t).given(carrier), t) for t in bus if t in network.equipment)
        ratings = [(g.withstand_ka, t) for g, t in given if g is not None and g.withstand_ka is not None]
        ratings += [rating for tag in bus for rating in incomers.get(tag, ())]
        if silent := sorted({*_silent(network, bus)}):
            text = f"{', '.join(silent)}: what it lets into a fault is not stated"
            yield carrier, Finding(RULE, here, False, float(len(silent)), 0.0, "modules", "==", text)
        elif not ratings:
            text = "no switchgear of this bus states what it is built for"
            yield carrier, Finding(RULE, here, False, 0.0, 1.0, "ratings", "==", text)
        else:
            rated_ka, tag = min(ratings)
            text = f"largest short circuit, {_STATES[state]}, against {tag}"
            yield carrier, Finding.at_most(RULE, here, faults.current_ka(bus, carrier), rated_ka, "kA", text)


def _incomers(network: Network) -> dict[str, list[tuple[float, str]]]:
    """By supplier what the incoming switchgear of those that it feeds is built for."""
    found: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for (consumer, carrier), feeds in network.feeds.items():
        need = network.module(consumer).needed(carrier)
        if need is not None and need.withstand_ka is not None:
            for supplier in (s for feed in feeds for s in feed.suppliers):
                found[supplier].append((need.withstand_ka, consumer))
    return found


def _silent(network: Network, bus: Bus) -> Iterable[str]:
    """Transformers, sets and UPS on the bus that do not say what they let into a fault."""
    for tag in (t for t in bus if t in network.equipment):
        module, e = network.module(tag), network.equipment[tag]
        electrical, carrier = module.electrical, network.carriers[e.carrier]
        through = next((n.carrier for n in module.needs if n.through), None)
        if carrier.autonomy:
            silent = electrical is None
        elif carrier.redundancy == "standby":
            silent = electrical is None or electrical.subtransient_frac is None
        else:
            transforms = through is not None and level(through) != level(e.carrier)
            silent = transforms and (electrical is None or electrical.impedance_frac is None)
        if silent:
            yield module.sku


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    stated = brief.grid.short_circuit_mva
    utility = f"of {stated:g} MVA" if stated else "as strong as the design basis takes it"
    return (
        f"With a utility {utility} and everything in parallel that may be, the largest short circuit at every electric "
        "bus stays below what its switchgear is built for."
    )


def shape(offer: "Offer") -> "float | str":
    """Refuses switchgear at the connection that the utility and the site's batteries outdo, and transformers whose
    board does not stand what batteries drive through them."""
    grid, utility_mva = offer.brief.grid, offer.conditions.utility_mva
    need = offer.module.needed("hv_ac" if grid.at_high_voltage else "utility_mv")
    fed_back_mva = offer.conditions.batteries_mva
    if need is None or need.withstand_ka is None:
        return _of_board(offer) if fed_back_mva else offer.capacity_kw
    rated_ka = min(need.withstand_ka, offer.given.withstand_ka or math.inf)
    fault_ka = (utility_mva + fed_back_mva) / 3**0.5 / grid.voltage_kv
    if fault_ka <= rated_ka:
        return offer.capacity_kw
    return f"built for {rated_ka:g} kA; up to {fault_ka:.1f} kA flow into a fault at the connection"


def _of_board(offer: "Offer") -> "float | str":
    """However many batteries there are: medium voltage at its highest behind so many transformers as share a board, at
    the lowest voltage that they are offered for."""
    rated_ka, path = offer.given.withstand_ka, _path(offer.module)
    if rated_ka is None or not path or offer.carrier.key not in ("lv_ac", "site_lv_ac"):
        return offer.capacity_kw
    volts = offer.brief.restrict.low_voltage_v or min(offer.module.certification.voltages_v or (400.0,))
    fault_ka = 1.1 / abs(path) * offer.parallel_max / 3**0.5 / (volts / 1000)
    if fault_ka <= rated_ka:
        return offer.capacity_kw
    return f"its board is built for {rated_ka:g} kA; batteries may drive {fault_ka:.1f} kA into a fault there"


def bears(brief: SiteBrief, catalog: "Catalog", groups: "Sequence[Group]", modules: "Mapping[str, Module]") -> bool:
    """Whether the output board of UPS in parallel stands what all their static bypasses let through, and the input of
    each what its own transformer does, with what the machines of rotary ones give back.

    Stricter than the check: the medium voltage is taken as strong as the strongest switchgear of the catalog allows
    beside the batteries, or as much weaker as is worst. What bears many batteries bears fewer: with them the medium
    voltage is as strong in all, and holds a fault at no lower voltage.
    """
    critical, *units = groups
    module = modules[critical.sku]
    given, own = module.given(critical.carrier), module.electrical
    through = next((n.carrier for n in module.needs if n.through), "")
    if given is None or given.withstand_ka is None or own is None or not own.static_bypass:
        return True
    own_units = [u for u in units if u.unit_for == critical.carrier and u.carrier == through]
    supply = sum((_path(modules[u.sku]) * critical.per_side / u.per_side for u in own_units), 0j)
    path = supply + _path(module)
    machine = 1.05 * (own.subtransient_frac or 0.0)
    medium_kv = brief.grid.switchgear_kv(catalog.basis.medium_voltage_kv)
    boards = (g.withstand_ka or 0.0 for m in catalog.modules for g in m.gives if g.carrier == "mv_ac")
    fed_back = catalog.fed_back_mva(brief.storage.power_mw)
    # Switchgear stands the batteries and what else feeds the medium voltage together.
    room_mva = (3**0.5 * medium_kv * max(boards, default=0.0) or 1e9) - fed_back
    strongest = 1.1 / room_mva if room_mva > 0 else math.inf
    # What comes from below beside what comes from the mains: nothing but of machines.
    output_more = input_more = 0.0
    if machine:
        rated_mva = (own.rated_kva or given.capacity_kw or 0.0) / 1000
        machines = critical.per_side * rated_mva * 1.1 / machine
        # At the input of one: through its choke all machines and the mains of the others.
        beside = 1 / (-1j * machines + (critical.per_side - 1) / path)
        output_more, input_more = machines, 1 / abs(_path(module) + beside)
    fault_mva = _behind_mva(path / critical.per_side, fed_back, strongest, output_more)
    input_mva = _behind_mva(supply, fed_back, strongest, input_more)
    for board in (modules[u.sku] for u in own_units):
        ratings = [x.withstand_ka for x in (board.given(through), module.needed(through)) if x and x.withstand_ka]
        if input_mva / 3**0.5 / _lowest_kv(brief, catalog, board) > min(ratings, default=math.inf):
            return False
    return fault_mva / 3**0.5 / _lowest_kv(brief, catalog, module) <= given.withstand_ka


def _behind_mva(path: complex, fed_back_mva: float, strongest: float, more: float = 0.0) -> float:
    """The most that flows through an impedance (1/MVA) from a medium voltage that is at the most so strong (1/MVA) and
    batteries beside it, and from `more` machines (MVA at nominal voltage): no more than what the batteries' current
    adds, nor than what flows where they hold everything at 1.1 of its nominal voltage.

    Behind a weaker source x there flow (1.05 + x times the batteries) over the impedance of both, which rises for ever
    where the batteries alone drive more than 1.05 through it, up to all that they give, and has one summit else.
    """
    if not path:
        return 1.05 / strongest + fed_back_mva + 1.05 * more
    if fed_back_mva * path.imag >= 1.05 or strongest == math.inf:
        by_current_mva = fed_back_mva
    else:
        summit = fed_back_mva * path.real**2 / (1.05 - fed_back_mva * path.imag) - path.imag
        x = max(strongest, summit)
        by_current_mva = (1.05 + fed_back_mva * x) / abs(complex(0.0, x) + path)
    return min(by_current_mva + 1.05 * more, 1.1 / abs(path) + 1.1 * more)


def apply(model: "Model", problem: "Problem") -> None:
    """What rotary UPS give back stays within what intake switchgear leaves beside the utility and the batteries.

    Behind main transformers sections make room for it.
    """
    brief, catalog, basis = problem.brief, problem.catalog, problem.catalog.basis.short_circuit
    modules = {m.sku: m for m in catalog.modules}
    blocks = [(c, sum(g.count * given_back_mva(modules[g.sku]) for g in c.column.groups)) for c in problem.columns]
    if brief.grid.at_high_voltage or basis is None or not any(mva for _, mva in blocks):
        return
    kv = brief.grid.voltage_kv
    taken_mva = (brief.grid.short_circuit_mva or basis.utility_mva(kv)) + catalog.fed_back_mva(brief.storage.power_mw)
    for option in problem.options("mv_ac"):
        ends = (option.module.given("mv_ac"), option.module.needed("utility_mv"))
        rated_ka = min((e.withstand_ka for e in ends if e and e.withstand_ka), default=0.0)
        room_kva = max(0, int(1000 * (3**0.5 * kv * rated_ka - taken_mva)))
        for phase in problem.phases:
            row = [(math.ceil(1000 * mva), problem.count(choice, phase)) for choice, mva in blocks if mva]
            model.add_row(row, high=room_kva, only_if=problem.chosen(option))


def given_back_mva(module: "Module") -> float:
    """What a rotary UPS feeds into a fault above its choke; nothing of others."""
    own = module.electrical
    if own is None or own.subtransient_frac is None or own.impedance_frac is None:
        return 0.0
    rated_mva = (own.rated_kva or module.gives[0].rated_kw(1.0)) / 1000
    return 1.1 / (1.05 * own.subtransient_frac / 1.1 / rated_mva + _path(module).imag)


def _path(module: "Module") -> complex:
    """Its impedance between what feeds it and what it feeds, in 1/MVA, the smallest that the standard allows."""
    own = module.electrical
    if own is None or own.impedance_frac is None or own.resistance_frac is None:
        return 0j
    rated_kva = own.rated_kva or max(g.capacity_kva or g.capacity_kw or 0.0 for g in module.gives)
    reactance = math.sqrt(own.impedance_frac**2 - own.resistance_frac**2)
    corrected = 0.95 * 1.05 / (1 + 0.6 * reactance)
    scale: float = corrected * 1000 / rated_kva
    return scale * complex(own.resistance_frac, reactance)


def _lowest_kv(brief: SiteBrief, catalog: "Catalog", module: "Module") -> float:
    country, offered = catalog.country(brief.site.country), module.certification.voltages_v or (400.0,)
    shared = [v for v in offered if country is None or v in country.low_voltages_v]
    return (brief.restrict.low_voltage_v or min(shared or offered)) / 1000
