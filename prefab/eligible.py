"""Which modules may stand at this site, with what capacity, and why the others may not."""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from prefab.basis import RideThroughBasis
from prefab.brief import SiteBrief
from prefab.carrier import Carrier
from prefab.catalog import Catalog
from prefab.demands import ItDemand
from prefab.module import Gives, Module
from prefab.physics.cooling import rejection_capacity_kw, rejection_power_kw
from prefab.physics.electrical import derate, loss_kw
from prefab.results import Refusal
from prefab.tasks import earliest_date
from prefab.workload import match


@dataclass(frozen=True)
class Conditions:
    """The design weather and height of the site."""

    dry_bulb_degc: float
    wet_bulb_degc: float
    altitude_m: float
    power_factor: float
    medium_voltage_kv: float
    without_power_s: float = 0.0
    """How long cooling plant is without supply after the utility is lost."""
    heat_s: tuple[float, float] = (0.0, math.inf)
    """The least and the most seconds that heat comes then, where computers stop."""
    loop_rise_k: float = math.inf
    utility_mva: float = 0.0
    """What the utility feeds into a fault at the connection; 0 where nobody says."""
    batteries_mva: float = 0.0
    """What batteries feed into a fault, as far as a sizing knows them."""
    step_settle_s: float = 0.0
    ride_through: RideThroughBasis | None = None


@dataclass(frozen=True)
class Offer:
    """One module offered for one carrier (for liquids at one temperature) at this site."""

    brief: SiteBrief
    module: Module
    carrier: Carrier
    conditions: Conditions
    supply_degc: float | None
    return_degc: float | None
    capacity_kw: float
    """What it may carry here: rated, derated, and capped by every rule; units of services, litres of fuel."""
    carriers: Mapping[str, Carrier] = field(default_factory=dict)
    """Every carrier, by key: for rules that look at what the module needs."""

    @cached_property
    def given(self) -> Gives:
        """What the module says of the carrier."""
        given = self.module.given(self.carrier.key)
        assert given is not None
        return given

    @property
    def parallel_max(self) -> int:
        """Most of them on one bus or header."""
        return self.given.parallel_max

    @property
    def buffer_l_per_kw(self) -> float:
        """Litres of its loop that take up the heat of this unit until it rejects it again, for each kW."""
        assert self.module.rejection is not None
        least_s, most_s = self.conditions.heat_s
        lasting_s = max(least_s, min(most_s, self.conditions.without_power_s + self.module.rejection.restart_s))
        density, heat_capacity = self.carrier.density_kg_per_l, self.carrier.heat_capacity_kj_per_kg_k
        assert density is not None
        assert heat_capacity is not None
        return lasting_s / (density * heat_capacity * self.conditions.loop_rise_k)

    def lost_kw(self, output_kw: NDArray[np.float64]) -> NDArray[np.float64]:
        """Loss of one module while it gives each of these outputs."""
        assert self.module.losses is not None
        rated_kw = self.given.rated_kw(self.conditions.power_factor)
        return np.asarray(loss_kw(self.module.losses.points, output_kw / rated_kw))

    def rejecting_kw(self, heat_kw: NDArray[np.float64]) -> NDArray[np.float64]:
        """Electric power of one heat-rejection unit in the design weather, for each of these heats."""
        assert self.module.rejection is not None
        assert self.supply_degc is not None
        assert self.return_degc is not None
        c = self.conditions
        power_kw = rejection_power_kw(
            self.module.rejection,
            self.given.capacity_kw or 0.0,
            heat_kw,
            c.dry_bulb_degc,
            c.wet_bulb_degc,
            self.supply_degc,
            self.return_degc,
            c.altitude_m,
        )
        return np.asarray(power_kw)


Shape = Callable[[Offer], "float | str"]
"""A rule's cap on an offer's capacity, or the reason why it refuses it."""


def site_conditions(brief: SiteBrief, catalog: Catalog) -> Conditions:
    """Design dry bulb: the climate's yearly maximum plus recirculation unless the brief gives one."""
    climate = next(c for c in catalog.climates if c.key == brief.site.climate)
    dry_bulb = brief.site.design_dry_bulb_degc
    if dry_bulb is None:
        dry_bulb = climate.dry_bulb_max_degc + catalog.basis.recirculation_k
    altitude = climate.elevation_m if brief.site.altitude_m is None else brief.site.altitude_m
    voltage = brief.grid.switchgear_kv(catalog.basis.medium_voltage_kv)
    stated, basis = brief.grid.short_circuit_mva, catalog.basis.short_circuit
    utility_mva = stated or (basis.utility_mva(brief.grid.voltage_kv) if basis else 0.0)
    ride = catalog.basis.ride_through
    return Conditions(
        dry_bulb,
        climate.wet_bulb_max_degc,
        altitude,
        catalog.basis.power_factor,
        voltage,
        without_power_s=_without_power_s(brief, catalog),
        heat_s=_heat_s(brief, catalog),
        loop_rise_k=math.inf if ride is None else ride.loop_rise_k,
        utility_mva=utility_mva,
        batteries_mva=catalog.fed_back_mva(brief.storage.power_mw),
        step_settle_s=catalog.basis.step_settle_s or 0.0,
        ride_through=ride,
    )


