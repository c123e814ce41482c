"""Fault levels on plans wired by hand, on stored and on damaged layouts, and the solver's side against the check."""

import math
from itertools import product

import pytest
from build import BASIS, a_brief
from damage import damaged, module
from faulted import by_hand, current_ka, in_parallel, refused
from today import WHOLE, stored, with_digest
from two_sided import Tally
from wired import hand_wired_plan

from prefab.audit import audit, broken
from prefab.basis import ShortCircuitBasis, UtilityFault
from prefab.catalog import load_catalog
from prefab.connecting import make_connected
from prefab.design import make_plan
from prefab.errors import Impossible
from prefab.plan import GRID
from prefab.rules import fault_level
from prefab.rules.network import Network
from prefab.sizing import make_sized
from prefab.solver import QUICK

UTILITY = ShortCircuitBasis(
    r_over_x=0.1,
    utility=(UtilityFault(voltage_max_kv=36.0, largest_ka=16.0),),
    outgoing_max_a=1600.0,
    trip_frac=1.65,
)


def test_currents_are_those_of_hand_arithmetic():
    plan = by_hand()
    # The utility alone: 500 MVA / (sqrt 3 x 20 kV) = 14.43 kA, at the connection and in the switchgear behind it.
    assert current_ka(plan, "utility", GRID) == pytest.approx(14.434, abs=1e-3)
    assert current_ka(plan, "utility", "MVS-A1") == pytest.approx(14.434, abs=1e-3)
    # One of 1 MVA at 400 V, in 1/MVA: grid 1.1/500 = 0.0022 (R/X 0.1); x = sqrt(.06^2 - .01^2) = .05916,
    # KT = .95 x 1.05 / (1 + .6 x .05916) = .96331; r = .00022 + .00963, x = .00219 + .05699; |z| = .05999;
    # 1.05 / .05999 = 17.50 MVA = 25.26 kA.
    assert current_ka(plan, "utility", "B01-TRF-01") == pytest.approx(25.26, abs=0.01)
    # Three of them through three static bypasses: r = .00022 + .00321, x = .00219 + .01900; |z| = .02146; 70.61 kA.
    assert current_ka(plan, "utility", "B01-UPS-01", "B01-UPS-02", "B01-UPS-03") == pytest.approx(70.61, abs=0.02)
    # Two sets of 2.5 MVA: KG = 1.1 / (1 + .15 x .6) = 1.00917; z = .15 x 1.00917 x |1 + .07j| / 5 = .03035;
    # 1.1 / .03035 = 36.24 MVA = 1.046 kA.
    assert current_ka(plan, "island", "GEN-01", "GEN-02") == pytest.approx(1.046, abs=1e-3)


def test_findings_say_the_tightest_of_every_carrier_and_state():
    found = fault_level.check(by_hand())
    assert all(f.kept for f in found)
    found_ka = {(round(f.actual, 1), f.limit) for f in found}
    assert found_ka == {(14.4, 20.0), (14.4, 25.0), (25.3, 50.0), (70.6, 100.0), (1.0, 20.0)}


def test_without_bypass_the_inverters_alone_feed_a_fault():
    def cut(tree):
        module(tree, "UPS-800")["electrical"]["static_bypass"] = False

    # 3 x 1.5 x 800 kVA / (sqrt 3 x 0.4 kV) = 5.20 kA.
    plan = damaged(by_hand(), cut)
    assert current_ka(plan, "utility", "B01-UPS-01", "B01-UPS-02", "B01-UPS-03") == pytest.approx(5.196, abs=1e-3)


def test_machines_of_rotary_ups_feed_a_fault_above_them():
    def turn(tree):
        turning = {"rated_kva": 1000.0, "power_factor": 0.8, "subtransient_frac": 0.12}
        choke = {"impedance_frac": 0.2, "resistance_frac": 0.004, "static_bypass": True}
        module(tree, "UPS-800")["electrical"] = turning | choke

    plan = damaged(by_hand(), turn)
    blocks = len(Network(plan, 0).blocks) - 1
    # In 1/MVA, one of three alike: transformer .00963 + .05699j as above; choke x = sqrt(.2^2 - .004^2) = .19996,
    # KT = .9975 / (1 + .6 x .19996) = .89064, so .00356 + .17809j; machine KG = 1.05 / (1 + .12 x .6) = .97948, so
    # .01763 + .11754j. Together .03082 + .35262j, |z| = .35396: three give 3 x 1.1 / .35396 = 9.32 MVA, 0.269 kA.
    assert current_ka(plan, "utility", GRID) == pytest.approx(14.434 + 0.269 * blocks, abs=2e-3)
    # At the input of one, its own choke and machine alone would give 1.05 / |.02119 + .29563j| = 3.54 MVA, 5.1 kA.
    assert current_ka(plan, "utility", "B01-TRF-01") > 25.26 + 5.1


