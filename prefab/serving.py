"""What the pods of one kind of block compute in a year: their load, power and tokens by the card that they serve."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prefab.errors import InputError
from prefab.module import ItLoad
from prefab.physics import tokens
from prefab.physics.chain import Drawn
from prefab.physics.weather import Weather
from prefab.plan import Plan
from prefab.workload import Card, Match, Workload

Hours = NDArray[np.float64]


@dataclass(frozen=True)
class Kind:
    """All blocks of one kind."""

    it: ItLoad
    demand: int
    """The number of the IT demand that it serves."""
    card: Workload | None
    """Of its tokens; none where it makes none."""
    serves: Match | None
    """Whether its accelerators serve the workload card: by the card's own figure, by a named proxy, or not."""
    pods_count: int
    load_frac: Hours
    drawn: Drawn
    house_kw: Hours
    """What the pods draw beyond their racks."""

    @property
    def it_kw(self) -> Hours:
        """Of all its racks."""
        return self.pods_count * pod_kw(self.it, self.load_frac)

    @property
    def computing_kwh(self) -> float:
        """A year of its racks and of the fabric that belongs to them."""
        return float(np.sum(self.it_kw) + np.sum(self.drawn.own_kw.get("fabric", 0.0)))


def make_load_frac(plan: Plan, card: Card, weather: Weather) -> Hours:
    """Occupied share of serving capacity: the card's week under its peak; training runs flat. The brief's own peak is
    of what makes tokens.

    Raises:
        InputError: the card came without the profile that it names.
    """
    peak, asked = card.utilisation_frac, plan.brief.utilisation_frac
    if asked is not None and isinstance(card, Workload):
        peak = asked
    if card.purpose == "training":
        return np.full(weather.hour.shape, peak)
    if card.week is None:
        raise InputError(f"workload {card.key}: profile: {card.profile!r} is not in profiles/; it must be there")
    return peak * tokens.load_of_week(weather.hour, card.week.weekday_frac, card.week.weekend_frac)


def pod_kw(it: ItLoad, load_frac: Hours) -> Hours:
    """Of one pod: work is packed on some racks and the rest idles."""
    return it.measured_kw * np.asarray(tokens.packed_power_frac(load_frac, it.idle_frac))


def tokens_of(kind: Kind) -> Hours:
    """Useful tokens of every hour, of a kind that makes any; where heat stays, the computers slow down with it."""
    assert kind.card is not None
    return np.asarray(
        tokens.tokens_per_h(
            full_rate_of(kind),
            kind.load_frac,
            kind.card.availability_frac,
            kind.card.goodput_frac,
            kind.drawn.served_frac,
        )
    )


def full_rate_of(kind: Kind) -> tokens.FullRate:
    """Tokens of all its pods fully occupied, and what limits them."""
    assert kind.card is not None
    rate = kind.card.rate_tokens_per_s
    j_per_token = kind.it.measured_kw * 1000 / (kind.it.accelerators_count * rate)
    return tokens.full_rate(
        kind.it.accelerators_count * kind.pods_count, rate, kind.it.sustained_kw * kind.pods_count, j_per_token
    )


def chip_kw(kind: Kind) -> Hours:
    """Accelerators alone, idle ones included; never more than their racks take."""
    assert kind.card is not None
    full = kind.card.accelerator_w / 1000 * kind.it.accelerators_count * kind.pods_count
    used = np.asarray(tokens.packed_power_frac(kind.load_frac, kind.card.idle_frac))
    return np.minimum(full * used, kind.it_kw)
