"""Plans whose storage is damaged: each is refused by the rule that it breaks, and by no other on supply."""

import ast
from collections import Counter
from pathlib import Path

import pytest
from damage import damaged
from test_duties_at_sites import CAPACITORS, UPS, a_brief, a_plan

from prefab.rules import SUPPLY

SITES = {
    # Batteries keep a reserve, swings and ramps.
    "batteries": a_brief(
        10, 2, grid={"ramp_mw_per_min": 5.0, "swing_mw": 1.0}, limits={"exclude": CAPACITORS + UPS},
        storage={"power_mw": 3.0, "duration_h": 4.0},
    ),
    # UPS take up what their pods swing, and lend the rest to ramps.
    "ups": a_brief(15, redundancy={"power": "N"}, grid={"ramp_mw_per_min": 3.0, "swing_mw": 2.0}),
}  # fmt: skip


@pytest.fixture(scope="module")
def plans(catalog):
    found = {name: a_plan(brief, catalog) for name, brief in SITES.items()}
    assert {s.kind for s in found["batteries"].sized.storage} == {""}
    assert {(bool(s.kind), s.duty) for s in found["ups"].sized.storage} >= {(True, "swing"), (True, "ramp")}
    return found


def _shares(tree, **wanted):
    """All with these values."""
    return [s for s in tree["sized"]["storage"] if all(s[k] == v for k, v in wanted.items())]


def _scaled(factor, figure, **wanted):
    def edit(tree):
        for share in _shares(tree, **wanted):
            share[figure] *= factor

    return edit


def _battery(**figures):
    def edit(tree):
        for each in (m for m in tree["modules"] if m.get("grid_battery")):
            each["grid_battery"].update(figures)

    return edit


def _without(**wanted):
    def edit(tree):
        gone = _shares(tree, **wanted)
        tree["sized"]["storage"] = [s for s in tree["sized"]["storage"] if s not in gone]

    return edit


def _twice(tree):
    """One battery for two ramps."""
    tree["sized"]["storage"] += _shares(tree, duty="ramp", phase=1)


def _downstream(tree):
    """What stands at the switchgear said to stand in the blocks, on UPS that feed nothing back."""
    kind = tree["sized"]["kinds"][0]
    group = next(g for g in kind["groups"] if g["carrier"] == "critical_ac")
    for share in _shares(tree, duty="ramp"):
        share.update(kind=kind["name"], carrier=group["carrier"], sku=group["sku"])


def _later(tree):
    """The first phase lives on what comes with the second."""
    for share in _shares(tree, duty="ramp", phase=0):
        share["phase"] = 1
        share.update(power_kw=0.0, energy_kwh=0.0)


def _claimed(tree):
    """Swings taken off a peak that nothing takes up."""
    for share in _shares(tree, duty="swing", phase=1):
        share["relief_kw"] += 500.0


def _added(duty, relief_kw=5000.0, **figures):
    """A share of nothing but a claim."""

    def edit(tree):
        sku = next(s["sku"] for s in tree["sized"]["storage"] if not s["kind"])
        share = {"duty": duty, "carrier": "mv_storage", "sku": sku, "power_kw": 0.0, "energy_kwh": 0.0}
        tree["sized"]["storage"].append(share | {"relief_kw": relief_kw} | figures)

    return edit


def _scaled_all(factor, duty):
    """Of a block's own: it could hold that, and takes off a peak what its pods do not draw."""

    def edit(tree):
        other = {"ramp": "swing_mw", "swing": "ramp_mw_per_min"}[duty]
        tree["brief"]["grid"][other] = None
        tree["sized"]["storage"] = _shares(tree, duty=duty)
        for share in (s for s in tree["sized"]["storage"] if s["kind"]):
            for figure in ("power_kw", "energy_kwh", "swing_kw", "relief_kw"):
                share[figure] *= factor

    return edit


