"""The task network: what is there, in what order, how long, and the bounds taken from it."""

import itertools
from datetime import date

import pytest
from build import BASIS, DEPLOYMENT, MODULES, a_brief, a_module
from wired import hand_wired_plan

from prefab.basis import DesignBasis
from prefab.catalog import load_catalog
from prefab.module import Module
from prefab.plan import Equipment
from prefab.results import Resource, Task
from prefab.tasks import Network, earliest_date, make_tasks, ready_day, work_days

KNOWN = {m.sku: m for m in MODULES}
CATALOG = load_catalog()
ORDER = date(2026, 11, 23)
"""A Monday; the date of the test brief."""


def network_of(tasks: tuple[Task, ...], resources: tuple[Resource, ...] = ()) -> Network:
    return Network({t.key: t for t in tasks}, {r.key: r for r in resources}, {}, {})


def hand_wired_tasks() -> dict[str, Task]:
    plan = hand_wired_plan()
    assert plan.connected is not None
    tasks, _ = make_tasks(plan.brief, BASIS, KNOWN, plan.connected.equipment)
    return {t.key: t for t in tasks}


def ancestors(tasks: dict[str, Task], key: str) -> set[str]:
    found = set(tasks[key].predecessors)
    for p in tasks[key].predecessors:
        found |= ancestors(tasks, p)
    return found


def some(sku: str, block: int, phase: int, count: int = 1) -> list[Equipment]:
    carrier = KNOWN[sku].gives[0].carrier
    return [
        Equipment(tag=f"{sku}-{block}-{phase}-{n}", sku=sku, block=block, phase=phase, carrier=carrier)
        for n in range(count)
    ]


def test_predecessors_come_before_their_successors_and_keys_are_unique() -> None:
    tasks = hand_wired_tasks()
    seen: set[str] = set()
    for key, task in tasks.items():
        assert set(task.predecessors) <= seen
        assert key.split("/")[1] == task.stage
        seen.add(key)


def test_durations_of_a_block_follow_from_its_modules() -> None:
    tasks = hand_wired_tasks()
    assert tasks["B01/procurement/UPS-800"].work_days == 95
    # 20 weeks of 5 days without 25 December, 1 and 6 January, Good Friday and Easter Monday: holidays stretch nothing.
    assert tasks["B01/factory_test/UPS-800"].work_days == 5
    assert tasks["B01/transport"].work_days == 5
    # On land: 1 pod, 4 pumps, 2 + 2 coolers, 3 UPS, 5 transformers = 17 lifts, 3 a day; what is inside comes with it.
    assert tasks["B01/setting"].work_days == 6
    # Nine types at 5 days each: pod, CDU, fan wall, pump, dry cooler, chiller, control, UPS, transformer.
    assert tasks["B01/connection"].work_days == 45
    assert tasks["B01/start_up"].work_days == 3
    assert tasks["B01/functional_test"].work_days == 5


def test_order_of_work_in_a_block() -> None:
    tasks = hand_wired_tasks()
    before_test = ancestors(tasks, "B01/integrated_test")
    assert "P1/energisation" in ancestors(tasks, "B01/functional_test")
    assert {"P1/plant_ready", "P1/start_up/GEN-2000", "P1/start_up/FTK-030", "B01/pads"} <= before_test
    assert "P1/start_up/GEN-2000" not in ancestors(tasks, "B01/functional_test")
    assert {"site/grid_connection", "P1/start_up/MVS-10"} <= set(tasks["P1/energisation"].predecessors)
    assert {"B01/pads", "B01/factory_test/POD-1000"} <= set(tasks["B01/transport"].predecessors)
    assert tasks["P1/handover"].predecessors == ("B01/integrated_test",)
    assert tasks["P1/plant_ready"].title == "Standby and other site plant ready"


def test_trap_11_power_comes_when_the_grid_does_however_fast_a_factory_is() -> None:
    # Modules without any lead time bring the handover forward only as far as the connection to the grid.
    plan = hand_wired_plan()
    assert plan.connected is not None

    def days_to_handover(basis: DesignBasis) -> int:
        at_once = {
            sku: m.model_copy(update={"deployment": m.deployment.model_copy(update={"lead_weeks": 0.0})})
            for sku, m in KNOWN.items()
        }
        tasks, _ = make_tasks(plan.brief, basis, at_once, plan.connected.equipment)
        ends: dict[str, int] = {}
        for task in tasks:
            ends[task.key] = task.work_days + max((ends[p] for p in task.predecessors), default=0)
        return ends["P1/handover"]

    years = BASIS.model_copy(update={"grid_connection_days": 4 * 250})
    assert days_to_handover(years) > 4 * 250 > 2 * days_to_handover(BASIS)
    # What makes high voltage usable is bought in years, what is prefabricated in weeks.
    lead = {m.sku: (m.family, m.deployment.lead_weeks) for m in CATALOG.modules}
    assert min(weeks for family, weeks in lead.values() if family == "main_transformer") > 104
    assert max(weeks for family, weeks in lead.values() if family == "it_pod") < 78


