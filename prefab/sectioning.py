"""Buses of main transformers and generating sets in sections, so that no fault outgrows the switchgear on them."""

from collections import Counter
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
    counts = Counter((e.carrier, e.sku) for e in standing)
    sections: list[tuple[str, ...]] = []
    for carrier in _BUSES:
        tags = [e.tag for e in standing if e.carrier == carrier]
        most = _most(brief, basis, modules, counts, carrier)
        if most is not None and len(tags) > max(1, most):
            sections += _even(tags, need(len(tags) / max(1, most)))
    return tuple(sections)


def overfull(
    brief: SiteBrief, basis: DesignBasis, modules: Mapping[str, Module], counts: Mapping[tuple[str, str], int]
) -> tuple[str, ...]:
    """The carriers on whose buses even a section of one module outgrows the switchgear.

    Args:
        counts: How many modules stand, by carrier and SKU.
    """
    return tuple(carrier for carrier in _BUSES if _most(brief, basis, modules, counts, carrier) == 0)


def alone_mva(brief: SiteBrief, basis: DesignBasis, module: Module) -> float:
    """What a set, or one main transformer behind the utility, feeds into a fault at medium voltage; infinite for what
    does not say."""
    ahead = _ahead(brief, basis, module)
    return C_MAX / sum(ahead) if ahead and any(ahead) else float("inf")


def _even(tags: list[str], count: int) -> Iterator[tuple[str, ...]]:
    """So many parts that differ by one at most; what comes later joins the section that has fewest."""
    for number in range(count):
        yield tuple(tags[number::count])


def _rated_ka(carrier: str, standing: Iterable[Module]) -> float:
    """The weakest switchgear on the bus, and behind it on the medium voltage of the site."""
    ratings = [g.withstand_ka for m in standing for g in m.gives if g.carrier in (carrier, "mv_ac")]
    ratings += [n.withstand_ka for m in standing for n in m.needs if carrier in (n.carrier, n.alternate)]
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


def _most(
    brief: SiteBrief,
    basis: DesignBasis,
    modules: Mapping[str, Module],
    counts: Mapping[tuple[str, str], int],
    carrier: str,
) -> int | None:
    """How many in parallel stay within what their switchgear stands; None where they are not of one type or do not say
    what they draw."""
    givers = {sku for given, sku in counts if given == carrier}
    ahead = _ahead(brief, basis, modules[next(iter(givers))]) if len(givers) == 1 else None
    if ahead is None:
        return None
    behind, each = ahead
    kv = brief.grid.switchgear_kv(basis.medium_voltage_kv)
    standing = [(modules[sku], count) for (_, sku), count in counts.items()]
    room_mva = 3**0.5 * kv * _rated_ka(carrier, [m for m, _ in standing])
    room_mva -= sum(count * (battery_mva(m) + _machine_mva(m)) for m, count in standing)
    if room_mva <= 0:
        return 0
    left = C_MAX / room_mva - behind
    return int(each / left) if left > 0 else 10**6


def _ahead(brief: SiteBrief, basis: DesignBasis, module: Module) -> tuple[float, float] | None:
    """What lies before its bus and within each module, in 1/MVA."""
    own = module.electrical
    if own is None:
        return None
    kv = brief.grid.switchgear_kv(basis.medium_voltage_kv)
    rated_mva = (own.rated_kva or module.gives[0].capacity_kva or 0.0) / 1000
    if own.subtransient_frac is not None and own.power_factor is not None:
        return 0.0, abs(generator_ohm(rated_mva, kv, own.subtransient_frac, own.power_factor)) / kv**2
    if own.impedance_frac is None or own.resistance_frac is None or basis.short_circuit is None:
        return None
    grid_kv = brief.grid.voltage_kv
    mva = brief.grid.short_circuit_mva or basis.short_circuit.utility_mva(grid_kv)
    # Reactances alone: less than the whole impedance, so that the current is never understated.
    behind = grid_ohm(mva, grid_kv, basis.short_circuit.r_over_x).imag / grid_kv**2
    return behind, transformer_ohm(rated_mva, 1.0, own.impedance_frac, own.resistance_frac, C_MAX).imag
