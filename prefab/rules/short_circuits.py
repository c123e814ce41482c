"""What flows into a fault at each electric bus, read from the plan's own feeds.

From the bus upwards: transformers, chokes and static bypasses are impedances, switchgear is none, the utility and
machines are sources, converters of batteries give a current that never raises the voltage of their bus above that of
operation. A UPS feeds a fault through its bypass or from its inverter, not both; the machine of a rotary one always
turns and feeds a fault above it through its choke. Of a bus in sections, joined through couplers with fault-current
limiters, only one section feeds a fault. Cables are left out, which overstates the largest currents.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from prefab.module import Module
from prefab.physics import short_circuit as physics
from prefab.plan import GRID
from prefab.rules.network import Network

Bus = tuple[str, ...]
"""The suppliers in parallel on it."""
State = Literal["utility", "island"]
_HIGH = ("hv_ac", "hv_bay")
_MEDIUM = ("utility_mv", "mv_ac", "standby_mv")
_LOW = ("lv_ac", "site_lv_ac", "critical_ac", "critical_ac_2")
ALTERNATING = (*_HIGH, *_MEDIUM, *_LOW)
"""Carriers whose buses are looked at; direct current and what lies between batteries and converters is not."""
_SWITCH = 1e-8
"""1/MVA of switchgear: a hundred-thousandth of the smallest impedance beside it."""


@dataclass
class _Paths:
    """What is reached from a bus upwards: numbered buses with what joins and feeds them, in MVA."""

    numbers: dict[Bus, int] = field(default_factory=dict)
    kv: list[float] = field(default_factory=list)
    branches: list[tuple[int, int, complex]] = field(default_factory=list)
    shunts: list[tuple[int, complex]] = field(default_factory=list)
    inverters_mva: dict[int, float] = field(default_factory=dict)

    @property
    def admittance(self) -> NDArray[np.complex128]:
        """Between the buses and to the neutral, in MVA."""
        found = np.zeros((len(self.kv), len(self.kv)), dtype=np.complex128)
        for node, z in self.shunts:
            found[node, node] += 1 / z
        for a, b, z in self.branches:
            found[[a, b], [a, b]] += 1 / z
            found[[a, b], [b, a]] -= 1 / z
        return found


class Faults:
    """The currents of one phase while the utility or the generating sets feed it."""

    def __init__(self, network: Network, state: State) -> None:
        self.network = network
        self.state = state
        self.batteries_mva = sum(_exported_mva(network.module(tag)) for tag in network.equipment)
        """Every converter of a battery, as though all of them hung on the bus that is looked at."""

    @cached_property
    def rotary(self) -> tuple[tuple[Bus, str], ...]:
        """Buses of machines that always turn: their chokes let them feed a fault above as well as one below."""
        found = {}
        for tag, e in sorted(self.network.equipment.items()):
            own = self.network.module(tag).electrical
            if (
                own
                and own.subtransient_frac
                and self.network.carriers[e.carrier].autonomy
                and tag in self.network.buses
            ):
                found[self.network.buses[tag]] = e.carrier
        return tuple(found.items())

    def buses(self) -> Iterator[tuple[Bus, str]]:
        """Every bus that is live in this state, with what its suppliers give."""
        seen: set[Bus] = set()
        for (consumer, _), feeds in sorted(self.network.feeds.items()):
            for feed in feeds:
                bus = self._bus(feed.suppliers)
                carrier = self.given_on(bus, feed.carrier) if bus else ""
                live = carrier != "standby_mv" if self.state == "utility" else carrier not in ("utility_mv", *_HIGH)
                if bus and bus not in seen and carrier in ALTERNATING and live and consumer in self.network.equipment:
                    seen.add(bus)
                    yield bus, carrier

    def given_on(self, bus: Bus, asked: str) -> str:
        """The carrier on a bus; the utility gives what is asked of it."""
        return asked if bus[0] == GRID else self.network.equipment[bus[0]].carrier

    def voltage_kv(self, bus: Bus, carrier: str) -> float:
        """Nominal; of low voltages the lowest that country and supplier share: currents are largest there."""
        plan = self.network.plan
        if carrier in _HIGH:
            return plan.brief.grid.voltage_kv
        if carrier in _MEDIUM:
            return plan.brief.grid.switchgear_kv(plan.basis.medium_voltage_kv)
        if plan.brief.restrict.low_voltage_v:
            return plan.brief.restrict.low_voltage_v / 1000
        offered = self.network.module(bus[0]).certification.voltages_v or (400.0,)
        usual = plan.country.low_voltages_v if plan.country else offered
        return min([v for v in offered if v in usual] or offered) / 1000

    def current_ka(self, bus: Bus, carrier: str) -> float:
        """The largest initial current of a three-phase fault on a bus.

        Two things bound what flows while batteries stand by, and the lesser holds. Their converters never give more
        than their largest current: by superposition that adds at the most what each sends through the network, all
        taken in phase. And none raises its own bus above the highest voltage of operation, c times the nominal one:
        where they do not raise it so far, utility and machines, which are c times nominal behind their impedances,
        leave it below that too. By substitution the bus is then a source of some voltage up to c, and what flows
        into a fault rises with it, so that it is the most where the bus is held at c. On their own bus, and at high
        voltage, where they are taken to hang at the fault, only their current bounds them.
        """
        paths = _Paths()
        here = self._climb(paths, bus, carrier)
        for below, given in self.rotary:
            self._climb(paths, below, given)
        kv = paths.kv[here]
        # They hang on the medium-voltage bus; a fault above it gets all that they give.
        hang = (
            here
            if level(carrier) == "high"
            else next((n for n, v in enumerate(paths.kv) if v == self._medium_kv), None)
        )
        injected = dict(paths.inverters_mva)
        if hang is not None:
            injected[hang] = injected.get(hang, 0.0) + self.batteries_mva
        if not paths.shunts:
            return physics.rated_ka(sum(injected.values()), kv)
        admittance = paths.admittance
        flowing_mva = _flowing_mva(admittance, here, injected, physics.voltage_factor(kv))
        if hang not in (None, here) and self.batteries_mva:
            # What is held at a voltage is no unknown: all else sees it as the neutral of the equivalent source.
            free = [n for n in range(len(paths.kv)) if n != hang]
            others = {free.index(n): mva for n, mva in paths.inverters_mva.items() if n != hang}
            c = max(physics.voltage_factor(kv), physics.voltage_factor(self._medium_kv))
            held_mva = _flowing_mva(admittance[np.ix_(free, free)], free.index(here), others, c)
            flowing_mva = min(flowing_mva, held_mva)
        return physics.rated_ka(flowing_mva, kv)

    @property
    def _medium_kv(self) -> float:
        plan = self.network.plan
        return plan.brief.grid.switchgear_kv(plan.basis.medium_voltage_kv)

    def _bus(self, suppliers: tuple[str, ...]) -> Bus:
        return tuple(sorted(t for t in suppliers if t == GRID or t in self.network.equipment))

    def _climb(self, paths: _Paths, bus: Bus, carrier: str) -> int:
        """The number of a bus, with all that lies above it."""
        if bus in paths.numbers:
            return paths.numbers[bus]
        here = paths.numbers[bus] = len(paths.kv)
        paths.kv.append(self.voltage_kv(bus, carrier))
        for tag in self._strongest(bus, carrier):
            if tag == GRID:
                paths.shunts.append((here, self._utility()))
            else:
                self._supplier(paths, here, tag)
        return here

    def _strongest(self, bus: Bus, carrier: str) -> Bus:
        """The largest section of a bus at medium voltage, with what is in none."""
        connected = self.network.plan.connected
        sections = connected.sections if connected and carrier in _MEDIUM else ()
        apart = [{*section} & {*bus} for section in sections]
        if sum(map(bool, apart)) < 2:
            return bus
        free = {*bus}.difference(*apart)
        return tuple(sorted(max(apart, key=len) | free))

    def _supplier(self, paths: _Paths, here: int, tag: str) -> None:
        module, kv = self.network.module(tag), paths.kv[here]
        electrical = module.electrical
        if electrical and electrical.subtransient_frac and electrical.power_factor:
            ohm = physics.generator_ohm(_rated_mva(module), kv, electrical.subtransient_frac, electrical.power_factor)
            paths.shunts.append((here, ohm / kv**2))
        carrier = self.network.carriers[self.network.equipment[tag].carrier]
        if electrical and carrier.autonomy and not electrical.static_bypass:
            mva = inverter_mva(module, carrier.key)
            paths.inverters_mva[here] = paths.inverters_mva.get(here, 0.0) + mva
            return
        for above, given in self._above(tag):
            there = self._climb(paths, above, given)
            z = complex(_SWITCH)
            if electrical and electrical.impedance_frac and electrical.resistance_frac is not None:
                c = physics.voltage_factor(kv)
                uk, ukr = electrical.impedance_frac, electrical.resistance_frac
                z = physics.transformer_ohm(_rated_mva(module), 1.0, uk, ukr, c)
            paths.branches.append((here, there, z))

    def _above(self, tag: str) -> Iterator[tuple[Bus, str]]:
        """The bus that a module passes on in this state: of two that take over from each other the normal one."""
        for need in (n for n in self.network.module(tag).needs if n.through):
            found = []
            for feed in self.network.preferred(tag, need):
                bus = self._bus(feed.suppliers)
                carrier = self.given_on(bus, feed.carrier) if bus else ""
                if carrier in ALTERNATING and (
                    not need.alternate or (carrier == need.alternate) == (self.state == "island")
                ):
                    found.append((bus, carrier))
            yield from found[:1]

    def _utility(self) -> complex:
        plan = self.network.plan
        basis, stated, kv = plan.basis.short_circuit, plan.brief.grid.short_circuit_mva, plan.brief.grid.voltage_kv
        if basis is None:
            assert stated is not None
            return physics.grid_ohm(stated, kv) / kv**2
        return physics.grid_ohm(stated or basis.utility_mva(kv), kv, basis.r_over_x) / kv**2


def _flowing_mva(admittance: NDArray[np.complex128], here: int, injected: dict[int, float], c: float) -> float:
    """Into a fault on one bus: from c times nominal voltage there, and from currents injected into others, in phase."""
    seen = np.linalg.inv(admittance)[:, here]
    return float((c + sum(mva * abs(seen[n]) for n, mva in injected.items())) / abs(seen[here]))


def level(carrier: str) -> str:
    """High, medium or low voltage; empty for what is not looked at."""
    levels = {"high": _HIGH, "medium": _MEDIUM, "low": _LOW}
    return next((name for name, carriers in levels.items() if carrier in carriers), "")


def _rated_mva(module: Module) -> float:
    """What the fractions of its impedances are of."""
    own = module.electrical.rated_kva if module.electrical else None
    return (own or max(g.capacity_kva or g.capacity_kw or 0.0 for g in module.gives)) / 1000


def inverter_mva(module: Module, carrier: str) -> float:
    """What the inverter of a UPS gives into a fault of its output."""
    given = module.given(carrier)
    frac = module.electrical.fault_current_frac if module.electrical else None
    return (frac or 0.0) * ((given and given.capacity_kw) or 0.0) / 1000


def _exported_mva(module: Module) -> float:
    """What a converter of batteries feeds into a fault at medium voltage; a UPS opens towards the supply it loses."""
    electrical = module.electrical
    given = next((g for g in module.gives if g.carrier in ("mv_storage", "battery_dc")), None)
    if electrical is None or electrical.fault_current_frac is None or given is None:
        return 0.0
    return electrical.fault_current_frac * (given.capacity_kva or given.capacity_kw or 0.0) / 1000
