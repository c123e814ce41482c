"""UPS with transformers of their own: one more, each with less to carry, may do with fewer or smaller transformers.

Against brute force over every type and number of everything, worked out here by hand: a module draws what it gives and
loses, a transformer of its own (and what that has for itself) carries an equal part of it in the worst situation.
"""

import itertools
import random
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import pytest
from brute import Brute
from build import CARRIERS, CHL, DRY, FTK, GEN, MVS, POD, TRF, UPS, _carrier, a_brief, a_catalog
from proved import sized_usd
from test_brute_force import of_pods, sized_anew
from test_columns import block_alone, faults

from prefab.columns import Column, make_columns
from prefab.eligible import SiteOffers, make_offers
from prefab.fronts import Key
from prefab.loading import Demand, draw_kw, loads_kw
from prefab.plan import Group
from prefab.problem import Known, make_problem, question_of
from prefab.rules import HOOKS
from prefab.ways import Asked, Ways

OF_GROUPS = tuple(
    sorted(
        (
            *(c.model_copy(update={"group_max_kw": None}) for c in CARRIERS),
            _carrier("fused_mv", "electric", "block", "none"),
        ),
        key=lambda c: c.key,
    )
)
SYSTEMS = {"3N/2": ((3, 1 / 2),), "4N/3": ((4, 1 / 3),), "catcher": ((3, 2 / 3), (4, 1 / 3))}
"""Of three equal pods (six at 4N/3): numbers of systems, and the share of a block that one carries at the most."""
PODS = {"3N/2": 3, "4N/3": 6, "catcher": 3}
ALIKE = ("N", "N+1", "N+2", "2N", "2(N+1)")
"""Redundancies at which all modules of a group carry the same."""


@dataclass(frozen=True)
class Case:
    """Everything that a block may be made of."""

    level: str
    pods: int
    pod: object
    ups: tuple
    transformers: tuple
    fuses: tuple
    """What each transformer has for itself, if anything."""

    @property
    def catalog(self):
        return a_catalog((self.pod, *self.ups, *self.transformers, *self.fuses, MVS, GEN, FTK), carriers=OF_GROUPS)

    @property
    def brief(self):
        it_mw = self.pods * self.pod.it.sustained_kw / 1000
        return a_brief(
            phases=[{"name": "One", "it_mw": it_mw, "energised_by": "2030-12-31"}],
            grid={"capacity_mw": 20.0}, redundancy={"power": self.level, "cooling": "N"},
            autonomy={"ups_min": 0.0, "generator_h": 0.0}, limits={"pods_per_block": self.pods},
        )  # fmt: skip

    def lighter(self, factor):
        """With pods that draw less of the same."""
        peak_kw = self.pod.it.peak_kw * factor
        it = self.pod.it.model_copy(update={"peak_kw": peak_kw})
        return replace(self, pod=self.pod.model_copy(update={"it": it}))


def curved(rated, share):
    """Losses with a standing part and a square one."""
    return tuple((x, rated * share * (0.2 + 0.8 * x * x)) for x in (0.0, 0.25, 0.5, 0.75, 1.0))


