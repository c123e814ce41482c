"""When everything happens: precedence, crews and dates as a CP-SAT model over working days, then floats.

The model makes the sum over phases of megawatts x day of handing over least. Serial schedules come first, so that there
is an answer however little time there is. At the end each task in order of its start is moved as early as it can be:
those before it only moved forward, so by induction it still fits where it was, and no hand-over gets later.

What belongs to modules is then moved as late as is safe, so that nothing is bought years early: a task with more float
than the reserve gives up the rest. Along the predecessors and the crews handed on, latest starts less the reserve keep
the order as latest starts do, so all move at once and every hand-over stays. The site's own tasks stay early: they cost
little, and permits and the utility's work are what may take longer than thought.
"""

import random
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from importlib.metadata import version
from itertools import groupby, islice, pairwise, takewhile

import networkx as nx

from prefab.basis import DesignBasis
from prefab.brief import SiteBrief
from prefab.errors import AuditError, Impossible, Interrupted, OutOfBudget
from prefab.module import Module
from prefab.plan import Equipment, Scheduled, ScheduledTask
from prefab.results import Progress, Task
from prefab.solver import Answer, Effort, Model, StopFlag, solve
from prefab.tasks import Network, lead_days, make_tasks, ready_day, work_days
from prefab.units import need

_VARIATIONS = 50
_VARIATION_DAYS = 100
_PLACED = 250_000
"""Tasks per unit of deterministic time that all variations together may place: about three seconds."""
_SOLVER_SHARE = 0.1
"""Scheduling models take about five seconds per unit of deterministic time."""

_RESERVE_DAYS = 20
"""Float that moving late leaves: four working weeks, for a shipment held up or a factory test that is repeated."""
_LONGEST_BREAK_DAYS = 31
"""More calendar days than lie between two working days anywhere."""

Starts = Mapping[str, int]
"""Working day on which each task begins, from 0; milestones lie at the end of the day before."""


def make_scheduled(
    brief: SiteBrief,
    basis: DesignBasis,
    modules: Mapping[str, Module],
    equipment: tuple[Equipment, ...],
    effort: Effort,
    on_progress: Callable[[Progress], None] | None = None,
    stop: StopFlag | None = None,
) -> Scheduled:
    """Dates for every task, every phase handed over in time.

    Raises:
        InputError: no public holidays are known for the site's country.
        Impossible: a phase cannot be handed over by its date; with the earliest date and the chain that sets it.
        OutOfBudget: no schedule in time was found, and no proof that there is none.
        Interrupted: the user stopped before there was a schedule.
    """
    stop = stop or StopFlag()
    tasks, resources = make_tasks(brief, basis, modules, equipment)
    last = brief.phases[-1].energised_by + timedelta(_LONGEST_BREAK_DAYS)
    days = tuple(takewhile(lambda d: d <= last, work_days(brief.site.country, brief.as_of)))
    handovers = [t.key for t in tasks if t.stage == "handover"]
    network = Network(
        tasks={t.key: t for t in tasks},
        resources={r.key: r for r in resources},
        weights={k: need(p.it_mw) for k, p in zip(handovers, brief.phases, strict=True)},
        release={t.key: bisect_right(days, t.earliest - timedelta(1)) for t in tasks if t.earliest},
    )
    # A hand-over "on day n" uses the n working days up to and with its date.
    limits = {k: bisect_right(days, p.energised_by) for k, p in zip(handovers, brief.phases, strict=True)}
    found = find_starts(network, limits, effort, on_progress, stop)
    if found is None:
        raise _why_not(network, limits, brief, effort, on_progress, stop)
    starts, bound = found
    objective = network.objective(starts)
    leads = {t.key: lead_days(modules[t.key.split("/")[2]]) for t in tasks if t.stage == "procurement"}
    return Scheduled(
        tasks=_dated(*_moved_late(network, starts, leads, days), days),
        status="optimal" if bound == objective else "feasible",
        objective_days=objective,
        bound_days=bound,
        holidays_version=version("holidays"),
    )


