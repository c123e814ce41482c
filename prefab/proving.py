"""The proof: a lower bound for every two kinds of block, and a master over what the bounds leave.

Bound: every two columns get a lower bound on the whole site, whole blocks and whole plant modules counted. Prove: a
master over the few pairs with the least bounds gives an incumbent; columns whose every bound exceeds it cannot be part
of a cheaper site and are dropped; the master over the rest is solved to proof with the incumbent as hint.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import numpy as np

from prefab import objective
from prefab.bounding import Bounding, Bounds, Columns
from prefab.errors import AuditError, Impossible, Interrupted, OutOfBudget
from prefab.intakes import kinds_of, packs
from prefab.problem import Problem
from prefab.results import Progress
from prefab.rules import APPLIED, SUMMED, spares
from prefab.solver import Answer, Effort, Model, StopFlag, solve
from prefab.units import need

_NEAR = 400
"""Pairs of columns, by their straight lines, of which all numbers of blocks are looked at first."""

_NOTHING = (
    "sizing: no combination of blocks and plant keeps every rule ({}); `prefab explain` names the wishes that clash"
)

_PROMISING = 20
"""Pairs of columns that the first master has."""

Kinds = tuple[tuple[str, ...], ...]
"""Kinds of block by name, one or two together."""


def prove(
    problem: Problem,
    effort: Effort,
    on_progress: Callable[[Progress], None] | None,
    stop: StopFlag | None,
) -> Answer:
    bounding = Bounding(problem)
    lines = bounding.by_lines()
    near = best_pairs(lines, _NEAR)
    few, packed = _promising(bounding, near)
    first = solve_packed(of_columns(problem, few, packed), effort, None, on_progress, stop)
    if first.status == "infeasible" and bounding.refuses():
        raise Impossible(_NOTHING.format("proved by counting, and by the solver for the most promising blocks"))
    least = float(lines.min())
    if first.objective is not None:
        surviving, tempting, least = _up_to(bounding, lines, first.objective)
        if first.status == "optimal" and set(surviving) <= set(few):
            return first
        problem = of_columns(problem, surviving, tempting)
    stopped = stop is not None and stop.requested
    if stopped and first.objective is None:
        raise Interrupted("sizing: stopped before a site was found; nothing was written")
    answer = first if stopped else solve_packed(problem, effort, first, on_progress, stop)
    if answer.status == "infeasible":
        if first.objective is not None:
            raise AuditError("sizing: the solver calls impossible what it found before; this is a bug of prefab")
        raise Impossible(_NOTHING.format("proved twice"))
    if answer is not first and answer.objective is not None and answer.bound is not None:
        return answer
    if first.objective is None:
        raise OutOfBudget(
            f"sizing: no site found within the budget; --effort full searches longer {answer.note}".strip()
        )
    # Of the whole question the pairs' least bound and the second master's are known; the first one's is of few columns.
    known = need(least) if answer is first or answer.bound is None else max(need(least), answer.bound)
    ended: Literal["user", "budget"] = "user" if stop is not None and stop.requested else "budget"
    return replace(first, status="feasible", bound=min(known, first.objective), stopped=ended)


def least_usd(problem: Problem, known: Answer, effort: Effort, stop: StopFlag | None) -> int:
    """Dollars below which no site of a problem is, or the cost of a known site if all others cost more."""
    assert known.objective is not None
    bounding = Bounding(problem)
    surviving, tempting, least = _up_to(bounding, bounding.by_lines(), known.objective)
    if not len(surviving):
        return known.objective
    if stop is not None and stop.requested:
        return need(least)
    answer = solve_packed(of_columns(problem, surviving, tempting), effort, known, None, stop)
    if answer.status == "infeasible":
        return known.objective
    return need(least) if answer.bound is None else max(need(least), answer.bound)


def _up_to(bounding: Bounding, lines: Bounds, limit_usd: int) -> tuple[Columns, Kinds, float]:
    """The columns that a site up to a limit may be of, the pairs whose totals promise one, and a bound on all sites."""
    left = np.flatnonzero(lines.min(axis=1) <= limit_usd)
    totals = bounding.by_counts(left)
    bounds = bounding.by_packing(left, totals, np.argwhere(np.triu(totals <= limit_usd)))
    surviving = left[bounds.min(axis=1, initial=np.inf) <= limit_usd]
    least = min(float(bounds.min(initial=np.inf)), limit_usd)
    return surviving, _tempting(bounding.problem, left, totals, limit_usd), least


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
        names = tuple(sorted(c.name for c in kinds_of(problem, answer.values)))
        if names in problem.packed:
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
        most = need(problem.asked_kw(choice, problem.phases[-1]) / choice.it_kw)
        used = model.boolean(problem.stands(choice))
        for phase in problem.phases:
            most_here = need(problem.asked_kw(choice, phase) / choice.it_kw) if phase >= choice.column.ready else 0
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


def best_pairs(bounds: Bounds, pairs: int) -> Columns:
    """The numbers of the columns of the pairs with the least bounds; any few where nothing carries a pair."""
    order = np.argsort(bounds, axis=None, kind="stable")[: 2 * pairs]
    best = [divmod(int(i), len(bounds)) for i in order if np.isfinite(bounds.flat[i])]
    return np.array(sorted({n for pair in best for n in pair}) or range(min(pairs, len(bounds))), dtype=np.intp)


def _promising(bounding: Bounding, near: Columns) -> tuple[Columns, Kinds]:
    """Of columns that look cheap by lines those of the best pairs, and the pairs that look cheaper than they pack."""
    totals = bounding.by_counts(near)
    pairs = np.argwhere(np.triu(np.isfinite(totals)))
    pairs = pairs[np.argsort(totals[tuple(pairs.T)], kind="stable")][: 2 * _PROMISING]
    bounds = bounding.by_packing(near, totals, pairs)
    few = best_pairs(bounds, _PROMISING)
    dearest = float(bounds[tuple(pairs.T)].max(initial=0.0))
    return near[few], _tempting(bounding.problem, near[few], totals[np.ix_(few, few)], dearest)


def _tempting(problem: Problem, numbers: Columns, totals: Bounds, limit_usd: float) -> Kinds:
    """The pairs of columns whose totals promise a site up to a limit."""
    pairs = np.argwhere(np.triu(totals <= limit_usd)).tolist()
    return tuple(tuple(sorted({problem.columns[numbers[n]].name for n in pair})) for pair in pairs)


def of_columns(problem: Problem, numbers: Columns, packed: Kinds) -> Problem:
    return replace(problem, columns=tuple(problem.columns[n] for n in numbers), packed=packed)
