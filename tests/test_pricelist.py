"""Price lists: every bad input named by its cell, nothing half-written, everything else in the files untouched."""

import io
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from prefab.catalog import load_layers
from prefab.errors import InputError
from prefab.pricelist import repricing
from prefab.pricelist.repricing import Origin, check_repriced, make_repriced, write_repriced
from prefab.pricelist.rows import COLUMNS, PriceRow, read_pricelist
from prefab.pricelist.sheet import read_sheet
from prefab.pricelist.template import make_template
from prefab.shipped import shipped

TODAY = date(2026, 11, 23)
ORIGIN = Origin("prefab-modules", "fact", "From list.csv, imported 2026-11-23.")
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


# Into the files


def imported(into, *rows, is_base=False, origin=ORIGIN):
    layered = load_layers(base=into) if is_base else load_layers(*([into] if into.is_dir() else []))
    changes = make_repriced(rows, layered, into, origin)
    check_repriced(changes, into, (), is_base)
    write_repriced(changes)
    return changes


def copy_of_catalog(tmp_path):
    base = tmp_path / "catalog"
    for path in shipped("catalog").rglob("*.toml"):
        target = base / path.relative_to(shipped("catalog"))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return base


def test_base_keeps_comments_byte_for_byte(tmp_path):
    base = copy_of_catalog(tmp_path)
    path = base / "modules" / "power" / "pwm-1500.toml"
    text = path.read_text()
    text = "# Kept.\n" + text.replace("amount = 1_875_000", "amount  =  1_875_000   # from the works, ä")
    path.write_text(text + "\n# The end.\n")
    before = {p: p.read_bytes() for p in base.rglob("*.toml")}
    imported(base, PriceRow("PWM-1500", price=1_900_000.0, currency="USD", price_date=date(2026, 10, 1)), is_base=True)
    assert [p for p in before if p.read_bytes() != before[p]] == [path]
    old, new = text.splitlines(), path.read_text().splitlines()
    gone, come = [x for x in old if x not in new], [x for x in new if x not in old]
    assert "amount = 1_900_000   # from the works, ä" in [x.replace("  =  ", " = ") for x in come]
    assert "as_of = 2026-10-01" in come
    # Besides price and date only the provenance of the price has other lines.
    start = old.index('of = "price.amount"')
    own = old[start : old.index("[[provenance]]", start)]
    assert all(x in own for x in gone if "amount" not in x and "as_of" not in x)
    assert new[0] == "# Kept."
    assert new[-1] == "# The end."
    p = load_layers(base=base).catalog.module("PWM-1500").source_of("price.amount")
    assert (p.of, p.source, p.basis, p.note) == (
        "price.amount",
        "prefab-modules",
        "fact",
        f"{ORIGIN.note} Its band is that of before.",
    )
    assert p.fact == "generic / PWM-1500 / list price"


def test_line_ends_are_kept(tmp_path):
    base = copy_of_catalog(tmp_path)
    path = base / "modules" / "power" / "pwm-1500.toml"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    imported(base, PriceRow("PWM-1500", status="last_order", last_order=date(2027, 6, 30)), is_base=True)
    data = path.read_bytes()
    assert data.count(b"\n") == data.count(b"\r\n")
    assert b'status = "last_order"\r\nlast_order = 2027-06-30' in data
    # The provenance stays last.
    assert data.index(b"[lifecycle]") < data.index(b"[[provenance]]")


def test_overlay_holds_only_what_changes(tmp_path):
    over = tmp_path / "over"
    imported(over, PriceRow("PWM-1500", lead_weeks=50.0, lead_low=40.0, lead_high=65.0), PriceRow("GEN-2000"))
    assert [p.relative_to(over).as_posix() for p in over.rglob("*.toml")] == ["modules/power/pwm-1500.toml"]
    text = (over / "modules/power/pwm-1500.toml").read_text()
    assert "amount" not in text
    layered = load_layers(over)
    module = layered.catalog.module("PWM-1500")
    assert module.deployment.lead_weeks == 50
    assert (module.source_of("deployment.lead_weeks").low, module.source_of("deployment.lead_weeks").high) == (40, 65)
    assert module.price == load_layers().catalog.module("PWM-1500").price
    assert layered.folder_of("modules/pwm-1500", "deployment.lead_weeks") == over
    # And once more into the same file.
    imported(over, PriceRow("PWM-1500", price=1_900_000.0, currency="USD", price_date=date(2026, 10, 1)))
    after = load_layers(over).catalog.module("PWM-1500")
    assert (after.price.amount, after.deployment.lead_weeks) == (1_900_000, 50)
    assert after.source_of("price.amount").low == 1_350_000


