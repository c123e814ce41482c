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
Room = tuple[int, ...]
"""Bays taken less bays offered, for every kind of bay in the catalog."""


@dataclass(frozen=True)
class Key:
    """What is demanded: a carrier, for liquids at a temperature, for units on behalf of one group."""

    carrier: str
    supply_degc: float | None = None
    return_degc: float | None = None
    unit_for: str | None = None


Parts = tuple[tuple[float, int], ...]
"""What the modules of a group give in one situation: an output, and how many give it."""


@dataclass(frozen=True)
class Demand:
    """An open demand in every situation: first the normal one, then those of the groups chosen so far.

    A unit demand is that of the consumer that draws most, together with what all of them draw.
    """

    loads_kw: tuple[float, ...]
    consumers: tuple[Parts, ...] = ()

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
    losses: int
    """Situations that its own losses add to every demand: those that the brief asks to survive."""
    asks: Mapping[Key, Demand]
    room: Room
    burdens: tuple[float, ...] = ()
    """What it adds to each of the sums that the site limits."""

    @property
    def modules(self) -> int:
        """How many modules it is made of."""
        return sum(g.count for g in self.groups)


Consumers = tuple[float, ...]
"""What each module that hangs on a carrier draws at its rating, kW."""


@dataclass(frozen=True)
class Arrangement:
    """Systems of so many modules, and what their modules give in the situations of one demand."""

    sides: int
    per_side: int
    outputs: tuple[Parts, ...]
    losses: int = 0
    """How many of the outputs, at the end, are those of the group's own losses; before them the demand's situations."""


Burden = Callable[[SiteBrief, Module, str], float]
"""What one module that gives this carrier adds to a sum that the site limits; 0 where the brief does not."""
Arrange = Callable[[Demand, Offer, str, Consumers, int], list[Arrangement]]
"""For a redundancy and what hangs on the carrier, with at least so many modules a side."""
Admit = Callable[[Demand, Carrier, int], bool]
"""Whether so many buses of a carrier hold a demand."""
Fits = Callable[[tuple[tuple[Module, int], ...], bool], bool]


@dataclass(frozen=True)
class Hooks:
    """What the rules say while columns are made."""

    shapes: tuple[Shape, ...]
    arrange: Arrange
    admit: Admit
    fits: Fits
    """Whether modules in these numbers have room inside each other; the second says that no more will come."""
    burdens: tuple[Burden, ...] = ()
    """Sums that the site limits: of two ways neither beats the other that adds less to one of them."""


