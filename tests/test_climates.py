"""The climates of the catalog against the table and the weather files they are statistics of."""

import csv
from functools import cache
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from prefab.climate import QUANTILE_LEVELS_FRAC, Climate
from prefab.epw import read_epw
from prefab.physics.weather import Weather, make_weather, make_year
from prefab.provenance import Sources
from prefab.shipped import shipped
from prefab.tables import read_toml

REFERENCE = Path(__file__).parents[1].parent / "shared" / "reference"
TABLE = REFERENCE / "climates_monthly.csv"
SERIES = REFERENCE / "series" / "weather_openmeteo_2023_local.csv"
FOLDER = REFERENCE / "epw"

CLIMATES = {path.stem: read_toml(path, Climate) for path in sorted((shipped("catalog") / "climates").glob("*.toml"))}
DATED = {
    source.key: source.date
    for path in (shipped("catalog") / "sources").glob("*.toml")
    for source in read_toml(path, Sources).source
}
IN_TABLE = {
    "amsterdam": "Amsterdam, NLD",
    "beijing": "Beijing, CHN",
    "chicago": "Chicago Ohare Intl Ap, USA",
    "dallas": "Dallas-Fort.Worth.Intl.Ap, USA",
    "frankfurt": "Frankfurt area (DE)",
    "helsinki": "Helsinki, FIN",
    "johannesburg": "Johannesburg area (ZA)",
    "leesburg": "Leesburg.Exec.Ap-Godfrey.Field, USA",
    "london": "London area (GB)",
    "mannheim": "Mannheim, DEU",
    "mumbai": "Mumbai area (IN)",
    "phoenix": "Phoenix-Sky.Harbor.Intl.Ap, USA",
    "san-jose": "California area (US)",
    "sao-paulo": "Sao Paulo area (BR)",
    "seoul": "Seoul area (KR)",
    "singapore": "Singapore, SGP",
    "stockholm": "Stockholm_ Arlanda, SWE",
    "sydney": "Sydney, AUS",
    "tokyo": "Tokyo Hyakuri, JPN",
}
FILES = {
    "amsterdam": "NLD_Amsterdam062400_IWEC.epw",
    "chicago": "USA_IL_Chicago-OHare.Intl.AP.725300_TMY3.epw",
    "leesburg": "USA_VA_Leesburg.Exec.epw",
    "phoenix": "USA_AZ_Phoenix-Sky.Harbor.epw",
    "singapore": "SGP_Singapore.486980_IWEC.epw",
    "stockholm": "SWE_Stockholm.Arlanda.024600_IWEC.epw",
    "sydney": "AUS_NSW.Sydney.947670_IWEC.epw",
    "tokyo": "JPN_Tokyo.Hyakuri.477150_IWEC.epw",
}
ZONES = {
    "frankfurt": "DE-LU",
    "johannesburg": "ZA",
    "london": "GB",
    "mumbai": "IN-WE",
    "san-jose": "US-CAL-CISO",
    "sao-paulo": "BR-SP",
    "seoul": "KR",
}
MONTHLY = {
    "dry_bulb_mean_degc": "dry_bulb_mean_degc",
    "dry_bulb_daily_max_degc": "dry_bulb_daily_max_mean_degc",
    "dry_bulb_daily_min_degc": "dry_bulb_daily_min_mean_degc",
    "dry_bulb_day_sd_k": "dry_bulb_daily_mean_sd_k",
    "dew_point_mean_degc": "dew_point_mean_degc",
}
THRESHOLDS_DEGC = (15.0, 20.0, 25.0, 30.0)
HOURS_FRAC, HOURS_FLOOR = 0.10, 10.0
"""Hours above a temperature agree within a tenth, or 10 hours where they are few (0.1 % of the year): Amsterdam passes
30 °C in 9 hours, Stockholm 25 °C in 49."""


def hours_above(temperature: np.ndarray, threshold: float) -> float:
    """Readings of exactly the threshold count half: a station that rounds has half of them above."""
    return float((temperature > threshold).sum() + (temperature == threshold).sum() / 2)


def differences(year: Weather, climate: Climate) -> list[str]:
    """Where a year is not the climate's: mean and 0.4 % values of the dry bulb, each within 1 K."""
    low, high = np.quantile(year.dry_bulb_degc, (0.004, 0.996))
    days = np.array((31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31))
    pairs = (
        ("mean", float(year.dry_bulb_degc.mean()), float(np.average(climate.dry_bulb_mean_degc, weights=days))),
        ("0.4 % cold", low, climate.dry_bulb_p0_4_degc),
        ("0.4 % hot", high, climate.dry_bulb_p99_6_degc),
    )
    return [
        f"{name}: {got:.2f}, not {wanted}" for name, got, wanted in pairs if wanted is None or abs(got - wanted) > 1
    ]


