"""What sizing arranges against the walk of every loss, on blocks wired by hand with the cords that it spreads.

The walk takes what fans draw in each situation; where systems share their reserve, arranging takes what they draw at
their rating, which is the margin it states.
"""

import random
from collections import Counter
from dataclasses import dataclass

import pytest
from build import CARRIERS, a_brief, a_catalog, a_module
from hypothesis import given
from hypothesis import strategies as st
from wired import a_fan, systems_plan

from prefab.arranging import CATCHER, SYSTEMS, arrange, carried_kw, rated_draw_kw, spread
from prefab.eligible import Offer, site_conditions
from prefab.loading import Demand
from prefab.plan import SYSTEMS as NAMES
from prefab.rules import bus_limit, contingencies, feeds
from prefab.rules.walk import walk

LEVELS = ("N", "N+1", "N+2", "2N", "2(N+1)", *SYSTEMS)
EACH = 60
RATED_KW = 100.0
CARRIER = next(c for c in CARRIERS if c.key == "critical_ac")


@dataclass(frozen=True)
class Case:
    """Pods and fans on so many systems of so many UPS."""

    level: str
    pods_kw: tuple[float, ...]
    fans: int
    systems: int
    per_side: int
    capacity_kw: float
    parallel_max: int
    group_max_kw: float | None

    @property
    def normal_kw(self):
        """Each fan takes a fifth of its share of the heat in air, which is a fifth of the pods' power."""
        return sum(self.pods_kw) * (1.04 if self.fans else 1.0)

    @property
    def rated_kw(self):
        return (*self.pods_kw, *(RATED_KW,) * self.fans)


def module(case):
    given = {"carrier": "critical_ac", "capacity_kw": case.capacity_kw, "parallel_max": case.parallel_max}
    supply = {"carrier": "utility_mv", "connection": "header", "through": True}
    return a_module("UPS-X", "power", gives=[given], needs=[supply])


def arranged(case):
    """What sizing makes of the case with at least so many UPS in each system."""
    brief = a_brief(redundancy={"power": case.level})
    carrier = CARRIER.model_copy(update={"group_max_kw": case.group_max_kw})
    conditions = site_conditions(brief, a_catalog())
    offer = Offer(brief, module(case), carrier, conditions, None, None, case.capacity_kw)
    demand = Demand((case.normal_kw,))
    if not bus_limit.admit(demand, carrier, max(SYSTEMS.get(case.level, (2,))) - 1):
        return None
    found = arrange(demand, offer, case.level, case.rated_kw, case.per_side)
    return next((a for a in found if (a.sides, a.per_side) == (case.systems, case.per_side)), None)


def admitted(case):
    """Whether sizing would buy this arrangement, or a smaller one of as many systems."""
    return arranged(case) is not None


def wired(case, *, at_rating):
    count = len(case.rated_kw)
    names = "".join(NAMES[: case.systems])
    if case.level in SYSTEMS:
        cords = ["".join(NAMES[n] for n in pair) for pair in spread(case.rated_kw, case.level, case.systems)]
    else:
        cords = [names] * count
    pods, fans = cords[: len(case.pods_kw)], cords[len(case.pods_kw) :]
    plan = systems_plan(
        case.level,
        list(zip(case.pods_kw, pods, strict=True)),
        names,
        case.per_side,
        case.capacity_kw,
        fans=fans,
        at_rating=at_rating,
    )
    carriers = tuple(
        c.model_copy(update={"group_max_kw": case.group_max_kw}) if c.key == "critical_ac" else c for c in plan.carriers
    )
    modules = tuple(module(case) if m.sku == "UPS-X" else m for m in plan.modules)
    return plan.model_copy(update={"carriers": carriers, "modules": modules})


def kept(case, *, at_rating=False):
    """Whether every pod runs and no module or bus carries too much after each loss that the brief names."""
    plan = wired(case, at_rating=at_rating)
    return all(f.kept for rule in (contingencies, bus_limit, feeds) for f in rule.check(plan))


