"""One factory-built module: what it gives, needs, loses, weighs, costs and where each figure comes from."""

from fractions import Fraction as Rational
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from prefab.product import (
    Bays,
    Certification,
    Content,
    Deployment,
    Face,
    Factory,
    Lifecycle,
    Part,
    Port,
    Price,
    Reliability,
    SiteWork,
    Transport,
)
from prefab.protection import Electrical
from prefab.provenance import Curve, Fraction, Key, Millimetres, NotNegative, Positive, Sku, Sourced, Text
from prefab.tables import Frozen
from prefab.units import exact


class Gives(Frozen):
    """What a module supplies of one carrier, at most one of the capacities."""

    carrier: Key
    capacity_kw: Positive | None = None
    capacity_kva: Positive | None = None
    capacity_l: Positive | None = None
    capacity_units: Positive | None = None
    """Of what is counted in units of its carrier: control points, cubic metres protected, bays."""
    flow_rated_lpm: Positive | None = None
    """Flow of a liquid supplier at its rating."""
    rise_rated_k: Positive | None = None
    """Temperature rise of the liquid at its rating: with the flow it makes the rated kilowatts."""
    flow_max_lpm: Positive | None = None
    """Largest flow of a liquid supplier; with the loop's temperature rise it may bind before the kilowatts do."""
    head_bar: Positive | None = None
    """Pressure a liquid supplier leaves for what it serves, at its rated flow."""
    supply_min_degc: float | None = None
    """The coldest liquid this supplier may deliver."""
    current_max_a: Positive | None = None
    """Rating of a medium-voltage busbar: at a low voltage it binds before the kVA do."""
    voltage_max_kv: Positive | None = None
    """Highest system voltage the equipment is built for."""
    feeders_max: Annotated[int, Field(gt=0)] | None = None
    """Outgoing ways: one feeds the ring of one block, one the batteries."""
    feeder_max_a: Positive | None = None
    """Rating of one outgoing way."""
    parallel_max: Annotated[int, Field(gt=0)] = 32
    """Most of these on one common bus or header."""
    withstand_ka: Positive | None = None
    """Short-circuit current that the switchgear on its bus is built for."""

    def rated_kw(self, power_factor: float) -> float:
        """Its rating in kilowatts, at a power factor where it is stated in kVA."""
        return self.capacity_kw or (self.capacity_kva or 0.0) * power_factor

    @model_validator(mode="after")
    def _one_capacity(self) -> "Gives":
        given = (self.capacity_kw, self.capacity_kva, self.capacity_l, self.capacity_units)
        if sum(c is not None for c in given) != 1:
            raise ValueError("give exactly one of capacity_kw, capacity_kva, capacity_l, capacity_units")
        return self


class Need(Frozen):
    """What a module draws of one carrier.

    kW drawn = `kw_per_kw` · output + `fixed_kw`, plus, where `through`, output + losses(output). For an IT pod the
    output of electric needs is its peak power, of thermal needs its sustained power.
    """

    carrier: Key
    alternate: Key | None = None
    """A carrier that takes over on feed B when this one is gone (utility and standby power)."""
    connection: Literal["dual", "transfer", "unit", "shared", "header"]
    """dual: feeds A and B share the load; transfer: one feed carries it, the other takes over; unit: suppliers of its
    own; shared: one supplier for as many consumers as it carries; header: all suppliers of the group in parallel."""
    through: bool = False
    kw_per_kw: NotNegative = 0.0
    fixed_kw: NotNegative = 0.0
    units: NotNegative = 0.0
    """Of what is counted in units of its carrier."""
    supply_max_degc: float | None = None
    """The warmest liquid that serves this need."""
    return_max_degc: float | None = None
    """The warmest the liquid may leave: with the supply temperature it sets the flow."""
    approach_k: NotNegative | None = None
    """The need must be served this much colder than what the module itself gives."""
    flow_max_lpm: Positive | None = None
    """Most that the module lets through."""
    pressure_drop_bar: Positive | None = None
    """At that flow."""
    pressure_max_bar: Positive | None = None
    withstand_ka: Positive | None = None
    """Short-circuit current that its incoming switchgear is built for; none behind fuses or breakers that limit it."""


