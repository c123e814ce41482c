"""Sound power of all modules on the land."""

from math import log10

import pytest
from build import MODULES, a_brief, a_catalog
from counted import compare, rows_of, under
from damage import damaged, module
from wired import hand_wired_plan

from prefab.problem import make_problem
from prefab.rules import HOOKS, SUPPLY, sound


def loud(tree):
    # On the land two dry coolers of 100 dB(A) and two chillers of 97; CDUs stand inside, generators stand still.
    for sku, level in (("DRY-1000", 100.0), ("CHL-400", 97.0), ("CDU-500", 120.0), ("GEN-2000", 115.0)):
        module(tree, sku)["sound_power_dba"] = level


TOTAL_DBA = 10 * log10(2 * 10**10 + 2 * 10**9.7)  # 2e10 + 1.0024e10 = 3.0024e10: 104.775 dB(A)


def plan(limit, blocks=1):
    return damaged(hand_wired_plan(blocks, limits={"sound_power_dba": limit}), loud)


def test_two_equal_sources_are_three_decibels_more():
    (finding,) = sound.check(damaged(hand_wired_plan(), lambda t: module(t, "DRY-1000").update(sound_power_dba=100.0)))
    assert finding.actual == pytest.approx(103.0103, abs=1e-4)


@pytest.mark.parametrize(("off", "kept"), [(0.0, True), (0.001, True), (-0.001, False)])
def test_energies_add_up(off, kept):
    assert pytest.approx(104.775, abs=1e-3) == TOTAL_DBA
    (finding,) = sound.check(plan(TOTAL_DBA + off))
    assert finding.actual == pytest.approx(TOTAL_DBA)
    assert finding.kept is kept


def test_twice_the_blocks_are_three_decibels_more():
    (finding,) = sound.check(plan(TOTAL_DBA + 3.01, blocks=2))
    assert finding.actual == pytest.approx(TOTAL_DBA + 10 * log10(2))
    assert not finding.kept


def test_silence_and_no_wish_are_kept():
    assert all(f.kept for f in sound.check(hand_wired_plan(limits={"sound_power_dba": 1.0})))
    (finding,) = sound.check(damaged(hand_wired_plan(), loud))
    assert finding.kept
    assert "no limit" in finding.text


def test_breaks_no_other_rule():
    assert {f.rule for r in SUPPLY for f in r.check(plan(TOTAL_DBA - 1)) if not f.kept} == {"sound"}


def test_what_alone_is_too_loud_is_refused_without_large_figures():
    catalog = a_catalog(tuple(m.model_copy(update={"sound_power_dba": 200.0}) for m in MODULES))
    brief = a_brief(limits={"sound_power_dba": 1.0})
    problem = under(make_problem(brief, catalog, HOOKS), brief, catalog)
    ((terms, _, high),) = rows_of(sound, problem).rows
    assert all(high < coefficient < 2**31 for coefficient, _ in terms)


def test_standby_sets_have_no_place_in_the_row():
    catalog = a_catalog(tuple(m.model_copy(update={"sound_power_dba": 90.0}) for m in MODULES))
    brief = a_brief(limits={"sound_power_dba": 110.0})
    problem = under(make_problem(brief, catalog, HOOKS), brief, catalog)
    ((terms, _, _),) = rows_of(sound, problem).rows
    assert {name.split(":")[1] for _, name in terms if name.startswith("plant")} == {"mv_ac", "fuel"}


def test_rows_against_check():
    compare(sound, 2, "sound_power_dba", 1e-6)
