"""Gantt, one-line diagram, cooling chain and charts: everything is there, nothing leaves its sheet."""

import xml.etree.ElementTree as ElementTree
from datetime import timedelta
from itertools import combinations

import pytest
from documents.maker import MARKUP

from prefab.documents.cooling_chain import make_cooling_chain
from prefab.documents.drawing import Circle, Drawing, Label, Line, Rect
from prefab.documents.gantt import MOST_BLOCK_ROWS, make_gantt, make_gantt_pages
from prefab.documents.one_line import make_one_line
from prefab.documents.projection_charts import make_cost_chart, make_monthly_chart, make_waterfall, make_weekly_chart
from prefab.documents.style import width_of
from prefab.documents.svg import svg_of


def box(shape):
    """Left, top, right, bottom of what a shape covers."""
    match shape:
        case Rect():
            return shape.x, shape.y, shape.x + shape.width, shape.y + shape.height
        case Circle():
            r = shape.radius
            return shape.x - r, shape.y - r, shape.x + r, shape.y + r
        case Line():
            xs, ys = zip(*shape.points, strict=True)
            return min(xs), min(ys), max(xs), max(ys)
        case Label():
            width = width_of(shape.text, shape.size, shape.bold)
            left = shape.x - {"start": 0, "middle": width / 2, "end": width}[shape.anchor]
            return left, shape.y - shape.size * 0.75, left + width, shape.y


def labels(drawing):
    return [s.text for s in drawing.shapes if isinstance(s, Label)]


def drawings(proposal):
    plan, projection = proposal.plan, proposal.projection
    return {
        "gantt": make_gantt(plan),
        "one-line": make_one_line(plan),
        "cooling": make_cooling_chain(plan),
        "months": make_monthly_chart(projection),
        "weeks": make_weekly_chart(projection),
        "waterfall": make_waterfall(projection),
        "costs": make_cost_chart([(c.title, c.amount_usd) for c in proposal.bom.costs]),
    }


def test_nothing_leaves_its_sheet(proposal):
    for name, drawing in drawings(proposal).items():
        for shape in drawing.shapes:
            left, top, right, bottom = box(shape)
            assert left >= -0.5, (name, shape)
            assert top >= -0.5, (name, shape)
            assert right <= drawing.width + 0.5, (name, shape)
            assert bottom <= drawing.height + 0.5, (name, shape)


def test_gantt_marks_what_is_critical(proposal):
    drawing = make_gantt(proposal.plan)
    tasks = proposal.plan.scheduled.tasks
    rows = [t for t in labels(drawing) if t.startswith("Block B")]
    assert rows == ["Block B01", "Block B02"]
    handed = [t for t in tasks if t.stage == "handover"]
    assert all(f"Handed over {t.finish}" in labels(drawing) for t in handed)
    red = [s for s in drawing.shapes if isinstance(s, Line) and s.stroke == "#b3261e"]
    none = proposal.plan.scheduled.model_copy(
        update={"tasks": tuple(t.model_copy(update={"critical": False}) for t in tasks)}
    )
    calm = make_gantt(proposal.plan.model_copy(update={"scheduled": none}))
    assert len(red) > 5
    assert sum(isinstance(s, Line) and s.stroke == "#b3261e" for s in calm.shapes) == 1  # the legend's


def test_gantt_pages_hold_every_row_once(proposal):
    whole = make_gantt(proposal.plan)
    pages = make_gantt_pages(proposal.plan, 200)
    assert len(pages) > 1
    assert all(page.height <= 200 for page in pages)

    def rows(drawing):
        return [s.text for s in drawing.shapes if isinstance(s, Label) and s.x == 8 and s.size == 7]

    assert [row for page in pages for row in rows(page)] == rows(whole)


def test_gantt_blocks_of_nearly_equal_dates_share_a_row(proposal):
    plan = proposal.plan
    twins = []
    for task in plan.scheduled.tasks:
        twins.append(task)
        if task.subject == "B01":
            later = {"start": task.start + timedelta(days=3), "finish": task.finish + timedelta(days=3)}
            renamed = {"key": task.key.replace("B01", "B09"), "subject": "B09"}
            twins.append(task.model_copy(update=renamed | later))
    scheduled = plan.scheduled.model_copy(update={"tasks": tuple(twins)})
    texts = {
        s.text for s in make_gantt(plan.model_copy(update={"scheduled": scheduled})).shapes if isinstance(s, Label)
    }
    assert "Blocks B01, B09" in texts
    assert "Block B02" in texts


@pytest.mark.parametrize("more", [MOST_BLOCK_ROWS - 1, MOST_BLOCK_ROWS])
def test_gantt_of_very_many_blocks_has_a_row_per_stage(proposal, more):
    """Block B01 as often as asked, each a month later than the one before, beside the B01 that is there."""
    plan = proposal.plan
    first = [t for t in plan.scheduled.tasks if t.subject == "B01"]
    tasks = list(plan.scheduled.tasks)
    for n in range(1, more + 1):
        late, name = timedelta(days=30 * n), f"B{n + 50}"
        dates = ({"start": t.start + late, "finish": t.finish + late} for t in first)
        named = ({"key": t.key.replace("B01", name), "subject": name} for t in first)
        tasks += [t.model_copy(update=u | d) for t, u, d in zip(first, named, dates, strict=True)]
    scheduled = plan.scheduled.model_copy(update={"tasks": tuple(tasks)})
    drawing = make_gantt(plan.model_copy(update={"scheduled": scheduled}))
    texts = labels(drawing)
    grouped = f"Functional test, {more + 1} blocks"
    assert ("Block B01" in texts, grouped in texts) == ((True, False) if more < MOST_BLOCK_ROWS else (False, True))
    assert "Block B02" in texts  # the only block of its phase
    if grouped in texts:
        tests = next(t for t in first if t.stage == "functional_test")
        bars = [s.title for s in drawing.shapes if isinstance(s, Rect) and s.title.startswith(f"{more + 1} tasks")]
        ends = f"{tests.start} to {tests.finish + timedelta(days=30 * more)}"
        assert f"{more + 1} tasks, the first: {tests.title}: {ends}" in bars


