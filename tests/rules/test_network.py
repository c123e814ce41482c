"""Capacity at the site, losses on the way and who feeds whom, on plans wired by hand."""

import pytest
from damage import damaged, item, module
from wired import hand_wired_plan

from prefab.rules import contingencies, grid_limit, supply_temperature
from prefab.rules.network import Network
from prefab.rules.walk import walk

DERATING = {
    "altitude_free_m": 1000.0,
    "altitude_frac_per_100m": 0.01,
    "dry_bulb_free_degc": 25.0,
    "dry_bulb_frac_per_k": 0.02,
}
HIGH, HOT = {"altitude_m": 1500.0}, {"design_dry_bulb_degc": 30.0}
KVA_TO_KW = 0.95


def network(edit=lambda tree: None, phase=0, **brief):
    return Network(damaged(hand_wired_plan(**brief), edit), phase)


def overloaded(edit, **brief):
    found = contingencies.check(damaged(hand_wired_plan(**brief), edit))
    return {f.where.removeprefix("phase One, ") for f in found if not f.kept}


@pytest.mark.parametrize(
    ("site", "left"),
    [
        (HIGH | {"design_dry_bulb_degc": 25.0}, 0.95),  # 5 steps of 100 m at 1 %
        (HOT | {"altitude_m": 1000.0}, 0.90),  # 5 K at 2 %
        (HIGH | HOT, 0.95 * 0.90),
    ],
)
def test_derated_modules_carry_less_by_exactly_that(site, left):
    # The worst loads: one of two UPS modules carries 1,130.18 / 2 kW, its transformer that and the loss of 4 %.
    ups_kw = 1130.18 / 2
    for factor, kept in ((1.000001, True), (0.999999, False)):

        def ups(tree, rated_kw=ups_kw / left * factor):
            module(tree, "UPS-800")["derating"] = DERATING
            module(tree, "UPS-800")["gives"][0]["capacity_kw"] = rated_kw

        def transformer(tree, rated_kva=1.04 * ups_kw / KVA_TO_KW / left * factor):
            module(tree, "TRF-1000")["derating"] = DERATING
            module(tree, "TRF-1000")["gives"][0]["capacity_kva"] = rated_kva

        for edit, tag in ((ups, "B01-UPS-01"), (transformer, "B01-TRF-01")):
            assert (tag not in overloaded(edit, site=site)) is kept


def test_weather_is_the_hottest_hour_and_the_air_that_comes_back():
    # 28 °C in the climate and 2 K of recirculation, unless the brief names its own design temperature.
    assert network().weather == (30.0, 20.0, 10.0)
    assert network(site={"design_dry_bulb_degc": 33.0, "altitude_m": 700.0}).weather == (33.0, 20.0, 700.0)


@pytest.mark.parametrize(("hottest", "kept"), [(29.0, True), (29.01, False)])
def test_recirculated_air_takes_from_the_dry_coolers(hottest, kept):
    # 36 °C water with an approach of 5 K needs air of 31 °C, of which 2 K are recirculation.
    def warmer(tree):
        tree["climate"]["dry_bulb_max_degc"] = hottest

    findings = supply_temperature.check(damaged(hand_wired_plan(), warmer))
    assert all(f.kept for f in findings) is kept


@pytest.mark.parametrize(
    ("grid_kv", "switchgear", "capacity_kva"),
    [
        (20.0, {"current_max_a": 250.0}, 3**0.5 * 20 * 250),  # 8,660 kVA bind before 10,000
        (20.0, {"current_max_a": 630.0}, 10_000),  # 21,824 kVA do not
        (11.0, {"current_max_a": 250.0}, 3**0.5 * 11 * 250),
        (36.0, {"current_max_a": 100.0}, 3**0.5 * 36 * 100),
        (132.0, {"current_max_a": 250.0}, 3**0.5 * 20 * 250),  # behind main transformers at the basis's 20 kV
        (20.0, {"voltage_max_kv": 20.0}, 10_000),
        (20.0, {"voltage_max_kv": 19.9}, 0),
        (132.0, {"voltage_max_kv": 24.0}, 10_000),
        (36.0, {"voltage_max_kv": 24.0}, 0),
    ],
)
def test_switchgear_at_its_current_and_voltage(grid_kv, switchgear, capacity_kva):
    def rate(tree):
        module(tree, "MVS-10")["gives"][0].update(switchgear)

    at_site = network(rate, grid={"voltage_kv": grid_kv})
    assert at_site.capacity["MVS-A1"] == pytest.approx(capacity_kva * KVA_TO_KW)


def test_switchgear_below_the_grid_voltage_is_refused():
    def low_voltage(tree):
        module(tree, "MVS-10")["gives"][0]["voltage_max_kv"] = 12.0

    assert overloaded(low_voltage) == {"MVS-A1", "MVS-B1"}


