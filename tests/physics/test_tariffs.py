"""Yearly bills: published cases, boundaries of periods, ratchets, contracts, export."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prefab.errors import InputError
from prefab.market import Tariff, Window
from prefab.physics.tariffs import HOURS, energy_prices, make_bill, make_clock, within
from prefab.tables import validate

CASES = Path(__file__).parents[2].parent / "shared" / "reference" / "battery" / "bill_cases.json"
BY_MONTH = [10.0, 10.0, 20.0, 50.0, 20.0, 10.0, 20.0, 20.0, 20.0, 20.0, 20.0, 5.0]


def a_tariff(**more: Any) -> Tariff:
    """10 ct at every hour unless told otherwise."""
    tree = {
        "key": "t", "title": "Test", "energy_usd_per_kwh": 0.1, "carbon_g_per_kwh": 0,
        "provenance": [{"of": "*", "source": "made-up", "basis": "judgement"}],
    }  # fmt: skip
    return validate(tree | more, Tariff, "tariff")


def flat(kw: float, **at_hour: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The same power in every hour but some, counted from 1 as `h22`."""
    load = np.full(HOURS, kw)
    for name, value in at_hour.items():
        load[int(name[1:]) - 1] = value
    return load


def expected(case: str) -> dict[str, Any]:
    if not CASES.is_file():
        pytest.skip("bill_cases.json is not beside the project")
    found: dict[str, Any] = next(c["expect"] for c in json.loads(CASES.read_text())["cases"] if c["id"] == case)
    return found


def test_published_blended_bill() -> None:
    wanted = expected("R1-blended-bill")
    bill = make_bill(a_tariff(demand=[{"title": "d", "usd_per_kw": 10}]), flat(10_000 / HOURS))
    assert bill.energy_usd == pytest.approx(wanted["energy_year"])
    assert bill.demand_usd == pytest.approx(wanted["demand_year"], rel=1e-4)


def test_published_ratchet_over_seasons() -> None:
    cold_then_warm = [10.5] * 4 + [11.5] * 6 + [10.5] * 2
    demand = {"title": "d", "usd_per_kw_by_month": cold_then_warm, "ratchet": {"frac": 0.35}}
    bill = make_bill(a_tariff(demand=[demand]), flat(1, h8=100))
    assert bill.demand_usd == pytest.approx(expected("R2-lookback-seasonal")["demand_year"])


@pytest.mark.parametrize(
    ("case", "ratchet"),
    [
        ("R3-lookback-months", {"frac": 0.75, "months": [1, 4, 12]}),
        ("R4-lookback-range", {"frac": 0.75, "previous_months_count": 6}),
    ],
)
def test_published_ratchets_over_months(case: str, ratchet: dict[str, Any]) -> None:
    wanted = expected(case)
    tariff = a_tariff(demand=[{"title": "d", "usd_per_kw_by_month": BY_MONTH, "ratchet": ratchet}])
    bill = make_bill(tariff, flat(100, h22=200, h2403=400, h4088=500, h8333=300))
    assert list(bill.billed_kw[0]) == pytest.approx(wanted["billed_peaks"])
    assert bill.demand_usd == pytest.approx(wanted["demand_year"])


def test_coincident_peaks_share_their_yearly_price() -> None:
    # Four months at a quarter of 25 $/kW a year each: 1 MW in one of them is 6,250 $ (case S12 of the reference).
    four = {"title": "4CP", "usd_per_kw": 6.25, "windows": [{"months": [6, 7, 8, 9], "from_h": 15, "to_h": 17}]}
    july = 24 * 181
    bill = make_bill(a_tariff(demand=[four]), flat(0, **{f"h{july + 16}": 1000}))
    assert bill.demand_usd == pytest.approx(6250)
    assert bill.billed_kw[0][6] == 1000
    assert make_bill(a_tariff(demand=[four]), flat(0, **{f"h{july + 18}": 1000})).demand_usd == 0


