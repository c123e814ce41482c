"""The power path as a one-line diagram: utility, medium voltage, standby, storage, and one typical block of each kind.

Equal modules are one symbol with their count. Breakers are shown where a feed meets a bus.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from prefab.documents.drawing import Circle, Drawing, Label, Line, Rect, Shape
from prefab.documents.labels import count_of, faults_text, rating_of, redundancy_of, site_voltage
from prefab.documents.style import GREY, INK, NAVY, RULE, SKY, WHITE, fitted, lines_of
from prefab.documents.svg import svg_of
from prefab.plan import BlockKind, Group, Plan, Plant
from prefab.proposal import Proposal
from prefab.units import number

WIDTH, HEIGHT = 740.0, 470.0
# Viewers of the SVG may print with a wider typeface than the one measured here.
_SLACK = 0.88
_MIDDLE = WIDTH / 2
_UTILITY_Y, _MV_Y = 96.0, 152.0
_OUT_Y = 174.0
_FRAME_Y, _FRAME_HEIGHT = 192.0, 262.0
_NOTE = (
    "Typical blocks; equal modules are one symbol with their count. Critical and LV buses: 415 V. "
    "Protection and fault levels belong to the detailed design."
)


def write(proposal: Proposal, path: Path) -> None:
    """Write the diagram as SVG."""
    path.write_text(svg_of(make_one_line(proposal.plan), faults_text(proposal)), encoding="utf-8", newline="\n")


def make_one_line(plan: Plan) -> Drawing:
    """The diagram of the site as it stands after its last phase."""
    kinds = [(kind, counts[-1]) for kind, counts in zip(plan.sized.kinds, plan.sized.blocks, strict=True) if counts[-1]]
    gap = 12.0
    width = (WIDTH - gap * (len(kinds) - 1)) / max(1, len(kinds))
    frames = [(index * (width + gap), width) for index in range(len(kinds))]
    shapes: list[Shape] = [*_site(plan, frames)]
    for (kind, count), (left, _) in zip(kinds, frames, strict=True):
        shapes += _block(plan, kind, count, left, width)
    shapes.append(Label(0, HEIGHT - 2, _NOTE, size=6.5, colour=GREY))
    return Drawing(WIDTH, HEIGHT, tuple(shapes), "One-line diagram")


def _plant(plan: Plan, carrier: str) -> Plant | None:
    return next((p for p in plan.sized.plant if p.carrier == carrier and p.per_side[-1]), None)


def _entry(left: float, width: float, side: int, sides: int) -> float:
    """Where the feeder of a side enters a block's frame."""
    return left + width - 10 - 14 * (sides - 1 - side)


