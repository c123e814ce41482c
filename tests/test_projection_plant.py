"""How equipment, climate and phases move the projection of a hand-made site, by hand or in which direction."""

from typing import Any

import numpy as np
import pytest
from build import BES, CHL, CLIMATE, DRY, _carrier, a_module
from wired import WARM, hand_wired_plan, with_two_demands

from prefab.module import Losses, Module
from prefab.plan import Plan, Plant
from prefab.projection import make_projection
from prefab.results import Projection


def with_climate(plan: Plan, warmer_k: float) -> Plan:
    """The same climate, as much warmer in every month and dry enough for its dew point to follow."""
    moved = {
        name: tuple(t + warmer_k for t in getattr(CLIMATE, name))
        for name in (
            "dry_bulb_mean_degc",
            "dry_bulb_daily_max_degc",
            "dry_bulb_daily_min_degc",
            "dew_point_mean_degc",
        )
    }
    extremes = {
        name: getattr(CLIMATE, name) + warmer_k
        for name in ("dry_bulb_max_degc", "dry_bulb_min_degc", "wet_bulb_max_degc")
    }
    return plan.model_copy(update={"climate": CLIMATE.model_copy(update={**moved, **extremes})})


def with_groups(plan: Plan, *modules: Module, **changes: dict[str, Any]) -> Plan:
    """Other figures for the groups of a SKU (its hyphen written as underscore); new modules join the catalog."""
    kind = plan.sized.kinds[0]
    groups = tuple(g.model_copy(update=changes.get(g.sku.replace("-", "_"), {})) for g in kind.groups)
    return plan.model_copy(
        update={
            "sized": plan.sized.model_copy(update={"kinds": (kind.model_copy(update={"groups": groups}),)}),
            "modules": (*(m for m in plan.modules if m.sku not in {n.sku for n in modules}), *modules),
        }
    )


def free_running(unit: Module, **more: Any) -> Module:
    """A heat-rejection unit whose fans go down to standstill, so that every kelvin shows."""
    assert unit.rejection is not None
    return unit.model_copy(update={"rejection": unit.rejection.model_copy(update={"fan_floor_frac": 0.0, **more})})


def adiabatic_dry() -> Module:
    return free_running(DRY, kind="adiabatic", pad_effectiveness_frac=0.8, wet_above_degc=12.0)


def with_plant(plan: Plan, *plant: Plant, modules: tuple[Module, ...] = ()) -> Plan:
    sized = plan.sized.model_copy(update={"plant": (*plan.sized.plant, *plant)})
    return plan.model_copy(update={"sized": sized, "modules": (*plan.modules, *modules)})


def level_losses(kw: float) -> dict[str, Any]:
    """The same loss at any load."""
    return {"points": tuple((load_frac, float(kw)) for load_frac in (0.0, 0.25, 0.5, 1.0))}


def main_transformer(carrier: str, connection: str) -> Module:
    """One that loses 18 kW at any load and is fed by this carrier."""
    return a_module(
        "TXM-40",
        "main_transformer",
        gives=[{"carrier": "utility_mv", "capacity_kva": 40_000}],
        needs=[{"carrier": carrier, "connection": connection, "through": True}],
        losses=level_losses(18),
    )


def warmer_loop(plan: Plan, warmer_k: float) -> Plan:
    """The warm loop, water and heat rejection alike, at another temperature."""
    kind = plan.sized.kinds[0]
    groups = tuple(
        g.model_copy(update={"supply_degc": WARM + warmer_k}) if g.supply_degc == WARM else g for g in kind.groups
    )
    groups = tuple(
        g.model_copy(update={"supply_degc": WARM + 4 + warmer_k}) if g.carrier == "coolant" else g for g in groups
    )
    kinds = (kind.model_copy(update={"groups": groups}),)
    return plan.model_copy(update={"sized": plan.sized.model_copy(update={"kinds": kinds})})


@pytest.fixture(scope="module")
def base() -> Projection:
    return make_projection(hand_wired_plan())


def coldest(projection: Projection) -> int:
    return int(np.argmin(projection.hourly.dry_bulb_degc))


