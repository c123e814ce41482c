"""What may serve the whole site: intake, transformers, generators, tanks, batteries and the site's own services."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from prefab.brief import SiteBrief
from prefab.carrier import Carrier
from prefab.catalog import Catalog
from prefab.draw import Draw, Slopes, draw_at
from prefab.eligible import Offer, SiteOffers, evaluated_usd, first_phase
from prefab.module import Engine
from prefab.physics.electrical import loss_kw
from prefab.plant_options import POWER, PlantOption, outdoes, without_poor_storage, without_poor_units
from prefab.storage_ask import StorageAsk
from prefab.units import WATTS, Rounding, need
from prefab.ways import Hooks

_OWN_SHARE = 1.1
"""What all blocks and the site's own plant draw together, over what the blocks draw: more than it ever is."""


@dataclass(frozen=True)
class SitePlant:
    """Every option, and which carriers are given in which way."""

    options: tuple[PlantOption, ...]
    wanted: tuple[str, ...]
    services: tuple[str, ...]
    attached: tuple[str, ...]
    slopes: Slopes
    fuel_l_per_kwh: float


def make_plant(
    offered: SiteOffers,
    hooks: Hooks,
    asked: Mapping[str, float],
    storage: StorageAsk,
    blocks: int,
    own_kw: float,
    rounding: Rounding,
) -> SitePlant:
    """Options for every carrier; `asked` is the most that all blocks, `blocks` at the most, may ask of each service.

    `own_kw` is what the grid's rules ask of generating sets and batteries, whatever the site draws.
    """
    brief, catalog = offered.brief, offered.catalog
    wanted = asked_of_site(brief)
    wanted += ["mv_storage"] if storage.varies and "mv_storage" not in wanted else []
    wanted += [c for c in asked if c not in wanted]
    roots = tuple(wanted)
    carriers = {c.key: c for c in catalog.carriers}
    found: list[PlantOption] = []
    attached: dict[str, None] = {}
    for carrier in wanted:  # what plant needs in turn joins the list while it is walked
        offers, _ = offered.of(carrier)
        level = brief.redundancy.of(carriers[carrier].redundancy, critical=False)
        for offer in offers:
            option = _option(offer, carrier, level, catalog, brief, carriers, storage, rounding)
            added = tuple(option.sides * burden(brief, offer.module, carrier) for burden in hooks.burdens)
            found.append(replace(option, burdens=added))
            for wish in offer.module.needs:
                if wish.connection in ("unit", "shared"):
                    attached[wish.carrier] = None
                if wish.carrier not in wanted and _is_plant(wish.carrier, carriers, brief):
                    wanted.append(wish.carrier)
    found = _without_orphans(found, carriers, brief)
    wanted = [c for c in wanted if c in roots or any(o.module.needed(c) for o in found)]
    found = [o for o in found if o.carrier in wanted]
    attached = {c: None for c in attached if c in wanted}
    services = tuple(c for c in wanted if c not in attached and c not in (*POWER, "fuel", "mv_storage"))
    found = [replace(o, unit_for=_served(o.carrier, found)) for o in found]
    found = [o for o in found if not any(outdoes(r, o) for r in found)]
    slopes = _slopes(found, brief)
    fuel = max((_fuel_slope(o.module.engine) for o in found if o.module.engine), default=0.0)
    found = [replace(o, idle_l_per_h=_idle_l_per_h(o, fuel), standing=_standing(o, slopes, rounding)) for o in found]
    drawn_kw = asked.get("mv_ac", 0.0) * (1 + slopes.intake) * _OWN_SHARE
    power_kw = dict.fromkeys(POWER, drawn_kw) | {"standby_mv": max(drawn_kw, own_kw)}
    found = [replace(o, most=_most_power(o, power_kw[o.carrier], blocks)) if o.carrier in POWER else o for o in found]
    hourly = drawn_kw * fuel + max((o.most * max(o.idle_l_per_h, o.least_l_per_h) for o in found), default=0.0)
    litres = hourly * brief.autonomy.generator_h * (1 + catalog.basis.fuel_margin_frac)
    found = [replace(o, most=min(o.most, need(litres / o.fuel_l) + 1)) if o.carrier == "fuel" else o for o in found]
    found = [replace(o, most=_most(o, found, asked)) if o.carrier in services else o for o in found]
    found = without_poor_units(found)
    found = found if storage.varies else without_poor_storage(found, own_kw)
    options = tuple(replace(o, most=_most_attached(o, found)) if o.carrier in attached else o for o in found)
    return SitePlant(options, tuple(wanted), services, tuple(attached), slopes, fuel)


