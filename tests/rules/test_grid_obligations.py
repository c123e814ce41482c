"""Grid rules: what is checked, what stays open, and generating sets and batteries that a rule asks for."""

from datetime import date
from pathlib import Path

import pytest
from build import BES, MODULES, a_brief, a_catalog
from damage import damaged
from two_sided import CASES_EACH, Tally, near, sites

from prefab.catalog import load_catalog
from prefab.conflict import find_conflict
from prefab.connecting import make_connected
from prefab.connection import GridStep
from prefab.design import make_plan
from prefab.errors import Impossible, InputError
from prefab.market import GridRule
from prefab.plan import read_plan
from prefab.problem import make_problem
from prefab.projection import make_projection
from prefab.rules import HOOKS, SUPPLY, grid_obligations
from prefab.rules.walk import walk
from prefab.sizing import make_sized
from prefab.solver import FULL, QUICK
from prefab.supply import SupplyHours

RULES = {r.key: r for r in load_catalog().grid_rules}
MATCH, SB6 = RULES["ireland-cru-2025236"], RULES["texas-sb6"]


def asking(share: float, beyond: str = "") -> GridRule:
    """Generation and storage of a share of the import capacity, whatever the load, and nothing else."""
    obligation = MATCH.obligation[0].model_copy(update={"amount": share, "from_mw": 0.0, "beyond": beyond})
    change = {"key": "match", "countries": ("IE", "SE"), "threshold_mw": 0.0, "obligation": (obligation,)}
    return MATCH.model_copy(update=change)


@pytest.fixture(scope="module")
def plan():
    """20 MW with generators and a battery, on a connection of 30 MW."""
    return read_plan(Path(__file__).parents[2] / "layouts" / "training-20mw" / "plan.json")


def under(plan, *rules, mw=None, named=True, as_of=None):
    """The plan where these rules hold, or where nobody said that they do."""
    grid = plan.brief.grid.model_copy(
        update={
            "rules": tuple(r.key for r in rules) if named else None,
            "capacity_mw": mw or plan.brief.grid.capacity_mw,
        }
    )
    brief = plan.brief.model_copy(update={"grid": grid, "as_of": as_of or plan.brief.as_of})
    return plan.model_copy(update={"brief": brief, "grid_rules": rules})


def said(plan):
    return [(f.where, f.kept) for f in grid_obligations.check(plan)]


def kinds(plan):
    return [p.text.partition(":")[0] for p in grid_obligations.open_points(plan)]


def own_kw(plan):
    """Added up by hand from the tags of the plan."""
    rated = {m.sku: m for m in plan.modules}
    tags = [rated[e.sku] for e in plan.connected.equipment]
    sets = sum(m.gives[0].capacity_kw for m in tags if m.family == "generator")
    return sets, sum(m.grid_battery.power_kw for m in tags if m.grid_battery)


# what is checked -----------------------------------------------------------------------------------------------------


def test_own_supply_is_that_of_sets_and_batteries(plan):
    sets_kw, battery_kw = own_kw(plan)
    assert sets_kw > 0 < battery_kw
    share = (sets_kw + battery_kw) / 1000 / plan.brief.grid.capacity_mw
    for amount, kept in ((share * 0.9999, True), (share * 1.0001, False)):
        found, total = grid_obligations.check(under(plan, asking(amount)))
        assert (found.where, found.kept, total.kept) == ("match", kept, kept)
        assert found.actual == pytest.approx(sets_kw + battery_kw)
        assert grid_obligations.open_points(under(plan, asking(amount))) == ()


@pytest.mark.parametrize("family", ["generator", "battery"])
def test_a_plan_without_its_sets_or_batteries_is_refused(plan, family):
    sets_kw, battery_kw = own_kw(plan)
    rule = asking((sets_kw + battery_kw) / 1000 / plan.brief.grid.capacity_mw)
    skus = {m.sku for m in plan.modules if m.family == family}

    def without(tree):
        found = tree["connected"]["equipment"]
        found.remove(next(e for e in found if e["sku"] in skus))

    assert said(under(plan, rule)) == [("match", True), ("site", True)]
    assert said(damaged(under(plan, rule), without)) == [("match", False), ("site", False)]