def test_the_coldest_hour_by_hand(base: Projection) -> None:
    h, hour = base.hourly, coldest(base)
    assert h.dry_bulb_degc[hour] == -15.0
    # Coolant 0.8 x 756 = 604.8 kW on 3 x 500 is below the least flow of 0.75; cubed, of 15 kW.
    cdu = 15 * 0.75**3
    # Air: 151.2 kW on 3 x 150 is below the slowest speed of 0.6.
    # Pumps: 20 kW each pair of 2 x 1000, 0.4 of the pressure static.
    fans = 22.5 * 0.6**3
    warm, cold = (20 * kw / 2000 * (0.4 + 0.6 * (kw / 2000) ** 2) for kw in (604.8 + cdu, 151.2 + fans))
    assert h.coolant_kw[hour] == pytest.approx(cdu + warm + cold)
    assert h.air_cooling_kw[hour] == pytest.approx(fans)
    # Dry coolers at their floor: 2 x 5 % of 40 kW. Chillers without compressors: fans by share of 2 x 400 kW.
    cold_heat = 151.2 + fans + cold
    rejection = 4.0 + 30 * cold_heat / 800
    assert h.heat_rejection_kw[hour] == pytest.approx(rejection)
    # Two control panels of 1 kW; the house load is 1 % of the peak of 1100 kW.
    assert h.auxiliary_kw[hour] == pytest.approx(2.0 + 11.0)
    critical = 756 + cdu + fans + warm + cold + 2
    ups = 0.04 * critical
    assert h.power_chain_loss_kw[hour] == pytest.approx(ups)
    # 10 kW at 1000 kVA and 0.95: one 95th of what goes through, by UPS and by mechanical transformers.
    through = critical + ups + 11 + rejection
    assert h.transformer_loss_kw[hour] == pytest.approx(through / 95)
    assert h.site_kw[hour] == pytest.approx(through * 96 / 95)
    # 500 accelerators x 500 tokens/s x 0.8 x 0.99 x 0.98, in millions an hour.
    assert h.tokens_m[hour] == pytest.approx(500 * 500 * 0.8 * 0.99 * 0.98 * 3600 / 1e6)


def test_a_colder_climate_never_costs_energy(base: Projection) -> None:
    plan = hand_wired_plan()
    pues = [make_projection(with_climate(plan, k)).pue for k in (-10.0, -5.0, 0.0, 2.0)]
    assert pues == sorted(pues)
    assert pues[0] < pues[-1]


def test_warmer_water_never_costs_energy() -> None:
    plan = hand_wired_plan()
    pues = [make_projection(warmer_loop(plan, k)).pue for k in (0.0, 1.0, 3.0)]
    assert pues == sorted(pues, reverse=True)


def test_a_closer_approach_never_costs_energy() -> None:
    plan = hand_wired_plan()
    pues = []
    for approach_k in (2.0, 5.0, 8.0):
        assert CHL.rejection is not None
        closer = CHL.rejection.model_copy(update={"approach_min_k": approach_k})
        pues.append(make_projection(with_groups(plan, CHL.model_copy(update={"rejection": closer}))).pue)
    assert pues[0] < pues[1] < pues[2]


def test_wetted_pads_help_where_dry_coils_fail_and_take_water_only_there() -> None:
    # Dry coolers keep 5 K to water of 36 degC, up to 31 degC; two of 1000 kW have capacity to spare until there.
    plan = with_climate(hand_wired_plan(), 6.0)
    dry = make_projection(plan)
    wet = make_projection(with_groups(plan, adiabatic_dry()))
    assert dry.degraded_hours > 0 == wet.degraded_hours
    assert dry.wue_l_per_kwh == 0.0 < wet.wue_l_per_kwh
    over = np.array(wet.hourly.dry_bulb_degc) > 31.0
    assert np.array(wet.hourly.water_l)[over].min() > 0.0
    assert np.array(wet.hourly.water_l)[~over].max() == 0.0
    assert wet.water_l_per_mtok == pytest.approx(wet.wue_l_per_kwh * wet.b1_kwh_per_mtok)
    assert any("cycles of concentration" in note for note in wet.notes)
    assert not any("Water" in note for note in dry.notes)


def test_thin_air_takes_more_fan_power() -> None:
    high = make_projection(with_groups(hand_wired_plan(site={"altitude_m": 2000.0}), free_running(DRY)))
    low = make_projection(with_groups(hand_wired_plan(site={"altitude_m": 0.0}), free_running(DRY)))
    assert sum(high.hourly.heat_rejection_kw) > sum(low.hourly.heat_rejection_kw)


def test_losses_are_read_at_the_load_after_redundancy() -> None:
    # 10 kW a module whatever the load: a second side of 3 UPS modules doubles the loss.
    plan = hand_wired_plan()
    standing = plan.module("UPS-800").model_copy(update={"losses": Losses(**level_losses(10))})
    single = make_projection(with_groups(plan, standing))
    double = make_projection(with_groups(plan, standing, UPS_800={"sides": 2}, TRF_1000={"sides": 2}))
    assert single.hourly.power_chain_loss_kw[0] == pytest.approx(30.0)
    assert double.hourly.power_chain_loss_kw[0] == pytest.approx(60.0)


