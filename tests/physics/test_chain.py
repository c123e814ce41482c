"""One pass along the carriers on a few modules: who serves whom, at what share, and what it takes."""

import numpy as np
import pytest
from build import BASIS, CARRIERS, CDU, CHL, DRY, FWU, PMP, TRF, UPS, a_module

from prefab.module import Losses, Module
from prefab.physics.chain import Bank, Demand, Drawn, Surroundings, draw
from prefab.physics.cooling import water_l_per_h

BY_KEY = {c.key: c for c in CARRIERS}


def surroundings(dry_bulb_degc: float = 10.0, altitude_m: float = 0.0) -> Surroundings:
    return Surroundings(np.array([dry_bulb_degc]), np.array([dry_bulb_degc - 3]), altitude_m, BASIS, BY_KEY)


def bank(module: Module, carrier: str, count: int, supply: float | None = None, unit_for: str | None = None) -> Bank:
    return Bank(module, BY_KEY[carrier], count, supply, unit_for)


def asked(carrier: str, kw: float, supply_max: float | None = None, back: float | None = None) -> Demand:
    return Demand(carrier, np.array([kw]), supply_max, back)


def opened(drawn: Drawn) -> dict[str, float]:
    return {carrier: float(kw[0]) for carrier, kw in drawn.open_kw.items()}


def test_what_no_bank_gives_stays_open() -> None:
    drawn = draw([], [asked("critical_ac", 100), asked("critical_ac", 20)], surroundings())
    assert opened(drawn) == {"critical_ac": 120.0}


def test_losses_pass_up_through_units_of_their_own() -> None:
    standing = TRF.model_copy(update={"losses": Losses(points=((0.0, 3.0), (0.3, 3.0), (0.6, 3.0), (1.0, 3.0)))})
    banks = [
        bank(UPS, "critical_ac", 2),
        bank(standing, "lv_ac", 2, unit_for="critical_ac"),
        bank(TRF, "lv_ac", 1),
    ]
    drawn = draw(banks, [asked("critical_ac", 800), asked("lv_ac", 95)], surroundings())
    # UPS: 4 % of 800. Units: 3 kW each. The transformer for the rest, 10 kW at 950 kW: 1 kW at 95 kW.
    assert drawn.own_kw["power_chain"][0] == pytest.approx(32.0)
    assert drawn.own_kw["transformers"][0] == pytest.approx(6.0 + 1.0)
    assert opened(drawn) == {"mv_ac": pytest.approx(832 + 6 + 96)}


def test_fabric_computes_on_critical_power_less_the_fans_of_its_room() -> None:
    needs = [
        {"carrier": "critical_ac", "connection": "dual", "kw_per_kw": 1.04},
        {"carrier": "lv_ac", "connection": "transfer", "kw_per_kw": 0.02},
    ]
    fabric = a_module("ITN-100", "fabric", gives=[{"carrier": "it", "capacity_kw": 100}], needs=needs)
    drawn = draw([bank(fabric, "it", 1)], [asked("it", 50)], surroundings())
    assert drawn.own_kw["fabric"][0] == pytest.approx(50.0)
    assert drawn.own_kw["air_cooling"][0] == pytest.approx(2.0)  # the fans of its room
    assert drawn.own_kw["auxiliary"][0] == pytest.approx(1.0)  # its light and controls
    assert opened(drawn) == {"critical_ac": pytest.approx(52.0), "lv_ac": pytest.approx(1.0)}


def test_water_is_that_of_all_units_at_their_share() -> None:
    assert DRY.rejection is not None
    pads = {"kind": "adiabatic", "pad_effectiveness_frac": 0.8, "wet_above_degc": 12.0}
    adiabatic = DRY.model_copy(update={"rejection": DRY.rejection.model_copy(update=pads)})
    assert adiabatic.rejection is not None
    drawn = draw([bank(adiabatic, "heat_rejection", 2, 36.0)], [asked("heat_rejection", 900, 36)], surroundings(33.0))
    one = water_l_per_h(adiabatic.rejection, 1000.0, 450.0, 33.0, 30.0, 36.0, 46.0, 0.0)
    assert drawn.water_l[0] == pytest.approx(2 * one)
    assert one > 0