@dataclass
class Ways:
    """All ways at one site; what was worked out once is kept, because very many blocks ask for the same."""

    brief: SiteBrief
    catalog: Catalog
    hooks: Hooks
    offers: dict[Key, tuple[Offer, ...]] = field(default_factory=dict)
    known: dict[tuple[object, ...], tuple[Way, ...]] = field(default_factory=dict)
    rooms: dict[str, Room] = field(default_factory=dict)
    drawings: dict[tuple[str, str, float | None, str], "_Drawing"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.carriers = {c.key: c for c in self.catalog.carriers}
        self.installed = 1 + self.catalog.costs.freight_frac + self.catalog.costs.installation_frac
        offered = {(m.family, b.kind) for m in self.catalog.modules for b in m.bays}
        taken = {(m.inside, m.bay) for m in self.catalog.modules if m.inside and m.bay and m.bays_count}
        self.bays = sorted(offered | taken)
        self.inside_pods = tuple(host == POD for host, _ in self.bays)

    def to_give(self, key: Key, demand: Demand, pod: Module, pods: int, consumers: Consumers = ()) -> tuple[Way, ...]:
        """Every way that no other beats; the consumers matter where systems share their reserve."""
        doors = (pod.sku, pods) if any(o.module.fills_bays for o in self._offers(key)) else None
        known = (key, demand, doors, consumers)
        if known not in self.known:
            found = [w for offer in self._offers(key) for w in self._ways(key, demand, offer, (pod, pods), consumers)]
            self.known[known] = _unbeaten([self._closed(w) for way in found for w in self._complete(way)])
        return self.known[known]

    def level(self, carrier: str) -> str:
        """The redundancy asked of a carrier."""
        return self.brief.redundancy.of(self.carriers[carrier].redundancy, critical=self.carriers[carrier].autonomy)

    def _closed(self, way: Way) -> Way:
        """Houses that stand there for this way only: room left in them is of no use to any other."""
        pairs = zip(self.inside_pods, way.room, strict=True)
        room = tuple(taken if in_pod or taken > 0 else 0 for in_pod, taken in pairs)
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
        if module.sku not in self.rooms:
            offered = {(module.family, b.kind): b.count for b in module.bays}
            taken = {(module.inside, module.bay): module.bays_count}
            self.rooms[module.sku] = tuple(taken.get(kind, 0) - offered.get(kind, 0) for kind in self.bays)
        return tuple(count * n for n in self.rooms[module.sku])

    def burdens(self, module: Module, carrier: str, count: int) -> tuple[float, ...]:
        """What so many modules add to the sums that the site limits."""
        return tuple(count * burden(self.brief, module, carrier) for burden in self.hooks.burdens)

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
        outputs = []
        for parts in demand.consumers:
            running = tuple((kw / each, n * each) for kw, n in parts)
            idle = each * served.count - sum(n for _, n in running)
            outputs.append((*running, (0.0, idle)))
        arranged = Arrangement(served.sides, each * served.per_side, tuple(outputs))
        return [self._way(key, offer, arranged)]

    def _ways(
        self, key: Key, demand: Demand, offer: Offer, block: tuple[Module, int], consumers: Consumers
    ) -> Iterable[Way]:
        pod, pods = block
        level = self.level(key.carrier)
        if offer.module.fills_bays:
            places = pods * sum(b.count for b in pod.bays if b.kind == offer.module.bay)
            # A rack has one rear door, so there is no side B.
            filling = self.hooks.arrange(demand, offer, level, consumers, places)
            yield from (self._way(key, offer, a) for a in filling if a.sides == 1 and a.per_side == places)
            return
        for arranged in self.hooks.arrange(demand, offer, level, consumers, 1):
            yield self._way(key, offer, arranged)
            if offer.module.rejection is not None:
                # Fans follow a cube law, so one unit more may save power worth more than it costs.
                for more in self.hooks.arrange(demand, offer, level, consumers, arranged.per_side + 1):
                    yield self._way(key, offer, more)

    def _way(self, key: Key, offer: Offer, arranged: Arrangement) -> Way:
        group = Group(
            carrier=key.carrier,
            sku=offer.module.sku,
            sides=arranged.sides,
            per_side=arranged.per_side,
            supply_degc=key.supply_degc,
            unit_for=key.unit_for,
        )
        asks: dict[Key, Demand] = {}
        # Controls give signals: what they draw does not follow what is asked of them.
        losses = 0 if key.carrier == "control" else arranged.losses
        outputs = arranged.outputs[: len(arranged.outputs) - arranged.losses + losses]
        for need in offer.module.needs:
            self._ask(asks, need, key, offer, group, outputs)
        module, count = offer.module, group.count
        cost_usd = count * module.price_usd * self.installed
        burdens = self.burdens(module, key.carrier, count)
        return Way((group,), cost_usd, losses, asks, self.room(module, count), burdens)

    def _ask(
        self, asks: dict[Key, Demand], need: Need, key: Key, offer: Offer, group: Group, outputs: tuple[Parts, ...]
    ) -> None:
        supply = need.supply_max_degc
        if need.approach_k is not None and key.supply_degc is not None:
            colder = key.supply_degc - need.approach_k
            supply = colder if supply is None else min(supply, colder)
        asked = self.key_of(need, supply, None)
        drawing = self._drawing(offer, need)
        if need.connection == "unit":
            drawn = tuple(tuple((drawing.one_kw(kw), n) for kw, n in parts if n) for parts in outputs)
            loads = tuple(max((kw for kw, _ in parts), default=0.0) for parts in drawn)
            asks[replace(asked, unit_for=group.carrier)] = Demand(loads, drawn)
            return
        # Most situations leave this group as it is.
        drawn_kw = {parts: drawing.all_kw(parts) for parts in set(outputs)}
        loads = tuple(drawn_kw[parts] for parts in outputs)
        asks[asked] = added(asks[asked], Demand(loads)) if asked in asks else Demand(loads)

    def _drawing(self, offer: Offer, need: Need) -> "_Drawing":
        key = (offer.module.sku, offer.carrier.key, offer.supply_degc, need.carrier)
        if key not in self.drawings:
            self.drawings[key] = _drawing(offer, need)
        return self.drawings[key]


@dataclass(frozen=True)
class _Drawing:
    """What a module draws (kW, or units) of one need while it gives an output: straight in it, and a curve."""

    slope: float
    fixed: float
    curve: Callable[[float], float] | None = None
    known: dict[float, float] = field(default_factory=dict)
    """Of the curve: few outputs are many modules'."""

    def one_kw(self, output_kw: float) -> float:
        """Of one module."""
        return self.slope * output_kw + self.fixed + (self._curve(output_kw) if self.curve else 0.0)

    def all_kw(self, parts: Parts) -> float:
        """Of all modules of a group."""
        if self.curve is None and not self.slope:
            return self.fixed * sum(n for _, n in parts)
        return sum(n * self.one_kw(kw) for kw, n in parts)

    def _curve(self, output_kw: float) -> float:
        if output_kw not in self.known:
            assert self.curve is not None
            self.known[output_kw] = self.curve(output_kw)
        return self.known[output_kw]


def _drawing(offer: Offer, need: Need) -> _Drawing:
    if need.units:
        return _Drawing(0.0, need.units)
    if need.through:
        return _Drawing(1 + need.kw_per_kw, need.fixed_kw, offer.lost_kw if offer.module.losses else None)
    rejects = offer.module.rejection is not None and need.kw_per_kw == 0
    return _Drawing(need.kw_per_kw, need.fixed_kw, offer.rejecting_kw if rejects else None)


def added(one: Demand, other: Demand) -> Demand:
    """Two demands of one carrier together."""
    return Demand(tuple(a + b for a, b in zip(one.loads_kw, other.loads_kw, strict=True)))


def _joined(way: Way, units: Way, key: Key) -> Way:
    """A way with the units that it asked for under `key`."""
    asks = {k: d for k, d in way.asks.items() if k != key}
    for asked, demand in units.asks.items():
        asks[asked] = added(asks[asked], demand) if asked in asks else demand
    return Way(
        (*way.groups, *units.groups),
        way.cost_usd + units.cost_usd,
        way.losses,
        asks,
        tuple(a + b for a, b in zip(way.room, units.room, strict=True)),
        tuple(a + b for a, b in zip(way.burdens, units.burdens, strict=True)),
    )


def _unbeaten(ways: list[Way]) -> tuple[Way, ...]:
    """Without those to which another is nowhere worse; of equal ones the first stays."""
    kept: list[Way] = []
    for way in sorted(ways, key=lambda w: w.cost_usd):
        if not any(_no_worse(other, way) for other in kept):
            kept.append(way)
    return tuple(kept)


def _no_worse(one: Way, other: Way) -> bool:
    if one.cost_usd > other.cost_usd or one.losses != other.losses:
        return False
    if any(map(gt, one.room, other.room)) or any(map(gt, one.burdens, other.burdens)):
        return False
    for key, demand in one.asks.items():
        beside = other.asks.get(key)
        if beside is None or not _alike(demand, beside):
            return False
        if any(map(gt, demand.loads_kw, beside.loads_kw)):
            return False
    return True


def _alike(one: Demand, other: Demand) -> bool:
    """Whether as many units are asked for in every situation, all of them for no more."""
    if [len(parts) for parts in one.consumers] != [len(parts) for parts in other.consumers]:
        return False
    pairs = (p for a, b in zip(one.consumers, other.consumers, strict=True) for p in zip(a, b, strict=True))
    return all(n == m and kw <= beside_kw for (kw, n), (beside_kw, m) in pairs)
