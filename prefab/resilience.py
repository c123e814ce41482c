"""Whether a site may be maintained while it runs and survives any one fault: two answers for each subsystem.

Read from the plan's own feeds at full build. *Concurrently maintainable*: every module, every bus or header (all
modules in parallel that feed one set of consumers), every feed (one cord or branch of one consumer) and every ring (all
that one block draws from one switchgear) can be taken out, one at a time; every pod still runs and no module exceeds
its capacity. *Fault tolerant*: the same, also everything of one side of a block or of the site at once, and each of
these also with the utility away where generators exist.

Standby power is judged with the utility away in both answers: Tiers III and IV take generators, not the utility, for
the primary source, and while the utility is there any answer about them would be yes. Source:
https://www.plantengineering.com/single-article/generator-ratings-and-the-implications-for-data-centers/11d08cf8f64ec17917596422959314ef.html

Limits: a header or bus is one section, valves and couplers within it are not known to the plan; where a module's loss
overloads what is left on its bus, the bus is lost with it; one-sided groups are one compartment; what waits for hours
(services), batteries of the grid and the fabric are not judged.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from prefab.errors import InputError
from prefab.plan import GRID, Plan
from prefab.rules.elements import Cut, buses, feeds, rings
from prefab.rules.losses import Losses
from prefab.rules.network import UTILITIES, Network, network_of
from prefab.rules.twins import renamed, situation

CRITICAL, MECHANICAL, STANDBY = "critical supply", "mechanical supply", "standby"
SUBSYSTEMS = (CRITICAL, MECHANICAL, "cooling", "control", "intake", STANDBY, "network")
"""In the order in which they are reported; `intake` has the main transformers with it."""
CLASSES = ("I", "II", "III", "IV")
STATEMENT = (
    "prefab's reading of the wording of Uptime Institute's Tiers, TIA-942 and EN 50600, no certificate: operations and "
    "physical separation are not judged."
)

_PART = {
    "cooling": "cooling", "control": "control", "intake": "intake", "main_transformers": "intake",
    "standby": STANDBY, "network": "network",
}  # fmt: skip
_NOISE = 1e-6
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class SubsystemResilience:
    """The answers for one subsystem, each with the first single point that makes it a no."""

    subsystem: str
    modules_redundant: bool
    """Any one module may be lost; what they share may still be a single point."""
    concurrently_maintainable: bool
    fault_tolerant: bool
    not_maintainable: str
    """What may not be taken out, and what then happens; empty where the answer is yes."""
    not_tolerant: str

    @property
    def level(self) -> int:
        """1 to 4: no redundancy, redundant modules on a single path, concurrently maintainable, fault tolerant."""
        return 1 + self.modules_redundant + self.concurrently_maintainable + self.fault_tolerant


@dataclass(frozen=True)
class ResilienceClass:
    """What the answers of all subsystems amount to; print `STATEMENT` beside it."""

    level: int
    """1 to 4, as in TIA-942's Rated-1 to Rated-4 and EN 50600's VK1 to VK4."""
    held_by: tuple[str, ...]
    """The subsystems that keep the site from the next class."""

    def __str__(self) -> str:
        return f"Tier {CLASSES[self.level - 1]} / TIA-942 Rated-{self.level} / EN 50600 VK{self.level}"


def class_of(found: Iterable[SubsystemResilience]) -> ResilienceClass:
    """The class that every subsystem reaches."""
    found = tuple(found)
    level = min(s.level for s in found)
    return ResilienceClass(level, tuple(s.subsystem for s in found if s.level == level < len(CLASSES)))


def make_resilience(plan: Plan) -> tuple[SubsystemResilience, ...]:
    """The answers for each subsystem that the plan has, in the order of `SUBSYSTEMS`; standby power always.

    Raises:
        InputError: the plan has no connections.
    """
    if plan.connected is None:
        raise InputError("plan: connected: missing; resilience is read from the feeds of a connected plan")
    site = _Site(network_of(plan, len(plan.brief.phases) - 1))
    return tuple(_judged(site, name) for name in SUBSYSTEMS if name == STANDBY or site.tags[name])


class _Element(NamedTuple):
    """What is taken out at once."""

    name: str
    lost: frozenset[str]
    cuts: frozenset[Cut] = frozenset()


class _Fault(NamedTuple):
    """What goes wrong then; nothing where all is empty."""

    text: str = ""
    overloaded: frozenset[str] = frozenset()


def _judged(site: "_Site", subsystem: str) -> SubsystemResilience:
    if subsystem == STANDBY and not site.tags[STANDBY]:
        reason = f"{GRID}: no standby power, the site stops with the utility"
        return SubsystemResilience(subsystem, False, False, False, reason, reason)
    if subsystem == STANDBY and (stops := [d.name for d in site.network.plan.brief.it.demands if d.backup != "full"]):
        reason = f"{GRID}: computers of {' and '.join(stops)} stop with the utility, as the brief asks"
        return SubsystemResilience(subsystem, False, False, False, reason, reason)
    state = frozenset({GRID}) if subsystem == STANDBY else _NOTHING
    modules = tuple(site.modules(subsystem))
    paths = (*site.buses(subsystem), *site.cords(subsystem))
    single = site.first(modules, state)
    maintained = single or site.first(paths, state)
    tolerated = maintained or site.first(site.compartments(subsystem, state), state)
    if not tolerated and site.tags[STANDBY] and not state:
        away = frozenset({GRID})
        tolerated = site.first((*modules, *paths, *site.compartments(subsystem, away)), away)
    return SubsystemResilience(subsystem, not single, not maintained, not tolerated, maintained, tolerated)


class _Site:
    """Who belongs to which subsystem, and what follows from any loss."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.losses = Losses(network)
        self.tags: dict[str, list[str]] = {name: [] for name in SUBSYSTEMS}
        for tag, e in network.equipment.items():
            subsystem = self._of(e.carrier, unit=e.unit_for is not None)
            if subsystem and network.module(tag).it is None:
                self.tags[subsystem].append(tag)
        self.twin = self.losses.twin_of
        self.fed_by = network.fed_by
        self.known: dict[tuple[int, frozenset[str], frozenset[Cut], frozenset[str], str], _Walked] = {}
        self.walked: dict[Hashable, tuple[int, _Walked]] = {}
        """By situation a block that was walked, and what was found."""
        self.faults: dict[tuple[frozenset[str], frozenset[Cut], frozenset[str]], _Fault] = {}
        self.usual: dict[frozenset[str], dict[int, _Walked]] = {}
        """Every block with nothing of its own lost, by what of the plant runs."""
        self.living: dict[tuple[frozenset[str], frozenset[Cut]], frozenset[str]] = {}

    def _of(self, carrier: str, *, unit: bool) -> str:
        """The subsystem of what gives a carrier; none for what is not judged."""
        found = self.network.carriers[carrier]
        if found.medium == "fuel":
            return STANDBY
        if found.medium == "it":
            return ""
        if found.redundancy == "power":
            return CRITICAL if found.autonomy or unit else MECHANICAL
        return _PART.get(found.redundancy, "")

    def modules(self, subsystem: str) -> Iterator[_Element]:
        """Single modules."""
        return (_Element(same[0], frozenset({same[0]})) for same in self.losses.one_of_each(self.tags[subsystem]))

    def buses(self, subsystem: str) -> Iterator[_Element]:
        """All modules of a bus or header at once, where there are several."""
        equipment, own = self.network.equipment, set(self.tags[subsystem])
        for bus in buses(self.network):
            block = equipment[bus.bus[0]].block
            if len(bus.tags) > 1 and own & bus.tags and self.twin[block] == block:
                yield _Element(bus.name, bus.tags)

    def cords(self, subsystem: str) -> Iterator[_Element]:
        """Single feeds; of what comes from the site's plant the ring of a block."""
        single = [f for f in feeds(self.network, self._kinds) if not f.on_ring]
        blocks = sorted(block for block, first in self.twin.items() if block and block == first)
        for element in (*single, *rings(self.network, blocks)):
            if self._of(element.carrier, unit=element.unit) == subsystem:
                yield _Element(element.name, _NOTHING, element.cuts)

    def compartments(self, subsystem: str, state: frozenset[str]) -> Iterator[_Element]:
        """All of a one-sided group; one side of a block, first the subsystem's own part of it.

        The whole side is a single point of every subsystem in it, unless it is already one of some subsystem alone.
        """
        own = set(self.tags[subsystem])
        for (block, side), tags in sorted(self._sides.items()):
            where = f"B{block:02d}" if block else "site"
            if tags & own and self.twin[block] == block:
                yield _Element(f"{where} {subsystem} side {side}", frozenset(tags & own))
                parts = [tags.intersection(found) for found in self.tags.values()]
                if not any(self.fault(_Element("", frozenset(part)), state).text for part in parts if part):
                    yield _Element(f"{where} side {side}", frozenset(tags))
        for group in self._one_sided:
            block = self.network.equipment[min(group)].block
            if group <= own and self.twin[block] == block:
                where = f"B{block:02d}" if block else "site"
                yield _Element(f"{where} {self.network.equipment[min(group)].carrier}, all", group)

    @cached_property
    def _kinds(self) -> list[list[str]]:
        return self.losses.one_of_each(self.network.equipment)

    @cached_property
    def _groups(self) -> tuple[frozenset[str], ...]:
        found: dict[tuple[object, ...], set[str]] = defaultdict(set)
        for tags in self.tags.values():
            for tag in tags:
                e = self.network.equipment[tag]
                found[e.block, e.carrier, e.unit_for, e.supply_degc].add(tag)
        return tuple(map(frozenset, found.values()))

    @cached_property
    def _one_sided(self) -> tuple[frozenset[str], ...]:
        equipment = self.network.equipment
        return tuple(sorted((g for g in self._groups if len({equipment[t].side for t in g}) == 1), key=min))

    @cached_property
    def _sides(self) -> dict[tuple[int, str], set[str]]:
        equipment = self.network.equipment
        found: dict[tuple[int, str], set[str]] = defaultdict(set)
        for tag in (t for group in self._groups if group not in self._one_sided for t in group):
            found[equipment[tag].block, equipment[tag].side].add(tag)
        return found

    def first(self, elements: Iterable[_Element], state: frozenset[str]) -> str:
        """The first element that may not be taken out in a state (the utility there or lost), and why; or nothing."""
        away = f"{GRID} lost: " if state else ""
        standing = self.fault(_Element("", _NOTHING), state)
        if standing.text:
            return f"{away}with nothing taken out {standing.text}"
        for element in elements:
            found = self.fault(element, state)
            bus = {t for tag in element.lost for t in self.network.buses.get(tag, ())}
            # What is left of a bus may trip, and the bus is lost.
            trips = found.overloaded and len(element.lost) == 1 and found.overloaded <= bus
            if trips and not self.fault(_Element("", frozenset(bus)), state).text:
                continue
            if found.text:
                return f"{away}{element.name}: {found.text}"
        return ""

    def fault(self, element: _Element, state: frozenset[str]) -> _Fault:
        """Pods that stop and modules beyond their capacity; losses lie in one block or in the plant."""
        key = (element.lost, element.cuts, state)
        if key not in self.faults:
            self.faults[key] = self._fault(element, state)
        return self.faults[key]

    def _fault(self, element: _Element, state: frozenset[str]) -> _Fault:
        network, nothing = self.network, _Element("", _NOTHING)
        touched = [*element.lost, *(consumer for consumer, _, _ in element.cuts)]
        block = max((network.equipment[t].block for t in touched), default=0)
        living = self._living(nothing if block else element, state)
        if living not in self.usual:
            self.usual[living] = {b: self._block(b, nothing, living) for b in self.fed_by}
        usual = self.usual[living]
        walked = {block: self._block(block, element, living)} if block else usual
        for found in walked.values():
            if found.stopped:
                return _Fault(f"{found.stopped[0]} stops")
        load = {tag: kw for found in walked.values() for tag, kw in found.own_kw.items()}
        before = usual[block].upward_kw if block else {}
        # Where no block asks for more than before, no module of the plant carries more.
        if not block or any(kw > before.get(tag, 0.0) for tag, kw in walked[block].upward_kw.items()):
            asked: dict[str, float] = defaultdict(float)
            for found in {**usual, **walked}.values():
                for tag, kw in found.upward_kw.items():
                    asked[tag] += kw
            plant = network if block else network.without(element.cuts)
            load |= plant.flow(network.blocks[0], living, asked)
        return self._overload(load)

    def _living(self, element: _Element, state: frozenset[str]) -> frozenset[str]:
        """What of the plant runs."""
        key = (element.lost | state, element.cuts)
        if key not in self.living:
            plant = self.network.without(element.cuts)
            self.living[key] = plant.alive(element.lost | state, self.network.blocks[0], UTILITIES)
        return self.living[key]

    def _block(self, block: int, element: _Element, living: frozenset[str]) -> "_Walked":
        """One block; its twins give the same to the same plant."""
        block = self.twin[block]
        carried = self.network.carried(block, living)
        key = (block, element.lost, element.cuts, living & self.fed_by[block], carried)
        if key not in self.known:
            self.known[key] = self._like_walked(block, element, living, carried)
        return self.known[key]

    def _like_walked(self, block: int, element: _Element, living: frozenset[str], carried: str) -> "_Walked":
        """A block built like one that was walked, in the same situation, gives and asks as much."""
        key = situation(self.network, block, element.lost, element.cuts, living), carried
        if key not in self.walked:
            found = _walk(self.network.without(element.cuts), block, element.lost, living, carried)
            self.walked[key] = block, found
            return found
        other, found = self.walked[key]
        names = renamed(self.network, (*found.own_kw, *found.upward_kw, *found.stopped), other, block)
        return _Walked(
            {names[tag]: kw for tag, kw in found.own_kw.items()},
            {names[tag]: kw for tag, kw in found.upward_kw.items()},
            tuple(names[tag] for tag in found.stopped),
        )

    def _overload(self, load: Mapping[str, float]) -> _Fault:
        network = self.network
        full = [t for t, kw in load.items() if t not in UTILITIES and kw > network.capacity[t] + _NOISE]
        full = [t for t in full if network.carriers[network.equipment[t].carrier].medium not in ("it", "fuel")]
        if not full:
            return _Fault()
        worst = max(full, key=lambda t: (load[t] - network.capacity[t], t))
        unit = network.carriers[network.equipment[worst].carrier].unit or "kW"
        return _Fault(f"{worst} carries {load[worst]:,.4g} of {network.capacity[worst]:,.4g} {unit}", frozenset(full))


class _Walked(NamedTuple):
    """What the modules of one block give, and what they ask of the plant."""

    own_kw: Mapping[str, float]
    upward_kw: Mapping[str, float]
    stopped: tuple[str, ...]


def _walk(network: Network, block: int, lost: frozenset[str], living: frozenset[str], carried: str) -> _Walked:
    if carried == "none":
        return _Walked({}, {}, ())
    tags = network.blocks[block]
    alive = network.alive(lost, tags, living)
    output = network.flow(tags, alive, {}, stopped=carried == "cooling")
    stopped = tuple(sorted(t for t in tags if t not in alive and t not in lost and network.module(t).it is not None))
    own = {t: kw for t, kw in output.items() if t not in UTILITIES and network.equipment[t].block == block}
    return _Walked(own, {t: kw for t, kw in output.items() if t not in own}, stopped)
