"""The rules that compare one figure with one limit: equal, a hair over, a hair under."""

import pytest
from build import BES
from damage import damaged, item, module
from wired import hand_wired_plan

from prefab.rules import (
    bus_limit,
    composition,
    fuel_autonomy,
    grid_limit,
    it_load,
    liquid_flow,
    storage,
    supply_temperature,
    ups_autonomy,
)
from prefab.rules.walk import walk


def is_kept(rule, edit=None, **brief):
    plan = hand_wired_plan(**brief)
    findings = rule.check(damaged(plan, edit) if edit else plan)
    assert findings
    return all(f.kept for f in findings)


@pytest.mark.parametrize(("it_mw", "kept"), [(1.0, True), (0.9999, True), (1.0001, False)])
def test_it_load(it_mw, kept):
    assert is_kept(it_load, phases=[{"name": "One", "it_mw": it_mw, "energised_by": "2029-12-31"}]) is kept


def test_grid_limit_at_the_walked_import():
    need_mw = walk(hand_wired_plan(), 0).import_kw / 1000
    for factor, kept in ((1.0, True), (1.0001, True), (0.9999, False)):
        grid = {"capacity_mw": need_mw * factor, "voltage_kv": 20.0, "tariff": "flat"}
        assert is_kept(grid_limit, grid=grid) is kept


def test_ups_autonomy_at_end_of_life():
    # 150 kWh x 0.8 x 0.8 x 0.96 over the worst load of one module, 1,130.18 / 2 kW.
    minutes = 150 * 0.8 * 0.8 * 0.96 * 60 / (1130.18 / 2)
    for factor, kept in ((1.0, True), (0.9999, True), (1.0001, False)):
        assert is_kept(ups_autonomy, autonomy={"ups_min": minutes * factor, "generator_h": 24.0}) is kept


def test_fuel_autonomy_counts_each_running_set():
    # Two sets share the load: below 1,000 kW each 0.25..0.3 L/kWh; 10 % margin; bulk tank and two belly tanks.
    (finding,) = fuel_autonomy.check(hand_wired_plan())
    assert finding.actual == 30_000 + 2 * 2000 * 0.9
    hours = 24 * finding.actual / finding.limit
    for factor, kept in ((0.9999, True), (1.0001, False)):
        assert is_kept(fuel_autonomy, autonomy={"ups_min": 5.0, "generator_h": hours * factor}) is kept


def test_fuel_autonomy_needs_running_generators():
    def none(tree):
        tree["connected"]["equipment"] = [
            e for e in tree["connected"]["equipment"] if e["carrier"] not in ("standby_mv", "fuel")
        ]

    assert not is_kept(fuel_autonomy, none)


@pytest.mark.parametrize(("flow", "kept"), [(398.4, False), (398.5, True)])
def test_liquid_flow(flow, kept):
    # 400 kW at 15 K: 400 x 60 / (1.0116 x 3.97 x 15) = 398.4019 L/min.
    def edit(tree):
        module(tree, "CDU-500")["gives"][0]["flow_max_lpm"] = flow

    assert is_kept(liquid_flow, edit) is kept


@pytest.mark.parametrize(("flow", "kept"), [(796.80, False), (796.81, True), (900.0, True)])
def test_liquid_flow_through_a_rack(flow, kept):
    # 800 kW at 15 K through one pod: 800 x 60 / (1.0116 x 3.97 x 15) = 796.8038 L/min.
    def edit(tree):
        item(module(tree, "POD-1000")["needs"], carrier="coolant")["flow_max_lpm"] = flow

    assert is_kept(liquid_flow, edit) is kept


@pytest.mark.parametrize(("flow", "kept"), [(570.0, False), (600.0, True)])
def test_liquid_flow_through_a_unit_when_another_is_lost(flow, kept):
    # Two of three CDUs left: 400 kW and 1 % at 10 K of water, some 583 L/min; with all three it would be 388.
    def edit(tree):
        item(module(tree, "CDU-500")["needs"], carrier="facility_water")["flow_max_lpm"] = flow

    assert is_kept(liquid_flow, edit) is kept


@pytest.mark.parametrize(("limit", "kept"), [(1130.17, False), (1130.18, True), (1130.19, True)])
def test_bus_limit_in_kilowatts(limit, kept):
    def edit(tree):
        item(tree["carriers"], key="critical_ac")["group_max_kw"] = limit

    assert is_kept(bus_limit, edit) is kept


@pytest.mark.parametrize(("most", "kept"), [(2, False), (3, True)])
def test_bus_limit_in_modules(most, kept):
    def edit(tree):
        module(tree, "UPS-800")["gives"][0]["parallel_max"] = most

    assert is_kept(bus_limit, edit) is kept


@pytest.mark.parametrize(("supply", "kept"), [(36.0, True), (36.01, False), (35.0, True)])
def test_supply_temperature_through_the_approach(supply, kept):
    # Coolant of 40 °C less an approach of 4 K.
    def edit(tree):
        for tag in ("B01-PMP-01", "B01-PMP-02", "B01-DRY-01", "B01-DRY-02"):
            item(tree["connected"]["equipment"], tag=tag)["supply_degc"] = supply

    assert is_kept(supply_temperature, edit) is kept


@pytest.mark.parametrize(("dry_bulb", "kept"), [(31.0, True), (31.01, False)])
def test_dry_cooler_cannot_beat_its_approach(dry_bulb, kept):
    # 36 °C water with 5 K: 31 °C outside at most.
    site = {"country": "SE", "climate": "mild", "width_m": 120.0, "depth_m": 120.0, "setback_m": 5.0}
    assert is_kept(supply_temperature, site={**site, "design_dry_bulb_degc": dry_bulb}) is kept