@pytest.mark.parametrize(("usd_per_kw", "saved_usd"), [(50, 0.4e6), (150, 1.2e6)])
def test_less_at_the_four_peaks_saves_all_year(usd_per_kw: float, saved_usd: float) -> None:
    # S11: 10 MW at four coincident peaks cut to 2 MW; all the other hours stay as they were.
    four = {
        "title": "4CP", "usd_per_kw": usd_per_kw / 4, "windows": [{"months": [6, 7, 8, 9], "from_h": 16, "to_h": 17}],
    }  # fmt: skip
    tariff, load = a_tariff(demand=[four]), flat(10_000)
    cut = np.where(within((Window(months=(6, 7, 8, 9), from_h=16, to_h=17),), make_clock()), 2000.0, load)
    assert make_bill(tariff, load).demand_usd - make_bill(tariff, cut).demand_usd == pytest.approx(saved_usd)


def test_a_period_begins_on_its_hour_and_ends_before_the_next() -> None:
    peak = {"title": "peak", "usd_per_kwh": 0.3, "windows": [{"weekdays": [1, 2, 3, 4, 5], "from_h": 17, "to_h": 21}]}
    tariff = a_tariff(period=[peak, {"title": "rest", "usd_per_kwh": 0.1}])
    prices = energy_prices(tariff, make_clock(first_weekday=5))  # 1 January is a Friday
    assert prices[16:22].tolist() == [0.1, 0.3, 0.3, 0.3, 0.3, 0.1]
    assert prices[24 + 17] == 0.1  # Saturday
    assert prices[3 * 24 + 17] == 0.3  # Monday


def test_windows_wrap_over_midnight_and_keep_to_their_months() -> None:
    clock = make_clock()
    night = within((Window(from_h=22, to_h=6),), clock)
    assert night[:24].nonzero()[0].tolist() == [0, 1, 2, 3, 4, 5, 22, 23]
    february = within((Window(months=(2,)),), clock)
    assert february.nonzero()[0][[0, -1]].tolist() == [31 * 24, 59 * 24 - 1]


def test_the_first_period_that_holds_counts_and_every_hour_has_one() -> None:
    summer = {"title": "summer", "usd_per_kwh": 0.2, "windows": [{"months": [7]}]}
    noon = {"title": "noon", "usd_per_kwh": 0.4, "windows": [{"from_h": 12, "to_h": 13}]}
    rest = {"title": "rest", "usd_per_kwh": 0.1}
    bill = make_bill(a_tariff(period=[noon, summer, rest]), flat(1))
    # 365 noons; 31 days of July without their noon; the rest.
    assert bill.energy_usd == pytest.approx(365 * 0.4 + 31 * 23 * 0.2 + (HOURS - 365 - 31 * 23) * 0.1)


def test_local_standard_time_has_no_daylight_saving() -> None:
    clock = make_clock()
    assert clock.hour.tolist() == [h for _ in range(365) for h in range(24)]
    assert np.bincount(clock.month)[1:].tolist() == [24 * d for d in (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)]
    evening = within((Window(from_h=17, to_h=21),), clock)
    assert evening.reshape(365, 24).sum(axis=1).tolist() == [4] * 365


def test_months_of_hours_and_series_of_hours() -> None:
    rows = [[float(m * 100 + h) for h in range(24)] for m in range(12)]
    prices = energy_prices(a_tariff(month_hour_usd_per_kwh=rows), make_clock())
    assert prices[31 * 24 + 5] == 105  # 1 February, 5:00
    assert prices[-1] == 1123
    series = [0.0] * HOURS
    series[100] = -2.0
    assert make_bill(a_tariff(hourly_usd_per_kwh=series), flat(10)).energy_usd == -20


