"""A user's weather file: read as it is, refused with the line of what is wrong."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psychrolib
import pytest

from prefab.epw import read_epw, read_weather_year
from prefab.errors import InputError
from prefab.physics.weather import DAYS_IN_MONTH

FOLDER = Path(__file__).parents[1].parent / "shared" / "reference" / "epw"
FILES = sorted(FOLDER.glob("*.epw"))

HEADERS = (
    "LOCATION,Testville,-,SWE,Made up,000001,59.0,18.0,1.0,500.0",
    "DESIGN CONDITIONS,0",
    "TYPICAL/EXTREME PERIODS,0",
    "GROUND TEMPERATURES,0",
    "HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0",
    'COMMENTS 1,"a quote without its partner',
    "COMMENTS 2,",
    "DATA PERIODS,1,1,Data,Sunday, 1/ 1,12/31",
)
Rows = list[list[str]]


def hours() -> Rows:
    """Dry bulb is the month, plus a tenth an hour of the day; the dew point 2 K below; 95,000 Pa."""
    return [
        ["2001", str(month), str(day), str(hour), "0", "?9", f"{month + hour / 10:.1f}", f"{month + hour / 10 - 2:.1f}",
         "80", "95000", "0"]
        for month, days in enumerate(DAYS_IN_MONTH, 1)
        for day in range(1, days + 1)
        for hour in range(1, 25)
    ]  # fmt: skip


def write(path: Path, rows: Rows, headers: tuple[str, ...] = HEADERS, ending: str = "\r\n") -> Path:
    path.write_bytes(ending.join([*headers, *(",".join(row) for row in rows), ""]).encode("utf-8"))
    return path


def with_cell(row: int, column: int, text: str) -> Rows:
    rows = hours()
    rows[row][column] = text
    return rows


def test_reads_the_hours_as_they_stand(tmp_path: Path) -> None:
    year = read_epw(write(tmp_path / "a.epw", hours()))
    assert len(year.dry_bulb_degc) == 8760
    assert (year.month[0], year.hour[0], year.dry_bulb_degc[0], year.dew_point_degc[0]) == (1, 0, 1.1, -0.9)
    assert (year.month[-1], year.hour[-1], year.dry_bulb_degc[-1], year.dew_point_degc[-1]) == (12, 23, 14.4, 12.4)
    assert year.elevation_m == 500.0
    psychrolib.SetUnitSystem(psychrolib.SI)
    expected = psychrolib.GetTWetBulbFromTDewPoint(14.4, 12.4, 95_000)
    assert year.wet_bulb_degc[-1] == pytest.approx(expected, abs=0.01)
    assert "a.epw" in year.source
    assert "Testville" in year.source
    assert "synthetic" not in year.source


def test_pressure_is_the_files_and_else_that_of_its_elevation(tmp_path: Path) -> None:
    high = read_epw(write(tmp_path / "high.epw", [[*row[:9], "70000", "0"] for row in hours()]))
    unknown = read_epw(write(tmp_path / "unknown.epw", [[*row[:9], "999999", "0"] for row in hours()]))
    at_500_m = read_epw(write(tmp_path / "500.epw", [[*row[:9], "95461", "0"] for row in hours()]))
    # Thinner air evaporates more: the wet bulb lies lower.
    assert (high.wet_bulb_degc < at_500_m.wet_bulb_degc).all()
    assert unknown.wet_bulb_degc == pytest.approx(at_500_m.wet_bulb_degc, abs=0.001)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_reads_old_letters_and_either_line_ending(tmp_path: Path, ending: str) -> None:
    path = write(tmp_path / "a.epw", hours(), ending=ending)
    path.write_bytes(path.read_bytes().replace(b"Testville", "Malmö".encode("latin-1")))
    assert "Malmö" in read_epw(path).source


def test_the_name_of_a_place_cannot_disturb_a_document(tmp_path: Path) -> None:
    headers = (HEADERS[0].replace("Testville", "Test\x1b[31m\u202eville" + "x" * 500), *HEADERS[1:])
    source = read_epw(write(tmp_path / "a.epw", hours(), headers)).source
    assert source.isprintable()
    assert len(source) <= 120


def test_rounding_may_lift_the_dew_point_a_little(tmp_path: Path) -> None:
    year = read_epw(write(tmp_path / "a.epw", with_cell(5, 7, "1.9")))
    assert year.dew_point_degc[5] == year.dry_bulb_degc[5] == 1.6


def leap_year() -> Rows:
    rows = hours()
    end_of_february = (31 + 28) * 24
    extra = [[*row[:2], "29", *row[3:]] for row in rows[end_of_february - 24 : end_of_february]]
    return rows[:end_of_february] + extra + rows[end_of_february:]


def swapped() -> Rows:
    rows = hours()
    rows[10], rows[11] = rows[11], rows[10]
    return rows


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (lambda: hours()[:-1], "8,759 hours; a year has 8,760"),
        (lambda: [*hours(), hours()[-1]], "8,761 hours; a year has 8,760"),
        (list, "0 hours"),
        (leap_year, "29 February"),
        (swapped, "line 19: month, day, hour 1/1/12; 1/1/11 is due"),
        (lambda: hours()[:40] + hours()[41:], "line 49: month, day, hour 1/2/18; 1/2/17 is due"),
        (lambda: with_cell(0, 6, "99.9"), "line 9: dry bulb: missing"),
        (lambda: with_cell(0, 6, ""), "line 9: dry bulb: missing"),
        (lambda: with_cell(8759, 7, "99.9"), "line 8768: dew point: missing"),
        (lambda: with_cell(3, 6, "nan"), "line 12: dry bulb: 'nan'; -70 to 70 °C"),
        (lambda: with_cell(3, 6, "inf"), "line 12: dry bulb: 'inf'"),
        (lambda: with_cell(3, 6, "warm"), "line 12: dry bulb: 'warm'"),
        (lambda: with_cell(3, 6, "84.0"), "line 12: dry bulb: '84.0'"),
        (lambda: with_cell(3, 7, "-inf"), "line 12: dew point: '-inf'"),
        (lambda: with_cell(3, 7, "9.0"), "line 12: dew point: above the dry bulb"),
        (lambda: with_cell(3, 9, "1013.25"), "line 12: pressure: '1013.25'; 31000 to 120000 Pa"),
        (lambda: [row[:7] for row in hours()], "line 9: dew point: missing"),
    ],
)  # fmt: skip
def test_refuses_wrong_hours(tmp_path: Path, rows: Callable[[], Rows], words: str) -> None:
    with pytest.raises(InputError) as caught:
        read_epw(write(tmp_path / "bad.epw", rows()))
    assert words in str(caught.value)
    assert "bad.epw" in str(caught.value)


def test_shows_the_first_mistakes_and_counts_the_rest(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_epw(write(tmp_path / "bad.epw", [[*row[:6], "nan", *row[7:]] for row in hours()]))
    assert len(caught.value.mistakes) == 11
    assert "8,750 more" in caught.value.mistakes[-1]


@pytest.mark.parametrize(
    ("line", "text", "words"),
    [
        (0, "PLACE,Testville", "not an EPW file"),
        (0, "LOCATION,Testville,-,SWE,x,1,59.0,18.0,1.0,nan", "elevation"),
        (0, "LOCATION,Testville,-,SWE,x,1,59.0,18.0,1.0,99999", "elevation"),
        (0, "LOCATION,Testville", "elevation"),
        (7, "DATA,1,1", "not an EPW file"),
        (7, "DATA PERIODS,1,4,Data,Sunday, 1/ 1,12/31", "one record an hour"),
        (7, "DATA PERIODS,2,1,Data,Sunday, 1/ 1,12/31", "one period"),
    ],
)
def test_refuses_wrong_headers(tmp_path: Path, line: int, text: str, words: str) -> None:
    headers = tuple(text if number == line else header for number, header in enumerate(HEADERS))
    with pytest.raises(InputError, match=words):
        read_epw(write(tmp_path / "bad.epw", hours(), headers))


@pytest.mark.parametrize("data", [b"", b"\x00\xff" * 5000, b"PK\x03\x04zip", b"a,b,c\n" * 9000, b"x" * 200_000])
def test_refuses_other_files(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "other.epw"
    path.write_bytes(data)
    with pytest.raises(InputError, match="not an EPW file"):
        read_epw(path)


def test_refuses_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_epw(tmp_path / "none.epw")
    with pytest.raises(InputError, match="cannot be read"):
        read_epw(tmp_path)
    huge = tmp_path / "huge.epw"
    with huge.open("wb") as file:
        file.truncate(30_000_000)
    with pytest.raises(InputError, match="larger"):
        read_epw(huge)


@pytest.mark.skipif(not FILES, reason="no weather files beside the project (shared/reference/epw)")
@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_reads_published_files(path: Path) -> None:
    year = read_epw(path)
    rows = list(csv.reader(path.read_text(encoding="latin-1").splitlines()))[8:]
    assert year.dry_bulb_degc.tolist() == [float(row[6]) for row in rows]
    assert year.dew_point_degc == pytest.approx(np.array([float(row[7]) for row in rows]), abs=0.5)
    # Hour by hour at the hour's own pressure, by the published functions.
    psychrolib.SetUnitSystem(psychrolib.SI)
    for index in range(0, 8760, 97):
        dry, dew, pressure = (float(rows[index][column]) for column in (6, 7, 9))
        expected = psychrolib.GetTWetBulbFromTDewPoint(dry, min(dew, dry), pressure)
        assert year.wet_bulb_degc[index] == pytest.approx(expected, abs=0.2), index


def test_a_plan_carries_the_hours_to_hundredths(tmp_path: Path) -> None:
    path = write(tmp_path / "a.epw", hours())
    year, found = read_weather_year(path), read_epw(path)
    assert (year.source, year.elevation_m) == (found.source, found.elevation_m)
    for name in ("dry_bulb_degc", "dew_point_degc", "wet_bulb_degc"):
        assert np.abs(np.array(getattr(year, name)) - getattr(found, name)).max() <= 0.005 + 1e-9
