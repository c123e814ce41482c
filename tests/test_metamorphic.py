"""Relations between the optima of two briefs or two catalogs, which hold whatever the figures are.

Only what follows from the question is here. A stricter level of power or cooling is not: blocks are built with the
fewest modules for their level, and more modules may lose less.
"""

import math
from datetime import date

from build import (
    BES,
    CARRIERS,
    CDU,
    DRY,
    FTK,
    GEN,
    MODULES,
    MVS,
    POD,
    TRF,
    UPS,
    _carrier,
    a_brief,
    a_catalog,
    a_module,
)
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from prefab.catalog import Catalog
from prefab.errors import Impossible
from prefab.sizing import make_sized
from prefab.solver import QUICK

few = settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
prices = st.integers(2, 90).map(lambda n: n * 10_000)
"""Whole hundreds of dollars, so that freight and installation leave whole dollars."""


def rival(module, sku, share, price_usd):
    """Another size of a module, at another price."""
    given = module.gives[0]
    field = next(f for f in ("capacity_kw", "capacity_kva", "capacity_l") if getattr(given, f))
    gives = (given.model_copy(update={field: round(getattr(given, field) * share)}), *module.gives[1:])
    price = module.price.model_copy(update={"amount": price_usd})
    return module.model_copy(update={"sku": sku, "gives": gives, "price": price})


shares = st.sampled_from([0.5, 0.75, 1.0, 1.3, 2.0])
RIVALS = {"UPS-9": UPS, "CDU-9": CDU, "TRF-9": TRF, "DRY-9": DRY, "MVS-9": MVS, "GEN-9": GEN, "FTK-9": FTK}


@st.composite
def rivals(draw):
    sku = draw(st.sampled_from(sorted(RIVALS)))
    return rival(RIVALS[sku], sku, draw(shares), draw(prices))


TXM = a_module(
    "TXM-6000",
    "transformer",
    gives=[{"carrier": "utility_mv", "capacity_kva": 6_000}],
    needs=[{"carrier": "hv_ac", "connection": "transfer", "through": True}],
    losses={"points": [[0, 5], [0.25, 10], [0.5, 18], [0.75, 28], [1, 40]]},
)


def phases(*it_mw):
    return [
        {"name": f"P{n}", "it_mw": mw, "energised_by": date(2030 + n, 12, 31).isoformat()} for n, mw in enumerate(it_mw)
    ]


@st.composite
def sites(draw):
    """A brief's tables and modules with a few rivals."""
    high = draw(st.booleans())
    found = {m.sku: m for m in draw(st.lists(rivals(), max_size=3))}
    tables = {
        "phases": phases(*draw(st.lists(st.sampled_from([0.4, 0.7, 1.0, 1.5]), min_size=1, max_size=3))),
        "grid": {"capacity_mw": draw(st.sampled_from([4.0, 6.0, 9.0])), "voltage_kv": 110.0 if high else 20.0},
        "redundancy": {
            "power": draw(st.sampled_from(["N", "N+1", "2N"])), "cooling": draw(st.sampled_from(["N", "N+1", "2N"])),
            "intake": "N", "main_transformers": "N", "standby": "N",
        },
        "autonomy": {"ups_min": 5.0, "generator_h": draw(st.sampled_from([0.0, 12.0, 48.0]))},
        "storage": {"power_mw": 1.0, "duration_h": 1.0} if draw(st.booleans()) else {},
        "limits": {"pods_per_block": draw(st.integers(1, 3)), "block_kinds": 2},
    }  # fmt: skip
    return tables, (*MODULES, TXM, *found.values())


def cost(tables, modules):
    """The least cost; infinite where nothing can be built."""
    return cost_of(a_brief(**tables), a_catalog(modules))


def cost_of(brief, catalog):
    try:
        sized = make_sized(brief, catalog, QUICK)
    except Impossible:
        return math.inf
    assert sized.status == "optimal"
    return sized.objective_usd


def with_more(tables, table, **wishes):
    return {**tables, table: {**tables[table], **wishes}}


STRICTER = {
    "less grid": lambda t: with_more(t, "grid", capacity_mw=t["grid"]["capacity_mw"] * 0.6),
    "less land": lambda t: {**t, "site": {"width_m": 30.0, "depth_m": 30.0}},
    "longer without the utility": lambda t: with_more(t, "autonomy", generator_h=t["autonomy"]["generator_h"] * 2 + 8),
    "a bigger battery": lambda t: {**t, "storage": {"power_mw": 3.0, "duration_h": 2.0}},
    "more load": lambda t: {**t, "phases": [*t["phases"], phases(*[0.3] * 4)[-1]]},
    "one kind of block": lambda t: with_more(t, "limits", block_kinds=1),
    "smaller blocks": lambda t: with_more(t, "limits", pods_per_block=1),
    "fewer modules to choose from": lambda t: with_more(t, "limits", exclude=["GEN-9", "UPS-9", "MVS-9", "CDU-9"]),
    "few SKUs": lambda t: with_more(t, "limits", skus=11),
    "a budget": lambda t: with_more(t, "limits", budget_usd=6e6),
    "intake 2N": lambda t: with_more(t, "redundancy", intake="2N"),
    "main transformers N+1": lambda t: with_more(t, "redundancy", main_transformers="N+1"),
    "standby N+1": lambda t: with_more(t, "redundancy", standby="N+1"),
}


