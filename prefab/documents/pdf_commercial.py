"""Prices, assumptions with their sources, and what this proposal does not claim."""

from collections.abc import Sequence
from decimal import Decimal

from reportlab.platypus import Flowable

from prefab.documents.labels import (
    REVISION,
    basis_text,
    counted,
    family_title,
    figure_title,
    installed_it_kw,
    plan_mark,
)
from prefab.documents.pdf_drawings import Drawn
from prefab.documents.pdf_style import (
    CAPTION,
    CELL_SMALL,
    CELL_SMALL_BOLD,
    INNER_WIDTH,
    Cell,
    Heading,
    bullets,
    facts,
    para,
    section,
    table,
    together,
)
from prefab.documents.projection_charts import make_cost_chart
from prefab.proposal import Proposal
from prefab.units import day, musd, number


def make_commercial(proposal: Proposal) -> list[Flowable]:
    """The commercial summary."""
    plan, bom = proposal.plan, proposal.bom
    families: dict[str, tuple[Decimal, Decimal]] = {}
    for line in bom.lines:
        if line.extended_usd:
            count, amount = families.get(line.family, (Decimal(0), Decimal(0)))
            families[line.family] = (count + line.quantity, amount + line.extended_usd)
    ordered = sorted(families.items(), key=lambda item: (-item[1][1], item[0]))
    rows = [(family_title(name), counted(int(count), "module"), usd(amount)) for name, (count, amount) in ordered]
    rows.append(
        ("Cables and pipes, installed", counted(sum(c.runs_count for c in bom.cables), "run"), usd(bom.cables_usd))
    )
    for cost in bom.costs:
        how = f"{cost.rate_frac:.1%} of {musd(cost.base_usd)}" if cost.rate_frac != 1 else ""
        rows.append((cost.title, how, usd(cost.amount_usd)))
    shares = [(title, amount) for title, (_, amount) in ((family_title(n), v) for n, v in ordered)]
    shares += [("Cables and pipes", bom.cables_usd), *((c.title.partition(",")[0], c.amount_usd) for c in bom.costs)]
    rows.append(("Total", "", usd(bom.total_usd)))
    rows.append(("Low case to high case", "", f"{usd(bom.low_usd)} to {usd(bom.high_usd)}"))
    accuracy = plan.costs.price_accuracy_frac
    loads = ((plan.brief.it_kw / 1000, "asked"), (installed_it_kw(plan) / 1000, "installed"))
    basis = [
        ("Price basis", f"Indicative on {day(plan.brief.as_of)}, in US dollars without taxes and duties. No offer."),
        ("Accuracy", f"±{accuracy:.0%} where a price has no band of its own; the cases add up every band."),
        ("Per MW of IT", ", ".join(f"{number(float(bom.total_usd) / 1e6 / mw, 2)} M$ {name}" for mw, name in loads)),
        ("Sizing", _proof(proposal)),
    ]
    return [
        Heading("10\u00a0\u00a0Commercial summary", 0, "commercial"),
        table(("Item", "Basis", "US dollars"), rows, (48, 24, 28), "lrr", total_rows=2),
        facts(basis, share=0.2),
        together(
            Drawn(make_cost_chart(shares), INNER_WIDTH, 240),
            para("Share of each item in the total.", CAPTION),
        ),
        para("Every line with quantity, price and source is in bom.xlsx, whose formulas give the same total.", CAPTION),
    ]


def usd(amount: Decimal) -> str:
    """Whole dollars."""
    return f"{number(float(amount))}"


def _proof(proposal: Proposal) -> str:
    sized, prefer = proposal.plan.sized, proposal.plan.brief.prefer
    cost = f"{number(sized.cost_usd)} USD of modules, freight and installation"
    if prefer.makers:
        cost += f" (compared as {number(sized.objective_usd)} USD, {prefer.said()})"
    if sized.status == "optimal":
        hidden = f"whole watts and dollars hide at most {sized.rounding_frac:.3%}"
        return f"{cost}, proved cheapest within one module type per carrier and block kind ({hidden})"
    stopped = {"": "", "user": " (stopped by the user)", "budget": " (budget of effort spent)"}[sized.stopped]
    return f"{cost}, at most {sized.gap_frac:.2%} above the cheapest{stopped}"


