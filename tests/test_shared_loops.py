"""Consumers that could do with warmer water on a colder loop that stands anyway."""

import random

import pytest
from build import CHL, DRY, FWU, MODULES, a_brief, a_catalog
from test_columns import block_alone, faults

from prefab.columns import make_columns
from prefab.rules import HOOKS
from prefab.sizing import make_sized
from prefab.solver import QUICK

WITHOUT_DRY = tuple(m for m in MODULES if m is not DRY)


def at_most(module, degc):
    """The module with facility water as warm as this."""
    needs = (
        n.model_copy(update={"supply_max_degc": degc}) if n.carrier == "facility_water" else n for n in module.needs
    )
    return module.model_copy(update={"needs": tuple(needs)})


def loops_of(column):
    return sorted(g.supply_degc for g in column.groups if g.carrier == "facility_water")


@pytest.mark.parametrize("level", ["N", "N+1", "2N", "2(N+1)"])
def test_one_colder_loop_is_built_where_two_are_dearer(level):
    """Without dry coolers the warm loop has no advantage but its temperature."""
    catalog, brief = a_catalog(WITHOUT_DRY), a_brief(redundancy={"cooling": level})
    columns = make_columns(brief, catalog, HOOKS)
    assert columns
    for column in columns:
        assert faults(block_alone(brief, catalog, column)) == []
    cheapest = min(columns, key=lambda c: c.cost_usd)
    assert loops_of(cheapest) == [20.0]


def test_a_warm_loop_of_its_own_stays_where_it_is_cheaper():
    dear = CHL.model_copy(update={"price": CHL.price.model_copy(update={"amount": 900_000.0})})
    catalog = a_catalog(tuple(dear if m is CHL else m for m in MODULES))
    cheapest = min(make_columns(a_brief(), catalog, HOOKS), key=lambda c: c.cost_usd)
    assert len(loops_of(cheapest)) == 2


def test_water_that_may_be_warmer_never_makes_a_site_dearer():
    pick, seen = random.Random("loops"), set()
    for _ in range(12):
        modules = {m.sku: m for m in MODULES}
        for sku in (CHL.sku, DRY.sku):
            price = modules[sku].price.model_copy(update={"amount": float(pick.randint(5, 40) * 10_000)})
            modules[sku] = modules[sku].model_copy(update={"price": price})
        costs = []
        for degc in sorted(pick.sample((20.0, 22.0, 24.0, 26.0, 30.0, 36.0), 3)):
            modules[FWU.sku] = at_most(FWU, degc)
            found = make_sized(a_brief(), a_catalog(tuple(modules.values())), QUICK)
            assert found.status == "optimal"
            costs.append(found.objective_usd)
            seen.add(len({g.supply_degc for k in found.kinds for g in k.groups if g.carrier == "facility_water"}))
        assert costs == sorted(costs, reverse=True), costs
    assert seen == {1, 2}
