"""Flow and heat rejection on units with round figures; printed figures stand in test_published_figures.py."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from physics.sample import adiabatic_cooler, chiller, dry_cooler

from prefab.module import Rejection
from prefab.physics import cooling, psychrometrics

WARM = (45.0, 55.0)
"""Supply and return of a warm loop."""
COLD = (20.0, 30.0)

UNITS = {"dry": dry_cooler(), "adiabatic": adiabatic_cooler(), "chiller": chiller()}


def capacity(
    unit: Rejection, dry_bulb: float, loop: tuple[float, float] = WARM, wet_bulb: float = 0.0, altitude: float = 0.0
) -> float:
    return float(cooling.rejection_capacity_kw(unit, 1000.0, dry_bulb, wet_bulb, *loop, altitude))


def power(
    unit: Rejection,
    heat: float,
    dry_bulb: float,
    loop: tuple[float, float] = WARM,
    wet_bulb: float = 0.0,
    altitude: float = 0.0,
) -> float:
    return float(cooling.rejection_power_kw(unit, 1000.0, heat, dry_bulb, wet_bulb, *loop, altitude))


def water(
    unit: Rejection,
    heat: float,
    dry_bulb: float,
    wet_bulb: float,
    loop: tuple[float, float] = WARM,
    altitude: float = 0.0,
) -> float:
    return float(cooling.water_l_per_h(unit, 1000.0, heat, dry_bulb, wet_bulb, *loop, altitude))


def test_flow_needs_a_warmer_return() -> None:
    with pytest.raises(ValueError, match="must be warmer"):
        cooling.flow_lpm(100, 40, 40, 1.0, 4.18)


def test_drives_have_a_static_share_and_a_least_flow() -> None:
    # Half the flow against a quarter of the pressure and a quarter of the rest: 0.5 x (0.25 + 0.75 / 4).
    assert cooling.drive_power_frac(0.5, 0.25) == pytest.approx(0.21875)
    assert cooling.drive_power_frac(0.0, 0.25) == 0.0
    # At least 0.8 of the flow, cubed: 0.512.
    assert cooling.drive_power_frac(0.5, 0.0, 0.8) == pytest.approx(0.512)
    assert cooling.drive_power_frac(0.9, 0.0, 0.8) == pytest.approx(0.729)
    assert cooling.drive_power_frac(1.0, 0.25, 0.8) == pytest.approx(1.0)


def test_dry_cooler_follows_the_inlet_difference_up_to_its_rating() -> None:
    # Return 47 degC and air 35 degC: 12 K of the rating's 15 K.
    assert capacity(dry_cooler(approach_min_k=2.0), 35, (37, 47)) == pytest.approx(800.0)
    # Return 55 degC: 20 K would give 1333 kW; the rating caps it.
    assert capacity(dry_cooler(), 35) == 1000.0


def test_dry_cooler_cannot_come_closer_to_the_air_than_its_approach() -> None:
    assert capacity(dry_cooler(), 35.0) > 0
    assert capacity(dry_cooler(), 35.1) == 0


def test_thin_air_takes_capacity_from_coils_and_not_from_a_chiller_s_curve() -> None:
    ratio = psychrometrics.density_ratio(1500)
    assert 0.82 < ratio < 0.85
    assert capacity(dry_cooler(), 35, altitude=1500) == pytest.approx(1000 * ratio)
    assert capacity(dry_cooler(), 35, altitude=-300) == 1000.0
    assert capacity(chiller(), 35, COLD, altitude=1500) == 1000.0


def test_pads_cool_the_air_only_above_their_limit() -> None:
    # 40 degC dry, 25 degC wet: after pads of 80 % 40 - 12 = 28 degC; return 43 degC leaves 15 K: full rating.
    assert capacity(adiabatic_cooler(), 40, (38, 43), wet_bulb=25) == pytest.approx(1000.0)
    assert capacity(dry_cooler(), 40, (38, 43)) == 0
    # At 20 degC the pads stay dry: 10 K from air to supply, 15 K to return.
    assert capacity(adiabatic_cooler(), 20, (30, 35), wet_bulb=5) == pytest.approx(1000.0)


def test_chiller_follows_its_curve_and_ends_with_it() -> None:
    # Half way between 1.0 at 35 degC and 0.9 at 45 degC.
    assert capacity(chiller(), 40, COLD) == pytest.approx(950.0)
    assert capacity(chiller(), 45, COLD) == pytest.approx(900.0)
    assert capacity(chiller(), 45.1, COLD) == 0
    assert capacity(chiller(), 0, COLD) == pytest.approx(1100.0)
    assert capacity(chiller(), 20, (17.9, 28)) == 0


def test_fan_law_at_part_load() -> None:
    # 750 kW at the rating's 15 K: speed 0.75^(4/3) = 0.68142; cubed 0.75^4 = 0.31641; of 20 kW: 6.328 kW.
    assert power(dry_cooler(), 750, 35, (45, 50)) == pytest.approx(20 * 0.75**4)
    # A cold day: 30 K, q = 0.25, 0.25^4 = 0.0039 falls below the floor of 5 %.
    assert power(dry_cooler(), 500, 20, (45, 50)) == pytest.approx(1.0)
    assert power(dry_cooler(), 0, 20) == 0.0


def test_fan_law_in_thin_air() -> None:
    # Air of ratio r: r^(-4/3) times the speed for the same heat, and r times the power at a speed: r^-3 in all.
    ratio = psychrometrics.density_ratio(1500)
    assert power(dry_cooler(), 600, 35, (45, 50), altitude=1500) == pytest.approx(20 * 0.6**4 / ratio**3)


def test_fans_run_flat_out_beyond_their_capacity() -> None:
    assert power(dry_cooler(), 1500, 35, (45, 50)) == pytest.approx(20.0)
    assert power(dry_cooler(), 500, 36, (45, 50)) == pytest.approx(20.0)


def test_chiller_power_from_economiser_and_compressor() -> None:
    # 25 degC + 4 K is 1 K below the return of 30 degC: a tenth of the 10 K range is free.
    cop = 6 + (4 - 6) / 15 * 5
    assert power(chiller(), 500, 25, COLD) == pytest.approx(0.9 * 500 / cop + 20 * 0.5)
    # 16 degC + 4 K reaches the supply of 20 degC: all free, fans alone.
    assert power(chiller(), 500, 16, COLD) == pytest.approx(10.0)
    # Beyond the curve the compressors stand still.
    assert power(chiller(), 500, 50, COLD) == pytest.approx(10.0)


def test_water_balances_the_humidity_that_the_pads_add() -> None:
    dry_bulb, effectiveness = 40.0, 0.8
    pressure = psychrometrics.pressure_pa(0)
    ambient = float(psychrometrics.humidity_ratio(12.0, pressure))
    wet_bulb = float(psychrometrics.wet_bulb_degc(dry_bulb, 12.0, pressure))
    air_on = dry_bulb - effectiveness * (dry_bulb - wet_bulb)
    added = float(psychrometrics.humidity_ratio_from_wet_bulb(air_on, wet_bulb, pressure)) - ambient
    # 1000 kW over 0.65 x 15 K is 102.56 kW/K, at 1.006 kJ/(kg K) of dry air; full speed at more heat than fits.
    air_kg_per_h = 1000 / (0.65 * 15) / 1.006 * 3600
    evaporated = air_kg_per_h * added
    unit = adiabatic_cooler()
    assert water(unit, 5000, dry_bulb, wet_bulb) == pytest.approx(evaporated * 4 / 3, rel=0.04)


def test_dry_days_and_dry_units_draw_no_water() -> None:
    assert water(adiabatic_cooler(), 900, 20, 15) == 0
    assert water(adiabatic_cooler(), 0, 35, 20) == 0
    assert water(dry_cooler(), 900, 35, 20) == 0
    assert water(chiller(), 900, 35, 20) == 0


def test_pads_stay_dry_as_long_as_the_dry_coil_suffices() -> None:
    unit, narrow = adiabatic_cooler(), (45.0, 47.0)
    # 35 degC is 10 K below the supply, 36 degC is too near.
    assert water(unit, 900, 35, 20) == 0
    assert power(unit, 900, 35, wet_bulb=20) == power(dry_cooler(), 900, 35)
    assert water(unit, 900, 36, 20) > 0
    # Return 47 degC and air 34 degC: 13 K of the rating's 15 K, 866.7 kW dry.
    assert water(unit, 866, 34, 20, narrow) == 0
    assert water(unit, 867, 34, 20, narrow) > 0
    # Wet, 34 - 0.8 x 14 = 22.8 degC leaves 24.2 K: q = 0.867 x 15 / 24.2.
    assert power(unit, 867, 34, narrow, wet_bulb=20) == pytest.approx(20 * (0.867 * 15 / 24.2) ** 4)


def test_more_cycles_of_concentration_bleed_less() -> None:
    at = (1000.0, 900.0, 40.0, 20.0, *WARM, 0.0)
    # Make-up over evaporation is 2/1 at 2 cycles and 4/3 at 4.
    ratio = cooling.water_l_per_h(adiabatic_cooler(), *at, 2.0) / cooling.water_l_per_h(adiabatic_cooler(), *at)
    assert ratio == pytest.approx(2 / (4 / 3))


@pytest.mark.parametrize("kind", UNITS)
@given(
    heat=st.floats(1, 1200),
    dry_bulb=st.floats(-20, 50),
    step=st.floats(0.01, 10),
    depression=st.floats(0, 15),
    altitude=st.floats(0, 3000),
)
def test_warmer_air_never_helps(
    kind: str, heat: float, dry_bulb: float, step: float, depression: float, altitude: float
) -> None:
    """Away from where pads begin to be wetted: there an adiabatic unit gains by design."""
    loop = COLD if kind == "chiller" else WARM
    warmer = dry_bulb + step
    unit = UNITS[kind]
    wet = UNITS["adiabatic"].wet_above_degc or 0.0
    if kind == "adiabatic" and dry_bulb <= wet < warmer:
        return
    cold = capacity(unit, dry_bulb, loop, dry_bulb - depression, altitude)
    warm = capacity(unit, warmer, loop, warmer - depression, altitude)
    assert warm <= cold + 1e-9
    starts = water(unit, heat, dry_bulb, dry_bulb - depression, loop, altitude) == 0
    starts &= water(unit, heat, warmer, warmer - depression, loop, altitude) > 0
    if heat <= warm and not starts:
        cold_kw = power(unit, heat, dry_bulb, loop, dry_bulb - depression, altitude)
        assert cold_kw <= power(unit, heat, warmer, loop, warmer - depression, altitude) + 1e-9


@given(heat=st.floats(1, 1000), dry_bulb=st.floats(-20, 45), warmer_k=st.floats(0, 15))
def test_warmer_water_never_costs_more(heat: float, dry_bulb: float, warmer_k: float) -> None:
    unit, loop = dry_cooler(), (WARM[0] + warmer_k, WARM[1] + warmer_k)
    assert capacity(unit, dry_bulb, loop) >= capacity(unit, dry_bulb)
    assert power(unit, heat, dry_bulb, loop) <= power(unit, heat, dry_bulb) + 1e-9
    assert (
        power(chiller(), heat, dry_bulb, (18 + warmer_k, 28 + warmer_k))
        <= power(chiller(), heat, dry_bulb, (18, 28)) + 1e-9
    )


@pytest.mark.parametrize("kind", UNITS)
def test_hours_at_once_equal_hours_one_by_one(kind: str) -> None:
    unit = UNITS[kind]
    dry_bulb = np.linspace(-15, 50, 60)
    wet_bulb = dry_bulb - 5
    heat = np.linspace(0, 1200, 60)
    for function in (cooling.rejection_power_kw, cooling.water_l_per_h):
        together = function(unit, 1000.0, heat, dry_bulb, wet_bulb, *WARM, 200.0)
        single = [
            function(unit, 1000.0, float(q), float(t), float(w), *WARM, 200.0)
            for q, t, w in zip(heat, dry_bulb, wet_bulb, strict=True)
        ]
        assert isinstance(together, np.ndarray)
        assert type(single[0]) is float
        np.testing.assert_allclose(together, single)