def test_a_site_that_may_be_curtailed_goes_over_to_its_own_generation(plan):
    texas = under(plan, SB6, mw=80.0)
    found, total = grid_obligations.check(texas)
    assert found.kept
    assert total.kept
    assert found.actual == pytest.approx(own_kw(plan)[0])
    assert 20_000 < found.limit < found.actual
    assert kinds(texas) == ["Study", "Disclosure", "Disclosure", "Minimum bill"]
    (disclosed,) = (p.why for p in grid_obligations.open_points(texas) if p.why.startswith("To be disclosed"))
    assert f"{sum(own_kw(plan)) / 80_000:.0%} of its connection" in disclosed


def phased(plan, share, *steps):
    """The plan in two phases, its batteries and one set in the second, on a connection that comes in steps."""
    skus = {m.sku: m.family for m in plan.modules}

    def halved(tree):
        found = tree["connected"]["equipment"]
        last = max(n for n, e in enumerate(found) if skus[e["sku"]] == "generator")
        for n, e in enumerate(found):
            e["phase"] = int(n == last or skus[e["sku"]] == "battery")

    series = tuple(GridStep(since=d, firm_mw=mw) for d, mw in steps)
    bridge = plan.brief.grid.bridge.model_copy(update={"allowed": bool(steps)})
    grid = plan.brief.grid.model_copy(update={"series": series, "bridge": bridge})
    phases = [
        plan.brief.phases[0].model_copy(update={"name": n, "energised_by": d})
        for n, d in (("One", date(2029, 12, 31)), ("Two", date(2030, 12, 31)))
    ]
    brief = plan.brief.model_copy(update={"grid": grid, "phases": tuple(phases)})
    return damaged(under(plan.model_copy(update={"brief": brief}), asking(share)), halved)


def test_every_phase_has_own_supply_for_its_own_connection(plan):
    sets_kw, battery_kw = own_kw(plan)
    mw = plan.brief.grid.capacity_mw
    early_kw = sets_kw * 0.9
    for steps, asked_mw in (
        ((), mw),
        (((date(2029, 1, 1), 10.0), (date(2030, 1, 1), mw)), 10.0),
        # What comes after the last phase is asked for in it: nothing is built later.
        (((date(2029, 1, 1), 10.0), (date(2031, 1, 1), mw)), 10.0),
    ):
        for share in (0.9999, 1.0001):
            early, full, total = grid_obligations.check(phased(plan, early_kw / 1000 / asked_mw * share, *steps))
            assert (early.where, full.where) == ("match, phase One", "match, phase Two")
            assert early.actual == pytest.approx(early_kw)
            assert full.actual == pytest.approx(sets_kw + battery_kw)
            assert early.kept is (share < 1)
            assert early.limit == pytest.approx(early_kw * share)
            assert full.limit == pytest.approx(early_kw * share * mw / asked_mw)
            assert total.actual == (not (early.kept and full.kept))


def test_before_a_connection_nothing_is_asked(plan):
    series = ((date(2030, 1, 1), plan.brief.grid.capacity_mw),)
    full, total = grid_obligations.check(phased(plan, 0.1, *series))
    assert (full.where, total.where) == ("match, phase Two", "site")


def test_a_site_goes_over_to_its_own_generation_in_every_phase(plan):
    there = phased(plan, 0.1)
    texas = there.model_copy(update={"grid_rules": (SB6,)})
    grid = there.brief.grid.model_copy(update={"rules": (SB6.key,), "capacity_mw": 80.0})
    texas = texas.model_copy(update={"brief": there.brief.model_copy(update={"grid": grid})})
    assert [w for w, _ in said(texas)] == ["texas-sb6, phase One", "texas-sb6, phase Two", "site"]
    assert "Curtailment" not in kinds(texas)


# what stays open -----------------------------------------------------------------------------------------------------


def test_an_obligation_is_checked_or_open_and_never_both(plan):
    for rule in RULES.values():
        here = under(plan, rule, mw=200.0)
        checked = [f for f in grid_obligations.check(here) if f.where == rule.key]
        points = [p for p in grid_obligations.open_points(here) if p.text not in {o.beyond for o in rule.obligation}]
        assert len(checked) + len(points) == len(rule.obligation)


def test_what_no_plan_shows_of_a_checked_obligation_stays_open(plan):
    assert "takes part in the market" in MATCH.obligation[0].beyond
    here = under(plan, MATCH, mw=40.0)
    assert said(here)[0][0] == MATCH.key
    points = {p.text: p.why for p in grid_obligations.open_points(here)}
    assert "Its figures are checked" in points[MATCH.obligation[0].beyond]
    # Where nobody said that the rule holds, the obligation is open as a whole.
    assert MATCH.obligation[0].beyond not in {
        p.text for p in grid_obligations.open_points(under(plan, MATCH, named=False))
    }
    assert kinds(under(plan, asking(0.1))) == []
    assert [p.text for p in grid_obligations.open_points(under(plan, asking(0.1, "In blue.")))] == ["In blue."]


