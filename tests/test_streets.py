"""Whatever is placed on a parcel keeps every rule of the land; what finds no place is said so."""

import os
import subprocess
import sys
from math import cos, pi, sin
from random import Random

import pytest
from build import a_brief
from land import apart
from test_placing import MODULES, broken, plan_of, site_of
from test_routing import placed_and_routed
from wired import hand_wired_plan

from prefab import streets
from prefab.errors import Impossible, InputError, OutOfBudget
from prefab.land import START_MM, Gate, KeepOut, Land
from prefab.placing import make_placed
from prefab.plan import GRID
from prefab.rules import boundary, clearance, land_use, road_access, runs
from prefab.sheets import Sheet, View, Widths, shared


@pytest.fixture(autouse=True)
def _look_briefly(monkeypatch):
    """The rules hold for whatever the search ends with."""
    monkeypatch.setattr(streets, "_STARTS", 2)
    monkeypatch.setattr(streets, "_TURNS", 20)


L_SHAPE = [[0.0, 0.0], [200.0, 0.0], [200.0, 80.0], [90.0, 80.0], [90.0, 190.0], [0.0, 190.0]]
KITE = [[0.0, 0.0], [400.0, 0.0], [400.0, 60.0], [200.0, 110.0]]
"""Its first corner is sharp and, turned, holds no trench along the axes."""
POND = {"name": "Pond", "what": "flood", "outline_m": [[120.0, 40.0], [135.0, 38.0], [130.0, 55.0]], "setback_m": 4.0}


def parcel(outline, *gates, setback_m=5.0, **land):
    gate = [{"at_m": list(at)} for at in gates]
    return {
        "width_m": None,
        "depth_m": None,
        "setback_m": setback_m,
        "land": {"outline_m": outline, "gate": gate, **land},
    }


def turned(outline, degrees):
    a = degrees * pi / 180
    spun = [(x * cos(a) - y * sin(a), x * sin(a) + y * cos(a)) for x, y in outline]
    west, south = (min(axis) for axis in zip(*spun, strict=True))
    return [[round(x - west, 3), round(y - south, 3)] for x, y in spun]


def random_parcel(random):
    """Round about 160 m across, of any winding, with holes, gates in the middle of any edges and set-backs of some."""
    corners = random.randint(4, 9)
    turns = [2 * pi * (n + random.uniform(0, 0.7)) / corners for n in range(corners)]
    outline = [(100 + random.uniform(60, 110) * cos(t), 100 + random.uniform(60, 110) * sin(t)) for t in turns]
    outline = turned(outline if random.random() < 0.7 else L_SHAPE, random.choice([0, 0, 90, 200, 37]))
    edges = list(zip(outline, (*outline[1:], outline[0]), strict=True))
    gates = [[(a + b) / 2 for a, b in zip(*edge, strict=True)] for edge in random.sample(edges, random.randint(1, 3))]
    holes = []
    for n in range(random.randint(0, 2)):
        x, y, wide, deep = (
            random.uniform(60, 120),
            random.uniform(60, 120),
            random.uniform(3, 25),
            random.uniform(3, 25),
        )
        ring = [[x, y], [x + wide, y + random.uniform(0, 3)], [x + wide, y + deep], [x, y + deep]]
        what = random.choice(["building", "easement", "flood", "keep_out"])
        holes.append({"name": f"H{n}", "what": what, "outline_m": ring, "setback_m": random.choice([0.0, 6.0])})
    own = [{"edge": random.randint(1, len(outline)), "setback_m": random.choice([0.0, 15.0])}]
    return parcel(outline, *gates, setback_m=random.choice([0.0, 4.0]), keep_out=holes, setback=own)


