"""What storage is asked to do at a site besides autonomy and the grid's reserve, and what a block's own storage does.

Duties are asked for at the same time, so that their powers and energies add up; nothing serves two of them. All of
them are linear in the blocks that stand: a swing asks for energy by its period, and a ramp by the site's largest step.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from prefab.brief import SiteBrief
from prefab.catalog import Catalog
from prefab.eligible import Conditions, site_conditions
from prefab.levels import Levels, levels_of
from prefab.module import ItLoad, Module
from prefab.physics.duties import noise_kwh, ramp_limit, square_wave
from prefab.physics.electrical import derate
from prefab.plan import Group
from prefab.shares import Share
from prefab.workload import Workload

_ROUNDS = 60
"""Until the slowest recharge and the energy that it follows from agree."""

_SHORT_H = 1e-6

_NOISE_S = 0.05
"""What `noise_frac` is the deviation of."""
_DRIFT_S = 120.0
"""Until the control has brought the mean back: some minutes, says `drift_frac`."""
_DRIFT_DEVIATIONS = 2.5
"""Of what noise adds up to by then, to either side: one stretch in forty goes beyond."""

_SLOW_FRAC = 0.1
"""Of the ramp limit: how fast what does not compute together changes between the levels of a day."""

SMOOTHING = "load_smoothing"
"""What capacitors at the racks give: a carrier that no module needs."""


class Held(NamedTuple):
    """What a group of a block has for duties, at its own connection."""

    carrier: str
    sku: str
    power_kw: float
    energy_kwh: float


@dataclass(frozen=True)
class BlockDuty:
    """What one block leaves to the site's storage, at its switchgear, and what it offers."""

    swing_kw: float = 0.0
    """Peak to peak, where nothing in the block takes it up: no less than it is."""
    sure_kw: float = 0.0
    """The same, no more than it is: what less swings than was thought is no relief."""
    step_kw: float = 0.0
    lighter_kw: float = 0.0
    """By how much less its switchgear gives at the peak for what its own storage takes up: no less than it is."""
    offers: tuple[Held, ...] = ()
    """Of its UPS for ramps."""
    own: tuple[Share, ...] = ()
    """What its own storage is kept for."""

    @property
    def relief_kw(self) -> float:
        """By how much the block draws less at its peak than without its own storage."""
        return sum(share.relief_kw for share in self.own)


