"""The site plan: land, roads, blocks and yards, every module with its tag, and the trenches, true to a round scale."""

from collections import Counter
from collections.abc import Iterable, Iterator, Set
from functools import cache
from itertools import product
from typing import Any

from prefab.documents.drawing import Drawing, Label, Line, Rect, Shape
from prefab.documents.legend import FAMILIES, OTHER
from prefab.documents.site_land import (
    GRASS,
    KEPT_FREE,
    LEFT,
    POINTS_PER_M,
    TOP,
    Sheet,
    make_dimensions,
    make_land,
    make_names,
)
from prefab.documents.standing import Box, Ends, areas_of, boxes_of, ends_of, make_stretches
from prefab.documents.style import GREY, INK, NAVY, WHITE, fitted, width_of
from prefab.module import Module
from prefab.plan import Plan
from prefab.site_layout import Area
from prefab.units import day, number

# Points on paper for the land, landscape or portrait, so that the sheet fits a page of the proposal unscaled.
_WIDE, _TALL = (516.0, 384.0), (269.0, 596.0)
_PANEL = 176.0
_BOTTOM = 30.0
_SCALES = tuple(n * 10**e for e in (2, 3, 4) for n in (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5))
_TAG_SIZES = (6.0, 5.0, 4.2, 3.5, 2.9, 2.4)
_NAME_SIZES = (15.0, 12.0, 10.0, 8.0, 6.5, 5.0, 4.2)
_ASPHALT, _KERB = "#d9dcdf", "#b9bec3"
_PHASES = ("#e3edf4", "#e9e6f3", "#f6ece0", "#e4f1ea", "#f5e6e9", "#eef0dc")
_YARD = "#f3f1e6"
_TRENCHES: dict[str, tuple[str, str, tuple[float, ...]]] = {
    "A": ("Cables, side A", "#c4302b", ()),
    "B": ("Cables, side B", "#1f66b0", ()),
    "pipe": ("Pipes", "#0e7c86", (2.5, 1.5)),
}
# Viewers of the SVG may print with a wider typeface than the one measured here.
_SLACK = 1.15


def make_site_plan(plan: Plan) -> Drawing:
    """The plan's land with everything placed on it; runs too once they are routed."""
    site = plan.brief.site
    width_m, depth_m = site.size_m or [mm / 1000 for mm in site.parcel.polygon.bounds[2:]]
    room = _WIDE if width_m * 1.25 >= depth_m else _TALL
    fits = (s for s in _SCALES if max(width_m / room[0], depth_m / room[1]) * POINTS_PER_M <= s)
    sheet = Sheet(int(next(fits)), width_m, depth_m)
    boxes = boxes_of(plan)
    shapes = [
        *make_land(plan, sheet),
        *_roads(plan, sheet),
        *_areas(plan, boxes, sheet),
        *_modules(boxes, sheet),
        *_trenches(plan, sheet),
        *_tags(boxes, sheet),
        *_names(plan, boxes, sheet),
        *make_dimensions(plan, sheet),
        *make_names(plan, sheet),
    ]
    left = LEFT + sheet.length(width_m * 1000) + 22
    drawn = {s.stroke for s in shapes if isinstance(s, Line) and s.layer == "trenches"}
    unnamed = len(areas_of(plan, "block", "yard")) - sum(isinstance(s, Label) and s.layer == "names" for s in shapes)
    panel, bottom = _panel(plan, boxes, sheet, left, drawn, unnamed)
    height = max(TOP + sheet.length(depth_m * 1000) + _BOTTOM, bottom)
    return Drawing(left + _PANEL, height, (*shapes, *panel), f"Site plan of {plan.brief.name}, scale 1:{sheet.scale}")


def _rect(sheet: Sheet, item: Area | Box, layer: str, **paint: Any) -> Rect:
    width, height = sheet.length(item.width_mm), sheet.length(item.depth_mm)
    return Rect(sheet.x(item.x_mm), sheet.y(item.y_mm + item.depth_mm), width, height, layer=layer, **paint)


