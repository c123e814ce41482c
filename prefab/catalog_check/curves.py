"""Curves go the way that physics makes them go."""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from prefab.catalog_check.entries import Entries, modules
from prefab.layers import Entry
from prefab.provenance import Curve

FUEL_RISE_FRAC = 0.10
"""Specific fuel use is least between half and full load and rises a little beyond; more than this is a typing slip."""


def check(entries: Entries, _today: date) -> Iterator[str]:
    """Losses rise with load and begin at none; COP and capacity fall as it gets hotter; fuel a kWh falls with load."""
    for entry, module in modules(entries):
        if module.losses:
            points = module.losses.points
            yield from _monotone(entry, "losses.points", points, "rise", "losses rise with load")
            yield from _loads(entry, "losses.points", points, first=0.0)
            if points[0][1] < 0:
                yield entry.says("losses.points", f"{points[0][1]:g} kW at no load; 0 or more is allowed")
        if module.rejection:
            for key, curve in (("cop", module.rejection.cop), ("capacity_frac", module.rejection.capacity_frac)):
                if curve:
                    yield from _monotone(entry, f"rejection.{key}", curve, "not rise", f"{key} falls with dry bulb")
        if module.engine:
            for key, fuel in (
                ("fuel_l_per_kwh", module.engine.fuel_l_per_kwh),
                ("gas_kwh_per_kwh", module.engine.gas_kwh_per_kwh),
            ):
                if fuel:
                    yield from _fuel(entry, f"engine.{key}", fuel)
                    yield from _loads(entry, f"engine.{key}", fuel, first=None)


def _monotone(entry: Entry, key: str, curve: Curve, way: str, why: str) -> Iterator[str]:
    for (x, low), (_, high) in pairwise(curve):
        if (high <= low) if way == "rise" else (high > low):
            yield entry.says(key, f"{high:g} after {low:g} at {x:g}; {why}")
            return


def _fuel(entry: Entry, key: str, curve: Curve) -> Iterator[str]:
    values = [y for _, y in curve]
    least = values.index(min(values))
    falls = all(b <= a for a, b in pairwise(values[: least + 1]))
    rises = all(b >= a for a, b in pairwise(values[least:]))
    if not (falls and rises and least > 0) or values[-1] > min(values) * (1 + FUEL_RISE_FRAC):
        what = f"{', '.join(f'{y:g}' for y in values)} over rising load"
        yield entry.says(key, f"{what}; it falls, then may rise by {FUEL_RISE_FRAC:.0%} at the most")


def _loads(entry: Entry, key: str, curve: Curve, first: float | None) -> Iterator[str]:
    xs = [x for x, _ in curve]
    if (first is not None and xs[0] != first) or xs[0] < 0 or not 1.0 <= xs[-1] <= 1.25:
        begins = "0" if first == 0 else "0 or above"
        yield entry.says(key, f"loads from {xs[0]:g} to {xs[-1]:g}; they begin at {begins} and reach 1 (at most 1.25)")