def drawn(level, rng):
    """A random case; every other is within 2 % of what one of its limits allows."""
    apart = level == "N+1" and rng.random() < 0.3
    systems = rng.choice(SYSTEMS.get(level, (2 if apart or level in ("2N", "2(N+1)") else 1,)))
    fans = rng.choice((0, 0, rng.randint(2, 4)))
    fewest = 1 if level not in SYSTEMS else max(1, systems - (level == CATCHER) - fans)
    pods_kw = tuple(round(rng.uniform(100, 600), 1) for _ in range(rng.randint(fewest, fewest + 4)))
    per_side = 1 if apart else rng.randint(1, 4)
    case = Case(level, pods_kw, fans, systems, per_side, 1.0, 1 if apart else rng.choice((4, 32, 3)), None)
    worst_kw, left = case.normal_kw, per_side - {"N+1": 0 if apart else 1, "N+2": 2, "2(N+1)": 1}.get(level, 0)
    if level in SYSTEMS:
        cords = spread(case.rated_kw, level, systems)
        worst_kw = max(kw for lost in range(systems) for kw in carried_kw(case.rated_kw, cords, level, systems, lost))
    near = rng.random() < 0.5
    capacity_kw = worst_kw / max(left, 1) * (rng.uniform(0.98, 1.02) if near else rng.uniform(0.7, 2.0))
    group_max_kw = worst_kw * rng.uniform(0.98, 1.02) if rng.random() < 0.15 else None
    return Case(level, pods_kw, fans, systems, per_side, capacity_kw, case.parallel_max, group_max_kw)


@pytest.mark.parametrize("level", LEVELS)
def test_what_is_arranged_is_what_the_walk_accepts(level):
    rng = random.Random(f"arrange {level}")
    seen = Counter()
    for _ in range(EACH):
        case = drawn(level, rng)
        wanted, found = admitted(case), kept(case)
        margin = found and not wanted
        seen[wanted, found] += 1
        if level in SYSTEMS:
            assert wanted == kept(case, at_rating=True), case
            # Nothing is bought that the walk refuses; what is refused beyond it has fans.
            assert found or not wanted, case
            assert case.fans or not margin, case
        else:
            assert wanted == found, case
        if wanted and not case.fans:
            outputs = max(kw for parts in arranged(case).outputs for kw, _ in parts)
            loads = walk(wired(case, at_rating=False), 0).load_kw
            assert outputs == pytest.approx(max(kw for tag, kw in loads.items() if "UPS" in tag)), case
    assert seen[True, True] >= 10
    assert seen[False, False] >= 10
    # At 60 cases with half of them within 2 % of the limit and a third with fans at a fifth of their rating or less.
    assert seen[False, True] <= EACH // 4


def test_fewer_modules_than_arranged_are_refused():
    for level in LEVELS:
        rng = random.Random(f"fewest {level}")
        tried = 0
        while tried < 5:
            case = drawn(level, rng)
            brief = a_brief(redundancy={"power": level})
            offer = Offer(
                brief, module(case), CARRIER, site_conditions(brief, a_catalog()), None, None, case.capacity_kw
            )
            for least in arrange(Demand((case.normal_kw,)), offer, level, case.rated_kw, 1):
                if least.per_side > 1 and not case.fans and case.group_max_kw is None:
                    shape = {"systems": least.sides, "parallel_max": 32}
                    fewer = Case(**{**vars(case), **shape, "per_side": least.per_side - 1})
                    assert not kept(fewer)
                    assert kept(Case(**{**vars(case), **shape, "per_side": least.per_side}))
                    tried += 1


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("parallel_max", [1, 4])
def test_what_draws_nothing_has_modules_that_one_may_lose(level, parallel_max):
    """A feed is asked for all the same, and one must be left after each loss."""
    offered = module(Case(level, (100.0,), 0, 1, 1, 100.0, parallel_max, None))
    brief = a_brief(redundancy={"power": level})
    offer = Offer(brief, offered, CARRIER, site_conditions(brief, a_catalog()), None, None, 100.0)
    for found in arrange(Demand((0.0,)), offer, level, (0.0,) * 6, 1):
        assert found.worst_kw == 0.0
        assert found.sides * found.per_side > {"N": 0, "N+2": 2}.get(level, 1)


