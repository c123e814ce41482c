"""Alike modules walked once and equal blocks walked once give what walking every single loss of the site gives."""

from collections import defaultdict
from copy import copy
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest
from build import UPS, a_brief, a_catalog, a_plan
from damage import damaged
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from test_columns import block_alone
from wired import fed_by_another, hand_wired_plan, systems_plan

from prefab.columns import make_columns
from prefab.connecting import make_connected
from prefab.plan import GRID, read_plan
from prefab.rules import HOOKS
from prefab.rules.network import UTILITIES, Network
from prefab.rules.walk import walk
from prefab.sizing import make_sized
from prefab.solver import QUICK

LAYOUTS = Path(__file__).parents[2] / "layouts"
WHOLE_SYSTEMS = ("2N", "2(N+1)", "3N/2", "4N/3", "catcher")
SHARED = ("3N/2", "4N/3", "catcher")


def every_loss(network):
    """All that the brief asks to survive, one by one: tags lost, feeds cut; from its levels and the plan alone."""
    brief, found = network.plan.brief.redundancy, [frozenset()]
    levels, groups, systems = {}, defaultdict(list), defaultdict(list)
    for tag, e in network.equipment.items():
        carrier, own = network.carriers[e.carrier], network.module(tag)
        level = brief.of(carrier.redundancy, critical=carrier.autonomy or e.unit_for is not None)
        if level != "N" and own.it is None and own.grid_battery is None and carrier.medium != "fuel":
            levels[tag] = level
            groups[e.block, e.cell, e.carrier, e.unit_for, e.supply_degc].append(tag)
            if level in WHOLE_SYSTEMS:
                systems[e.block, e.cell, e.carrier, e.side].append(tag)
    standby = {t for t, e in network.equipment.items() if network.carriers[e.carrier].redundancy == "standby"}
    if standby:
        found.append(frozenset({GRID}))
    for tags in groups.values():
        level, away = levels[tags[0]], {GRID} if tags[0] in standby else set()
        if level == "N+2" and len(tags) > 1:
            found += [frozenset({*pair, *away}) for pair in combinations(tags, 2)]
        if level not in SHARED:
            found += [frozenset({tag, *away}) for tag in tags]
    for (*place, side), tags in systems.items():
        found.append(frozenset(tags))
        if any(levels[t] == "2(N+1)" for t in tags):
            beside = [t for (*other, s), group in systems.items() if other == place and s != side for t in group]
            found += [frozenset({*tags, other}) for other in beside if levels[other] == "2(N+1)"]
    cuts = every_cut(network, levels, standby)
    buses = {frozenset(t for t in f.suppliers if t in network.equipment) for f in network.plan.connected.feeds}
    lost = set()
    for bus in buses - {frozenset()}:
        if all(levels.get(t) in WHOLE_SYSTEMS for t in bus):
            with_it = [
                t for tags in systems.values() if any(levels[b] in SHARED and b in tags for b in bus) for t in tags
            ]
            lost.add(bus.union(with_it))
    return [*((tags, frozenset()) for tags in (*found, *(lost - set(found)))), *cuts]


def every_cut(network, levels, standby):
    """Every feed, and every two or more of a block from one bus of the site, with what is lost beside."""
    found, rings = set(), defaultdict(set)
    for feed in network.plan.connected.feeds:
        own = network.equipment.get(feed.consumer)
        need = own and network.module(feed.consumer).needed(feed.carrier)
        bus = [t for t in feed.suppliers if t in network.equipment or t in UTILITIES]
        enough = all(
            levels.get(t) in WHOLE_SYSTEMS or len(bus) <= {"N+1": 1, "N+2": 2}.get(levels.get(t), 0) for t in bus
        )
        if not need or not bus or not enough or need.connection == "unit":
            continue
        cut = feed.consumer, feed.carrier, feed.side
        if network.carriers[feed.carrier].medium != "service":
            found.add((frozenset({GRID}) if set(bus) <= standby else frozenset(), frozenset({cut})))
        if own.block and not network.equipment[bus[0]].block:
            rings[own.block, tuple(bus)].add(cut)
    return found | {(frozenset(), frozenset(cuts)) for cuts in rings.values()}


def with_cuts(whole, cuts):
    network = copy(whole)
    network.feeds = {
        (consumer, carrier): [f for f in feeds if (consumer, carrier, f.side) not in cuts]
        for (consumer, carrier), feeds in whole.feeds.items()
    }
    return network


