"""Energy, water and carbon, then TokEnergy with its boundary and its whole workload card."""

from collections.abc import Sequence

from reportlab.platypus import Flowable

from prefab.documents.labels import energy_price_text, kwh_per_mtok_text, not_comparable
from prefab.documents.pdf_drawings import Drawn
from prefab.documents.pdf_storage import make_flexibility
from prefab.documents.pdf_style import (
    CAPTION,
    INNER_WIDTH,
    Heading,
    bullets,
    facts,
    para,
    table,
    together,
)
from prefab.documents.pdf_supply import make_supply
from prefab.documents.projection_charts import make_monthly_chart, make_waterfall, make_weekly_chart
from prefab.proposal import Proposal
from prefab.storage_kept import FREE
from prefab.units import number
from prefab.workload import match

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LABEL = "Projected facility TokEnergy (prefab method)"


def make_energy(proposal: Proposal) -> list[Flowable]:
    """The year of energy."""
    p = proposal.projection
    overhead = (
        ("UPS and critical power", p.hourly.power_chain_loss_kw),
        ("Transformers and switchgear", p.hourly.transformer_loss_kw),
        ("Coolant and water pumps", p.hourly.coolant_kw),
        ("Air cooling", p.hourly.air_cooling_kw),
        ("Heat rejection", p.hourly.heat_rejection_kw),
        ("Controls and house load", p.hourly.auxiliary_kw),
        ("Grid battery standby", p.hourly.storage_kw),
    )
    rows = [("IT at the rack inputs", number(p.it_mwh), "100.0%")]
    rows += [(name, number(sum(kw) / 1000), f"{sum(kw) / 1000 / p.it_mwh:.1%}") for name, kw in overhead if any(kw)]
    rows.append(("Site at its point of delivery", number(p.site_mwh), f"{p.site_mwh / p.it_mwh:.1%}"))
    return [
        Heading("8\u00a0\u00a0Energy, water and carbon", 0, "energy"),
        para(
            f"Weather: {p.weather_source}. Every hour takes the electrical and cooling chain at its part load, with "
            "all installed modules running. The hours themselves are in projection.csv."
        ),
        together(
            Drawn(make_monthly_chart(p), INNER_WIDTH, 260),
            para(
                "Energy by month with the mean outdoor temperature; PUE of each month on a scale of its own. "
                f"Weather: {p.weather_source}.",
                CAPTION,
            ),
        ),
        together(
            Heading("Where the energy goes", 1, "energy-split"),
            table(("Part", "MWh a year", "Share of IT"), rows, (50, 25, 25), "lrr", total_rows=1),
        ),
        together(Heading("Year", 1, "year"), facts(_year(proposal))),
        *make_supply(proposal),
        together(Heading("Months", 1, "months"), _months(proposal)),
        together(
            Drawn(make_weekly_chart(p), INNER_WIDTH, 260),
            para(
                "Week by week: lowest to highest hour and the mean. The scales do not begin at zero. "
                f"Weather: {p.weather_source}.",
                CAPTION,
            ),
        ),
    ]


def _factor(proposal: Proposal) -> str:
    """The tariff's carbon, and what it is of where not all energy is imported."""
    of = " of what is imported" if proposal.projection.supplied else ""
    return f"{proposal.plan.tariff.carbon_g_per_kwh:g} g/kWh{of}"


def _year(proposal: Proposal) -> list[tuple[str, str]]:
    plan, p = proposal.plan, proposal.projection
    contracted = plan.brief.grid.capacity_mw * 1000
    return [
        ("PUE", f"{p.pue:.3f}  facility energy without the grid battery over IT energy (boundary of ISO/IEC 30134-2)"),
        ("WUE", f"{p.wue_l_per_kwh:.3f} L per kWh of IT; {number(sum(p.hourly.water_l) / 1000)} m³ a year"),
        ("CUE", f"{p.cue_kg_per_kwh:.3f} kg CO2 per kWh of IT at {_factor(proposal)}"),
        ("Highest hour", f"{number(p.peak_site_kw)} kW, {p.peak_site_kw / contracted:.0%} of the contracted capacity"),
        (
            "Hours with heat left over",
            f"{p.degraded_hours}; their tokens are reduced in proportion" if p.degraded_hours else "none",
        ),
    ]


