"""A margin of preference: it decides who is bought from, never what is paid."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from brute import Brute
from build import MODULES, a_brief, a_catalog, a_plan

from prefab import objective
from prefab.audit import check_claims
from prefab.brief import Prefer, read_brief
from prefab.candidates import candidates_of
from prefab.catalog import load_catalog
from prefab.connecting import make_connected
from prefab.errors import Impossible, InputError
from prefab.problem import Known, make_problem
from prefab.rules import HOOKS, SUPPLY, budget
from prefab.sizing import make_sized
from prefab.solver import QUICK
from prefab.verdict import find_verdict

ASKED = {"phases": [{"name": "One", "it_mw": 2.0, "energised_by": "2029-12-31"}], "grid": {"capacity_mw": 6.0}}
RIVALS = {"UPS-800": "UPS-801", "GEN-2000": "GEN-2001"}


def ours(share, *skus):
    """The small catalog, and of some modules one more that a preferred maker sells for more."""
    dearer = [
        m.model_copy(
            update={
                "sku": RIVALS[m.sku],
                "manufacturer": "Ours",
                "price": m.price.model_copy(update={"amount": m.price.amount * share}),
            }
        )
        for m in MODULES
        if m.sku in skus
    ]
    return a_catalog((*MODULES, *dearer))


def wished(margin=None, makers=("Ours",), **more):
    prefer = {} if margin is None else {"prefer": {"makers": makers, "margin_frac": margin}}
    return a_brief(**{**ASKED, **prefer, **more})


def sized(catalog, *args, **more):
    return make_sized(wished(*args, **more), catalog, QUICK)


def bought(found):
    return {g.sku for k in found.kinds for g in k.groups} | {p.sku for p in found.plant}


@pytest.mark.parametrize("sku", RIVALS)
@pytest.mark.parametrize(("margin", "wins"), [(None, False), (0.03, False), (0.05, True)])
def test_a_preferred_maker_wins_within_the_margin(sku, margin, wins):
    # 4 % dearer, of what stands in blocks and of what serves the site.
    found = sized(ours(1.04, sku), margin)
    assert (RIVALS[sku] in bought(found)) is wins
    assert (sku in bought(found)) is not wins


def test_what_is_paid_is_told_apart_from_what_is_compared():
    catalog = ours(1.04, "UPS-800", "GEN-2000")
    free, found = sized(catalog), sized(catalog, 0.05)
    assert (free.real_usd, free.cost_usd) == (None, free.objective_usd)
    assert free.cost_usd < found.cost_usd < found.objective_usd < 1.05 * free.cost_usd
    plan = a_plan(wished(0.05), catalog.modules, found, make_connected(wished(0.05), catalog, found))
    paid = next(f for f in budget.check(plan)).actual
    assert paid == found.cost_usd
    assert [f.kept for f in check_claims(plan) if f.unit == "USD"] == [True, True, True]
    for wrong in (
        {key: getattr(found, key) - 9 for key in ("objective_usd", "bound_usd", "exact_bound_usd")},
        {"real_usd": found.real_usd - 9},
    ):
        damaged = plan.model_copy(update={"sized": found.model_copy(update=wrong)})
        assert [f.kept for f in check_claims(damaged) if f.unit == "USD"].count(False) == 1
    assert {f.rule for r in SUPPLY for f in r.check(plan) if not f.kept} == set()


def test_a_budget_is_in_what_is_paid():
    catalog = ours(1.04, "UPS-800")
    paid, compared = (lambda s: (s.cost_usd, s.objective_usd))(sized(catalog, 0.05))
    kept = sized(catalog, 0.05, limits={"budget_usd": paid})
    # What is compared exceeds the budget; what is paid fits to the dollar.
    assert compared > paid
    assert (kept.objective_usd, kept.cost_usd, kept.status) == (compared, paid, "optimal")
    assert "UPS-801" in bought(kept)


def test_below_that_the_unpreferred_one_comes_back():
    # By the margin's count UPS-800 is beaten everywhere; only in dollars paid it is not.
    catalog = ours(1.04, "UPS-800")
    free, preferred = sized(catalog), sized(catalog, 0.05)
    for limit in (free.cost_usd, preferred.cost_usd - 1):
        found = sized(catalog, 0.05, limits={"budget_usd": limit})
        assert found.cost_usd <= limit
        assert "UPS-800" in bought(found)
    assert find_verdict(wished(0.05, limits={"budget_usd": free.cost_usd}), catalog, Known()) != "impossible"
    with pytest.raises(Impossible):
        sized(catalog, 0.05, limits={"budget_usd": free.cost_usd - 1})


def test_a_budget_near_the_cheapest_is_answered_with_proof():
    # A wide margin: what is compared says little about what is paid, and the proof must not rest on it alone.
    shipped = load_catalog()
    makers = {sku: "AB"[n % 2] for n, sku in enumerate(sorted(m.sku for m in shipped.modules))}
    modules = tuple(m.model_copy(update={"manufacturer": makers[m.sku]}) for m in shipped.modules)
    catalog = shipped.model_copy(update={"modules": modules})
    brief = read_brief(Path(__file__).parents[1] / "examples" / "training-20mw.toml")
    cheapest = make_sized(brief, catalog, QUICK).cost_usd
    wished = brief.model_copy(update={"prefer": Prefer(makers=("A",), margin_frac=0.3)})
    paid = make_sized(wished, catalog, QUICK).cost_usd
    assert cheapest < paid
    for limit in (cheapest, (cheapest + paid) // 2):
        found = make_sized(_limited(wished, limit), catalog, QUICK)
        assert (found.status, found.cost_usd <= limit) == ("optimal", True)
    with pytest.raises(Impossible):
        make_sized(_limited(wished, cheapest - 1), catalog, QUICK)


def _limited(brief, usd):
    return brief.model_copy(update={"limits": brief.limits.model_copy(update={"budget_usd": float(usd)})})


def test_spares_count_with_the_margin_and_are_paid_without():
    slow = {"deployment": MODULES[0].deployment.model_copy(update={"lead_weeks": 100.0})}
    catalog = a_catalog(tuple(m.model_copy(update=slow if m.sku == "GEN-2000" else {}) for m in MODULES))
    asked = {"policy": "critical", "lead_weeks_over": 52.0}
    found = sized(catalog, 0.1, ("generic",), spares=asked)
    assert found.objective_usd == found.cost_usd
    other = ours(5.0, "UPS-800")
    other = a_catalog(tuple(m.model_copy(update=slow if m.sku == "GEN-2000" else {}) for m in other.modules))
    found = sized(other, 0.1, spares=asked)
    assert found.spares
    # Nothing is bought from whom is preferred, so that all of it counts a tenth more.
    assert found.objective_usd == round(1.1 * found.cost_usd)
    measured, rounded = objective.measured_usd(found, other.modules, other.costs, wished(0.1).prefer)
    assert 0 <= found.objective_usd - measured <= rounded


@pytest.mark.parametrize("margin", [0.001, 0.2, 1.0])
def test_no_margin_changes_anything_where_all_are_preferred(margin):
    catalog = ours(0.97, "UPS-800", "GEN-2000")
    free, found = sized(catalog), sized(catalog, margin, ("generic", "Ours"))
    assert found == free.model_copy(update={"real_usd": free.objective_usd})


@pytest.mark.parametrize("limit", [None, 0.9999, 1.0, 1.02])
def test_against_brute_force(limit):
    """The least cost as the choice counts it; under a budget the bounds refuse nothing that the budget allows."""
    catalog, limits = ours(1.04, "UPS-800", "GEN-2000"), {"pods_per_block": 1, "block_kinds": 1}
    free = make_problem(wished(0.05, limits=limits), catalog, HOOKS)
    best = Brute(free).least_usd()
    found = sized(catalog, 0.05, limits=limits)
    assert (found.objective_usd, found.status) == (best, "optimal")
    if limit is not None:
        tight = wished(0.05, limits={**limits, "budget_usd": float(int(found.cost_usd * limit))})
        problem = make_problem(tight, catalog, replace(HOOKS, burdens=(budget.burden,)))
        real = replace(
            problem,
            columns=tuple(replace(c, cost_usd=c.real_usd) for c in problem.columns),
            plant=tuple(replace(o, cost_usd=o.real_usd) for o in problem.plant),
        )
        possible = Brute(real).least_usd() <= tight.limits.budget_usd
        assert possible
        assert not candidates_of(problem).refuses()
        kept = make_sized(tight, catalog, QUICK)
        assert kept.cost_usd <= tight.limits.budget_usd
        assert (kept.objective_usd == best) is (limit >= 1)


def test_both_or_neither_and_names_that_exist():
    for half in ({"makers": ["Ours"]}, {"margin_frac": 0.05}, {"makers": ["Ours"], "margin_frac": 0.0}):
        with pytest.raises(InputError, match="margin_frac"):
            a_brief(prefer=half)
    with pytest.raises(InputError, match=r"prefer\.makers: 'Theirs' is not in the catalog"):
        make_problem(wished(0.05, ("Theirs",)), a_catalog(), HOOKS)
    assert wished(0.05).prefer.counted("generic") == Fraction(105, 100)
    assert wished(0.075).prefer.said() == "with a margin of preference of 7.5 % for Ours"
