"""Storage beside a load: what the formulas of the duties ask for is what it takes on traces that know none of them.

Discretisation, relative: within a step an edge or the first part of a ramp is averaged out, so that a trace asks for
less energy than the formula, by at most `step / (4 h (1 - h) period)` for a wave high for h of its period and by
`step / ramp time` for a ramp. Every case here keeps that within 1 %: 1 % more than the formula always holds, and 3 %
less never does.
"""

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from prefab.physics import duties
from prefab.physics.storage import Control, Element, Followed, follow
from prefab.physics.trace import DayOfJobs, band_frac, make_day, make_swings, ramps_kw_per_min

MORE, LESS = 1.01, 0.97
CASES = range(25)


def element(duty: duties.Duty, start_frac: float, **times: float) -> Element:
    """Just what a lossless duty asks for, each figure times its factor."""
    return Element(
        discharge_kw=duty.discharge_kw * times.get("discharge", MORE),
        charge_kw=duty.charge_kw * times.get("charge", MORE),
        usable_kwh=duty.energy_kwh * times.get("energy", MORE),
        start_frac=start_frac,
    )


def assert_need(load: NDArray[np.float64], step_s: float, duty: duties.Duty, control: Control, start: float) -> None:
    """A little more than the duty holds; a little less of any of its figures does not."""
    held = follow(load, step_s, element(duty, start), control)
    most_kw = float(load.max())
    assert held.short_kw < 1e-9 * most_kw
    assert held.used_kwh == pytest.approx(duty.energy_kwh, rel=0.01)
    for key, asked in (("energy", 1.0), ("discharge", duty.discharge_kw), ("charge", duty.charge_kw)):
        if asked:
            short = follow(load, step_s, element(duty, start, **{key: LESS}), control)
            assert short.short_kw > 1e-4 * most_kw, key
            assert short.short_kwh > 0, key


def balanced_band(load: NDArray[np.float64], width_kw: float) -> Control:
    """The band of that width in which the grid gives the load's mean, found on the trace by halving."""
    low, high = float(load.min()) - width_kw, float(load.max())
    for _ in range(100):
        floor = (low + high) / 2
        low, high = (floor, high) if np.clip(load, floor, floor + width_kw).mean() < load.mean() else (low, floor)
    return Control(floor_kw=low, ceiling_kw=low + width_kw)


# ---- formulas and traces


@pytest.mark.parametrize("seed", CASES)
def test_a_square_wave_needs_what_the_formula_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    low_kw, swing_kw = rng.uniform(0, 50e3), rng.uniform(1e3, 100e3)
    period_s, high_frac = rng.uniform(0.3, 20), rng.uniform(0.2, 0.8)
    residual_kw = swing_kw * rng.choice([0.0, rng.uniform(0.05, 0.8)])
    load = make_swings(low_kw + swing_kw, low_kw, period_s, high_frac, 0, 20 * period_s, period_s / 500, seed)
    duty = duties.square_wave(swing_kw, period_s, high_frac, residual_kw)
    # Every period begins high, so the storage begins full.
    assert_need(load, period_s / 500, duty, balanced_band(load, residual_kw), 1.0)
    flat = follow(load, period_s / 500, element(duty, 1.0), balanced_band(load, residual_kw))
    assert flat.peak_to_peak_kw == pytest.approx(residual_kw, abs=1e-6 * swing_kw)


@pytest.mark.parametrize("frequency_hz", [0.1, 0.5, 1, 20])
def test_a_sinusoid_needs_what_the_formula_says(frequency_hz: float) -> None:
    step_s = 1 / frequency_hz / 400
    edges = np.arange(400 * 10 + 1) * 2 * math.pi / 400
    load = 50e3 - 10e3 * np.diff(np.cos(edges)) / edges[1]
    duty = duties.sinusoid(20e3, frequency_hz)
    # It rises first: the storage gives half a period and takes the other half.
    assert_need(load, step_s, duty, balanced_band(load, 0.0), 1.0)