def test_crews_are_asked_for_by_the_right_stages() -> None:
    crews = {t.stage: t.resource for t in hand_wired_tasks().values() if t.resource}
    assert crews == {
        "factory_test": "fat_bay",
        "setting": "crane",
        "connection": "connection_crew",
        "start_up": "commissioning_crew",
        "functional_test": "commissioning_crew",
        "integrated_test": "commissioning_crew",
    }


def test_phases_follow_each_other_and_plant_stands_in_its_phase() -> None:
    phases = [{"name": f"B0{n}", "it_mw": 1.0, "energised_by": date(2028 + n, 1, 3)} for n in (1, 2, 3)]
    equipment = some("MVS-10", 0, 0) + some("POD-1000", 1, 0) + some("POD-1000", 2, 1) + some("BES-4000", 0, 2)
    tasks_made, _ = make_tasks(a_brief(phases=phases), BASIS, KNOWN, tuple(equipment))
    tasks = {t.key: t for t in tasks_made}
    assert tasks["P2/handover"].predecessors == ("B02/integrated_test", "P1/handover")
    # No plant is added in the second phase, no block in the third.
    assert tasks["P2/energisation"].predecessors == ("P1/energisation",)
    assert "P2/plant_ready" not in tasks
    assert tasks["P3/handover"].predecessors == ("P3/energisation", "P3/plant_ready", "P2/handover")
    # A phase may have the name of a block; keys stay apart.
    assert tasks["P1/handover"].subject == tasks["B01/transport"].subject == "B01"


def test_stages_without_time_are_left_out() -> None:
    quick = a_module(
        "QCK-1",
        "fuel",
        gives=[{"carrier": "fuel", "capacity_l": 10}],
        deployment={
            "lead_weeks": 0.3, "fat_days": 0, "transport_days": 0, "lifts_count": 0, "connect_days": 0.5,
            "start_up_days": 0,
        },
    )  # fmt: skip
    equipment = (Equipment(tag="QCK-01", sku="QCK-1", block=0, phase=0, carrier="fuel"),)
    made, _ = make_tasks(a_brief(), BASIS, {"QCK-1": quick}, equipment)
    tasks = {t.key: t.work_days for t in made if t.key.startswith("P1/")}
    assert tasks == {
        "P1/pads": 10,
        "P1/procurement/QCK-1": 3,  # 0.3 weeks are 2.1 days: ordered on Monday, ready on Thursday
        "P1/connection/QCK-1": 1,
        "P1/site_acceptance/QCK-1": 2,
        "P1/energisation": 0,
        "P1/plant_ready": 0,
        "P1/handover": 0,
    }
    assert next(t for t in made if t.stage == "connection").predecessors == ("P1/procurement/QCK-1", "P1/pads")


def test_durations_of_a_mixed_lot_are_rounded_up_module_by_module() -> None:
    gives = [{"carrier": "fuel", "capacity_l": 10}]
    a = {"lead_weeks": 1, "fat_days": 0, "transport_days": 2.5, "connect_days": 1.5, "start_up_days": 0}
    b = {
        "lead_weeks": 3,
        "fat_days": 1.5,
        "transport_days": 1,
        "lifts_count": 5,
        "connect_days": 2.2,
        "start_up_days": 3.5,
    }
    known = {s: a_module(s, "fuel", gives=gives, deployment=d) for s, d in (("AAA-1", a), ("BBB-1", b))}
    equipment = tuple(
        Equipment(tag=f"B01-X-{n}", sku=sku, block=1, kind="a", phase=0, carrier="fuel")
        for n, sku in enumerate(("AAA-1", "BBB-1", "AAA-1"))
    )
    tasks = {t.key: t.work_days for t in make_tasks(a_brief(), BASIS, known, equipment)[0]}
    assert tasks["B01/factory_test/BBB-1"] == 2
    assert tasks["B01/transport"] == 3
    assert tasks["B01/setting"] == 3  # 2 x 1 + 5 lifts, 3 a day
    assert tasks["B01/connection"] == 5  # 2 + 3
    assert tasks["B01/start_up"] == 4
    assert "B01/factory_test/AAA-1" not in tasks
    # 3 weeks and 2 test + 1 transport + 2 days for 5 lifts + 3 connect + 2 acceptance: 10 days from 14 December on;
    # a week and 0 + 3 + 1 + 2 + 2 for the other: 8 days from 30 November on.
    assert earliest_date(known["BBB-1"], BASIS, ORDER) == date(2026, 12, 25)
    assert earliest_date(known["AAA-1"], BASIS, ORDER) == date(2026, 12, 9)


