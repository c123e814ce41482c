"""One module type that may serve the whole site, and which types and pairs of types belong to no cheapest site."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from operator import le
from typing import NamedTuple

from prefab.draw import NOTHING, Draw
from prefab.module import Module
from prefab.physics.electrical import fuel_l_per_h, loss_kw
from prefab.units import WATTS, need

POWER = ("mv_ac", "utility_mv", "standby_mv")


@dataclass(frozen=True)
class PlantOption:
    """One module type that may serve the whole site; one step of its count adds a module on every side."""

    module: Module
    carrier: str
    sides: int
    spare: int
    most: int
    capacity_w: int
    """Watts, or thousandths of the units that it gives."""
    cost_usd: int
    """With the margin where the brief prefers other makers."""
    real_usd: int
    standing: Draw = NOTHING
    """What one step draws by standing there: no-load losses, a battery's standby."""
    feeders: int = 0
    """Blocks that one intake may feed."""
    fuel_l: int = 0
    """Usable litres that come with one step."""
    idle_l_per_h: float = 0.0
    """Fuel of one running set beyond `Problem.fuel_l_per_kwh` times its load; the two never understate its curve."""
    least_l_per_h: float = 0.0
    """Fuel of one running set however little it gives."""
    drawn_w: int = 0
    """What one draws at its rating of what carries it: a battery's power, or capacity and loss."""
    battery_w: int = 0
    battery_wh: int = 0
    least: int = 0
    """Batteries that the grid's reserve takes."""
    ready: int = 0
    """The first phase for which it can be there."""
    unit_for: str | None = None
    """The carrier of the plant of which each module has one of these of its own."""
    bridge_w: int = 0
    """What one set may give without limit of hours, where sets bridge."""
    burdens: tuple[float, ...] = ()
    """What one step adds to the sums that the site limits."""
    asks: tuple[tuple[str, int], ...] = ()
    """Kilowatts or units of the site's services that one step asks for, in thousandths."""

    @property
    def name(self) -> str:
        """The SKU."""
        return self.module.sku

    @property
    def rated_kw(self) -> float:
        """The capacity in kW, or in the units that it gives."""
        return self.capacity_w / WATTS

    def carries(self, consumer: "PlantOption") -> int:
        """How many modules of another option one of these serves."""
        wanted = consumer.module.needed(self.carrier)
        assert wanted is not None
        fitting = self.capacity_w // consumer.drawn_w
        return min(fitting, 1) if wanted.connection == "unit" else fitting

    def asked(self, carrier: str) -> int:
        """Thousandths of a kilowatt or unit of one service."""
        return dict(self.asks).get(carrier, 0)


def outdoes(one: PlantOption, other: PlantOption) -> bool:
    """Whether power plant serves as well as another in every respect and better in one: then nobody wants the other.

    Losses and fuel of all offers enter the sizing by the worst of them, so that one nobody wants would do harm.
    """
    if one.carrier != other.carrier or one.carrier not in POWER or one is other or one.bridge_w < other.bridge_w:
        return False
    figures = [
        (o.cost_usd, -o.capacity_w, -o.feeders, -o.most, -o.fuel_l, o.module.deployment.lead_weeks, *o.burdens)
        for o in (one, other)
    ]
    needs = [
        {(n.carrier, n.connection, n.units, n.fixed_kw, n.kw_per_kw, n.through) for n in o.module.needs}
        for o in (one, other)
    ]
    # What has a supplier of its own must fit it: then a larger one is not simply better.
    fits = one.capacity_w == other.capacity_w or all(n.connection not in ("unit", "shared") for n in one.module.needs)
    if not fits or needs[0] != needs[1] or not all(map(le, *figures)):
        return False
    loads = [n / 20 * other.rated_kw for n in range(21)]
    burned = [tuple(_burned(o, loads)) for o in (one, other)]
    alike = len(burned[0]) == len(burned[1])
    return alike and (figures[0], burned[0]) != (figures[1], burned[1]) and all(map(le, *burned))


def _burned(option: PlantOption, loads_kw: list[float]) -> Iterator[float]:
    """Losses and litres an hour at some loads."""
    engine, losses = option.module.engine, option.module.losses
    for load_kw in loads_kw:
        if losses:
            yield float(loss_kw(losses.points, load_kw / option.rated_kw))
        if engine and engine.fuel_l_per_kwh:
            yield float(fuel_l_per_h(engine.fuel_l_per_kwh, load_kw, option.rated_kw))


