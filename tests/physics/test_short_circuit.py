"""Short-circuit currents at their edges; the printed cases E04 and E05 stand in test_published_figures.py."""

import math

import pytest

from prefab.physics import short_circuit as sc

TWO_SETS_KA = 1.5395815
"""Two generators of 2.5 MVA, 10.5 kV, x"d 20 %, 0.8 on a bus of 10 kV, in the short-circuit tests of pandapower
(https://github.com/e2nIEE/pandapower/blob/master/pandapower/test/shortcircuit/test_gen.py)."""


def test_two_generators_give_the_printed_current() -> None:
    one = sc.generator_ohm(2.5, 10.5, 0.2, 0.8, bus_kv=10.0, resistance_frac=0.001)
    assert sc.fault_ka(sc.parallel_ohm([one, one]), 10.0, sc.C_MAX) == pytest.approx(TWO_SETS_KA, abs=1e-6)


def test_a_generator_s_own_resistance_is_the_standard_s() -> None:
    assert sc.generator_ohm(2.5, 10.5, 0.2, 0.8).real / sc.generator_ohm(2.5, 10.5, 0.2, 0.8).imag == pytest.approx(
        0.07
    )
    assert sc.generator_ohm(1.0, 0.4, 0.2, 0.8).real / sc.generator_ohm(1.0, 0.4, 0.2, 0.8).imag == pytest.approx(0.15)


def test_a_large_grid_gives_what_the_rule_of_thumb_says() -> None:
    # 2.5 MVA, 400 V, 6 %: 60 kA with an endless grid and without corrections.
    bare = 2.5 / (math.sqrt(3) * 0.4 * 0.06)
    corrected = sc.fault_ka(sc.transformer_ohm(2.5, 0.4, 0.06, 0.006, 1.05), 0.4, 1.05)
    assert bare == pytest.approx(60.1, abs=0.1)
    # c / KT = 1.05 (1 + 0.6 xT) / (0.95 x 1.05) = 1.0904
    assert corrected == pytest.approx(bare * (1 + 0.6 * math.sqrt(0.06**2 - 0.006**2)) / 0.95)


def test_low_voltage_has_the_smaller_factor() -> None:
    assert [sc.voltage_factor(kv) for kv in (0.4, 1.0, 1.1, 20.0)] == [1.05, 1.05, 1.1, 1.1]


def test_inverters_add_their_current_and_nothing_gives_nothing() -> None:
    assert sc.fault_ka(None, 20.0, 1.1) == 0.0
    assert sc.fault_ka(None, 20.0, 1.1, inverters_ka=0.4) == 0.4
    assert sc.parallel_ohm([]) is None
    assert sc.fault_ka(sc.grid_ohm(100, 10), 10, 1.1, 0.4) == pytest.approx(5.77350 + 0.4, abs=1e-5)


def test_equal_impedances_in_parallel_double_the_current() -> None:
    one = sc.transformer_ohm(1.6, 0.4, 0.06, 0.01, 1.05)
    single, double = (sc.fault_ka(sc.parallel_ohm([one] * n), 0.4, 1.05) for n in (1, 2))
    assert double == pytest.approx(2 * single)


def test_seen_from_the_other_side_the_fault_power_is_the_same() -> None:
    grid = sc.grid_ohm(500, 20)
    assert 20 * sc.fault_ka(grid, 20, 1.1) == pytest.approx(0.4 * sc.fault_ka(sc.referred_ohm(grid, 20, 0.4), 0.4, 1.1))


def test_rated_current() -> None:
    assert sc.rated_ka(4.4, 20.0) == pytest.approx(0.12702, abs=1e-5)
