"""What a site's storage is asked for, as the master sees it: watts and watt-hours, factors in parts of one."""

import math
from dataclasses import dataclass
from typing import NamedTuple

from prefab.brief import SiteBrief
from prefab.columns import Column
from prefab.duties import Duties, Held, marginal_frac
from prefab.eligible import SiteOffers
from prefab.errors import InputError
from prefab.levels import Levels
from prefab.units import GENEROUS, WATTS, Rounding, need

Columns = tuple[Column, ...]

_PARTS = 100_000
_LEAST_PARTS = 100
_CHARGING_OF_RAMP_FRAC = 0.5
"""Of the limit of ramps, for what charges after a peak."""
_FINE_FRAC = 0.001
"""Of the most that is given in the hours of a peak: nearer to the curve of what recharges, lines gain nothing."""
_STANDING = 1.1
"""What a site draws, over its blocks, at the most."""
_REACH = 2**53 * 9 // 10
"""Of a row of the master."""


class SwingAsk(NamedTuple):
    """Per watt of the swings of one IT demand that storage takes up."""

    power_parts: int
    energy_parts: int
    """Watt-hours."""
    relief_parts: int
    """What the site draws less at its peak, of swings that are certain."""


class Line(NamedTuple):
    """So many parts of what storage gives, less so much."""

    parts: int
    less_w: int


class ShavingAsk(NamedTuple):
    """Per watt that storage gives in the hours of the peak."""

    energy_parts: int
    recharge: tuple[Line, ...]
    """What recharges, for which the other hours must have room: the highest of them."""
    rest_parts: int
    """What is drawn in the other hours, over the peak."""
    ample_w: int
    """A connection that no peak comes near."""
    most_w: int
    """More could not be taken back before the next peak without changing the draw faster than the limit."""


@dataclass(frozen=True)
class StorageAsk:
    """Everything that batteries, and UPS that give back, are asked for at one time."""

    reserve_w: int = 0
    reserve_wh: int = 0
    """For the grid, at full build."""
    varies: bool = False
    """Whether more than the reserve may be wanted: by how much, blocks decide."""
    swings: tuple[SwingAsk | None, ...] = ()
    """By IT demand."""
    seen_w: int | None = None
    """Swings that the switchgear may pass on, peak to peak; any where the brief does not say."""
    ramp_frac: float = 1.0
    """Power kept for ramps, over the step."""
    ramp_h: float = 0.0
    """Energy over the step likewise."""
    ramp_power_parts: int = 1
    ramp_parts: int = 0
    """Both in whole numbers."""
    shaving: ShavingAsk | None = None
    most_w: int = 0
    most_wh: int = 0
    """More is never of use."""
    widest_w: int = 0
    """No duty is of more watts, as the load has them: of a swing storage keeps less power than it takes up."""
    parts: int = 1
    """Of one, in which all factors are counted: fewer for so much storage that rows would be too large."""

    def taken(self, demand: int, phase: int) -> str:
        """Watts of the swings of an IT demand that the site's batteries take up."""
        return f"taken:{demand}:{phase}"

    def relieved(self, demand: int, phase: int) -> str:
        """By how many watts the site draws less at its peak for it."""
        return f"relieved:{demand}:{phase}"

    def lent(self, phase: int) -> str:
        """Watts of ramps that UPS give in place of the batteries."""
        return f"lent:{phase}"

    def shaved(self, phase: int) -> str:
        """Watts that the batteries give in the hours of the peak."""
        return f"shaved:{phase}"

    @property
    def shaving_power(self) -> tuple[Line, ...]:
        """Power of what gives in the hours of the peak: the highest of them, more than it gives where it must be
        recharged faster than it is taken."""
        assert self.shaving is not None
        return (Line(self.parts, 0), *(line for line in self.shaving.recharge if line.parts > self.parts))

    def lasting_kw(self, held: Held) -> float:
        """The step that storage may take of ramps, as long as its power and energy last."""
        power_kw = held.power_kw / self.ramp_frac
        return min(power_kw, held.energy_kwh / self.ramp_h) if self.ramp_h else power_kw


