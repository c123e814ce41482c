"""Nothing starts before what it needs is done, on working days, within the crews there are, in time for every phase.

Tasks are found by their key, `place/stage` or `place/stage/SKU`; the place is `site`, `P1` for a phase's plant or
`B03` for a block.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import holidays
import networkx as nx

from prefab.brief import SiteBrief
from prefab.module import Module
from prefab.plan import Plan, Scheduled, ScheduledTask
from prefab.results import Finding
from prefab.units import need

TITLE = "Deployment schedule"
BASIS = "brief phases.energised_by, works; catalog deployment; design basis crews and durations; public holidays"
WISHES = (
    "phases.energised_by",
    "works.crane_crews",
    "works.connection_crews",
    "works.commissioning_crews",
    "works.fat_bays",
)
RULE = "schedule"

_YEARS_MAX = 40
_TESTS = ("functional_test", "integrated_test")
_CREWS = {
    "factory_test": "fat_bays",
    "setting": "crane_crews",
    "connection": "connection_crews",
    "start_up": "commissioning_crews",
    "functional_test": "commissioning_crews",
    "integrated_test": "commissioning_crews",
}
Fault = tuple[str, str]
"""Where, and what is wrong."""


def check(plan: Plan) -> tuple[Finding, ...]:
    """Tasks there and long enough, in order, on working days, within crews, in time; and the plan's own claims."""
    if plan.scheduled is None or plan.connected is None:
        return (Finding(RULE, "site", False, 0.0, 1.0, "schedules", "==", "the plan has no schedule"),)
    tasks = {t.key: t for t in plan.scheduled.tasks}
    span = max((t.finish - plan.brief.as_of).days for t in tasks.values()) if tasks else 0
    leads = _leads(plan)
    if span > _YEARS_MAX * 366:
        return (Finding(RULE, "site", False, float(span), _YEARS_MAX * 366.0, "days", "<=", "after the order"),)
    try:
        # What is ordered on the last day of all is still long in the making.
        calendar = _calendar(plan.brief, max(span, 0) + max(leads.values(), default=0))
    except NotImplementedError:
        text = f"no public holidays known for country {plan.brief.site.country}"
        return (Finding(RULE, "site", False, 1.0, 0.0, "faults", "==", text),)
    asked = _asked(plan, leads, tasks, calendar)
    pairs = [*_pairs(plan, asked), *((p, t.key) for t in tasks.values() for p in t.predecessors)]
    return (
        *_durations(plan.scheduled, tasks, asked),
        *_summed("tasks in order", len(pairs), _order(tasks, pairs)),
        *_summed("tasks on working days", len(tasks), _day_faults(tasks, calendar)),
        *_crews(plan, tasks, calendar),
        *_phases(plan, tasks),
        *_claims(plan, plan.scheduled, tasks, pairs, calendar, leads),
    )


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    dates = ", ".join(f"{p.name} ({p.it_mw:g} MW) by {p.energised_by}" for p in brief.phases)
    works = brief.works.crews
    crews = [f"{n} {crew.replace('_', ' ').replace('fat', 'factory test')}" for crew, n in works.items() if n]
    if len(crews) < len(works):
        crews.append(f"the design basis's crews{' otherwise' if crews else ''}")
    return (
        f"Ordered on {brief.as_of} and built on the working days of {brief.site.country} with {', '.join(crews)}, "
        f"it runs in time: {dates}."
    )


@dataclass(frozen=True)
class _Calendar:
    """Working days from the order on."""

    days: tuple[date, ...]
    working: frozenset[date]

    def until(self, day: date) -> int:
        """Working days from the order to `day`, both included."""
        return bisect_right(self.days, day)

    def lead(self, order: date, lead_days: int) -> int:
        """Working days that pass, the day of the order among them, before so many calendar days are over."""
        return self.until(order + timedelta(lead_days - 1)) - self.until(order - timedelta(1))


