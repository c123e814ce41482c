"""Loops that outlast the restart of their coolers, and pumps and fans that never stop."""

import random
from collections import Counter
from dataclasses import replace

import pytest
from build import BASIS, CARRIERS, MODULES, _carrier, a_brief, a_catalog, a_module
from damage import Tree, damaged, item, module
from test_columns import block_alone, faults
from today import stored, with_digest
from wired import hand_wired_plan

from prefab.audit import audit, broken
from prefab.basis import RideThroughBasis
from prefab.columns import make_columns
from prefab.module import Need
from prefab.plan import Connected, Feed
from prefab.rules import HOOKS, contingencies, cooling_continuity, supply_temperature
from prefab.sizing import make_sized
from prefab.solver import QUICK

RIDE = RideThroughBasis(start_retry_s=45.0, orderly_stop_s=100.0, loop_rise_k=10.0)
"""A litre of water of 1 kg/L and 4 kJ/kg/K takes up 40 kJ."""
LOOPS = tuple(
    c.model_copy(update={"density_kg_per_l": 1.0, "heat_capacity_kj_per_kg_k": 4.0}) if c.key == "heat_rejection" else c
    for c in CARRIERS
)
BUFFERED = tuple(sorted((*LOOPS, _carrier("thermal_buffer", "buffer", "block", "cooling")), key=lambda c: c.key))
NEED = Need(carrier="thermal_buffer", connection="header", kw_per_kw=1.0, approach_k=0.0)
RESTART_S = {"DRY-1000": 40.0, "CHL-400": 140.0}


def a_tank(sku, litres):
    given = {"carrier": "thermal_buffer", "capacity_l": litres, "parallel_max": 8}
    return a_module(sku, "buffer_tank", gives=[given])


def with_buffers(modules=MODULES, *tanks):
    """The modules with coolers that ask for a buffer of their loop, and tanks."""
    found = []
    for m in modules:
        if m.rejection is not None:
            rejection = m.rejection.model_copy(update={"restart_s": RESTART_S[m.sku]})
            m = m.model_copy(update={"needs": (*m.needs, NEED), "rejection": rejection})
        found.append(m)
    return (*found, *tanks)


def buffered(warm_l=10_000.0, cold_l=10_000.0, **more):
    """The plan wired by hand with two tanks, one to spare, in each of its two loops of 816 and 212 kW."""
    plan = hand_wired_plan(**more)
    tanks = (a_tank("TNK-W", warm_l), a_tank("TNK-C", cold_l))
    equipment, feeds = list(plan.connected.equipment), list(plan.connected.feeds)
    for kind, sku in (("DRY", "TNK-W"), ("CHL", "TNK-C")):
        coolers = [e for e in equipment if e.tag.startswith(f"B01-{kind}")]
        tags = (f"B01-{sku}-01", f"B01-{sku}-02")
        tank = {"sku": sku, "carrier": "thermal_buffer"}
        equipment += [coolers[0].model_copy(update={"tag": tag, **tank}) for tag in tags]
        feeds += [Feed(consumer=e.tag, carrier="thermal_buffer", side="A", suppliers=tags) for e in coolers]
    update = {
        "carriers": BUFFERED,
        "modules": with_buffers(plan.modules, *tanks),
        "basis": BASIS.model_copy(update={"ride_through": RIDE}),
        "connected": Connected(equipment=tuple(equipment), feeds=tuple(feeds)),
    }
    return plan.model_copy(update=update)


def lasting(plan):
    return {f.where: f for f in cooling_continuity.check(plan) if f.unit == "s"}


def bare(plan):
    (found,) = (f for f in cooling_continuity.check(plan) if f.unit == "modules")
    return found


# the check -----------------------------------------------------------------------------------------------------------

WARM_L = 816.08 * (15 + 45 + 40) / 40
COLD_L = (200 * 1.05 + 2.1) * (15 + 45 + 140) / 40


def test_a_loop_outlasts_start_retries_and_restart():
    (found,) = lasting(buffered(WARM_L, 2 * COLD_L)).values()
    assert found.where == "phase One, B01-DRY-01"
    assert found.limit == 15 + 45 + 40
    assert found.actual == pytest.approx(100.0)
    (found,) = lasting(buffered(2 * WARM_L, COLD_L)).values()
    assert found.where == "phase One, B01-CHL-01"
    assert found.limit == 15 + 45 + 140
    assert found.actual == pytest.approx(200.0)


