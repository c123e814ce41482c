"""A lower bound in dollars on every site made of one or two given columns: what exceeds a known site need not be tried.

Three steps, each on what the one before left. Straight lines below the plant's tables price every column at once. Then
every number of blocks is looked at, with the plant that they need at least; and last what one intake carries of whole
blocks.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from prefab.brief import Prefer
from prefab.draw import Draw
from prefab.packing import Edge
from prefab.plant_cost import Asked, Numbers, PlantCost, line_below
from prefab.plant_options import POWER
from prefab.problem import Problem
from prefab.rules import SUMMED
from prefab.storage_ask import BlockAsk, StorageAsk, SwingAsk
from prefab.units import WATTS, exact, need

Bounds = NDArray[np.float64]
"""For every two columns, by number, and for one alone on the diagonal. Symmetric; infinite where no numbers of them
keep the grid's limit, the budget and the phases' dates, or serve every IT demand."""

Columns = NDArray[np.intp]
"""Columns by number."""

_NEVER = 1_000_000
"""More intakes than any site has."""

_FLOATS = 1 - 1e-11
"""What sums of floats may be too high by: a limit that binds exactly makes lines as high as the cheapest site."""


class Bounding:
    """The columns of one problem as arrays, with the tables of its plant."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        columns = problem.columns
        self.it_kw = np.array([c.it_kw for c in columns], dtype=np.int64)
        self.cost_usd = np.array([c.cost_usd for c in columns], dtype=np.int64)
        self.draw = np.array([c.normal for c in columns], dtype=np.int64).T
        self.backed_w = np.array([c.backed_w for c in columns], dtype=np.int64)
        self.ready = np.array([c.column.ready for c in columns], dtype=np.int64)
        self.demand = np.array([c.column.demand for c in columns], dtype=np.int64)
        self.demands = range(len(problem.it_kw))
        self.asked_kw = np.array([need(asked[-1]) for asked in problem.it_kw], dtype=np.int64)
        """Of every IT demand."""
        before = [[0, *(need(kw) for kw in asked)] for asked in problem.it_kw]
        self.before_kw = np.array([before[c.column.demand][c.column.ready] for c in columns], dtype=np.int64)
        """What runs before a column's blocks can be there: blocks that are there earlier carry it."""
        self.extra = np.array([c.extra for c in columns], dtype=np.int64).T
        self.units = np.array([[c.asked(s) for c in columns] for s in problem.services], dtype=np.int64)
        self.units = self.units.reshape(len(problem.services), len(columns))
        ask = problem.storage
        swings = [ask.swings[d] if ask.swings else None for d in self.demand]
        duties = [_duty(c.duty, s, ask) for c, s in zip(columns, swings, strict=True)]
        self.duty = np.array(duties, dtype=np.int64).reshape(len(columns), 2).T
        """Watts and watt-hours that each column asks of the site's batteries at the least."""
        relief = [
            c.duty.relief_w + (c.duty.swing_w * s.relief_parts // ask.parts if s else 0)
            for c, s in zip(columns, swings, strict=True)
        ]
        self.relief_w = np.array(relief, dtype=np.int64)
        self.import_w = self.draw[2] - self.relief_w
        """What each column draws at the least while storage does all that it may."""
        limits = [row for rule in SUMMED if rule.RULE in problem.summed for row in rule.rows(problem)]
        self.sums = [(taken, most) for terms, most in limits if (taken := self._sum(terms)).any()]
        """What each column adds at full build to a sum that is limited, and the limit."""
        limit = problem.brief.limits.budget_usd
        self.budget_usd = float("inf") if limit is None or problem.brief.prefer.makers else float(exact(limit))
        self.paid = Bounding(_paid(problem)) if limit is not None and problem.brief.prefer.makers else None
        """The same columns at what is paid for them, where a budget limits that and the choice counts otherwise."""
        self.most = -(-self.asked_kw[self.demand] // self.it_kw)
        largest = Draw(*(int(w) for w in self._largest(self.draw)))
        units = tuple(int(n) // WATTS for n in self._largest(self.units))
        blocks = sum(int(self.most[self.demand == d].max(initial=0)) + 1 for d in self.demands)
        self.plant = PlantCost(problem, largest, blocks, units)

    def _largest(self, each: Numbers) -> Numbers:
        """The most that the blocks of any site ask: of each demand one kind carries almost all, or two do."""
        most = ((self.most + 1) * each, each)
        found: Numbers = np.sum([m[:, self.demand == d].max(axis=1, initial=0) for d in self.demands for m in most], 0)
        return found

    def _sum(self, terms: Iterable[tuple[int, str]]) -> Numbers:
        taken = {name: of_each for of_each, name in terms}
        last = self.problem.phases[-1]
        found: Numbers = np.array([taken.get(self.problem.count(c, last), 0) for c in self.problem.columns], np.int64)
        for carrier, draw in zip(POWER, (self.draw[0], self.draw[1], self.backed_w), strict=True):
            # Whatever carries a block takes its share too.
            options = self.problem.options(carrier)
            each = min((taken.get(self.problem.plant_count(o, last), 0) / o.capacity_w for o in options), default=0.0)
            found += np.floor(each * draw).astype(np.int64)
        return found

    def lines(self) -> tuple[float, Bounds]:
        """Straight lines below the plant's tables: dollars of any site, and those of one block of each column."""
        fixed, price = float(self.plant.storage_usd), self.cost_usd.astype(np.float64)
        fixed += self._spared_usd
        price += self._duty_usd
        tables = [
            (self.plant.intake_usd, self.draw[0], self.plant.storage.switchgear_w),
            (self.plant.standby_usd, self.backed_w, self.plant.storage.utility_w),
            (self.plant.main_usd, self.draw[1], self.plant.storage.utility_w),
            *((usd, n, 0) for (usd, _), n in zip(self.plant.services, self.units, strict=True)),
        ]
        for table, each_w, standing_w in tables:
            # Tables are read at the whole kilowatts or units that all blocks fill: one less than the line may say.
            each, standing = each_w / WATTS, standing_w / WATTS - 1
            least, most = self._asked_of_plant(each)
            low = max(0, int(least + standing))
            high = min(int(most + standing) + 1, len(table) - 1)
            value, slope = line_below(table, min(low, high), high)
            fixed += value + slope * standing
            price += slope * each
        for taken, most in self.sums:
            penalty = self._penalty(price, taken, most)
            price += penalty * taken
            fixed -= penalty * most
        return fixed, price

    @cached_property
    def _duty_usd(self) -> Bounds:
        """Of each column's duties, at the price of batteries."""
        usd_per_w, usd_per_wh = self.plant.duty_price
        found: Bounds = usd_per_w * self.duty[0] + usd_per_wh * self.duty[1]
        return found

    @cached_property
    def _spared_usd(self) -> float:
        """Of the grid's reserve, less what swings that the grid bears spare."""
        ask, (usd_per_w, usd_per_wh) = self.problem.storage, self.plant.duty_price
        swings = [s for s in ask.swings if s is not None]
        seen_w, seen_wh = (
            (ask.seen_w or 0) * max((getattr(s, parts) for s in swings), default=0) / ask.parts
            for parts in ("power_parts", "energy_parts")
        )
        return usd_per_w * (ask.reserve_w - seen_w - 1) + usd_per_wh * (ask.reserve_wh - seen_wh - 1)

    def duties_usd(self, count: Numbers, sites: Columns) -> Bounds:
        """The least that batteries cost for so many blocks of the columns of each site, a row for each."""
        found: Bounds = (count * self._duty_usd[sites]).sum(axis=1) + self._spared_usd
        return found

    def by_lines(self) -> Bounds:
        """For every two columns, from the straight lines below the plant's tables."""
        paid = None if self.paid is None else self.paid.by_lines()
        fixed, price = self.lines()
        if len(self.demands) > 1:
            return self._allowed((self._of_two_demands(price) + fixed) * _FLOATS, np.arange(len(price)), paid)
        rate = price / self.it_kw
        # One block of each at least, and of the earlier one what runs before the other can be there.
        more_kw = np.maximum(0, self.before_kw - self.it_kw[:, None]) * (self.ready[:, None] < self.ready)
        of_each = price[:, None] + more_kw * rate[:, None]
        rest_kw = np.maximum(0, self.asked_kw - self.it_kw[:, None] - self.it_kw[None, :] - more_kw - more_kw.T)
        bounds = of_each + of_each.T + rest_kw * np.minimum(rate[:, None], rate[None, :])
        np.fill_diagonal(bounds, np.maximum(self.asked_kw, self.it_kw) * rate)
        return self._allowed((bounds + fixed) * _FLOATS, np.arange(len(bounds)), paid)

    def _asked_of_plant(self, each: Numbers) -> tuple[float, float]:
        """The least and the most that the blocks of a site ask of something, for what each of them asks."""
        of_it, asked_kw = each / self.it_kw, self.asked_kw[self.demand]
        served = [self.demand == d for d in self.demands]
        least = sum((of_it * asked_kw)[own].min() for own in served)
        return least, sum((of_it * asked_kw + each.max())[own].max() for own in served)

    def _of_two_demands(self, price: Bounds) -> Bounds:
        """A kind for each demand, whole blocks of each."""
        bounds = self.most * price
        found: Bounds = np.where(self._together, bounds[:, None] + bounds, np.inf)
        return found

    @cached_property
    def _together(self) -> NDArray[np.bool_]:
        """Which two columns may make a site: any two for one demand, one of each for two."""
        apart: NDArray[np.bool_] = self.demand[:, None] != self.demand
        return apart | (len(self.demands) == 1)

    def _penalty(self, price: Bounds, taken: Numbers, most: int) -> float:
        """Dollars for a unit of a limited sum that raise the least cost of a site most: any price gives a bound."""
        unit = float(price.mean() / max(1.0, taken.mean()))
        tried = [0.0, *(unit * 2.0**n for n in range(-8, 9))]
        return max(tried, key=lambda p: self._asked_of_plant(price + p * taken)[0] - p * most)

    def by_counts(self, numbers: Columns, wanted: NDArray[np.bool_] | None = None) -> Bounds:
        """For every two of these columns, from all numbers of blocks (at least one of each) that carry the IT load; of
        pairs that are not wanted nothing is said, they are infinite."""
        bounds = np.full((len(numbers), len(numbers)), np.inf)
        asked = self._together[np.ix_(numbers, numbers)]
        asked = asked if wanted is None else asked & wanted
        for n, a in enumerate(numbers):
            beside = n + np.flatnonzero(asked[n, n:])
            if len(beside):
                bounds[n, beside] = bounds[beside, n] = self._sites(a, numbers[beside], ()).min(axis=0)
        return self._allowed(bounds, numbers, None if self.paid is None else self.paid.by_counts(numbers, wanted))

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
        count_a, count_b = self._counts(a, others)
        extra = np.maximum(self.extra[:, a : a + 1], self.extra[:, others])[:, None, :]
        of_a, of_b = count_a, np.where(others == a, 0, count_b)
        packed = [
            np.max([_intakes(i * of_a + j * of_b + less, most) for (i, j, most), less in on_one], axis=0)
            for on_one in edges
        ]
        asked = Asked(
            drawn_w=tuple(count_a * of[a] + count_b * of[others] for of in self.draw),
            backed_w=count_a * self.backed_w[a] + count_b * self.backed_w[others],
            extra_w=tuple(np.broadcast_to(extra, (3, *count_b.shape))),
            blocks=count_a + count_b,
            units=tuple((count_a * of[a] + count_b * of[others]) // WATTS for of in self.units),
            duties_usd=count_a * self._duty_usd[a] + count_b * self._duty_usd[others] + self._spared_usd,
            relief_w=count_a * self.relief_w[a] + count_b * self.relief_w[others],
            packed=tuple(packed),
        )
        site: Bounds = self.plant.least_usd(asked) + count_a * self.cost_usd[a] + count_b * self.cost_usd[others]
        # Columns that are there earlier stand first, so that the other way round hardly comes up.
        site[(self.ready[others] > self.ready[a]) & (count_a * self.it_kw[a] < self.before_kw[others])] = np.inf
        for taken, most in self.sums:
            site[count_a * taken[a] + count_b * taken[others] > most] = np.inf
        return site

    def _counts(self, a: int, others: Columns) -> tuple[Numbers, Numbers]:
        """Numbers of blocks of `a`, one row each, and the fewest of other kinds that carry the rest beside them."""
        if len(self.demands) > 1:
            return self.most[a : a + 1, None], self.most[others][None]
        count_a = np.arange(self.most[a], 0, -1)[:, None]
        rest_kw = self.asked_kw[0] - count_a * self.it_kw[a]
        # Two kinds are only two with a block of each.
        return count_a, np.maximum(others != a, -(-rest_kw // self.it_kw[others]))

    @property
    def overdrawn(self) -> bool:
        """Whether the blocks that draw least for the power of their computers draw more than the grid gives."""
        return self._exceeds or any(self._short())

    @property
    def _exceeds(self) -> bool:
        """The same at full build."""
        least_w, _ = self._asked_of_plant(self.import_w)
        return least_w + self.plant.storage.grid_w > self.problem.shaved_w(self.problem.grid_w) + 1

    def _short(self) -> Iterator[tuple[int, float]]:
        """The phases for whose blocks the connection and what may bridge it give too little, with the least draw in
        watts. What only stands at full build (grid batteries) is left out."""
        problem = self.problem
        for phase in problem.phases if problem.brief.grid.series else ():
            asked_kw = np.array([asked[phase] for asked in problem.it_kw])[self.demand]
            of_phase = self.import_w / self.it_kw * asked_kw
            least_w = sum(of_phase[self.demand == d].min() for d in self.demands)
            if least_w > problem.shaved_w(problem.given_w(phase) + problem.most_bridged_w) + 1:
                yield phase, float(least_w)

    @cached_property
    def _scanty(self) -> NDArray[np.bool_] | None:
        """Which two columns carry some phase in no numbers that keep what the connection, with any bridge, gives by its
        date; none without a series. Plant draws too, and is left out."""
        problem = self.problem
        if not problem.brief.grid.series or len(self.demands) > 1:
            return None
        each_w, found = self.import_w, np.zeros((len(self.it_kw), len(self.it_kw)), dtype=np.bool_)
        extra_w = np.maximum(self.extra[2][:, None], self.extra[2])
        for phase in (p for p in problem.phases if problem.lacking_w(p) > 0):
            asked_kw = need(problem.it_kw[0][phase])
            least_w = np.full(found.shape, np.iinfo(np.int64).max // 2)
            for count in range(int(-(-asked_kw // self.it_kw.min())) + 1):
                rest_kw = np.maximum(0, asked_kw - count * self.it_kw)[:, None]
                drawn_w = count * each_w[:, None] - (-rest_kw // self.it_kw) * each_w
                least_w = np.minimum(least_w, drawn_w)
            found |= least_w + extra_w > problem.shaved_w(problem.given_w(phase) + problem.most_bridged_w)
        return found

    def _scarce(self) -> Iterator[str]:
        """The own supply that a grid rule asks for at full build, where sets and batteries cannot give it."""
        problem = self.problem
        sets = problem.options("standby_mv")
        most_w = max((o.most * o.capacity_w for o in sets), default=0)
        most_w += max((o.most * o.battery_w for o in problem.plant), default=0)
        if problem.rounding.needed(problem.own_supply_kw[-1], WATTS) > most_w:
            asked_mw, most_mw = problem.own_supply_kw[-1] / 1000, most_w / WATTS / 1000
            none = "" if sets else ", and autonomy.generator_h asks for no sets"
            yield f"grid.rules: {asked_mw:,.1f} MW of sets and batteries; they give {most_mw:,.1f} MW at the most{none}"

    def reasons(self) -> Iterator[str]:
        """What grid rules ask, and blocks alone, whichever they are, beyond what the grid and the site's plant can
        give."""
        yield from self._scarce()
        problem, basis = self.problem, "the blocks of any site draw"
        least_mw = self._asked_of_plant(self.import_w)[0] / WATTS / 1000
        if self._exceeds:
            yield f"grid: {problem.grid_w / WATTS / 1000:,.1f} MW; {basis} {least_mw:,.1f} MW or more"
        for phase, short_w in self._short():
            named, bridged_mw = problem.brief.phases[phase], problem.most_bridged_w / WATTS / 1000
            what = f"{problem.given_w(phase) / WATTS / 1000:,.1f} MW on {named.energised_by}"
            if problem.brief.grid.bridge.allowed:
                none = "no generating set that may stand here runs without limit of hours"
                what += f" and {bridged_mw:,.1f} MW bridged at the most" if bridged_mw else f", and {none}"
            yield f"grid in phase {named.name}: {what}; {basis} {short_w / WATTS / 1000:,.1f} MW or more"
        for carrier, draw in zip(POWER, (self.draw[0], self.draw[1], self.backed_w), strict=True):
            if not (options := problem.options(carrier)):
                continue
            largest = max(options, key=lambda o: (o.most - o.spare) * o.capacity_w)
            most_mw = (largest.most - largest.spare) * largest.rated_kw / 1000
            least_mw = self._asked_of_plant(draw)[0] / WATTS / 1000
            if least_mw > most_mw:
                what = f"{most_mw:,.1f} MW from {largest.most} {largest.name}, the most that run together"
                beside = f" with {largest.spare} to spare" if largest.spare else ""
                yield f"{problem.catalog.carrier(carrier).title}: {what}{beside}; {basis} {least_mw:,.1f} MW or more"

    def _allowed(self, bounds: Bounds, numbers: Columns, paid: Bounds | None) -> Bounds:
        """Without what the budget, the phases' dates, steps of the connection or the number of kinds forbids."""
        late = self.before_kw[numbers] > 0
        single = len(self.demands) == 1
        # Of one demand the other kind may stand earlier; of two each has its own only.
        bounds[late[:, None] & late if single else late[:, None] | late] = np.inf
        bounds[bounds > self.budget_usd] = np.inf
        if self._scanty is not None:
            bounds[self._scanty[np.ix_(numbers, numbers)]] = np.inf
        if paid is not None:
            bounds[np.isinf(paid)] = np.inf
        if single and self.problem.block_kinds == 1:
            bounds[~np.eye(len(bounds), dtype=bool)] = np.inf
        return bounds


def _duty(duty: BlockAsk, swing: SwingAsk | None, ask: StorageAsk) -> tuple[int, int]:
    """Swings are taken up of themselves only where the brief limits them."""
    step_w = duty.step_w - duty.offer_w
    power_w, energy_wh = (step_w * parts // ask.parts for parts in (ask.ramp_power_parts, ask.ramp_parts))
    if swing is not None and ask.seen_w is not None:
        power_w += duty.swing_w * swing.power_parts // ask.parts
        energy_wh += duty.swing_w * swing.energy_parts // ask.parts
    return power_w, energy_wh


def _paid(problem: Problem) -> Problem:
    """The same question with everything at what it costs, whoever the brief prefers."""
    return replace(
        problem,
        brief=problem.brief.model_copy(update={"prefer": Prefer()}),
        columns=tuple(replace(c, cost_usd=c.real_usd) for c in problem.columns),
        plant=tuple(replace(o, cost_usd=o.real_usd) for o in problem.plant),
    )


def _intakes(filled: Numbers, most: int) -> Numbers:
    """How many intakes carry what fills one up to `most`."""
    found: Numbers = -(-filled // most) if most else np.where(filled > 0, _NEVER, 0)
    return found
