"""A year of the finished site, hour by hour: energy, water, carbon, and TokEnergy at its boundaries.

Boundaries: B0 accelerators, B1 IT at the rack inputs, B2 everything at the point of delivery but the grid battery (PUE
is B2 over B1, energy over energy), B3 with it. Every period figure is a ratio of sums.
"""

from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from prefab.errors import InputError
from prefab.market import Tariff
from prefab.physics import tokens
from prefab.physics.chain import Bank, Demand, Drawn, Purpose, Surroundings, draw
from prefab.physics.cooling import CYCLES_OF_CONCENTRATION
from prefab.physics.tariffs import Bill, make_bill
from prefab.physics.weather import Weather, make_weather, make_year
from prefab.plan import BlockKind, Plan
from prefab.results import Band, DemandYield, Hourly, Month, Projection, Step
from prefab.serving import Hours, Kind, chip_kw, full_rate_of, make_load_frac, pod_kw, tokens_of
from prefab.sharing import energy_frac_of, energy_of, kept_apart, overheads_of
from prefab.units import musd, number
from prefab.workload import Workload, match, why_not_comparable

# Grid batteries hang on the bus behind the site's switchgear.
_STORAGE_BUS = "mv_ac"

PLAUSIBLE_PUE = (1.03, 1.35)
"""Liquid-cooled AI plants outside this band need a reason; measured: 1.036 (NREL ESIF) to 1.12 (new cloud sites)."""


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
    bill = make_bill(tariff, np.array(hourly.site_kw), contract_kw=1000 * plan.brief.grid.capacity_mw)
    it, site, storage = (float(np.sum(c)) for c in (hourly.it_kw, hourly.site_kw, hourly.storage_kw))
    water, mtok = float(np.sum(hourly.water_l)), float(np.sum(hourly.tokens_m))
    yields = tuple(_yield_of(plan, number, kinds, at, site, bill) for number in range(len(plan.workloads)))
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
        cue_kg_per_kwh=site * tariff.carbon_g_per_kwh / 1000 / it,
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
        degraded_hours=_degraded_hours(hourly),
        notes=(
            *_basis(plan, kinds, hourly, weather),
            *kept_apart(apart, site / 1000),
            *_billing(tariff, bill, site),
            *plan.brief.grid.left_out,
            *_doubts(plan, kinds, hourly, pue, yields),
        ),
        weather_source=weather.source,
        not_comparable=first.not_comparable,
        yields=yields if len(plan.cards) > 1 else (),
        without_tokens=apart,
    )


def _yield_of(plan: Plan, demand: int, kinds: list[Kind], at: Surroundings, site_kwh: float, bill: Bill) -> DemandYield:
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
        carbon_g_per_mtok=kwh * plan.tariff.carbon_g_per_kwh / mtok,
        not_comparable=why_not_comparable(card, (k.it.accelerator for k in own)),
        tokens_m=tuple(tokens_m.tolist()),
    )


def _billing(tariff: Tariff, bill: Bill, site_kwh: float) -> list[str]:
    """How the energy bill is made up, where it is more than one price for every hour."""
    others = bill.adders_usd + bill.fixed_usd + bill.tax_usd
    if not (tariff.period or tariff.month_hour_usd_per_kwh or tariff.hourly_usd_per_kwh or tariff.demand or others):
        return []
    return [
        f"Electricity costs {bill.total_usd / site_kwh:.4f} $/kWh in the mean of the year: {musd(bill.energy_usd)} for "
        f"energy by the hour, {musd(bill.demand_usd)} for demand, {musd(others)} for adders, fixed charges and tax."
    ]


def _degraded_hours(hourly: Hourly) -> int:
    return int(np.count_nonzero(np.array(hourly.unserved_heat_kw) > 1e-6))


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


