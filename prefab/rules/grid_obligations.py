"""What the grid rules that hold at this place ask of a load of this size.

Each obligation is checked or stands among the open points; none is called kept because nobody looked.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from prefab.brief import SiteBrief
from prefab.market import GridRule, Obligation
from prefab.plan import Plan
from prefab.results import Finding, OpenPoint
from prefab.rules.network import network_of
from prefab.rules.sets import sets_of
from prefab.rules.walk import walk
from prefab.units import WATTS

if TYPE_CHECKING:
    from prefab.problem import Problem
    from prefab.solver import Model

TITLE = "Grid rules"
BASIS = "brief grid.rules, grid.capacity_mw, grid.series at each phase's date, supply; catalog grid_rules"
WISHES = ("grid.rules",)
RULE = "grid_obligations"

_YEAR = timedelta(days=365)
_HOURS = 8760


def check(plan: Plan) -> tuple[Finding, ...]:
    """By phase. The last finding counts what of the checked obligations is not kept; nothing to find where none is
    checked."""
    checked = [found for _, _, found in _asked(plan) if found]
    if not checked:
        return ()
    broken, beside = sum(not all(f.kept for f in found) for found in checked), len(open_points(plan))
    text = f"obligations checked and not kept, of {len(checked)} checked; open points beside them: {beside}"
    total = Finding.at_most(RULE, "site", float(broken), 0.0, "obligations", text)
    return (*(f for found in checked for f in found), total)


def open_points(plan: Plan) -> tuple[OpenPoint, ...]:
    """What rules ask that is not checked, rules that may have changed since they were read, and places without any."""
    grid, country, points = plan.brief.grid, plan.brief.site.country, []
    for rule, obligation, found in _asked(plan):
        if not found:
            points.append(OpenPoint(rule.title, _said(obligation), _why(plan, rule, obligation)))
        elif obligation.beyond:
            why = f"Its figures are checked; this no plan shows: to be settled with the utility.{_known(rule)}"
            points.append(OpenPoint(rule.title, obligation.beyond, why))
    for rule in (r for r in plan.grid_rules if plan.brief.as_of - r.as_of > _YEAR):
        points.append(OpenPoint(rule.title, f"As read on {rule.as_of}.", "A year and more ago: look for a newer text."))
    if not plan.grid_rules and grid.rules is None:
        why = f"The catalog has none for {country}: ask the utility and the regulator."
        points.append(OpenPoint("Grid rules", "What the grid asks of large loads.", why))
    return tuple(points)


def _asked(plan: Plan) -> Iterator[tuple[GridRule, Obligation, list[Finding]]]:
    """Every obligation of a load of this size, with its findings where it can be checked."""
    for rule in plan.grid_rules:
        for obligation in rule.asks(plan.brief.grid.capacity_mw):
            yield rule, obligation, list(_findings(plan, rule, obligation)) if plan.brief.grid.rules else []


def _findings(plan: Plan, rule: GridRule, obligation: Obligation) -> Iterator[Finding]:
    phases = plan.brief.phases
    last = len(phases) - 1
    matched = obligation.kind == "storage_or_backup" and obligation.unit == "share of import capacity"
    curtailed = obligation.kind == "curtailment" and _own_supply_kw(plan, last)[0] > 0
    share = _renewable_frac(plan) if _is_renewable(obligation) else 0.0
    if share >= (obligation.amount or 0.0) > 0:
        text = "of the year's energy, were it drawn at the peak in every hour; on site only what may be exported counts"
        yield Finding.at_least(RULE, rule.key, share, obligation.amount or 0.0, "of the year", text)
    for phase, named in enumerate(phases):
        where = f"{rule.key}, phase {named.name}" if last else rule.key
        standby_kw, battery_kw = _own_supply_kw(plan, phase)
        if matched and (given_mw := _given_mw(plan, phase)):
            asked_kw = (obligation.amount or 0.0) * given_mw * 1000
            text = "generation and storage of the site's own, over its import capacity"
            yield Finding.at_least(RULE, where, standby_kw + battery_kw, asked_kw, "kW", text)
        if curtailed:
            apart = plan.brief.it.said_of_backup()
            text = "generation that the whole site goes over to when ordered to" + (f", of {apart}" if apart else "")
            asked_kw = (1.0 if obligation.amount is None else obligation.amount) * _island_kw(plan, phase)
            yield Finding.at_least(RULE, where, standby_kw, asked_kw, "kW", text)


def _given_mw(plan: Plan, phase: int) -> float:
    """The import capacity by a phase's date; at full build all of it, even what comes later: nothing is built then."""
    grid, phases = plan.brief.grid, plan.brief.phases
    return grid.capacity_mw if phase == len(phases) - 1 else grid.step_on(phases[phase].energised_by).given_mw


