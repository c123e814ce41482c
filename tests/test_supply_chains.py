"""Chains that nobody wrote down: whatever path through a catalog meets the brief is found, sized and wired soundly."""

from collections import Counter

import pytest
from build import BES, CARRIERS, MODULES, POD, UPS, _carrier, a_brief, a_catalog, a_module, flat_losses

from prefab.connecting import make_connected
from prefab.design import make_plan
from prefab.errors import Impossible
from prefab.plan import GAS
from prefab.rules import SUPPLY
from prefab.sizing import make_sized
from prefab.solver import QUICK

MORE = (
    _carrier("critical_dc800", "electric", "block", "power", group_max_kw=5000, autonomy=True),
    _carrier("dc800", "electric", "block", "power"),
    _carrier("ups_dc", "storage", "block", "none", autonomy=True),
    _carrier("house_bays", "space", "block", "none", laid=False),
    _carrier("load_smoothing", "storage", "block", "none", laid=False),
    _carrier("network", "signal", "site", "network"),
    _carrier("site_lv_ac", "electric", "site", "intake"),
    _carrier("hv_bay", "electric", "site", "main_transformers"),
    _carrier("battery_ac", "electric", "site", "none"),
    _carrier("gas", "fuel", "site", "none", utility=True),
    _carrier("fabric", "it", "block", "none"),
)
UNIT_LV = {"carrier": "lv_ac", "connection": "unit", "through": True}
FRAME = a_module(
    "FRM-800",
    "power",
    stands="inside:electrical_house",
    bay="house",
    bays_count=2,
    gives=[{"carrier": "critical_ac", "capacity_kw": 800, "parallel_max": 4}],
    needs=[
        UNIT_LV,
        {"carrier": "ups_dc", "connection": "unit", "kw_per_kw": 1.04},
        {"carrier": "house_bays", "connection": "unit", "units": 8},
    ],
    losses=flat_losses(800, 0.04),
)
CABINET = a_module(
    "LIB-200",
    "ups_storage",
    stands="inside:electrical_house",
    bay="house",
    bays_count=1,
    gives=[{"carrier": "ups_dc", "capacity_kw": 200}],
    ups_battery={
        "energy_kwh": 50, "soc_min_frac": 0.1, "soc_max_frac": 0.9, "bidirectional": False, "end_of_life_frac": 0.8,
        "inverter_efficiency_frac": 1.0, "power_max_kw": 200,
    },
)  # fmt: skip
HOUSE = a_module(
    "EHS-800",
    "electrical_house",
    gives=[{"carrier": "house_bays", "capacity_units": 8}],
    needs=[{"carrier": "lv_ac", "connection": "transfer", "fixed_kw": 5.0}],
    bays=[{"kind": "house", "count": 8}],
)


def site(modules, *carriers, **brief):
    """A brief solved on a catalog, as a plan up to its connections; every rule of supply is kept."""
    catalog = a_catalog(modules, carriers=tuple(sorted((*CARRIERS, *carriers), key=lambda c: c.key)))
    asked = a_brief(**{"grid": {"capacity_mw": 9.0}, **brief})
    sized = make_sized(asked, catalog, QUICK)
    assert sized.status == "optimal"
    plan = make_plan(asked, catalog, sized, make_connected(asked, catalog, sized))
    broken = [f for rule in SUPPLY for f in rule.check(plan) if not f.kept]
    assert not broken
    return plan


def without(*skus):
    return tuple(m for m in MODULES if m.sku not in skus)


def counts(plan):
    return Counter(e.sku for e in plan.connected.equipment)


def test_ups_frames_take_cabinets_and_a_house():
    plan = site((*without("UPS-800"), FRAME, CABINET, HOUSE), *MORE)
    found = counts(plan)
    # About 1,130 kW: two frames and a spare. One cabinet lasts 5 min at 50 x 0.8 x 0.8 x 12 = 384 kW, its cells give
    # 200 kW; a frame at 565 kW asks 588 kW of them: three cabinets each.
    assert found["FRM-800"] == 3
    assert found["LIB-200"] == 9
    assert found["EHS-800"] == 3
    assert found["TRF-1000"] == 3 + 2
    feeds = {f.consumer: f.suppliers for f in plan.connected.feeds if f.carrier == "ups_dc"}
    assert all(len(s) == 3 for s in feeds.values())
    assert len({s for suppliers in feeds.values() for s in suppliers}) == 9