def _site(plan: Plan, frames: Sequence[tuple[float, float]]) -> Iterable[Shape]:
    colour = plan.carrier("utility_mv").colour
    intake = _plant(plan, "mv_ac")
    sides = intake.sides if intake else 1
    incoming = (235.0, 505.0) if sides == 2 else (_MIDDLE,)
    yield from _box(_MIDDLE, 4, 172, ("Utility grid", site_voltage(plan.brief)))
    main = _plant(plan, "utility_mv")
    if main:
        hv = plan.carrier("hv_ac").colour
        yield _wire(hv, (_MIDDLE, 32), (_MIDDLE, 46))
        yield _bus(hv, _MIDDLE - 60, _MIDDLE + 60, 46)
        drawn = min(3, main.per_side[-1])
        for index in range(drawn):
            x = _MIDDLE + (index - (drawn - 1) / 2) * 40
            yield _wire(hv, (x, 46), (x, 56))
            yield from _transformer(x, 68, colour)
            yield _wire(colour, (x, 80), (x, _UTILITY_Y))
        yield from _beside(_MIDDLE + 72, 58, _described(plan, main))
    else:
        yield _wire(colour, (_MIDDLE, 32), (_MIDDLE, _UTILITY_Y))
    yield _bus(colour, min(incoming[0], _MIDDLE - 60), max(incoming[-1], _MIDDLE + 60), _UTILITY_Y, 1.6)
    mv = plan.carrier("mv_ac").colour
    spans = ((110.0, 355.0), (385.0, 630.0)) if sides == 2 else ((110.0, 630.0),)
    for x, (start, end), side in zip(incoming, spans, "AB", strict=False):
        yield _wire(mv, (x, _UTILITY_Y), (x, _MV_Y))
        yield from _breaker(x, _MV_Y - 12, mv)
        yield _bus(mv, start, end, _MV_Y)
        text = f"MV bus {side}" if sides == 2 else "MV bus"
        text += f", {_bus_kv(plan):g} kV"
        if intake:
            rating = rating_of(plan.module(intake.sku), "mv_ac")
            text += f": {intake.per_side[-1]} x {intake.sku}, {rating} each"
        out, y = (start + 20 if side == "A" else end - 20), _OUT_Y + (7 if side == "B" else 0)
        ends = [out, *(_entry(left, width, "AB".index(side), sides) for left, width in frames)]
        yield _wire(mv, (out, _MV_Y), (out, y))
        yield _wire(mv, (min(ends), y), (max(ends), y))
        yield from _breaker(out, _MV_Y + 11, mv)
        yield Label((start + end) / 2, _MV_Y + 11, text, size=7.5, anchor="middle", bold=True, colour=mv)
    yield from _standby(plan, spans)
    yield from _storage(plan, spans[-1][1])


def _standby(plan: Plan, spans: Sequence[tuple[float, float]]) -> Iterable[Shape]:
    sets = _plant(plan, "standby_mv")
    if not sets:
        return
    colour = plan.carrier("standby_mv").colour
    x, y = 24.0, 84.0
    yield from _machine(x, y, "G", colour)
    yield from _beside(x + 18, y - 9, _described(plan, sets))
    fuel = _plant(plan, "fuel")
    if fuel:
        litres, hours = _fuel_l(plan, sets, fuel), plan.brief.autonomy.generator_h
        stored = f"{number(litres / 1000)} m³ incl. belly tanks, for {hours:g} h"
        for above, line in ((29, f"Fuel: {count_of(fuel)} x {fuel.sku}"), (20, stored)):
            yield Label(x + 18, y - above, line, size=7, colour=GREY)
    line_y = 128.0
    ends = [start + 45 for start, _ in spans[:1]] + [end - 45 for _, end in spans[1:]]
    yield _wire(colour, (x, y + 11), (x, line_y), (max(ends), line_y))
    for end in ends:
        yield _wire(colour, (end, line_y), (end, _MV_Y))
        yield Circle(end, line_y, 1.6, fill=colour)
        yield from _breaker(end, _MV_Y - 12, colour)


def _bus_kv(plan: Plan) -> float:
    """Voltage of the site's switchgear."""
    grid = plan.brief.grid
    return plan.basis.medium_voltage_kv if grid.at_high_voltage else grid.voltage_kv


def _fuel_l(plan: Plan, sets: Plant, fuel: Plant) -> float:
    """What tanks and the usable part of the sets' belly tanks hold."""
    engine, gives = plan.module(sets.sku).engine, plan.module(fuel.sku).given("fuel")
    belly_l = engine.belly_tank_l * engine.tank_usable_frac if engine else 0.0
    tank_l = (gives.capacity_l or 0.0) if gives else 0.0
    return sets.sides * sets.per_side[-1] * belly_l + fuel.sides * fuel.per_side[-1] * tank_l


def _storage(plan: Plan, end: float) -> Iterable[Shape]:
    battery = _plant(plan, "mv_storage")
    if not battery:
        return
    colour = plan.carrier("mv_storage").colour
    x, y = 672.0, 112.0
    yield _wire(colour, (end, _MV_Y), (x, _MV_Y), (x, y + 8))
    yield from _breaker(end + 14, _MV_Y, colour)
    yield Line(((x - 12, y + 8), (x + 12, y + 8)), stroke=colour, stroke_width=1.2)
    yield Line(((x - 6, y + 4), (x + 6, y + 4)), stroke=colour, stroke_width=2.4)
    yield Line(((x - 12, y), (x + 12, y)), stroke=colour, stroke_width=1.2)
    yield Line(((x - 6, y - 4), (x + 6, y - 4)), stroke=colour, stroke_width=2.4)
    lines = _described(plan, battery)
    for index, line in enumerate(lines):
        yield Label(x, y - 30 + 9 * index, line, size=7, anchor="middle", bold=not index)


