"""Synthetic load: levels, times and repeatability; ramps, range and spectrum against theory and brute force."""

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from prefab.physics.trace import (
    DayOfJobs,
    band_frac,
    levels_kw,
    make_day,
    make_swings,
    ramps_kw_per_min,
    range_kw,
    spectrum,
)

REFERENCE = Path(__file__).parents[2].parent / "shared" / "reference"
DAY = DayOfJobs(
    peak_kw=100.0, pause_kw=40.0, idle_kw=20.0, jobs_count=3, idle_s=600, checkpoint_every_s=3600, checkpoint_s=90,
    busy_frac=0.5, part_from_h=20, part_to_h=22.5, noise_frac=0.0,
)  # fmt: skip


def runs_at(load: NDArray[np.float64], level: float) -> list[int]:
    """Lengths of the stretches at exactly this level."""
    at = np.diff(np.concatenate([[0], (load == level).astype(int), [0]]))
    return [int(n) for n in np.flatnonzero(at == -1) - np.flatnonzero(at == 1)]


# ---- a day


def test_a_day_has_its_jobs_pauses_and_hours_in_part() -> None:
    load = make_day(DAY, seed=1)
    assert load.shape == (86_400,)
    # All of the capacity, its pauses, nothing, and both of the first at half of the capacity.
    assert set(load.tolist()) <= {100.0, 40.0, 20.0, 60.0, 30.0}
    assert runs_at(load, 20.0) == [600] * 3
    assert np.flatnonzero(load == 60.0).min() >= 20 * 3600
    assert np.flatnonzero(load == 60.0).max() < 22.5 * 3600
    assert not np.isin(load[20 * 3600 : int(22.5 * 3600)], (100.0, 40.0)).any()
    pauses = runs_at(load, 40.0)
    assert max(pauses) == 90
    # About one an hour, less what the ends of jobs and the hours in part cut off.
    assert 16 <= len(pauses) <= 22
    computing = runs_at(load, 100.0)
    assert max(computing) == 3600 - 90
    # The clock of checkpoints starts with the job.
    second = int(np.flatnonzero((load[1:] != 20.0) & (load[:-1] == 20.0))[0]) + 1
    assert int(np.flatnonzero(load[second:] == 40.0)[0]) == 3600 - 90


def test_a_day_repeats_with_its_seed_and_only_with_it() -> None:
    noisy = replace(DAY, noise_frac=0.02)
    assert np.array_equal(make_day(noisy, 7), make_day(noisy, 7))
    assert not np.array_equal(make_day(noisy, 7), make_day(noisy, 8))
    assert runs_at(make_day(DAY, 7), 20.0) == runs_at(make_day(DAY, 8), 20.0)
    assert not np.array_equal(make_day(DAY, 7), make_day(DAY, 8))


def test_noise_has_its_deviation_and_never_turns_load_into_supply() -> None:
    noisy = replace(DAY, noise_frac=0.02)
    rest = make_day(noisy, 3) - make_day(DAY, 3)
    assert rest.std() == pytest.approx(0.02 * 80, rel=0.02)
    assert make_day(replace(DAY, idle_kw=0.0, noise_frac=0.3), 3).min() == 0


def test_a_day_without_ends_of_jobs_or_with_too_many() -> None:
    assert runs_at(make_day(replace(DAY, jobs_count=0), 1), 20.0) == []
    with pytest.raises(ValueError, match="jobs_count: 144 with 600 s after each; must fit into a day"):
        make_day(replace(DAY, jobs_count=144), 1)
    assert runs_at(make_day(replace(DAY, jobs_count=143), 1), 20.0)


# ---- swings


@pytest.mark.parametrize("step_s", [0.05, 0.02, 0.013])
def test_swings_hold_their_energy_wherever_their_edges_fall(step_s: float) -> None:
    # 0.3 of each 1.7 s at 100, the rest at 40; edges fall inside steps.
    load = make_swings(100, 40, 1.7, 0.3, 0, 68, step_s, 0)
    fine_s = (np.arange(10**6) + 0.5) * load.size * step_s / 10**6
    assert load.mean() == pytest.approx(40 + 60 * np.mean(fine_s % 1.7 < 0.3 * 1.7), abs=0.001)
    assert (load.min(), load.max()) == (pytest.approx(40), pytest.approx(100))
    assert load[0] == pytest.approx(100)
    assert load[round(1.0 / step_s)] == pytest.approx(40)


def test_levels_have_their_mean_and_depth() -> None:
    high, low = levels_kw(86.0, 0.7, 0.8)
    assert (high, low) == (pytest.approx(100), pytest.approx(30))
    assert make_swings(high, low, 1.0, 0.8, 0, 10, 0.05, 0).mean() == pytest.approx(86)
    assert levels_kw(50.0, 0.0, 0.5) == (50.0, 50.0)


