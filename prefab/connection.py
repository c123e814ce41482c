"""The utility connection, and the storage beside it.

What the connection gives, from which day on; whether the site's own sets bridge what it lacks; what it bears of the
load's swings and ramps; and what storage does about that.
"""

from datetime import date
from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, model_validator

from prefab.provenance import Key, NotNegative, Positive
from prefab.tables import Frozen


class GridStep(Frozen):
    """What the connection gives from a day on, until the next step."""

    since: date
    firm_mw: NotNegative
    interruptible_mw: NotNegative = 0.0
    """More than the firm part; the utility may call it off."""

    @property
    def given_mw(self) -> float:
        """Firm and interruptible together."""
        return self.firm_mw + self.interruptible_mw


class Bridge(Frozen):
    """The site's own generating sets beside the utility, until the connection carries the load."""

    allowed: bool = False
    """For sets that may run without limit of hours."""


class Grid(Frozen):
    """The utility connection."""

    capacity_mw: Positive = 0.0
    """What it is built for; left out it is what a series ends with."""
    voltage_kv: Annotated[float, Field(ge=6, le=420)]
    """Up to 36 kV the connection is taken at medium voltage, above it needs main transformers."""
    tariff: Key
    rules: tuple[Key, ...] | None = None
    """Grid rules that hold at this place; where it is not said, any of the country's may, and all are open points."""
    short_circuit_mva: Annotated[float, Field(gt=0, le=200_000)] | None = None
    """The largest that the utility feeds into a fault at the connection; otherwise the design basis's."""
    series: Annotated[tuple[GridStep, ...], Field(max_length=40)] = ()
    """Otherwise all of it is there, and firm, from the first phase on."""
    interruption_h: Annotated[float, Field(gt=0, le=240)] | None = None
    """How long the utility calls the interruptible part off at the most, each time."""
    bridge: Bridge = Bridge()
    export_mw: Annotated[NotNegative, Field(exclude_if=lambda mw: not mw)] = 0.0
    """The most that may flow back from sources on site; what is over is curtailed."""
    ramp_mw_per_min: Positive | None = None
    """The fastest that what the site draws may rise or fall; otherwise as fast as it does."""
    swing_mw: NotNegative | None = None
    """The most that it may see of the swings of synchronous training, peak to peak; otherwise all of them."""

    @property
    def at_high_voltage(self) -> bool:
        """Whether main step-down transformers stand between the utility and the site's switchgear."""
        return self.voltage_kv > 36

    @property
    def felt_ramp_mw_per_min(self) -> float | None:
        """The limit of ramps; none where all that the connection gives may be taken up within a second."""
        limit = self.ramp_mw_per_min
        return None if limit is None or limit / 60 >= self.capacity_mw else limit

    def switchgear_kv(self, medium_voltage_kv: float) -> float:
        """Voltage of the site's switchgear: the connection's, or behind main transformers that of the design basis."""
        return medium_voltage_kv if self.at_high_voltage else self.voltage_kv

    @property
    def steps_text(self) -> str:
        """The series in words; empty without one."""
        said = []
        for step in self.series:
            soft = f" and {step.interruptible_mw:g} MW interruptible" if step.interruptible_mw else ""
            said.append(f"{step.firm_mw:g} MW firm{soft} from {step.since}")
        return ", ".join(said)

    @property
    def left_out(self) -> tuple[str, ...]:
        """What a year at full build does not count of a series, in words."""
        if not self.series:
            return ()
        what = "fuel and hours of sets that bridge what it lacks, or carry what is called off"
        return (f"Grid: the year has the whole connection of {self.capacity_mw:g} MW; {what}, are not priced.",)

    def step_on(self, day: date) -> GridStep:
        """What the connection gives on a day: nothing before a series begins."""
        if not self.series:
            return GridStep(since=day, firm_mw=self.capacity_mw)
        return next((s for s in reversed(self.series) if s.since <= day), GridStep(since=day, firm_mw=0.0))

    @model_validator(mode="after")
    def _built_for_the_last(self) -> Self:
        if not self.capacity_mw:
            if not self.series or not self.series[-1].given_mw:
                raise ValueError("capacity_mw: missing; give it, or [[grid.series]] that ends above 0 MW")
            # Everybody else finds it where it always stands.
            object.__setattr__(self, "capacity_mw", self.series[-1].given_mw)
        if self.export_mw > self.capacity_mw:
            raise ValueError(f"export_mw: {self.export_mw:g}; at most capacity_mw, {self.capacity_mw:g}")
        return self

    @model_validator(mode="after")
    def _series_rises(self) -> Self:
        for before, step in pairwise(self.series):
            if step.since <= before.since:
                raise ValueError(f"series: {step.since} stands after {before.since}; dates must rise")
            if step.given_mw < before.given_mw - _SAME_MW:
                raise ValueError(
                    f"series: {step.given_mw:g} MW from {step.since} on are less than {before.given_mw:g} MW before; "
                    "firm_mw and interruptible_mw together must never fall"
                )
        if self.series and abs(self.series[-1].given_mw - self.capacity_mw) > _SAME_MW:
            raise ValueError(
                f"series: it ends with {self.series[-1].given_mw:g} MW, capacity_mw is {self.capacity_mw:g}; "
                "they must be equal, or leave capacity_mw out"
            )
        called = any(s.interruptible_mw for s in self.series)
        if called != (self.interruption_h is not None):
            what = "is missing: give the hours that" if called else "is for interruptible_mw of a series, and for"
            raise ValueError(f"interruption_h: {what} {'the utility may call it off' if called else 'nothing else'}")
        if self.bridge.allowed and not self.series:
            raise ValueError("bridge: there is nothing to bridge without [[grid.series]]; give it, or leave bridge out")
        return self


class Shaving(Frozen):
    """Peaks above what the connection gives, taken by storage."""

    allowed: bool = False
    """Training swings about its mean; storage may give what the high level exceeds the connection by."""
    peak_h: Annotated[float, Field(gt=0, lt=24)] | None = None
    """Hours of a day for which the whole site draws its peak; otherwise only swings are shaved."""
    rest_frac: Annotated[float, Field(gt=0, lt=1)] | None = None
    """What it draws in the other hours, over that peak."""

    @model_validator(mode="after")
    def _hours_with_rest(self) -> Self:
        if (self.peak_h is None) != (self.rest_frac is None):
            raise ValueError("shaving: give peak_h and rest_frac together, or neither")
        if self.peak_h is not None and not self.allowed:
            raise ValueError("shaving: peak_h is given and allowed is not; set allowed = true, or leave peak_h out")
        return self


class Storage(Frozen):
    """What storage is asked for: a reserve for the grid, and who takes up what the grid does not bear."""

    power_mw: NotNegative = 0.0
    """A reserve on the medium-voltage bus for the grid to call on, at the end of its life: for nothing else."""
    duration_h: NotNegative = 0.0
    smoothing_frac: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of the pods' peak power whose swings fast storage in each block takes up."""
    shaving: Shaving = Shaving()

    @model_validator(mode="after")
    def _reserve_lasts(self) -> Self:
        if (self.power_mw > 0) != (self.duration_h > 0):
            raise ValueError("give both power_mw and duration_h, or neither")
        return self


_SAME_MW = 1e-6
