"""What can be lost at once besides a module: a bus or header, one feed, the ring that feeds a block.

A bus is all modules that feed one set of consumers in parallel; a feed is one cord or branch of one consumer, with
those that take over; a ring is all that one block draws from one bus of the site's plant.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

from prefab.rules.network import UTILITIES, Network

Cut: TypeAlias = tuple[str, str, str]
"""A feed by consumer, carrier and side."""


class Element(NamedTuple):
    """One of these, by what is gone with it: the modules of a bus, or feeds."""

    name: str
    carrier: str
    """What its suppliers give."""
    bus: tuple[str, ...]
    """The suppliers behind it, of those that stand."""
    tags: frozenset[str] = frozenset()
    cuts: frozenset[Cut] = frozenset()
    alike: int = 1
    """How many, this one among them, differ from it by names only."""
    unit: bool = False
    """Whether the suppliers are the consumer's own, so that it fails with them."""
    on_ring: bool = False
    """Whether a feed is part of a ring."""


def buses(network: Network) -> Iterator[Element]:
    """Every bus and header."""
    suppliers = (feed.suppliers for found in network.feeds.values() for feed in found)
    for bus in sorted({tuple(sorted(t for t in tags if t in network.equipment)) for tags in suppliers} - {()}):
        carrier = network.equipment[bus[0]].carrier
        yield Element(f"{carrier} bus of {bus[0]} to {bus[-1]}", carrier, bus, tags=frozenset(bus))


def feeds(network: Network, alike: Iterable[list[str]]) -> Iterator[Element]:
    """The feeds of one of each list of consumers that nothing tells apart; services may wait and are left out."""
    for same in alike:
        tag = same[0]
        for need in network.lasting(tag):
            for feed in network.feeds.get((tag, need.carrier), ()):
                carrier, bus = _behind(network, feed.suppliers, feed.carrier)
                if bus:
                    yield Element(
                        f"feed {feed.side} of {carrier} to {tag}",
                        carrier,
                        bus,
                        cuts=frozenset({(tag, feed.carrier, feed.side)}),
                        alike=len(same),
                        unit=need.connection == "unit",
                        on_ring=_of_site(network, tag, bus),
                    )


def rings(network: Network, blocks: Iterable[int]) -> Iterator[Element]:
    """The rings of these blocks, one for each bus that feeds a block."""
    found: dict[tuple[int, str, tuple[str, ...]], set[Cut]] = {}
    for block in blocks:
        for tag in network.blocks[block]:
            for need in network.module(tag).needs:
                for feed in network.feeds.get((tag, need.carrier), ()):
                    carrier, bus = _behind(network, feed.suppliers, feed.carrier)
                    if _of_site(network, tag, bus):
                        found.setdefault((block, carrier, bus), set()).add((tag, feed.carrier, feed.side))
    for (block, carrier, bus), cuts in sorted(found.items()):
        yield Element(f"{carrier} ring of B{block:02d} from {bus[0]}", carrier, bus, cuts=frozenset(cuts))


def _behind(network: Network, suppliers: Iterable[str], carrier: str) -> tuple[str, tuple[str, ...]]:
    """What stands of the suppliers of a feed, and what they give; the utility gives the carrier that is fed."""
    bus = tuple(s for s in suppliers if s in network.equipment or s in UTILITIES)
    if bus and bus[0] in network.equipment:
        carrier = network.equipment[bus[0]].carrier
    return carrier, bus


def _of_site(network: Network, tag: str, bus: tuple[str, ...]) -> bool:
    """Whether a consumer in a block is fed from the site's plant."""
    supplier = network.equipment.get(bus[0]) if bus else None
    return bool(network.equipment[tag].block) and supplier is not None and not supplier.block
