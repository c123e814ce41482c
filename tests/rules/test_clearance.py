"""Gaps edge to edge and corner to corner between footprints of 6.0 m x 2.5 m."""

from math import hypot

import pytest
from hypothesis import given
from hypothesis import strategies as st
from land import apart, moved, placed_plan, thing

from prefab.rules import clearance

NEAR = thing("NEA-1", clearance_mm=1000)
WIDE = thing("WID-1", clearance_mm=1500)
BATTERY = thing("BAT-1", clearance_mm=1000, separation="battery")
POD = thing("PDD-1", clearance_mm=1200, separation="pod")


def two(a, b, basis=None):
    stands = {"A-01": (a, 20_000, 20_000), "B-01": (b, 40_000, 20_000)}
    return placed_plan(stands, basis=basis) if basis else placed_plan(stands)


def broken(plan):
    return [f for f in clearance.check(plan) if not f.kept]


@pytest.mark.parametrize(
    ("a", "b", "rules", "gap_mm"),
    [
        (NEAR, NEAR, [], 1000),
        (NEAR, WIDE, [], 1500),  # the larger strip, not the sum of 2,500
        (BATTERY, POD, [("battery", "pod", 6000)], 6000),
        (BATTERY, POD, [("pod", "battery", 6000)], 6000),
        (POD, BATTERY, [("battery", "*", 4000), ("*", "*", 2000)], 4000),
        (POD, BATTERY, [("battery", "*", 4000), ("pod", "battery", 5000)], 5000),
        (POD, BATTERY, [("battery", "battery", 9000)], 1200),
        (BATTERY, BATTERY, [("battery", "battery", 3000)], 3000),
        (POD, BATTERY, [("battery", "pod", 500)], 1200),
    ],
)
def test_the_largest_demand_equal_and_a_millimetre_under(a, b, rules, gap_mm):
    plan = two(a, b, apart(*rules))
    assert not broken(moved(plan, "B-01", x_mm=26_000 + gap_mm))
    (finding,) = broken(moved(plan, "B-01", x_mm=26_000 + gap_mm - 1))
    assert (finding.where, finding.actual, finding.limit) == ("A-01 / B-01", gap_mm - 1, gap_mm)
    assert not broken(moved(plan, "B-01", x_mm=20_000, y_mm=22_500 + gap_mm))
    assert broken(moved(plan, "B-01", x_mm=20_000, y_mm=22_500 + gap_mm - 1))


def test_corner_to_corner_is_measured_straight():
    plan = two(NEAR, NEAR)
    # 600 mm east and 800 mm north are 1,000 mm apart.
    assert not broken(moved(plan, "B-01", x_mm=26_600, y_mm=23_300))
    assert broken(moved(plan, "B-01", x_mm=26_599, y_mm=23_300))


def test_overlap_is_named_and_touching_without_clearance_is_not_overlap():
    plan = two(thing("NIL-1", clearance_mm=0), thing("NIL-1", clearance_mm=0))
    assert not broken(moved(plan, "B-01", x_mm=26_000))
    assert not broken(moved(plan, "B-01", x_mm=22_000, y_mm=22_500))
    (finding,) = broken(moved(plan, "B-01", x_mm=25_990))
    assert finding.text == "footprints overlap"
    assert finding.actual == -10


def test_a_turned_module_is_measured_turned():
    plan = two(NEAR, NEAR)
    # Turned, B reaches 6,000 mm north instead of 2,500.
    low = moved(plan, "B-01", x_mm=20_000, y_mm=15_500)
    assert not broken(low)
    assert broken(moved(low, "B-01", turned=True))


def test_one_finding_for_each_kind_of_demand_with_the_tightest_pair():
    stands = {
        "BES-01": (BATTERY, 10_000, 10_000),
        "BES-02": (BATTERY, 10_000, 15_600),  # 3,100 over
        "BES-03": (BATTERY, 10_000, 21_100),  # 3,000 over: tightest
        "POD-01": (POD, 23_000, 21_100),  # 7,000 east of it
        "POD-02": (POD, 23_000, 24_900),  # 1,300 over the pod
    }
    plan = placed_plan(stands, basis=apart(("battery", "battery", 3000), ("battery", "pod", 6000)))
    tightest = {f.text: (f.where, f.actual, f.limit) for f in clearance.check(plan)}
    assert tightest == {
        "separation battery / battery": ("BES-02 / BES-03", 3000, 3000),
        "separation battery / pod": ("BES-03 / POD-01", 7000, 6000),
        "service clearance": ("POD-01 / POD-02", 1300, 1200),
    }


def test_every_pair_that_is_too_close_has_its_finding():
    stands = {f"P-{i:02d}": (NEAR, 20_000 + 6500 * i, 20_000) for i in range(4)}
    assert [f.where for f in broken(placed_plan(stands))] == ["P-00 / P-01", "P-01 / P-02", "P-02 / P-03"]


def test_nothing_near_is_kept():
    findings = clearance.check(two(NEAR, NEAR))
    assert [f.kept for f in findings] == [True]
    assert clearance.check(placed_plan({}))[0].kept


@given(
    x=st.integers(-9000, 9000),
    y=st.integers(-9000, 9000),
    turned=st.booleans(),
    gap_mm=st.sampled_from([0, 900, 1000, 2900]),
)
def test_agrees_with_every_pair_measured_in_floats(x, y, turned, gap_mm):
    plan = moved(two(NEAR, BATTERY, apart(("none", "battery", gap_mm))), "B-01", turned=turned)
    plan = moved(plan, "B-01", x_mm=20_000 + x, y_mm=20_000 + y)
    along, across = (2500, 6000) if turned else (6000, 2500)
    east_west = max(x - 6000, -x - along)
    north_south = max(y - 2500, -y - across)
    apart_mm = hypot(max(0, east_west), max(0, north_south))
    assert bool(broken(plan)) == (apart_mm < max(1000, gap_mm))


def test_missing_unknown_and_doubled_tags_are_another_rule():
    plan = two(NEAR, NEAR)
    ghost = moved(plan, "B-01", tag="GHOST-01", x_mm=20_000)
    assert not broken(ghost)
    assert plan.placed is not None
    doubled = plan.placed.model_copy(update={"positions": plan.placed.positions * 2})
    assert not broken(plan.model_copy(update={"placed": doubled}))
