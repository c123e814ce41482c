"""Typical weather of a site."""

from typing import Annotated

from pydantic import Field, model_validator

from prefab.provenance import Key, NotNegative, Sourced, Text
from prefab.tables import Frozen

QUANTILE_LEVELS_FRAC = (0.0, 0.002, 0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98, 0.99, 0.998, 1.0)
"""Shares of a month's hours that are no warmer than the quantiles of `MonthlyQuantiles`."""

_Row = Annotated[tuple[float, ...], Field(min_length=len(QUANTILE_LEVELS_FRAC), max_length=len(QUANTILE_LEVELS_FRAC))]
_Rows = Annotated[tuple[_Row, ...], Field(min_length=12, max_length=12)]
_Year = Annotated[tuple[float, ...], Field(min_length=12, max_length=12)]


class MonthlyQuantiles(Frozen):
    """How the hours of each month are spread, where hourly data were at hand: statistics, not the data.

    Quantiles belong to `QUANTILE_LEVELS_FRAC`: the coldest hour first, the warmest last. Equal readings share their
    middle rank, since stations round to half or whole degrees.
    """

    dry_bulb_degc: _Rows
    wet_bulb_degc: _Rows
    dew_point_day_sd_k: Annotated[tuple[NotNegative, ...], Field(min_length=12, max_length=12)]
    """Spread of the daily mean dew points."""
    dew_point_correlation: Annotated[
        tuple[Annotated[float, Field(ge=-1, le=1)], ...], Field(min_length=12, max_length=12)
    ]
    """Of daily mean dew point with daily mean dry bulb, -1 to 1."""

    @model_validator(mode="after")
    def _rows_rise(self) -> "MonthlyQuantiles":
        for name in ("dry_bulb_degc", "wet_bulb_degc"):
            for month, row in enumerate(getattr(self, name), 1):
                if list(row) != sorted(row):
                    raise ValueError(f"{name}, month {month}: falls; quantiles go from the coldest hour to the warmest")
        return self


class WeatherYear(Frozen):
    """The hours of a weather file that a user gave, as a plan carries them: 8,760 of each from 1 January 0:00."""

    source: Text
    elevation_m: float
    dry_bulb_degc: Annotated[tuple[float, ...], Field(min_length=8760, max_length=8760)]
    dew_point_degc: Annotated[tuple[float, ...], Field(min_length=8760, max_length=8760)]
    wet_bulb_degc: Annotated[tuple[float, ...], Field(min_length=8760, max_length=8760)]


class Climate(Sourced):
    """A site's typical weather by month, from which a synthetic hourly year is made."""

    key: Key
    title: Text
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    latitude_deg: float
    longitude_deg: float
    elevation_m: float
    utc_offset_h: float
    dry_bulb_mean_degc: _Year
    dry_bulb_daily_max_degc: _Year
    dry_bulb_daily_min_degc: _Year
    dry_bulb_day_sd_k: _Year
    dew_point_mean_degc: _Year
    dry_bulb_max_degc: float
    dry_bulb_min_degc: float
    wet_bulb_max_degc: float
    dry_bulb_p99_6_degc: float | None = None
    """Passed in 0.4 % of the hours, 35 a year."""
    dry_bulb_p0_4_degc: float | None = None
    """Not reached in 0.4 % of the hours; a heating engineer's 99.6 %."""
    wet_bulb_p99_6_degc: float | None = None
    """Passed in 0.4 % of the hours."""
    quantiles: MonthlyQuantiles | None = None
    """Without them the year is made from the figures above alone, and its hours above a temperature are less sure."""

    @model_validator(mode="after")
    def _extremes_in_order(self) -> "Climate":
        dry = (self.dry_bulb_min_degc, self.dry_bulb_p0_4_degc, self.dry_bulb_p99_6_degc, self.dry_bulb_max_degc)
        wet = (self.wet_bulb_p99_6_degc, self.wet_bulb_max_degc)
        for name, given in (("dry_bulb: min, p0_4, p99_6, max", dry), ("wet_bulb: p99_6, max", wet)):
            known = [value for value in given if value is not None]
            if known != sorted(known):
                raise ValueError(f"{name}: {known} fall; each must be at least the one before it")
        return self
