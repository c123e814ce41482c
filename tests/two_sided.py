"""Small sites with drawn figures, on which what the solver's side of a rule accepts is held against its check."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from types import ModuleType
from typing import Any

from build import BES, CARRIERS, FTK, GEN, POD, _carrier, a_brief, a_catalog, a_module
from counted import rows_of

from prefab.brief import SiteBrief
from prefab.catalog import Catalog
from prefab.columns import Column, make_columns
from prefab.connecting import make_connected
from prefab.design import make_plan
from prefab.module import Module, Need
from prefab.plan import BlockKind, Plan, Plant, Sized
from prefab.problem import BlockChoice, Known, Problem, make_problem, question_of
from prefab.results import Finding
from prefab.rules import HOOKS

CATALOGS = 20
SITES_EACH = 2
CASES_EACH = 8
"""Catalogs with figures of their own, sites made of each, and cases that differ in one wish or rating: 320 in all."""
MORE = (
    _carrier("battery_ac", "electric", "site", "none"),
    _carrier("hv_bay", "electric", "site", "main_transformers"),
    _carrier("load_smoothing", "storage", "block", "none", laid=False),
    _carrier("network", "signal", "site", "network", unit="pods"),
    _carrier("site_lv_ac", "electric", "site", "intake"),
    _carrier("ups_dc", "storage", "block", "none", autonomy=True),
)
ALL_CARRIERS = tuple(sorted((*CARRIERS, *MORE), key=lambda c: c.key))


class Tally:
    """How often both sides of a rule said what; accepting what the check refuses fails at once."""

    def __init__(self) -> None:
        self.seen: Counter[tuple[bool, bool]] = Counter()

    def add(self, accepted: bool, kept: bool, what: object) -> None:
        """One case."""
        assert kept or not accepted, f"the solver's side accepts what the check refuses: {what}"
        self.seen[accepted, kept] += 1

    def conclude(self, margin_most_frac: float = 0.0) -> None:
        """Enough cases of either answer on both sides, and few that only the solver's side refuses."""
        assert self.seen.total() >= 300
        for side in (0, 1):
            for answer in (True, False):
                assert sum(n for said, n in self.seen.items() if said[side] is answer) >= 10, (side, answer, self.seen)
        assert self.seen[False, True] <= margin_most_frac * self.seen.total(), self.seen


def near(rng: random.Random) -> float:
    """A factor on a limit: half of them within 2 %."""
    return rng.uniform(0.98, 1.02) if rng.random() < 0.5 else rng.uniform(0.5, 2.0)


def need_of(carrier: str, connection: str, **more: Any) -> Need:
    """One need."""
    return Need(carrier=carrier, connection=connection, **more)  # type: ignore[arg-type]


def convex(rng: random.Random, most_kw: float) -> dict[str, Any]:
    """Losses that rise ever faster, as those of copper and iron together do, or straight."""
    steps = sorted(rng.uniform(0, most_kw / 4) for _ in range(4))
    steps = rng.choice((steps, [steps[-1]] * 4))
    found = [rng.uniform(0, most_kw / 4)]
    for step in steps:
        found.append(found[-1] + step)
    return {"points": [[x / 4, round(kw, 3)] for x, kw in enumerate(found)]}


def copper(most_kw: float) -> dict[str, Any]:
    """Losses that rise with the square: with one transformer lost the others lose more than it did."""
    return {"points": [[x / 4, round(most_kw * (x / 4) ** 2, 3)] for x in range(5)]}


def rerated(catalog: Catalog, sku: str, factor: float) -> Catalog:
    """The catalog with another rating of what one module gives first, so cheap that no rival replaces it."""

    def change(module: Module) -> dict[str, Any]:
        price = module.price.model_copy(update={"amount": 1.0})
        return {"gives": (_times(module, factor), *module.gives[1:]), "price": price}

    return edited(catalog, sku, change)


def edited(catalog: Catalog, sku: str, change: Any) -> Catalog:
    """The catalog with other fields of one module."""
    modules = tuple(m.model_copy(update=change(m)) if m.sku == sku else m for m in catalog.modules)
    return catalog.model_copy(update={"modules": modules})


def _times(module: Module, factor: float) -> Any:
    fields = ("capacity_kw", "capacity_kva", "capacity_l", "capacity_units")
    given = module.gives[0]
    return given.model_copy(update={f: round(v * factor, 9) for f in fields if (v := getattr(given, f))})


