"""The sizing's question in whole numbers a second time, written from the requirement, answered by HiGHS.

It reads the figures of a `Problem` (what a block or a module gives, draws and costs) and none of the code that turns
them into rows, tables or bounds. It is put in other words: what serves one module of plant is bought with it as a set;
intake switchgear carries a pattern of whole blocks; how many modules there may be is what their makers say, whatever
the sizing thinks is enough. HiGHS answers within tolerances, so every answer is rounded and held against every row in
whole numbers; what whole blocks do to single intakes is added for the two kinds where an answer needs it.

Only the last phase counts. The cost is that of the last phase; if all its plant stands from the first day, every
earlier phase may run as many of the same blocks as its own load needs, at less load on the same plant.
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from prefab.plant_options import PlantOption
from prefab.problem import BlockChoice, Problem

SITE_CARRIERS = ("mv_ac", "utility_mv", "standby_mv")
"""Carriers whose plant stands between the grid and the blocks: what hangs on them draws through the intake."""
_MOST = 2_000
"""Of what its maker sets no limit to: more than any of the sites here has."""
_WHOLE_L = 1e-9
"""Litres that are noise of floating point."""


@dataclass
class Rows:
    """A mixed-integer program in whole numbers: every row is `sum >= low`."""

    high: dict[str, int] = field(default_factory=dict)
    """Every variable with the most it may be; the least is 0."""
    rows: list[tuple[dict[str, int], int]] = field(default_factory=list)

    def whole(self, name: str, most: int) -> str:
        """A variable."""
        self.high[name] = most
        return name

    def at_least(self, low: int, *terms: tuple[int, str]) -> None:
        """Of the same variable any number of terms."""
        row: dict[str, int] = {}
        for weight, name in terms:
            row[name] = row.get(name, 0) + weight
        self.rows.append((row, low))

    def broken(self, values: Mapping[str, int]) -> list[tuple[dict[str, int], int]]:
        """The rows that an answer breaks, in exact arithmetic."""
        return [(row, low) for row, low in self.rows if sum(w * values[n] for n, w in row.items()) < low]

    def solve(self, cost: Mapping[str, int]) -> dict[str, int] | None:
        """The cheapest values, rounded, or None where there are none."""
        names = list(self.high)
        at = {name: n for n, name in enumerate(names)}
        scales = [math.gcd(*row.values(), low) or 1 for row, low in self.rows]
        entries = [(r, at[n], w / scales[r]) for r, (row, _) in enumerate(self.rows) for n, w in row.items()]
        which, where, weights = zip(*entries, strict=True)
        matrix = csr_array((weights, (which, where)), shape=(len(self.rows), len(names)))
        lows = [low / scale for (_, low), scale in zip(self.rows, scales, strict=True)]
        found = milp(
            np.array([cost.get(n, 0) for n in names], dtype=float),
            integrality=np.ones(len(names)),
            bounds=Bounds(0, np.array([self.high[n] for n in names], dtype=float)),
            constraints=LinearConstraint(matrix, lb=np.array(lows, dtype=float)),
            options={"mip_rel_gap": 0.0},
        )
        if found.status == 2:
            return None
        assert found.status == 0, found.message
        values = {n: round(v) for n, v in zip(names, found.x, strict=True)}
        assert not self.broken(values), "HiGHS's answer keeps its rows only within its tolerances"
        return values


@dataclass(frozen=True)
class PlantSet:
    """A module type that serves the site, with the types of what serves its modules."""

    name: str
    members: tuple[tuple[PlantOption, int, int], ...]
    """The type, the number of the member whose modules it serves, and how many of them one serves; itself first."""

    def count(self, member: int) -> str:
        """How many modules (per side) of a member."""
        return f"{self.name}#{member}"


def least_cost_usd(problem: Problem) -> int | None:
    """The least cost of a site, or None where there is none."""
    return _Question(problem).answer()


class _Question:
    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.rows = Rows()
        self.most = {c.name: -(-_up(problem.it_kw[0][-1]) // c.it_kw) for c in problem.columns}
        self.heads = [c for c in dict.fromkeys(o.carrier for o in problem.plant) if c not in problem.attached]
        self.sets = {carrier: list(self._sets(carrier)) for carrier in self.heads}
        behind = [{o.carrier for s in sets for o, _, _ in s.members[1:]} for sets in self.sets.values()]
        assert sum(map(len, behind)) == len(set().union(*behind)), "two carriers share what serves their modules"

    # variables -------------------------------------------------------------------------------------------------------

    def _sets(self, carrier: str) -> Iterator[PlantSet]:
        for head in (o for o in self.problem.plant if o.carrier == carrier):
            for members in self._closed(((head, 0, 1),), 0):
                yield PlantSet("+".join((carrier, *(o.name for o, _, _ in members))), members)

    def _closed(
        self, members: tuple[tuple[PlantOption, int, int], ...], number: int
    ) -> Iterator[tuple[tuple[PlantOption, int, int], ...]]:
        """Every choice of what serves the modules of members from a number on."""
        if number == len(members):
            yield members
            return
        served = members[number][0]
        lacking = [n for n in served.module.needs if n.carrier in self.problem.attached]
        choices = []
        for lack in lacking:
            givers = [o for o in self.problem.plant if o.carrier == lack.carrier]
            each = [(o, o.capacity_w // served.drawn_w) for o in givers]
            if lack.connection == "unit":
                each = [(o, min(n, 1)) for o, n in each]
            choices.append([(o, number, n) for o, n in each if n])
        for chosen in itertools.product(*choices):
            yield from self._closed((*members, *chosen), number + 1)

    def _standing(self) -> Iterator[tuple[PlantOption, str]]:
        """Every module type wherever it may stand, with its count."""
        for sets in self.sets.values():
            for one in sets:
                for number, (option, _, _) in enumerate(one.members):
                    yield option, one.count(number)

    def _add_variables(self) -> None:
        rows = self.rows
        for c in self.problem.columns:
            rows.whole(c.name, self.most[c.name])
            rows.whole(_uses(c), 1)
            rows.at_least(0, (self.most[c.name], _uses(c)), (-1, c.name))
            rows.at_least(0, (1, c.name), (-1, _uses(c)))
        if self.problem.columns:
            rows.at_least(-self.problem.block_kinds, *((-1, _uses(c)) for c in self.problem.columns))
        for carrier, sets in self.sets.items():
            for one in sets:
                rows.whole(one.name, 1)
                head = one.members[0][0]
                made = head.module.given(carrier)
                most = _MOST if carrier == "mv_storage" or made is None else min(_MOST, made.parallel_max)
                for number, (_, of, carries) in enumerate(one.members):
                    count = rows.whole(one.count(number), most)
                    rows.at_least(0, (most, one.name), (-1, count))
                    if number:
                        rows.at_least(0, (carries, count), (-1, one.count(of)))
                rows.at_least(0, (1, one.count(0)), (-1, one.name))
            rows.at_least(-1, *((-1, one.name) for one in sets))
            if carrier not in self.problem.services:  # a service that nothing bought asks for is not needed
                rows.at_least(1, *((1, one.name) for one in sets))

    # what is asked ---------------------------------------------------------------------------------------------------

    def _add_rows(self) -> None:
        problem, rows = self.problem, self.rows
        rows.at_least(_up(problem.it_kw[0][-1]), *((c.it_kw, c.name) for c in problem.columns))
        for carrier, place in (("mv_ac", 0), ("utility_mv", 1), ("standby_mv", 1)):
            drawn = self._backed() if carrier == "standby_mv" else self._drawn(place)
            if carrier in self.sets:
                self._carried(carrier, drawn)
            if (
                carrier in self.sets and carrier != "standby_mv"
            ):  # a set runs when the grid is away, no block's loss too
                whole = [(o.capacity_w, n) for o, n in self._of(carrier)]
                for c in problem.columns:
                    rows.at_least(0, *whole, *drawn, (-c.extra[place], _uses(c)))
        within = self._drawn(2)
        rows.at_least(-problem.grid_w, *within)
        for c in problem.columns:
            rows.at_least(-problem.grid_w, *within, (-c.extra[2], _uses(c)))
        for carrier in (c for c in problem.services if c in self.sets):
            asked = [(-_thousandths(dict(c.column.services).get(carrier, 0.0)), c.name) for c in problem.columns]
            asked += [(-dict(o.asks).get(carrier, 0) * o.sides, n) for o, n in self._standing()]
            self._carried(carrier, asked)
            for weight, count in asked:
                if weight:
                    rows.at_least(0, *((rows.high[count], one.name) for one in self.sets[carrier]), (-1, count))
        self._add_fuel()
        reserve = problem.brief.storage
        if reserve.power_mw:
            reserve_kw = reserve.power_mw * 1000
            for asked_for, each in ((reserve_kw, "battery_w"), (reserve_kw * reserve.duration_h, "battery_wh")):
                rows.at_least(_thousandths(asked_for), *((getattr(o, each), n) for o, n in self._standing()))
        self._add_single_kinds()

    def _of(self, carrier: str) -> list[tuple[PlantOption, str]]:
        return [(s.members[0][0], s.count(0)) for s in self.sets[carrier]]

    def _drawn(self, place: int) -> list[tuple[int, str]]:
        blocks = [(-c.normal[place], c.name) for c in self.problem.columns]
        return blocks + [(-o.standing[place], n) for o, n in self._standing()]

    def _backed(self) -> list[tuple[int, str]]:
        """What sets carry when the utility is lost."""
        blocks = [(-c.backed_w, c.name) for c in self.problem.columns]
        return blocks + [(-o.standing[1], n) for o, n in self._standing()]

    def _carried(self, carrier: str, asked: Iterable[tuple[int, str]]) -> None:
        """With the modules in reserve gone."""
        each = [(s.members[0][0], s) for s in self.sets[carrier]]
        given = [(o.capacity_w, s.count(0)) for o, s in each]
        gone = [(-o.capacity_w * o.spare, s.name) for o, s in each]
        self.rows.at_least(0, *given, *gone, *asked)

    def _add_fuel(self) -> None:
        problem = self.problem
        if "fuel" not in self.sets or not problem.generator_h:
            return
        hours = problem.generator_h * (1 + problem.fuel_margin_frac)
        burned = problem.fuel_l_per_kwh * hours
        storing = [(o, n) for o, n in self._standing() if o.fuel_l or o.least_l_per_h]
        self.rows.at_least(0, *((o.fuel_l - _up(o.least_l_per_h * hours), n) for o, n in storing))
        kept = [(o.fuel_l - _up(o.idle_l_per_h * hours), n) for o, n in storing]
        spent = [(-_up(c.backed_w / 1000 * burned), c.name) for c in problem.columns]
        spent += [(-_up(o.standing[1] / 1000 * burned), n) for o, n in self._standing()]
        self.rows.at_least(0, *kept, *spent)

    # whole blocks on single intakes ----------------------------------------------------------------------------------

    def _first_less(self) -> tuple[int, int]:
        """Watts and ways of the first intake that the site's own plant may take: the most of each of its types."""
        taken_w = 0
        for carrier in {o.carrier for o in self.problem.plant} - set(SITE_CARRIERS):
            taken_w += max(o.standing[0] * o.most for o in self.problem.plant if o.carrier == carrier)
        ring = any(n.carrier == "mv_ac" for o in self.problem.plant for n in o.module.needs)
        return taken_w, int(ring)

    def _patterns(
        self, intake: PlantOption, one: BlockChoice, other: BlockChoice, first: bool
    ) -> list[tuple[int, int]]:
        """How many blocks of two kinds one intake feeds, with any one of its own blocks in its worst situation."""
        less_w, less_ways = self._first_less() if first else (0, 0)
        room, ways = intake.capacity_w - less_w, intake.feeders - less_ways
        found = []
        for i, j in itertools.product(range(ways + 1), repeat=2):
            worst = max(one.extra[0] if i else 0, other.extra[0] if j else 0)
            if i + j <= ways and i * one.normal[0] + j * other.normal[0] + worst <= room:
                found.append((i, j))
        return found

    def _add_single_kinds(self) -> None:
        """No kind has more blocks than the intakes carry of it alone."""
        for c in self.problem.columns:
            terms = [(-1, c.name)]
            for one in self.sets["mv_ac"]:
                intake = one.members[0][0]
                on_any, on_first = (
                    max((i for i, _ in self._patterns(intake, c, c, f)), default=0) for f in (False, True)
                )
                terms += [(on_any, one.count(0)), (on_first - on_any, one.name)]
            self.rows.at_least(0, *terms)
        ways = [(o.feeders, n) for o, n in self._of("mv_ac")]
        self.rows.at_least(self._first_less()[1], *ways, *((-1, c.name) for c in self.problem.columns))

    def _add_patterns(self, intake: PlantSet, one: BlockChoice, other: BlockChoice) -> None:
        """Where these kinds and this type of intake are chosen, every intake has a pattern; one is the first."""
        chosen = [(-1, intake.name), (-1, _uses(one)), (-1, _uses(other))]
        carried: list[list[tuple[int, str]]] = [[], []]
        firsts: list[tuple[int, str]] = []
        others: list[tuple[int, str]] = []
        for first in (True, False):
            for i, j in self._patterns(intake.members[0][0], one, other, first):
                name = f"{intake.name}:{one.name}:{other.name}:{first}:{i}:{j}"
                self.rows.whole(name, 1 if first else _MOST)
                carried[0].append((i, name))
                carried[1].append((j, name))
                (firsts if first else others).append((-1, name))
        self.rows.at_least(-1, *firsts)
        self.rows.at_least(0, (1, intake.count(0)), (-1, intake.name), *others)
        for kind, terms in zip((one, other), carried, strict=True):
            most = self.most[kind.name]
            freed = [(most * weight, name) for weight, name in chosen]
            self.rows.at_least(-3 * most, *terms, *freed, (-1, kind.name))

    def _fits_whole(self, intake: PlantOption, number: int, kinds: list[tuple[BlockChoice, int]]) -> bool:
        """Whether so many intakes feed these blocks: every way to fill one after the other, the fullest kept."""
        (one, count_one), (other, count_other) = kinds[0], kinds[-1]
        reached = {(0, 0)}
        for n in range(number):
            patterns = self._patterns(intake, one, other, n == 0)
            grown = {(min(a + i, count_one), min(b + j, count_other)) for a, b in reached for i, j in patterns}
            best: dict[int, int] = {}
            for a, b in grown:
                best[a] = max(b, best.get(a, 0))
            reached = set(best.items())
        return any(a >= count_one and (len(kinds) == 1 or b >= count_other) for a, b in reached)

    # the answer ------------------------------------------------------------------------------------------------------

    def answer(self) -> int | None:
        """Solved again as long as whole blocks do not fit on the intakes of the answer."""
        problem = self.problem
        if problem.stranded or not problem.columns:
            return None
        self._add_variables()
        self._add_rows()
        cost = {c.name: c.cost_usd for c in problem.columns} | {n: o.cost_usd for o, n in self._standing()}
        seen: set[tuple[str, ...]] = set()
        while (values := self.rows.solve(cost)) is not None:
            kinds = [(c, values[c.name]) for c in problem.columns if values[_uses(c)]]
            (intake,) = (s for s in self.sets["mv_ac"] if values[s.name])
            if self._fits_whole(intake.members[0][0], values[intake.count(0)], kinds):
                return sum(usd * values[name] for name, usd in cost.items())
            key = (intake.name, *(c.name for c, _ in kinds))
            assert len(kinds) == 2, "one kind is counted exactly"
            assert key not in seen, "patterns of these kinds stand already"
            seen.add(key)
            self._add_patterns(intake, kinds[0][0], kinds[1][0])
        return None


def _uses(choice: BlockChoice) -> str:
    return f"uses {choice.name}"


def _up(value: float) -> int:
    return math.ceil(value - _WHOLE_L)


def _thousandths(units: float) -> int:
    return _up(units * 1000)
