"""The power path as a one-line diagram: utility, medium voltage, standby, storage, and one typical block of each kind.

Equal modules are one symbol with their count. Breakers are shown where a feed meets a bus.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from prefab.documents.drawing import Circle, Drawing, Label, Line, Rect, Shape
from prefab.documents.labels import faults_text, rating_of, redundancy_of, units_of
from prefab.documents.one_line_site import SITE_HEIGHT, WIDTH, draw_site, out_y, sides_of
from prefab.documents.one_line_symbols import (
    SLACK,
    battery,
    beside,
    box,
    box_height,
    breaker,
    bus,
    converter,
    machine,
    transformer,
    wire,
)
from prefab.documents.style import GREY, NAVY, RULE, WHITE, fitted, lines_of
from prefab.documents.svg import svg_of
from prefab.plan import BlockKind, Group, Plan
from prefab.proposal import Proposal
from prefab.units import number

_GAP, _FOOT = 12.0, 16.0
_MARGIN = 34.0
"""Right of blocks that stand one below the other: their cables come down there."""
_STAGE = 34.0
_NOTE = (
    "Typical blocks; equal modules are one symbol with their count; “1 each”: one for each module below it. Protection "
    "and fault levels belong to the detailed design."
)
_BUSES = {
    "critical_ac": "Critical bus",
    "critical_ac_2": "2nd critical bus",
    "critical_dc800": "800 V DC bus",
    "dc800": "800 V DC bus without battery",
}


@dataclass(frozen=True)
class _Box:
    """Consumers below the buses; `of` names the buses that feed them, by group and side."""

    lines: tuple[str, ...]
    of: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class _Frame:
    """One kind of block on the sheet."""

    kind: BlockKind
    count: int
    critical: tuple[Group, ...]
    house: Group | None
    top: float
    width: float

    @property
    def columns(self) -> int:
        """Buses side by side."""
        return sum(g.sides for g in self.critical) + (self.house.sides if self.house else 0)

    @property
    def step(self) -> float:
        """Width of one of them."""
        return (self.width - 12) / max(1, self.columns)

    @property
    def split(self) -> float:
        """Where the house load's buses begin."""
        return 6 + self.step * sum(g.sides for g in self.critical)


def write(proposal: Proposal, path: Path) -> None:
    """Write the diagram as SVG."""
    path.write_text(svg_of(make_one_line(proposal.plan), faults_text(proposal)), encoding="utf-8", newline="\n")


def make_one_line(plan: Plan) -> Drawing:
    """The diagram of the site as it stands after its last phase, on one sheet."""
    return _sheet(plan, _frames(plan))


def make_one_line_sheets(plan: Plan) -> tuple[Drawing, ...]:
    """The same on as many sheets as it needs to stay legible: a second kind of block gets a sheet of its own."""
    frames = _frames(plan)
    more = (replace(frame, top=14.0) for frame in frames[1:])
    return (_sheet(plan, frames[:1]), *(_block_sheet(plan, frame) for frame in more))


def _frames(plan: Plan) -> list[_Frame]:
    kinds = [(kind, counts[-1]) for kind, counts in zip(plan.sized.kinds, plan.sized.blocks, strict=True) if counts[-1]]
    frames = [
        _Frame(kind, count, tuple(_critical_groups(plan, kind)), _house_group(kind), SITE_HEIGHT, WIDTH)
        for kind, count in kinds
    ]
    if len(frames) < 2:
        return frames
    top, placed = SITE_HEIGHT, []
    for frame in frames:
        placed.append(replace(frame, top=top, width=WIDTH - _MARGIN))
        top += _height(plan, placed[-1]) + _GAP
    return placed


def _sheet(plan: Plan, frames: Sequence[_Frame]) -> Drawing:
    ends = [[_entry(plan, f, side) for f in frames] for side in range(sides_of(plan))]
    shapes: list[Shape] = [*draw_site(plan, ends)]
    bottom = SITE_HEIGHT
    for frame in frames:
        shapes += _block(plan, frame, out_y)
        bottom = max(bottom, frame.top + _height(plan, frame))
    shapes.append(Label(0, bottom + _FOOT - 3, _NOTE, size=6.5, colour=GREY))
    return Drawing(WIDTH, bottom + _FOOT, tuple(shapes), "One-line diagram")


def _block_sheet(plan: Plan, frame: _Frame) -> Drawing:
    """A kind of block alone; its cables come from the sheet before."""
    shapes = [*_block(plan, frame, lambda side: 2.0 + 7 * side)]
    bottom = frame.top + _height(plan, frame)
    shapes.append(Label(0, bottom + _FOOT - 3, _NOTE, size=6.5, colour=GREY))
    return Drawing(WIDTH, bottom + _FOOT, tuple(shapes), f"One-line diagram, block kind {frame.kind.name}")


