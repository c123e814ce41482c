"""The proof: lower bounds on whole sites, and a master over what the bounds leave.

Bound: every two columns (of more than two IT demands: one column of each) get a lower bound on the whole site, whole
blocks and whole plant modules counted. Prove: a master over the few with the least bounds gives an incumbent; columns
whose every bound exceeds it cannot be part of a cheaper site and are dropped; the master over the rest is solved to
proof with the incumbent as hint.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import inf
from typing import Literal

from prefab import objective
from prefab.candidates import candidates_of
from prefab.errors import AuditError, Impossible, Interrupted, OutOfBudget
from prefab.intakes import fewest_of, kinds_of, packs, packs_in
from prefab.problem import Problem
from prefab.results import Progress
from prefab.rules import APPLIED, SUMMED, spares
from prefab.solver import Answer, Effort, Model, StopFlag, solve
from prefab.units import need

_NOTHING = (
    "sizing: no combination of blocks and plant keeps every rule ({}); `prefab explain` names the wishes that clash"
)
_UNPACKED = "(totals fit on the intakes, whole blocks were not seen to)"

_MOMENT = 0.25
"""Effort for a site of given kinds of block."""


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
    if answer is not first and answer.objective is not None:
        bound = need(min(max(answer.bound or 0, least), answer.objective))
        return replace(answer, bound=bound) if bound < answer.objective else _proved(answer)
    if first.objective is None:
        raise OutOfBudget(
            f"sizing: no site found within the budget; --effort full searches longer {answer.note}".strip()
        )
    # Of the whole question the candidates' and the second master's bounds are known; the first one's is of few columns.
    known = need(least) if answer is first or answer.bound is None else max(need(least), answer.bound)
    if known >= first.objective:
        return _proved(first)
    ended: Literal["user", "budget"] = "user" if stop is not None and stop.requested else "budget"
    return replace(first, status="feasible", bound=known, stopped=ended)


def _proved(site: Answer) -> Answer:
    """A site that no other is cheaper than, whatever ended the search for one."""
    return replace(site, status="optimal", bound=site.objective, stopped="")


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


def floor_usd(problem: Problem, known_usd: int) -> int:
    """The same by the bounds of the candidates alone, without a solver."""
    return need(min(candidates_of(problem).within(known_usd).least_usd, known_usd))


def solve_packed(
    problem: Problem,
    effort: Effort,
    hint: Answer | None,
    on_progress: Callable[[Progress], None] | None,
    stop: StopFlag | None,
    *,
    any_site: bool = False,
) -> Answer:
    """Solved with totals for the intakes first, and with what whole blocks take of them where that fails, within one
    effort for all turns.

    The cheapest site, or the first one that is found; where the effort ends before that, the best one seen to fit.
    """
    best, same, bound, spent = hint, None, None, 0.0
    while True:
        answer = _solve(problem, effort.less(spent), best, on_progress, stop, any_site)
        spent += answer.spent
        bound = max((b for b in (bound, answer.bound) if b is not None), default=None)
        if not answer.values:
            break
        if packs(problem, answer.values):
            return replace(answer, bound=bound, spent=spent)
        problem = _cut(problem, answer.values)
        # The same kinds of block on more intakes, or on others, seldom cost much more.
        same = _of_same_kinds(problem, answer.values)
        if len(problem.it_kw) > 2:
            best, spent = _fitted(same, effort, best, spent, any_site)
        if bound is not None and bound >= _usd(best):
            assert best is not None
            return replace(best, status="optimal", bound=best.objective, stopped="", spent=spent)
        if spent >= effort.deterministic_time or (stop is not None and stop.requested):
            break
    if answer.status == "infeasible":
        if best is not hint:
            raise AuditError("sizing: the solver calls impossible what it found before; this is a bug of prefab")
        return replace(answer, spent=spent)
    if best is hint and same is not None:
        best, spent = _fitted(same, effort, best, spent, any_site)
    ended: Literal["user", "budget"] = "user" if stop is not None and stop.requested else "budget"
    if best is None or best.objective is None:
        return Answer("unknown", None, bound, {}, ended, answer.note or (_UNPACKED if same else ""), spent)
    least = None if bound is None else min(bound, best.objective)
    return replace(best, status="feasible", bound=least, stopped=ended, spent=spent)


def _fitted(
    same: Problem, effort: Effort, best: Answer | None, spent: float, any_site: bool
) -> tuple[Answer | None, float]:
    """A site of given kinds of block that fit on its intakes, if it is better; and the effort spent by then."""
    found = _solve(same, Effort(_MOMENT, effort.seed), None, None, None, any_site)
    fits = bool(found.values) and packs(same, found.values)
    return found if fits and _usd(found) < _usd(best) else best, spent + found.spent


def _usd(site: Answer | None) -> float:
    return inf if site is None or site.objective is None else site.objective


def _cut(problem: Problem, values: Mapping[str, int]) -> Problem:
    """With rows that refuse what does not fit on its intakes whole, and much like it."""
    kinds = kinds_of(problem, values)
    names = tuple(sorted(c.name for c in kinds))
    if len(problem.it_kw) > 2:
        failing = [p for p in problem.whole_phases if not packs_in(problem, values, p)]
        cuts = [cut for phase in failing for cut in fewest_of(problem, kinds, phase)]
        # Blocks alone may fit, and strings of batteries beside them not.
        if cuts := [cut for cut in cuts if cut not in problem.fewest]:
            return replace(problem, fewest=(*problem.fewest, *cuts))
    elif names not in problem.packed:
        return replace(problem, packed=(*problem.packed, names))
    # Whole numbers may lie within all edges and yet be no sum of patterns, and what fits in every phase by itself may
    # not fit from one phase to the next.
    assert names not in problem.patterned
    return replace(problem, patterned=(*problem.patterned, names))


def _of_same_kinds(problem: Problem, values: Mapping[str, int]) -> Problem:
    """With no other kinds of block than those of an answer; of few, every way to fill an intake is at hand."""
    kinds = kinds_of(problem, values)
    names = tuple(sorted(c.name for c in kinds))
    patterned = problem.patterned if len(kinds) > 2 else (names,)
    return replace(problem, columns=tuple(kinds), patterned=patterned)


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
    for phase in problem.phases:
        for watts, most_w in problem.storage_watts(phase):
            model.integer(watts, 0, most_w)
    for rule in (*APPLIED, *(r for r in SUMMED if r.RULE in problem.summed)):
        rule.apply(model, problem)
    return model
