"""Every phase runs at least the IT load asked for, of every demand, at the pods' sustained power."""

from typing import TYPE_CHECKING

from prefab.brief import Phase, SiteBrief
from prefab.plan import BlockKind, Plan
from prefab.results import Finding
from prefab.units import have, need

if TYPE_CHECKING:
    from prefab.problem import Problem
    from prefab.solver import Model

TITLE = "IT load"
BASIS = "brief phases.it_mw; catalog it.sustained_kw"
WISHES = ("phases.it_mw",)
RULE = "it_load"


def check(plan: Plan) -> tuple[Finding, ...]:
    """Adds up the pods that stand in each phase, where there are several demands those of each one's blocks."""
    assert plan.connected is not None
    sustained = {m.sku: m.it.sustained_kw for m in plan.modules if m.it}
    serves = {k.name: k.demand for k in plan.sized.kinds}
    findings = []
    for phase, named in enumerate(plan.brief.phases):
        standing = [e for e in plan.connected.equipment if e.phase <= phase]
        so_far = plan.brief.phases[: phase + 1]
        if not plan.brief.it.demand:
            actual = sum(sustained.get(e.sku, 0.0) for e in standing)
            asked = sum(p.it_mw for p in so_far) * 1000
            text = "sustained IT load, earlier phases included"
            findings.append(Finding.at_least(RULE, f"phase {named.name}", actual, asked, "kW", text))
        for demand in plan.brief.it.demand:
            actual = sum(sustained.get(e.sku, 0.0) for e in standing if serves.get(e.kind) == demand.name)
            asked = sum(part.it_mw for p in so_far for part in p.split if part.demand == demand.name) * 1000
            text = f"sustained IT load of {demand.name}, earlier phases included"
            findings.append(Finding.at_least(RULE, f"phase {named.name}", actual, asked, "kW", text))
    wrong = [k.name for k in plan.sized.kinds if not _may_serve(plan, k)]
    text = f"kinds of block that the pods or the card of their demand do not fit: {', '.join(wrong) or 'none'}"
    return (*findings, Finding.at_most(RULE, "site", len(wrong), 0, "kinds", text))


def _may_serve(plan: Plan, kind: BlockKind) -> bool:
    """Whether the demand of a kind of block is one of the brief, has the plan's card in its place, and takes its pods
    and their accelerators."""
    demands = plan.brief.it.demands
    named = [d for d in demands if not plan.brief.it.demand or d.name == kind.demand]
    # Documents find the card of a demand by its place.
    paired = [card.key for card in plan.cards] == [d.workload for d in demands]
    it = plan.module(kind.pod).it
    if not named or not paired or it is None:
        return False
    card = plan.card_of(kind)
    fits = it.accelerator in (card.accelerator, *card.proxy_for)
    return fits and (not named[0].pods or kind.pod in named[0].pods)


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    steps = ", ".join(f"{_megawatts(p)} by {p.energised_by}" for p in brief.phases)
    return f"The site runs {brief.it_kw / 1000:g} MW of sustained IT load ({steps})."


def _megawatts(phase: Phase) -> str:
    split = " and ".join(f"{part.it_mw:g} MW of {part.demand}" for part in phase.split)
    return split or f"{phase.it_mw:g} MW"


def apply(model: "Model", problem: "Problem") -> None:
    """Cumulative blocks give the cumulative load in every phase."""
    for demand, asked_kw in enumerate(problem.it_kw):
        serving = [c for c in problem.columns if c.column.demand == demand]
        for phase in problem.phases:
            given = [(have(c.it_kw), problem.count(c, phase)) for c in serving]
            model.add_row(given, low=need(asked_kw[phase]))
