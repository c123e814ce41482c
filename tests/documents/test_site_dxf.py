"""The site plan as DXF: read again by ezdxf, whose auditor finds no fault."""

import importlib

import pytest

from prefab.audit import audit
from prefab.documents import left_out, site_dxf, written
from prefab.documents.standing import boxes_of, make_stretches
from prefab.errors import InputError
from prefab.proposal import make_proposal

ezdxf = pytest.importorskip("ezdxf", reason="the extra dxf is not installed")


@pytest.fixture(scope="module")
def proposal(edge_plan):
    return make_proposal(edge_plan, audit(edge_plan))


@pytest.fixture(scope="module")
def drawing(proposal, tmp_path_factory):
    path = tmp_path_factory.mktemp("dxf") / "site.dxf"
    site_dxf.write(proposal, path)
    return ezdxf.readfile(path)


def ends(line):
    xs, ys = zip(*((x, y) for x, y, *_ in line.get_points()), strict=True)
    return tuple(round(v) for v in (min(xs), min(ys), max(xs), max(ys)))


def on(drawing, layer):
    return [e for e in drawing.modelspace() if e.dxf.layer == layer]


def test_the_auditor_of_ezdxf_finds_nothing_and_lengths_are_millimetres(drawing):
    found = drawing.audit()
    assert (found.errors, found.fixes) == ([], [])
    assert drawing.units == ezdxf.units.MM


def test_every_module_is_a_block_with_its_tag_where_it_stands(drawing, edge_plan):
    boxes = {b.tag: b for b in boxes_of(edge_plan)}
    references = drawing.modelspace().query("INSERT")
    assert len(boxes) == len(references) > 20
    assert any(b.width_mm != b.module.length_mm for b in boxes.values())  # some are turned
    for reference in references:
        box = boxes.pop(reference.attribs[0].dxf.text)
        footprint, around = reference.virtual_entities()
        clear = box.module.clearance_mm
        west, south, east, north = box.x_mm, box.y_mm, box.x_mm + box.width_mm, box.y_mm + box.depth_mm
        assert ends(footprint) == (west, south, east, north)
        assert ends(around) == (west - clear, south - clear, east + clear, north + clear)
        assert reference.dxf.name == box.module.sku
        assert reference.dxf.layer == f"MODULES_{box.module.family.upper()}"


def test_land_roads_and_trenches_lie_where_the_plan_has_them(drawing, edge_plan):
    site, areas = edge_plan.brief.site, edge_plan.placed.areas
    width_mm, depth_mm, off_mm = (round(m * 1000) for m in (*site.size_m, site.setback_m))
    assert [ends(e) for e in on(drawing, "SITE")] == [(0, 0, width_mm, depth_mm)]
    assert [ends(e) for e in on(drawing, "SETBACK")] == [(off_mm, off_mm, width_mm - off_mm, depth_mm - off_mm)]
    roads = [(a.x_mm, a.y_mm, a.x_mm + a.width_mm, a.y_mm + a.depth_mm) for a in areas if a.purpose == "road"]
    assert [ends(e) for e in on(drawing, "ROADS")] == roads
    stretches = list(make_stretches(edge_plan))
    drawn = [e for layer in ("A", "B", "PIPE") for e in on(drawing, f"TRENCHES_{layer}")]
    assert len(drawn) == len(stretches) > 10
    names = {e.dxf.text for e in drawing.modelspace().query("TEXT")}
    assert {a.name for a in areas if a.purpose != "road"} | {"Gate"} <= names


def test_equal_plans_give_equal_bytes(proposal, tmp_path):
    one, two = tmp_path / "one.dxf", tmp_path / "two.dxf"
    site_dxf.write(proposal, one)
    site_dxf.write(proposal, two)
    assert one.read_bytes() == two.read_bytes()


def test_hostile_names_stay_text(edge_plan, tmp_path):
    name = "%%d ^J {\\H9x;big} €"
    plan = edge_plan.model_copy(update={"brief": edge_plan.brief.model_copy(update={"name": name})})
    site_dxf.write(make_proposal(plan, audit(edge_plan)), tmp_path / "site.dxf")
    again = ezdxf.readfile(tmp_path / "site.dxf")
    assert again.audit().errors == []
    (title,) = (e for e in on(again, "TITLE"))
    assert title.plain_text().startswith("%%d ^J {\\H9x;big} €")


def test_without_ezdxf_it_is_left_out_and_says_what_brings_it(proposal, tmp_path, monkeypatch):
    assert ("site.dxf" in written(), left_out()) == (True, "")
    monkeypatch.setattr(site_dxf, "find_spec", lambda _: None)
    assert ("site.dxf" in written(), "prefab-dc[dxf]" in left_out()) == (False, True)

    def missing(_):
        raise ImportError

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(InputError, match=r"pip install 'prefab-dc\[dxf\]'"):
        site_dxf.write(proposal, tmp_path / "site.dxf")
    assert list(tmp_path.iterdir()) == []
