"""Ground that the modules cover."""

import pytest
from build import a_brief, a_catalog
from counted import compare, rows_of, under
from damage import damaged, module
from wired import hand_wired_plan

from prefab.problem import make_problem
from prefab.rules import HOOKS, SUPPLY, land_use

# On the land stand, of 6.0 x 2.5 = 15 m² each: pod, 4 pumps, 2 dry coolers, 2 chillers, 3 UPS, 5 transformers (17) and
# 2 intakes, 2 generators, 1 tank (5): 22 x 15 = 330 m². CDUs, fan walls and controls stand inside.
COVERED_M2 = 330.0


def broken(plan):
    return {f.rule for r in SUPPLY for f in r.check(plan) if not f.kept}


@pytest.mark.parametrize(("limit", "kept"), [(330.0, True), (330.0001, True), (329.9999, False)])
def test_footprints_of_what_stands_on_the_land(limit, kept):
    of_land, of_limit = land_use.check(hand_wired_plan(limits={"area_m2": limit}))
    assert of_land.kept
    assert of_limit.actual == COVERED_M2
    assert of_limit.kept is kept


@pytest.mark.parametrize(("depth", "kept"), [(43.0, True), (43.001, True), (42.999, False)])
def test_land_inside_the_set_backs(depth, kept):
    # 20 m less two set-backs of 5 m: 10 m wide, so 33 m of depth between the set-backs.
    (finding,) = land_use.check(hand_wired_plan(site={"width_m": 20.0, "depth_m": depth, "setback_m": 5.0}))
    assert finding.actual == COVERED_M2
    assert finding.kept is kept


def test_a_limit_beyond_the_land_does_not_make_land():
    site = {"width_m": 20.0, "depth_m": 42.0, "setback_m": 5.0}
    found = land_use.check(hand_wired_plan(site=site, limits={"area_m2": 1000.0}))
    assert [f.kept for f in found] == [False, True]


def test_a_larger_module_breaks_no_other_rule():
    def grown(tree):
        module(tree, "POD-1000")["length_mm"] = 6001

    assert broken(hand_wired_plan(limits={"area_m2": COVERED_M2})) == set()
    assert broken(damaged(hand_wired_plan(limits={"area_m2": COVERED_M2}), grown)) == {"land_use"}


@pytest.mark.parametrize(("depth", "kept"), [(43.0, True), (42.999, False)])
def test_rows_know_the_land(depth, kept):
    brief, catalog = a_brief(site={"width_m": 20.0, "depth_m": depth, "setback_m": 5.0}), a_catalog()
    problem = under(make_problem(brief, catalog, HOOKS), brief, catalog)
    rows = rows_of(land_use, problem)
    column = next(c for c in problem.columns if sum(g.count for g in c.column.groups) == 24)
    values = {name: 0 for terms, _, _ in rows.rows for _, name in terms}
    values[problem.count(column, 0)] = 1
    for carrier, count in (("mv_ac", 1), ("standby_mv", 2), ("fuel", 1)):
        values[problem.plant_count(problem.options(carrier)[0], 0)] = count
    assert rows.kept(values) is kept


def test_rows_against_check():
    compare(land_use, 3, "area_m2", 1e-6)
