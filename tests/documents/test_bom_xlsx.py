"""The workbook: formulas that give the plan's totals, texts that stay texts, sheets fit to print."""

import re
import shutil
import subprocess
import zipfile

import openpyxl
import pytest
from documents.maker import AT_SUM, FORMULA, MARKUP

SHEETS = [
    "Summary", "BOM", "Phases", "Cables", "Costs", "Spares", "Logistics", "Equipment", "Runs", "Compliance", "Findings",
    "Resilience", "Assumptions", "Open points", "Sources", "Checks",
]  # fmt: skip


def opened(folder, **how):
    return openpyxl.load_workbook(folder / "bom.xlsx", **how)


def cells(book):
    return [(sheet, cell) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]


def amount(sheet, title):
    """The amount in column D beside a title of the sheet of costs."""
    return next(row[3].value for row in sheet.iter_rows() if row[0].value == title)


def test_values_beside_the_formulas_are_the_plans(written, proposal):
    book, bom = opened(written, data_only=True), proposal.bom
    assert amount(book["Costs"], "Total") == pytest.approx(float(bom.total_usd), abs=0.001)
    assert amount(book["Costs"], "Modules") == pytest.approx(float(bom.modules_usd), abs=0.001)
    assert book["Checks"].cell(book["Checks"].max_row, 5).value == "OK"
    for row, line in zip(book["BOM"].iter_rows(min_row=6), bom.lines, strict=True):
        assert row[1].value == line.find
        assert row[9].value == pytest.approx(float(line.quantity))
        assert row[11].value == pytest.approx(float(line.extended_usd), abs=0.001)


def test_every_sheet_says_something_and_prints(written):
    book = opened(written)
    assert book.sheetnames == SHEETS
    for sheet in book:
        assert sheet.max_row > 5
        assert not sheet.merged_cells.ranges
        wide = sheet.title != "Summary" and sum(d.width for d in sheet.column_dimensions.values()) > 125
        assert sheet.page_setup.orientation == ("landscape" if wide else "portrait")
        assert sheet.page_setup.fitToWidth == 1
        assert sheet.freeze_panes
        if sheet.title != "Summary":
            assert sheet.print_title_rows == "$5:$5"
            assert sheet.auto_filter.ref.startswith("A5:")
            assert sheet["A6"].value is not None


def test_bill_is_in_levels(written, proposal):
    sheet = opened(written)["BOM"]
    for index, line in enumerate(proposal.bom.lines, 6):
        assert sheet.row_dimensions[index].outlineLevel == line.level - 1
    assert sheet["L6"].value == "=ROUND(J6*K6,2)"
    heads = [cell.value for cell in sheet[5]]
    assert heads[:4] == ["Level", "Find no.", "Part", "Description"]
    assert "Extended price, USD" in heads


def test_texts_are_never_formulas(hostile):
    found = set()
    for sheet, cell in cells(opened(hostile)):
        if cell.data_type == "f":
            assert re.match(r"=(BOM!|Cables!|Costs!|Checks!|[A-Z]+[(\d])", cell.value), cell.value
            assert not any(text in cell.value for text in ("cmd", "<b>", AT_SUM))
        elif isinstance(cell.value, str):
            assert cell.data_type == "s"
            if cell.value.startswith(("=", "+", "-", "@")):
                assert cell.quotePrefix, (sheet.title, cell.coordinate)
                found.add(cell.value)
    assert FORMULA in found
    assert "+1" in found
    assert any(text.startswith(AT_SUM) for text in found)
    assert any(cell.value == MARKUP for _, cell in cells(opened(hostile)))


def test_draft_on_every_sheet(draft, written):
    for sheet in opened(draft):
        assert "DOES NOT KEEP: grid limit (1)" in sheet["A3"].value
        assert "DOES NOT KEEP" in sheet.oddHeader.center.text
    assert not any("DOES NOT KEEP" in str(cell.value) for _, cell in cells(opened(written)))


