"""What the customer asked for."""

from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from prefab.connection import Grid, GridStep, Storage
from prefab.demands import It, ItDemand, twice_named
from prefab.land_file import filled
from prefab.product import Standard
from prefab.provenance import Count, Key, Millimetres, Positive, Sku, Text
from prefab.site import Site
from prefab.supply import Supply
from prefab.tables import Frozen, read_tree, unprintable, validate
from prefab.units import exact

Simple = Literal["N", "N+1", "N+2", "2N", "2(N+1)"]
Any = Literal["N", "N+1", "N+2", "2N", "2(N+1)", "3N/2", "4N/3", "catcher"]
"""The last three share their reserve: each consumer on two of three or four systems, or on one of several with one more
that takes over."""

_BESIDE = {"N+2": "N+1", "2(N+1)": "2N", "3N/2": "2N", "4N/3": "2N", "catcher": "2N"}
"""What the mechanical supply has beside such a critical supply: its transformers never run in parallel, so that more
than an A and a B of them would be of no use."""


Megawatts = Annotated[float, Field(gt=0, le=5000)]


class DemandLoad(Frozen):
    """What a phase adds for one of several IT demands."""

    demand: Key
    it_mw: Megawatts


class Phase(Frozen):
    """One step of the site; `it_mw` is added to the phases before it."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    it_mw: Megawatts
    """Sustained design IT load at the rack inputs."""
    split: tuple[DemandLoad, ...] = ()
    """The same by demand, where the brief has several."""
    energised_by: date


class Scope(Frozen):
    """Who shares the reserve of what cools the pods, by carrier: all pods of a block, or each pod has its own."""

    coolant: Literal["pod", "block"] = "block"
    """What coolant distribution units give."""
    air_cooling: Literal["pod", "block"] = "pod"
    """What takes the heat of the air in pods away: shared only where the pods of a block open into one hall."""

    @property
    def of_pods(self) -> tuple[str, ...]:
        """The carriers of which each pod has its own."""
        return tuple(carrier for carrier, scope in self if scope == "pod")


class Redundancy(Frozen):
    """Redundancy of each part of the supply: the first three within each block, the others over the site."""

    power: Any
    cooling: Simple
    control: Literal["N", "N+1", "2N"] = "2N"
    intake: Literal["N", "2N"] = "2N"
    main_transformers: Literal["N", "N+1", "N+2"] = "N+1"
    standby: Literal["N", "N+1", "N+2"] = "N+1"
    network: Literal["N", "2N"] = "2N"
    scope: Scope = Scope()
    """Where it is narrower than a block."""

    def of(self, part: str, *, critical: bool) -> str:
        """What is asked of a part; `critical` for the supply that rides on batteries and what is its own."""
        asked = str(getattr(self, part, "N"))
        return asked if critical or part != "power" else _BESIDE.get(asked, asked)


class Autonomy(Frozen):
    """How long the site runs without the utility."""

    ups_min: Annotated[float, Field(ge=0, le=120)]
    generator_h: Annotated[float, Field(ge=0, le=240)]
    """Hours of fuel at the design load; 0 means no generators."""
    fuel: Literal["diesel", "gas"] = "diesel"
    """Gas comes from a pipeline, so that no hours of it are stored."""


class Limits(Frozen):
    """What the design may not exceed or use."""

    block_kinds: Annotated[int, Field(ge=1, le=2)] = 2
    pods_per_block: Annotated[int, Field(ge=1, le=12)] = 8
    exclude: tuple[Sku, ...] = ()
    """Modules not to be used."""
    budget_usd: Annotated[float, Field(gt=0, le=1e12)] | None = None
    """For what the sizing counts: modules with freight and installation, spares with freight."""
    area_m2: Annotated[float, Field(gt=0, le=1e8)] | None = None
    """Ground that modules may cover, without clearances and roads; never more than lies inside the set-backs."""
    water_m3_per_h: Annotated[float, Field(ge=0, le=1e6)] | None = None
    """Most make-up water of all that evaporates, when all of it does."""
    sound_power_dba: Annotated[float, Field(gt=0, le=200)] | None = None
    """Of all modules on the land together, generators apart."""
    skus: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Most different modules on the site."""


class Spares(Frozen):
    """Whole modules kept in store, so that nobody waits for the factory when one fails."""

    policy: Literal["none", "critical"] = "none"
    """`critical`: of every module type whose lead time is long; pods and what is counted by the metre apart."""
    lead_weeks_over: Annotated[float, Field(ge=0, le=520)] | None = None
    """A lead time is long beyond this; otherwise the design basis's."""
    per_modules: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """One spare more for each so many that stand; otherwise the design basis's."""