def test_low_voltage_of_the_brief_sets_the_current():
    plan = by_hand(restrict={"low_voltage_v": 480.0})
    assert current_ka(plan, "utility", "B01-TRF-01") == pytest.approx(25.26 * 400 / 480, abs=0.01)


@pytest.mark.parametrize(
    ("sku", "side", "limit", "where"),
    [
        ("TRF-1000", "gives", 25.2, "B01-TRF-01"),
        ("UPS-800", "gives", 70.5, "B01-UPS-01…B01-UPS-03"),
        ("MVS-10", "gives", 14.4, "MVS-A1"),
        ("MVS-10", "needs", 14.4, "GRID"),
        ("GEN-2000", "gives", 1.0, "GEN-01…GEN-02"),
    ],
)
def test_gear_below_the_fault_is_refused_where_it_stands(sku, side, limit, where):
    def weaken(tree):
        module(tree, sku)[side][0]["withstand_ka"] = limit

    def enough(tree):
        module(tree, sku)[side][0]["withstand_ka"] = limit + 0.12

    assert f"phase One, {where}" in refused(damaged(by_hand(), weaken))
    assert refused(damaged(by_hand(), enough)) == []


@pytest.mark.parametrize("sku", ["TRF-1000", "UPS-800", "GEN-2000"])
def test_a_module_that_says_nothing_is_refused(sku):
    def silence(tree):
        module(tree, sku)["electrical"] = None

    found = [f for f in fault_level.check(damaged(by_hand(), silence)) if not f.kept]
    assert any(f.text == f"{sku}: what it lets into a fault is not stated" for f in found)


def test_a_bus_whose_gear_says_nothing_is_refused():
    def silence(tree):
        module(tree, "TRF-1000")["gives"][0]["withstand_ka"] = None

    assert "phase One, B01-TRF-01" in refused(damaged(by_hand(), silence))


def test_the_utility_is_the_brief_s_or_the_design_basis_s():
    unsaid = by_hand().model_copy(update={"brief": a_brief()})
    assert [f.text for f in fault_level.check(unsaid)] == ["what the utility feeds into a fault"]
    with_basis = unsaid.model_copy(update={"basis": BASIS.model_copy(update={"short_circuit": UTILITY})})
    assert current_ka(with_basis, "utility", GRID) == pytest.approx(16.0)
    # 20 kA of the incomers is 692.8 MVA.
    assert refused(by_hand(692.0)) == []
    assert "phase One, GRID" in refused(by_hand(694.0))


def test_plans_made_before_the_figures_have_no_findings():
    assert fault_level.check(hand_wired_plan()) == ()


@pytest.mark.parametrize("name", WHOLE)
def test_stored_layouts_are_kept(name):
    findings = fault_level.check(stored(name))
    assert refused(stored(name)) == []
    assert {f.where.partition(",")[0] for f in findings} == {f"phase {p.name}" for p in stored(name).brief.phases}


# Sections


def test_a_large_campus_needs_its_sections():
    plan = stored("campus-200mw")
    sections = plan.connected.sections
    # Six transformers of 60 MVA in threes, 136 sets in threes.
    assert [len(s) for s in sections] == [2, 2, 2, 46, 45, 45]
    joined = plan.model_copy(update={"connected": plan.connected.model_copy(update={"sections": ()})})
    assert any("HVT" in where for where in refused(joined))
    assert any("GEN" in where for where in refused(joined))


def test_what_is_in_no_section_feeds_every_section():
    plan = stored("campus-200mw")
    sections = plan.connected.sections
    # Without their last section its 45 sets are coupled straight to each of the two others: 91 in parallel.
    fewer = plan.model_copy(update={"connected": plan.connected.model_copy(update={"sections": sections[:-1]})})
    assert any("GEN" in where for where in refused(fewer))
    one = plan.model_copy(update={"connected": plan.connected.model_copy(update={"sections": sections[:4]})})
    assert any("GEN" in where for where in refused(one))


def test_high_voltage_bays_are_looked_at():
    weaker = damaged(stored("inference-60mw"), _weaker("HVB-145", "needs", 31.0))
    assert {where.partition(", ")[2] for where in refused(weaker)} == {"GRID"}


def test_batteries_feed_a_fault_too():
    stronger = damaged(stored("inference-60mw"), _lower("PCS-4400", "fault_current_frac", 5.0))
    assert any("MVS" in where for where in refused(stronger))


def test_sections_do_nothing_at_low_voltage():
    plan = by_hand()
    apart = (("B01-UPS-01",), ("B01-UPS-02",), ("B01-UPS-03",))
    split = plan.model_copy(update={"connected": plan.connected.model_copy(update={"sections": apart})})
    bus = ("B01-UPS-01", "B01-UPS-02", "B01-UPS-03")
    assert current_ka(split, "utility", *bus) == current_ka(plan, "utility", *bus)


# Damaged plans: refused by this rule and no other


def _weaker(sku, side, ka):
    def edit(tree):
        for each in module(tree, sku)[side]:
            if each["withstand_ka"] is not None:
                each["withstand_ka"] = ka

    return edit


