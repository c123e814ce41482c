"""Blocks wired the same are twins, and what is said of one is said of the other in its own tags."""

import pytest
from test_reliability import rated
from wired import fed_by_another, hand_wired_plan

from prefab.reliability import make_reliability
from prefab.rules.network import Network
from prefab.rules.twins import renamed, shapes, situation, told_of, twins


def test_blocks_wired_the_same_are_twins():
    plan = hand_wired_plan(blocks=3)
    assert twins(Network(plan, 2)) == {0: 0, 1: 1, 2: 1, 3: 1}


@pytest.mark.parametrize("change", ["side", "cell", "feed"])
def test_a_block_that_differs_in_a_module_or_a_feed_is_its_own(change):
    plan = hand_wired_plan(blocks=3)
    equipment, feeds = plan.connected.equipment, plan.connected.feeds
    if change != "feed":
        odd = next(e for e in equipment if e.block == 2 and e.side == "A")
        other = {"side": "B"} if change == "side" else {"cell": 1}
        equipment = tuple(e.model_copy(update=other) if e is odd else e for e in equipment)
    else:
        odd = next(f for f in feeds if f.consumer.startswith("B02-"))
        feeds = tuple(f for f in feeds if f is not odd)
    other = plan.connected.model_copy(update={"equipment": equipment, "feeds": feeds})
    found = twins(Network(plan.model_copy(update={"connected": other}), 2))
    assert found == {0: 0, 1: 1, 2: 2, 3: 1}


def test_a_block_that_others_feed_has_the_shape_and_is_no_twin():
    plan, one = fed_by_another()
    network = Network(plan, 1)
    assert twins(network) == {0: 0, 1: 1, 2: 2}
    assert [shape.first for shape in shapes(network).values()] == [0, 1, 1]
    assert renamed(network, ("B01-POD-01", one, "GRID"), 1, 2) == {
        "B01-POD-01": "B02-POD-01",
        one: "OTHER",
        "GRID": "GRID",
    }
    nothing = frozenset()
    alive = [situation(network, block, nothing, nothing, {tag}) for block, tag in ((1, one), (2, "OTHER"), (2, one))]
    assert alive[0] == alive[1] != alive[2]
    lost = [situation(network, block, {f"B0{block}-POD-01"}, nothing, {one, "OTHER"}) for block in (1, 2)]
    assert lost[0] == lost[1] != situation(network, 2, nothing, nothing, {one, "OTHER"})


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("B01-POD-01", "B12-POD-01"),
        ("B01 coolant", "B12 coolant"),
        ("not fed: B01-POD-01, B01-POD-02", "not fed: B12-POD-01, B12-POD-02"),
        ("site standby_mv", "site standby_mv"),
        ("B011-POD-01", "B011-POD-01"),
        ("X-B01-5", "X-B01-5"),
        (("B01-A", 1, ("B01-B",)), ("B12-A", 1, ("B12-B",))),
    ],
)
def test_what_is_told_of_a_twin(said, told):
    assert told_of(said, 1, 12) == told


def test_availability_of_a_twin_is_in_its_own_tags():
    found = make_reliability(rated(hand_wired_plan(blocks=2)))
    first, second = ([s for s in found if s.block == block] for block in (1, 2))
    for one, two in zip(first, second, strict=True):
        assert (two.pod, two.availability_frac) == (one.pod.replace("B01", "B02"), one.availability_frac)
        tags = {tag for group in two.groups for tag in group.tags}
        assert not any(tag.startswith("B01-") for tag in tags)
        assert [g.name.replace("B01", "B02") for g in one.groups] == [g.name for g in two.groups]
    assert any(tag.startswith("B02-") for s in second for g in s.groups for tag in g.tags)
