"""One changed wish after another: what is kept from before never changes an answer, and a quick one never errs."""

import random
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from build import a_brief, a_catalog

from prefab.brief import Prefer, read_brief
from prefab.columns import make_columns
from prefab.errors import Impossible, InputError
from prefab.problem import Known, make_problem, question_of
from prefab.rules import HOOKS, water
from prefab.sizing import make_sized
from prefab.solver import QUICK
from prefab.verdict import find_verdict

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
    known = Known()
    for change in ({}, *CHANGES, {}):
        brief = a_brief(**{**BASE, **change})
        assert answer(brief, known) == answer(brief), change
    assert 5 < len(known.columns) < len(CHANGES), "some wishes leave the columns as they are, and some do not"


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_equal_questions_have_equal_columns(change):
    one, other = a_brief(**BASE), a_brief(**{**BASE, **change})
    columns = [tuple(c.column for c in make_problem(b, CATALOG, HOOKS).columns) for b in (one, other)]
    if question_of(one, HOOKS) == question_of(other, HOOKS):
        assert columns[0] == columns[1]


READ = {
    ("redundancy", "power"): ["N+1", "2N", "4N/3"],
    ("redundancy", "cooling"): ["N+1", "2N"],
    ("redundancy", "control"): ["N", "2N"],
    ("autonomy", "ups_min"): [5.0, 9.0],
}
"""What walks read as they go: few wishes, so that one often comes back after another."""
EXAMPLES = Path(__file__).parents[1] / "examples"


def a_site(name):
    brief = read_brief(EXAMPLES / f"{'two-demands' if name == 'two demands' else 'training'}-20mw.toml")
    limits = {"pods_per_block": 1}
    if name == "sums":
        limits["water_m3_per_h"] = 20.0
    wishes = {"limits": brief.limits.model_copy(update=limits)}
    if name == "prefer":
        wishes["prefer"] = Prefer(makers=("generic",), margin_frac=0.05)
    if name == "phases":
        # The second comes when more can be there.
        first, later = brief.phases[0].model_copy(update={"energised_by": date(2027, 12, 31)}), brief.phases[0]
        wishes["phases"] = (first, later.model_copy(update={"name": "Two"}))
    return brief.model_copy(update=wishes)


@pytest.mark.parametrize("name", ["one demand", "two demands", "prefer", "phases", "sums"])
def test_a_walk_that_goes_on_from_an_earlier_one_finds_the_same(catalog, name):
    of_others = (m.model_copy(update={"manufacturer": "other"}) if n % 3 else m for n, m in enumerate(catalog.modules))
    catalog = catalog.model_copy(update={"modules": tuple(of_others)})
    pick, brief, stages = random.Random(7), a_site(name), {}
    hooks = replace(HOOKS, burdens=(water.burden,)) if name == "sums" else HOOKS
    again = []
    alone = cache(lambda brief: make_columns(brief, catalog, hooks))
    for _ in range(12):
        part, field = pick.choice(list(READ))
        wish = {field: pick.choice(READ[part, field])}
        brief = brief.model_copy(update={part: getattr(brief, part).model_copy(update=wish)})
        before = {id(stage) for walk in stages.values() for stage in walk}
        assert make_columns(brief, catalog, hooks, stages) == alone(brief)
        again.append(sum(id(stage) in before for walk in stages.values() for stage in walk))
    walked = sum(len(walk) for walk in stages.values())
    assert min(again[1:]) < max(again) <= walked, again
    assert sum(again) > 2 * walked, "much is walked once only"


def test_a_quick_answer_never_errs():
    pick, seen = random.Random(4), {"possible": 0, "impossible": 0, "unknown": 0}
    known = Known()
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


@pytest.fixture(scope="module")
def sized_before(catalog):
    brief, known = read_brief(EXAMPLES / "training-20mw.toml"), Known()
    make_sized(brief, catalog, QUICK, known=known)
    return brief, known


def like_before(known):
    """What the last site left, and no columns of any question."""
    fresh = Known()
    fresh.used = known.used
    return fresh


@pytest.mark.parametrize(
    ("wishes", "walked"),
    [
        ({"autonomy": {"ups_min": 8.0}}, False),
        ({"redundancy": {"power": "2N"}}, False),
        ({"redundancy": {"cooling": "2N"}}, False),
        ({"redundancy": {"power": "catcher", "cooling": "N"}}, False),
        ({"storage": {"smoothing_frac": 0.2}}, False),
        ({"site": {"altitude_m": 1500.0}}, False),
        ({"limits": {"exclude": ("CDU-0600",)}}, False),
        ({"autonomy": {"ups_min": 8.0}, "limits": {"sound_power_dba": 128.0}}, False),
        ({"it": {"pods": ("ITL-2272",)}}, False),
        # What no site keeps: a full walk says so, and a witness may not.
        ({"redundancy": {"power": "2N"}, "grid": {"capacity_mw": 26.0}}, True),
        ({"redundancy": {"power": "2N"}, "limits": {"budget_usd": 1e8}}, True),
        ({"autonomy": {"ups_min": 8.0}, "limits": {"sound_power_dba": 90.0}}, True),
    ],
    ids=str,
)
def test_a_site_like_the_last_one_is_a_witness_of_the_full_sizing(catalog, sized_before, wishes, walked):
    brief, known = sized_before
    parts = {part: getattr(brief, part).model_copy(update=wish) for part, wish in wishes.items()}
    changed, before = brief.model_copy(update=parts), like_before(known)
    verdict = find_verdict(changed, catalog, before)
    assert bool(before.columns) == walked
    try:
        make_sized(changed, catalog, QUICK)
    except Impossible:
        assert verdict != "possible"
    else:
        assert verdict == "possible"


def test_a_quick_answer_names_what_the_catalog_does_not_have(catalog, sized_before):
    brief, known = sized_before
    elsewhere = brief.model_copy(update={"site": brief.site.model_copy(update={"climate": "atlantis"})})
    with pytest.raises(InputError, match="atlantis"):
        find_verdict(elsewhere, catalog, like_before(known))
