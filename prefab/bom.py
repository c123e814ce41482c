"""The multi-level bill of materials and the commercial summary, from a plan alone.

Level 1 is a system (the site's plant, a kind of block), level 2 a module in it, level 3 what the module contains. Money
is rounded half-up to cents per line; totals are sums of rounded lines.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256

from prefab.cabling import make_cable_lines
from prefab.errors import AuditError
from prefab.module import Module
from prefab.plan import Plan
from prefab.product import Part
from prefab.results import Bom, BomLine, CostLine, Spare
from prefab.units import money, need, number

NOTHING = money(0)
PART_MAX = 30
STORE = "store"
"""What takes the place of a block kind's name for spares."""


@dataclass(frozen=True)
class _System:
    """One heading of the bill with its modules in order of the plan."""

    part: str
    title: str
    kind: str
    """Name of the block kind; empty for the site's plant."""
    phase_counts: tuple[int, ...]
    """Blocks added in each phase; for the plant one in the first."""
    per_system: Mapping[str, int]
    """Modules per block by SKU; of the plant, in all."""
    phase_modules: Mapping[str, tuple[int, ...]]
    """Modules added in each phase by SKU."""


def make_bom(plan: Plan) -> Bom:
    """Every module, its parts, spares, runs and costs.

    Raises:
        AuditError: the modules with tags are not those that the sizing counts.
    """
    lines: list[BomLine] = []
    parts: Counter[tuple[str, int]] = Counter()
    for number_of, system in enumerate(_systems(plan), 1):
        lines += _system_lines(plan, system, str(number_of))
        for sku, counts in () if system.kind == STORE else system.phase_modules.items():
            for index in range(len(plan.module(sku).parts)):
                parts[sku, index] += sum(counts)
    cables = make_cable_lines(plan)
    modules_usd = _sum(line.extended_usd for line in lines)
    cables_usd = _sum(c.extended_usd for c in cables)
    costs = tuple(_costs(plan, modules_usd, cables_usd, 1.0))
    accuracy = plan.costs.price_accuracy_frac

    def total(modules: Decimal, factor: float) -> Decimal:
        runs = money(cables_usd * Decimal(str(factor)))
        return modules + runs + _sum(c.amount_usd for c in _costs(plan, modules, runs, factor))

    return Bom(
        lines=tuple(lines),
        spares=tuple(_spares(plan, parts)),
        cables=cables,
        costs=costs,
        modules_usd=modules_usd,
        cables_usd=cables_usd,
        total_usd=modules_usd + cables_usd + _sum(c.amount_usd for c in costs),
        low_usd=total(_sum(line.low_usd for line in lines), 1 - accuracy),
        high_usd=total(_sum(line.high_usd for line in lines), 1 + accuracy),
        phase_names=tuple(p.name for p in plan.brief.phases),
    )


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, NOTHING)


def _added(cumulative: Iterable[int]) -> tuple[int, ...]:
    before, added = 0, []
    for now in cumulative:
        added.append(now - before)
        before = now
    return tuple(added)


def _systems(plan: Plan) -> Iterable[_System]:
    plant: dict[str, tuple[int, ...]] = {}
    phases = len(plan.brief.phases)
    for group in plan.sized.plant:
        more = tuple(group.sides * n for n in _added(group.per_side))
        plant[group.sku] = tuple(a + b for a, b in zip(plant.get(group.sku, (0,) * phases), more, strict=True))
    if plant:
        totals = {sku: sum(counts) for sku, counts in plant.items()}
        yield _System("SYS.SITE", "Site plant", "", (1, *(0,) * (phases - 1)), totals, plant)
    for index, (kind, counts) in enumerate(zip(plan.sized.kinds, plan.sized.blocks, strict=True), 1):
        blocks = _added(counts)
        each = Counter({kind.pod: kind.pods})
        for g in kind.groups:
            each[g.sku] += g.count
        title = f"{kind.title}, {kind.pods} x {kind.pod} each"
        modules = {sku: tuple(n * b for b in blocks) for sku, n in each.items()}
        yield _System(f"SYS.BLOCK.{index}", title, kind.name, blocks, each, modules)
    if plan.sized.spares:
        kept: Counter[str] = Counter()
        for spare in plan.sized.spares:
            kept[spare.sku] += spare.count
        later = (0,) * (phases - 1)
        stored = {sku: (n, *later) for sku, n in kept.items()}
        yield _System("SYS.SPARES", "Spares in store", STORE, (1, *later), kept, stored)


