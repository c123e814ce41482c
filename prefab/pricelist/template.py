"""A price list with the figures of today, for a maintainer to fill in."""

import csv
import io
from collections.abc import Iterable
from datetime import date
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from prefab.catalog import Catalog
from prefab.pricelist.rows import COLUMNS, HELP, SHEET, PriceRow, present_row


def make_template(catalog: Catalog, kind: str) -> bytes:
    """The price list of every module, as `.xlsx` (with a sheet that explains the columns) or `.csv`."""
    rows = [present_row(m) for m in catalog.modules]
    return _workbook(rows) if kind == ".xlsx" else _csv(rows)


def _values(row: PriceRow) -> list[Any]:
    """Whole numbers without a point, so that they read as they were typed."""
    values = (getattr(row, column) for column in COLUMNS)
    return [int(v) if isinstance(v, float) and v.is_integer() else v for v in values]


def _csv(rows: Iterable[PriceRow]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(["" if v is None else v for v in _values(row)] for row in rows)
    return text.getvalue().encode()


def _workbook(rows: Iterable[PriceRow]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = SHEET
    sheet.append(COLUMNS)
    for row in rows:
        sheet.append(_values(row))
    for cells in sheet.iter_rows(min_row=2):
        for cell in cells:
            if isinstance(cell.value, date):
                cell.number_format = "yyyy-mm-dd"
            elif isinstance(cell.value, int | float):
                cell.number_format = "#,##0.##" if cell.value % 1 else "#,##0"
    sheet.freeze_panes = "B2"
    for i in range(1, len(COLUMNS) + 1):
        sheet.column_dimensions[get_column_letter(i)].width = 14
    help_sheet = book.create_sheet("columns")
    help_sheet.append(["column", "what stands in it"])
    for line in HELP.items():
        help_sheet.append(line)
    help_sheet.column_dimensions["A"].width = 14
    help_sheet.column_dimensions["B"].width = 90
    for head in (sheet[1], help_sheet[1]):
        for cell in head:
            cell.font = Font(bold=True)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
