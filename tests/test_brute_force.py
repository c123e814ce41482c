"""The sizing against brute force on small generated sites: the same least cost, or impossible on both sides, always."""

import random
from collections import Counter
from dataclasses import replace

import pytest
from brute import Brute
from build import BES, CARRIERS, FTK, GEN, MODULES, MVS, POD, UPS, _carrier, a_brief, a_catalog, a_module, flat_losses
from proved import sized_usd

from prefab.brief import DemandLoad
from prefab.demands import It, ItDemand
from prefab.draw import Draw
from prefab.module import Need
from prefab.problem import make_problem
from prefab.rules import HOOKS

SITE_CARRIERS = tuple(
    sorted(
        (
            *CARRIERS,
            _carrier("battery_ac", "electric", "site", "none"),
            _carrier("gas", "fuel", "site", "none", utility=True),
            _carrier("hv_bay", "electric", "site", "main_transformers"),
            _carrier("network", "signal", "site", "network", unit="pods"),
            _carrier("site_lv_ac", "electric", "site", "intake"),
        ),
        key=lambda c: c.key,
    )
)
NETWORK = Need(carrier="network", connection="dual", units=1)
LOSSES = {"points": [[0, 5], [0.25, 10], [0.5, 18], [0.75, 28], [1, 40]]}


def sized_anew(module, sku, capacity, price_usd, **more):
    """A module with another capacity of what it gives first, and another price."""
    field = "capacity_l" if module.gives[0].capacity_l else "capacity_kw"
    given = module.gives[0].model_copy(update={"capacity_kva": None, field: float(capacity), **more})
    price = module.price.model_copy(update={"amount": price_usd})
    return module.model_copy(update={"sku": sku, "gives": (given, *module.gives[1:]), "price": price})


def of_pods(module, sku, it_kw, price_usd):
    """A pod of another size."""
    share = it_kw / module.it.sustained_kw
    figures = {f: getattr(module.it, f) * share for f in ("nameplate_kw", "sustained_kw", "peak_kw", "measured_kw")}
    return sized_anew(module, sku, it_kw, price_usd).model_copy(update={"it": module.it.model_copy(update=figures)})


def behind_110_kv(pick):
    """Main transformers, one of them with a switchgear bay of its own."""
    fed = [{"carrier": "hv_ac", "connection": "transfer", "through": True}]
    bay = [{"carrier": "hv_bay", "connection": "unit", "through": True}]
    kva = pick.choice([3_000, 5_000])
    return [
        a_module(
            "TXM-09", "transformer", price_usd=pick.randrange(500_000, 900_000), needs=fed, losses=LOSSES,
            gives=[{"carrier": "utility_mv", "capacity_kva": 9_000}],
        ),
        a_module(
            "TXM-10", "transformer", price_usd=pick.randrange(150_000, 500_000), needs=bay, losses=LOSSES,
            gives=[{"carrier": "utility_mv", "capacity_kva": kva}],
        ),
        a_module(
            "HVB-11", "hv_bay", price_usd=pick.randrange(50_000, 200_000), needs=fed,
            gives=[{"carrier": "hv_bay", "capacity_kva": 9_000}],
        ),
    ]  # fmt: skip


def services(pick):
    """A network that every pod asks for, with a transformer for what it draws."""
    fed = [{"carrier": "mv_ac", "connection": "transfer", "through": True}]
    power = [{"carrier": "site_lv_ac", "connection": "dual", "fixed_kw": 6.0}]
    return [
        a_module(
            "NET-02", "network", price_usd=pick.randrange(20_000, 60_000), needs=power,
            gives=[{"carrier": "network", "capacity_units": 2}],
        ),
        a_module(
            "NET-06", "network", price_usd=pick.randrange(40_000, 150_000), needs=power,
            gives=[{"carrier": "network", "capacity_units": 6}],
        ),
        a_module(
            "TXH-100", "transformer", price_usd=pick.randrange(20_000, 60_000), needs=fed,
            losses=flat_losses(100, 0.02), gives=[{"carrier": "site_lv_ac", "capacity_kw": 100, "parallel_max": 1}],
        ),
    ]  # fmt: skip


