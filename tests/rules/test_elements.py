"""Buses, feeds and rings in every phase: plans that survive every module and every whole system, and not these."""

import pytest
from build import BES, CTL, a_module
from damage import damaged, item, module
from wired import hand_wired_plan, systems_plan

from prefab.rules import contingencies
from prefab.rules.losses import Losses
from prefab.rules.network import Network
from prefab.rules.walk import walk

POD = "B01-POD-01"
UPS_A, UPS_B = "B01-UPS-A1", "B01-UPS-B1"


def broken(plan):
    return {f.where: f for f in contingencies.check(plan) if not f.kept}


def names(plan, phase=0):
    return [loss.name for losses in Losses(Network(plan, phase)).by_block().values() for loss in losses]


def one_bus(cords):
    """2N of one module a side, both in parallel on one bus that feeds the pod over one cord or two."""

    def edit(tree):
        for feed in (f for f in tree["connected"]["feeds"] if f["consumer"] == POD):
            feed["suppliers"] = [UPS_A, UPS_B]

    return damaged(systems_plan("2N", [(100, cords)], "AB"), edit)


@pytest.mark.parametrize("cords", ["A", "AB"])
def test_two_systems_on_one_bus_are_lost_with_it(cords):
    # Either side alone carries the pod; the bus that they share takes both.
    lost = f"critical_ac bus of {UPS_A} to {UPS_B} lost"
    assert walk(one_bus(cords), 0).starving == {"B01-POD-01": lost}
    assert list(broken(one_bus(cords))) == ["phase One"]


def test_with_shared_reserve_a_bus_takes_its_systems_with_it():
    # A1 and B1 on one bus: 3N/2 loses A and B with it, and pod 1 stops.
    def edit(tree):
        for feed in tree["connected"]["feeds"]:
            if feed["consumer"] == "B01-POD-01":
                feed["suppliers"] = [UPS_A, UPS_B]

    pods = [(600.0, pair) for pair in ("AB", "BC", "CA")]
    assert not broken(systems_plan("3N/2", pods, "ABC", modules=2))
    plan = damaged(systems_plan("3N/2", pods, "ABC", modules=2), edit)
    lost = {loss.name: loss.tags for loss in Losses(Network(plan, 0)).by_block()[1]}
    both = {f"B01-UPS-{s}{n}" for s in "AB" for n in (1, 2)}
    assert lost[f"critical_ac bus of {UPS_A} to {UPS_B} lost"] == both
    assert walk(plan, 0).starving == {"B01-POD-01": f"critical_ac bus of {UPS_A} to {UPS_B} lost"}


def test_a_bus_is_a_single_point_where_one_module_may_be_lost():
    # At N+1 the bus was asked for; at 2N a bus that is the whole system is walked once.
    assert not [n for n in names(systems_plan("N+1", [(1000, "A")], "A", 2)) if "bus" in n or "feed" in n]
    assert not [n for n in names(systems_plan("2N", [(1000, "AB")], "AB", 2)) if "bus" in n]


def test_a_side_whose_supplier_comes_later_is_missing_before():
    """Cords A and B, each from one module of either side; in phase One the second cord's stand for nothing."""

    def edit(tree):
        feeds, rows = tree["connected"]["feeds"], tree["connected"]["equipment"]
        item(feeds, side="A", consumer=POD)["suppliers"] = [UPS_A, "B01-UPS-B2"]
        item(feeds, side="B", consumer=POD)["suppliers"] = [UPS_B, "B01-UPS-A2"]
        for row in rows:
            row["phase"] = int(row["tag"] in (UPS_B, "B01-UPS-A2"))

    # Whichever side or module is lost, one of A1 and B2 is left; without the feed of both there is nothing.
    plan = damaged(systems_plan("2N", [(100, "AB")], "AB", 2, later="B"), edit)
    assert walk(plan, 0).starving == {"B01-POD-01": f"critical_ac bus of {UPS_A} to B01-UPS-B2 lost"}
    assert not walk(plan, 1).starving
    assert list(broken(plan)) == ["phase One"]
    assert names(plan, 0).count("feed B of critical_ac to B01-POD-01 lost") == 0
    assert names(plan, 1).count("feed B of critical_ac to B01-POD-01 lost") == 1


