"""Which alternatives nobody would take: those that another undercuts everywhere, and situations that tell nothing.

What is alike in shape is worked out together: there are many small fronts, and few large ones.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from prefab.fronts import Figures, Front, Key, Numbers, rank

Truths = NDArray[np.bool_]

_NOISE = 1e-5
"""Kilowatts (and dollars) too small to be traded: what a block draws is rounded up to whole watts anyway."""

_Comparable = Figures | NDArray[np.int16] | NDArray[np.int32]

_FEW = 32
"""Rivals of which each in turn is compared with all after it; among more, all are compared with all."""

_AT_ONCE = 256
"""Rows that are compared with each other at a time."""

_NOT_ASKED = -1.0
"""Below every load: what does not ask for a carrier at all asks less of it than what asks for 0 kW."""


def telling(fronts: Sequence[Front]) -> list[Front]:
    """The fronts without situations that tell nothing: those in which a row asks no more of anything than in another.

    What is chosen later carries the normal situation and the worst ones, whatever was lost in them. Rows of which
    fewer are left than of others of their front have one of theirs several times. None of the fronts is empty.
    """
    found = list(fronts)
    for numbers in _alike_in_shape(fronts):
        if fronts[numbers[0]].situations > 1:
            loads_kw, told = _told(np.concatenate([fronts[n].loads_kw for n in numbers]))
            for n, rows in zip(numbers, _rows([fronts[n] for n in numbers]), strict=True):
                found[n] = replace(fronts[n], loads_kw=loads_kw[rows, :, : told[rows].max()])
    return found


def least(fronts: Sequence[Front], wanted: Sequence[int]) -> list[Front]:
    """The fronts without the rows that another of the same block undercuts everywhere.

    Rows of a block follow each other, and no front is empty. `wanted` are the kinds of bay that still matter.
    """
    found = list(fronts)
    for numbers in _alike_in_shape(fronts):
        alike = [fronts[n] for n in numbers]
        loads_kw = np.concatenate([f.loads_kw for f in alike])
        figures = np.column_stack(
            (
                np.concatenate([f.cost_usd for f in alike]),
                np.concatenate([f.burdens for f in alike]),
                np.concatenate([f.room for f in alike])[:, list(wanted)],
                loads_kw.reshape(len(loads_kw), -1),
            )
        )
        places = list(_rows(alike))
        begins = _begins(np.concatenate([f.of for f in alike]))
        begins[[rows.start for rows in places]] = True
        kept = _least(figures, begins)
        for n, rows in zip(numbers, places, strict=True):
            if not kept[rows].all():
                found[n] = fronts[n].only(np.flatnonzero(kept[rows]))
    return found


def unbeaten(fronts: Sequence[Front]) -> list[Front]:
    """Without the rows to which a rival is nowhere worse; of equal ones the first stays. Placed by cost."""
    fronts = [f for f in fronts if len(f)]
    if not fronts:
        return []
    cost_usd = np.concatenate([f.cost_usd for f in fronts])
    order = np.lexsort((np.concatenate([f.place for f in fronts]), cost_usd))
    places = np.empty(len(order), dtype=np.int64)
    places[order] = np.arange(len(order))
    together: dict[int, list[Front]] = defaultdict(list)
    for front, rows in zip(fronts, _rows(fronts), strict=True):
        together[front.situations].append(replace(front, place=places[rows]))
    return [f for rivals in together.values() for f in _unbeaten(rivals) if len(f)]


def alike(figures: NDArray[np.generic]) -> tuple[Numbers, Numbers]:
    """The number of its kind for every row, equal rows being of one kind, and the first row of every kind."""
    rows = np.ascontiguousarray(figures)
    known: dict[object, int] = {}
    whole = rows.view(np.dtype((np.void, rows.shape[1] * rows.itemsize))).ravel().tolist()
    kinds = np.array([known.setdefault(row, len(known)) for row in whole])
    return kinds, np.unique(kinds, return_index=True)[1]


def _alike_in_shape(fronts: Sequence[Front]) -> Iterable[list[int]]:
    """Numbers of fronts that ask for as many things in as many situations."""
    found: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for n, front in enumerate(fronts):
        found[front.loads_kw.shape[1:]].append(n)
    return found.values()


def _rows(fronts: Sequence[Front]) -> Iterable[slice]:
    """Where the rows of each lie when all stand one after the other."""
    end = 0
    for front in fronts:
        begin, end = end, end + len(front)
        yield slice(begin, end)


def _told(loads_kw: Figures) -> tuple[Figures, Numbers]:
    """Situations that tell something first, and how many of them every row has."""
    situations = loads_kw.shape[2]
    numbers = np.arange(situations)
    covers = np.ones((len(loads_kw), situations, situations), dtype=bool)
    for of_key in np.moveaxis(loads_kw, 1, 0):
        covers &= of_key[:, :, None] >= of_key[:, None, :]
    # Of equal ones the first stays; the normal one does in any case.
    covers &= ~covers.transpose(0, 2, 1) | (numbers[:, None] < numbers)
    tells = ~covers[:, :, 1:].any(axis=1)
    told = 1 + tells.sum(axis=1)
    order = np.argsort(~tells, axis=1, kind="stable") + 1
    places = np.zeros((len(loads_kw), situations), dtype=np.int64)
    for n in range(1, situations):
        places[:, n] = np.where(n < told, order[:, n - 1], places[:, n - 1])
    return np.take_along_axis(loads_kw, places[:, None, :], axis=2), told


def _unbeaten(fronts: list[Front]) -> list[Front]:
    """Of those with as many situations, rivals in the order of their places."""
    keys = sorted({k for f in fronts for k in f.keys}, key=rank)
    of = np.concatenate([f.of for f in fronts])
    order = np.lexsort((np.concatenate([f.place for f in fronts]), of))
    figures = np.concatenate([_beside(f, keys) for f in fronts])[order]
    kept = np.empty(len(order), dtype=bool)
    kept[order] = ~_undercut(figures, figures, _begins(of[order]))
    return [f.only(np.flatnonzero(kept[rows])) for f, rows in zip(fronts, _rows(fronts), strict=True)]


def _beside(front: Front, keys: Sequence[Key]) -> Figures:
    """Everything but cost of which less is better, among rows that ask for any of the keys."""
    loads_kw = np.full((len(front), len(keys), front.situations), _NOT_ASKED)
    loads_kw[:, [keys.index(k) for k in front.keys]] = front.loads_kw
    return np.column_stack((front.room, front.burdens, loads_kw.reshape(len(front), -1)))


def _begins(numbers: NDArray[np.generic]) -> Truths:
    """Where a row has another number than the one before it."""
    begins = np.ones(len(numbers), dtype=bool)
    np.not_equal(numbers[1:], numbers[:-1], out=begins[1:])
    return begins


def _undercut(figures: Figures, limits: Figures, begins: Truths) -> Truths:
    """Which rows have a rival before them that is not undercut itself and nowhere above their limits.

    Rivals follow each other up to where the next ones begin.
    """
    rows = np.arange(len(begins))
    first = np.maximum.accumulate(np.where(begins, rows, 0))
    place = rows - first
    undercut = np.zeros(len(begins), dtype=bool)
    for better in range(place.max(initial=0)):
        rows = rows[(place[rows] > better) & ~undercut[rows]]
        one = first[rows] + better
        undercut[rows] = ~undercut[one] & (figures[one] <= limits[rows]).all(axis=1)
    return undercut


def _least(figures: Figures, begins: Truths) -> Truths:
    """Which rows to keep, cost being their first figure: those that no rival kept before them by cost undercuts
    everywhere; of equal rows the first."""
    kept = np.ones(len(begins), dtype=bool)
    starts = np.flatnonzero(begins)
    sizes = np.append(starts[1:], len(begins)) - starts
    small = np.flatnonzero(np.repeat((sizes > 1) & (sizes <= _FEW), sizes))
    if len(small):
        rivals = np.cumsum(begins)[small]
        order = small[np.lexsort((figures[small, 0], rivals))]
        values = _telling(figures[order, 1:]).T
        kept[order] = ~_undercut(values, values + _NOISE, _begins(rivals))
    for start, size in zip(starts[sizes > _FEW].tolist(), sizes[sizes > _FEW].tolist(), strict=True):
        kept[start : start + size] = _least_of_many(figures[start : start + size])
    return kept


def _least_of_many(figures: Figures) -> Truths:
    """The same among rows that are all rivals.

    They are looked at a few hundred at a time: among each other first, then what is kept of them against all that
    follow.
    """
    order = np.argsort(figures[:, 0], kind="stable")
    values, limits = _comparable(_telling(figures[:, 1:])[:, order])
    kept = np.zeros(len(order), dtype=bool)
    left = np.arange(len(order))
    while len(left):
        these, left = left[:_AT_ONCE], left[_AT_ONCE:]
        beaten = _beats(values.take(these, axis=1), limits.take(these, axis=1))
        best: list[int] = []
        out = np.zeros(len(these), dtype=bool)
        for n in range(len(these)):
            if not out[n]:
                best.append(n)
                out |= beaten[n]
        kept[order[these[best]]] = True
        left = left[~_beats(values.take(these[best], axis=1), limits.take(left, axis=1)).any(axis=0)]
    return kept


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
