"""What rides on UPS storage until sets carry it or computers have stopped: by hand, damaged, and the solver's side."""

import math

import pytest
from build import BASIS, MODULES, UPS, a_brief, a_catalog
from damage import damaged, module
from test_columns import block_alone
from today import WHOLE, stored, with_digest
from wired import hand_wired_plan

from prefab.audit import audit, broken
from prefab.basis import RideThroughBasis
from prefab.catalog import load_catalog
from prefab.columns import make_columns
from prefab.errors import Impossible
from prefab.refusals import refused_modules
from prefab.rules import HOOKS, ups_autonomy, ups_ride_through
from prefab.rules.walk import walk
from prefab.sizing import make_sized
from prefab.solver import QUICK

RIDE = RideThroughBasis(start_retry_s=45.0, orderly_stop_s=100.0, loop_rise_k=10.0)
TODAY = BASIS.model_copy(update={"ride_through": RIDE})
WINDOW = 0.8 * 0.8 * 0.96
"""Of the made-up UPS: window of charge, end of life, inverter."""


def by_hand(energy_kwh=150.0, walk_in_s=10.0, **more):
    """One block behind two sets that start in 15 s."""

    def state(tree):
        module(tree, "UPS-800")["ups_battery"]["energy_kwh"] = energy_kwh
        module(tree, "UPS-800")["electrical"] = {"fault_current_frac": 1.5, "walk_in_s": walk_in_s}

    return damaged(hand_wired_plan(**more), state).model_copy(update={"basis": TODAY})


def found(plan):
    """The tightest battery: every one that is too small is told."""
    return min(ups_ride_through.check(plan), key=lambda f: f.headroom_frac)


def worst_kw(plan):
    return max(kw for tag, kw in walk(plan, 0).load_kw.items() if "UPS" in tag)


def without_sets(tree):
    tree["connected"]["equipment"] = [e for e in tree["connected"]["equipment"] if e["sku"] != "GEN-2000"]


def test_figures_are_those_of_hand_arithmetic():
    """Id S18: power times the time until the set carries it, the retries among it."""
    plan = by_hand()
    finding, kw = found(plan), worst_kw(plan)
    # One of three UPS is lost: half of 1,130 kW. 15 s, 45 s more for the second try, half of 10 s of walk-in.
    assert kw == pytest.approx(1130.18 / 2, abs=0.1)
    assert finding.limit == pytest.approx(kw * (15 + 45 + 5) / 3600)
    assert finding.actual == pytest.approx(150 * WINDOW)
    assert finding.kept
    assert "GEN-2000" not in finding.text
    assert "GEN-0" in finding.text
    assert finding.where.startswith("phase One, B01-UPS-")


@pytest.mark.parametrize(("share", "kept"), [(0.999, False), (1.001, True)])
@pytest.mark.parametrize("walk_in_s", [0.0, 10.0, 40.0])
def test_a_battery_is_enough_or_too_small(share, kept, walk_in_s):
    plan = by_hand(walk_in_s=walk_in_s)
    just_kwh = worst_kw(plan) * (60 + walk_in_s / 2) / 3600 / WINDOW
    assert found(by_hand(just_kwh * share, walk_in_s)).kept is kept


@pytest.mark.parametrize("field", ["soc_max_frac", "end_of_life_frac", "inverter_efficiency_frac"])
def test_window_end_of_life_and_inverter_count(field):
    plan = by_hand(worst_kw(by_hand()) * 65.1 / 3600 / WINDOW)
    assert found(plan).kept
    assert not found(damaged(plan, lambda t: _times(module(t, "UPS-800")["ups_battery"], field))).kept


def _times(battery, field):
    battery[field] *= 0.99


def test_the_slowest_set_counts():
    slow = damaged(by_hand(), lambda t: module(t, "GEN-2000")["engine"].update(start_s=200.0))
    assert found(slow).limit == pytest.approx(worst_kw(slow) * (200 + 45 + 5) / 3600)


@pytest.mark.parametrize(("share", "kept"), [(0.999, False), (1.001, True)])
def test_without_sets_it_outlasts_the_orderly_stop(share, kept):
    plan = damaged(by_hand(), without_sets)
    assert found(plan).limit == pytest.approx(worst_kw(plan) * 100 / 3600)
    less = damaged(by_hand(worst_kw(plan) * 100 / 3600 / WINDOW * share), without_sets)
    assert found(less).kept is kept


@pytest.mark.parametrize(("kwh", "kept"), [(0.999, False), (1.001, True)])
def test_a_rotary_ups_waits_for_its_own_engine(kwh, kept):
    def rotary(tree):
        engine = {**module(tree, "GEN-2000")["engine"], "start_s": 12.0}
        module(tree, "UPS-800")["engine"] = engine

    plan = damaged(by_hand(), rotary)
    assert found(plan).limit == pytest.approx(worst_kw(plan) * 12 / 3600)
    assert found(damaged(by_hand(worst_kw(plan) * 12 / 3600 / WINDOW * kwh), rotary)).kept is kept