@settings(few, max_examples=60)
@given(sites(), st.sampled_from(sorted(STRICTER)))
def test_another_demand_never_makes_it_cheaper(site, name):
    tables, modules = site
    modules = (*modules, *(rival(RIVALS[s], s, 1.0, 100_000) for s in RIVALS if s not in {m.sku for m in modules}))
    assert cost(STRICTER[name](tables), modules) >= cost(tables, modules)


@settings(few, max_examples=40)
@given(sites(), st.sampled_from([POD, BES, *RIVALS.values()]), shares, prices)
def test_another_module_never_makes_it_dearer(site, module, share, price_usd):
    """A module of the same losses and needs, that is; the others follow."""
    tables, modules = site
    assert cost(tables, (*modules, rival(module, "NEW-1", share, price_usd))) <= cost(tables, modules)


SITE = {"phases": phases(2.5), "grid": {"capacity_mw": 3.8, "voltage_kv": 110.0}, "redundancy": {"intake": "N"}}


def test_a_module_that_loses_more_never_makes_it_dearer():
    lossy = TXM.losses.model_copy(update={"points": ((0, 5), (0.25, 60), (0.5, 140), (0.75, 300), (1, 500))})
    other = TXM.model_copy(update={"sku": "TXM-9", "losses": lossy})
    assert cost(SITE, (*MODULES, TXM, other)) <= cost(SITE, (*MODULES, TXM)) < math.inf


def test_a_module_that_needs_more_never_makes_it_dearer():
    network = _carrier("network", "signal", "site", "network", unit="pods")
    carriers = tuple(sorted((*CARRIERS, network), key=lambda c: c.key))
    net = a_module("NET-2", "network", gives=[{"carrier": "network", "capacity_units": 2}])
    needs = (*BES.needs, BES.needs[0].model_copy(update={"carrier": "network", "units": 1.0, "fixed_kw": 0.0}))
    other = BES.model_copy(update={"sku": "BES-9", "needs": needs})
    brief = a_brief(storage={"power_mw": 1.0, "duration_h": 1.0})
    one, two = (a_catalog((*MODULES, net, *more), carriers=carriers) for more in ((), (other,)))
    assert cost_of(brief, two) <= cost_of(brief, one) < math.inf


@few
@given(sites(), st.sampled_from([("coolant",), ("coolant", "air_cooling")]))
def test_of_each_pods_own_is_never_cheaper_here(site, carriers):
    """Coolant and air units draw in proportion here, and headers are long: more of them save nothing."""
    tables, modules = site
    own = with_more(tables, "redundancy", scope=dict.fromkeys(carriers, "pod"))
    assert cost(own, modules) >= cost(tables, modules)
    one = {"limits": {**tables["limits"], "pods_per_block": 1}}
    assert cost({**own, **one}, modules) == cost({**tables, **one}, modules)


@few
@given(sites(), st.randoms(use_true_random=False))
def test_order_of_the_catalog_changes_no_byte(site, random):
    tables, modules = site
    brief, catalog = a_brief(**tables), a_catalog(modules)
    assume(math.isfinite(cost_of(brief, catalog)))
    shuffled = list(catalog.modules)
    random.shuffle(shuffled)
    other = Catalog(**{**dict(catalog), "modules": tuple(shuffled)})
    assert make_sized(brief, other, QUICK).model_dump_json() == make_sized(brief, catalog, QUICK).model_dump_json()


@few
@given(sites())
def test_new_names_change_names_only(site):
    """Names in the same order; where two answers are alike in everything else, the first name decides."""
    tables, modules = site
    brief, catalog = a_brief(**tables), a_catalog(modules)
    assume(math.isfinite(cost_of(brief, catalog)))
    named = a_catalog(tuple(m.model_copy(update={"sku": f"NEW-{m.sku}"}) for m in modules))
    expected = make_sized(brief, catalog, QUICK).model_dump_json()
    for module in modules:
        expected = expected.replace(f'"{module.sku}"', f'"NEW-{module.sku}"')
    assert make_sized(brief, named, QUICK).model_dump_json() == expected


@few
@given(sites(), st.randoms(use_true_random=False))
def test_names_in_any_order_cost_the_same(site, random):
    tables, modules = site
    numbers = random.sample(range(100, 1000), len(modules))
    named = tuple(m.model_copy(update={"sku": f"Z{n}-1"}) for n, m in zip(numbers, modules, strict=True))
    assert cost(tables, named) == cost(tables, modules)


@few
@given(sites(), st.sampled_from([2, 3, 10]))
def test_times_the_price_is_times_the_cost(site, times):
    tables, modules = site
    dearer = tuple(
        m.model_copy(update={"price": m.price.model_copy(update={"amount": times * m.price.amount})}) for m in modules
    )
    assert cost(tables, dearer) == times * cost(tables, modules)


@settings(few, max_examples=30)
@given(sites(), st.sampled_from([0.1, 0.25, 0.5, 0.9]))
def test_a_phase_in_two_steps_costs_the_same(site, share):
    """What the last phase needs is bought in the end, and may stand from the first day.

    An earlier phase runs fewer of the same blocks on the same plant, which never asks for anything more.
    """
    tables, modules = site
    whole = sum(p["it_mw"] for p in tables["phases"])
    one = {**tables, "phases": phases(whole)}
    two = {**tables, "phases": phases(round(whole * share, 3), whole - round(whole * share, 3))}
    assert cost(two, modules) == cost(one, modules) == cost(tables, modules)


def test_the_sites_tell_something():
    """The relations would hold between sites that nobody can build, too."""
    seen = []

    @few
    @given(sites())
    def look(site):
        seen.append(cost(*site))

    look()
    assert sum(map(math.isfinite, seen)) >= 12
    assert len(set(seen)) >= 10
