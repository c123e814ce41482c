"""What energy costs, what grids ask of large loads, what money and countries are."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from prefab.product import Region, Standard
from prefab.provenance import Fraction, Key, Millimetres, NotNegative, Positive, Share, Sourced, Text
from prefab.tables import Frozen

CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
CountryCode = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
"""ISO 3166-1, two letters."""
MonthNumber = Annotated[int, Field(ge=1, le=12)]
Weekday = Annotated[int, Field(ge=1, le=7)]
"""ISO: Monday is 1, Sunday 7."""


class Window(Frozen):
    """Hours of local standard time, from `from_h` up to but without `to_h`; no daylight saving shifts them."""

    months: tuple[MonthNumber, ...] = ()
    """Empty: all."""
    weekdays: tuple[Weekday, ...] = ()
    """Empty: all. After midnight a window that wraps belongs to the new day."""
    from_h: Annotated[int, Field(ge=0, le=23)] = 0
    to_h: Annotated[int, Field(ge=1, le=24)] = 24
    """Not after `from_h`: the window wraps over midnight."""

    @model_validator(mode="after")
    def _not_empty(self) -> "Window":
        if self.from_h == self.to_h:
            raise ValueError("from_h and to_h are equal; a whole day is from_h = 0 to_h = 24")
        return self


class EnergyPeriod(Frozen):
    """A price of energy and when it holds; of several the first that holds counts."""

    title: Text
    usd_per_kwh: float
    windows: tuple[Window, ...] = ()
    """Empty: all hours that no earlier period takes."""


class Ratchet(Frozen):
    """A month's billed demand is at least this share of the highest demand of other months."""

    frac: Share
    months: tuple[MonthNumber, ...] = ()
    """Months whose demand counts; empty: all."""
    previous_months_count: Annotated[int, Field(ge=1, le=11)] | None = None
    """Only that many months before the billed one count, round the turn of the year."""

    @model_validator(mode="after")
    def _one_way(self) -> "Ratchet":
        if self.months and self.previous_months_count is not None:
            raise ValueError("give months or previous_months_count, not both")
        return self


class DemandCharge(Frozen):
    """A price on the highest hourly mean of imported power."""

    title: Text
    usd_per_kw: NotNegative = 0.0
    """Per month, or per year where `per` says so."""
    usd_per_kw_by_month: Annotated[tuple[NotNegative, ...], Field(max_length=12)] = ()
    """Twelve, in place of `usd_per_kw`."""
    per: Literal["month", "year"] = "month"
    windows: tuple[Window, ...] = ()
    """Hours that count; empty: all. A month without any such hour is not billed."""
    ratchet: Ratchet | None = None
    contract_frac: Fraction = 0.0
    """Least billed demand over the contracted power of the connection."""

    @model_validator(mode="after")
    def _coherent(self) -> "DemandCharge":
        if len(self.usd_per_kw_by_month) not in (0, 12):
            raise ValueError("usd_per_kw_by_month needs twelve prices")
        if bool(self.usd_per_kw) == bool(self.usd_per_kw_by_month):
            raise ValueError("give exactly one of usd_per_kw and usd_per_kw_by_month")
        if self.per == "year" and (self.usd_per_kw_by_month or self.ratchet):
            raise ValueError("a charge per year has one price and no ratchet")
        return self


class Adder(Frozen):
    """A levy, tax or network charge on every imported kWh."""

    title: Text
    usd_per_kwh: float


class Tariff(Sourced):
    """What energy costs and how dirty it is. At most one of `period`, `month_hour…` and `hourly…` prices the hours."""

    key: Key
    title: Text
    energy_usd_per_kwh: Positive
    """All in, for a load that never changes: the price of every hour where nothing below says otherwise."""
    carbon_g_per_kwh: NotNegative
    country: CountryCode | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    period: tuple[EnergyPeriod, ...] = ()
    month_hour_usd_per_kwh: tuple[Annotated[tuple[float, ...], Field(min_length=24, max_length=24)], ...] = ()
    """Twelve months of 24 hours: the mean day of each month."""
    hourly_usd_per_kwh: tuple[float, ...] = ()
    """A series of 8,760 hours from 1 January 0:00 local standard time, without a leap day."""
    adder: tuple[Adder, ...] = ()
    demand: tuple[DemandCharge, ...] = ()
    fixed_usd_per_month: NotNegative = 0.0
    loss_frac: Fraction = 0.0
    """Energy billed beyond the meter, over the energy metered."""
    tax_frac: NotNegative = 0.0
    """On everything but exports."""
    export_usd_per_kwh: float = 0.0

    @model_validator(mode="after")
    def _coherent(self) -> "Tariff":
        if sum(map(bool, (self.period, self.month_hour_usd_per_kwh, self.hourly_usd_per_kwh))) > 1:
            raise ValueError("give one of period, month_hour_usd_per_kwh and hourly_usd_per_kwh")
        if len(self.month_hour_usd_per_kwh) not in (0, 12):
            raise ValueError("month_hour_usd_per_kwh needs twelve rows, one a month")
        if len(self.hourly_usd_per_kwh) not in (0, 8760):
            raise ValueError("hourly_usd_per_kwh needs 8,760 prices")
        if self.period and (self.period[-1].windows or not all(p.windows for p in self.period[:-1])):
            raise ValueError("the last period, and only it, has no windows: it takes every hour that is left")
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValueError("valid_to lies before valid_from")
        return self


