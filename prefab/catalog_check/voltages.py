"""Voltages and frequencies that exist together."""

from collections.abc import Iterator
from datetime import date

from prefab.catalog_check.entries import Entries, modules

_SIXTY_ONLY_V = frozenset({208.0, 480.0, 600.0})
"""Three-phase voltages of 60 Hz grids alone; 400 and 415 V are used at both frequencies."""
_LOW_V = (100.0, 1500.0)
"""Low voltage by IEC 60364: up to 1000 V AC and 1500 V DC."""
_HIGHEST_KV = frozenset(
    {3.6, 4.76, 5.0, 7.2, 8.25, 12.0, 15.0, 15.5, 17.5, 24.0, 27.0, 36.0, 38.0, 40.5, 52.0, 72.5, 100.0, 123.0, 145.0}
    | {170.0, 245.0, 300.0, 362.0, 420.0, 550.0}
)
"""Highest voltages for equipment: IEC 60038 and 62271-1, IEEE C37.04."""


def check(entries: Entries, _today: date) -> Iterator[str]:
    """Low voltages in range and at their frequency, rated voltages of the standards, standards of their grids."""
    for entry, module in modules(entries):
        c = module.certification
        for volts in c.voltages_v:
            if not _LOW_V[0] <= volts <= _LOW_V[1]:
                limits = f"{_LOW_V[0]:g} to {_LOW_V[1]:g} V are low voltages"
                yield entry.says("certification.voltages_v", f"{volts:g} V; {limits}")
            if volts in _SIXTY_ONLY_V and 60 not in c.frequencies_hz:
                yield entry.says("certification.voltages_v", f"{volts:g} V without 60 Hz; frequencies_hz must hold 60")
        if not c.frequencies_hz or len(set(c.frequencies_hz)) < len(c.frequencies_hz):
            yield entry.says("certification.frequencies_hz", "empty or twice the same; 50, 60 or both are allowed")
        if "GB" in c.standards and 50 not in c.frequencies_hz:
            yield entry.says("certification.standards", "GB without 50 Hz; frequencies_hz must hold 50")
        for i, given in enumerate(module.gives):
            if given.voltage_max_kv is not None and given.voltage_max_kv not in _HIGHEST_KV:
                allowed = ", ".join(f"{kv:g}" for kv in sorted(_HIGHEST_KV))
                yield entry.says(("gives", i, "voltage_max_kv"), f"{given.voltage_max_kv:g} kV; allowed: {allowed}")
