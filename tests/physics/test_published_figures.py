"""Figures that others printed, and figures derived from their formulas, each with its source.

A case's id is its row in the table of validation cases that stands beside the project; where the table is there, the
figures written here must agree with it.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psychrolib
import pytest
from numpy.typing import NDArray
from physics.sample import dry_cooler, ups_battery

from prefab.module import Derating, UpsBattery
from prefab.physics import cooling, duties, electrical, flexibility, psychrometrics, short_circuit, sound, tokens

TABLE = Path(__file__).parents[2].parent / "shared" / "reference" / "validation_cases.csv"
SEA_LEVEL_PA = 101325.0

PSYCHROLIB = "https://github.com/psychrometrics/psychrolib/blob/master/tests/test_psychrolib_si.py"
GLYCOL = "https://www.easymanua.ls/airedale/deltachill/manual?p=53"
FANS = "https://www.engineeringtoolbox.com/fan-affinity-laws-d_196.html"
CATALOGUE_STUDY = "https://mdpi.com/1996-1073/16/9/3661/htm"
ECODESIGN = "https://www.legislation.gov.uk/eur/2014/548/annex/I"
ALTERNATOR = "https://manualarchiveguide.com/manuals/Wacker-Neuson-G-3-3AE-Operator-s-Manual-4702316?page=20"
DRY_TRANSFORMER = (
    "http://trcsupport.eaton.com/Residential-Distribution/Dry-Type-Transformers/1045424191/"
    "How-to-derate-a-transformer-for-use-at-high-altitudes.htm"
)
OIL_TRANSFORMER = (
    "https://industrialmonitordirect.com/blogs/knowledgebase/transformer-ambient-temperature-de-rating-per-ieee-c5791"
)
GENSET = "https://oer.enviraj.com/general/diesel-generator-fuel-consumption-chart"
SHORT_CIRCUIT = "https://github.com/e2nIEE/pandapower/blob/master/pandapower/test/shortcircuit/test_transformer.py"
ORV3_SHELF = "https://www.sgpjbg.com/bgdown/161254.html"
ENGINE_NOISE = "https://manualsdump.com/amp/en/manuals/94827/30"
FENKOIL = "http://fenkoil.ru/982/"
ADDED_NOISE = "https://easymanua.ls/tcl/tac-07cs/manual?p=76"
RACK = "https://www.elastix.ai/blog/the-ai-data-center-economy-runs-on-tokens-per-second-per-watt"
SWINGS = "https://arxiv.org/html/2508.14318"
SWINGS_REVIEW = "https://www.themoonlight.io/review/power-stabilization-for-ai-training-datacenters"
DIPS = "https://www.keentelengineering.com/nerc-voltage-sensitive-loads"
CURTAILMENT = "https://hdl.handle.net/10161/32077"
EMERALD = "https://arxiv.org/abs/2507.00909"
EMERGENCY_ENGINE = "https://backuppower.ai/data-centers/epa-100-hour-rule/"
REOPT = "https://github.com/NREL/REopt.jl/blob/master/src/core/energy_storage/electric_storage.jl"


@dataclass(frozen=True)
class Case:
    """One printed figure: the row, its key within the row, what we compute, what is printed, how close."""

    id: str
    key: str
    actual: Callable[[], float]
    expected: float
    tolerance: float
    url: str


def transformer_points() -> list[tuple[float, float]]:
    """2500 kVA liquid: 1.575 kW without load and 18.5 kW at full load, growing with the square."""
    return [(k, 1.575 + 18.5 * k * k) for k in (0.0, 0.25, 0.5, 0.75, 1.0)]


def generator_points() -> list[tuple[float, float]]:
    """162.0, 273.3, 391.7, 537.1 L/h of a 2000 kW set, per kWh."""
    hourly = ((0.25, 162.0), (0.5, 273.3), (0.75, 391.7), (1.0, 537.1))
    return [(x, litres / (x * 2000)) for x, litres in hourly]


def highest_air_degc(supply_degc: float, approach_k: float) -> float:
    """Warmest air, to a hundredth, at which a dry cooler still delivers the supply temperature."""
    grid = [hundredths / 100 for hundredths in range(6000)]
    unit = dry_cooler(approach_k)
    return max(
        t for t in grid if cooling.rejection_capacity_kw(unit, 1000.0, t, 0.0, supply_degc, supply_degc + 10, 0.0) > 0
    )


def quiet_from_m(power_dba: float, limit_dba: float) -> float:
    """The nearest whole metre at which a source keeps a limit."""
    return next(m for m in range(1, 10_000) if sound.pressure_dba(power_dba, m) <= limit_dba)


def wet_bulb_from_humidity(dry_bulb_degc: float, relative: float, pressure: float) -> float:
    dew_point = psychrolib.GetTDewPointFromRelHum(dry_bulb_degc, relative)
    return float(psychrometrics.wet_bulb_degc(dry_bulb_degc, dew_point, pressure))


def installed_kwh(load_kw: float, minutes: float, battery: UpsBattery) -> float:
    """Energy to install for a load over a time, with the fractions of a battery of 1 kWh."""
    return load_kw / electrical.ups_capacity_kw(battery, minutes)


def mj(duty: duties.Duty) -> float:
    return 3.6 * duty.energy_kwh


def two_level_day(high: float, low: float, high_h: int) -> NDArray[np.float64]:
    """Hours of a day, the high ones at its end."""
    return np.repeat([low, high], [24 - high_h, high_h])


def two_transformers_ka(c: float) -> float:
    """Case E05: 100 MVA at 10 kV, two transformers of 0.4 MVA 11/0.42 kV, fault at 0.4 kV."""
    grid = short_circuit.referred_ohm(short_circuit.grid_ohm(100, 10), 11, 0.42)
    both = short_circuit.parallel_ohm([short_circuit.transformer_ohm(0.4, 0.42, 0.06, 0.005, c)] * 2)
    assert both is not None
    return short_circuit.fault_ka(grid + both, 0.4, c)


LOSSLESS = UpsBattery(
    energy_kwh=1.0,
    soc_min_frac=0,
    soc_max_frac=1,
    end_of_life_frac=1,
    bidirectional=False,
    inverter_efficiency_frac=1,
)
SQUARE = duties.square_wave(100_000, 2.0)
MOSTLY_HIGH = duties.square_wave(100_000, 2.0, 0.7)
WITH_RESIDUAL = duties.square_wave(100_000, 2.0, 0.5, 20_000)
STEP = duties.ramp_limit(80_000, 10_000)
FILTER_S = duties.time_constant_s(0.1, 10 ** (-20 / 20))
SHAVED = duties.shaving(two_level_day(20_000, 14_000, 3), 16_000, 1.0)
# A quarter of 100 MW given up for three hours and made up for at 5 MW over the load.
SHED = duties.shaving(two_level_day(100_000, 100_000, 3), two_level_day(75_000, 105_000, 3), 1.0)
FAULTS_S = np.linspace(0, 82, 6)
# A rack of 120 kW with a PUE of 1.1 that gives 500,000 tokens/s.
RACK_J_PER_TOKEN = 120_000 * 1.1 / 500_000
WARM_ALTERNATOR = Derating(altitude_frac_per_100m=0.006, dry_bulb_frac_per_k=0.006)

# The sound power that is heard with 95 dB(A) at 7 m.
AT_7_M_95_DBA = 95.0 - sound.pressure_dba(0.0, 7.0)
TWENTY_COOLERS_DBA = sound.together_dba([95.0] * 20)

CASES = (
    Case(
        "L01", "", lambda: 95.0 + sound.pressure_dba(0.0, 100.0) - sound.pressure_dba(0.0, 7.0), 72, 0.2, ENGINE_NOISE
    ),
    Case("L02", "s", lambda: sound.pressure_dba(100.0, 100.0, sound.FREE_DB), 49, 0.05, FENKOIL),
    Case("L02", "h", lambda: sound.pressure_dba(100.0, 100.0), 52, 0.05, FENKOIL),
    Case("L03", "", lambda: sound.together_dba([44, 44, 40.5, 38, 35]), 48.5, 0.05, ADDED_NOISE),
    Case("L04", "lw", lambda: TWENTY_COOLERS_DBA, 108.01, 0.02, FENKOIL),
    Case("L04", "lp", lambda: sound.pressure_dba(TWENTY_COOLERS_DBA, 150.0), 56.49, 0.02, FENKOIL),
    Case("L05", "", lambda: quiet_from_m(TWENTY_COOLERS_DBA, 45.0), 565, 2, FENKOIL),
    Case("E01", "l50", lambda: 1000 * electrical.loss_kw(transformer_points(), 0.5), 6200, 0.5, ECODESIGN),
    Case("E01", "l100", lambda: 1000 * electrical.loss_kw(transformer_points(), 1.0), 20075, 0.5, ECODESIGN),
    Case(
        "E04",
        "",
        lambda: short_circuit.fault_ka(short_circuit.grid_ohm(100, 10), 10, short_circuit.C_MAX),
        5.77350302,
        1e-5,
        SHORT_CIRCUIT,
    ),
    Case("E05", "c110", lambda: two_transformers_ka(1.10), 16.99225876, 1e-4, SHORT_CIRCUIT),
    Case("E05", "c105", lambda: two_transformers_ka(1.05), 16.9059123, 1e-4, SHORT_CIRCUIT),
    Case("E13", "both", lambda: electrical.derate(WARM_ALTERNATOR, 1500, 45), 0.9409, 1e-9, ALTERNATOR),
    Case("E13", "alt2500", lambda: electrical.derate(WARM_ALTERNATOR, 2500, 20), 0.91, 1e-9, ALTERNATOR),
    Case("E13", "t55", lambda: electrical.derate(WARM_ALTERNATOR, 0, 55), 0.91, 1e-9, ALTERNATOR),
    Case(
        "E15",
        "",
        lambda: electrical.derate(Derating(altitude_frac_per_100m=0.003), 2000, 20),
        0.97,
        1e-9,
        DRY_TRANSFORMER,
    ),
    Case(
        "E16",
        "onan",
        lambda: electrical.derate(Derating(dry_bulb_free_degc=30, dry_bulb_frac_per_k=0.015), 0, 40),
        0.85,
        1e-9,
        OIL_TRANSFORMER,
    ),
    Case(
        "E16",
        "onaf",
        lambda: electrical.derate(Derating(dry_bulb_free_degc=30, dry_bulb_frac_per_k=0.01), 0, 40),
        0.9,
        1e-9,
        OIL_TRANSFORMER,
    ),
    Case("G01", "25", lambda: electrical.fuel_l_per_h(generator_points(), 500, 2000) / 500, 0.324, 1e-4, GENSET),
    Case("G01", "50", lambda: electrical.fuel_l_per_h(generator_points(), 1000, 2000) / 1000, 0.2733, 1e-4, GENSET),
    Case("G01", "75", lambda: electrical.fuel_l_per_h(generator_points(), 1500, 2000) / 1500, 0.26113, 1e-4, GENSET),
    Case("G01", "100", lambda: electrical.fuel_l_per_h(generator_points(), 2000, 2000) / 2000, 0.26855, 1e-4, GENSET),
    Case("G03", "lph", lambda: electrical.fuel_l_per_h(generator_points(), 10_000 / 6, 2000), 440.167, 1e-3, GENSET),
    Case(
        "G03",
        "24",
        lambda: electrical.fuel_l_per_h(generator_points(), 10_000 / 6, 2000) * 6 * 24 / 1000,
        63.384,
        1e-3,
        GENSET,
    ),
    Case(
        "G03",
        "48",
        lambda: electrical.fuel_l_per_h(generator_points(), 10_000 / 6, 2000) * 6 * 48 / 1000,
        126.768,
        1e-3,
        GENSET,
    ),
    Case(
        "G02",
        "",
        lambda: 100 * 2000 / (electrical.fuel_l_per_h(generator_points(), 2000, 2000) * 10.0),
        37.24,
        0.05,
        GENSET,
    ),
    Case(
        "G05",
        "m3",
        lambda: electrical.fuel_l_per_h(generator_points(), 2000, 2000) * 100 / 1000,
        53.71,
        0.01,
        EMERGENCY_ENGINE,
    ),
    Case("S01", "mw", lambda: SQUARE.power_kw / 1000, 50, 1e-3, SWINGS),
    Case("S01", "mj", lambda: mj(SQUARE), 50, 1e-3, SWINGS),
    Case("S01", "kwh", lambda: SQUARE.energy_kwh, 13.889, 1e-3, SWINGS),
    Case("S02", "dis", lambda: MOSTLY_HIGH.discharge_kw / 1000, 30, 1e-9, SWINGS),
    Case("S02", "chg", lambda: MOSTLY_HIGH.charge_kw / 1000, 70, 1e-9, SWINGS),
    Case("S02", "mj", lambda: mj(MOSTLY_HIGH), 42, 1e-9, SWINGS),
    Case("S03", "0.1", lambda: mj(duties.sinusoid(100_000, 0.1)), 159.155, 0.01, SWINGS_REVIEW),
    Case("S03", "0.5", lambda: mj(duties.sinusoid(100_000, 0.5)), 31.831, 0.01, SWINGS_REVIEW),
    Case("S03", "1", lambda: mj(duties.sinusoid(100_000, 1)), 15.915, 0.01, SWINGS_REVIEW),
    Case("S03", "20", lambda: mj(duties.sinusoid(100_000, 20)), 0.7958, 0.01, SWINGS_REVIEW),
    Case("S04", "mw", lambda: STEP.power_kw / 1000, 80, 1e-3, SWINGS),
    Case("S04", "mwh", lambda: STEP.energy_kwh / 1000, 5.3333, 1e-3, SWINGS),
    Case("S04", "min", lambda: duties.ramp_min(80_000, 10_000), 8, 1e-3, SWINGS),
    Case("S05", "tau", lambda: FILTER_S, 15.836, 1e-3, SWINGS),
    Case("S05", "mj", lambda: mj(duties.low_pass(100_000, FILTER_S)), 1583.6, 0.1, SWINGS),
    Case("S06", "kwh", lambda: installed_kwh(1000, 5, ups_battery(1.0)), 119.32, 0.01, REOPT),
    Case("S06", "kwh", lambda: duties.nameplate_kwh(1000 * 5 / 60, 0.97, 0.9, 0.8), 119.32, 0.01, REOPT),
    Case("S06", "c", lambda: 1000 / 0.97 / installed_kwh(1000, 5, ups_battery(1.0)), 8.64, 0.01, REOPT),
    Case("S07", "chg", lambda: duties.one_way_frac(0.96, 0.975), 0.947924, 1e-6, REOPT),
    Case("S07", "rte", lambda: duties.one_way_frac(0.96, 0.975) ** 2, 0.89856, 1e-6, REOPT),
    Case("S08", "1", lambda: duties.health_frac(365, 0.5, 1.0), 0.98067, 1e-5, REOPT),
    Case("S08", "5", lambda: duties.health_frac(5 * 365, 0.5, 1.0), 0.93106, 1e-5, REOPT),
    Case("S08", "10", lambda: duties.health_frac(10 * 365, 0.5, 1.0), 0.8759, 1e-5, REOPT),
    Case("S08", "15", lambda: duties.health_frac(15 * 365, 0.5, 1.0), 0.82314, 1e-5, REOPT),
    Case("S09", "a", lambda: flexibility.full_load_hours(0.0025), 21.9, 1e-9, CURTAILMENT),
    Case("S09", "b", lambda: flexibility.full_load_hours(0.005), 43.8, 1e-9, CURTAILMENT),
    Case("S09", "c", lambda: flexibility.full_load_hours(0.01), 87.6, 1e-9, CURTAILMENT),
    Case("S13", "", lambda: flexibility.shed_kwh(100_000, 0.25, 3) / 1000, 75, 1e-9, EMERALD),
    Case("S13", "", lambda: SHED.duty.energy_kwh / 1000, 75, 1e-9, EMERALD),
    Case("S14", "trip", lambda: float(duties.most_within(FAULTS_S, 60) >= 3), 1, 0, DIPS),
    Case("S17", "mw", lambda: SHAVED.duty.power_kw / 1000, 4, 1e-3, REOPT),
    Case("S17", "mwh", lambda: SHAVED.duty.energy_kwh / 1000, 12, 1e-3, REOPT),
    Case("S17", "np", lambda: duties.nameplate_kwh(SHAVED.duty.energy_kwh, 0.948, 0.8) / 1000, 15.823, 1e-3, REOPT),
    Case("S18", "15", lambda: duties.bridge(10_000, 15).energy_kwh, 41.667, 1e-3, ORV3_SHELF),
    # Three cranks of 10 s fail, with 5 s between them, before the fourth one starts the engine.
    Case("S18", "60", lambda: duties.bridge(10_000, 15, 3, 10 + 5).energy_kwh, 166.667, 1e-3, ORV3_SHELF),
    Case("S19", "mw", lambda: WITH_RESIDUAL.power_kw / 1000, 40, 1e-9, SWINGS_REVIEW),
    Case("S19", "mj", lambda: mj(WITH_RESIDUAL), 40, 1e-9, SWINGS_REVIEW),
    Case("E10", "", lambda: installed_kwh(33, 4, LOSSLESS), 2.2, 1e-6, ORV3_SHELF),
    Case("C09", "water", lambda: cooling.flow_lpm(1, 40, 50, 0.9922, 4.18), 1.4467, 5e-4, GLYCOL),
    Case("C09", "pg25", lambda: cooling.flow_lpm(1, 40, 50, 1.0143, 3.96), 1.4938, 5e-4, GLYCOL),
    Case("C10", "ls", lambda: cooling.flow_lpm(1000, 45, 55, 1.0116, 3.97) / 60, 24.9, 0.01, GLYCOL),
    Case(
        "C10",
        "pct",
        lambda: 100 * (cooling.flow_lpm(1, 45, 55, 1.0116, 3.97) / cooling.flow_lpm(1, 45, 55, 0.9902, 4.18) - 1),
        3.07,
        0.05,
        GLYCOL,
    ),
    Case(
        "C11",
        "8",
        lambda: cooling.flow_lpm(8000, 0, 1, 0.996, 4.18) / (6000 * 3.785412),
        5.07,
        0.1,
        "https://pmc.ncbi.nlm.nih.gov/articles/PMC11450168",
    ),
    Case("C13", "80", lambda: cooling.drive_power_frac(0.8), 0.512, 1e-9, FANS),
    Case("C13", "50", lambda: cooling.drive_power_frac(0.5), 0.125, 1e-9, FANS),
    Case("C13", "n+1", lambda: 5 * cooling.drive_power_frac(4 / 5) / 4, 0.64, 1e-9, FANS),
    Case("C19", "dry", lambda: highest_air_degc(32, 10), 22, 1e-9, CATALOGUE_STUDY),
    Case("C20", "", lambda: highest_air_degc(45 - 4, 10), 31, 1e-9, CATALOGUE_STUDY),
    Case("F06", "usd", lambda: tokens.usd_per_mtok(0.06, RACK_J_PER_TOKEN), 0.0044, 1e-9, RACK),
    Case("F06", "tpk", lambda: tokens.tokens_per_kwh(RACK_J_PER_TOKEN), 13636363.6, 1, RACK),
    Case("C01", "m20", lambda: psychrometrics.saturation_pa(-20), 103.24, 103.24 * 3e-4, PSYCHROLIB),
    Case("C01", "5", lambda: psychrometrics.saturation_pa(5), 872.6, 872.6 * 3e-4, PSYCHROLIB),
    Case("C01", "25", lambda: psychrometrics.saturation_pa(25), 3169.7, 3169.7 * 3e-4, PSYCHROLIB),
    Case("C01", "50", lambda: psychrometrics.saturation_pa(50), 12351.3, 12351.3 * 3e-4, PSYCHROLIB),
    Case(
        "C02",
        "a",
        lambda: psychrometrics.humidity_ratio_from_wet_bulb(30, 25, 95461),
        0.0192281274,
        0.0192281274 * 3e-4,
        PSYCHROLIB,
    ),
    Case(
        "C02",
        "b",
        lambda: psychrometrics.humidity_ratio_from_wet_bulb(-1, -5, 95461),
        0.0012039982,
        0.0012039982 * 3e-4,
        PSYCHROLIB,
    ),
    Case(
        "C03",
        "w",
        lambda: psychrometrics.humidity_ratio_from_wet_bulb(40, 20, SEA_LEVEL_PA),
        0.0065,
        1e-4,
        PSYCHROLIB,
    ),
    Case("C04", "500", lambda: psychrometrics.pressure_pa(500), 95461, 1, PSYCHROLIB),
    Case("C04", "1000", lambda: psychrometrics.pressure_pa(1000), 89875, 1, PSYCHROLIB),
    Case("C04", "4000", lambda: psychrometrics.pressure_pa(4000), 61640, 1, PSYCHROLIB),
    Case("C06", "a", lambda: wet_bulb_from_humidity(20, 0.5, SEA_LEVEL_PA), 13.784, 0.02, PSYCHROLIB),
    Case("C06", "b", lambda: wet_bulb_from_humidity(35, 0.4, SEA_LEVEL_PA), 23.935, 0.02, PSYCHROLIB),
    Case("C06", "c", lambda: wet_bulb_from_humidity(35, 0.2, SEA_LEVEL_PA), 18.87, 0.02, PSYCHROLIB),
    Case("C06", "d", lambda: wet_bulb_from_humidity(45, 0.1, SEA_LEVEL_PA), 21.175, 0.02, PSYCHROLIB),
    Case("C08", "sea", lambda: wet_bulb_from_humidity(35, 0.2, SEA_LEVEL_PA), 18.87, 0.02, PSYCHROLIB),
    Case(
        "C08",
        "2000m",
        lambda: wet_bulb_from_humidity(35, 0.2, psychrometrics.pressure_pa(2000)),
        17.605,
        0.02,
        PSYCHROLIB,
    ),
    Case(
        "C16",
        "",
        lambda: cooling.EVAPORATION_L_PER_KWH,
        1.4815,
        0.001,
        PSYCHROLIB,
    ),
)


def test_trap_9_a_litre_per_kwh_is_no_constant() -> None:
    # G01: a quarter of the load burns 24 % more per kWh than three quarters.
    def l_per_kwh(kw: float) -> float:
        return float(electrical.fuel_l_per_h(generator_points(), kw, 2000)) / kw

    assert l_per_kwh(500) / l_per_kwh(1500) == pytest.approx(1.24, abs=0.005)
    # Sharing with one set more than needed changes it: 10 MW on six sets in place of five.
    five, six = (n * float(electrical.fuel_l_per_h(generator_points(), 10_000 / n, 2000)) for n in (5, 6))
    assert six / five == pytest.approx(0.9834, abs=1e-4)


def case_id(case: Case) -> str:
    return f"{case.id}-{case.key}" if case.key else case.id


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_reproduces_printed_figure(case: Case) -> None:
    assert case.actual() == pytest.approx(case.expected, abs=case.tolerance, rel=0)


def parsed(text: str) -> dict[str, float]:
    """`a=1; b=2` by key, a lone number under the empty key."""
    pairs = [part.strip().split("=") for part in text.split(";")]
    return {pair[0] if len(pair) == 2 else "": float(pair[-1].removeprefix("rel ")) for pair in pairs}


@pytest.mark.skipif(not TABLE.is_file(), reason="the table of validation cases is not beside the project")
def test_figures_here_are_those_of_the_table() -> None:
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    for case in CASES:
        row = rows[case.id]
        expected = parsed(row["expected"])[case.key]
        tolerances = parsed(row["tolerance"])
        tolerance = tolerances.get(case.key, tolerances.get("", 0.0))
        if row["tolerance"].startswith("rel"):
            tolerance *= expected
        assert case.url == row["source_url"], case_id(case)
        assert case.expected == expected, case_id(case)
        assert case.actual() == pytest.approx(expected, abs=tolerance, rel=0), case_id(case)