def _own_supply_kw(plan: Plan, phase: int) -> tuple[float, float]:
    """Of the generating sets at this site, and of the batteries on its medium-voltage bus, that stand in a phase."""
    network = network_of(plan, phase)
    batteries = [network.module(tag).grid_battery for tag in network.equipment]
    return sum(network.capacity[t] for t in sets_of(network)), sum(b.power_kw for b in batteries if b is not None)


def _island_kw(plan: Plan, phase: int) -> float:
    """What the generating sets give with the utility gone."""
    given_kw = walk(plan, phase).island_kw
    return sum(given_kw.get(t, 0.0) for t in sets_of(network_of(plan, phase)))


def _is_renewable(obligation: Obligation) -> bool:
    return obligation.kind == "renewable_energy" and obligation.unit == "share of annual energy"


def _renewable_frac(plan: Plan) -> float:
    """What the brief's supply surely gives of the year's energy, which cannot be more than the peak in every hour.

    On site only what may be exported is surely not curtailed, whatever the site draws.
    """
    brief = plan.brief
    hours = {h.name: h.capacity_frac for h in plan.supply_hours}
    given_mwh = 0.0
    on_site: list[list[float]] = []
    for source in brief.supply:
        mw = [source.mw * frac for frac in hours.get(source.name, ())] if source.profile else [source.mw] * _HOURS
        if source.on_site:
            on_site.append(mw)
        else:
            given_mwh += sum(mw)
    given_mwh += sum((min(sum(at), brief.grid.export_mw) for at in zip(*on_site, strict=False)), 0.0)
    most_mwh = walk(plan, len(brief.phases) - 1).import_kw / 1000 * _HOURS
    return given_mwh / most_mwh


def _said(obligation: Obligation) -> str:
    amount = "" if obligation.amount is None else f" {obligation.amount:,g} {obligation.unit}."
    return f"{obligation.kind.replace('_', ' ').capitalize()}: {obligation.text}{amount}"


def _why(plan: Plan, rule: GridRule, obligation: Obligation) -> str:
    """Why an obligation is open, and what is known of it."""
    if plan.brief.grid.rules is None:
        return f"Not said whether it holds here ({rule.jurisdiction}): name the rules that do in grid.rules."
    known = _known(rule)
    standby_kw, battery_kw = _own_supply_kw(plan, len(plan.brief.phases) - 1)
    if obligation.kind == "disclosure" and obligation.unit == "share of demand":
        share = (standby_kw + battery_kw) / 1000 / plan.brief.grid.capacity_mw
        return f"To be disclosed: generation and storage of the site's own are {share:.0%} of its connection.{known}"
    if _is_renewable(obligation) and plan.brief.supply:
        share = _renewable_frac(plan)
        sure = f"The brief's supply surely gives {share:.0%}, of a year at the peak in every hour"
        return f"{sure}: what the projection shows beyond is no proof.{known}"
    if obligation.kind == "curtailment":
        return f"Without generation of its own the site can only curtail what computes.{known}"
    return f"Not shown by this plan; to be settled with the utility.{known}"


def _known(rule: GridRule) -> str:
    said = {"proposed": " The rule is proposed.", "adopted": " Figures or dates of the rule are still to come."}
    return said.get(rule.status, "")


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    if brief.grid.rules is None:
        return "Which grid rules hold here is not said: all of the country's are open points."
    if not brief.grid.rules:
        return "No grid rule holds here."
    return f"A connection of {brief.grid.capacity_mw:g} MW keeps what {', '.join(brief.grid.rules)} ask of it."


def apply(model: "Model", problem: "Problem") -> None:
    """Generating sets and batteries of the power that a rule asks for, in every phase."""
    for phase in problem.phases:
        if asked_kw := problem.own_supply_kw[phase]:
            own = [(o.capacity_w, problem.plant_count(o, phase)) for o in problem.options("standby_mv")]
            own += [(o.battery_w, problem.plant_count(o, phase)) for o in problem.plant if o.battery_w]
            model.add_row(own, low=problem.rounding.needed(asked_kw, WATTS))