def _calendar(brief: SiteBrief, span_days: int) -> _Calendar:
    """Monday to Friday without the country's public holidays.

    Raises:
        NotImplementedError: no holidays are known for the country.
    """
    first = brief.as_of
    every = [first + timedelta(n) for n in range(span_days + 1)]
    free = holidays.country_holidays(brief.site.country, years=sorted({d.year for d in every}))
    days = tuple(d for d in every if d.weekday() < 5 and d not in free)
    return _Calendar(days, frozenset(days))


def _summed(what: str, total: int, faults: list[Fault]) -> tuple[Finding, ...]:
    kept = float(total - len({where for where, _ in faults}))
    return (
        *(Finding(RULE, where, False, 1.0, 0.0, "faults", "==", text) for where, text in faults),
        Finding(RULE, "site", not faults, kept, float(total), "tasks", "==", what),
    )


def _lots(plan: Plan) -> dict[tuple[str, str], tuple[int, Counter[str]]]:
    """What travels together, by place and key ending: its phase, and its modules by SKU."""
    assert plan.connected is not None
    lots: dict[tuple[str, str], tuple[int, Counter[str]]] = {}
    for e in plan.connected.equipment:
        place = (f"B{e.block:02d}", "") if e.block else (f"P{e.phase + 1}", f"/{e.sku}")
        lots.setdefault(place, (e.phase, Counter()))[1][e.sku] += 1
    return lots


def _stages(plan: Plan, lot: Mapping[str, int]) -> list[tuple[str, int]]:
    """Stages on the way to start-up that a lot needs as a whole, with the least working days of each."""
    basis = plan.basis
    known: dict[str, Module] = {m.sku: m for m in plan.modules if m.sku in lot}
    each = [m.deployment for m in known.values()]
    lifts = sum(m.deployment.lifts_count * lot[sku] for sku, m in known.items() if m.stands == "site")
    stages = [
        ("transport", need(max((d.transport_days for d in each), default=0))),
        ("setting", need(lifts / basis.lifts_per_day_count)),
        ("connection", sum(need(d.connect_days) for d in each)),
        ("site_acceptance", basis.site_acceptance_days),
        ("start_up", need(max((d.start_up_days for d in each), default=0))),
    ]
    return [(stage, days) for stage, days in stages if days]


def _leads(plan: Plan) -> dict[str, int]:
    """Calendar days from order to readiness, by the key of the procurement; at the most what a schedule may span."""
    modules = {m.sku: m for m in plan.modules}
    return {
        f"{place}/procurement/{sku}": need(min(modules[sku].deployment.lead_weeks * 7, _YEARS_MAX * 366))
        for (place, _), (_, lot) in _lots(plan).items()
        for sku in lot
        if sku in modules
    }


def _asked(
    plan: Plan, leads: Mapping[str, int], tasks: Mapping[str, ScheduledTask], calendar: _Calendar
) -> dict[str, int]:
    """Key of every task there must be, and its least working days; lead times count from the date of the order."""
    basis = plan.basis
    modules = {m.sku: m for m in plan.modules}
    asked = {
        "site/engineering": basis.engineering_days,
        "site/permits": basis.permit_days,
        "site/site_civil": basis.site_civil_days,
        "site/grid_connection": basis.grid_connection_days,
    }
    for (place, ending), (_, lot) in _lots(plan).items():
        asked[f"{place}/pads"] = basis.civil_days_per_block
        for sku in lot:
            if sku in modules:
                key = f"{place}/procurement/{sku}"
                ordered = min(tasks[key].start, tasks[key].finish) if key in tasks else plan.brief.as_of
                asked[key] = calendar.lead(max(ordered, plan.brief.as_of), leads[key])
                if modules[sku].deployment.fat_days > 0:
                    asked[f"{place}/factory_test/{sku}"] = need(modules[sku].deployment.fat_days)
        for stage, days in _stages(plan, lot):
            asked[f"{place}/{stage}{ending}"] = days
        if not ending:
            asked[f"{place}/functional_test"] = basis.functional_test_days
            asked[f"{place}/integrated_test"] = basis.integrated_test_days
    for phase in range(len(plan.brief.phases)):
        asked[f"P{phase + 1}/energisation"] = 0
        asked[f"P{phase + 1}/handover"] = 0
    return asked


