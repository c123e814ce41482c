"""Storage duties in the sizing against plain loops on small drawn sites: the same least cost, or impossible on both
sides."""

import math
import random
from collections import Counter
from dataclasses import replace
from itertools import product

import pytest
from brute_duties import BruteDuties, Own
from build import a_brief
from duty_sites import a_battery, a_duty_catalog, interactive
from proved import sized_of

from prefab.connecting import make_connected
from prefab.design import make_plan
from prefab.levels import levels_of
from prefab.problem import make_problem
from prefab.rules import grid_limit, storage, storage_in_time
from prefab.sizing import hooks_of
from prefab.storage_ask import BlockAsk, Line, ShavingAsk, SwingAsk
from prefab.units import WATTS, have

WISHES = ("ramps", "swings", "both", "shaving by swings", "shaving", "all")


def coming_late(catalog, sku):
    """With a module that is there for the second phase only."""
    late = {m.sku: m.deployment.model_copy(update={"lead_weeks": 235.0}) for m in catalog.modules if m.sku == sku}
    modules = (m.model_copy(update={"deployment": late.get(m.sku, m.deployment)}) for m in catalog.modules)
    return catalog.model_copy(update={"modules": tuple(modules)})


def a_site(seed):
    """Up to 3 MW of training whose grid bears less than it draws, in one of six ways; tight, slack, now and then
    impossible."""
    pick = random.Random(f"duties {seed}")
    wish = WISHES[seed % len(WISHES)]
    # Two demands beside hours of a peak would be too many splits for plain loops.
    two_demands, phases = pick.random() < 0.25 and wish != "shaving", pick.choice([1, 1, 2])
    catalog = a_duty_catalog(
        pick, ups=pick.choice([0, 1, 1, 2]), caps=pick.choice([0, 1, 1, 2]), pods=pick.choice([1, 2]),
        batteries=pick.choice([1, 2, 3]), cards=1 + two_demands,
    )  # fmt: skip
    it_mw = pick.choice([1.0, 2.0, 2.6, pick.uniform(0.8, 3.0)])
    shares = [pick.uniform(0.35, 0.65) for _ in range(phases)]
    named = []
    for n, share in enumerate(shares):
        mw = round(it_mw * share / sum(shares), 3)
        named.append({"name": f"P{n}", "it_mw": mw, "energised_by": f"{2030 + n}-12-31"})
        if two_demands:
            named[-1]["split"] = [{"demand": d, "it_mw": mw / 2} for d in ("one", "two")]
    if phases > 1 and pick.random() < 0.5:
        catalog = coming_late(catalog, pick.choice(["BES-A", "BES-B", "GUP-0", "CAP-0"]))
    demands = [{"name": n, "workload": w} for n, w in (("one", "train"), ("two", "tune"))]
    # What blocks of whole pods draw at their peak, roughly: where storage is to keep it lower, a bit less or more.
    drawn_mw = 1.27 * math.ceil(it_mw - 1e-9)
    grid = {"capacity_mw": drawn_mw * pick.choice([3.0, pick.uniform(0.99, 1.1), pick.uniform(0.99, 1.1)])}
    storage = {}
    if wish in ("ramps", "both", "all"):
        grid["ramp_mw_per_min"] = round(it_mw * pick.choice([0.05, 0.2, pick.uniform(0.1, 2.0)]), 3)
    if wish in ("swings", "both", "all"):
        grid["swing_mw"] = round(it_mw * pick.choice([0.0, pick.uniform(0.02, 0.2), 0.9]), 3)
    if wish.startswith("shaving") or wish == "all":
        storage["shaving"] = {"allowed": True}
        grid["capacity_mw"] = drawn_mw * pick.uniform(0.87, 0.99)
    if wish == "shaving":
        storage["shaving"] |= {"peak_h": pick.uniform(0.1, 3.0), "rest_frac": pick.uniform(0.4, 0.85)}
    if pick.random() < 0.3:
        storage |= {"power_mw": pick.choice([0.3, 0.8]), "duration_h": pick.choice([0.3, 1.0])}
    if phases > 1 and pick.random() < 0.5:
        first, mw = named[0]["it_mw"], grid["capacity_mw"]
        early = min(mw, 1.27 * math.ceil(first - 1e-9) * pick.uniform(0.9, 1.1))
        grid["series"] = [{"since": "2030-06-30", "firm_mw": early}, {"since": "2031-06-30", "firm_mw": mw}]
    brief = a_brief(
        it={"demand": demands, "workload": None} if two_demands else {"workload": "train"},
        phases=named, grid=grid, storage=storage, autonomy={"generator_h": 0.0, "ups_min": pick.choice([3.0, 5.0])},
        redundancy={"power": pick.choice(["N", "N+1"]), "cooling": "N", "intake": "N"},
        limits={"pods_per_block": pick.randint(1, 2), "block_kinds": pick.choice([1, 2])},
    )  # fmt: skip
    return make_problem(brief, catalog, hooks_of(brief, catalog, ()))


