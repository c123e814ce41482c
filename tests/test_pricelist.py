"""Reading price lists: every bad input named by its cell, and nothing in a file that could do harm."""

import io
import zipfile
from datetime import date

import openpyxl
import pytest

from prefab.catalog import load_layers
from prefab.errors import InputError
from prefab.pricelist.repricing import make_repriced
from prefab.pricelist.rows import COLUMNS, PriceRow, read_pricelist
from prefab.pricelist.sheet import read_sheet
from prefab.pricelist.template import make_template

TODAY = date(2026, 11, 23)
# Inside today's band and dated like today's price, so that each case has one mistake only.
GOOD = {
    "sku": "PWM-1500",
    "price": 1_900_000,
    "currency": "USD",
    "price_low": 1_350_000,
    "price_high": 2_400_000,
    "price_date": date(2026, 10, 1),
    "lead_weeks": 45,
    "lead_low": 30,
    "lead_high": 60,
    "status": "active",
    "last_order": None,
}


def workbook(path, *rows, columns=COLUMNS, title="prices"):
    book = openpyxl.Workbook()
    book.active.title = title
    book.active.append(columns)
    for row in rows:
        book.active.append([row.get(c) for c in columns])
    book.save(path)
    return path


def mistakes(path, catalog, **options):
    with pytest.raises(InputError) as caught:
        read_pricelist(path, catalog, TODAY, **options)
    return list(caught.value.mistakes)


def test_good_row(tmp_path, catalog):
    rows = read_pricelist(workbook(tmp_path / "p.xlsx", GOOD), catalog, TODAY)
    assert rows == (PriceRow(**GOOD),)


@pytest.mark.parametrize(
    ("column", "value", "cell", "text"),
    [
        ("price", "=B9*1.1", "B2", "is a formula; paste its value"),
        ("price", "='[other.xlsx]Sheet1'!A1", "B2", "refers to another workbook"),
        ("price", "call us", "B2", "'call us' is not a number"),
        ("price", "1,900,000", "B2", "is not a number"),
        ("price", -5, "B2", "above 0"),
        ("price", 0, "B2", "above 0"),
        ("price", "nan", "B2", "is not a number"),
        ("price", "1e400", "B2", "above 0"),
        ("price", True, "B2", "is not a number"),
        ("price", "#REF!", "B2", "is an error value"),
        ("price", 18_750_000, "B2", "10 times today's 1.875e+06"),
        ("price", 187_500, "B2", "0.1 times today's"),
        ("price", 1_000_000, "D2", "1,350,000 is above the price"),
        ("price_low", 2_000_000, "D2", "is above the price of 1,900,000"),
        ("price_high", 1_800_000, "E2", "is below the price of 1,900,000"),
        ("price", None, "B2", "price: missing"),
        ("currency", None, "C2", "currency: missing; price needs it"),
        ("currency", "dollars", "C2", "three letters"),
        ("currency", "XQQ", "C2", "no such rate"),
        ("price_date", "1.10.2026", "F2", "YYYY-MM-DD is allowed"),
        ("price_date", "2026-13-01", "F2", "YYYY-MM-DD is allowed"),
        ("price_date", 46_000, "F2", "YYYY-MM-DD is allowed"),
        ("price_date", date(2027, 1, 1), "F2", "still to come"),
        ("price_date", date(2020, 1, 1), "F2", "is before the"),
        ("lead_weeks", "soon", "G2", "is not a number"),
        ("lead_weeks", 600, "G2", "at most 520"),
        ("lead_low", 50, "H2", "is above the lead_weeks of 45"),
        ("status", "actve", "J2", "allowed: active"),
        ("status", "last_order", "K2", "missing; status last_order needs it"),
        ("last_order", date(2026, 1, 1), "J2", "active after its last order"),
        ("sku", "PWM-1501", "A2", "did you mean PWM-15"),
        ("sku", None, "A2", "sku: missing"),
        ("sku", "PWM-1500\u202e", "A2", "control or invisible character"),
        ("sku", "x" * 500, "A2", "longer than 400 characters"),
    ],
)
def test_bad_cell(tmp_path, catalog, column, value, cell, text):
    said = mistakes(workbook(tmp_path / "p.xlsx", {**GOOD, column: value}), catalog)
    assert any(f"p.xlsx: {cell}: " in m and text in m for m in said), said
    assert not any("\u202e" in m for m in said)


