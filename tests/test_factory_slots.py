"""Factory slots from the wish to the proved answer: the site changes what it buys, or nothing fits."""

import itertools
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

import holidays
import pytest
from brute import Brute, Kinds
from build import BASIS, MODULES, a_brief, a_catalog, a_plan
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_brute_force import a_site, sized_anew
from test_lead_times import with_weeks
from test_scheduling import KNOWN, brief_by, planned, site

from prefab.brief import read_brief
from prefab.columns import make_columns
from prefab.conflict import find_conflict
from prefab.connecting import make_connected
from prefab.design import make_built
from prefab.errors import Impossible, OutOfBudget
from prefab.problem import Known, make_problem, question_of
from prefab.rules import HOOKS, SUPPLY, factory_slots, schedule
from prefab.scheduling import make_scheduled
from prefab.sizing import make_sized
from prefab.solver import QUICK
from prefab.verdict import find_verdict

UPS, TRF, GEN = (next(m for m in MODULES if m.sku == sku) for sku in ("UPS-800", "TRF-1000", "GEN-2000"))
ASKED = {"phases": [{"name": "One", "it_mw": 2.0, "energised_by": "2029-12-31"}], "grid": {"capacity_mw": 6.0}}
# 1,134 days from the order to the date, 140 of them lead time and 23 from the factory to acceptance: 971 for the rest.
LEAD, DAYS = 140, 971


def slots(**rates):
    return {"works": {"factory": [{"family": f, "modules_per_week": rate} for f, rate in rates.items()]}}


def at_most(modules, hair=1.0):
    """The rate at which so many are ready in time; a hair less than 1, and one is not."""
    return (modules - 1) * 7 / DAYS * (1 + 1e-9) * hair


def counted(found):
    """Modules at full build by SKU."""
    seen = Counter()
    for kind, blocks in zip(found.kinds, found.blocks, strict=True):
        seen[kind.pod] += kind.pods * blocks[-1]
        for group in kind.groups:
            seen[group.sku] += group.count * blocks[-1]
    for plant in found.plant:
        seen[plant.sku] += plant.sides * plant.per_side[-1]
    return seen


def broken(brief, catalog, found):
    plan = a_plan(brief, catalog.modules, found, make_connected(brief, catalog, found))
    return {f.rule for r in SUPPLY for f in r.check(plan) if not f.kept}


LARGER = (
    *MODULES,
    sized_anew(
        UPS.model_copy(update={"ups_battery": UPS.ups_battery.model_copy(update={"energy_kwh": 300.0})}),
        "UPS-1400",
        1400,
        190_000.0,
    ),
    sized_anew(TRF, "TRF-1600", 1600, 190_000.0),
    sized_anew(GEN, "GEN-4000", 4000, 400_000.0),
)


@pytest.mark.parametrize(
    ("family", "small", "large"), [("power", "UPS-800", "UPS-1400"), ("generator", "GEN-2000", "GEN-4000")]
)
def test_larger_modules_where_the_factory_makes_few(family, small, large):
    catalog = a_catalog(LARGER)
    free = make_sized(a_brief(**ASKED), catalog, QUICK)
    most = sum(counted(free)[sku] for sku in (small, large))
    assert counted(free)[large] == 0
    same = a_brief(**ASKED, **slots(**{family: at_most(most)}))
    assert make_sized(same, catalog, QUICK).objective_usd == free.objective_usd
    fewer = a_brief(**ASKED, **slots(**{family: at_most(most, 0.999)}))
    found = make_sized(fewer, catalog, QUICK)
    assert found.status == "optimal"
    assert found.objective_usd > free.objective_usd
    assert counted(found)[large] > 0
    assert counted(found)[small] + counted(found)[large] < most
    assert broken(fewer, catalog, free) == {"factory_slots"}
    assert broken(fewer, catalog, found) == set()
    assert find_verdict(same, catalog, Known()) == "possible"


