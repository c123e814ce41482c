"""A table that somebody else made, workbook or CSV, as plain cells with addresses; what could do harm is refused."""

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from prefab.errors import InputError
from prefab.tables import read_bytes

MAX_BYTES = 5_000_000
"""Of the file as it lies on the disk."""
MAX_UNPACKED_BYTES = 50_000_000
MAX_RATIO = 200
"""Unpacked over packed size of one part of a workbook; sheets full of prices stay below 30."""
MAX_PARTS = 1_000
MAX_ROWS = 20_000
MAX_COLUMNS = 100
MAX_TEXT = 400
"""Characters in one cell."""

_HARMFUL = {
    "xl/vbaProject": "macros",
    "xl/macrosheets/": "macros",
    "xl/externalLinks/": "links to other workbooks",
    "xl/connections": "data connections",
    "xl/queryTables/": "data connections",
    "xl/embeddings/": "embedded files",
    "xl/activeX/": "active content",
}
_OLD_FORMAT = b"\xd0\xcf\x11\xe0"
# As in prefab.tables: what would disturb a terminal or a document; here line breaks and tabs too.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True)
class Cell:
    """One cell: text without surrounding blanks, a number or a date."""

    address: str
    value: str | float | date
    trouble: str = ""
    """Why its value may not be used; empty where it may."""


@dataclass(frozen=True)
class Row:
    """The cells of one row that hold something, by column from 0."""

    number: int
    cells: dict[int, Cell]


def plain(text: object, longest: int = 80) -> str:
    """Text of a stranger made fit for a message: no control characters, not too long."""
    clean = _UNPRINTABLE.sub("\ufffd", str(text))
    return clean if len(clean) <= longest else clean[: longest - 1] + "…"


def address_of(column: int, row: int) -> str:
    """`A1` for column 0 of row 1, in a CSV file as well: what a spreadsheet shows when it opens the file."""
    return f"{get_column_letter(column + 1)}{row}"


def read_sheet(path: Path, name: str) -> tuple[Row, ...]:
    """The rows of a CSV file, or of the sheet `name` (else the only one) of a workbook; empty rows are left out.

    Raises:
        InputError: the file is not what its name says, too large, or holds what could do harm.
    """
    where = plain(path, 200)
    kind = path.suffix.lower()
    if kind not in (".xlsx", ".csv"):
        raise InputError(f"{where}: neither .xlsx nor .csv; save it as one of them")
    data = read_bytes(path, MAX_BYTES, "a price list", where)
    rows = _csv_rows(where, data) if kind == ".csv" else _workbook_rows(where, data, name)
    return tuple(row for row in rows if row.cells)


def _text_cell(address: str, text: str) -> Cell | None:
    clean = text.strip()
    if not clean:
        return None
    if _UNPRINTABLE.search(clean):
        return Cell(address, plain(clean), "holds a control or invisible character; plain text is allowed")
    if len(clean) > MAX_TEXT:
        return Cell(address, plain(clean), f"longer than {MAX_TEXT} characters")
    return Cell(address, clean)


def _csv_rows(where: str, data: bytes) -> Iterator[Row]:
    text = _decoded(where, data)
    number = 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        for number, fields in enumerate(reader, 1):
            if number > MAX_ROWS:
                raise InputError(f"{where}: more than {MAX_ROWS:,} rows; delete the empty ones at the end")
            if len(fields) > MAX_COLUMNS:
                raise InputError(f"{where}: row {number:,}: more than {MAX_COLUMNS} columns; delete the others")
            cells: dict[int, Cell] = {}
            for column, field in enumerate(fields):
                cell = _text_cell(address_of(column, number), field)
                if cell is not None and str(cell.value).startswith("="):
                    cell = Cell(cell.address, cell.value, "is a formula; paste its value")
                if cell is not None:
                    cells[column] = cell
            yield Row(number, cells)
    except csv.Error as error:
        raise InputError(f"{where}: row {number + 1}: not valid CSV: {plain(error)}") from None


def _decoded(where: str, data: bytes) -> str:
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return data.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError as error:
        row = data[: error.start].count(b"\n") + 1
        raise InputError(f"{where}: row {row}: not UTF-8 text; save it as `CSV UTF-8`") from None


