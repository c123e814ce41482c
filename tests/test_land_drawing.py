"""Land from DXF drawings: layers, units, arcs on the safe side, and what is refused with its handle."""

import importlib
import re
from math import atan, copysign, pi, sin

import pytest
from shapely import Point, Polygon

from prefab.errors import InputError
from prefab.land_drawing import straight
from prefab.land_file import read_land

ezdxf = pytest.importorskip("ezdxf", reason="the extra `dxf` is not installed")

SQUARE = [(0, 0), (100, 0), (100, 80), (0, 80)]
MILLIMETRES, METRES, FEET = 4, 6, 2


class Drawing:
    """A drawing with what a test puts into it."""

    def __init__(self, path, units=METRES, version="R2010"):
        self.path, self.file = path, ezdxf.new(version, units=units)
        self.space = self.file.modelspace()

    def line(self, layer, corners, close=True, form="xy", **more):
        self.space.add_lwpolyline(corners, format=form, close=close, dxfattribs={"layer": layer} | more)
        return self

    def read(self, coordinates=""):
        self.file.saveas(self.path)
        return read_land(self.path, coordinates)


@pytest.fixture
def drawing(tmp_path):
    return lambda **more: Drawing(tmp_path / "parcel.dxf", **more)


def test_everything_that_a_drawing_may_show(drawing):
    d = drawing().line("Land", [(x + 500, y + 700) for x, y in SQUARE])
    d.line("keep-out", [(520, 720), (530, 720), (530, 730)]).line("EASEMENT", [(540, 700), (542, 700), (542, 780)])
    d.line("Building 2", SQUARE).line("0", SQUARE)
    d.space.add_polyline2d([(550, 720), (560, 720), (560, 730)], close=True, dxfattribs={"layer": "Flood"})
    d.space.add_polyline3d([(570, 720, 9), (580, 720, 9), (580, 730, 9)], close=True, dxfattribs={"layer": "BUILDING"})
    d.space.add_point((550, 700), dxfattribs={"layer": "GATE"})
    d.file.blocks.new("ARROW")
    d.space.add_blockref("ARROW", (600, 740), dxfattribs={"layer": "Gate"})
    d.space.add_circle((500, 780), 2, dxfattribs={"layer": "UTILITY"})
    d.space.add_text("Gate here", dxfattribs={"layer": "GATE"})
    found = d.read()
    assert found["outline_m"] == ((0, 0), (100, 0), (100, 80), (0, 80))
    assert [(k["name"], k["what"], k["outline_m"][0]) for k in found["keep_out"]] == [
        ("Keep-out 1", "keep_out", [20, 20]),
        ("Easement 1", "easement", [40, 0]),
        ("Flood 1", "flood", [50, 20]),
        ("Building 1", "building", [70, 20]),
    ]
    assert found["gate"] == [{"name": "Gate 1", "at_m": [50, 0]}, {"name": "Gate 2", "at_m": [100, 40]}]
    assert found["utility_m"] == (0, 80)
    assert found["origin"] == [500, 700]


@pytest.mark.parametrize(("units", "metre"), [(4, 1000), (5, 100), (6, 1), (2, 1 / 0.3048), (1, 1 / 0.0254)])
def test_units_of_the_drawing(drawing, units, metre):
    found = drawing(units=units).line("LAND", [(x * metre, y * metre) for x, y in SQUARE]).read()
    assert found["outline_m"] == ((0, 0), (100, 0), (100, 80), (0, 80))


def test_units_that_the_brief_says(drawing):
    assert drawing(units=0).line("LAND", SQUARE).read("feet")["outline_m"][2] == (30.48, 24.384)
    assert drawing(units=MILLIMETRES).line("LAND", SQUARE).read("metres")["outline_m"][2] == (100, 80)


def test_clockwise_lines_and_such_as_end_where_they_begin(drawing):
    assert drawing().line("LAND", SQUARE[::-1]).read()["outline_m"] == ((0, 80), (0, 0), (100, 0), (100, 80))
    assert drawing().line("LAND", [*SQUARE, SQUARE[0]], close=False).read()["outline_m"][0] == (0, 0)
    assert len(drawing().line("LAND", [*SQUARE, SQUARE[0]]).read()["outline_m"]) == 4


def test_what_is_drawn_from_below_is_mirrored(drawing):
    corners = [(-x, y, 0.2 if x == 100 and y == 0 else 0.0) for x, y in reversed(SQUARE)]
    there = drawing().line("LAND", corners, form="xyb", extrusion=(0, 0, -1)).read()
    seen = drawing().line("LAND", [(-x, y, -b) for x, y, b in corners], form="xyb").read()
    assert there == seen
    assert len(there["outline_m"]) > 6


