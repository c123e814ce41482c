"""A module fits its transport class, and what is shipped is no smaller than what stands on the site."""

from collections.abc import Iterator
from datetime import date

from prefab.catalog_check.entries import Entries, modules

# Most length, width and height in mm and mass in kg. A: without a permit; B: as A, over the mass that needs none;
# C: oversize permit; D: each splice as C. E is a superload and "-" loose goods, which bind nothing.
# https://newsletter.semianalysis.com/p/the-wild-wild-west-of-lego-datacenters and https://aidatacenterguide.com
_ENVELOPES = {
    "A": (16_500, 2600, 2900, 24_000),
    "B": (16_500, 2600, 2900, 45_500),
    "C": (18_300, 4300, 4400, 45_000),
    "D": (18_300, 4300, 4400, 45_000),
}
_KEYS = ("length_mm", "width_mm", "height_mm", "mass_kg")


def check(entries: Entries, _today: date) -> Iterator[str]:
    """Sizes and mass against the class; one piece at least as large as the module, several at least as heavy."""
    for entry, module in modules(entries):
        t = module.transport
        sizes = (t.length_mm, t.width_mm, t.height_mm, t.mass_kg)
        for key, value, limit in zip(_KEYS, sizes, _ENVELOPES.get(t.permit, ()), strict=False):
            if value > limit:
                unit = key.rpartition("_")[2]
                yield entry.says(f"transport.{key}", f"{value:,} {unit}; class {t.permit} takes {limit:,} at the most")
        if t.permit == "B" and t.mass_kg <= _ENVELOPES["A"][3]:
            yield entry.says("transport.permit", f"B with {t.mass_kg:,} kg; up to {_ENVELOPES['A'][3]:,} kg it is A")
        if t.permit == "D" and t.pieces < 2:
            yield entry.says("transport.pieces", "one piece; class D is shipped in 2 or more")
        if module.stands == "per_metre":
            continue
        if t.pieces == 1:
            yield from (
                entry.says(f"transport.{key}", f"{shipped:,}, the module has {own:,}; one piece is no smaller")
                for key, shipped, own in _smaller(sizes, module.length_mm, module.width_mm, module.height_mm)
            )
        if t.mass_kg * t.pieces < module.mass_kg:
            what = f"{t.pieces} of at most {t.mass_kg:,} kg; together no less than mass_kg, {module.mass_kg:,}"
            yield entry.says("transport.mass_kg", what)


def _smaller(sizes: tuple[int, ...], length: int, width: int, height: int) -> Iterator[tuple[str, int, int]]:
    """Sides that are shorter than those of the module; it may lie the other way round, but not on its side."""
    plan = zip(sorted(sizes[:2], reverse=True), sorted((length, width), reverse=True), _KEYS[:2], strict=True)
    for shipped, own, key in (*plan, (sizes[2], height, _KEYS[2])):
        if shipped < own:
            yield key, shipped, own
