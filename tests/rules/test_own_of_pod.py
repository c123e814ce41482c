"""Coolant and air of each pod's own, on plans written out by hand: who cools whom, what is walked, what is refused.

Two pods of 800 kW of liquid heat each; coolant units of 534 kW, so that a pod needs one and a half of them and two pods
need three.
"""

import random
from collections import Counter

import pytest
from build import CARRIERS, CDU, POD, a_brief, a_catalog, a_module, a_plan
from damage import damaged, item
from test_columns import resized

from prefab.arranging import arrange
from prefab.eligible import Offer, site_conditions
from prefab.loading import Demand
from prefab.plan import BlockKind, Connected, Equipment, Feed, Group, Sized
from prefab.rules import bus_limit, composition, contingencies, feeds
from prefab.rules.losses import Losses
from prefab.rules.network import UTILITIES, Network
from prefab.rules.walk import walk

RULES = (feeds, composition, contingencies, bus_limit)
SUPPLY = CDU.needs[0].model_copy(update={"carrier": "utility_mv", "connection": "header", "approach_k": None})
UNIT = resized(CDU, 534.0).model_copy(update={"needs": (SUPPLY,)})
LOAD = POD.model_copy(update={"needs": (POD.needs[1],)})


def a_hall(*per_pod, level="N+1", sides="A", scope="pod", unit=UNIT):
    """Pods with so many units each on every side, in cells of their own."""
    brief = a_brief(
        redundancy={
            "power": "N",
            "cooling": level,
            "control": "N",
            "scope": {"coolant": scope, "air_cooling": "block"},
        },
        phases=[{"name": "One", "it_mw": 1.0 * len(per_pod), "energised_by": "2029-12-31"}],
    )
    equipment, wiring = [], []
    for pod, count in enumerate(per_pod, 1):
        equipment.append(stands(f"B01-POD-0{pod}", "POD-1000", "it", pod))
        for side in sides:
            tags = tuple(f"B01-CDU-{side}{pod}{n}" for n in range(1, count + 1))
            equipment += [stands(tag, "CDU-500", "coolant", pod, side=side, supply_degc=40.0) for tag in tags]
            wiring.append(Feed(consumer=f"B01-POD-0{pod}", carrier="coolant", side=side, suppliers=tags))
    units = [e.tag for e in equipment if e.carrier == "coolant" and unit.needed("utility_mv")]
    wiring += [Feed(consumer=tag, carrier="utility_mv", side="A", suppliers=("GRID",)) for tag in units]
    group = Group(
        carrier="coolant", sku="CDU-500", sides=len(sides), per_side=per_pod[0], supply_degc=40.0, cells=len(per_pod)
    )
    sized = Sized(
        kinds=(BlockKind(name="a", pod="POD-1000", pods=len(per_pod), groups=(group,)),),
        blocks=((1,),),
        plant=(),
        status="feasible",
        objective_usd=0,
        bound_usd=0,
        parameters="by hand",
    )
    return a_plan(brief, (unit, LOAD), sized, Connected(equipment=tuple(equipment), feeds=tuple(wiring)))


def stands(tag, sku, carrier, cell, **more):
    return Equipment(tag=tag, sku=sku, block=1, kind="a", phase=0, carrier=carrier, cell=cell, **more)


def refused(plan):
    return {f.rule for rule in RULES for f in rule.check(plan) if not f.kept}


def named(plan):
    return {loss.name: loss.tags for losses in Losses(Network(plan, 0)).by_block().values() for loss in losses}


# fleet totals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "sides", "enough"),
    [("N", "A", 2), ("N+1", "A", 3), ("N+2", "A", 4), ("2N", "AB", 2), ("2(N+1)", "AB", 3)],
)
def test_each_pod_carries_its_own_load_with_its_own_spare(level, sides, enough):
    assert not refused(a_hall(enough, enough, level=level, sides=sides))
    assert refused(a_hall(enough - 1, enough - 1, level=level, sides=sides)) == {"contingencies"}
    # One pod with one less and the other with one more: as many in all, and far more than two pods need together.
    uneven = a_hall(enough - 1, enough + 1, level=level, sides=sides)
    assert refused(uneven) == {"contingencies", "composition"}
    overloaded = {f.where for f in contingencies.check(uneven) if not f.kept}
    assert overloaded
    assert all("CDU-A1" in where or "CDU-B1" in where for where in overloaded)


