"""The walk of every loss, on a plan wired by hand."""

import pytest
from damage import damaged, item, module
from wired import hand_wired_plan

from prefab.plan import Plan
from prefab.rules import contingencies
from prefab.rules.walk import walk


def broken(plan: Plan) -> list[str]:
    return [f.where for f in contingencies.check(plan) if not f.kept]


def test_hand_wired_plan_survives_every_single_loss():
    findings = contingencies.check(hand_wired_plan())
    assert all(f.kept for f in findings)
    # 9 block modules N+1 groups: 3 CDU, 3 fan walls, 4 pumps, 4 rejection, 3 UPS, 3 + 2 transformers = 22;
    # controls 2 modules and 2 sides; intake 2 modules and 2 sides; utility, utility with each of 2 generators; normal.
    # Feeds A and B: 15 of control (2N), 5 of the two transformers beside (one module behind each), 5 transformers on
    # the intake (2N); its 2 rings.
    assert walk(hand_wired_plan(), 0).states == 22 + 4 + 4 + 3 + 1 + 2 * (15 + 5 + 5) + 2


def test_loads_are_those_of_hand_arithmetic():
    worst = walk(hand_wired_plan(), 0)
    # 800 kW of liquid heat on two of three CDUs; 200 kW of air heat on two of three fan walls.
    assert worst.load_kw["B01-CDU-01"] == pytest.approx(400)
    assert worst.load_kw["B01-FWU-01"] == pytest.approx(100)
    # 800 x 1.01 through one of two warm pumps, 200 x 1.05 through one of two cold ones.
    assert worst.load_kw["B01-PMP-01"] == pytest.approx(808)
    assert worst.load_kw["B01-PMP-03"] == pytest.approx(210)
    # Peak 1,100 + 8 CDU pumps + 10 fans + 8.08 + 2.10 loop pumps + 2 controllers, on two of three UPS modules.
    assert worst.load_kw["B01-UPS-01"] == pytest.approx((1100 + 8 + 10 + 8.08 + 2.1 + 2) / 2)
    # A UPS module loses 4 % of its output; its own transformer carries that module and nothing else.
    assert worst.load_kw["B01-TRF-01"] == pytest.approx(1.04 * 1130.18 / 2)


@pytest.mark.parametrize(("capacity", "kept"), [(400.0, True), (399.99, False), (400.01, True)])
def test_limit_is_exact(capacity, kept):
    def shrink(tree):
        module(tree, "CDU-500")["gives"][0]["capacity_kw"] = capacity

    assert (not broken(damaged(hand_wired_plan(), shrink))) is kept


def test_removed_standby_is_refused():
    def drop(tree):
        tree["connected"]["equipment"] = [e for e in tree["connected"]["equipment"] if e["tag"] != "B01-UPS-03"]

    # With two UPS modules left the loss of one puts 1,130 kW on 800 kW.
    assert {"phase One, B01-UPS-01", "phase One, B01-UPS-02"} <= set(broken(damaged(hand_wired_plan(), drop)))


def test_cooling_fed_from_the_lost_transformer_is_lost_with_it():
    def one_feed(tree):
        tree["connected"]["feeds"] = [
            f
            for f in tree["connected"]["feeds"]
            if not (f["consumer"] in ("B01-DRY-01", "B01-DRY-02") and f["carrier"] == "lv_ac" and f["side"] == "B")
        ]

    findings = contingencies.check(damaged(hand_wired_plan(), one_feed))
    starving = [f for f in findings if f.unit == "modules"]
    assert not starving[0].kept
    assert "B01-POD-01: B01-TRF-A1 lost" in starving[0].text


def test_without_generators_the_loss_of_the_utility_is_not_walked():
    plan = hand_wired_plan(autonomy={"ups_min": 5.0, "generator_h": 0.0})

    def no_generators(tree):
        kept = [e for e in tree["connected"]["equipment"] if e["carrier"] not in ("standby_mv", "fuel")]
        tree["connected"]["equipment"] = kept
        tags = {e["tag"] for e in kept} | {"GRID"}
        tree["connected"]["feeds"] = [f for f in tree["connected"]["feeds"] if set(f["suppliers"]) <= tags]

    worst = walk(damaged(plan, no_generators), 0)
    assert not worst.island_kw
    assert not worst.starving


def test_generator_too_small_for_the_island_is_refused():
    def shrink(tree):
        module(tree, "GEN-2000")["gives"][0]["capacity_kw"] = 1200.0

    # The site draws about 1,254 kW; with one of two generators lost the other is short.
    assert set(broken(damaged(hand_wired_plan(), shrink))) == {"phase One, GEN-01", "phase One, GEN-02"}


def test_later_phase_does_not_help_an_earlier_one():
    plan = hand_wired_plan(
        phases=[
            {"name": "One", "it_mw": 1.0, "energised_by": "2029-12-31"},
            {"name": "Two", "it_mw": 0.1, "energised_by": "2030-12-31"},
        ]
    )

    def postpone(tree):
        item(tree["connected"]["equipment"], tag="B01-UPS-03")["phase"] = 1

    wheres = broken(damaged(plan, postpone))
    assert wheres
    assert all(w.startswith("phase One") for w in wheres)