def _described(plan: Plan, plant: Plant) -> tuple[str, str, str]:
    module = plan.module(plant.sku)
    return (
        f"{count_of(plant)} x {plant.sku}",
        f"{rating_of(module, plant.carrier)} each",
        redundancy_of(plan, plant.carrier) if plant.carrier != "mv_storage" else _energy(plan, plant),
    )


def _energy(plan: Plan, plant: Plant) -> str:
    battery = plan.module(plant.sku).grid_battery
    return f"{number(battery.energy_kwh)} kWh each" if battery else ""


def _block(plan: Plan, kind: BlockKind, count: int, left: float, width: float) -> Iterable[Shape]:
    top = _FRAME_Y
    yield Rect(
        left + 0.5, top, width - 1, _FRAME_HEIGHT, fill=WHITE, stroke=RULE, stroke_width=1, dash=(4, 2), radius=3
    )
    pod = plan.module(kind.pod)
    it_kw = kind.pods * (pod.it.sustained_kw if pod.it else 0.0)
    head = f"Block kind {kind.name}: {count} of these, {number(it_kw)} kW of IT each"
    yield Label(left + 8, top + 13, fitted(head, width - 16, 8.5, bold=True), size=8.5, bold=True, colour=NAVY)
    critical = next((g for g in kind.groups if g.carrier == "critical_ac"), None)
    house = next((g for g in kind.groups if g.carrier == "lv_ac" and g.unit_for is None), None)
    split = width * (0.56 if house else 1.0)
    intake = _plant(plan, "mv_ac")
    yield from _feeders(plan, left, width, intake.sides if intake else 1)
    if critical:
        yield from _critical(plan, kind, critical, left + 6, split - 10)
    if house:
        yield from _house(plan, kind, house, left + split, width - split - 8)


def _feeders(plan: Plan, left: float, width: float, sides: int) -> Iterable[Shape]:
    """The medium-voltage cables that pass through a block, from both buses where there are two."""
    mv = plan.carrier("mv_ac").colour
    for side in range(sides):
        x, y, out = _entry(left, width, side, sides), _FRAME_Y + 28 + 9 * side, _OUT_Y + 7 * side
        yield _wire(mv, (x, out), (x, y), (left + 28, y))
        yield Circle(x, out, 1.6, fill=mv)
        yield Label(left + 8, y + 2.5, f"MV {'AB'[side]}" if sides == 2 else "MV", size=7, bold=True, colour=mv)


def _drop(plan: Plan, x: float, y: float, side: int) -> Iterable[Shape]:
    """From a transfer switch on both feeders down to `y`; the solid line is the normal feed."""
    mv = plan.carrier("mv_ac").colour
    intake = _plant(plan, "mv_ac")
    sides = intake.sides if intake else 1
    normal = _FRAME_Y + 28 + 9 * min(side, sides - 1)
    yield _wire(mv, (x, normal), (x, y))
    yield Circle(x, normal, 1.6, fill=mv)
    if sides == 2:
        other = _FRAME_Y + 28 + 9 * (1 - side)
        yield Line(
            ((x + 7, other), (x + 7, _FRAME_Y + 50), (x, _FRAME_Y + 50)), stroke=mv, stroke_width=0.8, dash=(2, 1.5)
        )
        yield Circle(x + 7, other, 1.4, fill=mv)
    yield from _breaker(x, _FRAME_Y + 56, mv)