def test_smaller_loads_are_asked_for_nothing(plan):
    assert said(under(plan, SB6, mw=74.9)) == []
    assert kinds(under(plan, SB6, mw=74.9)) == []


def test_where_nobody_says_which_hold_all_are_open(plan):
    here = under(plan, MATCH, SB6, mw=100.0, named=False)
    assert said(here) == []
    points = grid_obligations.open_points(here)
    assert len(points) == len(MATCH.obligation) + len(SB6.obligation)
    assert all("grid.rules" in p.why for p in points)


def test_a_place_without_data_is_an_open_point(plan):
    (point,) = grid_obligations.open_points(under(plan, named=False))
    assert f"none for {plan.brief.site.country}" in point.why
    assert grid_obligations.open_points(under(plan)) == ()


@pytest.mark.parametrize(("as_of", "old"), [(date(2027, 9, 1), False), (date(2027, 9, 2), True)])
def test_a_rule_read_long_ago_is_warned_of(plan, as_of, old):
    here = under(plan, asking(0.1), as_of=as_of)
    assert [p.text for p in grid_obligations.open_points(here)] == (["As read on 2026-09-01."] if old else [])


def test_without_generation_a_site_can_only_curtail(plan):
    def without_sets(tree):
        skus = {m["sku"] for m in tree["modules"] if m["family"] == "generator"}
        tree["connected"]["equipment"] = [e for e in tree["connected"]["equipment"] if e["sku"] not in skus]

    here = damaged(under(plan, SB6, mw=80.0), without_sets)
    assert said(here) == []
    (point,) = (p for p in grid_obligations.open_points(here) if p.text.startswith("Curtailment"))
    assert "only curtail what computes" in point.why


def test_words(plan):
    assert "open points" in grid_obligations.explain(plan.brief)
    assert grid_obligations.explain(under(plan).brief) == "No grid rule holds here."
    assert "texas-sb6" in grid_obligations.explain(under(plan, SB6).brief)


# the solver's side ---------------------------------------------------------------------------------------------------


def test_what_the_rows_accept_the_check_keeps():
    """Whole watts a module: none of 320 cases lies within them."""
    tally = Tally()
    for site in sites(21, grid={"capacity_mw": 50.0}):
        stored = [m for m in site.catalog.modules if m.grid_battery and any(s == m.sku for _, s, _ in site.plant)]
        last = len(site.brief.phases) - 1
        for _ in range(CASES_EACH):
            # The phase that the case is near to, and what the connection gives in it.
            phase, early_mw = site.rng.randrange(last + 1), site.rng.choice((25.0, 50.0))
            own = site.counts("standby_mv")[phase] * site.catalog.module(site.sku("standby_mv")).gives[0].capacity_kw
            own += sum(site.counts("mv_storage")[phase] * m.grid_battery.power_kw for m in stored)
            rule = asking(own / 1000 / (50.0 if phase == last else early_mw) * near(site.rng))
            given_mw = [early_mw] * last + [50.0]
            series = zip((p.energised_by for p in site.brief.phases), given_mw, strict=True)
            steps = tuple(GridStep(since=day, firm_mw=mw) for day, mw in series)
            here = site.wishing("grid", rules=("match",), series=steps if site.rng.random() < 0.8 else ())
            here = type(site)(**{**vars(here), "catalog": site.catalog.model_copy(update={"grid_rules": (rule,)})})
            found = grid_obligations.check(here.plan())
            tally.add(here.accepted(grid_obligations), all(f.kept for f in found), rule)
    tally.conclude(0.01)


def small(share=None, **more):
    catalog = a_catalog().model_copy(update={"grid_rules": (asking(share),) if share else ()})
    grid = {"capacity_mw": 14.0, "rules": ["match"] if share else []}
    return a_brief(**{"grid": grid, **more}), catalog


