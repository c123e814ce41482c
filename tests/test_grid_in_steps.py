"""Sizing under a connection that comes in steps: by plain loops over two phases, by what may not change, by reasons."""

import itertools
import math
import random
from collections import Counter

import pytest
from brute import Brute
from build import CARRIERS, GEN, MODULES, MVS, POD, _carrier, a_brief, a_catalog
from proved import sized_usd

from prefab.conflict import find_conflict
from prefab.connection import Bridge
from prefab.design import make_design
from prefab.errors import Impossible
from prefab.module import Losses
from prefab.plan import write_plan
from prefab.problem import Known, make_problem
from prefab.rules import HOOKS, grid_limit, interruptible
from prefab.sizing import make_sized
from prefab.solver import QUICK
from prefab.verdict import find_verdict

GAS = _carrier("gas", "fuel", "site", "none", utility=True)
WITH_GAS = tuple(sorted((*CARRIERS, GAS), key=lambda c: c.key))


def priced(module, sku, capacity_kw, usd, **more):
    given = module.gives[0].model_copy(update={"capacity_kva": None, "capacity_kw": float(capacity_kw)})
    price = module.price.model_copy(update={"amount": float(usd)})
    return module.model_copy(update={"sku": sku, "gives": (given,), "price": price, **more})


def gas_set(sku, capacity_kw, usd, continuous_frac):
    figures = {"fuel": "gas", "fuel_l_per_kwh": None, "belly_tank_l": 0.0, "continuous_frac": continuous_frac}
    needs = (GEN.needs[0].model_copy(update={"carrier": "gas"}),)
    return priced(GEN, sku, capacity_kw, usd, engine=GEN.engine.model_copy(update=figures), needs=needs)


def half_pod(usd):
    figures = {f: getattr(POD.it, f) * 0.6 for f in ("nameplate_kw", "sustained_kw", "peak_kw", "measured_kw")}
    return priced(POD, "POD-0600", 600, usd, it=POD.it.model_copy(update=figures))


def two_phases(*it_mw):
    return [{"name": f"P{n}", "it_mw": mw, "energised_by": f"{2030 + n}-12-31"} for n, mw in enumerate(it_mw)]


def a_problem(seed):
    """Two phases of gas-backed blocks with two intakes, two pods and two sets, one of which may be for emergencies."""
    pick = random.Random(f"steps {seed}")
    losses = Losses(points=((0.0, 10.0), (0.25, 20.0), (0.5, 35.0), (0.75, 55.0), (1.0, 80.0)))
    modules = (
        *(m for m in MODULES if m.sku not in (MVS.sku, POD.sku)), POD, half_pod(pick.randrange(500_000, 800_000)),
        *(priced(MVS, f"MVS-{n}", pick.randrange(2_000, 5_000), pick.randrange(50_000, 900_000), losses=losses)
          for n in (1, 2)),
        gas_set("GAS-0900", pick.randrange(600, 1_300), pick.randrange(100_000, 400_000), pick.choice((0.5, 0.8, 1.0))),
        gas_set("GAS-1600", pick.randrange(1_200, 2_000), pick.randrange(200_000, 600_000), pick.choice((None, 1.0))),
    )  # fmt: skip
    it_mw = [pick.choice((0.6, 1.0, 1.5)), pick.choice((0.5, 1.0, 1.6))]
    first, last = it_mw[0], sum(it_mw)
    early = first * pick.choice((pick.uniform(1.3, 2.0), pick.uniform(0.2, 3.0)))
    late = max(early, last * pick.choice((pick.uniform(1.3, 1.8), pick.uniform(0.8, 2.5))))
    whole = max(late, last * pick.uniform(1.2, 2.0))
    soft = pick.choice((0.0, 0.3, 1.0))
    steps = [
        {"since": day, "firm_mw": round(mw * (1 - soft), 3), "interruptible_mw": round(mw * soft, 3)}
        for day, mw in (("2030-06-30", early), ("2031-06-30", late), ("2032-06-30", whole))
    ]
    brief = a_brief(
        phases=two_phases(*it_mw),
        grid={
            "capacity_mw": sum(steps[-1][f] for f in ("firm_mw", "interruptible_mw")), "series": steps,
            "interruption_h": 4.0 if soft else None, "bridge": {"allowed": pick.random() < 0.6},
        },
        redundancy={
            "power": pick.choice(("N", "N+1")), "cooling": "N", "intake": "N",
            "standby": pick.choice(("N", "N+1", "N+2")),
        },
        autonomy={"ups_min": 5.0, "generator_h": 0.0 if pick.random() < 0.3 else 8.0, "fuel": "gas"},
        limits={"pods_per_block": pick.randint(1, 2), "block_kinds": pick.choice((1, 2))},
    )  # fmt: skip
    return make_problem(brief, a_catalog(modules, carriers=WITH_GAS), HOOKS)


