"""Lead times are judged phase by phase: what cannot be there for an early phase may serve a later one."""

import random
from collections import Counter

import numpy as np
import pytest
from brute import Brute
from build import BES, MODULES, a_brief, a_catalog, a_plan
from proved import sized_usd
from test_brute_force import a_site

from prefab.bounding import Bounding
from prefab.connecting import make_connected
from prefab.eligible import first_phase, growing_phases, make_offers
from prefab.errors import Impossible
from prefab.problem import make_problem
from prefab.refusals import derated_modules, refused_modules
from prefab.rules import HOOKS, SUPPLY
from prefab.scheduling import make_scheduled
from prefab.sizing import make_sized
from prefab.solver import QUICK

PHASES = [
    {"name": name, "it_mw": it_mw, "energised_by": f"{year}-12-31"}
    for name, it_mw, year in (("One", 1.0, 2028), ("Two", 2.0, 2029), ("Three", 1.0, 2030))
]
# From 2026-11-23 on: phase One has 110 weeks, Two 162, Three 214.
SLOW, SLOWER, NEVER = 130.0, 180.0, 300.0


def with_weeks(module, weeks, **more):
    return module.model_copy(update={"deployment": module.deployment.model_copy(update={"lead_weeks": weeks}), **more})


def rival(sku, weeks, share=0.5):
    """A cheaper module of the same make that takes longer."""
    like = next(m for m in MODULES if m.sku == sku)
    price = like.price.model_copy(update={"amount": like.price.amount * share})
    return with_weeks(like, weeks, sku=f"{sku[:-1]}1", price=price)


def wished(**more):
    return a_brief(**{"phases": PHASES, "grid": {"capacity_mw": 9.0}, "limits": {"pods_per_block": 1}, **more})


def first_phases(found):
    """By SKU the first phase in which it stands in a block."""
    stands = {}
    for kind, counts in zip(found.kinds, found.blocks, strict=True):
        phase = next(p for p, n in enumerate(counts) if n)
        for sku in (kind.pod, *(g.sku for g in kind.groups)):
            stands[sku] = min(stands.get(sku, 99), phase)
    return stands


@pytest.mark.parametrize(("sku", "twin"), [("UPS-800", "UPS-801"), ("POD-1000", "POD-1001"), ("CHL-400", "CHL-401")])
@pytest.mark.parametrize(("weeks", "phase"), [(20.0, 0), (SLOW, 1), (SLOWER, 2), (NEVER, None)])
def test_a_cheaper_module_from_the_phase_on_for_which_it_is_there(sku, twin, weeks, phase):
    catalog, brief = a_catalog((*MODULES, rival(sku, weeks))), wished()
    found = make_sized(brief, catalog, QUICK)
    assert found.status == "optimal"
    assert first_phases(found).get(twin) == phase
    assert (sku in first_phases(found)) is (phase != 0)
    plan = a_plan(brief, catalog.modules, found, make_connected(brief, catalog, found))
    assert {f.rule for r in SUPPLY for f in r.check(plan) if not f.kept} == set()
    problem = make_problem(brief, catalog, HOOKS)
    assert len({c.name for c in problem.columns}) == len(problem.columns)
    assert found.objective_usd == Brute(problem).least_usd()


def test_each_later_date_makes_it_no_cheaper():
    usd = [
        make_sized(wished(), a_catalog((*MODULES, rival("UPS-800", weeks))), QUICK).objective_usd
        for weeks in (20.0, SLOW, SLOWER, NEVER)
    ]
    assert usd == sorted(usd)
    assert len(set(usd)) == 4


def test_two_kinds_of_block_late_in_turn():
    # One kind for each phase would be three; two are allowed, and one must be there for the first phase.
    catalog = a_catalog((*MODULES, rival("UPS-800", SLOW, 0.6), rival("CDU-500", SLOWER, 0.1)))
    problem = make_problem(wished(), catalog, HOOKS)
    assert {c.column.ready for c in problem.columns} == {0, 1, 2}
    assert make_sized(wished(), catalog, QUICK).objective_usd == Brute(problem).least_usd()


def test_the_bound_of_a_late_kind_knows_what_the_early_one_carries():
    # Pods at a tenth of the price in phase Three only: three of four are dear ones, whatever else.
    catalog, dear = a_catalog((*MODULES, rival("POD-1000", SLOWER, 0.1))), 1_150_000
    problem = make_problem(wished(), catalog, HOOKS)
    late = np.array([c.column.ready > 0 for c in problem.columns])
    bounding = Bounding(problem)
    for bounds in (bounding.by_lines(), bounding.by_counts(np.arange(len(late)))):
        assert np.isinf(bounds[np.ix_(late, late)]).all()
        least = bounds[np.ix_(~late, late)].min()
        assert 3 * dear < least <= make_sized(wished(), catalog, QUICK).objective_usd
        assert least > bounds[np.ix_(~late, ~late)].min() - 1.5 * dear


def test_where_nothing_is_there_for_the_first_phase_the_wishes_clash():
    late = a_catalog(tuple(with_weeks(m, SLOW) if m.sku == "DRY-1000" else m for m in MODULES if m.sku != "CHL-400"))
    with pytest.raises(Impossible):
        make_sized(wished(), late, QUICK)
    pods = a_catalog(tuple(with_weeks(m, SLOW) if m.sku == "POD-1000" else m for m in MODULES))
    with pytest.raises(Impossible, match=r"POD-1000: lead time of 130 weeks: .*; from phase Two on it may"):
        make_sized(wished(), pods, QUICK)


