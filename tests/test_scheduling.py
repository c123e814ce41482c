"""Schedules against brute force, against the independent rule, and at the edge of the dates asked."""

import itertools
import random
from dataclasses import replace
from datetime import date, timedelta

import networkx as nx
import pytest
from build import BASIS, MODULES, a_brief
from wired import hand_wired_plan

from prefab import scheduling
from prefab.brief import SiteBrief
from prefab.errors import Impossible, InputError, Interrupted, OutOfBudget
from prefab.plan import Connected, Equipment, Plan, Scheduled
from prefab.results import Resource, Task
from prefab.rules import schedule as rule
from prefab.scheduling import find_starts, make_scheduled
from prefab.solver import QUICK, Answer, Effort, StopFlag
from prefab.tasks import Network, make_tasks, work_days

KNOWN = {m.sku: m for m in MODULES}
BLOCK = ("POD-1000", "UPS-800", "TRF-1000", "CDU-500")
PLANT = ("MVS-10", "GEN-2000")
FAR = date(2034, 1, 2)


def site(blocks: tuple[int, ...], plant: tuple[str, ...] = PLANT) -> tuple[Equipment, ...]:
    """So many equal blocks in each phase, and the plant in the first."""
    found = [Equipment(tag=f"{s}-01", sku=s, block=0, phase=0, carrier=KNOWN[s].gives[0].carrier) for s in plant]
    block = 0
    for phase, count in enumerate(blocks):
        for _ in range(count):
            block += 1
            found += [
                Equipment(
                    tag=f"B{block:02d}-{s[:3]}-{n}", sku=s, block=block, kind="a", phase=phase,
                    carrier=KNOWN[s].gives[0].carrier,
                )
                for s in BLOCK for n in (1, 2)
            ]  # fmt: skip
    return tuple(found)


def brief_by(*dates: date, mw: float = 2.0) -> SiteBrief:
    return a_brief(phases=[{"name": f"Phase {n}", "it_mw": mw, "energised_by": d} for n, d in enumerate(dates, 1)])


def planned(brief: SiteBrief, equipment: tuple[Equipment, ...], scheduled: Scheduled) -> Plan:
    more = {"brief": brief, "connected": Connected(equipment=equipment, feeds=()), "scheduled": scheduled}
    return hand_wired_plan().model_copy(update=more)


def broken(plan: Plan) -> list[str]:
    return [f"{f.where}: {f.text}" for f in rule.check(plan) if not f.kept]


def finish_of(scheduled: Scheduled, key: str) -> date:
    return next(t.finish for t in scheduled.tasks if t.key == key)


def random_network(draw: random.Random) -> Network:
    """Five tasks, two crews of one or two, random predecessors, and two hand-overs, the second after the first."""
    tasks: dict[str, Task] = {}
    for n in range(5):
        before = tuple(k for k in tasks if draw.random() < 0.3)
        tasks[f"t{n}"] = Task(f"t{n}", "", "", "x", 0, draw.randint(1, 3), before, draw.choice(("", "a", "a", "b")))
    for number, after in enumerate((("t1", "t2"), ("t3", "t4", "h0"))):
        tasks[f"h{number}"] = Task(f"h{number}", "", "", "handover", 0, 0, after)
    crews = {k: Resource(k, k, draw.randint(1, 2)) for k in ("a", "b")}
    return Network(tasks, crews, {"h0": draw.randint(1, 5), "h1": draw.randint(1, 5)}, {})


def brute_force(network: Network, limits: dict[str, int]) -> int | None:
    """Least objective over every choice of starts: each task in turn on every day up to the sum of all durations."""
    horizon = sum(t.work_days for t in network.tasks.values())
    order = list(network.tasks)
    best: int | None = None

    def place(index: int, starts: dict[str, int]) -> None:
        nonlocal best
        if best is not None and network.objective({**dict.fromkeys(network.weights, 0), **starts}) >= best:
            return
        if index == len(order):
            best = network.objective(starts)
            return
        task = network.tasks[order[index]]
        first = max([starts[p] + network.tasks[p].work_days for p in task.predecessors], default=0)
        last = horizon - task.work_days if task.work_days else first
        for day in range(first, last + 1):
            if day > limits.get(task.key, horizon):
                return
            mine = range(day, day + task.work_days)
            rivals = [
                range(starts[k], starts[k] + network.tasks[k].work_days)
                for k in starts
                if task.resource and network.tasks[k].resource == task.resource
            ]
            room = network.resources[task.resource].capacity if task.resource else 0
            if not task.resource or all(sum(d in r for r in rivals) < room for d in mine):
                place(index + 1, {**starts, task.key: day})

    place(0, {})
    return best


