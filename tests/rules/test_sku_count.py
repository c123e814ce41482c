"""Number of different modules."""

import pytest
from counted import cases, compare, rows_of
from damage import damaged, item
from wired import hand_wired_plan

from prefab.rules import SUPPLY, sku_count

# POD, CDU, FWU, PMP, DRY, CHL, CTL, UPS and TRF in the block, MVS, GEN and FTK in the plant; twice two loops of pumps
# and two groups of transformers are no SKUs more.
FOUND = 12


@pytest.mark.parametrize(("limit", "kept"), [(12, True), (13, True), (11, False)])
@pytest.mark.parametrize("blocks", [1, 2])
def test_each_sku_counts_once(blocks, limit, kept):
    (finding,) = sku_count.check(hand_wired_plan(blocks, limits={"skus": limit}))
    assert finding.actual == FOUND
    assert finding.kept is kept


def test_without_a_wish_it_says_how_many():
    (finding,) = sku_count.check(hand_wired_plan())
    assert finding.kept
    assert finding.actual == FOUND
    assert "no limit" in finding.text


def test_breaks_no_other_rule():
    plan = hand_wired_plan(limits={"skus": 11})
    assert {f.rule for r in SUPPLY for f in r.check(plan) if not f.kept} == {"sku_count"}


def test_one_odd_module_counts():
    def odd(tree):
        item(tree["connected"]["equipment"], tag="FTK-01")["sku"] = "FTK-999"
        tree["connected"]["equipment"].append({**item(tree["connected"]["equipment"], tag="GEN-01"), "tag": "GEN-09"})

    (finding,) = sku_count.check(damaged(hand_wired_plan(limits={"skus": 12}), odd))
    assert finding.actual == FOUND  # one SKU went, one came, and one more set is no new one


def test_rows_against_check():
    compare(sku_count, 5, "skus", 0.0, whole=True)


def test_a_boolean_that_says_otherwise_breaks_the_rows():
    case = next(cases(6)).wishing("limits", skus=100)
    rows, values = rows_of(sku_count, case.problem), case.values | case.used()
    assert rows.kept(values)
    assert sum(name.startswith("uses_sku:") for name in rows.names) >= FOUND
    assert not any(rows.kept({**values, name: 1 - values[name]}) for name in rows.names)