def by_brute_force(plan, phase):
    """Every loss as a walk of the whole site: loads, loads of buses, who starves, import, how many."""
    whole = Network(plan, phase)
    load, buses, starving, top = defaultdict(float), defaultdict(float), set(), 0.0
    losses = every_loss(whole)
    for lost, cuts in losses:
        network = with_cuts(whole, cuts) if cuts else whole
        living = network.alive(lost, whole.order, UTILITIES)
        output = network.flow(whole.order, living, {})
        starving |= {t for t in whole.order if network.module(t).it is not None and t not in living}
        on_bus = defaultdict(float)
        for tag, kw in output.items():
            load[tag] = max(load[tag], kw)
            if tag in whole.buses:
                on_bus[whole.buses[tag]] += kw
        for bus, kw in on_bus.items():
            buses[bus] = max(buses[bus], kw)
        if GRID in living:
            top = max(top, output.get(GRID, 0.0))
    return load, buses, starving, top, len(losses)


def assert_as_brute_force(plan, phase):
    worst = walk(plan, phase)
    load, buses, starving, top, states = by_brute_force(plan, phase)
    assert worst.states == states
    assert set(worst.starving) == starving
    assert worst.import_kw == pytest.approx(top, rel=1e-9)
    for tag in {*worst.load_kw, *load} - UTILITIES:
        assert worst.load_kw.get(tag, 0.0) == pytest.approx(load.get(tag, 0.0), rel=1e-9, abs=1e-9), tag
    # The worst bus of each carrier; of equal ones it is noted for one.
    network, most, expected = Network(plan, phase), defaultdict(float), defaultdict(float)
    for of_each, found in ((most, worst.bus_kw), (expected, buses)):
        for bus, kw in found.items():
            carrier = network.equipment[bus[0]].carrier
            of_each[carrier] = max(of_each[carrier], kw)
    assert most == pytest.approx(expected, rel=1e-9)
    assert all(kw <= buses[bus] * (1 + 1e-9) for bus, kw in worst.bus_kw.items())


@pytest.mark.parametrize("name", ["edge-2mw", "training-20mw", "inference-60mw"])
def test_stored_layouts(name):
    # The first phase: the last of the largest takes the brute walk half a minute.
    assert_as_brute_force(read_plan(LAYOUTS / name / "plan.json"), 0)


@pytest.mark.parametrize("blocks", [1, 2, 3])
def test_wired_by_hand(blocks):
    plan = hand_wired_plan(blocks=blocks)
    for phase in range(blocks):
        assert_as_brute_force(plan, phase)


def test_blocks_built_alike_that_others_feed():
    assert_as_brute_force(fed_by_another()[0], 1)


THIRD = 2000 / 3
TOPOLOGIES = [
    ("N+1", [(900, "A"), (700, "A")], "A", 3),
    ("N+2", [(900, "A"), (700, "A")], "A", 4),
    ("2N", [(900, "AB"), (700, "AB")], "AB", 2),
    ("2(N+1)", [(900, "AB"), (700, "AB"), (100, "B")], "AB", 3),
    ("3N/2", [(900, "AB"), (600, "BC"), (500, "CA")], "ABC", 2),
    ("4N/3", [(100.0 * n, pair) for n, pair in enumerate(("AB", "AC", "AD", "BC", "BD"), 1)], "ABCD", 1),
    ("catcher", [(900, "AE"), (700, "BE"), (500, "CE"), (400, "AE")], "ABCDE", 2),
]


@pytest.mark.parametrize(("level", "loads", "systems", "modules"), TOPOLOGIES)
def test_topologies_wired_by_hand(level, loads, systems, modules):
    assert_as_brute_force(systems_plan(level, loads, systems, modules), 0)
    assert_as_brute_force(systems_plan(level, loads, systems, modules, later=systems[-1]), 0)


@cache
def made(power, cooling, mw):
    """A plan of the program's own for the small catalog, with smaller UPS so that systems have several."""
    small = UPS.model_copy(
        update={"sku": "UPS-600", "gives": (UPS.gives[0].model_copy(update={"capacity_kw": 600.0}),)}
    )
    modules = tuple(m for m in a_catalog().modules if m.sku != UPS.sku)
    brief = a_brief(
        redundancy={"power": power, "cooling": cooling},
        phases=[
            {"name": "One", "it_mw": mw, "energised_by": "2029-12-31"},
            {"name": "Two", "it_mw": mw, "energised_by": "2030-12-31"},
        ],
        grid={"capacity_mw": 30.0},
        limits={"pods_per_block": 3},
    )
    catalog = a_catalog((*modules, small))
    sized = make_sized(brief, catalog, QUICK)
    return a_plan(brief, catalog.modules, sized, make_connected(brief, catalog, sized))


