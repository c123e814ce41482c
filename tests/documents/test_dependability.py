"""Resilience and availability in the documents: the same figures everywhere, and what is not known is said."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import openpyxl
import pytest
from documents.maker import make_plan
from pypdf import PdfReader

from prefab.basis import AvailabilityBasis
from prefab.documents import write_one
from prefab.documents.dependability_rows import hours_text
from prefab.plan import read_plan, write_plan
from prefab.product import Reliability
from prefab.proposal import make_proposal
from prefab.provenance import Provenance
from prefab.reliability import make_reliability
from prefab.resilience import STATEMENT, class_of, make_resilience
from prefab.results import Finding

ROOT = Path(__file__).parents[2]
FINDINGS = (Finding("it_load", "phase First", True, 1000.0, 1000.0, "kW", ">="),)
TIMES = Reliability(mtbf_h=9990, mttr_h=10)
DOCUMENTS = ("proposal.pdf", "bom.xlsx")


def rated_plan(without=(), share=0.05, band=(0.01, 0.1)):
    """The small plan with mean times for every module but some, and a basis that states the rest."""
    plan = make_plan()
    modules = tuple(m.model_copy(update={"reliability": None if m.sku in without else TIMES}) for m in plan.modules)
    stated = Provenance(
        of="availability.common_cause_frac", source="made-up", basis="judgement", low=band[0], high=band[1]
    )
    basis = plan.basis.model_copy(
        update={
            "availability": AvailabilityBasis(common_cause_frac=share, utility_mtbf_h=4990, utility_mttr_h=10),
            "provenance": (*plan.basis.provenance, stated),
        }
    )
    return plan.model_copy(update={"modules": modules, "basis": basis})


def squeezed(text):
    return re.sub(r"\s+", "", text)


def pages_of(folder):
    return [squeezed(page.extract_text()) for page in PdfReader(folder / "proposal.pdf").pages]


def documents_of(plan, folder):
    """Text of the PDF's pages, and the workbook."""
    proposal = make_proposal(plan, FINDINGS)
    for name in DOCUMENTS:
        write_one(proposal, folder, name)
    return pages_of(folder), openpyxl.load_workbook(folder / "bom.xlsx")


def rows_of(sheet):
    rows = list(sheet.iter_rows(min_row=5, values_only=True))
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


@pytest.fixture(scope="module")
def rated():
    return rated_plan()


@pytest.fixture(scope="module")
def shown(rated, tmp_path_factory):
    return documents_of(rated, tmp_path_factory.mktemp("rated"))


def test_answers_are_those_of_the_plan_in_both_documents(shown, rated):
    pages, book = shown
    page = next(p for p in pages if squeezed("What may be taken out, and what may fail") in p and "Contents" not in p)
    rows = {row["Subsystem"]: row for row in rows_of(book["Resilience"]) if row["Asked"]}
    found = make_resilience(rated)
    assert list(rows) == [s.subsystem for s in found]
    for s in found:
        row = rows[s.subsystem]
        assert row["Maintainable while it runs"] == ("yes" if s.concurrently_maintainable else "no")
        assert row["Tolerant of one fault"] == ("yes" if s.fault_tolerant else "no")
        for reason in {s.not_maintainable, s.not_tolerant} - {""}:
            assert reason.replace("_", " ") in row["The point that holds it back"]
            assert squeezed(reason.replace("_", " ")) in page
        if s.fault_tolerant:
            assert not row["The point that holds it back"]
    assert {row["Asked"] for row in rows.values()} >= {"N+1", "2N"}


def test_class_stands_with_its_statement_wherever_it_is_printed(shown, rated):
    pages, book = shown
    reached = str(class_of(make_resilience(rated)))
    (page,) = [p for p in pages if squeezed(STATEMENT[1:]) in p]
    assert squeezed(reached) in page
    summary = next(p for p in pages if squeezed("Key figures") in p and squeezed("Capital cost per MW") in p)
    assert squeezed(reached) in summary
    assert squeezed("no certificate") in summary
    assert reached in book["Resilience"]["A2"].value
    assert any(STATEMENT[1:] in str(row[0]) for row in book["Resilience"].iter_rows(values_only=True))
    (line,) = [r for r in book["Summary"].iter_rows(values_only=True) if r[0] and r[0].startswith("Class in prefab's")]
    assert line[1] == reached
    assert "no certificate" in line[2]