def _lower(sku, key, value):
    def edit(tree):
        module(tree, sku)["electrical"][key] = value

    return edit


DAMAGES = {
    "switchgear of the intake": ("training-20mw", _weaker("MVS-12", "gives", 16.0)),
    "incomers of the intake": ("training-20mw", _weaker("MVS-12", "needs", 16.0)),
    "board behind a transformer": ("training-20mw", _weaker("TXD-1600", "gives", 36.0)),
    "input board of a power module": ("training-20mw", _weaker("PWM-1500", "needs", 36.0)),
    "output board of a power module": ("training-20mw", _weaker("PWM-1500", "gives", 100.0)),
    "board of the house transformer": ("training-20mw", _weaker("TXH-0630", "gives", 16.0)),
    "transformers of 4 %": ("training-20mw", _lower("TXD-1600", "impedance_frac", 0.04)),
    "a stronger utility": ("training-20mw", lambda t: t["brief"]["grid"].update(short_circuit_mva=1200.0)),
    "sets with a low reactance": ("training-20mw", _lower("GEN-3000", "subtransient_frac", 0.03)),
    "main transformers of 12 %": ("inference-60mw", _lower("TXM-60", "impedance_frac", 0.12)),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_refused_by_this_rule_alone(name):
    layout, edit = DAMAGES[name]
    found = broken(audit(with_digest(damaged(stored(layout), edit))))
    assert {f.rule for f in found} == {"fault_level"}


# Two sides


def test_what_the_solver_puts_in_parallel_the_check_keeps():
    """Every UPS of the catalog behind every transformer, one to four of them, at a utility as strong as the gear."""
    catalog, tally = load_catalog(), Tally()
    modules = {m.sku: m for m in catalog.modules}
    asked = [m for m in catalog.modules if m.family in ("power", "rotary_ups")]
    transformers = [m for m in catalog.modules if m.family == "transformer"]
    for ups, transformer, count, country in product(asked, transformers, range(1, 5), ("SE", "US")):
        # What machines give back at medium voltage, at most 12 MVA each, takes room of its own.
        rotary_mva = 12.0 * count * (ups.family == "rotary_ups")
        grid = {"short_circuit_mva": math.sqrt(3) * 20 * 31.5 - rotary_mva}
        brief = a_brief(site={"country": country}, grid=grid, autonomy={"generator_h": 0.0})
        plan, groups = in_parallel(brief, catalog, ups, transformer, count)
        kept = refused(plan) == []
        tally.add(fault_level.bears(brief, catalog, groups, modules), kept, (ups.sku, transformer.sku, count, country))
    assert min(tally.seen[True, True], tally.seen[False, False]) > 20
    # At the strongest utility both sides say the same but for few.
    assert tally.seen[False, True] <= 0.05 * tally.seen.total()


@pytest.mark.parametrize(("utility_ka", "possible"), [(16.0, True), (31.4, False)])
def test_the_sizing_leaves_room_for_machines_that_always_turn(utility_ka, possible):
    """4.5 MW at 20 kV on rotary UPS alone: each gives back about 8 MVA, and 31.5 kA leave 3.5 beside 31.4."""
    catalog, brief = load_catalog(), stored("edge-2mw").brief
    grid = brief.grid.model_copy(update={"short_circuit_mva": math.sqrt(3) * 20 * utility_ka})
    others = tuple(m.sku for m in catalog.modules if m.family == "power")
    limits = brief.limits.model_copy(update={"exclude": (*brief.limits.exclude, *others)})
    brief = brief.model_copy(update={"grid": grid, "limits": limits})
    if not possible:
        with pytest.raises(Impossible):
            make_sized(brief, catalog, QUICK)
        return
    sized = make_sized(brief, catalog, QUICK)
    assert any(g.sku == "DRU-2400" for kind in sized.kinds for g in kind.groups)
    assert refused(make_plan(brief, catalog, sized, make_connected(brief, catalog, sized))) == []


@pytest.mark.parametrize(("utility_ka", "intake"), [(16.0, "RMU-4"), (21.0, "MVS-12"), (32.0, None)])
def test_the_sizing_takes_switchgear_that_stands_the_utility(utility_ka, intake):
    """4.5 MW at 20 kV without batteries: the smallest switchgear is built for 20 kA, the strongest for 31.5."""
    catalog, brief = load_catalog(), stored("edge-2mw").brief
    grid = brief.grid.model_copy(update={"short_circuit_mva": math.sqrt(3) * 20 * utility_ka})
    brief = brief.model_copy(update={"grid": grid})
    if intake is None:
        with pytest.raises(Impossible, match=r"built for 31\.5 kA"):
            make_sized(brief, catalog, QUICK)
        return
    sized = make_sized(brief, catalog, QUICK)
    assert next(p.sku for p in sized.plant if p.carrier == "mv_ac") == intake
    assert refused(make_plan(brief, catalog, sized, make_connected(brief, catalog, sized))) == []