def _delimiter(text: str) -> str:
    """Of comma, semicolon and tab the one that the first line holds most of."""
    first = text.lstrip("\r\n").partition("\n")[0]
    return max(",;\t", key=first.count)


def _workbook_rows(where: str, data: bytes, name: str) -> Iterator[Row]:
    _refuse_harmful(where, data)
    try:
        # The library warns about styles and extensions that it leaves out; none of them matters for values.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(data), read_only=True)
            names = book.sheetnames
            if name not in names and len(names) != 1:
                shown = plain(", ".join(names), 200)
                raise InputError(f"{where}: no sheet {name!r}; a single sheet may have any name (there are: {shown})")
            sheet = book[name if name in names else names[0]]
            # What the file claims of its own size is not believed.
            sheet.reset_dimensions()
            for number, cells in enumerate(sheet.iter_rows(), 1):
                if number > MAX_ROWS:
                    raise InputError(f"{where}: more than {MAX_ROWS:,} rows; delete the empty ones at the end")
                if len(cells) > MAX_COLUMNS:
                    raise InputError(f"{where}: row {number:,}: more than {MAX_COLUMNS} columns; delete the others")
                found = {
                    column: cell
                    for column, raw in enumerate(cells)
                    if (cell := _workbook_cell(address_of(column, number), raw.value, raw.data_type)) is not None
                }
                yield Row(number, found)
    except InputError:
        raise
    except Exception as error:
        # Whatever a damaged or hostile workbook makes the library raise, it is the file's fault.
        raise InputError(f"{where}: not a workbook that can be read ({type(error).__name__}: {plain(error)})") from None


def _workbook_cell(address: str, value: object, kind: str) -> Cell | None:
    if value is None:
        return None
    if kind == "f":
        text = str(getattr(value, "text", None) or value)
        what = "is a formula that refers to another workbook" if "[" in text else "is a formula"
        return Cell(address, plain(text), f"{what}; paste its value")
    if kind == "e":
        return Cell(address, plain(value), "is an error value")
    if isinstance(value, bool):
        return Cell(address, str(value).upper())
    if isinstance(value, int | float):
        return Cell(address, value)
    if isinstance(value, datetime):
        return Cell(address, value.date() if (value.hour, value.minute, value.second) == (0, 0, 0) else str(value))
    if isinstance(value, date):
        return Cell(address, value)
    return _text_cell(address, str(value))


def _refuse_harmful(where: str, data: bytes) -> None:
    """Everything that can be known of a workbook before it is unpacked."""
    if data.startswith(_OLD_FORMAT):
        raise InputError(f"{where}: encrypted, or of the old .xls format; save it as .xlsx without a password")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            mistakes = list(_harm(parts))
            if not mistakes:
                mistakes = [
                    f"{plain(part.filename)}: defines entities of its own; no spreadsheet program writes that"
                    for part in parts
                    if b"<!DOCTYPE" in (content := archive.read(part)) or b"<!ENTITY" in content
                ]
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, OSError, EOFError, RuntimeError, ValueError):
        raise InputError(f"{where}: not a workbook: damaged, or not an .xlsx file at all") from None
    if mistakes:
        raise InputError([f"{where}: {m}" for m in mistakes])


def _harm(parts: list[zipfile.ZipInfo]) -> Iterator[str]:
    if len(parts) > MAX_PARTS:
        yield f"{len(parts):,} parts; a workbook has at most {MAX_PARTS:,}"
        return
    unpacked = sum(p.file_size for p in parts)
    if unpacked > MAX_UNPACKED_BYTES:
        yield f"unpacks to {unpacked:,} bytes; at most {MAX_UNPACKED_BYTES:,} are read"
    kinds: dict[str, str] = {}
    for part in parts:
        name = plain(part.filename)
        # A small part may well shrink to almost nothing; a large one that does is a bomb.
        if part.file_size > 1_000_000 and part.file_size > MAX_RATIO * max(part.compress_size, 1):
            yield f"{name}: unpacks to more than {MAX_RATIO} times its size; no sheet of prices does"
        if part.flag_bits & 0x1:
            kinds.setdefault("a password", name)
        for start, what in _HARMFUL.items():
            if part.filename.lower().startswith(start.lower()):
                kinds.setdefault(what, name)
    for what, name in kinds.items():
        yield f"holds {what} ({name}); save it without, as .xlsx with plain values"