def test_swings_repeat_with_their_seed() -> None:
    one, again, other = (make_swings(100, 40, 1, 0.5, 0.05, 20, 0.05, seed) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    plain = make_swings(100, 40, 1, 0.5, 0, 20, 0.05, 1)
    assert (one - plain).std() == pytest.approx(0.05 * 60, rel=0.15)


# ---- spectrum


def harmonic_frac(k: int, high_frac: float) -> float:
    """Share of a square wave's fluctuation in its k-th harmonic, from its Fourier series."""
    return 2 * math.sin(math.pi * k * high_frac) ** 2 / (math.pi * k) ** 2 / (high_frac * (1 - high_frac))


@pytest.mark.parametrize("high_frac", [0.5, 0.3, 0.8])
@pytest.mark.parametrize("period_s", [0.5, 2.0, 3.7])
def test_harmonics_of_a_square_wave_have_their_shares(high_frac: float, period_s: float) -> None:
    # 60 periods in steps of a five-hundredth: what is beyond half the steps per second is 0.1 % of the energy.
    load = make_swings(100, 40, period_s, high_frac, 0, 60 * period_s, period_s / 500, 0)
    for k in (1, 2, 3, 5):
        near = band_frac(load, period_s / 500, (k - 0.5) / period_s, (k + 0.5) / period_s)
        assert near == pytest.approx(harmonic_frac(k, high_frac), abs=0.003), k


def test_a_trace_that_ends_within_a_period_leaks_little() -> None:
    whole = make_swings(100, 40, 1, 0.5, 0, 60, 0.01, 0)
    cut = make_swings(100, 40, 1, 0.5, 0, 60.43, 0.01, 0)
    assert band_frac(cut, 0.01, 0.5, 1.5) == pytest.approx(band_frac(whole, 0.01, 0.5, 1.5), abs=0.003)
    assert band_frac(cut, 0.01, 0.0, 0.5) < 1e-3
    # Nothing of the level is left, wherever the trace is cut.
    energy = spectrum(make_swings(100, 40, 5, 0.5, 0, 7.3, 0.01, 0), 0.01)[1]
    assert energy[0] < 1e-9 * energy.max()


def test_white_noise_fills_every_band_by_its_width() -> None:
    noise = 1000 + np.random.default_rng(5).normal(0, 10, 40_000)
    # At 50 ms frequencies end at 10 Hz.
    assert band_frac(noise, 0.05, 2.0, 4.5) == pytest.approx(0.25, abs=0.02)


def test_bands_add_up_and_a_constant_load_has_no_spectrum() -> None:
    load = make_swings(100, 40, 1.3, 0.4, 0.05, 30, 0.02, 9)
    frequencies, energy = spectrum(load, 0.02)
    assert frequencies[-1] == pytest.approx(25)
    assert energy.sum() > 0
    assert band_frac(load, 0.02, 0.0, 25.1) == pytest.approx(1)
    assert band_frac(load, 0.02, 0.1, 1.0) + band_frac(load, 0.02, 1.0001, 25.1) == pytest.approx(1, abs=1e-3)
    assert band_frac(np.full(1000, 1e5 / 3), 0.02, 0.0, 25.0) == 0


# ---- ramps and range


def test_ramps_are_read_over_the_time_asked_for() -> None:
    # 60 kW in a second, then 30 kW down over 30 s.
    load = np.concatenate([np.full(60, 10.0), np.full(60, 70.0), 70 - np.arange(31.0), np.full(60, 40.0)])
    assert ramps_kw_per_min(load, 1.0, 1.0) == (3600.0, 60.0)
    assert ramps_kw_per_min(load, 1.0, 60.0) == (60.0, 30.0)
    assert ramps_kw_per_min(np.full(5, 3.0), 1.0, 1.0) == (0.0, 0.0)
    assert ramps_kw_per_min(np.full(5, 3.0), 1.0, 60.0) == (0.0, 0.0)


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="measured traces are not beside the project")
def test_ramps_of_measured_servers_are_those_published_with_them() -> None:
    with (REFERENCE / "tokens" / "mlperf_power_trace_stats.csv").open(encoding="utf-8", newline="") as file:
        stated = {(r["system"], r["model"], r["scenario"]): r for r in csv.DictReader(file) if r["phase"] == "run_1"}
    traces = sorted((REFERENCE / "series").glob("power_trace_1hz_*.csv"))
    assert len(traces) == 5
    for path in traces:
        machine, _, model, scenario = path.stem.removeprefix("power_trace_1hz_").split("_")
        row = next(r for (system, *of), r in stated.items() if system.startswith(machine) and of == [model, scenario])
        watts = np.genfromtxt(path, delimiter=",", skip_header=1)[:, 1]
        for over_s in (1, 10):
            up, down = ramps_kw_per_min(watts, 1.0, over_s)
            assert up * over_s / 60 == pytest.approx(float(row[f"max_up_{over_s}s_w"]), abs=1.5)
            assert down * over_s / 60 == pytest.approx(-float(row[f"max_down_{over_s}s_w"]), abs=1.5)


@pytest.mark.parametrize("within_s", [1.0, 2.0, 5.0, 6.0, 7.0, 30.0, 1e9])
def test_range_is_that_of_the_worst_window(within_s: float) -> None:
    load = np.random.default_rng(2).normal(0, 1, 200).cumsum()
    steps = int(min(within_s, 500.0))
    brute = max(float(np.ptp(load[i : i + steps + 1])) for i in range(load.size))
    assert range_kw(load, 1.0, within_s) == brute
