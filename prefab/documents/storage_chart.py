"""A chart of an event: what would be drawn without storage, what the meter sees, and the charge."""

from collections.abc import Iterable, Sequence

from prefab.documents.drawing import Drawing, Label, Line, Rect, Shape
from prefab.documents.style import AMBER, GREY, NAVY, RULE, TEAL, width_of
from prefab.storage_events import Curves
from prefab.units import number

_WIDTH, _HEIGHT = 480.0, 214.0
_LEFT, _RIGHT = 44.0, 8.0
_LINES_COUNT = 4
_EVERY_S = (10, 30, 60, 120, 300, 600, 1800, 3600)


def make_event_chart(curves: Curves) -> Drawing:
    """Power above, charge below, over the same seconds."""
    load = tuple(kw / 1000 for kw in curves.load_kw)
    meter = tuple(kw / 1000 for kw in curves.meter_kw)
    charge = tuple(100 * frac for frac in curves.charge_frac)
    shapes: list[Shape] = [
        Label(0, 9, "MW at the meter", size=8, bold=True, colour=NAVY),
        *_legend((("without storage", AMBER), ("as drawn", NAVY))),
        *_panel(curves.seconds, ((load, AMBER), (meter, NAVY)), 20, 110),
        Label(0, 130, "Charge, % of what is kept for it", size=8, bold=True, colour=TEAL),
        *_panel(curves.seconds, ((charge, TEAL),), 140, 192),
        *_seconds(curves.seconds, 192),
    ]
    return Drawing(_WIDTH, _HEIGHT, tuple(shapes), "An event in seconds")


def _legend(entries: Sequence[tuple[str, str]]) -> Iterable[Shape]:
    x = _WIDTH - _RIGHT - sum(width_of(name, 8) + 24 for name, _ in entries)
    for name, colour in entries:
        yield Rect(x, 2, 8, 8, fill=colour)
        yield Label(x + 12, 9, name, size=8)
        x += width_of(name, 8) + 24


def _panel(
    seconds: Sequence[float], curves: Sequence[tuple[Sequence[float], str]], top: float, base: float
) -> Iterable[Shape]:
    low, high = min(min(values) for values, _ in curves), max(max(values) for values, _ in curves)
    spread = max(high - low, 1e-6)
    for index in range(_LINES_COUNT):
        value = low + spread * index / (_LINES_COUNT - 1)
        y = base - (value - low) / spread * (base - top)
        yield Line(((_LEFT, y), (_WIDTH - _RIGHT, y)), stroke=RULE, stroke_width=0.4)
        yield Label(_LEFT - 5, y + 2.5, number(value, 1 if spread < 20 else 0), size=7.5, anchor="end", colour=GREY)
    for values, colour in curves:
        points = tuple(
            (_x(seconds, second), base - (value - low) / spread * (base - top))
            for second, value in zip(seconds, values, strict=True)
        )
        yield Line(points, stroke=colour, stroke_width=1.2)


def _seconds(seconds: Sequence[float], base: float) -> Iterable[Shape]:
    length = seconds[-1] - seconds[0]
    every = next((s for s in _EVERY_S if length / s <= 12), _EVERY_S[-1])
    at = -(-seconds[0] // every) * every
    while at <= seconds[-1]:
        x = _x(seconds, at)
        yield Line(((x, base), (x, base + 3)), stroke=GREY, stroke_width=0.5)
        yield Label(x, base + 12, number(at), size=7.5, anchor="middle", colour=GREY)
        at += every
    yield Label(_WIDTH - _RIGHT, base + 21, "seconds", size=7.5, anchor="end", colour=GREY)


def _x(seconds: Sequence[float], second: float) -> float:
    return _LEFT + (second - seconds[0]) / (seconds[-1] - seconds[0]) * (_WIDTH - _LEFT - _RIGHT)