@pytest.mark.parametrize(("warm", "cold"), [(0.999, 1.001), (1.001, 0.999), (0.999, 0.999)])
def test_a_loop_that_is_warm_too_soon_is_refused(warm, cold):
    found = lasting(buffered(WARM_L * warm, COLD_L * cold))
    broken = {where for where, f in found.items() if not f.kept}
    assert broken == {f"phase One, B01-{t}-01" for t, share in (("DRY", warm), ("CHL", cold)) if share < 1}
    assert not all(f.kept for f in contingencies.check(buffered(WARM_L * warm, COLD_L * cold)))


def test_the_slowest_set_and_the_slowest_cooler_count():
    def slow(tree):
        module(tree, "GEN-2000")["engine"]["start_s"] = 75.0
        module(tree, "DRY-1000")["rejection"]["restart_s"] = 400.0

    assert lasting(damaged(buffered(1.0, 1e6), slow))["phase One, B01-DRY-01"].limit == 75 + 45 + 400


def test_without_sets_computers_come_to_a_stop():
    def without_sets(tree):
        tree["connected"]["equipment"] = [e for e in tree["connected"]["equipment"] if e["sku"] != "GEN-2000"]

    found = lasting(damaged(buffered(1.0, 1e6), without_sets))
    assert found["phase One, B01-DRY-01"].limit == 100 + 40


def test_a_tank_of_another_loop_does_not_count():
    def swap(tree):
        for f in tree["connected"]["feeds"]:
            if f["carrier"] == "thermal_buffer":
                f["suppliers"] = ["B01-TNK-C-01", "B01-TNK-C-02"]

    (found,) = lasting(damaged(buffered(WARM_L, COLD_L), swap)).values()
    assert not found.kept
    assert found.actual == pytest.approx(COLD_L * 40 / (816.08 + 212.1))


@pytest.mark.parametrize(("degc", "kept"), [(36.0, True), (35.0, False), (41.0, False), (None, False)])
def test_a_tank_has_the_water_of_its_loop(degc, kept):
    def fill(tree):
        for number in (1, 2):
            item(tree["connected"]["equipment"], tag=f"B01-TNK-W-0{number}")["supply_degc"] = degc

    found = supply_temperature.check(damaged(buffered(WARM_L, COLD_L), fill))
    assert all(f.kept for f in found if f.text != "water of a buffer")
    assert [f.limit for f in found if not f.kept] == ([] if kept else [36.0] * 4)


def test_a_loop_without_any_tank_is_refused():
    def drop(tree):
        tree["connected"]["feeds"] = [f for f in tree["connected"]["feeds"] if f["carrier"] != "thermal_buffer"]

    found = lasting(damaged(buffered(), drop))
    assert [f.actual for f in found.values() if not f.kept] == [0.0]


@pytest.mark.parametrize(("sku", "tags"), [("PMP-1000", 4), ("CDU-500", 3), ("FWU-150", 3), ("CTL-20", 2)])
def test_what_moves_liquid_air_and_signals_rides_on_batteries(sku, tags):
    assert bare(buffered()).kept
    skus = {m.prefix: m.sku for m in MODULES}
    name = skus[sku[:3]]

    def unprotected(tree):
        item(module(tree, name)["needs"], carrier="critical_ac")["carrier"] = "lv_ac"
        mine = {e["tag"] for e in tree["connected"]["equipment"] if e["sku"] == name}
        for f in tree["connected"]["feeds"]:
            if f["consumer"] in mine and f["carrier"] == "critical_ac":
                f |= {"carrier": "lv_ac", "suppliers": ["B01-TRF-A1"]}

    found = bare(damaged(buffered(), unprotected))
    assert (found.kept, found.actual) == (False, tags)


def test_words():
    assert "generators have started" in cooling_continuity.explain(a_brief())
    without = a_brief(autonomy={"ups_min": 5.0, "generator_h": 0.0})
    assert "computers have stopped" in cooling_continuity.explain(without)


# the solver's side ---------------------------------------------------------------------------------------------------


def catalog_of(*litres):
    tanks = (a_tank(f"TNK-{n}", each) for n, each in enumerate(litres, 1))
    basis = BASIS.model_copy(update={"ride_through": RIDE})
    return a_catalog(with_buffers(MODULES, *tanks), carriers=BUFFERED, basis=basis)


