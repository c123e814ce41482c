"""Spares: the proved least cost against every way to build a site, and bounds that no site undercuts."""

import random

import pytest
from build import BES, GEN, MODULES, MVS, POD, TRF, UPS, a_brief, a_catalog, a_module
from test_brute_force import SITE_CARRIERS, of_pods, sized_anew

from prefab import block_walk, plant, ways
from prefab.brief import Spares
from prefab.problem import make_problem
from prefab.proving import prove
from prefab.rules import HOOKS, spares
from prefab.sizing import make_sized
from prefab.solver import QUICK
from prefab.spare_bound import make_spread, standing

SLOW_ASKS = {"policy": "critical", "lead_weeks_over": 52.0}


def slow(module, weeks):
    return module.model_copy(update={"deployment": module.deployment.model_copy(update={"lead_weeks": weeks})})


def priced(module, usd):
    return module.model_copy(update={"price": module.price.model_copy(update={"amount": float(usd)})})


def a_site(seed):
    """A small site: rivals of what blocks and the site share, any of them slow to come."""
    pick = random.Random(f"spares {seed}")
    weeks, price = lambda: pick.choice([10.0, 10.0, 60.0, 90.0]), lambda: pick.randrange(30_000, 300_000)
    rivals = [
        sized_anew(UPS, "UPS-1300", pick.randrange(900, 1400), price()),
        sized_anew(TRF, "TRF-1600", pick.choice([1300, 1600]), price(), parallel_max=1),
        sized_anew(GEN, "GEN-900", pick.randrange(700, 1500), price()),
        sized_anew(MVS, "MVS-05", pick.randrange(2_500, 6_000), price(), feeders_max=pick.choice([2, 4, None])),
    ]
    two = pick.random() < 0.3
    pods = [POD, of_pods(POD, "POD-0600", 600.0, pick.randrange(500_000, 800_000))] if two else [POD]
    modules = [m for m in MODULES if m.sku not in (POD.sku, "CHL-400")]
    chiller = next(m for m in MODULES if m.sku == "CHL-400")
    rest = [priced(m, price()) if m.sku in ("UPS-800", "TRF-1000", "GEN-2000", "MVS-10") else m for m in modules]
    many = pick.random() < 0.4
    of_long = weeks if not many else lambda: pick.choice([60.0, 90.0])
    made = tuple(slow(m, of_long()) for m in (*rest, *rivals, chiller)) + tuple(pods)
    makers = pick.random() < 0.3
    if makers:
        made = tuple(m.model_copy(update={"manufacturer": pick.choice(["generic", "other"])}) for m in made)
    it_mw = pick.choice([1.0, 2.0])
    wishes = {}
    if two:
        demand = {"workload": "chat"}
        wishes["it"] = {
            "workload": None,
            "demand": [{"name": "a", "pods": ["POD-1000"], **demand}, {"name": "b", "pods": ["POD-0600"], **demand}],
        }
        split = [{"demand": "a", "it_mw": it_mw / 2}, {"demand": "b", "it_mw": it_mw / 2}]
        wishes["phases"] = [{"name": "P", "it_mw": it_mw, "energised_by": "2030-12-31", "split": split}]
    else:
        wishes["phases"] = [{"name": "P", "it_mw": it_mw, "energised_by": "2030-12-31"}]
    if makers:
        wishes["prefer"] = {"makers": ["generic"], "margin_frac": pick.choice([0.03, 0.17])}
    brief = a_brief(
        site={"width_m": 900.0, "depth_m": 900.0},
        grid={"capacity_mw": 3 * it_mw},
        limits={"pods_per_block": pick.choice([1, 2])},
        redundancy={"power": pick.choice(["N", "N+1", "2N"]), "cooling": pick.choice(["N", "N+1"])},
        spares={
            "policy": "critical",
            "lead_weeks_over": pick.choice([50.0, 70.0]),
            "per_modules": pick.choice([None, 1, 2, 3, 5, 20]),
        },
        **wishes,
    )
    return brief, a_catalog(made)


def every_way(monkeypatch, brief, catalog):
    """The question with every way to build a block and all plant, nothing beaten."""
    with monkeypatch.context() as patch:
        patch.setattr(block_walk, "least", lambda fronts, _: fronts)
        patch.setattr(ways, "unbeaten", lambda fronts: [f for f in ways.placed(fronts) if len(f)])
        patch.setattr(plant, "outdoes", lambda *_: False)
        patch.setattr(plant, "without_poor_units", list)
        return make_problem(brief, catalog, HOOKS)


