"""The rules of the land on parcels: notches, edges with set-backs of their own, what stays free, gates on any side."""

from math import dist
from random import Random

import pytest
from land import moved, placed_plan, thing
from rules.test_runs import PLAN as WIRED
from rules.test_runs import RUNS, a_run
from wired import hand_wired_plan

from prefab.plan import GRID
from prefab.rules import boundary, clearance, land_use, road_access, runs
from prefab.site_layout import Area, Routed

PUMP = thing("PMP-1")
SQUARE = [[0.0, 0.0], [120.0, 0.0], [120.0, 120.0], [0.0, 120.0]]
NOTCHED = [
    [0.0, 0.0],
    [120.0, 0.0],
    [120.0, 120.0],
    [64.0, 120.0],
    [64.0, 60.0],
    [62.0, 60.0],
    [62.0, 120.0],
    [0.0, 120.0],
]
"""A notch of 2 m from the north, less wide than the module is long."""
DIAMOND = [[60.0, 0.0], [120.0, 60.0], [60.0, 120.0], [0.0, 60.0]]
SOUTH = [{"at_m": [20.0, 0.0]}]


def road(x, y, width, depth, purpose="road"):
    return Area(name="Road 1", purpose=purpose, x_mm=x, y_mm=y, width_mm=width, depth_mm=depth)


IN = road(17_000, 0, 6000, 60_000)


def site(outline=SQUARE, gate=SOUTH, setback_m=0.0, **land):
    parcel = {"outline_m": outline, "gate": gate, **land}
    return {"width_m": None, "depth_m": None, "setback_m": setback_m, "land": parcel}


def plan_at(x, y, *areas, **of_site):
    return placed_plan({"PMP-01": (PUMP, x, y)}, areas=areas or (IN,), site=site(**of_site))


def broken(plan):
    """Where, by rule."""
    return {(f.rule, f.where) for r in (boundary, clearance, road_access) for f in r.check(plan) if not f.kept}


def pond(west, south, east, north, what="flood", setback_m=0.0):
    outline = [[west, south], [east, south], [east, north], [west, north]]
    return [{"name": "Pond", "what": what, "outline_m": outline, "setback_m": setback_m}]


@pytest.mark.parametrize(
    ("x", "kept"), [(56_000, True), (56_001, False), (60_000, False), (63_999, False), (64_000, True)]
)
def test_a_module_does_not_straddle_a_notch(x, kept):
    # At 60,000 it spans the notch, and every corner of what lies in the notch is on the outline.
    assert broken(plan_at(x, 80_000, IN, road(17_000, 20_000, 60_000, 6000), outline=NOTCHED)) == (
        set() if kept else {("boundary", "PMP-01")}
    )


def test_how_far_a_module_stands_off_the_land_is_never_nothing():
    (finding,) = (f for f in boundary.check(plan_at(60_000, 80_000, outline=NOTCHED)) if not f.kept)
    assert finding.actual == pytest.approx(-((2000 * 2500) ** 0.5))


@pytest.mark.parametrize("purpose", ["road", "block", "yard"])
@pytest.mark.parametrize(("width", "kept"), [(45_000, True), (45_001, False), (47_500, False), (60_000, False)])
def test_no_area_spans_a_notch(purpose, width, kept):
    plan = plan_at(30_000, 20_000, IN, road(17_000, 90_000, width, 6000, purpose), outline=NOTCHED)
    assert {w for _, w in broken(plan) - {("road_access", "site")}} == (set() if kept else {"Road 1"})


@pytest.mark.parametrize("what", ["keep_out", "building", "easement", "flood"])
@pytest.mark.parametrize(
    ("x", "y", "setback_m", "kept"),
    [
        (34_000, 40_000, 0.0, True),  # touches it
        (34_001, 40_000, 0.0, False),
        (39_000, 41_000, 0.0, False),  # around it
        (29_000, 40_000, 5.0, True),
        (29_001, 40_000, 5.0, False),
        (31_000, 33_500, 5.0, True),  # 3 m and 4 m off its corner
        (31_001, 33_500, 5.0, False),
    ],
)
def test_nothing_stands_in_or_too_near_to_what_stays_free(what, x, y, setback_m, kept):
    plan = plan_at(x, y, keep_out=pond(40.0, 40.0, 44.0, 44.0, what, setback_m))
    assert broken(plan) == (set() if kept else {("boundary", "PMP-01")})


