"""Plain CSV files whose texts no spreadsheet program takes for a formula (CWE-1236)."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from prefab.documents.style import clean

Cell = str | int | float | Decimal | date | bool | None
_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def write_csv(path: Path, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """UTF-8 with the mark by which spreadsheet programs know it, fields quoted where needed, lines end in CR LF."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([guarded(name) for name in head])
    writer.writerows([_field(cell) for cell in row] for row in rows)
    path.write_bytes(text.getvalue().encode("utf-8-sig"))


def guarded(text: str) -> str:
    """The text on one line, with an apostrophe before a start that would make it a formula."""
    text = clean(text)
    return f"'{text}" if text.lstrip().startswith(_STARTS) else text


def _field(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case str():
            return guarded(cell)
        case float():
            return repr(cell)
        case _:
            return str(cell)
