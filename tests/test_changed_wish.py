"""One changed wish after another: what is kept from before never changes an answer, and a quick one never errs."""

import random

import pytest
from build import a_brief, a_catalog

from prefab.errors import Impossible
from prefab.problem import make_problem, question_of
from prefab.rules import HOOKS
from prefab.sizing import find_verdict, make_sized
from prefab.solver import QUICK

ONE = [{"name": "One", "it_mw": 2.5, "energised_by": "2030-12-31"}]
BASE = {"phases": ONE, "grid": {"capacity_mw": 9.0}}
CATALOG = a_catalog()

CHANGES = [
    {"name": "Other"},
    {"as_of": "2026-12-24"},
    {"site": {"altitude_m": 2000.0}},
    {"site": {"design_dry_bulb_degc": 40.0}},
    {"site": {"width_m": 300.0}},
    {"phases": [{"name": "One", "it_mw": 3.5, "energised_by": "2030-12-31"}]},
    {"phases": [*ONE, {"name": "Two", "it_mw": 1.0, "energised_by": "2031-12-31"}]},
    {"phases": [{"name": "One", "it_mw": 0.9, "energised_by": "2030-12-31"}]},
    {"grid": {"capacity_mw": 4.2}},
    {"grid": {"capacity_mw": 3.0}},
    {"grid": {"capacity_mw": 9.0, "voltage_kv": 10.0}},
    {"redundancy": {"power": "2N", "cooling": "N+1"}},
    {"redundancy": {"power": "N+1", "cooling": "2N"}},
    {"redundancy": {"power": "N+1", "cooling": "N+1", "control": "N"}},
    {"redundancy": {"power": "N+1", "cooling": "N+1", "intake": "N", "standby": "N"}},
    {"autonomy": {"ups_min": 9.0, "generator_h": 24.0}},
    {"autonomy": {"ups_min": 5.0, "generator_h": 96.0}},
    {"storage": {"power_mw": 2.0, "duration_h": 1.0}},
    {"limits": {"block_kinds": 1}},
    {"limits": {"pods_per_block": 1}},
    {"limits": {"exclude": ["DRY-1000"]}},
    {"limits": {"budget_usd": 1_000_000.0}},
    {"limits": {"sound_power_dba": 200.0}},
    {"restrict": {"exclude_makers": ["generic"]}},
]


def answer(brief, known=None):
    try:
        return make_sized(brief, CATALOG, QUICK, known=known)
    except Impossible as error:
        return str(error)


def test_what_is_kept_changes_no_answer():
    known = {}
    for change in ({}, *CHANGES, {}):
        brief = a_brief(**{**BASE, **change})
        assert answer(brief, known) == answer(brief), change
    assert 5 < len(known) < len(CHANGES), "some wishes leave the columns as they are, and some do not"


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_equal_questions_have_equal_columns(change):
    one, other = a_brief(**BASE), a_brief(**{**BASE, **change})
    columns = [tuple(c.column for c in make_problem(b, CATALOG, HOOKS).columns) for b in (one, other)]
    if question_of(one, HOOKS) == question_of(other, HOOKS):
        assert columns[0] == columns[1]


def test_a_quick_answer_never_errs():
    pick, seen = random.Random(4), {"possible": 0, "impossible": 0, "unknown": 0}
    known = {}
    for _ in range(60):
        limits = {"block_kinds": pick.choice([1, 2])}
        if pick.random() < 0.3:
            limits["budget_usd"] = pick.uniform(6e6, 14e6)
        brief = a_brief(
            phases=[{"name": "One", "it_mw": pick.uniform(0.5, 4.0), "energised_by": "2030-12-31"}],
            grid={"capacity_mw": pick.uniform(1.0, 8.0)},
            redundancy={"power": pick.choice(["N", "N+1"]), "cooling": "N+1"},
            limits=limits,
        )
        verdict = find_verdict(brief, CATALOG, known)
        seen[verdict] += 1
        if verdict != "unknown":
            assert (verdict == "impossible") == isinstance(answer(brief, known), str)
    assert min(seen["possible"], seen["impossible"]) >= 10, seen
    assert seen["unknown"] <= 6, seen
