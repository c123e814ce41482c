"""Which intake switchgear feeds which block: whole blocks, in the order they are built, on what stands by then."""

from collections.abc import Mapping
from dataclasses import dataclass

from prefab.plant import PlantOption
from prefab.problem import BlockChoice, Problem


@dataclass
class _Intake:
    room_kw: int
    ways: int
    extra_kw: int = 0

    def takes(self, choice: BlockChoice) -> bool:
        """Feed a block of this choice if it fits beside the others, one of them in its worst situation."""
        extra = max(self.extra_kw, choice.extra.switchgear_kw)
        if self.ways < 1 or self.room_kw - choice.normal.switchgear_kw < extra:
            return False
        self.room_kw -= choice.normal.switchgear_kw
        self.ways -= 1
        self.extra_kw = extra
        return True


def assign_intakes(problem: Problem, values: Mapping[str, int]) -> tuple[int, ...] | None:
    """The intake's number from 1 for every block, in the order of phases and kinds; None where no way was found.

    Each block goes to the first intake with room; where that fails, each kind keeps to intakes of its own.
    """
    (option,) = [o for o in problem.options("mv_ac") if values[problem.chosen(o)]]
    kinds = kinds_of(problem, values)
    for apart in (False, True):
        found = _first_fit(problem, values, option, kinds, apart=apart)
        if found is not None:
            return found
    return None


def kinds_of(problem: Problem, values: Mapping[str, int]) -> list[BlockChoice]:
    """The choices used, the most numerous first."""
    last = problem.phases[-1]
    used = [c for c in problem.columns if values.get(problem.stands(c))]
    return sorted(used, key=lambda c: (-values[problem.count(c, last)], c.name))


def _first_fit(
    problem: Problem, values: Mapping[str, int], option: PlantOption, kinds: list[BlockChoice], *, apart: bool
) -> tuple[int, ...] | None:
    intakes: list[_Intake] = []
    owner: dict[int, str] = {}
    assigned: list[int] = []
    for phase in problem.phases:
        while len(intakes) < values[problem.plant_count(option, phase)]:
            first = not intakes
            stores = problem.stores.switchgear_kw if first else 0
            ways = option.feeders - (problem.site_ways if first else 0)
            intakes.append(_Intake(option.capacity_kw - stores, ways))
        for choice in kinds:
            before = values[problem.count(choice, phase - 1)] if phase else 0
            for _ in range(values[problem.count(choice, phase)] - before):
                for number, intake in enumerate(intakes):
                    if apart and owner.get(number, choice.name) != choice.name:
                        continue
                    if intake.takes(choice):
                        owner[number] = choice.name
                        assigned.append(number + 1)
                        break
                else:
                    return None
    return tuple(assigned)