@pytest.mark.parametrize("seed", CASES)
def test_a_ramp_needs_what_the_formula_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    low_kw, step_kw, minutes = rng.uniform(0, 50e3), rng.uniform(1e3, 100e3), rng.uniform(2, 30)
    before, after = (low_kw, low_kw + step_kw)[:: rng.choice([1, -1])]
    load = np.repeat([before, after], [60, round(minutes * 60) + 60])
    ramp = step_kw / minutes
    duty = duties.ramp_limit(after - before, ramp)
    control = Control(ramp_kw_per_min=ramp)
    assert_need(load, 1.0, duty, control, 1.0 if after > before else 0.0)
    held = follow(load, 1.0, element(duty, 1.0 if after > before else 0.0), control)
    assert held.ramp_kw_per_min == pytest.approx(ramp)
    followed = int(np.flatnonzero(np.isclose(held.grid_kw, after, rtol=1e-9))[0])
    assert followed == pytest.approx(60 + 60 * duties.ramp_min(step_kw, ramp), abs=1)


@pytest.mark.parametrize("seed", CASES)
def test_a_filter_needs_what_the_formula_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    step_kw, tau_s = rng.uniform(1e3, 100e3), rng.uniform(0.5, 60)
    before, after = (20e3, 20e3 + step_kw)[:: rng.choice([1, -1])]
    step_s = tau_s / 100
    # Fifteen time constants leave a third of a millionth.
    load = np.repeat([before, after], [1, 1500])
    control = Control(time_constant_s=tau_s)
    assert_need(load, step_s, duties.low_pass(after - before, tau_s), control, 1.0 if after > before else 0.0)


def test_a_filter_leaves_of_a_sinusoid_what_the_formula_says() -> None:
    # S05: 20 dB at 0.1 Hz.
    tau_s = duties.time_constant_s(0.1, 0.1)
    t = np.arange(0, 200, 0.02)
    load = 50e3 + 10e3 * np.sin(2 * math.pi * 0.1 * t)
    seen = follow(load, 0.02, Element(1e6, 1e6, 1e6, 0.5), Control(time_constant_s=tau_s)).grid_kw[t >= 100]
    assert np.ptp(seen) == pytest.approx(20e3 * 0.1, rel=0.01)


@pytest.mark.parametrize(("retries", "take_over_s"), [(0, 0), (3, 0), (0, 20), (2, 30)])
def test_bridging_needs_what_the_formula_says(retries: int, take_over_s: int) -> None:
    # Sets take over evenly; what they do not carry yet is the storage's, for there is no grid.
    duty = duties.bridge(10_000, 15, retries, 15, take_over_s)
    sets = np.arange(take_over_s * 10) + 0.5
    left = np.concatenate([np.full((15 + 15 * retries) * 10, 10_000.0), 10_000 * (1 - sets / max(sets.size, 1))])
    assert_need(left, 0.1, duty, Control(floor_kw=0.0, ceiling_kw=0.0), 1.0)


@pytest.mark.parametrize("seed", CASES)
def test_shaving_needs_what_the_formula_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    load = rng.uniform(10e3, 20e3, 24)
    load[rng.integers(24)] = rng.uniform(21e3, 28e3)
    limit_kw, charge_kw = rng.uniform(16.5e3, 20e3), rng.uniform(2e3, 10e3)
    round_trip = rng.uniform(0.8, 1.0)
    found = duties.shaving(load, limit_kw, 1.0, charge_kw, round_trip)
    assert found.fits
    assert found.duty.energy_kwh > 0

    def shave(energy: float, discharge: float) -> Followed:
        one = Element(
            found.duty.discharge_kw * discharge, charge_kw, found.duty.energy_kwh * energy, 1.0, charge_frac=round_trip
        )
        return follow(np.tile(load, 3), 3600.0, one, Control(ceiling_kw=limit_kw, recharge_h=0.0))

    held = shave(1.0, 1.0)
    assert held.short_kw < 1e-6
    assert held.grid_kw.max() <= limit_kw + 1e-6
    assert held.used_kwh == pytest.approx(found.duty.energy_kwh, rel=1e-9)
    assert shave(LESS, 1.0).short_kwh > 0
    assert shave(1.0, LESS).short_kw == pytest.approx(found.duty.discharge_kw * (1 - LESS))


