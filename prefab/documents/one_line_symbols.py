"""Symbols of the one-line diagram: wires, buses, breakers, transformers, converters, machines, batteries, boxes."""

from collections.abc import Iterable, Sequence

from prefab.documents.drawing import Anchor, Circle, Label, Line, Rect, Shape
from prefab.documents.style import INK, NAVY, SKY, WHITE, fitted

# Viewers of the SVG may print with a wider typeface than the one measured here.
SLACK = 0.88


def wire(colour: str, *points: tuple[float, float]) -> Line:
    """A connection along points."""
    return Line(points, stroke=colour, stroke_width=1.1)


def bus(colour: str, start: float, end: float, y: float, weight: float = 3.0) -> Line:
    """A busbar from `start` to `end`."""
    return Line(((start, y), (end, y)), stroke=colour, stroke_width=weight)


def breaker(x: float, y: float, colour: str, closed: bool = True) -> Iterable[Shape]:
    """A switch in the middle of a wire."""
    yield Rect(x - 3, y - 3, 6, 6, fill=colour if closed else WHITE, stroke=colour, stroke_width=0.9)


def transformer(x: float, y: float, colour: str) -> Iterable[Shape]:
    """Two circles one above the other, 24 points high in all."""
    for offset in (-4.5, 4.5):
        yield Circle(x, y + offset, 7.5, stroke=colour, stroke_width=1.2)


def machine(x: float, y: float, letters: str, colour: str) -> Iterable[Shape]:
    """A rotating machine."""
    size = 11 if len(letters) == 1 else 7.5
    yield Circle(x, y, 11, fill=WHITE, stroke=colour, stroke_width=1.4)
    yield Label(x, y + size * 0.36, letters, size=size, anchor="middle", bold=True)


def converter(x: float, y: float, colour: str, direct: bool, from_direct: bool) -> Iterable[Shape]:
    """What it takes above the diagonal, what it gives below; a UPS gives alternating current again. `y` is its top."""
    yield Rect(x - 11, y, 22, 22, fill=WHITE, stroke=colour, stroke_width=1.2)
    yield Line(((x - 11, y + 22), (x + 11, y)), stroke=colour, stroke_width=0.8)
    yield Label(x - 5.5, y + 9, "=" if from_direct else "~", size=9, anchor="middle")
    yield Label(x + 5.5, y + 20, "=" if direct else "~", size=9, anchor="middle")


def battery(x: float, y: float, colour: str, wide: float = 12.0) -> Iterable[Shape]:
    """Two cells one above the other, 12 points high, `y` at its foot; `wide` is half the longer plate."""
    for index, (half, weight) in enumerate(((wide, 1.2), (wide / 2, 2.4), (wide, 1.2), (wide / 2, 2.4))):
        at = y - 4 * index
        yield Line(((x - half, at), (x + half, at)), stroke=colour, stroke_width=weight)


def beside(x: float, y: float, lines: Sequence[str], width: float = 200.0, anchor: Anchor = "start") -> Iterable[Shape]:
    """Lines of text from `y` downwards, the first one bold."""
    for index, line in enumerate(lines):
        text = fitted(line, width * SLACK, 7, bold=not index)
        yield Label(x, y + 9 * index, text, size=7, bold=not index, anchor=anchor)


def box_height(lines: Sequence[str]) -> float:
    """How high a box of these lines is."""
    return 8.0 + 10 * sum(map(bool, lines))


def box(middle: float, y: float, width: float, lines: Sequence[str]) -> Iterable[Shape]:
    """A box with centred lines, the first one bold; `y` is its top."""
    shown = [line for line in lines if line]
    yield Rect(middle - width / 2, y, width, box_height(lines), fill=SKY, stroke=NAVY, stroke_width=0.7, radius=2)
    for index, line in enumerate(shown):
        text = fitted(line, width - 8, 7.5, bold=not index)
        yield Label(middle, y + 11 + 10 * index, text, size=7.5, anchor="middle", bold=not index, colour=INK)