def _critical(plan: Plan, kind: BlockKind, ups: Group, left: float, width: float) -> Iterable[Shape]:
    own = next((g for g in kind.groups if g.unit_for == "critical_ac"), None)
    bus = plan.carrier("critical_ac").colour
    low = plan.carrier("lv_ac").colour
    step = width / ups.sides
    bus_y = _FRAME_Y + 162
    for side in range(ups.sides):
        x = left + step * side + 28
        yield from _drop(plan, x, _FRAME_Y + 64, side)
        if own:
            yield from _transformer(x, _FRAME_Y + 76, low)
            lines = (f"{own.per_side} x {own.sku}", rating_of(plan.module(own.sku), "lv_ac"), "one for each UPS")
            yield from _beside(x + 14, _FRAME_Y + 70, lines, step - 44)
        feed = low if own else plan.carrier("mv_ac").colour
        yield _wire(feed, (x, _FRAME_Y + (88 if own else 64)), (x, _FRAME_Y + 108))
        yield from _ups(x, _FRAME_Y + 108, bus)
        name = f"UPS {'AB'[side]}" if ups.sides == 2 else "UPS"
        rating = rating_of(plan.module(ups.sku), "critical_ac")
        texts = (name, f"{ups.per_side} x {ups.sku}", f"{rating} each", redundancy_of(plan, "critical_ac"))
        yield from _beside(x + 16, _FRAME_Y + 114, texts, step - 46)
        yield _wire(bus, (x, _FRAME_Y + 132), (x, bus_y))
        yield from _breaker(x, bus_y - 9, bus)
        yield _bus(bus, left + step * side + 4, left + step * (side + 1) - 6, bus_y)
        title = f"Critical bus {'AB'[side]}" if ups.sides == 2 else "Critical bus"
        yield Label(left + step * (side + 1) - 8, bus_y - 5, title, size=7, bold=True, colour=bus, anchor="end")
    pod = plan.module(kind.pod)
    peak = f"{number(pod.it.peak_kw)} kW peak each" if pod.it else ""
    helpers = [g for g in kind.groups if (n := plan.module(g.sku).needed("critical_ac")) and n.connection == "dual"]
    boxes = [(f"{kind.pods} x {kind.pod}", *lines_of(pod.title, (width / 2 - 18) * _SLACK, 7.5, most=3), peak)]
    if helpers:
        boxes.append(("Cooling and control", *_listed(helpers, width / 2 - 18)))
    yield from _consumers(boxes, left, width, bus_y, ups.sides, bus)


def _listed(groups: Iterable[Group], width: float) -> tuple[str, ...]:
    counts: dict[str, int] = {}
    for group in groups:
        counts[group.sku] = counts.get(group.sku, 0) + group.count
    # Count and name stay on one line.
    named = ", ".join(f"{count}\u00a0x\u00a0{sku}" for sku, count in counts.items())
    return lines_of(named, width * _SLACK, 7.5, most=4)


def _consumers(
    boxes: Sequence[tuple[str, ...]], left: float, width: float, bus_y: float, sides: int, colour: str
) -> Iterable[Shape]:
    """Boxes below the buses, each with a line from every bus; the lines of the far bus run below the near one."""
    step, span = width / sides, width / len(boxes)
    for index, lines in enumerate(boxes):
        middle = left + span * (index + 0.5)
        for side in range(sides):
            start = left + step * side + step * (0.35 + 0.3 * index)
            end = middle + (side - (sides - 1) / 2) * 16
            turn = bus_y + 12 + 7 * side + (14 * index if sides == 2 else 0)
            yield _wire(colour, (start, bus_y), (start, turn), (end, turn), (end, bus_y + 40))
            yield Circle(start, bus_y, 1.6, fill=colour)
        yield from _box(middle, bus_y + 40, span - 10, lines)


