"""What inverters give on battery against the breakers behind them: on plans wired by hand, stored and damaged."""

import pytest
from damage import damaged, module
from rules.test_fault_level import UTILITY
from today import WHOLE, stored, with_digest
from wired import systems_plan

from prefab.audit import audit, broken
from prefab.rules import trip_current


def bus_of(pods, level="N", modules=2, frac=1.5, rating_kw=1000.0):
    """One bus of UPS modules at 400 V, with pods of so many kilowatts."""
    plan = systems_plan(level, [(kw, "A") for kw in pods], "A", modules=modules, rating_kw=rating_kw)

    def state(tree):
        module(tree, "UPS-X")["electrical"] = {"fault_current_frac": frac}

    plan = damaged(plan, state)
    return plan.model_copy(update={"basis": plan.basis.model_copy(update={"short_circuit": UTILITY})})


def only(plan):
    (finding,) = trip_current.check(plan)
    return finding


def test_figures_are_those_of_hand_arithmetic():
    finding = only(bus_of([800.0, 700.0]))
    # 2 x 1.5 x 1 MVA / (sqrt 3 x 0.4 kV) = 4.330 kA; 800 kW / .95 / .6928 = 1,215 A: a breaker of 1,250 A, x 1.65.
    assert finding.actual == pytest.approx(4.330, abs=1e-3)
    assert finding.limit == pytest.approx(1.65 * 1.25)
    assert finding.kept
    assert "1250 A before B01-POD-0" in finding.text


def test_a_load_beyond_one_way_takes_several():
    # 1,200 kW: 1,823 A, two ways of 912 A: breakers of 1,000 A.
    assert only(bus_of([1200.0, 500.0])).limit == pytest.approx(1.65)


def test_what_may_be_lost_gives_nothing():
    # Two of three are left: the same 4.330 kA; at N+2 one, 2.165 kA.
    assert only(bus_of([800.0, 700.0], "N+1", 3)).actual == pytest.approx(4.330, abs=1e-3)
    assert only(bus_of([800.0, 700.0], "N+2", 3)).actual == pytest.approx(2.165, abs=1e-3)


@pytest.mark.parametrize(("frac", "kept"), [(0.71, False), (0.72, True)])
def test_limit_is_where_the_arithmetic_says(frac, kept):
    # 2.0625 kA are 0.7144 of the rated 2.887 kA.
    assert only(bus_of([800.0, 700.0], frac=frac)).kept is kept


def test_a_pod_alone_is_no_case_and_half_a_bus_is():
    assert trip_current.check(bus_of([800.0], modules=1)) == ()
    assert not only(bus_of([800.0, 10.0], modules=1, rating_kw=820.0)).kept


def test_inverters_that_say_nothing_give_nothing():
    silent = damaged(bus_of([800.0, 700.0]), lambda t: module(t, "UPS-X")["electrical"].update(fault_current_frac=None))
    finding = only(silent)
    assert not finding.kept
    assert finding.actual == 0


def test_plans_made_before_the_figures_have_no_findings():
    assert trip_current.check(systems_plan("N", [(800.0, "A")] * 2, "A", modules=2)) == ()


@pytest.mark.parametrize("name", WHOLE)
def test_stored_layouts_are_kept(name):
    findings = trip_current.check(stored(name))
    assert findings
    assert all(f.kept for f in findings)


DAMAGES = {
    "inverters that hardly overload": lambda t: module(t, "PWM-1500")["electrical"].update(fault_current_frac=0.2),
    "inverters without a figure": lambda t: module(t, "PWM-1500")["electrical"].update(fault_current_frac=None),
    "releases that need ten times": lambda t: t["basis"]["short_circuit"].update(trip_frac=11.0),
    "one breaker for a whole pod": lambda t: t["basis"]["short_circuit"].update(outgoing_max_a=6300.0, trip_frac=5.0),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_refused_by_this_rule_alone(name):
    found = broken(audit(with_digest(damaged(stored("training-20mw"), DAMAGES[name]))))
    assert {f.rule for f in found} == {"trip_current"}


def test_two_equal_pods_never_ask_for_more_than_full_inverters_give():
    """Why the sizing need not know: half a bus, in the next larger breaker, is tripped by what carries the whole."""
    for kw in range(20, 2200, 7):
        for pods in (2, 3, 5):
            finding = only(bus_of([float(kw)] * pods, modules=1, rating_kw=float(kw * pods)))
            assert finding.kept, (kw, pods)