def test_hours_are_the_worst_pods_in_every_place(shown, rated):
    pages, book = shown
    worst = {}
    for s in make_reliability(rated):
        worst[s.subsystem] = max(worst.get(s.subsystem, 0.0), s.downtime_h)
    names = {"whole": "all that a pod needs"}
    rows = {row["Subsystem"]: row for row in rows_of(book["Availability"]) if row["Pod"]}
    assert set(rows) == {names.get(s, s) for s in worst}
    page = next(p for p in pages if squeezed("Greatest contributor") in p)
    for subsystem, hours in worst.items():
        row = rows[names.get(subsystem, subsystem)]
        assert row["Hours a year down"] == pytest.approx(hours, abs=1e-6)
        assert row["Available"] == pytest.approx(1 - hours / 8760, abs=1e-9)
        assert f"{1 - hours / 8760:.4%}{hours_text(hours)}" in page
        assert row["Low end of range"] < hours < row["High end of range"]
        assert row["If ordered"] > row["Its hours"]
    said = f"{hours_text(worst['whole'])} h a year without all it needs at the worst pod"
    assert any(squeezed(said) in p and squeezed("Key figures") in p for p in pages)
    assert any(said in str(r[1]) for r in book["Summary"].iter_rows(values_only=True))


def test_range_is_that_of_the_shares_band(rated, shown):
    _, book = shown
    row = next(r for r in rows_of(book["Availability"]) if r["Subsystem"] == "power")
    for share, head in ((0.01, "Low end of range"), (0.1, "High end of range")):
        ends = [s.downtime_h for s in make_reliability(rated_plan(share=share)) if s.subsystem == "power"]
        assert row[head] == pytest.approx(max(ends), abs=1e-6)


def test_method_is_said_beside_the_figures(shown):
    pages, book = shown
    page = next(p for p in pages if squeezed("Greatest contributor") in p)
    following = page + pages[pages.index(page) + 1]
    below = " ".join(str(c) for row in book["Availability"].iter_rows(values_only=True) for c in row if c)
    for words in (
        "Common cause: 5% of the downtime",
        "1% to 10% (judgement",
        "Utility: 4,990 h between failures, 10 h to repair",
        "fail independently",
        "No planned maintenance, no human error",
    ):
        assert squeezed(words) in following, words
        assert words in below, words
    assert "Counted as always up" not in below
    assert not any("Tier" in p for p in (page[page.index(squeezed("Greatest contributor")) :], below))


def test_modules_without_mean_times_are_named(tmp_path):
    pages, book = documents_of(rated_plan(without=("UPS-800", "MVS-10")), tmp_path)
    said = "Counted as always up, for want of mean times: MVS-10, UPS-800."
    assert any(squeezed(said) in p for p in pages)
    assert said in [row[0] for row in book["Availability"].iter_rows(values_only=True)]


def test_a_basis_without_a_share_leaves_the_table_out_and_says_why(tmp_path):
    pages, book = documents_of(make_plan(), tmp_path)
    assert "Availability" not in book.sheetnames
    assert "Resilience" in book.sheetnames
    why = "basis.availability: missing"
    assert any(squeezed("Availability at the pods") in p and squeezed(f"Left out: plan: {why}") in p for p in pages)
    assert not any(squeezed("Greatest contributor") in p for p in pages)
    (line,) = [r for r in book["Summary"].iter_rows(values_only=True) if r[0] == "Availability at the pods"]
    assert why in line[1]
    assert "sheet" not in (line[2] or "")


