"""What to buy: the cheapest counts of block kinds and site plant, proved (columns, master, price and prove).

Price: the site's plant at its cheapest price per kW gives every column a price of its own and every pair of block sizes
a lower bound on the whole site. Prove: a master over a few good columns gives an incumbent; columns whose bound exceeds
it cannot be part of a cheaper site and are dropped; the master over the rest is solved to proof with the incumbent as
hint. Ties: buy late, then few modules.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import numpy as np

from prefab import objective
from prefab.brief import SiteBrief
from prefab.catalog import Catalog
from prefab.errors import Impossible, Interrupted, OutOfBudget
from prefab.intakes import assign_intakes, kinds_of
from prefab.plan import BlockKind, Plant, Sized
from prefab.problem import BlockChoice, PlantOption, Problem, make_problem
from prefab.results import Progress
from prefab.rules import APPLIED, HOOKS
from prefab.solver import Answer, Effort, Model, StopFlag, solve
from prefab.units import need

Size = tuple[str, int]
"""Pod and pods per block."""
Priced = dict[Size, list[tuple[float, BlockChoice]]]
"""The columns of each size with their price in k$, their share of the site's plant included, the cheapest first."""
Bounds = dict[tuple[Size, Size], float]
"""For every pair of sizes a lower bound in k$ on a site made of these two, each at its cheapest column."""


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
        raise Impossible("sizing: no block can be built: none fits one bus and reaches its supply temperatures")
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
    sizes = _priced(problem)
    bounds = _pair_bounds(problem, sizes)
    first = _solve(replace(problem, columns=_promising(problem, bounds)), effort, None, on_progress, stop)
    least = need(min(bounds.values()))
    if first.objective is not None:
        problem = replace(problem, columns=_surviving(sizes, bounds, first.objective))
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
    # What is known of the whole question is the pairs' bound and the second master's; the first one's holds for the few
    # columns it had.
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
                if carrier != "mv_storage" or phase == problem.phases[-1]:
                    model.add_row([(1, here), (-1, chosen)], low=0)
        model.exactly_one(problem.chosen(o) for o in options)
    for rule in APPLIED:
        rule.apply(model, problem)
    return model


def _linear_price(problem: Problem) -> float:
    """k$ of plant per kW drawn through the switchgear: never more than any plant really costs."""
    # Fuel and stored energy do not grow with the kW alone; leaving them out keeps the price a lower one.
    carried = [options for carrier in ("mv_ac", "utility_mv", "standby_mv") if (options := problem.options(carrier))]
    return sum(min(o.cost_kusd / o.capacity_kw for o in options) for options in carried)


def _priced(problem: Problem) -> Priced:
    price = _linear_price(problem)
    sizes: Priced = defaultdict(list)
    for c in problem.columns:
        sizes[c.column.pod, c.column.pods].append((c.cost_kusd + price * c.normal.switchgear_kw, c))
    for choices in sizes.values():
        choices.sort(key=lambda pc: (pc[0], pc[1].name))
    return dict(sizes)


def _pair_bounds(problem: Problem, sizes: Priced) -> Bounds:
    asked = need(problem.it_kw[-1])
    bounds: Bounds = {}
    names = sorted(sizes)
    for i, a in enumerate(names):
        price_a, choice_a = sizes[a][0]
        count_a = np.arange(need(asked / choice_a.it_kw) + 1)
        rest = np.maximum(0, asked - count_a * choice_a.it_kw)
        for b in names[i:]:
            price_b, choice_b = sizes[b][0]
            count_b = -(-rest // choice_b.it_kw)
            bounds[a, b] = float((count_a * price_a + count_b * price_b).min())
    return bounds


def _promising(problem: Problem, bounds: Bounds) -> tuple[BlockChoice, ...]:
    """The columns of the few pairs of sizes with the least bounds."""
    best = sorted(bounds, key=lambda pair: (bounds[pair], pair))[:3]
    kept = {size for pair in best for size in pair}
    return tuple(c for c in problem.columns if (c.column.pod, c.column.pods) in kept)


def _surviving(sizes: Priced, bounds: Bounds, incumbent_kusd: int) -> tuple[BlockChoice, ...]:
    """The columns that may be part of a site no dearer than the incumbent."""
    least: dict[Size, float] = {}
    for (a, b), bound in bounds.items():
        for size in (a, b):
            least[size] = min(bound, least.get(size, bound))
    return tuple(
        choice
        for size, choices in sizes.items()
        for price, choice in choices
        # One block at least is of this column, so the site costs at least the difference more than its bound.
        if least[size] + price - choices[0][0] <= incumbent_kusd
    )


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
    return Plant(carrier=option.carrier, sku=option.module.sku, sides=2 if option.sides == 2 else 1, per_side=per_side)
