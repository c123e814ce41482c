"""The plan's connections as the checks see them: who is alive and what each module carries when something is lost.

Everything is read from the plan's own feeds; nothing is taken from totals or from the sizing. Loads are walked from
the IT pods to the utility, one carrier after the other; electric loads at the pods' peak power, heat at sustained.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import networkx as nx

from prefab.module import Module, Need
from prefab.physics.cooling import rejection_capacity_kw, rejection_power_kw
from prefab.physics.electrical import derate, interpolate
from prefab.plan import GAS, GRID, Feed, Plan
from prefab.results import Finding

ELECTRIC = "electric"
UTILITIES = frozenset({GRID, GAS})


class Network:
    """The equipment that stands in one phase, with its feeds."""

    def __init__(self, plan: Plan, phase: int) -> None:
        assert plan.connected is not None
        self.plan = plan
        self.phase = phase
        self.modules = {m.sku: m for m in plan.modules}
        self.carriers = {c.key: c for c in plan.carriers}
        self.equipment = {e.tag: e for e in plan.connected.equipment if e.phase <= phase and e.sku in self.modules}
        self.feeds: dict[tuple[str, str], list[Feed]] = defaultdict(list)
        for feed in plan.connected.feeds:
            if feed.consumer in self.equipment:
                self.feeds[feed.consumer, feed.carrier].append(feed)
        for feeds in self.feeds.values():
            feeds.sort(key=lambda f: f.side)

    def module(self, tag: str) -> Module:
        """The catalog entry of a tagged module."""
        return self.modules[self.equipment[tag].sku]

    @cached_property
    def weather(self) -> tuple[float, float, float]:
        """Design dry bulb °C, extreme wet bulb °C, altitude m."""
        site, climate = self.plan.brief.site, self.plan.climate
        dry_bulb = site.design_dry_bulb_degc
        if dry_bulb is None:
            dry_bulb = climate.dry_bulb_max_degc + self.plan.basis.recirculation_k
        altitude = climate.elevation_m if site.altitude_m is None else site.altitude_m
        return dry_bulb, climate.wet_bulb_max_degc, altitude

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Tags from consumers to sources."""
        graph: nx.DiGraph[str] = nx.DiGraph()
        for tag, e in self.equipment.items():
            graph.add_node(e.carrier)
            for need in self.lasting(tag):
                graph.add_edge(e.carrier, need.carrier)
                if need.alternate:
                    graph.add_edge(e.carrier, need.alternate)
        rank = {c: i for i, c in enumerate(nx.lexicographical_topological_sort(graph))}
        return tuple(sorted(self.equipment, key=lambda t: (rank[self.equipment[t].carrier], t)))

    def lasting(self, tag: str) -> Iterable[Need]:
        """Needs that stop a module when they go; services such as the polishing of stored fuel may wait for hours."""
        return (n for n in self.module(tag).needs if self.carriers[n.carrier].medium != "service")

    @cached_property
    def buses(self) -> dict[str, tuple[str, ...]]:
        """For each supplier the sorted tags in parallel with it on one bus or header."""
        return {
            tag: tuple(sorted(t for t in feed.suppliers if t in self.equipment))
            for feeds in self.feeds.values()
            for feed in feeds
            for tag in feed.suppliers
            if tag in self.equipment
        }

    @cached_property
    def blocks(self) -> dict[int, tuple[str, ...]]:
        """Tags per block in walking order; 0 is the site's plant."""
        found: dict[int, list[str]] = {0: []}
        for tag in self.order:
            found.setdefault(self.equipment[tag].block, []).append(tag)
        return {block: tuple(tags) for block, tags in found.items()}

    @cached_property
    def capacity(self) -> dict[str, float]:
        """Capacity of every module at this site, in kW (units for services, litres for fuel)."""
        return {tag: self._capacity(tag) for tag in self.equipment}

    def water(self, tag: str) -> tuple[float, float]:
        """Supply and return temperature of the liquid loop a module delivers to, °C."""
        e = self.equipment[tag]
        supply = e.supply_degc if e.supply_degc is not None else 0.0
        rise = self.carriers[e.carrier].rise_k
        if rise is not None:
            return supply, supply + rise
        hottest = [
            need.return_max_degc
            for consumer, carrier in self.feeds
            if carrier == e.carrier and self.equipment[consumer].block == e.block
            if (need := self.module(consumer).needed(carrier)) and need.return_max_degc is not None
        ]
        return supply, min(hottest, default=supply + 1.0)

    def _capacity(self, tag: str) -> float:
        e = self.equipment[tag]
        module = self.module(tag)
        given = module.given(e.carrier)
        if given is None:
            return 0.0
        dry_bulb, wet_bulb, altitude = self.weather
        if given.capacity_units is not None:
            return given.capacity_units
        if given.capacity_l is not None:
            return given.capacity_l
        kva = given.capacity_kva or 0.0
        grid = self.plan.brief.grid
        high = grid.at_high_voltage and module.needed("hv_ac") is None
        kv = self.plan.basis.medium_voltage_kv if high else grid.voltage_kv
        if given.voltage_max_kv is not None and kv > given.voltage_max_kv:
            return 0.0
        if given.current_max_a is not None:
            kva = min(kva, 3**0.5 * kv * given.current_max_a)
        rated = given.capacity_kw or kva * self.plan.basis.power_factor
        if module.rejection is not None:
            supply, back = self.water(tag)
            rated = float(rejection_capacity_kw(module.rejection, rated, dry_bulb, wet_bulb, supply, back, altitude))
        return rated * float(derate(module.derating, altitude, dry_bulb))

    def drawn_kw(self, tag: str, need: Need, output_kw: float) -> float:
        """kW (or units) drawn of one carrier while giving `output_kw`."""
        module = self.module(tag)
        if need.units:
            return need.units
        if self.carriers[need.carrier].medium == "fuel":
            return 0.0
        if module.it is not None:
            electric = self.carriers[need.carrier].medium == ELECTRIC
            output_kw = module.it.peak_kw if electric else module.it.sustained_kw
        amount = need.kw_per_kw * output_kw + need.fixed_kw
        given = module.given(self.equipment[tag].carrier)
        rated = (given.capacity_kw or given.capacity_kva or 0.0) if given else 0.0
        if need.through:
            amount += output_kw
            if module.losses is not None:
                # A kVA rating is loaded by kVA.
                factor = self.plan.basis.power_factor if given and given.capacity_kva else 1.0
                amount += float(interpolate(module.losses.points, output_kw / factor / rated)) if rated else 0.0
        elif module.rejection is not None and self.carriers[need.carrier].medium == ELECTRIC:
            dry_bulb, wet_bulb, altitude = self.weather
            supply, back = self.water(tag)
            amount += float(
                rejection_power_kw(module.rejection, rated, output_kw, dry_bulb, wet_bulb, supply, back, altitude)
            )
        return amount

    def alive(self, lost: frozenset[str], tags: Iterable[str], above: frozenset[str]) -> frozenset[str]:
        """Which of `tags` (in walking order) run when `lost` are gone; `above` are alive suppliers outside them."""
        living = set(above - lost)
        for tag in reversed(tuple(tags)):
            if tag in lost:
                continue
            if all(
                any(s in living for feed in self.feeds.get((tag, need.carrier), ()) for s in feed.suppliers)
                for need in self.lasting(tag)
            ):
                living.add(tag)
        return frozenset(living)

    def flow(self, tags: Iterable[str], alive: frozenset[str], asked_kw: Mapping[str, float]) -> dict[str, float]:
        """Walk `tags` from consumers to sources; what is alive has a live feed of everything it needs."""
        output: dict[str, float] = defaultdict(float, asked_kw)
        for tag in tags:
            if tag not in alive:
                continue
            module = self.module(tag)
            if module.it is not None:
                output[tag] = module.it.sustained_kw
            for need in module.needs:
                amount = self.drawn_kw(tag, need, output[tag])
                live = [
                    suppliers
                    for feed in self.preferred(tag, need)
                    if (suppliers := [s for s in feed.suppliers if s in alive])
                ]
                if need.connection in ("transfer", "unit"):
                    live = live[:1]
                for suppliers in live:
                    for supplier in suppliers:
                        output[supplier] += amount / len(live) / len(suppliers)
        return output

    def preferred(self, tag: str, need: Need) -> list[Feed]:
        """The feeds of one need, the normal one first: the module's own side, but the utility before standby power."""
        feeds = self.feeds.get((tag, need.carrier), [])
        own = "A" if need.alternate else self.equipment[tag].side
        return sorted(feeds, key=lambda f: f.side != own)


