"""The rows of a price list, checked each by itself and against the catalog, with all mistakes at once."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from prefab.catalog import Catalog
from prefab.errors import InputError
from prefab.module import Module
from prefab.pricelist.sheet import Cell, Row, address_of, plain, read_sheet
from prefab.product import Lifecycle
from prefab.provenance import Provenance

SHEET = "prices"
STATUSES: tuple[str, ...] = get_args(Lifecycle.model_fields["status"].annotation)
SLIP = 10.0
"""A new figure that differs by this factor is taken for a slip of the decimal point."""
LEAD_MAX_WEEKS = 520.0
PRICE_MAX = 1e10
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")


@dataclass(frozen=True)
class PriceRow:
    """One module in a price list; what is None stays as it is. Prices are in `currency`, leads in weeks."""

    sku: str
    price: float | None = None
    currency: str | None = None
    price_low: float | None = None
    price_high: float | None = None
    price_date: date | None = None
    lead_weeks: float | None = None
    lead_low: float | None = None
    lead_high: float | None = None
    status: str | None = None
    last_order: date | None = None
    """Read together with `status`: a status without it means that there is none."""


COLUMNS = tuple(f.name for f in fields(PriceRow))
HELP = {
    "sku": "The module's SKU, once in the list.",
    "price": "Ex works, without tax; a plain number. Needs currency and price_date. Empty: stays as it is.",
    "currency": "ISO 4217, such as USD.",
    "price_low": "Lowest and highest price to be expected; empty: stay as they are.",
    "price_high": "See price_low.",
    "price_date": "The day for which the price is stated, YYYY-MM-DD.",
    "lead_weeks": "Weeks from order to ready for the factory acceptance test. Empty: stays as it is.",
    "lead_low": "Shortest and longest lead time to be expected, in weeks; empty: stay as they are.",
    "lead_high": "See lead_low.",
    "status": f"{', '.join(STATUSES)}. Empty: stays as it is, and the last order date too.",
    "last_order": "Last day on which it can be ordered, YYYY-MM-DD; needed by status last_order.",
}
# Of each pair the first may not stand without the second.
_TOGETHER = (
    ("price", "currency"),
    ("price", "price_date"),
    ("currency", "price"),
    ("price_low", "price"),
    ("price_high", "price"),
    ("price_date", "price"),
    ("lead_low", "lead_weeks"),
    ("lead_high", "lead_weeks"),
    ("last_order", "status"),
)


def own_provenance(module: Module, key: str) -> Provenance | None:
    """What is said of this very figure, and not of the table around it."""
    return next((p for p in module.provenance if p.of == key), None)


def present_row(module: Module) -> PriceRow:
    """What the catalog says of a module today."""
    price, lead = own_provenance(module, "price.amount"), own_provenance(module, "deployment.lead_weeks")
    return PriceRow(
        sku=module.sku,
        price=module.price.amount,
        currency=module.price.currency,
        price_low=price.low if price else None,
        price_high=price.high if price else None,
        price_date=module.price.as_of,
        lead_weeks=module.deployment.lead_weeks,
        lead_low=lead.low if lead else None,
        lead_high=lead.high if lead else None,
        status=module.lifecycle.status,
        last_order=module.lifecycle.last_order,
    )


def merged_row(present: PriceRow, row: PriceRow) -> PriceRow:
    """The list's figures over those of today."""
    given = {f.name: v for f in fields(PriceRow) if (v := getattr(row, f.name)) is not None}
    if row.status is not None:
        given["last_order"] = row.last_order
    return PriceRow(**{**vars(present), **given})


