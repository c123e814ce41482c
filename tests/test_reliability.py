"""Availability of whole plans whose feeds and failure rates are written by hand, against arithmetic in the comments."""

from itertools import combinations
from math import prod

import pytest
from build import MODULES, a_module
from hypothesis import given, settings
from hypothesis import strategies as st
from wired import hand_wired_plan

from prefab.availability import text_of
from prefab.basis import AvailabilityBasis
from prefab.errors import InputError
from prefab.plan import GRID, Connected, Equipment, Feed
from prefab.product import Reliability
from prefab.reliability import WHOLE, make_reliability, mttr_without_spare_h
from prefab.rules.network import UTILITIES, Network

# Every module and the utility are down 1 % of the time; a tenth of that is common to redundant ones.
U, BETA = 0.01, 0.1
TIMES = Reliability(mtbf_h=990, mttr_h=10)
AVAILABILITY = AvailabilityBasis(common_cause_frac=BETA, utility_mtbf_h=99, utility_mttr_h=1)
# One of two: 0.1 x 0.01 + (0.9 x 0.01)^2
ONE_OF_TWO = 1 - 0.001081
# Two of three, q = 0.009: 0.001 + 3 q^2 (1 - q) + q^3
TWO_OF_THREE = 1 - 0.001 - 3 * 0.009**2 * 0.991 - 0.009**3


def rated(plan, beta=BETA, times=TIMES, without=()):
    modules = tuple(m.model_copy(update={"reliability": None if m.sku in without else times}) for m in plan.modules)
    basis = plan.basis.model_copy(update={"availability": AVAILABILITY.model_copy(update={"common_cause_frac": beta})})
    return plan.model_copy(update={"modules": modules, "basis": basis})


def rewired(plan, drop=(), add=(), feeds=None, modules=()):
    """Without some equipment, with more of it, and with the feeds that `feeds` makes of each feed."""
    equipment = tuple(e for e in plan.connected.equipment if e.tag not in drop) + tuple(add)
    kept = []
    for feed in plan.connected.feeds:
        left = tuple(s for s in feed.suppliers if s not in drop)
        if feed.consumer not in drop and left:
            feed = feed.model_copy(update={"suppliers": left})
            kept += [feed] if feeds is None else feeds(feed)
    update = {"connected": Connected(equipment=equipment, feeds=tuple(kept)), "modules": (*plan.modules, *modules)}
    return plan.model_copy(update=update)


def subsystems(plan, block=1):
    return {s.subsystem: s for s in make_reliability(plan) if s.block == block}


def groups(plan, subsystem=WHOLE):
    return {g.name: g for g in subsystems(plan)[subsystem].groups if "facility_water" not in g.name}


def test_spares_by_hand():
    """N+1 with common cause, transformers in series with their UPS, two sides that share, and two to transfer."""
    found = groups(rated(hand_wired_plan()))
    # Two of three UPS, each with a transformer of its own: U1 = 1 - 0.99^2 = 0.0199, q = 0.9 U1 = 0.01791.
    q = 0.01791
    assert found["B01 critical_ac"].availability_frac == pytest.approx(1 - 0.00199 - 3 * q**2 + 2 * q**3, abs=1e-12)
    assert found["B01 critical_ac"].within == ("TRF-1000",)
    assert [(s.needed, s.count) for s in found["B01 critical_ac"].sides] == [(2, 3)]
    assert found["B01 coolant"].availability_frac == pytest.approx(TWO_OF_THREE, abs=1e-12)
    assert found["B01 air_cooling"].availability_frac == pytest.approx(TWO_OF_THREE, abs=1e-12)
    assert found["B01 control"].availability_frac == pytest.approx(ONE_OF_TWO, abs=1e-12)
    assert found["B01 lv_ac"].availability_frac == pytest.approx(ONE_OF_TWO, abs=1e-12)
    assert found["site mv_ac"].availability_frac == pytest.approx(ONE_OF_TWO, abs=1e-12)


