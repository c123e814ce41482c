"""Which intake switchgear feeds which block: whole blocks, in the order they are built, on what stands by then.

The counts of a master are right in total; here whole blocks, and strings of grid batteries beside them, are packed onto
single intakes. Each intake has a pattern: how many of each it feeds when everything stands.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import le

import numpy as np

from prefab.packing import Fewest, Load, Pattern
from prefab.plant_options import PlantOption
from prefab.problem import BlockChoice, Problem
from prefab.solver import Model
from prefab.strings import Strung

_NOT = -1_000_000_000
"""Below every number of blocks, however many are added."""


def kinds_of(problem: Problem, values: Mapping[str, int]) -> list[BlockChoice]:
    """The choices used, the most numerous first."""
    last = problem.phases[-1]
    used = [c for c in problem.columns if values.get(problem.stands(c))]
    return sorted(used, key=lambda c: (-values[problem.count(c, last)], c.name))


def only_used(problem: Problem, values: Mapping[str, int]) -> Problem:
    """The same question with the kinds of block and the intake switchgear of one answer."""
    kinds = kinds_of(problem, values)
    plant = tuple(o for o in problem.plant if o.carrier != "mv_ac" or values[problem.chosen(o)])
    return replace(problem, columns=tuple(kinds), plant=plant)


def packs(problem: Problem, values: Mapping[str, int]) -> bool:
    """Whether the blocks of every phase that must be looked at fit whole on its intakes, each on one that it keeps."""
    small = only_used(problem, values)
    return _hang(small, values, small.whole_phases)


def packs_in(problem: Problem, values: Mapping[str, int], phase: int) -> bool:
    """The same for the blocks of one phase, wherever they hang in others."""
    return _hang(only_used(problem, values), values, [phase])


def _hang(problem: Problem, values: Mapping[str, int], phases: Sequence[int]) -> bool:
    (option,) = problem.options("mv_ac")
    kinds = problem.columns
    counts = [[values[problem.count(c, p)] for c in kinds] for p in phases]
    if strung := strung_of(problem, values):
        kinds = (*kinds, problem.string(strung))
        for n, phase in zip(counts, phases, strict=True):
            n.append(strung.ways(values[problem.plant_count(strung.hung, phase)]))
    return _fits(problem, option, kinds, counts, [values[problem.plant_count(option, p)] for p in phases])


def strung_of(problem: Problem, values: Mapping[str, int]) -> Strung | None:
    """The grid batteries of an answer, where more of them stand than share the ring of the site's own services."""
    last = problem.phases[-1]
    for strung in problem.strings:
        if all(values[problem.plant_count(o, last)] for o in (strung.intake, strung.battery, strung.hung)):
            return strung if strung.ways(values[problem.plant_count(strung.hung, last)]) else None
    return None


def _fits(
    problem: Problem,
    option: PlantOption,
    kinds: Sequence[BlockChoice],
    counts: Sequence[Sequence[int]],
    stand: Sequence[int],
) -> bool:
    """Whether so many whole blocks of each kind, phase after phase, fit on the intakes that stand by then."""
    # The most numerous last: tables are of all the others.
    order = sorted(range(len(kinds)), key=lambda n: counts[-1][n])
    table = _Table(problem, option, [kinds[n] for n in order], [counts[-1][n] for n in order])
    for now, most in zip(counts, stand, strict=True):
        while table.intakes < most:
            table.grow()
        table.keep([now[n] for n in order])
    return table.carries


def least_intakes(
    problem: Problem, option: PlantOption, kinds: Sequence[BlockChoice], counts: Sequence[int], most: int
) -> int | None:
    """The fewest intakes of an option on which so many whole blocks of each kind fit; none where `most` do not do."""
    ways, first_ways = (problem.ways(option, first=first) for first in (False, True))
    if sum(counts) > first_ways + (most - 1) * ways:
        return None
    ordered = sorted(zip(counts, kinds, strict=True), key=lambda one: one[0])
    table = _Table(problem, option, [kind for _, kind in ordered], [count for count, _ in ordered])
    while not table.carries:
        if table.intakes == most:
            return None
        table.grow()
    return table.intakes


