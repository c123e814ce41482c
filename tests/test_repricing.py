"""A price list into the catalog's files: only its own figures change, and all files are written or none."""

from datetime import date
from pathlib import Path

import pytest

from prefab.catalog import load_layers
from prefab.errors import InputError
from prefab.pricelist import repricing
from prefab.pricelist.repricing import Origin, check_repriced, make_repriced, write_repriced
from prefab.pricelist.rows import PriceRow
from prefab.shipped import shipped

ORIGIN = Origin("prefab-modules", "fact", "From list.csv, imported 2026-11-23.")


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
