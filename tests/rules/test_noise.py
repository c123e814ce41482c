"""What is heard around a site of 120 m x 120 m on which a cooler, a pump and two generating sets stand."""

from math import log10

import pytest
from build import a_module
from hypothesis import given
from hypothesis import strategies as st
from land import placed_plan

from prefab.rules import noise


def machine(sku, carrier, sound_power_dba):
    """6.0 m x 2.5 m."""
    gives = [{"carrier": carrier, "capacity_kw": 1000}]
    return a_module(sku, "pump", gives=gives, sound_power_dba=sound_power_dba)


COOLER = machine("DRY-1", "heat_rejection", 95.0)
PUMP = machine("PMP-1", "facility_water", 80.0)
SETS = machine("GEN-1", "standby_mv", 100.0)
SILENT = machine("TRX-1", "facility_water", None)
FARM = {"name": "Farm", "at_m": [0.0, 50.0]}


def site(*receptors, **more):
    return placed_plan(
        {
            "DRY-01": (COOLER, 100_000, 48_000),
            "PMP-01": (PUMP, 40_000, 60_000),
            "GEN-01": (SETS, 80_000, 100_000),
            "GEN-02": (SETS, 20_000, 100_000),
            "TRX-01": (SILENT, 10_000, 50_000),
        },
        site={"receptor": list(receptors), **more},
    )


def heard(power_dba, metres):
    return power_dba - 20 * log10(metres) - 8


def added(*levels):
    return 10 * log10(sum(10 ** (level / 10) for level in levels))


# From the farm to the nearest point of each footprint.
DRY_DBA, PUMP_DBA = heard(95, 100.0), heard(80, (40**2 + 10**2) ** 0.5)
FAR_DBA, NEAR_DBA = heard(100, (80**2 + 50**2) ** 0.5), heard(100, (20**2 + 50**2) ** 0.5)
STATES = {
    "day_dba": added(DRY_DBA, PUMP_DBA),
    "night_dba": added(DRY_DBA - 6, PUMP_DBA),
    "test_dba": added(DRY_DBA, PUMP_DBA, NEAR_DBA),
    "emergency_dba": added(DRY_DBA, PUMP_DBA, NEAR_DBA, FAR_DBA),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(("off", "kept"), [(0.001, True), (-0.001, False)])
def test_each_state_at_its_limit(state, off, kept):
    limit = STATES[state] + off
    (finding,) = noise.check(site({**FARM, state: limit}, night_quieter_db=6.0))
    assert (finding.where, finding.kept, finding.limit) == ("Farm", kept, limit)
    assert finding.actual == pytest.approx(STATES[state])


def test_every_receptor_and_every_limit_is_a_finding():
    other = {"name": "School", "at_m": [-300.0, 400.0], "day_dba": 55.0}
    findings = noise.check(site({**FARM, "day_dba": 90.0, "night_dba": 20.0}, other))
    assert [(f.where, f.kept) for f in findings] == [("Farm", True), ("Farm", False), ("School", True)]
    assert noise.check(site()) == ()


def test_twice_as_far_is_six_decibels_less_and_nobody_stands_nearer_than_a_metre():
    at = {name: {"name": name, "at_m": [x, 49.0], "day_dba": 150.0} for name, x in (("One", -900.0), ("Two", -1900.0))}
    one, two = (f.actual for f in noise.check(site(*at.values())))
    # The cooler is 1,000 and 2,000 m away, the pump nearly so.
    assert one - two == pytest.approx(20 * log10(2), abs=0.02)
    (inside,) = noise.check(site({"name": "Inside", "at_m": [103.0, 49.0], "day_dba": 150.0}))
    assert inside.actual == pytest.approx(heard(95, 1.0), abs=0.01)


@given(x=st.floats(-500, 500), y=st.floats(-500, 500), quieter=st.floats(0, 30))
def test_as_plain_arithmetic(x, y, quieter):
    receptor = {"name": "Somewhere", "at_m": [x, y], "day_dba": 50.0, "night_dba": 45.0, "emergency_dba": 60.0}
    day, night, emergency = noise.check(site(receptor, night_quieter_db=quieter))
    feet = {"DRY": (100, 48), "PMP": (40, 60), "GN1": (80, 100), "GN2": (20, 100)}
    power = {"DRY": 95.0, "PMP": 80.0, "GN1": 100.0, "GN2": 100.0}
    level = {}
    for name, (west, south) in feet.items():
        beside, before = max(west - x, 0, x - west - 6), max(south - y, 0, y - south - 2.5)
        level[name] = heard(power[name], max(1.0, (beside**2 + before**2) ** 0.5))
    assert day.actual == pytest.approx(max(0.0, added(level["DRY"], level["PMP"])))
    assert night.actual == pytest.approx(max(0.0, added(level["DRY"] - quieter, level["PMP"])))
    assert emergency.actual == pytest.approx(max(0.0, added(*level.values())))
    assert [f.kept for f in (day, night, emergency)] == [f.actual <= f.limit for f in (day, night, emergency)]