def differences_from_file(year: Weather, measured: Weather) -> list[str]:
    """Where a year is not the weather file's: 0.4 % wet bulb within 1 K, hours above 15, 20, 25 and 30 °C."""
    got, wanted = (float(np.quantile(y.wet_bulb_degc, 0.996)) for y in (year, measured))
    found = [f"wet bulb 0.4 %: {got:.2f}, not {wanted:.2f}"] if abs(got - wanted) > 1 else []
    for threshold in THRESHOLDS_DEGC:
        got, wanted = (hours_above(y.dry_bulb_degc, threshold) for y in (year, measured))
        if abs(got - wanted) > max(HOURS_FRAC * wanted, HOURS_FLOOR):
            found.append(f"hours above {threshold:g}: {got:g}, not {wanted:g}")
    return found


def sine_year(climate: Climate) -> Weather:
    """The year that must not pass: one wave through the seasons and one through the day."""
    hour = np.arange(8760)
    means = np.array(climate.dry_bulb_mean_degc)
    half_range = float(np.mean(np.subtract(climate.dry_bulb_daily_max_degc, climate.dry_bulb_daily_min_degc)) / 2)
    # Coldest in the middle of January north of the equator, warmest in the afternoon.
    season = np.cos(2 * np.pi * (hour / 8760 - 15 / 365)) * np.sign(climate.latitude_deg)
    dry_bulb = means.mean() - np.ptp(means) / 2 * season - half_range * np.cos(2 * np.pi * (hour - 3) / 24)
    dew_point = np.minimum(
        np.mean(climate.dew_point_mean_degc) - np.ptp(climate.dew_point_mean_degc) / 2 * season, dry_bulb
    )
    return make_weather("sine", climate.elevation_m, dry_bulb, dew_point, (dry_bulb + dew_point) / 2)


@cache
def _read(path: Path) -> Weather:
    return read_epw(path)


def measured(key: str) -> Weather:
    path = FOLDER / FILES[key]
    if not path.is_file():
        pytest.skip(f"no {path.name} beside the project (shared/reference/epw)")
    return _read(path)


def test_nineteen_sites() -> None:
    assert set(CLIMATES) == set(IN_TABLE)
    assert len(CLIMATES) == 19
    assert all(c.key == key for key, c in CLIMATES.items())


@pytest.mark.skipif(not TABLE.is_file(), reason="no climates_monthly.csv beside the project (shared/reference)")
@pytest.mark.parametrize("key", sorted(IN_TABLE))
def test_figures_are_the_tables(key: str) -> None:
    climate = CLIMATES[key]
    with TABLE.open(encoding="utf-8", newline="") as file:
        sites = {site: list(rows) for site, rows in groupby(csv.DictReader(file), key=lambda row: row["site"])}
    rows = sites[IN_TABLE[key]]
    for ours, theirs in MONTHLY.items():
        assert getattr(climate, ours) == tuple(float(row[theirs]) for row in rows), ours
    for name in ("dry_bulb_max_degc", "dry_bulb_min_degc", "dry_bulb_p99_6_degc", "dry_bulb_p0_4_degc"):
        assert getattr(climate, name) == float(rows[0][f"year_{name}"]), name
    assert climate.utc_offset_h == float(rows[0]["utc_offset_h"])
    for ours, theirs in (("latitude_deg", "lat"), ("longitude_deg", "lon"), ("elevation_m", "elevation_m")):
        if rows[0][theirs]:
            assert getattr(climate, ours) == float(rows[0][theirs]), ours
        else:
            assert climate.source_of(ours).basis == "judgement", "a place that the table does not give is no fact"


@pytest.mark.parametrize("climate", CLIMATES.values(), ids=CLIMATES)
def test_design_values_say_where_they_come_from(climate: Climate) -> None:
    named = {p.of for p in climate.provenance}
    values = {
        "dry_bulb_max_degc",
        "wet_bulb_max_degc",
        "dry_bulb_p99_6_degc",
        "dry_bulb_p0_4_degc",
        "wet_bulb_p99_6_degc",
    }
    assert values <= named
    assert all(getattr(climate, name) is not None for name in values)
    for provenance in climate.provenance:
        assert DATED[provenance.source] or provenance.source.startswith("prefab-"), provenance.source
        assert provenance.note
    wet = climate.source_of("wet_bulb_p99_6_degc")
    assert wet.basis == "fact" or (wet.low is not None and wet.high is not None), "how sure a derived value is"


@pytest.mark.parametrize("climate", CLIMATES.values(), ids=CLIMATES)
def test_year_keeps_mean_and_design_values(climate: Climate) -> None:
    assert differences(make_year(climate), climate) == []


@pytest.mark.parametrize("climate", CLIMATES.values(), ids=CLIMATES)
def test_year_keeps_the_wet_bulb_design_value(climate: Climate) -> None:
    year = make_year(climate)
    assert climate.wet_bulb_p99_6_degc is not None
    assert np.quantile(year.wet_bulb_degc, 0.996) == pytest.approx(climate.wet_bulb_p99_6_degc, abs=1.0)
    assert year.wet_bulb_degc.max() <= climate.wet_bulb_max_degc
    assert (year.dew_point_degc <= year.wet_bulb_degc + 1e-6).all()
    assert (year.wet_bulb_degc <= year.dry_bulb_degc + 1e-6).all()