class InSteps:
    """Every number of blocks in both phases, every intake, and the fewest sets of every type that do."""

    def __init__(self, problem):
        self.problem, self.brute = problem, Brute(problem)
        grid, last = problem.brief.grid, len(problem.phases) - 1
        self.steps = []
        for phase in problem.brief.phases:
            there = [s for s in grid.series if s.since <= phase.energised_by]
            firm, soft = (there[-1].firm_mw, there[-1].interruptible_mw) if there else (0.0, 0.0)
            self.steps.append((math.floor(firm * 1e6 + 1e-3), math.floor((firm + soft) * 1e6 + 1e-3)))
        self.built_w = math.floor(grid.capacity_mw * 1e6 + 1e-3) if grid.bridge.allowed else self.steps[last][1]

    def least_usd(self):
        best = math.inf
        for kinds in self.brute._kinds():
            blocks_usd = sum(n * c.cost_usd for c, n in kinds)
            for option in self.brute.of["mv_ac"]:
                for number in range(1, 9):
                    known = blocks_usd + number * option.cost_usd
                    if known >= best:
                        break
                    named = tuple((c.name, m, c.normal[0], c.extra[0]) for c, m in kinds)
                    if self._carried(kinds, option, number) and self.brute.packs(option, number, named):
                        best = min(best, known + self._sets_usd(kinds, option, number))
        return None if math.isinf(best) else best

    def _draw(self, kinds, option, number, place):
        return sum(n * c.normal[place] for c, n in kinds) + number * option.standing[place]

    def _carried(self, kinds, option, number):
        load = self._draw(kinds, option, number, 0) + max(c.extra[0] for c, _ in kinds)
        return load <= number * option.capacity_w

    def _early(self, kinds, option, number):
        """Every first phase: fewer blocks of the same kinds, on the fewest intakes that carry them."""
        asked = self.problem.it_kw[0][0]
        for counts in itertools.product(*(range(n + 1) for _, n in kinds)):
            fewer = [(c, n) for (c, _), n in zip(kinds, counts, strict=True)]
            if sum(n * c.it_kw for c, n in fewer) >= asked - 1e-9:
                for few in range(1, number + 1):
                    # The worst block of any kind that is ever built is charged from the first phase on.
                    if self._carried(fewer, option, few) and few * option.feeders >= sum(counts):
                        yield fewer, few
                        break

    def _sets_usd(self, kinds, option, number):
        extra = max(c.extra[2] for c, _ in kinds)
        late = (self._draw(kinds, option, number, 1), self._draw(kinds, option, number, 2) + extra)
        early = {
            (self._draw(fewer, option, few, 1), self._draw(fewer, option, few, 2) + extra)
            for fewer, few in self._early(kinds, option, number)
        }
        found = math.inf
        for sets in self.brute.of.get("standby_mv", [None]):
            for count in range(1 if sets else 0, 30 if sets else 1):
                now = count - (sets.spare if sets else 0)
                if self._keeps(late, 1, sets, now) and any(self._keeps(drawn, 0, sets, now) for drawn in early):
                    found = min(found, count * sets.cost_usd if sets else 0)
                    break
        return found

    def _keeps(self, drawn, phase, sets, running):
        """With as many sets in the first phase as ever: they draw nothing by standing there."""
        utility, imported = drawn
        firm, given = self.steps[phase]
        if sets is None:
            return imported <= min(given, self.built_w) and imported <= firm
        frac = sets.module.engine.continuous_frac or 0.0
        bridge = running * math.floor(sets.capacity_w * frac) if self.problem.brief.grid.bridge.allowed else 0
        gives = running * sets.capacity_w
        return gives >= utility and imported <= self.built_w and imported - bridge <= given and imported - firm <= gives


def firm_at_once(brief):
    """The same connection, all of it firm and there from the first day."""
    grid = brief.grid.model_copy(update={"series": (), "interruption_h": None, "bridge": Bridge()})
    return brief.model_copy(update={"grid": grid})


AT_ONCE = 20


@pytest.mark.parametrize("first", [20, 40, *(pytest.param(n, marks=pytest.mark.slow) for n in (0, 60))])
def test_same_cost_as_plain_loops(first):
    seen = Counter()
    for seed in range(first, first + AT_ONCE):
        problem = a_problem(seed)
        expected = InSteps(problem).least_usd()
        assert sized_usd(problem) == expected, seed
        seen["possible" if expected else "impossible"] += 1
        free = make_problem(firm_at_once(problem.brief), problem.catalog, HOOKS)
        seen["dearer"] += bool(expected) and sized_usd(free) < expected
        verdict = find_verdict(problem.brief, problem.catalog, Known())
        assert verdict in (("possible", "unknown") if expected else ("impossible", "unknown")), seed
    assert min(seen["possible"], seen["impossible"]) >= 3, seen
    assert seen["dearer"] >= 1, seen


GAS_SITE = (*(m for m in MODULES if m.sku != GEN.sku), gas_set("GAS-1000", 1_000, 500_000, 1.0))
"""Blocks behind sets that run for good."""


