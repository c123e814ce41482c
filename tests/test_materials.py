"""Load charts, cables, pipes and crews of the catalog, and the choice of conductors and pipes at their limits."""

import csv
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import pytest

from prefab.conductors import CIRCUITS_MAX, DROP_MAX_FRAC, Feeder, Loop, choose_cable, choose_pipe, voltage_drop_v
from prefab.errors import InputError
from prefab.materials import (
    Barriers,
    CableSeries,
    Crane,
    Crews,
    Hires,
    Laid,
    PipeSeries,
    Transporter,
    Trenches,
)
from prefab.product import Trade
from prefab.tables import read_toml, validate

MATERIALS = Path(__file__).parents[1] / "catalog" / "materials"
CASES = Path(__file__).parents[1].parent / "shared" / "reference" / "validation_cases.csv"
SOURCED = [{"of": "*", "source": "made-up", "basis": "judgement"}]


@cache
def shipped() -> Laid:
    """The cables, pipes and trenches of the catalog."""
    return Laid(
        cables=tuple(read_toml(p, CableSeries) for p in sorted((MATERIALS / "cables").glob("*.toml"))),
        pipes=tuple(read_toml(p, PipeSeries) for p in sorted((MATERIALS / "pipes").glob("*.toml"))),
        trenches=read_toml(MATERIALS / "trenches.toml", Trenches).trench,
    )


def the_crane(key: str) -> Crane:
    return read_toml(MATERIALS / "cranes" / f"{key}.toml", Crane)


def cables(**more: Any) -> CableSeries:
    """100 A and 200 A at 10 and 15 $/m, three a circuit, 5 $/m to lay."""
    tree = {
        "key": "c", "title": "Test", "conductor": "copper", "voltage_max_kv": 1.0, "cores": 1, "cables_per_circuit": 3,
        "method": "none", "grouped_frac": 1.0, "r_at_degc": 70, "laying_usd_per_m": 5, "as_of": "2026-06-30",
        "size": [
            {"section_mm2": 25, "ampacity_a": 100, "r_ohm_per_km": 0.8, "x_ohm_per_km": 0.1, "outer_diameter_mm": 10,
             "usd_per_m": 10},
            {"section_mm2": 70, "ampacity_a": 200, "r_ohm_per_km": 0.3, "x_ohm_per_km": 0.1, "outer_diameter_mm": 15,
             "usd_per_m": 15},
        ],
        "provenance": SOURCED,
    }  # fmt: skip
    return validate(tree | more, CableSeries, "cables")


def pipes(**more: Any) -> PipeSeries:
    """DN100 with 100 mm at 2 m/s (15.708 L/s) and DN200 with 200 mm at 2 m/s, 50 and 120 $/m."""
    tree = {
        "key": "p", "title": "Test", "material": "steel", "roughness_mm": 0.05, "temperature_max_degc": 90,
        "pressure_max_bar": 10, "carriers": ["facility_water"], "as_of": "2026-06-30",
        "size": [
            {"dn": 100, "bore_mm": 100, "velocity_max_m_per_s": 2, "usd_per_m": 50},
            {"dn": 200, "bore_mm": 200, "velocity_max_m_per_s": 2, "usd_per_m": 120},
        ],
        "provenance": SOURCED,
    }  # fmt: skip
    return validate(tree | more, PipeSeries, "pipes")


def dc(current_a: float, length_m: float = 1.0) -> Feeder:
    """A feeder at 1 kV of direct current, where kilowatts are amperes."""
    return Feeder(current_a, 1.0, length_m, system="dc")


DIRECT = {"system": "dc", "cables_per_circuit": 2}


def test_a_load_chart_is_straight_between_points_and_ends_at_its_last() -> None:
    crane = the_crane("at-500")
    assert crane.capacity_t(8.0) == 200
    assert crane.capacity_t(10.0) == 165  # half-way from 200 t at 8 m to 130 t at 12 m
    assert crane.capacity_t(1.0) == crane.chart_t[0][1]
    last_m, last_t = crane.chart_t[-1]
    assert crane.capacity_t(last_m) == last_t
    assert crane.capacity_t(last_m + 0.01) == 0


def test_a_planned_lift_uses_its_share_of_the_chart_and_no_more() -> None:
    crane = the_crane("at-500")
    assert crane.lifts(160.0, 8.0)  # 0.8 of 200 t
    assert not crane.lifts(160.1, 8.0)