class _Table:
    """What so many intakes carry: for every number of blocks of all kinds but the last the most of the last."""

    def __init__(
        self, problem: Problem, option: PlantOption, kinds: Sequence[BlockChoice], counts: Sequence[int]
    ) -> None:
        *others, self.last = counts
        self.others = tuple(others)
        self.intakes = 0
        self.beside = np.full([n + 1 for n in others], _NOT, dtype=np.int64)
        self.beside[(0,) * len(others)] = 0
        of_each = ([*problem.patterns(option, *kinds, first=first)] for first in (True, False))
        self.patterns = [[p for p in each if all(map(le, p, others))] for each in of_each]
        """Of the first intake, and of any other one."""

    def grow(self) -> None:
        """By one intake."""
        grown = np.full_like(self.beside, _NOT)
        for *taken, of_last in self.patterns[self.intakes > 0]:
            onto = tuple(slice(t, None) for t in taken)
            before = tuple(slice(n + 1 - t) for t, n in zip(taken, self.others, strict=True))
            grown[onto] = np.maximum(grown[onto], self.beside[before] + of_last)
        self.beside = grown
        self.intakes += 1

    def keep(self, counts: Sequence[int]) -> None:
        """Only what carries so many blocks already."""
        *others, last = counts
        enough = np.zeros_like(self.beside, dtype=bool)
        enough[tuple(slice(n, None) for n in others)] = True
        self.beside = np.where(enough & (self.beside >= last), self.beside, _NOT)

    @property
    def carries(self) -> bool:
        """Whether all blocks hang on these intakes."""
        return bool(self.beside[self.others] >= self.last)


def fewest_of(
    problem: Problem, kinds: Sequence[BlockChoice], phase: int, known: Mapping[str, int] | None = None
) -> list[Fewest]:
    """What kinds of different demands, each with the blocks that carry its demand, take of every intake option of which
    totals promise fewer (or as few as is known): and with them what of fewer or lighter blocks takes as many."""
    loads = [load for c in kinds if (load := problem.load(c, phase)).blocks]
    found: dict[Fewest, None] = {}
    figures = _figures(problem, loads, phase)
    for option in problem.options("mv_ac"):
        promised = max(_by_totals(problem, option, loads), (known or {}).get(option.name, 0))
        least = _least(problem, option, loads, option.most) if promised <= option.most else promised
        if least is None or least > promised:
            one_less = option.most if least is None else least - 1
            found[Fewest(tuple(sorted(loads)), phase, option.name, least)] = None
            # What takes most of the room is found by whichever demand is the first.
            for first in range(len(loads)):
                few = _lightest(problem, option, loads[first:] + loads[:first], figures, one_less)
                found[Fewest(few, phase, option.name, least)] = None
    return [*found]


def _figures(problem: Problem, loads: Sequence[Load], phase: int) -> dict[tuple[int, str], list[int]]:
    """What the kinds of each demand ask, up to that of some loads, each figure once; or no blocks at all."""
    found: dict[tuple[int, str], set[int]] = {}
    most = {load.demand: load for load in loads}
    for choice in problem.columns:
        one = problem.load(choice, phase)
        for place, field in enumerate(Load._fields[1:], 1):
            of_field = found.setdefault((one.demand, field), {0} if field == "blocks" else set())
            if one.demand in most and one[place] <= most[one.demand][place]:
                of_field.add(one[place])
    return {key: sorted(figures) for key, figures in found.items()}


