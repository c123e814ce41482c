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

from prefab.climate import QUANTILE_LEVELS_FRAC, Climate
from prefab.physics.weather import Weather, make_year
from prefab.provenance import Provenance

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


def with_quantiles() -> Climate:
    """Hours between 10 K below and above the month's mean, mostly near it; wet bulbs 4 K below; damp days are cool."""
    climate = temperate_climate()
    spread = [20 * level - 10 if 0.1 <= level <= 0.9 else 12 * (2 * level - 1) for level in QUANTILE_LEVELS_FRAC]
    dry_bulb = [[mean + k for k in sorted(spread)] for mean in climate.dry_bulb_mean_degc]
    quantiles = {
        "dry_bulb_degc": tuple(tuple(row) for row in dry_bulb),
        "wet_bulb_degc": tuple(tuple(t - 4 for t in row) for row in dry_bulb),
        "dew_point_day_sd_k": (3.0,) * 12,
        "dew_point_correlation": (-0.5,) * 12,
    }
    extremes = {"dry_bulb_max_degc": 37.0, "dry_bulb_min_degc": -14.0, "wet_bulb_max_degc": 33.0}
    return Climate.model_validate({**climate.model_dump(), **extremes, "quantiles": quantiles})


def test_hours_follow_the_quantiles_of_their_month() -> None:
    climate = with_quantiles()
    year = make_year(climate)
    assert climate.quantiles is not None
    for month in range(12):
        of = year.month == month + 1
        # Quantiles at the ends, where the day's shape has hardly any say, and in the middle, where it has most.
        for level in (0.0, 0.05, 0.5, 0.95, 1.0):
            wanted = climate.quantiles.dry_bulb_degc[month][QUANTILE_LEVELS_FRAC.index(level)]
            assert np.quantile(year.dry_bulb_degc[of], level) == pytest.approx(wanted, abs=0.1), (month, level)


def test_damp_days_need_not_be_warm() -> None:
    year = make_year(with_quantiles())
    july = year.month == 7
    dry_bulb, dew_point = (v[july].reshape(31, 24).mean(axis=1) for v in (year.dry_bulb_degc, year.dew_point_degc))
    along = make_year(temperate_climate())
    dry_along, dew_along = (v[july].reshape(31, 24).mean(axis=1) for v in (along.dry_bulb_degc, along.dew_point_degc))
    assert np.corrcoef(dry_bulb, dew_point)[0, 1] < np.corrcoef(dry_along, dew_along)[0, 1]


def test_without_quantiles_the_yearly_design_values_are_kept() -> None:
    given = {"dry_bulb_p99_6_degc": 31.0, "dry_bulb_p0_4_degc": -9.0, "wet_bulb_p99_6_degc": 22.0}
    year = make_year(temperate_climate().model_copy(update=given))
    assert np.quantile(year.dry_bulb_degc, (0.004, 0.996)) == pytest.approx([-9.0, 31.0], abs=0.3)
    assert np.quantile(year.wet_bulb_degc, 0.996) == pytest.approx(22.0, abs=0.3)
    assert (year.dry_bulb_degc.min(), year.dry_bulb_degc.max()) == (-16.0, 35.0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"dry_bulb_p99_6_degc": 36.0}, "dry_bulb: min, p0_4, p99_6, max"),
        ({"dry_bulb_p0_4_degc": -17.0}, "dry_bulb: min, p0_4, p99_6, max"),
        ({"wet_bulb_p99_6_degc": 27.0}, "wet_bulb: p99_6, max"),
    ],
)
def test_refuses_design_values_beyond_the_extremes(change: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Climate.model_validate({**temperate_climate().model_dump(), **change})


def test_refuses_quantiles_that_fall_or_lack_a_month() -> None:
    tree = with_quantiles().model_dump()
    rows = tree["quantiles"]["dry_bulb_degc"]
    falling = (rows[0], tuple(reversed(rows[1])), *rows[2:])
    for wrong, words in ((falling, "dry_bulb_degc, month 2: falls"), (rows[:11], "at least 12"), (rows[0], "tuple")):
        quantiles = {**tree["quantiles"], "dry_bulb_degc": wrong}
        with pytest.raises(ValueError, match=words):
            Climate.model_validate({**tree, "quantiles": quantiles})


def test_the_calendar_is_a_common_year() -> None:
    year = make_year(temperate_climate())
    assert len(year.dry_bulb_degc) == 8760
    assert np.bincount(year.month)[1:].tolist() == [24 * d for d in (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)]
    assert year.hour[:25].tolist() == [*range(24), 0]


def test_says_that_it_is_synthetic_and_cannot_be_changed() -> None:
    year = make_year(temperate_climate())
    assert "synthetic" in year.source
    assert year.elevation_m == temperate_climate().elevation_m
    with pytest.raises(ValueError, match="read-only"):
        year.dry_bulb_degc[0] = 0.0


def test_equal_climates_give_equal_bytes_in_another_process() -> None:
    script = (
        "import hashlib; from physics.test_weather import with_quantiles; from prefab.physics.weather import make_year;"
        "y = make_year(with_quantiles());"
        "print(hashlib.sha256(y.dry_bulb_degc.tobytes() + y.wet_bulb_degc.tobytes()).hexdigest())"
    )
    tests = Path(__file__).parents[1]
    answers = set()
    for seed in ("1", "2"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": f"{tests}{os.pathsep}{tests.parent}"}
        done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True)
        answers.add(done.stdout)
    assert len(answers) == 1