def test_a_mistake_where_the_column_is_missing_names_it(tmp_path, catalog):
    row = {**GOOD, "price": 1_700_000, "currency": "EUR"}
    said = mistakes(workbook(tmp_path / "p.xlsx", row, columns=("sku", "price", "currency", "price_date")), catalog)
    assert [m.partition("p.xlsx: ")[2] for m in said] == [
        "A2: price_low: missing; today's is in USD",
        "A2: price_high: missing; today's is in USD",
    ]


def test_force_takes_tenfold_and_older(tmp_path, catalog):
    row = {**GOOD, "price": 20_000_000, "price_high": 30_000_000, "price_date": date(2026, 1, 1)}
    path = workbook(tmp_path / "p.xlsx", row)
    assert len(mistakes(path, catalog)) == 2
    assert read_pricelist(path, catalog, TODAY, force=True)[0].price == 20_000_000


def test_all_mistakes_at_once(tmp_path, catalog):
    rows = ({**GOOD, "price": "call us"}, {**GOOD, "sku": "NONE-1"}, GOOD, {**GOOD, "status": "gone"})
    said = mistakes(workbook(tmp_path / "p.xlsx", *rows), catalog)
    assert [m.split(": ")[1] for m in said] == ["B2", "A3", "A4", "J5", "A5"]
    assert "stands in A2 too" in said[2]


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        (("sku", "prise", "currency", "price_date"), "B1: no column 'prise'; did you mean price?"),
        (("price", "currency", "price_date"), "row 1: column sku is missing"),
        (("sku", "price"), "row 1: column currency is missing"),
        (("sku", "lead_weeks", "lead_weeks"), "C1: column lead_weeks stands in B1 too"),
        (("sku",), "row 1: no figures"),
    ],
)
def test_bad_columns(tmp_path, catalog, columns, text):
    assert any(text in m for m in mistakes(workbook(tmp_path / "p.xlsx", GOOD, columns=columns), catalog))


def test_value_beside_the_columns(tmp_path, catalog):
    path = tmp_path / "p.csv"
    path.write_text("sku,lead_weeks\nPWM-1500,45,7\n")
    assert mistakes(path, catalog) == ["p.csv: C2: stands in no column with a name"]


def test_empty_and_headless(tmp_path, catalog):
    (tmp_path / "p.csv").write_text("")
    assert "empty" in mistakes(tmp_path / "p.csv", catalog)[0]
    assert "no rows below" in mistakes(workbook(tmp_path / "p.xlsx"), catalog)[0]


# The workbook as a file


def repacked(path, changes):
    """A workbook with parts added or replaced."""
    with zipfile.ZipFile(path) as archive:
        parts = {i.filename: archive.read(i) for i in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (parts | changes).items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("xl/worksheets/sheet1.xml", b"<x>" + b" " * 60_000_000, "at most 50,000,000"),
        ("xl/worksheets/sheet1.xml", b"<x>" + b" " * 2_000_000, "more than 200 times"),
        ("xl/vbaProject.bin", b"macro", "holds macros"),
        ("xl/externalLinks/externalLink1.xml", b"<x/>", "links to other workbooks"),
        ("xl/connections.xml", b"<x/>", "data connections"),
        ("xl/sharedStrings.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "entities of its own"),
        ("xl/workbook.xml", b"<broken", "not a workbook that can be read"),
    ],
)
def test_bad_workbook(tmp_path, catalog, name, content, text):
    path = repacked(workbook(tmp_path / "p.xlsx", GOOD), {name: content})
    assert path.stat().st_size < 5_000_000
    said = mistakes(path, catalog)
    assert any(text in m for m in said), said


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("p.xlsx", b"sku,price\n", "not a workbook"),
        ("p.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "encrypted"),
        ("p.xlsx", b"x" * 5_000_001, "larger than 5,000,000 bytes"),
        ("p.csv", b"x" * 5_000_001, "larger than 5,000,000 bytes"),
        ("p.ods", b"", "neither .xlsx nor .csv"),
        ("p.csv", b"sku,status\nPWM-1500,\xe4\n", "row 2: not UTF-8"),
        ("p.csv", b'sku,status\nPWM-1500,"active\n', "not valid CSV"),
        ("p.csv", b'sku,status\nPWM-1500,"active"x\n', "not valid CSV"),
        ("p.csv", b"sku,status\nPWM-1500,\x00active\n", "control or invisible"),
        ("p.csv", b"sku,lead_weeks\nPWM-1500,=1+1\n", "B2: lead_weeks: '=1+1' is a formula"),
        ("p.csv", b"sku,lead_weeks\n" + b"\n" * 20_001, "more than 20,000 rows"),
        ("p.csv", b"sku," + b"," * 200, "more than 100 columns"),
    ],
)
def test_bad_file(tmp_path, catalog, name, content, text):
    (tmp_path / name).write_bytes(content)
    said = mistakes(tmp_path / name, catalog)
    assert any(text in m for m in said), said


