"""Workbooks: typed tables with formulas that carry their value, texts that stay texts, equal bytes for equal content.

Viewers that do not calculate show the value beside each formula; programs that do calculate it again when opening.
"""

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import escape

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.styles.cell_style import StyleArray
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.header_footer import HeaderFooterItem, _HeaderFooterPart
from openpyxl.worksheet.properties import Outline, PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from prefab.documents.style import GREY, INK, NAVY, RED, RULE, SKY, WHITE, clean

Kind = str
"""Of a column: a key of `_FORMATS`."""
_FORMATS: Mapping[Kind, str] = {
    "text": "General",
    "code": "General",
    "count": '#,##0.###;-#,##0.###;"-"',
    "usd": '#,##0.00;-#,##0.00;"-"',
    "number": "#,##0.00",
    "ratio": "0.000",
    "share": "0.00%",
    "available": "0.0000%",
    "date": "yyyy-mm-dd",
}
_LONGEST = 32_000
_STARTS = ("=", "+", "-", "@")
_FONT, _SIZE = "Calibri", 10
_PLAIN_FONT = Font(name=_FONT, size=_SIZE)
_A4, _A3 = 9, 8
_NARROW, _WIDE = 125, 210
"""Characters: narrower tables print upright, wider ones on A3."""
_LONG = 250
"""Rows: longer tables print on A3 too."""
# A zip entry has no earlier date; every entry gets this one.
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
_FORMULA = re.compile(r'(<c r="(\w+)"(?: s="\d+")?)( t="\w+")?>(<f>.*?</f>)<v\s*(?:/>|></v>)')


@dataclass(frozen=True)
class Formula:
    """A formula (without `=`) and the value it has."""

    text: str
    value: Decimal | float | int | str


Value = str | int | float | Decimal | date | Formula | None


@dataclass(frozen=True)
class Column:
    """A column's title with its unit, kind and width in characters."""

    title: str
    kind: Kind
    width: float


@dataclass(frozen=True)
class Look:
    """How a row of a table differs from the others."""

    bold: bool = False
    fill: str = ""
    colour: str = ""
    outline: int = 0
    indent: int = 0
    """Of the first text column."""


PLAIN = Look()


