"""CSV for other programs: complete, with units, and safe to open in a spreadsheet."""

import csv
from decimal import Decimal

import pytest
from documents.maker import FORMULA

from prefab.documents.csv_file import guarded, write_csv


def rows(folder, name):
    with (folder / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_projection_has_every_hour(written, proposal):
    hours = rows(written, "projection.csv")
    assert len(hours) == 8760
    assert [int(h["hour_of_year"]) for h in (hours[0], hours[-1])] == [1, 8760]
    assert (hours[-1]["month"], hours[-1]["day"], hours[-1]["hour_start"]) == ("12", "31", "23")
    site_kwh = sum(float(h["site_kw"]) for h in hours)
    assert site_kwh / 1000 == pytest.approx(proposal.projection.site_mwh, rel=1e-6)
    assert all(name.rpartition("_")[2] in ("degc", "kw", "l", "m") for name in list(hours[0])[4:])


def test_bill_adds_up(written, proposal):
    lines = rows(written, "bom.csv")
    assert [line["find"] for line in lines] == [line.find for line in proposal.bom.lines]
    assert sum(Decimal(line["extended_usd"]) for line in lines) == proposal.bom.modules_usd


def test_schedule_has_every_task_once(written, proposal):
    tasks = rows(written, "schedule.csv")
    assert sorted(t["task"] for t in tasks) == sorted(t.key for t in proposal.plan.scheduled.tasks)
    assert [t["start"] for t in tasks] == sorted(t["start"] for t in tasks)
    assert {t["critical"] for t in tasks} == {"yes", "no"}


def test_no_field_is_a_formula(hostile):
    fields = [v for name in ("bom.csv", "schedule.csv") for row in rows(hostile, name) for v in row.values()]
    assert f"'{FORMULA}" in fields
    assert not any(f.startswith(("=", "+", "@", "\t", "\r")) for f in fields)


@pytest.mark.parametrize("text", ["=1", "+1", "-1+1", "@SUM(1)", " =1", "\t=1", "\r=1", "＝1"])
def test_guard(text):
    assert guarded(text).startswith("'")


def test_figures_stay_figures(tmp_path):
    write_csv(tmp_path / "x.csv", ["a_kw", "b"], [(-1.5, "a\nb"), (Decimal("-2"), "plain")])
    text = (tmp_path / "x.csv").read_bytes().decode("utf-8-sig")
    assert text == "a_kw,b\r\n-1.5,a b\r\n-2,plain\r\n"


def test_what_the_grid_battery_takes_is_not_called_storage(written, proposal):
    hours = rows(written, "projection.csv")
    assert not [name for name in hours[0] if "storage" in name]
    assert [float(h["grid_battery_kw"]) for h in hours] == pytest.approx(
        proposal.projection.hourly.storage_kw, abs=1e-3
    )


def test_projection_has_the_tokens_of_every_demand_in_a_column_of_its_own(written, written_for_two, two_demands):
    hours = rows(written_for_two, "projection.csv")
    names = [f"tokens_{y.demand}_m" for y in two_demands.projection.yields]
    assert names == ["tokens_ask_m", "tokens_learn_m"]
    before = list(rows(written, "projection.csv")[0])
    at = before.index("tokens_m")
    assert list(hours[0]) == [*before[:at], *names, *before[at + 1 :]]
    for name, y in zip(names, two_demands.projection.yields, strict=True):
        assert sum(float(h[name]) for h in hours) == pytest.approx(y.mtok.base, rel=1e-4)