def test_shaving_without_room_to_recharge_runs_down_day_by_day() -> None:
    load = np.repeat([20e3, 9e3], 12)
    assert not duties.shaving(load, 15e3, 1.0, charge_kw=4.9e3).fits
    run = follow(np.tile(load, 5), 3600.0, Element(5e3, 4.9e3, 1e6, 1.0), Control(ceiling_kw=15e3, recharge_h=0.0))
    assert np.diff(run.stored_kwh[23::24]) == pytest.approx([-1200] * 4)


@pytest.mark.parametrize("seed", range(5))
def test_cells_that_hold_for_a_step_at_the_end_of_life_are_just_enough(seed: int) -> None:
    # Installed cells, less their window and age, through a discharge efficiency.
    rng = np.random.default_rng(seed)
    discharge, window, aged = rng.uniform(0.9, 1), rng.uniform(0.7, 0.95), rng.uniform(0.7, 0.9)
    duty = duties.ramp_limit(50e3, 5e3)
    installed = duties.nameplate_kwh(duty.energy_kwh, discharge, window, aged)
    load = np.repeat([10e3, 60e3], [10, 700])

    def short_kwh(times: float) -> float:
        one = Element(50e3, 50e3, installed * window * aged * times, 1.0, discharge, 0.95)
        return follow(load, 1.0, one, Control(ramp_kw_per_min=5e3)).short_kwh

    assert short_kwh(1.0) < 1e-9
    assert short_kwh(LESS) > 0


# ---- a day and a swing as they come

DAY = DayOfJobs(
    peak_kw=100e3, pause_kw=40e3, idle_kw=20e3, jobs_count=3, idle_s=900, checkpoint_every_s=3600, checkpoint_s=60,
    busy_frac=0.5, part_from_h=20, part_to_h=23, noise_frac=0.005,
)  # fmt: skip


def test_a_day_keeps_its_ramp_with_storage_enough_and_shows_a_shortfall_without() -> None:
    load = make_day(DAY, 4)
    control = Control(ramp_kw_per_min=10e3, recharge_h=0.5, deadband_kwh=50)
    # Steps of up to 80 MW both ways, with room above and below the starting charge, while up to 15 MW still bring back
    # what the step before took: that adds to the power.
    step = duties.ramp_limit(80e3, 10e3)
    enough = Element(95e3, 95e3, 2.5 * step.energy_kwh, 0.5, 0.95, 0.95)
    held = follow(load, 1.0, enough, control)
    assert max(ramps_kw_per_min(load, 1.0, 1.0)) > 100 * 10e3
    assert held.ramp_kw_per_min <= 10e3 * (1 + 1e-9)
    assert held.short_kw == pytest.approx(0, abs=1e-6)
    small = follow(load, 1.0, replace(enough, usable_kwh=0.6 * step.energy_kwh), control)
    assert small.short_kw > 10e3
    assert small.short_kwh > 0
    assert small.ramp_kw_per_min > 10 * 10e3
    weak = follow(load, 1.0, replace(enough, discharge_kw=40e3), control)
    assert weak.short_kw > 10e3
    assert weak.ramp_kw_per_min > 10 * 10e3