def test_lead_times_are_calendar_weeks() -> None:
    """194 weeks after 23 November 2026 is Monday 12 August 2030, whatever holidays lie between."""
    slow = a_module(
        "TXM-1", "fuel", gives=[{"carrier": "fuel", "capacity_l": 10}], deployment={**DEPLOYMENT, "lead_weeks": 194}
    )
    place = (Equipment(tag="TXM-01", sku="TXM-1", block=0, phase=0, carrier="fuel"),)
    days = list(itertools.islice(work_days("SE", ORDER), 1100))
    by_key = {t.key: t for t in make_tasks(a_brief(), BASIS, {"TXM-1": slow}, place)[0]}
    assert days[by_key["P1/procurement/TXM-1"].work_days] == date(2030, 8, 12)


def test_ready_on_a_holiday_means_ready_on_the_next_working_day() -> None:
    days = list(itertools.islice(work_days("SE", date(2026, 12, 14)), 30))
    # Eleven days after 14 December is Christmas Day, a Friday; the next working day is Monday 28 December.
    assert days[ready_day(days, 0, 11)] == date(2026, 12, 28)
    assert days[ready_day(days, 0, 10)] == date(2026, 12, 24)


def test_a_module_ordered_on_a_weekend_counts_from_the_next_working_day() -> None:
    tasks, _ = make_tasks(a_brief(as_of=date(2026, 11, 21)), BASIS, KNOWN, tuple(some("POD-1000", 1, 0)))
    assert next(t for t in tasks if t.stage == "procurement").work_days == 95


def test_earliest_date_by_hand() -> None:
    pod = KNOWN["POD-1000"]
    # 20 weeks to 12 April; 5 test + 5 transport + 1 lift at 3 a day + 5 connect + 2 acceptance = 18 days from there on.
    assert earliest_date(pod, BASIS, ORDER) == date(2027, 5, 5)
    inside = a_module("CDU-1", "cdu", stands="inside", gives=[{"carrier": "coolant", "capacity_kw": 1}])
    assert earliest_date(inside, BASIS, ORDER) == date(2027, 5, 4)
    heavy = a_module(
        "POD-1", "pump", gives=[{"carrier": "it", "capacity_kw": 1}], deployment={**DEPLOYMENT, "lifts_count": 7}
    )
    assert earliest_date(heavy, BASIS, ORDER) == date(2027, 5, 7)


@pytest.mark.parametrize("module", CATALOG.modules, ids=lambda m: m.sku)
def test_earliest_date_is_never_after_the_networks_site_acceptance(module: Module) -> None:
    basis = CATALOG.basis
    days = list(itertools.islice(work_days("SE", ORDER), 1500))
    for block in (0, 1):
        place = Equipment(tag="X-01", sku=module.sku, block=block, phase=0, carrier=module.gives[0].carrier)
        tasks, _ = make_tasks(a_brief(), basis, {module.sku: module}, (place,))
        early = network_of(tasks).early()
        accepted = next(t for t in tasks if t.stage == "site_acceptance")
        assert earliest_date(module, basis, ORDER) <= days[early[accepted.key] + accepted.work_days - 1]


def test_order_of_the_equipment_changes_nothing() -> None:
    plan = hand_wired_plan()
    assert plan.connected is not None
    there = plan.connected.equipment
    assert make_tasks(plan.brief, BASIS, KNOWN, there) == make_tasks(plan.brief, BASIS, KNOWN, there[::-1])