@dataclass(frozen=True)
class Site:
    """Counts of blocks and plant, chosen by nobody but chance."""

    rng: random.Random
    brief: SiteBrief
    catalog: Catalog
    columns: tuple[Column, ...]
    kinds: tuple[tuple[int, tuple[int, ...]], ...]
    """Number of the column and its blocks by phase."""
    plant: tuple[tuple[str, str, tuple[int, ...]], ...]
    """Carrier, SKU and modules a side by phase."""
    intakes: tuple[int, ...]

    def __str__(self) -> str:
        rated = {m.sku: m.gives[0].model_dump(exclude_defaults=True) for m in self.catalog.modules}
        plant = [(carrier, counts, rated[sku]) for carrier, sku, counts in self.plant]
        blocks = [(self.columns[n].name, counts) for n, counts in self.kinds]
        return f"{blocks}, {plant}, intakes {self.intakes}, {self.brief.redundancy}, {self.brief.autonomy}"

    def wishing(self, section: str, **wishes: Any) -> "Site":
        """The same counts for another brief."""
        part = getattr(self.brief, section).model_copy(update=wishes)
        return replace(self, brief=self.brief.model_copy(update={section: part}))

    def rerated(self, sku: str, factor: float) -> "Site":
        """The same counts of a module with another rating."""
        return replace(self, catalog=rerated(self.catalog, sku, factor))

    @cached_property
    def problem(self) -> Problem:
        """The question to which the counts are an answer."""
        return _problem(self.brief, self.catalog, self.columns)

    @cached_property
    def values(self) -> dict[str, int]:
        """The solver's variables at these counts."""
        problem = self.problem
        found: dict[str, int] = {}
        blocks = dict(self.kinds)
        for number, choice in enumerate(problem.columns):
            found[problem.stands(choice)] = int(number in blocks)
            for phase in problem.phases:
                found[problem.count(choice, phase)] = blocks[number][phase] if number in blocks else 0
        standing = {(carrier, sku): per_side for carrier, sku, per_side in self.plant}
        for option in problem.plant:
            counts = standing.pop((option.carrier, option.name), None)
            found[problem.chosen(option)] = int(counts is not None)
            for phase in problem.phases:
                found[problem.plant_count(option, phase)] = counts[phase] if counts else 0
        assert not standing, f"not among the options: {standing}"
        return found

    @property
    def used(self) -> list[BlockChoice]:
        """The kinds of block that stand."""
        return [self.problem.columns[number] for number, _ in self.kinds]

    def accepted(self, rule: ModuleType) -> bool:
        """Whether the counts keep the rows that a rule writes."""
        return rows_of(rule, self.problem).kept(self.values)

    def sku(self, carrier: str) -> str:
        """What gives a carrier here."""
        return next(sku for given, sku, _ in self.plant if given == carrier)

    def counts(self, carrier: str) -> tuple[int, ...]:
        """How many modules a side give a carrier, by phase."""
        return next(counts for given, _, counts in self.plant if given == carrier)

    def plan(self) -> Plan:
        """The plan of exactly these counts, with every feed."""
        kinds = [(c.column, letter) for c, letter in zip(self.used, "ab", strict=False)]
        options = {(o.carrier, o.name): o for o in self.problem.plant}
        sized = Sized(
            kinds=tuple(BlockKind(name=n, pod=c.pod, pods=c.pods, groups=c.groups) for c, n in kinds),
            blocks=tuple(counts for _, counts in self.kinds),
            plant=tuple(
                Plant(carrier=c, sku=s, sides=o.sides, per_side=n, unit_for=o.unit_for)  # type: ignore[arg-type]
                for c, s, n in self.plant
                if (o := options[c, s])
            ),
            intakes=self.intakes,
            status="feasible",
            objective_usd=0,
            bound_usd=0,
            parameters="by chance",
        )
        return make_plan(self.brief, self.catalog, sized, make_connected(self.brief, self.catalog, sized))


def burning(site: Site, sku: str) -> Site:
    """The set with a curve and a tank of its own."""
    rng, y = site.rng, site.rng.uniform(0.2, 0.3)
    first = rng.choice((0.1, 0.25))
    curve = [(first, y * rng.uniform(1.1, 1.5)), (0.5, y * rng.uniform(1.0, 1.1)), (0.75, y), (1.0, y * 1.02)]
    figures = {"fuel_l_per_kwh": tuple(curve), "belly_tank_l": rng.choice((0.0, 900.5, 4000.0))}
    change = {"engine": site.catalog.module(sku).engine.model_copy(update=figures)}
    return replace(site, catalog=edited(site.catalog, sku, lambda _: change))


