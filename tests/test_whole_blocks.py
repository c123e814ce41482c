"""Whole blocks of three IT demands and more on small intakes: cuts that hold, few turns, one effort for all of them."""

import itertools
import random
from dataclasses import replace

import pytest
from brute import Brute
from proved import sized_usd
from test_candidates import a_problem, cheapest

from prefab import proving
from prefab.candidates import candidates_of
from prefab.intakes import fewest_of
from prefab.proving import make_model, site_terms, solve_packed
from prefab.solver import QUICK, StopFlag, solve

BINDING = [(0, 4, 1), (8, 3, 1), (9, 4, 1), (18, 4, 1), (9, 4, 2), (12, 3, 2), (12, 4, 2)]
"""Sites (seed, demands, times the load) whose cheapest blocks by totals do not fit whole."""

OTHERS = [(2, 4, 1), (18, 3, 1), (18, 4, 2), (0, 3, 1)]
"""Where totals tell, and where there is no site."""


def a_site(seed, demands, times):
    """With intakes for one or two of the middling blocks and a half."""
    pick = random.Random(f"small intakes {seed}")
    problem = a_problem(seed, demands, demands + 2, demands + 4)
    draws = sorted(c.normal.switchgear_w for c in problem.columns)

    def small(option):
        capacity_w = int(pick.uniform(1.2, 2.9) * draws[len(draws) // 2]) + problem.stores.switchgear_w
        return replace(option, capacity_w=capacity_w, feeders=8, most=12)

    return replace(
        problem,
        plant=tuple(small(o) if o.carrier == "mv_ac" else o for o in problem.plant),
        it_kw=tuple(tuple(times * kw for kw in asked) for asked in problem.it_kw),
        grid_w=times * problem.grid_w,
    )


class BruteMost(Brute):
    """With as many intakes as their options say, not their makers."""

    def _intakes(self, kinds, bought, below):
        named = tuple((c.name, m, c.normal[0], c.extra[0]) for c, m in kinds)
        load = sum(m * o.standing[0] for o, m in bought) + sum(m * c.normal[0] for c, m in kinds)
        worst = load + max(c.extra[0] for c, _ in kinds)
        for option in self.of["mv_ac"]:
            for n in range(1, option.most + 1):
                if n * option.cost_usd < below and worst <= n * option.capacity_w and self.packs(option, n, named):
                    yield option, n


@pytest.mark.parametrize("case", BINDING + OTHERS)
def test_same_cost_as_brute_force_in_few_turns(case, monkeypatch):
    turns = []

    def counted(*args):
        turns.append(1)
        return solve(*args)

    monkeypatch.setattr(proving, "solve", counted)
    problem = a_site(*case)
    assert sized_usd(problem) == BruteMost(problem).least_usd()
    # Without cuts that say something of heavier blocks there are dozens, for a single one of these sites.
    assert 0 < len(turns) <= 8


def combinations(problem):
    return itertools.product(*([c for c in problem.columns if c.column.demand == d] for d in range(len(problem.it_kw))))


@pytest.mark.parametrize("case", BINDING)
def test_no_heavier_combination_takes_fewer_intakes_than_a_cut_says(case):
    problem, heavier = a_site(*case), 0
    brute, options = Brute(problem), {o.name: o for o in problem.options("mv_ac")}
    for kinds, phase in itertools.product(combinations(problem), problem.phases):
        for fewest in fewest_of(problem, kinds, phase):
            option = options[fewest.option]
            too_few = option.most if fewest.least is None else fewest.least - 1
            for others in combinations(problem):
                loads = [problem.load(c, phase) for c in others]
                if all(mine >= least for one in fewest.loads for mine, least in zip(loads[one[0]], one, strict=True)):
                    named = [(c.name, n.blocks, n[2], n[3]) for c, n in zip(others, loads, strict=True) if n.blocks]
                    assert not (too_few and brute.packs(option, too_few, tuple(named)))
                    heavier += others != kinds
    assert heavier >= 10


@pytest.mark.parametrize("case", BINDING + OTHERS)
def test_bounds_by_whole_blocks_are_never_above_the_cheapest_site(case):
    problem = a_site(*case)
    least, found = BruteMost(problem).least_usd(), candidates_of(problem)
    if least is None:
        assert found.refuses()
        assert found.surer() is None
        return
    left = found.within(least)
    assert left.least_usd <= least == cheapest(left.problem).objective
    assert not found.refuses()
    assert cheapest(found.surer()).objective >= least


def by_totals_usd(problem):
    model = make_model(problem)
    model.minimize(site_terms(problem))
    return solve(model, QUICK).objective


def ended(monkeypatch, answer_of):
    """Solves whose answers are changed so, with the effort that each of them had."""
    efforts = []

    def solved(model, effort, *rest):
        efforts.append(effort.deterministic_time)
        return answer_of(solve(model, effort, *rest), effort)

    monkeypatch.setattr(proving, "solve", solved)
    return efforts


@pytest.mark.parametrize("case", BINDING)
def test_when_the_effort_ends_the_best_site_that_fits_is_given_with_an_honest_bound(case, monkeypatch):
    problem = a_site(*case)
    least = BruteMost(problem).least_usd()
    assert by_totals_usd(problem) < least
    efforts = ended(monkeypatch, lambda answer, effort: replace(answer, spent=effort.deterministic_time))
    answer = solve_packed(problem, QUICK, None, None, None)
    assert efforts[0] == answer.spent - sum(efforts[1:]) == QUICK.deterministic_time
    assert len(efforts) <= 3, "one turn, and moments for the same kinds of block"
    assert answer.bound <= least
    assert (answer.status, answer.stopped) in (("feasible", "budget"), ("unknown", "budget"))
    assert ("whole blocks" in answer.note) == (not answer.values) == (answer.status == "unknown")
    assert answer.objective is None or least <= answer.objective


def test_what_one_turn_takes_of_the_effort_the_next_one_has_no_more(monkeypatch):
    efforts = ended(monkeypatch, lambda answer, _: replace(answer, spent=0.4))
    monkeypatch.setattr(proving, "packs", lambda *_: False)
    monkeypatch.setattr(proving, "_cut", lambda problem, _: problem)
    answer = solve_packed(a_site(9, 4, 1), QUICK, None, None, None)
    turns = [e for e in efforts if e != proving._MOMENT]
    assert turns == pytest.approx([QUICK.deterministic_time - 0.8 * n for n in range(len(turns))])
    assert len(turns) == 3
    assert answer.status == "unknown"


@pytest.mark.parametrize("demands", [1, 3])
def test_who_stops_the_first_turn_waits_for_no_other(demands, monkeypatch):
    problem, stop = a_site(8, demands, 1), StopFlag()
    least = solve_packed(problem, QUICK, None, None, None).objective

    def stopped(answer, _):
        stop.request()
        return answer

    efforts = ended(monkeypatch, stopped)
    answer = solve_packed(problem, QUICK, None, None, stop)
    assert [e for e in efforts if e != proving._MOMENT] == [QUICK.deterministic_time]
    assert answer.bound <= least
    if answer.status != "optimal":
        assert answer.stopped == "user"
        assert answer.objective is None or answer.objective >= least
