"""Ways to give one carrier: the groups that serve a demand, what they cost and what they ask for in turn."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from operator import gt

from prefab.brief import SiteBrief
from prefab.carrier import Carrier
from prefab.catalog import Catalog
from prefab.eligible import Offer, Shape, make_offers
from prefab.module import Module, Need
from prefab.plan import Group
from prefab.units import need as rounded_up

POD = "it_pod"
Arrangement = tuple[int, int]
"""Sides, and modules per side."""
Room = tuple[int, ...]
"""Bays taken less bays offered, for every kind of bay in the catalog."""


@dataclass(frozen=True)
class Key:
    """What is demanded: a carrier, for liquids at a temperature, for units on behalf of one group."""

    carrier: str
    supply_degc: float | None = None
    return_degc: float | None = None
    unit_for: str | None = None


@dataclass(frozen=True)
class Demand:
    """An open demand in every situation: first the normal one, then one per group chosen so far.

    A unit demand is that of one consumer, together with how many consumers run in each situation.
    """

    loads_kw: tuple[float, ...]
    consumers: tuple[int, ...] = ()

    @property
    def normal(self) -> float:
        """kW with everything in service."""
        return self.loads_kw[0]

    @property
    def worst(self) -> float:
        """The largest kW of any situation."""
        return max(self.loads_kw)


@dataclass(frozen=True)
class Way:
    """One group that serves a demand, with the units that its modules have of their own."""

    groups: tuple[Group, ...]
    cost_usd: float
    losable: bool
    """Whether the brief asks to survive its loss: then every demand has one situation more."""
    asks: Mapping[Key, Demand]
    room: Room

    @property
    def modules(self) -> int:
        """How many modules it is made of."""
        return sum(g.count for g in self.groups)


Arrange = Callable[[Demand, float, int, str], Arrangement | None]
Admit = Callable[[Demand, Carrier], bool]
Fits = Callable[[tuple[tuple[Module, int], ...], bool], bool]


@dataclass(frozen=True)
class Hooks:
    """What the rules say while columns are made."""

    shapes: tuple[Shape, ...]
    arrange: Arrange
    admit: Admit
    fits: Fits
    """Whether modules in these numbers have room inside each other; the second says that no more will come."""


Parts = tuple[tuple[float, int], ...]
"""What the modules of a group give in one situation: an output, and how many give it."""


@dataclass
class Ways:
    """All ways at one site; what was worked out once is kept, because very many blocks ask for the same."""

    brief: SiteBrief
    catalog: Catalog
    hooks: Hooks
    offers: dict[Key, tuple[Offer, ...]] = field(default_factory=dict)
    known: dict[tuple[object, ...], tuple[Way, ...]] = field(default_factory=dict)
    drawn: dict[tuple[str, float | None, str, float], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.carriers = {c.key: c for c in self.catalog.carriers}
        self.installed = 1 + self.catalog.costs.freight_frac + self.catalog.costs.installation_frac
        offered = {(m.family, b.kind) for m in self.catalog.modules for b in m.bays}
        taken = {(m.inside, m.bay) for m in self.catalog.modules if m.inside and m.bay and m.bays_count}
        self.bays = sorted(offered | taken)

    def to_give(self, key: Key, demand: Demand, pod: Module, pods: int) -> tuple[Way, ...]:
        """Every way that no other beats."""
        doors = (pod.sku, pods) if any(o.module.fills_bays for o in self._offers(key)) else None
        if (key, demand, doors) not in self.known:
            found = [way for offer in self._offers(key) for way in self._ways(key, demand, offer, pod, pods)]
            self.known[key, demand, doors] = _unbeaten([self._closed(w) for way in found for w in self._complete(way)])
        return self.known[key, demand, doors]

    def _closed(self, way: Way) -> Way:
        """Houses that stand there for this way only: room left in them is of no use to any other."""
        pairs = zip(self.bays, way.room, strict=True)
        room = tuple(taken if host == POD or taken > 0 else 0 for (host, _), taken in pairs)
        return way if room == way.room else replace(way, room=room)

    def takers(self, carriers: Iterable[str]) -> tuple[int, ...]:
        """Kinds of bay, by number, that modules which give one of these carriers take."""
        giving = [m for m in self.catalog.modules if m.bays_count and any(m.given(c) for c in carriers)]
        return tuple(i for i, kind in enumerate(self.bays) if any((m.inside, m.bay) == kind for m in giving))

    def _complete(self, way: Way) -> list[Way]:
        """The way with every choice of units for its modules, and for the units' own."""
        unit = next((k for k in way.asks if k.unit_for), None)
        if unit is None:
            return [way]
        served = next(g for g in way.groups if g.carrier == unit.unit_for)
        known = (unit, way.asks[unit], served.sides, served.per_side)
        if known not in self.known:
            found = [w for offer in self._offers(unit) for w in self._units(unit, way.asks[unit], offer, served)]
            self.known[known] = _unbeaten([c for w in found for c in self._complete(w)])
        return [done for w in self.known[known] for done in self._complete(_joined(way, w, unit))]

    def room(self, module: Module, count: int) -> Room:
        """Bays that modules take less those they offer."""
        offered = {(module.family, b.kind): b.count for b in module.bays}
        return tuple(
            count * ((module.bays_count if (module.inside, module.bay) == kind else 0) - offered.get(kind, 0))
            for kind in self.bays
        )

    def key_of(self, need: Need, supply_degc: float | None, return_degc: float | None) -> Key:
        """What a need asks for; liquids whose loop has a rise of its own go back that much warmer."""
        carrier = self.carriers[need.carrier]
        if carrier.medium not in ("liquid", "heat"):
            return Key(need.carrier)
        if carrier.rise_k is not None and supply_degc is not None:
            return_degc = supply_degc + carrier.rise_k
        return Key(need.carrier, supply_degc, return_degc)

    def _offers(self, key: Key) -> tuple[Offer, ...]:
        key = replace(key, unit_for=None)
        if key not in self.offers:
            self.offers[key], _ = make_offers(
                self.brief, self.catalog, self.hooks.shapes, key.carrier, key.supply_degc, key.return_degc
            )
        return self.offers[key]

    def _units(self, key: Key, demand: Demand, offer: Offer, served: Group) -> list[Way]:
        each = max(1, rounded_up(demand.worst / offer.capacity_kw))
        if each > offer.parallel_max:
            return []
        return [self._way(key, demand, offer, served.sides, each * served.per_side, "N", each)]

    def _ways(self, key: Key, demand: Demand, offer: Offer, pod: Module, pods: int) -> list[Way]:
        level = str(getattr(self.brief.redundancy, self.carriers[key.carrier].redundancy, "N"))
        if offer.module.fills_bays:
            places = pods * sum(b.count for b in pod.bays if b.kind == offer.module.bay)
            arranged = self.hooks.arrange(demand, offer.capacity_kw, places, level)
            # A rack has one rear door, so there is no side B.
            fitting = arranged is not None and arranged[0] == 1 and places <= offer.parallel_max
            return [self._way(key, demand, offer, 1, places, level)] if fitting else []
        arranged = self.hooks.arrange(demand, offer.capacity_kw, offer.parallel_max, level)
        if arranged is None:
            return []
        sides, per_side = arranged
        counts = [per_side]
        if offer.module.rejection is not None and per_side < offer.parallel_max:
            # Fans follow a cube law, so one unit more may save power worth more than it costs.
            counts.append(per_side + 1)
        return [self._way(key, demand, offer, sides, n, level) for n in counts]

    def _way(self, key: Key, demand: Demand, offer: Offer, sides: int, per_side: int, level: str, each: int = 0) -> Way:
        """`each`: suppliers per consumer of a unit demand."""
        group = Group(
            carrier=key.carrier,
            sku=offer.module.sku,
            sides=2 if sides == 2 else 1,
            per_side=per_side,
            supply_degc=key.supply_degc,
            unit_for=key.unit_for,
        )
        losable = not each and level != "N" and key.carrier != "control"
        outputs: list[Parts]
        if each:
            running = zip(demand.loads_kw, demand.consumers, strict=True)
            outputs = [((kw / each, n * each), (0.0, group.count - n * each)) for kw, n in running]
        else:
            # The worst split of a load over an A and a B module is all on one: losses are convex.
            split = offer.parallel_max == 1 and group.sides == 2
            outputs = [((kw, 1), (0.0, 1)) if split else ((kw / group.count, group.count),) for kw in demand.loads_kw]
        if losable:
            left = group.per_side if group.sides == 2 else group.count - 1
            outputs.append(((demand.normal / left, left),))
        asks: dict[Key, Demand] = {}
        for need in offer.module.needs:
            self._ask(asks, need, key, offer, group, outputs)
        module, count = offer.module, group.count
        cost_usd = count * module.price_usd * self.installed
        return Way((group,), cost_usd, losable, asks, self.room(module, count))

    def _ask(
        self, asks: dict[Key, Demand], need: Need, key: Key, offer: Offer, group: Group, outputs: list[Parts]
    ) -> None:
        supply = need.supply_max_degc
        if need.approach_k is not None and key.supply_degc is not None:
            colder = key.supply_degc - need.approach_k
            supply = colder if supply is None else min(supply, colder)
        asked = self.key_of(need, supply, None)
        if need.connection == "unit":
            loads = tuple(self._drawn(need, offer, parts[0][0]) for parts in outputs)
            asks[replace(asked, unit_for=group.carrier)] = Demand(loads, tuple(parts[0][1] for parts in outputs))
            return
        # Most situations leave this group as it is.
        drawn = {parts: sum(n * self._drawn(need, offer, output) for output, n in parts) for parts in set(outputs)}
        loads = tuple(drawn[parts] for parts in outputs)
        asks[asked] = added(asks[asked], Demand(loads)) if asked in asks else Demand(loads)

    def _drawn(self, need: Need, offer: Offer, output_kw: float) -> float:
        key = (offer.module.sku, offer.supply_degc, need.carrier, output_kw)
        if key not in self.drawn:
            self.drawn[key] = _drawn_kw(need, offer, output_kw)
        return self.drawn[key]