def test_what_nobody_asks_is_not_checked():
    assert ups_ride_through.check(by_hand(autonomy={"ups_min": 0.0})) == ()
    assert ups_ride_through.check(hand_wired_plan()) == ()
    bare = damaged(by_hand(), lambda t: module(t, "UPS-800").update(ups_battery=None))
    assert not found(bare).kept


@pytest.mark.parametrize("name", WHOLE)
def test_stored_layouts_are_kept(name):
    findings = ups_ride_through.check(stored(name))
    assert findings
    assert [f for f in findings if not f.kept] == []


DAMAGES = {
    "sets that crank for minutes more": lambda t: t["basis"]["ride_through"].update(start_retry_s=1200.0),
    "a walk-in of minutes": lambda t: module(t, "PWM-1500")["electrical"].update(walk_in_s=2400.0),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_refused_by_this_rule(name):
    """Where the UPS hold as long as they were asked to, and sets come later than that."""
    spoilt = broken(audit(with_digest(damaged(stored("training-20mw"), DAMAGES[name]))))
    assert "ups_ride_through" in {f.rule for f in spoilt}
    assert "ups_autonomy" not in {f.rule for f in spoilt}


def test_words():
    assert "second try" in ups_ride_through.explain(a_brief())
    assert "stopped" in ups_ride_through.explain(a_brief(autonomy={"generator_h": 0.0}))


# the solver's side ---------------------------------------------------------------------------------------------------


def refusals(minutes, **more):
    brief = a_brief(autonomy={"ups_min": minutes, **more})
    refused = refused_modules(brief, a_catalog(basis=TODAY), (ups_ride_through.shape,))
    return {r.sku: r.reason for r in refused}


@pytest.mark.parametrize(("minutes", "lets"), [(64.9 / 60, False), (65.1 / 60, True), (0.0, True)])
def test_sets_that_start_too_late_are_refused_with_the_reason(minutes, lets):
    found = refusals(minutes)
    assert ("GEN-2000" in found) is not lets
    if not lets:
        assert found["GEN-2000"].startswith("carries the load 65 s after the loss of the utility")


def test_where_no_set_is_left_the_site_is_impossible_with_the_reason():
    with pytest.raises(Impossible, match=r"GEN-2000: carries the load 65 s after"):
        make_sized(a_brief(autonomy={"ups_min": 1.0}), a_catalog(basis=TODAY), QUICK)
    assert make_sized(a_brief(autonomy={"ups_min": 1.1}), a_catalog(basis=TODAY), QUICK).status == "optimal"


@pytest.mark.parametrize("minutes", [0.2, 0.5, 1.0, 1.6, 1.7, 3.0])
@pytest.mark.parametrize("energy_kwh", [6.0, 20.0, 27.0, 60.0])
def test_without_sets_what_is_bought_lasts_and_no_ups_may_go(minutes, energy_kwh):
    ups = UPS.model_copy(update={"ups_battery": UPS.ups_battery.model_copy(update={"energy_kwh": energy_kwh})})
    modules = tuple(ups if m.sku == UPS.sku else m for m in MODULES)
    brief = a_brief(autonomy={"ups_min": minutes, "generator_h": 0.0})
    columns = make_columns(brief, a_catalog(modules, basis=TODAY), HOOKS)
    for column in columns[:1]:
        plan = block_alone(brief, a_catalog(modules, basis=TODAY), column)
        assert all(f.kept for f in (*ups_ride_through.check(plan), *ups_autonomy.check(plan)))
    # 1,130 kW for the longer of 100 s and the minutes asked, one UPS to spare and at most four on a bus.
    longer_s = max(100.0, minutes * 60)
    count = 1 + math.ceil(1130.2 / min(800.0, energy_kwh * WINDOW * 3600 / longer_s))
    found = {g.count for c in columns[:1] for g in c.groups if g.carrier == "critical_ac"}
    assert found == ({count} if count <= 4 else set())


@pytest.mark.parametrize("sku", ["GEN-3000", "GAS-2000", "GAS-4300", "GAS-18000"])
def test_a_set_that_the_catalog_s_ups_cannot_wait_for_says_so(sku):
    catalog, brief = load_catalog(), stored("training-20mw").brief
    fuel = catalog.module(sku).engine.fuel
    lets = set()
    for minutes in (1.0, 1.1, 3.0, 4.0, 6.0):
        asked = brief.autonomy.model_copy(update={"ups_min": minutes, "fuel": fuel})
        refused = refused_modules(brief.model_copy(update={"autonomy": asked}), catalog, (ups_ride_through.shape,))
        if sku not in {r.sku for r in refused}:
            lets.add(minutes)
    start_s = catalog.module(sku).engine.start_s
    assert lets == {m for m in (1.0, 1.1, 3.0, 4.0, 6.0) if start_s + 45 + 5 <= m * 60}
