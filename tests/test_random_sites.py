"""Random sites through the whole pipeline: a plan that leaves it keeps every rule (`make test-slow`)."""

import random
from pathlib import Path

import pytest

from prefab.brief import SiteBrief, read_brief
from prefab.design import make_design
from prefab.errors import Impossible
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
