"""What batteries feed into faults follows from which are chosen, and what stands beside them must bear it.

Batteries are counted by the sizing itself, so that it begins with the least that those of the grid's reserve may feed,
and is asked again where it chose more and something chosen does not bear that; the bound stays that of the first
answer, which assumed no more than any site has. What bears more is fewer modules to choose from: where all that is
chosen does, the answer is theirs too.
"""

import math
from collections import Counter
from collections.abc import Callable

from prefab.brief import SiteBrief
from prefab.catalog import Catalog
from prefab.eligible import SiteOffers
from prefab.errors import Impossible, OutOfBudget
from prefab.module import Module
from prefab.plan import Sized
from prefab.problem import Known
from prefab.rules import HOOKS
from prefab.rules.fault_level import given_back_mva
from prefab.sectioning import alone_mva, battery_mva, overfull

_TURNS = 4


def sized_with_faults(
    brief: SiteBrief, catalog: Catalog, size: Callable[[Catalog, Known | None], Sized], known: Known | None
) -> Sized:
    """The site whose modules bear what its own batteries feed into faults.

    Args:
        size: Answers for one assumption; `Known` is of the first only.

    Raises:
        Impossible: proved, with the least that any site's batteries feed back.
        OutOfBudget: nothing bears what the batteries of the site found feed back; a site of others is not looked for.
    """
    assumed_mva = catalog.fed_back_mva(brief.storage.power_mw)
    found = first = size(catalog, known)
    if catalog.basis.short_circuit is None:
        return found
    for turn in range(_TURNS + 1):
        fed_back_mva = _fed_back_mva(found, catalog)
        crowded = _crowded(found, brief, catalog)
        within = fed_back_mva <= assumed_mva
        if not crowded and (within or _borne(found, brief, _assuming(brief, catalog, fed_back_mva))):
            return found if found is first else found.bounded(first.bound_usd, first.exact_bound_usd)
        batteries = f"sizing: batteries that keep what is asked feed {fed_back_mva:.1f} MVA into a fault"
        if crowded and within and turn:
            raise OutOfBudget(
                f"{batteries}, which leaves no room in the switchgear chosen for one module of: {crowded}"
            )
        if turn == _TURNS:
            break
        assumed_mva = fed_back_mva
        try:
            found = size(_assuming(brief, catalog, assumed_mva), None)
        except Impossible as error:
            text = f"{batteries}, and nothing bears that; no other site is proved impossible. {error}"
            if without := _without_room(brief, catalog, assumed_mva):
                text += f"; the switchgear leaves no room beside the batteries for {', '.join(sorted(without))}"
            raise OutOfBudget(text) from None
    raise OutOfBudget(f"{batteries}, and every site that bears so much takes more of them")


def _fed_back_mva(sized: Sized, catalog: Catalog) -> float:
    modules = {m.sku: m for m in catalog.modules}
    return sum(p.per_side[-1] * p.sides * battery_mva(modules[p.sku]) for p in sized.plant)


def _crowded(sized: Sized, brief: SiteBrief, catalog: Catalog) -> str:
    """What of the sets and main transformers chosen does not even fit the switchgear in sections of one, in words."""
    if not _fed_back_mva(sized, catalog):
        return ""
    counts = Counter({(p.carrier, p.sku): p.per_side[-1] * p.sides for p in sized.plant})
    for kind, blocks in zip(sized.kinds, sized.blocks, strict=True):
        for group in kind.groups:
            counts[group.carrier, group.sku] += group.count * blocks[-1]
    named = {c.key: c.title for c in catalog.carriers}
    modules = {m.sku: m for m in catalog.modules}
    return ", ".join(named[carrier] for carrier in overfull(brief, catalog.basis, modules, counts))


def _borne(sized: Sized, brief: SiteBrief, catalog: Catalog) -> bool:
    """Whether everything chosen may stand where the catalog says what batteries feed back; what rotary UPS leave of the
    intake is not looked at."""
    modules, site = {m.sku: m for m in catalog.modules}, SiteOffers(brief, catalog, HOOKS.shapes)
    groups = [g for kind in sized.kinds for g in kind.groups]
    if any(given_back_mva(modules[g.sku]) for g in groups if g.sku in modules):
        return False
    last = len(brief.phases) - 1
    asked = [(p.carrier, 0, p.sku) for p in sized.plant] + [
        ("lv_ac", last, g.sku) for g in groups if g.carrier == "lv_ac"
    ]
    if any(sku not in {o.module.sku for o in site.of(carrier, phase)[0]} for carrier, phase, sku in asked):
        return False
    return all(
        HOOKS.bears(brief, catalog, (group, *(u for u in kind.groups if u.unit_for == group.carrier)), modules)
        for kind in sized.kinds
        for group in kind.groups
        if group.unit_for is None and site.carriers[group.carrier].autonomy
    )


def _assuming(brief: SiteBrief, catalog: Catalog, batteries_mva: float) -> Catalog:
    """The catalog that says what batteries feed back, without what has no room beside them."""
    basis, without = catalog.basis, _without_room(brief, catalog, batteries_mva)
    assert basis.short_circuit is not None
    faults = basis.short_circuit.model_copy(update={"batteries_mva": batteries_mva})
    return catalog.model_copy(
        update={
            "basis": basis.model_copy(update={"short_circuit": faults}),
            "modules": tuple(m for m in catalog.modules if m.sku not in without),
        }
    )


def _without_room(brief: SiteBrief, catalog: Catalog, batteries_mva: float) -> set[str]:
    """Sets and main transformers that outgrow the strongest switchgear beside so many batteries even one by one, and
    switchgear that leaves none of the others room."""
    room_mva = {m.sku: _rated_mva(brief, catalog, m) - batteries_mva for m in catalog.modules if m.given("mv_ac")}
    most_mva, found = max(room_mva.values(), default=math.inf), set[str]()
    for carrier, asked in (("utility_mv", brief.grid.at_high_voltage), ("standby_mv", brief.autonomy.generator_h > 0)):
        givers = [m for m in catalog.modules if asked and m.given(carrier)]
        alone = {m.sku: alone_mva(brief, catalog.basis, m) for m in givers}
        found |= {sku for sku, mva in alone.items() if mva > most_mva}
        least_mva = min(alone.values(), default=0.0)
        found |= {sku for sku, mva in room_mva.items() if mva < min(least_mva, most_mva)}
    return found


def _rated_mva(brief: SiteBrief, catalog: Catalog, module: Module) -> float:
    """What intake switchgear is built for."""
    ends = (module.given("mv_ac"), module.needed("utility_mv"))
    rated_ka = min((e.withstand_ka for e in ends if e and e.withstand_ka), default=math.inf)
    return 3**0.5 * brief.grid.switchgear_kv(catalog.basis.medium_voltage_kv) * rated_ka