def batteries(pick):
    """A second battery, that stands behind a transformer which serves one or a few."""
    low = BES.needs[0].model_copy(update={"carrier": "battery_ac", "connection": pick.choice(["unit", "shared"])})
    second = sized_anew(BES, "BES-1500", 1_500, pick.randrange(100_000, 900_000))
    battery = second.grid_battery.model_copy(
        update={"power_kw": 1_500.0, "energy_kwh": pick.choice([2_000.0, 6_000.0])}
    )
    fed = [{"carrier": "mv_ac", "connection": "transfer", "through": True}]
    behind = a_module(
        "TXO-40", "transformer", price_usd=pick.randrange(30_000, 90_000), needs=fed, losses=LOSSES,
        gives=[{"carrier": "battery_ac", "capacity_kw": pick.choice([1_600, 3_500])}],
    )  # fmt: skip
    return [second.model_copy(update={"needs": (low,), "grid_battery": battery}), behind]


def gas_engine(pick):
    """A set on the pipeline."""
    engine = GEN.engine.model_copy(update={"fuel": "gas", "fuel_l_per_kwh": None, "belly_tank_l": 0.0})
    need = GEN.needs[0].model_copy(update={"carrier": "gas"})
    set_ = sized_anew(GEN, "GAS-1400", pick.choice([900, 1_400]), pick.randrange(200_000, 500_000))
    return set_.model_copy(update={"engine": engine, "needs": (need,)})


def a_site(seed):
    """A brief of up to 4 MW and a small catalog with rivals of everything that the site may need."""
    pick = random.Random(f"brute force {seed}")
    high, stored, served = (pick.random() < share for share in (0.4, 0.35, 0.4))
    fuel = pick.choice(["diesel", "diesel", "diesel", "gas", "none"])
    intakes = [
        sized_anew(
            MVS, f"MVS-{n}", pick.randrange(1_400, 6_000), pick.randrange(50_000, 900_000),
            feeders_max=pick.choice([2, 3, 4, None]), parallel_max=pick.choice([2, 4, 6]),
        )
        for n in (1, 2)
    ]  # fmt: skip
    pods = [POD]
    if pick.random() < 0.5:
        pods.append(of_pods(POD, "POD-0600", 600.0, pick.randrange(500_000, 800_000)))
    if served:
        pods = [p.model_copy(update={"needs": (*p.needs, NETWORK)}) for p in pods]
    modules = [
        *(m for m in MODULES if m.sku not in (POD.sku, MVS.sku)), *pods, *intakes,
        sized_anew(UPS, "UPS-1300", pick.randrange(900, 1400), pick.randrange(60_000, 250_000)),
        sized_anew(GEN, "GEN-900", pick.randrange(700, 1500), pick.randrange(100_000, 900_000)),
        sized_anew(FTK, "FTK-009", pick.choice([5_000, 9_000]), pick.randrange(10_000, 90_000)),
        *(behind_110_kv(pick) if high else ()), *(services(pick) if served else ()),
        *(batteries(pick) if stored else ()), *([gas_engine(pick)] if fuel == "gas" else ()),
    ]  # fmt: skip
    phases = pick.choice([1, 1, 2, 3])
    it_mw = pick.choice([1.0, 2.0, 3.0, pick.uniform(0.5, 4.0)])
    brief = a_brief(
        phases=[
            {"name": f"P{n}", "it_mw": round(it_mw / phases, 4), "energised_by": f"{2030 + n}-12-31"}
            for n in range(phases)
        ],
        site={"width_m": 900.0, "depth_m": 900.0},
        grid={"capacity_mw": round(it_mw * pick.uniform(1.15, 2.2) + 0.5, 3), "voltage_kv": 110.0 if high else 20.0},
        redundancy={
            "power": pick.choice(["N", "N+1", "2N"]), "cooling": pick.choice(["N", "N+1", "2N"]),
            "intake": pick.choice(["N", "2N"]), "main_transformers": pick.choice(["N", "N+1", "N+2"]),
            "standby": pick.choice(["N", "N+1", "N+2"]), "network": pick.choice(["N", "2N"]),
        },
        autonomy={
            "ups_min": 5.0, "generator_h": 0.0 if fuel == "none" else pick.choice([8.0, 24.0, 72.0]),
            "fuel": "gas" if fuel == "gas" else "diesel",
        },
        storage={"power_mw": pick.choice([1.0, 3.5]), "duration_h": pick.choice([1.0, 2.5])} if stored else {},
        limits={"pods_per_block": pick.randint(1, 3), "block_kinds": pick.choice([1, 2, 2])},
    )  # fmt: skip
    return make_problem(brief, a_catalog(tuple(modules), carriers=SITE_CARRIERS), HOOKS)


