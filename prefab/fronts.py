"""Alternatives in rows: unfinished blocks, and ways to give a carrier; joined with each other, and the beaten ones out.

Rows that ask for the same things in as many situations stand in one front, so that whatever is worked out for one row
is worked out for all of them at once.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Figures = NDArray[np.float64]
Numbers = NDArray[np.int64]
Truths = NDArray[np.bool_]
Pairs = tuple[Numbers, Numbers]
"""Rows of one front, and as many of another."""

MOST = 1 << 32
"""More than there are ways to give anything, whatever the demands."""

_NOISE = 1e-5
"""Kilowatts (and dollars) too small to be traded: what a block draws is rounded up to whole watts anyway."""

_Comparable = Figures | NDArray[np.int16] | NDArray[np.int32]

_AT_ONCE = 256
"""Rows that are compared with each other at a time."""

_NOT_ASKED = -1.0
"""Below every load: what does not ask for a carrier at all asks less of it than what asks for 0 kW."""


class Key(NamedTuple):
    """What is demanded: a carrier, for liquids at a temperature, for units on behalf of one group."""

    carrier: str
    supply_degc: float | None = None
    return_degc: float | None = None
    unit_for: str | None = None
    of_pod: bool = False
    """By one pod of a block in which every pod has its own; in a loss by the pod whose own it is."""


@cache
def rank(key: Key) -> tuple[str, float, float, bool]:
    """What keys are sorted by."""
    return key.carrier, key.supply_degc or 0.0, key.return_degc or 0.0, key.of_pod


@dataclass(frozen=True)
class Front:
    """Alternatives that ask for the same things in as many situations: one row each."""

    keys: tuple[Key, ...]
    loads_kw: Figures
    """By row, key and situation."""
    cost_usd: Figures
    room: Numbers
    """Bays taken less bays offered, by row and kind of bay."""
    burdens: Figures
    """What a row adds to each of the sums that the site limits."""
    groups: NDArray[np.object_]
    """A tuple of groups for every row."""
    of: Numbers
    """What a row is an alternative for, a block or a demand, by number: only rows of the same are rivals."""
    place: Numbers
    """What orders the rows of all fronts: rivals that cost the same are told apart by who was found first."""

    def __len__(self) -> int:
        return len(self.place)

    @property
    def situations(self) -> int:
        """In how many of them every load is known; the first is the normal one."""
        return int(self.loads_kw.shape[2])

    def only(self, rows: Numbers) -> "Front":
        """Some of the rows, in the order given."""
        return Front(
            self.keys,
            self.loads_kw[rows],
            self.cost_usd[rows],
            self.room[rows],
            self.burdens[rows],
            self.groups[rows],
            self.of[rows],
            self.place[rows],
        )

    def unfinished(self, wanted: Sequence[int]) -> Figures:
        """Everything of which less is better, cost first; `wanted` are the kinds of bay that still matter."""
        room, loads_kw = self.room[:, list(wanted)], np.moveaxis(self.loads_kw, 1, 0)
        return np.column_stack((self.cost_usd, self.burdens, room, *loads_kw))

    def condensed(self) -> "Front":
        """With two situations, the normal and the worst one: what is lost when does not matter any more."""
        return replace(self, loads_kw=np.stack((self.loads_kw[:, :, 0], self.loads_kw.max(axis=2)), axis=2))

    def telling(self) -> "Front":
        """Without the situations that tell nothing: those in which a row asks no more of anything than in another one.

        What is chosen later carries the normal situation and the worst ones, whatever was lost in them. Rows of which
        fewer are left than of others have one of theirs several times.
        """
        if self.situations == 1:
            return self
        numbers = np.arange(self.situations)
        covers = np.ones((len(self), self.situations, self.situations), dtype=bool)
        for of_key in np.moveaxis(self.loads_kw, 1, 0):
            covers &= of_key[:, :, None] >= of_key[:, None, :]
        # Of equal ones the first stays; the normal one does in any case.
        covers &= ~covers.transpose(0, 2, 1) | (numbers[:, None] < numbers)
        tells = ~covers[:, :, 1:].any(axis=1)
        count = tells.sum(axis=1)
        order = np.argsort(~tells, axis=1, kind="stable") + 1
        places = np.zeros((len(self), 1 + count.max()), dtype=np.int64)
        for n in range(1, places.shape[1]):
            places[:, n] = np.where(n <= count, order[:, n - 1], places[:, n - 1])
        return replace(self, loads_kw=np.take_along_axis(self.loads_kw, places[:, None, :], axis=2))

    def repeated(self, situations: int) -> Figures:
        """The loads in so many situations, the last one as often as it takes."""
        if self.situations == situations:
            return self.loads_kw
        again = np.repeat(self.loads_kw[:, :, -1:], situations - self.situations, axis=2)
        return np.concatenate((self.loads_kw, again), axis=2)

    def beside(self, keys: Sequence[Key]) -> Figures:
        """Everything but cost of which less is better, among rows that ask for any of the keys."""
        loads_kw = np.full((len(self), len(keys), self.situations), _NOT_ASKED)
        loads_kw[:, [keys.index(k) for k in self.keys]] = self.loads_kw
        return np.column_stack((self.room, self.burdens, loads_kw.reshape(len(self), len(keys) * self.situations)))


def chosen(groups: Iterable[object], count: int) -> NDArray[np.object_]:
    """Tuples of groups as the column of a front, where `+` puts them one after the other."""
    return np.fromiter(groups, dtype=object, count=count)


def matched(ones: Numbers, others: Numbers) -> Pairs:
    """Every pair of places at which the two hold the same number, by the first, then by the second."""
    order = np.argsort(others, kind="stable")
    first = np.searchsorted(others, ones, "left", order)
    times = np.searchsorted(others, ones, "right", order) - first
    rows = np.repeat(np.arange(len(ones)), times)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(times) - times, times)
    return rows, order[np.repeat(first, times) + within]


def joined(front: Front, ways: Front, pairs: Pairs, served: Key | None = None) -> Front:
    """Rows with one way each, whose demands come in place of the one that it serves.

    The ways' own losses bring situations in which everything else draws what it normally does. A row's place is that
    of the one times `MOST`, and of the way.
    """
    rows, those = pairs
    others = [k for k in front.keys if k != served]
    keys = tuple(sorted({*others, *ways.keys}, key=rank))
    asked_kw, asked_by_ways_kw = (np.zeros((len(f), len(keys), ways.situations)) for f in (front, ways))
    for key in others:
        of_key = front.loads_kw[:, front.keys.index(key)]
        asked_kw[:, keys.index(key)] = of_key[:, :1]
        asked_kw[:, keys.index(key), : front.situations] = of_key
    asked_by_ways_kw[:, [keys.index(k) for k in ways.keys]] = ways.loads_kw
    loads_kw = asked_kw.take(rows, axis=0)
    loads_kw += asked_by_ways_kw.take(those, axis=0)
    return Front(
        keys,
        loads_kw,
        front.cost_usd[rows] + ways.cost_usd[those],
        front.room[rows] + ways.room[those],
        front.burdens[rows] + ways.burdens[those],
        front.groups[rows] + ways.groups[those],
        front.of[rows],
        front.place[rows] * MOST + ways.place[those],
    )


def merged(fronts: Iterable[Front]) -> list[Front]:
    """One front for all that ask for the same, its rows in the order of their places."""
    together: dict[tuple[Key, ...], list[Front]] = defaultdict(list)
    for front in fronts:
        if len(front):
            together[front.keys].append(front)
    found = []
    for parts in together.values():
        most = max(f.situations for f in parts)
        front = Front(
            parts[0].keys,
            np.concatenate([f.repeated(most) for f in parts]),
            np.concatenate([f.cost_usd for f in parts]),
            np.concatenate([f.room for f in parts]),
            np.concatenate([f.burdens for f in parts]),
            np.concatenate([f.groups for f in parts]),
            np.concatenate([f.of for f in parts]),
            np.concatenate([f.place for f in parts]),
        )
        found.append(front.only(np.argsort(front.place)))
    return found


def placed(fronts: list[Front]) -> list[Front]:
    """The fronts with their places counted anew from 0: places grow with every group."""
    places = np.sort(np.concatenate([f.place for f in fronts])) if fronts else np.empty(0)
    return [replace(f, place=np.searchsorted(places, f.place)) for f in fronts]


def unbeaten(fronts: list[Front]) -> list[Front]:
    """Without the rows to which a rival is nowhere worse; of equal ones the first stays. Placed by cost."""
    if not fronts:
        return []
    cost_usd = np.concatenate([f.cost_usd for f in fronts])
    order = np.lexsort((np.concatenate([f.place for f in fronts]), cost_usd))
    places = np.empty(len(order), dtype=np.int64)
    places[order] = np.arange(len(order))
    ends = np.cumsum([len(f) for f in fronts])[:-1]
    together: dict[int, list[Front]] = defaultdict(list)
    for front, place in zip(fronts, np.split(places, ends), strict=True):
        together[front.situations].append(replace(front, place=place))
    return [f for rivals in together.values() for f in _unbeaten(rivals) if len(f)]


def _unbeaten(fronts: list[Front]) -> list[Front]:
    """Of those with as many situations: every row against its rivals before it, the next first.

    What a beaten row beats its own better beats as well, so that it does no harm to look at all of them.
    """
    keys = sorted({k for f in fronts for k in f.keys}, key=rank)
    of = np.concatenate([f.of for f in fronts])
    order = np.lexsort((np.concatenate([f.place for f in fronts]), of))
    figures, of = np.concatenate([f.beside(keys) for f in fronts])[order], of[order]
    beaten = np.zeros(len(of), dtype=bool)
    for before in range(1, len(of)):
        rivals = of[before:] == of[:-before]
        if not rivals.any():
            break
        rows = np.flatnonzero(rivals & ~beaten[before:]) + before
        beaten[rows] = (figures[rows - before] <= figures[rows]).all(axis=1)
    kept = np.empty_like(beaten)
    kept[order] = ~beaten
    ends = np.cumsum([len(f) for f in fronts])[:-1]
    return [f.only(np.flatnonzero(k)) for f, k in zip(fronts, np.split(kept, ends), strict=True)]


def alike(figures: NDArray[np.generic]) -> tuple[Numbers, Numbers]:
    """The number of its kind for every row, equal rows being of one kind, and the first row of every kind."""
    rows = np.ascontiguousarray(figures)
    known: dict[object, int] = {}
    whole = rows.view(np.dtype((np.void, rows.shape[1] * rows.itemsize))).ravel().tolist()
    kinds = np.array([known.setdefault(row, len(known)) for row in whole])
    return kinds, np.unique(kinds, return_index=True)[1]


def least_of_each(figures: Figures, blocks: Numbers) -> Numbers:
    """Rows to keep of each block, whose rows follow each other: those that no other undercuts everywhere."""
    starts = np.flatnonzero(np.diff(blocks, prepend=-1))
    if len(starts) == len(blocks):
        return starts
    parts = zip(starts, np.split(figures, starts[1:]), strict=True)
    return np.concatenate([start + _least(part) for start, part in parts])


def _least(figures: Figures) -> Numbers:
    """Rows that no row before them by cost undercuts everywhere; of equal rows the first. In ascending order.

    Rows are looked at a few hundred at a time: among each other first, then what is kept of them against all that
    follow.
    """
    if len(figures) == 1:
        return np.zeros(1, dtype=np.int64)
    order = np.argsort(figures[:, 0], kind="stable")
    values, limits = _comparable(_telling(figures[:, 1:])[:, order])
    found = []
    left = np.arange(len(order))
    while len(left):
        these, left = left[:_AT_ONCE], left[_AT_ONCE:]
        beaten = _beats(values.take(these, axis=1), limits.take(these, axis=1))
        kept: list[int] = []
        out = np.zeros(len(these), dtype=bool)
        for n in range(len(these)):
            if not out[n]:
                kept.append(n)
                out |= beaten[n]
        best = these[kept]
        found.append(order[best])
        left = left[~_beats(values.take(best, axis=1), limits.take(left, axis=1)).any(axis=0)]
    return np.sort(np.concatenate(found))


def _telling(figures: Figures) -> Figures:
    """The columns by which rows differ at all, each once, as rows: most losses leave most demands as they are."""
    apart = figures.T[np.ptp(figures, axis=0) > _NOISE]
    return np.array(list({c.tobytes(): c for c in apart}.values())).reshape(-1, len(figures))


def _comparable(values: Figures) -> tuple[_Comparable, _Comparable]:
    """Values, and what others may be so as not to be above them: where there are many, ranks among all of a figure.

    Ranks are whole numbers of two bytes, which compare many times faster.
    """
    if values.shape[1] <= _AT_ONCE:
        return values, values + _NOISE
    kind = np.int16 if values.shape[1] <= np.iinfo(np.int16).max else np.int32
    ranks, limits = np.empty(values.shape, dtype=kind), np.empty(values.shape, dtype=kind)
    for n, row in enumerate(values):
        known, ranks[n] = np.unique(row, return_inverse=True)
        limits[n] = (np.searchsorted(known, known + _NOISE, "right") - 1)[ranks[n]]
    return ranks, limits


def _beats(values: _Comparable, limits: _Comparable) -> Truths:
    """For every row of the one and every row of the other: whether the one is nowhere above the other's limits."""
    beats = np.ones((values.shape[1], limits.shape[1]), dtype=bool)
    one = np.empty_like(beats)
    for value, limit in zip(values, limits, strict=True):
        beats &= np.less_equal(value[:, None], limit, out=one)
    return beats
