"""What storage is kept for at random counts: the rows of storage and of the grid's limit take it where the checks keep
the plan that is made of the same counts and shares, up to whole watts and hundred-thousandths of a factor."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count, product
from math import ceil, sqrt
from typing import Any

from counted import rows_of
from test_duties_brute_force import a_site
from two_sided import Tally, edited, near

from prefab.brief import SiteBrief
from prefab.catalog import Catalog
from prefab.connecting import make_connected
from prefab.design import make_plan
from prefab.module import Module
from prefab.plan import BlockKind, Plan, Plant, Sized
from prefab.plant_options import PlantOption
from prefab.problem import BlockChoice, Known, Problem, make_problem, question_of
from prefab.results import Finding
from prefab.rules import grid_limit, storage
from prefab.rules.walk import walk
from prefab.shares import Share
from prefab.sizing import hooks_of

CASES, CASES_EACH = 304, 8
HELD = 0.9 * 0.8 * sqrt(0.88)
"""Of a battery's cells what it gives: its window of charge, at the end of its life, on the way out."""


@dataclass(frozen=True)
class Case:
    """Counts by phase of one or two kinds of block and of one battery, and watts of each duty."""

    problem: Problem
    kinds: tuple[tuple[BlockChoice, tuple[int, ...]], ...]
    plant: tuple[tuple[PlantOption, tuple[int, ...]], ...]
    watts: dict[str, int]

    @property
    def values(self) -> dict[str, int]:
        """The solver's variables."""
        problem, found = self.problem, dict(self.watts)
        kinds, plant = {c.name: n for c, n in self.kinds}, {(o.carrier, o.name): n for o, n in self.plant}
        for choice, phase in product(problem.columns, problem.phases):
            found[problem.count(choice, phase)] = kinds.get(choice.name, (0, 0))[phase]
            found[problem.stands(choice)] = int(choice.name in kinds)
        for option, phase in product(problem.plant, problem.phases):
            found[problem.plant_count(option, phase)] = plant.get((option.carrier, option.name), (0, 0))[phase]
            found[problem.chosen(option)] = int((option.carrier, option.name) in plant)
        return found

    @property
    def battery(self) -> tuple[PlantOption, tuple[int, ...]]:
        """With its counts."""
        return next((o, n) for o, n in self.plant if o.battery_w)

    def of_batteries(self, phase: int) -> list[Share]:
        """What the watts say, by the requirement and the workload card."""
        problem, ask, brief = self.problem, self.problem.storage, self.problem.brief
        swing = problem.catalog.workloads[0].swing
        assert swing is not None
        assert swing.high_frac is not None
        assert swing.period_s is not None
        high, option = swing.high_frac.base, self.battery[0]
        basis = problem.catalog.basis.duties
        assert basis is not None

        def share(duty: str, power_kw: float, energy_kwh: float, **more: float) -> Share:
            kept = {"duty": duty, "carrier": option.carrier, "sku": option.name, "phase": phase}
            return Share.model_validate({**kept, "power_kw": power_kw, "energy_kwh": energy_kwh, **more})

        found = []
        if phase == problem.phases[-1]:
            kw = brief.storage.power_mw * 1000
            found.append(share("reserve", kw, kw * brief.storage.duration_h))
        if any(ask.swings):
            kw = self.watts[ask.taken(0, phase)] / 1000
            sure_kw = sum(n[phase] * c.duty.sure_w for c, n in self.kinds) / 1000
            hours = high * (1 - high) * swing.period_s.high / 3600
            hours += max(basis.drift_frac * hours, 5 * basis.noise_frac * sqrt(2400) * 0.05 / 3600)
            power = max(high, 1 - high) + basis.noise_frac * basis.noise_deviations
            found.append(share("swing", kw * power, kw * hours, swing_kw=kw, relief_kw=(1 - high) * min(kw, sure_kw)))
        step_w = sum(n[phase] * c.duty.step_w for c, n in self.kinds)
        step_w = max(0, step_w - self.watts.get(ask.lent(phase), 0))
        found.append(share("ramp", step_w / 1000 * (1 + basis.recharge_frac), step_w / 1000 * ask.ramp_h))
        if ask.shaving is not None:
            kw, hours = self.watts[ask.shaved(phase)] / 1000, ceil((brief.storage.shaving.peak_h or 0.0) * 60) / 60
            power = max(1.0, hours / 0.88 / (24 - hours))
            found.append(share("shaving", kw * power, kw * hours, relief_kw=kw))
        return found

    def of_blocks(self) -> list[Share]:
        """What blocks keep for their own swings, and lend of their UPS, each as much of what it may as every other."""
        found = []
        for letter, (choice, counts) in zip("ab", self.kinds, strict=False):
            duty = choice.column.duty
            assert duty is not None
            found += [s.model_copy(update={"kind": letter}) for s in duty.own]
            for phase in self.problem.phases:
                offers_w = sum(n[phase] * c.duty.offer_w for c, n in self.kinds)
                lent_w = self.watts.get(self.problem.storage.lent(phase), 0)
                for held in duty.offers if lent_w and counts[phase] else ():
                    kw = self.problem.storage.lasting_kw(held) * lent_w / offers_w
                    ask = self.problem.storage
                    kept = {"carrier": held.carrier, "sku": held.sku, "kind": letter, "phase": phase}
                    kept |= {"power_kw": kw * ask.ramp_frac, "energy_kwh": kw * ask.ramp_h}
                    found.append(Share.model_validate({"duty": "ramp", **kept}))
        return found

    def plan(self) -> Plan:
        """Of exactly these counts and shares."""
        brief, catalog = self.problem.brief, self.problem.catalog
        kinds = tuple(
            BlockKind(name=letter, pod=c.column.pod, pods=c.column.pods, groups=c.column.groups)
            for letter, (c, _) in zip("ab", self.kinds, strict=False)
        )
        shares = [s for phase in self.problem.phases for s in self.of_batteries(phase)]
        sized = Sized(
            kinds=kinds,
            blocks=tuple(n for _, n in self.kinds),
            plant=tuple(
                Plant(carrier=o.carrier, sku=o.name, sides=o.sides, per_side=n, unit_for=o.unit_for)  # type: ignore[arg-type]
                for o, n in self.plant
            ),
            intakes=(1,) * sum(n[-1] for _, n in self.kinds),
            storage=(*self.of_blocks(), *shares),
            status="feasible",
            objective_usd=0,
            bound_usd=0,
            parameters="by chance",
        )
        return make_plan(brief, catalog, sized, make_connected(brief, catalog, sized))