def test_a_campus_of_eighteen_blocks_stays_below_six_hundred_tasks() -> None:
    skus = [m.sku for m in MODULES if m.family not in ("generator", "fuel", "battery", "intake")]
    plant = ["GEN-2000", "FTK-030", "BES-4000", "MVS-10"]
    phases = [{"name": str(n), "it_mw": 20.0, "energised_by": date(2028 + n, 1, 3)} for n in range(3)]
    equipment = [e for b in range(18) for sku in skus for e in some(sku, b + 1, b // 6, 3)]
    equipment += [e for phase in range(3) for sku in plant for e in some(sku, 0, phase, 2)]
    tasks, _ = make_tasks(a_brief(phases=phases), BASIS, KNOWN, tuple(equipment))
    assert len(skus) == 9
    assert len(tasks) < 600


def chain(*days: int) -> list[Task]:
    """Tasks one after the other, the last one the milestone."""
    return [
        Task(f"t{n}", "", "", "x", 0, d, (f"t{n - 1}",) if n else ())
        for n, d in enumerate((*days, 0))
    ]  # fmt: skip


def test_early_and_late_by_hand() -> None:
    network = network_of(tuple(chain(3, 4)))
    assert network.early() == {"t0": 0, "t1": 3, "t2": 7}
    assert network.late({"t2": 10}, 100) == {"t0": 3, "t1": 6, "t2": 10}
    assert network.late({}, 9) == {"t0": 2, "t1": 5, "t2": 9}
    released = Network(network.tasks, {}, {}, {"t1": 5})
    assert released.early() == {"t0": 0, "t1": 5, "t2": 9}


def test_least_counts_the_work_of_the_crews() -> None:
    # Five tests of 4 days on 2 crews, none before day 10 and 3 days after each: 10 + 20 / 2 + 3 = 23.
    tasks = [Task("order", "", "", "x", 0, 10, ())]
    for n in range(5):
        tasks.append(Task(f"test{n}", "", "", "x", 0, 4, ("order",), "crew"))
        tasks.append(Task(f"rest{n}", "", "", "x", 0, 3, (f"test{n}",)))
    tasks.append(Task("end", "", "", "x", 0, 0, tuple(f"rest{n}" for n in range(5))))
    # Work that the milestone does not wait for does not count.
    tasks.append(Task("other", "", "", "x", 0, 50, ("order",), "crew"))
    network = network_of(tuple(tasks), (Resource("crew", "", 2),))
    early = network.early()
    assert early["end"] == 17
    assert network.least("end", early) == 23
    # A sixth test of 1 day: 21 crew days on 2 crews are 11 days.
    more = Task("test5", "", "", "x", 0, 1, ("order",), "crew")
    rest = Task("rest5", "", "", "x", 0, 3, ("test5",))
    end = Task("end", "", "", "x", 0, 0, (*network.tasks["end"].predecessors, "rest5"))
    wider = network_of((*(t for t in tasks if t.key != "end"), more, rest, end), (Resource("crew", "", 2),))
    assert wider.least("end", wider.early()) == 24
    # One that could begin long before, and one that nothing waits behind, add nothing to the work in that window.
    aside = (Task("soon", "", "", "x", 0, 4, (), "crew"), Task("last", "", "", "x", 0, 4, ("rest0",), "crew"))
    late = Task("end", "", "", "x", 0, 0, (*network.tasks["end"].predecessors, "soon", "last"))
    apart = network_of((*(t for t in tasks if t.key != "end"), *aside, late), (Resource("crew", "", 2),))
    # From day 10: (20 + 4) / 2 = 12 with nothing after; or 20 / 2 + 3.
    assert apart.least("end", apart.early()) == 23


def test_objective_by_hand() -> None:
    network = Network({}, {}, {"P1/handover": 3, "P2/handover": 2}, {})
    assert network.objective({"P1/handover": 10, "P2/handover": 20, "x": 99}) == 70


def test_crews_are_the_briefs_and_otherwise_the_design_basiss() -> None:
    def crews(**works: int) -> dict[str, int]:
        _, resources = make_tasks(a_brief(works=works), BASIS, KNOWN, ())
        return {r.key: r.capacity for r in resources}

    usual = {"fat_bay": 2, "crane": 1, "connection_crew": 2, "commissioning_crew": 1}
    assert crews() == usual
    assert crews(crane_crews=5) == {**usual, "crane": 5}
    assert crews(fat_bays=1, connection_crews=7, commissioning_crews=3) == {
        "fat_bay": 1, "crane": 1, "connection_crew": 7, "commissioning_crew": 3,
    }  # fmt: skip
