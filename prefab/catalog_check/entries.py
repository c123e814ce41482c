"""What the checks of a catalog share: picking entries of one type."""

from collections.abc import Iterator, Mapping

from prefab.carrier import Carrier, Carriers
from prefab.layers import Entry
from prefab.module import Module

Entries = Mapping[str, Entry]


def modules(entries: Entries) -> Iterator[tuple[Entry, Module]]:
    """Every module with its entry, by name."""
    for _, entry in sorted(entries.items()):
        if isinstance(entry.data, Module):
            yield entry, entry.data


def carriers(entries: Entries) -> dict[str, Carrier]:
    """Carriers by key; none where their file is not in order."""
    found = (e.data for e in entries.values() if isinstance(e.data, Carriers))
    return {c.key: c for file in found for c in file.carrier}
