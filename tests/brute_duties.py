"""The least cost of a small site whose storage has duties, by plain loops: every number of blocks of each way to build
them, of every battery with what converts for it, of every intake, and every split of the duties in whole watts.

What storage may keep is read from the requirement and the modules anew: of a block its capacitors take up all swings or
none, its UPS those of their own bus and as much of its ramps as power and energy leave, their minutes apart; batteries
take any part of what is left, all duties at one time, the grid's reserve beside them at full build.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from brute import Bought, Brute, Kinds, usd

from prefab.module import Module
from prefab.plan import Group
from prefab.plant_options import PlantOption
from prefab.problem import BlockChoice, Problem
from prefab.units import have, need

_FINEST_W = 2_000
"""To which the swings of two demands are split; of one they are to the watt."""
_ENDLESS = 10**18
"""More watts than any battery has."""


class Own(NamedTuple):
    """Of one block, in watts: what it leaves to the site, at the least and at the most, and what its UPS carry."""

    swing_w: int
    sure_w: int
    step_w: int
    relief_w: int
    lent_w: int


class Site(NamedTuple):
    """What one phase asks of batteries, and what they have for it."""

    swing_w: tuple[int, ...]
    """By IT demand."""
    sure_w: tuple[int, ...]
    power: int
    """In parts of a watt, with reserve and ramps kept."""
    energy: int
    short_w: int
    """What the peak must be taken down by."""
    room: int
    """For recharging in the hours beside the peak, in parts of a watt."""
    falls: int
    """By how much the draw is lower then: storage holds it down from the worst, and recharges below what it holds."""


class BruteDuties(Brute):
    """One problem at medium voltage, without generating sets and services of the site."""

    def __init__(
        self,
        problem: Problem,
        own: Mapping[str, Own] | None = None,
        recharge_kw: Callable[[float], float] | None = None,
    ) -> None:
        """With what the blocks of each choice leave and lend, where that is not read from their modules, and with what
        gives back so many kilowatts after a peak, where that is not as the problem has it."""
        super().__init__(problem)
        assert set(self.of) <= {"mv_ac", "mv_storage", "battery_ac"}
        self.modules = {m.sku: m for m in problem.catalog.modules}
        self.own = {c.name: self._own(c) for c in problem.columns} if own is None else own
        self.recharge_kw = recharge_kw

    def least_usd(self) -> int | None:
        """The cheapest site's cost, or None where there is no site."""
        found = self.cheapest()
        return None if found is None else found[0]

    def cheapest(self) -> tuple[int, Kinds, Bought] | None:
        """With what is bought for it."""
        best: tuple[int, Kinds, Bought] | None = None
        self.below_usd = math.inf
        for kinds in sorted(self._kinds(), key=_blocks_usd):
            for store in self._storage_for(kinds):
                known = _blocks_usd(kinds) + usd(store)
                seen = set()
                for intake, number in self._intakes(kinds, store, self.below_usd - known):
                    # An intake more gives storage nothing.
                    if intake.name not in seen and self._keeps(kinds, (*store, (intake, number))):
                        best = known + number * intake.cost_usd, kinds, (*store, (intake, number))
                        self.below_usd = best[0]
                    seen.add(intake.name)
        return best

    def _storage_for(self, kinds: Kinds) -> Iterator[Bought]:
        """None, and every number of every battery with everything that may convert for it, as long as more of them may
        be of use and cost less than what is known by then."""
        last, worst_w = self.problem.phases[-1], max(c.extra[2] for c, _ in kinds)
        if not self._is_relieved(self._site(kinds, (), last, worst_w)):
            return
        yield ()
        for battery in self.of.get("mv_storage", []):
            for n in itertools.count(1):
                left_usd = self.below_usd - _blocks_usd(kinds)
                if n * battery.cost_usd >= left_usd or self._is_plenty(kinds, battery, n - 1):
                    break
                chains = [c for c in self._with_units(battery, n) if usd(c) < left_usd]
                hopeful = [c for c in chains if self._is_relieved(self._site(kinds, c, last, worst_w))]
                yield from hopeful
                if chains and not hopeful:
                    break  # one more draws more by standing there

    def _is_plenty(self, kinds: Kinds, battery: PlantOption, number: int) -> bool:
        """Whether so many do everything that there is to do, and the whole site's peak."""
        site, ask = self._site(kinds, (), self.problem.phases[-1], 0), self.problem.storage
        drawn_w = sum(n * c.normal[2] for c, n in kinds)
        parts = [(w, s[0], s[1]) for w, s in zip(site.swing_w, ask.swings, strict=False) if s]
        power, energy = (sum(w * each[n] for w, *each in parts) for n in (0, 1))
        if ask.shaving is not None:
            shaved_w = min(drawn_w, ask.shaving.most_w)
            power += max(shaved_w * ask.parts, self._recharge(shaved_w))
            energy += shaved_w * ask.shaving.energy_parts
        return (
            number * battery.battery_w * ask.parts + site.power >= power
            and number * battery.battery_wh * ask.parts + site.energy >= energy
        )

    # what a block's own storage does ---------------------------------------------------------------------------------

    def _own(self, choice: BlockChoice) -> Own:
        brief, column = self.problem.brief, choice.column
        pod, pods = self.modules[column.pod], column.pods
        it, card = pod.it, next((c for c in self.problem.catalog.workloads if c.key == self._card(column.demand)), None)
        swing = card.swing if card else None
        if it is None or swing is None or swing.high_frac is None or swing.period_s is None:
            return Own(0, 0, 0, 0, 0)
        high, idle_kw = swing.high_frac.base, it.idle_frac * it.measured_kw
        swing_kw = pods * min(swing.depth_frac.base * it.peak_kw, it.peak_kw - idle_kw)
        step_kw = pods * (it.peak_kw - idle_kw) - (1 - high) * swing_kw
        swing_kw *= brief.grid.swing_mw is not None or brief.storage.shaving.allowed
        step_kw *= brief.grid.ramp_mw_per_min is not None
        most, buses = self._passed(pod, column.groups, max)
        least, _ = self._passed(pod, column.groups, min)
        basis = self.problem.catalog.basis.duties
        assert basis is not None
        power = max(high, 1 - high) + basis.noise_frac * basis.noise_deviations
        hours = high * (1 - high) * swing.period_s.high / 3600
        # Two and a half deviations of what 2,400 samples of noise add up to, to either side.
        hours += max(basis.drift_frac * hours, 5 * basis.noise_frac * math.sqrt(2400) * 0.05 / 3600)
        left = 1.0
        for group in (g for g in column.groups if g.carrier == "load_smoothing"):
            cells = self.modules[group.sku].capacitor
            given = self.modules[group.sku].given(group.carrier)
            assert cells is not None
            assert given is not None
            kw = group.count * (given.capacity_kw or 0.0)
            kwh = group.count * cells.usable_kwh * cells.end_of_life_frac * math.sqrt(cells.round_trip_frac)
            left = 0.0 if kw >= power * swing_kw and kwh >= hours * swing_kw else left
        taken_kw, lent_w = (1 - left) * swing_kw, 0
        bus_kw = []
        for group, part in buses:
            has_kw, has_kwh = self._ups(group)
            here_kw = left * part * swing_kw
            if has_kw and has_kw >= power * here_kw and has_kwh >= hours * here_kw:
                bus_kw.append(here_kw)
                lent_w += self._lent_w(has_kw - power * here_kw, has_kwh - hours * here_kw, part * step_kw)
        taken_kw += sum(bus_kw)
        return Own(
            need(max(0.0, most * left * swing_kw - most * sum(bus_kw)), 1000),
            have(max(0.0, least * left * swing_kw - most * sum(bus_kw)), 1000),
            need(most * step_kw, 1000),
            have((1 - high) * taken_kw, 1000),
            lent_w,
        )

    def _card(self, demand: int) -> str:
        return self.problem.brief.it.demands[demand].workload

    def _lent_w(self, kw: float, kwh: float, step_kw: float) -> int:
        """Of a ramp no more than its bus steps, and no longer than power and energy last."""
        ask = self.problem.storage
        kw = min(kw, step_kw) / ask.ramp_frac
        return have(min(kw, kwh / ask.ramp_h) if ask.ramp_h else kw, 1000)

    def _ups(self, group: Group) -> tuple[float, float]:
        """Power and energy beyond the minutes that computers run on it; nothing where it gives nothing back."""
        module = self.modules[group.sku]
        cells, given = module.ups_battery, module.given(group.carrier)
        if cells is None or given is None or not cells.bidirectional:
            return 0.0, 0.0
        rated_kw, out = given.capacity_kw or 0.0, cells.inverter_efficiency_frac
        kwh = cells.energy_kwh * (cells.soc_max_frac - cells.soc_min_frac) * cells.end_of_life_frac * out
        kwh -= rated_kw * self.problem.brief.autonomy.ups_min / 60
        return group.count * min(rated_kw, (cells.power_max_kw or rated_kw) * out), group.count * max(0.0, kwh)

    def _passed(
        self, pod: Module, groups: tuple[Group, ...], which: Callable[[Iterable[float]], float]
    ) -> tuple[float, list[tuple[Group, float]]]:
        """What the switchgear gives for a kilowatt more at the pods, and what passes each UPS of it."""
        buses = []

        def up(carrier: str, kw: float) -> float:
            group = next((g for g in groups if g.carrier == carrier and g.unit_for is None), None)
            if group is None:
                return kw
            if self.modules[group.sku].ups_battery is not None:
                buses.append((group, kw))
            kw *= 1 + which(self._lost(self.modules[group.sku], carrier))
            through = [n.carrier for n in self.modules[group.sku].needs if n.through]
            return sum(up(c, kw) for c in through)

        electric = {c.key for c in self.problem.catalog.carriers if c.medium == "electric"}
        return sum(up(n.carrier, n.kw_per_kw) for n in pod.needs if n.carrier in electric), buses

    def _lost(self, module: Module, carrier: str) -> list[float]:
        given, losses = module.given(carrier), module.losses
        assert given is not None
        if losses is None:
            return [0.0]
        rated_kw = given.capacity_kw or (given.capacity_kva or 0.0) * self.problem.catalog.basis.power_factor
        return [(b - a) / (y - x) / rated_kw for (x, a), (y, b) in pairwise(losses.points)]

    # what the site's batteries do ------------------------------------------------------------------------------------

    def _keeps(self, kinds: Kinds, bought: Bought) -> bool:
        """At full build, and in every earlier phase with some of it."""
        last = self.problem.phases[-1]
        worst_w = max(c.extra[2] for c, _ in kinds)
        if not self._split(self._site(kinds, bought, last, worst_w)):
            return False
        early = self.problem.phases[:-1]
        assert len(early) <= 1, "of two phases between one another nothing is looked at"
        return all(
            any(self._split(self._site(*some, phase, worst_w)) for some in self._some(kinds, bought, phase))
            for phase in early
        )

    def _some(self, kinds: Kinds, bought: Bought, phase: int) -> Iterator[tuple[Kinds, Bought]]:
        """Fewer of everything that can be there by then."""
        problem = self.problem
        for counts in itertools.product(*(range((n if c.column.ready <= phase else 0) + 1) for c, n in kinds)):
            fewer = tuple((c, n) for (c, _), n in zip(kinds, counts, strict=True))
            carried = [sum(n * c.it_kw for c, n in fewer if c.column.demand == d) for d in range(len(problem.it_kw))]
            if any(kw < asked[phase] - 1e-9 for kw, asked in zip(carried, problem.it_kw, strict=True)):
                continue
            load = sum(n * c.normal[0] for c, n in fewer) + max(c.extra[0] for c, _ in kinds)
            there = ((o, n if o.ready <= phase else 0) for o, n in bought)
            for numbers in itertools.product(*(range(int(o.carrier == "mv_ac"), n + 1) for o, n in there)):
                here = tuple((o, n) for (o, _), n in zip(bought, numbers, strict=True))
                (intakes,) = ((o, n) for o, n in here if o.carrier == "mv_ac")
                stands = sum(n * o.standing[0] for o, n in here)
                ways = intakes[1] * intakes[0].feeders - problem.site_ways
                if load + stands <= intakes[1] * intakes[0].capacity_w and sum(counts) <= ways and _served(here):
                    yield fewer, here

    def _recharge(self, shaved_w: int) -> int:
        """Parts of watts that give back what was given, where nothing else says so the highest of the lines."""
        ask = self.problem.storage
        assert ask.shaving is not None
        if self.recharge_kw is not None:
            return need(self.recharge_kw(shaved_w / 1000) * 1000 * ask.parts)
        return max(0, *(shaved_w * line.parts - line.less_w * ask.parts for line in ask.shaving.recharge))

    def _site(self, kinds: Kinds, bought: Bought, phase: int, worst_w: int) -> Site:
        """With one block in its worst situation, which draws so much more."""
        problem, ask = self.problem, self.problem.storage
        brief, last = problem.brief, phase == problem.phases[-1]
        drawn = sum(n * c.normal[2] for c, n in kinds) + sum(n * o.standing[2] for o, n in bought)
        steps = [s for s in brief.grid.series if s.since <= brief.phases[phase].energised_by]
        given_mw = steps[-1].firm_mw + steps[-1].interruptible_mw if steps else brief.grid.capacity_mw
        limit_w = have(given_mw * 1000, 1000)
        own = [(c.column.demand, n, self.own[c.name]) for c, n in kinds]
        level_w = sum(n * c.duty.level_w for c, n in kinds)
        step_w = max(0, sum(n * (o.step_w - o.lent_w) for _, n, o in own))
        reserve = brief.storage
        kept_w, kept_wh = ((need(kw, 1000) if last else 0) for kw in _reserve(reserve.power_mw, reserve.duration_h))
        demands = range(len(problem.it_kw))
        return Site(
            swing_w=tuple(sum(n * o.swing_w for d, n, o in own if d == demand) for demand in demands),
            sure_w=tuple(sum(n * o.sure_w for d, n, o in own if d == demand) for demand in demands),
            power=(sum(n * o.battery_w for o, n in bought) - kept_w) * ask.parts - step_w * ask.ramp_power_parts,
            energy=(sum(n * o.battery_wh for o, n in bought) - kept_wh) * ask.parts - step_w * ask.ramp_parts,
            short_w=drawn + worst_w - sum(n * o.relief_w for _, n, o in own) - limit_w,
            room=limit_w * ask.parts - drawn * ask.shaving.rest_parts if ask.shaving else 0,
            falls=(ask.parts - ask.shaving.rest_parts) * level_w if ask.shaving else 0,
        )

    def _is_relieved(self, site: Site) -> bool:
        """Whether storage without end would do."""
        none = (0,) * len(site.swing_w)
        return self._does(site._replace(power=_ENDLESS, energy=_ENDLESS), none, site.swing_w)

    def _split(self, site: Site) -> bool:
        """Whether any watts of each demand's swings may be taken up: halves of all there are, until one watt is left or
        not even the most that half gives for the least that it takes would do."""
        swings = self.problem.storage.swings or (None,) * len(site.swing_w)
        finest_w = 1 if sum(s is not None for s in swings) == 1 else _FINEST_W
        left = [tuple((0, w if s else 0) for w, s in zip(site.swing_w, swings, strict=True))]
        while left:
            box = left.pop()
            least, most = zip(*box, strict=True)
            if not self._does(site, least, most):
                continue
            middle = tuple((low + high) // 2 for low, high in box)
            if any(self._does(site, watts, watts) for watts in (middle, least, most)):
                return True
            widest = max(range(len(box)), key=lambda n: box[n][1] - box[n][0])
            if most[widest] - least[widest] < finest_w:
                continue
            for half in ((least[widest], middle[widest]), (middle[widest] + 1, most[widest])):
                left.append((*box[:widest], half, *box[widest + 1 :]))
        return False

    def _does(self, site: Site, cost_w: tuple[int, ...], gain_w: tuple[int, ...]) -> bool:
        """Whether batteries keep all their duties that cost what these watts of swings do and give what those do."""
        ask = self.problem.storage
        power, energy, short_w = site.power, site.energy, site.short_w
        for swing, cost, gain, sure in zip(ask.swings, cost_w, gain_w, site.sure_w, strict=False):
            if swing:
                power -= cost * swing.power_parts
                energy -= cost * swing.energy_parts
                short_w -= min(gain, sure) * swing.relief_parts // ask.parts
        if ask.seen_w is not None and sum(site.swing_w) - sum(gain_w) > ask.seen_w:
            return False
        if ask.shaving is None:
            return min(power, energy) >= 0 >= short_w
        shaved_w = max(0, short_w)
        if shaved_w > ask.shaving.most_w:
            return False
        recharge = self._recharge(shaved_w)
        power -= max(shaved_w * ask.parts, recharge)
        energy -= shaved_w * ask.shaving.energy_parts
        return min(power, energy) >= 0 and recharge <= site.room and recharge + shaved_w * ask.parts <= site.falls


def _blocks_usd(kinds: Kinds) -> int:
    return sum(n * c.cost_usd for c, n in kinds)


def _reserve(power_mw: float, hours: float) -> tuple[float, float]:
    return power_mw * 1000, power_mw * 1000 * hours


def _served(bought: Bought) -> bool:
    """Whether what converts for batteries is there with them."""
    for consumer, number in bought:
        for giver, givers in bought:
            lack = consumer.module.needed(giver.carrier)
            if lack is not None and giver.carrier != "mv_ac":
                carries = giver.capacity_w // consumer.drawn_w
                if givers * (min(carries, 1) if lack.connection == "unit" else carries) < number:
                    return False
    return True
