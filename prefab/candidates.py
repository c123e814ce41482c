"""Which columns may be part of the cheapest site, by lower bounds on whole sites.

For one or two IT demands every two columns are a site, see `bounding`. For more, every demand has one kind of block and
so many of them as carry it: straight lines below the plant's tables price each column by itself, so that a column is at
least as dear as it and the cheapest of every other demand; of what is left the sites are put together, cheapest first.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from prefab.bounding import Bounding, Bounds, Columns
from prefab.intakes import fewest_of
from prefab.packing import Fewest
from prefab.plant_cost import Asked
from prefab.problem import BlockChoice, Problem
from prefab.units import WATTS

Names = tuple[tuple[str, ...], ...]
"""Kinds of block that stand together."""

Sites = NDArray[np.intp]
"""A row for every site with the number of a column for every IT demand."""

_NEAR = 400
"""Pairs of columns (or sites), by their straight lines, of which all numbers of blocks are looked at first."""

_PROMISING = 20
"""Pairs of columns (or sites) that the first master has."""

_SITES = 200_000
"""Sites of more than two demands that are put together; beyond, straight lines are the bound."""

_REFUSED = 20_000
"""Sites that are put together to show that none is possible."""

_SURE = 3
"""Sites that take least of what is scarce, for the first master."""

_PACKED = 200
"""Sites of which whole blocks are packed onto intakes."""

_FINER = 4
"""Times that a price is looked for between its neighbours."""

_NEVER = 1_000_000
"""More intakes than any site has."""


class Left(NamedTuple):
    """What is left below a limit."""

    problem: Problem
    """With every column of which a site may cost up to it."""
    least_usd: float
    """Below which no site is, the limit apart."""


class Candidates(Protocol):
    """The columns of one problem, by what a site with them costs at least."""

    bounding: Bounding
    least_usd: float
    """By straight lines."""

    def promising(self) -> Problem:
        """The question with the columns of the cheapest sites, and rows for those that look cheaper than they pack."""

    def surer(self) -> Problem | None:
        """The same where those turn out impossible: of sites that are possible as far as whole blocks tell."""

    def within(self, limit_usd: float) -> Left:
        """Every column of which a site may cost up to a limit."""

    def best(self, few: int) -> Problem | None:
        """With the columns of the cheapest site, of so many that look cheap by their lines; none is possible, none."""

    def refuses(self) -> bool:
        """Whether no site keeps the grid's limit, the budget and the counts of plant."""


def candidates_of(problem: Problem) -> Candidates:
    """By pairs of columns, or where there are more than two IT demands by sites of one column each."""
    bounding = Bounding(problem)
    return Several(bounding) if len(problem.it_kw) > 2 else Pairs(bounding)


