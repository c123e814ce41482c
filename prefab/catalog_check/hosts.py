"""What stands inside another module finds its place there, and composites are made of other modules."""

from collections.abc import Iterator
from datetime import date

from prefab.catalog_check.entries import Entries, modules
from prefab.module import Module


def check(entries: Entries, _today: date) -> Iterator[str]:
    """Bays that a host of the family offers; no module inside itself, nor heavier than what holds it."""
    known = {m.sku: m for _, m in modules(entries)}
    for entry, module in modules(entries):
        if module.inside is not None:
            offered = [b for m in known.values() if m.family == module.inside for b in m.bays]
            counts = [b.count for b in offered if b.kind == module.bay]
            if not offered:
                hosts = ", ".join(sorted({m.family for m in known.values() if m.bays}))
                yield entry.says("stands", f"no module of family {module.inside} has bays; these have: {hosts}")
            elif not counts:
                allowed = ", ".join(sorted({b.kind for b in offered}))
                yield entry.says("bay", f"no module of family {module.inside} offers {module.bay!r}; it has: {allowed}")
            elif module.bays_count > max(counts):
                what = f"{module.bays_count}; the roomiest {module.inside} has {max(counts)} of kind {module.bay!r}"
                yield entry.says("bays_count", what)
        for i, content in enumerate(module.contains):
            if content.sku in _inside_of(content.sku, known) or content.sku == module.sku:
                yield entry.says(("contains", i, "sku"), f"{content.sku} would contain itself; another SKU is allowed")
        inner = sum(known[c.sku].mass_kg * c.quantity for c in module.contains if c.sku in known)
        if inner > module.mass_kg:
            yield entry.says("contains", f"{inner:,} kg inside a module of {module.mass_kg:,}; less is allowed")


def _inside_of(sku: str, known: dict[str, Module]) -> set[str]:
    """Every SKU inside a composite, at any depth."""
    found: set[str] = set()
    left = [sku]
    while left:
        module = known.get(left.pop())
        for content in module.contains if module else ():
            if content.sku not in found:
                found.add(content.sku)
                left.append(content.sku)
    return found