def _house(plan: Plan, kind: BlockKind, group: Group, left: float, width: float) -> Iterable[Shape]:
    """The transformers of heat rejection and house load: main, tie, main where there are two."""
    low = plan.carrier("lv_ac").colour
    bus_y = _FRAME_Y + 162
    step = width / group.sides
    for side in range(group.sides):
        x = left + step * side + 16
        yield from _drop(plan, x, _FRAME_Y + 64, side)
        yield from _transformer(x, _FRAME_Y + 76, low)
        lines = (f"{group.per_side} x {group.sku}", rating_of(plan.module(group.sku), "lv_ac"))
        yield from _beside(x + 12, _FRAME_Y + 72, lines, step - 28)
        yield _wire(low, (x, _FRAME_Y + 88), (x, bus_y))
        yield from _breaker(x, bus_y - 9, low)
        yield _bus(low, left + step * side + 4, left + step * (side + 1) - 8, bus_y)
        title = f"LV bus {'AB'[side]}" if group.sides == 2 else "LV bus"
        yield Label(left + step * (side + 1) - 10, bus_y - 5, title, size=7, bold=True, colour=low, anchor="end")
    if group.sides == 2:
        middle = left + step
        yield _wire(low, (middle - 8, bus_y), (middle + 4, bus_y))
        yield from _breaker(middle - 2, bus_y, low, closed=False)
        yield Label(middle - 2, bus_y + 11, "tie", size=6.5, anchor="middle", colour=GREY)
    served = [g for g in kind.groups if (n := plan.module(g.sku).needed("lv_ac")) and n.connection == "transfer"]
    for side in range(group.sides):
        x = left + step * (side + 0.55)
        yield _wire(low, (x, bus_y), (x, bus_y + 40))
        yield Circle(x, bus_y, 1.6, fill=low)
    ways = ("transfer between both",) if group.sides == 2 else ()
    lines = ("Heat rejection, house load", *_listed(served, width - 20), *ways)
    yield from _box(left + width / 2, bus_y + 40, width - 12, lines)


def _wire(colour: str, *points: tuple[float, float]) -> Line:
    return Line(points, stroke=colour, stroke_width=1.1)


def _bus(colour: str, start: float, end: float, y: float, weight: float = 3.0) -> Line:
    return Line(((start, y), (end, y)), stroke=colour, stroke_width=weight)


def _breaker(x: float, y: float, colour: str, closed: bool = True) -> Iterable[Shape]:
    yield Rect(x - 3, y - 3, 6, 6, fill=colour if closed else WHITE, stroke=colour, stroke_width=0.9)


def _transformer(x: float, y: float, colour: str) -> Iterable[Shape]:
    for offset in (-4.5, 4.5):
        yield Circle(x, y + offset, 7.5, stroke=colour, stroke_width=1.2)


def _machine(x: float, y: float, letter: str, colour: str) -> Iterable[Shape]:
    yield Circle(x, y, 11, fill=WHITE, stroke=colour, stroke_width=1.4)
    yield Label(x, y + 4, letter, size=11, anchor="middle", bold=True)


def _ups(x: float, y: float, colour: str) -> Iterable[Shape]:
    yield Rect(x - 12, y, 24, 24, fill=WHITE, stroke=colour, stroke_width=1.2)
    yield Line(((x - 12, y + 24), (x + 12, y)), stroke=colour, stroke_width=0.8)
    yield Label(x - 6, y + 10, "~", size=10, anchor="middle")
    yield Label(x + 6, y + 21, "=", size=10, anchor="middle")


def _beside(x: float, y: float, lines: Sequence[str], width: float = 200.0) -> Iterable[Shape]:
    for index, line in enumerate(lines):
        yield Label(x, y + 9 * index, fitted(line, width, 7, bold=not index), size=7, bold=not index)


def _box(middle: float, y: float, width: float, lines: Sequence[str]) -> Iterable[Shape]:
    shown = [line for line in lines if line]
    yield Rect(middle - width / 2, y, width, 8 + 10 * len(shown), fill=SKY, stroke=NAVY, stroke_width=0.7, radius=2)
    for index, line in enumerate(shown):
        text = fitted(line, width - 8, 7.5, bold=not index)
        yield Label(middle, y + 11 + 10 * index, text, size=7.5, anchor="middle", bold=not index, colour=INK)