def test_published_lifts_and_ratings_are_within_the_charts() -> None:
    # 95,000 lb at 135 ft by a 900 t crane; 220,000 lb at 25 ft and 26,000 lb at 140 ft by one of 450 t.
    assert the_crane("at-900").lifts(95_000 * 0.45359 / 1000, 135 * 0.3048)
    assert the_crane("at-500").lifts(220_000 * 0.45359 / 1000, 25 * 0.3048)
    assert the_crane("at-500").lifts(26_000 * 0.45359 / 1000, 140 * 0.3048)
    crawler = the_crane("crawler-600")
    assert (crawler.capacity_t(7.3), crawler.capacity_t(104)) == (600, 10)
    assert the_crane("rt-060").capacity_t(15 * 0.3048) == pytest.approx(85_900 * 0.45359 / 1000, rel=1e-3)


def test_larger_cranes_lift_more_and_cost_more() -> None:
    road = [the_crane(k) for k in ("at-100", "at-250", "at-500", "at-900")]
    for small, large in pairwise(road):
        assert all(large.capacity_t(m) > small.capacity_t(m) for m in (5, 8, 12, 20, 30))
        assert large.usd_per_day > small.usd_per_day
        assert large.mobilisation_usd > small.mobilisation_usd


@pytest.mark.parametrize(
    ("chart", "message"),
    [([[3, 50], [5, 30], [5, 20], [8, 10]], "rise"), ([[3, 50], [5, 60], [6, 20], [8, 10]], "fall"),
     ([[3, 90], [5, 60], [6, 20], [8, 10]], "rated_t")],
)  # fmt: skip
def test_a_load_chart_that_cannot_be_is_refused(chart: list[list[float]], message: str) -> None:
    tree = the_crane("rt-060").model_dump(mode="json") | {"chart_t": chart}
    with pytest.raises(InputError, match=message):
        validate(tree, Crane, "crane")


def test_voltage_drop_is_that_of_the_reference() -> None:
    # 400 V, 200 A, 100 m of NAYY 4x120 at a power factor of 0.95: 8.27 V, 2.07 % (case E07).
    series = next(s for s in shipped().cables if s.key == "lv-al-nayy")
    size = next(s for s in series.size if s.section_mm2 == 120)
    feeder = Feeder(3**0.5 * 0.4 * 200 * 0.95, 0.4, 100, 0.95)
    assert feeder.current_a == pytest.approx(200)
    assert voltage_drop_v(feeder, size.r_ohm_per_km, size.x_ohm_per_km) == pytest.approx(8.26985, rel=1e-4)
    if CASES.is_file():
        with CASES.open(newline="") as file:
            found = next(row["expected"] for row in csv.DictReader(file) if row["id"] == "E07")
        assert found.startswith("v=8.26985")


def test_the_ampacity_is_reached_and_not_passed() -> None:
    laid = Laid(cables=(cables(**DIRECT),))
    one, two, large = (choose_cable(laid, dc(a)) for a in (100.0, 100.1, 400.0))
    assert one is not None
    assert two is not None
    assert large is not None
    assert (one.title, one.count, one.usd_per_m) == ("2 x 25 mm² Cu", 1, 25)
    # 2 x 15 + 5 is less than two circuits of 2 x 10 + 5.
    assert (two.title, two.usd_per_m) == ("2 x 70 mm² Cu", 35)
    assert (large.title, large.usd_per_m) == ("2 circuits of 2 x 70 mm² Cu", 70)


def test_grouping_takes_its_share() -> None:
    laid = Laid(cables=(cables(**DIRECT, grouped_frac=0.5),))
    chosen = choose_cable(laid, dc(100.0))
    assert chosen is not None
    assert chosen.title == "2 x 70 mm² Cu"


def test_the_drop_of_a_long_run_asks_for_more_copper() -> None:
    laid = Laid(cables=(cables(**DIRECT),))
    # 2 x 100 A x 0.8 ohm/km x L = 30 V of 1 kV at 187.5 m (the resistance is that at 70 °C already).
    near, far = choose_cable(laid, dc(100.0, 187.0)), choose_cable(laid, dc(100.0, 188.0))
    assert near is not None
    assert far is not None
    assert (near.title, far.title) == ("2 x 25 mm² Cu", "2 x 70 mm² Cu")
    assert DROP_MAX_FRAC == 0.03