def test_what_would_do_for_the_block_does_not_for_its_pods():
    def in_common(tree):
        tags = [e["tag"] for e in tree["connected"]["equipment"] if e["carrier"] == "coolant"]
        for feed in tree["connected"]["feeds"]:
            if feed["carrier"] == "coolant":
                feed["suppliers"] = tags
        for e in tree["connected"]["equipment"]:
            e["cell"] = 0
        (group,) = tree["sized"]["kinds"][0]["groups"]
        group["cells"], group["per_side"] = 1, len(tags)

    # Two pods on one header of four: three and one to spare. Kept where that is asked, refused where it is not.
    assert not refused(damaged(a_hall(2, 2, scope="block"), in_common))
    plan = damaged(a_hall(2, 2), in_common)
    assert refused(plan) == {"contingencies"}
    (finding, *_) = (f for f in contingencies.check(plan) if not f.kept)
    assert (finding.actual, finding.limit, finding.unit) == (2.0, 1.0, "pods")


def test_what_is_arranged_for_one_pod_is_what_the_check_asks_of_each():
    """Units of any size, half of them within 2 % of a whole share of a pod's heat."""
    rng, kept = random.Random("own of pod"), Counter()
    carrier = next(c for c in CARRIERS if c.key == "coolant")
    for _ in range(160):
        level, near = rng.choice(("N", "N+1", "N+2", "2N", "2(N+1)")), rng.random() < 0.5
        unit = resized(UNIT, 800.0 * (rng.uniform(0.98, 1.02) / rng.randint(1, 4) if near else rng.uniform(0.2, 1.3)))
        brief = a_brief(redundancy={"cooling": level})
        offer = Offer(
            brief, unit, carrier, site_conditions(brief, a_catalog()), 40.0, 55.0, unit.gives[0].capacity_kw or 0.0
        )
        (least,) = arrange(Demand((800.0,)), offer, level, (), 1)
        sides = "AB"[: least.sides]
        for count in (least.per_side - 1, least.per_side):
            if count:
                found = not refused(a_hall(count, count, level=level, sides=sides, unit=unit))
                assert found == (count == least.per_side), (level, count, unit.gives)
                kept[found] += 1
    assert min(kept[True], kept[False]) >= 100


# damaged plans -------------------------------------------------------------------------------------------------------


def test_a_unit_moved_to_another_pods_feed():
    def move(tree):
        one, other = (f for f in tree["connected"]["feeds"] if f["carrier"] == "coolant")
        other["suppliers"].append(one["suppliers"].pop())

    # Its label still says whose it is; the first pod is left with two.
    assert refused(damaged(a_hall(3, 3), move)) == {"feeds", "contingencies"}
    assert refused(damaged(a_hall(4, 4), move)) == {"feeds"}, "with one more than is needed nobody is overloaded"


def test_a_unit_on_two_pods_feeds():
    def share(tree):
        one, other = (f for f in tree["connected"]["feeds"] if f["carrier"] == "coolant")
        other["suppliers"].append(one["suppliers"][-1])

    plan = damaged(a_hall(3, 3), share)
    assert refused(plan) == {"feeds", "contingencies"}
    assert [f.where for f in contingencies.check(plan) if f.unit == "pods" and not f.kept] == ["B01-CDU-A13"]


def test_a_unit_with_another_pods_number():
    def relabel(tree):
        item(tree["connected"]["equipment"], tag="B01-CDU-A13")["cell"] = 2

    assert refused(damaged(a_hall(3, 3), relabel)) == {"feeds", "composition"}


def test_two_pods_with_one_number():
    def relabel(tree):
        for e in tree["connected"]["equipment"]:
            e["cell"] = 1

    assert refused(damaged(a_hall(3, 3), relabel)) == {"composition"}


def test_a_group_of_more_cells_than_pods():
    def claim(tree):
        tree["sized"]["kinds"][0]["groups"][0]["cells"] = 3

    assert refused(damaged(a_hall(3, 3), claim)) == {"composition"}


def test_a_cell_with_one_module_too_few():
    def drop(tree):
        tree["connected"]["equipment"] = [e for e in tree["connected"]["equipment"] if e["tag"] != "B01-CDU-A23"]
        tree["connected"]["feeds"] = [f for f in tree["connected"]["feeds"] if f["consumer"] != "B01-CDU-A23"]
        tree["connected"]["feeds"][1]["suppliers"].remove("B01-CDU-A23")

    plan = damaged(a_hall(3, 3), drop)
    assert refused(plan) == {"composition", "contingencies"}
    overloaded = {f.where for f in contingencies.check(plan) if not f.kept}
    assert overloaded == {"phase One, B01-CDU-A21", "phase One, B01-CDU-A22"}