def _roads(plan: Plan, sheet: Sheet) -> Iterator[Shape]:
    roads = areas_of(plan, "road")
    for road in roads:  # kerbs first, so that they do not cross the junctions
        yield _rect(sheet, road, "roads", stroke=_KERB, stroke_width=1.0)
    for road in roads:
        yield _rect(sheet, road, "roads", fill=_ASPHALT, title=road.name)
    for road in roads:
        x, y = sheet.x(road.x_mm), sheet.y(road.y_mm + road.depth_mm)
        width, height = sheet.length(road.width_mm), sheet.length(road.depth_mm)
        ends = ((x, y + height / 2), (x + width, y + height / 2))
        if height > width:
            ends = ((x + width / 2, y), (x + width / 2, y + height))
        yield Line(ends, WHITE, 0.6, dash=(3, 3), layer="roads")


def _phase_of(plan: Plan) -> dict[str, int]:
    return {e.tag: e.phase for e in (plan.connected.equipment if plan.connected else ())}


def _inside(area: Area, boxes: Iterable[Box]) -> list[Box]:
    east, north = area.x_mm + area.width_mm, area.y_mm + area.depth_mm
    return [
        b
        for b in boxes
        if area.x_mm <= b.x_mm and area.y_mm <= b.y_mm and b.x_mm + b.width_mm <= east and b.y_mm + b.depth_mm <= north
    ]


def _areas(plan: Plan, boxes: list[Box], sheet: Sheet) -> Iterator[Shape]:
    phases = _phase_of(plan)
    for area in areas_of(plan, "block", "yard"):
        fill = _YARD
        if area.purpose == "block":
            fill = _PHASES[min((phases[b.tag] for b in _inside(area, boxes)), default=0) % len(_PHASES)]
        stroke = NAVY if area.purpose == "block" else GREY
        yield _rect(sheet, area, "areas", fill=fill, stroke=stroke, stroke_width=0.5, title=area.name)


def _family(module: Module) -> tuple[str, str]:
    return FAMILIES.get(module.family, OTHER)


def _modules(boxes: list[Box], sheet: Sheet) -> Iterator[Shape]:
    for b in boxes:
        title = f"{b.tag}: {b.module.sku}, {b.module.title}"
        yield _rect(sheet, b, "modules", fill=_family(b.module)[1], stroke=INK, stroke_width=0.2, title=title)


def _trenches(plan: Plan, sheet: Sheet) -> Iterator[Shape]:
    for kind, corners in make_stretches(plan):
        colour, dash = _TRENCHES[kind][1:]
        points = tuple((sheet.x(x), sheet.y(y)) for x, y in corners)
        yield Line(points, colour, 0.55, dash, layer="trenches")


def _tags(boxes: list[Box], sheet: Sheet) -> Iterator[Shape]:
    for b in boxes:
        block, _, rest = b.tag.partition("-")
        text = rest if block[:1] == "B" and block[1:].isdigit() and rest else b.tag
        turned = b.depth_mm > b.width_mm
        long, short = sheet.length(max(b.width_mm, b.depth_mm)), sheet.length(min(b.width_mm, b.depth_mm))
        size = next((s for s in _TAG_SIZES if width_of(text, s) <= 0.9 * long and s <= 0.95 * short), 0.0)
        if size:
            x, y = sheet.x(b.x_mm + b.width_mm / 2), sheet.y(b.y_mm + b.depth_mm / 2)
            x, y = (x + 0.34 * size, y) if turned else (x, y + 0.34 * size)
            yield Label(x, y, text, size, "middle", WHITE, turned=turned, layer="tags")


