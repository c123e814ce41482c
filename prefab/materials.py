"""What a site is tied together and put up with: cables, pipes, trenches, lifting and moving gear, barriers, crews."""

from datetime import date
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from prefab.product import Trade
from prefab.provenance import Count, Curve, Fraction, Key, Millimetres, NotNegative, Positive, Share, Sourced, Text
from prefab.tables import Frozen


class CableSize(Frozen):
    """One cross-section of a series."""

    section_mm2: Positive
    ampacity_a: Positive
    """Of one circuit alone, at the conditions of its series."""
    r_ohm_per_km: Positive
    """Per conductor, at the temperature that its series names."""
    x_ohm_per_km: NotNegative
    outer_diameter_mm: Positive
    usd_per_m: Positive
    """One cable, bought."""


class CableSeries(Sourced):
    """Cables of one construction, in all its cross-sections."""

    key: Key
    title: Text
    conductor: Literal["copper", "aluminium"]
    system: Literal["ac", "dc"] = "ac"
    voltage_max_kv: Positive
    """Highest voltage of the system: between phases, of DC between poles."""
    cores: Literal[1, 3, 4]
    cables_per_circuit: Literal[1, 2, 3]
    """Three single cores carry three phases, two carry DC."""
    method: Text
    """The installation for which the ampacity holds, by its standard."""
    grouped_frac: Share
    """Ampacity left among the other circuits of a route and in its warmest season, over the ampacity alone."""
    r_at_degc: float
    laying_usd_per_m: NotNegative
    """Pulling, supports and its share of terminations, per metre of circuit."""
    trench: Key | None = None
    """The class of trench it lies in; none above ground."""
    as_of: date
    """Of the prices."""
    size: Annotated[tuple[CableSize, ...], Field(min_length=1)]

    def circuit(self, size: CableSize) -> str:
        """What one circuit of this cross-section consists of."""
        metal = {"copper": "Cu", "aluminium": "Al"}[self.conductor]
        return f"{self.cables_per_circuit * self.cores} x {size.section_mm2:g} mm² {metal}"

    @model_validator(mode="after")
    def _rising(self) -> "CableSeries":
        for a, b in pairwise(self.size):
            if not (a.section_mm2 < b.section_mm2 and a.ampacity_a < b.ampacity_a and a.r_ohm_per_km > b.r_ohm_per_km):
                raise ValueError("size: section and ampacity must rise from entry to entry, resistance must fall")
        poles = {"ac": 3, "dc": 2}[self.system]
        if self.cables_per_circuit != (poles if self.cores == 1 else 1):
            raise ValueError(f"cables_per_circuit: {self.system} needs {poles} single cores or one cable of several")
        return self


class PipeSize(Frozen):
    """One nominal diameter of a series."""

    dn: Annotated[int, Field(ge=15, le=1200)]
    bore_mm: Positive
    velocity_max_m_per_s: Positive
    usd_per_m: Positive
    """One pipe with its share of fittings, welded or fused, insulated where its series says so; flow or return."""