class Duties:
    """What the brief asks of storage, by IT demand; nothing where it asks nothing or nothing swings."""

    def __init__(self, brief: SiteBrief, catalog: Catalog) -> None:
        grid = brief.grid
        self.brief = brief
        self.catalog = catalog
        self.swings = grid.swing_mw is not None or brief.storage.shaving.allowed
        """Whether swings may be taken up; where the brief does not limit them only as far as the connection asks."""
        self.ramps = grid.felt_ramp_mw_per_min is not None
        cards = {c.key: c for c in catalog.workloads}
        self.cards = tuple(cards.get(d.workload) for d in brief.it.demands)
        self.asked = (self.swings or self.ramps) and any(c is not None and c.swing is not None for c in self.cards)
        """Whether any block may ask storage for anything."""
        self.shaves_h = brief.storage.shaving.peak_h

    @property
    def varies(self) -> bool:
        """Whether more batteries may be wanted than the reserve asks for."""
        return self.asked or self.shaves_h is not None

    def levels(self, demand: int, it: ItLoad | None) -> Levels | None:
        """Of a pod that serves a demand."""
        card = self.cards[demand]
        if it is None or not isinstance(card, Workload):
            return None
        return levels_of(it, card, self.catalog.accelerators)

    def power_frac(self, levels: Levels) -> float:
        """Power kept, either way, over the swing that is taken up: its larger side, and room for noise."""
        duties = self.catalog.basis.duties
        noise = duties.noise_frac * duties.noise_deviations if duties else 0.0
        return square_wave(1.0, levels.period_s, levels.high_frac).power_kw + noise

    def energy_h(self, levels: Levels) -> float:
        """Energy over the swing that is taken up, with room to drift: of short periods noise asks for more of it than a
        part of the swing."""
        duties = self.catalog.basis.duties
        swing_h = square_wave(1.0, levels.period_s, levels.high_frac).energy_kwh
        if duties is None:
            return swing_h
        drift_h = noise_kwh(duties.noise_frac, _NOISE_S, _DRIFT_S, _DRIFT_DEVIATIONS)
        return max((1 + duties.drift_frac) * swing_h, swing_h + drift_h)

    def smoothings_kw(self, demand: int, it: ItLoad) -> frozenset[float]:
        """Power that capacitors at the racks of a pod need to take up its swings: by their power, and of each type that
        runs out of energy before, as much as holds that; nothing where none are asked for."""
        levels = self.levels(demand, it) if self.swings else None
        if levels is None:
            return frozenset()
        fracs = {self.power_frac(levels)}
        for module in (m for m in self.catalog.modules if m.capacitor is not None):
            held = self.held(module, Group(carrier=SMOOTHING, sku=module.sku, per_side=1))
            if held is not None:
                fracs.add(max(self.power_frac(levels), self.energy_h(levels) * held.power_kw / held.energy_kwh))
        return frozenset(frac * levels.swing_kw for frac in fracs)

    def block(
        self, demand: int, pod: Module, pods: int, groups: tuple[Group, ...], modules: Mapping[str, Module]
    ) -> BlockDuty | None:
        """What a block leaves to the site, and offers; None where nothing is asked of anybody."""
        levels = self.levels(demand, pod.it) if self.asked else None
        if levels is None:
            return BlockDuty() if self.asked else None
        branches, through = self._branches(pod, groups, modules, max)
        kw = pods * levels.swing_kw if self.swings else 0.0
        left_kw, own, offers = through * kw, [], []
        sure_kw = self._branches(pod, groups, modules, min)[1] * kw
        smoothing = [(g, 1.0) for g in groups if g.carrier == SMOOTHING]
        smoothed = False
        for group, frac in (*smoothing, *branches.items()):
            held = self.held(modules[group.sku], group)
            share = self._share(group, levels, demand, 0.0 if smoothed else frac * kw)
            if held is None or held.power_kw < share.power_kw or held.energy_kwh < share.energy_kwh:
                continue
            if share.swing_kw:
                own.append(share)
                # What is lost on the way is not counted: then nothing is taken up twice.
                smoothed = group.carrier == SMOOTHING
                left_kw = 0.0 if smoothed else max(0.0, left_kw - through * frac * kw)
                sure_kw = 0.0 if smoothed else max(0.0, sure_kw - through * frac * kw)
            if self.ramps and group.carrier != SMOOTHING:
                # Of ramps no more than its own part: then rectifiers never draw more than before.
                offer_kw = min(held.power_kw - share.power_kw, frac * pods * levels.step_kw)
                offers.append(Held(group.carrier, group.sku, offer_kw, held.energy_kwh - share.energy_kwh))
        return BlockDuty(
            swing_kw=left_kw,
            sure_kw=sure_kw,
            step_kw=through * pods * levels.step_kw if self.ramps else 0.0,
            lighter_kw=(1 - levels.high_frac) * through * kw if own else 0.0,
            offers=tuple(offers),
            own=tuple(own),
        )

    def _share(self, group: Group, levels: Levels, demand: int, taken_kw: float) -> Share:
        return Share(
            duty="swing",
            carrier=group.carrier,
            sku=group.sku,
            demand=demand,
            power_kw=self.power_frac(levels) * taken_kw,
            energy_kwh=self.energy_h(levels) * taken_kw,
            swing_kw=taken_kw,
            relief_kw=(1 - levels.high_frac) * taken_kw,
        )

    def _branches(
        self,
        pod: Module,
        groups: tuple[Group, ...],
        modules: Mapping[str, Module],
        which: Callable[[Iterable[float]], float],
    ) -> tuple[dict[Group, float], float]:
        """What passes each group of a kilowatt more at the racks, at the most or at the least, and what is drawn for it
        in all."""
        asked: dict[str, float] = defaultdict(float)
        for need in pod.needs:
            asked[need.carrier] += need.kw_per_kw * (need.carrier in self._electric)
        found: dict[Group, float] = {}
        units = {(g.unit_for, g.carrier): g for g in groups if g.unit_for is not None}
        factor = self.catalog.basis.power_factor
        for group in groups:
            module = modules[group.sku]
            if asked.get(group.carrier) and group.unit_for is None:
                found[group] = asked.pop(group.carrier)
                more = found[group] * (1 + which(_slopes(module, group.carrier, factor)))
                for need in (n for n in module.needs if n.through):
                    # Units of its own, such as a rectifier's transformer, lose on the way too.
                    unit = units.get((group.carrier, need.carrier))
                    if unit is None:
                        asked[need.carrier] += more
                        continue
                    beyond = more * (1 + which(_slopes(modules[unit.sku], unit.carrier, factor)))
                    for further in (n for n in modules[unit.sku].needs if n.through):
                        asked[further.carrier] += beyond
        return found, sum(asked.values())

    def held(self, module: Module, group: Group) -> Held | None:
        """Power and energy that a group of a block has for duties: of capacitors, and of UPS that may give back, their
        autonomy kept at their rating."""
        capacitor, battery, rated_kw = module.capacitor, module.ups_battery, self._rated_kw(module, group)
        if capacitor is not None and group.carrier == SMOOTHING:
            held_kwh = capacitor.usable_kwh * capacitor.end_of_life_frac * capacitor.round_trip_frac**0.5
            return Held(group.carrier, group.sku, group.count * rated_kw, group.count * held_kwh)
        if battery is None or not battery.bidirectional or module.engine is not None:
            return None
        power_kw = min(rated_kw, (battery.power_max_kw or rated_kw) * battery.inverter_efficiency_frac)
        kept_kwh = rated_kw * self.brief.autonomy.ups_min / 60
        usable_kwh = battery.usable_kwh * battery.inverter_efficiency_frac
        held_kwh = max(0.0, usable_kwh - kept_kwh)
        return Held(group.carrier, group.sku, group.count * power_kw, group.count * held_kwh)

    def _rated_kw(self, module: Module, group: Group) -> float:
        """Of one of them here."""
        given, here = module.given(group.carrier), self._here
        if given is None:
            return 0.0
        return given.rated_kw(here.power_factor) * float(derate(module.derating, here.altitude_m, here.dry_bulb_degc))

    @cached_property
    def _here(self) -> Conditions:
        return site_conditions(self.brief, self.catalog)

    @cached_property
    def _electric(self) -> frozenset[str]:
        return frozenset(c.key for c in self.catalog.carriers if c.medium == "electric")

    @property
    def ramp_frac(self) -> float:
        """Power kept for a step, over the step: what brings the charge back may go on while it begins."""
        duties = self.catalog.basis.duties
        return 1 + (duties.recharge_frac if duties else 0.0)

    def ramp_h(self, step_kw: float, lost_frac: float, pause_frac: float, level_frac: float = 0.0) -> float:
        """Energy over power of a site's ramps: the room for a fall beside what a rise takes, and on both sides for what
        the storage carries with it until it is at half charge again: of the pauses of checkpoints, and of jobs that
        start before the grid has come down from the end of those before them.

        Args:
            step_kw: The largest that all its blocks make together, at the switchgear.
            lost_frac: What is lost between switchgear and utility, of what is drawn more.
            pause_frac: How far the load falls in a pause, over the step.
            level_frac: How far it falls after the hours of a peak, over the step; nothing where there are none.
        """
        limit = self.brief.grid.felt_ramp_mw_per_min
        if limit is None or step_kw <= 0:
            return 0.0
        duties = self.catalog.basis.duties
        beside_kw = step_kw * self.ramp_frac
        each_h = ramp_limit(beside_kw, limit * 1000 / (1 + lost_frac)).energy_kwh / step_kw
        if level_frac > 1:
            # What is no job's goes on changing while the grid follows a job.
            each_h /= 1 - _SLOW_FRAC
        if duties is None:
            return 2 * each_h
        pause_h, side_h = pause_frac * duties.checkpoint_s / 3600, each_h
        idle_h, ramp_h = duties.idle_min / 60, 2 * each_h / self.ramp_frac
        reach_h, caught_h = each_h, 0.0
        if idle_h < ramp_h:
            # The next job finds the grid on its way down: storage then gives back what it has come down by, no more.
            reach_h = self.ramp_frac * idle_h * (1 - idle_h / ramp_h / 2)
            caught_h = self.ramp_frac * idle_h * (1 - idle_h / ramp_h)
        # While the grid ramps nothing is brought back; two jobs may end right after each other, others not.
        apart_h = max(_SHORT_H, 24 / duties.jobs_per_day_count - idle_h - ramp_h)
        for _ in range(_ROUNDS):
            recharge_h = max(duties.recharge_h, side_h / duties.recharge_frac / self.ramp_frac)
            pauses = -1 / math.expm1(-duties.checkpoint_every_min / 60 / recharge_h)
            jobs = min(duties.jobs_per_day_count - 1, -1 / math.expm1(-apart_h / recharge_h))
            last_h = reach_h
            if level_frac:
                fall = min(level_frac, 1.0)
                # The peak's end is one fall more: right after jobs, or with the end of the next one right after it.
                further_h = 2 * (1 - fall) * min(idle_h / ramp_h, fall) * each_h
                last_h = max(reach_h, fall**2 * each_h + max(caught_h, further_h))
            dip_h = each_h * _dip_frac(min(level_frac, 1.0), math.exp(-idle_h / recharge_h))
            side_h = max(each_h + dip_h, last_h + caught_h * jobs) + pause_h * pauses
        return 2 * side_h