AT_ONCE = 10
SEEDS = range(0, 60, AT_ONCE)


@pytest.mark.parametrize("first", SEEDS)
def test_same_cost_as_brute_force(first):
    feasible = 0
    for seed in range(first, first + AT_ONCE):
        problem = a_site(seed)
        expected = Brute(problem).least_usd()
        assert sized_usd(problem) == expected, seed
        feasible += expected is not None
    # Six times seven is more than forty; a site that nobody can build is worth seeing, too.
    assert feasible >= 7


def test_the_sites_differ_in_every_way():
    problems = [a_site(seed) for seed in range(SEEDS.stop)]
    seen = Counter()
    for p in problems:
        seen.update(
            {
                "110 kV": p.brief.grid.at_high_voltage,
                "storage": p.brief.storage.power_mw > 0,
                "gas": p.brief.autonomy.fuel == "gas",
            }
        )
        seen.update({"no sets": p.generator_h == 0, "services": bool(p.services), "phases": len(p.phases) > 1})
        seen.update({"one kind": p.block_kinds == 1, "worse than normal": any(c.extra.switchgear_w for c in p.columns)})
    assert min(seen.values()) >= 5, seen
    assert len(seen) == 8


def with_other_blocks(problem, seed, least=2, most=6):
    """Blocks whose figures are drawn, so that they are as close rivals as no catalog makes them; plenty of plant.

    Of half of them generating sets carry only a part, or nothing.
    """
    pick, backup = random.Random(f"blocks {seed}"), random.Random(f"backed {seed}")
    columns = []
    for n in range(pick.randint(least, most)):
        it_kw = pick.choice([500, 1000, pick.randrange(300, 2500)])
        normal, extra = int(it_kw * pick.uniform(1100, 1400)), pick.choice([0, 0, pick.randrange(600_000)])
        base, utility_w = problem.columns[0], normal + pick.randrange(5_000)
        columns.append(
            replace(
                base,
                column=replace(base.column, name=f"block-{n}", pods=n + 1),
                it_kw=it_kw,
                normal=Draw(normal, utility_w, normal + pick.randrange(5_000, 30_000)),
                backed_w=int(utility_w * backup.choice((1, 1, backup.uniform(0.05, 0.3), 0))),
                extra=Draw(extra, extra + min(extra, 1_000), extra + min(extra, 2_000)),
                cost_usd=int(it_kw * pick.uniform(1800, 2200)),
            )
        )
    grid_w = int(problem.it_kw[0][-1] * pick.uniform(1300, 2500)) + 800_000
    return replace(with_plenty(problem), columns=tuple(columns), grid_w=grid_w)