def test_no_cable_is_chosen_beyond_what_can_be_laid_or_insulated() -> None:
    laid = Laid(cables=(cables(**DIRECT),))
    assert choose_cable(laid, dc(CIRCUITS_MAX * 200.0)) is not None
    assert choose_cable(laid, dc(CIRCUITS_MAX * 200.0 + 1)) is None
    assert choose_cable(laid, Feeder(10, 1.5, 1, system="dc")) is None
    assert choose_cable(laid, Feeder(10, 0.4, 1)) is None  # nothing for alternating current
    assert choose_cable(laid, dc(0.0)) is None


def test_the_lowest_voltage_class_that_suffices_is_taken() -> None:
    cheap = cables(key="low", voltage_max_kv=12.0)
    dear = cables(key="high", voltage_max_kv=24.0, laying_usd_per_m=50)
    laid = Laid(cables=(dear, cheap))
    at_12, at_20 = (choose_cable(laid, Feeder(1000, kv, 1, 0.95)) for kv in (12.0, 20.0))
    assert at_12 is not None
    assert at_20 is not None
    assert (at_12.usd_per_m, at_20.usd_per_m) == (35, 80)


def test_the_share_of_a_trench_is_in_the_price() -> None:
    trench = validate(
        {"as_of": "2026-06-30", "provenance": SOURCED, "trench": [
            {"key": "t", "title": "T", "width_mm": 500, "depth_mm": 800, "circuits_max": 4, "usd_per_m": 100}]},
        Trenches, "trenches",
    )  # fmt: skip
    laid = Laid(cables=(cables(**DIRECT, trench="t"),), trenches=trench.trench)
    chosen = choose_cable(laid, dc(100.0))
    assert chosen is not None
    assert chosen.usd_per_m == 25 + 25


def test_the_velocity_limit_is_reached_and_not_passed() -> None:
    laid = Laid(pipes=(pipes(),))
    # 0.1 m bore, 2 m/s: 15.708 L/s; water at 10 K takes 4.18 kJ/kg/K: 656.6 kW.
    full_kw = 15.70796 * 4.18 * 10
    fits, more = (choose_pipe(laid, Loop("facility_water", kw, 10, 1.0, 4.18)) for kw in (full_kw, full_kw + 1))
    assert fits is not None
    assert more is not None
    assert (fits.title, fits.usd_per_m) == ("2 x DN100 steel", 100)
    # Two pairs of DN100 cost less than a pair of DN200.
    assert (more.title, more.usd_per_m) == ("4 x DN100 steel", 200)


def test_pipes_keep_to_their_liquids_and_temperatures() -> None:
    laid = Laid(pipes=(pipes(temperature_max_degc=40),))
    assert choose_pipe(laid, Loop("facility_water", 100, 10, 1.0, 4.18, 40.0)) is not None
    assert choose_pipe(laid, Loop("facility_water", 100, 10, 1.0, 4.18, 40.1)) is None
    assert choose_pipe(laid, Loop("coolant", 100, 10, 1.0, 4.18, 40.0)) is None
    # Cold plates never see carbon steel.
    coolant = choose_pipe(shipped(), Loop("coolant", 2000, 10, 1.0143, 3.96, 55.0))
    assert coolant is not None
    assert "stainless" in coolant.title


@pytest.mark.parametrize(
    ("load_kw", "voltage_kv", "least_usd_per_m", "most_usd_per_m"),
    [
        (10, 0.415, 20, 60),  # a small cable
        (1100, 0.415, 300, 900),  # between busways of 1200 A and their half
        (2500, 0.415, 900, 2250),  # between busways of 1200 A and 4000 A
        (8000, 20.0, 120, 450),
        (60_000, 110.0, 1200, 3500),
    ],
)
def test_choices_cost_what_such_runs_cost(
    load_kw: float, voltage_kv: float, least_usd_per_m: float, most_usd_per_m: float
) -> None:
    chosen = choose_cable(shipped(), Feeder(load_kw, voltage_kv, 30, 0.95))
    assert chosen is not None
    assert least_usd_per_m <= chosen.usd_per_m <= most_usd_per_m


def test_a_bus_of_several_thousand_kilowatts_is_no_matter_of_cables() -> None:
    assert choose_cable(shipped(), Feeder(4300, 0.415, 30, 0.95)) is None


