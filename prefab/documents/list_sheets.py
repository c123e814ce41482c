"""The workbook's lists: spares, logistics, equipment, runs, findings, resilience, availability and assumptions."""

from collections.abc import Sequence

from prefab.documents.bom_sheets import FIRST_ROW, HEAD_ROW
from prefab.documents.dependability_rows import (
    MAINTAINABLE,
    TOLERANT,
    availability_rows,
    class_text,
    method_notes,
    resilience_rows,
    statement_text,
)
from prefab.documents.labels import basis_text, family_title, figure_title, headroom_frac_of, result_of
from prefab.documents.style import GREEN, RED
from prefab.documents.workbook import PLAIN, Book, Column, Formula, Look, Value
from prefab.proposal import Proposal

TRANSPORT = {
    "A": "without permit",
    "B": "width of an ISO container, overweight",
    "C": "oversize permit",
    "D": "shipped in parts",
    "E": "heavy haul",
    "-": "loose or inside another module",
}


def add_spares(book: Book, proposal: Proposal) -> None:
    """Recommended spares."""
    sheet = book.add_sheet("Spares", "Recommended spare parts for the whole site; not in the price.")
    columns = (
        Column("Part", "code", 18),
        Column("Description", "text", 50),
        Column("Quantity", "count", 12),
        Column("UoM", "code", 8),
        Column("Used in", "code", 20),
    )
    rows = [(s.part, s.title, s.quantity, s.unit, s.used_in) for s in proposal.bom.spares]
    book.put_table(sheet, HEAD_ROW, columns, rows)


def add_logistics(book: Book, proposal: Proposal) -> None:
    """What travels and is lifted, by type."""
    plan = proposal.plan
    sheet = book.add_sheet("Logistics", "Transport list. Modules that stand inside another travel in it.")
    columns = (
        Column("SKU", "code", 15),
        Column("Description", "text", 46),
        Column("Quantity", "count", 10),
        Column("Length, m", "number", 11),
        Column("Width, m", "number", 11),
        Column("Height, m", "number", 11),
        Column("Mass each, kg", "count", 13),
        Column("Mass in all, kg", "count", 15),
        Column("Lifts each", "count", 8),
        Column("Lifts in all", "count", 9),
        Column("Transport class", "code", 10),
        Column("Class means", "text", 32),
        Column("Stands", "code", 10),
    )
    rows: list[Sequence[Value]] = []
    for index, item in enumerate(proposal.equipment):
        module, row = plan.module(item.sku), FIRST_ROW + index
        lifts = module.deployment.lifts_count
        rows.append(
            (
                item.sku,
                item.title,
                item.count,
                module.length_mm / 1000,
                module.width_mm / 1000,
                module.height_mm / 1000,
                module.mass_kg,
                Formula(f"C{row}*G{row}", item.count * module.mass_kg),
                lifts,
                Formula(f"C{row}*I{row}", item.count * lifts),
                module.transport.permit,
                TRANSPORT[module.transport.permit],
                "on the land" if module.stands == "site" else "inside",
            )
        )
    book.put_table(sheet, HEAD_ROW, columns, rows)


def add_equipment(book: Book, proposal: Proposal) -> None:
    """Every module by tag."""
    plan = proposal.plan
    sheet = book.add_sheet(
        "Equipment", "Every module by tag. Positions: south-west corner from the corner of the land."
    )
    of_pods = plan.connected is not None and any(e.cell for e in plan.connected.equipment)
    columns = (
        Column("Tag", "code", 16),
        Column("SKU", "code", 14),
        Column("Description", "text", 46),
        Column("Family", "code", 26),
        Column("Block", "count", 8),
        Column("Block kind", "code", 10),
        *([Column("IT demand", "text", 16)] if plan.brief.it.demand else []),
        *([Column("Own of pod", "count", 10)] if of_pods else []),
        Column("Phase", "text", 20),
        Column("Gives", "text", 30),
        Column("Side", "code", 7),
        Column("Supply, °C", "number", 10),
        Column("East, m", "number", 10),
        Column("North, m", "number", 10),
        Column("Turned", "code", 9),
    )
    places = {p.tag: p for p in plan.placed.positions} if plan.placed else {}
    serves = {kind.name: kind.demand for kind in plan.sized.kinds}
    rows: list[Sequence[Value]] = []
    for e in plan.connected.equipment if plan.connected else ():
        module, at = plan.module(e.sku), places.get(e.tag)
        rows.append(
            (
                e.tag,
                e.sku,
                module.title,
                family_title(module.family),
                e.block or None,
                e.kind,
                *([serves.get(e.kind)] if plan.brief.it.demand else []),
                *([e.cell or None] if of_pods else []),
                plan.brief.phases[e.phase].name,
                plan.carrier(e.carrier).title,
                e.side,
                e.supply_degc,
                at.x_mm / 1000 if at else None,
                at.y_mm / 1000 if at else None,
                ("yes" if at.turned else "no") if at else "inside",
            )
        )
    book.put_table(sheet, HEAD_ROW, columns, rows)


def add_runs(book: Book, proposal: Proposal) -> None:
    """Every cable and pipe, from and to."""
    plan = proposal.plan
    sheet = book.add_sheet("Runs", "Cable and pipe schedule; length with risers and slack.")
    columns = (
        Column("From", "code", 18),
        Column("To", "code", 18),
        Column("Carrier", "text", 36),
        Column("Side", "code", 8),
        Column("Length, m", "number", 13),
    )
    runs = plan.routed.runs if plan.routed else ()
    titles = {c.key: c.title for c in plan.carriers}
    rows = [(r.start, r.end, titles[r.carrier], r.side, r.length_mm / 1000) for r in runs]
    book.put_table(sheet, HEAD_ROW, columns, rows)