def agreed(seed):
    """The sizing's site, whose cost is that of plain loops."""
    problem = a_site(seed)
    sized, least_usd = sized_of(problem), BruteDuties(problem).least_usd()
    assert (sized.objective_usd if sized else None) == least_usd, seed
    return sized


def told(sized):
    """Who does which duty at a site, what is done by several, and how many kinds of storage do anything."""
    if sized is None:
        return {"impossible"}
    who = {(s.duty, s.carrier) for s in sized.storage if s.duty != "reserve"}
    several = {f"{duty} by several" for duty in ("swing", "ramp") if sum(duty == d for d, _ in who) > 1}
    reserve = {"reserve"} & {s.duty for s in sized.storage}
    return who | several | reserve | ({"nobody"} if not who else set())


MANY = 13 * len(WISHES)
OTHERS = 7 * len(WISHES)


def test_same_cost_as_plain_loops():
    seen = Counter()
    for seed in range(MANY):
        seen.update(told(agreed(seed)))
    batteries, racks, ups = "mv_storage", "load_smoothing", "critical_ac"
    does = [*product(("ramp", "swing"), (batteries, ups)), ("swing", racks), ("shaving", batteries)]
    kinds = (*does, "ramp by several", "swing by several", "reserve", "nobody", "impossible")
    assert min(seen[kind] for kind in kinds) >= 3, seen


def test_plans_of_such_sites_keep_the_checks_on_storage():
    """Second by second, too; hours of a peak that are no whole minutes among them."""
    seen = Counter()
    for seed in range(4 * len(WISHES)):
        problem = a_site(seed)
        if (sized := sized_of(problem)) is None:
            continue
        brief, catalog = problem.brief, problem.catalog
        plan = make_plan(brief, catalog, sized, make_connected(brief, catalog, sized))
        findings = [f for rule in (storage, storage_in_time, grid_limit) for f in rule.check(plan)]
        assert [str(f) for f in findings if f.kept is False] == [], seed
        seen.update({s.duty for s in sized.storage})
    assert min(seen[duty] for duty in ("ramp", "swing", "shaving")) >= 2, seen


def with_periods(problem, seconds, high):
    """Whose iterations last so long, for such a share of which all compute."""
    span = {"low": seconds, "base": seconds, "high": seconds}
    part = {"low": high, "base": high, "high": high}
    cards = tuple(
        c.model_copy(
            update={
                "swing": type(c.swing).model_validate({**c.swing.model_dump(), "period_s": span, "high_frac": part})
            }
        )
        for c in problem.catalog.workloads
    )
    catalog = problem.catalog.model_copy(update={"workloads": cards})
    return make_problem(problem.brief, catalog, hooks_of(problem.brief, catalog, ()))


