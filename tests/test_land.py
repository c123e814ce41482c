"""Land as data: what is refused, and what is left of it within set-backs and beside what must stay free."""

import re
from math import cos, pi, sin
from random import Random

import pytest
from pydantic import ValidationError
from shapely import Point, Polygon, box

from prefab.brief import Site
from prefab.land import EdgeSetback, Gate, KeepOut, Land, crooked, rectangle

SQUARE = ((0.0, 0.0), (100.0, 0.0), (100.0, 80.0), (0.0, 80.0))
GATE = (Gate(at_m=(50.0, 0.0)),)


def land(**more):
    return Land(**{"outline_m": SQUARE, "gate": GATE} | more)


def kept(*corners, name="Pond", **more):
    return KeepOut(name=name, outline_m=corners, **more)


@pytest.mark.parametrize(
    ("outline", "said"),
    [
        (((0.0, 0.0), (10.0, 0.0)), "at least 3 items"),
        (((0.0, 0.0), (0.0, 80.0), (100.0, 80.0), (100.0, 0.0)), "outline_m: its corners run clockwise"),
        ((*SQUARE, SQUARE[0]), "outline_m: corner 5: is the first corner again"),
        ((SQUARE[0], SQUARE[1], SQUARE[1], SQUARE[2]), "outline_m: corner 2: is given twice"),
        (((0.0, 0.0), (100.0, 80.0), (100.0, 0.0), (0.0, 80.0)), "outline_m: corners 1 and 3: the edges"),
        (((0.0, 0.0), (100.0, 0.0), (50.0, 0.0), (50.0, 80.0)), "outline_m: corner 2: the outline runs back"),
        (((0.0, 0.0), (100.0, 0.0), (100.0, 80.0), (50.0, 0.0), (0.0, 80.0)), "corners 1 and 3: the edges"),
        (((18.0, 59.0), (18.01, 59.0), (18.01, 59.01)), "outline_m: looks like degrees"),
        (((-2.5, 0.0), (80.0, 0.0), (80.0, 80.0)), "outline_m: a corner lies 2.5 m beyond the origin"),
        (((0.0, 0.0), (2.0, 0.0), (2.0, 1.5), (0.0, 1.5)), "outline_m: 3 m2 of land; at least 100 m2"),
        (((0.0, 0.0), (20_000.0, 0.0), (0.0, 80.0)), "less than or equal to 10000"),
        (((0.0, 0.0), (float("nan"), 0.0), (0.0, 80.0)), "finite number"),
    ],
)
def test_outlines_that_are_refused(outline, said):
    with pytest.raises(ValidationError, match=re.escape(said)):
        land(outline_m=outline, gate=(Gate(at_m=(0.0, 0.0)),))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"keep_out": (kept((200.0, 0.0), (210.0, 0.0), (210.0, 9.0)),)}, "keep_out 'Pond': lies off the land"),
        ({"setback": (EdgeSetback(edge=5, setback_m=3.0),)}, "setback: edge 5: the outline has 4 edges"),
        ({"setback": (EdgeSetback(edge=2, setback_m=3.0),) * 2}, "setback: an edge is named twice"),
        ({"gate": (*GATE, Gate(name="East", at_m=(98.0, 40.0)))}, "gate 'East': 2.0 m off the outline; at most 0.5 m"),
        ({"gate": ()}, "at least 1 item"),
        ({"utility_m": (50.0, -3.0)}, "utility_m: 3.0 m off the land"),
    ],
)
def test_what_does_not_go_together_is_refused(more, said):
    with pytest.raises(ValidationError, match=re.escape(said)):
        land(**more)


def test_crooked_keep_out_is_refused_by_name():
    with pytest.raises(ValidationError, match="keep_out 'Pond': its corners run clockwise"):
        kept((0.0, 0.0), (0.0, 9.0), (9.0, 9.0))


def test_a_file_without_its_outline_is_refused():
    with pytest.raises(ValidationError, match="file: is read where the brief itself is a file; give outline_m"):
        Land(file="parcel.dxf")
    with pytest.raises(ValidationError, match="file: is read where the brief itself is a file"):
        Land(file="parcel.dxf", gate=GATE)
    assert land(file="parcel.dxf", origin=(18.0, 59.0)).outline_m == SQUARE


def test_what_may_be_half_a_metre_off():
    assert land(gate=(Gate(at_m=(50.0, -0.5)),), utility_m=(100.5, 40.0)).connection_mm.coords[0] == (100_000, 40_000)
    assert land().connection_mm.coords[0] == (50_000, 0)


def test_crooked_agrees_with_shapely_on_random_corners():
    random, simple = Random(3), 0
    for _ in range(400):
        corners = [(float(random.randint(0, 4)), float(random.randint(0, 4))) for _ in range(random.randint(3, 6))]
        found, polygon = crooked(corners), Polygon(corners)
        if found is None:
            simple += 1
            assert polygon.is_valid
            assert polygon.exterior.is_ccw
        elif not found.corners:
            assert polygon.is_valid
            assert not polygon.exterior.is_ccw
        elif "given twice" not in found.what and "first corner" not in found.what:
            assert not polygon.is_valid
    assert simple > 20


