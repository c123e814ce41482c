"""The drawing stays on its sheet, names every block once, and never lets a text through unescaped."""

import xml.etree.ElementTree as ElementTree

import pytest
from test_routing import placed_and_routed, six_blocks
from wired import hand_wired_plan

from prefab.documents.drawing import Circle, Label, Rect
from prefab.documents.legend import FAMILIES
from prefab.documents.site_plan import make_site_plan
from prefab.documents.style import width_of
from prefab.documents.svg import svg_of
from prefab.site_layout import Area


def plan_of(width_m=120.0, depth_m=120.0, **more):
    return placed_and_routed(hand_wired_plan(site={"width_m": width_m, "depth_m": depth_m}, **more))


@pytest.fixture(scope="module")
def drawing():
    return make_site_plan(plan_of())


def labels(drawing, layer):
    return [s for s in drawing.shapes if isinstance(s, Label) and s.layer == layer]


def ends_of(shape):
    match shape:
        case Rect():
            return shape.x, shape.y, shape.x + shape.width, shape.y + shape.height
        case Circle():
            return shape.x, shape.y, shape.x, shape.y
        case Label():
            return shape.x, shape.y - shape.size * 0.7, shape.x, shape.y
        case _:
            xs, ys = [x for x, _ in shape.points], [y for _, y in shape.points]
            return min(xs), min(ys), max(xs), max(ys)


@pytest.mark.parametrize(("width_m", "depth_m"), [(120.0, 120.0), (400.0, 90.0), (70.0, 300.0), (2000.0, 1500.0)])
def test_everything_lies_on_a_sheet_that_fits_a_page(width_m, depth_m):
    drawing = make_site_plan(plan_of(width_m, depth_m))
    for shape in drawing.shapes:
        left, top, right, bottom = ends_of(shape)
        assert 0 <= left <= right <= drawing.width + 1e-6
        assert 0 <= top <= bottom <= drawing.height + 1e-6
    room = (741, 424) if width_m * 1.25 >= depth_m else (494, 640)
    assert drawing.width <= room[0]
    assert drawing.height <= room[1]


def test_the_scale_is_true(drawing):
    scale = int(drawing.title.rpartition("1:")[2].replace(",", ""))
    land = next(s for s in drawing.shapes if isinstance(s, Rect) and s.title == "Site boundary")
    assert land.width * scale / 72 * 0.0254 == pytest.approx(120.0)
    pod = next(s for s in drawing.shapes if isinstance(s, Rect) and s.title.startswith("B01-POD-01"))
    assert max(pod.width, pod.height) * scale / 72 * 0.0254 == pytest.approx(6.0)


def test_every_module_is_drawn_where_it_stands_north_up(drawing):
    plan = plan_of()
    rects = {s.title.partition(":")[0]: s for s in drawing.shapes if isinstance(s, Rect) and s.layer == "modules"}
    assert sorted(rects) == sorted(p.tag for p in plan.placed.positions)
    south, north = (f(plan.placed.positions, key=lambda p: p.y_mm).tag for f in (min, max))
    assert rects[south].y > rects[north].y


def test_tags_fit_their_modules_and_names_appear_once(drawing):
    modules = [s for s in drawing.shapes if isinstance(s, Rect) and s.layer == "modules"]
    for tag in labels(drawing, "tags"):
        x, y = (tag.x - 0.34 * tag.size, tag.y) if tag.turned else (tag.x, tag.y - 0.34 * tag.size)
        (home,) = (m for m in modules if m.x < x < m.x + m.width and m.y < y < m.y + m.height)
        assert width_of(tag.text, tag.size) <= max(home.width, home.height)
    assert sorted(s.text for s in labels(drawing, "names")) == ["B01", "Generator yard", "Intake yard"]


def test_names_do_not_cover_each_other(catalog):
    found = []
    for name in labels(make_site_plan(six_blocks(catalog)), "names"):
        along, across = width_of(name.text, name.size, bold=True), name.size * 0.7
        if name.turned:
            found.append((name.x - across, name.y - along / 2, name.x, name.y + along / 2))
        else:
            found.append((name.x - along / 2, name.y - across, name.x + along / 2, name.y))
    assert len(found) >= 9
    for i, (west, north, east, south) in enumerate(found):
        for w, n, e, s in found[:i]:
            assert e <= west or east <= w or s <= north or south <= n


def test_yards_too_narrow_for_their_names_are_counted_instead():
    """Forty yards of 10 m side by side on 2 km: a name is wider than many of them."""
    plan = plan_of(2000.0, 1500.0)
    yards = tuple(
        Area(
            name=f"Generator yard {n}",
            purpose="yard",
            x_mm=10_000 + 10_000 * n,
            y_mm=500_000,
            width_mm=10_000,
            depth_mm=9000,
        )
        for n in range(40)
    )
    placed = plan.placed.model_copy(update={"areas": (*plan.placed.areas, *yards)})
    drawing = make_site_plan(plan.model_copy(update={"placed": placed}))
    named = [s for s in labels(drawing, "names") if s.text in {y.name for y in yards}]
    assert 2 <= len(named) < 20
    lots = sum(a.purpose != "road" for a in placed.areas)
    (said,) = (s.text for s in labels(drawing, "legend") if s.text.startswith("Without room for a name"))
    assert said == f"Without room for a name: {lots - len(labels(drawing, 'names'))}"
    assert not any("Without room" in s.text for s in labels(make_site_plan(plan_of()), "legend"))


def test_texts_of_the_brief_are_escaped():
    text = svg_of(make_site_plan(plan_of(name="<script>&\"'", customer="=A1</text>")))
    tree = ElementTree.fromstring(text)  # well-formed
    assert not [e for e in tree.iter() if e.tag.endswith("script")]
    assert "<script>&\"'" in [e.text for e in tree.iter() if e.tag.endswith("text")]


def test_the_same_plan_gives_the_same_bytes():
    assert svg_of(make_site_plan(plan_of())) == svg_of(make_site_plan(plan_of()))


def test_a_plan_that_is_only_placed_is_drawn_without_trenches():
    plan = plan_of().model_copy(update={"routed": None})
    assert not [s for s in make_site_plan(plan).shapes if s.layer == "trenches"]


def test_every_family_on_the_land_has_a_colour_of_its_own(catalog):
    standing = {m.family for m in catalog.modules if m.stands == "site"}
    assert standing <= set(FAMILIES)
    assert len(set(FAMILIES.values())) == len({colour for _, colour in FAMILIES.values()}) == len(FAMILIES)
