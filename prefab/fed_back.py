"""What batteries feed into faults follows from which are chosen, and what stands beside them must bear it.

Batteries for duties are counted by the sizing itself, so that it begins with those of the grid's reserve and is asked
again where it chose more and something chosen does not bear that; the bound stays that of the first answer, which
assumed less. What bears more is fewer modules to choose from: where all that is chosen does, the answer is theirs too.
"""

from collections.abc import Callable

from prefab.brief import SiteBrief
from prefab.catalog import Catalog
from prefab.duties import Duties
from prefab.eligible import SiteOffers
from prefab.errors import Impossible, OutOfBudget
from prefab.plan import Sized
from prefab.problem import Known
from prefab.rules import HOOKS
from prefab.rules.fault_level import given_back_mva, reserve_mva
from prefab.sectioning import battery_mva

_TURNS = 4


def sized_with_faults(
    brief: SiteBrief, catalog: Catalog, size: Callable[[Catalog, Known | None], Sized], known: Known | None
) -> Sized:
    """The site whose modules bear what its own batteries feed into faults.

    Args:
        size: Answers for one assumption; `Known` is of the first only.

    Raises:
        OutOfBudget: nothing bears what the batteries of the site found feed back; a site of others is not looked for.
    """
    found = first = size(catalog, known)
    if catalog.basis.short_circuit is None or not Duties(brief, catalog).varies:
        return found
    assumed_mva = reserve_mva(brief)
    for turn in range(_TURNS + 1):
        fed_back_mva = _fed_back_mva(found, catalog)
        if fed_back_mva <= assumed_mva or _borne(found, brief, _assuming(catalog, fed_back_mva)):
            return found if found is first else found.bounded(first.bound_usd, first.exact_bound_usd)
        batteries = f"sizing: batteries that keep what is asked feed {fed_back_mva:.1f} MVA into a fault"
        if turn == _TURNS:
            break
        assumed_mva = fed_back_mva
        try:
            found = size(_assuming(catalog, assumed_mva), None)
        except Impossible as error:
            text = f"{batteries}, and nothing bears that; no other site is proved impossible. {error}"
            raise OutOfBudget(text) from None
    raise OutOfBudget(f"{batteries}, and every site that bears so much takes more of them")


def _fed_back_mva(sized: Sized, catalog: Catalog) -> float:
    modules = {m.sku: m for m in catalog.modules}
    return sum(p.per_side[-1] * p.sides * battery_mva(modules[p.sku]) for p in sized.plant)


def _borne(sized: Sized, brief: SiteBrief, catalog: Catalog) -> bool:
    """Whether everything chosen may stand where the catalog says what batteries feed back; what rotary UPS leave of the
    intake is not looked at."""
    modules, site = {m.sku: m for m in catalog.modules}, SiteOffers(brief, catalog, HOOKS.shapes)
    groups = [g for kind in sized.kinds for g in kind.groups]
    if any(given_back_mva(modules[g.sku]) for g in groups):
        return False
    if any(p.sku not in {o.module.sku for o in site.of(p.carrier)[0]} for p in sized.plant):
        return False
    return all(
        HOOKS.bears(brief, catalog, (group, *(u for u in kind.groups if u.unit_for == group.carrier)), modules)
        for kind in sized.kinds
        for group in kind.groups
        if group.unit_for is None and site.carriers[group.carrier].autonomy
    )


def _assuming(catalog: Catalog, batteries_mva: float) -> Catalog:
    basis = catalog.basis
    assert basis.short_circuit is not None
    faults = basis.short_circuit.model_copy(update={"batteries_mva": batteries_mva})
    return catalog.model_copy(update={"basis": basis.model_copy(update={"short_circuit": faults})})
