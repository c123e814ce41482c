"""Grid batteries on ways of intakes: as many a way as its current carries, on whichever intake has a way left."""

import math
from collections import Counter
from dataclasses import replace
from functools import cache
from random import Random

import pytest
from brute import Brute, fits_whole
from build import a_catalog
from proved import sized_usd
from test_brute_force import a_site, two_kinds

from prefab.brief import SiteBrief
from prefab.catalog import load_catalog
from prefab.connecting import make_connected
from prefab.design import make_plan
from prefab.intakes import apply_patterns, assign_intakes, strung_of
from prefab.plan import Feed
from prefab.problem import make_problem
from prefab.proving import make_model, prove, site_terms
from prefab.rules import HOOKS, SUPPLY, feeder_current
from prefab.sizing import make_sized
from prefab.solver import QUICK, solve
from prefab.tables import validate

A_PER_KW = 1 / 0.95 / math.sqrt(3) / 20
SERVICES_KW = 3200


def with_ways(problem, way_kw, **changes):
    """With intakes whose ways carry so many kilowatts at 20 kV."""

    def limited(option):
        gives = (option.module.gives[0].model_copy(update={"feeder_max_a": way_kw * A_PER_KW}),)
        return replace(option, module=option.module.model_copy(update={"gives": gives}), **changes)

    return replace(problem, plant=tuple(limited(o) if o.carrier == "mv_ac" else o for o in problem.plant))


# By hand -------------------------------------------------------------------------------------------------------------


def five_blocks(batteries, way_kw, ways=4):
    """Five blocks of 1 MW, containers of 2,000 kW that draw 2,005 kW at the most, and intakes of 50 MW."""
    problem = two_kinds(50_000_000, ways, 0)
    storage = problem.brief.storage.model_copy(update={"power_mw": 2.0 * batteries, "duration_h": 1.0})
    brief = problem.brief.model_copy(update={"storage": storage})
    fresh = make_problem(brief, a_catalog(), HOOKS)
    plant = tuple(o for o in fresh.plant if o.carrier != "mv_ac") + problem.options("mv_ac")
    stored = replace(problem, brief=brief, plant=plant, storage=fresh.storage)
    return with_ways(replace(stored, services=fresh.services, attached=fresh.attached), way_kw)


@pytest.mark.parametrize(
    ("batteries", "way_kw", "intakes"),
    [
        # Two a way, none beside the services: five blocks, the services and two strings are eight ways of four.
        (4, 4_100, 2),
        (5, 4_100, 3),
        # 4,010 kW take two, a watt less only one: then three are three strings.
        (3, 4_010.001, 2),
        (3, 4_009.999, 3),
        # With room for one beside the services.
        (5, 5_205.001, 2),
        (5, 5_204.999, 3),
    ],
)
def test_a_string_more_needs_another_intake(batteries, way_kw, intakes):
    problem = five_blocks(batteries, way_kw)
    (strung,) = problem.strings
    assert strung.per_way == way_kw // 2_005
    (battery,) = problem.options("mv_storage")
    assert sized_usd(problem) == 5_000_003 + batteries * battery.cost_usd + intakes * 1_100_000


def test_a_battery_that_no_way_carries_is_refused():
    assert sized_usd(five_blocks(1, 2_006)) is not None
    assert sized_usd(five_blocks(1, 2_004)) is None


def test_ways_without_a_limit_carry_all_batteries_on_the_first():
    problem = five_blocks(5, 4_100)
    assert problem.strings
    free = replace(problem, plant=tuple(o for o in problem.plant if o.carrier != "mv_ac") + _free(problem))
    assert free.strings == ()
    assert free.room_w(free.options("mv_ac")[0], first=True) == 50_000_000 - free.stores.switchgear_w


def _free(problem):
    (option,) = problem.options("mv_ac")
    gives = (option.module.gives[0].model_copy(update={"feeder_max_a": None}),)
    return (replace(option, module=option.module.model_copy(update={"gives": gives})),)