def without_poor_units(plant: list[PlantOption]) -> list[PlantOption]:
    """Of what serves one module each only the cheapest that carries each of them and draws least."""
    kept: list[PlantOption] = []
    for option in plant:
        rivals = [o for o in plant if o.carrier == option.carrier and o.name != option.name]
        served = [c for c in plant if option.unit_for == c.carrier and c.module.needed(option.carrier)]
        beaten = any(
            (r.cost_usd, r.name) < (option.cost_usd, option.name)
            and r.standing.grid_w <= option.standing.grid_w
            and all(map(le, r.burdens, option.burdens))
            and all(r.carries(c) >= option.carries(c) for c in served)
            for r in rivals
        )
        if not (served and beaten):
            kept.append(option)
    return kept


def without_poor_storage(plant: list[PlantOption], own_kw: float) -> list[PlantOption]:
    """Batteries, and what converts for them, that belong to no combination worth a second look.

    The brief fixes how many of each are needed, so every combination has one cost, one standing draw and one share of
    the sums that are limited; one that is dearer than another and takes no less is never chosen. Where the grid's rules
    ask for power of the site's own (`own_kw`), batteries stand for sets: then it must give no more either.
    """
    pairs = storage_pairs(plant)

    def beats(one: StoragePair, other: StoragePair) -> bool:
        enough = not own_kw or one.power_w >= other.power_w
        return enough and one.standing.grid_w <= other.standing.grid_w and all(map(le, one.burdens, other.burdens))

    worth = [p for i, p in enumerate(pairs) if not any(beats(q, p) for q in pairs[:i])]
    kept = {(o.carrier, o.name) for p in worth for o in (p.battery, p.behind) if o is not None}
    seen = {(o.carrier, o.name) for p in pairs for o in (p.battery, p.behind) if o is not None}
    return [o for o in plant if (o.carrier, o.name) in kept or (o.carrier, o.name) not in seen]


class StoragePair(NamedTuple):
    """The batteries that the grid's reserve takes, all of one type, with what converts for them."""

    cost_usd: int
    standing: Draw
    battery: PlantOption
    behind: PlantOption | None
    burdens: tuple[float, ...]

    @property
    def power_w(self) -> int:
        """What all these batteries give."""
        return self.battery.least * self.battery.battery_w


def storage_price(plant: Iterable[PlantOption], power_w: int, energy_wh: int) -> tuple[float, float]:
    """Dollars for a watt and for a watt-hour of batteries that no battery undercuts, with its part of what converts for
    it: of all such prices those that cost so much power and energy together the most."""
    plant = tuple(plant)
    offers = []
    for battery in (o for o in plant if o.battery_w):
        behind = [o for o in plant if battery.module.needed(o.carrier) and o.carrier not in POWER]
        beside = [o.cost_usd / carried for o in behind if (carried := o.carries(battery))]
        if beside or not behind:
            usd = battery.cost_usd + min(beside, default=0.0)
            offers.append((battery.battery_w, battery.battery_wh, usd))
    prices = [(min((usd / w for w, _, usd in offers), default=0.0), 0.0)]
    prices.append((0.0, min((usd / wh for _, wh, usd in offers), default=0.0)))
    for (w, wh, usd), (other_w, other_wh, other_usd) in combinations(offers, 2):
        if (cross := w * other_wh - other_w * wh) != 0:
            both = (usd * other_wh - other_usd * wh) / cross, (w * other_usd - other_w * usd) / cross
            if min(both) >= 0 and all(both[0] * w + both[1] * wh <= usd * (1 + 1e-12) for w, wh, usd in offers):
                prices.append(both)
    return max(prices, key=lambda p: p[0] * power_w + p[1] * energy_wh)


def storage_pairs(plant: Iterable[PlantOption]) -> list[StoragePair]:
    """Every battery with everything that may convert for it, the cheapest first."""
    plant = tuple(plant)
    pairs = []
    for battery in (o for o in plant if o.battery_w):
        behind = [o for o in plant if battery.module.needed(o.carrier) and o.carrier not in POWER]
        others: list[PlantOption | None] = [*behind] or [None]
        for other in others:
            carried = other.carries(battery) if other else 1
            if not carried:
                continue
            beside = need(battery.least / carried) if other else 0
            cost = battery.least * battery.cost_usd + (beside * other.cost_usd if other else 0)
            drawn, burdens = battery.standing.times(battery.least), [battery.least * b for b in battery.burdens]
            if other:
                drawn = drawn.plus(other.standing.times(beside))
                burdens = [a + beside * b for a, b in zip(burdens, other.burdens, strict=True)]
            pairs.append(StoragePair(cost, drawn, battery, other, tuple(burdens)))
    return sorted(pairs, key=lambda p: (p.cost_usd, p.standing.grid_w))