@pytest.mark.parametrize(("limit", "chosen"), [(36.0, 36.0), (35.9, 30.0), (25.0, 20.0), (10.0, 20.0)])
def test_a_demand_goes_to_the_warmest_liquid_that_is_cold_enough(limit: float, chosen: float) -> None:
    # Only the loop that should be chosen has pumps that draw anything.
    idle = PMP.model_copy(update={"needs": (PMP.needs[0], PMP.needs[1].model_copy(update={"kw_per_kw": 0.0}))})
    banks = [bank(PMP if t == chosen else idle, "facility_water", 1, t) for t in (20.0, 30.0, 36.0)]
    drawn = draw(banks, [asked("facility_water", 500, limit)], surroundings())
    # Half of 1000 kW, of 10 kW: half the flow against 0.4 of the pressure and a quarter of 0.6.
    assert drawn.own_kw["coolant"][0] == pytest.approx(2.75)


@pytest.mark.parametrize(("supply", "chosen"), [(40.0, 36.0), (39.0, 20.0)])
def test_an_exchanger_asks_for_water_colder_by_its_approach(supply: float, chosen: float) -> None:
    free = CDU.model_copy(update={"needs": (CDU.needs[0], CDU.needs[1].model_copy(update={"kw_per_kw": 0.0}))})
    idle = PMP.model_copy(update={"needs": (PMP.needs[0], PMP.needs[1].model_copy(update={"kw_per_kw": 0.0}))})
    water = [bank(PMP if t == chosen else idle, "facility_water", 1, t) for t in (36.0, 20.0)]
    drawn = draw([bank(free, "coolant", 2, supply), *water], [asked("coolant", 500, 45, 55)], surroundings())
    assert drawn.own_kw["coolant"][0] == pytest.approx(2.75)


def test_pump_electricity_ends_in_the_water() -> None:
    drawn = draw([bank(CDU, "coolant", 2, 40.0)], [asked("coolant", 800, 45, 55)], surroundings())
    # 800 kW on 2 x 500: 0.8 cubed of 10 kW.
    assert opened(drawn) == {
        "facility_water": pytest.approx(805.12),
        "critical_ac": pytest.approx(5.12),
    }


def test_a_small_rise_uses_up_the_flow_before_the_kilowatts() -> None:
    narrow = draw([bank(CDU, "coolant", 1, 40.0)], [asked("coolant", 400, 45, 46)], surroundings())
    # 400 kW at 6 K: 400 / (1.0116 x 3.97 x 6) x 60 = 996 L/min of 800, against 0.8 of the kilowatts.
    flow = 400 / (1.0116 * 3.97 * 6) * 60 / 800
    assert narrow.own_kw["coolant"][0] == pytest.approx(5 * flow**3)


@pytest.mark.parametrize(("kw", "drives"), [(0.0, 0.0), (200.0, 0.421875), (900.0, 0.729)])
def test_coolant_pumps_keep_their_flow_when_the_load_falls(kw: float, drives: float) -> None:
    # 10 kW of pumps on 1000 kW; below 0.75 of the flow 0.75 cubed, none without load.
    drawn = draw([bank(CDU, "coolant", 2, 40.0)], [asked("coolant", kw, 45, 55)], surroundings())
    assert drawn.own_kw["coolant"][0] == pytest.approx(10 * drives)


@pytest.mark.parametrize(("count", "fans"), [(1, 0.512), (2, 2 * 0.216), (4, 4 * 0.216)])
def test_fans_share_the_air_down_to_their_slowest_speed(count: int, fans: float) -> None:
    # 120 kW on 150 kW units with 7.5 kW of fans: 0.8, 0.4 and 0.2 of the flow, not slower than 0.6.
    drawn = draw([bank(FWU, "air_cooling", count)], [asked("air_cooling", 120)], surroundings())
    assert drawn.own_kw["air_cooling"][0] == pytest.approx(7.5 * fans)


