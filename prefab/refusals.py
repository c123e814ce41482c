"""Modules of the catalog that may not stand at a site, and those that give less than their rating there.

A module is refused when nothing that it gives may be taken from it here. Liquids and heat are tried at every
temperature that the chain from the pods to the outdoor air asks for at this site, and heat rejection also at its own
rated temperatures, in the design weather; where nothing asks for a liquid, at its carrier's warmest grade. What blocks
are made of is judged for the last phase, and for the first one (pods for that in which their demand begins).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from prefab.brief import SiteBrief
from prefab.catalog import Catalog
from prefab.eligible import Offer, Shape, SiteOffers, eligible_pods, without_supply
from prefab.module import Module, Need
from prefab.results import Refusal
from prefab.units import number

_PER_METRE = "per_metre"
_WARM = ("liquid", "heat")
"""Media whose temperature matters."""
_NOISE = 1e-6


@dataclass(frozen=True)
class Derated:
    """A module that serves this site with less than its rating."""

    sku: str
    carrier: str
    left: float
    """In `unit`: kW, litres, or the unit of its carrier."""
    rated: float
    unit: str
    reason: str


class _Asked(NamedTuple):
    """A carrier, for liquids and heat at a temperature."""

    carrier: str
    supply_degc: float | None = None
    return_degc: float | None = None


class _Answer(NamedTuple):
    """What came of one carrier of one module at one temperature."""

    asked: _Asked
    offer: Offer | None
    reason: str


def refused_modules(brief: SiteBrief, catalog: Catalog, shapes: tuple[Shape, ...]) -> tuple[Refusal, ...]:
    """Every module of the catalog that may not stand at this site, with the first reason, in the catalog's order.

    Of one that fails at several temperatures the reason is that of the warmest, where it comes nearest to serving.
    Those that only early phases must do without are marked.
    """
    last = len(brief.phases) - 1
    never = {r.sku: r for r in _Trial(brief, catalog, shapes, last).refused}
    first = {r.sku: replace(r, early=True) for r in _Trial(brief, catalog, shapes, 0).refused} if last else {}
    found = first | never
    return tuple(found[m.sku] for m in catalog.modules if m.sku in found)


def derated_modules(brief: SiteBrief, catalog: Catalog, shapes: tuple[Shape, ...]) -> tuple[Derated, ...]:
    """Every module that may stand here in some phase and gives less than its rating, with what is left of it."""
    return _Trial(brief, catalog, shapes, len(brief.phases) - 1).derated


class _Trial:
    """Every module of a catalog tried at one site, those of blocks for one phase."""

    def __init__(self, brief: SiteBrief, catalog: Catalog, shapes: tuple[Shape, ...], phase: int) -> None:
        catalog = catalog.with_fabric(brief.fabric_frac)
        self.brief, self.catalog, self.phase = brief, catalog, phase
        self.offered, self.unshaped = SiteOffers(brief, catalog, shapes), SiteOffers(brief, catalog, ())
        self.conditions = self.offered.conditions
        self.carriers = {c.key: c for c in catalog.carriers}
        self.answers: dict[str, list[_Answer]] = {m.sku: [] for m in catalog.modules}
        self.tried: set[_Asked] = set()
        answers = [eligible_pods(brief, catalog, d, max(phase, brief.begins(d.name))) for d in brief.it.demands]
        serving = {m.sku for pods, _ in answers for m in pods}
        self.pods = tuple(m for m in catalog.modules if m.sku in serving)
        self.no_pods = {m.sku: self._no_pod(m.sku, [r for _, r in answers]) for m in self._all_pods()}
        self._try_chain()
        for module in catalog.modules:
            if module.rejection is not None:
                self._try(_rated_water(module), only=module.sku)
        self._try_laid()

    def _try_chain(self) -> None:
        """Every carrier, liquids and heat at the temperatures that pods and what serves them ask for."""
        left = [a for pod in self.pods or self._all_pods() for need in pod.needs for a in self._of_pod(need)]
        left += [_Asked(key) for key, c in self.carriers.items() if c.medium not in _WARM]
        while left:
            asked = left.pop()
            if asked not in self.tried:
                self.tried.add(asked)
                # Pods are begun with: which of them may stand is more than what they may give.
                plant = [o.module for o in self._try(asked) if o.module.it is None]
                left += [self._of(need, asked.supply_degc) for module in plant for need in module.needs]
        for carrier in self.catalog.carriers:
            if carrier.key not in {a.carrier for a in self.tried}:
                for module in self.catalog.modules:
                    if module.given(carrier.key) and module.rejection is None:
                        self._try(_Asked(carrier.key, max(carrier.grades_degc, default=None)), only=module.sku)

    def _try_laid(self) -> None:
        """What is laid by the metre is never offered; what keeps it away is the same as for what stands."""
        laid = {m.sku for m in self.catalog.modules if m.stands == _PER_METRE}
        standing = (m.model_copy(update={"stands": "site"}) if m.sku in laid else m for m in self.catalog.modules)
        as_standing = self.catalog.model_copy(update={"modules": tuple(standing)})
        laying = SiteOffers(self.brief, as_standing, ())
        for key in sorted({g.carrier for m in self.catalog.modules if m.sku in laid for g in m.gives}):
            for refusal in laying.of(key, self.phase)[1]:
                if refusal.sku in laid:
                    self.answers[refusal.sku].append(_Answer(_Asked(key), None, refusal.reason))

    def _no_pod(self, sku: str, refusals: list[tuple[Refusal, ...]]) -> str:
        """Why no IT demand takes a pod: once where all have the same reason; empty where one takes it."""
        reasons = [next((r.reason for r in found if r.sku == sku), "") for found in refusals]
        if not all(reasons):
            return ""
        if len(set(reasons)) == 1:
            return reasons[0]
        return "; ".join(f"{d.name}: {reason}" for d, reason in zip(self.brief.it.demands, reasons, strict=True))

    def _all_pods(self) -> tuple[Module, ...]:
        return tuple(m for m in self.catalog.modules if m.it is not None)

    def _of_pod(self, need: Need) -> Iterator[_Asked]:
        """What a pod asks for: coolant at every grade that it takes."""
        most = need.supply_max_degc
        grades = [g for g in self.carriers[need.carrier].grades_degc if most is None or g <= most]
        for supply in (*grades, *([] if grades else [most])):
            yield self._at(need.carrier, supply, need.return_max_degc)

    def _of(self, need: Need, given_degc: float | None) -> _Asked:
        """What a module asks for while it gives a liquid at a temperature."""
        limits = [need.supply_max_degc] if need.supply_max_degc is not None else []
        if need.approach_k is not None and given_degc is not None:
            limits.append(given_degc - need.approach_k)
        return self._at(need.carrier, min(limits, default=None), None)

    def _at(self, key: str, supply_degc: float | None, return_degc: float | None) -> _Asked:
        carrier = self.carriers[key]
        if carrier.medium not in _WARM:
            return _Asked(key)
        if carrier.rise_k is not None and supply_degc is not None:
            return_degc = supply_degc + carrier.rise_k
        return _Asked(key, supply_degc, return_degc)

    def _try(self, asked: _Asked, only: str = "") -> tuple[Offer, ...]:
        """Offers of a carrier, and what was said of every module that gives it, or of one of them only."""
        offers, refusals = self.offered.of(asked.carrier, self.phase, asked.supply_degc, asked.return_degc)
        for refusal in (r for r in refusals if only in ("", r.sku)):
            self.answers[refusal.sku].append(_Answer(asked, None, refusal.reason))
        serving = []
        for offer in (o for o in offers if only in ("", o.module.sku)):
            if offer.capacity_kw > _NOISE:
                serving.append(offer)
                self.answers[offer.module.sku].append(_Answer(asked, offer, ""))
            else:
                reason = f"nothing is left of its rating at {self._here()}"
                self.answers[offer.module.sku].append(_Answer(asked, None, reason))
        return tuple(serving)

    def _here(self) -> str:
        c = self.conditions
        return f"{number(c.altitude_m)} m and {c.dry_bulb_degc:g} °C air"

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """In the catalog's order."""
        found = ((m.sku, self._refusal(m)) for m in self.catalog.modules)
        return tuple(Refusal(sku, reason) for sku, reason in found if reason)

    def _refusal(self, module: Module) -> str:
        """Why a module may not stand here; empty where something of it serves."""
        if module.it is not None:
            return self.no_pods[module.sku]
        answers = self.answers[module.sku]
        if not answers or any(a.offer for a in answers):
            return ""
        return max(answers, key=lambda a: _degrees(a.asked)).reason

    @property
    def derated(self) -> tuple[Derated, ...]:
        """In the catalog's order."""
        refused = {r.sku for r in self.refused}
        serving = (m for m in self.catalog.modules if m.it is None and m.sku not in refused)
        return tuple(d for m in serving if m.stands != _PER_METRE and (d := self._derating(m)))

    def _derating(self, module: Module) -> Derated | None:
        """Of several carriers that of which most is left; of heat rejection what is left at its rated temperatures."""
        offers = [a.offer for a in self.answers[module.sku] if a.offer]
        if offers and module.rejection is not None:
            rated_water = _rated_water(module)[1:]
            at_rated = [o for o in offers if (o.supply_degc, o.return_degc) == rated_water]
            offers = at_rated or [max(offers, key=lambda o: o.supply_degc or 0.0)]
        if not offers:
            return None
        best = max(offers, key=lambda o: o.capacity_kw / self._rated(o))
        if best.capacity_kw >= self._rated(best) * (1 - _NOISE):
            return None
        unit = best.carrier.unit if best.given.capacity_units else "L" if best.given.capacity_l else "kW"
        return Derated(module.sku, best.carrier.key, best.capacity_kw, self._rated(best), unit, self._cause(best))

    def _rated(self, offer: Offer) -> float:
        given = offer.given
        return given.capacity_units or given.capacity_l or given.rated_kw(self.conditions.power_factor)

    def _cause(self, offer: Offer) -> str:
        """The site's weather, height and voltage, or what the brief and the loop ask of it."""
        asked = _Asked(offer.carrier.key, offer.supply_degc, offer.return_degc)
        unshaped, _ = self.unshaped.of(asked.carrier, self.phase, asked.supply_degc, asked.return_degc)
        site_kw = next(o.capacity_kw for o in unshaped if o.module.sku == offer.module.sku)
        known = offer.supply_degc is not None and offer.return_degc is not None
        water = f"water at {offer.supply_degc:g}/{offer.return_degc:g} °C" if known else ""
        causes = []
        if site_kw < self._rated(offer) * (1 - _NOISE):
            volts = f"{self.conditions.medium_voltage_kv:g} kV" if offer.given.current_max_a is not None else ""
            causes += [self._here(), *filter(None, (volts, water if offer.module.rejection else ""))]
        if offer.capacity_kw < site_kw * (1 - _NOISE):
            lasting = f"its battery for {self.brief.autonomy.ups_min:g} min"
            causes.append(lasting if offer.carrier.autonomy else f"flow with {water}")
        return ", ".join(causes)