def find_starts(
    network: Network,
    limits: Mapping[str, int],
    effort: Effort,
    on_progress: Callable[[Progress], None] | None = None,
    stop: StopFlag | None = None,
) -> tuple[Starts, int] | None:
    """Starts with every hand-over within its limit, and a lower bound of the objective; None if proved impossible.

    Raises:
        OutOfBudget, Interrupted: nothing was found and nothing was proved.
    """
    early = network.early()
    least = {k: network.least(k, early) for k in limits}
    if any(least[k] > limit for k, limit in limits.items()):
        return None
    bound = sum(w * least[k] for k, w in network.weights.items())

    def rank(starts: Starts) -> tuple[bool, int]:
        return any(starts[k] > limit for k, limit in limits.items()), network.objective(starts)

    best: Starts = {}
    for starts in _tried(network, limits, effort):
        best = min(best or starts, starts, key=rank)
        if rank(best) == (False, bound):
            return best, bound
    answer = _solved(network, {**early, **least}, limits, best, effort, on_progress, stop)
    if answer.status == "infeasible":
        return None
    if answer.bound is not None:
        bound = max(bound, answer.bound)
    if answer.values:
        best = min(best, _serial(network, _by_start(network, {**early, **answer.values})), key=rank)
    if rank(best)[0]:
        if answer.stopped == "user":
            raise Interrupted("stopped before there was a schedule")
        note = f" ({answer.note})" if answer.note else ""
        raise OutOfBudget(f"no schedule that meets every date was found within the budget{note}")
    return best, bound


def _tried(network: Network, limits: Mapping[str, int], effort: Effort) -> Iterator[dict[str, int]]:
    """Serial schedules by priority: least slack to the dates asked, phase by phase, and random variations."""
    late, early = network.late(limits, max(limits.values())), network.early()
    tasks = network.tasks
    yield _in_order(network, {k: (late[k],) for k in tasks})
    yield _in_order(network, {k: (t.phase, late[k]) for k, t in tasks.items()})
    yield _in_order(network, {k: (t.phase, early[k]) for k, t in tasks.items()})
    draw = random.Random(effort.seed)
    for _ in range(need(min(_VARIATIONS, _PLACED / len(tasks)) * effort.deterministic_time)):
        yield _in_order(network, {k: (late[k] + draw.randint(-_VARIATION_DAYS, _VARIATION_DAYS),) for k in tasks})


def _in_order(network: Network, order: Mapping[str, tuple[int, ...]]) -> dict[str, int]:
    """The serial schedule by priority, no task before its predecessors."""
    raised: dict[str, tuple[int, ...]] = {}
    for key, task in network.tasks.items():
        raised[key] = max([order[key], *(raised[p] for p in task.predecessors)])
    place = {k: n for n, k in enumerate(network.tasks)}
    return _serial(network, sorted(network.tasks, key=lambda k: (raised[k], place[k])))


def _by_start(network: Network, starts: Starts) -> list[str]:
    place = {k: n for n, k in enumerate(network.tasks)}
    return sorted(network.tasks, key=lambda k: (starts[k], place[k]))


def _serial(network: Network, order: Iterable[str]) -> dict[str, int]:
    """Each task in turn as early as precedence and the crews left by those before it allow."""
    starts: dict[str, int] = {}
    crews = {r.key: _Crews(r.capacity) for r in network.resources.values()}
    for key in order:
        task = network.tasks[key]
        after = (starts[p] + network.tasks[p].work_days for p in task.predecessors)
        day = max([network.release.get(key, 0), *after])
        if task.resource and task.work_days:
            day = crews[task.resource].take(day, task.work_days, task.demand)
        starts[key] = day
    return starts


class _Crews:
    """How many of some equal crews are at work on each day: bit `d` of entry `n` says that more than `n` are then.

    With thousands of tasks this is many times faster than to look at one day after the other.
    """

    def __init__(self, capacity: int) -> None:
        self._more_than = [0] * capacity

    def take(self, day: int, work_days: int, demand: int) -> int:
        """The first day from `day` on when so many crews are free for so long, which then are at work."""
        taken = self._more_than[-demand] >> day
        reach = 1
        while reach < work_days:
            # Bit d comes to say that some day from d until d + reach is taken.
            step = min(reach, work_days - reach)
            taken |= taken >> step
            reach += step
        day += (~taken & (taken + 1)).bit_length() - 1
        for _ in range(demand):
            more = ((1 << work_days) - 1) << day
            for number, before in enumerate(self._more_than):
                self._more_than[number], more = before | more, before & more
                if not more:
                    break
        return day