CIRCLE = Point(0, 0).buffer(50, quad_segs=2000)
HALVES = [(complex(-50, 0), 1.0), (complex(50, 0), 1.0)]


@pytest.mark.parametrize("turn", [1, -1])
def test_arcs_become_edges_on_the_safe_side(turn):
    halves = [(at, bulge * turn) for at, bulge in HALVES[::turn]]
    land, kept = (Polygon(straight(halves, within=within)) for within in (True, False))
    assert CIRCLE.buffer(1e-3).covers(land)
    assert kept.buffer(1e-3).covers(CIRCLE)
    for found in (land, kept):
        assert found.is_valid
        assert found.exterior.is_ccw
        assert abs(found.exterior.hausdorff_distance(CIRCLE.exterior)) < 0.011
        assert found.area == pytest.approx(pi * 50**2, rel=5e-4)


@pytest.mark.parametrize("bulge", [0.3, -0.3, 1.0, -1.0, 1e-3, -1e-3])
def test_an_arc_on_one_side_of_a_parcel(bulge):
    square = [(complex(x, y), bulge if (x, y) == (100, 0) else 0.0) for x, y in SQUARE]
    land, kept = (Polygon(straight(square, within=within)) for within in (True, False))
    radius = 80 * (1 + bulge**2) / (4 * abs(bulge))
    angle = 4 * atan(abs(bulge))
    area = 100 * 80 + copysign(radius**2 * (angle - sin(angle)) / 2, bulge)
    assert land.area <= area + 1e-6
    assert kept.area >= area - 1e-6
    assert kept.buffer(1e-9).covers(land)
    assert kept.area - land.area < 0.03 * 200


def test_a_round_keep_out_is_no_smaller_than_its_circle(drawing):
    d = drawing(units=MILLIMETRES).line("LAND", [(x * 1000, y * 1000) for x, y in SQUARE])
    d.space.add_circle((40_000, 40_000), 6000, dxfattribs={"layer": "KEEP_OUT"})
    (kept,) = d.read()["keep_out"]
    pond = Polygon(kept["outline_m"])
    assert pond.buffer(1e-3).covers(Point(40, 40).buffer(6, quad_segs=500))
    assert pond.area < pi * 6**2 * 1.01


def test_what_blocks_hold_is_not_passed_over(drawing):
    d = drawing().line("LAND", SQUARE)
    houses = d.file.blocks.new("HOUSES")
    houses.add_lwpolyline([(9, 9), (19, 9), (19, 19)], close=True, dxfattribs={"layer": "Building"})
    d.file.blocks.new("SURVEY").add_blockref("HOUSES", (0, 0))
    d.space.add_blockref("SURVEY", (0, 0))
    with pytest.raises(InputError, match="block 'HOUSES' holds something on layer Building; explode it"):
        d.read()


def test_a_block_of_another_drawing_is_refused(drawing):
    d = drawing().line("LAND", SQUARE)
    d.file.add_xref_def("other.dxf", "OTHER")
    d.space.add_blockref("OTHER", (0, 0))
    with pytest.raises(InputError, match="block 'OTHER' is of another drawing"):
        d.read()


def spline(d):
    d.space.add_spline([(0, 0), (9, 9), (20, 0)], dxfattribs={"layer": "LAND"})


def fitted(d):
    line = d.space.add_polyline2d(SQUARE, close=True, dxfattribs={"layer": "LAND"})
    line.dxf.flags |= 4


def mesh(d):
    d.space.add_polymesh((2, 2), dxfattribs={"layer": "LAND"})


