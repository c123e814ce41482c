"""Cold spares in store."""

from collections import Counter
from math import ceil

import pytest
from build import BASIS, COSTS
from counted import cases, rows_of
from damage import damaged, module
from wired import hand_wired_plan

from prefab.basis import SparesBasis
from prefab.plan import Spare
from prefab.rules import SUPPLY, spares


def plan(kept=(), edit=None, basis=None, **asked):
    """The hand-wired plan, all of whose modules take 20 weeks, with these spares."""

    def change(tree):
        tree["sized"]["spares"] = [{"sku": sku, "count": n} for sku, n in kept]
        if basis:
            tree["basis"]["spares"] = basis
        if edit:
            edit(tree)

    return damaged(hand_wired_plan(spares={"policy": "critical", **asked}), change)


def slow(*skus, weeks=60.0):
    def edit(tree):
        for sku in skus:
            module(tree, sku)["deployment"]["lead_weeks"] = weeks

    return edit


def broken(given):
    return {(f.rule, f.where) for r in SUPPLY for f in r.check(given) if not f.kept}


@pytest.mark.parametrize(("over", "asked"), [(60.0, False), (59.9, True), (60.1, False)])
def test_only_a_longer_lead_time_asks_for_one(over, asked):
    lacking = broken(plan(edit=slow("GEN-2000"), lead_weeks_over=over))
    assert lacking == ({("spares", "GEN-2000")} if asked else set())
    if asked:
        assert broken(plan([("GEN-2000", 1)], slow("GEN-2000"), lead_weeks_over=over)) == set()


@pytest.mark.parametrize(("per", "wanted"), [(6, 1), (5, 2), (3, 2), (2, 3), (1, 6)])
def test_one_more_for_each_so_many(per, wanted):
    # Five transformers stand: 1 + 5 // per.
    asked = {"lead_weeks_over": 50.0, "per_modules": per}
    assert broken(plan([("TRF-1000", wanted)], slow("TRF-1000"), **asked)) == set()
    fewer = [("TRF-1000", wanted - 1)] if wanted > 1 else []
    assert broken(plan(fewer, slow("TRF-1000"), **asked)) == {("spares", "TRF-1000")}


def test_the_design_basis_speaks_where_the_brief_does_not():
    basis = {"lead_weeks": 55.0, "per_modules_count": 4}
    assert broken(plan([("TRF-1000", 2)], slow("TRF-1000"), basis)) == set()
    assert broken(plan([("TRF-1000", 1)], slow("TRF-1000"), basis)) == {("spares", "TRF-1000")}
    assert broken(plan(edit=slow("TRF-1000", weeks=55.0), basis=basis)) == set()


def test_a_pod_is_never_a_spare():
    assert broken(plan(edit=slow("POD-1000", weeks=200.0), lead_weeks_over=52.0)) == set()


def test_what_is_counted_by_the_metre_comes_from_stock():
    def by_the_metre(tree):
        slow("FTK-030")(tree)
        module(tree, "FTK-030")["stands"] = "per_metre"

    found = spares.check(plan(edit=by_the_metre, lead_weeks_over=52.0))
    assert all(f.kept for f in found)


@pytest.mark.parametrize("policy", ["none", "critical"])
def test_a_spare_that_nobody_asked_for_is_not_bought(policy):
    assert broken(plan([("GEN-2000", 1)], policy=policy, lead_weeks_over=52.0)) == {("spares", "site")}


def test_no_policy_asks_for_nothing():
    assert broken(damaged(hand_wired_plan(), slow("GEN-2000", weeks=200.0))) == set()
    (finding,) = spares.check(hand_wired_plan())
    assert finding.kept


def test_the_same_sku_twice_is_one_store():
    kept = [("TRF-1000", 1), ("TRF-1000", 1)]
    assert broken(plan(kept, slow("TRF-1000"), lead_weeks_over=50.0, per_modules=5)) == set()


def asked_case(case):
    """A policy with or without the basis behind it."""
    basis = SparesBasis(lead_weeks=60.0, per_modules_count=7) if case.rng.random() < 0.5 else None
    return case.on(BASIS.model_copy(update={"spares": basis})).wishing(
        "spares",
        policy="critical",
        lead_weeks_over=case.rng.choice((None, 30.0, 50.0, 80.0)),
        per_modules=case.rng.choice((None, 1, 3, 5, 12)),
    )


def test_rows_against_check():
    seen: Counter[bool] = Counter()
    for case in map(asked_case, cases(7)):
        rows = rows_of(spares, case.problem)
        stores = [name for name in rows.names if name.startswith("spares:")]
        # What the check misses with an empty store is what is wanted; then some of it is taken away or added to.
        wanted = {f.where: int(f.limit) for f in spares.check(case.plan()) if f.where != "site"}
        counts = dict(wanted)
        if case.rng.random() < 0.6 and stores:
            sku = case.rng.choice(stores).partition(":")[2]
            counts[sku] = max(0, counts.get(sku, 0) + case.rng.choice((-1, 1)))
        kept = all(f.kept for f in spares.check(case.plan(counts)))
        assert {f"spares:{sku}" for sku in wanted} <= set(stores)
        values = case.values | case.used() | {name: counts.get(name.partition(":")[2], 0) for name in stores}
        assert kept or not rows.kept(values)
        if all(counts.get(sku, 0) <= n for sku, n in wanted.items()):
            assert rows.kept(values) is kept
        seen[kept] += 1
    assert min(seen[True], seen[False]) >= 10
    assert seen.total() >= 300


def test_terms_cost_what_is_delivered():
    case = next(cases(8)).wishing("spares", policy="critical", lead_weeks_over=0.0)
    prices = {m.sku: m.price.amount for m in case.catalog.modules}
    terms = spares.capital_terms(case.problem)
    assert terms
    assert [usd for usd, _ in terms] == [ceil(round(prices[n[7:]] * (1 + COSTS.freight_frac), 6)) for _, n in terms]
    assert {name for _, name in terms} == {n for n in rows_of(spares, case.problem).names if n.startswith("spares:")}


def test_the_answers_spares_are_read_back():
    case = next(cases(8)).wishing("spares", policy="critical", lead_weeks_over=0.0)
    values = {name: 0 for _, name in spares.capital_terms(case.problem)}
    name = next(n for n in values if n.startswith("spares:GEN"))
    assert spares.bought(case.problem, values | {name: 3}) == (Spare(sku=name.removeprefix("spares:"), count=3),)
    assert spares.bought(case.wishing("spares", policy="none").problem, {}) == ()
