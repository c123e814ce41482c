"""`bom.xlsx`: the bill of materials as a workbook whose formulas recalculate to the plan's totals."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from openpyxl.worksheet.worksheet import Worksheet

from prefab.documents.bom_sheets import (
    CABLES_TOTAL,
    FIRST_ROW,
    HEAD_ROW,
    MODULES_TOTAL,
    CostCells,
    add_bom,
    add_cables,
    add_costs,
    add_phases,
    phases_total,
)
from prefab.documents.dependability_rows import summary_text
from prefab.documents.labels import (
    REVISION,
    counted,
    energy_price_text,
    faults_text,
    installed_it_kw,
    loads_by_demand,
    not_comparable,
    plan_mark,
)
from prefab.documents.list_sheets import (
    add_assumptions,
    add_availability,
    add_compliance,
    add_equipment,
    add_logistics,
    add_open_points,
    add_resilience,
    add_runs,
    add_sources,
    add_spares,
)
from prefab.documents.storage_sheets import add_flexibility, add_storage
from prefab.documents.workbook import Book, Column, Formula, Look, Value, head_look, heading_font
from prefab.proposal import Proposal
from prefab.results import DemandYield, Projection
from prefab.units import money, number

_TOLERANCE_USD = 0.005
_IT_ROW = HEAD_ROW + 2
"""Where the summary says the IT load, which the cost per megawatt divides by."""


def write(proposal: Proposal, path: Path) -> None:
    """Write the workbook; equal proposals give equal bytes."""
    brief = proposal.plan.brief
    book = Book(f"{brief.name}: bill of materials", proposal.plan.program, brief.as_of, faults_text(proposal))
    summary = book.add_sheet("Summary", "Budgetary. Totals are read from the other sheets by formula.")
    add_bom(book, proposal)
    add_phases(book, proposal)
    add_cables(book, proposal)
    cells = add_costs(book, proposal)
    add_spares(book, proposal)
    add_logistics(book, proposal)
    add_equipment(book, proposal)
    add_runs(book, proposal)
    add_compliance(book, proposal)
    add_resilience(book, proposal)
    add_availability(book, proposal)
    add_storage(book, proposal)
    add_flexibility(book, proposal)
    add_assumptions(book, proposal)
    add_open_points(book, proposal)
    add_sources(book, proposal)
    verdict = _add_checks(book, proposal, cells)
    _fill_summary(book, summary, proposal, cells, verdict)
    book.save(path)


def _add_checks(book: Book, proposal: Proposal, cells: CostCells) -> str:
    """Workbook against plan; gives the cell of the verdict."""
    bom = proposal.bom
    sheet = book.add_sheet("Checks", "The workbook's own totals against those of the plan; all must read OK.")
    columns = (
        Column("Check", "text", 50),
        Column("Workbook", "usd", 22),
        Column("Plan", "usd", 22),
        Column("Difference", "usd", 16),
        Column("Result", "code", 12),
    )
    last_bom = FIRST_ROW + len(bom.lines) - 1
    modules = sum(row.count for row in proposal.equipment)
    by_level = f"SUMIFS(BOM!J{FIRST_ROW}:J{last_bom},BOM!A{FIRST_ROW}:A{last_bom},2)"
    tagged = f"COUNTA(Equipment!A{FIRST_ROW}:A{FIRST_ROW + modules - 1})"
    listed = f"SUM(Logistics!C{FIRST_ROW}:C{FIRST_ROW + len(proposal.equipment) - 1})"
    wanted: list[tuple[str, str, Decimal | int]] = [
        ("Modules, US dollars", MODULES_TOTAL, bom.modules_usd),
        ("Modules of all phases, US dollars", phases_total(proposal), bom.modules_usd),
        ("Cables and pipes, US dollars", CABLES_TOTAL, bom.cables_usd),
        *((title, cell, cost.amount_usd) for (title, cell), cost in zip(cells.amounts, bom.costs, strict=True)),
        ("Total, US dollars", cells.total, bom.total_usd),
        ("Modules in the bill", by_level, modules),
        ("Modules with a tag", tagged, modules),
        ("Modules in the transport list", listed, modules),
    ]
    rows: list[Sequence[Value]] = []
    for index, (title, formula, expected) in enumerate(wanted):
        row = FIRST_ROW + index
        rows.append(
            (
                title,
                Formula(formula, expected),
                expected,
                Formula(f"B{row}-C{row}", 0),
                Formula(f'IF(ABS(D{row})<{_TOLERANCE_USD},"OK","DIFFERS")', "OK"),
            )
        )
    end = FIRST_ROW + len(rows) - 1
    verdict = Formula(f'IF(COUNTIF(E{FIRST_ROW}:E{end},"OK")={len(rows)},"OK","DIFFERS")', "OK")
    rows.append(("All checks", None, None, None, verdict))
    book.put_table(sheet, HEAD_ROW, columns, rows, [*([Look()] * (len(rows) - 1)), head_look()])
    return f"Checks!$E${end + 1}"


def _fill_summary(book: Book, sheet: Worksheet, proposal: Proposal, cells: CostCells, verdict: str) -> None:
    """Name, value and note, in groups."""
    plan, bom, p = proposal.plan, proposal.bom, proposal.projection
    brief, sized = plan.brief, plan.sized
    longest = max(bom.lines, key=lambda line: line.lead_weeks)
    heaviest = max(plan.modules, key=lambda m: m.mass_kg)
    mass_kg = sum(row.count * row.mass_kg for row in proposal.equipment)
    per_mw = Formula(f"ROUND({cells.total}/B{_IT_ROW},2)", _per_mw(proposal))
    proved = f"gap at most {sized.gap_frac:.2%}; rounding hides {sized.rounding_frac:.3%}"
    status = "optimal within one module type per carrier and block kind" if sized.status == "optimal" else "feasible"
    prefer = brief.prefer
    margin = f"; {prefer.said()}, {number(sized.cost_usd)} USD without" if prefer.makers else ""
    objective = f"modules, freight, installation{margin}"
    where = "" if proposal.dependability.left_out else "sheet Availability"
    groups: list[tuple[str, list[tuple[str, Value, str, str]]]] = [
        (
            "Site",
            [
                ("Project", brief.name, "text", ""),
                ("Customer", brief.customer, "text", ""),
                ("Sustained IT load asked, MW", brief.it_kw / 1000, "number", counted(len(brief.phases), "phase")),
                ("Location", brief.location, "text", ""),
                ("Prepared by", brief.prepared_by, "text", ""),
                ("Date", brief.as_of, "date", "of the order and of every document"),
                ("Revision", REVISION, "code", f"plan {plan_mark(plan)}, catalog {plan.catalog_digest[:12]}"),
                ("Made with", plan.program, "text", ""),
            ],
        ),
        (
            "Money, US dollars",
            [
                ("Modules", Formula(MODULES_TOTAL, bom.modules_usd), "usd", "sheet BOM"),
                ("Cables and pipes", Formula(CABLES_TOTAL, bom.cables_usd), "usd", "sheet Cables"),
                *(
                    (title, Formula(cell, cost.amount_usd), "usd", "sheet Costs")
                    for (title, cell), cost in zip(cells.amounts, bom.costs, strict=True)
                ),
                ("Total", Formula(cells.total, bom.total_usd), "usd", "indicative, without taxes and duties"),
                ("Low case", bom.low_usd, "usd", "every price at its low end"),
                ("High case", bom.high_usd, "usd", "every price at its high end"),
                ("Per MW of IT asked", per_mw, "usd", f"{number(installed_it_kw(plan) / 1000, 2)} MW are installed"),
                ("Workbook against plan", Formula(verdict, "OK"), "code", "sheet Checks"),
            ],
        ),
        (
            "Design",
            [
                ("Status of the sizing", status, "text", proved),
                ("Sizing objective, USD", sized.objective_usd, "count", objective),
                ("Blocks", sum(counts[-1] for counts in sized.blocks), "count", ""),
                *(
                    (f"IT load installed for {name}, MW", installed, "number", f"{number(asked, 2)} MW asked; {blocks}")
                    for name, asked, installed, blocks in loads_by_demand(plan)
                ),
                ("Modules", sum(row.count for row in proposal.equipment), "count", "sheet Equipment"),
                ("Mass of all modules, kg", mass_kg, "count", "sheet Logistics"),
                ("Heaviest module, kg", heaviest.mass_kg, "count", heaviest.sku),
                ("Longest lead time, weeks", longest.lead_weeks, "count", longest.part),
                (
                    "Class in prefab's reading",
                    str(proposal.dependability.reached),
                    "text",
                    "no certificate; sheet Resilience",
                ),
                ("Availability at the pods", summary_text(proposal.dependability), "text", where),
                ("Findings kept", sum(f.kept for f in proposal.findings), "count", f"of {len(proposal.findings)}"),
            ],
        ),
        (
            "Projected year",
            [
                ("Weather", p.weather_source, "text", "hours of the projection, not design conditions"),
                ("PUE", round(p.pue, 4), "ratio", "facility energy over IT energy, without the grid battery"),
                ("WUE, L/kWh", round(p.wue_l_per_kwh, 4), "ratio", "of IT energy"),
                ("CUE, kg/kWh", round(p.cue_kg_per_kwh, 4), "ratio", "CO2 per kWh of IT energy"),
                ("Energy of the site, MWh", round(p.site_mwh, 1), "number", f"at {energy_price_text(proposal)}"),
                *_tokens(proposal),
                *(
                    (f"Energy of {e.demand}, MWh", round(e.site_mwh, 1), "number", f"no tokens: {e.workload}")
                    for e in p.without_tokens
                ),
            ],
        ),
        ("Answers", [(question, answer, "text", "") for question, answer in proposal.answers]),
    ]
    for letter, width in (("A", 40), ("B", 62), ("C", 52)):
        sheet.column_dimensions[letter].width = width
    row = HEAD_ROW - 1
    bold = heading_font(10)
    for title, entries in groups:
        book.put(sheet, f"A{row}", title, heading_font(12))
        for name, value, kind, note in entries:
            row += 1
            book.put(sheet, f"A{row}", name, bold, wrap=True)
            book.put(sheet, f"B{row}", value, kind=kind, wrap=True)
            book.put(sheet, f"C{row}", note, wrap=True)
            texts = ((name, 40), (value, 62), (note, 52))
            lines = max(-(-len(text) // (width - 4)) for text, width in texts if isinstance(text, str))
            sheet.row_dimensions[row].height = 4 + 13 * max(1, lines)
        row += 2
    sheet.freeze_panes = f"B{HEAD_ROW - 1}"
    sheet.page_setup.orientation = "portrait"


def _tokens(proposal: Proposal) -> list[tuple[str, Value, str, str]]:
    """TokEnergy and its card, of every IT demand."""
    by_demand: Sequence[Projection | DemandYield] = proposal.projection.yields or (proposal.projection,)
    rows: list[tuple[str, Value, str, str]] = []
    for card, found in zip(proposal.plan.workloads, by_demand, strict=True):
        te, of = found.tokenergy_kwh_per_mtok, f" of {found.demand}" if isinstance(found, DemandYield) else ""
        note = f"whole card in proposal.pdf, section 9{not_comparable(found)}"
        rows += [
            (f"TokEnergy B3{of}, kWh per million tokens", round(te.base, 4), "ratio", f"{te.low:.3f} to {te.high:.3f}"),
            (f"Workload card{of}", card.title, "text", note),
        ]
    return rows


def _per_mw(proposal: Proposal) -> Decimal:
    it_mw = Decimal(str(proposal.plan.brief.it_kw / 1000))
    return money(proposal.bom.total_usd / it_mw)
