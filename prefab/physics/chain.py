"""One pass along the carriers, from what is used to what it takes, for all hours at once."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from prefab.basis import DesignBasis
from prefab.carrier import Carrier
from prefab.module import Module, Need
from prefab.physics.cooling import (
    drive_power_frac,
    flow_lpm,
    rejection_capacity_kw,
    rejection_power_kw,
    water_l_per_h,
)
from prefab.physics.electrical import derate, loss_kw

Hours = NDArray[np.float64]
Purpose = Literal["fabric", "power_chain", "transformers", "coolant", "air_cooling", "heat_rejection", "auxiliary"]

_THERMAL = ("liquid", "heat", "air")


@dataclass(frozen=True)
class Surroundings:
    """The weather hour by hour and what else holds for the whole site."""

    dry_bulb_degc: Hours
    wet_bulb_degc: Hours
    altitude_m: float
    basis: DesignBasis
    carriers: Mapping[str, Carrier]


@dataclass(frozen=True)
class Bank:
    """Equal modules that give one carrier and share it equally, the redundant ones included."""

    module: Module
    carrier: Carrier
    count: int
    supply_degc: float | None = None
    unit_for: str | None = None
    """They serve only the bank that gives this carrier."""
    of_pods: bool = False
    """Each pod has its own of them."""


@dataclass(frozen=True)
class Demand:
    """An hourly draw of one carrier."""

    carrier: str
    kw: Hours
    supply_max_degc: float | None = None
    return_degc: float | None = None
    unit_for: str | None = None
    of_pods: bool = False
    """Of the pods, or of what is a pod's own."""


@dataclass(frozen=True)
class Drawn:
    """What the banks took for themselves and what they leave open."""

    own_kw: Mapping[Purpose, Hours]
    """Electric losses and drives, by purpose."""
    open_kw: Mapping[str, Hours]
    """Demands on carriers that no bank gives."""
    unserved_kw: Hours
    """Heat beyond what the heat-rejection units can reject in the hour's weather."""
    served_frac: Hours
    """Share of heat rejected in the loop that is shortest of it."""
    water_l: Hours


def draw(banks: Sequence[Bank], demands: Sequence[Demand], at: Surroundings) -> Drawn:
    """Serve the demands from the banks, and what the banks need in turn, in the normal state of everything.

    A demand goes to the warmest liquid that is cold enough. Liquid pumps and fans of air units run at variable speed
    on their share of flow, all that are installed; losses are read at each module's share of its rating.
    """
    hours = at.dry_bulb_degc.shape
    waiting: dict[int, list[Demand]] = defaultdict(list)
    open_kw: dict[str, Hours] = {}
    own_kw: dict[Purpose, Hours] = defaultdict(lambda: np.zeros(hours))
    unserved, served, water = np.zeros(hours), np.ones(hours), np.zeros(hours)

    def send(demand: Demand) -> None:
        suppliers = _suppliers(banks, demand)
        if not suppliers:
            open_kw[demand.carrier] = open_kw.get(demand.carrier, 0.0) + demand.kw
            return
        total = sum(_rated_kw(banks[i], at) * banks[i].count for i in suppliers)
        for i in suppliers:
            part = _rated_kw(banks[i], at) * banks[i].count / total
            waiting[i].append(replace(demand, kw=demand.kw * part))

    for demand in demands:
        send(demand)
    for i in _order(banks):
        bank = banks[i]
        load = sum((d.kw for d in waiting[i]), np.zeros(hours))
        return_degc = _return_degc(bank, waiting[i])
        electric = [n for n in bank.module.needs if at.carriers[n.carrier].medium == "electric"]
        own = {n.carrier: _own_kw(bank, n, n is electric[0], load, return_degc, at) for n in electric}
        heat = sum(own.values(), np.zeros(hours))
        for key, kw in own.items():
            for purpose, part in _by_purpose(bank, at.carriers[key], kw, load):
                own_kw[purpose] += part
        for need in bank.module.needs:
            medium = at.carriers[need.carrier].medium
            if medium == "electric":
                send(_passed_on(bank, need, load * need.through + own[need.carrier], None))
            elif medium in (*_THERMAL, "it"):
                kw = load + heat * (need.kw_per_kw > 0) if need.through else need.kw_per_kw * load + need.fixed_kw
                send(_passed_on(bank, need, kw, return_degc))
        rejection = bank.module.rejection
        if rejection is not None:
            limit = _rejectable_kw(bank, return_degc, at)
            taken = np.minimum(load, limit)
            unserved = unserved + (load - taken)
            served = np.minimum(served, np.where(load > 0, taken / np.where(load > 0, load, 1.0), 1.0))
            one = (_rated_kw(bank, at), taken / bank.count, *_loop(bank, return_degc, at))
            water = water + bank.count * np.asarray(water_l_per_h(rejection, *one))
    return Drawn(own_kw, open_kw, unserved, served, water)