def _names(plan: Plan, boxes: list[Box], sheet: Sheet) -> Iterator[Shape]:
    """Names where nothing stands: within the outline, else along it, else on a tab over its north edge."""
    tabs: list[Ends] = []
    taken = [ends_of(a) for a in areas_of(plan, "block", "yard", "road")]
    for area in areas_of(plan, "block", "yard"):
        block = area.purpose == "block"
        text, colour = area.name.removeprefix("Block "), NAVY if block else INK
        west, south, east, north = ends_of(area)
        footprints = tuple(
            (w - west, s - south, e - west, n - south) for w, s, e, n in map(ends_of, _inside(area, boxes))
        )
        x, y, size, turned, ground = (west + east) // 2, north, 0.0, False, WHITE
        for size in _NAME_SIZES if block else _NAME_SIZES[2:]:
            wide, high = (int(points / sheet.length(1)) for points in (width_of(text, size, bold=True) * _SLACK, size))
            free = _free(east - west, north - south, footprints, wide, high)
            upright = None if free else _free(east - west, north - south, footprints, high, wide)
            beside = None if block or size > 8 or free or upright else _beside(area, taken, wide, high)
            if found := free or upright:
                x, y, turned, ground = west + found[0], south + found[1], not free, ""
                break
            if beside:
                (x, y, turned), ground = beside, GRASS
                taken.append(_around(x, y, *((high, wide) if turned else (wide, high))))
                break
        if ground == WHITE:
            tab = _around(x, y, wide, high)
            if not block and _meets(tab, tabs):  # large sites have hundreds of narrow yards side by side
                continue
            tabs.append(tab)
        paper_x, paper_y = sheet.x(x), sheet.y(y)
        if ground:
            wide_pt = width_of(text, size, bold=True) * _SLACK + 2
            edge = colour if ground == WHITE else ""
            high_pt = size * (1.3 if edge else 0.9)  # beside an outline a higher plate would hide its trenches
            across, along = (high_pt, wide_pt) if turned else (wide_pt, high_pt)
            yield Rect(
                paper_x - across / 2, paper_y - along / 2, across, along, ground, edge, 0.4, radius=1.5, layer="names"
            )
        paper_x, paper_y = (paper_x + 0.34 * size, paper_y) if turned else (paper_x, paper_y + 0.34 * size)
        yield Label(paper_x, paper_y, text, size, "middle", colour, bold=True, turned=turned, layer="names")


@cache
def _free(width: int, depth: int, footprints: tuple[Ends, ...], wide: int, high: int) -> tuple[int, int] | None:
    """The middle of a free `wide` by `high` nearest to the middle of an outline, on a grid of 500 mm; all in mm."""
    half_x, half_y = wide // 2 + 200, high // 2 + 200
    spots = product(range(half_x, width - half_x + 1, 500), range(half_y, depth - half_y + 1, 500))
    for x, y in sorted(spots, key=lambda p: (abs(2 * p[0] - width) + abs(2 * p[1] - depth), p)):
        if not _meets((x - half_x, y - half_y, x + half_x, y + half_y), footprints):
            return x, y
    return None


