"""What the sizing's counts are made of, for rules that add something up over all modules; no check reads it."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from math import fsum
from typing import TYPE_CHECKING

from prefab.brief import SiteBrief
from prefab.module import Module

if TYPE_CHECKING:
    from prefab.problem import Problem
    from prefab.solver import Model

Burden = Callable[[SiteBrief, Module, str], float]
"""What one module that gives this carrier adds to a sum that the site limits; 0 where the brief does not."""
Contents = tuple[tuple[Module, str, int], ...]
"""Module type, the carrier it gives, and how many."""


def steps(problem: "Problem", phase: int) -> Iterable[tuple[str, Contents]]:
    """Every count of a phase with the modules that one more of it brings."""
    modules = {m.sku: m for m in problem.catalog.modules}
    for choice in problem.columns:
        column = choice.column
        groups = ((modules[g.sku], g.carrier, g.count) for g in column.groups)
        yield problem.count(choice, phase), ((modules[column.pod], "it", column.pods), *groups)
    for option in problem.plant:
        yield problem.plant_count(option, phase), ((option.module, option.carrier, option.sides),)


def burdened(problem: "Problem", burden: Burden) -> list[tuple[int, str]]:
    """What every count of full build adds to a sum that the site limits, in whole numbers, with its variable."""
    terms = []
    for count, contents in steps(problem, problem.phases[-1]):
        if whole := problem.rounding.needed(fsum(n * burden(problem.brief, m, carrier) for m, carrier, n in contents)):
            terms.append((whole, count))
    return terms


def add_uses(model: "Model", problem: "Problem") -> dict[str, str]:
    """By SKU a boolean that is 1 where it stands at full build and 0 where not; the first rule to ask makes them."""
    switches: dict[str, dict[str, None]] = defaultdict(dict)
    for choice in problem.columns:
        for sku in (choice.column.pod, *(g.sku for g in choice.column.groups)):
            switches[sku][problem.stands(choice)] = None
    for option in problem.plant:
        switches[option.name][problem.chosen(option)] = None
    # Of the columns that hold a SKU no more are used than there may be kinds, so that one short row does.
    most = problem.block_kinds + len(problem.plant)
    uses = {sku: f"uses_sku:{sku}" for sku in sorted(switches)}
    known = set(model.names)
    for sku, name in uses.items():
        if name not in known:
            model.boolean(name)
            terms = [(1, switch) for switch in switches[sku]]
            model.add_row([*terms, (-1, name)], low=0)
            model.add_row([*terms, (-most, name)], high=0)
    return uses
