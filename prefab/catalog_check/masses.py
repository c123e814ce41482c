"""A module weighs what a thing of its size can weigh."""

from collections.abc import Iterator
from datetime import date

from prefab.catalog_check.entries import Entries, modules

_LEAST_KG_PER_M3 = 40.0
"""An empty 40 ft container weighs 3.8 t, 50 kg/m3 of its outside; cool boxes and coils in frames little less."""
_FULL_KG_PER_M3 = 80.0
"""Boards, batteries, transformers and engines fill their enclosure: the lightest power modules offered are
above; halls around gas engines reach 90."""
_MOST_KG_PER_M3 = 3500.0
"""Oil transformers and lithium containers reach about half of it."""
_FULL = frozenset({"power", "battery", "transformer", "main_transformer", "generator", "rotary_ups", "ups"})


def check(entries: Entries, _today: date) -> Iterator[str]:
    """Mass over outer volume of what is built in a factory and stands on the land or in a row."""
    for entry, module in modules(entries):
        if module.stands == "per_metre":
            continue
        volume = module.length_mm * module.width_mm * module.height_mm / 1e9
        least = _FULL_KG_PER_M3 if module.family in _FULL else _LEAST_KG_PER_M3
        density = module.mass_kg / volume
        if not least <= density <= _MOST_KG_PER_M3:
            limits = f"{least * volume:,.0f} to {_MOST_KG_PER_M3 * volume:,.0f} kg are possible"
            yield entry.says("mass_kg", f"{module.mass_kg:,} kg in {volume:,.1f} m³; {limits}")
