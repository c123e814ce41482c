"""A lower bound in k$ on every site made of one or two given columns: what exceeds a known site need not be tried.

Blocks are counted whole and plant in whole modules; what is left out (fuel beyond the tanks of the sets, the plant's
own draws, ways of the intakes) only makes the site dearer.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from prefab.plant import POWER, PlantOption
from prefab.problem import Problem
from prefab.units import need

Bounds = NDArray[np.float64]
"""For every two columns, by number, and for one alone on the diagonal. Symmetric; infinite where no numbers of them
keep the grid's limit."""


def make_bounds(problem: Problem) -> Bounds:
    """Over all numbers of blocks, at least one of each, that carry the last phase's IT load."""
    columns = problem.columns
    asked = need(problem.it_kw[-1])
    rows = [(c.it_kw, c.cost_kusd, c.normal.switchgear_kw, c.normal.utility_kw, c.normal.grid_kw) for c in columns]
    it, cost, drawn, utility, grid = np.array(rows, dtype=np.int64).T
    most = -(-asked // it)
    largest = int((most.max() + 1) * max(drawn.max(), utility.max()))
    intake, behind = _plant_kusd(problem, largest)
    bounds = np.full((len(columns), len(columns)), np.inf)
    for a in range(len(columns)):
        count_a = np.arange(most[a], 0, -1)[:, None]
        # Two kinds are only two with a block of each; `a` alone is on the diagonal.
        least_b = np.arange(len(columns))[None, a:] > a
        count_b = np.maximum(least_b, -(-(asked - count_a * it[a]) // it[None, a:]))
        site = count_a * cost[a] + count_b * cost[a:]
        site = site + intake[count_a * drawn[a] + count_b * drawn[a:]]
        site = site + behind[count_a * utility[a] + count_b * utility[a:]]
        fits = count_a * grid[a] + count_b * grid[a:] <= problem.grid_kw
        bounds[a, a:] = np.where(fits, site, np.inf).min(axis=0)
        bounds[a:, a] = bounds[a, a:]
    if problem.block_kinds == 1:
        bounds[~np.eye(len(columns), dtype=bool)] = np.inf
    return bounds + _fixed_kusd(problem)


def _plant_kusd(problem: Problem, largest_kw: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The least that plant costs for every whole kilowatt: at the switchgear, and behind it."""
    load = np.arange(largest_kw + 1)
    carrying = [[_carrying(problem, o, load) for o in problem.options(c)] for c in POWER]
    least = [np.min([np.full(load.shape, np.inf), *o], axis=0) if o else np.zeros(load.shape) for o in carrying]
    return least[0], least[1] + least[2]


def _carrying(problem: Problem, option: PlantOption, load: NDArray[np.int64]) -> NDArray[np.float64]:
    counts = -(-load // option.capacity_kw) + option.spare
    each = option.cost_kusd + _unit_kusd(problem.plant, option)
    found: NDArray[np.float64] = np.where(counts <= option.most, counts * each, np.inf)
    return found


def _unit_kusd(plant: Sequence[PlantOption], option: PlantOption) -> int:
    """The least that stands beside one module of plant and serves nothing else."""
    beside = (o for o in plant if o.unit_for == option.carrier and option.module.needed(o.carrier))
    return min((o.cost_kusd for o in beside), default=0)


def _fixed_kusd(problem: Problem) -> int:
    """Plant that every site needs whatever its blocks: batteries, one at least of every service."""
    fixed = 0
    for carrier in problem.plant_carriers:
        options = problem.options(carrier)
        if carrier in problem.services:
            fixed += min(o.cost_kusd * (1 + o.spare) for o in options)
        elif carrier == "mv_storage":
            kw, kwh = problem.battery_kw, problem.battery_kwh
            fixed += min(o.cost_kusd * max(need(kw / o.battery_kw), need(kwh / o.battery_kwh)) for o in options)
    return fixed
