"""Intakes that come by slots in several phases: whole blocks fit in every one of them, on intakes that they keep."""

import itertools
import random
from collections import Counter
from dataclasses import replace
from functools import cache

import pytest
from brute import Brute, up
from build import MODULES, a_brief, a_catalog
from proved import sized_usd
from test_brute_force import SITE_CARRIERS, a_site, sized_anew, with_demands, with_other_blocks

from prefab.errors import Impossible
from prefab.problem import Known, make_problem
from prefab.rules import HOOKS, factory_slots
from prefab.sizing import make_sized, solve_problem
from prefab.solver import QUICK
from prefab.verdict import find_verdict

MVS = next(m for m in MODULES if m.family == "intake")
NAMES = ("one", "other", "third", "fourth")


def rate_of(modules, days):
    """At which so many and hardly more are ready after so many days beyond the lead time."""
    return round((modules - 1 + 0.05) * 7 / days, 6)


# By hand -------------------------------------------------------------------------------------------------------------

DAYS = 971
"""From the order to 2029-12-31 without the lead time of 140 and the 23 from the factory to acceptance."""


def a_catalog_of(small_kw):
    """Small intakes, and a dear one that carries everything."""
    small = sized_anew(MVS, "MVS-S", small_kw, 100_000, parallel_max=6)
    large = sized_anew(MVS, "MVS-L", 20_000, 2_000_000, parallel_max=2, feeders_max=10)
    return a_catalog((*(m for m in MODULES if m.sku != MVS.sku), small, large), carriers=SITE_CARRIERS)


def a_wish(names, by_phase_one=None, exclude=()):
    """Five megawatts of blocks of one, and one megawatt more after three years."""
    loads = {1: (5.0,), 2: (3.0, 2.0), 3: (2.0, 2.0, 1.0)}[len(names)]
    first = [{"demand": n, "it_mw": mw} for n, mw in zip(names, loads, strict=True)]
    last = [{"demand": names[-1], "it_mw": 1.0}]
    several = len(names) > 1
    splits = ({"split": first}, {"split": last}) if several else ({}, {})
    demands = {"it": {"workload": None, "demand": [{"name": n, "workload": "chat"} for n in names]}} if several else {}
    slots = [] if by_phase_one is None else [{"family": "intake", "modules_per_week": rate_of(by_phase_one, DAYS)}]
    return a_brief(
        phases=[
            {"name": "One", "it_mw": 5.0, "energised_by": "2029-12-31", **splits[0]},
            {"name": "Two", "it_mw": 1.0, "energised_by": "2032-12-31", **splits[1]},
        ],
        grid={"capacity_mw": 30.0},
        limits={"pods_per_block": 1, "block_kinds": 1, "exclude": list(exclude)},
        redundancy={"intake": "N"},
        works={"factory": slots},
        **demands,
    )


@pytest.mark.parametrize("names", [NAMES[:1], NAMES[:2], NAMES[:3]])
def test_two_slots_where_totals_take_two_intakes_and_whole_blocks_three(names):
    problem = make_problem(a_wish(names), a_catalog_of(20_000), HOOKS)
    each_kw = min(c.normal.switchgear_w for c in problem.columns) / 1000
    # Two blocks on each intake, which has room for 2.6 of them: five take three intakes, and totals two.
    catalog = a_catalog_of(round(2.6 * each_kw))

    def bought(brief):
        found = make_sized(brief, catalog, QUICK)
        assert found.status == "optimal"
        return [(p.sku, p.per_side) for p in found.plant if p.carrier == "mv_ac"]

    assert bought(a_wish(names)) == bought(a_wish(names, 3)) == [("MVS-S", (3, 3))]
    for exclude in ((), ("MVS-S",)):
        assert bought(a_wish(names, 2, exclude)) == [("MVS-L", (1, 1))]
        assert find_verdict(a_wish(names, 2, exclude), catalog, Known()) == "possible"
    assert find_verdict(a_wish(names, 2, ("MVS-L",)), catalog, Known()) != "possible"
    with pytest.raises(Impossible, match="Without these limits there is a site: After the first"):
        make_sized(a_wish(names, 2, ("MVS-L",)), catalog, QUICK)


