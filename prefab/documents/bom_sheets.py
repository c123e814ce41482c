"""The priced sheets of the workbook: bill, phases, cables, costs, whose formulas follow one another to the total."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from openpyxl.utils import get_column_letter

from prefab.documents.labels import family_title
from prefab.documents.style import GREY
from prefab.documents.workbook import PLAIN, Book, Column, Formula, Look, Value, head_look
from prefab.proposal import Proposal
from prefab.results import BomLine
from prefab.units import money

HEAD_ROW = 5
FIRST_ROW = HEAD_ROW + 1
TOTAL_ROW = 4
MODULES_TOTAL = f"BOM!$L${TOTAL_ROW}"
CABLES_TOTAL = f"Cables!$F${TOTAL_ROW}"

_BOM = (
    Column("Level", "count", 7),
    Column("Find no.", "code", 10),
    Column("Part", "code", 16),
    Column("Description", "text", 42),
    Column("Family", "code", 26),
    Column("Manufacturer", "text", 16),
    Column("Rev", "code", 6),
    Column("UoM", "code", 7),
    Column("Qty per parent", "count", 10),
    Column("Quantity", "count", 11),
    Column("Unit price, USD", "usd", 16),
    Column("Extended price, USD", "usd", 19),
    Column("Lead, weeks", "count", 9),
    Column("Order by", "date", 12),
    Column("Mass each, kg", "count", 12),
    Column("Transport class", "code", 10),
    Column("Basis", "code", 12),
    Column("Source", "text", 20),
    Column("Notes", "text", 46),
)


@dataclass(frozen=True)
class CostCells:
    """Where the sheet of costs keeps what others refer to."""

    amounts: tuple[tuple[str, str], ...]
    """Title and cell of every line of cost."""
    total: str


def add_bom(book: Book, proposal: Proposal) -> None:
    """The indented bill: quantities follow their parents, prices their quantities."""
    sheet = book.add_sheet("BOM", "Level 1 system, 2 module, 3 what a module contains (in its price). US dollars.")
    lines = proposal.bom.lines
    rows_by_find = {line.find: FIRST_ROW + index for index, line in enumerate(lines)}
    by_find = {line.find: line for line in lines}
    rows: list[Sequence[Value]] = []
    for index, line in enumerate(lines):
        row = FIRST_ROW + index
        rows.append(
            (
                line.level,
                line.find,
                line.part,
                line.title,
                family_title(line.family) if line.family else "",
                line.manufacturer,
                line.revision,
                line.unit,
                line.quantity_per_parent,
                _quantity(line, by_find, rows_by_find),
                line.unit_price_usd,
                Formula(f"ROUND(J{row}*K{row},2)", line.extended_usd),
                line.lead_weeks or None,
                line.order_by,
                line.mass_kg or None,
                line.transport_class,
                line.basis,
                line.source,
                line.notes,
            )
        )
    last = FIRST_ROW + len(lines) - 1
    book.put_table(sheet, HEAD_ROW, _BOM, rows, [_look(line.level) for line in lines])
    total = Formula(f"SUM(L{FIRST_ROW}:L{last})", proposal.bom.modules_usd)
    book.put_total(sheet, f"K{TOTAL_ROW}", f"L{TOTAL_ROW}", total)


def _quantity(line: BomLine, by_find: dict[str, BomLine], rows: dict[str, int]) -> Value:
    parent = by_find.get(line.parent)
    if parent is None or line.quantity_per_parent * parent.quantity != line.quantity:
        return line.quantity
    return Formula(f"I{rows[line.find]}*J{rows[line.parent]}", line.quantity)


def _look(level: int) -> Look:
    if level == 1:
        return head_look()
    return Look(outline=level - 1, indent=level - 1, colour=GREY if level > 2 else "")


def add_phases(book: Book, proposal: Proposal) -> None:
    """Modules by SKU and phase, and what they cost in each."""
    bom = proposal.bom
    sheet = book.add_sheet("Phases", "Modules delivered in each phase and their price, US dollars.")
    per_sku: dict[str, tuple[BomLine, list[Decimal]]] = {}
    for line in bom.lines:
        if line.level == 2:
            _, counts = per_sku.setdefault(line.part, (line, [Decimal(0)] * len(bom.phase_names)))
            per_sku[line.part] = (line, [a + b for a, b in zip(counts, line.phase_quantities, strict=True)])
    phases = len(bom.phase_names)
    columns = [
        Column("Part", "code", 16),
        Column("Description", "text", 48),
        *(Column(f"Quantity, {name}", "count", 13) for name in bom.phase_names),
        Column("Quantity", "count", 11),
        Column("Unit price, USD", "usd", 16),
        *(Column(f"USD, {name}", "usd", 18) for name in bom.phase_names),
    ]
    first, last = "C", get_column_letter(2 + phases)
    price = get_column_letter(4 + phases)
    rows: list[Sequence[Value]] = []
    for index, (line, counts) in enumerate(per_sku.values()):
        row = FIRST_ROW + index
        amounts = [
            Formula(f"ROUND({get_column_letter(3 + p)}{row}*{price}{row},2)", money(count * line.unit_price_usd))
            for p, count in enumerate(counts)
        ]
        total = Formula(f"SUM({first}{row}:{last}{row})", sum(counts, Decimal(0)))
        rows.append((line.part, line.title, *counts, total, line.unit_price_usd, *amounts))
    book.put_table(sheet, HEAD_ROW, columns, rows)
    end = FIRST_ROW + len(rows) - 1
    for p in range(phases):
        letter = get_column_letter(5 + phases + p)
        spent = sum((money(counts[p] * line.unit_price_usd) for line, counts in per_sku.values()), Decimal(0))
        total = Formula(f"SUM({letter}{FIRST_ROW}:{letter}{end})", spent)
        book.put_total(sheet, f"{price}{TOTAL_ROW}", f"{letter}{TOTAL_ROW}", total)


def phases_total(proposal: Proposal) -> str:
    """The formula for what all phases cost together."""
    phases = len(proposal.bom.phase_names)
    first, last = get_column_letter(5 + phases), get_column_letter(4 + 2 * phases)
    return f"SUM(Phases!{first}{TOTAL_ROW}:{last}{TOTAL_ROW})"


def add_cables(book: Book, proposal: Proposal) -> None:
    """Runs added up by carrier and ends."""
    sheet = book.add_sheet("Cables", "Cables and pipes between modules, installed, by carrier and what they join.")
    columns = (
        Column("Carrier", "code", 18),
        Column("Description", "text", 58),
        Column("Runs", "count", 9),
        Column("Length, m", "number", 14),
        Column("Price, USD/m", "usd", 15),
        Column("Extended price, USD", "usd", 20),
    )
    rows = [
        (
            c.carrier,
            c.title,
            c.runs_count,
            c.length_m,
            c.unit_price_usd,
            Formula(f"ROUND(D{FIRST_ROW + i}*E{FIRST_ROW + i},2)", c.extended_usd),
        )
        for i, c in enumerate(proposal.bom.cables)
    ]
    book.put_table(sheet, HEAD_ROW, columns, rows)
    last = FIRST_ROW + max(len(rows), 1) - 1
    total = Formula(f"SUM(F{FIRST_ROW}:F{last})", proposal.bom.cables_usd)
    book.put_total(sheet, f"E{TOTAL_ROW}", f"F{TOTAL_ROW}", total)


def add_costs(book: Book, proposal: Proposal) -> CostCells:
    """Modules, cables and everything else, each cost on the base that it is a share of."""
    bom = proposal.bom
    sheet = book.add_sheet("Costs", "Indicative prices, US dollars without taxes and duties.")
    columns = (
        Column("Item", "text", 58),
        Column("Base, USD", "usd", 20),
        Column("Rate", "share", 10),
        Column("Amount, USD", "usd", 20),
        Column("Basis", "code", 14),
        Column("Source", "text", 26),
    )
    rows: list[Sequence[Value]] = [
        ("Modules", None, None, Formula(MODULES_TOTAL, bom.modules_usd), "", "sheet BOM"),
        ("Cables and pipes", None, None, Formula(CABLES_TOTAL, bom.cables_usd), "", "sheet Cables"),
    ]
    above = bom.modules_usd + bom.cables_usd
    cells = []
    for cost in bom.costs:
        row = FIRST_ROW + len(rows)
        base: Value = cost.base_usd
        if cost.base_usd == bom.modules_usd:
            base = Formula(f"D{FIRST_ROW}", cost.base_usd)
        elif cost.base_usd == above:
            base = Formula(f"SUM(D{FIRST_ROW}:D{row - 1})", cost.base_usd)
        amount = Formula(f"ROUND(B{row}*C{row},2)", cost.amount_usd)
        rows.append((cost.title, base, cost.rate_frac, amount, cost.basis, cost.source))
        cells.append((cost.title, f"Costs!$D${row}"))
        above += cost.amount_usd
    end = FIRST_ROW + len(rows)
    rows += [
        ("Total", None, None, Formula(f"SUM(D{FIRST_ROW}:D{end - 1})", bom.total_usd), "", ""),
        ("Low case", None, None, bom.low_usd, "", "every price at its low end"),
        ("High case", None, None, bom.high_usd, "", "every price at its high end"),
    ]
    looks = [PLAIN] * (len(rows) - 3) + [head_look(), PLAIN, PLAIN]
    book.put_table(sheet, HEAD_ROW, columns, rows, looks)
    return CostCells(tuple(cells), f"Costs!$D${end}")
