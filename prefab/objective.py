"""The cost that sizing minimises, once for the solver and once measured on a sized plan, in whole dollars.

Modules at their prices with freight and installation, rounded up per block and per plant module. Where the brief
prefers makers, those of others count with its margin on top, and what is really paid stands beside it. Cables, civil
works and services follow from the layout and stand in the bill of materials.
"""

from fractions import Fraction

from prefab.brief import Prefer
from prefab.costs import Costs
from prefab.module import Module
from prefab.plan import Sized
from prefab.problem import Problem
from prefab.units import exact

Term = tuple[int, str]


def capital_terms(problem: Problem, phase: int) -> list[Term]:
    """What stands in a phase, as ($, variable)."""
    blocks = [(c.cost_usd, problem.count(c, phase)) for c in problem.columns]
    return blocks + [(o.cost_usd, problem.plant_count(o, phase)) for o in problem.plant]


def real_terms(problem: Problem, phase: int) -> list[Term]:
    """The same without any margin of preference: what is paid."""
    blocks = [(c.real_usd, problem.count(c, phase)) for c in problem.columns]
    return blocks + [(o.real_usd, problem.plant_count(o, phase)) for o in problem.plant]


def module_terms(problem: Problem, phase: int) -> list[Term]:
    """Modules that stand in a phase: the first tie-break."""
    blocks = [(c.column.modules, problem.count(c, phase)) for c in problem.columns]
    return blocks + [(o.sides, problem.plant_count(o, phase)) for o in problem.plant]


def measured_usd(
    sized: Sized, modules: tuple[Module, ...], costs: Costs, prefer: Prefer | None = None
) -> tuple[Fraction, int]:
    """The same cost from a plan's own counts, exact, and how many figures the sizing rounded up to whole dollars.

    As the choice counts it under a margin of preference; without one what is paid.
    """
    counted = (prefer or Prefer()).counted
    price = {m.sku: m.price_exact_usd * counted(m.manufacturer) for m in modules}
    total, rounded = Fraction(0), 0
    for kind, counts in zip(sized.kinds, sized.blocks, strict=True):
        total += counts[-1] * (kind.pods * price[kind.pod] + sum(g.count * price[g.sku] for g in kind.groups))
        rounded += counts[-1]
    for plant in sized.plant:
        total += plant.per_side[-1] * plant.sides * price[plant.sku]
        rounded += plant.per_side[-1]
    total *= costs.installed
    for spare in sized.spares:
        total += spare.count * price[spare.sku] * (1 + exact(costs.freight_frac))
        rounded += spare.count
    return total, rounded
