"""Ways to build a block, worked out along the carriers from the pods to the switchgear.

A state of the walk holds the groups chosen so far and the demands still open. Every demand is known in the normal
situation and in every situation where one chosen group has lost what the brief asks to survive; a group is counted so
that it carries all of them. States that cost no less, ask no less of any open demand and stand on no less land than
another of the same pods are dropped: less load never needs more plant, so nothing optimal is lost.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import networkx as nx

from prefab.brief import SiteBrief
from prefab.catalog import Carrier, Catalog
from prefab.eligible import Offer, Shape, eligible_pods, make_offers
from prefab.module import Module, Need
from prefab.plan import Group
from prefab.units import need as rounded_up

Arrangement = tuple[int, int]
"""Sides, and modules per side."""


@dataclass(frozen=True)
class Key:
    """What is demanded: a carrier, for liquids at a temperature, for units on behalf of one group."""

    carrier: str
    supply_degc: float | None = None
    return_degc: float | None = None
    unit_for: str | None = None


@dataclass(frozen=True)
class Demand:
    """An open demand in every situation: first the normal one, then one per group chosen so far.

    A unit demand is that of one consumer, together with how many consumers run in each situation.
    """

    loads_kw: tuple[float, ...]
    consumers: tuple[int, ...] = ()

    @property
    def normal(self) -> float:
        """kW with everything in service."""
        return self.loads_kw[0]

    @property
    def worst(self) -> float:
        """The largest kW of any situation."""
        return max(self.loads_kw)


@dataclass(frozen=True)
class Column:
    """One way to build a block; what it asks of the site's plant and what it costs."""

    name: str
    pod: str
    pods: int
    groups: tuple[Group, ...]
    it_kw: float
    cost_kusd: float
    mv_kw: float
    mv_worst_kw: float
    area_m2: float
    modules: int


Arrange = Callable[[Demand, float, int, str], Arrangement | None]
Admit = Callable[[Demand, Carrier], bool]


@dataclass(frozen=True)
class Hooks:
    """What the rules say while columns are made."""

    shapes: tuple[Shape, ...]
    arrange: Arrange
    admit: Admit


@dataclass(frozen=True)
class _State:
    pod: str
    pods: int
    open: tuple[tuple[Key, Demand], ...]
    groups: tuple[Group, ...]
    cost_usd: float
    area_m2: float
    modules: int
    situations: int

    def demand(self, key: Key) -> Demand | None:
        return next((d for k, d in self.open if k == key), None)


def make_columns(brief: SiteBrief, catalog: Catalog, hooks: Hooks) -> tuple[Column, ...]:
    """Every undominated block of every eligible pod, from one pod up to the brief's limit."""
    walker = _Walker(brief, catalog, hooks)
    columns: list[Column] = []
    for pod in eligible_pods(brief, catalog)[0]:
        assert pod.it is not None
        most = min(brief.limits.pods_per_block, max(1, rounded_up(brief.it_kw / pod.it.sustained_kw)))
        for pods in range(1, most + 1):
            columns += walker.blocks(pod, pods)
    return tuple(columns)


