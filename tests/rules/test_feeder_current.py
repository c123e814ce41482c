"""Rings, ways and cables at medium voltage: on a plan wired by hand, on stored and damaged ones, and in the sizing."""

import math

import pytest
from damage import damaged, module
from today import LAYOUTS, WHOLE, stored, with_digest
from wired import hand_wired_plan

from prefab.audit import audit, broken
from prefab.brief import read_brief
from prefab.connecting import make_connected
from prefab.design import make_plan
from prefab.errors import Impossible
from prefab.rules import feeder_current
from prefab.rules.network import Network
from prefab.rules.walk import walk
from prefab.sizing import make_sized
from prefab.solver import QUICK

A_PER_KW = 1 / 0.95 / math.sqrt(3) / 20


def by_hand(way_a=630.0, ways=9):
    """Two blocks behind switchgear with ways of so many amperes."""

    def state(tree):
        module(tree, "MVS-10")["gives"][0].update(feeder_max_a=way_a, feeders_max=ways)

    return damaged(hand_wired_plan(blocks=2), state)


def of(plan, text):
    return [f for f in feeder_current.check(plan) if text in f.text]


def test_a_ring_carries_its_block_alone_when_the_partner_is_gone():
    network = Network(hand_wired_plan(), 0)
    # What all transformers of the block take, each with 1 % lost: three of UPS, and side A with what B carried.
    usual = walk(hand_wired_plan(), 0).normal_kw
    whole_kw = usual["MVS-A1"] + usual["MVS-B1"]
    (ring, *_) = of(by_hand(), "ring")
    assert ring.actual == pytest.approx(whole_kw * A_PER_KW, rel=0.01)
    assert network.blocks.keys() == {0, 1}


def test_the_limit_is_the_way_s():
    carried_a = of(by_hand(), "ring")[0].actual
    assert all(f.kept for f in of(by_hand(carried_a + 0.01), "ring"))
    # Either of the two carries every block alone.
    broken_at = {f.where for f in of(by_hand(carried_a - 0.01), "ring") if not f.kept}
    assert broken_at == {f"phase {phase}, MVS-{side}1" for phase in ("One", "Two") for side in "AB"}


def test_batteries_take_as_many_ways_as_their_current_asks():
    plan = stored("training-20mw")
    (found,) = of(plan, "batteries and services")

    def narrow(tree):
        # Two converters of 113 A and two transformers of 18 A: whole modules, on three ways of 130 A.
        module(tree, "MVS-12")["gives"][0]["feeder_max_a"] = 130.0

    (narrowed,) = of(damaged(plan, narrow), "batteries and services")
    assert (found.actual, narrowed.actual) == (6, 8)


def test_cables_end_at_eight_circuits():
    plan = stored("training-20mw")
    few = damaged(
        plan, lambda t: next(c for c in t["carriers"] if c["key"] == "utility_mv").update(circuit_max_a=100.0)
    )
    assert any(not f.kept for f in of(few, "8 circuits of 100 A"))


@pytest.mark.parametrize("name", WHOLE)
def test_stored_layouts_are_kept(name):
    assert [f for f in feeder_current.check(stored(name)) if not f.kept] == []


def _ways(tree, **figures):
    module(tree, "MVS-12")["gives"][0].update(figures)


DAMAGES = {
    "ring undersized": lambda t: _ways(t, feeder_max_a=170.0),
    "batteries on one small way": lambda t: _ways(t, feeder_max_a=180.0, feeders_max=6),
    "sets on cables of 10 A": lambda t: next(c for c in t["carriers"] if c["key"] == "standby_mv").update(
        circuit_max_a=10.0
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_refused_by_this_rule_alone(name):
    found = broken(audit(with_digest(damaged(stored("training-20mw"), DAMAGES[name]))))
    assert {f.rule for f in found} == {"feeder_current"}


def with_ways(catalog, **ampere):
    """The catalog with other ways of its intakes."""

    def changed(m):
        if m.sku not in ampere:
            return m
        return m.model_copy(update={"gives": (m.gives[0].model_copy(update={"feeder_max_a": ampere[m.sku]}),)})

    return catalog.model_copy(update={"modules": tuple(map(changed, catalog.modules))})


def test_the_sizing_takes_switchgear_whose_ways_are_large_enough(catalog):
    brief = read_brief(LAYOUTS / "edge-2mw" / "brief.toml")

    def chosen(other):
        sized = make_sized(brief, other, QUICK)
        plan = make_plan(brief, other, sized, make_connected(brief, other, sized))
        assert all(f.kept for f in feeder_current.check(plan))
        return next(p.sku for p in sized.plant if p.carrier == "mv_ac")

    assert chosen(catalog) == "RMU-4"
    assert chosen(with_ways(catalog, **{"RMU-4": 100.0})) == "MVS-12"
    with pytest.raises(Impossible):
        chosen(with_ways(catalog, **{"RMU-4": 20.0, "MVS-12": 20.0, "MVS-36": 20.0}))
