"""The projection of a hand-made site of one pod: arithmetic by hand, balances, and which way figures must move."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from build import BES, CHL, CLIMATE, DRY, _carrier, a_module
from wired import WARM, hand_wired_plan

from prefab.errors import InputError
from prefab.module import Losses, Module
from prefab.plan import Plan, Plant
from prefab.projection import make_projection
from prefab.results import Projection

LOSSES = (
    "power_chain_loss_kw", "transformer_loss_kw", "coolant_kw", "air_cooling_kw", "heat_rejection_kw",
    "auxiliary_kw", "storage_kw",
)  # fmt: skip


def with_workload(plan: Plan, **more: Any) -> Plan:
    return plan.model_copy(update={"workload": plan.workload.model_copy(update=more)})


def with_week(plan: Plan, weekday: Sequence[float], weekend: Sequence[float], **more: Any) -> Plan:
    assert plan.workload.week is not None
    days = {"weekday_frac": tuple(weekday), "weekend_frac": tuple(weekend)}
    return with_workload(plan, week=plan.workload.week.model_copy(update=days), **more)


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


def test_it_load_by_hand(base: Projection) -> None:
    # 900 kW x (0.2 + 0.8 x 0.8) at every hour, for the profile is flat.
    assert base.hourly.it_kw == pytest.approx([756.0] * 8760)
    assert base.it_mwh == pytest.approx(0.756 * 8760)


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


def test_energy_balances_in_every_hour(base: Projection) -> None:
    h = base.hourly
    parts = np.array(h.it_kw) + sum(np.array(getattr(h, name)) for name in LOSSES)
    np.testing.assert_allclose(parts, h.site_kw, rtol=1e-9)


def test_nothing_is_missing_or_not_a_number(base: Projection) -> None:
    for name, column in asdict(base.hourly).items():
        assert len(column) == 8760, name
        assert all(math.isfinite(value) for value in column), name
        assert type(column[0]) is float, name
        if not name.endswith("degc"):
            assert min(column) >= 0, name


def test_figures_are_ratios_of_sums() -> None:
    day = [0.1] * 12 + [1.0] * 12
    uneven = make_projection(with_week(hand_wired_plan(), day, day))
    h = uneven.hourly
    site, it, mtok = sum(h.site_kw), sum(h.it_kw), sum(h.tokens_m)
    assert uneven.pue == pytest.approx(site / it, rel=1e-12)
    assert uneven.tokenergy_kwh_per_mtok.base == pytest.approx(site / mtok, rel=1e-12)
    mean_of_ratios = float(np.mean(np.array(h.site_kw) / np.array(h.tokens_m)))
    assert mean_of_ratios > 1.2 * uneven.tokenergy_kwh_per_mtok.base


def test_boundaries_nest_and_the_waterfall_reaches_the_outermost(base: Projection) -> None:
    # 700 W x 500 = 350 kW of 900 kW are accelerators.
    assert base.b0_kwh_per_mtok == pytest.approx(base.b1_kwh_per_mtok * 350 / 900)
    assert base.b0_kwh_per_mtok < base.b1_kwh_per_mtok < base.b2_kwh_per_mtok
    assert base.b2_kwh_per_mtok == base.b3_kwh_per_mtok == base.tokenergy_kwh_per_mtok.base
    assert sum(step.kwh_per_mtok for step in base.waterfall) == pytest.approx(base.b3_kwh_per_mtok, rel=1e-9)
    assert min(step.kwh_per_mtok for step in base.waterfall) >= 0


def test_months_add_up_to_the_year(base: Projection) -> None:
    assert [m.month for m in base.months] == list(range(1, 13))
    assert sum(m.it_mwh for m in base.months) == pytest.approx(base.it_mwh)
    assert sum(m.facility_mwh for m in base.months) == pytest.approx(base.site_mwh)
    assert sum(m.mtok for m in base.months) == pytest.approx(base.mtok.base)
    assert base.months[6].dry_bulb_mean_degc == pytest.approx(18, abs=0.3)
    assert base.months[6].pue > base.months[0].pue


def test_bands_open_towards_the_right_side(base: Projection) -> None:
    # 300, 500 and 700 tokens/s on the card.
    assert base.mtok.low == pytest.approx(0.6 * base.mtok.base)
    assert base.mtok.high == pytest.approx(1.4 * base.mtok.base)
    band = base.tokenergy_kwh_per_mtok
    assert band.low < band.base < band.high
    assert band.low == pytest.approx(band.base / 1.4)


def test_cost_carbon_and_water_per_token(base: Projection) -> None:
    # 0.08 $/kWh and 40 g/kWh; carbon per kWh of IT is PUE times the grid's.
    assert base.energy_usd_per_mtok == pytest.approx(0.08 * base.b3_kwh_per_mtok)
    assert base.carbon_g_per_mtok == pytest.approx(40 * base.b3_kwh_per_mtok)
    assert base.cue_kg_per_kwh == pytest.approx(0.040 * base.pue)
    assert base.wue_l_per_kwh == base.water_l_per_mtok == 0.0


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
    level = Losses(points=((0.0, 10.0), (0.3, 10.0), (0.6, 10.0), (1.0, 10.0)))
    standing = plan.module("UPS-800").model_copy(update={"losses": level})
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
    main = a_module(
        "TXM-40",
        "main_transformer",
        gives=[{"carrier": "utility_mv", "capacity_kva": 40_000}],
        needs=[{"carrier": "hv_ac", "connection": "header", "through": True}],
        losses={"points": [[0, 18], [0.25, 18], [0.5, 18], [1, 18]]},
    )
    plan = with_plant(hand_wired_plan(), Plant(carrier="utility_mv", sku="TXM-40", per_side=(2,)), modules=(main,))
    # 2 x 18 kW at any load.
    assert make_projection(plan).hourly.site_kw[0] == pytest.approx(base.hourly.site_kw[0] + 36)


def test_bays_before_main_transformers_lose_what_they_lose(base: Projection) -> None:
    constant = [[0, 18], [0.25, 18], [0.5, 18], [1, 18]]
    main = a_module(
        "TXM-40",
        "main_transformer",
        gives=[{"carrier": "utility_mv", "capacity_kva": 40_000}],
        needs=[{"carrier": "hv_bay", "connection": "unit", "through": True}],
        losses={"points": constant},
    )
    bay = a_module(
        "HVB-145",
        "hv_bay",
        gives=[{"carrier": "hv_bay", "capacity_kva": 100_000}],
        needs=[{"carrier": "hv_ac", "connection": "transfer", "through": True}],
        losses={"points": constant},
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


def test_inference_follows_its_week_and_training_runs_flat() -> None:
    weekday, weekend = [0.5] * 12 + [1.0] * 12, [0.25] * 24
    inference = make_projection(with_week(hand_wired_plan(), weekday, weekend))
    # 900 kW x (0.2 + 0.8 x 0.4) in the first half of a weekday; half of that load at the weekend.
    assert inference.hourly.it_kw[0] == pytest.approx(468.0)
    assert inference.hourly.it_kw[12] == pytest.approx(756.0)
    weekends = [inference.hourly.it_kw[24 * day + 12] for day in range(14)]
    assert weekends == pytest.approx([756.0] * 5 + [324.0] * 2 + [756.0] * 5 + [324.0] * 2)
    assert any("profile level (local)" in note for note in inference.notes)
    training = make_projection(with_week(hand_wired_plan(), weekday, weekend, purpose="training"))
    assert training.hourly.it_kw == pytest.approx([756.0] * 8760)
    assert any("Training tokens" in note for note in training.notes)


def test_a_card_without_its_profile_is_refused() -> None:
    with pytest.raises(InputError, match="profile: 'level' is not in profiles/"):
        make_projection(with_workload(hand_wired_plan(), week=None))


def test_idle_accelerators_are_the_card_s_and_idle_racks_the_pod_s() -> None:
    # Flat out 350 kW of boards beside 900 kW of racks; at a load of 0.8 they idle at 0.2 and at 0.5.
    busy = make_projection(with_workload(hand_wired_plan(), idle_frac=0.5))
    assert busy.b0_kwh_per_mtok / busy.b1_kwh_per_mtok == pytest.approx(350 * 0.9 / (900 * 0.84))


def test_proxies_give_tokens_and_are_marked(base: Projection) -> None:
    plan = hand_wired_plan()
    proxy = make_projection(with_workload(plan, accelerator="T2", proxy_for=("T1",)))
    assert proxy.mtok.base == pytest.approx(base.mtok.base)
    assert "T1" in proxy.not_comparable
    assert "T2 stands in" in proxy.not_comparable
    assert any(note.startswith("Not comparable: ") for note in proxy.notes)
    assert base.not_comparable == ""
    assert not any("Not comparable" in note for note in base.notes)


def test_tokens_of_prompts_counted_too_are_marked(base: Projection) -> None:
    prompts = make_projection(with_workload(hand_wired_plan(), token_basis="total_input_plus_output"))
    assert "prompts" in prompts.not_comparable
    assert prompts.tokenergy_kwh_per_mtok == base.tokenergy_kwh_per_mtok


def test_the_brief_s_utilisation_wins() -> None:
    full = make_projection(hand_wired_plan(utilisation_frac=1.0))
    assert full.hourly.it_kw[0] == pytest.approx(900.0)


@pytest.mark.parametrize("card", [{"goodput_frac": 0.0}, {"accelerator": "T2"}], ids=["no goodput", "other pods"])
def test_without_tokens_there_is_no_energy_per_token(card: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="delivers no tokens"):
        make_projection(with_workload(hand_wired_plan(), **card))


def test_pods_of_other_accelerators_take_energy_and_give_nothing(base: Projection) -> None:
    plan = hand_wired_plan()
    pod = plan.module("POD-1000")
    assert pod.it is not None
    other = pod.model_copy(update={"sku": "POD-2", "it": pod.it.model_copy(update={"accelerator": "T2"})})
    kind = plan.sized.kinds[0]
    kinds = (kind, kind.model_copy(update={"name": "b", "pod": "POD-2"}))
    sized = plan.sized.model_copy(update={"kinds": kinds, "blocks": ((1,), (1,))})
    mixed = make_projection(plan.model_copy(update={"sized": sized, "modules": (*plan.modules, other)}))
    assert mixed.mtok.base == pytest.approx(base.mtok.base)
    assert mixed.site_mwh == pytest.approx(2 * base.site_mwh)
    assert mixed.b0_kwh_per_mtok == pytest.approx(base.b0_kwh_per_mtok)
    assert any("Pods without T1" in note for note in mixed.notes)


def test_says_what_the_figures_rest_on(base: Projection) -> None:
    text = " ".join(base.notes)
    for phrase in ("synthetic year", "without recirculation", "redundant modules included", "limited by compute"):
        assert phrase in text
    for phrase in ("40 % of their pressure", "below 75 % of full flow", "below 60 % of full speed"):
        assert phrase in text
    # The house load is 1 % of 1100 kW; two panels of 1 kW.
    assert "11.0 kW of the pods" in text
    assert "2.0 kW of control panels" in text
    assert "80.0 %" in text


@pytest.mark.parametrize(
    ("card", "phrase"),
    [
        ({"published_tokens_per_s": 20.0}, "is doubtful"),
        ({"published_tokens_per_s": 0.2}, "cannot be right"),
        ({"accelerator_w": 5000.0}, "B0 is capped"),
    ],
)
def test_doubtful_cards_are_called_so(card: dict[str, Any], phrase: str, base: Projection) -> None:
    assert not any(phrase in note for note in base.notes)
    doubtful = make_projection(with_workload(hand_wired_plan(), **card))
    assert any(phrase in note for note in doubtful.notes)
    assert doubtful.b0_kwh_per_mtok <= doubtful.b1_kwh_per_mtok


def test_a_grid_that_is_too_small_and_a_strange_pue_are_named() -> None:
    small = make_projection(hand_wired_plan(grid={"capacity_mw": 0.5}))
    assert any("exceeds the grid connection of 500 kW" in note for note in small.notes)
    assert not any(note.startswith("PUE") for note in small.notes)
    # 3 x 100 kW beside 756 kW.
    lossy = Losses(points=((0.0, 100.0), (0.3, 100.0), (0.6, 100.0), (1.0, 100.0)))
    plan = hand_wired_plan()
    wasteful = make_projection(with_groups(plan, plan.module("UPS-800").model_copy(update={"losses": lossy})))
    assert any(note.startswith("PUE 1.4") for note in wasteful.notes)


def test_the_same_plan_gives_the_same_projection(base: Projection) -> None:
    assert make_projection(hand_wired_plan()) == base