def level_of(network: Network, tag: str) -> str:
    """The redundancy the brief asks of what a module gives: N, N+1 or 2N."""
    carrier = network.carriers[network.equipment[tag].carrier]
    return str(getattr(network.plan.brief.redundancy, carrier.redundancy, "N"))


def contingencies(network: Network) -> dict[int, list[tuple[str, frozenset[str]]]]:
    """Per block (0: site plant) the losses to survive, each with a name.

    N+1: any one module. 2N: any one module and any one whole side. Generators are lost while the utility is gone.
    """
    found: dict[int, list[tuple[str, frozenset[str]]]] = defaultdict(list)
    sides: dict[tuple[int, str, str], set[str]] = defaultdict(set)
    standby = [t for t, e in network.equipment.items() if network.carriers[e.carrier].redundancy == "standby"]
    if standby:
        found[0].append(("utility lost", frozenset({GRID})))
    for tag, e in network.equipment.items():
        level = level_of(network, tag)
        if level == "N" or network.module(tag).it is not None or network.module(tag).grid_battery is not None:
            continue
        if network.carriers[e.carrier].medium == "fuel":
            continue
        if tag in standby:
            found[0].append((f"utility and {tag} lost", frozenset({GRID, tag})))
            continue
        found[e.block].append((f"{tag} lost", frozenset({tag})))
        if level == "2N":
            sides[e.block, e.carrier, e.side].add(tag)
    for (block, carrier, side), tags in sides.items():
        where = f"B{block:02d}" if block else "site"
        found[block].append((f"{where} {carrier} side {side} lost", frozenset(tags)))
    return found