class Losses(Frozen):
    """Loss in kW of one module over its load fraction, standby included."""

    points: Curve


class ItLoad(Frozen):
    """The four powers of an IT pod and what computes in it."""

    accelerator: Text
    """As workload cards name it; of a pod without accelerators the servers that a storage card names."""
    accelerators_count: Annotated[int, Field(gt=0)]
    """Accelerators, or such servers."""
    racks_count: Annotated[int, Field(gt=0)]
    nameplate_kw: Positive
    sustained_kw: Positive
    peak_kw: Positive
    measured_kw: Positive
    """Mean at full token throughput: for energy."""
    idle_frac: Fraction
    """Idle over measured power."""


class Cells(Frozen):
    """What every battery says: nothing outside its window of charge is ever used."""

    energy_kwh: Positive
    """Installed, new."""
    soc_min_frac: Fraction
    soc_max_frac: Fraction
    end_of_life_frac: Fraction
    """Energy left when it is replaced, over new."""
    bidirectional: bool
    """Whether it may feed power back to its supply."""

    @property
    def depth_of_discharge_frac(self) -> float:
        """The width of the window of charge."""
        return self.soc_max_frac - self.soc_min_frac

    @property
    def usable_kwh(self) -> float:
        """Inside the window, at the end of life."""
        return self.energy_kwh * self.depth_of_discharge_frac * self.end_of_life_frac

    @model_validator(mode="after")
    def _window(self) -> "Cells":
        if self.soc_min_frac >= self.soc_max_frac:
            raise ValueError("soc_min_frac must be below soc_max_frac")
        return self


class UpsBattery(Cells):
    """The battery inside or beside a UPS; autonomy caps the power it gives."""

    power_max_kw: Positive | None = None
    """What its cells and breakers give at the most; none where the UPS is the smaller."""
    inverter_efficiency_frac: Fraction


class GridBattery(Cells):
    """A battery container on the site's medium-voltage bus."""

    power_kw: Positive
    round_trip_frac: Fraction
    standby_kw: NotNegative
    grid_forming: bool = False


class Capacitor(Frozen):
    """Fast storage at the racks."""

    usable_kwh: Positive
    """New, within its window of voltage."""
    end_of_life_frac: Fraction
    round_trip_frac: Fraction


class Engine(Frozen):
    """Fuel use of one generating set and the tank it stands on."""

    fuel: Literal["diesel", "gas"]
    fuel_l_per_kwh: Curve | None = None
    """Diesel: litres per kWh over load fraction."""
    gas_kwh_per_kwh: Curve | None = None
    """Gas: kWh of fuel (lower heating value) per kWh over load fraction."""
    belly_tank_l: NotNegative = 0.0
    tank_usable_frac: Fraction = 1.0
    start_s: Positive
    continuous_frac: Annotated[Fraction | None, Field(exclude_if=lambda frac: frac is None)] = None
    """Share of its rating that it may give without limit of hours; none: rated for emergencies only. Left out of files
    where there is none, so that plans made before it was known keep their digests."""

    @model_validator(mode="after")
    def _one_curve(self) -> "Engine":
        wanted = self.fuel_l_per_kwh if self.fuel == "diesel" else self.gas_kwh_per_kwh
        if wanted is None or (self.fuel_l_per_kwh is not None and self.gas_kwh_per_kwh is not None):
            raise ValueError("a diesel engine needs fuel_l_per_kwh, a gas engine gas_kwh_per_kwh, and not the other")
        return self


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
    restart_s: NotNegative = 0.0
    """From the return of its supply until it rejects its full heat again."""
    refrigerant: Text = ""
    """ASHRAE number of a chiller's refrigerant."""
    refrigerant_kg: NotNegative = 0.0
    water_m3_per_h: NotNegative = 0.0
    """Most make-up water of an adiabatic unit."""

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