def _basis(plan: Plan, kinds: list[Kind], hourly: Hourly, weather: Weather) -> list[str]:
    """What the figures rest on, one sentence each."""
    basis = plan.basis
    house_kw = sum((k.house_kw for k in kinds), np.zeros(weather.hour.shape))
    notes = [
        f"Weather: {weather.source}; without recirculation of warm air, which the design adds.",
        "Everything installed runs and shares its load, redundant modules included; losses are read at that load.",
        f"Pumps and fans of air units draw flow times pressure (judgements): facility pumps hold "
        f"{number(100 * basis.pump_static_frac)} % of their pressure at any flow, coolant pumps do not go below "
        f"{number(100 * basis.coolant_flow_min_frac)} % of full flow, fans not below "
        f"{number(100 * basis.fan_speed_min_frac)} % of full speed.",
        f"Controls and house load: {number(float(np.mean(house_kw)), 1)} kW of the pods for lighting, access and "
        f"fire detection, a share of their peak power whatever the load; "
        f"{number(float(np.mean(np.array(hourly.auxiliary_kw) - house_kw)), 1)} kW of control panels.",
        *(note for demand in range(len(plan.workloads)) for note in _computing(plan, demand, kinds, weather)),
        "Boundary B3: all electricity entering the site; batteries stand by and are not cycled.",
    ]
    if any(hourly.water_l):
        notes.append(
            f"Water: pads are wet only where the dry coils fall short; what evaporates, and a bleed at "
            f"{number(CYCLES_OF_CONCENTRATION)} cycles of concentration (judgement)."
        )
    if plan.further_workloads:
        notes.append(
            f"Tokens and all figures per token are of {plan.brief.it.demands[0].name}, with its share of the energy by "
            "what its blocks draw; those of the others stand beside them and are never added."
        )
    if any(card.purpose == "training" for card in plan.workloads):
        notes.append("Training tokens are not served tokens: do not compare with inference.")
    return notes


def _whose(plan: Plan, demand: int) -> str:
    """To be put behind what is said of one of several IT demands; empty where there is one."""
    return f" of {plan.brief.it.demands[demand].name}" if plan.further_workloads else ""


def _computing(plan: Plan, demand: int, kinds: list[Kind], weather: Weather) -> tuple[str, str]:
    """How one IT demand loads its pods, and what its tokens are."""
    card, of = plan.workloads[demand], _whose(plan, demand)
    mean = float(np.mean(make_load_frac(plan, card, weather)))
    shape = "flat, as training runs"
    if card.purpose == "inference" and card.week is not None:
        shape = f"by the profile {card.week.key} ({card.week.hours})"
    limits = " and ".join(sorted({full_rate_of(k).binds for k in kinds if k.serves and k.demand == demand}))
    return (
        f"Load{of}: {number(100 * mean, 1)} % of serving capacity in the mean of the year, {shape}; work is packed "
        f"and the rest idles, so IT power runs straight from idle to full load.",
        f"Tokens{of}: {card.tokens_counted}; their rate is limited by {limits}.",
    )


def _doubts(plan: Plan, kinds: list[Kind], hourly: Hourly, pue: float, yields: tuple[DemandYield, ...]) -> list[str]:
    """What a reader should question, empty for an ordinary site."""
    notes = []
    if (hours := _degraded_hours(hourly)) > 0:
        notes.append(f"In {number(hours)} hours not all heat can be rejected; their tokens are reduced in proportion.")
    if not PLAUSIBLE_PUE[0] <= pue <= PLAUSIBLE_PUE[1]:
        notes.append(
            f"PUE {number(pue, 3)} lies outside {PLAUSIBLE_PUE[0]:g} to {PLAUSIBLE_PUE[1]:g}, the band of "
            f"liquid-cooled AI plants: it needs a reason, such as a hot climate or chillers."
        )
    for demand, found in enumerate(yields):
        notes += _doubts_of_tokens(plan.workloads[demand], found, _whose(plan, demand))
    if any(not k.serves for k in kinds):
        notes.append("Pods without the accelerator of their card take energy and give no tokens here.")
    for kind in kinds:
        if (
            kind.serves
            and kind.card
            and kind.card.accelerator_w * kind.it.accelerators_count > kind.it.measured_kw * 1000
        ):
            notes.append("The card's accelerator power exceeds the measured power of its racks; B0 is capped at B1.")
            break
    if max(hourly.site_kw) > plan.brief.grid.capacity_mw * 1000:
        notes.append(
            f"The peak of {number(max(hourly.site_kw))} kW exceeds the grid connection of "
            f"{number(plan.brief.grid.capacity_mw * 1000)} kW."
        )
    return notes


def _doubts_of_tokens(card: Workload, found: DemandYield, of: str) -> list[str]:
    """Energy per token of one IT demand that no site of its kind has, and why it stands beside no other."""
    notes = []
    joules = tokens.j_per_token(found.tokenergy_kwh_per_mtok.base)
    for (least, most), verdict in (
        (tokens.POSSIBLE_J_PER_TOKEN, "cannot be right"),
        (tokens.PLAUSIBLE_J_PER_TOKEN, "is doubtful"),
    ):
        if card.purpose == "inference" and not least <= joules <= most:
            notes.append(
                f"{number(joules, 3)} J per token{of} {verdict} for inference (outside {least:g} to {most:g}): "
                f"check the workload card."
            )
            break
    if found.not_comparable:
        notes.append(f"Not comparable{', tokens' + of if of else ''}: {found.not_comparable}.")
    return notes