def shown(found: Iterable[tuple[object, Finding]]) -> list[Finding]:
    """Every broken finding, and of the kept ones the tightest for each key."""
    broken: list[Finding] = []
    tightest: dict[object, Finding] = {}
    for key, finding in found:
        if not finding.kept:
            broken.append(finding)
        elif key not in tightest or finding.headroom_frac < tightest[key].headroom_frac:
            tightest[key] = finding
    return [*broken, *tightest.values()]


@dataclass(frozen=True)
class Worst:
    """The largest load of each module over all situations, where it occurs, and who starves when."""

    load_kw: Mapping[str, float]
    situation: Mapping[str, str]
    starving: Mapping[str, str]
    """Tag to situation."""
    import_kw: float
    """Largest draw from the utility while it is present."""
    import_situation: str
    states: int
    normal_kw: Mapping[str, float]
    island_kw: Mapping[str, float]
    """Loads with the utility lost; empty without generators."""
    bus_kw: Mapping[tuple[str, ...], float]
    """Largest load of each set of suppliers that feeds one bus or header."""


@lru_cache(maxsize=16)
def walk(plan: Plan, phase: int) -> Worst:
    """Walk every situation of one phase; kept for the few plans at hand, because several rules read the same walk."""
    return _Walk(Network(plan, phase)).run()


@dataclass(frozen=True)
class _BlockState:
    """What the modules of one block give in one situation, and what they ask of the site's plant."""

    own_kw: Mapping[str, float]
    upward_kw: Mapping[str, float]
    hungry: tuple[str, ...]