def _system_lines(plan: Plan, system: _System, find: str) -> Iterable[BomLine]:
    counts = tuple(Decimal(n) for n in system.phase_counts)
    yield _heading(system, find, counts)
    for index, (sku, per_system) in enumerate(system.per_system.items(), 1):
        module = plan.module(sku)
        line = _module_line(plan, system, module, f"{find}.{index}", find, Decimal(per_system))
        yield line
        for inner, part in enumerate(module.parts, 1):
            yield _part_line(module, part, inner, line)


def _heading(system: _System, find: str, counts: tuple[Decimal, ...]) -> BomLine:
    return BomLine(
        level=1,
        find=find,
        parent="",
        part=system.part,
        title=system.title,
        family="spares" if system.kind == STORE else "block" if system.kind else "plant",
        manufacturer="",
        revision="",
        unit="each",
        quantity_per_parent=Decimal(sum(counts)),
        quantity=Decimal(sum(counts)),
        unit_price_usd=NOTHING,
        extended_usd=NOTHING,
        phase_quantities=counts,
        lead_weeks=0.0,
        order_by=None,
        mass_kg=0.0,
        transport_class="",
        basis="",
        source="",
        low_usd=NOTHING,
        high_usd=NOTHING,
        notes="",
    )


def _module_line(plan: Plan, system: _System, module: Module, find: str, parent: str, per_system: Decimal) -> BomLine:
    phase_counts = system.phase_modules[module.sku]
    quantity = sum(phase_counts)
    price = module.source_of("price.amount")
    accuracy = plan.costs.price_accuracy_frac
    low = module.price_usd * (1 - accuracy) if price.low is None else price.low
    high = module.price_usd * (1 + accuracy) if price.high is None else price.high
    unit_price = money(module.price_usd)
    return BomLine(
        level=2,
        find=find,
        parent=parent,
        part=module.sku,
        title=module.title,
        family=module.family,
        manufacturer=module.manufacturer,
        revision=module.revision,
        unit="each",
        quantity_per_parent=per_system,
        quantity=Decimal(quantity),
        unit_price_usd=unit_price,
        extended_usd=money(unit_price * quantity),
        phase_quantities=tuple(Decimal(n) for n in phase_counts),
        lead_weeks=module.deployment.lead_weeks,
        order_by=_order_by(plan, system, module),
        mass_kg=float(module.mass_kg),
        transport_class=module.transport.permit,
        basis=price.basis,
        source=price.source,
        low_usd=money(money(low) * quantity),
        high_usd=money(money(high) * quantity),
        notes=module.notes,
        tags=_tags(plan, system, module.sku, quantity),
    )


def _tags(plan: Plan, system: _System, sku: str, quantity: int) -> tuple[str, ...]:
    if plan.connected is None or system.kind == STORE:
        return ()
    tags = tuple(e.tag for e in plan.connected.equipment if e.sku == sku and e.kind == system.kind)
    if len(tags) != quantity:
        raise AuditError(f"bill: {system.title}: {len(tags)} x {sku} have a tag, the sizing counts {quantity}")
    return tags


def _order_by(plan: Plan, system: _System, module: Module) -> date | None:
    """The first order of this module for this system, as late as the schedule has it (float of that task is left).

    Without a schedule its lead time before the first phase that needs it.
    """
    if plan.scheduled is not None and plan.connected is not None:
        places = {
            f"B{e.block:02d}" if e.block else f"P{e.phase + 1}"
            for e in plan.connected.equipment
            if e.kind == system.kind
        }
        keys = {f"{place}/procurement/{module.sku}" for place in places}
        starts = [t.start for t in plan.scheduled.tasks if t.key in keys]
        if starts:
            return min(starts)
    counts = system.phase_modules[module.sku]
    wanted = [p.energised_by for p, n in zip(plan.brief.phases, counts, strict=True) if n]
    return min(wanted) - timedelta(weeks=module.deployment.lead_weeks) if wanted else None


