"""Why nothing fits: a smallest set of wishes that clash, found by dropping one at a time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from typing import Any, Literal

from prefab.brief import SiteBrief
from prefab.catalog import Catalog
from prefab.design import make_built
from prefab.errors import Impossible, OutOfBudget
from prefab.problem import Known
from prefab.results import Progress
from prefab.rules import RULES, Rule
from prefab.solver import StopFlag

Verdict = Literal["possible", "impossible", "unknown"]
Section = dict[str, Any]

_THE_QUESTION = "phases.it_mw"
_FAR = timedelta(days=36_500)
_ANY_LAND: Section = {"width_m": 5000.0, "depth_m": 5000.0, "land": None}
_NO_BATTERY: Section = {"power_mw": 0.0, "duration_h": 0.0}
_GIVEN_UP: dict[str, Section] = {
    "autonomy.generator_h": {"generator_h": 0.0},
    "autonomy.ups_min": {"ups_min": 0.0},
    "grid.capacity_mw": {"capacity_mw": 1e5, "series": (), "interruption_h": None},
    "grid.series": {"series": (), "interruption_h": None},
    "limits.block_kinds": {"block_kinds": 2},
    "limits.exclude": {"exclude": ()},
    "site.depth_m": _ANY_LAND,
    "site.design_dry_bulb_degc": {"design_dry_bulb_degc": 15.0},
    "site.land": _ANY_LAND,
    "site.setback_m": {"setback_m": 0.0},
    "site.width_m": _ANY_LAND,
    "storage.duration_h": _NO_BATTERY,
    "storage.power_mw": _NO_BATTERY,
    "works.commissioning_crews": {"commissioning_crews": 1000},
    "works.connection_crews": {"connection_crews": 1000},
    "works.crane_crews": {"crane_crews": 1000},
    "works.fat_bays": {"fat_bays": 1000},
}
"""What the fields of a brief become when they are given up; any redundancy becomes N, its scope and any other
field its default."""


@dataclass(frozen=True)
class Wish:
    """Something the customer asked for that could be given up."""

    field: str
    """The brief's field that is given up."""
    rule: str
    sentence: str


@dataclass(frozen=True)
class Conflict:
    """What clashes. `smallest` is false when a trial ran out of budget: then not every wish listed need be guilty."""

    verdict: Verdict
    reason: str
    clashing: tuple[Wish, ...]
    freeing: tuple[Wish, ...]
    """Those of `clashing` that free the site when they alone are given up."""
    smallest: bool
    freeing_with: tuple[tuple[Wish, tuple[Wish, ...]], ...] = ()
    """Others of a smallest `clashing`, each with what outside it must be given up too: without it there is another
    clash."""


def _without_one(brief: SiteBrief, field: str) -> SiteBrief:
    """The brief with one wish given up; a brief without that wish comes back equal."""
    section, _, name = field.partition(".")
    part = getattr(brief, section)
    if field == "phases.energised_by":
        return brief.model_copy(
            update={"phases": tuple(p.model_copy(update={"energised_by": p.energised_by + _FAR}) for p in brief.phases)}
        )
    if field == "grid.interruption_h":
        firm = (s.model_copy(update={"firm_mw": s.given_mw, "interruptible_mw": 0.0}) for s in brief.grid.series)
        return brief.model_copy(
            update={"grid": part.model_copy(update={"series": tuple(firm), "interruption_h": None})}
        )
    if field == "grid.bridge.allowed":
        # Only what comes in steps can be bridged.
        bridge = brief.grid.bridge.model_copy(update={"allowed": bool(brief.grid.series)})
        return brief.model_copy(update={"grid": part.model_copy(update={"bridge": bridge})})
    if field == "it.pods":
        demands = tuple(d.model_copy(update={"pods": ()}) for d in brief.it.demand)
        return brief.model_copy(update={"it": part.model_copy(update={"pods": (), "demand": demands})})
    if field == "it.backup":
        # Without sets nothing is given up.
        demands = tuple(d.model_copy(update={"backup": "none"}) for d in brief.it.demand)
        none: Section = {"demand": demands} if demands else {"backup": "none"}
        return brief.model_copy(update={"it": part.model_copy(update=none)}) if brief.autonomy.generator_h else brief
    name, _, inner = name.partition(".")
    if inner:
        kept = getattr(part, name)
        given_up: Section = {name: kept.model_copy(update={inner: type(kept).model_fields[inner].default})}
    else:
        plain = "N" if section == "redundancy" else type(part).model_fields[name].default
        given_up = _GIVEN_UP.get(field) or {name: plain}
    relaxed = brief.model_copy(update={section: part.model_copy(update=given_up)})
    # Several IT demands raise the kinds of block by themselves: then the limit binds nothing.
    return brief if field == "limits.block_kinds" and relaxed.kinds_max == brief.kinds_max else relaxed


