"""The sizing's answer to a small problem, proved."""

from prefab.errors import Impossible
from prefab.sizing import solve_problem
from prefab.solver import QUICK


def sized_of(problem):
    """The cheapest site; None where it is proved that there is none."""
    try:
        sized = solve_problem(problem, QUICK)
    except Impossible:
        return None
    assert sized.status == "optimal"
    assert sized.objective_usd == sized.bound_usd
    return sized


def sized_usd(problem):
    """Its cost, likewise."""
    sized = sized_of(problem)
    return sized.objective_usd if sized else None