def test_a_well_within_a_footprint_is_seen():
    assert broken(plan_at(40_000, 40_000, keep_out=pond(42.0, 41.0, 42.1, 41.1))) == {("boundary", "PMP-01")}


@pytest.mark.parametrize("what", ["keep_out", "building", "easement", "flood"])
@pytest.mark.parametrize("purpose", ["road", "block", "yard"])
def test_only_roads_cross_and_only_easements(what, purpose):
    cross = road(17_000, 40_000, 60_000, 6000, purpose)
    for north, touching in ((40.0, True), (40.001, False)):
        plan = plan_at(30_000, 20_000, IN, cross, keep_out=pond(50.0, 35.0, 52.0, north, what))
        allowed = touching or (what, purpose) == ("easement", "road")
        assert broken(plan) == (set() if allowed else {("boundary", "Road 1")})


@pytest.mark.parametrize(
    ("edge", "at", "outwards"),
    [
        (1, (60_000, 12_000), (0, -1)),
        (2, (102_000, 60_000), (1, 0)),
        (3, (60_000, 105_500), (0, 1)),
        (4, (12_000, 60_000), (-1, 0)),
    ],
)
def test_an_edge_with_a_set_back_of_its_own(edge, at, outwards):
    own = [{"edge": edge, "setback_m": 12.0}]
    plan = plan_at(*at, setback_m=3.0, setback=own)
    assert all(f.kept for f in boundary.check(plan))
    over = moved(plan, "PMP-01", x_mm=at[0] + outwards[0], y_mm=at[1] + outwards[1])
    (finding,) = (f for f in boundary.check(over) if not f.kept)
    assert (finding.where, finding.actual, finding.limit) == ("PMP-01", 11_999, 12_000)
    others = [{"edge": n, "setback_m": 12.0} for n in range(1, 5) if n != edge]
    out = plan_at(at[0] + 9000 * outwards[0], at[1] + 9000 * outwards[1], setback_m=3.0, setback=others)
    assert all(f.kept for f in boundary.check(out))


@pytest.mark.parametrize(
    ("at", "way", "short"),
    [
        ([60.0, 0.0], (57_000, 0, 6000, 30_000), (57_000, 1, 6000, 30_000)),
        ([120.0, 60.0], (90_000, 57_000, 30_000, 6000), (90_000, 57_000, 29_999, 6000)),
        ([60.0, 120.0], (57_000, 90_000, 6000, 30_000), (57_000, 90_000, 6000, 29_999)),
        ([0.0, 60.0], (0, 57_000, 30_000, 6000), (1, 57_000, 30_000, 6000)),
    ],
)
def test_a_gate_on_every_side(at, way, short):
    assert not broken(plan_at(50_000, 50_000, road(*way), gate=[{"at_m": at}]))
    assert broken(plan_at(50_000, 50_000, road(*short), gate=[{"at_m": at}])) == {("road_access", "gate")}
    # Another gate than that of the road is as good; beside both no road enters.
    assert not broken(plan_at(50_000, 50_000, road(*way), gate=[{"at_m": [10.0, 0.0]}, {"at_m": at}]))
    assert broken(plan_at(50_000, 50_000, road(*way), gate=[{"at_m": [10.0, 0.0]}])) == {("road_access", "gate")}


def test_a_road_ends_beyond_an_askew_fence_only_at_its_gate():
    gate, way = [{"at_m": [30.0, 30.0]}], road(27_000, 30_000, 6000, 40_000)  # the fence leads from north-west to gate
    assert not broken(plan_at(50_000, 50_000, way, outline=DIAMOND, gate=gate))
    far = plan_at(50_000, 50_000, road(27_000, 20_000, 6000, 50_000), outline=DIAMOND, gate=gate)
    assert broken(far) == {("boundary", "Road 1")}
    other = [*gate, {"at_m": [90.0, 90.0]}]
    beside = road(27_000, 60_000, 63_001, 6000)  # its east end lies over the fence well off the second gate
    assert not broken(plan_at(50_000, 50_000, way, beside, outline=DIAMOND, gate=other))
    over = road(27_000, 83_000, 30_000, 6000)
    assert ("boundary", "Road 1") in broken(plan_at(50_000, 50_000, way, over, outline=DIAMOND, gate=other))


