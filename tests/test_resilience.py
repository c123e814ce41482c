"""Maintainable while it runs, and tolerant of any one fault: plans wired by hand, answers reasoned in the comments."""

import pytest
from damage import damaged, item, module
from hypothesis import given, settings
from hypothesis import strategies as st
from wired import hand_wired_plan, systems_plan

from prefab.errors import InputError
from prefab.plan import GRID, Connected
from prefab.resilience import SUBSYSTEMS, ResilienceClass, SubsystemResilience, class_of, make_resilience
from prefab.rules.network import UTILITIES, Network


def answers(plan):
    return {s.subsystem: s for s in make_resilience(plan)}


def levels(plan):
    return {name: s.level for name, s in answers(plan).items()}


def two_systems(plan, control=("AB", "AB")):
    """The hand-wired plan with UPS 01 and 02 as side A and 03 and 04 as side B, each side enough; both cords used.

    `control`: the systems that feed the two control panels.
    """
    cords = {"B01-CTL-A1": control[0], "B01-CTL-B1": control[1]}

    def edit(tree):
        rows, feeds = tree["connected"]["equipment"], tree["connected"]["feeds"]
        for prefix in ("UPS", "TRF"):
            rows.append({**item(rows, tag=f"B01-{prefix}-03"), "tag": f"B01-{prefix}-04"})
            for number in ("03", "04"):
                item(rows, tag=f"B01-{prefix}-{number}")["side"] = "B"
        feeds += [{**f, "consumer": "B01-TRF-04"} for f in feeds if f["consumer"] == "B01-TRF-03"]
        feeds.append({"consumer": "B01-UPS-04", "carrier": "lv_ac", "side": "A", "suppliers": ["B01-TRF-04"]})
        critical = [f for f in feeds if f["carrier"] == "critical_ac"]
        tree["connected"]["feeds"] = [f for f in feeds if f["carrier"] != "critical_ac"] + [
            {**f, "side": side, "suppliers": tags}
            for f in critical
            for side, tags in (("A", ["B01-UPS-01", "B01-UPS-02"]), ("B", ["B01-UPS-03", "B01-UPS-04"]))
            if side in cords.get(f["consumer"], "AB")
        ]

    return damaged(plan, edit)


def test_n_plus_1_on_a_common_bus_is_redundant_and_not_maintainable():
    found = answers(hand_wired_plan())
    assert tuple(found) == tuple(name for name in SUBSYSTEMS if name != "network")
    critical = found["critical supply"]
    assert (critical.modules_redundant, critical.concurrently_maintainable, critical.fault_tolerant) == (
        True,
        False,
        False,
    )
    assert critical.not_maintainable == "critical_ac bus of B01-UPS-01 to B01-UPS-03: B01-POD-01 stops"
    assert critical.not_tolerant == critical.not_maintainable
    # Cooling is N+1 on headers. Transformers, controls and intake stand as A and B, each enough alone.
    assert found["cooling"].not_maintainable == "coolant bus of B01-CDU-01 to B01-CDU-03: B01-POD-01 stops"
    assert all(found[name].level == 4 for name in ("mechanical supply", "control", "intake"))


def test_the_one_tank_of_all_generators_is_a_single_point():
    # While the utility is there nothing would stop; standby power is judged without it.
    found = answers(hand_wired_plan())["standby"]
    assert found.level == 1
    assert found.not_maintainable == f"{GRID} lost: FTK-01: B01-POD-01 stops"


def test_two_tanks_leave_the_header_and_the_bus_of_the_sets():
    def second(tree):
        connected = tree["connected"]
        connected["equipment"].append({**item(connected["equipment"], tag="FTK-01"), "tag": "FTK-02"})
        for feed in connected["feeds"]:
            if feed["suppliers"] == ["FTK-01"]:
                feed["suppliers"] = ["FTK-01", "FTK-02"]

    found = answers(damaged(hand_wired_plan(), second))["standby"]
    assert (found.level, found.not_maintainable) == (2, f"{GRID} lost: fuel bus of FTK-01 to FTK-02: B01-POD-01 stops")


def test_two_systems_are_maintainable_and_fault_tolerant():
    found = answers(two_systems(hand_wired_plan()))["critical supply"]
    assert found == SubsystemResilience("critical supply", True, True, True, "", "")


def test_panels_that_hang_on_one_system_make_it_a_single_point():
    # Either panel may fail, and so the controls are as good as ever; but without UPS 01 and 02 both are dark.
    found = answers(two_systems(hand_wired_plan(), control=("A", "A")))
    assert found["critical supply"].level == 2
    assert found["critical supply"].not_maintainable == (
        "critical_ac bus of B01-UPS-01 to B01-UPS-02: B01-POD-01 stops"
    )


