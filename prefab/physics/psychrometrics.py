"""Moist air: a thin layer over PsychroLib, which follows the ASHRAE Handbook Fundamentals 2017, chapter 1."""

from functools import cache

import numpy as np
import psychrolib
from numpy.typing import NDArray

from prefab.physics.electrical import Numbers, plain

# PsychroLib keeps its unit system in a global; everything here asks for SI.
psychrolib.SetUnitSystem(psychrolib.SI)

_COLDEST_DEGC, _WARMEST_DEGC, _STEP_K = -90.0, 90.0, 0.1
_BISECTIONS = 24
"""Halves an interval of at most 180 K down to less than 0.00002 K."""


def pressure_pa(altitude_m: float) -> float:
    """Standard atmospheric pressure."""
    return float(psychrolib.GetStandardAtmPressure(altitude_m))


def density_ratio(altitude_m: float) -> float:
    """Density of air at an altitude over that at sea level, both at one temperature."""
    return pressure_pa(altitude_m) / pressure_pa(0)


@cache
def _saturation() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Temperatures and saturation pressures; straight lines between them are off by less than 0.001 %."""
    steps = np.linspace(_COLDEST_DEGC, _WARMEST_DEGC, round((_WARMEST_DEGC - _COLDEST_DEGC) / _STEP_K) + 1)
    # The slope breaks at the triple point, so that is a point of the table.
    degc = np.sort(np.append(steps, 0.01))
    return degc, np.array([psychrolib.GetSatVapPres(float(t)) for t in degc])


def saturation_pa(temperature_degc: Numbers) -> Numbers:
    """Pressure of water vapour over water, below the triple point over ice, from -90 to 90 °C."""
    return plain(np.interp(temperature_degc, *_saturation()))


def humidity_ratio(dew_point_degc: Numbers, pressure: float) -> Numbers:
    """Kilograms of water vapour per kilogram of dry air, at a pressure in Pa."""
    vapour = np.asarray(saturation_pa(dew_point_degc))
    return plain(0.621945 * vapour / (pressure - vapour))


def humidity_ratio_from_wet_bulb(dry_bulb_degc: Numbers, wet_bulb_degc: Numbers, pressure: float) -> Numbers:
    """Kilograms of water vapour per kilogram of dry air (ASHRAE 2017, chapter 1, equations 33 and 35)."""
    dry, wet = np.asarray(dry_bulb_degc), np.asarray(wet_bulb_degc)
    saturated = np.asarray(humidity_ratio(wet, pressure))
    over_water = ((2501 - 2.326 * wet) * saturated - 1.006 * (dry - wet)) / (2501 + 1.86 * dry - 4.186 * wet)
    over_ice = ((2830 - 0.24 * wet) * saturated - 1.006 * (dry - wet)) / (2830 + 1.86 * dry - 2.1 * wet)
    return plain(np.where(wet >= 0, over_water, over_ice))


def wet_bulb_degc(dry_bulb_degc: Numbers, dew_point_degc: Numbers, pressure: float) -> Numbers:
    """Thermodynamic wet bulb by bisection between dew point and dry bulb, all hours at once.

    The dew point must not lie above the dry bulb. PsychroLib's own function works hour by hour: a third of a second
    for a year, thirty times as long.
    """
    target = np.asarray(humidity_ratio(dew_point_degc, pressure))
    low = np.asarray(dew_point_degc, dtype=float) + 0 * np.asarray(dry_bulb_degc)
    high = np.asarray(dry_bulb_degc, dtype=float) + 0 * low
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        above = np.asarray(humidity_ratio_from_wet_bulb(dry_bulb_degc, middle, pressure)) > target
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return plain((low + high) / 2)
