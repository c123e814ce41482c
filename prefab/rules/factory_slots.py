"""Every module is ready in time for its phase at the rate at which the factory of its family delivers to this job.

No maker publishes how many modules it can make a week, so slots are the brief's, family by family. The first module is
ready when its lead time is over, and the others follow at the rate.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import floor
from typing import TYPE_CHECKING

import holidays

from prefab.brief import Factory, SiteBrief
from prefab.catalog import Catalog
from prefab.module import Module
from prefab.plan import Plan, Scheduled
from prefab.results import Finding
from prefab.rules.totals import Burden, steps
from prefab.tasks import lead_days, site_days
from prefab.units import exact, need

if TYPE_CHECKING:
    from prefab.problem import Problem
    from prefab.solver import Model

TITLE = "Factory slots"
BASIS = "brief works.factory, phases.energised_by; catalog family, deployment; design basis lifts, site acceptance"
WISHES = ("works.factory",)
RULE = "factory_slots"


def check(plan: Plan) -> tuple[Finding, ...]:
    """In every stretch of days the factory makes one module and as many more as its rate gives, and no fewer are due.

    A module cannot be ready before its lead time from the date of the order is over. It must be ready so long before
    its phase's date that test, transport, setting, connection and site acceptance still fit in without any waiting. For
    every first day and every last day those modules count whose lead time ends no earlier than the first and that must
    be ready by the last. Where all types of a family have one lead time nothing else is needed; where they have
    several, it is what no factory of this rate can exceed. Reserve counts, for it must stand; spares in store have no
    date and do not. Per phase and family the stretch with the least room is reported; where there is a schedule also
    that of the days on which it says that modules are ready.
    """
    assert plan.connected is not None
    named, order = plan.brief.works.factory, plan.brief.as_of
    if not named:
        text = "no slots named in the brief: it is assumed, and not checked, that factories make everything in time"
        return (Finding(RULE, "site", True, 0.0, 0.0, "families limited", "==", text),)
    modules = {m.sku: m for m in plan.modules}
    standing = Counter((e.phase, e.sku) for e in plan.connected.equipment)
    findings = []
    for factory in named:
        made: Counter[tuple[int, int]] = Counter()
        due: dict[int, set[int]] = defaultdict(set)
        for (number, sku), count in standing.items():
            module = modules.get(sku)
            if module is not None and module.family == factory.family and number < len(plan.brief.phases):
                there = (plan.brief.phases[number].energised_by - order).days
                until = there - _after_factory_days(plan, module)
                made[need(module.deployment.lead_weeks * 7), until] += count
                due[number].add(until)
        for number, phase in enumerate(plan.brief.phases):
            findings.append(_least_room(factory, f"phase {phase.name}", made, due[number], "due until then"))
        if plan.scheduled is not None:
            said = _ready_by_schedule(plan, plan.scheduled, modules, factory.family)
            readies = {ready for _, ready in said}
            findings.append(_least_room(factory, "schedule", said, readies, "ready by then in the schedule"))
    return tuple(findings)


def _ready_by_schedule(
    plan: Plan, scheduled: Scheduled, modules: Mapping[str, Module], family: str
) -> Counter[tuple[int, int]]:
    """How many of a family have which lead time and are ready after how many days: on the working day that follows
    their procurement."""
    assert plan.connected is not None
    lots = Counter((f"B{e.block:02d}" if e.block else f"P{e.phase + 1}", e.sku) for e in plan.connected.equipment)
    try:
        free = holidays.country_holidays(plan.brief.site.country)
    except NotImplementedError:
        free = holidays.HolidayBase()
    found: Counter[tuple[int, int]] = Counter()
    for task in scheduled.tasks:
        place, _, sku = task.key.rpartition("/procurement/")
        if task.stage == "procurement" and sku in modules and modules[sku].family == family:
            ready = task.finish + timedelta(1)
            while ready.weekday() > 4 or ready in free:
                ready += timedelta(1)
            lead = need(modules[sku].deployment.lead_weeks * 7)
            found[lead, (ready - plan.brief.as_of).days] += lots[place, sku]
    return found


def _least_room(factory: Factory, where: str, made: Counter[tuple[int, int]], due: set[int], what: str) -> Finding:
    """Of all stretches of days that end on one of some days the one with the least room."""
    stretches = []
    for last in sorted(due):
        for first in sorted({lead for lead, _ in made}):
            count = sum(n for (lead, until), n in made.items() if lead >= first and until <= last)
            slots = 1 + int((last - first) * exact(factory.modules_per_week) // 7) if last >= first else 0
            stretches.append((slots - count, -count, slots, first))
    _, less, slots, first = min((s for s in stretches if s[1]), default=(0, 0, 0, 0))
    count, several = -less, len({lead for lead, _ in made}) > 1 and less
    which = f" that take {first / 7:.3g} weeks or longer" if several else ""
    text = f"modules of family {factory.family}{which} {what}, at {factory.modules_per_week:g} a week"
    return Finding(RULE, where, count <= slots, float(count), float(slots), "modules", "<=", text)


def _after_factory_days(plan: Plan, module: Module) -> int:
    """Calendar days at least from a module's readiness at the factory to the end of its site acceptance: begun on a
    Monday, without holidays, the work of five days takes seven."""
    d = module.deployment
    lifts = d.lifts_count if module.stands == "site" else 0
    parts = (d.fat_days, d.transport_days, lifts / plan.basis.lifts_per_day_count, d.connect_days)
    weekends, work_days = divmod(sum(map(need, parts)) + plan.basis.site_acceptance_days - 1, 5)
    return 7 * weekends + work_days


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    if not brief.works.factory:
        return "No factory slots are named: factories are assumed to make everything in time."
    rates = ", ".join(f"{f.modules_per_week:g} a week of {f.family}" for f in brief.works.factory)
    return f"After the first of each family, when its lead time is over, factories deliver {rates} at most."


@dataclass(frozen=True)
class _Takes:
    """Whether a module is one of some types."""

    skus: frozenset[str]

    def __call__(self, _: SiteBrief, module: Module, __: str) -> float:
        return float(module.sku in self.skus)


def burdens(brief: SiteBrief, catalog: Catalog) -> tuple[Burden, ...]:
    """Of each family named, one for all types at least as long in the making and at least as long on the way: a way of
    building beats no other that takes fewer of any of these."""
    found: dict[_Takes, None] = {}
    for factory in brief.works.factory:
        types = [(lead_days(m), site_days(m, catalog.basis), m.sku) for m in catalog.modules]
        types = [t for t, m in zip(types, catalog.modules, strict=True) if m.family == factory.family]
        for least_lead in sorted({lead for lead, _, _ in types}):
            for least_way in sorted({way for _, way, _ in types}):
                skus = frozenset(sku for lead, way, sku in types if lead >= least_lead and way >= least_way)
                if skus:
                    found[_Takes(skus)] = None
    return tuple(found)


def rows(problem: "Problem") -> list[tuple[list[tuple[int, str]], int]]:
    """For every lead time and every last day the counts that are due until then, and the slots there are."""
    brief, basis = problem.brief, problem.catalog.basis
    until = [(phase.energised_by - brief.as_of).days for phase in brief.phases]
    found = []
    for factory in brief.works.factory:
        each: dict[tuple[int, int, int], Counter[str]] = defaultdict(Counter)
        for phase in problem.phases:
            for count, contents in steps(problem, phase):
                for module, _, modules in contents:
                    if module.family == factory.family:
                        each[lead_days(module), site_days(module, basis), phase][count] += modules
        types = sorted({(lead, way) for lead, way, _ in each})
        least: dict[tuple[tuple[int, int, int], ...], int] = {}
        for first in sorted({lead for lead, _ in types}):
            for last in sorted({until[phase] - way for _, way, phase in each}):
                # Counts include those of the phases before.
                due = tuple(
                    (lead, way, max(phase for phase in problem.phases if until[phase] - way <= last))
                    for lead, way in types
                    if lead >= first and until[0] - way <= last
                )
                slots = max(0, 1 + floor(exact(factory.modules_per_week) * (last - first) / 7))
                least[due] = min(slots, least.get(due, slots))
        for due, slots in least.items():
            terms: Counter[str] = Counter()
            for kind in due:
                terms.update(each[kind])
            found += [([(modules, count) for count, modules in terms.items()], slots)] if terms else []
    return found


def apply(model: "Model", problem: "Problem") -> None:
    """The rows above; none where no slots are named."""
    for terms, most in rows(problem):
        model.add_row(terms, high=most)
