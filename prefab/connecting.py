"""From counts to named modules, each consumer fed from named suppliers on side A and, where there is one, side B."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from prefab.arranging import CATCHER, rated_draw_kw, spread
from prefab.arranging import SYSTEMS as ARRANGED
from prefab.brief import SiteBrief
from prefab.catalog import Catalog
from prefab.errors import AuditError
from prefab.module import Module, Need
from prefab.plan import GAS, GRID, SYSTEMS, BlockKind, Connected, Equipment, Feed, Group, Plant, Sized, System
from prefab.sectioning import make_sections
from prefab.site_layout import Side

SIDES: tuple[Side, ...] = ("A", "B")


def make_connected(brief: SiteBrief, catalog: Catalog, sized: Sized) -> Connected:
    """Tags and feeds for a sized plan.

    Raises:
        AuditError: a sized plan that cannot be connected is a bug of ours.
    """
    catalog = catalog.with_fabric(brief.fabric_frac)
    modules = {m.sku: m for m in catalog.modules}
    equipment = [*_plant_equipment(sized.plant, modules), *_block_equipment(sized, modules)]
    intakes = _intakes(sized, modules, equipment)
    feeds = tuple(_feeds(brief, catalog, modules, equipment, intakes))
    sections = make_sections(brief, catalog.basis, modules, equipment)
    return Connected(equipment=tuple(equipment), feeds=feeds, sections=sections)


def _intakes(sized: Sized, modules: Mapping[str, Module], equipment: Iterable[Equipment]) -> dict[str, int]:
    """By tag the number of the intake that feeds it; the site's own services hang on the first."""
    blocks = sum(counts[-1] for counts in sized.blocks)
    strings = sized.intakes[blocks:]
    batteries = [modules[group.sku] for group in sized.plant if modules[group.sku].grid_battery]
    takes = {n.carrier for m in batteries for n in m.needs if n.through} | {"mv_storage"}
    found, hung = {}, Counter[System]()
    for e in equipment:
        if e.block:
            found[e.tag] = sized.intakes[e.block - 1] if sized.intakes else 1
        elif e.carrier in takes and modules[e.sku].needed("mv_ac"):
            found[e.tag] = strings[hung[e.side]] if strings else 1
            hung[e.side] += 1
    return found


def _added(cumulative: Iterable[int]) -> list[int]:
    before = 0
    added = []
    for now in cumulative:
        added.append(now - before)
        before = now
    return added


def _plant_equipment(plant: Iterable[Plant], modules: Mapping[str, Module]) -> Iterable[Equipment]:
    for group in plant:
        number = 0
        for phase, more in enumerate(_added(group.per_side)):
            for _ in range(more):
                number += 1
                for side in _sides(group.sides):
                    tag = _tag(modules[group.sku].prefix, number, side if group.sides > 1 else "")
                    yield Equipment(
                        tag=tag,
                        sku=group.sku,
                        block=0,
                        phase=phase,
                        carrier=group.carrier,
                        side=side,
                        unit_for=group.unit_for,
                    )


def _block_equipment(sized: Sized, modules: Mapping[str, Module]) -> Iterable[Equipment]:
    block = 0
    steps = [_added(counts) for counts in sized.blocks]
    for phase in range(len(steps[0]) if steps else 0):
        for kind, added in zip(sized.kinds, steps, strict=True):
            for _ in range(added[phase]):
                block += 1
                yield from _one_block(kind, block, phase, modules)