def test_standby_by_hand():
    """The utility or one of two sets on one tank; common to both ways: a tenth of what the better of them loses."""
    (group,) = (g for name, g in groups(rated(hand_wired_plan())).items() if "utility" in name)
    sets = ONE_OF_TWO * 0.99
    common = BETA * min(U, 1 - sets)
    assert group.availability_frac == pytest.approx(1 - common - (U - common) * (1 - sets - common), abs=1e-12)
    assert group.within == ("FTK-030",)
    assert {(s.skus, s.needed, s.count) for s in group.sides} == {((GRID,), 1, 1), (("GEN-2000",), 1, 2)}


def test_subsystems_are_series_of_all_they_need_upstream():
    found = subsystems(rated(hand_wired_plan()))
    assert set(found) == {"power", "cooling", "control", WHOLE}
    for subsystem in found.values():
        assert subsystem.availability_frac == pytest.approx(prod(g.availability_frac for g in subsystem.groups))
        assert subsystem.greatest.availability_frac == min(g.availability_frac for g in subsystem.groups)
        assert subsystem.downtime_h == pytest.approx(8760 * (1 - subsystem.availability_frac))
        assert (subsystem.common_cause_frac, subsystem.unrated) == (BETA, ())
    assert {g.name for g in found["power"].groups} == {"B01 critical_ac", "B01 lv_ac", "site mv_ac", "site utility_mv"}
    assert {g.name for g in found["control"].groups} == {"B01 control", *(g.name for g in found["power"].groups)} - {
        "B01 lv_ac"
    }
    # Two loops of pumps and of coolers, air units, CDUs; they need control and power, and nothing counts twice.
    names = [g.name for g in found["cooling"].groups]
    assert names.count("B01 facility_water") == names.count("B01 heat_rejection") == 2
    assert len(names) == 11
    assert sorted(names) == sorted(g.name for g in found[WHOLE].groups)


def test_without_a_spare_nothing_is_common():
    plan = rewired(hand_wired_plan(), drop=("B01-UPS-03", "B01-TRF-03", "MVS-B1"))
    found = groups(rated(plan))
    assert found["B01 critical_ac"].availability_frac == pytest.approx(0.9801**2, abs=1e-12)
    assert found["site mv_ac"].availability_frac == pytest.approx(0.99, abs=1e-12)


def two_systems():
    """Two UPS a side, each side with room for everything: each pod and motor draws half from each."""
    plan = hand_wired_plan()
    ups = next(e for e in plan.connected.equipment if e.tag == "B01-UPS-01")
    trf = next(e for e in plan.connected.equipment if e.tag == "B01-TRF-01")
    more = (ups.model_copy(update={"tag": "B01-UPS-04"}), trf.model_copy(update={"tag": "B01-TRF-04"}))

    def both(feed):
        if feed.consumer == "B01-UPS-03":
            last = [Feed(consumer="B01-UPS-04", carrier="lv_ac", side="A", suppliers=("B01-TRF-04",))]
            return [feed, *last]
        if feed.consumer == "B01-TRF-03":
            return [feed, feed.model_copy(update={"consumer": "B01-TRF-04"})]
        if feed.carrier != "critical_ac":
            return [feed]
        sides = (("A", ("B01-UPS-01", "B01-UPS-02")), ("B", ("B01-UPS-03", "B01-UPS-04")))
        return [feed.model_copy(update={"side": side, "suppliers": tags}) for side, tags in sides]

    return rewired(plan, add=more, feeds=both)


def test_two_systems_by_hand():
    """2N of two modules a side: one side carries all with both, or each side carries its half with one."""
    group = groups(rated(two_systems()))["B01 critical_ac"]
    q = 0.01791
    p = 1 - q
    served = 1 - (1 - p**2) ** 2 + (2 * p * q) ** 2
    assert group.availability_frac == pytest.approx(served - 0.00199, abs=1e-12)
    assert [(s.needed, s.count) for s in group.sides] == [(2, 2), (2, 2)]
    assert group.sides_needed == 1