def test_what_no_factory_can_deliver_is_impossible_and_named():
    few = a_brief(**ASKED, **slots(heat_rejection=0.005))
    with pytest.raises(Impossible, match=r"Without these limits there is a site: .* 0\.005 a week of heat_rejection"):
        make_sized(few, a_catalog(), QUICK)
    conflict = find_conflict(few, a_catalog())
    assert conflict.verdict == "impossible"
    assert conflict.smallest
    assert [w.field for w in conflict.clashing] == ["works.factory", "phases.energised_by"]
    assert conflict.freeing == conflict.clashing


def test_slots_of_a_later_phase_count_what_stands_already():
    two = [
        {"name": "One", "it_mw": 1.0, "energised_by": "2029-12-31"},
        {"name": "Two", "it_mw": 1.0, "energised_by": "2031-06-30"},
    ]
    catalog, wish = a_catalog(LARGER), {"phases": two, "grid": {"capacity_mw": 6.0}, "limits": {"pods_per_block": 1}}
    free = make_sized(a_brief(**wish), catalog, QUICK)
    assert counted(free)["UPS-800"] == 6
    # In 971 days three, and in 1,517 four; the second date alone would have slots for its own three.
    tight = a_brief(**wish, **slots(power=at_most(3)))
    found = make_sized(tight, catalog, QUICK)
    assert broken(tight, catalog, free) == {"factory_slots"}
    assert broken(tight, catalog, found) == set()
    assert counted(found)["UPS-800"] + counted(found)["UPS-1400"] <= 4
    assert found.status == "optimal"


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(["power", "generator", "heat_rejection", "cdu", "transformer"]),
    st.floats(0.0, 12.0), st.floats(0.1, 3.0), st.sampled_from([[2.0], [1.0, 1.0]]),
)  # fmt: skip
def test_a_higher_rate_never_costs_more(family, modules, more, it_mw):
    phases = [{"name": f"P{n}", "it_mw": mw, "energised_by": f"{2029 + n}-12-31"} for n, mw in enumerate(it_mw)]
    costs = []
    for n in (modules, modules + more, 1000.0):
        brief = a_brief(**{**ASKED, "phases": phases}, **slots(**{family: round((n + 0.01) * 7 / DAYS, 6)}))
        try:
            costs.append(make_sized(brief, a_catalog(LARGER), QUICK).objective_usd)
        except Impossible:
            costs.append(10**12)
    assert costs == sorted(costs, reverse=True)


class BruteSlots(Brute):
    """Every way to reach a number of blocks phase by phase, each module held against every stretch of days."""

    @cached_property
    def families(self):
        return {f.family: f.modules_per_week for f in self.problem.brief.works.factory}

    def _kinds(self) -> Iterator[Kinds]:
        for kinds in super()._kinds():
            steps = (itertools.product(*(range(n + 1) for _, n in kinds)) for _ in self.problem.phases[:-1])
            last = tuple(n for _, n in kinds)
            if any(self._slots_do(kinds, (*path, last)) for path in itertools.product(*steps)):
                yield kinds

    def _slots_do(self, kinds: Kinds, path) -> bool:
        """Whether these numbers of blocks grow, carry each phase, are there in time and have slots."""
        problem, before = self.problem, (0,) * len(kinds)
        made = []
        for phase, counts in enumerate(path):
            grown = [n - b for n, b in zip(counts, before, strict=True)]
            carried = sum(n * c.it_kw for (c, _), n in zip(kinds, counts, strict=True))
            early = any(n and c.column.ready > phase for (c, _), n in zip(kinds, counts, strict=True))
            if min(grown) < 0 or early or carried < problem.it_kw[0][phase] - 1e-9:
                return False
            for (choice, _), n in zip(kinds, grown, strict=True):
                column = choice.column
                for sku, each in ((column.pod, column.pods), *((g.sku, g.count) for g in column.groups)):
                    made += [(sku, phase)] * each * n
            before = counts
        return all(self._delivered(family, rate, made) for family, rate in self.families.items())

    def _delivered(self, family, rate, made) -> bool:
        brief = self.problem.brief
        known = {m.sku: m for m in self.problem.catalog.modules if m.family == family}
        spans = []
        for sku, phase in made:
            if sku in known:
                # All modules of the small catalog are 18 working days on the way, inside others 17.
                way = 23 if known[sku].stands == "site" else 22
                until = (brief.phases[phase].energised_by - brief.as_of).days - way
                spans.append((known[sku].deployment.lead_weeks * 7, until))
        for first, last in {(a, b) for a, _ in spans for _, b in spans}:
            due = sum(1 for a, b in spans if a >= first and b <= last)
            if due and due - 1 > (last - first) * rate / 7 + 1e-9:
                return False
        return True

    def _intakes(self, kinds, bought, below):
        for option, n in super()._intakes(kinds, bought, below):
            if self._delivered("intake", self.families.get("intake", 1e9), [(option.name, 0)] * n * option.sides):
                yield option, n