class _Walk:
    """All situations of one network. A block is walked once for every set of plant that is alive for it."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.load: dict[str, float] = {}
        self.situation: dict[str, str] = {}
        self.starving: dict[str, str] = {}
        self.bus_load: dict[tuple[str, ...], float] = {}
        self.states = 0
        self.top = (0.0, "normal")
        self.known: dict[tuple[int, frozenset[str]], _BlockState] = {}
        self.plant = network.blocks[0]
        plant = {*self.plant, *UTILITIES}
        self.fed_by: dict[int, frozenset[str]] = {
            block: frozenset(
                s
                for tag in tags
                for need in network.module(tag).needs
                for feed in network.feeds.get((tag, need.carrier), ())
                for s in feed.suppliers
                if s in plant
            )
            for block, tags in network.blocks.items()
            if block
        }

    def run(self) -> Worst:
        """Normal state, losses in the plant, losses in every block."""
        situations = contingencies(self.network)
        normal = self._plant_state("normal", frozenset())
        island: Mapping[str, float] = {}
        for name, lost in situations[0]:
            found = self._plant_state(name, lost)
            if name == "utility lost":
                island = found
        self._block_states(situations)
        return Worst(self.load, self.situation, self.starving, *self.top, self.states, normal, island, self.bus_load)

    def _plant_state(self, name: str, lost: frozenset[str]) -> dict[str, float]:
        living = self.network.alive(lost, self.plant, UTILITIES)
        asked: dict[str, float] = defaultdict(float)
        for block in self.fed_by:
            state = self._block(block, name, living)
            for tag, kw in state.upward_kw.items():
                asked[tag] += kw
            for tag in state.hungry:
                self.starving.setdefault(tag, name)
        output = self.network.flow(self.plant, living, asked)
        self.states += 1
        self._note(output, name, (), utility=GRID in living)
        return output

    def _block(self, block: int, name: str, living: frozenset[str]) -> _BlockState:
        key = (block, living & self.fed_by[block])
        if key not in self.known:
            self.known[key] = self._walk_block(block, frozenset(), living)
            self._note(self.known[key].own_kw, name, (), utility=False)
        return self.known[key]

    def _block_states(self, situations: Mapping[int, list[tuple[str, frozenset[str]]]]) -> None:
        living = self.network.alive(frozenset(), self.plant, UTILITIES)
        usual = {block: self._block(block, "normal", living).upward_kw for block in self.fed_by}
        total: dict[str, float] = defaultdict(float)
        for upward in usual.values():
            for tag, kw in upward.items():
                total[tag] += kw
        for block in self.fed_by:
            for name, lost in situations.get(block, ()):
                state = self._walk_block(block, lost, living)
                asked = dict(total)
                for tag, kw in usual[block].items():
                    asked[tag] -= kw
                for tag, kw in state.upward_kw.items():
                    asked[tag] = asked.get(tag, 0.0) + kw
                output = self.network.flow(self.plant, living, asked)
                self.states += 1
                self._note({**state.own_kw, **output}, name, state.hungry, utility=True)

    def _walk_block(self, block: int, lost: frozenset[str], living: frozenset[str]) -> _BlockState:
        network, tags = self.network, self.network.blocks[block]
        alive = network.alive(lost, tags, living)
        output = network.flow(tags, alive, {})
        dead = [t for t in tags if t not in alive and t not in lost and network.module(t).it is not None]
        upward = {t: kw for t, kw in output.items() if t in UTILITIES or network.equipment[t].block != block}
        own = {t: kw for t, kw in output.items() if t not in upward}
        return _BlockState(own, upward, tuple(dead))

    def _note(self, output: Mapping[str, float], name: str, hungry: Iterable[str], *, utility: bool) -> None:
        on_bus: dict[tuple[str, ...], float] = defaultdict(float)
        for tag, kw in output.items():
            if kw > self.load.get(tag, -1.0):
                self.load[tag] = kw
                self.situation[tag] = name
            if tag in self.network.buses:
                on_bus[self.network.buses[tag]] += kw
        for bus, kw in on_bus.items():
            self.bus_load[bus] = max(kw, self.bus_load.get(bus, 0.0))
        for tag in hungry:
            self.starving.setdefault(tag, name)
        if utility and output.get(GRID, 0.0) > self.top[0]:
            self.top = (output.get(GRID, 0.0), name)
