"""Engineering judgements that hold for every site."""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from prefab.provenance import Fraction, Key, Millimetres, NotNegative, Positive, Sourced, Text
from prefab.tables import Frozen


class Separation(Frozen):
    """Least distance between two modules of these classes (`*` for any class)."""

    a: Key | Literal["*"]
    b: Key | Literal["*"]
    gap_mm: Annotated[int, Field(ge=0)]
    note: Text = ""


class AvailabilityBasis(Frozen):
    """What availability is worked out with besides the modules' own mean times."""

    common_cause_frac: Fraction
    """Share beta of the downtime of redundant units that strikes all of them at once."""
    utility_mtbf_h: Positive
    utility_mttr_h: Positive


class SparesBasis(Frozen):
    """Which modules are worth a spare in store, where the brief asks for spares and says no more."""

    lead_weeks: NotNegative
    """Those with a longer lead time."""
    per_modules_count: Annotated[int, Field(gt=0)]
    """One spare more for each so many."""


class RideThroughBasis(Frozen):
    """What cooling has to outlast when the utility is lost."""

    start_retry_s: NotNegative
    """Beyond the first start of the generating sets."""
    orderly_stop_s: NotNegative
    """In which computers come to a stop where there are no generating sets."""
    loop_rise_k: Positive
    """How much warmer than designed the liquid of a loop may get meanwhile."""


class DutiesBasis(Frozen):
    """What storage is sized and tried on besides the swings that workload cards state."""

    noise_frac: Fraction
    """Standard deviation of the load from one twentieth of a second to the next, over the swing."""
    noise_deviations: Positive
    """How many of them storage follows."""
    drift_frac: Fraction
    """Energy kept for where noise carries the charge meanwhile, over that of a swing."""
    jobs_per_day_count: Annotated[int, Field(gt=0)]
    """Jobs that end within a day, so that all accelerators idle together."""
    idle_min: Positive
    """Until the next one starts."""
    checkpoint_every_min: Positive
    checkpoint_s: Positive
    """Pause in which all of them wait."""
    recharge_h: Positive
    """At the rate that would take so long a ramp's storage comes back to half charge, or more slowly: see below."""
    recharge_frac: Annotated[float, Field(gt=0, le=0.5)]
    """Most of its power that goes into that: it comes on top of a ramp that begins meanwhile."""


class FlexibilityBasis(Frozen):
    """What a site may offer its grid, beside what its plan says."""

    battery_notice_s: Positive
    battery_life_years: Positive
    """Over which the cells keep the energy that they are sized by."""
    slowed_frac: Fraction
    """By how much less a training cluster has been shown to draw while its jobs kept their promises."""
    slowed_h: Positive
    """For so long."""
    slowed_notice_min: Positive
    curtailed_frac: Fraction
    """Of the energy that a site would take in a year, given up in events."""


class UtilityFault(Frozen):
    """What utilities feed into a fault at connections of up to some voltage."""

    voltage_max_kv: Positive
    largest_ka: Positive


class ShortCircuitBasis(Frozen):
    """What short circuits are worked out with besides the modules' own figures."""

    r_over_x: NotNegative
    """Of the utility."""
    utility: Annotated[tuple[UtilityFault, ...], Field(min_length=1)]
    """By rising voltage; where the brief does not say."""
    outgoing_max_a: Positive
    """The largest way from a critical bus to a pod; larger loads take several."""
    batteries_mva: Annotated[Positive | None, Field(exclude_if=lambda mva: mva is None)] = None
    """What the site's batteries feed into a fault: no file says it, a sizing that has chosen them does."""
    trip_frac: Positive
    """Current over its rating at which a breaker's release surely trips without delay."""

    def utility_mva(self, voltage_kv: float) -> float:
        """At a connection of this voltage; above the last, the last one's current."""
        row = next((u for u in self.utility if voltage_kv <= u.voltage_max_kv), self.utility[-1])
        return 3**0.5 * voltage_kv * row.largest_ka

    @model_validator(mode="after")
    def _rising(self) -> "ShortCircuitBasis":
        if any(b.voltage_max_kv <= a.voltage_max_kv for a, b in pairwise(self.utility)):
            raise ValueError("utility: voltage_max_kv must rise")
        return self


class DesignBasis(Sourced):
    """Engineering judgements that hold for every site unless the brief says otherwise. File `design_basis.toml`."""

    power_factor: Fraction
    medium_voltage_kv: Positive
    """Of sites connected at high voltage; the others take their connection's."""
    recirculation_k: NotNegative
    pump_static_frac: Fraction
    """Share of a facility pump's rated power that it draws at any flow."""
    coolant_flow_min_frac: Fraction
    """Least flow of a pump whose loop is held by temperature, over its full flow."""
    fan_speed_min_frac: Fraction
    """Slowest speed of the fans of air units, over full speed."""
    fuel_margin_frac: NotNegative
    crane_crews_count: Annotated[int, Field(gt=0)]
    lifts_per_day_count: Annotated[int, Field(gt=0)]
    connection_crews_count: Annotated[int, Field(gt=0)]
    commissioning_crews_count: Annotated[int, Field(gt=0)]
    fat_bays_count: Annotated[int, Field(gt=0)]
    engineering_days: Annotated[int, Field(gt=0)]
    permit_days: Annotated[int, Field(gt=0)]
    grid_connection_days: Annotated[int, Field(gt=0)]
    civil_days_per_block: Annotated[int, Field(gt=0)]
    site_civil_days: Annotated[int, Field(gt=0)]
    site_acceptance_days: Annotated[int, Field(gt=0)]
    functional_test_days: Annotated[int, Field(gt=0)]
    integrated_test_days: Annotated[int, Field(gt=0)]
    road_width_mm: Millimetres
    road_reach_mm: Millimetres
    """Every module that stands on the land is within this of a road."""
    run_slack_frac: Fraction
    riser_mm: Annotated[int, Field(ge=0)]
    availability: AvailabilityBasis | None = None
    """None in plans made before it was stated."""
    spares: SparesBasis | None = None
    """Likewise."""
    ride_through: RideThroughBasis | None = None
    """Likewise."""
    short_circuit: ShortCircuitBasis | None = None
    """Likewise."""
    step_settle_s: Positive | None = None
    """Between two steps of load on generating sets. Likewise."""
    duties: Annotated[DutiesBasis | None, Field(exclude_if=lambda duties: duties is None)] = None
    """Likewise; left out of files where it is not stated, so that plans made before keep their digests."""
    flexibility: Annotated[FlexibilityBasis | None, Field(exclude_if=lambda basis: basis is None)] = None
    """Likewise."""
    separation: tuple[Separation, ...]