def _one_block(kind: BlockKind, block: int, phase: int, modules: Mapping[str, Module]) -> Iterable[Equipment]:
    used: Counter[str] = Counter()
    # Where pods have something of their own, each has the number of its cell.
    cells = max((group.cells for group in kind.groups), default=1)
    pods = Group(carrier="it", sku=kind.pod, per_side=kind.pods // cells, cells=cells)
    for group in (pods, *kind.groups):
        prefix = modules[group.sku].prefix
        start = used[prefix]
        used[prefix] += group.per_side * group.cells
        for index in range(group.per_side * group.cells):
            number, cell = start + index + 1, index // group.per_side + 1 if group.cells > 1 else 0
            for side in _sides(group.sides):
                tag = _tag(prefix, number, side if group.sides > 1 else "")
                yield Equipment(
                    tag=f"B{block:02d}-{tag}",
                    sku=group.sku,
                    block=block,
                    kind=kind.name,
                    phase=phase,
                    carrier=group.carrier,
                    side=side,
                    supply_degc=group.supply_degc,
                    unit_for=group.unit_for,
                    cell=cell,
                )


def _sides(count: int) -> tuple[System, ...]:
    return SYSTEMS[:count]


def _tag(prefix: str, number: int, side: str) -> str:
    return f"{prefix}-{side}{number}" if side else f"{prefix}-{number:02d}"


def _feeds(
    brief: SiteBrief,
    catalog: Catalog,
    modules: Mapping[str, Module],
    equipment: list[Equipment],
    intakes: Mapping[str, int],
) -> Iterable[Feed]:
    givers: dict[tuple[int, str], list[Equipment]] = defaultdict(list)
    for e in equipment:
        givers[e.block, e.carrier].append(e)
    site = {c.key for c in catalog.carriers if c.scope == "site"}
    from_outside = {"hv_ac" if brief.grid.at_high_voltage else "utility_mv": GRID, "gas": GAS}
    position: Counter[tuple[int, int, str, System]] = Counter()
    consumers = Counter((e.block, e.cell, e.carrier, e.side) for e in equipment)
    shares: Counter[str] = Counter()
    cords = _cords(brief, catalog, modules, equipment)
    for e in equipment:
        index = position[e.block, e.cell, e.carrier, e.side]
        position[e.block, e.cell, e.carrier, e.side] += 1
        for need in modules[e.sku].needs:
            if need.carrier in from_outside:
                yield Feed(consumer=e.tag, carrier=need.carrier, side="A", suppliers=(from_outside[need.carrier],))
            else:
                block = 0 if need.carrier in site else e.block
                found = _warmest(_own([g for g in givers[block, need.carrier] if _serves(g, e, need)], e.cell))
                if need.connection == "unit":
                    found = [g for g in found if g.side == e.side]
                    each = len(found) // consumers[e.block, e.cell, e.carrier, e.side]
                    found = found[index * each : (index + 1) * each]
                if need.connection == "shared":
                    standing = [g for g in found if g.phase <= e.phase]
                    found = sorted(standing, key=lambda g: shares[g.tag])[:1]
                    shares.update(g.tag for g in found)
                if not found:
                    raise AuditError(f"connecting: {e.tag} finds no supplier of {need.carrier}")
                own = need.connection in ("unit", "shared")
                systems, takes_over = cords.get((e.tag, need.carrier), (SYSTEMS[:2], False))
                for side, system in zip(SIDES, systems, strict=True):
                    # A unit's suppliers stand on the consumer's own side and are its only feed.
                    tags = tuple(g.tag for g in found if own or g.side == system)
                    if need.carrier == "mv_ac":
                        number = intakes.get(e.tag, 1)
                        tags = tags[number - 1 : number]
                    if tags and (side == "A" or not own):
                        yield Feed(
                            consumer=e.tag,
                            carrier=need.carrier,
                            side=side,
                            standby=takes_over and side == "B",
                            suppliers=tags,
                        )
            if need.alternate:
                standby = tuple(g.tag for g in givers[0, need.alternate])
                if standby:
                    yield Feed(consumer=e.tag, carrier=need.carrier, side="B", suppliers=standby)


def _cords(
    brief: SiteBrief, catalog: Catalog, modules: Mapping[str, Module], equipment: list[Equipment]
) -> dict[tuple[str, str], tuple[tuple[System, ...], bool]]:
    """By consumer and carrier the systems of its two cords where systems share their reserve, spread as when sized; and
    whether the second only takes over."""
    level = brief.redundancy.power
    critical = [c.key for c in catalog.carriers if c.redundancy == "power" and c.autonomy]
    if level not in ARRANGED:
        return {}
    blocks: dict[int, list[Equipment]] = defaultdict(list)
    for e in equipment:
        blocks[e.block].append(e)
    found: dict[tuple[str, str], tuple[tuple[System, ...], bool]] = {}
    for block in blocks.values():
        for carrier in critical:
            systems = len({e.side for e in block if e.carrier == carrier})
            hanging = [(e.tag, modules[e.sku], e.carrier) for e in block if modules[e.sku].needed(carrier)]
            if systems < 2:
                continue
            draws = [rated_draw_kw(m, gives, need) for _, m, gives in hanging if (need := m.needed(carrier))]
            for (tag, *_), (one, other) in zip(hanging, spread(draws, level, systems), strict=True):
                found[tag, carrier] = (SYSTEMS[one], SYSTEMS[other]), level == CATCHER
    return found


def _serves(giver: Equipment, consumer: Equipment, need: Need) -> bool:
    if (giver.unit_for is not None) != (need.connection == "unit"):
        return False
    if giver.unit_for is not None and giver.unit_for != consumer.carrier:
        return False
    if giver.supply_degc is None:
        return True
    limits = [need.supply_max_degc] if need.supply_max_degc is not None else []
    if need.approach_k is not None and consumer.supply_degc is not None:
        limits.append(consumer.supply_degc - need.approach_k)
    return not limits or giver.supply_degc <= min(limits)


def _own(givers: list[Equipment], cell: int) -> list[Equipment]:
    """Where pods have their own, a pod's or, for what is of no pod, the others."""
    return [g for g in givers if g.cell == cell] if any(g.cell for g in givers) else givers


def _warmest(givers: list[Equipment]) -> list[Equipment]:
    """Of several loops that are cold enough, the one made for this consumer is the warmest."""
    degrees = [g.supply_degc for g in givers if g.supply_degc is not None]
    return [g for g in givers if g.supply_degc == max(degrees)] if degrees else givers