@pytest.mark.parametrize("first", [0, 16, 24, 40, *(pytest.param(n, marks=pytest.mark.slow) for n in (8, 32))])
def test_same_cost_as_brute_force(first):
    """Small generated sites of which one or two families come at a limited rate, and some types late."""
    outcomes = Counter()
    for seed in range(first, first + 8):
        small, pick = a_site(seed), random.Random(f"factory slots {seed}")
        modules = tuple(
            with_weeks(m, pick.choice([20.0, 60.0, 180.0]))
            if m.family in ("it_pod", "power", "cdu", "intake") and pick.random() < 0.4
            else m
            for m in small.catalog.modules
        )
        catalog = small.catalog.model_copy(update={"modules": modules})
        families = pick.sample(["power", "power", "it_pod", "cdu", "heat_rejection", "intake"], pick.choice([1, 2]))
        rates = {f: round(pick.uniform(0.5, 14) * 7 / 1300, 5) for f in families}
        brief = small.brief.model_copy(update={"works": a_brief(**slots(**rates)).works})
        if "intake" in rates:  # with one date, for how many stand at an earlier one is not looked at
            brief = brief.model_copy(update={"phases": brief.phases[-1:]})
        try:
            found = make_sized(brief, catalog, QUICK).objective_usd
        except Impossible:
            found = None
        # No way is left out for another: each type of a family is a burden of its own.
        skus = [m.sku for m in modules if m.family in families]
        apart = replace(HOOKS, burdens=tuple(lambda _, m, __, sku=sku: float(m.sku == sku) for sku in skus))
        hooks = replace(HOOKS, burdens=factory_slots.burdens(brief, catalog))
        known = Known({question_of(brief, hooks): make_columns(brief, catalog, apart)})
        problem = make_problem(brief, catalog, hooks, known)
        least = BruteSlots(problem).least_usd()
        assert found == least, f"seed {seed}: {rates}"
        outcomes[least is None, least == Brute(problem).least_usd()] += 1
    assert len(outcomes) > 1, outcomes


def test_where_no_promising_pair_of_kinds_fits_in_whole_blocks(catalog):
    """20 MW with 15 UPS of those that take 45 weeks: pairs that look cheap by straight lines exceed it, all of them."""
    example = read_brief(Path(__file__).parents[1] / "examples" / "training-20mw.toml")
    brief = example.model_copy(update={"works": a_brief(**slots(power=0.134)).works})
    found = make_sized(brief, catalog, QUICK)
    assert found.status == "optimal"
    slow = {m.sku for m in catalog.modules if m.family == "power" and m.deployment.lead_weeks >= 45}
    assert 0 < sum(n for sku, n in counted(found).items() if sku in slow) <= 15