def read_pricelist(path: Path, catalog: Catalog, today: date, force: bool = False) -> tuple[PriceRow, ...]:
    """The rows of a price list, all of them in order.

    `force` lets figures pass that differ tenfold from those of today, and prices older than those of today.

    Raises:
        InputError: with every mistake of the file, each with its cell.
    """
    where = plain(path.name)
    rows = read_sheet(path, SHEET)
    if not rows:
        raise InputError(f"{where}: empty; its first row names the columns: {', '.join(COLUMNS)}")
    columns, mistakes = _columns(rows[0])
    found: list[PriceRow] = []
    first_of: dict[str, str] = {}
    for row in rows[1:] if columns else ():
        read, wrong = _read_row(row, columns)
        mistakes += wrong
        sku = read.sku
        cell = _at(columns, row, "sku")
        if not sku:
            continue
        if sku in first_of:
            mistakes.append(f"{cell}: {sku} stands in {first_of[sku]} too; one row a module is allowed")
            continue
        first_of[sku] = cell
        module = next((m for m in catalog.modules if m.sku == sku), None)
        if module is None:
            near = get_close_matches(sku, [m.sku for m in catalog.modules], n=1)
            hint = f"did you mean {near[0]}?" if near else "see `prefab catalog list`"
            mistakes.append(f"{cell}: {plain(sku)!r} is not in the catalog; {hint}")
        elif not wrong:
            mistakes += [
                f"{_at(columns, row, column)}: {column}: {what}"
                for column, what in _against(read, present_row(module), _rates(catalog), today, force)
            ]
        found.append(read)
    if columns and len(rows) == 1:
        mistakes.append("row 2: no rows below the names of the columns")
    if mistakes:
        raise InputError([f"{where}: {m}" for m in mistakes])
    return tuple(found)


def _at(columns: Mapping[str, int], row: Row, column: str) -> str:
    return address_of(columns.get(column, columns["sku"]), row.number)


