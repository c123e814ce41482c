"""Ways to give one carrier: the groups that serve a demand, what they cost and what they ask for in turn.

All demands of a carrier are worked out together: rows of a front are ways, each of them for one of the demands.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from prefab.brief import SiteBrief
from prefab.carrier import Carrier
from prefab.catalog import Catalog
from prefab.dominance import unbeaten
from prefab.eligible import Offer, Shape, SiteOffers
from prefab.fronts import Figures, Front, Key, Numbers, chosen, joined, matched, placed, rank
from prefab.loading import Arrangement, Consumers, Demand, Groups, draw_kw, groups_of, loads_kw, units_of
from prefab.module import Module, Need
from prefab.plan import Group
from prefab.units import need as rounded_up

POD = "it_pod"

Burden = Callable[[SiteBrief, Module, str], float]
"""What one module that gives this carrier adds to a sum that the site limits; 0 where the brief does not."""
Arrange = Callable[[Demand, Offer, str, Consumers, int], list[Arrangement]]
"""For a redundancy and what hangs on the carrier, with at least so many modules a side."""
Lets = Callable[[Need, Carrier, float, float | None, float | None], bool]
"""Whether a pod lets through what takes its heat away between two temperatures."""
Admit = Callable[[Demand, Carrier, int], bool]
"""Whether so many buses of a carrier hold a demand."""
Fits = Callable[[tuple[tuple[Module, int], ...], bool], bool]
Bears = Callable[[SiteBrief, Catalog, Sequence[Group], Mapping[str, Module]], bool]
"""Whether the bus of a group, given first, stands what it and the units of its modules let into a fault."""


@dataclass(frozen=True)
class Hooks:
    """What the rules say while columns are made."""

    shapes: tuple[Shape, ...]
    arrange: Arrange
    admit: Admit
    lets: Lets
    fits: Fits
    """Whether modules in these numbers have room inside each other; the second says that no more will come."""
    bears: Bears = lambda *_: True
    pods_only: bool = False
    """Of what hangs on systems that share their reserve only pods are told to `arrange`."""
    burdens: tuple[Burden, ...] = ()
    """Sums that the site limits: of two ways neither beats the other that adds less to one of them."""


Block = tuple[Module, int]
"""A pod, and how many of them a block has."""


@dataclass(frozen=True)
class Asked:
    """What a block asks of a carrier; what hangs on that matters where systems share their reserve."""

    demand: Demand
    block: Block
    consumers: Consumers = ()


Reads = tuple[tuple[Key, str, tuple[tuple[str, float], ...]], ...]
"""For each key the redundancy asked of its carrier, and every offer's module and capacity."""


