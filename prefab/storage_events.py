"""What a plan's storage does in which second of an event, read from the loads along which the checks follow it.

Nothing is worked out here again: moments are picked from the curves of the rule on storage in time, without the noise
that it lays on them, at full build.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from prefab.basis import DutiesBasis
from prefab.physics.trace import Powers, make_swings
from prefab.plan import Plan
from prefab.rules.storage_loads import (
    PEAK_STEP_S,
    ROUNDING_KW,
    SEED,
    STEP_S,
    SWINGS_S,
    Along,
    along_day,
    along_own,
    along_peak,
    along_ramps,
    along_swings,
    drawn,
    grown,
    swinging,
)
from prefab.units import number

_EDGE_FRAC = 0.01
"""Of its range: a load that changes by more in one step has come to another level."""
_FULL_FRAC = 1 - 1e-6
AGAIN = "the next iteration begins"
_POINTS = 400
"""Of a curve, for drawing."""


@dataclass(frozen=True)
class Does:
    """What storage of one type does in one moment, all of it together."""

    storage: str
    gives_kw: float
    """Below nothing what it takes."""
    charge_kwh: float
    kept_kwh: float
    """For this duty, between empty and full."""

    @property
    def charge_frac(self) -> float:
        """Of what it keeps for this duty."""
        return self.charge_kwh / self.kept_kwh


@dataclass(frozen=True)
class Moment:
    """A second of an event, and what begins in it."""

    second: float
    happens: str
    load_kw: float
    does: tuple[Does, ...]
    meter_kw: float


@dataclass(frozen=True)
class Curves:
    """Of an event, at the meter, for drawing."""

    seconds: tuple[float, ...]
    load_kw: tuple[float, ...]
    """What would be drawn without the site's storage."""
    meter_kw: tuple[float, ...]
    charge_frac: tuple[float, ...]


@dataclass(frozen=True)
class StorageEvent:
    """An event that storage has a duty in, in seconds from its beginning."""

    key: Literal["swing", "ramp", "shaving"]
    title: str
    load: str
    """What the load of its moments is."""
    moments: tuple[Moment, ...]
    note: str
    curves: Curves | None = None

    @property
    def said(self) -> str:
        """The event in a paragraph."""
        return f"{self.title}. " + " ".join(_sentence(self.load, m) for m in self.moments) + f" {self.note}"


def make_events(plan: Plan) -> tuple[StorageEvent, ...]:
    """One iteration of a swing, a job's end with the next one's start, and a day's peak: those that storage of the plan
    is kept for; none of a plan whose storage has no shares."""
    if not plan.sized.storage or plan.connected is None or plan.basis.duties is None:
        return ()
    calm = plan.basis.duties.model_copy(update={"noise_frac": 0.0})
    phase, kept = len(plan.brief.phases) - 1, {s.duty for s in plan.sized.storage}
    found: list[StorageEvent | None] = []
    if "swing" in kept:
        found.append(_swing(plan, calm, phase))
    if "ramp" in kept:
        found.append(_ramp(plan, calm, phase))
    if "shaving" in kept:
        found.append(_peak_with_ramps(plan, calm, phase) or _peak(plan, phase))
    return tuple(event for event in found if event is not None)