def _part_line(module: Module, part: Part, inner: int, line: BomLine) -> BomLine:
    each = Decimal(str(part.quantity))
    return BomLine(
        level=3,
        find=f"{line.find}.{inner}",
        parent=line.find,
        part=_part_number(module.sku, inner),
        title=part.name,
        family=module.family,
        manufacturer=module.manufacturer,
        revision=module.revision,
        unit=part.unit,
        quantity_per_parent=each,
        quantity=each * line.quantity,
        unit_price_usd=NOTHING,
        extended_usd=NOTHING,
        phase_quantities=tuple(each * n for n in line.phase_quantities),
        lead_weeks=0.0,
        order_by=None,
        mass_kg=0.0,
        transport_class="",
        basis="included",
        source=module.source_of("parts").source,
        low_usd=NOTHING,
        high_usd=NOTHING,
        notes="",
    )


def _part_number(sku: str, inner: int) -> str:
    """The SKU and the part's number in it; a dot never stands in a SKU, so the two cannot meet."""
    ending = f".{inner}"
    if len(sku) + len(ending) <= PART_MAX:
        return sku + ending
    digest = sha256(sku.encode()).hexdigest()[:6].upper()
    return f"{sku[: PART_MAX - len(ending) - len(digest) - 1]}.{digest}{ending}"


def _spares(plan: Plan, parts: Mapping[tuple[str, int], int]) -> Iterable[Spare]:
    for (sku, index), modules in sorted(parts.items()):
        part = plan.module(sku).parts[index]
        quantity = need(modules * part.quantity * part.spare_frac)
        if quantity:
            yield Spare(_part_number(sku, index + 1), part.name, quantity, part.unit, sku)


def _stored_usd(plan: Plan) -> Decimal:
    """Spares at their list prices: they are delivered and not installed."""
    return _sum(money(money(plan.module(s.sku).price_usd) * s.count) for s in plan.sized.spares)


def _couplers(plan: Plan) -> int:
    """Between the sections of every bus that has several: one fewer than there are sections."""
    if plan.connected is None:
        return 0
    carriers = {e.tag: e.carrier for e in plan.connected.equipment}
    sections = [carriers[section[0]] for section in plan.connected.sections if section]
    return len(sections) - len(set(sections))


def _costs(plan: Plan, modules_usd: Decimal, cables_usd: Decimal, factor: float) -> Iterable[CostLine]:
    """Everything that is neither module nor run; `factor` scales prices per area for the low and the high case."""
    costs = plan.costs
    lines: list[CostLine] = []

    def add(key: str, title: str, base: Decimal, rate: float) -> None:
        source = costs.source_of(key)
        amount = money(base * Decimal(str(rate)))
        lines.append(CostLine(key.partition("_")[0], title, base, rate, amount, source.basis, source.source))

    def add_area(key: str, what: str, usd_per_m2: float, purposes: Sequence[str]) -> None:
        areas = plan.placed.areas if plan.placed else ()
        area_mm2 = sum(a.width_mm * a.depth_mm for a in areas if a.purpose in purposes)
        if area_mm2:
            base = money(Decimal(area_mm2) / 10**6 * Decimal(str(usd_per_m2)) * Decimal(str(factor)))
            add(key, f"{what}, {number(area_mm2 / 1e6)} m² at {usd_per_m2:g} $/m²", base, 1.0)

    add("freight_frac", "Freight", modules_usd, costs.freight_frac)
    add("installation_frac", "Installation", modules_usd - _stored_usd(plan), costs.installation_frac)
    add_area("civil_usd_per_m2", "Ground and pads", costs.civil_usd_per_m2, ("block", "yard"))
    add_area("road_usd_per_m2", "Roads", costs.road_usd_per_m2, ("road",))
    if couplers := _couplers(plan):
        base = money(Decimal(couplers) * Decimal(str(costs.section_coupler_usd)) * Decimal(str(factor)))
        add("section_coupler_usd", f"{couplers} bus couplers with fault-current limiters", base, 1.0)
    add("engineering_frac", "Engineering and project management", modules_usd, costs.engineering_frac)
    add("commissioning_frac", "Commissioning", modules_usd, costs.commissioning_frac)
    everything = modules_usd + cables_usd + _sum(line.amount_usd for line in lines)
    add("contingency_frac", "Contingency on all of the above", everything, costs.contingency_frac)
    return lines
