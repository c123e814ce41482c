"""TokEnergy: a hand-worked site of 10 MW of IT in seven variants, conversions and the binding limit.

The site: 742 W per accelerator at 567 tokens/s (https://github.com/ml-energy/leaderboard), 1.5 times that at the
racks, distribution 99 %, UPS 97 %, transformer 99.2 %, cooling 12 % and auxiliaries 1 % of IT before the UPS.
"""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from prefab.physics import tokens


@dataclass(frozen=True)
class Variant:
    distribution: float = 0.99
    ups: float = 0.97
    transformer: float = 0.992
    it_transformer: float = 0.992
    cooling: float = 0.12
    discharged_kwh_per_day: float = 0.0
    round_trip: float = 1.0
    utilisation: float = 1.0
    goodput: float = 1.0

    def site_ratio(self) -> float:
        storage_kw = tokens.storage_loss_kw(self.discharged_kwh_per_day, self.round_trip, 24)
        return tokens.site_ratio(
            self.distribution * self.ups * self.it_transformer,
            self.transformer,
            self.cooling,
            0.01,
            storage_kw / 10_000,
        )

    def j_per_token(self) -> float:
        at_chip = 742 / 567
        used = tokens.idle_factor(self.utilisation, 0.136) / self.goodput
        return at_chip * 1.5 * self.site_ratio() * used


BASE = Variant()
STORED = replace(BASE, discharged_kwh_per_day=20_000, round_trip=0.85)
# name: variant, R_site, J per token, kWh per Mtok, tokens per kWh, tokens/s per MW, $ per Mtok at 0.08 $/kWh
VECTORS = {
    "base": (BASE, 1.1808, 2.3178, 0.6438, 1_553_169, 431_436, 0.0515),
    "better UPS": (replace(BASE, ups=0.985), 1.1648, 2.2865, 0.6351, 1_574_485, 437_357, 0.0508),
    "less cooling": (replace(BASE, cooling=0.08), 1.1405, 2.2387, 0.6219, 1_608_083, 446_690, 0.0497),
    "storage": (STORED, 1.1956, 2.3469, 0.6519, 1_533_911, 426_086, 0.0522),
    "worse storage": (replace(STORED, round_trip=0.80), 1.2018, 2.3591, 0.6553, 1_526_027, 423_896, 0.0524),
    "direct current": (
        # One stage of 97 % from medium voltage to the racks' direct current, no UPS and no transformer before it.
        replace(BASE, distribution=0.995, ups=0.97, it_transformer=1.0),
        1.1672,
        2.2911,
        0.6364,
        1_571_308,
        436_474,
        0.0509,
    ),
    "part load": (
        replace(STORED, utilisation=0.6, goodput=0.98),
        1.1956,
        2.6120,
        0.7255,
        1_378_270,
        382_853,
        0.0580,
    ),
}


@pytest.mark.parametrize("name", VECTORS)
def test_hand_worked_site(name: str) -> None:
    variant, ratio, joules, kwh, per_kwh, per_mw, usd = VECTORS[name]
    found = variant.j_per_token()
    assert variant.site_ratio() == pytest.approx(ratio, abs=5e-5)
    assert found == pytest.approx(joules, abs=5e-5)
    assert tokens.kwh_per_mtok(found) == pytest.approx(kwh, abs=5e-5)
    assert tokens.tokens_per_kwh(found) == pytest.approx(per_kwh, abs=0.5)
    assert tokens.tokens_per_s_per_mw(found) == pytest.approx(per_mw, abs=0.5)
    assert tokens.usd_per_mtok(0.08, found) == pytest.approx(usd, abs=5e-5)


def test_mean_storage_loss_of_the_hand_worked_site() -> None:
    # 20 MWh a day at 85 %: 20/24 x (1/0.85 - 1) = 0.147 MW.
    assert tokens.storage_loss_kw(20_000, 0.85, 24) == pytest.approx(147.06, abs=0.01)


@pytest.mark.parametrize(("utilisation", "factor"), [(1, 1.0), (0.8, 1.034), (0.6, 1.09), (0.5, 1.135), (0.3, 1.316)])
def test_idle_factor_as_printed(utilisation: float, factor: float) -> None:
    """80.3 W idle of 592.8 W loaded: http://api.serialalice.pt/alice-benchmark."""
    idle = 80.3 / 592.8
    assert tokens.idle_factor(utilisation, idle) == pytest.approx(factor, abs=2e-3)