DAMAGES = {
    "storage counted twice": ("batteries", "storage", _twice),
    "share moved to storage that feeds nothing back": ("batteries", "storage", _downstream),
    "cells that fade to a third": ("batteries", "storage", _battery(end_of_life_frac=0.3)),
    "a narrow window of charge": ("batteries", "storage", _battery(soc_min_frac=0.7, soc_max_frac=0.8)),
    "cells that lose half on the way": ("batteries", "storage", _battery(round_trip_frac=0.1)),
    "converters of half the power": ("batteries", "storage", _battery(power_kw=500.0)),
    "a reserve of many hours": ("batteries", "storage", lambda t: t["brief"]["storage"].update(duration_h=12.0)),
    "share of the second phase claimed in the first": ("batteries", "storage_in_time", _later),
    "nothing kept for ramps": ("batteries", "storage_in_time", _without(duty="ramp")),
    "nothing kept for swings": ("batteries", "storage_in_time", _without(duty="swing")),
    "a third of a ramp's energy": ("batteries", "storage_in_time", _scaled(0.33, "energy_kwh", duty="ramp")),
    "swings bought by their energy": ("batteries", "storage_in_time", _scaled(0.1, "power_kw", duty="swing")),
    "half the swings set to be taken": ("batteries", "storage_in_time", _scaled(0.5, "swing_kw", duty="swing")),
    "relief that no storage gives": ("batteries", "storage_in_time", _claimed),
    "relief by shaving that nobody asks for": ("batteries", "storage", _added("shaving")),
    "relief by a reserve": ("batteries", "storage", _added("reserve", phase=1)),
    "relief by what is kept for ramps": ("batteries", "storage", _added("ramp")),
    "relief by batteries that are not there": ("batteries", "storage", _added("ramp", sku="BES-9999")),
    "relief in a block of no kind": ("batteries", "storage", _added("swing", kind="z")),
    "swings of a demand that there is not": ("batteries", "storage", _added("swing", 0.0, demand=7, swing_kw=9.0)),
    "UPS that take up more than their pods swing": ("ups", "storage_in_time", _scaled_all(1.5, "swing")),
    "UPS that feed a ramp's power back": ("ups", "storage", _scaled_all(1.5, "ramp")),
    "a steeper ramp than the grid bears": (
        "batteries", "storage_in_time", lambda t: t["brief"]["grid"].update(ramp_mw_per_min=0.5)
    ),
    "autonomy eaten by a duty": ("ups", "storage", _scaled(20.0, "energy_kwh", carrier="critical_ac", duty="ramp")),
    "UPS lent twice": ("ups", "storage", _scaled(2.0, "power_kw", carrier="critical_ac", duty="ramp")),
    "UPS that only take": ("ups", "storage", lambda t: [
        m["ups_battery"].update(bidirectional=False) for m in t["modules"] if m.get("ups_battery")
    ]),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_refused_by_this_rule_alone(name, plans):
    site, rule, edit = DAMAGES[name]
    spoilt = damaged(plans[site], edit)
    assert spoilt != plans[site]
    assert {f.rule for each in SUPPLY for f in each.check(spoilt) if f.kept is False} == {rule}


def test_relief_is_not_believed_where_no_duty_is_asked_for(plans):
    def edit(tree):
        _added("swing", relief_kw=9000.0)(tree)
        tree["brief"]["grid"].update(ramp_mw_per_min=None, swing_mw=None)
        tree["sized"]["storage"] = tree["sized"]["storage"][-1:]

    spoilt = damaged(plans["batteries"], edit)
    assert {f.rule for each in SUPPLY for f in each.check(spoilt) if f.kept is False} == {"storage"}


def test_undamaged_plans_are_kept(plans):
    for plan in plans.values():
        assert [f for each in SUPPLY for f in each.check(plan) if f.kept is False] == []


def test_thirty_damaged_plans_of_storage_grid_and_electrical_design():
    """By the rule that refuses each of them, as the files of these tests list them."""
    found = Counter(rule for _, rule, _ in DAMAGES.values())
    for path in Path(__file__).parent.glob("test_*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DAMAGES" and path != Path(__file__):
                assert isinstance(node.value, ast.Dict)
                found[path.stem.removeprefix("test_")] += len(node.value.keys)
    assert found.total() >= 30
    named = {"cooling_continuity", "fault_level", "feeder_current", "step_load", "storage", "storage_in_time"}
    assert set(found) >= {*named, "trip_current"}
    assert min(found.values()) >= 2
