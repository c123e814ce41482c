"""Land from GeoJSON files and briefs; drawings are in `test_land_drawing`."""

import importlib
import json
import re
from itertools import combinations
from math import dist
from random import Random

import pytest

from prefab.brief import SiteBrief, read_brief
from prefab.errors import InputError
from prefab.land import Land
from prefab.land_file import read_land
from prefab.tables import validate

pyproj = pytest.importorskip("pyproj", reason="the extra `gis` is not installed")

BRIEF = """
name = "A"
customer = "B"
as_of = 2026-11-24
[site]
country = "SE"
climate = "stockholm"
setback_m = 5
[site.land]
{land}
[it]
workload = "llama31-405b-training-gb300"
[[phases]]
name = "Whole site"
it_mw = 1
energised_by = 2029-12-31
[grid]
capacity_mw = 3
voltage_kv = 20
tariff = "se-wholesale"
[redundancy]
power = "N+1"
cooling = "N+1"
[autonomy]
ups_min = 5
generator_h = 24
"""
SQUARE = [[0, 0], [100, 0], [100, 80], [0, 80], [0, 0]]
PARCEL = [[18.05, 59.33], [18.054, 59.3302], [18.0539, 59.332], [18.0501, 59.3318], [18.05, 59.33]]


def feature(purpose, at, kind="Polygon", **properties):
    geometry = {"type": kind, "coordinates": [at] if kind == "Polygon" else at}
    return {"type": "Feature", "geometry": geometry, "properties": {"purpose": purpose, **properties}}


def collection(*features, **more):
    return {"type": "FeatureCollection", "features": list(features), **more}


def shifted(ring, east, north):
    return [[x + east, y + north] for x, y in ring]


LAND = feature("land", SQUARE)
GATE = feature("gate", [50, 0], "Point")


@pytest.fixture
def read(tmp_path):
    def reading(content, coordinates="metres", name="parcel.geojson"):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return read_land(path, coordinates)

    return reading


def test_everything_that_a_file_may_show(read):
    hole = [[10, 10], [10, 20], [20, 20], [20, 10], [10, 10]]
    whole = {"type": "Polygon", "coordinates": [SQUARE, hole]}
    box = [[40, 40], [50, 40], [50, 50], [40, 50], [40, 40]]
    found = read(
        collection(
            {"type": "Feature", "geometry": whole, "properties": {"purpose": "land"}},
            feature("keep_out", shifted(box, 20, 0), name="Oak", setback_m=3),
            feature("building", box),
            feature("flood", shifted(box, 40, 20), name=None),
            feature("easement", shifted(box, 0, 20)),
            feature("gate", [50, 0, 12.5], "Point", name="South"),
            feature("gate", [100, 40], "Point"),
            feature("utility", [0, 80], "Point"),
        )
    )
    assert found["outline_m"] == ((0, 0), (100, 0), (100, 80), (0, 80))
    assert [(k["name"], k["what"], k["setback_m"]) for k in found["keep_out"]] == [
        ("Hole 1", "keep_out", 0),
        ("Oak", "keep_out", 3),
        ("Building 1", "building", 0),
        ("Flood 1", "flood", 0),
        ("Easement 1", "easement", 0),
    ]
    assert found["keep_out"][0]["outline_m"] == [[10, 10], [20, 10], [20, 20], [10, 20]]
    assert found["gate"] == [{"name": "South", "at_m": [50, 0]}, {"name": "Gate 2", "at_m": [100, 40]}]
    assert found["utility_m"] == (0, 80)
    assert found["origin"] == [0, 0]


@pytest.mark.parametrize("ending", ["geojson", "json", "GEOJSON"])
@pytest.mark.parametrize(
    "data",
    [
        {"type": "Polygon", "coordinates": [SQUARE]},
        {"type": "MultiPolygon", "coordinates": [[SQUARE]]},
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [SQUARE]}, "properties": None},
        collection({"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [SQUARE]}, "properties": {}}),
    ],
)
def test_what_is_alone_is_the_land(read, data, ending):
    text = "\ufeff" + json.dumps(data)
    assert read(text, name=f"parcel.{ending}") == {
        "outline_m": ((0, 0), (100, 0), (100, 80), (0, 80)),
        "origin": [0, 0],
    }


def test_land_is_moved_and_rounded_to_millimetres(read):
    east, north = 674_032.1234, 6_580_821.8766
    outline = [[0.0004, 0], [100.00049, 0], [100, 80], [0, 80.0006], [0.0001, 80.0006], [0.0004, 0]]
    found = read(
        collection(feature("land", shifted(outline, east, north)), feature("gate", [east + 50, north], "Point"))
    )
    assert found["outline_m"] == ((0, 0), (100, 0), (100, 80), (0, 80.001))
    assert found["gate"][0]["at_m"] == [50, 0]
    assert found["origin"] == [674_032.123, 6_580_821.877]


