"""What is told of storage is what the plan keeps and what the checks follow: shares, events second by second, notes."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from refresh_layouts import LAYOUTS, storage_note

from prefab.brief import SiteBrief, read_brief
from prefab.catalog import load_catalog
from prefab.connecting import make_connected
from prefab.design import make_plan
from prefab.plan import Plan, read_plan
from prefab.sizing import make_sized
from prefab.solver import QUICK
from prefab.storage_events import StorageEvent, make_events
from prefab.storage_kept import FREE, make_kept

NOTED = ("limited-50mw", "texas-100mw")


def sized_plan(brief: SiteBrief) -> Plan:
    catalog = load_catalog()
    sized = make_sized(brief, catalog, QUICK)
    return make_plan(brief, catalog, sized, make_connected(brief, catalog, sized))


def of_layout(folder: Path) -> Plan:
    stored = folder / "plan.json"
    return read_plan(stored) if stored.exists() else sized_plan(read_brief(folder / "brief.toml"))


@pytest.fixture(scope="module")
def plans() -> dict[str, Plan]:
    whole = read_brief(LAYOUTS / "training-20mw/brief.toml").model_dump()
    whole["grid"] |= {"capacity_mw": 24.0}
    shaving = {"allowed": True, "peak_h": 3.0, "rest_frac": 0.8}
    whole["storage"] |= {"power_mw": 0.0, "duration_h": 0.0, "shaving": shaving}
    return {name: of_layout(LAYOUTS / name) for name in NOTED} | {"hours": sized_plan(SiteBrief.model_validate(whole))}


def event_of(plan: Plan, key: str) -> StorageEvent:
    return next(e for e in make_events(plan) if e.key == key)


def with_shares(plan: Plan, duty: str, **figures: float) -> Plan:
    """Other figures of everything kept for a duty."""
    shares: list[Any] = []
    for share in plan.sized.storage:
        own = {name: getattr(share, name) * factor for name, factor in figures.items()}
        shares.append(share.model_copy(update=own) if share.duty == duty else share)
    return plan.model_copy(update={"sized": plan.sized.model_copy(update={"storage": tuple(shares)})})


def test_plans_without_shares_tell_nothing():
    plan = read_plan(LAYOUTS / "training-20mw/plan.json")
    assert plan.brief.storage.power_mw > 0
    assert (make_kept(plan), make_events(plan), storage_note(plan)) == ((), (), "")


@pytest.mark.parametrize("name", [*NOTED, "hours"])
def test_what_is_kept_and_what_is_not_are_what_is_held(plans, name):
    kept = make_kept(plans[name])
    places = {(k.sku, k.kind, k.phase) for k in kept}
    for place in places:
        rows = [k for k in kept if (k.sku, k.kind, k.phase) == place]
        assert [k.duty for k in rows].count(FREE) == 1
        for figure, held in (("power_kw", "held_kw"), ("energy_kwh", "held_kwh")):
            assert sum(getattr(k, figure) for k in rows) == pytest.approx(getattr(rows[0], held))
    last = len(plans[name].brief.phases) - 1
    told = sorted(k.power_kw for k in kept if k.phase == last and k.duty != FREE)
    shares = [s for s in plans[name].sized.storage if s.phase == last or (s.kind and s.duty == "swing")]
    assert told == sorted(s.power_kw for s in shares)


def test_a_phase_that_differs_is_told_too(plans):
    ramps = [k for k in make_kept(plans["texas-100mw"]) if k.duty.startswith("ramps")]
    assert [k.phase for k in ramps] == [1, 0]
    assert ramps[1].power_kw < ramps[0].power_kw
    # Blocks are alike in both phases.
    assert {k.phase for k in make_kept(plans["texas-100mw"]) if k.kind} == {1}


@pytest.mark.parametrize("name", NOTED)
def test_an_iteration_of_a_swing(plans, name):
    plan = plans[name]
    event, swing = event_of(plan, "swing"), plan.workload.swing
    computes, waits, again = event.moments
    assert waits.second == pytest.approx(swing.high_frac.base * swing.period_s.high, abs=0.1)
    assert again.second == pytest.approx(swing.period_s.high, abs=0.1)
    assert computes.load_kw > 1.5 * waits.load_kw
    assert abs(computes.meter_kw - waits.meter_kw) <= plan.brief.grid.swing_mw * 1000
    assert computes.meter_kw <= plan.brief.grid.capacity_mw * 1000
    for first, second, third in zip(computes.does, waits.does, again.does, strict=True):
        # What is given while all compute is what leaves the charge, and it comes back while all wait.
        given_kwh = first.gives_kw * (waits.second - computes.second) / 3600
        assert first.charge_kwh - second.charge_kwh == pytest.approx(given_kwh, rel=0.02)
        assert third.charge_kwh == pytest.approx(first.charge_kwh, rel=0.02)
        assert second.gives_kw < 0 < second.charge_frac < first.charge_frac < 1
    # What the meter sees less is what all of them give, losses on the way apart.
    without = float(re.search(r"without storage [\d.]+ MW to ([\d.]+) MW", event.said).group(1))
    given_mw = sum(d.gives_kw for d in computes.does) / 1000
    assert without - computes.meter_kw / 1000 == pytest.approx(given_mw, rel=0.1)


def test_a_job_ends_and_the_next_one_starts(plans):
    plan = plans["texas-100mw"]
    event, limit = event_of(plan, "ramp"), plan.brief.grid.ramp_mw_per_min
    ends, down, starts, up = event.moments
    assert ends.second == 0
    assert starts.second == pytest.approx(plan.basis.duties.idle_min * 60, abs=1)
    step_kw = event.curves.load_kw[0] - ends.load_kw
    assert step_kw > 70_000
    for first, last in ((ends, down), (starts, up)):
        # As long as the ramp takes, but for its end, and half the step for so long.
        assert (last.second - first.second) / 60 == pytest.approx(step_kw / 1000 / limit, rel=0.1)
        moved_kwh = step_kw * (last.second - first.second) / 2 / 3600
        assert abs(last.does[0].charge_kwh - first.does[0].charge_kwh) == pytest.approx(moved_kwh, rel=0.1)
    assert -ends.does[0].gives_kw == pytest.approx(step_kw, rel=0.05)
    seconds, meter = event.curves.seconds, event.curves.meter_kw
    changes = [abs(b - a) / (t - s) * 60 for a, b, s, t in zip(meter, meter[1:], seconds, seconds[1:], strict=False)]
    assert limit * 1000 * 0.99 < max(changes) <= limit * 1000 * 1.0001


def test_a_peak_of_hours(plans):
    plan = plans["hours"]
    begins, over, full = event_of(plan, "shaving").moments
    assert over.second == 3 * 3600
    assert over.second < full.second < 24 * 3600
    (share,) = [s for s in plan.sized.storage if s.duty == "shaving"]
    assert begins.does[0].gives_kw == pytest.approx(share.relief_kw)
    assert [m.does[0].charge_frac for m in (begins, over, full)] == pytest.approx([1, 0, 1], abs=1e-3)
    assert over.does[0].gives_kw < 0
    assert "what swings above the mean" in event_of(plan, "shaving").note


def test_what_storage_cannot_do_is_told_as_it_is(plans):
    plan = plans["texas-100mw"]
    poor = event_of(with_shares(plan, "ramp", power_kw=0.5), "ramp")
    assert poor.moments[0].meter_kw < event_of(plan, "ramp").moments[0].meter_kw - 30_000
    short = event_of(with_shares(plan, "swing", energy_kwh=0.5), "swing")
    assert short.said != event_of(plan, "swing").said
    bare = with_shares(plan, "swing", power_kw=0.0)
    assert event_of(bare, "swing").moments[0].does[-1].gives_kw == 0


def test_the_paragraph_holds_the_moments(plans):
    event = event_of(plans["texas-100mw"], "ramp")
    for moment in event.moments:
        assert f"Second {moment.second:,.0f} ({moment.happens}): " in event.said
        assert f"the meter sees {moment.meter_kw / 1000:,.{2 if moment.meter_kw < 1e4 else 1}f} MW" in event.said
    shorter = replace(event, moments=event.moments[:1])
    assert shorter.said.count("Second") == 1


@pytest.mark.parametrize("name", NOTED)
def test_the_notes_beside_the_layouts_are_what_the_tool_says(plans, name):
    assert (LAYOUTS / name / "storage.md").read_text(encoding="utf-8") == storage_note(plans[name])
