"""First pages of the proposal: the five answers, the key figures, and the brief as understood."""

from reportlab.platypus import Flowable

from prefab.brief import Phase, SiteBrief
from prefab.documents.dependability_rows import summary_text
from prefab.documents.labels import (
    counted,
    design_peak,
    energy_price_text,
    figure_title,
    installed_it_kw,
    loads_by_demand,
    not_comparable,
    site_voltage,
)
from prefab.documents.pdf_page import handed_over
from prefab.documents.pdf_style import CAPTION, Heading, cards, facts, para, table, together
from prefab.proposal import Proposal
from prefab.site import Site
from prefab.units import day, musd, number


def make_summary(proposal: Proposal) -> list[Flowable]:
    """The executive summary."""
    story: list[Flowable] = [Heading("1\u00a0\u00a0Executive summary", 0, "summary")]
    story += cards(proposal.answers)
    story += [
        together(Heading("Key figures", 1, "key-figures"), _key_figures(proposal)),
        para(
            f"Energy, water, carbon and token figures are projected at full build for this weather: "
            f"{proposal.projection.weather_source}. "
            "Capital cost is indicative; its band adds up the bands of every line.",
            CAPTION,
        ),
    ]
    return story


def _key_figures(proposal: Proposal) -> Flowable:
    plan, bom, p = proposal.plan, proposal.bom, proposal.projection
    brief, te = plan.brief, p.tokenergy_kwh_per_mtok
    it_mw, installed_mw = brief.it_kw / 1000, installed_it_kw(plan) / 1000
    modules = sum(row.count for row in proposal.equipment)
    blocks = sum(counts[-1] for counts in plan.sized.blocks)
    per_mw = [f"{number(float(bom.total_usd) / 1e6 / mw, 2)} M$" for mw in (it_mw, installed_mw or it_mw)]
    peak, given = design_peak(proposal), "contracted"
    if brief.grid.series:
        given = "by the last phase's date, bridged" if brief.grid.bridge.allowed else "by the last phase's date"
    design = [
        ("Design peak at the connection", f"{number(f.actual)} kW", f"of {number(f.limit)} kW {given}")
        for f in ([peak] if peak else [])
    ]
    ratios = f"{p.pue:.3f} / {p.wue_l_per_kwh:.3f} / {p.cue_kg_per_kwh:.3f}"
    tokens = [number(mtok / 1e6, 2) for mtok in (p.mtok.low, p.mtok.base, p.mtok.high)]
    # What is said per token is of the first demand; section 9 has them all.
    of = f", {p.yields[0].demand}" if p.yields else ""
    rows = (
        (
            "Sustained IT load",
            f"{number(it_mw, 2)} MW asked, {number(installed_mw, 2)} MW installed",
            f"{counted(blocks, 'block')} and plant, {counted(modules, 'module')}",
        ),
        *(
            (
                f"Sustained IT load of {name}",
                f"{number(asked, 2)} MW asked, {number(installed, 2)} MW installed",
                blocks,
            )
            for name, asked, installed, blocks in loads_by_demand(plan)
        ),
        ("Capital cost", musd(bom.total_usd), f"{musd(bom.low_usd)} to {musd(bom.high_usd)}"),
        (
            "Capital cost per MW of IT",
            f"{per_mw[0]} asked, {per_mw[1]} installed",
            "with site works, freight, contingency",
        ),
        ("Hand-over", handed_over(proposal)[-1], f"asked for {day(brief.phases[-1].energised_by)}"),
        *design,
        (
            "Class in prefab's reading, no certificate",
            str(proposal.dependability.reached),
            f"{summary_text(proposal.dependability)}; section 4",
        ),
        ("Highest hour projected", f"{number(p.peak_site_kw)} kW", "mean of an hour, at the workload's load"),
        ("PUE / WUE / CUE", ratios, "energy ratio; L and kg CO2 per kWh of IT"),
        ("Energy of a year", f"{number(p.site_mwh)} MWh", f"of which IT {number(p.it_mwh)} MWh"),
        *(
            (f"Energy of {e.demand}", f"{number(e.site_mwh)} MWh", f"no tokens; {e.energy_frac:.1%} of the site's")
            for e in p.without_tokens
        ),
        (f"Tokens of a year{of}", f"{tokens[1]} trillion", f"{tokens[0]} to {tokens[2]} trillion"),
        (
            f"Projected facility TokEnergy (B3){of}",
            f"{te.base:.3f} kWh per million tokens",
            f"{te.low:.3f} to {te.high:.3f}; workload card in section 9{not_comparable(p)}",
        ),
        (
            f"Energy cost of a million tokens{of}",
            f"{p.energy_usd_per_mtok:.4f} $",
            f"at {energy_price_text(proposal)}; {plan.tariff.title}",
        ),
    )
    return table(("Figure", "Value", "Note"), rows, (33, 27, 40))


def _fabric(brief: SiteBrief) -> list[tuple[str, str]]:
    if brief.fabric_frac is None:
        return []
    return [("Fabric, storage and management computers", f"{brief.fabric_frac:.1%} of the power of the pods")]


def _megawatts(phase: Phase) -> str:
    split = " + ".join(f"{part.it_mw:g} {part.demand}" for part in phase.split)
    return f"{phase.it_mw:g} = {split}" if split else f"{phase.it_mw:g}"


