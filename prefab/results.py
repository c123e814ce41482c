"""The frozen data that files hand on: findings, tasks, bill lines, the projection, progress."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

_NOISE = 1e-6


@dataclass(frozen=True)
class Finding:
    """One rule checked at one place, kept or not."""

    rule: str
    where: str
    kept: bool
    actual: float
    limit: float
    unit: str
    sense: Literal["<=", ">=", "=="]
    text: str = ""

    @classmethod
    def at_most(cls, rule: str, where: str, actual: float, limit: float, unit: str, text: str = "") -> "Finding":
        """An upper limit; a millionth of a unit absorbs the noise of float sums."""
        return cls(rule, where, bool(actual <= limit + _NOISE), float(actual), float(limit), unit, "<=", text)

    @classmethod
    def at_least(cls, rule: str, where: str, actual: float, limit: float, unit: str, text: str = "") -> "Finding":
        """A lower limit, likewise."""
        return cls(rule, where, bool(actual >= limit - _NOISE), float(actual), float(limit), unit, ">=", text)

    @property
    def headroom_frac(self) -> float:
        """Room left over the limit; negative when broken, 0 for an equality or a limit of 0."""
        if self.sense == "==" or self.limit == 0:
            return 0.0
        room = self.limit - self.actual if self.sense == "<=" else self.actual - self.limit
        return room / abs(self.limit)


@dataclass(frozen=True)
class OpenPoint:
    """Something that is asked of the site and that nobody has shown to be kept."""

    subject: str
    text: str
    why: str


@dataclass(frozen=True)
class Refusal:
    """Why a module may not stand at this site."""

    sku: str
    reason: str
    early: bool = False
    """Whether only early phases must do without it."""


@dataclass(frozen=True)
class Task:
    """One activity before it has dates."""

    key: str
    title: str
    subject: str
    stage: str
    phase: int
    work_days: int
    predecessors: tuple[str, ...]
    resource: str = ""
    """At most `Resource.capacity` tasks of one resource run at a time."""
    demand: int = 1
    earliest: date | None = None


@dataclass(frozen=True)
class Resource:
    """Something limited that tasks share."""

    key: str
    title: str
    capacity: int


@dataclass(frozen=True)
class BomLine:
    """One line of the multi-level bill; children follow their parent with a higher level."""

    level: int
    find: str
    """`1`, `1.2`, `1.2.3`: unique, in order."""
    parent: str
    """The parent's `find`, empty at the top."""
    part: str
    """SKU or part number of at most 30 characters."""
    title: str
    family: str
    manufacturer: str
    revision: str
    unit: str
    quantity_per_parent: Decimal
    quantity: Decimal
    unit_price_usd: Decimal
    """0 for what its parent's price includes, and for headings."""
    extended_usd: Decimal
    phase_quantities: tuple[Decimal, ...]
    lead_weeks: float
    order_by: date | None
    mass_kg: float
    transport_class: str
    basis: str
    source: str
    low_usd: Decimal
    high_usd: Decimal
    notes: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Spare:
    """A recommended spare."""

    part: str
    title: str
    quantity: int
    unit: str
    used_in: str


@dataclass(frozen=True)
class CableLine:
    """Runs of one carrier between two families, added up."""

    carrier: str
    title: str
    runs_count: int
    length_m: Decimal
    unit_price_usd: Decimal
    extended_usd: Decimal


@dataclass(frozen=True)
class CostLine:
    """One line of the commercial summary that is not a module or a run."""

    key: str
    title: str
    base_usd: Decimal
    rate_frac: float
    amount_usd: Decimal
    basis: str
    source: str


@dataclass(frozen=True)
class Bom:
    """The bill and everything priced with it; totals are sums of the rounded lines."""

    lines: tuple[BomLine, ...]
    spares: tuple[Spare, ...]
    cables: tuple[CableLine, ...]
    costs: tuple[CostLine, ...]
    modules_usd: Decimal
    cables_usd: Decimal
    total_usd: Decimal
    low_usd: Decimal
    high_usd: Decimal
    phase_names: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """One bar of the TokEnergy waterfall."""

    key: str
    title: str
    kwh_per_mtok: float


@dataclass(frozen=True)
class Month:
    """One month of the projection."""

    month: int
    it_mwh: float
    facility_mwh: float
    pue: float
    dry_bulb_mean_degc: float
    mtok: float


@dataclass(frozen=True)
class Hourly:
    """The 8,760 hours, one tuple per column, named with their units."""

    dry_bulb_degc: tuple[float, ...]
    wet_bulb_degc: tuple[float, ...]
    it_kw: tuple[float, ...]
    power_chain_loss_kw: tuple[float, ...]
    transformer_loss_kw: tuple[float, ...]
    coolant_kw: tuple[float, ...]
    air_cooling_kw: tuple[float, ...]
    heat_rejection_kw: tuple[float, ...]
    auxiliary_kw: tuple[float, ...]
    storage_kw: tuple[float, ...]
    site_kw: tuple[float, ...]
    water_l: tuple[float, ...]
    tokens_m: tuple[float, ...]
    """Of the first IT demand."""
    unserved_heat_kw: tuple[float, ...]


