"""What the sizing says of a site, of what cannot be built and of being stopped."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from build import DRY, GEN, MODULES, UPS, a_brief, a_catalog

from prefab.brief import read_brief
from prefab.catalog import load_catalog
from prefab.connecting import make_connected
from prefab.design import make_plan
from prefab.errors import Impossible, InputError
from prefab.objective import measured_usd
from prefab.problem import make_problem
from prefab.proving import least_usd, prove
from prefab.rules import HOOKS, SUPPLY, grid_limit
from prefab.sizing import make_sized
from prefab.solver import QUICK, Answer, StopFlag, solve


def phases(*it_mw):
    return [{"name": f"P{i}", "it_mw": mw, "energised_by": f"{2030 + i}-12-31"} for i, mw in enumerate(it_mw)]


def test_objective_is_the_measured_cost():
    catalog = a_catalog()
    sized = make_sized(a_brief(phases=phases(1.0, 2.0), grid={"capacity_mw": 9.0}), catalog, QUICK)
    measured, rounded = measured_usd(sized, catalog.modules, catalog.costs)
    assert measured == sized.objective_usd  # every price of the small catalog is a whole number of dollars
    assert rounded == sum(n[-1] for n in sized.blocks) + sum(p.per_side[-1] for p in sized.plant)


def test_least_cost_up_to_that_of_a_known_site():
    problem = make_problem(a_brief(phases=phases(2.5), grid={"capacity_mw": 9.0}), a_catalog(), HOOKS)
    found = prove(problem, QUICK, None, None)
    for dearer in (0, 1, 10**6, 10**8):
        known = Answer("feasible", found.objective + dearer, None, {})
        assert least_usd(problem, known, QUICK, None) == found.objective
    for cheaper in (1, 10**6):
        # Nothing costs so little: what costs no less than that is not looked at.
        known = Answer("feasible", found.objective - cheaper, None, {})
        assert least_usd(problem, known, QUICK, None) == found.objective - cheaper


def test_a_stopped_proof_keeps_what_its_bounds_say():
    problem = make_problem(a_brief(phases=phases(2.5), grid={"capacity_mw": 9.0}), a_catalog(), HOOKS)
    found, stop = prove(problem, QUICK, None, None), StopFlag()
    stop.request()
    assert 0.9 * found.objective < least_usd(problem, found, QUICK, stop) <= found.objective


@pytest.mark.parametrize("found", [True, False])
def test_who_has_reached_its_bound_was_not_stopped(found, monkeypatch):
    """The second master ends with the budget, by when nothing cheaper is left: with a site of its own, or without."""
    problem = make_problem(a_brief(phases=phases(2.5), grid={"capacity_mw": 9.0}), a_catalog(), HOOKS)
    best = prove(problem, QUICK, None, None)
    none = Answer("unknown", None, best.objective, {}, "budget")
    turns = iter(
        (
            replace(best, status="feasible", bound=None, stopped="budget"),
            replace(best, status="feasible", bound=best.objective, stopped="budget") if found else none,
        )
    )
    monkeypatch.setattr("prefab.proving.solve_packed", lambda *_: next(turns))
    answer = prove(problem, QUICK, None, None)
    assert (answer.status, answer.bound, answer.stopped) == ("optimal", best.objective, "")


def test_phases_grow_and_carry_their_load():
    sized = make_sized(a_brief(phases=phases(1.0, 1.5, 0.5), grid={"capacity_mw": 9.0}), a_catalog(), QUICK)
    for counts in (*sized.blocks, *(p.per_side for p in sized.plant)):
        assert list(counts) == sorted(counts)
    pods = [sum(k.pods * n[p] for k, n in zip(sized.kinds, sized.blocks, strict=True)) for p in range(3)]
    assert pods[0] >= 1
    assert pods[1] >= 3  # 2.5 MW of 1 MW pods
    assert pods[2] == 3


@pytest.mark.parametrize("it_mw", [20, 100])
def test_rounding_hides_next_to_nothing(it_mw, catalog):
    """At 100 MW the battery is a near-tie (27.007 of a cheaper one) that whole kilowatt-hours cannot tell."""
    brief = read_brief(Path(__file__).parents[1] / "examples" / "training-20mw.toml")
    factor = it_mw / brief.phases[0].it_mw
    wishes = {
        "phases": (brief.phases[0].model_copy(update={"it_mw": float(it_mw)}),),
        "site": brief.site.model_copy(update={"width_m": 1_000.0, "depth_m": 1_000.0}),
        "grid": brief.grid.model_copy(update={"capacity_mw": factor * brief.grid.capacity_mw}),
        "storage": brief.storage.model_copy(update={"power_mw": factor * brief.storage.power_mw}),
    }
    sized = make_sized(brief.model_copy(update=wishes), catalog, QUICK)
    assert 0 <= sized.rounding_frac <= 5e-5
    assert sized.exact_bound_usd < sized.objective_usd, "dollars are rounded up at the least"


COST = {"phases": phases(2.5), "grid": {"capacity_mw": 9.0}}


def cost(brief=None, catalog=None):
    return make_sized(brief or a_brief(**COST), catalog or a_catalog(), QUICK).objective_usd


@pytest.mark.parametrize(
    "stricter",
    [
        {"redundancy": {"power": "2N", "cooling": "N+1"}},
        {"redundancy": {"power": "N+1", "cooling": "2N"}},
        {"autonomy": {"ups_min": 9.0, "generator_h": 24.0}},
    ],
)
def test_a_stricter_block_is_no_cheaper_here(stricter):
    """No law, for more modules may lose less (see `test_metamorphic.py` for those), but so with these figures."""
    assert cost(a_brief(**{**COST, **stricter})) >= cost()


@pytest.mark.parametrize(
    ("brief", "catalog", "text"),
    [
        ({"grid": {"capacity_mw": 1.1, "voltage_kv": 20.0, "tariff": "flat"}}, MODULES, "no combination"),
        (
            {"grid": {"capacity_mw": 1.1, "voltage_kv": 20.0, "tariff": "flat"}},
            MODULES,
            r"grid: 1\.1 MW; the blocks of",
        ),
        (
            {
                "phases": [{"name": "One", "it_mw": 900.0, "energised_by": "2029-12-31"}],
                "grid": {"capacity_mw": 5000.0},
            },
            MODULES,
            r"mv ac: [\d.,]+ MW from \d+ MVS-\w+, the most that run together; the blocks of any site draw [\d.,]+ MW",
        ),
        ({}, tuple(m for m in MODULES if m is not UPS), "critical ac: no module may give it here"),
        ({}, tuple(m for m in MODULES if m is not GEN), "standby mv: no module may give it here; the catalog has none"),
        ({"site": {"design_dry_bulb_degc": 55.0}}, tuple(m for m in MODULES if m is not DRY), "no block can be built"),
        (
            {"phases": [{"name": "One", "it_mw": 1.0, "energised_by": "2026-12-31"}]},
            MODULES,
            "IT pods: none may stand here; POD-1000: lead time of 20 weeks",
        ),
    ],
)
def test_impossible_is_said(brief, catalog, text):
    with pytest.raises(Impossible, match=text):
        make_sized(a_brief(**brief), a_catalog(catalog), QUICK)


def test_every_unknown_name_is_reported_at_once():
    brief = a_brief(
        site={"climate": "nowhere"}, it={"workload": "w", "pods": ["POD-9"]}, limits={"exclude": ["CDU-9"]},
        grid={"tariff": "free"},
    )  # fmt: skip
    with pytest.raises(InputError) as error:
        make_sized(brief, a_catalog(), QUICK)
    assert [m.split(": ")[1] for m in error.value.mistakes] == [
        "site.climate", "it.workload", "grid.tariff", "it.pods", "limits.exclude",
    ]  # fmt: skip


def test_high_voltage_needs_main_transformers():
    with pytest.raises(Impossible, match="utility mv: no module may give it here"):
        make_sized(a_brief(grid={"capacity_mw": 9.0, "voltage_kv": 110.0, "tariff": "flat"}), a_catalog(), QUICK)


def the_dearest(pairs):
    """So that the first master does not see the columns that win."""
    every = pairs.bounding.problem.columns
    (dearest,) = np.argsort(np.diag(pairs.bounding.by_counts(np.arange(len(every)))))[-1:]
    return replace(pairs.bounding.problem, columns=(every[dearest],))


def test_stopped_by_the_user_keeps_the_incumbent_and_an_honest_bound(monkeypatch):
    monkeypatch.setattr("prefab.candidates.Pairs.promising", the_dearest)
    stop = StopFlag()
    stop.request()
    brief, catalog = a_brief(**COST), a_catalog()
    kept = make_sized(brief, catalog, QUICK, stop=stop)
    assert (kept.status, kept.stopped) == ("feasible", "user")
    assert kept.bound_usd <= cost() <= kept.objective_usd


@pytest.mark.parametrize("layout", ["edge-2mw", pytest.param("training-20mw", marks=pytest.mark.slow)])
def test_least_grid_the_solver_accepts_is_kept_by_the_checks(layout):
    """A site right at its grid limit: what the sizing takes, the walk of every situation keeps."""
    catalog = load_catalog()
    brief = read_brief(Path(__file__).parents[1] / "layouts" / layout / "brief.toml")
    low, high = brief.it_kw / 1000, brief.grid.capacity_mw
    plan = None
    for _ in range(9):
        middle = (low + high) / 2
        tight = brief.model_copy(update={"grid": brief.grid.model_copy(update={"capacity_mw": middle})})
        try:
            sized = make_sized(tight, catalog, QUICK)
        except Impossible:
            low = middle
            continue
        high = middle
        plan = make_plan(tight, catalog, sized, make_connected(tight, catalog, sized))
        assert [f for rule in SUPPLY for f in rule.check(plan) if not f.kept] == []
    assert plan is not None
    (finding,) = grid_limit.check(plan)
    assert 0.99 < finding.actual / finding.limit <= 1


def test_stopped_while_proving_keeps_the_first_answer(monkeypatch):
    """Ctrl-C may come before the second master has even taken its hint."""
    stop, calls = StopFlag(), []

    def stops_the_second(model, effort, on_progress, stop, stage):
        calls.append(stage)
        if len(calls) == 2:
            stop.request()
            return Answer("unknown", None, None, {}, "user")
        return solve(model, effort, on_progress, stop, stage)

    monkeypatch.setattr("prefab.candidates.Pairs.promising", the_dearest)
    monkeypatch.setattr("prefab.proving.solve", stops_the_second)
    kept = make_sized(a_brief(**COST), a_catalog(), QUICK, stop=stop)
    monkeypatch.undo()
    assert (kept.status, kept.stopped) == ("feasible", "user")
    assert kept.bound_usd <= cost() <= kept.objective_usd
