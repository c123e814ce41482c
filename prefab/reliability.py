"""The availability of power, cooling, control and network at the pods of a plan, group by group.

Read from the plan's own feeds at full build. A *pool* is what serves a need together: sides that take over from each
other, each of modules in parallel on one bus or header. A side needs the fewest modules that carry the load it must
take; sides that share a load equally carry it while each carries its part or fewer carry all of it, and one that is
overloaded counts as lost; where one takes over from another (transfer, standby) each must carry the normal load alone
or with as few others as can. What serves only one module or one side is in series with it, where the paths from the
pod say so (dominators); everything else counts once, in series with the rest.

Common cause: equal modules of a pool with a spare, on all its sides, lose beta of one module's downtime together;
unlike sides (the utility and the sets) beta of that of the better side, since no common event takes more of it.

Limits: pools fail independently of each other; sides of which any few carry the rest (3N/2, 4N/3) are taken as evenly
loaded, which the rule of contingencies looks after; failures and repairs are exponential, each module with its own
crew; no planned maintenance, no human error, no failure of the transfer itself beyond the common-cause share; needs
follow from kW in the normal state at this site's design weather, not from litres a minute; where nothing flows in the
normal state (fuel, batteries of a UPS) every module is needed, and a need that some modules share but others do not
counts as one of all: both err to the safe side. Services that may wait for hours, runs and the pod itself are left out.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import accumulate
from typing import TypeAlias

import networkx as nx

from prefab.availability import GroupAvailability, SideAvailability, SubsystemAvailability
from prefab.basis import AvailabilityBasis
from prefab.errors import InputError
from prefab.module import Module
from prefab.physics.reliability import availability, carried, parallel, series, shared
from prefab.plan import GRID, Plan
from prefab.product import Reliability
from prefab.rules.network import PATIENT, UTILITIES, Network, network_of
from prefab.rules.sets import sets_of
from prefab.rules.twins import told_of, twins

HOURS_PER_WEEK = 168.0
WHOLE = "whole"
"""Everything a pod needs, each pool once."""
_COMPUTING = ("power", "fabric", WHOLE)
"""What of a pod stops with the utility where generating sets carry only what cools it."""
_SUBSYSTEMS = {"electric": "power", "storage": "power", "liquid": "cooling", "air": "cooling", "heat": "cooling"}
_NOISE = 1e-6
_Tags: TypeAlias = tuple[str, ...]
_Node: TypeAlias = tuple[str, ...]
_Times: TypeAlias = Callable[[str], float]


def mttr_without_spare_h(module: Module) -> float:
    """Hours until a failed module is replaced if it must be ordered: its lead time.

    For a large transformer this dominates everything else (validation case T17).
    """
    return module.deployment.lead_weeks * HOURS_PER_WEEK


def make_reliability(plan: Plan) -> tuple[SubsystemAvailability, ...]:
    """The availability of each subsystem at the worst pod of each block, by block; `whole` is last in each.

    Raises:
        InputError: the plan has no connections, or its design basis states no common-cause share.
    """
    if plan.connected is None:
        raise InputError("plan: connected: missing; availability is read from the feeds of a connected plan")
    if plan.basis.availability is None:
        raise InputError("plan: basis.availability: missing; a plan made with today's design_basis.toml states it")
    site = _Site(network_of(plan, len(plan.brief.phases) - 1), plan.basis.availability)
    apart = {kept for kept in site.network.backup.values() if kept != "full"}
    alone = _Site(_without_sets(site.network), plan.basis.availability) if apart else site
    known: dict[tuple[bool, frozenset[_Tags]], _Chain] = {}
    worst: dict[tuple[int, str], tuple[str, _Chain]] = {}
    first = twins(site.network)
    blocks = {pod: site.network.equipment[pod].block for pod in site.pods}
    for pod in (p for p, block in blocks.items() if first[block] == block):
        for subsystem in site.demands(pod):
            kept = site.network.backup[blocks[pod]]
            on_sets = kept == "full" or (kept == "cooling" and subsystem not in _COMPUTING)
            supplied = site if on_sets else alone
            way = on_sets, supplied.demands(pod)[subsystem]
            if way not in known:
                known[way] = _Chain(supplied, way[1])
            key = blocks[pod], subsystem
            if key not in worst or known[way].availability_frac < worst[key][1].availability_frac:
                worst[key] = pod, known[way]
    found = tuple(
        SubsystemAvailability(block, pod, name, c.availability_frac, c.groups, site.basis.common_cause_frac, c.unrated)
        for (block, name), (pod, c) in worst.items()
    )
    every = (replace(told_of(s, s.block, b), block=b) for b in {*blocks.values()} for s in found if s.block == first[b])
    return tuple(sorted(every, key=lambda s: (s.block, s.subsystem == WHOLE, s.subsystem)))


def _without_sets(network: Network) -> Network:
    """As computers see it that generating sets do not carry."""
    sets = set(sets_of(network))
    feeds = ((c, carrier, f) for (c, carrier), found in network.feeds.items() for f in found)
    return network.without((c, carrier, f.side) for c, carrier, f in feeds if sets.intersection(f.suppliers))


class _Site:
    """Who is in parallel with whom, and what each pool normally carries."""

    def __init__(self, network: Network, basis: AvailabilityBasis) -> None:
        self.basis, self.network = basis, network
        self.sets = frozenset(sets_of(network))
        present = {*self.network.equipment, *UTILITIES}
        buses: nx.Graph[str] = nx.Graph()
        feeds = {
            key: [bus for feed in feeds if (bus := [s for s in feed.suppliers if s in present])]
            for key, feeds in self.network.feeds.items()
        }
        for key in feeds:
            for bus in feeds[key]:
                nx.add_path(buses, bus)
        side_of = {tag: tuple(sorted(side)) for side in nx.connected_components(buses) for tag in side}
        joined: nx.Graph[_Tags] = nx.Graph()
        for found in feeds.values():
            if found:
                nx.add_path(joined, [side_of[bus[0]] for bus in found])
        self.sides: dict[_Tags, tuple[_Tags, ...]] = {}
        """Of each pool, by its tags in order."""
        pool_of: dict[str, _Tags] = {}
        for sides in nx.connected_components(joined):
            pool = tuple(sorted(tag for side in sides for tag in side))
            self.sides[pool] = tuple(sorted(sides))
            pool_of |= dict.fromkeys(pool, pool)
        self.groups: dict[tuple[_Tags, _Tags], GroupAvailability] = {}
        """Worked out so far, by pool and what is inside it."""
        self.serves = {key: pool_of[found[0][0]] for key, found in feeds.items() if found}
        self.carriers: dict[_Tags, set[str]] = {pool: set() for pool in self.sides}
        for (_, carrier), pool in self.serves.items():
            self.carriers[pool].add(carrier)
        self.takes_over = {
            pool
            for (tag, carrier), pool in self.serves.items()
            if (need := self.network.module(tag).needed(carrier)) and need.connection in ("transfer", "unit")
        }
        """Pools that some consumer draws from one side only."""
        self.pods = [
            t for t in sorted(self.network.order) if self.network.module(t).it is not None and t not in pool_of
        ]
        """What computes and serves nothing else."""

    def needs(self, tag: str) -> dict[str, _Tags]:
        """The pool of each need that stops a module, by carrier; an empty one where nothing feeds it."""
        if tag in UTILITIES:
            return {}
        carriers = self.network.carriers
        lasting = (n.carrier for n in self.network.module(tag).needs if carriers[n.carrier].medium not in PATIENT)
        return {carrier: self.serves.get((tag, carrier), ()) for carrier in lasting}

    def demands(self, pod: str) -> dict[str, frozenset[_Tags]]:
        """The pools that each subsystem of a pod starts from."""
        found: dict[str, set[_Tags]] = {}
        for key, pool in self.needs(pod).items():
            carrier = self.network.carriers[key]
            own = carrier.redundancy if carrier.redundancy in ("network", "control") else key
            for subsystem in (_SUBSYSTEMS.get(carrier.medium, own), WHOLE):
                found.setdefault(subsystem, set()).add(pool)
        return {subsystem: frozenset(pools) for subsystem, pools in found.items()}

    def capacity_kw(self, tag: str) -> float:
        """At this site; utilities have no limit here. That of sets which carry a part of the site is of all of it."""
        if tag in UTILITIES:
            return math.inf
        return self.network.capacity[tag] * (self._relief if tag in self.sets else 1.0)

    @cached_property
    def _relief(self) -> float:
        """What the site draws normally, over what its sets carry of it."""
        island_kw = sum(self.network.island_kw.get(tag, 0.0) for tag in self.sets)
        pools = (pool for pool in self.sides if self.sets.intersection(pool))
        normal_kw = sum(self.network.normal_kw.get(tag, 0.0) for pool in pools for tag in pool)
        apart = any(kept != "full" for kept in self.network.backup.values())
        return max(1.0, normal_kw / max(island_kw, _NOISE)) if apart else 1.0

    def sku(self, tag: str) -> str:
        """Utilities keep their tags."""
        return tag if tag in UTILITIES else self.network.equipment[tag].sku

    def times(self, tag: str) -> Reliability | None:
        """Mean times of a module or of the utility; none where they are not known."""
        if tag == GRID:
            return Reliability(mtbf_h=self.basis.utility_mtbf_h, mttr_h=self.basis.utility_mttr_h)
        return None if tag in UTILITIES else self.network.module(tag).reliability

    def repaired(self, tag: str) -> float:
        """Availability with the repair time that is stated."""
        times = self.times(tag)
        return availability(times.mtbf_h, times.mttr_h) if times else 1.0

    def ordered(self, tag: str) -> float:
        """Availability if a failed module is ordered anew; the utility is repaired as ever."""
        times = self.times(tag)
        if times is None or tag in UTILITIES:
            return self.repaired(tag)
        return availability(times.mtbf_h, max(times.mttr_h, mttr_without_spare_h(self.network.module(tag))))


class _Chain:
    """All pools that some needs lead to: which are in series, and which belong to one module or side of another."""

    def __init__(self, site: _Site, needs: frozenset[_Tags]) -> None:
        self.site = site
        self.graph: nx.DiGraph[_Node] = nx.DiGraph()
        root: _Node = ("pod",)
        self.graph.add_node(root)
        for pool in sorted(needs):
            self._grow(root, pool)
        self.pools: dict[_Node, list[_Tags]] = {}
        """In series with a pod, pool, side or module."""
        for node, above in nx.immediate_dominators(self.graph, root).items():
            if node[0] == "pool":
                self.pools.setdefault(self._lifted(above), []).append(node[1:])
        listed = list(self.pools.get(root, ()))
        for pool in listed:
            listed += self.pools.get(("pool", *pool), ())
        self.groups = tuple(sorted(map(self._known, listed), key=lambda g: (g.availability_frac, g.name)))
        self.availability_frac = series(g.availability_frac for g in self.groups)
        tags = {node[1] for node in self.graph if node[0] == "unit"}
        self.unrated = tuple(sorted({site.sku(t) for t in tags if site.times(t) is None}))
        self.graph.clear()  # hundreds of them would fill the memory

    def _grow(self, node: _Node, pool: _Tags) -> None:
        known = ("pool", *pool) in self.graph
        self.graph.add_edge(node, ("pool", *pool))
        if known or not pool:
            return
        for side in self.site.sides[pool]:
            self.graph.add_edge(("pool", *pool), ("side", *side))
            for tag in side:
                self.graph.add_edge(("side", *side), ("unit", tag))
                for below in self.site.needs(tag).values():
                    self._grow(("unit", tag), below)

    def _lifted(self, node: _Node) -> _Node:
        """The only module of a side stands for the side, the only side for the pool."""
        while node[0] in ("unit", "side"):
            (above,) = self.graph.predecessors(node)
            if self.graph.out_degree(above) > 1:
                break
            node = above
        return node

    def _known(self, pool: _Tags) -> GroupAvailability:
        """Chains share what they have in common: what leads into a pool only through it is the same in each."""
        inside = tuple(self._inside(pool))
        if not pool or (pool, inside) not in self.site.groups:
            self.site.groups[pool, inside] = self._group(pool, inside)
        return self.site.groups[pool, inside]

    def _group(self, pool: _Tags, inside: _Tags) -> GroupAvailability:
        site = self.site
        return GroupAvailability(
            name=self._name(pool),
            sides=tuple(self._side(pool, side) for side in site.sides.get(pool, ())),
            sides_needed=self._sides_needed(pool),
            tags=pool,
            within=tuple(sorted({site.sku(tag) for tag in inside} - {site.sku(tag) for tag in pool})),
            availability_frac=self._pool(pool, site.repaired),
            ordered_frac=self._pool(pool, site.ordered),
        )

    def _name(self, pool: _Tags) -> str:
        if not pool:
            return f"not fed: {', '.join(sorted(node[-1] for node in self.graph.predecessors(('pool',))))}"
        at, carriers = self.site.network.equipment, " / ".join(sorted(self.site.carriers[pool]))
        block, cell = max(((at[t].block, at[t].cell) for t in pool if t in at), default=(0, 0))
        return (f"B{block:02d}" if block else "site") + (f" pod {cell} " if cell else " ") + carriers

    def _inside(self, pool: _Tags) -> Iterable[str]:
        """The tags of everything counted in a listed pool besides itself."""
        for side in self.site.sides.get(pool, ()):
            below = [q for node in (("side", *side), *(("unit", t) for t in side)) for q in self.pools.get(node, ())]
            for inner in below:
                below += self.pools.get(("pool", *inner), ())
                yield from (*inner, *self._inside(inner))

    def _total(self, node: _Node, times: _Times) -> float:
        """What is in series with a node."""
        return series(
            self._pool(pool, times) * self._total(("pool", *pool), times) for pool in self.pools.get(node, ())
        )

    def _pool(self, pool: _Tags, times: _Times) -> float:
        """Sides of equal modules share beta of one module and of what serves one side; others of the better side."""
        if not pool:
            return 0.0
        beta, load_kw = self.site.basis.common_cause_frac, self._load_kw(pool)
        sides = self.site.sides[pool]
        units = [[times(tag) * self._total(("unit", tag), times) for tag in side] for side in sides]
        extras = [self._total(("side", *side), times) for side in sides]
        alone = [self._asked_kw(pool, side) for side in sides]
        spare = [self._modules(side, kw) < len(side) for side, kw in zip(sides, alone, strict=True)]
        spare_side = len(sides) > 1 and sum(sorted(map(self._capacity_kw, sides))[1:]) >= load_kw
        if len({self.site.sku(tag) for tag in pool}) > 1:
            own = [beta * (1 - max(side)) if more else 0.0 for side, more in zip(units, spare, strict=True)]
            each = [
                max(0.0, self._up(side, frac, kw, common) - common) * extra
                for side, frac, kw, common, extra in zip(sides, units, alone, own, extras, strict=True)
            ]
            common = beta * (1 - max(each)) if spare_side else 0.0
            return max(0.0, self._taken_over(pool, [a + common for a in each]) - common)
        of_unit = beta * (1 - max(map(max, units))) if spare_side or all(spare) else 0.0
        of_side = beta * (1 - max(extras)) if spare_side else 0.0

        def up(i: int, kw: float) -> float:
            return self._up(sides[i], units[i], kw, of_unit) * (extras[i] + of_side)

        if pool in self.site.takes_over:
            found = self._taken_over(pool, [up(i, kw) for i, kw in enumerate(alone)])
        else:
            found = shared([[up(i, load_kw / s) for s in range(1, len(sides) + 1)] for i in range(len(sides))])
        return max(0.0, found - of_unit - of_side)

    def _up(self, side: _Tags, units: Sequence[float], load_kw: float, common: float) -> float:
        """A side carries a load, but for what strikes all of it; all modules where nothing flows."""
        capacities = [self.site.capacity_kw(tag) for tag in side]
        wanted_kw = load_kw if load_kw > 0 else sum(capacities)
        return carried([(kw, unit + common) for kw, unit in zip(capacities, units, strict=True)], wanted_kw)

    def _taken_over(self, pool: _Tags, each: list[float]) -> float:
        capacities = map(self._capacity_kw, self.site.sides[pool])
        load_kw = self._load_kw(pool)
        return carried(list(zip(capacities, each, strict=True)), load_kw) if load_kw > 0 else parallel(each)

    def _side(self, pool: _Tags, side: _Tags) -> SideAvailability:
        skus = tuple(sorted({self.site.sku(tag) for tag in side}))
        unit = min(self.site.repaired(tag) * self._total(("unit", tag), self.site.repaired) for tag in side)
        return SideAvailability(skus, len(side), self._modules(side, self._asked_kw(pool, side)), unit)

    def _load_kw(self, pool: _Tags) -> float:
        """The normal load, less what rounding may add."""
        return sum(self.site.network.normal_kw.get(tag, 0.0) for tag in pool) * (1 - _NOISE)

    def _capacity_kw(self, side: _Tags) -> float:
        return sum(map(self.site.capacity_kw, side))

    def _sides_needed(self, pool: _Tags) -> int:
        """At least one."""
        largest = sorted(map(self._capacity_kw, self.site.sides.get(pool, ())), reverse=True)
        enough = (n for n, kw in enumerate(accumulate(largest), 1) if kw >= self._load_kw(pool))
        return next(enough, max(1, len(largest)))

    def _asked_kw(self, pool: _Tags, side: _Tags) -> float:
        """What a side takes with the others gone; where it cannot carry all, its part with as few others as can."""
        load_kw = self._load_kw(pool)
        return load_kw if self._capacity_kw(side) >= load_kw else load_kw / self._sides_needed(pool)

    def _modules(self, side: _Tags, load_kw: float) -> int:
        """The fewest modules of a side, whichever they are, that carry a load: all where nothing flows."""
        if load_kw <= 0:
            return len(side)
        smallest = accumulate(sorted(map(self.site.capacity_kw, side)))
        return next((n for n, kw in enumerate(smallest, 1) if kw >= load_kw), len(side) + 1)