def test_one_panel_is_a_single_point_by_name():
    def only_a(tree):
        feeds = tree["connected"]["feeds"]
        tree["connected"]["feeds"] = [f for f in feeds if f["suppliers"] != ["B01-CTL-B1"]]

    found = answers(damaged(two_systems(hand_wired_plan()), only_a))
    assert (found["control"].level, found["control"].not_maintainable) == (1, "B01-CTL-A1: B01-POD-01 stops")
    assert found["critical supply"].level == 4


def test_crossed_panels_survive_either_system_and_not_a_whole_side():
    # Panel A hangs on UPS side B and panel B on side A: one side of the UPS leaves one panel, side A of all none.
    found = answers(two_systems(hand_wired_plan(), control=("B", "A")))
    for name in ("critical supply", "control"):
        assert (found[name].level, found[name].not_maintainable) == (3, "")
        assert found[name].not_tolerant == "B01 side A: B01-POD-01 stops"
    assert answers(two_systems(hand_wired_plan(), control=("A", "B")))["control"].level == 4


def test_what_is_overloaded_is_named():
    # 15 points on two panels, 7.5 each; on one of 14 they are too many.
    def shrink(tree):
        module(tree, "CTL-20")["gives"][0]["capacity_units"] = 14.0
        item(tree["carriers"], key="control")["unit"] = "points"

    found = answers(damaged(hand_wired_plan(), shrink))["control"]
    assert (found.level, found.not_maintainable) == (1, "B01-CTL-A1: B01-CTL-B1 carries 15 of 14 points")


def test_too_little_in_the_normal_state_is_a_no_for_all():
    def shrink(tree):
        module(tree, "CDU-500")["gives"][0]["capacity_kw"] = 200.0

    for found in make_resilience(damaged(hand_wired_plan(), shrink)):
        text = "with nothing taken out B01-CDU-03 carries 266.7 of 200 kW"
        assert (found.level, found.not_maintainable.removeprefix(f"{GRID} lost: ")) == (1, text)


def test_generators_too_small_for_the_site_leave_no_fault_tolerance():
    # 1,254 kW on two sets of 600 kW: nothing while the utility is there.
    def shrink(tree):
        module(tree, "GEN-2000")["gives"][0]["capacity_kw"] = 600.0

    found = answers(damaged(hand_wired_plan(), shrink))
    for name in ("mechanical supply", "control"):
        assert (found[name].level, found[name].not_maintainable) == (3, "")
        assert found[name].not_tolerant.startswith(f"{GRID} lost: with nothing taken out GEN-0")
    # A switchgear without its utility feed draws on the sets.
    assert found["intake"].level == 2
    assert found["intake"].not_maintainable.startswith("feed A of utility_mv to MVS-A1: GEN-0")


def test_without_generators_standby_is_a_no():
    def no_generators(tree):
        kept = [e for e in tree["connected"]["equipment"] if e["carrier"] not in ("standby_mv", "fuel")]
        tree["connected"]["equipment"] = kept
        tags = {e["tag"] for e in kept} | {GRID}
        tree["connected"]["feeds"] = [f for f in tree["connected"]["feeds"] if set(f["suppliers"]) <= tags]

    found = answers(damaged(hand_wired_plan(), no_generators))
    assert found["standby"].level == 1
    assert found["standby"].not_maintainable == f"{GRID}: no standby power, the site stops with the utility"
    assert found["intake"].level == 4


PAIRS = ("AB", "BC", "CA")
SYSTEMS = [
    # level, loads, systems, modules of 1 MW each, answer
    ("N", [(1000, "A")], "A", 1, 1),
    ("N+1", [(1000, "A")], "A", 2, 2),
    ("N+2", [(1000, "A")], "A", 3, 2),
    ("2N", [(1000, "AB")], "AB", 1, 4),
    ("2(N+1)", [(1000, "AB")], "AB", 2, 4),
    ("3N/2", [(2000 / 3, pair) for pair in PAIRS], "ABC", 1, 4),
    # 667 kW on what is left of a system of two times 500 kW: it trips, the others take 1,000.
    ("3N/2", [(2000 / 3, pair) for pair in PAIRS], "ABC", 2, 4),
    ("catcher", [(1000, "AC"), (1000, "BC")], "ABC", 1, 4),
    # T07: a fleet total would pass; without A system B carries 1,200 kW.
    ("3N/2", [(900, "AB"), (600, "BC"), (500, "CA")], "ABC", 1, 1),
]


@pytest.mark.parametrize(("level", "loads", "systems", "modules", "answer"), SYSTEMS)
def test_topologies(level, loads, systems, modules, answer):
    rating = 500.0 if level == "3N/2" and modules == 2 else 1000.0
    plan = systems_plan(level, loads, systems, modules, rating_kw=rating)
    found = answers(plan)["critical supply"]
    assert found.level == answer
    if "900" in str(loads):
        assert found.not_maintainable == "B01-UPS-A1: B01-UPS-B1 carries 1,200 of 1,000 kW"