@pytest.mark.parametrize("level", ["N", "N+1", "N+2", "2N", "2(N+1)"])
def test_what_is_bought_the_check_keeps_and_no_tank_may_go(level):
    """Half of the sizes lie within 2 % of a whole share of what a loop asks for."""
    pick, seen = random.Random(f"buffers {level}"), Counter()
    for _ in range(8):
        share = pick.uniform(0.98, 1.02) / pick.randint(1, 3) if pick.random() < 0.5 else pick.uniform(0.2, 2.0)
        catalog = catalog_of(round(pick.choice((WARM_L, COLD_L)) * share, 1))
        pods = pick.choice((1, 2))
        brief = a_brief(
            redundancy={"power": "N+1", "cooling": level},
            autonomy={"ups_min": 5.0, "generator_h": 24.0},
            phases=[{"name": "One", "it_mw": float(pods), "energised_by": "2029-12-31"}],
            grid={"capacity_mw": 20.0},
            limits={"pods_per_block": pods},
        )
        for column in make_columns(brief, catalog, HOOKS)[:1]:
            plan = block_alone(brief, catalog, column)
            assert faults(plan) == []
            assert all(f.kept for f in cooling_continuity.check(plan)), column
            for n, group in enumerate(column.groups):
                if group.carrier == "thermal_buffer" and group.per_side > 1:
                    fewer = group.model_copy(update={"per_side": group.per_side - 1})
                    groups = (*column.groups[:n], fewer, *column.groups[n + 1 :])
                    less = block_alone(brief, catalog, replace(column, groups=groups))
                    assert not all(f.kept for f in cooling_continuity.check(less))
                    seen["fewer"] += 1
            seen["kept"] += 1
    assert seen["kept"] >= 6
    assert seen["fewer"] >= 5


def test_each_loop_has_its_own_and_the_cheapest_that_do():
    found = make_sized(a_brief(), catalog_of(1_200.0), QUICK)
    (kind,) = found.kinds
    tanks = [(g.supply_degc, g.per_side) for g in kind.groups if g.carrier == "thermal_buffer"]
    # 2,040 L of the warm loop and 1,061 L of the cold one, each with one tank to spare.
    assert [n for _, n in sorted(tanks)] == [2, 3]
    coolers = {g.supply_degc for g in kind.groups if g.carrier == "heat_rejection"}
    assert {t for t, _ in tanks} == coolers


# a stored plan with its cooling off the batteries ------------------------------------------------------------------


def on_bare_power(sku: str):
    """Both feeds of everything of one type, from the transformers beside the UPS; cables are then left out."""

    def edit(tree: Tree) -> None:
        tree.update(placed=None, routed=None, scheduled=None)
        item(module(tree, sku)["needs"], carrier="critical_ac")["carrier"] = "lv_ac"
        standing, feeds = tree["connected"]["equipment"], []
        mine = {e["tag"]: e["block"] for e in standing if e["sku"] == sku}
        bare = {(e["block"], e["side"]): e["tag"] for e in standing if e["carrier"] == "lv_ac" and not e["unit_for"]}
        for f in tree["connected"]["feeds"]:
            if f["consumer"] in mine and f["carrier"] == "critical_ac":
                block = mine[f["consumer"]]
                both = ({"carrier": "lv_ac", "side": side, "suppliers": [bare[block, side]]} for side in "AB")
                feeds += [f | fed for fed in both]
            else:
                feeds.append(f)
        tree["connected"]["feeds"] = feeds

    return edit


def smaller_tanks(tree: Tree) -> None:
    for each in tree["modules"]:
        for given in each["gives"]:
            if given["carrier"] == "thermal_buffer":
                given["capacity_l"] *= 0.5


def slower_coolers(tree: Tree) -> None:
    for each in tree["modules"]:
        if each.get("rejection"):
            each["rejection"]["restart_s"] += 600.0


DAMAGES = {
    "pumps on unprotected power": on_bare_power("PMS-1250"),
    "coolant distribution on unprotected power": on_bare_power("CDU-0600"),
    "fan walls on unprotected power": on_bare_power("FWU-200"),
    "controls on unprotected power": on_bare_power("BMS-040"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_refused_by_this_rule_alone(name):
    found = broken(audit(with_digest(damaged(stored("training-20mw"), DAMAGES[name]))))
    assert {f.rule for f in found} == {"cooling_continuity"}


@pytest.mark.parametrize("edit", [smaller_tanks, slower_coolers])
def test_too_little_water_is_refused_here_and_where_loads_are_walked(edit):
    found = broken(audit(with_digest(damaged(stored("training-20mw"), edit))))
    assert {f.rule for f in found} == {"cooling_continuity", "contingencies"}
