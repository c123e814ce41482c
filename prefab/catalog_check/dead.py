"""Modules that no brief can ever choose."""

from collections.abc import Iterable, Iterator

from prefab.catalog import Catalog
from prefab.module import Module
from prefab.workload import match

WISHES = frozenset({"it", "mv_ac", "utility_mv", "standby_mv", "fuel", "gas", "mv_storage", "load_smoothing"})
"""Carriers that a brief asks for by itself: computing, the intake, standby power and its fuel, storage, smoothing."""
_AT_MEDIUM_VOLTAGE = "utility_mv"
"""Up to 36 kV the utility brings it itself; above, main transformers give it."""


def dead_skus(catalog: Catalog) -> tuple[tuple[str, str], ...]:
    """SKU and reason of every module that no brief can choose, sorted by SKU.

    A module lives when it can be ordered and supplied, and gives something that a wish of the brief or a living module
    asks for. What is laid along runs is chosen with them.
    """
    reasons = dict(_unsupplied(catalog))
    able = [m for m in catalog.modules if m.sku not in reasons]
    alive: set[str] = {m.sku for m in able if m.stands == "per_metre"}
    wanted = set(WISHES)
    while True:
        found = [m for m in able if m.sku not in alive and any(g.carrier in wanted for g in m.gives)]
        if not found:
            break
        alive |= {m.sku for m in found}
        wanted |= {carrier for m in found for carrier in _asks(m)}
    for module in able:
        if module.sku not in alive:
            given = " and ".join(g.carrier for g in module.gives)
            holders = [m.sku for m in catalog.modules if any(c.sku == module.sku for c in m.contains)]
            only = f"; it comes only inside {', '.join(holders)}" if holders else ""
            reasons[module.sku] = f"gives {given}, which nothing that a brief can choose asks for{only}"
    return tuple(sorted(reasons.items()))


def _asks(module: Module) -> Iterator[str]:
    for need in module.needs:
        yield need.carrier
        if need.alternate:
            yield need.alternate


def _unsupplied(catalog: Catalog) -> Iterator[tuple[str, str]]:
    """What can never stand anywhere: withdrawn, without a card, without its host or something that it needs."""
    left = list(catalog.modules)
    utility = {c.key for c in catalog.carriers if c.utility} | {_AT_MEDIUM_VOLTAGE}
    while True:
        given = {g.carrier for m in left for g in m.gives} | utility
        out = [(m, reason) for m in left if (reason := _reason(m, catalog, given, left))]
        if not out:
            return
        yield from ((m.sku, reason) for m, reason in out)
        gone = {m.sku for m, _ in out}
        left = [m for m in left if m.sku not in gone]


def _reason(module: Module, catalog: Catalog, given: set[str], left: Iterable[Module]) -> str:
    if module.lifecycle.status == "withdrawn":
        return "withdrawn"
    if module.it and not any(match(card, module.it.accelerator) for card in catalog.cards):
        return f"no workload card is of, or stands in for, accelerator {module.it.accelerator}"
    if missing := sorted({n.carrier for n in module.needs} - given):
        return f"needs {' and '.join(missing)}, which no module that can be chosen gives"
    if module.inside and not any(
        b.kind == module.bay and b.count >= module.bays_count for m in left if m.family == module.inside for b in m.bays
    ):
        return f"no {module.inside} that can be chosen has {module.bays_count or 'a'} bay {module.bay!r}"
    return ""
