"""Blocks that nothing but their number tells apart, and blocks built alike that others feed: what holds for one holds
for all of them, in their own names."""

import re
from collections.abc import Hashable, Iterable, Set
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

from prefab.rules.network import UTILITIES, Network


class Shape(NamedTuple):
    """How a block is built."""

    first: int
    """The first block with the same modules, fed the same by each other and by as many others, of which generating sets
    carry the same."""
    outside: tuple[str, ...]
    """Those others, of the site, in the order in which its modules are fed by them; no utilities."""


@lru_cache(maxsize=16)
def shapes(network: Network) -> dict[int, Shape]:
    """The shape of every block."""
    first: dict[object, int] = {}
    found = {}
    for block, tags in network.blocks.items():
        own = f"B{block:02d}-"
        wiring = []
        outside: dict[str, int] = {}
        for tag in sorted(tags) if block else ():
            e = network.equipment[tag]
            feeds = tuple(
                (need.carrier, f.side, f.standby, tuple(_named(s, own, outside) for s in f.suppliers))
                for need in network.module(tag).needs
                for f in network.feeds.get((tag, need.carrier), ())
            )
            wiring.append((tag.removeprefix(own), e.sku, e.carrier, e.side, e.cell, e.supply_degc, e.unit_for, feeds))
        alike = (network.backup.get(block), tuple(wiring))
        found[block] = Shape(first.setdefault(alike, block), tuple(outside))
    return found


def situation(
    network: Network, block: int, lost: Set[str], cuts: Set[tuple[str, str, str]], living: Set[str]
) -> Hashable:
    """What the state of a block follows from, without its number: where these are equal, states differ by names only.

    `lost` and the feeds `cuts` are of the block, `living` is who runs of the site.
    """
    first, outside = shapes(network)[block]
    own = f"B{block:02d}-"
    tags = frozenset(tag.removeprefix(own) for tag in lost)
    feeds = frozenset((tag.removeprefix(own), carrier, side) for tag, carrier, side in cuts)
    return first, tags, feeds, tuple(tag in living for tag in outside), frozenset(UTILITIES & living)


def renamed(network: Network, tags: Iterable[str], block: int, other: int) -> dict[str, str]:
    """For tags of one block, and of what feeds it, those of another block of its shape."""
    own, before = f"B{other:02d}-", f"B{block:02d}-"
    names = dict(zip(shapes(network)[block].outside, shapes(network)[other].outside, strict=True))
    return {t: own + t.removeprefix(before) if t.startswith(before) else names.get(t, t) for t in tags}


def _named(supplier: str, own: str, outside: dict[str, int]) -> str | int:
    """A module of the block without the block's number, a utility as it is, a module of the site by its place."""
    if supplier.startswith(own):
        return supplier.removeprefix(own)
    return supplier if supplier in UTILITIES else outside.setdefault(supplier, len(outside))


@lru_cache(maxsize=16)
def twins(network: Network) -> dict[int, int]:
    """For every block the first whose modules are the same and fed the same, by its own and by the site's modules."""
    first: dict[Shape, int] = {}
    return {block: first.setdefault(shape, block) for block, shape in shapes(network).items()}


def told_of(found: Any, first: int, block: int) -> Any:
    """What is said of one block, with the tags and names of a twin: text, or tuples and frozen data that hold it."""
    if isinstance(found, str):
        return re.sub(rf"(?<![\w-])B{first:02d}(?=[- ])", f"B{block:02d}", found)
    if isinstance(found, tuple):
        return tuple(told_of(part, first, block) for part in found)
    if is_dataclass(found) and not isinstance(found, type):
        return replace(found, **{f.name: told_of(getattr(found, f.name), first, block) for f in fields(found)})
    return found