def test_storage_at_end_of_life():
    assert is_kept(storage)
    assert not is_kept(storage, storage={"power_mw": 0.001, "duration_h": 1.0})


@pytest.mark.parametrize("tag", ["B01-CDU-03", "GEN-02", "B01-POD-01"])
def test_composition_misses_a_module(tag):
    def drop(tree):
        tree["connected"]["equipment"].remove(item(tree["connected"]["equipment"], tag=tag))

    assert not is_kept(composition, drop)


def test_composition_refuses_a_tag_used_twice():
    def repeat(tree):
        item(tree["connected"]["equipment"], tag="B01-CDU-03")["tag"] = "B01-CDU-02"

    assert not is_kept(composition, repeat)


def test_composition_refuses_an_excluded_module():
    assert not is_kept(composition, limits={"exclude": ["DRY-1000"]})


UPS_LOAD_KW = 1130.18 / 2
"""Worst load of one UPS module: two of three carry the block."""


def with_ups(**tables):
    return lambda tree: module(tree, "UPS-800").update(tables)


def cells(kwh, **more):
    return {
        "energy_kwh": kwh, "soc_min_frac": 0.0, "soc_max_frac": 1.0, "end_of_life_frac": 1.0, "bidirectional": False,
        "inverter_efficiency_frac": 1.0, **more,
    }  # fmt: skip


@pytest.mark.parametrize(("factor", "kept"), [(1.0001, True), (0.9999, False)])
def test_ups_cells_give_the_load_at_their_power(factor, kept):
    assert is_kept(ups_autonomy, with_ups(ups_battery=cells(1000, power_max_kw=UPS_LOAD_KW * factor))) is kept


@pytest.mark.parametrize(
    ("seconds", "litres", "kept"),
    # A flywheel for ten seconds until the engine runs, then a tank for the five minutes asked at 0.3 L/kWh.
    [(1.001, 1.001, True), (0.999, 1.001, False), (1.001, 0.999, False)],
)
def test_rotary_ups_needs_flywheel_and_tank(seconds, litres, kept):
    engine = {
        "fuel": "diesel", "fuel_l_per_kwh": [[0.25, 0.3], [0.5, 0.28], [0.75, 0.27], [1.0, 0.27]],
        "belly_tank_l": UPS_LOAD_KW * 0.3 * 5 / 60 * litres, "tank_usable_frac": 1.0, "start_s": 10,
    }  # fmt: skip
    flywheel = cells(UPS_LOAD_KW * 10 / 3600 * seconds)
    assert is_kept(ups_autonomy, with_ups(ups_battery=flywheel, engine=engine)) is kept


def test_critical_power_without_any_battery_is_refused():
    assert not is_kept(ups_autonomy, with_ups(ups_battery=None))


def battery_plan(kva):
    """Two batteries of 2,000 kW behind one transformer, added to the hand-wired plan."""

    def edit(tree):
        modules, connected = tree["modules"], tree["connected"]
        store = BES.model_dump(mode="json")
        store["needs"] = [
            {**store["needs"][0], "carrier": "battery_ac", "connection": "shared", "through": True},
        ]
        shared = {**module(tree, "TRF-1000"), "sku": "TXB-1"}
        shared["gives"] = [{**shared["gives"][0], "carrier": "battery_ac", "capacity_kva": kva}]
        modules += [store, shared]
        like = item(connected["equipment"], tag="GEN-01")
        for tag, sku, carrier in (
            ("BES-01", "BES-4000", "mv_storage"),
            ("BES-02", "BES-4000", "mv_storage"),
            ("TXB-01", "TXB-1", "battery_ac"),
        ):
            connected["equipment"].append({**like, "tag": tag, "sku": sku, "carrier": carrier})
        for tag in ("BES-01", "BES-02"):
            connected["feeds"].append({"consumer": tag, "carrier": "battery_ac", "side": "A", "suppliers": ["TXB-01"]})

    return edit


@pytest.mark.parametrize(("kva", "kept"), [(4000 / 0.95 + 0.1, True), (4000 / 0.95 - 0.1, False)])
def test_what_batteries_share_carries_all_of_them(kva, kept):
    asked = {"power_mw": 4.0, "duration_h": 1.0}
    assert is_kept(storage, battery_plan(kva), storage=asked) is kept


@pytest.mark.parametrize(("kw", "kept"), [(550.0, True), (549.9, False)])
def test_smoothing_takes_up_its_share_of_every_blocks_peak(kw, kept):
    def edit(tree):
        like = item(tree["connected"]["equipment"], tag="B01-CTL-A1")
        tree["modules"].append(
            {**module(tree, "CTL-20"), "sku": "CAP-1", "gives": [{"carrier": "load_smoothing", "capacity_kw": kw}]}
        )
        tree["connected"]["equipment"].append(
            {**like, "tag": "B01-CAP-01", "sku": "CAP-1", "carrier": "load_smoothing"}
        )

    assert is_kept(storage, edit, storage={"smoothing_frac": 0.5}) is kept  # half of 1,100 kW


def test_what_is_counted_by_the_metre_is_no_module():
    def by_metre(tree):
        module(tree, "TRF-1000")["stands"] = "per_metre"

    def runs(plan):
        (found,) = (f for f in composition.check(plan) if "counted by the metre" in f.text)
        return found

    plan = hand_wired_plan()
    assert runs(plan).kept
    assert runs(damaged(plan, by_metre)).actual == sum(e.sku == "TRF-1000" for e in plan.connected.equipment)
    assert not runs(damaged(plan, by_metre)).kept
