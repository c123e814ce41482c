"""Roads of 6 m, a reach of 60 m, the gate in the middle of the south edge of a 120 m x 120 m site."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from land import GATE_ROAD, moved, placed_plan, thing

from prefab.rules import road_access
from prefab.site_layout import Area

PUMP = thing("PMP-1")


def road(name, x, y, width, depth):
    return Area(name=name, purpose="road", x_mm=x, y_mm=y, width_mm=width, depth_mm=depth)


def plan_with(*roads, at=(20_000, 20_000), **more):
    return placed_plan({"PMP-01": (PUMP, *at)}, areas=roads, **more)


def broken(plan):
    return [f for f in road_access.check(plan) if not f.kept]


def test_kept_and_every_demand_reported():
    findings = road_access.check(plan_with(GATE_ROAD))
    assert all(f.kept for f in findings)
    assert [f.where for f in findings] == ["Road 1", "site", "gate", "PMP-01"]
    assert findings[-1].actual == 57_000 - 26_000


def test_no_road_at_all():
    assert len(broken(plan_with())) == 1


def test_the_narrowest_road_and_the_farthest_module_show_the_headroom():
    wide = road("Wide", 63_000, 20_000, 40_000, 7000)
    plan = placed_plan({"PMP-01": (PUMP, 20_000, 20_000), "PMP-02": (PUMP, 40_000, 20_000)}, areas=(wide, GATE_ROAD))
    findings = {f.where: f for f in road_access.check(plan)}
    assert list(findings) == ["Road 1", "site", "gate", "PMP-01"]
    assert all(f.kept for f in findings.values())
    assert (findings["Road 1"].actual, findings["PMP-01"].actual) == (6000, 31_000)


@pytest.mark.parametrize(("width_mm", "kept"), [(6000, True), (5999, False), (6001, True)])
def test_width(width_mm, kept):
    assert bool(broken(plan_with(road("Road 1", 57_000, 0, width_mm, 100_000)))) != kept


def test_a_short_road_is_measured_across_too():
    assert broken(plan_with(GATE_ROAD, road("Stub", 63_000, 10_000, 8000, 5999)))


@pytest.mark.parametrize(
    ("other", "kept"),
    [
        (road("East", 63_000, 20_000, 40_000, 6000), True),  # touches along its whole width
        (road("East", 63_001, 20_000, 40_000, 6000), False),  # a millimetre off
        (road("East", 60_000, 20_000, 40_000, 6000), True),  # overlaps
        (road("North", 57_000, 100_000, 6000, 10_000), True),
        (road("North", 57_001, 100_000, 6000, 10_000), False),  # an opening of 5,999
        (road("Corner", 63_000, 100_000, 20_000, 6000), False),  # corner to corner
    ],
)
def test_roads_are_joined_by_openings_as_wide_as_a_road(other, kept):
    assert bool(broken(plan_with(GATE_ROAD, other))) != kept


@pytest.mark.parametrize(
    ("x_mm", "y_mm", "kept"), [(60_000, 0, True), (60_001, 0, False), (54_000, 0, True), (57_000, 1, False)]
)
def test_the_road_reaches_the_gate(x_mm, y_mm, kept):
    findings = broken(plan_with(road("Road 1", x_mm, y_mm, 6000, 100_000)))
    assert [f.where for f in findings] == ([] if kept else ["gate"])


def test_the_middle_of_an_odd_width():
    site = {"width_m": 120.001}
    assert not broken(plan_with(road("Road 1", 60_000, 0, 6000, 100_000), site=site))
    assert broken(plan_with(road("Road 1", 60_001, 0, 6000, 100_000), site=site))


def test_reach_equal_and_a_millimetre_over():
    short = road("Road 1", 57_000, 0, 6000, 20_000)
    assert not broken(plan_with(short, at=(57_000, 80_000)))
    (finding,) = broken(plan_with(short, at=(57_000, 80_001)))
    assert (finding.where, finding.actual, finding.limit) == ("PMP-01", 60_001, 60_000)
    # 36,000 and 48,000 mm at right angles are 60,000 mm; a hair more prints as more.
    assert not broken(plan_with(short, at=(99_000, 68_000)))
    (finding,) = broken(plan_with(short, at=(99_001, 68_000)))
    assert finding.actual == 60_001


def test_no_module_stands_on_a_road():
    plan = plan_with(GATE_ROAD, at=(51_000, 20_000))
    assert not broken(plan)  # touches it
    (finding,) = broken(moved(plan, "PMP-01", x_mm=51_001))
    assert (finding.where, finding.actual) == ("PMP-01 / Road 1", 1)
    assert broken(moved(plan, "PMP-01", x_mm=58_000, turned=True))


@given(x=st.integers(0, 114_000), y=st.integers(0, 117_500), depth=st.integers(6000, 60_000))
def test_agrees_with_plain_geometry(x, y, depth):
    found = broken(plan_with(road("Road 1", 57_000, 0, 6000, depth), at=(x, y)))
    east_west = max(0, 57_000 - x - 6000, x - 63_000)
    north_south = max(0, y - depth)
    overlaps = 51_000 < x < 63_000 and y < depth
    assert bool(found) == (overlaps or east_west**2 + north_south**2 > 60_000**2)


def test_unknown_tags_are_another_rule():
    assert not broken(moved(plan_with(GATE_ROAD), "PMP-01", tag="GHOST-01"))