def _solved(
    network: Network,
    least: Starts,
    limits: Mapping[str, int],
    hint: Starts,
    effort: Effort,
    on_progress: Callable[[Progress], None] | None,
    stop: StopFlag | None,
) -> Answer:
    horizon = max([*limits.values(), *(hint[k] + t.work_days for k, t in network.tasks.items())])
    late = network.late(limits, horizon)
    model = Model()
    free: set[str] = set()
    for key, task in network.tasks.items():
        # What depends on no crew starts early in some best schedule.
        if task.resource or key in network.weights or any(p in free for p in task.predecessors):
            free.add(key)
            model.integer(key, least[key], late[key])
            model.hint(key, hint[key])
            for p in task.predecessors:
                if p in free:
                    model.add_row([(1, key), (-1, p)], low=network.tasks[p].work_days)
    for resource in network.resources.values():
        users = [t for t in network.tasks.values() if t.resource == resource.key and t.work_days]
        named = [model.interval(t.key, t.key, t.work_days) for t in users]
        if resource.capacity == 1:
            model.no_overlap(named)
        else:
            model.cumulative(named, [t.demand for t in users], resource.capacity)
    for first, then in _equal_pairs(network):
        model.add_row([(1, then), (-1, first)], low=0)
    model.minimize((w, k) for k, w in network.weights.items())
    share = replace(effort, deterministic_time=effort.deterministic_time * _SOLVER_SHARE)
    return solve(model, share, on_progress, stop, "scheduling")


def _equal_pairs(network: Network) -> Iterable[tuple[str, str]]:
    """Tasks of equal blocks that may be put in order without loss: sorting each stage by start keeps every rule."""
    blocks: dict[str, list[Task]] = {}
    for task in network.tasks.values():
        if task.key.startswith("B"):
            blocks.setdefault(task.subject, []).append(task)
    alike: dict[tuple[object, ...], list[str]] = {}
    for place, tasks in blocks.items():
        looks = tuple(
            replace(
                t, key=_inside(t.key, place), title="", subject="",
                predecessors=tuple(_inside(p, place) for p in t.predecessors),
            )
            for t in tasks
        )  # fmt: skip
        alike.setdefault((looks,), []).append(place)
    for places in alike.values():
        for first, then in pairwise(places):
            for task in blocks[first]:
                if task.resource:
                    yield task.key, then + task.key.removeprefix(first)


def _inside(key: str, place: str) -> str:
    return key.removeprefix(f"{place}/")


def _links(network: Network, starts: Starts) -> list[tuple[str, str]]:
    """Who hands a crew on to whom; any dates that keep these links and the predecessors keep the crews."""
    links = []
    for resource in network.resources.values():
        crews: list[tuple[int, str]] = [(0, "")] * resource.capacity
        for key in _by_start(network, starts):
            task = network.tasks[key]
            if task.resource == resource.key and task.work_days:
                # The crew that became free last hands over, so that links are tight where they can be.
                crews.sort(key=lambda c: (c[0] > starts[key], -c[0], c[1]))
                links += [(before, key) for _, before in crews[: task.demand] if before]
                crews[: task.demand] = [(starts[key] + task.work_days, key)] * task.demand
    return list(dict.fromkeys(links))


