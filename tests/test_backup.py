"""What generating sets carry of each IT demand: computers and their cooling, only what cools them, or nothing."""

from itertools import pairwise
from types import SimpleNamespace

import pytest
from build import BASIS, a_brief
from damage import damaged, module
from rules.test_cooling_continuity import buffered
from test_reliability import rated
from wired import hand_wired_plan, with_two_demands

from prefab.basis import RideThroughBasis
from prefab.brief import SiteBrief
from prefab.conflict import wishes_of, without
from prefab.documents.drawing import Label
from prefab.documents.one_line import make_one_line
from prefab.documents.pdf_summary import _standby
from prefab.errors import InputError
from prefab.reliability import WHOLE, make_reliability
from prefab.resilience import STANDBY, make_resilience
from prefab.rules import (
    contingencies,
    cooling_continuity,
    fuel_autonomy,
    step_load,
    ups_ride_through,
)
from prefab.rules.network import Network
from prefab.rules.twins import twins
from prefab.rules.walk import walk
from prefab.tables import validate

RIDE = RideThroughBasis(start_retry_s=45.0, orderly_stop_s=100.0, loop_rise_k=10.0)
BACKUPS = ("full", "cooling", "none")
COMPUTERS_KW = 1100 * 1.04 * (1 + 0.01 / 0.95)
"""What the computers of one block draw of the switchgear: losses of 4 % in the UPS and of 1 % of kVA before it."""


def backed(plan, *kept, **basis):
    """The plan of one or two blocks written out by hand, each block for a demand of its own."""
    it = plan.brief.it
    if it.demand:
        demand = tuple(d.model_copy(update={"backup": b}) for d, b in zip(it.demand, kept, strict=True))
        it = it.model_copy(update={"demand": demand})
    else:
        it = it.model_copy(update={"backup": kept[0]})
    update = {"brief": plan.brief.model_copy(update={"it": it}), "basis": plan.basis.model_copy(update=basis)}
    return plan.model_copy(update=update)


def two(*kept, **basis):
    return backed(with_two_demands(hand_wired_plan(2)), *kept, **basis)


def on_sets_kw(plan, phase=1):
    return sum(kw for tag, kw in walk(plan, phase).island_kw.items() if tag.startswith("GEN"))


def broken_sets(plan):
    return [f for f in contingencies.check(plan) if not f.kept and "GEN" in f.where]


# the brief -----------------------------------------------------------------------------------------------------------


def test_every_demand_says_what_of_it_sets_carry():
    assert a_brief().it.demands[0].backup == "full"
    assert a_brief(it={"backup": "none"}).it.demands[0].backup == "none"
    demand = [{"name": n, "workload": "chat", "backup": b} for n, b in (("ask", "full"), ("learn", "cooling"))]
    phases = [{**PHASE, "split": [{"demand": d["name"], "it_mw": 0.5} for d in demand]}]
    brief = a_brief_of(demand, phases)
    assert [d.backup for d in brief.it.demands] == ["full", "cooling"]
    assert brief.it.said_of_backup() == "ask: in full, learn: only what cools it"
    assert a_brief().it.said_of_backup() == ""
    assert read_back(brief) == brief
    assert "backup" not in a_brief().model_dump(mode="json")["it"]


PHASE = {"name": "One", "it_mw": 1.0, "energised_by": "2029-12-31"}


def a_brief_of(demand, phases, backup=None):
    tree = a_brief().model_dump(mode="json")
    tree |= {"it": {"demand": demand} | ({"backup": backup} if backup else {}), "phases": phases}
    return validate(tree, SiteBrief, "brief")


def read_back(brief):
    return SiteBrief.model_validate_json(brief.model_dump_json())


def test_what_contradicts_is_refused():
    with pytest.raises(InputError, match=r'"cooling" asks for generating sets; set autonomy\.generator_h'):
        a_brief(it={"backup": "cooling"}, autonomy={"generator_h": 0.0})
    assert a_brief(it={"backup": "none"}, autonomy={"generator_h": 0.0})
    with pytest.raises(InputError, match="backup"):
        a_brief(it={"backup": "half"})
    demand = [{"name": n, "workload": "chat"} for n in ("ask", "learn")]
    phases = [{**PHASE, "split": [{"demand": d["name"], "it_mw": 0.5} for d in demand]}]
    with pytest.raises(InputError, match=r"give it in each \[\[it\.demand\]\]"):
        a_brief_of(demand, phases, "none")