def test_longer_autonomy_that_no_house_has_room_for_is_refused():
    # 15 minutes: 128 kW a cabinet, five a frame, seven bays with the frame's two: fits. At 26 minutes a frame of three
    # wants eight; of four each would do with fewer.
    three = FRAME.model_copy(update={"gives": (FRAME.gives[0].model_copy(update={"parallel_max": 3}),)})
    roomy = site((*without("UPS-800"), three, CABINET, HOUSE), *MORE, autonomy={"ups_min": 15.0})
    assert counts(roomy)["LIB-200"] == 15
    with pytest.raises(Impossible):
        site((*without("UPS-800"), three, CABINET, HOUSE), *MORE, autonomy={"ups_min": 26.0})
    more = site((*without("UPS-800"), FRAME, CABINET, HOUSE), *MORE, autonomy={"ups_min": 26.0})
    assert counts(more)["FRM-800"] > 3


def test_a_house_that_is_too_small_ends_no_block_with_a_larger_one():
    # The name puts the cabinets before the transformers, so that blocks are compared once more after them.
    cells = _carrier("zz_dc", "storage", "block", "none", autonomy=True)
    needs = (*(n for n in FRAME.needs if n.carrier != "ups_dc"), _need("zz_dc", "unit", kw_per_kw=1.04))
    frame = FRAME.model_copy(update={"needs": needs})
    given = (CABINET.gives[0].model_copy(update={"carrier": "zz_dc"}),)
    cabinet = CABINET.model_copy(update={"gives": given})
    large = HOUSE.model_copy(
        update={"sku": "EHS-801", "price": HOUSE.price.model_copy(update={"amount": 150_000.0})}
        | {"bays": (HOUSE.bays[0].model_copy(update={"count": 16}),)}
    )
    modules = (*without("UPS-800"), frame, cabinet, HOUSE, large)
    plan = site(modules, *MORE, cells, autonomy={"ups_min": 26.0})
    assert counts(plan)["EHS-801"] == counts(plan)["FRM-800"] == 3


def test_solid_state_transformers_make_direct_current_and_a_battery_makes_it_critical():
    pod = a_module(
        "POD-DC",
        "it_pod",
        it=POD.it.model_dump(mode="json"),
        gives=[{"carrier": "it", "capacity_kw": 1000}],
        needs=[
            {"carrier": "critical_dc800", "connection": "dual", "kw_per_kw": 1.0},
            *[n.model_dump(mode="json") for n in POD.needs if n.carrier != "critical_ac"],
        ],
    )
    sst = a_module(
        "SST-700",
        "dc_power",
        gives=[{"carrier": "dc800", "capacity_kw": 700}],
        needs=[{"carrier": "mv_ac", "connection": "transfer", "through": True}],
        losses=flat_losses(700, 0.02),
    )
    store = a_module(
        "DCB-600",
        "dc_power",
        gives=[{"carrier": "critical_dc800", "capacity_kw": 600}],
        needs=[{"carrier": "dc800", "connection": "unit", "through": True}],
        losses=flat_losses(600, 0.01),
        ups_battery=UPS.ups_battery.model_dump(mode="json"),
    )
    plan = site((*without("POD-1000"), pod, sst, store), *MORE)
    found = counts(plan)
    assert found["POD-DC"] == 1
    assert found["DCB-600"] == found["SST-700"] == 3  # 1,100 kW peak on 600 kW each, and a spare
    assert found["UPS-800"] >= 1  # pumps and controls still live on alternating current