def _critical_groups(plan: Plan, kind: BlockKind) -> list[Group]:
    pod = plan.module(kind.pod)
    found = [g for g in kind.groups if (c := plan.carrier(g.carrier)).autonomy and c.medium == "electric"]
    # The pods' own supply comes first.
    return sorted(found, key=lambda g: (pod.needed(g.carrier) is None, g.carrier))


def _house_group(kind: BlockKind) -> Group | None:
    return next((g for g in kind.groups if g.carrier == "lv_ac" and g.unit_for is None), None)


def _height(plan: Plan, frame: _Frame) -> float:
    deepest = max((box_height(b.lines) for b in _boxes(plan, frame)), default=0.0)
    return _boxes_y(plan, frame) - frame.top + deepest + 8


def _bus_y(plan: Plan, frame: _Frame) -> float:
    deepest = max((_depth(plan, frame, g) for g in frame.critical), default=0.0)
    return frame.top + 62 + max(deepest, 48.0) + 26


def _boxes_y(plan: Plan, frame: _Frame) -> float:
    lanes = sum(len(b.of) for b in _boxes(plan, frame))
    return _bus_y(plan, frame) + 24 + 5 * lanes


def _depth(plan: Plan, frame: _Frame, critical: Group) -> float:
    return sum(_stage_height(plan, frame.kind, g) for g in _stages(plan, frame.kind, critical))


def _stage_height(plan: Plan, kind: BlockKind, group: Group) -> float:
    return max(_STAGE, 9.0 * len(_stage_texts(plan, kind, group, "")) + 6)


def _entry(plan: Plan, frame: _Frame, side: int) -> float:
    """Where the cable of a side comes down to a block: right of blocks that stand one below the other."""
    edge = frame.width - 10 if frame.width + _MARGIN != WIDTH else WIDTH - 8
    return edge - 14 * (sides_of(plan) - 1 - side)


def _block(plan: Plan, frame: _Frame, above: Callable[[int], float]) -> Iterable[Shape]:
    yield Rect(
        0.5, frame.top, frame.width - 1, _height(plan, frame),
        fill=WHITE, stroke=RULE, stroke_width=1, dash=(4, 2), radius=3,
    )  # fmt: skip
    pod = plan.module(frame.kind.pod)
    it_kw = frame.kind.pods * (pod.it.sustained_kw if pod.it else 0.0)
    head = f"{frame.kind.title}: {frame.count} of these, {number(it_kw)} kW of IT each"
    text = fitted(head, (frame.width - 50) * SLACK, 8.5, bold=True)
    yield Label(8, frame.top + 13, text, size=8.5, bold=True, colour=NAVY)
    yield from _feeders(plan, frame, above)
    left = 6.0
    for group in frame.critical:
        yield from _critical(plan, frame, group, left)
        left += frame.step * group.sides
    if frame.house:
        yield from _house(plan, frame, frame.house)
    yield from _consumers(plan, frame)


def _feeders(plan: Plan, frame: _Frame, above: Callable[[int], float]) -> Iterable[Shape]:
    """The medium-voltage cables that pass through a block, from both buses where there are two."""
    mv, sides = plan.carrier("mv_ac").colour, sides_of(plan)
    for side in range(sides):
        x, y, out = _entry(plan, frame, side), _feeder_y(frame, side), above(side)
        yield wire(mv, (x, out), (x, y), (28, y))
        yield Circle(x, out, 1.6, fill=mv)
        name = f"MV {'AB'[side]}" if sides == 2 else "MV"
        yield Label(8, y + 2.5, name, size=7, bold=True, colour=mv)


def _feeder_y(frame: _Frame, side: int) -> float:
    return frame.top + 28 + 9 * side


def _drop(plan: Plan, frame: _Frame, x: float, side: int) -> Iterable[Shape]:
    """From a transfer switch on both feeders down; the solid line is the normal feed."""
    mv, sides = plan.carrier("mv_ac").colour, sides_of(plan)
    normal = _feeder_y(frame, min(side, sides - 1))
    yield wire(mv, (x, normal), (x, frame.top + 64))
    yield Circle(x, normal, 1.6, fill=mv)
    if sides == 2:
        other, turn = _feeder_y(frame, 1 - side), frame.top + 50
        yield Line(((x + 7, other), (x + 7, turn), (x, turn)), stroke=mv, stroke_width=0.8, dash=(2, 1.5))
        yield Circle(x + 7, other, 1.4, fill=mv)
    yield from breaker(x, frame.top + 56, mv)


