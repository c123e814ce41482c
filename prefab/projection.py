"""A year of the finished site, hour by hour: energy, water, carbon, and TokEnergy at its boundaries.

Boundaries: B0 accelerators, B1 IT at the rack inputs, B2 everything at the point of delivery but storage (PUE is B2
over B1, energy over energy), B3 with storage. Every period figure is a ratio of sums.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prefab.errors import InputError
from prefab.market import Tariff
from prefab.module import ItLoad
from prefab.physics import tokens
from prefab.physics.chain import Bank, Demand, Drawn, Purpose, Surroundings, draw
from prefab.physics.cooling import CYCLES_OF_CONCENTRATION
from prefab.physics.tariffs import Bill, make_bill
from prefab.physics.weather import Weather, make_weather, make_year
from prefab.plan import BlockKind, Plan
from prefab.results import Band, Hourly, Month, Projection, Step
from prefab.units import musd, number
from prefab.workload import Match, match, why_not_comparable

Hours = NDArray[np.float64]

# Grid batteries hang on the bus behind the site's switchgear.
_STORAGE_BUS = "mv_ac"

PLAUSIBLE_PUE = (1.03, 1.35)
"""Liquid-cooled AI plants outside this band need a reason; measured: 1.036 (NREL ESIF) to 1.12 (new cloud sites)."""


@dataclass(frozen=True)
class _Kind:
    """All blocks of one kind."""

    it: ItLoad
    serves: Match | None
    """Whether its accelerators serve the workload card: by the card's own figure, by a named proxy, or not."""
    pods_count: int
    load_frac: Hours
    drawn: Drawn
    house_kw: Hours
    """What the pods draw beyond their racks."""

    @property
    def it_kw(self) -> Hours:
        return self.pods_count * _pod_kw(self.it, self.load_frac)


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
    load_frac = _load_frac(plan, weather)
    kinds = [
        _make_kind(plan, kind, counts[-1], load_frac, at)
        for kind, counts in zip(plan.sized.kinds, plan.sized.blocks, strict=True)
        if counts[-1]
    ]
    storage = np.full(load_frac.shape, _storage_kw(plan))
    plant = _draw_plant(plan, kinds, storage, at)
    hourly = _columns(plan, kinds, plant, storage, at)
    return _summed_up(plan, hourly, kinds, weather)


def _weather(plan: Plan) -> Weather:
    """The user's year where the plan carries one."""
    year = plan.weather
    if year is None and plan.brief.site.weather_file:
        raise InputError("brief: site.weather_file: its hours are not in the plan; design again with the file at hand")
    if year is None:
        return make_year(plan.climate)
    columns = (np.array(c) for c in (year.dry_bulb_degc, year.dew_point_degc, year.wet_bulb_degc))
    return make_weather(year.source, year.elevation_m, *columns)


def _load_frac(plan: Plan, weather: Weather) -> Hours:
    """Occupied share of serving capacity: the card's week under its peak; training runs flat.

    Raises:
        InputError: the card came without the profile that it names.
    """
    card = plan.workload
    peak = card.utilisation_frac if plan.brief.utilisation_frac is None else plan.brief.utilisation_frac
    if card.purpose == "training":
        return np.full(weather.hour.shape, peak)
    if card.week is None:
        raise InputError(f"workload {card.key}: profile: {card.profile!r} is not in profiles/; it must be there")
    return peak * tokens.load_of_week(weather.hour, card.week.weekday_frac, card.week.weekend_frac)


def _pod_kw(it: ItLoad, load_frac: Hours) -> Hours:
    return it.measured_kw * np.asarray(tokens.packed_power_frac(load_frac, it.idle_frac))