def test_charge_returns_to_its_start_but_for_the_deadband() -> None:
    load = np.repeat([20e3, 80e3], [60, 6 * 3600])
    # 60 MW at 10 MW a minute are 3 MWh.
    one = Element(70e3, 70e3, 8e3, 0.5, 0.95, 0.95)
    left = follow(load, 1.0, one, Control(ramp_kw_per_min=10e3))
    assert left.stored_kwh[-1] == pytest.approx(4e3 - 3e3 / 0.95, abs=0.01 * 3e3)
    back = follow(load, 1.0, one, Control(ramp_kw_per_min=10e3, recharge_h=0.5, deadband_kwh=20))
    assert back.stored_kwh[-1] == pytest.approx(4e3, abs=20)
    assert back.ramp_kw_per_min <= 10e3 * (1 + 1e-9)
    # What comes back and what is lost on the way is bought: energy in equals energy out and the change of charge.
    bought_kwh = float((back.grid_kw - load).sum()) / 3600
    given_kwh = 3e3
    assert bought_kwh == pytest.approx((given_kwh / 0.95 - 20) / 0.95 - given_kwh, rel=0.02)


def test_too_much_charge_is_given_back_but_for_the_deadband() -> None:
    # An hour at a floor of 50 kW stores 45 kWh over the start; then they drain, at first as if in half an hour.
    load = np.repeat([0.0, 500.0], [3600, 5 * 3600])
    one = Element(500.0, 500.0, 200.0, 0.5, 0.8, 0.9)
    run = follow(load, 1.0, one, Control(floor_kw=50.0, recharge_h=0.5, deadband_kwh=5.0))
    assert run.stored_kwh[3599] == pytest.approx(145)
    assert run.grid_kw[3600] == pytest.approx(500 - 45 * 0.8 / 0.5)
    assert run.stored_kwh[-1] == pytest.approx(105, abs=0.1)
    assert run.short_kw == 0


def test_energy_is_kept_to_the_last_kwh_in_every_run() -> None:
    load = make_day(DAY, 11)
    run = follow(load, 1.0, Element(60e3, 50e3, 3e3, 0.4, 0.93, 0.96), Control(10e3, 80e3, 10e3, 5.0, 0.3, 5.0))
    flow = load - run.grid_kw
    stored = np.concatenate([[0.4 * 3e3], run.stored_kwh])
    taken = np.where(flow > 0, flow / 0.93, flow * 0.96) / 3600
    assert np.allclose(-np.diff(stored), taken, atol=1e-6)
    assert stored.min() >= -1e-6
    assert stored.max() <= 3e3 + 1e-6
    assert flow.max() <= 60e3 + 1e-6
    assert flow.min() >= -50e3 - 1e-6
    assert run.used_kwh == pytest.approx(np.ptp(stored))


def test_noisy_swings_leave_the_band_of_the_grid() -> None:
    load = make_swings(100e3, 30e3, 2.0, 0.8, 0.02, 120, 0.05, 6)
    # At first the grid comes down from the high level to the mean: 14 MW for five seconds.
    one = Element(70e3, 70e3, 60, 0.5)
    filtered = follow(load, 0.05, one, Control(time_constant_s=5.0))
    assert filtered.short_kw < 1e-6
    assert band_frac(load, 0.05, 0.2, 3.0) > 0.8
    settled = filtered.grid_kw[1000:]
    assert np.ptp(load) > 70e3 > 8 * np.ptp(settled)
    # A quarter of the energy, all of the power: short before it has settled.
    assert follow(load, 0.05, replace(one, usable_kwh=15), Control(time_constant_s=5.0)).short_kw > 1e3


def test_nothing_asked_the_grid_sees_the_load() -> None:
    load = make_day(DAY, 2)
    run = follow(load, 1.0, Element(1e6, 1e6, 1e6, 0.5), Control())
    assert np.array_equal(run.grid_kw, load)
    assert (run.used_kwh, run.short_kw, run.short_kwh) == (0, 0, 0)


@pytest.mark.parametrize("step_s", [1.0, 0.05])
def test_without_storage_everything_asked_is_missed(step_s: float) -> None:
    load = np.repeat([10e3, 20e3], 30)
    run = follow(load, step_s, Element(0.0, 0.0, 0.0, 0.5), Control(ceiling_kw=15e3))
    assert np.array_equal(run.grid_kw, load)
    assert run.missed_kw.tolist() == [0] * 30 + [5e3] * 30
    assert run.short_kwh == pytest.approx(5e3 * 30 * step_s / 3600)