def test_main_transformers_get_a_bay_each():
    main = a_module(
        "TXM-02",
        "main_transformer",
        gives=[{"carrier": "utility_mv", "capacity_kva": 2500}],
        needs=[{"carrier": "hv_bay", "connection": "unit", "through": True}],
        losses=flat_losses(2500, 0.005),
    )
    bay = a_module(
        "HVB-145",
        "hv_bay",
        gives=[{"carrier": "hv_bay", "capacity_kva": 100_000, "voltage_max_kv": 145}],
        needs=[{"carrier": "hv_ac", "connection": "transfer", "through": True}],
    )
    high = {"capacity_mw": 9.0, "voltage_kv": 132.0, "tariff": "flat"}
    plan = site((*MODULES, main, bay), *MORE, grid=high)
    found = counts(plan)
    assert found["TXM-02"] == found["HVB-145"] == 2
    with pytest.raises(Impossible, match="145 kV at the most"):
        site((*MODULES, main, bay), *MORE, grid={**high, "voltage_kv": 220.0})


@pytest.mark.parametrize(("kva", "transformers"), [(2200, 3), (4300, 2), (8000, 1)])
def test_several_batteries_share_what_transforms_for_them(kva, transformers):
    store = a_module(
        "BES-4000",
        "battery",
        gives=[{"carrier": "mv_storage", "capacity_kw": 2000}],
        needs=[{"carrier": "battery_ac", "connection": "shared", "through": True, "fixed_kw": 5.0}],
        grid_battery=BES.grid_battery.model_dump(mode="json"),
    )
    shared = a_module(
        "TXB-1",
        "transformer",
        gives=[{"carrier": "battery_ac", "capacity_kva": kva}],
        needs=[{"carrier": "mv_ac", "connection": "transfer", "through": True}],
        losses=flat_losses(kva, 0.01),
    )
    plan = site((*without("BES-4000"), store, shared), *MORE, storage={"power_mw": 6.0, "duration_h": 1.0})
    assert counts(plan)["BES-4000"] == 3
    assert counts(plan)["TXB-1"] == transformers


def test_what_nobody_may_give_here_hinders_only_what_needs_it():
    converted = a_module(
        "BES-4001",
        "battery",
        price_usd=1_000,
        gives=[{"carrier": "mv_storage", "capacity_kw": 2000}],
        needs=[{"carrier": "battery_ac", "connection": "shared", "through": True, "fixed_kw": 5.0}],
        grid_battery=BES.grid_battery.model_dump(mode="json"),
    )
    found = counts(site((*MODULES, converted), *MORE, storage={"power_mw": 4.0, "duration_h": 1.0}))
    assert found["BES-4000"] == 2
    assert not found["BES-4001"]
    with pytest.raises(Impossible, match="battery ac: no module may give it"):
        site((*without("BES-4000"), converted), *MORE, storage={"power_mw": 4.0, "duration_h": 1.0})
    direct = POD.model_copy(update={"sku": "POD-0800", "needs": (*POD.needs, _need("dc800", "dual", kw_per_kw=0.1))})
    assert counts(site((*MODULES, direct), *MORE))["POD-1000"] == 1
    with pytest.raises(Impossible, match="dc800: no module may give it"):
        site((*without("POD-1000"), direct), *MORE)


def test_gas_is_no_demand_where_no_generators_are_asked():
    assert not counts(site(MODULES, *MORE, autonomy={"fuel": "gas", "generator_h": 0.0}))["GEN-2000"]


def test_services_of_the_site_arrive_unasked_with_their_own_power():
    pod = POD.model_copy(update={"needs": (*POD.needs, _need("network", "dual", units=1.0))})
    room = a_module(
        "MMR-1",
        "network",
        gives=[{"carrier": "network", "capacity_units": 2}],
        needs=[{"carrier": "site_lv_ac", "connection": "dual", "fixed_kw": 15.0}],
    )
    kiosk = a_module(
        "TXH-1",
        "house_transformer",
        gives=[{"carrier": "site_lv_ac", "capacity_kva": 100, "parallel_max": 1}],
        needs=[{"carrier": "mv_ac", "connection": "transfer", "through": True}],
        losses=flat_losses(100, 0.02),
    )
    three = [{"name": "One", "it_mw": 3.0, "energised_by": "2029-12-31"}]
    plan = site((*without("POD-1000"), pod, room, kiosk), *MORE, phases=three)
    found = counts(plan)
    assert found["POD-1000"] == 3
    assert found["MMR-1"] == 4  # two on each side for three pods
    assert found["TXH-1"] == 2  # one a side carries four rooms: 60 of 95 kW
    only = site((*without("POD-1000"), pod, room, kiosk), *MORE, redundancy={"network": "N", "intake": "N"})
    assert counts(only)["MMR-1"] == counts(only)["TXH-1"] == 1