def test_short_iterations_keep_the_check_in_time_and_hardly_less_would_do():
    """Noise carries the charge of short swings further than a part of what one of them takes."""
    seen = Counter()
    for seed in range(1, 4 * len(WISHES), 2):
        problem = with_periods(a_site(seed), (2.0, 4.0, 7.0, 12.0)[seed % 4], (0.3, 0.6, 0.9)[seed % 3])
        if (sized := sized_of(problem)) is None:
            continue
        plan = make_plan(problem.brief, problem.catalog, sized, make_connected(problem.brief, problem.catalog, sized))
        assert [str(f) for f in storage_in_time.check(plan) if f.kept is False] == [], seed
        less = [
            s.model_copy(update={"energy_kwh": s.energy_kwh * (0.7 if s.duty == "swing" else 1)}) for s in sized.storage
        ]
        short = plan.model_copy(update={"sized": sized.model_copy(update={"storage": tuple(less)})})
        swings = any(s.duty == "swing" for s in sized.storage)
        assert swings == any(f.kept is False for f in storage_in_time.check(short)), seed
        seen[swings] += 1
    assert seen[True] >= 5, seen


@pytest.mark.slow
def test_same_cost_as_plain_loops_on_many_more_sites():
    for seed in range(MANY, 300):
        agreed(seed)