@dataclass(frozen=True)
class Band:
    """A figure with its low and high case."""

    low: float
    base: float
    high: float


@dataclass(frozen=True)
class DemandYield:
    """What one of several IT demands gives, and its share of the site's energy."""

    demand: str
    workload: str
    """The title of its card."""
    energy_frac: float
    """Of the energy that enters the site, shared out by what its blocks draw."""
    mtok: Band
    tokenergy_kwh_per_mtok: Band
    energy_usd_per_mtok: float
    carbon_g_per_mtok: float
    not_comparable: str
    """Why its figures per token stand beside no others; empty for ordinary ones."""
    tokens_m: tuple[float, ...]
    """Hour by hour."""


@dataclass(frozen=True)
class DemandEnergy:
    """What an IT demand without tokens takes in the year: said of its own, and in no figure per token."""

    demand: str
    workload: str
    """The title of its card."""
    energy_frac: float
    """Of the energy that enters the site, shared out by what its blocks draw."""
    site_mwh: float
    """That energy."""
    it_mwh: float
    """At its racks, the fabric that belongs to them included."""


@dataclass(frozen=True)
class SupplyLine:
    """What one source beside the utility gives in the year."""

    name: str
    kind: str
    on_site: bool
    mw: float
    profile: str
    """The file that its hours came from; empty for the same power in every hour."""
    generated_mwh: float
    used_mwh: float
    """Taken by the site in the hour in which it is given; of several on site by what each gives in the hour."""
    usd: float | None
    """Paid for it; None where no price is known."""
    generated_kw: tuple[float, ...]

    @property
    def capacity_frac(self) -> float:
        """Mean output over rating."""
        return self.generated_mwh / (self.mw * len(self.generated_kw))


@dataclass(frozen=True)
class Supplied:
    """How the sources beside the utility serve a site in the year; tuples are its hours."""

    lines: tuple[SupplyLine, ...]
    import_kw: tuple[float, ...]
    export_kw: tuple[float, ...]
    curtailed_kw: tuple[float, ...]
    carbon_kg: tuple[float, ...]
    """Of the import, at the tariff's mean factor."""
    unmatched_carbon_kg: float
    """Of the import that no contract or source elsewhere gives in its hour."""
    annual_frac: float
    """What is given in the year over what the site takes in it, at most 1."""
    hourly_frac: float
    """What is given in the hour in which it is taken, over the same."""
    energy_usd: float
    """The year's bill with the contracts."""
    tariff_usd: float
    """The bill had all been bought by the tariff."""


@dataclass(frozen=True)
class Projection:
    """A year at full build, hour by hour, and what follows from it.

    Figures per token are of the brief's first IT demand and of its share of the energy; tokens of different workloads
    are never added up.
    """

    hourly: Hourly
    months: tuple[Month, ...]
    it_mwh: float
    site_mwh: float
    pue: float
    peak_site_kw: float
    wue_l_per_kwh: float
    cue_kg_per_kwh: float
    mtok: Band
    tokenergy_kwh_per_mtok: Band
    """Boundary B3: low energy per token is the good end."""
    b0_kwh_per_mtok: float
    b1_kwh_per_mtok: float
    b2_kwh_per_mtok: float
    b3_kwh_per_mtok: float
    energy_usd_per_mtok: float
    carbon_g_per_mtok: float
    water_l_per_mtok: float
    waterfall: tuple[Step, ...]
    degraded_hours: int
    """Hours in which not all heat could be rejected; their tokens are reduced in proportion."""
    notes: tuple[str, ...]
    weather_source: str
    """How the year of weather came about, for printing: `Weather.source`."""
    not_comparable: str = ""
    """Why the figures per token stand beside no others: a proxy, or other tokens counted; empty for ordinary ones."""
    yields: tuple[DemandYield, ...] = ()
    """Of every demand with tokens, where there are several demands."""
    without_tokens: tuple[DemandEnergy, ...] = ()
    """Every demand that makes none."""
    supplied: Supplied | None = None
    """Where the brief names supply."""

    @property
    def of(self) -> str:
        """Whose the figures per token are, to be put behind their names; empty where there is one IT demand."""
        return f" of {self.yields[0].demand}" if self.yields else ""


@dataclass(frozen=True)
class Progress:
    """A sign of life from long work: the incumbent, the bound and the gap."""

    stage: str
    incumbent: float | None
    bound: float | None
    seconds: float

    @property
    def gap_frac(self) -> float | None:
        """Relative gap, once there is an incumbent."""
        if self.incumbent is None or self.bound is None or self.incumbent == 0:
            return None
        return abs(self.incumbent - self.bound) / abs(self.incumbent)