def by_hand(by_phase_one):
    """Intakes of 10 MW for two blocks of 6 MW and two of 3 in the first phase, and three of 4 in the last one.

    Two carry the first phase, 6 + 3 each, and three carry everything as 6 + 4, 6 + 4 and 3 + 3 + 4; but where 6 and 3
    hang together already, three do not do.
    """
    problem = make_problem(a_wish(NAMES[:3], by_phase_one), a_catalog_of(20_000), HOOKS)
    columns = []
    for demand, watts in enumerate((6_000_000, 3_000_000, 4_000_000)):
        one = next(c for c in problem.columns if c.column.demand == demand)
        draw, none = one.normal._replace(switchgear_w=watts), one.extra._replace(switchgear_w=0)
        columns.append(replace(one, it_kw=1000, normal=draw, extra=none))
    options = {"MVS-S": {"capacity_w": 10_000_000, "feeders": 8}, "MVS-L": {"capacity_w": 40_000_000, "feeders": 8}}
    return replace(
        problem,
        columns=tuple(columns),
        plant=tuple(replace(o, **options.get(o.name, {})) for o in problem.plant),
        it_kw=((2000.0, 2000.0), (2000.0, 2000.0), (0.0, 3000.0)),
        summed=(factory_slots.RULE,),
    )


@pytest.mark.parametrize(
    ("by_phase_one", "bought"),
    [(3, ("MVS-S", (3, 3))), (2.45, ("MVS-S", (2, 4))), (2, ("MVS-L", (1, 1)))],
    ids=["3 and 5 slots", "2 and 4", "2 and 3"],
)
def test_what_fits_in_every_phase_by_itself_may_not_fit_on_intakes_that_keep_their_blocks(by_phase_one, bought):
    problem = by_hand(by_phase_one)
    found = solve_problem(problem, QUICK)
    assert (found.status, found.objective_usd) == ("optimal", BruteIntakes(problem).least_usd())
    assert [(p.sku, p.per_side) for p in found.plant if p.carrier == "mv_ac"] == [bought]
    small = replace(problem, plant=tuple(o for o in problem.plant if o.name != "MVS-L"))
    assert sized_usd(small) == (None if bought[0] == "MVS-L" else found.objective_usd)


# Against brute force -------------------------------------------------------------------------------------------------

WAY_AND_LEAD = 23 + 140


