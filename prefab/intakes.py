"""Which intake switchgear feeds which block: whole blocks, in the order they are built, on what stands by then.

The counts of a master are right in total; here whole blocks are packed onto single intakes. Each intake has a pattern:
how many blocks of each kind it feeds when everything stands.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from prefab.packing import Pattern
from prefab.plant import PlantOption
from prefab.problem import BlockChoice, Fewest, Problem
from prefab.solver import Model

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


def packs(problem: Problem, values: Mapping[str, int], phase: int | None = None) -> bool:
    """Whether the blocks of a phase fit whole on its intakes. Where those of the last one do and any number of intakes
    may be bought early, those of every phase do."""
    small = only_used(problem, values)
    phase = small.phases[-1] if phase is None else phase
    (option,) = small.options("mv_ac")
    counts = [values[small.count(c, phase)] for c in small.columns]
    stand = values[small.plant_count(option, phase)]
    return least_intakes(small, option, small.columns, counts, stand) is not None


def fewest_of(problem: Problem, kinds: Sequence[BlockChoice]) -> Fewest:
    """How many intakes of every option kinds of different demands take, each with the blocks that carry its demand."""
    counted = [(problem.most_blocks(c, problem.phases[-1]), c) for c in kinds]
    # The most numerous last: tables are of all the others.
    counts, choices = zip(*sorted(counted, key=lambda c: c[0]), strict=True)
    options = problem.options("mv_ac")
    intakes = {o.name: least_intakes(problem, o, choices, counts, o.most) for o in options}
    return Fewest(tuple(sorted(c.name for c in kinds)), intakes)


def least_intakes(
    problem: Problem, option: PlantOption, kinds: Sequence[BlockChoice], counts: Sequence[int], most: int
) -> int | None:
    """The fewest intakes of an option on which so many whole blocks of each kind fit; none where `most` do not do."""
    ways, first_ways = (problem.ways(option, first=first) for first in (False, True))
    if sum(counts) > first_ways + (most - 1) * ways:
        return None
    *others, last = counts
    # For every number of blocks of all kinds but the last: the most of the last beside them, on so many intakes.
    beside = np.full([n + 1 for n in others], _NOT, dtype=np.int64)
    beside[(0,) * len(others)] = 0
    for number in range(most):
        grown = np.full_like(beside, _NOT)
        for *taken, of_last in problem.patterns(option, *kinds, first=number == 0):
            if all(t <= n for t, n in zip(taken, others, strict=True)):
                onto = tuple(slice(t, None) for t in taken)
                before = tuple(slice(n + 1 - t) for t, n in zip(taken, others, strict=True))
                grown[onto] = np.maximum(grown[onto], beside[before] + of_last)
        beside = grown
        if beside[tuple(others)] >= last:
            return number + 1
    return None


def apply_patterns(model: Model, problem: Problem) -> None:
    """Every intake of a problem with one intake option and no choice of kinds has a pattern from the day it stands."""
    (option,) = problem.options("mv_ac")
    stand: list[tuple[str, Pattern]] = []
    for phase in problem.phases:
        for name, pattern, first in _patterns(problem, option, phase):
            most = int(first) if first else option.most
            stand.append((model.integer(name, 0, most), pattern))
        model.add_row([(1, n) for n, _ in stand] + [(-1, problem.plant_count(option, phase))], low=0, high=0)
        for place, kind in enumerate(problem.columns):
            model.add_row([(p[place], n) for n, p in stand] + [(-1, problem.count(kind, phase))], low=0)
    firsts = [n for phase in problem.phases for n, _, first in _patterns(problem, option, phase) if first]
    model.add_row([(1, n) for n in firsts], low=1, high=1)


def _patterns(problem: Problem, option: PlantOption, phase: int) -> list[tuple[str, Pattern, bool]]:
    """A name for every pattern that an intake bought in a phase may have; the first one comes in the first phase."""
    # One kind alone fills an intake in every way that it would beside another one of the same.
    kinds = problem.columns if len(problem.columns) > 1 else 2 * problem.columns
    return [
        (f"pattern:{phase}:{'first' if first else 'other'}:{':'.join(map(str, pattern))}", pattern, first)
        for first in ((True, False) if phase == 0 else (False,))
        for pattern in problem.patterns(option, *kinds, first=first)
    ]


def assign_intakes(problem: Problem, values: Mapping[str, int]) -> tuple[int, ...]:
    """The intake's number from 1 for every block, in the order of phases and kinds, from the patterns of an answer."""
    (option,) = problem.options("mv_ac")
    room: list[list[int]] = []
    assigned: list[int] = []
    for phase in problem.phases:
        for name, pattern, _ in _patterns(problem, option, phase):
            room += [list(pattern) for _ in range(values[name])]
        for place, kind in enumerate(problem.columns):
            before = values[problem.count(kind, phase - 1)] if phase else 0
            for _ in range(values[problem.count(kind, phase)] - before):
                number = next(n for n, left in enumerate(room) if left[place])
                room[number][place] -= 1
                assigned.append(number + 1)
    return tuple(assigned)
