"""What a site costs beyond its modules."""

from fractions import Fraction as Rational
from typing import Annotated, Literal

from pydantic import Field

from prefab.product import Transport
from prefab.provenance import Count, Fraction, Millimetres, NotNegative, Sourced
from prefab.tables import Frozen
from prefab.units import exact


class Freight(Frozen):
    """Haulage by road of modules of one transport class."""

    permit: Literal["A", "B", "C", "D", "E", "-"]
    usd_per_km: NotNegative
    """One loaded vehicle with its escorts; the way back is in it."""
    fixed_usd: NotNegative
    """Loading, permits and route survey, per vehicle."""
    shared_deck_mm: Millimetres | None = None
    """Length of deck on which several pieces travel together; none where each piece has a vehicle of its own."""
    shared_payload_kg: Count | None = None


class Costs(Sourced):
    """What a site costs beyond its modules, as shares of module price or per quantity. File `costs.toml`."""

    freight_frac: Fraction
    """Of module price, for a site whose distance from the factory is not known: used by the sizing and the bill."""
    installation_frac: Fraction
    engineering_frac: Fraction
    commissioning_frac: Fraction
    contingency_frac: Fraction
    civil_usd_per_m2: NotNegative
    road_usd_per_m2: NotNegative
    section_coupler_usd: NotNegative = 0.0
    """A coupler with fault-current limiter between two sections of a medium-voltage bus; none in plans made before."""
    price_accuracy_frac: Fraction
    """How far an indicative price may be off, each way."""
    freight: Annotated[tuple[Freight, ...], Field(max_length=6)] = ()
    """By class and distance, where the distance is known."""

    @property
    def installed(self) -> Rational:
        """A module delivered and installed, over its price: exact."""
        return 1 + exact(self.freight_frac) + exact(self.installation_frac)


def freight_usd(costs: Costs, transport: Transport, haul_km: float) -> float:
    """Hauling one module this far by road, in all its pieces.

    Raises:
        KeyError: the costs have no rate for its transport class.
    """
    rate = {f.permit: f for f in costs.freight}[transport.permit]
    share = 1.0
    if rate.shared_deck_mm is not None and rate.shared_payload_kg is not None:
        of_deck = transport.length_mm / rate.shared_deck_mm
        share = min(1.0, max(of_deck, transport.mass_kg / rate.shared_payload_kg))
    return transport.pieces * share * (rate.fixed_usd + haul_km * rate.usd_per_km)
