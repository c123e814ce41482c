"""Whether a catalog is in order: one demand a file, each with `check(entries, today)`.

What a catalog cannot be loaded with (types, keys and carriers that do not exist) is refused by `prefab.catalog`; here
stands what an engineer or a buyer would refuse.
"""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from prefab.catalog import KINDS, Catalog, load_layers
from prefab.catalog_check import (
    curves,
    efficiencies,
    hosts,
    identity,
    liquids,
    masses,
    ports,
    powers,
    prices,
    protocols,
    sources,
    transports,
    voltages,
)
from prefab.catalog_check.dead import dead_skus
from prefab.catalog_check.entries import Entries
from prefab.errors import InputError
from prefab.layers import read_entries
from prefab.shipped import shipped

CHECKS: tuple[Callable[[Entries, date], Iterator[str]], ...] = (
    identity.check,
    sources.check,
    curves.check,
    efficiencies.check,
    liquids.check,
    powers.check,
    voltages.check,
    masses.check,
    transports.check,
    ports.check,
    hosts.check,
    protocols.check,
    prices.check,
)

__all__ = ["CHECKS", "check_catalog", "check_entries", "dead_skus", "newest_date"]


def check_catalog(*folders: Path, today: date, base: Path | None = None) -> tuple[str, ...]:
    """Every mistake of the shipped catalog (or the one in `base`) with the folders laid over it; empty when in order.

    Prices are judged as of `today`. Where a file cannot be read, the others are checked all the same.
    """
    try:
        layered = load_layers(*folders, base=base)
    except InputError as error:
        entries, _ = read_entries(KINDS, base or shipped("catalog"), *folders)
        return (*error.mistakes, *check_entries(entries, today))
    return check_entries(layered.entries, today)


def check_entries(entries: Entries, today: date) -> tuple[str, ...]:
    """Every mistake of entries that can be read, in the order of the checks."""
    return tuple(mistake for check in CHECKS for mistake in check(entries, today))


def newest_date(catalog: Catalog) -> date:
    """The day of the latest price: what a catalog takes for today when it is checked without a clock."""
    return max(m.price.as_of for m in catalog.modules)
