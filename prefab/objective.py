"""The cost that sizing minimises, once for the solver and once measured on a sized plan, in whole k$.

Modules at their prices with freight and installation, rounded up per block and per plant module. Cables, civil works
and services follow from the layout and stand in the bill of materials.
"""

from prefab.costs import Costs
from prefab.module import Module
from prefab.plan import Sized
from prefab.problem import Problem
from prefab.units import need

Term = tuple[int, str]


def capital_terms(problem: Problem, phase: int) -> list[Term]:
    """What stands in a phase, as (k$, variable)."""
    blocks = [(c.cost_kusd, problem.count(c, phase)) for c in problem.columns]
    return blocks + [(o.cost_kusd, problem.plant_count(o, phase)) for o in problem.plant]


def module_terms(problem: Problem, phase: int) -> list[Term]:
    """Modules that stand in a phase: the first tie-break."""
    blocks = [(c.column.modules, problem.count(c, phase)) for c in problem.columns]
    return blocks + [(o.sides, problem.plant_count(o, phase)) for o in problem.plant]


def measured_kusd(sized: Sized, modules: tuple[Module, ...], costs: Costs) -> int:
    """The same cost from a plan's own counts."""
    price = {m.sku: m.price_usd for m in modules}
    installed = 1 + costs.freight_frac + costs.installation_frac
    total = 0
    for kind, counts in zip(sized.kinds, sized.blocks, strict=True):
        block = kind.pods * price[kind.pod] + sum(g.count * price[g.sku] for g in kind.groups)
        total += counts[-1] * need(block * installed / 1000)
    for plant in sized.plant:
        total += plant.per_side[-1] * need(plant.sides * price[plant.sku] * installed / 1000)
    return total