def test_gas_engines_run_on_the_pipeline_when_the_brief_says_so():
    engine = a_module(
        "GAS-1500",
        "generator",
        price_usd=10_000,
        gives=[{"carrier": "standby_mv", "capacity_kw": 1500}],
        needs=[{"carrier": "gas", "connection": "header"}],
        engine={
            "fuel": "gas", "gas_kwh_per_kwh": [[0.25, 3.0], [0.5, 2.6], [0.75, 2.4], [1, 2.3]], "start_s": 180,
        },
    )  # fmt: skip
    plan = site((*MODULES, engine), *MORE, autonomy={"fuel": "gas"})
    found = counts(plan)
    assert found["GAS-1500"] >= 2
    assert not found["GEN-2000"]
    assert not found["FTK-030"]
    assert {f.suppliers for f in plan.connected.feeds if f.carrier == "gas"} == {(GAS,)}
    diesel = counts(site((*MODULES, engine), *MORE))
    assert diesel["GEN-2000"] >= 2
    assert not diesel["GAS-1500"]


def test_swings_are_smoothed_only_when_asked():
    cap = a_module(
        "CAP-400",
        "supercapacitor",
        stands="inside:it_pod",
        bay="row",
        bays_count=1,
        gives=[{"carrier": "load_smoothing", "capacity_kw": 400}],
        needs=[{"carrier": "critical_ac", "connection": "dual", "fixed_kw": 2.0}],
    )
    pod = POD.model_copy(update={"bays": a_module("XX-1", "x", bays=[{"kind": "row", "count": 2}], gives=[GIVE]).bays})
    modules = (*without("POD-1000"), pod, cap)
    assert not counts(site(modules, *MORE))["CAP-400"]
    assert counts(site(modules, *MORE, storage={"smoothing_frac": 0.5}))["CAP-400"] == 2  # 550 kW
    with pytest.raises(Impossible):
        site(modules, *MORE, storage={"smoothing_frac": 0.9})  # 990 kW are three, the row has room for two


def test_fabric_draws_power_and_cooling_like_the_pods_it_serves():
    pod = POD.model_copy(update={"needs": (*POD.needs, _need("fabric", "header", kw_per_kw=0.04))})
    fabric = a_module(
        "ITN-100",
        "fabric",
        gives=[{"carrier": "fabric", "capacity_kw": 100}],
        needs=[
            {"carrier": "critical_ac", "connection": "dual", "kw_per_kw": 1.0},
            {"carrier": "air_cooling", "connection": "header", "kw_per_kw": 1.0},
        ],
    )
    plain = site(MODULES)
    plan = site((*without("POD-1000"), pod, fabric), *MORE)
    assert counts(plan)["ITN-100"] == 1
    assert counts(plan)["FWU-150"] == counts(plain)["FWU-150"] + 0  # 240 kW are two walls and a spare, as 200 are


def test_doors_stand_at_every_rack_or_at_none():
    door = a_module(
        "RDH-40",
        "air_cooling",
        price_usd=1000,
        stands="inside:it_pod",
        bay="rack_door",
        bays_count=1,
        fills_bays=True,
        gives=[{"carrier": "air_cooling", "capacity_kw": 40, "parallel_max": 64}],
        needs=[{"carrier": "facility_water", "connection": "header", "through": True, "supply_max_degc": 20}],
    )
    doors = a_module("XX-1", "x", bays=[{"kind": "rack_door", "count": 8}], gives=[GIVE]).bays
    pod = POD.model_copy(update={"bays": doors})
    assert counts(site((*without("POD-1000"), pod, door), *MORE))["RDH-40"] == 8  # six would do for 200 kW
    both = {"power": "N+1", "cooling": "2N"}
    assert not counts(site((*without("POD-1000"), pod, door), *MORE, redundancy=both))["RDH-40"]


GIVE = {"carrier": "it", "capacity_kw": 1}


def _need(carrier, connection, **more):
    return a_module("XX-1", "x", gives=[GIVE], needs=[{"carrier": carrier, "connection": connection, **more}]).needs[0]
