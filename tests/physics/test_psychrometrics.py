"""Moist air against PsychroLib hour by hour; printed figures stand in test_published_figures.py."""

import numpy as np
import psychrolib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefab.physics import psychrometrics


@given(dry_bulb=st.floats(-40, 55), depression=st.floats(0, 40), altitude=st.floats(-300, 4000))
def test_wet_bulb_agrees_with_psychrolib(dry_bulb: float, depression: float, altitude: float) -> None:
    pressure = psychrometrics.pressure_pa(altitude)
    dew_point = dry_bulb - depression
    ours = float(psychrometrics.wet_bulb_degc(dry_bulb, dew_point, pressure))
    theirs = psychrolib.GetTWetBulbFromTDewPoint(dry_bulb, dew_point, pressure)
    assert dew_point - 1e-6 <= ours <= dry_bulb + 1e-6
    # Theirs stops within 0.001 K, after finding a dew point within 0.001 K.
    assert ours == pytest.approx(theirs, abs=0.01)


@given(dew_point=st.floats(-40, 35), altitude=st.floats(-300, 4000))
def test_humidity_ratio_agrees_with_psychrolib(dew_point: float, altitude: float) -> None:
    pressure = psychrometrics.pressure_pa(altitude)
    theirs = psychrolib.GetHumRatioFromTDewPoint(dew_point, pressure)
    assert float(psychrometrics.humidity_ratio(dew_point, pressure)) == pytest.approx(theirs, rel=1e-5, abs=1e-7)


def test_wet_bulb_of_saturated_air_is_its_dry_bulb() -> None:
    assert psychrometrics.wet_bulb_degc(18.0, 18.0, 101325.0) == pytest.approx(18.0, abs=1e-4)


def test_air_thins_with_height() -> None:
    assert psychrometrics.density_ratio(0) == 1.0
    # 89,875 Pa at 1000 m over 101,325 Pa.
    assert psychrometrics.density_ratio(1000) == pytest.approx(0.887, abs=1e-3)


def test_hours_at_once_equal_hours_one_by_one() -> None:
    dry_bulb = np.linspace(-20, 45, 40)
    dew_point = dry_bulb - np.linspace(0, 20, 40)
    together = psychrometrics.wet_bulb_degc(dry_bulb, dew_point, 95000.0)
    single = [
        psychrometrics.wet_bulb_degc(float(t), float(d), 95000.0) for t, d in zip(dry_bulb, dew_point, strict=True)
    ]
    np.testing.assert_allclose(together, single, rtol=0, atol=1e-9)
    assert type(single[0]) is float
