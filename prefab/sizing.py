"""What to buy: the cheapest counts of block kinds and site plant, proved (columns, master, bound and prove).

Bound: every two columns get a lower bound on the whole site, whole blocks and whole plant modules counted. Prove: a
master over the few pairs with the least bounds gives an incumbent; columns whose every bound exceeds it cannot be part
of a cheaper site and are dropped; the master over the rest is solved to proof with the incumbent as hint. Ties: buy
late, then few modules.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import numpy as np

from prefab import objective
from prefab.bounding import Bounds, make_bounds
from prefab.brief import SiteBrief
from prefab.catalog import Catalog
from prefab.errors import Impossible, Interrupted, OutOfBudget
from prefab.intakes import assign_intakes, kinds_of
from prefab.plan import BlockKind, Plant, Sized
from prefab.plant import PlantOption
from prefab.problem import BlockChoice, Problem, make_problem
from prefab.results import Progress
from prefab.rules import APPLIED, HOOKS
from prefab.solver import Answer, Effort, Model, StopFlag, solve
from prefab.units import need

_PROMISING = 20
"""Pairs of columns that the first master has."""


def make_sized(
    brief: SiteBrief,
    catalog: Catalog,
    effort: Effort,
    on_progress: Callable[[Progress], None] | None = None,
    stop: StopFlag | None = None,
) -> Sized:
    """The cheapest site for a brief.

    Raises:
        InputError: the brief names something the catalog does not have.
        Impossible: proved that no site keeps every wish.
        OutOfBudget: neither a site nor a proof within the effort.
        Interrupted: stopped by the user before there was a site.
    """
    problem = make_problem(brief, catalog, HOOKS)
    return solve_problem(problem, effort, on_progress, stop)


def solve_problem(
    problem: Problem,
    effort: Effort,
    on_progress: Callable[[Progress], None] | None = None,
    stop: StopFlag | None = None,
) -> Sized:
    """Price and prove; see the file's head."""
    if problem.stranded:
        raise Impossible("\n".join(problem.stranded))
    if not problem.columns:
        what = "none fits its buses, has room inside its pods and houses and reaches its supply temperatures"
        raise Impossible(f"sizing: no block can be built: {what}")
    found = _proved(problem, effort, on_progress, stop)
    tidy = _tidied(problem, found, effort, stop)
    for answer in (tidy, found):
        if (intakes := assign_intakes(problem, answer.values)) is not None:
            return _sized(problem, answer, found, intakes, effort)
    # The counts are right in total and yet no intake can be given whole blocks only: ask for that, keep the bound.
    apart = replace(problem, one_kind_per_intake=True)
    answer = _solve(apart, effort, None, on_progress, stop)
    intakes = assign_intakes(apart, answer.values) if answer.values else None
    if intakes is None and stop is not None and stop.requested:
        raise Interrupted("sizing: stopped before a site was found; nothing was written")
    if intakes is None:
        raise OutOfBudget("sizing: the intake switchgear cannot be shared out among whole blocks within the budget")
    return _sized(apart, answer, replace(found, stopped=answer.stopped), intakes, effort)


def _proved(
    problem: Problem,
    effort: Effort,
    on_progress: Callable[[Progress], None] | None,
    stop: StopFlag | None,
) -> Answer:
    bounds = make_bounds(problem)
    few = _promising(problem, bounds)
    first = _solve(replace(problem, columns=few), effort, None, on_progress, stop)
    if first.objective is not None:
        problem = replace(problem, columns=_surviving(problem, bounds, first.objective))
        if first.status == "optimal" and set(problem.columns) <= set(few):
            return first
    stopped = stop is not None and stop.requested
    if stopped and first.objective is None:
        raise Interrupted("sizing: stopped before a site was found; nothing was written")
    answer = first if stopped else _solve(problem, effort, first, on_progress, stop)
    if answer.status == "infeasible":
        text = "sizing: no combination of blocks and plant keeps every rule (proved twice)"
        raise Impossible(f"{text}; `prefab explain` names the wishes that clash")
    if answer is not first and answer.objective is not None and answer.bound is not None:
        return answer
    if first.objective is None:
        raise OutOfBudget(
            f"sizing: no site found within the budget; --effort full searches longer {answer.note}".strip()
        )
    # Of the whole question the pairs' least bound and the second master's are known; the first one's is of few columns.
    least = need(float(bounds.min()))
    known = least if answer is first or answer.bound is None else max(least, answer.bound)
    ended: Literal["user", "budget"] = "user" if stop is not None and stop.requested else "budget"
    return replace(first, status="feasible", bound=min(known, first.objective), stopped=ended)


