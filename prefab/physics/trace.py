"""Synthetic load in the time domain, and what a grid limits of it: ramps, range and spectrum.

Nothing here knows how storage is sized: what a plan's storage does is shown on these traces (`storage`), so that a
mistake in the formulas of `duties` shows. Equal seeds give equal traces; how work follows work is made up.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Powers = NDArray[np.float64]
"""Mean power of each step, in kW."""

_DAY_S = 86_400


@dataclass(frozen=True)
class DayOfJobs:
    """A day on which jobs follow each other and part of the capacity is free for some hours."""

    peak_kw: float
    """All of the capacity computes."""
    pause_kw: float
    """All of it waits for a checkpoint."""
    idle_kw: float
    """Between two jobs."""
    jobs_count: int
    """Jobs that end within the day; the next one starts after `idle_s`."""
    idle_s: int
    checkpoint_every_s: int
    """From the start of a job or the end of a checkpoint to the end of the next."""
    checkpoint_s: int
    busy_frac: float
    """Share of the capacity that jobs hold from `part_from_h` to `part_to_h`; all of it otherwise."""
    part_from_h: float
    part_to_h: float
    noise_frac: float
    """Standard deviation from second to second over the difference between peak and idle."""


def make_day(day: DayOfJobs, seed: int) -> Powers:
    """One day in steps of a second: 86,400 values.

    Raises:
        ValueError: so many jobs that no room is left for the pauses between them.
    """
    rng = np.random.default_rng(seed)
    t = np.arange(_DAY_S)
    slot_s = _DAY_S // max(day.jobs_count, 1)
    if day.jobs_count and slot_s <= day.idle_s:
        raise ValueError(f"jobs_count: {day.jobs_count} with {day.idle_s} s after each; must fit into a day")
    ends = np.arange(day.jobs_count) * slot_s + rng.integers(0, slot_s - day.idle_s, day.jobs_count)
    starts = np.concatenate([[0], ends + day.idle_s])
    job = np.searchsorted(starts, t, side="right") - 1
    ended = np.append(ends, _DAY_S)[job]
    since_s = (t - starts[job]) % day.checkpoint_every_s
    level = np.where(since_s < day.checkpoint_every_s - day.checkpoint_s, day.peak_kw, day.pause_kw)
    part = (t >= day.part_from_h * 3600) & (t < day.part_to_h * 3600)
    level = np.where(part, day.idle_kw + day.busy_frac * (level - day.idle_kw), level)
    level = np.where(t < ended, level, day.idle_kw)
    return _noisy(level, day.noise_frac * (day.peak_kw - day.idle_kw), rng)


def levels_kw(mean_kw: float, depth_frac: float, high_frac: float) -> tuple[float, float]:
    """The high and the low level of what swings by a share of its high level and has that mean."""
    high_kw = mean_kw / (1 - depth_frac * (1 - high_frac))
    return high_kw, high_kw * (1 - depth_frac)


def make_swings(
    high_kw: float,
    low_kw: float,
    period_s: float,
    high_frac: float,
    noise_frac: float,
    duration_s: float,
    step_s: float,
    seed: int,
) -> Powers:
    """Synchronous training: high for a share of each period, else low, with noise.

    Each value is the mean over its step, exact where an edge falls inside it; steps of 50 ms and less show swings of
    up to a few hertz. `noise_frac` is the standard deviation from step to step over the swing.
    """
    edges = np.arange(round(duration_s / step_s) + 1) * step_s
    whole = np.floor(edges / period_s)
    high_s = whole * high_frac * period_s + np.minimum(edges - whole * period_s, high_frac * period_s)
    level = low_kw + (high_kw - low_kw) * np.diff(high_s) / step_s
    return _noisy(level, noise_frac * (high_kw - low_kw), np.random.default_rng(seed))


def _noisy(level: Powers, deviation_kw: float, rng: np.random.Generator) -> Powers:
    """Never below nothing."""
    return np.maximum(level + rng.normal(0.0, deviation_kw, level.size), 0.0) if deviation_kw else level


def ramps_kw_per_min(power_kw: Powers, step_s: float, over_s: float) -> tuple[float, float]:
    """The fastest rise and the fastest fall between two steps that lie `over_s` apart, both positive."""
    steps = _steps(over_s, step_s)
    rises = (power_kw[steps:] - power_kw[:-steps]) * (60 / (steps * step_s))
    return max(float(rises.max(initial=0.0)), 0.0), max(float(-rises.min(initial=0.0)), 0.0)


def range_kw(power_kw: Powers, step_s: float, within_s: float) -> float:
    """The largest difference between highest and lowest power within any stretch of that length: dynamic range."""
    high, low = power_kw, power_kw
    wanted, have = min(_steps(within_s, step_s) + 1, power_kw.size), 1
    while have < wanted:
        # Windows of twice the length from two of them, the last one overlapping.
        shift = min(have, wanted - have)
        high, low = np.maximum(high[:-shift], high[shift:]), np.minimum(low[:-shift], low[shift:])
        have += shift
    return float((high - low).max())


def band_frac(power_kw: Powers, step_s: float, low_hz: float, high_hz: float) -> float:
    """Share of the fluctuation's energy between two frequencies, ends included; 0 for a load that never changes.

    By discrete Fourier transform of the load less its mean under a Hann window, which keeps what does not fit into
    the trace a whole number of times from leaking far. Such shares are what utilities limit
    (https://arxiv.org/html/2508.14318).
    """
    frequencies, energy = spectrum(power_kw, step_s)
    total = float(energy.sum())
    # Less than rounding leaves of a constant load is nothing.
    if total <= (1e-12 * float(np.abs(power_kw).sum())) ** 2:
        return 0.0
    return float(energy[(frequencies >= low_hz) & (frequencies <= high_hz)].sum()) / total


def spectrum(power_kw: Powers, step_s: float) -> tuple[Powers, Powers]:
    """Frequencies in Hz, up to half the steps per second, and the energy at each in parts of an arbitrary unit."""
    window = np.hanning(power_kw.size + 1)[:-1]
    # The mean under the window, or part of the level would show as a slow swing.
    mean = float(power_kw @ window / window.sum())
    energy = np.abs(np.fft.rfft((power_kw - mean) * window)) ** 2
    return np.asarray(np.fft.rfftfreq(power_kw.size, step_s), dtype=np.float64), energy


def _steps(seconds: float, step_s: float) -> int:
    return max(round(seconds / step_s), 1)
