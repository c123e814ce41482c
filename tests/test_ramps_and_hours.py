"""Ramps and shaved hours at one site: sized for both in the same seconds, against plain loops and the check in time."""

import random
from collections import Counter
from typing import Any

import numpy as np
import pytest
from brute_duties import BruteDuties
from build import WORKLOAD
from proved import sized_of
from test_duties_brute_force import a_site

from prefab.brief import SiteBrief
from prefab.connecting import make_connected
from prefab.design import make_plan
from prefab.duties import Duties
from prefab.physics.storage import Control, Element, follow
from prefab.plan import Plan
from prefab.problem import Problem, make_problem
from prefab.rules import grid_limit, storage, storage_in_time
from prefab.rules.storage_loads import along_day, along_peak
from prefab.sizing import hooks_of
from prefab.storage_events import make_events

SITES = range(22)


def a_site_of_both(seed: int, *, swings: bool = True) -> Problem:
    """Hours of a peak that the connection does not bear, and a limit of ramps from minutes to hours for a step."""
    pick, site = random.Random(f"ramps and hours {seed}"), a_site(seed)
    whole, mw = site.brief.model_dump(), sum(p.it_mw for p in site.brief.phases)
    whole["grid"] |= {
        "series": (), "swing_mw": None, "capacity_mw": 1.27 * -(-mw // 1) * pick.uniform(0.82, 0.98),
        "ramp_mw_per_min": mw * pick.choice([0.02, 0.1, pick.uniform(0.05, 2.0)]),
    }  # fmt: skip
    hours = {"peak_h": pick.choice([0.3, pick.uniform(0.1, 9.0)]), "rest_frac": pick.uniform(0.35, 0.9)}
    whole["storage"] |= {"shaving": {"allowed": True, **hours}}
    brief, catalog = SiteBrief.model_validate(whole), site.catalog
    if not swings:
        cards = tuple(WORKLOAD.model_copy(update={"key": c.key}) for c in catalog.workloads)
        catalog = catalog.model_copy(update={"workloads": cards})
    return make_problem(brief, catalog, hooks_of(brief, catalog, ()))


def planned(problem: Problem) -> Plan | None:
    sized = sized_of(problem)
    brief, catalog = problem.brief, problem.catalog
    return sized and make_plan(brief, catalog, sized, make_connected(brief, catalog, sized))


def with_shares(plan: Plan, duty: str, **factors: float) -> Plan:
    shares: list[Any] = []
    for share in plan.sized.storage:
        own = {name: getattr(share, name) * factor for name, factor in factors.items()}
        shares.append(share.model_copy(update=own) if share.duty == duty else share)
    return plan.model_copy(update={"sized": plan.sized.model_copy(update={"storage": tuple(shares)})})


def refused(plan: Plan) -> set[str]:
    """What the check in time finds missed, by the first words."""
    return {f.text.split(",")[0] for f in storage_in_time.check(plan) if f.kept is False}


@pytest.fixture(scope="module")
def drawn_plans() -> list[Plan]:
    found = (planned(a_site_of_both(seed)) for seed in SITES)
    both = [p for p in found if p is not None and {"ramp", "shaving"} <= {s.duty for s in p.sized.storage}]
    assert len(both) >= 5
    return both


def test_what_is_sized_for_both_is_kept_in_time(drawn_plans):
    for plan in drawn_plans:
        findings = [f for rule in (storage, storage_in_time, grid_limit) for f in rule.check(plan)]
        assert [str(f) for f in findings if f.kept is False] == []
        assert any(f.text == "missed of ramps and hours together" for f in findings)


def test_where_no_storage_is_kept_for_the_hours_their_day_is_followed_all_the_same():
    for seed in (0, 12):
        plan = planned(a_site_of_both(seed))
        assert "shaving" not in {s.duty for s in plan.sized.storage}
        findings = [f for f in storage_in_time.check(plan) if f.text == "missed of ramps and hours together"]
        assert [f.kept for f in findings] == [True] * len(plan.brief.phases)
        assert "missed of ramps and hours together" in refused(with_shares(plan, "ramp", power_kw=0.1))


def test_same_cost_as_plain_loops():
    seen = Counter()
    for seed in range(24):
        problem = a_site_of_both(seed)
        sized = sized_of(problem)
        assert (sized.objective_usd if sized else None) == BruteDuties(problem).least_usd(), seed
        seen[{s.duty for s in sized.storage} >= {"ramp", "shaving"} if sized else None] += 1
    assert seen[True] >= 5, seen


def test_less_power_is_missed_by_both_together(drawn_plans):
    for plan in drawn_plans[:3]:
        assert "missed of ramps and hours together" in refused(with_shares(plan, "ramp", power_kw=0.1))
        assert "missed of ramps and hours together" in refused(with_shares(plan, "shaving", energy_kwh=0.01))


def test_a_fifth_of_the_energy_of_ramps_is_refused(drawn_plans):
    found = [refused(with_shares(plan, "ramp", energy_kwh=0.2)) for plan in drawn_plans[:3]]
    assert all("missed of the ramps" in texts for texts in found)
    assert any("missed of ramps and hours together" in texts for texts in found)


def test_the_meter_never_changes_faster_than_the_limit_nor_takes_more_than_it_is_held_down_to(drawn_plans):
    for plan in drawn_plans[:3]:
        last, limit = len(plan.brief.phases) - 1, plan.brief.grid.ramp_mw_per_min
        both = along_day(plan, plan.basis.duties, last)
        assert both is not None
        shaved, ramped = both
        assert shaved.held.ramp_kw_per_min > 1.01 * ramped.held.ramp_kw_per_min
        assert ramped.held.ramp_kw_per_min <= limit * 1000 * (1 + 1e-9)
        relief_kw = sum(s.relief_kw for s in plan.sized.storage if (s.duty, s.phase) == ("shaving", last))
        assert ramped.held.grid_kw.max() <= shaved.load_kw.max() - relief_kw + 0.01


def test_where_single_requests_are_served_the_day_changes_slowly_and_no_storage_is_kept_for_ramps():
    seen = Counter()
    for seed in SITES[:12]:
        plan = planned(a_site_of_both(seed, swings=False))
        if plan is None:
            continue
        findings = [f for f in storage_in_time.check(plan) if f.text == "missed of ramps and hours together"]
        assert len(findings) == len(plan.brief.phases)
        assert {s.duty for s in plan.sized.storage} <= {"shaving", "reserve"}
        assert refused(plan) == set(), seed
        seen[any(s.duty == "shaving" for s in plan.sized.storage)] += 1
    assert seen[True] >= 2
    assert seen[False] >= 1


def test_what_is_told_of_a_peak_is_what_the_check_follows(drawn_plans):
    for plan in drawn_plans[:3]:
        event = next(e for e in make_events(plan) if e.key == "shaving")
        shaved, ramped = along_day(plan, plan.basis.duties, len(plan.brief.phases) - 1)
        begins = event.moments[0]
        assert begins.does[0].gives_kw == pytest.approx(shaved.gives_kw[86_400])
        assert begins.does[1].gives_kw == pytest.approx(ramped.gives_kw[86_400])
        full = event.moments[-1]
        assert full.does[0].charge_frac == pytest.approx(1)
        assert f"{plan.brief.grid.ramp_mw_per_min:g} MW a minute" in event.note


# ---- by hand


def charged(minutes: int, kw: float = 600.0, limit: float = 20.0) -> np.ndarray:
    """Charge after an hour of 600 kW from 600 kWh, then so many minutes in which it comes back with no more than a
    power that changes by no more than so much a minute."""
    load = np.where(np.arange(60 + minutes) < 60, 1600.0, 0.0)
    control = Control(ceiling_kw=1000.0, recharge_h=0.0, recharge_kw_per_min=limit)
    held = follow(load, 60.0, Element(600.0, kw, 600.0, 1.0), control)
    assert held.short_kw == 0
    taken = np.append(0.0, held.grid_kw[60:])
    assert np.abs(np.diff(taken)).max() <= limit + 1e-9
    assert taken.max() <= kw
    return held.stored_kwh


@pytest.mark.parametrize(("kw", "minutes"), [(600.0, 89), (200.0, 189)])
def test_charge_comes_back_in_the_time_that_begin_and_end_leave(kw, minutes):
    """600 kWh by 600 kW take 60 minutes and 30 more for a change of 20 kW a minute, in steps of which the first and the
    last already change; by 200 kW 180 minutes and 10."""
    assert charged(minutes, kw)[-1] == pytest.approx(600.0, abs=1e-9)
    assert charged(minutes - 1, kw)[-1] < 600.0 - 0.1


def test_a_limit_that_leaves_no_time_takes_more_power_and_then_less_peak():
    problem = next(p for p in map(a_site_of_both, SITES) if p.storage.shaving is not None)

    def ask(ramp_mw_per_min: float | None):
        grid = problem.brief.grid.model_copy(update={"ramp_mw_per_min": ramp_mw_per_min})
        brief = problem.brief.model_copy(update={"grid": grid})
        return make_problem(brief, problem.catalog, hooks_of(brief, problem.catalog, ())).storage.shaving

    free, fast, slow, still = (ask(r) for r in (None, 50.0, 0.02, 1e-4))
    assert len(free.recharge) == len(fast.recharge) == 1 < len(still.recharge)
    assert free.recharge <= fast.recharge < slow.recharge < still.recharge
    assert free.most_w == fast.most_w > still.most_w
    last = still.recharge[-1]
    parts = last.parts - last.less_w * 100_000 / still.most_w
    assert parts == pytest.approx(2 * free.recharge[0].parts, rel=0.01)


def orders(step_kw: float, ramp_s: int, idle_s: int, level_frac: float) -> list[list[float]]:
    """In which a peak begins before a job that ends at once, and the next one does so too; and in which a peak ends
    right after two such jobs, or before the next one."""
    rest_kw = (1 - level_frac) * step_kw
    idle, short = [0.0] * idle_s, [step_kw] * (ramp_s // 2)
    rise, down = [step_kw] * (ramp_s + 60), [rest_kw] * 2 * ramp_s
    return [
        [rest_kw, *short, *idle, *short, *idle, *rise],
        [rest_kw, *idle, *short, *idle, *rise],
        [step_kw, *idle, *short[:60], *idle, *short[:60], *down],
        [step_kw, *idle, *short[:60], *rest_kw_then(idle, rest_kw), *down],
    ]


def rest_kw_then(idle: list[float], rest_kw: float) -> list[float]:
    return [rest_kw, *idle]


@pytest.mark.parametrize("minutes", [3, 14, 40])
@pytest.mark.parametrize("level_frac", [0.4, 0.8, 1.0])
def test_ramps_outlast_the_worst_orders_with_a_peak(catalog, level_frac, minutes):
    step_kw, basis = 1000.0, catalog.basis.duties
    calm = basis.model_copy(update={"checkpoint_s": 1e-6})
    site = a_site_of_both(0)
    grid = site.brief.grid.model_copy(update={"ramp_mw_per_min": step_kw / 1000 / minutes})
    data = catalog.model_copy(update={"basis": catalog.basis.model_copy(update={"duties": calm})})
    duties = Duties(site.brief.model_copy(update={"grid": grid}), data)

    def short_kw(kwh: float) -> float:
        recharge_h = max(calm.recharge_h, kwh / 2 / calm.recharge_frac / step_kw)
        element = Element(duties.ramp_frac * step_kw, duties.ramp_frac * step_kw, kwh, 0.5)
        control = Control(ramp_kw_per_min=step_kw / minutes, recharge_h=recharge_h)
        cruel = orders(step_kw, minutes * 60, round(calm.idle_min * 60), level_frac)
        return max(follow(np.array(load), 1.0, element, control).short_kw for load in cruel)

    kwh = step_kw * duties.ramp_h(step_kw, 0.0, 0.0, level_frac)
    assert short_kw(kwh) < 1e-6
    assert short_kw(0.25 * kwh) > 1
    assert kwh >= step_kw * duties.ramp_h(step_kw, 0.0, 0.0)


def test_hours_without_a_limit_of_ramps_are_followed_in_one_step(drawn_plans):
    brief = drawn_plans[0].brief
    grid = brief.grid.model_copy(update={"ramp_mw_per_min": None})
    plan = drawn_plans[0].model_copy(update={"brief": brief.model_copy(update={"grid": grid})})
    last = len(plan.brief.phases) - 1
    assert along_day(plan, plan.basis.duties, last) is None
    along = along_peak(plan, last)
    assert along is not None
    assert along.held.short_kw < 0.01
    assert along.gives_kw.max() == pytest.approx(
        sum(s.relief_kw for s in plan.sized.storage if (s.duty, s.phase) == ("shaving", last)), abs=0.01
    )
