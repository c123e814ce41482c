"""Random sites through the whole pipeline: a plan that leaves it keeps every rule (`make test-slow`)."""

import random
from pathlib import Path

import pytest

from prefab.brief import SiteBrief, read_brief
from prefab.connecting import make_connected
from prefab.design import make_design, make_plan
from prefab.errors import Impossible
from prefab.rules import SUPPLY
from prefab.sizing import make_sized
from prefab.solver import QUICK
from prefab.tables import validate

LAYOUT = Path(__file__).parents[1] / "layouts" / "training-20mw" / "brief.toml"


def random_brief(seed, catalog):
    pick = random.Random(seed)
    it_mw = pick.choice([0.8, 1.5, 2, 4, 5, 8, 12, 20, 35])
    phases = pick.choice([1, 1, 2, 3])
    high_voltage = it_mw > 8 and pick.random() < 0.5
    stored_mw = round(it_mw * 0.3, 2) if pick.random() < 0.4 else 0.0
    tree = read_brief(LAYOUT).model_dump(mode="json")
    tree["phases"] = [
        {"name": f"P{i}", "it_mw": round(it_mw * pick.uniform(0.5, 1) / phases, 2), "energised_by": f"{2032 + i}-06-30"}
        for i in range(phases)
    ]
    tree["site"] = {
        "country": "DE", "climate": pick.choice(catalog.climates).key, "width_m": 600, "depth_m": 600, "setback_m": 5,
        "altitude_m": pick.choice([None, 500, 1500, 2500]),
    }  # fmt: skip
    tree["it"] = {"workload": pick.choice(catalog.workloads).key}
    tree["grid"] = {
        "capacity_mw": round(it_mw * pick.uniform(1.4, 2.5), 2),
        "voltage_kv": 110 if high_voltage else pick.choice([10, 20, 22]),
        "tariff": "de-wholesale",
    }
    tree["redundancy"] = {
        "power": pick.choice(["N", "N+1", "2N"]),
        "cooling": pick.choice(["N", "N+1", "2N"]),
        "control": pick.choice(["N", "2N"]),
        "intake": pick.choice(["N", "2N"]),
        "main_transformers": pick.choice(["N", "N+1"]),
        "standby": pick.choice(["N", "N+1"]),
    }
    tree["autonomy"] = {"ups_min": pick.choice([0, 3, 5, 8, 10]), "generator_h": pick.choice([0, 12, 24, 48])}
    tree["storage"] = {"power_mw": stored_mw, "duration_h": 2 if stored_mw else 0}
    tree["redundancy"]["scope"] = {c: pick.choice(["pod", "block"]) for c in ("coolant", "air_cooling")}
    return validate(tree, SiteBrief, f"seed {seed}")


def with_grid(brief, mw):
    return brief.model_copy(update={"grid": brief.grid.model_copy(update={"capacity_mw": mw})})


def plan_of(brief, catalog):
    sized = make_sized(brief, catalog, QUICK)
    return make_plan(brief, catalog, sized, make_connected(brief, catalog, sized))


@pytest.mark.slow
@pytest.mark.parametrize("power", ["2N", "2(N+1)", "3N/2", "4N/3", "catcher"])
def test_on_hardly_more_grid_than_a_site_needs(power, catalog):
    """Half of the way to what is impossible each time, down to a hundredth of a per cent."""
    made = 0
    for seed in range(200, 208):
        tree = random_brief(seed, catalog).model_dump(mode="json")
        tree["phases"] = [{"name": "One", "it_mw": 1.0 + seed % 3, "energised_by": "2032-06-30"}]
        tree["redundancy"] |= {"power": power, "cooling": ("N", "N+1", "2N", "2(N+1)")[seed % 4]}
        tree["grid"] |= {"capacity_mw": 20.0, "voltage_kv": 20.0, "rules": []}
        tree["storage"] = {"power_mw": 0.0, "duration_h": 0}
        low, high = tree["phases"][0]["it_mw"], 2 * tree["phases"][0]["it_mw"]
        while high - low > 1e-4 * low:
            tree["grid"]["capacity_mw"] = (low + high) / 2
            try:
                plan = plan_of(validate(tree, SiteBrief, f"seed {seed}"), catalog)
            except Impossible:
                low = tree["grid"]["capacity_mw"]
                continue
            high = tree["grid"]["capacity_mw"]
            assert {f.rule for rule in SUPPLY for f in rule.check(plan) if not f.kept} == set(), (seed, high)
            made += 1
    assert made >= 20


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 80, 20))
def test_every_plan_keeps_every_rule(first, catalog):
    made = 0
    for seed in range(first, first + 20):
        try:
            design = make_design(random_brief(seed, catalog), catalog)
        except Impossible:
            continue
        assert all(f.kept for f in design.findings)
        assert all(counts[-1] for counts in design.plan.sized.blocks), "a kind of block that nobody builds"
        made += 1
    assert made >= 12