def lost_together(plan):
    """Pairs of modules, or of one and the utility, without which the pod starves or somebody is overloaded."""
    network = Network(plan, 0)

    def fails(*lost):
        alive = network.alive(frozenset(lost), network.order, UTILITIES)
        flow = network.flow(network.order, alive, {})
        over = [t for t, kw in flow.items() if t in network.equipment and kw > network.capacity[t] * 1.000001]
        return "B01-POD-01" not in alive or any(network.module(t).it is None for t in over)

    tags = [t for t in (*network.order, GRID) if t != "B01-POD-01"]
    assert not [t for t in tags if fails(t)]
    return sum(fails(*pair) for pair in combinations(tags, 2))


@pytest.mark.parametrize("make", [hand_wired_plan, two_systems])
def test_rare_failures_come_in_as_many_pairs_as_taking_two_away_finds(make):
    """Without a common cause and with U small: U^2 for every pair whose loss the site does not survive."""
    small = 1e-5
    plan = rated(make(), beta=0.0, times=Reliability(mtbf_h=1 / small - 1, mttr_h=1))
    utility = AvailabilityBasis(common_cause_frac=0.0, utility_mtbf_h=1 / small - 1, utility_mttr_h=1)
    plan = plan.model_copy(update={"basis": plan.basis.model_copy(update={"availability": utility})})
    down = 1 - subsystems(plan)[WHOLE].availability_frac
    assert down / small**2 == pytest.approx(lost_together(plan), abs=0.1)


def test_what_serves_one_side_only_is_in_series_with_it():
    """A transformer between the utility and the switchgear: the sets still take over when either is gone."""
    mtr = a_module(
        "MTR-40",
        "main_transformer",
        gives=[{"carrier": "utility_mv", "capacity_kva": 40_000}],
        needs=[{"carrier": "hv_ac", "connection": "transfer", "through": True}],
    )

    def through(feed):
        if feed.suppliers != (GRID,):
            return [feed]
        up = Feed(consumer="MTR-01", carrier="hv_ac", side="A", suppliers=(GRID,))
        below = feed.model_copy(update={"suppliers": ("MTR-01",)})
        return [below, up] if feed.consumer == "MVS-A1" else [below]

    transformer = Equipment(tag="MTR-01", sku="MTR-40", block=0, phase=0, carrier="utility_mv")
    plan = rewired(hand_wired_plan(), add=(transformer,), feeds=through, modules=(mtr,))
    found = groups(rated(plan))
    assert not [name for name in found if "hv_ac" in name]
    group = found["site utility_mv"]
    assert group.within == ("FTK-030", "GRID")
    sets, grid = ONE_OF_TWO * 0.99, 0.99**2
    common = BETA * (1 - max(sets, grid))
    assert group.availability_frac == pytest.approx(1 - common - (1 - grid - common) * (1 - sets - common), abs=1e-12)


def test_ordered_anew_takes_the_lead_time():
    plan = rated(hand_wired_plan())
    # 20 weeks are 3,360 h: 990 / 4,350; transfer between two: beta U1 + ((1 - beta) U1)^2.
    down = 3360 / 4350
    assert mttr_without_spare_h(plan.module("MVS-10")) == 3360
    assert groups(plan)["site mv_ac"].ordered_frac == pytest.approx(1 - BETA * down - (0.9 * down) ** 2)
    transformer = next(m for m in MODULES if m.sku == "TRF-1000")
    late = transformer.deployment.model_copy(update={"lead_weeks": 128})
    assert mttr_without_spare_h(transformer.model_copy(update={"deployment": late})) == 21_504, "T17"


def test_modules_without_times_are_named_and_count_as_always_up():
    plan = rated(hand_wired_plan(), without=("MVS-10", "CTL-20"))
    found = subsystems(plan)
    assert found[WHOLE].unrated == ("CTL-20", "MVS-10")
    assert found["power"].unrated == ("MVS-10",)
    assert groups(plan)["site mv_ac"].availability_frac == 1.0