def test_giving_it_up_is_a_wish_only_where_there_are_sets():
    assert "it.backup" in {w.field for w in wishes_of(a_brief())}
    brief = two("full", "cooling").brief
    (wish,) = (w for w in wishes_of(brief) if w.field == "it.backup")
    assert {d.backup for d in without(brief, [wish]).it.demands} == {"none"}
    assert "it.backup" not in {w.field for w in wishes_of(a_brief(autonomy={"generator_h": 0.0}))}


# the checks ----------------------------------------------------------------------------------------------------------


def test_sets_carry_what_the_brief_asks_of_each_block():
    asked = (("full", "full"), ("full", "none"), ("full", "cooling"), ("none", "none"))
    full, ask, cooled, alone = (on_sets_kw(two(*kept)) for kept in asked)
    assert full == pytest.approx(2 * ask)
    assert cooled == pytest.approx(full - COMPUTERS_KW)
    assert alone == pytest.approx(0, abs=1e-6)
    assert on_sets_kw(two("cooling", "cooling")) == pytest.approx(full - 2 * COMPUTERS_KW)


def test_equal_blocks_are_told_apart_by_what_sets_carry():
    assert twins(Network(two("full", "full"), 1))[2] == 1
    assert twins(Network(two("full", "cooling"), 1))[2] == 2


@pytest.mark.parametrize("kept", [("full", "full"), ("full", "cooling"), ("none", "full"), ("cooling", "none")])
@pytest.mark.parametrize(("share", "enough"), [(0.999, False), (1.001, True)])
def test_sets_that_carry_less_than_asked_are_refused(kept, share, enough):
    """One of two sets is lost in the first phase, one of three in the second."""
    just_kw = max(on_sets_kw(two(*kept), phase) / (phase + 1) for phase in (0, 1)) * share

    def smaller(tree):
        given = module(tree, "GEN-2000")["gives"][0]
        given["capacity_kw"] = just_kw

    assert (not broken_sets(damaged(two(*kept), smaller))) is enough


@pytest.mark.parametrize("kept", [("full", "full"), ("full", "cooling"), ("full", "none")])
def test_fuel_is_that_of_what_sets_carry(kept):
    plan = damaged(two(*kept), lambda t: module(t, "GEN-2000")["gives"][0].update(capacity_kw=1000.0))
    (found,) = (f for f in fuel_autonomy.check(plan) if "Two" in f.where)
    # Three sets of 1 MW: 75 L/h at a quarter of it, 125 L/h at half, above that 0.25 L/kWh.
    load = on_sets_kw(plan) / 3000
    litres_per_h = 250 * load if load >= 0.5 else 75 + (load - 0.25) * 200
    assert found.limit == pytest.approx(3 * litres_per_h * 24 * 1.1)
    assert load == pytest.approx({"full": 0.836, "cooling": 0.451, "none": 0.418}[kept[1]], abs=0.001)


def test_nothing_carried_burns_nothing_and_is_kept():
    assert all(f.kept for f in fuel_autonomy.check(two("none", "none")))


def test_what_sets_do_not_carry_is_no_step_for_them():
    def states(tree):
        module(tree, "GEN-2000")["electrical"] = {"step_load_frac": 0.02}
        module(tree, "UPS-800")["electrical"] = {"fault_current_frac": 1.5, "walk_in_s": 10.0}

    seconds = []
    for kept in (("full", "full"), ("full", "cooling"), ("full", "none"), ("none", "none")):
        plan = damaged(two(*kept), states)
        plan = plan.model_copy(update={"basis": BASIS.model_copy(update={"step_settle_s": 5.0})})
        seconds += [f.actual for f in step_load.check(plan) if f.unit == "s" and "Two" in f.where]
    assert all(a > b for a, b in pairwise(seconds)), seconds


