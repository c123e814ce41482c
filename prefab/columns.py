"""Ways to build a block, worked out along the carriers from the pods to the switchgear.

A state of the walk holds the groups chosen so far and the demands still open. Every demand is known in the normal
situation and in every situation where one chosen group has lost what the brief asks to survive; a group is counted so
that it carries all of them. States that cost no less, ask no less of any open demand and leave no more room inside than
another of the same pods are dropped: less load never needs more plant, so nothing optimal is lost.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from itertools import repeat

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from prefab.arranging import SYSTEMS, rated_draw_kw
from prefab.brief import SiteBrief
from prefab.catalog import Catalog
from prefab.eligible import eligible_pods
from prefab.module import Module
from prefab.plan import Group
from prefab.units import need as rounded_up
from prefab.ways import POD, Consumers, Demand, Hooks, Key, Way, Ways

_NOISE = 0.05
"""Kilowatts (and dollars) too small to be traded: what a block draws is rounded up to whole kilowatts anyway."""

_AT_ONCE = 256
"""Blocks that are compared with each other at a time."""

_WAYS = 1 << 20
"""More than there are ways to give anything."""

SMOOTHING = "load_smoothing"
"""The one carrier that the brief asks for and no module needs."""


@dataclass(frozen=True)
class Column:
    """One way to build a block; what it asks of the site's plant and what it costs."""

    name: str
    pod: str
    pods: int
    groups: tuple[Group, ...]
    it_kw: float
    cost_usd: Fraction
    mv_kw: float
    mv_worst_kw: float
    modules: int
    services: tuple[tuple[str, float], ...] = ()
    """What it asks of the site's other plant, by carrier: pods to connect, cabinets to watch."""


