"""Every situation of one phase: who starves, and the most that each module, bus and the utility then carry."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from prefab.plan import GRID, Plan
from prefab.rules.elements import Cut
from prefab.rules.losses import Loss, Losses
from prefab.rules.network import UTILITIES, Network
from prefab.rules.twins import told_of

NORMAL = Loss("normal", frozenset())


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
    return _Walk(Network(plan, phase)).run()


@dataclass(frozen=True)
class _BlockState:
    """What the modules of one block give in one situation, and what they ask of the site's plant."""

    own_kw: Mapping[str, float]
    upward_kw: Mapping[str, float]
    hungry: tuple[str, ...]


class _Walk:
    """All situations of one network. A block is walked once for every set of plant that is alive for it."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.load: dict[str, float] = {}
        self.situation: dict[str, str] = {}
        self.starving: dict[str, str] = {}
        self.bus_load: dict[tuple[str, ...], float] = {}
        self.states = 0
        self.top = (0.0, "normal")
        self.known: dict[tuple[int, frozenset[str]], _BlockState] = {}
        self.losses = Losses(network)
        self.twin_of = self.losses.twin_of
        self.plant = network.blocks[0]
        self.fed_by = network.fed_by

    def run(self) -> Worst:
        """Normal state, losses in the plant, losses in every block."""
        situations = self.losses.by_block()
        normal = self._plant_state(NORMAL)
        island: Mapping[str, float] = {}
        for loss in situations[0]:
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
        key = (block, living & self.fed_by[block])
        if key not in self.known:
            self.known[key] = self._walk_block(block, NORMAL, living)
            self._note(self.known[key].own_kw, name, (), utility=False)
        return self.known[key]

    def _block_states(self, situations: Mapping[int, list[Loss]]) -> None:
        living = self.network.alive(frozenset(), self.plant, UTILITIES)
        usual = {block: self._block(block, "normal", living).upward_kw for block in self.fed_by}
        total: dict[str, float] = defaultdict(float)
        for upward in usual.values():
            for tag, kw in upward.items():
                total[tag] += kw
        for block in (b for b in self.fed_by if self.twin_of[b] == b):
            equal = sum(other == block for other in self.twin_of.values())
            alive = self.network.alive(frozenset(), self.network.blocks[block], living)
            for loss in situations.get(block, ()):
                self.states += loss.alike * equal
                if not loss.tags and not any(self._carries(cut, alive) for cut in loss.cuts):
                    continue  # what takes over only, or is dead already: the picture stays as it is
                state = self._walk_block(block, loss, living)
                asked = dict(total)
                for tag, kw in usual[block].items():
                    asked[tag] -= kw
                for tag, kw in state.upward_kw.items():
                    asked[tag] = asked.get(tag, 0.0) + kw
                output = self.network.flow(self.plant, living, asked)
                self._note({**state.own_kw, **output}, loss.name, state.hungry, utility=True)

    def _carries(self, cut: Cut, alive: frozenset[str]) -> bool:
        tag, carrier, side = cut
        need = self.network.module(tag).needed(carrier)
        return need is None or any(feed.side == side for feed, _ in self.network.carrying(tag, need, alive))

    def _walk_block(self, block: int, loss: Loss, living: frozenset[str]) -> _BlockState:
        network, tags = self.network.without(loss.cuts), self.network.blocks[block]
        alive = network.alive(loss.tags, tags, living)
        output = network.flow(tags, alive, {})
        dead = [t for t in tags if t not in alive and t not in loss.tags and network.module(t).it is not None]
        upward = {t: kw for t, kw in output.items() if t in UTILITIES or network.equipment[t].block != block}
        own = {t: kw for t, kw in output.items() if t not in upward}
        return _BlockState(own, upward, tuple(dead))

    def _copy_to_alike(self) -> None:
        """What one module carries or lacks at worst holds for all that fail alike, with their names exchanged."""
        for tags in self.losses.alike(self.network.equipment):
            most = max(tags, key=lambda t: self.load.get(t, -1.0))
            starved = next((t for t in tags if t in self.starving), None)
            for tag in tags:
                if most in self.load and self.load.get(tag, -1.0) < self.load[most]:
                    self.load[tag] = self.load[most]
                    self.situation[tag] = exchanged(self.situation[most], tag, most)
                if starved is not None:
                    self.starving.setdefault(tag, exchanged(self.starving[starved], tag, starved))
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
            if kw > self.load.get(tag, -1.0):
                self.load[tag] = kw
                self.situation[tag] = name
            if tag in self.network.buses:
                on_bus[self.network.buses[tag]] += kw
        for bus, kw in on_bus.items():
            self.bus_load[bus] = max(kw, self.bus_load.get(bus, 0.0))
        for tag in hungry:
            self.starving.setdefault(tag, name)
        if utility and output.get(GRID, 0.0) > self.top[0]:
            self.top = (output.get(GRID, 0.0), name)


def exchanged(text: str, one: str, other: str) -> str:
    """A text with two tags in each other's place."""
    names = {one: other, other: one}
    return re.sub(r"[\w-]+", lambda found: names.get(found[0], found[0]), text)