def asked_of_site(brief: SiteBrief) -> list[str]:
    """Carriers that the site's plant must give, whatever its blocks ask for."""
    wanted = ["mv_ac"]
    if brief.grid.at_high_voltage:
        wanted.append("utility_mv")
    if brief.autonomy.generator_h > 0:
        wanted += ["standby_mv"] if brief.autonomy.fuel == "gas" else ["standby_mv", "fuel"]
    if brief.storage.power_mw > 0:
        wanted.append("mv_storage")
    return wanted


def _without_orphans(plant: list[PlantOption], carriers: dict[str, Carrier], brief: SiteBrief) -> list[PlantOption]:
    """Without what needs something of the site that nobody may give here, where others serve in its place."""
    given = {o.carrier for o in plant}

    def lacks(option: PlantOption) -> bool:
        needed = (n.carrier for n in option.module.needs)
        return any(c not in given and _is_plant(c, carriers, brief) for c in needed)

    served = {o.carrier for o in plant if not lacks(o)}
    return [o for o in plant if not lacks(o) or o.carrier not in served]


def _is_plant(carrier: str, carriers: dict[str, Carrier], brief: SiteBrief) -> bool:
    """Whether plant of the site must give a carrier that other plant needs."""
    known = carriers[carrier]
    if known.scope != "site" or known.utility or known.medium == "fuel":
        return False
    return carrier != "utility_mv" or brief.grid.at_high_voltage


def _served(carrier: str, plant: list[PlantOption]) -> str | None:
    """The carrier whose givers have a unit of this one each."""
    asked = ((o.carrier, o.module.needed(carrier)) for o in plant)
    return next((by for by, wish in asked if wish is not None and wish.connection == "unit"), None)


def _most_power(option: PlantOption, drawn_kw: float, blocks: int) -> int:
    """Enough for all blocks; whole blocks fill half of an intake at least, or take all its ways."""
    count = need(drawn_kw / (option.bridge_w / WATTS or option.rated_kw))
    if option.carrier == "mv_ac":
        count = 2 * count + need((blocks + 1) / option.feeders)
    return min(option.most, count + option.spare + 1)


def _most(option: PlantOption, plant: list[PlantOption], asked: Mapping[str, float]) -> int:
    """Enough of a service for all blocks and all plant."""
    units = asked.get(option.carrier, 0.0)
    units += sum(o.asked(option.carrier) * o.sides / 1000 * o.most for o in plant)
    return min(option.most, need(units / option.rated_kw) + option.spare) if option.capacity_w else option.most


def _most_attached(option: PlantOption, plant: list[PlantOption]) -> int:
    """Never more than what they serve."""
    return max((o.most for o in plant if o.module.needed(option.carrier)), default=0)


def _slopes(plant: list[PlantOption], brief: SiteBrief) -> Slopes:
    """Losses are convex: on the straight line from no load to full load they are never understated."""

    def slope(*carriers: str) -> float:
        found = [
            (float(loss_kw(o.module.losses.points, 1.0)) - float(loss_kw(o.module.losses.points, 0.0))) / o.rated_kw
            for o in plant
            if o.carrier in carriers and o.module.losses
        ]
        return max(found, default=0.0)

    main = (1 + slope("utility_mv")) * (1 + slope("hv_bay")) - 1 if brief.grid.at_high_voltage else 0.0
    return Slopes(slope("site_lv_ac", "battery_ac", "battery_dc"), slope("mv_ac"), main)