def _durations(scheduled: Scheduled, tasks: Mapping[str, ScheduledTask], asked: Mapping[str, int]) -> Iterable[Finding]:
    for key, days in asked.items():
        task = tasks.get(key)
        if task is None:
            yield Finding(RULE, key, False, 0.0, 1.0, "tasks", "==", "there is no such task")
        elif task.work_days < days:
            yield Finding(RULE, key, False, float(task.work_days), float(days), "days", ">=", "shorter than it takes")
    faults = [(k, "two tasks of one key") for k, n in Counter(t.key for t in scheduled.tasks).items() if n > 1]
    faults += [(t.key, "stage does not agree") for t in tasks.values() if t.stage != [*t.key.split("/"), ""][1]]
    yield from _summed("tasks with a key of their own", len(tasks), faults)


def _pairs(plan: Plan, asked: Mapping[str, int]) -> Iterable[tuple[str, str]]:
    """What must end before what begins; tasks that this site does not need are passed over."""
    yield from (("site/engineering", "site/permits"), ("site/permits", "site/site_civil"))
    plant_until: dict[int, list[str]] = defaultdict(list)
    tested: dict[int, list[str]] = defaultdict(list)
    for (place, ending), (phase, lot) in _lots(plan).items():
        chain = [f"{place}/{stage}{ending}" for stage, _ in _stages(plan, lot)]
        yield from pairwise(chain)
        yield "site/site_civil", f"{place}/pads"
        # Modules may be on the road, but none is set before the ground is ready.
        yield f"{place}/pads", next(k for k in chain if f"{place}/transport{ending}" != k)
        for sku in sorted(lot):
            steps = [f"{place}/procurement/{sku}", f"{place}/factory_test/{sku}", chain[0]]
            yield from pairwise(k for k in steps if k in asked)
        if ending:
            plant_until[phase].append(chain[-1])
            if any(n.through for m in plan.modules if m.sku in lot for n in m.needs):
                yield chain[-1], f"P{phase + 1}/energisation"
        else:
            yield from pairwise((chain[-1], *(f"{place}/{t}" for t in _TESTS), f"P{phase + 1}/handover"))
            yield f"P{phase + 1}/energisation", f"{place}/functional_test"
            tested[phase].append(f"{place}/integrated_test")
    for phase in range(len(plan.brief.phases)):
        yield "site/grid_connection", f"P{phase + 1}/energisation"
        ready = [key for earlier in range(phase + 1) for key in plant_until[earlier]]
        yield from ((key, test) for key in ready for test in (tested[phase] or [f"P{phase + 1}/handover"]))
        if phase:
            yield from ((f"P{phase}/{m}", f"P{phase + 1}/{m}") for m in ("energisation", "handover"))


def _order(tasks: Mapping[str, ScheduledTask], pairs: Iterable[tuple[str, str]]) -> list[Fault]:
    faults = []
    for first, then in pairs:
        if first not in tasks:
            faults.append((then, f"waits for {first}, which does not exist"))
        elif then in tasks:
            before, after = tasks[first], tasks[then]
            # A milestone is reached at the end of its day, work begins in the morning.
            early = after.start < before.finish if after.work_days == 0 else after.start <= before.finish
            if early:
                faults.append((then, f"begins {after.start}, but {first} ends {before.finish}"))
    return faults


