"""A synthetic year of hourly weather from a climate's monthly figures."""

from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from prefab.catalog import Climate
from prefab.physics.psychrometrics import pressure_pa, wet_bulb_degc

DAYS_IN_MONTH = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
HOURS = 8760

_COLDEST_HOUR, _WARMEST_HOUR = 6, 15
_SPELLS_DAYS = (4.7, 9.3, 15.1)
"""Periods of the waves that order cool and warm days into spells; they never fall into step within a year."""

Hours = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Weather:
    """8,760 hours of local standard time from 1 January 0:00, without a leap day. The arrays are read-only."""

    source: str
    """How the year came about, for printing."""
    month: NDArray[np.int64]
    """1 to 12."""
    hour: NDArray[np.int64]
    """0 to 23."""
    dry_bulb_degc: Hours
    dew_point_degc: Hours
    wet_bulb_degc: Hours


def make_year(climate: Climate) -> Weather:
    """Make a typical year that repeats the climate's monthly means, mean daily extremes and yearly extremes.

    Days within a month differ as a normal distribution of the climate's day-to-day spread asks for, by its
    quantiles rather than by chance, so that equal climates give equal years everywhere. Each day runs from its
    coldest hour (6) to its warmest (15). The dew point follows the month's mean and the spells, never above the dry
    bulb (which takes up to half a kelvin from its mean in cool, damp months); no wet bulb exceeds the climate's.
    """
    days = np.repeat(np.arange(12), DAYS_IN_MONTH)
    hours = np.arange(24)
    shape = np.array([_daily_course(climate, m) for m in range(12)])
    low = np.array(climate.dry_bulb_daily_min_degc)[days, None]
    span = np.array(climate.dry_bulb_daily_max_degc)[days, None] - low
    spells = np.concatenate([_spells(climate, m) for m in range(12)])[:, None]
    dry_bulb = low + span * shape[days] + spells

    _reach(dry_bulb, climate.dry_bulb_max_degc, hottest=True)
    _reach(dry_bulb, climate.dry_bulb_min_degc, hottest=False)
    np.clip(dry_bulb, climate.dry_bulb_min_degc, climate.dry_bulb_max_degc, out=dry_bulb)

    dew_point = np.minimum(np.array(climate.dew_point_mean_degc)[days, None] + spells, dry_bulb)
    wet_bulb = np.asarray(wet_bulb_degc(dry_bulb, dew_point, pressure_pa(climate.elevation_m)))
    wet_bulb = np.minimum(wet_bulb, climate.wet_bulb_max_degc)
    dew_point = np.minimum(dew_point, wet_bulb)
    return Weather(
        source=f"synthetic year from monthly figures of {climate.title}",
        month=_frozen(np.repeat(days + 1, 24)),
        hour=_frozen(np.tile(hours, 365)),
        dry_bulb_degc=_frozen(dry_bulb.ravel()),
        dew_point_degc=_frozen(dew_point.ravel()),
        wet_bulb_degc=_frozen(wet_bulb.ravel()),
    )


def _daily_course(climate: Climate, month: int) -> Hours:
    """0 at the coldest hour, 1 at the warmest, bent so that the day's mean is right."""
    hour = np.arange(24.0)
    rising = _WARMEST_HOUR - _COLDEST_HOUR
    since = (hour - _COLDEST_HOUR) % 24
    phase = np.where(since <= rising, since / rising, 1 - (since - rising) / (24 - rising))
    course = (1 - np.cos(np.pi * phase)) / 2
    low, high = climate.dry_bulb_daily_min_degc[month], climate.dry_bulb_daily_max_degc[month]
    wanted = (climate.dry_bulb_mean_degc[month] - low) / max(high - low, 1e-9)
    gentle, steep = 0.05, 20.0
    for _ in range(40):
        middle = (gentle * steep) ** 0.5
        if np.mean(course**middle) > wanted:
            gentle = middle
        else:
            steep = middle
    return np.asarray(course ** ((gentle * steep) ** 0.5), dtype=float)


def _spells(climate: Climate, month: int) -> Hours:
    """Departure of each day's temperature from the month's mean."""
    count = DAYS_IN_MONTH[month]
    first = sum(DAYS_IN_MONTH[:month])
    day = first + np.arange(count)
    wave = sum((np.sin(2 * np.pi * day / period) for period in _SPELLS_DAYS), np.zeros(count))
    rank = np.argsort(np.argsort(wave, kind="stable"), kind="stable")
    quantiles = np.array([NormalDist().inv_cdf((r + 0.5) / count) for r in range(count)])
    return np.asarray(climate.dry_bulb_day_sd_k[month] * quantiles[rank], dtype=float)


def _reach(dry_bulb: Hours, extreme_degc: float, *, hottest: bool) -> None:
    """Stretch the hottest (coldest) day, in place, so that its extreme hour is the year's."""
    index = int(dry_bulb.argmax() if hottest else dry_bulb.argmin())
    day = dry_bulb[index // 24]
    peak, base = day[index % 24], float(day.min() if hottest else day.max())
    share = (day - base) / (peak - base) if peak != base else np.ones(24)
    # The square keeps the stretch to the hours around the extreme, so that the month's mean hardly moves.
    day += share**2 * (extreme_degc - peak)
    day[index % 24] = extreme_degc


_Scalar = TypeVar("_Scalar", np.float64, np.int64)


def _frozen(values: NDArray[_Scalar]) -> NDArray[_Scalar]:
    values.flags.writeable = False
    return values