def tilted(d):
    d.line("LAND", SQUARE, extrusion=(0, 0.6, 0.8))


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (lambda d: d.line("LOT", SQUARE), "shows no land; a closed polyline on layer LAND is needed"),
        (lambda d: d.line("LAND", SQUARE).line("Land", SQUARE), ", handle XX: 2 outlines of land; exactly one"),
        (lambda d: d.line("LAND", SQUARE, close=False), "layer LAND, handle XX: the polyline is open; close it"),
        (
            lambda d: d.space.add_polyline2d([], close=True, dxfattribs={"layer": "LAND"}),
            "layer LAND, handle XX: POLYLINE without corners",
        ),
        (lambda d: d.line("LAND", SQUARE[:2]), "layer LAND, handle XX: 2 different corners; 3 to 5,000"),
        (lambda d: d.line("LAND", [(0, 0), (9, float("nan")), (9, 9)]), "handle XX: holds a figure that is no"),
        (
            lambda d: d.line("LAND", [(0, 0, 1e300), (9, 0, 0), (9, 9, 0)], form="xyb"),
            "holds a figure that is no place",
        ),
        (lambda d: d.line("LAND", SQUARE).line("FLOOD", [(0, 0), (1e300, 0), (9, 9)]), "layer FLOOD, handle XX: holds"),
        (
            lambda d: d.line("LAND", SQUARE).space.add_point((float("inf"), 3), dxfattribs={"layer": "GATE"}),
            "layer GATE, handle XX: holds a figure that is no place",
        ),
        (lambda d: d.line("LAND", [(0, 0), (100, 80), (100, 0), (0, 80)]), "handle XX: corners 1 and 3: the edges"),
        (lambda d: d.line("LAND", [(0, 0), (2, 0), (2, 1.5), (0, 1.5)]), "handle XX: outline_m: 3 m2 of land"),
        (lambda d: d.line("LAND", [(18, 59), (18.01, 59), (18.01, 59.01)]), "handle XX: less than 1 m wide and deep"),
        (lambda d: d.line("LAND", [(0, 0), (20_000, 0), (9, 9)]), "handle XX: 20,000 x 9 m; at most 10 km"),
        (spline, "layer LAND, handle XX: SPLINE; a closed polyline is needed there"),
        (fitted, "layer LAND, handle XX: POLYLINE; a closed polyline is needed there, of straight edges"),
        (mesh, "layer LAND, handle XX: POLYLINE; a closed polyline is needed"),
        (tilted, "handle XX: lies in a tilted plane"),
        (
            lambda d: d.line("LAND", SQUARE).space.add_line((0, 0), (9, 9), dxfattribs={"layer": "GATE"}),
            "layer GATE, handle XX: LINE; a POINT, INSERT or CIRCLE is needed there",
        ),
        (
            lambda d: d.line("LAND", SQUARE).space.add_point((50, 3), dxfattribs={"layer": "GATE"}),
            "layer GATE, handle XX: gate 'Gate 1': 3.0 m off the outline",
        ),
        (
            lambda d: d.line("LAND", SQUARE).line("FLOOD", [(x + 200, y) for x, y in SQUARE]),
            "layer FLOOD, handle XX: keep_out 'Flood 1': lies off the land",
        ),
    ],
)
def test_what_is_refused(drawing, draw, said):
    made = drawing()
    draw(made)
    with pytest.raises(InputError) as caught:
        made.read()
    assert said in re.sub(r"handle [0-9A-F]+", "handle XX", str(caught.value))
    assert len(caught.value.mistakes) == 1
    assert "parcel.dxf" in str(caught.value)


@pytest.mark.parametrize(
    ("units", "coordinates", "said"),
    [
        (0, "", "has no unit of length; write coordinates in [site.land]: metres, millimetres, centimetres, feet"),
        (7, "", "$INSUNITS 7 is no unit of land; write coordinates"),
        (MILLIMETRES, "", "less than 1 m wide and deep"),
        (METRES, "wgs84", "coordinates: 'wgs84'; allowed: metres, millimetres"),
    ],
)
def test_units_that_are_refused(drawing, units, coordinates, said):
    with pytest.raises(InputError, match=re.escape(said)):
        drawing(units=units).line("LAND", SQUARE).read(coordinates)


def test_a_drawing_of_an_old_version_has_no_unit(drawing):
    old = drawing(version="R12")
    old.space.add_polyline2d(SQUARE, close=True, dxfattribs={"layer": "LAND"})
    with pytest.raises(InputError, match="has no unit of length"):
        old.read()
    assert old.read("metres")["outline_m"][2] == (100, 80)


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.parametrize(
    "content", [b"", b"hello", b"0\nSECTION\n2\nENTITIES\n", b"AC1032\x00\x00", b"AutoCAD Binary DXF\r\n\x1a\x00abc"]
)
def test_what_is_no_drawing(tmp_path, content):
    (tmp_path / "parcel.dxf").write_bytes(content)
    with pytest.raises(InputError, match=re.escape("parcel.dxf: no DXF drawing that can be read")):
        read_land(tmp_path / "parcel.dxf")


def test_missing_and_large_files(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_land(tmp_path / "parcel.dxf")
    (tmp_path / "parcel.dxf").write_bytes(b" " * 20_000_001)
    with pytest.raises(InputError, match="larger than 20,000,000 bytes; a drawing of land is smaller"):
        read_land(tmp_path / "parcel.dxf")


def test_a_missing_extra_is_said(drawing, monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(InputError, match=re.escape("pip install 'prefab-dc[dxf]'")):
        drawing().line("LAND", SQUARE).read()


def test_a_drawing_that_breaks_within(drawing):
    made = drawing().line("LAND", SQUARE)
    made.read()
    text = made.path.read_text()
    made.path.write_text(text.replace("LWPOLYLINE", "0.2"))
    with pytest.raises(InputError, match=re.escape("parcel.dxf: no DXF drawing that can be read (DXFAttributeError)")):
        read_land(made.path)