def _without_power_s(brief: SiteBrief, catalog: Catalog) -> float:
    """Until the slowest generating sets that may stand here have started, or else until computers have stopped."""
    basis = catalog.basis.ride_through
    if basis is None:
        return 0.0
    if brief.autonomy.generator_h <= 0:
        return basis.orderly_stop_s
    # Few modules have an engine, and every offer asks for this.
    engines = ((m, m.engine) for m in catalog.modules if m.engine and m.engine.fuel == brief.autonomy.fuel)
    starts = (e.start_s for m, e in engines if m.given("standby_mv") and m.sku not in brief.limits.exclude)
    return max(starts, default=0.0) + basis.start_retry_s


def _heat_s(brief: SiteBrief, catalog: Catalog) -> tuple[float, float]:
    """Heat ends with computers that sets do not carry, and lasts until then if nothing cools them; of all demands."""
    basis, kept = catalog.basis.ride_through, {d.backup for d in brief.it.demands}
    if basis is None or brief.autonomy.generator_h <= 0:
        return 0.0, math.inf
    return basis.orderly_stop_s if "none" in kept else 0.0, math.inf if "full" in kept else basis.orderly_stop_s


@dataclass(frozen=True)
class SiteOffers:
    """The modules that may give each carrier at one site, and what is refused: each question is answered once."""

    brief: SiteBrief
    catalog: Catalog
    shapes: tuple[Shape, ...]
    _known: dict[tuple[object, ...], tuple[tuple[Offer, ...], tuple[Refusal, ...]]] = field(default_factory=dict)

    @cached_property
    def conditions(self) -> Conditions:
        """The same for every offer."""
        return site_conditions(self.brief, self.catalog)

    @cached_property
    def carriers(self) -> Mapping[str, Carrier]:
        """By key."""
        return {c.key: c for c in self.catalog.carriers}

    @cached_property
    def _giving(self) -> Mapping[str, list[tuple[Module, Gives]]]:
        found: dict[str, list[tuple[Module, Gives]]] = defaultdict(list)
        for module in self.catalog.modules:
            if module.stands != "per_metre":
                for given in {g.carrier: g for g in reversed(module.gives)}.values():
                    found[given.carrier].append((module, given))
        return found

    def of(
        self, carrier: str, phase: int = 0, supply_degc: float | None = None, return_degc: float | None = None
    ) -> tuple[tuple[Offer, ...], tuple[Refusal, ...]]:
        """Every module that gives a carrier, split into what this site may use and what it may not.

        What stands in blocks must be there for `phase`, what serves the site for the first one; grid batteries, asked
        for at full build only, for the last.
        """
        question = (carrier, phase, supply_degc, return_degc)
        if question not in self._known:
            found = [
                self._offer(m, given, phase, supply_degc, return_degc) for m, given in self._giving.get(carrier, ())
            ]
            offers = tuple(o for o in found if isinstance(o, Offer))
            self._known[question] = offers, tuple(r for r in found if isinstance(r, Refusal))
        return self._known[question]

    def _offer(
        self, module: Module, given: Gives, phase: int, supply_degc: float | None, return_degc: float | None
    ) -> Offer | Refusal:
        brief, catalog, carrier = self.brief, self.catalog, self.carriers[given.carrier]
        grows = carrier.scope == "block"
        due = phase if grows else len(brief.phases) - 1 if _for_storage(catalog, carrier.key) else 0
        if (reason := _not_wanted(brief, catalog, module, due, grows=grows)) is not None:
            return Refusal(module.sku, reason)
        highest = given.voltage_max_kv
        kv = brief.grid.voltage_kv if module.needed("hv_ac") else self.conditions.medium_voltage_kv
        if highest is not None and highest < kv:
            return Refusal(module.sku, f"built for {highest:g} kV at the most, the site has {kv:g} kV")
        capacity = _capacity_kw(module, given, self.conditions, supply_degc, return_degc)
        offer = Offer(brief, module, carrier, self.conditions, supply_degc, return_degc, capacity, self.carriers)
        for shape in self.shapes:
            capped = shape(offer)
            if isinstance(capped, str):
                return Refusal(module.sku, capped)
            if capped != offer.capacity_kw:
                offer = replace(offer, capacity_kw=capped)
        return offer


