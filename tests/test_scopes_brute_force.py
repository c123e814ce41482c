"""Blocks and sites whose pods have their own coolant and air, by trial of every number of every module."""

import random
from dataclasses import replace
from itertools import product

import pytest
from brute import Brute
from build import MODULES, POD, TRF, a_catalog, a_module
from proved import sized_usd
from test_brute_force import a_site
from test_columns import block_alone, faults
from test_scopes import LEVELS, columns_of, scoped

from prefab.brief import Scope
from prefab.plan import Group
from prefab.problem import make_problem
from prefab.rules import HOOKS


def a_chain(pick):
    """Pods on low voltage with coolant from units of two sizes, on water from pumps of two sizes; all of it linear."""
    low = {"carrier": "lv_ac", "connection": "transfer"}
    pod = POD.model_copy(
        update={
            "needs": tuple(
                n.model_copy(update={"kw_per_kw": 1.0}) if n.carrier == "lv_ac" else n
                for n in POD.needs
                if n.carrier in ("lv_ac", "coolant")
            )
        }
    )
    water = {"carrier": "facility_water", "connection": "header", "through": True, "kw_per_kw": 0.02, "approach_k": 4}
    units = [
        a_module(
            f"CDU-{n}", "cdu", price_usd=pick.randrange(40_000, 200_000),
            gives=[{"carrier": "coolant", "capacity_kw": pick.uniform(250, 1200)}],
            needs=[water, {**low, "kw_per_kw": 0.02, "fixed_kw": pick.uniform(0, 8)}],
        )
        for n in (1, 2)
    ]  # fmt: skip
    pumps = [
        a_module(
            f"PMP-{n}", "pump", price_usd=pick.randrange(40_000, 200_000),
            gives=[{"carrier": "facility_water", "capacity_kw": pick.uniform(500, 2500)}],
            needs=[{**low, "kw_per_kw": 0.02, "fixed_kw": pick.uniform(0, 8)}],
        )
        for n in (1, 2)
    ]  # fmt: skip
    given = TRF.gives[0].model_copy(update={"capacity_kva": pick.uniform(600, 1500), "parallel_max": 9})
    transformer = TRF.model_copy(update={"gives": (given,)})
    plant = tuple(m for m in MODULES if m.family in ("intake", "generator", "fuel"))
    return a_catalog((pod, *units, *pumps, transformer, *plant))


def least_usd(brief, catalog, pods, of_pods):
    """The cheapest block of any composition that every check keeps: by trial, the cheapest first."""
    level = brief.redundancy.cooling
    sides = 2 if level in ("2N", "2(N+1)") else 1
    price = {m.sku: m.price_exact_usd * catalog.costs.installed for m in catalog.modules}
    skus = {family: [m.sku for m in catalog.modules if m.family == family] for family in ("cdu", "pump", "transformer")}
    found = []
    for cdu, pump, transformer in product(*skus.values()):
        for numbers in product(range(1, 9), range(1, 7), range(1, 7)):
            groups = (
                Group(carrier="coolant", sku=cdu, sides=sides, per_side=numbers[0], supply_degc=40.0,
                      cells=pods if of_pods else 1),
                Group(carrier="facility_water", sku=pump, sides=sides, per_side=numbers[1], supply_degc=36.0),
                Group(carrier="lv_ac", sku=transformer, per_side=numbers[2]),
            )  # fmt: skip
            found.append((pods * price["POD-1000"] + sum(g.count * price[g.sku] for g in groups), groups))
    column = columns_of(brief, catalog, pods)[0]
    for usd, groups in sorted(found, key=lambda f: f[0]):
        if not faults(block_alone(brief, catalog, replace(column, groups=groups))):
            return usd
    return None


@pytest.mark.parametrize("seed", [0, 1, 3, 5, *(pytest.param(n, marks=pytest.mark.slow) for n in (2, 4))])
def test_cheapest_block_is_that_of_brute_force(seed):
    pick = random.Random(f"scopes {seed}")
    catalog, level, pods = a_chain(pick), LEVELS[seed % 5], pick.choice([2, 2, 3])
    dearer = []
    for carriers in ((), ("coolant",)):
        brief = scoped(*carriers, pods=pods, cooling=level, power="N", autonomy={"ups_min": 0.0, "generator_h": 24.0})
        found = min(c.real_usd for c in columns_of(brief, catalog, pods))
        assert found == least_usd(brief, catalog, pods, of_pods=bool(carriers))
        dearer.append(found)
    assert dearer[1] >= dearer[0], "everything is linear here and no header has a limit"


@pytest.mark.parametrize("first", range(0, 20, 5))
def test_sites_cost_what_brute_force_finds(first):
    """The site around the blocks, by every number of every module of its plant."""
    possible = several = 0
    for seed in range(first, first + 5):
        base = a_site(seed)
        redundancy = base.brief.redundancy.model_copy(update={"scope": Scope(coolant="pod", air_cooling="pod")})
        problem = make_problem(base.brief.model_copy(update={"redundancy": redundancy}), base.catalog, HOOKS)
        expected = Brute(problem).least_usd()
        assert sized_usd(problem) == expected, seed
        possible += expected is not None
        several += any(g.cells > 1 for c in problem.columns for g in c.column.groups)
    assert possible >= 2
    assert several >= 1
