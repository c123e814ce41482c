"""Reading a user's profile of a source of energy: one figure an hour, a line each."""

import math
from pathlib import Path

from prefab.errors import InputError
from prefab.supply import HOURS_COUNT, Supply, SupplyHours
from prefab.tables import read_text

_MOST_SHOWN = 10
_NAME_LETTERS = 120


def read_supply(folder: Path, supply: tuple[Supply, ...]) -> tuple[SupplyHours, ...]:
    """The hours of every source that names a file; paths are as seen from `folder`.

    Raises:
        InputError: see `read_profile`.
    """
    return tuple(
        SupplyHours(
            name=s.name, source=_printable(Path(s.profile).name), capacity_frac=read_profile(folder / s.profile)
        )
        for s in supply
        if s.profile
    )


def read_profile(path: Path) -> tuple[float, ...]:
    """8,760 shares of the rating, from 1 January 0:00 local standard time, without a leap day.

    A first line that is no number is a heading; empty lines at the end are left out.

    Raises:
        InputError: not there, another number of hours, or figures outside 0 to 1; up to ten, each with its line.
    """
    lines = read_text(path).removeprefix("\ufeff").rstrip().split("\n")
    first = 1 if math.isnan(_number(lines[0])) else 0
    values = [_number(line) for line in lines[first:]]
    if len(values) != HOURS_COUNT:
        raise InputError(f"{path}: {len(values):,} hours; a year has {HOURS_COUNT:,}, one figure a line")
    mistakes = [
        f"{path}, line {line}: {lines[line - 1].strip()[:20]!r}; output over the rating, 0 to 1"
        for line, value in enumerate(values, first + 1)
        if not 0 <= value <= 1
    ]
    if len(mistakes) > _MOST_SHOWN:
        mistakes[_MOST_SHOWN:] = [f"{path}: {len(mistakes) - _MOST_SHOWN:,} more mistakes like these"]
    if mistakes:
        raise InputError(mistakes)
    return tuple(values)


def _number(text: str) -> float:
    """NaN for what is no number, so that no range holds it."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def _printable(name: str) -> str:
    return "".join(letter for letter in name if letter.isprintable())[:_NAME_LETTERS]
