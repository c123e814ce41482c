"""A storage element beside a load, step by step: what the grid sees, and what the storage could not do."""

import math
from dataclasses import dataclass

import numpy as np

from prefab.physics.trace import Powers, ramps_kw_per_min


@dataclass(frozen=True)
class Element:
    """Storage as its duties may use it: at the end of its life and inside its window of charge."""

    discharge_kw: float
    """At the connection, as `charge_kw`."""
    charge_kw: float
    usable_kwh: float
    """In the cells."""
    start_frac: float
    """Charge at the beginning, to which it returns."""
    discharge_frac: float = 1.0
    """From the cells to the connection."""
    charge_frac: float = 1.0
    """From the connection to the cells."""


@dataclass(frozen=True)
class Control:
    """What the grid is to see; nothing given, it sees the load.

    First the load and what brings the charge back, held between `floor_kw` and `ceiling_kw`; then through the filter;
    then no faster than the ramp.
    """

    floor_kw: float = -math.inf
    ceiling_kw: float = math.inf
    """Equal to the floor: flat. Apart: the grid may swing between them. Ceiling alone: shaving; 0: no grid."""
    ramp_kw_per_min: float = math.inf
    time_constant_s: float = 0.0
    """Of a first-order filter."""
    recharge_h: float = math.inf
    """What is missing of the starting charge, or over it, is made up at the rate that would take so long, but no
    faster than the element can and never at the cost of what it is for."""
    deadband_kwh: float = 0.0
    """Not for less than this."""
    recharge_kw_per_min: float = math.inf
    """What makes up for missing charge grows no faster than this, and never so far that it could not end as slowly."""


@dataclass(frozen=True, eq=False)
class Followed:
    """How it went."""

    step_s: float
    grid_kw: Powers
    stored_kwh: Powers
    """In the cells, at the end of each step."""
    missed_kw: Powers
    """The grid's power over what it was to be: positive where storage gave too little, negative where it took too
    little."""
    ramp_kw_per_min: float
    """The fastest change of the grid from one step to the next, up or down."""
    used_kwh: float
    """Between the fullest and the emptiest moment of the cells, the start included."""

    @property
    def peak_to_peak_kw(self) -> float:
        """Of the grid, over all."""
        return float(np.ptp(self.grid_kw))

    @property
    def short_kw(self) -> float:
        """The most that the storage fell short of its task, in either direction."""
        return float(np.abs(self.missed_kw).max())

    @property
    def short_kwh(self) -> float:
        """All that it fell short of, both directions added."""
        return float(np.abs(self.missed_kw).sum()) * self.step_s / 3600


def follow(load_kw: Powers, step_s: float, element: Element, control: Control) -> Followed:
    """Run the storage along the load.

    Where storage cannot do its part the grid takes the rest, and the ramp goes on from there. The first step has no
    step before it: the grid begins at the load, as far as floor and ceiling let it.
    """
    step_h = step_s / 3600
    out, into, full = element.discharge_frac, element.charge_frac, element.usable_kwh
    give_kw, take_kw = element.discharge_kw, element.charge_kw
    floor, ceiling, deadband = control.floor_kw, control.ceiling_kw, control.deadband_kwh
    recharge_h = max(control.recharge_h, step_h)
    most_kw, slowly_kw = control.ramp_kw_per_min * step_s / 60, control.recharge_kw_per_min * step_s / 60
    moved = 1 - math.exp(-step_s / control.time_constant_s) if control.time_constant_s else 1.0
    stored = start = element.start_frac * full
    grid = min(max(float(load_kw[0]), floor), ceiling)
    grid_kw, wanted_kw, stored_kwh = [], [], [start]
    flow = 0.0
    for load in load_kw.tolist():
        want, gap = load, start - stored
        if gap > deadband:
            back_kw = min(gap / into / recharge_h, take_kw)
            if slowly_kw < math.inf:
                back_kw = min(back_kw, slowly_kw - min(flow, 0.0), _ending_kw(gap / into / step_h, slowly_kw))
            want += back_kw
        elif gap < -deadband:
            want -= min(-gap * out / recharge_h, give_kw)
        want = min(max(want, floor), ceiling)
        if moved < 1:
            want = grid + (want - grid) * moved
        want = min(max(want, grid - most_kw), grid + most_kw)
        flow = load - want
        if flow > 0:
            flow = min(flow, give_kw, stored * out / step_h)
            stored -= flow * step_h / out
        elif flow < 0:
            flow = -min(-flow, take_kw, (full - stored) / into / step_h)
            stored -= flow * step_h * into
        grid = load - flow
        grid_kw.append(grid)
        wanted_kw.append(want)
        stored_kwh.append(stored)
    grids = np.array(grid_kw)
    return Followed(
        step_s=step_s,
        grid_kw=grids,
        stored_kwh=np.array(stored_kwh[1:]),
        missed_kw=grids - np.array(wanted_kw),
        ramp_kw_per_min=max(ramps_kw_per_min(grids, step_s, step_s)),
        used_kwh=max(stored_kwh) - min(stored_kwh),
    )


def _ending_kw(left_kw: float, slowly_kw: float) -> float:
    """The most that may be taken in a step of what is left, in kW over one step, so that every further step takes less
    by no more than `slowly_kw`."""
    steps = math.floor((math.sqrt(1 + 8 * left_kw / slowly_kw) - 1) / 2)
    return left_kw / (steps + 1) + steps * slowly_kw / 2
