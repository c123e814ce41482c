"""The losses that a brief asks to survive, named one by one on the plan's own feeds.

A bus, header, feed or ring is asked to be survived where the loss of all modules behind it is: wherever any one system
may be lost (2N, 2(N+1), 3N/2, 4N/3, catcher), and at N+1 and N+2 where no more stand behind it than may be lost, as on
the A and the B of modules that cannot run in parallel. A bus of more is a single point by what was asked. With shared
reserve a bus takes the systems of its modules with it, as a module does. A module's feed from units of its own is the
module's: its loss is that of the module.

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
from prefab.rules import elements
from prefab.rules.elements import Cut, Element
from prefab.rules.network import Network
from prefab.rules.twins import twins


class Loss(NamedTuple):
    """What is lost at once."""

    name: str
    tags: frozenset[str]
    alike: int = 1
    """How many losses, this one among them, differ from it by names only."""
    cuts: frozenset[Cut] = frozenset()
    """Feeds that are gone with it."""


_SHARED = ("3N/2", "4N/3", "catcher")
"""Where a system has no module to spare: with one of them it is lost, and its load goes to the others."""
_SYSTEMS = ("2N", "2(N+1)", *_SHARED)
"""Where any one whole system may be lost."""
_MODULES = {"N+1": 1, "N+2": 2}
"""How many modules of a group may be lost elsewhere."""


_SPARE = {"N+1": 1, "N+2": 2, "2(N+1)": 1}


def level_of(network: Network, tag: str) -> str:
    """The redundancy the brief asks of what a module gives."""
    e = network.equipment[tag]
    carrier = network.carriers[e.carrier]
    critical = carrier.autonomy or e.unit_for is not None
    return network.plan.brief.redundancy.of(carrier.redundancy, critical=critical)


def spare_of(level: str) -> int:
    """How many modules of a system a redundancy has beyond those that carry its load."""
    return _SPARE.get(level, 0)


def _place(block: int, cell: int) -> str:
    if not block:
        return "site"
    return f"B{block:02d}" + (f" pod {cell}" if cell else "")


class Losses:
    """The losses to survive in one phase.

    N+1: any one module; N+2: any one, and any two that give the same; 2N: any one module and any one whole system;
    2(N+1): also one module of what is left then; shared reserve: any one system. Buses, feeds and rings as said above.
    Where each pod has its own, that of one pod is a system or group of its own. Generators are lost while the utility
    is gone. Of blocks that nothing but numbers tells apart the first is named.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.twin_of = twins(network)
        """For every block the first that is wired the same."""
        self.standby = {t for t, e in network.equipment.items() if network.carriers[e.carrier].redundancy == "standby"}
        self.groups: dict[tuple[object, ...], list[str]] = defaultdict(list)
        for tag, e in network.equipment.items():
            if self._may_fail(tag) and self._stands_for_itself(tag):
                self.groups[e.block, e.cell, e.carrier, e.unit_for, e.supply_degc].append(tag)

    def _stands_for_itself(self, tag: str) -> bool:
        block = self.network.equipment[tag].block
        return self.twin_of[block] == block

    def one_of_each(self, tags: Iterable[str]) -> list[list[str]]:
        """Modules that nothing but names tells apart, in blocks that nothing but numbers tells apart."""
        return self.alike(t for t in tags if self._stands_for_itself(t))

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
        for (block, cell, carrier, side), tags in self._systems().items():
            found[block].append(Loss(f"{_place(block, cell)} {carrier} side {side} lost", frozenset(tags)))
            if any(level_of(self.network, t) == "2(N+1)" for t in tags):
                found[block] += self._one_more(block, cell, carrier, tags)
        for block, losses in self._elements().items():
            named = {loss.tags for loss in found[block]}
            found[block] += [loss for loss in losses if loss.cuts or loss.tags not in named]
        return found

    def _elements(self) -> dict[int, list[Loss]]:
        """Buses, feeds and rings by the block that they lie in; a bus or ring of one is the module's or the feed's."""
        network, found = self.network, defaultdict(list)
        for bus in elements.buses(network):
            levels = {level_of(network, t) for t in bus.bus}
            several = len(bus.bus) > 1 or levels.issubset(_SHARED)
            if several and levels.issubset(_SYSTEMS) and self._stands_for_itself(bus.bus[0]):
                lost = Loss(f"{bus.name} lost", self._with_systems(bus.tags))
                found[network.equipment[bus.bus[0]].block].append(lost)
        own = sorted(block for block, first in self.twin_of.items() if block and block == first)
        single = elements.feeds(network, self.one_of_each(network.equipment))
        rings = (ring for ring in elements.rings(network, own) if len(ring.cuts) > 1)
        for element in (*single, *rings):
            if not element.unit and self._promised(element):
                consumer, *_ = next(iter(element.cuts))
                found[network.equipment[consumer].block].append(self._cut(element))
        return found

    def _promised(self, element: Element) -> bool:
        """Whether all modules behind a feed or ring may be lost."""
        return all(
            tag in self.network.equipment
            and self._may_fail(tag)
            and ((level := level_of(self.network, tag)) in _SYSTEMS or len(element.bus) <= _MODULES.get(level, 0))
            for tag in element.bus
        )

    def _cut(self, element: Element) -> Loss:
        if self.standby.issuperset(element.bus):
            return Loss(f"utility and {element.name} lost", frozenset({GRID}), element.alike, element.cuts)
        return Loss(f"{element.name} lost", frozenset(), element.alike, element.cuts)

    def _with_systems(self, bus: frozenset[str]) -> frozenset[str]:
        """A bus, and with shared reserve the systems of its modules."""
        systems = [frozenset(tags) for tags in self._systems().values()]
        shared = [t for t in bus if level_of(self.network, t) in _SHARED]
        return bus.union(*(system for system in systems if system.intersection(shared)))

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

    def _systems(self) -> dict[tuple[int, int, str, str], list[str]]:
        found: dict[tuple[int, int, str, str], list[str]] = defaultdict(list)
        for tags in self.groups.values():
            for tag in tags:
                e = self.network.equipment[tag]
                if level_of(self.network, tag) in _SYSTEMS:
                    found[e.block, e.cell, e.carrier, e.side].append(tag)
        return found

    def _one_more(self, block: int, cell: int, carrier: str, system: list[str]) -> Iterator[Loss]:
        side = self.network.equipment[system[0]].side
        for place, tags in self.groups.items():
            if place[:3] == (block, cell, carrier) and level_of(self.network, tags[0]) == "2(N+1)":
                for same in self.alike(t for t in tags if t not in system):
                    name = f"{_place(block, cell)} {carrier} side {side} and {same[0]} lost"
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
            return e.sku, e.carrier, e.side, e.cell, e.phase, fed(tag), tuple(sorted(feeding[tag]))

        return {tag: looks(tag) for tag in network.equipment}