def test_small_networks_reach_the_optimum_of_brute_force() -> None:
    draw = random.Random(5)
    for _ in range(12):
        network = random_network(draw)
        limits = dict.fromkeys(network.weights, 60)
        found = find_starts(network, limits, QUICK)
        assert found is not None
        starts, bound = found
        best = brute_force(network, limits)
        assert (network.objective(starts), bound) == (best, best)
        early = network.early()
        assert all(network.least(k, early) <= starts[k] for k in network.weights)


def test_limits_are_met_exactly_or_proved_impossible() -> None:
    draw = random.Random(6)
    outcomes = set()
    for _ in range(12):
        network = random_network(draw)
        free = find_starts(network, dict.fromkeys(network.weights, 60), QUICK)
        assert free is not None
        limits = {k: free[0][k] - draw.randint(0, 1) for k in network.weights}
        best = brute_force(network, limits)
        found = find_starts(network, limits, QUICK)
        outcomes.add(best is None)
        if best is None:
            assert found is None
        else:
            assert found is not None
            assert network.objective(found[0]) == best
            assert all(found[0][k] <= limit for k, limit in limits.items())
    assert outcomes == {True, False}


def test_another_limit_or_crew_less_never_improves() -> None:
    draw = random.Random(7)
    for _ in range(6):
        network = random_network(draw)
        limits = dict.fromkeys(network.weights, 60)
        free = find_starts(network, limits, QUICK)
        fewer = replace(network, resources={k: replace(r, capacity=1) for k, r in network.resources.items()})
        scarce = find_starts(fewer, limits, QUICK)
        assert free is not None
        assert scarce is not None
        assert network.objective(scarce[0]) >= network.objective(free[0])
        later = replace(network, release={"t0": 5})
        released = find_starts(later, limits, QUICK)
        assert released is not None
        assert released[0]["t0"] >= 5
        assert network.objective(released[0]) >= network.objective(free[0])


@pytest.mark.parametrize("blocks", [(1,), (3,), (2, 2), (1, 0, 3)])
def test_the_independent_rule_keeps_what_is_scheduled(blocks: tuple[int, ...]) -> None:
    brief = brief_by(*(FAR + timedelta(n) for n in range(len(blocks))), mw=1.3)
    scheduled = make_scheduled(brief, BASIS, KNOWN, site(blocks), QUICK)
    assert broken(planned(brief, site(blocks), scheduled)) == []


def test_one_block_by_hand() -> None:
    """SE from Monday 2026-11-23; the chain is order, test, transport, set, connect, accept, start up, test, test."""
    scheduled = make_scheduled(brief_by(FAR), BASIS, KNOWN, site((1,), ("MVS-10",)), QUICK)
    days = list(itertools.islice(work_days("SE", date(2026, 11, 23)), 300))
    # Site: 40 engineering + 60 permits + 30 roads + 10 pads = 130; the block is tested before: 95 + two rounds of
    # 2 bays for 5 tests of 5 days (4 of the block, 1 of the switchgear): 110 at the latest. Transport from 130 on: 5.
    # Lifts: 2 pods, 2 UPS, 2 transformers = 6 = 2 days after the switchgear's 1 day or before it; connect 4 types = 20;
    # acceptance 2; start up 3; energisation needs 200 days of the utility: functional from 200 at the earliest, 5 + 5.
    assert scheduled.status == "optimal"
    assert finish_of(scheduled, "P1/energisation") == days[199]
    assert finish_of(scheduled, "P1/handover") == days[209]
    assert scheduled.objective_days == 2 * 210
    assert finish_of(scheduled, "site/engineering") == days[39]