def test_one_line_tells_fuel_and_voltages(proposal):
    texts = [s.text for s in make_one_line(proposal.plan).shapes if isinstance(s, Label)]
    assert any("incl. belly tanks, for" in text for text in texts)
    assert any(text.startswith("MV bus A, 20 kV") for text in texts)


def test_one_line_counts_everything_electric(proposal):
    texts = " | ".join(labels(make_one_line(proposal.plan)))
    for words in ("2 x TXM-20", "3 x GEN-2000", "2 x BES-4000", "1 x FTK-030", "MV bus A", "MV bus B", "N+1"):
        assert words in texts
    for words in ("3 x TRF-1000", "3 x UPS-800", "1 x POD-1000", "110 kV, 6 MW contracted", "Block kind a: 2 of these"):
        assert words in texts


def test_one_line_without_main_transformers_and_storage(proposal):
    sized = proposal.plan.sized
    kept = tuple(p for p in sized.plant if p.carrier not in ("utility_mv", "mv_storage", "standby_mv", "fuel"))
    plan = proposal.plan.model_copy(update={"sized": sized.model_copy(update={"plant": kept})})
    texts = " | ".join(labels(make_one_line(plan)))
    assert not any(sku in texts for sku in ("TXM-20", "BES-4000", "GEN-2000", "FTK-030"))
    assert "MV bus A" in texts


def test_cooling_chain_follows_the_heat(proposal):
    drawing = make_cooling_chain(proposal.plan)
    at = {s.text: s.x for s in drawing.shapes if isinstance(s, Label)}
    order = ["1 x POD-1000", "3 x CDU-500 (N+1)", "2 x PMP-1000 (N+1)", "2 x DRY-1000 (N+1)", "Outdoor air"]
    places = [at[text] for text in order]
    assert places == sorted(places)
    assert len(set(places)) == len(places)


def test_cooling_boxes_keep_apart_in_a_long_chain(proposal):
    """Liquid-to-air units give their heat to the room, whose coolers hang on water: six columns."""
    plan, connected = proposal.plan, proposal.plan.connected
    coolers = {e.block: e.tag for e in connected.equipment if e.carrier == "air_cooling"}
    blocks = {e.tag: e.block for e in connected.equipment}
    units = {e.tag for e in connected.equipment if e.carrier == "coolant"}
    feeds = tuple(
        f.model_copy(update={"carrier": "air_cooling", "suppliers": (coolers[blocks[f.consumer]],)})
        if f.consumer in units and f.carrier == "facility_water"
        else f
        for f in connected.feeds
    )
    drawing = make_cooling_chain(plan.model_copy(update={"connected": connected.model_copy(update={"feeds": feeds})}))
    boxes = [s for s in drawing.shapes if isinstance(s, Rect) and s.radius == 2]
    assert len({s.x for s in boxes}) == 6
    for a, b in combinations(boxes, 2):
        apart = a.x + a.width + 15 <= b.x or b.x + b.width + 15 <= a.x
        assert apart or a.y + a.height < b.y or b.y + b.height < a.y


def test_waterfall_ends_at_the_site(proposal):
    projection = proposal.projection
    assert sum(s.kwh_per_mtok for s in projection.waterfall) == pytest.approx(projection.b3_kwh_per_mtok)
    texts = labels(make_waterfall(projection))
    assert all(step.title.split()[0] in " ".join(texts) for step in projection.waterfall if step.kwh_per_mtok)


def test_svg_is_well_formed_and_escapes(written, hostile):
    for folder in (written, hostile):
        for name in ("gantt.svg", "one-line.svg", "site.svg"):
            tree = ElementTree.parse(folder / name)
            assert tree.getroot().tag == "{http://www.w3.org/2000/svg}svg"
            tags = {e.tag.rpartition("}")[2] for e in tree.iter()}
            assert tags <= {"svg", "g", "title", "rect", "polyline", "polygon", "circle", "text"}
    text = "".join(ElementTree.parse(hostile / "one-line.svg").getroot().itertext())
    assert "<b>x</b>" in text


def test_draft_is_marked_below(proposal):
    drawing = make_gantt(proposal.plan)
    marked = ElementTree.fromstring(svg_of(drawing, "DOES NOT KEEP: x").encode())
    assert list(marked)[-1].text == "DOES NOT KEEP: x"
    assert float(marked.attrib["height"].removesuffix("pt")) > drawing.height


def test_svg_of_every_shape():
    shapes = (
        Rect(1, 2, 3, 4, fill="#ffffff", stroke="#000000", dash=(1, 2), radius=1, opacity_frac=0.5, title=MARKUP),
        Line(((0, 0), (5, -0.001)), closed=True, fill="#123456", layer='a"b'),
        Circle(1, 1, 1, stroke="#000000"),
        Label(1, 1, MARKUP, anchor="middle", bold=True, turned=True),
    )
    text = svg_of(Drawing(10, 20, shapes, MARKUP))
    root = ElementTree.fromstring(text.encode())
    assert root.attrib["width"] == "10pt"
    assert [e.text for e in root.iter("{http://www.w3.org/2000/svg}text")] == [MARKUP]
    assert "-0" not in text.replace("rotate(-90", "")