@pytest.mark.parametrize(("rating_kw", "kept"), [(950.5, True), (950.4, False)])
def test_a_cut_feed_overloads_where_a_lost_side_relieves(rating_kw, kept):
    """Fan 1 hangs on B alone and its controls on A alone, so that without A it draws nothing from B."""

    def edit(tree):
        connected = tree["connected"]
        tree["modules"].append(CTL.model_dump(mode="json"))
        module(tree, "FAN-500")["needs"].append({"carrier": "control", "connection": "dual", "units": 1})
        fan = item(connected["equipment"], tag="B01-FAN-01")
        for number, cords in ((1, "A"), (2, "AB")):
            tag = f"B01-CTL-0{number}"
            connected["equipment"].append({**fan, "tag": tag, "sku": CTL.sku, "carrier": "control"})
            one = {"consumer": f"B01-FAN-0{number}", "carrier": "control", "side": "A", "suppliers": [tag]}
            connected["feeds"].append(one)
            for side in cords:
                power = {"consumer": tag, "carrier": "critical_ac", "side": side, "suppliers": [f"B01-UPS-{side}1"]}
                connected["feeds"].append(power)
        item(connected["feeds"], consumer="B01-FAN-01", carrier="critical_ac")["suppliers"] = [UPS_B]

    plan = systems_plan("2N", [(800, "AB")], "AB", rating_kw=rating_kw, fans=("B", "AB"), at_rating=True)
    plan = damaged(plan, edit)
    # Without A: 800 + 100 + 1 on B. Without B: 800 + 100 + 2 on A. Without the pod's feed A: 800 + 100 + 50 + 0.5 on B.
    worst = walk(plan, 0)
    assert not worst.starving
    assert worst.load_kw[UPS_A] == pytest.approx(902)
    assert worst.load_kw[UPS_B] == pytest.approx(950.5)
    assert worst.situation[UPS_B] == "feed A of critical_ac to B01-POD-01 lost"
    assert list(broken(plan)) == ([] if kept else [f"phase One, {UPS_B}"])


def with_a_load(blocks):
    """A load of 500 kW on switchgear B that stops without a battery that hangs on switchgear A."""
    needs = [
        {"carrier": "mv_ac", "connection": "transfer", "fixed_kw": 500.0},
        {"carrier": "mv_storage", "connection": "header", "fixed_kw": 10.0},
    ]
    load = a_module("LOD-500", "battery", gives=[{"carrier": "air_cooling", "capacity_kw": 1000.0}], needs=needs)

    def edit(tree):
        tree["modules"] += [m.model_dump(mode="json") for m in (BES, load)]
        connected = tree["connected"]
        row = item(connected["equipment"], tag="MVS-A1")
        connected["equipment"].append({**row, "tag": "BES-01", "sku": BES.sku, "carrier": "mv_storage"})
        connected["equipment"].append({**row, "tag": "LOD-01", "sku": load.sku, "carrier": "air_cooling"})
        for consumer, carrier, supplier in (
            ("BES-01", "mv_ac", "MVS-A1"),
            ("LOD-01", "mv_ac", "MVS-B1"),
            ("LOD-01", "mv_storage", "BES-01"),
        ):
            connected["feeds"].append(
                {"consumer": consumer, "carrier": carrier, "side": "A", "suppliers": [supplier], "standby": False}
            )
        module(tree, "MVS-10")["gives"][0]["capacity_kva"] = 1000 * (0.5 + 1.0 * blocks) / 0.95

    return damaged(hand_wired_plan(blocks=blocks), edit)


def test_a_cut_ring_overloads_where_a_lost_switchgear_relieves():
    # The block draws about 1,254 kW: without A all of it on B; without the block's ring from A the load's 500 as well.
    plan = with_a_load(1)
    whole = walk(hand_wired_plan(), 0).load_kw["MVS-B1"]
    assert walk(plan, 0).load_kw["MVS-B1"] == pytest.approx(whole + 500)
    assert walk(plan, 0).situation["MVS-B1"] == "mv_ac ring of B01 from MVS-A1 lost"
    assert list(broken(plan)) == ["phase One, MVS-B1"]


def test_every_block_has_its_rings_in_every_phase():
    plan = hand_wired_plan(blocks=2)

    def rings(phase):
        return [n for n in names(plan, phase) if "ring" in n]

    own = [f"mv_ac ring of B01 from MVS-{side}1 lost" for side in "AB"]
    assert rings(0) == own
    # The second block is wired as the first, and counted with it.
    assert rings(1) == own
    assert walk(plan, 1).states - walk(plan, 0).states == 22 + 4 + 52 + 1


@pytest.mark.parametrize("control", ["N+1", "2N"])
def test_every_panel_is_lost_by_name(control):
    found = names(hand_wired_plan(redundancy={"control": control}))
    assert {"B01-CTL-A1 lost", "B01-CTL-B1 lost"} <= set(found)
    # With one panel behind each feed that feed may go as well, for the panel may.
    assert "feed B of control to B01-POD-01 lost" in found
    assert "B01-CTL-A1 lost" not in names(hand_wired_plan(redundancy={"control": "N"}))
    assert not [n for n in names(hand_wired_plan(redundancy={"control": "N"})) if "of control" in n]


def test_pods_of_equal_blocks_that_starve_are_all_counted():
    def side_a_only(tree):
        for feed in tree["connected"]["feeds"]:
            if feed["suppliers"] == ["MVS-B1"]:
                feed["suppliers"] = ["MVS-A1"]

    plan = damaged(hand_wired_plan(blocks=2), side_a_only)
    assert walk(plan, 1).starving == {"B01-POD-01": "MVS-A1 lost", "B02-POD-01": "MVS-A1 lost"}
    counted = next(f for f in contingencies.check(plan) if f.where == "phase Two")
    assert counted.actual == 2
