"""Redundancy topologies against the reference's validation cases T01 to T08, and the traps beside them.

Every plan is wired by hand: pods on systems of lossless UPS of 1 MW each, unless a test says otherwise.
"""

import csv
import re
from itertools import combinations
from pathlib import Path

import pytest
from damage import damaged, item
from wired import hand_wired_plan, systems_plan

from prefab.rules import contingencies, feeds
from prefab.rules.network import UTILITIES, Network
from prefab.rules.walk import walk

CASES = Path(__file__).parents[2].parent / "shared" / "reference" / "validation_cases.csv"
UPS_REDUNDANCY = "https://feace.com/single-post/an-introduction-to-ups-redundancy"
UPS_EFFICIENCY = "https://www.scribd.com/document/698929559/UPS-Efficiency-Article"
FAULT_DOMAINS = (
    "https://aidatacenterguide.com/part-12-reliability-resilience-and-standards/"
    "12-1-resilience-standards-redundancy-topologies-and-fault-domain-engineering"
)
PUBLISHED = {
    # id: (expected, tolerance, source)
    "T01": ([0.5], 1e-9, UPS_EFFICIENCY),
    "T02": ([0.6666666667], 1e-9, UPS_REDUNDANCY),
    "T03": ([0.75], 1e-9, FAULT_DOMAINS),
    "T04": ([0.8], 1e-9, FAULT_DOMAINS),
    "T05": ([0.3333333333], 1e-9, UPS_REDUNDANCY),
    "T06": ([0.6666666667, 1.0], 1e-9, UPS_REDUNDANCY),
    "T07": ([1.2], 1e-9, UPS_REDUNDANCY),
    "T08": ([0.75, 1.0], 1e-9, FAULT_DOMAINS),
}
THIRD = 2000 / 3
PAIRS_OF_3 = ("AB", "BC", "CA")
PAIRS_OF_4 = tuple(map("".join, combinations("ABCD", 2)))

TWO_N = systems_plan("2N", [(1000, "AB")], "AB")
THREE_HALVES = systems_plan("3N/2", [(THIRD, pair) for pair in PAIRS_OF_3], "ABC")
UNBALANCED = systems_plan("3N/2", [(900, "AB"), (600, "BC"), (500, "CA")], "ABC")
FOUR_THIRDS = systems_plan("4N/3", [(500, pair) for pair in PAIRS_OF_4], "ABCD")
CATCHER = systems_plan("catcher", [(1000, f"{own}E") for own in "ABCD"], "ABCDE")
# N = 2 modules needed for 2 MW.
TWO_N_AND_1 = systems_plan("2(N+1)", [(1000, "AB"), (1000, "AB")], "AB", modules=3)


def carried_mw(plan, *lost):
    """What every system carries, with some systems (letters) or modules (tags) lost: by letter, in MW."""
    network = Network(plan, 0)
    gone = {t for t, e in network.equipment.items() if t in lost or (e.side in lost and e.carrier != "it")}
    output = network.flow(network.order, network.alive(frozenset(gone), network.order, UTILITIES), {})
    found = {e.side: 0.0 for e in network.equipment.values() if e.carrier != "it"}
    for tag, kw in output.items():
        if tag not in UTILITIES and network.equipment[tag].carrier != "it":
            found[network.equipment[tag].side] += kw / 1000
    return found


def kept(plan):
    return all(f.kept for f in contingencies.check(plan))


def loads(plan):
    """The module that is fullest over all that the rule walks, in MW."""
    found = walk(plan, 0).load_kw
    return max(kw for tag, kw in found.items() if "UPS" in tag) / 1000


FOUND = {
    "T01": lambda: [max(carried_mw(TWO_N).values())],
    "T02": lambda: [max(carried_mw(THREE_HALVES).values())],
    "T03": lambda: [max(carried_mw(FOUR_THIRDS).values())],
    # Of five systems of 1 MW.
    "T04": lambda: [sum(carried_mw(CATCHER).values()) / 5],
    # A system of three modules.
    "T05": lambda: [max(carried_mw(TWO_N_AND_1).values()) / 3],
    "T06": lambda: [max(carried_mw(THREE_HALVES).values()), max(carried_mw(THREE_HALVES, "A").values())],
    "T07": lambda: [max(carried_mw(UNBALANCED, "A").values())],
    "T08": lambda: [max(carried_mw(FOUR_THIRDS).values()), max(carried_mw(FOUR_THIRDS, "A").values())],
}


@pytest.mark.parametrize("case", PUBLISHED)
def test_published_figures(case):
    expected, tolerance, _ = PUBLISHED[case]
    # Printed figures have ten digits.
    assert FOUND[case]() == pytest.approx(expected, abs=tolerance)


def test_every_case_of_the_reference_is_here_with_its_figures():
    if not CASES.exists():
        pytest.skip("the reference's validation cases are not beside the project")
    with CASES.open(newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file) if row["topic"] == "topology"}
    assert set(rows) == set(PUBLISHED)
    for case, (expected, tolerance, source) in PUBLISHED.items():
        row = rows[case]
        assert [float(n) for n in re.findall(r"[0-9.]+", row["expected"])] == expected
        assert float(row["tolerance"]) == tolerance
        assert row["source_url"] == source