@pytest.mark.parametrize(("kept", "seconds"), [("full", 60.0), ("cooling", 100.0), ("none", 100.0)])
def test_ups_carry_computers_until_sets_do_or_they_have_stopped(kept, seconds):
    plan = backed(hand_wired_plan(), kept, ride_through=RIDE)
    (finding,) = ups_ride_through.check(plan)
    load_kw = max(kw for tag, kw in walk(plan, 0).load_kw.items() if "UPS" in tag)
    assert finding.limit == pytest.approx(load_kw * seconds / 3600)
    late = backed(hand_wired_plan(), kept, ride_through=RIDE.model_copy(update={"start_retry_s": 200.0}))
    (finding,) = ups_ride_through.check(late)
    assert finding.limit == pytest.approx(load_kw * (100.0 if kept == "none" else 215.0) / 3600)


@pytest.mark.parametrize(("kept", "asked_s"), [("full", {100, 200}), ("cooling", {100, 150}), ("none", {150})])
def test_heat_ends_with_the_computers(kept, asked_s):
    """Sets carry load after 60 s; from then on dry coolers take 40 s and chillers 140 s. Computers stop in 150 s."""
    plan = backed(buffered(), kept, ride_through=RIDE.model_copy(update={"orderly_stop_s": 150.0}))
    assert waits_s(plan) == asked_s
    assert waits_s(damaged(plan, without_sets)) == {150 + 40, 150 + 140}
    tightest = next(f for f in cooling_continuity.check(plan) if f.unit == "s")
    assert tightest.limit in asked_s


def waits_s(plan):
    network = Network(plan, 0)
    return {network.without_cooling_s(tag) for tag, e in network.equipment.items() if e.carrier == "heat_rejection"}


def without_sets(tree):
    tree["connected"]["equipment"] = [e for e in tree["connected"]["equipment"] if e["sku"] != "GEN-2000"]


def test_utility_losses_strike_those_that_sets_do_not_carry():
    down = {
        kept: {s.subsystem: s.downtime_h for s in make_reliability(rated(backed(hand_wired_plan(), kept)))}
        for kept in BACKUPS
    }
    # The utility is away 1 % of the time, 87.6 h a year.
    assert down["full"][WHOLE] < down["cooling"][WHOLE] < down["full"][WHOLE] + 90
    assert down["full"]["power"] + 70 < down["cooling"]["power"] < down["full"]["power"] + 88
    assert down["cooling"]["cooling"] == down["full"]["cooling"]
    assert down["none"]["cooling"] > down["full"]["cooling"] + 70
    of_blocks = {s.block: s.downtime_h for s in make_reliability(rated(two("full", "none"))) if s.subsystem == WHOLE}
    assert of_blocks[2] > of_blocks[1] + 70
    alone = make_reliability(rated(two("full", "full")))
    assert of_blocks[1] == pytest.approx(next(s.downtime_h for s in alone if s.subsystem == WHOLE), rel=0.05)


def test_a_site_whose_computers_stop_tolerates_no_loss_of_the_utility():
    assert all("stop with the utility" not in s.not_tolerant for s in make_resilience(two("full", "full")))
    (standby,) = (s for s in make_resilience(two("full", "cooling")) if s.subsystem == STANDBY)
    assert not standby.modules_redundant
    assert "computers of learn stop with the utility" in standby.not_tolerant


def test_words():
    brief = two("full", "cooling").brief
    assert "learn: only what cools it" in fuel_autonomy.explain(brief)
    assert "learn: only what cools it" in contingencies.explain(brief)
    assert "the whole site" in fuel_autonomy.explain(a_brief())


def test_documents_say_what_sets_carry():
    said = _standby(SimpleNamespace(plan=two("full", "cooling")))
    assert said == "fuel for 24 h at the load that they carry; carried of ask: in full, learn: only what cools it"
    assert _standby(SimpleNamespace(plan=two("full", "full"))) == "fuel for 24 h at the design load"
    texts = [s.text for s in make_one_line(two("full", "cooling")).shapes if isinstance(s, Label)]
    assert "Only cooling carried of: learn" in texts
    assert not [t for t in texts if t.startswith("Not carried")]
    assert not [s.text for s in make_one_line(two("full", "full")).shapes if "arried of" in getattr(s, "text", "")]
