"""Make-up water of everything that evaporates."""

import pytest
from counted import compare
from damage import damaged, module
from wired import hand_wired_plan

from prefab.rules import SUPPLY, water


def wet(tree):
    # Two dry coolers and two chillers a block: 2 x 1.5 + 2 x 0.3 = 3.6 m³/h.
    module(tree, "DRY-1000")["rejection"]["water_m3_per_h"] = 1.5
    module(tree, "CHL-400")["rejection"]["water_m3_per_h"] = 0.3


def plan(limit, blocks=1):
    return damaged(hand_wired_plan(blocks, limits={"water_m3_per_h": limit}), wet)


@pytest.mark.parametrize(("limit", "kept"), [(3.6, True), (3.6001, True), (3.5999, False), (0.0, False)])
def test_every_unit_counts_those_in_reserve_too(limit, kept):
    (finding,) = water.check(plan(limit))
    assert finding.actual == pytest.approx(3.6)
    assert finding.kept is kept


def test_a_later_phase_adds_to_the_earlier():
    first, second = water.check(plan(3.6, blocks=2))
    assert (first.actual, first.kept) == (pytest.approx(3.6), True)
    assert (second.actual, second.kept) == (pytest.approx(7.2), False)


def test_nothing_that_evaporates_keeps_a_limit_of_none():
    (finding,) = water.check(hand_wired_plan(limits={"water_m3_per_h": 0.0}))
    assert finding.kept


def test_without_a_wish_it_says_so():
    (finding,) = water.check(damaged(hand_wired_plan(), wet))
    assert finding.kept
    assert "no limit" in finding.text
    assert finding.actual == pytest.approx(3.6)


def test_breaks_no_other_rule():
    assert {f.rule for r in SUPPLY for f in r.check(plan(3.5)) if not f.kept} == {"water"}


def test_rows_against_check():
    compare(water, 1, "water_m3_per_h", 1e-3)
