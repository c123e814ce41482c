"""Reading a user's weather file: EPW, the text format of EnergyPlus, with one typical or measured year.

Formats: "Auxiliary Programs", EnergyPlus documentation, chapter on EPW. The packages that read it (pvlib, ladybug) are
heavy or AGPL, and four columns of plain CSV are all that is needed, so `csv` reads them.
"""

import csv
import math
from io import StringIO
from pathlib import Path

import numpy as np

from prefab.climate import WeatherYear
from prefab.errors import InputError
from prefab.physics.psychrometrics import pressure_pa, wet_bulb_degc
from prefab.physics.weather import DAYS_IN_MONTH, HOURS, Hours, Weather, make_weather
from prefab.tables import read_bytes

_MAX_BYTES = 20_000_000
_HEADERS = 8
_DRY_BULB, _DEW_POINT, _PRESSURE = 6, 7, 9
_MISSING_DEGC, _MISSING_PA = 99.9, 999_999.0
_DEW_POINT_OVER_K = 0.5
"""Dew point and dry bulb are rounded apart from each other; more than this between them is no rounding."""
_MOST_SHOWN = 10
_TITLE_LETTERS = 120

_COLUMNS = (
    (_DRY_BULB, "dry bulb", "°C", -70.0, 70.0, _MISSING_DEGC),
    (_DEW_POINT, "dew point", "°C", -90.0, 70.0, _MISSING_DEGC),
    (_PRESSURE, "pressure", "Pa", 31_000.0, 120_000.0, _MISSING_PA),
)
"""Index, name, unit, lowest, highest and the figure that stands for a gap, as the format has them."""


def read_weather_year(path: Path) -> WeatherYear:
    """The same for a plan to carry, to hundredths of a kelvin: no station measures finer.

    Raises:
        InputError: see `read_epw`.
    """
    found = read_epw(path)

    def hours(values: Hours) -> tuple[float, ...]:
        return tuple(np.round(values, 2).tolist())

    return WeatherYear(
        source=found.source,
        elevation_m=found.elevation_m,
        dry_bulb_degc=hours(found.dry_bulb_degc),
        dew_point_degc=hours(found.dew_point_degc),
        wet_bulb_degc=hours(found.wet_bulb_degc),
    )


def read_epw(path: Path) -> Weather:
    """Read 8,760 hours from an EPW file: dry bulb, dew point, pressure and elevation as they stand there.

    The wet bulb is worked out at the year's mean pressure, which moves it by less than 0.2 K from that of the hour's
    own; where no pressure is given, at the standard pressure of the file's elevation.

    Raises:
        InputError: not there, not an EPW file, hours missing, doubled or out of order, 29 February, more than one
            record an hour, gaps, figures that are not finite or not possible; up to ten of them, each with its line.
    """
    try:
        # Quotes stand in comments only, where one without its partner must not swallow the lines after it.
        rows = list(csv.reader(StringIO(_text(path), newline=""), quoting=csv.QUOTE_NONE))
    except csv.Error as error:
        raise InputError(f"{path}: not an EPW file ({error}); it is comma-separated text") from None
    elevation_m = _elevation(path, rows)
    # Some programs leave empty lines at the end.
    hours = [(line, row) for line, row in enumerate(rows[_HEADERS:], _HEADERS + 1) if row]
    _check_calendar(path, hours)
    figures = _figures(path, hours)
    dry_bulb, pressures = figures[:, 0], figures[:, 2]
    dew_point = np.minimum(figures[:, 1], dry_bulb)
    known = pressures[~np.isnan(pressures)]
    pressure = float(known.mean()) if len(known) else pressure_pa(elevation_m)
    wet_bulb = np.asarray(wet_bulb_degc(dry_bulb, dew_point, pressure))
    return make_weather(_title(path, rows[0]), elevation_m, dry_bulb.copy(), dew_point, wet_bulb)


