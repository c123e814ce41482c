"""Drawings as plain shapes, which `svg` and the proposal's PDF only have to draw.

All lengths are points (1/72 inch) on paper; x runs to the right and y downwards from the top left corner. Later shapes
cover earlier ones. Texts are data: whoever draws them escapes them.
"""

from dataclasses import dataclass
from typing import Literal

Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True)
class Rect:
    """A rectangle; `x`, `y` is its top left corner."""

    x: float
    y: float
    width: float
    height: float
    fill: str = ""
    """`#rrggbb`, or empty for none; so is `stroke`."""
    stroke: str = ""
    stroke_width: float = 0.5
    dash: tuple[float, ...] = ()
    radius: float = 0.0
    opacity_frac: float = 1.0
    layer: str = ""
    title: str = ""
    """Shown by a viewer when the pointer rests on the shape."""


@dataclass(frozen=True)
class Line:
    """A line through points; `closed` and filled it is a polygon."""

    points: tuple[tuple[float, float], ...]
    stroke: str = "#000000"
    stroke_width: float = 0.5
    dash: tuple[float, ...] = ()
    closed: bool = False
    fill: str = ""
    layer: str = ""
    title: str = ""


@dataclass(frozen=True)
class Circle:
    """A circle around `x`, `y`."""

    x: float
    y: float
    radius: float
    fill: str = ""
    stroke: str = ""
    stroke_width: float = 0.5
    layer: str = ""
    title: str = ""


@dataclass(frozen=True)
class Label:
    """One line of text; `x`, `y` is the point on its base line that `anchor` names."""

    x: float
    y: float
    text: str
    size: float = 8.0
    """Height of the type in points."""
    anchor: Anchor = "start"
    colour: str = "#1b2733"
    bold: bool = False
    turned: bool = False
    """Reads from bottom to top."""
    layer: str = ""


Shape = Rect | Line | Circle | Label


@dataclass(frozen=True)
class Drawing:
    """Shapes on a sheet of `width` by `height` points."""

    width: float
    height: float
    shapes: tuple[Shape, ...]
    title: str = ""