def test_rectangle_is_width_and_depth_less_the_setback():
    free = rectangle(180.3, 125.0).buildable(10.0)
    assert free.equals(box(10_000, 10_000, 170_300, 115_000))
    assert rectangle(180.0, 125.0).gate[0].at_m == (90.0, 0.0)
    assert rectangle(180.0, 125.0).buildable(0.0).equals(box(0, 0, 180_000, 125_000))
    assert rectangle(20.0, 30.0).buildable(10.0).is_empty


def test_setbacks_by_edge():
    free = land(setback=(EdgeSetback(edge=2, setback_m=30.0), EdgeSetback(edge=4, setback_m=0.0))).buildable(5.0)
    assert free.equals(box(0, 5000, 70_000, 75_000))


def test_a_reflex_corner_keeps_its_distance_all_round():
    bent = land(outline_m=((0.0, 0.0), (100.0, 0.0), (100.0, 40.0), (50.0, 40.0), (50.0, 80.0), (0.0, 80.0)))
    free = bent.buildable(10.0)
    assert free.distance(Point(50_000, 40_000)) == pytest.approx(10_000, rel=1.3e-3)
    assert free.distance(Point(50_000, 40_000)) >= 10_000 - 1e-6


def ragged(random):
    """A polygon around a middle, of any winding edge lengths, and set-backs of its edges."""
    corners = random.randint(3, 12)
    turns = sorted(random.uniform(0, 2 * pi) for _ in range(corners))
    reach = [random.uniform(60, 300) for _ in turns]
    outline = tuple((300 + r * cos(turn), 300 + r * sin(turn)) for r, turn in zip(reach, turns, strict=True))
    edges = random.sample(range(1, corners + 1), random.randint(0, corners))
    return outline, tuple(EdgeSetback(edge=e, setback_m=random.choice([0.0, 3.0, 12.0, 25.0])) for e in edges)


def test_buildable_is_never_nearer_than_its_setbacks_and_little_farther():
    random, looked_at = Random(1), 0
    while looked_at < 60:
        outline, setback = ragged(random)
        pond = kept((291.0, 291.0), (309.0, 296.0), (302.0, 309.0), setback_m=random.choice([0.0, 6.0]))
        if crooked(outline) or not Polygon(outline).covers(Polygon(pond.outline_m)):
            continue
        looked_at += 1
        whole = Land(outline_m=outline, gate=(Gate(at_m=outline[0]),), setback=setback, keep_out=(pond,))
        free = whole.buildable(8.0)
        exact = whole.polygon.difference(pond.polygon.buffer(pond.setback_m * 1000, quad_segs=200))
        for edge, mm in zip(whole.edges, whole.setbacks_mm(8.0), strict=True):
            assert free.is_empty or free.distance(edge) >= mm - 1e-6
            exact = exact.difference(edge.buffer(mm, quad_segs=200)) if mm else exact
        if not free.is_empty:
            assert free.distance(pond.polygon) >= pond.setback_m * 1000 - 1e-6
            assert whole.polygon.buffer(1e-6).covers(free)
        assert exact.area - free.area <= 2e-3 * whole.polygon.area
        most = whole.buildable(8.0, at_most=True)
        assert 0 <= most.area - exact.area <= 2e-3 * whole.polygon.area


def test_keep_outs_take_their_own_free_ground_and_easements_are_crossed():
    pipe = kept((40.0, -5.0), (44.0, -5.0), (44.0, 85.0), (40.0, 85.0), name="Pipe", what="easement", setback_m=2.0)
    pond = kept((60.0, 40.0), (70.0, 40.0), (70.0, 50.0), (60.0, 50.0))
    whole = land(keep_out=(pipe, pond))
    free = whole.buildable(5.0)
    assert free.area / 1e6 == pytest.approx(90 * 70 - 8 * 70 - 100)
    assert {g.bounds for g in free.geoms} == {(5000, 5000, 38_000, 75_000), (46_000, 5000, 95_000, 75_000)}
    driven = whole.drivable(1000.0)
    assert driven.covers(Point(42_000, 40_000))
    assert not driven.intersects(Point(65_000, 45_000))
    assert driven.area / 1e6 == pytest.approx(98 * 78 - 100)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"width_m": 100.0}, "width_m, depth_m: missing"),
        ({"width_m": 100.0, "depth_m": 80.0, "land": land()}, "width_m and depth_m are of a rectangle"),
        ({"width_m": 10.0, "depth_m": 80.0}, "the set-backs leave no land"),
        ({"land": land(setback=(EdgeSetback(edge=1, setback_m=80.0),))}, "the set-backs leave no land"),
    ],
)
def test_sites_that_are_refused(more, said):
    with pytest.raises(ValidationError, match=said):
        Site(country="SE", climate="stockholm", setback_m=5.0, **more)


def test_a_site_is_one_parcel_whichever_way_it_is_given():
    drawn = Site(country="SE", climate="stockholm", setback_m=5.0, land=land())
    sized = Site(country="SE", climate="stockholm", setback_m=5.0, width_m=100.0, depth_m=80.0)
    assert drawn.parcel.buildable(5.0).equals(sized.parcel.buildable(5.0))
    assert "land" not in sized.model_dump()
    assert drawn.size_m is None