def added(one: Demand, other: Demand) -> Demand:
    """Two demands of one carrier together."""
    return Demand(tuple(a + b for a, b in zip(one.loads_kw, other.loads_kw, strict=True)))


def _drawn_kw(need: Need, offer: Offer, output_kw: float) -> float:
    """kW (or units) that one module draws while giving `output_kw`."""
    if need.units:
        return need.units
    amount = need.kw_per_kw * output_kw + need.fixed_kw
    if need.through:
        return amount + output_kw + offer.lost_kw(output_kw)
    if offer.module.rejection is not None and need.kw_per_kw == 0:
        amount += offer.rejecting_kw(output_kw)
    return amount


def _joined(way: Way, units: Way, key: Key) -> Way:
    """A way with the units that it asked for under `key`."""
    asks = {k: d for k, d in way.asks.items() if k != key}
    for asked, demand in units.asks.items():
        asks[asked] = added(asks[asked], demand) if asked in asks else demand
    return Way(
        (*way.groups, *units.groups),
        way.cost_usd + units.cost_usd,
        way.losable,
        asks,
        tuple(a + b for a, b in zip(way.room, units.room, strict=True)),
    )


def _unbeaten(ways: list[Way]) -> tuple[Way, ...]:
    """Without those to which another is nowhere worse; of equal ones the first stays."""
    kept: list[Way] = []
    for way in sorted(ways, key=lambda w: w.cost_usd):
        if not any(_no_worse(other, way) for other in kept):
            kept.append(way)
    return tuple(kept)


def _no_worse(one: Way, other: Way) -> bool:
    if one.cost_usd > other.cost_usd or one.losable != other.losable:
        return False
    if any(map(gt, one.room, other.room)):
        return False
    for key, demand in one.asks.items():
        beside = other.asks.get(key)
        if beside is None or demand.consumers != beside.consumers:
            return False
        if any(map(gt, demand.loads_kw, beside.loads_kw)):
            return False
    return True
