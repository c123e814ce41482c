"""A lower bound in dollars on every site made of one or two given columns: what exceeds a known site need not be tried.

Three steps, each on what the one before left. Straight lines below the plant's tables price every column at once. Then
every number of blocks is looked at, with the plant that they need at least; and last what one intake carries of whole
blocks.
"""

from collections.abc import Sequence
from fractions import Fraction
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from prefab.draws import Draw
from prefab.packing import Edge
from prefab.plant import POWER
from prefab.plant_cost import Asked, Numbers, PlantCost, line_below
from prefab.problem import Problem
from prefab.rules import SUMMED
from prefab.units import exact, need

Bounds = NDArray[np.float64]
"""For every two columns, by number, and for one alone on the diagonal. Symmetric; infinite where no numbers of them
keep the grid's limit, the budget and the first phase's date."""

Columns = NDArray[np.intp]
"""Columns by number."""

_NEVER = 1_000_000
"""More intakes than any site has."""


class Bounding:
    """The columns of one problem as arrays, with the tables of its plant."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        columns = problem.columns
        self.it_kw = np.array([c.it_kw for c in columns], dtype=np.int64)
        self.cost_usd = np.array([c.cost_usd for c in columns], dtype=np.int64)
        self.draw = np.array([c.normal for c in columns], dtype=np.int64).T
        self.ready = np.array([c.column.ready for c in columns], dtype=np.int64)
        before = [0, *(need(kw) for kw in problem.it_kw)]
        self.before_kw = np.array([before[c.column.ready] for c in columns], dtype=np.int64)
        """What runs before a column's blocks can be there: blocks that are there earlier carry it."""
        self.extra = np.array([c.extra for c in columns], dtype=np.int64).T
        self.units = np.array([[c.asked(s) for c in columns] for s in problem.services], dtype=np.int64)
        self.units = self.units.reshape(len(problem.services), len(columns))
        self.sums = [self._sum(rule) for rule in SUMMED if rule.RULE in problem.summed]
        """What each column adds to a sum that is limited, and the limit."""
        self.budget_usd = _budget_usd(problem)
        self.asked_kw = need(problem.it_kw[-1])
        self.most = -(-self.asked_kw // self.it_kw)
        largest = Draw(*(int(kw) for kw in self._largest(self.draw)))
        units = tuple(int(n) // 1000 for n in self._largest(self.units))
        self.plant = PlantCost(problem, largest, int(self.most.max()) + 1, units)

    def _largest(self, each: Numbers) -> Numbers:
        """The most that the blocks of any site ask: one kind carries almost all, or two do."""
        found: Numbers = ((self.most + 1) * each).max(axis=1, initial=0) + each.max(axis=1, initial=0)
        return found

    def _sum(self, rule: ModuleType) -> tuple[Numbers, int]:
        terms, most = rule.row(self.problem)
        taken = {name: of_each for of_each, name in terms}
        last = self.problem.phases[-1]
        found = np.array([taken.get(self.problem.count(c, last), 0) for c in self.problem.columns], np.int64)
        for carrier, draw in zip(POWER, (self.draw[0], self.draw[1], self.draw[1]), strict=True):
            # Whatever carries a block takes its share too.
            options = self.problem.options(carrier)
            each = min((taken.get(self.problem.plant_count(o, last), 0) / o.capacity_kw for o in options), default=0.0)
            found += np.floor(each * draw).astype(np.int64)
        return found, most

    def by_lines(self) -> Bounds:
        """For every two columns, from the straight lines below the plant's tables."""
        fixed, price = float(self.plant.storage_usd), self.cost_usd.astype(np.float64)
        tables = [
            (self.plant.intake_usd, self.draw[0], self.plant.storage.switchgear_kw),
            (self.plant.standby_usd, self.draw[1], self.plant.storage.utility_kw),
            (self.plant.main_usd, self.draw[1], self.plant.storage.utility_kw),
            # Whole units are what the sum of all blocks comes to, rounded down: one less than the line may say.
            *((usd, n / 1000, -1) for (usd, _), n in zip(self.plant.services, self.units, strict=True)),
        ]
        for table, each, standing in tables:
            of_it = each / self.it_kw
            low = max(0, int(of_it.min() * self.asked_kw) + standing)
            high = min(int(of_it.max() * self.asked_kw + each.max()) + 1 + standing, len(table) - 1)
            value, slope = line_below(table, min(low, high), high)
            fixed += value + slope * standing
            price += slope * each
        for taken, most in self.sums:
            penalty = self._penalty(price, taken, most)
            price += penalty * taken
            fixed -= penalty * most
        rate = price / self.it_kw
        # One block of each at least, and of the earlier one what runs before the other can be there.
        more_kw = np.maximum(0, self.before_kw - self.it_kw[:, None]) * (self.ready[:, None] < self.ready)
        of_each = price[:, None] + more_kw * rate[:, None]
        rest_kw = np.maximum(0, self.asked_kw - self.it_kw[:, None] - self.it_kw[None, :] - more_kw - more_kw.T)
        bounds = of_each + of_each.T + rest_kw * np.minimum(rate[:, None], rate[None, :])
        np.fill_diagonal(bounds, np.maximum(self.asked_kw, self.it_kw) * rate)
        return self._allowed(bounds + fixed, np.arange(len(bounds)))

    def _penalty(self, price: Bounds, taken: Numbers, most: int) -> float:
        """Dollars for a unit of a limited sum that raise the least cost of a site most: any price gives a bound."""
        unit = float(price.mean() / max(1.0, taken.mean()))
        tried = [0.0, *(unit * 2.0**n for n in range(-8, 9))]
        return max(tried, key=lambda p: ((price + p * taken) / self.it_kw).min() * self.asked_kw - p * most)

    def by_counts(self, numbers: Columns) -> Bounds:
        """For every two of these columns, from all numbers of blocks (at least one of each) that carry the IT load."""
        bounds = np.full((len(numbers), len(numbers)), np.inf)
        for n, a in enumerate(numbers):
            bounds[n, n:] = self._sites(a, numbers[n:], ()).min(axis=0)
            bounds[n:, n] = bounds[n, n:]
        return self._allowed(bounds, numbers)

    def by_packing(self, numbers: Columns, bounds: Bounds, pairs: Columns) -> Bounds:
        """The same with some pairs (rows and columns) raised by what one intake carries of whole blocks."""
        raised = bounds.copy()
        for n, m in pairs:
            one, other = (self.problem.columns[numbers[k]] for k in (n, m))
            edges = [self.problem.edges(o, one, other) for o in self.problem.options("mv_ac")]
            raised[n, m] = raised[m, n] = self._sites(numbers[n], numbers[m : m + 1], edges).min()
        return raised

    def _sites(self, a: int, others: Columns, edges: Sequence[list[tuple[Edge, int]]]) -> Bounds:
        """A row for every number of blocks of `a`, a column for every other kind: what the site costs at least."""
        count_a = np.arange(self.most[a], 0, -1)[:, None]
        # Two kinds are only two with a block of each.
        count_b = np.maximum(others != a, -(-(self.asked_kw - count_a * self.it_kw[a]) // self.it_kw[others]))
        extra = np.maximum(self.extra[:, a : a + 1], self.extra[:, others])[:, None, :]
        of_a, of_b = count_a, np.where(others == a, 0, count_b)
        packed = [
            np.max([_intakes(i * of_a + j * of_b + less, most) for (i, j, most), less in on_one], axis=0)
            for on_one in edges
        ]
        asked = Asked(
            kw=tuple(count_a * kw[a] + count_b * kw[others] for kw in self.draw),
            extra_kw=tuple(np.broadcast_to(extra, (3, *count_b.shape))),
            blocks=count_a + count_b,
            units=tuple((count_a * of[a] + count_b * of[others]) // 1000 for of in self.units),
            packed=tuple(packed),
        )
        site: Bounds = self.plant.least_usd(asked) + count_a * self.cost_usd[a] + count_b * self.cost_usd[others]
        # Columns that are there earlier stand first, so that the other way round hardly comes up.
        site[(self.ready[others] > self.ready[a]) & (count_a * self.it_kw[a] < self.before_kw[others])] = np.inf
        for taken, most in self.sums:
            site[count_a * taken[a] + count_b * taken[others] > most] = np.inf
        return site

    def refuses(self) -> bool:
        """Whether no numbers of blocks of any two columns keep the grid's limit, the budget and the counts of plant."""
        return not np.isfinite(self.by_counts(np.arange(len(self.problem.columns)))).any()

    def _allowed(self, bounds: Bounds, numbers: Columns) -> Bounds:
        """Without what the budget, the first phase's date or the number of kinds forbids."""
        late = self.ready[numbers] > 0
        bounds[late[:, None] & late] = np.inf
        bounds[bounds > self.budget_usd] = np.inf
        if self.problem.block_kinds == 1:
            bounds[~np.eye(len(bounds), dtype=bool)] = np.inf
        return bounds


def _budget_usd(problem: Problem) -> float:
    """The most that a site within the budget may cost as the choice counts it: with the largest margin on all of it."""
    limit = problem.brief.limits.budget_usd
    if limit is None:
        return float("inf")
    priced = [(c.cost_usd, c.real_usd) for c in problem.columns] + [(o.cost_usd, o.real_usd) for o in problem.plant]
    if any(counted and not real for counted, real in priced):
        return float("inf")
    return float(exact(limit) * max((Fraction(counted, real) for counted, real in priced if real), default=Fraction(1)))


def _intakes(filled: Numbers, most: int) -> Numbers:
    """How many intakes carry what fills one up to `most`."""
    found: Numbers = -(-filled // most) if most else np.where(filled > 0, _NEVER, 0)
    return found
