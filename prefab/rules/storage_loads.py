"""What a plan's storage has to follow, and how it does.

Loads are drawn without any formula of sizing (two levels with noise for synchronous training, a day of jobs for ramps,
a day of two levels for shaved hours), with the storage beside them as the plan shares it out. What is drawn at each
level is walked along the plan's own connections.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from prefab.basis import DutiesBasis
from prefab.physics.storage import Control, Element, Followed, follow
from prefab.physics.trace import DayOfJobs, Powers, make_day, make_swings
from prefab.plan import GRID, BlockKind, Plan
from prefab.rules.network import network_of
from prefab.shares import Duty, Share
from prefab.workload import Workload

STEP_S = 0.05
SWINGS_S = 120.0
SEED = 1
PEAK_STEP_S = 60.0
ROUNDING_KW = 0.01
"""Shares are whole watts and parts of them."""
CHARGING_OF_RAMP_FRAC = 0.5
"""Of the limit on ramps: what charges after a peak begins and ends no faster."""
SLOW_FRAC = 0.1
"""Of the same: nothing changes faster but what computes together."""


@dataclass(frozen=True)
class Drawn:
    """What the site draws while its training computes, waits and idles; everything else as at its peak."""

    high_kw: float
    """What blocks' own storage takes of swings is done, here and in `low_kw`."""
    low_kw: float
    idle_kw: float
    mean_kw: float
    """Over its swings."""
    pause_kw: float
    """While all of it waits for longer than storage at the racks lasts."""

    @property
    def swing_kw(self) -> float:
        """Peak to peak."""
        return self.high_kw - self.low_kw


@dataclass(frozen=True, eq=False)
class Along:
    """Storage along a load, both at its own connection."""

    load_kw: Powers
    held: Followed
    usable_kwh: float
    """Kept for it."""
    beside_kw: Powers | float = 0.0
    """What is drawn besides."""

    @property
    def seen_kw(self) -> Powers:
        """What is drawn of the switchgear in all."""
        return self.held.grid_kw + self.beside_kw

    @property
    def gives_kw(self) -> Powers:
        """Step by step; below nothing what it takes."""
        return self.load_kw - self.held.grid_kw


class Swinging(NamedTuple):
    """Pods that compute and wait together."""

    swing_kw: float
    period_s: float
    high_frac: float


def swinging_shares(plan: Plan, kind: BlockKind) -> list[Share]:
    return [s for s in plan.sized.storage if s.kind == kind.name and s.duty == "swing"]


def own_swing_kw(plan: Plan, kind: BlockKind, share: Share, swings: Swinging) -> float:
    """What of its pods' swings one block's storage can take up: at the racks all of them, and at UPS what passes these
    of what storage at the racks has left."""
    if plan.module(share.sku).capacitor is not None:
        return swings.swing_kw
    at_racks = (s for s in swinging_shares(plan, kind) if plan.module(s.sku).capacitor is not None)
    left_kw = max(0.0, swings.swing_kw - sum(s.swing_kw for s in at_racks))
    return _passing_kw(plan, kind, share, left_kw / kind.pods)


def own_step_kw(plan: Plan, kind: BlockKind, share: Share) -> float:
    """What passes storage of one block less when its pods fall from their mean to idle."""
    _, _, idle_kw, mean_kw, _ = _levels_kw(plan, kind)
    return _passing_kw(plan, kind, share, mean_kw - idle_kw)


def _passing_kw(plan: Plan, kind: BlockKind, share: Share, less_kw: float) -> float:
    """What all modules of a share's type in one block give less when each of its pods draws so much less."""
    network = network_of(plan, len(plan.brief.phases) - 1)
    tags = next((t for n, t in network.blocks.items() if n and network.equipment[t[0]].kind == kind.name), ())
    its = {t: it for t in tags if (it := network.module(t).it) is not None}
    fewer_kw = network.drawing({t: it.peak_kw - less_kw for t, it in its.items()}).normal_kw
    of_type = (t for t in tags if (e := network.equipment[t]).carrier == share.carrier and e.sku == share.sku)
    return sum(network.normal_kw[t] - fewer_kw[t] for t in of_type)


def along_own(basis: DutiesBasis, share: Share, swings: Swinging) -> Along:
    """What storage of one block keeps for swings, along the part of them that it takes up."""
    kw = share.swing_kw
    load = make_swings(2 * kw, kw, swings.period_s, swings.high_frac, basis.noise_frac, SWINGS_S, STEP_S, SEED)
    level = kw + swings.high_frac * kw
    calm = make_swings(2 * kw, kw, swings.period_s, swings.high_frac, 0.0, SWINGS_S, STEP_S, SEED)
    element = _swinging_element([share], calm - level)
    return Along(load, follow(load, STEP_S, element, Control(floor_kw=level, ceiling_kw=level)), element.usable_kwh)


