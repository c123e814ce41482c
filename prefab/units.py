"""Rounding and printing. Only here does a quantity become a whole number or a text."""

import math
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import NamedTuple, Protocol

# Absorbs the last-bit noise of float sums, so that an exact 1500.0 never becomes 1501.
_NOISE = 1e-9

WATTS = 1000
"""Parts of a kilowatt in which plant is counted. Hundreds of blocks, each rounded to a whole kilowatt, would hide more
than a generating set's share of a kilowatt is worth; rounded to a watt they hide nothing."""

SUFFIXES = (
    "_mm", "_m", "_m2", "_kg", "_kw", "_kva", "_mw", "_mva", "_kv", "_kwh", "_mwh", "_usd", "_degc", "_k", "_frac",
    "_days", "_weeks", "_h", "_min", "_s", "_l", "_lpm", "_a", "_w", "_b", "_deg", "_count", "_points",
    "_tokens_per_s", "_max_a", "_l_per_h", "_l_per_kwh", "_kw_per_kw", "_usd_per_kwh", "_usd_per_m", "_usd_per_m2",
    "_frac_per_k", "_frac_per_100m", "_g_per_kwh", "_kg_per_kwh", "_kwh_per_mtok", "_usd_per_mtok", "_g_per_mtok",
    "_l_per_mtok", "_ka", "_days_per_block", "_units", "_bar", "_dba", "_hz", "_v", "_mm2", "_ohm_per_km", "_m3_per_h",
    "_j_per_token", "_ms", "_gb", "_years", "_usd_per_kw", "_usd_per_month", "_usd_per_h", "_usd_per_day",
    "_usd_per_unit", "_per_unit", "_per_km", "_t", "_db", "_kwh_per_kwh", "_frac_by_month", "_by_month", "kw_per_kw",
    "_tokens_mean", "_tokens_m", "mtok",
)  # fmt: skip
"""The units that names of figures end in."""


def need(value: float | Fraction, parts: int = 1) -> int:
    """Round up what must be provided, to so many parts of its unit."""
    return math.ceil((value - _NOISE if isinstance(value, float) else value) * parts)


def exact(value: float) -> Fraction:
    """The decimal number that a person wrote, not the float nearest to it."""
    return Fraction(str(value))


def have(value: float | Fraction, parts: int = 1) -> int:
    """Round down what can be used, likewise."""
    return math.floor((value + _NOISE if isinstance(value, float) else value) * parts)


class Rounder(Protocol):
    """A way to make a figure a whole number of parts of its unit."""

    def __call__(self, value: float | Fraction, parts: int = 1) -> int: ...


class Rounding(NamedTuple):
    """How figures become whole numbers: what is needed, and what there is."""

    needed: Rounder
    had: Rounder


SAFE = Rounding(need, have)
"""Needs up and what there is down: what fits in whole numbers fits."""
GENEROUS = Rounding(have, need)
"""The other way round: what does not fit even so does not fit."""


def money(value: float | Decimal | str) -> Decimal:
    """Round half-up to cents."""
    return Decimal(str(value)).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def number(value: float, digits: int = 0) -> str:
    """Thousands separated by commas; no minus zero."""
    rounded = round(value, digits) + 0.0
    return f"{rounded:,.{digits}f}"


def musd(value: Decimal | float) -> str:
    """Money for reading: `12.3 M$`."""
    return f"{float(value) / 1e6:,.1f} M$"


def day(value: date) -> str:
    """ISO date."""
    return value.isoformat()