def bent(tree):
    """Losses that bend at half load: the UPS's 8 and 40 kW, the transformer's 4 and 20 kW. Fans never slow down."""
    module(tree, "UPS-800")["losses"] = {"points": [[0.0, 0.0], [0.25, 4.0], [0.5, 8.0], [1.0, 40.0]]}
    module(tree, "TRF-1000")["losses"] = {"points": [[0.0, 0.0], [0.25, 2.0], [0.5, 4.0], [1.0, 20.0]]}
    for sku in ("DRY-1000", "CHL-400"):
        module(tree, sku)["rejection"]["fan_floor_frac"] = 1.0


@pytest.mark.parametrize(
    ("output_kw", "loss_kw"),
    [(237.5, 2.0), (475.0, 4.0), (712.5, 12.0), (950.0, 20.0)],  # 250, 500, 750 and 1,000 of 1,000 kVA
)
def test_a_kva_rating_is_loaded_by_kva(output_kw, loss_kw):
    at_site = network(bent)
    (need,) = at_site.module("B01-TRF-A1").needs
    assert at_site.drawn_kw("B01-TRF-A1", need, output_kw) == pytest.approx(output_kw + loss_kw)


def test_a_kw_rating_is_loaded_by_kw():
    at_site = network(bent)
    (need,) = at_site.module("B01-UPS-01").needs
    # 600 of 800 kW lies midway between 8 and 40 kW.
    assert at_site.drawn_kw("B01-UPS-01", need, 600.0) == pytest.approx(600 + 24)


def transformed_kw(kw):
    """Drawn by a transformer with the losses of `bent`."""
    share = kw / KVA_TO_KW / 1000
    return kw + (8 * share if share < 0.5 else 4 + 32 * (share - 0.5))


BUS_KW = 1130.18
# House load 1 % of 1,100; fans 2 x 40 and 2 x 15; chillers 210 x 1.01 of heat at a COP of 5 (30 °C: 6 at 25, 4 at 35).
MECHANICAL_KW = 11 + 80 + 30 + 210 * 1.01 / 5
# Three UPS modules below half load lose 8 kW per 400 kW.
NORMAL_KW = 3 * transformed_kw(BUS_KW / 3 * (1 + 8 / 400)) + transformed_kw(MECHANICAL_KW)
# Two carry 565.09 kW each, 165.09 kW beyond half load, where 400 kW lose 32 kW.
UPS_LOST_KW = 2 * transformed_kw(BUS_KW / 2 + 8 + 165.09 * 32 / 400) + transformed_kw(MECHANICAL_KW)


@pytest.mark.parametrize(("blocks", "import_kw"), [(1, UPS_LOST_KW), (2, UPS_LOST_KW + NORMAL_KW)])
def test_import_is_the_largest_of_every_situation(blocks, import_kw):
    # The loss of a UPS module, or of its transformer, loads the two others where they lose more.
    assert UPS_LOST_KW > NORMAL_KW + 20
    phase = blocks - 1
    plan = damaged(hand_wired_plan(blocks=blocks), bent)
    worst = walk(plan, phase)
    assert worst.normal_kw["GRID"] == pytest.approx(blocks * NORMAL_KW)
    assert worst.import_kw == pytest.approx(import_kw)
    assert "-UPS-0" in worst.import_situation or "-TRF-0" in worst.import_situation
    for factor, kept in ((1.000001, True), (0.999999, False)):

        def connect(tree, capacity_mw=import_kw * factor / 1000):
            tree["brief"]["grid"]["capacity_mw"] = capacity_mw

        assert grid_limit.check(damaged(plan, connect))[phase].kept is kept


def test_each_side_feeds_its_own_and_the_utility_comes_before_standby():
    def split(tree):
        bent(tree)
        item(tree["connected"]["equipment"], tag="B01-DRY-02")["side"] = "B"

    normal = walk(damaged(hand_wired_plan(), split), 0).normal_kw
    # One dry cooler's 40 kW come over transformer B1 and switchgear B1; everything else over the A side.
    b_side_kw = transformed_kw(40)
    a_side_kw = 3 * transformed_kw(BUS_KW / 3 * 1.02) + transformed_kw(MECHANICAL_KW - 40)
    assert normal["MVS-B1"] == pytest.approx(b_side_kw)
    assert normal["MVS-A1"] == pytest.approx(a_side_kw)
    # Switchgear B1 has the generators on its feed of side B, and takes the utility.
    assert normal["GRID"] == pytest.approx(a_side_kw + b_side_kw)
    assert normal["GEN-01"] == normal["GEN-02"] == 0


def test_switchgear_of_both_sides_takes_the_generators_without_the_utility():
    worst = walk(damaged(hand_wired_plan(), bent), 0)
    assert worst.island_kw["GEN-01"] == pytest.approx(NORMAL_KW / 2)
    assert "GRID" not in worst.island_kw