def _text(path: Path) -> str:
    """Names of places stand in UTF-8 or, in older files, in Latin-1, which reads any byte."""
    data = read_bytes(path, _MAX_BYTES, "a year of weather")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _elevation(path: Path, rows: list[list[str]]) -> float:
    """Elevation in metres; refuses what does not begin like an EPW file."""
    if len(rows) < _HEADERS or rows[0][:1] != ["LOCATION"] or rows[_HEADERS - 1][:1] != ["DATA PERIODS"]:
        raise InputError(f"{path}: not an EPW file; it begins with LOCATION and has DATA PERIODS in line {_HEADERS}")
    periods = rows[_HEADERS - 1]
    if [field.strip() for field in periods[1:3]] != ["1", "1"]:
        raise InputError(f"{path}, line {_HEADERS}: {','.join(periods[:3])}; one period of one record an hour is read")
    elevation_m = _number(rows[0][9]) if len(rows[0]) > 9 else math.nan
    if not -500 <= elevation_m <= 9000:
        raise InputError(f"{path}, line 1: elevation: not a height; metres from -500 to 9,000 as tenth field")
    return elevation_m


def _check_calendar(path: Path, hours: list[tuple[int, list[str]]]) -> None:
    """Every hour of a common year once, in order: 1 to 24, where hour 1 ends at one o'clock."""
    found = [tuple(field.strip().lstrip("0") for field in row[1:4]) for _, row in hours]
    if any(stamp[:2] == ("2", "29") for stamp in found):
        raise InputError(f"{path}: has 29 February; leave the leap day out, a year has {HOURS:,} hours")
    year = [
        (str(month), str(day), str(hour))
        for month, days in enumerate(DAYS_IN_MONTH, 1)
        for day in range(1, days + 1)
        for hour in range(1, 25)
    ]
    for (line, _), stamp, wanted in zip(hours, found, year, strict=False):
        if stamp != wanted:
            raise InputError(
                f"{path}, line {line}: month, day, hour {'/'.join(stamp) or 'not given'}; "
                f"{'/'.join(wanted)} is due there: every hour from 1/1/1 to 12/31/24 once, in order"
            )
    if len(found) != HOURS:
        raise InputError(f"{path}: {len(found):,} hours; a year has {HOURS:,}")


def _figures(path: Path, hours: list[tuple[int, list[str]]]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Rows of dry bulb, dew point and pressure; pressures that are not given are NaN."""
    mistakes: list[str] = []
    found = np.full((len(hours), len(_COLUMNS)), np.nan)
    for index, (line, row) in enumerate(hours):
        for column, (place, name, unit, low, high, missing) in enumerate(_COLUMNS):
            text = row[place].strip() if len(row) > place else ""
            value = _number(text)
            if text == "" or value == missing:
                if place != _PRESSURE:
                    mistakes.append(f"{path}, line {line}: {name}: missing; fill the gap first, nothing is made up")
            elif not low <= value <= high:
                mistakes.append(f"{path}, line {line}: {name}: {text[:20]!r}; {low:g} to {high:g} {unit}")
            else:
                found[index, column] = value
        if found[index, 1] > found[index, 0] + _DEW_POINT_OVER_K:
            mistakes.append(f"{path}, line {line}: dew point: above the dry bulb; at most equal to it")
    if len(mistakes) > _MOST_SHOWN:
        mistakes[_MOST_SHOWN:] = [f"{path}: {len(mistakes) - _MOST_SHOWN:,} more mistakes like these"]
    if mistakes:
        raise InputError(mistakes)
    return found


def _number(text: str) -> float:
    """NaN for what is not a number, so that no range holds it."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def _title(path: Path, location: list[str]) -> str:
    """File, place and origin on one line, without what would disturb a terminal or document."""
    place = ", ".join(field.strip() for field in location[1:4] if field.strip(" -"))
    title = f"weather file {path.name}: {place} ({location[4].strip()} {location[5].strip()})"
    return "".join(letter for letter in title if letter.isprintable())[:_TITLE_LETTERS]