def test_handover_on_the_very_date_is_in_time_and_a_day_earlier_is_impossible() -> None:
    equipment = site((2,))
    free = make_scheduled(brief_by(FAR), BASIS, KNOWN, equipment, QUICK)
    assert free.status == "optimal"
    reached = finish_of(free, "P1/handover")
    same = make_scheduled(brief_by(reached), BASIS, KNOWN, equipment, QUICK)
    assert finish_of(same, "P1/handover") == reached
    with pytest.raises(Impossible) as caught:
        make_scheduled(brief_by(reached - timedelta(1)), BASIS, KNOWN, equipment, QUICK)
    message = str(caught.value)
    assert f"phase Phase 1: cannot be handed over by {reached - timedelta(1)}, not before {reached}" in message
    # The chain goes back to something that begins on the first day and ends with the last test.
    assert "Integrated systems test" in message
    chain = message.partition(f"not before {reached}: ")[2].split(", then ")
    took = sum(int(step.rpartition(", ")[2].removesuffix(" days)")) for step in chain)
    assert took * 2 == free.objective_days


def test_every_phase_that_is_late_is_named() -> None:
    with pytest.raises(Impossible) as caught:
        make_scheduled(brief_by(date(2027, 2, 1), date(2027, 3, 1)), BASIS, KNOWN, site((1, 1)), QUICK)
    assert [line.partition(":")[0] for line in str(caught.value).splitlines()] == ["phase Phase 1", "phase Phase 2"]


def test_dates_that_only_crews_make_impossible() -> None:
    # Forty blocks with one commissioning crew: 13 days each, far beyond what precedence alone needs.
    with pytest.raises(Impossible, match="Phase 1"):
        make_scheduled(brief_by(date(2028, 6, 30)), BASIS, KNOWN, site((40,)), Effort(0.2))


def test_floats_may_be_used_up_without_moving_a_handover() -> None:
    brief, equipment = brief_by(FAR, FAR + timedelta(1)), site((2, 2))
    tasks, resources = make_tasks(brief, BASIS, KNOWN, equipment)
    network = Network(
        {t.key: t for t in tasks}, {r.key: r for r in resources}, {"P1/handover": 2, "P2/handover": 2}, {}
    )
    found = find_starts(network, {"P1/handover": 2000, "P2/handover": 2000}, QUICK)
    assert found is not None
    starts = found[0]
    floats = scheduling._floats(network, starts)
    graph = nx.DiGraph([(p, k) for k, t in network.tasks.items() for p in t.predecessors])
    graph.add_edges_from(scheduling._links(network, starts))
    for late in network.tasks:
        moved = dict(starts)
        moved[late] += floats[late]
        for key in nx.topological_sort(graph):
            after = [moved[p] + network.tasks[p].work_days for p in graph.predecessors(key)]
            moved[key] = max([moved[key], *after])
        assert all(moved[k] == starts[k] for k in network.weights), late
    # And not a day more: some chain without float leads to each hand-over from the first day on.
    critical = [k for k, f in floats.items() if f == 0]
    assert any(starts[k] == 0 and network.tasks[k].work_days for k in critical)
    assert set(network.weights) <= set(critical)


def test_modules_are_bought_as_late_as_is_safe() -> None:
    """One block whose hand-over waits 200 days for the utility: all that is bought for it is ordered late."""
    brief, equipment = brief_by(FAR), site((1,), ("MVS-10",))
    scheduled = make_scheduled(brief, BASIS, KNOWN, equipment, QUICK)
    tasks = {t.key: t for t in scheduled.tasks}
    days = list(itertools.islice(work_days("SE", brief.as_of), 300))
    # Energised at the end of day 200, functional tests from the next. Start-up 3, acceptance 2, connection 4 x 5,
    # setting 2, transport 5, factory test 5 before it, less 20 of reserve: ready after 143 days; 20 weeks to order.
    assert days.index(tasks["B01/functional_test"].start) == 200
    ready = 200 - 20 - 3 - 2 - 20 - 2 - 5 - 5
    late = [t for k, t in tasks.items() if k.startswith("B01/procurement/")]
    assert max(days.index(t.finish) + 1 for t in late) <= ready
    assert max(t.start for t in late) == max(d for d in days if d + timedelta(140) <= days[ready])
    assert all(t.start > days[20] and 10 <= t.float_days <= 40 and not t.critical for t in late)
    # Permits and the utility are not put off, whatever float they have.
    assert tasks["site/engineering"].start == tasks["site/grid_connection"].start == brief.as_of


