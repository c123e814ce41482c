"""Prices are of the last year, breaks go down, and a module can be ordered when its file says so."""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from prefab.catalog_check.entries import Entries, modules

MAX_AGE_DAYS = 365


def check(entries: Entries, today: date) -> Iterator[str]:
    """Date of the price against `today`; breaks by quantity; first and last order."""
    for entry, module in modules(entries):
        as_of = module.price.as_of
        if (today - as_of).days > MAX_AGE_DAYS:
            yield entry.says("price.as_of", f"{as_of} is older than a year on {today}; state the price anew")
        if as_of > today:
            yield entry.says("price.as_of", f"{as_of} is after {today}; at most that day is allowed")
        for a, b in pairwise(module.price.breaks):
            if b.quantity <= a.quantity or b.frac >= a.frac:
                what = f"from {b.quantity} on {b.frac:g} after {a.quantity} on {a.frac:g}"
                yield entry.says("price.breaks", f"{what}; quantities rise and prices fall")
        life = module.lifecycle
        if life.first_order and life.last_order and life.last_order < life.first_order:
            what = f"{life.last_order} is before first_order, {life.first_order}; that day or later is allowed"
            yield entry.says("lifecycle.last_order", what)
        if life.status == "last_order" and life.last_order is None:
            yield entry.says("lifecycle.status", "'last_order' without a date; lifecycle.last_order must be given")
        if life.status == "active" and life.last_order and life.last_order < today:
            yield entry.says(
                "lifecycle.status", f"'active' with a last order on {life.last_order}; 'withdrawn' is allowed"
            )