def again(case: Case, brief: SiteBrief, catalog: Catalog) -> Case:
    """The same counts and watts under another brief and with other figures of batteries."""
    hooks = hooks_of(brief, catalog, ())
    columns = tuple(c.column for c in case.problem.columns)
    problem = make_problem(brief, catalog, hooks, Known({question_of(brief, hooks): columns}))
    named = {c.name: c for c in problem.columns}
    options = {(o.carrier, o.name): o for o in problem.plant}
    return replace(
        case,
        problem=problem,
        kinds=tuple((named[c.name], n) for c, n in case.kinds),
        plant=tuple((options[o.carrier, o.name], n) for o, n in case.plant),
    )


def cases(seed: int, *, lends: bool = False) -> Iterator[tuple[random.Random, Case]]:
    """Sites of one demand by chance, with plenty of connection; then watts of each duty, several times. If `lends`, of
    sites whose UPS lend to ramps as much as they have, and not what their bus steps."""
    rng = random.Random(seed)
    for number in count():
        site = a_site(number)
        if len(site.it_kw) > 1 or len(site.columns) < 2 or not site.options("mv_storage"):
            continue
        grid = site.brief.grid
        wide = {"capacity_mw": 100.0, "series": (), "swing_mw": None if grid.swing_mw is None else 100.0}
        if lends and grid.ramp_mw_per_min:
            # Slow ramps take energy, fast ones power.
            wide["ramp_mw_per_min"] = grid.ramp_mw_per_min * rng.choice((1, 20))
        brief = site.brief.model_copy(update={"grid": grid.model_copy(update=wide)})
        lend = [c for c in site.columns if c.duty.offer_w]
        if lends and not lend:
            continue
        kinds = rng.sample(site.columns, 2)
        if lend and rng.random() < 0.8:
            kinds = [rng.choice(lend), rng.choice(lend if lends else kinds)]
        kinds = list({c.name: c for c in kinds}.values())
        counted = tuple((c, growing(rng, site, 1, 2)) for c in kinds)
        battery, number_of = rng.choice(site.options("mv_storage")), growing(rng, site, 2, 6)
        plant = [(battery, number_of), (site.options("mv_ac")[0], (2,) * len(site.phases))]
        for option in site.options("battery_ac"):
            if battery.module.needed("battery_ac"):
                plant.append((option, number_of))
        case = again(Case(site, counted, tuple(plant), {}), brief, site.catalog)
        if lends:
            case = with_battery(case, 1e5, 1e5)
            found = of_ups(lending(replace(case, watts=watts_of(case, rng)), 1.0))
            had = [f for f in found if f.sense == ">="]
            if not had or min(1 - f.limit / f.actual if f.actual else 1.0 for f in had) > 1e-5:
                continue
        for _ in range(4 * CASES_EACH if lends else CASES_EACH):
            yield rng, replace(case, watts=watts_of(case, rng))


