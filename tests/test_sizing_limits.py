"""Limits of the whole site, from the wish to the proved answer: kept at the least that is possible, refused below."""

import pytest
from build import CHL, MODULES, a_brief, a_catalog, a_plan

from prefab import objective
from prefab.audit import broken
from prefab.conflict import find_conflict
from prefab.connecting import make_connected
from prefab.errors import Impossible, OutOfBudget
from prefab.rules import SUPPLY
from prefab.sizing import make_sized
from prefab.solver import QUICK

ASKED = {"phases": [{"name": "One", "it_mw": 2.0, "energised_by": "2029-12-31"}], "grid": {"capacity_mw": 6.0}}


def with_figures(**by_sku):
    """The small catalog with a few figures changed."""
    changed = {sku.replace("_", "-"): figures for sku, figures in by_sku.items()}
    return a_catalog(tuple(m.model_copy(update=changed.get(m.sku, {})) for m in MODULES))


def sized(catalog=None, **wishes):
    brief = a_brief(**ASKED, **wishes)
    return make_sized(brief, catalog or a_catalog(), QUICK)


def findings(found, catalog, **wishes):
    brief = a_brief(**ASKED, **wishes)
    plan = a_plan(brief, catalog.modules, found, make_connected(brief, catalog, found))
    return [f for rule in SUPPLY for f in rule.check(plan)]


ONLY_TWO = {"gives": (CHL.gives[0].model_copy(update={"parallel_max": 2}),)}
"""Too few chillers for more than the cold loop."""


def slow(weeks):
    return {"deployment": next(iter(MODULES)).deployment.model_copy(update={"lead_weeks": weeks})}


def test_a_budget_of_the_least_cost_is_kept_and_a_dollar_less_is_impossible():
    least = sized().objective_usd
    assert sized(limits={"budget_usd": least}).objective_usd == least
    with pytest.raises(Impossible):
        sized(limits={"budget_usd": least - 1})


@pytest.mark.parametrize(
    ("field", "rule", "step"),
    [("area_m2", "land_use", 0.01), ("skus", "sku_count", 1), ("sound_power_dba", "sound", 0.01)],
)
def test_no_less_than_the_least_possible(field, rule, step):
    # Only dry coolers and two chillers, of one size each: there is one way to build it.
    catalog = with_figures(DRY_1000={"sound_power_dba": 100.0}, CHL_400={"sound_power_dba": 97.0, **ONLY_TWO})
    free = sized(catalog)
    actual = [
        f.actual
        for f in findings(free, catalog, limits={field: 1000 if field != "sound_power_dba" else 200})
        if f.rule == rule
    ][-1]
    limit = int(actual) if field == "skus" else actual + 1e-3
    assert sized(catalog, limits={field: limit}).objective_usd == free.objective_usd
    # Fewer different modules than this are not proved impossible: columns do not see what types they share.
    with pytest.raises(OutOfBudget if field == "skus" else Impossible):
        sized(catalog, limits={field: limit - step})


def test_land_that_cannot_hold_the_modules_is_refused_by_the_sizing():
    site = {"width_m": 20.0, "depth_m": 30.0, "setback_m": 5.0}
    with pytest.raises(Impossible):
        sized(site=site)


def test_smaller_generators_where_land_is_scarce():
    small = next(m for m in MODULES if m.sku == "GEN-2000")
    dear = small.model_copy(
        update={"sku": "GEN-2001", "length_mm": 600, "price": small.price.model_copy(update={"amount": 150_000.0})}
    )
    catalog = a_catalog((*MODULES, dear))
    wide = sized(catalog)
    assert {p.sku for p in wide.plant} & {"GEN-2000", "GEN-2001"} == {"GEN-2000"}
    taken = next(f.actual for f in findings(wide, catalog) if f.rule == "land_use")
    narrow = sized(catalog, limits={"area_m2": taken - 1})
    assert {p.sku for p in narrow.plant} & {"GEN-2000", "GEN-2001"} == {"GEN-2001"}
    assert narrow.objective_usd > wide.objective_usd


def test_a_dearer_block_is_kept_in_mind_where_land_is_scarce():
    # No load, no bay and no dollar speaks for the shorter UPS: three of 15 m2 become three of 1.5 m2.
    ups = next(m for m in MODULES if m.sku == "UPS-800")
    price = ups.price.model_copy(update={"amount": 110_000.0})
    short = ups.model_copy(update={"sku": "UPS-801", "length_mm": 600, "price": price})
    catalog = a_catalog((*with_figures(CHL_400=ONLY_TWO).modules, short))
    brief = {"limits": {"area_m2": 329.0}}
    wide, narrow = make_sized(a_brief(), catalog, QUICK), make_sized(a_brief(**brief), catalog, QUICK)
    assert not {"UPS-801"} & {g.sku for g in wide.kinds[0].groups}
    assert {"UPS-801"} & {g.sku for g in narrow.kinds[0].groups}
    assert narrow.objective_usd == wide.objective_usd + 3 * 11_500
    assert narrow.status == "optimal"


def test_a_budget_too_small_is_named():
    conflict = find_conflict(a_brief(limits={"budget_usd": 1e6}), a_catalog())
    assert conflict.verdict == "impossible"
    assert [w.field for w in conflict.clashing] == ["limits.budget_usd"]
    assert "1.0 M$" in conflict.clashing[0].sentence


def test_spares_are_bought_priced_and_kept():
    catalog = with_figures(GEN_2000=slow(100.0), TRF_1000=slow(70.0), POD_1000=slow(90.0))
    asked = {"policy": "critical", "lead_weeks_over": 52.0, "per_modules": 6}
    bare, found = sized(catalog), sized(catalog, spares=asked)
    transformers = sum(
        b[-1] * g.count for k, b in zip(found.kinds, found.blocks, strict=True) for g in k.groups if g.sku == "TRF-1000"
    )
    assert {s.sku: s.count for s in found.spares} == {"GEN-2000": 1, "TRF-1000": 1 + transformers // 6}
    # 100,000 with 5 % of freight each.
    assert found.objective_usd == bare.objective_usd + sum(s.count for s in found.spares) * 105_000
    assert (found.status, found.bound_usd) == ("optimal", found.objective_usd)
    assert not broken(tuple(findings(found, catalog, spares=asked)))
    measured, rounded = objective.measured_usd(found, catalog.modules, catalog.costs)
    assert 0 <= found.objective_usd - measured <= rounded
    assert sized(catalog, spares=asked, limits={"budget_usd": found.objective_usd}).objective_usd == found.objective_usd
    with pytest.raises(Impossible):
        sized(catalog, spares=asked, limits={"budget_usd": found.objective_usd - 1})


def test_of_many_types_with_spares_less_than_the_least_found_is_not_proved_impossible():
    asked = {"policy": "critical", "lead_weeks_over": 0.0}
    bare, found = sized(), sized(spares=asked)
    assert found.status == "feasible"
    assert bare.objective_usd < found.bound_usd < found.objective_usd
    with pytest.raises(OutOfBudget, match="there is a site without spares"):
        sized(spares=asked, limits={"budget_usd": found.objective_usd - 1})
    with pytest.raises(Impossible):
        sized(spares=asked, limits={"budget_usd": bare.objective_usd - 1})