def with_plenty(problem):
    """As many modules of the plant as their makers allow, not only as many as the blocks at hand may need."""
    most = [o.most if o.battery_w else min(32, o.module.given(o.carrier).parallel_max) for o in problem.plant]
    return replace(problem, plant=tuple(replace(o, most=n) for o, n in zip(problem.plant, most, strict=True)))


@pytest.mark.parametrize("first", SEEDS)
def test_same_cost_as_brute_force_with_blocks_of_any_figures(first):
    for seed in range(first, first + AT_ONCE):
        if (site := a_site(seed)).columns:
            problem = with_other_blocks(site, seed)
            assert sized_usd(problem) == Brute(problem).least_usd(), seed


def with_demands(problem, seed, names):
    """The same plant for several IT demands, each with blocks of its own."""
    pick = random.Random(f"demands {seed}")
    brief, last = problem.brief, len(problem.phases) - 1
    shares = [[pick.uniform(0.2, 0.8) for _ in names] for _ in brief.phases]
    phases = tuple(
        p.model_copy(
            update={
                "split": tuple(
                    DemandLoad(demand=d, it_mw=p.it_mw * f / sum(of)) for d, f in zip(names, of, strict=True)
                )
            }
        )
        for p, of in zip(brief.phases, shares, strict=True)
    )
    it = It(demand=tuple(ItDemand(name=n, workload=brief.it.workload, pods=brief.it.pods) for n in names))
    wish = brief.model_copy(update={"it": it, "phases": phases})
    numbers = [n % len(names) for n in range(len(problem.columns))]
    pick.shuffle(numbers)
    columns = tuple(
        replace(c, column=replace(c.column, demand=n)) for c, n in zip(problem.columns, numbers, strict=True)
    )
    it_kw = tuple(tuple(wish.demand_kw_until(n, p) for p in range(last + 1)) for n in names)
    return replace(problem, brief=wish, columns=columns, it_kw=it_kw, block_kinds=wish.kinds_max)


@pytest.mark.parametrize("first", SEEDS)
def test_same_cost_as_brute_force_with_two_demands(first):
    possible = 0
    for seed in range(first, first + AT_ONCE):
        if (site := a_site(seed)).columns:
            problem = with_demands(with_other_blocks(site, seed), seed, ("one", "other"))
            least = Brute(problem).least_usd()
            possible += least is not None
            assert sized_usd(problem) == least, seed
    assert possible


@pytest.mark.parametrize("first", SEEDS)
def test_same_cost_as_brute_force_with_three_demands(first):
    """Nowhere are the totals all that binds: now and then only the whole blocks on single intakes tell."""
    possible = 0
    for seed in range(first, first + AT_ONCE):
        if (site := a_site(seed)).columns:
            problem = with_demands(with_other_blocks(site, seed, least=5, most=9), seed, ("one", "other", "third"))
            least = Brute(problem).least_usd()
            possible += least is not None
            assert sized_usd(problem) == least, seed
    assert possible >= 5


@pytest.mark.slow
def test_same_cost_as_brute_force_on_many_more_sites():
    for seed in range(SEEDS.stop, 400):
        if (site := a_site(seed)).columns:
            for problem in (site, with_other_blocks(site, seed)):
                assert sized_usd(problem) == Brute(problem).least_usd(), seed


# limits that bind exactly --------------------------------------------------------------------------------------------


def least_grid_w(problem):
    """The least limit of the grid at which brute force still finds a site."""
    low, high = 0, problem.grid_w
    while high - low > 1:
        middle = (low + high) // 2
        if Brute(replace(problem, grid_w=middle)).least_usd() is None:
            low = middle
        else:
            high = middle
    return high


BUILT = (0, 2, 7, 12, 13)
"""Sites that can be built, with and without main transformers, batteries and services."""


@pytest.mark.parametrize("seed", BUILT)
def test_grid_equal_to_the_need_and_one_watt_below(seed):
    problem = a_site(seed)
    tight = replace(problem, grid_w=least_grid_w(problem))
    assert sized_usd(tight) == Brute(tight).least_usd() is not None
    assert sized_usd(replace(tight, grid_w=tight.grid_w - 1)) is None


