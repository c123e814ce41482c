"""The workbook's sheets of storage: what it is kept for, and what the grid could be offered."""

from prefab.documents.bom_sheets import FIRST_ROW, HEAD_ROW
from prefab.documents.storage_rows import KEPT, OFFERED, kept_rows
from prefab.documents.workbook import Book, Column
from prefab.proposal import Proposal


def add_storage(book: Book, proposal: Proposal) -> None:
    """What storage is kept for and what it does in events; no sheet where it is kept for nothing but a reserve."""
    if not proposal.kept:
        return
    sheet = book.add_sheet("Storage", KEPT)
    columns = (
        Column("Storage", "text", 50),
        Column("Where", "text", 28),
        Column("Phase", "text", 16),
        Column("Kept for", "text", 34),
        Column("Power, kW", "number", 14),
        Column("Energy, kWh", "number", 14),
        Column("Held, kW", "number", 14),
        Column("Held, kWh", "number", 14),
    )
    rows = [tuple(round(v, 6) if isinstance(v, float) else v for v in row) for row in kept_rows(proposal)]
    book.put_table(sheet, HEAD_ROW, columns, rows)
    for row, event in enumerate(proposal.events, FIRST_ROW + len(rows) + 1):
        book.put(sheet, f"A{row}", event.said)


def add_flexibility(book: Book, proposal: Proposal) -> None:
    """What the grid could be offered; no sheet where the plan's design basis says nothing of it."""
    if not proposal.offers:
        return
    sheet = book.add_sheet("Flexibility", OFFERED)
    columns = (
        Column("From", "text", 34),
        Column("Magnitude, MW", "number", 14),
        Column("Notice, s", "number", 11),
        Column("Duration, h", "number", 12),
        Column("Events a year", "count", 11),
        Column("Reads", "text", 70),
        Column("Limited by", "text", 80),
    )
    rows = [
        (
            o.source,
            round(o.magnitude_mw, 6),
            o.notice_s,
            o.duration_h,
            o.events_per_year,
            o.basis,
            o.limited_by,
        )
        for o in proposal.offers
    ]
    book.put_table(sheet, HEAD_ROW, columns, rows)
