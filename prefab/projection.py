"""A year of the finished site, hour by hour: energy, water, carbon, and TokEnergy at its boundaries.

Boundaries: B0 accelerators, B1 IT at the rack inputs, B2 everything at the point of delivery but the grid battery (PUE
is B2 over B1, energy over energy), B3 with it. Every period figure is a ratio of sums.
"""

from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from prefab.errors import InputError
from prefab.physics import tokens
from prefab.physics.chain import Bank, Demand, Drawn, Purpose, Surroundings, draw
from prefab.physics.tariffs import Bill
from prefab.physics.weather import Weather, make_weather, make_year
from prefab.plan import BlockKind, Plan
from prefab.projection_notes import basis_of, billing_of, degraded_hours, doubts_of
from prefab.results import Band, DemandYield, Hourly, Month, Projection, Step
from prefab.serving import Hours, Kind, chip_kw, make_load_frac, pod_kw, tokens_of
from prefab.sharing import energy_frac_of, energy_of, kept_apart, overheads_of
from prefab.supplying import make_supplied, supply_notes
from prefab.workload import Workload, match, why_not_comparable

# Grid batteries hang on the bus behind the site's switchgear.
_STORAGE_BUS = "mv_ac"


def make_projection(plan: Plan) -> Projection:
    """Project the site as it stands after its last phase, in the synthetic year of its climate.

    Everything installed runs and shares its load equally, in the normal state. Needs the plan's `sized` only.

    Raises:
        InputError: the workload delivers no tokens, so that nothing can be stated per token.
    """
    weather = _weather(plan)
    site = plan.brief.site
    at = Surroundings(
        dry_bulb_degc=weather.dry_bulb_degc,
        wet_bulb_degc=weather.wet_bulb_degc,
        altitude_m=plan.climate.elevation_m if site.altitude_m is None else site.altitude_m,
        basis=plan.basis,
        carriers={c.key: c for c in plan.carriers},
    )
    kinds = [
        _make_kind(plan, kind, counts[-1], make_load_frac(plan, plan.card_of(kind), weather), at)
        for kind, counts in zip(plan.sized.kinds, plan.sized.blocks, strict=True)
        if counts[-1]
    ]
    storage = np.full(weather.hour.shape, _storage_kw(plan))
    plant = _draw_plant(plan, kinds, storage, at)
    hourly = _columns(plan, kinds, plant, storage, at)
    return _summed_up(plan, hourly, kinds, plant, at, weather)


def _weather(plan: Plan) -> Weather:
    """The user's year where the plan carries one."""
    year = plan.weather
    if year is None and plan.brief.site.weather_file:
        raise InputError("brief: site.weather_file: its hours are not in the plan; design again with the file at hand")
    if year is None:
        return make_year(plan.climate)
    columns = (np.array(c) for c in (year.dry_bulb_degc, year.dew_point_degc, year.wet_bulb_degc))
    return make_weather(year.source, year.elevation_m, *columns)


def _make_kind(plan: Plan, kind: BlockKind, blocks: int, load_frac: Hours, at: Surroundings) -> Kind:
    pod = plan.module(kind.pod)
    assert pod.it is not None
    it_kw = kind.pods * pod_kw(pod.it, load_frac)
    electric = [n for n in pod.needs if at.carriers[n.carrier].medium == "electric"]
    demands, house_kw, card = [], -it_kw, plan.card_of(kind)
    for need in pod.needs:
        if need.units:
            continue
        # Lighting, access and fire detection do not follow the computers; they are shares of the peak.
        follows = need not in electric or at.carriers[need.carrier].autonomy
        kw = it_kw if follows else np.full(it_kw.shape, kind.pods * pod.it.peak_kw)
        asked = need.kw_per_kw * kw + kind.pods * need.fixed_kw
        demands.append(Demand(need.carrier, asked, need.supply_max_degc, need.return_max_degc, of_pods=True))
        house_kw = house_kw + asked * (need in electric)
    banks = [
        Bank(plan.module(g.sku), at.carriers[g.carrier], g.count, g.supply_degc, g.unit_for, of_pods=g.cells > 1)
        for g in kind.groups
    ]
    drawn = draw(banks, demands, at)
    return Kind(
        it=pod.it,
        demand=plan.demand_of(kind),
        card=card if isinstance(card, Workload) else None,
        serves=match(card, pod.it.accelerator),
        pods_count=kind.pods * blocks,
        load_frac=load_frac,
        drawn=_times(drawn, blocks, house_kw),
        house_kw=blocks * house_kw,
    )