def test_more_sets_are_bought_where_a_rule_asks_for_them():
    free, more = (make_sized(*small(share), QUICK) for share in (None, 0.9))
    sets = {p.sku: p.per_side[-1] for p in more.plant if p.carrier == "standby_mv"}
    _, catalog = small(0.9)
    given_kw = sum(catalog.module(sku).gives[0].capacity_kw * n for sku, n in sets.items())
    assert given_kw >= 0.9 * 14_000 > given_kw - max(catalog.module(sku).gives[0].capacity_kw for sku in sets)
    assert more.status == "optimal"
    assert more.objective_usd > free.objective_usd


def stronger(power_kw, dearer_usd):
    """The battery of the small catalog with another power, dearer by so much."""
    price = BES.price.model_copy(update={"amount": BES.price.amount + dearer_usd})
    gives = tuple(g.model_copy(update={"capacity_kw": power_kw}) for g in BES.gives)
    battery = BES.grid_battery.model_copy(update={"power_kw": power_kw})
    return BES.model_copy(update={"sku": "BES-BIG", "price": price, "gives": gives, "grid_battery": battery})


def test_without_a_battery_no_site_is_cheaper():
    """A dearer battery of more power stands for sets that the rule would ask for otherwise."""
    _, catalog = small(1.0)
    catalog = catalog.model_copy(update={"modules": a_catalog((*MODULES, stronger(3000.0, 1000))).modules})
    phases = [{"name": "One", "it_mw": 2.0, "energised_by": "2029-12-31"}]
    found = {}
    for excluded in ((), (BES.sku,), ("BES-BIG",)):
        limits = {"limits": {"exclude": list(excluded)}, "storage": {"power_mw": 2.0, "duration_h": 2.0}}
        brief, _ = small(1.0, phases=phases, **limits)
        found[excluded] = make_sized(brief, catalog, FULL)
    assert {s.status for s in found.values()} == {"optimal"}
    assert found[()].objective_usd == min(s.objective_usd for s in found.values())
    assert found[(BES.sku,)].objective_usd < found[("BES-BIG",)].objective_usd


def test_sets_are_bought_for_the_phase_that_asks():
    """The connection is whole from the first of two phases on."""
    phases = [{"name": n, "it_mw": 2.0, "energised_by": d} for n, d in (("One", "2029-12-31"), ("Two", "2030-12-31"))]
    brief, catalog = small(0.9, phases=phases)
    sized = make_sized(brief, catalog, QUICK)
    (sets,) = (p for p in sized.plant if p.carrier == "standby_mv")
    given_kw = catalog.module(sets.sku).gives[0].capacity_kw
    assert [n * given_kw >= 0.9 * 14_000 for n in sets.per_side] == [True, True]
    series = [{"since": d, "firm_mw": mw} for d, mw in (("2029-12-01", 7.0), ("2030-12-01", 14.0))]
    grid = {"capacity_mw": 14.0, "series": series, "rules": ["match"]}
    stepped = make_sized(a_brief(grid=grid, phases=phases), catalog, QUICK)
    (fewer,) = (p for p in stepped.plant if p.carrier == "standby_mv")
    assert 0.9 * 7_000 <= fewer.per_side[0] * given_kw < 0.9 * 14_000 <= fewer.per_side[1] * given_kw


def test_batteries_stand_in_the_phase_that_asks_for_them():
    """Without sets, nothing else gives what the rule asks in the first of two phases."""
    phases = [{"name": n, "it_mw": 2.0, "energised_by": d} for n, d in (("One", "2029-12-31"), ("Two", "2030-12-31"))]
    wishes = {"phases": phases, "autonomy": {"ups_min": 5.0, "generator_h": 0.0}}
    for share, early in ((None, False), (0.1, True)):
        brief, catalog = small(share, storage={"power_mw": 2.0, "duration_h": 2.0}, **wishes)
        sized = make_sized(brief, catalog, QUICK)
        (batteries,) = (p for p in sized.plant if p.carrier == "mv_storage")
        assert (batteries.per_side[0] > 0) is early
        plan = make_plan(brief, catalog, sized, make_connected(brief, catalog, sized))
        assert all(f.kept for rule in SUPPLY for f in rule.check(plan))
        assert [f.kept for f in grid_obligations.check(plan)] == [True] * (3 if share else 0)


def test_a_wish_that_no_plant_can_keep_is_named():
    brief, catalog = small(0.9, autonomy={"ups_min": 5.0, "generator_h": 0.0})
    with pytest.raises(Impossible, match=r"grid\.rules: 12\.6 MW of sets and batteries.*0\.0 MW at the most"):
        make_sized(brief, catalog, QUICK)
    assert "grid.rules" in {w.field for w in find_conflict(brief, catalog).freeing}


