"""What a plan can offer its grid: how much, how soon, how long, how often, and what sets the limit.

From the batteries what is kept in reserve and what no duty keeps, never what UPS keep for their autonomy; from
computing what a published trial has shown and what pausing gives; from generating sets only what they may give. All at
full build.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from prefab.basis import FlexibilityBasis
from prefab.module import GridBattery
from prefab.physics.duties import health_frac
from prefab.physics.flexibility import full_load_hours, shed_kwh
from prefab.plan import GRID, Plan
from prefab.rules.network import Network, network_of
from prefab.rules.storage import site_holds
from prefab.rules.storage_loads import STEP_S, SWINGS_S, along_swings
from prefab.units import number
from prefab.workload import Workload

HOURS = 8760
_LEAST_KW = 1.0


@dataclass(frozen=True)
class Offer:
    """What the site could give its grid, or draw less, from one source; a figure that nothing tells is none."""

    source: str
    magnitude_mw: float
    """0 where nothing is offered: `limited_by` says why."""
    notice_s: float | None
    duration_h: float | None
    """None: until it is called back."""
    events_per_year: int | None
    """None: nothing in the plan sets a number."""
    basis: str
    limited_by: str


def make_offers(plan: Plan) -> tuple[Offer, ...]:
    """By source; none for plans whose design basis says nothing of flexibility."""
    if plan.basis.flexibility is None or plan.connected is None:
        return ()
    network = network_of(plan, len(plan.brief.phases) - 1)
    return (
        *_batteries(plan, plan.basis.flexibility, network),
        *_workloads(plan, plan.basis.flexibility, network.phase),
        *_sets(plan, network),
    )


def _batteries(plan: Plan, basis: FlexibilityBasis, network: Network) -> Iterator[Offer]:
    batteries = [b for tag in network.equipment if (b := network.module(tag).grid_battery) is not None]
    if not batteries:
        return
    wish = plan.brief.storage
    reserve_kw, reserve_kwh = wish.power_mw * 1000, wish.power_mw * 1000 * wish.duration_h
    kept = [s for s in plan.sized.storage if not s.kind and s.phase == network.phase and s.duty != "reserve"]
    held_kw, held_kwh = site_holds(network)
    free_kw = held_kw - reserve_kw - sum(s.power_kw for s in kept)
    free_kwh = held_kwh - reserve_kwh - sum(s.energy_kwh for s in kept)
    swings = _swings_text(plan, network.phase, batteries)
    if reserve_kw:
        source, basis_text = "batteries: reserve for the grid", "brief storage.power_mw and duration_h"
        yield _from_batteries(source, basis_text, reserve_kw, reserve_kwh, batteries, basis, swings)
    if free_kw > _LEAST_KW and free_kwh > _LEAST_KW:
        source, basis_text = "batteries: what no duty keeps", "what stands less reserve, swings, ramps and shaving"
        yield _from_batteries(source, basis_text, free_kw, free_kwh, batteries, basis, swings)


def _from_batteries(
    source: str,
    said: str,
    power_kw: float,
    energy_kwh: float,
    batteries: list[GridBattery],
    basis: FlexibilityBasis,
    swings: str,
) -> Offer:
    duration_h, round_trip_frac = energy_kwh / power_kw, min(b.round_trip_frac for b in batteries)
    recharge_h = duration_h / round_trip_frac
    cycle_kwh = sum(b.energy_kwh * b.round_trip_frac**0.5 for b in batteries)
    by_cells = cycles_per_year(batteries, basis.battery_life_years) * cycle_kwh / energy_kwh
    by_recharge = HOURS / (duration_h + recharge_h)
    events = int(min(by_cells, by_recharge))
    cells = f"cells, whose energy is to last {basis.battery_life_years:g} years"
    limit = cells if by_cells < by_recharge else "recharge"
    return Offer(
        source=source,
        magnitude_mw=power_kw / 1000,
        notice_s=basis.battery_notice_s,
        duration_h=duration_h,
        events_per_year=events,
        basis=f"{said}; at the end of life, inside the window of charge; the number for cells that carry nothing else",
        limited_by=(
            f"duration: energy; number: {limit}; recharge takes {number(recharge_h, 1)} h at the same power{swings}"
        ),
    )


def cycles_per_year(batteries: list[GridBattery], life_years: float) -> float:
    """Full cycles that leave the cells the energy of their end of life after so many years, held full in between."""
    days = round(life_years * 365)
    found = []
    for battery in batteries:
        idle, busy = (health_frac(days, battery.soc_max_frac, cycles) for cycles in (0.0, 1.0))
        found.append(max(0.0, (idle - battery.end_of_life_frac) / (idle - busy)))
    return 365 * min(found)


def _swings_text(plan: Plan, phase: int, batteries: list[GridBattery]) -> str:
    """What the swings of a day move through the batteries."""
    duties = plan.basis.duties
    own = [s for s in plan.sized.storage if not s.kind and (s.duty, s.phase) == ("swing", phase)]
    if duties is None or not own:
        return ""
    gives_kw = along_swings(plan, duties.model_copy(update={"noise_frac": 0.0}), phase).gives_kw
    day_kwh = float(gives_kw.clip(min=0.0).sum()) * STEP_S / SWINGS_S * 24
    cycles = day_kwh / sum(b.energy_kwh for b in batteries)
    return (
        f"; swings besides move {number(day_kwh)} kWh a day through them, shallow cycles of {number(cycles, 2)} full "
        "ones in energy, which the number does not count"
    )


def _workloads(plan: Plan, basis: FlexibilityBasis, phase: int) -> Iterator[Offer]:
    """By IT demand, what its pods draw in the mean and at rest, at the racks."""
    for place, card in enumerate(plan.cards):
        name = f"{plan.brief.it.demands[place].name}: " if plan.brief.it.demand else ""
        measured_kw, idle_kw = _it_kw(plan, place, phase)
        if not isinstance(card, Workload):
            yield _nothing(f"{name}storage servers", "storage card", "data must stay at hand")
        elif card.purpose == "inference":
            yield _nothing(f"{name}inference", "workload card", f"replies are promised ({card.latency_target})")
        else:
            yield from _training(plan, basis, name, measured_kw, idle_kw)


def _training(plan: Plan, basis: FlexibilityBasis, name: str, measured_kw: float, idle_kw: float) -> Iterator[Offer]:
    slowed_kw = min(basis.slowed_frac * measured_kw, measured_kw - idle_kw)
    given_up_h = full_load_hours(basis.curtailed_frac)
    # Full-load hours that may be given up, in events of so much of the load for so long.
    shed_h = shed_kwh(measured_kw, slowed_kw / measured_kw, basis.slowed_h) / measured_kw
    yield Offer(
        source=f"{name}training slowed",
        magnitude_mw=slowed_kw / 1000,
        notice_s=max(basis.slowed_notice_min * 60, _ramp_s(plan, slowed_kw)),
        duration_h=basis.slowed_h,
        events_per_year=int(given_up_h / shed_h),
        basis=(
            f"{basis.slowed_frac:.0%} of the measured power at the racks for {basis.slowed_h:g} h, as in a trial on "
            "256 accelerators (arXiv 2507.00909); what is lost and cooled less on the way is not counted"
        ),
        limited_by=(
            f"number: {basis.curtailed_frac:.2%} of a year's energy, {number(given_up_h, 1)} hours of full load; what "
            "a run that may not be slowed loses in tokens"
        ),
    )
    duties = plan.basis.duties
    paused_kw = measured_kw - idle_kw
    checkpoint_s = duties.checkpoint_s if duties else 0.0
    yield Offer(
        source=f"{name}training paused",
        magnitude_mw=paused_kw / 1000,
        notice_s=checkpoint_s + _ramp_s(plan, paused_kw),
        duration_h=None,
        events_per_year=None,
        basis="measured less idle power at the racks; a checkpoint first, then no faster than the ramp limit",
        limited_by="every token of these hours is lost; instead of slowing, not beside it",
    )


def _it_kw(plan: Plan, demand: int, phase: int) -> tuple[float, float]:
    """Measured and idle power of all pods of a demand."""
    measured_kw = idle_kw = 0.0
    for kind, blocks in zip(plan.sized.kinds, plan.sized.blocks, strict=True):
        it = plan.module(kind.pod).it
        if it is not None and plan.demand_of(kind) == demand:
            measured_kw += blocks[phase] * kind.pods * it.measured_kw
            idle_kw += blocks[phase] * kind.pods * it.measured_kw * it.idle_frac
    return measured_kw, idle_kw


def _ramp_s(plan: Plan, kw: float) -> float:
    limit = plan.brief.grid.ramp_mw_per_min
    return 60 * kw / 1000 / limit if limit else 0.0


def _sets(plan: Plan, network: Network) -> Iterator[Offer]:
    """Nothing of sets that are rated for emergencies, or that the brief does not allow to run beside the grid."""
    tags = [t for t in network.equipment if network.module(t).engine is not None and not network.module(t).ups_battery]
    if not tags:
        return
    fracs = [e.continuous_frac for t in tags if (e := network.module(t).engine) is not None]
    starts_s = max(e.start_s for t in tags if (e := network.module(t).engine) is not None)
    lasting_kw = sum(network.capacity[t] * (f or 0.0) for t, f in zip(tags, fracs, strict=True))
    source, said = "generating sets", "catalog engine.continuous_frac, brief grid.bridge"
    if not lasting_kw:
        yield _nothing(source, said, "rated for emergencies only: no hours without an outage")
    elif not plan.brief.grid.bridge.allowed:
        why = "their rating has no limit of hours, but the brief does not allow them to run while the grid is there"
        yield _nothing(source, said, f"{why} (grid.bridge); permits are the owner's to show")
    else:
        drawn_kw = network.normal_kw.get(GRID, lasting_kw)
        fuels = {e.fuel for t in tags if (e := network.module(t).engine) is not None}
        fuel = "gas from the pipeline" if fuels == {"gas"} else "fuel in the tanks, which an outage then lacks"
        yield Offer(
            source=source,
            magnitude_mw=min(lasting_kw, drawn_kw) / 1000,
            notice_s=starts_s,
            duration_h=None if fuels == {"gas"} else plan.brief.autonomy.generator_h,
            events_per_year=None,
            basis=f"{said}; all of them, none to spare, no more than the site draws",
            limited_by=f"{fuel}; permits and emissions are not checked",
        )


def _nothing(source: str, basis: str, why: str) -> Offer:
    return Offer(source, 0.0, None, None, None, basis, why)