def test_every_block_is_walked_in_every_phase_it_stands_in():
    plan = hand_wired_plan(blocks=2)
    assert not broken(plan)
    assert walk(plan, 0).states == 34 + 52
    # 22 modules, 4 of controls, 52 feeds and rings in each block; intake 4; utility, and utility with each of 3
    # generators; normal.
    assert walk(plan, 1).states == 2 * (22 + 4 + 52) + 4 + 4 + 1

    def small(tree):
        module(tree, "CDU-500")["gives"][0]["capacity_kw"] = 399.0

    coolant = {f"{block}-CDU-0{i}" for block in ("B01", "B02") for i in (1, 2, 3)}
    assert {w for w in broken(damaged(plan, small)) if w.startswith("phase Two")} == {
        f"phase Two, {tag}" for tag in coolant
    }


@pytest.mark.parametrize(("points", "kept"), [(5, True), (4, False)])
def test_at_2n_a_whole_side_is_lost_at_once(points, kept):
    # 15 points on 3 controllers a side: with one lost its side's 7.5 rest on 2, 3.75 each; with the side lost all 15
    # rest on the other 3, 5 each.
    def three_a_side(tree):
        connected = tree["connected"]
        for side in ("A", "B"):
            first = f"B01-CTL-{side}1"
            tags = [f"B01-CTL-{side}{n}" for n in (1, 2, 3)]
            row = item(connected["equipment"], tag=first)
            connected["equipment"] += [{**row, "tag": tag} for tag in tags[1:]]
            power = item(connected["feeds"], consumer=first, carrier="critical_ac")
            connected["feeds"] += [{**power, "consumer": tag} for tag in tags[1:]]
            for feed in connected["feeds"]:
                if feed["suppliers"] == [first]:
                    feed["suppliers"] = tags
        module(tree, "CTL-20")["gives"][0]["capacity_units"] = points

    plan = damaged(hand_wired_plan(), three_a_side)
    found = [f for f in contingencies.check(plan) if "control" in f.text]
    assert all(f.kept for f in found) is kept
    assert max(f.actual for f in found) == pytest.approx(5)
    assert {f.text.rpartition("worst: ")[2] for f in found} <= {"B01 control side A lost", "B01 control side B lost"}


def test_at_2n_a_whole_side_of_the_intake_is_lost_at_once():
    # Two switchgears on side A, either of which carries everything, and nothing fed from side B.
    def side_a_only(tree):
        connected = tree["connected"]
        connected["equipment"].append({**item(connected["equipment"], tag="MVS-A1"), "tag": "MVS-A2"})
        connected["feeds"] += [{**f, "consumer": "MVS-A2"} for f in connected["feeds"] if f["consumer"] == "MVS-A1"]
        connected["feeds"] = [f for f in connected["feeds"] if f["suppliers"] != ["MVS-B1"]]
        for feed in connected["feeds"]:
            if feed["suppliers"] == ["MVS-A1"]:
                feed["suppliers"] = ["MVS-A1", "MVS-A2"]

    starving = walk(damaged(hand_wired_plan(), side_a_only), 0).starving
    assert starving == {"B01-POD-01": "site mv_ac side A lost"}


# Each is enough for the normal state and short with one lost, or with its side lost:
NEEDS_THE_LOST = [
    ("cooling", "CDU-500", "capacity_kw", 300.0),  # 800 kW on 3 or on 2
    ("power", "UPS-800", "capacity_kw", 500.0),  # 1,130 kW on 3 or on 2
    ("control", "CTL-20", "capacity_units", 14),  # 7.5 points a side or all 15
    ("standby", "GEN-2000", "capacity_kw", 1200.0),  # 1,254 kW on 2 or on 1
]


@pytest.mark.parametrize(("part", "sku", "rating", "amount"), NEEDS_THE_LOST)
def test_at_n_nothing_of_it_is_lost(part, sku, rating, amount):
    def shrink(tree):
        module(tree, sku)["gives"][0][rating] = amount

    def kept(level):
        redundancy = {"power": "N+1", "cooling": "N+1", part: level}
        return not broken(damaged(hand_wired_plan(redundancy=redundancy), shrink))

    assert kept("N")
    assert not kept("N+1")


@pytest.mark.parametrize(("level", "states"), [("N", 1), ("N+1", 3)])
def test_the_utility_alone_at_n_and_with_a_generator_at_n_plus_1(level, states):
    plan = hand_wired_plan(redundancy={"standby": level})
    # 26 losses in the block and 52 feeds and rings, 4 of intake, the normal state.
    assert walk(plan, 0).states == 83 + states


def test_at_n_the_loss_of_the_utility_is_still_survived():
    def shrink(tree):
        module(tree, "GEN-2000")["gives"][0]["capacity_kw"] = 600.0

    # About 1,254 kW on two sets.
    found = set(broken(damaged(hand_wired_plan(redundancy={"standby": "N"}), shrink)))
    assert found == {"phase One, GEN-01", "phase One, GEN-02"}