def _beside(area: Area, taken: list[Ends], wide: int, high: int) -> tuple[int, int, bool] | None:
    """The middle of a free `wide` by `high` along an outline, and whether it is upright; all in mm."""
    west, south, east, north = ends_of(area)
    off = high * 3 // 4
    for x, y in ((west + wide // 2 + 500, north + off), (west + wide // 2 + 500, south - off)):
        if wide <= east - west + 1000 and y > off and not _meets(_around(x, y, wide, high), taken):
            return x, y, False
    for x in (west - off, east + off):
        y = (south + north) // 2
        if wide <= north - south + 1000 and x > off and not _meets(_around(x, y, high, wide), taken):
            return x, y, True
    return None


def _around(x: int, y: int, wide: int, high: int) -> Ends:
    return x - wide // 2, y - high // 2, x + wide // 2, y + high // 2


def _meets(ends: Ends, others: Iterable[Ends]) -> bool:
    west, south, east, north = ends
    return any(w < east and west < e and s < north and south < n for w, s, e, n in others)


def _panel(
    plan: Plan, boxes: list[Box], sheet: Sheet, left: float, drawn: Set[str], unnamed: int
) -> tuple[list[Shape], float]:
    """Title, north, scale bar and legend right of the land, and where they end; `drawn` are colours of trenches."""
    shapes: list[Shape] = []
    y = TOP + 9

    def text(words: str, size: float, bold: bool = False, colour: str = INK, x: float = 0.0, step: float = 0.0) -> None:
        nonlocal y
        fit = fitted(words, _PANEL - x, size, bold)
        shapes.append(Label(left + x, y, fit, size, colour=colour, bold=bold, layer="legend"))
        y += step

    def swatch(words: str, fill: str, stroke: str = INK) -> None:
        shapes.append(Rect(left, y - 6, 11, 7, fill, stroke, 0.3, layer="legend"))
        text(words, 7.5, x=16, step=11.5)

    text(plan.brief.name, 12, bold=True, colour=NAVY, step=12)
    text(plan.brief.customer, 8.5, colour=GREY, step=12)
    text(f"Site plan of {day(plan.brief.as_of)}, scale 1:{sheet.scale:,}", 7.5, colour=GREY, step=14)
    shapes += _north(left + 8, y + 10)
    shapes += _scale_bar(sheet, left + 34, y + 12)
    y += 42
    ends = [ends_of(a) for a in areas_of(plan, "block", "yard", "road")]
    if ends:
        used_m2 = (max(e[2] for e in ends) - min(e[0] for e in ends)) * (
            max(e[3] for e in ends) - min(e[1] for e in ends)
        )
        text(f"Land {plan.brief.site.area_m2 / 1e4:.2f} ha, developed {used_m2 / 1e10:.2f} ha", 7.5, step=11)
    text(f"Road width {plan.basis.road_width_mm / 1000:g} m, set-back {plan.brief.site.setback_m:g} m", 7.5, step=18)
    text("Modules on the land", 8, bold=True, step=12)
    counts = Counter(_family(b.module) for b in boxes)
    for (name, colour), count in sorted(counts.items(), key=lambda c: [*FAMILIES.values(), OTHER].index(c[0])):
        swatch(f"{name}: {number(count)}", colour)
    y += 6
    text("Tags within a block stand without its number", 7.5, colour=GREY, step=15)
    text("Blocks and yards", 8, bold=True, step=12)
    phases = plan.brief.phases
    for phase, named in enumerate(phases):
        swatch(f"Blocks, {named.name}" if len(phases) > 1 else "Blocks", _PHASES[phase % len(_PHASES)], NAVY)
    swatch("Yards of the site's plant", _YARD, GREY)
    for keep_out in {k.what: k for k in plan.brief.site.parcel.keep_out}.values():
        swatch(keep_out.title, KEPT_FREE[keep_out.what], GREY)
    if unnamed:
        text(f"Without room for a name: {unnamed}", 7.5, colour=GREY, step=11.5)
    if drawn:
        y += 6
        text("Trenches outside blocks and yards", 8, bold=True, step=12)
        for name, colour, dash in (t for t in _TRENCHES.values() if t[1] in drawn):
            shapes.append(Line(((left, y - 2.5), (left + 11, y - 2.5)), colour, 0.9, dash, layer="legend"))
            text(name, 7.5, x=16, step=11.5)
    return shapes, y


def _north(x: float, y: float) -> list[Shape]:
    west, east = ((x, y - 11), (x - 6, y + 8), (x, y + 4)), ((x, y - 11), (x + 6, y + 8), (x, y + 4))
    return [
        Line(west, NAVY, 0.5, closed=True, fill=NAVY, layer="legend"),
        Line(east, NAVY, 0.5, closed=True, fill=WHITE, layer="legend"),
        Label(x, y + 17, "N", 8, "middle", NAVY, bold=True, layer="legend"),
    ]


def _scale_bar(sheet: Sheet, x: float, y: float) -> list[Shape]:
    """Four fields of a round length, together at most 110 points."""
    step_m = max((m for m in (1, 2, 5, 10, 20, 25, 50, 100, 200, 250) if sheet.length(4000 * m) <= 110), default=1)
    field = sheet.length(step_m * 1000)
    shapes: list[Shape] = [
        Rect(x + k * field, y, field, 3.5, WHITE if k % 2 else INK, INK, 0.4, layer="legend") for k in range(4)
    ]
    shapes += [
        Label(x + k * field, y - 3, f"{k * step_m}" + (" m" if k == 4 else ""), 6.5, "middle", layer="legend")
        for k in (0, 2, 4)
    ]
    return shapes
