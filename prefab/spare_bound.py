"""The least that the spares of any site cost, whatever ways of building it are gone: spread over prices, and fixed.

Of a type of which n stand, 1 + floor(n / per) wait in store: at least one, and at least (n + 1) / per. Any mean of the
two is a straight line that the spares never undercut, so that each module may cost its slope more. Its value at nothing
is paid for every type that stands, and of some carriers one type stands on every site.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import floor, nextafter
from typing import NamedTuple

from prefab.brief import SiteBrief
from prefab.catalog import Catalog
from prefab.duties import SMOOTHING
from prefab.eligible import eligible_pods, make_offers
from prefab.module import Module, Need
from prefab.plan import Sized
from prefab.plant import asked_of_site
from prefab.rules import spares
from prefab.units import exact

Types = tuple[str, ...]
"""SKUs of which one stands."""


class Spread(NamedTuple):
    """What spares cost at least: the cheapest site of this catalog without spares, and a fixed sum."""

    catalog: Catalog
    fixed_usd: int


def make_spread(brief: SiteBrief, catalog: Catalog, standing: Mapping[str, int]) -> Spread:
    """Valid for any site; best for one on which so many modules of each type stand."""
    each_usd = spares.each_usd(brief, catalog)
    per = spares.modules_per_spare(brief, catalog)
    given = _given(brief, catalog)
    left = {sku: Fraction(usd) for sku, usd in each_usd.items()}
    fixed = _taken(left, (types for types in given if not _many(types, each_usd, per, standing)))
    more: dict[str, Fraction] = {}
    for sku, usd in each_usd.items():
        if per is not None:
            # All but one part in `per` of the fixed value may be given for slope.
            slope = min(Fraction(usd), left[sku] * per / (per - 1)) if per > 1 else Fraction(usd)
            more[sku] = slope / per
            left[sku] -= slope * (per - 1) / per
    fixed += _taken(left, given)
    modules = tuple(_dearer(brief, catalog, m, floor(more.get(m.sku, 0))) for m in catalog.modules)
    return Spread(catalog.model_copy(update={"modules": modules}), floor(fixed))


def standing(sized: Sized) -> Counter[str]:
    """How many modules of each type stand at full build."""
    found: Counter[str] = Counter()
    for kind, counts in zip(sized.kinds, sized.blocks, strict=True):
        for group in kind.groups:
            found[group.sku] += group.count * counts[-1]
    for plant in sized.plant:
        found[plant.sku] += plant.sides * plant.per_side[-1]
    return found


def _many(types: Types, each_usd: Mapping[str, int], per: int | None, standing: Mapping[str, int]) -> bool:
    """Whether slope alone says more of what stands than one spare of the cheapest of the types and slope for the rest.

    Either way is valid, this is for the better one.
    """
    if per is None or per == 1:
        return per == 1
    least = min(each_usd.get(sku, 0) for sku in types)
    most = max(types, key=lambda sku: standing.get(sku, 0))
    count, usd = standing.get(most, 0), each_usd.get(most, 0)
    rest = min(Fraction(usd), Fraction((usd - least) * per, per - 1))
    return (count + 1) * usd > per * least + rest * count


def _taken(left: dict[str, Fraction], given: Iterable[Types]) -> Fraction:
    """The least of every set of types, taken from each of them, so that none is counted twice."""
    total = Fraction(0)
    for types in given:
        least = min(left.get(sku, Fraction(0)) for sku in types)
        left.update({sku: left[sku] - least for sku in types if sku in left})
        total += least
    return total


def _dearer(brief: SiteBrief, catalog: Catalog, module: Module, usd: int) -> Module:
    """With a price at which it counts for so much more, installed; a hair less where no decimal says it.

    In whole dollars, so that what is rounded up to them for each block does not rise by more.
    """
    if not usd:
        return module
    price = module.price_exact_usd + usd / (catalog.costs.installed * brief.prefer.counted(module.manufacturer))
    amount = float(price)
    while exact(amount) > price:
        amount = nextafter(amount, 0.0)
    dearer = module.price.model_copy(update={"amount": amount, "currency": "USD", "usd_per_unit": 1.0})
    return module.model_copy(update={"price": dearer})


def _given(brief: SiteBrief, catalog: Catalog) -> list[Types]:
    """For every carrier that something on each site must give all types that might: what the site's intake, the brief
    and all pods ask for, and in turn what everything asks for that may give it."""
    last = len(brief.phases) - 1
    # Sets bring tanks of their own, so that no other is certain.
    wanted = [c for c in asked_of_site(brief) if c != "fuel"]
    wanted += [SMOOTHING] if brief.storage.smoothing_frac else []
    for demand in brief.it.demands:
        pods = eligible_pods(brief, catalog, demand, last)[0]
        wanted += [c for c in _all_ask(pods, brief, catalog, "block") if c not in wanted]
    found = []
    for carrier in wanted:  # grows while it is walked
        # Temperatures and what else may refuse a module are left out: then there are more types, never fewer.
        givers = [o.module for o in make_offers(brief, catalog, (), carrier, phase=last)[0]]
        if givers:
            found.append(tuple(m.sku for m in givers))
            asked = _all_ask(givers, brief, catalog, catalog.carrier(carrier).scope)
            wanted += [c for c in asked if c not in wanted]
    return found


def _all_ask(modules: Iterable[Module], brief: SiteBrief, catalog: Catalog, scope: str) -> list[str]:
    """Carriers that some module must give where any of these stands in such a scope."""
    asked = [{n.carrier for n in m.needs if _certain(n, brief, catalog, scope)} for m in modules]
    return sorted(set.intersection(*asked)) if asked else []


def _certain(need: Need, brief: SiteBrief, catalog: Catalog, scope: str) -> bool:
    carrier = catalog.carrier(need.carrier)
    if carrier.utility or carrier.medium == "fuel" or (carrier.key == "utility_mv" and not brief.grid.at_high_voltage):
        return False
    if carrier.scope == "block":
        return scope == "block"
    return need.connection in ("unit", "shared") or (not need.through and need.units + need.fixed_kw > 0)