def make_offers(
    brief: SiteBrief,
    catalog: Catalog,
    shapes: tuple[Shape, ...],
    carrier: str,
    supply_degc: float | None = None,
    return_degc: float | None = None,
    phase: int = 0,
) -> tuple[tuple[Offer, ...], tuple[Refusal, ...]]:
    """The answer to one question only, see `SiteOffers`."""
    return SiteOffers(brief, catalog, shapes).of(carrier, phase, supply_degc, return_degc)


def eligible_pods(
    brief: SiteBrief, catalog: Catalog, demand: ItDemand, phase: int = 0
) -> tuple[tuple[Module, ...], tuple[Refusal, ...]]:
    """The IT pods that serve a demand's workload, are not excluded and can be there for a phase; a proxy card only pods
    that the brief names."""
    workload = next(w for w in catalog.cards if w.key == demand.workload)
    pods: list[Module] = []
    refusals: list[Refusal] = []
    wish = f"it.demand[{brief.it.demand.index(demand)}].pods ({demand.name})" if brief.it.demand else "it.pods"
    for module in catalog.modules:
        if module.it is None:
            continue
        if demand.pods and module.sku not in demand.pods:
            refusals.append(Refusal(module.sku, f"not among the brief's {wish}"))
        elif not (found := match(workload, module.it.accelerator)):
            text = f"holds {module.it.accelerator}, the workload runs on {workload.accelerator}"
            refusals.append(Refusal(module.sku, text))
        elif found == "proxy" and module.sku not in demand.pods:
            text = f"holds {module.it.accelerator}, for which the workload is only a proxy; name the pod in {wish}"
            refusals.append(Refusal(module.sku, text))
        elif (reason := _not_wanted(brief, catalog, module, phase, grows=True)) is not None:
            refusals.append(Refusal(module.sku, reason))
        else:
            pods.append(module)
    return tuple(pods), tuple(refusals)


def first_phase(brief: SiteBrief, catalog: Catalog, module: Module) -> int:
    """The first phase by whose date a module may be there; more than there are where none is late enough."""
    ready = earliest_date(module, catalog.basis, brief.as_of)
    return next((n for n, phase in enumerate(brief.phases) if phase.energised_by >= ready), len(brief.phases))


def growing_phases(brief: SiteBrief, catalog: Catalog) -> tuple[int, ...]:
    """The first phase, and every later one for which blocks may be made of more than before."""
    last = len(brief.phases) - 1
    within = {c.key for c in catalog.carriers if c.scope == "block"}
    pods = {m.sku for demand in brief.it.demands for m in eligible_pods(brief, catalog, demand, last)[0]}
    blocks = [m for m in catalog.modules if (m.sku in pods if m.it else any(g.carrier in within for g in m.gives))]
    wanted = [m for m in blocks if _not_wanted(brief, catalog, m, last, grows=False) is None]
    return tuple(sorted({0, *(first_phase(brief, catalog, m) for m in wanted)}))


def _for_storage(catalog: Catalog, carrier: str) -> bool:
    """Whether only grid batteries need it, each for itself or a few together; the batteries themselves too."""
    if carrier == "mv_storage":
        return True
    asked = [(m, need) for m in catalog.modules if (need := m.needed(carrier)) is not None]
    attached = all(need.connection in ("unit", "shared") for _, need in asked)
    return bool(asked) and attached and all(_for_storage(catalog, g.carrier) for m, _ in asked for g in m.gives)


def _not_wanted(brief: SiteBrief, catalog: Catalog, module: Module, phase: int, *, grows: bool) -> str | None:
    """Why a module is not used by a phase; `grows` where later phases may use what this one cannot."""
    if module.sku in brief.limits.exclude:
        return "excluded by the brief"
    if (reason := _restricted(brief, catalog, module)) is not None:
        return reason
    fuel = brief.autonomy.fuel
    if module.engine is not None and module.given("standby_mv") and module.engine.fuel != fuel:
        return f"burns {module.engine.fuel}, the brief asks for {fuel}"
    # Without holidays: a lower bound, so nothing possible is refused.
    soonest = first_phase(brief, catalog, module)
    if soonest > phase:
        ready, lead = earliest_date(module, catalog.basis, brief.as_of), module.deployment.lead_weeks
        which = f"phase {brief.phases[phase].name}" if phase else "first phase"
        late = f"lead time of {lead:g} weeks: not before {ready}, {which} by {brief.phases[phase].energised_by}"
        later = f"; from phase {brief.phases[soonest].name} on it may" if soonest < len(brief.phases) and grows else ""
        return late + later
    return None