def with_other_duties(problem, seed):
    """Duties whose figures are drawn, so that each of them binds somewhere: energy for swings of minutes, swings that
    are far from certain, relief that decides, UPS that lend much or little."""
    pick = random.Random(f"drawn duties {seed}")
    ask, columns = problem.storage, []
    for choice in problem.columns:
        watts, lends = 1000 * choice.it_kw, pick.choice([0.0, 0.0, pick.uniform(0.1, 0.95)])
        swing_w = int(pick.choice([0, 1, 1]) * pick.uniform(0.1, 0.5) * watts) if any(ask.swings) else 0
        step_w = int(pick.uniform(0.3, 0.9) * watts) if ask.ramp_h else 0
        relief_w = int(pick.choice([0.0, 0.1]) * watts) if any(ask.swings) and not swing_w else 0
        sure_w = int(pick.uniform(0.3, 1.0) * swing_w)
        own = BlockAsk(swing_w, sure_w, step_w, relief_w, int(lends * step_w), int(pick.uniform(0.6, 1.0) * watts))
        columns.append(replace(choice, duty=own))

    def parts(low, high):
        return int(pick.uniform(low, high) * ask.parts)

    swings = tuple(
        s and SwingAsk(parts(0.5, 1.0), parts(0.01, pick.choice((0.3, 3.0))), parts(0.1, 0.5)) for s in ask.swings
    )
    back = Line(parts(0.05, 0.6), 0), Line(parts(0.6, 2.0), int(pick.uniform(0.0, 300_000.0)))
    shaving = ask.shaving and ShavingAsk(parts(0.3, 4.0), back, parts(0.5, 0.9), 10**9, 20_000_000)
    other = replace(
        ask, swings=swings, shaving=shaving, widest_w=20_000_000, most_w=40_000_000, most_wh=80_000_000,
        ramp_power_parts=parts(1.0, 1.2), ramp_parts=parts(0.05, 0.6) if ask.ramp_h else 0,
        seen_w=None if ask.seen_w is None else int(pick.uniform(0.0, 0.6) * 500 * problem.it_kw[0][-1]),
    )  # fmt: skip
    # Small ones, so that each of them tells.
    plant = tuple(
        replace(o, most=60, battery_w=o.battery_w // 3, battery_wh=o.battery_wh // 3, cost_usd=o.cost_usd // 3)
        if o.battery_w or o.carrier == "battery_ac"
        else o
        for o in problem.plant
    )
    problem = replace(problem, columns=tuple(columns), storage=other, plant=plant)
    return with_connection(problem, pick.uniform(0.85, 1.02)) if problem.brief.storage.shaving.allowed else problem


def with_connection(problem, frac):
    """Of so much of what the blocks draw that draw least, whole blocks aside; its steps alike."""
    least_w = sum(
        min(c.normal.grid_w * -(-kw[-1] // c.it_kw) for c in problem.columns if c.column.demand == n)
        for n, kw in enumerate(problem.it_kw)
    )
    grid, by = problem.brief.grid, frac * least_w / problem.grid_w
    series = tuple(s.model_copy(update={"firm_mw": s.firm_mw * by}) for s in grid.series)
    grid = grid.model_copy(update={"capacity_mw": grid.capacity_mw * by, "series": series})
    brief = problem.brief.model_copy(update={"grid": grid})
    return replace(problem, brief=brief, grid_w=have(grid.capacity_mw * 1000, WATTS))


def agreed_with_other_duties(seed):
    """The least cost, by both."""
    problem = with_other_duties(a_site(seed), seed)
    sized, own = sized_of(problem), {c.name: Own(*c.duty[:5]) for c in problem.columns}
    found, least_usd = sized.objective_usd if sized else None, BruteDuties(problem, own).least_usd()
    assert found == least_usd, seed
    return found


def test_same_cost_as_plain_loops_with_duties_of_any_figures():
    possible = Counter()
    for seed in range(OTHERS):
        possible[agreed_with_other_duties(seed) is not None] += 1
    assert min(possible[True], possible[False]) >= 5, possible


def test_what_a_block_leaves_and_lends_is_what_its_modules_have():
    """By another reading of requirement and modules, for every way to build a block."""
    seen = Counter()
    for seed in range(OTHERS):
        problem = a_site(seed)
        own = BruteDuties(problem).own
        for choice in problem.columns:
            assert choice.duty[:5] == own[choice.name], (seed, choice.name)
            storage = sorted({g.sku[:3] for g in choice.column.groups} & {"CAP", "GUP"})
            seen[(*storage, *("lent" for _ in range(choice.duty.offer_w > 0)))] += 1
    assert min(seen[k] for k in ((), ("CAP",), ("GUP", "lent"), ("CAP", "GUP"), ("CAP", "GUP", "lent"))) >= 10, seen


def racks_by_loops(problem, column):
    """The cheapest capacitors that take up all swings of a block, by every type in every number, and the fewest of the
    same type that have the power."""
    modules, card = {m.sku: m for m in problem.catalog.modules}, problem.catalog.workloads[0]
    high, period_s = card.swing.high_frac.base, card.swing.period_s.high
    swing_kw = column.pods * levels_of(modules[column.pod].it, card, ()).swing_kw
    asked_kw = (max(high, 1 - high) + 4 * 0.02) * swing_kw
    swing_h = high * (1 - high) * period_s / 3600
    asked_kwh = (swing_h + max(0.1 * swing_h, 5 * 0.02 * math.sqrt(2400) * 0.05 / 3600)) * swing_kw
    found = []
    for module in (m for m in modules.values() if m.capacitor):
        kw, cells = module.gives[0].capacity_kw, module.capacitor
        kwh = cells.usable_kwh * 0.8 * math.sqrt(0.95)
        fewest = math.ceil(asked_kw / kw)
        found += [(n * module.price_usd, module.sku, n, fewest) for n in range(fewest, 65) if n * kwh >= asked_kwh]
    return min(found, default=None)


def test_capacitors_are_the_cheapest_that_have_power_and_energy():
    """Of long iterations the fewest by their power have too little energy: then it is one or a few more."""
    seen = Counter()
    for seed in range(MANY):
        problem = a_site(seed)
        asked = problem.brief.grid.swing_mw is not None or problem.brief.storage.shaving.allowed
        if len(problem.it_kw) > 1 or not asked:
            continue
        ways = {(c.column.pod, c.column.pods): c.column for c in problem.columns if c.column.ready == 0}
        for column in ways.values():
            racks = [
                (g.sku, g.count)
                for c in problem.columns if (c.column.pod, c.column.pods) == (column.pod, column.pods)
                for g in c.column.groups if g.carrier == "load_smoothing" and not c.duty.swing_w
            ]  # fmt: skip
            cheapest = racks_by_loops(problem, column)
            if cheapest is not None:
                _, sku, count, fewest = cheapest
                assert (sku, count) in racks, seed
                seen["more than their power asks for" if count > fewest else "by power"] += 1
    assert len(seen) == 2, seen
    assert min(seen.values()) >= 5, seen


def many_blocks():
    """A site of ten blocks whose swings nothing but batteries takes up, all of them."""
    pick = random.Random("many blocks")
    catalog = a_duty_catalog(pick, ups=0, caps=0, pods=1, batteries=1, cards=1)
    brief = a_brief(
        it={"workload": "train"}, phases=[{"name": "One", "it_mw": 10.0, "energised_by": "2030-12-31"}],
        grid={"capacity_mw": 30.0, "swing_mw": 0.0}, autonomy={"generator_h": 0.0, "ups_min": 5.0},
        redundancy={"power": "N", "cooling": "N", "intake": "N"}, limits={"pods_per_block": 1, "block_kinds": 1},
    )  # fmt: skip
    return make_problem(brief, catalog, hooks_of(brief, catalog, ()))


def test_batteries_alone_take_up_all_swings_of_many_blocks():
    """They keep less power than the swing that they take up: watts of one are not watts of the other."""
    problem = many_blocks()
    assert problem.storage.swings[0].power_parts < 0.9 * problem.storage.parts
    sized = sized_of(problem)
    assert sized is not None
    assert sized.objective_usd == BruteDuties(problem).least_usd()
    taken_kw = sum(s.swing_kw for s in sized.storage)
    assert taken_kw == pytest.approx(10 * problem.columns[0].duty.swing_w / 1000)


def rivals(seed):
    """Two grid-interactive UPS of one rating, the cheaper of which has fewer cells, on a slow ramp."""
    pick = random.Random(f"rivals {seed}")
    catalog = a_duty_catalog(pick, ups=0, caps=pick.choice([0, 1]), pods=1, batteries=1, cards=1)
    few = interactive("GUP-0", 800, 280, pick.randrange(120_000, 200_000), None)
    many = interactive("GUP-1", 800, 800 * pick.uniform(0.6, 1.5), pick.randrange(160_000, 300_000), None)
    dear = [m if m.sku != "BES-A" else a_battery("BES-A", 500, 250, 400_000) for m in catalog.modules]
    catalog = catalog.model_copy(update={"modules": tuple(sorted((*dear, few, many), key=lambda m: m.sku))})
    brief = a_brief(
        it={"workload": "train"}, phases=[{"name": "One", "it_mw": 1.0, "energised_by": "2030-12-31"}],
        grid={"capacity_mw": 4.0, "ramp_mw_per_min": pick.uniform(0.04, 0.3)},
        autonomy={"generator_h": 0.0, "ups_min": 3.0}, redundancy={"power": "N", "cooling": "N", "intake": "N"},
    )  # fmt: skip
    return brief, catalog


def test_another_type_of_ups_to_choose_from_is_never_dearer():
    """Of equal ratings the one with more cells may be the cheaper site: no way to build a block may drive it out."""
    taken = Counter()
    for seed in range(10):
        brief, catalog = rivals(seed)
        usd = {}
        for gone in ("", "GUP-0", "GUP-1"):
            left = catalog.model_copy(update={"modules": tuple(m for m in catalog.modules if m.sku != gone)})
            sized = sized_of(make_problem(brief, left, hooks_of(brief, left, ())))
            usd[gone] = sized.objective_usd
            if not gone:
                taken.update({g.sku for k in sized.kinds for g in k.groups} & {"GUP-0", "GUP-1"})
        assert usd[""] == min(usd.values()), seed
    assert set(taken) == {"GUP-0", "GUP-1"}, taken
