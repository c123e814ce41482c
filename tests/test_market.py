"""Tariffs, grid rules, currencies and countries as the catalog has them."""

import csv
import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prefab.costs import Costs, freight_usd
from prefab.errors import InputError
from prefab.market import Countries, Currencies, GridRule, Tariff, own_supply_kw
from prefab.physics.tariffs import HOURS, make_bill
from prefab.product import Transport
from prefab.tables import read_toml, validate

CATALOG = Path(__file__).parents[1] / "catalog"
CASES = Path(__file__).parents[1].parent / "shared" / "reference" / "validation_cases.csv"
SOURCED = [{"of": "*", "source": "made-up", "basis": "judgement"}]
TARIFFS = sorted((CATALOG / "tariffs").glob("*.toml"))
RULES = sorted((CATALOG / "grid_rules").glob("*.toml"))


@cache
def the_countries() -> Countries:
    return read_toml(CATALOG / "countries.toml", Countries)


@cache
def the_currencies() -> Currencies:
    return read_toml(CATALOG / "currencies.toml", Currencies)


@cache
def the_costs() -> Costs:
    return read_toml(CATALOG / "costs.toml", Costs)


def the_rule(key: str) -> GridRule:
    return read_toml(CATALOG / "grid_rules" / f"{key}.toml", GridRule)


@pytest.mark.parametrize("path", TARIFFS, ids=lambda p: p.stem)
def test_the_stated_mean_price_is_what_a_flat_load_pays(path: Path) -> None:
    tariff = read_toml(path, Tariff)
    bill = make_bill(tariff, np.full(HOURS, 20_000.0), contract_kw=20_000)
    assert bill.total_usd / (20_000 * HOURS) == pytest.approx(tariff.energy_usd_per_kwh, rel=0.005)
    stated = tariff.source_of("energy_usd_per_kwh")
    assert stated.low is not None
    assert stated.high is not None
    assert stated.low <= tariff.energy_usd_per_kwh <= stated.high


def test_at_least_four_tariffs_have_times_of_use_and_demand_charges() -> None:
    tariffs = [read_toml(path, Tariff) for path in TARIFFS]
    timed = [t for t in tariffs if t.period or t.month_hour_usd_per_kwh]
    assert len([t for t in timed if t.demand]) >= 4
    assert len(tariffs) >= 13


def test_south_african_peaks_follow_the_seasons() -> None:
    tariff = read_toml(CATALOG / "tariffs" / "za-megaflex.toml", Tariff)
    prices = [p.usd_per_kwh for p in tariff.period]
    assert max(prices) / min(prices) == pytest.approx(6)  # the approved ratio
    # Every hour has the price of one season only: a load in July alone pays none of the low season.
    july, load = slice(24 * 181, 24 * 212), np.zeros(HOURS)
    load[july] = 1.0
    bill = make_bill(tariff, load)
    assert 31 * 24 * 0.07 < bill.energy_usd < 31 * 24 * 0.36
    # The utilised capacity of July stays for all twelve months.
    assert bill.billed_kw[0] == (1.0,) * 12


@pytest.mark.parametrize("path", RULES, ids=lambda p: p.stem)
def test_every_grid_rule_has_its_source_its_day_and_countries_of_the_list(path: Path) -> None:
    rule = read_toml(path, GridRule)
    assert rule.key == path.stem
    assert rule.as_of >= date(2026, 1, 1)
    assert set(rule.countries) <= {c.code for c in the_countries().country}
    assert rule.obligation


def reference_case(key: str) -> dict[str, float]:
    if not CASES.is_file():
        pytest.skip("validation_cases.csv is not beside the project")
    with CASES.open(newline="") as file:
        found = next(row["expected"] for row in csv.DictReader(file) if row["id"] == key)
    return {k: float(v) for k, v in (pair.split("=") for pair in found.split("; "))}


def test_s15_thresholds_are_those_of_the_reference() -> None:
    wanted = reference_case("S15")
    assert the_rule("texas-sb6").threshold_mw == wanted["ercot"]
    assert the_rule("ercot-large-electronic-load").threshold_mw == wanted["ercot"]
    assert the_rule("australia-aemc-ibl").threshold_mw == wanted["aemc"]
    assert the_rule("ireland-cru-2025236").threshold_mw == wanted["crumin"]
    assert the_rule("ercot-pgrr115").threshold_mw == wanted["pgrr"]
    in_full = next(o for o in the_rule("ireland-cru-2025236").obligation if o.kind == "storage_or_backup")
    assert in_full.from_mw == wanted["cru"]


def test_s16_ireland_asks_for_all_of_the_import_and_most_of_the_energy() -> None:
    # 40 MVA at a power factor of 1 and a load factor of 80 %.
    share = {o.kind: o.amount or 0.0 for o in the_rule("ireland-cru-2025236").obligation}
    asked = {"mva": 40 * share["storage_or_backup"], "gwh": 40 * 0.8 * HOURS / 1000 * share["renewable_energy"]}
    assert asked == {"mva": 40.0, "gwh": pytest.approx(224.256, abs=1e-6)}
    if CASES.is_file():
        assert asked == pytest.approx(reference_case("S16"), abs=1e-6)


def test_a_rule_asks_from_its_threshold_on() -> None:
    rule = the_rule("texas-sb6")
    assert rule.asks(75.0) == rule.obligation
    assert rule.asks(74.9) == ()


def test_an_obligation_may_begin_with_larger_loads() -> None:
    kinds = {mw: [o.kind for o in the_rule("ireland-cru-2025236").asks(mw)] for mw in (0.9, 9.9, 10.0)}
    assert kinds == {0.9: [], 9.9: ["renewable_energy"], 10.0: ["storage_or_backup", "renewable_energy"]}


