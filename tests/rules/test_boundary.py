"""The site is 120 m x 120 m with a set-back of 5 m; the test module measures 6.0 m x 2.5 m."""

import pytest
from damage import damaged, item
from hypothesis import given
from hypothesis import strategies as st
from land import GATE_ROAD, moved, placed_plan, thing

from prefab.rules import boundary

PUMP = thing("PMP-1")
PLAN = placed_plan({"PMP-01": (PUMP, 20_000, 20_000), "PMP-02": (PUMP, 30_000, 20_000)})
LIMITS = [("x_mm", 5000, -1), ("y_mm", 5000, -1), ("x_mm", 109_000, 1), ("y_mm", 112_500, 1)]


def broken(plan):
    return [f for f in boundary.check(plan) if not f.kept]


def test_kept_with_the_nearest_module_as_headroom():
    findings = boundary.check(PLAN)
    assert all(f.kept for f in findings)
    nearest = next(f for f in findings if f.where.startswith("PMP"))
    assert (nearest.where, nearest.actual, nearest.limit) == ("PMP-01", 20_000, 5000)


@pytest.mark.parametrize(("axis", "at", "outwards"), LIMITS)
def test_at_the_set_back_and_a_millimetre_over(axis, at, outwards):
    assert not broken(moved(PLAN, "PMP-02", **{axis: at}))
    (finding,) = broken(moved(PLAN, "PMP-02", **{axis: at + outwards}))
    assert (finding.where, finding.actual, finding.limit) == ("PMP-02", 4999, 5000)


def test_a_turned_module_counts_its_width_west_to_east():
    assert not broken(moved(PLAN, "PMP-02", turned=True, x_mm=112_500, y_mm=109_000))
    assert broken(moved(PLAN, "PMP-02", turned=True, x_mm=112_501))
    assert broken(moved(PLAN, "PMP-02", turned=True, y_mm=109_001))


@pytest.mark.parametrize("width_m", [120.1, 119.7, 60.3, 1.1 * 100])
def test_decimals_of_the_site_are_not_noise(width_m):
    east = round(width_m * 1000) - 5000 - 6000
    site = {"width_m": width_m}
    assert not broken(placed_plan({"PMP-01": (PUMP, east, 20_000)}, areas=(), site=site))
    assert broken(placed_plan({"PMP-01": (PUMP, east + 1, 20_000)}, areas=(), site=site))


@given(x=st.integers(4900, 5100), y=st.integers(112_400, 112_600), turned=st.booleans())
def test_agrees_with_the_four_inequalities(x, y, turned):
    along, across = (2500, 6000) if turned else (6000, 2500)
    inside = x >= 5000 and y >= 5000 and x + along <= 115_000 and y + across <= 115_000
    assert bool(broken(moved(PLAN, "PMP-02", x_mm=x, y_mm=y, turned=turned))) == (not inside)


def test_each_tag_stands_exactly_once():
    def remove(tree):
        tree["placed"]["positions"].pop()

    def double(tree):
        tree["placed"]["positions"].append(tree["placed"]["positions"][0])

    def rename(tree):
        item(tree["placed"]["positions"], tag="PMP-02")["tag"] = "GHOST-01"

    assert {f.where for f in broken(damaged(PLAN, remove))} == {"PMP-02", "site"}
    assert {f.where for f in broken(damaged(PLAN, double))} == {"PMP-01", "site"}
    assert {f.where for f in broken(damaged(PLAN, rename))} == {"PMP-02", "GHOST-01", "site"}


def test_what_stands_inside_a_pod_has_no_position():
    indoor = placed_plan({"PMP-01": (PUMP, 20_000, 20_000), "CDU-01": (thing("CDU-1", stands="inside"), 0, 0)})
    assert not broken(indoor)
    assert indoor.placed is not None
    position = indoor.placed.positions[0].model_copy(update={"tag": "CDU-01"})
    both = indoor.placed.model_copy(update={"positions": (*indoor.placed.positions, position)})
    assert [f.where for f in broken(indoor.model_copy(update={"placed": both}))] == ["CDU-01"]


def test_a_sku_that_the_plan_does_not_carry_is_no_crash():
    def lose(tree):
        tree["modules"] = []

    assert {"PMP-01", "PMP-02"} <= {f.where for f in broken(damaged(PLAN, lose))}


@pytest.mark.parametrize("change", [{"y_mm": -1}, {"x_mm": 114_001}, {"depth_mm": 120_001}])
def test_roads_end_at_the_fence(change):
    plan = placed_plan({"PMP-01": (PUMP, 20_000, 20_000)}, areas=(GATE_ROAD.model_copy(update=change),))
    assert [f.where for f in broken(plan)] == ["Road 1"]


def test_the_area_nearest_to_the_fence_shows_the_headroom():
    yard = GATE_ROAD.model_copy(update={"name": "Yard", "purpose": "yard", "x_mm": 7000, "y_mm": 9000})
    inner = yard.model_copy(update={"name": "Inner", "x_mm": 8000})
    findings = boundary.check(placed_plan({"PMP-01": (PUMP, 20_000, 20_000)}, areas=(inner, yard)))
    assert [(f.where, f.actual) for f in findings][-1] == ("Yard", 7000)