def _months(proposal: Proposal) -> Flowable:
    rows = [
        (
            _MONTHS[m.month - 1],
            number(m.it_mwh),
            number(m.facility_mwh),
            f"{m.pue:.3f}",
            f"{m.dry_bulb_mean_degc:.1f}",
            number(m.mtok),
        )
        for m in proposal.projection.months
    ]
    head = ("Month", "IT, MWh", "Facility (B2), MWh", "PUE", "Dry bulb, °C", f"Million tokens{proposal.projection.of}")
    return table(head, rows, (12, 16, 20, 14, 16, 22), "lrrrrr")


def make_tokenergy(proposal: Proposal) -> list[Flowable]:
    """TokEnergy, never without its card."""
    p, plan = proposal.projection, proposal.plan
    te = p.tokenergy_kwh_per_mtok
    direction = (
        ("Low case", te.low, p.mtok.high),
        ("Base case", te.base, p.mtok.base),
        ("High case", te.high, p.mtok.low),
    )
    rows = [
        (
            name,
            kwh_per_mtok_text(v, te.base),
            f"{v * 3.6:.3f}",
            number(1e6 / v),
            number(1e6 / (v * 3.6)),
            f"{mtok / 1e6:,.3f}",
        )
        for name, v, mtok in direction
    ]
    head = (
        f"Boundary B3{p.of}",
        "kWh / million tokens",
        "J / token",
        "tokens / kWh",
        "tokens/s per MW",
        "trillion tokens a year",
    )
    return [
        Heading("9\u00a0\u00a0TokEnergy", 0, "tokenergy"),
        para(
            f"{LABEL}: the electricity that enters the site in a year over the useful tokens delivered in it, a ratio "
            "of sums. Less energy per token is better; tokens per kWh is the same figure the other way up. The idea of "
            "a TokEnergy Index was proposed in May 2026 by Huawei Digital Power; no official formula, unit or boundary "
            "is public. The definition here is prefab's own and is comparable only under an equal workload card."
        ),
        table(head, rows, (18, 17, 14, 17, 17, 17), "lrrrrr"),
        *_yields(proposal),
        together(
            Heading(f"Workload card{p.of}", 1, "workload-card"),
            para("Part of every TokEnergy figure of this proposal.", CAPTION),
            facts(_card(proposal, 0), share=0.30),
        ),
        *(
            together(
                Heading(f"Workload card of {plan.brief.it.demands[number].name}", 1, f"workload-card-{number + 1}"),
                facts(_card(proposal, number), share=0.30),
            )
            for number in range(1, len(plan.workloads))
        ),
        *(
            together(
                Heading(f"Card of {energy.demand}, without tokens", 1, f"storage-card-{place + 1}"),
                facts(_storage_card(proposal, place), share=0.30),
            )
            for place, energy in enumerate(p.without_tokens)
        ),
        together(
            Drawn(make_waterfall(p), INNER_WIDTH, 240),
            para(f"Base case: what each part of the site adds to the energy of a million tokens{p.of}.", CAPTION),
        ),
        together(Heading("Boundaries", 1, "boundaries"), _boundaries(proposal)),
        together(
            Heading(f"What else a million tokens{p.of} takes", 1, "companions"),
            facts(
                [
                    (
                        "Energy cost",
                        f"{p.energy_usd_per_mtok:.4f} $ at {energy_price_text(proposal)} ({plan.tariff.title})",
                    ),
                    (
                        "Carbon",
                        f"{number(p.carbon_g_per_mtok, 1)} g CO2 at {_factor(proposal)}",
                    ),
                    ("Water", f"{p.water_l_per_mtok:.3f} L on the site"),
                ]
            ),
        ),
        *make_flexibility(proposal),
        *_notes(p.notes),
    ]


