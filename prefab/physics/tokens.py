"""TokEnergy: electricity per useful token. Lower is better; a figure means nothing without boundary and workload.

Boundaries: B0 accelerators, B1 IT at the rack inputs, B2 the facility at its point of delivery, B3 the site with its
storage. Over a period it is a ratio of sums, energy over tokens, never a mean of ratios.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from prefab.physics.electrical import Numbers, Points, interpolate, plain
from prefab.physics.weather import weekday_of_hour
from prefab.results import Step

J_PER_KWH = 3.6e6
PLAUSIBLE_J_PER_TOKEN = (0.05, 40.0)
POSSIBLE_J_PER_TOKEN = (0.01, 500.0)
"""LLM inference: doubtful outside the first band, wrong outside the second; measured values at the chip lie between
0.03 and 22 J per output token (https://github.com/ml-energy/leaderboard), the facility adds up to a factor of two."""


def kwh_per_mtok(j_per_token: float) -> float:
    """Joules per token as kWh per million tokens."""
    return j_per_token * 1e6 / J_PER_KWH


def j_per_token(kwh_per_million: float) -> float:
    """kWh per million tokens as joules per token, the inverse of `kwh_per_mtok`."""
    return kwh_per_million * J_PER_KWH / 1e6


def tokens_per_kwh(joules: float) -> float:
    """Token yield of energy at joules per token."""
    return J_PER_KWH / joules


def tokens_per_s_per_mw(joules: float) -> float:
    """Token yield of power at joules per token; what others print as tokens per watt, a million times."""
    return 1e6 / joules


def usd_per_mtok(usd_per_kwh: float, joules: float) -> float:
    """Energy cost of a million tokens at joules per token."""
    return usd_per_kwh * kwh_per_mtok(joules)


def idle_factor(utilisation_frac: float, idle_frac: float) -> float:
    """How much more energy a token takes at part utilisation than at full, for power that is linear in it.

    It understates the penalty, for batches shrink too at low load.
    """
    return float(packed_power_frac(utilisation_frac, idle_frac)) / utilisation_frac


def packed_power_frac(load_frac: Numbers, idle_frac: float) -> Numbers:
    """Power over full power when load is packed on as few accelerators as carry it and the others idle."""
    return plain(idle_frac + (1 - idle_frac) * np.asarray(load_frac))


def spread_power_frac(load_frac: Numbers, points: Points) -> Numbers:
    """Power over full power when every accelerator keeps a share of the load, in smaller batches.

    `points` are (throughput over full, power over full), level beyond their ends: an accelerator that serves at all
    draws most of its power. Measured on boards: https://github.com/ml-energy/leaderboard.
    """
    return interpolate(points, load_frac)


def capped_rate_frac(cap_w: Numbers, limit_w: float, exponent: float, drawn_w: float | None = None) -> Numbers:
    """Tokens per second under a power cap over those without: T/T0 = (cap/limit)^a, 1 where the cap does not bind.

    A workload that never draws the limit is held only by caps below `drawn_w`; the law then starts there, so that
    no rate jumps where the cap begins to bind. Exponents: https://github.com/mlcommons/inference_results_v4.1.
    """
    binds_below_w = limit_w if drawn_w is None else min(drawn_w, limit_w)
    return plain(np.minimum(np.asarray(cap_w) / binds_below_w, 1.0) ** exponent)


def load_of_week(
    hour: NDArray[np.int64], weekday_frac: tuple[float, ...], weekend_frac: tuple[float, ...]
) -> NDArray[np.float64]:
    """Load over the week's highest hour for every hour of a year that starts on a Monday, from its hours of the day."""
    is_weekday = weekday_of_hour(hour.size) <= 5
    return np.where(is_weekday, np.array(weekday_frac)[hour], np.array(weekend_frac)[hour])


def storage_loss_kw(discharged_kwh: float, round_trip_frac: float, hours: float) -> float:
    """Mean loss of storage that gives that much back within the hours."""
    return discharged_kwh * (1 / round_trip_frac - 1) / hours


def site_ratio(
    it_path_frac: float,
    other_path_frac: float,
    cooling_kw_per_kw: float,
    auxiliary_kw_per_kw: float,
    storage_kw_per_kw: float = 0.0,
) -> float:
    """Site energy over IT energy from constant efficiencies, a closed form to check the hourly sum by.

    The path fractions are the efficiencies from the utility to the racks and to everything else; the other figures
    are loads per kW of IT behind the second path.
    """
    others = cooling_kw_per_kw + auxiliary_kw_per_kw + storage_kw_per_kw
    return 1 / it_path_frac + others / other_path_frac


@dataclass(frozen=True)
class FullRate:
    """Tokens per second of occupied capacity, and what limits them."""

    tokens_per_s: float
    binds: Literal["compute", "power"]


def full_rate(
    accelerators_count: int, rate_tokens_per_s: float, it_available_kw: float, it_j_per_token: float
) -> FullRate:
    """The lesser of what the accelerators compute and what the IT power feeds.

    Token Production Function, https://dominic789654.github.io/energy-to-token/.
    """
    compute = accelerators_count * rate_tokens_per_s
    power = it_available_kw * 1000 / it_j_per_token
    return FullRate(compute, "compute") if compute <= power else FullRate(power, "power")


def tokens_per_h(
    rate: FullRate,
    utilisation_frac: Numbers,
    availability_frac: float,
    goodput_frac: float,
    derate_frac: Numbers = 1.0,
) -> Numbers:
    """Useful tokens of an hour; `derate_frac` is the share of capacity that weather or a grid event leaves."""
    share = np.multiply(utilisation_frac, derate_frac) * (availability_frac * goodput_frac)
    return plain(3600 * rate.tokens_per_s * share)


def make_waterfall(energies: Iterable[tuple[str, str, float]], mtok: float) -> tuple[Step, ...]:
    """Bars from (key, title, kWh) that add up to all the energy per million tokens."""
    return tuple(Step(key, title, kwh / mtok) for key, title, kwh in energies)
