"""No machine is better than the best of its kind can be."""

from collections.abc import Iterator
from datetime import date

from prefab.catalog_check.entries import Entries, carriers, modules
from prefab.layers import Entry
from prefab.module import Module

DIESEL_KWH_PER_L = 9.96
"""Lower heating value: 42.7 MJ/kg (ISO 3046-1) at 0.84 kg/L."""
DIESEL_MAX_FRAC = 0.44
GAS_MAX_FRAC = 0.49
CONVERTER_MAX_FRAC = 0.995
"""Power electronics, double conversion or not; read over every point of the loss curve."""
PASSIVE_MAX_FRAC = 0.9999
"""Transformers and switchgear."""
ROUND_TRIP_MAX_FRAC = 0.98
_CONVERTED = frozenset({"critical_ac", "critical_ac_2", "critical_dc800", "dc800", "battery_dc", "load_smoothing"})
"""Carriers that power electronics give; a busway, lossy by the metre, is exempt."""
_ICE_K = 273.15


def check(entries: Entries, _today: date) -> Iterator[str]:
    """Engines, converters, batteries and chillers against their limits."""
    media = {key: carrier.medium for key, carrier in carriers(entries).items()}
    for entry, module in modules(entries):
        yield from _engine(entry, module)
        if any(media.get(g.carrier) in ("electric", "storage") for g in module.gives):
            yield from _converter(entry, module)
        yield from _battery(entry, module)
        yield from _chiller(entry, module)


def _engine(entry: Entry, module: Module) -> Iterator[str]:
    if module.engine is None:
        return
    if fuel := module.engine.fuel_l_per_kwh:
        best = 1 / (min(y for _, y in fuel) * DIESEL_KWH_PER_L)
        if best > DIESEL_MAX_FRAC:
            limit = f"at most {DIESEL_MAX_FRAC:.0%} on {DIESEL_KWH_PER_L:g} kWh/L"
            yield entry.says("engine.fuel_l_per_kwh", f"an efficiency of {best:.1%}; {limit}")
    if gas := module.engine.gas_kwh_per_kwh:
        best = 1 / min(y for _, y in gas)
        if best > GAS_MAX_FRAC:
            yield entry.says("engine.gas_kwh_per_kwh", f"an efficiency of {best:.1%}; at most {GAS_MAX_FRAC:.0%}")


def _converter(entry: Entry, module: Module) -> Iterator[str]:
    if module.stands == "per_metre":
        return
    converts = any(g.carrier in _CONVERTED for g in module.gives)
    limit = CONVERTER_MAX_FRAC if converts else PASSIVE_MAX_FRAC
    rated = max((g.capacity_kw or g.capacity_kva or 0.0) for g in module.gives)
    if module.losses and rated:
        best, at = max((x * rated / (x * rated + kw), x) for x, kw in module.losses.points if x > 0)
        if best > limit:
            yield entry.says("losses.points", f"an efficiency of {best:.2%} at {at:g} load; at most {limit:.2%}")


def _battery(entry: Entry, module: Module) -> Iterator[str]:
    if module.ups_battery and module.ups_battery.inverter_efficiency_frac > CONVERTER_MAX_FRAC:
        given = module.ups_battery.inverter_efficiency_frac
        yield entry.says("ups_battery.inverter_efficiency_frac", f"{given:g}; at most {CONVERTER_MAX_FRAC:g}")
    if module.grid_battery and module.grid_battery.round_trip_frac > ROUND_TRIP_MAX_FRAC:
        given = module.grid_battery.round_trip_frac
        yield entry.says("grid_battery.round_trip_frac", f"{given:g}; at most {ROUND_TRIP_MAX_FRAC:g}")


def _chiller(entry: Entry, module: Module) -> Iterator[str]:
    """A reversed Carnot cycle from the chilled water to the outdoor air bounds every COP."""
    if module.rejection is None or module.rejection.cop is None:
        return
    cold = module.rejection.rated_supply_degc
    for hot, cop in module.rejection.cop:
        if hot > cold and cop > (cold + _ICE_K) / (hot - cold):
            limit = f"at most {(cold + _ICE_K) / (hot - cold):.1f} (Carnot) from {cold:g} °C water"
            yield entry.says("rejection.cop", f"{cop:g} at {hot:g} °C; {limit}")
