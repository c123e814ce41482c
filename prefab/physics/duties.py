"""What each duty asks of storage: power both ways and the energy between fullest and emptiest.

All figures are at the connection and without loss; `nameplate_kwh` turns them into cells. Power and energy are two
demands: a swing of seconds asks for megawatts and next to no energy, a slow ramp for both. The closed forms of swings,
ramps and filters are those of https://arxiv.org/html/2508.14318.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prefab.physics.electrical import Numbers

_CALENDAR_FADE = 1.16e-3
_CYCLE_FADE = 2.46e-5
"""Of lithium iron phosphate, as `health_frac` cites them."""


@dataclass(frozen=True)
class Duty:
    """What storage must be able to do at its connection."""

    discharge_kw: float
    charge_kw: float
    energy_kwh: float
    """Between the fullest and the emptiest moment."""

    @property
    def power_kw(self) -> float:
        """The greater of both directions."""
        return max(self.discharge_kw, self.charge_kw)


@dataclass(frozen=True)
class Shaving:
    """A profile kept under a limit, day after day."""

    duty: Duty
    """Its energy has no end where the recharge does not fit."""
    recharge_kwh: float
    """To be taken back below the limit before the profile comes round again, losses included."""
    room_kwh: float
    """What limit and charging power leave for it."""
    fits: bool
    """Whether it is full again before the profile comes round."""


def square_wave(swing_kw: float, period_s: float, high_frac: float = 0.5, residual_kw: float = 0.0) -> Duty:
    """Flatten a load that is high for `high_frac` of each period, down to `residual_kw` peak to peak.

    No storage does it with less: whatever the supply may swing, it swings with the load.
    """
    _refuse_outside("high_frac", high_frac, 0, 1)
    taken_kw = max(swing_kw - residual_kw, 0.0)
    energy_kwh = high_frac * (1 - high_frac) * taken_kw * period_s / 3600
    return Duty((1 - high_frac) * taken_kw, high_frac * taken_kw, energy_kwh)


def sinusoid(swing_kw: float, frequency_hz: float) -> Duty:
    """Flatten a sinusoid of that power peak to peak."""
    return Duty(swing_kw / 2, swing_kw / 2, swing_kw / (2 * math.pi * frequency_hz) / 3600)


def ramp_limit(step_kw: float, ramp_kw_per_min: float) -> Duty:
    """Carry a step of the load while the supply follows no faster than a ramp; a negative step is a fall."""
    _refuse_outside("ramp_kw_per_min", ramp_kw_per_min, 0, math.inf)
    energy_kwh = step_kw**2 / (2 * ramp_kw_per_min) / 60
    return Duty(max(step_kw, 0.0), max(-step_kw, 0.0), energy_kwh)


def ramp_min(step_kw: float, ramp_kw_per_min: float) -> float:
    """Minutes until the supply has followed the step."""
    _refuse_outside("ramp_kw_per_min", ramp_kw_per_min, 0, math.inf)
    return abs(step_kw) / ramp_kw_per_min


def noise_kwh(deviation_kw: float, sample_s: float, over_s: float, deviations: float) -> float:
    """Energy between fullest and emptiest that independent deviations of each sample ask for, up to so many deviations
    of their sum to either side: the sum of n of them deviates by the root of n."""
    return 2 * deviations * deviation_kw * math.sqrt(sample_s * over_s) / 3600


def low_pass(step_kw: float, time_constant_s: float) -> Duty:
    """Carry a step of the load while the supply follows through a first-order filter."""
    return Duty(max(step_kw, 0.0), max(-step_kw, 0.0), abs(step_kw) * time_constant_s / 3600)


def attenuation(frequency_hz: float, time_constant_s: float) -> float:
    """What a first-order filter leaves of a sinusoid."""
    return 1 / math.hypot(1, 2 * math.pi * frequency_hz * time_constant_s)


def time_constant_s(frequency_hz: float, left: float) -> float:
    """The first-order filter that leaves that share of a sinusoid, the inverse of `attenuation`."""
    _refuse_outside("left", left, 0, 1)
    return math.sqrt(1 / left**2 - 1) / (2 * math.pi * frequency_hz)


def bridge(
    load_kw: float, start_s: float, retries_count: int = 0, retry_s: float = 0.0, take_over_s: float = 0.0
) -> Duty:
    """Carry the load until generating sets do.

    Args:
        load_kw: What rides on the storage.
        start_s: From the loss of the supply until sets are ready for load, if the first attempt succeeds.
        retries_count: Failed attempts that are to be ridden through.
        retry_s: One of them with the pause after it.
        take_over_s: How long the sets take to carry everything, evenly.
    """
    seconds = start_s + retries_count * retry_s + take_over_s / 2
    return Duty(load_kw, 0.0, load_kw * seconds / 3600)


def shaving(
    load_kw: NDArray[np.float64],
    limit_kw: Numbers,
    step_h: float,
    charge_kw: float = math.inf,
    round_trip_frac: float = 1.0,
) -> Shaving:
    """Keep a profile that repeats under a limit, which may change with it, by storage that recharges below it.

    Args:
        load_kw: One day, or whatever comes round.
        limit_kw: For the profile, or for each of its steps.
        step_h: Hours a step.
        charge_kw: The fastest recharge, at the connection.
        round_trip_frac: What comes back of what is taken.
    """
    over_kw = np.maximum(load_kw - limit_kw, 0.0)
    room_kw = np.minimum(np.maximum(limit_kw - load_kw, 0.0), charge_kw)
    recharge_kwh = float(over_kw.sum()) * step_h / round_trip_frac
    room_kwh = float(room_kw.sum()) * step_h
    # What is missing starts at nothing and never turns into a surplus; twice round, for a peak may run over the end.
    taken = np.cumsum(np.tile((over_kw - room_kw * round_trip_frac) * step_h, 2))
    missing = taken - np.minimum(np.minimum.accumulate(taken), 0.0)
    fits = recharge_kwh <= room_kwh * (1 + 1e-9)
    energy_kwh = float(missing.max()) if fits else math.inf
    return Shaving(Duty(float(over_kw.max()), float(room_kw.max()), energy_kwh), recharge_kwh, room_kwh, fits)


def nameplate_kwh(
    delivered_kwh: float,
    discharge_frac: float,
    soc_window_frac: float,
    end_of_life_frac: float = 1.0,
    power_kw: float = 0.0,
    c_rate_max_per_h: float = math.inf,
) -> float:
    """Cells to install, new, for an energy and a power at the connection; whichever asks for more.

    Energy over discharge efficiency, window of charge and what is left at the end of life, as in
    https://github.com/NREL/REopt.jl (`src/core/energy_storage/electric_storage.jl`). The C-rate is of new cells.
    """
    for_energy = delivered_kwh / (discharge_frac * soc_window_frac * end_of_life_frac)
    return max(for_energy, power_kw / discharge_frac / c_rate_max_per_h)


def one_way_frac(conversion_frac: float, internal_frac: float) -> float:
    """Between connection and cells: the converter of that direction, and half of the cells' own loss.

    Both ways multiplied are the round trip; source as for `nameplate_kwh`.
    """
    return conversion_frac * math.sqrt(internal_frac)


def health_frac(days_count: int, mean_soc_frac: float, cycles_per_day: float) -> float:
    """Energy left of new after that many days at a mean charge and so many full cycles a day.

    The daily law and its constants that REopt documents, source as for `nameplate_kwh`; the first day counts as new.
    """
    days = np.arange(2, days_count + 1)
    calendar = 0.5 * _CALENDAR_FADE * mean_soc_frac * float((1 / np.sqrt(days)).sum())
    return 1 - calendar - _CYCLE_FADE * cycles_per_day * days.size


def most_within(times_s: Iterable[float], window_s: float) -> int:
    """The most events in any window of that length, ends included.

    UPS that count dips stay on their battery from a number of events within a window on; so whole sites left a grid
    at once (https://www.keentelengineering.com/nerc-voltage-sensitive-loads).
    """
    times = np.sort(np.fromiter(times_s, dtype=float))
    return int((np.searchsorted(times, times + window_s, side="right") - np.arange(times.size)).max(initial=0))


def _refuse_outside(name: str, value: float, above: float, below: float) -> None:
    if not above < value < below:
        allowed = f"above {above:g}" if math.isinf(below) else f"between {above:g} and {below:g}"
        raise ValueError(f"{name}: {value:g}; must be {allowed}")