def test_blocks_are_worked_out_once_where_nothing_comes_later():
    slow = [with_weeks(m, SLOW) if m.sku in ("GEN-2000", "MVS-10") else m for m in MODULES]
    assert growing_phases(wished(), a_catalog(tuple(slow))) == (0,)
    # What the brief excludes makes no difference either.
    late = a_catalog((*MODULES, rival("UPS-800", SLOW)))
    assert growing_phases(wished(), late) == (0, 1)
    assert growing_phases(wished(limits={"exclude": ["UPS-801"]}), late) == (0,)
    assert first_phase(wished(), late, late.module("UPS-801")) == 1


def test_other_plant_must_be_there_for_the_first_phase_and_grid_batteries_for_the_last():
    stored = {"storage": {"power_mw": 2.0, "duration_h": 1.0}}
    catalog = a_catalog(tuple(with_weeks(m, SLOWER) if m is BES else m for m in MODULES))
    found = make_sized(wished(**stored), catalog, QUICK)
    (battery,) = (p for p in found.plant if p.carrier == "mv_storage")
    assert battery.per_side == (0, 0, 1)
    assert found.objective_usd == make_sized(wished(**stored), a_catalog(), QUICK).objective_usd
    never = a_catalog(tuple(with_weeks(m, NEVER) if m is BES else m for m in MODULES))
    with pytest.raises(Impossible, match=r"BES-4000: lead time of 300 weeks: .*, phase Three by 2030-12-31"):
        make_sized(wished(**stored), never, QUICK)
    sets = a_catalog((*MODULES, rival("GEN-2000", SLOW)))
    offers, refused = make_offers(wished(), sets, (), "standby_mv")
    assert [o.module.sku for o in offers] == ["GEN-2000"]
    assert [r.reason.endswith("first phase by 2028-12-31") for r in refused] == [True]


def test_refusals_say_from_which_phase_on():
    catalog = a_catalog((*MODULES, rival("UPS-800", SLOW), with_weeks(BES, SLOWER, sku="BES-4001")))
    said = {r.sku: r.reason for r in refused_modules(wished(), catalog, HOOKS.shapes)}
    assert set(said) == {"UPS-801"}
    assert said["UPS-801"].endswith("first phase by 2028-12-31; from phase Two on it may")


def test_refusals_of_early_phases_are_told_from_those_of_all():
    slow = (rival("UPS-800", SLOW), rival("POD-1000", SLOWER), rival("CDU-500", NEVER), rival("GEN-2000", SLOW))
    catalog = a_catalog((*MODULES, *slow))
    found = {r.sku: r for r in refused_modules(wished(), catalog, HOOKS.shapes)}
    early = {"UPS-801": True, "POD-1001": True, "CDU-501": False, "GEN-2001": False}
    assert {sku: r.early for sku, r in found.items()} == early
    assert found["CDU-501"].reason.endswith("phase Three by 2030-12-31")
    # One that comes late and gives less here is derated all the same.
    hot = wished(autonomy={"ups_min": 30.0, "generator_h": 24.0})
    assert {"UPS-800", "UPS-801"} <= {d.sku for d in derated_modules(hot, catalog, HOOKS.shapes)}


def test_pods_are_judged_for_the_phase_in_which_their_demand_begins():
    catalog = a_catalog((*MODULES, rival("POD-1000", SLOW)))
    demand = [{"name": "ask", "workload": "chat", "pods": ["POD-1000"]}, {"name": "learn", "workload": "chat"}]
    parts = [[("ask", 1.0)], [("learn", 2.0)], [("learn", 1.0)]]
    phases = [
        {**phase, "split": [{"demand": name, "it_mw": mw} for name, mw in part]}
        for phase, part in zip(PHASES, parts, strict=True)
    ]
    brief = wished(it={"workload": None, "demand": demand}, phases=phases)
    assert refused_modules(brief, catalog, HOOKS.shapes) == ()
    assert [r.sku for r in refused_modules(wished(), catalog, HOOKS.shapes)] == ["POD-1001"]


def test_the_schedule_refuses_what_stands_before_it_can_be_there():
    """A site sized for quick deliveries is not in time with slow ones."""
    brief, quick = wished(), a_catalog((*MODULES, rival("UPS-800", 20.0)))
    equipment = make_connected(brief, quick, make_sized(brief, quick, QUICK)).equipment
    slow = {m.sku: m for m in (*MODULES, rival("UPS-800", SLOW))}
    with pytest.raises(Impossible):
        make_scheduled(brief, quick.basis, slow, equipment, QUICK)


@pytest.mark.parametrize("first", range(0, 60, 10))
def test_same_cost_as_brute_force_whatever_comes_late(first):
    """Small generated sites of two or three phases, of whose pods, UPS and batteries some come later."""
    outcomes = Counter()
    for seed in range(first, first + 10):
        site, pick = a_site(seed), random.Random(f"lead times {seed}")
        modules = tuple(
            with_weeks(m, pick.choice([20.0, 220.0, 270.0, 320.0]))
            if m.family in ("it_pod", "power", "cdu", "battery") and pick.random() < 0.4
            else m
            for m in site.catalog.modules
        )
        problem = make_problem(site.brief, site.catalog.model_copy(update={"modules": modules}), HOOKS)
        found, least = sized_usd(problem), Brute(problem).least_usd()
        assert found == least, f"seed {seed}"
        if least is not None:
            bounding = Bounding(problem)
            by_counts = bounding.by_counts(np.arange(len(problem.columns)))
            assert max(bounding.by_lines().min(), by_counts.min()) <= least
        outcomes[least is None, any(c.column.ready for c in problem.columns)] += 1
    assert len(outcomes) > 1
