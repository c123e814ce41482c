"""Room inside pods and houses, counted on hand-wired plans whose catalog entries are edited."""

import pytest
from build import CDU, FWU, POD, a_module
from damage import damaged, module
from wired import hand_wired_plan

from prefab.rules import bays

ROOM = [{"kind": "row", "count": 8}, {"kind": "wall", "count": 3}]


def kept(offered=ROOM, taken=2, walls=1, fills=False, blocks=1):
    """A pod with three CDUs of `taken` row bays and three fan walls each, in each of `blocks` blocks."""

    def edit(tree):
        module(tree, "POD-1000")["bays"] = offered
        module(tree, "CDU-500").update(bay="row", bays_count=taken)
        module(tree, "FWU-150").update(bay="wall", bays_count=walls, fills_bays=fills)

    findings = bays.check(damaged(hand_wired_plan(blocks=blocks), edit))
    assert findings
    return all(f.kept for f in findings)


@pytest.mark.parametrize(("taken", "fits"), [(0, True), (2, True), (3, False)])
def test_row_bays(taken, fits):
    assert kept(taken=taken) is fits  # three CDUs: 0, 6, 9 of 8 bays


def test_kinds_of_bay_do_not_stand_in_for_each_other():
    assert kept()
    assert not kept(offered=[{"kind": "row", "count": 80}])
    assert not kept(offered=[{"kind": "row", "count": 8}, {"kind": "wall", "count": 2}])


def test_every_bay_is_filled_or_none():
    assert kept(fills=True)  # three walls in three bays
    assert not kept(offered=[{"kind": "row", "count": 8}, {"kind": "wall", "count": 4}], fills=True)


def test_a_second_block_brings_its_own_room():
    assert kept(blocks=2)
    assert not kept(taken=3, blocks=2)


def stands(pods, cdus, walls=1):
    pod = POD.model_copy(update={"bays": a_module("XX-1", "x", gives=GIVE, bays=ROOM).bays})
    cdu = CDU.model_copy(update={"bay": "row", "bays_count": 2})
    wall = FWU.model_copy(update={"bay": "wall", "bays_count": 1})
    return ((pod, pods), (cdu, cdus), (wall, walls))


GIVE = [{"carrier": "it", "capacity_kw": 1}]


@pytest.mark.parametrize(("pods", "cdus", "fits"), [(1, 4, True), (1, 5, False), (2, 8, True), (2, 9, False)])
def test_sizing_agrees(pods, cdus, fits):
    assert bays.fits(stands(pods, cdus), complete=False) is fits
    assert bays.fits(stands(pods, cdus), complete=True) is fits


def test_a_house_may_still_come_until_the_block_is_complete():
    guest = a_module("FRM-1", "power", stands="inside:electrical_house", bay="house", bays_count=2, gives=GIVE)
    house = a_module("EHS-1", "electrical_house", gives=GIVE, bays=[{"kind": "house", "count": 3}])
    assert bays.fits(((guest, 1),), complete=False)
    assert not bays.fits(((guest, 1),), complete=True)
    assert bays.fits(((guest, 1), (house, 1)), complete=True)
    assert not bays.fits(((guest, 2), (house, 1)), complete=True)
