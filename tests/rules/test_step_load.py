"""Load steps on generating sets: on a plan wired by hand, on stored and damaged ones, and the solver's side."""

import math
from types import SimpleNamespace

import pytest
from build import BASIS, a_brief
from damage import damaged, module
from today import WHOLE, stored, with_digest
from wired import hand_wired_plan

from prefab.audit import audit, broken
from prefab.catalog import load_catalog
from prefab.rules import step_load


def by_hand(step_frac=0.6, walk_in_s=10.0, **more):
    """One block behind two sets of 2 MW of which one may be lost; they start in 15 s."""
    plan = hand_wired_plan(**more)

    def state(tree):
        module(tree, "GEN-2000")["electrical"] = {"step_load_frac": step_frac}
        module(tree, "UPS-800")["electrical"] = {"fault_current_frac": 1.5, "walk_in_s": walk_in_s}

    plan = damaged(plan, state)
    return plan.model_copy(update={"basis": BASIS.model_copy(update={"step_settle_s": 5.0})})


def found(plan, unit):
    (finding,) = [f for f in step_load.check(plan) if f.unit == unit]
    return finding


def test_figures_are_those_of_hand_arithmetic():
    plan = by_hand()
    largest, seconds = found(plan, "kW"), found(plan, "s")
    # One of two sets of 2,000 kW is lost; the pod draws 1 % of its 1,100 kW straight from a transformer, a chiller
    # for half of 212 kW at its worst more than that.
    assert largest.limit == pytest.approx(1200)
    assert 11 < largest.actual < 100
    # 15 s until the sets run, one step of 5 s, and the UPS' 1,130 kW and 4 % more: less than the step, so 10 s.
    assert seconds.actual == pytest.approx(15 + 5 + 10)
    assert seconds.limit == 300
    assert largest.kept
    assert seconds.kept


def test_a_smaller_step_takes_longer():
    # 2,000 kW x .1 = 200 kW: 1,130.18 kW x 1.04 walk in over 10 s x 5.877.
    assert found(by_hand(0.1), "s").actual == pytest.approx(15 + 5 + 10 * 1130.18 * 1.04 / 200, abs=0.1)
    # 40 kW: more than one step for the mechanical load.
    more = found(by_hand(0.02), "s")
    assert more.actual > 15 + 2 * 5 + 10 * 1130.18 * 1.04 / 40 - 1


@pytest.mark.parametrize(("over", "kept"), [(-0.01, False), (0.01, True)])
def test_the_largest_single_load_is_the_limit(over, kept):
    largest_kw = found(by_hand(), "kW").actual
    assert found(by_hand((largest_kw + over) / 2000), "kW").kept is kept


@pytest.mark.parametrize(("minutes", "kept"), [(0.49, False), (0.51, True)])
def test_all_is_back_before_the_ups_have_run_out(minutes, kept):
    assert found(by_hand(autonomy={"ups_min": minutes}), "s").kept is kept


def test_without_ups_or_sets_nothing_is_asked():
    assert [f.unit for f in step_load.check(by_hand(autonomy={"ups_min": 0.0}))] == ["kW"]
    assert step_load.check(by_hand(autonomy={"generator_h": 0.0})) == ()
    assert step_load.check(hand_wired_plan()) == ()


def test_sets_that_say_nothing_are_refused():
    silent = damaged(by_hand(), lambda t: module(t, "GEN-2000").update(electrical=None))
    (finding,) = step_load.check(silent)
    assert not finding.kept
    assert finding.text == "GEN-2000: what step it takes up is not stated"


@pytest.mark.parametrize("name", WHOLE)
def test_stored_layouts_are_kept(name):
    assert [f for f in step_load.check(stored(name)) if not f.kept] == []


DAMAGES = {
    "sets that take up almost nothing": lambda t: module(t, "GEN-3000")["electrical"].update(step_load_frac=0.002),
    "sets that start after the UPS": lambda t: module(t, "GEN-3000")["engine"].update(start_s=280.0),
    "a walk-in of minutes": lambda t: module(t, "PWM-1500")["electrical"].update(walk_in_s=200.0),
    "a governor that takes long": lambda t: t["basis"].update(step_settle_s=270.0),
    "sets that say nothing": lambda t: module(t, "GEN-3000")["electrical"].update(step_load_frac=None),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_refused_by_this_rule_alone(name):
    spoilt = broken(audit(with_digest(damaged(stored("training-20mw"), DAMAGES[name]))))
    # What starts later leaves the loops' buffers too small as well.
    beside = {"contingencies", "cooling_continuity"} if "start" in name else set()
    assert {f.rule for f in spoilt} == {"step_load"} | beside


def test_the_catalog_s_ups_walk_in_no_slower_than_the_solver_s_side_takes_them():
    walking = [m.electrical.walk_in_s for m in load_catalog().modules if m.electrical]
    assert max(walking) == step_load.SLOWEST_WALK_IN_S


@pytest.mark.parametrize("sku", ["GEN-2000", "GAS-2000", "GAS-4300", "GAS-10000", "GAS-18000"])
def test_what_the_solver_lets_start_is_back_in_time(sku):
    """The most that sets carry, none to all of it behind UPS, the rest in steps that are half full."""
    catalog = load_catalog()
    one = next(m for m in catalog.modules if m.sku == sku)
    refused = 0
    for minutes in (0.5, 0.75, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0):
        offer = SimpleNamespace(
            module=one, brief=a_brief(autonomy={"ups_min": minutes}), capacity_kw=1.0,
            conditions=SimpleNamespace(step_settle_s=5.0), carrier=SimpleNamespace(redundancy="standby"),
        )  # fmt: skip
        lets = step_load.shape(offer) == 1.0
        refused += not lets
        frac = one.electrical.step_load_frac
        for critical in (0.0, 0.2, 0.5, 0.8, 1.0):
            steps = math.ceil(2 * (1 - critical) / frac) or 1
            seconds = one.engine.start_s + 5 * steps + (10 * max(1, critical / frac) if critical else 0)
            assert not lets or seconds <= minutes * 60
    assert 0 < refused < 10
