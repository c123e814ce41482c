"""Where a site lies, and who is near it."""

from fractions import Fraction
from math import ceil
from typing import Annotated

from pydantic import Field, model_validator

from prefab.demands import twice_named
from prefab.land import Land, rectangle
from prefab.provenance import Key, Text
from prefab.tables import Frozen
from prefab.units import exact

Decibels = Annotated[float, Field(gt=0, le=150)]


class Receptor(Frozen):
    """Somebody near the site who may hear only so much of it; a state without a limit is not looked at."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    at_m: tuple[Annotated[float, Field(ge=-20_000, le=30_000)], Annotated[float, Field(ge=-20_000, le=30_000)]]
    """East and north of where the land's own coordinates begin."""
    day_dba: Decibels | None = None
    night_dba: Decibels | None = None
    test_dba: Decibels | None = None
    """While one generating set is tested by day."""
    emergency_dba: Decibels | None = None
    """While all generating sets run."""

    @model_validator(mode="after")
    def _has_a_limit(self) -> "Receptor":
        if {self.day_dba, self.night_dba, self.test_dba, self.emergency_dba} == {None}:
            raise ValueError(f"receptor {self.name!r}: give day_dba, night_dba, test_dba or emergency_dba")
        return self


class Site(Frozen):
    """The land: a parcel, or a rectangle whose road enters through the middle of its south side."""

    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    """ISO 3166 code, for public holidays."""
    climate: Key
    width_m: Annotated[float, Field(gt=0, le=10_000)] | None = None
    """West to east, of a rectangle."""
    depth_m: Annotated[float, Field(gt=0, le=10_000)] | None = None
    """South to north."""
    land: Annotated[Land | None, Field(exclude_if=lambda land: land is None)] = None
    """Instead of a rectangle."""
    setback_m: Annotated[float, Field(ge=0, le=500)]
    receptor: Annotated[tuple[Receptor, ...], Field(max_length=50, exclude_if=lambda receptors: not receptors)] = ()
    night_quieter_db: Annotated[float, Field(ge=0, le=30, exclude_if=lambda db: not db)] = 0.0
    """How much quieter heat rejection runs at night, by its makers' figures at part speed."""
    altitude_m: Annotated[float, Field(ge=-400, le=5000)] | None = None
    """Otherwise the climate's."""
    weather_file: Text | None = None
    """An EPW file, its path as seen from the brief: its hours take the place of the climate's synthetic year in the
    projection. Design conditions stay the climate's and the brief's."""
    design_dry_bulb_degc: Annotated[float, Field(ge=-60, le=60)] | None = None
    """Otherwise the climate's yearly maximum plus the recirculation of the design basis."""

    @property
    def size_m(self) -> tuple[float, float] | None:
        """Of a rectangle, west to east and south to north."""
        return None if self.width_m is None or self.depth_m is None else (self.width_m, self.depth_m)

    @property
    def parcel(self) -> Land:
        """The land, whichever way it is given."""
        if self.land is not None:
            return self.land
        assert self.size_m is not None
        return rectangle(*self.size_m)

    @property
    def area_m2(self) -> float:
        """The whole of it."""
        return self.size_m[0] * self.size_m[1] if self.size_m else self.parcel.polygon.area / 1e6

    @property
    def inside_m2(self) -> Fraction:
        """The land within the set-backs and off what must stay free; of a parcel in whole square millimetres, up."""
        if self.size_m is not None:
            setbacks_m = 2 * exact(self.setback_m)
            return (exact(self.size_m[0]) - setbacks_m) * (exact(self.size_m[1]) - setbacks_m)
        return Fraction(ceil(self.parcel.buildable(self.setback_m, at_most=True).area), 1_000_000)

    @model_validator(mode="after")
    def _is_somewhere(self) -> "Site":
        given = [w is not None for w in (self.width_m, self.depth_m)]
        if self.land is not None and any(given):
            raise ValueError("width_m and depth_m are of a rectangle; leave them out where [site.land] is given")
        if self.land is None and not all(given):
            raise ValueError("width_m, depth_m: missing; give both, or [site.land]")
        if twice := twice_named(r.name for r in self.receptor):
            raise ValueError(f"receptor: {twice} is named twice; every name must be different")
        if self.parcel.buildable(self.setback_m).is_empty:
            raise ValueError("the set-backs leave no land; a set-back is free ground along each edge")
        if self.land is not None and self.parcel.buildable(self.setback_m).contains(self.land.entry_mm):
            where = "on the outline, within a set-back or in what is kept free"
            raise ValueError(f"land: utility_m: lies where modules may stand; give it {where}")
        return self
