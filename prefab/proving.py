"""The proof: lower bounds on whole sites, and a master over what the bounds leave.

Bound: every two columns (of more than two IT demands: one column of each) get a lower bound on the whole site, whole
blocks and whole plant modules counted. Prove: a master over the few with the least bounds gives an incumbent; columns
whose every bound exceeds it cannot be part of a cheaper site and are dropped; the master over the rest is solved to
proof with the incumbent as hint.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from prefab import objective
from prefab.candidates import candidates_of
from prefab.errors import AuditError, Impossible, Interrupted, OutOfBudget
from prefab.intakes import fewest_of, kinds_of, packs
from prefab.problem import Problem
from prefab.results import Progress
from prefab.rules import APPLIED, SUMMED, spares
from prefab.solver import Answer, Effort, Model, StopFlag, solve
from prefab.units import need

_NOTHING = (
    "sizing: no combination of blocks and plant keeps every rule ({}); `prefab explain` names the wishes that clash"
)


def prove(
    problem: Problem,
    effort: Effort,
    on_progress: Callable[[Progress], None] | None,
    stop: StopFlag | None,
) -> Answer:
    candidates = candidates_of(problem)
    few = candidates.promising()
    first = solve_packed(few, effort, None, on_progress, stop)
    if first.status == "infeasible":
        if candidates.refuses():
            proof = "proved by counting, and by the solver for the most promising blocks"
            raise Impossible("\n".join([_NOTHING.format(proof), *candidates.bounding.reasons()]))
        if (surer := candidates.surer()) is not None:
            few, first = surer, solve_packed(surer, effort, None, on_progress, stop)
    least = candidates.least_usd
    if first.objective is not None:
        left = candidates.within(first.objective)
        least = min(left.least_usd, first.objective)
        problem = left.problem
        if first.status == "optimal" and {c.name for c in problem.columns} <= {c.name for c in few.columns}:
            return first
    stopped = stop is not None and stop.requested
    if stopped and first.objective is None:
        raise Interrupted("sizing: stopped before a site was found; nothing was written")
    answer = first if stopped else solve_packed(problem, effort, first, on_progress, stop)
    if answer.status == "infeasible":
        if first.objective is not None:
            raise AuditError("sizing: the solver calls impossible what it found before; this is a bug of prefab")
        raise Impossible("\n".join([_NOTHING.format("proved twice"), *candidates.bounding.reasons()]))
    if answer is not first and answer.objective is not None and answer.bound is not None:
        bound = need(min(max(answer.bound, least), answer.objective))
        return replace(answer, bound=bound, status="optimal" if bound == answer.objective else answer.status)
    if first.objective is None:
        raise OutOfBudget(
            f"sizing: no site found within the budget; --effort full searches longer {answer.note}".strip()
        )
    # Of the whole question the candidates' and the second master's bounds are known; the first one's is of few columns.
    known = need(least) if answer is first or answer.bound is None else max(need(least), answer.bound)
    ended: Literal["user", "budget"] = "user" if stop is not None and stop.requested else "budget"
    return replace(first, status="feasible", bound=min(known, first.objective), stopped=ended)


def least_usd(problem: Problem, known: Answer, effort: Effort, stop: StopFlag | None) -> int:
    """Dollars below which no site of a problem is, or the cost of a known site if all others cost more."""
    assert known.objective is not None
    left = candidates_of(problem).within(known.objective)
    if not left.problem.columns:
        return known.objective
    least = need(min(left.least_usd, known.objective))
    if stop is not None and stop.requested:
        return least
    answer = solve_packed(left.problem, effort, known, None, stop)
    if answer.status == "infeasible":
        return known.objective
    return least if answer.bound is None else max(least, answer.bound)


def solve_packed(
    problem: Problem,
    effort: Effort,
    hint: Answer | None,
    on_progress: Callable[[Progress], None] | None,
    stop: StopFlag | None,
    *,
    any_site: bool = False,
) -> Answer:
    """Solved with totals for the intakes first, and with what one intake carries of the kinds for which they fail.

    The cheapest site, or the first one that is found.
    """
    while True:
        answer = _solve(problem, effort, hint, on_progress, stop, any_site)
        if not answer.values or packs(problem, answer.values):
            return answer
        kinds = kinds_of(problem, answer.values)
        names = tuple(sorted(c.name for c in kinds))
        if len(problem.it_kw) > 2:
            assert all(names != f.names for f in problem.fewest)
            problem = replace(problem, fewest=(*problem.fewest, fewest_of(problem, kinds)))
        elif names in problem.packed:
            # Whole numbers may lie within all edges and yet be no sum of patterns.
            assert names not in problem.patterned
            problem = replace(problem, patterned=(*problem.patterned, names))
        else:
            problem = replace(problem, packed=(*problem.packed, names))


def _solve(
    problem: Problem,
    effort: Effort,
    hint: Answer | None,
    on_progress: Callable[[Progress], None] | None,
    stop: StopFlag | None,
    any_site: bool,
) -> Answer:
    model = make_model(problem)
    capital = site_terms(problem)
    if hint is not None and hint.objective is not None:
        model.add_row(capital, high=hint.objective)
        for name in model.names:
            model.hint(name, hint.values.get(name, 0))
    if not any_site:
        model.minimize(capital)
    return solve(model, effort, on_progress, stop, "sizing")


def site_terms(problem: Problem) -> list[objective.Term]:
    """What the site costs at full build, its spares included."""
    return objective.capital_terms(problem, problem.phases[-1]) + spares.capital_terms(problem)


def make_model(problem: Problem) -> Model:
    """The master: cumulative counts, none before it can be there, one plant type per carrier, every rule."""
    model = Model()
    for choice in problem.columns:
        most = problem.most_blocks(choice, problem.phases[-1])
        used = model.boolean(problem.stands(choice))
        for phase in problem.phases:
            most_here = problem.most_blocks(choice, phase) if phase >= choice.column.ready else 0
            here = model.integer(problem.count(choice, phase), 0, most_here)
            if phase:
                model.add_row([(1, here), (-1, problem.count(choice, phase - 1))], low=0)
        model.add_row([(1, problem.count(choice, problem.phases[-1])), (-most, used)], high=0)
        model.add_row([(1, problem.count(choice, problem.phases[-1])), (-1, used)], low=0)
    model.add_row([(1, problem.stands(c)) for c in problem.columns], high=problem.block_kinds)
    for carrier in problem.plant_carriers:
        options = problem.options(carrier)
        for option in options:
            chosen = model.boolean(problem.chosen(option))
            for phase in problem.phases:
                most = option.most if phase >= option.ready else 0
                here = model.integer(problem.plant_count(option, phase), 0, most)
                if phase:
                    model.add_row([(1, here), (-1, problem.plant_count(option, phase - 1))], low=0)
                model.add_row([(1, here), (-option.most, chosen)], high=0)
                if carrier not in ("mv_storage", *problem.attached, *problem.optional) or phase == problem.phases[-1]:
                    model.add_row([(1, here), (-1, chosen)], low=0)
        if carrier in problem.attached or carrier in problem.optional:
            model.add_row([(1, problem.chosen(o)) for o in options], high=1)
        else:
            model.exactly_one(problem.chosen(o) for o in options)
    for rule in (*APPLIED, *(r for r in SUMMED if r.RULE in problem.summed)):
        rule.apply(model, problem)
    return model