def a_case(seed, levels=(*ALIKE, *SYSTEMS), losses=curved):
    """UPS are cheap and transformers dear, so that it is worth asking for fewer of them."""
    pick = random.Random(f"units {seed}")
    level, fused = pick.choice(levels), pick.random() < 0.4
    pods = PODS.get(level) or pick.randint(1, 3)
    plain = POD.model_copy(update={"needs": tuple(n for n in POD.needs if n.carrier == "critical_ac")})
    pod = of_pods(plain, "POD-1", float(pick.randrange(300, 1300)), 1_000_000)
    block_kw = pods * pod.it.peak_kw
    rated = [round(block_kw / pick.uniform(0.8, 3.2)) for _ in range(2)]

    def electric(base, sku, capacity, usd, share, **more):
        module = sized_anew(base, sku, capacity, usd, parallel_max=more.pop("most"))
        lossy = base.losses.model_copy(update={"points": losses(capacity, share)})
        return module.model_copy(update={"losses": lossy, **more})

    need = UPS.needs[0].model_copy(update={"carrier": "fused_mv"})
    of_transformer = (need,) if fused else TRF.needs
    ups = tuple(
        electric(UPS, f"UPS-{n}", kw, round(kw * pick.uniform(20, 90)), 0.04, most=pick.choice([4, 6, 9]))
        for n, kw in enumerate(rated)
    )
    transformers = tuple(
        electric(
            TRF, f"TRF-{n}", round(kw * pick.uniform(0.35, 1.1)), round(kw * pick.uniform(40, 160)), 0.015,
            most=pick.choice([1, 1, 2, 3]), needs=of_transformer,
        )
        for n, kw in enumerate(rated)
    )  # fmt: skip
    fuses = tuple(
        electric(TRF, f"FUS-{n}", round(kw * pick.uniform(0.3, 1.1)), round(kw * pick.uniform(20, 90)), 0.005,
                 most=pick.choice([1, 2, 3]))
        for n, kw in enumerate(rated)
    )  # fmt: skip
    fuses = tuple(
        f.model_copy(update={"family": "fuse", "gives": (f.gives[0].model_copy(update={"carrier": "fused_mv"}),)})
        for f in fuses
    )
    return Case(level, pods, pod, ups, transformers, fuses if fused else ())


# by hand -------------------------------------------------------------------------------------------------------------


def drawn_kw(module, output_kw):
    """What it gives and loses."""
    points, rated = module.losses.points, module.gives[0].capacity_kw
    x = output_kw / rated
    for (low, least), (high, most) in itertools.pairwise(points):
        if low <= x <= high + 1e-9:
            return output_kw + least + (most - least) * (x - low) / (high - low)
    raise AssertionError((module.sku, output_kw))


def sides_and_worst(case, pods, per_side):
    """Systems, and what one UPS carries at the most, where so many stand on each."""
    load_kw = pods * case.pod.it.peak_kw
    if case.level in SYSTEMS:
        return [(systems, share * load_kw / per_side) for systems, share in SYSTEMS[case.level]]
    spare = {"N+1": 1, "N+2": 2, "2(N+1)": 1}.get(case.level, 0)
    left = per_side - spare
    return [(2 if case.level in ("2N", "2(N+1)") else 1, load_kw / left)] if left > 0 else []


def of_its_own(module, worst_kw, kinds):
    """Every way to serve one module from units of its own: usd, types and numbers (of each unit: of its own)."""
    if not kinds:
        yield 0, ()
        return
    for unit in kinds[0]:
        for number in range(1, unit.gives[0].parallel_max + 1):
            share_kw = drawn_kw(module, worst_kw) / number
            if share_kw <= unit.gives[0].capacity_kw * (1 + 1e-9):
                for usd, rest in of_its_own(unit, share_kw, kinds[1:]):
                    yield number * (unit.price.amount + usd), ((unit, number), *rest)


def blocks(case, pods):
    """Everything that a block of so many pods may be made of: usd without pods, systems, UPS, how many, its units."""
    kinds = [k for k in (case.transformers, case.fuses) if k]
    for ups in case.ups:
        for per_side in range(1, ups.gives[0].parallel_max + 1):
            for systems, worst_kw in sides_and_worst(case, pods, per_side):
                if worst_kw <= ups.gives[0].capacity_kw * (1 + 1e-9):
                    for usd, units in of_its_own(ups, worst_kw, kinds):
                        yield systems * per_side * (ups.price.amount + usd), systems, ups, per_side, units


def fewest(case, pods, systems, ups):
    """The fewest UPS on each of so many systems that carry a block, whatever they have for themselves."""
    for per_side in range(1, ups.gives[0].parallel_max + 1):
        for found, worst_kw in sides_and_worst(case, pods, per_side):
            if found == systems and worst_kw <= ups.gives[0].capacity_kw * (1 + 1e-9):
                return per_side
    return None


def of_fewest(case, pods):
    """The blocks that have no more UPS than that."""
    return (b for b in blocks(case, pods) if b[3] == fewest(case, pods, b[1], b[2]))


def least_usd(case):
    """The cheapest, of any numbers and with the fewest UPS."""
    pods_usd = case.pods * case.pod.price.amount
    return tuple(min((pods_usd + usd for usd, *_ in of(case, case.pods)), default=None) for of in (blocks, of_fewest))