def fits_intakes(site: Site) -> bool:
    """Whether every intake's blocks lie within one of the patterns that the solver gives it."""
    problem, used = site.problem, site.used
    (option,) = (o for o in problem.options("mv_ac") if o.name == site.sku("mv_ac"))
    fed: Counter[tuple[int, int]] = Counter()
    numbers = iter(site.intakes)
    for phase in problem.phases:
        for place, (_, counts) in enumerate(site.kinds):
            for _ in range(counts[phase] - (counts[phase - 1] if phase else 0)):
                fed[next(numbers), place] += 1
    return all(
        any(
            fed[n, 0] <= i and (len(used) == 1 or fed[n, 1] <= j)
            for i, j in problem.patterns(option, used[0], used[-1], first=n == 1)
        )
        for n in set(site.intakes)
    )


def sites(seed: int, **brief: Any) -> Iterator[Site]:
    """Sites on which all plant is ample."""
    rng = random.Random(seed)
    for _ in range(CATALOGS):
        catalog = a_catalog(_modules(rng), carriers=ALL_CARRIERS)
        asked = _brief(rng, brief)
        columns = make_columns(asked, catalog, HOOKS)
        problem = _problem(asked, catalog, columns)
        for _ in range(SITES_EACH):
            yield _counted(rng, problem, columns)


def fullest(findings: Iterable[Finding], carrier: str) -> float:
    """Load over rating of the fullest module that gives a carrier, as the check of losses finds it."""
    return max(f.actual / f.limit for f in findings if f.text.startswith(f"{carrier} load"))


def _brief(rng: random.Random, more: dict[str, Any]) -> SiteBrief:
    # More load than the counts ever carry: no count is beyond what the sizing may choose.
    phases = rng.choice((1, 1, 2))
    tree: dict[str, Any] = {
        "phases": [
            {"name": f"P{n}", "it_mw": rng.uniform(7.0, 9.0), "energised_by": f"{2030 + n}-12-31"}
            for n in range(phases)
        ],
        "grid": {"capacity_mw": 50.0, "voltage_kv": rng.choice((20.0, 110.0))},
        "redundancy": {
            "power": rng.choice(("N", "N+1", "2N")), "cooling": "N", "intake": rng.choice(("N", "2N")),
            "main_transformers": rng.choice(("N", "N+1", "N+2")), "standby": rng.choice(("N", "N+1", "N+2")),
            "network": rng.choice(("N", "2N")),
        },
        "storage": {"power_mw": 2.0, "duration_h": 1.0} if rng.random() < 0.5 else {},
        "limits": {"pods_per_block": 2},
    }  # fmt: skip
    for key, value in more.items():
        tree[key] = {**tree.get(key, {}), **value}
    return a_brief(**tree)


def _modules(rng: random.Random) -> tuple[Module, ...]:
    """Pods straight behind transformers, and plant with room for many of them."""
    fed = [{"carrier": "mv_ac", "connection": "transfer", "through": True}]
    from_grid = {"connection": "transfer", "through": True}
    needs = (need_of("lv_ac", "dual", kw_per_kw=round(rng.uniform(1.0, 1.3), 3)), need_of("network", "dual", units=1))
    pods = [_pod(sku, rng.uniform(*kw), needs) for sku, kw in (("POD-1000", (900, 1100)), ("POD-0600", (400, 700)))]
    intakes = [
        a_module(
            f"MVS-{n}", "intake", losses=convex(rng, 500),
            gives=[{"carrier": "mv_ac", "capacity_kva": 40_000, "feeders_max": rng.choice((None, 8))}],
            needs=[{**from_grid, "carrier": "utility_mv", "alternate": "standby_mv"}],
        )
        for n in (1, 2)
    ]  # fmt: skip
    main = [
        a_module(
            "TXM-1", "transformer", losses=convex(rng, 500), gives=[{"carrier": "utility_mv", "capacity_kva": 40_000}],
            needs=[{"carrier": "hv_bay", "connection": "unit", "through": True}],
        ),
        a_module(
            "HVB-1", "hv_bay", gives=[{"carrier": "hv_bay", "capacity_kva": 90_000}],
            needs=[{"carrier": "hv_ac", **from_grid}],
        ),
    ]  # fmt: skip
    services = [
        a_module(
            "NET-1", "network", gives=[{"carrier": "network", "capacity_units": 90}],
            needs=[{"carrier": "site_lv_ac", "connection": "dual", "fixed_kw": round(rng.uniform(5, 40), 2)}],
        ),
        a_module(
            "TXH-1", "transformer", gives=[{"carrier": "site_lv_ac", "capacity_kva": 900, "parallel_max": 8}],
            needs=fed, losses=convex(rng, 5),
        ),
        a_module(
            "TXB-1", "transformer", gives=[{"carrier": "battery_ac", "capacity_kw": 20_000}], needs=fed,
            losses=convex(rng, 30),
        ),
        a_module(
            "TRF-1", "transformer", needs=fed, losses=copper(rng.uniform(30, 120)),
            gives=[{"carrier": "lv_ac", "capacity_kva": rng.randint(1200, 2400), "parallel_max": 6}],
        ),
    ]  # fmt: skip
    sets = [rerated_set(GEN.model_copy(update={"sku": f"GEN-{n}"}), 40_000.0) for n in (1, 2)]
    return (*pods, *intakes, *main, *services, *sets, FTK, _battery(rng))


