"""A whole plan damaged by hand, one thing at a time: refused by the right rule, and by no other."""

import pytest
from damage import damaged, item, module

from prefab.audit import audit, broken


def rules_broken(plan, edit):
    return {f.rule for f in broken(audit(damaged(plan, edit)))}


def equipment(tree, tag):
    return item(tree["connected"]["equipment"], tag=tag)


def drop_standby_ups(tree):
    rows = tree["connected"]["equipment"]
    rows.remove(equipment(tree, "B01-PWM-A1"))


def wrong_feed(tree):
    row = item(tree["connected"]["feeds"], consumer="B01-POD-01", carrier="critical_ac", side="B")
    row["suppliers"] = [s.replace("-B", "-A") for s in row["suppliers"]]


def moved_module(tree):
    row = item(tree["placed"]["positions"], tag="GEN-01")
    other = item(tree["placed"]["positions"], tag="GEN-02")
    row["x_mm"], row["y_mm"], row["turned"] = other["x_mm"], other["y_mm"], other["turned"]


def over_the_fence(tree):
    item(tree["placed"]["positions"], tag="B01-POD-01")["x_mm"] = -50_000


def weaker_grid(tree):
    tree["brief"]["grid"]["capacity_mw"] = 2.0


def longer_autonomy(tree):
    tree["brief"]["autonomy"]["ups_min"] = 60.0


def longer_on_fuel(tree):
    tree["brief"]["autonomy"]["generator_h"] = 200.0


def weaker_pods(tree):
    module(tree, "ITA-464")["it"]["sustained_kw"] = 350.0


def cheaper_claim(tree):
    tree["sized"]["objective_usd"] -= 1
    tree["sized"]["bound_usd"] -= 1


def warmer_water(tree):
    for e in tree["connected"]["equipment"]:
        if e["carrier"] in ("facility_water", "heat_rejection"):
            e["supply_degc"] += 5.0


def warmer_tanks(tree):
    groups = [g for kind in tree["sized"]["kinds"] for g in kind["groups"]]
    tanks = [e for e in (*tree["connected"]["equipment"], *groups) if e["carrier"] == "thermal_buffer"]
    assert tanks
    for tank in tanks:
        tank["supply_degc"] += 5.0


def shorter_run(tree):
    tree["routed"]["runs"][0]["length_mm"] -= 10_000


def missing_run(tree):
    del tree["routed"]["runs"][0]


def weekend_work(tree):
    task = next(t for t in tree["scheduled"]["tasks"] if t["stage"] == "pads")
    task["start"] = "2028-01-01"


def late_handover(tree):
    tree["brief"]["phases"][0]["energised_by"] = "2027-06-30"


def road_taken_away(tree):
    tree["placed"]["areas"] = [a for a in tree["placed"]["areas"] if a["purpose"] != "road"]


@pytest.mark.parametrize(
    ("edit", "rule"),
    [
        (wrong_feed, {"feeds"}),
        (moved_module, {"clearance"}),
        (over_the_fence, {"boundary"}),
        (weaker_grid, {"grid_limit"}),
        (longer_autonomy, {"ups_autonomy"}),
        (longer_on_fuel, {"fuel_autonomy"}),
        (weaker_pods, {"it_load", "claims"}),
        (cheaper_claim, {"claims"}),
        (warmer_water, {"supply_temperature", "composition"}),
        (warmer_tanks, {"supply_temperature"}),
        (shorter_run, {"runs"}),
        (missing_run, {"runs"}),
        (weekend_work, {"schedule"}),
        (late_handover, {"schedule"}),
        (road_taken_away, {"road_access"}),
        (drop_standby_ups, {"composition"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_damage_is_refused_by_its_rule(edge_plan, edit, rule):
    found = rules_broken(edge_plan, edit)
    assert rule <= found
    # A module that is gone or moved also leaves feeds, runs or clearances behind that name it.
    wider = {
        "drop_standby_ups": {"composition", "feeds", "contingencies", "ups_autonomy", "boundary", "runs", "schedule"},
        "wrong_feed": {"feeds", "contingencies", "runs"},
        "moved_module": {"clearance", "runs"},
        "over_the_fence": {"boundary", "runs", "road_access", "clearance"},
    }
    assert found <= wider.get(edit.__name__, rule)


def test_smaller_module_overloads_it(edge_plan):
    def shrink(tree):
        for given in module(tree, "PWM-1250")["gives"]:
            given["capacity_kw"] = 800.0

    # The entry is not the catalog's any more, and says so.
    assert rules_broken(edge_plan, shrink) == {"contingencies", "claims"}