def test_every_block_is_reported_and_the_site_is_shared():
    found = make_reliability(rated(hand_wired_plan(blocks=2)))
    assert [(s.block, s.subsystem) for s in found] == [
        (block, name) for block in (1, 2) for name in ("control", "cooling", "power", WHOLE)
    ]
    first, second = (s.groups for s in found if s.subsystem == WHOLE)
    assert {g.tags for g in first if g.name.startswith("site")} == {g.tags for g in second if g.name.startswith("site")}
    # Three sets for two blocks of about 1.3 MW: two of 2 MW are needed.
    (utility,) = (g for g in first if g.name == "site utility_mv")
    assert ("GEN-2000",) in {s.skus for s in utility.sides if (s.needed, s.count) == (2, 3)}


@settings(max_examples=20)
@given(less=st.floats(0, 1), more=st.floats(0, 1))
def test_common_cause_never_helps_pairs_and_the_plant_is_worth_a_unit_when_all_is_common(less, more):
    less, more = sorted((less, more))
    better, worse = (groups(rated(hand_wired_plan(), beta=beta)) for beta in (less, more))
    for name in ("site mv_ac", "B01 control", "B01 lv_ac"):
        assert worse[name].availability_frac <= better[name].availability_frac + 1e-12
    assert groups(rated(hand_wired_plan(), beta=1.0))["B01 coolant"].availability_frac == pytest.approx(0.99)


def test_longer_repairs_never_help():
    quick, slow = (
        subsystems(rated(hand_wired_plan(), times=Reliability(mtbf_h=990, mttr_h=hours))) for hours in (5, 50)
    )
    assert all(slow[name].availability_frac < quick[name].availability_frac for name in quick)


def test_a_need_that_nothing_feeds():
    def cut(feed):
        return [] if (feed.consumer, feed.carrier) == ("B01-POD-01", "coolant") else [feed]

    found = subsystems(rated(rewired(hand_wired_plan(), feeds=cut)))
    assert found["cooling"].availability_frac == 0.0
    assert found["cooling"].greatest.name == "not fed: pod"
    assert text_of(found["cooling"].greatest) == "not fed: pod: no feed: 8.8e+03 h a year"
    assert found["power"].availability_frac > 0.99


def test_one_dead_module_is_one_less():
    def cut(feed):
        return [] if (feed.consumer, feed.carrier) == ("B01-CDU-02", "facility_water") else [feed]

    group = groups(rated(rewired(hand_wired_plan(), feeds=cut), beta=0.0))["B01 coolant"]
    assert group.availability_frac == pytest.approx(0.99**2)


def test_feeds_that_name_nothing_that_stands():
    def ghost(feed):
        wrong = feed.consumer == "B01-POD-01" and feed.carrier == "control" and feed.side == "A"
        return [feed.model_copy(update={"suppliers": ("NOWHERE",)})] if wrong else [feed]

    group = groups(rated(rewired(hand_wired_plan(), feeds=ghost)))["B01 control"]
    assert group.availability_frac == pytest.approx(ONE_OF_TWO)


def test_too_little_for_the_normal_load_is_never_up():
    plan = rewired(hand_wired_plan(), drop=("B01-CDU-02", "B01-CDU-03"))
    assert groups(rated(plan))["B01 coolant"].availability_frac == 0.0


def test_refusals():
    plan = hand_wired_plan()
    with pytest.raises(InputError, match=r"basis\.availability: missing"):
        make_reliability(plan.model_copy(update={"basis": plan.basis.model_copy(update={"availability": None})}))
    with pytest.raises(InputError, match="connected: missing"):
        make_reliability(rated(plan).model_copy(update={"connected": None}))


def test_the_smallest_layout(edge_plan, catalog):
    found = subsystems(edge_plan.model_copy(update={"basis": catalog.basis}))
    assert set(found) >= {"power", "cooling", "control", "network", WHOLE}
    assert all(s.unrated == () for s in found.values())
    # Between a day and five minutes a year, and cooling never better than the power it needs.
    assert all(1 - 24 / 8760 < s.availability_frac < 1 - 0.1 / 8760 for s in found.values())
    assert found["cooling"].availability_frac < found["power"].availability_frac
    assert found[WHOLE].availability_frac == min(s.availability_frac for s in found.values())
    assert all(text_of(g) for g in found[WHOLE].groups)
