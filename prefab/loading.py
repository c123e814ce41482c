"""Arrangements of modules, what they give and draw, and how far one may be loaded so that fewer units of its own serve
it."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from prefab.eligible import Offer
from prefab.fronts import Figures, Numbers
from prefab.module import Need
from prefab.units import need as rounded_up

_HALVINGS = 52
"""As often as it makes a difference to a float."""


Parts = tuple[tuple[float, int], ...]
"""What the modules of a group give in one situation: an output (kW, or a fraction), and how many give it."""


@dataclass(frozen=True)
class Demand:
    """An open demand in every situation: first the normal one, then those of the groups chosen so far."""

    loads_kw: tuple[float, ...]
    largest_kw: float | None = None
    """The most that one consumer draws with everything in service; where that is not known it may draw all of it."""

    @property
    def normal(self) -> float:
        """kW with everything in service."""
        return self.loads_kw[0]

    @property
    def worst(self) -> float:
        """The largest kW of any situation."""
        return max(self.loads_kw)


Consumers = tuple[float, ...]
"""What each module that hangs on a carrier draws at its rating, kW."""


@dataclass(frozen=True)
class Arrangement:
    """Systems of so many modules, and how they share a demand."""

    sides: int
    per_side: int
    demand: Demand
    shares: Parts
    """What one module gives of the demand in each of its situations, as a fraction; and how many give that."""
    lost: tuple[Parts, ...] = ()
    """The outputs in the situations of the group's own losses."""

    @property
    def outputs(self) -> tuple[Parts, ...]:
        """What its modules give in every situation: those of the demand, then those of its own losses."""
        shared = (tuple((kw * share, n) for share, n in self.shares) for kw in self.demand.loads_kw)
        return (*shared, *self.lost)

    @property
    def worst_kw(self) -> float:
        """The most that one module gives in any situation."""
        shared_kw = self.demand.worst * max(self.shares)[0]
        return max(shared_kw, max(map(max, self.lost))[0]) if self.lost else shared_kw


@dataclass(frozen=True)
class Groups:
    """Groups of one offer, one row each, and what the modules of a cell give: by situation an output, and how many
    give it. What is lost is lost in one cell; the others then give what they normally do."""

    sides: Numbers
    per_side: Numbers
    cells: Numbers
    output_kw: Figures
    """By row, situation and part of the modules."""
    running: Figures

    @property
    def modules(self) -> Numbers:
        """How many there are of every row."""
        return self.sides * self.per_side * self.cells

    def drawn_by_all(self, drawn_kw: Figures) -> Figures:
        """What a block draws, by row and situation, from what its cells do in which something may be lost."""
        return drawn_kw + (self.cells - 1)[:, None] * drawn_kw[:, :1]


def groups_of(arranged: list[Arrangement], *, with_losses: bool) -> Groups:
    """Arrangements in rows, whose demands have as many situations and are shared by as many parts."""
    loads_kw = np.array([a.demand.loads_kw for a in arranged])
    shares = np.array([a.shares for a in arranged])
    figures = np.empty((*loads_kw.shape, *shares.shape[1:]))
    figures[..., 0] = loads_kw[:, :, None] * shares[:, None, :, 0]
    figures[..., 1] = shares[:, None, :, 1]
    if with_losses and arranged[0].lost:
        lost = np.array([a.lost for a in arranged])
        # Fewer parts give something once a system is lost.
        none = np.zeros((*lost.shape[:2], shares.shape[1] - lost.shape[2], 2))
        figures = np.concatenate((figures, np.concatenate((lost, none), axis=2)), axis=1)
    sides, per_side = np.array([(a.sides, a.per_side) for a in arranged]).T
    return Groups(sides, per_side, np.ones_like(sides), figures[..., 0], figures[..., 1])


def units_of(served: Groups, rows: Numbers, each: Numbers, drawn_kw: Figures) -> Groups:
    """So many units for each module of some groups; units of modules that give nothing are idle."""
    running = served.running[rows] * each[:, None, None]
    modules = (served.sides[rows] * served.per_side[rows] * each)[:, None, None]
    return Groups(
        served.sides[rows],
        served.per_side[rows] * each,
        served.cells[rows],
        np.concatenate((drawn_kw[rows] / each[:, None, None], np.zeros_like(running[..., :1])), axis=2),
        np.concatenate((running, modules - running.sum(axis=2, keepdims=True)), axis=2),
    )


def draw_kw(offer: Offer, need: Need, output_kw: Figures) -> Figures:
    """What a module draws (kW, units, or litres of a buffer) of one need while it gives an output: straight in it, and
    a curve."""
    if need.units:
        return np.full_like(output_kw, need.units)
    if offer.carriers[need.carrier].medium == "buffer":
        return need.kw_per_kw * offer.buffer_l_per_kw * output_kw
    if need.through:
        lost_kw = offer.lost_kw(output_kw) if offer.module.losses else 0.0
        return (1 + need.kw_per_kw) * output_kw + need.fixed_kw + lost_kw
    rejects = offer.module.rejection is not None and need.kw_per_kw == 0
    return need.kw_per_kw * output_kw + need.fixed_kw + (offer.rejecting_kw(output_kw) if rejects else 0.0)


def loads_kw(offer: Offer, need: Need, units: Iterable[Offer]) -> set[float]:
    """The outputs, below what a module may give, up to which it does with one unit fewer, two fewer, and so on.

    A unit comes once for all that it may carry, and once for each lower load that counts for it.
    """
    idle_kw, full_kw = draw_kw(offer, need, np.array([0.0, offer.capacity_kw])).tolist()
    carried_kw = {
        each * unit.capacity_kw
        for unit in units
        for each in range(1, min(unit.parallel_max, rounded_up(full_kw / unit.capacity_kw) - 1) + 1)
        if each * unit.capacity_kw > idle_kw
    }
    return set(_outputs_kw(offer, need, np.array(sorted(carried_kw))).tolist()) if carried_kw else set()


def _outputs_kw(offer: Offer, need: Need, most_kw: Figures) -> Figures:
    """The largest outputs at which a module draws no more than each of these: more than idle, less than at its most."""
    if offer.module.rejection is None:
        losses, rated_kw = offer.module.losses, offer.given.rated_kw(offer.conditions.power_factor)
        bends_kw = [x * rated_kw for x, _ in losses.points] if losses else []
        knots_kw = np.array([0.0, *(kw for kw in bends_kw if 0 < kw < offer.capacity_kw), offer.capacity_kw])
        return np.asarray(np.interp(most_kw, draw_kw(offer, need, knots_kw), knots_kw))
    low, high = np.zeros_like(most_kw), np.full_like(most_kw, offer.capacity_kw)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        fits = draw_kw(offer, need, middle) <= most_kw
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    return low
