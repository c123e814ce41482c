"""The four powers of a pod stand in order, and what goes in as power comes out as heat."""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from prefab.catalog_check.entries import Entries, carriers, modules
from prefab.layers import Entry
from prefab.module import Module

HEAT_TOLERANCE_FRAC = 0.03
_HEAT = ("liquid", "air", "heat")


def check(entries: Entries, _today: date) -> Iterator[str]:
    """Measured <= sustained <= peak, and sustained <= nameplate.

    Energy is counted with the measured power and cooling laid out for the sustained one, which no mean can exceed; the
    peak of a few milliseconds to seconds lies above it, and by the published figures of rack-scale systems above the
    label too. The label (the sum of the supplies) is never below what they carry for long.
    """
    heat = {key for key, carrier in carriers(entries).items() if carrier.medium in _HEAT}
    for entry, module in modules(entries):
        if module.it is None:
            continue
        it = module.it
        order = (("measured_kw", it.measured_kw), ("sustained_kw", it.sustained_kw), ("peak_kw", it.peak_kw))
        for (low_key, low), (high_key, high) in (*pairwise(order), (order[1], ("nameplate_kw", it.nameplate_kw))):
            if low > high:
                yield entry.says(f"it.{low_key}", f"{low:g} kW is above {high_key}, {high:g}; at most that is allowed")
        it_kw = next((g.capacity_kw for g in module.gives if g.carrier == "it"), None)
        if it_kw is not None and it_kw != it.sustained_kw:
            yield entry.says("gives.capacity_kw", f"{it_kw:g} kW; it.sustained_kw, {it.sustained_kw:g}, is allowed")
        if heat:
            yield from _heat(entry, module, heat)


def _heat(entry: Entry, module: Module, heat: set[str]) -> Iterator[str]:
    """All of the pod's power leaves as heat; what lighting and fans of the house draw may leave with the air too."""
    assert module.it is not None
    out = sum(n.kw_per_kw for n in module.needs if n.carrier in heat)
    electric = [n for n in module.needs if n.carrier not in heat and n.carrier != "fabric" and n.kw_per_kw]
    beside = sum(n.kw_per_kw for n in electric) * module.it.peak_kw / module.it.sustained_kw - (
        module.it.peak_kw / module.it.sustained_kw
    )
    most = 1 + max(0.0, beside) + HEAT_TOLERANCE_FRAC
    if not 1 - HEAT_TOLERANCE_FRAC <= out <= most:
        what = f"the shares of heat in liquid and air add up to {out:.3f}"
        yield entry.says("needs.kw_per_kw", f"{what}; {1 - HEAT_TOLERANCE_FRAC:.2f} to {most:.2f} is allowed")