def add_compliance(book: Book, proposal: Proposal) -> None:
    """Every rule, then every finding."""
    rules = book.add_sheet("Compliance", "Rules, asked by the brief and checked apart from the solver.")
    columns = (
        Column("Rule", "text", 30),
        Column("What it asks", "text", 70),
        Column("Reads", "text", 50),
        Column("Result", "code", 12),
        Column("Places", "count", 9),
        Column("Tightest at", "text", 30),
    )
    looks = {"kept": Look(colour=GREEN), "NOT KEPT": Look(colour=RED, bold=True)}
    results = [result_of(c) for c in proposal.compliance]
    rows = [
        (c.title, c.asked, c.basis, result, c.places, c.tightest.where if c.tightest else "")
        for c, result in zip(proposal.compliance, results, strict=True)
    ]
    book.put_table(rules, HEAD_ROW, columns, rows, [looks.get(result, PLAIN) for result in results])
    sheet = book.add_sheet("Findings", "Every check with its value and limit.")
    details = (
        Column("Rule", "text", 24),
        Column("Where", "text", 44),
        Column("Kept", "code", 8),
        Column("Value", "count", 16),
        Column("Sense", "code", 8),
        Column("Limit", "count", 16),
        Column("Unit", "code", 12),
        Column("Room", "share", 10),
        Column("Remark", "text", 70),
    )
    book.put_table(
        sheet,
        HEAD_ROW,
        details,
        [
            (
                f.rule.replace("_", " "),
                f.where,
                "yes" if f.kept else "NO",
                round(f.actual, 6),
                {"<=": "at most", ">=": "at least", "==": "equal"}[f.sense],
                round(f.limit, 6),
                f.unit,
                headroom_frac_of(f),
                f.text.replace("_", " "),
            )
            for f in proposal.findings
        ],
        [PLAIN if f.kept else looks["NOT KEPT"] for f in proposal.findings],
    )


def add_resilience(book: Book, proposal: Proposal) -> None:
    """What may be taken out and what may fail."""
    sheet = book.add_sheet("Resilience", f"Class reached: {class_text(proposal.dependability)}")
    columns = (
        Column("Subsystem", "text", 20),
        Column("Asked", "text", 22),
        Column("Maintainable while it runs", "code", 14),
        Column("Tolerant of one fault", "code", 12),
        Column("The point that holds it back", "text", 84),
    )
    rows = resilience_rows(proposal)
    book.put_table(sheet, HEAD_ROW, columns, rows)
    for row, note in enumerate((statement_text(), MAINTAINABLE, TOLERANT), FIRST_ROW + len(rows) + 1):
        book.put(sheet, f"A{row}", note)


def add_availability(book: Book, proposal: Proposal) -> None:
    """The hours of the worst pod with their method; no sheet where they are left out."""
    if proposal.dependability.left_out:
        return
    sheet = book.add_sheet("Availability", "At the worst pod of the site, hours of a year of 8,760.")
    columns = (
        Column("Subsystem", "text", 20),
        Column("Pod", "code", 14),
        Column("Available", "available", 12),
        Column("Hours a year down", "number", 13),
        Column("Low end of range", "number", 13),
        Column("High end of range", "number", 13),
        Column("Greatest contributor", "text", 56),
        Column("Its hours", "number", 11),
        Column("If ordered", "number", 12),
    )
    rows = [
        tuple(round(value, 9) if isinstance(value, float) else value for value in row)
        for row in availability_rows(proposal)
    ]
    book.put_table(sheet, HEAD_ROW, columns, rows)
    for row, note in enumerate(method_notes(proposal), FIRST_ROW + len(rows) + 1):
        book.put(sheet, f"A{row}", note)


def add_assumptions(book: Book, proposal: Proposal) -> None:
    """The main figures with their sources."""
    sheet = book.add_sheet(
        "Assumptions",
        f"{basis_text(proposal)} Every other figure of a module with its source: prefab catalog show SKU; plan.json.",
    )
    columns = (
        Column("Subject", "text", 26),
        Column("Figure", "text", 28),
        Column("Value", "text", 30),
        Column("Basis", "code", 13),
        Column("Source", "text", 44),
        Column("Address", "text", 50),
        Column("Note", "text", 70),
    )
    rows = [
        (a.subject, figure_title(a.figure), a.value, a.basis, a.source, a.url, a.note) for a in proposal.assumptions
    ]
    book.put_table(sheet, HEAD_ROW, columns, rows)


def add_open_points(book: Book, proposal: Proposal) -> None:
    """What the grid's rules ask that nobody has shown to be kept; no sheet where there is nothing."""
    if not proposal.open_points:
        return
    sheet = book.add_sheet("Open points", "What grid rules ask and this plan does not show; never counted as kept.")
    columns = (Column("Rule", "text", 50), Column("What it asks", "text", 80), Column("Why it is open", "text", 80))
    book.put_table(sheet, HEAD_ROW, columns, [(p.subject, p.text, p.why) for p in proposal.open_points])


def add_sources(book: Book, proposal: Proposal) -> None:
    """What the keys in columns named Source stand for."""
    sheet = book.add_sheet("Sources", "Publications and references behind the figures.")
    columns = (
        Column("Source", "code", 24),
        Column("Title", "text", 70),
        Column("Address", "text", 70),
        Column("Date", "text", 16),
        Column("How far to trust it", "text", 30),
    )
    rows = [(s.key, s.title, s.url, s.date, s.trust) for s in proposal.plan.sources]
    book.put_table(sheet, HEAD_ROW, columns, rows)
