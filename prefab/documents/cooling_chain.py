"""The way of the heat from the pods to the outdoor air, for one typical block of each kind, along the plan's feeds."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from prefab.documents.drawing import Drawing, Label, Line, Rect, Shape
from prefab.documents.labels import rating_of, redundancy_of
from prefab.documents.style import GREY, INK, NAVY, RULE, SKY, WHITE, fitted, lines_of
from prefab.plan import BlockKind, Equipment, Plan
from prefab.units import number

WIDTH = 740.0
_BOX_WIDTH, _BOX_HEIGHT, _GAP = 132.0, 58.0, 14.0
_BETWEEN = 22.0
"""Least room for an arrow between two columns."""
_OVER = 14.0
"""Height of the lane above the boxes."""
# Viewers of the SVG may print with a wider typeface than the one measured here.
_SLACK = 0.9
_MEDIA = ("liquid", "air", "heat")
_OUTDOOR = "outdoor air"

_Key = tuple[str, str, float | None, bool]
"""Carrier, SKU, temperature, and whether each pod has its own."""


@dataclass(frozen=True)
class _Node:
    """Equal modules of a block that give one carrier at one temperature."""

    key: _Key
    lines: tuple[str, ...]
    colour: str
    rank: int


def make_cooling_chain(plan: Plan) -> Drawing:
    """A band for every kind of block, heat flowing from left to right."""
    shapes: list[Shape] = []
    y = 0.0
    for kind, counts in zip(plan.sized.kinds, plan.sized.blocks, strict=True):
        if counts[-1]:
            band, height = _band(plan, kind, counts[-1], y)
            shapes += band
            y += height + 12
    return Drawing(WIDTH, max(y - 12, 1), tuple(shapes), "Cooling chain")


def _band(plan: Plan, kind: BlockKind, count: int, top: float) -> tuple[list[Shape], float]:
    equipment = plan.connected.equipment if plan.connected else ()
    block = min(e.block for e in equipment if e.kind == kind.name)
    own = [e for e in equipment if e.block == block]
    links = _links(plan, own)
    nodes = _nodes(plan, own, links)
    last = max(n.rank for n in nodes)
    columns: list[list[_Node]] = []
    for rank in range(last + 1):
        column = [n for n in nodes if n.rank == rank]
        columns.append(sorted(column, key=lambda n: _middle_of(n.key, links, columns)))
    most = max(len(column) for column in columns)
    ranks = {n.key: n.rank for n in nodes}
    over = _OVER if any(ranks[b] - ranks[a] > 1 for a, b in links) else 0.0
    height = 34 + over + most * _BOX_HEIGHT + (most - 1) * _GAP
    wide = min(_BOX_WIDTH, (WIDTH - 16 - _BETWEEN * last) / (last + 1))
    step = (WIDTH - wide - 16) / max(1, last)
    middle = top + 26 + over + (height - 34 - over) / 2
    places: dict[_Key, tuple[float, float]] = {}
    for rank, column in enumerate(columns):
        first = middle - (len(column) * _BOX_HEIGHT + (len(column) - 1) * _GAP) / 2
        for index, node in enumerate(column):
            places[node.key] = (8 + rank * step, first + index * (_BOX_HEIGHT + _GAP))
    head = f"{kind.title}: {count} of these; heat flows from left to right"
    shapes: list[Shape] = [
        Rect(0.5, top, WIDTH - 1, height, fill=WHITE, stroke=RULE, stroke_width=1, dash=(4, 2), radius=3),
        Label(8, top + 13, head, size=8.5, bold=True, colour=NAVY),
    ]
    colours = {n.key: n.colour for n in nodes}
    for consumer, supplier in links:
        if ranks[supplier] - ranks[consumer] > 1:
            shapes += _arrow_over(places[consumer], places[supplier], wide, top + 24, colours[supplier])
        else:
            shapes += _arrow(places[consumer], places[supplier], wide, colours[supplier])
    for node in nodes:
        shapes += _box(node, *places[node.key], wide)
    return shapes, height


def _middle_of(key: _Key, links: list[tuple[_Key, _Key]], columns: list[list[_Node]]) -> float:
    """Mean place of a node's consumers in their columns: in this order the fewest lines cross."""
    places = {node.key: index for column in columns for index, node in enumerate(column)}
    own = [places[consumer] for consumer, supplier in links if supplier == key and consumer in places]
    return sum(own) / len(own) if own else 0.0


def _key(e: Equipment) -> _Key:
    return (e.carrier, e.sku, e.supply_degc, e.cell > 0)


def _links(plan: Plan, own: list[Equipment]) -> list[tuple[_Key, _Key]]:
    """Who gives its heat to whom, and at the end the outdoor air; in the order of the feeds."""
    by_tag = {e.tag: e for e in own}
    media = {c.key: c.medium for c in plan.carriers}
    links: dict[tuple[_Key, _Key], None] = {}
    for feed in plan.connected.feeds if plan.connected else ():
        if feed.consumer in by_tag and media[feed.carrier] in _MEDIA:
            for tag in feed.suppliers:
                links[_key(by_tag[feed.consumer]), _key(by_tag[tag])] = None
    outdoor: _Key = ("", _OUTDOOR, None, False)
    for e in own:
        if media[e.carrier] == "heat":
            links[_key(e), outdoor] = None
    return list(links)


