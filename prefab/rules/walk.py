"""Every situation of one phase: who starves, and the most that each module, bus and the utility then carry."""

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from heapq import heapify, heappop, heappush

from prefab.plan import GRID, Plan
from prefab.rules.losses import Loss, Losses
from prefab.rules.network import UTILITIES, Network, network_of
from prefab.rules.twins import renamed, situation, told_of

NORMAL = Loss("normal", frozenset())
_NOISE = 1e-9
"""Sums in another order differ by less; no load counts as larger for it."""


@dataclass(frozen=True)
class Worst:
    """The largest load of each module over all situations, where it occurs, and who starves when."""

    load_kw: Mapping[str, float]
    situation: Mapping[str, str]
    starving: Mapping[str, str]
    """Tag to situation."""
    import_kw: float
    """Largest draw from the utility while it is present."""
    import_situation: str
    states: int
    normal_kw: Mapping[str, float]
    island_kw: Mapping[str, float]
    """Loads with the utility lost; empty without generators."""
    bus_kw: Mapping[tuple[str, ...], float]
    """Largest load of each set of suppliers that feeds one bus or header."""


@lru_cache(maxsize=16)
def walk(plan: Plan, phase: int) -> Worst:
    """Walk every situation of one phase; kept for the few plans at hand, because several rules read the same walk."""
    return _Walk(network_of(plan, phase)).run()


@dataclass(frozen=True)
class _BlockState:
    """What the modules of one block give in one situation, and what they ask of the site's plant."""

    own_kw: Mapping[str, float]
    upward_kw: Mapping[str, float]
    hungry: tuple[str, ...]