Crews = Annotated[int, Field(ge=1, le=1000)]


class Factory(Frozen):
    """What the factory of one family of modules delivers to this job."""

    family: Key
    modules_per_week: Annotated[float, Field(gt=0, le=10_000)]
    """From the end of the lead time on."""


class Works(Frozen):
    """Who builds, tests and starts up at the same time; what is not said is the design basis's."""

    crane_crews: Crews | None = None
    connection_crews: Crews | None = None
    commissioning_crews: Crews | None = None
    fat_bays: Crews | None = None
    """Bays for factory acceptance tests, of all the makers together."""
    factory: tuple[Factory, ...] = ()
    """Slots of families that a factory makes at a limited rate; of others any number is ready after its lead time."""

    @property
    def crews(self) -> dict[str, int | None]:
        """Crews and bays, by the key of the brief."""
        return self.model_dump(exclude={"factory"})

    @model_validator(mode="after")
    def _families_differ(self) -> Self:
        if twice := twice_named(f.family for f in self.factory):
            raise ValueError(f"factory: {twice} is named twice; every family must be different")
        return self


class Restrict(Frozen):
    """What of the catalog may be used; what is not said is free."""

    makers: tuple[Text, ...] = ()
    """Only these manufacturers."""
    exclude_makers: tuple[Text, ...] = ()
    only: tuple[Sku, ...] = ()
    """Of the modules of a family that give the same as one of these no other is used."""
    standards: tuple[Standard, ...] = ()
    """Modules must meet one of these; otherwise one that the country accepts."""
    frequency_hz: Literal[50, 60] | None = None
    """Otherwise the country's."""
    low_voltage_v: Positive | None = None
    """Line to line; otherwise any that a module is offered for."""
    transport_length_mm: Millimetres | None = None
    transport_width_mm: Millimetres | None = None
    transport_height_mm: Millimetres | None = None
    """Of the load itself, without the trailer."""
    transport_mass_kg: Count | None = None
    """What the route to the site bears, for the load without the vehicle."""
    sound_power_max_dba: Positive | None = None
    """Of any one module that stands on the land."""
    exclude_refrigerants: tuple[Text, ...] = ()
    """ASHRAE numbers such as R134a."""
    without_water: bool = False
    """No module that evaporates water."""


class Prefer(Frozen):
    """A margin of preference: in the choice, what others make counts as if it cost that much more. Bills do not."""

    makers: tuple[Text, ...] = ()
    margin_frac: Annotated[float, Field(gt=0, le=1)] | None = None

    @model_validator(mode="after")
    def _both_or_neither(self) -> "Prefer":
        if bool(self.makers) != (self.margin_frac is not None):
            raise ValueError("give both makers and margin_frac, or neither")
        return self

    def counted(self, maker: str) -> Fraction:
        """What a maker's prices count as in the choice, over the prices themselves: exact."""
        return Fraction(1) if self.margin_frac is None or maker in self.makers else 1 + exact(self.margin_frac)

    def said(self) -> str:
        """In words, for who reads the result; empty where nobody is preferred."""
        if self.margin_frac is None:
            return ""
        return f"with a margin of preference of {100 * self.margin_frac:g} % for {', '.join(self.makers)}"


