"""Hour by hour, what sources beside the utility give, where it goes and what it costs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from prefab.market import Tariff
from prefab.physics.tariffs import Bill, energy_prices, make_clock
from prefab.physics.weather import Hours


@dataclass(frozen=True, eq=False)
class Balance:
    """One year of a site, in kW of every hour: `site = used + import` and `on site = used + export + curtailed`."""

    import_kw: Hours
    used_kw: Hours
    """Of all sources on site together."""
    export_kw: Hours
    curtailed_kw: Hours
    taken_kw: tuple[Hours, ...]
    """Of each source elsewhere, what the import of the hour takes."""
    uncovered_kw: Hours
    """Import in hours in which no source elsewhere gives it."""
    annual_frac: float
    """What all sources give in the year and is not curtailed, over what the site takes in the year; at most 1."""
    hourly_frac: float
    """What of the site's energy is given in the hour in which it is taken."""


def balance(site_kw: Hours, on_site: Sequence[Hours], elsewhere: Sequence[Hours], export_max_kw: float) -> Balance:
    """Sources on site serve the site first; what is over is exported up to a limit, and the rest is curtailed.

    Those elsewhere feed the public grid; each is held against what the ones before it leave of the import.
    """
    none = np.zeros(site_kw.shape)
    own = sum(on_site, none)
    used = np.minimum(own, site_kw)
    exported = np.minimum(own - used, export_max_kw)
    left = imported = site_kw - used
    taken = []
    for given in elsewhere:
        taken.append(np.minimum(given, left))
        left = left - taken[-1]
    total = float(site_kw.sum())
    given_kwh = float(used.sum() + exported.sum() + sum(g.sum() for g in elsewhere))
    return Balance(
        import_kw=imported,
        used_kw=used,
        export_kw=exported,
        curtailed_kw=own - used - exported,
        taken_kw=tuple(taken),
        uncovered_kw=left,
        annual_frac=min(1.0, given_kwh / total),
        hourly_frac=1 - float(left.sum()) / total,
    )


def settle(bill: Bill, tariff: Tariff, contract_kw: Hours, taken_kw: Hours, usd_per_kwh: float) -> Bill:
    """The bill with a contract: what it gives is paid, and what is taken of it is not paid at the hour's energy price.

    Losses, adders, demand and fixed charges stay, tax goes along; what nobody takes in its hour is paid and lost.
    """
    change = float(contract_kw.sum()) * usd_per_kwh - float(taken_kw @ energy_prices(tariff, make_clock()))
    tax = tariff.tax_frac * change
    return replace(
        bill,
        energy_usd=bill.energy_usd + change,
        tax_usd=bill.tax_usd + tax,
        total_usd=bill.total_usd + change + tax,
    )
