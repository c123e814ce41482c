"""Sources beside the utility in a site's year: what they give, take off the import and cost, and what to say of it."""

from collections.abc import Iterator

import numpy as np

from prefab.errors import InputError
from prefab.physics.supply import balance, settle
from prefab.physics.tariffs import Bill, make_bill
from prefab.physics.weather import HOURS, Hours
from prefab.plan import Plan
from prefab.results import Supplied, SupplyLine
from prefab.supply import Supply
from prefab.units import number


def make_supplied(plan: Plan, site_kw: Hours) -> tuple[Bill, Supplied | None]:
    """The year's bill of what the site takes, and where the brief names supply, how that serves it.

    Contracts are held against the import before sources elsewhere without a price, each in the order of the brief.

    Raises:
        InputError: the plan lacks the hours of a profile.
    """
    contract_kw = 1000 * plan.brief.grid.capacity_mw
    bill = make_bill(plan.tariff, site_kw, contract_kw=contract_kw)
    if not plan.brief.supply:
        return bill, None
    tariff_usd = bill.total_usd
    here = [s for s in plan.brief.supply if s.on_site]
    elsewhere = sorted((s for s in plan.brief.supply if not s.on_site), key=lambda s: s.usd_per_mwh is None)
    given = {s.name: _given_kw(plan, s) for s in plan.brief.supply}
    found = balance(
        site_kw, [given[s.name] for s in here], [given[s.name] for s in elsewhere], 1000 * plan.brief.grid.export_mw
    )
    bill = make_bill(plan.tariff, found.import_kw, found.export_kw, contract_kw=contract_kw)
    used = dict(zip((s.name for s in elsewhere), found.taken_kw, strict=True))
    for source in elsewhere:
        if source.usd_per_mwh is not None:
            bill = settle(bill, plan.tariff, given[source.name], used[source.name], source.usd_per_mwh / 1000)
    own = sum((given[s.name] for s in here), np.zeros(HOURS))
    used_frac = np.divide(found.used_kw, own, out=np.zeros(HOURS), where=own > 0)
    used |= {s.name: given[s.name] * used_frac for s in here}
    kg_per_kwh = plan.tariff.carbon_g_per_kwh / 1000
    return bill, Supplied(
        lines=tuple(_line(plan, s, given[s.name], used[s.name]) for s in plan.brief.supply),
        import_kw=_column(found.import_kw),
        export_kw=_column(found.export_kw),
        curtailed_kw=_column(found.curtailed_kw),
        carbon_kg=_column(found.import_kw * kg_per_kwh),
        unmatched_carbon_kg=float(found.uncovered_kw.sum()) * kg_per_kwh,
        annual_frac=found.annual_frac,
        hourly_frac=found.hourly_frac,
        energy_usd=bill.total_usd,
        tariff_usd=tariff_usd,
    )


def _given_kw(plan: Plan, source: Supply) -> Hours:
    if not source.profile:
        return np.full(HOURS, 1000 * source.mw)
    hours = next((h for h in plan.supply_hours if h.name == source.name), None)
    if hours is None:
        raise InputError(
            f"brief: supply: {source.name}: profile: its hours are not in the plan; design again with the file at hand"
        )
    return 1000 * source.mw * np.array(hours.capacity_frac)


def _line(plan: Plan, source: Supply, given_kw: Hours, used_kw: Hours) -> SupplyLine:
    mwh = float(given_kw.sum()) / 1000
    return SupplyLine(
        name=source.name,
        kind=source.kind,
        on_site=source.on_site,
        mw=source.mw,
        profile=next((h.source for h in plan.supply_hours if h.name == source.name), ""),
        generated_mwh=mwh,
        used_mwh=float(used_kw.sum()) / 1000,
        usd=None if source.usd_per_mwh is None else mwh * source.usd_per_mwh,
        generated_kw=_column(given_kw),
    )


def _column(values: Hours) -> tuple[float, ...]:
    return tuple(values.tolist())


def supply_notes(plan: Plan, supplied: Supplied | None) -> Iterator[str]:
    """What the figures with supply rest on, and what to doubt of them."""
    if supplied is None:
        return
    yield (
        "Supply: none of it counts as firm, so that plant, fuel and storage are sized as without it; the year is that "
        "of full build. Hours of profiles are as the user gave them, and need not go with those of the weather."
    )
    if any(line.on_site for line in supplied.lines):
        yield (
            "Supply on site: its capital and upkeep are not in any price (no figures with a source were found), its "
            "inverters, cables and connection are not designed, and it is in no fault level."
        )
    if any(line.usd is not None for line in supplied.lines):
        yield (
            "Contracts: what is taken in an hour replaces the tariff's energy price of that hour (and its tax); "
            "losses, levies, demand and fixed charges stay. Where the tariff has one all-in price, the contract's "
            "must be all-in too. What is not taken in its hour is paid and earns nothing."
        )
    yield (
        "Carbon: the import at the tariff's mean factor in every hour; sources and contracts count as 0 g/kWh where "
        "they generate, without what making them took. Figures per token are of the import, contracts not counted."
    )
    for line in (x for x in supplied.lines if x.kind != "ppa" and plan.supply_basis):
        assert plan.supply_basis is not None
        screen = plan.supply_basis.of(line.kind)
        if not screen.capacity_low_frac <= line.capacity_frac <= screen.capacity_high_frac:
            yield (
                f"{line.name}: a mean output of {number(100 * line.capacity_frac, 1)} % of the rating lies outside "
                f"{100 * screen.capacity_low_frac:g} to {100 * screen.capacity_high_frac:g} %, what {line.kind} "
                "ordinarily reaches: check the profile."
            )