def test_units_of_length(read):
    ring = {"type": "Polygon", "coordinates": [[[0, 0], [1000, 0], [1000, 500], [0, 0]]]}
    assert read(ring, "feet")["outline_m"][2] == (304.8, 152.4)
    assert read(ring, "us_survey_feet")["outline_m"][2] == (304.801, 152.4)


def test_degrees_keep_their_distances(read):
    geod = pyproj.Geod(ellps="WGS84")
    random = Random(5)
    for lon, lat in ((18.05, 59.33), (-97.1, 32.8), (103.8, 1.3), (25.0, -33.9), (23.7, 70.6)):
        ring = shifted([[0, 0], [0.02, 0.001], [0.021, 0.012], [-0.001, 0.011]], lon, lat)
        points = [[lon + random.uniform(0.002, 0.018), lat + random.uniform(0.003, 0.008)] for _ in range(3)]
        ponds = [[p, [p[0] + 1e-3, p[1]], [p[0], p[1] + 1e-3], p] for p in points]
        found = read(
            collection(feature("land", [*ring, ring[0]]), *(feature("flood", pond) for pond in ponds)), coordinates=""
        )
        there = [*ring, *(corner for pond in ponds for corner in pond[:3])]
        here = [*found["outline_m"], *(corner for k in found["keep_out"] for corner in k["outline_m"])]
        assert len(here) == 13
        for (a, one), (b, other) in combinations(zip(there, here, strict=True), 2):
            metres = geod.inv(*a, *b)[2]
            # A millimetre per 100 m at most, and what rounding both ends to millimetres does.
            assert abs(dist(one, other) - metres) <= metres * 1e-6 + 0.0015, (a, b)
        assert min(x for x, _ in found["outline_m"]) == 0 == min(y for _, y in found["outline_m"])


def test_degrees_and_back(read):
    found = read(collection(feature("land", PARCEL), feature("gate", PARCEL[0], "Point")), "wgs84")
    middle = [(min(axis) + max(axis)) / 2 for axis in zip(*PARCEL, strict=True)]
    mercator = pyproj.Proj(proj="tmerc", lon_0=middle[0], lat_0=middle[1], k=1, ellps="WGS84")
    west, south = mercator(*found["origin"])
    for (x, y), at in zip(found["outline_m"], PARCEL[:-1], strict=True):
        assert mercator(x + west, y + south, inverse=True) == pytest.approx(tuple(at), abs=2e-8)


