"""What batteries feed into faults follows from which are chosen, and what stands beside them must bear it.

Batteries for duties are counted by the sizing itself, so that it begins with those of the grid's reserve and is asked
again where it chose more; the bound stays that of the first answer, which assumed less.
"""

from collections.abc import Callable

from prefab.brief import SiteBrief
from prefab.catalog import Catalog
from prefab.duties import Duties
from prefab.plan import Sized
from prefab.problem import Known
from prefab.rules.fault_level import reserve_mva
from prefab.sectioning import battery_mva

_TURNS = 4


def sized_with_faults(
    brief: SiteBrief, catalog: Catalog, size: Callable[[Catalog, Known | None], Sized], known: Known | None
) -> Sized:
    """The site whose modules bear what its own batteries feed into faults.

    Args:
        size: Answers for one assumption; `Known` is of the first only.
    """
    found = first = size(catalog, known)
    if catalog.basis.short_circuit is None or not Duties(brief, catalog).varies:
        return found
    assumed_mva = reserve_mva(brief)
    for _ in range(_TURNS):
        fed_back_mva = _fed_back_mva(found, catalog)
        if fed_back_mva <= assumed_mva:
            break
        assumed_mva = fed_back_mva
        found = size(_assuming(catalog, assumed_mva), None)
    return found if found is first else found.bounded(first.bound_usd, first.exact_bound_usd)


def _fed_back_mva(sized: Sized, catalog: Catalog) -> float:
    modules = {m.sku: m for m in catalog.modules}
    return sum(p.per_side[-1] * p.sides * battery_mva(modules[p.sku]) for p in sized.plant)


def _assuming(catalog: Catalog, batteries_mva: float) -> Catalog:
    basis = catalog.basis
    assert basis.short_circuit is not None
    faults = basis.short_circuit.model_copy(update={"batteries_mva": batteries_mva})
    return catalog.model_copy(update={"basis": basis.model_copy(update={"short_circuit": faults})})
