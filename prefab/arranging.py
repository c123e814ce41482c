"""How many modules on how many systems carry a demand, and how consumers are spread over systems that share reserve.

3N/2 and 4N/3: every consumer hangs on two of three or four systems and draws half from each. Catcher: every consumer
hangs on one system and may be taken over by the last one, which carries nothing before.
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import accumulate, combinations, combinations_with_replacement, pairwise

from prefab.eligible import Offer
from prefab.loading import Arrangement, Consumers, Demand, Parts
from prefab.module import Module, Need
from prefab.units import need as rounded_up

Cords = tuple[int, int]
"""The systems of a consumer, by number; of a catcher its own and the one that takes over."""

CATCHER = "catcher"
SYSTEMS = {"3N/2": (3,), "4N/3": (4,), CATCHER: (3, 4, 5)}
"""Numbers of systems that each scheme may have."""

TWO_SIDED = ("2N", "2(N+1)")
"""Schemes of a system A and a system B that each carry everything."""

_LEFT_FRAC = 1e-9
"""Part of a load that a system still carries: fans that do nothing stand still, those that do next to nothing run."""

_SPARE = {"N+1": 1, "N+2": 2, "2(N+1)": 1}
"""Modules of a system beyond those that carry it."""


def arrange(demand: Demand, offer: Offer, level: str, consumers: Consumers, at_least: int) -> list[Arrangement]:
    """The fewest modules that carry a demand in every situation, in every way that a redundancy can be arranged.

    Modules that may not run in parallel stand one a side, so N+1 of them is an A and a B module.
    """
    if level in SYSTEMS:
        found = (_shared(demand, offer, level, consumers, at_least, n) for n in SYSTEMS[level])
        return [arranged for arranged in found if arranged is not None]
    apart = offer.parallel_max == 1
    sides = 2 if level in TWO_SIDED or (level == "N+1" and apart) else 1
    spare = 0 if level == "N+1" and apart else _SPARE.get(level, 0)
    per_side = max(
        max(1, rounded_up(demand.normal / offer.capacity_kw)) + spare,
        rounded_up(demand.worst / offer.capacity_kw / (1 if apart else sides)),
        at_least,
    )
    if per_side > offer.parallel_max:
        return []
    count = sides * per_side
    left = (per_side if sides == 2 else count) - spare
    lost: tuple[Parts, ...] = (((demand.normal / left, left),),) if level != "N" else ()
    shares: Parts = ((1 / count, count),)
    if sides == 2 and apart:
        # The worst split of a load over an A and a B module is all on one: losses are convex.
        shares = ((1.0, 1), (0.0, 1))
    elif sides == 2:
        shares = ((1 / count, per_side),) * 2
        lost = ((*lost[0], (0.0, 0)), _cord_lost(demand, per_side))
    return [Arrangement(sides, per_side, demand, shares, lost)]


def _cord_lost(demand: Demand, per_side: int) -> Parts:
    """Systems A and B with the largest consumer on one of them: where that was only a cord, all modules run on.

    A whole system lost takes its idle losses with it, so that this may draw more.
    """
    most_kw = demand.normal * (1 - _LEFT_FRAC)
    largest_kw = most_kw if demand.largest_kw is None else min(demand.largest_kw, most_kw)
    both_kw = ((demand.normal + largest_kw) / 2, (demand.normal - largest_kw) / 2)
    return tuple((kw / per_side, per_side) for kw in both_kw)


def arrange_least(demand: Demand, offer: Offer, level: str, pods: Consumers, at_least: int) -> list[Arrangement]:
    """As `arrange`, but systems that share their reserve hold only what they must however consumers spread over them:
    the load left to them after a loss in equal parts, and whole pods in the best of ways.

    Whatever else hangs on them, no arrangement has fewer modules or loses less: that bounds every way.
    """
    if level not in SYSTEMS:
        return arrange(demand, offer, level, pods, at_least)
    found = (_least_shared(demand, offer, level, pods, at_least, n) for n in SYSTEMS[level])
    return [arranged for arranged in found if arranged is not None]


def _least_shared(
    demand: Demand, offer: Offer, level: str, pods: Consumers, at_least: int, systems: int
) -> Arrangement | None:
    left = systems - 1
    worst_kw = max(demand.normal / left, _least_pods(len(pods), level, systems) * min(pods, default=0.0))
    if offer.carrier.group_max_kw is not None and worst_kw > offer.carrier.group_max_kw:
        return None
    per_side = max(rounded_up(worst_kw / offer.capacity_kw), at_least)
    if per_side > offer.parallel_max:
        return None
    carrying = left if level == CATCHER else systems
    shares = ((1 / carrying / per_side, per_side),) * carrying + ((0.0, per_side),) * (systems - carrying)
    return Arrangement(systems, per_side, demand, shares, (((demand.normal / left / per_side, per_side),) * left,))


@lru_cache(maxsize=256)
def _least_pods(pods: int, scheme: str, systems: int) -> float:
    """Of so many equal pods the number that the fullest system carries after a loss, in the best of all spreads."""
    places = _places(scheme, systems)
    return min(
        max(max(carried_kw([1.0] * pods, cords, scheme, systems, lost)) for lost in range(-1, systems))
        for cords in combinations_with_replacement(places, pods)
    )


def _shared(
    demand: Demand, offer: Offer, level: str, consumers: Consumers, at_least: int, systems: int
) -> Arrangement | None:
    """Each system carries what is left to it after the loss of any other, and one bus holds that."""
    if systems > len(consumers) + (level == CATCHER):
        return None
    carried = _carried_kw(consumers, level, systems)
    worst = max(map(max, carried))
    if offer.carrier.group_max_kw is not None and worst > offer.carrier.group_max_kw:
        return None
    per_side = max(rounded_up(worst / offer.capacity_kw), at_least)
    if per_side > offer.parallel_max:
        return None
    total_kw = sum(consumers) or 1.0
    shares = tuple((kw / total_kw / per_side, per_side) for kw in carried[0])
    lost = [
        tuple((kw / per_side, per_side if n != gone else 0) for n, kw in enumerate(of_each))
        for gone, of_each in enumerate(carried[1:])
    ]
    lost.append(tuple((kw / per_side, per_side) for kw in _with_a_cord_lost_kw(consumers, level, systems)))
    return Arrangement(systems, per_side, demand, shares, tuple(lost))


@lru_cache(maxsize=4096)
def _carried_kw(consumers: Consumers, scheme: str, systems: int) -> tuple[tuple[float, ...], ...]:
    """What each system carries with all in service, then without each of them: the same for every offer."""
    cords = spread(consumers, scheme, systems)
    return tuple(tuple(carried_kw(consumers, cords, scheme, systems, lost)) for lost in range(-1, systems))


@lru_cache(maxsize=4096)
def _with_a_cord_lost_kw(consumers: Consumers, scheme: str, systems: int) -> tuple[float, ...]:
    """What systems carry, the fullest first, where one consumer has lost a cord: uneven enough for any of them.

    The fullest one carries, and any number of the fullest carry together, as much as in the worst case for so many:
    losses, which are convex, are nowhere larger.
    """
    normal = _carried_kw(consumers, scheme, systems)[0]
    fullest = [0.0] * systems
    for draw_kw, cords in zip(consumers, spread(consumers, scheme, systems), strict=True):
        usual, *moved = ([draw_kw * kw for kw in carried_kw([1.0], [cords], scheme, systems, n)] for n in (-1, *cords))
        for carried in moved:
            kw = sorted((a - b + c for a, b, c in zip(normal, usual, carried, strict=True)), reverse=True)
            fullest = [max(pair) for pair in zip(fullest, accumulate(kw), strict=True)]
    return tuple(more - less for less, more in pairwise((0.0, *fullest)))


def rated_draw_kw(module: Module, carrier: str, need: Need) -> float:
    """What a module draws of a need while it gives all it can of its carrier: never less than in any situation."""
    given = module.given(carrier)
    output_kw = module.it.peak_kw if module.it else (given.capacity_kw or given.capacity_kva or 0.0) if given else 0.0
    return need.kw_per_kw * output_kw + need.fixed_kw


def _places(scheme: str, systems: int) -> list[Cords]:
    """Where a consumer may hang."""
    last = systems - 1
    return [(n, last) for n in range(last)] if scheme == CATCHER else list(combinations(range(systems), 2))


def spread(draws_kw: Sequence[float], scheme: str, systems: int) -> list[Cords]:
    """Cords for every consumer: the largest first, each to where the fullest system of any situation stays least full,
    and of such places to where the least hangs so far."""
    places = _places(scheme, systems)
    # By the system that is lost, none first: what each system carries.
    carried = [[0.0] * systems for _ in range(systems + 1)]
    hanging = [0.0] * len(places)
    cords: list[Cords] = [places[0]] * len(draws_kw)
    for consumer in sorted(range(len(draws_kw)), key=lambda n: -draws_kw[n]):
        draw_kw = draws_kw[consumer]
        added = [_carried_of_one(place, scheme, systems) for place in places]
        fullest = [max(carried[s][n] + share * draw_kw for s, n, share in more) for more in added]
        place = min(range(len(places)), key=lambda n: (fullest[n], hanging[n]))
        for s, n, share in added[place]:
            carried[s][n] += share * draw_kw
        hanging[place] += draw_kw
        cords[consumer] = places[place]
    return cords


@cache
def _carried_of_one(place: Cords, scheme: str, systems: int) -> tuple[tuple[int, int, float], ...]:
    """What systems carry of one consumer: situation (none lost first), system and share."""
    shares = [carried_kw([1.0], [place], scheme, systems, lost) for lost in range(-1, systems)]
    return tuple((s, n, share) for s, of_each in enumerate(shares) for n, share in enumerate(of_each) if share)


def carried_kw(draws_kw: Sequence[float], cords: Sequence[Cords], scheme: str, systems: int, lost: int) -> list[float]:
    """What each system carries when one of them is lost; none is where `lost` is -1."""
    found = [0.0] * systems
    for draw_kw, (one, other) in zip(draws_kw, cords, strict=True):
        live = [n for n in (one, other) if n != lost]
        if scheme == CATCHER:
            live = live[:1]
        for n in live:
            found[n] += draw_kw / len(live)
    return found
