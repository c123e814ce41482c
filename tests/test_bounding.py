"""The lower bounds on pairs of columns: never above the true optimum, and infinite only where the grid forbids."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from build import CARRIERS, GEN, MODULES, MVS, UPS, _carrier, a_brief, a_catalog, a_module
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prefab.bounding import Bounding
from prefab.candidates import candidates_of
from prefab.errors import Impossible
from prefab.objective import capital_terms
from prefab.problem import make_problem
from prefab.proving import make_model
from prefab.rules import HOOKS, land_use
from prefab.sizing import make_sized
from prefab.solver import QUICK, solve


def make_bounds(problem):
    """From the numbers of blocks."""
    return Bounding(problem).by_counts(np.arange(len(problem.columns)))


slow = settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def resized(module, sku, capacity_kw, price_usd):
    given = module.gives[0].model_copy(update={"capacity_kw": capacity_kw, "capacity_kva": None})
    price = module.price.model_copy(update={"amount": price_usd})
    return module.model_copy(update={"sku": sku, "gives": (given, *module.gives[1:]), "price": price})


def a_main_transformer(capacity_kva, price_usd):
    return a_module(
        "TXM-20",
        "transformer",
        price_usd=price_usd,
        gives=[{"carrier": "utility_mv", "capacity_kva": capacity_kva}],
        needs=[{"carrier": "hv_ac", "connection": "transfer", "through": True}],
        losses={"points": [[0, 5], [0.25, 10], [0.5, 18], [0.75, 28], [1, 40]]},
    )


prices = st.integers(20_000, 900_000)


@st.composite
def sites(draw):
    """Briefs of up to 4 MW with rivals for the blocks' power, the intake and the sets; at times behind 110 kV."""
    high = draw(st.booleans())
    modules = [
        *MODULES,
        resized(UPS, "UPS-1300", draw(st.floats(900, 1400)), draw(prices)),
        resized(MVS, "MVS-3", draw(st.floats(2_000, 6_000)), draw(prices)),
        resized(GEN, "GEN-900", draw(st.floats(700, 1_500)), draw(prices)),
    ]
    if high:
        modules.append(a_main_transformer(draw(st.integers(2_000, 9_000)), draw(prices)))
    brief = a_brief(
        phases=[{"name": "One", "it_mw": draw(st.floats(0.5, 4.0)), "energised_by": "2030-12-31"}],
        redundancy={"power": draw(st.sampled_from(["N", "N+1"])), "cooling": "N"},
        grid={"capacity_mw": draw(st.floats(2.0, 9.0)), "voltage_kv": 110.0 if high else 20.0, "tariff": "flat"},
        storage=draw(st.sampled_from([{}, {"power_mw": 3.0, "duration_h": 1.0}])),
        limits={"pods_per_block": draw(st.integers(1, 3)), "block_kinds": draw(st.integers(1, 2))},
    )
    return brief, a_catalog(tuple(modules))


def masters_optimum(problem):
    """The proved least cost over the problem's columns, with no bound having a say; infinite where there is no site."""
    model = make_model(problem)
    model.minimize(capital_terms(problem, problem.phases[-1]))
    answer = solve(model, QUICK, None, None, "test")
    assert answer.status in ("optimal", "infeasible")
    return float("inf") if answer.objective is None else answer.objective


@slow
@given(sites())
def test_never_above_the_optimum_of_the_whole_site(site):
    brief, catalog = site
    least = make_bounds(make_problem(brief, catalog, HOOKS)).min()
    try:
        sized = make_sized(brief, catalog, QUICK)
    except Impossible:
        return
    assert sized.status == "optimal"
    assert least <= sized.objective_usd


seen = {"finite": 0, "tight": 0}


