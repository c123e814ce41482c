"""Every demand on a site, one file each; the order here is the order of the report.

A rule file has TITLE, BASIS, WISHES (the brief's fields it reads that a customer could relax), `check(plan)` and
`explain(brief)`; where it acts on the sizing also `shape(offer)`, `admit(demand, carrier)` or `apply(model, problem)`.
"""

from dataclasses import replace
from types import ModuleType
from typing import Protocol, cast

from prefab.arranging import arrange, arrange_least
from prefab.brief import SiteBrief
from prefab.plan import Plan
from prefab.results import Finding
from prefab.rules import (
    bays,
    boundary,
    budget,
    bus_limit,
    clearance,
    composition,
    contingencies,
    cooling_continuity,
    factory_slots,
    fault_level,
    feeder_current,
    feeds,
    fuel_autonomy,
    grid_limit,
    grid_obligations,
    interruptible,
    it_load,
    land_use,
    liquid_flow,
    noise,
    restrictions,
    road_access,
    runs,
    schedule,
    sku_count,
    sound,
    spares,
    step_load,
    storage,
    storage_in_time,
    supply,
    supply_temperature,
    trip_current,
    ups_autonomy,
    ups_ride_through,
    water,
)
from prefab.ways import Hooks


class Rule(Protocol):
    """What every rule file offers."""

    __name__: str
    TITLE: str
    BASIS: str
    WISHES: tuple[str, ...]

    def check(self, plan: Plan) -> tuple[Finding, ...]:
        """The rule on a finished plan, in original units; always findings, kept or not."""

    def explain(self, brief: SiteBrief) -> str:
        """In one sentence, with this site's numbers, what it asks."""


def _rules(*files: ModuleType) -> tuple[Rule, ...]:
    return tuple(cast(Rule, f) for f in files)


SUPPLY: tuple[Rule, ...] = _rules(
    it_load,
    composition,
    restrictions,
    feeds,
    bays,
    contingencies,
    supply_temperature,
    liquid_flow,
    bus_limit,
    fault_level,
    trip_current,
    feeder_current,
    ups_autonomy,
    ups_ride_through,
    cooling_continuity,
    step_load,
    fuel_autonomy,
    grid_limit,
    grid_obligations,
    supply,
    interruptible,
    storage,
    storage_in_time,
    water,
    sound,
    land_use,
    sku_count,
    factory_slots,
    spares,
    budget,
)
LAND: tuple[Rule, ...] = _rules(boundary, clearance, road_access, noise)
RUNS: tuple[Rule, ...] = _rules(runs)
TIME: tuple[Rule, ...] = _rules(schedule)
RULES: tuple[Rule, ...] = (*SUPPLY, *LAND, *RUNS, *TIME)

APPLIED = (
    it_load,
    contingencies,
    fault_level,
    feeder_current,
    fuel_autonomy,
    grid_limit,
    grid_obligations,
    interruptible,
    storage,
    sku_count,
    spares,
    budget,
)
"""The rules that write rows of the sizing model; `budget` reads the counts of `spares`."""

SUMMED = (water, sound, land_use, factory_slots)
"""Those that limit sums over all modules (with `rows` and `burden` or `burdens`), applied where a cheaper site breaks
them."""

HOOKS = Hooks(
    shapes=(
        supply_temperature.shape,
        liquid_flow.shape,
        ups_autonomy.shape,
        ups_ride_through.shape,
        fault_level.shape,
        step_load.shape,
    ),
    arrange=arrange,
    admit=bus_limit.admit,
    lets=liquid_flow.admit,
    fits=bays.fits,
    bears=fault_level.bears,
)
"""What the rules say while columns are made."""

BOUNDING = replace(HOOKS, arrange=arrange_least, pods_only=True)
"""The same where systems share their reserve, for a bound: ways are told apart by what they draw, and not by how their
consumers spread over systems, so that the cheapest may be gone."""