LEVELS = [
    ("N", "N", 1.0),
    ("N+1", "N+1", 2.0),
    ("N+2", "N+2", 2.0),
    ("2N", "2N", 2.0),
    ("2(N+1)", "2(N+1)", 1.0),
    ("3N/2", "N+1", 3.0),
    ("4N/3", "N+1", 3.0),
    ("catcher", "N+2", 3.0),
]


@pytest.mark.parametrize(("power", "cooling", "mw"), LEVELS)
def test_plans_of_its_own(power, cooling, mw):
    plan = made(power, cooling, mw)
    for phase in (0, 1):
        assert_as_brute_force(plan, phase)
    assert not walk(plan, 1).starving


@pytest.mark.parametrize("cooling", ["N+1", "N+2", "2N", "2(N+1)"])
@pytest.mark.parametrize("of_pods", [("coolant",), ("coolant", "air_cooling")])
def test_plans_whose_pods_have_their_own(cooling, of_pods):
    brief = a_brief(
        redundancy={"power": "N+1", "cooling": cooling, "scope": dict.fromkeys(of_pods, "pod")},
        phases=[{"name": "One", "it_mw": 2.0, "energised_by": "2029-12-31"}],
        grid={"capacity_mw": 30.0},
    )
    column = next(c for c in make_columns(brief, a_catalog(), HOOKS) if c.pods == 2)
    plan = block_alone(brief, a_catalog(), column)
    assert max(e.cell for e in plan.connected.equipment) == 2
    assert_as_brute_force(plan, 0)
    assert not walk(plan, 0).starving


@pytest.mark.parametrize("examples", [6, pytest.param(40, marks=pytest.mark.slow)])
def test_damaged_plans(examples):
    settings(max_examples=examples, phases=[Phase.generate])(as_brute_force_when_damaged)()


@given(
    data=st.data(),
    power=st.sampled_from(["N+1", "N+2", "2N", "2(N+1)", "3N/2", "catcher"]),
    cut=st.integers(1, 3),
)
def as_brute_force_when_damaged(data, power, cut):
    """Feeds cut and modules taken away at random: what looked alike no longer does."""
    plan = made(*next(level for level in LEVELS if level[0] == power))
    cuts = {data.draw(st.integers(0, len(plan.connected.feeds) - 1)) for _ in range(cut)}
    gone = data.draw(st.sampled_from([e.tag for e in plan.connected.equipment if e.carrier not in ("it", "mv_ac")]))
    whole = data.draw(st.booleans())

    def edit(tree):
        connected = tree["connected"]
        feeds = [f for n, f in enumerate(connected["feeds"]) if n not in cuts]
        if not whole:
            connected["equipment"] = [e for e in connected["equipment"] if e["tag"] != gone]
            feeds = [
                {**f, "suppliers": [s for s in f["suppliers"] if s != gone]} for f in feeds if f["consumer"] != gone
            ]
        connected["feeds"] = [f for f in feeds if f["suppliers"]]

    assert_as_brute_force(damaged(plan, edit), 1)


def test_one_of_equal_modules_that_is_wired_otherwise_is_told_apart():
    # The second dry cooler hangs on transformer A alone, which takes it along.
    def edit(tree):
        connected = tree["connected"]
        connected["feeds"] = [
            f for f in connected["feeds"] if (f["consumer"], f["carrier"], f["side"]) != ("B01-DRY-02", "lv_ac", "B")
        ]

    assert_as_brute_force(damaged(hand_wired_plan(), edit), 0)


def test_of_two_equal_blocks_one_that_is_wired_otherwise_is_told_apart():
    # The second block has one control panel less in use, and starves without the other.
    def edit(tree):
        connected = tree["connected"]
        connected["feeds"] = [f for f in connected["feeds"] if f["suppliers"] != ["B02-CTL-B1"]]

    plan = damaged(hand_wired_plan(blocks=2), edit)
    assert_as_brute_force(plan, 1)
    assert set(walk(plan, 1).starving) == {"B02-POD-01"}


def test_order_of_the_equipment_changes_no_loss():
    """Unit transformers (2(N+1)) and mechanical ones (2N) share a side: whichever comes first."""
    plan = made("2(N+1)", "2(N+1)", 1.0)

    def backwards(tree):
        tree["connected"]["equipment"].reverse()

    assert walk(damaged(plan, backwards), 0).states == walk(plan, 0).states