def test_where_the_schedule_of_the_cheapest_site_is_late_a_site_of_fewer_modules_is_tried(catalog):
    example = read_brief(Path(__file__).parents[1] / "examples" / "training-20mw.toml")
    brief = example.model_copy(update={"works": a_brief(**slots(generator=0.2)).works})
    cheapest, built = make_sized(brief, catalog, QUICK), make_built(brief, catalog, "quick")
    assert counted(built.sized) != counted(cheapest)
    assert (built.sized.status, built.sized.bound_usd) == ("feasible", cheapest.bound_usd)
    assert built.sized.objective_usd > cheapest.objective_usd
    assert built.scheduled.tasks[-1].finish <= brief.phases[0].energised_by
    slow = example.model_copy(update={"works": a_brief(**slots(it_pod=0.04)).works})
    with pytest.raises(OutOfBudget, match=r"cannot be handed over by .*\nso the cheapest site; none of fewer modules"):
        make_built(slow, catalog, "quick")


def scheduled_site(rate, by=date(2031, 1, 2), blocks=(6,)):
    """Blocks of two UPS each, and their schedule."""
    wish = brief_by(*by) if isinstance(by, tuple) else brief_by(by)
    brief = wish.model_copy(update={"works": a_brief(**slots(power=rate)).works})
    equipment = tuple(e for e in site(blocks))
    return brief, equipment, make_scheduled(brief, BASIS, KNOWN, equipment, QUICK)


def ready_days(scheduled, sku, country="SE"):
    """On which day after the order each lot is ready, in order of its procurement's end."""
    free = holidays.country_holidays(country)
    found = []
    for task in scheduled.tasks:
        if task.key.endswith(f"/procurement/{sku}"):
            day = task.finish + timedelta(1)
            while day.weekday() > 4 or day in free:
                day += timedelta(1)
            found.append((day - date(2026, 11, 23)).days)
    return sorted(found)


def test_the_schedule_has_no_module_before_its_slot():
    brief, equipment, scheduled = scheduled_site(0.1)
    ready = ready_days(scheduled, "UPS-800")
    # Every ten weeks one, every lot has two.
    assert all(day >= 140 + (2 * n + 1) * 70 for n, day in enumerate(ready)), ready
    plan = planned(brief, equipment, scheduled)
    assert [f.kept for f in factory_slots.check(plan)] == [True, True]
    assert all(f.kept for f in schedule.check(plan))
    at_once = planned(brief, equipment, make_scheduled(brief_by(date(2031, 1, 2)), BASIS, KNOWN, equipment, QUICK))
    assert [f.where for f in factory_slots.check(at_once) if not f.kept] == ["schedule"]


def test_a_schedule_in_time_for_exactly_as_many_as_there_are_slots():
    """Twelve UPS: the last is ready 11 / rate weeks after the first, and then comes all that follows."""
    _, _, loose = scheduled_site(1000.0)
    late = scheduled_site(0.1)[2]
    for rate, scheduled in ((1000.0, loose), (0.1, late)):
        last = next(t for t in scheduled.tasks if t.key == "P1/handover").finish
        assert (last - date(2026, 11, 23)).days >= LEAD + 11 * 7 / rate
    with pytest.raises(Impossible, match="cannot be handed over by 2028-12-29"):
        scheduled_site(0.1, by=date(2028, 12, 29))


@pytest.mark.parametrize("seed", range(6))
def test_random_rates_and_phases_keep_both_rules(seed):
    pick = random.Random(f"slots in a schedule {seed}")
    blocks = tuple(pick.randint(1, 4) for _ in range(pick.randint(1, 3)))
    dates = tuple(date(2032 + 2 * n, 1, 2) for n in range(len(blocks)))
    brief, equipment, scheduled = scheduled_site(round(pick.uniform(0.05, 2.0), 3), dates, blocks)
    plan = planned(brief, equipment, scheduled)
    assert [f for f in (*factory_slots.check(plan), *schedule.check(plan)) if not f.kept] == []