class BlockAsk(NamedTuple):
    """What one block leaves to the site, and gives."""

    swing_w: int = 0
    sure_w: int = 0
    """Of its swing at the least."""
    step_w: int = 0
    relief_w: int = 0
    offer_w: int = 0
    """For ramps, as long as its energy lasts."""
    level_w: int = 0
    """What its switchgear gives at the peak with nothing lost, less what its own storage takes up."""


def make_storage_ask(offered: SiteOffers, columns: Columns, rounding: Rounding) -> StorageAsk:
    """For sites of these columns.

    Raises:
        InputError: more storage than can be counted.
    """
    brief, catalog = offered.brief, offered.catalog
    reserve_kw, hours = brief.storage.power_mw * 1000, brief.storage.duration_h
    reserve_w, reserve_wh = rounding.needed(reserve_kw, WATTS), rounding.needed(reserve_kw * hours, WATTS)
    duties = Duties(brief, catalog)
    if not duties.varies:
        return StorageAsk(reserve_w, reserve_wh, most_w=reserve_w, most_wh=reserve_wh)
    lost_frac = _lost_frac(offered)
    its = {m.sku: m.it for m in catalog.modules}
    step_kw, swing_kw, drawn_kw = (
        _most_of(brief, columns, [each(c) for c in columns]) for each in (_step_kw, _swing_kw, lambda c: c.mv_worst_kw)
    )
    pauses = (duties.levels(c.demand, its.get(c.pod)) for c in columns)
    pause_frac, level_frac = max((p.pause_frac for p in pauses if p), default=0.0), _level_frac(brief, columns)
    ramp_h = duties.ramp_h(step_kw, lost_frac, pause_frac, level_frac)
    levels = [_levels(duties, n, columns) for n in range(len(brief.it.demands))]
    swinging = [each for each in levels if each is not None]
    most_kw = [reserve_kw, duties.ramp_frac * step_kw]
    most_kwh = [reserve_kw * hours, step_kw * ramp_h]
    most_kw.append(max((duties.power_frac(each) for each in swinging), default=0.0) * swing_kw)
    most_kwh.append(max((duties.energy_h(each) for each in swinging), default=0.0) * swing_kw)
    widest_kw, back, shaving_kw = max(step_kw, swing_kw), None, 0.0
    if duties.shaves_h is not None:
        # Never more than what is left in the other hours would let it take back.
        shaved_kw = (1 - (brief.storage.shaving.rest_frac or 0.0)) * drawn_kw * _STANDING
        back = _taken_back(offered, shaved_kw, lost_frac)
        widest_kw = max(widest_kw, back.most_kw)
        most_kw.append(max(back.most_kw, back.recharge_kw))
        most_kwh.append(back.most_kw * _whole_minutes(duties.shaves_h))
        shaving_kw = back.most_kw * (1 + back.steepest)
    of_blocks_kw = [duties.ramp_frac * step_kw, step_kw * ramp_h, drawn_kw if duties.shaves_h is not None else 0.0]
    parts = _parts_for(offered, sum(most_kw), sum(most_kwh), len(columns) * max(of_blocks_kw) + shaving_kw)
    swings = tuple(_swing_ask(duties, each, parts, rounding) for each in levels)
    seen_mw = brief.grid.swing_mw
    return StorageAsk(
        reserve_w,
        reserve_wh,
        varies=True,
        swings=swings if duties.swings else (None,) * len(swings),
        seen_w=None if seen_mw is None else rounding.had(seen_mw * 1000 / (1 + lost_frac), WATTS),
        ramp_frac=duties.ramp_frac,
        ramp_h=ramp_h,
        shaving=None if back is None else _shaving_ask(offered, back, 2 * drawn_kw, parts, rounding),
        most_w=rounding.needed(sum(most_kw), WATTS),
        most_wh=rounding.needed(sum(most_kwh), WATTS),
        widest_w=rounding.needed(widest_kw, WATTS),
        ramp_parts=rounding.needed(ramp_h, parts),
        ramp_power_parts=rounding.needed(duties.ramp_frac, parts),
        parts=parts,
    )


