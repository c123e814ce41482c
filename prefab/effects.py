"""What another catalog would do to the stored layouts: each sized again and compared with its stored plan."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from prefab.brief import read_brief
from prefab.catalog import Catalog
from prefab.difference import Change
from prefab.errors import InputError, PrefabError
from prefab.plan import Sized
from prefab.results import Progress
from prefab.sizing import make_sized
from prefab.solver import QUICK
from prefab.tables import read_text, validate


@dataclass(frozen=True)
class Effect:
    """What another catalog does to one stored layout."""

    layout: str
    trouble: str
    """Why it cannot be said, or why no site is found any more; empty where there is an answer."""
    modules: tuple[Change, ...] = ()
    """Modules of the whole site by SKU."""
    cost_kusd: Change | None = None
    """Modules, freight and installation; None where it stays."""

    @property
    def is_empty(self) -> bool:
        """Whether the layout stays as it is."""
        return not (self.trouble or self.modules or self.cost_kusd)


def make_effects(
    layouts: Path, catalog: Catalog, on_progress: Callable[[Progress], None] | None = None
) -> Iterator[Effect]:
    """Each stored layout sized again, at quick effort, with another catalog, against its stored plan."""
    for brief in sorted(layouts.glob("*/brief.toml")):
        yield _effect(brief, catalog, on_progress)


def _effect(brief: Path, catalog: Catalog, on_progress: Callable[[Progress], None] | None) -> Effect:
    name = brief.parent.name
    try:
        stored = _stored(brief.with_name("plan.json"))
        sized = make_sized(read_brief(brief), catalog, QUICK, on_progress)
    except PrefabError as error:
        return Effect(name, str(error).partition("\n")[0])
    before, after = counts(stored), counts(sized)
    modules = tuple(
        Change(sku, before[sku], after[sku]) for sku in sorted({*before, *after}) if before[sku] != after[sku]
    )
    cost = Change("objective_kusd", stored.objective_kusd, sized.objective_kusd)
    return Effect(name, "", modules, cost if cost.old != cost.new else None)


def _stored(path: Path) -> Sized:
    """What a stored plan buys; its other sections may be of another version."""
    try:
        tree = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise InputError(f"{path}:{error.lineno}: not valid JSON: {error.msg}") from None
    return validate(tree.get("sized", {}) if isinstance(tree, dict) else {}, Sized, str(path))


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
