"""Kilowatts, flow and temperature rise of a liquid agree, and liquids leave warmer than they came."""

from collections.abc import Iterator
from datetime import date

from prefab.catalog_check.entries import Entries, carriers, modules

TOLERANCE_FRAC = 0.05


def check(entries: Entries, _today: date) -> Iterator[str]:
    """kW = L/min / 60 · density · heat capacity · rise, within 5 %; rated flow within the largest."""
    known = carriers(entries)
    for entry, module in modules(entries):
        for i, g in enumerate(module.gives):
            at = ("gives", i, "flow_rated_lpm")
            if (g.flow_rated_lpm is None) != (g.rise_rated_k is None):
                yield entry.says(at, "without its partner; flow_rated_lpm and rise_rated_k go together")
            if g.flow_rated_lpm is None or g.rise_rated_k is None:
                continue
            if g.flow_max_lpm and g.flow_rated_lpm > g.flow_max_lpm:
                yield entry.says(at, f"{g.flow_rated_lpm:g} L/min; at most flow_max_lpm, {g.flow_max_lpm:g}")
            liquid = known.get(g.carrier)
            if liquid is None or g.capacity_kw is None:
                continue
            if liquid.density_kg_per_l is None or liquid.heat_capacity_kj_per_kg_k is None:
                continue
            carried = g.flow_rated_lpm / 60 * liquid.density_kg_per_l * liquid.heat_capacity_kj_per_kg_k
            carried *= g.rise_rated_k
            if abs(carried / g.capacity_kw - 1) > TOLERANCE_FRAC:
                what = f"with a rise of {g.rise_rated_k:g} K {g.flow_rated_lpm:g} L/min carry {carried:.0f} kW"
                yield entry.says(at, f"{what}; {g.capacity_kw:g} kW within {TOLERANCE_FRAC:.0%} are allowed")
        for i, n in enumerate(module.needs):
            supply, back = n.supply_max_degc, n.return_max_degc
            if supply is not None and back is not None and back <= supply:
                what = f"{back:g} °C; above supply_max_degc, {supply:g}, is allowed"
                yield entry.says(("needs", i, "return_max_degc"), what)
            if n.pressure_drop_bar and n.pressure_max_bar and n.pressure_drop_bar > n.pressure_max_bar:
                what = f"{n.pressure_drop_bar:g} bar; at most pressure_max_bar, {n.pressure_max_bar:g}"
                yield entry.says(("needs", i, "pressure_drop_bar"), what)
