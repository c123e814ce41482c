"""Neutral shapes drawn on a page as vectors."""

from typing import Any

from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable

from prefab.documents.drawing import Circle, Drawing, Label, Line, Rect, Shape
from prefab.documents.pdf_style import colour
from prefab.documents.style import BOLD, REGULAR, printable


class Drawn(Flowable):
    """A drawing, made smaller where it is larger than `width` by `height` points, and centred in `width`."""

    def __init__(self, drawing: Drawing, width: float, height: float) -> None:
        super().__init__()
        self._drawing = drawing
        self._scale = min(1.0, width / drawing.width, height / drawing.height)
        self._room = width
        self.spaceBefore, self.spaceAfter = 4.0, 4.0

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        """The room it takes, whatever there is."""
        return self._room, self._drawing.height * self._scale

    def draw(self) -> None:
        """Draw at the place that the page has made the origin."""
        left = (self._room - self._drawing.width * self._scale) / 2
        draw(self.canv, self._drawing, left, 0, self._scale)


def draw(canvas: Canvas, drawing: Drawing, x: float, y: float, scale: float) -> None:
    """Draw with the lower left corner at `x`, `y`."""
    canvas.saveState()
    canvas.translate(x, y + drawing.height * scale)
    canvas.scale(scale, scale)
    canvas.setLineJoin(1)
    for shape in drawing.shapes:
        _shape(canvas, shape)
    canvas.restoreState()


def _shape(canvas: Canvas, shape: Shape) -> None:
    match shape:
        case Rect():
            fill, stroke = _paint(canvas, shape, shape.dash)
            canvas.setFillAlpha(shape.opacity_frac)
            place = (shape.x, -shape.y - shape.height, shape.width, shape.height)
            if shape.radius:
                canvas.roundRect(*place, min(shape.radius, shape.width / 2, shape.height / 2), stroke=stroke, fill=fill)
            else:
                canvas.rect(*place, stroke=stroke, fill=fill)
            canvas.setFillAlpha(1)
        case Line():
            fill, stroke = _paint(canvas, shape, shape.dash)
            path = canvas.beginPath()
            (first_x, first_y), *rest = shape.points
            path.moveTo(first_x, -first_y)
            for point_x, point_y in rest:
                path.lineTo(point_x, -point_y)
            if shape.closed:
                path.close()
            canvas.drawPath(path, stroke=stroke, fill=fill)
        case Circle():
            fill, stroke = _paint(canvas, shape, ())
            canvas.circle(shape.x, -shape.y, shape.radius, stroke=stroke, fill=fill)
        case Label():
            _label(canvas, shape)


def _paint(canvas: Canvas, shape: Rect | Line | Circle, dash: tuple[float, ...]) -> tuple[int, int]:
    if shape.fill:
        canvas.setFillColor(colour(shape.fill))
    if shape.stroke:
        canvas.setStrokeColor(colour(shape.stroke))
        canvas.setLineWidth(shape.stroke_width)
        canvas.setDash(list(dash))
    return int(bool(shape.fill)), int(bool(shape.stroke))


def _label(canvas: Canvas, label: Label) -> None:
    canvas.setFillColor(colour(label.colour))
    canvas.setFont(BOLD if label.bold else REGULAR, label.size)
    put: dict[str, Any] = {
        "start": canvas.drawString,
        "middle": canvas.drawCentredString,
        "end": canvas.drawRightString,
    }
    canvas.saveState()
    canvas.translate(label.x, -label.y)
    if label.turned:
        canvas.rotate(90)
    put[label.anchor](0, 0, printable(label.text))
    canvas.restoreState()