def test_whatever_is_placed_and_routed_on_random_parcels_keeps_every_rule():
    random, placed, askew = Random(5), 0, 0
    wired = hand_wired_plan()
    while placed < 25:
        try:
            brief = a_brief(site=random_parcel(random))
            plan = placed_and_routed(wired.model_copy(update={"brief": brief}))
        except (InputError, OutOfBudget):
            continue
        placed += 1
        askew += any(brief.site.parcel.askew_at(g) for g in brief.site.parcel.gates_mm)
        found = [f for rule in (boundary, clearance, road_access, land_use, runs) for f in rule.check(plan)]
        assert not [f for f in found if not f.kept]
    assert 0 < askew < placed


HOLED = [
    parcel(L_SHAPE, (100.0, 0.0)),
    parcel(L_SHAPE, (100.0, 0.0), keep_out=[POND]),
    parcel(L_SHAPE, (0.0, 100.0), keep_out=[POND], utility_m=[200.0, 80.0]),
    parcel(L_SHAPE, (100.0, 0.0), utility_m=[0.0, 0.0]),
    parcel(turned(L_SHAPE, 30), (181.603, 50.0)),
    parcel(turned(L_SHAPE, 30), (181.603, 50.0), utility_m=turned(L_SHAPE, 30)[1]),
    parcel(L_SHAPE, (100.0, 0.0), keep_out=[POND], utility_m=[120.0, 40.0]),
    parcel(L_SHAPE, (100.0, 0.0), keep_out=[POND | {"what": "building"}], utility_m=[128.0, 45.0]),
    parcel(L_SHAPE, (100.0, 0.0), setback_m=10.0, utility_m=[60.0, 9.0]),
    parcel(turned(KITE, 10), (295.442, 52.095), utility_m=[0.0, 0.0]),
]


@pytest.mark.parametrize("site", HOLED)
def test_runs_stay_on_the_land_and_a_and_b_apart(site):
    plan = placed_and_routed(hand_wired_plan().model_copy(update={"brief": a_brief(site=site)}))
    assert all(f.kept for rule in (boundary, road_access, runs) for f in rule.check(plan))
    land = plan.brief.site.parcel
    ends = {r.points_mm[-1] for r in plan.routed.runs if r.end == GRID}
    assert ends == {(round(land.connection_mm.x), round(land.connection_mm.y))}
    share = next(f.text for f in runs.check(plan) if "supplies of intakes" in f.text)
    assert float(share.partition("share ")[2].partition("%")[0]) < 15


HOUSE = KeepOut(name="House", what="building", outline_m=((140.0, 60.0), (160.0, 60.0), (160.0, 72.0)))
BENT = ((0.0, 0.0), (200.0, 0.0), (200.0, 115.47), (50.0, 86.603))
TENT = ((100.0, 10.0), (200.0, 115.0), (0.0, 115.0))


@pytest.mark.parametrize(
    ("outline", "at_m", "moved"),
    [
        (BENT, (60.0, 0.0), False),
        (BENT, (0.0, 0.0), True),  # 60 degrees
        (BENT, (200.0, 0.0), False),
        (BENT, (25.0, 43.302), False),  # along an askew fence one quarter is free
        (BENT, (150.0, 63.0), True),  # in a building
        (TENT, (100.0, 10.0), True),
    ],
)
def test_where_trenches_begin(outline, at_m, moved):
    free = () if outline is TENT else (HOUSE,)
    land = Land(outline_m=outline, gate=(Gate(at_m=outline[1]),), utility_m=at_m, keep_out=free)
    assert (land.connection_mm.distance(land.entry_mm) > 1.0) is moved
    if moved:
        assert land.drivable(0.0).boundary.distance(land.connection_mm) >= START_MM - 1


AS_IT_IS = View(False, None)


def sheet_of(land, view=AS_IT_IS, gate=0):
    return Sheet(land, 5.0, Widths(6000, 60_000), view, land.gates_mm[gate])


FIELD = ((0.0, 0.0), (100.0, 0.0), (100.0, 50.0), (0.0, 50.0))


