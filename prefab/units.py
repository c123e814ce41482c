"""Rounding and printing. Only here does a quantity become a whole number or a text."""

import math
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

# Absorbs the last-bit noise of float sums, so that an exact 1500.0 never becomes 1501.
_NOISE = 1e-9

SUFFIXES = (
    "_mm", "_m", "_m2", "_kg", "_kw", "_kva", "_mva", "_mw", "_kv", "_kwh", "_mwh", "_usd", "_kusd", "_musd",
    "_degc", "_k", "_frac", "_days", "_weeks", "_h", "_min", "_l", "_lpm", "_l_per_h", "_l_per_kwh",
    "_kw_per_kw", "_usd_per_kwh", "_usd_per_kw", "_usd_per_m", "_usd_per_m2", "_frac_per_k", "_kv",
    "_frac_per_100m", "_points", "_count", "_g_per_kwh", "_deg", "_tokens_per_s", "_w", "_tflops", "_b",
)  # fmt: skip


def need(value: float) -> int:
    """Round up what must be provided."""
    return math.ceil(value - _NOISE)


def have(value: float) -> int:
    """Round down what can be used."""
    return math.floor(value + _NOISE)


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