def test_a_subsystem_held_back_by_two_points_names_both(rated, tmp_path):
    proposal = make_proposal(rated, FINDINGS)
    first, *others = proposal.dependability.resilience
    two = replace(
        first,
        concurrently_maintainable=False,
        fault_tolerant=False,
        not_maintainable="lv_ac bus: X stops",
        not_tolerant="site side A: Y stops",
    )
    doubled = replace(proposal, dependability=replace(proposal.dependability, resilience=(two, *others)))
    write_one(doubled, tmp_path, "proposal.pdf")
    said = squeezed("Maintenance: lv ac bus: X stops. Fault: site side A: Y stops")
    assert any(said in p for p in pages_of(tmp_path))


def test_stored_layout_shows_its_class(edge_plan):
    found = make_proposal(edge_plan, FINDINGS).dependability
    assert found.reached == class_of(make_resilience(edge_plan))
    assert found.left_out == ""
    assert [w.found.subsystem for w in found.availability][:3] == ["power", "cooling", "control"]
    assert found.availability[-1].found.subsystem == "whole"
    power = [s for s in make_reliability(edge_plan) if s.subsystem == "power"]
    assert found.of("power").found.downtime_h == max(s.downtime_h for s in power)


def prefab(*arguments):
    command = [sys.executable, "-m", "prefab", *map(str, arguments)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def test_commands_say_what_the_documents_say(tmp_path):
    out = tmp_path / "out"
    designed = prefab("design", ROOT / "layouts" / "edge-2mw" / "brief.toml", "--out", out, "--json")
    checked = prefab("check", out / "plan.json", "--json")
    plan = read_plan(out / "plan.json")
    power = max(s.downtime_h for s in make_reliability(plan) if s.subsystem == "power")
    for said in (designed, checked):
        assert said["class"] == str(class_of(make_resilience(plan)))
        assert said["power_downtime_h"] == pytest.approx(power, abs=1e-4)
        assert said["power_availability_frac"] == pytest.approx(1 - power / 8760, abs=1e-9)
    row = next(
        r for r in rows_of(openpyxl.load_workbook(out / "bom.xlsx")["Availability"]) if r["Subsystem"] == "power"
    )
    assert row["Hours a year down"] == pytest.approx(power, abs=1e-6)
    assert any(squeezed(f"{1 - power / 8760:.4%}{hours_text(power)}") in p for p in pages_of(out))


def test_check_of_a_plan_without_connections_says_nothing_of_either(tmp_path):
    path = tmp_path / "plan.json"
    later = dict.fromkeys(("connected", "placed", "routed", "scheduled"))
    path.write_text(write_plan(make_plan().model_copy(update=later)), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "prefab", "check", str(path), "--json"], capture_output=True, text=True, check=False
    )
    said = json.loads(done.stdout)
    assert (said["class"], said["power_availability_frac"], said["power_downtime_h"]) == (None, None, None)


PROGRAM = """
import sys
from pathlib import Path
from documents.test_dependability import rated_plan, FINDINGS, DOCUMENTS
from prefab.documents import write_one
from prefab.proposal import make_proposal
for name in DOCUMENTS:
    write_one(make_proposal(rated_plan(without=("UPS-800", "MVS-10")), FINDINGS), Path(sys.argv[1]), name)
"""


def test_equal_bytes_from_two_processes(tmp_path):
    digests = []
    for seed, zone in (("1", "Pacific/Auckland"), ("2", "America/St_Johns")):
        folder = tmp_path / seed
        folder.mkdir()
        path = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
        env = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": seed, "TZ": zone}
        subprocess.run([sys.executable, "-c", PROGRAM, str(folder)], cwd=ROOT, env=env, check=True)
        digests.append([sha256((folder / name).read_bytes()).hexdigest() for name in DOCUMENTS])
    assert digests[0] == digests[1]


@pytest.mark.parametrize(("hours", "text"), [(0.0123, "0.012"), (1.456, "1.46"), (99.96, "100"), (7039.62, "7,040")])
def test_hours_are_printed_with_the_digits_that_matter(hours, text):
    assert hours_text(hours) == text
