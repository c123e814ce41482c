"""What generating sets carry of blocks when the utility is lost."""

from collections.abc import Sequence
from itertools import pairwise

from prefab.brief import SiteBrief
from prefab.catalog import Catalog
from prefab.columns import Column
from prefab.module import Module


def backed_kw(brief: SiteBrief, catalog: Catalog, columns: Sequence[Column]) -> tuple[float, ...]:
    """Of each column its normal draw of the switchgear, or what is left of it where its computers stop, or nothing.

    Never too little: what computers draw is taken off with the least that the losses on the way to them may fall by,
    in any of the columns for their demand. So as much comes off every way to build a block of the same pods, and one
    that draws less in the normal state draws less here.
    """
    modules = {m.sku: m for m in catalog.modules}
    stops: dict[tuple[int, str], float] = {}
    for number, demand in enumerate(brief.it.demands):
        own = [c for c in columns if c.demand == number] if demand.backup == "cooling" else []
        used = [modules[sku] for sku in sorted({g.sku for c in own for g in c.groups})]
        for sku in {c.pod for c in own}:
            stops[number, sku] = _computing_kw(modules[sku], used, catalog)

    def left_kw(column: Column) -> float:
        kept = brief.it.demands[column.demand].backup
        if kept == "cooling":
            return max(0.0, column.mv_kw - column.pods * stops[column.demand, column.pod])
        return column.mv_kw if kept == "full" else 0.0

    return tuple(map(left_kw, columns))


def _computing_kw(pod: Module, used: Sequence[Module], catalog: Catalog) -> float:
    """The least that a pod's critical power adds to what its block draws."""
    assert pod.it is not None
    critical = [n for n in pod.needs if catalog.carrier(n.carrier).autonomy]
    each = ((n.kw_per_kw * pod.it.peak_kw + n.fixed_kw) * _passed_on(n.carrier, used, catalog) for n in critical)
    return sum(each)


def _passed_on(carrier: str, used: Sequence[Module], catalog: Catalog) -> float:
    """The least that one kilowatt more of a carrier adds behind all that gives it in blocks."""
    found = [1.0] if not any(m.given(carrier) for m in used) else []
    for module in (m for m in used if m.given(carrier)):
        through = next((n for n in module.needs if n.through), None)
        behind = _passed_on(through.carrier, used, catalog) if through else 1.0
        found.append((1 + _slope(module, carrier, catalog.basis.power_factor)) * behind)
    return min(found)


def _slope(module: Module, carrier: str, power_factor: float) -> float:
    """Kilowatts of loss for each kilowatt more, where its curve of losses is flattest."""
    given = module.given(carrier)
    if module.losses is None or given is None:
        return 0.0
    rated_kw = given.rated_kw(power_factor)
    return min(((b - a) / (y - x) / rated_kw for (x, a), (y, b) in pairwise(module.losses.points)), default=0.0)