def _nodes(plan: Plan, own: list[Equipment], links: list[tuple[_Key, _Key]]) -> list[_Node]:
    ranks: dict[_Key, int] = {key: 0 for link in links for key in link}
    for _ in ranks:
        for consumer, supplier in links:
            ranks[supplier] = max(ranks[supplier], ranks[consumer] + 1)
    nodes = []
    for key, rank in ranks.items():
        carrier, sku, supply, of_pods = key
        if not carrier:
            climate = plan.climate
            at_most = f"at most {climate.dry_bulb_max_degc:g} °C dry bulb"
            nodes.append(_Node(key, ("Outdoor air", climate.title, at_most), GREY, rank))
            continue
        module = plan.module(sku)
        count = sum(_key(e) == key for e in own)
        if module.it:
            lines: tuple[str, ...] = (
                f"{count} x {sku}",
                f"{number(module.it.sustained_kw)} kW sustained each",
                _shares(plan, sku),
            )
        else:
            at = f", supplies {supply:g}\u00a0°C" if supply is not None else ""
            wants = redundancy_of(plan, carrier) + (" a pod" if of_pods else "")
            water = _water(plan, own, sku)
            rated = f"{rating_of(plan, sku, carrier)} each{at}"
            lines = (f"{count} x {sku} ({wants})", module.title, rated, *water, *_buffers(plan, own, sku, supply))
        nodes.append(_Node(key, lines, plan.carrier(carrier).colour, rank))
    return nodes


def _water(plan: Plan, own: list[Equipment], sku: str) -> tuple[str, ...]:
    """Who treats the water that a cooler evaporates."""
    needs = {n.carrier for n in plan.module(sku).needs if plan.carrier(n.carrier).medium == "service"}
    counts = Counter(e.sku for e in own if e.carrier in needs)
    return tuple(f"make-up water: {count} x {name}" for name, count in counts.items())


def _buffers(plan: Plan, own: list[Equipment], sku: str, supply_degc: float | None) -> tuple[str, ...]:
    """What of the loop takes up the heat of a cooler until it runs again."""
    needs = {n.carrier for n in plan.module(sku).needs if plan.carrier(n.carrier).medium == "buffer"}
    counts = Counter(e.sku for e in own if e.carrier in needs and e.supply_degc == supply_degc)
    return tuple(f"until it restarts: {count} x {name}" for name, count in counts.items())


def _shares(plan: Plan, sku: str) -> str:
    """How much heat of a pod each medium takes."""
    titles = {"liquid": "to liquid", "air": "to air"}
    pod = plan.module(sku)
    sustained_kw = pod.it.sustained_kw if pod.it else 0.0
    shares = [
        f"{number(need.kw_per_kw * sustained_kw)} kW {titles[medium]}"
        for need in pod.needs
        if (medium := plan.carrier(need.carrier).medium) in titles
    ]
    return ", ".join(shares)


def _arrow(start: tuple[float, float], end: tuple[float, float], wide: float, colour: str) -> Iterable[Shape]:
    x0, y0 = start[0] + wide, start[1] + _BOX_HEIGHT / 2
    x1, y1 = end[0], end[1] + _BOX_HEIGHT / 2
    turn = x1 - (x1 - x0) * 0.5 if x1 - x0 < wide else x1 - 12
    yield Line(((x0, y0), (turn, y0), (turn, y1), (x1 - 4, y1)), stroke=colour, stroke_width=1.6)
    yield Line(((x1 - 6, y1 - 3.2), (x1, y1), (x1 - 6, y1 + 3.2)), stroke=colour, closed=True, fill=colour)


def _arrow_over(
    start: tuple[float, float], end: tuple[float, float], wide: float, y: float, colour: str
) -> Iterable[Shape]:
    """Past the columns between, above their boxes, which hide what passes behind them."""
    x0, x1 = start[0] + wide / 2, end[0] + wide / 2
    yield Line(((x0, start[1]), (x0, y), (x1, y), (x1, end[1] - 4)), stroke=colour, stroke_width=1.6)
    yield Line(((x1 - 3.2, end[1] - 6), (x1, end[1]), (x1 + 3.2, end[1] - 6)), stroke=colour, closed=True, fill=colour)


def _box(node: _Node, x: float, y: float, wide: float) -> Iterable[Shape]:
    yield Rect(x, y, wide, _BOX_HEIGHT, fill=SKY, stroke=NAVY, stroke_width=0.7, radius=2)
    yield Rect(x, y, 4, _BOX_HEIGHT, fill=node.colour)
    room = wide - 16
    below = [part for line in node.lines[1:] for part in lines_of(line, room * _SLACK, 7)][:4]
    first = y + (_BOX_HEIGHT - 9 * len(below)) / 2 + 2
    yield Label(x + 10, first, fitted(node.lines[0], room * _SLACK, 8, bold=True), size=8, bold=True, colour=INK)
    for index, line in enumerate(below):
        yield Label(x + 10, first + 10 + 9 * index, line, size=7)