def test_without_a_consumer_for_every_system_sharing_is_not_arranged():
    # Two pods on AB and AC would do for the walk; a third system that nothing hangs on is not bought.
    for systems, pods, level in ((3, 2, "3N/2"), (4, 3, "4N/3"), (4, 2, CATCHER)):
        case = Case(level, (100.0,) * pods, 0, systems, 1, 1000.0, 4, None)
        assert not admitted(case)
        assert admitted(Case(**{**vars(case), "pods_kw": (100.0,) * (pods + 1)}))


def losses_kw(parts):
    """Half a kilowatt at no load, and a share that grows with it."""
    return sum(n * (0.5 + kw / 50 + kw**2 / 3e5) for kw, n in parts)


@pytest.mark.parametrize("level", ["2N", "2(N+1)", *SYSTEMS])
def test_no_cord_lost_draws_more_than_what_is_arranged(level):
    """With a cord cut all modules run on and idle, so that losses may be larger than after the loss of a system."""
    rng, worse, brief = random.Random(f"cord {level}"), 0, a_brief(redundancy={"power": level})
    for _ in range(EACH):
        case = drawn(level, rng)
        draws_kw, capacity_kw = case.pods_kw, 3 * sum(case.pods_kw)
        offer = Offer(brief, module(case), CARRIER, site_conditions(brief, a_catalog()), None, None, capacity_kw)
        demand = Demand((sum(draws_kw),), max(draws_kw))
        for found in arrange(demand, offer, level, draws_kw, 1):
            cords = spread(draws_kw, level, found.sides) if level in SYSTEMS else [(0, 1)] * len(draws_kw)
            usual = carried_kw(draws_kw, cords, level, found.sides, -1)
            arranged_kw = [losses_kw(parts) for parts in found.outputs]
            for draw_kw, pair in zip(draws_kw, cords, strict=True):
                for cut in pair:
                    hung, moved = (carried_kw([draw_kw], [pair], level, found.sides, n) for n in (-1, cut))
                    carried = [a - b + c for a, b, c in zip(usual, hung, moved, strict=True)]
                    cord_kw = losses_kw([(kw / found.per_side, found.per_side) for kw in carried])
                    assert cord_kw <= max(arranged_kw) + 1e-9
                    systems = found.outputs[:-1]
                    worse += cord_kw > max(map(losses_kw, systems)) + 1e-6
    # A catcher takes a consumer over as it is: that is never less even.
    assert (worse > 0) is (level != CATCHER)


@given(
    st.lists(st.floats(0.1, 1000), min_size=1, max_size=12),
    st.sampled_from([(scheme, n) for scheme, counts in SYSTEMS.items() for n in counts]),
)
def test_nothing_is_lost_between_systems(draws_kw, scheme):
    level, systems = scheme
    cords = spread(draws_kw, level, systems)
    for lost in range(-1, systems):
        carried = carried_kw(draws_kw, cords, level, systems, lost)
        assert sum(carried) == pytest.approx(sum(draws_kw))
        assert lost < 0 or carried[lost] == 0
    if level == CATCHER:
        assert carried_kw(draws_kw, cords, level, systems, -1)[-1] == 0
        assert all(other == systems - 1 != one for one, other in cords)
    assert all(one != other for one, other in cords)


def test_equal_consumers_are_spread_evenly():
    assert Counter(spread([1.0] * 6, "3N/2", 3)) == {(0, 1): 2, (0, 2): 2, (1, 2): 2}
    assert set(Counter(spread([1.0] * 6, "4N/3", 4)).values()) == {1}
    assert Counter(spread([1.0] * 8, CATCHER, 5)) == {(n, 4): 2 for n in range(4)}
    # The largest first, each to where the least hangs: 5 on A, 4 and 2 on B, 1 on A.
    assert spread([1.0, 5.0, 2.0, 4.0], CATCHER, 3) == [(0, 2), (0, 2), (1, 2), (1, 2)]


def test_rated_draws():
    fan = a_fan()
    assert rated_draw_kw(fan, "air_cooling", fan.needs[0]) == RATED_KW
    assert rated_draw_kw(a_fan(at_rating=True), "air_cooling", a_fan(at_rating=True).needs[0]) == RATED_KW