CROSSED = [[0, 0], [100, 80], [100, 0], [0, 80], [0, 0]]
TINY = [[0, 0], [2, 0], [2, 1.5], [0, 1.5], [0, 0]]
FAR = [[10, 10], [20_000, 10], [20_000, 20], [10, 10]]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("land", "parcel.geojson: not JSON"),
        ("[" * 100_000, "parcel.geojson: not JSON"),
        (json.dumps(LAND).replace("100", "NaN"), "not JSON (NaN is no number)"),
        (json.dumps(LAND).replace("100", "1e999"), "corner 2: holds a figure that is not finite"),
        (json.dumps(LAND).replace("100", "9" * 400), "corner 2: holds a figure that is not finite"),
        ([LAND], "parcel.geojson: no GeoJSON of land"),
        ({"type": "Topology", "objects": {}}, "no GeoJSON of land"),
        (collection(), "shows no land; a Polygon with purpose land is needed"),
        (collection(7, LAND), "feature 1: no Feature with a geometry"),
        (collection({"type": "Feature", "geometry": None, "properties": {}}), "feature 1: no Feature with a geometry"),
        (
            collection(LAND, feature("gates", [50, 0], "Point")),
            "feature 2: properties.purpose: 'gates'; allowed: land,",
        ),
        (collection(LAND, feature(None, [50, 0], "Point")), "feature 2: properties.purpose: missing; allowed"),
        (collection(LAND, feature([], [50, 0], "Point")), "feature 2: properties.purpose: missing; allowed"),
        (collection(GATE, LAND, LAND), "feature 3: 2 outlines of land; exactly one"),
        (feature("keep_out", SQUARE), "shows no land"),
        (feature("land", SQUARE, "LineString"), "land is a 'LineString'; a Polygon is needed"),
        (collection(LAND, feature("gate", SQUARE)), "feature 2: gate is a 'Polygon'; a Point is needed"),
        ({"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE]]}, "MultiPolygon of 2 polygons"),
        ({"type": "Polygon", "coordinates": SQUARE}, "ring 1, corner 1: no position; [east, north]"),
        ({"type": "Polygon", "coordinates": [[SQUARE]]}, "corner 1: no position; [east, north]"),
        ({"type": "Polygon", "coordinates": []}, "a Polygon is a list of rings"),
        ({"type": "Polygon", "coordinates": [[]]}, "a Polygon is a list of rings"),
        (feature("land", [[0, 0], ["1", 0], [0, 1], [0, 0]]), "corner 2: no position"),
        (feature("land", [[0, 0], [True, 0], [0, 1], [0, 0]]), "corner 2: no position"),
        (feature("land", SQUARE[:4]), "the ring is open"),
        (feature("land", [[0, 0], [50, 0], [0, 0]]), "2 different corners; 3 to 5,000"),
        (feature("land", SQUARE[::-1]), "its corners run clockwise; RFC 7946 asks for counter-clockwise ones of an"),
        (feature("land", CROSSED), "corners 1 and 3: the edges that begin there meet"),
        (feature("land", [[0, 0], [50, 0], *CROSSED[1:]]), "corners 2 and 4: the edges that begin there meet"),
        (feature("land", [[0, 0], [0, 0], *CROSSED[1:]]), "corners 1 and 4: the edges that begin there meet"),
        (feature("land", TINY), "outline_m: 3 m2 of land; at least 100 m2"),
        (feature("land", PARCEL), "less than 1 m wide and deep, so that its figures are degrees"),
        (feature("land", FAR), "parcel.geojson: 19,990 x 10 m; at most 10 km each way"),
        (collection(LAND, feature("flood", FAR)), "feature 2: corner 2: more than 10 km from the land"),
        (collection(LAND, feature("flood", SQUARE[::-1])), "feature 2: its corners run clockwise"),
        (collection(LAND, feature("flood", shifted(SQUARE, 200, 0))), "feature 2: keep_out 'Flood 1': lies off the"),
        (collection(LAND, feature("flood", SQUARE, name=7)), "feature 2: name: input should be a valid string"),
        (collection(LAND, feature("flood", SQUARE, name="a\u202eb")), "feature 2: name: holds a control or invisible"),
        (collection(LAND, feature("flood", SQUARE, setback_m=-1)), "feature 2: setback_m: input should be greater"),
        (collection(LAND, feature("gate", [50, 3], "Point")), "feature 2: gate 'Gate 1': 3.0 m off the outline"),
        (collection(LAND, feature("utility", [50, -3], "Point")), "feature 2: utility_m: 3.0 m off the land"),
        (collection(LAND, *[feature("utility", [50, 0], "Point")] * 2), "feature 3: a second utility"),
        ({"type": "Polygon", "coordinates": [SQUARE, SQUARE]}, "ring 2: its corners run counter-clockwise; RFC 7946"),
        ({"type": "Polygon", "coordinates": [SQUARE, CROSSED]}, "ring 2: corners 1 and 3: the edges that begin there"),
        (
            collection(
                LAND, {**feature("flood", SQUARE), "geometry": {"type": "Polygon", "coordinates": [SQUARE] * 2}}
            ),
            "feature 2: ring 2: a hole in what must stay free",
        ),
        (collection(LAND, crs={"properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}), "crs: web Mercator stretches"),
    ],
)
def test_what_is_refused(read, data, said):
    with pytest.raises(InputError) as caught:
        read(data)
    assert said in str(caught.value)
    assert len(caught.value.mistakes) == 1
    assert "parcel.geojson" in str(caught.value)


@pytest.mark.parametrize(
    ("data", "coordinates", "said"),
    [
        (feature("land", shifted(SQUARE, 674_000, 6_580_000)), "", 'in [site.land] write coordinates = "metres"'),
        (feature("land", shifted(SQUARE, 674_000, 6_580_000)), "wgs84", "are no degrees; give degrees east and north"),
        (feature("land", SQUARE), "", "100 x 80 degrees wide and deep; if its figures are metres, write coordinates"),
        (feature("land", SQUARE), "miles", "coordinates: 'miles'; allowed: wgs84, metres, millimetres"),
        (feature("land", SQUARE), 0, "coordinates: 0; allowed: wgs84"),
        (
            collection(LAND, crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3006"}}),
            "",
            "crs: 'urn:ogc:def:crs:EPSG::3006'; write the file in WGS84 (EPSG:4326), or in [site.land]",
        ),
    ],
)
def test_degrees_where_metres_are_meant_and_the_other_way_round(read, data, coordinates, said):
    with pytest.raises(InputError, match=re.escape(said)):
        read(data, coordinates)


def test_old_files_that_name_their_system(read):
    named = collection(feature("land", PARCEL), crs={"properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}})
    assert len(read(named, "")["outline_m"]) == 4
    grid = collection(LAND, crs={"properties": {"name": "urn:ogc:def:crs:EPSG::3006"}})
    assert read(grid, "metres")["outline_m"][1] == (100, 0)


def test_other_files_missing_files_and_large_ones(read, tmp_path):
    with pytest.raises(InputError, match=re.escape("parcel.kml: .kml; land is read from .geojson, .json and .dxf")):
        read(LAND, name="parcel.kml")
    with pytest.raises(InputError, match="no such file"):
        read_land(tmp_path / "none.geojson")
    with pytest.raises(InputError, match="larger than 5,000,000 bytes"):
        read(json.dumps(LAND) + " " * 5_000_000)
    many = [[x / 10, (x % 2) / 100] for x in range(6000)]
    with pytest.raises(InputError, match="6,001 different corners; 3 to 5,000"):
        read(feature("land", [*many, [300, 300], many[0]]))


def test_many_mistakes_are_cut_off(read):
    with pytest.raises(InputError) as caught:
        read(collection(LAND, *[feature("flood", CROSSED)] * 30))
    assert len(caught.value.mistakes) == 11
    assert "20 more mistakes" in caught.value.mistakes[-1]


def test_a_missing_extra_is_said(read, monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(InputError, match=re.escape("pip install 'prefab-dc[gis]'")):
        read(feature("land", PARCEL), "")


@pytest.fixture
def brief_of(tmp_path):
    def reading(land, *features):
        (tmp_path / "parcel.geojson").write_text(json.dumps(collection(*features)))
        (tmp_path / "site.toml").write_text(BRIEF.format(land=land))
        return read_brief(tmp_path / "site.toml")

    return reading


METRES = 'file = "parcel.geojson"\ncoordinates = "metres"'


def test_a_brief_reads_its_land_and_a_plan_needs_no_file(brief_of, tmp_path):
    brief = brief_of(METRES, feature("land", shifted(SQUARE, 1000, 2000)), feature("gate", [1050, 2000], "Point"))
    assert brief.site.land == Land(
        outline_m=((0.0, 0.0), (100.0, 0.0), (100.0, 80.0), (0.0, 80.0)),
        gate=({"name": "Gate 1", "at_m": (50.0, 0.0)},),
        file="parcel.geojson",
        origin=(1000.0, 2000.0),
    )
    (tmp_path / "parcel.geojson").unlink()
    assert validate(brief.model_dump(mode="json"), SiteBrief, "plan.json") == brief


def test_what_the_brief_says_itself_goes_first(brief_of):
    own = (
        "\nutility_m = [100.0, 80.0]\nsetback = [{edge = 2, setback_m = 20}]"
        '\n[[site.land.gate]]\nname = "North"\nat_m = [50.0, 80.0]'
    )
    land = brief_of(METRES + own, LAND, GATE, feature("utility", [0, 0], "Point")).site.land
    assert [g.name for g in land.gate] == ["North"]
    assert land.utility_m == (100.0, 80.0)
    assert land.buildable(5.0).bounds == (5000, 5000, 80_000, 75_000)


def test_what_stays_free_in_the_file_stays_free_whatever_the_brief_adds(brief_of):
    house = feature("building", [[10, 10], [20, 10], [20, 20], [10, 10]], name="House")
    own = '\n[[site.land.keep_out]]\nname = "Pond"\noutline_m = [[50, 50], [60, 50], [60, 60]]'
    land = brief_of(METRES + own, LAND, GATE, house).site.land
    assert [k.name for k in land.keep_out] == ["House", "Pond"]


def test_a_setback_of_what_is_kept_by_no_file_is_refused(brief_of):
    with pytest.raises(InputError, match=r"feature 2: properties.setback_m: only what must stay free has one"):
        brief_of(METRES, LAND, feature("gate", [50, 0], "Point", setback_m=3))


@pytest.mark.parametrize(
    ("land", "features", "said"),
    [
        (METRES, [LAND], "parcel.geojson: shows no gate; add a point for it, or [[site.land.gate]]"),
        (METRES, [feature("land", CROSSED)], "parcel.geojson, feature 1: corners 1 and 3"),
        ('file = "other.geojson"', [LAND], "other.geojson: no such file"),
        (f"{METRES}\noutline_m = [[0, 0], [9, 0], [9, 9]]", [LAND], "file and outline_m are both given"),
        (f"{METRES}\n[[site.land.gate]]\nat_m = [50.0, 3.0]", [LAND], "site.land: gate 'Gate': 3.0 m off"),
        (f"{METRES}\nkeep_outs = []", [LAND, GATE], "site.land.keep_outs: unknown key; did you mean keep_out?"),
        ("file = 7", [LAND], "site.land.file: input should be a valid string"),
        ("setback = []", [LAND], "site.land: outline_m: missing; it must be given, or a file"),
        ("outline_m = [[0, 0], [99, 0], [99, 99]]", [LAND], "site.land: gate: missing; at least one"),
        ('coordinates = "metres"', [LAND], "site.land.coordinates: unknown key"),
    ],
)
def test_briefs_that_are_refused(brief_of, land, features, said):
    with pytest.raises(InputError, match=re.escape(said)):
        brief_of(land, *features)