BY_FIVES = [
    pytest.param(range(n, n + 5), id=f"{n}-{n + 4}", marks=() if n in (10, 30) else pytest.mark.slow)
    for n in range(0, 50, 5)
]
"""Fifty sites; a few of them in every run."""


@pytest.mark.parametrize("seeds", BY_FIVES)
def test_no_site_undercuts_the_bound_and_what_is_called_optimal_is(seeds, monkeypatch):
    """Of every way to build a site, beaten or not, the cheapest with its spares."""
    better = 0
    for seed in seeds:
        brief, catalog = a_site(seed)
        every = every_way(monkeypatch, brief, catalog)
        assert len(every.columns) > len(make_problem(brief, catalog, HOOKS).columns)
        least = prove(every, QUICK, None, None)
        assert least.status == "optimal"
        found = make_sized(brief, catalog, QUICK)
        assert found.exact_bound_usd <= found.bound_usd <= least.objective <= found.objective_usd, seed
        if spares.are_seen(brief, catalog):
            assert (found.status, found.objective_usd) == ("optimal", least.objective), seed
        # The bound that stands alone where ways are many, on the same sites.
        bare = brief.model_copy(update={"spares": Spares()})
        free = make_sized(bare, catalog, QUICK)
        spread = make_spread(brief, catalog, standing(found))
        alone = make_sized(bare, spread.catalog, QUICK)
        assert alone.exact_bound_usd <= alone.bound_usd
        assert free.bound_usd <= alone.bound_usd + spread.fixed_usd <= least.objective, seed
        better += free.bound_usd < alone.bound_usd + spread.fixed_usd
    assert better >= len(seeds) - 1


def test_a_way_that_shares_its_types_is_kept_for_its_spares(monkeypatch):
    # A small transformer for what cools saves a thousand each; those of the UPS then ask for a spare of their own.
    small = sized_anew(TRF, "TRF-0500", 500, 99_000, parallel_max=1)
    half = tuple((load, kw / 2) for load, kw in TRF.losses.points)
    small = small.model_copy(update={"losses": TRF.losses.model_copy(update={"points": half})})
    rest = tuple(m for m in MODULES if m.sku != TRF.sku)
    catalog = a_catalog((*rest, slow(TRF, 60.0), slow(small, 60.0)))
    brief = a_brief(redundancy={"power": "N"}, spares=SLOW_ASKS)
    best = make_sized(brief, catalog, QUICK)
    assert (best.status, best.gap_frac, [s.sku for s in best.spares]) == ("optimal", 0, ["TRF-1000"])
    # Where there are too many types to mind them, that way is lost and nobody says optimal.
    monkeypatch.setattr(spares, "_MINDED", 0)
    found = make_sized(brief, catalog, QUICK)
    assert [s.sku for s in found.spares] == ["TRF-0500", "TRF-1000"]
    assert found.status == "feasible"
    assert found.bound_usd <= best.objective_usd < found.objective_usd
    bare = make_sized(brief.model_copy(update={"spares": Spares()}), catalog, QUICK)
    assert found.bound_usd >= bare.bound_usd + 99_000 * 1.05


def test_plant_without_a_spare_is_kept_beside_a_cheaper_one_that_asks_for_it():
    fed = [{"carrier": "hv_ac", "connection": "transfer", "through": True}]
    behind = [{"carrier": "hv_bay", "connection": "unit", "through": True}]
    gives = [{"carrier": "hv_bay", "capacity_kva": 9_000}]
    bays = [
        a_module(f"HVB-{n}", "hv_bay", price_usd=usd, needs=fed, gives=gives) for n, usd in ((1, 90_000), (2, 99_000))
    ]
    main = a_module("TXM-10", "transformer", needs=behind, gives=[{"carrier": "utility_mv", "capacity_kva": 5_000}])
    catalog = a_catalog((*MODULES, main, slow(bays[0], 60.0), bays[1]), carriers=SITE_CARRIERS)
    high = {"grid": {"voltage_kv": 110.0}}
    assert "HVB-1" in {p.sku for p in make_sized(a_brief(**high), catalog, QUICK).plant}
    found = make_sized(a_brief(spares=SLOW_ASKS, **high), catalog, QUICK)
    assert "HVB-2" in {p.sku for p in found.plant}
    assert (found.status, found.spares) == ("optimal", ())


