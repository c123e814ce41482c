"""What another catalog would do to the stored layouts: each sized again and compared with its stored plan."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from prefab.brief import read_brief
from prefab.catalog import Catalog
from prefab.difference import Change, make_changes
from prefab.errors import InputError, PrefabError
from prefab.layers import Tree
from prefab.plan import FORMAT, Sized
from prefab.results import Progress
from prefab.sizing import make_sized
from prefab.solver import QUICK
from prefab.tables import read_text, validate

# Where figures come from changes nothing that is built, and a price shows in the cost.
_UNSEEN = ("provenance", "price", "title", "notes", "revision")


@dataclass(frozen=True)
class Effect:
    """What another catalog does to one stored layout."""

    layout: str
    trouble: str
    """Why it cannot be said, or why no site is found any more; empty where there is an answer."""
    modules: tuple[Change, ...] = ()
    """Modules of the whole site by SKU."""
    cost_usd: Change | None = None
    """What is paid for modules, freight and installation, without any margin of preference; None where it stays."""
    figures: tuple[Change, ...] = ()
    """Of the modules that it keeps, by SKU and key: what its layout, schedule and projection would be made with."""

    @property
    def is_empty(self) -> bool:
        """Whether the layout stays as it is."""
        return not (self.trouble or self.modules or self.cost_usd or self.figures)


def make_effects(
    layouts: Path, catalog: Catalog, on_progress: Callable[[Progress], None] | None = None
) -> Iterator[Effect]:
    """Each stored layout sized again, at quick effort, with another catalog, against its stored plan."""
    for brief in sorted(layouts.glob("*/brief.toml")):
        yield _effect(brief, catalog, on_progress)


def _effect(brief: Path, catalog: Catalog, on_progress: Callable[[Progress], None] | None) -> Effect:
    name = brief.parent.name
    try:
        tree = _read_plan(brief.with_name("plan.json"))
        stored = validate(tree.get("sized", {}), Sized, str(brief.with_name("plan.json")))
        sized = make_sized(read_brief(brief), catalog, QUICK, on_progress)
    except PrefabError as error:
        return Effect(name, str(error).partition("\n")[0])
    before, after = counts(stored), counts(sized)
    modules = tuple(
        Change(sku, before[sku], after[sku]) for sku in sorted({*before, *after}) if before[sku] != after[sku]
    )
    cost = Change("cost_usd", stored.cost_usd, sized.cost_usd)
    figures = tuple(_figures(tree, catalog, {sku for sku in before if after[sku]}))
    return Effect(name, "", modules, cost if cost.old != cost.new else None, figures)


def _read_plan(path: Path) -> Tree:
    """A stored plan; what it buys must be in order, its other sections may be of another version."""
    try:
        tree = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise InputError(f"{path}:{error.lineno}: not valid JSON: {error.msg}") from None
    return tree if isinstance(tree, dict) else {}


def _figures(plan: Tree, catalog: Catalog, kept: set[str]) -> Iterator[Change]:
    """What the catalog says otherwise than the plan's own copy of the modules; prices show in the cost."""
    if plan.get("format") != FORMAT:
        return
    today = {m.sku: m for m in catalog.modules}
    for old in plan.get("modules", ()):
        if old.get("sku") in kept:
            new = today[old["sku"]].model_dump(mode="json")
            trees = ({k: v for k, v in tree.items() if k not in _UNSEEN} for tree in (old, new))
            yield from (replace(c, key=f"{old['sku']} {c.key}") for c in make_changes(*trees))


def counts(sized: Sized) -> Counter[str]:
    """Modules of the whole site by SKU."""
    found: Counter[str] = Counter()
    for kind, blocks in zip(sized.kinds, sized.blocks, strict=True):
        found[kind.pod] += kind.pods * blocks[-1]
        for group in kind.groups:
            found[group.sku] += group.count * blocks[-1]
    for plant in sized.plant:
        found[plant.sku] += plant.sides * plant.per_side[-1]
    return +found
