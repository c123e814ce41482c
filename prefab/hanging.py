"""What hangs on a carrier while blocks are worked out: where systems share their reserve every consumer matters, and
where there is a system A and a system B the largest."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import repeat

from prefab.arranging import SYSTEMS, TWO_SIDED, rated_draw_kw
from prefab.fronts import Front, Key
from prefab.loading import Consumers
from prefab.module import Module, Need
from prefab.plan import Group
from prefab.ways import Block, Ways


def supply_of(key: Key) -> float:
    """The temperature of a loop; 0 of what has none."""
    return key.supply_degc or 0.0


def drawn_by_pod(ways: Ways, pod: Module, need: Need) -> float:
    """kW (or units) that a pod asks of one carrier: power at its peak, heat at what it sustains."""
    assert pod.it is not None
    kw = pod.it.peak_kw if ways.carriers[need.carrier].medium == "electric" else pod.it.sustained_kw
    return need.units or need.kw_per_kw * kw + need.fixed_kw


def rated_kw(ways: Ways, blocks: Sequence[Block], front: Front, key: Key, *, pods_only: bool) -> Iterable[Consumers]:
    """What hangs on a carrier, by row, where systems share their reserve: then it matters who is on which."""
    if ways.level(key.carrier) in SYSTEMS:
        for block, groups in zip(front.of.tolist(), front.groups, strict=True):
            pod, pods = blocks[block]
            itself = Group(carrier="it", sku=pod.sku, per_side=pods)
            yield tuple(_draws_kw(ways, (itself, *(() if pods_only else groups)), key.carrier))


def _draws_kw(ways: Ways, groups: tuple[Group, ...], carrier: str) -> Iterable[float]:
    for group in groups:
        if (need := ways.needs[carrier].get(group.sku)) is not None:
            yield from repeat(rated_draw_kw(ways.modules[group.sku], group.carrier, need), group.count)


def largest_kw(ways: Ways, blocks: Sequence[Block], front: Front, key: Key) -> Iterable[float]:
    """What the largest consumer of a carrier draws with everything in service, by row, where it hangs on a system A and
    a system B; all of it where that is not known, or where consumers hang on one cord at a time."""
    if ways.level(key.carrier) not in TWO_SIDED:
        return
    normal_kw = front.loads_kw[:, front.keys.index(key), 0].tolist()
    if not ways.halved(key.carrier):
        yield from normal_kw
        return
    loops = {supply_of(k) for k in front.keys if k.carrier == key.carrier}
    for block, groups, kw in zip(front.of.tolist(), front.groups, normal_kw, strict=True):
        given = (g.supply_degc or 0.0 for g in groups if g.carrier == key.carrier and g.unit_for is None)
        yield _largest_of(ways, blocks[block], groups, key, kw, sorted(loops.union(given)))


def _largest_of(
    ways: Ways, block: Block, groups: tuple[Group, ...], key: Key, normal_kw: float, loops: list[float]
) -> float:
    """A pod, or one of equal modules of a group; of several groups all that pods leave."""
    pod, pods = block
    need = pod.needed(key.carrier)
    if need and len(loops) > 1:
        return normal_kw
    each_kw = drawn_by_pod(ways, pod, need) if need else 0.0
    needs = ways.needs[key.carrier]
    those = [g for g in groups if g.sku in needs and _hangs_on(ways, g, needs[g.sku], key, loops)]
    counts = [g.sides * g.per_side * (1 if key.of_pod else g.cells) for g in those]
    rest_kw = max(0.0, normal_kw - each_kw * (1 if key.of_pod else pods))
    return max(each_kw, rest_kw / (counts[0] if len(counts) == 1 else 1))


def _hangs_on(ways: Ways, group: Group, need: Need, key: Key, loops: list[float]) -> bool:
    """Whether a group takes what it needs from this loop: the warmest that is cold enough."""
    if group.unit_for is not None:
        return False
    asked = ways.asked(need, Key(group.carrier, group.supply_degc, of_pod=group.cells > 1))
    return asked.of_pod == key.of_pod and loops[bisect_right(loops, supply_of(asked)) - 1] == supply_of(key)