def grown(plan: Plan, phase: int) -> float:
    """A change at the meter over the same at the switchgear: what is lost on the way makes it larger."""
    board, meter = drawn(plan, phase)
    step_kw = board.high_kw - board.idle_kw
    return (meter.high_kw - meter.idle_kw) / step_kw if step_kw > ROUNDING_KW else 1.0


def taken(plan: Plan, phase: int) -> Iterable[tuple[int, Swinging, float, float]]:
    """Of each IT demand that swings what blocks leave at the switchgear, and what the batteries take up of it."""
    board, shares, parts = drawn(plan, phase)[0], of_site(plan, phase, "swing"), dict(_left(plan, phase))
    racks_kw = sum(part.swing_kw for part in parts.values())
    for number, part in parts.items():
        left_kw = part.swing_kw / racks_kw * board.swing_kw
        yield number, part, left_kw, min(left_kw, sum(s.swing_kw for s in shares if s.demand == number))


def _nothing() -> Powers:
    return np.zeros(round(SWINGS_S / STEP_S))


def _waves(part: Swinging, kw: float, noise_frac: float, seed: int) -> Powers:
    """Of so many kilowatts, over their low level; noise goes below it."""
    return make_swings(2 * kw, kw, part.period_s, part.high_frac, noise_frac, SWINGS_S, STEP_S, seed) - kw


def along_swings(plan: Plan, basis: DutiesBasis, phase: int) -> Along:
    """The site's batteries along their part of the swings that blocks leave, each demand's about its own mean."""
    shares = of_site(plan, phase, "swing")
    load, calm, beside, level_kw = _nothing(), _nothing(), _nothing() + drawn(plan, phase)[0].low_kw, 0.0
    for number, part, left_kw, kw in taken(plan, phase):
        # The noise of what is left to the grid is the grid's.
        beside += _waves(part, left_kw - kw, 0.0, SEED)
        load += _waves(part, kw, basis.noise_frac, SEED + number)
        calm += _waves(part, kw, 0.0, SEED)
        level_kw += part.high_frac * kw
    element = _swinging_element(shares, calm - level_kw)
    control = Control(floor_kw=level_kw, ceiling_kw=level_kw)
    return Along(load, follow(load, STEP_S, element, control), element.usable_kwh, beside)


def along_ramps(plan: Plan, basis: DutiesBasis, phase: int, limit_mw_per_min: float) -> Along:
    """All storage that keeps something for ramps along a day of jobs, at the switchgear."""
    load = day_of_jobs(basis, drawn(plan, phase)[0])
    return _ramped(plan, basis, phase, limit_mw_per_min, load, _bearable_kw(plan, phase))


def _bearable_kw(plan: Plan, phase: int) -> float:
    """Charge is made up with what the connection has to spare, and no more."""
    board, meter = drawn(plan, phase)
    steps = [s for s in plan.brief.grid.series if s.since <= plan.brief.phases[phase].energised_by]
    given_mw = steps[-1].firm_mw + steps[-1].interruptible_mw if steps else plan.brief.grid.capacity_mw
    return board.mean_kw + max(0.0, given_mw * 1000 - meter.mean_kw) / grown(plan, phase)


def _ramped(plan: Plan, basis: DutiesBasis, phase: int, limit_mw_per_min: float, load: Powers, ceiling: float) -> Along:
    element = _element([*of_site(plan, phase, "ramp"), *_of_blocks(plan, phase, "ramp")])
    recharge_kw = basis.recharge_frac * element.discharge_kw / (1 + basis.recharge_frac)
    recharge_h = max(basis.recharge_h, element.usable_kwh / 2 / recharge_kw if recharge_kw else 0.0)
    ramp = limit_mw_per_min * 1000 / grown(plan, phase)
    control = Control(ceiling_kw=ceiling, ramp_kw_per_min=ramp, recharge_h=recharge_h)
    return Along(load, follow(load, 1.0, element, control), element.usable_kwh)


def along_peak(plan: Plan, phase: int) -> Along | None:
    """The site's batteries along a day of two levels, at the switchgear, the peak first; none where no hours are asked
    for."""
    asked, shares = plan.brief.storage.shaving, of_site(plan, phase, "shaving")
    if asked.peak_h is None or asked.rest_frac is None or not shares:
        return None
    high_kw = drawn(plan, phase)[0].high_kw
    load = np.where(np.arange(24 * 60) < asked.peak_h * 60, high_kw, asked.rest_frac * high_kw)
    return _shaved(plan, phase, load, PEAK_STEP_S, high_kw)