class PipeSeries(Sourced):
    """Pipes of one material and wall, in all diameters."""

    key: Key
    title: Text
    material: Literal["steel", "stainless", "hdpe"]
    roughness_mm: Positive
    temperature_max_degc: float
    pressure_max_bar: Positive
    trench: Key | None = None
    """The class of trench in which a pair lies; none above ground."""
    carriers: Annotated[tuple[Key, ...], Field(min_length=1)]
    """The liquids it may carry."""
    as_of: date
    size: Annotated[tuple[PipeSize, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _rising(self) -> "PipeSeries":
        for a, b in pairwise(self.size):
            if not (a.dn < b.dn and a.bore_mm < b.bore_mm and a.usd_per_m < b.usd_per_m):
                raise ValueError("size: dn, bore and price must rise from entry to entry")
        return self


class Trench(Frozen):
    """One class of trench, dug, bedded and filled again."""

    key: Key
    title: Text
    width_mm: Millimetres
    depth_mm: Millimetres
    circuits_max: Count
    """Cable circuits or pairs of pipes side by side."""
    usd_per_m: Positive

    @property
    def usd_per_m_of_circuit(self) -> float:
        """What one of its circuits costs in a full trench."""
        return self.usd_per_m / self.circuits_max


class Trenches(Sourced):
    """File `materials/trenches.toml`."""

    as_of: date
    trench: tuple[Trench, ...]


class Crane(Sourced):
    """A crane for hire with its load chart."""

    key: Key
    title: Text
    rated_t: Positive
    chart_t: Curve
    """Gross load over radius in metres, hook block and slings included; nothing is lifted beyond the last radius."""
    use_max_frac: Share
    """Most of the chart that a planned lift uses."""
    pad_m: Positive
    """Side of the square it stands on with outriggers or tracks."""
    usd_per_day: Positive
    """With operator."""
    mobilisation_usd: Positive
    """There and back, with ballast, set up and taken down once."""
    set_up_days: NotNegative
    as_of: date

    def capacity_t(self, radius_m: float) -> float:
        """Gross capacity by the chart: straight between its points, that of the first point inside it, none beyond."""
        if radius_m > self.chart_t[-1][0]:
            return 0.0
        if radius_m <= self.chart_t[0][0]:
            return self.chart_t[0][1]
        for (r0, t0), (r1, t1) in pairwise(self.chart_t):
            if radius_m <= r1:
                return t0 + (t1 - t0) * (radius_m - r0) / (r1 - r0)
        return 0.0

    def lifts(self, gross_t: float, radius_m: float) -> bool:
        """Whether a planned lift of this gross load keeps within the share of the chart that may be used."""
        return gross_t <= self.use_max_frac * self.capacity_t(radius_m) * (1 + 1e-9)

    @model_validator(mode="after")
    def _falls(self) -> "Crane":
        for (r0, t0), (r1, t1) in pairwise(self.chart_t):
            if not (r0 < r1 and t0 > t1):
                raise ValueError("chart_t: the radius must rise and the load fall from point to point")
        if self.chart_t[0][1] > self.rated_t:
            raise ValueError("chart_t: more than rated_t")
        return self


class Transporter(Sourced):
    """A vehicle that brings modules to the site or moves them on it."""

    key: Key
    title: Text
    permits: tuple[Literal["A", "B", "C", "D", "E"], ...]
    """Transport classes of modules that it carries."""
    length_mm: Millimetres
    width_mm: Millimetres
    deck_height_mm: Millimetres
    turning_radius_mm: Annotated[int, Field(ge=0, le=100_000)]
    """Outer wall to wall; 0 turns on the spot."""
    payload_kg: Count
    usd_per_day: Positive
    as_of: date


class Barrier(Frozen):
    """A noise or fire barrier per square metre of its face."""

    key: Key
    title: Text
    kind: Literal["noise", "fire"]
    insertion_loss_db: Annotated[float, Field(ge=0, le=15)] = 0.0
    """For a receiver in its shadow; more than 15 dB is not to be had over a single edge."""
    fire_h: NotNegative = 0.0
    usd_per_m2: Positive
    kg_per_m2: Positive


class Barriers(Sourced):
    """File `materials/barriers.toml`."""

    as_of: date
    barrier: tuple[Barrier, ...]


class Crew(Frozen):
    """People of one trade who work together."""

    trade: Trade
    title: Text
    people_count: Count
    usd_per_person_h: Positive
    """All in: wage, burden, small tools, supervision."""
    hours_per_day: Positive
    productive_frac: Fraction
    """Hours at the work over hours paid."""
    unit: Text
    units_per_day: Positive
    """What the whole crew does in a day at ordinary conditions."""

    @property
    def usd_per_day(self) -> float:
        """The whole crew for one working day."""
        return self.people_count * self.hours_per_day * self.usd_per_person_h


class Crews(Sourced):
    """File `materials/crews.toml`."""

    as_of: date
    crew: tuple[Crew, ...]

    @model_validator(mode="after")
    def _one_each(self) -> "Crews":
        trades = [c.trade for c in self.crew]
        if len(set(trades)) != len(trades):
            raise ValueError("crew: a trade stands twice")
        return self


class Hire(Frozen):
    """Equipment that comes for a while, such as a load bank."""

    key: Key
    title: Text
    capacity_kw: Positive
    length_mm: Millimetres
    width_mm: Millimetres
    height_mm: Millimetres
    mass_kg: Count
    usd_per_week: Positive
    mobilisation_usd: NotNegative


class Hires(Sourced):
    """File `materials/hire.toml`."""

    as_of: date
    hire: tuple[Hire, ...]


class Laid(Frozen):
    """What runs are made of: the part of the materials that a bill needs."""

    cables: tuple[CableSeries, ...] = ()
    pipes: tuple[PipeSeries, ...] = ()
    trenches: tuple[Trench, ...] = ()

    def trench(self, key: str) -> Trench:
        """The class of trench with this key.

        Raises:
            KeyError: there is none.
        """
        return {t.key: t for t in self.trenches}[key]


class Gear(Frozen):
    """What modules are brought, lifted and shielded with."""

    cranes: tuple[Crane, ...] = ()
    transporters: tuple[Transporter, ...] = ()
    barriers: tuple[Barrier, ...] = ()
