"""Sites of three IT demands and more: bounds never above the cheapest site, none lost where there are too many."""

from dataclasses import replace

import numpy as np
import pytest
from brute import Brute
from proved import sized_usd
from test_brute_force import a_site, with_demands, with_other_blocks

from prefab import candidates
from prefab.candidates import Pairs, Several, candidates_of
from prefab.errors import Impossible
from prefab.intakes import kinds_of, least_intakes, packs
from prefab.proving import prove, solve_packed
from prefab.solver import QUICK

NAMES = ("one", "other", "third", "fourth")
POSSIBLE = (0, 2, 8, 9, 12, 18)


def a_problem(seed, demands=3, least=6, most=8):
    """With plenty of grid."""
    problem = with_demands(with_other_blocks(a_site(seed), seed, least, most), seed, NAMES[:demands])
    return replace(problem, grid_w=2 * problem.grid_w)


def cheapest(problem):
    """By the master over all columns, which no bound narrows."""
    answer = solve_packed(problem, QUICK, None, None, None)
    assert answer.status == "optimal"
    return answer


def test_one_and_two_demands_go_by_pairs():
    assert [type(candidates_of(a_problem(0, n))) for n in (1, 2, 3, 4)] == [Pairs, Pairs, Several, Several]


@pytest.mark.parametrize("seed", POSSIBLE)
def test_bounds_are_never_above_the_cheapest_site(seed):
    problem = a_problem(seed)
    least = cheapest(problem)
    found = candidates_of(problem)
    used = {c.name for c in kinds_of(problem, least.values)}
    assert found.least_usd <= least.objective
    left = found.within(least.objective)
    assert left.least_usd <= least.objective
    assert used <= {c.name for c in left.problem.columns}
    assert not found.refuses()


@pytest.mark.parametrize("seed", POSSIBLE)
def test_what_exceeds_the_limit_is_left_out(seed):
    """A dollar below the bound nothing is left, and below the cheapest site only what whole blocks do not tell."""
    found = candidates_of(a_problem(seed))
    left = found.within(cheapest(found.bounding.problem).objective)
    assert found.within(left.least_usd - 1).problem.columns == ()
    assert len(left.problem.columns) <= len(found.bounding.problem.columns)


@pytest.mark.parametrize("seed", POSSIBLE)
def test_too_many_sites_leave_the_lines_as_bound(seed, monkeypatch):
    problem = a_problem(seed)
    least = cheapest(problem).objective
    monkeypatch.setattr(candidates, "_SITES", 1)
    left = candidates_of(problem).within(10 * least)
    assert len(left.problem.columns) == len(problem.columns)
    assert left.least_usd == candidates_of(problem).least_usd <= least
    assert prove(problem, QUICK, None, None).objective == least


@pytest.mark.parametrize("seed", [0, 12])
def test_same_cost_as_brute_force_with_four_demands(seed):
    problem = a_problem(seed, 4, 5, 6)
    assert sized_usd(problem) == Brute(problem).least_usd() is not None


def test_the_sites_with_the_least_sums_come_first():
    found = candidates_of(a_problem(0))
    every, whole = found._least(found.lines, np.inf, 1000)
    assert whole
    assert len(every) == np.prod([len(own) for own in found.of_demand])
    sums = found.lines[every].sum(axis=1)
    assert (np.diff(sums) >= 0).all()
    few, whole = found._least(found.lines, np.inf, 3)
    assert not whole
    assert found.lines[few].sum(axis=1).tolist() == sums[:3].tolist()
    assert len(found._least(found.lines, sums[4], 1000)[0]) >= 5


def with_late(problem, demand):
    """With every block of one demand there only after its first phase."""
    columns = (
        c if c.column.demand != demand else replace(c, column=replace(c.column, ready=1)) for c in problem.columns
    )
    return replace(problem, columns=tuple(columns))


def test_blocks_that_come_late_serve_no_demand_of_the_first_phase():
    seed = next(s for s in range(60) if len(a_site(s).phases) > 1 and a_site(s).columns)
    problem = a_problem(seed)
    found = candidates_of(with_late(problem, 1))
    assert found.refuses()
    with pytest.raises(Impossible):
        prove(found.bounding.problem, QUICK, None, None)


def test_no_more_of_the_grid_than_there_is_refuses():
    problem = a_problem(2)
    found = candidates_of(problem)
    drawn, _ = found.sums[0]
    least_w = sum(int(drawn[own].min()) for own in found.of_demand)
    few = replace(problem, grid_w=least_w - 1)
    assert candidates_of(few).refuses()
    assert sized_usd(few) is None


@pytest.mark.parametrize("seed", range(0, 60, 4))
def test_fewest_intakes_of_three_kinds(seed):
    """By tables and by every way to hang whole blocks on single intakes."""
    problem = a_problem(seed)
    kinds = [next(c for c in problem.columns if c.column.demand == d) for d in range(3)]
    brute = Brute(problem)
    named = [(c.name, n, c.normal[0], c.extra[0]) for c, n in zip(kinds, (3, 2, 2), strict=True)]
    for option in problem.options("mv_ac"):
        found = least_intakes(problem, option, kinds, (3, 2, 2), 5)
        expected = next((n for n in range(1, 6) if brute.packs(option, n, tuple(named))), None)
        assert found == expected


def test_an_answer_that_packs_is_left_as_it_is():
    problem = a_problem(2)
    assert packs(problem, cheapest(problem).values)


@pytest.mark.parametrize("seed", [0, 8, 12, 18])
def test_near_the_grid_s_limit_the_cheapest_site_is_still_proved(seed):
    """Where the cheapest columns draw too much; the price of the grid then raises the bound, never too far."""
    problem = a_problem(seed)
    drawn, _ = candidates_of(problem).sums[0]
    free = cheapest(problem)
    counts = {c.name: free.values[problem.count(c, problem.phases[-1])] for c in problem.columns}
    taken = sum(counts[c.name] * c.normal.grid_w for c in problem.columns)
    least_w = sum(int(drawn[own].min()) for own in candidates_of(problem).of_demand)
    for grid_w in (taken - 1, (taken + least_w) // 2, least_w + 50_000):
        tight = replace(problem, grid_w=grid_w)
        answer = solve_packed(tight, QUICK, None, None, None)
        assert answer.status in ("optimal", "infeasible")
        assert sized_usd(tight) == answer.objective
        assert candidates_of(tight).least_usd <= (answer.objective or np.inf)