def test_a_band_that_stays_is_not_said_to_come_from_the_list(tmp_path):
    notes = {}
    for low in (None, 1_360_000.0):
        row = PriceRow("PWM-1500", price=1_900_000.0, currency="USD", price_date=date(2026, 10, 1), price_low=low)
        imported(tmp_path / str(low), row)
        notes[low] = load_layers(tmp_path / str(low)).catalog.module("PWM-1500").source_of("price.amount").note
    assert notes == {None: f"{ORIGIN.note} Its band is that of before.", 1_360_000.0: ORIGIN.note}


def test_other_currency(tmp_path):
    row = PriceRow("PWM-1500", price=1_700_000.0, currency="EUR", price_date=date(2026, 10, 1))
    imported(tmp_path / "over", PriceRow(**{**vars(row), "price_low": 1.5e6, "price_high": 2e6}))
    price = load_layers(tmp_path / "over").catalog.module("PWM-1500").price
    assert (price.amount, price.currency) == (1_700_000, "EUR")
    assert price.usd_per_unit != 1


def test_figures_need_an_origin(tmp_path):
    with pytest.raises(InputError, match="--source: missing"):
        imported(tmp_path / "over", PriceRow("PWM-1500", lead_weeks=50.0), origin=None)
    imported(tmp_path / "over", PriceRow("PWM-1500", status="preview"), origin=None)


def test_what_would_not_load_is_not_written(tmp_path):
    over = tmp_path / "over"
    with pytest.raises(InputError, match=r"'nobody'.* is unknown"):
        imported(over, PriceRow("PWM-1500", lead_weeks=50.0), origin=Origin("nobody", "fact", ""))
    assert not over.exists()


def test_an_overlay_takes_no_date_away(tmp_path):
    low, high = tmp_path / "low", tmp_path / "high"
    imported(low, PriceRow("PWM-1500", status="last_order", last_order=date(2027, 6, 30)))
    layered = load_layers(low)
    changes = make_repriced([PriceRow("PWM-1500", status="active")], layered, high, None)
    with pytest.raises(InputError, match="last_order: would still be 2027-06-30"):
        check_repriced(changes, high, (low,), False)


def test_a_full_disk_leaves_nothing_half_written(tmp_path, monkeypatch):
    over = tmp_path / "over"
    imported(over, PriceRow("PWM-1500", lead_weeks=50.0))
    before = {p: p.read_bytes() for p in over.rglob("*") if p.is_file()}
    real, count = Path.replace, 0

    def replace(self, target):
        nonlocal count
        count += 1
        if count == 2:
            raise OSError(28, "No space left on device")
        return real(self, target)

    layered = load_layers(over)
    rows = (PriceRow("PWM-1500", lead_weeks=55.0), PriceRow("GEN-2000", lead_weeks=90.0))
    changes = make_repriced(rows, layered, over, ORIGIN)
    monkeypatch.setattr(repricing.Path, "replace", replace)
    with pytest.raises(OSError, match="No space left"):
        write_repriced(changes)
    assert count == 2
    assert {p: p.read_bytes() for p in over.rglob("*") if p.is_file()} == before
    assert not (over / "modules" / "generator").exists()


def test_hostile_file_name_stays_out_of_messages(tmp_path, catalog):
    path = tmp_path / "p\x1b[31m.csv"
    path.write_text("sku,price\n")
    assert "\x1b" not in "".join(mistakes(path, catalog))


def test_workbook_bytes_may_be_any(tmp_path, catalog):
    good = io.BytesIO(workbook(tmp_path / "g.xlsx", GOOD).read_bytes()).getvalue()
    for cut in (10, 100, len(good) // 2, len(good) - 30):
        (tmp_path / "p.xlsx").write_bytes(good[:cut])
        assert "not a workbook" in mistakes(tmp_path / "p.xlsx", catalog)[0]