def _times(one: Drawn, blocks: int, house_kw: Hours) -> Drawn:
    """All blocks of a kind from one of them; what its pods draw beyond the racks counts as auxiliary."""
    own = {purpose: blocks * kw for purpose, kw in one.own_kw.items()}
    own["auxiliary"] = own.get("auxiliary", np.zeros(house_kw.shape)) + blocks * house_kw
    return Drawn(
        own_kw=own,
        open_kw={carrier: blocks * kw for carrier, kw in one.open_kw.items()},
        unserved_kw=blocks * one.unserved_kw,
        served_frac=one.served_frac,
        water_l=blocks * one.water_l,
    )


def _storage_kw(plan: Plan) -> float:
    """Standby of the grid batteries; none is cycled here."""
    total = 0.0
    for group in plan.sized.plant:
        battery = plan.module(group.sku).grid_battery
        total += group.sides * group.per_side[-1] * (battery.standby_kw if battery else 0.0)
    return total


def _draw_plant(plan: Plan, kinds: list[Kind], storage: Hours, at: Surroundings) -> Drawn:
    """The site's plant, with the batteries' standby as one demand; what stays open comes from the utility."""
    banks = [
        Bank(plan.module(g.sku), at.carriers[g.carrier], g.sides * g.per_side[-1], unit_for=g.unit_for)
        for g in plan.sized.plant
        if g.per_side[-1] and plan.module(g.sku).grid_battery is None
    ]
    demands = [Demand(carrier, kw) for kind in kinds for carrier, kw in kind.drawn.open_kw.items()]
    return draw(banks, [*demands, Demand(_STORAGE_BUS, storage)], at)


def _columns(plan: Plan, kinds: list[Kind], plant: Drawn, storage: Hours, at: Surroundings) -> Hourly:
    none = np.zeros(storage.shape)
    parts: dict[Purpose, Hours] = defaultdict(lambda: none)
    for drawn in (*(k.drawn for k in kinds), plant):
        for purpose, kw in drawn.own_kw.items():
            parts[purpose] = parts[purpose] + kw

    def column(values: Hours) -> tuple[float, ...]:
        return tuple(values.tolist())

    return Hourly(
        dry_bulb_degc=column(at.dry_bulb_degc),
        wet_bulb_degc=column(at.wet_bulb_degc),
        it_kw=column(sum((k.it_kw for k in kinds), parts["fabric"])),
        power_chain_loss_kw=column(parts["power_chain"]),
        transformer_loss_kw=column(parts["transformers"]),
        coolant_kw=column(parts["coolant"]),
        air_cooling_kw=column(parts["air_cooling"]),
        heat_rejection_kw=column(parts["heat_rejection"]),
        auxiliary_kw=column(parts["auxiliary"]),
        storage_kw=column(storage),
        site_kw=column(sum((kw for c, kw in plant.open_kw.items() if at.carriers[c].medium == "electric"), none)),
        water_l=column(sum((k.drawn.water_l for k in kinds), none)),
        tokens_m=column(sum((tokens_of(k) for k in kinds if k.serves and not k.demand), none) / 1e6),
        unserved_heat_kw=column(sum((k.drawn.unserved_kw for k in kinds), none)),
    )


def _summed_up(
    plan: Plan, hourly: Hourly, kinds: list[Kind], plant: Drawn, at: Surroundings, weather: Weather
) -> Projection:
    tariff = plan.tariff
    bill, supplied = make_supplied(plan, np.array(hourly.site_kw))
    it, site, storage = (float(np.sum(c)) for c in (hourly.it_kw, hourly.site_kw, hourly.storage_kw))
    imported_frac = float(np.sum(supplied.import_kw)) / site if supplied else 1.0
    water, mtok = float(np.sum(hourly.water_l)), float(np.sum(hourly.tokens_m))
    yields = tuple(
        _yield_of(plan, number, kinds, at, site, bill, imported_frac) for number in range(len(plan.workloads))
    )
    apart = tuple(energy_of(plan, number, kinds, at, site) for number in range(len(plan.workloads), len(plan.cards)))
    first = yields[0]
    own = [k for k in kinds if not k.demand]
    chip = float(sum(np.sum(chip_kw(k)) for k in own if k.serves))
    own_it, own_site = it - sum(k.computing_kwh for k in kinds if k.demand), first.energy_frac * site
    pue = (site - storage) / it
    return Projection(
        hourly=hourly,
        months=_months(hourly, weather),
        it_mwh=it / 1000,
        site_mwh=site / 1000,
        pue=pue,
        peak_site_kw=max(hourly.site_kw),
        wue_l_per_kwh=water / it,
        cue_kg_per_kwh=site * tariff.carbon_g_per_kwh * imported_frac / 1000 / it,
        mtok=first.mtok,
        tokenergy_kwh_per_mtok=first.tokenergy_kwh_per_mtok,
        b0_kwh_per_mtok=chip / mtok,
        b1_kwh_per_mtok=own_it / mtok,
        b2_kwh_per_mtok=first.energy_frac * (site - storage) / mtok,
        b3_kwh_per_mtok=own_site / mtok,
        energy_usd_per_mtok=first.energy_usd_per_mtok,
        carbon_g_per_mtok=first.carbon_g_per_mtok,
        water_l_per_mtok=float(sum(np.sum(k.drawn.water_l) for k in own)) / mtok,
        waterfall=_waterfall(
            overheads_of(own, plant, first.energy_frac), first.energy_frac * storage, chip, own_it, mtok
        ),
        degraded_hours=degraded_hours(hourly),
        notes=(
            *basis_of(plan, kinds, hourly, weather),
            *kept_apart(apart, site / 1000),
            *billing_of(tariff, bill, site),
            *plan.brief.grid.left_out,
            *supply_notes(plan, supplied),
            *doubts_of(plan, kinds, hourly, pue, yields),
        ),
        weather_source=weather.source,
        not_comparable=first.not_comparable,
        yields=yields if len(plan.cards) > 1 else (),
        without_tokens=apart,
        supplied=supplied,
    )


