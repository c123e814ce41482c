"""The rule on a schedule made by hand: everything one after the other, then damaged in one place at a time."""

from datetime import date, timedelta
from typing import Any

import holidays
import pytest
from build import BASIS, a_brief, a_module
from wired import hand_wired_plan

from prefab.plan import Connected, Equipment, Plan, Scheduled, ScheduledTask
from prefab.results import Finding
from prefab.rules.schedule import RULE, check, explain

# A pod in a block, switchgear and a generator at the site. In the test catalog each takes 20 weeks, 5 days of test,
# 5 of transport, 1 lift (3 a day), 5 of connection and 3 of start-up.
EQUIPMENT = (
    Equipment(tag="MVS-01", sku="MVS-10", block=0, phase=0, carrier="mv_ac"),
    Equipment(tag="GEN-01", sku="GEN-2000", block=0, phase=0, carrier="standby_mv"),
    Equipment(tag="B01-POD-01", sku="POD-1000", block=1, kind="a", phase=0, carrier="it"),
)
LOT = (("transport", 5), ("setting", 1), ("connection", 5), ("site_acceptance", 2), ("start_up", 3))


def lot(place: str, ending: str, sku: str, procured: int) -> list[tuple[str, int]]:
    first = [(f"{place}/procurement/{sku}", procured), (f"{place}/factory_test/{sku}", 5)]
    return first + [(f"{place}/{stage}{ending}", days) for stage, days in LOT]


# 20 weeks are 100 working days less the holidays of Sweden among them. Ordered on 22 March 2028: Easter (2), 1 May,
# Ascension, 6 June; on 7 September 2028: 25 and 26 December, New Year; on 9 March 2029: as in the spring before.
SERIAL = [
    ("site/engineering", 40),
    ("site/permits", 60),
    ("site/site_civil", 30),
    ("site/grid_connection", 200),
    ("P1/pads", 10),
    *lot("P1", "/MVS-10", "MVS-10", 95),
    ("P1/energisation", 0),
    *lot("P1", "/GEN-2000", "GEN-2000", 97),
    ("B01/pads", 10),
    *lot("B01", "", "POD-1000", 95),
    ("B01/functional_test", 5),
    ("B01/integrated_test", 5),
    ("P1/handover", 0),
]
ALL_DAYS = sum(days for _, days in SERIAL)
AS_OF = date(2026, 11, 23)


def working(count: int) -> list[date]:
    free = holidays.country_holidays("SE")
    days = [AS_OF + timedelta(n) for n in range(2 * count)]
    return [d for d in days if d.weekday() < 5 and d not in free][:count]


DAYS = working(ALL_DAYS + 300)


def a_task(key: str, start: int, days: int, **more: Any) -> ScheduledTask:
    first = start if days else start - 1
    tree = {
        "key": key, "title": key, "subject": key.split("/")[0], "stage": key.split("/")[1], "phase": 0,
        "start": DAYS[first], "finish": DAYS[first + max(days, 1) - 1], "work_days": days, "critical": True,
    }  # fmt: skip
    return ScheduledTask(**{**tree, **more})


def serial_tasks() -> dict[str, ScheduledTask]:
    found, day, before = {}, 0, ""
    for key, days in SERIAL:
        found[key] = a_task(key, day, days, predecessors=(before,) if before else ())
        day, before = day + days, key
    return found


def plan_of(tasks: dict[str, ScheduledTask], **claims: Any) -> Plan:
    scheduled = Scheduled(
        tasks=tuple(tasks.values()),
        status=claims.get("status", "feasible"),
        objective_days=claims.get("objective_days", 1 * ALL_DAYS),
        bound_days=claims.get("bound_days", 100),
        holidays_version="0",
    )
    brief = a_brief(
        phases=[{"name": "One", "it_mw": 0.7, "energised_by": DAYS[ALL_DAYS - 1] + claims.get("more", timedelta())}]
    )
    more = {"brief": brief, "connected": Connected(equipment=EQUIPMENT, feeds=()), "scheduled": scheduled}
    return hand_wired_plan().model_copy(update=more)