def _day_faults(tasks: Mapping[str, ScheduledTask], calendar: _Calendar) -> list[Fault]:
    faults = []
    for t in tasks.values():
        for day in dict.fromkeys((t.start, t.finish)):
            if day not in calendar.working:
                faults.append((t.key, f"{day} is a weekend, a public holiday or before the order"))
        took = calendar.until(t.finish) - calendar.until(t.start) + 1
        if took != max(t.work_days, 1) or t.finish < t.start:
            faults.append((t.key, f"{t.start} to {t.finish} is {took} working days, it takes {t.work_days}"))
    return faults


def _crews(plan: Plan, tasks: Mapping[str, ScheduledTask], calendar: _Calendar) -> Iterable[Finding]:
    used: dict[str, Counter[int]] = {crew: Counter() for crew in dict.fromkeys(_CREWS.values())}
    for t in tasks.values():
        if t.stage in _CREWS and t.work_days:
            used[_CREWS[t.stage]].update(range(calendar.until(t.start), calendar.until(t.finish) + 1))
    for crew, days in used.items():
        asked: int | None = getattr(plan.brief.works, crew)
        there = float(getattr(plan.basis, f"{crew}_count") if asked is None else asked)
        most = float(max(days.values(), default=0))
        yield Finding(RULE, "site", most <= there, most, there, "at once", "<=", crew)


def _phases(plan: Plan, tasks: Mapping[str, ScheduledTask]) -> Iterable[Finding]:
    for number, phase in enumerate(plan.brief.phases, 1):
        task = tasks.get(f"P{number}/handover")
        if task is not None:
            took, there = ((d - plan.brief.as_of).days for d in (task.finish, phase.energised_by))
            text = f"handed over {task.finish}, asked by {phase.energised_by}"
            yield Finding(RULE, f"phase {phase.name}", took <= there, float(took), float(there), "days", "<=", text)


def _claims(
    plan: Plan,
    scheduled: Scheduled,
    tasks: Mapping[str, ScheduledTask],
    pairs: Iterable[tuple[str, str]],
    calendar: _Calendar,
    leads: Mapping[str, int],
) -> Iterable[Finding]:
    """Objective and bound, and no float beyond what the successors leave, be it used before an order or after it."""
    measured = 0
    for number, phase in enumerate(plan.brief.phases, 1):
        if handover := tasks.get(f"P{number}/handover"):
            measured += need(phase.it_mw) * calendar.until(handover.finish)
    claimed, bound = scheduled.objective_days, scheduled.bound_days
    yield Finding(RULE, "site", measured == claimed, float(measured), float(claimed), "MW days", "==", "objective")
    proved = bound == claimed if scheduled.status == "optimal" else bound <= claimed
    yield Finding(RULE, "site", proved, float(bound), float(claimed), "MW days", "<=", "bound and status")
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(tasks)
    graph.add_edges_from((p, k) for p, k in pairs if p in tasks and k in tasks)
    if not nx.is_directed_acyclic_graph(graph):
        yield from _summed("predecessors", 1, [("site", "predecessors form a circle")])
        return
    end = {t.key: calendar.until(t.finish) for t in tasks.values()}
    latest: dict[str, int] = {}
    faults = []
    for key in reversed(list(nx.topological_sort(graph))):
        t = tasks[key]
        free = (latest[s] - tasks[s].work_days for s in graph.successors(key))
        latest[key] = end[key] if t.stage == "handover" else min(free, default=max(end.values()))
        if t.float_days > latest[key] - end[key]:
            faults.append((key, f"float of {t.float_days} days, successors leave {latest[key] - end[key]}"))
        elif key in leads:
            order = max(calendar.until(t.start) - 1, 0) + t.float_days
            if any(order + calendar.lead(d, leads[key]) > latest[key] for d in calendar.days[order : order + 1]):
                faults.append((key, f"ordered {t.float_days} days later, it is not ready in time"))
        if t.critical != (t.float_days == 0):
            faults.append((key, f"float of {t.float_days} days and critical={t.critical}"))
    yield from _summed("floats that the successors leave", len(tasks), faults)