def _suppliers(banks: Sequence[Bank], demand: Demand) -> list[int]:
    found = [i for i, b in enumerate(banks) if b.carrier.key == demand.carrier and b.unit_for == demand.unit_for]
    if any(banks[i].of_pods for i in found):
        found = [i for i in found if banks[i].of_pods == demand.of_pods]
    limit = demand.supply_max_degc
    if limit is None or not found or any(banks[i].supply_degc is None for i in found):
        return found
    supply = {i: float(banks[i].supply_degc or 0.0) for i in found}
    cold_enough = [t for t in supply.values() if t <= limit + 1e-9]
    chosen = max(cold_enough) if cold_enough else min(supply.values())
    return [i for i in found if supply[i] == chosen]


def _order(banks: Sequence[Bank]) -> list[int]:
    """Consumers before their suppliers."""
    sorter: TopologicalSorter[int] = TopologicalSorter(dict.fromkeys(range(len(banks)), ()))
    for i, consumer in enumerate(banks):
        drawn = {n.carrier for n in consumer.module.needs if not n.units}
        for j, supplier in enumerate(banks):
            if supplier.carrier.key in drawn and supplier.unit_for in (None, consumer.carrier.key):
                sorter.add(j, i)
    return list(sorter.static_order())


def _rated_kw(bank: Bank, at: Surroundings) -> float:
    """Rating of one module as it left the factory; 1 for what gives no kilowatts, such as control points."""
    given = bank.module.given(bank.carrier.key)
    if given is None:
        return 1.0
    return given.rated_kw(at.basis.power_factor) or 1.0


def _return_degc(bank: Bank, demands: Sequence[Demand]) -> float | None:
    """Design return of a liquid: by the carrier's rise, else the coolest that comes back."""
    if bank.supply_degc is not None and bank.carrier.rise_k is not None:
        return bank.supply_degc + bank.carrier.rise_k
    return min((d.return_degc for d in demands if d.return_degc is not None), default=None)


def _own_kw(bank: Bank, need: Need, first: bool, load: Hours, return_degc: float | None, at: Surroundings) -> Hours:
    """Electricity of one carrier that ends in the bank itself: losses, drives, fans, compressors, controllers.

    Losses come with the supply that passes through, the power of heat rejection with the first electric need.
    """
    module, rated = bank.module, _rated_kw(bank, at)
    share = load / (bank.count * rated)
    own = np.full(load.shape, bank.count * need.fixed_kw)
    if bank.carrier.medium in ("liquid", "air"):
        speed = np.maximum(share, _flow_frac(bank, load, return_degc))
        full = need.kw_per_kw * rated * bank.count
        own = own + np.where(load > 0, full * np.asarray(drive_power_frac(speed, *_drive(bank, at.basis))), 0.0)
    else:
        own = own + need.kw_per_kw * load
    if need.through and module.losses is not None:
        own = own + bank.count * np.asarray(loss_kw(module.losses.points, share))
    if first and module.rejection is not None:
        one = (rated, load / bank.count, *_loop(bank, return_degc, at))
        own = own + bank.count * np.asarray(rejection_power_kw(module.rejection, *one))
    return own