def make_block_ask(column: Column, ask: StorageAsk, rounding: Rounding) -> BlockAsk:
    """A block's part in whole watts."""
    duty = column.duty
    level_w = rounding.had(column.mv_kw - (duty.lighter_kw if duty else 0.0), WATTS)
    if duty is None:
        return BlockAsk(level_w=level_w)
    return BlockAsk(
        rounding.needed(duty.swing_kw, WATTS),
        rounding.had(duty.sure_kw, WATTS),
        rounding.needed(duty.step_kw, WATTS),
        rounding.had(duty.relief_kw, WATTS),
        sum(rounding.had(ask.lasting_kw(offer), WATTS) for offer in duty.offers),
        level_w,
    )


def _step_kw(column: Column) -> float:
    return column.duty.step_kw if column.duty else 0.0


def _swing_kw(column: Column) -> float:
    return column.duty.swing_kw if column.duty else 0.0


def _lost_frac(offered: SiteOffers) -> float:
    """The most that is lost of a kilowatt more between the utility and the switchgear's feeders."""
    kept = 1.0
    for carrier in ("mv_ac", "utility_mv", "hv_bay"):
        modules = [o.module for o in offered.of(carrier)[0]]
        kept *= 1 + marginal_frac(modules, carrier, offered.catalog.basis.power_factor)
    return kept - 1


def _most_of(brief: SiteBrief, columns: Columns, each_kw: list[float]) -> float:
    """More than the blocks of any site have together: of every demand less than a block too many."""
    found = 0.0
    for n, demand in enumerate(brief.it.demands):
        own = [(c.it_kw, kw) for c, kw in zip(columns, each_kw, strict=True) if c.demand == n]
        it_kw = brief.demand_kw_until(demand.name, len(brief.phases) - 1)
        most_kw = it_kw + max((block_kw for block_kw, _ in own), default=0.0)
        found += most_kw * max((kw / block_kw for block_kw, kw in own), default=0.0)
    return found


def _parts_for(offered: SiteOffers, most_kw: float, most_kwh: float, of_blocks_kw: float) -> int:
    """As many as rows bear in which every battery, and every kind of block, may stand as often as it alone would be
    enough."""
    batteries = [b for o in offered.of("mv_storage")[0] if (b := o.module.grid_battery) is not None]
    lasting_h = max((b.energy_kwh / b.power_kw for b in batteries), default=0.0)
    reach = WATTS * ((len(batteries) + 3) * max(most_kw, most_kwh, most_kw * lasting_h) + of_blocks_kw)
    parts = _PARTS
    while parts > _LEAST_PARTS and reach * parts > _REACH:
        parts //= 10
    if reach * parts > _REACH:
        raise InputError(
            f"grid, storage: what is asked of storage would take up to {most_kwh / 1e6:,.0f} GWh of batteries, more "
            "than can be counted; a faster grid.ramp_mw_per_min or a smaller site takes less"
        )
    return parts


def _levels(duties: Duties, demand: int, columns: Columns) -> Levels | None:
    """Periods are the card's, so that every pod of a demand has the same."""
    pods = {c.pod for c in columns if c.demand == demand}
    found = (duties.levels(demand, m.it) for m in duties.catalog.modules if m.sku in pods)
    return next((each for each in found if each is not None), None)


def _swing_ask(duties: Duties, levels: Levels | None, parts: int, rounding: Rounding) -> SwingAsk | None:
    if levels is None:
        return None
    return SwingAsk(
        rounding.needed(duties.power_frac(levels), parts),
        rounding.needed(duties.energy_h(levels), parts),
        rounding.had(1 - levels.high_frac, parts),
    )


def _level_frac(brief: SiteBrief, columns: Columns) -> float:
    """By how much any site's draw falls after the hours of a peak, at the most, over the step of its jobs; nothing
    where there are no such hours."""
    rest_frac = brief.storage.shaving.rest_frac
    if rest_frac is None:
        return 0.0
    each = ((_STANDING * c.mv_worst_kw, _step_kw(c)) for c in columns)
    return (1 - rest_frac) * max((kw / step_kw if step_kw else math.inf for kw, step_kw in each), default=0.0)