def _boundaries(proposal: Proposal) -> Flowable:
    p = proposal.projection
    # The PUE is of the whole site; the overhead of one of its demands is another.
    times = "" if p.yields else " (IT times PUE)"
    exports = "what supply exports is left out" if p.supplied else "the site exports nothing"
    rows = [
        (
            "B0 chip",
            "Accelerators alone",
            kwh_per_mtok_text(p.b0_kwh_per_mtok, p.b3_kwh_per_mtok),
            f"{p.b0_kwh_per_mtok / p.b3_kwh_per_mtok:.1%}",
        ),
        (
            "B1 IT",
            "Rack inputs: B0, hosts, network, idle spares, fans and supplies in the racks",
            kwh_per_mtok_text(p.b1_kwh_per_mtok, p.b3_kwh_per_mtok),
            f"{p.b1_kwh_per_mtok / p.b3_kwh_per_mtok:.1%}",
        ),
        (
            "B2 facility",
            f"B1, UPS, distribution, transformers, cooling, auxiliaries, at the point of delivery{times}",
            kwh_per_mtok_text(p.b2_kwh_per_mtok, p.b3_kwh_per_mtok),
            f"{p.b2_kwh_per_mtok / p.b3_kwh_per_mtok:.1%}",
        ),
        (
            "B3 site",
            f"B2 and the losses of the grid battery; {exports} and its generators stand by",
            kwh_per_mtok_text(p.b3_kwh_per_mtok, p.b3_kwh_per_mtok),
            "100.0%",
        ),
    ]
    return table(("Level", "What it counts", "kWh / million tokens", "Of B3"), rows, (13, 55, 20, 12), "llrr")


def _yields(proposal: Proposal) -> list[Flowable]:
    """Every IT demand by itself, where there are several: tokens of different workloads are never added up."""
    rows = [
        (
            y.demand,
            f"{y.energy_frac:.1%}",
            f"{y.mtok.base / 1e6:,.3f}",
            f"{y.tokenergy_kwh_per_mtok.base:.3f} ({y.tokenergy_kwh_per_mtok.low:.3f} to "
            f"{y.tokenergy_kwh_per_mtok.high:.3f})",
            f"{y.energy_usd_per_mtok:.4f}",
            f"{number(y.carbon_g_per_mtok, 1)}",
        )
        for y in proposal.projection.yields
    ]
    if not rows:
        return []
    rows += [
        (e.demand, f"{e.energy_frac:.1%}", "none", f"no tokens: {number(e.site_mwh)} MWh a year", "", "")
        for e in proposal.projection.without_tokens
    ]
    head = ("Demand", "Of the site's energy", "Trillion tokens a year", "kWh / million tokens (B3)", "$", "g CO2")
    text = (
        f"The site's energy is shared out by what each demand's blocks draw from its plant. The other figures of this "
        f"section are of {rows[0][0]}."
    )
    return [
        together(
            Heading("Tokens by demand", 1, "demands"),
            table(head, rows, (16, 17, 19, 26, 10, 12), "lrrrrr"),
            para(text, CAPTION),
            *bullets([f"{y.demand}{not_comparable(y)}." for y in proposal.projection.yields if y.not_comparable]),
        )
    ]


