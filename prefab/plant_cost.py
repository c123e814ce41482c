"""The least that a site's plant costs for what its blocks ask of it, as tables over whole kilowatts and whole units.

Loads are watts; a table is read at the kilowatts that they fill, for what carries a load carries less of it too.

Each table follows the master's rows for one carrier: plant in whole modules with its spare, and what plant draws by
standing there. Where carriers hang together in ways that a table cannot hold, the cheaper figure stands, so a site is
never cheaper than its tables say.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from prefab.draw import Draw
from prefab.plant_options import PlantOption, storage_pairs, storage_price
from prefab.problem import Problem
from prefab.units import WATTS

Numbers = NDArray[np.int64]
Figures = NDArray[np.float64]
Line = tuple[float, float]
"""A straight line that a table nowhere undercuts: its value at nothing, and its slope."""


@dataclass(frozen=True)
class Asked:
    """What all blocks of a site ask of its plant, for many sites at once."""

    drawn_w: tuple[Numbers, ...]
    """At the places of a draw."""
    backed_w: Numbers
    """What generating sets carry of it."""
    extra_w: tuple[Numbers, ...]
    """More than that in one block's worst situation."""
    blocks: Numbers
    units: tuple[Numbers, ...]
    """Whole units (rounded down) of each of the problem's services."""
    duties_usd: Figures | float = 0.0
    """The least that batteries for all duties cost."""
    relief_w: Numbers | int = 0
    """What storage takes of the site's peak at the most."""
    packed: tuple[Numbers, ...] = ()
    """For each intake option how many of them carry the blocks whole; empty where totals will do."""