def rerated_set(module: Module, kw: float) -> Module:
    """A generating set of another size."""
    return module.model_copy(update={"gives": (module.gives[0].model_copy(update={"capacity_kw": kw}),)})


def _pod(sku: str, kw: float, needs: tuple[Need, ...]) -> Module:
    assert POD.it is not None
    powers = {"sustained_kw": round(kw, 1), "peak_kw": round(kw * 1.1, 1), "nameplate_kw": kw * 1.2, "measured_kw": kw}
    return POD.model_copy(update={"sku": sku, "it": POD.it.model_copy(update=powers), "needs": needs})


def _battery(rng: random.Random) -> Module:
    assert BES.grid_battery is not None
    power = round(rng.uniform(500, 1500), 1)
    store = BES.grid_battery.model_copy(update={"power_kw": power, "energy_kwh": round(power * rng.uniform(0.7, 3), 1)})
    fed = need_of("battery_ac", "shared", through=True, fixed_kw=5.0)
    return BES.model_copy(update={"needs": (fed,), "grid_battery": store})


def _problem(brief: SiteBrief, catalog: Catalog, columns: tuple[Column, ...]) -> Problem:
    """With the blocks of the drawn catalog: what is changed afterwards is no part of them."""
    return make_problem(brief, catalog, HOOKS, Known({question_of(brief, HOOKS): columns}))


def _counted(rng: random.Random, problem: Problem, columns: tuple[Column, ...]) -> Site:
    """One or two kinds of block and one module type per carrier, in numbers that only grow."""
    phases = len(problem.phases)

    def growing(least: int, most: int) -> tuple[int, ...]:
        return tuple(sorted(rng.randint(least, most) for _ in range(phases)))

    kinds = sorted(rng.sample(range(len(columns)), rng.randint(1, min(2, len(columns)))))
    blocks = {k: growing(1 if k == kinds[0] else 0, 3) for k in kinds}
    if len(kinds) == 2 and blocks[kinds[1]][-1] == 0:
        blocks[kinds[1]] = (*blocks[kinds[1]][:-1], 1)
    plant: dict[str, tuple[str, tuple[int, ...]]] = {}
    for carrier in problem.plant_carriers:
        option = rng.choice(problem.options(carrier))
        least = 1 + option.spare
        most = min(option.most, {"mv_ac": 3, "network": 2, "site_lv_ac": 2}.get(carrier, least + 1))
        plant[carrier] = option.name, growing(min(least, most), most)
    if "hv_bay" in plant:
        plant["hv_bay"] = "HVB-1", plant["utility_mv"][1]
    if "battery_ac" in plant:
        plant["battery_ac"] = "TXB-1", tuple(max(1, rng.randint(1, n)) for n in plant["mv_storage"][1][:1]) * phases
    numbers = []
    for phase in range(phases):
        for k in kinds:
            for _ in range(blocks[k][phase] - (blocks[k][phase - 1] if phase else 0)):
                numbers.append(rng.randint(1, plant["mv_ac"][1][phase]))
    standing = tuple((carrier, sku, counts) for carrier, (sku, counts) in plant.items())
    return Site(rng, problem.brief, problem.catalog, columns, tuple(blocks.items()), standing, tuple(numbers))
