"""CP-SAT's optimum against HiGHS's on the same whole numbers in other words: the same cost, or impossible in both.

The shipped catalog is searched whole, with every column. The cost may differ by 0.01 %, because HiGHS proves within
tolerances; it is stated in whole dollars by both.
"""

import random
from datetime import date

import pytest
from second_formulation import least_cost_usd

from prefab.brief import SiteBrief
from prefab.errors import Impossible
from prefab.problem import make_problem
from prefab.rules import HOOKS
from prefab.sizing import solve_problem
from prefab.solver import QUICK
from prefab.tables import validate

SIZES_MW = (1, 1.4, 2, 2.7, 3.6, 5, 6.5, 9, 12, 16, 20, 26, 35, 47, 62, 85, 110, 150, 210, 300)
QUICKLY = (0, 3, 5, 9, 10, 14, 18)
"""Of the sites above those that every run solves."""
TOLERANCE = 1e-4


def a_site(number, catalog, **more):
    """Site number so: its size from the list, every other wish drawn."""
    pick = random.Random(f"second formulation {number}")
    it_mw = SIZES_MW[number]
    phases = min(pick.choice([1, 2, 3]), 1 + int(it_mw // 3))
    shares = [pick.uniform(0.5, 1.5) for _ in range(phases)]
    fuel, stored = pick.choice(["diesel", "diesel", "gas", "none"]), pick.random() < 0.4
    high = it_mw > 30 or (it_mw > 8 and pick.random() < 0.5)
    held = {m.it.accelerator for m in catalog.modules if m.it and set(m.certification.regions) <= {"europe"}}
    served = [w.key for w in catalog.workloads if w.accelerator in held]
    tree = {
        "name": f"Site {number}",
        "customer": "Second formulation",
        "as_of": date(2027, 1, 4),
        "site": {
            "country": "DE", "climate": pick.choice(catalog.climates).key, "width_m": 9_000, "depth_m": 9_000,
            "setback_m": 5, "altitude_m": pick.choice([None, 100, 900, 1800]),
        },
        "it": {"workload": pick.choice(served)},
        "phases": [
            {"name": f"P{n}", "it_mw": round(it_mw * share / sum(shares), 3), "energised_by": date(2032 + n, 6, 30)}
            for n, share in enumerate(shares)
        ],
        "grid": {
            "capacity_mw": round(it_mw * pick.uniform(1.6, 2.4) + 4, 2), "tariff": "de-wholesale",
            "voltage_kv": 110 if high else pick.choice([10, 20]),
        },
        "redundancy": {
            "power": pick.choice(["N", "N+1", "2N"]), "cooling": pick.choice(["N", "N+1", "2N"]),
            "control": pick.choice(["N", "2N"]), "intake": pick.choice(["N", "2N"]),
            "main_transformers": pick.choice(["N", "N+1", "N+2"]), "standby": pick.choice(["N", "N+1", "N+2"]),
        },
        "autonomy": {
            "ups_min": pick.choice([0, 3, 5, 8]), "generator_h": 0 if fuel == "none" else pick.choice([12, 24, 48]),
            "fuel": "gas" if fuel == "gas" else "diesel",
        },
        "storage": {"power_mw": round(it_mw * 0.3, 2), "duration_h": pick.choice([1, 2, 4])} if stored else {},
        "limits": {"pods_per_block": pick.choice([1, 2, 4, 8]), "block_kinds": pick.choice([1, 2, 2])},
    }  # fmt: skip
    for key, value in more.items():
        tree[key] = {**tree[key], **value}
    return validate(tree, SiteBrief, f"site {number}")


def both(brief, catalog):
    """The cost by CP-SAT and by HiGHS; None is impossible."""
    problem = make_problem(brief, catalog, HOOKS)
    try:
        sized = solve_problem(problem, QUICK)
    except Impossible:
        return None, least_cost_usd(problem)
    assert sized.status == "optimal"
    return sized.objective_usd, least_cost_usd(problem)


def agree(number, catalog):
    by_cp_sat, by_highs = both(a_site(number, catalog), catalog)
    assert by_cp_sat is not None, "the sites are chosen so that something can be built"
    assert by_highs == pytest.approx(by_cp_sat, rel=TOLERANCE)


@pytest.mark.parametrize("number", QUICKLY)
def test_same_cost_in_another_formulation(number, catalog):
    agree(number, catalog)


@pytest.mark.slow
@pytest.mark.parametrize("number", [n for n in range(len(SIZES_MW)) if n not in QUICKLY])
def test_same_cost_of_every_other_site(number, catalog):
    agree(number, catalog)


@pytest.mark.parametrize(
    ("number", "stricter"),
    [
        (0, {"grid": {"capacity_mw": 1.05}}),
        (5, {"grid": {"capacity_mw": 5.4}}),
        (14, {"grid": {"capacity_mw": 64.0}}),
        (3, {"storage": {"power_mw": 90.0, "duration_h": 1.0}, "grid": {"capacity_mw": 3.0}}),
    ],
)
def test_impossible_in_both(number, stricter, catalog):
    """Blocks can be built and everything has a supplier: only numbers forbid the site."""
    brief = a_site(number, catalog, **stricter)
    problem = make_problem(brief, catalog, HOOKS)
    assert problem.columns
    assert not problem.stranded
    assert both(brief, catalog) == (None, None)


def test_the_sites_differ_in_every_way(catalog):
    sites = [a_site(n, catalog) for n in range(len(SIZES_MW))]
    assert {len(s.phases) for s in sites} == {1, 2, 3}
    assert {s.redundancy.power for s in sites} == {s.redundancy.cooling for s in sites} == {"N", "N+1", "2N"}
    assert {s.grid.at_high_voltage for s in sites} == {True, False}
    assert {(s.autonomy.generator_h > 0, s.autonomy.fuel) for s in sites} >= {(True, "diesel"), (True, "gas")}
    assert {s.autonomy.generator_h > 0 for s in sites} == {s.storage.power_mw > 0 for s in sites} == {True, False}
    assert {s.limits.block_kinds for s in sites} == {1, 2}
    assert len({s.site.climate for s in sites}) >= 5