def _drive(bank: Bank, basis: DesignBasis) -> tuple[float, float]:
    """Static share of power and least share of flow of a bank's pumps or fans.

    A loop without a rise of its own is held at its consumers' temperatures, which asks for a nearly constant flow.
    """
    if bank.carrier.medium == "air":
        return 0.0, basis.fan_speed_min_frac
    if bank.carrier.rise_k is None:
        return 0.0, basis.coolant_flow_min_frac
    return basis.pump_static_frac, 0.0


def _flow_frac(bank: Bank, load: Hours, return_degc: float | None) -> Hours:
    """Share of a liquid supplier's largest flow; a small temperature rise uses it up before the kilowatts do."""
    given, carrier = bank.module.given(bank.carrier.key), bank.carrier
    if (
        given is None
        or given.flow_max_lpm is None
        or bank.supply_degc is None
        or return_degc is None
        or carrier.density_kg_per_l is None
        or carrier.heat_capacity_kj_per_kg_k is None
    ):
        return np.zeros(load.shape)
    flow = flow_lpm(
        load / bank.count,
        bank.supply_degc,
        return_degc,
        carrier.density_kg_per_l,
        carrier.heat_capacity_kj_per_kg_k,
    )
    return np.asarray(flow) / given.flow_max_lpm


def _passed_on(bank: Bank, need: Need, kw: Hours, return_degc: float | None) -> Demand:
    limit = need.supply_max_degc
    if need.approach_k is not None and bank.supply_degc is not None:
        colder = bank.supply_degc - need.approach_k
        limit = colder if limit is None else min(limit, colder)
    unit_for = bank.carrier.key if need.connection == "unit" else None
    back = None if return_degc is None else return_degc - (need.approach_k or 0.0)
    return Demand(need.carrier, kw, limit, back, unit_for, bank.of_pods)


def _loop(bank: Bank, return_degc: float | None, at: Surroundings) -> tuple[Hours, Hours, float, float, float]:
    """Weather, loop temperatures and altitude, as the heat-rejection functions take them."""
    rejection = bank.module.rejection
    assert rejection is not None
    supply = rejection.rated_supply_degc if bank.supply_degc is None else bank.supply_degc
    back = rejection.rated_return_degc if return_degc is None else return_degc
    return at.dry_bulb_degc, at.wet_bulb_degc, supply, back, at.altitude_m


def _rejectable_kw(bank: Bank, return_degc: float | None, at: Surroundings) -> Hours:
    rejection = bank.module.rejection
    assert rejection is not None
    one = rejection_capacity_kw(rejection, _rated_kw(bank, at), *_loop(bank, return_degc, at))
    left = derate(bank.module.derating, at.altitude_m, at.dry_bulb_degc)
    return np.asarray(bank.count * np.multiply(one, left))


def _by_purpose(bank: Bank, drawn: Carrier, kw: Hours, load: Hours) -> Iterator[tuple[Purpose, Hours]]:
    """What power of one carrier that ends in a bank is for; a fabric pod computes on critical power only, and what it
    draws of that beyond its computers moves the air of the room."""
    medium = bank.carrier.medium
    if medium == "it" and drawn.autonomy:
        computing = np.minimum(kw, load)
        yield "fabric", computing
        yield "air_cooling", kw - computing
    elif medium == "electric":
        held = bank.module.ups_battery is not None or bank.carrier.autonomy
        yield "power_chain" if held else "transformers", kw
    else:
        by_medium: dict[str, Purpose] = {"liquid": "coolant", "air": "air_cooling", "heat": "heat_rejection"}
        yield by_medium.get(medium, "auxiliary"), kw
