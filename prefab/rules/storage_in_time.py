"""Storage does its duties second by second: what the grid then sees of swings, ramps and peaks.

The load of each phase, and how the storage follows it as the plan shares it out, are drawn by `storage_loads`; here is
what is asked of them.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from prefab.basis import DutiesBasis
from prefab.brief import SiteBrief
from prefab.plan import BlockKind, Plan
from prefab.results import Finding
from prefab.rules.storage_loads import (
    ROUNDING_KW,
    Drawn,
    along_day,
    along_own,
    along_peak,
    along_ramps,
    along_swings,
    drawn,
    grown,
    of_site,
    own_swing_kw,
    swinging,
    swinging_shares,
    taken,
)
from prefab.shares import Share

TITLE = "Storage in time"
BASIS = (
    "brief grid.swing_mw, grid.ramp_mw_per_min, storage.shaving; workload swing; design basis duties; the plan's "
    "shares of storage, on synthetic loads"
)
WISHES = ("grid.swing_mw", "grid.ramp_mw_per_min")
RULE = "storage_in_time"

_SAME_FRAC = 1e-6


def check(plan: Plan) -> tuple[Finding, ...]:
    """Per phase what the connection sees, and what storage could not do of its part; nothing where nothing is asked."""
    grid, shaving, basis = plan.brief.grid, plan.brief.storage.shaving, plan.basis.duties
    asked = grid.swing_mw is not None or grid.ramp_mw_per_min is not None or shaving.allowed
    if not asked or basis is None:
        return ()
    phases = range(len(plan.brief.phases))
    return (*_own(plan, basis), *(f for phase in phases for f in _in_phase(plan, basis, phase)))


def _own(plan: Plan, basis: DutiesBasis) -> Iterable[Finding]:
    """The storage of one block of each kind along its pods' own swings."""
    for kind in plan.sized.kinds:
        swings, own = swinging(plan, kind), swinging_shares(plan, kind)
        for share in own:
            if swings is not None:
                along = along_own(basis, share, swings)
                text = f"missed of swings of {share.swing_kw:,.0f} kW"
                yield Finding.at_most(RULE, _at(kind, share), along.held.short_kw, ROUNDING_KW, "kW", text)
        for place in {(s.carrier, s.sku): s for s in own}.values():
            here, less_kw = [s for s in own if (s.carrier, s.sku) == (place.carrier, place.sku)], 0.0
            if swings is not None:
                passing_kw = own_swing_kw(plan, kind, place, swings)
                less_kw = (1 - swings.high_frac) * min(passing_kw, sum(s.swing_kw for s in here))
            yield _relieved(_at(kind, place), here, less_kw)


def _at(kind: BlockKind, share: Share) -> str:
    return f"a block of kind {kind.name}, {share.sku} ({share.carrier})"


def _relieved(where: str, shares: Sequence[Share], less_kw: float) -> Finding:
    """What is claimed for the site's peak, beside what its storage then gives."""
    claimed_kw = sum(s.relief_kw for s in shares)
    return Finding.at_most(RULE, where, claimed_kw, less_kw + ROUNDING_KW, "kW", "taken off the peak by swings")


def _in_phase(plan: Plan, basis: DutiesBasis, phase: int) -> Iterable[Finding]:
    where = f"phase {plan.brief.phases[phase].name}"
    board, _ = drawn(plan, phase)
    factor = grown(plan, phase)
    yield from _swings(plan, basis, phase, where, board, factor)
    yield from _ramps(plan, basis, phase, where, factor)
    yield from _shaved(plan, phase, where)
    yield from _both(plan, basis, phase, where, factor)


def _swings(plan: Plan, basis: DutiesBasis, phase: int, where: str, board: Drawn, factor: float) -> Iterable[Finding]:
    """What blocks leave of their swings, and what the batteries leave of that."""
    limit, shares = plan.brief.grid.swing_mw, of_site(plan, phase, "swing")
    if limit is None and not shares:
        return
    along = along_swings(plan, basis, phase)
    held = along.held
    text = f"of {factor * board.swing_kw:,.0f} kW peak to peak that blocks leave"
    if limit is not None:
        seen_kw = factor * float(np.ptp(along.seen_kw))
        yield Finding.at_most(RULE, where, seen_kw, limit * 1000 + ROUNDING_KW, "kW", f"swing seen, {text}")
    if shares:
        yield Finding.at_most(RULE, where, held.short_kw, ROUNDING_KW, "kW", f"missed of swings {text}")
        less_kw = sum((1 - part.high_frac) * kw for _, part, _, kw in taken(plan, phase))
        yield _relieved(where, shares, less_kw)


def _ramps(plan: Plan, basis: DutiesBasis, phase: int, where: str, factor: float) -> Iterable[Finding]:
    limit = plan.brief.grid.ramp_mw_per_min
    if limit is None:
        return
    along = along_ramps(plan, basis, phase, limit)
    held, load = along.held, along.load_kw
    step_kw = factor * float(load.max() - load.min())
    text = f"fastest change over a day of {basis.jobs_per_day_count} jobs, each a step of {step_kw:,.0f} kW"
    seen = factor * held.ramp_kw_per_min / 1000
    yield Finding.at_most(RULE, where, seen, limit * (1 + _SAME_FRAC), "MW/min", text)
    yield Finding.at_most(RULE, where, held.short_kw, ROUNDING_KW, "kW", "missed of the ramps")


def _shaved(plan: Plan, phase: int, where: str) -> Iterable[Finding]:
    asked, along = plan.brief.storage.shaving, along_peak(plan, phase)
    if along is None:
        return
    given_kw = sum(s.relief_kw for s in of_site(plan, phase, "shaving"))
    text = f"missed of {given_kw:,.0f} kW for {asked.peak_h:g} h a day"
    yield Finding.at_most(RULE, where, along.held.short_kw, ROUNDING_KW, "kW", text)
    charged_kwh, text = float(along.held.stored_kwh[-1]), "charged again before the next peak"
    yield Finding.at_least(RULE, where, charged_kwh, along.usable_kwh * (1 - _SAME_FRAC), "kWh", text)


def _both(plan: Plan, basis: DutiesBasis, phase: int, where: str, factor: float) -> Iterable[Finding]:
    """Shaved hours begin and end, and jobs within them and beside: storage does both in the same seconds."""
    limit, along = plan.brief.grid.ramp_mw_per_min, along_day(plan, basis, phase)
    if along is None or limit is None:
        return
    shaved, ramped = along
    text = "fastest change over days of jobs with hours of a peak"
    seen = factor * ramped.held.ramp_kw_per_min / 1000
    yield Finding.at_most(RULE, where, seen, limit * (1 + _SAME_FRAC), "MW/min", text)
    missed_kw = max(shaved.held.short_kw if shaved else 0.0, ramped.held.short_kw)
    yield Finding.at_most(RULE, where, missed_kw, ROUNDING_KW, "kW", "missed of ramps and hours together")


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    grid = brief.grid
    asked = []
    if grid.swing_mw is not None:
        asked.append(f"swings of no more than {grid.swing_mw:g} MW")
    if grid.ramp_mw_per_min is not None:
        asked.append(f"changes of no more than {grid.ramp_mw_per_min:g} MW a minute")
    if brief.storage.shaving.allowed:
        asked.append("no peak above what it gives")
    return f"In every second the grid sees {' and '.join(asked)}." if asked else "Swings and ramps are not limited."
