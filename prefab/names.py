"""What a brief names is in the catalog, and agrees with it."""

from difflib import get_close_matches

from prefab.brief import SiteBrief
from prefab.catalog import Catalog
from prefab.errors import InputError

_FEW = 40
"""Names that a message may list: the families of modules, and not the modules themselves."""


def check_names(brief: SiteBrief, catalog: Catalog) -> None:
    """Every name in the brief exists in the catalog.

    Raises:
        InputError: with every name that does not, and what is allowed.
    """
    mistakes = []
    demands = [(f"it.demand[{n}]" if brief.it.demand else "it", d) for n, d in enumerate(brief.it.demands)]
    for field, value, allowed in (
        ("site.climate", brief.site.climate, [c.key for c in catalog.climates]),
        *((f"{where}.workload", demand.workload, [w.key for w in catalog.cards]) for where, demand in demands),
        ("grid.tariff", brief.grid.tariff, [t.key for t in catalog.tariffs]),
        *((f"{where}.pods", sku, [m.sku for m in catalog.modules if m.it]) for where, d in demands for sku in d.pods),
    ):
        if value not in allowed:
            kind = " an IT pod of" if field.endswith("pods") else " in"
            mistakes.append(f"brief: {field}: {value!r} is not{kind} the catalog; allowed: {', '.join(allowed)}")
    skus = {m.sku for m in catalog.modules}
    makers = {m.manufacturer for m in catalog.modules}
    families = {m.family for m in catalog.modules}
    refrigerants = {m.rejection.refrigerant for m in catalog.modules if m.rejection and m.rejection.refrigerant}
    for field, values, known in (
        ("limits.exclude", brief.limits.exclude, skus),
        ("restrict.only", brief.restrict.only, skus),
        ("restrict.makers", brief.restrict.makers, makers),
        ("restrict.exclude_makers", brief.restrict.exclude_makers, makers),
        ("prefer.makers", brief.prefer.makers, makers),
        ("restrict.exclude_refrigerants", brief.restrict.exclude_refrigerants, refrigerants),
        ("works.factory.family", tuple(f.family for f in brief.works.factory), families),
        ("grid.rules", brief.grid.rules or (), {r.key for r in catalog.grid_rules}),
    ):
        for name in (v for v in values if v not in known):
            near = get_close_matches(name, sorted(known), n=1)
            few = f"allowed: {', '.join(sorted(known))}" if len(known) <= _FEW else "see `prefab catalog list`"
            hint = f"did you mean {near[0]}?" if near else few
            mistakes.append(f"brief: {field}: {name!r} is not in the catalog; {hint}")
    for rule in catalog.rules_at(brief.site.country, brief.grid.rules or ()):
        if brief.site.country not in rule.countries:
            where = f"a rule of {', '.join(rule.countries)}; the site is in {brief.site.country}"
            mistakes.append(f"brief: grid.rules: {rule.key!r} is {where}")
    for number, source in enumerate(brief.supply):
        least_ha = source.mw * catalog.supply.of(source.kind).ha_per_mw if catalog.supply and source.ha else 0.0
        if source.ha is not None and source.ha < least_ha:
            what = f"{source.mw:g} MW of {source.kind} take at least {least_ha:g} ha (catalog supply)"
            mistakes.append(f"brief: supply[{number}].ha: {source.ha:g}; {what}")
        if catalog.supply is None:
            mistakes.append(f"brief: supply[{number}]: the catalog has no supply.toml to screen it with; leave it out")
    of_pods = (c for c in catalog.carriers if c.key in brief.redundancy.scope.of_pods)
    for carrier in (c for c in of_pods if (c.scope, c.redundancy) != ("block", "cooling")):
        what = f"here {carrier.key} is of the {carrier.scope}, its redundancy that of {carrier.redundancy}"
        mistakes.append(f"brief: redundancy.scope.{carrier.key}: {what}; only what cools within a block may be a pod's")
    without = {c.key for c in catalog.storage_cards}
    computing = sum(d.workload not in without for _, d in demands)
    if not computing:
        where, d = demands[0]
        what = "a site of storage alone cannot be designed: one demand must compute tokens"
        mistakes.append(f"brief: {where}.workload: {d.workload!r} makes no tokens; {what}")
    mistakes += [
        f"brief: {where}.workload: {d.workload!r} makes no tokens; the first demand must, and those without come last"
        for where, d in demands[:computing]
        if d.workload in without
    ]
    if mistakes:
        raise InputError(mistakes)