@pytest.mark.parametrize("seed", BUILT)
def test_load_equal_to_whole_blocks_and_one_kilowatt_more(seed):
    problem = with_plenty(a_site(seed))
    one, two = (replace(problem, it_kw=((3_000.0 + kw,),), grid_w=20_000_000) for kw in (0, 1))
    costs = [(sized_usd(p), Brute(p).least_usd()) for p in (one, two)]
    assert [by_sizing for by_sizing, _ in costs] == [by_hand for _, by_hand in costs]
    assert costs[0] < costs[1], "pods of 1,000 and 600 kW: 3,000 kW is five or three of them, one more is another"


def two_kinds(intake_w, ways, extra_w):
    """Blocks of 1,000 kW at the switchgear, one kind with more in its worst situation; five are enough."""
    brief = a_brief(
        phases=[{"name": "One", "it_mw": 5.3, "energised_by": "2030-12-31"}], redundancy={"intake": "N"},
        autonomy={"generator_h": 0.0}, grid={"capacity_mw": 20.0},
    )  # fmt: skip
    problem = make_problem(brief, a_catalog(), HOOKS)
    base = problem.columns[0]
    plain, worse = (
        replace(
            base,
            column=replace(base.column, name=name),
            it_kw=it_kw,
            normal=Draw(1_000_000, 1_000_000, 1_000_000),
            backed_w=1_000_000,
            extra=Draw(extra, extra, extra),
            cost_usd=usd,
        )
        for name, it_kw, extra, usd in (("plain", 1000, 0, 1_000_000), ("worse", 1100, extra_w, 1_000_001))
    )
    plant = tuple(
        replace(o, capacity_w=intake_w, feeders=ways, cost_usd=1_100_000, most=6) if o.carrier == "mv_ac" else o
        for o in problem.plant
    )
    return replace(problem, columns=(plain, worse), plant=plant)


@pytest.mark.parametrize(
    ("extra_w", "sixth"), [(0, False), (1_000_000, False), (1_000_001, True), (1_500_000, True), (2_000_000, True)]
)
def test_whole_blocks_on_single_intakes(extra_w, sixth):
    """Two intakes of 4,000 kW: with 1,000 kW of extra three of the worse fit on one, and with a watt more only two.

    Then two plain and three worse ones, though within the totals and between patterns that fit, have no room.
    """
    problem = two_kinds(4_000_000, 4, extra_w)
    cost = sized_usd(problem)
    assert cost == Brute(problem).least_usd()
    assert cost == (6_000_000 if sixth else 5_000_003) + 2 * 1_100_000


@pytest.mark.parametrize(("ways", "intakes"), [(5, 1), (4, 2), (3, 2), (2, 3)])
def test_outgoing_ways_bind_exactly(ways, intakes):
    problem = two_kinds(50_000_000, ways, 0)
    assert sized_usd(problem) == Brute(problem).least_usd() == 5_000_003 + intakes * 1_100_000


def test_no_cap_on_intakes_that_small_blocks_exceed():
    """Blocks of one pod and an intake of few ways and many kilowatts: as many intakes as their ways ask for."""
    intake = sized_anew(MVS, "MVS-9", 40_000, 100_000, feeders_max=2)
    catalog = a_catalog((*(m for m in MODULES if m.sku != MVS.sku), intake), carriers=SITE_CARRIERS)
    phases = [{"name": "One", "it_mw": 12.0, "energised_by": "2030-12-31"}]
    brief = a_brief(phases=phases, grid={"capacity_mw": 30.0}, limits={"pods_per_block": 1})
    problem = make_problem(brief, catalog, HOOKS)
    (option,) = problem.options("mv_ac")
    assert option.most >= 6
    assert sized_usd(problem) is not None