def test_batteries_are_chosen_with_their_spares():
    # One large battery is cheaper than two small ones, but not with another one in store.
    large = slow(priced(BES, 500_000), 60.0)
    small = sized_anew(BES, "BES-2000", 1_000, 260_000)
    half = {"power_kw": 1_000.0, "energy_kwh": 2_000.0}
    small = slow(small.model_copy(update={"grid_battery": BES.grid_battery.model_copy(update=half)}), 60.0)
    catalog = a_catalog((*(m for m in MODULES if m.sku != BES.sku), large, small))
    stored = {"storage": {"power_mw": 2.0, "duration_h": 1.0}}
    assert "BES-4000" in {p.sku for p in make_sized(a_brief(**stored), catalog, QUICK).plant}
    found = make_sized(a_brief(spares=SLOW_ASKS, **stored), catalog, QUICK)
    assert [(s.sku, s.count) for s in found.spares] == [("BES-2000", 1)]
    assert found.status == "optimal"


# By hand: 100,000 with 5 % of freight is 105,000 a spare; installed a module counts 1.15 times its price.
OTHER = priced(sized_anew(GEN, "GEN-900", 900, 0), 200_000)


def spread_of(standing, per, *modules, over=52.0, **wishes):
    asked = {"policy": "critical", "lead_weeks_over": over, "per_modules": per}
    rest = [m for m in MODULES if m.sku not in {given.sku for given in modules}]
    catalog = a_catalog((*rest, *modules))
    spread = make_spread(a_brief(spares=asked, **wishes), catalog, standing)
    before = {m.sku: m.price_exact_usd for m in catalog.modules}
    more = {m.sku: float((m.price_exact_usd - before[m.sku]) * catalog.costs.installed) for m in spread.catalog.modules}
    assert all(usd <= round(usd) < usd + 1e-6 for usd in more.values())
    return {sku: round(usd) for sku, usd in more.items() if usd}, spread.fixed_usd


def test_where_few_stand_one_spare_is_the_better_bound():
    assert spread_of({"GEN-2000": 3}, 20, slow(GEN, 60.0)) == ({}, 105_000)
    assert spread_of({"GEN-2000": 30}, None, slow(GEN, 60.0)) == ({}, 105_000)


def test_where_many_stand_each_brings_its_part():
    # 52,500 for each of five and 52,500: exactly the three spares of five at one for each two.
    assert spread_of({"GEN-2000": 5}, 2, slow(GEN, 60.0)) == ({"GEN-2000": 52_500}, 52_500)
    assert spread_of({"GEN-2000": 5}, 1, slow(GEN, 60.0)) == ({"GEN-2000": 105_000}, 105_000)


def test_of_rivals_the_cheaper_spare_is_certain_and_the_rest_is_spread():
    # (210,000 - 105,000) * 20 / 19 / 20
    assert spread_of({"GEN-2000": 3}, 20, slow(GEN, 60.0), slow(OTHER, 60.0)) == ({"GEN-900": 5_526}, 105_000)


def test_a_rival_that_comes_soon_leaves_nothing_certain():
    assert spread_of({"GEN-2000": 3}, 20, slow(GEN, 60.0), OTHER) == ({"GEN-2000": 5_250}, 0)


def test_what_gives_two_things_is_counted_once():
    both = GEN.model_copy(update={"gives": (*GEN.gives, *MVS.gives)})
    without = tuple(m.sku for m in MODULES if m.sku == "MVS-10")
    assert spread_of({}, None, slow(both, 60.0), limits={"exclude": without}) == ({}, 105_000)


def test_blocks_are_followed_from_their_pods():
    # A pod's power comes from the UPS, and the UPS's from a transformer of its own.
    assert spread_of({}, None, slow(UPS, 60.0), slow(TRF, 60.0)) == ({}, 210_000)


def test_preferred_makers_count_in_the_choice():
    wishes = {"prefer": {"makers": ["somebody"], "margin_frac": 0.1}}
    assert spread_of({"GEN-2000": 3}, 20, slow(GEN, 60.0), **wishes) == ({}, 115_500)