def steps(*each):
    return [{"since": since, "firm_mw": firm, "interruptible_mw": soft} for since, firm, soft in each]


def a_wish(series, bridge=False, **more):
    grid = {"capacity_mw": sum(series[-1][f] for f in ("firm_mw", "interruptible_mw")), "series": series}
    if any(s["interruptible_mw"] for s in series):
        grid["interruption_h"] = 4.0
    grid["bridge"] = {"allowed": bridge}
    return a_brief(phases=two_phases(1.0, 1.5), grid=grid, **{"autonomy": {"generator_h": 8.0, "fuel": "gas"}, **more})


@pytest.fixture(scope="module")
def gas_catalog():
    return a_catalog(GAS_SITE, carriers=WITH_GAS)


def cost(brief, catalog):
    try:
        return make_sized(brief, catalog, QUICK).objective_usd
    except Impossible:
        return math.inf


def written(brief, catalog, like):
    """The plan's file, as if it had been made for another brief."""
    plan = make_design(brief, catalog).plan
    return write_plan(plan.model_copy(update={"brief": like}))


def test_a_connection_there_from_the_first_day_changes_no_byte(gas_catalog):
    """A series of one step, of equal steps, or that is whole before anything runs: sized, connected, placed and
    scheduled as without one."""
    plain = a_brief(
        phases=two_phases(1.0, 1.5), grid={"capacity_mw": 4.0}, autonomy={"generator_h": 8.0, "fuel": "gas"}
    )
    expected = written(plain, gas_catalog, plain)
    for series in (
        steps(("2028-01-01", 4.0, 0.0)),
        steps(("2028-01-01", 4.0, 0.0), ("2031-06-30", 4.0, 0.0)),
        steps(("2028-01-01", 2.0, 0.0), ("2030-12-31", 4.0, 0.0)),
    ):
        for bridge in (False, True):
            assert written(a_wish(series, bridge), gas_catalog, plain) == expected


def test_more_megawatts_are_never_dearer(gas_catalog):
    """Of either kind, in either step, bridged or not; and a bridge is never dearer than none."""
    pick, finite = random.Random("more"), 0
    for _ in range(8):
        first, more = pick.uniform(0.3, 2.0), pick.uniform(0.1, 1.0)
        soft = pick.choice((0.0, pick.uniform(0.1, 1.0)))
        days = ("2030-06-30", "2031-06-30")
        costs = {}
        for bridge, (a, b) in itertools.product((False, True), ((0, 0), (more, 0), (0, more))):
            early = (days[0], first + a, soft + b)
            late = (days[1], max(early[1] + early[2], 4.5), 0.0)
            costs[bridge, a, b] = cost(a_wish(steps(early, late), bridge), gas_catalog)
        for bridge in (False, True):
            assert max(costs[bridge, more, 0], costs[bridge, 0, more]) <= costs[bridge, 0, 0]
        assert all(costs[True, a, b] <= costs[False, a, b] for _, a, b in costs)
        finite += math.isfinite(costs[True, 0, 0])
    assert finite >= 4


def test_why_nothing_fits(gas_catalog):
    """The phase, what the connection gives on its date, what bridges it, and what its blocks draw at least."""
    series = steps(("2030-06-30", 0.5, 0.0), ("2031-06-30", 4.0, 0.0))
    with pytest.raises(
        Impossible, match=r"grid in phase P0: 0\.5 MW on 2030-12-31; the blocks of any site draw 1\.\d MW"
    ):
        make_sized(a_wish(series), gas_catalog, QUICK)
    emergency = a_catalog((*GAS_SITE[:-1], gas_set("GAS-1000", 1_000, 500_000, None)), carriers=WITH_GAS)
    with pytest.raises(Impossible, match="no generating set that may stand here runs without limit of hours"):
        make_sized(a_wish(series, bridge=True), emergency, QUICK)
    assert find_verdict(a_wish(series), gas_catalog, Known()) == "impossible"
    assert find_verdict(a_wish(series, bridge=True), gas_catalog, Known()) == "possible"


def test_which_wishes_clash(gas_catalog):
    """The series, or that nothing bridges it, or the dates: each of them frees the site alone."""
    series = steps(("2030-06-30", 0.5, 0.0), ("2031-06-30", 4.0, 0.0))
    conflict = find_conflict(a_wish(series), gas_catalog)
    freeing = {w.field for w in conflict.freeing}
    assert freeing >= {"grid.series", "grid.bridge.allowed", "phases.energised_by"}
    assert all("0.5 MW from 2030-06-30 on" in w.sentence for w in conflict.clashing if w.rule == grid_limit.TITLE)
    called = a_wish(steps(("2030-06-30", 0.0, 4.0)), autonomy={"generator_h": 0.0})
    (wish,) = (w for w in find_conflict(called, gas_catalog).freeing if w.rule == interruptible.TITLE)
    assert wish.field == "grid.interruption_h"
