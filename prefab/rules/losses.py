"""The losses that a brief asks to survive, named one by one on the plan's own feeds.

Modules that nothing tells apart (same type, same bus, same feeds, same consumers) fail alike, so one of them stands for
all: losing any other gives the same picture with names exchanged.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import combinations
from math import comb
from typing import NamedTuple

from prefab.plan import GRID
from prefab.rules.network import Network


class Loss(NamedTuple):
    """What is lost at once."""

    name: str
    tags: frozenset[str]
    alike: int = 1
    """How many losses, this one among them, differ from it by names only."""


_SHARED = ("3N/2", "4N/3", "catcher")
"""Where a system has no module to spare: with one of them it is lost, and its load goes to the others."""
_SYSTEMS = ("2N", "2(N+1)", *_SHARED)
"""Where any one whole system may be lost."""


def level_of(network: Network, tag: str) -> str:
    """The redundancy the brief asks of what a module gives."""
    e = network.equipment[tag]
    carrier = network.carriers[e.carrier]
    critical = carrier.autonomy or e.unit_for is not None
    return network.plan.brief.redundancy.of(carrier.redundancy, critical=critical)


class Losses:
    """The losses to survive in one phase.

    N+1: any one module; N+2: any one, and any two that give the same; 2N: any one module and any one whole system;
    2(N+1): also one module of what is left then; shared reserve: any one system. Generators are lost while the utility
    is gone.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.standby = {t for t, e in network.equipment.items() if network.carriers[e.carrier].redundancy == "standby"}
        self.groups: dict[tuple[object, ...], list[str]] = defaultdict(list)
        for tag, e in network.equipment.items():
            if self._may_fail(tag):
                self.groups[e.block, e.carrier, e.unit_for, e.supply_degc].append(tag)

    def _may_fail(self, tag: str) -> bool:
        module = self.network.module(tag)
        if level_of(self.network, tag) == "N" or module.it is not None or module.grid_battery is not None:
            return False
        return self.network.carriers[self.network.equipment[tag].carrier].medium != "fuel"

    def by_block(self) -> dict[int, list[Loss]]:
        """Per block (0: site plant), in the order of the equipment."""
        found: dict[int, list[Loss]] = defaultdict(list)
        if self.standby:
            found[0].append(Loss("utility lost", frozenset({GRID})))
        for tags in self.groups.values():
            block, gone = self.network.equipment[tags[0]].block, ""
            with_it: frozenset[str] = frozenset()
            if tags[0] in self.standby:
                gone, with_it = "utility and ", frozenset({GRID})
            for lost, alike in self._modules(tags) if level_of(self.network, tags[0]) not in _SHARED else ():
                found[block].append(Loss(f"{gone}{' and '.join(sorted(lost))} lost", with_it | lost, alike))
        for (block, carrier, side), tags in self._systems().items():
            where = f"B{block:02d}" if block else "site"
            found[block].append(Loss(f"{where} {carrier} side {side} lost", frozenset(tags)))
            if any(level_of(self.network, t) == "2(N+1)" for t in tags):
                found[block] += self._one_more(block, carrier, tags)
        return found

    def _modules(self, tags: list[str]) -> Iterator[tuple[frozenset[str], int]]:
        """One module of each kind that fails alike, or two, and how many such there are."""
        alike = self.alike(tags)
        yield from ((frozenset({same[0]}), len(same)) for same in alike)
        if level_of(self.network, tags[0]) != "N+2":
            return
        for one, other in combinations(alike, 2):
            yield frozenset({one[0], other[0]}), len(one) * len(other)
        for same in alike:
            yield from self._two_of(same)

    def _two_of(self, same: list[str]) -> Iterator[tuple[frozenset[str], int]]:
        """Two that fail alike: units of one module, or what serves different ones."""
        of: dict[str, list[str]] = defaultdict(list)
        for tag in same:
            of[self._served.get(tag, tag)].append(tag)
        together = sum(comb(len(units), 2) for units in of.values())
        if together:
            yield frozenset(next(units for units in of.values() if len(units) > 1)[:2]), together
        if len(of) > 1:
            yield frozenset(units[0] for units in [*of.values()][:2]), comb(len(same), 2) - together

    def _systems(self) -> dict[tuple[int, str, str], list[str]]:
        found: dict[tuple[int, str, str], list[str]] = defaultdict(list)
        for tags in self.groups.values():
            for tag in tags:
                e = self.network.equipment[tag]
                if level_of(self.network, tag) in _SYSTEMS:
                    found[e.block, e.carrier, e.side].append(tag)
        return found

    def _one_more(self, block: int, carrier: str, system: list[str]) -> Iterator[Loss]:
        side = self.network.equipment[system[0]].side
        for (of_block, of_carrier, *_), tags in self.groups.items():
            if (of_block, of_carrier) == (block, carrier) and level_of(self.network, tags[0]) == "2(N+1)":
                for same in self.alike(t for t in tags if t not in system):
                    where = f"B{block:02d}" if block else "site"
                    name = f"{where} {carrier} side {side} and {same[0]} lost"
                    yield Loss(name, frozenset({*system, same[0]}), len(same))

    def alike(self, tags: Iterable[str]) -> list[list[str]]:
        """Modules that nothing but their names tells apart."""
        found: dict[object, list[str]] = defaultdict(list)
        for tag in tags:
            found[self._looks[tag]].append(tag)
        return list(found.values())

    @cached_property
    def _served(self) -> dict[str, str]:
        """For every unit the one module that it serves."""
        return {
            tag: consumer
            for (consumer, _), feeds in self.network.feeds.items()
            for feed in feeds
            for tag in feed.suppliers
            if tag in self.network.equipment and self.network.equipment[tag].unit_for is not None
        }

    @cached_property
    def _looks(self) -> dict[str, object]:
        """What tells a module apart: its type, what feeds it and what it feeds; a unit by what it is a unit of."""
        network = self.network
        feeding: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
        for (consumer, carrier), feeds in network.feeds.items():
            for feed in feeds:
                for tag in feed.suppliers:
                    feeding[tag].append((consumer, carrier, feed.side))

        def fed(tag: str) -> tuple[object, ...]:
            own = []
            for need in network.module(tag).needs:
                for feed in network.feeds.get((tag, need.carrier), ()):
                    units = need.connection == "unit"
                    suppliers = tuple((network.equipment[t].sku, fed(t)) for t in feed.suppliers) if units else ()
                    own.append((need.carrier, feed.side, feed.standby, suppliers or feed.suppliers))
            return tuple(own)

        def looks(tag: str) -> object:
            e = network.equipment[tag]
            if e.unit_for is not None and len(feeding[tag]) == 1 and feeding[tag][0][0] in network.equipment:
                return "unit", e.sku, looks(feeding[tag][0][0])
            return e.sku, e.carrier, e.side, e.phase, fed(tag), tuple(sorted(feeding[tag]))

        return {tag: looks(tag) for tag in network.equipment}