@slow
@given(sites(), st.data())
def test_never_above_the_optimum_of_a_pair(site, data):
    """The master may leave one of the two out, so a column's own bound counts too."""
    problem = make_problem(*site, HOOKS)
    bounds = make_bounds(problem)
    numbers = st.integers(0, len(bounds) - 1)
    for a, b in data.draw(st.lists(st.tuples(numbers, numbers), min_size=3, max_size=3)):
        pair = [a, b]
        columns = tuple(problem.columns[n] for n in dict.fromkeys(pair))
        least = masters_optimum(replace(problem, columns=columns))
        assert bounds[np.ix_(pair, pair)].min() <= least
        seen["finite"] += np.isfinite(least)
        seen["tight"] += bounds[np.ix_(pair, pair)].min() > 0.8 * least


def test_pairs_were_seen():
    # Run alone (or on another worker) this test makes its own cases.
    if not seen["finite"]:
        test_never_above_the_optimum_of_a_pair()
    assert seen["finite"] >= 10
    assert seen["tight"] >= seen["finite"] / 2, "a bound far below every site would prove nothing"


def two_sizes(**more):
    """Blocks of one and of two pods, three phases up to 3.5 MW."""
    phases = [{"name": f"P{n}", "it_mw": mw, "energised_by": f"{2030 + n}-12-31"} for n, mw in enumerate((1, 2, 0.5))]
    wishes = {"phases": phases, "grid": {"capacity_mw": 9.0}, "limits": {"pods_per_block": 2}, **more}
    return make_problem(a_brief(**wishes), a_catalog(), HOOKS)


def keeps_the_grid(problem, a, b):
    """Whether any numbers of two columns, at least one block of each, carry the IT load within the grid's limit."""
    return any(
        m * a.it_kw + n * b.it_kw >= problem.it_kw[0][-1]
        and m * a.normal.grid_w + n * b.normal.grid_w + max(k.extra.grid_w for k in (a, b)) <= problem.grid_w
        for m, n in itertools.product(range(1, 6), range(0 if a is b else 1, 6))
    )


@slow
@given(sites())
def test_symmetric(site):
    bounds = make_bounds(make_problem(*site, HOOKS))
    assert np.array_equal(bounds, bounds.T)


@pytest.mark.parametrize("grid_kw", [3_000, 4_000, 4_600, 4_800, 5_000, 5_500, 6_000, 9_000])
def test_infinite_exactly_where_the_grid_forbids_every_count(grid_kw):
    problem = replace(two_sizes(), grid_w=1000 * grid_kw)
    bounds = make_bounds(problem)
    for (i, a), (j, b) in itertools.product(enumerate(problem.columns), repeat=2):
        assert np.isfinite(bounds[i, j]) == keeps_the_grid(problem, a, b), (a.name, b.name)


def test_some_grid_forbids_some_pairs_and_not_others():
    problem = two_sizes()
    finite = {kw: np.isfinite(make_bounds(replace(problem, grid_w=1000 * kw))).mean() for kw in range(3_000, 6_000, 20)}
    assert finite[3_000] == 0
    assert finite[5_980] == 1
    assert list(finite.values()) == sorted(finite.values())
    assert any(0 < share < 1 for share in finite.values())


@pytest.mark.parametrize("budget_usd", [None, 15e6])
def test_of_pairs_that_are_not_wanted_nothing_is_said(budget_usd):
    prefer = {"prefer": {"makers": ["generic"], "margin_frac": 0.1}} if budget_usd else {}
    problem = two_sizes(limits={"pods_per_block": 2, "budget_usd": budget_usd}, **prefer)
    bounds, every = make_bounds(problem), np.arange(len(problem.columns))
    known = bounds[np.isfinite(bounds)]
    for limit_usd in (0.0, np.median(known), np.inf):
        wanted = bounds <= limit_usd
        assert (Bounding(problem).by_counts(every, wanted) == np.where(wanted, bounds, np.inf)).all()
    assert len(known) > 2