# One per cent more in one pod alone breaks each of those that are full after a loss.
FULL = [
    # level, loads, systems, modules of a system
    pytest.param("2N", [(1000, "AB")], "AB", 1, id="T01"),
    pytest.param("3N/2", [(THIRD, pair) for pair in PAIRS_OF_3], "ABC", 1, id="T02 T06"),
    pytest.param("4N/3", [(500, pair) for pair in PAIRS_OF_4], "ABCD", 1, id="T03 T08"),
    pytest.param("catcher", [(1000, f"{own}E") for own in "ABCD"], "ABCDE", 1, id="T04"),
    pytest.param("2(N+1)", [(1000, "AB"), (1000, "AB")], "AB", 3, id="T05"),
    pytest.param("N+1", [(1000, "A"), (1000, "A")], "A", 3, id="N+1: one of three lost"),
    pytest.param("N+2", [(1000, "A"), (1000, "A")], "A", 4, id="N+2: any two of four lost"),
    pytest.param("3N/2", [(2 * THIRD, pair) for pair in PAIRS_OF_3], "ABC", 2, id="3N/2 of two modules each"),
]


@pytest.mark.parametrize(("level", "pods", "systems", "modules"), FULL)
def test_full_after_the_worst_loss_and_refused_with_a_little_more(level, pods, systems, modules):
    plan = systems_plan(level, pods, systems, modules)
    assert kept(plan)
    assert loads(plan) == pytest.approx(1.0, abs=1e-9)
    for number in range(len(pods)):
        more = [(kw * (1.01 if n == number else 1), cords) for n, (kw, cords) in enumerate(pods)]
        assert not kept(systems_plan(level, more, systems, modules))


@pytest.mark.parametrize(("level", "pods", "systems", "modules"), [p.values for p in FULL if p.values[3] > 1])
def test_refused_with_one_module_less(level, pods, systems, modules):
    assert not kept(systems_plan(level, pods, systems, modules - 1))


def test_t07_is_refused_although_the_fleet_total_fits():
    # 2.0 MW, as in T06, which is kept; normally A 0.70, B 0.75, C 0.55. Without A: B 0.9 + 0.3, C 0.5 + 0.3.
    assert sum(carried_mw(UNBALANCED).values()) == pytest.approx(sum(carried_mw(THREE_HALVES).values()))
    assert carried_mw(UNBALANCED) == pytest.approx({"A": 0.70, "B": 0.75, "C": 0.55})
    assert carried_mw(UNBALANCED, "A") == pytest.approx({"A": 0, "B": 1.2, "C": 0.8})
    broken = {f.where: f for f in contingencies.check(UNBALANCED) if not f.kept}
    # Without B: A 0.9 + 0.25. Without C: A 0.45 + 0.5, B 0.45 + 0.6.
    assert {where: f.actual for where, f in broken.items()} == pytest.approx(
        {"phase One, B01-UPS-A1": 1150, "phase One, B01-UPS-B1": 1200}
    )
    assert broken["phase One, B01-UPS-B1"].text.endswith("B01 critical_ac side A lost")


def test_t08_whichever_is_lost():
    # Three of six groups hang on the lost system; each of the others takes half of one more.
    assert carried_mw(FOUR_THIRDS, "C") == pytest.approx({"A": 1, "B": 1, "C": 0, "D": 1})


def test_t04_the_reserve_carries_nothing_before_and_everything_after():
    assert carried_mw(CATCHER) == pytest.approx({"A": 1, "B": 1, "C": 1, "D": 1, "E": 0})
    for own in "ABCD":
        after = {**dict.fromkeys("ABCDE", 1), own: 0}
        assert carried_mw(CATCHER, own) == pytest.approx(after)
    # The loss of the reserve itself is walked and changes nothing.
    # With the two feeds of each of four pods.
    assert walk(CATCHER, 0).states == 1 + 5 + 4 * 2
    assert not [f for f in feeds.check(CATCHER) if not f.kept]


def test_a_catcher_feed_that_carries_is_refused():
    # Half of each pod on the reserve: 2.0 MW on E. The feeds are refused, and the load that follows from them.
    plan = systems_plan("catcher", [(1000, f"{own}E") for own in "ABCD"], "ABCDE", carries=True)
    assert carried_mw(plan)["E"] == pytest.approx(2.0)
    wrong = {f.where for f in feeds.check(plan) if not f.kept} - {"site"}
    assert wrong == {f"B01-POD-0{n}" for n in (1, 2, 3, 4)}
    assert not kept(plan)


@pytest.mark.parametrize("level", ["2N", "3N/2"])
def test_a_feed_that_takes_over_is_refused_where_both_should_carry(level):
    def idle(tree):
        item(tree["connected"]["feeds"], consumer="B01-POD-01", side="B")["standby"] = True

    plan = damaged(TWO_N if level == "2N" else THREE_HALVES, idle)
    assert {f.where for f in feeds.check(plan) if not f.kept} == {"B01-POD-01", "site"}