def _standing(option: PlantOption, slopes: Slopes, rounding: Rounding) -> Draw:
    module = option.module
    idle = option.sides * float(loss_kw(module.losses.points, 0.0)) if module.losses else 0.0
    if option.carrier == "mv_ac":
        return draw_at(0.0, idle, 0.0, slopes, rounding)
    if option.carrier in ("utility_mv", "hv_bay"):
        return draw_at(0.0, 0.0, idle, slopes, rounding)
    if option.carrier == "standby_mv":
        return Draw()
    fixed = option.sides * sum(n.fixed_kw for n in module.needs)
    return draw_at(fixed * (1 + slopes.house) + idle, 0.0, 0.0, slopes, rounding)


def _hourly(engine: Engine) -> list[tuple[float, float]]:
    """Litres per hour and rated kW, over load fraction; gas is not stored."""
    return [(x, x * y) for x, y in engine.fuel_l_per_kwh or ((0.0, 0.0), (1.0, 0.0))]


def _fuel_slope(engine: Engine) -> float:
    (x0, h0), *_, (x1, h1) = _hourly(engine)
    return (h1 - h0) / (x1 - x0)


def _idle_l_per_h(option: PlantOption, slope: float) -> float:
    if option.module.engine is None:
        return 0.0
    given = option.module.given(option.carrier)
    rated_kw = (given.capacity_kw if given else None) or 0.0
    return max(0.0, *(h - slope * x for x, h in _hourly(option.module.engine))) * rated_kw


def _drawn_kw(offer: Offer) -> float:
    if offer.module.losses is None:
        return offer.capacity_kw
    return offer.capacity_kw + float(offer.lost_kw(np.array([offer.capacity_kw]))[0])


def _option(
    offer: Offer,
    carrier: str,
    level: str,
    catalog: Catalog,
    brief: SiteBrief,
    carriers: dict[str, Carrier],
    storage: StorageAsk,
    rounding: Rounding,
) -> PlantOption:
    module = offer.module
    given = module.given(carrier)
    sides = 2 if level == "2N" else 1
    fuel = offer.capacity_kw if carrier == "fuel" else 0.0
    if module.engine is not None:
        fuel = module.engine.belly_tank_l * module.engine.tank_usable_frac
    battery = module.grid_battery
    holds = (0.0, 0.0)
    if battery is not None:
        holds = min(battery.power_kw, offer.capacity_kw), battery.usable_kwh * battery.round_trip_frac**0.5
    power_w, usable_wh = (rounding.had(figure, WATTS) for figure in holds)
    lasting = module.engine.continuous_frac or 0.0 if module.engine and brief.grid.bridge.allowed else 0.0
    most, least = offer.parallel_max, 0
    if battery is not None:
        asked = ((storage.reserve_w, storage.reserve_wh), (storage.most_w, storage.most_wh))
        least, most = (max(-(-w // power_w), -(-wh // usable_wh)) for w, wh in asked)
    return PlantOption(
        module=module,
        carrier=carrier,
        sides=sides,
        spare={"N+1": 1, "N+2": 2}.get(level, 0),
        most=most,
        capacity_w=rounding.had(offer.capacity_kw, WATTS),
        cost_usd=rounding.needed(sides * evaluated_usd(brief, module) * catalog.costs.installed),
        real_usd=rounding.needed(sides * module.price_exact_usd * catalog.costs.installed),
        feeders=given.feeders_max or most if given else 0,
        fuel_l=rounding.had(fuel),
        least_l_per_h=_hourly(module.engine)[0][1] * (offer.given.capacity_kw or 0.0) if module.engine else 0.0,
        drawn_w=rounding.needed(battery.power_kw if battery else _drawn_kw(offer), WATTS),
        battery_w=power_w,
        battery_wh=usable_wh,
        least=least,
        ready=first_phase(brief, catalog, module),
        bridge_w=rounding.had(offer.capacity_kw * lasting, WATTS),
        asks=tuple(
            (n.carrier, rounding.needed(n.units or n.fixed_kw, WATTS))
            for n in module.needs
            if carriers[n.carrier].scope == "site" and (n.units or n.fixed_kw) and not n.through
        ),
    )
