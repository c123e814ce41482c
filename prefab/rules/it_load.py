"""Every phase runs at least the IT load asked for, at the pods' sustained power."""

from typing import TYPE_CHECKING

from prefab.brief import SiteBrief
from prefab.plan import Plan
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
    """Adds up the pods that stand in each phase."""
    assert plan.connected is not None
    sustained = {m.sku: m.it.sustained_kw for m in plan.modules if m.it}
    findings = []
    for phase, named in enumerate(plan.brief.phases):
        actual = sum(sustained.get(e.sku, 0.0) for e in plan.connected.equipment if e.phase <= phase)
        asked = sum(p.it_mw for p in plan.brief.phases[: phase + 1]) * 1000
        text = "sustained IT load, earlier phases included"
        findings.append(Finding.at_least(RULE, f"phase {named.name}", actual, asked, "kW", text))
    return tuple(findings)


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    steps = ", ".join(f"{p.it_mw:g} MW by {p.energised_by}" for p in brief.phases)
    return f"The site runs {brief.it_kw / 1000:g} MW of sustained IT load ({steps})."


def apply(model: "Model", problem: "Problem") -> None:
    """Cumulative blocks give the cumulative load in every phase."""
    for phase in problem.phases:
        model.add_row(
            [(have(c.it_kw), problem.count(c, phase)) for c in problem.columns],
            low=need(problem.it_kw[phase]),
        )
