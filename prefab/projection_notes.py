"""What stands beside the figures of a year: what they rest on, how the bill is made up, what to doubt."""

import numpy as np

from prefab.market import Tariff
from prefab.physics import tokens
from prefab.physics.cooling import CYCLES_OF_CONCENTRATION
from prefab.physics.tariffs import Bill
from prefab.physics.weather import Weather
from prefab.plan import Plan
from prefab.results import DemandYield, Hourly
from prefab.serving import Kind, full_rate_of, make_load_frac
from prefab.units import musd, number
from prefab.workload import Workload

PLAUSIBLE_PUE = (1.03, 1.35)
"""Liquid-cooled AI plants outside this band need a reason; measured: 1.036 (NREL ESIF) to 1.12 (new cloud sites)."""


def degraded_hours(hourly: Hourly) -> int:
    """Hours in which not all heat can be rejected."""
    return int(np.count_nonzero(np.array(hourly.unserved_heat_kw) > 1e-6))


def basis_of(plan: Plan, kinds: list[Kind], hourly: Hourly, weather: Weather) -> list[str]:
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


def billing_of(tariff: Tariff, bill: Bill, site_kwh: float) -> list[str]:
    """How the energy bill is made up, where it is more than one price for every hour."""
    exports = f", less {musd(bill.export_usd)} for exports" if bill.export_usd else ""
    others = bill.adders_usd + bill.fixed_usd + bill.tax_usd
    if not (tariff.period or tariff.month_hour_usd_per_kwh or tariff.hourly_usd_per_kwh or tariff.demand or others):
        return []
    return [
        f"Electricity costs {bill.total_usd / site_kwh:.4f} $/kWh in the mean of the year: {musd(bill.energy_usd)} for "
        f"energy by the hour, {musd(bill.demand_usd)} for demand, {musd(others)} for adders, fixed charges and tax"
        f"{exports}."
    ]


def doubts_of(plan: Plan, kinds: list[Kind], hourly: Hourly, pue: float, yields: tuple[DemandYield, ...]) -> list[str]:
    """What a reader should question, empty for an ordinary site."""
    notes = []
    if (hours := degraded_hours(hourly)) > 0:
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