def test_a_strip_is_free_where_all_of_it_is():
    # A pond whose tip reaches one square millimetre into the strip ends it too.
    pond = KeepOut(name="Tip", outline_m=((50.0, 19.999), (60.0, 29.999), (40.0, 29.999)))
    sheet = sheet_of(Land(outline_m=FIELD, gate=(Gate(at_m=(20.0, 0.0)),), keep_out=(pond,)))
    assert sheet.drives(10_000, 19_999) == [(1500, 98_500)]
    assert sheet.drives(10_000, 20_000) == [(1500, 49_999), (50_001, 98_500)]
    assert shared([(0, 10), (20, 30)], [(5, 25)], 5) == [(5, 10), (20, 25)]


def test_a_road_leads_in_on_every_side_and_beside_a_corner_but_not_through_a_pond():
    pond = KeepOut(name="Pond", outline_m=((55.0, 2.0), (56.0, 2.0), (56.0, 3.0), (55.0, 3.0)))
    gates = ((20.0, 0.0), (3.0, 0.0), (100.0, 25.0), (80.0, 50.0), (0.0, 25.0), (0.0, 0.0), (55.0, 0.0))
    land = Land(outline_m=FIELD, gate=tuple(Gate(at_m=at) for at in gates), keep_out=(pond,))
    views = [AS_IT_IS, View(True, 100_000), View(False, 50_000), View(True, None)]
    ways = [[n for n, view in enumerate(views) if sheet_of(land, view, g).is_open] for g in range(len(gates))]
    assert ways == [[0], [0], [1], [2], [3], [], [0]]
    assert sheet_of(land, gate=0).lane == (17_000, 23_000)
    assert sheet_of(land, gate=1).lane == (3000, 9000)
    assert sheet_of(land, gate=6).lane == (49_000, 55_000)


def test_the_same_answer_twice_and_in_another_process():
    text = (
        "from test_streets import *; streets._STARTS, streets._TURNS = 2, 20; "
        "print(make_placed(a_brief(site=HOLED[2]), apart(), MODULES, site_of(2)).model_dump_json())"
    )
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "7"}
    told = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True, env=env)
    again = [make_placed(a_brief(site=HOLED[2]), apart(), MODULES, site_of(2)).model_dump_json() for _ in range(2)]
    assert again == [told.stdout.strip()] * 2


def test_what_finds_no_place_is_said_with_its_area_and_a_gate_without_a_way_in():
    small = parcel([[0.0, 0.0], [70.0, 0.0], [60.0, 60.0], [0.0, 60.0]], (30.0, 0.0))
    with pytest.raises(OutOfBudget, match=r"blocks and yards of [\d,]+ m2 found no place$"):
        make_placed(a_brief(site=small), apart(), MODULES, site_of(4))
    with pytest.raises(OutOfBudget, match="no road along the axes leads in from a gate"):
        make_placed(a_brief(site=parcel(L_SHAPE, (0.0, 0.0))), apart(), MODULES, site_of(1))


def test_what_no_parcel_holds_is_impossible():
    with pytest.raises(Impossible, match="footprints"):
        make_placed(a_brief(site=parcel(L_SHAPE, (100.0, 0.0))), apart(), MODULES, site_of(150))
    thin = parcel([[0.0, 0.0], [300.0, 0.0], [300.0, 13.0], [0.0, 13.0]], (100.0, 0.0))
    with pytest.raises(Impossible, match=r"POD-1 is 12\.2 x 4\.2 m"):
        make_placed(a_brief(site=thin), apart(), MODULES, site_of(1))


def test_a_rectangle_as_a_parcel_holds_what_a_rectangle_does():
    equipment = site_of(4, batteries=4)
    rectangle = a_brief(site={"width_m": 110.0, "depth_m": 110.0})
    assert not broken(plan_of(rectangle, apart(), MODULES, equipment))
    outline = [[0.0, 0.0], [110.0, 0.0], [110.0, 110.0], [0.0, 110.0]]
    assert not broken(plan_of(a_brief(site=parcel(outline, (55.0, 0.0))), apart(), MODULES, equipment))