class _Walker:
    def __init__(self, brief: SiteBrief, catalog: Catalog, hooks: Hooks) -> None:
        self.brief = brief
        self.catalog = catalog
        self.hooks = hooks
        self.site = {c.key for c in catalog.carriers if c.scope == "site"}
        self.carriers = {c.key: c for c in catalog.carriers}
        self.order = self._order()
        self.offers: dict[Key, tuple[Offer, ...]] = {}
        self.drawn: dict[tuple[str, float | None, str, float], float] = {}
        self.installed = 1 + catalog.costs.freight_frac + catalog.costs.installation_frac

    def _order(self) -> list[str]:
        graph: nx.DiGraph[str] = nx.DiGraph()
        for module in self.catalog.modules:
            for given in module.gives:
                for needed in module.needs:
                    graph.add_edge(given.carrier, needed.carrier)
        return [c for c in nx.lexicographical_topological_sort(graph) if c in self.carriers and c not in self.site]

    def blocks(self, pod: Module, pods: int) -> list[Column]:
        states = [s for s in self._starts(pod, pods) if self._admitted(s)]
        for carrier in self.order:
            while any(k.carrier == carrier for s in states for k, _ in s.open):
                grown = []
                for state in states:
                    key = next((k for k, _ in state.open if k.carrier == carrier), None)
                    grown += [state] if key is None else self._grow(state, key)
                states = _undominated([s for s in grown if self._admitted(s)])
        return [self._column(s, i) for i, s in enumerate(_undominated(states, final=True))]

    def _admitted(self, state: _State) -> bool:
        """Open demands only grow, so one that is too much for its bus already ends the walk."""
        return all(k.unit_for or self.hooks.admit(d, self.carriers[k.carrier]) for k, d in state.open)

    def _starts(self, pod: Module, pods: int) -> Iterable[_State]:
        """One start for every coolant temperature that the pod allows."""
        assert pod.it is not None
        graded = next((n for n in pod.needs if self.carriers[n.carrier].grades_degc), None)
        grades: tuple[float | None, ...] = (None,)
        if graded is not None and graded.supply_max_degc is not None:
            grades = tuple(g for g in self.carriers[graded.carrier].grades_degc if g <= graded.supply_max_degc)
        for grade in grades:
            asked: dict[Key, float] = {}
            for need in pod.needs:
                electric = self.carriers[need.carrier].medium == "electric"
                kw = pod.it.peak_kw if electric else pod.it.sustained_kw
                supply = grade if need is graded else need.supply_max_degc
                amount = float(need.points) or need.kw_per_kw * kw + need.fixed_kw
                asked[self._key(need, supply, need.return_max_degc)] = pods * amount
            yield _State(
                pod.sku,
                pods,
                tuple((k, Demand((kw,))) for k, kw in asked.items()),
                (),
                pods * pod.price_usd * self.installed,
                pods * pod.footprint_m2,
                pods,
                1,
            )

    def _key(self, need: Need, supply_degc: float | None, return_degc: float | None) -> Key:
        carrier = self.carriers[need.carrier]
        if carrier.medium not in ("liquid", "heat"):
            return Key(need.carrier)
        if carrier.rise_k is not None and supply_degc is not None:
            return_degc = supply_degc + carrier.rise_k
        return Key(need.carrier, supply_degc, return_degc)

    def _offers(self, key: Key) -> tuple[Offer, ...]:
        if key not in self.offers:
            self.offers[key], _ = make_offers(
                self.brief, self.catalog, self.hooks.shapes, key.carrier, key.supply_degc, key.return_degc
            )
        return self.offers[key]

    def _grow(self, state: _State, key: Key) -> list[_State]:
        demand = state.demand(key)
        assert demand is not None
        carrier = self.carriers[key.carrier]
        level = str(getattr(self.brief.redundancy, carrier.redundancy, "N"))
        grown = []
        for offer in self._offers(key):
            if key.unit_for is not None:
                consumer = next(g for g in state.groups if g.carrier == key.unit_for)
                if demand.worst > offer.capacity_kw:
                    continue
                group = self._group(key, offer, consumer.sides, consumer.per_side)
            else:
                arranged = self.hooks.arrange(demand, offer.capacity_kw, offer.parallel_max, level)
                if arranged is None:
                    continue
                group = self._group(key, offer, *arranged)
                sides, per_side = arranged
                if offer.module.rejection is not None and per_side < offer.parallel_max:
                    # Fans follow a cube law, so one unit more may save power worth more than it costs.
                    larger = self._group(key, offer, sides, per_side + 1)
                    grown.append(self._with(state, key, demand, offer, larger, level))
            grown.append(self._with(state, key, demand, offer, group, level))
        return grown

    def _group(self, key: Key, offer: Offer, sides: int, per_side: int) -> Group:
        return Group(
            carrier=key.carrier,
            sku=offer.module.sku,
            sides=2 if sides == 2 else 1,
            per_side=per_side,
            supply_degc=key.supply_degc,
            unit_for=key.unit_for,
        )

    def _with(self, state: _State, key: Key, demand: Demand, offer: Offer, group: Group, level: str) -> _State:
        """The state with one more group: its demands added, and a situation in which it has lost its share."""
        split = offer.parallel_max == 1 and group.sides == 2
        outputs: list[tuple[tuple[float, int], ...]]
        if key.unit_for is not None:
            outputs = [
                ((kw, running), (0.0, group.count - running))
                for kw, running in zip(demand.loads_kw, demand.consumers, strict=True)
            ]
            situations = state.situations
        else:
            # The worst split of a load over an A and a B module is all on one: losses are convex.
            outputs = [((kw, 1), (0.0, 1)) if split else ((kw / group.count, group.count),) for kw in demand.loads_kw]
            situations = state.situations
            if level != "N" and key.carrier != "control":
                running = group.per_side if group.sides == 2 else group.count - 1
                outputs.append(((demand.normal / running, running),))
                situations += 1
        opened = {k: d for k, d in state.open if k != key}
        if situations > state.situations:
            opened = {
                k: replace(
                    d, loads_kw=(*d.loads_kw, d.normal), consumers=d.consumers and (*d.consumers, d.consumers[0])
                )
                for k, d in opened.items()
            }
        for need in offer.module.needs:
            self._ask(opened, need, key, offer, group, outputs)
        return _State(
            state.pod,
            state.pods,
            tuple(sorted(opened.items(), key=lambda kd: repr(kd[0]))),
            (*state.groups, group),
            state.cost_usd + group.count * offer.module.price_usd * self.installed,
            state.area_m2 + group.count * offer.module.footprint_m2,
            state.modules + group.count,
            situations,
        )

    def _ask(
        self,
        opened: dict[Key, Demand],
        need: Need,
        key: Key,
        offer: Offer,
        group: Group,
        outputs: list[tuple[tuple[float, int], ...]],
    ) -> None:
        supply = need.supply_max_degc
        if need.approach_k is not None and key.supply_degc is not None:
            colder = key.supply_degc - need.approach_k
            supply = colder if supply is None else min(supply, colder)
        asked = self._key(need, supply, None)
        if need.connection == "unit":
            asked = replace(asked, unit_for=group.carrier)
            loads = tuple(self._drawn(need, offer, parts[0][0]) for parts in outputs)
            opened[asked] = Demand(loads, tuple(parts[0][1] for parts in outputs))
            return
        before = opened.get(asked, Demand((0.0,) * len(outputs)))
        loads = tuple(
            kw + sum(n * self._drawn(need, offer, output) for output, n in parts)
            for kw, parts in zip(before.loads_kw, outputs, strict=True)
        )
        opened[asked] = Demand(loads)

    def _drawn(self, need: Need, offer: Offer, output_kw: float) -> float:
        # The same module meets the same load in very many states.
        key = (offer.module.sku, offer.supply_degc, need.carrier, output_kw)
        if key not in self.drawn:
            self.drawn[key] = _drawn_kw(need, offer, output_kw)
        return self.drawn[key]

    def _column(self, state: _State, index: int) -> Column:
        pod = self.catalog.module(state.pod)
        assert pod.it is not None
        site_loads: dict[str, Demand] = defaultdict(lambda: Demand((0.0,)))
        for key, demand in state.open:
            site_loads[key.carrier] = demand
        mv = site_loads["mv_ac"]
        return Column(
            name=f"{state.pod}x{state.pods}-{index:02d}",
            pod=state.pod,
            pods=state.pods,
            groups=state.groups,
            it_kw=state.pods * pod.it.sustained_kw,
            cost_kusd=state.cost_usd / 1000,
            mv_kw=mv.normal,
            mv_worst_kw=mv.worst,
            area_m2=state.area_m2,
            modules=state.modules,
        )