def _floats(network: Network, starts: Starts) -> dict[str, int]:
    """Working days each task may slip before a hand-over (or the end of the site) does, the crews levelled."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(network.tasks)
    graph.add_edges_from((p, k) for k, t in network.tasks.items() for p in t.predecessors)
    graph.add_edges_from(_links(network, starts))
    end = max(starts[k] + t.work_days for k, t in network.tasks.items())
    latest: dict[str, int] = {}
    for key in reversed(list(nx.topological_sort(graph))):
        free = min((latest[s] for s in graph.successors(key)), default=end)
        latest[key] = (starts[key] if key in network.weights else free) - network.tasks[key].work_days
    return {k: latest[k] - starts[k] for k in network.tasks}


def _moved_late(
    network: Network, starts: Starts, leads: Mapping[str, int], days: Sequence[date]
) -> tuple[Network, Starts, dict[str, int]]:
    """The network with procurements as long as they take from their new order dates, starts, and floats left."""
    left = _floats(network, starts)
    moved, tasks = dict(starts), dict(network.tasks)
    for key, task in network.tasks.items():
        shift = 0 if key.startswith("site/") else max(left[key] - _RESERVE_DAYS, 0)
        if task.stage == "procurement":
            end = starts[key] + task.work_days
            # What waits for a slot of its factory is ordered when its turn is a lead time away.
            if shift or ready_day(days, starts[key], leads[key]) < end:
                moved[key] = _latest_order(days, end + shift, leads[key])
            ready = max(ready_day(days, moved[key], leads[key]), end)
            tasks[key] = replace(task, work_days=ready - moved[key])
            # Days lost before the order and days lost after it are not the same where holidays come between.
            latest = end + left[key]
            left[key] = min(latest - ready, _latest_order(days, latest, leads[key]) - moved[key])
        else:
            moved[key] += shift
            left[key] -= shift
    return replace(network, tasks=tasks), moved, left


def _latest_order(days: Sequence[date], ready: int, lead_days: int) -> int:
    """The last working day to order what must be ready on the given one."""
    return bisect_right(days, days[ready] - timedelta(lead_days)) - 1


def _dated(
    network: Network, starts: Starts, floats: Mapping[str, int], days: Sequence[date]
) -> tuple[ScheduledTask, ...]:
    dated = []
    for key, task in network.tasks.items():
        first = starts[key] if task.work_days else max(starts[key] - 1, 0)
        dated.append(
            ScheduledTask(
                key=key,
                title=task.title,
                subject=task.subject,
                stage=task.stage,
                phase=task.phase,
                start=days[first],
                finish=days[first + max(task.work_days, 1) - 1],
                work_days=task.work_days,
                predecessors=task.predecessors,
                resource=task.resource,
                float_days=floats[key],
                critical=floats[key] == 0,
            )
        )
    return tuple(dated)


def _why_not(
    network: Network,
    limits: Mapping[str, int],
    brief: SiteBrief,
    effort: Effort,
    on_progress: Callable[[Progress], None] | None,
    stop: StopFlag,
) -> Exception:
    """The earliest hand-over of each phase in turn, those before it kept at their limits or their own earliest."""
    ever = sum(t.work_days for t in network.tasks.values()) + max(network.release.values(), default=0)
    kept: dict[str, int] = {}
    reasons = []
    for key, phase in zip(network.weights, brief.phases, strict=True):
        alone = replace(network, weights={key: 1})
        found = find_starts(alone, {**kept, key: ever}, effort, on_progress, stop)
        if found is None:
            return AuditError("scheduling: dates for which a schedule is known were proved impossible")
        starts, earliest = found
        kept[key] = max(limits[key], starts[key])
        if earliest > limits[key]:
            day = next(islice(work_days(brief.site.country, brief.as_of), earliest - 1, None))
            chain = ", then ".join(_chain(network, starts, key))
            reasons.append(
                f"phase {phase.name}: cannot be handed over by {phase.energised_by}, not before {day}: {chain}"
            )
    if not reasons and kept == limits:
        return AuditError("scheduling: dates for which a schedule is known were proved impossible")
    return Impossible("\n".join(reasons) or "the dates of the phases cannot all be met together with these crews")


def _chain(network: Network, starts: Starts, key: str) -> list[str]:
    """The tasks without a gap that end in `key`, first to last; equal ones in turn are one step."""
    chain: list[Task] = []
    by_crew = {r: [t for t in network.tasks.values() if t.resource == r] for r in network.resources}
    while True:
        task = network.tasks[key]
        if task.work_days:
            chain.append(task)
        rivals = [t.key for t in by_crew.get(task.resource, ())]
        tight = [
            p
            for p in (*task.predecessors, *rivals)
            if starts[p] + network.tasks[p].work_days == starts[key] and p != key
        ]
        if not tight:
            return [_step(title, list(own)) for title, own in groupby(chain[::-1], key=lambda t: t.title)]
        key = tight[0]


def _step(title: str, own: Sequence[Task]) -> str:
    where = own[0].subject if len(own) == 1 else f"{own[0].subject} to {own[-1].subject}, {len(own)} in turn"
    return f"{title} ({where}, {sum(t.work_days for t in own)} days)"