def broken(plan: Plan) -> list[Finding]:
    return [f for f in check(plan) if not f.kept]


def places(plan: Plan) -> set[str]:
    return {f.where for f in broken(plan)}


def moved(tasks: dict[str, ScheduledTask], key: str, start: int, days: int | None = None) -> dict[str, ScheduledTask]:
    old = tasks[key]
    took = old.work_days if days is None else days
    return {**tasks, key: a_task(key, start, took, predecessors=old.predecessors)}


def test_everything_one_after_the_other_is_kept() -> None:
    findings = check(plan_of(serial_tasks()))
    assert [f for f in findings if not f.kept] == []
    assert {f.rule for f in findings} == {RULE}
    handed_over = next(f for f in findings if f.where == "phase One")
    assert handed_over.actual == handed_over.limit == (DAYS[ALL_DAYS - 1] - AS_OF).days
    crane = next(f for f in findings if f.text == "crane_crews")
    assert (crane.actual, crane.limit) == (1, 1)


@pytest.mark.parametrize("key", [k for k, _ in SERIAL])
def test_each_task_must_be_there(key: str) -> None:
    tasks = serial_tasks()
    after = next((k for k, t in tasks.items() if key in t.predecessors), None)
    del tasks[key]
    if after:
        tasks[after] = tasks[after].model_copy(update={"predecessors": ()})
    found = broken(plan_of(tasks))
    assert any(f.where == key and f.text == "there is no such task" for f in found)


@pytest.mark.parametrize("key", [k for k, days in SERIAL if days > 1])
def test_no_task_is_shorter_than_the_catalog_or_the_design_basis_says(key: str) -> None:
    tasks = serial_tasks()
    start = DAYS.index(tasks[key].start)
    found = broken(plan_of(moved(tasks, key, start, tasks[key].work_days - 1)))
    assert [(f.where, f.actual, f.limit) for f in found] == [(key, tasks[key].work_days - 1, tasks[key].work_days)]


@pytest.mark.parametrize(("start", "least"), [(date(2028, 3, 22), 95), (date(2029, 3, 9), 95), (date(2028, 9, 7), 97)])
def test_lead_times_are_calendar_weeks_from_the_date_of_the_order(start: date, least: int) -> None:
    tasks = serial_tasks()
    key = "B01/procurement/POD-1000"
    for days, kept in ((least, True), (least - 1, False)):
        plan = plan_of(moved(tasks, key, DAYS.index(start), days))
        assert ((key, "shorter than it takes") in {(f.where, f.text) for f in broken(plan)}) is not kept
    # The last thing on the calendar is no way out: what is not ready by then is too short all the same.
    alone = {key: a_task(key, 10, 5)}
    assert [f.limit for f in broken(plan_of(alone)) if (f.where, f.unit) == (key, "days")] == [95]


def test_a_float_of_a_procurement_may_be_used_before_the_order() -> None:
    """Ready when 20 more days are left, it may be ordered only so much later that 20 weeks still fit."""
    tasks = {k: t.model_copy(update={"predecessors": ()}) for k, t in serial_tasks().items()}
    key = "P1/procurement/GEN-2000"
    # The generator waits for nothing but the integrated test: back from the end 5, then 3 + 2 + 5 + 1 + 5 + 5 days.
    latest = ALL_DAYS - 5 - 21
    order = max(n for n, d in enumerate(DAYS) if d + timedelta(140) <= DAYS[latest])
    start = order - 20
    days = sum(DAYS[start] <= d < DAYS[start] + timedelta(140) for d in DAYS)
    for slip in (20, 21):
        task = a_task(key, start, days, float_days=slip, critical=False)
        found = broken(plan_of({**tasks, key: task}))
        assert (key in {f.where for f in found}) is (slip > 20)