def test_levels_and_class():
    found = [
        SubsystemResilience("cooling", True, False, False, "a", "a"),
        SubsystemResilience("control", True, True, True, "", ""),
        SubsystemResilience("intake", True, True, False, "", "b"),
    ]
    assert [s.level for s in found] == [2, 4, 3]
    assert class_of(found) == ResilienceClass(2, ("cooling",))
    assert class_of(found[1:]) == ResilienceClass(3, ("intake",))
    assert class_of(found[1:2]) == ResilienceClass(4, ())
    assert str(class_of(found)) == "Tier II / TIA-942 Rated-2 / EN 50600 VK2"
    assert str(ResilienceClass(4, ())) == "Tier IV / TIA-942 Rated-4 / EN 50600 VK4"


def test_a_plan_without_connections_is_refused():
    with pytest.raises(InputError, match="connected: missing"):
        make_resilience(hand_wired_plan().model_copy(update={"connected": None}))


def test_a_fault_in_the_second_block_is_found_behind_an_equal_first_one():
    assert levels(hand_wired_plan(blocks=2)) == levels(hand_wired_plan())

    def second(tree):
        feeds = tree["connected"]["feeds"]
        tree["connected"]["feeds"] = [f for f in feeds if f["suppliers"] != ["B02-CTL-B1"]]

    found = answers(damaged(hand_wired_plan(blocks=2), second))["control"]
    assert (found.level, found.not_maintainable) == (1, "B02-CTL-A1: B02-POD-01 stops")


def stands(plan, lost):
    """Every pod runs and nothing is overloaded with some tags lost: the whole site walked at once."""
    network = Network(plan, len(plan.brief.phases) - 1)
    living = network.alive(frozenset(lost), network.order, UTILITIES)
    if any(e.carrier == "it" and tag not in living for tag, e in network.equipment.items()):
        return False
    load = network.flow(network.order, living, {})
    full = [t for t, kw in load.items() if t not in UTILITIES and kw > network.capacity[t] + 1e-6]
    return not [t for t in full if network.equipment[t].carrier not in ("it", "fuel")]


def without(plan, feed):
    assert plan.connected is not None
    kept = tuple(f for f in plan.connected.feeds if f != feed)
    return plan.model_copy(update={"connected": Connected(equipment=plan.connected.equipment, feeds=kept)})


PARTS = {
    "cooling": ("coolant", "air_cooling", "facility_water", "heat_rejection"),
    "control": ("control",),
    "intake": ("mv_ac",),
    "critical supply": ("critical_ac",),
}


def by_hand(plan):
    """One module, one bus and one feed after the other, each a walk of the whole site: redundant, maintainable."""
    found = {}
    for part, carriers in PARTS.items():
        tags = [e.tag for e in plan.connected.equipment if e.carrier in carriers or e.unit_for in carriers]
        feeds = [f for f in plan.connected.feeds if f.suppliers[0] in tags]
        buses = {f.suppliers for f in feeds}
        bus_of = {t: bus for bus in buses for t in bus}
        single = all(stands(plan, {t}) or stands(plan, bus_of.get(t, (t,))) for t in tags)
        bus = all(stands(plan, bus) for bus in buses)
        cords = all(stands(without(plan, f), ()) for f in feeds)
        found[part] = single and stands(plan, ()), single and bus and cords and stands(plan, ())
    return found


@settings(max_examples=25)
@given(
    data=st.data(),
    sides=st.booleans(),
    blocks=st.integers(1, 2),
    cut=st.integers(0, 3),
    sku=st.sampled_from(["CDU-500", "UPS-800", "TRF-1000", "DRY-1000", "MVS-10", "CTL-20"]),
    share=st.sampled_from([1.0, 1.0, 0.7, 0.5]),
)
def test_as_one_walk_of_the_whole_site_after_the_other(data, sides, blocks, cut, sku, share):
    plan = two_systems(hand_wired_plan()) if sides else hand_wired_plan(blocks=blocks)
    drop = {data.draw(st.integers(0, len(plan.connected.feeds) - 1)) for _ in range(cut)}

    def edit(tree):
        feeds = tree["connected"]["feeds"]
        tree["connected"]["feeds"] = [f for n, f in enumerate(feeds) if n not in drop]
        gives = module(tree, sku)["gives"][0]
        gives |= {key: value * share for key, value in gives.items() if key.startswith("capacity") and value}

    plan = damaged(plan, edit)
    found = answers(plan)
    for part, expected in by_hand(plan).items():
        assert (found[part].modules_redundant, found[part].concurrently_maintainable) == expected, part


def test_the_smallest_layout(edge_plan):
    """Power is 2N, controls, network and intake are; cooling is N+1 on headers."""
    found = levels(edge_plan)
    assert all(found[name] == 4 for name in ("critical supply", "mechanical supply", "control", "intake", "network"))
    assert found["cooling"] == 2