def make_assumptions(proposal: Proposal) -> list[Flowable]:
    """The main figures with their sources, and what is left out."""
    sources: dict[tuple[str, str], int] = {}
    rows: list[Sequence[Cell]] = []
    subject = ""
    for a in proposal.assumptions:
        index = sources.setdefault((a.source, a.url), len(sources) + 1)
        shown = a.subject if a.subject != subject else ""
        subject = a.subject
        texts = (figure_title(a.figure), a.value, a.basis, f"[{index}]", a.note)
        rows.append((para(shown, CELL_SMALL_BOLD), *(para(text, CELL_SMALL) for text in texts)))
    listed = [(f"[{index}]", title, url) for (title, url), index in sources.items()]
    return [
        Heading("11\u00a0\u00a0Assumptions and exclusions", 0, "assumptions"),
        para(
            f"{basis_text(proposal)} Where a band is known it stands behind the value. Of each module these are its "
            "main figures; `prefab catalog show SKU` prints every figure with its source, and plan.json carries them."
        ),
        together(Heading("Exclusions", 1, "exclusions"), *bullets(_EXCLUSIONS)),
        section(120),
        Heading("Figures", 1, "figures", before_long=True),
        table(("Subject", "Figure", "Value", "Basis", "Source", "Note"), rows, (14, 20, 21, 11.5, 8.5, 40)),
        section(120),
        Heading("Sources", 1, "sources", before_long=True),
        table(("No.", "Title", "Address"), listed, (7, 48, 45)),
    ]


_EXCLUSIONS = (
    "Land, utility works outside the fence, permits' fees, taxes, duties, insurance and finance.",
    "Computers, network equipment and their software, unless the bill lists them as part of a pod.",
    "Soil survey, foundations beyond pads, fences, guard house, offices, landscaping.",
    "Protection study, fault levels, cable sizing, hydraulic detail: they belong to the detailed design.",
    "Operation, maintenance and spare parts beyond the recommended list in bom.xlsx.",
)


def make_closing(proposal: Proposal) -> list[Flowable]:
    """Honest limits and the revision history."""
    plan = proposal.plan
    limits = [
        "“Optimal” means cheapest among designs with one module type per carrier and block kind, "
        f"at most {plan.brief.kinds_max} block kinds, and the modules of catalog {plan.catalog_digest[:12]}.",
        "Groups hold the fewest modules that carry their load in every situation; of heat rejection one more is tried, "
        "and more of what then needs fewer or smaller units of its own.",
        "The optimum is in capital cost. Energy, land and dates are computed for the result, not traded against it.",
        f"Weather: {proposal.projection.weather_source}; another year has other peaks and a somewhat different PUE.",
        "Token rates are benchmark or published rates under the workload card, not a promise of any model's service.",
        "Losses of single modules are walked, and of a whole side where 2N is asked; at N+1 the common bus, board or "
        "header of a group is a single point, as is the utility connection. Simultaneous losses, fire and flood are "
        "not walked.",
        "Recharging of UPS and grid batteries is not in the peak of the connection.",
        "Prices are indicative and dates assume that the utility connection named in the brief is contracted.",
    ]
    if plan.sized.stopped:
        ended = {"user": "stopped by the user", "budget": "out of its budget of effort"}[plan.sized.stopped]
        limits.append(f"The sizing was {ended} before its proof was complete.")
    history = [(REVISION, day(plan.brief.as_of), "First issue", plan_mark(plan), plan.program)]
    return [
        Heading("12\u00a0\u00a0Open points and limits", 0, "limits"),
        *bullets(limits),
        *_open_points(proposal),
        together(
            Heading("Revision history", 1, "revisions"),
            table(("Revision", "Date", "What", "Plan", "Made with"), history, (12, 16, 32, 22, 18)),
        ),
    ]


def _open_points(proposal: Proposal) -> list[Flowable]:
    """What the grid's rules ask that nobody has shown to be kept."""
    rows: list[Sequence[Cell]] = [
        tuple(para(text, CELL_SMALL) for text in (p.subject, p.text, p.why)) for p in proposal.open_points
    ]
    if not rows:
        return []
    heading = Heading("Grid rules: open points", 1, "open-points", before_long=True)
    return [heading, table(("Rule", "What it asks", "Why it is open"), rows, (26, 40, 34))]