@dataclass
class Ways:
    """All ways at one site; what every demand meets again is kept."""

    site: SiteOffers
    hooks: Hooks
    phase: int = 0
    """By whose date modules must be there."""
    only: frozenset[str] | None = None
    """The modules to choose from; all that may stand at the site where nothing is said."""
    offers: dict[Key, tuple[Offer, ...]] = field(default_factory=dict)
    looked_up: dict[Key, None] = field(default_factory=dict)
    """The keys whose offers were looked at, in that order; whoever wants to know from when on clears it."""
    rooms: dict[str, Numbers] = field(default_factory=dict)
    groups: dict[tuple[Key, str], dict[tuple[int, int, int], Group]] = field(default_factory=dict)
    loaded: dict[tuple[Key, str], tuple[tuple[Offer, ...], dict[Key, None]]] = field(default_factory=dict)
    """What offers may carry with fewer units of their own, and the keys of all units looked at for that."""
    borne: dict[tuple[Group, ...], bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.brief, self.catalog, self.carriers = self.site.brief, self.site.catalog, self.site.carriers
        self.modules = {m.sku: m for m in self.catalog.modules}
        self.needs: dict[str, dict[str, Need]] = {c: {} for c in self.carriers}
        """What modules need of each carrier, by SKU."""
        for module in self.catalog.modules:
            for need in module.needs:
                self.needs.setdefault(need.carrier, {}).setdefault(module.sku, need)
        self.of_pods = self.brief.redundancy.scope.of_pods
        installed, counted = self.catalog.costs.installed, self.brief.prefer.counted
        self.rates = {m.sku: float(installed * counted(m.manufacturer)) for m in self.catalog.modules}
        """What modules count as in the choice, installed, over their prices."""
        offered = {(m.family, b.kind) for m in self.catalog.modules for b in m.bays}
        taken = {(m.inside, m.bay) for m in self.catalog.modules if m.inside and m.bay and m.bays_count}
        self.bays = sorted(offered | taken)
        self.inside_pods = np.array([host == POD for host, _ in self.bays], dtype=bool)

    def to_give(self, key: Key, asked: Sequence[Asked]) -> list[Front]:
        """Every way that no other way for the same demand beats: rows are of demands by number, placed by cost."""
        found: list[Front] = []
        place = 0
        for offer in self._offers(key):
            loaded = self._loaded(key, offer)
            arranged = [(n, a) for n, one in enumerate(asked) for a in self._arranged(key, loaded, one)]
            found += self._arranged_alike(key, offer, asked, arranged, place)
            place += len(arranged)
        return unbeaten([self._closed(ways) for ways in placed(found)])

    def level(self, carrier: str) -> str:
        """The redundancy asked of a carrier."""
        return self.brief.redundancy.of(self.carriers[carrier].redundancy, critical=self.carriers[carrier].autonomy)

    def halved(self, carrier: str) -> bool:
        """Whether every consumer of a carrier draws half from each of two systems."""
        return {n.connection for n in self.needs[carrier].values()} <= {"dual", "header", "unit"}

    def reads(self, keys: Iterable[Key]) -> Reads:
        """What a redundancy and an autonomy change of the ways to give these: equal reads, equal ways."""
        offered = ((k, tuple((o.module.sku, o.capacity_kw) for o in self._offers(k))) for k in keys)
        return tuple((key, self.level(key.carrier), offers) for key, offers in offered)

    def depends_on_block(self, key: Key) -> bool:
        """Whether ways differ with the block that a demand is of."""
        offered = (o.module for o in self._offers(key))
        return key.of_pod or any(m.fills_bays or self._joins_pods(key, m) for m in offered)

    def taken(self, carrier: str) -> set[int]:
        """Kinds of bay, by number, that modules which give a carrier take."""
        giving = [m for m in self.catalog.modules if m.bays_count and m.given(carrier)]
        return {self.bays.index((m.inside, m.bay)) for m in giving if m.inside and m.bay}

    def room(self, module: Module) -> Numbers:
        """Bays that a module takes less those it offers."""
        if module.sku not in self.rooms:
            offered = {(module.family, b.kind): b.count for b in module.bays}
            taken = {(module.inside, module.bay): module.bays_count}
            room = [taken.get(kind, 0) - offered.get(kind, 0) for kind in self.bays]
            self.rooms[module.sku] = np.array(room, dtype=np.int64)
        return self.rooms[module.sku]

    def burdens(self, module: Module, carrier: str) -> Figures:
        """What a module adds to the sums that the site limits."""
        return np.array([burden(self.brief, module, carrier) for burden in self.hooks.burdens], dtype=np.float64)

    def key_of(self, need: Need, supply_degc: float | None, return_degc: float | None, *, of_pod: bool) -> Key:
        """What a need asks for; liquids whose loop has a rise of its own go back that much warmer.

        `of_pod` is what one of several pods asks for, or what is its own: some carriers it then shares with no other.
        """
        carrier = self.carriers[need.carrier]
        of_pod = of_pod and need.carrier in self.of_pods
        if carrier.medium not in ("liquid", "heat", "buffer"):
            return Key(need.carrier, of_pod=of_pod)
        if carrier.rise_k is not None and supply_degc is not None:
            return_degc = supply_degc + carrier.rise_k
        return Key(need.carrier, supply_degc, return_degc, of_pod=of_pod)

    def _offers(self, key: Key) -> tuple[Offer, ...]:
        key = key._replace(unit_for=None)
        self.looked_up[key] = None
        if key not in self.offers:
            offers, _ = self.site.of(key.carrier, self.phase, key.supply_degc, key.return_degc)
            self.offers[key] = tuple(o for o in offers if self.only is None or o.module.sku in self.only)
        return self.offers[key]

    def _loaded(self, key: Key, offer: Offer) -> tuple[Offer, ...]:
        """An offer, then the same carrying only so much that its modules do with fewer units of their own, or with no
        more than may run in parallel: more modules than the fewest may then be cheaper, or all that is possible.
        """
        key = key._replace(unit_for=None)
        if (key, offer.module.sku) not in self.loaded:
            read: dict[Key, None] = {}
            most_kw: set[float] = set()
            for need in (n for n in offer.module.needs if n.connection == "unit"):
                unit = self.asked(need, key)._replace(of_pod=key.of_pod)
                read[unit] = None
                units: list[Offer] = []
                for giver in self._offers(unit):
                    units += self._loaded(unit, giver)
                    read |= self.loaded[unit, giver.module.sku][1]
                most_kw |= loads_kw(offer, need, units)
            loads = (offer, *(replace(offer, capacity_kw=kw) for kw in sorted(most_kw, reverse=True)))
            self.loaded[key, offer.module.sku] = loads, read
        offers, read = self.loaded[key, offer.module.sku]
        # Whoever is given what is known already depends on the units' offers all the same.
        self.looked_up |= read
        return offers

    def _arranged(self, key: Key, loaded: tuple[Offer, ...], asked: Asked) -> Iterable[Arrangement]:
        level, demand, consumers, offer = self.level(key.carrier), asked.demand, asked.consumers, loaded[0]
        pod, pods = asked.block
        # A pod's own bus is not one of several that hold what a block asks of a carrier.
        if key.of_pod and not self.hooks.admit(demand, self.carriers[key.carrier], 1):
            return
        if pods > 1 and self._joins_pods(key, offer.module):
            return
        if offer.module.fills_bays:
            places = (1 if key.of_pod else pods) * sum(b.count for b in pod.bays if b.kind == offer.module.bay)
            # A rack has one rear door, so there is no side B.
            filling = self.hooks.arrange(demand, offer, level, consumers, places)
            yield from (a for a in filling if a.sides == 1 and a.per_side == places)
            return
        for arranged in self._arranged_lighter(loaded, level, asked):
            yield arranged
            if offer.module.rejection is not None:
                # Fans follow a cube law, so one unit more may save power worth more than it costs.
                yield from self.hooks.arrange(demand, offer, level, consumers, arranged.per_side + 1)

    def _arranged_lighter(self, loaded: tuple[Offer, ...], level: str, asked: Asked) -> list[Arrangement]:
        """The fewest modules, and the larger numbers of which each carries no more than one of the lower loads."""
        first, *lighter = loaded
        found = list(self.hooks.arrange(asked.demand, first, level, asked.consumers, 1))
        latest = [a for a in found if a.per_side < first.parallel_max] if lighter else []
        worst_kw = max((a.worst_kw for a in latest), default=0.0)
        for one in lighter:
            if one.capacity_kw < worst_kw:
                latest = self.hooks.arrange(asked.demand, one, level, asked.consumers, 1)
                if not latest:
                    break  # the lighter each is loaded the more there are
                known = {(a.sides, a.per_side) for a in found}
                found += [a for a in latest if (a.sides, a.per_side) not in known]
                worst_kw = max(a.worst_kw for a in latest)
        return found

    def _arranged_alike(
        self, key: Key, offer: Offer, asked: Sequence[Asked], arranged: list[tuple[int, Arrangement]], place: int
    ) -> Iterable[Front]:
        """The ways of one offer, those with as many situations together."""
        alike: dict[tuple[int, int], list[int]] = defaultdict(list)
        for n, (_, one) in enumerate(arranged):
            alike[len(one.shares), len(one.lost)].append(n)
        for rows in alike.values():
            # Controls give signals, and buffers draw nothing: what they ask for does not follow what is asked of them.
            steady = key.carrier == "control" or self.carriers[key.carrier].medium == "buffer"
            groups = groups_of([arranged[n][1] for n in rows], with_losses=not steady)
            of = np.array([arranged[n][0] for n in rows])
            if key.of_pod:
                groups = replace(groups, cells=np.array([asked[n].block[1] for n in of.tolist()]))
            yield from self._ways(key, offer, groups, of, place + np.array(rows))

    def _ways(self, key: Key, offer: Offer, groups: Groups, of: Numbers, place: Numbers) -> list[Front]:
        """Groups as ways, with every choice of units for their modules, and for the units' own."""
        module, rows = offer.module, np.arange(len(of))
        asks: dict[Key, Figures] = {}
        units: dict[Key, Figures] = {}
        for need in module.needs:
            asked = self.asked(need, key)
            drawn_kw = draw_kw(offer, need, groups.output_kw)
            if need.connection == "unit":
                units[asked._replace(unit_for=key.carrier, of_pod=key.of_pod)] = drawn_kw
            else:
                in_all_kw = (groups.running * drawn_kw).sum(axis=2)
                if key.of_pod and not asked.of_pod:
                    in_all_kw = groups.drawn_by_all(in_all_kw)
                asks[asked] = asks.get(asked, 0.0) + in_all_kw
        keys = tuple(sorted(asks, key=rank))
        loads_kw = np.zeros((len(rows), len(keys), groups.running.shape[1]))
        for n, asked in enumerate(keys):
            loads_kw[:, n] = asks[asked]
        modules = groups.modules
        standing = Front(
            keys,
            loads_kw,
            modules * np.float64(module.price_usd) * self.rates[module.sku],
            modules[:, None] * self.room(module),
            modules[:, None] * self.burdens(module, key.carrier),
            chosen(((g,) for g in self._chosen(key, module.sku, groups)), len(rows)),
            rows,
            place,
        )
        fronts = [standing]
        for unit, drawn_kw in units.items():
            served = self._units(unit, groups, drawn_kw)
            fronts = placed([joined(f, w, matched(f.of, w.of)) for f in fronts for w in served])
        if key.unit_for is None and self.carriers[key.carrier].autonomy:
            fronts = [f.only(np.flatnonzero([self._bears(groups) for groups in f.groups])) for f in fronts]
        return [replace(f, of=of[f.of]) for f in fronts]

    def _bears(self, groups: tuple[Group, ...]) -> bool:
        if groups not in self.borne:
            self.borne[groups] = self.hooks.bears(self.brief, self.catalog, groups, self.modules)
        return self.borne[groups]

    def _units(self, key: Key, served: Groups, drawn_kw: Figures) -> list[Front]:
        """Every way that no other beats to give each module of a group units of its own; rows are of groups."""
        worst_kw = np.where(served.running > 0, drawn_kw, 0.0).max(axis=(1, 2))
        found: list[Front] = []
        place = 0
        for offer in self._offers(key):
            before = np.zeros(len(worst_kw), dtype=np.int64)
            for one in self._loaded(key, offer):
                each = np.array([max(1, rounded_up(share)) for share in (worst_kw / one.capacity_kw).tolist()])
                rows = np.flatnonzero((each <= offer.parallel_max) & (each > before))
                units = units_of(served, rows, each[rows], drawn_kw)
                found += self._ways(key, offer, units, rows, np.full(len(rows), place))
                before, place = each, place + 1
        return unbeaten(placed(found))

    def _chosen(self, key: Key, sku: str, groups: Groups) -> Iterable[Group]:
        """Equal groups are one object: there are few among very many rows."""
        known = self.groups.setdefault((key, sku), {})
        for sizes in zip(groups.sides.tolist(), groups.per_side.tolist(), groups.cells.tolist(), strict=True):
            if sizes not in known:
                sides, per_side, cells = sizes
                known[sizes] = Group(
                    carrier=key.carrier,
                    sku=sku,
                    sides=sides,
                    per_side=per_side,
                    supply_degc=key.supply_degc,
                    unit_for=key.unit_for,
                    cells=cells,
                )
            yield known[sizes]

    def asked(self, need: Need, key: Key) -> Key:
        """What a module needs to give its carrier at a temperature."""
        supply = need.supply_max_degc
        if need.approach_k is not None and key.supply_degc is not None:
            colder = key.supply_degc - need.approach_k
            supply = colder if supply is None else min(supply, colder)
        return self.key_of(need, supply, None, of_pod=key.of_pod)

    def _joins_pods(self, key: Key, module: Module) -> bool:
        """Whether a module would cool several pods, or what is no pod, with what each pod is to have for itself."""
        if key.of_pod or self.carriers[key.carrier].redundancy != "cooling":
            return False
        at_racks = module.fills_bays and key.carrier in self.of_pods
        return at_racks or any(need.carrier in self.of_pods for need in module.needs)

    def _closed(self, ways: Front) -> Front:
        """Houses that stand there for one way only: room left in them is of no use to any other."""
        return replace(ways, room=np.where(self.inside_pods, ways.room, np.maximum(ways.room, 0)))
