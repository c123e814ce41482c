"""Sites as counts: a rule's rows at given counts, beside the plan that is made of the same counts."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from types import ModuleType
from typing import Any

from build import MODULES, a_brief, a_catalog
from wired import hand_wired_plan

from prefab.basis import DesignBasis
from prefab.brief import SiteBrief
from prefab.catalog import Catalog
from prefab.module import Module
from prefab.plan import Connected, Equipment, Plan, Spare
from prefab.problem import Problem, make_problem
from prefab.results import Finding
from prefab.rules import HOOKS

PHASES = [
    {"name": "One", "it_mw": 2.0, "energised_by": "2029-12-31"},
    {"name": "Two", "it_mw": 2.0, "energised_by": "2030-12-31"},
]
CASES = 320
SITES = 32
"""Catalogs with figures of their own; each serves several cases."""


class Rows:
    """Stands where the solver's model does: takes variables and rows, and says whether values keep them."""

    def __init__(self) -> None:
        self.ranges: dict[str, tuple[int, int]] = {}
        self.rows: list[tuple[list[tuple[int, str]], int | None, int | None]] = []

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.ranges)

    def integer(self, name: str, low: int, high: int) -> str:
        assert name not in self.ranges
        self.ranges[name] = low, high
        return name

    def boolean(self, name: str) -> str:
        return self.integer(name, 0, 1)

    def add_row(self, terms: Any, low: int | None = None, high: int | None = None) -> None:
        self.rows.append((list(terms), low, high))

    def kept(self, values: dict[str, int]) -> bool:
        inside = all(low <= values[name] <= high for name, (low, high) in self.ranges.items())
        return inside and all(
            (low is None or total >= low) and (high is None or total <= high)
            for total, low, high in ((sum(c * values[n] for c, n in terms), lo, hi) for terms, lo, hi in self.rows)
        )


def under(problem: Problem, brief: SiteBrief, catalog: Catalog) -> Problem:
    """The same blocks and plant under another brief: limits change nothing of what may be built."""
    return replace(problem, brief=brief, catalog=catalog)


def rows_of(rule: ModuleType, problem: Problem) -> Rows:
    rows = Rows()
    rule.apply(rows, problem)
    return rows


@dataclass(frozen=True)
class Case:
    """Counts of one site, its wishes, and what stands there."""

    rng: random.Random
    brief: SiteBrief
    catalog: Catalog
    problem: Problem
    values: dict[str, int]
    equipment: tuple[Equipment, ...]

    def wishing(self, section: str, **wishes: Any) -> "Case":
        part = getattr(self.brief, section).model_copy(update=wishes)
        brief = self.brief.model_copy(update={section: part})
        return replace(self, brief=brief, problem=under(self.problem, brief, self.catalog))

    def on(self, basis: DesignBasis) -> "Case":
        catalog = self.catalog.model_copy(update={"basis": basis})
        return replace(self, catalog=catalog, problem=under(self.problem, self.brief, catalog))

    def plan(self, spares: dict[str, int] | None = None) -> Plan:
        plan = _any_plan()
        kept = tuple(Spare(sku=sku, count=n) for sku, n in (spares or {}).items() if n)
        return plan.model_copy(
            update={
                "brief": self.brief,
                "modules": self.catalog.modules,
                "costs": self.catalog.costs,
                "basis": self.catalog.basis,
                "connected": Connected(equipment=self.equipment, feeds=()),
                "sized": plan.sized.model_copy(update={"spares": kept}),
            }
        )

    def used(self) -> dict[str, int]:
        """The booleans that say which SKUs stand."""
        standing = {e.sku for e in self.equipment}
        return {f"uses_sku:{m.sku}": int(m.sku in standing) for m in self.catalog.modules}

    @property
    def standing(self) -> Counter[str]:
        return Counter(e.sku for e in self.equipment)


@cache
def _any_plan() -> Plan:
    return hand_wired_plan()