def test_a_road_beyond_a_straight_fence_is_none_even_at_the_gate():
    plan = plan_at(50_000, 50_000, road(17_000, -1, 6000, 60_000))
    assert broken(plan) == {("boundary", "Road 1")}


@pytest.mark.parametrize(("depth", "kept"), [(44.0, True), (44.001, True), (43.999, False)])
def test_ground_within_the_set_backs_and_off_what_stays_free(depth, kept):
    # 330 m2 of modules; 20 m less set-backs of 3 m west and 7 m east, 5 m at the ends, less a pond of 10 m2.
    land = site(
        [[0.0, 0.0], [20.0, 0.0], [20.0, depth], [0.0, depth]],
        [{"at_m": [10.0, 0.0]}],
        5.0,
        setback=[{"edge": 2, "setback_m": 7.0}, {"edge": 4, "setback_m": 3.0}],
        keep_out=pond(8.0, 20.0, 10.0, 25.0),
    )
    (finding,) = land_use.check(hand_wired_plan(site=land))
    assert finding.actual == 330.0
    assert finding.kept is kept


def wired(*changed, **of_site):
    """The runs of test_runs on a parcel whose gate is where its rectangle has it."""
    brief = WIRED.brief.model_copy(update={"site": placed_plan({}, site=site(**of_site)).brief.site})
    return WIRED.model_copy(
        update={"brief": brief, "routed": Routed(runs=(*RUNS[:3], *(changed or RUNS[3:4]), RUNS[4]))}
    )


def faults(plan):
    return [f.text for f in runs.check(plan) if not f.kept and f.where != "site"]


GATE = [{"at_m": [60.0, 0.0]}]


@pytest.mark.parametrize("what", ["keep_out", "building", "easement", "flood"])
def test_trenches_cross_easements_only(what):
    # The utility's run lies along the south fence.
    assert not faults(wired(gate=GATE))
    assert not faults(wired(gate=GATE, keep_out=pond(30.0, 0.001, 40.0, 9.0, what, 5.0)))
    crossed = faults(wired(gate=GATE, keep_out=pond(30.0, -1.0, 40.0, 9.0, what)))
    assert crossed == (
        [] if what == "easement" else ["utility_mv A: it leaves the land, or crosses what must stay free"]
    )


@pytest.mark.parametrize(("deep_m", "kept"), [(0.001, False), (10.0, False), (None, True)])
def test_a_run_does_not_cross_a_notch(deep_m, kept):
    notch = [[30.0, 0.0], [30.0, deep_m], [32.0, deep_m], [32.0, 0.0]] if deep_m else []
    assert bool(faults(wired(gate=GATE, outline=[SQUARE[0], *notch, *SQUARE[1:]]))) != kept


@pytest.mark.parametrize(("end", "kept"), [((0, 0), True), ((1, 0), False), ((60_000, 0), False)])
def test_the_utility_comes_in_at_its_point_of_connection(end, kept):
    run = a_run("LOD-01", GRID, "A", (23_000, 20_000), (23_000, 0), end, carrier="utility_mv")
    assert bool(faults(wired(run, gate=GATE, utility_m=[0.0, 0.0]))) != kept


def test_a_point_of_connection_between_millimetres():
    # A third of the way along the fence from (0, 100) to (10, 0): no whole millimetre lies on it.
    outline = [[10.0, 0.0], *SQUARE[1:3], [0.0, 120.0], [0.0, 100.0]]
    for off, kept in ((0, True), (2, False)):
        run = a_run("LOD-01", GRID, "A", (20_000, 21_000), (20_000, 66_667), (3333 - off, 66_667), carrier="utility_mv")
        plan = wired(run, gate=GATE, outline=outline, utility_m=[10 / 3, 200 / 3], setback_m=3.0)
        assert bool(faults(plan)) != kept