Figures = NDArray[np.float64]
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class _Front:
    """Unfinished blocks of the same pods that ask for the same things in as many situations: one row each."""

    keys: tuple[Key, ...]
    loads_kw: Figures
    """By row, key and situation."""
    cost_usd: Figures
    room: Numbers
    """Bays taken less bays offered, by row and kind of bay."""
    burdens: Figures
    """What a row adds to each of the sums that the site limits."""
    groups: list[tuple[Group, ...]]
    place: Numbers
    """What orders the rows of all fronts: blocks that cost the same are told apart by who was found first."""

    def only(self, rows: Numbers) -> "_Front":
        """Some of the rows, in the order given."""
        groups = [self.groups[n] for n in rows.tolist()]
        cost, room, burdens = self.cost_usd[rows], self.room[rows], self.burdens[rows]
        return _Front(self.keys, self.loads_kw[rows], cost, room, burdens, groups, self.place[rows])

    def unfinished(self, wanted: tuple[int, ...]) -> Figures:
        """Everything of which less is better, cost first; `wanted` are the kinds of bay that may still be taken."""
        room, loads_kw = self.room[:, list(wanted)], np.moveaxis(self.loads_kw, 1, 0)
        return np.column_stack((self.cost_usd, self.burdens, room, *loads_kw))

    def finished(self) -> Figures:
        """The same once the block is complete: bays do not matter any more, nor what is lost when."""
        return np.column_stack((self.cost_usd, self.burdens, self.loads_kw[:, :, 0], self.loads_kw.max(axis=2)))


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
        self.hooks = hooks
        self.ways = Ways(brief, catalog, hooks)
        self.carriers = self.ways.carriers
        self.modules = {m.sku: m for m in catalog.modules}
        self.installed_usd = {m.sku: m.price_exact_usd * catalog.costs.installed for m in catalog.modules}
        self.order = self._order()
        houses = {i for i, (host, _) in enumerate(self.ways.bays) if host != POD}
        takers = (self.ways.takers(self.order[n:]) for n in range(len(self.order)))
        self.wanted = [tuple(sorted({*houses, *kinds})) for kinds in takers]
        """Kinds of bay that matter from each carrier on: those that may still be taken, and those of houses, in which
        room is missed only when the block is complete."""

    def _order(self) -> list[str]:
        """Consumers before suppliers, and everything as late as it may be: a late choice multiplies fewer others."""
        graph: nx.DiGraph[str] = nx.DiGraph()
        for module in self.modules.values():
            for given in module.gives:
                for needed in module.needs:
                    graph.add_edge(needed.carrier, given.carrier)
        known = [c for c in nx.lexicographical_topological_sort(graph) if c in self.carriers]
        return [c for c in reversed(known) if self.carriers[c].scope == "block"]

    def blocks(self, pod: Module, pods: int) -> list[Column]:
        """Every undominated way to build a block of so many pods."""
        starts = _merged(list(self._starts(pod, pods)))
        fronts = [self._admitted(f, pod, pods) for f in starts]
        for carrier, wanted in zip(self.order, self.wanted, strict=True):
            while any(k.carrier == carrier for f in fronts for k in f.keys):
                grown = _merged([g for f in fronts for g in self._grown(f, carrier, pod, pods)])
                admitted = [self._admitted(f, pod, pods) for f in grown]
                fronts = _placed([f.only(_least(f.unfinished(wanted))) for f in admitted if f.groups])
        return [self._column(pod, pods, f, i) for i, f in enumerate(self._complete(fronts, pod, pods))]

    def _complete(self, fronts: list[_Front], pod: Module, pods: int) -> list[_Front]:
        """The blocks that are worth having, each as a front of its own, in the order of their places."""
        alike: dict[tuple[Key, ...], list[_Front]] = defaultdict(list)
        for front in fronts:
            rows = [n for n, groups in enumerate(front.groups) if self._fits(pod, pods, groups, complete=True)]
            alike[front.keys] += [front.only(np.array([n])) for n in rows]
        kept = []
        for blocks in alike.values():
            blocks.sort(key=lambda f: int(f.place[0]))
            if blocks:
                kept += [blocks[n] for n in _least(np.concatenate([f.finished() for f in blocks]))]
        return sorted(kept, key=lambda f: int(f.place[0]))

    def _fits(self, pod: Module, pods: int, groups: tuple[Group, ...], complete: bool) -> bool:
        return self.hooks.fits(((pod, pods), *((self.modules[g.sku], g.count) for g in groups)), complete)

    def _admitted(self, front: _Front, pod: Module, pods: int) -> _Front:
        """Without the rows that ask too much of a bus or have no room inside the pods.

        Open demands and what stands inside pods only grow, so what is too much already ends the walk. A bus that may
        carry the largest loads of all rows may carry every row, and rows that take the same bays fit alike.
        """
        kept = np.ones(len(front.groups), dtype=bool)
        for key, loads in zip(front.keys, np.moveaxis(front.loads_kw, 1, 0), strict=True):
            carrier = self.carriers[key.carrier]
            buses = max(SYSTEMS.get(self.ways.level(key.carrier), (2,))) - 1
            if len(loads) and not self.hooks.admit(Demand(tuple(loads.max(axis=0).tolist())), carrier, buses):
                kept &= [self.hooks.admit(Demand(tuple(row)), carrier, buses) for row in loads.tolist()]
        for rows in _alike(front.room):
            kept[rows] &= self._fits(pod, pods, front.groups[rows[0]], complete=False)
        return front.only(np.flatnonzero(kept))

    def _starts(self, pod: Module, pods: int) -> Iterable[_Front]:
        """One start for every coolant temperature that the pod allows."""
        assert pod.it is not None
        graded = next((n for n in pod.needs if self.carriers[n.carrier].grades_degc), None)
        grades: tuple[float | None, ...] = (None,)
        if graded is not None and graded.supply_max_degc is not None:
            grades = tuple(g for g in self.carriers[graded.carrier].grades_degc if g <= graded.supply_max_degc)
        for number, grade in enumerate(grades):
            asked: dict[Key, float] = {}
            for need in pod.needs:
                electric = self.carriers[need.carrier].medium == "electric"
                kw = pod.it.peak_kw if electric else pod.it.sustained_kw
                supply = grade if need is graded else need.supply_max_degc
                amount = need.units or need.kw_per_kw * kw + need.fixed_kw
                asked[self.ways.key_of(need, supply, need.return_max_degc)] = pods * amount
            if self.brief.storage.smoothing_frac:
                asked[Key(SMOOTHING)] = self.brief.storage.smoothing_frac * pods * pod.it.peak_kw
            keys = tuple(sorted(asked, key=_rank))
            yield _Front(
                keys,
                np.array([[[asked[k]] for k in keys]], dtype=np.float64).reshape(1, len(keys), 1),
                np.array([pods * pod.price_usd * self.ways.installed], dtype=np.float64),
                np.array([self.ways.room(pod, pods)], dtype=np.int64),
                np.array([self.ways.burdens(pod, "it", pods)], dtype=np.float64),
                [()],
                np.array([number]),
            )

    def _grown(self, front: _Front, carrier: str, pod: Module, pods: int) -> Iterable[_Front]:
        """Every row with every way to give what it asks of a carrier; the front itself if it asks nothing of it."""
        at = next((n for n, k in enumerate(front.keys) if k.carrier == carrier), None)
        if at is None:
            yield replace(front, place=front.place * _WAYS)
            return
        alike: dict[tuple[int, tuple[Key, ...]], list[_Step]] = defaultdict(list)
        key = front.keys[at]
        for rows in _alike(front.loads_kw[:, at]):
            demand = Demand(tuple(front.loads_kw[rows[0], at].tolist()))
            for these, consumers in self._hanging(front, rows, key, pod, pods):
                for number, way in enumerate(self.ways.to_give(key, demand, pod, pods, consumers)):
                    alike[way.losses, tuple(sorted(way.asks, key=_rank))].append((these, number, way))
        for (losses, asked), steps in alike.items():
            yield _with(front, at, losses, asked, steps)

    def _hanging(
        self, front: _Front, rows: list[int], key: Key, pod: Module, pods: int
    ) -> Iterable[tuple[list[int], Consumers]]:
        """The rows by what hangs on a carrier, where systems share their reserve: then it matters who is on which."""
        if self.ways.level(key.carrier) not in SYSTEMS:
            yield rows, ()
            return
        found: dict[Consumers, list[int]] = defaultdict(list)
        for row in rows:
            block = (Group(carrier="it", sku=pod.sku, per_side=pods), *front.groups[row])
            found[tuple(self._draws_kw(block, key.carrier))].append(row)
        yield from ((these, consumers) for consumers, these in found.items())

    def _draws_kw(self, groups: tuple[Group, ...], carrier: str) -> Iterable[float]:
        for group in groups:
            module = self.modules[group.sku]
            if (need := module.needed(carrier)) is not None:
                yield from repeat(rated_draw_kw(module, group.carrier, need), group.count)

    def _column(self, pod: Module, pods: int, front: _Front, index: int) -> Column:
        assert pod.it is not None
        site_loads: dict[str, Demand] = defaultdict(lambda: Demand((0.0,)))
        for key, loads in zip(front.keys, front.loads_kw[0].tolist(), strict=True):
            site_loads[key.carrier] = Demand(tuple(loads))
        mv = site_loads["mv_ac"]
        return Column(
            name=f"{pod.sku}x{pods}-{index:02d}",
            pod=pod.sku,
            pods=pods,
            groups=front.groups[0],
            it_kw=pods * pod.it.sustained_kw,
            cost_usd=self._installed_usd(pod, pods, front.groups[0]),
            mv_kw=mv.normal,
            mv_worst_kw=mv.worst,
            modules=pods + sum(g.count for g in front.groups[0]),
            services=tuple((c, d.normal) for c, d in sorted(site_loads.items()) if c != "mv_ac" and d.normal),
        )

    def _installed_usd(self, pod: Module, pods: int, groups: tuple[Group, ...]) -> Fraction:
        """Exact, for the sums of the walk are floats."""
        return sum((g.count * self.installed_usd[g.sku] for g in groups), pods * self.installed_usd[pod.sku])