def test_own_supply_is_the_most_that_a_rule_asks() -> None:
    """S16: 40 MVA of connection at a power factor of 1."""
    rules = [the_rule(key) for key in ("ireland-cru-2025236", "texas-sb6")]
    assert own_supply_kw(rules, 40.0, 40.0) == 40_000
    assert own_supply_kw(rules, 40.0, 9.0) == 9_000
    assert own_supply_kw(rules, 9.0, 9.0) == 0
    assert own_supply_kw([the_rule("texas-sb6")], 100.0, 100.0) == 0


def test_rates_are_dated_and_cover_every_country() -> None:
    rates = the_currencies()
    assert rates.as_of == date(2026, 6, 30)
    assert len(rates.rate) >= 15
    assert rates.usd_per_unit("USD") == 1
    # The euro's reference rates of that day: 1.1394 USD, 185.08 JPY.
    assert rates.usd_per_unit("EUR") == 1.1394
    assert rates.usd_per_unit("JPY") == pytest.approx(1.1394 / 185.08, rel=1e-4)
    assert {c.currency for c in the_countries().country} <= {r.code for r in rates.rate}
    with pytest.raises(KeyError):
        rates.usd_per_unit("XXX")


def test_countries_know_their_grid() -> None:
    by = {c.code: c for c in the_countries().country}
    assert {"AU", "BR", "CN", "DE", "FI", "GB", "IE", "IN", "JP", "KR", "NL", "SE", "SG", "US", "ZA"} <= set(by)
    assert (by["US"].frequencies_hz, by["US"].standards, by["US"].region) == ((60,), ("UL",), "us")
    assert (by["DE"].frequencies_hz, by["DE"].standards, by["DE"].low_voltages_v[0]) == ((50,), ("IEC",), 400)
    assert by["CN"].standards == ("GB",)
    assert by["JP"].frequencies_hz == (50, 60)
    assert by["DE"].road is not None
    assert (by["DE"].road.width_mm, by["DE"].road.height_mm, by["DE"].road.gross_kg) == (2550, 4000, 40_000)
    tariffs = [read_toml(path, Tariff) for path in TARIFFS]
    assert {t.country for t in tariffs if t.country} <= set(by)


@pytest.mark.parametrize(
    ("model", "tree", "message"),
    [
        (Currencies, {"as_of": "2026-01-01", "rate": [{"code": "EUR", "title": "e", "usd_per_unit": 1}] * 2}, "twice"),
        (Currencies, {"as_of": "2026-01-01", "rate": [{"code": "USD", "title": "d", "usd_per_unit": 2}]}, "one USD"),
        (Currencies, {"as_of": "2026-01-01", "rate": [{"code": "euro", "title": "e", "usd_per_unit": 1}]}, "code"),
        (
            GridRule,
            {
                "key": "r", "title": "r", "jurisdiction": "j", "countries": ["US"], "threshold_mw": 1,
                "status": "in_force", "as_of": "2026-01-01",
                "obligation": [{"kind": "ramp", "text": "t", "amount": 5.0}],
            },
            "amount and unit",
        ),
    ],
)  # fmt: skip
def test_mistakes_are_refused(model: type[Any], tree: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        validate({**tree, "provenance": SOURCED}, model, "file")


def test_every_source_of_the_market_is_listed() -> None:
    listed = {
        source["key"]
        for path in (CATALOG / "sources").glob("*.toml")
        for source in tomllib.loads(path.read_text(encoding="utf-8"))["source"]
    }
    single = [CATALOG / name for name in ("countries.toml", "currencies.toml", "costs.toml")]
    for path in [*TARIFFS, *RULES, *single, *(CATALOG / "materials").rglob("*.toml")]:
        cited = {p["source"] for p in tomllib.loads(path.read_text(encoding="utf-8"))["provenance"]}
        assert cited <= listed, path


def a_shipment(permit: str, **more: int) -> Transport:
    size = {"length_mm": 6800, "width_mm": 2400, "height_mm": 2800, "mass_kg": 6000}
    return validate({"permit": permit, **size, **more}, Transport, "transport")


def test_freight_follows_class_distance_and_pieces() -> None:
    costs = the_costs()
    rate = {f.permit: f for f in costs.freight}
    wide = rate["C"].fixed_usd + 1000 * rate["C"].usd_per_km
    assert freight_usd(costs, a_shipment("C"), 1000) == pytest.approx(wide)
    assert freight_usd(costs, a_shipment("D", pieces=3), 1000) == pytest.approx(3 * wide)
    # 6.8 of 13.6 m of deck: half a lorry; at 18 t of 24 it is three quarters, and never more than one.
    lorry = rate["A"].fixed_usd + 1000 * rate["A"].usd_per_km
    assert freight_usd(costs, a_shipment("A"), 1000) == pytest.approx(0.5 * lorry)
    assert freight_usd(costs, a_shipment("A", mass_kg=18_000), 1000) == pytest.approx(0.75 * lorry)
    assert freight_usd(costs, a_shipment("A", length_mm=16_000), 1000) == pytest.approx(lorry)
    # 12 to 14 USD a loaded mile of oversize haulage.
    assert 12 / 1.609 <= rate["C"].usd_per_km <= 14 / 1.609


def test_freight_by_class_agrees_with_the_share_that_the_sizing_uses() -> None:
    costs = the_costs()
    share = costs.source_of("freight_frac")
    assert share.low is not None
    assert share.high is not None
    # A 2.5 MW power module of about 1.4 MUSD, in two splices, 1000 to 2500 km from the factory.
    for haul_km in (1000, 2500):
        assert share.low <= freight_usd(costs, a_shipment("D", pieces=2), haul_km) / 1_400_000 <= share.high