SIDECAR = a_module(
    "CDU-500", "cdu", gives=[{"carrier": "coolant", "capacity_kw": 2000}],
    needs=[{"carrier": "air_cooling", "connection": "header", "through": True}],
)  # fmt: skip
FAN = a_module("FWU-900", "air_cooling", gives=[{"carrier": "air_cooling", "capacity_kw": 900}])


@pytest.mark.parametrize("shared", [True, False])
def test_air_that_takes_the_heat_of_two_pods_through_one_unit(shared):
    """A fan feeds one unit only; that unit cools both pods, or one of them."""
    plan = a_hall(1, 1, level="N")
    plan = plan.model_copy(update={"modules": (SIDECAR, FAN, LOAD)})

    def edit(tree):
        tree["brief"]["redundancy"]["scope"] = {"coolant": "block", "air_cooling": "pod"}
        for number in (1, 2):
            fan = dict(tree["connected"]["equipment"][1])
            fan |= {"tag": f"B01-FWU-0{number}", "sku": "FWU-900", "carrier": "air_cooling", "supply_degc": None}
            tree["connected"]["equipment"].append(fan)
            tree["connected"]["feeds"].append(
                {
                    "consumer": f"B01-CDU-A{number}1", "carrier": "air_cooling", "side": "A", "standby": False,
                    "suppliers": [f"B01-FWU-0{number}"],
                }
            )  # fmt: skip
        if shared:
            tree["connected"]["feeds"][1]["suppliers"] = ["B01-CDU-A11"]

    found = [f for f in contingencies.check(damaged(plan, edit)) if f.unit == "pods"]
    assert {f.where for f in found if not f.kept} == ({"B01-FWU-01"} if shared else set())
    assert found


def test_nothing_is_said_where_the_block_shares():
    assert not [f for f in contingencies.check(a_hall(3, 3, scope="block")) if f.unit == "pods"]
    assert "own" not in contingencies.explain(a_hall(3, 3, scope="block").brief)
    assert "Each pod has its own coolant." in contingencies.explain(a_hall(3, 3).brief)


# what is walked ------------------------------------------------------------------------------------------------------


def test_every_module_of_every_pods_own_is_lost_once():
    plan = a_hall(3, 3)
    # In each cell three that are alike, of which one is named; and the normal state.
    assert set(named(plan)) == {"B01-CDU-A11 lost", "B01-CDU-A21 lost"}
    assert walk(plan, 0).states == 1 + 6


def test_two_that_are_lost_together_are_one_pods():
    assert set(named(a_hall(4, 4, level="N+2"))) == {
        "B01-CDU-A11 lost", "B01-CDU-A21 lost",
        "B01-CDU-A11 and B01-CDU-A12 lost", "B01-CDU-A21 and B01-CDU-A22 lost",
    }  # fmt: skip


def test_a_system_is_one_pods():
    found = named(a_hall(2, 2, level="2N", sides="AB"))
    assert found["B01 pod 1 coolant side A lost"] == {"B01-CDU-A11", "B01-CDU-A12"}
    assert found["B01 pod 2 coolant side B lost"] == {"B01-CDU-B21", "B01-CDU-B22"}
    more = named(a_hall(3, 3, level="2(N+1)", sides="AB"))
    assert more["B01 pod 1 coolant side A and B01-CDU-B11 lost"] == {
        f"B01-CDU-{t}" for t in ("A11", "A12", "A13", "B11")
    }
    for tags in (*found.values(), *more.values()):
        assert len({tag[:-1] for tag in tags}) <= 2, "sides A and B of one pod at most"
        assert len({tag[-2] for tag in tags}) <= 1


def test_the_other_pods_carry_what_they_did():
    for plan in (a_hall(3, 3), a_hall(2, 2, level="2N", sides="AB")):
        network = Network(plan, 0)

        def output(lost, network=network):
            given = network.flow(network.order, network.alive(lost, network.order, UTILITIES), {})
            return {tag: kw for tag, kw in given.items() if tag not in UTILITIES}

        usual = output(frozenset())
        for losses in Losses(network).by_block().values():
            for loss in losses:
                touched = {network.equipment[t].cell for t in (*loss.tags, *(c for c, _, _ in loss.cuts))}
                (cell,) = touched
                found = output(loss.tags)
                assert {t for t, kw in found.items() if network.equipment[t].cell != cell} != set()
                assert all(kw == usual[t] for t, kw in found.items() if network.equipment[t].cell != cell)