def test_least_days_of_a_mixed_block_by_hand() -> None:
    """Two of A and one of B: weeks to days, the longest transport and start-up, the sum of lifts and connections."""
    gives = [{"carrier": "fuel", "capacity_l": 10}]
    a = {
        "lead_weeks": 1.3,
        "fat_days": 0,
        "transport_days": 2.5,
        "lifts_count": 2,
        "connect_days": 1.5,
        "start_up_days": 0,
    }
    b = {
        "lead_weeks": 3,
        "fat_days": 1.5,
        "transport_days": 1,
        "lifts_count": 5,
        "connect_days": 2.2,
        "start_up_days": 3.5,
    }
    modules = (
        a_module("AAA-1", "fuel", gives=gives, deployment=a),
        a_module("BBB-1", "fuel", gives=gives, deployment=b),
    )
    equipment = tuple(
        Equipment(tag=f"B01-X-{n}", sku=sku, block=1, kind="a", phase=0, carrier="fuel")
        for n, sku in enumerate(("AAA-1", "BBB-1", "AAA-1"))
    )
    stages = ("procurement/AAA-1", "procurement/BBB-1", "factory_test/BBB-1", *(stage for stage, _ in LOT))
    tasks = {f"B01/{stage}": a_task(f"B01/{stage}", n, 1) for n, stage in enumerate(stages)}
    more = {"modules": modules, "connected": Connected(equipment=equipment, feeds=())}
    found = broken(plan_of(tasks).model_copy(update=more))
    assert {f.where: f.limit for f in found if f.text == "shorter than it takes"} == {
        "B01/procurement/AAA-1": 8,  # 9.1 days, ready ten days after a Monday, on a Thursday
        "B01/procurement/BBB-1": 15,  # from Tuesday to Tuesday
        "B01/factory_test/BBB-1": 2,
        "B01/transport": 3,
        "B01/setting": 3,  # 2 x 2 + 5 lifts, 3 a day
        "B01/connection": 5,  # 2 + 3
        "B01/site_acceptance": 2,
        "B01/start_up": 4,
    }
    assert "B01/factory_test/AAA-1" not in {f.where for f in found}


def test_phases_wait_for_those_before_them() -> None:
    """Blocks in phases 1 and 2, none in 3; plant in 1 and 3."""
    places = [("B01-POD-01", "POD-1000", 1, 0), ("B02-POD-01", "POD-1000", 2, 1)]
    places += [("MVS-01", "MVS-10", 0, 0), ("GEN-01", "GEN-2000", 0, 0), ("GEN-02", "GEN-2000", 0, 2)]
    equipment = tuple(
        Equipment(tag=tag, sku=sku, block=block, phase=phase, carrier="it") for tag, sku, block, phase in places
    )
    keys = ["P1/energisation", "P2/energisation", "P3/energisation", "P1/handover", "P2/handover", "P3/handover"]
    keys += ["P1/start_up/GEN-2000", "P3/start_up/GEN-2000", "B01/integrated_test", "B02/integrated_test"]
    phases = [{"name": str(n), "it_mw": 1.0, "energised_by": date(2040 + n, 1, 3)} for n in range(3)]
    more = {"brief": a_brief(phases=phases), "connected": Connected(equipment=equipment, feeds=())}

    def waits(first: str) -> set[str]:
        """The tasks that are refused when `first` is late."""
        tasks = {k: a_task(k, ALL_DAYS if k == first else 1, 0) for k in keys}
        findings = broken(plan_of(tasks).model_copy(update=more))
        return {f.where for f in findings if f"but {first} ends" in f.text}

    assert waits("P1/energisation") == {"P2/energisation"}
    assert waits("P2/energisation") == {"P3/energisation"}
    assert waits("P1/handover") == {"P2/handover"}
    assert waits("P2/handover") == {"P3/handover"}
    assert waits("P1/start_up/GEN-2000") == {"B01/integrated_test", "B02/integrated_test", "P3/handover"}
    assert waits("P3/start_up/GEN-2000") == {"P3/handover"}
    assert waits("B02/integrated_test") == {"P2/handover"}


