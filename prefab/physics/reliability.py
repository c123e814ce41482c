"""Availability and failure frequency of repairable groups, and what standby sets carry through an outage.

Every unit is up or down; failures of different units are independent but for the common-cause share that is given.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

HOURS_PER_YEAR = 8760.0
_KWH_DIGITS = 9
"""Stored energies that differ by less than rounding are one state."""


def availability(mtbf_h: float, mttr_h: float) -> float:
    """Share of time up, MTBF / (MTBF + MTTR) (IEEE 493-2007; https://reliabilitycalc.com/system-reliability)."""
    return mtbf_h / (mtbf_h + mttr_h)


def downtime_h(availability_frac: float) -> float:
    """Hours down in a year of 8,760 hours."""
    return (1 - availability_frac) * HOURS_PER_YEAR


def availability_of_downtime(hours_per_year: float) -> float:
    """Share of time up, from hours down in a year of 8,760 hours.

    So Uptime's representative hours become its percentages
    (https://7x24exchange.org/spring15_/7x24Spring2015Magazinefx/files2fx/assets/basic-html/page-35.html).
    """
    return 1 - hours_per_year / HOURS_PER_YEAR


def series(availabilities: Iterable[float]) -> float:
    """All are needed: the product (https://reliabilitycalc.com/system-reliability); 1 for none."""
    return math.prod(availabilities)


def parallel(availabilities: Iterable[float]) -> float:
    """Any one of them suffices (https://reliabilitycalc.com/system-reliability); 0 for none."""
    return 1 - math.prod(1 - a for a in availabilities)


def k_of_n(k: int, n: int, unit: float) -> float:
    """At least `k` of `n` equal units are up.

    The binomial sum of https://reliabilityanalytics.com/blog/2011/09/02/reliability-modeling-k-out-of-n-configutation/;
    summed over the side that fails, so that rare failures keep their digits.
    """
    return 1 - _fewer_than(k, n, unit)


def _fewer_than(k: int, n: int, unit: float) -> float:
    return min(1.0, sum(math.comb(n, i) * unit**i * (1 - unit) ** (n - i) for i in range(min(k, n + 1))))


def k_of_n_common_cause(k: int, n: int, unit: float, common_frac: float) -> float:
    """At least `k` of `n` equal units are up, with a share `common_frac` (beta) of their downtime shared by all.

    U = beta U1 + P(more than n - k of n down at (1 - beta) U1 each). For one of two this is the usual
    beta U1 + ((1 - beta) U1)^2 (beta-factor model, IEC 61508-6 annex D). Where all `n` are needed nothing is shared:
    then the units are plainly in series.
    """
    if k >= n:
        return k_of_n(k, n, unit)
    common = common_frac * (1 - unit)
    return max(0.0, 1 - common - _fewer_than(k, n, unit + common))


def carried(sides: Sequence[tuple[float, float]], load_kw: float) -> float:
    """Probability that the sides (capacity kW, availability) which are up carry the load together.

    The capacity outage table of power-system planning (Billinton and Allan, Reliability Evaluation of Power Systems,
    chapter 2): k-of-n for unlike sides.
    """
    table: Mapping[float, float] = {0.0: 1.0}
    for capacity, side in sides:
        grown: dict[float, float] = defaultdict(float)
        for up, chance in table.items():
            grown[up + capacity] += chance * side
            grown[up] += chance * (1 - side)
        table = grown
    return 1 - math.fsum(chance for up, chance in table.items() if up < load_kw)


def shared(sides: Sequence[Sequence[float]]) -> float:
    """Probability that sides which share a load equally carry it.

    Of each side the probabilities that it carries all of the load, a half, a third and so on to one over the number
    of sides, never falling. Served if for some s at least s sides carry one s-th each: two dual-cord sides either
    both carry half or one carries everything.
    """
    table: Mapping[tuple[int, ...], float] = {(0,) * len(sides): 1.0}
    for side in sides:
        grown: dict[tuple[int, ...], float] = defaultdict(float)
        for able, chance in table.items():
            # A side that carries one s-th carries every smaller share too.
            for s, (less, here) in enumerate(pairwise((0.0, *side))):
                grown[(*able[:s], *(n + 1 for n in able[s:]))] += chance * (here - less)
            grown[able] += chance * (1 - side[-1])
        table = grown
    return 1 - math.fsum(p for able, p in table.items() if all(n <= s for s, n in enumerate(able)))


def failures_per_h(n: int, unit_per_h: float, mttr_h: float, common_frac: float = 0.0) -> float:
    """How often a group of n + 1 equal units with a need of n falls short, per hour.

    n (n + 1) lambda^2 MTTR, one repair crew for each unit, valid for lambda MTTR << 1; for two units 2 lambda^2 MTTR.
    Of the units' failures a share beta is common to all and strikes once.
    """
    own = (1 - common_frac) * unit_per_h
    return n * (n + 1) * own**2 * mttr_h + common_frac * unit_per_h


@dataclass(frozen=True)
class Bridge:
    """A lossless battery beside the generating sets: kWh above its least charge."""

    power_kw: float
    usable_kwh: float
    start_kwh: float


def running_after(
    count: int, needed: int, available_frac: float, start_fails_frac: float, mttf_h: float, hours: int
) -> float:
    """Probability that at least `needed` of `count` sets run at the end of the last hour.

    A set starts with OA (1 - FTS) and gets through each hour with 1 - 1/MTTF, without repair: the outage model of
    NREL REopt (https://github.com/NREL/REopt.jl/blob/master/src/outagesim/backup_reliability.jl).
    """
    return k_of_n(needed, count, available_frac * (1 - start_fails_frac) * (1 - 1 / mttf_h) ** hours)


def mission(
    count: int,
    unit_kw: float,
    available_frac: float,
    start_fails_frac: float,
    mttf_h: float,
    load_kw: Sequence[float],
    bridge: Bridge | None = None,
) -> float:
    """Probability that equal sets and a battery serve every hour of an outage.

    States are (sets running, kWh stored), as in the model that `running_after` cites: each hour first some sets fail,
    then the battery gives what the others lack or takes what they can spare.
    """
    battery = bridge or Bridge(0.0, 0.0, 0.0)
    states: Mapping[tuple[int, float], float] = {
        (sets, battery.start_kwh): chance
        for sets, chance in enumerate(_binomial(count, available_frac * (1 - start_fails_frac)))
    }
    for wanted_kw in load_kw:
        after: dict[tuple[int, float], float] = defaultdict(float)
        for (sets, stored_kwh), chance in states.items():
            for left, part in enumerate(_binomial(sets, 1 - 1 / mttf_h)):
                spare_kw = left * unit_kw - wanted_kw
                if spare_kw < -min(battery.power_kw, stored_kwh) - 1e-9:
                    continue
                kwh = min(battery.usable_kwh, stored_kwh + min(spare_kw, battery.power_kw))
                after[left, round(max(kwh, 0.0), _KWH_DIGITS)] += chance * part
        states = after
    return math.fsum(states.values())


def _binomial(n: int, p: float) -> list[float]:
    return [math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(n + 1)]