class Pairs:
    """Of one demand, or of two."""

    def __init__(self, bounding: Bounding) -> None:
        self.bounding = bounding
        self.lines = bounding.by_lines()
        self.least_usd = float(self.lines.min())

    @cached_property
    def totals(self) -> Bounds:
        """Of every two columns, over all numbers of blocks."""
        return self.bounding.by_counts(np.arange(len(self.lines)))

    def promising(self) -> Problem:
        """The columns of the best pairs, of those that look cheap by lines."""
        near = best_pairs(self.lines, _NEAR)
        return self._best_of(np.union1d(near, self._shapes) if self.bounding.problem.storage.varies else near)

    def surer(self) -> Problem | None:
        """Lines do not see that whole blocks exceed a limit."""
        return self._best_of(best_pairs(self.totals, _NEAR))

    @cached_property
    def _shapes(self) -> Columns:
        """The cheapest pairs of columns by their lines, of every two pods in every number one: where blocks may hold
        storage in many ways, ways of one block alone would fill the first master."""
        shapes: dict[tuple[int, str, int], int] = {}
        keys = [(c.column.demand, c.column.pod, c.column.pods) for c in self.bounding.problem.columns]
        of = np.array([shapes.setdefault(key, len(shapes)) for key in keys])
        order = np.argsort(self.lines, axis=None, kind="stable")
        pairs = (np.minimum.outer(of, of) * len(shapes) + np.maximum.outer(of, of)).flat[order]
        first = np.sort(np.unique(pairs, return_index=True)[1])[: 2 * _PROMISING]
        cheapest = order[first][np.isfinite(self.lines.flat[order[first]])]
        found: Columns = np.unique(np.concatenate(np.divmod(cheapest, len(self.lines))))
        return found

    def _best_of(self, near: Columns) -> Problem:
        bounding = self.bounding
        totals = bounding.by_counts(near)
        pairs = np.argwhere(np.triu(np.isfinite(totals)))
        pairs = pairs[np.argsort(totals[tuple(pairs.T)], kind="stable")][: 2 * _PROMISING]
        bounds = bounding.by_packing(near, totals, pairs)
        few = best_pairs(bounds, _PROMISING)
        if bounding.problem.storage.varies:
            few = np.union1d(few, np.flatnonzero(np.isin(near, self._shapes)))
        dearest = float(bounds[tuple(pairs.T)].max(initial=0.0))
        return self._narrowed(near[few], self._tempting(near[few], totals[np.ix_(few, few)], dearest))

    def within(self, limit_usd: float) -> Left:
        """Columns of which some pair is not too dear."""
        left = np.flatnonzero(self.lines.min(axis=1) <= limit_usd)
        # Of a thousand columns few pairs are left that are not too dear by their lines.
        totals = self.bounding.by_counts(left, self.lines[np.ix_(left, left)] <= limit_usd)
        bounds = self.bounding.by_packing(left, totals, np.argwhere(np.triu(totals <= limit_usd)))
        surviving = bounds.min(axis=1, initial=np.inf) <= limit_usd
        narrowed = self._narrowed(left[surviving], self._tempting(left, totals, limit_usd))
        return Left(narrowed, float(bounds.min(initial=np.inf)))

    def best(self, few: int) -> Problem | None:
        """The pair with the least bound over all numbers of blocks."""
        near = best_pairs(self.lines, few)
        totals = self.bounding.by_counts(near)
        return self._narrowed(near[best_pairs(totals, 1)], ()) if np.isfinite(totals).any() else None

    def refuses(self) -> bool:
        """Looks at all numbers of blocks of every two columns."""
        return self.bounding.overdrawn or not np.isfinite(self.totals).any()

    def _narrowed(self, numbers: Columns, packed: Names) -> Problem:
        return replace(self.bounding.problem, columns=_of(self.bounding, numbers), packed=packed)

    def _tempting(self, numbers: Columns, totals: Bounds, limit_usd: float) -> Names:
        """The pairs of columns whose totals promise a site up to a limit."""
        columns = self.bounding.problem.columns
        pairs = np.argwhere(np.triu(totals <= limit_usd)).tolist()
        return tuple(tuple(sorted({columns[numbers[n]].name for n in pair})) for pair in pairs)


def best_pairs(bounds: Bounds, pairs: int) -> Columns:
    """The numbers of the columns of the pairs with the least bounds; any few where nothing carries a pair."""
    order = np.argsort(bounds, axis=None, kind="stable")[: 2 * pairs]
    best = [divmod(int(i), len(bounds)) for i in order if np.isfinite(bounds.flat[i])]
    return np.array(sorted({n for pair in best for n in pair}) or range(min(pairs, len(bounds))), dtype=np.intp)


