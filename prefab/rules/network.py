"""The plan's connections as the checks see them: who is alive and what each module carries when something is lost.

Everything is read from the plan's own feeds; nothing is taken from totals or from the sizing. Loads are walked from
the IT pods to the utility, one carrier after the other; electric loads at the pods' peak power, heat at sustained.
"""

import copy
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from functools import cached_property, lru_cache

import networkx as nx

from prefab.module import Module, Need
from prefab.physics.cooling import rejection_capacity_kw, rejection_power_kw
from prefab.physics.electrical import derate, interpolate
from prefab.plan import GAS, GRID, Feed, Plan
from prefab.results import Finding

ELECTRIC = "electric"
PATIENT = ("service", "buffer")
"""Media without which a module goes on running for a while."""
UTILITIES = frozenset({GRID, GAS})


class Network:
    """The equipment that stands in one phase, with its feeds."""

    def __init__(self, plan: Plan, phase: int) -> None:
        assert plan.connected is not None
        self.plan = plan
        self.phase = phase
        self.pods_kw: Mapping[str, float] = {}
        """What pods draw where it is not their peak, by tag."""
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

    def without(self, cuts: Iterable[tuple[str, str, str]]) -> "Network":
        """The same with some feeds gone, each by consumer, carrier and side; everything found before is kept."""
        gone = frozenset(cuts)
        if not gone:
            return self
        fewer = copy.copy(self)
        fewer.feeds = defaultdict(list, self.feeds)
        for consumer, carrier, _ in gone:
            fed = self.feeds.get((consumer, carrier), ())
            kept = [f for f in fed if (consumer, carrier, f.side) not in gone]
            fewer.feeds[consumer, carrier] = kept
        return fewer

    def drawing(self, pods_kw: Mapping[str, float]) -> "Network":
        """The same with some pods drawing other than their peak."""
        other = copy.copy(self)
        other.pods_kw = pods_kw
        other.__dict__.pop("normal_kw", None)
        return other

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
        """Needs that stop a module when they go; services such as the polishing of stored fuel may wait for hours, and
        buffers of loops matter only when cooling plant restarts."""
        return (n for n in self.module(tag).needs if self.carriers[n.carrier].medium not in PATIENT)

    @cached_property
    def buses(self) -> dict[str, tuple[str, ...]]:
        """For each supplier the sorted tags in parallel with it on one bus or header."""
        found: dict[str, tuple[str, ...]] = {}
        for feed in (f for feeds in self.feeds.values() for f in feeds):
            bus = tuple(sorted(t for t in feed.suppliers if t in self.equipment))
            found |= dict.fromkeys(bus, bus)
        return found

    @cached_property
    def sides(self) -> dict[tuple[object, ...], set[str]]:
        """The sides of what stands, by block, cell, carrier, what it is a unit of and supply temperature."""
        found: dict[tuple[object, ...], set[str]] = defaultdict(set)
        for e in self.equipment.values():
            found[e.block, e.cell, e.carrier, e.unit_for, e.supply_degc].add(e.side)
        return dict(found)

    @cached_property
    def blocks(self) -> dict[int, tuple[str, ...]]:
        """Tags per block in walking order; 0 is the site's plant."""
        found: dict[int, list[str]] = {0: []}
        for tag in self.order:
            found.setdefault(self.equipment[tag].block, []).append(tag)
        return {block: tuple(tags) for block, tags in found.items()}

    @cached_property
    def backup(self) -> dict[int, str]:
        """For every block what of it the generating sets carry, as the brief asks of its IT demand."""
        asked = {d.name: d.backup for d in self.plan.brief.it.demands}
        only = next(iter(asked.values()))
        of_kind = {k.name: asked.get(k.demand, only) for k in self.plan.sized.kinds}
        return {block: of_kind.get(self.equipment[tags[0]].kind, only) for block, tags in self.blocks.items() if block}

    def carried(self, block: int, living: Set[str]) -> str:
        """What of a block runs while these of the plant and the utilities do: all of it while the utility does."""
        return "full" if GRID in living else self.backup[block]

    @cached_property
    def fed_by(self) -> dict[int, frozenset[str]]:
        """For every block what of the site's plant, the utilities among it, feeds any of its modules."""
        plant = {*self.blocks[0], *UTILITIES}
        return {
            block: frozenset(
                s
                for tag in tags
                for need in self.module(tag).needs
                for feed in self.feeds.get((tag, need.carrier), ())
                for s in feed.suppliers
                if s in plant
            )
            for block, tags in self.blocks.items()
            if block
        }

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
        return supply, self._returns.get((e.block, e.carrier), supply + 1.0)

    @cached_property
    def _returns(self) -> dict[tuple[int, str], float]:
        """The warmest that a liquid may come back, by block and carrier: the coldest that any consumer allows."""
        found: dict[tuple[int, str], float] = {}
        for consumer, carrier in self.feeds:
            need = self.module(consumer).needed(carrier)
            if need is not None and need.return_max_degc is not None:
                place = self.equipment[consumer].block, carrier
                found[place] = min(need.return_max_degc, found.get(place, need.return_max_degc))
        return found

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
        """kW (or units, or litres of a buffer) drawn of one carrier while giving `output_kw`."""
        module = self.module(tag)
        if need.units:
            return need.units
        if self.carriers[need.carrier].medium == "fuel":
            return 0.0
        if self.carriers[need.carrier].medium == "buffer":
            return need.kw_per_kw * output_kw * self.without_cooling_s(tag) / self._kj_per_l(tag)
        if module.it is not None:
            electric = self.carriers[need.carrier].medium == ELECTRIC
            output_kw = self.pods_kw.get(tag, module.it.peak_kw) if electric else module.it.sustained_kw
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

    def without_cooling_s(self, tag: str) -> float:
        """How long a loop takes up the heat of a heat-rejection unit after the utility is lost: until the slowest of
        the generating sets has started, or where there are none computers have stopped, and until it rejects its full
        heat again. Heat ends with computers that sets do not carry, and lasts until then if sets do not cool them."""
        basis, rejection = self.plan.basis.ride_through, self.module(tag).rejection
        if basis is None or rejection is None:
            return 0.0
        start_s = self._slowest_start_s
        if start_s is None:
            return basis.orderly_stop_s + rejection.restart_s
        kept = self.backup.get(self.equipment[tag].block, "full")
        if kept == "none":
            return basis.orderly_stop_s
        seconds = start_s + basis.start_retry_s + rejection.restart_s
        return seconds if kept == "full" else min(seconds, basis.orderly_stop_s)

    @cached_property
    def _slowest_start_s(self) -> float | None:
        """Of the generating sets; none without."""
        sets = (t for t, e in self.equipment.items() if self.carriers[e.carrier].redundancy == "standby")
        return max((engine.start_s for t in sets if (engine := self.module(t).engine) is not None), default=None)

    def _kj_per_l(self, tag: str) -> float:
        """Heat that a litre of a heat-rejection unit's loop may take up meanwhile."""
        basis, loop = self.plan.basis.ride_through, self.carriers[self.equipment[tag].carrier]
        assert basis is not None
        assert loop.density_kg_per_l is not None
        assert loop.heat_capacity_kj_per_kg_k is not None
        return loop.density_kg_per_l * loop.heat_capacity_kj_per_kg_k * basis.loop_rise_k

    def alive(self, lost: frozenset[str], tags: Iterable[str], above: frozenset[str]) -> frozenset[str]:
        """Which of `tags` (in walking order) run when `lost` are gone; `above` are alive suppliers outside them."""
        living = set(above - lost)
        for tag in reversed(tuple(tags)):
            if tag in lost:
                continue
            if self.fed(tag, living):
                living.add(tag)
        return frozenset(living)

    def fed(self, tag: str, living: Set[str]) -> bool:
        """Whether anything alive feeds every need that stops a module when it goes."""
        return all(self._met(tag, need, living) for need in self.lasting(tag))

    def _met(self, tag: str, need: Need, living: Set[str]) -> bool:
        """Suppliers of its own must all be alive, for each carries its part."""
        suppliers = [s for feed in self.feeds.get((tag, need.carrier), ()) for s in feed.suppliers]
        if need.connection == "unit":
            return bool(suppliers) and all(s in living for s in suppliers)
        return any(s in living for s in suppliers)

    @cached_property
    def normal_kw(self) -> Mapping[str, float]:
        """What every module gives with nothing lost, by block, then the site's plant, and last the utilities."""
        living = self.alive(frozenset(), self.blocks[0], UTILITIES)
        return self.flows_kw(living, dict.fromkeys(self.blocks, "full"))

    def flows_kw(self, living: frozenset[str], carried: Mapping[int, str]) -> Mapping[str, float]:
        """The same while these of the plant and the utilities run, and of each block what is carried of it."""
        found: dict[str, float] = {}
        asked: dict[str, float] = defaultdict(float)
        for block, tags in self.blocks.items():
            if block and carried[block] != "none":
                stopped = carried[block] == "cooling"
                output = self.flow(tags, self.alive(frozenset(), tags, living), {}, stopped=stopped)
                found |= {tag: output.get(tag, 0.0) for tag in tags}
                for tag in (t for t in output if t in living):
                    asked[tag] += output[tag]
        output = self.flow(self.blocks[0], living, asked)
        return found | {tag: output.get(tag, 0.0) for tag in (*self.blocks[0], *sorted(UTILITIES))}

    @cached_property
    def island_kw(self) -> Mapping[str, float]:
        """What the site's plant gives with the utility lost, of every block what generating sets carry of it."""
        return self.flows_kw(self.alive(frozenset({GRID}), self.blocks[0], UTILITIES), self.backup)

    def flow(
        self, tags: Iterable[str], alive: frozenset[str], asked_kw: Mapping[str, float], *, stopped: bool = False
    ) -> dict[str, float]:
        """Walk `tags` from consumers to sources; what is alive has a live feed of everything it needs.

        Computers that have `stopped` draw no critical power; what cools them does as though they had not yet.
        """
        output: dict[str, float] = defaultdict(float, asked_kw)
        for tag in tags:
            if tag not in alive:
                continue
            module = self.module(tag)
            if module.it is not None:
                output[tag] = module.it.sustained_kw
            for supplier, kw in self.draws(tag, output[tag], alive, stopped=stopped and module.it is not None):
                output[supplier] += kw
        return output

    def draws(
        self, tag: str, output_kw: float, alive: frozenset[str], *, stopped: bool = False
    ) -> Iterator[tuple[str, float]]:
        """What a module that gives `output_kw` takes from each of its live suppliers."""
        for need in self.module(tag).needs:
            if stopped and self.carriers[need.carrier].autonomy:
                continue
            amount = self.drawn_kw(tag, need, output_kw)
            live = self._live(tag, need, alive) if amount else []
            for suppliers in live:
                for supplier in suppliers:
                    yield supplier, amount / len(live) / len(suppliers)

    def _live(self, tag: str, need: Need, alive: frozenset[str]) -> list[list[str]]:
        """The suppliers that carry one need now, by feed: those that take over only where no other is left."""
        found = [(f, [s for s in f.suppliers if s in alive]) for f in self.preferred(tag, need)]
        live = [(feed.standby, suppliers) for feed, suppliers in found if suppliers]
        normal = [suppliers for standby, suppliers in live if not standby] or [suppliers for _, suppliers in live]
        return normal[:1] if need.connection in ("transfer", "unit") else normal

    def preferred(self, tag: str, need: Need) -> list[Feed]:
        """The feeds of one need, the normal one first: the module's own side, but the utility before standby power."""
        feeds = self.feeds.get((tag, need.carrier), [])
        own = "A" if need.alternate else self.equipment[tag].cord
        return sorted(feeds, key=lambda f: (f.standby, f.side != own))


@lru_cache(maxsize=16)
def network_of(plan: Plan, phase: int) -> Network:
    """The network of one phase; kept for the few plans at hand, because most rules read it. Nobody changes it."""
    return Network(plan, phase)


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
