"""The solution: site plan, one-line diagram, cooling chain, pod powers, equipment, redundancy and compliance."""

from collections.abc import Sequence

from reportlab.platypus import Flowable, NextPageTemplate, PageBreak

from prefab.documents.cooling_chain import make_cooling_chain
from prefab.documents.drawing import Drawing
from prefab.documents.labels import figures_of, headroom_of, rating_of, redundancy_of, result_of, units_of
from prefab.documents.one_line import make_one_line_sheets
from prefab.documents.pdf_dependability import make_dependability_tables
from prefab.documents.pdf_drawings import Drawn
from prefab.documents.pdf_page import LANDSCAPE, LANDSCAPE_HEIGHT, PORTRAIT
from prefab.documents.pdf_storage import make_storage
from prefab.documents.pdf_style import (
    CAPTION,
    CELL,
    CELL_BAD,
    CELL_GOOD,
    CELL_SMALL_GREY,
    INNER_WIDTH,
    LANDSCAPE_WIDTH,
    Cell,
    Heading,
    para,
    section,
    table,
    together,
)
from prefab.plan import Group, Plan, Plant
from prefab.proposal import Compliance, Proposal
from prefab.units import number

_MOST_BROKEN = 60
_SHEET_HEIGHT = LANDSCAPE_HEIGHT - 62


def make_site_pages(proposal: Proposal, site_plan: Drawing) -> list[Flowable]:
    """The site plan on a sheet of its own, across where the land is wide."""
    wide = site_plan.width >= site_plan.height
    template = LANDSCAPE if wide else PORTRAIT
    width, height = (LANDSCAPE_WIDTH, _SHEET_HEIGHT) if wide else (INNER_WIDTH, 640.0)
    site = proposal.plan.brief.site
    land = f"{site.size_m[0]:g} x {site.size_m[1]:g} m" if site.size_m else f"{site.area_m2 / 1e4:.2f} ha"
    note = f"Land of {land}; north is up. The same drawing to scale: site.svg."
    return [
        NextPageTemplate(template),
        PageBreak(),
        Heading("3\u00a0\u00a0Site plan", 0, "site-plan"),
        Drawn(site_plan, width, height),
        para(note, CAPTION),
    ]


def make_power_pages(proposal: Proposal) -> list[Flowable]:
    """One-line diagram and cooling chain on sheets across, then pod powers, redundancy and availability."""
    plan = proposal.plan
    chain = make_cooling_chain(plan)
    return [
        NextPageTemplate(LANDSCAPE),
        PageBreak(),
        Heading("4\u00a0\u00a0Power and cooling", 0, "power"),
        *_one_line(plan),
        PageBreak(),
        Heading("Cooling chain", 1, "cooling"),
        Drawn(chain, LANDSCAPE_WIDTH, _SHEET_HEIGHT),
        para(
            "One typical block of each kind, along the plan's own feeds. Each count includes standby units. Air takes "
            "the heat of lighting and controls in the pod as well.",
            CAPTION,
        ),
        NextPageTemplate(PORTRAIT),
        PageBreak(),
        together(*_pod_powers(plan)),
        *_redundancy(plan),
        *make_dependability_tables(proposal),
        *make_storage(proposal),
    ]


def _one_line(plan: Plan) -> list[Flowable]:
    """The one-line diagram, on a sheet for each kind of block where they do not fit beside each other."""
    story: list[Flowable] = []
    for number_, sheet in enumerate(make_one_line_sheets(plan)):
        if number_:
            story += [PageBreak(), Heading(sheet.title, 1, f"one-line-{number_ + 1}")]
        story.append(Drawn(sheet, LANDSCAPE_WIDTH, LANDSCAPE_HEIGHT - 44))
    return story


def _pod_powers(plan: Plan) -> list[Flowable]:
    counted_pods: dict[str, int] = {}
    for kind, counts in zip(plan.sized.kinds, plan.sized.blocks, strict=True):
        if counts[-1]:
            counted_pods[kind.pod] = counted_pods.get(kind.pod, 0) + kind.pods * counts[-1]
    rows: list[Sequence[Cell]] = []
    totals = [0.0] * 4
    for sku, count in counted_pods.items():
        pod = plan.module(sku)
        if pod.it:
            powers = (pod.it.nameplate_kw, pod.it.sustained_kw, pod.it.peak_kw, pod.it.measured_kw)
            totals = [t + count * p for t, p in zip(totals, powers, strict=True)]
            rows.append((f"{pod.sku}: {pod.title}", str(count), *(number(p) for p in powers)))
    rows.append(("Site, kW", "", *(number(t) for t in totals)))
    head = ("Pod", "Count", "Nameplate, kW", "Sustained, kW", "Peak, kW", "Measured, kW")
    return [
        Heading("The four powers of the IT pods", 1, "pod-powers"),
        para(
            "Conductors, UPS and generators are sized on peak power, cooling on sustained power, energy on measured "
            "power (the mean at full token throughput). Nameplate is the rating on the "
            "label; peak is short excursions above the sustained power."
        ),
        table(head, rows, (33, 9, 16, 15, 12, 15), "lrrrrr", 1),
    ]