@pytest.mark.parametrize("key", sorted(FILES))
def test_year_is_near_the_weather_file(key: str) -> None:
    assert differences_from_file(make_year(CLIMATES[key]), measured(key)) == []


@pytest.mark.parametrize("key", sorted(FILES))
def test_hot_hours_are_as_dry_as_the_files(key: str) -> None:
    """Adiabatic coolers live on the wet-bulb depression of the hottest tenth of the hours."""
    depression = []
    for year in (make_year(CLIMATES[key]), measured(key)):
        hottest = np.argsort(year.dry_bulb_degc)[-876:]
        depression.append((year.dry_bulb_degc - year.wet_bulb_degc)[hottest].mean())
    assert depression[0] == pytest.approx(depression[1], rel=0.1)


@pytest.mark.parametrize("climate", CLIMATES.values(), ids=CLIMATES)
def test_a_sine_does_not_pass(climate: Climate) -> None:
    sine = sine_year(climate)
    assert sine.dry_bulb_degc.mean() == pytest.approx(np.mean(climate.dry_bulb_mean_degc), abs=0.5)
    assert differences(sine, climate)


@pytest.mark.parametrize("key", sorted(set(FILES) - {"singapore"}))
def test_a_sine_is_not_near_the_weather_file(key: str) -> None:
    """Singapore has no seasons; there only the 0.4 % values tell."""
    assert differences_from_file(sine_year(CLIMATES[key]), measured(key))


@pytest.mark.parametrize("key", sorted(FILES))
def test_without_quantiles_the_year_is_coarser(key: str) -> None:
    """How sure the four climates are whose hours were not at hand: hours within a quarter, or 60 hours."""
    climate = CLIMATES[key].model_copy(update={"quantiles": None})
    year, file = make_year(climate), measured(key)
    assert differences(year, climate) == []
    assert np.quantile(year.wet_bulb_degc, 0.996) == pytest.approx(np.quantile(file.wet_bulb_degc, 0.996), abs=1.0)
    for threshold in THRESHOLDS_DEGC:
        got, wanted = (hours_above(y.dry_bulb_degc, threshold) for y in (year, file))
        assert abs(got - wanted) <= max(0.25 * wanted, 60.0), threshold


@pytest.mark.skipif(not SERIES.is_file(), reason="no hourly reanalysis of 2023 beside the project (shared/reference)")
@pytest.mark.parametrize("key", sorted(ZONES))
def test_year_is_near_the_reanalysis(key: str) -> None:
    with SERIES.open(encoding="utf-8", newline="") as file:
        dry_bulb = np.array([float(row[f"{ZONES[key]}_t_c"]) for row in csv.DictReader(file)])
    year = make_year(CLIMATES[key])
    for threshold in THRESHOLDS_DEGC:
        got, wanted = hours_above(year.dry_bulb_degc, threshold), hours_above(dry_bulb, threshold)
        assert abs(got - wanted) <= max(HOURS_FRAC * wanted, HOURS_FLOOR), threshold


@pytest.mark.parametrize("climate", CLIMATES.values(), ids=CLIMATES)
def test_year_keeps_the_months(climate: Climate) -> None:
    """The dew point within 1.5 K: the table's means and the wet bulbs treat frost differently."""
    year = make_year(climate)
    for month in range(12):
        of = year.month == month + 1
        assert year.dry_bulb_degc[of].mean() == pytest.approx(climate.dry_bulb_mean_degc[month], abs=0.5), month
        days = year.dry_bulb_degc[of].reshape(-1, 24)
        assert days.max(axis=1).mean() == pytest.approx(climate.dry_bulb_daily_max_degc[month], abs=1.0), month
        assert days.min(axis=1).mean() == pytest.approx(climate.dry_bulb_daily_min_degc[month], abs=1.0), month
        assert year.dew_point_degc[of].mean() == pytest.approx(climate.dew_point_mean_degc[month], abs=1.5), month


@pytest.mark.parametrize("key", sorted(FILES))
def test_quantiles_are_the_files(key: str) -> None:
    quantiles = CLIMATES[key].quantiles
    assert quantiles is not None
    file = measured(key)
    for month in range(12):
        of = file.month == month + 1
        for row, hours in (
            (quantiles.dry_bulb_degc, file.dry_bulb_degc),
            (quantiles.wet_bulb_degc, file.wet_bulb_degc),
        ):
            for level, value in zip(QUANTILE_LEVELS_FRAC, row[month], strict=True):
                # Stations round to whole degrees, which leaves half a degree of room either way.
                assert (hours[of] < value - 0.5).mean() <= level + 0.01, (month, level)
                assert (hours[of] <= value + 0.5).mean() >= level - 0.01, (month, level)
