"""Energy that a site does not buy from its utility by the tariff: sun and wind of its own, and contracts."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from prefab.provenance import Fraction, Key, NotNegative, Positive, Sourced, Text
from prefab.tables import Frozen

HOURS_COUNT = 8760


class Supply(Frozen):
    """One source of energy; none of it counts as firm, so that the site's plant is the same without it."""

    name: Key
    kind: Literal["pv", "wind", "ppa"]
    """`ppa`: renewable energy from elsewhere at an agreed price, through the utility connection."""
    mw: Annotated[float, Field(gt=0, le=5000)]
    """Alternating-current rating; of a contract the power that it is for."""
    on_site: Annotated[bool, Field(exclude_if=lambda here: not here)] = False
    """Behind the site's meter; otherwise it feeds the public grid somewhere else."""
    ha: Annotated[Positive | None, Field(exclude_if=lambda ha: ha is None)] = None
    """Land of its own beside the site's rectangle, for what is on site."""
    profile: Text = ""
    """A file, its path as seen from the brief: 8,760 hours of output over `mw`. A contract without one gives `mw` in
    every hour."""
    usd_per_mwh: Annotated[NotNegative | None, Field(exclude_if=lambda price: price is None)] = None
    """Of a contract: for every MWh that it gives, used or not."""

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        of_ppa, land = self.kind == "ppa", self.ha is not None
        for wrong, text in (
            (of_ppa and self.usd_per_mwh is None, "usd_per_mwh: missing; a ppa needs its price"),
            (of_ppa and self.on_site, "on_site: a ppa comes from elsewhere; leave it out, or make it pv or wind"),
            (not of_ppa and not self.profile, f"profile: missing; {self.kind} needs a file of 8,760 hours"),
            (
                not of_ppa and self.usd_per_mwh is not None,
                f"usd_per_mwh: only a ppa has one; leave it out of {self.kind}",
            ),
            (self.on_site and not land, f"ha: missing; {self.kind} on site needs land of its own"),
            (not self.on_site and land, "ha: only what is on site takes land; leave it out, or set on_site = true"),
        ):
            if wrong:
                raise ValueError(text)
        return self


class SupplyHours(Frozen):
    """The hours of a profile file that a user gave, as a plan carries them: from 1 January 0:00 local standard time."""

    name: Key
    """Of the source that it belongs to."""
    source: Text
    """The name of the file."""
    capacity_frac: Annotated[tuple[Fraction, ...], Field(min_length=HOURS_COUNT, max_length=HOURS_COUNT)]


class Screen(Frozen):
    """What sites of one kind of source have in common."""

    ha_per_mw: Positive
    """Least land for a megawatt of alternating current."""
    capacity_low_frac: Fraction
    """A year whose mean output over its rating is below this is doubtful."""
    capacity_high_frac: Fraction

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.capacity_low_frac >= self.capacity_high_frac:
            raise ValueError("capacity_low_frac: not below capacity_high_frac; it must be")
        return self


class SupplyBasis(Sourced):
    """File `supply.toml`: what sources of a site's own are screened with."""

    pv: Screen
    wind: Screen

    def of(self, kind: str) -> Screen:
        """Of `pv` or `wind`."""
        return self.pv if kind == "pv" else self.wind