ORDER = [
    ("site/permits", "site/engineering"),
    ("site/site_civil", "site/permits"),
    ("P1/pads", "site/site_civil"),
    ("B01/pads", "site/site_civil"),
    ("P1/factory_test/MVS-10", "P1/procurement/MVS-10"),
    ("P1/transport/MVS-10", "P1/factory_test/MVS-10"),
    ("B01/transport", "B01/factory_test/POD-1000"),
    ("B01/setting", "B01/transport"),
    ("B01/setting", "B01/pads"),
    ("P1/setting/MVS-10", "P1/pads"),
    ("B01/connection", "B01/setting"),
    ("B01/site_acceptance", "B01/connection"),
    ("B01/start_up", "B01/site_acceptance"),
    ("B01/functional_test", "B01/start_up"),
    ("B01/functional_test", "P1/energisation"),
    ("B01/integrated_test", "B01/functional_test"),
    ("B01/integrated_test", "P1/start_up/GEN-2000"),
    ("P1/energisation", "site/grid_connection"),
    ("P1/energisation", "P1/start_up/MVS-10"),
    ("P1/handover", "B01/integrated_test"),
]


@pytest.mark.parametrize(("then", "first"), ORDER)
def test_order_holds_without_any_predecessor_listed(then: str, first: str) -> None:
    """`first` is done long after everything else, on free crews; the list of predecessors is empty."""
    tasks = {k: t.model_copy(update={"predecessors": ()}) for k, t in serial_tasks().items()}
    late = a_task(first, ALL_DAYS + 10, tasks[first].work_days)
    found = broken(plan_of({**tasks, first: late}, more=timedelta(900)))
    assert any(f.where == then and f"but {first} ends" in f.text for f in found)


@pytest.mark.parametrize(("gap", "kept"), [(0, True), (-1, False)])
def test_work_begins_on_the_day_after_its_predecessor(gap: int, kept: bool) -> None:
    tasks = serial_tasks()
    start = DAYS.index(tasks["B01/transport"].finish) + 1 + gap
    plan = plan_of(moved(tasks, "B01/setting", start))
    assert (places(plan) == set()) is kept


def test_listed_predecessors_count_too() -> None:
    tasks = serial_tasks()
    again = tasks["site/engineering"].model_copy(update={"predecessors": ("P1/pads", "P1/nothing")})
    found = broken(plan_of({**tasks, "site/engineering": again}))
    texts = [f.text for f in found if f.where == "site/engineering"]
    assert any("P1/pads ends" in t for t in texts)
    assert any("does not exist" in t for t in texts)
    assert any("circle" in f.text for f in found)


def test_tasks_run_on_working_days() -> None:
    tasks = serial_tasks()
    for day in (date(2026, 12, 25), date(2026, 11, 28), AS_OF - timedelta(3)):
        wrong = {**tasks, "site/engineering": tasks["site/engineering"].model_copy(update={"start": day})}
        assert "site/engineering" in places(plan_of(wrong))


def test_dates_and_working_days_agree() -> None:
    tasks = serial_tasks()
    longer = tasks["site/engineering"].model_copy(update={"work_days": 41})
    found = broken(plan_of({**tasks, "site/engineering": longer}))
    assert "site/engineering" in {f.where for f in found}
    assert any("is 40 working days, it takes 41" in f.text for f in found)


def test_crews_are_counted_on_every_day() -> None:
    # One crane: both lifts on one day is one too many; the test bays are two.
    tasks = serial_tasks()
    day = DAYS.index(tasks["B01/setting"].start)
    other = {**tasks, "X1/setting": a_task("X1/setting", day, 1)}
    found = broken(plan_of(other))
    assert [(f.text, f.actual, f.limit) for f in found] == [("crane_crews", 2, BASIS.crane_crews_count)]
    bay = DAYS.index(tasks["B01/factory_test/POD-1000"].start)
    for extra, kept in ((1, True), (2, False)):
        more = {f"X{n}/factory_test": a_task(f"X{n}/factory_test", bay + 4, 1) for n in range(extra)}
        assert (broken(plan_of({**tasks, **more})) == []) is kept