@pytest.mark.parametrize(("level", "pods", "systems"), [("2N", 1, "AB"), ("3N/2", 3, "ABC"), ("4N/3", 6, "ABCD")])
def test_both_cords_on_one_system_are_refused(level, pods, systems):
    # Every pod on A alone, a tenth of what A can carry.
    plan = systems_plan(level, [(100 / pods, "A")] * pods, systems)
    starving = walk(plan, 0).starving
    assert set(starving) == {f"B01-POD-{n:02d}" for n in range(1, pods + 1)}
    # At 2N the one module of the side is lost first.
    assert set(starving.values()) == {"B01-UPS-A1 lost" if level == "2N" else "B01 critical_ac side A lost"}
    assert not kept(plan)
    assert {f.where for f in feeds.check(plan) if not f.kept} >= {"B01-POD-01"}


def test_two_losses_are_walked_at_n_plus_2_only():
    # Four modules for 2 MW: four single losses, at N+2 six pairs more, and the normal state.
    pods = [(1000, "A"), (1000, "A")]
    assert walk(systems_plan("N+2", pods, "A", 4), 0).states == 1 + 4 + 6
    assert walk(systems_plan("N+1", pods, "A", 4), 0).states == 1 + 4
    # Of three: 1.0 on each after one loss, 2.0 on the last after two.
    assert kept(systems_plan("N+1", pods, "A", 3))
    assert not kept(systems_plan("N+2", pods, "A", 3))


def test_t05_survives_a_side_and_one_more():
    # Without side A and one of B's three: 2.0 MW on two.
    assert carried_mw(TWO_N_AND_1, "A", "B01-UPS-B2") == pytest.approx({"A": 0, "B": 2.0})
    # Six modules alone, two sides, each with one of three more; two feeds of two pods; the normal state.
    assert walk(TWO_N_AND_1, 0).states == 1 + 6 + 2 + 2 * 3 + 2 * 2
    # At 2N two modules a side are enough for the same load.
    assert kept(systems_plan("2N", [(1000, "AB"), (1000, "AB")], "AB", modules=2))


def test_with_one_module_a_shared_system_is_lost():
    # Two modules of 500 kW a system: one lost leaves 667 kW on the other, so the system goes and its load with it.
    plan = systems_plan("3N/2", [(THIRD, pair) for pair in PAIRS_OF_3], "ABC", modules=2, rating_kw=500)
    assert carried_mw(plan, "B01-UPS-A1")["A"] == pytest.approx(THIRD / 1000)
    assert kept(plan)
    # Three systems, two feeds of three pods.
    assert walk(plan, 0).states == 1 + 3 + 3 * 2
    assert loads(plan) == pytest.approx(0.5)
    fullest = {situation for tag, situation in walk(plan, 0).situation.items() if "UPS" in tag}
    assert fullest <= {f"B01 critical_ac side {s} lost" for s in "ABC"}


def test_a_reserve_of_a_later_phase_protects_nothing_earlier():
    pods = [(THIRD, pair) for pair in PAIRS_OF_3]
    plan = systems_plan("3N/2", pods, "ABC", later="C")
    # In phase One pods 2 and 3 hang on one system each, whose loss they do not survive.
    assert walk(plan, 0).starving == {
        "B01-POD-02": "B01 critical_ac side B lost",
        "B01-POD-03": "B01 critical_ac side A lost",
    }
    assert not walk(plan, 1).starving
    broken = {f.where for f in contingencies.check(plan) if not f.kept}
    assert broken
    assert all(where.startswith("phase One") for where in broken)


def test_a_catcher_whose_reserve_comes_later_is_refused_before():
    plan = systems_plan("catcher", [(1000, "AC"), (1000, "BC")], "ABC", later="C")
    assert set(walk(plan, 0).starving) == {"B01-POD-01", "B01-POD-02"}
    assert not walk(plan, 1).starving


@pytest.mark.parametrize("side", ["A", "B"])
def test_cooling_fed_only_from_the_lost_side_is_lost_with_it(side):
    """Two dry coolers for one, each on one transformer of the pair: either transformer takes its cooler with it."""

    def apart(tree):
        own = {"B01-DRY-01": "A", "B01-DRY-02": side}
        tree["connected"]["feeds"] = [
            f
            for f in tree["connected"]["feeds"]
            if f["carrier"] != "lv_ac" or own.get(f["consumer"], f["side"]) == f["side"]
        ]

    plan = damaged(hand_wired_plan(), apart)
    network = Network(plan, 0)
    living = network.alive(frozenset({"B01-TRF-A1"}), network.order, UTILITIES)
    assert "B01-DRY-01" not in living
    # With both on A the pod goes with A; with one on each the other carries the heat.
    assert ("B01-DRY-02" in living) is (side == "B")
    assert ("B01-POD-01" in living) is (side == "B")
    assert kept(plan) is (side == "B")
    load = network.flow(network.order, living, {})
    # 800 kW through pumps that add 1 % twice: CDU and loop.
    assert load["B01-DRY-02"] == pytest.approx(800 * 1.01 * 1.01 if side == "B" else 0)
