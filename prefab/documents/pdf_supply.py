"""Sources beside the utility in the proposal: one table and two matching figures."""

from reportlab.platypus import Flowable

from prefab.documents.pdf_style import CAPTION, Heading, facts, para, table, together
from prefab.proposal import Proposal
from prefab.units import number


def make_supply(proposal: Proposal) -> list[Flowable]:
    """What each source gives, and how far all of them match what the site takes; nothing where there is none."""
    supplied = proposal.projection.supplied
    if supplied is None:
        return []
    rows = [
        (
            line.name,
            f"{line.kind}, {'on site' if line.on_site else 'elsewhere'}",
            f"{line.mw:g}",
            f"{line.capacity_frac:.1%}",
            number(line.generated_mwh),
            number(line.used_mwh),
            "not priced" if line.usd is None else number(line.usd),
        )
        for line in supplied.lines
    ]
    hours = [f"{line.name} from {line.profile or 'its rating, at any time'}" for line in supplied.lines]
    head = ("Source", "Kind", "MW", "Mean output", "MWh a year", "Taken in its hour", "Paid, $")
    imported, exported, curtailed = (
        number(sum(kw) / 1000) for kw in (supplied.import_kw, supplied.export_kw, supplied.curtailed_kw)
    )
    carbon_t, unmatched_t = sum(supplied.carbon_kg) / 1000, supplied.unmatched_carbon_kg / 1000
    return [
        together(
            Heading("Supply", 1, "supply"),
            table(head, rows, (18, 17, 9, 13, 14, 16, 13), "llrrrrr"),
            para(f"Hours: {'; '.join(hours)}.", CAPTION),
        ),
        facts(
            [
                ("Matched in the year", f"{supplied.annual_frac:.1%} of the site's energy, whenever it is given"),
                ("Matched hour by hour", f"{supplied.hourly_frac:.1%}, given in the hour in which it is taken"),
                ("Through the connection", f"{imported} MWh in, {exported} MWh out; {curtailed} MWh curtailed"),
                (
                    "Energy bill",
                    f"{number(supplied.energy_usd)} $; by the tariff alone {number(supplied.tariff_usd)} $",
                ),
                (
                    "Carbon",
                    f"{number(carbon_t)} t CO2 of the import, {number(unmatched_t)} t of it unmatched in its hour",
                ),
            ]
        ),
    ]
