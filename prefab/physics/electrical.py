"""Losses, derating, fuel and battery autonomy of electrical modules."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from prefab.module import Derating, UpsBattery

Numbers = float | NDArray[np.float64]
"""One number, or an array of hours; a function given plain numbers only returns a plain number."""

Points = Sequence[tuple[float, float]]
"""A catalog curve: (x, y) with rising x."""


def plain(value: Numbers) -> Numbers:
    """Turn what NumPy makes of a single number back into a Python float."""
    return value if isinstance(value, np.ndarray) and value.ndim else float(value)


def interpolate(points: Points, x: Numbers) -> Numbers:
    """y at `x` on straight lines between the points, level beyond the first and the last."""
    xs, ys = zip(*points, strict=True)
    return plain(np.interp(x, xs, ys))


def loss_kw(points: Points, load_frac: Numbers) -> Numbers:
    """Loss of one UPS module or transformer at its share of rated load, standby loss included.

    Past the last point the loss stays level, so a curve must reach the highest load that it is asked for.
    """
    return interpolate(points, load_frac)


def derate(derating: Derating, altitude_m: Numbers, dry_bulb_degc: Numbers) -> Numbers:
    """Share of capacity left at an altitude and an air temperature.

    Straight lines beyond the free limits, the two multiplied: the form in which makers of alternators state it
    (https://manualarchiveguide.com/manuals/Wacker-Neuson-G-3-3AE-Operator-s-Manual-4702316?page=20).
    """
    climbed = np.maximum(np.subtract(altitude_m, derating.altitude_free_m), 0.0) / 100
    warmed = np.maximum(np.subtract(dry_bulb_degc, derating.dry_bulb_free_degc), 0.0)
    for_altitude = np.maximum(1 - derating.altitude_frac_per_100m * climbed, 0.0)
    for_air = np.maximum(1 - derating.dry_bulb_frac_per_k * warmed, 0.0)
    return plain(for_altitude * for_air)


def fuel_l_per_h(points: Points, load_kw: Numbers, rated_kw: float) -> Numbers:
    """Fuel of one generating set, from litres per kWh over load fraction.

    Makers print litres per hour, and between those it runs straight
    (https://oer.enviraj.com/general/diesel-generator-fuel-consumption-chart); so the points are turned into litres
    per hour first. Below the first point the set burns as at that point, above the last its litres per kWh hold.
    """
    hourly = [(x * rated_kw, y * x * rated_kw) for x, y in points]
    last_x, last_y = points[-1]
    beyond = np.multiply(load_kw, last_y)
    return plain(np.where(np.greater(load_kw, last_x * rated_kw), beyond, interpolate(hourly, load_kw)))


def ups_usable_kwh(battery: UpsBattery) -> float:
    """Energy at the output of one UPS module at the end of its battery's life.

    Formula as in https://github.com/NREL/REopt.jl (`src/core/energy_storage/electric_storage.jl`): installed energy
    times depth of discharge, remaining capacity and inverter efficiency.
    """
    return (
        battery.energy_kwh
        * battery.depth_of_discharge_frac
        * battery.end_of_life_frac
        * battery.inverter_efficiency_frac
    )


def ups_power_kw(battery: UpsBattery) -> float:
    """What cells and breakers of one UPS module's battery give at its output; no limit where none is stated."""
    return math.inf if battery.power_max_kw is None else battery.power_max_kw * battery.inverter_efficiency_frac


def ups_autonomy_min(battery: UpsBattery, load_kw: float) -> float:
    """How long one UPS module carries a load on its battery; without end when it carries none.

    Not at all beyond the power of the battery, whatever its energy.
    """
    if load_kw > ups_power_kw(battery):
        return 0.0
    return ups_usable_kwh(battery) / load_kw * 60 if load_kw > 0 else math.inf


def ups_capacity_kw(battery: UpsBattery, autonomy_min: float) -> float:
    """The load that one UPS module carries for that long on its battery."""
    by_energy_kw = ups_usable_kwh(battery) / autonomy_min * 60 if autonomy_min > 0 else math.inf
    return min(by_energy_kw, ups_power_kw(battery))
