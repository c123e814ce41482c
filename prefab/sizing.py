"""What to buy: the cheapest counts of block kinds and site plant, proved; limits on sums join where they bind."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import chain
from types import ModuleType
from typing import Literal

from prefab import objective
from prefab.arranging import SYSTEMS
from prefab.brief import SiteBrief, Spares
from prefab.catalog import Catalog
from prefab.duties import storage_burdens
from prefab.errors import AuditError, Impossible, Interrupted, OutOfBudget
from prefab.fed_back import sized_with_faults
from prefab.intakes import apply_patterns, assign_intakes, only_used, strung_of
from prefab.keeping import shares_of
from prefab.plan import BlockKind, Plant, Sized
from prefab.plant_options import PlantOption
from prefab.problem import BlockChoice, Known, Problem, make_generous, make_problem
from prefab.proving import floor_usd, least_usd, make_model, prove, site_terms
from prefab.results import Progress
from prefab.rules import BOUNDING, HOOKS, SUMMED, budget, factory_slots, spares
from prefab.solver import Answer, Effort, StopFlag, solve
from prefab.spare_bound import make_spread, standing
from prefab.ways import Hooks


def make_sized(
    brief: SiteBrief,
    catalog: Catalog,
    effort: Effort,
    on_progress: Callable[[Progress], None] | None = None,
    stop: StopFlag | None = None,
    known: Known | None = None,
) -> Sized:
    """The cheapest site for a brief; `known` keeps columns from one brief to the next.

    Raises:
        InputError: the brief names something the catalog does not have.
        Impossible: proved that no site keeps every wish.
        OutOfBudget: neither a site nor a proof within the effort.
        Interrupted: stopped by the user before there was a site.
    """
    known = known or Known()
    found = sized_with_faults(brief, catalog, lambda c, k: _proved(brief, c, effort, on_progress, stop, k), known)
    known.used = found.kinds
    return found


def _proved(
    brief: SiteBrief,
    catalog: Catalog,
    effort: Effort,
    on_progress: Callable[[Progress], None] | None,
    stop: StopFlag | None,
    known: Known | None,
) -> Sized:
    """The site first, then its bound, so that a search for the bound that ends early costs nothing but a gap."""
    # What types of module a site shares is not seen while columns are made (but for a few that ask for spares), so that
    # a dearer way of fewer types may be gone. Nor is how consumers spread over systems that share their reserve, so
    # that what would spread better may be gone. The bound is then that of an easier question, where systems hold only
    # what they must.
    seen, shared = spares.are_seen(brief, catalog), brief.redundancy.power in SYSTEMS
    if seen and not shared and brief.limits.skus is None:
        found = _summed(brief, catalog, effort, on_progress, stop, known)
        return found if found.status == "optimal" else _above_spread(found, brief, catalog, effort, stop)
    easier = _freed(brief, brief.spares if seen and not shared else Spares())
    base = BOUNDING if shared else HOOKS
    try:
        found = _summed(brief, catalog, effort, on_progress, stop, known)
    except Impossible as error:
        least = _least(easier, catalog, effort, stop, known, base)
        raise OutOfBudget(f"{error}; {_not_proved(brief, seen=seen, site=least is not None)}") from None
    try:
        least = _least(easier, catalog, effort, stop, known, base)
    except Impossible as error:
        raise AuditError(
            f"sizing: there is a site, and an easier question has none; a bug of prefab: {error}"
        ) from None
    if least is not None:
        found = found.bounded(least.bound_usd, least.exact_bound_usd, least.stopped)
    else:
        ended: Literal["user", "budget"] = "user" if stop is not None and stop.requested else "budget"
        found = found.bounded(*_floors_usd(easier, catalog, found, known, base), ended)
    return found if shared else _above_spread(found, brief, catalog, effort, stop)


def _not_proved(brief: SiteBrief, *, seen: bool, site: bool) -> str:
    """What is said where the brief has no site, and an easier question has one or was not answered."""
    if brief.redundancy.power in SYSTEMS:
        return "that nothing spreads better over systems that share reserve is not proved"
    easier = ["with more different modules"] * (brief.limits.skus is not None) + ["without spares"] * (not seen)
    asked = " and ".join(easier)
    return f"there is a site {asked}" if site else f"whether there is a site {asked} is not known"


def _least(
    easier: SiteBrief,
    catalog: Catalog,
    effort: Effort,
    stop: StopFlag | None,
    known: Known | None,
    base: Hooks = HOOKS,
) -> Sized | None:
    """The cheapest site of an easier question; none where the user or the budget ends the search without one."""
    if stop is not None and stop.requested:
        return None
    try:
        return _summed(easier, catalog, effort, None, stop, known, base)
    except (Interrupted, OutOfBudget):
        return None


def _floors_usd(easier: SiteBrief, catalog: Catalog, found: Sized, known: Known | None, base: Hooks) -> tuple[int, int]:
    """Bounds of an easier question without a solver: in whole numbers, and with everything rounded the other way."""
    hooks = hooks_of(easier, catalog, (), base)
    problem = make_problem(easier, catalog, hooks, known)
    return floor_usd(problem, found.objective_usd), floor_usd(make_generous(problem, hooks), found.objective_usd)


def _above_spread(found: Sized, brief: SiteBrief, catalog: Catalog, effort: Effort, stop: StopFlag | None) -> Sized:
    """With the better of two bounds: the one that it has, and where spares are asked for, that of any site without them
    whose modules cost their share of spares."""
    if brief.spares.policy == "none":
        return found
    spread = make_spread(brief, catalog, standing(found))
    least = _least(_freed(brief, Spares()), spread.catalog, effort, stop, None)
    if least is None:
        return found
    bound, exact = least.bound_usd + spread.fixed_usd, least.exact_bound_usd + spread.fixed_usd
    return found.bounded(max(found.bound_usd, bound), max(found.exact_bound_usd, exact))


def _freed(brief: SiteBrief, kept: Spares) -> SiteBrief:
    """With any number of different modules, and no other spares than these."""
    return brief.model_copy(update={"limits": brief.limits.model_copy(update={"skus": None}), "spares": kept})


def _summed(
    brief: SiteBrief,
    catalog: Catalog,
    effort: Effort,
    on_progress: Callable[[Progress], None] | None,
    stop: StopFlag | None,
    known: Known | None,
    base: Hooks = HOOKS,
) -> Sized:
    """Sized without the limits on sums of all modules first, and with those that this breaks."""
    asked: list[ModuleType] = []
    while True:
        problem = make_problem(brief, catalog, hooks_of(brief, catalog, asked, base), known)
        problem = replace(problem, summed=tuple(rule.RULE for rule in asked))
        try:
            found = solve_problem(problem, effort, on_progress, stop)
        except Impossible as error:
            if not asked:
                raise
            limits = " ".join(rule.explain(brief) for rule in asked)
            raise Impossible(f"{error}. Without these limits there is a site: {limits}") from None
        # The cheapest site without these rows is the cheapest with them, if it keeps them; most sites do.
        broken = [rule for rule in SUMMED if rule not in asked and _exceeds(rule, problem, found)]
        if not broken:
            return found
        asked += broken


def hooks_of(brief: SiteBrief, catalog: Catalog, summed: Iterable[ModuleType], base: Hooks = HOOKS) -> Hooks:
    """The rules' hooks, with what each module adds to the sums that are limited.

    A budget is in dollars paid: where the choice counts others, ways that cost more by its count may cost less.
    """
    limited = (*summed, budget) if brief.prefer.makers and brief.limits.budget_usd is not None else tuple(summed)
    each = (rule.burdens(brief, catalog) if rule is factory_slots else (rule.burden,) for rule in limited)
    store = spares.burdens(brief, catalog) if spares.are_seen(brief, catalog) else ()
    given = storage_burdens(brief, catalog)
    return replace(base, burdens=(*chain.from_iterable(each), *store, *given))


def _exceeds(rule: ModuleType, problem: Problem, sized: Sized) -> bool:
    """Whether a site takes more of a sum than there is."""
    numbers = {d.name: n for n, d in enumerate(problem.brief.it.demand)}
    kinds = {
        (numbers.get(k.demand, 0), k.pod, k.pods, k.groups): counts
        for k, counts in zip(sized.kinds, sized.blocks, strict=True)
    }
    plant = {(p.carrier, p.sku): p.per_side for p in sized.plant}
    none = (0,) * len(problem.phases)
    values = {}
    for p in problem.phases:
        for c in problem.columns:
            kind = (c.column.demand, c.column.pod, c.column.pods, c.column.groups)
            values[problem.count(c, p)] = kinds.get(kind, none)[p]
        for o in problem.plant:
            values[problem.plant_count(o, p)] = plant.get((o.carrier, o.name), none)[p]
    return _over(rule, problem, values)


def _over(rule: ModuleType, problem: Problem, values: Mapping[str, int]) -> bool:
    return any(sum(c * values[name] for c, name in terms) > most for terms, most in rule.rows(problem))


def solve_problem(
    problem: Problem,
    effort: Effort,
    on_progress: Callable[[Progress], None] | None = None,
    stop: StopFlag | None = None,
) -> Sized:
    """The proved counts, ties settled, with what rounding may hide."""
    if problem.stranded:
        raise Impossible("\n".join(problem.stranded))
    if problem.unserved:
        what = "none fits its buses and stands their faults, has room inside its pods and houses and reaches its supply"
        raise Impossible(f"sizing: no block can be built: {what} temperatures")
    found = prove(problem, effort, on_progress, stop)
    used = only_used(problem, found.values)
    tidy = _tidied(used, found, effort, stop)
    return _sized(used, tidy, found, _exact_bound(problem, found, effort, stop), effort)


def _exact_bound(problem: Problem, found: Answer, effort: Effort, stop: StopFlag | None) -> int:
    """Dollars below which no site is, whatever the whole numbers hide: everything rounded the other way."""
    asked = (rule for rule in SUMMED if rule.RULE in problem.summed)
    generous = make_generous(problem, hooks_of(problem.brief, problem.catalog, asked))
    return least_usd(generous, found, effort, stop)


def _tidied(problem: Problem, answer: Answer, effort: Effort, stop: StopFlag | None) -> Answer:
    """Among sites of one cost: buy late, then few modules, then keep little storage; every intake with its pattern.

    Raises:
        OutOfBudget: the blocks do not fit whole on the intakes, or that was not found within the effort.
    """
    assert answer.objective is not None
    last = problem.phases[-1]
    goals = [objective.module_terms(problem, last)]
    if last:
        early = [term for phase in problem.phases[:-1] for term in objective.capital_terms(problem, phase)]
        goals.insert(0, early)
    if problem.storage.varies:
        goals.append([(1, name) for phase in problem.phases for name in problem.kept(phase)])
    fixed = [(site_terms(problem), answer.objective)]
    best: Answer | None = None
    for goal in goals:
        model = make_model(problem)
        apply_patterns(model, problem, strung_of(problem, answer.values))
        for terms, value in fixed:
            model.add_row(terms, high=value)
        for name in model.names:
            model.hint(name, (best or answer).values.get(name, 0))
        model.minimize(goal)
        found = solve(model, effort, None, stop, "sizing: ties")
        if found.stopped == "user" and best is None and found.objective is None:
            # A site is known already: a moment more, so that it is not lost.
            found = solve(model, effort, None, None, "sizing: ties")
        if found.objective is None:
            break
        best = found
        fixed.append((goal, found.objective))
    if best is None:
        raise OutOfBudget("sizing: the intake switchgear cannot be shared out among whole blocks within the budget")
    return best


def _sized(problem: Problem, chosen: Answer, proof: Answer, exact_usd: int, effort: Effort) -> Sized:
    values, last = chosen.values, problem.phases[-1]
    # A tie may be settled without one of the kinds that were found first.
    kinds = [c for c in problem.columns if values[problem.count(c, last)]]
    cost = sum(usd * values[name] for usd, name in site_terms(problem))
    assert proof.bound is not None
    bound = min(proof.bound, cost)
    return Sized(
        kinds=tuple(_kind(problem, c, "abcdefgh"[i]) for i, c in enumerate(kinds)),
        blocks=tuple(tuple(values[problem.count(c, p)] for p in problem.phases) for c in kinds),
        plant=tuple(
            _plant(option, tuple(values[problem.plant_count(option, p)] for p in problem.phases))
            for option in problem.plant
            if values[problem.plant_count(option, last)]
        ),
        intakes=assign_intakes(problem, values, strung_of(problem, proof.values)),
        spares=spares.bought(problem, values),
        storage=shares_of(problem, values, {"abcdefgh"[i]: c for i, c in enumerate(kinds)}),
        status="optimal" if bound == cost else "feasible",
        objective_usd=cost,
        real_usd=_real_usd(problem, values) if problem.brief.prefer.makers else None,
        bound_usd=bound,
        exact_bound_usd=min(bound, exact_usd, cost - _rounded_figures(problem, values)),
        parameters=effort.parameters,
        stopped=proof.stopped,
    )


def _real_usd(problem: Problem, values: Mapping[str, int]) -> int:
    terms = objective.real_terms(problem, problem.phases[-1]) + spares.real_terms(problem)
    return sum(usd * values[name] for usd, name in terms)


def _rounded_figures(problem: Problem, values: Mapping[str, int]) -> int:
    """How many figures of a site's cost were rounded up to a dollar."""
    last = problem.phases[-1]
    blocks = sum(values[problem.count(c, last)] for c in problem.columns)
    spare = sum(s.count for s in spares.bought(problem, values))
    return blocks + sum(values[problem.plant_count(o, last)] for o in problem.plant) + spare


def _kind(problem: Problem, choice: BlockChoice, name: str) -> BlockKind:
    column = choice.column
    demands = problem.brief.it.demand
    demand = demands[column.demand].name if demands else ""
    return BlockKind(name=name, pod=column.pod, pods=column.pods, groups=column.groups, demand=demand)


def _plant(option: PlantOption, per_side: tuple[int, ...]) -> Plant:
    return Plant(
        carrier=option.carrier,
        sku=option.module.sku,
        sides=2 if option.sides == 2 else 1,
        per_side=per_side,
        unit_for=option.unit_for,
    )