def cases(seed: int) -> Iterator[Case]:
    """Random sites; the rest of a case is drawn from its own generator."""
    rng = random.Random(seed)
    for _ in range(SITES):
        catalog = a_catalog(tuple(_varied(rng, m) for m in (*MODULES, *_OTHERS)))
        storage = {"power_mw": 2.0, "duration_h": 1.0} if rng.random() < 0.5 else {}
        brief = a_brief(phases=PHASES, grid={"capacity_mw": 12.0}, storage=storage)
        problem = make_problem(brief, catalog, HOOKS)
        for _ in range(CASES // SITES):
            values, equipment = _counted(rng, problem)
            yield Case(rng, brief, catalog, under(problem, brief, catalog), values, equipment)


def _other(like: str, sku: str) -> Module:
    return next(m for m in MODULES if m.sku == like).model_copy(update={"sku": sku})


_OTHERS = (_other("GEN-2000", "GEN-2001"), _other("MVS-10", "MVS-11"), _other("FTK-030", "FTK-031"))


def _varied(rng: random.Random, module: Module) -> Module:
    """Every figure that a limit of the site adds up is drawn anew."""
    figures: dict[str, Any] = {
        "length_mm": rng.randint(1000, 15_000),
        "width_mm": rng.randint(500, 4000),
        "sound_power_dba": rng.choice((None, round(rng.uniform(60, 110), 1))),
        "price": module.price.model_copy(update={"amount": round(rng.uniform(1000, 2e6), 2)}),
        "deployment": module.deployment.model_copy(update={"lead_weeks": rng.randint(5, 100)}),
    }
    if module.rejection is not None:
        water = rng.choice((0.0, round(rng.uniform(0.1, 9), 2)))
        figures["rejection"] = module.rejection.model_copy(update={"water_m3_per_h": water})
    return module.model_copy(update=figures)


def _counted(rng: random.Random, problem: Problem) -> tuple[dict[str, int], tuple[Equipment, ...]]:
    """One or two kinds of block and one plant module type per carrier, in numbers that only grow."""
    values: dict[str, int] = {}
    equipment: list[Equipment] = []
    block = 0
    kinds = rng.sample(range(len(problem.columns)), rng.randint(1, min(2, len(problem.columns))))
    for index, choice in enumerate(problem.columns):
        used, before = index in kinds, 0
        most = -(-4000 // choice.it_kw)
        counts = sorted((rng.randint(0, most), rng.randint(1, most))) if used else [0, 0]
        values[problem.stands(choice)] = int(used)
        for phase, count in enumerate(counts):
            values[problem.count(choice, phase)] = count
            for _ in range(count - before):
                block += 1
                column = choice.column
                equipment += _stand(equipment, column.pod, "it", column.pods, block, phase)
                for group in column.groups:
                    equipment += _stand(equipment, group.sku, group.carrier, group.count, block, phase)
            before = count
    for carrier in problem.plant_carriers:
        chosen = rng.choice(problem.options(carrier))
        for option in problem.options(carrier):
            most = min(option.most, 4)
            counts = sorted((rng.randint(0, most), rng.randint(1, most))) if option is chosen else [0, 0]
            values[problem.chosen(option)] = int(option is chosen)
            for phase, count in enumerate(counts):
                values[problem.plant_count(option, phase)] = count
                more = (count - (counts[phase - 1] if phase else 0)) * option.sides
                equipment += _stand(equipment, option.module.sku, carrier, more, 0, phase)
    return values, tuple(equipment)


def _stand(beside: list[Equipment], sku: str, carrier: str, count: int, block: int, phase: int) -> list[Equipment]:
    start = len(beside)
    return [
        Equipment(tag=f"M-{start + n:05d}", sku=sku, block=block, phase=phase, carrier=carrier) for n in range(count)
    ]


def near(rng: random.Random, actual: float) -> float:
    """A limit: half of them within 2 % of what there is."""
    return actual * (rng.uniform(0.98, 1.02) if rng.random() < 0.5 else rng.uniform(0.5, 2.0)) or 1.0


def actual_of(findings: tuple[Finding, ...]) -> float:
    """The figure of full build."""
    return findings[-1].actual


def compare(rule: ModuleType, seed: int, wish: str, slack_frac: float, whole: bool = False) -> None:
    """Rows kept means check kept, always; check kept with `slack_frac` to spare means rows kept."""
    seen: Counter[bool] = Counter()
    exact: Counter[bool] = Counter()
    for case in cases(seed):
        actual = actual_of(rule.check(case.wishing("limits", **{wish: 1e7 if wish == "area_m2" else None}).plan()))
        limit = max(1, round(actual) + case.rng.randint(-2, 2)) if whole else near(case.rng, actual)
        asked = case.wishing("limits", **{wish: limit})
        kept = all(f.kept for f in rule.check(asked.plan()))
        values = case.values | case.used()
        rows = rows_of(rule, asked.problem).kept(values)
        assert kept or not rows, f"the rows of {rule.__name__} are looser than its check at {actual} of {limit}"
        if kept and not rows:
            assert actual > limit * (1 - slack_frac), f"the rows of {rule.__name__} refuse {actual} of {limit}"
        seen[kept] += 1
        exact[kept == rows] += 1
    assert min(seen[True], seen[False]) >= 10
    assert seen.total() >= 300
    assert exact[True] >= 0.99 * seen.total()