def test_a_handover_a_day_late_is_refused() -> None:
    assert broken(plan_of(serial_tasks(), more=timedelta(1))) == []
    found = broken(plan_of(serial_tasks(), more=timedelta(-1)))
    assert [(f.where, f.limit - f.actual) for f in found] == [("phase One", -1)]


def test_claims_are_recomputed() -> None:
    # 0.7 MW counts as 1; handed over on the last of all days.
    for claims, text in (
        ({"objective_days": ALL_DAYS + 1}, "objective"),
        ({"bound_days": ALL_DAYS + 1}, "bound and status"),
        ({"status": "optimal"}, "bound and status"),
    ):
        assert [f.text for f in broken(plan_of(serial_tasks(), **claims))] == [text]
    assert broken(plan_of(serial_tasks(), status="optimal", bound_days=ALL_DAYS)) == []
    assert broken(plan_of(serial_tasks(), status="feasible", bound_days=ALL_DAYS)) == []


def test_floats_leave_room_for_the_successors() -> None:
    tasks = serial_tasks()
    task = tasks["site/permits"]
    dreamt = task.model_copy(update={"float_days": 1, "critical": False})
    assert places(plan_of({**tasks, task.key: dreamt})) == {"site/permits", "site"}
    unmarked = task.model_copy(update={"critical": False})
    assert places(plan_of({**tasks, task.key: unmarked})) == {"site/permits", "site"}


def test_a_float_ends_where_the_first_successor_must_begin() -> None:
    """With no predecessors listed. Back from the hand-over on day H to the end of the site's civil works: tests 5 + 5,
    start-up 3, acceptance 2, connection 5, setting 1, pads 10 for the block; the same for the switchgear, as it must
    be ready when the functional tests begin: H - 31. The civil works end on day 40 + 60 + 30.
    """
    tasks = {k: t.model_copy(update={"predecessors": ()}) for k, t in serial_tasks().items()}
    room = ALL_DAYS - 31 - 130
    for slip, kept in ((room, True), (room + 1, False)):
        civil = tasks["site/site_civil"].model_copy(update={"float_days": slip, "critical": False})
        assert (broken(plan_of({**tasks, civil.key: civil})) == []) is kept


def test_keys_are_unique_and_say_the_stage() -> None:
    tasks = serial_tasks()
    plan = plan_of(tasks)
    assert plan.scheduled is not None
    twice = plan.scheduled.model_copy(update={"tasks": (*plan.scheduled.tasks, tasks["site/permits"])})
    assert "site/permits" in places(plan.model_copy(update={"scheduled": twice}))
    other = {**tasks, "site/permits": tasks["site/permits"].model_copy(update={"stage": "setting"})}
    assert "site/permits" in places(plan_of(other))


def test_badly_damaged_plans_give_findings_and_never_raise() -> None:
    tasks = serial_tasks()
    plan = plan_of(tasks)
    assert broken(plan.model_copy(update={"scheduled": None}))
    assert broken(plan_of({}))
    assert broken(plan_of({**tasks, "odd": tasks["site/permits"].model_copy(update={"key": "odd"})}))
    far = tasks["P1/handover"].model_copy(update={"finish": date(9999, 12, 31)})
    assert broken(plan_of({**tasks, "P1/handover": far}))
    past = {k: t.model_copy(update={"start": date(1, 1, 1), "finish": date(1, 1, 1)}) for k, t in tasks.items()}
    assert broken(plan_of(past))
    abroad = plan.brief.model_copy(update={"site": plan.brief.site.model_copy(update={"country": "ZZ"})})
    assert any("ZZ" in f.text for f in broken(plan.model_copy(update={"brief": abroad})))
    assert check(plan.model_copy(update={"modules": ()}))


def test_explain_names_every_phase_and_date() -> None:
    text = explain(plan_of(serial_tasks()).brief)
    assert "One (0.7 MW) by" in text
    assert "SE" in text
