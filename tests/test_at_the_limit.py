"""A grid of exactly what the sizing says that a site may draw: the check, which knows no sizing, still keeps it."""

from pathlib import Path

import pytest

from prefab.brief import read_brief
from prefab.catalog import load_catalog
from prefab.connecting import make_connected
from prefab.design import make_plan
from prefab.problem import make_problem
from prefab.rules import HOOKS, SUPPLY, grid_limit
from prefab.sizing import make_sized
from prefab.solver import QUICK
from prefab.units import WATTS

EXAMPLE = Path(__file__).parents[1] / "examples" / "training-20mw.toml"
ORDINARY = {("2N", "N+1"), ("3N/2", "2N")}
POWER = ("N", "N+1", "N+2", "2N", "2(N+1)", "3N/2", "4N/3", "catcher")
CASES = [
    pytest.param(power, cooling, marks=() if (power, cooling) in ORDINARY else pytest.mark.slow)
    for power in POWER
    for cooling in ("N", "N+1", "2N")
]


@pytest.fixture(scope="module")
def catalog():
    return load_catalog()


def drawn_w(problem, sized):
    """At full build, with the block that draws most more after a loss."""
    counts = {(k.pod, k.pods, k.groups): n[-1] for k, n in zip(sized.kinds, sized.blocks, strict=True)}
    plant = {(p.carrier, p.sku): p.per_side[-1] for p in sized.plant}
    asked = [(c, counts.get((c.column.pod, c.column.pods, c.column.groups), 0)) for c in problem.columns]
    standing = sum(o.standing.grid_w * plant.get((o.carrier, o.name), 0) for o in problem.plant)
    return standing + sum(c.normal.grid_w * n for c, n in asked) + max(c.extra.grid_w for c, n in asked if n)


@pytest.mark.parametrize(("power", "cooling"), CASES)
def test_at_the_very_limit_of_the_grid(power, cooling, catalog):
    brief = read_brief(EXAMPLE)
    asked = brief.redundancy.model_copy(update={"power": power, "cooling": cooling})
    brief = brief.model_copy(update={"redundancy": asked})
    free = make_sized(brief, catalog, QUICK)
    most_kw = drawn_w(make_problem(brief, catalog, HOOKS), free) / WATTS
    brief = brief.model_copy(update={"grid": brief.grid.model_copy(update={"capacity_mw": most_kw / 1000})})
    sized = make_sized(brief, catalog, QUICK)
    assert sized.objective_usd == free.objective_usd
    plan = make_plan(brief, catalog, sized, make_connected(brief, catalog, sized))
    (found,) = grid_limit.check(plan)
    # Between the two lie chords of loss curves, and with shared reserve that consumers are taken at their rating.
    assert 0.97 * most_kw < found.actual <= most_kw
    assert {f.rule for rule in SUPPLY for f in rule.check(plan) if not f.kept} == set()