def _drawn_kw(need: Need, offer: Offer, output_kw: float) -> float:
    """kW (or points) that one module draws while giving `output_kw`."""
    if need.points:
        return float(need.points)
    amount = need.kw_per_kw * output_kw + need.fixed_kw
    if need.through:
        return amount + output_kw + offer.lost_kw(output_kw)
    if offer.module.rejection is not None and need.kw_per_kw == 0:
        amount += offer.rejecting_kw(output_kw)
    return amount


def _undominated(states: list[_State], final: bool = False) -> list[_State]:
    """Drops states that are nowhere better than another with the same pods, open demands and situations."""
    alike: dict[tuple[object, ...], list[tuple[tuple[float, ...], int, _State]]] = defaultdict(list)
    for i, state in enumerate(states):
        shape = (state.pod, state.pods, *((k, d.consumers) for k, d in state.open))
        if final:
            figures: tuple[float, ...] = (
                state.cost_usd,
                state.area_m2,
                *(x for _, d in state.open for x in (d.normal, d.worst)),
            )
        else:
            shape = (*shape, state.situations)
            figures = (state.cost_usd, state.area_m2, *(x for _, d in state.open for x in d.loads_kw))
        alike[shape].append((figures, i, state))
    kept: list[tuple[int, _State]] = []
    for rows in alike.values():
        rows.sort(key=lambda row: row[:2])
        best: list[tuple[float, ...]] = []
        for figures, i, state in rows:
            if any(all(a <= b + 1e-9 for a, b in zip(other, figures, strict=True)) for other in best):
                continue
            best.append(figures)
            kept.append((i, state))
    kept.sort(key=lambda pair: pair[0])
    return [state for _, state in kept]