def test_conversion_there_and_back() -> None:
    assert tokens.j_per_token(tokens.kwh_per_mtok(2.5)) == pytest.approx(2.5)


def test_the_tighter_limit_binds_and_is_named() -> None:
    # 100 accelerators x 500 tokens/s = 50,000 tokens/s; at 2 J each they need 100 kW.
    assert tokens.full_rate(100, 500, 120, 2.0) == tokens.FullRate(50_000, "compute")
    assert tokens.full_rate(100, 500, 80, 2.0) == tokens.FullRate(40_000, "power")


def test_tokens_of_an_hour() -> None:
    rate = tokens.FullRate(1000.0, "compute")
    # 3.6 million x 0.5 x 0.9 x 0.8, and half of it when half the heat stays.
    hours = tokens.tokens_per_h(rate, np.array([0.5, 0.5]), 0.9, 0.8, np.array([1.0, 0.5]))
    assert np.asarray(hours).tolist() == pytest.approx([1_296_000, 648_000])


def test_steps_add_up() -> None:
    steps = tokens.make_waterfall((("chip", "Chip", 600.0), ("ups", "UPS", 25.0)), 1250.0)
    assert sum(step.kwh_per_mtok for step in steps) == pytest.approx(0.5)


def test_packed_load_leaves_the_others_idle() -> None:
    # Half the accelerators at full power, half idle at a quarter of it: 0.5 + 0.5 x 0.25.
    assert tokens.packed_power_frac(0.5, 0.25) == pytest.approx(0.625)
    assert tokens.packed_power_frac(0.0, 0.25) == pytest.approx(0.25)
    assert tokens.packed_power_frac(1.0, 0.25) == 1.0


def test_spread_load_keeps_every_board_near_full_power() -> None:
    points = ((0.1, 0.8), (0.5, 0.9), (1.0, 1.0))
    found = tokens.spread_power_frac(np.array([0.02, 0.1, 0.3, 0.75, 1.0]), points)
    assert np.asarray(found).tolist() == pytest.approx([0.8, 0.8, 0.85, 0.95, 1.0])


@pytest.mark.parametrize("load", [0.1, 0.3, 0.6, 0.9])
def test_packing_never_takes_more_than_spreading_where_boards_idle_low(load: float) -> None:
    points = ((0.124, 0.737), (0.338, 0.811), (0.547, 0.907), (0.977, 1.0))
    assert tokens.packed_power_frac(load, 0.2) < tokens.spread_power_frac(load, points)


def test_a_cap_takes_rate_by_its_law() -> None:
    # H200 at 500 W of 700 W: 0.807 of the tokens of llama2-70b Offline, exponent 0.637 (MLPerf Inference v4.1).
    assert tokens.capped_rate_frac(500, 700, 0.637) == pytest.approx(0.807, abs=5e-4)
    assert tokens.capped_rate_frac(700, 700, 0.637) == 1.0
    assert tokens.capped_rate_frac(900, 700, 0.637) == 1.0


def test_a_cap_above_what_is_drawn_costs_nothing_and_no_rate_jumps() -> None:
    caps = np.linspace(200, 1000, 801)
    rates = np.asarray(tokens.capped_rate_frac(caps, 1000, 0.6, drawn_w=742))
    assert rates[caps >= 742].tolist() == [1.0] * int(np.sum(caps >= 742))
    assert np.all(np.diff(rates) >= 0)
    assert np.max(np.diff(rates)) < 0.003
    # Rate falls slower than power: tokens per joule of the boards rise under the cap.
    assert rates[0] > 200 / 742


def test_a_week_starts_on_monday() -> None:
    hour = np.tile(np.arange(24), 8)
    weekday, weekend = tuple(h / 24 for h in range(24)), (0.5,) * 24
    load = tokens.load_of_week(hour, weekday, weekend)
    assert load[4 * 24 + 6] == 0.25
    assert set(load[5 * 24 : 7 * 24]) == {0.5}
    assert load[7 * 24 :].tolist() == list(weekday)
