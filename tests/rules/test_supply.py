"""Land of sun and wind on site, and what goes back through the connection."""

import pytest
from build import a_brief
from wired import hand_wired_plan

from prefab.catalog import load_catalog
from prefab.rules import supply
from prefab.supply import SupplyHours

SCREENS = load_catalog().supply
HALF = (0.5,) * 8760


def with_supply(*sources, hours=HALF, export_mw=0.0, capacity_mw=3.0):
    """The hand-wired site with these sources on site, all with the same hours."""
    brief = a_brief(supply=[{"on_site": True, "profile": "hours.csv", **s} for s in sources])
    grid = brief.grid.model_copy(update={"export_mw": export_mw, "capacity_mw": capacity_mw})
    carried = tuple(SupplyHours(name=s.name, source="hours.csv", capacity_frac=hours) for s in brief.supply)
    update = {
        "brief": brief.model_copy(update={"grid": grid}), "supply_basis": SCREENS, "supply_hours": carried,
    }  # fmt: skip
    return hand_wired_plan().model_copy(update=update)


def test_nothing_to_find_without_supply():
    assert supply.check(hand_wired_plan()) == ()


@pytest.mark.parametrize(("kind", "ha_per_mw"), [("pv", 2.0), ("wind", 0.3)])
@pytest.mark.parametrize(("over_ha", "kept"), [(0.0, True), (0.01, True), (-0.01, False)])
def test_land(kind, ha_per_mw, over_ha, kept):
    ha = 4 * ha_per_mw + over_ha
    _, land, back = supply.check(with_supply({"name": "own", "kind": kind, "mw": 4.0, "ha": ha}))
    assert (land.where, land.unit, land.kept) == ("own", "ha", kept)
    assert land.limit == pytest.approx(4 * ha_per_mw)
    assert back.kept


def test_each_source_has_land_of_its_own():
    two = [{"name": n, "kind": "pv", "mw": 1.0, "ha": ha} for n, ha in (("a", 3.5), ("b", 0.5))]
    found = {f.where: f.kept for f in supply.check(with_supply(*two)) if f.unit == "ha"}
    assert found == {"a": True, "b": False}


@pytest.mark.parametrize(
    ("export_mw", "mw", "actual_kw", "kept"),
    [
        (0.0, 20.0, 0.0, True),  # curtailed
        (2.0, 20.0, 2000.0, True),
        (3.0, 20.0, 3000.0, True),
        (3.1, 20.0, 3100.0, False),  # more than the connection of 3 MW is built for
        (9.0, 4.0, 2000.0, True),  # never gives more than half of its rating
    ],
)
def test_what_goes_back(export_mw, mw, actual_kw, kept):
    *_, back = supply.check(with_supply({"name": "sun", "kind": "pv", "mw": mw, "ha": 100.0}, export_mw=export_mw))
    assert (back.where, back.actual, back.kept) == ("connection", pytest.approx(actual_kw), kept)


def test_hours_that_the_plan_lost():
    plan = with_supply({"name": "sun", "kind": "pv", "mw": 1.0, "ha": 5.0})
    lost = supply.check(plan.model_copy(update={"supply_hours": ()}))
    assert [f.kept for f in lost if f.unit == "hours"] == [False]
    assert [f.kept for f in supply.check(plan) if f.unit == "hours"] == [True]


def test_words():
    assert supply.explain(a_brief()) == "No sun or wind stands on site."
    wish = with_supply({"name": "sun", "kind": "pv", "mw": 4.0, "ha": 9.0}, export_mw=2.0).brief
    assert supply.explain(wish) == "4 MW of pv stand on land of their own and send back 2 MW at most."
