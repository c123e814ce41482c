"""What stands inside another module has a bay there: in a pod's rows, on its racks, in an electrical house."""

from collections import defaultdict
from typing import TYPE_CHECKING

from prefab.brief import SiteBrief
from prefab.plan import Plan
from prefab.results import Finding

if TYPE_CHECKING:
    from prefab.module import Module

TITLE = "Room inside pods and houses"
BASIS = "catalog stands, bay, bays_count, bays"
WISHES: tuple[str, ...] = ()
RULE = "bays"
_HOST = "it_pod"

Kind = tuple[str, str]
"""Family of the host and kind of bay."""


def check(plan: Plan) -> tuple[Finding, ...]:
    """Per kind of block and kind of bay: bays taken against bays offered; doors at every rack or at none."""
    assert plan.connected is not None
    modules = {m.sku: m for m in plan.modules}
    first: dict[str, int] = {}
    for e in plan.connected.equipment:
        first.setdefault(e.kind, e.block)
    findings = []
    for kind, block in first.items():
        offered: dict[Kind, int] = defaultdict(int)
        taken: dict[Kind, int] = defaultdict(int)
        filling: dict[Kind, int] = defaultdict(int)
        for e in plan.connected.equipment:
            if (e.kind, e.block) != (kind, block) or e.sku not in modules:
                continue
            module = modules[e.sku]
            for bays in module.bays:
                offered[module.family, bays.kind] += bays.count
            if module.inside and module.bay:
                taken[module.inside, module.bay] += module.bays_count
                if module.fills_bays:
                    filling[module.inside, module.bay] += module.bays_count
        where = f"block kind {kind}" if kind else "site"
        for key in sorted(taken):
            text = f"{key[1]} bays in {key[0]}"
            findings.append(Finding.at_most(RULE, where, float(taken[key]), float(offered[key]), "bays", text))
            if key in filling:
                whole = filling[key] == offered[key]
                text = f"{key[1]} bays in {key[0]} that are all filled alike"
                findings.append(
                    Finding(RULE, where, whole, float(filling[key]), float(offered[key]), "bays", "==", text)
                )
    return tuple(findings) or (Finding.at_most(RULE, "site", 0.0, 0.0, "bays", "nothing stands inside anything"),)


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    return f"What stands inside the pods and houses of the {brief.it_kw / 1000:g} MW has a bay there."


def fits(stands: "tuple[tuple[Module, int], ...]", complete: bool) -> bool:
    """Whether the modules chosen so far have room; houses may still come until the block is complete."""
    free: dict[Kind, int] = defaultdict(int)
    for module, count in stands:
        for bays in module.bays:
            free[module.family, bays.kind] += count * bays.count
        if module.inside and module.bay:
            free[module.inside, module.bay] -= count * module.bays_count
    return all(left >= 0 or not (complete or family == _HOST) for (family, _), left in free.items())
