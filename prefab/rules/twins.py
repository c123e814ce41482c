"""Blocks that nothing but their number tells apart: what holds for one holds for all of them."""

import re
from dataclasses import fields, is_dataclass, replace
from typing import Any

from prefab.rules.network import Network


def twins(network: Network) -> dict[int, int]:
    """For every block the first whose modules are the same and fed the same, by its own and by the site's modules,
    and of which generating sets carry the same."""
    first: dict[object, int] = {}
    found = {}
    for block, tags in network.blocks.items():
        own = f"B{block:02d}-"
        wiring = []
        for tag in sorted(tags) if block else ():
            e = network.equipment[tag]
            feeds = tuple(
                (need.carrier, f.side, f.standby, tuple(s.removeprefix(own) for s in f.suppliers))
                for need in network.module(tag).needs
                for f in network.feeds.get((tag, need.carrier), ())
            )
            wiring.append((tag.removeprefix(own), e.sku, e.carrier, e.side, e.cell, e.supply_degc, e.unit_for, feeds))
        alike = (network.backup.get(block), tuple(wiring))
        first.setdefault(alike, block)
        found[block] = first[alike]
    return found


def told_of(found: Any, first: int, block: int) -> Any:
    """What is said of one block, with the tags and names of a twin: text, or tuples and frozen data that hold it."""
    if isinstance(found, str):
        return re.sub(rf"(?<![\w-])B{first:02d}(?=[- ])", f"B{block:02d}", found)
    if isinstance(found, tuple):
        return tuple(told_of(part, first, block) for part in found)
    if is_dataclass(found) and not isinstance(found, type):
        return replace(found, **{f.name: told_of(getattr(found, f.name), first, block) for f in fields(found)})
    return found