def _dip_frac(level_frac: float, kept_frac: float) -> float:
    """What storage may have given, over what a rise takes, before a job starts.

    Twice the load may have risen and come down again while the grid was half way up: with the peak before a job ends
    right away, and with the next job that does so. Each time so much is left of that after the pause between two jobs.
    """
    before = (1 - level_frac) ** 2 - max(0.0, 2 * level_frac - 1) ** 2 / 2
    kept = min(max(kept_frac, 0.25 / before), 1.0) if before > 0 else 1.0
    return max(0.0, kept * (0.5 - kept * before))


def marginal_frac(modules: Iterable[Module], carrier: str, power_factor: float) -> float:
    """The most that any of these loses of a kilowatt that it gives more."""
    return max((max(_slopes(m, carrier, power_factor)) for m in modules), default=0.0)


def _slopes(module: Module, carrier: str, power_factor: float) -> list[float]:
    """What is lost of a kilowatt more, on every piece of the curve."""
    given = module.given(carrier)
    if module.losses is None or given is None:
        return [0.0]
    rated_kw = given.capacity_kw or (given.capacity_kva or 0.0) * power_factor
    return [(b[1] - a[1]) / (b[0] - a[0]) / rated_kw for a, b in pairwise(module.losses.points)]


@dataclass(frozen=True)
class _Lacks:
    """What one module of each type has for duties, as a sum that ways to build a block are told apart by: more is
    better, so it is negative."""

    has: tuple[tuple[str, str, float], ...]
    """By SKU and carrier."""

    def __call__(self, _: SiteBrief, module: Module, carrier: str) -> float:
        return -sum(figure for sku, given, figure in self.has if (sku, given) == (module.sku, carrier))


def storage_burdens(brief: SiteBrief, catalog: Catalog) -> tuple[_Lacks, ...]:
    """Of UPS and of capacitors power and energy one by one: no way to build a block beats another that has more of one
    of these. None where no block may be asked for anything."""
    duties = Duties(brief, catalog)
    if not duties.asked:
        return ()
    each = ((m, Group(carrier=g.carrier, sku=m.sku, per_side=1)) for m in catalog.modules for g in m.gives)
    held = [has for module, group in each if (has := duties.held(module, group)) is not None]
    racks = [h for h in held if h.carrier == SMOOTHING and duties.swings]
    ups = [h for h in held if h.carrier != SMOOTHING]
    power = (tuple((h.sku, h.carrier, h.power_kw) for h in those) for those in (ups, racks))
    energy = (tuple((h.sku, h.carrier, h.energy_kwh) for h in those) for those in (ups, racks))
    return tuple(_Lacks(has) for has in (*power, *energy) if has)