class PlantCost:
    """The tables of one problem, for sites whose blocks ask no more than `largest`."""

    def __init__(self, problem: Problem, largest: Draw, blocks: int, units: tuple[int, ...]) -> None:
        self.problem = problem
        # Where duties ask for more batteries than the reserve they are priced by the watt, the reserve among them.
        pairs = [] if problem.storage.varies else storage_pairs(problem.plant)
        ask = problem.storage
        self.duty_price = storage_price(problem.plant, ask.most_w, ask.most_wh) if ask.varies else (0.0, 0.0)
        """Dollars for a watt and a watt-hour of batteries."""
        self.storage_usd = min((p.cost_usd for p in pairs), default=0)
        self.storage = Draw(*(min((p.standing[n] for p in pairs), default=0) for n in range(3)))
        self.services = [self._service(c, most) for c, most in zip(problem.services, units, strict=True)]
        standing = self.storage
        for _, drawn in self.services:
            standing = standing.plus(Draw(*(int(table.max()) for table in drawn)))
        extra = Draw(*(max(c.extra[n] for c in problem.columns) for n in range(3)))
        self.largest = largest.plus(standing).plus(extra)
        self.blocks = np.arange(blocks + 1)

    def _service(self, carrier: str, most: int) -> tuple[Figures, tuple[Numbers, Numbers, Numbers]]:
        """Cost and standing draws for every whole number of units that blocks ask."""
        if self._only_for_fuel(carrier):
            return np.zeros(most + 1), (np.zeros(most + 1, np.int64),) * 3
        units = np.arange(most + 1) * WATTS + self._asked_by_plant(carrier)
        options = self.problem.options(carrier)
        counts = [np.maximum(1, -(-units // o.capacity_w) + o.spare) for o in options]
        if carrier in self.problem.optional:
            counts = [np.where(units > 0, n, 0) for n in counts]
        cost = _least([np.where(n <= o.most, n * o.cost_usd, np.inf) for n, o in zip(counts, options, strict=True)])
        drawn = [
            np.min([n * o.standing[place] for n, o in zip(counts, options, strict=True)], axis=0) for place in range(3)
        ]
        return cost, (drawn[0], drawn[1], drawn[2])

    def _asked_by_plant(self, carrier: str) -> int:
        """Thousandths of a unit that the fewest of all other services' plant ask."""
        others = ((c, self.problem.options(c)) for c in self.problem.services if c != carrier)
        certain = (options for c, options in others if options and c not in self.problem.optional)
        return sum(min(o.asked(carrier) * o.sides * max(1, o.spare) for o in options) for options in certain)

    def _only_for_fuel(self, carrier: str) -> bool:
        """Whether only tanks ask for a service: then it is priced with them."""
        asking = {o.carrier for o in self.problem.plant if o.asked(carrier)}
        return asking == {"fuel"} and not any(c.asked(carrier) for c in self.problem.columns)

    @cached_property
    def intakes(self) -> list[tuple[PlantOption, Numbers, Numbers]]:
        """Every intake switchgear with how many of it carry every load, and feed every number of blocks."""
        load = _loads(self.largest.switchgear_w)
        ways = self.blocks + self.problem.site_ways
        options = self.problem.options("mv_ac")
        return [(o, np.maximum(1, -(-load // o.capacity_w)), -(-ways // o.feeders)) for o in options]

    @cached_property
    def main_usd(self) -> Figures:
        """Main transformers with their bays, for every load."""
        load = _loads(self.largest.utility_w)
        options = self.problem.options("utility_mv")
        if not options:
            return np.zeros(load.shape)
        return _least([_whole(o, load, o.cost_usd + self._unit_usd(o)) for o in options])

    @cached_property
    def standby_usd(self) -> Figures:
        """Generating sets with the tanks for their hours, for every load."""
        load = _loads(self.largest.utility_w)
        sets = self.problem.options("standby_mv")
        if not sets:
            return np.zeros(load.shape)
        return _least([self._with_fuel(o, load) for o in sets])

    def _with_fuel(self, option: PlantOption, load: Numbers) -> Figures:
        tanks = self.problem.options("fuel")
        bare = _whole(option, load, option.cost_usd + self._unit_usd(option))
        if not tanks or not self.problem.generator_h:
            return bare
        hours = self.problem.generator_h * (1 + self.problem.fuel_margin_frac)
        own_l = option.fuel_l - option.idle_l_per_h * hours
        count = -(-load // option.capacity_w) + option.spare
        short_l = load / WATTS * self.problem.fuel_l_per_kwh * hours - count * own_l
        found = []
        for tank in tanks:
            saved = np.array([-(-own_l // tank.fuel_l)])
            if own_l > 0 and option.cost_usd < saved[0] * tank.cost_usd + self._kept_usd(tank, saved)[0]:
                # One set more may save tanks: then the cheapest litre of either is the least.
                litre_usd = min(tank.cost_usd / tank.fuel_l, option.cost_usd / own_l)
                found.append(bare + np.maximum(short_l * litre_usd, 0.0))
                continue
            tanks_count = np.maximum(1, np.ceil(short_l / tank.fuel_l - 1e-9))
            found.append(bare + tanks_count * tank.cost_usd + self._kept_usd(tank, tanks_count))
        return _least(found)

    def _kept_usd(self, tank: PlantOption, count: Figures) -> Figures:
        """What keeps the fuel of so many tanks, where nothing else asks for it."""
        cost = np.zeros(count.shape)
        for carrier, asked in tank.asks:
            if carrier in self.problem.services and self._only_for_fuel(carrier):
                rated = [(o, o.capacity_w) for o in self.problem.options(carrier)]
                cost += _least([np.maximum(1, np.ceil(count * asked / most - 1e-9)) * o.cost_usd for o, most in rated])
        return cost

    def _unit_usd(self, option: PlantOption) -> int:
        """The least that stands beside one module of plant and serves nothing else."""
        beside = (o for o in self.problem.plant if o.unit_for == option.carrier and option.module.needed(o.carrier))
        return min((o.cost_usd for o in beside), default=0)

    @cached_property
    def intake_usd(self) -> Figures:
        """Intake switchgear for every load, ways aside."""
        return _least([np.where(n <= o.most, n * o.cost_usd, np.inf) for o, n, _ in self.intakes])

    def least_usd(self, asked: Asked) -> Figures:
        """For every site; infinite where the grid's limit or the number of modules forbids it."""
        cost = np.full(asked.blocks.shape, float(self.storage_usd))
        cost += np.maximum(0.0, asked.duties_usd)
        drawn = [np.full(asked.blocks.shape, w) for w in self.storage]
        for units, (usd, standing) in zip(asked.units, self.services, strict=True):
            cost += usd[units]
            for place in range(3):
                drawn[place] += standing[place][units]
        switchgear = (asked.drawn_w[0] + drawn[0] + asked.extra_w[0]) // WATTS
        counts = [(o, np.maximum(by_load[switchgear], by_ways[asked.blocks])) for o, by_load, by_ways in self.intakes]
        if asked.packed:
            counts = [(o, np.maximum(n, packed)) for (o, n), packed in zip(counts, asked.packed, strict=True)]
        cost += _least([np.where(n <= o.most, n * o.cost_usd, np.inf) for o, n in counts])
        idle = np.min([n * o.standing.utility_w for o, n in counts], axis=0)
        backed, utility = (
            np.minimum(blocks_w + drawn[1] + idle, self.largest.utility_w) // WATTS
            for blocks_w in (asked.backed_w, asked.drawn_w[1])
        )
        cost += self.standby_usd[backed]
        cost += self.main_usd[utility]
        grid = asked.drawn_w[2] + drawn[2] + idle + asked.extra_w[2] - asked.relief_w
        return np.where(grid <= self.problem.shaved_w(self.problem.grid_w), cost, np.inf)


def _loads(largest_w: int) -> Numbers:
    """Every whole kilowatt, in watts."""
    return np.arange(largest_w // WATTS + 1) * WATTS


def _whole(option: PlantOption, load: Numbers, each_usd: int) -> Figures:
    count = np.maximum(1, -(-load // option.capacity_w) + option.spare)
    found: Figures = np.where(count <= option.most, count * float(each_usd), np.inf)
    return found


def _least(tables: list[Figures]) -> Figures:
    found: Figures = np.min(tables, axis=0)
    return found


def line_below(table: Figures, low: int, high: int) -> Line:
    """A straight line that the table nowhere undercuts from `low` to `high`, near it at both ends."""
    x = np.arange(low, high + 1)
    values = table[low : high + 1]
    fits = np.isfinite(values)
    if not fits.any():
        return float("inf"), 0.0
    x, values = x[fits], values[fits]
    slope = float(values[-1] - values[0]) / max(1, int(x[-1] - x[0]))
    return float((values - slope * x).min()), slope