def _yield_of(
    plan: Plan, demand: int, kinds: list[Kind], at: Surroundings, site_kwh: float, bill: Bill, imported_frac: float
) -> DemandYield:
    """Tokens of one IT demand, and the energy that falls to it.

    Raises:
        InputError: it delivers no tokens.
    """
    card, own = plan.workloads[demand], [k for k in kinds if k.demand == demand]
    tokens_m = sum((tokens_of(k) for k in own if k.serves), np.zeros(at.dry_bulb_degc.shape)) / 1e6
    mtok = float(np.sum(tokens_m))
    if mtok <= 0:
        raise InputError(
            f"brief: utilisation_frac, it.workload: {card.key!r} delivers no tokens here; utilisation, availability "
            f"and goodput must be above 0 and a pod must hold {' or '.join((card.accelerator, *card.proxy_for))}"
        )
    low = mtok * card.rate_low_tokens_per_s / card.rate_tokens_per_s
    high = mtok * card.rate_high_tokens_per_s / card.rate_tokens_per_s
    energy_frac = energy_frac_of(demand, kinds, at)
    kwh = energy_frac * site_kwh
    return DemandYield(
        demand=plan.brief.it.demands[demand].name,
        workload=card.title,
        energy_frac=energy_frac,
        mtok=Band(low, mtok, high),
        tokenergy_kwh_per_mtok=Band(kwh / high, kwh / mtok, kwh / low),
        energy_usd_per_mtok=energy_frac * bill.total_usd / mtok,
        carbon_g_per_mtok=kwh * plan.tariff.carbon_g_per_kwh * imported_frac / mtok,
        not_comparable=why_not_comparable(card, (k.it.accelerator for k in own)),
        tokens_m=tuple(tokens_m.tolist()),
    )


def _waterfall(
    overheads: Mapping[Purpose, float], storage: float, chip: float, it: float, mtok: float
) -> tuple[Step, ...]:
    """From the accelerators to the site, from the year's kWh of every part."""
    return tokens.make_waterfall(
        (
            ("chip", "Accelerators", chip),
            ("host", "Hosts and network", it - chip),
            ("power_chain", "UPS", overheads["power_chain"]),
            ("transformers", "Transformers and switchgear", overheads["transformers"]),
            ("coolant", "Coolant and water pumps", overheads["coolant"]),
            ("air_cooling", "Air cooling", overheads["air_cooling"]),
            ("heat_rejection", "Heat rejection", overheads["heat_rejection"]),
            ("auxiliary", "Controls and house load", overheads["auxiliary"]),
            ("storage", "Grid battery standby", storage),
        ),
        mtok,
    )


def _months(hourly: Hourly, weather: Weather) -> tuple[Month, ...]:
    it, site, storage = (np.array(c) for c in (hourly.it_kw, hourly.site_kw, hourly.storage_kw))
    mtok = np.array(hourly.tokens_m)
    months = []
    for month in range(1, 13):
        of = weather.month == month
        it_mwh, facility_mwh = float(it[of].sum()) / 1000, float((site - storage)[of].sum()) / 1000
        months.append(
            Month(
                month=month,
                it_mwh=it_mwh,
                facility_mwh=facility_mwh,
                pue=facility_mwh / it_mwh,
                dry_bulb_mean_degc=float(weather.dry_bulb_degc[of].mean()),
                mtok=float(mtok[of].sum()),
            )
        )
    return tuple(months)
