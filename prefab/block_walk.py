"""The walk from pods to complete blocks, along the carriers from the pods to the switchgear.

A state of the walk holds the groups chosen so far and the demands still open. Every demand is known in the normal
situation and in every situation where one chosen group has lost what the brief asks to survive; a group is counted so
that it carries all of them. A situation in which a state asks no more of anything than in another one is forgotten:
what is chosen later carries the other one too. States that cost no less, ask no less of any open demand and leave no
more room inside than another of the same pods are dropped: less load never needs more plant, so nothing optimal is
lost.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, pairwise, product, takewhile

import networkx as nx
import numpy as np

from prefab.arranging import SYSTEMS
from prefab.brief import SiteBrief
from prefab.catalog import Catalog
from prefab.dominance import alike, least, telling
from prefab.duties import SMOOTHING, Duties
from prefab.eligible import SiteOffers, eligible_pods, growing_phases
from prefab.fronts import MOST, Front, Key, Numbers, chosen, joined, matched, merged, placed, rank
from prefab.hanging import drawn_by_pod, largest_kw, rated_kw, supply_of
from prefab.loading import Consumers, Demand
from prefab.module import Module
from prefab.plan import Group
from prefab.units import need as rounded_up
from prefab.ways import Asked, Block, Hooks, Reads, Ways


@dataclass(frozen=True)
class Stage:
    """A walk that has given one carrier more, with what it read of the site to do so."""

    carrier: str
    read: Reads
    fronts: list[Front]


Stages = dict[Hashable, tuple[Stage, ...]]
"""The stages of walks at sites that differ in nothing but what walks read."""


def walks_of(brief: SiteBrief, catalog: Catalog, hooks: Hooks) -> "Iterable[Walk]":
    """One for every IT demand and every phase with blocks of its own."""
    last = len(brief.phases) - 1
    for number, demand in enumerate(brief.it.demands):
        site = SiteOffers(brief.of_demand(demand), catalog, hooks.shapes)
        for phase in growing_phases(brief, catalog):
            blocks: list[Block] = []
            for pod in eligible_pods(brief, catalog, demand, phase)[0]:
                assert pod.it is not None
                pods_asked = rounded_up(brief.demand_kw_until(demand.name, last) / pod.it.sustained_kw)
                most = min(brief.limits.pods_per_block, max(1, pods_asked))
                blocks += ((pod, pods) for pods in range(1, most + 1))
            if blocks:
                yield Walk(brief, site, hooks, blocks, phase, number)


@dataclass(frozen=True)
class Walk:
    """From blocks of pods, carrier by carrier, to complete blocks for one IT demand and one phase."""

    whole: SiteBrief
    """Of all IT demands."""
    site: SiteOffers
    hooks: Hooks
    blocks: list[Block]
    phase: int
    demand: int
    only: frozenset[str] | None = None
    """The modules to choose from; all that may stand at the site where nothing is said."""

    @cached_property
    def ways(self) -> Ways:
        """To give each carrier, kept for the whole walk."""
        return Ways(self.site, self.hooks, self.phase, self.only)

    @cached_property
    def duties(self) -> Duties:
        """What storage is asked to do, of all demands together."""
        return Duties(self.whole, self.site.catalog)

    @cached_property
    def modules(self) -> Mapping[str, Module]:
        """By SKU."""
        return {m.sku: m for m in self.site.catalog.modules}

    @cached_property
    def buses(self) -> Mapping[str, int]:
        """Most buses of each carrier that hold what a block asks of it."""
        return {c: max(SYSTEMS.get(self.ways.level(c), (2,))) - 1 for c in self.site.carriers}

    @cached_property
    def _wanted(self) -> list[tuple[str, tuple[int, ...]]]:
        """The carriers in order, with the kinds of bay that matter from each on: those that may still be taken, and
        those of houses, in which room is missed only when the block is complete."""
        order = self._order()
        houses = set(np.flatnonzero(~self.ways.inside_pods).tolist())
        later = accumulate((self.ways.taken(c) for c in reversed(order)), set.union, initial=houses)
        return list(zip(order, [tuple(sorted(kinds)) for kinds in later][:0:-1], strict=True))

    def _order(self) -> list[str]:
        """Consumers before suppliers, and everything as late as it may be: a late choice multiplies fewer others.

        What needs nothing itself comes as early as it may: of its ways only the cheapest is kept, which multiplies
        none, while open demands that differ by a little keep rows apart.
        """
        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_nodes_from({given.carrier for m in self.modules.values() for given in m.gives})
        needs = {(n.carrier, given.carrier) for m in self.modules.values() for given in m.gives for n in m.needs}
        graph.add_edges_from(needs)
        known = [c for c in nx.lexicographical_topological_sort(graph) if c in self.site.carriers]
        order = [c for c in reversed(known) if self.site.carriers[c].scope == "block"]
        for carrier in [c for c in order if self._needs_nothing(c)]:
            consumers = [n for n, c in enumerate(order) if (carrier, c) in needs]
            order.remove(carrier)
            order.insert(max(consumers, default=-1) + 1, carrier)
        return order

    def _needs_nothing(self, carrier: str) -> bool:
        giving = [m for m in self.modules.values() if m.given(carrier)]
        return not any(m.needs or m.bays or m.bays_count for m in giving)

    def narrowed(self, only: frozenset[str]) -> "Walk":
        """The same with some modules only."""
        return replace(self, only=only)

    @property
    def question(self) -> Hashable:
        """What stages depend on, beside what they read."""
        blocks = tuple((pod.sku, pods) for pod, pods in self.blocks)
        return self.demand, self.phase, blocks, tuple(self.buses.items())

    def still(self, before: Sequence[Stage]) -> list[Stage]:
        """Of stages those that read what would be read now; the beginning at least."""
        found = list(takewhile(lambda s: self.ways.reads(key for key, *_ in s.read) == s.read, before))
        return found or [Stage("it", (), self._admitted(placed(merged(self._starts()))))]

    def on_from(self, before: Sequence[Stage]) -> tuple[Stage, ...]:
        """These, and one for every carrier after them: all blocks are walked together."""
        found = list(before)
        for carrier, wanted in self._wanted[len(found) - 1 :]:
            fronts = self._on_fewer_loops(found[-1].fronts, carrier)
            self.ways.looked_up.clear()
            while any(k.carrier == carrier for f in fronts for k in f.keys):
                grown = merged(self._grown(fronts, carrier))
                fronts = placed(least(telling(self._admitted(grown)), wanted))
            found.append(Stage(carrier, self.ways.reads(tuple(self.ways.looked_up)), fronts))
        return tuple(found)

    def complete(self, fronts: list[Front]) -> list[Front]:
        """The blocks that are worth having, with two situations left: the normal and the worst one."""
        fitting = []
        for front in fronts:
            rows = enumerate(zip(front.of.tolist(), front.groups, strict=True))
            kept = [row for row, (block, groups) in rows if self._fits(block, groups, complete=True)]
            fitting.append(front.only(np.array(kept, dtype=np.int64)).condensed())
        # Bays do not matter any more.
        return least(merged(fitting), ())

    def _fits(self, block: int, groups: tuple[Group, ...], complete: bool) -> bool:
        return self.hooks.fits((self.blocks[block], *((self.modules[g.sku], g.count) for g in groups)), complete)

    def _admitted(self, fronts: list[Front]) -> list[Front]:
        """Without the rows that ask too much of a bus or have no room inside the pods.

        Open demands and what stands inside pods only grow, so what is too much already ends the walk. A bus that may
        carry the largest loads of all rows may carry every row, and rows that take the same bays of pods fit alike.
        """
        if not fronts:
            return []
        taken = [np.column_stack((f.of, f.room[:, self.ways.inside_pods])) for f in fronts]
        kinds, firsts = alike(np.concatenate(taken))
        of, groups = (np.concatenate(each)[firsts] for each in ([f.of for f in fronts], [f.groups for f in fronts]))
        fitting = [
            self._fits(block, standing, complete=False) for block, standing in zip(of.tolist(), groups, strict=True)
        ]
        ends = np.cumsum([len(f) for f in fronts])[:-1]
        kept = np.split(np.array(fitting, dtype=bool)[kinds], ends)
        for front, rows in zip(fronts, kept, strict=True):
            for at, (key, largest) in enumerate(zip(front.keys, front.loads_kw.max(axis=0).tolist(), strict=True)):
                if not self._admits(key, largest):
                    kinds, firsts = alike(front.loads_kw[:, at])
                    admitted = [self._admits(key, row) for row in front.loads_kw[firsts, at].tolist()]
                    rows &= np.array(admitted, dtype=bool)[kinds]
        left = (f if rows.all() else f.only(np.flatnonzero(rows)) for f, rows in zip(fronts, kept, strict=True))
        return [f for f in left if len(f)]

    def _admits(self, key: Key, loads_kw: list[float]) -> bool:
        if key.of_pod:
            return True  # said of every way to give it
        return self.hooks.admit(Demand(tuple(loads_kw)), self.site.carriers[key.carrier], self.buses[key.carrier])

    def _starts(self) -> Iterable[Front]:
        """Every block once for every coolant temperature that its pods allow."""
        for block, (pod, pods) in enumerate(self.blocks):
            assert pod.it is not None
            for number, asked in enumerate(self._asked_by(pod, pods)):
                keys = tuple(sorted(asked, key=rank))
                kw = [asked[k] * (1 if k.of_pod else pods) for k in keys]
                yield Front(
                    keys,
                    np.array(kw, dtype=np.float64).reshape(1, len(keys), 1),
                    np.array([pods * pod.price_usd * self.ways.rates[pod.sku]], dtype=np.float64),
                    pods * self.ways.room(pod)[None],
                    pods * self.ways.burdens(pod, "it")[None],
                    chosen([()], 1),
                    np.array([block]),
                    np.array([block * MOST + number]),
                )

    def _asked_by(self, pod: Module, pods: int) -> Iterable[dict[Key, float]]:
        """What one of so many pods asks for, by the temperature of its coolant."""
        assert pod.it is not None
        graded = next((n for n in pod.needs if self.site.carriers[n.carrier].grades_degc), None)
        grades: tuple[float | None, ...] = (None,)
        if graded is not None and graded.supply_max_degc is not None:
            grades = tuple(g for g in self.site.carriers[graded.carrier].grades_degc if g <= graded.supply_max_degc)
        smoothed_kw = self.site.brief.storage.smoothing_frac * pod.it.peak_kw
        # Capacitors may take up the swings, or leave them to whoever does it for less.
        smoothings = {smoothed_kw, *(max(smoothed_kw, kw) for kw in self.duties.smoothings_kw(self.demand, pod.it))}
        for grade, smoothing_kw in product(grades, sorted(smoothings)):
            asked: dict[Key, float] = {}
            lets = True
            for need in pod.needs:
                supply = grade if need is graded else need.supply_max_degc
                amount = drawn_by_pod(self.ways, pod, need)
                key = self.ways.key_of(need, supply, need.return_max_degc, of_pod=pods > 1)
                lets &= self.hooks.lets(
                    need, self.site.carriers[need.carrier], amount, key.supply_degc, key.return_degc
                )
                asked[key] = amount
            if smoothing_kw:
                asked[Key(SMOOTHING)] = smoothing_kw
            if lets:
                yield asked

    def _on_fewer_loops(self, fronts: list[Front], carrier: str) -> list[Front]:
        """Every row as it is, and with what could do with warmer water on colder loops that stand anyway.

        Whatever hangs on a loop whose rise is its own goes back as warm. Connections take the warmest loop that is cold
        enough: so does what is moved here.
        """
        if self.site.carriers[carrier].medium != "liquid" or self.site.carriers[carrier].rise_k is None:
            return fronts
        found: list[Front] = []
        for front in fronts:
            loops = sorted((k for k in front.keys if k.carrier == carrier), key=supply_of)
            if len({k._replace(supply_degc=None, return_degc=None) for k in loops}) > 1:
                loops = []  # not of one and the same consumers
            for n, left in enumerate(product((True, False), repeat=max(0, len(loops) - 1))):
                stands = [k for k, stays in zip(loops, (True, *left), strict=False) if stays]
                hangs_on = {k: stands[bisect_right(stands, supply_of(k), key=supply_of) - 1] for k in loops}
                found.append(_moved(front, hangs_on, n))
        return placed(merged(found))

    def _grown(self, fronts: list[Front], carrier: str) -> Iterable[Front]:
        """Every row with every way to give what it asks of a carrier; as it is where it asks nothing of it.

        What all fronts ask under one key is worked out together.
        """
        asking: dict[Key, list[Front]] = defaultdict(list)
        for front in fronts:
            key = next((k for k in front.keys if k.carrier == carrier), None)
            if key is None:
                yield replace(front, place=front.place * MOST)
            else:
                asking[key].append(front)
        for key, asked_alike in asking.items():
            most = max(f.situations for f in asked_alike)
            those = [replace(f, loads_kw=f.repeated(most)) for f in asked_alike]
            kinds, asked = self._asked_of(those, key)
            begins = np.cumsum([0, *(len(f) for f in those)])
            for ways in self.ways.to_give(key, asked):
                rows, given = matched(kinds, ways.of)
                at = np.searchsorted(rows, begins).tolist()
                for front, begin, (one, end) in zip(those, begins.tolist(), pairwise(at), strict=False):
                    if one < end:
                        yield joined(front, ways, (rows[one:end] - begin, given[one:end]), served=key)

    def _asked_of(self, fronts: list[Front], key: Key) -> tuple[Numbers, list[Asked]]:
        """For every row the number of the demand that it has under a key, and the demands."""
        loads_kw = np.concatenate([f.loads_kw[:, f.keys.index(key)] for f in fronts])
        blocks = np.concatenate([f.of for f in fronts])
        apart = [loads_kw]
        if self.ways.depends_on_block(key):
            apart.append(blocks[:, None])
        hanging = [c for f in fronts for c in rated_kw(self.ways, self.blocks, f, key, pods_only=self.hooks.pods_only)]
        if hanging:
            known: dict[Consumers, int] = {}
            apart.append(np.array([[known.setdefault(c, len(known))] for c in hanging]))
        most_kw = [kw for f in fronts for kw in largest_kw(self.ways, self.blocks, f, key)]
        if most_kw:
            apart.append(np.array(most_kw)[:, None])
        kinds, firsts = alike(np.concatenate(apart, axis=1))
        largest = [most_kw[n] for n in firsts] if most_kw else [None] * len(firsts)
        demands = (Demand(tuple(loads), most) for loads, most in zip(loads_kw[firsts].tolist(), largest, strict=True))
        hung = [hanging[n] for n in firsts] if hanging else [()] * len(firsts)
        whose = (self.blocks[n] for n in blocks[firsts])
        return kinds, [Asked(d, block, c) for d, block, c in zip(demands, whose, hung, strict=True)]


def _moved(front: Front, hangs_on: Mapping[Key, Key], number: int) -> Front:
    """A front with loads under other keys of its own."""
    keys = tuple(k for k in front.keys if hangs_on.get(k, k) == k)
    loads_kw = np.zeros((len(front), len(keys), front.situations))
    for at, key in enumerate(front.keys):
        loads_kw[:, keys.index(hangs_on.get(key, key))] += front.loads_kw[:, at]
    return replace(front, keys=keys, loads_kw=loads_kw, place=front.place * MOST + number)
