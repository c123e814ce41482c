"""Which intake switchgear feeds which block: whole blocks, in the order they are built, on what stands by then.

The counts of a master are right in total; here whole blocks are packed onto single intakes. Each intake has a pattern:
how many blocks of one kind and of the other it feeds when everything stands.
"""

from collections.abc import Mapping
from dataclasses import replace

from prefab.packing import Pattern
from prefab.plant import PlantOption
from prefab.problem import BlockChoice, Problem
from prefab.solver import Model


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
    """Whether the blocks of the last phase fit whole on its intakes; then those of every phase do."""
    small = only_used(problem, values)
    last = small.phases[-1]
    (option,) = small.options("mv_ac")
    one, other = small.columns[0], small.columns[-1]
    counts = [values[small.count(c, last)] for c in small.columns]
    most_of_other = {0: 0}
    for number in range(values[small.plant_count(option, last)]):
        grown: dict[int, int] = {}
        for of_one, of_other in most_of_other.items():
            for i, j in small.patterns(option, one, other, first=number == 0):
                reached = min(of_one + i, counts[0])
                grown[reached] = max(of_other + j, grown.get(reached, 0))
        most_of_other = grown
    return counts[0] in most_of_other and (len(counts) == 1 or most_of_other[counts[0]] >= counts[1])


def apply_patterns(model: Model, problem: Problem) -> None:
    """Every intake of a problem with one intake option and one or two kinds has a pattern from the day it stands."""
    (option,) = problem.options("mv_ac")
    one, other = problem.columns[0], problem.columns[-1]
    stand: list[tuple[str, Pattern]] = []
    for phase in problem.phases:
        for name, pattern, first in _patterns(problem, option, phase):
            most = int(first) if first else option.most
            stand.append((model.integer(name, 0, most), pattern))
        model.add_row([(1, n) for n, _ in stand] + [(-1, problem.plant_count(option, phase))], low=0, high=0)
        for kind, place in ((one, 0), (other, 1))[: len(problem.columns)]:
            model.add_row([(p[place], n) for n, p in stand] + [(-1, problem.count(kind, phase))], low=0)
    firsts = [n for phase in problem.phases for n, _, first in _patterns(problem, option, phase) if first]
    model.add_row([(1, n) for n in firsts], low=1, high=1)


def _patterns(problem: Problem, option: PlantOption, phase: int) -> list[tuple[str, Pattern, bool]]:
    """A name for every pattern that an intake bought in a phase may have; the first one comes in the first phase."""
    one, other = problem.columns[0], problem.columns[-1]
    return [
        (f"pattern:{phase}:{'first' if first else 'other'}:{i}:{j}", (i, j), first)
        for first in ((True, False) if phase == 0 else (False,))
        for i, j in problem.patterns(option, one, other, first=first)
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
