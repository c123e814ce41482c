"""Limits and spares in the brief: what may be written, and that nothing is asked unless it is."""

import pytest
from build import a_brief

from prefab.errors import InputError


def test_nothing_is_limited_unless_asked():
    limits, spares = a_brief().limits, a_brief().spares
    assert {limits.budget_usd, limits.area_m2, limits.water_m3_per_h, limits.sound_power_dba, limits.skus} == {None}
    assert spares.policy == "none"


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ("limits", "budget_usd", 0.0),
        ("limits", "budget_usd", 1.1e12),
        ("limits", "area_m2", 0.0),
        ("limits", "area_m2", 1.1e8),
        ("limits", "water_m3_per_h", -0.1),
        ("limits", "water_m3_per_h", 1.1e6),
        ("limits", "sound_power_dba", 0.0),
        ("limits", "sound_power_dba", 201.0),
        ("limits", "skus", 0),
        ("limits", "skus", 1.5),
        ("spares", "policy", "all"),
        ("spares", "lead_weeks_over", -1.0),
        ("spares", "lead_weeks_over", 521.0),
        ("spares", "per_modules", 0),
        ("spares", "per_modules", 10_001),
    ],
)
def test_out_of_bounds(table, key, value):
    with pytest.raises(InputError, match=f"{table}.{key}"):
        a_brief(**{table: {key: value}})


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ("limits", "budget_usd", 1e12),
        ("limits", "area_m2", 1e8),
        ("limits", "water_m3_per_h", 0.0),
        ("limits", "sound_power_dba", 200.0),
        ("limits", "skus", 1),
        ("spares", "policy", "critical"),
        ("spares", "lead_weeks_over", 0.0),
        ("spares", "per_modules", 1),
    ],
)
def test_within_bounds(table, key, value):
    assert getattr(getattr(a_brief(**{table: {key: value}}), table), key) == value