# the same by the program ---------------------------------------------------------------------------------------------


def cheapest(case):
    """The cheapest column with all the pods."""
    columns = make_columns(case.brief, case.catalog, HOOKS)
    return min((c for c in columns if c.pods == case.pods), key=lambda c: c.real_usd, default=None)


def found_usd(case):
    """Its price, ex works."""
    column = cheapest(case)
    return None if column is None else column.real_usd / case.catalog.costs.installed


def worth(case):
    """What more UPS than the fewest are good for: the only possibility, cheaper, or nothing."""
    return compared(*least_usd(case))


def compared(of_any, fewest_only):
    if of_any == fewest_only:
        return "nothing"
    return "only" if fewest_only is None else "cheaper"


SEEDS = range(150)
MORE_UNITS = (1090, 1679)
"""More transformers for each UPS than the fewest do with fewer units of their own, which is the cheapest."""
TELLING = [*(seed for seed in SEEDS if worth(a_case(seed)) != "nothing"), *MORE_UNITS]


@pytest.mark.parametrize("first", range(0, SEEDS.stop, 30))
def test_cheapest_block_is_that_of_brute_force(first):
    for seed in range(first, first + 30):
        case = a_case(seed)
        assert found_usd(case) == least_usd(case)[0], (seed, case.level)


@pytest.mark.parametrize("seed", MORE_UNITS)
def test_more_units_than_the_fewest(seed):
    case = a_case(seed)
    ups, transformers, _ = (g for g in cheapest(case).groups)
    each = transformers.per_side // ups.per_side
    (worst_kw,) = (kw for n, kw in sides_and_worst(case, case.pods, ups.per_side) if n == ups.sides)
    of_sku = {m.sku: m for m in case.catalog.modules}
    assert drawn_kw(of_sku[ups.sku], worst_kw) / (each - 1) <= of_sku[transformers.sku].gives[0].capacity_kw
    assert found_usd(case) == least_usd(case)[0]


def test_more_modules_than_the_fewest_are_worth_something():
    cases = [a_case(seed) for seed in TELLING]
    seen = Counter(worth(c) for c in cases)
    assert min(seen["only"], seen["cheaper"]) >= 5, seen
    assert {c.level for c in cases} == {*ALIKE, *SYSTEMS}
    assert sum(worth(replace(c, fuses=())) == "nothing" for c in cases if c.fuses), "units of units tell"


@pytest.mark.parametrize("seed", TELLING)
def test_the_checks_keep_it(seed):
    case = a_case(seed)
    assert faults(block_alone(case.brief, case.catalog, cheapest(case))) == []


@pytest.mark.parametrize("seed", TELLING)
def test_less_load_is_never_dearer_nor_impossible(seed):
    case = a_case(seed)
    prices = [found_usd(case.lighter(1 - n / 40)) for n in range(10)]
    assert None not in prices
    assert prices == sorted(prices, reverse=True)


# whole sites ---------------------------------------------------------------------------------------------------------


def straight(rated, share):
    """Losses in proportion: a block then draws the same however many modules carry it."""
    return tuple((x, rated * share * x) for x in (0.0, 0.25, 0.5, 0.75, 1.0))


def a_site(seed):
    """A brief of two or three blocks and a bit, and what they may be made of."""
    pick = random.Random(f"sites of units {seed}")
    case = a_case(seed, ALIKE, straight)
    it_mw = case.pods * case.pod.it.sustained_kw / 1000 * pick.uniform(1.2, 2.6)
    brief = a_brief(
        phases=[{"name": "One", "it_mw": it_mw, "energised_by": "2030-12-31"}],
        grid={"capacity_mw": it_mw * pick.uniform(1.2, 2.5)},
        redundancy={"power": case.level, "cooling": "N", "intake": pick.choice(["N", "2N"])},
        autonomy={"ups_min": 0.0, "generator_h": pick.choice([0.0, 24.0])},
        limits={"pods_per_block": case.pods},
    )
    return case, brief