def test_heat_that_stays_takes_tokens_with_it(base: Projection) -> None:
    # Dry coolers keep 5 K to water of 36 degC: above 31 degC they reject nothing, and the year now reaches 34 degC.
    hot = make_projection(with_climate(hand_wired_plan(), 6.0))
    over = np.array(hot.hourly.dry_bulb_degc) > 31.0
    assert hot.degraded_hours == np.count_nonzero(over) > 0
    assert np.array(hot.hourly.tokens_m)[over].max() == 0.0
    assert np.array(hot.hourly.unserved_heat_kw)[over].min() > 600
    assert np.array(hot.hourly.unserved_heat_kw)[~over].max() == 0.0
    assert hot.mtok.base == pytest.approx(base.mtok.base * (1 - hot.degraded_hours / 8760))
    assert any(f"In {hot.degraded_hours} hours" in note for note in hot.notes)
    assert base.degraded_hours == 0


def test_too_few_units_slow_the_computers_in_proportion() -> None:
    # A single dry cooler rated 500 kW, at sea level, for 604.8 kW of heat, 6.3 kW of coolant and 2.8 kW of water pumps.
    small = DRY.model_copy(update={"gives": (DRY.gives[0].model_copy(update={"capacity_kw": 500.0}),)})
    short = make_projection(with_groups(hand_wired_plan(site={"altitude_m": 0.0}), small, DRY_1000={"per_side": 1}))
    hour = coldest(short)
    heat = 500 + short.hourly.unserved_heat_kw[hour]
    assert heat == pytest.approx(613.9, abs=0.1)
    full = 500 * 500 * 0.8 * 0.99 * 0.98 * 3600 / 1e6
    assert short.hourly.tokens_m[hour] == pytest.approx(full * 500 / heat)
    assert short.degraded_hours == 8760


def test_batteries_stand_by_outside_the_facility_boundary(base: Projection) -> None:
    plan = with_plant(hand_wired_plan(), Plant(carrier="mv_storage", sku="BES-4000", per_side=(3,)), modules=(BES,))
    stored = make_projection(plan)
    assert set(stored.hourly.storage_kw) == {15.0}
    assert stored.b2_kwh_per_mtok == pytest.approx(base.b2_kwh_per_mtok)
    assert stored.b3_kwh_per_mtok == pytest.approx(base.b3_kwh_per_mtok + 15 * 8760 / base.mtok.base)
    assert stored.pue == pytest.approx(base.pue)
    assert stored.months[0].pue == pytest.approx(base.months[0].pue)
    assert stored.waterfall[-1].kwh_per_mtok == pytest.approx(15 * 8760 / base.mtok.base)


def test_main_transformers_stand_between_switchgear_and_grid(base: Projection) -> None:
    main = main_transformer("hv_ac", "header")
    plan = with_plant(hand_wired_plan(), Plant(carrier="utility_mv", sku="TXM-40", per_side=(2,)), modules=(main,))
    # 2 x 18 kW at any load.
    assert make_projection(plan).hourly.site_kw[0] == pytest.approx(base.hourly.site_kw[0] + 36)


def test_bays_before_main_transformers_lose_what_they_lose(base: Projection) -> None:
    main = main_transformer("hv_bay", "unit")
    bay = a_module(
        "HVB-145",
        "hv_bay",
        gives=[{"carrier": "hv_bay", "capacity_kva": 100_000}],
        needs=[{"carrier": "hv_ac", "connection": "transfer", "through": True}],
        losses=level_losses(18),
    )
    plant = (
        Plant(carrier="utility_mv", sku="TXM-40", per_side=(2,)),
        Plant(carrier="hv_bay", sku="HVB-145", per_side=(2,), unit_for="utility_mv"),
    )
    plan = with_plant(hand_wired_plan(), *plant, modules=(main, bay))
    carriers = (*plan.carriers, _carrier("hv_bay", "electric", "site", "main_transformers"))
    hourly = make_projection(plan.model_copy(update={"carriers": carriers})).hourly
    # Four times 18 kW at any load.
    assert hourly.site_kw[0] == pytest.approx(base.hourly.site_kw[0] + 72)


