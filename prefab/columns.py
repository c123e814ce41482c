"""Ways to build a block: what each asks of the site's plant and what it costs."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from prefab.block_walk import Stage, Stages, Walk, walks_of
from prefab.brief import SiteBrief
from prefab.catalog import Catalog
from prefab.duties import BlockDuty
from prefab.eligible import evaluated_usd, first_phase
from prefab.fronts import Front
from prefab.module import Module
from prefab.plan import Group
from prefab.ways import Block, Hooks


@dataclass(frozen=True)
class Column:
    """One way to build a block; what it asks of the site's plant and what it costs."""

    name: str
    pod: str
    pods: int
    groups: tuple[Group, ...]
    it_kw: float
    cost_usd: Fraction
    """As the choice counts it: with the margin where the brief prefers other makers."""
    real_usd: Fraction
    mv_kw: float
    mv_worst_kw: float
    modules: int
    services: tuple[tuple[str, float], ...] = ()
    """What it asks of the site's other plant, by carrier: pods to connect, cabinets to watch."""
    demand: int = 0
    """The number of the IT demand that its pods serve."""
    ready: int = 0
    """The first phase for which all its modules can be there."""
    duty: BlockDuty | None = None
    """What it leaves to the site's storage, where the brief asks anything of it."""


def make_columns(brief: SiteBrief, catalog: Catalog, hooks: Hooks, kept: Stages | None = None) -> tuple[Column, ...]:
    """For every demand every undominated block of every eligible pod, from one pod up to the brief's limit.

    What can be there for a later phase only beats nothing of an earlier one: where that makes a difference there are
    the blocks of each phase. A walk begins after the last of the `kept` stages that reads what it would have read.
    """
    kept = {} if kept is None else kept
    found = []
    for walk in walks_of(brief, catalog, hooks):
        stages = kept[walk.question] = walk.on_from(walk.still(kept.get(walk.question, ())))
        found.append((walk, stages[-1]))
    return columns_of(found)


def columns_of(walks: Iterable[tuple[Walk, Stage]]) -> tuple[Column, ...]:
    """Every undominated way to build the blocks of the last stages, once where walks for several phases found it."""
    found: dict[tuple[int, str, int, tuple[Group, ...]], Column] = {}
    for walk, last in walks:
        for column in _columns(walk, walk.complete(last.fronts)):
            found.setdefault((column.demand, column.pod, column.pods, column.groups), column)
    return tuple(found.values())


def _columns(walk: Walk, fronts: list[Front]) -> Iterable[Column]:
    complete = [(f, row) for f in fronts for row in range(len(f))]
    pods = {pod.sku for pod, _ in walk.blocks}
    skus = pods.union(g.sku for front, row in complete for g in front.groups[row])
    bought = _Bought(walk.site.brief, walk.site.catalog, [walk.modules[sku] for sku in sorted(skus)])
    index = [0] * len(walk.blocks)
    for front, row in sorted(complete, key=lambda c: int(c[0].place[c[1]])):
        block = int(front.of[row])
        yield _column(walk, walk.blocks[block], front, row, index[block], bought)
        index[block] += 1


def _column(walk: Walk, block: Block, front: Front, row: int, index: int, bought: "_Bought") -> Column:
    pod, pods = block
    assert pod.it is not None
    groups: tuple[Group, ...] = front.groups[row]
    whose = f"{walk.whole.it.demands[walk.demand].name}-" if walk.demand else ""
    site_loads: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    site_loads.update((k.carrier, kw) for k, kw in zip(front.keys, front.loads_kw[row].tolist(), strict=True))
    mv_kw, mv_worst_kw = site_loads["mv_ac"]
    return Column(
        name=f"{whose}{pod.sku}x{pods}-{index:02d}" + (f"-P{walk.phase + 1}" if walk.phase else ""),
        pod=pod.sku,
        pods=pods,
        groups=groups,
        it_kw=pods * pod.it.sustained_kw,
        cost_usd=bought.counted.of_block(pod, pods, groups),
        real_usd=bought.real.of_block(pod, pods, groups),
        mv_kw=mv_kw,
        mv_worst_kw=mv_worst_kw,
        modules=pods + sum(g.count for g in groups),
        ready=max(bought.ready[sku] for sku in (pod.sku, *(g.sku for g in groups))),
        services=tuple((c, kw) for c, (kw, _) in sorted(site_loads.items()) if c != "mv_ac" and kw),
        demand=walk.demand,
        duty=walk.duties.block(walk.demand, pod, pods, groups, walk.modules),
    )


class _Bought:
    """What modules cost, as the choice counts it and really, and for which phase they can be there first."""

    def __init__(self, brief: SiteBrief, catalog: Catalog, modules: list[Module]) -> None:
        installed = catalog.costs.installed
        self.counted = _Prices({m.sku: evaluated_usd(brief, m) * installed for m in modules})
        self.real = _Prices({m.sku: m.price_exact_usd * installed for m in modules})
        self.ready = {m.sku: first_phase(brief, catalog, m) for m in modules}


class _Prices:
    """Dollars by SKU, added up exactly: the sums of the walk are floats."""

    def __init__(self, usd: Mapping[str, Fraction]) -> None:
        self.parts_per_usd = lcm(*(each.denominator for each in usd.values()))
        self.parts = {sku: int(each * self.parts_per_usd) for sku, each in usd.items()}
        """In the largest part of a dollar in which all of them are whole numbers."""

    def of_block(self, pod: Module, pods: int, groups: tuple[Group, ...]) -> Fraction:
        """A block's pods and groups."""
        parts = pods * self.parts[pod.sku] + sum(g.count * self.parts[g.sku] for g in groups)
        return Fraction(parts, self.parts_per_usd)