@pytest.mark.parametrize("early", [0, 2, 5, 7])
def test_strings_are_shared_out_evenly_and_stay(early):
    """Two phases; so many batteries are there in the first one already."""
    problem = five_blocks(7, 4_100, ways=5)
    problem = replace(problem, it_kw=((2_000.0, 5_300.0),), own_supply_kw=(0.0, 0.0))
    phases = [*problem.brief.phases, problem.brief.phases[0].model_copy(update={"name": "Two"})]
    problem = replace(problem, brief=problem.brief.model_copy(update={"phases": tuple(phases)}))
    found = prove(problem, QUICK, None, None)
    strung = strung_of(problem, found.values)
    assert strung is not None
    model = make_model(problem)
    apply_patterns(model, problem, strung)
    model.add_row([(1, problem.plant_count(strung.hung, 0))], low=early, high=early)
    model.add_row(site_terms(problem), high=found.objective)
    (option,) = problem.options("mv_ac")
    model.minimize([(1, problem.plant_count(option, 0))])
    values = solve(model, QUICK).values
    numbers = assign_intakes(problem, values, strung)
    blocks = sum(values[problem.count(c, 1)] for c in problem.columns)
    hung = numbers[blocks:]
    assert len(hung) == 7
    for phase, count in enumerate((early, 7)):
        built = sum(values[problem.count(c, phase)] for c in problem.columns)
        standing = values[problem.plant_count(option, phase)]
        assert {*numbers[:built], *hung[:count]} <= set(range(1, standing + 1))
    on = Counter(numbers[:blocks]) + Counter({1: 1})
    for number, count in Counter(hung).items():
        on[number] += -(-count // 2)
    assert max(on.values()) <= 5
    assert max(Counter(hung).values()) <= 2 * -(-4 // (values[problem.plant_count(option, 1)] - 1))


# Against brute force -------------------------------------------------------------------------------------------------


class BruteStrings(Brute):
    """Strings hang on intakes as blocks do: each takes a way and draws what it draws by standing there."""

    def __init__(self, problem, way_kw):
        super().__init__(problem)
        self.way_w = int(way_kw * 1000 + 1e-6)

    def _intakes(self, kinds, bought, below):
        if any(c.normal[1] + c.extra[1] > self.way_w for c, _ in kinds):
            return
        load = sum(n * o.standing[0] for o, n in bought) + sum(n * c.normal[0] for c, n in kinds)
        load += max(c.extra[0] for c, _ in kinds)
        battery = next((o for o, _ in bought if o.battery_w), None)
        strings = ()
        if battery is not None:
            hung, count = next((o, n) for o, n in bought if o is battery or battery.module.needed(o.carrier))
            each, drawn, standing = self._of(battery, hung)
            way, beside = self.way_w // drawn, max(0, self.way_w - SERVICES_KW * 1000) // drawn
            if not way:
                return
            full = way * hung.standing[0] + (0 if hung is battery else min(way * each, battery.most)) * standing
            strings = (("string", -(-max(0, count - beside) // way), max(1, full), 0),)
        named = tuple((c.name, m, c.normal[0], c.extra[0]) for c, m in kinds)
        named += tuple(s for s in strings if s[1])
        for option in self.of["mv_ac"]:
            for n in range(1, min(option.module.given("mv_ac").parallel_max, 40) + 1):
                if n * option.cost_usd >= below:
                    break
                if load <= n * option.capacity_w and self.packs(option, n, named):
                    yield option, n

    def _of(self, battery, hung):
        """How many hang behind one, what that draws, and what one battery draws by standing there."""
        if hung is battery:
            return 1, battery.drawn_w + 5_000, 0
        each = hung.capacity_w // battery.drawn_w
        if battery.module.needed(hung.carrier).connection == "unit":
            each = min(each, 1)
        return each, each * battery.drawn_w + hung.drawn_w - hung.capacity_w, battery.standing[0]

    def _pairs(self):
        for battery in self.of.get("mv_storage", []):
            hung = [o for o in self.problem.plant if battery.module.needed(o.carrier) and o.carrier != "mv_ac"]
            for one in hung or [battery]:
                each, drawn, standing = self._of(battery, one)
                if each:
                    yield battery, one, each, drawn, standing

    @cache  # noqa: B019
    def _on_first(self):
        """Services, and batteries as long as they share their ring."""
        pairs, apart, most, spread = [*self._pairs()], set(), 0, False
        for battery, hung, each, drawn, standing in pairs:
            apart |= {battery.carrier, hung.carrier}
            beside = max(0, self.way_w - SERVICES_KW * 1000) // drawn
            spread |= hung.most > beside
            count = min(beside, hung.most)
            behind = 0 if hung is battery else min(count * each, battery.most)
            most = max(most, count * hung.standing[0] + behind * standing)
        if not spread:
            apart, most = set(), 0
        others = set(self.of) - {"mv_ac", "utility_mv", "standby_mv"} - apart
        return most + sum(max(o.standing[0] * o.most for o in self.of[c]) for c in others)

    def _packs(self, option, number, kinds):
        ring = any(n.carrier == "mv_ac" for o in self.problem.plant for n in o.module.needs)
        rings = max([int(ring)] + [w for o in self.of["mv_ac"] if (w := self._services_ways()) < o.feeders and ring])
        return fits_whole(option, number, kinds, self._on_first(), rings)

    def _services_ways(self):
        return math.ceil(SERVICES_KW * 1000 / self.way_w - 1e-6)


def with_storage(seed):
    """A small site with more batteries, on ways that carry one to three of them."""
    pick = Random(f"strings {seed}")
    problem = a_site(seed)
    storage = problem.brief.storage.model_copy(update={"power_mw": pick.choice([4.0, 7.5, 11.0]), "duration_h": 1.0})
    brief = problem.brief.model_copy(update={"storage": storage})
    way_kw = pick.choice([2_300.0, 3_900.0, 5_300.0, 7_000.0])
    return with_ways(make_problem(brief, problem.catalog, HOOKS), way_kw), way_kw


def test_same_cost_as_brute_force():
    outcomes = Counter()
    for seed in range(40):
        problem, way_kw = with_storage(seed)
        least = BruteStrings(problem, way_kw).least_usd()
        assert sized_usd(problem) == least, seed
        outcomes["none" if least is None else "some"] += 1
        free = sized_usd(with_ways(problem, 100_000.0)) if least else None
        outcomes["dearer"] += bool(least and free and least > free)
    assert outcomes["some"] >= 10, outcomes
    assert outcomes["dearer"] >= 3, outcomes


# A large site --------------------------------------------------------------------------------------------------------

LARGE = {
    "name": "Training 200 MW",
    "customer": "Test customer",
    "as_of": "2026-11-23",
    "site": {"country": "US", "climate": "dallas", "width_m": 900, "depth_m": 900, "setback_m": 20},
    "it": {"workload": "llama31-405b-training-gb300"},
    "phases": [{"name": "Full", "it_mw": 200, "energised_by": "2032-12-31"}],
    "grid": {"capacity_mw": 300, "voltage_kv": 110, "tariff": "us-tx-4cp"},
    "redundancy": {"power": "N+1", "cooling": "N+1", "intake": "2N", "main_transformers": "N+1"},
    "autonomy": {"ups_min": 5, "generator_h": 8},
    "storage": {"power_mw": 100, "duration_h": 1},
}


def with_ampere(catalog, ampere):
    """The catalog with other ways of one switchgear."""
    module = catalog.module("MVS-12")
    gives = (module.gives[0].model_copy(update={"feeder_max_a": ampere}),)
    narrow = module.model_copy(update={"gives": gives})
    return catalog.model_copy(update={"modules": tuple(narrow if m.sku == "MVS-12" else m for m in catalog.modules)})


@pytest.fixture(scope="module")
def large():
    """With ways of 630 A, which carry 20 MW each."""
    brief, catalog = validate(LARGE, SiteBrief, "brief"), with_ampere(load_catalog(), 630.0)
    sized = make_sized(brief, catalog, QUICK)
    return make_plan(brief, catalog, sized, make_connected(brief, catalog, sized))


def hung_on(plan):
    """How many converters of batteries each intake of side A feeds."""
    behind = {s for f in plan.connected.feeds if f.carrier in ("battery_ac", "battery_dc") for s in f.suppliers}
    fed = (f for f in plan.connected.feeds if f.carrier == "mv_ac" and f.side == "A" and f.consumer in behind)
    return Counter(s for f in fed for s in f.suppliers)


def test_a_hundred_megawatts_keep_every_supply_rule(large):
    assert sum(e.carrier == "mv_storage" for e in large.connected.equipment) >= 32
    assert [f for rule in SUPPLY for f in rule.check(large) if not f.kept] == []
    found = hung_on(large)
    assert len(found) >= 6
    assert max(found.values()) - min(found.values()) <= 2


def test_all_batteries_on_one_intake_are_refused(large):
    fed = hung_on(large)
    last = max(fed)
    behind = {s for f in large.connected.feeds if f.carrier in ("battery_ac", "battery_dc") for s in f.suppliers}

    def moved(feed: Feed) -> Feed:
        if feed.carrier != "mv_ac" or feed.consumer not in behind:
            return feed
        return feed.model_copy(update={"suppliers": (last.replace("-A", f"-{feed.side}"),)})

    feeds = tuple(moved(f) for f in large.connected.feeds)
    edited = large.model_copy(update={"connected": large.connected.model_copy(update={"feeds": feeds})})
    broken = {f.where.partition(", ")[2] for f in feeder_current.check(edited) if not f.kept}
    assert broken == {last.replace("-A", f"-{side}") for side in "AB"}