def test_equal_banks_share_by_their_rating() -> None:
    double = UPS.model_copy(update={"gives": (UPS.gives[0].model_copy(update={"capacity_kw": 1600.0}),)})
    standing = bank(UPS, "critical_ac", 1), bank(double, "critical_ac", 1)
    drawn = draw(standing, [asked("critical_ac", 1200)], surroundings())
    # Both at half load; the loss curve of 800 kW gives 16 kW at half load for each.
    assert drawn.own_kw["power_chain"][0] == pytest.approx(32.0)


def test_what_is_the_pods_own_serves_them_alone() -> None:
    # Of 120 and 60 kW each goes to units of 150 kW with 7.5 kW of fans of its own: 0.8 of the flow, and the slowest.
    own, others = Bank(FWU, BY_KEY["air_cooling"], 1, of_pods=True), bank(FWU, "air_cooling", 1)
    of_pods = Demand("air_cooling", np.array([120.0]), of_pods=True)
    drawn = draw([own, others], [of_pods, asked("air_cooling", 60)], surroundings())
    assert drawn.own_kw["air_cooling"][0] == pytest.approx(7.5 * (0.512 + 0.216))
    # Where nobody has units of its own all take part in everything: 90 kW each.
    drawn = draw([others, others], [of_pods, asked("air_cooling", 60)], surroundings())
    assert drawn.own_kw["air_cooling"][0] == pytest.approx(2 * 7.5 * 0.216)


def test_what_the_pods_own_needs_is_their_own() -> None:
    """A unit that passes its heat to the air of its pod."""
    sidecar = a_module(
        "LTA-500", "cdu", gives=[{"carrier": "coolant", "capacity_kw": 500}],
        needs=[{"carrier": "air_cooling", "connection": "header", "through": True}],
    )  # fmt: skip
    banks = [
        Bank(sidecar, BY_KEY["coolant"], 1, 40.0, of_pods=True),
        Bank(FWU, BY_KEY["air_cooling"], 1, of_pods=True),
        bank(FWU, "air_cooling", 1),
    ]
    drawn = draw(banks, [Demand("coolant", np.array([120.0]), 45, 55, of_pods=True)], surroundings())
    assert drawn.own_kw["air_cooling"][0] == pytest.approx(7.5 * 0.512)


def test_unserved_heat_and_the_share_that_is_left() -> None:
    drawn = draw([bank(CHL, "heat_rejection", 2, 20.0)], [asked("heat_rejection", 900, 20)], surroundings(39.0))
    # Capacity runs from 1 at 35 degC to 0.75 at 43 degC: 0.875 x 2 x 400 = 700 kW.
    assert drawn.unserved_kw[0] == pytest.approx(200.0)
    assert drawn.served_frac[0] == pytest.approx(700 / 900)


def test_altitude_takes_from_a_chiller_what_its_derating_says() -> None:
    derated = CHL.model_copy(update={"derating": CHL.derating.model_copy(update={"altitude_frac_per_100m": 0.01})})
    demand = [asked("heat_rejection", 900, 20)]
    high = draw([bank(derated, "heat_rejection", 2, 20.0)], demand, surroundings(25.0, altitude_m=2000.0))
    # A tenth of 800 kW is gone.
    assert high.unserved_kw[0] == pytest.approx(900 - 720)


def test_fixed_draws_count_per_module() -> None:
    panel = a_module(
        "CTL-9",
        "control",
        gives=[{"carrier": "control", "capacity_units": 9}],
        needs=[{"carrier": "critical_ac", "connection": "dual", "fixed_kw": 1.5}],
    )
    drawn = draw([bank(panel, "control", 4)], [], surroundings())
    assert drawn.own_kw["auxiliary"][0] == pytest.approx(6.0)
    assert opened(drawn) == {"critical_ac": pytest.approx(6.0)}
