"""Storage in the documents: what it is kept for, what it does in an event, what the grid could be offered."""

import openpyxl
import pytest
from documents.maker import make_plan
from pypdf import PdfReader

from prefab.catalog import load_catalog
from prefab.cli.console import storage_tree
from prefab.documents import write_one
from prefab.documents.drawing import Label, Line
from prefab.documents.one_line import make_one_line_sheets
from prefab.documents.storage_chart import make_event_chart
from prefab.documents.storage_rows import kept_rows, notice_text
from prefab.proposal import make_proposal
from prefab.shares import Share
from prefab.storage_events import Curves

SHARE = {"carrier": "mv_storage", "sku": "BES-4000"}
SHARES = (
    Share(duty="ramp", phase=0, power_kw=300, energy_kwh=44, **SHARE),
    Share(duty="reserve", phase=1, power_kw=2000, energy_kwh=2000, **SHARE),
    Share(duty="ramp", phase=1, power_kw=777, energy_kwh=88, **SHARE),
)
WORDS = ("What storage is kept for", "reserve for the grid", "ramps at starts and ends of jobs", "777")


def squeezed(text):
    return "".join(text.split())


@pytest.fixture(scope="module")
def shared():
    plan = make_plan(grid={"capacity_mw": 6.0, "voltage_kv": 110.0, "ramp_mw_per_min": 3.0})
    sized = plan.sized.model_copy(update={"storage": SHARES})
    basis = plan.basis.model_copy(update={"flexibility": load_catalog().basis.flexibility})
    return make_proposal(plan.model_copy(update={"sized": sized, "basis": basis}), ())


@pytest.fixture(scope="module")
def folder(shared, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shared")
    for name in ("proposal.pdf", "bom.xlsx"):
        write_one(shared, folder, name)
    return folder


def test_rows_say_what_is_kept_and_what_is_left(shared):
    rows = [(r.phase, r.duty, r.power_kw, r.held_kw) for r in kept_rows(shared)]
    # No battery stands in the first phase.
    assert rows == [
        ("Second", "reserve for the grid", 2000, 4000),
        ("Second", "ramps at starts and ends of jobs", 777, 4000),
        ("Second", "no duty", 1223, 4000),
    ]


def test_proposal_tells_it(folder):
    whole = squeezed(" ".join(p.extract_text() for p in PdfReader(folder / "proposal.pdf").pages))
    for words in (*WORDS, "Changes that the grid may see", "3 MW a minute", "Reserve for the grid"):
        assert squeezed(words) in whole, words
    assert squeezed("Flexibility statement") in whole
    assert squeezed("rated for emergencies only") in whole


def test_a_plan_without_shares_and_offers_is_told_as_before(written, proposal):
    whole = squeezed(" ".join(p.extract_text() for p in PdfReader(written / "proposal.pdf").pages))
    assert squeezed(WORDS[0]) not in whole
    assert squeezed("2 MW from the grid battery") in whole
    assert not {"Storage", "Flexibility"} & set(openpyxl.load_workbook(written / "bom.xlsx").sheetnames)
    assert storage_tree(proposal) == {"storage": [], "storage_events": [], "flexibility": []}


def test_workbook_has_the_figures(folder, shared):
    book = openpyxl.load_workbook(folder / "bom.xlsx")
    powers = [row[4].value for row in book["Storage"].iter_rows(min_row=6)][: len(shared.kept)]
    assert powers == [2000, 777, 1223]
    offered = {row[0].value: row[1].value for row in book["Flexibility"].iter_rows(min_row=6)}
    assert offered["batteries: reserve for the grid"] == 2.0
    assert offered["generating sets"] == 0


def test_one_line_says_what_the_batteries_are_for(shared, proposal):
    told, before = (
        [s.text for s in make_one_line_sheets(p.plan)[0].shapes if isinstance(s, Label)] for p in (shared, proposal)
    )
    assert set(told) - set(before) == {"for reserve, ramps"}


def test_json_has_the_same(shared):
    tree = storage_tree(shared)
    assert [s["power_kw"] for s in tree["storage"]] == [2000, 777, 1223]
    assert {s["phase"] for s in tree["storage"]} == {"Second"}
    assert [o["source"] for o in tree["flexibility"]] == [o.source for o in shared.offers]


def test_chart_begins_and_ends_with_its_curves():
    curves = Curves((-100.0, 0.0, 100.0), (5000.0, 1000.0, 1000.0), (5000.0, 4000.0, 1000.0), (0.5, 0.6, 0.9))
    drawing = make_event_chart(curves)
    lines = [s for s in drawing.shapes if isinstance(s, Line) and len(s.points) == 3]
    load, meter, charge = lines
    assert load.points[0] == meter.points[0]
    assert load.points[-1] == meter.points[-1]
    # More charge is higher up.
    assert charge.points[2][1] < charge.points[1][1] < charge.points[0][1]
    for line in lines:
        assert all(0 <= x <= drawing.width and 0 <= y <= drawing.height for x, y in line.points)


def test_notice_in_seconds_or_minutes():
    assert [notice_text(s) for s in (None, 1.0, 60.0, 900.0)] == ["", "1 s", "60 s", "15 min"]