def _make_kind(plan: Plan, kind: BlockKind, blocks: int, load_frac: Hours, at: Surroundings) -> _Kind:
    pod = plan.module(kind.pod)
    assert pod.it is not None
    it_kw = kind.pods * _pod_kw(pod.it, load_frac)
    electric = [n for n in pod.needs if at.carriers[n.carrier].medium == "electric"]
    demands, house_kw = [], -it_kw
    for need in pod.needs:
        if need.units:
            continue
        # Lighting, access and fire detection do not follow the computers; they are shares of the peak.
        follows = need not in electric or at.carriers[need.carrier].autonomy
        kw = it_kw if follows else np.full(it_kw.shape, kind.pods * pod.it.peak_kw)
        asked = need.kw_per_kw * kw + kind.pods * need.fixed_kw
        demands.append(Demand(need.carrier, asked, need.supply_max_degc, need.return_max_degc))
        house_kw = house_kw + asked * (need in electric)
    banks = [Bank(plan.module(g.sku), at.carriers[g.carrier], g.count, g.supply_degc, g.unit_for) for g in kind.groups]
    drawn = draw(banks, demands, at)
    return _Kind(
        it=pod.it,
        serves=match(plan.workload, pod.it.accelerator),
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


def _draw_plant(plan: Plan, kinds: list[_Kind], storage: Hours, at: Surroundings) -> Drawn:
    """The site's plant, with the batteries' standby as one demand; what stays open comes from the utility."""
    banks = [
        Bank(plan.module(g.sku), at.carriers[g.carrier], g.sides * g.per_side[-1], unit_for=g.unit_for)
        for g in plan.sized.plant
        if g.per_side[-1] and plan.module(g.sku).grid_battery is None
    ]
    demands = [Demand(carrier, kw) for kind in kinds for carrier, kw in kind.drawn.open_kw.items()]
    return draw(banks, [*demands, Demand(_STORAGE_BUS, storage)], at)


def _columns(plan: Plan, kinds: list[_Kind], plant: Drawn, storage: Hours, at: Surroundings) -> Hourly:
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
        tokens_m=column(sum((_tokens(plan, k) for k in kinds if k.serves), none) / 1e6),
        unserved_heat_kw=column(sum((k.drawn.unserved_kw for k in kinds), none)),
    )


def _tokens(plan: Plan, kind: _Kind) -> Hours:
    """Useful tokens of every hour; where heat stays, the computers slow down with it."""
    card = plan.workload
    return np.asarray(
        tokens.tokens_per_h(
            _full_rate(plan, kind),
            kind.load_frac,
            card.availability_frac,
            card.goodput_frac,
            kind.drawn.served_frac,
        )
    )


def _full_rate(plan: Plan, kind: _Kind) -> tokens.FullRate:
    rate = plan.workload.rate_tokens_per_s
    j_per_token = kind.it.measured_kw * 1000 / (kind.it.accelerators_count * rate)
    return tokens.full_rate(
        kind.it.accelerators_count * kind.pods_count, rate, kind.it.sustained_kw * kind.pods_count, j_per_token
    )


def _chip_kw(plan: Plan, kind: _Kind) -> Hours:
    """Accelerators alone, idle ones included; never more than their racks take."""
    full = plan.workload.accelerator_w / 1000 * kind.it.accelerators_count * kind.pods_count
    used = np.asarray(tokens.packed_power_frac(kind.load_frac, plan.workload.idle_frac))
    return np.minimum(full * used, kind.it_kw)


def _summed_up(plan: Plan, hourly: Hourly, kinds: list[_Kind], weather: Weather) -> Projection:
    card, tariff = plan.workload, plan.tariff
    bill = make_bill(tariff, np.array(hourly.site_kw), contract_kw=1000 * plan.brief.grid.capacity_mw)
    it, site, storage = (float(np.sum(c)) for c in (hourly.it_kw, hourly.site_kw, hourly.storage_kw))
    water, mtok = float(np.sum(hourly.water_l)), float(np.sum(hourly.tokens_m))
    if mtok <= 0:
        raise InputError(
            f"brief: utilisation_frac, it.workload: {card.key!r} delivers no tokens here; utilisation, availability "
            f"and goodput must be above 0 and a pod must hold {' or '.join((card.accelerator, *card.proxy_for))}"
        )
    low = mtok * card.rate_low_tokens_per_s / card.rate_tokens_per_s
    high = mtok * card.rate_high_tokens_per_s / card.rate_tokens_per_s
    chip = float(sum(np.sum(_chip_kw(plan, k)) for k in kinds if k.serves))
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
        mtok=Band(low, mtok, high),
        tokenergy_kwh_per_mtok=Band(site / high, site / mtok, site / low),
        b0_kwh_per_mtok=chip / mtok,
        b1_kwh_per_mtok=it / mtok,
        b2_kwh_per_mtok=(site - storage) / mtok,
        b3_kwh_per_mtok=site / mtok,
        energy_usd_per_mtok=bill.total_usd / mtok,
        carbon_g_per_mtok=site * tariff.carbon_g_per_kwh / mtok,
        water_l_per_mtok=water / mtok,
        waterfall=_waterfall(hourly, chip, it, mtok),
        degraded_hours=_degraded_hours(hourly),
        notes=(
            *_basis(plan, kinds, hourly, weather),
            *_billing(tariff, bill, site),
            *_doubts(plan, kinds, hourly, pue, site / mtok),
        ),
        weather_source=weather.source,
        not_comparable=why_not_comparable(card, (k.it.accelerator for k in kinds)),
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


