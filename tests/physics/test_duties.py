"""The formulas of storage duties at their edges; figures of the reference stand in test_published_figures.py."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from physics.sample import ups_battery

from prefab.physics import duties, electrical


def test_a_swing_is_a_question_of_power_and_a_ramp_one_of_energy() -> None:
    # Trap 8, S01 and S04: 100 MW at half a hertz move 14 kWh; cells bought by that energy would be worth 83 kW at 6C.
    swing = duties.square_wave(100_000, 2.0)
    by_energy = duties.nameplate_kwh(swing.energy_kwh, 0.95, 0.8, 0.8)
    bought = duties.nameplate_kwh(swing.energy_kwh, 0.95, 0.8, 0.8, swing.power_kw, 6.0)
    assert by_energy * 6 < swing.power_kw / 300
    assert bought * 6 * 0.95 == pytest.approx(swing.power_kw)
    assert bought > 300 * by_energy
    # A step of 80 MW at 10 MW a minute asks for 1.6 times the power and 384 times the energy, which here decides.
    ramp = duties.ramp_limit(80_000, 10_000)
    assert ramp.power_kw / swing.power_kw == pytest.approx(1.6)
    assert ramp.energy_kwh / swing.energy_kwh == pytest.approx(384)
    by_energy = duties.nameplate_kwh(8 * ramp.energy_kwh, 0.95, 0.8, 0.8)
    assert duties.nameplate_kwh(8 * ramp.energy_kwh, 0.95, 0.8, 0.8, ramp.power_kw, 6.0) == by_energy


@pytest.mark.parametrize("high_frac", [0.2, 0.5, 0.8])
def test_a_wave_that_may_stay_needs_nothing(high_frac: float) -> None:
    assert duties.square_wave(100, 2, high_frac, 100) == duties.Duty(0.0, 0.0, 0.0)
    assert duties.square_wave(100, 2, high_frac, 150) == duties.Duty(0.0, 0.0, 0.0)


def test_what_is_high_most_of_the_time_is_charged_fast_and_discharged_slowly() -> None:
    long = duties.square_wave(100, 2, 0.9)
    assert (long.discharge_kw, long.charge_kw) == (pytest.approx(10), pytest.approx(90))
    assert long.power_kw == long.charge_kw
    short = duties.square_wave(100, 2, 0.1)
    assert (short.discharge_kw, short.charge_kw) == (pytest.approx(90), pytest.approx(10))
    assert short.energy_kwh == pytest.approx(long.energy_kwh)


def test_a_falling_step_charges() -> None:
    up, down = duties.ramp_limit(60, 10), duties.ramp_limit(-60, 10)
    assert (up.discharge_kw, up.charge_kw, down.discharge_kw, down.charge_kw) == (60, 0, 0, 60)
    assert up.energy_kwh == down.energy_kwh
    assert duties.ramp_min(-60, 10) == duties.ramp_min(60, 10) == 6
    up, down = duties.low_pass(60, 10), duties.low_pass(-60, 10)
    assert (up.discharge_kw, up.charge_kw, down.discharge_kw, down.charge_kw) == (60, 0, 0, 60)
    assert up.energy_kwh == down.energy_kwh > 0


def test_noise_adds_up_by_the_root_of_its_samples():
    """To both sides; two and a half deviations leave out one sum in eighty."""
    one = duties.noise_kwh(20, 0.05, 0.05, 1)
    assert one * 3600 == pytest.approx(2 * 20 * 0.05)
    assert duties.noise_kwh(20, 0.05, 100, 1) == pytest.approx(one * 2000**0.5)
    sums = np.random.default_rng(3).normal(0, 20 * 0.05, (2000, 2000)).sum(axis=1) / 3600
    within = np.abs(sums) < duties.noise_kwh(20, 0.05, 100, 2.5) / 2
    assert 0.98 < within.mean() < 0.995


def test_a_filter_is_found_by_what_it_leaves() -> None:
    for left in (0.01, 0.5, 0.9):
        assert duties.attenuation(0.3, duties.time_constant_s(0.3, left)) == pytest.approx(left)


def test_sets_that_take_over_evenly_leave_half_of_it_to_the_storage() -> None:
    assert duties.bridge(3600, 10, take_over_s=20).energy_kwh == pytest.approx(20)
    assert duties.bridge(3600, 10, retries_count=2, retry_s=25).energy_kwh == pytest.approx(60)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (lambda: duties.ramp_limit(10, 0), "ramp_kw_per_min: 0; must be above 0"),
        (lambda: duties.ramp_limit(10, -5), "ramp_kw_per_min: -5; must be above 0"),
        (lambda: duties.ramp_min(10, 0), "ramp_kw_per_min: 0; must be above 0"),
        (lambda: duties.square_wave(10, 1, 1.0), "high_frac: 1; must be between 0 and 1"),
        (lambda: duties.square_wave(10, 1, -0.1), "high_frac: -0.1; must be between 0 and 1"),
        (lambda: duties.time_constant_s(1, 1.5), "left: 1.5; must be between 0 and 1"),
    ],
)
def test_nonsense_is_refused_and_says_what_is_allowed(asked: Callable[[], object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        asked()


# ---- shaving


def day(**hours: float) -> NDArray[np.float64]:
    """10 kW all day but for the hours named."""
    found = np.full(24, 10.0)
    for key, kw in hours.items():
        found[int(key[1:])] = kw
    return found


def test_shaving_by_hand() -> None:
    found = duties.shaving(day(h9=20, h10=18), 15, 1.0)
    # 5 and 3 kWh over the limit; 22 hours with 5 kW of room below it.
    assert found.duty == duties.Duty(5.0, 5.0, 8.0)
    assert (found.recharge_kwh, found.room_kwh, found.fits) == (8, 110, True)


def test_what_is_recharged_between_two_peaks_counts_and_no_more() -> None:
    # One hour with 5 kW of room between two peaks of 5 kWh; none of it where recharging is slower.
    twin = day(h9=20, h11=20)
    assert duties.shaving(twin, 15, 1.0).duty.energy_kwh == 5
    assert duties.shaving(twin, 15, 1.0, charge_kw=2).duty == duties.Duty(5.0, 2.0, 8.0)
    # Half of what is taken comes back: after the second peak 5 + (5 - 2.5) are missing.
    assert duties.shaving(twin, 15, 1.0, round_trip_frac=0.5).duty.energy_kwh == 7.5
    assert duties.shaving(twin, 15, 1.0, round_trip_frac=0.5).recharge_kwh == 20


def test_a_peak_over_midnight_is_one_peak() -> None:
    assert duties.shaving(day(h23=20, h0=20), 15, 1.0).duty.energy_kwh == 10


def test_a_peak_that_cannot_be_recharged_needs_storage_without_end() -> None:
    # 120 kWh over the limit, 12 hours of room. Exactly enough fits, a little less does not.
    half = np.repeat([20.0, 0.0], 12)
    assert duties.shaving(half, 10, 1.0).duty.energy_kwh == 120
    assert duties.shaving(half, 10, 1.0, round_trip_frac=0.99).duty.energy_kwh == math.inf
    slow = duties.shaving(half, 10, 1.0, charge_kw=9.9)
    assert (slow.fits, slow.duty.energy_kwh, slow.duty.discharge_kw) == (False, math.inf, 10)


def test_a_limit_may_change_with_the_hours() -> None:
    limit = np.full(24, 10.0)
    limit[18:20] = 7.0
    # The recharge needs room, which a limit at the load does not leave.
    assert not duties.shaving(day(), limit, 1.0).fits
    limit[0:6] = 11.0
    assert duties.shaving(day(), limit, 1.0).duty == duties.Duty(3.0, 1.0, 6.0)


# ---- cells


def test_cells_that_are_too_slow_have_no_autonomy_however_much_they_hold() -> None:
    battery = ups_battery(100.0).model_copy(update={"power_max_kw": 200.0})
    # 200 kW at 97 % are 194 kW at the output; the energy would carry 195 kW for 21 minutes.
    assert electrical.ups_power_kw(battery) == pytest.approx(194)
    assert electrical.ups_autonomy_min(battery, 194) == pytest.approx(69.84 / 194 * 60)
    assert electrical.ups_autonomy_min(battery, 195) == 0
    assert electrical.ups_capacity_kw(battery, 1.0) == pytest.approx(194)
    assert electrical.ups_capacity_kw(battery, 60.0) == pytest.approx(69.84)


def test_health_falls_with_charge_cycles_and_age_from_all() -> None:
    assert duties.health_frac(1, 0.5, 1.0) == 1
    kept = duties.health_frac(3650, 0.5, 1.0)
    assert duties.health_frac(3650, 0.9, 1.0) < kept < duties.health_frac(3650, 0.5, 0.0) < 1
    assert duties.health_frac(3650, 0.0, 0.0) == 1


def test_both_ways_of_a_converter_make_its_round_trip() -> None:
    # S07 with its parts apart: rectifier, inverter, cells.
    assert duties.one_way_frac(0.9, 0.95) * duties.one_way_frac(0.8, 0.95) == pytest.approx(0.9 * 0.8 * 0.95)


def test_events_within_a_window() -> None:
    assert duties.most_within([], 60) == 0
    assert duties.most_within([5.0], 0) == 1
    # S14: the end of the window counts; order does not matter.
    assert duties.most_within([0, 30, 60], 60) == 3
    assert duties.most_within([61, 0, 30], 60) == 2
