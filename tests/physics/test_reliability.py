"""Availability formulas against published and hand-worked figures, by their ids in the reference's validation cases."""

import csv
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefab.physics.reliability import (
    Bridge,
    availability,
    availability_of_downtime,
    carried,
    downtime_h,
    failures_per_h,
    k_of_n,
    k_of_n_common_cause,
    mission,
    parallel,
    running_after,
    series,
    shared,
)

CASES = Path(__file__).parents[2].parent / "shared" / "reference" / "validation_cases.csv"
UPTIME = "https://7x24exchange.org/spring15_/7x24Spring2015Magazinefx/files2fx/assets/basic-html/page-35.html"
GOLD_BOOK = "https://github.com/equinor/neqsim/blob/master/src/main/resources/reliabilitydata/ieee493_equipment.csv"
K_OF_N = "https://reliabilityanalytics.com/blog/2011/09/02/reliability-modeling-k-out-of-n-configutation/"
SYSTEMS = "https://reliabilitycalc.com/system-reliability"
REOPT_TESTS = "https://github.com/NREL/REopt.jl/blob/master/test/runtests.jl"
REOPT_MODEL = "https://github.com/NREL/REopt.jl/blob/master/src/outagesim/backup_reliability.jl"

TRANSFORMER = availability(162_100, 356)
UPS = availability(15_900, 25)
GENERATOR = availability(5950, 54)
UTILITY = availability(5100, 2.7)
SUPPLY = series((parallel((UTILITY, GENERATOR)), parallel((UPS, UPS))))


def shipped_sets(count):
    """Sets with the defaults of the model: OA 0.995, FTS 0.0094, MTTF 1,100 h; five of them needed for a day."""
    return running_after(count, 5, 0.995, 0.0094, 1100, 24)


PUBLISHED = {
    # id: (what the program gives, published figures in the same order, tolerance, source)
    "T09I": ([100 * availability_of_downtime(28.8)], [99.67], 0.006, UPTIME),
    "T09II": ([100 * availability_of_downtime(22)], [99.75], 0.006, UPTIME),
    "T09III": ([100 * availability_of_downtime(1.6)], [99.98], 0.006, UPTIME),
    "T09IV": ([100 * availability_of_downtime(0.8)], [99.99], 0.006, UPTIME),
    "T10": ([k_of_n(3, 4, 0.9)], [0.9477], 1e-6, K_OF_N),
    "T11": ([series([0.9] * 3), k_of_n(2, 3, 0.9), k_of_n(1, 3, 0.9)], [0.729, 0.972, 0.999], 1e-6, SYSTEMS),
    "T12": ([TRANSFORMER, UPS, GENERATOR, UTILITY], [0.997809, 0.99843, 0.991006, 0.999471], 2e-6, GOLD_BOOK),
    "T13": (
        [series((SUPPLY, TRANSFORMER)), series((SUPPLY, parallel((TRANSFORMER, TRANSFORMER))))],
        [0.9978014, 0.999988],
        1e-7,
        GOLD_BOOK,
    ),
    "T14": ([mission(2, 1.0, 1.0, 0.0, 5.0, [1, 2, 2], Bridge(1.0, 2.0, 1.0))], [0.557056], 1e-6, REOPT_TESTS),
    "T15": ([mission(1, 100, 0.98, 0.1, 100.0, [100] * 24, Bridge(100, 400, 400))], [0.721398], 1e-5, REOPT_TESTS),
    "T16": ([shipped_sets(5), shipped_sets(6), shipped_sets(7)], [0.8340804, 0.9826913, 0.9985785], 1e-6, REOPT_MODEL),
    "T17": ([availability(162_100, 128 * 168), availability(162_100, 72)], [0.882879, 0.999556], 1e-6, GOLD_BOOK),
}  # fmt: skip


@pytest.mark.parametrize("case", PUBLISHED)
def test_published(case):
    found, expected, tolerance, _source = PUBLISHED[case]
    assert found == pytest.approx(expected, rel=0, abs=tolerance)


def test_figures_above_are_those_of_the_reference():
    if not CASES.exists():
        pytest.skip("the reference's validation cases are not beside this project")
    with CASES.open(newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file) if row["topic"] in ("availability", "genset survival")}
    assert set(rows) == set(PUBLISHED)
    for case, (found, expected, tolerance, source) in PUBLISHED.items():
        row = rows[case]
        figures = [float(text.rpartition("=")[2]) for text in re.split(";", row["expected"])]
        assert figures == expected, case
        assert float(row["tolerance"]) == tolerance, case
        assert row["source_url"] == source, case
        assert found == pytest.approx(figures, rel=0, abs=float(row["tolerance"])), case


FRACS = st.floats(0, 1)
SMALL = st.integers(1, 12)


@given(n=SMALL, k=SMALL, a=FRACS, more=FRACS, beta=FRACS)
def test_better_units_and_lower_needs_never_hurt(n, k, a, more, beta):
    low, high = sorted((a, more))
    here = k_of_n_common_cause(k, n, low, beta)
    assert 0 <= here <= 1
    assert here <= k_of_n_common_cause(k, n, high, beta) + 1e-9
    assert k_of_n(k, n, low) >= k_of_n(k + 1, n, low) - 1e-9
    assert k_of_n(k, n, low) <= k_of_n(k, n + 1, low) + 1e-9


@given(n=SMALL, k=SMALL, a=FRACS)
def test_common_cause_of_nothing_is_independence_and_of_all_is_one_unit(n, k, a):
    assert k_of_n_common_cause(k, n, a, 0.0) == pytest.approx(k_of_n(k, n, a), abs=1e-12)
    if k < n:
        assert k_of_n_common_cause(k, n, a, 1.0) == pytest.approx(a, abs=1e-12)