def test_demand_of_the_year_and_a_least_demand_by_contract() -> None:
    yearly = {"title": "y", "usd_per_kw": 80, "per": "year"}
    contract = {"title": "c", "usd_per_kw": 2, "contract_frac": 0.85}
    bill = make_bill(a_tariff(demand=[yearly, contract]), flat(100, h5000=400), contract_kw=200)
    assert bill.billed_kw[0] == (400,)
    # 170 kW in eleven months, 400 kW in July.
    assert bill.demand_usd == pytest.approx(400 * 80 + (11 * 170 + 400) * 2)


def test_a_month_without_counted_hours_is_not_billed_even_with_a_ratchet() -> None:
    july = {"title": "d", "usd_per_kw": 1, "windows": [{"months": [7]}], "ratchet": {"frac": 1.0}}
    assert make_bill(a_tariff(demand=[july]), flat(50)).billed_kw[0] == (*[0] * 6, 50, *[0] * 5)


def test_losses_adders_fixed_charges_tax_and_export() -> None:
    tariff = a_tariff(
        loss_frac=0.1, adder=[{"title": "levy", "usd_per_kwh": 0.02}], fixed_usd_per_month=100, tax_frac=0.2,
        demand=[{"title": "d", "usd_per_kw": 10}], export_usd_per_kwh=0.03,
    )  # fmt: skip
    bill = make_bill(tariff, flat(10), flat(2))
    assert bill.energy_usd == pytest.approx(87_600 * 1.1 * 0.1)
    assert bill.adders_usd == pytest.approx(87_600 * 1.1 * 0.02)
    assert (bill.fixed_usd, bill.demand_usd) == (1200, 1200)
    assert bill.tax_usd == pytest.approx(0.2 * (87_600 * 1.1 * 0.12 + 2400))
    assert bill.export_usd == pytest.approx(2 * HOURS * 0.03)
    assert bill.total_usd == pytest.approx(1.2 * (87_600 * 1.1 * 0.12 + 2400) - 2 * HOURS * 0.03)


@pytest.mark.parametrize("load", [np.ones(8784), -np.ones(HOURS), np.full(HOURS, np.nan)])
def test_a_wrong_load_is_refused(load: np.ndarray[Any, np.dtype[np.float64]]) -> None:
    with pytest.raises(ValueError, match="import_kw"):
        make_bill(a_tariff(), load)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"period": [{"title": "p", "usd_per_kwh": 1, "windows": [{"from_h": 1, "to_h": 2}]}]}, "last period"),
        ({"period": [{"title": "p", "usd_per_kwh": 1}, {"title": "q", "usd_per_kwh": 1}]}, "last period"),
        ({"period": [{"title": "p", "usd_per_kwh": 1}], "hourly_usd_per_kwh": [0.1] * HOURS}, "one of"),
        ({"month_hour_usd_per_kwh": [[0.1] * 24] * 11}, "twelve rows"),
        ({"month_hour_usd_per_kwh": [[0.1] * 23] * 12}, "month_hour"),
        ({"hourly_usd_per_kwh": [0.1] * 8784}, "8,760"),
        ({"demand": [{"title": "d"}]}, "exactly one"),
        ({"demand": [{"title": "d", "usd_per_kw_by_month": [1.0] * 11}]}, "twelve"),
        ({"demand": [{"title": "d", "usd_per_kw": 1, "per": "year", "ratchet": {"frac": 1}}]}, "no ratchet"),
        ({"demand": [{"title": "d", "usd_per_kw": 1, "windows": [{"from_h": 5, "to_h": 5}]}]}, "equal"),
        (
            {"demand": [{"title": "d", "usd_per_kw": 1,
                         "ratchet": {"frac": 0.5, "months": [1], "previous_months_count": 3}}]},
            "not both",
        ),
        ({"valid_from": "2026-02-01", "valid_to": "2026-01-01"}, "before valid_from"),
    ],
)  # fmt: skip
def test_tariffs_that_cannot_be_read_one_way_are_refused(more: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        a_tariff(**more)