def test_what_is_overdrawn_has_no_numbers_of_blocks():
    seen = set()
    for kw in range(3_000, 6_000, 20):
        candidates = candidates_of(replace(two_sizes(), grid_w=1000 * kw))
        bounding = candidates.bounding
        possible = bool(np.isfinite(bounding.by_counts(np.arange(len(bounding.problem.columns)))).any())
        assert not (bounding.overdrawn and possible)
        assert candidates.refuses() == (not possible)
        seen.add((bounding.overdrawn, possible))
    assert len(seen) == 3, "whole blocks draw more than their share, so that some are refused by counting only"


def test_one_kind_of_block_leaves_the_diagonal():
    two, one = two_sizes(), two_sizes(limits={"pods_per_block": 2, "block_kinds": 1})
    bounds = make_bounds(one)
    off = ~np.eye(len(bounds), dtype=bool)
    assert np.isinf(bounds[off]).all()
    assert np.array_equal(np.diag(bounds), np.diag(make_bounds(two)))
    assert np.isfinite(np.diag(bounds)).all()


def test_what_stands_beside_one_main_transformer_is_no_price_of_another():
    bare = a_main_transformer(8_000, 400_000)
    behind = a_module(
        "TXM-21",
        "transformer",
        price_usd=390_000,
        gives=[{"carrier": "utility_mv", "capacity_kva": 8_000}],
        needs=[{"carrier": "hv_bay", "connection": "unit", "through": True}],
    )
    bay = a_module(
        "HVB-145",
        "hv_bay",
        price_usd=3_000_000,
        gives=[{"carrier": "hv_bay", "capacity_kva": 100_000}],
        needs=[{"carrier": "hv_ac", "connection": "transfer", "through": True}],
    )
    carriers = tuple(sorted((*CARRIERS, _carrier("hv_bay", "electric", "site", "none")), key=lambda c: c.key))
    brief = a_brief(grid={"capacity_mw": 9.0, "voltage_kv": 110.0})
    problem = make_problem(brief, a_catalog((*MODULES, bare, behind, bay), carriers=carriers), HOOKS)
    assert make_bounds(problem).min() <= masters_optimum(problem)


def test_dearer_plant_raises_every_bound_by_what_every_site_must_buy():
    """One intake a side is bought by every site: the bound must see it, or it would be far too low."""
    dear = tuple(resized(m, m.sku, 10_000.0, 5_100_000) if m.sku == MVS.sku else m for m in MODULES)
    brief = a_brief(grid={"capacity_mw": 9.0})
    cheap = make_bounds(make_problem(brief, a_catalog(), HOOKS))
    raised = make_bounds(make_problem(brief, a_catalog(dear), HOOKS))
    # 5.0 M$ more for each of two, with 15 % of freight and installation
    assert np.allclose(raised - cheap, 11_500_000, atol=1)


@pytest.mark.parametrize("area_m2", [330, 345, 360, 375, 390, 420])
def test_limits_on_sums_neither_lose_the_optimum_nor_refuse_what_fits(area_m2):
    """Small dear UPS and large cheap ones: bounds that know the land against the master that knows all rows."""
    small = UPS.model_copy(update={"sku": "UPS-S", "length_mm": 3000})
    small = small.model_copy(update={"price": UPS.price.model_copy(update={"amount": 2 * UPS.price.amount})})
    brief = a_brief(
        phases=[{"name": "One", "it_mw": 2.0, "energised_by": "2030-12-31"}],
        grid={"capacity_mw": 6.0},
        limits={"area_m2": float(area_m2)},
    )
    catalog = a_catalog((*MODULES, small))
    hooks = replace(HOOKS, burdens=(land_use.burden,))
    problem = replace(make_problem(brief, catalog, hooks), summed=(land_use.RULE,))
    least = masters_optimum(problem)
    assert make_bounds(problem).min() <= least
    assert Bounding(problem).by_lines().min() <= least
    try:
        assert make_sized(brief, catalog, QUICK).objective_usd == least
    except Impossible:
        assert least == float("inf")