@given(n=SMALL, k=SMALL, a=st.floats(0.9, 1), betas=st.tuples(FRACS, FRACS))
def test_a_spare_is_worth_no_more_than_the_common_share_allows(n, k, a, betas):
    less, more = sorted(betas)
    if k < n:
        best = k_of_n_common_cause(k, n, a, more)
        assert best <= 1 - more * (1 - a) + 1e-9
        if k == 1:
            assert best <= k_of_n_common_cause(k, n, a, less) + 1e-9


def test_common_cause_of_two_by_hand():
    # U1 = 0.01, beta = 0.1: 0.1 x 0.01 + (0.9 x 0.01)^2 = 0.001 + 0.000081
    assert 1 - k_of_n_common_cause(1, 2, 0.99, 0.1) == pytest.approx(0.001081, abs=1e-12)


@given(n=SMALL, k=SMALL, a=FRACS)
def test_equal_sides_are_k_of_n(n, k, a):
    assert carried([(1.0, a)] * n, k) == pytest.approx(k_of_n(k, n, a), abs=1e-9)


def test_unlike_sides_by_hand():
    # 300 kW: both small ones or the large one. 1 - 0.1 x (1 - 0.9 x 0.8) = 0.972; 600 kW needs all three.
    sides = [(100.0, 0.9), (200.0, 0.8), (300.0, 0.9)]
    assert carried(sides, 300) == pytest.approx(0.9 + 0.1 * 0.72)
    assert carried(sides, 600) == pytest.approx(0.9 * 0.8 * 0.9)
    assert carried(sides, 601) == 0.0


def test_sides_that_share_by_hand():
    # Each side carries all in 0.6, at least half in 0.9: one of them all, or both half (and none all).
    assert shared([[0.6, 0.9], [0.6, 0.9]]) == pytest.approx(1 - 0.4**2 + 0.3**2)
    # Unlike: A 0.5 and 0.8, B 0.7 and 0.9.
    assert shared([[0.5, 0.8], [0.7, 0.9]]) == pytest.approx(1 - 0.5 * 0.3 + 0.3 * 0.2)
    # Three for two (3N/2): none carries all; two of three carry a half each, or all three a third.
    assert shared([[0.0, 0.9, 0.9]] * 3) == pytest.approx(k_of_n(2, 3, 0.9))
    assert shared([[0.0, 0.0, 0.9]] * 3) == pytest.approx(0.9**3)


@given(sides=st.lists(st.lists(FRACS, min_size=4, max_size=4).map(sorted), min_size=1, max_size=4), a=FRACS)
def test_sides_that_share_are_at_least_as_good_as_one_alone(sides, a):
    sides = [side[: len(sides)] for side in sides]
    assert max(side[0] for side in sides) - 1e-9 <= shared(sides) <= 1 + 1e-9
    assert shared([[a]]) == pytest.approx(a)


def test_two_supplies_without_a_limit_are_in_parallel():
    assert carried([(float("inf"), 0.9), (float("inf"), 0.9)], 1e6) == pytest.approx(0.99)


def test_edges():
    assert series(()) == 1.0
    assert parallel(()) == 0.0
    assert k_of_n(0, 3, 0.0) == 1.0
    assert k_of_n(4, 3, 1.0) == 0.0
    assert k_of_n_common_cause(4, 3, 1.0, 0.05) == 0.0
    assert downtime_h(1.0) == 0.0
    assert downtime_h(availability_of_downtime(28.8)) == pytest.approx(28.8)


def test_rare_failures_keep_their_digits():
    # Four of five at 1e-6: ten pairs, 1e-11, less 20 in 1e18.
    assert 1 - k_of_n(4, 5, 1 - 1e-6) == pytest.approx(1e-11, rel=1e-4)


def test_failure_frequency():
    # Two units that fail every 1,000 h and take 10 h: 2 x 1e-6 x 10; four with a need of three: 12 x 1e-6 x 10.
    assert failures_per_h(1, 1e-3, 10) == pytest.approx(2e-5)
    assert failures_per_h(3, 1e-3, 10) == pytest.approx(1.2e-4)
    assert failures_per_h(3, 1e-3, 10, common_frac=1.0) == pytest.approx(1e-3)


@given(count=st.integers(1, 5), needed=st.integers(1, 5), mttf=st.floats(2, 2000), hours=st.integers(1, 30))
def test_a_mission_without_a_battery_is_the_count_at_its_end(count, needed, mttf, hours):
    at_end = running_after(count, needed, 0.99, 0.01, mttf, hours)
    assert mission(count, 50.0, 0.99, 0.01, mttf, [50.0 * needed] * hours) == pytest.approx(at_end, abs=1e-9)


@given(kwh=st.floats(0, 300), more=st.floats(0, 300), load=st.lists(st.floats(0, 250), min_size=1, max_size=6))
def test_a_larger_battery_never_hurts(kwh, more, load):
    def served(energy):
        return mission(2, 100.0, 0.98, 0.02, 20.0, load, Bridge(100.0, energy, energy))

    assert 0 <= served(kwh) <= served(kwh + more) + 1e-9 <= 1 + 2e-9


def test_a_battery_alone_lasts_as_long_as_it_is_full():
    full = Bridge(100.0, 400.0, 400.0)
    assert mission(0, 100.0, 1.0, 0.0, 10.0, [100.0] * 4, full) == 1.0
    assert mission(0, 100.0, 1.0, 0.0, 10.0, [100.0] * 5, full) == 0.0
    assert mission(0, 100.0, 1.0, 0.0, 10.0, [101.0], full) == 0.0
