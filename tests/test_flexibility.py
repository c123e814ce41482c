"""What the grid could be offered, on a small plan by hand: 2 MW for an hour in reserve, 4 MW of containers, sets."""

import pytest
from documents.maker import make_plan

from prefab.catalog import load_catalog
from prefab.flexibility import Offer, cycles_per_year, make_offers
from prefab.physics.duties import health_frac
from prefab.plan import Plan
from prefab.shares import Share

BASIS = load_catalog().basis.flexibility
# Two containers of 4 MWh, 90 % of it used, 80 % left, half of the loss of 12 % on the way out.
HELD_KWH = 2 * 4000 * 0.9 * 0.8 * 0.88**0.5


def a_site(**brief) -> Plan:
    plan = make_plan(**brief)
    return plan.model_copy(update={"basis": plan.basis.model_copy(update={"flexibility": BASIS})})


def offers(plan: Plan) -> dict[str, Offer]:
    found = make_offers(plan)
    assert len({o.source for o in found}) == len(found)
    return {o.source: o for o in found}


def with_modules(plan: Plan, sku: str, table: str, **figures) -> Plan:
    """Other figures in a table of one module."""
    own = plan.module(sku)
    changed = own.model_copy(update={table: getattr(own, table).model_copy(update=figures)})
    return plan.model_copy(update={"modules": tuple(changed if m.sku == sku else m for m in plan.modules)})


def training(plan: Plan) -> Plan:
    return plan.model_copy(update={"workload": plan.workload.model_copy(update={"purpose": "training"})})


def test_a_design_basis_without_flexibility_offers_nothing():
    assert make_offers(make_plan()) == ()


def test_batteries_offer_their_reserve_and_what_no_duty_keeps():
    found = offers(a_site())
    reserve, free = found["batteries: reserve for the grid"], found["batteries: what no duty keeps"]
    assert (reserve.magnitude_mw, reserve.duration_h, reserve.notice_s) == (2.0, 1.0, BASIS.battery_notice_s)
    assert free.magnitude_mw == pytest.approx(2.0)
    assert free.duration_h == pytest.approx((HELD_KWH - 2000) / 2000)


def test_what_a_duty_keeps_is_not_offered():
    plan = a_site()
    share = Share(duty="ramp", carrier="mv_storage", sku="BES-4000", phase=1, power_kw=1500, energy_kwh=700)
    kept = plan.model_copy(update={"sized": plan.sized.model_copy(update={"storage": (share,)})})
    free = offers(kept)["batteries: what no duty keeps"]
    assert free.magnitude_mw == pytest.approx(0.5)
    assert free.duration_h == pytest.approx((HELD_KWH - 2000 - 700) / 500)
    all_of_it = share.model_copy(update={"power_kw": 2000.0})
    kept = plan.model_copy(update={"sized": plan.sized.model_copy(update={"storage": (all_of_it,)})})
    assert "batteries: what no duty keeps" not in offers(kept)
    # What a block's own storage keeps, and an earlier phase, take nothing from it.
    for other in ({"kind": "a"}, {"phase": 0}):
        aside = share.model_copy(update=other)
        kept = plan.model_copy(update={"sized": plan.sized.model_copy(update={"storage": (aside,)})})
        assert offers(kept) == offers(plan)


def test_ups_never_count():
    plan = a_site()
    more = with_modules(plan, "UPS-800", "ups_battery", energy_kwh=1e5, bidirectional=True)
    assert offers(more) == offers(plan)


def test_cells_or_recharge_set_the_number():
    plan = a_site()
    (battery,) = {m.grid_battery for m in plan.modules if m.grid_battery}
    cycles = cycles_per_year([battery], BASIS.battery_life_years)
    days = round(BASIS.battery_life_years * 365)
    assert health_frac(days, battery.soc_max_frac, cycles / 365) == pytest.approx(battery.end_of_life_frac)
    reserve = offers(plan)["batteries: reserve for the grid"]
    assert reserve.events_per_year == int(cycles * 2 * 4000 * 0.88**0.5 / 2000)
    assert "number: cells" in reserve.limited_by
    lasting = with_modules(plan, "BES-4000", "grid_battery", end_of_life_frac=0.1)
    often = offers(lasting)["batteries: reserve for the grid"]
    assert often.events_per_year == int(8760 / (1 + 1 / 0.88))
    assert "number: recharge" in often.limited_by
    worn = with_modules(plan, "BES-4000", "grid_battery", end_of_life_frac=0.99)
    assert offers(worn)["batteries: reserve for the grid"].events_per_year == 0


def test_inference_offers_nothing_and_training_what_a_trial_has_shown():
    plan = a_site()
    kept = offers(plan)["inference"]
    assert (kept.magnitude_mw, kept.notice_s, kept.duration_h, kept.events_per_year) == (0, None, None, None)
    found = offers(training(plan))
    assert "inference" not in found
    it = plan.module("POD-1000").it
    slowed, paused = found["training slowed"], found["training paused"]
    assert slowed.magnitude_mw == pytest.approx(2 * 0.25 * it.measured_kw / 1000)
    assert (slowed.duration_h, slowed.notice_s) == (3.0, 900.0)
    # S09: 21.9 hours of full load, three quarters of one an event.
    assert slowed.events_per_year == 29
    assert paused.magnitude_mw == pytest.approx(2 * (1 - it.idle_frac) * it.measured_kw / 1000)


def test_nothing_changes_faster_than_the_grid_lets_it():
    free, slow = (
        offers(training(a_site(grid={"capacity_mw": 6.0, "voltage_kv": 110.0, **ramp})))
        for ramp in ({}, {"ramp_mw_per_min": 0.01})
    )
    for source in ("training slowed", "training paused"):
        assert slow[source].notice_s > free[source].notice_s
        assert slow[source].notice_s >= slow[source].magnitude_mw / 0.01 * 60 * 0.999


def test_sets_only_where_rating_and_brief_let_them():
    plan = a_site()
    said = offers(plan)["generating sets"]
    assert said.magnitude_mw == 0
    assert "emergencies" in said.limited_by
    lasting = with_modules(plan, "GEN-2000", "engine", continuous_frac=0.5)
    said = offers(lasting)["generating sets"]
    assert said.magnitude_mw == 0
    assert "brief does not allow" in said.limited_by
    grid = lasting.brief.grid
    allowed = grid.model_copy(update={"bridge": grid.bridge.model_copy(update={"allowed": True})})
    bridged = lasting.model_copy(update={"brief": lasting.brief.model_copy(update={"grid": allowed})})
    given = offers(bridged)["generating sets"]
    # Three sets at half their rating are more than the site draws.
    assert 0 < given.magnitude_mw <= 3.0
    assert (given.notice_s, given.duration_h) == (15, 24.0)
    assert "not checked" in given.limited_by