def _rated_water(module: Module) -> _Asked:
    """What a unit of heat rejection is rated for."""
    assert module.rejection is not None
    given = module.gives[0]
    return _Asked(given.carrier, module.rejection.rated_supply_degc, module.rejection.rated_return_degc)


def _degrees(asked: _Asked) -> float:
    return -math.inf if asked.supply_degc is None else asked.supply_degc


def stranded(offered: SiteOffers, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """A line for everything that is needed and that no eligible module gives."""
    brief, catalog = offered.brief, offered.catalog
    # Liquids and heat depend on temperatures that are chosen block by block.
    simple = {c.key for c in catalog.carriers if c.medium not in ("liquid", "heat") and not c.utility}
    since = dict.fromkeys(("lv_ac", *wanted), 0)
    """The phase for which each carrier is needed first."""
    for demand in brief.it.demands:
        begins = brief.begins(demand.name)
        pods, refused = eligible_pods(brief, catalog, demand, begins)
        if not pods:
            whose = f" for {demand.name}" if brief.it.demand else ""
            reasons = "; ".join(f"{r.sku}: {r.reason}" for r in refused)
            return (f"IT pods: none may stand here{whose}; {reasons}",)
        asked = {pod.sku: {n.carrier for n in pod.needs} & simple for pod in pods}
        all_asked = set().union(*asked.values())
        lacking = {c for c in all_asked if without_supply(offered, {c: begins})}
        # A pod that lacks something is no hindrance where another one lacks nothing.
        for needs in [needs for needs in asked.values() if not needs & lacking] or asked.values():
            since |= {c: min(since.get(c, begins), begins) for c in needs}
    order = [*(c.key for c in catalog.carriers if c.key in since and c.key not in wanted), *wanted]
    return without_supply(offered, {c: since[c] for c in order})