def growing(rng: random.Random, site: Problem, least: int, most: int) -> tuple[int, ...]:
    return tuple(sorted(rng.randint(least, most) for _ in site.phases))


def watts_of(case: Case, rng: random.Random) -> dict[str, int]:
    """Some of what there is of each duty, or all."""
    problem, ask, found = case.problem, case.problem.storage, {}
    for phase in problem.phases:
        swing_w, sure_w, offers_w = (
            sum(n[phase] * getattr(c.duty, figure) for c, n in case.kinds)
            for figure in ("swing_w", "sure_w", "offer_w")
        )
        if any(ask.swings):
            assert ask.swings[0] is not None
            taken = int(swing_w * rng.choice((1.0, rng.random())))
            found[ask.taken(0, phase)] = taken
            found[ask.relieved(0, phase)] = min(taken, sure_w) * ask.swings[0].relief_parts // ask.parts
        if any(c.duty.offer_w for c in problem.columns):
            found[ask.lent(phase)] = int(offers_w * rng.choice((0.0, 1.0, rng.random())))
        if ask.shaving is not None:
            found[ask.shaved(phase)] = rng.randrange(400_000)
    return found


def with_battery(case: Case, power_kw: float, energy_kwh: float) -> Case:
    """Whose batteries have so much together at full build."""
    option, counts = case.battery
    figures = {"power_kw": power_kw / counts[-1], "energy_kwh": energy_kwh / counts[-1] / HELD}

    def change(module: Module) -> dict[str, Any]:
        assert module.grid_battery is not None
        given = module.gives[0].model_copy(update={"capacity_kw": figures["power_kw"]})
        return {"gives": (given,), "grid_battery": module.grid_battery.model_copy(update=figures)}

    return again(case, case.problem.brief, edited(case.problem.catalog, option.name, change))