def test_more_load_never_costs_less() -> None:
    loads = [10 * 1.3**n for n in range(20)]
    prices = [c.usd_per_m for kw in loads if (c := choose_cable(shipped(), Feeder(kw, 0.415, 20, 0.95)))]
    assert len(prices) >= 18
    assert prices == sorted(prices)
    flows = [c.usd_per_m for kw in loads if (c := choose_pipe(shipped(), Loop("coolant", kw, 10, 1.01, 3.96, 55)))]
    assert flows == sorted(flows)


def test_published_cable_figures() -> None:
    by = {(s.key, z.section_mm2): z for s in shipped().cables for z in s.size}
    assert by["lv-cu-xlpe", 240].ampacity_a == 607
    assert by["mv-al-24", 240].ampacity_a == 421
    assert by["mv-al-24", 240].r_ohm_per_km == 0.122
    assert by["hv-cu-123", 300].ampacity_a == 588
    # Copper of 240 mm² has 0.0754 ohm/km: 17.24 ohm mm²/km over the section, within stranding and tolerance.
    for series in shipped().cables:
        rho = {"copper": 17.24, "aluminium": 28.26}[series.conductor]
        for size in series.size:
            hot = 1 + 0.004 * (series.r_at_degc - 20)
            assert size.r_ohm_per_km * size.section_mm2 == pytest.approx(rho * hot, rel=0.2), (series.key, size)


def test_every_voltage_of_a_site_has_cables_and_every_trench_exists() -> None:
    laid = shipped()
    for kv in (0.4, 0.415, 0.48, 11, 13.8, 20, 33, 34.5, 110, 132, 138, 220, 230, 345, 400):
        assert choose_cable(laid, Feeder(min(300 * kv, 900 * kv**0.5), kv, 50, 0.95)) is not None, kv
    assert choose_cable(laid, Feeder(600, 0.8, 30, system="dc")) is not None
    for entry in (*laid.cables, *laid.pipes):
        if entry.trench:
            assert laid.trench(entry.trench).usd_per_m > 0


def test_gear_and_crews_are_complete() -> None:
    transporters = [read_toml(p, Transporter) for p in (MATERIALS / "transporters").glob("*.toml")]
    for permit, mass_kg in (("A", 24_000), ("B", 45_000), ("C", 45_000), ("D", 100_000), ("E", 250_000)):
        assert any(permit in t.permits and t.payload_kg >= mass_kg for t in transporters), permit
    lorry = next(t for t in transporters if t.key == "semi-trailer")
    assert (lorry.width_mm, lorry.turning_radius_mm) == (2550, 12_500)
    crews = read_toml(MATERIALS / "crews.toml", Crews).crew
    assert {c.trade for c in crews} == set(get_args(Trade))
    rigging = next(c for c in crews if c.trade == "rigging")
    assert rigging.usd_per_day == 6 * 10 * 110
    assert all(b.insertion_loss_db <= 15 for b in read_toml(MATERIALS / "barriers.toml", Barriers).barrier)
    assert any(h.capacity_kw == 2000 for h in read_toml(MATERIALS / "hire.toml", Hires).hire)


def test_a_barrier_beyond_a_single_edge_is_refused() -> None:
    tree = read_toml(MATERIALS / "barriers.toml", Barriers).model_dump(mode="json")
    tree["barrier"][0]["insertion_loss_db"] = 15.1
    with pytest.raises(InputError, match="15"):
        validate(tree, Barriers, "barriers")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"cables_per_circuit": 2}, "needs 3 single cores"),
        ({"cores": 4}, "needs 3 single cores"),
        ({"system": "dc"}, "needs 2 single cores"),
        ({"size": [{"section_mm2": 70, "ampacity_a": 200, "r_ohm_per_km": 0.3, "x_ohm_per_km": 0.1,
                    "outer_diameter_mm": 15, "usd_per_m": 15}] * 2}, "must rise"),
    ],
)  # fmt: skip
def test_cables_that_cannot_be_are_refused(more: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        cables(**more)


def test_pipes_that_cannot_be_are_refused() -> None:
    with pytest.raises(InputError, match="must rise"):
        pipes(size=[{"dn": 100, "bore_mm": 100, "velocity_max_m_per_s": 2, "usd_per_m": 50}] * 2)
