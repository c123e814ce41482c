"""The yearly bill of an hourly load: energy by time of use, demand charges with ratchets, export.

All hours are local standard time of a year of 8,760 hours. Demand is the highest hourly mean; meters of 15 or 30
minutes read higher where a load moves within the hour. Checked against the bill cases of REopt's test suite.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from prefab.market import DemandCharge, Ratchet, Tariff, Window
from prefab.physics.weather import DAYS_IN_MONTH, HOURS, Hours, month_of_hour, weekday_of_hour

Which = NDArray[np.bool_]


@dataclass(frozen=True)
class Clock:
    """Month (1 to 12), ISO weekday (1 to 7) and hour (0 to 23) of every hour of the year."""

    month: NDArray[np.int64]
    weekday: NDArray[np.int64]
    hour: NDArray[np.int64]


@dataclass(frozen=True)
class Bill:
    """A year's bill in USD; `total_usd` is what is paid less what exports earn."""

    energy_usd: float
    """Priced by the hour, losses included."""
    adders_usd: float
    demand_usd: float
    fixed_usd: float
    tax_usd: float
    export_usd: float
    total_usd: float
    billed_kw: tuple[tuple[float, ...], ...]
    """Per demand charge the billed demand of each month; of a charge per year the one demand."""


def make_clock(first_weekday: int = 1) -> Clock:
    """A year without leap day that begins on this ISO weekday; typical years have no calendar and take Monday."""
    return Clock(
        month=month_of_hour(),
        weekday=weekday_of_hour(HOURS, first_weekday),
        hour=np.arange(HOURS) % 24,
    )


def within(windows: Sequence[Window], clock: Clock) -> Which:
    """The hours that lie in at least one of the windows; all where there is none."""
    found = np.full(clock.hour.shape, not windows)
    for window in windows:
        if window.from_h < window.to_h:
            inside = (clock.hour >= window.from_h) & (clock.hour < window.to_h)
        else:
            inside = (clock.hour >= window.from_h) | (clock.hour < window.to_h)
        if window.months:
            inside &= np.isin(clock.month, window.months)
        if window.weekdays:
            inside &= np.isin(clock.weekday, window.weekdays)
        found |= inside
    return found


def energy_prices(tariff: Tariff, clock: Clock) -> Hours:
    """USD per kWh of every hour, without adders, losses and tax."""
    if tariff.hourly_usd_per_kwh:
        return np.array(tariff.hourly_usd_per_kwh)
    if tariff.month_hour_usd_per_kwh:
        return np.array(tariff.month_hour_usd_per_kwh)[clock.month - 1, clock.hour]
    prices = np.full(clock.hour.shape, tariff.energy_usd_per_kwh)
    for period in reversed(tariff.period):
        prices[within(period.windows, clock)] = period.usd_per_kwh
    return prices


def make_bill(
    tariff: Tariff,
    import_kw: Hours,
    export_kw: Hours | None = None,
    clock: Clock | None = None,
    contract_kw: float = 0.0,
) -> Bill:
    """The bill of one year; `contract_kw` is the contracted power, for charges with a least demand.

    Raises:
        ValueError: not 8,760 hours, or a negative power.
    """
    clock = clock or make_clock()
    export_kw = np.zeros(HOURS) if export_kw is None else export_kw
    for kw in (import_kw, export_kw):
        if kw.shape != (HOURS,):
            raise ValueError(f"import_kw, export_kw: {kw.shape} hours; a year has {HOURS:,}")
        if not np.all(kw >= 0):
            raise ValueError("import_kw, export_kw: negative or missing power; import and export stand apart")
    billed_kwh = import_kw * (1 + tariff.loss_frac)
    energy = float(billed_kwh @ energy_prices(tariff, clock))
    adders = float(billed_kwh.sum()) * sum(a.usd_per_kwh for a in tariff.adder)
    fixed = 12 * tariff.fixed_usd_per_month
    charges = [_demand(charge, import_kw, clock, contract_kw) for charge in tariff.demand]
    demand = sum(usd for _, usd in charges)
    tax = tariff.tax_frac * (energy + adders + fixed + demand)
    export = float(export_kw.sum()) * tariff.export_usd_per_kwh
    return Bill(
        energy_usd=energy,
        adders_usd=adders,
        demand_usd=demand,
        fixed_usd=fixed,
        tax_usd=tax,
        export_usd=export,
        total_usd=energy + adders + demand + fixed + tax - export,
        billed_kw=tuple(billed for billed, _ in charges),
    )


def _demand(
    charge: DemandCharge, import_kw: Hours, clock: Clock, contract_kw: float
) -> tuple[tuple[float, ...], float]:
    """Billed demand and its cost in USD."""
    counts = within(charge.windows, clock)
    least = charge.contract_frac * contract_kw
    if charge.per == "year":
        billed = max(float(import_kw[counts].max(initial=0.0)), least)
        return (billed,), billed * charge.usd_per_kw
    ends = np.cumsum([0, *(24 * days for days in DAYS_IN_MONTH)])
    months = [slice(a, b) for a, b in pairwise(ends.tolist())]
    peaks = [float(import_kw[m][counts[m]].max(initial=0.0)) for m in months]
    prices = charge.usd_per_kw_by_month or (charge.usd_per_kw,) * 12
    of_months = tuple(
        max(peaks[i], least, _ratchet(charge.ratchet, peaks, i)) if counts[m].any() else 0.0
        for i, m in enumerate(months)
    )
    return of_months, sum(kw * usd for kw, usd in zip(of_months, prices, strict=True))


def _ratchet(ratchet: Ratchet | None, peaks: Sequence[float], month: int) -> float:
    """The typical year follows itself, so the months before January are those of its own end."""
    if ratchet is None:
        return 0.0
    if ratchet.previous_months_count is not None:
        counted = [peaks[month - back] for back in range(1, ratchet.previous_months_count + 1)]
    else:
        counted = [peaks[m - 1] for m in ratchet.months] or list(peaks)
    return ratchet.frac * max(counted)