@pytest.mark.parametrize("blocks", [(3,), (2, 2), (1, 0, 3)])
def test_moving_late_keeps_handovers_and_a_reserve(blocks: tuple[int, ...]) -> None:
    brief = brief_by(*(FAR + timedelta(n) for n in range(len(blocks))))
    tasks, resources = make_tasks(brief, BASIS, KNOWN, site(blocks))
    weights = {f"P{n}/handover": 2 for n in range(1, len(blocks) + 1)}
    network = Network({t.key: t for t in tasks}, {r.key: r for r in resources}, weights, {})
    found = find_starts(network, dict.fromkeys(weights, 1500), QUICK)
    assert found is not None
    days = list(itertools.islice(work_days("SE", brief.as_of), 2000))
    leads = {t.key: 140 for t in tasks if t.stage == "procurement"}
    late, starts, left = scheduling._moved_late(network, found[0], leads, days)
    before = scheduling._floats(network, found[0])
    assert all(starts[k] == found[0][k] for k in weights)
    for key, task in late.tasks.items():
        assert starts[key] >= found[0][key]
        assert all(starts[p] + late.tasks[p].work_days <= starts[key] for p in task.predecessors)
        if key in leads:
            assert days[starts[key] + task.work_days] >= days[starts[key]] + timedelta(140)
            assert 0 <= left[key] <= before[key]
            assert before[key] <= 20 or left[key] >= 10  # ordering later may cost a few days around holidays
        elif not key.startswith("site/"):
            assert left[key] == min(before[key], 20)
        else:
            assert (starts[key], left[key]) == (found[0][key], before[key])
    assert {k for k, f in left.items() if not f} == {k for k, f in before.items() if not f}
    for before_, after in scheduling._links(network, found[0]):
        assert starts[before_] + late.tasks[before_].work_days <= starts[after]
    assert sum(starts[k] > found[0][k] for k in leads) > len(leads) / 3


def test_moving_late_by_hand() -> None:
    """Two tests on one crew; the second hand-over waits 60 days for something else, the first for a lead time."""
    tasks = (
        Task("site/civil", "", "", "x", 0, 2, ()),
        Task("p1", "", "", "procurement", 0, 4, ()),
        Task("t1", "", "", "x", 0, 3, ("p1", "site/civil"), "a"),
        Task("h1", "", "", "handover", 0, 0, ("t1",)),
        Task("p2", "", "", "procurement", 0, 5, ()),
        Task("t2", "", "", "x", 0, 4, ("p2",), "a"),
        Task("long", "", "", "x", 0, 60, ()),
        Task("h2", "", "", "handover", 0, 0, ("t2", "long", "h1")),
    )
    network = Network({t.key: t for t in tasks}, {"a": Resource("a", "", 1)}, {"h1": 1, "h2": 1}, {})
    starts = {"site/civil": 0, "p1": 0, "t1": 4, "h1": 7, "p2": 0, "t2": 7, "long": 0, "h2": 60}
    days = list(itertools.islice(work_days("SE", date(2026, 11, 23)), 100))
    late, moved, left = scheduling._moved_late(network, starts, {"p1": 4, "p2": 7}, days)
    # The second test may begin on day 56, less the reserve 36. What it tests is ready then, ordered a week before:
    # day 36 is Friday 15 January 2027 (25 December, 1 and 6 January are free); the Friday before is day 31.
    assert days[36] == date(2027, 1, 15)
    assert moved == {**starts, "t2": 36, "p2": 31}
    assert left == {"site/civil": 2, "p1": 0, "t1": 0, "h1": 0, "p2": 20, "t2": 20, "long": 0, "h2": 0}
    assert (late.tasks["p1"].work_days, late.tasks["p2"].work_days) == (4, 5)


def test_crews_are_handed_on_without_overlap() -> None:
    draw = random.Random(9)
    for _ in range(10):
        network = random_network(draw)
        found = find_starts(network, dict.fromkeys(network.weights, 60), QUICK)
        assert found is not None
        for before, after in scheduling._links(network, found[0]):
            assert found[0][before] + network.tasks[before].work_days <= found[0][after]
        # What no hand-over waits for may slip to the end of the site.
        end = max(found[0][k] + t.work_days for k, t in network.tasks.items())
        waited_for = {p for t in network.tasks.values() for p in t.predecessors}
        for key, days in scheduling._floats(network, found[0]).items():
            task = network.tasks[key]
            assert 0 <= days <= end - found[0][key] - task.work_days
            if not task.resource and key not in waited_for and key not in network.weights:
                assert days == end - found[0][key] - task.work_days