def test_batteries_alone_that_cannot_give_what_a_rule_asks_are_named():
    no_sets, storage = {"ups_min": 5.0, "generator_h": 0.0}, {"power_mw": 2.0, "duration_h": 2.0}
    brief, catalog = small(0.9, autonomy=no_sets, storage=storage)
    (battery,) = (o for o in make_problem(brief, catalog, HOOKS).plant if o.battery_w)
    most_mw = battery.most * battery.battery_w / 1e6
    assert 2.0 <= most_mw < 12.6
    with pytest.raises(Impossible, match=rf"grid\.rules: 12\.6 MW.*{most_mw:.1f} MW at the most"):
        make_sized(brief, catalog, QUICK)
    within, catalog = small(most_mw / 14 * 0.99, autonomy=no_sets, storage=storage)
    assert make_sized(within, catalog, QUICK).status == "optimal"


def test_an_unknown_rule_is_refused_with_those_that_are_known():
    brief, catalog = small(0.9, grid={"capacity_mw": 14.0, "rules": ["mach"]})
    with pytest.raises(InputError, match=r"grid\.rules: 'mach' is not in the catalog; did you mean match\?"):
        make_problem(brief, catalog, HOOKS)


def test_a_rule_of_another_country_is_refused():
    brief, catalog = small(0.9)
    abroad = brief.model_copy(update={"site": brief.site.model_copy(update={"country": "DE"})})
    with pytest.raises(InputError, match=r"grid\.rules: 'match' is a rule of IE, SE; the site is in DE"):
        make_problem(abroad, catalog, HOOKS)


# energy of the year --------------------------------------------------------------------------------------------------


def with_contract(plan, mw, **grid):
    """The plan under a rule that asks for 0.8 of the year's energy, with a contract of the same power in every hour."""
    sources = a_brief(supply=[{"name": "deal", "kind": "ppa", "mw": mw, "usd_per_mwh": 40.0}]).supply if mw else ()
    rule = MATCH.model_copy(update={"threshold_mw": 0.0, "obligation": (MATCH.obligation[1],)})
    found = under(plan, rule, **grid)
    return found.model_copy(update={"brief": found.brief.model_copy(update={"supply": sources})})


def test_renewable_energy_is_kept_where_it_surely_is(plan):
    peak_mw = max(walk(plan, phase).import_kw for phase in range(len(plan.brief.phases))) / 1000
    enough, short = with_contract(plan, 0.8001 * peak_mw), with_contract(plan, 0.7999 * peak_mw)
    (found, total) = grid_obligations.check(enough)
    assert (found.where, found.kept, total.kept) == (MATCH.key, True, True)
    assert found.actual == pytest.approx(0.8001)
    # Who generates it, and since when, no plan shows.
    assert [p.text for p in grid_obligations.open_points(enough)] == [MATCH.obligation[1].beyond]
    # Not surely enough is not said to be broken, for the site takes less than its peak.
    assert grid_obligations.check(short) == ()
    (point,) = grid_obligations.open_points(short)
    assert "surely gives 80%, of a year at the peak in every hour" in point.why


def test_renewable_energy_is_open_without_supply_and_where_rules_are_not_named(plan):
    for found in (with_contract(plan, 0), with_contract(plan, 100.0, named=False)):
        assert grid_obligations.check(found) == ()
        assert kinds(found) == ["Renewable energy"]


def test_on_site_only_what_may_go_back_is_sure(plan):
    sun = {"name": "sun", "kind": "pv", "mw": 500.0, "on_site": True, "ha": 1000.0, "profile": "sun.csv"}
    found = with_contract(plan, 0)
    hours = (SupplyHours(name="sun", source="sun.csv", capacity_frac=(0.2,) * 8760),)
    for export_mw, kept in ((0.0, []), (30.0, [True, True])):
        grid = found.brief.grid.model_copy(update={"export_mw": export_mw})
        brief = found.brief.model_copy(update={"supply": a_brief(supply=[sun]).supply, "grid": grid})
        here = found.model_copy(update={"brief": brief, "supply_hours": hours})
        assert [f.kept for f in grid_obligations.check(here)] == kept


def test_no_year_takes_more_than_the_peak_in_every_hour(plan):
    assert max(make_projection(plan).hourly.site_kw) <= walk(plan, len(plan.brief.phases) - 1).import_kw
