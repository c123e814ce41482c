"""Buses of main transformers and generating sets in sections, so that no fault outgrows the switchgear on them."""

from collections.abc import Iterable, Iterator, Mapping

from prefab.basis import DesignBasis
from prefab.brief import SiteBrief
from prefab.module import Module
from prefab.physics.short_circuit import C_MAX, C_MAX_6, generator_ohm, grid_ohm, transformer_ohm
from prefab.plan import Equipment
from prefab.units import need

_BUSES = ("utility_mv", "standby_mv")


def make_sections(
    brief: SiteBrief, basis: DesignBasis, modules: Mapping[str, Module], equipment: Iterable[Equipment]
) -> tuple[tuple[str, ...], ...]:
    """As few sections of a bus as its switchgear allows, of as many modules each; none where one is enough.

    The utility's impedance counts, cables do not; all the batteries and rotary UPS of the site feed the fault as well.
    """
    standing = tuple(equipment)
    sections: list[tuple[str, ...]] = []
    for carrier in _BUSES:
        tags = [e.tag for e in standing if e.carrier == carrier]
        givers = {e.sku: modules[e.sku] for e in standing if e.carrier == carrier}
        if len(givers) != 1:
            continue
        (module,) = givers.values()
        kv = brief.grid.switchgear_kv(basis.medium_voltage_kv)
        room_mva = 3**0.5 * kv * _rated_ka(module, carrier, (modules[e.sku] for e in standing))
        room_mva -= sum(battery_mva(modules[e.sku]) + _machine_mva(modules[e.sku]) for e in standing)
        most = _most(brief, basis, module, kv, room_mva)
        if most is not None and len(tags) > most:
            sections += _even(tags, need(len(tags) / most))
    return tuple(sections)


def _even(tags: list[str], count: int) -> Iterator[tuple[str, ...]]:
    """So many parts that differ by one at most; what comes later joins the section that has fewest."""
    for number in range(count):
        yield tuple(tags[number::count])


def _rated_ka(module: Module, carrier: str, others: Iterable[Module]) -> float:
    """The weakest switchgear on the bus."""
    ratings = [g.withstand_ka for g in module.gives if g.carrier == carrier]
    ratings += [n.withstand_ka for m in others for n in m.needs if carrier in (n.carrier, n.alternate)]
    return min((ka for ka in ratings if ka is not None), default=float("inf"))


def battery_mva(module: Module) -> float:
    """What a converter of batteries feeds back."""
    own, rated = module.electrical, module.gives[0]
    if own is None or own.fault_current_frac is None or rated.carrier not in ("mv_storage", "battery_dc"):
        return 0.0
    return own.fault_current_frac * (rated.capacity_kva or rated.capacity_kw or 0.0) / 1000


def _machine_mva(module: Module) -> float:
    """What the machine of a rotary UPS feeds back through its choke; the transformer above it would make it less."""
    own, rated = module.electrical, module.gives[0]
    if own is None or own.subtransient_frac is None or own.power_factor is None or own.impedance_frac is None:
        return 0.0
    rated_mva = (own.rated_kva or rated.capacity_kva or rated.capacity_kw or 0.0) / 1000
    machine = generator_ohm(rated_mva, 1.0, own.subtransient_frac, own.power_factor).imag
    choke = transformer_ohm(rated_mva, 1.0, own.impedance_frac, own.resistance_frac or 0.0, C_MAX_6).imag
    return C_MAX / (machine + choke)


def _most(brief: SiteBrief, basis: DesignBasis, module: Module, kv: float, room_mva: float) -> int | None:
    """How many in parallel stay within the room; None where the module or the basis does not say what they draw."""
    own = module.electrical
    if own is None:
        return None
    rated_mva = (own.rated_kva or module.gives[0].capacity_kva or 0.0) / 1000
    behind = 0.0
    if own.subtransient_frac is not None and own.power_factor is not None:
        each = abs(generator_ohm(rated_mva, kv, own.subtransient_frac, own.power_factor)) / kv**2
    elif own.impedance_frac is not None and own.resistance_frac is not None and basis.short_circuit is not None:
        grid_kv = brief.grid.voltage_kv
        mva = brief.grid.short_circuit_mva or basis.short_circuit.utility_mva(grid_kv)
        # Reactances alone: less than the whole impedance, so that the current is never understated.
        behind = grid_ohm(mva, grid_kv, basis.short_circuit.r_over_x).imag / grid_kv**2
        each = transformer_ohm(rated_mva, 1.0, own.impedance_frac, own.resistance_frac, C_MAX).imag
    else:
        return None
    left = C_MAX / room_mva - behind if room_mva > 0 else each
    return max(1, int(each / left)) if left > 0 else 10**6