def _swing(plan: Plan, calm: DutiesBasis, phase: int) -> StorageEvent | None:
    """From the moment in which all begin to compute, over the longest iteration."""
    racks, stores = np.zeros(round(SWINGS_S / STEP_S)), []
    periods_s = []
    for kind, blocks in zip(plan.sized.kinds, plan.sized.blocks, strict=True):
        it, swings, standing = plan.module(kind.pod).it, swinging(plan, kind), blocks[phase]
        if it is None or not standing:
            continue
        peak_kw = standing * kind.pods * it.peak_kw
        if swings is None:
            racks += peak_kw
            continue
        low_kw = peak_kw - standing * swings.swing_kw
        racks += make_swings(peak_kw, low_kw, swings.period_s, swings.high_frac, 0.0, SWINGS_S, STEP_S, SEED)
        periods_s.append(swings.period_s)
        for share in (s for s in plan.sized.storage if s.kind == kind.name and s.duty == "swing"):
            name = f"{share.sku} in {number(standing)} {_blocks(standing)} of kind {kind.name}"
            stores.append((name, along_own(calm, share, swings), standing))
    if not periods_s:
        return None
    site = along_swings(plan, calm, phase)
    if site.usable_kwh:
        stores.append((f"{_site_skus(plan, 'swing', phase)} of the site", site, 1))
    period_s, seen = max(periods_s), _meter(plan, phase)(site.seen_kw)
    moments = []
    for index in _edges(racks, round(period_s / STEP_S)):
        # The step after the edge, which may lie inside its own.
        at = index + 1
        again = index * STEP_S >= period_s - STEP_S
        computes = racks[at] > racks.mean()
        moments.append(
            Moment(
                second=index * STEP_S,
                happens=AGAIN if again else "accelerators compute" if computes else "accelerators wait",
                load_kw=float(racks[at]),
                does=tuple(_does(name, along, at, STEP_S, index, count) for name, along, count in stores),
                meter_kw=float(seen[at]),
            )
        )
    return StorageEvent(
        key="swing",
        title=f"Swings of training, one iteration of {_figure(period_s, 1)} s",
        load="the racks draw",
        moments=tuple(moments),
        note=(
            f"The racks swing by {_mw(float(np.ptp(racks)))}; the meter sees {_mw(float(seen.min()))} to "
            f"{_mw(float(seen.max()))}, {_without(plan, phase)}."
        ),
    )


def _without(plan: Plan, phase: int) -> str:
    """What the meter would see of the same swings if nothing took them up, and what it may see."""
    bare = plan.model_copy(update={"sized": plan.sized.model_copy(update={"storage": ()})})
    _, meter = drawn(bare, phase)
    limit, given_mw = plan.brief.grid.swing_mw, plan.brief.connection_in(phase).given_mw
    asked = f" and may swing by {limit:g} MW" if limit is not None else ""
    return f"without storage {_mw(meter.low_kw)} to {_mw(meter.high_kw)}; the connection gives {given_mw:g} MW{asked}"


def _ramp(plan: Plan, calm: DutiesBasis, phase: int) -> StorageEvent | None:
    """From the second in which the first job of the day ends until the meter has followed the next one's start."""
    limit = plan.brief.grid.ramp_mw_per_min
    if limit is None:
        return None
    along = along_ramps(plan, calm, phase, limit)
    load, gives = along.load_kw, along.gives_kw
    idle = load <= load.min() + _EDGE_FRAC * np.ptp(load)
    if not np.ptp(load) or not idle.any():
        return None
    ends = int(idle.argmax())
    starts = _first(~idle, ends)
    # What brings the charge back goes on after the meter has followed.
    beside_kw = 1.01 * calm.recharge_frac * float(np.abs(gives).max())
    followed = [_first(gives >= -beside_kw, ends), _first(gives <= beside_kw, starts)]
    picked = [
        (ends, "a job ends and the accelerators idle"),
        # Where the next job starts before, the meter never gets there.
        *([(followed[0], "the meter has all but come down to the load")] if followed[0] < starts else []),
        (starts, "the next job starts"),
        (followed[1], "the meter has all but come up to the load"),
    ]
    name, meter = _ramp_skus(plan, phase), _meter(plan, phase)
    seen = meter(along.held.grid_kw)
    moments = tuple(
        Moment(
            second=float(at - ends),
            happens=happens,
            load_kw=float(meter(load)[at]),
            does=(_does(name, along, at, 1.0, at, 1),),
            meter_kw=float(seen[at]),
        )
        for at, happens in picked
    )
    return StorageEvent(
        key="ramp",
        title="A job ends and the next one starts",
        load="without storage the meter would see",
        moments=moments,
        note=(
            f"In between the meter never changes by more than {limit:g} MW a minute; afterwards what is missing of "
            f"half a charge, or over it, is made up with {calm.recharge_frac:.0%} of the power at the most."
        ),
        curves=_curves(plan, phase, along, ends - 120, followed[1] + 300, ends),
    )