class Book:
    """A workbook in the making; knows the values of its formulas."""

    def __init__(self, title: str, author: str, as_of: date, draft: str) -> None:
        self._book = Workbook()
        self._book.remove(self._book.worksheets[0])
        self._book.properties.title = clean(title)
        self._book.properties.creator = clean(author)
        self._as_of = as_of
        self._draft = draft
        self._values: dict[str, dict[str, str | None]] = {}

    def add_sheet(self, name: str, note: str) -> Worksheet:
        """A sheet with its title in row 1, a note in row 2, and the mark of a draft in row 3."""
        sheet: Worksheet = self._book.create_sheet(name)
        self._values[name] = {}
        self.put(sheet, "A1", name, heading_font(14))
        self.put(sheet, "A2", note, Font(name=_FONT, size=_SIZE, color=_rgb(GREY)))
        if self._draft:
            self.put(sheet, "A3", self._draft, Font(name=_FONT, size=_SIZE, bold=True, color=_rgb(RED)))
        sheet.sheet_view.showGridLines = False
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.paperSize = _A4
        sheet.page_setup.fitToWidth = 1
        sheet.page_setup.fitToHeight = 0
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        sheet.page_margins.left = sheet.page_margins.right = 0.4
        sheet.page_margins.top = sheet.page_margins.bottom = 0.7
        sheet.page_margins.header = sheet.page_margins.footer = 0.3
        sheet.oddFooter = HeaderFooterItem(
            left=_HeaderFooterPart(text=f"{name}, {self._as_of}"), right=_HeaderFooterPart(text="Page &P of &N")
        )
        if self._draft:
            sheet.oddHeader = HeaderFooterItem(center=_HeaderFooterPart(text=self._draft.replace("&", "&&")))
        return sheet

    def put(
        self,
        sheet: Worksheet,
        where: str,
        value: Value,
        font: Font = _PLAIN_FONT,
        kind: Kind = "text",
        wrap: bool = False,
    ) -> Cell:
        """Write one cell on its own."""
        cell = self._write(sheet, where, value)
        cell.font = font
        cell.number_format = _FORMATS[kind]
        cell.alignment = Alignment(wrap_text=wrap, vertical="top", horizontal="left")
        cell.quotePrefix = _like_formula(value)
        return cell

    def _write(self, sheet: Worksheet, where: str, value: Value) -> Cell:
        """The value alone; a text is never a formula, whatever it begins with."""
        cell: Cell = sheet[where]
        match value:
            case None | "":
                pass
            case str():
                text = clean(value)
                cell.value = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
                cell.data_type = "s"
            case Formula():
                cell.value = f"={value.text}"
                self._values[sheet.title][where] = None if value.value == "" else str(value.value)
            case _:
                cell.value = value
        return cell

    def put_total(self, sheet: Worksheet, label: str, where: str, total: Formula) -> None:
        """A sum above its column, with its label."""
        bold = heading_font(_SIZE)
        for cell in (self.put(sheet, label, "Total", bold), self.put(sheet, where, total, bold, "usd")):
            cell.alignment = Alignment(horizontal="right")

    def put_table(
        self,
        sheet: Worksheet,
        top: int,
        columns: Sequence[Column],
        rows: Sequence[Sequence[Value]],
        looks: Sequence[Look] = (),
    ) -> None:
        """A table with filter, frozen head, and the head repeated on every printed page."""
        letters = [get_column_letter(index) for index in range(1, len(columns) + 1)]
        for letter, column in zip(letters, columns, strict=True):
            cell = self._write(sheet, f"{letter}{top}", column.title)
            cell.font = Font(name=_FONT, size=_SIZE, bold=True, color=_rgb(WHITE))
            cell.fill = PatternFill("solid", fgColor=_rgb(NAVY))
            cell.alignment = _alignment(column, wrap=True, indent=0)
            sheet.column_dimensions[letter].width = column.width
        sheet.row_dimensions[top].height = _height([c.title for c in columns], columns, wrap_all=True)
        # Styling a cell is slow, taking the style of an equal one is not.
        styles: dict[tuple[int, Look, bool], StyleArray] = {}
        for offset, row in enumerate(rows):
            look = looks[offset] if looks else PLAIN
            line = top + 1 + offset
            for index, (letter, column, value) in enumerate(zip(letters, columns, row, strict=True)):
                cell = self._write(sheet, f"{letter}{line}", value)
                key = (index, look, _like_formula(value))
                if key not in styles:
                    _style(cell, column, look, key[2])
                    styles[key] = cell._style  # type: ignore[attr-defined]
                cell._style = copy(styles[key])  # type: ignore[attr-defined]
            sheet.row_dimensions[line].height = _height(row, columns)
            if look.outline:
                sheet.row_dimensions[line].outlineLevel = look.outline
        width = sum(c.width for c in columns)
        sheet.page_setup.orientation = "portrait" if width < _NARROW else "landscape"
        sheet.page_setup.paperSize = _A3 if width > _WIDE or len(rows) > _LONG else _A4
        last = top + len(rows)
        sheet.auto_filter.ref = f"A{top}:{get_column_letter(len(columns))}{max(last, top + 1)}"
        sheet.freeze_panes = f"A{top + 1}"
        sheet.print_title_rows = f"{top}:{top}"
        sheet.sheet_properties.outlinePr = Outline(summaryBelow=False)

    def save(self, path: Path) -> None:
        """Write with the date of the brief instead of the clock's, and every formula with its value."""
        raw = io.BytesIO()
        self._book.save(raw)
        names = [sheet.title for sheet in self._book.worksheets]
        with zipfile.ZipFile(raw) as made, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
            for name in sorted(made.namelist(), key=lambda n: (n != "[Content_Types].xml", n)):
                content = made.read(name)
                if name == "docProps/core.xml":
                    content = self._dated(content.decode()).encode()
                found = re.fullmatch(r"xl/worksheets/sheet(\d+)\.xml", name)
                if found:
                    content = self._valued(content.decode(), names[int(found[1]) - 1]).encode()
                entry = zipfile.ZipInfo(name, _ZIP_DATE)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o600 << 16
                entry.create_system = 3
                out.writestr(entry, content)

    def _dated(self, text: str) -> str:
        stamp = f"{self._as_of}T00:00:00Z"
        return re.sub(r"(<dcterms:(created|modified)[^>]*>)[^<]*", rf"\g<1>{stamp}", text)

    def _valued(self, text: str, sheet: str) -> str:
        values = self._values[sheet]

        def fill(found: re.Match[str]) -> str:
            head, where, _, formula = found.groups()
            value = values[where]
            if value is None:
                return f'{head} t="str">{formula}<v></v>'
            number = re.fullmatch(r"-?\d+(\.\d+)?(E[+-]?\d+)?", value, re.IGNORECASE)
            return f"{head}{'' if number else ' t=' + chr(34) + 'str' + chr(34)}>{formula}<v>{escape(value)}</v>"

        return _FORMULA.sub(fill, text)


def heading_font(size: float) -> Font:
    """Of titles and totals."""
    return Font(name=_FONT, size=size, bold=True, color=_rgb(NAVY))


def head_look() -> Look:
    """Of a row that is a heading within a table."""
    return Look(bold=True, fill=SKY)


def _like_formula(value: Value) -> bool:
    return isinstance(value, str) and value.lstrip().startswith(_STARTS)


def _style(cell: Cell, column: Column, look: Look, quoted: bool) -> None:
    cell.font = Font(name=_FONT, size=_SIZE, bold=look.bold, color=_rgb(look.colour or INK))
    cell.number_format = _FORMATS[column.kind]
    cell.border = Border(bottom=Side(style="thin", color=_rgb(RULE)))
    cell.alignment = _alignment(column, column.kind == "text", look.indent if column.title == "Description" else 0)
    if look.fill:
        cell.fill = PatternFill("solid", fgColor=_rgb(look.fill))
    # Tells spreadsheet programs that the text stays one when it is edited.
    cell.quotePrefix = quoted


def _alignment(column: Column, wrap: bool, indent: int) -> Alignment:
    left = column.kind in ("text", "code", "date")
    return Alignment(
        wrap_text=wrap, vertical="top", horizontal="left" if left else "right", indent=indent + 1 if left else 0
    )


def _height(row: Sequence[Value], columns: Sequence[Column], wrap_all: bool = False) -> float:
    """Room for the lines that the wrapped texts of a row take."""
    lines = [
        -(-max(len(value), 1) // max(1, int(column.width * 1.1)))
        for value, column in zip(row, columns, strict=True)
        if isinstance(value, str) and (wrap_all or column.kind == "text")
    ]
    return 3 + 13.0 * min(max(lines, default=1), 20)


def _rgb(colour: str) -> str:
    return "FF" + colour.removeprefix("#").upper()