class _Walk:
    """All situations of one network. A block is walked once for every set of plant that is alive for it.

    Of a cut feed that leaves everything running only what differs from the normal state is walked.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.load: dict[str, float] = {}
        self.situation: dict[str, str] = {}
        self.starving: dict[str, str] = {}
        self.bus_load: dict[tuple[str, ...], float] = {}
        self.states = 0
        self.top = (0.0, "normal")
        self.known: dict[tuple[int, frozenset[str], str], _BlockState] = {}
        self.losses = Losses(network)
        self.twin_of = self.losses.twin_of
        self.walked: dict[Hashable, tuple[int, _BlockState]] = {}
        """By situation a block that was walked, and its state."""
        self.plant = network.blocks[0]
        self.living: frozenset[str] = frozenset()
        """Who runs in the normal state, and below what they then give and draw; of equal blocks for the first."""
        self.usual_kw: dict[str, float] = {}
        self.drawn_kw: dict[str, list[tuple[str, float]]] = {}
        self.fed_by = network.fed_by
        inside = (tag for block, tags in network.blocks.items() if block for tag in tags)
        self.rank = {tag: n for n, tag in enumerate((*inside, *self.plant))}
        """Blocks before the plant, each from consumers to sources."""

    def run(self) -> Worst:
        """Normal state, losses in the plant, losses in every block."""
        situations = self.losses.by_block()
        normal = self._plant_state(NORMAL)
        self._settle(normal)
        island: Mapping[str, float] = {}
        for loss in situations[0]:
            if self._only_shifts(loss):
                self.states += loss.alike
                continue
            found = self._plant_state(loss)
            if loss.name == "utility lost":
                island = found
        self._block_states(situations)
        self._copy_to_alike()
        self._copy_to_twins()
        return Worst(self.load, self.situation, self.starving, *self.top, self.states, normal, island, self.bus_load)

    def _plant_state(self, loss: Loss) -> dict[str, float]:
        network, name = self.network.without(loss.cuts), loss.name
        living = network.alive(loss.tags, self.plant, UTILITIES)
        asked: dict[str, float] = defaultdict(float)
        for block in self.fed_by:
            state = self._block(block, name, living)
            for tag, kw in state.upward_kw.items():
                asked[tag] += kw
            for tag in state.hungry:
                self.starving.setdefault(tag, name)
        output = network.flow(self.plant, living, asked)
        self.states += loss.alike
        self._note(output, name, (), utility=GRID in living)
        return output

    def _block(self, block: int, name: str, living: frozenset[str]) -> _BlockState:
        block = self.twin_of[block]
        carried = self.network.carried(block, living)
        key = (block, living & self.fed_by[block], carried)
        if key not in self.known:
            self.known[key] = self._walk_block(block, NORMAL, living, carried)
            self._note(self.known[key].own_kw, name, (), utility=False)
        return self.known[key]

    def _settle(self, normal: Mapping[str, float]) -> None:
        """Keep the normal state, to tell from it what a loss changes."""
        network = self.network
        living = network.alive(frozenset(), self.plant, UTILITIES)
        self.living = living
        self.usual_kw |= normal
        for block in (b for b in self.fed_by if self.twin_of[b] == b):
            self.living |= network.alive(frozenset(), network.blocks[block], living)
            self.usual_kw |= self._block(block, "normal", living).own_kw
        for tag in (t for t in self.usual_kw if t in self.living and t not in UTILITIES):
            self.drawn_kw[tag] = [*network.draws(tag, self.usual_kw[tag], self.living)]

    def _block_states(self, situations: Mapping[int, list[Loss]]) -> None:
        living = self.network.alive(frozenset(), self.plant, UTILITIES)
        for block in (b for b in self.fed_by if self.twin_of[b] == b):
            equal = sum(other == block for other in self.twin_of.values())
            usual = self._block(block, "normal", living).upward_kw
            for loss in situations.get(block, ()):
                self.states += loss.alike * equal
                if self._only_shifts(loss):
                    continue
                state = self._walk_block(block, loss, living)
                moved = defaultdict(float, state.upward_kw)
                for tag, kw in usual.items():
                    moved[tag] -= kw
                self._shift(self.network, moved, frozenset())
                self._note({**state.own_kw, **self._after(moved)}, loss.name, state.hungry, utility=True)

    def _only_shifts(self, loss: Loss) -> bool:
        """Whether a loss leaves everything running on other feeds; if so it is walked from its consumers on."""
        network, consumers = self.network.without(loss.cuts), frozenset(consumer for consumer, _, _ in loss.cuts)
        if loss.tags or not all(network.fed(tag, self.living) for tag in consumers & self.living):
            return False
        moved: dict[str, float] = defaultdict(float)
        self._shift(network, moved, consumers)
        self._note(self._after(moved), loss.name, (), utility=True)
        return True

    def _shift(self, network: Network, moved: dict[str, float], consumers: frozenset[str]) -> None:
        """Pass on to the sources by how much more or less each module gives; `consumers` draw on other feeds."""
        known = {t for t in (*moved, *consumers) if t in self.rank and t in self.living}
        waiting = [(self.rank[t], t) for t in known]
        heapify(waiting)
        while waiting:
            _, tag = heappop(waiting)
            if tag not in consumers and abs(moved[tag]) <= _NOISE:
                continue
            now = network.draws(tag, self.usual_kw[tag] + moved.get(tag, 0.0), self.living)
            for supplier, kw in (*now, *((s, -kw) for s, kw in self.drawn_kw[tag])):
                moved[supplier] += kw
                if supplier in self.rank and supplier in self.living and supplier not in known:
                    known.add(supplier)
                    heappush(waiting, (self.rank[supplier], supplier))

    def _after(self, moved: Mapping[str, float]) -> dict[str, float]:
        """What gives more or less now, and all that stand on one bus with it."""
        tags = {t for tag, kw in moved.items() if abs(kw) > _NOISE for t in self.network.buses.get(tag, (tag,))}
        return {t: self.usual_kw.get(t, 0.0) + moved.get(t, 0.0) for t in sorted(tags)}

    def _walk_block(self, block: int, loss: Loss, living: frozenset[str], carried: str = "full") -> _BlockState:
        """A block built like one that was walked, with the same loss and as much alive, is in its state.

        `carried` as the brief asks it of generating sets: what they do not carry may stop.
        """
        if carried == "none":
            return _BlockState({}, {}, ())
        key = situation(self.network, block, loss.tags, loss.cuts, living), carried
        if key not in self.walked:
            self.walked[key] = block, self._walk_loss(block, loss, living, carried)
        other, state = self.walked[key]
        if other == block:
            return state
        names = renamed(self.network, (*state.own_kw, *state.upward_kw, *state.hungry), other, block)
        return _BlockState(
            {names[tag]: kw for tag, kw in state.own_kw.items()},
            {names[tag]: kw for tag, kw in state.upward_kw.items()},
            tuple(names[tag] for tag in state.hungry),
        )

    def _walk_loss(self, block: int, loss: Loss, living: frozenset[str], carried: str) -> _BlockState:
        network, tags = self.network.without(loss.cuts), self.network.blocks[block]
        alive = network.alive(loss.tags, tags, living)
        output = network.flow(tags, alive, {}, stopped=carried == "cooling")
        dead = [t for t in tags if t not in alive and t not in loss.tags and network.module(t).it is not None]
        upward = {t: kw for t, kw in output.items() if t in UTILITIES or network.equipment[t].block != block}
        own = {t: kw for t, kw in output.items() if t not in upward}
        return _BlockState(own, upward, tuple(dead))

    def _copy_to_alike(self) -> None:
        """The most that one module carries is the most of any that fails alike, with their names exchanged."""
        for tags in self.losses.alike(self.network.equipment):
            most = max(tags, key=lambda t: self.load.get(t, -1.0))
            for tag in tags if most in self.load else ():
                if self.load.get(tag, -1.0) < self.load[most]:
                    self.load[tag] = self.load[most]
                    self.situation[tag] = exchanged(self.situation[most], tag, most)
        for bus in {b for b in self.network.buses.values() if len(b) == 1 and b[0] in self.load}:
            self.bus_load[bus] = max(self.bus_load.get(bus, 0.0), self.load[bus[0]])

    def _copy_to_twins(self) -> None:
        """What was found for a block holds for those that only its number tells apart."""
        for block, other in self.twin_of.items():
            one, before = f"B{block:02d}-", f"B{other:02d}-"
            for tag in self.network.blocks[block] if block != other else ():
                twin = before + tag.removeprefix(one)
                if twin in self.load:
                    self.load[tag] = self.load[twin]
                    self.situation[tag] = told_of(self.situation[twin], other, block)
                if twin in self.starving:
                    self.starving[tag] = told_of(self.starving[twin], other, block)
                if (bus := self.network.buses.get(twin)) in self.bus_load:
                    self.bus_load[tuple(one + t.removeprefix(before) for t in bus)] = self.bus_load[bus]

    def _note(self, output: Mapping[str, float], name: str, hungry: Iterable[str], *, utility: bool) -> None:
        on_bus: dict[tuple[str, ...], float] = defaultdict(float)
        for tag, kw in output.items():
            if kw > self.load.get(tag, -1.0) + _NOISE:
                self.load[tag] = kw
                self.situation[tag] = name
            if tag in self.network.buses:
                on_bus[self.network.buses[tag]] += kw
        for bus, kw in on_bus.items():
            self.bus_load[bus] = max(kw, self.bus_load.get(bus, 0.0))
        for tag in hungry:
            self.starving.setdefault(tag, name)
        if utility and output.get(GRID, 0.0) > self.top[0] + _NOISE:
            self.top = (output.get(GRID, 0.0), name)


def exchanged(text: str, one: str, other: str) -> str:
    """A text with two tags in each other's place."""
    names = {one: other, other: one}
    return re.sub(r"[\w-]+", lambda found: names.get(found[0], found[0]), text)