def evaluated_usd(brief: SiteBrief, module: Module) -> Fraction:
    """What one module counts as in the choice: its price, with the margin where the brief prefers other makers."""
    return module.price_exact_usd * brief.prefer.counted(module.manufacturer)


def _restricted(brief: SiteBrief, catalog: Catalog, module: Module) -> str | None:
    """Why the brief's [restrict], the country or the module's own life keeps it away, if something does."""
    asked, certified = brief.restrict, module.certification
    if asked.only and module.sku not in asked.only:
        rivals = [m for m in catalog.modules if m.sku in asked.only and m.family == module.family]
        if any(m.given(g.carrier) for m in rivals for g in module.gives):
            return f"not among the brief's restrict.only for {module.family}"
    if module.manufacturer in asked.exclude_makers or (asked.makers and module.manufacturer not in asked.makers):
        return f"made by {module.manufacturer!r}, which the brief does not allow"
    country = catalog.country(brief.site.country)
    standards = asked.standards or (country.standards if country else ())
    if standards and not set(standards) & set(certified.standards):
        return f"certified to {', '.join(certified.standards)}; the site needs {' or '.join(standards)}"
    if country and certified.regions and country.region not in certified.regions:
        return f"offered in {', '.join(certified.regions)} only; the site is in {country.region}"
    wanted = (asked.frequency_hz,) if asked.frequency_hz else country.frequencies_hz if country else ()
    if not set(wanted) <= set(certified.frequencies_hz):
        return f"built for {' and '.join(map(str, certified.frequencies_hz))} Hz; the site has {wanted[0]} Hz"
    volts = asked.low_voltage_v
    if volts is not None and certified.voltages_v and volts not in certified.voltages_v:
        return f"offered for {', '.join(f'{v:g}' for v in certified.voltages_v)} V; the brief asks for {volts:g} V"
    for size in ("length_mm", "width_mm", "height_mm", "mass_kg"):
        most, has = getattr(asked, f"transport_{size}"), getattr(module.transport, size)
        if most is not None and has > most:
            what, unit = size.split("_")
            return f"travels with a {what} of {has:,} {unit}; the route takes {most:,}"
    loud, most_dba = module.sound_power_dba, asked.sound_power_max_dba
    if most_dba is not None and module.stands == "site" and loud is not None and loud > most_dba:
        return f"sound power {loud:g} dB(A), the brief allows {most_dba:g}"
    rejection = module.rejection
    if rejection is not None and rejection.refrigerant in asked.exclude_refrigerants:
        return f"holds {rejection.refrigerant}, which the brief excludes"
    if rejection is not None and rejection.water_m3_per_h and asked.without_water:
        return "evaporates water, which the brief does not allow"
    life = module.lifecycle
    if life.status == "withdrawn" or (life.last_order is not None and life.last_order < brief.as_of):
        return f"could be ordered until {life.last_order or 'its withdrawal'}"
    if life.first_order is not None and life.first_order > brief.as_of:
        return f"can be ordered from {life.first_order}, the brief orders on {brief.as_of}"
    return None


def _capacity_kw(
    module: Module, given: Gives, conditions: Conditions, supply_degc: float | None, return_degc: float | None
) -> float:
    if given.capacity_units is not None:
        return given.capacity_units
    if given.capacity_l is not None:
        return given.capacity_l
    rated = given.rated_kw(conditions.power_factor)
    if given.current_max_a is not None:
        most_kva = math.sqrt(3) * conditions.medium_voltage_kv * given.current_max_a
        rated = min(rated, most_kva * conditions.power_factor)
    if module.rejection is not None and supply_degc is not None and return_degc is not None:
        rated = float(
            rejection_capacity_kw(
                module.rejection,
                rated,
                conditions.dry_bulb_degc,
                conditions.wet_bulb_degc,
                supply_degc,
                return_degc,
                conditions.altitude_m,
            )
        )
    return float(rated * derate(module.derating, conditions.altitude_m, conditions.dry_bulb_degc))


def without_supply(site: SiteOffers, carriers: Mapping[str, int]) -> tuple[str, ...]:
    """A line for every carrier that no module eligible for its phase gives, with the reasons."""
    lines = []
    for key, phase in carriers.items():
        offers, refusals = site.of(key, phase)
        if not offers:
            reasons = "; ".join(f"{r.sku}: {r.reason}" for r in refusals) or "the catalog has none"
            lines.append(f"{site.catalog.carrier(key).title}: no module may give it here; {reasons}")
    return tuple(lines)