class SiteBrief(Frozen):
    """A whole brief, as read from TOML."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    customer: Annotated[str, Field(min_length=1, max_length=80)]
    prepared_by: Text = ""
    location: Text = ""
    as_of: date
    """The date of the order and of every document."""
    site: Site
    it: It
    phases: Annotated[tuple[Phase, ...], Field(min_length=1, max_length=12)]
    grid: Grid
    redundancy: Redundancy
    autonomy: Autonomy
    storage: Storage = Storage()
    limits: Limits = Limits()
    restrict: Restrict = Restrict()
    prefer: Prefer = Prefer()
    spares: Spares = Spares()
    works: Works = Works()
    supply: Annotated[tuple[Supply, ...], Field(max_length=12, exclude_if=lambda sources: not sources)] = ()
    """Sun, wind and contracts beside the utility's energy."""
    fabric_frac: Annotated[float, Field(ge=0, le=0.5)] | None = None
    """Power of fabric, storage and management computers over that of the pods they serve; otherwise each pod's own."""
    utilisation_frac: Annotated[float, Field(gt=0, le=1)] | None = None
    """Occupied share of serving capacity in the week's highest hour; otherwise the workload card's."""

    @model_validator(mode="after")
    def _dates_rise(self) -> "SiteBrief":
        before = self.as_of
        for phase in self.phases:
            if phase.energised_by <= before:
                raise ValueError(
                    f"phase {phase.name!r}: energised_by {phase.energised_by} must be later than {before} "
                    "(as_of and the phase before it)"
                )
            before = phase.energised_by
        if twice := twice_named(p.name for p in self.phases):
            raise ValueError(f"phases: {twice} is named twice; every name must be different")
        if twice := twice_named(s.name for s in self.supply):
            raise ValueError(f"supply: {twice} is named twice; every name must be different")
        if self.grid.export_mw and not any(s.on_site for s in self.supply):
            raise ValueError("grid: export_mw: only [[supply]] with on_site = true exports; give it, or leave it out")
        self._split_agrees()
        self._grid_agrees()
        if not self.autonomy.generator_h and any(d.backup == "cooling" for d in self.it.demands):
            raise ValueError('it: backup: "cooling" asks for generating sets; set autonomy.generator_h, or "none"')
        return self

    def _split_agrees(self) -> None:
        known = {d.name for d in self.it.demand}
        for phase in self.phases:
            asked = [part.demand for part in phase.split]
            wrong = ""
            if asked and not known:
                wrong = "must be left out: there is one demand"
            elif known and not asked:
                wrong = f"is missing; it says how many megawatts are for {', '.join(sorted(known))}"
            elif strange := [d for d in asked if d not in known]:
                wrong = f"{strange[0]!r} is no demand of the brief; allowed: {', '.join(sorted(known))}"
            elif twice := twice_named(asked):
                wrong = f"{twice} is named twice; each demand at most once"
            elif asked and abs(sum(part.it_mw for part in phase.split) - phase.it_mw) > 1e-6:
                wrong = f"must add up to it_mw, {phase.it_mw:g}"
            if wrong:
                raise ValueError(f"phase {phase.name!r}: split: {wrong}")
        never = known - {part.demand for phase in self.phases for part in phase.split}
        if never:
            raise ValueError(f"it: demand: {', '.join(sorted(never))}: no phase has megawatts of it")

    def _grid_agrees(self) -> None:
        grid, first = self.grid, self.phases[0]
        if grid.series and grid.series[0].since > first.energised_by and not grid.bridge.allowed:
            raise ValueError(
                f"grid: series: it begins on {grid.series[0].since}, phase {first.name!r} is asked by "
                f"{first.energised_by}; begin earlier, ask later or set grid.bridge.allowed"
            )
        stored_h = self.autonomy.generator_h if self.autonomy.fuel == "diesel" else 0.0
        if stored_h and (grid.interruption_h or 0.0) > stored_h:
            raise ValueError(
                f"grid: interruption_h: {grid.interruption_h:g} h; sets carry what is called off with the fuel "
                f"stored, so at most autonomy.generator_h, {stored_h:g}"
            )

    def of_demand(self, demand: ItDemand) -> "SiteBrief":
        """As the blocks of one demand see it."""
        return self.model_copy(update={"it": self.it.only(demand)})

    @property
    def kinds_max(self) -> int:
        """Kinds of block that the site may have: never fewer than there are demands."""
        return max(self.limits.block_kinds, len(self.it.demands))

    @property
    def it_kw(self) -> float:
        """IT load of the whole site."""
        return self.it_kw_until(len(self.phases) - 1)

    def it_kw_until(self, phase: int) -> float:
        """IT load when phase number `phase` (from 0) runs."""
        return sum(p.it_mw for p in self.phases[: phase + 1]) * 1000

    def connection_in(self, phase: int) -> GridStep:
        """What the utility gives by the date of phase number `phase`."""
        return self.grid.step_on(self.phases[phase].energised_by)

    def begins(self, demand: str) -> int:
        """The number of the first phase that has megawatts of an IT demand."""
        return next(n for n in range(len(self.phases)) if self.demand_kw_until(demand, n) > 0)

    def demand_kw_until(self, demand: str, phase: int) -> float:
        """The same of one demand."""
        if not self.it.demand:
            return self.it_kw_until(phase)
        parts = (part for p in self.phases[: phase + 1] for part in p.split)
        return sum(part.it_mw for part in parts if part.demand == demand) * 1000


def read_brief(path: Path) -> SiteBrief:
    """Read a brief, and the land from its file where it names one.

    Raises:
        InputError: with every mistake in it, or in the land's file.
    """
    tree, text = read_tree(path)
    plain = not unprintable(tree, str(path), text)
    return validate(filled(tree, path.parent) if plain else tree, SiteBrief, str(path), text)
