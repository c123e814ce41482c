"""The least cost of a small site by plain loops over everything that may be bought: no bound, no solver, no table.

Every two kinds of block in every number, every type and number of every plant module, every way to hang whole blocks on
single intakes. Whole numbers throughout, as the sizing counts them. What costs as much as a site known already is not
looked at further.
"""

import itertools
import math
from collections.abc import Iterator
from functools import cache

from prefab.plant_options import PlantOption
from prefab.problem import BlockChoice, Problem

Kinds = tuple[tuple[BlockChoice, int], ...]
"""Kinds of block with how many there are."""
Bought = tuple[tuple[PlantOption, int], ...]
"""Plant modules with how many there are (per side)."""

_FAR = 40
"""More modules of any type than a site of a few megawatts has."""


def up(value: float) -> int:
    """Rounded up; noise of floating point aside."""
    return math.ceil(value - 1e-9)


class Brute:
    """One problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.of = {
            c: [o for o in problem.plant if o.carrier == c] for c in dict.fromkeys(o.carrier for o in problem.plant)
        }
        self.packs = cache(self._packs)
        self.standby = cache(self._standby)

    def least_usd(self) -> int | None:
        """The cheapest site's cost, or None where there is no site."""
        problem, best = self.problem, math.inf
        if problem.stranded or not problem.columns:
            return None
        stores = list(self._storage())
        for kinds in self._kinds():
            blocks_usd = sum(n * c.cost_usd for c, n in kinds)
            if blocks_usd >= best:
                continue
            for store in stores:
                for services in self._services(kinds, (*store,)):
                    bought = (*store, *services)
                    for intake in self._intakes(kinds, bought, best - blocks_usd - usd(bought)):
                        known = blocks_usd + usd((*bought, intake))
                        best = min(best, known + self._rest(kinds, (*bought, intake), best - known))
        return None if math.isinf(best) else int(best)

    # blocks ----------------------------------------------------------------------------------------------------------

    def _kinds(self) -> Iterator[Kinds]:
        if len(self.problem.it_kw) > 1:
            yield from self._kinds_of_several_demands()
            return
        columns, asked = self.problem.columns, self.problem.it_kw[0][-1]
        most = {c.name: up(asked / c.it_kw) + 1 for c in columns}
        for c in columns:
            for n in range(1, most[c.name] + 1):
                if n * c.it_kw >= asked - 1e-9 and self._in_time((c, n)):
                    yield ((c, n),)
        for a, b in itertools.combinations(columns, 2) if self.problem.block_kinds > 1 else ():
            for m, n in itertools.product(range(1, most[a.name] + 1), range(1, most[b.name] + 1)):
                if m * a.it_kw + n * b.it_kw >= asked - 1e-9 and self._in_time((a, m), (b, n)):
                    yield ((a, m), (b, n))

    def _kinds_of_several_demands(self) -> Iterator[Kinds]:
        """One kind for each, in every number that carries it and a few more."""
        asked = [kw[-1] for kw in self.problem.it_kw]
        more = 3 if len(asked) == 2 else 2
        of_each = [[c for c in self.problem.columns if c.column.demand == d] for d in range(len(asked))]
        for kinds in itertools.product(*of_each):
            for counts in itertools.product(
                *(range(1, up(kw / c.it_kw) + more) for kw, c in zip(asked, kinds, strict=True))
            ):
                if all(n * c.it_kw >= kw - 1e-9 for kw, n, c in zip(asked, counts, kinds, strict=True)):
                    yield tuple(zip(kinds, counts, strict=True))

    def _in_time(self, *kinds: tuple[BlockChoice, int]) -> bool:
        """Whether what can be there for each phase carries that phase."""
        ready = [sum(n * c.it_kw for c, n in kinds if c.column.ready <= p) for p in self.problem.phases]
        return all(kw >= asked - 1e-9 for kw, asked in zip(ready, self.problem.it_kw[0], strict=True))

    # what stands for the whole site ----------------------------------------------------------------------------------

    def _with_units(self, option: PlantOption, number: int) -> Iterator[Bought]:
        """Modules with every choice and number of what serves them one by one or a few at a time."""
        lacking = [n for n in option.module.needs if n.carrier in self.problem.attached]
        choices: list[list[Bought]] = []
        for lack in lacking:
            beside: list[Bought] = []
            for giver in self.of.get(lack.carrier, []):
                carries = giver.capacity_w // option.drawn_w
                each = min(carries, 1) if lack.connection == "unit" else carries
                for n in range(1, number + 1):
                    if n * each >= number:
                        beside += self._with_units(giver, n)
            choices.append(beside)
        for chosen in itertools.product(*choices):
            yield ((option, number), *itertools.chain.from_iterable(chosen))

    def _storage(self) -> Iterator[Bought]:
        reserve = self.problem.brief.storage
        reserve_kw, reserve_kwh = reserve.power_mw * 1000, reserve.power_mw * 1000 * reserve.duration_h
        if not reserve_kw:
            yield ()
        for battery in self.of.get("mv_storage", []):
            for n in range(1, _FAR):
                power, energy = n * battery.battery_w, n * battery.battery_wh
                if power >= up(reserve_kw * 1000) and energy >= up(reserve_kwh * 1000):
                    yield from self._with_units(battery, n)
                    break  # one more costs more and does nothing else

    def _services(self, kinds: Kinds, others: Bought, number: int = 0) -> Iterator[Bought]:
        """Every type and number for one service after the other; those that ask for others come first."""
        if number == len(self.problem.services):
            yield ()
            return
        carrier = self.problem.services[number]
        asked = sum(n * up(dict(c.column.services).get(carrier, 0.0) * 1000) for c, n in kinds)
        asked += sum(n * o.sides * dict(o.asks).get(carrier, 0) for o, n in others)
        for option in self.of.get(carrier, []):
            for n in range(1, option.module.given(carrier).parallel_max + 1):  # type: ignore[union-attr]
                if (n - option.spare) * option.capacity_w >= asked:
                    for rest in self._services(kinds, (*others, (option, n)), number + 1):
                        yield ((option, n), *rest)
                    break

    def _intakes(self, kinds: Kinds, bought: Bought, below: float) -> Iterator[tuple[PlantOption, int]]:
        stands = sum(n * o.standing[0] for o, n in bought)
        load = stands + sum(n * c.normal[0] for c, n in kinds) + max(c.extra[0] for c, _ in kinds)
        for option in self.of["mv_ac"]:
            for n in range(1, min(option.module.given("mv_ac").parallel_max, _FAR) + 1):  # type: ignore[union-attr]
                if n * option.cost_usd >= below:
                    break
                named = tuple((c.name, m, c.normal[0], c.extra[0]) for c, m in kinds)
                if load <= n * option.capacity_w and self.packs(option, n, named):
                    yield option, n

    def _packs(self, option: PlantOption, number: int, kinds: tuple[tuple[str, int, int, int], ...]) -> bool:
        """Whether so many intakes feed whole blocks: one filled in every way, then the next with what is left."""
        stores = 0
        for carrier in set(self.of) - {"mv_ac", "utility_mv", "standby_mv"}:
            stores += max(o.standing[0] * o.most for o in self.of[carrier])
        ring = any(n.carrier == "mv_ac" for o in self.problem.plant for n in o.module.needs)
        return fits_whole(option, number, kinds, stores, int(ring))

    # behind the switchgear -------------------------------------------------------------------------------------------

    def _rest(self, kinds: Kinds, bought: Bought, below: float) -> float:
        """The least that main transformers, generators and fuel cost, within the grid's limit."""
        if below <= 0:
            return math.inf
        problem, extra = self.problem, [max(c.extra[p] for c, _ in kinds) for p in range(3)]
        utility, grid = (
            sum(n * c.normal[p] for c, n in kinds) + sum(n * o.standing[p] for o, n in bought) for p in (1, 2)
        )
        mains = [
            usd(main)
            for main in self._mains(utility, utility + extra[1])
            if grid + sum(n * o.standing[2] for o, n in main) + extra[2] <= problem.grid_w
        ]
        if not mains or min(mains) >= below:
            return math.inf
        burned, backed = 0, utility - sum(n * (c.normal[1] - c.backed_w) for c, n in kinds)
        if problem.generator_h:
            per_kw = problem.fuel_l_per_kwh * problem.generator_h * (1 + problem.fuel_margin_frac)
            burned = sum(n * up(c.backed_w * per_kw / 1000) for c, n in kinds)
            burned += sum(n * up(o.standing[1] * per_kw / 1000) for o, n in bought)
        return min(mains) + self.standby(backed, burned)

    def _mains(self, normal_w: int, worst_w: int) -> Iterator[Bought]:
        if "utility_mv" not in self.of:
            yield ()
        for option in self.of.get("utility_mv", []):
            for n in range(1, _FAR):
                if (n - option.spare) * option.capacity_w >= normal_w and n * option.capacity_w >= worst_w:
                    yield from self._with_units(option, n)
                    break

    def _standby(self, load_w: int, burned_l: int) -> float:
        """Every type and number of generating sets with every type and number of tanks."""
        if "standby_mv" not in self.of:
            return 0
        found = [math.inf]
        hours = self.problem.generator_h * (1 + self.problem.fuel_margin_frac)
        for sets in self.of["standby_mv"]:
            for n in range(1, _FAR):
                if (n - sets.spare) * sets.capacity_w < load_w:
                    continue
                if "fuel" not in self.of:
                    found.append(n * sets.cost_usd)
                own_l = n * (sets.fuel_l - up(sets.idle_l_per_h * hours))
                at_least_l = n * (sets.fuel_l - up(sets.least_l_per_h * hours))
                for tank in self.of.get("fuel", []):
                    for k in range(1, _FAR):
                        if own_l + k * tank.fuel_l >= burned_l and at_least_l + k * tank.fuel_l >= 0:
                            found.append(n * sets.cost_usd + k * tank.cost_usd)
        return min(found)


def usd(bought: Bought) -> int:
    """What modules cost."""
    return sum(n * o.cost_usd for o, n in bought)


def fits_whole(
    option: PlantOption, number: int, kinds: tuple[tuple[str, int, int, int], ...], first_w: int, first_ways: int
) -> bool:
    """Whether so many intakes feed whole blocks, where the first one has so much less power and so many fewer ways."""

    @cache
    def rest_fits(left: tuple[int, ...], intake: int) -> bool:
        if not any(left):
            return True
        if intake == number:
            return False
        room = option.capacity_w - (0 if intake else first_w)
        ways = option.feeders - (0 if intake else first_ways)
        for here in itertools.product(*(range(min(n, ways) + 1) for n in left)):
            worst = max((x for (_, _, _, x), n in zip(kinds, here, strict=True) if n), default=0)
            load = sum(n * w for (_, _, w, _), n in zip(kinds, here, strict=True))
            fits = sum(here) <= ways and (not any(here) or load + worst <= room)
            if fits and rest_fits(tuple(a - b for a, b in zip(left, here, strict=True)), intake + 1):
                return True
        return False

    return rest_fits(tuple(n for _, n, _, _ in kinds), 0)