def _shaved(plan: Plan, phase: int, load: Powers, step_s: float, high_kw: float) -> Along:
    """The site's batteries keep a load below its high level less what they are kept for."""
    shares, limit = of_site(plan, phase, "shaving"), plan.brief.grid.ramp_mw_per_min
    battery = next(b for s in shares if (b := plan.module(s.sku).grid_battery) is not None)
    power_kw, kwh, given_kw = (sum(getattr(s, w) for s in shares) for w in ("power_kw", "energy_kwh", "relief_kw"))
    # Energies are what the connection is given, so that charging bears the whole loss.
    element = Element(power_kw, power_kw, kwh, 1.0, charge_frac=battery.round_trip_frac)
    slowly = math.inf if limit is None else CHARGING_OF_RAMP_FRAC * limit * 1000 / grown(plan, phase)
    control = Control(ceiling_kw=high_kw - given_kw, recharge_h=0.0, recharge_kw_per_min=slowly)
    return Along(load, follow(load, step_s, element, control), kwh)


def along_day(plan: Plan, basis: DutiesBasis, phase: int) -> tuple[Along | None, Along] | None:
    """What is kept for shaved hours, if any, along two equal days of jobs and of two levels, the peak first, and along
    what it leaves what is kept for ramps; none where not both are asked for.

    Swings are evened out: the high level stands for their mean, the rest is as far below it as on `along_peak`.
    """
    asked, limit, shares = plan.brief.storage.shaving, plan.brief.grid.ramp_mw_per_min, of_site(plan, phase, "shaving")
    if asked.peak_h is None or asked.rest_frac is None or limit is None:
        return None
    board, ramp = drawn(plan, phase)[0], limit * 1000 / grown(plan, phase)
    load = np.tile(_day_of_levels(basis, board, asked.peak_h, (1 - asked.rest_frac) * board.high_kw, ramp), 2)
    if not shares:
        return None, _ramped(plan, basis, phase, limit, load, _bearable_kw(plan, phase))
    shaved = _shaved(plan, phase, load, 1.0, board.mean_kw)
    ceiling = board.mean_kw - sum(s.relief_kw for s in shares)
    return shaved, _ramped(plan, basis, phase, limit, shaved.held.grid_kw, ceiling)


def _day_of_levels(basis: DutiesBasis, board: Drawn, peak_h: float, falls_kw: float, ramp_kw_per_min: float) -> Powers:
    """A day of jobs in steps of a second, which beside the hours of its peak is lower by so much.

    Between its levels what computes together steps as at the start and the end of a job, from its mean to idle at the
    most; whatever else changes does so slowly, within the hours of the peak, before what steps.
    """
    peak_s, second = peak_h * 3600, np.arange(24 * 3600)
    steps_kw = board.mean_kw - board.idle_kw
    slow_kw, slow_kw_per_s = max(0.0, falls_kw - steps_kw), SLOW_FRAC * ramp_kw_per_min / 60
    slow_s = min(slow_kw / slow_kw_per_s, peak_s / 2)
    day = _day(
        basis, board, busy_frac=1 - min(1.0, falls_kw / steps_kw) if steps_kw > ROUNDING_KW else 1.0,
        part_from_h=(peak_s - slow_s) / 3600, part_to_h=24.0,
    )  # fmt: skip
    reached_kw = slow_kw_per_s * np.maximum(np.minimum(second, peak_s - second), 0.0)
    return np.asarray(np.roll(make_day(day, SEED), round(slow_s)) - np.maximum(slow_kw - reached_kw, 0.0))


def of_site(plan: Plan, phase: int, duty: Duty) -> list[Share]:
    return [s for s in plan.sized.storage if s.duty == duty and s.phase == phase and not s.kind]


def _of_blocks(plan: Plan, phase: int, duty: Duty) -> Iterable[Share]:
    """A block's own, once for every block that stands."""
    for kind, blocks in zip(plan.sized.kinds, plan.sized.blocks, strict=True):
        own = (s for s in plan.sized.storage if (s.kind, s.duty, s.phase) == (kind.name, duty, phase))
        yield from (s for s in own for _ in range(blocks[phase]))


def _swinging_element(shares: Sequence[Share], calm_kw: Powers) -> Element:
    """All of them together, which begin where what swings without noise leaves as much room above as below."""
    energy_kwh = sum(s.energy_kwh for s in shares)
    given_kwh = np.append(0.0, np.cumsum(calm_kw)) * STEP_S / 3600
    start_kwh = (energy_kwh + float(given_kwh.max() + given_kwh.min())) / 2
    return _element(shares, min(start_kwh / energy_kwh, 1.0) if energy_kwh else 0.0)