def test_what_batteries_keep():
    """Powers and energies of all duties at one time against what they hold at the end of their life.

    The rows refuse beyond the check at the most what is rounded: a watt of each battery, and of each factor a
    hundred-thousandth, which for the energy of short swings may be two parts of a hundred.
    """
    tally, tight = Tally(), Counter()
    for rng, case in cases(21):
        last = case.problem.phases[-1]
        asked = [sum(getattr(s, f) for s in case.of_batteries(last)) for f in ("power_kw", "energy_kwh")]
        if min(asked) <= 1:
            continue
        figures = [each * near(rng) for each in asked]
        figures[rng.randrange(2)] *= rng.choice((1.0, 3.0))
        edge = with_battery(case, *figures)
        phases = {f"phase {p.name}" for p in edge.problem.brief.phases}
        findings = [f for f in storage.check(edge.plan()) if f.where in phases]
        kept, accepted = all(f.kept for f in findings), rows_of(storage, edge.problem).kept(edge.values)
        tally.add(accepted, kept, (edge.kinds, edge.plant, edge.watts))
        if accepted and (relieved := [n for n in edge.watts if n.startswith("relieved")]):
            more = {n: edge.values[n] + 1 for n in relieved[:1]}
            assert not rows_of(storage, edge.problem).kept(edge.values | more), "more relief than is certain"
        if kept and not accepted:
            kw = (sum(edge.watts.values()) + sum(n[last] * c.duty.step_w for c, n in edge.kinds)) / 1000
            assert min(f.actual - f.limit for f in findings) < 0.01 + 1e-5 * kw
        tight["power" if findings[0].actual < findings[0].limit else "energy"] += not kept
        if tally.seen.total() == CASES:
            break
    assert min(tight.values()) >= 10, tight
    tally.conclude(0.03)


def lending(case: Case, frac: float) -> Case:
    """UPS lend so much of what they may."""
    watts = dict(case.watts)
    for phase in case.problem.phases:
        offers_w = sum(n[phase] * c.duty.offer_w for c, n in case.kinds)
        if (lent := case.problem.storage.lent(phase)) in watts:
            watts[lent] = round(offers_w * frac)
    return replace(case, watts=watts)


def of_ups(case: Case) -> list[Finding]:
    skus = [f", {m.sku} (" for m in case.problem.catalog.modules if m.ups_battery]
    return [f for f in storage.check(case.plan()) if any(sku in f.where for sku in skus)]


def test_what_ups_lend_to_ramps():
    """Beside swings of their own bus, their minutes untouched. Where the step of their bus is less than they have the
    check counts what is lost behind them too; such sites are left out."""
    tally, tight = Tally(), Counter()
    for rng, case in cases(22, lends=True):
        edge = lending(case, near(rng))
        found = of_ups(edge)
        tally.add(rows_of(storage, edge.problem).kept(edge.values), all(f.kept for f in found), str(edge.watts))
        tight.update(f.unit for f in found if not f.kept)
        if tally.seen.total() == CASES:
            break
    assert min(tight.values()) >= 10, tight
    tally.conclude(0.01)


def test_what_storage_takes_off_the_peak():
    """Of the blocks' own storage, of batteries along swings that are certain, and of shaved hours: whole watts."""
    tally, seen = Tally(), Counter()
    for rng, case in cases(23):
        plan, last = case.plan(), case.problem.phases[-1]
        blocks = {letter: n[last] for letter, (_, n) in zip("ab", case.kinds, strict=False)}
        shares = [s for s in plan.sized.storage if s.phase == last or (s.kind and s.duty == "swing")]
        less_kw = sum(s.relief_kw * blocks.get(s.kind, 1) for s in shares)
        if less_kw < 1:
            continue
        drawn_kw = walk(plan, last).import_kw
        grid = case.problem.brief.grid
        limit = grid.model_copy(update={"capacity_mw": (drawn_kw - less_kw * near(rng)) / 1000})
        brief = case.problem.brief.model_copy(update={"grid": limit})
        edge = again(case, brief, case.problem.catalog)
        kept = all(f.kept for f in grid_limit.check(plan.model_copy(update={"brief": brief})))
        tally.add(rows_of(grid_limit, edge.problem).kept(edge.values), kept, (edge.kinds, edge.watts))
        seen.update({(s.duty, bool(s.kind)) for s in shares if s.relief_kw})
        if tally.seen.total() == CASES:
            break
    assert set(seen) == {("swing", True), ("swing", False), ("shaving", False)}
    assert min(seen.values()) >= 10, seen
    tally.conclude(0.03)
