"""Rounding to the unfavourable side, printing, and a unit at the end of every figure's name."""

import dataclasses
import typing
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from prefab import basis, brief, carrier, climate, costs, market, materials, module, plan, product, results, workload
from prefab.tables import Frozen
from prefab.units import GENEROUS, SUFFIXES, WATTS, day, have, money, musd, need, number

# Counts, ratios, cases of a band, and figures whose unit stands in a field beside them.
PLAIN = {
    "mw",
    "noise_deviations",
    "usd",
    "commissioning_crews",
    "connection_crews",
    "crane_crews",
    "fat_bays",
    "sides",
    "r_over_x",
    "actual",
    "amount",
    "base",
    "block",
    "block_kinds",
    "blocks",
    "bound",
    "capacity",
    "cell",
    "cells",
    "circuits_max",
    "cop",
    "count",
    "degraded_hours",
    "demand",
    "dew_point_correlation",
    "dn",
    "feeders_max",
    "frac",
    "high",
    "hours",
    "modules_per_week",
    "hours_per_day",
    "incumbent",
    "intakes",
    "lead_weeks_over",
    "level",
    "limit",
    "low",
    "month",
    "months",
    "parallel_max",
    "per_modules",
    "per_side",
    "phase",
    "pieces",
    "pods",
    "pods_per_block",
    "points",
    "power_factor",
    "pue",
    "quantity",
    "seconds",
    "skus",
    "units",
    "units_per_day",
    "usd_per_day",
    "usd_per_week",
    "weekdays",
}


@pytest.mark.parametrize(
    ("value", "up", "down"),
    [
        (1500.0, 1500, 1500),
        (1500.4, 1501, 1500),
        (1500.0000000001, 1500, 1500),
        (1499.9999999999, 1500, 1500),
        (0.0, 0, 0),
    ],
)
def test_needs_round_up_and_capacities_down(value, up, down):
    assert need(value) == up
    assert have(value) == down


@pytest.mark.parametrize(
    ("value", "up", "down"),
    [
        (1500.0, 1_500_000, 1_500_000),
        (1500.0004, 1_500_001, 1_500_000),
        (1499.9999999999, 1_500_000, 1_500_000),
        (38_000.0000000001, 38_000_000, 38_000_000),
        (Fraction(1, 3), 334, 333),
    ],
)
def test_rounding_to_watts_takes_noise_in_kilowatts(value, up, down):
    assert need(value, WATTS) == GENEROUS.had(value, WATTS) == up
    assert have(value, WATTS) == GENEROUS.needed(value, WATTS) == down


@pytest.mark.parametrize(
    ("value", "cents"), [("2.345", "2.35"), ("2.344", "2.34"), ("-2.345", "-2.35"), (2.675, "2.68")]
)
def test_money_rounds_half_up(value, cents):
    assert money(value) == Decimal(cents)


def test_printing():
    assert number(1234567.891, 1) == "1,234,567.9"
    assert number(-0.04, 1) == "0.0"
    assert musd(Decimal("12345678")) == "12.3 M$"
    assert day(date(2026, 11, 23)) == "2026-11-23"


def is_number(annotation):
    return annotation in (int, float) or any(is_number(a) for a in getattr(annotation, "__args__", None) or ())


def figures():
    for file in (basis, brief, carrier, climate, costs, market, materials, module, plan, product, workload):
        for kind in vars(file).values():
            if isinstance(kind, type) and issubclass(kind, Frozen) and kind.__module__ == file.__name__:
                yield from ((kind.__name__, n) for n, f in kind.model_fields.items() if is_number(f.annotation))
    for kind in vars(results).values():
        if dataclasses.is_dataclass(kind):
            yield from ((kind.__name__, n) for n, t in typing.get_type_hints(kind).items() if is_number(t))


def test_every_figure_names_its_unit():
    found = list(figures())
    assert len(found) > 100
    assert [f for f in found if not f[1].endswith(SUFFIXES) and f[1] not in PLAIN] == []
    assert {name for _, name in found} >= PLAIN