def columns_by_hand(case, of):
    """The cheapest block of each mix of types: blocks of one mix draw the same."""
    found = {}
    for pods in range(1, case.pods + 1):
        for block in of(case, pods):
            usd, _, ups, _, units = block
            mix = (pods, ups.sku, *(unit.sku for unit, _ in units))
            if mix not in found or usd < found[mix][0]:
                found[mix] = block
    installed = case.catalog.costs.installed
    for (pods, *skus), (usd, systems, ups, per_side, units) in found.items():
        draw_kw = pods * case.pod.it.peak_kw
        groups, served, number = [], None, per_side
        for module, each in ((ups, 1), *units):
            (gives,) = module.gives
            draw_kw *= 1 + module.losses.points[-1][1] / gives.capacity_kw
            number *= each
            groups.append(Group(carrier=gives.carrier, sku=module.sku, sides=systems, per_side=number, unit_for=served))
            served = gives.carrier
        cost_usd = (pods * case.pod.price.amount + usd) * installed
        yield Column(
            name="-".join((str(pods), *skus)), pod=case.pod.sku, pods=pods, groups=tuple(groups),
            it_kw=pods * case.pod.it.sustained_kw, cost_usd=cost_usd, real_usd=cost_usd, mv_kw=draw_kw,
            mv_worst_kw=draw_kw, modules=pods + sum(g.count for g in groups),
        )  # fmt: skip


def site_by_hand_usd(case, brief, of=blocks):
    known = Known({question_of(brief, HOOKS): tuple(columns_by_hand(case, of))})
    return Brute(make_problem(brief, case.catalog, HOOKS, known)).least_usd()


def seeds_of_sites(what, most):
    """Blocks of one pod, or of at most two, for which more UPS than the fewest are good for that."""
    pods_max = 1 if what == "only" else 2
    cases = ((seed, a_case(seed, ALIKE, straight)) for seed in range(1000))
    of_kind = (seed for seed, case in cases if case.pods <= pods_max and worth(case) == what)
    return itertools.islice(of_kind, most)


@pytest.mark.parametrize("what", ["only", "cheaper"])
def test_same_cost_of_a_site_as_brute_force(what):
    seen = Counter()
    for seed in seeds_of_sites(what, 14):
        case, brief = a_site(seed)
        expected = site_by_hand_usd(case, brief)
        assert sized_usd(make_problem(brief, case.catalog, HOOKS)) == expected, seed
        seen[compared(expected, site_by_hand_usd(case, brief, of_fewest))] += 1
    assert seen[what] >= 5, seen


# what is kept --------------------------------------------------------------------------------------------------------


def test_whoever_is_given_what_is_known_depends_on_the_units_offers():
    """Walks go on from an earlier one only where all offers that were looked at are the same."""
    case = next(c for c in map(a_case, SEEDS) if c.fuses)
    ways = Ways(SiteOffers(case.brief, case.catalog, HOOKS.shapes), HOOKS)
    none_fits = Asked(Demand((1e6,)), (case.pod, case.pods))
    for _ in range(2):
        ways.looked_up.clear()
        assert ways.to_give(Key("critical_ac"), [none_fits]) == []
        assert {k.carrier for k in ways.looked_up} == {"critical_ac", "lv_ac", "fused_mv"}


def test_loads_of_heat_rejection_follow_its_curve():
    """Of its fans, or its compressors: not straight between any points."""
    case = a_case(0)
    for module in (DRY, CHL):
        need = next(n for n in module.needs if n.carrier == "lv_ac")
        catalog = a_catalog((module, sized_anew(TRF, "TRF-7", 7, 1, parallel_max=9)))
        (offer,), _ = make_offers(case.brief, catalog, HOOKS.shapes, "heat_rejection", 36.0, 46.0)
        (unit,), _ = make_offers(case.brief, catalog, HOOKS.shapes, "lv_ac")
        full_kw = draw_kw(offer, need, np.array([offer.capacity_kw])).item()
        loads = sorted(loads_kw(offer, need, [unit]))
        assert draw_kw(offer, need, np.array(loads)) == pytest.approx([7.0 * n for n in range(1, len(loads) + 1)])
        assert 7 * len(loads) < full_kw <= 7 * (len(loads) + 1)
        assert len(loads) >= 2