def _waterfall(hourly: Hourly, chip: float, it: float, mtok: float) -> tuple[Step, ...]:
    return tokens.make_waterfall(
        (
            ("chip", "Accelerators", chip),
            ("host", "Hosts and network", it - chip),
            ("power_chain", "UPS", float(np.sum(hourly.power_chain_loss_kw))),
            ("transformers", "Transformers and switchgear", float(np.sum(hourly.transformer_loss_kw))),
            ("coolant", "Coolant and water pumps", float(np.sum(hourly.coolant_kw))),
            ("air_cooling", "Air cooling", float(np.sum(hourly.air_cooling_kw))),
            ("heat_rejection", "Heat rejection", float(np.sum(hourly.heat_rejection_kw))),
            ("auxiliary", "Controls and house load", float(np.sum(hourly.auxiliary_kw))),
            ("storage", "Grid battery standby", float(np.sum(hourly.storage_kw))),
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


def _basis(plan: Plan, kinds: list[_Kind], hourly: Hourly, weather: Weather) -> list[str]:
    """What the figures rest on, one sentence each."""
    card, basis = plan.workload, plan.basis
    mean = float(np.mean(_load_frac(plan, weather)))
    shape = "flat, as training runs"
    if card.purpose == "inference" and card.week is not None:
        shape = f"by the profile {card.week.key} ({card.week.hours})"
    house_kw = sum((k.house_kw for k in kinds), np.zeros(weather.hour.shape))
    limits = " and ".join(sorted({_full_rate(plan, k).binds for k in kinds if k.serves}))
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
        f"Load: {number(100 * mean, 1)} % of serving capacity in the mean of the year, {shape}; work is packed "
        f"and the rest idles, so IT power runs straight from idle to full load.",
        f"Tokens: {card.tokens_counted}; their rate is limited by {limits}.",
        "Boundary B3: all electricity entering the site; batteries stand by and are not cycled.",
    ]
    if any(hourly.water_l):
        notes.append(
            f"Water: pads are wet only where the dry coils fall short; what evaporates, and a bleed at "
            f"{number(CYCLES_OF_CONCENTRATION)} cycles of concentration (judgement)."
        )
    if card.purpose == "training":
        notes.append("Training tokens are not served tokens: do not compare with inference.")
    return notes


def _doubts(plan: Plan, kinds: list[_Kind], hourly: Hourly, pue: float, b3_kwh_per_mtok: float) -> list[str]:
    """What a reader should question, empty for an ordinary site."""
    notes = []
    if (hours := _degraded_hours(hourly)) > 0:
        notes.append(f"In {number(hours)} hours not all heat can be rejected; their tokens are reduced in proportion.")
    if not PLAUSIBLE_PUE[0] <= pue <= PLAUSIBLE_PUE[1]:
        notes.append(
            f"PUE {number(pue, 3)} lies outside {PLAUSIBLE_PUE[0]:g} to {PLAUSIBLE_PUE[1]:g}, the band of "
            f"liquid-cooled AI plants: it needs a reason, such as a hot climate or chillers."
        )
    joules = tokens.j_per_token(b3_kwh_per_mtok)
    if plan.workload.purpose == "inference":
        for (least, most), verdict in (
            (tokens.POSSIBLE_J_PER_TOKEN, "cannot be right"),
            (tokens.PLAUSIBLE_J_PER_TOKEN, "is doubtful"),
        ):
            if not least <= joules <= most:
                notes.append(
                    f"{number(joules, 3)} J per token {verdict} for inference (outside {least:g} to {most:g}): "
                    f"check the workload card."
                )
                break
    if reason := why_not_comparable(plan.workload, (k.it.accelerator for k in kinds)):
        notes.append(f"Not comparable: {reason}.")
    if any(not k.serves for k in kinds):
        notes.append(f"Pods without {plan.workload.accelerator} take energy and give no tokens here.")
    for kind in kinds:
        if kind.serves and plan.workload.accelerator_w * kind.it.accelerators_count > kind.it.measured_kw * 1000:
            notes.append("The card's accelerator power exceeds the measured power of its racks; B0 is capped at B1.")
            break
    if max(hourly.site_kw) > plan.brief.grid.capacity_mw * 1000:
        notes.append(
            f"The peak of {number(max(hourly.site_kw))} kW exceeds the grid connection of "
            f"{number(plan.brief.grid.capacity_mw * 1000)} kW."
        )
    return notes