def test_missing_file(tmp_path, catalog):
    assert "no such file" in mistakes(tmp_path / "none.csv", catalog)[0]


def test_password_of_a_zip(tmp_path, catalog):
    path = workbook(tmp_path / "p.xlsx", GOOD)
    data = bytearray(path.read_bytes())
    # The flag of an encrypted part, in the directory and in the part's own head.
    directory, part = data.index(b"PK\x01\x02"), data.index(b"PK\x03\x04")
    data[directory + 8] |= 1
    data[part + 6] |= 1
    path.write_bytes(data)
    assert "a password" in mistakes(path, catalog)[0]


def test_sheet_by_name(tmp_path, catalog):
    path = workbook(tmp_path / "p.xlsx", GOOD, title="Q4")
    assert len(read_pricelist(path, catalog, TODAY)) == 1
    book = openpyxl.load_workbook(path)
    book.create_sheet("notes")
    book.save(path)
    assert "no sheet 'prices'" in mistakes(path, catalog)[0]


def test_a_far_cell_does_not_fill_memory(tmp_path, catalog):
    book = openpyxl.Workbook()
    book.active.append(COLUMNS)
    book.active.cell(1_048_576, 1, "PWM-1500")
    book.save(tmp_path / "p.xlsx")
    assert "more than 20,000 rows" in mistakes(tmp_path / "p.xlsx", catalog)[0]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_csv_dialects(tmp_path, catalog, delimiter, encoding):
    lines = [["SKU", "lead_weeks"], ['"PWM-1500"', "50"], ["", ""]]
    (tmp_path / "p.csv").write_bytes("\r\n".join(delimiter.join(line) for line in lines).encode(encoding))
    assert read_pricelist(tmp_path / "p.csv", catalog, TODAY) == (PriceRow("PWM-1500", lead_weeks=50.0),)


@pytest.mark.parametrize("kind", [".xlsx", ".csv"])
def test_template_changes_nothing(tmp_path, kind):
    layered = load_layers()
    path = tmp_path / f"p{kind}"
    path.write_bytes(make_template(layered.catalog, kind))
    rows = read_pricelist(path, layered.catalog, TODAY)
    assert [r.sku for r in rows] == [m.sku for m in layered.catalog.modules]
    assert tuple(str(c.value) for c in read_sheet(path, "prices")[0].cells.values()) == COLUMNS
    assert make_repriced(rows, layered, tmp_path / "over", None) == ()


def test_hostile_file_name_stays_out_of_messages(tmp_path, catalog):
    path = tmp_path / "p\x1b[31m.csv"
    path.write_text("sku,price\n")
    assert "\x1b" not in "".join(mistakes(path, catalog))


def test_workbook_bytes_may_be_any(tmp_path, catalog):
    good = io.BytesIO(workbook(tmp_path / "g.xlsx", GOOD).read_bytes()).getvalue()
    for cut in (10, 100, len(good) // 2, len(good) - 30):
        (tmp_path / "p.xlsx").write_bytes(good[:cut])
        assert "not a workbook" in mistakes(tmp_path / "p.xlsx", catalog)[0]
