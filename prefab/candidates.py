"""Which columns may be part of the cheapest site, by lower bounds on whole sites.

For one or two IT demands every two columns are a site, see `bounding`. For more, every demand has one kind of block and
so many of them as carry it: straight lines below the plant's tables price each column by itself, so that a column is at
least as dear as it and the cheapest of every other demand; of what is left the sites are put together, cheapest first.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from prefab.bounding import Bounding, Bounds, Columns
from prefab.intakes import least_intakes
from prefab.plant_cost import Asked
from prefab.problem import Problem
from prefab.units import WATTS

Names = tuple[tuple[str, ...], ...]
"""Kinds of block that stand together."""

Sites = NDArray[np.intp]
"""A row for every site with the number of a column for every IT demand."""

_NEAR = 400
"""Pairs of columns (or sites), by their straight lines, of which all numbers of blocks are looked at first."""

_PROMISING = 20
"""Pairs of columns (or sites) that the first master has."""

_SITES = 50_000
"""Sites of more than two demands that are put together; beyond, straight lines are the bound."""

_NEVER = 1_000_000
"""More intakes than any site has."""


class Left(NamedTuple):
    """What is left below a limit."""

    columns: Columns
    packed: Names
    """Kinds whose totals promise a site up to the limit."""
    least_usd: float
    """Below which no site is, the limit apart."""


class Candidates(Protocol):
    """The columns of one problem, by what a site with them costs at least."""

    least_usd: float
    """By straight lines."""

    def promising(self) -> tuple[Columns, Names]:
        """The columns of the cheapest sites, and the kinds that look cheaper than they pack."""

    def within(self, limit_usd: float) -> Left:
        """Every column of which a site may cost up to a limit."""

    def best(self, few: int) -> Columns:
        """The columns of the cheapest site, of so many that look cheap by their lines; empty where none is possible."""

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

    def promising(self) -> tuple[Columns, Names]:
        """The columns of the best pairs, of those that look cheap by lines, and pairs that look cheaper than they
        pack."""
        bounding, near = self.bounding, best_pairs(self.lines, _NEAR)
        totals = bounding.by_counts(near)
        pairs = np.argwhere(np.triu(np.isfinite(totals)))
        pairs = pairs[np.argsort(totals[tuple(pairs.T)], kind="stable")][: 2 * _PROMISING]
        bounds = bounding.by_packing(near, totals, pairs)
        few = best_pairs(bounds, _PROMISING)
        dearest = float(bounds[tuple(pairs.T)].max(initial=0.0))
        return near[few], self._tempting(near[few], totals[np.ix_(few, few)], dearest)

    def within(self, limit_usd: float) -> Left:
        """Columns of which some pair is not too dear."""
        left = np.flatnonzero(self.lines.min(axis=1) <= limit_usd)
        totals = self.bounding.by_counts(left)
        bounds = self.bounding.by_packing(left, totals, np.argwhere(np.triu(totals <= limit_usd)))
        surviving = bounds.min(axis=1) <= limit_usd
        return Left(left[surviving], self._tempting(left, totals, limit_usd), float(bounds.min(initial=np.inf)))

    def best(self, few: int) -> Columns:
        """The pair with the least bound over all numbers of blocks."""
        near = best_pairs(self.lines, few)
        totals = self.bounding.by_counts(near)
        return near[best_pairs(totals, 1)] if np.isfinite(totals).any() else near[:0]

    def refuses(self) -> bool:
        """Looks at all numbers of blocks of every two columns."""
        return self.bounding.refuses()

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
        self.fixed_usd, price = bounding.lines()
        self.lines = bounding.most * price
        # Each demand has its own kind only, so that its blocks must be there for its first phase.
        possible = np.isfinite(self.lines) & (bounding.before_kw == 0)
        self.of_demand = [np.flatnonzero(possible & (bounding.demand == d)) for d in bounding.demands]
        self.cheapest = np.array([self.lines[own].min(initial=np.inf) for own in self.of_demand])
        self.least_usd = self.fixed_usd + float(self.cheapest.sum())

    def promising(self) -> tuple[Columns, Names]:
        """The columns of the best sites, of those that look cheap by lines, and sites that look cheaper than they
        pack."""
        sites = self._by_lines(np.inf, _NEAR)
        totals = self._by_counts(sites)
        order = np.argsort(totals, kind="stable")[: 2 * _PROMISING]
        sites, totals = sites[order], totals[order]
        bounds = self._by_packing(sites, totals, np.inf)
        few = sites[np.argsort(bounds, kind="stable")[:_PROMISING]]
        return np.unique(few), self._named(sites)

    def within(self, limit_usd: float) -> Left:
        """Columns of which some site is not too dear; where there are too many sites, by their lines alone."""
        own = self.fixed_usd + self.cheapest.sum() - self.cheapest[self.bounding.demand] + self.lines
        left = np.flatnonzero((own <= limit_usd) & np.isin(np.arange(len(own)), np.concatenate(self.of_demand)))
        sites = self._by_lines(limit_usd, _SITES)
        if len(sites) == _SITES:
            return Left(left, (), self.least_usd)
        totals = self._by_counts(sites)
        sites, totals = sites[totals <= limit_usd], totals[totals <= limit_usd]
        bounds = self._by_packing(sites, totals, limit_usd)
        surviving = np.unique(sites[bounds <= limit_usd])
        return Left(surviving, self._named(sites), float(bounds.min(initial=np.inf)))

    def best(self, few: int) -> Columns:
        """Those of the site with the least bound over whole blocks."""
        sites = self._by_lines(np.inf, few)
        totals = self._by_counts(sites)
        possible = len(totals) and np.isfinite(totals).any()
        return sites[np.argmin(totals)] if possible else np.empty(0, dtype=np.intp)

    def refuses(self) -> bool:
        """By the least that each demand adds to each sum: what it draws of the grid, dollars, what else is limited."""
        bounding, problem = self.bounding, self.bounding.problem
        limits = [(bounding.draw[2], problem.grid_w - bounding.plant.storage.grid_w), *bounding.sums]
        if not np.isfinite(self.least_usd) or self.least_usd > bounding.budget_usd:
            return True
        each = [((bounding.most * taken), most) for taken, most in limits]
        return any(sum(int(taken[own].min()) for own in self.of_demand) > most for taken, most in each)

    def _by_lines(self, limit_usd: float, most: int) -> Sites:
        """The cheapest sites by their lines, up to a limit and so many of them: those of few demands are put together
        with one demand more, and the cheapest stay."""
        sites, usd = np.empty((1, 0), dtype=np.intp), np.array([self.fixed_usd])
        for number, own in enumerate(self.of_demand):
            rest_usd = self.cheapest[number + 1 :].sum()
            sums = usd[:, None] + self.lines[own]
            one, other = np.nonzero(sums + rest_usd <= min(limit_usd, self.bounding.budget_usd))
            sites, usd = np.column_stack((sites[one], own[other])), sums[one, other]
            order = np.argsort(usd, kind="stable")[:most]
            sites, usd = sites[order], usd[order]
        return sites

    def _by_counts(self, sites: Sites, packed: Sequence[NDArray[np.int64]] = ()) -> Bounds:
        """What each site costs at least, with as many blocks as carry the demands."""
        bounding = self.bounding
        count = bounding.most[sites]
        asked = Asked(
            drawn_w=tuple((count * of[sites]).sum(axis=1) for of in bounding.draw),
            extra_w=tuple(of[sites].max(axis=1) for of in bounding.extra),
            blocks=count.sum(axis=1),
            units=tuple((count * of[sites]).sum(axis=1) // WATTS for of in bounding.units),
            packed=tuple(packed),
        )
        found: Bounds = bounding.plant.least_usd(asked) + (count * bounding.cost_usd[sites]).sum(axis=1)
        for taken, most in bounding.sums:
            found[(count * taken[sites]).sum(axis=1) > most] = np.inf
        found[found > bounding.budget_usd] = np.inf
        return found

    def _by_packing(self, sites: Sites, totals: Bounds, limit_usd: float) -> Bounds:
        """The same, raised by how many intakes carry the blocks whole, for sites up to a limit."""
        raised = totals.copy()
        problem, options = self.bounding.problem, self.bounding.problem.options("mv_ac")
        for n in np.flatnonzero(np.isfinite(totals) & (totals <= limit_usd)):
            counts = self.bounding.most[sites[n]].tolist()
            # The most numerous last: tables are of all the others.
            kinds, counts = zip(*sorted(zip(sites[n].tolist(), counts, strict=True), key=lambda k: k[1]), strict=True)
            choices = [problem.columns[k] for k in kinds]
            found = (least_intakes(problem, o, choices, counts, o.most) for o in options)
            packed = [np.array([_NEVER if count is None else count]) for count in found]
            raised[n] = self._by_counts(sites[n : n + 1], packed)[0]
        return raised

    def _named(self, sites: Sites) -> Names:
        columns = self.bounding.problem.columns
        return tuple(tuple(sorted(columns[n].name for n in site)) for site in sites.tolist())