def _peak(plan: Plan, phase: int) -> StorageEvent | None:
    """From the beginning of the peak until storage is full again."""
    along, hours = along_peak(plan, phase), plan.brief.storage.shaving.peak_h
    if along is None or hours is None:
        return None
    over = round(hours * 3600 / PEAK_STEP_S)
    # Batteries that even swings out do so besides: the curves are of their high level.
    evened_kw = grown(plan, phase) * sum(
        s.relief_kw for s in plan.sized.storage if (s.kind, s.duty, s.phase) == ("", "swing", phase)
    )
    besides = f"; what swings above the mean, {_mw(evened_kw)} of it, is taken up besides" if evened_kw else ""
    full = _first(along.held.stored_kwh >= _FULL_FRAC * along.usable_kwh, over) + 1
    name, meter = f"{_site_skus(plan, 'shaving', phase)} of the site", _meter(plan, phase)
    picked = ((0, "the peak begins"), (over, "the peak is over"), (full, "storage is full again"))
    moments = tuple(
        Moment(
            second=at * PEAK_STEP_S,
            happens=happens,
            load_kw=float(meter(along.load_kw)[at]),
            does=(_does(name, along, at, PEAK_STEP_S, at, 1),),
            meter_kw=float(meter(along.held.grid_kw)[at]),
        )
        for at, happens in picked
    )
    return StorageEvent(
        key="shaving",
        title=f"A peak of {hours:g} h, every day",
        load="without storage the meter would see",
        moments=moments,
        note=f"The connection gives {plan.brief.connection_in(phase).given_mw:g} MW{besides}.",
    )


def _peak_with_ramps(plan: Plan, calm: DutiesBasis, phase: int) -> StorageEvent | None:
    """The same where the meter may only change slowly: from the second day of two that are equal."""
    both, hours = along_day(plan, calm, phase), plan.brief.storage.shaving.peak_h
    if both is None or hours is None:
        return None
    shaved, ramped = both
    if shaved is None:
        return None
    begins, over = shaved.load_kw.size // 2, shaved.load_kw.size // 2 + round(hours * 3600)
    # It is level with the connection wherever nothing is missing of what ramps take.
    highest_kw = float(shaved.held.grid_kw[begins:over].max())
    up = _first(ramped.held.grid_kw >= highest_kw * _FULL_FRAC, begins - 1)
    full = _first(shaved.held.stored_kwh >= _FULL_FRAC * shaved.usable_kwh, over) + 1
    meter, site = _meter(plan, phase), f"{_site_skus(plan, 'shaving', phase)} of the site"
    stores = [(f"{site} for the peak", shaved)]
    stores += [(f"{_ramp_skus(plan, phase)} for ramps", ramped)] if ramped.usable_kwh else []
    picked = [(begins, "the peak begins"), (over, "the peak is over"), (full, "storage is full again")]
    if begins < up < over:
        picked.insert(1, (up, "the meter has come up to what the connection gives"))
    moments = tuple(
        Moment(
            second=float(at - begins),
            happens=happens,
            load_kw=float(meter(shaved.load_kw)[at]),
            does=tuple(_does(name, along, at, 1.0, at, 1) for name, along in stores),
            meter_kw=float(meter(ramped.held.grid_kw)[at]),
        )
        for at, happens in picked
        if at < shaved.load_kw.size
    )
    board = drawn(plan, phase)[0]
    evened_kw = sum(s.relief_kw for s in plan.sized.storage if (s.kind, s.duty, s.phase) == ("", "swing", phase))
    above_kw = grown(plan, phase) * (board.high_kw - board.mean_kw - evened_kw)
    besides = f"; swings are evened out here and reach {_mw(above_kw)} higher" if above_kw > ROUNDING_KW else ""
    return StorageEvent(
        key="shaving",
        title=f"A peak of {hours:g} h, every day, and jobs",
        load="without storage the meter would see",
        moments=moments,
        note=(
            f"The connection gives {plan.brief.connection_in(phase).given_mw:g} MW and may change by "
            f"{plan.brief.grid.ramp_mw_per_min:g} MW a minute{besides}."
        ),
    )


