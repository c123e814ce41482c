"""The synthetic year against the monthly figures it is made from, for invented and for real climates."""

import csv
import os
import subprocess
import sys
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from physics.sample import temperate_climate

from prefab.catalog import Climate
from prefab.module import Provenance
from prefab.physics.weather import Weather, make_year

TABLE = Path(__file__).parents[2].parent / "shared" / "reference" / "climates_monthly.csv"


def tropical() -> Climate:
    """Hardly any seasons, narrow extremes, damp: the opposite of temperate."""
    return Climate(
        key="tropical",
        title="Tropical",
        country="SG",
        latitude_deg=1.4,
        longitude_deg=104.0,
        elevation_m=16.0,
        utc_offset_h=8.0,
        dry_bulb_mean_degc=(27.0,) * 12,
        dry_bulb_daily_max_degc=(31.0,) * 12,
        dry_bulb_daily_min_degc=(24.0,) * 12,
        dry_bulb_day_sd_k=(0.9,) * 12,
        dew_point_mean_degc=(23.5,) * 12,
        dry_bulb_max_degc=33.8,
        dry_bulb_min_degc=21.0,
        wet_bulb_max_degc=28.0,
        provenance=(Provenance(of="*", source="test", basis="judgement"),),
    )


def climates_of_table() -> list[Climate]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        sites = [list(rows) for _, rows in groupby(csv.DictReader(file), key=lambda row: row["site"])]
    found = []
    for rows in sites:
        year = {name: float(rows[0][name]) for name in ("year_dry_bulb_max_degc", "year_dry_bulb_min_degc")}

        def monthly(name: str, rows: list[dict[str, str]] = rows) -> tuple[float, ...]:
            return tuple(float(row[name]) for row in rows)

        found.append(
            Climate(
                key="site",
                title=rows[0]["site"],
                country="US",
                latitude_deg=0.0,
                longitude_deg=0.0,
                elevation_m=float(rows[0]["elevation_m"] or 0.0),
                utc_offset_h=0.0,
                dry_bulb_mean_degc=monthly("dry_bulb_mean_degc"),
                dry_bulb_daily_max_degc=monthly("dry_bulb_daily_max_mean_degc"),
                dry_bulb_daily_min_degc=monthly("dry_bulb_daily_min_mean_degc"),
                dry_bulb_day_sd_k=monthly("dry_bulb_daily_mean_sd_k"),
                dew_point_mean_degc=monthly("dew_point_mean_degc"),
                dry_bulb_max_degc=year["year_dry_bulb_max_degc"],
                dry_bulb_min_degc=year["year_dry_bulb_min_degc"],
                wet_bulb_max_degc=32.0,
                provenance=(Provenance(of="*", source="test", basis="fact"),),
            )
        )
    return found


def assert_repeats(climate: Climate, year: Weather) -> None:
    days = year.dry_bulb_degc.reshape(365, 24)
    months = year.month.reshape(365, 24)[:, 0]
    for number in range(1, 13):
        of_month = days[months == number]
        where = f"{climate.title}, month {number}"
        assert of_month.mean() == pytest.approx(climate.dry_bulb_mean_degc[number - 1], abs=0.3), where
        highest, lowest = of_month.max(axis=1).mean(), of_month.min(axis=1).mean()
        assert highest == pytest.approx(climate.dry_bulb_daily_max_degc[number - 1], abs=0.5), where
        assert lowest == pytest.approx(climate.dry_bulb_daily_min_degc[number - 1], abs=0.5), where
    assert days.max() == climate.dry_bulb_max_degc
    assert days.min() == climate.dry_bulb_min_degc
    assert (year.dew_point_degc <= year.dry_bulb_degc).all()
    assert (year.dew_point_degc <= year.wet_bulb_degc + 1e-6).all()
    assert (year.wet_bulb_degc <= year.dry_bulb_degc + 1e-6).all()
    assert year.wet_bulb_degc.max() <= climate.wet_bulb_max_degc


@pytest.mark.parametrize("climate", [temperate_climate(), tropical()], ids=lambda c: c.key)
def test_repeats_the_climate(climate: Climate) -> None:
    assert_repeats(climate, make_year(climate))


@pytest.mark.skipif(not TABLE.is_file(), reason="the table of monthly climates is not beside the project")
def test_repeats_real_climates() -> None:
    climates = climates_of_table()
    assert len(climates) > 10
    for climate in climates:
        assert_repeats(climate, make_year(climate))


def test_days_spread_as_the_climate_says() -> None:
    climate = temperate_climate()
    year = make_year(climate)
    daily = year.dry_bulb_degc.reshape(365, 24).mean(axis=1)
    april = daily[year.month.reshape(365, 24)[:, 0] == 4]
    # 30 quantiles of a normal distribution spread a little less than the distribution.
    assert np.std(april) == pytest.approx(climate.dry_bulb_day_sd_k[3], rel=0.1)
    # Spells: a day resembles the one before it.
    assert np.corrcoef(april[1:], april[:-1])[0, 1] > 0.3


def test_the_calendar_is_a_common_year() -> None:
    year = make_year(temperate_climate())
    assert len(year.dry_bulb_degc) == 8760
    assert np.bincount(year.month)[1:].tolist() == [24 * d for d in (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)]
    assert year.hour[:25].tolist() == [*range(24), 0]


def test_says_that_it_is_synthetic_and_cannot_be_changed() -> None:
    year = make_year(temperate_climate())
    assert "synthetic" in year.source
    with pytest.raises(ValueError, match="read-only"):
        year.dry_bulb_degc[0] = 0.0


def test_equal_climates_give_equal_bytes_in_another_process() -> None:
    script = (
        "import hashlib; from physics.sample import temperate_climate; from prefab.physics.weather import make_year;"
        "y = make_year(temperate_climate());"
        "print(hashlib.sha256(y.dry_bulb_degc.tobytes() + y.wet_bulb_degc.tobytes()).hexdigest())"
    )
    tests = Path(__file__).parents[1]
    answers = set()
    for seed in ("1", "2"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": f"{tests}{os.pathsep}{tests.parent}"}
        done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True)
        answers.add(done.stdout)
    assert len(answers) == 1