def _by_totals(problem: Problem, option: PlantOption, loads: Sequence[Load]) -> int:
    drawn_w = sum(load.blocks * load.each_w for load in loads) + max(load.extra_w for load in loads)
    ways = sum(load.blocks for load in loads) + problem.site_ways
    return max(-(-drawn_w // option.capacity_w), -(-ways // option.feeders))


def _lightest(
    problem: Problem,
    option: PlantOption,
    loads: Sequence[Load],
    figures: Mapping[tuple[int, str], Sequence[int]],
    most: int,
) -> tuple[Load, ...]:
    """The least figures, one after the other, with which so many intakes do not do."""
    found = list(loads)
    for number, load in enumerate(loads):
        for field in Load._fields[1:]:

            def exceeds(figure: int, number: int = number, field: str = field) -> bool:
                found[number] = found[number]._replace(**{field: figure})
                return _least(problem, option, found, most) is None

            tried = figures[load.demand, field]
            # What it was exceeds them.
            exceeds(tried[bisect_left(tried, True, hi=len(tried) - 1, key=exceeds)])
    return tuple(sorted(load for load in found if load.blocks))


def _least(problem: Problem, option: PlantOption, loads: Sequence[Load], most: int) -> int | None:
    some = [load for load in loads if load.blocks]
    if not some:
        return 0
    kinds = [_of_load(problem, load) for load in some]
    return least_intakes(problem, option, kinds, [load.blocks for load in some], most)


def _of_load(problem: Problem, load: Load) -> BlockChoice:
    """A kind of block that asks so much of an intake."""
    any_kind = problem.columns[0]
    normal, extra = (any_kind.normal._replace(switchgear_w=w) for w in (load.each_w, load.extra_w))
    return replace(any_kind, normal=normal, extra=extra)


def apply_patterns(model: Model, problem: Problem, strung: Strung | None) -> None:
    """Every intake of a problem with one intake option and no choice of kinds has a pattern from the day it stands."""
    (option,) = problem.options("mv_ac")
    stand: list[tuple[str, Pattern]] = []
    for phase in problem.phases:
        for name, pattern, first in _patterns(problem, option, phase, strung):
            most = int(first) if first else option.most
            stand.append((model.integer(name, 0, most), pattern))
        model.add_row([(1, n) for n, _ in stand] + [(-1, problem.plant_count(option, phase))], low=0, high=0)
        for place, kind in enumerate(problem.columns):
            model.add_row([(p[place], n) for n, p in stand] + [(-1, problem.count(kind, phase))], low=0)
        if strung:
            hung = [(-1, problem.plant_count(strung.hung, phase))]
            model.add_row([*((strung.per_way * p[-1], n) for n, p in stand), *hung], low=-strung.beside)
    firsts = [n for phase in problem.phases for n, _, first in _patterns(problem, option, phase, strung) if first]
    model.add_row([(1, n) for n in firsts], low=1, high=1)
    for chosen in (strung.battery, strung.hung) if strung else ():
        model.add_row([(1, problem.chosen(chosen))], low=1)


def _patterns(
    problem: Problem, option: PlantOption, phase: int, strung: Strung | None
) -> list[tuple[str, Pattern, bool]]:
    """A name for every pattern that an intake bought in a phase may have; the first one comes in the first phase."""
    # One kind alone fills an intake in every way that it would beside another one of the same.
    kinds = problem.columns if len(problem.columns) > 1 or strung else 2 * problem.columns
    if strung:
        kinds = (*kinds, problem.string(strung))
    return [
        (f"pattern:{phase}:{'first' if first else 'other'}:{':'.join(map(str, pattern))}", pattern, first)
        for first in ((True, False) if phase == 0 else (False,))
        for pattern in problem.patterns(option, *kinds, first=first)
    ]


def assign_intakes(problem: Problem, values: Mapping[str, int], strung: Strung | None) -> tuple[int, ...]:
    """The intake's number from 1 for every block, in the order of phases and kinds, from the patterns of an answer;
    then for everything by which batteries hang, in the order in which it comes, where there are strings of them."""
    (option,) = problem.options("mv_ac")
    room: list[list[int]] = []
    assigned: list[int] = []
    ways: list[_Way] = [_Way(1, strung.beside)] if strung else []
    hung: list[int] = []
    for phase in problem.phases:
        for name, pattern, _ in _patterns(problem, option, phase, strung):
            room += [list(pattern) for _ in range(values[name])]
        for place, kind in enumerate(problem.columns):
            before = values[problem.count(kind, phase - 1)] if phase else 0
            for _ in range(values[problem.count(kind, phase)] - before):
                number = next(n for n, left in enumerate(room) if left[place])
                room[number][place] -= 1
                assigned.append(number + 1)
        if strung:
            count = values[problem.plant_count(strung.hung, phase)]
            while len(ways) <= strung.ways(count):
                ways.append(_Way(_next(room, ways), strung.per_way))
            hung += [_joined(ways) for _ in range(count - len(hung))]
    return (*assigned, *hung)


@dataclass
class _Way:
    """A ring of batteries."""

    intake: int
    most: int
    taken: int = 0


def _next(room: Sequence[list[int]], ways: Sequence[_Way]) -> int:
    """The intake for another string: of those with a way for it the one with fewest; the way is then taken."""
    fed = Counter(way.intake for way in ways)
    number = min((n for n, left in enumerate(room, 1) if left[-1]), key=lambda n: (fed[n], n))
    room[number - 1][-1] -= 1
    return number


def _joined(ways: Sequence[_Way]) -> int:
    """The intake for one more on the ring with fewest that has room; what hangs stays where it is."""
    way = min((w for w in ways if w.taken < w.most), key=lambda w: w.taken)
    way.taken += 1
    return way.intake