def wishes_of(brief: SiteBrief, rules: tuple[Rule, ...] = RULES) -> tuple[Wish, ...]:
    """Every wish that giving up would change; the IT load itself is the question and stays."""
    found: dict[SiteBrief, Wish] = {}
    for rule in rules:
        for field in rule.WISHES:
            if field == _THE_QUESTION:
                continue
            if (relaxed := _without_one(brief, field)) != brief:
                # Two fields that are given up together (width and depth of the land) are one wish.
                named = "site.land" if brief.site.land and _GIVEN_UP.get(field) is _ANY_LAND else field
                found.setdefault(relaxed, Wish(named, rule.TITLE, rule.explain(brief)))
    # Without hours there are no sets, which a connection in steps may need: given up last, that hides no other wish.
    return tuple(sorted(found.values(), key=lambda w: bool(brief.grid.series) and w.field == "autonomy.generator_h"))


def attempt(brief: SiteBrief, catalog: Catalog, effort: str, stop: StopFlag, known: Known) -> tuple[Verdict, str]:
    """Whether a brief has a site, as far as land and dates, and if not what was said."""
    try:
        make_built(brief, catalog, effort, stop=stop, known=known)
    except Impossible as error:
        return "impossible", str(error)
    except OutOfBudget as error:
        return "unknown", str(error)
    return "possible", ""


def find_conflict(
    brief: SiteBrief,
    catalog: Catalog,
    effort: str = "quick",
    on_progress: Callable[[Progress], None] | None = None,
    stop: StopFlag | None = None,
) -> Conflict:
    """Deletion filter: a wish whose loss changes nothing is not part of the clash."""
    stop = stop or StopFlag()
    known = Known()
    verdict, reason = attempt(brief, catalog, effort, stop, known)
    if verdict == "possible":
        return Conflict(verdict, "", (), (), True)
    wishes = wishes_of(brief)
    given_up: list[Wish] = []
    clashing: list[Wish] = []
    smallest = verdict == "impossible"
    for number, wish in enumerate(wishes, 1):
        if on_progress:
            on_progress(Progress(f"wish {number} of {len(wishes)}: {wish.field}", None, None, 0.0))
        found, _ = attempt(without(brief, [*given_up, wish]), catalog, effort, stop, known)
        if found == "possible":
            clashing.append(wish)
        else:
            smallest = smallest and found == "impossible"
            given_up.append(wish)

    def frees(lost: list[Wish]) -> bool:
        return attempt(without(brief, lost), catalog, effort, stop, known)[0] == "possible"

    freeing = [w for w in clashing if frees([w])]
    others = [w for w in clashing if w not in freeing] if smallest else []
    freeing_with = tuple((w, needed) for w in others if (needed := _needed(w, given_up, frees)))
    return Conflict(verdict, reason, tuple(clashing), tuple(freeing), smallest, freeing_with)


def _needed(wish: Wish, others: list[Wish], frees: Callable[[list[Wish]], bool]) -> tuple[Wish, ...]:
    """Of the others a smallest set that frees the site with the wish: of its own rule, if these are enough."""
    kin = [o for o in others if o.rule == wish.rule]
    needed = next((found for found in (kin, others) if frees([wish, *found])), [])
    for other in needed:
        if frees([wish, *(fewer := [o for o in needed if o is not other])]):
            needed = fewer
    return tuple(needed)


def without(brief: SiteBrief, wishes: Iterable[Wish]) -> SiteBrief:
    """The brief with all these wishes given up."""
    return reduce(_without_one, (wish.field for wish in wishes), brief)