def _stages(plan: Plan, kind: BlockKind, critical: Group) -> list[Group]:
    """The groups through which critical power flows, from the switchgear down."""
    found = [critical]
    while (carrier := _passed(plan, found[0])) and carrier != "mv_ac":
        above = [g for g in kind.groups if g.carrier == carrier and g.unit_for in (None, found[0].carrier)]
        if not above or above[0] in found:
            break
        found.insert(0, max(above, key=lambda g: g.unit_for is not None))
    return found


def _passed(plan: Plan, group: Group) -> str | None:
    return next((n.carrier for n in plan.module(group.sku).needs if n.through), None)


def _critical(plan: Plan, frame: _Frame, critical: Group, left: float) -> Iterable[Shape]:
    colour, bus_y, step = plan.carrier(critical.carrier).colour, _bus_y(plan, frame), frame.step
    for side in range(critical.sides):
        start = left + step * side
        x, top = start + 28, frame.top + 62
        yield from _drop(plan, frame, x, side)
        for group in _stages(plan, frame.kind, critical):
            own, deep = plan.carrier(group.carrier).colour, _stage_height(plan, frame.kind, group)
            yield wire(own, (x, top), (x, top + deep + 2))
            yield from _stage(plan, frame.kind, group, x, top + deep / 2, own)
            texts = _stage_texts(plan, frame.kind, group, "AB"[side] if critical.sides == 2 else "")
            yield from beside(x + 16, top + deep / 2 + 2.5 - 4.5 * (len(texts) - 1), texts, step - 46)
            top += deep
        yield wire(colour, (x, top), (x, bus_y))
        yield from breaker(x, bus_y - 9, colour)
        yield bus(colour, start + 4, start + step - 6, bus_y)
        name = _BUSES.get(critical.carrier, plan.carrier(critical.carrier).title)
        title = f"{name} {'AB'[side]}" if critical.sides == 2 else name
        text = fitted(title, (step - 44) * SLACK, 7, bold=True)
        yield Label(start + step - 8, bus_y - 5, text, size=7, bold=True, colour=colour, anchor="end")


def _stage(plan: Plan, kind: BlockKind, group: Group, x: float, y: float, colour: str) -> Iterable[Shape]:
    """A transformer as two circles, a machine as one, everything else that converts power as a box."""
    module = plan.module(group.sku)
    if module.family == "transformer":
        yield from transformer(x, y, colour)
    elif module.family == "rotary_ups":
        yield from machine(x, y, "MG", colour)
    else:
        yield from converter(
            x, y - 11, colour, direct=_is_direct(group.carrier), from_direct=_is_direct(_passed(plan, group))
        )
        if module.ups_battery or _battery_of(kind, group):
            yield wire(colour, (x - 11, y), (x - 18, y), (x - 18, y + 4))
            yield from battery(x - 18, y + 12, colour, 5.0)


def _is_direct(carrier: str | None) -> bool:
    return carrier is not None and "dc800" in carrier


def _battery_of(kind: BlockKind, group: Group) -> Group | None:
    return next((g for g in kind.groups if g.unit_for == group.carrier and g.carrier == "ups_dc"), None)


def _stage_texts(plan: Plan, kind: BlockKind, group: Group, side: str) -> tuple[str, ...]:
    rating = rating_of(plan, group.sku, group.carrier)
    if group.unit_for is not None:
        each = units_of(plan, group, kind.groups).partition(" for ")[0]
        return (f"{group.per_side} x {group.sku}", f"{rating}, {each} each")
    name = f"{side}: {group.per_side} x {group.sku}" if side else f"{group.per_side} x {group.sku}"
    lines = [name, f"{rating} each, {redundancy_of(plan, group.carrier)}"]
    if cells := _battery_of(kind, group):
        lines.append(f"batteries: {cells.per_side} x {cells.sku}")
    houses = [g for g in kind.groups if g.unit_for == group.carrier and plan.carrier(g.carrier).medium == "space"]
    return (*lines, *(f"in {g.per_side} x {g.sku}" for g in houses))