class Several:
    """Of three demands or more."""

    def __init__(self, bounding: Bounding) -> None:
        self.bounding = bounding
        self.paid = None if bounding.paid is None else Several(bounding.paid)
        self.fixed_usd, price = bounding.lines()
        self.lines = bounding.most * price
        # Each demand has its own kind only, so that its blocks must be there for its first phase.
        possible = np.isfinite(self.lines) & (bounding.before_kw == 0)
        self.of_demand = [np.flatnonzero(possible & (bounding.demand == d)) for d in bounding.demands]
        grid_w = bounding.problem.shaved_w(bounding.problem.grid_w) - bounding.plant.storage.grid_w
        sums = [(bounding.import_w, grid_w), *bounding.sums]
        self.sums = [((bounding.most * each).astype(np.float64), most) for each, most in sums]
        """What all blocks of a column take of the grid and of whatever else is limited."""
        self.binding = []
        """Of these what keeps the cheapest columns from making a site."""
        for taken, most in self.sums:
            penalty = self._penalty(taken, most)
            self.binding += [taken] if penalty else []
            self.lines = self.lines + penalty * taken
            self.fixed_usd -= penalty * most
        self.cheapest = np.array([self.lines[own].min(initial=np.inf) for own in self.of_demand])
        self.least_usd = self.fixed_usd + float(self.cheapest.sum())

    def _penalty(self, taken: Bounds, most: int) -> float:
        """Dollars for a unit of a limited sum that raise the least cost of a site most: any price gives a bound, and
        the least cost bends down over it, so that the best lies between the neighbours of the best of some."""

        def least_usd(penalty: float) -> float:
            each = self.lines + penalty * taken
            return sum(float(each[own].min(initial=np.inf)) for own in self.of_demand) - penalty * most

        if not all(len(own) for own in self.of_demand):
            return 0.0
        known = np.concatenate(self.of_demand)
        unit = float(self.lines[known].mean() / max(1.0, taken[known].mean()))
        tried = np.array([0.0, *(unit * 2.0**n for n in range(-12, 13))])
        for _ in range(_FINER):
            best = int(np.argmax([least_usd(p) for p in tried]))
            tried = np.linspace(tried[max(0, best - 1)], tried[min(best + 1, len(tried) - 1)], len(tried))
        return float(max(tried, key=least_usd))

    def promising(self) -> Problem:
        """The columns of the best sites, of those that look cheap by lines."""
        sites = self._possible(_NEAR)
        if not len(sites):
            return self._narrowed(np.unique(self.bounding.demand, return_index=True)[1], ())
        bounds, fewest = self._by_packing(sites, _PROMISING)
        few = [sites[np.argsort(bounds, kind="stable")[:_PROMISING]]]
        # Plant may take more of what is scarce than its bound says: those that take least of it are the surest.
        few += [self._least(taken, np.inf, _SURE)[0] for taken in self.binding]
        return self._narrowed(np.unique(np.concatenate(few)), fewest)

    def surer(self) -> Problem | None:
        """Of many more sites those whose whole blocks fit on intakes."""
        sites, _ = self._least(self.lines, np.inf, _SITES)
        bounds, fewest = self._by_packing(sites, _PROMISING)
        few = np.argsort(bounds, kind="stable")[:_PROMISING]
        few = few[np.isfinite(bounds[few])]
        return self._narrowed(np.unique(sites[few]), fewest) if len(few) else None

    def within(self, limit_usd: float) -> Left:
        """Columns of which some site is not too dear; where there are too many sites, by their lines alone."""
        sites, whole = self._least(self.lines, limit_usd - self.fixed_usd, _SITES)
        if not whole:
            others_usd = self.least_usd - self.cheapest[self.bounding.demand]
            possible = np.concatenate(self.of_demand)
            left = possible[(others_usd + self.lines)[possible] <= limit_usd]
            return Left(self._narrowed(left, ()), self.least_usd)
        sites = sites[self._by_counts(sites) <= limit_usd]
        bounds, fewest = self._by_packing(sites, len(sites), limit_usd)
        return Left(self._narrowed(np.unique(sites[bounds <= limit_usd]), fewest), float(bounds.min(initial=np.inf)))

    def best(self, few: int) -> Problem | None:
        """The site with the least bound over whole blocks."""
        sites = self._possible(few)
        return self._narrowed(sites[0], ()) if len(sites) else None

    def refuses(self) -> bool:
        """Where every site within one limit or the other can be looked at, and none of them is possible."""
        if self.paid is not None and self.paid.refuses():
            return True
        for each, limit in ((self.lines, self.bounding.budget_usd - self.fixed_usd), *self.sums):
            sites, whole = self._least(each, limit, _REFUSED)
            if whole and not np.isfinite(self._by_counts(sites)).any():
                return True
        sites, whole = self._least(self.lines, self.bounding.budget_usd - self.fixed_usd, _SITES)
        return whole and not np.isfinite(self._by_packing(sites, 1)[0]).any()

    def _possible(self, few: int) -> Sites:
        """Of so many sites with the least lines those that may be, the cheapest first; where all of them exceed some
        limit, of those that take least of one."""
        for each in (self.lines, *([self.paid.lines] if self.paid else []), *(taken for taken, _ in self.sums)):
            sites, _ = self._least(each, np.inf, few)
            totals = self._by_counts(sites)
            order = np.argsort(totals, kind="stable")
            if len(found := sites[order[np.isfinite(totals[order])]]):
                return found
        return sites[:0]

    def _least(self, each: Bounds, limit: float, most: int) -> tuple[Sites, bool]:
        """The sites with the least sums of a figure of their columns, up to a limit and so many of them, and whether
        these are all: those of few demands are put together with one demand more, and the least stay."""
        sites, known, whole = np.empty((1, 0), dtype=np.intp), np.zeros(1), True
        for number, own in enumerate(self.of_demand):
            rest = sum(float(each[other].min(initial=np.inf)) for other in self.of_demand[number + 1 :])
            # Column by column: all sums at once may be too many for memory.
            rows = [np.flatnonzero(known + usd + rest <= limit) for usd in each[own]]
            one = np.concatenate([np.empty(0, dtype=np.intp), *rows])
            other = np.repeat(np.arange(len(own)), [len(r) for r in rows])
            sites, known = np.column_stack((sites[one], own[other])), known[one] + each[own][other]
            whole = whole and len(known) <= most
            order = np.argsort(known, kind="stable")[:most]
            sites, known = sites[order], known[order]
        return sites, whole

    def _by_counts(self, sites: Sites, packed: Sequence[NDArray[np.int64]] = ()) -> Bounds:
        """What each site costs at least, with as many blocks as carry the demands."""
        bounding = self.bounding
        count = bounding.most[sites]
        asked = Asked(
            drawn_w=tuple((count * of[sites]).sum(axis=1) for of in bounding.draw),
            backed_w=(count * bounding.backed_w[sites]).sum(axis=1),
            extra_w=tuple(of[sites].max(axis=1) for of in bounding.extra),
            blocks=count.sum(axis=1),
            units=tuple((count * of[sites]).sum(axis=1) // WATTS for of in bounding.units),
            duties_usd=bounding.duties_usd(count, sites),
            relief_w=(count * bounding.relief_w[sites]).sum(axis=1),
            packed=tuple(packed),
        )
        found: Bounds = bounding.plant.least_usd(asked) + (count * bounding.cost_usd[sites]).sum(axis=1)
        for taken, most in bounding.sums:
            found[(count * taken[sites]).sum(axis=1) > most] = np.inf
        found[found > bounding.budget_usd] = np.inf
        if self.paid is not None:
            found[np.isinf(self.paid._by_counts(sites))] = np.inf
        return found

    def _by_packing(self, sites: Sites, few: int, limit_usd: float = np.inf) -> tuple[Bounds, tuple[Fewest, ...]]:
        """The same, raised by how many intakes carry the blocks whole, until that is known of the few cheapest up to a
        limit: site after site, each with what it says of all that are no lighter."""
        bounding, problem = self.bounding, self.bounding.problem
        figures = np.stack((bounding.most, bounding.draw[0], bounding.extra[0]), axis=1)[sites]
        packed = {o.name: np.zeros(len(sites), dtype=np.int64) for o in problem.options("mv_ac")}
        bounds, found = self._by_counts(sites), dict[Fewest, None]()
        unseen = np.full(len(sites), fill_value=True)
        for _ in range(_PACKED):
            cheapest = np.argsort(bounds, kind="stable")[:few]
            left = cheapest[unseen[cheapest] & np.isfinite(bounds[cheapest]) & (bounds[cheapest] <= limit_usd)]
            if not len(left):
                break
            unseen[left[0]] = False
            known = {name: int(least[left[0]]) for name, least in packed.items()}
            raised = np.zeros(len(sites), dtype=bool)
            for fewest in fewest_of(problem, _of(bounding, sites[left[0]]), problem.phases[-1], known):
                found[fewest] = None
                own = [(figures[:, load.demand] >= load[1:]).all(axis=1) for load in fewest.loads]
                no_lighter = np.logical_and.reduce(own)
                least = _NEVER if fewest.least is None else fewest.least
                packed[fewest.option][no_lighter] = np.maximum(packed[fewest.option][no_lighter], least)
                raised |= no_lighter
            if raised.any():
                bounds[raised] = self._by_counts(sites[raised], [each[raised] for each in packed.values()])
        return bounds, tuple(found)

    def _narrowed(self, numbers: Columns, fewest: tuple[Fewest, ...]) -> Problem:
        return replace(self.bounding.problem, columns=_of(self.bounding, numbers), fewest=fewest)


def _of(bounding: Bounding, numbers: Columns) -> tuple[BlockChoice, ...]:
    return tuple(bounding.problem.columns[n] for n in numbers)