def test_dated_by_the_brief(written):
    with zipfile.ZipFile(written / "bom.xlsx") as book:
        core = book.read("docProps/core.xml").decode()
        assert {entry.date_time for entry in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert core.count("2026-11-23T00:00:00Z") == 2


def without_values(source, target, edit=None):
    """A copy whose formulas have lost their values, so that only calculating gives any."""
    with zipfile.ZipFile(source) as book, zipfile.ZipFile(target, "w") as out:
        for name in book.namelist():
            text = book.read(name)
            if name.startswith("xl/worksheets/"):
                text = re.sub(rb"(</f>)<v>[^<]*</v>", rb"\1", text)
            if name == "xl/worksheets/sheet2.xml" and edit:
                text = edit(text)
            out.writestr(name, text)


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice (soffice) is not installed")
def test_libreoffice_calculates_the_same(written, tmp_path):
    def dearer(sheet):
        """The first unit price a dollar higher."""
        return re.sub(rb'(<c r="K7"[^>]*><v>)([\d.]+)', lambda m: m[1] + str(float(m[2]) + 1).encode(), sheet, count=1)

    without_values(written / "bom.xlsx", tmp_path / "same.xlsx")
    without_values(written / "bom.xlsx", tmp_path / "dearer.xlsx", dearer)
    profile, files = f"-env:UserInstallation=file://{tmp_path}/profile", ("same.xlsx", "dearer.xlsx")
    command = [
        "soffice",
        profile,
        "--headless",
        "--convert-to",
        "xlsx:Calc MS Excel 2007 XML",
        "--outdir",
        "out",
        *files,
    ]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    ours, formulas = opened(written, data_only=True), opened(written)
    theirs = openpyxl.load_workbook(tmp_path / "out" / "same.xlsx", data_only=True)
    compared = 0
    for sheet, cell in cells(formulas):
        if cell.data_type == "f":
            wanted, got = ours[sheet.title][cell.coordinate].value, theirs[sheet.title][cell.coordinate].value
            assert got == (wanted if isinstance(wanted, str) else pytest.approx(wanted, abs=1e-6)), cell.coordinate
            compared += 1
    assert compared > 100
    checks = openpyxl.load_workbook(tmp_path / "out" / "dearer.xlsx", data_only=True)["Checks"]
    assert checks["E6"].value == "DIFFERS"
    assert checks.cell(checks.max_row, 5).value == "DIFFERS"


def test_summary_names_the_weather_and_the_price_of_energy(written, proposal):
    rows = {row[0].value: row for row in opened(written)["Summary"].iter_rows(max_col=3) if row[0].value}
    assert rows["Weather"][1].value == proposal.projection.weather_source
    assert "$/kWh in the mean of the year" in rows["Energy of the site, MWh"][2].value


def test_assumptions_say_how_many_figures_are_judgement(written, proposal):
    judged = sum(a.basis == "judgement" for a in proposal.assumptions)
    assert f"{judged} are judgement" in str(opened(written)["Assumptions"]["A2"].value)


def test_each_demand_has_its_blocks_and_its_load(written, written_for_two):
    book = opened(written_for_two)
    rows = {row[0].value: row for row in book["Summary"].iter_rows(max_col=3) if row[0].value}
    assert [cell.value for cell in rows["IT load installed for learn, MW"][1:]] == [
        1,
        "1.00 MW asked; 1 block of kind b",
    ]
    titles = {str(cell.value) for row in book["BOM"].iter_rows() for cell in row}
    head, *lines = (tuple(cell.value for cell in row) for row in book["Equipment"].iter_rows(min_row=5))
    serves = {(line[head.index("Block kind")], line[head.index("IT demand")]) for line in lines}
    assert serves == {("a", "ask"), ("b", "learn"), (None, None)}
    assert "Block kind b (learn), 1 x POD-1000 each" in titles
    assert "IT demand" not in {cell.value for cell in opened(written)["Equipment"][5]}


def test_each_demand_has_its_tokenergy_card_and_remark(written, written_for_two, two_demands):
    rows = {row[0].value: row for row in opened(written_for_two)["Summary"].iter_rows(max_col=3) if row[0].value}
    for y in two_demands.projection.yields:
        value = rows[f"TokEnergy B3 of {y.demand}, kWh per million tokens"][1].value
        assert value == pytest.approx(y.tokenergy_kwh_per_mtok.base, abs=1e-4)
    assert rows["Workload card of learn"][1].value == "Learn"
    assert "not comparable: no token figure of T1" in rows["Workload card of learn"][2].value
    assert "not comparable" not in rows["Workload card of ask"][2].value
    alone = {row[0].value for row in opened(written)["Summary"].iter_rows(max_col=1)}
    assert {"TokEnergy B3, kWh per million tokens", "Workload card"} <= alone