class Obligation(Frozen):
    """One thing that a grid rule asks of a load above its threshold."""

    kind: Literal[
        "study", "telemetry", "modelling", "ramp", "ride_through", "power_factor", "curtailment", "storage_or_backup",
        "disclosure", "renewable_energy", "minimum_bill", "registration", "efficiency",
    ]  # fmt: skip
    text: Text
    amount: float | None = None
    unit: Text = ""
    from_mw: NotNegative = 0.0
    """Only of loads of this size or more, where that is beyond the rule's threshold."""
    beyond: Text = ""
    """What of it no plan shows, even where its figures are checked."""

    @model_validator(mode="after")
    def _with_unit(self) -> "Obligation":
        if (self.amount is None) != (not self.unit):
            raise ValueError("give amount and unit together, or neither")
        return self


class GridRule(Sourced):
    """What a grid asks of a load beyond its tariff."""

    key: Key
    title: Text
    jurisdiction: Text
    countries: Annotated[tuple[CountryCode, ...], Field(min_length=1)]
    threshold_mw: NotNegative
    """Loads of this size or more; thresholds in MVA are read at a power factor of 1."""
    status: Literal["in_force", "adopted", "proposed"]
    """`adopted`: decided, with figures or dates still to come."""
    as_of: date
    obligation: Annotated[tuple[Obligation, ...], Field(min_length=1)]

    def asks(self, load_mw: float) -> tuple[Obligation, ...]:
        """What it asks of a load of this size."""
        return tuple(o for o in self.obligation if load_mw >= max(self.threshold_mw, o.from_mw))


def own_supply_kw(rules: Iterable[GridRule], load_mw: float, given_mw: float) -> float:
    """Power of generating sets and batteries of its own that rules ask of a load of this size, of whose connection so
    much is there."""
    asked = (o for rule in rules for o in rule.asks(load_mw) if o.kind == "storage_or_backup")
    shares = (o.amount or 0.0 for o in asked if o.unit == "share of import capacity")
    return max(shares, default=0.0) * given_mw * 1000


class Rate(Frozen):
    """What one unit of a currency is worth."""

    code: CurrencyCode
    title: Text
    usd_per_unit: Positive


class Currencies(Sourced):
    """File `currencies.toml`: one dated table, replaced as a whole."""

    as_of: date
    rate: tuple[Rate, ...]

    def usd_per_unit(self, code: str) -> float:
        """Dollars for one unit.

        Raises:
            KeyError: the table has no such currency.
        """
        return {r.code: r.usd_per_unit for r in self.rate}[code]

    @model_validator(mode="after")
    def _distinct(self) -> "Currencies":
        codes = [r.code for r in self.rate]
        if len(set(codes)) != len(codes):
            raise ValueError("rate: a currency stands twice")
        if any(r.code == "USD" and r.usd_per_unit != 1 for r in self.rate):
            raise ValueError("rate: one USD is one USD")
        return self


class RoadLimits(Frozen):
    """The largest vehicle with its load that may use ordinary roads without a permit."""

    width_mm: Millimetres
    height_mm: Millimetres | None = None
    length_mm: Millimetres | None = None
    gross_kg: Annotated[int, Field(gt=0)]


class Country(Frozen):
    """What a country's grid, standards and roads ask of modules."""

    code: CountryCode
    title: Text
    region: Region
    currency: CurrencyCode
    frequencies_hz: Annotated[tuple[Literal[50, 60], ...], Field(min_length=1)]
    low_voltages_v: Annotated[tuple[Positive, ...], Field(min_length=1)]
    """Three-phase, between phases; the first is the usual one."""
    standards: Annotated[tuple[Standard, ...], Field(min_length=1)]
    """Which families of product standards are accepted."""
    road: RoadLimits | None = None
    """None where no figure is at hand."""


class Countries(Sourced):
    """File `countries.toml`."""

    country: tuple[Country, ...]

    @model_validator(mode="after")
    def _distinct(self) -> "Countries":
        codes = [c.code for c in self.country]
        if len(set(codes)) != len(codes):
            raise ValueError("country: a code stands twice")
        return self