def crosses(start, end, west, south, east, north):
    """Whether a segment comes into the open rectangle (after Liang and Barsky)."""
    low, high = 0.0, 1.0
    for at, to, least, most in ((start[0], end[0], west, east), (start[1], end[1], south, north)):
        if at == to:
            if not least < at < most:
                return False
            continue
        first, last = sorted(((least - at) / (to - at), (most - at) / (to - at)))
        low, high = max(low, first), min(high, last)
    return low < high - 1e-12


def to_segment(point, start, end):
    along = [b - a for a, b in zip(start, end, strict=True)]
    share = sum((p - a) * d for p, a, d in zip(point, start, along, strict=True)) / sum(d * d for d in along)
    share = min(1.0, max(0.0, share))
    return dist(point, [a + share * d for a, d in zip(start, along, strict=True)])


def to_rectangle(point, west, south, east, north):
    return dist(point, (min(max(point[0], west), east), min(max(point[1], south), north)))


def within(point, corners):
    """Rays to the east."""
    inside = False
    for (x, y), (u, v) in zip(corners, (*corners[1:], corners[0]), strict=True):
        if (y > point[1]) != (v > point[1]) and point[0] < x + (point[1] - y) / (v - y) * (u - x):
            inside = not inside
    return inside


def off_mm(rect, corners):
    """From a rectangle to each edge of a ring; less than nothing where it comes over the edge."""
    west, south, east, north = rect
    found = []
    for a, b in zip(corners, (*corners[1:], corners[0]), strict=True):
        near = min(to_segment(c, a, b) for c in ((west, south), (east, south), (east, north), (west, north)))
        near = min(near, to_rectangle(a, *rect), to_rectangle(b, *rect))
        found.append(-1.0 if crosses(a, b, *rect) else near)
    return found


def test_agrees_with_plain_arithmetic_on_random_parcels():
    random, kept = Random(7), 0
    rings = [
        NOTCHED,
        DIAMOND,
        SQUARE,
        [[0.0, 10.0], [50.0, 0.0], [120.0, 30.0], [70.0, 50.0], [110.0, 120.0], [30.0, 90.0]],
    ]
    for _ in range(60):
        outline = random.choice(rings)
        own = {n: random.choice([0.0, 4.0, 15.0]) for n in random.sample(range(1, len(outline) + 1), 2)}
        hole = [[45.0, 40.0], [60.0, 45.0 + random.randint(0, 9)], [50.0, 62.0]]
        around_m, setback_m = random.choice([0.0, 6.0]), random.choice([0.0, 2.5])
        plan = plan_at(
            0,
            0,
            outline=outline,
            gate=[{"at_m": outline[0]}],
            setback_m=setback_m,
            setback=[{"edge": n, "setback_m": m} for n, m in own.items()],
            keep_out=[{"name": "Pond", "outline_m": hole, "setback_m": around_m}],
        )
        for _ in range(12):
            x, y, turned = random.randint(0, 117) * 1000, random.randint(0, 117) * 1000, random.random() < 0.5
            rect = (x, y, x + (2500 if turned else 6000), y + (6000 if turned else 2500))
            middle = ((rect[0] + rect[2]) / 2, (rect[1] + rect[3]) / 2)
            fence, free = ([(1000 * a, 1000 * b) for a, b in ring] for ring in (outline, hole))
            right = within(middle, fence) and not within(middle, free)
            right = right and not any(rect[0] < a < rect[2] and rect[1] < b < rect[3] for a, b in free)
            right = right and all(mm >= own.get(n, setback_m) * 1000 for n, mm in enumerate(off_mm(rect, fence), 1))
            right = right and min(off_mm(rect, free)) >= around_m * 1000
            found = {
                w
                for r, w in broken(moved(plan, "PMP-01", x_mm=x, y_mm=y, turned=turned))
                if w == "PMP-01" and r == "boundary"
            }
            assert bool(found) != right
            kept += right
    assert kept > 100
