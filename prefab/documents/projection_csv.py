"""`projection.csv`: the year hour by hour, for analysts."""

from dataclasses import fields
from datetime import datetime, timedelta
from pathlib import Path

from prefab.documents.csv_file import write_csv
from prefab.proposal import Proposal
from prefab.results import Hourly, Projection

# A typical year is no year of the calendar; any that is not a leap year has its 8,760 hours.
_YEAR_START = datetime(2001, 1, 1)  # noqa: DTZ001  local standard time of the site
_DIGITS = {"dry_bulb_degc": 2, "wet_bulb_degc": 2}
_TOKEN_DIGITS = 4
# A site may also hold storage servers; those are IT.
_TITLES = {"storage_kw": "grid_battery_kw"}


def write(proposal: Proposal, path: Path) -> None:
    """Write a line per hour: its number, month, day and hour (starting, local standard time), then every series.

    Where there are several IT demands, each has its tokens in a column of its own; what each supply gives, and what is
    then imported, exported and curtailed, stands last.
    """
    columns = _columns(proposal.projection)
    digits = [_TOKEN_DIGITS if name.startswith("tokens_") else _DIGITS.get(name, 3) for name in columns]
    head = ("hour_of_year", "month", "day", "hour_start", *columns)

    def row(hour: int, values: tuple[float, ...]) -> tuple[int | float, ...]:
        at = _YEAR_START + timedelta(hours=hour)
        rounded = (round(v, d) + 0.0 for v, d in zip(values, digits, strict=True))
        return (hour + 1, at.month, at.day, at.hour, *rounded)

    write_csv(path, head, (row(hour, values) for hour, values in enumerate(zip(*columns.values(), strict=True))))


def _columns(projection: Projection) -> dict[str, tuple[float, ...]]:
    by_demand = {f"tokens_{y.demand}_m": y.tokens_m for y in projection.yields}
    found: dict[str, tuple[float, ...]] = {}
    for name in (f.name for f in fields(Hourly)):
        found |= (
            by_demand
            if by_demand and name == "tokens_m"
            else {_TITLES.get(name, name): getattr(projection.hourly, name)}
        )
    if supplied := projection.supplied:
        found |= {f"supply_{line.name}_kw": line.generated_kw for line in supplied.lines}
        found |= {name: getattr(supplied, name) for name in ("import_kw", "export_kw", "curtailed_kw", "carbon_kg")}
    return found
