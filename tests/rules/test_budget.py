"""The budget of what the sizing counts."""

import pytest
from counted import cases, compare, rows_of
from damage import damaged, module
from wired import hand_wired_plan

from prefab.rules import SUPPLY, budget

# Pod 1,000,000 and 24 modules of 100,000 in the block, 5 of 100,000 in the plant: 3,900,000; freight 5 % and
# installation 10 %: 4,485,000.
COST_USD = 4_485_000.0
SPARES = {"policy": "critical", "lead_weeks_over": 0.0, "per_modules": 10_000}


def with_spares(plan, **counts):
    def edit(tree):
        tree["sized"]["spares"] = [{"sku": sku.replace("_", "-"), "count": n} for sku, n in counts.items()]

    return damaged(plan, edit)


@pytest.mark.parametrize(("limit", "kept"), [(COST_USD, True), (COST_USD + 0.01, True), (COST_USD - 0.01, False)])
def test_modules_delivered_and_installed(limit, kept):
    (finding,) = budget.check(hand_wired_plan(limits={"budget_usd": limit}))
    assert finding.actual == COST_USD
    assert finding.kept is kept


def test_cents_are_exact_where_floats_are_not():
    def cheap(tree):
        for entry in tree["modules"]:
            entry["price"]["amount"] = 0.1

    # 30 modules at 0.1 x 1.15 = 3.45; in floats 30 x 0.1 x 1.15 is 3.4499999999999997.
    (finding,) = budget.check(damaged(hand_wired_plan(limits={"budget_usd": 3.45}), cheap))
    assert finding.kept
    (finding,) = budget.check(damaged(hand_wired_plan(limits={"budget_usd": 3.4499999}), cheap))
    assert not finding.kept


@pytest.mark.parametrize(("off", "kept"), [(0.0, True), (-0.01, False)])
def test_spares_are_delivered_but_not_installed(off, kept):
    # Two at 100,000 x 1.05 = 210,000.
    plan = hand_wired_plan(limits={"budget_usd": COST_USD + 210_000 + off}, spares=SPARES)
    (finding,) = budget.check(with_spares(plan, GEN_2000=1, UPS_800=1))
    assert finding.actual == COST_USD + 210_000
    assert finding.kept is kept


def test_without_a_wish_it_says_what_it_costs():
    (finding,) = budget.check(hand_wired_plan())
    assert finding.kept
    assert finding.actual == COST_USD
    assert "no budget" in finding.text


def test_a_dearer_module_breaks_no_other_rule():
    def dearer(tree):
        module(tree, "UPS-800")["price"]["amount"] = 100_000.01

    plan = hand_wired_plan(limits={"budget_usd": COST_USD})
    assert {f.rule for r in SUPPLY for f in r.check(plan) if not f.kept} == set()
    assert {f.rule for r in SUPPLY for f in r.check(damaged(plan, dearer)) if not f.kept} == {"budget"}


def test_the_row_counts_spares():
    case = next(cases(9)).wishing("spares", policy="critical", lead_weeks_over=0.0).wishing("limits", budget_usd=1e9)
    ((terms, _, high),) = rows_of(budget, case.problem).rows
    assert high == 1_000_000_000
    spare = {name: usd for usd, name in terms}["spares:UPS-800"]
    # Freight of 5 %, up to a whole dollar, and no installation.
    assert 0 <= spare - 1.05 * case.catalog.module("UPS-800").price.amount < 1


def test_rows_against_check():
    # Rounded up by less than a dollar for each block and plant module, of tens of millions.
    compare(budget, 4, "budget_usd", 1e-5)