def _does(name: str, along: Along, at: int, step_s: float, charged_at: int, count: int) -> Does:
    """Of so many of them: what is given in a step, and the charge at the beginning of another."""
    stored, gives = along.held.stored_kwh, along.gives_kw
    # Before the first step: none of these begins by charging, so that nothing is lost on the way.
    kwh = float(stored[charged_at - 1] if charged_at else stored[0] + gives[0] * step_s / 3600)
    return Does(name, count * float(gives[at]), count * kwh, count * along.usable_kwh)


def _curves(plan: Plan, phase: int, along: Along, first: int, last: int, zero: int) -> Curves:
    meter, window = _meter(plan, phase), slice(max(first, 0), min(last, along.load_kw.size))
    every = max(1, (window.stop - window.start) // _POINTS)
    at = np.arange(window.start, window.stop, every)
    return Curves(
        seconds=tuple((at - zero).astype(float).tolist()),
        load_kw=tuple(meter(along.load_kw)[at].tolist()),
        meter_kw=tuple(meter(along.held.grid_kw)[at].tolist()),
        charge_frac=tuple((along.held.stored_kwh[at] / along.usable_kwh).tolist()),
    )


def _meter(plan: Plan, phase: int) -> Callable[[Powers], Powers]:
    """From what the switchgear gives to what the meter sees."""
    (board, meter), factor = drawn(plan, phase), grown(plan, phase)
    return lambda kw: np.asarray(meter.idle_kw + factor * (kw - board.idle_kw))


def _edges(load: Powers, steps: int) -> Iterator[int]:
    """The steps in which another level begins, from the first to the one that ends the iteration."""
    yield 0
    changed = np.abs(np.diff(load[: steps + 2])) > _EDGE_FRAC * np.ptp(load)
    steep = np.flatnonzero(changed) + 1
    # An edge inside a step shows in two of them.
    yield from (int(b) for a, b in pairwise([0, *steep]) if b - a > 1)


def _first(where: "np.typing.NDArray[np.bool_]", start: int) -> int:
    """The first step after `start` at which it holds; the last of all where there is none."""
    found = np.flatnonzero(where[start + 1 :])
    return start + 1 + int(found[0]) if found.size else where.size - 1


def _site_skus(plan: Plan, duty: str, phase: int) -> str:
    shares = plan.sized.storage
    return " and ".join(dict.fromkeys(s.sku for s in shares if not s.kind and (s.duty, s.phase) == (duty, phase)))


def _ramp_skus(plan: Plan, phase: int) -> str:
    site = _site_skus(plan, "ramp", phase)
    own = dict.fromkeys(s.sku for s in plan.sized.storage if s.kind and (s.duty, s.phase) == ("ramp", phase))
    return " and ".join([*([f"{site} of the site"] if site else []), *(f"{sku} in the blocks" for sku in own)])


def _blocks(count: int) -> str:
    return "block" if count == 1 else "blocks"


def _sentence(load: str, moment: Moment) -> str:
    begins = f"Second {_figure(moment.second, 1)} ({moment.happens}): "
    if moment.happens == AGAIN:
        return begins + "; ".join(f"{d.storage} at {_charge(d)}" for d in moment.does) + "."
    does = "; ".join(_told(d) for d in moment.does)
    return f"{begins}{load} {_mw(moment.load_kw)}; {does}; the meter sees {_mw(moment.meter_kw)}."


def _told(does: Does) -> str:
    verb = ("give" if does.gives_kw >= 0 else "take") + ("" if " and " in does.storage else "s")
    return f"{does.storage} {verb} {_mw(abs(does.gives_kw))} (charge {_charge(does)})"


def _charge(does: Does) -> str:
    return f"{does.charge_frac:.0%} of {_figure(does.kept_kwh, 0 if does.kept_kwh >= 100 else 1)} kWh"


def _figure(value: float, digits: int) -> str:
    """Without decimals that say nothing."""
    return number(value, digits if round(value, digits) % 1 else 0)


def _mw(kw: float) -> str:
    return f"{number(kw / 1000, 2 if abs(kw) < 10_000 else 1)} MW"
