"""One factory-built module: what it gives, needs, loses, weighs, costs and where each figure comes from."""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from prefab.tables import Frozen

Sku = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9-]{1,29}$")]
Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
Text = Annotated[str, Field(max_length=400)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Millimetres = Annotated[int, Field(gt=0, le=100_000)]
Curve = Annotated[tuple[tuple[float, float], ...], Field(min_length=4)]
"""Points (x, y) with rising x, read as straight lines between them and level beyond the ends."""


class Provenance(Frozen):
    """Where a figure comes from; `of` is its key in the file (`price_usd`, `losses.points`) or `*` for the rest."""

    of: str
    source: Key
    """A key of sources.toml."""
    basis: Literal["fact", "interpolated", "judgement"]
    low: float | None = None
    high: float | None = None
    note: Text = ""


class Sourced(Frozen):
    """Data in which every figure names its source."""

    provenance: Annotated[tuple[Provenance, ...], Field(min_length=1)]

    def source_of(self, key: str) -> Provenance:
        """The provenance of one figure: its own, else the file's `*`."""
        named = {p.of: p for p in self.provenance}
        return named.get(key) or named["*"]

    @model_validator(mode="after")
    def _has_default(self) -> "Sourced":
        of = [p.of for p in self.provenance]
        if "*" not in of or len(set(of)) != len(of):
            raise ValueError("provenance needs exactly one entry with of = '*' and no key twice")
        return self


class Gives(Frozen):
    """What a module supplies of one carrier, at most one of the capacities."""

    carrier: Key
    capacity_kw: Positive | None = None
    capacity_kva: Positive | None = None
    capacity_l: Positive | None = None
    capacity_points: Annotated[int, Field(gt=0)] | None = None
    flow_max_lpm: Positive | None = None
    """Largest flow of a liquid supplier; with the loop's temperature rise it may bind before the kilowatts do."""
    supply_min_degc: float | None = None
    """The coldest liquid this supplier may deliver."""
    current_max_a: Positive | None = None
    """Rating of a medium-voltage busbar: at a low voltage it binds before the kVA do."""
    voltage_max_kv: Positive | None = None
    """Highest system voltage the equipment is built for."""
    feeders_max: Annotated[int, Field(gt=0)] | None = None
    """Outgoing ways: one feeds the ring of one block, one the batteries."""
    parallel_max: Annotated[int, Field(gt=0)] = 32
    """Most of these on one common bus or header."""

    @model_validator(mode="after")
    def _one_capacity(self) -> "Gives":
        given = (self.capacity_kw, self.capacity_kva, self.capacity_l, self.capacity_points)
        if sum(c is not None for c in given) != 1:
            raise ValueError("give exactly one of capacity_kw, capacity_kva, capacity_l, capacity_points")
        return self


class Need(Frozen):
    """What a module draws of one carrier.

    kW drawn = `kw_per_kw` · output + `fixed_kw`, plus, where `through`, output + losses(output). For an IT pod the
    output of electric needs is its peak power, of thermal needs its sustained power.
    """

    carrier: Key
    alternate: Key | None = None
    """A carrier that takes over on feed B when this one is gone (utility and standby power)."""
    connection: Literal["dual", "transfer", "unit", "header"]
    """dual: feeds A and B share the load; transfer: one feed carries it, the other takes over; unit: one supplier of
    its own; header: all suppliers of the group in parallel."""
    through: bool = False
    kw_per_kw: NotNegative = 0.0
    fixed_kw: NotNegative = 0.0
    points: Annotated[int, Field(ge=0)] = 0
    supply_max_degc: float | None = None
    """The warmest liquid that serves this need."""
    return_max_degc: float | None = None
    """The warmest the liquid may leave: with the supply temperature it sets the flow."""
    approach_k: NotNegative | None = None
    """The need must be served this much colder than what the module itself gives."""


class Losses(Frozen):
    """Loss in kW of one module over its load fraction, standby included."""

    points: Curve


class ItLoad(Frozen):
    """The four powers of an IT pod and what computes in it."""

    accelerator: Text
    accelerators_count: Annotated[int, Field(gt=0)]
    racks_count: Annotated[int, Field(gt=0)]
    nameplate_kw: Positive
    sustained_kw: Positive
    peak_kw: Positive
    measured_kw: Positive
    """Mean at full token throughput: for energy."""
    idle_frac: Fraction
    """Idle over measured power."""


class UpsBattery(Frozen):
    """The battery inside a UPS module; autonomy caps the module's capacity."""

    energy_kwh: Positive
    depth_of_discharge_frac: Fraction
    end_of_life_frac: Fraction
    inverter_efficiency_frac: Fraction


class GridBattery(Frozen):
    """A battery container on the site's medium-voltage bus."""

    energy_kwh: Positive
    power_kw: Positive
    round_trip_frac: Fraction
    depth_of_discharge_frac: Fraction
    end_of_life_frac: Fraction
    standby_kw: NotNegative


class Engine(Frozen):
    """Fuel use of one generating set and the tank it stands on."""

    fuel_l_per_kwh: Curve
    """Litres per kWh over load fraction."""
    belly_tank_l: NotNegative
    tank_usable_frac: Fraction
    start_s: Positive


class Rejection(Frozen):
    """How a heat-rejection unit's capacity and power follow the weather."""

    kind: Literal["dry", "adiabatic", "chiller"]
    rated_dry_bulb_degc: float
    """Air-on temperature of the rating (after the pads of an adiabatic unit)."""
    rated_return_degc: float
    rated_supply_degc: float
    fan_kw: Positive
    """Fans (and integral pumps) at full speed."""
    fan_floor_frac: Fraction
    """Least share of `fan_kw` drawn while running."""
    approach_min_k: Positive | None = None
    """Supply temperature less air-on temperature, at least (dry, adiabatic; a chiller's economiser)."""
    pad_effectiveness_frac: Fraction | None = None
    wet_above_degc: float | None = None
    """An adiabatic unit may wet its pads above this dry bulb, and does where its dry coil falls short."""
    cop: Curve | None = None
    """Chiller: compressor COP over dry bulb."""
    capacity_frac: Curve | None = None
    """Chiller: share of rated capacity over dry bulb; none beyond the last point."""

    @model_validator(mode="after")
    def _complete(self) -> "Rejection":
        wanted = {
            "dry": (self.approach_min_k,),
            "adiabatic": (self.approach_min_k, self.pad_effectiveness_frac, self.wet_above_degc),
            "chiller": (self.approach_min_k, self.cop, self.capacity_frac),
        }[self.kind]
        if any(v is None for v in wanted):
            raise ValueError(f"a {self.kind} unit needs more keys (see `prefab catalog schema`)")
        return self


class Derating(Frozen):
    """Share of capacity lost per step beyond the free limits, multiplied together."""

    altitude_free_m: NotNegative = 1000.0
    altitude_frac_per_100m: Fraction = 0.0
    dry_bulb_free_degc: float = 40.0
    dry_bulb_frac_per_k: Fraction = 0.0


class Deployment(Frozen):
    """From order to handed over, for one module."""

    lead_weeks: Positive
    """Order to ready for the factory acceptance test."""
    fat_days: NotNegative
    transport_days: NotNegative
    lifts_count: Annotated[int, Field(ge=0)] = 1
    connect_days: NotNegative
    start_up_days: NotNegative


class Part(Frozen):
    """Something inside a module, listed below it in the bill."""

    name: Text
    quantity: Positive
    unit: Literal["each", "m", "set", "kWh"] = "each"
    spare_frac: Fraction = 0.0
    """Recommended spares as a share of the quantity, rounded up per site."""


class Module(Sourced):
    """One factory-built, factory-tested product."""

    sku: Sku
    family: Key
    prefix: Annotated[str, Field(pattern=r"^[A-Z]{2,4}$")]
    """First part of the tags of placed modules."""
    title: Text
    manufacturer: Text = "generic"
    revision: Annotated[str, Field(pattern=r"^[A-Z0-9.]{1,8}$")] = "A"
    stands: Literal["site", "inside"] = "site"
    """`inside`: within an IT pod or another module, so it needs no land."""
    length_mm: Millimetres
    width_mm: Millimetres
    height_mm: Millimetres
    mass_kg: Annotated[int, Field(gt=0)]
    clearance_mm: Annotated[int, Field(ge=0, le=30_000)]
    """Free strip on every side for service; strips of neighbours may overlap."""
    separation: Key = "none"
    """Fire separation class, see `catalog/design_basis.toml`."""
    transport_class: Literal["A", "B", "C", "D", "E", "-"]
    price_usd: Positive
    gives: tuple[Gives, ...] = Field(min_length=1)
    needs: tuple[Need, ...] = ()
    losses: Losses | None = None
    it: ItLoad | None = None
    ups_battery: UpsBattery | None = None
    grid_battery: GridBattery | None = None
    engine: Engine | None = None
    rejection: Rejection | None = None
    derating: Derating = Derating()
    deployment: Deployment
    parts: tuple[Part, ...] = ()
    notes: Text = ""

    @property
    def footprint_m2(self) -> float:
        """Land under the module itself; none where it stands inside another."""
        return self.length_mm * self.width_mm / 1e6 if self.stands == "site" else 0.0

    def given(self, carrier: str) -> Gives | None:
        """What the module gives of `carrier`."""
        return next((g for g in self.gives if g.carrier == carrier), None)

    def needed(self, carrier: str) -> Need | None:
        """What the module needs of `carrier`."""
        return next((n for n in self.needs if n.carrier == carrier), None)

    @model_validator(mode="after")
    def _coherent(self) -> "Module":
        for name, curve in (
            ("losses.points", self.losses and self.losses.points),
            ("engine.fuel_l_per_kwh", self.engine and self.engine.fuel_l_per_kwh),
            ("rejection.cop", self.rejection and self.rejection.cop),
            ("rejection.capacity_frac", self.rejection and self.rejection.capacity_frac),
        ):
            xs = [x for x, _ in curve or ()]
            if any(b <= a for a, b in pairwise(xs)):
                raise ValueError(f"{name}: the first numbers of the points must rise")
        through = [n for n in self.needs if n.through]
        if len(through) > 1:
            raise ValueError("at most one need may be `through`")
        if self.family == "it_pod" and self.it is None:
            raise ValueError("a module of family it_pod needs a table [it]")
        carriers = [n.carrier for n in self.needs]
        if len(set(carriers)) != len(carriers):
            raise ValueError("a carrier may be needed only once")
        return self