def test_the_last_phase_counts(base: Projection) -> None:
    plan = hand_wired_plan()
    plant = tuple(p.model_copy(update={"per_side": (0, *p.per_side)}) for p in plan.sized.plant)
    sized = plan.sized.model_copy(update={"blocks": ((1, 3),), "plant": plant})
    later = make_projection(plan.model_copy(update={"sized": sized}))
    assert later.it_mwh == pytest.approx(3 * base.it_mwh)
    assert later.site_mwh == pytest.approx(3 * base.site_mwh)
    assert later.tokenergy_kwh_per_mtok.base == pytest.approx(base.tokenergy_kwh_per_mtok.base)


def test_two_kinds_add_up_and_an_absent_kind_does_not_count(base: Projection) -> None:
    plan = hand_wired_plan()
    kind = plan.sized.kinds[0]
    other = kind.model_copy(update={"name": "b"})
    twice = plan.sized.model_copy(update={"kinds": (kind, other), "blocks": ((1,), (2,))})
    assert make_projection(plan.model_copy(update={"sized": twice})).site_mwh == pytest.approx(3 * base.site_mwh)
    absent = plan.sized.model_copy(update={"kinds": (kind, other), "blocks": ((1,), (0,))})
    assert make_projection(plan.model_copy(update={"sized": absent})).site_mwh == pytest.approx(base.site_mwh)
    later = plan.sized.model_copy(update={"kinds": (kind, other), "blocks": ((1, 1), (0, 2))})
    assert make_projection(plan.model_copy(update={"sized": later})).it_mwh == pytest.approx(3 * base.it_mwh)


def test_water_and_unserved_heat_count_every_block() -> None:
    one = with_climate(with_groups(hand_wired_plan(), adiabatic_dry()), 15.0)
    three = one.model_copy(update={"sized": one.sized.model_copy(update={"blocks": ((3,),)})})
    single, triple = make_projection(one), make_projection(three)
    assert single.degraded_hours > 0
    assert sum(triple.hourly.unserved_heat_kw) == pytest.approx(3 * sum(single.hourly.unserved_heat_kw))
    assert triple.wue_l_per_kwh == pytest.approx(single.wue_l_per_kwh)
    assert triple.mtok.base == pytest.approx(3 * single.mtok.base)


@pytest.mark.parametrize("wet", ["ask", "learn"])
def test_water_and_losses_are_laid_on_the_demand_whose_blocks_take_them(wet: str) -> None:
    """Two blocks of equal computers: one rejects its heat over wet pads and has poor UPS, the other over dry coils."""
    plan = with_two_demands(with_climate(hand_wired_plan(2), 5.0))
    pads = adiabatic_dry().model_copy(update={"sku": "PAD-1000"})
    poor = plan.module("UPS-800").model_copy(update={"sku": "UPS-POOR", "losses": Losses(**level_losses(60))})
    other = {"DRY-1000": "PAD-1000", "UPS-800": "UPS-POOR"}
    kinds = tuple(
        k.model_copy(
            update={"groups": tuple(g.model_copy(update={"sku": other.get(g.sku, g.sku)}) for g in k.groups)}
            if k.demand == wet
            else {}
        )
        for k in plan.sized.kinds
    )
    sized = plan.sized.model_copy(update={"kinds": kinds})
    plan = plan.model_copy(update={"sized": sized, "modules": (*plan.modules, pads, poor)})
    both = make_projection(plan)
    alone = plan.sized.model_copy(update={"blocks": ((1, 1), (0, 0))})
    ask = make_projection(plan.model_copy(update={"sized": alone, "further_workloads": ()}))
    assert sum(both.hourly.water_l) > 0
    taken = sum(both.hourly.water_l) if wet == "ask" else 0.0
    assert both.water_l_per_mtok == pytest.approx(taken / both.mtok.base)
    steps, own = ({s.key: s.kwh_per_mtok for s in p.waterfall} for p in (both, ask))
    assert sum(steps.values()) == pytest.approx(both.b3_kwh_per_mtok)
    # Nothing of these stands in the site's plant, so the other demand's blocks change none of them.
    for part in ("chip", "host", "power_chain", "coolant", "air_cooling", "heat_rejection"):
        assert steps[part] == pytest.approx(own[part]), part


def test_a_grid_that_is_too_small_and_a_strange_pue_are_named() -> None:
    small = make_projection(hand_wired_plan(grid={"capacity_mw": 0.5}))
    assert any("exceeds the grid connection of 500 kW" in note for note in small.notes)
    assert not any(note.startswith("PUE") for note in small.notes)
    # 3 x 100 kW beside 756 kW.
    plan = hand_wired_plan()
    lossy = plan.module("UPS-800").model_copy(update={"losses": Losses(**level_losses(100))})
    wasteful = make_projection(with_groups(plan, lossy))
    assert any(note.startswith("PUE 1.4") for note in wasteful.notes)