_Step = tuple[list[int], int, Way]
"""Rows that a way is for, its number among their ways, and the way."""


def _with(front: _Front, at: int, losses: int, asked: tuple[Key, ...], steps: list[_Step]) -> _Front:
    """Rows with one more group, of ways that ask for the same: their demands added in place of the one `at`.

    The group's own losses bring situations in which everything else draws what it normally does.
    """
    rows = np.concatenate([rows for rows, _, _ in steps])
    step = np.repeat(np.arange(len(steps)), [len(rows) for rows, _, _ in steps])
    numbers, ways = np.array([number for _, number, _ in steps]), [way for _, _, way in steps]
    others = tuple(k for n, k in enumerate(front.keys) if n != at)
    keys = tuple(sorted({*others, *asked}, key=_rank))
    before = np.delete(front.loads_kw, at, axis=1)
    before = np.concatenate((before, np.repeat(before[:, :, :1], losses, axis=2)), axis=2)
    situations = before.shape[2]
    added = np.array([[w.asks[k].loads_kw for k in asked] for w in ways], dtype=np.float64)
    loads = np.zeros((len(rows), len(keys), situations))
    loads[:, [keys.index(k) for k in others]] = before[rows]
    loads[:, [keys.index(k) for k in asked]] += added.reshape(len(ways), len(asked), situations)[step]
    return _Front(
        keys,
        loads,
        front.cost_usd[rows] + np.array([w.cost_usd for w in ways])[step],
        front.room[rows] + np.array([w.room for w in ways], dtype=np.int64)[step],
        front.burdens[rows] + np.array([w.burdens for w in ways], dtype=np.float64)[step],
        [(*front.groups[row], *ways[n].groups) for row, n in zip(rows.tolist(), step.tolist(), strict=True)],
        front.place[rows] * _WAYS + numbers[step],
    )


