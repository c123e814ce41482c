"""Alternatives in rows: unfinished blocks, and ways to give a carrier; joined with each other.

Rows that ask for the same things in as many situations stand in one front, so that whatever is worked out for one row
is worked out for all of them at once.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Figures = NDArray[np.float64]
Numbers = NDArray[np.int64]
Pairs = tuple[Numbers, Numbers]
"""Rows of one front, and as many of another."""

MOST = 1 << 32
"""More than there are ways to give anything, whatever the demands."""


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

    def condensed(self) -> "Front":
        """With two situations, the normal and the worst one: what is lost when does not matter any more."""
        return replace(self, loads_kw=np.stack((self.loads_kw[:, :, 0], self.loads_kw.max(axis=2)), axis=2))

    def repeated(self, situations: int) -> Figures:
        """The loads in so many situations, the last one as often as it takes."""
        if self.situations == situations:
            return self.loads_kw
        again = np.repeat(self.loads_kw[:, :, -1:], situations - self.situations, axis=2)
        return np.concatenate((self.loads_kw, again), axis=2)


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
    keys, others, of_others, of_ways = _together(front.keys, ways.keys, served)
    asked_kw, asked_by_ways_kw = (np.zeros((len(f), len(keys), ways.situations)) for f in (front, ways))
    others_kw = front.loads_kw.take(others, axis=1)
    asked_kw[:, list(of_others)] = others_kw[:, :, :1]
    asked_kw[:, list(of_others), : front.situations] = others_kw
    asked_by_ways_kw[:, list(of_ways)] = ways.loads_kw
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


@cache
def _together(
    front: tuple[Key, ...], ways: tuple[Key, ...], served: Key | None
) -> tuple[tuple[Key, ...], tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """The keys of both; which of the first stay, and where they and those of the second stand among all."""
    others = tuple(n for n, key in enumerate(front) if key != served)
    keys = tuple(sorted({*(front[n] for n in others), *ways}, key=rank))
    return keys, others, tuple(keys.index(front[n]) for n in others), tuple(keys.index(k) for k in ways)


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