def _solve(
    problem: Problem,
    effort: Effort,
    hint: Answer | None,
    on_progress: Callable[[Progress], None] | None,
    stop: StopFlag | None,
) -> Answer:
    model = make_model(problem)
    last = problem.phases[-1]
    capital = objective.capital_terms(problem, last)
    if hint is not None and hint.objective is not None:
        model.add_row(capital, high=hint.objective)
        for name in model.names:
            model.hint(name, hint.values.get(name, 0))
    model.minimize(capital)
    return solve(model, effort, on_progress, stop, "sizing")


def make_model(problem: Problem) -> Model:
    """The master: cumulative counts, at most the kinds allowed, one plant module type per carrier, and every rule."""
    model = Model()
    for choice in problem.columns:
        most = need(problem.it_kw[-1] / choice.it_kw)
        used = model.boolean(problem.stands(choice))
        for phase in problem.phases:
            here = model.integer(problem.count(choice, phase), 0, need(problem.it_kw[phase] / choice.it_kw))
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
                here = model.integer(problem.plant_count(option, phase), 0, option.most)
                if phase:
                    model.add_row([(1, here), (-1, problem.plant_count(option, phase - 1))], low=0)
                model.add_row([(1, here), (-option.most, chosen)], high=0)
                if carrier not in ("mv_storage", *problem.attached) or phase == problem.phases[-1]:
                    model.add_row([(1, here), (-1, chosen)], low=0)
        if carrier in problem.attached:
            model.add_row([(1, problem.chosen(o)) for o in options], high=1)
        else:
            model.exactly_one(problem.chosen(o) for o in options)
    for rule in APPLIED:
        rule.apply(model, problem)
    return model


def _promising(problem: Problem, bounds: Bounds) -> tuple[BlockChoice, ...]:
    """The columns of the few pairs with the least bounds."""
    order = np.argsort(bounds, axis=None, kind="stable")
    best = [divmod(int(i), len(bounds)) for i in order[: 2 * _PROMISING] if np.isfinite(bounds.flat[i])]
    kept = sorted({number for pair in best for number in pair})
    # Where the grid carries no numbers of any two, the solver says so for all of them.
    return tuple(problem.columns[i] for i in kept) or problem.columns


def _surviving(problem: Problem, bounds: Bounds, incumbent_kusd: int) -> tuple[BlockChoice, ...]:
    """The columns that may be part of a site no dearer than the incumbent."""
    return tuple(c for c, least in zip(problem.columns, bounds.min(axis=1), strict=True) if least <= incumbent_kusd)


def _tidied(problem: Problem, answer: Answer, effort: Effort, stop: StopFlag | None) -> Answer:
    """Among sites of the same cost: buy as late as possible, then as few modules as possible."""
    assert answer.objective is not None
    last = problem.phases[-1]
    used = {c.name for c in problem.columns if answer.values.get(problem.stands(c))}
    small = replace(problem, columns=tuple(c for c in problem.columns if c.name in used))
    fixed = [(objective.capital_terms(small, last), answer.objective)]
    goals = [objective.module_terms(small, last)]
    if last:
        early = [term for phase in problem.phases[:-1] for term in objective.capital_terms(small, phase)]
        goals.insert(0, early)
    best = answer
    for goal in goals:
        model = make_model(small)
        for terms, value in fixed:
            model.add_row(terms, high=value)
        for name in model.names:
            model.hint(name, best.values[name])
        model.minimize(goal)
        found = solve(model, effort, None, stop, "sizing: ties")
        if found.objective is None:
            break
        best = found
        fixed.append((goal, found.objective))
    return best


def _sized(problem: Problem, chosen: Answer, proof: Answer, intakes: tuple[int, ...], effort: Effort) -> Sized:
    values, last = chosen.values, problem.phases[-1]
    kinds = kinds_of(problem, values)
    cost = sum(kusd * values[name] for kusd, name in objective.capital_terms(problem, last) if name in values)
    assert proof.bound is not None
    bound = min(proof.bound, cost)
    return Sized(
        kinds=tuple(_kind(c, "abcdefgh"[i]) for i, c in enumerate(kinds)),
        blocks=tuple(tuple(values[problem.count(c, p)] for p in problem.phases) for c in kinds),
        plant=tuple(
            _plant(option, tuple(values[problem.plant_count(option, p)] for p in problem.phases))
            for option in problem.plant
            if values[problem.plant_count(option, last)]
        ),
        intakes=intakes,
        status="optimal" if bound == cost else "feasible",
        objective_kusd=cost,
        bound_kusd=bound,
        parameters=effort.parameters,
        stopped=proof.stopped,
    )


def _kind(choice: BlockChoice, name: str) -> BlockKind:
    column = choice.column
    return BlockKind(name=name, pod=column.pod, pods=column.pods, groups=column.groups)


def _plant(option: PlantOption, per_side: tuple[int, ...]) -> Plant:
    return Plant(
        carrier=option.carrier,
        sku=option.module.sku,
        sides=2 if option.sides == 2 else 1,
        per_side=per_side,
        unit_for=option.unit_for,
    )
