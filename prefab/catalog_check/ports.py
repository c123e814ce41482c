"""Ports carry what the module gives or needs, and lie on the side that they name."""

from collections.abc import Iterator
from datetime import date

from prefab.catalog_check.entries import Entries, carriers, modules
from prefab.module import Module

_PIPED = ("electric", "liquid", "heat", "fuel", "signal")
"""Media that enter or leave a module at a place of their own; services and power held ready do not."""


def check(entries: Entries, _today: date) -> Iterator[str]:
    """Carriers and offsets of the ports; on the site every carrier that flows has one."""
    media = {key: carrier.medium for key, carrier in carriers(entries).items()}
    for entry, module in modules(entries):
        flowing = {g.carrier for g in module.gives} | {n.carrier for n in module.needs}
        flowing |= {n.alternate for n in module.needs if n.alternate}
        for i, port in enumerate(module.ports):
            if port.carrier not in flowing:
                what = f"{port.carrier!r} is neither given nor needed; allowed: {', '.join(sorted(flowing))}"
                yield entry.says(("ports", i, "carrier"), what)
            side = _length_mm(module, port.side)
            if port.offset_mm > side:
                what = f"{port.offset_mm:,} mm on a {port.side} side of {side:,}; at most that is allowed"
                yield entry.says(("ports", i, "offset_mm"), what)
        if module.stands == "site":
            own = {g.carrier for g in module.gives} | {n.carrier for n in module.needs}
            for carrier in sorted(own - {p.carrier for p in module.ports}):
                if media.get(carrier) in _PIPED:
                    yield entry.says("ports", f"{carrier} has none; a port for every carrier that flows must be given")


def _length_mm(module: Module, side: str) -> int:
    """Length of a side; a port on top counts from the west end."""
    return module.width_mm if side in ("east", "west") else module.length_mm