def _merged(fronts: list[_Front]) -> list[_Front]:
    """One front for all that ask for the same in as many situations, its rows in the order of their places."""
    alike: dict[tuple[object, ...], list[_Front]] = defaultdict(list)
    for front in fronts:
        alike[front.keys, front.loads_kw.shape[2]].append(front)
    merged = []
    for parts in alike.values():
        place = np.concatenate([f.place for f in parts])
        front = _Front(
            parts[0].keys,
            np.concatenate([f.loads_kw for f in parts]),
            np.concatenate([f.cost_usd for f in parts]),
            np.concatenate([f.room for f in parts]),
            np.concatenate([f.burdens for f in parts]),
            [groups for f in parts for groups in f.groups],
            place,
        )
        merged.append(front.only(np.argsort(place)))
    return merged


def _placed(fronts: list[_Front]) -> list[_Front]:
    """The fronts with their places counted anew from 0: places grow with every group."""
    places = np.sort(np.concatenate([f.place for f in fronts])) if fronts else np.empty(0)
    return [replace(f, place=np.searchsorted(places, f.place)) for f in fronts]


def _alike(figures: NDArray[np.generic]) -> list[list[int]]:
    """The numbers of the rows that are equal to each other."""
    rows: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for number, row in enumerate(figures.tolist()):
        rows[tuple(row)].append(number)
    return list(rows.values())


@cache
def _rank(key: Key) -> tuple[str, float, float]:
    return key.carrier, key.supply_degc or 0.0, key.return_degc or 0.0


def _least(figures: Figures) -> Numbers:
    """Rows that no row before them by cost undercuts everywhere; of equal rows the first. In ascending order.

    Rows are looked at a few hundred at a time: among each other first, then what is kept of them against all that
    follow.
    """
    order = np.argsort(figures[:, 0], kind="stable")
    values = _telling(figures[order, 1:])
    limits = values + _NOISE
    found = []
    left = np.arange(len(order))
    while len(left):
        these, left = left[:_AT_ONCE], left[_AT_ONCE:]
        beaten = _beats(values.take(these, axis=1), limits.take(these, axis=1))
        kept: list[int] = []
        out = np.zeros(len(these), dtype=bool)
        for n in range(len(these)):
            if not out[n]:
                kept.append(n)
                out |= beaten[n]
        best = these[kept]
        found.append(order[best])
        left = left[~_beats(values.take(best, axis=1), limits.take(left, axis=1)).any(axis=0)]
    return np.sort(np.concatenate(found))


def _telling(figures: Figures) -> Figures:
    """The columns by which rows differ at all, each once, as rows: most losses leave most demands as they are."""
    apart = figures.T[np.ptp(figures, axis=0) > _NOISE]
    return np.array(list({c.tobytes(): c for c in apart}.values())).reshape(-1, len(figures))


def _beats(values: Figures, limits: Figures) -> NDArray[np.bool_]:
    """For every block of the one and every block of the other: whether the one is nowhere above the other's limits."""
    beats = np.ones((values.shape[1], limits.shape[1]), dtype=bool)
    one = np.empty_like(beats)
    for value, limit in zip(values, limits, strict=True):
        beats &= np.less_equal(value[:, None], limit, out=one)
    return beats