def _element(shares: Sequence[Share], start_frac: float = 0.5) -> Element:
    """All of them together."""
    power_kw, energy_kwh = sum(s.power_kw for s in shares), sum(s.energy_kwh for s in shares)
    return Element(power_kw, power_kw, energy_kwh, start_frac)


def day_of_jobs(basis: DutiesBasis, board: Drawn) -> Powers:
    """What the switchgear would see over a day in steps of a second, its swings being evened out."""
    return make_day(_day(basis, board), SEED)


def _day(
    basis: DutiesBasis, board: Drawn, busy_frac: float = 1.0, part_from_h: float = 0.0, part_to_h: float = 0.0
) -> DayOfJobs:
    return DayOfJobs(
        peak_kw=board.mean_kw,
        pause_kw=board.pause_kw,
        idle_kw=board.idle_kw,
        jobs_count=basis.jobs_per_day_count,
        idle_s=round(basis.idle_min * 60),
        checkpoint_every_s=round(basis.checkpoint_every_min * 60),
        checkpoint_s=round(basis.checkpoint_s),
        busy_frac=busy_frac,
        part_from_h=part_from_h,
        part_to_h=part_to_h,
        noise_frac=0.0,
    )


def _left(plan: Plan, phase: int) -> Iterable[tuple[int, Swinging]]:
    """The swings of each IT demand that blocks leave, at the racks."""
    left_kw: dict[int, float] = {}
    parts: dict[int, Swinging] = {}
    for kind, blocks in zip(plan.sized.kinds, plan.sized.blocks, strict=True):
        swings, number = swinging(plan, kind), plan.demand_of(kind)
        if swings is not None and blocks[phase]:
            high_kw, low_kw, *_ = _levels_kw(plan, kind)
            parts[number] = swings
            left_kw[number] = left_kw.get(number, 0.0) + blocks[phase] * kind.pods * (high_kw - low_kw)
    for number, kw in sorted(left_kw.items()):
        if kw > ROUNDING_KW:
            yield number, parts[number]._replace(swing_kw=kw)


def swinging(plan: Plan, kind: BlockKind) -> Swinging | None:
    """Its pods at the racks, before any storage; none for what serves single requests."""
    card, it = plan.card_of(kind), plan.module(kind.pod).it
    swing = card.swing if isinstance(card, Workload) else None
    if it is None or swing is None or swing.period_s is None or swing.high_frac is None:
        return None
    limits = [a.board_limit_w for a in plan.accelerators if a.name == it.accelerator]
    accelerators_kw = min([it.peak_kw, *(it.accelerators_count * w / 1000 for w in limits)])
    swing_kw = min(swing.depth_frac.base * accelerators_kw, it.peak_kw - it.idle_frac * it.measured_kw)
    return Swinging(kind.pods * swing_kw, swing.period_s.high, swing.high_frac.base)


def _levels_kw(plan: Plan, kind: BlockKind) -> tuple[float, ...]:
    """What one pod of a kind takes of its supply, for every field of `Drawn`."""
    it, swings = plan.module(kind.pod).it, swinging(plan, kind)
    assert it is not None
    if swings is None:
        return (it.peak_kw,) * len(fields(Drawn))
    own = [s for s in plan.sized.storage if s.kind == kind.name and s.duty == "swing"]
    taken_kw = sum(s.swing_kw for s in own) / kind.pods
    high_kw = it.peak_kw - (1 - swings.high_frac) * taken_kw
    pause_kw = it.peak_kw - swings.swing_kw / kind.pods
    low_kw = min(high_kw, pause_kw + swings.high_frac * taken_kw)
    mean_kw = swings.high_frac * it.peak_kw + (1 - swings.high_frac) * pause_kw
    return high_kw, low_kw, it.idle_frac * it.measured_kw, mean_kw, pause_kw


@lru_cache(maxsize=16)
def drawn(plan: Plan, phase: int) -> tuple[Drawn, Drawn]:
    """From the switchgear, and from the utility."""
    network = network_of(plan, phase)
    kinds = {k.name: k for k in plan.sized.kinds}
    at_board, at_meter = [], []
    for level in range(len(fields(Drawn))):
        by_kind = {name: _levels_kw(plan, kind)[level] for name, kind in kinds.items()}
        pods = (t for t, e in network.equipment.items() if network.module(t).it is not None)
        normal_kw = network.drawing({t: by_kind[network.equipment[t].kind] for t in pods}).normal_kw
        boards = (t for t, e in network.equipment.items() if e.carrier == "mv_ac")
        at_board.append(sum(normal_kw.get(t, 0.0) for t in boards))
        at_meter.append(normal_kw.get(GRID, 0.0))
    return Drawn(*at_board), Drawn(*at_meter)
