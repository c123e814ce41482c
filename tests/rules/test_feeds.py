"""A and B feeds: what a wrong connection looks like."""

import pytest
from damage import damaged, item, module
from wired import hand_wired_plan

from prefab.rules import feeds


def faults(edit, blocks=1):
    findings = feeds.check(damaged(hand_wired_plan(blocks=blocks), edit))
    return [f.text for f in findings if not f.kept and f.unit == "faults"]


def feed(tree, consumer, carrier, side="A"):
    return item(tree["connected"]["feeds"], consumer=consumer, carrier=carrier, side=side)


def test_hand_wired_plan_is_in_order():
    (finding,) = feeds.check(hand_wired_plan())
    assert finding.kept
    assert finding.actual == len(hand_wired_plan().connected.feeds) > 80


@pytest.mark.parametrize(
    ("consumer", "carrier", "suppliers", "text"),
    [
        ("B01-POD-01", "coolant", ["B01-FWU-01"], "it gives air_cooling"),
        ("B01-POD-01", "coolant", ["B01-CDU-01", "B01-CDU-01"], "twice on one"),
        ("B01-POD-01", "coolant", ["B02-CDU-01"], "no such module"),
        ("B01-UPS-01", "lv_ac", ["B01-TRF-A1"], "unit connection and supplier do not match"),
        ("B01-UPS-01", "lv_ac", ["B01-TRF-01", "B01-TRF-02"], "serves 2 modules, as a unit it serves exactly one"),
        ("MVS-A1", "utility_mv", ["B01-TRF-A1"], "it gives lv_ac"),
        ("B01-TRF-01", "mv_ac", ["GRID"], "the utility does not give that"),
        ("B01-POD-01", "control", ["B01-CTL-B1"], "2N and not fed from side A and from side B"),
    ],
)
def test_wrong_supplier(consumer, carrier, suppliers, text):
    def edit(tree):
        feed(tree, consumer, carrier)["suppliers"] = suppliers

    assert any(text in found for found in faults(edit))


def test_missing_feed():
    def edit(tree):
        tree["connected"]["feeds"].remove(feed(tree, "B01-CDU-01", "critical_ac"))

    assert faults(edit) == ["no feed of critical_ac"]


def at_the_intake(edit):
    """Faults of the first intake switchgear, whose feeds of the utility the edit changes."""

    def both(tree):
        edit(tree, *(feed(tree, "MVS-A1", "utility_mv", side) for side in "AB"))

    return faults(both)


def test_the_utility_is_the_normal_source():
    def without_utility(tree, utility, _sets):
        tree["connected"]["feeds"].remove(utility)

    def without_sets(tree, _utility, sets):
        tree["connected"]["feeds"].remove(sets)

    def exchanged(_tree, utility, sets):
        utility["side"], sets["side"] = "B", "A"

    def utility_twice(_tree, utility, sets):
        sets["suppliers"] = utility["suppliers"]

    normal, standby = "utility_mv is not the normal source on feed A", "feed B is not standby_mv that takes over"
    assert at_the_intake(without_utility) == [normal]
    assert at_the_intake(exchanged)[0] == normal
    assert standby in at_the_intake(exchanged)[1]
    assert standby in at_the_intake(without_sets)[0]
    assert any(standby in text for text in at_the_intake(utility_twice))


@pytest.mark.parametrize("side", ["A", "B"])
@pytest.mark.parametrize(("consumer", "carrier"), [("B01-CHL-01", "lv_ac"), ("B01-POD-01", "lv_ac")])
def test_a_feed_is_asked_for_from_each_side_that_stands(consumer, carrier, side):
    def edit(tree):
        tree["connected"]["feeds"].remove(feed(tree, consumer, carrier, side))

    assert faults(edit) == [f"{carrier} stands on side A and B without a feed from each"]


def test_a_feed_comes_from_the_side_it_is_named_by():
    def edit(tree):
        feed(tree, "B01-CDU-01", "critical_ac")["side"] = "B"

    assert faults(edit) == ["critical_ac stands on side A without a feed from each"]


def test_feed_nobody_asks_for():
    def edit(tree):
        tree["connected"]["feeds"].append(
            {"consumer": "FTK-01", "carrier": "mv_ac", "side": "A", "suppliers": ["MVS-A1"]}
        )

    assert faults(edit) == ["feed of mv_ac that nothing asks for"]


def test_unit_transformer_that_serves_two():
    def edit(tree):
        feed(tree, "B01-UPS-02", "lv_ac")["suppliers"] = ["B01-TRF-01"]

    found = faults(edit)
    assert "serves 2 modules, as a unit it serves exactly one" in found
    assert "serves 0 modules, as a unit it serves exactly one" in found


def test_two_blocks_in_two_phases_on_one_plant_are_in_order():
    assert all(f.kept for f in feeds.check(hand_wired_plan(blocks=2)))


def test_supplier_of_another_block():
    def edit(tree):
        feed(tree, "B02-POD-01", "coolant")["suppliers"] = [f"B01-CDU-0{i}" for i in (1, 2, 3)]

    # The first block stands in an earlier phase: nothing else is wrong with it.
    assert faults(edit, blocks=2) == [f"coolant from B01-CDU-0{i}: it stands in block 1" for i in (1, 2, 3)]


def test_supplier_of_a_later_phase():
    def edit(tree):
        item(tree["connected"]["equipment"], tag="B01-FWU-03")["phase"] = 1

    assert faults(edit, blocks=2) == ["air_cooling from B01-FWU-03: it stands in a later phase"]


@pytest.mark.parametrize(
    ("sku", "tag"), [("TRF-1000", "B01-TRF-01"), ("CDU-500", "B01-CDU-01"), ("GEN-2000", "GEN-01")]
)
def test_nothing_is_given_from_nothing(sku, tag):
    def without_source(tree):
        entry = module(tree, sku)
        assert entry["needs"]
        entry["needs"] = []

    found = feeds.check(damaged(hand_wired_plan(), without_source))
    (text,) = (f.text for f in found if f.where == tag and not f.kept and f.text.endswith("that it needs"))
    assert "and passes on nothing" in text


def test_two_feeds_on_one_side():
    def edit(tree):
        # Both transformers are there, side A twice.
        feed(tree, "B01-POD-01", "lv_ac", side="B")["side"] = "A"

    assert faults(edit)[0] == "two feeds of lv_ac on one side"
