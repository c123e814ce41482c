"""Curves, derating, fuel and autonomy at their edges; printed figures stand in test_published_figures.py."""

import math

import numpy as np
import pytest
from physics.sample import ups_battery

from prefab.module import Derating
from prefab.physics import electrical

POINTS = ((0.25, 10.0), (0.5, 12.0), (0.75, 20.0), (1.0, 40.0))


def test_lines_between_points_and_level_beyond() -> None:
    # Half way between 0.25 and 0.5 lies half way between 10 and 12.
    assert electrical.interpolate(POINTS, 0.375) == 11.0
    assert electrical.interpolate(POINTS, 0.0) == 10.0
    assert electrical.interpolate(POINTS, 2.0) == 40.0


def test_numbers_give_plain_floats_and_arrays_give_arrays() -> None:
    assert type(electrical.interpolate(POINTS, 0.5)) is float
    assert type(electrical.derate(Derating(), 0, 20)) is float
    assert type(electrical.fuel_l_per_h(POINTS, 50, 100)) is float
    hours = electrical.loss_kw(POINTS, np.array([0.25, 0.375, 1.0]))
    assert isinstance(hours, np.ndarray)
    assert hours.tolist() == [10.0, 11.0, 40.0]


def test_two_half_loaded_modules_lose_more_than_one_full_when_standing_loss_rules() -> None:
    points = ((0.0, 10.0), (0.5, 11.0), (0.75, 12.0), (1.0, 13.0))
    # 2 x 11 = 22 kW against 13 kW: why losses are read at the load after redundancy.
    assert 2 * electrical.loss_kw(points, 0.5) == 22.0 > electrical.loss_kw(points, 1.0)


@pytest.mark.parametrize(("altitude_m", "dry_bulb_degc"), [(0, -30), (1000, 40), (-300, 25)])
def test_no_derating_within_the_free_limits(altitude_m: float, dry_bulb_degc: float) -> None:
    derating = Derating(altitude_frac_per_100m=0.01, dry_bulb_frac_per_k=0.02)
    assert electrical.derate(derating, altitude_m, dry_bulb_degc) == 1.0


def test_derating_multiplies_and_never_turns_negative() -> None:
    derating = Derating(altitude_frac_per_100m=0.01, dry_bulb_frac_per_k=0.02)
    # 1500 m: 5 steps of 1 %, 45 degC: 5 steps of 2 %.
    assert electrical.derate(derating, 1500, 45) == pytest.approx(0.95 * 0.9)
    assert electrical.derate(derating, 1500, 200) == 0.0


def test_fuel_runs_straight_in_litres_per_hour() -> None:
    # 100 kW set: 25 kW burns 250 L/h, 50 kW 600 L/h; half way 425 L/h.
    assert electrical.fuel_l_per_h(POINTS, 37.5, 100) == pytest.approx(425.0)


def test_fuel_below_the_first_point_is_that_point_s_and_grows_past_the_last() -> None:
    assert electrical.fuel_l_per_h(POINTS, 5, 100) == pytest.approx(250.0)
    assert electrical.fuel_l_per_h(POINTS, 110, 100) == pytest.approx(40.0 * 110)


def test_autonomy_and_capacity_are_two_sides_of_one_battery() -> None:
    battery = ups_battery(100.0)
    # 100 kWh x 0.9 x 0.8 x 0.97 = 69.84 kWh at the output.
    assert electrical.ups_usable_kwh(battery) == pytest.approx(69.84)
    assert electrical.ups_autonomy_min(battery, electrical.ups_capacity_kw(battery, 7.0)) == pytest.approx(7.0)
    assert electrical.ups_autonomy_min(battery, 0.0) == math.inf
    assert electrical.ups_capacity_kw(battery, 0.0) == math.inf