def _card(proposal: Proposal, demand: int) -> list[tuple[str, str]]:
    plan = proposal.plan
    w = plan.workloads[demand]
    found = proposal.projection.yields[demand] if plan.further_workloads else proposal.projection
    accelerators, held = 0, set[str]()
    for kind, counts in zip(plan.sized.kinds, plan.sized.blocks, strict=True):
        it = plan.module(kind.pod).it
        if it and plan.demand_of(kind) == demand:
            held.add(it.accelerator)
            accelerators += it.accelerators_count * kind.pods * counts[-1] if match(w, it.accelerator) else 0
    sources = {s.key: s for s in plan.sources}
    rate = w.source_of("published_tokens_per_s")
    source = sources[rate.source].title if rate.source in sources else rate.source
    low, high = w.rate_low_tokens_per_s, w.rate_high_tokens_per_s
    used = w.utilisation_frac if plan.brief.utilisation_frac is None else plan.brief.utilisation_frac
    return [
        ("Card", f"{w.title} ({w.key}), {w.purpose}"),
        ("Model", f"{w.model}, {w.parameters_total_b:g} billion parameters, {w.parameters_active_b:g} billion active"),
        ("Precision", w.precision),
        ("Accelerators", f"{number(accelerators)} x {w.accelerator}, {w.accelerator_w:g} W each at the rate below"),
        ("Published rate", f"{w.published_tokens_per_s:g} tokens/s per accelerator, {w.published}"),
        (
            "Rate used",
            f"{w.realisation_frac.base:g} of it: {w.rate_tokens_per_s:.4g} tokens/s ({low:.4g} to {high:.4g})",
        ),
        ("Bases", f"tokens: {_in_words(w.token_basis)}; power: {_in_words(w.power_basis)}"),
        ("Mean length", f"{w.input_tokens_mean:g} tokens in, {w.output_tokens_mean:g} tokens out"),
        ("Concurrency", w.concurrency),
        ("Latency target", w.latency_target),
        ("Tokens counted", w.tokens_counted),
        ("Tokenizer", w.tokenizer),
        ("Utilisation U in the week's highest hour", f"{used:.0%}"),
        ("Availability A, goodput G", f"{w.availability_frac:.1%}, {w.goodput_frac:.1%}"),
        ("Source of the rate", f"{source} ({rate.basis}). {rate.note}"),
        ("Date", f"{plan.brief.as_of}"),
        ("Boundary", "B3, electricity only"),
        ("Weather", proposal.projection.weather_source),
        ("Grid battery duty", _battery_duty(proposal)),
        *([("Not comparable", found.not_comparable)] if found.not_comparable else []),
        *_accelerators(proposal, held),
    ]


def _battery_duty(proposal: Proposal) -> str:
    duties = dict.fromkeys(k.duty for k in proposal.kept if not k.kind and k.duty != FREE)
    if duties:
        return f"{', '.join(duties)} (section 4); no cycling is projected"
    return "standby; no cycling is projected" if proposal.plan.brief.storage.power_mw else "no grid battery"


def _storage_card(proposal: Proposal, place: int) -> list[tuple[str, str]]:
    """Of a demand without tokens: what it holds, how busy that is, and the energy that falls to it."""
    plan, energy = proposal.plan, proposal.projection.without_tokens[place]
    card, pods, servers = plan.storage_cards[place], 0, 0
    for kind, counts in zip(plan.sized.kinds, plan.sized.blocks, strict=True):
        it = plan.module(kind.pod).it
        if it and kind.demand == energy.demand:
            pods += kind.pods * counts[-1]
            servers += it.accelerators_count * kind.pods * counts[-1]
    return [
        ("Card", f"{card.title} ({card.key}), {card.purpose}"),
        ("Holds", f"{number(servers)} {card.servers} in {number(pods)} pods; the servers are not in the price"),
        ("Busy share in the week's highest hour", f"{card.utilisation_frac:.0%}, by the profile {card.profile}"),
        ("Energy of a year", f"{number(energy.site_mwh)} MWh ({energy.energy_frac:.1%} of the site's), no tokens"),
        ("Of it at the racks", f"{number(energy.it_mwh)} MWh, fabric included"),
    ]


def _in_words(basis: str) -> str:
    return basis.replace("_", " ").replace("gpu board", "accelerator board").replace("server ac", "server AC")


def _accelerators(proposal: Proposal, held: set[str]) -> list[tuple[str, str]]:
    """What the pods of a demand hold; it is not part of the bill."""
    return [
        (
            f"Price and life of one {a.name}",
            f"{number(a.price_usd.base)} $ ({number(a.price_usd.low)} to {number(a.price_usd.high)}), "
            f"{a.life_years.base:g} years ({a.source_of('price_usd').basis}); not in the price of the site",
        )
        for a in proposal.plan.accelerators
        if a.name in held
    ]


def _notes(notes: Sequence[str]) -> list[Flowable]:
    return [together(Heading("Notes on the projection", 1, "notes"), *bullets(notes))] if notes else []