def _redundancy(plan: Plan) -> list[Flowable]:
    rows: list[Sequence[Cell]] = []
    for plant in plan.sized.plant:
        if plant.per_side[-1]:
            installed = f"{plant.sides * plant.per_side[-1]} x {plant.sku}"
            rows.append(_redundant(plan, "Site", plant, units_of(plan, plant, plan.sized.plant), installed))
    for kind in plan.sized.kinds:
        for group in kind.groups:
            units = units_of(plan, group, kind.groups)
            rows.append(_redundant(plan, kind.title, group, units, f"{group.count} x {group.sku}"))
    head = ("Where", "What it gives", "Asked", "Installed", "Each", "Arranged as")
    return [
        # A short table stays whole, a long one may begin where there is room for half a dozen rows.
        section(min(70.0 + 18 * len(rows), 250.0)),
        Heading("Redundancy", 1, "redundancy", before_long=True),
        para(
            "N carries the load with nothing to spare, N+1 has one unit more than the load needs, 2N has two systems "
            "A and B, each of which carries everything. Block kinds are given per block."
        ),
        table(head, rows, (12, 27, 10, 15, 19, 21)),
    ]


def _redundant(plan: Plan, where: str, member: Group | Plant, units: str, installed: str) -> Sequence[Cell]:
    """A line of the redundancy table; what serves one module each is as redundant as those."""
    title = plan.carrier(member.carrier).title
    if isinstance(member, Group) and member.supply_degc is not None:
        title += f", {member.supply_degc:g} °C"
    asked = "with them" if units else redundancy_of(plan, member.carrier)
    pods = f"each of {member.cells} pods has its own" if isinstance(member, Group) and member.cells > 1 else ""
    arranged = ", ".join(t for t in ("A and B" if member.sides == 2 else "one system" * (not units), pods, units) if t)
    return where, title, asked, installed, rating_of(plan, member.sku, member.carrier), arranged


def make_equipment(proposal: Proposal) -> list[Flowable]:
    """The equipment list with counts per phase."""
    phases = proposal.plan.brief.phases
    short = [f"P{number_}" for number_ in range(1, len(phases) + 1)]
    rows = [
        (
            row.sku,
            row.title,
            row.rating,
            *(str(n) for n in row.per_phase),
            str(row.count),
            row.footprint,
            number(row.mass_kg),
        )
        for row in proposal.equipment
    ]
    head = ("SKU", "Module", "Rating", *short, "Total", "L x W x H, m", "Mass each, kg")
    digits = max((len(str(row.count)) for row in proposal.equipment), default=1)
    widths = (15, 34, 13, *([3 + 1.1 * max(2, digits)] * len(short)), 9.5, 19, 13)
    named = ", ".join(f"{s} = {p.name}" for s, p in zip(short, phases, strict=True))
    modules = sum(row.count for row in proposal.equipment)
    return [
        Heading("5\u00a0\u00a0Equipment list", 0, "equipment"),
        para(f"{modules} factory-built and factory-tested modules. The full bill with parts and prices is bom.xlsx."),
        table(head, rows, widths, "lll" + "r" * len(short) + "rlr"),
        para(f"Phases: {named}.", CAPTION),
    ]


def make_compliance(proposal: Proposal) -> list[Flowable]:
    """Every rule, from the audit that shares nothing with the solver."""
    kept = sum(f.kept for f in proposal.findings)
    rows: list[Sequence[Cell]] = []
    for row in proposal.compliance:
        result = result_of(row)
        style = {"kept": CELL_GOOD, "NOT KEPT": CELL_BAD}.get(result, CELL)
        asked = [para(row.asked, CELL), para(f"Reads {row.basis}.", CELL_SMALL_GREY)]
        rows.append((row.title, asked, para(result, style), str(row.places), *_tightest(row)))
    head = ("Rule", "What it asks here", "Result", "Places", "Tightest at", "Value and limit", "Room")
    return [
        Heading("6\u00a0\u00a0Compliance", 0, "compliance"),
        para(
            f"{kept} of {len(proposal.findings)} findings are kept. They come from checks written apart from the "
            "solver, which walk the plan's own connections, positions and dates, every single loss that the brief "
            "names included."
        ),
        table(head, rows, (15, 32.5, 8, 10, 17.5, 18, 9), "lllrllr"),
        *_broken(proposal),
    ]


def _tightest(row: Compliance) -> tuple[Cell, Cell, Cell]:
    finding = row.tightest
    if finding is None or finding.actual == finding.limit == 0:
        return "", "", ""
    value = [para(figures_of(finding), CELL), para(finding.text.replace("_", " "), CELL_SMALL_GREY)]
    return finding.where, value, headroom_of(finding)


def _broken(proposal: Proposal) -> list[Flowable]:
    rows = [(f.rule, f.where, figures_of(f), f.text) for f in proposal.faults[:_MOST_BROKEN]]
    if not rows:
        return []
    return [
        section(120),
        Heading("Findings that are not kept", 1, "broken", before_long=True),
        para(f"{len(rows)} of {len(proposal.faults)}; `prefab check` lists all."),
        table(("Rule", "Where", "Value and limit", "Remark"), rows, (15, 25, 25, 35)),
    ]