class Module(Sourced):
    """One factory-built, factory-tested product."""

    sku: Sku
    family: Key
    prefix: Annotated[str, Field(pattern=r"^[A-Z]{2,4}$")]
    """First part of the tags of placed modules."""
    title: Text
    manufacturer: Text = "generic"
    revision: Annotated[str, Field(pattern=r"^[A-Z0-9.]{1,8}$")] = "A"
    stands: Annotated[str, Field(pattern=r"^(site|per_metre|inside:[a-z0-9_]+)$")] = "site"
    """`site`: on the land; `inside:<family>`: within a module of that family; `per_metre`: along a run."""
    bay: Key | None = None
    """The kind of bay it takes inside its host."""
    bays_count: Annotated[int, Field(ge=0)] = 0
    fills_bays: bool = False
    """It stands at every bay of its kind or at none, such as doors on racks."""
    bays: tuple[Bays, ...] = ()
    """What it offers to what stands inside it."""
    contains: tuple[Content, ...] = ()
    length_mm: Millimetres
    width_mm: Millimetres
    height_mm: Millimetres
    mass_kg: Annotated[int, Field(gt=0)]
    clearance_mm: Annotated[int, Field(ge=0, le=30_000)]
    """Free strip on every side for service; strips of neighbours may overlap."""
    separation: Key = "none"
    """Fire separation class, see `catalog/design_basis.toml`."""
    sound_power_dba: Positive | None = None
    """At full speed or load; none where nothing moves."""
    price: Price
    transport: Transport
    gives: tuple[Gives, ...] = Field(min_length=1)
    needs: tuple[Need, ...] = ()
    losses: Losses | None = None
    it: ItLoad | None = None
    ups_battery: UpsBattery | None = None
    grid_battery: GridBattery | None = None
    capacitor: Annotated[Capacitor | None, Field(exclude_if=lambda found: found is None)] = None
    """Left out of files where there is none, so that plans made before it was stated keep their digests."""
    engine: Engine | None = None
    rejection: Rejection | None = None
    derating: Derating = Derating()
    electrical: Electrical | None = None
    deployment: Deployment
    factory: Factory | None = None
    site_work: tuple[SiteWork, ...] = ()
    reliability: Reliability | None = None
    certification: Certification = Certification(standards=("IEC", "UL"))
    lifecycle: Lifecycle = Lifecycle()
    ports: tuple[Port, ...] = ()
    faces: tuple[Face, ...] = ()
    parts: tuple[Part, ...] = ()
    notes: Text = ""

    @property
    def price_usd(self) -> float:
        """List price of one."""
        return self.price.amount * self.price.usd_per_unit

    @property
    def price_exact_usd(self) -> Rational:
        """The same to the last digit that the catalog gives."""
        return exact(self.price.amount) * exact(self.price.usd_per_unit)

    @property
    def inside(self) -> str | None:
        """The family of what it stands in, if it does."""
        return self.stands.partition(":")[2] or None

    @property
    def footprint_m2(self) -> float:
        """Land under the module itself; none where it stands inside another."""
        return self.length_mm * self.width_mm / 1e6 if self.stands == "site" else 0.0

    def sides_mm(self, *, turned: bool) -> tuple[int, int]:
        """Of its footprint on the land, west to east and south to north; unturned its length lies west to east."""
        return (self.width_mm, self.length_mm) if turned else (self.length_mm, self.width_mm)

    def given(self, carrier: str) -> Gives | None:
        """What the module gives of `carrier`."""
        # A plain loop: asked of every module for every carrier, it takes half the time of a generator.
        for each in self.gives:
            if each.carrier == carrier:
                return each
        return None

    def needed(self, carrier: str) -> Need | None:
        """What the module needs of `carrier`."""
        for each in self.needs:
            if each.carrier == carrier:
                return each
        return None

    @model_validator(mode="after")
    def _coherent(self) -> "Module":
        for name, curve in (
            ("losses.points", self.losses and self.losses.points),
            ("engine.fuel_l_per_kwh", self.engine and self.engine.fuel_l_per_kwh),
            ("engine.gas_kwh_per_kwh", self.engine and self.engine.gas_kwh_per_kwh),
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
        if (self.inside is None) != (self.bay is None) or (self.bay is None and self.bays_count):
            raise ValueError("bay (and bays_count) belong to what stands inside:<family>, and to nothing else")
        carriers = [n.carrier for n in self.needs]
        if len(set(carriers)) != len(carriers):
            raise ValueError("a carrier may be needed only once")
        return self