def test_equal_blocks_come_in_order() -> None:
    scheduled = make_scheduled(brief_by(FAR), BASIS, KNOWN, site((4,)), QUICK)
    for stage in ("setting", "connection", "functional_test", "integrated_test"):
        starts = [t.start for t in scheduled.tasks if t.stage == stage and t.subject.startswith("B")]
        assert starts == sorted(starts)


def test_repeated_runs_and_another_order_of_equipment_give_the_same_schedule() -> None:
    brief, equipment = brief_by(FAR, FAR + timedelta(1)), site((3, 2))
    first = make_scheduled(brief, BASIS, KNOWN, equipment, Effort(0.5))
    assert make_scheduled(brief, BASIS, KNOWN, equipment, Effort(0.5)) == first
    assert make_scheduled(brief, BASIS, KNOWN, equipment[::-1], Effort(0.5)) == first


def test_there_is_a_schedule_however_small_the_budget() -> None:
    brief, equipment = brief_by(FAR), site((6,))
    scheduled = make_scheduled(brief, BASIS, KNOWN, equipment, Effort(1e-6))
    assert scheduled.bound_days <= scheduled.objective_days
    assert broken(planned(brief, equipment, scheduled)) == []


def three_tests_on_one_crew(*days: int) -> Network:
    """Two short tests and a long one; the hand-over waits for the long one only."""
    tests = [Task(f"t{n}", "", "", "x", 0, d, (), "a") for n, d in enumerate(days)]
    tasks = (*tests, Task("h", "", "", "handover", 0, 0, (tests[-1].key,)))
    return Network({t.key: t for t in tasks}, {"a": Resource("a", "", 1)}, {"h": 1}, {})


def test_a_serial_schedule_that_is_just_in_time_needs_no_solver() -> None:
    found = find_starts(three_tests_on_one_crew(1, 1, 5), {"h": 5}, Effort(1e-9))
    assert found is not None
    assert (found[0]["h"], found[1]) == (5, 5)


def test_without_a_schedule_in_time_the_budget_or_the_user_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    network = three_tests_on_one_crew(1, 1, 5)
    monkeypatch.setattr(scheduling, "_tried", lambda *_: [scheduling._serial(network, ["t0", "t1", "t2", "h"])])
    for stopped, error in (("budget", OutOfBudget), ("user", Interrupted)):
        answer = Answer("unknown", None, None, {}, stopped)  # type: ignore[arg-type]
        monkeypatch.setattr(scheduling, "solve", lambda *_, answer=answer: answer)
        with pytest.raises(error):
            find_starts(network, {"h": 6}, QUICK)


def test_a_stop_asked_for_earlier_does_not_stop_the_schedule() -> None:
    stop = StopFlag()
    stop.request()
    assert make_scheduled(brief_by(FAR), BASIS, KNOWN, site((1,)), QUICK, stop=stop).tasks


def test_working_days_leave_out_weekends_and_public_holidays() -> None:
    # Sweden: 24 (not a public holiday by itself), 25 and 26 December 2026, 1 and 6 January 2027.
    days = list(itertools.islice(work_days("SE", date(2026, 12, 19)), 12))
    assert days[0] == date(2026, 12, 21)
    assert all(d.weekday() < 5 for d in days)
    assert not {date(2026, 12, 25), date(2027, 1, 1), date(2027, 1, 6)} & set(days)
    thanksgiving = itertools.islice(work_days("US", date(2026, 11, 25)), 2)
    assert list(thanksgiving) == [date(2026, 11, 25), date(2026, 11, 27)]


def test_a_country_without_known_holidays_is_named_with_those_allowed() -> None:
    brief = a_brief(site={"country": "ZZ"})
    with pytest.raises(InputError, match=r"site\.country.*'ZZ'.*SE"):
        make_scheduled(brief, BASIS, KNOWN, site((1,)), QUICK)
