"""The modules connected are exactly the modules sized, block by block and phase by phase."""

from collections import Counter
from typing import TypeAlias

from prefab.brief import SiteBrief
from prefab.plan import SYSTEMS, BlockKind, Plan
from prefab.results import Finding

TITLE = "Modules bought are modules connected"
BASIS = "plan sized against connected"
WISHES = ("limits.block_kinds", "limits.exclude", "it.pods")
RULE = "composition"

Place = tuple[str, str, int]
"""Kind of block (empty for the site), SKU, phase."""
Parts: TypeAlias = "Counter[tuple[str, str, str, int, float | None, str | None]]"
"""Modules of one block by SKU, carrier, side, cell, supply temperature and what they are units of."""


def check(plan: Plan) -> tuple[Finding, ...]:
    """Counts per kind, SKU and phase; unique tags; no excluded module; at most the kinds allowed."""
    assert plan.connected is not None
    bought: Counter[Place] = Counter()
    for kind, counts in zip(plan.sized.kinds, plan.sized.blocks, strict=True):
        for phase, blocks in enumerate(_added(counts)):
            bought[kind.name, kind.pod, phase] += blocks * kind.pods
            for group in kind.groups:
                bought[kind.name, group.sku, phase] += blocks * group.sides * group.per_side * group.cells
    for plant in plan.sized.plant:
        for phase, per_side in enumerate(_added(plant.per_side)):
            bought["", plant.sku, phase] += per_side * plant.sides
    stands: Counter[Place] = Counter((e.kind, e.sku, e.phase) for e in plan.connected.equipment)
    differ = [
        Finding(
            RULE,
            f"{kind or 'site'}, phase {phase + 1}",
            False,
            float(stands[place]),
            float(bought[place]),
            "modules",
            "==",
            sku,
        )
        for place in sorted(bought.keys() | stands.keys())
        if stands[place] != bought[place]
        for kind, sku, phase in (place,)
    ]
    differ += _blocks(plan)
    total = float(stands.total())
    summary = Finding(RULE, "site", not differ, total, float(bought.total()), "modules", "==", "modules in all")
    tags = Counter(e.tag for e in plan.connected.equipment)
    repeated = [t for t, n in tags.items() if n > 1]
    known = {m.sku for m in plan.modules}
    strange = sorted({s for _, s, _ in stands if s not in known or s in plan.brief.limits.exclude})
    by_metre = {m.sku for m in plan.modules if m.stands == "per_metre"}
    runs = [e.tag for e in plan.connected.equipment if e.sku in by_metre]
    text = "modules that are part of a run, counted by the metre"
    kinds = float(len({e.kind for e in plan.connected.equipment if e.kind}))
    return (
        *differ,
        summary,
        Finding(RULE, "site", not repeated, float(len(repeated)), 0.0, "tags", "==", "tags used twice"),
        Finding(RULE, "site", not runs, float(len(runs)), 0.0, "modules", "==", text),
        Finding(RULE, "site", not strange, float(len(strange)), 0.0, "SKUs", "==", "unknown or excluded"),
        Finding(
            RULE,
            "site",
            kinds <= plan.brief.kinds_max,
            kinds,
            float(plan.brief.kinds_max),
            "kinds",
            "<=",
            "kinds of block",
        ),
    )


def _blocks(plan: Plan) -> list[Finding]:
    """Blocks that are not made of what their kind says, by SKU, carrier, side, the pod whose own it is, supply
    temperature and what it is a unit of."""
    assert plan.connected is not None
    kinds = {kind.name: _parts(kind) for kind in plan.sized.kinds}
    blocks: dict[tuple[int, str], Parts] = {}
    for e in plan.connected.equipment:
        if e.block:
            blocks.setdefault((e.block, e.kind), Counter())[
                e.sku, e.carrier, e.side, e.cell, e.supply_degc, e.unit_for
            ] += 1
    return [
        Finding(
            RULE,
            f"block {number}",
            False,
            float(found.total()),
            float(kinds.get(kind, Counter()).total()),
            "modules",
            "==",
            f"is not a block of kind {kind!r}",
        )
        for (number, kind), found in sorted(blocks.items())
        if found != kinds.get(kind)
    ]


def _parts(kind: BlockKind) -> Parts:
    """Where some modules are of one pod each, the pods have numbers."""
    numbered = any(group.cells > 1 for group in kind.groups)
    parts: Parts = Counter(
        (kind.pod, "it", "A", number if numbered else 0, None, None) for number in range(1, kind.pods + 1)
    )
    for group in kind.groups:
        for side in SYSTEMS[: group.sides]:
            for cell in range(1, group.cells + 1) if group.cells > 1 else (0,):
                parts[group.sku, group.carrier, side, cell, group.supply_degc, group.unit_for] += group.per_side
    return parts


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    without = f", without {', '.join(brief.limits.exclude)}" if brief.limits.exclude else ""
    named = (f"{d.name if brief.it.demand else 'IT'} in {' or '.join(d.pods)}" for d in brief.it.demands if d.pods)
    pods = "".join(f", {text}" for text in named)
    return f"The site is built of at most {brief.kinds_max} kinds of block{without}{pods}."


def _added(cumulative: tuple[int, ...]) -> list[int]:
    return [now - before for before, now in zip((0, *cumulative), cumulative, strict=False)]
