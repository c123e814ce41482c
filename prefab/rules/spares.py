"""A cold spare waits in store for every module that could not be replaced in time."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prefab.brief import SiteBrief
from prefab.catalog import Catalog
from prefab.eligible import evaluated_usd
from prefab.module import Module
from prefab.plan import Plan, Spare
from prefab.results import Finding
from prefab.rules.totals import Burden, add_uses, steps
from prefab.units import exact, have

if TYPE_CHECKING:
    from prefab.problem import Problem
    from prefab.solver import Model

TITLE = "Spares in store"
BASIS = "brief [spares], otherwise design basis [spares]; catalog deployment.lead_weeks"
WISHES = ("spares.policy",)
"""Giving up its two figures could ask for more."""
RULE = "spares"

_MINDED = 8
"""Sums that are minded while ways to build a block are made; with more there would be too many ways."""


def check(plan: Plan) -> tuple[Finding, ...]:
    """Per SKU with a long lead time one spare, and one more for each so many that stand; none of anything else.

    A pod is no spare: its computers age in store and other pods take up its work. What is counted by the metre comes
    from stock.
    """
    assert plan.connected is not None
    asked, basis = plan.brief.spares, plan.basis.spares
    over_weeks = asked.lead_weeks_over
    if over_weeks is None:
        over_weeks = basis.lead_weeks if basis else 0.0
    per_modules = asked.per_modules or (basis.per_modules_count if basis else None)
    modules = {m.sku: m for m in plan.modules}
    standing = Counter(e.sku for e in plan.connected.equipment)
    kept: Counter[str] = Counter()
    for spare in plan.sized.spares:
        kept[spare.sku] += spare.count
    findings = []
    for sku, count in sorted(standing.items()):
        module = modules.get(sku)
        if asked.policy == "none" or module is None or module.it is not None or module.stands == "per_metre":
            continue
        weeks = module.deployment.lead_weeks
        if weeks > over_weeks:
            wanted = 1 + (count // per_modules if per_modules else 0)
            text = f"in store; lead time {weeks:g} weeks, {count} stand"
            findings.append(Finding.at_least(RULE, sku, float(kept.pop(sku, 0)), float(wanted), "spares", text))
    needless = float(sum(kept.values()))
    text = f"spares that nobody asked for{': ' if kept else ''}{', '.join(sorted(kept))}"
    return (*findings, Finding(RULE, "site", not kept, needless, 0.0, "spares", "==", text))


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    asked = brief.spares
    if asked.policy == "none":
        return "No whole modules are kept in store."
    over = "the design basis's limit" if asked.lead_weeks_over is None else f"{asked.lead_weeks_over:g} weeks"
    more = "" if asked.per_modules is None else f", and one more for each {asked.per_modules} that stand"
    return f"Of every module whose lead time is over {over} a spare is kept in store{more}."


@dataclass(frozen=True)
class _Counts:
    """How many modules are of one type."""

    sku: str

    def __call__(self, _: SiteBrief, module: Module, __: str) -> float:
        return float(module.sku == self.sku)


@dataclass(frozen=True)
class _Costs:
    """What a spare of one of some types costs, freight aside."""

    skus: frozenset[str]

    def __call__(self, brief: SiteBrief, module: Module, _: str) -> float:
        return float(evaluated_usd(brief, module)) if module.sku in self.skus else 0.0


def burdens(brief: SiteBrief, catalog: Catalog) -> tuple[Burden, ...]:
    """With these no way of building beats another that needs fewer spares of some type, whatever else stands there.

    Types are counted one by one, for a way may share them with other blocks and plant. Plant of the site that comes in
    place of other plant for the same carrier, one for one and nowhere else, only must not have the dearer spare.
    """
    kept = _kept(brief, catalog, catalog.modules)
    swapped = [m for m in kept if _swapped(m, catalog)]
    alone = frozenset(m.sku for m in swapped)
    return (*(_Counts(m.sku) for m in kept if m.sku not in alone), *([_Costs(alone)] if alone else []))


def are_seen(brief: SiteBrief, catalog: Catalog) -> bool:
    """Whether ways to build a block are kept for the sake of spares, so that none of the cheapest site is lost."""
    return len(burdens(brief, catalog)) <= _MINDED


def _swapped(module: Module, catalog: Catalog) -> bool:
    """Whether it gives one carrier of the site only, and neither within blocks nor behind batteries, whose numbers
    differ with their types."""
    carriers = {c.key: c for c in catalog.carriers}
    (given, *others) = (g.carrier for g in module.gives)
    if others or carriers[given].scope == "block" or module.grid_battery is not None:
        return False
    asking = ((m, need) for m in catalog.modules if (need := m.needed(given)) is not None)
    return not any(
        (m.grid_battery is not None and need.connection in ("unit", "shared"))
        or (need.connection == "unit" and any(carriers[g.carrier].scope == "block" for g in m.gives))
        for m, need in asking
    )


def apply(model: "Model", problem: "Problem") -> None:
    """With one more for each so many, the least whole number whose multiple exceeds what stands at full build."""
    candidates = _candidates(problem)
    if not candidates:
        return
    per = modules_per_spare(problem.brief, problem.catalog)
    uses = add_uses(model, problem)
    standing: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for count, contents in steps(problem, problem.phases[-1]):
        for module, _, modules in contents:
            standing[module.sku].append((modules, count))
    most = _most(problem)
    for module in candidates:
        used = uses[module.sku]
        highest = 1 + (most[module.sku] // per if per else 0)
        spares = model.integer(_variable(module), 0, highest)
        model.add_row([(1, spares), (-highest, used)], high=0)
        if per:
            fewer = [(-modules, count) for modules, count in standing[module.sku]]
            model.add_row([(per, spares), *fewer, (-1, used)], low=0)
        else:
            model.add_row([(1, spares), (-1, used)], low=0)


def capital_terms(problem: "Problem") -> list[tuple[int, str]]:
    """What the spares cost, as ($, variable): price and freight, up to whole dollars each; with the margin where the
    brief prefers other makers."""
    needed, delivered = problem.rounding.needed, 1 + exact(problem.catalog.costs.freight_frac)
    return [(needed(evaluated_usd(problem.brief, m) * delivered), _variable(m)) for m in _candidates(problem)]


def real_terms(problem: "Problem") -> list[tuple[int, str]]:
    """The same without any margin of preference: what is paid."""
    needed, delivered = problem.rounding.needed, 1 + exact(problem.catalog.costs.freight_frac)
    return [(needed(m.price_exact_usd * delivered), _variable(m)) for m in _candidates(problem)]


def each_usd(brief: SiteBrief, catalog: Catalog) -> dict[str, int]:
    """What a spare counts as in the choice, rounded down to whole dollars, for every type that asks for one."""
    delivered = 1 + exact(catalog.costs.freight_frac)
    return {m.sku: have(evaluated_usd(brief, m) * delivered) for m in _kept(brief, catalog, catalog.modules)}


def modules_per_spare(brief: SiteBrief, catalog: Catalog) -> int | None:
    """One spare more for each so many modules that stand; none where there is one at the most."""
    basis = catalog.basis.spares
    return brief.spares.per_modules or (basis.per_modules_count if basis else None)


def bought(problem: "Problem", values: Mapping[str, int]) -> tuple[Spare, ...]:
    """The spares of an answer, in the order of their SKUs."""
    counts = ((m.sku, values[_variable(m)]) for m in _candidates(problem))
    return tuple(Spare(sku=sku, count=count) for sku, count in counts if count)


def _variable(module: Module) -> str:
    return f"spares:{module.sku}"


def _candidates(problem: "Problem") -> list[Module]:
    """Modules that ask for a spare if they are used, in the order of their SKUs."""
    found = {m.sku: m for _, contents in steps(problem, problem.phases[-1]) for m, _, _ in contents}
    return _kept(problem.brief, problem.catalog, [m for _, m in sorted(found.items())])


def _kept(brief: SiteBrief, catalog: Catalog, modules: Iterable[Module]) -> list[Module]:
    """Those that ask for a spare if they are used."""
    if brief.spares.policy == "none":
        return []
    over_weeks, basis = brief.spares.lead_weeks_over, catalog.basis.spares
    if over_weeks is None:
        over_weeks = basis.lead_weeks if basis else 0.0
    return [m for m in modules if m.it is None and m.stands != "per_metre" and m.deployment.lead_weeks > over_weeks]


def _most(problem: "Problem") -> dict[str, int]:
    """More than can stand of each SKU: the column that takes most of it, as often as there are kinds, and all plant."""
    blocks: Counter[str] = Counter()
    for choice in problem.columns:
        each: Counter[str] = Counter()
        for group in choice.column.groups:
            each[group.sku] += group.count
        count = problem.most_blocks(choice, problem.phases[-1])
        for sku, modules in each.items():
            blocks[sku] = max(blocks[sku], modules * count)
    plant: Counter[str] = Counter()
    for option in problem.plant:
        plant[option.name] += option.sides * option.most
    return {sku: problem.block_kinds * blocks[sku] + plant[sku] for sku in {*blocks, *plant}}