def _columns(head: Row) -> tuple[dict[str, int], list[str]]:
    """Where each column stands; nothing where the columns are wrong."""
    columns: dict[str, int] = {}
    mistakes: list[str] = []
    for place, cell in head.cells.items():
        name = str(cell.value).lower()
        if cell.trouble:
            mistakes.append(f"{cell.address}: {cell.trouble}")
        elif name not in COLUMNS:
            near = get_close_matches(name, COLUMNS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"allowed: {', '.join(COLUMNS)}"
            mistakes.append(f"{cell.address}: no column {plain(name)!r}; {hint}")
        elif name in columns:
            mistakes.append(f"{cell.address}: column {name} stands in {address_of(columns[name], head.number)} too")
        else:
            columns[name] = place
    needed = {"sku"} | {b for a, b in _TOGETHER if a in columns}
    mistakes += [f"row {head.number}: column {name} is missing" for name in COLUMNS if name in needed - set(columns)]
    if columns.keys() == {"sku"}:
        mistakes.append(f"row {head.number}: no figures; give one of {', '.join(COLUMNS[1:])}")
    return ({} if mistakes else columns), mistakes


def _read_row(row: Row, columns: Mapping[str, int]) -> tuple[PriceRow, list[str]]:
    """A row by its own cells alone, and what is wrong with them."""
    mistakes: list[str] = []
    given: dict[str, Any] = {}
    for name, place in columns.items():
        cell = row.cells.get(place)
        if cell is None:
            continue
        try:
            given[name] = _CONVERT[name](cell)
        except ValueError as error:
            mistakes.append(f"{cell.address}: {name}: {error}")
    named = set(columns.values())
    mistakes += [f"{c.address}: stands in no column with a name" for i, c in row.cells.items() if i not in named]
    # A cell that could not be read is there all the same.
    there = {name for name, place in columns.items() if place in row.cells}
    if "sku" not in there:
        mistakes.append(f"{_at(columns, row, 'sku')}: sku: missing; it must be given")
    missing = {b: a for a, b in reversed(_TOGETHER) if a in there and b not in there}
    mistakes += [f"{_at(columns, row, b)}: {b}: missing; {a} needs it" for b, a in missing.items()]
    return PriceRow(**{"sku": "", **given}), mistakes


def _against(
    row: PriceRow, present: PriceRow, rates: Mapping[str, float], today: date, force: bool
) -> Iterator[tuple[str, str]]:
    """What is wrong with a row that can be read, given what the catalog says today: column and mistake."""
    new = merged_row(present, row)
    if row.currency is not None and row.currency not in rates:
        yield "currency", f"{row.currency}: no such rate in the catalog; allowed: {', '.join(sorted(rates))}"
    elif row.price is not None and not force:
        in_dollars = row.price * rates[str(row.currency)], (present.price or 0) * rates[str(present.currency)]
        yield from _slip("price", *in_dollars)
    if row.lead_weeks is not None and not force:
        yield from _slip("lead_weeks", row.lead_weeks, present.lead_weeks or 0)
    if row.currency not in (None, present.currency):
        for column in ("price_low", "price_high"):
            if getattr(present, column) is not None and getattr(row, column) is None:
                yield column, f"missing; today's is in {present.currency}"
    else:
        yield from _band(row, new, "price", "price_low", "price_high")
    yield from _band(row, new, "lead_weeks", "lead_low", "lead_high")
    if row.price_date is not None and row.price_date > today:
        yield "price_date", f"{row.price_date} is still to come; today or earlier is allowed"
    elif row.price_date is not None and present.price_date and row.price_date < present.price_date and not force:
        yield "price_date", f"{row.price_date} is before the {present.price_date} of today's price; --force takes it"
    if row.status == "last_order" and row.last_order is None:
        yield "last_order", "missing; status last_order needs it"
    if row.status == "active" and row.last_order is not None and row.last_order < today:
        yield "status", f"active after its last order on {row.last_order}; withdrawn is allowed"


def _slip(column: str, new: float, old: float) -> Iterator[tuple[str, str]]:
    ratio = new / old
    if ratio > SLIP * (1 - 1e-9) or ratio < (1 + 1e-9) / SLIP:
        yield column, f"{ratio:,.3g} times today's {old:,.6g}; a slip of the point? --force takes it"


def _band(row: PriceRow, new: PriceRow, base: str, low: str, high: str) -> Iterator[tuple[str, str]]:
    if getattr(row, base) is None:
        return
    value = getattr(new, base)
    for column, side in ((low, "above"), (high, "below")):
        limit = getattr(new, column)
        if limit is not None and (limit > value if column == low else limit < value):
            whose = "" if getattr(row, column) is not None else "today's "
            yield column, f"{whose}{limit:,.15g} is {side} the {base} of {value:,.15g}; give {low} and {high} around it"


def _rates(catalog: Catalog) -> dict[str, float]:
    """Dollars for one unit of every currency that the catalog knows."""
    return {"USD": 1.0} | {r.code: r.usd_per_unit for r in catalog.currencies.rate}


def _amount(most: float) -> Callable[[Cell], float]:
    def convert(cell: Cell) -> float:
        value = _good(cell)
        if isinstance(value, str) and _NUMBER.fullmatch(value):
            value = float(value)
        if not isinstance(value, int | float):
            raise ValueError(f"{plain(value)!r} is not a number; a plain one such as 1234.5 is allowed")
        if not math.isfinite(value) or not 0 < value <= most:
            raise ValueError(f"{value:,.6g} is not allowed; above 0 and at most {most:,.0f} is")
        return float(value)

    return convert


def _day(cell: Cell) -> date:
    value = _good(cell)
    if isinstance(value, date):
        return value
    try:
        if not isinstance(value, str) or len(value) != 10:
            raise ValueError
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{plain(value)!r} is not a date; YYYY-MM-DD is allowed") from None


def _code(cell: Cell) -> str:
    value = str(_good(cell)).upper()
    if not re.fullmatch(r"[A-Z]{3}", value):
        raise ValueError(f"{plain(value)!r} is not a currency; three letters such as USD are allowed")
    return value


def _status(cell: Cell) -> str:
    value = str(_good(cell)).lower()
    if value not in STATUSES:
        raise ValueError(f"{plain(value)!r} is not a status; allowed: {', '.join(STATUSES)}")
    return value


def _sku(cell: Cell) -> str:
    return str(_good(cell)).upper()


def _good(cell: Cell) -> str | float | date:
    if cell.trouble:
        raise ValueError(f"{plain(cell.value)!r} {cell.trouble}")
    return cell.value


_CONVERT: dict[str, Callable[[Cell], Any]] = {
    "sku": _sku,
    "price": _amount(PRICE_MAX),
    "currency": _code,
    "price_low": _amount(PRICE_MAX),
    "price_high": _amount(PRICE_MAX),
    "price_date": _day,
    "lead_weeks": _amount(LEAD_MAX_WEEKS),
    "lead_low": _amount(LEAD_MAX_WEEKS),
    "lead_high": _amount(LEAD_MAX_WEEKS),
    "status": _status,
    "last_order": _day,
}