@dataclass(frozen=True)
class _Back:
    """Storage that is recharged within so many hours: the power `kw` that this takes gives back
    (left_h * kw - kw**2 / kw_per_h) / taken_h before the next peak."""

    most_kw: float
    """That it may give in the hours of a peak."""
    recharge_kw: float
    """For the most."""
    taken_h: float
    """Of what it gives."""
    left_h: float
    kw_per_h: float
    """No faster that begins and ends."""

    @property
    def pieces(self) -> int:
        """Of the curve, each as straight as is fine enough."""
        bent_kw = self.recharge_kw**2 / self.kw_per_h / self.taken_h / 4
        return max(1, math.ceil(math.sqrt(bent_kw / self.most_kw / _FINE_FRAC))) if bent_kw else 1

    @property
    def steepest(self) -> float:
        """Watts more that recharge for a watt more."""
        return max(frac for frac, _ in self.lines(touching=False))

    def lines(self, *, touching: bool) -> list[tuple[float, float]]:
        """What recharges over what is given, and what it is less, for each piece: through both its ends, where the
        curve, which bends upwards, is no higher; or touching it between, where it is nowhere lower."""
        found = []
        for n in range(self.pieces):
            low_kw, high_kw = (self.recharge_kw * end / self.pieces for end in (n, n + 1))
            at_kw = (low_kw + high_kw) / 2 if touching else low_kw
            frac = self.taken_h / (self.left_h - (low_kw + high_kw) / self.kw_per_h)
            found.append((frac, frac * self._given_kw(at_kw) - at_kw))
        return found

    def _given_kw(self, recharge_kw: float) -> float:
        return (self.left_h * recharge_kw - recharge_kw**2 / self.kw_per_h) / self.taken_h


def _taken_back(offered: SiteOffers, shaved_kw: float, lost_frac: float) -> _Back:
    """How batteries that give up to so much in the hours of a peak are recharged in the other hours: with more where
    that begins and ends slowly for the limit of ramps."""
    peak_h = _whole_minutes(offered.brief.storage.shaving.peak_h or 0.0)
    batteries = (o.module.grid_battery for o in offered.of("mv_storage")[0])
    taken_h = peak_h / min((b.round_trip_frac for b in batteries if b is not None), default=1.0)
    left_h, limit = 24 - peak_h, offered.brief.grid.ramp_mw_per_min
    if limit is None:
        return _Back(shaved_kw, shaved_kw * taken_h / left_h, taken_h, left_h, math.inf)
    kw_per_h = _CHARGING_OF_RAMP_FRAC * limit * 1000 * 60 / (1 + lost_frac)
    # So many hours at full power, and as long to get there and back, are what is left: the faster way of two.
    kw = min(shaved_kw, left_h**2 * kw_per_h / 4 / taken_h)
    slow_h = math.sqrt(max(0.0, left_h**2 - 4 * taken_h * kw / kw_per_h))
    return _Back(kw, 2 * taken_h * kw / (left_h + slow_h), taken_h, left_h, kw_per_h)


def _whole_minutes(peak_h: float) -> float:
    """Hours of a peak as a load is metered."""
    return min(need(peak_h, 60), 24 * 60 - 1) / 60


def _shaving_ask(
    offered: SiteOffers, back: _Back, ample_kw: float, parts: int, rounding: Rounding
) -> ShavingAsk | None:
    asked = offered.brief.storage.shaving
    if asked.peak_h is None or asked.rest_frac is None:
        return None
    lines = back.lines(touching=rounding == GENEROUS)
    return ShavingAsk(
        energy_parts=rounding.needed(_whole_minutes(asked.peak_h), parts),
        recharge=tuple(Line(rounding.needed(frac, parts), rounding.had(kw, WATTS)) for frac, kw in lines),
        rest_parts=rounding.needed(asked.rest_frac, parts),
        ample_w=rounding.needed(ample_kw, WATTS),
        most_w=rounding.had(back.most_kw, WATTS),
    )