def _house(plan: Plan, frame: _Frame, group: Group) -> Iterable[Shape]:
    """The transformers of heat rejection and house load: main, tie, main where there are two."""
    low, bus_y, step = plan.carrier("lv_ac").colour, _bus_y(plan, frame), frame.step
    for side in range(group.sides):
        start = frame.split + step * side
        x = start + 18
        yield from _drop(plan, frame, x, side)
        yield from transformer(x, frame.top + 76, low)
        lines = (f"{group.per_side} x {group.sku}", rating_of(plan, group.sku, "lv_ac"))
        yield from beside(x + 12, frame.top + 74, lines, step - 30)
        yield wire(low, (x, frame.top + 88), (x, bus_y))
        yield from breaker(x, bus_y - 9, low)
        yield bus(low, start + 4, start + step - 8, bus_y)
        title = f"LV bus {'AB'[side]}" if group.sides == 2 else "LV bus"
        yield Label(start + step - 10, bus_y - 5, title, size=7, bold=True, colour=low, anchor="end")
    if group.sides == 2:
        middle = frame.split + step
        yield wire(low, (middle - 8, bus_y), (middle + 4, bus_y))
        yield from breaker(middle - 2, bus_y, low, closed=False)
        yield Label(middle - 2, bus_y + 11, "tie", size=6.5, anchor="middle", colour=GREY)


def _boxes(plan: Plan, frame: _Frame) -> list[_Box]:
    """What hangs on the critical buses: the pods, and what else lives there; then what lives on low voltage."""
    kind, pod = frame.kind, plan.module(frame.kind.pod)
    all_of = [(i, side) for i, g in enumerate(frame.critical) for side in range(g.sides)]
    carriers = [g.carrier for g in frame.critical]
    own = tuple((i, side) for i, side in all_of if pod.needed(carriers[i]))
    supported = [g for g in kind.groups if any(plan.module(g.sku).needed(c) and g.carrier != c for c in carriers)]
    fed = {c for g in supported for c in carriers if plan.module(g.sku).needed(c)}
    others = tuple((i, side) for i, side in all_of if carriers[i] in fed)
    width = frame.split / max(1, bool(own) + bool(others)) - 16
    boxes = []
    if own:
        peak = f"{number(pod.it.peak_kw)} kW peak each" if pod.it else ""
        title = lines_of(pod.title, width * SLACK, 7.5, most=3)
        swings = [f"{g.count} x {g.sku} against load swings" for g in kind.groups if g.carrier == "load_smoothing"]
        boxes.append(_Box((f"{kind.pods} x {kind.pod}", *title, peak, *swings), own))
    if others:
        boxes.append(_Box(("Cooling, fabric, control", *_listed(supported, width)), others))
    if frame.house:
        direct = [g for g in kind.groups if (n := plan.module(g.sku).needed("lv_ac")) and n.connection == "transfer"]
        width = frame.step * frame.house.sides - 16
        ways = ("transfer between both",) if frame.house.sides == 2 else ()
        boxes.append(_Box(("Heat rejection, house load", *_listed(direct, width), *ways), ()))
    return boxes


def _listed(groups: Iterable[Group], width: float) -> tuple[str, ...]:
    counts: dict[tuple[str, str], int] = {}
    for group in groups:
        own = f"\u00a0({group.sides * group.per_side}\u00a0a\u00a0pod)" if group.cells > 1 else ""
        counts[group.sku, own] = counts.get((group.sku, own), 0) + group.count
    # Count and name stay on one line.
    named = ", ".join(f"{count}\u00a0x\u00a0{sku}{own}" for (sku, own), count in counts.items())
    return lines_of(named, width * SLACK, 7.5, most=6)


def _consumers(plan: Plan, frame: _Frame) -> Iterable[Shape]:
    """Boxes below the buses; every line from a bus to a box turns at a height of its own."""
    bus_y, top = _bus_y(plan, frame), _boxes_y(plan, frame)
    boxes = _boxes(plan, frame)
    above = [b for b in boxes if b.of]
    span = (frame.split - 6) / max(1, len(above))
    starts = [6 + frame.step * n for n in range(sum(g.sides for g in frame.critical))]
    before = [sum(g.sides for g in frame.critical[:i]) for i in range(len(frame.critical))]
    lane = 0
    for index, each in enumerate(above):
        middle = 6 + span * (index + 0.5) - 3
        for order, (group, side) in enumerate(each.of):
            colour = plan.carrier(frame.critical[group].carrier).colour
            start = starts[before[group] + side] + frame.step * (0.4 + 0.3 * index)
            end = middle + (order - (len(each.of) - 1) / 2) * 14
            turn = bus_y + 11 + 5 * lane
            yield wire(colour, (start, bus_y), (start, turn), (end, turn), (end, top))
            yield Circle(start, bus_y, 1.6, fill=colour)
            lane += 1
        yield from box(middle, top, span - 8, each.lines)
    if frame.house:
        low, sides = plan.carrier("lv_ac").colour, frame.house.sides
        for side in range(sides):
            x = frame.split + frame.step * (side + 0.55)
            yield wire(low, (x, bus_y), (x, top))
            yield Circle(x, bus_y, 1.6, fill=low)
        yield from box(frame.split + frame.step * sides / 2, top, frame.step * sides - 10, boxes[-1].lines)