def make_requirements(proposal: Proposal) -> list[Flowable]:
    """What the customer asked for, as the design took it."""
    brief, plan = proposal.plan.brief, proposal.plan
    site, wish = brief.site, brief.redundancy
    altitude = plan.climate.elevation_m if site.altitude_m is None else site.altitude_m
    dry_bulb = site.design_dry_bulb_degc
    if dry_bulb is None:
        dry_bulb = plan.climate.dry_bulb_max_degc + plan.basis.recirculation_k
    storage = (
        f"{brief.storage.power_mw:g} MW for {brief.storage.duration_h:g} h at the end of its life"
        if brief.storage.power_mw
        else "none"
    )
    own = [plan.carrier(carrier).title for carrier in wish.scope.of_pods]
    smoothing = f"fast storage for {brief.storage.smoothing_frac:.0%} of the pods' peak power in each block"
    rows = (
        ("Land", _land(site)),
        ("Country of the public holidays", site.country),
        ("Climate", f"{plan.climate.title}; design dry bulb {dry_bulb:g} °C, altitude {altitude:g} m"),
        *(
            (f"Workload of {demand.name}" if brief.it.demand else "Workload", f"{card.title} ({card.purpose})")
            for demand, card in zip(brief.it.demands, plan.cards, strict=True)
        ),
        ("Utility connection", f"{site_voltage(brief)}; tariff {plan.tariff.title}"),
        ("Redundancy of power / cooling / control", f"{wish.power} / {wish.cooling} / {wish.control}"),
        *([("Each pod has its own", " and ".join(own))] if own else []),
        ("Redundancy of intake / main transformers / standby", f"{wish.intake} / {_main(proposal)} / {wish.standby}"),
        ("Redundancy of the wide-area network", wish.network),
        ("UPS autonomy", f"{brief.autonomy.ups_min:g} min at the end of battery life"),
        ("Standby generation", _standby(proposal)),
        ("Reserve for the grid" if proposal.kept else "Grid battery", storage),
        *_asked_of_storage(brief),
        *([("Smoothing of load swings", smoothing)] if brief.storage.smoothing_frac else []),
        ("Block kinds / pods per block", f"at most {brief.kinds_max} / {brief.limits.pods_per_block}"),
        *_fabric(brief),
        ("Modules not to be used", ", ".join(brief.limits.exclude) or "none"),
        *_restrictions(proposal),
    )
    phases = [
        (p.name, _megawatts(p), day(p.energised_by), handed)
        for p, handed in zip(brief.phases, handed_over(proposal), strict=True)
    ]
    return [
        Heading("2\u00a0\u00a0Requirements as understood", 0, "requirements"),
        para("Everything in this proposal is made to fit these wishes; a different wish gives a different proposal."),
        facts(rows),
        together(
            Heading("Phases", 1, "phases"),
            table(("Phase", "IT load added, MW", "Asked for", "Handed over"), phases, (40, 20, 20, 20), "lrll"),
        ),
        together(
            Heading("Scope of supply, as priced", 1, "scope"),
            table(("What", "By", "In the price under"), _SCOPE, (54, 16, 30)),
        ),
    ]


_SCOPE = (
    ("Modules, built and tested in the factory", "supplier", "modules"),
    ("Transport to the site", "supplier", "freight"),
    ("Setting by crane, connection, supervision", "supplier", "installation"),
    ("Cables and pipes between modules", "supplier", "cables and pipes"),
    ("Ground, pads, roads", "supplier", "ground, pads and roads"),
    ("Site design, project management, commissioning", "supplier", "engineering, commissioning"),
    ("Land, permits, utility works up to the site's switchgear or main transformers", "owner", "not included"),
    ("Computers, network and software", "owner", "not included"),
    ("Fuel, water, electricity, insurance, operation", "owner", "not included"),
)


def _land(site: Site) -> str:
    setback = f"set-back {site.setback_m:g} m"
    if site.size_m:
        return f"{site.size_m[0]:g} m west to east, {site.size_m[1]:g} m south to north, {setback}"
    own = ", more or less along some edges" if site.parcel.setback else ""
    free = f"; kept free: {', '.join(k.name for k in site.parcel.keep_out)}" if site.parcel.keep_out else ""
    return f"parcel of {site.area_m2 / 1e4:.2f} ha, {setback}{own}{free}"


def _asked_of_storage(brief: SiteBrief) -> list[tuple[str, str]]:
    """Besides a reserve and smoothing; a line for each wish that the brief states."""
    grid, shaving, rows = brief.grid, brief.storage.shaving, []
    if grid.swing_mw is not None:
        rows.append(("Swings that the grid may see", f"{grid.swing_mw:g} MW peak to peak"))
    if grid.ramp_mw_per_min is not None:
        rows.append(("Changes that the grid may see", f"{grid.ramp_mw_per_min:g} MW a minute"))
    if shaving.allowed:
        hours = f"; {shaving.peak_h:g} hours of peak a day" if shaving.peak_h is not None else ""
        rows.append(("Peaks above the connection", f"storage may take them up{hours}"))
    return rows


def _standby(proposal: Proposal) -> str:
    autonomy, apart = proposal.plan.brief.autonomy, proposal.plan.brief.it.said_of_backup()
    if not autonomy.generator_h:
        return "none"
    carried = f"; carried of {apart}" if apart else ""
    if autonomy.fuel == "gas":
        return "engines on gas from the pipeline, none of it stored" + carried
    return f"fuel for {autonomy.generator_h:g} h at the " + (
        f"load that they carry{carried}" if apart else "design load"
    )


def _restrictions(proposal: Proposal) -> list[tuple[str, str]]:
    """What of the catalog the brief allows, a line for each wish that it states."""
    said = proposal.plan.brief.restrict.model_dump(exclude_defaults=True, mode="json")
    return [
        (
            f"Modules restricted: {figure_title(key)}",
            ", ".join(map(str, value)) if isinstance(value, list) else _said(value),
        )
        for key, value in said.items()
    ]


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _main(proposal: Proposal) -> str:
    brief = proposal.plan.brief
    return brief.redundancy.main_transformers if brief.grid.at_high_voltage else "not needed"