class BruteIntakes(Brute):
    """Every way to buy intakes phase by phase, and to fill them in the order in which they come."""

    def _intakes(self, kinds, bought, below):
        problem = self.problem
        for option, n in super()._intakes(kinds, bought, below):
            before = itertools.combinations_with_replacement(range(1, n + 1), len(problem.phases) - 1)
            paths = [(*path, n) for path in before if self._slots_do(option, (*path, n))]
            if any(self._fills(option, path, kinds, of) for path in paths for of in self._blocks(kinds)):
                yield option, n

    def _slots_do(self, option, path):
        (factory,) = self.problem.brief.works.factory
        for phase, count in zip(self.problem.brief.phases, path, strict=True):
            days = (phase.energised_by - self.problem.brief.as_of).days - WAY_AND_LEAD
            if count * option.sides - 1 > days * factory.modules_per_week / 7:
                return False
        return True

    def _blocks(self, kinds):
        """Numbers of blocks phase by phase: of several demands as few as carry each, of one in every way."""
        it_kw = self.problem.it_kw
        if len(it_kw) > 1:
            yield [[up(kw / c.it_kw) for kw in it_kw[c.column.demand]] for c, _ in kinds]
            return
        of_each = [
            [p for p in itertools.combinations_with_replacement(range(n + 1), len(it_kw[0])) if p[-1] == n]
            for _, n in kinds
        ]
        for paths in itertools.product(*of_each):
            carried = [
                sum(n * c.it_kw for (c, _), n in zip(kinds, now, strict=True)) for now in zip(*paths, strict=True)
            ]
            early = any(n[c.column.ready - 1] for (c, _), n in zip(kinds, paths, strict=True) if c.column.ready)
            if not early and all(kw >= asked - 1e-9 for kw, asked in zip(carried, it_kw[0], strict=True)):
                yield paths

    def _fills(self, option, path, kinds, blocks):
        stores = sum(
            max(o.standing[0] * o.most for o in self.of[c])
            for c in set(self.of) - {"mv_ac", "utility_mv", "standby_mv"}
        )
        ring = any(n.carrier == "mv_ac" for o in self.problem.plant for n in o.module.needs)

        @cache
        def rest_fits(hung, intake):
            due = [[of[p] for of in blocks] for p, n in enumerate(path) if n == intake]
            if any(h < n for now in due for h, n in zip(hung, now, strict=True)):
                return False
            if intake == path[-1]:
                return True
            room, ways = option.capacity_w - (0 if intake else stores), option.feeders - (0 if intake else int(ring))
            left = [of[-1] - h for of, h in zip(blocks, hung, strict=True)]
            for here in itertools.product(*(range(min(n, ways) + 1) for n in left)):
                worst = max((c.extra[0] for (c, _), n in zip(kinds, here, strict=True) if n), default=0)
                load = sum(n * c.normal[0] for (c, _), n in zip(kinds, here, strict=True))
                fits = sum(here) <= ways and (not any(here) or load + worst <= room)
                if fits and rest_fits(tuple(a + b for a, b in zip(hung, here, strict=True)), intake + 1):
                    return True
            return False

        return rest_fits((0,) * len(kinds), 0)


def a_case(seed, demands):
    """Blocks of any figures on small intakes, of which one or two come by the first phase."""
    pick = random.Random(f"intake slots {seed} {demands}")
    least = {1: 3, 2: 4, 3: 4, 4: 5}[demands]
    problem = with_other_blocks(a_site(seed), seed, least=least, most=least + 2)
    if demands > 1:
        problem = with_demands(problem, seed, NAMES[:demands])
    draws = sorted(c.normal.switchgear_w for c in problem.columns)

    def small(option):
        capacity_w = int(pick.uniform(1.2, 2.6) * draws[len(draws) // 2]) + problem.stores.switchgear_w
        return replace(option, capacity_w=capacity_w, feeders=8)

    days = (problem.brief.phases[0].energised_by - problem.brief.as_of).days - WAY_AND_LEAD
    sides = problem.options("mv_ac")[0].sides
    rate = rate_of(sides * pick.randint(1, 2), days)
    works = a_brief(works={"factory": [{"family": "intake", "modules_per_week": rate}]}).works
    return replace(
        problem,
        brief=problem.brief.model_copy(update={"works": works}),
        plant=tuple(small(o) if o.carrier == "mv_ac" else o for o in problem.plant),
        grid_w=2 * problem.grid_w,
        summed=(factory_slots.RULE,),
    )


GROWING = [seed for seed in range(60) if len(a_site(seed).phases) > 1 and a_site(seed).columns]


@pytest.mark.parametrize("demands", [1, 2, 3, pytest.param(4, marks=pytest.mark.slow)])
def test_same_cost_as_brute_force(demands):
    outcomes = Counter()
    for seed in GROWING[:12]:
        problem = a_case(seed, demands)
        least = BruteIntakes(problem).least_usd()
        assert sized_usd(problem) == least, seed
        outcomes[least is None, least == Brute(problem).least_usd()] += 1
    assert outcomes[False, True] >= 1, "slots that do not bind"
    assert outcomes[True, False] + outcomes[False, False] >= 2, "and that do"
